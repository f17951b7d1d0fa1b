/* appraise/ima-records: what a reader says of an IMA list, and what it may not say. */
#include "appraise/ima-records.h"

#include "lib/check.h"

enum { FLAGS_AT = 2, END_AT = 3, ID_AT = 7 + 20 + 32 + 48 + 64, LEN_AT = ID_AT + 2, ENTRY = 206 };

static uint8_t room[2048];
static uint8_t digests[IMA_RECORDS_BANKS][HASH_SIZE_MAX];
static uint8_t file[HASH_SIZE_MAX];

static struct ima_record
sample(uint32_t end)
{
    struct ima_record record = {
        .pcr = 10, .end = end, .file_hash = HASH_SHA256, .file_digest = bytes_of(file, 32)};

    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        memset(digests[i], (int)i + 1, sizeof(digests[i]));
        record.template_digest[i] = bytes_of(digests[i], hash_size(ima_records_banks[i]));
    }
    return record;
}

/* How the walk ends, and after how many records. */
static int
walk(struct bytes in, uint32_t *ret_n, struct fault *ret_fault)
{
    struct ima_records records = ima_records_open(check_guarded(in));
    struct ima_record record;
    int r;

    do {
        r = ima_records_next(&records, &record, ret_fault);
    } while (r == 0);
    *ret_n = records.n_read;
    return r;
}

static struct bytes
one(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_record record = sample(100);

    ima_records_entry(&wr, &record);
    CHECK_EQ(wr_done(&wr).len, ENTRY);
    return wr_done(&wr);
}

static void
what_is_written_is_read(void)
{
    struct ima_records records = ima_records_open(one());
    struct ima_record in = sample(100);
    struct ima_record got;

    CHECK_EQ(ima_records_next(&records, &got, NULL), 0);
    CHECK_EQ(got.pcr, in.pcr);
    CHECK_EQ(got.flags, 0);
    CHECK_EQ(got.end, 100);
    CHECK_EQ(got.file_hash, HASH_SHA256);
    CHECK_BYTES(got.file_digest, in.file_digest);
    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        CHECK_BYTES(got.template_digest[i], in.template_digest[i]);
    }
    CHECK_EQ(ima_records_next(&records, &got, NULL), IMA_RECORDS_E_END);
    CHECK_EQ(ima_records_next(&records, &got, NULL), IMA_RECORDS_E_END);
}

static void
no_records_are_fine(void)
{
    uint32_t n;

    CHECK_EQ(walk(BYTES_NULL, &n, NULL), IMA_RECORDS_E_END);
    CHECK_EQ(n, 0);
}

static void
a_fault_is_the_end(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_record record = sample(100);
    struct fault fault = {RULE_IMA_SHORT, 1, 77};
    struct fault got = {0};
    struct bytes in;
    uint32_t n;

    ima_records_entry(&wr, &record);
    ima_records_fault(&wr, &fault);
    in = wr_done(&wr);
    CHECK_EQ(walk(in, &n, &got), IMA_RECORDS_E_FAULT);
    CHECK_EQ(n, 1);
    CHECK(got.rule == fault.rule && got.event == 1 && got.offset == 77);
    record = sample(200);
    ima_records_entry(&wr, &record); /* and nothing follows it */
    CHECK_EQ(walk(wr_done(&wr), &n, NULL), IMA_RECORDS_E_FORM);
    for (size_t rule = 0; rule < 2; rule++) {
        room[in.len - 14] = rule ? 0xff : 0;
        room[in.len - 13] = rule ? 0xff : 0;
        CHECK_EQ(walk(in, &n, NULL), IMA_RECORDS_E_FORM);
    }
}

static void
every_cut_is_out_of_form(void)
{
    struct bytes in = one();
    uint32_t n;

    for (size_t len = 1; len < in.len; len++) {
        CHECK_EQ(walk(bytes_of(in.p, len), &n, NULL), IMA_RECORDS_E_FORM);
        CHECK_EQ(n, 0);
    }
}

static void
what_no_reader_says_is_out_of_form(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } edits[] = {
        {0, 0},                           /* no tag */
        {0, 3},                           /* another tag */
        {1, LIMIT_PCRS},                  /* a PCR that no TPM has */
        {FLAGS_AT, IMA_RECORD_FLAGS + 1}, /* a flag that is none */
        {ID_AT, 0xee},                    /* an algorithm that is none */
        {LEN_AT, 31},                     /* a digest that is too short, and a byte behind */
        {LEN_AT, 33},                     /* one that goes over the end */
    };
    uint32_t n;

    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        struct bytes in = one();

        room[edits[i].at] = edits[i].value;
        CHECK_EQ(walk(in, &n, NULL), IMA_RECORDS_E_FORM);
    }
    (void)one();
    memset(room + END_AT, 0, 4); /* an entry of no bytes */
    CHECK_EQ(walk(bytes_of(room, ENTRY), &n, NULL), IMA_RECORDS_E_FORM);
}

static void
ends_rise(void)
{
    for (uint32_t second = 99; second <= 101; second++) {
        struct wr wr = wr_init(room, sizeof(room));
        struct ima_record record = sample(100);
        uint32_t n;

        ima_records_entry(&wr, &record);
        record.end = second;
        ima_records_entry(&wr, &record);
        CHECK_EQ(walk(wr_done(&wr), &n, NULL),
                 second > 100 ? IMA_RECORDS_E_END : IMA_RECORDS_E_FORM);
    }
}

/* A violation has 20 zeros for a file digest whatever its algorithm; an unknown one any length. */
static void
digests_of_other_lengths_have_their_reasons(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_record record = sample(1);
    uint32_t n;

    record.flags = IMA_RECORD_VIOLATION;
    record.file_digest.len = 20;
    ima_records_entry(&wr, &record);
    record = sample(2);
    record.file_hash = HASH_N;
    record.file_digest.len = 16;
    ima_records_entry(&wr, &record);
    record = sample(3);
    record.file_digest = BYTES_NULL;
    ima_records_entry(&wr, &record);
    CHECK_EQ(walk(wr_done(&wr), &n, NULL), IMA_RECORDS_E_END);
    CHECK_EQ(n, 3);
}

CHECK_MAIN(CASE(what_is_written_is_read), CASE(no_records_are_fine), CASE(a_fault_is_the_end),
           CASE(every_cut_is_out_of_form), CASE(what_no_reader_says_is_out_of_form),
           CASE(ends_rise), CASE(digests_of_other_lengths_have_their_reasons))
