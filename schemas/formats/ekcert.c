#include "formats/ekcert.h"

#include "formats/tpm-vendor.h"
#include "formats/x509-oid.h"

static int
fault_in(struct fault *ret_fault, enum rule rule, const struct x509 *cert, struct bytes where)
{
    return fault_at(ret_fault, rule, 0, where.p ? (uint64_t)(where.p - cert->whole.p) : 0);
}

/* The first value of an attribute is kept, a second one is refused: two readers could differ. */
static bool
take_text(struct bytes *text, struct rd *in)
{
    unsigned tag = der_peek(in);

    if (text->p || (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)) {
        return false;
    }
    *text = der_body(in, tag);
    return rd_end(in) && text->len > 0 && text->len <= LIMIT_TPM_TEXT;
}

/* AttributeTypeAndValue; attributes that are not the TPM's are passed over. */
static bool
read_attribute(struct rd *set, struct ekcert *ek)
{
    struct rd in = der_enter(set, DER_SEQUENCE);
    struct bytes oid = der_body(&in, DER_OID);

    if (bytes_equal(oid, OID_TPM_MAKER)) {
        return take_text(&ek->maker, &in);
    }
    if (bytes_equal(oid, OID_TPM_MODEL)) {
        return take_text(&ek->model, &in);
    }
    if (bytes_equal(oid, OID_TPM_VERSION)) {
        return take_text(&ek->version, &in);
    }
    return der_any(&in).len > 0 && rd_end(&in);
}

/* Name: three attributes in one set (Nuvoton) or in three (all others). */
static bool
read_directory_name(struct rd *names, struct ekcert *ek)
{
    struct rd outer = der_enter(names, DER_CONTEXT(4)); /* EXPLICIT, as Name is a CHOICE */
    struct rd name = der_enter(&outer, DER_SEQUENCE);

    while (rd_left(&name) > 0) {
        struct rd set = der_enter(&name, DER_SET);

        while (rd_left(&set) > 0) {
            if (!read_attribute(&set, ek)) {
                return false;
            }
        }
        if (!rd_end(&set)) {
            return false;
        }
    }
    return rd_end(&name) && rd_end(&outer);
}

static int
read_names(struct ekcert *ek, struct fault *ret_fault)
{
    const struct x509_ext *san = x509_ext_find(&ek->cert, OID_SAN);
    bool no_subject = ek->cert.subject.len == 2; /* SEQUENCE without content */
    struct rd rd;
    struct rd names;
    bool ok = true;

    if (!san) {
        return no_subject ? fault_in(ret_fault, RULE_EKCERT_SUBJECT, &ek->cert, ek->cert.subject)
                          : 0;
    }
    rd = rd_init(san->value);
    names = der_enter(&rd, DER_SEQUENCE);
    while (ok && rd_left(&names) > 0) {
        ok = der_peek(&names) == DER_CONTEXT(4) ? read_directory_name(&names, ek)
                                                : der_any(&names).len > 0;
    }
    if (!ok || !rd_end(&names) || !rd_end(&rd) || !ek->maker.p || !ek->model.p || !ek->version.p) {
        return fault_in(ret_fault, RULE_EKCERT_SAN, &ek->cert, san->value);
    }
    ek->vendor_id = tpm_vendor_read(ek->maker);
    return 0;
}

/* Positive, as RFC 5280 has it: an all-zero or negative one is no serial of a real authority. */
static bool
serial_is_positive(struct bytes serial)
{
    struct rd rd = rd_init(serial);
    uint8_t any = rd_u8(&rd);

    if (any >= 0x80) {
        return false;
    }
    while (rd_left(&rd) > 0) {
        any |= rd_u8(&rd);
    }
    return any != 0;
}

static bool
names_ek_purpose(struct bytes value)
{
    struct rd rd = rd_init(value);
    struct rd list = der_enter(&rd, DER_SEQUENCE);
    bool found = false;

    while (rd_left(&list) > 0) {
        found = bytes_equal(der_body(&list, DER_OID), OID_KP_EK) || found;
    }
    return found && rd_end(&list) && rd_end(&rd);
}

static int
check_purpose(const struct ekcert *ek, struct fault *ret_fault)
{
    const struct x509 *cert = &ek->cert;
    const struct x509_ext *eku = x509_ext_find(cert, OID_EKU);
    uint16_t needed = ek->key_kind == KEY_RSA ? X509_KU_KEY_ENCIPHERMENT : X509_KU_KEY_AGREEMENT;

    if (!cert->has_basic || !cert->basic_critical || cert->is_ca) {
        return fault_in(ret_fault, RULE_EKCERT_CA, cert, BYTES_NULL);
    }
    if (cert->has_key_usage && !(cert->key_usage & needed)) {
        return fault_in(ret_fault, RULE_EKCERT_KEY_USAGE, cert, BYTES_NULL);
    }
    if (eku && !names_ek_purpose(eku->value)) {
        return fault_in(ret_fault, RULE_EKCERT_EKU, cert, eku->value);
    }
    return eku || cert->has_key_usage ? 0
                                      : fault_in(ret_fault, RULE_EKCERT_PURPOSE, cert, BYTES_NULL);
}

static int
check_key(struct ekcert *ek, struct fault *ret_fault)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = x509_key(&ek->cert, &key);

    if (r < 0) {
        return r;
    }
    if (r > 0 || pubkey_weak(key)) {
        return fault_in(ret_fault, RULE_X509_KEY, &ek->cert, ek->cert.spki);
    }
    ek->key_kind = pubkey_kind(key);
    ek->key_bits = pubkey_bits(key);
    return 0;
}

int
ekcert_read(struct bytes der, struct fault *ret_fault, struct ekcert *ret_ek)
{
    struct ekcert ek = {0};
    int r = x509_read(der, ret_fault, &ek.cert);

    if (r != 0) {
        return r;
    }
    if (ek.cert.version != 3) {
        return fault_in(ret_fault, RULE_X509_VERSION, &ek.cert, BYTES_NULL);
    }
    if (!serial_is_positive(ek.cert.serial)) {
        return fault_in(ret_fault, RULE_EKCERT_SERIAL, &ek.cert, ek.cert.serial);
    }
    r = x509_check_critical(&ek.cert, 0, ret_fault);
    if (r == 0) {
        r = check_key(&ek, ret_fault);
    }
    if (r == 0) {
        r = check_purpose(&ek, ret_fault);
    }
    if (r == 0) {
        r = read_names(&ek, ret_fault);
    }
    if (r == 0) {
        *ret_ek = ek;
    }
    return r;
}
