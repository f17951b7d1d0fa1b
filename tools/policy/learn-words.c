/* Command lines and the boot loader's commands: from texts that were measured to lists of words. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/glob.h"
#include "appraise/kernel-args.h"
#include "policy/learn-lesson.h"
#include "wire/bundle-part.h"

enum { HOLE_MAX = 24, LINE_WIDTH = 90, HEX_RUN = 32, UUID_LEN = 36, MAC_LEN = 17 };

/* Never allowed unless a boot had it. docs/examples. */
static const char *const denied[] = {
    "init=*",           "rdinit=*",  "rd.break*",       "systemd.unit=*",
    "systemd.debug*",   "single",    "emergency",       "lockdown=none",
    "ima_appraise=off", "iommu=off", "mitigations=off", "module.sig_enforce=0",
};

struct word {
    char text[LIMIT_BUNDLE_TEXT + 1];
    size_t n_lines;   /* that have it */
    size_t last_line; /* from 1 */
    bool bind;        /* its end is a hole */
};

struct words {
    size_t n, cap;
    struct word words[LIMIT_LIST_ITEMS];
    size_t n_lines;
    size_t n_left; /* that no list can hold: they are told as unknown */
};

static struct word *
add_word(struct words *words, const char *text, bool bind)
{
    struct word *word = NULL;

    for (size_t i = 0; i < words->n && !word; i++) {
        word = strcmp(words->words[i].text, text) == 0 ? &words->words[i] : NULL;
    }
    if (!word && words->n == words->cap) {
        words->n_left++;
        return NULL;
    }
    if (!word) {
        word = &words->words[words->n++];
        *word = (struct word){.bind = bind};
        snprintf(word->text, sizeof(word->text), "%s", text);
    }
    word->n_lines += word->last_line != words->n_lines;
    word->last_line = words->n_lines;
    return word;
}

/* ---- what tells one device from another ---- */

static size_t
run_of(struct bytes text, size_t at, const char *more)
{
    size_t n = 0;

    while (at + n < text.len &&
           (isxdigit(text.p[at + n]) || (text.p[at + n] != '\0' && strchr(more, text.p[at + n])))) {
        n++;
    }
    return n;
}

/* A UUID, the number of a FAT file system behind UUID=, a hardware address, a long hexadecimal
 * number. */
static bool
is_own(struct bytes word, size_t at)
{
    static const char uuid[] = "UUID=";
    size_t dashed = run_of(word, at, "-");
    size_t plain = run_of(word, at, "");

    if (at >= sizeof(uuid) - 1 &&
        memcmp(word.p + at - (sizeof(uuid) - 1), uuid, sizeof(uuid) - 1) == 0 && dashed >= 8) {
        return true;
    }
    return (dashed == UUID_LEN && plain == 8) || plain >= HEX_RUN ||
           (plain == 2 && (run_of(word, at, ":") == MAC_LEN || dashed == MAC_LEN));
}

/* Where the part begins that is one device's, or the word's length: behind `=` only. */
static size_t
own_part(struct bytes word)
{
    const uint8_t *equals = memchr(word.p, '=', word.len);
    size_t at = equals ? (size_t)(equals - word.p) + 1 : word.len;

    while (at < word.len && !((at == 0 || !isxdigit(word.p[at - 1])) && is_own(word, at))) {
        at++;
    }
    return at;
}

/* "root=UUID=" as "root=UUID={root}" */
static void
make_bind(struct bytes word, size_t at, char text[LIMIT_BUNDLE_TEXT + 1])
{
    char hole[HOLE_MAX + 1] = "";
    size_t n = 0;

    for (size_t i = 0; i < word.len && word.p[i] != '=' && n < HOLE_MAX; i++) {
        if (isalnum(word.p[i])) {
            hole[n++] = (char)word.p[i];
        }
    }
    hole[n] = '\0';
    snprintf(text, LIMIT_BUNDLE_TEXT + 1, "%.*s{%s}", (int)at, (const char *)word.p,
             n > 0 ? hole : "value");
}

/* A word that stands for just itself in a list of globs. */
static bool
can_be_said(struct bytes word)
{
    return part_is_text(word) && !memchr(word.p, ' ', word.len) && !memchr(word.p, '*', word.len) &&
           !memchr(word.p, '{', word.len);
}

static void
take_argument(struct words *words, const struct kernel_arg *arg)
{
    char text[LIMIT_BUNDLE_TEXT + 1];
    struct bytes word = arg->word;
    size_t own;

    if (arg->too_long || !can_be_said(word)) {
        words->n_left++;
        return;
    }
    own = own_part(word);
    if (own < word.len && own + HOLE_MAX + 2 <= LIMIT_BUNDLE_TEXT) {
        make_bind(word, own, text);
        add_word(words, text, true);
    } else {
        snprintf(text, sizeof(text), "%.*s", (int)word.len, (const char *)word.p);
        add_word(words, text, false);
    }
}

