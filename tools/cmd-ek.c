/* `assay ek …`: endorsement-key certificates, judged offline. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hex.h"
#include "base/text.h"
#include "cmd.h"
#include "formats/ekcert.h"
#include "formats/pem.h"
#include "formats/tpm-vendor.h"
#include "formats/x509-name.h"

enum { FILE_MAX_BYTES = 256 * 1024, STORE_MAX = 1024, NAME_ROOM = 256 };

/* What the options and files gave. Static, and never freed: all that is kept of the files hangs on
 * it until the process ends. */
struct ek_input {
    const char *roots;
    const char *file;
    bool json;
    bool allow_sha1;
    int64_t at_s;
    struct ekcert_ca *store;
    size_t n_store;
    struct bytes leaf; /* DER, padding cut off */
    struct x509 extra[LIMIT_CERTS];
    size_t n_extra;
};

typedef int (*take_cert)(struct ek_input *input, struct hasher *hasher, struct bytes der,
                         struct fault *fault);

/* shown: the path, escaped */
static bool
der_file(struct ek_input *input, struct hasher *hasher, const char *shown, struct bytes in,
         take_cert take)
{
    struct bytes der = BYTES_NULL;
    struct fault fault = {0};
    int r = x509_trim(in, &fault, &der);

    r = r != 0 ? r : take(input, hasher, der, &fault);
    if (r > 0) {
        fprintf(stderr, "assay: %s skipped: %s\n", shown, rule_text(fault.rule));
        free((void *)(uintptr_t)in.p);
    }
    return r == 0;
}

static size_t
pem_file(struct ek_input *input, struct hasher *hasher, const char *shown, struct bytes in,
         take_cert take)
{
    struct rd rd = rd_init(in);
    size_t n = 0;

    for (size_t block = 1;; block++) {
        struct fault fault = {.rule = RULE_X509_DER};
        uint8_t *room = malloc(LIMIT_CERT_BYTES);
        size_t len = 0;
        int r = room ? pem_next(&rd, room, LIMIT_CERT_BYTES, &len) : PEM_E_NONE;

        if (r == PEM_E_NONE) {
            free(room);
            return n;
        }
        r = r != 0 ? r : take(input, hasher, bytes_of(room, len), &fault);
        n += r == 0;
        if (r > 0) {
            fprintf(stderr, "assay: %s, certificate %zu skipped: %s\n", shown, block,
                    rule_text(fault.rule));
            free(room);
        }
    }
}

/* Calls take for each certificate of the file. Returns their number and names what it skips. */
static size_t
each_cert(struct ek_input *input, struct hasher *hasher, const char *path, take_cert take)
{
    struct bytes in = BYTES_NULL;
    char room[CMD_PATH_ROOM];
    const char *shown = cmd_path(path, room);
    size_t n;

    if (cmd_read_file(path, FILE_MAX_BYTES, &in) != 0) {
        return 0;
    }
    if (in.len > 0 && (in.p[0] == DER_SEQUENCE || in.p[0] == 0x10)) { /* 10: TPM 1.2 head */
        return der_file(input, hasher, shown, in, take);
    }
    n = pem_file(input, hasher, shown, in, take);
    free((void *)(uintptr_t)in.p);
    if (n == 0) {
        fprintf(stderr, "assay: %s holds no certificate that can be used\n", shown);
    }
    return n;
}

static int
take_ca(struct ek_input *input, struct hasher *hasher, struct bytes der, struct fault *fault)
{
    if (input->n_store == STORE_MAX) {
        return fault_at(fault, RULE_EKCHAIN_DEPTH, FAULT_NO_EVENT, 0);
    }
    return ekcert_ca_read(hasher, der, fault, &input->store[input->n_store]) == 0
               ? (input->n_store++, 0)
               : 1;
}

