/* What a reader makes of a part of an IMA list, for the keeper: one record an entry and, when the
 * part is broken somewhere, the fault behind what could be read. The reader's word counts for
 * meaning only: digests are believed because they replay, and what follows the quoted value, be it
 * broken or not, was quoted by nobody.
 *
 * A record is
 *     u8 1 | u8 PCR | u8 flags | u32 end | template digests | u16 TPM_ALG_ID, u8 length, bytes
 * with a template digest, H(template data), of each of IMA_RECORDS_BANKS; the fault is
 *     u8 2 | u16 rule | u32 entry | u64 offset
 * and comes last. Numbers are little-endian. */
#pragma once

#include "base/alg.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/rd.h"
#include "base/wr.h"

/* SHA-1, SHA-256, SHA-384, SHA-512, in this order: what a quote may name (protocol page, Banks). */
#define IMA_RECORDS_BANKS 4u
extern const enum hash ima_records_banks[IMA_RECORDS_BANKS];

enum {
    IMA_RECORD_VIOLATION = 1, /* the PCR was extended with all ff */
    IMA_RECORD_AGGREGATE = 2, /* named boot_aggregate */
    IMA_RECORD_FLAGS = 3,
};

struct ima_record {
    uint32_t pcr; /* below LIMIT_PCRS */
    unsigned flags;
    uint32_t end; /* offset behind the entry in the part that was read; rises */
    struct bytes template_digest[IMA_RECORDS_BANKS];
    struct bytes file_digest; /* empty when the entry has none */
    enum hash file_hash;      /* HASH_N for an algorithm that we do not know */
};

void ima_records_entry(struct wr *wr, const struct ima_record *record);
void ima_records_fault(struct wr *wr, const struct fault *fault);

/* Walks records; plain data. */
struct ima_records {
    struct rd rd;
    uint32_t n_read;
    uint32_t end;
};

struct ima_records ima_records_open(struct bytes in);

enum {
    IMA_RECORDS_E_END = 1,   /* after the last */
    IMA_RECORDS_E_FAULT = 2, /* the part is broken here; *ret_fault says where, in the part */
    IMA_RECORDS_E_FORM = 3,  /* no records: the reader is broken or hijacked */
};

/* The next record, as views into in. Returns 0 or one of the above; *ret is untouched unless 0. At
 * most LIMIT_IMA_ENTRIES records. */
MUST_CHECK int ima_records_next(struct ima_records *records, struct ima_record *ret,
                                struct fault *ret_fault);