/* ---- writing ---- */

/* Words of one kind, a new line with its head when one is full. */
struct row {
    FILE *out;
    const char *head;
    size_t width; /* 0: none begun */
};

static void
row_add(struct row *row, struct bytes text)
{
    if (row->width + text.len + 3 > LINE_WIDTH) {
        fputc('\n', row->out);
        row->width = 0;
    }
    if (row->width == 0) {
        fprintf(row->out, "  %-8s", row->head);
        row->width = 10;
    }
    fputc(' ', row->out);
    lesson_text(row->out, text);
    row->width += text.len + 1;
}

static void
row_end(struct row *row)
{
    if (row->width > 0) {
        fputc('\n', row->out);
    }
}

/* What a list says of a word. */
enum saying { SAY_REQUIRE, SAY_BIND, SAY_ALLOW, SAY_ALLOW_ANY };

/* Is it denied under another value? Then nobody may choose this one freely. */
static bool
name_is_denied(const char *text, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        if (glob_match(bytes_str(denied[i]), bytes_of(text, len), GLOB_PARAMETER) ||
            strncmp(denied[i], text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* "name=" that has another value in every line. */
static bool
changes_each_time(const struct words *words, const struct word *word)
{
    const char *equals = strchr(word->text, '=');
    size_t len = equals ? (size_t)(equals - word->text) + 1 : 0;
    size_t n = 0;

    for (size_t i = 0; len > 0 && i < words->n; i++) {
        if (strncmp(words->words[i].text, word->text, len) == 0) {
            n += words->words[i].n_lines;
            len = words->words[i].n_lines > 1 ? 0 : len;
        }
    }
    return len > 0 && n > 1 && n == words->n_lines && !name_is_denied(word->text, len);
}

static enum saying
saying_of(const struct words *words, const struct word *word)
{
    bool always = word->n_lines == words->n_lines;

    if (word->bind) {
        return always ? SAY_BIND : SAY_ALLOW_ANY;
    }
    return always ? SAY_REQUIRE : changes_each_time(words, word) ? SAY_ALLOW_ANY : SAY_ALLOW;
}

/* "root=UUID=*" of "root=UUID={root}", "quiet=*" of "quiet=1" */
static struct bytes
with_star(const struct word *word, char room[LIMIT_BUNDLE_TEXT + 2])
{
    size_t len = strcspn(word->text, word->bind ? "{" : "=") + !word->bind;

    snprintf(room, LIMIT_BUNDLE_TEXT + 2, "%.*s*", (int)len, word->text);
    return bytes_str(room);
}

static bool
star_was_written(const struct words *words, size_t n, struct bytes star)
{
    char room[LIMIT_BUNDLE_TEXT + 2];

    for (size_t i = 0; i < n; i++) {
        if (saying_of(words, &words->words[i]) == SAY_ALLOW_ANY &&
            bytes_equal(with_star(&words->words[i], room), star)) {
            return true;
        }
    }
    return false;
}

static void
write_words(const struct lesson *lesson, const struct words *words)
{
    static const char *const heads[] = {"require", "bind", "allow"};

    for (enum saying head = SAY_REQUIRE; head <= SAY_ALLOW; head++) {
        struct row row = {.out = lesson->blocks, .head = heads[head]};

        for (size_t i = 0; i < words->n; i++) {
            const struct word *word = &words->words[i];
            enum saying saying = saying_of(words, word);
            char room[LIMIT_BUNDLE_TEXT + 2];

            if (saying == head) {
                row_add(&row, bytes_str(word->text));
            } else if (saying == SAY_ALLOW_ANY && head == SAY_ALLOW &&
                       !star_was_written(words, i, with_star(word, room))) {
                row_add(&row, bytes_str(room));
            }
        }
        row_end(&row);
    }
}

static bool
is_seen(const struct words *words, const char *glob)
{
    for (size_t i = 0; i < words->n; i++) {
        if (glob_match(bytes_str(glob), bytes_str(words->words[i].text), GLOB_PARAMETER)) {
            return true;
        }
    }
    return false;
}

static void
write_denied(const struct lesson *lesson, const struct words *words)
{
    struct row row = {.out = lesson->blocks, .head = "deny"};

    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        if (!is_seen(words, denied[i])) {
            row_add(&row, bytes_str(denied[i]));
        }
    }
    row_end(&row);
    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        if (is_seen(words, denied[i])) {
            fprintf(lesson->blocks, "  # a boot had it, so it is not denied: %s\n", denied[i]);
        }
    }
}

static void
write_left(const struct lesson *lesson, const struct words *words)
{
    if (words->n_left > 0) {
        fprintf(lesson->blocks, "  # %zu words that no list can hold are told as unknown\n",
                words->n_left);
    }
    fputs("  other    warn\n}\n", lesson->blocks);
}

/* Where texts are not what was measured: their digests, or the device's own. */
static void
write_by_digest(struct lesson *lesson, enum slot slot, const char *id)
{
    const struct lesson_event *event;

    if (!lesson_alike(lesson, slot)) {
        lesson_rule(lesson, id, slot, "its text is not in the logs: each device's own");
        fprintf(lesson->rules, "device-pin%s\n", slot == SLOT_BOOT_SCRIPT ? "" : " else warn");
        return;
    }
    lesson_rule(lesson, id, slot, "its text is not in the logs: known by digest alone");
    fprintf(lesson->rules, "one-of @%s/%s count %zu..%zu\n", id, lesson->options->name,
            lesson_least(lesson, slot), lesson_most(lesson, slot));
    fprintf(lesson->blocks, "\nset digests %s/%s {\n", id, lesson->options->name);
    for (size_t at = 0; (event = lesson_next(&lesson->boots[0], slot, &at)) != NULL;) {
        fputs("  ", lesson->blocks);
        policy_put_digest(lesson->blocks, lesson->options->bank, event->rule.digest);
        fputc('\n', lesson->blocks);
    }
    fputs("}\n", lesson->blocks);
}

static void
take_lines(const struct lesson *lesson, enum slot slot, struct words *words)
{
    static struct kernel_arg arg; /* large */
    const struct lesson_event *event;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        for (size_t at = 0; (event = lesson_next(&lesson->boots[i], slot, &at)) != NULL;) {
            struct bytes line = event->rule.text;

            words->n_lines++;
            while (kernel_args_next(&line, &arg)) {
                take_argument(words, &arg);
            }
        }
    }
}

