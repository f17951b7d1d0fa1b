/* appraise/slots: what boot loaders, the kernel, Windows and systemd measure; labels, echoes, and
 * what the evaluator may do with both. */
#include "appraise/slots.h"

#include <stdlib.h>

#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/slot-rig.h"

static const uint32_t IMAGE = EV_EFI_BOOT_SERVICES_APPLICATION;

static struct slot_rig rig;

/* GRUB hashes the text behind its prefix. */
static void
grub(const char *prefix, const char *text)
{
    char room[256];

    CHECK(snprintf(room, sizeof(room), "%s%s", prefix, text) < (int)sizeof(room));
    slot_rig_digest(&rig, 8, EV_IPL, bytes_str(text), bytes_str(room));
}

static void
file(const char *path, const char *content)
{
    slot_rig_digest(&rig, 9, EV_IPL, bytes_str(content), bytes_str(path));
}

/* ---- PCR 8 ---- */

static void
grub_s_commands_and_command_lines_are_told_apart(void)
{
    slot_rig_new(&rig);
    grub("grub_cmd: ", "set root=hd0,gpt2");
    grub("kernel_cmdline: ", "/vmlinuz ro");
    grub("grub_cmd ", "boot");
    grub("grub_kernel_cmdline ", "/vmlinuz quiet");
    grub("module_cmdline: ", "/xen dom0_mem=1G");
    slot_rig_bound(&rig, 8, EV_IPL, slot_rig_utf16("root=/dev/sda ro"));
    slot_rig_label(&rig, 8, EV_IPL, slot_rig_utf16("initrd=\\initrd.img"));
    slot_rig_text(&rig, 8, EV_IPL, "no prefix");
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_BOOT_SCRIPT, SLOT_VERIFIED);
    slot_rig_check(&rig, 2, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 3, SLOT_BOOT_SCRIPT, SLOT_VERIFIED);
    slot_rig_check(&rig, 4, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 5, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 6, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 7, SLOT_BOOT_CMDLINE, SLOT_BY_LABEL);
    slot_rig_other(&rig, 8, RULE_SLOT_NONE);
    slot_rig_done(&rig);
}

static void
a_command_of_which_something_else_was_hashed_is_207(void)
{
    slot_rig_new(&rig);
    slot_rig_digest(&rig, 8, EV_IPL, bytes_str("evil"), bytes_str("grub_cmd: boot"));
    slot_rig_assign(&rig);
    CHECK_EQ(slot_rig_event(&rig, 1)->slot, SLOT_BOOT_SCRIPT);
    CHECK_EQ(slot_rig_event(&rig, 1)->rule, RULE_EVENT_UNBOUND);
    CHECK_EQ(slot_rig_event(&rig, 1)->flags, 0);
    slot_rig_done(&rig);
}

/* ---- PCR 9 and 5 ---- */

static void
files_are_told_apart_by_their_names_which_are_labels(void)
{
    static const struct {
        const char *path;
        enum slot slot;
    } rows[] = {
        {"/boot/vmlinuz-6.1.0", SLOT_BOOT_KERNEL},
        {"/vmlinux", SLOT_BOOT_KERNEL},
        {"(hd0,gpt2)/bzImage", SLOT_BOOT_KERNEL},
        {"/xcat/netboot/kernel", SLOT_BOOT_KERNEL},
        {"grub_linuxefi Kernel", SLOT_BOOT_KERNEL},
        {"/boot/initrd.img-6.1.0", SLOT_BOOT_INITRD},
        {"/initramfs-6.1.0.img", SLOT_BOOT_INITRD},
        {"/boot/intel-ucode.img", SLOT_BOOT_INITRD},
        {"/boot/amd-ucode.img", SLOT_BOOT_INITRD},
        {"grub_linuxefi Initrd", SLOT_BOOT_INITRD},
        {"(hd0,gpt1)/EFI/debian/grub.cfg", SLOT_BOOT_FILES},
        {"/vmlinuz/grub.cfg", SLOT_BOOT_FILES},
        {"/boot/grub/linux.mod", SLOT_BOOT_FILES},
        {"/", SLOT_BOOT_FILES},
        {"", SLOT_BOOT_FILES},
    };

    slot_rig_new(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_label(&rig, 9, EV_IPL, bytes_str(rows[i].path));
    }
    slot_rig_assign(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_check(&rig, i + 1, rows[i].slot, SLOT_BY_LABEL);
        CHECK(slots_movable(&rig.map, &rig.log, i + 1));
    }
    slot_rig_done(&rig);
}

