/* Blocks without rules: certificates, sets, command lines, GRUB commands, IMA. */
#include <stdio.h>
#include <stdlib.h>

#include "formats/efiguid.h"
#include "policy/policy-draft.h"
#include "wire/bundle-part.h"

size_t
draft_set_add(struct draft *d, struct bytes name, enum bundle_set_kind kind,
              const struct policy_token *at)
{
    for (size_t i = 0; i < d->n_sets; i++) {
        if (bytes_equal(d->sets[i].set.name, name)) {
            draft_error_at(d, at, "a set of this name stands in line %u", d->sets[i].at->line);
            return SIZE_MAX;
        }
    }
    /* names that were joined can be too long */
    if (!part_is_name(name)) {
        draft_error_at(d, at, "%.*s is longer than %u characters", (int)name.len,
                       (const char *)name.p, LIMIT_BUNDLE_NAME);
        return SIZE_MAX;
    }
    if (d->n_sets == LIMIT_BUNDLE_SETS) {
        draft_error_at(d, at, "more than %u sets", LIMIT_BUNDLE_SETS);
        return SIZE_MAX;
    }
    d->sets[d->n_sets] = (struct draft_set){
        .set = {.name = name, .version = 1, .kind = kind, .next = BUNDLE_NONE}, .at = at};
    return d->n_sets++;
}

struct draft_record *
draft_record_add(struct draft *d, size_t set)
{
    if (d->n_records == d->cap_records) {
        size_t cap = d->cap_records ? 2 * d->cap_records : 256;
        struct draft_record *bigger = realloc(d->records, cap * sizeof(*bigger));

        if (!bigger) {
            draft_error(d, "memory ends");
            return NULL;
        }
        d->records = bigger;
        d->cap_records = cap;
    }
    d->records[d->n_records] =
        (struct draft_record){.set = set, .release = SIZE_MAX, .packed = {.state = BUNDLE_ACTIVE}};
    return &d->records[d->n_records++];
}

/* cert NAME sha256:… [published DATE] */
void
draft_cert_block(struct draft *d)
{
    const struct policy_token *at = d->at;
    struct bytes name = draft_name(d, "a name for the certificate");
    uint8_t digest[HASH_SIZE_MAX];
    enum hash alg = draft_digest(d, digest);
    size_t set = SIZE_MAX;
    struct draft_record *record;

    if (!d->failed && alg != HASH_SHA256) {
        draft_error_at(d, at, "a certificate is named by the sha256 of its DER form");
    }
    if (!d->failed) {
        set = draft_set_add(d, draft_join(d, bytes_str("cert"), ":", name), BUNDLE_SET_CERTS, at);
    }
    record = set != SIZE_MAX ? draft_record_add(d, set) : NULL;
    if (!record || d->failed) {
        return;
    }
    record->alg = HASH_SHA256;
    memcpy(record->digest, digest, sizeof(digest));
    record->packed.group = BUNDLE_SIG_X509;
    d->certs[d->n_certs].name = name;
    memcpy(d->certs[d->n_certs++].digest, digest, 32);
    if (draft_skip(d, "published")) {
        d->sets[set].set.published_s = draft_date(d);
    }
    draft_end_line(d);
}

static bool
cert_by_name(struct draft *d, struct draft_record *record)
{
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < d->n_certs; i++) {
        policy_guess_try(&guess, d->certs[i].name);
        if (bytes_equal(d->certs[i].name, d->at->text)) {
            record->alg = HASH_SHA256;
            memcpy(record->digest, d->certs[i].digest, 32);
            record->label = d->certs[i].name;
            record->packed.group = BUNDLE_SIG_X509;
            d->at++;
            return true;
        }
    }
    draft_error(d, "no certificate of this name%s", policy_guess_text(&guess, room));
    return false;
}

/* [x509|image|tbs] sha256:… ["label"], or the name of a certificate */
static void
signature_item(struct draft *d, size_t set, enum bundle_sig usual)
{
    static const char *const kinds[] = {"", "x509", "image", "tbs"};
    struct draft_record *record = draft_record_add(d, set);
    uint8_t said = 0;

    if (!record) {
        return;
    }
    for (uint8_t i = 1; said == 0 && i < ARRAY_LEN(kinds); i++) {
        said = draft_skip(d, kinds[i]) ? i : 0;
    }
    if (said == 0 && !draft_sees_digest(d)) {
        (void)cert_by_name(d, record);
        return;
    }
    record->packed.group = said > 0 ? said : (uint8_t)usual;
    record->alg = draft_digest(d, record->digest);
    if (!d->failed && record->alg != HASH_SHA256) {
        draft_error(d, "signature lists are compared by sha256");
    }
    record->label = draft_label(d);
}

