/* wire/token-cwt */
#include "wire/token-cwt.h"
#include "base/cbor-wr.h"
#include "crypto/cose.h"
#include "lib/check.h"
#include "lib/token-sample.h"
#include "wire/answer.h"

static uint8_t room[LIMIT_TOKEN_BYTES];

static struct bytes
written(const struct token_claims *claims)
{
    struct wr wr = wr_init(room, sizeof(room));

    CHECK_EQ(token_cwt_write(&wr, claims), 0);
    return wr_done(&wr);
}

static void
check_same(const struct token_claims *a, const struct token_claims *b)
{
    CHECK_BYTES(a->iss, b->iss);
    CHECK_BYTES(a->sub, b->sub);
    CHECK_BYTES(a->aud, b->aud);
    CHECK_EQ(a->iat, b->iat);
    CHECK_EQ(a->nbf, b->nbf);
    CHECK_EQ(a->exp, b->exp);
    CHECK_BYTES(BYTES_OF(a->id), BYTES_OF(b->id));
    CHECK_EQ(a->cnf, b->cnf);
    CHECK_BYTES(BYTES_OF(a->cnf_digest), BYTES_OF(b->cnf_digest));
    CHECK_BYTES(a->developer, b->developer);
    CHECK_BYTES(a->build, b->build);
    CHECK_EQ(a->status, b->status);
    CHECK_EQ(a->vector.present, b->vector.present);
    CHECK_EQ(memcmp(a->vector.value, b->vector.value, TOKEN_CATEGORIES), 0);
    CHECK_BYTES(a->nonce, b->nonce);
    CHECK_EQ(a->n_policies, b->n_policies);
    for (size_t i = 0; i < a->n_policies; i++) {
        CHECK_BYTES(a->policies[i], b->policies[i]);
    }
}

static void
claims_read_back(void)
{
    struct token_claims claims = token_sample();
    struct token_claims back = {.n_policies = 77};

    CHECK_EQ(token_cwt_read(check_guarded(written(&claims)), &back), 0);
    check_same(&claims, &back);
    CHECK(back.mirror == NULL);
    claims.nbf = claims.iat + 1;
    claims.cnf = TOKEN_CNF_NONE;
    memset(claims.cnf_digest, 0, sizeof(claims.cnf_digest));
    claims.nonce = BYTES_NULL;
    claims.n_policies = 0;
    claims.vector = (struct token_vector){{-97, 0, 127, -128}, 0x0d};
    claims.status = TOKEN_CONTRAINDICATED;
    CHECK_EQ(token_cwt_read(check_guarded(written(&claims)), &back), 0);
    check_same(&claims, &back);
}

static void
each_truncation_and_trailing_byte_is_form(void)
{
    struct token_claims claims = token_sample();
    struct token_claims back = {.n_policies = 77};
    struct bytes in = written(&claims);

    for (size_t n = 0; n < in.len; n++) {
        CHECK_EQ(token_cwt_read(check_guarded(bytes_of(in.p, n)), &back), TOKEN_E_FORM);
    }
    room[in.len] = 0;
    CHECK_EQ(token_cwt_read(bytes_of(in.p, in.len + 1), &back), TOKEN_E_FORM);
    CHECK_EQ(back.n_policies, 77);
}

static void
a_flipped_byte_never_reads_as_the_same_claims(void)
{
    struct token_claims claims = token_sample();
    struct bytes in = written(&claims);

    for (size_t i = 0; i < in.len; i++) {
        struct token_claims back;
        uint8_t again[LIMIT_TOKEN_BYTES];
        struct wr wr = wr_init(again, sizeof(again));

        room[i] ^= 0x01;
        if (token_cwt_read(in, &back) == 0 && token_cwt_write(&wr, &back) == 0) {
            /* one spelling: what reads, unknown claims left aside, writes the same bytes */
            CHECK(!bytes_equal(wr_done(&wr), written(&claims)));
        }
        (void)written(&claims);
    }
}

