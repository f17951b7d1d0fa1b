#include "formats/evlog.h"

#include <stdio.h>

#include "formats/evtype.h"

enum {
    SIGNATURE_LEN = 16, /* of a TCG_EfiSpecIDEvent or TCG_EfiStartupLocalityEvent, with the NUL */
    SHA1_LEN = 20,
};

static bool
begins_with(struct bytes data, const char *text, size_t len)
{
    return data.len >= len && bytes_equal(bytes_of(data.p, len), bytes_of(text, len));
}

static int
broken(struct evlog *log, enum rule rule, size_t offset)
{
    log->ended = EVLOG_FAULT;
    return fault_at(&log->fault, rule, log->n_events, offset);
}

/* The fields that both forms of an event begin with. */
static void
read_head(struct rd *rd, struct evlog_event *event)
{
    event->offset = rd_offset(rd);
    event->pcr = rd_le32(rd);
    event->type = rd_le32(rd);
}

static void
read_data(struct rd *rd, struct evlog_event *event)
{
    uint32_t len = rd_le32(rd);

    event->data = rd_bytes(rd, len);
}

static void
read_sha1_event(struct rd *rd, struct evlog_event *event)
{
    read_head(rd, event);
    event->n_digests = 1;
    event->digest[0] = rd_bytes(rd, SHA1_LEN);
    read_data(rd, event);
}

/* One {algorithm, size} of the Spec ID event. */
static int
read_bank(struct evlog *log, struct rd *rd)
{
    size_t offset = rd_offset(rd);
    struct evlog_bank bank = {.tpm_id = rd_le16(rd)};

    bank.size = rd_le16(rd);
    bank.hash = hash_from_tpm_id(bank.tpm_id);
    if (rd->failed) {
        return broken(log, RULE_EVLOG_SPEC_FORM, offset);
    }
    if (bank.size == 0 || (bank.hash != HASH_N && bank.size != hash_size(bank.hash))) {
        return broken(log, RULE_EVLOG_BANK_SIZE, offset);
    }
    for (size_t i = 0; i < log->n_banks; i++) {
        if (log->bank[i].tpm_id == bank.tpm_id) {
            return broken(log, RULE_EVLOG_BANK_TWICE, offset);
        }
    }
    log->bank[log->n_banks++] = bank;
    return 0;
}

static int
read_banks(struct evlog *log, struct rd *rd)
{
    size_t offset = rd_offset(rd);
    uint32_t n = rd_le32(rd);

    if (rd->failed) {
        return broken(log, RULE_EVLOG_SPEC_FORM, offset);
    }
    if (n == 0 || n > LIMIT_BANKS) {
        return broken(log, RULE_EVLOG_BANKS, offset);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (read_bank(log, rd) != 0) {
            return 1;
        }
    }
    return 0;
}

/* TCG_EfiSpecIDEventStruct. Its vendor information must end where the event ends. */
static int
read_spec(struct evlog *log, struct rd *rd)
{
    uint8_t vendor_len;

    (void)rd_bytes(rd, SIGNATURE_LEN);
    log->spec.platform_class = rd_le32(rd);
    log->spec.minor = rd_u8(rd);
    log->spec.major = rd_u8(rd);
    log->spec.errata = rd_u8(rd);
    log->spec.uintn_size = rd_u8(rd);
    if (read_banks(log, rd) != 0) {
        return 1;
    }
    vendor_len = rd_u8(rd);
    log->spec.vendor = rd_bytes(rd, vendor_len);
    return rd_end(rd) ? 0 : broken(log, RULE_EVLOG_SPEC_FORM, rd_offset(rd));
}

static bool
is_spec_event(const struct evlog_event *event)
{
    static const char start[] = "Spec ID Event"; /* then two digits and the NUL */

    return event->type == EV_NO_ACTION && begins_with(event->data, start, sizeof(start) - 1);
}

/* The logs of TPM 1.2 may begin with a Spec ID of an older version, which changes no form. */
static bool
is_old_spec(const struct evlog_event *event)
{
    return begins_with(event->data, "Spec ID Event00", SIGNATURE_LEN) ||
           begins_with(event->data, "Spec ID Event02", SIGNATURE_LEN);
}

