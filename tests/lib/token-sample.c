#include "lib/token-sample.h"

static const struct bytes *
sample_groups(void)
{
    static struct bytes groups[2];

    groups[0] = bytes_str("servers");
    groups[1] = bytes_str("site-berlin");
    return groups;
}

static const struct token_mirror *
sample_mirror(void)
{
    static const enum reason reasons[] = {REASON_CONFIG_CHANGED, REASON_QUIRK_USED};
    static const uint8_t boot_id[16] = {0xb0, 0x07};
    static struct token_mirror mirror;

    mirror = (struct token_mirror){.compliant = true,
                                   .level = 3,
                                   .groups = sample_groups(),
                                   .n_groups = 2,
                                   .reasons = reasons,
                                   .n_reasons = ARRAY_LEN(reasons),
                                   .secure_boot = TOKEN_YES,
                                   .boot_id = BYTES_OF(boot_id),
                                   .policy = bytes_str("servers-2026-11"),
                                   .attested_at = TOKEN_SAMPLE_IAT - 5};
    return &mirror;
}

struct token_claims
token_sample(void)
{
    static char sub[TOKEN_SUB_ROOM];
    static const uint8_t ueid[33] = {0x01, 0x5e, 0xed};
    static const uint8_t nonce[32] = {0x0a, 0x0b};
    struct token_claims claims = {.iss = bytes_str("https://verifier.example"),
                                  .sub = token_sub_write(BYTES_OF(ueid), sub),
                                  .aud = bytes_str("https://api.example"),
                                  .iat = TOKEN_SAMPLE_IAT,
                                  .nbf = TOKEN_SAMPLE_IAT,
                                  .exp = TOKEN_SAMPLE_IAT + 300,
                                  .id = {1, 2, 3},
                                  .cnf = TOKEN_CNF_X5T,
                                  .cnf_digest = {0xcc, 0xdd},
                                  .developer = bytes_str("Assay"),
                                  .build = bytes_str("0.1.0"),
                                  .status = TOKEN_AFFIRMING,
                                  .vector = {.value = {2, 2, 3, 0, 2}, .present = 0x17},
                                  .policies = {bytes_str("servers-2026-11")},
                                  .n_policies = 1,
                                  .nonce = BYTES_OF(nonce),
                                  .mirror = sample_mirror()};

    return claims;
}
