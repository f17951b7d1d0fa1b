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

/* A label is all of what stands between the dashes. */
static void
blocks_of_another_label_are_passed_over(void)
{
    static const char text[] =
        BEGIN "AA==\n" END "-----BEGIN EC PUBLIC KEY-----\nAg==\n-----END EC PUBLIC KEY-----\n"
              "-----BEGIN PUBLIC KEY----\nAw==\n"
              "-----BEGIN PUBLIC KEY-----\nAQ==\n-----END PUBLIC KEY-----\n" BEGIN "AA==\n" END;
    static const char crossed[] = "-----BEGIN PUBLIC KEY-----\nAQ==\n" END;
    struct rd rd = rd_init(bytes_str(text));
    uint8_t room[8];
    size_t len = 0;

    CHECK_EQ(pem_next_of(&rd, "PUBLIC KEY", room, sizeof(room), &len), 0);
    CHECK_BYTES(bytes_of(room, len), check_hex("01"));
    CHECK_EQ(pem_next_of(&rd, "PUBLIC KEY", room, sizeof(room), &len), PEM_E_NONE);
    rd = rd_init(bytes_str(crossed));
    CHECK_EQ(pem_next_of(&rd, "PUBLIC KEY", room, sizeof(room), &len), PEM_E_FORM);
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
           CASE(blocks_of_another_label_are_passed_over), CASE(damaged_blocks_are_refused))
