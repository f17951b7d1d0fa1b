/* A number of the faulty library's form: t * M + 65537^a mod M, M the product of small primes. */
#include "crypto/pubkey.h"
#include "crypto/roca.h"
#include "lib/check.h"

static const char *const faulty =
    "8d28f01f71cdd5fc4cdc98b9865411a56c48ddd6301fb5349d6e576df083a7f0"
    "de14e45ead647eeefbb5e9f6911703caf6bbd56bd87c7db3f21c713733d10159"
    "bb7b6106e1ecf89c94deb2231c711d869a011934b13407c477916ec244a02137"
    "70f7113c20b4b1e8a94f7658ad707ad498ee531336dec0c3a491bea3ae7703cc"
    "d8605281a5d1f730676e472ca2216290715a6f3566318497a0d4d60d3fb4076f"
    "600f7e6694ed51f4b4726adcfd19811c6bc0b21d921a462cb082714d8805caa4"
    "832f7d1ab81fbe42ae1213ce501300acf35a2774e8a27d4709386fcf368f1fe4"
    "314291c8c41c1f534adb58eeeda0fcbe89f5cecb77833a8f86571f66940c284d";

static void
a_modulus_of_that_form_is_suspected(void)
{
    CHECK(roca_suspected(check_hex(faulty)));
}

static void
one_step_beside_it_is_not(void)
{
    struct bytes modulus = check_hex(faulty);

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
