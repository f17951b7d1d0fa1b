/* IMA lists, changed in one place, against a keeper: each row says what must come back. The base of
 * each row is accepted in the same run, and a change that changes no byte fails. */
#include "lib/check.h"
#include "lib/growing-rig.h"

/* Fifty entries are known and accepted; sixty are quoted next. */
static void
start(void)
{
    struct answer answer;

    growing_rig_member("0-10,14", 0x47ff);
    growing_rig_quoted(50, 50);
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[49]);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[49];
    growing_rig_quoted(60, 60);
}

static void
entry_flipped(void)
{
    growing_rig.list[growing_rig.ends[54] + 4 + 20 + 4 + 7 + 4 + 4 + 10] ^=
        1; /* in the digest field of an entry */
}

static void
template_hash_flipped(void)
{
    growing_rig.list[growing_rig.ends[54] + 4] ^= 1;
}

static void
entry_removed(void)
{
    size_t gone = growing_rig.ends[55] - growing_rig.ends[54];

    memmove(growing_rig.list + growing_rig.ends[54], growing_rig.list + growing_rig.ends[55],
            growing_rig.ends[59] - growing_rig.ends[55]);
    growing_rig.keeper.device.ima.bytes.len -= gone;
}

static void
entries_swapped(void)
{
    uint8_t first[1024];
    size_t n = growing_rig.ends[55] - growing_rig.ends[54];
    size_t m = growing_rig.ends[56] - growing_rig.ends[55];

    memcpy(first, growing_rig.list + growing_rig.ends[54], n);
    memmove(growing_rig.list + growing_rig.ends[54], growing_rig.list + growing_rig.ends[55], m);
    memcpy(growing_rig.list + growing_rig.ends[54] + m, first, n);
}

static void
cut_in_an_entry(void)
{
    growing_rig.keeper.device.ima.bytes.len -= 5;
}

static void
last_entry_missing(void)
{
    growing_rig.keeper.device.ima.bytes.len = growing_rig.ends[58];
}

static void
nothing_new(void)
{
    growing_rig.keeper.device.ima.bytes.len = growing_rig.ends[49];
}

static void
extended_beyond_the_list(void)
{
    growing_rig.keeper.device.values.value[POLICY][IMA][3] ^= 1;
    growing_rig_plain();
}

static void
pcr10_of_zeros(void)
{
    memset(growing_rig.keeper.device.values.value[POLICY][IMA], 0, HASH_SIZE_MAX);
    growing_rig_plain();
}

/* Signs other claims than the plain ones. */
static void
claim_offset(uint64_t offset)
{
    growing_rig.evidence.claims.logs[1].offset = offset;
    growing_rig_resign();
}

static void
offset_one_more(void)
{
    claim_offset(growing_rig.ends[49] + 1);
}

static void
offset_one_entry_less(void)
{
    claim_offset(growing_rig.ends[48]);
}

static void
digest_before_differs(void)
{
    growing_rig.evidence.claims.logs[1].before[31] ^= 1;
    growing_rig_resign();
}

static void
offset_zero_with_the_digest_of_more(void)
{
    claim_offset(0);
}

static void
offset_in_a_new_boot(void)
{
    growing_rig.evidence.attest.reset_count++;
    soft_evidence_attest(&growing_rig.evidence);
    soft_evidence_sign(&growing_rig.keeper.device, &growing_rig.evidence);
}

static void
offset_in_an_older_restart(void)
{
    growing_rig.evidence.attest.restart_count++; /* a resume: goes on */
    soft_evidence_attest(&growing_rig.evidence);
    soft_evidence_sign(&growing_rig.keeper.device, &growing_rig.evidence);
}

static void
no_list_at_all(void)
{
    growing_rig.keeper.device.ima.bytes = BYTES_NULL;
    growing_rig_plain();
}

/* The claims say otherwise than the items, which stay as they are. */
static void
kind_of_another_log(void)
{
    growing_rig.evidence.claims.logs[1].kind = LOG_USERSPACE;
    growing_rig_resign();
    growing_rig.evidence.claims.logs[1].kind = LOG_IMA;
}

static void
claims_swapped(void)
{
    struct claims plain_claims = growing_rig.evidence.claims;

    growing_rig.evidence.claims.logs[0] = plain_claims.logs[1];
    growing_rig.evidence.claims.logs[1] = plain_claims.logs[0];
    growing_rig_resign();
    growing_rig.evidence.claims = plain_claims;
}

