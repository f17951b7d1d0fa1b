#include "offline-log.h"

#include <errno.h>
#include <stdlib.h>

#include "reader/reader-ima.h"
#include "reader/reader-userlog.h"
#include "reader/reader.h"
#include "roles/records.h"

enum { RECORDS_MAX = 16 * 1024 * 1024 }; /* the worst firmware log takes 3.1 MB */

typedef int read_fn(struct bytes log, struct hasher *hasher, struct wr *records,
                    struct fault *ret_fault);

static int
to_events(read_fn *read, struct hasher *hasher, struct bytes bytes, struct offline_log *ret,
          struct fault *ret_fault)
{
    struct offline_log log = {.records = malloc(RECORDS_MAX),
                              .events = calloc(LIMIT_EVENTS, sizeof(*log.events))};
    struct wr wr = wr_init(log.records, log.records ? RECORDS_MAX : 0);
    int r = log.records && log.events ? read(bytes, hasher, &wr, ret_fault) : -ENOMEM;

    if (r == 0) {
        /* our own reader's records: that they are none is no fault of the log */
        r = records_read(wr_done(&wr), log.events, &log.log) == 0 ? 0 : -EPROTO;
    }
    if (r == 0) {
        *ret = log;
    } else {
        offline_log_done(&log);
    }
    return r;
}

int
offline_log_firmware(struct hasher *hasher, struct bytes bytes, struct offline_log *ret,
                     struct fault *ret_fault)
{
    struct offline_log log;
    int r = to_events(reader_parse, hasher, bytes, &log, ret_fault);

    if (r != 0) {
        return r;
    }
    r = events_vouch(hasher, bytes, &log.log);
    if (r != 0) {
        offline_log_done(&log);
        return r < 0 ? r : -EPROTO;
    }
    *ret = log;
    return 0;
}

int
offline_log_userspace(struct hasher *hasher, struct bytes bytes, struct offline_log *ret,
                      struct fault *ret_fault)
{
    return to_events(reader_userlog, hasher, bytes, ret, ret_fault);
}

void
offline_log_done(struct offline_log *log)
{
    free(log->records);
    free(log->events);
    *log = (struct offline_log){0};
}

int
offline_log_ima(struct hasher *hasher, struct bytes bytes, uint8_t **ret_records, size_t *ret_len)
{
    uint8_t *room = malloc(RECORDS_MAX);
    struct wr wr = wr_init(room, room ? RECORDS_MAX : 0);
    int r = room ? reader_ima(bytes, hasher, &wr) : -ENOMEM;

    if (r != 0) {
        free(room);
        return r;
    }
    *ret_records = room;
    *ret_len = wr_done(&wr).len;
    return 0;
}
