/* crypto/cose: the working group's vectors, and what we refuse beside them. */
#include "crypto/cose.h"
#include "base/cbor-wr.h"
#include "lib/check.h"

static const char content[] = "This is the content.";

static struct pubkey *
key_of(const char *x, const char *y)
{
    struct pubkey *key = NULL;

    CHECK_EQ(pubkey_from_point(KEY_P256, check_hex(x), check_hex(y), &key), 0);
    return key;
}

/* The key "11" of cose-wg/Examples. */
static struct pubkey *
key_11(void)
{
    return key_of("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff",
                  "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e");
}

static int
verify(struct bytes in, struct bytes aad, struct pubkey *key)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct cose_sign1 message = {.payload = {NULL, 77}};
    int r = cose_sign1_read(check_guarded(in), &message);

    CHECK(r >= 0);
    if (r > 0) {
        CHECK_EQ(message.payload.len, 77);
        return r;
    }
    return cose_sign1_verify(&message, aad, key, hasher);
}

static void
the_cwt_of_rfc_8392_verifies(void)
{
    CLEANUP(pubkey_freep)
    struct pubkey *key = key_of("143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f",
                                "60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9");
    struct bytes in = check_vector("cose/rfc8392-a3.cwt");
    struct cose_sign1 message;

    CHECK_EQ(verify(in, BYTES_NULL, key), 0);
    CHECK_EQ(cose_sign1_read(in, &message), 0);
    CHECK_BYTES(message.kid, bytes_str("AsymmetricECDSA256"));
    CHECK_EQ(message.typ, COSE_TYP_NONE);
    CHECK_EQ(message.payload.len, 80);
}

static void
the_vectors_of_the_working_group_verify(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = key_11();
    struct bytes aad = check_hex("11aa22bb33cc44dd55006699");

    CHECK_EQ(verify(check_vector("cose/ecdsa-sig-01.cose"), BYTES_NULL, key), 0);
    CHECK_EQ(verify(check_vector("cose/sign-pass-02.cose"), aad, key), 0);
    CHECK_EQ(verify(check_vector("cose/sign-pass-02.cose"), BYTES_NULL, key), COSE_E_SIGNATURE);
}

static void
the_failing_vectors_fail(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = key_11();

    CHECK_EQ(verify(check_vector("cose/sign-fail-02.cose"), BYTES_NULL, key), COSE_E_SIGNATURE);
    CHECK_EQ(verify(check_vector("cose/sign-fail-06.cose"), BYTES_NULL, key), COSE_E_SIGNATURE);
}

static void
legal_cose_that_we_are_stricter_than_is_refused(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = key_11();

    CHECK_EQ(verify(check_vector("cose/sign-pass-01.cose"), BYTES_NULL, key), COSE_E_ALG);
    CHECK_EQ(verify(check_vector("cose/sign-pass-03.cose"), BYTES_NULL, key), COSE_E_FORM);
    CHECK_EQ(verify(check_vector("cose/cwt-a3-unsorted.cose"), BYTES_NULL, key), COSE_E_FORM);
}

static void
an_empty_map_counts_as_no_bytes(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = key_11();
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct bytes in = check_vector("cose/sign-pass-01.cose");
    struct cose_sign1 message = {.protected = check_hex("a0"),
                                 .payload = bytes_str(content),
                                 .signature = bytes_of(in.p + in.len - 64, 64)};
    uint8_t with[32];
    uint8_t without[32];

    CHECK_EQ(cose_sign1_verify(&message, BYTES_NULL, key, hasher), 0);
    CHECK_EQ(cose_sign1_digest(check_hex("a0"), BYTES_NULL, BYTES_NULL, hasher, with), 0);
    CHECK_EQ(cose_sign1_digest(BYTES_NULL, BYTES_NULL, BYTES_NULL, hasher, without), 0);
    CHECK_BYTES(BYTES_OF(with), BYTES_OF(without));
}

/* The Sig_structure written whole by the CBOR writer gives the same digest at each head size. */
static void
the_digest_is_of_the_sig_structure(void)
{
    static const size_t lengths[] = {0, 1, 23, 24, 255, 256, 65535, 65536};
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    static uint8_t payload[65536];
    static uint8_t room[66000];

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct wr wr = wr_init(room, sizeof(room));
        uint8_t ours[32];
        uint8_t whole[32];

        cbor_wr_array(&wr, 4);
        cbor_wr_tstr(&wr, "Signature1");
        cbor_wr_bstr(&wr, check_hex("a10126"));
        cbor_wr_bstr(&wr, check_hex("0102"));
        cbor_wr_bstr(&wr, bytes_of(payload, lengths[i]));
        CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), whole), 0);
        CHECK_EQ(cose_sign1_digest(check_hex("a10126"), check_hex("0102"),
                                   bytes_of(payload, lengths[i]), hasher, ours),
                 0);
        CHECK_BYTES(BYTES_OF(ours), BYTES_OF(whole));
    }
}

