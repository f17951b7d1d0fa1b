#include "lib/ima-rig.h"

#include "lib/check.h"
#include "appraise/ima-records.h"
#include "lib/ima-make.h"
#include "reader/reader-ima.h"

struct ima_rig ima_rig;

void
ima_rig_new(void)
{
    ima_rig.hasher = hasher_new();
    ima_rig.part_len = 0;
    CHECK(ima_rig.hasher);
}

void
ima_rig_done(void)
{
    hasher_freep(&ima_rig.hasher);
}

/* An entry of its own template hash, or of zeros for a violation. */
static void
append(uint32_t pcr, const char *template, struct bytes data, bool violation)
{
    struct wr wr =
        wr_init(ima_rig.part + ima_rig.part_len, sizeof(ima_rig.part) - ima_rig.part_len);
    uint8_t digest[HASH_SIZE_MAX] = {0};

    if (!violation) {
        CHECK_EQ(hasher_bytes(ima_rig.hasher, HASH_SHA1, data, digest), 0);
    }
    wr_le32(&wr, pcr);
    wr_bytes(&wr, bytes_of(digest, 20));
    ima_make_field(&wr, bytes_str(template));
    ima_make_field(&wr, data);
    CHECK(!wr.failed);
    ima_rig.part_len += wr.len;
}

static void
put_digest(struct wr *wr, enum hash alg, uint8_t b)
{
    uint8_t room[128];
    uint8_t digest[HASH_SIZE_MAX];
    struct wr field = wr_init(room, sizeof(room));

    memset(digest, b, sizeof(digest));
    wr_str(&field, hash_name(alg));
    wr_u8(&field, ':');
    wr_u8(&field, 0);
    wr_bytes(&field, bytes_of(digest, hash_size(alg)));
    ima_make_field(wr, wr_done(&field));
}

static void
put_name(struct wr *wr, const char *path)
{
    ima_make_field(wr, bytes_of(path, strlen(path) + 1));
}

void
ima_rig_file(enum hash alg, uint8_t b, const char *path)
{
    uint8_t room[4096];
    struct wr data = wr_init(room, sizeof(room));

    put_digest(&data, alg, b);
    put_name(&data, path);
    append(IMA_PCR, "ima-ng", wr_done(&data), false);
}

void
ima_rig_signed(uint8_t b, const char *path, struct bytes attribute)
{
    uint8_t room[4096];
    struct wr data = wr_init(room, sizeof(room));

    put_digest(&data, HASH_SHA256, b);
    put_name(&data, path);
    ima_make_field(&data, attribute);
    append(IMA_PCR, "ima-sig", wr_done(&data), false);
}

void
ima_rig_buffer(uint8_t b, const char *path, struct bytes buffer)
{
    uint8_t room[4096];
    struct wr data = wr_init(room, sizeof(room));

    put_digest(&data, HASH_SHA256, b);
    put_name(&data, path);
    ima_make_field(&data, buffer);
    append(IMA_PCR, "ima-buf", wr_done(&data), false);
}

void
ima_rig_violation(const char *path)
{
    uint8_t room[4096];
    struct wr data = wr_init(room, sizeof(room));

    put_digest(&data, HASH_SHA1, 0);
    put_name(&data, path);
    append(IMA_PCR, "ima-ng", wr_done(&data), true);
}

void
ima_rig_other_pcr(uint32_t pcr, uint8_t b, const char *path)
{
    uint8_t room[4096];
    struct wr data = wr_init(room, sizeof(room));

    put_digest(&data, HASH_SHA256, b);
    put_name(&data, path);
    append(pcr, "ima-ng", wr_done(&data), false);
}

void
ima_rig_load(struct bytes list)
{
    CHECK(list.len <= sizeof(ima_rig.part));
    memcpy(ima_rig.part, list.p, list.len);
    ima_rig.part_len = list.len;
}

void
ima_rig_read(enum ima_extend extend)
{
    struct wr wr = wr_init(ima_rig.records, sizeof(ima_rig.records));
    struct growing_ima *list = &ima_rig.list;
    struct ima_records records;
    struct ima_record record;

    *list = (struct growing_ima){.end = (uint32_t)ima_rig.part_len};
    CHECK_EQ(reader_ima(bytes_of(ima_rig.part, ima_rig.part_len), ima_rig.hasher, &wr), 0);
    list->records = wr_done(&wr);
    records = ima_records_open(list->records);
    while (ima_records_next(&records, &record, NULL) == 0) {
        list->now.n_entries++;
        list->now.n_violations += record.flags & IMA_RECORD_VIOLATION ? 1 : 0;
    }
    list->now.n_tracks = 1;
    list->now.tracks[0] =
        (struct growing_track){HASH_SHA256, IMA_PCR, extend == IMA_EXTEND_PADDED, {0}};
}
