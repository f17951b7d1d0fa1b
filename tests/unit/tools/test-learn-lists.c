/* tools/policy learn: signature lists, levels, releases of what was booted. */
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/learn-make.h"

/* Boots that differ in one list of PCR 7; NULL ends them. */
static void
boots_with(const char *name, const struct bytes *values, size_t n)
{
    learn_rig_new();
    for (size_t i = 0; i < n; i++) {
        learn_make_begin();
        if (values[i].p) {
            learn_make_list(name, values[i]);
        }
        learn_make_end(NULL);
    }
    learn_make_learn();
}

/* How often a text stands in the policy. */
static size_t
times(const char *text)
{
    size_t n = 0;

    for (const char *at = learn_rig.text; (at = strstr(at, text)) != NULL; at++) {
        n++;
    }
    return n;
}

/* What a boot that is not among those learnt from gets from a rule. */
static enum reason
reason_of(const char *rule)
{
    const struct rule_result *result;

    learn_rig_judge(learn_rig.boots[learn_rig.n - 1]);
    result = learn_rig_rule(rule);
    CHECK(result);
    return result->outcome == OUTCOME_PASSED ? REASON_NONE : result->code.reason;
}

static enum reason
reason_with(const char *rule, const char *name, struct bytes value)
{
    learn_make_begin();
    learn_make_list(name, value);
    learn_make_end(NULL);
    return reason_of(rule);
}

static void
a_platform_key_is_the_one_that_all_have(void)
{
    struct bytes a = learn_make_certs("a");
    struct bytes b = learn_make_certs("b");

    boots_with("PK", (struct bytes[]){a, a}, 2);
    learn_make_says("rule pk : sb.pk equals @sb/pk-n\n");
    CHECK_EQ(times("x509 sha256:"), 1);
    CHECK_EQ(reason_with("pk", "PK", b), REASON_PK_UNEXPECTED);
    boots_with("PK", (struct bytes[]){a, b}, 2);
    learn_make_says("what any boot has\n  rule pk : sb.pk subset-of @sb/pk-n\n");
    CHECK_EQ(times("x509 sha256:"), 2);
}

static void
other_keys_are_those_that_any_boot_has(void)
{
    struct bytes ab = learn_make_certs("ab");
    struct bytes bc = learn_make_certs("bc");

    boots_with("db", (struct bytes[]){ab, bc}, 2);
    learn_make_says("rule db : sb.db subset-of @sb/db-n\n");
    CHECK_EQ(times("x509 sha256:"), 3);
    CHECK_EQ(reason_with("db", "db", learn_make_certs("c")), REASON_NONE);
    CHECK_EQ(reason_with("db", "db", learn_make_certs("cd")), REASON_DB_UNEXPECTED);
    boots_with("KEK", (struct bytes[]){ab, ab}, 2);
    learn_make_says("no other entry\n  rule kek : sb.kek subset-of @sb/kek-n\n");
    boots_with("dbt", (struct bytes[]){ab}, 1);
    learn_make_says("rule dbt : sb.dbt subset-of @sb/dbt-n\n");
    boots_with("dbr", (struct bytes[]){learn_make_hashes("ab")}, 1);
    learn_make_says("rule dbr : sb.dbr subset-of @sb/dbr-n\n");
    CHECK_EQ(times("  image sha256:6161"), 1);
}

/* An empty list, one that breaks its form, one with an entry that no set can name. */
static void
a_list_that_no_set_can_hold_is_pinned(void)
{
    static const char *const odd[] = {
        "",
        "00",
        ("00112233445566778899aabbccddeeff" /* a type that nobody knows */
         "30000000000000001400000000000000000000000000000000000000ffffffff"),
    };

    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct bytes list = check_hex(odd[i]);

        boots_with("db", (struct bytes[]){{(const uint8_t *)"", 0}, list}, 2);
        learn_make_says("each device's own\n  rule db : sb.db device-pin\n");
        learn_make_says_not("set certs");
    }
}

