/* Secure Boot, its keys and shim's levels: scenarios 5, 6, 17, 18, 19, 30. */
#include <stdlib.h>

#include "base/hex.h"
#include "formats/evtype.h"
#include "lib/mkcert.h"
#include "lib/scene.h"

#define SB_ON "  rule sb : secureboot is on"

static void
secure_boot(const char *hex)
{
    scene_value(scene_variable("SecureBoot"), NULL, check_hex(hex));
}

/* As it was recorded. */
static void
a_variable_without_a_value_is_off(void)
{
    scene_start("evlog/arch-linux-workstation.bin");
    scene_learn();
    scene_rule("sb", SB_ON);
    scene_says("SecureBoot of length 0", "401f 306w", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.told.facts->secureboot, FACT_EMPTY);
    scene_cause("sb", scene_variable("SecureBoot"));
}

static void
the_same_machine_with_it_on_passes(void)
{
    scene_start("evlog/arch-linux-workstation.bin");
    scene_learn();
    scene_rule("sb", SB_ON);
    secure_boot("01");
    scene_says("SecureBoot 01", "306w", TIER_WARNING); /* no hardware began to measure */
}

static void
what_is_odd_or_missing_is_never_on(void)
{
    scene_start("evlog/arch-linux-workstation.bin");
    scene_learn();
    scene_rule("sb", SB_ON);
    secure_boot("0100");
    scene_says("SecureBoot 01 00", "401f 306w", TIER_CONTRAINDICATED);
    scene_cut(scene_variable("SecureBoot"));
    scene_says("no SecureBoot", "402f 306w", TIER_CONTRAINDICATED);
}

/* As it was recorded: shim tells of SbatLevel as an authority whether or not anything was checked.
 */
