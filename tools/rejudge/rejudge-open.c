#include "rejudge/rejudge-open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "main/settings.h"
#include "policy/policy-compile.h"

const char *
rejudge_place_problem(const struct rejudge_place *place)
{
    return place->store && place->conf ? "--store and --conf name the same thing: one of them"
                                       : NULL;
}

static int
say(const char *path, const char *what)
{
    char room[CMD_PATH_ROOM];

    fprintf(stderr, "assay: %s: %s\n", cmd_path(path, room), what);
    return 1;
}

static int
say_store(const char *path, int r)
{
    switch (r) {
    case STORE_E_NEWER:
        return say(path, "written by a newer version of the verifier");
    case STORE_E_OLDER:
        return say(path, "written by an older version: start this version's verifier once");
    case -EACCES:
        return say(path, "may not be read: it is the verifier's, so do this as root");
    case -EIO:
        return say(path, "is no store of the verifier, or is damaged");
    default:
        return say(path, strerror(-r));
    }
}

int
rejudge_open_store(const struct rejudge_place *place, struct store **ret)
{
    static struct settings settings; /* large */
    const char *conf = place->conf ? place->conf : SETTINGS_FILE;
    const char *path = place->store;
    struct conf_problem problem;
    int r;

    if (!path) {
        r = settings_load(conf, &settings, &problem);
        if (r != 0) {
            return r < 0 ? say(conf, strerror(-r)) : say(conf, problem.text);
        }
        path = settings.store;
    }
    r = store_open_read(path, ret);
    return r == 0 ? 0 : say_store(path, r);
}

/* The book of a body; the bytes belong to the file already. */
static int
make_book(struct bundle_file *file, const char *name)
{
    struct fault fault;
    int r = rulebook_new(file->seal.body, &file->book, &fault);

    if (r > 0) {
        return say(name, rule_text(fault.rule));
    }
    return r < 0 ? say(name, strerror(-r)) : 0;
}

int
rejudge_open_bytes(struct bytes take_bytes, const char *name, struct bundle_file *ret)
{
    struct bundle_file file = {.signature = "not checked", .bytes = take_bytes};
    struct fault fault;
    int r = bundle_file_seal(file.bytes, &file.seal, &fault);

    r = r != 0 ? say(name, "no bundle") : 0;
    r = r == 0 ? make_book(&file, name) : r;
    if (r != 0) {
        bundle_file_done(&file);
        return 1;
    }
    *ret = file;
    return 0;
}

int
rejudge_open_active(struct store *store, struct bundle_file *ret)
{
    struct store_bundle row;
    uint8_t *sealed = NULL;
    size_t len = 0;
    int r = store_bundle_get(store, &row, &sealed, &len);

    if (r == STORE_NONE) {
        *ret = (struct bundle_file){.signature = "there is none"};
        return 0;
    }
    return r == 0 ? rejudge_open_bytes(bytes_of(sealed, len), "the bundle in the store", ret)
                  : say("the bundle in the store", strerror(-r));
}

/* Text begins with a byte that neither a body nor a signed bundle begins with. */
static bool
is_text(struct bytes in)
{
    return in.len > 0 && in.p[0] < 0x80;
}

static int
compile(struct bytes source, const char *path, struct bytes *ret_body)
{
    CLEANUP(free_p) struct bundle *bundle = malloc(sizeof(*bundle));
    CLEANUP(policy_memory_freep) struct policy_memory *memory = NULL;
    CLEANUP(free_p) struct policy_say *sayings = calloc(1, sizeof(*sayings));
    int r = bundle && sayings ? policy_compile(source, bundle, &memory, sayings) : -ENOMEM;

    r = r == 0 ? policy_write(bundle, ret_body) : r;
    if (r > 0) {
        return say(path, "does not compile: assay policy check says why");
    }
    return r < 0 ? say(path, strerror(-r)) : 0;
}

int
rejudge_open_text(struct bytes source, const char *path, struct bundle_file *ret)
{
    struct bytes body;

    return compile(source, path, &body) == 0 ? rejudge_open_bytes(body, path, ret) : 1;
}

int
rejudge_open_bundle(struct store *store, const char *word, uint64_t now_s, struct bundle_file *ret)
{
    struct bytes in = BYTES_NULL;
    int r;

    if (strcmp(word, "active") == 0) {
        return rejudge_open_active(store, ret);
    }
    if (cmd_read_file(word, POLICY_TEXT_MAX, &in) != 0) {
        return 1;
    }
    if (!is_text(in)) {
        return bundle_file_take(in, word, NULL, now_s, ret); /* a pipe is read once */
    }
    r = rejudge_open_text(in, word, ret);
    free((void *)(uintptr_t)in.p);
    return r;
}
