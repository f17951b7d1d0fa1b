/* import/import-rim: bundles of a base RIM and its support logs as a release of the firmware. */
#include <stdlib.h>

#include "base/hex.h"
#include "import/import.h"
#include "lib/check.h"
#include "lib/import-rig.h"
#include "lib/make-log.h"

#define SWID "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define META                                                                              \
    "<Meta xmlns:r='https://trustedcomputinggroup.org/wp-content/uploads/TCG_RIM_Model' " \
    "r:bindingSpec='PC Client RIM' r:platformManufacturerStr='ACME &amp; Co' "            \
    "r:platformModel='Board 7' r:firmwareManufacturerStr='BIOS Ltd' r:firmwareVersion='1.2'/>"

static struct import_file files[4]; /* the base RIM, then what was added */
static struct import_ask ask;
static char *base;

static void
add(const char *path, struct bytes content)
{
    files[ask.n++] = (struct import_file){.path = path, .bytes = content};
}

/* The element of a file that was added. */
static void
list(FILE *out, const struct import_file *file)
{
    struct hasher *hasher = hasher_new();
    uint8_t digest[HASH_SIZE_MAX];
    char hex[2 * HASH_SIZE_MAX + 1];

    CHECK(hasher);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, file->bytes, digest), 0);
    fprintf(out,
            "<File xmlns:h='http://www.w3.org/2001/04/xmlenc#sha256' h:hash='%s' name='%s' "
            "size='%zu'/>",
            hex_write(hex, bytes_of(digest, 32)), file->path, file->bytes.len);
    hasher_freep(&hasher);
}

static void
begin(void)
{
    free(base);
    base = NULL;
    memset(files, 0, sizeof(files));
    ask = (struct import_ask){.n = 1, .files = files};
}

/* A base RIM of all that was added, and of `more`. */
static void
end(const char *attrs, const char *meta, const char *more)
{
    size_t len = 0;
    FILE *out;

    free(base); /* of before */
    out = open_memstream(&base, &len);
    CHECK(out);
    fprintf(out,
            "<SoftwareIdentity xmlns='" SWID "' name='BIOS' version='7' tagId='t' %s>"
            "<Entity name='Maker'/>%s<Payload><Directory name='d'>",
            attrs, meta);
    for (size_t i = 1; i < ask.n; i++) {
        list(out, &files[i]);
    }
    fprintf(out, "%s</Directory></Payload></SoftwareIdentity>", more);
    CHECK_EQ(fclose(out), 0);
    files[0] = (struct import_file){.path = "x/base.swidtag", .bytes = bytes_of(base, len)};
}

static enum rule
rule_of(size_t file)
{
    CHECK_EQ(import_rig_ask(import_rim, &ask), 1);
    CHECK_EQ(import_rig.fault.file, file);
    return import_rig.fault.fault.rule;
}

static void
a_support_log_is_a_release_of_the_firmware(void)
{
    begin();
    add("grub.rimel", check_vector("boot/grub-sb-on/binary_bios_measurements"));
    end("", META, "");
    files[1].path = "some/where/grub.rimel";
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("# base RIM \"base.swidtag\", sha256:");
    import_rig_says("# support log \"grub.rimel\", sha256:");
    import_rig_says("# not signed: take it from its publisher\n");
    import_rig_says("# \"BIOS\" version \"7\", tag \"t\", of \"Maker\", by \"PC Client RIM\"\n");
    import_rig_says("# platform \"ACME & Co\" \"Board 7\", firmware \"BIOS Ltd\" \"1.2\"\n");
    import_rig_says("release fw Board-7 1.2 {\n  source operator rim\n  variant {\n    sha256:");
    import_rig_says("# NOT IMPORTED: ");
    import_rig_says("`assay policy learn` makes rules of a whole boot\n");
    CHECK(!import_rig_has("elements that are not known"));
}

static void
names_are_the_asker_s_or_the_manifest_s(void)
{
    begin();
    add("a", check_vector("evlog/glinux-alex.bin"));
    end("", "", "");
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("release fw BIOS 7 {\n");
    ask.component = "bios";
    ask.release = "8";
    files[0].name = "t14";
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("release bios t14 8 {\n");
}

static void
logs_that_differ_are_variants_and_others_are_told(void)
{
    begin();
    add("a", check_vector("boot/grub-sb-on/binary_bios_measurements"));
    add("b", check_vector("evlog/glinux-alex.bin"));
    add("c.rimpcr", bytes_str("0 00"));
    end("patch='true'", META "<x/>", "");
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    CHECK(strstr(strstr(import_rig.text, "variant {") + 1, "variant {"));
    import_rig_says("# NOT IMPORTED: no log, of the payload: \"c.rimpcr\"");
    import_rig_says("# NOT IMPORTED: what this patch changes");
    import_rig_says("# NOT IMPORTED: 1 elements that are not known\n");
    end("supplemental='true'", META, "");
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("what this supplement changes");
    end("corpus='true'", META, "");
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("what this corpus changes");
}

