#include "roles/cert-records.h"

#include "base/rd.h"

static struct bytes
cert_read(struct rd *rd)
{
    uint16_t len = rd_le16(rd);

    if (len == 0 || len > LIMIT_CERT_BYTES) {
        rd_fail(rd);
    }
    return rd_bytes(rd, len);
}

static void
cert_write(struct wr *wr, struct bytes cert)
{
    if (cert.len > LIMIT_CERT_BYTES) {
        wr->failed = true;
        return;
    }
    wr_le16(wr, (uint16_t)cert.len);
    wr_bytes(wr, cert);
}

/* A number of at most `most`; more fails. */
static size_t
count_read(struct rd *rd, size_t most)
{
    uint8_t n = rd_u8(rd);

    if (n > most) {
        rd_fail(rd);
        return 0;
    }
    return n;
}

static bool
bool_read(struct rd *rd)
{
    return count_read(rd, 1) == 1;
}

int
cert_job_read(struct bytes in, struct cert_job *ret)
{
    struct rd rd = rd_init(in);

    memset(ret, 0, sizeof(*ret));
    ret->now_s = (int64_t)rd_le64(&rd);
    ret->n_leaves = count_read(&rd, LIMIT_CERTS);
    ret->n_sent = count_read(&rd, LIMIT_CERTS);
    for (size_t i = 0; i < ret->n_sent; i++) {
        ret->sent[i] = cert_read(&rd);
    }
    ret->n_ours = count_read(&rd, SETUP_ANCHORS_MAX);
    for (size_t i = 0; i < ret->n_ours; i++) {
        ret->is_anchor[i] = bool_read(&rd);
        ret->ours[i] = cert_read(&rd);
    }
    return rd_end(&rd) && ret->n_leaves > 0 && ret->n_leaves <= ret->n_sent ? 0 : 1;
}

void
cert_job_write(struct wr *wr, const struct cert_job *job)
{
    wr_le64(wr, (uint64_t)job->now_s);
    wr_u8(wr, (uint8_t)job->n_leaves);
    wr_u8(wr, (uint8_t)job->n_sent);
    for (size_t i = 0; i < job->n_sent; i++) {
        cert_write(wr, job->sent[i]);
    }
    wr_u8(wr, (uint8_t)job->n_ours);
    for (size_t i = 0; i < job->n_ours; i++) {
        wr_u8(wr, job->is_anchor[i]);
        cert_write(wr, job->ours[i]);
    }
}

static void
record_read(struct rd *rd, struct cert_record *ret)
{
    rd_copy(rd, ret->digest, sizeof(ret->digest));
    ret->ours = bool_read(rd);
    ret->index = (uint8_t)count_read(rd, (ret->ours ? SETUP_ANCHORS_MAX : LIMIT_CERTS) - 1);
    ret->not_before = (int64_t)rd_le64(rd);
    ret->not_after = (int64_t)rd_le64(rd);
}

/* All three texts or none. */
static bool
texts_read(struct rd *rd, struct cert_records *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        ret->text[i].offset = rd_le16(rd);
        ret->text[i].len = (uint8_t)count_read(rd, LIMIT_TPM_TEXT);
        n += ret->text[i].len > 0;
    }
    return n == 0 || n == CERT_TEXT_N;
}

int
cert_records_read(struct bytes in, struct cert_records *ret)
{
    struct rd rd = rd_init(in);
    struct cert_records records = {0};
    bool good;

    records.rule = (enum rule)rd_le16(&rd);
    records.place = rd_le32(&rd);
    records.n = count_read(&rd, LIMIT_CHAIN);
    for (size_t i = 0; i < records.n; i++) {
        record_read(&rd, &records.cert[i]);
    }
    good = texts_read(&rd, &records) && rd_end(&rd);
    good = good && records.rule < RULE_N && !(records.n > 0 && records.cert[0].ours);
    if (!good || (records.rule == RULE_NONE ? records.n < 2 : records.n != 1)) {
        return 1;
    }
    *ret = records;
    return 0;
}

void
cert_records_write(struct wr *wr, const struct cert_records *records)
{
    wr_le16(wr, (uint16_t)records->rule);
    wr_le32(wr, records->place);
    wr_u8(wr, (uint8_t)records->n);
    for (size_t i = 0; i < records->n; i++) {
        const struct cert_record *cert = &records->cert[i];

        wr_bytes(wr, BYTES_OF(cert->digest));
        wr_u8(wr, cert->ours);
        wr_u8(wr, cert->index);
        wr_le64(wr, (uint64_t)cert->not_before);
        wr_le64(wr, (uint64_t)cert->not_after);
    }
    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        wr_le16(wr, records->text[i].offset);
        wr_u8(wr, records->text[i].len);
    }
}