static void
what_all_revoke_stays_revoked(void)
{
    boots_with("dbx", (struct bytes[]){learn_make_hashes("abc"), learn_make_hashes("bcd")}, 2);
    learn_make_says("what was revoked stays so: 2 entries\n"
                    "  rule dbx : sb.dbx includes @dbx/n claim dbx.level\n");
    learn_make_says("  image sha256:6262");
    learn_make_says("  image sha256:6363");
    learn_make_says_not("  image sha256:6161");
    CHECK_EQ(reason_with("dbx", "dbx", learn_make_hashes("bcx")), REASON_NONE);
    CHECK_EQ(reason_with("dbx", "dbx", learn_make_hashes("bx")), REASON_DBX_OLD);
}

static void
a_list_that_revokes_nothing_holds_nothing(void)
{
    boots_with("dbx", (struct bytes[]){learn_make_hashes("a"), learn_make_hashes("b")}, 2);
    learn_make_says("nothing that all revoke\n  rule dbx : sb.dbx any\n");
    boots_with("dbx", (struct bytes[]){{(const uint8_t *)"", 0}}, 1);
    learn_make_says("it revokes nothing\n  rule dbx : sb.dbx any\n");
    boots_with("dbx", (struct bytes[]){check_hex("00")}, 1); /* broken */
    learn_make_says("rule dbx : sb.dbx device-pin\n");
}

/* Microsoft's rows of SVNs: 01, GUID, minor and major version, zeros; owned by a GUID of their own.
 */
static struct bytes
svn(const char *number)
{
    char hex[512];

    snprintf(hex, sizeof(hex),
             "2616c4c14c509240aca941f936934328" /* hashes */
             "4c0000000000000030000000"
             "6c2b139dd5598843ab1c185cfcb2eb92"
             "01612b139dd5598843ab1c185c3cb2eb92%s00000000000000000000000000",
             number);
    hex[2 * 76] = '\0';
    return check_hex(hex);
}

static void
security_versions_are_the_lowest_that_were_seen(void)
{
    static uint8_t both[2][76 + 76];
    struct bytes hash = learn_make_hashes("a");

    for (int i = 0; i < 2; i++) {
        struct bytes row = svn(i == 0 ? "00000900" : "00000700");

        CHECK_EQ(row.len, 76);
        memcpy(both[i], hash.p, 76);
        memcpy(both[i] + 76, row.p, 76);
    }
    boots_with("dbx", (struct bytes[]){BYTES_OF(both[0]), BYTES_OF(both[1])}, 2);
    learn_make_says("what was revoked stays so: 1 entry\n");
    learn_make_says("  svn 9d132b61-59d5-4388-ab1c-185c3cb2eb92 7.0\n");
}

/* ---- authorities, SBAT ---- */

static struct bytes
authority(char byte)
{
    static uint8_t entries[256][16 + 32];

    memset(entries[(uint8_t)byte] + 16, byte, 32);
    return BYTES_OF(entries[(uint8_t)byte]);
}

static void
who_signed_is_who_may_sign(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_authority(RIG_SECURITY, "db", authority('a'));
    learn_make_authority(RIG_SHIM, "Shim", authority('b'));
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("no proof that Secure Boot is on\n  rule signer : boot.authority signed-by "
                    "@sb/signer-n count 1..2 claim boot.authority\n");
    learn_make_begin();
    learn_make_authority(RIG_SECURITY, "db", authority('c'));
    learn_make_end(NULL);
    CHECK_EQ(reason_of("signer"), REASON_AUTHORITY_UNKNOWN);
    learn_make_begin();
    learn_make_end(NULL);
    CHECK(reason_of("signer") != REASON_NONE);
    learn_rig_new();
    learn_make_begin();
    learn_make_authority(RIG_SECURITY, "db", check_hex("00"));
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule signer : boot.authority device-pin\n");
}

