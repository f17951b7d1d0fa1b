/* Builds IMA entries byte by byte, so that tests do not lean on the reader they test. */
#pragma once

#include "base/wr.h"
#include "lib/check.h"

/* A field: u32 length and bytes. */
static inline void
ima_make_field(struct wr *wr, struct bytes field)
{
    wr_le32(wr, (uint32_t)field.len);
    wr_bytes(wr, field);
}

/* What stands before the template data; the template hash is 20 bytes of `fill`. */
static inline void
ima_make_head(struct wr *wr, uint32_t pcr, uint8_t fill, const char *template)
{
    wr_le32(wr, pcr);
    for (size_t i = 0; i < 20; i++) {
        wr_u8(wr, fill);
    }
    ima_make_field(wr, bytes_str(template));
}

/* A whole entry from fields in hex, PCR 10, template hash 20 times 0x11. */
static inline void
ima_make_entry(struct wr *wr, const char *template, const char *const *fields, size_t n)
{
    uint8_t room[2048];
    struct wr data = wr_init(room, sizeof(room));

    ima_make_head(wr, 10, 0x11, template);
    for (size_t i = 0; i < n; i++) {
        ima_make_field(&data, check_hex(fields[i]));
    }
    ima_make_field(wr, wr_done(&data));
}

/* Fields in hex. */
#define IMA_MAKE_D_NG "736861313a00 0102030405060708090a0b0c0d0e0f1011121314" /* sha1: */
#define IMA_MAKE_D_NGV2                                   \
    "7665726974793a7368613235363a00" /* verity:sha256: */ \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define IMA_MAKE_NAME "2f62696e2f7368 00" /* /bin/sh */
#define IMA_MAKE_SIG "030204aabbccdd0004 01020304"
