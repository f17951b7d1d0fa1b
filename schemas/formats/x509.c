#include "formats/x509.h"

#include "formats/x509-alg.h"
#include "formats/x509-oid.h"
#include "formats/x509-version.h"

static void
read_validity(struct rd *tbs, struct x509 *cert, bool *ret_bad_time)
{
    struct rd in = der_enter(tbs, DER_SEQUENCE);

    cert->not_before = der_time(&in);
    cert->not_after = der_time(&in);
    *ret_bad_time = !tbs->failed && !rd_end(&in);
}

/* One Extension; false when it is not of that form. */
static bool
read_ext(struct rd *list, struct x509_ext *ret_ext)
{
    struct rd in = der_enter(list, DER_SEQUENCE);

    ret_ext->oid = der_body(&in, DER_OID);
    ret_ext->critical = false;
    if (der_peek(&in) == DER_BOOL) {
        /* FALSE is the default and DER leaves it out, but makers of TPMs write it */
        ret_ext->critical = der_bool(&in);
    }
    ret_ext->value = der_body(&in, DER_OCTETS);
    return rd_end(&in) && !list->failed;
}

static int
read_ext_list(struct rd *list, struct fault *ret_fault, struct x509 *cert)
{
    while (rd_left(list) > 0) {
        size_t offset = rd_offset(list);
        struct x509_ext ext;

        if (!read_ext(list, &ext)) {
            return fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, offset);
        }
        if (x509_ext_find(cert, ext.oid)) {
            return fault_at(ret_fault, RULE_X509_EXT_TWICE, FAULT_NO_EVENT, offset);
        }
        if (cert->n_ext == LIMIT_CERT_EXTS) {
            return fault_at(ret_fault, RULE_X509_EXT_MANY, FAULT_NO_EVENT, offset);
        }
        cert->ext[cert->n_ext++] = ext;
    }
    return rd_end(list) ? 0 : fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(list));
}

/* [1] and [2] are unique identifiers of version 2, long dead; [3] holds the extensions. */
static int
read_tail(struct rd *tbs, struct fault *ret_fault, struct x509 *cert)
{
    struct rd outer;
    struct rd list;
    int r = 0;

    for (unsigned n = 1; n <= 2; n++) {
        if (der_peek(tbs) == DER_CONTEXT_PLAIN(n)) {
            ignore(der_any(tbs).len == 0, "a failure latches");
        }
    }
    if (der_peek(tbs) == DER_CONTEXT(3)) {
        outer = der_enter(tbs, DER_CONTEXT(3));
        list = der_enter(&outer, DER_SEQUENCE);
        r = read_ext_list(&list, ret_fault, cert);
        if (r == 0 && !rd_end(&outer)) {
            rd_fail(tbs);
        }
    }
    if (r == 0 && !rd_end(tbs)) {
        r = fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(tbs));
    }
    return r;
}

static bool
read_basic(struct bytes value, struct x509 *cert)
{
    struct rd rd = rd_init(value);
    struct rd in = der_enter(&rd, DER_SEQUENCE);

    cert->has_basic = true;
    cert->is_ca = der_peek(&in) == DER_BOOL && der_bool(&in);
    if (der_peek(&in) == DER_INTEGER) {
        cert->pathlen = (int)der_small(&in, 255);
    }
    return rd_end(&in) && rd_end(&rd);
}

static bool
read_key_usage(struct bytes value, struct x509 *cert)
{
    struct rd rd = rd_init(value);

    cert->has_key_usage = true;
    cert->key_usage = der_named_bits(&rd);
    return rd_end(&rd);
}

/* keyIdentifier [0] is used; issuer [1] and serial [2] only repeat what the Name says. */
static bool
read_aki(struct bytes value, struct x509 *cert)
{
    struct rd rd = rd_init(value);
    struct rd in = der_enter(&rd, DER_SEQUENCE);

    if (der_peek(&in) == DER_CONTEXT_PLAIN(0)) {
        cert->aki = der_body(&in, DER_CONTEXT_PLAIN(0));
    }
    while (rd_left(&in) > 0) {
        ignore(der_any(&in).len == 0, "a failure latches");
    }
    return rd_end(&in) && rd_end(&rd);
}

static bool
read_ski(struct bytes value, struct x509 *cert)
{
    struct rd rd = rd_init(value);

    cert->ski = der_body(&rd, DER_OCTETS);
    return rd_end(&rd);
}

