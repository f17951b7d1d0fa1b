#include "bundle-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

enum { KEY_MAX = 65536 };

static int
say_fault(const char *path, const struct fault *fault)
{
    fprintf(stderr, "assay: %s: %s (%d), %s\n", path, reason_name(rule_reason(fault->rule)),
            (int)rule_reason(fault->rule), rule_text(fault->rule));
    return 1;
}

static int
say_errno(const char *path, int r)
{
    fprintf(stderr, "assay: %s: %s\n", path, strerror(-r));
    return 1;
}

int
bundle_file_key(const char *path, struct pubkey **ret)
{
    struct bytes pem = BYTES_NULL;
    int r;

    if (cmd_read_file(path, KEY_MAX, &pem) != 0) {
        return 1;
    }
    r = pubkey_from_pem(pem, ret);
    free((void *)(uintptr_t)pem.p);
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", path,
                r < 0 ? strerror(-r) : "not a public key in PEM that we take");
    }
    return r == 0 ? 0 : 1;
}

/* The signature first, then the seal. Returns 0, 1 after a message, or a negative errno. */
static int
open_by_key(struct bundle_file *file, const char *path, const char *key_path, uint64_t now_s,
            struct fault *fault)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = hasher ? bundle_file_key(key_path, &key) : -ENOMEM;

    if (r != 0) {
        return r;
    }
    r = bundle_open(file->bytes, key, hasher, 0, now_s, &file->seal, fault);
    if (r == 0) {
        file->signature = "by the key given";
        file->vouched = true;
    }
    return r > 0 ? say_fault(path, fault) : r;
}

int
bundle_file_seal(struct bytes bytes, struct bundle_seal *ret, struct fault *ret_fault)
{
    struct cose_sign1 message;

    if (!bundle_is_signed(bytes)) {
        *ret = (struct bundle_seal){.body = bytes};
        return 0;
    }
    if (cose_sign1_read(bytes, &message) != 0 ||
        bundle_seal_read(message.payload, ret, ret_fault) != 0) {
        *ret_fault = (struct fault){.rule = RULE_WIRE_BUNDLE, .event = FAULT_NO_EVENT};
        return 1;
    }
    return 0;
}

/* The same without a key: only its form and its times. */
static int
open_unseen(struct bundle_file *file, const char *path, uint64_t now_s, struct fault *fault)
{
    file->signature =
        bundle_is_signed(file->bytes) ? "not checked: no --key" : "none: a compiled body";
    if (bundle_file_seal(file->bytes, &file->seal, fault) != 0) {
        return say_fault(path, fault);
    }
    if (now_s < file->seal.issued_s ||
        (file->seal.not_after_s > 0 && now_s >= file->seal.not_after_s)) {
        fault->rule = RULE_BUNDLE_LATE;
        return say_fault(path, fault);
    }
    return 0;
}

int
bundle_file_take(struct bytes take_bytes, const char *name, const char *key, uint64_t now_s,
                 struct bundle_file *ret)
{
    struct fault fault = {.rule = RULE_WIRE_BUNDLE, .event = FAULT_NO_EVENT};
    struct bundle_file file = {.signature = "", .bytes = take_bytes};
    int r = key ? open_by_key(&file, name, key, now_s, &fault)
                : open_unseen(&file, name, now_s, &fault);

    if (r == 0) {
        r = rulebook_new(file.seal.body, &file.book, &fault);
        r = r > 0 ? say_fault(name, &fault) : r;
    }
    if (r != 0) {
        bundle_file_done(&file);
        return r < 0 ? say_errno(name, r) : 1;
    }
    *ret = file;
    return 0;
}

int
bundle_file_open(const char *path, const char *key, uint64_t now_s, struct bundle_file *ret)
{
    struct bytes bytes = BYTES_NULL;

    return cmd_read_file(path, BUNDLE_FILE_MAX, &bytes) == 0
               ? bundle_file_take(bytes, path, key, now_s, ret)
               : 1;
}

void
bundle_file_done(struct bundle_file *file)
{
    rulebook_free(file->book);
    free((void *)(uintptr_t)file->bytes.p);
    *file = (struct bundle_file){.signature = ""};
}

/* The only policy that is of some class, or NULL. */
static const struct bundle_policy *
only_one(const struct bundle *bundle)
{
    const struct bundle_policy *found = NULL;

    for (size_t i = 0; i < bundle->n_policies; i++) {
        const struct bundle_policy *policy = &bundle->policies[i];

        if (policy->n_classes > 0 && found) {
            return NULL;
        }
        found = policy->n_classes > 0 ? policy : found;
    }
    return found;
}

/* Why there is none. */
static void
say_none(const struct bundle *bundle, const char *class_name, enum bundle_choice choice,
         const struct bundle_policy *const found[2])
{
    const struct bundle_policy *off =
        class_name ? bundle_policy_of(bundle, bytes_str(class_name), BYTES_NULL) : found[0];

    if (choice == BUNDLE_CHOICE_TWO) {
        fprintf(stderr, "assay: the policies %.*s and %.*s are both for such a device\n",
                (int)found[0]->name.len, (const char *)found[0]->name.p, (int)found[1]->name.len,
                (const char *)found[1]->name.p);
    } else if (off) {
        fprintf(stderr, "assay: the policy %.*s is off: the service would not ask it\n",
                (int)off->name.len, (const char *)off->name.p);
    } else {
        fprintf(stderr, "assay: the bundle %s\n",
                choice == BUNDLE_CHOICE_APART
                    ? "has policies for groups of that class alone: --group says which"
                : class_name ? "has no policy for that class"
                             : "has not exactly one policy that is of a class: --class says which");
    }
}

int
bundle_file_policy(const struct bundle_file *file, const char *class_name,
                   const struct bytes *groups, size_t n_groups, size_t *ret)
{
    const struct bundle *bundle = rulebook_bundle(file->book);
    const struct bundle_policy *found[2] = {NULL, NULL};
    enum bundle_choice choice = BUNDLE_CHOICE_NONE;

    if (class_name) {
        choice = bundle_choose(bundle, bytes_str(class_name), groups, n_groups, found);
    } else {
        found[0] = only_one(bundle);
        choice = found[0] && found[0]->mode != BUNDLE_MODE_OFF ? BUNDLE_CHOICE_ONE : choice;
    }
    if (choice != BUNDLE_CHOICE_ONE) {
        say_none(bundle, class_name, choice, found);
        return 1;
    }
    *ret = (size_t)(found[0] - bundle->policies);
    return 0;
}
