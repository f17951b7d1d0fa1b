/* Inside attestor/link/ only: resumption by ticket, protocol page, Transport. libcoap's client has
 * no way to say it, and sends the hello before it returns; so OpenSSL's own call for each new SSL
 * object is where ours is found, and the start of its handshake where the session is set. */
#pragma once

#include "link/link-state.h"

/* Makes OpenSSL tell this link of the SSL object that is made next; NULL ends that. Over TCP it is
 * made when the connection stands, and prepared when its handshake begins. Returns 0, or -EIO. One
 * thread. */
MUST_CHECK int link_ticket_watch(struct link *link);

/* The link of an SSL object that was made while it was watched, or NULL. */
struct link *link_ticket_owner(const SSL *ssl);

/* After a handshake that was found strong enough: keeps its session in the target's ticket, for
 * the next. What cannot be kept is not: the next handshake is then a full one. */
void link_ticket_keep(struct link *link);
