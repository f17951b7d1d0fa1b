/* crypto/jose */
#include "crypto/jose.h"
#include "base/b64.h"
#include "lib/check.h"

/* RFC 7515 appendix A.3. */
static const char rfc7515_a3[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static uint8_t decoded[LIMIT_TOKEN_BYTES];
static uint8_t text_room[LIMIT_TOKEN_BYTES + 8];

static struct pubkey *
rfc_key(void)
{
    struct pubkey *key = NULL;

    CHECK_EQ(
        pubkey_from_point(
            KEY_P256, check_hex("7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"),
            check_hex("c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"), &key),
        0);
    return key;
}

static int
verify(struct bytes text, struct pubkey *key)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct jose jose = {.payload = {NULL, 77}};
    int r = jose_read(check_guarded(text), decoded, sizeof(decoded), &jose);

    if (r > 0) {
        CHECK_EQ(jose.payload.len, 77);
        return r;
    }
    return jose_verify(&jose, key, hasher);
}

static void
the_example_of_rfc_7515_verifies(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = rfc_key();
    struct jose jose;

    CHECK_EQ(verify(bytes_str(rfc7515_a3), key), 0);
    CHECK_EQ(jose_read(bytes_str(rfc7515_a3), decoded, sizeof(decoded), &jose), 0);
    CHECK_EQ(jose.kid.len, 0);
    CHECK_EQ(jose.typ.len, 0);
    CHECK_EQ(jose.payload.len, 70);
}

