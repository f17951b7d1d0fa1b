/* An initrd that its device announced, under a kernel whose release says that this will do. */
#include "lib/check.h"
#include "lib/rule-play.h"

#define RULES                                          \
    "  rule kernel : boot.kernel one-of @os.vmlinuz\n" \
    "  rule initrd : boot.initrd one-of @os.initrd\n"  \
    "  rule files : boot.files any count 0..9 else warn\n"
#define OF "initrd announced-by-device signed-kernel"
#define BLOCKS                                                                                 \
    "release os n 1 { vmlinuz " D("01") "initrd " D(                                           \
        "02") "}\n"                                                                            \
              "release os n 2 { %s vmlinuz " D("11") "%s }\n"                                  \
                                                     "release other n 1 { vmlinuz " D("21") OF \
        " initrd " D("22") "}\n"

enum { KERNEL = 2, INITRD };

static struct rule_announced said[2];

/* A boot of kernel 11 with initrd 77, which was announced; its release has these lines. */
static void
start_with(const char *rules, const char *lines, const char *announces)
{
    static char blocks[2048];

    snprintf(blocks, sizeof(blocks), BLOCKS, lines, announces);
    rule_play_rules(rules, blocks);
    rule_play_base();
    rule_play_event(SLOT_BOOT_KERNEL, 0x11, NULL);
    rule_play_event(SLOT_BOOT_INITRD, 0x77, NULL);
    said[0] = (struct rule_announced){8, BYTES_OF(rule_play.digests[0x77]), "dbx", 1};
    said[1] = (struct rule_announced){9, BYTES_OF(rule_play.digests[0x77]), "os", 2};
    rule_play.input.n_announced = 2;
    rule_play.input.announced = said;
}

static void
start_as(const char *lines, const char *announces)
{
    start_with(RULES, lines, announces);
}

static void
start(void)
{
    start_as("", OF);
}

static void
refuses(void)
{
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play_reason("initrd"), REASON_INITRD_UNKNOWN);
    CHECK_EQ(rule_play_rule("initrd")->effect, EFFECT_FAIL);
    CHECK_EQ(rule_play.judgement.tier, TIER_CONTRAINDICATED);
}

static void
an_announced_initrd_of_a_signed_kernel_is_a_warning(void)
{
    start();
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_ANNOUNCED);
    CHECK_EQ(rule_play_reason("initrd"), REASON_INITRD_UNKNOWN);
    CHECK_EQ(rule_play_rule("initrd")->effect, EFFECT_WARN);
    CHECK_EQ(rule_play_rule("initrd")->event, INITRD);
    CHECK_EQ(rule_play_outcome("kernel"), OUTCOME_PASSED);
    CHECK_EQ(rule_play.judgement.tiers[DIMENSION_EXECUTABLES], TIER_WARNING);
    CHECK_EQ(rule_play.judgement.n_failed, 0);
}

/* Each alone takes the warning away. */
static void
what_was_not_announced_refuses(void)
{
    start();
    rule_play.input.n_announced = 0;
    refuses();
    start();
    rule_play.input.n_announced = 1; /* of another PCR */
    refuses();
    start();
    said[1].digest = BYTES_OF(rule_play.digests[0x78]);
    refuses();
    start();
    said[1].digest.len = 20; /* of another bank */
    refuses();
}

static void
a_kernel_that_is_not_signed_for_it_refuses(void)
{
    start_as("", ""); /* its release does not say so */
    refuses();
    start_as("state staged", OF);
    refuses();
    start_as("state retired", OF);
    refuses();
    start_as("state revoked", OF);
    refuses();
    start_as("active 2027-01-01", OF);
    refuses();
    start();
    rule_play.events[KERNEL].digest = BYTES_OF(rule_play.digests[0x12]); /* of no release */
    refuses();
    start();
    rule_play.events[KERNEL].digest = BYTES_OF(rule_play.digests[0x01]); /* of one without it */
    refuses();
    start();
    rule_play.events[KERNEL].digest = BYTES_OF(rule_play.digests[0x21]); /* of another component */
    refuses();
    start();
    rule_play.events[KERNEL].slot = SLOT_BOOT_FILES; /* none was measured */
    refuses();
}

/* What GRUB read last is what runs: a good kernel beside it says nothing of another one. */
static void
a_second_kernel_must_be_signed_too(void)
{
    start();
    rule_play_event(SLOT_BOOT_KERNEL, 0x11, NULL);
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_ANNOUNCED);
    start();
    rule_play_event(SLOT_BOOT_KERNEL, 0x12, NULL);
    refuses();
}

static void
another_initrd_beside_it_refuses(void)
{
    start();
    rule_play_event(SLOT_BOOT_INITRD, 0x66, NULL);
    refuses();
    CHECK_EQ(rule_play_rule("initrd")->event, INITRD + 1);
    start();
    rule_play_event(SLOT_BOOT_INITRD, 0x02, NULL); /* a released one is none to fear */
    CHECK_EQ(rule_play_outcome("initrd"), OUTCOME_ANNOUNCED);
}

/* All of the slot are asked for: what comes behind an announced one is none of it. */
static void
a_whole_variant_is_not_announced(void)
{
    static const char whole[] = "  rule kernel : boot.kernel one-of @os.vmlinuz\n"
                                "  rule initrd : boot.initrd one-of @os.initrd whole\n"
                                "  rule files : boot.files any count 0..9 else warn\n";

    start_with(whole, "", OF);
    refuses();
    rule_play_event(SLOT_BOOT_INITRD, 0x66, NULL);
    refuses();
}

/* An announcement is for the slot of the initrd alone. */
static void
an_announced_kernel_stays_unknown(void)
{
    start();
    rule_play.events[KERNEL].digest = BYTES_OF(rule_play.digests[0x77]);
    CHECK_EQ(rule_play_outcome("kernel"), OUTCOME_UNKNOWN);
    CHECK_EQ(rule_play_rule("kernel")->effect, EFFECT_FAIL);
    refuses();
}

CHECK_MAIN(CASE(an_announced_initrd_of_a_signed_kernel_is_a_warning),
           CASE(what_was_not_announced_refuses), CASE(a_kernel_that_is_not_signed_for_it_refuses),
           CASE(a_second_kernel_must_be_signed_too), CASE(another_initrd_beside_it_refuses),
           CASE(a_whole_variant_is_not_announced), CASE(an_announced_kernel_stays_unknown))
