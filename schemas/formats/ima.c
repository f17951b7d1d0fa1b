#include "formats/ima.h"

#include "base/rd-until.h"

#define LEGACY_DIGEST 20u
#define LEGACY_NAME_MAX 255u /* IMA_EVENT_NAME_LEN_MAX */
#define DIGEST_NAME_MAX 32u  /* longest spelling: "streebog512" */
#define VIOLATION_DIGEST 20u /* what older kernels write, whatever the algorithm */
#define DIGEST_VALUE_MAX 64u

int
ima_open(struct ima *ima, struct bytes list, enum hash column, uint32_t first,
         struct fault *ret_fault)
{
    *ima = (struct ima){.rd = rd_init(list), .column = column, .number = first};
    if (list.len > LIMIT_IMA_BYTES) {
        rd_fail(&ima->rd);
        fault_at(&ima->fault, RULE_IMA_LONG, FAULT_NO_EVENT, LIMIT_IMA_BYTES);
        return fault_at(ret_fault, RULE_IMA_LONG, FAULT_NO_EVENT, LIMIT_IMA_BYTES);
    }
    return 0;
}

bool
ima_is_violation(struct bytes template_hash)
{
    static const uint8_t zero[HASH_SIZE_MAX];

    return template_hash.len <= sizeof(zero) &&
           bytes_equal(template_hash, bytes_of(zero, template_hash.len));
}

/* The kernel's names where they are not ours. */
static enum hash
hash_from_kernel_name(struct bytes name)
{
    static const struct {
        const char *name;
        enum hash hash;
    } other[] = {
        {"sm3", HASH_SM3_256},       {"sm3-256", HASH_SM3_256},   {"sha3-256", HASH_SHA3_256},
        {"sha3-384", HASH_SHA3_384}, {"sha3-512", HASH_SHA3_512},
    };

    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        if (bytes_equal(name, bytes_str(other[i].name))) {
            return other[i].hash;
        }
    }
    return hash_from_name(name);
}

/* A violation has no file digest: newer kernels write zeros of the algorithm's length, older ones
 * always 20. */
static bool
digest_length_fits(const struct ima_digest *d, bool violation)
{
    if (violation && d->value.len == VIOLATION_DIGEST && ima_is_violation(d->value)) {
        return true;
    }
    if (d->hash == HASH_N) {
        return d->value.len >= 1 && d->value.len <= DIGEST_VALUE_MAX;
    }
    return d->value.len == hash_size(d->hash);
}

static bool
digest_read(struct bytes field, bool typed, bool violation, struct ima_digest *ret)
{
    struct rd rd = rd_init(field);
    struct ima_digest d = {.hash = HASH_N};

    if (typed) {
        d.type = rd_until(&rd, ':', DIGEST_NAME_MAX);
    }
    d.algo = rd_until(&rd, ':', DIGEST_NAME_MAX);
    if (rd_u8(&rd) != 0 || d.algo.len == 0 || memchr(d.algo.p, 0, d.algo.len)) {
        return false;
    }
    d.value = rd_rest(&rd);
    d.hash = hash_from_kernel_name(d.algo);
    if (rd.failed || !digest_length_fits(&d, violation)) {
        return false;
    }
    if (typed && !bytes_equal(d.type, bytes_str("ima")) &&
        !bytes_equal(d.type, bytes_str("verity"))) {
        return false;
    }
    *ret = d;
    return true;
}

/* Field "d": SHA-1 or MD5, told apart by their length only. */
static bool
plain_digest_read(struct bytes field, struct ima_digest *ret)
{
    if (field.len != 16 && field.len != 20) {
        return false;
    }
    *ret = (struct ima_digest){.hash = field.len == 20 ? HASH_SHA1 : HASH_N, .value = field};
    return true;
}

static bool
name_read(struct bytes field, struct bytes *ret)
{
    struct rd rd = rd_init(field);
    struct bytes name = rd_until(&rd, '\0', field.len);

    if (!rd_end(&rd)) {
        return false;
    }
    *ret = name;
    return true;
}

static void
keep_first_digest(struct ima_digest *kept, const struct ima_digest *d)
{
    if (!kept->value.p) {
        *kept = *d;
    }
}

