/* What the verifier must not forget. SQLite behind this header; nothing else knows SQL. All text is
 * UTF-8 in fixed rooms, all times are UTC milliseconds, all digests SHA-256 unless said.
 *
 * Writes gather in one transaction until store_commit(): the keeper handles what has come, commits
 * once, and only then lets answers leave ("durable before stamped"). A failed call leaves the batch
 * as it was before the call; a failed commit loses the whole batch, and the keeper answers none. A
 * full or failing disk can make SQLite drop the batch at a failed call: from then on every write
 * and the commit fail with -EIO, until that commit or store_rollback() has given the batch up. What
 * several calls wrote for one request is a piece of the batch, and can be undone as one.
 *
 * Every function returns 0, or STORE_NONE where a row may be missing, or one of the outcomes named
 * at it, or a negative errno: when the database failed (-EIO, also for a row of wrong shapes;
 * -ENOSPC; -ENOMEM; -EBUSY when another process kept its lock for 1 s, and at once for the rest of
 * that batch), or -EINVAL when the caller's struct has a text
 * that does not end in its room or is no UTF-8, a length beyond its room or an enum out of range.
 * ret_ structs are untouched unless 0. */
#pragma once

#include "base/fault.h"
#include "crypto/sha256-run.h"
#include "wire/answer.h"
#include "wire/audit-row.h"

#define STORE_CLASS_MAX 64u
#define STORE_TEXT_MAX 128u
#define STORE_POLICY_MAX 64u
#define STORE_VECTOR_SIZE 4u
#define STORE_NAME_MAX 66u /* TPM name: 2 + 64 */
#define STORE_PUBLIC_MAX 512u
#define STORE_LABEL_MAX 160u
#define STORE_JUDGED_MAX 2048u
#define STORE_CLAIMS_MAX 2048u   /* CLAIM_SET_ROOM */
#define STORE_TRACKS_MAX 2176u   /* 32 PCR values of 64 bytes, 4 bytes each beside */
#define STORE_PIN_NAME_MAX 49u   /* LIMIT_BUNDLE_NAME and its end */
#define STORE_PIN_SLOT_MAX 54u   /* the same behind STORE_PIN_RULE */
#define STORE_PIN_VALUE_MAX 256u /* a digest, or what a hole of a command line took */
/* A bundle with its seal and signature. */
#define STORE_BUNDLE_MAX (LIMIT_BUNDLE_BYTES + 4096u)
#define STORE_LIST_MAX (160u * 1024u)
#define STORE_AUDIT_TEXT_MAX 1024u /* each text of an audit row */

enum store_outcome {
    STORE_OK,
    STORE_NONE,    /* no such row */
    STORE_EXISTS,  /* a unique value is taken: by whom is said at the function */
    STORE_LOCKED,  /* of a backup: not now */
    STORE_E_NEWER, /* the file was written by a newer version */
    STORE_E_OLDER, /* by an older one, and is only to be read */
};

enum ek_chain { EK_CHAIN_NONE, EK_CHAIN_LISTED, EK_CHAIN_VERIFIED };

/* "none", "listed", "verified". */
const char *ek_chain_name(enum ek_chain chain);

struct store_device {
    uint8_t id[WIRE_UEID_SIZE]; /* UEID; primary key */
    uint8_t ident[16];          /* keys of its PSK identity (ident.h); unique */
    uint8_t ek_fingerprint[32]; /* SHA-256 of the EK's DER SubjectPublicKeyInfo; unique */
    uint8_t ek_digest[32];      /* SHA-256 of the EK's TPMT_PUBLIC */
    uint8_t ak_name[STORE_NAME_MAX];
    size_t ak_name_len; /* unique, unless empty */
    uint8_t ak_public[STORE_PUBLIC_MAX];
    size_t ak_public_len; /* TPMT_PUBLIC */
    enum ek_chain ek_chain;
    uint32_t tpm_vendor; /* formats/tpm-vendor.h, of a chain that was verified; 0: not known */
    enum device_state state;
    char class_name[STORE_CLASS_MAX]; /* "" while pending */
    char why[STORE_TEXT_MAX];         /* operator's reason for quarantine or removal */
    char maker[STORE_TEXT_MAX]; /* as the machine says; hints for people, escaped by printers */
    char model[STORE_TEXT_MAX];
    char serial[STORE_TEXT_MAX];
    int64_t enrolled_ms;
    int64_t era; /* raised by an operator after TPM2_Clear */
};

