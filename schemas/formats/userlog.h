/* What systemd measured after the kernel: /run/log/systemd/tpm2-measure.log, a JSON text sequence
 * (RFC 7464) of records after TCG Canonical Event Log's JSON form, systemd-pcrextend(8):
 *     0x1e {"pcr":11,"digests":[{"hashAlg":"sha256","digest":"…"}],"content_type":"systemd",
 *           "content":{"string":"enter-initrd","bootId":"…","timestamp":…,"eventType":"phase"}}
 * 0x0a Members that we do not know are skipped within the record's bound; a known one of the wrong
 * type refuses the record. systemd writes no newline inside a record, and we accept none. */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include "base/rd.h"
#include "crypto/digest.h"

#define USERLOG_WORD 128u /* room of content_type, eventType and nvIndexName, with the NUL */

enum userlog_target { USERLOG_PCR, USERLOG_NV };

/* Copies: a record outlives the log's bytes. Texts are NUL-ended UTF-8, "" where absent. */
struct userlog_record {
    uint32_t number; /* from 0 */
    uint64_t offset; /* of the 0x1e */
    enum userlog_target target;
    uint32_t index; /* PCR, or handle of the NV index */
    size_t n_digests;
    struct digest digests[LIMIT_BANKS]; /* one for each bank, no bank twice */
    char content_type[USERLOG_WORD];
    bool has_string; /* what was measured, or for secrets what it is called */
    char string[LIMIT_USERLOG_STRING + 1];
    char boot_id[33];      /* 32 lower-case hex digits */
    uint64_t timestamp_us; /* CLOCK_BOOTTIME, 0 where absent */
    char event_type[USERLOG_WORD];
    char nv_index_name[USERLOG_WORD];
};

struct userlog {
    struct rd rd;
    uint32_t n_read;
    struct fault fault; /* sticky */
};

enum { USERLOG_E_FAULT = 1, USERLOG_E_END = 2 };

/* Returns 0, or USERLOG_E_FAULT when the log exceeds LIMIT_LOG_BYTES. */
MUST_CHECK int userlog_open(struct userlog *log, struct bytes bytes, struct fault *ret_fault);

/* Reads the next record. Returns 0; USERLOG_E_END after the last; USERLOG_E_FAULT with *ret_fault
 * (event = record number, offset of the record), at once and at every later call. *ret is untouched
 * unless 0. */
MUST_CHECK int userlog_next(struct userlog *log, struct userlog_record *ret,
                            struct fault *ret_fault);

/* Says in *ret_bound whether the record's text is what was measured: H(string) equals each digest.
 * False without a string, and for what is keyed (a LUKS volume key gives an HMAC): then the text is
 * a label that nothing vouches for. Returns 0 or a negative value of hasher_bytes(). */
MUST_CHECK int userlog_bind(struct hasher *hasher, const struct userlog_record *record,
                            bool *ret_bound);
