/* keeper/ak-cache */
#include "keeper/ak-cache.h"

#include "crypto/privkey.h"
#include "lib/check.h"

/* An AK in software: its private half, and its area as a TPM gives it. */
struct made {
    struct privkey *key;
    uint8_t room[256];
    struct tpm_public public;
};

static struct ak_cache *cache;

static void
read_back(struct made *made, size_t len)
{
    CHECK_EQ(tpm_public_read(bytes_of(made->room, len), &made->public, NULL), 0);
}

static void
make(struct made *made)
{
    struct wr wr = wr_init(made->room, sizeof(made->room));
    uint8_t x[32];
    uint8_t y[32];
    struct tpm_public ak = {
        .type = TPM_ALG_ECC,
        .name_alg = 0x000b,
        .attributes = 0x00050472,
        .symmetric = TPM_ALG_NULL,
        .scheme = TPM_ALG_ECDSA,
        .scheme_hash = 0x000b,
        .curve = 3,
        .kdf = TPM_ALG_NULL,
        .ecc_x = BYTES_OF(x),
        .ecc_y = BYTES_OF(y),
    };

    CHECK_EQ(privkey_generate(&made->key), 0);
    CHECK_EQ(privkey_point(made->key, x, y), 0);
    tpm_public_write(&wr, &ak);
    CHECK(wr_done(&wr).p);
    read_back(made, wr_done(&wr).len);
}

static struct pubkey *
get(const struct made *made)
{
    struct pubkey *key = NULL;

    CHECK_EQ(ak_cache_get(cache, &made->public, &key), 0);
    CHECK(key);
    return key;
}

/* Whether what the cache gives for `of` takes a signature by `by`. */
static bool
takes(const struct made *of, const struct made *by)
{
    static const uint8_t digest[32] = {1, 2, 3};
    uint8_t signature[ES256_SIG_SIZE];

    CHECK_EQ(privkey_sign(by->key, digest, signature), 0);
    return pubkey_verify_ecdsa(get(of), BYTES_OF(digest), bytes_of(signature, 32),
                               bytes_of(signature + 32, 32)) == 0;
}

static void
start(void)
{
    cache = ak_cache_new();
    CHECK(cache);
}

static void
the_same_bytes_give_the_same_key(void)
{
    struct made one;
    struct made copy;
    struct pubkey *key;

    start();
    make(&one);
    key = get(&one);
    memcpy(copy.room, one.room, sizeof(copy.room));
    read_back(&copy, one.public.area.len);
    CHECK(get(&copy) == key);
    CHECK(get(&one) == key);
    privkey_free(one.key);
    ak_cache_free(cache);
}

/* The cache outlives the area that it was asked with. */
static void
its_copy_is_its_own(void)
{
    struct made one;
    struct made same;
    struct pubkey *key;

    start();
    make(&one);
    same = one;
    read_back(&same, one.public.area.len);
    key = get(&one);
    memset(one.room, 0xff, sizeof(one.room));
    CHECK(get(&same) == key);
    privkey_free(same.key);
    ak_cache_free(cache);
}

static void
each_device_has_its_own_key(void)
{
    struct made a;
    struct made b;

    start();
    make(&a);
    make(&b);
    for (int i = 0; i < 2; i++) { /* decoded, then kept */
        CHECK(takes(&a, &a));
        CHECK(takes(&b, &b));
        CHECK(!takes(&a, &b));
        CHECK(!takes(&b, &a));
    }
    CHECK(get(&a) != get(&b));
    privkey_free(a.key);
    privkey_free(b.key);
    ak_cache_free(cache);
}

/* One bit of the area, of the key or of what it may do, and it is another area. */
static void
a_flipped_bit_is_another_key_or_none(void)
{
    struct made good;
    struct pubkey *kept;

    start();
    make(&good);
    kept = get(&good);
    for (size_t bit = 0; bit < 8 * good.public.area.len; bit++) {
        struct made bent = good;
        struct pubkey *key = NULL;

        bent.room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (tpm_public_read(bytes_of(bent.room, good.public.area.len), &bent.public, NULL) == 0 &&
            ak_cache_get(cache, &bent.public, &key) == 0) {
            CHECK(key != kept);
        } else {
            CHECK(key == NULL);
        }
        CHECK(get(&good) == kept);
    }
    privkey_free(good.key);
    ak_cache_free(cache);
}

static void
a_point_off_the_curve_is_refused_each_time(void)
{
    struct made bent;
    struct pubkey *key = NULL;

    start();
    make(&bent);
    bent.room[bent.public.area.len - 1] ^= 1;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(ak_cache_get(cache, &bent.public, &key), PUBKEY_E_FORM);
        CHECK(key == NULL);
    }
    privkey_free(bent.key);
    ak_cache_free(cache);
}

static void
recorded_keys_of_both_kinds_are_kept(void)
{
    static const char *const paths[] = {"boot/grub-sb-on/ak.pub", "boot/grub-sb-on/ak-rsa.pub"};
    static const enum key_kind kinds[] = {KEY_P256, KEY_RSA};

    start();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct tpm_public public;
        struct pubkey *first = NULL;
        struct pubkey *second = NULL;
        struct bytes area;

        CHECK_EQ(tpm_public_wrapped(check_vector(paths[i]), &area, NULL), 0);
        CHECK_EQ(tpm_public_read(area, &public, NULL), 0);
        CHECK_EQ(ak_cache_get(cache, &public, &first), 0);
        CHECK_EQ(ak_cache_get(cache, &public, &second), 0);
        CHECK(first == second);
        CHECK_EQ(pubkey_kind(first), kinds[i]);
    }
    ak_cache_free(cache);
}

/* More devices than there is room for: who keeps coming stays, and who had to go gets the right
 * key again. */
static void
a_full_cache_gives_right_keys(void)
{
    struct made busy;
    struct made seldom[8];
    struct pubkey *kept;

    start();
    make(&busy);
    kept = get(&busy);
    for (size_t i = 0; i < ARRAY_LEN(seldom); i++) {
        make(&seldom[i]);
        CHECK(takes(&seldom[i], &seldom[i]));
    }
    for (size_t i = 0; i < AK_CACHE_MAX; i++) {
        struct made other;

        make(&other);
        ignore(get(&other) == NULL, "takes a place");
        privkey_free(other.key);
        CHECK(get(&busy) == kept);
    }
    for (size_t i = 0; i < ARRAY_LEN(seldom); i++) {
        CHECK(takes(&seldom[i], &seldom[i]));
        CHECK(!takes(&seldom[i], &busy));
        privkey_free(seldom[i].key);
    }
    privkey_free(busy.key);
    ak_cache_free(cache);
}

static void
no_cache_is_freed_as_well(void)
{
    ak_cache_free(NULL);
    start();
    ak_cache_free(cache);
}

CHECK_MAIN(CASE(the_same_bytes_give_the_same_key), CASE(its_copy_is_its_own),
           CASE(each_device_has_its_own_key), CASE(a_flipped_bit_is_another_key_or_none),
           CASE(a_point_off_the_curve_is_refused_each_time),
           CASE(recorded_keys_of_both_kinds_are_kept), CASE(a_full_cache_gives_right_keys),
           CASE(no_cache_is_freed_as_well))