/* Another AK of a device's EK, that would like to take over. */
struct store_candidate {
    uint8_t device[WIRE_UEID_SIZE]; /* primary key */
    uint8_t ident[16];              /* keys of its PSK identity; unique */
    uint8_t ak_name[STORE_NAME_MAX];
    size_t ak_name_len;
    uint8_t ak_public[STORE_PUBLIC_MAX];
    size_t ak_public_len;
    int64_t enrolled_ms;
    int64_t accepted_ms; /* our clock at its last accepted quote; 0: none */
};

/* The last verdict of a device, apart from the cold row: written at every judged evidence. */
enum store_flag { FLAG_UNKNOWN, FLAG_NO, FLAG_YES };

struct store_last {
    enum tier tier;
    size_t n_reasons;
    uint16_t reasons[LIMIT_REASONS];
    int64_t challenge_ms; /* the time after which the quote must have been made */
    int64_t arrived_ms;
    int64_t accepted_ms; /* challenge_ms of the last accepted evidence, 0 when none */
    int64_t era;
    uint64_t reset_count;
    uint64_t restart_count;
    uint64_t clock_ms;     /* TPM clock of the base quote of this boot */
    int64_t clock_at_ms;   /* arrival of the first block of that evidence */
    int64_t judged_ms;     /* our clock when it was judged; 0: not known */
    int64_t low_ms;        /* our clock when a lower one, quoted after that, was; 0: none */
    uint64_t boot_restart; /* restart_count of this boot's first quote: a resume keeps its name */
    uint64_t firmware;     /* firmwareVersion of the quote */
    uint64_t trusted_firmware; /* the same of the last accepted one; 0: none */
    int64_t boot_ms; /* arrival of the first genuine evidence of this boot; 0: not known */
    char policy[STORE_POLICY_MAX];     /* NAME:VERSION that judged; empty: the class's references */
    uint8_t vector[STORE_VECTOR_SIZE]; /* AR4SI: identity, configuration, executables, hardware */
    enum store_flag secure_boot;       /* as the policy's boot had it */
    uint8_t psk_master;       /* id of the master that its connection's PSK came of; 0: not known */
    bool null_used;           /* this boot has had its verdict without a keeper's nonce */
    uint8_t claims[32];       /* SHA-256 of what it tells (store_claims_get()); zero: nothing */
    uint8_t firmware_log[32]; /* digest of the log; zero when none */
    uint8_t pcr_digest[32];   /* pcrDigest of the quote */
    uint64_t ima_length;      /* accepted bytes of the IMA list */
    uint64_t userspace_length;
    /* First cause of a refusal; event FAULT_NO_EVENT and empty texts when none. */
    uint32_t fault_event;
    uint32_t fault_pcr;
    char fault_rule[64]; /* a rule of ours, or policy/ID */
    char fault_expected[STORE_LABEL_MAX];
    char fault_seen[STORE_LABEL_MAX];
};

struct store_class {
    char name[STORE_CLASS_MAX];
    enum hash bank;        /* the policy's bank */
    uint32_t pcr_mask;     /* PCRs wanted in it; 0 to 7 always */
    int64_t interval_s;    /* between attestations */
    uint32_t evidence_max; /* bytes of the largest evidence that is taken; 0: none is */
    uint32_t lacks;        /* banks (1 << enum hash) that its TPMs are known not to implement */
    bool need_ek_chain;    /* 706 without a verified chain */
    bool allow_sha1;       /* the policy's bank may be SHA-1 (109 else) */
    bool allow_no_nonce;   /* the first evidence of a boot may do without a keeper's nonce */
    char audiences[256];   /* space-separated: what GET /token may name; "*" is no wildcard */
};