static int
check_spec_head(struct evlog *log, const struct evlog_event *event)
{
    static const uint8_t zero[SHA1_LEN];

    if (!begins_with(event->data, "Spec ID Event03", SIGNATURE_LEN)) {
        return broken(log, RULE_EVLOG_SPEC_VERSION, event->offset);
    }
    if (event->pcr != 0 || !bytes_equal(event->digest[0], BYTES_OF(zero))) {
        return broken(log, RULE_EVLOG_SPEC_HEAD, event->offset);
    }
    return 0;
}

/* Decides the form by the first event. A first event that is cut short makes a sha1 log, whose
 * first evlog_next() tells of the cut. */
static int
open_first(struct evlog *log)
{
    struct rd rd = log->rd;
    struct evlog_event first = {0};
    struct rd spec;

    read_sha1_event(&rd, &first);
    if (rd.failed || !is_spec_event(&first) || is_old_spec(&first)) {
        log->format = EVLOG_SHA1;
        log->bank[0] = (struct evlog_bank){hash_tpm_id(HASH_SHA1), SHA1_LEN, HASH_SHA1};
        log->n_banks = 1;
        return 0;
    }
    log->format = EVLOG_AGILE;
    if (check_spec_head(log, &first) != 0) {
        return 1;
    }
    spec = rd_init(first.data);
    spec.origin = rd_offset(&rd) - first.data.len;
    return read_spec(log, &spec);
}

/* Where the run of 0x00 or of 0xff begins that reaches to the end; found once from the end, as a
 * look ahead at each event would cost a hostile log's length each time. */
static size_t
uniform_tail(struct bytes in)
{
    uint8_t value = in.p[in.len - 1];
    size_t from = in.len;

    if (value != 0x00 && value != 0xff) {
        return from;
    }
    while (from > 0 && in.p[from - 1] == value) {
        from--;
    }
    return from;
}

int
evlog_open(struct bytes in, struct evlog *ret, struct fault *ret_fault)
{
    struct evlog log = {.locality = EVLOG_LOCALITY_NONE, .rd = rd_init(in)};

    if (in.len == 0) {
        return fault_at(ret_fault, RULE_EVLOG_EMPTY, FAULT_NO_EVENT, 0);
    }
    if (in.len > LIMIT_LOG_BYTES) {
        return fault_at(ret_fault, RULE_EVLOG_TOO_LONG, FAULT_NO_EVENT, LIMIT_LOG_BYTES);
    }
    log.pad_from = uniform_tail(in);
    if (log.pad_from == 0) {
        return fault_at(ret_fault, RULE_EVLOG_EMPTY, FAULT_NO_EVENT, 0);
    }
    if (open_first(&log) != 0) {
        return fault_at(ret_fault, log.fault.rule, log.fault.event, log.fault.offset);
    }
    *ret = log;
    return 0;
}

/* One {algorithm, digest} of a TCG_PCR_EVENT2: whichever place it has, it goes to its bank's. Some
 * Hyper-V firmware orders them otherwise than its Spec ID. */
static int
read_digest(struct evlog *log, struct rd *rd, struct evlog_event *event)
{
    size_t offset = rd_offset(rd);
    uint16_t id = rd_le16(rd);

    if (rd->failed) {
        return broken(log, RULE_EVLOG_SHORT, offset);
    }
    for (size_t i = 0; i < log->n_banks; i++) {
        if (log->bank[i].tpm_id != id) {
            continue;
        }
        if (event->digest[i].p) {
            return broken(log, RULE_EVLOG_DIGEST_TWICE, offset);
        }
        event->digest[i] = rd_bytes(rd, log->bank[i].size);
        return rd->failed ? broken(log, RULE_EVLOG_SHORT, offset) : 0;
    }
    return broken(log, RULE_EVLOG_DIGEST_UNKNOWN, offset);
}

/* As many digests as banks, none twice, none unknown: so each bank has its own. */
static int
read_agile_event(struct evlog *log, struct rd *rd, struct evlog_event *event)
{
    size_t offset;
    uint32_t n;

    read_head(rd, event);
    offset = rd_offset(rd);
    n = rd_le32(rd);
    if (rd->failed) {
        return broken(log, RULE_EVLOG_SHORT, offset);
    }
    if (n != log->n_banks) {
        return broken(log, RULE_EVLOG_DIGEST_COUNT, offset);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (read_digest(log, rd, event) != 0) {
            return 1;
        }
    }
    event->n_digests = n;
    read_data(rd, event);
    return 0;
}

