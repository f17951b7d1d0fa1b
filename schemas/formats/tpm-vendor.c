#include "formats/tpm-vendor.h"

#include <stdio.h>

#include "base/rd.h"

enum { PARTS = 4, PART_MAX = 65535, HEX_DIGITS = 16 };

/* Blanks at the end are zeros. */
static uint32_t
plain(uint32_t vendor)
{
    for (unsigned shift = 0; shift < 32 && (vendor >> shift & 0xff) == ' '; shift += 8) {
        vendor &= ~(UINT32_C(0xff) << shift);
    }
    return vendor;
}

static int
digit_of(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* So many digits and nothing else. */
static bool
hex_number(struct rd *rd, size_t digits, uint64_t *ret)
{
    uint64_t value = 0;

    if (rd_left(rd) != digits) {
        return false;
    }
    while (rd_left(rd) > 0) {
        int digit = digit_of(rd_u8(rd));

        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint64_t)digit;
    }
    *ret = value;
    return true;
}

static bool
begins(struct rd *rd, const char *head)
{
    struct bytes want = bytes_str(head);

    return rd_left(rd) >= want.len && bytes_equal(rd_bytes(rd, want.len), want);
}

uint32_t
tpm_vendor_read(struct bytes maker)
{
    struct rd rd = rd_init(maker);
    uint64_t id;

    return begins(&rd, "id:") && hex_number(&rd, 8, &id) ? plain((uint32_t)id) : 0;
}

/* Characters, then zeros to the end. */
static bool
is_text(uint32_t vendor)
{
    bool ended = false;

    for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t c = (uint8_t)(vendor >> shift);

        if (c != 0 && (ended || c <= ' ' || c > '~')) {
            return false;
        }
        ended = c == 0;
    }
    return vendor >> 24 != 0;
}

const char *
tpm_vendor_text(uint32_t vendor, char room[TPM_VENDOR_ROOM])
{
    if (!is_text(vendor)) {
        snprintf(room, TPM_VENDOR_ROOM, "0x%08x", vendor);
        return room;
    }
    for (size_t i = 0; i < PARTS; i++) {
        room[i] = (char)(vendor >> (24 - 8 * i));
    }
    room[PARTS] = '\0';
    return room;
}

uint32_t
tpm_vendor_named(struct bytes name)
{
    struct rd rd = rd_init(name);
    uint64_t id = 0;

    if (begins(&rd, "0x")) {
        return hex_number(&rd, 8, &id) ? plain((uint32_t)id) : 0;
    }
    if (name.len == 0 || name.len > PARTS) {
        return 0;
    }
    rd = rd_init(name);
    for (size_t i = 0; i < PARTS; i++) {
        id = id << 8 | (i < name.len ? rd_u8(&rd) : 0);
    }
    return is_text((uint32_t)id) ? (uint32_t)id : 0;
}

const char *
tpm_vendor_kind(uint32_t vendor)
{
    /* swtpm's own certificates name IBM by its number as a maker of PCI devices; Google's name is
     * on the TPMs of its cloud's machines, its chips are CROS */
    static const struct {
        uint32_t vendor;
        const char *kind;
    } kinds[] = {
        {0x41544d4c, "discrete"}, {0x49465800, "discrete"}, {0x4e544300, "discrete"},
        {0x4e545a00, "discrete"}, {0x53544d00, "discrete"}, {0x414d4400, "firmware"},
        {0x494e5443, "firmware"}, {0x51434f4d, "firmware"}, {0x49424d00, "virtual"},
        {0x00001014, "virtual"},  {0x474f4f47, "virtual"},  {0x564d5700, "virtual"},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].vendor == vendor) {
            return kinds[i].kind;
        }
    }
    return NULL;
}

bool
tpm_vendor_hardware(uint32_t vendor)
{
    const char *kind = tpm_vendor_kind(vendor);

    return kind && strcmp(kind, "virtual") != 0;
}

const char *
tpm_firmware_text(uint64_t version, char room[TPM_FIRMWARE_ROOM])
{
    snprintf(room, TPM_FIRMWARE_ROOM, "%u.%u.%u.%u", (unsigned)(version >> 48),
             (unsigned)(version >> 32 & PART_MAX), (unsigned)(version >> 16 & PART_MAX),
             (unsigned)(version & PART_MAX));
    return room;
}

/* The next number, which a point or the end ends. */
static bool
part(struct rd *rd, uint64_t *ret)
{
    uint64_t value = 0;
    size_t n = 0;

    while (rd_left(rd) > 0) {
        uint8_t c = rd_u8(rd);

        if (c == '.' && rd_left(rd) > 0) {
            break;
        }
        if (c < '0' || c > '9' || value > PART_MAX) {
            return false;
        }
        value = value * 10 + (uint64_t)(c - '0');
        n++;
    }
    *ret = value;
    return n > 0 && value <= PART_MAX;
}

bool
tpm_firmware_named(struct bytes text, uint64_t *ret_first, uint64_t *ret_last)
{
    struct rd rd = rd_init(text);
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t value;
    size_t n = 0;

    if (begins(&rd, "0x")) {
        if (!hex_number(&rd, HEX_DIGITS, &value)) {
            return false;
        }
        *ret_first = *ret_last = value;
        return true;
    }
    rd = rd_init(text);
    for (; rd_left(&rd) > 0 && n < PARTS; n++) {
        if (!part(&rd, &value)) {
            return false;
        }
        first = first << 16 | value;
        last = last << 16 | value;
    }
    if (n == 0 || rd_left(&rd) > 0) {
        return false;
    }
    for (; n < PARTS; n++) {
        first <<= 16;
        last = last << 16 | PART_MAX;
    }
    *ret_first = first;
    *ret_last = last;
    return true;
}
