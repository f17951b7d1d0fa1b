#include "quote-values.h"

#include <jansson.h>

#include "base/hex.h"

/* "0" to "23" without signs, blanks or leading zeros. */
static bool
pcr_of(const char *text, unsigned *ret_pcr)
{
    size_t len = strlen(text);
    unsigned value = 0;

    if (len < 1 || len > 2 || (len == 2 && text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *ret_pcr = value;
    return value < LIMIT_PCRS;
}

static bool
bank_read(json_t *object, struct quote_bank *bank)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const char *hex = json_string_value(value);
        unsigned pcr = 0;
        size_t len = 0;

        if (!hex || !pcr_of(name, &pcr) ||
            hex_read(bytes_str(hex), bank->value[pcr], HASH_SIZE_MAX, &len) != 0 ||
            len != hash_size(bank->alg)) {
            return false;
        }
        bank->known |= UINT32_C(1) << pcr;
    }
    return json_is_object(object);
}

static bool
banks_read(json_t *root, struct quote_values *values)
{
    const char *name;
    json_t *object;

    json_object_foreach(root, name, object)
    {
        struct quote_bank *bank = quote_values_bank(values, hash_from_name(bytes_str(name)));

        if (!bank || !bank_read(object, bank)) {
            return false;
        }
    }
    return json_is_object(root);
}

int
quote_values_read(struct bytes text, struct quote_values *ret, struct fault *ret_fault)
{
    json_error_t error = {.position = 0};
    json_t *root = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &error);
    uint64_t at = root || error.position < 0 ? 0 : (uint64_t)error.position;
    bool good;

    memset(ret, 0, sizeof(*ret));
    good = root && banks_read(root, ret);
    json_decref(root);
    return good ? 0 : fault_at(ret_fault, RULE_QUOTE_VALUES_FORM, FAULT_NO_EVENT, at);
}
