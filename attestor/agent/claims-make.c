#include "agent/claims-make.h"

enum { MODEL_MAX = 32 /* RFC 9711 section 4.2.4: hwmodel is at most 32 bytes */ };

static int
make_log(struct hasher *hasher, const struct known_log_at *from, struct claims_log *ret)
{
    bool grows = from->kind != LOG_FIRMWARE; /* the firmware's is known whole or not at all */
    bool fits = grows ? from->offset <= from->bytes.len : from->offset == from->bytes.len;
    uint64_t offset = fits ? from->offset : 0;
    struct claims_log log = {.kind = from->kind, .offset = offset};
    int r = hasher_bytes(hasher, HASH_SHA256, bytes_of(from->bytes.p, (size_t)offset), log.before);

    if (r == 0 && !grows) {
        log.whole = true;
        log.length = from->bytes.len;
        r = hasher_bytes(hasher, HASH_SHA256, from->bytes, log.digest);
    }
    if (r == 0) {
        *ret = log;
    }
    return r;
}

int
claims_make(struct hasher *hasher, const struct claims_facts *facts, struct claims *ret)
{
    struct claims claims = {.uptime_s = facts->uptime_s,
                            .clock_floor_s = facts->clock_floor_s,
                            .quoted = facts->quoted};

    if (facts->nonce) {
        claims.has_nonce = true;
        memcpy(claims.nonce, facts->nonce, sizeof(claims.nonce));
    }
    if (facts->ueid) {
        claims.has_ueid = true;
        memcpy(claims.ueid, facts->ueid, sizeof(claims.ueid));
    }
    if (facts->machine) {
        claims.model = source_smbios_text(facts->machine->model, MODEL_MAX);
        claims.firmware = source_smbios_text(facts->machine->firmware, LIMIT_TEXT);
        claims.maker = source_smbios_text(facts->machine->maker, LIMIT_TEXT);
    }
    for (size_t i = 0; i < facts->n_logs && i < LIMIT_EVIDENCE_LOGS; i++) {
        int r = make_log(hasher, &facts->logs[i], &claims.logs[claims.n_logs++]);

        if (r < 0) {
            return r;
        }
    }
    *ret = claims;
    return 0;
}
