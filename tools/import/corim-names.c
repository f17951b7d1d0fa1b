#include "import/corim-names.h"

#include <stdio.h>
#include <time.h>

#include "wire/bundle-part.h"

enum {
    WORD_MAX = 40,      /* leaves room for "-255" */
    COMPONENT_MAX = 20, /* of the model, before layer and index */
    PART_MAX = 16,
    BETWEEN = 4,     /* a dot, and room that a part gets behind a keyword */
    NUMBER_ROOM = 4, /* "-255": as many as there are releases */
};

/* COMPONENT.PART is the name of a set */
_Static_assert(COMPONENT_MAX + sizeof("-L99-I99") - 1 + PART_MAX + BETWEEN <= LIMIT_BUNDLE_NAME,
               "a component and a part make a set's name");

static void
word(struct bytes text, size_t max, const char *otherwise, char room[CORIM_NAMES_ROOM])
{
    size_t n = text.len < max ? text.len : max;

    if (n == 0) {
        snprintf(room, CORIM_NAMES_ROOM, "%s", otherwise);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool plain = part_is_name(bytes_of(text.p + i, 1)) && !strchr("/:", text.p[i]);

        room[i] = '-';
        if (plain) {
            room[i] = (char)text.p[i];
        }
    }
    room[n] = '\0';
}

/* Components and parts hold no dot, either. */
static void
plain_word(struct bytes text, size_t max, const char *otherwise, char room[CORIM_NAMES_ROOM])
{
    word(text, max, otherwise, room);
    for (char *p = room; *p != '\0'; p++) {
        *p = *p == '.' ? '-' : *p;
    }
}

const char *
corim_names_word(struct bytes text, const char *otherwise, char room[CORIM_NAMES_ROOM])
{
    word(text, WORD_MAX, otherwise, room);
    return room;
}

bool
corim_names_keyword(struct bytes word)
{
    static const char *const taken[] = {"active", "cmdline", "overlap", "replaces", "retire",
                                        "slots",  "source",  "state",   "svn",      "variant"};

    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        if (bytes_equal(word, bytes_str(taken[i]))) {
            return true;
        }
    }
    return false;
}

bool
corim_names_holds(enum hash alg)
{
    return alg == HASH_SHA256 || alg == HASH_SHA384 || alg == HASH_SHA512;
}

void
corim_names_put_day(FILE *out, const char *text, uint64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char room[32];

    if (seconds > 0 && gmtime_r(&when, &tm) && strftime(room, sizeof(room), "%F", &tm) > 0) {
        fprintf(out, "%s%s", text, room);
    }
}

const char *
corim_names_part(const struct comid_measurement *m, char room[CORIM_NAMES_ROOM])
{
    char text[CORIM_NAME_ROOM];

    corim_name_text(&m->key, text);
    if (m->key.kind == CORIM_NUMBER) {
        snprintf(room, CORIM_NAMES_ROOM, "mkey-%.*s", PART_MAX - 5, text);
    } else if (m->key.kind == CORIM_NONE || m->key.kind == CORIM_OTHER) {
        snprintf(room, CORIM_NAMES_ROOM, "measured");
    } else {
        plain_word(m->key.kind == CORIM_TEXT ? m->key.bytes : bytes_str(text), PART_MAX, "measured",
                   room);
    }
    if (corim_names_keyword(bytes_str(room))) {
        snprintf(room + strlen(room), CORIM_NAMES_ROOM - strlen(room), "-is");
    }
    return room;
}

static bool
is_given(const struct corim_names *names, const struct corim_release *one)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->given[i].component, one->component) == 0 &&
            strcmp(names->given[i].name, one->name) == 0 &&
            strcmp(names->given[i].version, one->version) == 0) {
            return true;
        }
    }
    return false;
}

static void
put_word(char room[CORIM_NAMES_ROOM], struct bytes text)
{
    snprintf(room, CORIM_NAMES_ROOM, "%.*s", (int)text.len, (const char *)text.p);
}

bool
corim_names_take(struct corim_names *names, struct bytes component, struct bytes name,
                 struct bytes version)
{
    struct corim_release one = {{0}, {0}, {0}};

    put_word(one.component, component);
    put_word(one.name, name);
    put_word(one.version, version);
    if (is_given(names, &one) || names->n == LIMIT_BUNDLE_RELEASES) {
        return false;
    }
    names->given[names->n++] = one;
    return true;
}

/* With a number behind `text`, a version or a set's name, until there is none like it; there is
 * always room for the number. */
static void
give(struct corim_names *names, struct corim_release *one, char text[CORIM_NAMES_ROOM])
{
    size_t most = LIMIT_BUNDLE_NAME - NUMBER_ROOM;
    size_t len = strlen(text) < most ? strlen(text) : most;

    for (unsigned n = 2; is_given(names, one); n++) {
        snprintf(text + len, CORIM_NAMES_ROOM - len, "-%u", n);
    }
    names->given[names->n++] = *one;
}

/* "-L3"; what is above 99 is "-L+", and told in full beside the release */
static void
add_place(char room[CORIM_NAMES_ROOM], char letter, bool has, uint64_t n)
{
    size_t len = strlen(room);

    if (has && n > 99) {
        snprintf(room + len, CORIM_NAMES_ROOM - len, "-%c+", letter);
    } else if (has) {
        snprintf(room + len, CORIM_NAMES_ROOM - len, "-%c%u", letter, (unsigned)n);
    }
}

static void
component(const struct import_ask *ask, const struct comid_env *env, char room[CORIM_NAMES_ROOM])
{
    char text[CORIM_NAME_ROOM];
    struct bytes from = env->model;

    if (ask->component) {
        snprintf(room, CORIM_NAMES_ROOM, "%s", ask->component);
        return;
    }
    if (from.len == 0 && env->class_id.kind != CORIM_NONE) {
        from = bytes_str(corim_name_text(&env->class_id, text));
    }
    plain_word(from, COMPONENT_MAX, "corim", room);
    add_place(room, 'L', env->has_layer, env->layer);
    add_place(room, 'I', env->has_index, env->index);
    if (strcmp(room, "swid") == 0) {
        snprintf(room, CORIM_NAMES_ROOM, "swid-"); /* sets of files begin with swid */
    }
}

void
corim_names_release(struct corim_names *names, const struct import_ask *ask,
                    const struct import_file *file, const struct comid_env *env,
                    struct bytes version, struct corim_release *ret)
{
    struct corim_release one = {{0}, {0}, {0}};

    component(ask, env, one.component);
    if (file->name || env->vendor.len == 0) {
        import_name(file, "", one.name);
    } else {
        word(env->vendor, WORD_MAX, "", one.name);
    }
    word(version, WORD_MAX, ask->release ? ask->release : "1", one.version);
    give(names, &one, one.version);
    *ret = one;
}

const char *
corim_names_set(struct corim_names *names, const struct import_file *file, struct bytes software)
{
    struct corim_release one = {{0}, {0}, {0}};
    char name[CORIM_NAMES_ROOM];

    word(file->name ? bytes_str(file->name) : software, WORD_MAX, "", name);
    snprintf(one.name, sizeof(one.name), "swid/%.*s", WORD_MAX - 1, name);
    give(names, &one, one.name);
    return names->given[names->n - 1].name;
}
