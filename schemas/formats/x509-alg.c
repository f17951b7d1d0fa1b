#include "formats/x509-alg.h"

#include "formats/der.h"
#include "formats/x509-oid.h"
#include "formats/x509.h"

/* Parameters that carry nothing: absent or NULL. RFC 4055 section 2.1 asks to take both. */
static bool
is_plain(struct rd *in)
{
    if (der_peek(in) == DER_NULL && der_body(in, DER_NULL).len != 0) {
        return false;
    }
    return rd_end(in);
}

static enum hash
hash_of(struct bytes oid)
{
    const struct {
        struct bytes oid;
        enum hash hash;
    } rows[] = {
        {X509_OID("\x2b\x0e\x03\x02\x1a"), HASH_SHA1},
        {X509_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), HASH_SHA256},
        {X509_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), HASH_SHA384},
        {X509_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), HASH_SHA512},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (bytes_equal(oid, rows[i].oid)) {
            return rows[i].hash;
        }
    }
    return HASH_N;
}

/* AlgorithmIdentifier of a hash inside in, to its end. */
static enum hash
read_hash(struct rd *in)
{
    struct rd algorithm = der_enter(in, DER_SEQUENCE);
    enum hash hash = hash_of(der_body(&algorithm, DER_OID));

    return is_plain(&algorithm) && rd_end(in) ? hash : HASH_N;
}

/* RSASSA-PSS-params, RFC 4055 section 3.1. The defaults are SHA-1, so all that we accept is spelled
 * out: one hash for both uses; the salt may have any length. */
static enum hash
read_pss(struct rd *in)
{
    struct rd params = der_enter(in, DER_SEQUENCE);
    struct rd field = der_enter(&params, DER_CONTEXT(0));
    enum hash hash = read_hash(&field);
    struct rd mgf;

    field = der_enter(&params, DER_CONTEXT(1));
    mgf = der_enter(&field, DER_SEQUENCE);
    if (!bytes_equal(der_body(&mgf, DER_OID), OID_MGF1) || read_hash(&mgf) != hash ||
        !rd_end(&field)) {
        return HASH_N;
    }
    if (der_peek(&params) == DER_CONTEXT(2)) {
        field = der_enter(&params, DER_CONTEXT(2));
        ignore(der_small(&field, LIMIT_RSA_BITS / 8) == 0, "verification finds the salt");
        if (!rd_end(&field)) {
            return HASH_N;
        }
    }
    return rd_end(&params) && rd_end(in) ? hash : HASH_N;
}

