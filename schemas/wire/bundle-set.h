/* Sets of a bundle: what rules compare with. bundle.cddl; appraisal page, section 5a. A set holds
 * tables of digests, one a bank, and words (names with a number). All texts and tables are views
 * into the bundle's bytes; names are ASCII and safe to print. */
#pragma once

#include "base/alg.h"
#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "base/limits.h"

#define BUNDLE_NONE UINT16_MAX /* an index of nothing */

/* State of a value. Staged: known, not accepted yet (426, 305). Retiring: accepted, told as a
 * warning (304, 435). Retired and revoked: refused (436; 302, 310, 422). */
enum bundle_state {
    BUNDLE_STAGED = 1,
    BUNDLE_ACTIVE,
    BUNDLE_RETIRING,
    BUNDLE_RETIRED,
    BUNDLE_REVOKED,
    BUNDLE_STATE_MAX = BUNDLE_REVOKED,
};

enum bundle_set_kind {
    BUNDLE_SET_DIGESTS = 1, /* measured digests, in the banks that somebody knows them in */
    BUNDLE_SET_CERTS,       /* entries of signature lists: group is a bundle_sig */
    BUNDLE_SET_DBX,         /* the same, a baseline; words are SVN rows: GUID, version */
    BUNDLE_SET_SBAT,        /* words: component, least generation; named "sbat:LEVEL" */
    BUNDLE_SET_ADVISORIES,  /* words: names of advisories or of CVEs, numbers are 0 */
    BUNDLE_SET_FILE,        /* a set kept outside the bundle, named by the SHA-256 of its file */
    BUNDLE_SET_KEYS,        /* public keys that sign files */
    BUNDLE_SET_KIND_MAX = BUNDLE_SET_KEYS,
};

/* What the digest of a record of a certificate or dbx set is: the SHA-256 of a certificate's DER,
 * or the value of an entry that is a digest itself. Owners' GUIDs do not count. */
enum bundle_sig {
    BUNDLE_SIG_X509 = 1,    /* EFI_CERT_X509: SHA-256 of the whole certificate */
    BUNDLE_SIG_SHA256,      /* EFI_CERT_SHA256: the image's digest */
    BUNDLE_SIG_X509_SHA256, /* EFI_CERT_X509_SHA256: the digest of the certificate's body */
    BUNDLE_SIG_MAX = BUNDLE_SIG_X509_SHA256,
};

#define BUNDLE_RECORD_TAIL 8u /* bytes behind the digest of a record */

/* One record, unpacked. */
struct bundle_record {
    struct bytes digest;     /* hash_size() of the table's algorithm */
    uint16_t release;        /* index into the bundle's releases, or BUNDLE_NONE */
    uint8_t group;           /* of a release: which variant, from 0; of certificates: bundle_sig */
    uint8_t position;        /* of a whole variant: index of the event, from 0; else of the part */
    enum bundle_state state; /* with a release: that release's; of certificates: active */
    bool optional;           /* of a whole variant: the event may be missing */
    uint16_t label;          /* index into the bundle's labels, or BUNDLE_NONE */
};

/* Records of one algorithm, strictly ascending by their bytes, so by digest first: one digest may
 * stand in several releases and groups. */
struct bundle_table {
    enum hash alg;
    size_t n;
    struct bytes records;
};

struct bundle_set {
    struct bytes name; /* as in "fw/t14g3", "os.kernel", "cert:NAME"; unique in the bundle */
    uint32_t version;  /* at least 1 */
    enum bundle_set_kind kind;
    uint64_t published_s; /* UTC; 0: not said. "for D then" counts from here */
    size_t n_tables;      /* of the kinds DIGESTS, CERTS and DBX; ascending by alg */
    struct bundle_table tables[LIMIT_SET_TABLES];
    size_t first_word, n_words; /* in the bundle's words; ascending by name */
    uint16_t next;              /* of a dbx baseline: the set that supersedes it, or BUNDLE_NONE; a
                                 * baseline is met when it or any successor is. Never a circle. */
    struct bytes file;          /* of the kind FILE: 32 bytes; else empty */
    size_t first_key, n_keys;   /* in the bundle's keys; ascending by id, then by spki */
};

/* A key of a set of the kind KEYS. That it is one is for who loads the bundle to find out: the
 * reader sees bytes. */
struct bundle_key {
    uint32_t id;       /* as file signatures name it: the last 4 bytes of its key identifier */
    struct bytes spki; /* DER SubjectPublicKeyInfo, 1 to LIMIT_BUNDLE_SPKI bytes */
};

struct bundle_word {
    struct bytes name;
    uint32_t number;
};

/* The table of an algorithm, or NULL. */
const struct bundle_table *bundle_set_table(const struct bundle_set *set, enum hash alg);

/* Records with this digest (hash_size(table->alg) bytes): index of the first one in *ret_first and
 * their number as result; 0 when there is none, or the length is another. Binary search. */
size_t bundle_table_find(const struct bundle_table *table, struct bytes digest, size_t *ret_first);

/* Record i < table->n. */
struct bundle_record bundle_table_at(const struct bundle_table *table, size_t i);

/* Packs a record: digest and tail into wr. */
void bundle_record_write(struct wr *wr, const struct bundle_record *record);
size_t bundle_record_size(enum hash alg);

/* "active", "digests"; "unknown" out of range. The other way: 0 when it is none. */
const char *bundle_state_name(enum bundle_state state);
enum bundle_state bundle_state_from(struct bytes name);
/* Of a digest that stands in several releases the state with the highest rank counts: active,
 * retiring, staged, retired, revoked (0). */
MUST_CHECK int bundle_state_rank(enum bundle_state state);
const char *bundle_set_kind_name(enum bundle_set_kind kind);
enum bundle_set_kind bundle_set_kind_from(struct bytes name);
