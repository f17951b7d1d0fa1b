/* Inside attestor/link/ only: what libcoap's TLS set-up leaves to wish for. It overrides several
 * verification errors and keeps the PSK in memory that is neither locked nor wiped; so its session
 * gets our store and our callbacks while only the hello has gone out. */
#pragma once

#include "link/link-state.h"

#define LINK_PSK_SUITE "ECDHE-PSK-CHACHA20-POLY1305" /* protocol page, Transport */

/* Reads the CA file into link->store. Returns 0, LINK_E_CONFIG, or -ENOMEM. */
MUST_CHECK int link_tls_store(struct link *link);

/* Before the handshake, or while only the hello of a datagram has gone out. Returns 0,
 * LINK_E_CONFIG or -EIO. */
MUST_CHECK int link_tls_prepare(struct link *link);

/* When we ended the handshake over its certificates: why, else NULL. */
const char *link_tls_refusal(const struct link *link);

/* When the handshake is finished. Returns NULL when all is as demanded, or what is not. */
const char *link_tls_weakness(const struct link *link);