/* A reference event of a class: what an event of this PCR may measure. */
struct store_ref {
    uint32_t pcr;
    uint32_t type;
    struct digest digest;
    char label[STORE_LABEL_MAX]; /* for people: what it was when it was learned */
};

/* Whether the userspace log of an evidence is kept whole, as far as its quote covers it. */
enum evidence_log {
    EVIDENCE_LOG_UNKNOWN, /* no: its PCRs were not quoted, or only a part of it ever came */
    EVIDENCE_LOG_NONE,    /* its PCRs were quoted and there was none */
    EVIDENCE_LOG_KEPT,
};

/* Evidence kept for learning and for trying bundles: the latest of each member whose signature,
 * challenge and replay held, whatever policy said. */
struct store_evidence {
    uint8_t device[WIRE_UEID_SIZE];
    uint8_t firmware_log[32]; /* digest; body in the log table */
    int64_t arrived_ms;
    enum evidence_log userspace;
    uint8_t userspace_log[32]; /* the same, if it is kept; else zero */
    uint8_t accepted_log[32];  /* the firmware's of the last accepted evidence; zero: none known;
                                * putting zero leaves what was there */
};

/* What is known of a log that grows: its accepted part in the boot of the last accepted evidence.
 */
struct store_growing {
    int64_t era;
    uint64_t reset_count;
    uint64_t restart_count;
    uint64_t length;       /* bytes accepted: the next offset */
    struct sha256_run run; /* over them */
    uint32_t n_entries;
    uint32_t n_violations;
    uint8_t tracks[STORE_TRACKS_MAX]; /* PCR values behind them, appraise/growing.h */
    size_t tracks_len;
    uint8_t judged[STORE_JUDGED_MAX]; /* IMA: its files that were judged, appraise/ima-past.h */
    size_t judged_len;                /* 0: nobody judged them */
};

/* The policy bundle that counts, as it was signed. */
struct store_bundle {
    uint64_t sequence;
    int64_t loaded_ms;
};

/* Before pins were of slots they were of rules: slots that begin so name a rule's id. */
#define STORE_PIN_RULE "rule:"

enum store_pins {
    PINS_HELD,  /* what the device is held to */
    PINS_SHOWN, /* what the last genuine evidence that a policy judged had, where it was not what is
                   held */
};

/* One value of a slot, or of a hole of its command lines, of one device. */
struct store_pin {
    char slot[STORE_PIN_SLOT_MAX];
    char name[STORE_PIN_NAME_MAX]; /* of a hole; "": value is an event's digest, or that of none */
    uint8_t value[STORE_PIN_VALUE_MAX];
    size_t value_len;
    int64_t at_ms;                 /* when it was pinned, or shown; 0: not known */
    char policy[STORE_POLICY_MAX]; /* NAME:VERSION that judged then; empty: not known, or none */
};

struct store;

/* Opens or makes the database, brings its schema forward. WAL, synchronous FULL. path ":memory:"
 * for tests. A new file gets mode 0600. Also STORE_E_NEWER; -EIO for a file that is no store of
 * ours; -errno of a file that cannot be made. A file that is not opened is left as it was. */
MUST_CHECK int store_open(const char *path, struct store **ret);
/* Opens a store that is there to be read, beside whoever has it open: all that is read is of the
 * moment of this call. Nothing is written to the database: calls that write are -EROFS. (SQLite
 * keeps its marks of who reads in the file -shm beside it.) Also STORE_E_NEWER, STORE_E_OLDER: the
 * verifier of this version has not been started on it; -errno as above. */
MUST_CHECK int store_open_read(const char *path, struct store **ret);
void store_close(struct store *store); /* an open batch is lost */
void store_closep(struct store **store);
MUST_CHECK int store_commit(struct store *store);
void store_rollback(struct store *store);

