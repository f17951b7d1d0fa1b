/* The claims of a verdict, as they are kept with it and as tokens carry them: a CBOR map of numbers
 * to values, and JSON. base/claim.def names each; appraisal page, section 5d. A claim is absent
 * when it is unknown: whoever tells a value that is not fit for one tells nothing.
 *
 * Texts are printable ASCII, so that one may be copied into a header or a log as it is. */
#pragma once

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "base/json-wr.h"

enum claim {
#define CLAIM(claim, number, kind, slots, name, type, meaning) CLAIM_##claim = (number),
#include "base/claim.def"
#undef CLAIM
};

enum claim_kind {
    CLAIM_KIND_NONE, /* no claim of ours has the number */
    CLAIM_KIND_TEXT,
    CLAIM_KIND_NUMBER, /* below 2^53 */
    CLAIM_KIND_FLAG,
    CLAIM_KIND_DIGEST, /* of 20, 32, 48 or 64 bytes: its length says of which hash */
    CLAIM_KIND_TEXTS,
    CLAIM_KIND_DIGESTS,
};

#define CLAIM_END 64u        /* above the highest number: a set is one bit each */
#define CLAIM_TEXT_MAX 128u  /* the longest names of a release and its version have 97 */
#define CLAIM_LIST_MAX 16u   /* as many CVEs as one advisory has */
#define CLAIM_ITEMS_MAX 80u  /* of all five lists */
#define CLAIM_SET_ROOM 2048u /* CBOR of a set that is kept; a boot of 39 claims takes 700 */

/* One value: flag and number are numbers, a list is n items of the set from `first` on. Views. */
struct claim_value {
    uint64_t number;
    struct bytes bytes;
    uint16_t first, n;
};

struct claim_set {
    uint64_t present; /* bit 1 << claim */
    struct claim_value values[CLAIM_END];
    size_t n_items;
    struct bytes items[CLAIM_ITEMS_MAX];
};

enum claim_kind claim_kind_of(unsigned number);
const char *claim_name(enum claim claim); /* "dbx.level"; NULL: there is none of this number */

/* The claim of a name; false when there is none. */
bool claim_named(struct bytes name, enum claim *ret);

/* What every token tells: CLAIM_SECUREBOOT to CLAIM_MODE. */
uint64_t claim_default(void);

bool claim_set_has(const struct claim_set *set, enum claim claim);

/* Tell a claim, or nothing: of another kind, not fit, or told before. Views are kept. */
void claim_set_text(struct claim_set *set, enum claim claim, struct bytes text);
void claim_set_number(struct claim_set *set, enum claim claim, uint64_t number);
void claim_set_flag(struct claim_set *set, enum claim claim, bool flag);
void claim_set_digest(struct claim_set *set, enum claim claim, struct bytes digest);

/* Begins a list, empty, and adds to the one that was begun last. A list with an item that is not
 * fit, or with more than CLAIM_LIST_MAX, is not told at all: half of it would say something else.
 */
void claim_set_list(struct claim_set *set, enum claim claim);
void claim_set_add(struct claim_set *set, enum claim claim, struct bytes item);

/* Leaves out the present claim of the highest number; false when there is none. */
bool claim_set_shed(struct claim_set *set);

/* The pairs of the map, by rising number, for a map that the caller has begun. */
size_t claim_set_pairs(const struct claim_set *set);
void claim_set_write_pairs(struct wr *wr, const struct claim_set *set);

/* The whole map into room, as much of it as fits: claims of the highest numbers are left out. */
struct bytes claim_set_write(const struct claim_set *set, uint8_t *room, size_t cap);

/* One value of the map, whose key was read. A number that is none of ours is skipped: a newer
 * writer's. What is not of its claim's kind, or not fit, fails. */
void claim_set_read_value(struct cbor_rd *c, int64_t number, struct claim_set *ret);

/* Reads a whole map. Returns whether it is one; *ret is untouched otherwise. Views into in. */
MUST_CHECK bool claim_set_read(struct bytes in, struct claim_set *ret);

/* A claim as JSON: a digest is "sha256:HEX". Of lists an array, or (joined) one text with blanks
 * between, which header-copying consumers can split. */
void claim_set_say(struct json_wr *j, const struct claim_set *set, enum claim claim, bool joined);

/* An object of all: {"dbx.level": …}, by rising number. */
void claim_set_say_all(struct json_wr *j, const struct claim_set *set);
