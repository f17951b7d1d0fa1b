/* Files that were judged before: kept as bytes, and gone on from. */
#include "appraise/ima-past.h"
#include "lib/check.h"
#include "lib/ima-rig.h"
#include "lib/rule-play.h"

static const struct ima_past_by by = {{1, 2, 3}, {4, 5, 6}};
static uint8_t room[IMA_PAST_MAX];

static struct ima_finding
finding(uint32_t entry, enum ima_status status, struct bytes digest, struct bytes path)
{
    return (struct ima_finding){entry, status, HASH_SHA256, digest, path};
}

/* One file of each status, with the longest digest and path that are kept. */
static struct ima_judgement
full(void)
{
    static uint8_t digest[HASH_SIZE_MAX];
    static uint8_t path[IMA_PAST_PATH + 10];
    struct ima_judgement judgement = {.judged = true};

    memset(digest, 0xd1, sizeof(digest));
    memset(path, 'p', sizeof(path));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        judgement.n[i] = 1000 + i;
        judgement.worst[i] = finding(50 - i, i, BYTES_OF(digest), BYTES_OF(path));
    }
    return judgement;
}

static struct bytes
written(const struct ima_judgement *judgement, struct ima_past *ret)
{
    struct wr wr = wr_init(room, sizeof(room));

    ima_past_take(judgement, &by, ret);
    ima_past_write(&wr, ret);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
what_was_kept_comes_back(void)
{
    struct ima_judgement judgement = full();
    struct ima_past past;
    struct ima_past got;
    struct bytes in = written(&judgement, &past);

    CHECK_EQ(ima_past_read(in, &got), 0);
    CHECK_BYTES(BYTES_OF(got.by), BYTES_OF(by.by));
    CHECK_BYTES(BYTES_OF(got.firm), BYTES_OF(by.firm));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        CHECK_EQ(got.n[i], 1000 + i);
        CHECK_EQ(got.first[i].entry, i > IMA_SKIPPED ? 50 - i : 0);
        CHECK_EQ(got.first[i].path_len, i > IMA_SKIPPED ? IMA_PAST_PATH : 0);
        CHECK_EQ(got.first[i].digest_len, i > IMA_SKIPPED ? HASH_SIZE_MAX : 0);
    }
}

static void
an_unknown_hash_and_no_digest_are_kept_too(void)
{
    struct ima_judgement judgement = {.judged = true};
    struct ima_past past;
    struct ima_past got;

    judgement.n[IMA_WEAK] = 1;
    judgement.worst[IMA_WEAK] = (struct ima_finding){7, IMA_WEAK, HASH_N, BYTES_NULL, BYTES_NULL};
    CHECK_EQ(ima_past_read(written(&judgement, &past), &got), 0);
    CHECK_EQ(got.first[IMA_WEAK].alg, HASH_N);
    CHECK_EQ(got.first[IMA_WEAK].entry, 7);
    CHECK_EQ(got.first[IMA_WEAK].digest_len, 0);
}

static void
what_is_cut_or_longer_is_none(void)
{
    struct ima_judgement judgement = full();
    struct ima_past past;
    struct ima_past got = {.n = {99}};
    struct bytes in = written(&judgement, &past);

    for (size_t len = 0; len < in.len; len++) {
        CHECK_EQ(ima_past_read(check_guarded(bytes_of(in.p, len)), &got), 1);
    }
    CHECK_EQ(got.n[0], 99);
    CHECK(in.len < sizeof(room));
    room[in.len] = 0;
    CHECK_EQ(ima_past_read(bytes_of(in.p, in.len + 1), &got), 1);
    room[0] = 1; /* another version */
    CHECK_EQ(ima_past_read(in, &got), 1);
}