static void
the_signed_token_leaves_room_for_the_answer(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    struct wr wr = wr_init(room, sizeof(room));
    static const uint8_t kid[32];
    struct cose_sign1 message;
    struct token_claims back;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_cwt_sign(&wr, &claims, BYTES_OF(kid), key, hasher), 0);
    printf("# CWT of the full sample: %zu bytes\n", wr.len);
    CHECK(wr.len <= 640); /* the answer's other parts take about 200 of 1,024 bytes */
    CHECK_EQ(cose_sign1_read(wr_done(&wr), &message), 0);
    CHECK_EQ(message.typ, TOKEN_CWT_TYP);
    CHECK_BYTES(message.kid, BYTES_OF(kid));
    CHECK_EQ(token_cwt_read(message.payload, &back), 0);
    check_same(&claims, &back);
    for (size_t cap = 0; cap < wr.len; cap += 7) {
        struct wr tight = wr_init(room, cap);

        CHECK(token_cwt_sign(&tight, &claims, BYTES_OF(kid), key, hasher) < 0);
    }
    claims.iss = BYTES_NULL;
    CHECK_EQ(token_cwt_sign(&wr, &claims, BYTES_OF(kid), key, hasher), TOKEN_E_CLAIMS);
}

/* The smallest legal claims, taken apart: key and value of each pair in hex. */
static const char *const parts[] = {
    "01 6169",
    "02 77 75726e3a6465763a756569643a41414141414141414141",
    "03 6161",
    "04 02",
    "06 01",
    "07 50 000102030405060708090a0b0c0d0e0f",
    "190109 781d 7461673a696574662e6f72672c323032363a726174732f656172233033",
    "19010a a1 6374706d a2 1903e8 02 1903e9 a1 02 03",
    "1903e8 02",
    "1903ec a2 00 6164 01 6162",
};

/* Reads the claims with pair `at` replaced (left out when NULL). */
static int
read_with(size_t at, const char *pair)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct token_claims claims;

    cbor_wr_map(&wr, ARRAY_LEN(parts) - (at < ARRAY_LEN(parts) && !pair));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (i != at || pair) {
            wr_bytes(&wr, check_hex(i == at ? pair : parts[i]));
        }
    }
    return token_cwt_read(check_guarded(wr_done(&wr)), &claims);
}

enum { NOTHING = 99, P_EXP = 3, P_CTI = 5, P_PROFILE = 6, P_SUBMODS = 7, P_STATUS = 8 };

static void
each_missing_claim_is_form(void)
{
    CHECK_EQ(read_with(NOTHING, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        CHECK_EQ(read_with(i, NULL), TOKEN_E_FORM);
    }
}

static void
another_profile_is_named(void)
{
    CHECK_EQ(read_with(P_PROFILE, "190109 6161"), TOKEN_E_PROFILE);
    CHECK_EQ(read_with(P_PROFILE, "190109 4161"), TOKEN_E_FORM);
}

static void
values_of_a_wrong_type_or_range_are_form(void)
{
    CHECK_EQ(read_with(P_EXP, "04 c1 02"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_EXP, "04 20"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_EXP, "04 f94000"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_CTI, "07 41 00"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_STATUS, "1903e8 03"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_SUBMODS, "19010a a1 6374706d a2 1903e8 02 1903e9 a1 08 03"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_SUBMODS, "19010a a1 6374706d a2 1903e8 02 1903e9 a1 02 1880"),
             TOKEN_E_FORM);
    CHECK_EQ(read_with(P_SUBMODS, "19010a a1 6374706e a2 1903e8 02 1903e9 a1 02 03"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_SUBMODS, "19010a a0"), TOKEN_E_FORM);
    CHECK_EQ(read_with(P_SUBMODS, "19010a a1 6374706d a1 1903e8 02"), TOKEN_E_FORM);
}

static void
what_contradicts_itself_is_refused(void)
{
    CHECK_EQ(read_with(P_STATUS, "1903e8 1820"),
             TOKEN_E_CLAIMS);                            /* overall unlike the submodule's */
    CHECK_EQ(read_with(P_EXP, "04 00"), TOKEN_E_CLAIMS); /* before iat */
    CHECK_EQ(read_with(P_SUBMODS, "19010a a1 6374706d a2 1903e8 02 1903e9 a1 02 1820"),
             TOKEN_E_CLAIMS); /* affirming over a warning */
}

static void
unknown_claims_are_ignored_but_unknown_confirmations_are_not(void)
{
    static const char cti[] = "07 50 000102030405060708090a0b0c0d0e0f";
    struct wr wr;
    static const struct {
        const char *extra;
        int outcome;
    } extras[] = {
        {"09 82 01 f6", 0},
        {"08 a1 636a6b74 5820 000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f", 0},
        {"08 a1 636a6b74 41 00", TOKEN_E_FORM},
        {"08 a1 03 41 00", TOKEN_E_FORM},
        {"08 a1 03 5820 000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f",
         TOKEN_E_FORM},
        {"08 a0", TOKEN_E_FORM},
        {"05 01", TOKEN_E_FORM}, /* not in its place */
    };

    for (size_t e = 0; e < ARRAY_LEN(extras); e++) {
        struct token_claims claims;

        wr = wr_init(room, sizeof(room));
        cbor_wr_map(&wr, ARRAY_LEN(parts) + 1);
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
            wr_bytes(&wr, check_hex(parts[i]));
            if (strcmp(parts[i], cti) == 0) {
                wr_bytes(&wr, check_hex(extras[e].extra));
            }
        }
        CHECK_EQ(token_cwt_read(check_guarded(wr_done(&wr)), &claims), extras[e].outcome);
    }
}

