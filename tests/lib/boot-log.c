#include "lib/boot-log.h"

#include "lib/check.h"

struct boot_log boot_log;

void
boot_log_start(void)
{
    play_start();
    CHECK(play.rig.device.log.len <= sizeof(boot_log.room));
    boot_log.len = play.rig.device.log.len;
    memcpy(boot_log.room, play.rig.device.log.p, boot_log.len);
}

struct bytes
boot_log_bytes(void)
{
    return bytes_of(boot_log.room, boot_log.len);
}

struct evlog_event
boot_log_find(uint32_t pcr, uint32_t type, unsigned nth)
{
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(boot_log_bytes(), &log, NULL), 0);
    while (evlog_next(&log, &event, NULL) == 0) {
        if (event.pcr == pcr && (type == 0 || event.type == type) && event.type != TYPE_NO_ACTION &&
            nth-- == 0) {
            return event;
        }
    }
    check_fail(__FILE__, __LINE__, "the log has no such event");
}

void
boot_log_put(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        boot_log.room[at + i] = (uint8_t)(value >> (8 * i));
    }
}

size_t
boot_log_size(const struct evlog_event *event)
{
    return (size_t)(event->data.p + event->data.len - boot_log.room) - event->offset;
}

void
boot_log_copy(const struct evlog_event *event, size_t at)
{
    size_t size = boot_log_size(event);
    uint8_t copy[4096];

    CHECK(size <= sizeof(copy) && boot_log.len + size <= sizeof(boot_log.room));
    memcpy(copy, boot_log.room + event->offset, size);
    memmove(boot_log.room + at + size, boot_log.room + at, boot_log.len - at);
    memcpy(boot_log.room + at, copy, size);
    boot_log.len += size;
}

void
boot_log_cut(const struct evlog_event *event)
{
    size_t size = boot_log_size(event);
    size_t end = event->offset + size;

    memmove(boot_log.room + event->offset, boot_log.room + end, boot_log.len - end);
    boot_log.len -= size;
}

void
boot_log_insert(size_t at, uint32_t pcr, uint32_t type, struct bytes data)
{
    struct evlog_event shape = boot_log_find(0, 0, 0);
    size_t head = (size_t)(shape.data.p - boot_log.room) - shape.offset;
    uint8_t copy[256];

    CHECK(head <= sizeof(copy) && boot_log.len + head + data.len <= sizeof(boot_log.room));
    memcpy(copy, boot_log.room + shape.offset, head);
    memmove(boot_log.room + at + head + data.len, boot_log.room + at, boot_log.len - at);
    boot_log.len += head + data.len;
    memcpy(boot_log.room + at, copy, head);
    memcpy(boot_log.room + at + head, data.p, data.len);
    boot_log_put(at + BOOT_LOG_PCR, pcr);
    boot_log_put(at + BOOT_LOG_TYPE, type);
    boot_log_put(at + head - 4, (uint32_t)data.len);
    for (size_t i = 0; i < shape.n_digests; i++) { /* as they lie in the new one */
        size_t digest = at + (size_t)(shape.digest[i].p - shape.data.p + (ptrdiff_t)head);

        shape.digest[i].p = boot_log.room + digest;
        memset(boot_log.room + digest, 0, shape.digest[i].len);
    }
    if (type != TYPE_NO_ACTION) {
        boot_log_measure(&shape, data, false);
    }
}

void
boot_log_measure(const struct evlog_event *event, struct bytes data, bool write_data)
{
    static const enum hash banks[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384};

    for (size_t i = 0; i < event->n_digests; i++) {
        CHECK_EQ(
            hasher_bytes(play.rig.hasher, banks[i], data, (uint8_t *)(uintptr_t)event->digest[i].p),
            0);
    }
    if (write_data) {
        CHECK_EQ(event->data.len, data.len);
        memcpy((uint8_t *)(uintptr_t)event->data.p, data.p, data.len);
    }
}

struct answer
boot_log_attest(void)
{
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    return play_answered();
}

static void
run_row(const struct boot_log_row *row, bool honest)
{
    static struct pcr_values values;
    enum reason reason;

    boot_log_start();
    if (row->change) {
        row->change();
        if (bytes_equal(boot_log_bytes(), play.rig.device.log)) {
            check_fail(__FILE__, __LINE__, "%s changes nothing", row->name);
        }
    }
    values = play.rig.device.values;
    (void)keeper_rig_boot(&play.rig, boot_log_bytes());
    if (honest) {
        play.rig.device.values = values;
    }
    (void)boot_log_attest();
    reason = play_reason();
    if (reason != row->reason) {
        check_fail(__FILE__, __LINE__, "%s: %s, not %s", row->name, reason_name(reason),
                   reason_name(row->reason));
    }
    printf("# %s: %s\n", reason_name(reason), row->name);
    play_done();
}

void
boot_log_rows(const struct boot_log_row *rows, size_t n, bool honest)
{
    for (size_t i = 0; i < n; i++) {
        run_row(&rows[i], honest);
    }
    printf("# %zu changes\n", n);
}
