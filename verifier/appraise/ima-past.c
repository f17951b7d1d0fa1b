#include "appraise/ima-past.h"

enum { VERSION = 3 };

static bool
has_first(const struct ima_past *past, enum ima_status status)
{
    return status > IMA_SKIPPED && past->n[status] > 0;
}

static size_t
at_most(size_t len, size_t most)
{
    return len < most ? len : most;
}

void
ima_past_file(const struct ima_finding *finding, struct ima_past_file *ret)
{
    *ret = (struct ima_past_file){
        .entry = finding->entry,
        .alg = finding->alg,
        .digest_len = at_most(finding->digest.len, HASH_SIZE_MAX),
        .path_len = at_most(finding->path.len, IMA_PAST_PATH),
    };
    if (ret->digest_len > 0) {
        memcpy(ret->digest, finding->digest.p, ret->digest_len);
    }
    if (ret->path_len > 0) {
        memcpy(ret->path, finding->path.p, ret->path_len);
    }
}

void
ima_past_take(const struct ima_judgement *judgement, const struct ima_past_by *by,
              struct ima_past *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->by, by->by, sizeof(ret->by));
    memcpy(ret->firm, by->firm, sizeof(ret->firm));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        ret->n[i] = judgement->n[i];
        if (has_first(ret, i)) {
            ima_past_file(&judgement->worst[i], &ret->first[i]);
        }
    }
}

void
ima_past_file_write(struct wr *wr, const struct ima_past_file *file)
{
    wr_le32(wr, file->entry);
    wr_le16(wr, file->alg == HASH_N ? 0 : hash_tpm_id(file->alg));
    wr_u8(wr, (uint8_t)file->digest_len);
    wr_bytes(wr, bytes_of(file->digest, file->digest_len));
    wr_u8(wr, (uint8_t)file->path_len);
    wr_bytes(wr, bytes_of(file->path, file->path_len));
}

void
ima_past_write(struct wr *wr, const struct ima_past *past)
{
    wr_u8(wr, VERSION);
    wr_bytes(wr, BYTES_OF(past->by));
    wr_bytes(wr, BYTES_OF(past->firm));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        wr_le32(wr, past->n[i]);
        if (has_first(past, i)) {
            ima_past_file_write(wr, &past->first[i]);
        }
    }
}

/* A length and so many bytes, at most `most`. */
static size_t
read_bytes(struct rd *rd, uint8_t *out, size_t most)
{
    size_t len = rd_u8(rd);

    if (len > most) {
        rd_fail(rd);
        return 0;
    }
    rd_copy(rd, out, len);
    return len;
}

void
ima_past_file_read(struct rd *rd, struct ima_past_file *ret)
{
    uint16_t id;

    ret->entry = rd_le32(rd);
    id = rd_le16(rd);
    ret->alg = id ? hash_from_tpm_id(id) : HASH_N;
    ret->digest_len = read_bytes(rd, ret->digest, sizeof(ret->digest));
    ret->path_len = read_bytes(rd, ret->path, sizeof(ret->path));
}

int
ima_past_read(struct bytes in, struct ima_past *ret)
{
    struct rd rd = rd_init(in);
    struct ima_past past = {{0}};
    bool known = rd_u8(&rd) == VERSION;

    rd_copy(&rd, past.by, sizeof(past.by));
    rd_copy(&rd, past.firm, sizeof(past.firm));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        past.n[i] = rd_le32(&rd);
        if (!rd.failed && has_first(&past, i)) {
            ima_past_file_read(&rd, &past.first[i]);
        }
    }
    if (!known || !rd_end(&rd)) {
        return 1;
    }
    *ret = past;
    return 0;
}

/* Files without a place in the list's order yet: one more, before those that came later. */
static void
insert(struct ima_judgement *judgement, struct ima_finding finding)
{
    size_t at = judgement->n_findings++;

    while (at > 0 && judgement->findings[at - 1].entry > finding.entry) {
        judgement->findings[at] = judgement->findings[at - 1];
        at--;
    }
    judgement->findings[at] = finding;
}

void
ima_past_begin(const struct ima_past *past, enum ima_status unknown, struct ima_judgement *ret)
{
    _Static_assert(IMA_STATUS_N <= IMA_FINDINGS_MAX, "one of each status has room");

    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        const struct ima_past_file *file = &past->first[i];
        enum ima_status now = i == IMA_PENDING || i == IMA_UNKNOWN ? unknown : i;
        struct ima_finding finding = {file->entry, now, file->alg,
                                      bytes_of(file->digest, file->digest_len),
                                      bytes_of(file->path, file->path_len)};

        if (has_first(past, i)) {
            insert(ret, finding);
            if (ret->n[now] == 0 || ret->worst[now].entry > finding.entry) {
                ret->worst[now] = finding;
            }
        }
        ret->n[now] += past->n[i];
    }
}