static int
read_known_exts(struct bytes in, struct fault *ret_fault, struct x509 *cert)
{
    const struct {
        struct bytes oid;
        bool (*read)(struct bytes value, struct x509 *cert);
    } known[] = {
        {OID_BASIC, read_basic},
        {OID_KEY_USAGE, read_key_usage},
        {OID_AKI, read_aki},
        {OID_SKI, read_ski},
    };
    const struct x509_ext *basic;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const struct x509_ext *ext = x509_ext_find(cert, known[i].oid);

        if (ext && !known[i].read(ext->value, cert)) {
            return fault_at(ret_fault, RULE_X509_EXT_FORM, FAULT_NO_EVENT,
                            (uint64_t)(ext->value.p - in.p));
        }
    }
    basic = x509_ext_find(cert, OID_BASIC);
    cert->basic_critical = basic && basic->critical;
    return 0;
}

static int
read_tbs(struct rd *tbs, struct fault *ret_fault, struct x509 *cert, struct bytes *ret_inner_alg)
{
    bool bad_time = false;
    size_t at;

    cert->version = x509_version(tbs);
    cert->serial = der_body(tbs, DER_INTEGER);
    *ret_inner_alg = der_whole(tbs, DER_SEQUENCE);
    cert->issuer = der_whole(tbs, DER_SEQUENCE);
    at = rd_offset(tbs);
    read_validity(tbs, cert, &bad_time);
    if (bad_time) {
        return fault_at(ret_fault, RULE_X509_TIME, FAULT_NO_EVENT, at);
    }
    cert->subject = der_whole(tbs, DER_SEQUENCE);
    cert->spki = der_whole(tbs, DER_SEQUENCE);
    if (tbs->failed || cert->serial.len == 0) {
        return fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(tbs));
    }
    return read_tail(tbs, ret_fault, cert);
}

int
x509_read(struct bytes in, struct fault *ret_fault, struct x509 *ret_cert)
{
    struct x509 cert = {.whole = in, .pathlen = -1};
    struct rd rd = rd_init(in);
    struct rd outer = der_enter(&rd, DER_SEQUENCE);
    struct rd start = outer;
    struct rd tbs = der_enter(&outer, DER_SEQUENCE);
    struct bytes inner_alg = BYTES_NULL;
    struct bytes outer_alg;
    int r;

    if (in.len > LIMIT_CERT_BYTES) {
        return fault_at(ret_fault, RULE_X509_SIZE, FAULT_NO_EVENT, LIMIT_CERT_BYTES);
    }
    cert.tbs = der_any(&start);
    outer_alg = der_whole(&outer, DER_SEQUENCE);
    cert.signature = der_bit_bytes(&outer);
    if (!rd_end(&outer) || !rd_end(&rd)) {
        return fault_at(ret_fault, RULE_X509_DER, FAULT_NO_EVENT, rd_offset(&outer));
    }
    r = read_tbs(&tbs, ret_fault, &cert, &inner_alg);
    if (r == 0) {
        r = read_known_exts(in, ret_fault, &cert);
    }
    if (r == 0 && !bytes_equal(inner_alg, outer_alg)) {
        r = fault_at(ret_fault, RULE_X509_ALG_MISMATCH, FAULT_NO_EVENT,
                     (uint64_t)(outer_alg.p - in.p));
    }
    if (r == 0) {
        x509_alg_read(inner_alg, &cert.sig_scheme, &cert.sig_hash);
        *ret_cert = cert;
    }
    return r;
}

const struct x509_ext *
x509_ext_find(const struct x509 *cert, struct bytes oid)
{
    for (size_t i = 0; i < cert->n_ext; i++) {
        if (bytes_equal(cert->ext[i].oid, oid)) {
            return &cert->ext[i];
        }
    }
    return NULL;
}

int
x509_check_time(const struct x509 *cert, int64_t now_s, uint32_t index, struct fault *ret_fault)
{
    if (now_s < cert->not_before) {
        return fault_at(ret_fault, RULE_X509_EARLY, index, 0);
    }
    return now_s > cert->not_after ? fault_at(ret_fault, RULE_X509_LATE, index, 0) : 0;
}

int
x509_check_critical(const struct x509 *cert, uint32_t index, struct fault *ret_fault)
{
    const struct bytes known[] = {OID_BASIC, OID_KEY_USAGE, OID_EKU,      OID_SAN,
                                  OID_AKI,   OID_SKI,       OID_POLICIES, OID_DIR_ATTRIBUTES};

    for (size_t i = 0; i < cert->n_ext; i++) {
        bool found = !cert->ext[i].critical;

        for (size_t k = 0; k < ARRAY_LEN(known); k++) {
            found = found || bytes_equal(cert->ext[i].oid, known[k]);
        }
        if (!found) {
            return fault_at(ret_fault, RULE_X509_EXT_CRITICAL, index,
                            (uint64_t)(cert->ext[i].oid.p - cert->whole.p));
        }
    }
    return 0;
}