/* Some firmware hands over a log padded to its buffer with 0xff or 0x00. A record of zeros would be
 * a well-formed sha1 event; it is padding too when nothing follows, and if it was extended after
 * all, the replay fails. */
static bool
skip_padding(struct evlog *log)
{
    if (log->rd.failed || log->rd.pos < log->pad_from) {
        return false;
    }
    log->padding = rd_left(&log->rd);
    return true;
}

static int
check_locality(struct evlog *log, const struct evlog_event *event)
{
    struct rd rd = rd_init(event->data);
    uint8_t locality;

    (void)rd_bytes(&rd, SIGNATURE_LEN);
    locality = rd_u8(&rd);
    if (!rd_end(&rd) || event->pcr != 0 || (locality != 0 && locality != 3 && locality != 4)) {
        return broken(log, RULE_EVLOG_LOCALITY_FORM, event->offset);
    }
    if (log->locality != EVLOG_LOCALITY_NONE || log->pcr0_extended) {
        return broken(log, RULE_EVLOG_LOCALITY_PLACE, event->offset);
    }
    log->locality = locality;
    return 0;
}

/* What an event may be after those before it. */
static int
check_event(struct evlog *log, const struct evlog_event *event)
{
    bool no_action = event->type == EV_NO_ACTION;

    if (event->pcr >= LIMIT_PCRS && !(no_action && event->pcr == EVLOG_PCR_NONE)) {
        return broken(log, RULE_EVLOG_PCR, event->offset);
    }
    if (is_spec_event(event) && log->n_events > 0) {
        return broken(log, RULE_EVLOG_SPEC_PLACE, event->offset);
    }
    if (no_action && begins_with(event->data, "StartupLocality", SIGNATURE_LEN)) {
        return check_locality(log, event);
    }
    return 0;
}

static int
read_event(struct evlog *log, struct evlog_event *event)
{
    if (log->format == EVLOG_SHA1 || log->n_events == 0) {
        read_sha1_event(&log->rd, event);
        event->n_digests = log->format == EVLOG_SHA1 ? 1 : 0;
    } else if (read_agile_event(log, &log->rd, event) != 0) {
        return 1;
    }
    if (log->rd.failed) {
        return broken(log, RULE_EVLOG_SHORT, event->offset);
    }
    return check_event(log, event);
}

static int
next(struct evlog *log, struct evlog_event *event)
{
    if (log->ended != 0) {
        return log->ended;
    }
    if (rd_end(&log->rd) || skip_padding(log)) {
        log->ended = EVLOG_END;
        return EVLOG_END;
    }
    if (log->n_events == LIMIT_EVENTS) {
        return broken(log, RULE_EVLOG_TOO_MANY, rd_offset(&log->rd));
    }
    event->index = log->n_events;
    if (read_event(log, event) != 0) {
        return EVLOG_FAULT;
    }
    log->n_events++;
    log->pcr0_extended = log->pcr0_extended || (event->pcr == 0 && evlog_extends(event));
    return 0;
}

int
evlog_next(struct evlog *log, struct evlog_event *ret, struct fault *ret_fault)
{
    struct evlog_event event = {0};
    int r = next(log, &event);

    if (r == EVLOG_FAULT) {
        return fault_at(ret_fault, log->fault.rule, log->fault.event, log->fault.offset);
    }
    if (r == 0) {
        *ret = event;
    }
    return r;
}

size_t
evlog_padding_offset(const struct evlog *log)
{
    return rd_offset(&log->rd);
}

size_t
evlog_bank(const struct evlog *log, enum hash hash)
{
    size_t i = 0;

    while (i < log->n_banks && log->bank[i].hash != hash) {
        i++;
    }
    return i;
}

const char *
evlog_bank_name(const struct evlog_bank *bank, char room[EVLOG_BANK_NAME_MAX])
{
    if (bank->hash != HASH_N) {
        return hash_name(bank->hash);
    }
    snprintf(room, EVLOG_BANK_NAME_MAX, "0x%04x", bank->tpm_id);
    return room;
}

bool
evlog_extends(const struct evlog_event *event)
{
    return event->type != EV_NO_ACTION;
}