static void
tags_of_linux_and_systemd_belong_to_one_pcr_each(void)
{
    static const struct {
        uint32_t id, pcr;
        enum slot slot;
    } rows[] = {
        {0x8f3b22ecu, 9, SLOT_BOOT_INITRD}, {0x8f3b22edu, 9, SLOT_BOOT_CMDLINE},
        {0xf5bc582au, 5, SLOT_BOOT_FILES},  {0x6c46f751u, 12, SLOT_UKI_ADDON},
        {0x49dffe0fu, 12, SLOT_UKI_ADDON},  {0xdac08e1au, 12, SLOT_UKI_ADDON},
        {0x13aed6dbu, 12, SLOT_UKI_ADDON},
    };
    static const uint32_t pcrs[] = {5, 9, 11, 12, 13, 14};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t k = 0; k < ARRAY_LEN(pcrs); k++) {
            slot_rig_alone(&rig, pcrs[k], EV_EVENT_TAG, slot_rig_tag(rows[i].id, bytes_str("name")),
                           false);
            if (pcrs[k] == rows[i].pcr) {
                slot_rig_check(&rig, 1, rows[i].slot, SLOT_BY_LABEL);
            } else {
                slot_rig_other(&rig, 1, RULE_SLOT_NONE);
            }
        }
    }
}

static void
unknown_and_broken_tags_are_205(void)
{
    struct bytes tag = slot_rig_tag(0x8f3b22ecu, bytes_str("Linux initrd"));

    slot_rig_alone(&rig, 9, EV_EVENT_TAG, slot_rig_tag(0x8f3b22eeu, bytes_str("x")), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 5, EV_EVENT_TAG, slot_rig_tag(1, bytes_str("x")), true);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    for (size_t n = 0; n < tag.len; n++) {
        slot_rig_alone(&rig, 9, EV_EVENT_TAG, bytes_of(tag.p, n), false);
        slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    }
}

/* ---- PCR 11 to 14 ---- */

static void
windows_hashes_what_its_log_holds(void)
{
    static const uint8_t counter[4] = {0x10};

    for (uint32_t pcr = 11; pcr <= 14; pcr++) {
        slot_rig_alone(&rig, pcr, EV_EVENT_TAG, slot_rig_tag(0x40010001u, bytes_str("aggregate")),
                       true);
        slot_rig_check(&rig, 1, SLOT_WBCL, SLOT_VERIFIED);
        slot_rig_alone(&rig, pcr, EV_EVENT_TAG, slot_rig_tag(0x40010001u, bytes_str("aggregate")),
                       false);
        slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
        slot_rig_alone(&rig, pcr, EV_SEPARATOR, bytes_str("WBCL"), true);
        slot_rig_check(&rig, 1, SLOT_WBCL, SLOT_VERIFIED);
    }
    slot_rig_alone(&rig, 11, EV_COMPACT_HASH, BYTES_OF(counter), true);
    slot_rig_check(&rig, 1, SLOT_WBCL, SLOT_VERIFIED);
    slot_rig_alone(&rig, 11, EV_COMPACT_HASH, BYTES_OF(counter), false);
    slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
}

static void
a_command_line_is_the_stub_s_where_there_is_a_unified_image(void)
{
    slot_rig_alone(&rig, 12, EV_IPL, slot_rig_utf16("root=/dev/sda"), true);
    slot_rig_check(&rig, 1, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 12, EV_IPL, slot_rig_utf16("root=/dev/sda"));
    slot_rig_label(&rig, 11, EV_IPL, slot_rig_utf16(".linux")); /* the order of PCRs is no matter */
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_UKI_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 2, SLOT_UKI, 0);
    slot_rig_done(&rig);
}

