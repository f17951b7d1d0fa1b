/* claim NAME: the names of the appraisal page, section 5d, and the slots whose rules may tell each.
 * A claim is told to those who trust tokens: a rule of settings must not tell what state Secure
 * Boot is in. */
#include <stdio.h>

#include "policy/policy-draft.h"

#define S(name) (UINT64_C(1) << SLOT_##name)
#define SYSTEM (S(BOOT_IMAGES) | S(BOOT_KERNEL) | S(BOOT_INITRD) | S(UKI))
#define ITSELF 0 /* no rule's: the service tells it from what the TPM signed */

_Static_assert(SLOT_N <= 64, "slots are bits");

static const struct {
    const char *name;
    uint64_t slots;
} claims[] = {
    {"tpm.vendor", ITSELF},
    {"tpm.fw", ITSELF},
    {"tpm.cves", S(TPM_ADVISORY)},
    {"tpm.kind", ITSELF},
    {"ek.chain", ITSELF},
    {"fw.vendor", ITSELF},
    {"fw.version", S(CRTM_VERSION) | S(FIRMWARE)},
    {"fw.release", S(FIRMWARE)},
    {"fw.svn", S(FIRMWARE)},
    {"fw.source", S(FIRMWARE)},
    {"rtm", S(RTM)},
    {"secureboot", S(SECUREBOOT)},
    {"sb.deployed", S(SB_MODE)},
    {"sb.pk.id", S(SB_PK)},
    {"sb.testkey", S(SB_PK)},
    {"sb.db.ca2023", S(SB_DB)},
    {"dbx.level", S(SB_DBX)},
    {"dbx.missing", S(SB_DBX)},
    {"sbat.level", S(SB_SBAT)},
    {"boot.authority", S(BOOT_AUTHORITY)},
    {"boot.loader", S(BOOT_IMAGES)},
    {"boot.preos", S(BOOT_PREOS)},
    {"os.release", SYSTEM},
    {"os.release.state", SYSTEM},
    {"os.kernel", S(BOOT_IMAGES) | S(BOOT_KERNEL) | S(UKI)},
    {"uki", S(BOOT_IMAGES) | S(UKI)},
    {"boot.cmdline.digest", S(BOOT_CMDLINE) | S(UKI_CMDLINE)},
    {"boot.cmdline.flags", S(BOOT_CMDLINE) | S(UKI_CMDLINE)},
    {"boot.script.digest", S(BOOT_SCRIPT)},
    {"os.phase", S(OS_PHASE)},
    {"dma.protection", S(ACTION)},
    {"fw.debug", S(ACTION)},
    {"mok.enrolled", S(MOK)},
    {"ima.status", S(IMA)},
    {"ima.count", S(IMA)},
    {"ima.unknown", S(IMA)},
    {"ima.set", S(IMA)},
};

static void
say_whose(struct draft *d, const struct policy_token *at, size_t claim)
{
    char list[120] = "";
    size_t len = 0;

    for (size_t i = 0; i < SLOT_N && len < sizeof(list); i++) {
        if (claims[claim].slots >> i & 1) {
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
                                    slot_table((enum slot)i)->name);
        }
    }
    draft_error_at(d, at, "%s is told by %s%s", claims[claim].name,
                   claims[claim].slots == ITSELF ? "the service itself, by no rule" : "rules of ",
                   list);
}

struct bytes
draft_claim(struct draft *d, enum slot slot)
{
    struct policy_guess guess = policy_guess(d->at->text);
    const struct policy_token *at = d->at;
    char room[GUESS_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        policy_guess_try(&guess, bytes_str(claims[i].name));
        if (draft_skip(d, claims[i].name)) {
            if (!(claims[i].slots >> slot & 1)) {
                say_whose(d, at, i);
            }
            return d->failed ? BYTES_NULL : at->text;
        }
    }
    draft_error(d, "no claim of this name%s", policy_guess_text(&guess, room));
    return BYTES_NULL;
}
