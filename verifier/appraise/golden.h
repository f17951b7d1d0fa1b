/* Golden measurements at event level: the reference events of a class, learned from members that an
 * operator named. Every event of PCR 0 to 7 must be among them, by PCR and digest; the type and the
 * label are hints for people. This is the simple policy that a richer one replaces behind this
 * header. Loaded once; no allocation while judging. */
#pragma once

#include "appraise/events.h"

struct golden_ref {
    uint32_t pcr;
    struct digest digest;
    char label[160]; /* for people */
};

struct golden;

/* Takes a copy of the references. Returns NULL when memory ends. */
struct golden *golden_new(const struct golden_ref *refs, size_t n_refs);
void golden_free(struct golden *golden);
void golden_freep(struct golden **golden);
size_t golden_count(const struct golden *golden);

/* Sets verdict->reference: failed with 803 when there are no references, with 301, 309, 421 or 205
 * naming the first event that is not among them, what stands at its place in the references (the
 * labels of that PCR) and what was seen. bank is the policy's. */
void golden_check(const struct golden *golden, const struct event_log *log, enum hash bank,
                  struct verdict *verdict);

/* Reason for an unknown event of a PCR. */
enum rule golden_rule(uint32_t pcr);
