/* appraise/settle: which file of PCR 9 is the initrd. */
#include "appraise/settle.h"

#include "base/hex.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"

static struct slot_rig rig;

static const char *
sha256(const char *content, char room[80])
{
    uint8_t digest[32];
    char hex[65];

    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str(content), digest), 0);
    snprintf(room, 80, "sha256:%s", hex_write(hex, BYTES_OF(digest)));
    return room;
}

/* A policy with a kernel, an initrd and boot files, by their contents' digests. */
static void
load(const char *rules)
{
    static char blocks[1024];
    char room[4][80];

    snprintf(blocks, sizeof(blocks),
             "set digests a/kernel { %s }\nset digests a/initrd { %s }\n"
             "set digests a/files { %s }\nset digests a/bad { %s }\n",
             sha256("kernel", room[0]), sha256("initrd", room[1]), sha256("grub.cfg", room[2]),
             sha256("bad", room[3]));
    rule_play_rules(rules, blocks);
}

#define RULES                                        \
    "  rule kernel : boot.kernel one-of @a/kernel\n" \
    "  rule initrd : boot.initrd one-of @a/initrd\n" \
    "  rule revoked : boot.initrd not-in @a/bad\n"   \
    "  rule files : boot.files one-of @a/files or-pin 3\n"

static void
file(const char *path, const char *content)
{
    slot_rig_digest(&rig, 9, EV_IPL, bytes_str(content), bytes_str(path));
}

static void
settle(void)
{
    slot_rig_assign(&rig);
    settle_files(rule_play.book, 0, &rig.log, HASH_SHA256, &rig.map);
}

static void
check_slot(size_t i, enum slot slot, bool by_label)
{
    CHECK_STR(slot_table((enum slot)rig.map.events[i].slot)->name, slot_table(slot)->name);
    CHECK_EQ(!!(rig.map.events[i].flags & SLOT_BY_LABEL), by_label);
}

static void
known_digests_settle_what_labels_say(void)
{
    slot_rig_new(&rig);
    load(RULES);
    file("/vmlinuz", "kernel");
    file("/initrd", "initrd");
    file("/grub.cfg", "grub.cfg");
    settle();
    check_slot(1, SLOT_BOOT_KERNEL, false);
    check_slot(2, SLOT_BOOT_INITRD, false);
    check_slot(3, SLOT_BOOT_FILES, false);
    slot_rig_done(&rig);
}

/* The page's scenario 24: what carries the label of the initrd is not it. */
static void
a_good_file_under_the_initrd_s_name_leaves_no_initrd(void)
{
    slot_rig_new(&rig);
    load(RULES);
    file("/initrd", "grub.cfg");
    file("/grub.cfg", "evil initrd");
    file("/boot/grub/fonts/unicode.pf2", "initrd");
    settle();
    check_slot(1, SLOT_BOOT_FILES, false);
    check_slot(2, SLOT_BOOT_FILES, true);
    check_slot(3, SLOT_BOOT_INITRD, false); /* read by GRUB as whatever it was */
    CHECK_EQ(rig.map.counts[SLOT_BOOT_INITRD], 1);
    CHECK_EQ(rig.map.counts[SLOT_BOOT_FILES], 2);
    slot_rig_done(&rig);
}

static void
unknown_digests_stay_where_their_label_put_them(void)
{
    slot_rig_new(&rig);
    load(RULES);
    file("/vmlinuz", "other");
    file("/initrd", "bad"); /* a set of what must not be is no set of initrds */
    slot_rig_digest(&rig, 8, EV_IPL, bytes_str("kernel"), bytes_str("grub_cmd: kernel"));
    settle();
    check_slot(1, SLOT_BOOT_KERNEL, true);
    check_slot(2, SLOT_BOOT_INITRD, true);
    check_slot(3, SLOT_BOOT_SCRIPT, false); /* another PCR's */
    slot_rig_done(&rig);
}

static void
a_digest_of_two_slots_goes_where_its_label_says(void)
{
    slot_rig_new(&rig);
    load("  rule kernel : boot.kernel one-of @a/kernel\n"
         "  rule files : boot.files one-of @a/kernel\n");
    file("/grub.cfg", "kernel");
    file("/initrd", "kernel");
    settle();
    check_slot(1, SLOT_BOOT_FILES, false);
    check_slot(2, SLOT_BOOT_KERNEL, false);
    slot_rig_done(&rig);
}

/* The kernel's load options and initrd are labels too. */
static void
tags_of_the_kernel_are_settled_alike(void)
{
    struct bytes options = slot_rig_tag(0x8f3b22edu, bytes_str("LOADED_IMAGE::LoadOptions"));

    slot_rig_new(&rig);
    load(RULES);
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("initrd"), options);
    slot_rig_digest(&rig, 9, EV_EVENT_TAG, bytes_str("evil"), options);
    settle();
    check_slot(1, SLOT_BOOT_INITRD, false);
    check_slot(2, SLOT_BOOT_CMDLINE, true);
    slot_rig_done(&rig);
}

static void
without_the_bank_nothing_is_known(void)
{
    slot_rig_new(&rig);
    load(RULES);
    file("/grub.cfg", "initrd");
    slot_rig_assign(&rig);
    settle_files(rule_play.book, 0, &rig.log, HASH_SHA512, &rig.map);
    check_slot(1, SLOT_BOOT_FILES, true);
    settle_files(rule_play.book, 0, &rig.log, HASH_SHA1, &rig.map);
    check_slot(1, SLOT_BOOT_FILES, true);
    slot_rig_done(&rig);
}

CHECK_MAIN(CASE(known_digests_settle_what_labels_say),
           CASE(a_good_file_under_the_initrd_s_name_leaves_no_initrd),
           CASE(unknown_digests_stay_where_their_label_put_them),
           CASE(a_digest_of_two_slots_goes_where_its_label_says),
           CASE(tags_of_the_kernel_are_settled_alike), CASE(without_the_bank_nothing_is_known))
