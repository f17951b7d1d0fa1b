/* Signed policy bundles, made as `assay policy compile` and `sign` make them. */
#pragma once

#include "crypto/p256.h"
#include "wire/bundle.h"

struct sealing {
    struct privkey *key;
    struct p256 point; /* its public half */
    struct hasher *hasher;
};

/* A fresh key, kept until the process ends. */
void sealing_new(struct sealing *ret);

/* The bundle of a policy text (rule-play.h), signed; 0 for not_after_s: it never ends. Memory that
 * lives until the process ends. */
struct bytes sealing_text(struct sealing *sealing, const char *text, uint64_t sequence,
                          uint64_t issued_s, uint64_t not_after_s);

/* The same of a body, whatever it holds. */
struct bytes sealing_body(struct sealing *sealing, struct bytes body, uint64_t sequence,
                          uint64_t issued_s, uint64_t not_after_s);

/* A policy "NAME" for the class that a rulebook takes, as text; mode as in "enforce". Memory that
 * lives until the process ends. */
const char *sealing_policy(const char *name, const char *class_name, const char *mode);
