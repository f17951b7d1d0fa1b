/* support: which files of an archive count, and what info.json says. Real bundles: appraise_cli. */
#include "support.h"

#include "agent/tar-out.h"
#include "lib/check.h"

static uint8_t room[32 * 1024];
static struct wr wr;

static void
begin(void)
{
    wr = wr_init(room, sizeof(room));
}

static struct bytes
done(void)
{
    tar_out_end(&wr);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
every_name_of_the_attestor_has_its_place(void)
{
    static const char *const names[] = {
        [SUPPORT_INFO] = "info.json", [SUPPORT_EVIDENCE] = "evidence",
        [SUPPORT_QUOTE] = "quote",    [SUPPORT_SIGNATURE] = "signature",
        [SUPPORT_AK] = "ak.tpmt",     [SUPPORT_FIRMWARE] = "firmware.log",
        [SUPPORT_IMA] = "ima.log",    [SUPPORT_USERSPACE] = "userspace.log",
    };
    struct support support;

    begin();
    for (size_t i = 0; i < SUPPORT_N; i++) {
        tar_out_file(&wr, names[i], bytes_str(names[i]));
    }
    CHECK_EQ(support_read(done(), &support, NULL), 0);
    for (size_t i = 0; i < SUPPORT_N; i++) {
        CHECK_BYTES(support.file[i], bytes_str(names[i]));
    }
}

static void
other_names_are_passed_over_and_absent_ones_are_null(void)
{
    struct support support;

    begin();
    tar_out_file(&wr, "README", bytes_str("words"));
    tar_out_file(&wr, "ek-01c00002.der", bytes_str("cert"));
    tar_out_file(&wr, "README", bytes_str("words"));
    tar_out_file(&wr, "quote2", bytes_str("q"));
    tar_out_file(&wr, "quot", bytes_str("q"));
    CHECK_EQ(support_read(done(), &support, NULL), 0);
    for (size_t i = 0; i < SUPPORT_N; i++) {
        CHECK(!support.file[i].p);
    }
}

static void
a_file_that_counts_stands_there_once(void)
{
    struct support support = {.file = {bytes_str("untouched")}};
    struct fault fault = {0};

    begin();
    tar_out_file(&wr, "README", BYTES_NULL);
    tar_out_file(&wr, "quote", BYTES_NULL);
    tar_out_file(&wr, "quote", bytes_str("another"));
    CHECK_EQ(support_read(done(), &support, &fault), 1);
    CHECK_EQ(fault.rule, RULE_SUPPORT_TWICE);
    CHECK_EQ(fault.event, 2);
    CHECK_BYTES(support.file[0], bytes_str("untouched"));
}

static void
no_truncation_is_a_bundle(void)
{
    struct support support;
    struct bytes whole;

    begin();
    tar_out_file(&wr, "info.json", bytes_str("{}"));
    tar_out_file(&wr, "quote", bytes_str("q"));
    whole = done();
    CHECK_EQ(support_read(whole, &support, NULL), 0);
    for (size_t n = 0; n < whole.len; n += n % 512 < 5 || n % 512 > 506 ? 1 : 41) {
        struct fault fault = {0};

        CHECK_EQ(support_read(check_guarded(bytes_of(whole.p, n)), &support, &fault), 1);
        CHECK_EQ(rule_reason(fault.rule), REASON_EVIDENCE_MALFORMED);
    }
}

#define DIGITS "0123456789012345678901" /* 22: three are more than a site may have */

static int
site_of(const char *info, char site[LIMIT_SITE + 1])
{
    struct support support = {0};

    support.file[SUPPORT_INFO] = info ? bytes_str(info) : BYTES_NULL;
    return support_site(&support, site);
}

static void
the_site_is_that_of_the_settings(void)
{
    char site[LIMIT_SITE + 1] = "";

    CHECK_EQ(site_of("{\"site\":\"no\",\"settings\":{\"tcti\":\"x\",\"site\":\"lab\"}}", site), 0);
    CHECK_STR(site, "lab");
}

static void
what_names_no_site_is_told_and_leaves_the_room_alone(void)
{
    static const char *const infos[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"settings\":[]}",
        "{\"settings\":\"site\"}",
        "{\"settings\":{\"site\":1}}",
        "{\"settings\":{\"site\":null}}",
        "{\"settings\":{\"site\":\"\"}}",
        "{\"settings\":{\"site\":\"a\",\"site\":\"b\"}}",
        "{\"settings\":{\"site\":\"" DIGITS DIGITS DIGITS "\"}}",
    };
    char site[LIMIT_SITE + 1] = "kept";

    CHECK_EQ(site_of(NULL, site), 1);
    for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
        CHECK_EQ(site_of(infos[i], site), 1);
        CHECK_STR(site, "kept");
    }
}

CHECK_MAIN(CASE(every_name_of_the_attestor_has_its_place),
           CASE(other_names_are_passed_over_and_absent_ones_are_null),
           CASE(a_file_that_counts_stands_there_once), CASE(no_truncation_is_a_bundle),
           CASE(the_site_is_that_of_the_settings),
           CASE(what_names_no_site_is_told_and_leaves_the_room_alone))
