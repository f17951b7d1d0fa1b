/* What an answer says, and its CoAP form. */
#pragma once

#include "front/coap-out.h"

struct coap_answer {
    uint8_t code;
    int content_format; /* FRONT_NO_FORMAT: none */
    int64_t max_age_s;  /* FRONT_NO_MAX_AGE: none */
    uint32_t etag;      /* 0: none */
    uint32_t size1;     /* 0: none; what we would take at most */
    uint32_t size2;     /* 0: none; length of the whole body */
    struct coap_block block1;
    struct coap_block block2;
    struct bytes payload;
};

/* An answer without a body. */
struct coap_answer coap_answer_of(uint8_t code);

/* An error with problem details in room (COAP_PROBLEM_ROOM bytes); 4.29 and 5.03 with Max-Age. */
struct coap_answer coap_answer_problem(uint8_t *room, uint8_t code);

/* Writes the message; p == NULL when it does not fit. LIMIT_FRONT_COAP bytes hold one with a block
 * of payload. */
struct bytes coap_answer_write(const struct coap_answer *answer, enum coap_type type, uint16_t mid,
                               const struct coap_token *token, void *room, size_t cap);
