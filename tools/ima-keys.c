#include "ima-keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"
#include "policy/policy-compile.h"

enum { FILE_MAX = 1 << 20 }; /* a keyring as PEM */

/* ---- files to text ---- */

/* A block that takes what each set signed, below a policy of no class. */
static void
put_block(FILE *out, size_t n)
{
    fprintf(out, "policy keys {\n}\nima keys {\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "  signed @k%zu\n", i);
    }
    fprintf(out, "}\n");
}

static int
write_text(const struct import_ask *ask, char **ret_text, size_t *ret_len)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    FILE *out = open_memstream(ret_text, ret_len);
    struct import_fault fault = {0};
    char path[CMD_PATH_ROOM];
    int r = hasher && out ? 0 : -ENOMEM;

    if (r == 0) {
        r = import_keys(out, hasher, ask, &fault);
        put_block(out, ask->n);
    }
    r = out && fclose(out) != 0 && r == 0 ? -ENOMEM : r;
    if (r > 0) {
        fprintf(stderr, "assay: %s: %s\n", cmd_path(ask->files[fault.file].path, path),
                rule_text(fault.fault.rule));
    }
    return r;
}

/* ---- text to book ---- */

/* More keys than a policy holds, or one twice: the compiler's words say which. */
static int
say_why(const struct policy_say *say)
{
    for (size_t i = 0; i < say->n; i++) {
        if (!say->items[i].note) {
            fprintf(stderr, "assay: no policy holds these keys: %s\n", say->items[i].text);
        }
    }
    return 1;
}

static int
compile(struct bytes text, struct rulebook **ret)
{
    static struct policy_say say; /* large, as a bundle is */
    static struct bundle bundle;
    struct policy_memory *memory = NULL;
    struct bytes body = BYTES_NULL;
    struct fault fault = {0};
    int r = policy_compile(text, &bundle, &memory, &say);

    if (r == 0) {
        r = policy_write(&bundle, &body);
        r = r == 0 ? rulebook_new(body, ret, &fault) : r;
        if (r > 0) {
            fprintf(stderr, "assay: no policy holds these keys: %s\n", rule_text(fault.rule));
        }
    } else if (r > 0) {
        r = say_why(&say);
    }
    free((void *)(uintptr_t)body.p);
    policy_memory_free(memory);
    return r;
}

static int
make(const struct import_ask *ask, struct rulebook **ret)
{
    char *text = NULL;
    size_t len = 0;
    int r = write_text(ask, &text, &len);

    r = r == 0 ? compile(bytes_of(text, len), ret) : r;
    free(text);
    if (r < 0) {
        fprintf(stderr, "assay: cannot read the keys: %s\n", strerror(-r));
    }
    return r == 0 ? 0 : 1;
}

int
ima_keys_open(const char *const *paths, size_t n, struct rulebook **ret)
{
    struct import_file files[IMPORT_FILES_MAX];
    char names[IMPORT_FILES_MAX][24];
    struct import_ask ask = {.files = files};
    int r = 0;

    while (r == 0 && ask.n < n) {
        struct import_file *file = &files[ask.n];

        snprintf(names[ask.n], sizeof(names[0]), "k%zu", ask.n);
        *file = (struct import_file){.path = paths[ask.n], .name = names[ask.n]};
        r = cmd_read_file(file->path, FILE_MAX, &file->bytes);
        ask.n += r == 0;
    }
    r = r == 0 ? make(&ask, ret) : r;
    for (size_t i = 0; i < ask.n; i++) {
        free((void *)(uintptr_t)files[i].bytes.p);
    }
    return r;
}

/* ---- one signature ---- */

int
ima_keys_judge(const struct rulebook *book, struct hasher *hasher, const struct ima_entry *entry)
{
    struct ima_sigs_ask ask = {
        .book = book, .block = &rulebook_bundle(book)->imas[0], .hasher = hasher};

    return ima_sigs_judge(&ask, entry); /* each anew: a list is read to its end here */
}

const char *
ima_keys_word(enum ima_sigs_outcome outcome)
{
    static const char *const words[] = {
        [IMA_SIGS_GOOD] = "good",         [IMA_SIGS_E_FORM] = "malformed",
        [IMA_SIGS_E_KEY] = "key-unknown", [IMA_SIGS_E_WEAK] = "key-weak",
        [IMA_SIGS_E_BAD] = "bad",
    };

    return words[outcome];
}