/* sha256:… ["label"] [state] */
static void
digest_item(struct draft *d, size_t set)
{
    struct draft_record *record = draft_record_add(d, set);
    enum bundle_state state;

    if (!record) {
        return;
    }
    record->alg = draft_digest(d, record->digest);
    record->label = draft_label(d);
    state = d->failed || d->at->kind != LEX_WORD ? 0 : bundle_state_from(d->at->text);
    if (state != 0) {
        record->packed.state = state;
        d->at++;
    }
}

static void
word_add(struct draft *d, size_t set, struct bundle_word word)
{
    struct bundle_set *s = &d->sets[set].set;

    if (d->b->n_words == LIMIT_BUNDLE_WORDS) {
        draft_error(d, "more than %u words in all sets", LIMIT_BUNDLE_WORDS);
    }
    if (d->failed) {
        return;
    }
    s->first_word = s->n_words == 0 ? d->b->n_words : s->first_word;
    d->b->words[d->b->n_words++] = word;
    s->n_words++;
}

static void
word_item(struct draft *d, size_t set, bool number)
{
    struct bundle_word word = {.name = draft_name(d, number ? "a component" : "an advisory")};

    if (number) {
        word.number = (uint32_t)draft_number(d, "a generation from 1 on", UINT32_MAX);
        if (!d->failed && word.number == 0) {
            draft_error(d, "a generation is 1 at least");
        }
    }
    word_add(d, set, word);
}

/* GUID MAJOR.MINOR. A bare number is refused: a 9 that is meant as 9.0 would be 0.9, which every
 * machine meets; so is a GUID in another spelling, which none would. */
static void
svn_item(struct draft *d, size_t set)
{
    struct bundle_word word = {.name = BYTES_NULL};
    struct bytes text = d->at->text;
    const uint8_t *dot;
    uint64_t major = 0;
    uint64_t minor = 0;

    if (d->at->kind != LEX_WORD || !efiguid_is_text(text)) {
        draft_error(d, "an application is named by its GUID, in lower case");
        return;
    }
    word.name = (d->at++)->text;
    text = d->at->text;
    dot = d->at->kind == LEX_WORD && text.len > 0 ? memchr(text.p, '.', text.len) : NULL;
    if (!dot || !draft_decimal(bytes_of(text.p, (size_t)(dot - text.p)), UINT16_MAX, &major) ||
        !draft_decimal(bytes_of(dot + 1, (size_t)(text.p + text.len - dot - 1)), UINT16_MAX,
                       &minor) ||
        major + minor == 0) {
        draft_error(d, "a version is written MAJOR.MINOR, as in 9.0");
        return;
    }
    d->at++;
    word.number = (uint32_t)(major << 16 | minor);
    word_add(d, set, word);
}

static void
file_item(struct draft *d, size_t set)
{
    struct bundle_set *s = &d->sets[set].set;
    uint8_t *digest = draft_alloc(d, HASH_SIZE_MAX);

    if (!digest || draft_digest(d, digest) != HASH_SHA256 || s->file.len > 0) {
        draft_error(d, "a set of the kind file is named by one sha256");
        return;
    }
    s->file = bytes_of(digest, 32);
}

static void
set_item(struct draft *d, size_t set)
{
    switch (d->sets[set].set.kind) {
    case BUNDLE_SET_DIGESTS:
        digest_item(d, set);
        break;
    case BUNDLE_SET_CERTS:
        signature_item(d, set, BUNDLE_SIG_X509);
        break;
    case BUNDLE_SET_DBX:
        if (draft_skip(d, "svn")) {
            svn_item(d, set);
        } else {
            signature_item(d, set, BUNDLE_SIG_SHA256);
        }
        break;
    case BUNDLE_SET_SBAT:
    case BUNDLE_SET_ADVISORIES:
        word_item(d, set, d->sets[set].set.kind == BUNDLE_SET_SBAT);
        break;
    case BUNDLE_SET_FILE:
        file_item(d, set);
        break;
    case BUNDLE_SET_KEYS:
        draft_key_item(d, set);
        break;
    }
}

