#include "formats/evdata.h"

#include <errno.h>

#include "formats/evtype.h"

enum { LAST_FIRMWARE_PCR = 7, MAX_CANDIDATES = 4 };

/* What the digest may be of, in order of preference. */
struct candidates {
    struct bytes view[MAX_CANDIDATES];
    size_t n;
    bool must; /* that none matches is a mismatch */
};

/* Normal end of the firmware's part, the same by the older profile, and an error. */
static const uint8_t separator_values[3][4] = {
    {0x00, 0x00, 0x00, 0x00}, {0xff, 0xff, 0xff, 0xff}, {0x01, 0x00, 0x00, 0x00}};

enum { SEPARATOR_ERROR = 2 };

int
evdata_init(struct evdata_check *check, const struct evlog *log, struct hasher *hasher)
{
    memset(check, 0, sizeof(*check));
    check->hasher = hasher;
    check->log = log;
    for (size_t i = 0; i < log->n_banks; i++) {
        int r = log->bank[i].hash == HASH_N ? -ENOTSUP : 0;

        for (size_t k = 0; r == 0 && k < ARRAY_LEN(separator_values); k++) {
            r = hasher_bytes(hasher, log->bank[i].hash, BYTES_OF(separator_values[k]),
                             check->separator[i][k]);
        }
        if (r < 0 && r != -ENOTSUP) {
            return r;
        }
        check->usable[i] = r == 0;
    }
    return 0;
}

static bool
begins_with(struct bytes data, const char *text)
{
    size_t len = strlen(text);

    return data.len >= len && bytes_equal(bytes_of(data.p, len), bytes_str(text));
}

/* The bytes but for the last n; all of them when there are fewer. */
static struct bytes
without_last(struct bytes in, size_t n)
{
    return in.len < n ? in : bytes_of(in.p, in.len - n);
}

static struct bytes
without_nul(struct bytes in)
{
    return in.len > 0 && in.p[in.len - 1] == 0 ? without_last(in, 1) : in;
}

bool
evdata_grub_text(struct bytes data, struct bytes *ret_text)
{
    /* the second of each pair: RHEL 8 */
    static const char *const prefixes[] = {
        "grub_cmd: ", "grub_cmd ", "kernel_cmdline: ", "grub_kernel_cmdline ", "module_cmdline: "};

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (begins_with(data, prefixes[i])) {
            struct rd rd = rd_init(data);

            (void)rd_bytes(&rd, strlen(prefixes[i]));
            *ret_text = rd_rest(&rd);
            return true;
        }
    }
    return false;
}

bool
evdata_is_variable(uint32_t type)
{
    return type == EV_EFI_VARIABLE_DRIVER_CONFIG || type == EV_EFI_VARIABLE_BOOT ||
           type == EV_EFI_VARIABLE_BOOT2 || type == EV_EFI_VARIABLE_AUTHORITY;
}

static void
add(struct candidates *c, struct bytes view)
{
    c->view[c->n++] = view;
}

/* IPL is whatever a boot loader likes. GRUB hashes the text behind its prefix, RHEL 8's with the
 * NUL; systemd-boot hashes its UTF-16 text with or without the NUL. */
static void
add_ipl(struct candidates *c, struct bytes data)
{
    struct bytes text;

    if (evdata_grub_text(data, &text)) {
        c->must = true;
        add(c, without_nul(text));
        add(c, text);
        return;
    }
    add(c, data);
    add(c, without_nul(data));
    add(c, without_nul(without_nul(data)));
}

/* Intel's management engine hashes its own state, which the data describes. Seen in a real log. */
static bool
is_intel_csxe(const struct evlog_event *event)
{
    return event->type == EV_NONHOST_INFO && begins_with(event->data, "IntelCSxEEvent01");
}

static struct candidates
candidates_of(const struct evlog_event *event)
{
    enum evtype_binding binding = evtype_binding(event->type);
    struct candidates c = {.must = binding >= EVTYPE_BINDS_DATA && !is_intel_csxe(event)};
    struct efivar var;

    if (binding == EVTYPE_BINDS_NOTHING) {
        return c;
    }
    if (event->type == EV_IPL) {
        add_ipl(&c, event->data);
        return c;
    }
    add(&c, event->data);
    if (binding == EVTYPE_BINDS_VALUE && efivar_read(event->data, &var, NULL) == 0) {
        add(&c, var.value);
    }
    if (event->type == EV_EFI_VARIABLE_AUTHORITY) {
        add(&c, without_last(event->data, 1));
    }
    return c;
}

/* In how many of the usable banks the event's digest is the one of `view`; or -EIO. */
static int
count_matches(const struct evdata_check *check, const struct evlog_event *event, struct bytes view,
              int *ret_n_banks)
{
    int n = 0;
    int n_banks = 0;

    for (size_t i = 0; i < check->log->n_banks; i++) {
        uint8_t out[HASH_SIZE_MAX];
        enum hash hash = check->log->bank[i].hash;

        if (!check->usable[i]) {
            continue;
        }
        if (hasher_bytes(check->hasher, hash, view, out) < 0) {
            return -EIO;
        }
        n_banks++;
        n += bytes_equal(event->digest[i], bytes_of(out, hash_size(hash))) ? 1 : 0;
    }
    *ret_n_banks = n_banks;
    return n;
}

