#include "crypto/roca.h"

/* Primes for which 65537 does not generate the whole group, so that the test says something. */
static const uint32_t primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                  79, 97, 103, 107, 109, 127, 151, 157};

static uint32_t
residue(struct bytes modulus, uint32_t prime)
{
    uint32_t value = 0;

    for (size_t i = 0; i < modulus.len; i++) {
        value = (value << 8 | modulus.p[i]) % prime;
    }
    return value;
}

/* Whether value is a power of 65537 modulo the prime. */
static bool
is_power(uint32_t value, uint32_t prime)
{
    uint32_t power = 1;

    do {
        if (power == value) {
            return true;
        }
        power = power * (65537u % prime) % prime;
    } while (power != 1);
    return false;
}

bool
roca_suspected(struct bytes modulus)
{
    for (size_t i = 0; i < ARRAY_LEN(primes); i++) {
        if (!is_power(residue(modulus, primes[i]), primes[i])) {
            return false;
        }
    }
    return modulus.len > 0;
}
