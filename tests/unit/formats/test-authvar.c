/* formats/authvar: updates of dbx as they were published, and what is none. */
#include "formats/authvar.h"

#include "formats/efiguid.h"
#include "formats/siglist.h"
#include "lib/check.h"

/* 2010-03-06 19:17:21, a signature of an empty SEQUENCE, one list of one hash. */
#define TIME "da070306131115000000000000000000"
#define PKCS7 "9dd2af4adf68ee498aa9347d375665a7"
#define SIGNATURE "1a000000 0002 f10e" PKCS7 "3000"
#define LIST                                                      \
    "2616c4c14c509240aca941f936934328 4c000000 00000000 30000000" \
    "bd9afa775903324dbd6028f4e78f784b"                            \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static enum rule
rule_of(struct bytes in, uint64_t *ret_offset)
{
    struct authvar var = {.year = 7};
    struct fault fault = {0};
    int r = authvar_read(check_guarded(in), &var, &fault);

    CHECK_EQ(r, fault.rule != RULE_NONE);
    CHECK(r == 0 || (var.year == 7 && fault.offset <= in.len));
    *ret_offset = fault.offset;
    return fault.rule;
}

static enum rule
rule_of_hex(const char *hex)
{
    uint64_t offset;

    return rule_of(check_hex(hex), &offset);
}

static size_t
entries(struct bytes lists)
{
    struct siglist list = siglist_init(lists);
    struct siglist_entry entry;
    size_t n = 0;

    while (siglist_next(&list, &entry, NULL) == 0) {
        n++;
    }
    return n;
}

static void
published_updates_are_read(void)
{
    static const struct {
        const char *path;
        size_t n;
    } files[] = {{"import/dbxupdate_x64-2020-10-12.bin", 186},
                 {"import/dbxupdate_x64-2021-04-29.bin", 211}};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct bytes in = check_guarded(check_vector(files[i].path));
        struct authvar var;

        CHECK_EQ(authvar_read(in, &var, NULL), 0);
        CHECK_EQ(var.year, 2010);
        CHECK_EQ(var.month, 3);
        CHECK_EQ(var.day, 6);
        CHECK_EQ(entries(var.lists), files[i].n);
        CHECK_EQ(16 + 24 + var.signature.len + var.lists.len, in.len);
    }
}

static void
a_small_one_is_read(void)
{
    struct authvar var;

    CHECK_EQ(authvar_read(check_hex(TIME SIGNATURE LIST LIST), &var, NULL), 0);
    CHECK_BYTES(var.signature, check_hex("3000"));
    CHECK_BYTES(var.lists, check_hex(LIST LIST));
    CHECK_EQ(entries(var.lists), 2);
}

static void
each_truncation_is_refused_but_between_lists(void)
{
    struct bytes in = check_hex(TIME SIGNATURE LIST LIST);
    size_t list = check_hex(LIST).len;

    for (size_t len = 0; len < in.len; len++) {
        uint64_t offset;
        enum rule rule = rule_of(bytes_of(in.p, len), &offset);

        if (len < 16) {
            CHECK_EQ(rule, RULE_AUTHVAR_TIME);
        } else if (len < 42) {
            CHECK_EQ(rule, RULE_AUTHVAR_SIGNATURE);
        } else if (len == 42) {
            CHECK_EQ(rule, RULE_AUTHVAR_EMPTY);
        } else {
            CHECK_EQ(rule, len == 42 + list ? RULE_NONE : RULE_SIGLIST_SHORT);
            CHECK(rule == RULE_NONE || offset == (len < 42 + list ? 42 : 42 + list));
        }
    }
}

static void
a_time_is_one_and_has_zeros_where_they_must_be(void)
{
    static const char *const bad[] = {
        "6b070306131115000000000000000000", /* 1899 */
        "10270306131115000000000000000000", /* 10000 */
        "da070006131115000000000000000000", /* no month */
        "da070d06131115000000000000000000", /* the 13th */
        "da070300131115000000000000000000", /* no day */
        "da070320131115000000000000000000", /* the 32nd */
        "da070306181115000000000000000000", /* hour 24 */
        "da070306133c15000000000000000000", /* minute 60 */
        "da07030613113c000000000000000000", /* second 60 */
        "da070306131115010000000000000000", /* pad */
        "da070306131115000000000100000000", /* nanoseconds */
        "da070306131115000000000001000000", /* a time zone */
        "da070306131115000000000000000100", /* daylight */
        "da070306131115000000000000000001", /* pad */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char hex[512];

        snprintf(hex, sizeof(hex), "%s" SIGNATURE LIST, bad[i]);
        CHECK_EQ(rule_of_hex(hex), RULE_AUTHVAR_TIME);
    }
}

static void
a_signature_is_of_its_kind_and_fills_its_size(void)
{
    static const char *const bad[] = {
        "17000000 0002 f10e" PKCS7,            /* shorter than its head */
        "00000000 0002 f10e" PKCS7 "3000",     /* of no size */
        "ffffffff 0002 f10e" PKCS7 "3000",     /* of 4 GiB */
        "1a000000 0001 f10e" PKCS7 "3000",     /* another revision */
        "1a000000 0002 f00e" PKCS7 "3000",     /* RSA-2048 */
        "1a000000 0002 f10e" LIST,             /* another GUID */
        "18000000 0002 f10e" PKCS7,            /* none */
        "19000000 0002 f10e" PKCS7 "30",       /* half an element */
        "1b000000 0002 f10e" PKCS7 "300000",   /* a byte behind it */
        "1a000000 0002 f10e" PKCS7 "3100",     /* a SET */
        "1c000000 0002 f10e" PKCS7 "30820000", /* a length of two bytes that needs none */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char hex[512];

        snprintf(hex, sizeof(hex), TIME "%s" LIST, bad[i]);
        CHECK_EQ(rule_of_hex(hex), RULE_AUTHVAR_SIGNATURE);
    }
}

