#include "crypto/spki.h"
#include "lib/check.h"

/* Point G of P-256, SP 800-186 section 3.2.1.3; any point does, DER does not look at it. */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void
p256_is_that_of_rfc_5480(void)
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    CHECK_EQ(spki_from_ec(&wr, SPKI_P256, check_hex(GX), check_hex(GY)), SPKI_OK);
    CHECK_BYTES(wr_done(&wr),
                check_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200 04" GX GY));
}

static void
short_and_long_coordinates_are_the_same_number(void)
{
    uint8_t room_a[SPKI_ROOM];
    uint8_t room_b[SPKI_ROOM];
    struct wr a = wr_init(room_a, sizeof(room_a));
    struct wr b = wr_init(room_b, sizeof(room_b));
    struct bytes y = check_hex(GY);

    CHECK_EQ(spki_from_ec(&a, SPKI_P384, check_hex("0102"), y), SPKI_OK);
    CHECK_EQ(spki_from_ec(&b, SPKI_P384, check_hex("0000000102"), y), SPKI_OK);
    CHECK_BYTES(wr_done(&a), wr_done(&b));
    CHECK_EQ(wr_done(&a).len, 120);
}

static void
coordinates_beyond_the_field_are_refused(void)
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    CHECK_EQ(spki_from_ec(&wr, SPKI_P256, check_hex("01" GX), check_hex(GY)), SPKI_E_FORM);
    CHECK_EQ(spki_from_ec(&wr, SPKI_P256, check_hex(GX), check_hex("01" GY)), SPKI_E_FORM);
    CHECK_EQ(spki_from_ec(&wr, SPKI_P256, BYTES_NULL, BYTES_NULL), SPKI_E_FORM);
    CHECK_EQ(spki_from_ec(&wr, SPKI_P521, check_hex(GX), check_hex(GY)), SPKI_OK);
    CHECK_EQ(wr_done(&wr).len, 158);
}

/* Heads of keys made by `openssl genpkey -algorithm RSA`; the modulus is filled with one byte. */
static void
rsa_heads_are_those_of_real_keys(void)
{
    static const struct {
        size_t bytes;
        const char *head;
    } rows[] = {
        {256, "30820122300d06092a864886f70d01010105000382010f003082010a0282010100"},
        {384, "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100"},
        {512, "30820222300d06092a864886f70d01010105000382020f003082020a0282020100"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t modulus[512];
        uint8_t room[SPKI_ROOM];
        struct wr wr = wr_init(room, sizeof(room));
        struct bytes head = check_hex(rows[i].head);

        memset(modulus, 0xc5, sizeof(modulus));
        CHECK_EQ(spki_from_rsa(&wr, bytes_of(modulus, rows[i].bytes)), SPKI_OK);
        CHECK_EQ(wr_done(&wr).len, head.len + rows[i].bytes + 5);
        CHECK_BYTES(bytes_of(room, head.len), head);
        CHECK_BYTES(bytes_of(&room[wr.len - 5], 5), check_hex("0203010001"));
    }
}

static void
rsa_integers_are_shortest_and_positive(void)
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    CHECK_EQ(spki_from_rsa(&wr, check_hex("00007f01")), SPKI_OK);
    CHECK_BYTES(wr_done(&wr), check_hex("301d300d06092a864886f70d0101010500 030c00 3009 02027f01"
                                        "0203010001"));
    wr = wr_init(room, sizeof(room));
    CHECK_EQ(spki_from_rsa(&wr, check_hex("80")), SPKI_OK);
    CHECK_BYTES(wr_done(&wr), check_hex("301d300d06092a864886f70d0101010500 030c00 3009 02020080"
                                        "0203010001"));
}

static void
rsa_without_sense_or_room_is_refused(void)
{
    static const uint8_t huge[513] = {1};
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct wr small = wr_init(room, 20);

    CHECK_EQ(spki_from_rsa(&wr, check_hex("0000")), SPKI_E_FORM);
    CHECK_EQ(spki_from_rsa(&wr, BYTES_NULL), SPKI_E_FORM);
    CHECK_EQ(spki_from_rsa(&wr, BYTES_OF(huge)), SPKI_E_FORM);
    CHECK_EQ(spki_from_rsa(&small, check_hex("7f")), SPKI_E_FORM);
    small = wr_init(room, 20);
    CHECK_EQ(spki_from_ec(&small, SPKI_P256, check_hex(GX), check_hex(GY)), SPKI_E_FORM);
}

CHECK_MAIN(CASE(p256_is_that_of_rfc_5480), CASE(short_and_long_coordinates_are_the_same_number),
           CASE(coordinates_beyond_the_field_are_refused), CASE(rsa_heads_are_those_of_real_keys),
           CASE(rsa_integers_are_shortest_and_positive), CASE(rsa_without_sense_or_room_is_refused))