static uint8_t signed_room[2048];
static struct privkey *signer;

static struct bytes
sign(const struct cose_header *header, struct bytes aad)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct wr wr = wr_init(signed_room, sizeof(signed_room));

    if (!signer) {
        CHECK_EQ(privkey_generate(&signer), 0);
    }
    CHECK_EQ(cose_sign1_write(&wr, header, aad, bytes_str(content), signer, hasher), 0);
    return wr_done(&wr);
}

static struct pubkey *
signer_public(void)
{
    struct pubkey *key = NULL;
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(privkey_point(signer, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &key), 0);
    return key;
}

static void
what_we_sign_reads_back_and_verifies(void)
{
    for (size_t n_chain = 0; n_chain <= 4; n_chain++) {
        const struct bytes chain[] = {check_hex("3000"), check_hex("3001"), check_hex("3002"),
                                      check_hex("3003")};
        const struct cose_header header = {bytes_str("key-1"), 263, chain, n_chain};
        struct bytes in = sign(&header, bytes_str("aad"));
        CLEANUP(pubkey_freep) struct pubkey *key = signer_public();
        struct cose_sign1 message;

        CHECK_EQ(verify(in, bytes_str("aad"), key), 0);
        CHECK_EQ(verify(in, bytes_str("aae"), key), COSE_E_SIGNATURE);
        CHECK_EQ(cose_sign1_read(in, &message), 0);
        CHECK_BYTES(message.kid, header.kid);
        CHECK_EQ(message.typ, 263);
        CHECK_EQ(message.n_chain, n_chain);
        for (size_t i = 0; i < n_chain; i++) {
            CHECK_BYTES(message.chain[i], chain[i]);
        }
    }
    privkey_freep(&signer);
}

static void
each_truncation_and_trailing_byte_is_form(void)
{
    const struct cose_header header = {bytes_str("key-1"), COSE_TYP_NONE, NULL, 0};
    struct bytes in = sign(&header, BYTES_NULL);
    struct cose_sign1 message = {.n_chain = 9};

    for (size_t n = 0; n < in.len; n++) {
        CHECK_EQ(cose_sign1_read(check_guarded(bytes_of(in.p, n)), &message), COSE_E_FORM);
    }
    signed_room[in.len] = 0;
    CHECK_EQ(cose_sign1_read(bytes_of(in.p, in.len + 1), &message), COSE_E_FORM);
    CHECK_EQ(message.n_chain, 9);
    privkey_freep(&signer);
}

