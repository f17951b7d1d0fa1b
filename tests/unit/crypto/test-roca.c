/* The mark of keys that can be factored, and keys without it. */
#include "crypto/pubkey.h"
#include "crypto/roca.h"
#include "lib/check.h"
#include "lib/roca-vector.h"

static void
a_modulus_of_that_form_is_suspected(void)
{
    CHECK(roca_suspected(check_hex(ROCA_VECTOR)));
}

static void
one_step_beside_it_is_not(void)
{
    struct bytes modulus = check_hex(ROCA_VECTOR);

    ((uint8_t *)(uintptr_t)modulus.p)[modulus.len - 1] ^= 2;
    CHECK(!roca_suspected(modulus));
    CHECK(!roca_suspected(BYTES_NULL));
}

static void
recorded_keys_are_good(void)
{
    static const char *const pems[] = {"boot/grub-sb-on/ak-rsa.pem",
                                       "boot/sdboot-uki-sb-on/ak-rsa.pem",
                                       "quote/keylime/akpub.pem", "quote/keylime/ekpub.pem"};

    for (size_t i = 0; i < ARRAY_LEN(pems); i++) {
        struct pubkey *key = NULL;
        uint8_t n[512];
        size_t len = 0;

        CHECK_EQ(pubkey_from_pem(check_vector(pems[i]), &key), 0);
        CHECK_EQ(pubkey_modulus(key, n, sizeof(n), &len), 0);
        CHECK(!roca_suspected(bytes_of(n, len)));
        pubkey_free(key);
    }
}

CHECK_MAIN(CASE(a_modulus_of_that_form_is_suspected), CASE(one_step_beside_it_is_not),
           CASE(recorded_keys_are_good))
