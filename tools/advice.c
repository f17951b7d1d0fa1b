#include "advice.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/name.h"
#include "ask-args.h"

enum advice {
    ADVICE_APPROVE,
    ADVICE_WAIT,
    ADVICE_NOTHING,
    ADVICE_RELEASE,
    ADVICE_LEARN_FIRST,
    ADVICE_POLICY,
    ADVICE_LEARN_OR_SHUT,
    ADVICE_SHUT,
    ADVICE_CLEARED,
    ADVICE_RESTART,
    ADVICE_CHAIN,
    ADVICE_SERVICE,
    ADVICE_SETTINGS,
};

/* Reasons from..to, the first row that holds the code counts. */
static const struct {
    int from, to;
    enum advice advice;
} by_reason[] = {
    {REASON_BANK_WEAK, REASON_BANK_MISSING_IN_LOG, ADVICE_SETTINGS},
    {REASON_EVIDENCE_STALE, REASON_EVIDENCE_STALE, ADVICE_RESTART},
    {REASON_CLOCK_BACKWARDS, REASON_RESET_MISMATCH, ADVICE_CLEARED},
    {REASON_EVIDENCE_TOO_LARGE, REASON_BODY_MISSING, ADVICE_RESTART},
    {REASON_QUOTE_SIGNATURE, REASON_BODY_MISSING, ADVICE_SHUT},
    {REASON_LOG_MISSING, REASON_LOG_PARSE, ADVICE_RESTART},
    {REASON_LOG_REPLAY, REASON_USERSPACE_LOG_MISSING, ADVICE_SHUT},
    {301, 699, ADVICE_LEARN_OR_SHUT},
    {REASON_EK_UNTRUSTED, REASON_EK_UNTRUSTED, ADVICE_CHAIN},
    {701, 799, ADVICE_SHUT},
    {REASON_POLICY_MISSING, REASON_POLICY_EXPIRED, ADVICE_POLICY},
    {REASON_REFSET_EMPTY, REASON_REFSET_EMPTY, ADVICE_LEARN_FIRST},
    {801, 899, ADVICE_SERVICE},
};

static enum advice
advice_of(const struct advice_case *about)
{
    if (strcmp(about->state, "pending") == 0) {
        return ADVICE_APPROVE;
    }
    if (strcmp(about->state, "quarantined") == 0 || strcmp(about->state, "removed") == 0) {
        return ADVICE_RELEASE;
    }
    if (!about->judged || strcmp(about->state, "stale") == 0) {
        return ADVICE_WAIT;
    }
    if (strcmp(about->state, "failed") != 0 && about->code != REASON_REFSET_EMPTY) {
        return ADVICE_NOTHING;
    }
    for (size_t i = 0; i < ARRAY_LEN(by_reason); i++) {
        if (about->code >= by_reason[i].from && about->code <= by_reason[i].to) {
            return by_reason[i].advice;
        }
    }
    return ADVICE_SERVICE;
}

const char *
advice_text(char room[ADVICE_ROOM], const struct advice_case *about)
{
    /* %1: device, %2: class, %3: fingerprint */
    static const char *const texts[] = {
        [ADVICE_APPROVE] = "if the device's own console shows this fingerprint: "
                           "assay device approve %3 --class %2",
        [ADVICE_WAIT] = "see on the device whether assay-attestor runs and reaches this verifier",
        [ADVICE_NOTHING] = "nothing to do",
        [ADVICE_RELEASE] = "when the reason is gone: assay device release %1",
        [ADVICE_LEARN_FIRST] = "the class has no golden values; if this device is good: "
                               "assay golden learn --class %2 --from %1",
        [ADVICE_POLICY] = "compare the policies that count with its class and groups: "
                          "assay policy active, assay device show %1",
        [ADVICE_LEARN_OR_SHUT] = "if this change was meant: assay golden learn --class %2 "
                                 "--from %1; if not: assay device quarantine %1 --why TEXT",
        [ADVICE_SHUT] = "this is no honest update: assay device quarantine %1 --why TEXT, and "
                        "look at the machine",
        [ADVICE_CLEARED] = "if its TPM was cleared, and you know by whom: assay device new-era %1; "
                           "if not: assay device quarantine %1 --why TEXT",
        [ADVICE_RESTART] = "restart assay-attestor on the device; if it stays so, see its log",
        [ADVICE_CHAIN] = "install the certificates of the TPM's maker at the verifier, or set the "
                         "class anew with --need-ek-chain=no",
        [ADVICE_SERVICE] = "see the verifier's log: journalctl -u assay-verifier",
        [ADVICE_SETTINGS] = "compare the TPM's banks with what the class demands: "
                            "assay class list (class %2)",
    };
    const char *class_name = name_good(bytes_str(about->class_name)) ? about->class_name : "CLASS";
    const char *fingerprint =
        ask_fingerprint_good(bytes_str(about->fingerprint)) ? about->fingerprint : "FINGERPRINT";
    const char *parts[] = {
        about->device,
        class_name,
        fingerprint,
    };
    const char *text = texts[advice_of(about)];
    size_t len = 0;

    /* by hand: printf must be given every argument that a text may leave out */
    while (*text != '\0' && len + 1 < ADVICE_ROOM) {
        if (*text == '%') {
            len += (size_t)snprintf(room + len, ADVICE_ROOM - len, "%s", parts[text[1] - '1']);
            text += 2;
        } else {
            room[len++] = *text++;
        }
    }
    room[len < ADVICE_ROOM ? len : ADVICE_ROOM - 1] = '\0';
    return room;
}
