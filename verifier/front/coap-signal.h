/* Messages about the connection itself, RFC 8323 section 5: capabilities, ping, release, abort. */
#pragma once

#include "front/coap-in.h"

enum {
    SIGNAL_CSM = FRONT_CODE(7, 1),
    SIGNAL_PING = FRONT_CODE(7, 2),
    SIGNAL_PONG = FRONT_CODE(7, 3),
    SIGNAL_RELEASE = FRONT_CODE(7, 4),
    SIGNAL_ABORT = FRONT_CODE(7, 5),
};

/* A peer that has said nothing takes messages of this length, RFC 8323 section 5.3.1. */
#define SIGNAL_MESSAGE_BASE 1152u

struct coap_signal {
    uint8_t code;
    struct coap_token token;
    bool has_max;
    uint32_t max_message; /* CSM: longest message that the peer takes */
};

/* Reads a message in the form of a datagram whose code is of class 7. Returns 0, SIGNAL_E_OPTION
 * for a critical option that we do not know (section 5.2: abort), SIGNAL_E_FORM, or -ENOMEM. */
enum { SIGNAL_E_FORM = 1, SIGNAL_E_OPTION = 2 };
MUST_CHECK int coap_signal_read(struct bytes message, struct coap_signal *ret);

/* Our capabilities: the longest message that we take, and block-wise transfer. Room: 32 bytes. In
 * the form of a datagram. */
#define SIGNAL_ROOM 32u
struct bytes coap_signal_csm(uint8_t room[SIGNAL_ROOM], uint32_t max_message);

/* A message without options. */
struct bytes coap_signal_plain(uint8_t room[SIGNAL_ROOM], uint8_t code,
                               const struct coap_token *token);