/* One digest of data and another of something else is a lie in one bank, so a candidate that
 * matches in some banks only is a mismatch whatever the type. */
static int
judge_binding(const struct evdata_check *check, const struct evlog_event *event,
              struct evdata *evdata)
{
    struct candidates c = candidates_of(event);
    int n_banks = 0;
    bool some = false;

    for (size_t i = 0; i < c.n; i++) {
        int n = count_matches(check, event, c.view[i], &n_banks);

        if (n < 0) {
            return n;
        }
        if (n > 0 && n == n_banks) {
            evdata->bound = EVDATA_BOUND;
            evdata->vouched = c.view[i];
            return 0;
        }
        some = some || n > 0;
    }
    if (n_banks > 0 && (c.must || some)) {
        evdata->bound = EVDATA_MISMATCH;
        evdata->rule = RULE_EVDATA_MISMATCH;
    }
    return 0;
}

/* Which separator value some bank's digest is the hash of; ARRAY_LEN(separator_values): none. */
static size_t
separator_digest(const struct evdata_check *check, const struct evlog_event *event)
{
    for (size_t i = 0; i < check->log->n_banks; i++) {
        for (size_t k = 0; check->usable[i] && k < ARRAY_LEN(separator_values); k++) {
            struct bytes digest =
                bytes_of(check->separator[i][k], hash_size(check->log->bank[i].hash));

            if (bytes_equal(event->digest[i], digest)) {
                return k;
            }
        }
    }
    return ARRAY_LEN(separator_values);
}

/* Some Intel firmware measures an entry of its firmware interface table that is four zero bytes,
 * long before the separator. Seen in a real log; PCR 0 takes no decision from separators alone. */
static bool
is_fit_entry(const struct evlog_event *event)
{
    return event->type == EV_S_CRTM_CONTENTS && event->pcr == 0 &&
           begins_with(event->data, "FIT Type 0x");
}

/* Separators end what the firmware measures into PCR 0-7: there they have three values, and no
 * other event may look like one. Beyond them Windows ends its own part with "WBCL". */
static enum rule
judge_separator(const struct evdata_check *check, const struct evlog_event *event)
{
    size_t value = separator_digest(check, event);

    if (event->pcr > LAST_FIRMWARE_PCR) {
        return RULE_NONE;
    }
    if (event->type != EV_SEPARATOR) {
        if (value == ARRAY_LEN(separator_values)) {
            return RULE_NONE;
        }
        return is_fit_entry(event) ? RULE_EVDATA_FIT_ZERO : RULE_EVDATA_DISGUISED;
    }
    if (value == SEPARATOR_ERROR || bytes_equal(event->data, bytes_of("\0\0\0\1", 4))) {
        return RULE_EVDATA_SEPARATOR_ERROR;
    }
    return value == ARRAY_LEN(separator_values) ? RULE_EVDATA_SEPARATOR_VALUE : RULE_NONE;
}

/* A variable must have its form; shim's extra bytes pass where its extra byte was recognised. */
static enum rule
judge_variable(const struct evlog_event *event, const struct evdata *evdata)
{
    bool quirk = event->type == EV_EFI_VARIABLE_AUTHORITY && evdata->bound == EVDATA_BOUND &&
                 evdata->vouched.len < event->data.len;
    struct efivar var;
    struct fault fault;

    if (!evdata_is_variable(event->type)) {
        return RULE_NONE;
    }
    if (efivar_read(event->data, &var, &fault) != 0) {
        return fault.rule;
    }
    if (quirk) {
        return RULE_EVDATA_SHIM_AUTHORITY;
    }
    return var.rest.len > 0 ? RULE_EFIVAR_FORM : RULE_NONE;
}

int
evdata_judge(const struct evdata_check *check, const struct evlog_event *event, struct evdata *ret)
{
    struct evdata evdata = {0};
    enum rule rule;
    int r;

    if (!evlog_extends(event)) {
        *ret = evdata;
        return 0;
    }
    r = judge_binding(check, event, &evdata);
    if (r < 0) {
        return r;
    }
    rule = judge_separator(check, event);
    if (rule == RULE_EVDATA_SEPARATOR_VALUE && evdata.bound != EVDATA_BOUND) {
        rule = RULE_NONE; /* a mismatch says it all, and without a usable bank we know nothing */
    }
    if (rule != RULE_NONE) {
        evdata.rule = rule; /* says more than a mismatch would */
    } else if (evdata.rule == RULE_NONE) {
        evdata.rule = judge_variable(event, &evdata);
    }
    *ret = evdata;
    return 0;
}