/* The next piece of work begins; the one before is kept. store_undo() takes back what the piece
 * wrote, and nothing else of the batch. Each returns 0, or a negative errno: the batch cannot be
 * kept, and what it holds is for store_rollback(). */
MUST_CHECK int store_piece(struct store *store);
MUST_CHECK int store_undo(struct store *store);

/* A copy of all that is committed, made in slices between the caller's batches; what is committed
 * meanwhile is in it too. The file has mode 0600, lies at path.part until it is whole and synced,
 * and replaces nothing. begin: STORE_EXISTS when there is a file at path. step: one slice, 256 KiB;
 * *ret_done when it was the last (STORE_EXISTS: somebody took the name meanwhile), STORE_LOCKED
 * when nothing could be copied now and later may be, as while a batch is open; after an error or
 * the last slice only free. free: an unfinished one is removed. Before the store is closed. */
struct store_backup;
MUST_CHECK int store_backup_begin(struct store *store, const char *path, struct store_backup **ret);
MUST_CHECK int store_backup_step(struct store_backup *backup, bool *ret_done);
void store_backup_progress(const struct store_backup *backup, int64_t *ret_left,
                           int64_t *ret_pages);
void store_backup_free(struct store_backup *backup);
void store_backup_freep(struct store_backup **backup);

/* Devices. store_device_put inserts or replaces the row of this id; STORE_EXISTS when the EK
 * fingerprint, ident or AK name belongs to another id. */
MUST_CHECK int store_device_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                struct store_device *ret);
MUST_CHECK int store_device_by_fingerprint(struct store *store, const uint8_t fingerprint[32],
                                           struct store_device *ret);
MUST_CHECK int store_device_by_ident(struct store *store, const uint8_t ident[16],
                                     struct store_device *ret);
/* The one device whose id, id without its first byte, or EK fingerprint begins with these hex
 * digits; what is none fits none. STORE_EXISTS when several do. */
MUST_CHECK int store_device_by_prefix(struct store *store, struct bytes digits,
                                      struct store_device *ret);
MUST_CHECK int store_device_put(struct store *store, const struct store_device *device);
MUST_CHECK int store_device_count(struct store *store, enum device_state state, int64_t *ret);
/* Devices in the order of enrolment, then id: calls visit until it returns false. Here and in the
 * other _each functions the visitor may call the store; a row that it writes behind the present one
 * is visited too. */
MUST_CHECK int store_device_each(struct store *store,
                                 bool (*visit)(void *context, const struct store_device *device),
                                 void *context);
/* Pending devices older than before_ms are dropped, with what hangs on them; the oldest beyond max
 * too. */
MUST_CHECK int store_pending_trim(struct store *store, int64_t before_ms, int64_t max);

/* How many other devices claim this serial of this maker and model; "" counts none.
 * Devices of every state count, removed ones too. */
MUST_CHECK int store_serial_twins(struct store *store, const struct store_device *device,
                                  int64_t *ret);

/* Candidates go with their device. Putting replaces the device's; STORE_NONE when there is no such
 * device, STORE_EXISTS when the ident is another device's candidate's. Dropping returns STORE_NONE
 * when there is none. */
MUST_CHECK int store_candidate_get(struct store *store, const uint8_t device[WIRE_UEID_SIZE],
                                   struct store_candidate *ret);
MUST_CHECK int store_candidate_by_ident(struct store *store, const uint8_t ident[16],
                                        struct store_candidate *ret);
MUST_CHECK int store_candidate_put(struct store *store, const struct store_candidate *candidate);
MUST_CHECK int store_candidate_drop(struct store *store, const uint8_t device[WIRE_UEID_SIZE]);

/* Files of a device's IMA list that did not pass (appraise/ima-open.h), as bytes; at most
 * STORE_OPEN_MAX, more is -EINVAL. Putting none drops what there is; getting returns STORE_NONE
 * when nothing is kept. Device and row of the IMA list (store_growing_put()) must be there to put.
 */
#define STORE_OPEN_MAX 43776u
MUST_CHECK int store_open_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              struct bytes files);
MUST_CHECK int store_open_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              uint8_t room[STORE_OPEN_MAX], size_t *ret_len);