static void
what_the_stub_packs_has_only_its_name(void)
{
    slot_rig_alone(&rig, 12, EV_IPL, slot_rig_utf16("Credentials initrd"), false);
    slot_rig_check(&rig, 1, SLOT_UKI_CREDENTIAL, SLOT_BY_LABEL);
    slot_rig_alone(&rig, 12, EV_IPL, slot_rig_utf16("Global credentials initrd"), false);
    slot_rig_check(&rig, 1, SLOT_UKI_CREDENTIAL, SLOT_BY_LABEL);
    slot_rig_alone(&rig, 12, EV_IPL, slot_rig_utf16("Configuration extension initrd"), false);
    slot_rig_check(&rig, 1, SLOT_UKI_ADDON, SLOT_BY_LABEL);
    slot_rig_alone(&rig, 12, EV_IPL, slot_rig_utf16("root=/dev/sda"), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 12, EV_IPL, bytes_str("attest-hook:1"), true);
    slot_rig_check(&rig, 1, SLOT_BOOT_HOOK, SLOT_VERIFIED);
    slot_rig_alone(&rig, 12, EV_IPL, bytes_str("attest-hook:1"), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 12, EV_IPL, bytes_str("ascii"), true);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 12, EV_IPL, bytes_str("x"), true);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
}

/* ---- echoes ---- */

static void
check_echo(size_t i, size_t of, enum slot_quirk quirk)
{
    CHECK(slot_rig_event(&rig, i)->flags & SLOT_ECHO);
    CHECK_EQ(slot_rig_event(&rig, i)->echo, of);
    CHECK_EQ(rig.map.quirks, 1u << quirk);
}

static void
an_image_right_behind_itself_is_an_echo_once(void)
{
    static const char *const images[] = {"shim", "kernel", "kernel", "kernel", "shim", "grub"};

    slot_rig_new(&rig);
    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        slot_rig_digest(&rig, 4, IMAGE, bytes_str(images[i]), bytes_str("label"));
        slot_rig_text(&rig, 7, EV_EFI_ACTION, "UEFI Debug Mode"); /* another PCR's between */
    }
    slot_rig_assign(&rig);
    check_echo(5, 3, QUIRK_KERNEL_TWICE);
    CHECK(!(slot_rig_event(&rig, 7)->flags & SLOT_ECHO)); /* the third is no echo of the second */
    CHECK(!(slot_rig_event(&rig, 9)->flags & SLOT_ECHO)); /* started again later: another start */
    CHECK_EQ(rig.map.counts[SLOT_BOOT_IMAGES], 5);
    slot_rig_done(&rig);
}

/* A boot option that gave up, and another with the same loader: what starts it is the firmware. */
static void
an_image_that_the_firmware_starts_again_is_no_echo(void)
{
    static const char back[] = "Returning from EFI Application from Boot Option";

    slot_rig_new(&rig);
    slot_rig_digest(&rig, 4, IMAGE, bytes_str("shim"), bytes_str("label"));
    slot_rig_text(&rig, 4, EV_EFI_ACTION, back);
    slot_rig_digest(&rig, 4, IMAGE, bytes_str("shim"), bytes_str("label"));
    slot_rig_digest(&rig, 4, IMAGE, bytes_str("shim"), bytes_str("label"));
    slot_rig_assign(&rig);
    CHECK(!(slot_rig_event(&rig, 3)->flags & SLOT_ECHO));
    check_echo(4, 3, QUIRK_KERNEL_TWICE);
    slot_rig_done(&rig);
}

static void
the_kernel_repeats_the_initrd_that_the_loader_or_the_image_had(void)
{
    struct bytes tag = slot_rig_tag(0x8f3b22ecu, bytes_of("Linux initrd", 13));

    slot_rig_new(&rig);
    file("/initrd.img", "content");
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("content"), tag);
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("evil"), tag);
    slot_rig_assign(&rig);
    check_echo(2, 1, QUIRK_INITRD_TWICE);
    CHECK_EQ(slot_rig_event(&rig, 3)->flags, SLOT_BY_LABEL);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 2);
    slot_rig_done(&rig);
    slot_rig_new(&rig);
    slot_rig_digest(&rig, 11, EV_IPL, bytes_str("content"), slot_rig_utf16(".initrd"));
    slot_rig_digest(&rig, 11, EV_IPL, bytes_str("content"), slot_rig_utf16(".initrd"));
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("content"), tag);
    slot_rig_assign(&rig);
    CHECK_EQ(slot_rig_event(&rig, 2)->flags, 0); /* sections are counted as they are */
    check_echo(3, 1, QUIRK_INITRD_TWICE);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 0);
    slot_rig_done(&rig);
}

/* A log may say of an unquoted PCR what it likes: an event there in front of an evil initrd must
 * not make that one an echo, which no rule looks at. */
