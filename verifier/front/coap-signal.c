#include "front/coap-signal.h"

#include <coap3/coap.h>
#include <errno.h>

#include "base/rd.h"
#include "front/coap-out.h"

enum { OPTION_MAX_MESSAGE = 2, OPTION_BLOCKWISE = 4 }; /* of a CSM, section 5.3 */

static int
option_take(struct coap_signal *signal, unsigned number, struct bytes value)
{
    struct rd rd = rd_init(value);
    uint32_t out = 0;

    if (signal->code != SIGNAL_CSM || number != OPTION_MAX_MESSAGE) {
        return number & 1 ? SIGNAL_E_OPTION : 0;
    }
    if (value.len > 4) {
        return SIGNAL_E_FORM;
    }
    while (rd_left(&rd) > 0) {
        out = out << 8 | rd_u8(&rd);
    }
    signal->has_max = true;
    signal->max_message = out;
    return 0;
}

static int
pdu_read(const coap_pdu_t *pdu, struct coap_signal *signal)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    struct rd rd = rd_init(bytes_of(token.s, token.length));
    coap_opt_iterator_t at;
    coap_opt_t *option;
    int r = 0;

    if (token.length > COAP_TOKEN_MAX) {
        return SIGNAL_E_FORM;
    }
    signal->code = (uint8_t)coap_pdu_get_code(pdu);
    signal->token.len = (uint8_t)token.length;
    rd_copy(&rd, signal->token.b, token.length);
    coap_option_iterator_init(pdu, &at, COAP_OPT_ALL);
    while (r == 0 && (option = coap_option_next(&at)) != NULL) {
        r = option_take(signal, at.number,
                        bytes_of(coap_opt_value(option), coap_opt_length(option)));
    }
    return r;
}

int
coap_signal_read(struct bytes message, struct coap_signal *ret)
{
    struct coap_signal signal = {0};
    coap_pdu_t *pdu;
    int r = SIGNAL_E_FORM;

    if (message.len < 4) {
        return SIGNAL_E_FORM;
    }
    coap_set_log_level(LOG_EMERG); /* its parser prints what it refuses */
    pdu = coap_pdu_init(0, 0, 0, message.len);
    if (!pdu) {
        return -ENOMEM;
    }
    if (coap_pdu_parse(COAP_PROTO_DTLS, message.p, message.len, pdu)) {
        r = pdu_read(pdu, &signal);
    }
    coap_delete_pdu(pdu);
    if (r == 0) {
        *ret = signal;
    }
    return r;
}

struct bytes
coap_signal_csm(uint8_t room[SIGNAL_ROOM], uint32_t max_message)
{
    static const struct coap_token none = {.len = 0};
    struct coap_out out = coap_out_begin(room, SIGNAL_ROOM, COAP_NON, SIGNAL_CSM, 0, &none);

    coap_out_uint(&out, OPTION_MAX_MESSAGE, max_message);
    coap_out_option(&out, OPTION_BLOCKWISE, BYTES_NULL);
    return coap_out_done(&out);
}

struct bytes
coap_signal_plain(uint8_t room[SIGNAL_ROOM], uint8_t code, const struct coap_token *token)
{
    struct coap_out out = coap_out_begin(room, SIGNAL_ROOM, COAP_NON, code, 0, token);

    return coap_out_done(&out);
}
