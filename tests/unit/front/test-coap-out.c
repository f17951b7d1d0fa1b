/* front/coap-out: all that it writes parses with libcoap and means the same. */
#include <coap3/coap.h>
#include <stdlib.h>

#include "front/coap-answer.h"
#include "front/coap-problem.h"
#include "lib/check.h"
#include "wire/problem.h"

enum { ROOM = 70000 };

static uint8_t room[ROOM];
static uint8_t value[66000];

static coap_pdu_t *
parsed(struct bytes message)
{
    coap_pdu_t *pdu = coap_pdu_init(0, 0, 0, message.len);

    CHECK(message.p && pdu);
    CHECK_EQ(coap_pdu_parse(COAP_PROTO_DTLS, message.p, message.len, pdu), 1);
    return pdu;
}

static void
every_type_code_and_token_length_parses(void)
{
    for (unsigned code = 1; code < 256; code++) {
        struct coap_token token = {.b = {1, 2, 3, 4, 5, 6, 7, 8}, .len = (uint8_t)(code % 9)};
        enum coap_type type = (enum coap_type)(code % 3);
        struct coap_out out = coap_out_begin(room, ROOM, type, (uint8_t)code, 0xabcd, &token);
        coap_pdu_t *pdu;

        if (code >> 5 == 1 || code >> 5 == 6 || code >> 5 == 7) {
            continue; /* reserved, and signalling of CoAP over TCP */
        }
        coap_out_payload(&out, bytes_str("x"));
        pdu = parsed(coap_out_done(&out));
        CHECK_EQ(coap_pdu_get_code(pdu), code);
        CHECK_EQ(coap_pdu_get_type(pdu), type);
        CHECK_EQ(coap_pdu_get_mid(pdu), 0xabcd);
        CHECK_BYTES(bytes_of(coap_pdu_get_token(pdu).s, coap_pdu_get_token(pdu).length),
                    bytes_of(token.b, token.len));
        coap_delete_pdu(pdu);
    }
}

static void
option_is(uint16_t number, size_t len)
{
    static const struct coap_token token = {.len = 0};
    struct coap_out out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &token);
    coap_opt_iterator_t at;
    coap_opt_t *option;
    coap_pdu_t *pdu;
    size_t left = 0;
    const uint8_t *data = NULL;

    coap_out_option(&out, number, bytes_of(value, len));
    coap_out_payload(&out, bytes_str("payload"));
    pdu = parsed(coap_out_done(&out));
    coap_option_iterator_init(pdu, &at, COAP_OPT_ALL);
    option = coap_option_next(&at);
    CHECK(option != NULL);
    CHECK_EQ(at.number, number);
    CHECK_BYTES(bytes_of(coap_opt_value(option), coap_opt_length(option)), bytes_of(value, len));
    CHECK(coap_option_next(&at) == NULL);
    CHECK_EQ(coap_get_data(pdu, &left, &data), 1);
    CHECK_BYTES(bytes_of(data, left), bytes_str("payload"));
    coap_delete_pdu(pdu);
}

static void
every_option_number_and_length_class_parses(void)
{
    /* numbers that libcoap has no own length rule for, around each change of the delta's form */
    static const uint16_t numbers[] = {2, 10, 13, 18, 268, 269, 270, 2048, 65001};
    static const size_t lens[] = {0, 1, 12, 13, 14, 268, 269, 270, 1034};

    memset(value, 0x5a, sizeof(value));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(lens); j++) {
            option_is(numbers[i], lens[j]);
        }
    }
    for (size_t len = 0; len < 600; len++) {
        option_is(2048, len);
    }
}

static void
numbers_are_as_short_as_can_be(void)
{
    static const struct coap_token token = {.len = 0};
    struct coap_out out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &token);
    struct coap_block block = {.num = 65535, .more = true, .szx = 6};

    coap_out_uint(&out, 12, 0);
    coap_out_uint(&out, 14, 255);
    coap_out_uint(&out, 14, 256);
    coap_out_uint(&out, 14, UINT32_MAX);
    coap_out_block(&out, 27, &block);
    CHECK_BYTES(coap_out_done(&out), check_hex("40010001 c0 21ff 020100 04ffffffff d300 0ffffe"));
}

