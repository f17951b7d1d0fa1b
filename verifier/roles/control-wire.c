#include "roles/control-wire.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { STATUS_MAX = 2, JSON_MAX = 8 * 1024 * 1024 - 64 };

int
control_words_read(struct bytes in, struct control_words *ret)
{
    struct cbor_rd c = cbor_rd_init(in);
    size_t n = cbor_rd_array_max(&c, CONTROL_WORDS_MAX);

    *ret = (struct control_words){.n = n};
    for (size_t i = 0; i < n; i++) {
        ret->words[i] = cbor_rd_tstr(&c, CONTROL_WORD_MAX);
    }
    return cbor_rd_end(&c) && n > 0 ? 0 : 1;
}

void
control_words_write(struct wr *wr, const struct control_words *words)
{
    cbor_wr_array(wr, words->n);
    for (size_t i = 0; i < words->n; i++) {
        cbor_wr_tstr_view(wr, words->words[i]);
    }
}

int
control_answer_read(struct bytes in, struct control_answer *ret)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct control_answer answer = {0};

    cbor_rd_array(&c, 2);
    answer.status = (uint8_t)cbor_rd_uint(&c, STATUS_MAX);
    answer.json = cbor_rd_tstr(&c, JSON_MAX);
    if (!cbor_rd_end(&c)) {
        return 1;
    }
    *ret = answer;
    return 0;
}

void
control_answer_write(struct wr *wr, const struct control_answer *answer)
{
    cbor_wr_array(wr, 2);
    cbor_wr_uint(wr, answer->status);
    cbor_wr_tstr_view(wr, answer->json);
}