static void
what_is_not_quoted_hides_nothing(void)
{
    struct bytes tag = slot_rig_tag(0x8f3b22ecu, bytes_of("Linux initrd", 13));
    struct pcr_set quoted = {HASH_SHA256, 0x3ff};

    slot_rig_new(&rig);
    slot_rig_digest(&rig, 11, EV_IPL, bytes_str("evil"), slot_rig_utf16(".initrd"));
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("evil"), tag);
    slot_rig_assign(&rig);
    check_echo(2, 1, QUIRK_INITRD_TWICE);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, NULL, quoted, &rig.map), 0);
    CHECK(!(slot_rig_event(&rig, 2)->flags & SLOT_ECHO));
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 1);
    CHECK_EQ(rig.map.counts[SLOT_UKI], 0);
    slot_rig_done(&rig);
}

/* Else a log could fill a slot from a PCR of which nobody asks. */
static void
what_is_not_quoted_is_in_no_slot(void)
{
    struct pcr_set all = {HASH_SHA256, PCR_MASK_ALL};
    struct pcr_set quoted = {HASH_SHA256, 1u << 1 | 1u << 8 | 1u << 12};
    struct event_log userspace;

    slot_rig_new(&rig);
    slot_rig_text(&rig, 0, EV_S_CRTM_VERSION, "U-Boot 2023.01");
    slot_rig_text(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, "console=ttyS0");
    file("/vmlinuz", "kernel");
    slot_rig_label(&rig, 11, EV_IPL, slot_rig_utf16(".linux"));
    slot_rig_bound(&rig, 12, EV_IPL, slot_rig_utf16("ro quiet"));
    slot_rig_text(&rig, 9, EV_SEPARATOR, "no place for it"); /* and breaks no rule */
    slot_rig_assign(&rig);
    CHECK_EQ(slot_rig_event(&rig, 2)->slot, SLOT_BOOT_CMDLINE); /* U-Boot's own */
    CHECK_EQ(slot_rig_event(&rig, 5)->slot, SLOT_UKI_CMDLINE);
    CHECK_EQ(slot_rig_event(&rig, 6)->rule, RULE_SLOT_TYPE);
    userspace = rig.log; /* of it PCR 11 to 13 and 15 are looked at */
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &userspace, all, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 1);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &userspace, quoted, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 0);
    CHECK_EQ(slot_rig_event(&rig, 1)->slot, SLOT_NONE);
    CHECK_EQ(slot_rig_event(&rig, 2)->slot, SLOT_CONFIG); /* whose version nobody vouches for */
    CHECK_EQ(slot_rig_event(&rig, 3)->slot, SLOT_NONE);
    CHECK_EQ(slot_rig_event(&rig, 4)->slot, SLOT_NONE);
    CHECK_EQ(slot_rig_event(&rig, 5)->slot, SLOT_BOOT_CMDLINE);
    CHECK_EQ(slot_rig_event(&rig, 6)->slot, SLOT_NONE);
    CHECK_EQ(slot_rig_event(&rig, 6)->rule, RULE_NONE);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_KERNEL], 0);
    slot_rig_done(&rig);
}

/* What is kept of a log is of one quote, has nothing of the other log, and is of no longer one. */
static void
what_is_kept_is_of_its_quote(void)
{
    struct pcr_set all = {HASH_SHA256, PCR_MASK_ALL};
    struct pcr_set narrow = {HASH_SHA256, 1u << 11};
    static struct slots_kept kept;
    struct event_log userspace;

    slot_rig_new(&rig);
    slot_rig_label(&rig, 11, EV_IPL, slot_rig_utf16(".linux"));
    file("/vmlinuz", "kernel");
    slot_rig_assign(&rig);
    userspace = rig.log;
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &rig.log, &userspace, all, &kept, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 1);
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &rig.log, NULL, all, &kept, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 0);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_KERNEL], 1);
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &rig.log, NULL, narrow, &kept, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_KERNEL], 0);
    CHECK_EQ(rig.map.counts[SLOT_UKI], 1);
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &rig.log, NULL, all, &kept, &rig.map), 0);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_KERNEL], 1);
    slot_rig_done(&rig);
}