static void
misuse_and_want_of_room_latch(void)
{
    static const struct coap_token token = {.len = 0};
    static const struct coap_token long_token = {.len = 9};
    struct coap_block block = {.num = 1u << 20};
    struct coap_out out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &token);

    coap_out_uint(&out, 14, 1);
    coap_out_uint(&out, 12, 1);
    CHECK(coap_out_done(&out).p == NULL);
    out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &token);
    coap_out_block(&out, 27, &block);
    CHECK(coap_out_done(&out).p == NULL);
    out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &token);
    coap_out_option(&out, 12, bytes_of(value, 65536));
    CHECK(coap_out_done(&out).p == NULL);
    out = coap_out_begin(room, ROOM, COAP_CON, 1, 1, &long_token);
    CHECK(coap_out_done(&out).p == NULL);
    out = coap_out_begin(room, 10, COAP_CON, 1, 1, &token);
    coap_out_payload(&out, bytes_of(value, 6));
    CHECK(coap_out_done(&out).p == NULL);
}

static void
a_full_answer_fits_and_parses(void)
{
    static const struct coap_token token = {.b = {1}, .len = 8};
    uint8_t message[LIMIT_FRONT_COAP];
    struct coap_answer answer = coap_answer_of(FRONT_CODE(2, 4));
    coap_pdu_t *pdu;

    answer.content_format = 65000;
    answer.max_age_s = INT64_MAX;
    answer.etag = UINT32_MAX;
    answer.size1 = answer.size2 = UINT32_MAX;
    answer.block1 = (struct coap_block){.num = 1048575, .szx = 6, .present = true};
    answer.block2 = answer.block1;
    answer.payload = bytes_of(value, LIMIT_FRONT_BLOCK);
    pdu = parsed(coap_answer_write(&answer, COAP_CON, 1, &token, message, sizeof(message)));
    coap_delete_pdu(pdu);
    answer = coap_answer_problem(value, FRONT_CODE(4, 29));
    CHECK(answer.payload.p != NULL);
    CHECK_EQ(answer.content_format, COAP_PROBLEM_FORMAT);
    CHECK_EQ(answer.max_age_s, 1);
}

/* Each code of the front's own errors fits, and only those that end by waiting say how long. */
static void
errors_say_what_is_wrong_and_when_to_come_again(void)
{
    static uint8_t problem_room[COAP_PROBLEM_ROOM];

    for (unsigned code = FRONT_CODE(4, 0); code <= FRONT_CODE(5, 31); code++) {
        bool busy = code == FRONT_CODE(4, 29) || code == FRONT_CODE(5, 3);
        struct problem problem;

        CHECK_EQ(
            problem_read(coap_problem_write(problem_room, (uint8_t)code, 604800), &problem, NULL),
            0);
        CHECK_EQ(problem.code, code);
        CHECK(problem.title.len > 0);
        CHECK_EQ(problem.reason, busy ? REASON_RATE_LIMITED : REASON_NONE);
        CHECK_EQ(problem.retry_s, busy ? 604800 : 0);
        CHECK_EQ(problem_read(coap_problem_write(problem_room, (uint8_t)code, FRONT_NO_MAX_AGE),
                              &problem, NULL),
                 0);
        CHECK_EQ(problem.retry_s, 0);
    }
}

CHECK_MAIN(CASE(every_type_code_and_token_length_parses),
           CASE(every_option_number_and_length_class_parses), CASE(numbers_are_as_short_as_can_be),
           CASE(misuse_and_want_of_room_latch), CASE(a_full_answer_fits_and_parses),
           CASE(errors_say_what_is_wrong_and_when_to_come_again))
