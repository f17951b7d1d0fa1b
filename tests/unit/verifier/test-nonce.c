#include "ident/nonce.h"
#include "lib/check.h"

static const struct nonce_key keys[2] = {{.id = 3, .key = {1}}, {.id = 2, .key = {2}}};
static const uint8_t device[WIRE_UEID_SIZE] = {1, 2, 3};
static const int64_t now = INT64_C(1790000000123);

static struct nonce_scope
scope(void)
{
    return (struct nonce_scope){bytes_str("site"), device, NONCE_CONNECTION};
}

static int
judged(const uint8_t nonce[WIRE_NONCE_SIZE], const struct nonce_scope *where, int64_t at)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    int64_t made = 0;
    int r = nonce_check(hasher, keys, 2, where, nonce, at, 60000, &made);

    if (r != NONCE_E_FORGED) {
        CHECK_EQ(made, now);
    }
    return r;
}

static void
make(uint8_t nonce[WIRE_NONCE_SIZE])
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct nonce_scope here = scope();

    CHECK_EQ(nonce_make(hasher, &keys[0], &here, now, nonce), 0);
}

static void
a_nonce_is_good_for_its_life(void)
{
    struct nonce_scope here = scope();
    uint8_t nonce[WIRE_NONCE_SIZE];

    make(nonce);
    CHECK_EQ(judged(nonce, &here, now), NONCE_OK);
    CHECK_EQ(judged(nonce, &here, now + 60000), NONCE_OK);
    CHECK_EQ(judged(nonce, &here, now + 60001), NONCE_E_EXPIRED);
    CHECK_EQ(judged(nonce, &here, now - 5000), NONCE_OK);
    CHECK_EQ(judged(nonce, &here, now - 5001), NONCE_E_EXPIRED);
}

static void
every_flipped_bit_is_forged(void)
{
    struct nonce_scope here = scope();
    uint8_t nonce[WIRE_NONCE_SIZE];

    make(nonce);
    for (size_t bit = 0; bit < 8 * WIRE_NONCE_SIZE; bit++) {
        nonce[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(judged(nonce, &here, now), NONCE_E_FORGED);
        nonce[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void
another_device_site_or_purpose_is_forged(void)
{
    static const uint8_t other[WIRE_UEID_SIZE] = {1, 2, 4};
    struct nonce_scope there = scope();
    uint8_t nonce[WIRE_NONCE_SIZE];

    make(nonce);
    there.device = other;
    CHECK_EQ(judged(nonce, &there, now), NONCE_E_FORGED);
    there = scope();
    there.site = bytes_str("sits");
    CHECK_EQ(judged(nonce, &there, now), NONCE_E_FORGED);
    there = scope();
    there.purpose = NONCE_RELAYED;
    CHECK_EQ(judged(nonce, &there, now), NONCE_E_FORGED);
}

static void
nonces_differ(void)
{
    uint8_t a[WIRE_NONCE_SIZE];
    uint8_t b[WIRE_NONCE_SIZE];

    make(a);
    make(b);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

CHECK_MAIN(CASE(a_nonce_is_good_for_its_life), CASE(every_flipped_bit_is_forged),
           CASE(another_device_site_or_purpose_is_forged), CASE(nonces_differ))