/* Putting returns STORE_NONE when there is no such device. */
MUST_CHECK int store_last_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              struct store_last *ret);
MUST_CHECK int store_last_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              const struct store_last *last);

/* What a device's verdict tells: wire/claim-set.h, as bytes. Getting names the digest that the
 * verdict has: STORE_NONE when two that tell something else have come since, or it tells nothing.
 * Putting keeps what has the digest `before` beside it, and no more. */
struct store_claims {
    size_t len;
    uint8_t body[STORE_CLAIMS_MAX];
};
MUST_CHECK int store_claims_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                const uint8_t digest[32], struct store_claims *ret);
MUST_CHECK int store_claims_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                const uint8_t digest[32], const uint8_t before[32],
                                struct bytes body);

/* How many devices were last judged on a connection of this PSK master. */
MUST_CHECK int store_last_masters(struct store *store, uint8_t psk_master, int64_t *ret);

/* Uses a challenge up: STORE_EXISTS when it was used before. Rows past keep_until_ms go with
 * store_challenge_trim(). */
MUST_CHECK int store_challenge_use(struct store *store, const uint8_t challenge[32],
                                   int64_t keep_until_ms);
MUST_CHECK int store_challenge_trim(struct store *store, int64_t now_ms);

/* Membership. Inventory: EK fingerprint to class. Codes: one use, until expires_ms; kept as
 * SHA-256 of the code. store_code_use returns STORE_NONE for unknown, used and expired ones (at
 * expires_ms it has expired). Classes named here need not exist yet; putting replaces. */
MUST_CHECK int store_inventory_put(struct store *store, const uint8_t fingerprint[32],
                                   const char *class_name);
MUST_CHECK int store_inventory_get(struct store *store, const uint8_t fingerprint[32],
                                   char ret_class[STORE_CLASS_MAX]);
MUST_CHECK int store_code_put(struct store *store, const uint8_t code_digest[32],
                              const char *class_name, int64_t expires_ms);
MUST_CHECK int store_code_use(struct store *store, const uint8_t code_digest[32], int64_t now_ms,
                              char ret_class[STORE_CLASS_MAX]);

/* Classes and their reference events. */
MUST_CHECK int store_class_get(struct store *store, const char *name, struct store_class *ret);
MUST_CHECK int store_class_put(struct store *store, const struct store_class *class_row);
MUST_CHECK int store_class_each(struct store *store,
                                bool (*visit)(void *context, const struct store_class *class_row),
                                void *context);
/* Adds a reference event; one that is there already (by PCR, type and digest) is no fault (0 too).
 * ret_added may be NULL. STORE_NONE when there is no such class. */
MUST_CHECK int store_ref_add(struct store *store, const char *class_name,
                             const struct store_ref *ref, bool *ret_added);
/* In the order of learning; none for an unknown class. */
MUST_CHECK int store_ref_each(struct store *store, const char *class_name,
                              bool (*visit)(void *context, const struct store_ref *ref),
                              void *context);
/* Grows whenever a reference event or class of any kind is written: the version in policy ids.
 * STORE_NONE when there is no such class. */
MUST_CHECK int store_ref_version(struct store *store, const char *class_name, int64_t *ret);

/* There is one bundle. Putting replaces it, and returns STORE_EXISTS when a higher sequence was put
 * before: none ever falls. Getting gives a fresh copy of the sealed bytes, which the caller frees.
 */
MUST_CHECK int store_bundle_put(struct store *store, const struct store_bundle *bundle,
                                struct bytes sealed);
MUST_CHECK int store_bundle_get(struct store *store, struct store_bundle *ret, uint8_t **ret_sealed,
                                size_t *ret_len);

/* Pins of a device, held or shown, ordered by slot, name and value; they go with it. One that is
 * there already is no fault, and keeps its time. Putting returns STORE_NONE when there is no such
 * device. Dropping: of a slot's name; of the whole slot (name NULL); all (slot NULL); *ret_n may be
 * NULL and counts them. Each: calls visit until it returns false. */
