/* What is learnt from a real boot says no more than it must: without any digest of its sets the
 * boot fails by the rule that names it. And it says enough: a boot that was tampered with is told
 * by its cause. */
#include <stdio.h>

#include "lib/check.h"
#include "lib/learn-rig.h"

/* The rule that names a set, by its id; the id goes to room. */
static const char *
rule_of(const char *set, char room[64])
{
    char text[200];
    const char *at;

    snprintf(text, sizeof(text), "@%s", set);
    for (at = strstr(learn_rig.text, text); at; at = strstr(at + 1, text)) {
        if (strchr(" \n{", at[strlen(text)])) {
            while (at[-1] != '\n') {
                at--;
            }
            CHECK_EQ(sscanf(at, "  rule %63s", room), 1);
            return room;
        }
    }
    check_fail(__FILE__, __LINE__, "no rule names %s", set);
}

/* Where the policy's text is: in which block, and which set a digest of this line is in. */
struct place {
    char component[64];
    char set[192];
    bool variant;
};

static void
follow(struct place *place, const char *line)
{
    char words[3][64] = {"", "", ""};

    ignore(sscanf(line, "%63s %63s %63s", words[0], words[1], words[2]), "fewer words are fine");
    if (strcmp(words[0], "release") == 0) {
        snprintf(place->component, sizeof(place->component), "%s", words[1]);
    } else if (strcmp(words[0], "set") == 0) {
        place->component[0] = '\0';
        snprintf(place->set, sizeof(place->set), "%s", words[2]);
    } else if (strcmp(words[0], "variant") == 0) {
        snprintf(place->set, sizeof(place->set), "%s/n", place->component);
        place->variant = true;
    } else if (strcmp(words[0], "}") == 0) {
        place->variant = false;
    } else if (place->component[0] != '\0' && !place->variant) {
        snprintf(place->set, sizeof(place->set), "%s.%s", place->component, words[0]);
    }
}

/* Judges the boot by the policy with one digest changed; its rule must be the first cause, or where
 * it only warns among the reasons. */
static void
check_without(char *digest, const char *id)
{
    char kept = *digest;
    const struct rule_result *result;

    *digest = kept == '0' ? '1' : '0';
    learn_rig_load(learn_rig.text);
    learn_rig_judge(learn_rig.boots[0]);
    result = learn_rig_rule(id);
    if (!result || result->outcome == OUTCOME_PASSED) {
        check_fail(__FILE__, __LINE__, "%s passes without %.16s", id, digest);
    }
    if (result->effect == EFFECT_FAIL) {
        CHECK_EQ(verdict_tier(&learn_rig.verdict), TIER_CONTRAINDICATED);
        CHECK_EQ(learn_rig.verdict.reasons[0], result->code.reason);
        CHECK_STR(learn_rig.verdict.policy_rule, id);
    }
    *digest = kept;
}

/* Changes each digest that stands in the policy, in turn. */
static size_t
change_policy(const char *path)
{
    struct place place = {0};
    size_t n = 0;

    learn_rig_pinned(path);
    for (char *line = strstr(learn_rig.text, "\n}\n") + 3; *line; line = strchr(line, '\n') + 1) {
        char *end = strchr(line, '\n');
        char *digest = memmem(line, (size_t)(end - line), "sha256:", 7);
        char room[64];

        follow(&place, line);
        if (digest) {
            check_without(digest + 7, rule_of(place.set, room));
            n++;
        }
    }
    return n;
}

static void
every_digest_of_a_policy_is_needed(void)
{
    CHECK_EQ(change_policy("boot/grub-sb-on/binary_bios_measurements"), 20);
    CHECK_EQ(change_policy("boot/sdboot-uki-sb-on/binary_bios_measurements"), 18);
    CHECK_EQ(change_policy("evlog/cos-85-amd-sev.bin"), 14);
}

/* ---- boots that were tampered with ---- */

static const struct tampered {
    const char *log;
    enum reason first; /* graver than what grub-sb-on itself gets: 306 and a quirk */
    enum reason_effect effect;
    const char *rule;
    enum reason also; /* follows from the same change */
} tampered[] = {
    /* lockdown=none, written into grub.cfg */
    {"boot/tampered-cmdline/binary_bios_measurements", REASON_CMDLINE_DENIED_TOKEN, EFFECT_FAIL,
     "cmdline", REASON_BOOT_FILE_UNKNOWN},
    {"boot/tampered-initrd/binary_bios_measurements", REASON_INITRD_UNKNOWN, EFFECT_FAIL, "initrd",
     REASON_NONE},
    /* a second disk to boot from: it was not */
    {"boot/tampered-extradev/binary_bios_measurements", REASON_BOOTVARS_CHANGED, EFFECT_NOTE,
     "bootvars", REASON_NONE},
    /* Secure Boot is on, and does not start it */
    {"boot/tampered-optrom-sbon/binary_bios_measurements", REASON_DRIVER_UNKNOWN, EFFECT_WARN,
     "optrom", REASON_NONE},
};

static bool
is_expected(const struct tampered *row, enum reason reason)
{
    return reason == row->first || reason == REASON_FW_NO_HW_RTM || reason == REASON_QUIRK_USED ||
           reason == row->also;
}

static void
a_boot_that_was_tampered_with_is_told_by_its_cause(void)
{
    for (size_t i = 0; i < ARRAY_LEN(tampered); i++) {
        const struct tampered *row = &tampered[i];
        const struct verdict *verdict = &learn_rig.verdict;
        const struct rule_result *result;

        learn_rig_pinned("boot/grub-sb-on/binary_bios_measurements");
        learn_rig_judge(learn_rig_file(row->log));
        result = learn_rig_rule(row->rule);
        CHECK_EQ(result->code.reason, row->first);
        CHECK_EQ(result->effect, row->effect);
        CHECK_EQ(verdict_tier(verdict),
                 row->effect == EFFECT_FAIL ? TIER_CONTRAINDICATED : TIER_WARNING);
        for (size_t k = 0; k < verdict->n_reasons; k++) {
            CHECK(is_expected(row, verdict->reasons[k]));
        }
        if (row->effect == EFFECT_FAIL) {
            CHECK_EQ(verdict->reasons[0], row->first);
            CHECK_STR(verdict->policy_rule, row->rule);
        }
    }
}

/* Not noted, refused, once a person takes the word that says so. */
static void
a_person_can_make_a_remark_a_refusal(void)
{
    char *at;

    learn_rig_pinned("boot/grub-sb-on/binary_bios_measurements");
    at = strstr(learn_rig.text, "driver forbid else warn");
    CHECK(at);
    memset(at + strlen("driver forbid"), ' ', strlen(" else warn"));
    learn_rig_load(learn_rig.text);
    learn_rig_judge(learn_rig_file("boot/tampered-optrom-sbon/binary_bios_measurements"));
    CHECK_EQ(learn_rig.verdict.reasons[0], REASON_DRIVER_UNKNOWN);
    CHECK_EQ(verdict_tier(&learn_rig.verdict), TIER_CONTRAINDICATED);
}

CHECK_MAIN(CASE(every_digest_of_a_policy_is_needed),
           CASE(a_boot_that_was_tampered_with_is_told_by_its_cause),
           CASE(a_person_can_make_a_remark_a_refusal))
