/* What becomes of a device: a new era, another AK, another TPM; each by an operator's word and by
 * nothing else. */
#include "lib/control-play.h"

#include "wire/answer.h"

enum { BODY_ROOM = 256 * 1024, STEP_MS = 300 * 1000 };

static uint8_t nonce[WIRE_NONCE_SIZE];
static struct soft_device first; /* the device as it was before it got another AK or TPM */

static void
take_id(void)
{
    struct store_device device;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    (void)hex_write(id, BYTES_OF(device.id));
    (void)hex_write(fingerprint, BYTES_OF(device.ek_fingerprint));
}

/* A fresh device of class c, accepted. */
static void
start_member(void)
{
    struct answer answer;

    start();
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    take_id();
}

/* One attestation five minutes later; the answer. */
static struct answer
attest(void)
{
    static uint8_t room[BODY_ROOM];
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(room, sizeof(room));
    struct answer answer;

    rig.now_ms += STEP_MS;
    rig.mono_ms += STEP_MS;
    rig.device.clock_ms += STEP_MS;
    keeper_rig_connect(&rig);
    for (int tries = 0;; tries++) {
        soft_evidence_plain(&rig.device, nonce, rig.exporter, &evidence);
        wr = wr_init(room, sizeof(room));
        if (keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                           soft_evidence_write(&rig.device, &evidence, &wr),
                           NULL) != COAP_CODE(4, 1)) {
            break;
        }
        CHECK(tries < 2);
        (void)keeper_rig_problem(&rig, nonce);
    }
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    memcpy(nonce, answer.nonce, sizeof(nonce));
    return answer;
}

static void
refused_for(enum reason reason)
{
    struct answer answer = attest();

    CHECK(answer.n_reasons > 0);
    CHECK_EQ(answer.reasons[0], reason);
    CHECK_EQ(answer.cwt.len, 0);
}

static void
passes(void)
{
    struct answer answer = attest();

    CHECK_EQ(answer.n_reasons ? answer.reasons[0] : 0, 0);
    CHECK(answer.cwt.len > 0);
    CHECK_STR(state(), "fresh");
}

static uint8_t
enrol(void)
{
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes body = soft_device_enroll(&rig.device, &wr);

    keeper_rig_identity(&rig);
    keeper_rig_connect(&rig);
    return keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL);
}

/* Puts a device into the rig; its area is views into its own bytes. */
static void
put(const struct soft_device *device)
{
    struct soft_device *own = &rig.device;

    *own = *device;
    CHECK_EQ(tpm_public_read(bytes_of(own->ak_public, own->ak_public_len), &own->ak_area, NULL), 0);
}

/* A device in software like this one, with other keys. */
static void
other_keys(bool same_ek)
{
    static struct soft_device kept[8]; /* a case may take keys away more than once */
    static size_t n_kept;
    struct soft_device now;

    CHECK(n_kept < ARRAY_LEN(kept));
    first = kept[n_kept++] = rig.device;
    soft_device_new(&now, rig.hasher, RIG_SITE);
    if (same_ek) {
        memcpy(now.ek_public, first.ek_public, sizeof(now.ek_public));
        now.ek_public_len = first.ek_public_len;
    }
    now.log = first.log;
    now.values = first.values;
    now.clock_ms = first.clock_ms;
    now.reset_count = first.reset_count;
    put(&now);
}

static void
back_to_the_first(void)
{
    first.clock_ms = rig.device.clock_ms;
    soft_device_done(&rig.device);
    put(&first);
    keeper_rig_identity(&rig);
}

static long long
era(void)
{
    return number(json_object_get(YES("device", "show", id), "boot"), "era");
}

static void
a_cleared_tpm_waits_for_a_new_era(void)
{
    start_member();
    passes();
    rig.device.reset_count = 0;
    rig.device.clock_ms = 0;
    refused_for(REASON_RESET_MISMATCH);
    refused_for(REASON_RESET_MISMATCH);
    CHECK_STR(state(), "failed");
    CHECK_EQ(era(), 0);
    CHECK_EQ(number(YES("device", "new-era", id), "era"), 1);
    passes();
    CHECK_EQ(era(), 1);
    passes();
    rig.device.clock_ms -= 2 * STEP_MS; /* order counts in the new era as in the old one */
    refused_for(REASON_CLOCK_BACKWARDS);
}

