#include "front/coap-answer.h"

#include "front/coap-problem.h"

enum {
    OPTION_ETAG = 4,
    OPTION_CONTENT_FORMAT = 12,
    OPTION_MAX_AGE = 14,
    OPTION_BLOCK2 = 23,
    OPTION_BLOCK1 = 27,
    OPTION_SIZE2 = 28,
    OPTION_SIZE1 = 60,
    BUSY_S = 1, /* what is too much here is a connection's own, and short */
};

struct coap_answer
coap_answer_of(uint8_t code)
{
    return (struct coap_answer){
        .code = code, .content_format = FRONT_NO_FORMAT, .max_age_s = FRONT_NO_MAX_AGE};
}

struct coap_answer
coap_answer_problem(uint8_t *room, uint8_t code)
{
    struct coap_answer answer = coap_answer_of(code);

    if (code == FRONT_CODE(4, 29) || code == FRONT_CODE(5, 3)) {
        answer.max_age_s = BUSY_S;
    }
    answer.content_format = COAP_PROBLEM_FORMAT;
    answer.payload = coap_problem_write(room, code, answer.max_age_s);
    return answer;
}

static void
etag_write(struct coap_out *out, uint32_t etag)
{
    uint8_t room[4];
    struct wr wr = wr_init(room, sizeof(room));

    wr_be32(&wr, etag);
    coap_out_option(out, OPTION_ETAG, wr_done(&wr));
}

struct bytes
coap_answer_write(const struct coap_answer *answer, enum coap_type type, uint16_t mid,
                  const struct coap_token *token, void *room, size_t cap)
{
    struct coap_out out = coap_out_begin(room, cap, type, answer->code, mid, token);

    if (answer->etag) {
        etag_write(&out, answer->etag);
    }
    if (answer->content_format >= 0) {
        coap_out_uint(&out, OPTION_CONTENT_FORMAT, (uint16_t)answer->content_format);
    }
    if (answer->max_age_s >= 0) {
        coap_out_uint(&out, OPTION_MAX_AGE,
                      answer->max_age_s > UINT32_MAX ? UINT32_MAX : (uint32_t)answer->max_age_s);
    }
    if (answer->block2.present) {
        coap_out_block(&out, OPTION_BLOCK2, &answer->block2);
    }
    if (answer->block1.present) {
        coap_out_block(&out, OPTION_BLOCK1, &answer->block1);
    }
    if (answer->size2) {
        coap_out_uint(&out, OPTION_SIZE2, answer->size2);
    }
    if (answer->size1) {
        coap_out_uint(&out, OPTION_SIZE1, answer->size1);
    }
    coap_out_payload(&out, answer->payload);
    return coap_out_done(&out);
}
