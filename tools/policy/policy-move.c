#include "policy/policy-move.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy-lex.h"

enum { PUT_MAX = 40, EDITS = 2, NAMES_MAX = 8 };

/* So many bytes at a place of the source give way to these. */
struct edit {
    size_t at, cut;
    char put[PUT_MAX];
};

struct moving {
    struct bytes source;
    const struct policy_move *move;
    struct policy_say *say;
    const struct policy_token *head;   /* the word `release` */
    const struct policy_token *open;   /* its brace */
    const struct policy_token *state;  /* what stands behind `state`; NULL: nothing does */
    const struct policy_token *retire; /* the same behind `retire` */
    size_t n_edits;
    struct edit edits[EDITS];
};

/* A text compiled; what is asked of it is where the release is. */
struct compiled {
    struct bundle *bundle;
    struct policy_memory *memory;
    const struct bundle_release *release;
};

static void
compiled_done(struct compiled *compiled)
{
    free(compiled->bundle);
    policy_memory_free(compiled->memory);
}

static bool
is_word(const struct policy_token *token, const char *word)
{
    return token->kind == LEX_WORD && bytes_equal(token->text, bytes_str(word));
}

/* Is `text` COMPONENT/NAME/VERSION of these three? */
static bool
is_named(struct bytes text, struct bytes component, struct bytes name, struct bytes version)
{
    const uint8_t *p = text.p;

    return text.len == component.len + name.len + version.len + 2 &&
           memcmp(p, component.p, component.len) == 0 && p[component.len] == '/' &&
           memcmp(p + component.len + 1, name.p, name.len) == 0 &&
           p[component.len + 1 + name.len] == '/' &&
           memcmp(p + component.len + 2 + name.len, version.p, version.len) == 0;
}

static bool
is_ours(const struct moving *m, const struct bundle_release *release)
{
    return is_named(bytes_str(m->move->release), release->component, release->name,
                    release->version);
}

/* The release's heading; blocks stand in no other. */
static void
find_head(struct moving *m, const struct policy_token *tokens)
{
    unsigned depth = 0;

    for (const struct policy_token *t = tokens; t->kind != LEX_END && !m->open; t++) {
        depth += t->kind == LEX_OPEN;
        depth -= t->kind == LEX_CLOSE && depth > 0;
        if (depth == 0 && is_word(t, "release") && t[1].kind == LEX_WORD && t[2].kind == LEX_WORD &&
            t[3].kind == LEX_WORD && t[4].kind == LEX_OPEN &&
            is_named(bytes_str(m->move->release), t[1].text, t[2].text, t[3].text)) {
            m->head = t;
            m->open = &t[4];
        }
    }
}

/* How many words an item of a release takes behind its first, where those could be read as first
 * words themselves. */
static unsigned
words_behind(const struct policy_token *item)
{
    static const char *const one[] = {"active", "cmdline", "overlap", "replaces",
                                      "retire", "state",   "svn"};

    for (size_t i = 0; i < ARRAY_LEN(one); i++) {
        if (is_word(item, one[i])) {
            return 1;
        }
    }
    return is_word(item, "source") ? 2 : 0;
}

static void
find_items(struct moving *m)
{
    unsigned depth = 0;

    for (const struct policy_token *t = m->open + 1; t->kind != LEX_END; t++) {
        if (t->kind == LEX_CLOSE && depth == 0) {
            break;
        }
        depth += t->kind == LEX_OPEN;
        depth -= t->kind == LEX_CLOSE;
        if (depth == 0 && is_word(t, "state")) {
            m->state = t + 1;
        }
        if (depth == 0 && is_word(t, "retire")) {
            m->retire = t + 1;
        }
        t += depth == 0 ? words_behind(t) : 0;
    }
}

/* The value behind a word of the release, or word and value where neither stands. */
static void
put_item(struct moving *m, const struct policy_token *value, const char *word, const char *text)
{
    struct edit *edit = &m->edits[m->n_edits++];
    const struct policy_token *after = m->open;

    if (value) {
        edit->at = (size_t)(value->text.p - m->source.p);
        edit->cut = value->text.len;
        snprintf(edit->put, sizeof(edit->put), "%s", text);
    } else {
        edit->at = (size_t)(after->text.p - m->source.p) + 1;
        edit->cut = 0;
        while (after[1].kind == LEX_LINE && m->source.p[edit->at] != '\n') {
            edit->at++; /* behind a comment */
        }
        snprintf(edit->put, sizeof(edit->put), "%s%s %s", after[1].kind == LEX_LINE ? "\n  " : " ",
                 word, text);
    }
}

static void
sort_edits(struct moving *m)
{
    if (m->n_edits == 2 && m->edits[0].at > m->edits[1].at) {
        struct edit first = m->edits[0];

        m->edits[0] = m->edits[1];
        m->edits[1] = first;
    }
}

/* The text with the edits. Returns 0 or -ENOMEM. */
static int
write_text(const struct moving *m, struct bytes *ret)
{
    char *room = malloc(m->source.len + (size_t)EDITS * PUT_MAX + 1);
    size_t from = 0;
    size_t len = 0;

    if (!room) {
        return -ENOMEM;
    }
    for (size_t i = 0; i <= m->n_edits; i++) {
        size_t to = i < m->n_edits ? m->edits[i].at : m->source.len;

        memcpy(room + len, m->source.p + from, to - from);
        len += to - from;
        if (i < m->n_edits) {
            memcpy(room + len, m->edits[i].put, strlen(m->edits[i].put));
            len += strlen(m->edits[i].put);
            from = to + m->edits[i].cut;
        }
    }
    *ret = bytes_of(room, len);
    return 0;
}