static void
a_log_too_long_is_not_kept(void)
{
    const struct pcr_set all = {HASH_SHA256, PCR_MASK_ALL};
    static struct event many[SLOTS_KEPT_MAX + 1];
    static struct slots_kept kept;
    struct event_log log;

    slot_rig_new(&rig);
    slot_rig_label(&rig, 11, EV_IPL, slot_rig_utf16(".linux"));
    slot_rig_assign(&rig);
    log = rig.log;
    log.events = many;
    for (log.n_events = 0; log.n_events < ARRAY_LEN(many); log.n_events++) {
        many[log.n_events] = rig.log.events[1];
    }
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &log, NULL, all, &kept, &rig.map), 0);
    CHECK(!kept.known);
    log.n_events--;
    CHECK_EQ(slots_assign_kept(rig.make.hasher, &log, NULL, all, &kept, &rig.map), 0);
    CHECK(kept.known);
    CHECK_EQ(rig.map.counts[SLOT_UKI], SLOTS_KEPT_MAX);
    slot_rig_done(&rig);
}

static void
the_kernel_repeats_the_stub_s_command_line(void)
{
    struct bytes line = slot_rig_utf16("root=/dev/sda");

    slot_rig_new(&rig);
    slot_rig_label(&rig, 11, EV_IPL, slot_rig_utf16(".linux"));
    slot_rig_bound(&rig, 12, EV_IPL, line);
    slot_rig_bound(&rig, 12, EV_IPL, line);
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, line,
                    slot_rig_tag(0x8f3b22edu, bytes_str("LOADED_IMAGE::LoadOptions")));
    slot_rig_assign(&rig);
    check_echo(3, 2, QUIRK_CMDLINE_TWICE);
    check_echo(4, 2, QUIRK_CMDLINE_TWICE);
    CHECK_EQ(slot_rig_event(&rig, 4)->slot, SLOT_BOOT_CMDLINE);
    CHECK_EQ(rig.map.counts[SLOT_UKI_CMDLINE], 1);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_CMDLINE], 0);
    slot_rig_done(&rig);
}

static void
options_of(const char *text)
{
    slot_rig_new(&rig);
    grub("kernel_cmdline: ", "/vmlinuz ro quiet");
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, slot_rig_utf16(text),
                    slot_rig_tag(0x8f3b22edu, bytes_str("LOADED_IMAGE::LoadOptions")));
    slot_rig_assign(&rig);
    slot_rig_done(&rig);
}

static void
the_kernel_s_options_are_what_grub_makes_of_its_command_line(void)
{
    options_of("BOOT_IMAGE=/vmlinuz ro quiet");
    check_echo(2, 1, QUIRK_CMDLINE_TWICE);
    options_of("BOOT_IMAGE=/vmlinuz ro quiet init=/bin/sh");
    CHECK_EQ(slot_rig_event(&rig, 2)->flags, SLOT_BY_LABEL); /* nobody knows its text */
    CHECK_EQ(rig.map.quirks, 0);
}

/* What looks for echoes must not grow with the square of a log. */
static void
more_files_than_a_boot_has_are_no_echoes(void)
{
    slot_rig_new(&rig);
    for (int i = 0; i < 40; i++) {
        char content[8];

        snprintf(content, sizeof(content), "%d", i);
        file("/initrd", content);
    }
    file("/initrd", "39");
    file("/initrd", "31");
    slot_rig_assign(&rig);
    CHECK_EQ(slot_rig_event(&rig, 41)->flags, SLOT_BY_LABEL);
    CHECK(slot_rig_event(&rig, 42)->flags & SLOT_ECHO);
    slot_rig_done(&rig);
}

static void
without_the_bank_nothing_is_an_echo(void)
{
    slot_rig_new(&rig);
    file("/initrd", "content");
    file("/initrd", "content");
    slot_rig_assign(&rig);
    CHECK(slot_rig_event(&rig, 2)->flags & SLOT_ECHO);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, NULL,
                          (struct pcr_set){HASH_SHA512, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(slot_rig_event(&rig, 2)->flags, SLOT_BY_LABEL);
    CHECK_EQ(rig.map.quirks, 0);
    slot_rig_done(&rig);
}

/* ---- what was not vouched for ---- */

static void
a_log_that_nobody_vouched_for_has_no_text(void)
{
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(RIG_GLOBAL, "SecureBoot", bytes_str("\1")));
    grub("kernel_cmdline: ", "/vmlinuz ro");
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_SECUREBOOT, SLOT_VERIFIED);
    rig.log.vouched = false;
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, NULL,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
    CHECK_EQ(slot_rig_event(&rig, 2)->flags, 0);
    slot_rig_done(&rig);
}

/* ---- the evaluator ---- */