MUST_CHECK int store_pin_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                             enum store_pins pins, const struct store_pin *pin);
MUST_CHECK int store_pin_drop(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              enum store_pins pins, const char *slot, const char *name,
                              int64_t *ret_n);
MUST_CHECK int store_pin_each(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                              enum store_pins pins,
                              bool (*visit)(void *context, const struct store_pin *pin),
                              void *context);

/* What a pinned list was, by its pin's value; the list is the caller's word. Getting gives a fresh
 * copy that the caller frees, or STORE_NONE. Trimming drops those that no pin, held or shown, has
 * as its value, those of this batch too. */
MUST_CHECK int store_list_put(struct store *store, struct bytes digest, struct bytes body);
MUST_CHECK int store_list_get(struct store *store, struct bytes digest, uint8_t **ret_body,
                              size_t *ret_len);
MUST_CHECK int store_list_trim(struct store *store);

/* Logs by content: a body is stored once however many devices send it. *ret_body is a fresh copy
 * that the caller frees. The digest is the caller's word. */
MUST_CHECK int store_log_put(struct store *store, const uint8_t digest[32], enum log_kind kind,
                             struct bytes body);
MUST_CHECK int store_log_get(struct store *store, const uint8_t digest[32], uint8_t **ret_body,
                             size_t *ret_len);
MUST_CHECK int store_log_has(struct store *store, const uint8_t digest[32]); /* 0 or STORE_NONE */
/* Drops the bodies that neither a last verdict nor evidence, kept or accepted, names, those of this
 * batch too: not between store_log_put() and the row that names it. */
MUST_CHECK int store_log_trim(struct store *store);

/* One row a device and kind of log; putting replaces, and returns STORE_NONE when there is no such
 * device. It goes with its device. */
MUST_CHECK int store_growing_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                 enum log_kind kind, struct store_growing *ret);
MUST_CHECK int store_growing_put(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                 enum log_kind kind, const struct store_growing *growing);

/* Putting returns STORE_NONE when there is no such device. */
MUST_CHECK int store_evidence_put(struct store *store, const struct store_evidence *evidence);
MUST_CHECK int store_evidence_get(struct store *store, const uint8_t id[WIRE_UEID_SIZE],
                                  struct store_evidence *ret);

/* Audit: rows are chained (wire/audit-row.h). The hash function comes from the caller (crypto), so
 * that the store links no OpenSSL; it returns 0 or -errno. A text of STORE_AUDIT_TEXT_MAX bytes or
 * more is -EMSGSIZE. */
struct store_audit {
    int64_t at_ms;
    const char *kind;      /* "refused", "enrolled", "approved", … stable names */
    const uint8_t *device; /* WIRE_UEID_SIZE bytes or NULL */
    const char *actor;     /* "device", "keeper", "uid 0" */
    const char *text;      /* details, escaped */
};
typedef int store_hash_fn(void *context, const struct bytes *parts, size_t n_parts,
                          uint8_t ret[32]);
MUST_CHECK int store_audit_add(struct store *store, const struct store_audit *row,
                               store_hash_fn *hash, void *context);
/* Rows from number `from` on, in order: calls visit until it returns false. */
MUST_CHECK int store_audit_each(struct store *store, int64_t from,
                                bool (*visit)(void *context, const struct audit_row *row,
                                              const uint8_t hash[32]),
                                void *context);
/* Walks the chain; *ret_rows counts good rows; returns STORE_NONE when a row does not fit, with
 * *ret_rows the number before it. */
MUST_CHECK int store_audit_verify(struct store *store, store_hash_fn *hash, void *context,
                                  int64_t *ret_rows);
/* Number and hash of the last row, to be kept elsewhere: the chain alone does not show that rows
 * were cut from its end. STORE_NONE when there is no row. */
MUST_CHECK int store_audit_head(struct store *store, int64_t *ret_seq, uint8_t ret_hash[32]);
