/* Files that a later set may allow: kept, looked up again, and what must stay the same for that. */
#include <stdio.h>

#include "appraise/ima-firm.h"
#include "appraise/ima-open.h"
#include "lib/check.h"
#include "lib/ima-rig.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"

static struct ima_open kept;
static struct ima_open got;
static struct ima_judgement judgement;
static uint8_t room[IMA_OPEN_MAX];

static void
start(const char *lines, const char *blocks)
{
    static char text[8192];

    snprintf(text, sizeof(text), "ima x {\n%s}\n%s", lines, blocks);
    rule_play_rules("  rule files : ima policy ima/x\n", text);
}

static struct ima_judge_ask
asked(void)
{
    return (struct ima_judge_ask){.book = rule_play.book,
                                  .block = &rulebook_bundle(rule_play.book)->imas[0],
                                  .now_s = rule_play.input.now_s,
                                  .open = &kept};
}

/* The list of the rig, judged; what did not pass is in `kept`. */
static struct ima_past
judged(void)
{
    const struct ima_past_by by = {{1}, {2}};
    const struct ima_judge_ask ask = asked();
    struct ima_past past;

    memset(&kept, 0, sizeof(kept));
    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(ima_judge(ima_rig.hasher, &ask, &ima_rig.list,
                       bytes_of(ima_rig.part, ima_rig.part_len), &judgement),
             0);
    ima_past_take(&judgement, &by, &past);
    return past;
}

/* One file of each status that is kept, and of some that are not. */
static void
list(void)
{
    ima_rig_new();
    ima_rig_file(HASH_SHA256, 0x11, "/bin/ok");
    ima_rig_file(HASH_SHA256, 0x12, "/bin/unknown");
    ima_rig_signed(0x13, "/bin/key", ima_signer_attribute(SIGNER_P384, HASH_SHA256, 0x13));
    ima_rig_signed(0x14, "/bin/weak", ima_signer_attribute(SIGNER_RSA_1024, HASH_SHA256, 0x14));
    ima_rig_signed(0x15, "/bin/bad", ima_signer_attribute(SIGNER_P256, HASH_SHA256, 0x16));
    ima_rig_file(HASH_SHA256, 0x21, "/bin/denied");
    ima_rig_violation("/var/log/x");
    ima_rig_file(HASH_SHA256, 0x17, "/run/skipped");
}

static void
policy(const char *digests)
{
    char sets[4096];

    snprintf(sets, sizeof(sets),
             "set digests ok { %s }\nset digests bad { " D("21") " }\nset keys k { %s %s }\n",
             digests, ima_signer_item(SIGNER_P256), ima_signer_item(SIGNER_RSA_1024));
    start("  deny digest @bad\n  allow digest @ok\n  signed @k\n  skip path /run/**\n", sets);
}

static void
what_a_set_may_allow_is_kept(void)
{
    struct ima_past past;

    policy(D("11"));
    list();
    past = judged();
    CHECK_EQ(kept.n, 4);
    CHECK_EQ(kept.lost, 0);
    CHECK_EQ(kept.files[0].status, IMA_UNKNOWN);
    CHECK_EQ(kept.files[1].status, IMA_KEY_UNKNOWN);
    CHECK_EQ(kept.files[2].status, IMA_KEY_WEAK);
    CHECK_EQ(kept.files[3].status, IMA_BAD_SIGNATURE);
    CHECK_EQ(kept.files[3].file.entry, 4);
    CHECK_BYTES(bytes_of(kept.files[0].file.path, kept.files[0].file.path_len),
                bytes_str("/bin/unknown"));
    CHECK(ima_open_whole(&kept, &past));
    past.n[IMA_UNKNOWN]++;
    CHECK(!ima_open_whole(&kept, &past));
    past.n[IMA_UNKNOWN]--;
    kept.lost = 1;
    CHECK(!ima_open_whole(&kept, &past));
    ima_rig_done();
}

/* A set that has two of them now: they pass, what passed before is superseded, what did not stays.
 */
