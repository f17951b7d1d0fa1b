#include "formats/certwalk.h"

#include "formats/der.h"
#include "formats/x509-alg.h"
#include "formats/x509-oid.h"
#include "formats/x509-version.h"
#include "formats/x509.h"

/* What the extensions say, before it is put together. */
struct says {
    bool any; /* only version 3 has extensions */
    bool ca;
    int pathlen;
    bool has_usage;
    uint16_t usage;
    bool has_purpose;
    bool ek_purpose;
};

/* BasicConstraints of a CA in DER has two forms: without a bound, and with one of 0 to 255. Makers
 * also write the FALSE that DER leaves out: no CA, as all else. */
static void
read_basic(struct bytes value, struct says *says)
{
    struct rd rd = rd_init(value);
    struct rd in = der_enter(&rd, DER_SEQUENCE);
    bool ca = der_bool(&in);
    int pathlen = -1;

    if (rd_left(&in) > 0) {
        pathlen = (int)der_small(&in, 255);
    }
    says->ca = rd_end(&in) && rd_end(&rd) && ca;
    says->pathlen = pathlen;
}

static void
read_usage(struct bytes value, struct says *says)
{
    struct rd rd = rd_init(value);
    uint16_t usage = der_named_bits(&rd);

    says->has_usage = true;
    says->usage = rd_end(&rd) ? usage : 0;
}

static void
read_purpose(struct bytes value, struct says *says)
{
    struct rd rd = rd_init(value);
    struct rd list = der_enter(&rd, DER_SEQUENCE);
    bool found = false;

    while (rd_left(&list) > 0) {
        found = bytes_equal(der_body(&list, DER_OID), OID_KP_EK) || found;
    }
    says->has_purpose = true;
    says->ek_purpose = found && rd_end(&list) && rd_end(&rd);
}

/* One Extension. The second of a kind is refused: two readers could choose differently. */
static void
read_extension(struct rd *list, struct says *says, unsigned *seen)
{
    const struct {
        struct bytes oid;
        void (*read)(struct bytes value, struct says *says);
    } known[] = {{OID_BASIC, read_basic}, {OID_KEY_USAGE, read_usage}, {OID_EKU, read_purpose}};
    struct rd in = der_enter(list, DER_SEQUENCE);
    struct bytes oid = der_body(&in, DER_OID);
    struct bytes value;

    if (der_peek(&in) == DER_BOOL) {
        ignore(der_bool(&in), "critical or not, it is what it says");
    }
    value = der_body(&in, DER_OCTETS);
    if (!rd_end(&in)) {
        rd_fail(list);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (bytes_equal(oid, known[i].oid)) {
            if (*seen >> i & 1) {
                rd_fail(list);
                return;
            }
            *seen |= 1u << i;
            known[i].read(value, says);
        }
    }
}

/* [1] and [2] are unique identifiers of version 2, long dead; [3] holds the extensions. */
static void
read_tail(struct rd *tbs, struct says *says)
{
    unsigned seen = 0;
    struct rd outer;
    struct rd list;

    for (unsigned n = 1; n <= 2; n++) {
        if (der_peek(tbs) == DER_CONTEXT_PLAIN(n)) {
            ignore(der_any(tbs).len == 0, "a failure latches");
        }
    }
    if (der_peek(tbs) != DER_CONTEXT(3)) {
        return;
    }
    outer = der_enter(tbs, DER_CONTEXT(3));
    list = der_enter(&outer, DER_SEQUENCE);
    says->any = true;
    while (rd_left(&list) > 0) {
        read_extension(&list, says, &seen);
    }
    if (!rd_end(&list) || !rd_end(&outer)) {
        rd_fail(tbs);
    }
}

static void
put_together(unsigned version, const struct says *says, struct certwalk *ret)
{
    bool v3 = version == 3 && says->any;

    ret->is_ca = v3 && says->ca && (!says->has_usage || (says->usage & X509_KU_CERT_SIGN));
    ret->pathlen = says->pathlen;
    ret->for_ek = v3 && !says->ca &&
                  (says->has_purpose
                       ? says->ek_purpose
                       : (says->usage & (X509_KU_KEY_ENCIPHERMENT | X509_KU_KEY_AGREEMENT)) != 0);
}

/* TBSCertificate, in its order. Names are passed over whole. */
static int
read_tbs(struct rd *tbs, struct fault *ret_fault, struct bytes *ret_alg, struct certwalk *ret)
{
    struct says says = {.pathlen = -1};
    unsigned version = x509_version(tbs);
    struct rd validity;

    ignore(der_whole(tbs, DER_INTEGER).len == 0, "the serial number; a failure latches");
    *ret_alg = der_whole(tbs, DER_SEQUENCE);
    ret->issuer = der_whole(tbs, DER_SEQUENCE);
    validity = der_enter(tbs, DER_SEQUENCE);
    ret->not_before = der_time(&validity);
    ret->not_after = der_time(&validity);
    if (!tbs->failed && !rd_end(&validity)) {
        return fault_at(ret_fault, RULE_X509_TIME, FAULT_NO_EVENT, rd_offset(tbs));
    }
    ret->subject = der_whole(tbs, DER_SEQUENCE);
    ret->spki = der_whole(tbs, DER_SEQUENCE);
    read_tail(tbs, &says);
    put_together(version, &says, ret);
    return rd_end(tbs) ? 0 : fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(tbs));
}

int
certwalk_read(struct bytes der, struct fault *ret_fault, struct certwalk *ret)
{
    struct certwalk cert = {.der = der};
    struct rd rd = rd_init(der);
    struct rd outer = der_enter(&rd, DER_SEQUENCE);
    struct rd start = outer;
    struct rd tbs = der_enter(&outer, DER_SEQUENCE);
    struct bytes inner_alg = BYTES_NULL;
    struct bytes outer_alg;
    int r;

    if (der.len > LIMIT_CERT_BYTES) {
        return fault_at(ret_fault, RULE_X509_SIZE, FAULT_NO_EVENT, LIMIT_CERT_BYTES);
    }
    cert.tbs = der_any(&start);
    outer_alg = der_whole(&outer, DER_SEQUENCE);
    cert.signature = der_bit_bytes(&outer);
    if (!rd_end(&outer) || !rd_end(&rd)) {
        return fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(&outer));
    }
    r = read_tbs(&tbs, ret_fault, &inner_alg, &cert);
    if (r == 0 && !bytes_equal(inner_alg, outer_alg)) {
        r = fault_at(ret_fault, RULE_X509_ALG_MISMATCH, FAULT_NO_EVENT,
                     (uint64_t)(outer_alg.p - der.p));
    }
    if (r == 0) {
        x509_alg_read(inner_alg, &cert.sig_scheme, &cert.sig_hash);
        *ret = cert;
    }
    return r;
}

int
certwalk_key(const struct certwalk *cert, struct pubkey **ret_key)
{
    const struct x509 only = {.spki = cert->spki};

    return x509_key(&only, ret_key);
}

int
certwalk_verify(struct hasher *hasher, const struct certwalk *cert, struct pubkey *issuer_key)
{
    const struct x509 only = {
        .tbs = cert->tbs,
        .signature = cert->signature,
        .sig_scheme = cert->sig_scheme,
        .sig_hash = cert->sig_hash,
    };

    return x509_verify_link(hasher, &only, issuer_key);
}
