#include "formats/pem.h"

#include "base/wr.h"

/* The next line without its end; false when nothing is left. */
static bool
next_line(struct rd *rd, struct bytes *ret_line)
{
    struct rd start = *rd;
    size_t len = 0;
    uint8_t last = 0;

    if (rd_left(rd) == 0) {
        return false;
    }
    while (rd_left(rd) > 0) {
        uint8_t c = rd_u8(rd);

        if (c == '\n') {
            len -= last == '\r';
            break;
        }
        last = c;
        len++;
    }
    *ret_line = rd_bytes(&start, len);
    return true;
}

static int
digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct armour {
    uint32_t bits;  /* gathered and not yet written */
    unsigned n;     /* digits in this group of four, padding included */
    unsigned n_pad; /* of them padding; data after it is refused */
};

/* Base64 of one line, RFC 4648 section 4; groups may cross lines. */
static bool
decode_line(struct armour *armour, struct bytes line, struct wr *out)
{
    struct rd rd = rd_init(line);

    while (rd_left(&rd) > 0) {
        uint8_t c = rd_u8(&rd);
        int value = digit(c);

        if (c == '=' && armour->n >= 2) {
            armour->n_pad++;
            value = 0;
        } else if (value < 0 || armour->n_pad > 0) {
            return false;
        }
        armour->bits = armour->bits << 6 | (uint32_t)value;
        if (++armour->n == 4) {
            for (unsigned i = 0; i < 3 - armour->n_pad; i++) {
                wr_u8(out, (uint8_t)(armour->bits >> (16 - 8 * i)));
            }
            armour->n = 0;
            armour->bits = 0;
        }
    }
    return true;
}

/* -----BEGIN LABEL----- */
static bool
is_mark(struct bytes line, const char *word, const char *label)
{
    static const char dashes[] = "-----";
    struct rd rd = rd_init(line);
    const char *const parts[] = {dashes, word, label, dashes};

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!bytes_equal(rd_bytes(&rd, strlen(parts[i])), bytes_str(parts[i]))) {
            return false;
        }
    }
    return rd_end(&rd);
}

int
pem_base64(struct bytes text, uint8_t *room, size_t cap, size_t *ret_len)
{
    struct wr out = wr_init(room, cap);
    struct armour armour = {0};

    if (!decode_line(&armour, text, &out) || armour.n != 0 || out.failed) {
        return PEM_E_FORM;
    }
    *ret_len = out.len;
    return 0;
}

int
pem_next_of(struct rd *rd, const char *label, uint8_t *room, size_t cap, size_t *ret_len)
{
    struct wr out = wr_init(room, cap);
    struct armour armour = {0};
    struct bytes line;

    do {
        if (!next_line(rd, &line)) {
            return PEM_E_NONE;
        }
    } while (!is_mark(line, "BEGIN ", label));
    while (next_line(rd, &line)) {
        if (is_mark(line, "END ", label)) {
            if (armour.n != 0 || out.failed || out.len == 0) {
                return PEM_E_FORM;
            }
            *ret_len = out.len;
            return 0;
        }
        if (!decode_line(&armour, line, &out)) {
            return PEM_E_FORM;
        }
    }
    return PEM_E_FORM;
}

int
pem_next(struct rd *rd, uint8_t *room, size_t cap, size_t *ret_len)
{
    return pem_next_of(rd, "CERTIFICATE", room, cap, ret_len);
}
