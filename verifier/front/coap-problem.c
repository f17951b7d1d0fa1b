#include "front/coap-problem.h"

#include "front/front.h"
#include "wire/problem.h"

static const struct {
    uint8_t code;
    const char *title;
} titles[] = {
    {FRONT_CODE(4, 0), "malformed request"},
    {FRONT_CODE(4, 2), "unknown critical option"},
    {FRONT_CODE(4, 3), "not on this kind of connection"},
    {FRONT_CODE(4, 4), "no such resource"},
    {FRONT_CODE(4, 5), "no such method here"},
    {FRONT_CODE(4, 8), "blocks out of order"},
    {FRONT_CODE(4, 13), "too large"},
    {FRONT_CODE(4, 29), "too many requests at once"},
    {FRONT_CODE(5, 0), "internal error"},
    {FRONT_CODE(5, 3), "busy"},
};

struct bytes
coap_problem_write(uint8_t room[COAP_PROBLEM_ROOM], uint8_t code, int64_t retry_s)
{
    struct wr wr = wr_init(room, COAP_PROBLEM_ROOM);
    bool busy = code == FRONT_CODE(4, 29) || code == FRONT_CODE(5, 3);
    struct problem problem = {
        .title = bytes_str("refused"),
        .code = code,
        .reason = busy ? REASON_RATE_LIMITED : REASON_NONE,
        .retry_s = busy && retry_s > 0 ? (uint32_t)retry_s : 0,
    };

    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        if (titles[i].code == code) {
            problem.title = bytes_str(titles[i].title);
        }
    }
    problem_write(&wr, &problem);
    return wr_done(&wr);
}