static enum bundle_set_kind
set_kind(struct draft *d)
{
    struct policy_guess guess = policy_guess(d->at->text);
    enum bundle_set_kind kind = bundle_set_kind_from(d->at->text);
    char room[GUESS_ROOM];

    for (int i = 1; kind == 0 && i <= BUNDLE_SET_KIND_MAX; i++) {
        policy_guess_try(&guess, bytes_str(bundle_set_kind_name((enum bundle_set_kind)i)));
    }
    if (kind == 0 || d->at->kind != LEX_WORD) {
        draft_error(d, "a set is of digests, certs, dbx, sbat, advisories, file or keys%s",
                    policy_guess_text(&guess, room));
        return 0;
    }
    d->at++;
    return kind;
}

/* Names that other blocks give: of certificates here, those of releases in draft_check_names(). */
static void
check_set_name(struct draft *d, const struct policy_token *at, struct bytes name)
{
    if (name.len >= 5 && memcmp(name.p, "cert:", 5) == 0) {
        draft_error_at(d, at, "a certificate is written `cert NAME sha256:…`, not as a set");
    }
}

/* set KIND NAME [version N] [published DATE] [next NAME] { … } */
void
draft_set_block(struct draft *d)
{
    enum bundle_set_kind kind = set_kind(d);
    const struct policy_token *at = d->at;
    struct bytes name = draft_name(d, "a name for the set");
    size_t set;
    size_t n_records = d->n_records;

    check_set_name(d, at, name);
    set = d->failed ? SIZE_MAX : draft_set_add(d, name, kind, at);
    if (set == SIZE_MAX) {
        draft_skip_block(d);
        return;
    }
    d->sets[set].set.version = draft_version(d);
    if (draft_skip(d, "published")) {
        d->sets[set].set.published_s = draft_date(d);
    }
    if (draft_skip(d, "next")) {
        d->sets[set].next = draft_name(d, "the name of the set that supersedes this one");
    }
    if (!draft_open(d)) {
        draft_skip_block(d);
        return;
    }
    while (draft_more(d)) {
        set_item(d, set);
    }
    if (d->n_records == n_records && d->sets[set].set.n_words == 0 &&
        d->sets[set].set.file.len == 0 && d->sets[set].set.n_keys == 0) {
        draft_error_at(d, at, "the set is empty: nothing would match it (803)");
    }
}

struct item_word {
    const char *word;
    enum bundle_item_kind kind;
    bool line; /* the rest of the line is one text */
};

void
draft_item_add(struct draft *d, struct bundle_list *list, struct bundle_item item)
{
    if (list->n_items == LIMIT_LIST_ITEMS || d->b->n_items == LIMIT_BUNDLE_ITEMS) {
        draft_error(d, "more than %u items in a list, or %u in all", LIMIT_LIST_ITEMS,
                    LIMIT_BUNDLE_ITEMS);
    }
    if (!d->failed) {
        d->b->items[d->b->n_items++] = item;
        list->n_items++;
    }
}

/* The words that begin a line of a block. */
struct item_words {
    size_t n;
    const struct item_word *words;
};

/* Items go on to the end of the line. A word of the block among them would begin a line in the
 * author's mind, and be a value in ours: it must be said which. */
static struct bytes
item_text(struct draft *d, const struct item_words *block, const char *what)
{
    bool taken = draft_sees(d, "other");

    for (size_t i = 0; i < block->n; i++) {
        taken = taken || draft_sees(d, block->words[i].word);
    }
    if (taken) {
        draft_error(d, "%.*s begins a line of the block; in quotes it is a value",
                    (int)d->at->text.len, (const char *)d->at->text.p);
    }
    return draft_text(d, what);
}

/* Words to the end of the line as one text with single blanks. */
static struct bytes
rest_of_line(struct draft *d, const struct item_words *block)
{
    struct bytes text = item_text(d, block, "a form of a command");

    while (!d->failed && !draft_line_ends(d)) {
        text = draft_join(d, text, " ", item_text(d, block, "a word of the form"));
        if (!d->failed && text.len > LIMIT_BUNDLE_TEXT) {
            draft_error(d, "the form is longer than %u characters", LIMIT_BUNDLE_TEXT);
        }
    }
    return text;
}

