/* import/import-keylime: reference states of measured boot, and runtime policies. */
#include "import/import.h"
#include "lib/check.h"
#include "lib/import-rig.h"

#define B16(b) b b b b b b b b b b b b b b b b
#define B32(b) B16(b) B16(b)
#define SHA(b) "{\"sha256\":\"0x" B32(b) "\"}"
#define FIRMWARE \
    "\"scrtm_and_bios\":[{\"scrtm\":" SHA("01") ",\"platform_firmware\":[" SHA("02") "]}]"
#define STATE(members) "{" FIRMWARE members "}"
#define KEY(data) "{\"SignatureOwner\":\"x\",\"SignatureData\":\"" data "\"}"

static const char example[] = "import/example_reference_state.json";

static void
boot(const char *text)
{
    import_rig_one(import_keylime_boot, "/a/site.json", bytes_str(text));
}

static void
keylime_s_example_becomes_releases_and_sets(void)
{
    import_rig_one(import_keylime_boot, example, check_vector(example));
    import_rig_says("# keylime's reference state \"example_reference_state.json\", sha256:");
    import_rig_says(
        "release fw example_reference_state 1 {\n  source operator keylime\n"
        "  blob sha256:46274f0827aff146e57ade2616074d56d03f36d937203fa553cb4b40e9a5f635\n"
        "  blob sha256:d212f1114cb97c6f2a9a88d38899bdf4445bc7e827b0a4efb431e6307cd34151\n"
        "  scrtm sha256:96a2");
    import_rig_says(
        "release os example_reference_state 1 {\n  source operator keylime\n"
        "  shim sha256:0f87dfd530645c0e0197b89938f0659c943e5eceffec74f09fefa135f4ee76e6\n"
        "  grub sha256:412c");
    import_rig_says("  kernel sha256:8d25");
    import_rig_says("  initrd sha256:dca6");
    import_rig_says("# NOT IMPORTED: a regular expression, write a cmdline block: "
                    "\"/boot/vmlinuz-5.4.0-81-generic root=UUID=");
    import_rig_says("set digests mok/example_reference_state {\n  sha256:ae32");
    import_rig_says("set digests mokx/example_reference_state {\n  sha256:8d8a");
}

/* The same certificates as docs/examples has, by other means: sha256sum of what Microsoft
 * publishes. */
static void
keys_are_the_certificates_that_stand_there(void)
{
    import_rig_one(import_keylime_boot, example, check_vector(example));
    import_rig_says("set certs sb/kek/example_reference_state {\n");
    import_rig_says("set certs sb/pk/example_reference_state {\n  x509 sha256:");
    import_rig_says(
        "  x509 sha256:48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507");
    import_rig_says(
        "  x509 sha256:e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961");
    import_rig_says(
        "  x509 sha256:a1117f516a32cefcba3f2d1ace10a87972fd6bbe8fe0d0b996e09e65d802a503");
    import_rig_says(
        "set dbx dbx/example_reference_state {\n"
        "  sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n}\n");
}

static void
several_states_are_releases_of_their_own(void)
{
    struct import_file file = {.path = "a",
                               .name = "rack",
                               .bytes = bytes_str("{\"kernels\":[{\"shim_authcode_sha256\":\"" B32(
                                   "0a") "\"},"
                                         "{\"vmlinuz_plain_sha256\":\"0x" B32("0b") "\"}]}")};
    struct import_ask ask = {.release = "2026.11", .n = 1, .files = &file};

    CHECK_EQ(import_rig_ask(import_keylime_boot, &ask), 0);
    import_rig_says("release os rack 2026.11-1 {\n  source operator keylime\n  shim sha256:0a0a");
    import_rig_says(
        "release os rack 2026.11-2 {\n  source operator keylime\n  vmlinuz sha256:0b0b");
}

static void
firmware_that_repeats_itself_stands_once(void)
{
    boot("{\"scrtm_and_bios\":[{\"platform_firmware\":[" SHA("02") "," SHA("03") "," SHA(
        "02") "]}]}");
    import_rig_says("{\n  source operator keylime\n  blob sha256:" B32("02") "\n  blob sha256:" B32(
        "03") "\n}\n");
    CHECK(!import_rig_has("scrtm"));
}

