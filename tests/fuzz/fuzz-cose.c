/* A signed object, a key set or claims from anywhere: read, verify, write again. */
#include "crypto/cose-key.h"
#include "crypto/cose.h"
#include "lib/fuzz.h"
#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

/* RFC 8392 appendix A.2.3: the key of the seed that verifies. */
static const uint8_t key_x[] = {0x14, 0x33, 0x29, 0xcc, 0xe7, 0x86, 0x8e, 0x41, 0x69, 0x27, 0x59,
                                0x9c, 0xf6, 0x5a, 0x34, 0xf3, 0xce, 0x2f, 0xfd, 0xa5, 0x5a, 0x7e,
                                0xca, 0x69, 0xed, 0x89, 0x19, 0xa3, 0x94, 0xd4, 0x2f, 0x0f};
static const uint8_t key_y[] = {0x60, 0xf7, 0xf1, 0xa7, 0x80, 0xd8, 0xa7, 0x83, 0xbf, 0xb7, 0xa2,
                                0xdd, 0x6b, 0x27, 0x96, 0xe8, 0x12, 0x8d, 0xbb, 0xce, 0xf9, 0xd3,
                                0xd1, 0x68, 0xdb, 0x95, 0x29, 0x97, 0x1a, 0x36, 0xe7, 0xb9};

static void
key_set(struct bytes in)
{
    struct cose_key keys[LIMIT_KEYS];
    size_t n = 0;

    if (cose_key_set_read(in, keys, LIMIT_KEYS, &n) == 0) {
        FUZZ_ASSERT(n <= LIMIT_KEYS);
        for (size_t i = 0; i < n; i++) {
            FUZZ_ASSERT(keys[i].kid.len > 0);
        }
    }
}

/* The same claims make a JWT's JSON in both spellings, with a mirror. */
static void
as_json(struct token_claims claims)
{
    static const enum reason reasons[] = {REASON_SB_OFF, REASON_DBX_OLD};
    const struct bytes groups[] = {bytes_str("a"), bytes_str("b")};
    const struct token_mirror mirror = {.level = 1,
                                        .groups = groups,
                                        .n_groups = 2,
                                        .reasons = reasons,
                                        .n_reasons = 2,
                                        .secure_boot = TOKEN_NO,
                                        .boot_id = bytes_str("boot"),
                                        .policy = bytes_str("p"),
                                        .attested_at = 1};
    static const uint8_t not_text[] = {'p', 0xff};
    struct token_mirror wrong;
    static char room[8 * LIMIT_TOKEN_BYTES]; /* each control character becomes six */
    struct bytes json;

    claims.mirror = &mirror;
    for (int spelling = TOKEN_EAR_NEW; spelling <= TOKEN_EAR_OLD; spelling++) {
        claims.spelling = (enum token_spelling)spelling;
        FUZZ_ASSERT(token_jwt_write(&claims, room, sizeof(room), &json) == 0);
        FUZZ_ASSERT(token_jwt_write(&claims, room, 8, &json) < 0);
    }
    wrong = mirror;
    wrong.n_groups = LIMIT_TOKEN_GROUPS + 1;
    claims.mirror = &wrong;
    FUZZ_ASSERT(token_jwt_write(&claims, room, sizeof(room), &json) == TOKEN_E_CLAIMS);
    wrong = mirror;
    wrong.policy = BYTES_OF(not_text);
    FUZZ_ASSERT(token_jwt_write(&claims, room, sizeof(room), &json) == TOKEN_E_CLAIMS);
}

/* A subject is made of an identifier of the right length only, and is never longer than its room.
 */
static void
as_subject(struct bytes ueid)
{
    char room[TOKEN_SUB_ROOM];
    struct bytes sub = token_sub_write(ueid, room);

    FUZZ_ASSERT(ueid.len >= 7 && ueid.len <= TOKEN_UEID_MAX ? sub.len > ueid.len : !sub.p);
    FUZZ_ASSERT(sub.len <= sizeof(room));
}

/* What has no room goes step by step, to an end, and what is left is claims at each. */
static void
shed(const struct token_claims *whole)
{
    static struct token_claims claims;
    static const enum reason reasons[] = {REASON_SB_OFF, REASON_DBX_OLD};
    const struct token_mirror mirror = {.reasons = reasons, .n_reasons = ARRAY_LEN(reasons)};
    struct token_mirror room;
    size_t steps = 0;

    claims = *whole;
    claims.mirror = &mirror;
    while (token_shed(&claims, &room)) {
        uint8_t bytes[2 * LIMIT_TOKEN_BYTES];
        struct wr wr = wr_init(bytes, sizeof(bytes));
        const struct token_mirror *left = claims.mirror;

        FUZZ_ASSERT(++steps < 1000);
        claims.mirror = NULL;
        FUZZ_ASSERT(token_cwt_write(&wr, &claims) == 0);
        claims.mirror = left;
    }
    FUZZ_ASSERT(claims.n_codes == 0 && claims.mirror->n_reasons == 0);
}

/* Claims that read are claims that write, and read the same again. */
static void
claims(struct bytes payload)
{
    static struct token_claims first;
    static struct token_claims second;
    uint8_t room[2 * LIMIT_TOKEN_BYTES];
    struct wr wr = wr_init(room, sizeof(room));

    if (token_cwt_read(payload, &first) != 0) {
        return;
    }
    as_json(first);
    shed(&first);
    as_subject(first.sub);
    as_subject(bytes_str("\x01shorter"));
    FUZZ_ASSERT(token_cwt_write(&wr, &first) == 0);
    FUZZ_ASSERT(token_cwt_read(wr_done(&wr), &second) == 0);
    FUZZ_ASSERT(bytes_equal(first.sub, second.sub) && first.exp == second.exp);
    FUZZ_ASSERT(first.status == second.status && first.cnf == second.cnf);
}

/* What a verdict tells, as the store keeps it. */
static void
told(struct bytes in)
{
    static char text[16 * LIMIT_TOKEN_BYTES];
    uint8_t room[2 * LIMIT_TOKEN_BYTES];
    struct json_wr j = json_wr_init(text, sizeof(text));
    struct claim_set set;
    enum claim claim;

    if (!claim_set_read(in, &set)) {
        return;
    }
    FUZZ_ASSERT(claim_set_write(&set, room, sizeof(room)).len > 0);
    FUZZ_ASSERT(claim_set_write(&set, room, 64).len <= 64);
    claim_set_say_all(&j, &set);
    for (unsigned i = 0; i < 64; i++) {
        if (set.present >> i & 1) {
            FUZZ_ASSERT(claim_named(bytes_str(claim_name((enum claim)i)), &claim) && claim == i);
            claim_set_say(&j, &set, claim, true);
        }
    }
}

void
fuzz_one(struct bytes in)
{
    static struct hasher *hasher;
    static struct pubkey *key;
    struct cose_sign1 message;
    int r;

    if (!hasher) {
        hasher = hasher_new();
        FUZZ_ASSERT(hasher);
        FUZZ_ASSERT(pubkey_from_point(KEY_P256, BYTES_OF(key_x), BYTES_OF(key_y), &key) == 0);
    }
    key_set(in);
    claims(in);
    told(in);
    r = cose_sign1_read(in, &message);
    FUZZ_ASSERT(r >= 0);
    if (r == 0) {
        claims(message.payload);
        r = cose_sign1_verify(&message, BYTES_NULL, key, hasher);
        FUZZ_ASSERT(r == 0 || r == COSE_E_SIGNATURE);
    }
}