static struct token_claims
telling(void)
{
    static const uint8_t digest[32] = {0xd1};
    struct token_claims claims = token_sample();

    claim_set_text(&claims.told, CLAIM_SECUREBOOT, bytes_str("on"));
    claim_set_list(&claims.told, CLAIM_TPM_CVES);
    claim_set_add(&claims.told, CLAIM_TPM_CVES, bytes_str("CVE-1"));
    claim_set_digest(&claims.told, CLAIM_SB_PK_ID, BYTES_OF(digest));
    claims.n_codes = 2;
    claims.codes[0] = REASON_CONFIG_CHANGED;
    claims.codes[1] = REASON_QUIRK_USED;
    claims.boot_id = bytes_of(digest, 16);
    return claims;
}

static void
what_the_verdict_tells_reads_back(void)
{
    struct token_claims claims = telling();
    struct token_claims back;
    struct bytes whole = written(&claims);

    /* -65541: {1: "on", 6: ["CVE-1"], 34: h'd1…', -1: [312, 219], -2: boot} */
    CHECK(memmem(whole.p, whole.len,
                 "\x3a\x00\x01\x00\x04\xa5\x01\x62on\x06\x81\x65"
                 "CVE-1",
                 18));
    CHECK(memmem(whole.p, whole.len, "\x20\x82\x19\x01\x38\x18\xdb\x21\x50", 9));
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), 0);
    check_same(&claims, &back);
    CHECK_EQ(back.told.present, claims.told.present);
    CHECK_BYTES(back.told.values[CLAIM_SECUREBOOT].bytes, bytes_str("on"));
    CHECK_EQ(back.n_codes, 2);
    CHECK_EQ(back.codes[1], REASON_QUIRK_USED);
    CHECK_BYTES(back.boot_id, claims.boot_id);
    whole = written(&claims);
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), 0);
    CHECK_EQ(back.told.present, claims.told.present);
    for (size_t n = 0; n < whole.len; n++) {
        CHECK_EQ(token_cwt_read(check_guarded(bytes_of(whole.p, n)), &back), TOKEN_E_FORM);
    }
    claims.told.present = 0;
    claims.n_codes = 0;
    claims.boot_id = BYTES_NULL;
    whole = written(&claims);
    CHECK(!memmem(whole.p, whole.len, "\x3a\x00\x01\x00\x04", 5));
}

static void
what_is_told_must_be_of_its_kind(void)
{
    struct token_claims claims = telling();
    struct token_claims back;
    struct bytes whole;
    uint8_t *at;

    whole = written(&claims);
    at = memmem(room, whole.len, "\x62on", 3);
    CHECK(at);
    at[1] = '\n';
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), TOKEN_E_FORM);
    at[1] = 'o';
    at[-1] = 0; /* a number that is none of ours */
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), 0);
    CHECK(!claim_set_has(&back.told, CLAIM_SECUREBOOT));
    at = memmem(room, whole.len, "\x20\x82\x19", 3);
    CHECK(at);
    at[1] = 0x80; /* no code, and what was one is the next key */
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), TOKEN_E_FORM);
    at[1] = 0x82;
    at[3] = 0xff; /* no number of a code */
    CHECK_EQ(token_cwt_read(check_guarded(whole), &back), TOKEN_E_FORM);
}

