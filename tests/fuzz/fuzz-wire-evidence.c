/* What is read as evidence is written to the same bytes, under the claims that it carries and, when
 * they do not match it, under any whose kinds have the items' types. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/evidence.h"

#include <stdlib.h>

static void
written_under_other_claims_is_the_same(const struct evidence *evidence, struct bytes in)
{
    struct claims claims = {.n_logs = LIMIT_EVIDENCE_LOGS};
    uint8_t *room = malloc(in.len);
    struct wr wr = wr_init(room, room ? in.len : 0);

    for (size_t i = 0; i < LIMIT_EVIDENCE_LOGS; i++) {
        claims.logs[i].kind = evidence->log_types[i] ? LOG_USERSPACE : LOG_IMA;
    }
    evidence_write(&wr, evidence, &claims);
    FUZZ_ASSERT(!room || bytes_equal(wr_done(&wr), in));
    free(room);
}

void
fuzz_one(struct bytes in)
{
    struct evidence evidence;

    if (evidence_read(in, &evidence, NULL) == 0) {
        written_under_other_claims_is_the_same(&evidence, in);
    }
    FUZZ_ASSERT(wire_echo_same("evidence", in, BYTES_NULL));
}
