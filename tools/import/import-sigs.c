#include "import/import-sigs.h"

#include <errno.h>
#include <stdlib.h>

#include "formats/efiguid.h"
#include "policy/policy-put.h"

enum { SHA256_LEN = 32 };

int
import_sigs_init(struct import_sigs *sigs, size_t n)
{
    *sigs = (struct import_sigs){0};
    sigs->hashes = calloc(n + 1, sizeof(*sigs->hashes));
    sigs->certs = calloc(n + 1, sizeof(*sigs->certs));
    return sigs->hashes && sigs->certs ? 0 : -ENOMEM;
}

void
import_sigs_done(struct import_sigs *sigs)
{
    free(sigs->hashes);
    free(sigs->certs);
    *sigs = (struct import_sigs){0};
}

static int
order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct import_sig));
}

static size_t
sort_once(struct import_sig *list, size_t n)
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

void
import_sigs_sort(struct import_sigs *sigs)
{
    sigs->n_hashes = sort_once(sigs->hashes, sigs->n_hashes);
    sigs->n_certs = sort_once(sigs->certs, sigs->n_certs);
}

static void
add(struct import_sig *list, size_t *n, enum bundle_sig sig, struct bytes digest)
{
    list[*n].sig = (uint8_t)sig;
    memcpy(list[(*n)++].digest, digest.p, SHA256_LEN);
}

static int
add_svn(struct import_sigs *sigs, const struct siglist_svn *svn)
{
    struct import_svn *one = sigs->svns;

    if (svn->version == 0) {
        return 0; /* below which there is none */
    }
    while (one < &sigs->svns[sigs->n_svns] && !bytes_equal(BYTES_OF(one->guid), svn->guid)) {
        one++;
    }
    if (one == &sigs->svns[IMPORT_SVNS]) {
        return 1;
    }
    if (one == &sigs->svns[sigs->n_svns]) {
        memcpy(one->guid, svn->guid.p, sizeof(one->guid));
        one->version = 0;
        sigs->n_svns++;
    }
    one->version = one->version > svn->version ? one->version : svn->version;
    return 0;
}

int
import_sigs_add(struct import_sigs *sigs, struct hasher *hasher, const struct siglist_entry *entry)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct siglist_svn svn;
    struct bytes tbs;
    int r = 0;

    sigs->n_raw++;
    if (siglist_svn(entry, &svn)) {
        r = add_svn(sigs, &svn);
    } else if (entry->kind == SIGLIST_SHA256) {
        add(sigs->hashes, &sigs->n_hashes, BUNDLE_SIG_SHA256, entry->data);
    } else if (entry->kind == SIGLIST_X509) {
        r = hasher_bytes(hasher, HASH_SHA256, entry->data, digest);
        add(sigs->certs, &sigs->n_certs, BUNDLE_SIG_X509, bytes_of(digest, SHA256_LEN));
    } else if (siglist_tbs(entry, &tbs)) {
        add(sigs->certs, &sigs->n_certs, BUNDLE_SIG_X509_SHA256, tbs);
    } else {
        sigs->n_other++;
    }
    return r;
}

void
import_sigs_put(FILE *out, const struct import_sig *list, size_t n, bool dbx)
{
    static const char *const kinds[] = {[BUNDLE_SIG_X509] = "x509 ",
                                        [BUNDLE_SIG_SHA256] = "image ",
                                        [BUNDLE_SIG_X509_SHA256] = "tbs "};

    for (size_t i = 0; i < n; i++) {
        bool usual = dbx && list[i].sig == BUNDLE_SIG_SHA256;

        fprintf(out, "  %s", usual ? "" : kinds[list[i].sig]);
        policy_put_digest(out, HASH_SHA256, BYTES_OF(list[i].digest));
        fputc('\n', out);
    }
}

void
import_svns_put(FILE *out, const struct import_sigs *sigs)
{
    char guid[EFIGUID_TEXT_MAX];

    for (size_t i = 0; i < sigs->n_svns; i++) {
        fprintf(out, "  svn %s %u.%u\n", efiguid_text(BYTES_OF(sigs->svns[i].guid), guid),
                sigs->svns[i].version >> 16, sigs->svns[i].version & 0xffff);
    }
}