static void
a_later_set_heals_what_it_names(void)
{
    struct ima_judge_ask ask;
    struct ima_past past;

    policy(D("11"));
    list();
    past = judged();
    policy(D("12") D("14"));
    ask = asked();
    ima_open_again(&kept, &ask, &past);
    CHECK_EQ(past.n[IMA_SUPERSEDED], 1);
    CHECK_EQ(past.n[IMA_ALLOWED], 2);
    CHECK_EQ(past.n[IMA_UNKNOWN], 0);
    CHECK_EQ(past.n[IMA_KEY_WEAK], 0);
    CHECK_EQ(past.n[IMA_KEY_UNKNOWN], 1);
    CHECK_EQ(past.n[IMA_BAD_SIGNATURE], 1);
    CHECK_EQ(past.n[IMA_DENIED], 1);
    CHECK_EQ(past.n[IMA_VIOLATED], 1);
    CHECK_EQ(past.n[IMA_SKIPPED], 1);
    CHECK_EQ(kept.n, 2);
    CHECK_EQ(past.first[IMA_KEY_UNKNOWN].entry, 2);
    CHECK(ima_open_whole(&kept, &past));
    ask = asked(); /* and once more: nothing changes */
    ima_open_again(&kept, &ask, &past);
    CHECK_EQ(past.n[IMA_SUPERSEDED], 3);
    CHECK_EQ(kept.n, 2);
    ima_rig_done();
}

static void
a_weak_digest_that_is_named_now_warns(void)
{
    struct ima_judge_ask ask;
    struct ima_past past;

    start("  allow digest @ok\n", "set digests ok { " D("11") " }\n");
    ima_rig_new();
    ima_rig_file(HASH_SHA1, 0x31, "/bin/old");
    past = judged();
    CHECK_EQ(past.n[IMA_UNKNOWN], 1);
    start("  allow digest @ok\n",
          "set digests ok { sha1:3131313131313131313131313131313131313131 }\n");
    ask = asked();
    ima_open_again(&kept, &ask, &past);
    CHECK_EQ(past.n[IMA_WEAK], 1);
    CHECK_EQ(past.first[IMA_WEAK].entry, 0);
    CHECK_EQ(kept.n, 0);
    ima_rig_done();
}

/* Unknown and pending are one, since time alone tells them apart. */
static void
what_was_pending_is_kept_as_unknown(void)
{
    struct ima_past past;
    struct ima_judge_ask ask;

    start("  allow digest @ok\n  unknown warn for 1h then fail\n",
          "set digests ok published 2026-01-01 { " D("11") " }\n");
    rule_play.input.now_s = 1767225600 + 60;
    ima_rig_new();
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    past = judged();
    CHECK_EQ(past.n[IMA_PENDING], 1);
    CHECK_EQ(kept.files[0].status, IMA_UNKNOWN);
    CHECK(ima_open_whole(&kept, &past));
    ask = asked();
    ima_open_again(&kept, &ask, &past);
    CHECK_EQ(past.n[IMA_PENDING], 0);
    CHECK_EQ(past.n[IMA_UNKNOWN], 1);
    CHECK_BYTES(bytes_of(past.first[IMA_UNKNOWN].path, 7), bytes_str("/bin/sh"));
    ima_rig_done();
}

static void
there_is_a_most(void)
{
    const struct ima_finding finding = {7, IMA_UNKNOWN, HASH_SHA256, BYTES_NULL, BYTES_NULL};
    const struct ima_finding passed = {7, IMA_DENIED, HASH_SHA256, BYTES_NULL, BYTES_NULL};

    memset(&kept, 0, sizeof(kept));
    ima_open_add(&kept, &passed);
    CHECK_EQ(kept.n, 0);
    for (unsigned i = 0; i < IMA_OPEN_FILES + 3; i++) {
        ima_open_add(&kept, &finding);
    }
    CHECK_EQ(kept.n, IMA_OPEN_FILES);
    CHECK_EQ(kept.lost, 3);
}

/* The longest that there can be, back as it was; cut, longer or of another form: none. */
static void
it_comes_back_from_bytes(void)
{
    uint8_t longest[200];
    struct ima_finding finding = {9, IMA_UNKNOWN, HASH_SHA512, bytes_of(longest, 64),
                                  BYTES_OF(longest)};
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes in;

    memset(longest, 'p', sizeof(longest));
    memset(&kept, 0, sizeof(kept));
    for (unsigned i = 0; i < IMA_OPEN_FILES; i++) {
        ima_open_add(&kept, &finding);
    }
    ima_open_write(&wr, &kept);
    CHECK(!wr.failed);
    in = wr_done(&wr);
    CHECK_EQ(ima_open_read(in, &got), 0);
    CHECK_EQ(got.n, IMA_OPEN_FILES);
    CHECK_EQ(got.files[255].file.path_len, IMA_PAST_PATH);
    CHECK_EQ(got.files[255].file.alg, HASH_SHA512);
    for (size_t len = 0; len < in.len; len += len < 400 ? 1 : 97) {
        CHECK_EQ(ima_open_read(check_guarded(bytes_of(in.p, len)), &got), 1);
    }
    CHECK_EQ(ima_open_read(bytes_of(in.p, in.len + 1), &got), 1);
    room[0] = 2; /* another version */
    CHECK_EQ(ima_open_read(in, &got), 1);
    room[0] = 1;
    room[7] = IMA_DENIED; /* a status that is not kept */
    CHECK_EQ(ima_open_read(in, &got), 1);
    room[7] = IMA_PENDING; /* nor that */
    CHECK_EQ(ima_open_read(in, &got), 1);
    room[7] = IMA_UNKNOWN;
    room[6] = 2; /* more than there is room for */
    CHECK_EQ(ima_open_read(in, &got), 1);
}

