#include "formats/ima-text.h"

#include "base/hex.h"
#include "base/rd-until.h"
#include "base/wr.h"

#define LINE_MAX_BYTES (2u * LIMIT_IMA_DATA + 1024u)
#define LEGACY_DIGEST_HEX 40u

int
ima_text_open(struct ima_text *text, struct bytes list, enum hash column, uint32_t first,
              uint8_t *room, size_t cap, struct fault *ret_fault)
{
    *text = (struct ima_text){
        .rd = rd_init(list), .column = column, .number = first, .room = room, .cap = cap};
    if (list.len > LIMIT_IMA_BYTES) {
        rd_fail(&text->rd);
        fault_at(&text->fault, RULE_IMA_LONG, FAULT_NO_EVENT, LIMIT_IMA_BYTES);
        return fault_at(ret_fault, RULE_IMA_LONG, FAULT_NO_EVENT, LIMIT_IMA_BYTES);
    }
    return 0;
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool
ima_text_probe(struct bytes list)
{
    struct rd rd = rd_init(list);
    uint8_t tens = rd_u8(&rd);
    uint8_t ones = rd_u8(&rd);
    uint8_t space = rd_u8(&rd);

    return (tens == ' ' || is_digit(tens)) && is_digit(ones) && space == ' ';
}

/* Decimal without sign or leading zero; false when it is not, or exceeds max. */
static bool
decimal_read(struct bytes text, uint64_t max, uint64_t *ret)
{
    struct rd rd = rd_init(text);
    uint64_t value = 0;

    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.p[0] == '0')) {
        return false;
    }
    while (rd_left(&rd) > 0) {
        uint8_t c = rd_u8(&rd);

        if (!is_digit(c)) {
            return false;
        }
        value = value * 10 + (uint64_t)(c - '0');
    }
    *ret = value;
    return value <= max;
}

static bool
hex_write_back(struct wr *wr, struct bytes text)
{
    uint8_t *room = wr_room(wr, text.len / 2);
    size_t len;

    return room && text.len % 2 == 0 && hex_read(text, room, text.len / 2, &len) == 0;
}

/* "sha256:<hex>" (one part before the digest) or "ima:sha256:<hex>" (two). */
static bool
digest_write_back(struct wr *wr, struct bytes text, size_t n_parts)
{
    struct rd rd = rd_init(text);
    size_t head_len = 0;

    for (size_t i = 0; i < n_parts; i++) {
        head_len += rd_until(&rd, ':', text.len).len + 1;
    }
    if (rd.failed) {
        return false;
    }
    rd = rd_init(text);
    wr_le32(wr, (uint32_t)(head_len + 1 + (text.len - head_len) / 2));
    wr_bytes(wr, rd_bytes(&rd, head_len));
    wr_u8(wr, 0);
    return hex_write_back(wr, rd_rest(&rd));
}

static bool
name_write_back(struct wr *wr, struct bytes text)
{
    wr_le32(wr, (uint32_t)text.len + 1);
    wr_bytes(wr, text);
    wr_u8(wr, 0);
    return true;
}

static bool
number_write_back(struct wr *wr, struct bytes text, bool wide)
{
    uint64_t value;

    if (!decimal_read(text, wide ? UINT32_MAX : UINT16_MAX, &value)) {
        return false;
    }
    wr_le32(wr, wide ? 4 : 2);
    if (wide) {
        wr_le32(wr, (uint32_t)value);
    } else {
        wr_le16(wr, (uint16_t)value);
    }
    return true;
}

/* One field with its length, as the kernel hashed it. */
static bool
field_write_back(struct wr *wr, enum ima_field_id id, struct bytes text)
{
    bool is_name = id == IMA_FIELD_N || id == IMA_FIELD_N_NG;

    if (text.len == 0 && !is_name) {
        wr_le32(wr, 0);
        return true;
    }
    switch (id) {
    case IMA_FIELD_D_NG:
    case IMA_FIELD_D_MODSIG:
        return digest_write_back(wr, text, 1);
    case IMA_FIELD_D_NGV2:
        return digest_write_back(wr, text, 2);
    case IMA_FIELD_N:
    case IMA_FIELD_N_NG:
    case IMA_FIELD_XATTRNAMES:
        return name_write_back(wr, text);
    case IMA_FIELD_IUID:
    case IMA_FIELD_IGID:
        return number_write_back(wr, text, true);
    case IMA_FIELD_IMODE:
        return number_write_back(wr, text, false);
    default:
        wr_le32(wr, (uint32_t)text.len / 2);
        return hex_write_back(wr, text);
    }
}

/* The tail of a binary record of template "ima". */
static bool
legacy_write_back(struct wr *wr, struct rd *line)
{
    struct bytes digest = rd_until(line, ' ', LEGACY_DIGEST_HEX);
    struct bytes name = rd_rest(line);

    if (line->failed || digest.len != LEGACY_DIGEST_HEX || !hex_write_back(wr, digest)) {
        return false;
    }
    wr_le32(wr, (uint32_t)name.len);
    wr_bytes(wr, name);
    return name.len == 0 || !memchr(name.p, ' ', name.len);
}