static void
the_same_word_again_opens_no_further_era(void)
{
    start_member();
    passes();
    CHECK_EQ(number(YES("device", "new-era", id), "era"), 1);
    CHECK_EQ(number(YES("device", "new-era", id), "era"), 1);
    passes();
    CHECK_EQ(number(YES("device", "new-era", id), "era"), 2);
}

static void
a_new_era_forgets_half_a_pair(void)
{
    start_member();
    rig.device.clock_ms = UINT64_C(86400000) * 30;
    passes();
    rig.device.clock_ms -= 86400000;
    refused_for(REASON_CLOCK_BACKWARDS);
    (void)YES("device", "new-era", id);
    passes();
    rig.device.clock_ms += 86400000;
    passes();
}

static void
an_era_is_for_devices_that_have_left_one(void)
{
    start_pending();
    NO("evidence", "device", "new-era", id);
    NO("unknown", "device", "new-era", "00000000");
    (void)YES("device", "remove", id, "gone");
    NO("state", "device", "new-era", id);
}

static void
a_new_era_lifts_no_quarantine(void)
{
    start_member();
    (void)YES("device", "quarantine", id, "lost");
    (void)YES("device", "new-era", id);
    CHECK_STR(state(), "quarantined");
}

static const char *
candidates_ak(void)
{
    return text(json_object_get(YES("device", "show", id), "candidate"), "ak_name");
}

static void
another_ak_takes_over_by_an_operators_word_only(void)
{
    char ak[2 * TPM_NAME_MAX + 1];
    json_t *root;

    start_member();
    passes();
    NO("candidate", "device", "rekey", id);
    other_keys(true);
    (void)hex_write(ak, bytes_of(rig.device.ak_name, rig.device.ak_name_len));
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    CHECK_STR(candidates_ak(), ak);
    NO("quote", "device", "rekey", id);
    refused_for(REASON_AK_UNKNOWN); /* it passed, and is nobody's yet */
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 3));
    CHECK_STR(state(), "fresh"); /* the row is as the first AK left it */
    CHECK(number(json_object_get(YES("device", "show", id), "candidate"), "accepted_ms") > 0);
    root = YES("device", "rekey", id);
    CHECK_STR(text(root, "ak_name"), ak);
    CHECK(!json_object_get(YES("device", "show", id), "candidate"));
    passes();
    NO("candidate", "device", "rekey", id);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    back_to_the_first();
    keeper_rig_connect(&rig);
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 3)); /* the old one is unknown now */
}

static void
the_old_ak_stands_until_then(void)
{
    start_member();
    passes();
    other_keys(true);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    refused_for(REASON_AK_UNKNOWN);
    back_to_the_first();
    passes();
}

static void
evidence_of_a_candidate_that_does_not_pass_counts_for_nothing(void)
{
    start_member();
    passes();
    other_keys(true);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    rig.device.reset_count -= 1;
    refused_for(REASON_AK_UNKNOWN);
    NO("quote", "device", "rekey", id);
    CHECK_STR(state(), "fresh"); /* and fails nobody */
    rig.device.reset_count += 1;
    refused_for(REASON_AK_UNKNOWN);
    (void)YES("device", "rekey", id);
    passes();
}

static void
a_third_ak_replaces_the_second_and_has_to_show_itself(void)
{
    start_member();
    other_keys(true);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    refused_for(REASON_AK_UNKNOWN);
    CHECK_EQ(enrol(), COAP_CODE(2, 4)); /* the same again keeps what it has shown */
    CHECK(number(json_object_get(YES("device", "show", id), "candidate"), "accepted_ms") > 0);
    other_keys(true);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    NO("quote", "device", "rekey", id);
}

