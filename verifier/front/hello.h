/* Reads a DTLS ClientHello that has not proved anything yet, far enough to answer it without
 * keeping state. RFC 6347 sections 4.1, 4.2.1 and 4.2.2. */
#pragma once

#include "base/rd.h"

enum {
    HELLO_OK,
    HELLO_E_OTHER,     /* no handshake record of epoch 0, or no ClientHello in it */
    HELLO_E_FRAGMENT,  /* a part of a ClientHello: reassembly would be state for a stranger */
    HELLO_E_MALFORMED, /* lengths do not meet, trailing bytes, or no list of suites */
};

#define HELLO_RANDOM_LEN 32u

struct hello {
    uint8_t record_seq[6]; /* the answer must carry the same */
    uint16_t version;      /* what the client says that it speaks at most */
    uint8_t random[HELLO_RANDOM_LEN];
    struct bytes cookie; /* view; empty in a first hello */
};

/* Reads one whole datagram. Returns one of the above; ret_hello is untouched unless HELLO_OK. */
MUST_CHECK int hello_read(struct bytes datagram, struct hello *ret_hello);

/* Content type and epoch of a datagram's first record, which decide whose it is. Returns 0, or 1
 * when there is no whole record header or its version is no DTLS. */
struct hello_record {
    uint8_t type;
    uint16_t epoch;
};
enum { RECORD_CCS = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };
MUST_CHECK int hello_record_read(struct bytes datagram, struct hello_record *ret_record);
