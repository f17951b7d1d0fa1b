#include "appraise/ima-open.h"

enum { VERSION = 1 };

/* Longest as bytes: every file with the longest digest and path. */
_Static_assert(7 + IMA_OPEN_FILES * (1 + 4 + 2 + 1 + HASH_SIZE_MAX + 1 + IMA_PAST_PATH) <=
                   IMA_OPEN_MAX,
               "all files fit");

bool
ima_open_holds(enum ima_status status)
{
    return status == IMA_UNKNOWN || status == IMA_PENDING || status == IMA_KEY_UNKNOWN ||
           status == IMA_KEY_WEAK || status == IMA_BAD_SIGNATURE;
}

/* Time alone tells unknown from pending: here it is one. */
static enum ima_status
plain(enum ima_status status)
{
    return status == IMA_PENDING ? IMA_UNKNOWN : status;
}

void
ima_open_add(struct ima_open *open, const struct ima_finding *finding)
{
    if (!ima_open_holds(finding->status)) {
        return;
    }
    if (open->n == IMA_OPEN_FILES) {
        open->lost++;
        return;
    }
    open->files[open->n].status = plain(finding->status);
    ima_past_file(finding, &open->files[open->n++].file);
}

bool
ima_open_whole(const struct ima_open *open, const struct ima_past *past)
{
    uint64_t counted = 0;

    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        counted += ima_open_holds(i) ? past->n[i] : 0;
    }
    return open->lost == 0 && open->n == counted;
}

/* The first file that is left of each status. */
static void
name_first(const struct ima_open *open, struct ima_past *past)
{
    for (uint32_t i = open->n; i-- > 0;) {
        past->first[open->files[i].status] = open->files[i].file;
    }
}

static void
count(struct ima_past *past, enum ima_status status, const struct ima_past_file *file)
{
    if (status == IMA_WEAK && (past->n[status] == 0 || past->first[status].entry > file->entry)) {
        past->first[status] = *file;
    }
    past->n[status]++;
}

void
ima_open_again(struct ima_open *open, const struct ima_judge_ask *ask, struct ima_past *past)
{
    uint32_t kept = 0;

    past->n[IMA_SUPERSEDED] += past->n[IMA_ALLOWED];
    past->n[IMA_ALLOWED] = 0;
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        past->n[i] = ima_open_holds(i) ? 0 : past->n[i];
    }
    for (uint32_t i = 0; i < open->n; i++) {
        const struct ima_open_file *file = &open->files[i];
        enum ima_status status = file->status;

        if (ima_judge_allows(ask, file->file.alg,
                             bytes_of(file->file.digest, file->file.digest_len), &status)) {
            count(past, status, &file->file);
        } else {
            past->n[file->status]++;
            open->files[kept++] = *file;
        }
    }
    open->n = kept;
    name_first(open, past);
}

void
ima_open_write(struct wr *wr, const struct ima_open *open)
{
    wr_u8(wr, VERSION);
    wr_le32(wr, open->lost);
    wr_le16(wr, (uint16_t)open->n);
    for (uint32_t i = 0; i < open->n; i++) {
        wr_u8(wr, (uint8_t)open->files[i].status);
        ima_past_file_write(wr, &open->files[i].file);
    }
}

int
ima_open_read(struct bytes in, struct ima_open *ret)
{
    struct rd rd = rd_init(in);
    bool good = rd_u8(&rd) == VERSION;

    ret->lost = rd_le32(&rd);
    ret->n = rd_le16(&rd);
    good = good && ret->n <= IMA_OPEN_FILES;
    for (uint32_t i = 0; good && i < ret->n; i++) {
        enum ima_status status = (enum ima_status)rd_u8(&rd);

        good = ima_open_holds(status) && status == plain(status);
        ret->files[i].status = status;
        ima_past_file_read(&rd, &ret->files[i].file);
    }
    return good && rd_end(&rd) ? 0 : 1;
}