static void
sbat(const char *first, const char *second)
{
    const char *const levels[] = {first, second};

    learn_rig_new();
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        learn_make_begin();
        if (levels[i]) {
            learn_make_authority(RIG_SHIM, "SbatLevel", bytes_str(levels[i]));
        }
        learn_make_end(NULL);
    }
    learn_make_learn();
}

static void
levels_are_the_lowest_that_were_seen(void)
{
    sbat("sbat,1,2024010900\nshim,4\ngrub,3\n", "sbat,1,2025021800\nshim,3\ngrub,5\nother,1\n");
    learn_make_says("rule sbat : sb.sbat at-least sbat:2024010900 else warn claim sbat.level\n");
    learn_make_says("set sbat sbat:2024010900 {\n  shim 3\n  grub 3\n}\n");
    sbat("sbat,1,2021030218\n", "sbat,1,2022052400\ngrub,2\n");
    learn_make_says("sb.sbat at-least 2021030218 else warn claim sbat.level\n");
    learn_make_says_not("set sbat");
    sbat("sbat,1,2021030218\n", NULL);
    learn_make_says("no level that all have\n  rule sbat : sb.sbat any\n");
    sbat("sbat,1,9999999999\n", "sbat,1,9999999999\n"); /* more than the language has */
    learn_make_says("rule sbat : sb.sbat any\n");
}

/* ---- releases ---- */

static void
boot(const char *kernel, const char *initrd)
{
    learn_make_begin();
    learn_make_file("/vmlinuz", kernel);
    learn_make_file("/initrd.img", initrd);
    learn_make_end(NULL);
}

/* Appraisal page, section 6, scenario 22. */
static void
parts_of_two_releases_do_not_mix(void)
{
    learn_rig_new();
    boot("kernel 1", "initrd 1");
    boot("kernel 2", "initrd 2");
    boot("kernel 1", "initrd 1");
    learn_make_learn();
    CHECK_EQ(times("release os n "), 2);
    CHECK_EQ(times("  shim sha256:"), 0);
    CHECK_EQ(times("  image sha256:"), 2);
    learn_make_says("rule kernel : boot.kernel one-of @os.vmlinuz count 1..1 same-release\n");
    boot("kernel 2", "initrd 1");
    CHECK_EQ(reason_of("initrd"), REASON_RELEASE_MIXED);
    boot("kernel 2", "initrd 3");
    CHECK_EQ(reason_of("initrd"), REASON_INITRD_UNKNOWN);
}

static void
images(const char *second, const char *third)
{
    learn_make_begin();
    learn_make_image(second);
    if (third) {
        learn_make_image(third);
    }
    learn_make_end(NULL);
}

static void
images_are_a_sequence_where_all_boots_have_as_many(void)
{
    learn_rig_new();
    images("grub", "kernel 1");
    images("grub", "kernel 2");
    learn_make_learn();
    learn_make_says("in this order, of one release\n  rule chain : boot.images sequence @os.shim "
                    "@os.grub @os.kernel same-release\n");
    images("kernel 1", "grub");
    CHECK_EQ(reason_of("chain"), REASON_BOOT_ORDER_UNEXPECTED);
    images("grub", "evil");
    CHECK_EQ(reason_of("chain"), REASON_BOOT_IMAGE_UNKNOWN);
    images("grub", NULL);
    CHECK_EQ(reason_of("chain"), REASON_EVT_COUNT_LOW);
}

static void
images_are_a_set_where_boots_differ_in_number(void)
{
    learn_rig_new();
    images("grub", "kernel");
    images("loader", NULL);
    learn_make_learn();
    learn_make_says("their order is not held\n"
                    "  rule chain : boot.images one-of @os.image count 2..3 same-release\n");
    images("grub", "loader");
    CHECK_EQ(reason_of("chain"), REASON_RELEASE_MIXED);
}

static void
a_boot_that_was_tried_again_has_no_order(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_text(4, EV_EFI_ACTION, "Returning from EFI Application from Boot Option");
    learn_make_image("loader");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule chain : boot.images one-of @os.image count 2..2 same-release\n");
}

