#include "formats/pem.h"
#include "lib/check.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

static int
first(const char *text, size_t cap, struct bytes *ret)
{
    static uint8_t room[64];
    struct rd rd = rd_init(check_guarded(bytes_str(text)));
    size_t len = 0;
    int r = pem_next(&rd, room, cap, &len);

    *ret = bytes_of(room, len);
    return r;
}

static void
blocks_decode(void)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {BEGIN "AAEC\n" END, "000102"},
        {"Subject: x\n" BEGIN "AAEC\n+/8=\n" END "rest", "000102fbff"},
        {BEGIN "A\nA\r\nE=\n" END, "0001"}, /* groups cross lines */
        {"-----BEGIN CERTIFICATE-----\r\n/w==\r\n-----END CERTIFICATE-----", "ff"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes out;

        CHECK_EQ(first(rows[i].text, 64, &out), 0);
        CHECK_BYTES(out, check_hex(rows[i].hex));
    }
}

static void
several_blocks_come_in_order(void)
{
    struct rd rd =
        rd_init(bytes_str(BEGIN "AA==\n" END "\n" BEGIN "AAE!\n" END BEGIN "AQ==\n" END));
    uint8_t room[8];
    size_t len = 0;

    CHECK_EQ(pem_next(&rd, room, sizeof(room), &len), 0);
    CHECK_BYTES(bytes_of(room, len), check_hex("00"));
    CHECK_EQ(pem_next(&rd, room, sizeof(room), &len), PEM_E_FORM);
    CHECK_EQ(pem_next(&rd, room, sizeof(room), &len), 0);
    CHECK_BYTES(bytes_of(room, len), check_hex("01"));
    CHECK_EQ(pem_next(&rd, room, sizeof(room), &len), PEM_E_NONE);
}

static void
damaged_blocks_are_refused(void)
{
    static const char *const bad[] = {
        BEGIN "AAEC\n",           BEGIN "AAE\n" END,   BEGIN "AA=A\n" END, BEGIN "A===\n" END,
        BEGIN "AA==\nAA==\n" END, BEGIN "AA EC\n" END, BEGIN END,          BEGIN "AAE-\n" END,
        BEGIN "AAECAAEC\n" END, /* more than the room of four */
    };
    struct bytes out;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(first(bad[i], 4, &out), PEM_E_FORM);
    }
    CHECK_EQ(first("", 4, &out), PEM_E_NONE);
    CHECK_EQ(first("-----BEGIN PUBLIC KEY-----\nAAEC\n", 4, &out), PEM_E_NONE);
    CHECK_EQ(first(" " BEGIN "AAEC\n" END, 4, &out), PEM_E_NONE);
}

CHECK_MAIN(CASE(blocks_decode), CASE(several_blocks_come_in_order),
           CASE(damaged_blocks_are_refused))