static void
keep_first(struct bytes *kept, struct bytes view)
{
    if (!kept->p) {
        *kept = view;
    }
}

static enum rule
digest_take(struct ima_entry *e, enum ima_field_id id, struct bytes data)
{
    struct ima_digest d;
    bool ok;

    if (id == IMA_FIELD_D_MODSIG && data.len == 0) {
        return RULE_NONE;
    }
    ok = id == IMA_FIELD_D ? plain_digest_read(data, &d)
                           : digest_read(data, id == IMA_FIELD_D_NGV2, e->violation, &d);
    if (!ok) {
        return RULE_IMA_FIELD_DIGEST;
    }
    keep_first_digest(id == IMA_FIELD_D_MODSIG ? &e->modsig_digest : &e->digest, &d);
    return RULE_NONE;
}

static enum rule
name_take(struct ima_entry *e, enum ima_field_id id, struct bytes data)
{
    struct bytes name;

    if (id == IMA_FIELD_XATTRNAMES && data.len == 0) {
        return RULE_NONE;
    }
    if (!name_read(data, &name)) {
        return RULE_IMA_FIELD_NAME;
    }
    if (id != IMA_FIELD_XATTRNAMES) {
        keep_first(&e->name, name);
    }
    return RULE_NONE;
}

static enum rule
number_take(struct bytes data, size_t size)
{
    return data.len == 0 || data.len == size ? RULE_NONE : RULE_IMA_FIELD_NUMBER;
}

/* Checks one field and keeps its view; the switch has a case for every identifier. */
static enum rule
field_take(struct ima_entry *e, enum ima_field_id id, struct bytes data)
{
    switch (id) {
    case IMA_FIELD_D:
    case IMA_FIELD_D_NG:
    case IMA_FIELD_D_NGV2:
    case IMA_FIELD_D_MODSIG:
        return digest_take(e, id, data);
    case IMA_FIELD_N:
    case IMA_FIELD_N_NG:
    case IMA_FIELD_XATTRNAMES:
        return name_take(e, id, data);
    case IMA_FIELD_SIG:
        keep_first(&e->sig, data);
        return RULE_NONE;
    case IMA_FIELD_BUF:
        keep_first(&e->buf, data);
        return RULE_NONE;
    case IMA_FIELD_MODSIG:
        keep_first(&e->modsig, data);
        return RULE_NONE;
    case IMA_FIELD_EVMSIG:
        keep_first(&e->evmsig, data);
        return RULE_NONE;
    case IMA_FIELD_XATTRLENGTHS:
        return data.len % 4 == 0 ? RULE_NONE : RULE_IMA_FIELD_NUMBER;
    case IMA_FIELD_XATTRVALUES:
        return RULE_NONE;
    case IMA_FIELD_IUID:
    case IMA_FIELD_IGID:
        return number_take(data, 4);
    case IMA_FIELD_IMODE:
        return number_take(data, 2);
    case IMA_FIELD_N_IDS:
        break;
    }
    return RULE_IMA_FIELDS;
}

/* Template "ima": the digest has no length, the name no NUL. */
static int
legacy_fields(struct ima_entry *e, struct rd *rd, struct fault *ret_fault)
{
    uint64_t at;
    uint32_t name_len;

    e->fields[0] = (struct ima_field){IMA_FIELD_D, rd_bytes(rd, LEGACY_DIGEST)};
    at = rd_offset(rd);
    name_len = rd_le32(rd);
    if (!rd->failed && name_len > LEGACY_NAME_MAX) {
        return fault_at(ret_fault, RULE_IMA_FIELD_NAME, e->number, at);
    }
    e->fields[1] = (struct ima_field){IMA_FIELD_N, rd_bytes(rd, name_len)};
    if (rd->failed) {
        return fault_at(ret_fault, RULE_IMA_SHORT, e->number, rd_offset(rd));
    }
    e->name = e->fields[1].data;
    if (e->name.len > 0 && memchr(e->name.p, 0, e->name.len)) {
        return fault_at(ret_fault, RULE_IMA_FIELD_NAME, e->number, at);
    }
    e->digest = (struct ima_digest){.hash = HASH_SHA1, .value = e->fields[0].data};
    return 0;
}

