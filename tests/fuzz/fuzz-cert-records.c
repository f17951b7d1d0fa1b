/* Jobs and records about certificates: what is read keeps to its bounds and is written back to the
 * same bytes. The first byte chooses which of the two. */
#include "base/rd.h"
#include "lib/fuzz.h"
#include "roles/cert-records.h"

enum { ROOM = 557056 };

static void
job(struct bytes in)
{
    static struct cert_job job;
    static uint8_t room[ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    if (cert_job_read(in, &job) == 0) {
        FUZZ_ASSERT(job.n_leaves > 0 && job.n_leaves <= job.n_sent && job.n_sent <= LIMIT_CERTS);
        cert_job_write(&wr, &job);
        FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    }
}

static void
records(struct bytes in)
{
    struct cert_records records;
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    if (cert_records_read(in, &records) == 0) {
        FUZZ_ASSERT(records.n > 0 && records.n <= LIMIT_CHAIN);
        FUZZ_ASSERT((records.rule == RULE_NONE) == (records.n > 1));
        cert_records_write(&wr, &records);
        FUZZ_ASSERT(bytes_equal(wr_done(&wr), in));
    }
}

void
fuzz_one(struct bytes in)
{
    struct rd rd = rd_init(in);
    uint8_t which = rd_u8(&rd);

    if (rd.failed) {
        return;
    }
    if (which & 1) {
        job(rd_rest(&rd));
    } else {
        records(rd_rest(&rd));
    }
}
