/* From an IMA list to the value of its PCR. Linux ima_crypto.c (ima_calc_field_array_hash_tfm,
 * ima_calc_boot_aggregate_tfm), ima_queue.c (ima_pcr_extend).
 *
 * What counts is always computed from the template data; the hashes in the list are its writer's
 * claim. So a list whose replay gives the quoted PCR has its data bound, whatever it says. */
#pragma once

#include "crypto/digest.h"
#include "formats/ima.h"

#define IMA_PCR 10u /* CONFIG_IMA_MEASURE_PCR_IDX of every distribution */

/* How the kernel extended the bank. */
enum ima_extend {
    IMA_EXTEND_OWN,    /* H_bank(template data): Linux 5.8 and later */
    IMA_EXTEND_PADDED, /* SHA-1(template data), then zeros: before, and today for each bank whose
                          hash the kernel had no driver for when IMA started */
};

/* H_alg over the entry's template data as the kernel hashes it; out receives hash_size(alg) bytes.
 * Returns 0 or a negative value of hasher_parts(). */
MUST_CHECK int ima_data_hash(struct hasher *hasher, const struct ima_entry *e, enum hash alg,
                             uint8_t *out);

/* Recomputes the logged template hash, of the list's column. Returns 0 when it is right (or the
 * entry is a violation, which has none), 1 when it is not, or a negative value. */
MUST_CHECK int ima_template_hash_check(struct hasher *hasher, const struct ima_entry *e,
                                       enum hash column);

/* One bank of one PCR, so far. Plain data: a verifier stores it and goes on next time. */
struct ima_replay {
    struct digest value; /* of the PCR; its alg is the bank */
    enum ima_extend extend;
    uint32_t pcr;       /* entries of other PCRs count as entries and do not extend */
    uint32_t n_entries; /* entries added, so the number of the next one */
    uint64_t next;      /* offset behind the last entry, in the bytes of this round's list */
};

/* A PCR at reset: zeros. */
void ima_replay_init(struct ima_replay *replay, enum hash bank, enum ima_extend extend);

/* Goes on from a stored value, behind n_entries entries. */
void ima_replay_resume(struct ima_replay *replay, const struct digest *value,
                       enum ima_extend extend, uint32_t n_entries);

/* Adds one entry. Returns 0 or a negative value. */
MUST_CHECK int ima_replay_add(struct ima_replay *replay, struct hasher *hasher,
                              const struct ima_entry *e);

enum { IMA_MATCH_E_FAULT = 1, IMA_MATCH_E_NONE = 2 };

/* Finds the longest prefix of `list` (opened at replay->n_entries; a copy is walked) after which
 * the PCR has the wanted value: the list goes on growing between quote and read, so more entries
 * than the quote covers are normal. No entry at all is a prefix too. Returns
 *   0                  found: *replay is the state there (n_entries, next, value);
 *   IMA_MATCH_E_NONE   the whole list was read and no prefix gives the value;
 *   IMA_MATCH_E_FAULT  the list is broken before any prefix matched, *ret_fault says where;
 * or a negative value. *replay is untouched unless 0. What follows the match is not judged. */
MUST_CHECK int ima_replay_match(struct ima_replay *replay, struct hasher *hasher, struct ima list,
                                struct bytes wanted, struct fault *ret_fault);

#define IMA_AGGREGATE_PCRS 10u

/* The expected digest of boot_aggregate: H_bank over PCR 0 to 7, and for other banks than SHA-1
 * over PCR 0 to 9. pcrs[i] is the bank's value of PCR i, hash_size(bank) bytes (SHA-1 reads eight);
 * out receives as many. Returns 0, or 1 when a value has another length, or a negative value. */
MUST_CHECK int ima_aggregate_hash(struct hasher *hasher, enum hash bank,
                                  const struct bytes pcrs[IMA_AGGREGATE_PCRS], uint8_t *out);

/* Entry 0 of a boot. A later one of the same name is carried over by kexec and is not this. */
bool ima_is_aggregate(const struct ima_entry *e);

enum {
    IMA_AGGREGATE_E_DIFFERS = 1, /* the list is of another boot than the PCRs */
    IMA_AGGREGATE_E_ZERO = 2,    /* the kernel found no TPM: nothing anchors the list */
    IMA_AGGREGATE_E_MISSING = 3, /* the entry is no boot_aggregate, or of an unknown algorithm */
    IMA_AGGREGATE_E_BANK = 4,    /* pcrs are not of the bank e->digest.hash */
};

/* Compares a boot_aggregate with the PCRs of its bank, e->digest.hash. Returns 0 when they agree,
 * one of the above, or a negative value. */
MUST_CHECK int ima_aggregate_check(struct hasher *hasher, const struct ima_entry *e,
                                   const struct bytes pcrs[IMA_AGGREGATE_PCRS]);