static void
lists_of_keys_hold_hashes_and_versions_too(void)
{
    boot(STATE(",\"db\":[" KEY("0x" B32("0a")) "],\"dbx\":[" KEY("0x" B32("0b")) "," KEY(
        "0x01612b139dd5598843ab1c185cfcb2eb9200000900000000000000000000000"
        "0") "," KEY("0x3000") "," KEY("0x3001") "]"));
    import_rig_says("set certs sb/db/site {\n  image sha256:0a0a");
    import_rig_says("# NOT IMPORTED: 1 entries of dbx that no set holds\n");
    import_rig_says("set dbx dbx/site {\n  x509 sha256:");
    import_rig_says("  sha256:" B32("0b") "\n");
    import_rig_says("  svn 9d132b61-59d5-4388-ab1c-185cfcb2eb92 9.0\n}\n");
}

static void
empty_lists_are_no_sets(void)
{
    boot(STATE(",\"pk\":[],\"vendor_db\":[],\"dbx\":[],\"mokdig\":[],\"mokxdig\":[]"));
    CHECK(!import_rig_has("set "));
    import_rig_says("release fw site 1 {");
}

static void
secure_boot_is_a_rule_and_the_unknown_is_told(void)
{
    boot(STATE(",\"has_secureboot\":true"));
    import_rig_says("# it says that Secure Boot is on: that is a rule");
    boot(STATE(",\"has_secureboot\":false"));
    import_rig_says("# it says that Secure Boot is off");
    boot(STATE(",\"ne\\nw} x {\":[]"));
    import_rig_says("# NOT IMPORTED, a member that is not known: \"ne\\x0aw} x {\"\n");
    boot(STATE(",\"kernels\":[{\"shim_authcode_sha256\":\"0x" B32(
        "0a") "\",\"kernel_cmdline\":\"a\\n} set \\\"\"}]"));
    import_rig_says("cmdline block: \"a\\x0a} set \\x22\"\n");
}

static void
what_is_no_state_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"pk\":[]}",
        "{\"kernels\":{}}",
        "{\"kernels\":[7]}",
        "{\"kernels\":[{\"shim_authcode_sha256\":\"0x12\"}]}",
        "{\"kernels\":[{\"shim_authcode_sha256\":\"0x\"}]}",
        "{\"kernels\":[{\"shim_authcode_sha256\":7}]}",
        "{\"kernels\":[{\"shim_authcode_sha257\":\"" B32("0a") "\"}]}",
        "{\"kernels\":[{\"kernel_cmdline\":7}]}",
        "{\"scrtm_and_bios\":7}",
        "{\"scrtm_and_bios\":[7]}",
        "{\"scrtm_and_bios\":[{\"scrtm\":" SHA("01") "}]}",
        "{\"scrtm_and_bios\":[{\"platform_firmware\":[7]}]}",
        "{\"scrtm_and_bios\":[{\"platform_firmware\":[],\"scrtm\":{}}]}",
        "{" FIRMWARE "," FIRMWARE "}",
        STATE(",\"pk\":{}"),
        STATE(",\"pk\":[7]"),
        STATE(",\"pk\":[{\"SignatureData\":\"0x0\"}]"),
        STATE(",\"pk\":[{\"SignatureData\":\"\"}]"),
        STATE(",\"pk\":[{\"SignatureOwner\":\"x\"}]"),
        STATE(",\"mokdig\":7"),
        STATE(",\"mokxdig\":[{\"sha1\":\"0x12\"}]"),
        STATE("") "x",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        printf("# %s\n", bad[i]);
        CHECK_EQ(import_rig_rule(import_keylime_boot, bytes_str(bad[i])), RULE_KEYLIME_FORM);
    }
}

/* ---- runtime policies ---- */

static void
runtime(const char *text)
{
    struct import_file file = {.path = "run.json", .bytes = bytes_str(text)};

    CHECK_EQ(import_rig_list(import_keylime_runtime, &file, 1), 0);
}

#define RUNTIME(files, more) "{\"meta\":{\"version\":1},\"digests\":{" files "}" more "}"

