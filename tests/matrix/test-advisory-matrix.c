/* Published faults of TPMs: who made it by a chain, which firmware by the quote, and a policy's
 * rule.
 */
#include "base/hex.h"
#include "lib/check-named.h"
#include "lib/policy-play.h"

/* The device's TPM, as a chain proved it. */
static void
tpm_is(uint32_t vendor, uint64_t firmware)
{
    struct store_device row = policy_play_device();

    row.tpm_vendor = vendor;
    CHECK_EQ(store_device_put(play.rig.keeper.store, &row), 0);
    play.rig.device.firmware = firmware;
}

static const char *
shown(void)
{
    static char json[65536];
    char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device row = policy_play_device();
    const char *words[] = {"device", "show", id};

    (void)hex_write(id, BYTES_OF(row.id));
    CHECK_EQ(keeper_rig_command(&play.rig, words, ARRAY_LEN(words), json, sizeof(json)), 0);
    return json;
}

static const struct {
    uint32_t vendor;
    uint64_t firmware;
} good_tpm = {0x49465800, 0x0004002300000000}, faulty_tpm = {0x49465800, 0x0004002100000001};

/* A rule of published faults, by the name of one and the CVE of the other. */
static void
start_with_faults(void)
{
    static const char faults[] =
        "advisory roca {\n vendor IFX\n firmware 4.0..4.33\n severity high\n cve CVE-2017-15361\n"
        " effect \"keys can be computed\" }\n"
        "advisory dos {\n vendor NTC\n firmware 1.3.0.1\n severity low\n cve CVE-2023-1017 }\n"
        "set advisories adv/high { CVE-2017-15361 dos }\n";
    char text[8192];

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    snprintf(
        text, sizeof(text), "%s%s",
        policy_play_text(PLAY_HEADING, PLAY_IMAGES,
                         "  rule tpm : tpm.advisory not-in @adv/high else warn claim tpm.cves\n"),
        faults);
    policy_play_publish(text, 0);
}

static void
warns_of(enum reason reason, const char *policy_rule)
{
    struct answer answer = policy_play_attest();

    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], reason);
    CHECK(answer.cwt.p);
    CHECK_EQ(policy_play_last().vector[3], policy_rule ? 32 : 2);
}

static void
passes(void)
{
    struct answer answer = policy_play_attest();

    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(answer.reasons[0], REASON_QUIRK_USED);
    CHECK(answer.cwt.p);
}

/* Scenario 48 of the appraisal page. */
static void
a_published_fault_of_the_tpm_warns_until_it_is_updated(void)
{
    start_with_faults();
    tpm_is(faulty_tpm.vendor, faulty_tpm.firmware);
    play.rig.device.firmware = faulty_tpm.firmware;
    (void)policy_play_attest(); /* another firmware than before (323) */
    warns_of(REASON_TPM_ADVISORY, "tpm");
    CHECK(strstr(shown(), "\"vendor\":\"IFX\",\"kind\":\"discrete\",\"firmware\":\"4.33.0.1\""));
    CHECK(strstr(shown(), "\"name\":\"roca\",\"severity\":\"high\",\"cves\":[\"CVE-2017-15361\"]"));
    CHECK(strstr(shown(), "\"tpm.cves\":[\"CVE-2017-15361\"]"));
    CHECK(strstr(shown(),
                 "\"tpm.vendor\":\"IFX\",\"tpm.fw\":\"4.33.0.1\",\"tpm.kind\":\"discrete\""));
    play.rig.device.firmware = good_tpm.firmware;
    warns_of(REASON_TPM_FW_CHANGED, NULL);
    passes();
    CHECK(strstr(shown(), "\"advisories\":[]"));
    CHECK(strstr(shown(), "\"tpm.cves\":[]"));
    play_done();
}

static void
a_fault_is_named_by_either_of_its_names(void)
{
    start_with_faults();
    tpm_is(0x4e544300, 0x0001000300000001);
    (void)policy_play_attest();
    warns_of(REASON_TPM_ADVISORY, "tpm");
    play.rig.device.firmware++; /* beside it by one */
    warns_of(REASON_TPM_FW_CHANGED, NULL);
    passes();
    play_done();
}