/* Returns as policy_compile(). */
static int
compile(struct moving *m, struct bytes text, struct policy_say *say, struct compiled *ret)
{
    int r;

    ret->bundle = malloc(sizeof(*ret->bundle));
    r = ret->bundle ? policy_compile(text, ret->bundle, &ret->memory, say) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < ret->bundle->n_releases; i++) {
        if (is_ours(m, &ret->bundle->releases[i])) {
            ret->release = &ret->bundle->releases[i];
        }
    }
    return r;
}

/* Which there are. */
static int
say_unknown(struct moving *m, const struct bundle *bundle)
{
    struct policy_guess guess = policy_guess(bytes_str(m->move->release));
    char names[NAMES_MAX][3 * LIMIT_BUNDLE_NAME + 3];
    char room[GUESS_ROOM];
    size_t n = 0;

    for (size_t i = 0; i < bundle->n_releases && n < NAMES_MAX; i++) {
        const struct bundle_release *one = &bundle->releases[i];

        snprintf(names[n], sizeof(names[n]), "%.*s/%.*s/%.*s", (int)one->component.len,
                 (const char *)one->component.p, (int)one->name.len, (const char *)one->name.p,
                 (int)one->version.len, (const char *)one->version.p);
        policy_guess_try(&guess, bytes_str(names[n]));
        n++;
    }
    policy_say(m->say, 1, 1, false, "no release COMPONENT/NAME/VERSION of this name%s",
               policy_guess_text(&guess, room));
    return 1;
}

static bool
may_go(enum bundle_state from, enum bundle_state to)
{
    switch (to) {
    case BUNDLE_STAGED:
        return from == BUNDLE_STAGED || from == BUNDLE_ACTIVE;
    case BUNDLE_ACTIVE:
        return from != BUNDLE_REVOKED;
    case BUNDLE_RETIRING:
        return from == BUNDLE_ACTIVE || from == BUNDLE_RETIRING;
    case BUNDLE_RETIRED:
        return from != BUNDLE_REVOKED;
    case BUNDLE_REVOKED:
        break;
    }
    return true;
}

/* Only the move is in what the text compiles to now. */
static bool
is_moved(const struct moving *m, const struct compiled *was, const struct compiled *is)
{
    uint64_t until_s = is->release ? is->release->retire_s : 0;
    const struct bundle *old = was->bundle;

    if (m->move->until && !policy_date(bytes_str(m->move->until), &until_s)) {
        return false;
    }
    for (size_t i = 0; i < old->n_releases && old->n_releases == is->bundle->n_releases; i++) {
        const struct bundle_release *a = &old->releases[i];
        const struct bundle_release *b = &is->bundle->releases[i];

        if (a != was->release && (a->state != b->state || a->retire_s != b->retire_s)) {
            return false;
        }
    }
    return is->release && old->n_releases == is->bundle->n_releases &&
           is->release->state == m->move->state && is->release->retire_s == until_s;
}

/* Edits, and looks at what came of it. Returns as policy_move(). */
static int
edit(struct moving *m, const struct compiled *was, struct policy_moved *ret)
{
    struct compiled is = {0};
    struct policy_say after = {0};
    struct bytes text = BYTES_NULL;
    int r;

    if (was->release->state != m->move->state) {
        put_item(m, m->state, "state", bundle_state_name(m->move->state));
    }
    if (m->move->until) {
        put_item(m, m->retire, "retire", m->move->until);
    }
    sort_edits(m);
    r = write_text(m, &text);
    if (r == 0) {
        r = compile(m, text, &after, &is);
    }
    if (r > 0 || (r == 0 && !is_moved(m, was, &is))) {
        policy_say(m->say, m->head->line, m->head->column, false, "it cannot be moved so: %s",
                   after.n > 0 ? after.items[0].text : "edit the text by hand");
        r = 1;
    }
    if (r == 0) {
        *ret = (struct policy_moved){was->release->state, was->release->retire_s,
                                     is.release->active_s, is.release->retire_s, text};
    } else {
        free((void *)(uintptr_t)text.p);
    }
    compiled_done(&is);
    return r;
}

static int
move_in(struct moving *m, const struct policy_token *tokens, struct policy_moved *ret)
{
    struct compiled was = {0};
    int r = compile(m, m->source, m->say, &was);

    if (r == 0) {
        find_head(m, tokens);
    }
    if (r == 0 && (!was.release || !m->open)) {
        r = say_unknown(m, was.bundle);
    } else if (r == 0 && !may_go(was.release->state, m->move->state)) {
        policy_say(m->say, m->head->line, m->head->column, false,
                   "a release that is %s does not become %s: edit the text by hand",
                   bundle_state_name(was.release->state), bundle_state_name(m->move->state));
        r = 1;
    } else if (r == 0) {
        find_items(m);
        r = edit(m, &was, ret);
    }
    compiled_done(&was);
    return r;
}

int
policy_move(struct bytes source, const struct policy_move *move, struct policy_say *say,
            struct policy_moved *ret)
{
    struct moving m = {.source = source, .move = move, .say = say};
    struct policy_token *tokens = NULL;
    struct policy_say twice = {0}; /* what the compiler says, too */
    int r = policy_lex(source, &twice, &tokens);

    if (r == 0) {
        r = move_in(&m, tokens, ret);
    }
    free(tokens);
    return r;
}
