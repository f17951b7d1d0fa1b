/* ima NAME { … } */
#include "policy/policy-draft.h"

static bool
sees_set(const struct draft *d)
{
    return !d->failed && d->at->kind == LEX_WORD && d->at->text.len > 0 && d->at->text.p[0] == '@';
}

static void
sets(struct draft *d, struct bundle_ima *ima, enum bundle_item_kind kind)
{
    do {
        const struct policy_token *at = d->at;
        uint16_t set = draft_set_ref(d);
        enum bundle_set_kind have = set == BUNDLE_NONE ? 0 : d->b->sets[set].kind;
        bool keys = kind == ITEM_SIGNED_SET;

        if (!d->failed && keys && have != BUNDLE_SET_KEYS) {
            draft_error_at(d, at, "keys that sign files are a set of the kind keys");
        }
        if (!d->failed && !keys && have != BUNDLE_SET_DIGESTS && have != BUNDLE_SET_FILE) {
            draft_error_at(d, at, "files are a set of the kind digests or file");
        }
        draft_item_add(d, &ima->list, (struct bundle_item){kind, BYTES_NULL, set});
    } while (sees_set(d));
}

/* As the kernel writes them: from the root, or of a file that has no path. Any other word, such as
 * the next item of the block, is no path. */
static bool
is_path(struct bytes text)
{
    static const char memory[] = "memfd:";
    const size_t len = sizeof(memory) - 1;

    return text.len > 0 &&
           (text.p[0] == '/' || (text.len > len && memcmp(text.p, memory, len) == 0));
}

/* A `*` behind a `**` with no `/` between: what either took cannot be told, and looking for it in a
 * long path takes long. */
static bool
stars_touch(struct bytes path)
{
    bool wide = false;

    for (size_t i = 0; i < path.len; i++) {
        if (path.p[i] == '*' && i + 1 < path.len && path.p[i + 1] == '*') {
            wide = true;
            i++;
        } else if (path.p[i] == '*' && wide) {
            return true;
        } else if (path.p[i] == '/') {
            wide = false;
        }
    }
    return false;
}

static void
paths(struct draft *d, struct bundle_ima *ima, enum bundle_item_kind kind)
{
    do {
        const struct policy_token *at = d->at;
        struct bytes text = draft_text(d, "a path");

        if (!d->failed && !is_path(text)) {
            draft_error_at(d, at,
                           "a path begins with / or memfd: and stands on the line of its "
                           "word; what else begins a line of its own");
        } else if (!d->failed && memchr(text.p, ' ', text.len)) {
            draft_error_at(d, at, "a path holds no blank");
        } else if (!d->failed && stars_touch(text)) {
            draft_error_at(d, at, "between ** and a * behind it a / is wanted");
        }
        draft_item_add(d, &ima->list, (struct bundle_item){kind, text, BUNDLE_NONE});
    } while (!d->failed && !draft_line_ends(d) && !draft_sees(d, "digest"));
}

static void
numbers(struct draft *d, struct bundle_ima *ima, struct draft_seen *seen)
{
    if (draft_skip_once(d, "pcr", seen)) {
        ima->pcr = (uint8_t)draft_number(d, "a PCR from 1 to 23", LIMIT_PCRS - 1);
        if (!d->failed && ima->pcr == 0) {
            draft_error(d, "PCR 0 is the firmware's");
        }
    } else if (draft_skip_once(d, "min-digest", seen)) {
        ima->min_digest = draft_hash(d);
    } else if (draft_skip_once(d, "min-key", seen)) {
        ima->keys = draft_keys(d);
    } else {
        draft_error(d, "an ima block has pcr, min-digest, min-key, deny, allow, signed, skip, "
                       "violations, unknown");
    }
}

