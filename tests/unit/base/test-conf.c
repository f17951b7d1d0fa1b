#include "base/conf.h"
#include "lib/check.h"

#include <stdlib.h>
#include <unistd.h>

struct sample {
    char name[8];
    int64_t port;
    bool on;
};

static const struct conf_item items[] = {
    {"a", "name", CONF_TEXT, offsetof(struct sample, name), 8, 0, 0, NULL, "a name"},
    {"a", "port", CONF_INT, offsetof(struct sample, port), 0, 1, 65535, "5684", "a port"},
    {"b", "on", CONF_BOOL, offsetof(struct sample, on), 0, 0, 0, "no", "a switch"},
};

static int
load(const char *text, struct sample *sample, struct conf_problem *problem)
{
    char path[] = "/tmp/assay-test-conf-XXXXXX";
    int fd = mkstemp(path);
    int r;

    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    r = conf_load(path, items, ARRAY_LEN(items), sample, problem);
    unlink(path);
    return r;
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

CHECK_MAIN(CASE(values_replace_defaults), CASE(what_is_wrong_is_named),
           CASE(a_missing_file_is_named))
