/* The attestor's link to the real front of front-rig.h, over UDP or TCP: one secret, one ticket,
 * and a front that takes its turns whenever the link asks whether to stop. */
#pragma once

#include "lib/front-rig.h"
#include "link/link.h"

enum { LINK_RIG_WAIT_MS = 20000 };

/* Zero but for rig.stream: over TCP. */
struct link_rig {
    struct rig rig;
    struct link_ticket ticket;
    struct secret *psk;
    char text[LINK_TEXT]; /* of the last attempt */
    char servers[256];
};

/* Starts a front on an address; `to` is the same as it stands in a list of servers. */
void link_rig_begin(struct link_rig *play, const char *ip, const char *to);

/* A device's way there, borrowed from play; its secret is made anew each time. */
struct link_target link_rig_target(struct link_rig *play, const char *identity);

/* As a target's stopped(), with a struct link_rig: turns of the front, if there is one. */
bool link_rig_pump(void *play);

/* Opens with the secret of an identity; a failure ends the case. */
struct link *link_rig_open(struct link_rig *play, const char *identity);

/* One request and its answer. */
void link_rig_served(struct link_rig *play, struct link *link);

/* Takes the link, which may be NULL, and drops secret, ticket and front. */
void link_rig_end(struct link_rig *play, struct link *take_link);