/* The tail of any other binary record; on failure *ret_at is where the field at fault begins. */
static bool
fields_write_back(struct wr *wr, const struct ima_template *t, struct rd *line, uint64_t *ret_at)
{
    uint8_t *len_room = wr_room(wr, 4);
    size_t begin = wr->len;
    struct wr len_wr = wr_init(len_room, len_room ? 4 : 0);

    for (size_t i = 0; i < t->n_fields; i++) {
        bool last = i + 1 == t->n_fields;
        struct bytes text;

        *ret_at = rd_offset(line);
        text = last ? rd_rest(line) : rd_until(line, ' ', LINE_MAX_BYTES);
        if (line->failed || (text.len > 0 && memchr(text.p, ' ', text.len)) ||
            !field_write_back(wr, (enum ima_field_id)t->ids[i], text)) {
            return false;
        }
    }
    wr_le32(&len_wr, (uint32_t)(wr->len - begin));
    return !len_wr.failed;
}

/* "%2d ": two digits, or a space and one. */
static bool
pcr_read(struct rd *line, uint32_t *ret_pcr)
{
    struct bytes token = rd_until(line, ' ', 2);
    bool padded = !line->failed && token.len == 0;
    uint64_t value;

    if (padded) {
        token = rd_until(line, ' ', 1);
    }
    if (line->failed || token.len != (padded ? 1 : 2) || !decimal_read(token, UINT32_MAX, &value)) {
        return false;
    }
    *ret_pcr = (uint32_t)value;
    return true;
}

/* PCR, template hash and template; RULE_NONE or what is wrong. */
static enum rule
head_read(struct ima_text *text, struct rd *line, struct wr *wr, struct ima_entry *e)
{
    size_t hash_len = hash_size(text->column);
    uint8_t *room = wr_room(wr, hash_len);
    struct bytes hash_text;
    struct bytes name;
    size_t len;

    if (!pcr_read(line, &e->pcr)) {
        return RULE_IMA_TEXT_LINE;
    }
    if (e->pcr >= LIMIT_PCRS) {
        return RULE_IMA_PCR;
    }
    hash_text = rd_until(line, ' ', 2 * HASH_SIZE_MAX);
    name = rd_until(line, ' ', LIMIT_IMA_TEMPLATE_NAME);
    if (line->failed || !room || hash_text.len != 2 * hash_len ||
        hex_read(hash_text, room, hash_len, &len) != 0) {
        return RULE_IMA_TEXT_LINE;
    }
    e->template_hash = bytes_of(room, hash_len);
    e->violation = ima_is_violation(e->template_hash);
    return ima_template_read(name, &e->template) == 0 ? RULE_NONE : RULE_IMA_TEMPLATE_NAME;
}

/* Rebuilds the tail of the binary record behind what wr holds, and reads it as such. */
static int
tail_read(struct ima_entry *e, struct rd *line, struct wr *wr, struct fault *ret_fault)
{
    uint64_t at = rd_offset(line);
    struct rd tail;
    bool ok = e->template.legacy ? legacy_write_back(wr, line)
                                 : fields_write_back(wr, &e->template, line, &at);

    if (wr->failed) {
        return fault_at(ret_fault, RULE_IMA_DATA_LONG, e->number, e->offset);
    }
    if (!ok) {
        return fault_at(ret_fault, RULE_IMA_TEXT_FIELD, e->number, at);
    }
    tail = rd_init(wr_done(wr));
    (void)rd_bytes(&tail, e->template_hash.len);
    if (ima_entry_fields(e, &tail, ret_fault) != 0) {
        return fault_at(ret_fault, ret_fault->rule, e->number, e->offset);
    }
    return 0;
}

static int
line_read(struct ima_text *text, struct ima_entry *e, struct fault *ret_fault)
{
    struct wr wr = wr_init(text->room, text->cap);
    struct bytes view;
    struct rd line;
    enum rule rule;

    e->number = text->number;
    e->offset = rd_offset(&text->rd);
    if (text->n_read == LIMIT_IMA_ENTRIES) {
        return fault_at(ret_fault, RULE_IMA_ENTRIES, e->number, e->offset);
    }
    view = rd_until(&text->rd, '\n', LINE_MAX_BYTES);
    if (text->rd.failed || (view.len > 0 && memchr(view.p, 0, view.len))) {
        return fault_at(ret_fault, RULE_IMA_TEXT_LINE, e->number, e->offset);
    }
    line = rd_init(view);
    line.origin = e->offset;
    rule = head_read(text, &line, &wr, e);
    if (rule != RULE_NONE) {
        return fault_at(ret_fault, rule, e->number, e->offset);
    }
    return tail_read(e, &line, &wr, ret_fault);
}

int
ima_text_next(struct ima_text *text, struct ima_entry *ret, struct fault *ret_fault)
{
    struct ima_entry e = {0};

    if (text->fault.rule == RULE_NONE) {
        if (rd_end(&text->rd)) {
            return IMA_E_END;
        }
        if (line_read(text, &e, &text->fault) == 0) {
            text->number++;
            text->n_read++;
            *ret = e;
            return 0;
        }
    }
    return fault_at(ret_fault, text->fault.rule, text->fault.event, text->fault.offset);
}
