/* front/frame and front/coap-signal: where a message on a stream ends, and what it says of the
 * connection. RFC 8323 sections 3.2 and 5. */
#include <coap3/coap.h>
#include <stdlib.h>

#include "front/coap-out.h"
#include "front/coap-signal.h"
#include "front/frame.h"
#include "lib/check.h"

/* Length of options and payload, and the head of a message with code 2.05 and a token of two. */
static const struct {
    uint64_t length;
    const char *head;
} rows[] = {
    {0, "0245"},
    {1, "1245"},
    {12, "c245"},
    {13, "d20045"},
    {268, "d2ff45"},
    {269, "e2000045"},
    {65804, "e2ffff45"},
    {65805, "f20000000045"},
    {16777216, "f200fefef345"},
    {65805 + (uint64_t)UINT32_MAX, "f2ffffffff45"},
};

static void
every_length_has_its_one_head(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes head = check_hex(rows[i].head);
        struct frame frame = {.code = 0x45, .token_len = 2, .rest = 2 + rows[i].length};
        struct frame back;
        uint8_t room[FRAME_HEAD_MAX];

        CHECK_EQ(frame_head_len(head.p[0]), head.len);
        CHECK_BYTES(bytes_of(room, frame_head_write(room, &frame)), head);
        CHECK_EQ(frame_head_read(check_guarded(head), &back), 0);
        CHECK_EQ(back.code, 0x45);
        CHECK_EQ(back.token_len, 2);
        CHECK_EQ(back.rest, 2 + rows[i].length);
    }
}

static void
a_head_that_is_cut_or_longer_is_none(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes head = check_hex(rows[i].head);
        uint8_t longer[FRAME_HEAD_MAX + 1] = {0};
        struct frame frame = {.code = 7};

        for (size_t len = 0; len < head.len; len++) {
            CHECK_EQ(frame_head_read(check_guarded(bytes_of(head.p, len)), &frame), 1);
        }
        memcpy(longer, head.p, head.len);
        CHECK_EQ(frame_head_read(bytes_of(longer, head.len + 1), &frame), 1);
        CHECK_EQ(frame.code, 7);
    }
}

static void
token_lengths_that_are_reserved_are_refused(void)
{
    for (uint8_t len = 0; len < 16; len++) {
        uint8_t head[2] = {(uint8_t)(0x30 | len), 1};
        struct frame frame = {0};

        CHECK_EQ(frame_head_read(BYTES_OF(head), &frame), len > 8 ? 1 : 0);
        CHECK_EQ(frame.rest, len > 8 ? 0 : 3 + len);
    }
}

/* A whole message of that length: head, token, marker, payload. */
static void
read_by_libcoap(uint64_t length)
{
    struct frame frame = {.code = 0x45, .token_len = 2, .rest = 2 + length};
    uint8_t *message = calloc(1, (size_t)length + 2 + FRAME_HEAD_MAX);
    size_t head_len = frame_head_write(message, &frame);
    coap_pdu_t *pdu = coap_pdu_init(0, 0, 0, (size_t)length + 8);
    const uint8_t *data = NULL;
    size_t len = 0;

    CHECK(message && pdu);
    if (length > 0) {
        message[head_len + 2] = 0xff;
    }
    CHECK_EQ(coap_pdu_parse(COAP_PROTO_TLS, message, head_len + 2 + (size_t)length, pdu), 1);
    CHECK_EQ(coap_pdu_get_code(pdu), 0x45);
    CHECK_EQ(coap_pdu_get_token(pdu).length, 2);
    CHECK_EQ(coap_get_data(pdu, &len, &data), length > 0);
    CHECK_EQ(len, length > 0 ? length - 1 : 0);
    coap_delete_pdu(pdu);
    free(message);
}

static void
libcoap_reads_the_same_lengths(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].length != 1 && rows[i].length < UINT32_MAX) { /* a marker alone is none */
            read_by_libcoap(rows[i].length);
        }
    }
}

