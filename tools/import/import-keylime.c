/* keylime's reference state for measured boot, as its generator and its example have it. */
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "formats/der.h"
#include "import/import-json.h"
#include "import/import-sigs.h"
#include "import/import.h"
#include "policy/policy-put.h"
#include "wire/bundle-part.h"

enum { SHA256_LEN = 32, LIST_MAX = 65536, STATES_MAX = 64 };

struct state {
    FILE *out;
    struct hasher *hasher;
    const char *name;    /* of what becomes of it */
    const char *version; /* of its releases; numbered where there are several */
};

/* ---- digests ---- */

/* {"sha256": "0x…"} or the string alone; false when it is neither. */
static bool
digest_of(const json_t *value, uint8_t ret[SHA256_LEN])
{
    const json_t *text = json_is_object(value) ? json_object_get(value, "sha256") : value;
    size_t len;

    return import_json_hex(text, ret, SHA256_LEN, &len) == 0 && len == SHA256_LEN;
}

/* A line `PART sha256:…`. */
static bool
put_part(struct state *s, const char *part, const json_t *value)
{
    uint8_t digest[SHA256_LEN];

    if (!digest_of(value, digest)) {
        return false;
    }
    fprintf(s->out, "  %s ", part);
    policy_put_digest(s->out, HASH_SHA256, BYTES_OF(digest));
    fputc('\n', s->out);
    return true;
}

static void
put_release(struct state *s, const char *component, size_t i, size_t n)
{
    fprintf(s->out, "release %s %s %s", component, s->name, s->version);
    if (n > 1) {
        fprintf(s->out, "-%zu", i + 1);
    }
    fputs(" {\n  source operator keylime\n", s->out);
}

/* ---- firmware ---- */

static bool
put_blobs(struct state *s, const json_t *list)
{
    uint8_t seen[LIMIT_BANKS * 4][SHA256_LEN];
    size_t n = 0;

    if (!json_is_array(list) || json_array_size(list) > ARRAY_LEN(seen)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool again = false;

        if (!digest_of(json_array_get(list, i), seen[n])) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            again = again || memcmp(seen[k], seen[n], SHA256_LEN) == 0;
        }
        if (!again) {
            ignore(!put_part(s, "blob", json_array_get(list, i)), "it was read above");
            n++;
        }
    }
    return true;
}

static bool
put_firmware(struct state *s, const json_t *list)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > STATES_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *scrtm = json_object_get(one, "scrtm");

        put_release(s, "fw", i, n);
        if (!put_blobs(s, json_object_get(one, "platform_firmware")) ||
            (scrtm && !put_part(s, "scrtm", scrtm))) {
            return false;
        }
        fputs("}\n", s->out);
    }
    return true;
}

/* ---- lists of keys ---- */

/* {"SignatureOwner": …, "SignatureData": "0x…"}: a certificate, or a hash of an image or a version.
 * The owner's GUID stands in either order of bytes there, so a version is known by its zeros. */
static int
take_signature(struct import_sigs *sigs, struct hasher *hasher, const json_t *value,
               uint8_t room[LIMIT_CERT_BYTES])
{
    static const uint8_t owner[16] = {0x6c, 0x2b, 0x13, 0x9d, 0xd5, 0x59, 0x88, 0x43,
                                      0xab, 0x1c, 0x18, 0x5c, 0xfc, 0xb2, 0xeb, 0x92};
    struct siglist_entry entry = {.kind = SIGLIST_SHA256, .owner = BYTES_OF(owner)};
    struct rd rd;
    size_t len;

    if (import_json_hex(json_object_get(value, "SignatureData"), room, LIMIT_CERT_BYTES, &len) !=
        0) {
        return 1;
    }
    entry.data = bytes_of(room, len);
    rd = rd_init(entry.data);
    (void)der_whole(&rd, DER_SEQUENCE);
    entry.kind = len == SHA256_LEN ? SIGLIST_SHA256 : rd_end(&rd) ? SIGLIST_X509 : SIGLIST_OTHER;
    return import_sigs_add(sigs, hasher, &entry);
}

