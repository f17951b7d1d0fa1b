/* A device by the digits that an operator types. */
#include "base/hex.h"
#include "store/store-sql.h"

enum { KEY_MAX = WIRE_UEID_SIZE };

/* The smallest and the largest key of a size that begin with these hex digits; false when they are
 * none, or too many. */
static bool
range(struct bytes head, struct bytes digits, size_t size, uint8_t low[KEY_MAX],
      uint8_t high[KEY_MAX])
{
    char text[2 * KEY_MAX + 1];
    size_t len = 0;
    size_t used = 2 * head.len + digits.len;

    if (used > 2 * size) {
        return false;
    }
    for (int top = 0; top < 2; top++) {
        memset(text, top ? 'f' : '0', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        for (size_t i = 0; i < head.len; i++) {
            text[2 * i] = "0123456789abcdef"[head.p[i] >> 4];
            text[2 * i + 1] = "0123456789abcdef"[head.p[i] & 15];
        }
        memcpy(text + 2 * head.len, digits.p, digits.len);
        if (hex_read(bytes_of(text, 2 * size), top ? high : low, KEY_MAX, &len) != 0) {
            return false;
        }
    }
    return true;
}

/* Binds a range that is empty when there is none. */
static void
bind_range(struct sql *sql, bool good, size_t size, const uint8_t low[KEY_MAX],
           const uint8_t high[KEY_MAX])
{
    sql_blob(sql, good ? bytes_of(low, size) : bytes_str("x"));
    sql_blob(sql, good ? bytes_of(high, size) : bytes_str(""));
}

int
store_device_by_prefix(struct store *store, struct bytes digits, struct store_device *ret)
{
    static const uint8_t type[] = {1}; /* ids begin with it; operators leave it out */
    const struct {
        struct bytes head;
        size_t size;
    } keys[3] = {{BYTES_NULL, WIRE_UEID_SIZE}, {BYTES_OF(type), WIRE_UEID_SIZE}, {BYTES_NULL, 32}};
    uint8_t bounds[ARRAY_LEN(keys)][2][KEY_MAX];
    struct sql sql = sql_begin(store, SQL_DEVICE_BY_PREFIX);
    uint8_t id[WIRE_UEID_SIZE];
    int r;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        bool good = range(keys[i].head, digits, keys[i].size, bounds[i][0], bounds[i][1]);

        bind_range(&sql, good, keys[i].size, bounds[i][0], bounds[i][1]);
    }
    r = sql_row(&sql);
    if (r == 0) {
        sql_get_exact(&sql, id, sizeof(id));
        r = sql_row(&sql);
        r = r == 0 ? STORE_EXISTS : r == STORE_NONE ? 0 : r;
    }
    r = sql_end(&sql, r);
    return r == 0 ? store_device_get(store, id, ret) : r;
}