static void
files_and_list_are_the_same_or_refused_by_name(void)
{
    static const char more[] = "<File xmlns:h='http://www.w3.org/2001/04/xmlenc#sha256' h:hash='"
                               "00000000000000000000000000000000"
                               "00000000000000000000000000000000' name='z' size='1'/>";
    struct bytes log = check_vector("evlog/glinux-alex.bin");

    begin();
    add("a", log);
    end("", META, more);
    CHECK_EQ(rule_of(0), RULE_RIM_MISSING);
    CHECK_EQ(import_rig.fault.fault.event, 1);
    end("", META, "");
    files[1].bytes = bytes_of(log.p, log.len - 1);
    CHECK_EQ(rule_of(1), RULE_RIM_CONTENT);
    files[1].bytes = log;
    files[1].path = "b";
    CHECK_EQ(rule_of(1), RULE_RIM_UNLISTED);
    files[1].path = "a";
    add("a", log); /* twice */
    CHECK_EQ(rule_of(2), RULE_RIM_UNLISTED);
}

static void
a_log_that_says_nothing_of_the_firmware_is_refused(void)
{
    static const enum hash sha1[] = {HASH_SHA1, HASH_N};
    static const enum hash sha256[] = {HASH_SHA256, HASH_N};
    static struct make_log make;

    begin();
    make_log_init(&make, sha256);
    make_event(&make, 4, 0x80000003, bytes_str("x"), bytes_str("x"));
    add("a", make_log_bytes(&make));
    end("", META, "");
    CHECK_EQ(rule_of(0), RULE_RIM_EVENTS);
    make_log_done(&make);
    begin();
    make_log_init(&make, sha1);
    make_event(&make, 0, 8, bytes_str("x"), bytes_str("x"));
    add("a", make_log_bytes(&make));
    end("", META, "");
    CHECK_EQ(rule_of(0), RULE_RIM_EVENTS); /* no bank of SHA-2 */
    make_log_done(&make);
    begin();
    add("a.rimpcr", bytes_str("0 00"));
    end("", META, "");
    CHECK_EQ(rule_of(0), RULE_RIM_EVENTS);
    begin();
    add("a", bytes_str("no log"));
    end("", META, "");
    CHECK_EQ(rule_reason(rule_of(1)), REASON_LOG_PARSE);
}

static void
a_signed_base_wants_a_key_or_leave(void)
{
    struct pubkey *key = NULL;
    uint8_t n[256];

    begin();
    files[0] =
        (struct import_file){.path = "a.swidtag", .bytes = check_vector("rim/hirs-laptop.swidtag")};
    CHECK_EQ(rule_of(0), RULE_RIM_UNVERIFIED);
    ask.unverified = true;
    CHECK_EQ(rule_of(0), RULE_RIM_MISSING);
    ask.unverified = false;
    memset(n, 0xc1, sizeof(n));
    CHECK_EQ(pubkey_from_rsa(BYTES_OF(n), 65537, &key), 0);
    ask.key = key;
    CHECK_EQ(rule_of(0), RULE_XMLDSIG_WRONG);
    begin();
    ask.key = key;
    add("a", check_vector("evlog/glinux-alex.bin"));
    end("", META, "");
    CHECK_EQ(rule_of(0), RULE_RIM_UNSIGNED);
    pubkey_freep(&key);
    begin();
    ask.unverified = true;
    add("a", check_vector("evlog/glinux-alex.bin"));
    end("", META, "");
    CHECK_EQ(import_rig_ask(import_rim, &ask), 0);
    import_rig_says("# SIGNATURE NOT VERIFIED\n");
    import_rig_says("  source operator rim\n");
    begin();
    add("a", BYTES_NULL);
    files[0] = (struct import_file){.path = "a", .bytes = bytes_str("<a/>")};
    CHECK_EQ(rule_of(0), RULE_RIM_FORM);
}

CHECK_MAIN(CASE(a_support_log_is_a_release_of_the_firmware),
           CASE(names_are_the_asker_s_or_the_manifest_s),
           CASE(logs_that_differ_are_variants_and_others_are_told),
           CASE(files_and_list_are_the_same_or_refused_by_name),
           CASE(a_log_that_says_nothing_of_the_firmware_is_refused),
           CASE(a_signed_base_wants_a_key_or_leave))
