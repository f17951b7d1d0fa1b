/* A keeper without processes, for tests: its store in memory, a front and a reader played over real
 * channels, and a clock that the test turns. */
#pragma once

#include "keeper/control.h"
#include "keeper/open.h"
#include "lib/soft-device.h"

#define RIG_SITE "test.assay"

struct keeper_rig {
    const char *store_path;        /* set before keeper_rig_new(); NULL: in memory */
    bool audit_tokens;             /* the same */
    const struct p256 *policy_key; /* the same; NULL: none */
    /* The same; NULL, or told of each request once it is answered (its reply is in the rig), and of
     * each operator's command. */
    void (*on_ask)(struct keeper_rig *rig, enum request_kind kind, enum request_resource resource,
                   struct bytes body, const char *audience);
    void (*on_command)(struct keeper_rig *rig, const char *const *words, size_t n_words);
    struct keeper keeper;
    struct control_file file; /* comes before the next command */
    struct clock clock;
    uint8_t setup[16384];
    size_t setup_len;
    struct ipc *front; /* the keeper's end */
    struct ipc *peer;  /* the front's end, ours */
    int64_t now_ms;
    int64_t mono_ms;
    uint64_t next_request;
    unsigned n_read; /* jobs that readers did */
    struct soft_device device;
    struct hasher *hasher;
    char identity[64];
    uint64_t connection;
    uint8_t exporter[32];
    int64_t handshake_ms;
    const char *from;      /* its peer as the front tells it; NULL: "[::1]:1" */
    uint32_t size1;        /* of requests; 0: not told */
    int64_t front_lies_ms; /* added to what the front says of first and last block */
    /* NULL, or what a hijacked reader makes of an answer of this type; a view that lives on */
    struct bytes (*reader_lie)(uint16_t type, struct bytes answer);
    uint8_t reply_body[65536];
    struct reply reply; /* the last one; its body in reply_body */
};

void keeper_rig_new(struct keeper_rig *rig);
void keeper_rig_new_all_keys(struct keeper_rig *rig); /* RSA token key and pairwise key too */
void keeper_rig_done(struct keeper_rig *rig);

/* The keeper ends and another begins with the same setup; for rigs with a file. */
void keeper_rig_reopen(struct keeper_rig *rig);

/* A fresh connection of the device: other exporter, handshake now. */
void keeper_rig_connect(struct keeper_rig *rig);

/* One request of the device's present connection; fills rig->reply and returns its code. */
uint8_t keeper_rig_ask(struct keeper_rig *rig, enum request_kind kind,
                       enum request_resource resource, struct bytes body, const char *audience);

/* The two halves of keeper_rig_ask(): the request alone, and one reader's work, whether there was
 * any; keeper_rig_take()
 * says whether a reply came, and takes it. */
void keeper_rig_post(struct keeper_rig *rig, enum request_kind kind, enum request_resource resource,
                     struct bytes body, const char *audience);
bool keeper_rig_read(struct keeper_rig *rig);
bool keeper_rig_take(struct keeper_rig *rig, uint64_t *ret_request);

/* What a client of the control socket says, of whatever form: exit status, and JSON in json. */
int keeper_rig_control(struct keeper_rig *rig, struct bytes said, char *json, size_t cap);

/* One operator's command: exit status, and the JSON in json (NUL-ended). */
int keeper_rig_command(struct keeper_rig *rig, const char *const *words, size_t n_words, char *json,
                       size_t cap);

/* Gives the device the identity that the keeper would give its keys, without opening a blob. */
void keeper_rig_identity(struct keeper_rig *rig);

/* SHA-256 of the device's EK, as an operator names it. */
void keeper_rig_fingerprint(struct keeper_rig *rig, char ret[65]);

/* Enrols the device on both kinds of connection, into the class "c" that is there. */
void keeper_rig_join(struct keeper_rig *rig);

/* Enrols the device on both kinds of connection, with a class that has learned the log. */
void keeper_rig_member(struct keeper_rig *rig, const char *log_vector);

/* A new boot: another log, and PCRs as it gives them; false when it is no whole log, and the PCRs
 * stay as they were. */
bool keeper_rig_boot(struct keeper_rig *rig, struct bytes log);

/* Reason of the last reply's problem details, its nonce if it has one. */
enum reason keeper_rig_problem(struct keeper_rig *rig, uint8_t nonce[WIRE_NONCE_SIZE]);