static void
put_signatures(struct state *s, const char *what, const struct import_sigs *sigs)
{
    bool dbx = strcmp(what, "dbx") == 0;

    if (sigs->n_other > 0) {
        fprintf(s->out, "# NOT IMPORTED: %zu entries of %s that no set holds\n", sigs->n_other,
                what);
    }
    if (sigs->n_hashes + sigs->n_certs + (dbx ? sigs->n_svns : 0) == 0) {
        return;
    }
    fprintf(s->out, "set %s %s%s/%s {\n", dbx ? "dbx" : "certs", dbx ? "" : "sb/", what, s->name);
    import_sigs_put(s->out, sigs->certs, sigs->n_certs, dbx);
    import_sigs_put(s->out, sigs->hashes, sigs->n_hashes, dbx);
    if (dbx) {
        import_svns_put(s->out, sigs);
    }
    fputs("}\n", s->out);
}

static int
put_list(struct state *s, const char *what, const json_t *list)
{
    CLEANUP(free_p) uint8_t *room = malloc(LIMIT_CERT_BYTES);
    struct import_sigs sigs = {0};
    size_t n = json_array_size(list);
    int r = json_is_array(list) && n <= LIST_MAX ? 0 : 1;

    r = r == 0 ? import_sigs_init(&sigs, n) : r;
    r = r == 0 && !room ? -ENOMEM : r;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take_signature(&sigs, s->hasher, json_array_get(list, i), room);
    }
    if (r == 0) {
        import_sigs_sort(&sigs);
        put_signatures(s, what, &sigs);
    }
    import_sigs_done(&sigs);
    return r;
}

/* ---- digests of shim's lists ---- */

static bool
put_mok(struct state *s, const char *set, const json_t *list)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > LIST_MAX) {
        return false;
    }
    if (n > 0) {
        fprintf(s->out, "set digests %s/%s {\n", set, s->name);
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[SHA256_LEN];

        if (!digest_of(json_array_get(list, i), digest)) {
            return false;
        }
        fputs("  ", s->out);
        policy_put_digest(s->out, HASH_SHA256, BYTES_OF(digest));
        fputc('\n', s->out);
    }
    fputs(n > 0 ? "}\n" : "", s->out);
    return true;
}

/* ---- kernels ---- */

static const struct {
    const char *key, *part;
} images[] = {
    {"shim_authcode_sha256", "shim"},     {"grub_authcode_sha256", "grub"},
    {"kernel_authcode_sha256", "kernel"}, {"initrd_plain_sha256", "initrd"},
    {"vmlinuz_plain_sha256", "vmlinuz"},
};

static bool
put_kernel(struct state *s, const json_t *kernel)
{
    const json_t *line = json_object_get(kernel, "kernel_cmdline");
    size_t known = line != NULL;

    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        const json_t *image = json_object_get(kernel, images[i].key);

        if (image && !put_part(s, images[i].part, image)) {
            return false;
        }
        known += image != NULL;
    }
    if (line) {
        fputs("  # NOT IMPORTED: a regular expression, write a cmdline block: ", s->out);
        policy_put_quoted(s->out, import_json_text(line));
        fputc('\n', s->out);
    }
    return json_is_object(kernel) && known == json_object_size(kernel) &&
           (!line || json_is_string(line));
}

static bool
put_kernels(struct state *s, const json_t *list)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > STATES_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        put_release(s, "os", i, n);
        if (!put_kernel(s, json_array_get(list, i))) {
            return false;
        }
        fputs("}\n", s->out);
    }
    return true;
}

/* ---- the whole ---- */

static int
put_member(struct state *s, const char *key, const json_t *value)
{
    static const char *const lists[] = {"pk", "kek", "db", "dbx", "vendor_db"};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (strcmp(key, lists[i]) == 0) {
            return put_list(s, key, value);
        }
    }
    if (strcmp(key, "scrtm_and_bios") == 0) {
        return !put_firmware(s, value);
    }
    if (strcmp(key, "mokdig") == 0 || strcmp(key, "mokxdig") == 0) {
        return !put_mok(s, strcmp(key, "mokdig") == 0 ? "mok" : "mokx", value);
    }
    if (strcmp(key, "kernels") == 0) {
        return !put_kernels(s, value);
    }
    if (strcmp(key, "has_secureboot") == 0 && json_is_boolean(value)) {
        fprintf(s->out, "# it says that Secure Boot is %s: that is a rule, `secureboot is on`\n",
                json_is_true(value) ? "on" : "off");
        return 0;
    }
    fputs("# NOT IMPORTED, a member that is not known: ", s->out);
    policy_put_quoted(s->out, bytes_str(key));
    fputc('\n', s->out);
    return 0;
}