static void
claim_twice(void)
{
    growing_rig.evidence.claims.logs[2] = growing_rig.evidence.claims.logs[1];
    growing_rig.evidence.claims.n_logs = 3;
    growing_rig_resign();
}

static void
claim_left_out(void)
{
    growing_rig.evidence.claims.n_logs = 1;
    growing_rig_resign();
    growing_rig.evidence.claims.n_logs = 2;
}

static void
userspace_log_unquoted(void)
{
    growing_rig.keeper.device.userspace.bytes = bytes_str("\x1e{}\n");
    growing_rig_plain();
}

static const struct row {
    const char *name;
    void (*before)(void); /* changes bytes before the evidence is made, or NULL */
    void (*after)(void);  /* changes the evidence, or NULL */
    uint8_t code;
    enum reason reason;
} rows[] = {
    {"an entry's digest flipped", entry_flipped, NULL, COAP_CODE(2, 4), REASON_IMA_TEMPLATE_HASH},
    {"a template hash flipped", template_hash_flipped, NULL, COAP_CODE(2, 4),
     REASON_IMA_TEMPLATE_HASH},
    {"an entry removed", entry_removed, NULL, COAP_CODE(2, 4), REASON_IMA_REPLAY},
    {"two entries swapped", entries_swapped, NULL, COAP_CODE(2, 4), REASON_IMA_REPLAY},
    {"cut inside the last quoted entry", cut_in_an_entry, NULL, COAP_CODE(2, 4), REASON_LOG_PARSE},
    {"the last quoted entry missing", last_entry_missing, NULL, COAP_CODE(2, 4), REASON_IMA_REPLAY},
    {"nothing new, and PCR 10 is another", nothing_new, NULL, COAP_CODE(2, 4), REASON_IMA_REPLAY},
    {"PCR 10 extended beyond the list", NULL, extended_beyond_the_list, COAP_CODE(2, 4),
     REASON_IMA_REPLAY},
    {"PCR 10 never extended", NULL, pcr10_of_zeros, COAP_CODE(2, 4), REASON_IMA_REPLAY},
    {"an offset of one byte more", NULL, offset_one_more, COAP_CODE(4, 9), REASON_BODY_MISSING},
    {"an offset of one entry less", NULL, offset_one_entry_less, COAP_CODE(4, 9),
     REASON_BODY_MISSING},
    {"another digest of the bytes before", NULL, digest_before_differs, COAP_CODE(4, 9),
     REASON_BODY_MISSING},
    {"the old offset in a new boot", NULL, offset_in_a_new_boot, COAP_CODE(4, 9),
     REASON_BODY_MISSING},
    {"offset 0 with the digest of something", NULL, offset_zero_with_the_digest_of_more,
     COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"the old offset after a resume", NULL, offset_in_an_older_restart, COAP_CODE(2, 4),
     REASON_NONE},
    {"no list", NULL, no_list_at_all, COAP_CODE(2, 4), REASON_IMA_OFF},
    {"claimed as a userspace log", NULL, kind_of_another_log, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
    {"claims of two logs swapped", NULL, claims_swapped, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
    {"a log claimed twice", NULL, claim_twice, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a log that no claim names", NULL, claim_left_out, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a log whose PCRs are not quoted", NULL, userspace_log_unquoted, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
};

static void
run_row(const struct row *row)
{
    struct bytes unchanged;
    struct bytes changed;

    start();
    growing_rig_plain();
    unchanged = growing_rig_written(growing_rig.plain_room);
    if (row->before) {
        row->before();
        growing_rig_plain();
    }
    if (row->after) {
        row->after();
    }
    changed = growing_rig_written(growing_rig.body_room);
    if (bytes_equal(unchanged, changed)) {
        check_fail(__FILE__, __LINE__, "%s changes nothing", row->name);
    }
    (void)growing_rig_attest(changed);
    if (growing_rig.keeper.reply.code != row->code || growing_rig_reason() != row->reason) {
        check_fail(__FILE__, __LINE__, "%s: %d.%02d %s, not %d.%02d %s", row->name,
                   growing_rig.keeper.reply.code >> 5, growing_rig.keeper.reply.code & 31,
                   reason_name(growing_rig_reason()), row->code >> 5, row->code & 31,
                   reason_name(row->reason));
    }
    printf("# %s: %s\n", reason_name(row->reason), row->name);
    keeper_rig_done(&growing_rig.keeper);
}

static void
each_change_alone_gets_its_own_answer(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run_row(&rows[i]);
    }
    printf("# %zu changes\n", ARRAY_LEN(rows));
}

static void
only_the_new_part_is_sent_and_judged(void)
{
    struct answer answer;
    unsigned before;

    start();
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    CHECK_EQ(growing_rig_known(&answer, LOG_FIRMWARE), growing_rig.keeper.device.log.len);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(103, 103);
    before = growing_rig.keeper.n_read;
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.list_len);
    CHECK_EQ(growing_rig.keeper.n_read, before + 1); /* the new part, and nothing else */
}

static void
a_repeat_with_nothing_new_needs_no_reader(void)
{
    struct answer answer;
    unsigned before;

    start();
    (void)growing_rig_accepted();
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig.evidence.with_log = false;
    growing_rig.evidence.with_values = false;
    before = growing_rig.keeper.n_read;
    for (int i = 0; i < 3; i++) {
        answer = growing_rig_accepted();
        CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    }
    CHECK_EQ(growing_rig.keeper.n_read, before);
}

/* The kernel measured on between the quote and the reading. */
static void
what_follows_the_quote_is_carried_over(void)
{
    struct answer answer;

    start();
    growing_rig_quoted(60, 103);
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_IMA_TAIL_IGNORED);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(103, 103);
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.list_len);
    CHECK_EQ(answer.n_reasons, 0);
}

