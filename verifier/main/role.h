/* The roles as processes: fork and exec of this very program, so that none inherits main's memory;
 * one descriptor, the channel, is all it begins with. */
#pragma once

#include <sys/types.h>

#include "base/std.h"

/* ROLE_STREAM is a front over TCP: the same messages, another list of calls. */
enum role_kind { ROLE_FRONT, ROLE_STREAM, ROLE_KEEPER, ROLE_READER, ROLE_KIND_N };

/* The role's work on its channel (taken); returns the exit status. */
typedef int role_serve_fn(int take_fd);

/* What each role does: the caller of verifier_main() says it, so that a test can put a stand-in in
 * the keeper's place. */
struct role_serve {
    role_serve_fn *serve[ROLE_KIND_N];
};

/* Whom the roles run as; set is false to stay who main is. The groups are looked up once, by main:
 * between its fork and its list a role shall ask no directory service. */
#define ROLE_GROUPS_MAX 64
struct role_user {
    bool set;
    uid_t uid;
    gid_t gid;
    int n_groups;
    gid_t groups[ROLE_GROUPS_MAX];
};

/* Returns 0, 1 when there is no such user, -E2BIG when it is in too many groups, or another
 * negative errno. "" leaves it unset, and so does the user that main runs as, unless that is
 * root. */
MUST_CHECK int role_user_find(const char *name, struct role_user *ret);

const char *role_name(enum role_kind kind);

/* ROLE_KIND_N for another name. */
enum role_kind role_from_name(const char *name);

/* Starts a role with a channel to it: *ret_fd is main's end. Returns 0 or a negative errno. */
MUST_CHECK int role_spawn(enum role_kind kind, const struct role_user *user, pid_t *ret_pid,
                          int *ret_fd);

/* A stream socket pair, close-on-exec. Returns 0 or a negative errno. */
MUST_CHECK int role_channel(int ret_fds[2]);

/* What every process of the service does first: no new privileges, no dumps, /dev/null as standard
 * input. Returns 0 or a negative errno. */
MUST_CHECK int role_harden(void);
