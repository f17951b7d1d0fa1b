#include "roles/records.h"

enum { LABEL_MAX = 255 };

void
records_begin(struct wr *wr, const struct event_log *log)
{
    wr_u8(wr, (uint8_t)log->n_banks);
    for (size_t i = 0; i < log->n_banks; i++) {
        wr_le16(wr, hash_tpm_id(log->banks[i]));
    }
    wr_u8(wr, log->locality);
}

void
records_event(struct wr *wr, const struct event_log *log, const struct event *event)
{
    struct bytes label = event->label;

    wr_le32(wr, event->index);
    wr_le32(wr, event->pcr);
    wr_le32(wr, event->type);
    wr_u8(wr, (uint8_t)event->bound);
    wr_le32(wr, event->offset);
    wr_le32(wr, event->length);
    wr_le32(wr, event->data_offset);
    wr_le32(wr, event->data_length);
    for (size_t i = 0; i < log->n_banks; i++) {
        wr_u8(wr, event->digest[i].p != NULL);
        wr_bytes(wr, event->digest[i]);
    }
    label.len = label.len > LABEL_MAX ? LABEL_MAX : label.len;
    wr_u8(wr, (uint8_t)label.len);
    wr_bytes(wr, label);
}

/* Labels are shown to people: whatever a reader says, only printable ASCII passes. */
static bool
printable(struct bytes label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (label.p[i] < 0x20 || label.p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* Does the part that a digest is of lie in the event's data? */
static bool
part_lies_in_data(const struct event *event)
{
    uint64_t end = (uint64_t)event->offset + event->length;
    uint64_t data_end = (uint64_t)event->data_offset + event->data_length;

    return event->offset >= event->data_offset && end <= data_end;
}

static void
event_read(struct rd *rd, const struct event_log *log, struct event *event)
{
    uint8_t bound;

    *event = (struct event){0};
    event->index = rd_le32(rd);
    event->pcr = rd_le32(rd);
    event->type = rd_le32(rd);
    bound = rd_u8(rd);
    event->offset = rd_le32(rd);
    event->length = rd_le32(rd);
    event->data_offset = rd_le32(rd);
    event->data_length = rd_le32(rd);
    for (size_t i = 0; i < log->n_banks; i++) {
        if (rd_u8(rd) != 0) {
            event->digest[i] = rd_bytes(rd, hash_size(log->banks[i]));
        }
    }
    event->label = rd_bytes(rd, rd_u8(rd));
    if (bound > BOUND_TRUE || !printable(event->label) || !part_lies_in_data(event)) {
        rd_fail(rd);
    }
    event->bound = (enum bound)bound;
}

static void
head_read(struct rd *rd, struct event_log *log)
{
    log->n_banks = rd_u8(rd);
    if (log->n_banks > LIMIT_BANKS) {
        rd_fail(rd);
        log->n_banks = 0;
    }
    for (size_t i = 0; i < log->n_banks; i++) {
        log->banks[i] = hash_from_tpm_id(rd_le16(rd));
        if (log->banks[i] == HASH_N) {
            rd_fail(rd);
        }
    }
    log->locality = rd_u8(rd);
}

int
records_read(struct bytes in, struct event *events, struct event_log *ret)
{
    struct rd rd = rd_init(in);
    struct event_log log = {.events = events};

    head_read(&rd, &log);
    while (!rd.failed && rd_left(&rd) > 0) {
        if (log.n_events == LIMIT_EVENTS) {
            return 1;
        }
        event_read(&rd, &log, &events[log.n_events]);
        log.n_events++;
    }
    if (!rd_end(&rd)) {
        return 1;
    }
    *ret = log;
    return 0;
}
