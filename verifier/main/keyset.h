/* Which keys a site has, since when, and until when: the one list that main, `assay setup` and
 * `assay key` share. It is the file keys.list in the folder of the keys, a line a key:
 *
 *     assay-keys 1
 *     psk-master 2 1795000000 1795000000 0 psk-master-2
 *     psk-master 1 1790000000 1790000000 1797592000 psk-masters
 *     server 1 1790000000 1790000000 0 server.key server.pem
 *
 * that is kind, id, when it was made, from when it is used, until when it is taken (0: no end), its
 * file ("-": none) and its certificate, or for a policy key its public half. Times are seconds
 * since 1970. A rotation writes files of new names first and then replaces this one, so that
 * whatever ends it in between leaves the old keys or the new ones whole. A folder without the list
 * has what it always had: the files of fixed names. */
#pragma once

#include "base/conf.h"
#include "roles/setup.h"

#define KEYSET_FILE "keys.list"
#define KEYSET_KEYS_MAX 40u  /* of all kinds */
#define KEYSET_KIND_MAX 4u   /* of one kind; two of policy keys and of slots with an id */
#define KEYSET_NAME_ROOM 40u /* of a file's name, with its NUL */
#define KEYSET_SLOT_SIZE 33u /* id and key, in the files of PSK masters and nonce keys */
#define KEYSET_TEXT_ROOM 8192u
#define KEYSET_NEVER INT64_C(253402300799) /* from_s of a key that waits for an operator's word */

enum keyset_kind {
    KEYSET_PSK_MASTER, /* derives the PSKs of devices */
    KEYSET_NONCE,      /* makes the keeper's challenges */
    KEYSET_TICKET,     /* no file: another id tells main to make ticket and cookie keys anew */
    KEYSET_TOKEN,      /* ES256 */
    KEYSET_TOKEN_RSA,  /* RS256 */
    KEYSET_PAIRWISE,   /* names devices to one audience each */
    KEYSET_AUDIT,      /* signs the audit log's head; of an old one the public half is kept */
    KEYSET_SITE,       /* signs enrolment answers, with its certificate */
    KEYSET_SERVER,     /* of DTLS, with its certificate */
    KEYSET_CA,         /* issues the two before */
    KEYSET_POLICY,     /* signs policy bundles, best elsewhere */
    KEYSET_KIND_N,     /* also: no such kind */
};

enum keyset_state {
    KEYSET_NEXT,     /* published, not used yet */
    KEYSET_ACTIVE,   /* what is made is made with it; one of a kind */
    KEYSET_ACCEPTED, /* what was made with it is taken */
    KEYSET_RETIRED,  /* its time is over; the next rotation removes it */
};

struct keyset_key {
    enum keyset_kind kind;
    uint32_t id; /* 1 to 255 */
    int64_t made_s;
    int64_t from_s;
    int64_t until_s;
    char file[KEYSET_NAME_ROOM]; /* "": none */
    char cert[KEYSET_NAME_ROOM]; /* "": none; of a policy key its public half */
};

struct keyset {
    bool listed; /* there is a list, or one was written */
    size_t n;
    struct keyset_key keys[KEYSET_KEYS_MAX];
};

const char *keyset_kind_name(enum keyset_kind kind);
enum keyset_kind keyset_kind_of(struct bytes name);
const char *keyset_state_name(enum keyset_state state);

/* Only its public half is left: it makes nothing, and is never active. */
bool keyset_is_public(const struct keyset_key *key);

/* Where a key stands at a time. A clock that is behind every key of a kind has the first of them
 * active, so that it keeps nobody from starting. */
enum keyset_state keyset_state(const struct keyset *set, const struct keyset_key *key,
                               int64_t now_s);

/* The active key of a kind, the key of an id, how many a kind has; NULL when there is none. */
const struct keyset_key *keyset_active(const struct keyset *set, enum keyset_kind kind,
                                       int64_t now_s);
struct keyset_key *keyset_find(struct keyset *set, enum keyset_kind kind, uint32_t id);
size_t keyset_count(const struct keyset *set, enum keyset_kind kind);

/* An id for a new key of a kind: behind the newest's, and none that the list has. */
uint32_t keyset_next_id(const struct keyset *set, enum keyset_kind kind);

/* The next time after now_s at which a state changes; INT64_MAX: none. */
int64_t keyset_change_s(const struct keyset *set, int64_t now_s);

/* Enters a key in front of its elders. Returns 0, or 1 when there is no room for one more. */
MUST_CHECK int keyset_add(struct keyset *set, const struct keyset_key *key);
void keyset_drop(struct keyset *set, enum keyset_kind kind, uint32_t id);

/* One encoding, strictly: known kinds, ids once, plain file names, nothing behind the last line.
 * Returns 0, or 1 with the line that is wrong. The writer returns the text's length, 0 when it does
 * not fit. */
MUST_CHECK int keyset_read(struct bytes text, struct keyset *ret, size_t *ret_line);
size_t keyset_write(const struct keyset *set, char *room, size_t cap);

/* What names a list, that who wrote it can ask whether it is the one that is used. Returns 0 or a
 * negative errno. */
MUST_CHECK int keyset_stamp(const struct keyset *set, uint8_t ret[SETUP_STAMP_SIZE]);

/* Whether a file's name is one that setup or a rotation gives, or of a temporary file of such a one
 * (base/file.h): what the list does not name of these is left over. */
bool keyset_is_ours(const char *name);

/* The list of a folder, or what a folder without one has. Returns 0, 1 with the problem, or a
 * negative errno with it. */
MUST_CHECK int keyset_load(const char *folder, struct keyset *ret, struct conf_problem *problem);

/* Replaces the list, at once. Returns 0, -ENOSPC when it does not fit, or another -errno. */
MUST_CHECK int keyset_save(const char *folder, struct keyset *set);