static void
shim_s_authority_is_no_secure_boot(void)
{
    scene_start("evlog/keylime-mb.bin");
    scene_learn();
    scene_rule("sb", SB_ON);
    scene_says("Secure Boot off, SbatLevel measured", "401f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("sbat")->outcome, OUTCOME_PASSED);
}

/* grub-sb-on, its SecureBoot set to 00: the authority of db is still there. */
static void
an_authority_of_db_is_no_secure_boot(void)
{
    scene_start("boot/grub-sb-on/binary_bios_measurements");
    scene_learn();
    scene_says("as it was recorded", "306w 219n", TIER_WARNING);
    secure_boot("00");
    scene_says("Secure Boot off, an authority of db measured", "401f 306w 219n",
               TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig_rule("signer")->outcome, OUTCOME_PASSED);
    scene_cause("sb", scene_variable("SecureBoot"));
}

/* A variable with one certificate more, or with that alone: EFI_SIGNATURE_LIST, UEFI 2.10 section
 * 32.4.1. */
static void
write_list(const char *name, bool alone, struct bytes cert)
{
    enum { ROOM = 64 * 1024 };
    size_t at = scene_variable(name);
    struct wr wr = wr_init(check_keep(malloc(ROOM)), ROOM);

    wr_bytes(&wr, alone ? BYTES_NULL : scene_value_of(at));
    wr_bytes(&wr, check_hex("a159c0a5e494a74a87b5ab155c2bf072")); /* EFI_CERT_X509_GUID */
    wr_le32(&wr, (uint32_t)(28 + 16 + cert.len));
    wr_le32(&wr, 0);
    wr_le32(&wr, (uint32_t)(16 + cert.len));
    wr_bytes(&wr, check_hex("00000000000000000000000000000000")); /* its owner */
    wr_bytes(&wr, cert);
    CHECK(wr_done(&wr).p);
    scene_value(at, NULL, wr_done(&wr));
}

static void
add_to_db(struct bytes cert)
{
    write_list("db", false, cert);
}

/* The policy of a roll-over: the new CA may be in db, and should be. */
static void
announce(struct bytes cert)
{
    uint8_t digest[32];
    char hex[65];

    CHECK_EQ(hasher_bytes(learn_rig.hasher, HASH_SHA256, cert, digest), 0);
    scene_add(scene_format("cert ms-uefi-ca-2023 sha256:%s\n", hex_write(hex, BYTES_OF(digest))));
    scene_swap("set certs sb/db-n {\n", "set certs sb/db-n {\n  ms-uefi-ca-2023\n");
    scene_rule("db", "  rule db : sb.db subset-of @sb/db-n\n"
                     "  rule db23 : sb.db includes cert:ms-uefi-ca-2023 else warn"
                     " claim sb.db.ca2023");
}

static void
the_ca_of_2023_joins_db(void)
{
    struct bytes cert = check_vector("ek-roots/NationZEkMfrCA001.crt"); /* stands for it */

    scene_laptop();
    announce(cert);
    scene_says("db without it", "409w", TIER_WARNING);
    scene_claim("sb.db.ca2023", "false");
    add_to_db(cert);
    scene_says("db with it", "", TIER_AFFIRMING);
    scene_claim("sb.db.ca2023", "true");
    CHECK_EQ(learn_rig_rule("db23")->outcome, OUTCOME_PASSED);
}

static void
a_rogue_certificate_in_db_refuses(void)
{
    scene_laptop();
    announce(check_vector("ek-roots/NationZEkMfrCA001.crt"));
    add_to_db(check_vector("ek-roots/NationZEkMfrCA001.crt"));
    add_to_db(check_vector("ek-roots/NationZEkMfrCA002.crt"));
    scene_says("db with another one too", "408f", TIER_CONTRAINDICATED);
    scene_cause("db", scene_variable("db"));
}

/* keylime-mb with another PK: no recorded log has a test key. The policy was learnt with it in
 * place, so nothing but what it says of itself is against it. */
static void
platform_key(const char *subject)
{
    scene_start("evlog/keylime-mb.bin");
    secure_boot("01");
    write_list("PK", true, mkcert(&(struct mkcert){.subject = subject, .exts = MKCERT_CA}));
    scene_learn();
}

static void
a_test_key_as_platform_key_refuses(void)
{
    platform_key("DO NOT TRUST - AMI Test PK");
    scene_says("PK \"DO NOT TRUST - AMI Test PK\"", "406f", TIER_CONTRAINDICATED);
    CHECK_EQ(learn_rig.verdict.fault.event, scene_variable("PK"));
    CHECK_EQ(learn_rig.told.facts->testkey, FACT_ON);
    scene_vector(2, 96, 3, 2);
    scene_rule("pk", "  rule pk : sb.pk any\n  rule test : sb.testkey is no else warn");
    scene_says("the same where a policy only warns of it", "406w", TIER_WARNING);
}

static void
another_platform_key_is_none(void)
{
    platform_key("Corp Secure Boot PK");
    scene_says("PK \"Corp Secure Boot PK\"", "", TIER_AFFIRMING);
    scene_rule("pk", "  rule pk : sb.pk any\n  rule test : sb.testkey is no");
    scene_says("the same where a policy asks", "", TIER_AFFIRMING);
}

/* A test key whose name says nothing, by its digest; and another key. */
static void
a_known_test_key_is_told_by_its_digest(void)
{
    static const char rules[] =
        "  rule pk : sb.pk device-pin\n  rule known : sb.pk not-in @sb/test";
    char hex[65];

    platform_key("Plain Sample");
    scene_says("a PK that says nothing", "", TIER_AFFIRMING);
    (void)hex_write(hex, learn_rig.told.facts->lists[SLOT_SB_PK].entries[0].digest);
    scene_rule("pk", rules);
    scene_add(scene_format("cert sample sha256:%s\nset certs sb/test {\n  sample\n}\n", hex));
    scene_says("a PK whose private half was published", "406f", TIER_CONTRAINDICATED);
    hex[0] = hex[0] == '0' ? '1' : '0';
    scene_add(scene_format("cert other sha256:%s\n", hex));
    scene_swap("set certs sb/test {\n  sample\n", "set certs sb/test {\n  other\n");
    scene_says("a PK that is not among the published ones", "", TIER_AFFIRMING);
}

static void
update_shim(const char *level)
{
    size_t shim = scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 1);

    scene_measure(shim, bytes_str("shim 16"));
    scene_value(scene_variable("SbatLevel"), NULL, bytes_str(level));
}

