/* A good quote, changed in one place more than test-attest-matrix does: what is signed, by which
 * scheme, over which PCRs, bound to what. */
#include <errno.h>

#include "lib/attest-play.h"
#include "lib/check.h"

enum { MAGIC_AT = 0, TYPE_AT = 4, SIGNER_AT = 6 };

static struct soft_evidence *const evidence = &play.evidence;

static void
magic_of_nobody(void)
{
    memset(evidence->attest_room + MAGIC_AT, 0, 4);
    play_resign_bytes();
}

static void
magic_backwards(void)
{
    memcpy(evidence->attest_room + MAGIC_AT, "GCT\xff", 4);
    play_resign_bytes();
}

static void
put_type(uint8_t high, uint8_t low)
{
    evidence->attest_room[TYPE_AT] = high;
    evidence->attest_room[TYPE_AT + 1] = low;
    play_resign_bytes();
}

static void
type_command_audit(void)
{
    put_type(0x80, 0x15);
}

static void
type_session_audit(void)
{
    put_type(0x80, 0x16);
}

static void
type_nv_digest(void)
{
    put_type(0x80, 0x1c);
}

static void
type_without_its_high_bit(void)
{
    put_type(0x00, 0x18);
}

static void
cut_by_one(void)
{
    evidence->attest_len--;
    play_resign_bytes();
}

static void
nothing_signed(void)
{
    evidence->attest_len = 0;
    play_resign_bytes();
}

static void
signer_longer_than_a_name(void)
{
    evidence->attest_room[SIGNER_AT] = 0xff;
    play_resign_bytes();
}

/* The byte of clockInfo.safe. */
static void
safe_is_two(void)
{
    evidence->attest_room[SIGNER_AT + 2 + evidence->signer_len + 2 + evidence->extra_len + 16] = 2;
    play_resign_bytes();
}

static void
zero_s(void)
{
    memset(evidence->signature + 32, 0, 32);
}

/* The order of P-256: no r or s may reach it. SEC 2 section 2.4.2. */
static void
put_order(size_t at)
{
    struct bytes order =
        check_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

    memcpy(evidence->signature + at, order.p, order.len);
}

static void
r_is_the_order(void)
{
    put_order(0);
}

static void
s_is_the_order(void)
{
    put_order(32);
}

static void
halves_swapped(void)
{
    uint8_t r[32];

    memcpy(r, evidence->signature, 32);
    memcpy(evidence->signature, evidence->signature + 32, 32);
    memcpy(evidence->signature + 32, r, 32);
}

static void
scheme_sm2(void)
{
    evidence->sig_alg = 0x001b;
}

static void
scheme_schnorr(void)
{
    evidence->sig_alg = 0x001c;
}

static void
scheme_hmac(void)
{
    evidence->sig_alg = 0x0005;
}

static void
scheme_null(void)
{
    evidence->sig_alg = 0x0010;
}

static void
hash_sha512(void)
{
    evidence->sig_hash = 0x000d;
}

static void
hash_sm3(void)
{
    evidence->sig_hash = 0x0012;
}

static void
hash_sha3(void)
{
    evidence->sig_hash = 0x0027;
}

static void
hash_none(void)
{
    evidence->sig_hash = 0;
}

static void
put_hierarchy(uint32_t hierarchy)
{
    CHECK_EQ(tpm_public_qualified_name(&play.rig.device.ak_area, hierarchy, play.rig.hasher,
                                       evidence->signer, &evidence->signer_len),
             0);
    play_resign();
}

static void
platform_hierarchy(void)
{
    put_hierarchy(0x4000000c);
}

static void
null_hierarchy(void)
{
    put_hierarchy(0x40000007);
}

static void
name_for_qualified_name(void)
{
    memcpy(evidence->signer, play.rig.device.ak_name, play.rig.device.ak_name_len);
    evidence->signer_len = play.rig.device.ak_name_len;
    play_resign();
}

static void
no_signer(void)
{
    evidence->signer_len = 0;
    play_resign();
}

static void
put_mask(size_t bank, uint32_t mask)
{
    evidence->attest.selections.bank[bank].mask = mask;
    play_resign();
}

/* CVE-2024-29039: a quote over PCRs that the owner may set to what he likes. */
static void
debug_and_application_pcrs(void)
{
    put_mask(1, UINT32_C(1) << 16 | UINT32_C(1) << 23);
}

static void
other_half(void)
{
    put_mask(1, 0xff00);
}

static void
no_bank(void)
{
    evidence->attest.selections.n = 0;
    play_resign();
}

static void
every_bank_empty(void)
{
    for (size_t i = 0; i < evidence->attest.selections.n; i++) {
        evidence->attest.selections.bank[i].mask = 0;
    }
    play_resign();
}

static void
bank_twice(void)
{
    evidence->attest.selections.bank[3] = evidence->attest.selections.bank[1];
    play_resign();
}

