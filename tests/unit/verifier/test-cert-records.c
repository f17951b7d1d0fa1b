/* roles/cert-records */
#include "roles/cert-records.h"

#include "lib/check.h"
#include "roles/roles.h"

static uint8_t room[600000];

static struct cert_records
sample(void)
{
    struct cert_records records = {.n = 2};

    records.cert[0] =
        (struct cert_record){.digest = {1}, .index = 3, .not_before = -5, .not_after = 6};
    records.cert[1] = (struct cert_record){.digest = {2}, .ours = true, .index = 127};
    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        records.text[i].offset = (uint16_t)(300 + i);
        records.text[i].len = LIMIT_TPM_TEXT;
    }
    return records;
}

static struct bytes
written(const struct cert_records *records)
{
    struct wr wr = wr_init(room, sizeof(room));

    cert_records_write(&wr, records);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static int
reads(const struct cert_records *records)
{
    struct cert_records got;

    return cert_records_read(check_guarded(written(records)), &got);
}

static void
records_read_back(void)
{
    struct cert_records in = sample();
    struct cert_records got;

    CHECK_EQ(cert_records_read(check_guarded(written(&in)), &got), 0);
    CHECK_EQ(got.n, 2);
    CHECK_EQ(got.cert[0].index, 3);
    CHECK_EQ(got.cert[0].not_before, -5);
    CHECK_EQ(got.cert[0].not_after, 6);
    CHECK(got.cert[1].ours && got.cert[1].digest[0] == 2);
    CHECK_EQ(got.text[CERT_VERSION].offset, 302);
    CHECK_EQ(got.text[CERT_MODEL].len, LIMIT_TPM_TEXT);
}

static void
the_most_that_can_be_written_fits_its_message(void)
{
    struct cert_records in = sample();

    in.n = LIMIT_CHAIN;
    CHECK(written(&in).len <= roles_reader_to_keeper(MSG_CERT_RECORDS));
}

static void
no_cut_and_no_longer_one_reads(void)
{
    struct cert_records in = sample();
    struct cert_records got = {.n = 77};
    struct bytes all = written(&in);

    for (size_t n = 0; n < all.len; n++) {
        CHECK_EQ(cert_records_read(check_guarded(bytes_of(all.p, n)), &got), 1);
    }
    CHECK_EQ(cert_records_read(bytes_of(all.p, all.len + 1), &got), 1);
    CHECK_EQ(got.n, 77);
}

static void
a_chain_and_a_reason_against_it_exclude_each_other(void)
{
    struct cert_records in = sample();

    in.rule = RULE_EKCHAIN_ISSUER;
    CHECK_EQ(reads(&in), 1);
    in.n = 1;
    CHECK_EQ(reads(&in), 0);
    in.rule = RULE_NONE;
    CHECK_EQ(reads(&in), 1);
    in.n = 0;
    CHECK_EQ(reads(&in), 1);
    in.rule = RULE_EKCHAIN_ISSUER;
    CHECK_EQ(reads(&in), 1);
    in.n = 1;
    in.rule = RULE_N;
    CHECK_EQ(reads(&in), 1);
}

static void
what_is_out_of_its_range_is_refused(void)
{
    struct cert_records in = sample();

    in.cert[1].index = 128;
    CHECK_EQ(reads(&in), 1);
    in = sample();
    in.cert[0].index = LIMIT_CERTS;
    CHECK_EQ(reads(&in), 1);
    in = sample();
    in.cert[0].ours = true; /* no leaf is the operator's */
    CHECK_EQ(reads(&in), 1);
    in = sample();
    in.text[CERT_MODEL].len = LIMIT_TPM_TEXT + 1;
    CHECK_EQ(reads(&in), 1);
    in.text[CERT_MODEL].len = 0; /* all three or none */
    CHECK_EQ(reads(&in), 1);
    in = sample();
    (void)written(&in);
    room[6] = LIMIT_CHAIN + 1;
    CHECK_EQ(cert_records_read(bytes_of(room, sizeof(room)), &in), 1);
}

static struct cert_job
job(void)
{
    static uint8_t large[LIMIT_CERT_BYTES];
    struct cert_job ret = {.now_s = 1800000000, .n_leaves = 1, .n_sent = 2, .n_ours = 2};

    ret.sent[0] = BYTES_OF(large);
    ret.sent[1] = bytes_str("inter");
    ret.ours[0] = bytes_str("root");
    ret.ours[1] = bytes_str("other");
    ret.is_anchor[1] = true;
    return ret;
}

static struct bytes
job_written(const struct cert_job *in)
{
    struct wr wr = wr_init(room, sizeof(room));

    cert_job_write(&wr, in);
    return wr_done(&wr);
}

static void
a_job_reads_back_and_no_part_of_it_does(void)
{
    struct cert_job in = job();
    struct cert_job got;
    struct bytes all = job_written(&in);

    CHECK_EQ(cert_job_read(check_guarded(all), &got), 0);
    CHECK_EQ(got.now_s, 1800000000);
    CHECK_BYTES(got.sent[0], in.sent[0]);
    CHECK_BYTES(got.ours[1], bytes_str("other"));
    CHECK(!got.is_anchor[0] && got.is_anchor[1]);
    for (size_t n = 0; n < all.len; n += n < 64 || n > 4090 ? 1 : 97) {
        CHECK_EQ(cert_job_read(check_guarded(bytes_of(all.p, n)), &got), 1);
    }
    CHECK_EQ(cert_job_read(bytes_of(all.p, all.len + 1), &got), 1);
}

static void
a_job_of_other_numbers_is_refused(void)
{
    struct cert_job in = job();
    struct cert_job got;

    in.n_leaves = 0;
    CHECK_EQ(cert_job_read(job_written(&in), &got), 1);
    in.n_leaves = 3;
    CHECK_EQ(cert_job_read(job_written(&in), &got), 1);
    in = job();
    in.sent[1] = BYTES_NULL;
    CHECK_EQ(cert_job_read(job_written(&in), &got), 1);
    in.sent[1] = bytes_of(room, LIMIT_CERT_BYTES + 1);
    CHECK(!job_written(&in).p);
}

static void
the_largest_job_fits_its_message(void)
{
    static struct cert_job in;

    in = job();
    in.n_sent = LIMIT_CERTS;
    in.n_ours = SETUP_ANCHORS_MAX;
    for (size_t i = 0; i < SETUP_ANCHORS_MAX; i++) {
        in.ours[i] = in.sent[0];
        in.sent[i % LIMIT_CERTS] = in.sent[0];
    }
    CHECK(job_written(&in).p);
    CHECK(job_written(&in).len <= roles_keeper_to_reader(MSG_READ_CERTS));
}

CHECK_MAIN(CASE(records_read_back), CASE(the_most_that_can_be_written_fits_its_message),
           CASE(no_cut_and_no_longer_one_reads),
           CASE(a_chain_and_a_reason_against_it_exclude_each_other),
           CASE(what_is_out_of_its_range_is_refused), CASE(a_job_reads_back_and_no_part_of_it_does),
           CASE(a_job_of_other_numbers_is_refused), CASE(the_largest_job_fits_its_message))
