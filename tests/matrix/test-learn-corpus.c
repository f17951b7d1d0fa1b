/* What is learnt from a boot compiles and lets that boot pass, over every log that we have. What a
 * policy says of the boot that it was learnt from stands in a table that people went through: a row
 * that is not affirming has the reason in its comment. */
#include <stdio.h>

#include "lib/check.h"
#include "lib/learn-rig.h"

enum { SAID = 160 };

/* Reasons in order, each with its effect: f, w or n. */
static const struct row {
    const char *log;
    int outcome; /* of policy_learn() */
    enum tier tier;
    const char *reasons;
    enum reason form; /* what the firmware profile says of the log, whatever its policy */
} rows[] = {
    /* Secure Boot off, and software began to measure: most of the logs are of such machines */
    {"evlog/arch-linux-workstation.bin", 0, TIER_WARNING, "401w 306w"},
    /* 503: dm="…" holds blanks, which no token does; 806: neither firmware nor root of trust */
    {"evlog/cos-85-amd-sev.bin", 0, TIER_WARNING, "503w 306w 806w 219n"},
    {"evlog/debian-10.bin", 0, TIER_WARNING, "306w 806w 219n"},
    {"evlog/ebs_event_missing_eventlog.bin", 0, TIER_WARNING, "401w 306w"},
    /* its S-CRTM version's digest is not of its text: no policy mends that */
    {"evlog/gdc-host.bin", 0, TIER_CONTRAINDICATED, "207f 308w 401w 219n",
     REASON_EVT_DATA_MISMATCH},
    /* its firmware measured a separator's digest as S-CRTM contents, as the Boot Guard does */
    {"evlog/glinux-alex.bin", 0, TIER_WARNING, "401w", REASON_SEPARATOR_DISGUISED},
    {"evlog/keylime-mb.bin", 0, TIER_WARNING, "401w"},
    {"evlog/option_rom_eventlog.bin", 0, TIER_WARNING, "306w"},
    {"evlog/rhel8-uefi.bin", 0, TIER_WARNING, "306w 806w"},
    /* a filtered log, without separators */
    {"evlog/sb_cert_eventlog.bin", 0, TIER_WARNING, "306w 806w 219n", REASON_SEPARATOR_MISSING},
    /* logs of four events and of one: nothing in them ran */
    {"evlog/short_no_action_eventlog.bin", LEARN_E_CODE, TIER_NONE, ""},
    {"evlog/tpm2-tools-event.bin", LEARN_E_CODE, TIER_NONE, ""},
    {"evlog/tpm2-tools-event-bootorder.bin", 0, TIER_WARNING, "401w 306w"},
    {"evlog/tpm2-tools-event-moklisttrusted.bin", 0, TIER_WARNING, "306w 219n"},
    {"evlog/tpm2-tools-event-postcode.bin", 0, TIER_WARNING, "306w 219n"},
    {"evlog/tpm2-tools-event-sd-boot-fedora37.bin", 0, TIER_WARNING, "401w 306w 219n"},
    {"evlog/tpm2-tools-event-uefi-sha1-log.bin", 0, TIER_WARNING, "401w 306w 806w"},
    {"evlog/tss-hcrtm.bin", 0, TIER_WARNING, "401w"},
    {"evlog/ubuntu-2104-no-dbx.bin", 0, TIER_WARNING, "401w 306w 806w"},
    {"boot/grub-sb-off-chainloader/binary_bios_measurements", 0, TIER_WARNING, "401w 306w"},
    {"boot/grub-sb-off-linuxefi/binary_bios_measurements", 0, TIER_WARNING, "401w 306w"},
    {"boot/grub-sb-off-logcarrier/binary_bios_measurements", 0, TIER_WARNING, "401w 306w"},
    {"boot/grub-sb-on/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/grub-sb-on-ima/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/sdboot-uki-sb-on/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/tampered-cmdline/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/tampered-extradev/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/tampered-initrd/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    {"boot/tampered-optrom-sbon/binary_bios_measurements", 0, TIER_WARNING, "306w 219n"},
    /* no platform key: setup mode */
    {"boot/uboot-arm64/binary_bios_measurements", 0, TIER_WARNING, "401w 403w 306w 806w"},
};

/* What the verdict says, as the table has it. */
static const char *
said(char room[SAID])
{
    const struct verdict *verdict = &learn_rig.verdict;
    size_t len = 0;

    room[0] = '\0';
    for (size_t i = 0; i < verdict->n_reasons && len < SAID; i++) {
        len += (size_t)snprintf(room + len, SAID - len, "%s%d%c", i > 0 ? " " : "",
                                (int)verdict->reasons[i], "fwn"[verdict->effects[i]]);
    }
    return room;
}

static enum reason
form_of(const struct learn_rig_boot *boot)
{
    struct verdict verdict = {0};

    CHECK_EQ(events_check(learn_rig.hasher, &boot->log, learn_rig.options.bank, &verdict), 0);
    return verdict.events == CHECK_PASSED ? REASON_NONE : verdict.reasons[0];
}

static void
check_row(const struct row *row)
{
    char room[SAID];
    size_t boot = 0;

    learn_rig_new();
    learn_rig_file(row->log);
    CHECK_EQ(learn_rig_learn(&boot), row->outcome);
    if (row->outcome != 0) {
        return;
    }
    learn_rig_load(learn_rig.text);
    learn_rig_judge(learn_rig.boots[0]);
    printf("# %-52s %-16s %s\n", row->log, tier_name(verdict_tier(&learn_rig.verdict)), said(room));
    CHECK_STR(said(room), row->reasons);
    CHECK_EQ(verdict_tier(&learn_rig.verdict), row->tier);
    CHECK_EQ(form_of(learn_rig.boots[0]), row->form);
    /* and again, by what was pinned */
    learn_rig_pin();
    learn_rig_judge(learn_rig.boots[0]);
    CHECK_STR(said(room), row->reasons);
}

static void
every_boot_passes_by_what_was_learnt_from_it(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_row(&rows[i]);
    }
}