static void
capabilities_read_back(void)
{
    static const uint32_t sizes[] = {0, 1152, 33792, 17826816, UINT32_MAX};
    uint8_t room[SIGNAL_ROOM];
    struct coap_signal signal;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct bytes message = coap_signal_csm(room, sizes[i]);

        CHECK_EQ(coap_signal_read(check_guarded(message), &signal), 0);
        CHECK_EQ(signal.code, SIGNAL_CSM);
        CHECK(signal.has_max);
        CHECK_EQ(signal.max_message, sizes[i]);
    }
    CHECK_EQ(coap_signal_read(coap_signal_plain(room, SIGNAL_CSM, &(struct coap_token){.len = 0}),
                              &signal),
             0);
    CHECK(!signal.has_max);
}

static void
a_ping_has_its_token(void)
{
    static const struct coap_token token = {.b = {1, 2, 3}, .len = 3};
    uint8_t room[SIGNAL_ROOM];
    struct coap_signal signal;

    CHECK_EQ(coap_signal_read(coap_signal_plain(room, SIGNAL_PING, &token), &signal), 0);
    CHECK_EQ(signal.code, SIGNAL_PING);
    CHECK_EQ(signal.token.len, 3);
    CHECK_BYTES(bytes_of(signal.token.b, 3), bytes_of(token.b, 3));
}

/* code, number of an option, length of its value; what comes of it */
static void
options_that_are_not_known_are_ignored_or_fatal_by_their_number(void)
{
    static const struct {
        uint8_t code;
        uint16_t number;
        size_t len;
        int r;
    } cases[] = {
        {SIGNAL_CSM, 2, 4, 0},
        {SIGNAL_CSM, 2, 5, SIGNAL_E_FORM},
        {SIGNAL_CSM, 4, 0, 0},
        {SIGNAL_CSM, 6, 3, 0},
        {SIGNAL_CSM, 7, 0, SIGNAL_E_OPTION},
        {SIGNAL_PING, 2, 0, 0}, /* custody: a wish, section 5.4.1 */
        {SIGNAL_PING, 3, 0, SIGNAL_E_OPTION},
        {SIGNAL_RELEASE, 4, 1, 0},
        {SIGNAL_RELEASE, 5, 1, SIGNAL_E_OPTION},
    };
    static const uint8_t value[8] = {0, 0, 1, 1, 1, 1, 1, 1};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t room[SIGNAL_ROOM];
        struct coap_signal signal = {.code = 1};
        struct coap_out out = coap_out_begin(room, sizeof(room), COAP_NON, cases[i].code, 0,
                                             &(struct coap_token){.len = 0});

        coap_out_option(&out, cases[i].number, bytes_of(value, cases[i].len));
        CHECK_EQ(coap_signal_read(coap_out_done(&out), &signal), cases[i].r);
        CHECK_EQ(signal.code, cases[i].r == 0 ? cases[i].code : 1);
    }
}

static void
a_signal_that_is_cut_is_none(void)
{
    uint8_t room[SIGNAL_ROOM];
    struct bytes message = coap_signal_csm(room, 70000);
    struct coap_signal signal = {.code = 1};

    for (size_t len = 0; len < 4; len++) {
        CHECK_EQ(coap_signal_read(check_guarded(bytes_of(message.p, len)), &signal), SIGNAL_E_FORM);
    }
    CHECK_EQ(coap_signal_read(check_guarded(bytes_of(message.p, 6)), &signal), SIGNAL_E_FORM);
    room[4] = 0xf2; /* an option number that is reserved */
    CHECK_EQ(coap_signal_read(message, &signal), SIGNAL_E_FORM);
    CHECK_EQ(signal.code, 1);
}

CHECK_MAIN(CASE(every_length_has_its_one_head), CASE(a_head_that_is_cut_or_longer_is_none),
           CASE(token_lengths_that_are_reserved_are_refused), CASE(libcoap_reads_the_same_lengths),
           CASE(capabilities_read_back), CASE(a_ping_has_its_token),
           CASE(options_that_are_not_known_are_ignored_or_fatal_by_their_number),
           CASE(a_signal_that_is_cut_is_none))