static void
keylime_s_policy_is_a_list_in_its_order(void)
{
    struct import_file file = {.path = "runtime-policy.json",
                               .bytes = check_vector("import/runtime-policy.json")};
    size_t lines = 0;

    CHECK_EQ(import_rig_list(import_keylime_runtime, &file, 1), 0);
    import_rig_says("# keylime's runtime policy \"runtime-policy.json\", sha256:");
    import_rig_says("\nsha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
                    "/usr/sbin/foobar-sbin\n"
                    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
                    "/usr/lib64/foobar-temp\n");
    for (const char *p = import_rig.text; *p != '\0'; p++) {
        lines += *p == '\n';
    }
    CHECK_EQ(lines, 1 + 7);
    CHECK(!import_rig_has("NOT IMPORTED"));
}

static void
digests_are_named_by_their_length(void)
{
    runtime(RUNTIME("\"/a b\":[\"" B16("0a") "0b0b0b0b\",\"" B32("0c") "\"],\"/c\":[\"" B32("0d")
                        B16("0d") "\",\"" B32("0e") B32("0e") "\"],\"/d\":[]",
                    ""));
    import_rig_says("sha1:" B16("0a") "0b0b0b0b /a b\nsha256:" B32("0c") " /a b\nsha384:0d0d");
    import_rig_says("sha512:0e0e");
    CHECK(!import_rig_has("/d"));
}

static void
what_a_list_cannot_say_is_told(void)
{
    runtime(
        RUNTIME("\"/a\\nsha256:x\":[\"" B32("0c") "\"],\"\":[\"" B32(
                    "0c") "\"],\"/\xc2\x9b\":[\"" B32("0c") "\"],\"/\xc3\xa9\":[\"" B32("0d") "\"]",
                ",\"excludes\":[\"a\"],\"keyrings\":{\"k\":[]},\"ima-buf\":{\"b\":[]},"
                "\"verification-keys\":\"k\""));
    import_rig_says("# NOT IMPORTED: excludes, which are not empty\n");
    import_rig_says("# NOT IMPORTED: keyrings, which are not empty\n");
    import_rig_says("# NOT IMPORTED: ima-buf, which is not empty\n");
    import_rig_says("# NOT IMPORTED: verification-keys, which are not empty\n");
    import_rig_says("# NOT IMPORTED: 3 paths with control characters\n");
    import_rig_says("sha256:" B32("0d") " /\xc3\xa9\n");
    CHECK(!import_rig_has(B32("0c")));
}

static void
what_is_no_runtime_policy_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"digests\":{}}",
        "{\"meta\":{}}",
        "{\"meta\":7,\"digests\":{}}",
        "{\"meta\":{},\"digests\":[]}",
        RUNTIME("\"/a\":7", ""),
        RUNTIME("\"/a\":[7]", ""),
        RUNTIME("\"/a\":[\"\"]", ""),
        RUNTIME("\"/a\":[\"0a\"]", ""),
        RUNTIME("\"/a\":[\"zz\"]", ""),
        RUNTIME("\"/a\":[],\"/a\":[]", ""),
        RUNTIME("", "") ",",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        printf("# %s\n", bad[i]);
        CHECK_EQ(import_rig_rule(import_keylime_runtime, bytes_str(bad[i])), RULE_KEYLIME_RUNTIME);
    }
}

static void
every_truncation_is_refused(void)
{
    struct bytes in = check_vector("import/runtime-policy.json");

    for (size_t len = 0; len + 1 < in.len; len++) { /* its last byte ends the line */
        CHECK_EQ(import_rig_rule(import_keylime_runtime, bytes_of(in.p, len)),
                 RULE_KEYLIME_RUNTIME);
    }
    in = check_vector(example);
    for (size_t len = 0; len + 1 < in.len; len += 97) {
        CHECK_EQ(import_rig_rule(import_keylime_boot, bytes_of(in.p, len)), RULE_KEYLIME_FORM);
    }
}

CHECK_MAIN(CASE(keylime_s_example_becomes_releases_and_sets),
           CASE(keys_are_the_certificates_that_stand_there),
           CASE(several_states_are_releases_of_their_own),
           CASE(firmware_that_repeats_itself_stands_once),
           CASE(lists_of_keys_hold_hashes_and_versions_too), CASE(empty_lists_are_no_sets),
           CASE(secure_boot_is_a_rule_and_the_unknown_is_told), CASE(what_is_no_state_is_refused),
           CASE(keylime_s_policy_is_a_list_in_its_order), CASE(digests_are_named_by_their_length),
           CASE(what_a_list_cannot_say_is_told), CASE(what_is_no_runtime_policy_is_refused),
           CASE(every_truncation_is_refused))
