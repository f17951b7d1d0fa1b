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

static void
other_algorithms_are_refused(void)
{
    CHECK_EQ(read_header("{\"alg\":\"none\"}"), JOSE_E_ALG);
    CHECK_EQ(read_header("{\"alg\":\"HS256\"}"), JOSE_E_ALG);
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

CHECK_MAIN(CASE(the_example_of_rfc_7515_verifies), CASE(each_changed_character_is_refused),
           CASE(each_truncation_and_trailing_character_is_form), CASE(a_short_room_is_form),
           CASE(headers_in_any_order_are_read), CASE(other_algorithms_are_refused),
           CASE(headers_that_we_do_not_speak_are_refused),
           CASE(what_we_sign_reads_back_and_verifies), CASE(no_room_and_odd_names_are_our_error),
           CASE(a_text_over_the_limit_is_form), CASE(a_key_set_has_what_consumers_ask_for))
