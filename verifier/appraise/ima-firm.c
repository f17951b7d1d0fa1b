#include "appraise/ima-firm.h"

#include "crypto/sha256-run.h"

/* A hash under way; the first error stays. */
struct firm {
    const struct rulebook *book;
    const struct digest_set *files;
    struct sha256_run run;
    int r;
};

/* With its length in front, so that no two parts make another one. */
static void
add(struct firm *firm, struct bytes part)
{
    uint8_t room[8];
    struct wr wr = wr_init(room, sizeof(room));

    wr_be64(&wr, part.len);
    firm->r = firm->r == 0 ? sha256_run_add(&firm->run, BYTES_OF(room)) : firm->r;
    firm->r = firm->r == 0 ? sha256_run_add(&firm->run, part) : firm->r;
}

static void
add_number(struct firm *firm, uint32_t number)
{
    uint8_t room[4];
    struct wr wr = wr_init(room, sizeof(room));

    wr_be32(&wr, number);
    add(firm, BYTES_OF(room));
}

/* Digests of a set in the bundle: all, or those that it marks as revoked. */
static void
add_digests(struct firm *firm, const struct bundle_set *set, bool revoked)
{
    for (size_t i = 0; i < set->n_tables; i++) {
        for (size_t k = 0; k < set->tables[i].n; k++) {
            struct bundle_record record = bundle_table_at(&set->tables[i], k);

            if (!revoked || record.state == BUNDLE_REVOKED) {
                add_number(firm, (uint32_t)set->tables[i].alg);
                add(firm, record.digest);
            }
        }
    }
}

static void
add_file(struct firm *firm, uint16_t set)
{
    add(firm, rulebook_bundle(firm->book)->sets[set].file);
    add_number(firm, firm->files && firm->files[set].n > 0);
}

static void
add_keys(struct firm *firm, const struct bundle_set *set)
{
    const struct bundle *bundle = rulebook_bundle(firm->book);

    for (size_t i = set->first_key; i < set->first_key + set->n_keys; i++) {
        add_number(firm, bundle->keys[i].id);
        add(firm, bundle->keys[i].spki);
    }
}

static void
add_item(struct firm *firm, const struct bundle_item *item)
{
    const struct bundle *bundle = rulebook_bundle(firm->book);
    const struct bundle_set *set = item->set != BUNDLE_NONE ? &bundle->sets[item->set] : NULL;

    add_number(firm, (uint32_t)item->kind);
    if (!set) {
        add(firm, item->text);
    } else if (item->kind == ITEM_SIGNED_SET) {
        add_keys(firm, set);
    } else if (item->kind == ITEM_DENY_SET && set->kind == BUNDLE_SET_FILE) {
        add_file(firm, item->set);
    } else {
        add_digests(firm, set, item->kind == ITEM_ALLOW_SET);
    }
}

/* An allowed set that revokes nothing says nothing here, whether it is there or not. */
static bool
says_nothing(const struct bundle *bundle, const struct bundle_item *item)
{
    const struct bundle_set *set = item->kind == ITEM_ALLOW_SET ? &bundle->sets[item->set] : NULL;

    for (size_t i = 0; set && i < set->n_tables; i++) {
        for (size_t k = 0; k < set->tables[i].n; k++) {
            if (bundle_table_at(&set->tables[i], k).state == BUNDLE_REVOKED) {
                return false;
            }
        }
    }
    return set != NULL;
}

int
ima_firm(const struct rulebook *book, const struct bundle_ima *block,
         const struct digest_set *files, uint8_t ret[32])
{
    const struct bundle *bundle = rulebook_bundle(book);
    struct firm firm = {.book = book, .files = files};

    firm.r = sha256_run_init(&firm.run);
    add(&firm, block->list.name);
    add_number(&firm, block->pcr);
    add_number(&firm, (uint32_t)block->min_digest);
    add_number(&firm, block->keys);
    for (size_t i = 0; i < block->list.n_items; i++) {
        const struct bundle_item *item = &bundle->items[block->list.first_item + i];

        if (!says_nothing(bundle, item)) {
            add_item(&firm, item);
        }
    }
    return firm.r == 0 ? sha256_run_digest(&firm.run, ret) : firm.r;
}
