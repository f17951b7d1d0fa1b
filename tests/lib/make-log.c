#include "lib/make-log.h"

#include <stdlib.h>

#include "lib/check.h"

enum { NO_ACTION = 3, SPEC_FIXED = 29 };

void
make_spec_head(struct wr *wr, uint32_t data_len)
{
    static const uint8_t digest[20];

    wr_le32(wr, 0);
    wr_le32(wr, NO_ACTION);
    wr_bytes(wr, BYTES_OF(digest));
    wr_le32(wr, data_len);
}

void
make_spec_start(struct wr *wr, uint32_t n_banks)
{
    wr_bytes(wr, bytes_of("Spec ID Event03", 16));
    wr_le32(wr, 0);
    wr_bytes(wr, bytes_of("\x00\x02\x00\x02", 4));
    wr_le32(wr, n_banks);
}

void
make_log_init(struct make_log *make, const enum hash *banks)
{
    memset(make, 0, sizeof(*make));
    make->wr = wr_init(make->room, sizeof(make->room));
    make->hasher = hasher_new();
    CHECK(make->hasher);
    while (banks[make->n_banks] != HASH_N) {
        make->bank[make->n_banks] = banks[make->n_banks];
        make->n_banks++;
    }
    if (make->n_banks == 0) {
        return;
    }
    make_spec_head(&make->wr, (uint32_t)(SPEC_FIXED + 4 * make->n_banks));
    make_spec_start(&make->wr, (uint32_t)make->n_banks);
    for (size_t i = 0; i < make->n_banks; i++) {
        wr_le16(&make->wr, hash_tpm_id(banks[i]));
        wr_le16(&make->wr, (uint16_t)hash_size(banks[i]));
    }
    wr_u8(&make->wr, 0);
}

void
make_log_done(struct make_log *make)
{
    hasher_freep(&make->hasher);
}

/* Writes the digests of `hashed`, or zeros when it is NULL. */
static void
write_digests(struct make_log *make, const struct bytes *hashed)
{
    static const enum hash sha1 = HASH_SHA1;
    const enum hash *bank = make->n_banks > 0 ? make->bank : &sha1;
    size_t n = make->n_banks > 0 ? make->n_banks : 1;

    if (make->n_banks > 0) {
        wr_le32(&make->wr, (uint32_t)n);
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[HASH_SIZE_MAX] = {0};

        if (make->n_banks > 0) {
            wr_le16(&make->wr, hash_tpm_id(bank[i]));
        }
        if (hashed) {
            CHECK_EQ(hasher_bytes(make->hasher, bank[i], *hashed, digest), 0);
        }
        wr_bytes(&make->wr, bytes_of(digest, hash_size(bank[i])));
    }
}

static void
write_event(struct make_log *make, uint32_t pcr, uint32_t type, const struct bytes *hashed,
            struct bytes data)
{
    wr_le32(&make->wr, pcr);
    wr_le32(&make->wr, type);
    write_digests(make, hashed);
    wr_le32(&make->wr, (uint32_t)data.len);
    wr_bytes(&make->wr, data);
}

void
make_event(struct make_log *make, uint32_t pcr, uint32_t type, struct bytes hashed,
           struct bytes data)
{
    write_event(make, pcr, type, &hashed, data);
}

void
make_no_action(struct make_log *make, uint32_t pcr, struct bytes data)
{
    write_event(make, pcr, NO_ACTION, NULL, data);
}

struct bytes
make_variable(uint8_t *room, size_t cap, const char *name, struct bytes value)
{
    static const uint8_t global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                       0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
    struct wr wr = wr_init(room, cap);

    wr_bytes(&wr, BYTES_OF(global));
    wr_le64(&wr, strlen(name));
    wr_le64(&wr, value.len);
    for (const char *c = name; *c; c++) {
        wr_le16(&wr, (uint8_t)*c);
    }
    wr_bytes(&wr, value);
    CHECK(!wr.failed);
    return wr_done(&wr);
}

struct bytes
make_log_bytes(const struct make_log *make)
{
    CHECK(!make->wr.failed);
    return check_guarded(wr_done(&make->wr));
}
