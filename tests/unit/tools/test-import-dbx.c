/* import/import-dbx: updates of dbx as baselines of the policy language. */
#include "import/import.h"
#include "lib/check.h"
#include "lib/import-rig.h"

#define HEAD                           \
    "da070306131115000000000000000000" \
    "1a000000 0002 f10e 9dd2af4adf68ee498aa9347d375665a7 3000"
#define SHA256 "2616c4c14c509240aca941f936934328"
#define X509 "a159c0a5e494a74a87b5ab155c2bf072"
#define TBS "92a4d23bc0967940b420fcf98ef103ed"
#define SHA1 "12a56c8210cfc94ab187be01496631bd"
#define ROW "4c000000 00000000 30000000"
#define MS "bd9afa775903324dbd6028f4e78f784b"
#define SVN_OWNER "6c2b139dd5598843ab1c185cfcb2eb92"
#define H(last) "3a9c0000000000000000000000000000000000000000000000000000000000" last
#define HASH(last) SHA256 ROW MS H(last)
#define SVN(guid, version)                                                                         \
    SHA256 ROW SVN_OWNER "01" guid "b139dd5598843ab1c185cfcb2eb92" version "000000000000000000000" \
                         "0"
#define CERT X509 "2e000000 00000000 12000000" MS "3000"
#define REVOKED(time) TBS "5c000000 00000000 40000000" MS H("77") time
#define NO_TIME "00000000000000000000000000000000"

static void
one(const char *hex)
{
    import_rig_one(import_dbx, "/a/b/may.bin", check_hex(hex));
}

static void
published_updates_become_baselines_that_later_ones_meet(void)
{
    struct import_file files[] = {
        {.path = "secret/dbxupdate_x64-2020-10-12.bin",
         .bytes = check_vector("import/dbxupdate_x64-2020-10-12.bin")},
        {.path = "secret/dbxupdate_x64-2021-04-29.bin",
         .bytes = check_vector("import/dbxupdate_x64-2021-04-29.bin"),
         .name = "dbx/2021-04",
         .published = "2021-04-29"},
    };

    CHECK_EQ(import_rig_run(import_dbx, files, 2), 0);
    import_rig_says("set dbx dbx/dbxupdate_x64-2020-10-12 next dbx/2021-04 {\n");
    import_rig_says("set dbx dbx/dbxupdate_x64-2020-10-12/certs {\n  x509 sha256:");
    import_rig_says("set dbx dbx/2021-04 published 2021-04-29 {\n");
    import_rig_says("# 186 entries: 183 hashes, 0 versions, 3 certificates");
    import_rig_says("# 211 entries: 211 hashes, 0 versions, 0 certificates");
    /* the boot loaders of BootHole, by the certificates of those who signed them */
    import_rig_says(
        "  x509 sha256:f156d24f5d4e775da0e6a9111f074cfce701939d688c64dba093f97753434f2c");
    CHECK(!import_rig_has("dbx/2021-04/certs"));
    CHECK(!import_rig_has("NOT IMPORTED"));
    CHECK(!import_rig_has("secret")); /* nobody's folders */
}

static void
an_entry_counts_once_whoever_owns_it(void)
{
    one(HEAD HASH("02") HASH("01") SHA256 ROW SVN_OWNER H("02") HASH("02"));
    import_rig_says("# 4 entries: 2 hashes, 0 versions, 0 certificates");
    import_rig_says("set dbx dbx/may {\n  sha256:" H("01") "\n  sha256:" H("02") "\n}\n");
}

static void
of_versions_the_highest_of_each_counts(void)
{
    one(HEAD SVN("612", "00000700") SVN("612", "01000900") SVN("612", "ffff0800")
            SVN("622", "00000200") SVN("632", "00000000"));
    import_rig_says("# 5 entries: 0 hashes, 2 versions"); /* below 0.0 there is none */
    import_rig_says("{\n  svn 9d132b61-59d5-4388-ab1c-185cfcb2eb92 9.1\n"
                    "  svn 9d132b62-59d5-4388-ab1c-185cfcb2eb92 2.0\n}\n");
}