static void
each_changed_character_is_refused(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = rfc_key();

    memcpy(text_room, rfc7515_a3, sizeof(rfc7515_a3));
    for (size_t i = 0; i < sizeof(rfc7515_a3) - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text_room[i] ^= (uint8_t)(1u << bit);
            CHECK(verify(bytes_of(text_room, sizeof(rfc7515_a3) - 1), key) > 0);
            text_room[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void
each_truncation_and_trailing_character_is_form(void)
{
    struct jose jose;

    for (size_t n = 0; n < sizeof(rfc7515_a3) - 1; n++) {
        CHECK_EQ(jose_read(check_guarded(bytes_of(rfc7515_a3, n)), decoded, sizeof(decoded), &jose),
                 JOSE_E_FORM);
    }
    memcpy(text_room, rfc7515_a3, sizeof(rfc7515_a3));
    text_room[sizeof(rfc7515_a3) - 1] = '\n';
    CHECK_EQ(jose_read(bytes_of(text_room, sizeof(rfc7515_a3)), decoded, sizeof(decoded), &jose),
             JOSE_E_FORM);
}

static void
a_short_room_is_form(void)
{
    struct jose jose;

    for (size_t cap = 0; cap < 15 + 70; cap++) {
        CHECK_EQ(jose_read(bytes_str(rfc7515_a3), decoded, cap, &jose), JOSE_E_FORM);
    }
    CHECK_EQ(jose_read(bytes_str(rfc7515_a3), decoded, 15 + 70, &jose), 0);
}

static int
read_header(const char *header)
{
    struct wr wr = wr_init(text_room, sizeof(text_room));
    static char part[LIMIT_TOKEN_BYTES];
    static const uint8_t zeros[64];
    struct jose jose;

    wr_bytes(&wr, bytes_of(part, b64_write(part, bytes_str(header))));
    wr_str(&wr, ".e30.");
    wr_bytes(&wr, bytes_of(part, b64_write(part, BYTES_OF(zeros))));
    return jose_read(check_guarded(wr_done(&wr)), decoded, sizeof(decoded), &jose);
}

static void
headers_in_any_order_are_read(void)
{
    CHECK_EQ(read_header("{\"alg\":\"ES256\"}"), 0);
    CHECK_EQ(read_header("{\"typ\":\"JWT\",\"kid\":\"a-b_c\",\"alg\":\"ES256\"}"), 0);
}

static const char a2_modulus[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

/* RFC 7515 appendix A.2. */
static const char rfc7515_a2[] =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1"
    "L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE"
    "UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static struct pubkey *
a2_key(void)
{
    struct pubkey *key = NULL;
    uint8_t n[256];
    size_t len = 0;

    CHECK_EQ(b64_read(bytes_str(a2_modulus), n, sizeof(n), &len), 0);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, len), 65537, &key), 0);
    return key;
}

static void
the_rsa_example_of_rfc_7515_verifies(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = a2_key();
    struct jose jose;

    CHECK_EQ(verify(bytes_str(rfc7515_a2), key), 0);
    CHECK_EQ(jose_read(bytes_str(rfc7515_a2), decoded, sizeof(decoded), &jose), 0);
    CHECK_EQ(jose.alg, JOSE_RS256);
    CHECK_EQ(jose.signature_len, 256);
    memcpy(text_room, rfc7515_a2, sizeof(rfc7515_a2));
    for (size_t i = 0; i < sizeof(rfc7515_a2) - 1; i++) {
        text_room[i] ^= 1;
        CHECK(verify(bytes_of(text_room, sizeof(rfc7515_a2) - 1), key) > 0);
        text_room[i] ^= 1;
    }
}

static void
the_header_cannot_choose_another_kind_of_key(void)
{
    CLEANUP(pubkey_freep) struct pubkey *rsa = a2_key();
    CLEANUP(pubkey_freep) struct pubkey *ec = rfc_key();

    CHECK_EQ(verify(bytes_str(rfc7515_a2), ec), JOSE_E_ALG);
    CHECK_EQ(verify(bytes_str(rfc7515_a3), rsa), JOSE_E_ALG);
    /* ES256's size under RS256, and the other way round */
    CHECK_EQ(read_header("{\"alg\":\"RS256\"}"), JOSE_E_FORM);
    memcpy(text_room, rfc7515_a2, sizeof(rfc7515_a2));
    memcpy(text_room, "eyJhbGciOiJFUzI1NiJ9", 20);
    CHECK_EQ(verify(bytes_of(text_room, sizeof(rfc7515_a2) - 1), rsa), JOSE_E_FORM);
}

static void
a_weak_rsa_key_verifies_nothing(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    uint8_t n[128];

    memset(n, 0xff, sizeof(n));
    CHECK_EQ(pubkey_from_rsa(BYTES_OF(n), 65537, &key), 0);
    CHECK(pubkey_weak(key));
    CHECK_EQ(verify(bytes_str(rfc7515_a2), key), JOSE_E_ALG);
}

static void
an_rsa_key_signs_rs256(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *signer = NULL;
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct wr wr = wr_init(text_room, sizeof(text_room));
    uint8_t n[RS256_SIG_MAX];
    size_t len = 0;

    CHECK_EQ(privkey_rsa_generate(2048, &signer), 0);
    CHECK_EQ(privkey_rsa_modulus(signer, n, &len), 0);
    CHECK_EQ(pubkey_from_rsa(bytes_of(n, len), 65537, &key), 0);
    CHECK_EQ(jose_write(&wr, "JWT", bytes_str("k2"), bytes_str("{}"), signer, hasher), 0);
    CHECK_EQ(verify(wr_done(&wr), key), 0);
    for (size_t cap = 0; cap < wr.len; cap += 7) {
        struct wr small = wr_init(text_room, cap);

        CHECK(jose_write(&small, "JWT", bytes_str("k2"), bytes_str("{}"), signer, hasher) < 0);
    }
}

static void
the_thumbprint_of_rfc_7638_is_ours(void)
{
    static const char n[] =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
        "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
        "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
        "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t modulus[256];
    uint8_t thumb[32];
    char text[B64_LEN(32) + 1];
    size_t len = 0;

    CHECK_EQ(b64_read(bytes_str(n), modulus, sizeof(modulus), &len), 0);
    CHECK_EQ(jose_rsa_thumb(bytes_of(modulus, len), hasher, thumb), 0);
    b64_write(text, BYTES_OF(thumb));
    CHECK_STR(text, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

static void
other_algorithms_are_refused(void)
{
    CHECK_EQ(read_header("{\"alg\":\"none\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"HS256\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"PS256\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"EdDSA\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"es256\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"ES2567\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"typ\":\"JWT\"}"), JOSE_E_ALG);
}

static void
headers_that_we_do_not_speak_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"alg\":\"ES256\"",
        "{\"alg\":\"ES256\",}",
        "{\"alg\":\"ES256\"}}",
        "{\"alg\":\"ES256\"} ",
        "{ \"alg\":\"ES256\"}",
        "{\"alg\" :\"ES256\"}",
        "{\"alg\":ES256}",
        "{\"alg\":\"ES256}",
        "{alg:\"ES256\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":\"ES\\u00325\"}",
        "{\"a\\u006cg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"alg\":\"ES256\",\"kid\":\"\xc3\xa9\"}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"ES256\",\"crit\":\"exp\"}",
        "{\"alg\":\"ES256\",\"jku\":\"https://a.example\"}",
        "{\"alg\":\"ES256\",\"b64\":false}",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(read_header(bad[i]), JOSE_E_HEADER);
    }
}

static void
what_we_sign_reads_back_and_verifies(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *signer = NULL;
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    CLEANUP(pubkey_freep) struct pubkey *other = rfc_key();
    struct wr wr = wr_init(text_room, sizeof(text_room));
    struct p256 point;
    struct jose jose;

    CHECK_EQ(privkey_generate(&signer), 0);
    CHECK_EQ(privkey_point(signer, point.x, point.y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(point.x), BYTES_OF(point.y), &key), 0);
    CHECK_EQ(jose_write(&wr, "JWT", bytes_str("k1"), bytes_str("{}"), signer, hasher), 0);
    CHECK_EQ(verify(wr_done(&wr), key), 0);
    CHECK_EQ(verify(wr_done(&wr), other), JOSE_E_SIGNATURE);
    CHECK_EQ(jose_read(wr_done(&wr), decoded, sizeof(decoded), &jose), 0);
    CHECK_BYTES(jose.kid, bytes_str("k1"));
    CHECK_BYTES(jose.typ, bytes_str("JWT"));
    CHECK_BYTES(jose.payload, bytes_str("{}"));
}

static void
no_room_and_odd_names_are_our_error(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *signer = NULL;
    struct wr wr = wr_init(text_room, sizeof(text_room));
    size_t whole;

    CHECK_EQ(privkey_generate(&signer), 0);
    CHECK(jose_write(&wr, "J\"", BYTES_NULL, bytes_str("{}"), signer, hasher) < 0);
    CHECK(jose_write(&wr, "JWT", bytes_str("\xc3\xa9"), bytes_str("{}"), signer, hasher) < 0);
    CHECK_EQ(jose_write(&wr, "JWT", BYTES_NULL, bytes_str("{}"), signer, hasher), 0);
    whole = wr.len;
    for (size_t cap = 0; cap < whole; cap++) {
        wr = wr_init(text_room, cap);
        CHECK(jose_write(&wr, "JWT", BYTES_NULL, bytes_str("{}"), signer, hasher) < 0);
    }
}

static void
a_text_over_the_limit_is_form(void)
{
    struct jose jose;

    memset(text_room, 'A', sizeof(text_room));
    text_room[4] = '.';
    text_room[LIMIT_TOKEN_BYTES - 90] = '.';
    CHECK_EQ(jose_read(bytes_of(text_room, LIMIT_TOKEN_BYTES + 1), decoded, sizeof(decoded), &jose),
             JOSE_E_FORM);
}

static void
a_key_set_has_what_consumers_ask_for(void)
{
    char room[512];
    struct json_wr j = json_wr_init(room, sizeof(room));
    struct jose_key keys[2] = {{.kid = bytes_str("a")}, {.kid = bytes_str("b")}};

    memset(&keys[0].point, 0xff, sizeof(keys[0].point));
    jose_key_set_write(&j, keys, 2);
    CHECK_BYTES(
        json_wr_done(&j),
        bytes_str("{\"keys\":[{\"alg\":\"ES256\",\"crv\":\"P-256\",\"kid\":\"a\",\"kty\":\"EC\","
                  "\"use\":\"sig\",\"x\":\"__________________________________________8\","
                  "\"y\":\"__________________________________________8\"},"
                  "{\"alg\":\"ES256\",\"crv\":\"P-256\",\"kid\":\"b\",\"kty\":\"EC\","
                  "\"use\":\"sig\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
                  "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}"));
}

static void
a_key_set_has_rsa_keys_too(void)
{
    static const uint8_t n[] = {0xff, 0xff, 0xff};
    char room[512];
    struct json_wr j = json_wr_init(room, sizeof(room));
    struct jose_key key = {.kid = bytes_str("r"), .rsa_n = BYTES_OF(n)};

    jose_key_set_write(&j, &key, 1);
    CHECK_BYTES(json_wr_done(&j),
                bytes_str("{\"keys\":[{\"alg\":\"RS256\",\"e\":\"AQAB\",\"kid\":\"r\",\"kty\":"
                          "\"RSA\",\"n\":\"____\",\"use\":\"sig\"}]}"));
}

CHECK_MAIN(CASE(the_example_of_rfc_7515_verifies), CASE(each_changed_character_is_refused),
           CASE(each_truncation_and_trailing_character_is_form), CASE(a_short_room_is_form),
           CASE(headers_in_any_order_are_read), CASE(other_algorithms_are_refused),
           CASE(headers_that_we_do_not_speak_are_refused),
           CASE(the_rsa_example_of_rfc_7515_verifies),
           CASE(the_header_cannot_choose_another_kind_of_key),
           CASE(a_weak_rsa_key_verifies_nothing), CASE(an_rsa_key_signs_rs256),
           CASE(the_thumbprint_of_rfc_7638_is_ours), CASE(a_key_set_has_rsa_keys_too),
           CASE(what_we_sign_reads_back_and_verifies), CASE(no_room_and_odd_names_are_our_error),
           CASE(a_text_over_the_limit_is_form), CASE(a_key_set_has_what_consumers_ask_for))
