#include "base/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>

struct conf_load {
    const struct conf_item *items;
    size_t n_items;
    void *conf;
    const char *why; /* first problem, NULL while there is none */
    char where[80];  /* "[section] name" of it */
    char words[96];  /* room of a problem that lists words */
    uint64_t seen;   /* a bit an item; a table has at most 64 */
};

static void
complain(struct conf_load *load, const char *section, const char *name, const char *why)
{
    if (!load->why) {
        load->why = why;
        snprintf(load->where, sizeof(load->where), "[%.30s] %.30s", section, name);
    }
}

/* "no, key or certificate is expected", as far as there is room. */
static const char *
expected(const struct conf_item *item, char *room, size_t cap)
{
    size_t len = 0;

    room[0] = '\0';
    for (size_t i = 0; item->words[i] && len < cap; i++) {
        const char *before = i == 0 ? "" : item->words[i + 1] ? ", " : " or ";

        len += (size_t)snprintf(room + len, cap - len, "%s%s", before, item->words[i]);
    }
    if (len < cap) {
        snprintf(room + len, cap - len, " is expected");
    }
    return room;
}

static bool
store_word(const struct conf_item *item, const char *value, void *at)
{
    for (unsigned i = 0; item->words[i]; i++) {
        if (strcmp(item->words[i], value) == 0) {
            memcpy(at, &i, sizeof(i));
            return true;
        }
    }
    return false;
}

/* Stores one value; returns NULL or why it cannot be. */
static const char *
store(struct conf_load *load, const struct conf_item *item, const char *value)
{
    uint8_t *at = (uint8_t *)load->conf + item->offset;
    char *end = NULL;
    long long number;

    switch (item->type) {
    case CONF_TEXT:
        if (strlen(value) >= item->size) {
            return "the text is too long";
        }
        memset(at, 0, item->size);
        memcpy(at, value, strlen(value));
        return NULL;
    case CONF_INT:
        errno = 0;
        number = strtoll(value, &end, 10);
        if (errno != 0 || end == value || *end != '\0') {
            return "a whole number is expected";
        }
        if (number < item->min || number > item->max) {
            return "the number is out of range";
        }
        memcpy(at, &(int64_t){number}, sizeof(int64_t));
        return NULL;
    case CONF_BOOL:
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
            return "yes or no is expected";
        }
        memcpy(at, &(bool){value[0] == 'y'}, sizeof(bool));
        return NULL;
    case CONF_WORD:
        return store_word(item, value, at) ? NULL
                                           : expected(item, load->words, sizeof(load->words));
    }
    return "unknown type";
}

static int
on_value(void *context, const char *section, const char *name, const char *value)
{
    struct conf_load *load = context;

    if (load->why) {
        return 1; /* one problem is told, and its words stay as they are */
    }
    for (size_t i = 0; i < load->n_items; i++) {
        const struct conf_item *item = &load->items[i];
        const char *why;

        if (strcmp(item->section, section) != 0 || strcmp(item->name, name) != 0) {
            continue;
        }
        if (load->seen >> i & 1) {
            complain(load, section, name, "the setting is given twice");
            return 0;
        }
        load->seen |= UINT64_C(1) << i;
        why = store(load, item, value);
        if (why) {
            complain(load, section, name, why);
        }
        return why == NULL;
    }
    complain(load, section, name, "there is no such setting");
    return 0;
}

static void
set_defaults(struct conf_load *load)
{
    for (size_t i = 0; i < load->n_items; i++) {
        const struct conf_item *item = &load->items[i];

        if (item->fallback) {
            const char *why = store(load, item, item->fallback);

            if (why) {
                complain(load, item->section, item->name, why);
            }
        }
    }
}

int
conf_load(const char *path, const struct conf_item *items, size_t n_items, void *ret_conf,
          struct conf_problem *ret_problem)
{
    struct conf_load load = {.items = items, .n_items = n_items, .conf = ret_conf};
    int line;

    set_defaults(&load);
    line = path ? ini_parse(path, on_value, &load) : 0; /* line of the first that was refused */
    if (line < 0) {
        int r = errno ? -errno : -EIO;

        snprintf(ret_problem->text, sizeof(ret_problem->text), "%.200s: %s", path, strerror(-r));
        return r;
    }
    if (line > 0) {
        complain(&load, "", "", "the line is not of the form name = value");
    }
    for (size_t i = 0; i < n_items; i++) {
        if (!items[i].fallback && !(load.seen >> i & 1)) {
            complain(&load, items[i].section, items[i].name, "the setting must be given");
        }
    }
    if (load.why) {
        snprintf(ret_problem->text, sizeof(ret_problem->text), "%.100s:%d: %s: %s",
                 path ? path : "defaults", line, load.where, load.why);
    }
    return load.why ? 1 : 0;
}

static size_t
size_of(const struct conf_item *item)
{
    return item->type == CONF_TEXT   ? item->size
           : item->type == CONF_INT  ? sizeof(int64_t)
           : item->type == CONF_BOOL ? sizeof(bool)
                                     : sizeof(unsigned);
}

bool
conf_equal(const struct conf_item *item, const void *a, const void *b)
{
    return memcmp((const uint8_t *)a + item->offset, (const uint8_t *)b + item->offset,
                  size_of(item)) == 0;
}

void
conf_copy(const struct conf_item *item, void *ret_conf, const void *from)
{
    memcpy((uint8_t *)ret_conf + item->offset, (const uint8_t *)from + item->offset, size_of(item));
}

void
conf_print(FILE *out, const struct conf_item *items, size_t n_items)
{
    const char *section = "";

    for (size_t i = 0; i < n_items; i++) {
        if (strcmp(section, items[i].section) != 0) {
            section = items[i].section;
            fprintf(out, "%s[%s]\n", i ? "\n" : "", section);
        }
        fprintf(out, "# %s", items[i].help);
        if (items[i].type == CONF_INT) {
            fprintf(out, " (%lld to %lld)", (long long)items[i].min, (long long)items[i].max);
        }
        if (items[i].live) {
            fprintf(out, "; a reload takes it");
        }
        fprintf(out, "\n%s%s = %s\n", items[i].fallback ? "#" : "", items[i].name,
                items[i].fallback ? items[i].fallback : "");
    }
}