static void
what_follows_the_quote_may_be_cut(void)
{
    struct answer answer;

    start();
    growing_rig_quoted(60, 61);
    growing_rig.keeper.device.ima.bytes.len -= 7;
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    CHECK_EQ(answer.reasons[0], REASON_IMA_TAIL_IGNORED);
}

static void
a_lost_answer_heals_from_what_is_known(void)
{
    start();
    (void)growing_rig_accepted(); /* its answer does not arrive: the device goes on from the offset
                                     before */
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce), REASON_BODY_MISSING);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), growing_rig.ends[59]);
    CHECK_EQ(growing_rig_wanted(LOG_FIRMWARE), growing_rig.keeper.device.log.len);
    growing_rig.keeper.device.ima.offset = growing_rig_wanted(LOG_IMA);
    (void)growing_rig_accepted();
}

static void
another_digest_before_the_offset_wants_all_of_the_list(void)
{
    start();
    growing_rig_plain();
    digest_before_differs();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce), REASON_BODY_MISSING);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    (void)growing_rig_accepted();
}

static void
a_new_boot_begins_at_the_start(void)
{
    struct answer answer;

    start();
    (void)growing_rig_accepted();
    growing_rig.keeper.device.reset_count++;
    growing_rig_quoted(20, 20); /* the list of the new boot, shorter and the same */
    growing_rig.keeper.device.ima.offset = growing_rig.ends[9];
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce), REASON_BODY_MISSING);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[19]);
}

static void
a_resume_keeps_the_offset_and_the_name_of_the_boot(void)
{
    struct store_last last;
    uint8_t ueid[WIRE_UEID_SIZE];

    start();
    growing_rig.keeper.device.restart_count++;
    (void)growing_rig_accepted();
    CHECK_EQ(ident_ueid(growing_rig.keeper.hasher, bytes_str(RIG_SITE),
                        bytes_of(growing_rig.keeper.device.ek_public,
                                 growing_rig.keeper.device.ek_public_len),
                        ueid),
             0);
    CHECK_EQ(store_last_get(growing_rig.keeper.keeper.store, ueid, &last), 0);
    CHECK_EQ(last.restart_count, 1);
    CHECK_EQ(last.boot_restart, 0);
    CHECK_EQ(last.ima_length, growing_rig.ends[59]);
    growing_rig.keeper.device
        .restart_count++; /* TPM Restart: PCRs were zeroed, the list began again */
    growing_rig.keeper.device.ima.offset = 0;
    growing_rig_quoted(5, 5);
    (void)growing_rig_accepted();
    CHECK_EQ(store_last_get(growing_rig.keeper.keeper.store, ueid, &last), 0);
    CHECK_EQ(last.boot_restart, 2);
}

/* PCRs zeroed, the old offset named: what was a resume by its counters is none by its replay. */
static void
a_restart_that_names_the_old_offset_is_asked_for_all(void)
{
    start();
    growing_rig.keeper.device.restart_count++;
    memset(growing_rig.keeper.device.values.value[POLICY][IMA], 7, HASH_SIZE_MAX);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce), REASON_BODY_MISSING);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
}

