/* Hostile parts of growing logs through the reader: whatever they are, its records are in form, and
 * their places are in the part. The first byte says which kind. */
#include "appraise/ima-records.h"
#include "lib/fuzz.h"
#include "reader/reader-ima.h"
#include "reader/reader-userlog.h"
#include "roles/records.h"

static uint8_t room[8 << 20];

static void
ima(struct hasher *hasher, struct bytes part)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima_records records;
    struct ima_record record;
    struct fault fault = {0};
    int r = reader_ima(part, hasher, &wr);

    FUZZ_ASSERT(r == 0);
    records = ima_records_open(wr_done(&wr));
    while ((r = ima_records_next(&records, &record, &fault)) == 0) {
        FUZZ_ASSERT(record.end <= part.len);
    }
    FUZZ_ASSERT(r == IMA_RECORDS_E_END || r == IMA_RECORDS_E_FAULT);
    FUZZ_ASSERT(r == IMA_RECORDS_E_FAULT || records.end == part.len);
    FUZZ_ASSERT(r == IMA_RECORDS_E_END || fault.offset <= part.len);
}

static void
userspace(struct hasher *hasher, struct bytes part)
{
    static struct event events[LIMIT_EVENTS];
    struct wr wr = wr_init(room, sizeof(room));
    struct event_log log;
    struct fault fault = {0};
    uint32_t end = 0;
    int r = reader_userlog(part, hasher, &wr, &fault);

    FUZZ_ASSERT(r == 0 || (r == 1 && fault.rule != RULE_NONE));
    if (r == 0) {
        FUZZ_ASSERT(records_read(wr_done(&wr), events, &log) == 0);
        for (size_t i = 0; i < log.n_events; i++) {
            FUZZ_ASSERT(events[i].offset == end && events[i].length > 0);
            end += events[i].length;
        }
        FUZZ_ASSERT(end == part.len);
    }
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;

    hasher = hasher ? hasher : hasher_new();
    if (in.len == 0) {
        return;
    }
    if (in.p[0] & 1) {
        userspace(hasher, bytes_of(in.p + 1, in.len - 1));
    } else {
        ima(hasher, bytes_of(in.p + 1, in.len - 1));
    }
}
