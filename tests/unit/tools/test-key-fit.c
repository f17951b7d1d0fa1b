/* What `assay setup` asks of a certificate that is there: is it of the key, and of the names? */
#include <stdlib.h>

#include "formats/pem.h"
#include "key-make.h"
#include "lib/check.h"
#include "main/key-folder.h"

#define NOW 1800000000

/* As a device's TLS compares: RFC 6125 section 6.4. */
static void
a_name_is_among_the_certified_ones(void)
{
    static const struct key_names names = {
        .n = 4, .names = {"a.Example", "*.w.example", "192.0.2.7", "2001:db8::7"}};
    static const char *const in[] = {"A.example", "x.w.example", "X.W.EXAMPLE",
                                     "192.0.2.7", "2001:DB8::7", "2001:db8:0:0:0:0:0:7"};
    static const char *const out[] = {
        "",          "example",     "b.a.example",      "w.example", ".w.example", "x.y.w.example",
        "192.0.2.8", "2001:db8::8", "::ffff:192.0.2.7", "a.example."};
    static const struct key_names none = {0};

    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        CHECK(key_names_have(&names, in[i]));
        CHECK(!key_names_have(&none, in[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(out); i++) {
        CHECK(!key_names_have(&names, out[i]));
    }
}

static void
an_address_is_no_wildcards(void)
{
    static const struct key_names names = {.n = 1, .names = {"*.0.2.7"}};

    CHECK(!key_names_have(&names, "192.0.2.7"));
}

static void
a_certificate_fits_the_key_that_it_is_of(void)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    CLEANUP(privkey_freep) struct privkey *other = NULL;
    CLEANUP(free_p) char *pem = NULL;
    uint8_t der[LIMIT_CERT_BYTES];
    size_t len = 0;
    struct key_certify what = {.kind = KEYSET_CA, .id = 1, .site = "s", .now_s = NOW};
    struct rd rd;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_generate(&other), 0);
    what.key = key;
    CHECK_EQ(key_certify(&what, &pem), 0);
    rd = rd_init(bytes_str(pem));
    CHECK_EQ(pem_next(&rd, der, sizeof(der), &len), 0);
    CHECK(key_folder_fits(bytes_of(der, len), key));
    CHECK(!key_folder_fits(bytes_of(der, len), other));
    CHECK(!key_folder_fits(bytes_of(der, len - 1), key));
    CHECK(!key_folder_fits(BYTES_NULL, key));
}

CHECK_MAIN(CASE(a_name_is_among_the_certified_ones), CASE(an_address_is_no_wildcards),
           CASE(a_certificate_fits_the_key_that_it_is_of))
