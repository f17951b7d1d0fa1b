#include "lib/wire-echo.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/announce.h"
#include "wire/answer.h"
#include "wire/audit-head.h"
#include "wire/audit-row.h"
#include "wire/bundle.h"
#include "wire/credential.h"
#include "wire/device-key.h"
#include "wire/enroll.h"
#include "wire/evidence.h"
#include "wire/problem.h"
#include "wire/token-cwt.h"

/* One message whose reader and writer have the usual shape. */
#define ECHO(name)                                         \
    static int echo_##name(struct bytes in, struct wr *wr) \
    {                                                      \
        struct name name;                                  \
                                                           \
        if (name##_read(in, &name, NULL) != 0) {           \
            return WIRE_ECHO_REFUSED;                      \
        }                                                  \
        name##_write(wr, &name);                           \
        return WIRE_ECHO_OK;                               \
    }

ECHO(announce)
ECHO(answer)
ECHO(audit_head)
ECHO(audit_row)
ECHO(claims)
ECHO(credential)
ECHO(device_key)
ECHO(enroll)
ECHO(enrolled)
ECHO(problem)

static int
echo_bundle(struct bytes in, struct wr *wr)
{
    static struct bundle bundle;

    if (bundle_read(in, &bundle, NULL) != 0) {
        return WIRE_ECHO_REFUSED;
    }
    bundle_write(wr, &bundle);
    return WIRE_ECHO_OK;
}

static int
echo_bundle_seal(struct bytes in, struct wr *wr)
{
    struct bundle_seal seal;

    if (bundle_seal_read(in, &seal, NULL) != 0) {
        return WIRE_ECHO_REFUSED;
    }
    bundle_seal_write(wr, &seal);
    return WIRE_ECHO_OK;
}

static int
echo_evidence(struct bytes in, struct wr *wr)
{
    struct evidence evidence;
    struct claims claims;
    struct device_key key;

    if (evidence_read(in, &evidence, NULL) != 0 ||
        (evidence.key.p && device_key_read(evidence.key, &key, NULL) != 0) ||
        claims_read(evidence.claims, &claims, NULL) != 0 ||
        evidence_match(&evidence, &claims, NULL) != 0) {
        return WIRE_ECHO_REFUSED;
    }
    evidence_write(wr, &evidence, &claims);
    return WIRE_ECHO_OK;
}

static bool
selection_whole(struct bytes in, struct selection *ret)
{
    struct cbor_rd c = cbor_rd_init(in);

    selection_read(&c, ret);
    return cbor_rd_end(&c);
}

static int
echo_selection(struct bytes in, struct wr *wr)
{
    struct selection selection;

    if (!selection_whole(in, &selection)) {
        return WIRE_ECHO_REFUSED;
    }
    selection_write(wr, &selection);
    return WIRE_ECHO_OK;
}

static int
echo_values(struct bytes in, struct bytes encoded, struct wr *wr)
{
    struct selection selection;
    struct pcr_values values;

    if (!selection_whole(encoded, &selection)) {
        return -EINVAL;
    }
    if (pcr_values_read(in, &selection, &values, NULL) != 0) {
        return WIRE_ECHO_REFUSED;
    }
    pcr_values_write(wr, &values);
    return WIRE_ECHO_OK;
}

static int
echo_token_cwt(struct bytes in, struct wr *wr)
{
    struct token_claims claims;

    if (token_cwt_read(in, &claims) != 0) {
        return WIRE_ECHO_REFUSED;
    }
    return token_cwt_write(wr, &claims);
}

int
wire_echo(const char *kind, struct bytes in, struct bytes selection, struct wr *wr)
{
    static const struct {
        const char *kind;
        int (*echo)(struct bytes in, struct wr *wr);
    } kinds[] = {
        {"announce", echo_announce},     {"answer", echo_answer},
        {"audit-head", echo_audit_head}, {"audit-row", echo_audit_row},
        {"bundle", echo_bundle},         {"bundle-seal", echo_bundle_seal},
        {"claims", echo_claims},         {"credential", echo_credential},
        {"device-key", echo_device_key}, {"enroll", echo_enroll},
        {"enrolled", echo_enrolled},     {"evidence", echo_evidence},
        {"problem", echo_problem},       {"selection", echo_selection},
        {"token-cwt", echo_token_cwt},
    };

    if (strcmp(kind, "values") == 0) {
        return echo_values(in, selection, wr);
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kind, kinds[i].kind) == 0) {
            return kinds[i].echo(in, wr);
        }
    }
    return -EINVAL;
}

bool
wire_echo_same(const char *kind, struct bytes in, struct bytes selection)
{
    uint8_t *room = malloc(in.len ? in.len : 1);
    struct wr wr = wr_init(room, in.len);
    bool same;

    if (!room) {
        return true;
    }
    same =
        wire_echo(kind, in, selection, &wr) == WIRE_ECHO_REFUSED || bytes_equal(wr_done(&wr), in);
    free(room);
    return same;
}