static void
bank_of_nobody(void)
{
    evidence->attest.selections.bank[4] = evidence->attest.selections.bank[3];
    evidence->attest.selections.bank[4].alg_id = 0x0099;
    evidence->attest.selections.n = 5;
    play_resign();
}

/* A bank that need not be named, but is and is active: the log must speak for it too. */
static void
active_bank_of_sm3(void)
{
    play.rig.device.values.selection.sets[4] = (struct pcr_set){HASH_SM3_256, 0xff};
    play.rig.device.values.selection.n = 5;
    play_plain();
}

static void
put_select_size(uint8_t size)
{
    evidence->attest.selections.bank[3].size = size;
    play_resign();
}

static void
select_size_2(void)
{
    put_select_size(2);
}

static void
select_size_0(void)
{
    put_select_size(0);
}

static void
banks_in_another_order(void)
{
    struct tpm_selection first = evidence->attest.selections.bank[0];

    evidence->attest.selections.bank[0] = evidence->attest.selections.bank[1];
    evidence->attest.selections.bank[1] = first;
    play_resign();
}

/* CVE-2021-42299: a bank that the firmware does not measure into is the attacker's to fill. */
static void
active_bank_that_nobody_measured(void)
{
    play.rig.device.values.selection.sets[3].mask = 0xff;
    play_plain();
}

static void
bank_off_that_the_log_has(void)
{
    play.rig.device.values.selection.sets[2].mask = 0;
    play_plain();
}

static void
clock_stands(void)
{
    evidence->attest.clock_ms -= 100; /* that of the evidence before */
    play_resign();
}

static void
era_of_no_clock(void)
{
    evidence->attest.reset_count = 0;
    evidence->attest.restart_count = 0;
    play_resign();
}

static void
digest_of_nothing(void)
{
    memset(evidence->pcr_digest, 0, sizeof(evidence->pcr_digest));
    play_resign();
}

