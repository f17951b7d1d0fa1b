/* One of the verifier's roles, the real one, in a process of its own, and the test in the place of
 * main. */
#pragma once

#include <sys/types.h>

#include "base/ipc.h"

/* Every message of roles/message.def, and at the end one that is none. */
extern const struct role_play_row {
    const char *name;
    uint16_t type;
} role_play_rows[];
extern const size_t role_play_n_rows;

struct role_play {
    pid_t pid;
    struct ipc *ipc; /* our end of its channel */
};

/* What a channel of the test takes: any message, of any size that there is. */
size_t role_play_limit(uint16_t type);

/* Makes the messages that roles are set up with; once before the others. */
void role_play_setups(void);

/* Starts a role's loop in a process. */
struct role_play role_play_start(int (*serve)(int));

/* A keeper: 0 new; 1 with keys and store; 2 with the control socket too; 3 serving. */
struct role_play role_play_keeper(unsigned state);

/* Sends a message with the body that is right for it. The role may have ended at what came
 * before. */
void role_play_say(const struct role_play *played, uint16_t type, int take_fd);

/* Waits for a message of that type. */
void role_play_hear(const struct role_play *played, uint16_t type);

/* Main goes; returns the role's status: 0 when all that was said was in turn. */
int role_play_end(struct role_play *played);

/* A descriptor that any role can do something with: one end of a pair; the other is *ret_end, or
 * closed when that is NULL. */
int role_play_socket(int *ret_end);