/* The first is the leaf; it is judged later, so that its faults are the verdict. */
static int
take_leaf(struct ek_input *input, struct hasher *hasher, struct bytes der, struct fault *fault)
{
    (void)hasher;
    if (!input->leaf.p) {
        input->leaf = der;
        return 0;
    }
    if (input->n_extra == LIMIT_CERTS) {
        return fault_at(fault, RULE_EKCHAIN_DEPTH, FAULT_NO_EVENT, 0);
    }
    return x509_read(der, fault, &input->extra[input->n_extra]) == 0 ? (input->n_extra++, 0) : 1;
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool
read_store(struct ek_input *input, struct hasher *hasher)
{
    struct dirent **names = NULL;
    char room[CMD_PATH_ROOM];
    int n = scandir(input->roots, &names, is_visible, alphasort);

    if (n < 0) {
        fprintf(stderr, "assay: cannot read %s: %s\n", cmd_path(input->roots, room),
                strerror(errno));
        return false;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", input->roots, names[i]->d_name) <
            sizeof(path)) {
            ignore(each_cert(input, hasher, path, take_ca) == 0, "it is named and skipped");
        }
        free(names[i]);
    }
    free(names);
    return true;
}

struct ek_verdict {
    struct fault fault; /* RULE_NONE: verified */
    struct ekcert ek;
    bool has_ek;
    struct ekcert_chain chain;
    char fingerprint[2 * 32 + 1]; /* SHA-256 of the SubjectPublicKeyInfo, as rsaEncryption */
    char vendor[TPM_VENDOR_ROOM]; /* "" when its certificate names none by id */
};

static void
describe(struct hasher *hasher, struct ek_verdict *verdict)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    uint8_t spki[LIMIT_CERT_BYTES];
    uint8_t digest[32];
    size_t len = 0;

    if (x509_key(&verdict->ek.cert, &key) == 0 && pubkey_spki(key, spki, sizeof(spki), &len) == 0 &&
        hasher_bytes(hasher, HASH_SHA256, bytes_of(spki, len), digest) == 0) {
        hex_write(verdict->fingerprint, BYTES_OF(digest));
    }
    if (verdict->ek.vendor_id != 0) {
        (void)tpm_vendor_text(verdict->ek.vendor_id, verdict->vendor);
    }
}

static int
judge(const struct ek_input *input, struct hasher *hasher, struct ek_verdict *verdict)
{
    struct ekcert_query query = {.extra = input->extra,
                                 .n_extra = input->n_extra,
                                 .store = input->store,
                                 .n_store = input->n_store,
                                 .now_s = input->at_s,
                                 .allow_sha1 = input->allow_sha1};
    int r = ekcert_read(input->leaf, &verdict->fault, &verdict->ek);

    if (r != 0) {
        return r;
    }
    verdict->has_ek = true;
    describe(hasher, verdict);
    return ekcert_chain(hasher, &verdict->ek, &query, &verdict->fault, &verdict->chain);
}

static const char *
kind_name(enum key_kind kind)
{
    static const char *const names[] = {"none", "P-256", "P-384", "P-521", "RSA"};

    return names[kind];
}

static void
print_text(const struct ek_verdict *verdict)
{
    char room[NAME_ROOM];
    const struct ekcert *ek = &verdict->ek;

    if (verdict->has_ek) {
        printf("maker:       %s%s%s%s\n", text_escaped(room, sizeof(room), ek->maker),
               verdict->vendor[0] ? " (" : "", verdict->vendor, verdict->vendor[0] ? ")" : "");
        printf("model:       %s\n", text_escaped(room, sizeof(room), ek->model));
        printf("version:     %s\n", text_escaped(room, sizeof(room), ek->version));
        printf("key:         %s, %u bits\n", kind_name(ek->key_kind), ek->key_bits);
        printf("fingerprint: %s\n", verdict->fingerprint);
    }
    for (size_t i = 0; i < verdict->chain.n; i++) {
        printf("chain %zu:     %s\n", i,
               x509_name_text(room, sizeof(room), verdict->chain.cert[i]->subject));
    }
    if (verdict->chain.sha1_used) {
        printf("note:        signed over SHA-1, which was allowed\n");
    }
    if (verdict->fault.rule == RULE_NONE) {
        printf("verdict:     verified\n");
    } else {
        printf("verdict:     refused\n");
        cmd_fault_print(&verdict->fault);
    }
}

static json_t *
chain_json(const struct ekcert_chain *chain)
{
    json_t *list = json_array();
    char room[NAME_ROOM];

    for (size_t i = 0; i < chain->n; i++) {
        const struct x509 *cert = chain->cert[i];

        json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:I}", "subject",
                                              x509_name_text(room, sizeof(room), cert->subject),
                                              "serial", cmd_hex_json(cert->serial), "not_before",
                                              (json_int_t)cert->not_before, "not_after",
                                              (json_int_t)cert->not_after));
    }
    return list;
}

