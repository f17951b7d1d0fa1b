#include "front/access.h"

enum { NONE = 0, GET = 1 << FRONT_GET, POST = 1 << FRONT_POST };

struct access_row {
    const char *path;
    unsigned methods;      /* that exist at all: a PSK connection may use them */
    unsigned cert_methods; /* of them, on a certificate connection */
    size_t body_max;
};

static const struct access_row rows[FRONT_RESOURCE_N] = {
    [FRONT_ENROLL] = {"enroll", POST, POST, LIMIT_FRONT_ENROLL_BYTES},
    [FRONT_ATTEST] = {"attest", POST, NONE, LIMIT_EVIDENCE_BYTES},
    [FRONT_TOKEN] = {"token", GET, NONE, 0},
    [FRONT_KEYS] = {"keys", GET, GET, 0},
    [FRONT_EVENTS] = {"events", GET, NONE, 0},
    [FRONT_ANNOUNCE] = {"announce", POST, NONE, LIMIT_ANNOUNCE_BYTES},
    [FRONT_WELLKNOWN] = {".well-known/core", GET, GET, 0},
};

enum front_resource
access_resource(struct bytes path)
{
    size_t i = 0;

    while (i < FRONT_RESOURCE_N && !bytes_equal(path, bytes_str(rows[i].path))) {
        i++;
    }
    return (enum front_resource)i;
}

uint8_t
access_check(enum front_kind kind, enum front_resource resource, uint8_t method)
{
    unsigned bit = method < 8 ? 1u << method : 0;

    if (resource >= FRONT_RESOURCE_N) {
        return FRONT_CODE(4, 4);
    }
    if (!(rows[resource].methods & bit)) {
        return FRONT_CODE(4, 5);
    }
    if (kind != FRONT_PSK && !(rows[resource].cert_methods & bit)) {
        return FRONT_CODE(4, 3);
    }
    return 0;
}

size_t
access_body_max(enum front_resource resource)
{
    return resource < FRONT_RESOURCE_N ? rows[resource].body_max : 0;
}
