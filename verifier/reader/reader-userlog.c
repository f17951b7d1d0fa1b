#include "reader/reader-userlog.h"

#include <errno.h>
#include <stdio.h>

#include "formats/say.h"
#include "formats/userlog.h"
#include "roles/records.h"

enum { LABEL_ROOM = 160 };

void
reader_userlog_prepare(void)
{
    static const char sample[] = "\x1e{\"pcr\":0}\n";
    struct userlog_record record;
    struct userlog log;

    /* the first JSON object seeds the library's hash tables from a file */
    if (userlog_open(&log, bytes_str(sample), NULL) == 0) {
        ignore(userlog_next(&log, &record, NULL), "a sample without digests is no record");
    }
}

/* All banks that any record of the part has a digest for, once each. */
static int
find_banks(struct bytes part, struct event_log *head, struct fault *ret_fault)
{
    struct userlog_record record;
    struct userlog log;
    int r = userlog_open(&log, part, ret_fault);

    while (r == 0 && (r = userlog_next(&log, &record, ret_fault)) == 0) {
        for (size_t i = 0; i < record.n_digests; i++) {
            enum hash bank = record.digests[i].alg;

            if (event_log_bank(head, bank) == head->n_banks && head->n_banks < LIMIT_BANKS) {
                head->banks[head->n_banks++] = bank;
            }
        }
    }
    return r == USERLOG_E_END ? 0 : 1;
}

static int
record_write(struct hasher *hasher, const struct event_log *head, const struct userlog *log,
             const struct userlog_record *record, struct wr *records)
{
    struct event event = {.index = record->number, .pcr = UINT32_MAX};
    char room[LABEL_ROOM];
    struct say say = say_init(room, sizeof(room));
    bool bound = false;
    int r = userlog_bind(hasher, record, &bound);

    if (r < 0) {
        return r;
    }
    if (record->target == USERLOG_PCR) {
        event.pcr = record->index;
    }
    event.bound = bound ? BOUND_TRUE : BOUND_UNKNOWN;
    event.offset = (uint32_t)record->offset;
    event.length = (uint32_t)(rd_offset(&log->rd) - record->offset);
    event.data_offset = event.offset;
    event.data_length = event.length;
    for (size_t i = 0; i < record->n_digests; i++) {
        event.digest[event_log_bank(head, record->digests[i].alg)] =
            digest_bytes(&record->digests[i]);
    }
    say_bytes(&say, bytes_str(record->event_type[0] ? record->event_type : record->content_type));
    if (record->has_string) {
        say_fmt(&say, " ");
        say_bytes(&say, bytes_str(record->string));
    }
    event.label = bytes_str(room);
    records_event(records, head, &event);
    return 0;
}

int
reader_userlog(struct bytes part, struct hasher *hasher, struct wr *records,
               struct fault *ret_fault)
{
    struct event_log head = {0};
    struct userlog_record record;
    struct userlog log;
    int r = find_banks(part, &head, ret_fault);

    if (r == 0) {
        records_begin(records, &head);
        r = userlog_open(&log, part, ret_fault);
    }
    while (r == 0 && (r = userlog_next(&log, &record, ret_fault)) == 0) {
        r = record_write(hasher, &head, &log, &record, records);
    }
    if (r == USERLOG_E_END) {
        r = records->failed ? -ENOSPC : 0;
    }
    return r;
}
