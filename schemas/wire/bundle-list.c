/* Lists of a bundle: command lines, GRUB commands, IMA policies. */
#include "wire/bundle-part.h"

enum list_key {
    LIST_NAME = 1,
    LIST_ITEMS,
    LIST_ELSE,
    IMA_PCR,
    IMA_MIN_DIGEST,
    IMA_KEYS,
    IMA_VIOLATIONS,
    IMA_VIOLATIONS_MAX,
    IMA_FOR,
    IMA_THEN,
    IMA_PENDING,
};

enum {
    LIST_NEEDS = 1 << LIST_NAME | 1 << LIST_ITEMS,
    IMA_NEEDS = LIST_NEEDS | 1 << IMA_PCR | 1 << IMA_MIN_DIGEST | 1 << IMA_KEYS,
};

bool
bundle_item_fits(enum bundle_item_kind kind, enum verb_args list)
{
    static const struct {
        enum bundle_item_kind from, to;
    } spans[] = {
        [ARGS_CMDLINE] = {ITEM_REQUIRE, ITEM_DENY},
        [ARGS_GRUBCMD] = {ITEM_WORD, ITEM_EXPECT},
        [ARGS_IMA] = {ITEM_DENY_SET, ITEM_SKIP_PATH},
    };

    return (list == ARGS_CMDLINE || list == ARGS_GRUBCMD || list == ARGS_IMA) &&
           kind >= spans[list].from && kind <= spans[list].to;
}

bool
bundle_item_is_set(enum bundle_item_kind kind)
{
    return kind == ITEM_DENY_SET || kind == ITEM_ALLOW_SET || kind == ITEM_SIGNED_SET;
}

static void
read_item(struct cbor_rd *c, struct bundle_item *item, enum verb_args kind)
{
    cbor_rd_array(c, 2);
    item->kind = (enum bundle_item_kind)part_uint(c, ITEM_KIND_MAX);
    item->set = BUNDLE_NONE;
    cbor_rd_require(c, bundle_item_fits(item->kind, kind));
    if (bundle_item_is_set(item->kind)) {
        item->set = (uint16_t)cbor_rd_uint(c, LIMIT_BUNDLE_SETS - 1);
    } else {
        item->text = part_text(c);
        /* only a form of commands holds blanks: tokens and paths are compared one by one */
        cbor_rd_require(c, item->kind == ITEM_EXPECT ||
                               (item->text.len > 0 && !memchr(item->text.p, ' ', item->text.len)));
    }
}

static void
read_items(struct cbor_rd *c, struct bundle *b, struct bundle_list *list, enum verb_args kind)
{
    list->first_item = b->n_items;
    list->n_items = part_array(c, LIMIT_LIST_ITEMS, b->n_items, LIMIT_BUNDLE_ITEMS);
    for (size_t i = 0; i < list->n_items && !cbor_rd_failed(c); i++) {
        struct bundle_item *item = &b->items[b->n_items++];

        read_item(c, item, kind);
        cbor_rd_require(c, i == 0 || item[-1].kind <= item->kind);
    }
}

static void
read_list_key(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_list *list,
              enum verb_args kind)
{
    switch (key) {
    case LIST_NAME:
        list->name = part_name(c);
        break;
    case LIST_ITEMS:
        read_items(c, b, list, kind);
        break;
    case LIST_ELSE:
        list->otherwise = part_effect(c);
        break;
    default:
        cbor_rd_fail(c);
    }
}

void
part_read_list(struct cbor_rd *c, struct bundle *b, struct bundle_list *list, enum verb_args kind)
{
    struct cbor_map map = cbor_rd_map(c, LIST_ELSE);
    unsigned seen = 0;
    int64_t key;

    while (part_key(c, &map, &seen, &key)) {
        read_list_key(c, key, b, list, kind);
    }
    cbor_rd_require(c, (seen & LIST_NEEDS) == LIST_NEEDS);
}