static void
certificates_stand_apart(void)
{
    one(HEAD HASH("01") CERT REVOKED(NO_TIME) CERT);
    import_rig_says("set dbx dbx/may {\n  sha256:" H("01") "\n}\n");
    import_rig_says("set dbx dbx/may/certs {\n  x509 sha256:");
    import_rig_says("  tbs sha256:" H("77") "\n}\n");
    import_rig_says("1 hashes, 0 versions, 2 certificates");
    one(HEAD CERT);
    CHECK(!import_rig_has("set dbx dbx/may {"));
    import_rig_says("set dbx dbx/may/certs {");
}

static void
what_no_set_holds_is_told(void)
{
    one(HEAD HASH("01") SHA1
        "40000000 00000000 24000000" MS
        "3a9c000000000000000000000000000000000000" REVOKED("da070306131115000000000000000000"));
    import_rig_says("# NOT IMPORTED: 2 entries of kinds");
    CHECK(!import_rig_has(H("77")));
    one(HEAD SHA1 "40000000 00000000 24000000" MS "3a9c000000000000000000000000000000000000");
    CHECK(!import_rig_has("set dbx"));
}

static void
each_next_is_the_next_of_its_kind(void)
{
    struct import_file files[] = {
        {.path = "a", .bytes = check_hex(HEAD HASH("01") CERT)},
        {.path = "b", .bytes = check_hex(HEAD HASH("02"))},
        {.path = "c", .bytes = check_hex(HEAD REVOKED(NO_TIME))},
        {.path = "d", .bytes = check_hex(HEAD HASH("03"))},
    };

    CHECK_EQ(import_rig_run(import_dbx, files, ARRAY_LEN(files)), 0);
    import_rig_says("set dbx dbx/a next dbx/b {");
    import_rig_says("set dbx dbx/a/certs next dbx/c/certs {");
    import_rig_says("set dbx dbx/b next dbx/d {");
    import_rig_says("set dbx dbx/c/certs {");
    import_rig_says("set dbx dbx/d {");
}

static void
names_of_files_are_anybody_s(void)
{
    struct bytes in = check_hex(HEAD HASH("01"));

    import_rig_one(import_dbx, "x/\n}set\"\x1b[31m.bin", in);
    import_rig_says("# update of dbx \"\\x0a}set\\x22\\x1b[31m.bin\", sha256:");
    import_rig_says("set dbx dbx/--set---31m {\n");
    import_rig_one(import_dbx, ".hidden", in);
    import_rig_says("set dbx dbx/.hidden {\n");
    CHECK_EQ(import_rig_run(import_dbx,
                            &(struct import_file){
                                .path = "0123456789012345678901234567890123456789", .bytes = in},
                            1),
             1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_IMPORT_NAME);
}

static void
a_file_that_is_none_is_named(void)
{
    struct import_file files[] = {
        {.path = "a", .bytes = check_hex(HEAD HASH("01"))},
        {.path = "b", .bytes = check_hex(HEAD)},
    };

    CHECK_EQ(import_rig_run(import_dbx, files, 2), 1);
    CHECK_EQ(import_rig.fault.file, 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_AUTHVAR_EMPTY);
    CHECK_EQ(import_rig_rule(import_dbx, BYTES_NULL), RULE_AUTHVAR_TIME);
    CHECK_EQ(import_rig_rule(import_dbx, check_vector("evlog/debian-10.bin")), RULE_AUTHVAR_TIME);
}

static void
versions_are_bounded(void)
{
    static uint8_t in[42 + 65 * 76];
    struct bytes head = check_hex(HEAD);
    struct bytes row = check_hex(SVN("612", "00000700"));

    memcpy(in, head.p, head.len);
    for (size_t i = 0; i < 65; i++) {
        memcpy(in + 42 + i * 76, row.p, row.len);
        in[42 + i * 76 + 28 + 16 + 1] = (uint8_t)i;
    }
    import_rig_one(import_dbx, "most", bytes_of(in, sizeof(in) - 76));
    import_rig_says("# 64 entries: 0 hashes, 64 versions");
    CHECK_EQ(import_rig_rule(import_dbx, BYTES_OF(in)), RULE_DBX_SVNS);
}

CHECK_MAIN(CASE(published_updates_become_baselines_that_later_ones_meet),
           CASE(an_entry_counts_once_whoever_owns_it), CASE(of_versions_the_highest_of_each_counts),
           CASE(certificates_stand_apart), CASE(what_no_set_holds_is_told),
           CASE(each_next_is_the_next_of_its_kind), CASE(names_of_files_are_anybody_s),
           CASE(a_file_that_is_none_is_named), CASE(versions_are_bounded))
