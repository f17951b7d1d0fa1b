/* The TPM's own firmware, as quotes sign it: a change is told once, with the first evidence of it
 * that passes, and whatever else happens to a TPM is no change. */
#include "lib/attest-play.h"
#include "lib/check.h"

static const uint64_t NEWER = 0x0102030405060709;

static struct soft_device *const device = &play.rig.device;

struct told {
    size_t n;
    char text[64];
};

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    struct told *told = context;

    (void)hash;
    if (bytes_equal(row->kind, bytes_str("tpm-firmware"))) {
        told->n++;
        snprintf(told->text, sizeof(told->text), "%.*s", (int)row->text.len,
                 (const char *)row->text.p);
    }
    return true;
}

static struct told
audit(void)
{
    struct told told = {0};

    CHECK_EQ(store_audit_each(play.rig.keeper.store, 0, on_row, &told), 0);
    return told;
}

static struct answer
attest(void)
{
    play.rig.now_ms += 1000;
    device->clock_ms += 1000;
    keeper_rig_connect(&play.rig);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    return play_answered();
}

static void
is_good(struct answer answer)
{
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(answer.n_reasons, 0);
    CHECK(answer.cwt.p);
}

static void
is_warned(struct answer answer)
{
    CHECK_EQ(answer.tier, TIER_WARNING);
    CHECK_EQ(answer.n_reasons, 1);
    CHECK_EQ(answer.reasons[0], REASON_TPM_FW_CHANGED);
    CHECK(answer.cwt.p);
}

static void
another_firmware_is_a_warning_once(void)
{
    play_start();
    CHECK_EQ(audit().n, 0); /* of the first there is nothing to tell */
    device->firmware = NEWER;
    is_warned(attest());
    CHECK_EQ(audit().n, 1);
    CHECK_STR(audit().text, "from 0102030405060708 to 0102030405060709");
    is_good(attest());
    is_good(attest());
    CHECK_EQ(audit().n, 1);
    play_done();
}

/* An older one as well: which of the two is the better nobody can tell from the numbers. */
static void
a_firmware_that_went_back_is_told_too(void)
{
    play_start();
    device->firmware = NEWER;
    is_warned(attest());
    device->firmware--;
    is_warned(attest());
    CHECK_EQ(audit().n, 2);
    CHECK_STR(audit().text, "from 0102030405060709 to 0102030405060708");
    play_done();
}

static struct answer
refused(void)
{
    struct answer answer;
    uint8_t *value = device->values.value[0][0];

    value[0] ^= 1;
    answer = attest();
    value[0] ^= 1;
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK(!answer.cwt.p);
    return answer;
}

/* Else whoever can spoil one evidence takes the warning away from the next. */
static void
what_is_refused_uses_no_warning_up(void)
{
    struct answer answer;

    play_start();
    device->firmware = NEWER;
    answer = refused();
    CHECK_EQ(answer.n_reasons, 2);
    CHECK_EQ(answer.reasons[0], REASON_LOG_REPLAY);
    CHECK_EQ(answer.reasons[1], REASON_TPM_FW_CHANGED);
    CHECK_EQ(audit().n, 0);
    is_warned(attest());
    is_good(attest());
    play_done();
}

static void
a_firmware_that_only_a_refusal_had_is_no_change(void)
{
    play_start();
    device->firmware = NEWER;
    (void)refused();
    device->firmware--;
    is_good(attest());
    CHECK_EQ(audit().n, 0);
    play_done();
}

/* A forger's word is not the TPM's. */
static void
what_another_key_signed_tells_nothing(void)
{
    play_start();
    play_plain();
    play.evidence.attest.firmware_version = NEWER;
    play_resign();
    play.evidence.signature[40] ^= 1;
    CHECK_EQ(play_attest(play_written()), COAP_CODE(4, 0));
    CHECK_EQ(play_reason(), REASON_QUOTE_SIGNATURE);
    CHECK_EQ(audit().n, 0);
}

static void
boots_and_resumes_are_no_change(void)
{
    play_start();
    device->reset_count++;
    device->clock_ms = 1000; /* an unorderly stop may set it back */
    is_good(attest());
    device->restart_count++;
    is_good(attest());
    CHECK_EQ(audit().n, 0);
    play_done();
}

/* A store of before, or a device that was never accepted: nothing is known to compare with. */
static void
without_an_accepted_one_there_is_no_change(void)
{
    struct store_device row;
    struct store_last last;

    play_start();
    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &row), 0);
    CHECK_EQ(store_last_get(play.rig.keeper.store, row.id, &last), 0);
    CHECK(last.trusted_firmware == device->firmware);
    last.trusted_firmware = 0;
    CHECK_EQ(store_last_put(play.rig.keeper.store, row.id, &last), 0);
    device->firmware = NEWER;
    is_good(attest());
    CHECK_EQ(audit().n, 0);
    play_done();
}

CHECK_MAIN(CASE(another_firmware_is_a_warning_once), CASE(a_firmware_that_went_back_is_told_too),
           CASE(what_is_refused_uses_no_warning_up),
           CASE(a_firmware_that_only_a_refusal_had_is_no_change),
           CASE(what_another_key_signed_tells_nothing), CASE(boots_and_resumes_are_no_change),
           CASE(without_an_accepted_one_there_is_no_change))
