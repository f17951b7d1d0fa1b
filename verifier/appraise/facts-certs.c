#include "appraise/facts-certs.h"

#include "formats/certwalk.h"
#include "formats/der.h"
#include "formats/efiguid.h"
#include "formats/siglist.h"

enum { RSA_BYTES_MIN = 256 };

static uint8_t
upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* Does a name hold this text, in any case? Zeros are passed over, so that it is found in BMPString
 * too. The text's first letter must not come again in it. */
static bool
says(struct bytes name, const char *text)
{
    struct rd rd = rd_init(name);
    size_t at = 0;

    while (rd_left(&rd) > 0 && text[at] != '\0') {
        uint8_t c = upper(rd_u8(&rd));

        if (c != 0) {
            at = c == (uint8_t)text[at] ? at + 1 : c == (uint8_t)text[0] ? 1 : 0;
        }
    }
    return text[at] == '\0';
}

static enum fact_flag
testkey_of(struct bytes der)
{
    static const char *const marks[] = {"DO NOT TRUST", "DO NOT SHIP"};
    struct certwalk cert;

    if (certwalk_read(der, NULL, &cert) != 0) {
        return FACT_ODD;
    }
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (says(cert.subject, marks[i]) || says(cert.issuer, marks[i])) {
            return FACT_ON;
        }
    }
    return FACT_OFF;
}

void
facts_note_pk(struct boot_facts *facts, struct bytes value)
{
    struct siglist list = siglist_init(value);
    struct siglist_entry entry;

    while (siglist_next(&list, &entry, NULL) == 0) {
        enum fact_flag flag = entry.kind == SIGLIST_X509 ? testkey_of(entry.data) : FACT_ODD;

        /* one test key is enough; one that nobody could read may be one */
        if (facts->testkey != FACT_ON && (flag != FACT_OFF || facts->testkey == FACT_ABSENT)) {
            facts->testkey = flag;
        }
    }
}

/* The modulus of an RSA key, RFC 8017 appendix A.1.1; none of other keys. */
static struct bytes
modulus_of(struct bytes spki)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    struct rd rd = rd_init(spki);
    struct rd in = der_enter(&rd, DER_SEQUENCE);
    struct rd alg = der_enter(&in, DER_SEQUENCE);
    struct bytes oid = der_body(&alg, DER_OID);
    struct rd key = rd_init(der_bit_bytes(&in));
    struct rd numbers;

    if (in.failed || !bytes_equal(oid, BYTES_OF(rsa))) {
        return BYTES_NULL;
    }
    numbers = der_enter(&key, DER_SEQUENCE);
    return der_positive(&numbers);
}

static bool
is_weak(struct bytes der)
{
    struct certwalk cert;
    struct bytes modulus;

    if (certwalk_read(der, NULL, &cert) != 0) {
        return false; /* what it is nobody knows; whether it may be there says boot.authority */
    }
    modulus = modulus_of(cert.spki);
    return (modulus.p && modulus.len < RSA_BYTES_MIN) ||
           (cert.sig_scheme != SIG_NONE && cert.sig_hash == HASH_SHA1 &&
            !bytes_equal(cert.subject, cert.issuer));
}

void
facts_note_authority(struct boot_facts *facts, struct bytes value)
{
    struct rd rd = rd_init(value);

    (void)rd_bytes(&rd, EFIGUID_LEN); /* the owner */
    facts->weak_authority |= is_weak(value) || is_weak(rd_rest(&rd));
}