static const struct play_row quotes[] = {
    {"a magic of zeros", magic_of_nobody, COAP_CODE(4, 0), REASON_QUOTE_MAGIC},
    {"a magic written backwards", magic_backwards, COAP_CODE(4, 0), REASON_QUOTE_MAGIC},
    {"a command audit", type_command_audit, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a session audit", type_session_audit, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"an NV digest", type_nv_digest, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a type without its high bit", type_without_its_high_bit, COAP_CODE(4, 0), REASON_QUOTE_TYPE},
    {"a quote cut by one byte", cut_by_one, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"nothing signed", nothing_signed, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a signer of 65 kB", signer_longer_than_a_name, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"safe is 2", safe_is_two, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"s = 0", zero_s, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"r = n", r_is_the_order, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"s = n", s_is_the_order, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"r and s swapped", halves_swapped, COAP_CODE(4, 0), REASON_QUOTE_SIGNATURE},
    {"SM2", scheme_sm2, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"Schnorr", scheme_schnorr, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"an HMAC", scheme_hmac, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"the null signature", scheme_null, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"SHA-512 under a SHA-256 key", hash_sha512, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"SM3 under a SHA-256 key", hash_sm3, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"SHA3-256 under a SHA-256 key", hash_sha3, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"no hash", hash_none, COAP_CODE(4, 0), REASON_QUOTE_ALG},
    {"an AK of the platform", platform_hierarchy, COAP_CODE(2, 4), REASON_AK_ATTRIBUTES},
    {"an AK of the null hierarchy", null_hierarchy, COAP_CODE(2, 4), REASON_AK_ATTRIBUTES},
    {"a name for a qualified name", name_for_qualified_name, COAP_CODE(2, 4), REASON_AK_ATTRIBUTES},
    {"no signer", no_signer, COAP_CODE(2, 4), REASON_AK_ATTRIBUTES},
    {"PCR 16 and 23 for the wanted", debug_and_application_pcrs, COAP_CODE(2, 4),
     REASON_QUOTE_SELECTION},
    {"PCR 8 to 15 for the wanted", other_half, COAP_CODE(2, 4), REASON_QUOTE_SELECTION},
    {"no bank", no_bank, COAP_CODE(2, 4), REASON_QUOTE_SELECTION},
    {"every bank empty", every_bank_empty, COAP_CODE(2, 4), REASON_BANK_EMPTY_ACTIVE},
    {"a bank twice", bank_twice, COAP_CODE(4, 0), REASON_QUOTE_SELECTION},
    {"a bank of no known hash", bank_of_nobody, COAP_CODE(4, 0), REASON_QUOTE_SELECTION},
    {"an active bank of SM3", active_bank_of_sm3, COAP_CODE(2, 4), REASON_BANK_MISSING_IN_LOG},
    {"sizeofSelect 2", select_size_2, COAP_CODE(4, 0), REASON_QUOTE_SELECTION},
    {"sizeofSelect 0", select_size_0, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"banks in another order", banks_in_another_order, COAP_CODE(2, 4), REASON_PCR_DIGEST},
    {"an active bank that nobody measured into", active_bank_that_nobody_measured, COAP_CODE(2, 4),
     REASON_BANK_MISSING_IN_LOG},
    {"a bank switched off that the log has", bank_off_that_the_log_has, COAP_CODE(2, 4),
     REASON_NONE},
    {"a clock that stands", clock_stands, COAP_CODE(2, 4), REASON_CLOCK_BACKWARDS},
    {"counters of a cleared TPM", era_of_no_clock, COAP_CODE(2, 4), REASON_RESET_MISMATCH},
    {"a digest of zeros", digest_of_nothing, COAP_CODE(2, 4), REASON_PCR_DIGEST},
};

static void
each_quote_gets_its_own_refusal(void)
{
    play_rows(quotes, ARRAY_LEN(quotes));
}

static void
bound_to_another_site(void)
{
    struct binding binding = play_binding();

    binding.site = bytes_str("other.assay");
    play_bind(&binding);
}

static void
bound_to_another_session(void)
{
    static const uint8_t exporter[EXPORTER_SIZE] = {1};
    struct binding binding = play_binding();

    binding.exporter = exporter;
    play_bind(&binding);
}

/* Evidence for a background check, handed in as the device's own. */
static void
bound_to_no_session(void)
{
    struct binding binding = play_binding();

    binding.mode = BINDING_RELAYED;
    binding.exporter = NULL;
    play_bind(&binding);
}

/* The evidence of a support bundle: neither challenge nor connection, and its claims say so. */
static void
bound_as_a_bundle(void)
{
    struct binding binding = play_binding();
    uint8_t out[32];

    binding.mode = BINDING_COLLECTED;
    CHECK_EQ(binding_quote(play.rig.keeper.hasher, &binding, out), -EINVAL);
    binding.exporter = NULL;
    CHECK_EQ(binding_quote(play.rig.keeper.hasher, &binding, out), -EINVAL);
    CHECK_EQ(binding_certify(play.rig.keeper.hasher, &binding, out), -EINVAL);
    binding.nonce = NULL;
    play_bind(&binding);
}

static void
bound_to_no_nonce(void)
{
    struct binding binding = play_binding();

    binding.nonce = NULL;
    play_bind(&binding);
}

static void
bound_to_no_claims(void)
{
    struct binding binding = play_binding();

    binding.claims = BYTES_NULL;
    play_bind(&binding);
}

static void
bound_for_a_certification(void)
{
    struct binding binding = play_binding();

    CHECK_EQ(binding_certify(play.rig.hasher, &binding, evidence->extra), 0);
    play_resign();
}

/* What a relying party would ask with: the nonce itself. */
static void
the_nonce_itself(void)
{
    memcpy(evidence->extra, play.nonce, sizeof(play.nonce));
    play_resign();
}

static void
nothing_bound(void)
{
    evidence->extra_len = 0;
    play_resign();
}

static const struct play_row bindings[] = {
    {"another site", bound_to_another_site, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"another session's exporter", bound_to_another_session, COAP_CODE(4, 1),
     REASON_CHANNEL_BINDING},
    {"a background check", bound_to_no_session, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"a support bundle", bound_as_a_bundle, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"a nonce that is claimed only", bound_to_no_nonce, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"no claims", bound_to_no_claims, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"a certification's data", bound_for_a_certification, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"the nonce itself", the_nonce_itself, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
    {"nothing", nothing_bound, COAP_CODE(4, 1), REASON_CHANNEL_BINDING},
};

static void
a_quote_bound_to_anything_else_is_no_news(void)
{
    play_rows(bindings, ARRAY_LEN(bindings));
}

static void
each_bit_of_qualifying_data_counts(void)
{
    play_start();
    for (size_t bit = 0; bit < 256; bit++) {
        play_plain();
        evidence->extra[bit / 8] ^= (uint8_t)(1u << bit % 8);
        play_resign();
        CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 1));
        CHECK_EQ(play_reason(), REASON_CHANNEL_BINDING);
    }
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
an_unsafe_clock_is_noted_and_passes(void)
{
    struct answer answer;

    play_start();
    play_plain();
    evidence->attest.safe = false;
    play_resign();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    answer = play_answered();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.cwt.p);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_CLOCK_UNSAFE);
}

/* The device says that it judged our certificates at its build's date, as its clock was before. */
static void
a_device_without_the_time_is_noted_and_passes(void)
{
    struct answer answer;

    play_start();
    play_plain();
    evidence->claims.clock_floor_s = 1795737600;
    play_claims();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    answer = play_answered();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK(answer.cwt.p);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_DEVICE_CLOCK);
}

CHECK_MAIN(CASE(each_quote_gets_its_own_refusal), CASE(a_quote_bound_to_anything_else_is_no_news),
           CASE(each_bit_of_qualifying_data_counts), CASE(an_unsafe_clock_is_noted_and_passes),
           CASE(a_device_without_the_time_is_noted_and_passes))
