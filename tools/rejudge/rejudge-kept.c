#include "rejudge/rejudge-kept.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
    const char *name, *text;
} whys[REJUDGE_WHY_N] = {
    [REJUDGE_JUDGED] = {"judged", "judged"},
    [REJUDGE_NO_CLASS] = {"no-class", "its class is gone"},
    [REJUDGE_NO_EVIDENCE] = {"no-evidence", "no genuine evidence of it is kept"},
    [REJUDGE_TOO_OLD] = {"too-old", "its last evidence is older than that"},
    [REJUDGE_NO_LOG] = {"no-log", "the body of its log is not in the store"},
    [REJUDGE_BAD_LOG] = {"bad-log", "its kept log is none to this version"},
    [REJUDGE_NO_USERSPACE] =
        {"no-userspace-log", "the policy reads PCR 11, 12, 13 or 15, and systemd's log is not kept "
                             "whole: it is asked for from the first evidence under such a policy"},
    [REJUDGE_NO_IMA] = {"no-ima-list", "the policy has rules for the IMA list, which is not kept"},
    [REJUDGE_NO_AGE] = {"no-age", "the policy limits ages, and later evidence that was not genuine "
                                  "has taken their place"},
};

bool
rejudge_why_heard(enum rejudge_why why)
{
    return why == REJUDGE_JUDGED || why == REJUDGE_NO_IMA || why == REJUDGE_NO_AGE;
}

const char *
rejudge_why_name(enum rejudge_why why)
{
    return whys[why].name;
}

const char *
rejudge_why_text(enum rejudge_why why)
{
    return whys[why].text;
}

int
rejudge_log_load(struct store *store, struct hasher *hasher, const uint8_t digest[32],
                 enum log_kind kind, struct rejudge_log *ret)
{
    struct rejudge_log log = {.body = NULL};
    struct fault fault;
    size_t len = 0;
    int r = store_log_get(store, digest, &log.body, &len);

    if (r != 0) {
        return r == STORE_NONE ? REJUDGE_NO_LOG : r;
    }
    r = kind == LOG_USERSPACE
            ? offline_log_userspace(hasher, bytes_of(log.body, len), &log.read, &fault)
            : offline_log_firmware(hasher, bytes_of(log.body, len), &log.read, &fault);
    if (r != 0) {
        free(log.body);
        return r > 0 || r == -EPROTO ? REJUDGE_BAD_LOG : r; /* one log is not the whole fleet */
    }
    *ret = log;
    return 0;
}

void
rejudge_log_done(struct rejudge_log *log)
{
    offline_log_done(&log->read);
    free(log->body);
    *log = (struct rejudge_log){.body = NULL};
}