static void
a_token_with_all_claims_stays_within_its_limit(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = token_sample();
    struct wr wr = wr_init(room, sizeof(room));
    static const uint8_t kid[32];
    struct cose_sign1 message;
    struct token_claims back;

    for (unsigned i = 0; i < CLAIM_END; i++) {
        claim_set_text(&claims.told, (enum claim)i,
                       bytes_str("0123456789012345678901234567890123456"));
    }
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_cwt_sign(&wr, &claims, BYTES_OF(kid), key, hasher), 0);
    CHECK(wr.len <= LIMIT_TOKEN_CWT && wr.len > LIMIT_TOKEN_CWT - 64);
    CHECK_EQ(cose_sign1_read(wr_done(&wr), &message), 0);
    CHECK_EQ(token_cwt_read(message.payload, &back), 0);
    CHECK(claim_set_has(&back.told, CLAIM_SECUREBOOT));
    CHECK(back.told.present < claims.told.present); /* the highest numbers are gone */
    CHECK_EQ(back.told.present & claims.told.present, back.told.present);
}

/* What nobody can leave out is not cut, so that a site with long names has tokens. */
static void
long_names_may_make_it_longer(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    struct token_claims claims = telling();
    struct wr wr = wr_init(room, sizeof(room));
    static uint8_t name[LIMIT_TOKEN_TEXT];
    struct cose_sign1 message;
    struct token_claims back;

    memset(name, 'n', sizeof(name));
    claims.iss = claims.aud = claims.developer = BYTES_OF(name);
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(token_cwt_sign(&wr, &claims, BYTES_NULL, key, hasher), 0);
    CHECK(wr.len > LIMIT_TOKEN_CWT);
    CHECK_EQ(cose_sign1_read(wr_done(&wr), &message), 0);
    CHECK_EQ(token_cwt_read(message.payload, &back), 0);
    CHECK_EQ(back.told.present, 0);
}

/* Each number of the answer as large as it can be: what is left beside a token is enough. */
static void
the_largest_answer_has_room_for_a_token_within_its_limit(void)
{
    static uint8_t token[LIMIT_TOKEN_CWT];
    uint8_t answer_room[2048];
    struct wr wr = wr_init(answer_room, sizeof(answer_room));
    struct answer answer = {
        .tier = TIER_CONTRAINDICATED,
        .n_reasons = LIMIT_REASONS,
        .cwt = BYTES_OF(token),
        .next_s = UINT32_MAX,
        .wanted = {.bank = HASH_SM3_256, .mask = 0xffffff},
        .n_known = LOG_KIND_MAX,
        .actions = ACTION_ALL,
    };

    for (size_t i = 0; i < LIMIT_REASONS; i++) {
        answer.reasons[i] = UINT16_MAX;
    }
    for (size_t i = 0; i < LOG_KIND_MAX; i++) {
        answer.known[i] = (struct log_offset){(enum log_kind)(i + 1), UINT64_MAX};
    }
    answer_write(&wr, &answer);
    CHECK(!wr.failed && wr.len <= 1024);
    CHECK(LIMIT_TOKEN_CWT + 128 < wr.len); /* as much is taken */
    printf("# the largest answer with a token of %zu bytes has %zu\n", sizeof(token), wr.len);
}

CHECK_MAIN(CASE(the_largest_answer_has_room_for_a_token_within_its_limit),
           CASE(what_the_verdict_tells_reads_back), CASE(what_is_told_must_be_of_its_kind),
           CASE(a_token_with_all_claims_stays_within_its_limit),
           CASE(long_names_may_make_it_longer), CASE(claims_read_back),
           CASE(each_truncation_and_trailing_byte_is_form),
           CASE(a_flipped_byte_never_reads_as_the_same_claims),
           CASE(the_signed_token_leaves_room_for_the_answer), CASE(each_missing_claim_is_form),
           CASE(another_profile_is_named), CASE(values_of_a_wrong_type_or_range_are_form),
           CASE(what_contradicts_itself_is_refused),
           CASE(unknown_claims_are_ignored_but_unknown_confirmations_are_not))