/* Lengths above what there is room for. */
static void
a_length_is_not_believed(void)
{
    /* of the first status that does not pass */
    enum { DIGEST_LEN_AT = 1 + 64 + 4 * (IMA_SKIPPED + 1) + 4 + 4 + 2 };
    struct ima_judgement judgement = full();
    struct ima_past past;
    struct ima_past got;
    struct bytes in = written(&judgement, &past);

    CHECK_EQ(room[DIGEST_LEN_AT], HASH_SIZE_MAX);
    room[DIGEST_LEN_AT] = HASH_SIZE_MAX + 1;
    CHECK_EQ(ima_past_read(in, &got), 1);
    room[DIGEST_LEN_AT] = HASH_SIZE_MAX;
    room[DIGEST_LEN_AT + 1 + HASH_SIZE_MAX] = IMA_PAST_PATH + 1;
    CHECK_EQ(ima_past_read(in, &got), 1);
}

static void
a_judgement_begins_with_it_in_the_order_of_the_list(void)
{
    struct ima_judgement before = full();
    struct ima_judgement now = {.judged = true};
    struct ima_past past;

    ima_past_take(&before, &by, &past);
    ima_past_begin(&past, IMA_UNKNOWN, &now);
    CHECK_EQ(now.n[IMA_ALLOWED], 1000);
    CHECK_EQ(now.n[IMA_PENDING], 0);
    CHECK_EQ(now.n[IMA_UNKNOWN], 1000 + IMA_PENDING + 1000 + IMA_UNKNOWN);
    CHECK_EQ(now.worst[IMA_UNKNOWN].entry, 50 - IMA_UNKNOWN); /* the earlier of both */
    CHECK_EQ(now.n_findings, IMA_STATUS_N - 1 - IMA_SKIPPED);
    for (size_t i = 1; i < now.n_findings; i++) {
        CHECK(now.findings[i - 1].entry < now.findings[i].entry);
    }
    now = (struct ima_judgement){.judged = true};
    ima_past_begin(&past, IMA_PENDING, &now); /* a span that was made longer */
    CHECK_EQ(now.n[IMA_UNKNOWN], 0);
}

/* A list in two parts is judged as in one. */
static void
two_parts_are_as_one(void)
{
    static const char text[] = "ima x {\n  allow digest @ok\n  skip path /run/**\n}\n"
                               "set digests ok { " D("11") " }\n";
    struct ima_judge_ask ask;
    struct ima_judgement first;
    struct ima_judgement both;
    struct ima_past past;

    rule_play_rules("  rule files : ima policy ima/x\n", text);
    ima_rig_new();
    ask = (struct ima_judge_ask){.book = rule_play.book,
                                 .block = &rulebook_bundle(rule_play.book)->imas[0]};
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    ima_rig_file(HASH_SHA256, 0x12, "/bin/evil");
    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(ima_judge(ima_rig.hasher, &ask, &ima_rig.list,
                       bytes_of(ima_rig.part, ima_rig.part_len), &first),
             0);
    ima_past_take(&first, &by, &past);
    ask.past = &past;
    ima_rig.part_len = 0;
    ima_rig_file(HASH_SHA256, 0x33, "/run/x");
    ima_rig_file(HASH_SHA256, 0x34, "/bin/more");
    ima_rig_read(IMA_EXTEND_OWN);
    ima_rig.list.known.n_entries = 2;
    ima_rig.list.now.n_entries = 4;
    CHECK_EQ(ima_judge(ima_rig.hasher, &ask, &ima_rig.list,
                       bytes_of(ima_rig.part, ima_rig.part_len), &both),
             0);
    CHECK_EQ(both.n[IMA_ALLOWED], 1);
    CHECK_EQ(both.n[IMA_SKIPPED], 1);
    CHECK_EQ(both.n[IMA_UNKNOWN], 2);
    CHECK_EQ(both.n_findings, 2);
    CHECK_EQ(both.findings[0].entry, 1);
    CHECK_EQ(both.findings[1].entry, 3);
    CHECK_BYTES(both.worst[IMA_UNKNOWN].path, bytes_str("/bin/evil"));
    ima_rig_done();
}

CHECK_MAIN(CASE(what_was_kept_comes_back), CASE(an_unknown_hash_and_no_digest_are_kept_too),
           CASE(what_is_cut_or_longer_is_none), CASE(a_length_is_not_believed),
           CASE(a_judgement_begins_with_it_in_the_order_of_the_list), CASE(two_parts_are_as_one))
