/* front/coap-in: what is taken from a message, and what is refused. */
#include "front/coap-in.h"
#include "lib/check.h"

static struct coap_in in;

static int
outcome(const char *hex)
{
    in = (struct coap_in){.mid = 0x7777};
    return coap_in_read(check_guarded(check_hex(hex)), &in);
}

/* CON POST 0x1234 token 0a0b, Uri-Path attest, Content-Format 60, Uri-Query aud=x, Accept 61,
 * Block2 0/0/1024, Block1 2/1/1024, Size1 3000, payload. */
#define GOOD \
    "42 02 1234 0a0b b6 617474657374 11 3c 35 6175643d78 21 3d 61 06 41 2e d2 14 0bb8 ff 0102"

static void
a_full_request_is_read(void)
{
    CHECK_EQ(outcome(GOOD), COAP_IN_OK);
    CHECK_EQ(in.type, COAP_CON);
    CHECK_EQ(in.code, FRONT_POST);
    CHECK_EQ(in.mid, 0x1234);
    CHECK_BYTES(bytes_of(in.token.b, in.token.len), check_hex("0a0b"));
    CHECK_EQ(in.resource, FRONT_ATTEST);
    CHECK_EQ(in.content_format, 60);
    CHECK_EQ(in.accept, 61);
    CHECK_BYTES(bytes_of(in.aud, in.aud_len), bytes_str("x"));
    CHECK(in.block2.present && in.block2.num == 0 && !in.block2.more && in.block2.szx == 6);
    CHECK(in.block1.present && in.block1.num == 2 && in.block1.more && in.block1.szx == 6);
    CHECK(in.has_size1 && in.size1 == 3000);
    CHECK_BYTES(in.payload, check_hex("0102"));
}

static void
no_truncation_reads_beyond_or_sets_what_it_refuses(void)
{
    struct bytes good = check_hex(GOOD);

    for (size_t n = 0; n < good.len; n++) {
        int r;

        in = (struct coap_in){.mid = 0x7777};
        r = coap_in_read(check_guarded(bytes_of(good.p, n)), &in);
        CHECK(r >= 0);
        CHECK_EQ(in.mid, r == COAP_IN_E_MALFORMED ? 0x7777 : 0x1234);
    }
}

static void
what_is_no_coap_is_malformed(void)
{
    CHECK_EQ(outcome("40 01 12"), COAP_IN_E_MALFORMED);
    CHECK_EQ(outcome("00 01 1234"), COAP_IN_E_MALFORMED);                    /* version 0 */
    CHECK_EQ(outcome("49 01 1234 010203040506070809"), COAP_IN_E_MALFORMED); /* token of 9 */
    CHECK_EQ(outcome("40 01 1234 ff"), COAP_IN_E_MALFORMED);    /* marker without payload */
    CHECK_EQ(outcome("40 01 1234 b9 61"), COAP_IN_E_MALFORMED); /* option beyond the end */
    CHECK_EQ(outcome("40 01 1234 f1 61"), COAP_IN_E_MALFORMED); /* reserved delta */
    CHECK_EQ(outcome("40 00 1234 01"), COAP_IN_E_MALFORMED);    /* empty message with bytes */
}

static void
unknown_critical_options_and_doubled_ones_are_bad(void)
{
    CHECK_EQ(outcome("40 01 1234 10"), COAP_IN_E_BAD_OPTION);             /* If-Match */
    CHECK_EQ(outcome("40 01 1234 50"), COAP_IN_E_BAD_OPTION);             /* If-None-Match */
    CHECK_EQ(outcome("40 01 1234 d1 16 78"), COAP_IN_E_BAD_OPTION);       /* Proxy-Uri */
    CHECK_EQ(outcome("40 01 1234 e0 fef2"), COAP_IN_E_BAD_OPTION);        /* 65535 */
    CHECK_EQ(outcome("40 01 1234 d1 04 3c 01 3d"), COAP_IN_E_BAD_OPTION); /* Accept twice */
    CHECK_EQ(outcome("40 01 1234 e0 fef1"), COAP_IN_OK);                  /* 65534, elective */
    CHECK_EQ(outcome("40 01 1234 c1 3c 01 3d"), COAP_IN_OK); /* Content-Format twice: the first */
    CHECK_EQ(in.content_format, 60);
    CHECK_EQ(in.mid, 0x1234);
}

static void
values_that_make_no_sense_are_bad(void)
{
    CHECK_EQ(outcome("40 01 1234 d1 0a 07"), COAP_IN_E_BAD_VALUE);         /* Block2, szx 7 */
    CHECK_EQ(outcome("40 01 1234 d3 02 61623d"), COAP_IN_E_BAD_VALUE);     /* query "ab=" */
    CHECK_EQ(outcome("40 01 1234 d4 02 6175643d"), COAP_IN_E_BAD_VALUE);   /* empty audience */
    CHECK_EQ(outcome("40 01 1234 d5 02 6175643dff"), COAP_IN_E_BAD_VALUE); /* not UTF-8 */
    CHECK_EQ(outcome("40 01 1234 d5 02 6175643d78 05 6175643d79"), COAP_IN_E_BAD_VALUE);
}

/* No class has a longer one, and the keeper takes no longer one from a front. */
static void
an_audience_is_as_long_as_a_name(void)
{
#define X_31 "78787878787878787878787878787878787878787878787878787878787878"
    CHECK_EQ(outcome("40 01 1234 dd 02 36 6175643d" X_31 X_31 "78"), COAP_IN_OK);
    CHECK_EQ(in.aud_len, LIMIT_NAME);
    CHECK_EQ(outcome("40 01 1234 dd 02 37 6175643d" X_31 X_31 "7878"), COAP_IN_E_BAD_VALUE);
}

static void
paths_have_one_spelling(void)
{
    CHECK_EQ(outcome("40 01 1234 bb 2e77656c6c2d6b6e6f776e 04 636f7265"), COAP_IN_OK);
    CHECK_EQ(in.resource, FRONT_WELLKNOWN);
    CHECK_EQ(outcome("40 01 1234 bd 03 2e77656c6c2d6b6e6f776e2f636f7265"), COAP_IN_OK);
    CHECK_EQ(in.resource, FRONT_RESOURCE_N); /* a slash inside a segment */
    CHECK_EQ(outcome("40 01 1234 b4 6b657973 00"), COAP_IN_OK);
    CHECK_EQ(in.resource, FRONT_RESOURCE_N); /* "keys/" */
    CHECK_EQ(outcome("40 01 1234 b4 4b657973"), COAP_IN_OK);
    CHECK_EQ(in.resource, FRONT_RESOURCE_N); /* "Keys" */
    CHECK_EQ(outcome("40 01 1234"), COAP_IN_OK);
    CHECK_EQ(in.resource, FRONT_RESOURCE_N);
}

CHECK_MAIN(CASE(a_full_request_is_read), CASE(no_truncation_reads_beyond_or_sets_what_it_refuses),
           CASE(what_is_no_coap_is_malformed),
           CASE(unknown_critical_options_and_doubled_ones_are_bad),
           CASE(values_that_make_no_sense_are_bad), CASE(an_audience_is_as_long_as_a_name),
           CASE(paths_have_one_spelling))
