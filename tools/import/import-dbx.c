/* Updates of dbx as baselines. */
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "formats/authvar.h"
#include "formats/efiguid.h"
#include "formats/siglist.h"
#include "import/import.h"
#include "policy/policy-put.h"
#include "wire/bundle-set.h"

enum { SHA256_LEN = 32, SVNS = 64, NAME_LEN = 40 };

/* What is left of LIMIT_BUNDLE_NAME for the end of the certificates' set. */
_Static_assert(NAME_LEN + sizeof("/certs") <= LIMIT_BUNDLE_NAME, "names of sets fit");

struct revoked {
    uint8_t sig; /* a bundle_sig */
    uint8_t digest[SHA256_LEN];
};

struct update {
    char name[IMPORT_NAME_ROOM];
    struct authvar var;
    size_t n_raw, n_other; /* entries of the file; those that no set can hold */
    size_t n_hashes, n_certs, n_svns;
    struct revoked *hashes, *certs; /* sorted, each once */
    struct siglist_svn svns[SVNS];  /* the highest version of each */
};

static void
updates_free(struct update *updates, size_t n)
{
    for (size_t i = 0; updates && i < n; i++) {
        free(updates[i].hashes);
        free(updates[i].certs);
    }
    free(updates);
}

static int
order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct revoked));
}

static size_t
sort_once(struct revoked *list, size_t n)
{
    size_t kept = 0;

    if (n > 0) {
        qsort(list, n, sizeof(*list), order);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || order(&list[kept - 1], &list[i]) != 0) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

static void
add(struct revoked *list, size_t *n, enum bundle_sig sig, struct bytes digest)
{
    list[*n].sig = (uint8_t)sig;
    memcpy(list[(*n)++].digest, digest.p, SHA256_LEN);
}

/* Returns 0, or 1 when there are more applications than anybody revokes. */
static int
add_svn(struct update *u, const struct siglist_svn *svn)
{
    for (size_t i = 0; i < u->n_svns; i++) {
        if (bytes_equal(u->svns[i].guid, svn->guid)) {
            u->svns[i].version =
                u->svns[i].version > svn->version ? u->svns[i].version : svn->version;
            return 0;
        }
    }
    if (u->n_svns == SVNS) {
        return 1;
    }
    u->svns[u->n_svns++] = *svn;
    return 0;
}

static int
add_entry(struct update *u, struct hasher *hasher, const struct siglist_entry *entry)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct siglist_svn svn;
    struct bytes tbs;
    int r = 0;

    u->n_raw++;
    if (siglist_svn(entry, &svn)) {
        r = add_svn(u, &svn);
    } else if (entry->kind == SIGLIST_SHA256) {
        add(u->hashes, &u->n_hashes, BUNDLE_SIG_SHA256, entry->data);
    } else if (entry->kind == SIGLIST_X509) {
        r = hasher_bytes(hasher, HASH_SHA256, entry->data, digest);
        add(u->certs, &u->n_certs, BUNDLE_SIG_X509, bytes_of(digest, SHA256_LEN));
    } else if (siglist_tbs(entry, &tbs)) {
        add(u->certs, &u->n_certs, BUNDLE_SIG_X509_SHA256, tbs);
    } else {
        u->n_other++;
    }
    return r;
}

static int
update_read(struct update *u, struct hasher *hasher, const struct import_file *file,
            struct fault *ret_fault)
{
    struct siglist list;
    struct siglist_entry entry;
    size_t most = file->bytes.len / (EFIGUID_LEN + 1) + 1; /* an entry is longer than its owner */
    int r = authvar_read(file->bytes, &u->var, ret_fault);

    if (r != 0) {
        return r;
    }
    import_name(file, "dbx/", u->name);
    u->hashes = calloc(most, sizeof(*u->hashes));
    u->certs = calloc(most, sizeof(*u->certs));
    list = siglist_init(u->var.lists);
    while (u->hashes && u->certs && r == 0 && siglist_next(&list, &entry, NULL) == 0) {
        r = add_entry(u, hasher, &entry);
    }
    if (r != 0 || !u->hashes || !u->certs) {
        return r < 0 ? r : r > 0 ? fault_at(ret_fault, RULE_DBX_SVNS, FAULT_NO_EVENT, 0) : -ENOMEM;
    }
    u->n_hashes = sort_once(u->hashes, u->n_hashes);
    u->n_certs = sort_once(u->certs, u->n_certs);
    return strlen(u->name) > NAME_LEN ? fault_at(ret_fault, RULE_IMPORT_NAME, FAULT_NO_EVENT, 0)
                                      : 0;
}

/* ---- text ---- */

static bool
has_set(const struct update *u, bool certs)
{
    return certs ? u->n_certs > 0 : u->n_hashes + u->n_svns > 0;
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
write_revoked(FILE *out, const struct revoked *list, size_t n)
{
    static const char *const kinds[] = {
        [BUNDLE_SIG_X509] = "x509 ", [BUNDLE_SIG_SHA256] = "", [BUNDLE_SIG_X509_SHA256] = "tbs "};

    for (size_t i = 0; i < n; i++) {
        fprintf(out, "  %s", kinds[list[i].sig]);
        policy_put_digest(out, HASH_SHA256, BYTES_OF(list[i].digest));
        fputc('\n', out);
    }
}

static void
write_svns(FILE *out, const struct update *u)
{
    char guid[EFIGUID_TEXT_MAX];

    for (size_t i = 0; i < u->n_svns; i++) {
        fprintf(out, "  svn %s %u.%u\n", efiguid_text(u->svns[i].guid, guid),
                u->svns[i].version >> 16, u->svns[i].version & 0xffff);
    }
}

static void
write_comment(FILE *out, const struct update *u)
{
    fprintf(out,
            "# dated %04u-%02u-%02u by itself, its signature is not verified: take it from its "
            "publisher\n"
            "# %zu entries: %zu hashes, %zu versions, %zu certificates, each counted once\n",
            u->var.year, u->var.month, u->var.day, u->n_raw, u->n_hashes, u->n_svns, u->n_certs);
    if (u->n_other > 0) {
        fprintf(out,
                "# NOT IMPORTED: %zu entries of kinds that no set holds, or revoked from some day "
                "on\n",
                u->n_other);
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
        write_revoked(out, u->hashes, u->n_hashes);
        write_svns(out, u);
        fputs("}\n", out);
    }
    if (has_set(u, true)) {
        write_head(out, updates, ask->n, i, file->published, true);
        write_revoked(out, u->certs, u->n_certs);
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