/* ---- what must not change ---- */

#define BLOCK "  deny digest @bad\n  deny path /a\n  allow @ok\n  signed @k\n  skip /b\n"
#define BAD "set digests bad { " D("21") " }\n"
#define OK "set digests ok { " D("11") " }\n"

static struct bytes
firm(const char *lines, const char *sets)
{
    static uint8_t digests[2][32];
    static unsigned next;
    uint8_t *ret = digests[next++ % 2];
    char text[4096];

    snprintf(text, sizeof(text), "%sset keys k { %s }\n", sets, ima_signer_item(SIGNER_P256));
    start(lines, text);
    CHECK_EQ(ima_firm(rule_play.book, &rulebook_bundle(rule_play.book)->imas[0], NULL, ret), 0);
    return bytes_of(ret, 32);
}

static void
what_is_allowed_may_change_and_nothing_else(void)
{
    static const struct {
        const char *lines, *sets;
        bool same;
    } rows[] = {
        {BLOCK, BAD "set digests ok { " D("12") D("13") " }\n", true},
        {BLOCK, BAD OK "release os corp 1 { kernel " D("31") " }\n", true},
        {BLOCK "  allow @more\n", BAD OK "set digests more { " D("12") " }\n", true},
        {BLOCK "  unknown warn\n  violations warn max 3\n", BAD OK, true}, /* how grave it is */
        {BLOCK, BAD "set digests ok { " D("11") D("12") "revoked }\n", false},
        {BLOCK, "set digests bad { " D("22") " }\n" OK, false},
        {BLOCK, "set digests bad { " D("21") D("22") " }\n" OK, false},
        {BLOCK "  deny path /c\n", BAD OK, false},
        {BLOCK "  skip /c\n", BAD OK, false},
        {BLOCK "  min-digest sha384\n", BAD OK, false},
        {BLOCK "  min-key rsa-4096\n", BAD OK, false},
        {BLOCK "  pcr 11\n", BAD OK, false},
        {"  deny digest @bad\n  deny path /a\n  allow @ok\n  skip /b\n", BAD OK, false},
    };
    uint8_t first[32];

    memcpy(first, firm(BLOCK, BAD OK).p, 32);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool same = bytes_equal(BYTES_OF(first), firm(rows[i].lines, rows[i].sets));

        if (same != rows[i].same) {
            fprintf(stderr, "# row %zu\n", i);
        }
        CHECK_EQ(same, rows[i].same);
    }
}

/* A set in a file that denies counts by its digest, and by whether it is at hand. */
static void
a_denied_file_set_counts_by_its_digest_and_while_it_is_there(void)
{
    struct digest_set files[LIMIT_BUNDLE_SETS] = {{.n = 0}};
    uint8_t absent[32];
    uint8_t there[32];
    uint8_t other[32];
    const struct bundle_ima *block;

    start("  deny digest @bad\n  skip /b\n", "set file bad { " D("02") " }\n");
    block = &rulebook_bundle(rule_play.book)->imas[0];
    CHECK_EQ(ima_firm(rule_play.book, block, NULL, absent), 0);
    files[bundle_set_named(rulebook_bundle(rule_play.book), bytes_str("bad"))].n = 1;
    CHECK_EQ(ima_firm(rule_play.book, block, files, there), 0);
    CHECK(memcmp(absent, there, 32) != 0);
    start("  deny digest @bad\n  skip /b\n", "set file bad { " D("03") " }\n");
    block = &rulebook_bundle(rule_play.book)->imas[0];
    CHECK_EQ(ima_firm(rule_play.book, block, files, other), 0);
    CHECK(memcmp(other, there, 32) != 0);
}

CHECK_MAIN(CASE(what_a_set_may_allow_is_kept), CASE(a_later_set_heals_what_it_names),
           CASE(a_weak_digest_that_is_named_now_warns), CASE(what_was_pending_is_kept_as_unknown),
           CASE(there_is_a_most), CASE(it_comes_back_from_bytes),
           CASE(what_is_allowed_may_change_and_nothing_else),
           CASE(a_denied_file_set_counts_by_its_digest_and_while_it_is_there))