/* violations warn max 16 */
static void
violations(struct draft *d, struct bundle_ima *ima)
{
    ima->violations = draft_effect(d);
    if (ima->violations == EFFECT_FAIL || d->failed) {
        return;
    }
    if (!draft_skip(d, "max")) {
        draft_error(d, "max and a number are wanted here: how many violations pass");
        return;
    }
    ima->violations_max = (uint16_t)draft_number(d, "a number from 1 to 65535", UINT16_MAX);
    if (!d->failed && ima->violations_max == 0) {
        draft_error(d, "max is 1 at least; `violations fail` lets none pass");
    }
}

/* unknown warn [for 24h [when pending-update] then fail] */
static void
unknown(struct draft *d, struct bundle_ima *ima)
{
    ima->list.otherwise = ima->unknown_then = draft_effect(d);
    if (!draft_skip(d, "for")) {
        return;
    }
    ima->unknown_for_s = draft_span(d);
    if (draft_skip(d, "when")) {
        ima->unknown_pending = draft_skip(d, "pending-update");
        if (!ima->unknown_pending) {
            draft_error(d, "pending-update is wanted here");
        }
    }
    if (!draft_skip(d, "then")) {
        draft_error(d, "then and an effect are wanted here");
        return;
    }
    ima->unknown_then = draft_effect(d);
    if (!d->failed && ima->unknown_then >= ima->list.otherwise) {
        draft_error(d, "a span ends in something worse: warn then fail, note then warn");
    }
}

static void
line(struct draft *d, struct bundle_ima *ima, struct draft_seen *seen)
{
    bool deny = draft_skip(d, "deny");

    if (deny && draft_skip(d, "digest")) {
        sets(d, ima, ITEM_DENY_SET);
        deny = draft_skip(d, "path");
        if (deny) {
            paths(d, ima, ITEM_DENY_PATH);
        }
    } else if (deny && draft_skip(d, "path")) {
        paths(d, ima, ITEM_DENY_PATH);
    } else if (deny) {
        draft_error(d, "digest @set or path /… is wanted here");
    } else if (draft_skip(d, "allow")) {
        ignore(draft_skip(d, "digest"), "it may be said");
        sets(d, ima, ITEM_ALLOW_SET);
    } else if (draft_skip(d, "signed")) {
        sets(d, ima, ITEM_SIGNED_SET);
    } else if (draft_skip(d, "skip")) {
        ignore(draft_skip(d, "path"), "it may be said");
        paths(d, ima, ITEM_SKIP_PATH);
    } else if (draft_skip_once(d, "violations", seen)) {
        violations(d, ima);
    } else if (draft_skip_once(d, "unknown", seen)) {
        unknown(d, ima);
    } else {
        numbers(d, ima, seen);
    }
}

void
draft_ima_block(struct draft *d)
{
    struct bundle_ima *ima = &d->b->imas[d->b->n_imas % LIMIT_BUNDLE_LISTS];
    const struct policy_token *at = d->at;
    struct draft_seen seen = {0};

    *ima = (struct bundle_ima){
        .list = {.name = draft_name(d, "a name for the block"), .first_item = d->b->n_items},
        .pcr = 10,
        .min_digest = HASH_SHA256,
        .keys = BUNDLE_KEY_P256 | BUNDLE_KEY_P384 | BUNDLE_KEY_RSA2048,
    };
    for (size_t i = 0; i < d->b->n_imas; i++) {
        if (bytes_equal(d->b->imas[i].list.name, ima->list.name)) {
            draft_error_at(d, at, "there is a block of this kind and name already");
        }
    }
    if (d->b->n_imas == LIMIT_BUNDLE_LISTS) {
        draft_error_at(d, at, "more than %u blocks of this kind", LIMIT_BUNDLE_LISTS);
    }
    if (d->failed || !draft_open(d)) {
        draft_skip_block(d);
        return;
    }
    while (draft_more(d)) {
        line(d, ima, &seen);
    }
    if (ima->list.n_items == 0) {
        draft_error_at(d, at, "the block names nothing: no file could pass");
    }
    draft_items_sort(d, &ima->list);
    d->b->n_imas++;
}
