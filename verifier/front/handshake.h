/* From a datagram to an open connection, and its end: cookie, half-open connection, Finished. */
#pragma once

#include "front/state.h"

/* Takes one received datagram and does all that follows from it. */
void handshake_datagram(struct front *front, const struct dgram *dgram);

/* A finished handshake: true when it was strong enough and the connection is open now; else the
 * connection is gone. */
bool handshake_opened(struct front *front, struct conn *conn);

/* Makes room under each cap for one handshake more of this prefix. */
void handshake_room(struct front *front, const struct quota *quota);

/* What the connection's timer asks for; the connection may be gone afterwards. */
void handshake_timer(struct front *front, struct conn *conn);

/* Sets the timer to what is due next. */
void handshake_arm(struct front *front, struct conn *conn);

/* Ends a connection; on_closed() is called if it was open. `goodbye`: tell the peer. */
void handshake_end(struct front *front, struct conn *conn, bool goodbye);