static void
quarantine_and_removal_survive_another_ak(void)
{
    static const struct {
        const char *verb, *state;
        uint8_t code;
    } rows[] = {{"quarantine", "quarantined", COAP_CODE(2, 4)},
                {"remove", "removed", COAP_CODE(4, 3)}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        start_member();
        (void)YES("device", rows[i].verb, id, "lost");
        other_keys(true);
        CHECK_EQ(enrol(), rows[i].code);
        CHECK_STR(state(), rows[i].state);
        if (rows[i].code == COAP_CODE(2, 4)) {
            refused_for(REASON_AK_UNKNOWN);
            (void)YES("device", "rekey", id);
            CHECK_STR(state(), rows[i].state);
        } else {
            NO("state", "device", "rekey", id);
        }
        keeper_rig_done(&rig);
    }
}

static void
a_removed_device_leaves_a_tombstone(void)
{
    start_member();
    (void)YES("device", "remove", id, "sold");
    CHECK_EQ(enrol(), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_DEVICE_DISABLED);
    CHECK_EQ(json_array_size(json_object_get(YES("device", "list"), "devices")), 1);
    CHECK_STR(text(YES("device", "show", id), "why"), "sold");
}

/* Another TPM in the same machine: the row of the old one in id and old, the new one's pending. */
static char old[sizeof(id)];

static void
start_pair(void)
{
    start_member();
    passes();
    memcpy(old, id, sizeof(old));
    other_keys(false);
    CHECK_EQ(enrol(), COAP_CODE(2, 4));
    take_id();
    CHECK_STR(state(), "pending"); /* an unknown EK is simply a new device */
}

static void
a_new_tpm_stands_in_the_place_of_the_old_one(void)
{
    json_t *root;

    start_pair();
    root = YES("device", "replace", old, fingerprint);
    CHECK_STR(text(root, "id"), id);
    CHECK_STR(text(root, "replaces"), old);
    CHECK_STR(text(root, "state"), "provisional");
    CHECK_STR(text(YES("device", "show", id), "class"), "c");
    CHECK_STR(text(YES("device", "show", old), "state"), "removed");
    CHECK(strstr(text(YES("device", "show", old), "why"), id));
    passes();
    (void)YES("device", "replace", old, fingerprint); /* the same again: nothing more to do */
    CHECK_STR(state(), "fresh");
    back_to_the_first();
    CHECK_EQ(enrol(), COAP_CODE(4, 3));
}

static void
only_what_fits_is_replaced(void)
{
    start_pair();
    NO("fingerprint", "device", "replace", old, id); /* as for approval, all its digits */
    NO("unknown", "device", "replace", "00000000", fingerprint);
    NO("unknown", "device", "replace", old,
       "0000000000000000000000000000000000000000000000000000000000000000");
    NO("same", "device", "replace", id, fingerprint);
    (void)YES("device", "quarantine", old, "lost");
    NO("state", "device", "replace", old, fingerprint);
    CHECK_STR(state(), "pending");
    (void)YES("device", "release", old);
    (void)YES("device", "approve", fingerprint, "c");
    NO("state", "device", "replace", old, fingerprint); /* a member has a place of its own */
    (void)YES("device", "remove", old, "scrapped");
    NO("state", "device", "replace", old, fingerprint);
    CHECK_STR(text(YES("device", "show", old), "why"), "scrapped");
}

static void
a_device_without_a_class_has_no_place_to_give(void)
{
    char other[sizeof(id)];

    start_pending();
    memcpy(other, id, sizeof(other));
    add_device(0x32, DEVICE_PENDING, "", "Maker");
    NO("class", "device", "replace", other, fingerprint);
}

CHECK_MAIN(CASE(a_cleared_tpm_waits_for_a_new_era), CASE(the_same_word_again_opens_no_further_era),
           CASE(a_new_era_forgets_half_a_pair), CASE(an_era_is_for_devices_that_have_left_one),
           CASE(a_new_era_lifts_no_quarantine),
           CASE(another_ak_takes_over_by_an_operators_word_only),
           CASE(the_old_ak_stands_until_then),
           CASE(evidence_of_a_candidate_that_does_not_pass_counts_for_nothing),
           CASE(a_third_ak_replaces_the_second_and_has_to_show_itself),
           CASE(quarantine_and_removal_survive_another_ak),
           CASE(a_removed_device_leaves_a_tombstone),
           CASE(a_new_tpm_stands_in_the_place_of_the_old_one), CASE(only_what_fits_is_replaced),
           CASE(a_device_without_a_class_has_no_place_to_give))
