/* import/import-pcrlock: systemd-pcrlock's files as releases. */
#include "import/import.h"
#include "lib/check.h"
#include "lib/import-rig.h"

#define D256(b) "{\"hashAlg\":\"sha256\",\"digest\":\"" PLAY_64(b) "\"}"
#define PLAY_64(b) b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b
#define SHA1 "{\"hashAlg\":\"sha1\",\"digest\":\"9069ca78e7450a285173431b3e52c5c25299e473\"}"
#define RECORD(pcr, digests) "{\"pcr\":" pcr ",\"digests\":[" digests "]}"
#define FILE_OF(records) "{\"records\":[" records "]}"

static const char present[] =
    "import/700-action-efi-exit-boot-services.pcrlock.d/300-present.pcrlock";
static const char absent[] =
    "import/700-action-efi-exit-boot-services.pcrlock.d/600-absent.pcrlock";

static struct import_file
vector(const char *path)
{
    return (struct import_file){.path = path, .bytes = check_vector(path)};
}

static void
systemd_s_own_files_are_releases(void)
{
    struct import_file files[] = {vector("import/350-action-efi-application.pcrlock"),
                                  vector(present), vector(absent),
                                  vector("import/750-enter-initrd.pcrlock")};

    CHECK_EQ(import_rig_run(import_pcrlock, files, ARRAY_LEN(files)), 0);
    import_rig_says(
        "release action-efi-application pcrlock 1 {\n  source operator pcrlock\n"
        "  pcr4 sha256:3d6772b4f84ed47595d72a2c4c5ffd15f5bb72c7507fe26f2aaee2c69d5633ba "
        "sha384:77a0");
    import_rig_says("release action-efi-exit-boot-services pcrlock present {");
    import_rig_says(
        "  pcr5 sha256:d8043d6b7b85ad358eb3b6ae6a873ab7ef23a26352c5dc4faa5aeedacf5eb41b");
    import_rig_says(
        "  pcr5 sha256:b54f7542cbd872a81a9d9dea839b2b8d747c7ebd5ea6615c40f42f44a6dbeba0");
    import_rig_says("# pcrlock file \"600-absent.pcrlock\", sha256:");
    import_rig_says("# NOT IMPORTED: it measures nothing");
    import_rig_says("release enter-initrd pcrlock 1 {");
    CHECK(!import_rig_has("pcrlock absent"));
    CHECK(!import_rig_has("sha1:"));
}

static void
what_belongs_together_is_one_release(void)
{
    struct import_file files[] = {vector("import/350-action-efi-application.pcrlock"),
                                  vector(present), vector("import/750-enter-initrd.pcrlock")};
    struct import_ask ask = {
        .component = "os", .release = "2026.11", .n = ARRAY_LEN(files), .files = files};

    CHECK_EQ(import_rig_ask(import_pcrlock, &ask), 0);
    import_rig_says("release os pcrlock 2026.11 {\n  source operator pcrlock\n"
                    "  action-efi-application-pcr4 sha256:3d67");
    import_rig_says("\n  action-efi-exit-boot-services-pcr5 sha256:d804");
    import_rig_says("\n  enter-initrd-pcr11 sha256:51e6");
}

static void
alternatives_are_no_one_release(void)
{
    struct import_file files[] = {vector(present), vector(absent)};
    struct import_ask ask = {.component = "os", .release = "1", .n = 2, .files = files};

    CHECK_EQ(import_rig_ask(import_pcrlock, &ask), 1);
    CHECK_EQ(import_rig.fault.file, 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_PCRLOCK_TWICE);
}

