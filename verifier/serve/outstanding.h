/* Requests that the keeper has and has not answered, so that no flood of them piles up in front of
 * it: at most LIMIT_FRONT_OUTSTANDING a front. */
#pragma once

#include "base/limits.h"
#include "base/std.h"

struct outstanding {
    size_t n;
    struct {
        uint64_t conn;
        uint64_t request;
    } row[LIMIT_FRONT_OUTSTANDING];
};

/* False when the table is full. */
bool outstanding_add(struct outstanding *table, uint64_t conn, uint64_t request);

/* Removes a request of that connection; false when there is none. */
bool outstanding_take(struct outstanding *table, uint64_t conn, uint64_t request);

/* Removes all requests of a connection. */
void outstanding_drop(struct outstanding *table, uint64_t conn);
