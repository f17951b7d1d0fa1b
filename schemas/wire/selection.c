#include "wire/selection.h"

bool
selection_names(const struct selection *selection, enum hash bank)
{
    for (size_t i = 0; i < selection->n; i++) {
        if (selection->sets[i].bank == bank) {
            return true;
        }
    }
    return false;
}

uint32_t
selection_mask(const struct selection *selection, enum hash bank)
{
    for (size_t i = 0; i < selection->n; i++) {
        if (selection->sets[i].bank == bank) {
            return selection->sets[i].mask;
        }
    }
    return 0;
}

bool
selection_equal(const struct selection *a, const struct selection *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (a->sets[i].bank != b->sets[i].bank || a->sets[i].mask != b->sets[i].mask) {
            return false;
        }
    }
    return a->n == b->n;
}

void
selection_read(struct cbor_rd *c, struct selection *ret)
{
    size_t n = cbor_rd_array_max(c, LIMIT_BANKS);

    *ret = (struct selection){0};
    for (size_t i = 0; i < n && !cbor_rd_failed(c); i++) {
        enum hash bank;
        uint32_t mask;

        cbor_rd_array(c, 2);
        bank = hash_from_tpm_id((uint16_t)cbor_rd_uint(c, UINT16_MAX));
        mask = (uint32_t)cbor_rd_uint(c, PCR_MASK_ALL);
        if (bank == HASH_N || selection_names(ret, bank)) {
            cbor_rd_fail(c);
            return;
        }
        ret->sets[ret->n++] = (struct pcr_set){.bank = bank, .mask = mask};
    }
}

void
selection_write(struct wr *wr, const struct selection *selection)
{
    cbor_wr_array(wr, selection->n);
    for (size_t i = 0; i < selection->n; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, hash_tpm_id(selection->sets[i].bank));
        cbor_wr_uint(wr, selection->sets[i].mask);
    }
}

void
selection_read_wanted(struct cbor_rd *c, struct pcr_set *ret_set)
{
    struct selection wanted;

    selection_read(c, &wanted);
    if (cbor_rd_failed(c) || wanted.n != 1 || wanted.sets[0].mask == 0) {
        cbor_rd_fail(c);
        return;
    }
    *ret_set = wanted.sets[0];
}

void
selection_write_wanted(struct wr *wr, const struct pcr_set *set)
{
    struct selection wanted = {.n = 1, .sets = {*set}};

    selection_write(wr, &wanted);
}