static bool
list_words(struct draft *d, struct bundle_list *list, const struct item_words *block)
{
    const struct item_word *words = block->words;

    for (size_t i = 0; i < block->n; i++) {
        if (!draft_skip(d, words[i].word)) {
            continue;
        }
        do {
            struct bytes text =
                words[i].line ? rest_of_line(d, block) : item_text(d, block, "a word");

            if (!d->failed && !words[i].line && memchr(text.p, ' ', text.len)) {
                draft_error(d, "a token holds no blank");
            }
            draft_item_add(d, list, (struct bundle_item){words[i].kind, text, BUNDLE_NONE});
        } while (!d->failed && !draft_line_ends(d));
        return true;
    }
    return false;
}

void
draft_items_sort(struct draft *d, const struct bundle_list *list)
{
    struct bundle_item *items = &d->b->items[list->first_item];

    for (size_t i = 1; i < list->n_items; i++) {
        struct bundle_item item = items[i];
        size_t k = i;

        for (; k > 0 && items[k - 1].kind > item.kind; k--) {
            items[k] = items[k - 1];
        }
        items[k] = item;
    }
}

static bool
list_begin(struct draft *d, struct bundle_list *list, const struct bundle_list *lists, size_t n)
{
    const struct policy_token *at = d->at;

    *list = (struct bundle_list){.name = draft_name(d, "a name for the block"),
                                 .first_item = d->b->n_items};
    for (size_t i = 0; i < n; i++) {
        if (bytes_equal(lists[i].name, list->name)) {
            draft_error_at(d, at, "there is a block of this kind and name already");
        }
    }
    if (n == LIMIT_BUNDLE_LISTS) {
        draft_error_at(d, at, "more than %u blocks of this kind", LIMIT_BUNDLE_LISTS);
    }
    if (d->failed || !draft_open(d)) {
        draft_skip_block(d);
        return false;
    }
    return true;
}

static void
list_end(struct draft *d, const struct bundle_list *list, const struct policy_token *at)
{
    if (list->n_items == 0) {
        draft_error_at(d, at, "the block names nothing");
    }
    draft_items_sort(d, list);
}

void
draft_cmdline_block(struct draft *d)
{
    static const struct item_word words[] = {{"require", ITEM_REQUIRE, false},
                                             {"bind", ITEM_BIND, false},
                                             {"allow", ITEM_ALLOW, false},
                                             {"deny", ITEM_DENY, false}};
    static const struct item_words block = {ARRAY_LEN(words), words};
    struct bundle_list *list = &d->b->cmdlines[d->b->n_cmdlines % LIMIT_BUNDLE_LISTS];
    const struct policy_token *at = d->at;
    struct draft_seen seen = {0};

    if (!list_begin(d, list, d->b->cmdlines, d->b->n_cmdlines)) {
        return;
    }
    while (draft_more(d)) {
        if (draft_skip_once(d, "other", &seen)) {
            list->otherwise = draft_effect(d);
            draft_end_line(d);
        } else if (!list_words(d, list, &block)) {
            draft_error(d, "a cmdline has lines of require, bind, allow, deny and other");
        }
    }
    list_end(d, list, at);
    d->b->n_cmdlines++;
}

void
draft_grubcmd_block(struct draft *d)
{
    static const struct item_word words[] = {{"words", ITEM_WORD, false},
                                             {"expect", ITEM_EXPECT, true}};
    static const struct item_words block = {ARRAY_LEN(words), words};
    struct bundle_list *list = &d->b->grubcmds[d->b->n_grubcmds % LIMIT_BUNDLE_LISTS];
    const struct policy_token *at = d->at;
    struct draft_seen seen = {0};

    if (!list_begin(d, list, d->b->grubcmds, d->b->n_grubcmds)) {
        return;
    }
    while (draft_more(d)) {
        if (draft_skip_once(d, "other", &seen)) {
            list->otherwise = draft_effect(d);
            draft_end_line(d);
        } else if (!list_words(d, list, &block)) {
            draft_error(d, "a grubcmd has lines of words, expect (one form each) and other");
        }
    }
    list_end(d, list, at);
    d->b->n_grubcmds++;
}