static void
read_ima_key(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_ima *ima)
{
    switch (key) {
    case IMA_PCR:
        ima->pcr = (uint8_t)part_uint(c, LIMIT_PCRS - 1);
        break;
    case IMA_MIN_DIGEST:
        ima->min_digest = part_hash(c);
        break;
    case IMA_KEYS:
        ima->keys = (uint8_t)part_uint(c, BUNDLE_KEYS_ALL);
        break;
    case IMA_VIOLATIONS:
        ima->violations = part_effect(c);
        break;
    case IMA_VIOLATIONS_MAX:
        ima->violations_max = (uint16_t)part_uint(c, UINT16_MAX);
        break;
    case IMA_FOR:
        ima->unknown_for_s = (uint32_t)part_uint(c, LIMIT_BUNDLE_S);
        break;
    case IMA_THEN:
        ima->unknown_then = part_effect(c);
        break;
    case IMA_PENDING:
        ima->unknown_pending = cbor_rd_bool(c);
        cbor_rd_require(c, ima->unknown_pending);
        break;
    default:
        read_list_key(c, key, b, &ima->list, ARGS_IMA);
    }
}

/* A span has an end that is worse than its beginning; a most of violations needs that they pass. */
static bool
ima_holds(struct bundle_ima *ima, unsigned seen)
{
    bool span = ima->unknown_for_s > 0;

    if (!span) {
        bool none = !(seen & (1u << IMA_THEN | 1u << IMA_PENDING));

        ima->unknown_then = ima->list.otherwise;
        return none && (ima->violations != EFFECT_FAIL) == (ima->violations_max > 0);
    }
    return ima->unknown_then < ima->list.otherwise &&
           (ima->violations != EFFECT_FAIL) == (ima->violations_max > 0);
}

void
part_read_ima(struct cbor_rd *c, struct bundle *b, struct bundle_ima *ima)
{
    struct cbor_map map = cbor_rd_map(c, IMA_PENDING);
    unsigned seen = 0;
    int64_t key;

    while (part_key(c, &map, &seen, &key)) {
        read_ima_key(c, key, b, ima);
    }
    cbor_rd_require(c, (seen & IMA_NEEDS) == IMA_NEEDS && ima_holds(ima, seen));
}

/* The pairs of keys 1 to 3. */
static void
write_head(struct wr *wr, const struct bundle *b, const struct bundle_list *list)
{
    part_write_text(wr, LIST_NAME, list->name);
    cbor_wr_int(wr, LIST_ITEMS);
    cbor_wr_array(wr, list->n_items);
    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item = &b->items[list->first_item + i];

        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, item->kind);
        if (bundle_item_is_set(item->kind)) {
            cbor_wr_uint(wr, item->set);
        } else {
            cbor_wr_tstr_view(wr, item->text);
        }
    }
    part_write_uint(wr, LIST_ELSE, list->otherwise);
}

void
part_write_list(struct wr *wr, const struct bundle *b, const struct bundle_list *list)
{
    cbor_wr_map(wr, 2u + (list->otherwise != 0));
    write_head(wr, b, list);
}

void
part_write_ima(struct wr *wr, const struct bundle *b, const struct bundle_ima *ima)
{
    bool span = ima->unknown_for_s > 0;
    bool then = span && ima->unknown_then != 0;

    cbor_wr_map(wr, 5u + (ima->list.otherwise != 0) + (ima->violations != 0) +
                        (ima->violations_max > 0) + span + then + ima->unknown_pending);
    write_head(wr, b, &ima->list);
    part_write_uint(wr, IMA_PCR, ima->pcr);
    part_write_uint(wr, IMA_MIN_DIGEST, hash_tpm_id(ima->min_digest));
    part_write_uint(wr, IMA_KEYS, ima->keys);
    part_write_uint(wr, IMA_VIOLATIONS, ima->violations);
    part_write_uint(wr, IMA_VIOLATIONS_MAX, ima->violations_max);
    part_write_uint(wr, IMA_FOR, ima->unknown_for_s);
    part_write_uint(wr, IMA_THEN, then ? ima->unknown_then : 0);
    if (ima->unknown_pending) {
        cbor_wr_int(wr, IMA_PENDING);
        cbor_wr_bool(wr, true);
    }
}