static int
print_json(const struct ek_verdict *verdict)
{
    const struct ekcert *ek = &verdict->ek;
    json_t *root =
        json_pack("{s:s, s:o, s:b, s:o}", "verdict",
                  verdict->fault.rule == RULE_NONE ? "verified" : "refused", "fault",
                  verdict->fault.rule == RULE_NONE ? json_null() : cmd_fault_json(&verdict->fault),
                  "sha1_used", verdict->chain.sha1_used, "chain", chain_json(&verdict->chain));

    if (verdict->has_ek) {
        json_object_set_new(root, "maker", cmd_text_json(ek->maker));
        json_object_set_new(root, "vendor", json_string(verdict->vendor));
        json_object_set_new(root, "model", cmd_text_json(ek->model));
        json_object_set_new(root, "version", cmd_text_json(ek->version));
        json_object_set_new(root, "key", json_string(kind_name(ek->key_kind)));
        json_object_set_new(root, "key_bits", json_integer(ek->key_bits));
        json_object_set_new(root, "fingerprint", json_string(verdict->fingerprint));
    }
    return cmd_print_json(root);
}

static bool
parse_seconds(const char *text, int64_t *ret_s)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    *ret_s = value;
    return errno == 0 && end != text && *end == '\0' && value >= 0;
}

/* NULL, or what is wrong with the arguments. */
static const char *
parse_args(int argc, char **argv, struct ek_input *input)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            input->json = true;
        } else if (strcmp(argv[i], "--allow-sha1") == 0) {
            input->allow_sha1 = true;
        } else if (strcmp(argv[i], "--roots") == 0 && i + 1 < argc) {
            input->roots = argv[++i];
        } else if (strcmp(argv[i], "--at") == 0 && i + 1 < argc) {
            if (!parse_seconds(argv[++i], &input->at_s)) {
                return "--at wants seconds since 1970";
            }
        } else if ((argv[i][0] == '-' && argv[i][1] != '\0') || input->file) {
            return argv[i][0] == '-' ? "unknown or incomplete option" : "one file only";
        } else {
            input->file = argv[i];
        }
    }
    return !input->roots ? "--roots is missing" : !input->file ? "which file?" : NULL;
}

static int
run_check(const struct cmd *self, int argc, char **argv)
{
    static struct ek_input input;
    static struct ek_verdict verdict;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct timespec now;
    const char *problem;
    int r;

    clock_gettime(CLOCK_REALTIME, &now);
    input.at_s = now.tv_sec;
    problem = parse_args(argc, argv, &input);
    if (problem) {
        return cmd_usage(self, problem);
    }
    input.store = calloc(STORE_MAX, sizeof(*input.store));
    if (!hasher || !input.store || !read_store(&input, hasher) ||
        each_cert(&input, hasher, input.file, take_leaf) == 0) {
        return CMD_NO;
    }
    r = judge(&input, hasher, &verdict);
    if (r < 0) {
        fprintf(stderr, "assay: %s\n", strerror(-r));
    } else if (input.json) {
        r |= print_json(&verdict);
    } else {
        print_text(&verdict);
    }
    return r == 0 ? CMD_YES : CMD_NO;
}

extern const struct cmd cmd_ek_check;
const struct cmd cmd_ek_check = {
    .name = "ek check",
    .args = "--roots DIR FILE [--json] [--at UNIX_SECONDS] [--allow-sha1]",
    .summary = "check a TPM's endorsement-key certificate against its maker's roots",
    .help =
        "FILE is DER, as read from NV (padding and a TPM 1.2 head are taken off), or PEM, whose\n"
        "further certificates may stand between the first and an anchor. DIR holds anchors\n"
        "(self-signed) and intermediates, DER or PEM; what cannot be read is named and skipped.\n"
        "SHA-1 below the anchor is refused unless allowed. Exit status: 0 verified, 1 refused or\n"
        "not readable, 2 usage.\n\n"
        "  tpm2_nvread 0x01c00002 -C o -o ek.der; assay ek check --roots /etc/assay/ek-roots "
        "ek.der\n",
    .run = run_check,
};
