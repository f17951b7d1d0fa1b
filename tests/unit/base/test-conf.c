#include "base/conf.h"
#include "lib/check.h"

#include <stdlib.h>
#include <unistd.h>

struct sample {
    char name[8];
    int64_t port;
    bool on;
    unsigned word;
};

static const char *const words[] = {"low", "middle", "high", NULL};

static const struct conf_item items[] = {
    {"a", "name", CONF_TEXT, offsetof(struct sample, name), 8, 0, 0, NULL, "a name"},
    {"a", "port", CONF_INT, offsetof(struct sample, port), 0, 1, 65535, "5684", "a port"},
    {"b", "on", CONF_BOOL, offsetof(struct sample, on), 0, 0, 0, "no", "a switch"},
    {"b", "word", CONF_WORD, offsetof(struct sample, word), 0, 0, 0, "middle", "a word", false,
     words},
};

static int
load_by(const struct conf_item *table, size_t n, const char *text, struct sample *sample,
        struct conf_problem *problem)
{
    char path[] = "/tmp/assay-test-conf-XXXXXX";
    int fd = mkstemp(path);
    int r;

    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    r = conf_load(path, table, n, sample, problem);
    unlink(path);
    return r;
}

static int
load(const char *text, struct sample *sample, struct conf_problem *problem)
{
    return load_by(items, ARRAY_LEN(items), text, sample, problem);
}

static void
values_replace_defaults(void)
{
    struct sample sample = {0};
    struct conf_problem problem;

    CHECK_EQ(load("[a]\nname = box\n[b]\non = yes\n", &sample, &problem), 0);
    CHECK_STR(sample.name, "box");
    CHECK_EQ(sample.port, 5684);
    CHECK(sample.on);
    CHECK_EQ(sample.word, 1);
    CHECK_EQ(load("[a]\nname = box\n[b]\nword = low\n", &sample, &problem), 0);
    CHECK_EQ(sample.word, 0);
    CHECK_EQ(load("[a]\nname = box\n[b]\nword = high\n", &sample, &problem), 0);
    CHECK_EQ(sample.word, 2);
}

static void
the_first_problem_is_told_in_its_own_words(void)
{
    static const char *const others[] = {"left", "right", NULL};
    const struct conf_item two[] = {
        {"b", "word", CONF_WORD, offsetof(struct sample, word), 0, 0, 0, "low", "a word", false,
         words},
        {"b", "other", CONF_WORD, offsetof(struct sample, word), 0, 0, 0, "left", "another", false,
         others},
    };
    struct sample sample;
    struct conf_problem problem = {{0}};

    CHECK_EQ(load_by(two, 2, "[b]\nword = none\nother = none\n", &sample, &problem), 1);
    CHECK(strstr(problem.text, ":2: [b] word: low, middle or high is expected"));
    CHECK_EQ(load_by(two, 2, "[b]\nother = none\nword = none\n", &sample, &problem), 1);
    CHECK(strstr(problem.text, ":2: [b] other: left or right is expected"));
    CHECK_EQ(load_by(two, 2, "[b]\nother = none\nword = low\nunknown = 1\n", &sample, &problem), 1);
    CHECK(strstr(problem.text, ":2: [b] other: left or right is expected"));
}

/* A word is the whole of one, and a list that is longer than its room is cut, not written on. */
static void
a_word_is_one_of_its_list(void)
{
    static const char *const rows[] = {"", "lo", "lowe", "Low", "low middle"};
    static const char *const long_words[] = {
        "abcdefghijklmnopqrstuvwxyz0", "abcdefghijklmnopqrstuvwxyz1", "abcdefghijklmnopqrstuvwxyz2",
        "abcdefghijklmnopqrstuvwxyz3", "abcdefghijklmnopqrstuvwxyz4", NULL};
    struct conf_item item = items[3];
    struct sample sample = {.word = 7};
    struct conf_problem problem = {{0}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[64];

        snprintf(text, sizeof(text), "[a]\nname = x\n[b]\nword = %s\n", rows[i]);
        CHECK_EQ(load(text, &sample, &problem), 1);
        CHECK(strstr(problem.text, "[b] word: low, middle or high is expected"));
        CHECK_EQ(sample.word, 1); /* the default */
    }
    item.words = long_words;
    CHECK_EQ(conf_load(NULL, &item, 1, &sample, &problem), 1);
    CHECK(strstr(problem.text, "abcdefghijklmnopqrstuvwxyz0, abcdefghijklmnopqrstuvwxyz1, "));
    CHECK(!strstr(problem.text, "yz4"));
}

static void
what_is_wrong_is_named(void)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"[a]\n", "must be given"},
        {"[a]\nname = toolongname\n", "too long"},
        {"[a]\nname = x\nport = 0\n", ":3: [a] port: the number is out of range"},
        {"[a]\nname = x\nport = 12x\n", "whole number"},
        {"[a]\nname = x\n[b]\non = maybe\n", "yes or no"},
        {"[a]\nname = x\nnme = y\n", "no such setting"},
        {"[a]\nname = x\nname = y\n", "twice"},
        {"[a]\nname = x\nbad line\n", "form name = value"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sample sample = {0};
        struct conf_problem problem = {{0}};

        CHECK_EQ(load(rows[i].text, &sample, &problem), 1);
        if (!strstr(problem.text, rows[i].says)) {
            check_fail(__FILE__, __LINE__, "\"%s\" lacks \"%s\"", problem.text, rows[i].says);
        }
    }
}

static void
a_missing_file_is_named(void)
{
    struct sample sample = {0};
    struct conf_problem problem = {{0}};

    CHECK(conf_load("/proc/nonexistent.conf", items, 3, &sample, &problem) < 0);
    CHECK(strstr(problem.text, "/proc/nonexistent.conf"));
}

static void
two_are_alike_setting_by_setting(void)
{
    struct sample a = {0};
    struct sample b = {0};
    struct conf_problem problem;

    CHECK_EQ(load("[a]\nname = box\n", &a, &problem), 0);
    CHECK_EQ(load("[a]\nname = bo\nport = 7\n[b]\non = yes\nword = high\n", &b, &problem), 0);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        CHECK(!conf_equal(&items[i], &a, &b));
        conf_copy(&items[i], &a, &b);
        CHECK(conf_equal(&items[i], &a, &b));
    }
    CHECK_STR(a.name, "bo");
    CHECK_EQ(a.port, 7);
    CHECK(a.on);
    CHECK_EQ(a.word, 2);
}

static void
what_a_reload_takes_is_marked(void)
{
    static const struct conf_item marked[] = {
        {"a", "port", CONF_INT, offsetof(struct sample, port), 0, 1, 9, "5", "a port", true},
        {"a", "name", CONF_TEXT, offsetof(struct sample, name), 8, 0, 0, NULL, "a name"},
    };
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    CHECK(file);
    conf_print(file, marked, ARRAY_LEN(marked));
    fclose(file);
    CHECK_STR(text, "[a]\n# a port (1 to 9); a reload takes it\n#port = 5\n"
                    "# a name\nname = \n");
    free(text);
}

CHECK_MAIN(CASE(values_replace_defaults), CASE(the_first_problem_is_told_in_its_own_words),
           CASE(a_word_is_one_of_its_list), CASE(what_is_wrong_is_named),
           CASE(a_missing_file_is_named), CASE(two_are_alike_setting_by_setting),
           CASE(what_a_reload_takes_is_marked))
