#include "appraise/list-kept.h"

enum { GUID_TEXT = 36 };

/* Rows of SVNs have the GUIDs that facts wrote as names; the others are components of SBAT. */
static bool
is_row(const struct boot_facts *facts, const struct rule_number *number)
{
    for (size_t i = 0; i < facts->n_guids; i++) {
        if (number->name.p == (const uint8_t *)facts->guids[i]) {
            return number->name.len == GUID_TEXT;
        }
    }
    return false;
}

static void
write_numbers(const struct boot_facts *facts, struct wr *wr)
{
    uint16_t n = 0;

    for (size_t i = 0; i < facts->n_numbers; i++) {
        n = (uint16_t)(n + is_row(facts, &facts->numbers[i]));
    }
    wr_be16(wr, n);
    for (size_t i = 0; i < facts->n_numbers; i++) {
        if (is_row(facts, &facts->numbers[i])) {
            wr_bytes(wr, facts->numbers[i].name);
            wr_be64(wr, facts->numbers[i].number);
        }
    }
}

int
list_kept_write(const struct boot_facts *facts, struct wr *wr)
{
    const struct rule_entries *list = &facts->lists[SLOT_SB_DBX];

    if (!list->known) {
        return 1;
    }
    wr_be16(wr, (uint16_t)list->n); /* FACTS_ENTRIES at most */
    for (size_t i = 0; i < list->n; i++) {
        wr_u8(wr, (uint8_t)list->entries[i].sig);
        wr_bytes(wr, list->entries[i].digest);
    }
    write_numbers(facts, wr);
    return wr->failed;
}

static int
order_of(const struct rule_entry *a, const struct rule_entry *b)
{
    return a->sig != b->sig ? (a->sig > b->sig) - (a->sig < b->sig)
                            : memcmp(a->digest.p, b->digest.p, 32);
}

/* Both ascend. Sets *ret_lost to the first entry that is no more. */
static void
compare_entries(struct rd *rd, const struct rule_entries *now, struct bytes *ret_lost)
{
    uint16_t n = rd_be16(rd);
    size_t at = 0;

    for (uint16_t i = 0; i < n && !rd->failed; i++) {
        struct rule_entry kept = {.sig = (enum bundle_sig)rd_u8(rd)};

        kept.digest = rd_bytes(rd, 32);
        while (!rd->failed && at < now->n && order_of(&now->entries[at], &kept) < 0) {
            at++;
        }
        if (!rd->failed && ret_lost->len == 0 &&
            (at == now->n || order_of(&now->entries[at], &kept) != 0)) {
            *ret_lost = kept.digest;
        }
    }
}

static uint64_t
number_of(const struct rule_input *input, struct bytes name)
{
    for (size_t i = 0; i < input->n_numbers; i++) {
        if (bytes_equal(input->numbers[i].name, name)) {
            return input->numbers[i].number;
        }
    }
    return 0;
}

static void
compare_numbers(struct rd *rd, const struct rule_input *input, struct bytes *ret_lost)
{
    uint16_t n = rd_be16(rd);

    for (uint16_t i = 0; i < n && !rd->failed; i++) {
        struct bytes name = rd_bytes(rd, GUID_TEXT);
        uint64_t number = rd_be64(rd);

        if (!rd->failed && ret_lost->len == 0 && number_of(input, name) < number) {
            *ret_lost = name;
        }
    }
}

enum list_kept
list_kept_compare(struct bytes kept, const struct rule_input *input, struct bytes *ret_lost)
{
    struct rd rd = rd_init(kept);
    struct bytes lost = BYTES_NULL;

    compare_entries(&rd, &input->entries[SLOT_SB_DBX], &lost);
    compare_numbers(&rd, input, &lost);
    if (!rd_end(&rd)) {
        return LIST_KEPT_BROKEN;
    }
    if (lost.len == 0) {
        return LIST_KEPT_ALL;
    }
    *ret_lost = lost;
    return LIST_KEPT_LOST;
}
