#include "formats/sbat.h"

#include "base/limits.h"
#include "base/rd-until.h"

enum { LINE_MAX_LEN = 2 * LIMIT_SBAT_NAME, LEVEL_DIGITS = 10, GENERATION_DIGITS = 9 };

static bool
is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '-' || c == '_')) {
            return false;
        }
    }
    return name.len > 0 && name.len <= LIMIT_SBAT_NAME;
}

/* A decimal number without a zero in front. */
static bool
number(struct bytes text, size_t digits_max, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret = value;
    return text.len > 0 && text.len <= digits_max && text.p[0] != '0';
}

int
sbat_open(struct bytes in, struct sbat *ret, struct fault *ret_fault)
{
    struct sbat sbat = {.rd = rd_init(in)};
    struct rd line = rd_init(rd_until(&sbat.rd, '\n', LINE_MAX_LEN));
    struct bytes name = rd_until(&line, ',', LIMIT_SBAT_NAME);
    struct bytes generation = rd_until(&line, ',', GENERATION_DIGITS);
    struct bytes level = rd_rest(&line);
    uint64_t unused;

    if (sbat.rd.failed || line.failed || !bytes_equal(name, bytes_str("sbat")) ||
        !number(generation, GENERATION_DIGITS, &unused) || level.len != LEVEL_DIGITS ||
        !number(level, LEVEL_DIGITS, &sbat.level)) {
        return fault_at(ret_fault, RULE_SBAT_FORM, FAULT_NO_EVENT, 0);
    }
    *ret = sbat;
    return 0;
}

int
sbat_next(struct sbat *sbat, struct sbat_component *ret, struct fault *ret_fault)
{
    size_t offset = rd_offset(&sbat->rd);
    struct bytes name;
    struct rd line;
    uint64_t generation;

    if (rd_end(&sbat->rd)) {
        return SBAT_END;
    }
    line = rd_init(rd_until(&sbat->rd, '\n', LINE_MAX_LEN));
    name = rd_until(&line, ',', LIMIT_SBAT_NAME);
    if (sbat->rd.failed || line.failed || !is_name(name) ||
        !number(rd_rest(&line), GENERATION_DIGITS, &generation)) {
        return fault_at(ret_fault, RULE_SBAT_FORM, FAULT_NO_EVENT, offset);
    }
    *ret = (struct sbat_component){.name = name, .generation = (uint32_t)generation};
    return 0;
}