static void
more_images_than_a_sequence_has_members_are_a_set(void)
{
    char name[2] = "a";

    learn_rig_new();
    learn_make_begin();
    for (; name[0] <= 'p'; name[0]++) {
        learn_make_image(name);
    }
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("boot.images one-of @os.image count 17..17 same-release\n");
}

/* ---- files ---- */

static void
files(const char *own, int n_common)
{
    learn_make_begin();
    learn_make_file("/grub.cfg", own);
    for (int i = 0; i < n_common; i++) {
        learn_make_file("/grub/part_gpt.mod", i == 0 ? "module" : "list");
    }
    learn_make_end(NULL);
}

static void
files_that_all_have_are_a_release_s_and_others_pinned(void)
{
    learn_rig_new();
    files("mine", 2);
    files("yours", 2);
    learn_make_learn();
    learn_make_says("; 2 on all, at most 1 of a boot's own\n"
                    "  rule files : boot.files one-of @os.files or-pin 3 else warn\n");
    CHECK_EQ(times("  files sha256:"), 2);
    learn_rig_judge(learn_rig.boots[0]);
    learn_rig_pin();
    CHECK(learn_rig.n_pins > 0);
    files("yours", 2);
    CHECK_EQ(reason_of("files"), REASON_BOOT_FILE_UNKNOWN);
    files("mine", 2);
    CHECK_EQ(reason_of("files"), REASON_NONE);
    learn_rig_new();
    files("mine", 0);
    files("yours", 0);
    learn_make_learn();
    learn_make_says("none on all boots: each device's own\n"
                    "  rule files : boot.files device-pin else warn\n");
}

static void
sections_of_a_unified_image_are_whole(void)
{
    static const char *const sections[] = {".linux", "linux", ".initrd", "initrd"};

    learn_rig_new();
    for (int i = 0; i < 3; i++) {
        learn_make_begin();
        for (size_t k = 0; k < ARRAY_LEN(sections) - (i == 2); k++) {
            learn_make_label(11, EV_IPL, sections[k], ".section");
        }
        learn_make_end(NULL);
        if (i == 1) {
            learn_make_learn();
        }
    }
    learn_make_says("rule sections : uki one-of @os/n whole same-release\n");
    CHECK_EQ(times("variant {"), 1);
    CHECK_EQ(reason_of("sections"), REASON_UKI_SECTION_UNKNOWN);
    learn_make_says_not("tells of its");
}

static void
other_parts_are_a_release_s(void)
{
    learn_rig_new();
    learn_make_begin();
    learn_make_label(1, EV_TABLE_OF_DEVICES, "tree", "dts");
    learn_make_label(13, EV_IPL, "extension", "sysext");
    learn_make_end(NULL);
    learn_make_learn();
    learn_make_says("rule dtb : boot.dtb one-of @os.dtb count 1..1 same-release else warn\n");
    learn_make_says("rule sysext : uki.sysext one-of @os.sysext count 1..1 same-release\n");
}

CHECK_MAIN(CASE(a_platform_key_is_the_one_that_all_have),
           CASE(other_keys_are_those_that_any_boot_has),
           CASE(a_list_that_no_set_can_hold_is_pinned), CASE(what_all_revoke_stays_revoked),
           CASE(a_list_that_revokes_nothing_holds_nothing),
           CASE(security_versions_are_the_lowest_that_were_seen), CASE(who_signed_is_who_may_sign),
           CASE(levels_are_the_lowest_that_were_seen), CASE(parts_of_two_releases_do_not_mix),
           CASE(images_are_a_sequence_where_all_boots_have_as_many),
           CASE(images_are_a_set_where_boots_differ_in_number),
           CASE(a_boot_that_was_tried_again_has_no_order),
           CASE(more_images_than_a_sequence_has_members_are_a_set),
           CASE(files_that_all_have_are_a_release_s_and_others_pinned),
           CASE(sections_of_a_unified_image_are_whole), CASE(other_parts_are_a_release_s))