/* What nobody vouches for lifts no warning: no maker, a maker of whom nothing is published, and
 * what the machine says of itself. */
static void
an_unknown_maker_is_not_known_to_be_without_faults(void)
{
    static const uint32_t unknown[] = {0, 0x53544d00, 0x00001014};

    start_with_faults();
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        tpm_is(unknown[i], play.rig.device.firmware);
        warns_of(REASON_TPM_ADVISORY, "tpm");
        CHECK(strstr(shown(), "\"advisories\":null"));
        CHECK(!strstr(shown(), "\"tpm.cves\""));
    }
    tpm_is(good_tpm.vendor, play.rig.device.firmware);
    passes();
    play_done();
}

static void
publish_with(const char *rule, const char *blocks)
{
    char text[8192];

    snprintf(text, sizeof(text), "%s%s", policy_play_text(PLAY_HEADING, PLAY_IMAGES, rule), blocks);
    policy_play_publish(text, 0);
}

static void
refused_for(enum reason reason)
{
    struct answer answer = policy_play_attest();

    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], reason);
    CHECK(!answer.cwt.p);
}

/* By its maker, whom a chain proved. The TPM of this device is virtual, as is every one that tests
 * have: only a policy that asks refuses it. */
static void
a_virtual_tpm_is_refused_where_hardware_is_asked_for(void)
{
    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    tpm_is(0x00001014, play.rig.device.firmware);
    passes();
    publish_with("  rule kind : tpm.kind is hardware\n", "");
    refused_for(REASON_TPM_VIRTUAL);
    CHECK_EQ(policy_play_last().vector[3], 97);
    tpm_is(0x4d534654, play.rig.device.firmware); /* MSFT makes both */
    refused_for(REASON_TPM_VIRTUAL);
    tpm_is(0, play.rig.device.firmware);
    refused_for(REASON_TPM_VIRTUAL);
    tpm_is(good_tpm.vendor, play.rig.device.firmware);
    passes();
    play_done();
}

/* A class of machines with one maker's chips. */
static void
a_tpm_of_another_maker_does_not_fit_the_class(void)
{
    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    publish_with("  rule maker : tpm.vendor is IFX\n", "");
    tpm_is(good_tpm.vendor, play.rig.device.firmware);
    passes();
    tpm_is(0x53544d00, play.rig.device.firmware);
    refused_for(REASON_CLASS_MISMATCH);
    CHECK_STR(policy_play_last().fault_seen, "STM");
    tpm_is(0, play.rig.device.firmware); /* nobody vouches for one */
    refused_for(REASON_CLASS_MISMATCH);
    publish_with("  rule maker : tpm.vendor is IFX else warn\n", "");
    warns_of(REASON_CLASS_MISMATCH, "maker");
    play_done();
}

/* A critical fault beside another one, whichever the set names first. */
static void
a_critical_fault_is_firmware_that_was_revoked(void)
{
    static const char faults[] =
        "advisory a-high { vendor IFX\n firmware 4.0..4.40\n severity high }\n"
        "advisory b-critical { vendor IFX\n firmware 4.0..4.33\n severity critical\n"
        " cve CVE-2017-15361 }\n"
        "set advisories adv/all { a-high CVE-2017-15361 }\n";

    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    publish_with("  rule tpm : tpm.advisory not-in @adv/all\n", faults);
    tpm_is(faulty_tpm.vendor, faulty_tpm.firmware);
    refused_for(REASON_TPM_FW_REVOKED);
    tpm_is(good_tpm.vendor, good_tpm.firmware); /* the other fault alone */
    refused_for(REASON_TPM_ADVISORY);
    tpm_is(good_tpm.vendor, 0x0004002900000000);
    warns_of(REASON_TPM_FW_CHANGED, NULL);
    play_done();
}

CHECK_MAIN_NAMED(CASE(a_published_fault_of_the_tpm_warns_until_it_is_updated),
                 CASE(a_fault_is_named_by_either_of_its_names),
                 CASE(an_unknown_maker_is_not_known_to_be_without_faults),
                 CASE(a_virtual_tpm_is_refused_where_hardware_is_asked_for),
                 CASE(a_tpm_of_another_maker_does_not_fit_the_class),
                 CASE(a_critical_fault_is_firmware_that_was_revoked))
