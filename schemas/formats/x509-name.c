#include "formats/x509-name.h"

#include "base/text.h"
#include "base/wr.h"
#include "formats/der.h"

static bool
value_equal(struct rd *a, struct rd *b)
{
    unsigned tag_a = der_peek(a);
    unsigned tag_b = der_peek(b);
    bool text_a = tag_a == DER_UTF8 || tag_a == DER_PRINTABLE;
    bool text_b = tag_b == DER_UTF8 || tag_b == DER_PRINTABLE;
    struct bytes value_a = der_body(a, tag_a);
    struct bytes value_b = der_body(b, tag_b);

    return (tag_a == tag_b || (text_a && text_b)) && bytes_equal(value_a, value_b) && rd_end(a) &&
           rd_end(b);
}

/* RelativeDistinguishedName: a set of {type, value}. */
static bool
rdn_equal(struct rd *a, struct rd *b)
{
    while (rd_left(a) > 0 && rd_left(b) > 0) {
        struct rd in_a = der_enter(a, DER_SEQUENCE);
        struct rd in_b = der_enter(b, DER_SEQUENCE);
        struct bytes type_a = der_body(&in_a, DER_OID);
        struct bytes type_b = der_body(&in_b, DER_OID);

        if (!bytes_equal(type_a, type_b) || !value_equal(&in_a, &in_b)) {
            return false;
        }
    }
    return rd_end(a) && rd_end(b);
}

bool
x509_name_equal(struct bytes a, struct bytes b)
{
    struct rd rd_a = rd_init(a);
    struct rd rd_b = rd_init(b);
    struct rd name_a;
    struct rd name_b;

    if (bytes_equal(a, b)) {
        return true;
    }
    name_a = der_enter(&rd_a, DER_SEQUENCE);
    name_b = der_enter(&rd_b, DER_SEQUENCE);
    while (rd_left(&name_a) > 0 && rd_left(&name_b) > 0) {
        struct rd set_a = der_enter(&name_a, DER_SET);
        struct rd set_b = der_enter(&name_b, DER_SET);

        if (!rdn_equal(&set_a, &set_b)) {
            return false;
        }
    }
    return rd_end(&name_a) && rd_end(&name_b) && rd_end(&rd_a) && rd_end(&rd_b);
}

char *
x509_name_text(char *out, size_t cap, struct bytes name)
{
    uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));
    struct rd rd = rd_init(name);
    struct rd sets = der_enter(&rd, DER_SEQUENCE);

    while (rd_left(&sets) > 0) {
        struct rd set = der_enter(&sets, DER_SET);

        while (rd_left(&set) > 0) {
            struct rd in = der_enter(&set, DER_SEQUENCE);
            struct bytes type = der_body(&in, DER_OID);
            struct bytes value = der_body(&in, der_peek(&in));

            ignore(type.len == 0, "only values are shown");
            wr_str(&wr, wr.len > 0 ? ", " : "");
            wr_bytes(&wr, value);
        }
    }
    return text_escaped(out, cap, bytes_of(room, wr.len));
}
