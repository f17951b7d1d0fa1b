#include "lib/sealing.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/rule-play.h"

enum { MORE = 1024, TEXT_ROOM = 1024 };

void
sealing_new(struct sealing *ret)
{
    ret->hasher = check_keep(hasher_new());
    CHECK(ret->hasher);
    CHECK_EQ(privkey_generate(&ret->key), 0);
    CHECK_EQ(privkey_point(check_keep(ret->key), ret->point.x, ret->point.y), 0);
}

struct bytes
sealing_body(struct sealing *sealing, struct bytes body, uint64_t sequence, uint64_t issued_s,
             uint64_t not_after_s)
{
    const struct bundle_seal seal = {sequence, issued_s, not_after_s, body};
    uint8_t *out = check_keep(malloc(body.len + MORE));
    uint8_t *scratch = malloc(body.len + MORE);
    struct wr wr = wr_init(out, body.len + MORE);
    struct wr room = wr_init(scratch, body.len + MORE);

    CHECK_EQ(bundle_sign(&wr, &seal, bytes_str("kid"), &room, sealing->key, sealing->hasher), 0);
    free(scratch);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

struct bytes
sealing_text(struct sealing *sealing, const char *text, uint64_t sequence, uint64_t issued_s,
             uint64_t not_after_s)
{
    return sealing_body(sealing, rule_play_body(text), sequence, issued_s, not_after_s);
}

const char *
sealing_policy(const char *name, const char *class_name, const char *mode)
{
    char *text = check_keep(malloc(TEXT_ROOM));

    snprintf(text, TEXT_ROOM,
             "policy %s version 3 schema 1 {\n  applies class in { %s }\n"
             "  quote sha256 pcrs 0,2,4\n  mode %s\n  rule fw : firmware one-of @fw/%s\n"
             "  rule rom : driver any count 0..9\n  rule img : boot.images one-of @img/%s\n}\n"
             "set digests fw/%s { " D("01") "}\nset digests img/%s { " D("02") "}\n",
             name, class_name, mode, name, name, name, name);
    return text;
}
