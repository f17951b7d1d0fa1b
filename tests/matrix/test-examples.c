/* The policies in docs/examples, each judging the recorded boot that it says it fits: what they say
 * of it stands here, with the reason of each warning, and that they refuse what they should. */
#include <stdio.h>

#include "lib/check.h"
#include "lib/learn-rig.h"

static const struct example {
    const char *file, *policy, *log, *reasons;
    enum tier tier;
} examples[] = {
    /* no hardware began to measure; a db without the CA of 2023; nobody asked for advisories or
     * for an IMA list */
    {"laptop", "laptop-uefi", "boot/grub-sb-on/binary_bios_measurements",
     "409w 306w 321w 601w 219n", TIER_WARNING},
    /* mode observe; PCR 9, where the kernel repeats what the stub measured, is not quoted */
    {"server-uki", "server-uki", "boot/sdboot-uki-sb-on/binary_bios_measurements", "306w 807w",
     TIER_WARNING},
    /* Secure Boot is off, and U-Boot measures nothing of itself */
    {"gateway", "gateway-uefi", "boot/uboot-arm64/binary_bios_measurements", "401w 403w 306w 806w",
     TIER_WARNING},
    {"cloud-vm", "cloud-vm", "evlog/cos-85-amd-sev.bin", "442w 306w 806w 219n", TIER_WARNING},
};

static const struct example *
example_of(const char *file)
{
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        if (strcmp(examples[i].file, file) == 0) {
            return &examples[i];
        }
    }
    check_fail(__FILE__, __LINE__, "no example %s", file);
}

/* Loads the example and judges its own boot by it, as it is enrolled and again. */
static void
load(const struct example *example)
{
    char path[128];
    static char text[65536];
    struct bytes file;
    const struct bundle *bundle;

    learn_rig_new();
    snprintf(path, sizeof(path), "../../docs/examples/%s.policy", example->file);
    file = check_vector(path);
    CHECK(file.len < sizeof(text));
    memcpy(text, file.p, file.len);
    text[file.len] = '\0';
    learn_rig_load(text);
    bundle = rulebook_bundle(learn_rig.book);
    while (!bytes_equal(bundle->policies[learn_rig.policy].name, bytes_str(example->policy))) {
        CHECK(++learn_rig.policy < bundle->n_policies);
    }
    learn_rig_judge(learn_rig_file(example->log));
    learn_rig_pin();
    learn_rig_judge(learn_rig.boots[0]);
}

static void
each_example_lets_its_own_boot_pass(void)
{
    char room[LEARN_RIG_SAID];

    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        load(&examples[i]);
        CHECK_STR(learn_rig_said(room), examples[i].reasons);
        CHECK_EQ(verdict_tier(&learn_rig.verdict), examples[i].tier);
    }
}

/* Another boot fails this rule for this reason, and if that refuses it, as the first cause. */
static void
found(const char *log, enum reason reason, const char *rule, enum reason_effect effect)
{
    const struct rule_result *result;

    learn_rig_judge(learn_rig_file(log));
    result = learn_rig_rule(rule);
    CHECK(result);
    CHECK_EQ(result->code.reason, reason);
    CHECK_EQ(result->effect, effect);
    if (effect == EFFECT_FAIL) {
        CHECK_EQ(learn_rig.verdict.reasons[0], reason);
        CHECK_STR(learn_rig.verdict.policy_rule, rule);
    }
    CHECK_EQ(verdict_tier(&learn_rig.verdict),
             effect == EFFECT_FAIL ? TIER_CONTRAINDICATED : TIER_WARNING);
}

static void
the_laptop_s_finds_what_was_tampered_with(void)
{
    load(example_of("laptop"));
    found("boot/tampered-cmdline/binary_bios_measurements", REASON_CMDLINE_DENIED_TOKEN, "cmdline",
          EFFECT_FAIL);
    found("boot/tampered-initrd/binary_bios_measurements", REASON_INITRD_UNKNOWN, "initrd",
          EFFECT_FAIL);
    found("boot/tampered-optrom-sbon/binary_bios_measurements", REASON_DRIVER_UNKNOWN, "optrom",
          EFFECT_WARN);
    learn_rig_judge(learn_rig_file("boot/tampered-extradev/binary_bios_measurements"));
    CHECK_EQ(learn_rig_rule("bootvars")->outcome, OUTCOME_PASSED); /* it allows any of them */
}

static void
a_machine_of_another_kind_passes_by_none(void)
{
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        for (size_t k = 0; k < ARRAY_LEN(examples); k++) {
            load(&examples[i]);
            learn_rig_judge(learn_rig_file(examples[k].log));
            /* what is only observed is never refused: it is told */
            CHECK_EQ(learn_rig.told.judgement->tiers[DIMENSION_EXECUTABLES] == TIER_CONTRAINDICATED,
                     i != k);
        }
    }
}

/* Appraisal page, section 6, scenarios 4 and 6: authorities prove nothing. */
static void
secure_boot_off_is_refused_where_it_must_be_on(void)
{
    load(example_of("laptop"));
    learn_rig_judge(learn_rig_file("boot/grub-sb-off-linuxefi/binary_bios_measurements"));
    CHECK_EQ(learn_rig_rule("sb")->code.reason, REASON_SB_OFF);
    CHECK_EQ(learn_rig_rule("sb")->effect, EFFECT_FAIL);
    CHECK_EQ(verdict_tier(&learn_rig.verdict), TIER_CONTRAINDICATED);
}

CHECK_MAIN(CASE(each_example_lets_its_own_boot_pass),
           CASE(the_laptop_s_finds_what_was_tampered_with),
           CASE(a_machine_of_another_kind_passes_by_none),
           CASE(secure_boot_off_is_refused_where_it_must_be_on))