static void
components_are_named_by_files_and_folders(void)
{
    static const struct {
        const char *path, *said;
    } rows[] = {
        {"kernel.pcrlock", "release kernel pcrlock 1 {"},
        {"/var/lib/pcrlock.d/650-kernel-efi.pcrlock", "release kernel-efi pcrlock 1 {"},
        {"/var/lib/pcrlock.d/650-kernel.efi:x.pcrlock", "release kernel-efi-x pcrlock 1 {"},
        {"650-kernel.pcrlock.d/6.1.pcrlock", "release kernel pcrlock 6-1 {"},
        {"/a/650-kernel.pcrlock.d/300-old.pcrlock", "release kernel pcrlock old {"},
        {"/a/.pcrlock.d/300-old.pcrlock", "release old pcrlock 1 {"},
        {"/a/123", "release 123 pcrlock 1 {"},
        {"/a/650-.pcrlock", "release 650- pcrlock 1 {"},
        {"/a/\n} x {.json", "release ---x---json pcrlock 1 {"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        import_rig_one(import_pcrlock, rows[i].path, bytes_str(FILE_OF(RECORD("4", D256("3a")))));
        import_rig_says(rows[i].said);
    }
}

static void
a_given_name_is_the_component(void)
{
    struct import_file file = {.path = "a.pcrlock.d/v.pcrlock",
                               .name = "gw",
                               .bytes = bytes_str(FILE_OF(RECORD("4", D256("3a"))))};

    CHECK_EQ(import_rig_run(import_pcrlock, &file, 1), 0);
    import_rig_says("release gw pcrlock v {");
    file.path = "01234567890123456789012345678901234567890.pcrlock";
    file.name = NULL;
    CHECK_EQ(import_rig_run(import_pcrlock, &file, 1), 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_IMPORT_NAME);
    file.path = "a/"; /* nothing to be named by */
    CHECK_EQ(import_rig_run(import_pcrlock, &file, 1), 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_IMPORT_NAME);
}

static void
sha1_and_repeats_are_told_and_left_out(void)
{
    import_rig_one(import_pcrlock, "a",
                   bytes_str(FILE_OF(RECORD("4", D256("3a") "," SHA1) "," RECORD(
                       "4", SHA1) "," RECORD("4", D256("3a")) "," RECORD("9", D256("3a")))));
    import_rig_says("  pcr4 sha256:3a3a");
    import_rig_says("  pcr9 sha256:3a3a");
    import_rig_says("# NOT IMPORTED: 1 records of SHA-1 alone\n");
    import_rig_says("# 1 records are what stands above");
    CHECK(!import_rig_has("sha1:"));
}

static void
what_is_no_such_file_is_refused(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {"", RULE_PCRLOCK_FORM},
        {"[]", RULE_PCRLOCK_FORM},
        {"{}", RULE_PCRLOCK_FORM},
        {"{\"records\":{}}", RULE_PCRLOCK_FORM},
        {"{\"records\":[],\"records\":[]}", RULE_PCRLOCK_FORM},
        {"{\"records\":[],\"more\":1}", RULE_PCRLOCK_FORM},
        {"{\"records\":[]} x", RULE_PCRLOCK_FORM},
        {FILE_OF("7"), RULE_PCRLOCK_RECORD},
        {FILE_OF("{\"pcr\":4}"), RULE_PCRLOCK_RECORD},
        {FILE_OF("{\"digests\":[" D256("3a") "]}"), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", "")), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("24", D256("3a"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("-1", D256("3a"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4.0", D256("3a"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("\"4\"", D256("3a"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4294967300", D256("3a"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", D256("3a") "," D256("3b"))), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", D256("3a") ",{}")), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", "{\"hashAlg\":\"md5\",\"digest\":\"3a\"}")), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", "{\"hashAlg\":\"sha256\",\"digest\":\"3a\"}")), RULE_PCRLOCK_RECORD},
        {FILE_OF(RECORD("4", "{\"hashAlg\":\"sha256\",\"digest\":\"zz\"}")), RULE_PCRLOCK_RECORD},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum rule rule = import_rig_rule(import_pcrlock, bytes_str(rows[i].text));

        CHECK_EQ(rule, rows[i].rule);
    }
    CHECK_EQ(import_rig_rule(import_pcrlock, bytes_str(FILE_OF(RECORD("4", D256("3a")) ",7"))),
             RULE_PCRLOCK_RECORD);
    CHECK_EQ(import_rig.fault.fault.event, 1);
}

static void
every_truncation_is_refused(void)
{
    struct bytes in = check_vector("import/750-enter-initrd.pcrlock");

    for (size_t len = 0; len + 1 < in.len; len++) { /* its last byte ends the line */
        CHECK_EQ(import_rig_rule(import_pcrlock, bytes_of(in.p, len)), RULE_PCRLOCK_FORM);
    }
}

static void
records_are_bounded(void)
{
    static char text[64 + 256 * 128];

    for (size_t n = 255; n <= 256; n++) {
        size_t len = (size_t)snprintf(text, sizeof(text), "{\"records\":[");

        for (size_t i = 0; i < n; i++) {
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "%s{\"pcr\":4,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"
                                    "\"%064zx\"}]}",
                                    i > 0 ? "," : "", i);
        }
        snprintf(text + len, sizeof(text) - len, "]}");
        if (n == 255) {
            import_rig_one(import_pcrlock, "a", bytes_str(text));
        } else {
            CHECK_EQ(import_rig_rule(import_pcrlock, bytes_str(text)), RULE_PCRLOCK_FORM);
        }
    }
}

CHECK_MAIN(CASE(systemd_s_own_files_are_releases), CASE(what_belongs_together_is_one_release),
           CASE(alternatives_are_no_one_release), CASE(components_are_named_by_files_and_folders),
           CASE(a_given_name_is_the_component), CASE(sha1_and_repeats_are_told_and_left_out),
           CASE(what_is_no_such_file_is_refused), CASE(every_truncation_is_refused),
           CASE(records_are_bounded))
