#include "import/import-json.h"

#include "base/hex.h"
#include "base/rd.h"

json_t *
import_json(struct bytes in)
{
    json_t *value = json_loadb((const char *)in.p, in.len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

void
import_json_freep(json_t **value)
{
    json_decref(*value);
}

struct bytes
import_json_text(const json_t *string)
{
    return json_is_string(string) ? bytes_of(json_string_value(string), json_string_length(string))
                                  : BYTES_NULL;
}

int
import_json_hex(const json_t *string, uint8_t *out, size_t cap, size_t *ret_len)
{
    struct bytes text = import_json_text(string);
    struct rd rd = rd_init(text);

    if (text.len >= 2 && memcmp(text.p, "0x", 2) == 0) {
        (void)rd_bytes(&rd, 2);
    }
    text = rd_rest(&rd);
    return text.len == 0 ? 1 : hex_read(text, out, cap, ret_len);
}
