/* What of a boot is trusted more than what it starts: its firmware, and the keys and the state of
 * Secure Boot, as one digest each. Inside tools/suggest. */
#pragma once

#include "appraise/slots.h"
#include "store/store.h"

struct suggest_trusted {
    uint8_t firmware[32]; /* slots crtm.version, firmware, nonhost.info */
    uint8_t keys[32];     /* secureboot, sb.mode, sb.pk, sb.kek, sb.db */
};

enum suggest_level { SUGGEST_OF_FIRMWARE, SUGGEST_OF_KEYS, SUGGEST_OF_OTHERS };
enum suggest_level suggest_level(enum slot slot);

struct suggest_trust;

struct suggest_trust *suggest_trust_new(void); /* NULL when memory ends */
void suggest_trust_free(struct suggest_trust *trust);

/* Of a log as a policy quotes it. Returns 0; STORE_NONE when the log has no such bank; or a
 * negative errno. */
MUST_CHECK int suggest_trust_of(struct suggest_trust *trust, struct hasher *hasher,
                                const struct event_log *log, struct pcr_set quote,
                                struct suggest_trusted *ret);

/* Of a log that the store keeps; the last ones are remembered. Returns as above, STORE_NONE also
 * when it is not kept or is no log to this version. */
MUST_CHECK int suggest_trust_kept(struct suggest_trust *trust, struct store *store,
                                  struct hasher *hasher, const uint8_t digest[32],
                                  struct pcr_set quote, struct suggest_trusted *ret);