static void
an_unknown_firmware_log_is_asked_for_with_the_lists(void)
{
    start();
    growing_rig.keeper.device.log = check_vector("boot/grub-sb-on/binary_bios_measurements");
    growing_rig.evidence.with_log = false;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_reason(), REASON_BODY_MISSING);
    CHECK_EQ(growing_rig_wanted(LOG_FIRMWARE), 0);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), growing_rig.ends[49]);
}

static void
a_repeat_whose_list_lies_is_asked_for_values_first(void)
{
    start();
    growing_rig.evidence.with_values = false;
    growing_rig.keeper.device.values.value[POLICY][IMA][0] ^= 1;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce), REASON_PCR_DIGEST);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), growing_rig.ends[49]);
    growing_rig.evidence.with_values = true;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_IMA_REPLAY);
    (void)growing_rig_answered();
    growing_rig.keeper.device.values.value[POLICY][IMA][0] ^= 1; /* and what was known still is */
    (void)growing_rig_accepted();
}

/* A PCR of the firmware differs while the list is right: the list must not hide it. */
static void
another_pcr_is_named_beside_a_good_list(void)
{
    start();
    growing_rig.keeper.device.values.value[POLICY][4][0] ^= 1;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_LOG_REPLAY);
    (void)growing_rig_answered();
    growing_rig.keeper.device.values.value[POLICY][4][0] ^= 1;
    (void)growing_rig_accepted();
}

static void
values_that_are_not_the_quoted_ones_are_named_so(void)
{
    start();
    growing_rig_plain();
    growing_rig.evidence.pcr_digest[0] ^= 1;
    growing_rig_resign();
    growing_rig.keeper.device.values.value[POLICY][4][0] ^= 1;
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_PCR_DIGEST);
}

/* Every bank that is quoted with PCR 10 must agree; one may be padded while others are not. */
static void
banks_are_extended_in_their_own_way(void)
{
    growing_rig_member("0-10,14", 0x47ff);
    growing_rig.keeper.device.values.selection.sets[0].mask = 0x4ff;
    growing_rig.keeper.device.values.selection.sets[SHA384].mask = 0x4ff;
    growing_rig_quoted(50, 50);
    growing_rig_extend(0, growing_rig.ends[49], IMA_EXTEND_OWN);
    growing_rig_extend(SHA384, growing_rig.ends[49], IMA_EXTEND_PADDED);
    (void)growing_rig_accepted();
    growing_rig.keeper.device.ima.offset = growing_rig.ends[49];
    growing_rig_quoted(60, 60);
    growing_rig_extend(0, growing_rig.ends[59], IMA_EXTEND_OWN);
    growing_rig_extend(SHA384, growing_rig.ends[59], IMA_EXTEND_PADDED);
    (void)growing_rig_accepted();
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig.keeper.device.values.value[SHA384][IMA][47] ^= 1;
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_IMA_REPLAY);
}

/* A bank for which nothing is known of PCR 10 yet: the list comes from its start. */
static void
a_bank_more_wants_all_of_the_list(void)
{
    start();
    growing_rig.keeper.device.values.selection.sets[0].mask = 0x4ff;
    growing_rig_extend(0, growing_rig.ends[59], IMA_EXTEND_OWN);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    (void)keeper_rig_problem(&growing_rig.keeper, growing_rig.nonce);
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    (void)growing_rig_accepted();
}

/* The list's first entry, made anew with another digest or name; the TPM agrees with the list. */
static enum reason
first_entry(const char *field, const char *name)
{
    struct wr wr = wr_init(growing_rig.list, sizeof(growing_rig.list));
    uint8_t data[256];
    struct wr in = wr_init(data, sizeof(data));
    uint8_t hash[20];
    struct bytes digest = check_hex(field);

    wr_le32(&in, (uint32_t)digest.len);
    wr_bytes(&in, digest);
    wr_le32(&in, (uint32_t)strlen(name) + 1);
    wr_bytes(&in, bytes_of(name, strlen(name) + 1));
    CHECK_EQ(hasher_bytes(growing_rig.keeper.hasher, HASH_SHA1, wr_done(&in), hash), 0);
    wr_le32(&wr, IMA);
    wr_bytes(&wr, BYTES_OF(hash));
    wr_le32(&wr, 6);
    wr_str(&wr, "ima-ng");
    wr_le32(&wr, (uint32_t)wr_done(&in).len);
    wr_bytes(&wr, wr_done(&in));
    growing_rig.list_len = wr_done(&wr).len;
    growing_rig.ends[0] = growing_rig.list_len;
    growing_rig.keeper.device.ima.offset = 0;
    growing_rig_quoted(1, 1);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    return growing_rig_reason();
}

