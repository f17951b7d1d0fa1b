/* crypto/cose-key, crypto/p256 */
#include "crypto/cose-key.h"
#include "lib/check.h"

/* RFC 9679 section 6. */
static const char *const thumb_x =
    "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d";
static const char *const thumb_y =
    "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c";

static struct p256
point(const char *x, const char *y)
{
    struct p256 p;

    memcpy(p.x, check_hex(x).p, sizeof(p.x));
    memcpy(p.y, check_hex(y).p, sizeof(p.y));
    return p;
}

static void
thumbprints_are_those_of_the_rfcs(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct p256 rfc9679 = point(thumb_x, thumb_y);
    /* RFC 9449 sections 4.3 and 6.1: jkt 0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I */
    struct p256 rfc9449 = point("97cb45ae1c7edf8b55de14480910d8f730a40e5a41845e3651051f595016045b",
                                "f551388dffce93fa3ae336d34e572e3496a31e6b7abfd4c356b53409dbc64430");
    uint8_t thumb[32];

    CHECK_EQ(p256_cose_thumb(&rfc9679, hasher, thumb), 0);
    CHECK_BYTES(BYTES_OF(thumb),
                check_hex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"));
    CHECK_EQ(p256_jwk_thumb(&rfc9449, hasher, thumb), 0);
    CHECK_BYTES(BYTES_OF(thumb),
                check_hex("d1970e08e459358cbe0d6a6aab7d236722461d33747761e0941577ba282e0382"));
}

static uint8_t room[1024];

static struct bytes
set_of(size_t n)
{
    struct cose_key keys[4];
    struct wr wr = wr_init(room, sizeof(room));

    for (size_t i = 0; i < n; i++) {
        keys[i] = (struct cose_key){point(thumb_x, thumb_y), bytes_of(&"abcd"[i], 1)};
    }
    cose_key_set_write(&wr, keys, n);
    return wr_done(&wr);
}

static void
a_set_reads_back(void)
{
    struct bytes in = set_of(3);
    struct cose_key keys[3];
    size_t n = 9;

    CHECK_EQ(cose_key_set_read(check_guarded(in), keys, 3, &n), 0);
    CHECK_EQ(n, 3);
    CHECK_BYTES(keys[2].kid, bytes_str("c"));
    CHECK_BYTES(BYTES_OF(keys[2].point.x), check_hex(thumb_x));
    CHECK_BYTES(BYTES_OF(keys[2].point.y), check_hex(thumb_y));
    CHECK_EQ(cose_key_set_read(in, keys, 2, &n), COSE_KEY_E_MANY);
    CHECK_EQ(cose_key_set_read(set_of(0), keys, 3, &n), 0);
    CHECK_EQ(n, 0);
}

static void
each_truncation_and_trailing_byte_is_form(void)
{
    struct bytes in = set_of(2);
    struct cose_key keys[2];
    size_t n = 9;

    for (size_t len = 0; len < in.len; len++) {
        CHECK_EQ(cose_key_set_read(check_guarded(bytes_of(in.p, len)), keys, 2, &n),
                 COSE_KEY_E_FORM);
    }
    room[in.len] = 0;
    CHECK_EQ(cose_key_set_read(bytes_of(in.p, in.len + 1), keys, 2, &n), COSE_KEY_E_FORM);
    CHECK_EQ(n, 9);
}

/* A set of one key: kid "k" and what is given, in hex of map pairs. */
static int
read_key(unsigned n_pairs, const char *before, const char *after, size_t *ret_n)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct cose_key keys[1];

    cbor_wr_array(&wr, 1);
    cbor_wr_map(&wr, n_pairs);
    wr_bytes(&wr, check_hex(before));
    wr_bytes(&wr, check_hex(after));
    return cose_key_set_read(check_guarded(wr_done(&wr)), keys, 1, ret_n);
}

#define X "215820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define Y "225820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
keys_that_are_not_ours_are_left_out(void)
{
    size_t n = 9;

    CHECK_EQ(read_key(5, "0102 02416b 2001", X Y, &n), 0);
    CHECK_EQ(n, 1);
    CHECK_EQ(read_key(6, "0102 02416b 0328 2001", X Y, &n), 0); /* ESP256 */
    CHECK_EQ(n, 1);
    CHECK_EQ(read_key(7, "0102 02416b 0481 02 2001", X Y "6161f6", &n), 0); /* more parameters */
    CHECK_EQ(n, 1);
    CHECK_EQ(read_key(4, "0102 2001", X Y, &n), 0); /* no kid */
    CHECK_EQ(n, 0);
    CHECK_EQ(read_key(5, "0102 02416b 2002", X Y, &n), 0); /* P-384 */
    CHECK_EQ(n, 0);
    CHECK_EQ(read_key(6, "0102 02416b 033822 2001", X Y, &n), 0); /* ES384 */
    CHECK_EQ(n, 0);
    CHECK_EQ(read_key(4, "0101 02416b 2006", X, &n), 0); /* Ed25519 */
    CHECK_EQ(n, 0);
    CHECK_EQ(read_key(4, "0103 02416b 204101 2143010001", "", &n), 0); /* RSA */
    CHECK_EQ(n, 0);
    CHECK_EQ(read_key(3, "0161 31 02416b 0107", "", &n), COSE_KEY_E_FORM); /* kty twice */
}

static void
a_private_key_in_the_set_is_refused(void)
{
    size_t n = 9;

    CHECK_EQ(read_key(6, "0102 02416b 2001", X Y "234101", &n), COSE_KEY_E_SECRET);
    CHECK_EQ(n, 9);
}

static void
points_of_a_wrong_shape_are_form(void)
{
    size_t n = 9;

    CHECK_EQ(read_key(5, "0102 02416b 2001", X "22f5", &n), COSE_KEY_E_FORM); /* compressed */
    CHECK_EQ(read_key(4, "0102 02416b 2001", X, &n), COSE_KEY_E_FORM);
    CHECK_EQ(read_key(5, "0102 02416b 2001", "214101" Y, &n), COSE_KEY_E_FORM);
    CHECK_EQ(n, 9);
}

CHECK_MAIN(CASE(thumbprints_are_those_of_the_rfcs), CASE(a_set_reads_back),
           CASE(each_truncation_and_trailing_byte_is_form),
           CASE(keys_that_are_not_ours_are_left_out), CASE(a_private_key_in_the_set_is_refused),
           CASE(points_of_a_wrong_shape_are_form))