void
x509_alg_read(struct bytes algorithm, enum sig_scheme *ret_scheme, enum hash *ret_hash)
{
    const struct {
        struct bytes oid;
        enum sig_scheme scheme;
        enum hash hash;
    } rows[] = {
        {X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), SIG_RSASSA, HASH_SHA1},
        {X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), SIG_RSASSA, HASH_SHA256},
        {X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), SIG_RSASSA, HASH_SHA384},
        {X509_OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), SIG_RSASSA, HASH_SHA512},
        {X509_OID("\x2a\x86\x48\xce\x3d\x04\x01"), SIG_ECDSA, HASH_SHA1},
        {X509_OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"), SIG_ECDSA, HASH_SHA256},
        {X509_OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"), SIG_ECDSA, HASH_SHA384},
        {X509_OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"), SIG_ECDSA, HASH_SHA512},
    };
    struct rd rd = rd_init(algorithm);
    struct rd in = der_enter(&rd, DER_SEQUENCE);
    struct bytes oid = der_body(&in, DER_OID);

    *ret_scheme = SIG_NONE;
    *ret_hash = HASH_N;
    if (bytes_equal(oid, OID_RSA_PSS)) {
        *ret_hash = read_pss(&in);
        *ret_scheme = *ret_hash == HASH_N ? SIG_NONE : SIG_RSAPSS;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (bytes_equal(oid, rows[i].oid) && is_plain(&in)) {
            *ret_scheme = rows[i].scheme;
            *ret_hash = rows[i].hash;
            return;
        }
    }
}

/* RSAPublicKey, RFC 8017 appendix A.1.1. */
static int
read_rsa(struct bytes bits, struct pubkey **ret_key)
{
    struct rd rd = rd_init(bits);
    struct rd in = der_enter(&rd, DER_SEQUENCE);
    struct bytes n = der_positive(&in);
    uint32_t e = der_small(&in, UINT32_MAX);

    return rd_end(&in) && rd_end(&rd) ? pubkey_from_rsa(n, e, ret_key) : PUBKEY_E_FORM;
}

/* ECPoint, RFC 5480 section 2.2: uncompressed only, as TPMs give both coordinates. */
static int
read_point(struct bytes curve, struct bytes bits, struct pubkey **ret_key)
{
    enum key_kind kind = bytes_equal(curve, OID_P256)   ? KEY_P256
                         : bytes_equal(curve, OID_P384) ? KEY_P384
                         : bytes_equal(curve, OID_P521) ? KEY_P521
                                                        : KEY_NONE;
    size_t size = key_coord_size(kind);
    struct rd rd = rd_init(bits);
    uint8_t form = rd_u8(&rd);
    struct bytes x = rd_bytes(&rd, size);
    struct bytes y = rd_bytes(&rd, size);

    if (kind == KEY_NONE) {
        return PUBKEY_E_ALG;
    }
    return form == 4 && rd_end(&rd) ? pubkey_from_point(kind, x, y, ret_key) : PUBKEY_E_FORM;
}

int
x509_key(const struct x509 *cert, struct pubkey **ret_key)
{
    struct rd rd = rd_init(cert->spki);
    struct rd in = der_enter(&rd, DER_SEQUENCE);
    struct rd algorithm = der_enter(&in, DER_SEQUENCE);
    struct bytes oid = der_body(&algorithm, DER_OID);
    struct bytes params = BYTES_NULL;
    struct bytes bits;

    if (bytes_equal(oid, OID_EC)) {
        params = der_body(&algorithm, DER_OID); /* explicit parameters fail: CVE-2022-0778's kin */
    } else if (rd_left(&algorithm) > 0) {
        params = der_any(&algorithm); /* NULL, or OAEP's, which the TPM's public area decides */
    }
    bits = der_bit_bytes(&in);
    if (!rd_end(&algorithm) || !rd_end(&in) || !rd_end(&rd)) {
        return PUBKEY_E_FORM;
    }
    if (bytes_equal(oid, OID_EC)) {
        return read_point(params, bits, ret_key);
    }
    return bytes_equal(oid, OID_RSA) || bytes_equal(oid, OID_RSA_OAEP) ? read_rsa(bits, ret_key)
                                                                       : PUBKEY_E_ALG;
}

int
x509_verify_link(struct hasher *hasher, const struct x509 *cert, struct pubkey *issuer_key)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct bytes view;
    struct rd rd = rd_init(cert->signature);
    struct rd in;
    struct bytes r;
    struct bytes s;
    int result;

    if (cert->sig_scheme == SIG_NONE) {
        return PUBKEY_E_ALG;
    }
    result = hasher_bytes(hasher, cert->sig_hash, cert->tbs, digest);
    if (result < 0) {
        return result;
    }
    view = bytes_of(digest, hash_size(cert->sig_hash));
    if (cert->sig_scheme != SIG_ECDSA) {
        return pubkey_verify_rsa(issuer_key, cert->sig_scheme, cert->sig_hash, view,
                                 cert->signature);
    }
    in = der_enter(&rd, DER_SEQUENCE);
    r = der_positive(&in);
    s = der_positive(&in);
    return rd_end(&in) && rd_end(&rd) ? pubkey_verify_ecdsa(issuer_key, view, r, s)
                                      : PUBKEY_E_WRONG;
}
