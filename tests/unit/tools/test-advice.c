/* tools/advice and tools/ask-args: what an operator is told to type. */
#include "advice.h"

#include "ask-args.h"
#include "base/fault.h"
#include "lib/check.h"

#define FINGERPRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct advice_case
failed(int64_t code)
{
    return (struct advice_case){
        .state = "failed",
        .class_name = "laptops",
        .device = "0a1b2c3d",
        .fingerprint = FINGERPRINT,
        .code = code,
        .judged = true,
    };
}

static void
says(struct advice_case about, const char *what)
{
    char room[ADVICE_ROOM];

    CHECK_STR(advice_text(room, &about) == room ? "room" : "elsewhere", "room");
    if (!strstr(room, what)) {
        check_fail(__FILE__, __LINE__, "%d: \"%s\", not \"%s\"", (int)about.code, room, what);
    }
}

static void
each_reason_has_its_next_step(void)
{
    static const struct {
        enum reason reason;
        const char *says;
    } steps[] = {
        {REASON_QUOTE_SIGNATURE, "assay device quarantine 0a1b2c3d"},
        {REASON_PCR_DIGEST, "assay device quarantine 0a1b2c3d"},
        {REASON_BANK_WEAK, "assay class list (class laptops)"},
        {REASON_BANK_MISSING_IN_LOG, "assay class list (class laptops)"},
        {REASON_EVIDENCE_STALE, "restart assay-attestor"},
        {REASON_CLOCK_BACKWARDS, "assay device quarantine"},
        {REASON_RESET_MISMATCH, "assay device quarantine"},
        {REASON_CHANNEL_BINDING, "assay device quarantine"},
        {REASON_EVIDENCE_TOO_LARGE, "restart assay-attestor"},
        {REASON_LOG_MISSING, "restart assay-attestor"},
        {REASON_LOG_PARSE, "restart assay-attestor"},
        {REASON_LOG_REPLAY, "this is no honest update"},
        {REASON_FW_UNKNOWN, "assay golden learn --class laptops --from 0a1b2c3d; if not"},
        {REASON_BOOT_IMAGE_UNKNOWN, "assay golden learn --class laptops --from 0a1b2c3d; if not"},
        {REASON_EK_UNTRUSTED, "--need-ek-chain=no"},
        {REASON_CLONE_SUSPECTED, "assay device quarantine"},
        {REASON_POLICY_MISSING, "assay policy active, assay device show 0a1b2c3d"},
        {REASON_POLICY_EXPIRED, "assay policy active, assay device show 0a1b2c3d"},
        {REASON_REFSET_EMPTY, "the class has no golden values"},
        {REASON_INTERNAL, "journalctl -u assay-verifier"},
    };

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        says(failed(steps[i].reason), steps[i].says);
    }
    says(failed(0), "journalctl");
    says(failed(9999), "journalctl");
    says(failed(-1), "journalctl");
}

static void
states_come_before_reasons(void)
{
    static const struct {
        const char *state;
        const char *says;
    } states[] = {
        {"pending", "assay device approve " FINGERPRINT " --class laptops"},
        {"quarantined", "assay device release 0a1b2c3d"},
        {"removed", "assay device release 0a1b2c3d"},
        {"stale", "whether assay-attestor runs"},
        {"fresh", "nothing to do"},
    };
    struct advice_case about = failed(REASON_LOG_REPLAY);

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        about.state = states[i].state;
        says(about, states[i].says);
    }
    about.state = "provisional";
    about.judged = false;
    says(about, "whether assay-attestor runs");
    about.judged = true;
    about.code = REASON_REFSET_EMPTY; /* a member before its class has learned */
    says(about, "assay golden learn --class laptops --from 0a1b2c3d");
}

/* A keeper that was broken into must not make an operator paste its words. */
static void
what_is_no_name_is_not_offered_to_paste(void)
{
    static const char *const bad[] = {"", "a b", "$(reboot)", ".hidden", "a;b", "a\nb", "\xc3\xa4"};
    struct advice_case about = failed(REASON_FW_UNKNOWN);

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        about.class_name = bad[i];
        says(about, "--class CLASS --from");
    }
    about = failed(0);
    about.state = "pending";
    about.fingerprint = "`id`";
    says(about, "assay device approve FINGERPRINT --class laptops");
}

static void
a_text_that_fills_the_room_is_cut(void)
{
    char device[2 * ADVICE_ROOM];
    char room[ADVICE_ROOM];
    struct advice_case about = failed(REASON_FW_UNKNOWN);

    memset(device, 'd', sizeof(device) - 1);
    device[sizeof(device) - 1] = '\0';
    about.device = device;
    CHECK_EQ(strlen(advice_text(room, &about)), ADVICE_ROOM - 1);
}

static void
numbers_and_fingerprints_have_their_form(void)
{
    CHECK(ask_fingerprint_good(bytes_str(FINGERPRINT)));
    CHECK(!ask_fingerprint_good(bytes_of(FINGERPRINT, 63)));
    CHECK(!ask_fingerprint_good(bytes_str(FINGERPRINT "0")));
    CHECK(ask_number_good("123456789"));
    CHECK(!ask_number_good("1234567890"));
    CHECK(!ask_number_good("-1"));
    CHECK(!ask_number_good(""));
}

static void
ids_are_short_and_in_lower_case(void)
{
    char room[ASK_ID_ROOM];
    char number[ASK_SHORT_ROOM];
    char endless[2 * ASK_ID_ROOM];

    CHECK_STR(ask_short_id(number, "010a1b2c3d4e5f"), "0a1b2c3d");
    CHECK_STR(ask_short_id(number, "010a1b2c3"), "010a1b2c");
    CHECK_STR(ask_short_id(number, "01$(reboot)xxx"), "?");
    CHECK_STR(ask_short_id(number, ""), "?");
    CHECK_STR(ask_id(room, "01AB-cD"), "01ab-cd");
    memset(endless, 'A', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    CHECK(ask_id(room, endless) == endless);
}

CHECK_MAIN(CASE(each_reason_has_its_next_step), CASE(states_come_before_reasons),
           CASE(what_is_no_name_is_not_offered_to_paste), CASE(a_text_that_fills_the_room_is_cut),
           CASE(numbers_and_fingerprints_have_their_form), CASE(ids_are_short_and_in_lower_case))
