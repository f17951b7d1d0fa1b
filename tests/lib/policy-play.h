/* The member of boot-log.h, whose class is judged by a policy that a test publishes. One at a time.
 */
#pragma once

#include "lib/boot-log.h"
#include "lib/sealing.h"

#define PLAY_EV_APPLICATION 0x80000003u
#define PLAY_EV_GPT 0x80000006u

#define PLAY_HEADING                       \
    "policy laptop version 3 schema 1 {\n" \
    "  applies class in { c }\n"           \
    "  quote sha256 pcrs 0-9,14\n"
#define PLAY_IMAGES "  rule images : boot.images one-of @t/images count 3..4\n"

extern struct policy_play {
    struct sealing sealing;
    uint64_t sequence; /* of what was published last */
} policy_play;

/* A text for the class "c": head, a rule for each slot that the boot has but its images, then these
 * rules. Valid until the next call. */
const char *policy_play_text(const char *head, const char *image_rule, const char *more);

/* Loads the stored bundle anew, checked with these keys. */
void policy_play_keys(const struct p256 *key, size_t n);

/* Publishes a text; 0: it never ends. */
void policy_play_publish(const char *text, uint64_t not_after_s);

/* A member that was accepted by reference events, and a policy of now. */
void policy_play_start(const char *head, const char *image_rule, const char *more);

/* Asks for the JWT of the class; its code, with the answer in play.rig.reply. */
uint8_t policy_play_token(void);

/* What the store has of the device: its row, its last verdict, how many values it is held to. */
struct store_device policy_play_device(void);
struct store_last policy_play_last(void);
size_t policy_play_pins(void);

/* So many seconds later, for the verifier and the TPM. */
void policy_play_pass(int64_t s);

/* The next evidence, a second later: a 2.04. */
struct answer policy_play_attest(void);

/* Another content under an event, in log and PCRs; or another byte in what an event tells of,
 * measured as it is. */
void policy_play_change(uint32_t pcr, uint32_t type, unsigned nth, const char *content);
void policy_play_change_text(uint32_t pcr, uint32_t type, unsigned nth);
