#include "formats/ima-template.h"

#include "base/rd-until.h"

static const char *const field_names[IMA_FIELD_N_IDS] = {
    [IMA_FIELD_D] = "d",
    [IMA_FIELD_N] = "n",
    [IMA_FIELD_D_NG] = "d-ng",
    [IMA_FIELD_D_NGV2] = "d-ngv2",
    [IMA_FIELD_N_NG] = "n-ng",
    [IMA_FIELD_SIG] = "sig",
    [IMA_FIELD_BUF] = "buf",
    [IMA_FIELD_D_MODSIG] = "d-modsig",
    [IMA_FIELD_MODSIG] = "modsig",
    [IMA_FIELD_EVMSIG] = "evmsig",
    [IMA_FIELD_XATTRNAMES] = "xattrnames",
    [IMA_FIELD_XATTRLENGTHS] = "xattrlengths",
    [IMA_FIELD_XATTRVALUES] = "xattrvalues",
    [IMA_FIELD_IUID] = "iuid",
    [IMA_FIELD_IGID] = "igid",
    [IMA_FIELD_IMODE] = "imode",
};

static const struct {
    const char *name;
    const char *format;
} builtin[] = {
    {"ima", "d|n"},
    {"ima-ng", "d-ng|n-ng"},
    {"ima-sig", "d-ng|n-ng|sig"},
    {"ima-ngv2", "d-ngv2|n-ng"},
    {"ima-sigv2", "d-ngv2|n-ng|sig"},
    {"ima-buf", "d-ng|n-ng|buf"},
    {"ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig"},
    {"evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode"},
};

const char *
ima_field_name(enum ima_field_id id)
{
    return field_names[id];
}

static bool
field_find(struct bytes name, uint8_t *ret_id)
{
    for (size_t i = 0; i < IMA_FIELD_N_IDS; i++) {
        if (bytes_equal(name, bytes_str(field_names[i]))) {
            *ret_id = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool
format_read(struct bytes format, struct ima_template *t)
{
    struct rd rd = rd_init(format);

    for (t->n_fields = 0; t->n_fields < LIMIT_IMA_FIELDS; t->n_fields++) {
        struct rd ahead = rd;
        struct bytes id = rd_until(&ahead, '|', rd_left(&rd));
        bool last = ahead.failed;

        if (last) {
            ahead = rd;
            id = rd_rest(&ahead);
        }
        if (!field_find(id, &t->ids[t->n_fields])) {
            return false;
        }
        if (last) {
            t->n_fields++;
            return true;
        }
        rd = ahead;
    }
    return false;
}

int
ima_template_read(struct bytes name, struct ima_template *ret)
{
    struct ima_template t = {.name = name};
    struct bytes format = name;

    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        if (bytes_equal(name, bytes_str(builtin[i].name))) {
            format = bytes_str(builtin[i].format);
            t.legacy = i == 0;
        }
    }
    if (!format_read(format, &t)) {
        return 1;
    }
    *ret = t;
    return 0;
}