static void
a_list_that_began_elsewhere_is_refused(void)
{
    static const struct {
        const char *field;
        const char *name;
    } others[] = {
        /* of another boot */
        {"7368613235363a00 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "boot_aggregate"},
        /* no TPM was found */
        {"7368613235363a00 0000000000000000000000000000000000000000000000000000000000000000",
         "boot_aggregate"},
        /* no boot_aggregate at all */
        {"7368613235363a00 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "/bin/sh"},
        /* of a bank whose PCR 8 and 9 are not quoted */
        {"7368613338343a00 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
         "202122232425262728292a2b2c2d2e2f",
         "boot_aggregate"},
        /* SHA-1 is of PCR 0 to 7, and not of these */
        {"736861313a00 0102030405060708090a0b0c0d0e0f1011121314", "boot_aggregate"},
    };

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        start();
        if (first_entry(others[i].field, others[i].name) != REASON_IMA_BOOT_AGGREGATE) {
            check_fail(__FILE__, __LINE__, "%zu: %s", i, reason_name(growing_rig_reason()));
        }
        CHECK(!growing_rig_answered().cwt.p);
        keeper_rig_done(&growing_rig.keeper);
    }
}

/* A refused list must not become known: else the next part would pass without its beginning. */
static void
what_was_refused_is_not_known(void)
{
    start();
    CHECK_EQ(
        first_entry(
            "7368613235363a00 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "boot_aggregate"),
        REASON_IMA_BOOT_AGGREGATE);
    (void)growing_rig_answered();
    growing_rig.keeper.device.ima.offset = growing_rig.ends[0];
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
}

static void
a_machine_without_ima_is_named(void)
{
    growing_rig_member("0-10,14", 0x47ff);
    growing_rig.keeper.device.ima.bytes = bytes_of(growing_rig.list, 0);
    memset(growing_rig.keeper.device.values.value[POLICY][IMA], 0, HASH_SIZE_MAX);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    CHECK_EQ(growing_rig_reason(), REASON_IMA_OFF);
}

/* A violation: no digest is logged, all ff is extended. It stays named while the boot lasts. */
static void
a_violation_warns_until_the_next_boot(void)
{
    struct answer answer;
    size_t at;

    start();
    at = growing_rig.ends[54];
    memset(growing_rig.list + at + 4, 0, 20);
    growing_rig_quoted(60, 60);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    answer = growing_rig_answered();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_IMA_VIOLATION);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    answer = growing_rig_answered();
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.reasons[0], REASON_IMA_VIOLATION);
    growing_rig_load();
    growing_rig.keeper.device.reset_count++;
    growing_rig.keeper.device.ima.offset = 0;
    growing_rig_quoted(70, 70);
    (void)growing_rig_accepted();
}

CHECK_MAIN(CASE(each_change_alone_gets_its_own_answer), CASE(only_the_new_part_is_sent_and_judged),
           CASE(a_repeat_with_nothing_new_needs_no_reader),
           CASE(what_follows_the_quote_is_carried_over), CASE(what_follows_the_quote_may_be_cut),
           CASE(a_lost_answer_heals_from_what_is_known),
           CASE(another_digest_before_the_offset_wants_all_of_the_list),
           CASE(a_new_boot_begins_at_the_start),
           CASE(a_resume_keeps_the_offset_and_the_name_of_the_boot),
           CASE(a_restart_that_names_the_old_offset_is_asked_for_all),
           CASE(an_unknown_firmware_log_is_asked_for_with_the_lists),
           CASE(a_repeat_whose_list_lies_is_asked_for_values_first),
           CASE(another_pcr_is_named_beside_a_good_list),
           CASE(values_that_are_not_the_quoted_ones_are_named_so),
           CASE(banks_are_extended_in_their_own_way), CASE(a_bank_more_wants_all_of_the_list),
           CASE(a_list_that_began_elsewhere_is_refused), CASE(what_was_refused_is_not_known),
           CASE(a_machine_without_ima_is_named), CASE(a_violation_warns_until_the_next_boot))