static void
each_flipped_byte_is_refused(void)
{
    const struct cose_header header = {bytes_str("key-1"), 263, NULL, 0};
    struct bytes in = sign(&header, BYTES_NULL);
    CLEANUP(pubkey_freep) struct pubkey *key = signer_public();

    for (size_t i = 0; i < in.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            signed_room[i] ^= (uint8_t)(1u << bit);
            CHECK(verify(in, BYTES_NULL, key) > 0);
            signed_room[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK_EQ(verify(in, BYTES_NULL, key), 0);
    privkey_freep(&signer);
}

static void
another_key_and_another_kind_of_key_are_refused(void)
{
    const struct cose_header header = {BYTES_NULL, COSE_TYP_NONE, NULL, 0};
    struct bytes in = sign(&header, BYTES_NULL);
    CLEANUP(pubkey_freep) struct pubkey *other = key_11();
    CLEANUP(pubkey_freep) struct pubkey *rsa = NULL;
    uint8_t n[256];

    memset(n, 0xff, sizeof(n));
    CHECK_EQ(pubkey_from_rsa(BYTES_OF(n), 65537, &rsa), 0);
    CHECK_EQ(verify(in, BYTES_NULL, other), COSE_E_SIGNATURE);
    CHECK_EQ(verify(in, BYTES_NULL, rsa), COSE_E_ALG);
    privkey_freep(&signer);
}

/* A message with these header maps, an empty payload and a signature of n bytes. */
static int
read_with(const char *protected, const char *unprotected, size_t n_signature)
{
    static const uint8_t zeros[96];
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct cose_sign1 message;

    cbor_wr_tag(&wr, 18);
    cbor_wr_array(&wr, 4);
    cbor_wr_bstr(&wr, check_hex(protected));
    wr_bytes(&wr, check_hex(unprotected));
    cbor_wr_bstr(&wr, BYTES_NULL);
    cbor_wr_bstr(&wr, bytes_of(zeros, n_signature));
    return cose_sign1_read(check_guarded(wr_done(&wr)), &message);
}

static void
headers_that_nobody_signed_or_understands_are_refused(void)
{
    CHECK_EQ(read_with("a10126", "a0", 64), 0);
    CHECK_EQ(read_with("a10128", "a0", 64), 0); /* ESP256 */
    CHECK_EQ(read_with("a10126", "a1044101", 64), 0);
    CHECK_EQ(read_with("a201260281 04", "a0", 64), COSE_E_HEADER);        /* crit */
    CHECK_EQ(read_with("a2012604 4101", "a1044101", 64), COSE_E_HEADER);  /* two kids */
    CHECK_EQ(read_with("a10126", "a1 10 01", 64), COSE_E_HEADER);         /* typ */
    CHECK_EQ(read_with("a10126", "a1 6161 01", 64), COSE_E_HEADER);       /* a text label */
    CHECK_EQ(read_with("a20126 6161 01", "a0", 64), 0);                   /* ignored, but signed */
    CHECK_EQ(read_with("a10126", "a2 01 26 04 4101", 64), COSE_E_HEADER); /* alg once more */
}

static void
other_algorithms_are_refused(void)
{
    CHECK_EQ(read_with("", "a0", 64), COSE_E_ALG);
    CHECK_EQ(read_with("a0", "a10126", 64), COSE_E_ALG);
    CHECK_EQ(read_with("a1013822", "a0", 96), COSE_E_ALG); /* ES384 */
    CHECK_EQ(read_with("a10127", "a0", 64), COSE_E_ALG);   /* EdDSA */
    CHECK_EQ(read_with("a10105", "a0", 32), COSE_E_ALG);   /* HMAC */
}

static void
values_of_a_wrong_shape_are_form(void)
{
    CHECK_EQ(read_with("a10126", "a0", 63), COSE_E_FORM);
    CHECK_EQ(read_with("a10126", "a0", 65), COSE_E_FORM);
    CHECK_EQ(read_with("a1016145", "a0", 64), COSE_E_FORM);            /* alg as text */
    CHECK_EQ(read_with("a20126 0440", "a0", 64), COSE_E_FORM);         /* empty kid */
    CHECK_EQ(read_with("a20126 10 19ffff", "a0", 64), COSE_E_FORM);    /* typ too large */
    CHECK_EQ(read_with("a20126 10 6161", "a0", 64), COSE_E_FORM);      /* typ as text */
    CHECK_EQ(read_with("a20126 1821 80", "a0", 64), COSE_E_FORM);      /* no chain */
    CHECK_EQ(read_with("a20126 1821 81 4130", "a0", 64), COSE_E_FORM); /* array of one */
    CHECK_EQ(read_with("a20126 1821 85 4130 4130 4130 4130 4130", "a0", 64), COSE_E_FORM);
    CHECK_EQ(read_with("a2012601 26", "a0", 64), COSE_E_FORM); /* alg twice */
    CHECK_EQ(read_with("a1012600", "a0", 64), COSE_E_FORM);    /* a byte behind the map */
    CHECK_EQ(read_with("80", "a0", 64), COSE_E_FORM);
}

static void
no_room_is_our_error(void)
{
    const struct cose_header header = {bytes_str("key-1"), 263, NULL, 0};
    const struct bytes long_chain[5] = {{0}};
    const struct cose_header too_long = {BYTES_NULL, COSE_TYP_NONE, long_chain, 5};
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    size_t whole = sign(&header, BYTES_NULL).len;
    struct wr wr;

    for (size_t cap = 0; cap < whole; cap++) {
        wr = wr_init(signed_room, cap);
        CHECK(cose_sign1_write(&wr, &header, BYTES_NULL, bytes_str(content), signer, hasher) < 0);
        CHECK(wr_done(&wr).p == NULL);
    }
    wr = wr_init(signed_room, sizeof(signed_room));
    CHECK(cose_sign1_write(&wr, &too_long, BYTES_NULL, BYTES_NULL, signer, hasher) < 0);
    privkey_freep(&signer);
}

CHECK_MAIN(CASE(the_cwt_of_rfc_8392_verifies), CASE(the_vectors_of_the_working_group_verify),
           CASE(the_failing_vectors_fail), CASE(legal_cose_that_we_are_stricter_than_is_refused),
           CASE(an_empty_map_counts_as_no_bytes), CASE(the_digest_is_of_the_sig_structure),
           CASE(what_we_sign_reads_back_and_verifies),
           CASE(each_truncation_and_trailing_byte_is_form), CASE(each_flipped_byte_is_refused),
           CASE(another_key_and_another_kind_of_key_are_refused),
           CASE(headers_that_nobody_signed_or_understands_are_refused),
           CASE(other_algorithms_are_refused), CASE(values_of_a_wrong_shape_are_form),
           CASE(no_room_is_our_error))