static void
a_known_digest_beats_the_label(void)
{
    slot_rig_new(&rig);
    file("/boot/grub/grub.cfg", "evil initrd"); /* the page's scenario 24 */
    file("/vmlinuz", "kernel");
    grub("grub_cmd: ", "boot");
    slot_rig_assign(&rig);
    slots_known(&rig.map, 1, SLOT_BOOT_INITRD);
    slot_rig_check(&rig, 1, SLOT_BOOT_INITRD, 0);
    CHECK(!slots_movable(&rig.map, &rig.log, 1));
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 1);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_FILES], 0);
    slots_known(&rig.map, 1, SLOT_BOOT_FILES); /* settled */
    slot_rig_check(&rig, 1, SLOT_BOOT_INITRD, 0);
    slots_known(&rig.map, 2, SLOT_BOOT_IMAGES); /* no slot of PCR 9 */
    slot_rig_check(&rig, 2, SLOT_BOOT_KERNEL, SLOT_BY_LABEL);
    CHECK(!slots_movable(&rig.map, &rig.log, 3));
    slots_known(&rig.map, 3, SLOT_BOOT_FILES);
    slot_rig_check(&rig, 3, SLOT_BOOT_SCRIPT, SLOT_VERIFIED);
    CHECK(!slots_movable(&rig.map, &rig.log, 99));
    slot_rig_done(&rig);
}

static void
an_echo_is_moved_without_being_counted(void)
{
    slot_rig_new(&rig);
    file("/initrd", "content");
    file("/initrd", "content");
    slot_rig_assign(&rig);
    slots_known(&rig.map, 2, SLOT_BOOT_FILES);
    CHECK_EQ(slot_rig_event(&rig, 2)->slot, SLOT_BOOT_FILES);
    CHECK(slot_rig_event(&rig, 2)->flags & SLOT_ECHO);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_FILES], 0);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 1);
    slot_rig_done(&rig);
}

static void
what_broke_a_rule_is_told_by_name_in_the_pcrs_that_are_judged(void)
{
    struct verdict verdict = {0};

    slot_rig_new(&rig);
    slot_rig_label(&rig, 7, EV_IPL, bytes_str("relabelled"));
    slot_rig_label(&rig, 12, EV_IPL, bytes_str("unknown"));
    grub("grub_cmd: ", "boot");
    slot_rig_assign(&rig);
    rig.events[1].label = bytes_str("relabelled");
    CHECK(slots_check(&rig.map, &rig.log, NULL, 0x0f7f, &verdict));
    CHECK_EQ(verdict.n_reasons, 0);
    CHECK(!slots_check(&rig.map, &rig.log, NULL, 0xffff, &verdict));
    CHECK_EQ(verdict.n_reasons, 2);
    CHECK_EQ(verdict.reasons[0], REASON_EVT_TYPE_FORBIDDEN);
    CHECK_EQ(verdict.reasons[1], REASON_EVT_UNCLAIMED);
    CHECK_EQ(verdict.fault.rule, RULE_SLOT_TYPE);
    CHECK_EQ(verdict.fault.event, 1);
    CHECK_EQ(verdict.pcr, 7);
    CHECK_STR(verdict.seen, "relabelled");
    slot_rig_done(&rig);
}

/* ---- userspace ---- */

static struct event os_events[16];
static uint8_t os_digests[16][32];

static struct event_log
userspace_of(size_t n, const uint32_t *pcrs, const char *const *words)
{
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}, .events = os_events};

    CHECK(n <= ARRAY_LEN(os_events));
    for (size_t i = 0; i < n; i++) {
        os_events[i] = (struct event){.index = (uint32_t)i, .pcr = pcrs[i]};
        CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str(words[i]), os_digests[i]), 0);
        os_events[i].digest[0] = BYTES_OF(os_digests[i]);
    }
    log.n_events = n;
    return log;
}

