#include "front/coap-problem.h"

#include "base/cbor-wr.h"
#include "front/front.h"

enum { KEY_TITLE = -1, KEY_CODE = -4 };

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
coap_problem_write(uint8_t room[COAP_PROBLEM_ROOM], uint8_t code)
{
    struct wr wr = wr_init(room, COAP_PROBLEM_ROOM);
    const char *title = "refused";

    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        if (titles[i].code == code) {
            title = titles[i].title;
        }
    }
    cbor_wr_map(&wr, 2);
    cbor_wr_int(&wr, KEY_TITLE);
    cbor_wr_tstr(&wr, title);
    cbor_wr_int(&wr, KEY_CODE);
    cbor_wr_uint(&wr, code);
    return wr_done(&wr);
}
