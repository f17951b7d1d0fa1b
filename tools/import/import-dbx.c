/* Updates of dbx as baselines. */
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "formats/authvar.h"
#include "formats/efiguid.h"
#include "import/import-sigs.h"
#include "import/import.h"

enum { NAME_LEN = 40 };

/* What is left of LIMIT_BUNDLE_NAME for the end of the certificates' set. */
_Static_assert(NAME_LEN + sizeof("/certs") <= LIMIT_BUNDLE_NAME, "names of sets fit");

struct update {
    char name[IMPORT_NAME_ROOM];
    struct authvar var;
    struct import_sigs sigs;
};

static void
updates_free(struct update *updates, size_t n)
{
    for (size_t i = 0; updates && i < n; i++) {
        import_sigs_done(&updates[i].sigs);
    }
    free(updates);
}

static int
update_read(struct update *u, struct hasher *hasher, const struct import_file *file,
            struct fault *ret_fault)
{
    struct siglist list;
    struct siglist_entry entry;
    int r = authvar_read(file->bytes, &u->var, ret_fault);

    if (r != 0) {
        return r;
    }
    import_name(file, "dbx/", u->name);
    list = siglist_init(u->var.lists);
    r = import_sigs_init(&u->sigs, u->var.lists.len / EFIGUID_LEN); /* each has its owner */
    while (r == 0 && siglist_next(&list, &entry, NULL) == 0) {
        r = import_sigs_add(&u->sigs, hasher, &entry);
    }
    if (r != 0) {
        return r < 0 ? r : fault_at(ret_fault, RULE_DBX_SVNS, FAULT_NO_EVENT, 0);
    }
    import_sigs_sort(&u->sigs);
    return strlen(u->name) > NAME_LEN ? fault_at(ret_fault, RULE_IMPORT_NAME, FAULT_NO_EVENT, 0)
                                      : 0;
}

/* ---- text ---- */

static bool
has_set(const struct update *u, bool certs)
{
    return certs ? u->sigs.n_certs > 0 : u->sigs.n_hashes + u->sigs.n_svns > 0;
}

static void
write_head(FILE *out, const struct update *updates, size_t n, size_t i, const char *published,
           bool certs)
{
    const char *end = certs ? "/certs" : "";

    fprintf(out, "set dbx %s%s", updates[i].name, end);
    if (published) {
        fprintf(out, " published %s", published);
    }
    for (size_t k = i + 1; k < n; k++) {
        if (has_set(&updates[k], certs)) {
            fprintf(out, " next %s%s", updates[k].name, end);
            break;
        }
    }
    fputs(" {\n", out);
}

static void
write_comment(FILE *out, const struct update *u)
{
    fprintf(out,
            "# dated %04u-%02u-%02u by itself, its signature is not verified: take it from its "
            "publisher\n"
            "# %zu entries: %zu hashes, %zu versions, %zu certificates, each counted once\n",
            u->var.year, u->var.month, u->var.day, u->sigs.n_raw, u->sigs.n_hashes, u->sigs.n_svns,
            u->sigs.n_certs);
    if (u->sigs.n_other > 0) {
        fprintf(out,
                "# NOT IMPORTED: %zu entries of kinds that no set holds, or revoked from some day "
                "on\n",
                u->sigs.n_other);
    }
}

static int
write_update(FILE *out, struct hasher *hasher, const struct import_ask *ask,
             const struct update *updates, size_t i)
{
    const struct update *u = &updates[i];
    const struct import_file *file = &ask->files[i];
    int r = import_origin(out, hasher, "update of dbx", file);

    if (r < 0) {
        return r;
    }
    write_comment(out, u);
    if (has_set(u, false)) {
        write_head(out, updates, ask->n, i, file->published, false);
        import_sigs_put(out, u->sigs.hashes, u->sigs.n_hashes, true);
        import_svns_put(out, &u->sigs);
        fputs("}\n", out);
    }
    if (has_set(u, true)) {
        write_head(out, updates, ask->n, i, file->published, true);
        import_sigs_put(out, u->sigs.certs, u->sigs.n_certs, true);
        fputs("}\n", out);
    }
    return 0;
}

int
import_dbx(FILE *out, struct hasher *hasher, const struct import_ask *ask,
           struct import_fault *ret_fault)
{
    struct update *updates = calloc(ask->n + 1, sizeof(*updates));
    int r = updates ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        ret_fault->file = i;
        r = update_read(&updates[i], hasher, &ask->files[i], &ret_fault->fault);
    }
    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        r = write_update(out, hasher, ask, updates, i);
    }
    updates_free(updates, ask->n);
    return r;
}