static void
phases_are_told_by_their_digests(void)
{
    static const uint32_t pcrs[] = {11, 11, 11, 11, 11, 11, 11};
    const char *words[] = {"enter-initrd", "leave-initrd", "sysinit", "ready",
                           "shutdown",     "final",        "custom"};
    struct event_log log;

    slot_rig_new(&rig);
    slot_rig_assign(&rig);
    log = userspace_of(7, pcrs, words);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &log,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(rig.map.n_userspace, 7);
    for (size_t i = 0; i < 6; i++) {
        CHECK_EQ(rig.map.userspace[i].slot, SLOT_OS_PHASE);
        CHECK_EQ(rig.map.userspace[i].flags, SLOT_VERIFIED);
        CHECK_STR(slots_phase(rig.map.userspace[i].detail - 1u), words[i]);
    }
    CHECK_EQ(rig.map.userspace[6].slot, SLOT_OS_PHASE);
    CHECK_EQ(rig.map.userspace[6].flags, SLOT_BY_LABEL);
    CHECK_EQ(rig.map.userspace[6].detail, 0);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 7);
    CHECK(slots_phase(6) == NULL);
    os_events[6].type = EVENT_NO_ACTION; /* a reader's word: it was extended all the same */
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &log,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(rig.map.userspace[6].slot, SLOT_OS_PHASE);
    CHECK_EQ(rig.map.counts[SLOT_OS_PHASE], 7);
    log.banks[0] = HASH_SHA1; /* the policy's bank is not there */
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &log,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(rig.map.userspace[0].flags, SLOT_BY_LABEL);
    slot_rig_done(&rig);
}

static void
userspace_speaks_for_its_own_pcrs_only(void)
{
    static const uint32_t pcrs[] = {15, 12, 13, 7, UINT32_MAX, 23};
    const char *words[] = {"machine-id", "x", "y", "z", "nv", "w"};
    static const enum slot slots[] = {SLOT_OS_IDENTITY, SLOT_OTHER, SLOT_OTHER,
                                      SLOT_NONE,        SLOT_NONE,  SLOT_NONE};
    struct verdict verdict = {0};
    struct event_log log;

    slot_rig_new(&rig);
    slot_rig_assign(&rig);
    log = userspace_of(6, pcrs, words);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &log,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    for (size_t i = 0; i < 6; i++) {
        CHECK_EQ(rig.map.userspace[i].slot, slots[i]);
        CHECK_EQ(rig.map.userspace[i].rule, slots[i] == SLOT_OTHER ? RULE_SLOT_NONE : RULE_NONE);
    }
    CHECK(slots_check(&rig.map, &rig.log, &log, 0x8fff, &verdict));
    CHECK(!slots_check(&rig.map, &rig.log, &log, 0xffff, &verdict));
    CHECK_EQ(verdict.pcr, 12);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, NULL,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(rig.map.n_userspace, 0);
    slot_rig_done(&rig);
}

static void
each_quirk_has_a_name(void)
{
    for (int i = 0; i < QUIRK_N; i++) {
        CHECK(slots_quirk_name((enum slot_quirk)i) != NULL);
    }
    CHECK(slots_quirk_name(QUIRK_N) == NULL);
}

CHECK_MAIN(CASE(grub_s_commands_and_command_lines_are_told_apart),
           CASE(a_command_of_which_something_else_was_hashed_is_207),
           CASE(files_are_told_apart_by_their_names_which_are_labels),
           CASE(tags_of_linux_and_systemd_belong_to_one_pcr_each),
           CASE(unknown_and_broken_tags_are_205), CASE(windows_hashes_what_its_log_holds),
           CASE(a_command_line_is_the_stub_s_where_there_is_a_unified_image),
           CASE(what_the_stub_packs_has_only_its_name),
           CASE(an_image_right_behind_itself_is_an_echo_once),
           CASE(an_image_that_the_firmware_starts_again_is_no_echo),
           CASE(the_kernel_repeats_the_initrd_that_the_loader_or_the_image_had),
           CASE(what_is_not_quoted_hides_nothing), CASE(what_is_not_quoted_is_in_no_slot),
           CASE(what_is_kept_is_of_its_quote), CASE(a_log_too_long_is_not_kept),
           CASE(the_kernel_repeats_the_stub_s_command_line),
           CASE(the_kernel_s_options_are_what_grub_makes_of_its_command_line),
           CASE(more_files_than_a_boot_has_are_no_echoes),
           CASE(without_the_bank_nothing_is_an_echo),
           CASE(a_log_that_nobody_vouched_for_has_no_text), CASE(a_known_digest_beats_the_label),
           CASE(an_echo_is_moved_without_being_counted),
           CASE(what_broke_a_rule_is_told_by_name_in_the_pcrs_that_are_judged),
           CASE(phases_are_told_by_their_digests), CASE(userspace_speaks_for_its_own_pcrs_only),
           CASE(each_quirk_has_a_name))
