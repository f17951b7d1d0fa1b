/* A policy bundle from a file, ready to judge by. */
#pragma once

#include "appraise/rulebook.h"

struct bundle_file {
    struct bytes bytes;      /* owned */
    struct bundle_seal seal; /* of a body: sequence 0; views into bytes */
    const char *signature;   /* what can be said of it, in words */
    bool vouched;            /* signed by the key that was given */
    struct rulebook *book;   /* owned */
};

/* The most that a bundle's file has: its body, seal and signature. */
enum { BUNDLE_FILE_MAX = LIMIT_BUNDLE_BYTES + 1024 };

/* A public key from a file in PEM. Returns 0 with *ret, owned by the caller, or 1 after a message
 * on stderr. */
MUST_CHECK int bundle_file_key(const char *path, struct pubkey **ret);

/* The seal of a compiled body (sequence 0) or a signed bundle, without a look at its signature.
 * *ret has views into bytes. Returns 0, or 1 with the fault: not a signed bundle. */
MUST_CHECK int bundle_file_seal(struct bytes bytes, struct bundle_seal *ret,
                                struct fault *ret_fault);

/* Opens a compiled body or a signed bundle. With key (a public key in PEM) the signature must be by
 * it; with NULL it is not looked at. A signed bundle must count at now_s, as it must for the
 * service. Returns 0, to be freed with bundle_file_done(), or 1 after a message on stderr. */
MUST_CHECK int bundle_file_open(const char *path, const char *key, uint64_t now_s,
                                struct bundle_file *ret);

/* The same of bytes that are at hand; name: for messages. take_bytes is freed with *ret, or at once
 * on a failure. */
MUST_CHECK int bundle_file_take(struct bytes take_bytes, const char *name, const char *key,
                                uint64_t now_s, struct bundle_file *ret);
void bundle_file_done(struct bundle_file *file);

/* The policy of a device of this class and these groups or, without a class, the only one that is
 * of any class. Returns 0 with its place in the bundle, or 1 after a message on stderr: there is
 * none, it is not the only one, or its mode is off, so that the service would not ask it. */
#define BUNDLE_FILE_GROUPS 8u
MUST_CHECK int bundle_file_policy(const struct bundle_file *file, const char *class_name,
                                  const struct bytes *groups, size_t n_groups, size_t *ret);