/* In one policy for all: each boot passes as it did by its own. */
static void
boots_of_one_firmware_pass_by_one_policy(void)
{
    static const char *const boots[] = {
        "boot/grub-sb-on/binary_bios_measurements",
        "boot/grub-sb-on-ima/binary_bios_measurements",
        "boot/grub-sb-off-linuxefi/binary_bios_measurements",
        "boot/grub-sb-off-logcarrier/binary_bios_measurements",
        "boot/sdboot-uki-sb-on/binary_bios_measurements",
    };
    static const char *const reasons[ARRAY_LEN(boots)] = {
        "306w 219n", "306w 219n", "401w 306w", "401w 306w", "306w 219n",
    };
    char room[SAID];
    size_t boot = 0;

    learn_rig_new();
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        learn_rig_file(boots[i]);
    }
    CHECK_EQ(learn_rig_learn(&boot), 0);
    learn_rig_load(learn_rig.text);
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        learn_rig_judge(learn_rig.boots[i]);
        CHECK_STR(said(room), reasons[i]);
    }
}

/* The corpus has no machine that affirms; this is grub-sb-on as if hardware had begun to measure,
 * which the log's locality says and PCR 0 would. */
static void
nothing_but_the_machine_itself_is_a_warning(void)
{
    char room[SAID];
    size_t boot = 0;

    learn_rig_new();
    learn_rig_file("boot/grub-sb-on/binary_bios_measurements");
    learn_rig.boots[0]->log.locality = 3;
    CHECK_EQ(facts_read(learn_rig.hasher, &learn_rig.boots[0]->log, &learn_rig.boots[0]->map,
                        &learn_rig.boots[0]->facts),
             0);
    CHECK_EQ(learn_rig_learn(&boot), 0);
    learn_rig_load(learn_rig.text);
    learn_rig_judge(learn_rig.boots[0]);
    CHECK_STR(said(room), "219n");
    CHECK_EQ(verdict_tier(&learn_rig.verdict), TIER_AFFIRMING);
}

CHECK_MAIN(CASE(every_boot_passes_by_what_was_learnt_from_it),
           CASE(boots_of_one_firmware_pass_by_one_policy),
           CASE(nothing_but_the_machine_itself_is_a_warning))
