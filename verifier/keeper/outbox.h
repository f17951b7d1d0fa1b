/* Answers that wait for the commit of what they rest on: durable before stamped. */
#pragma once

#include "base/ipc.h"
#include "base/wr.h"

struct outbox;

struct outbox *outbox_new(void);
void outbox_free(struct outbox *outbox);

/* Copies the body. Returns 0 or -ENOMEM. */
MUST_CHECK int outbox_put(struct outbox *outbox, struct ipc *to, uint16_t type, uint64_t id,
                          struct bytes body);

/* Puts other bodies in the place of all but the first `from`: rewrite gets the old one and writes
 * the new. */
typedef void outbox_rewrite_fn(const void *context, uint16_t type, struct bytes old, struct wr *wr);
void outbox_rewrite(struct outbox *outbox, size_t from, outbox_rewrite_fn *rewrite,
                    const void *context);

/* Sends all, or drops all. A peer that takes no more is its own loss. */
void outbox_release(struct outbox *outbox);
void outbox_discard(struct outbox *outbox);

/* Forgets what waits for a peer that is gone. */
void outbox_forget(struct outbox *outbox, const struct ipc *peer);
size_t outbox_count(const struct outbox *outbox);
