/* PCR selections as the wire writes them: [[TPM_ALG_ID, mask], …], PCR 0 is bit 0, at most one
 * entry a bank, in the order of the quote. */
#pragma once

#include "base/alg.h"
#include "base/cbor-rd.h"
#include "base/cbor-wr.h"
#include "base/limits.h"

struct pcr_set {
    enum hash bank;
    uint32_t mask; /* bits 0 to 23 */
};

struct selection {
    size_t n;
    struct pcr_set sets[LIMIT_BANKS];
};

#define PCR_MASK_ALL 0xffffffu
#define PCR_MASK_FIRMWARE 0xffu /* PCR 0 to 7: what every quote names in every bank */
#define PCR_MASK_IMA 0x400u     /* PCR 10: what the IMA list explains */
/* PCR 11, 12, 13 and 15: boot phases, credentials, extensions, machine id and file systems, which
 * systemd's userspace log explains (systemd-pcrextend(8)); 14 is shim's. */
#define PCR_MASK_USERSPACE 0xb800u

/* Both read and write the array; a bank that is not ours, named twice, or a mask above PCR 23
 * fails the reader. */
void selection_read(struct cbor_rd *c, struct selection *ret);
void selection_write(struct wr *wr, const struct selection *selection);

/* What a verifier wants quoted: the same array with exactly one bank, and at least one PCR in it.
 * The reader fails on anything else; *ret_set is untouched then. */
void selection_read_wanted(struct cbor_rd *c, struct pcr_set *ret_set);
void selection_write_wanted(struct wr *wr, const struct pcr_set *set);

/* Mask of a bank; 0 when it is not named. */
uint32_t selection_mask(const struct selection *selection, enum hash bank);
bool selection_names(const struct selection *selection, enum hash bank);
bool selection_equal(const struct selection *a, const struct selection *b);