int
lesson_write_lines(struct lesson *lesson, enum slot slot, const char *id)
{
    struct words *words;

    if (!lesson_has(lesson, slot)) {
        return 0;
    }
    if (!lesson_verified(lesson, slot)) {
        write_by_digest(lesson, slot, id);
        return 0;
    }
    words = calloc(1, sizeof(*words));
    if (!words) {
        return -ENOMEM;
    }
    words->cap = LIMIT_LIST_ITEMS - ARRAY_LEN(denied);
    take_lines(lesson, slot, words);
    lesson_rule(lesson, id, slot, "word by word; what differs between machines is bound");
    fprintf(lesson->rules, "tokens @cmdline/%s-%s count %zu..%zu%s\n", id, lesson->options->name,
            lesson_least(lesson, slot), lesson_most(lesson, slot),
            slot == SLOT_BOOT_CMDLINE ? " claim boot.cmdline.digest" : "");
    fprintf(lesson->blocks, "\ncmdline %s-%s {\n", id, lesson->options->name);
    write_words(lesson, words);
    write_denied(lesson, words);
    write_left(lesson, words);
    free(words);
    return 0;
}

/* First words of commands. */
static void
take_commands(const struct lesson *lesson, struct words *words)
{
    const struct lesson_event *event;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        for (size_t at = 0;
             (event = lesson_next(&lesson->boots[i], SLOT_BOOT_SCRIPT, &at)) != NULL;) {
            struct bytes line = event->rule.text;
            char text[LIMIT_BUNDLE_TEXT + 1];
            struct bytes word;

            if (!glob_word(&line, &word)) {
                continue;
            }
            if (!part_is_text(word)) {
                words->n_left++;
                continue;
            }
            snprintf(text, sizeof(text), "%.*s", (int)word.len, (const char *)word.p);
            add_word(words, text, false);
        }
    }
}

int
lesson_write_script(struct lesson *lesson)
{
    struct words *words;
    struct row row = {.out = lesson->blocks, .head = "words"};

    if (!lesson_has(lesson, SLOT_BOOT_SCRIPT)) {
        return 0;
    }
    words = calloc(1, sizeof(*words));
    if (!words) {
        return -ENOMEM;
    }
    words->cap = LIMIT_LIST_ITEMS;
    take_commands(lesson, words);
    if (!lesson_verified(lesson, SLOT_BOOT_SCRIPT) || words->n == 0) {
        write_by_digest(lesson, SLOT_BOOT_SCRIPT, "script");
        free(words);
        return 0;
    }
    lesson_rule(lesson, "script", SLOT_BOOT_SCRIPT, "commands that were run, by their first word");
    fprintf(lesson->rules, "commands @grubcmd/%s%s claim boot.script.digest\n",
            lesson->options->name,
            lesson_least(lesson, SLOT_BOOT_SCRIPT) == 0 ? " count 0..4096" : "");
    fprintf(lesson->blocks, "\ngrubcmd %s {\n", lesson->options->name);
    for (size_t i = 0; i < words->n; i++) {
        row_add(&row, bytes_str(words->words[i].text));
    }
    row_end(&row);
    if (words->n_left > 0) {
        write_left(lesson, words);
    } else {
        fputs("}\n", lesson->blocks);
    }
    free(words);
    return 0;
}