static int
data_fields(struct ima_entry *e, struct rd *data, struct fault *ret_fault)
{
    for (size_t i = 0; i < e->template.n_fields; i++) {
        enum ima_field_id id = (enum ima_field_id)e->template.ids[i];
        uint64_t at = rd_offset(data);
        uint32_t len = rd_le32(data);
        struct bytes view = rd_bytes(data, len);
        enum rule rule;

        if (data->failed) {
            return fault_at(ret_fault, RULE_IMA_FIELDS, e->number, at);
        }
        rule = field_take(e, id, view);
        if (rule != RULE_NONE) {
            return fault_at(ret_fault, rule, e->number, at);
        }
        e->fields[i] = (struct ima_field){id, view};
    }
    if (!rd_end(data)) {
        return fault_at(ret_fault, RULE_IMA_FIELDS, e->number, rd_offset(data));
    }
    return 0;
}

int
ima_entry_fields(struct ima_entry *e, struct rd *rd, struct fault *ret_fault)
{
    uint64_t at = rd_offset(rd);
    uint32_t data_len;
    struct rd data;

    if (e->template.legacy) {
        return legacy_fields(e, rd, ret_fault);
    }
    data_len = rd_le32(rd);
    if (!rd->failed && data_len > LIMIT_IMA_DATA) {
        return fault_at(ret_fault, RULE_IMA_DATA_LONG, e->number, at);
    }
    data = rd_sub(rd, data_len);
    if (rd->failed) {
        return fault_at(ret_fault, RULE_IMA_SHORT, e->number, rd_offset(rd));
    }
    e->data = bytes_of(data.p, data.len);
    return data_fields(e, &data, ret_fault);
}

/* Lists mostly repeat one template, which then is read once. */
static int
template_take(struct ima *ima, struct ima_entry *e, struct bytes name)
{
    if (!ima->template.name.p || !bytes_equal(name, ima->template.name)) {
        int r = ima_template_read(name, &ima->template);

        if (r != 0) {
            return r;
        }
    }
    e->template = ima->template;
    return 0;
}

static int
entry_read(struct ima *ima, struct ima_entry *e, struct fault *ret_fault)
{
    struct rd *rd = &ima->rd;
    uint64_t name_at;
    uint32_t name_len;
    struct bytes name;

    e->number = ima->number;
    e->offset = rd_offset(rd);
    if (ima->n_read == LIMIT_IMA_ENTRIES) {
        return fault_at(ret_fault, RULE_IMA_ENTRIES, e->number, e->offset);
    }
    e->pcr = rd_le32(rd);
    e->template_hash = rd_bytes(rd, hash_size(ima->column));
    e->violation = ima_is_violation(e->template_hash);
    name_at = rd_offset(rd);
    name_len = rd_le32(rd);
    if (!rd->failed && e->pcr >= LIMIT_PCRS) {
        return fault_at(ret_fault, RULE_IMA_PCR, e->number, e->offset);
    }
    if (!rd->failed && name_len > LIMIT_IMA_TEMPLATE_NAME) {
        return fault_at(ret_fault, RULE_IMA_TEMPLATE_NAME, e->number, name_at);
    }
    name = rd_bytes(rd, name_len);
    if (rd->failed) {
        return fault_at(ret_fault, RULE_IMA_SHORT, e->number, rd_offset(rd));
    }
    if (template_take(ima, e, name) != 0) {
        return fault_at(ret_fault, RULE_IMA_TEMPLATE_NAME, e->number, name_at);
    }
    return ima_entry_fields(e, rd, ret_fault);
}

int
ima_next(struct ima *ima, struct ima_entry *ret, struct fault *ret_fault)
{
    struct ima_entry e = {0};

    if (ima->fault.rule == RULE_NONE) {
        if (rd_end(&ima->rd)) {
            return IMA_E_END;
        }
        if (entry_read(ima, &e, &ima->fault) == 0) {
            ima->number++;
            ima->n_read++;
            *ret = e;
            return 0;
        }
    }
    return fault_at(ret_fault, ima->fault.rule, ima->fault.event, ima->fault.offset);
}