static void
release_shim(void)
{
    scene_add(scene_format("release os n 2 {\n  shim %s\n  grub %s\n  vmlinuz %s\n  initrd %s\n}\n",
                           scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 1)),
                           scene_digest(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 2)),
                           scene_digest(scene_text(9, "/vmlinuz-")),
                           scene_digest(scene_text(9, "/initramfs-"))));
}

static void
shim_s_update_raises_the_level(void)
{
    scene_laptop();
    update_shim("sbat,1,2024040900\nshim,4\ngrub,4\n");
    release_shim();
    scene_says("shim 16, SbatLevel 2024040900", "", TIER_AFFIRMING);
    CHECK_EQ(learn_rig.told.facts->sbat_level, 2024040900);
}

static void
a_level_below_the_floor_warns(void)
{
    scene_laptop();
    scene_rule("sbat", "  rule sbat : sb.sbat at-least 2024040900 else warn");
    scene_says("SbatLevel 2021030218", "413w", TIER_WARNING);
    scene_vector(2, 32, 3, 2);
    scene_rule("sbat", "  rule sbat : sb.sbat at-least 2024040900");
    scene_says("the same where it must be met", "413f", TIER_CONTRAINDICATED);
}

static void
a_key_more_in_mok_list_refuses(void)
{
    size_t list;

    scene_laptop();
    list = scene_text(14, "MokList");
    scene_measure(list, bytes_str("a key more"));
    scene_says("MokList has a key more", "417f", TIER_CONTRAINDICATED);
    scene_cause("mok", list);
}

/* What shim then measures into PCR 14 is one byte 01, under this name; where the policy's count
 * allows one more, the name alone tells. */
static void
validation_that_is_off_refuses(void)
{
    static const char name[] = "MokSBState";

    scene_laptop();
    scene_put(scene_text(14, "MokListTrusted"), 14, EV_IPL, check_hex("01"),
              bytes_of((const uint8_t *)name, sizeof(name)));
    scene_says("shim's validation is off", "418f 217f", TIER_CONTRAINDICATED);
    scene_rule("mok", "  rule mok : mok any count 0..9");
    scene_says("the same where any list may be", "418f", TIER_CONTRAINDICATED);
    scene_rule("mok", "  rule mok : mok any count 0..9\n"
                      "  rule checks : mok.validation is on else warn");
    scene_says("the same where a policy only warns of it", "418w", TIER_WARNING);
    scene_cut(scene_text(14, "MokSBState"));
    scene_says("validation is on", "", TIER_AFFIRMING);
}

static void
a_list_that_is_not_trusted_refuses(void)
{
    scene_laptop();
    scene_measure(scene_text(14, "MokListTrusted"), check_hex("00"));
    scene_says("MokListTrusted 00", "417f", TIER_CONTRAINDICATED);
    scene_cut(scene_text(14, "MokListTrusted"));
    scene_says("no MokListTrusted", "216f", TIER_CONTRAINDICATED);
}

SCENE_MAIN({5,
            "a SecureBoot variable of length 0",
            {CASE(a_variable_without_a_value_is_off), CASE(the_same_machine_with_it_on_passes),
             CASE(what_is_odd_or_missing_is_never_on)}},
           {6,
            "authorities are measured, and Secure Boot is off",
            {CASE(shim_s_authority_is_no_secure_boot), CASE(an_authority_of_db_is_no_secure_boot)}},
           {17,
            "the CA of 2023 joins db",
            {CASE(the_ca_of_2023_joins_db), CASE(a_rogue_certificate_in_db_refuses)}},
           {18,
            "the platform key is a test key",
            {CASE(a_test_key_as_platform_key_refuses), CASE(another_platform_key_is_none),
             CASE(a_known_test_key_is_told_by_its_digest)}},
           {19,
            "shim is updated and SbatLevel rises",
            {CASE(shim_s_update_raises_the_level), CASE(a_level_below_the_floor_warns)}},
           {30,
            "shim's own lists",
            {CASE(a_key_more_in_mok_list_refuses), CASE(a_list_that_is_not_trusted_refuses),
             CASE(validation_that_is_off_refuses)}})
