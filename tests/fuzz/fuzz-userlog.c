/* Each record that is read is whole: ended texts, known algorithms, a possible target. */
#include "formats/userlog.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    static struct userlog_record record;
    static struct hasher *hasher;
    struct userlog log;
    struct fault f;
    bool bound;
    int r;

    if (!hasher) {
        hasher = hasher_new();
    }
    if (!hasher || userlog_open(&log, in, &f) != 0) {
        return;
    }
    while ((r = userlog_next(&log, &record, &f)) == 0) {
        FUZZ_ASSERT(record.n_digests > 0 && record.n_digests <= LIMIT_BANKS);
        FUZZ_ASSERT(record.target == USERLOG_NV || record.index < LIMIT_PCRS);
        FUZZ_ASSERT(strlen(record.string) <= LIMIT_USERLOG_STRING);
        FUZZ_ASSERT(userlog_bind(hasher, &record, &bound) == 0);
        FUZZ_ASSERT(!bound || record.has_string);
    }
    FUZZ_ASSERT(r == USERLOG_E_END || (f.rule != RULE_NONE && f.offset <= in.len));
}
