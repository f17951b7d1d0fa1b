/* The verdict on one piece of evidence. Every check is a field that starts as not run; trust is the
 * conjunction of all of them, and a test flips each one. Nothing here starts true. */
#pragma once

#include "base/fault.h"
#include "wire/answer.h"

enum check { CHECK_NOT_RUN, CHECK_FAILED, CHECK_PASSED };

/* One line a check, in the order in which a first cause is named. CHECK(name) */
#define VERDICT_CHECKS(CHECK)                                                                 \
    CHECK(form)       /* evidence, claims and structures are well-formed and agree */         \
    CHECK(magic)      /* made by a TPM: TPM_GENERATED */                                      \
    CHECK(type)       /* a quote and nothing else */                                          \
    CHECK(algorithm)  /* the AK's own scheme and hash, none weak */                           \
    CHECK(signature)  /* by this device's AK */                                               \
    CHECK(signer)     /* qualifiedSigner: the AK lives under the endorsement hierarchy */     \
    CHECK(binding)    /* qualifyingData covers nonce, connection and claims */                \
    CHECK(selection)  /* the banks and PCRs asked for */                                      \
    CHECK(order)      /* newer than the last evidence; no clone, no clear */                  \
    CHECK(pcr_digest) /* the values at hand are those quoted */                               \
    CHECK(log)        /* a log is there and well-formed */                                    \
    CHECK(replay)     /* every active bank replays from the log to the quoted values */       \
    CHECK(growing)    /* the IMA list, where PCR 10 is quoted, is there and of this boot */   \
    CHECK(events)     /* separators, types and bound data are as the firmware profile says */ \
    CHECK(member)     /* the device has a class */                                            \
    CHECK(ek)         /* the EK's chain meets what the class demands */                       \
    CHECK(reference)  /* every event is what the class's policy, or its reference events, allow */

struct verdict {
#define VERDICT_FIELD(name) enum check name;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD

    size_t n_reasons; /* fails first, then warnings and notes, each once */
    enum reason reasons[LIMIT_REASONS];
    enum reason_effect effects[LIMIT_REASONS]; /* the catalogue's, or that of a policy's rule */

    /* First cause, for people: the rule, the event and PCR, and what was expected and seen. */
    struct fault fault;
    uint32_t pcr; /* FAULT_NO_EVENT when none */
    char expected[160];
    char seen[160];
    char policy_rule[LIMIT_BUNDLE_NAME + 1]; /* id, when a policy's rule is the first cause */
};

/* What is wrong, and how grave whoever found it takes it. */
struct finding {
    enum reason reason;
    enum reason_effect effect;
    const struct fault *fault; /* NULL: of no event */
    uint32_t pcr;              /* FAULT_NO_EVENT when none */
    const char *expected;      /* NULL: nothing to say */
    const char *seen;
    struct bytes policy_rule; /* id; empty: a check of ours */
};

/* Notes a finding; the first one that fails keeps its fault, PCR and texts. A reason that is noted
 * already gets the graver of both effects. */
void verdict_note(struct verdict *verdict, const struct finding *finding);

/* The same with the effect that the catalogue gives the reason. */
void verdict_add(struct verdict *verdict, enum reason reason, const struct fault *fault,
                 uint32_t pcr, const char *expected, const char *seen);

/* Sets one check and, when it failed, notes the rule's reason. Returns whether it passed. */
bool verdict_check(struct verdict *verdict, enum check *field, bool passed, enum rule rule);

/* True only when every check passed and no reason of effect FAIL is noted. */
bool verdict_trusted(const struct verdict *verdict);

/* True when signature, binding, order, digest and replay hold and the logs are of this boot:
 * evidence worth keeping to learn from, whatever policy says. */
bool verdict_genuine(const struct verdict *verdict);

/* Tier of the whole: affirming when trusted without warnings, warning with, else contraindicated;
 * none when the fault is the service's (8xx). */
enum tier verdict_tier(const struct verdict *verdict);