static int
put_state(struct state *s, const struct import_file *file)
{
    CLEANUP(import_json_freep) json_t *whole = import_json(file->bytes);
    const char *key;
    json_t *value;
    int r;

    /* what has neither is some other JSON, and nothing of it would be a release */
    if (!json_object_get(whole, "scrtm_and_bios") && !json_object_get(whole, "kernels")) {
        return 1;
    }
    r = import_origin(s->out, s->hasher, "keylime's reference state", file);
    json_object_foreach(whole, key, value)
    {
        r = r == 0 ? put_member(s, key, value) : r;
    }
    return r;
}

int
import_keylime_boot(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                    struct import_fault *ret_fault)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        char name[IMPORT_NAME_ROOM];
        struct state s = {
            .out = out, .hasher = hasher, .version = ask->release ? ask->release : "1"};

        s.name = import_name(&ask->files[i], "", name);
        ret_fault->file = i;
        r = put_state(&s, &ask->files[i]);
        if (r > 0) {
            r = fault_at(&ret_fault->fault, RULE_KEYLIME_FORM, FAULT_NO_EVENT, 0);
        }
    }
    return r;
}

/* ---- runtime policies ---- */

static enum hash
hash_of_length(size_t len)
{
    static const enum hash known[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (hash_size(known[i]) == len) {
            return known[i];
        }
    }
    return HASH_N;
}

/* A path stands alone on its line, and a terminal shows it: without control characters, those of
 * Latin-1 in UTF-8 too, or it is told and left out. */
static bool
is_plain(const char *path)
{
    for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++) {
        if (*p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0)) {
            return false;
        }
    }
    return path[0] != '\0';
}

static bool
put_files(FILE *out, const char *path, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        uint8_t digest[HASH_SIZE_MAX];
        size_t len = 0;

        if (import_json_hex(json_array_get(list, i), digest, sizeof(digest), &len) != 0 ||
            hash_of_length(len) == HASH_N) {
            return false;
        }
        policy_put_digest(out, hash_of_length(len), bytes_of(digest, len));
        fprintf(out, " %s\n", path);
    }
    return json_is_array(list);
}

/* What else decides there and has no place in a list of digests. */
static void
put_rest(FILE *out, const json_t *whole)
{
    static const char *const told[] = {"excludes", "keyrings", "ima-buf", "verification-keys"};

    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        const json_t *value = json_object_get(whole, told[i]);
        size_t n = json_is_array(value)    ? json_array_size(value)
                   : json_is_object(value) ? json_object_size(value)
                                           : json_string_length(value);

        if (n > 0) {
            fprintf(out, "# NOT IMPORTED: %s, which %s not empty\n", told[i],
                    i == 0 || i == 1 || i == 3 ? "are" : "is");
        }
    }
}

static int
put_runtime(FILE *out, struct hasher *hasher, const struct import_file *file)
{
    CLEANUP(import_json_freep) json_t *whole = import_json(file->bytes);
    json_t *digests = json_object_get(whole, "digests");
    const char *path;
    json_t *list;
    size_t n_odd = 0;
    int r;

    if (!json_is_object(digests) || !json_is_object(json_object_get(whole, "meta"))) {
        return 1;
    }
    r = import_origin(out, hasher, "keylime's runtime policy", file);
    put_rest(out, whole);
    json_object_foreach(digests, path, list)
    {
        if (!is_plain(path)) {
            n_odd++;
        } else if (r == 0 && !put_files(out, path, list)) {
            r = 1;
        }
    }
    if (n_odd > 0) {
        fprintf(out, "# NOT IMPORTED: %zu paths with control characters\n", n_odd);
    }
    return r;
}

int
import_keylime_runtime(FILE *out, struct hasher *hasher, const struct import_ask *ask,
                       struct import_fault *ret_fault)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        ret_fault->file = i;
        r = put_runtime(out, hasher, &ask->files[i]);
        if (r > 0) {
            r = fault_at(&ret_fault->fault, RULE_KEYLIME_RUNTIME, FAULT_NO_EVENT, 0);
        }
    }
    return r;
}
