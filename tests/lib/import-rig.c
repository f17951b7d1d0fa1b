#include "lib/import-rig.h"

#include <stdlib.h>

#include "lib/check.h"
#include "policy/policy-compile.h"

struct import_rig import_rig;

bool
import_rig_compiles(struct bytes text)
{
    static const char base[] = "policy import {\n}\n";
    static struct policy_say say;
    struct bundle *bundle = malloc(sizeof(*bundle));
    struct policy_memory *memory = NULL;
    uint8_t *whole = malloc(text.len + sizeof(base));
    int r = -1;

    if (bundle && whole) {
        memcpy(whole, text.p, text.len);
        memcpy(whole + text.len, base, sizeof(base) - 1);
        memset(&say, 0, sizeof(say));
        r = policy_compile(bytes_of(whole, text.len + sizeof(base) - 1), bundle, &memory, &say);
    }
    for (size_t i = 0; r > 0 && i < say.n; i++) {
        printf("# line %u: %s\n", say.items[i].line, say.items[i].text);
    }
    policy_memory_free(memory);
    free(bundle);
    free(whole);
    return r == 0;
}

static int
print(import_fn *run, const struct import_ask *ask)
{
    struct hasher *hasher = hasher_new();
    FILE *out;
    int r;

    free(import_rig.text);
    memset(&import_rig, 0, sizeof(import_rig));
    out = open_memstream(&import_rig.text, &import_rig.len);
    CHECK(hasher && out);
    r = run(out, hasher, ask, &import_rig.fault);
    CHECK_EQ(fclose(out), 0);
    hasher_freep(&hasher);
    CHECK(r <= 0 || import_rig.fault.fault.rule != RULE_NONE);
    return r;
}

int
import_rig_ask(import_fn *run, const struct import_ask *ask)
{
    int r = print(run, ask);

    CHECK(r != 0 || import_rig_compiles(bytes_of(import_rig.text, import_rig.len)));
    return r;
}

int
import_rig_list(import_fn *run, const struct import_file *files, size_t n)
{
    struct import_ask ask = {.n = n, .files = files};

    return print(run, &ask);
}

int
import_rig_run(import_fn *run, const struct import_file *files, size_t n)
{
    struct import_ask ask = {.n = n, .files = files};

    return import_rig_ask(run, &ask);
}

void
import_rig_one(import_fn *run, const char *path, struct bytes in)
{
    struct import_file file = {.path = path, .bytes = check_guarded(in)};

    CHECK_EQ(import_rig_run(run, &file, 1), 0);
}

enum rule
import_rig_rule(import_fn *run, struct bytes in)
{
    struct import_file file = {.path = "a", .bytes = check_guarded(in)};

    CHECK_EQ(import_rig_run(run, &file, 1), 1);
    return import_rig.fault.fault.rule;
}

bool
import_rig_has(const char *part)
{
    return strstr(import_rig.text, part) != NULL;
}

void
import_rig_says(const char *part)
{
    if (!import_rig_has(part)) {
        printf("%s\n", import_rig.text);
        check_fail(__FILE__, __LINE__, "not said: %s", part);
    }
}
