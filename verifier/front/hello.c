#include "front/hello.h"

enum { CLIENT_HELLO = 1, SESSION_ID_MAX = 32, DTLS_MAJOR = 0xfe };

static uint32_t
be24(struct rd *rd)
{
    uint32_t high = rd_u8(rd);

    return high << 16 | rd_be16(rd);
}

int
hello_record_read(struct bytes datagram, struct hello_record *ret_record)
{
    struct rd rd = rd_init(datagram);
    struct hello_record record;
    uint16_t version;

    record.type = rd_u8(&rd);
    version = rd_be16(&rd);
    record.epoch = rd_be16(&rd);
    (void)rd_bytes(&rd, 6);
    (void)rd_be16(&rd);
    if (rd.failed || version >> 8 != DTLS_MAJOR) {
        return 1;
    }
    *ret_record = record;
    return 0;
}

/* The part of the body that matters; the rest is OpenSSL's once the cookie holds. */
static int
body_read(struct rd *rd, struct hello *hello)
{
    struct rd suites;

    hello->version = rd_be16(rd);
    rd_copy(rd, hello->random, sizeof(hello->random));
    if (rd_bytes(rd, rd_u8(rd)).len > SESSION_ID_MAX) {
        return HELLO_E_MALFORMED;
    }
    hello->cookie = rd_bytes(rd, rd_u8(rd));
    suites = rd_sub(rd, rd_be16(rd));
    if (rd->failed || rd_left(&suites) < 2 || rd_left(&suites) % 2 != 0) {
        return HELLO_E_MALFORMED;
    }
    if (rd_bytes(rd, rd_u8(rd)).len == 0) { /* compression methods: null at least */
        return HELLO_E_MALFORMED;
    }
    if (rd_left(rd) > 0) {
        (void)rd_bytes(rd, rd_be16(rd)); /* extensions */
    }
    return rd_end(rd) ? HELLO_OK : HELLO_E_MALFORMED;
}

int
hello_read(struct bytes datagram, struct hello *ret_hello)
{
    struct rd rd = rd_init(datagram);
    struct hello_record record;
    struct hello hello = {0};
    uint32_t len;
    uint32_t from;
    uint32_t part;
    int r;

    if (hello_record_read(datagram, &record) != 0 || record.type != RECORD_HANDSHAKE ||
        record.epoch != 0) {
        return HELLO_E_OTHER;
    }
    (void)rd_bytes(&rd, 5);
    rd_copy(&rd, hello.record_seq, sizeof(hello.record_seq));
    rd = rd_sub(&rd, rd_be16(&rd));
    if (rd_u8(&rd) != CLIENT_HELLO) {
        return rd.failed ? HELLO_E_MALFORMED : HELLO_E_OTHER;
    }
    len = be24(&rd);
    (void)rd_be16(&rd); /* message number: 0, or 1 after our HelloVerifyRequest */
    from = be24(&rd);
    part = be24(&rd);
    if (!rd.failed && (from != 0 || part != len)) {
        return HELLO_E_FRAGMENT;
    }
    /* one record a datagram: the bytes after it would be read by nobody who knows the peer */
    if (rd.failed || rd_left(&rd) != len || rd_offset(&rd) + len != datagram.len) {
        return HELLO_E_MALFORMED;
    }
    r = body_read(&rd, &hello);
    if (r != HELLO_OK) {
        return r;
    }
    *ret_hello = hello;
    return HELLO_OK;
}