static void
lists_are_whole(void)
{
    CHECK_EQ(rule_of_hex(TIME SIGNATURE LIST "00"), RULE_SIGLIST_SHORT);
    CHECK_EQ(
        rule_of_hex(TIME SIGNATURE "2616c4c14c509240aca941f936934328 1c000000 00000000 30000000"),
        RULE_AUTHVAR_EMPTY);
    CHECK_EQ(
        rule_of_hex(TIME SIGNATURE "2616c4c14c509240aca941f936934328 4c000000 00000000 31000000"),
        RULE_SIGLIST_SHORT);
}

/* ---- rows that are no hashes ---- */

static struct siglist_entry
entry_of(enum siglist_kind kind, const char *owner, const char *data)
{
    return (struct siglist_entry){
        .kind = kind, .owner = check_hex(owner), .data = check_guarded(check_hex(data))};
}

#define SVN_OWNER "6c2b139dd5598843ab1c185cfcb2eb92"
#define BOOTMGR "612b139dd5598843ab1c185cfcb2eb92"
#define ZEROS "0000000000000000000000"

static void
a_version_is_one_in_its_owner_s_row_alone(void)
{
    struct siglist_entry entry = entry_of(SIGLIST_SHA256, SVN_OWNER, "01" BOOTMGR "02000900" ZEROS);
    struct siglist_svn svn = {.version = 7};
    char room[EFIGUID_TEXT_MAX];

    CHECK(siglist_svn(&entry, &svn));
    CHECK_EQ(svn.version, 9u << 16 | 2);
    CHECK_STR(efiguid_text(svn.guid, room), "9d132b61-59d5-4388-ab1c-185cfcb2eb92");
    svn.version = 7;
    entry = entry_of(SIGLIST_SHA256, BOOTMGR, "01" BOOTMGR "02000900" ZEROS);
    CHECK(!siglist_svn(&entry, &svn));
    entry = entry_of(SIGLIST_SHA256, SVN_OWNER, "02" BOOTMGR "02000900" ZEROS);
    CHECK(!siglist_svn(&entry, &svn));
    entry = entry_of(SIGLIST_SHA256, SVN_OWNER,
                     "01" BOOTMGR "02000900"
                     "0000000000000000000001");
    CHECK(!siglist_svn(&entry, &svn));
    entry = entry_of(SIGLIST_OTHER, SVN_OWNER, "01" BOOTMGR "02000900" ZEROS);
    CHECK(!siglist_svn(&entry, &svn));
    entry = entry_of(SIGLIST_SHA256, SVN_OWNER, "01" BOOTMGR "02000900" ZEROS "00");
    CHECK(!siglist_svn(&entry, &svn));
    entry = entry_of(SIGLIST_SHA256, SVN_OWNER, "01" BOOTMGR "0200");
    CHECK(!siglist_svn(&entry, &svn));
    CHECK_EQ(svn.version, 7);
}

static void
a_certificate_is_revoked_for_all_time_or_not(void)
{
    struct bytes hash =
        check_hex("3a9c0000000000000000000000000000000000000000000000000000000000ff");
    struct siglist_entry entry =
        entry_of(SIGLIST_X509_SHA256, BOOTMGR,
                 "3a9c0000000000000000000000000000000000000000000000000000000000ff"
                 "00000000000000000000000000000000");
    struct bytes digest = BYTES_NULL;

    CHECK(siglist_tbs(&entry, &digest));
    CHECK_BYTES(digest, hash);
    digest = BYTES_NULL;
    entry.kind = SIGLIST_X509_SHA384;
    CHECK(!siglist_tbs(&entry, &digest));
    entry = entry_of(SIGLIST_X509_SHA256, BOOTMGR, "3a9c");
    CHECK(!siglist_tbs(&entry, &digest));
    entry = entry_of(SIGLIST_X509_SHA256, BOOTMGR,
                     "3a9c0000000000000000000000000000000000000000000000000000000000ff"
                     "da070306131115000000000000000000");
    CHECK(!siglist_tbs(&entry, &digest));
    CHECK(!digest.p);
}

static void
a_guid_has_one_spelling(void)
{
    static const char *const bad[] = {
        "",
        "9d132b61",
        "9D132B61-59d5-4388-ab1c-185cfcb2eb92",
        "9d132b61-59d5-4388-ab1c-185cfcb2eb9",
        "9d132b61-59d5-4388-ab1c-185cfcb2eb920",
        "9d132b61059d5-4388-ab1c-185cfcb2eb92",
        "9d132b6--59d5-4388-ab1c-185cfcb2eb92",
        "9d132b61-59d5-4388-ab1c-185cfcb2eb9g",
    };

    CHECK(efiguid_is_text(bytes_str("9d132b61-59d5-4388-ab1c-185cfcb2eb92")));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!efiguid_is_text(bytes_str(bad[i])));
    }
    CHECK(!efiguid_is_text(bytes_of("9d132b61-59d5-4388-ab1c-185cfcb2eb9", 36))); /* its NUL */
}

CHECK_MAIN(CASE(published_updates_are_read), CASE(a_small_one_is_read),
           CASE(each_truncation_is_refused_but_between_lists),
           CASE(a_time_is_one_and_has_zeros_where_they_must_be),
           CASE(a_signature_is_of_its_kind_and_fills_its_size), CASE(lists_are_whole),
           CASE(a_version_is_one_in_its_owner_s_row_alone),
           CASE(a_certificate_is_revoked_for_all_time_or_not), CASE(a_guid_has_one_spelling))
