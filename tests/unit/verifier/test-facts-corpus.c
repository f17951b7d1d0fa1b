/* appraise/facts over real logs, as the keeper sees them. The numbers of distinct entries of dbx
 * are those of a survey made by other means; the rest was looked through with `assay log show`. */
#include <stdlib.h>

#include "appraise/facts.h"
#include "lib/check.h"
#include "reader/reader.h"
#include "roles/records.h"

enum { ROOM = 4 * 1024 * 1024 };

static uint8_t room[ROOM];
static struct event events[LIMIT_EVENTS];
static struct event_log got;
static struct slot_map map;
static struct boot_facts facts;
static struct rule_event listed[RULE_EVENTS_MAX];
static struct hasher *hasher;

static void
read_facts(const char *path)
{
    struct bytes log = check_vector(path);
    struct wr wr = wr_init(room, sizeof(room));
    enum hash bank;

    hasher = hasher ? hasher : hasher_new();
    CHECK_EQ(reader_parse(log, hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), events, &got), 0);
    CHECK_EQ(events_vouch(hasher, log, &got), 0);
    bank = event_log_bank(&got, HASH_SHA256) < got.n_banks ? HASH_SHA256 : got.banks[0];
    CHECK_EQ(slots_assign(hasher, &got, NULL, (struct pcr_set){bank, PCR_MASK_ALL}, &map), 0);
    CHECK_EQ(facts_read(hasher, &got, &map, &facts), 0);
}

static const struct row {
    const char *log;
    enum fact_flag secureboot;
    size_t pk, kek, db, dbx, authorities;
    uint64_t sbat;
} rows[] = {
    {"evlog/arch-linux-workstation.bin", FACT_EMPTY, 1, 2, 12, 77, 0, 0},
    {"evlog/cos-85-amd-sev.bin", FACT_ON, 1, 1, 1, 4, 1, 0},
    {"evlog/debian-10.bin", FACT_ON, 1, 1, 2, 186, 2, 0},
    {"evlog/ebs_event_missing_eventlog.bin", FACT_OFF, 1, 2, 4, 14, 0, 0},
    {"evlog/gdc-host.bin", FACT_OFF, 1, 1, 5, 460, 0, 2021030218},
    {"evlog/glinux-alex.bin", FACT_OFF, 1, 1, 4, 77, 0, 0},
    {"evlog/keylime-mb.bin", FACT_OFF, 1, 2, 4, 427, 0, 2021030218},
    {"evlog/option_rom_eventlog.bin", FACT_ON, 1, 2, 3, 78, 2, 0},
    {"evlog/rhel8-uefi.bin", FACT_ON, 1, 1, 2, 186, 2, 0},
    {"evlog/sb_cert_eventlog.bin", FACT_ON, 1, 1, 4, 77, 2, 0},
    {"evlog/tpm2-tools-event-bootorder.bin", FACT_OFF, 0, 0, 0, 0, 0, 0},
    {"evlog/tpm2-tools-event-moklisttrusted.bin", FACT_ON, 1, 2, 2, 1, 2, 2021030218},
    {"evlog/tpm2-tools-event-postcode.bin", FACT_ON, 1, 1, 4, 77, 2, 0},
    {"evlog/tpm2-tools-event-sd-boot-fedora37.bin", FACT_EMPTY, 0, 0, 0, 0, 0, 0},
    {"evlog/tpm2-tools-event-uefi-sha1-log.bin", FACT_EMPTY, 0, 1, 2, 78, 0, 0},
    {"evlog/tss-hcrtm.bin", FACT_OFF, 0, 0, 0, 1, 0, 0},
    {"evlog/ubuntu-2104-no-dbx.bin", FACT_OFF, 1, 1, 2, 0, 0, 2021030218},
    {"boot/grub-sb-on/binary_bios_measurements", FACT_ON, 1, 2, 2, 1, 1, 2025021800},
    {"boot/grub-sb-off-linuxefi/binary_bios_measurements", FACT_OFF, 0, 0, 0, 0, 0, 2021030218},
    {"boot/sdboot-uki-sb-on/binary_bios_measurements", FACT_ON, 1, 1, 1, 1, 1, 0},
    {"boot/uboot-arm64/binary_bios_measurements", FACT_OFF, 0, 0, 0, 0, 0, 0},
};

static void
lists_hold_what_machines_measured(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        static const enum slot slots[] = {SLOT_SB_PK, SLOT_SB_KEK, SLOT_SB_DB, SLOT_SB_DBX};
        const size_t n[] = {row->pk, row->kek, row->db, row->dbx};

        read_facts(row->log);
        CHECK_EQ(facts.secureboot, row->secureboot);
        for (size_t k = 0; k < ARRAY_LEN(slots); k++) {
            CHECK(facts.lists[slots[k]].known);
            CHECK_EQ(facts.lists[slots[k]].n, n[k]);
        }
        CHECK_EQ(facts.lists[SLOT_BOOT_AUTHORITY].n, row->authorities);
        CHECK_EQ(facts.lists[SLOT_BOOT_AUTHORITY].known, row->authorities > 0);
        CHECK_EQ(facts.sbat_level, row->sbat);
    }
}

/* Nothing is lost: where two logs have lists of one maker, they are compared by content. */
static void
equal_lists_of_two_machines_are_equal(void)
{
    static struct rule_entry first[FACTS_ENTRIES];
    static uint8_t digests[FACTS_ENTRIES][32];
    size_t n;

    read_facts("boot/grub-sb-on/binary_bios_measurements");
    n = facts.lists[SLOT_SB_DB].n;
    for (size_t i = 0; i < n; i++) {
        first[i].sig = facts.lists[SLOT_SB_DB].entries[i].sig;
        memcpy(digests[i], facts.lists[SLOT_SB_DB].entries[i].digest.p, 32);
    }
    read_facts("boot/tampered-initrd/binary_bios_measurements");
    CHECK_EQ(facts.lists[SLOT_SB_DB].n, n);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(facts.lists[SLOT_SB_DB].entries[i].sig, first[i].sig);
        CHECK_BYTES(facts.lists[SLOT_SB_DB].entries[i].digest, BYTES_OF(digests[i]));
    }
}

static void
roots_of_trust_and_actions_are_told(void)
{
    read_facts("evlog/gdc-host.bin");
    CHECK_EQ(facts.rtm, FACT_RTM_HARDWARE);
    CHECK(facts.dma_unprotected && !facts.debug);
    CHECK_EQ(facts.deployed, FACT_ON);
    CHECK_EQ(facts.audit, FACT_OFF);
    read_facts("evlog/tss-hcrtm.bin");
    CHECK_EQ(facts.rtm, FACT_RTM_HCRTM);
    read_facts("boot/uboot-arm64/binary_bios_measurements");
    CHECK_EQ(facts.rtm, FACT_RTM_SOFTWARE);
    CHECK_EQ(facts.deployed, FACT_OFF);
}

static size_t
text_of(enum slot slot, const char *begins)
{
    size_t n = facts_events(&facts, &got, NULL, &map, HASH_SHA256, listed);
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        struct bytes text = listed[i].text;

        found += listed[i].slot == slot && listed[i].verified && text.len >= strlen(begins) &&
                         memcmp(text.p, begins, strlen(begins)) == 0
                     ? 1
                     : 0;
    }
    return found;
}

static void
command_lines_are_read_as_they_were_given(void)
{
    read_facts("boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(text_of(SLOT_BOOT_CMDLINE, "/vmlinuz console=ttyS0 ima_policy=tcb "), 1);
    CHECK_EQ(text_of(SLOT_BOOT_SCRIPT, "linux /vmlinuz "), 1);
    CHECK_EQ(text_of(SLOT_BOOT_SCRIPT, ""), 8);
    read_facts("boot/sdboot-uki-sb-on/binary_bios_measurements");
    CHECK_EQ(text_of(SLOT_UKI_CMDLINE, "console=ttyS0 ima_policy=tcb attest.nonce="), 1);
    CHECK_EQ(text_of(SLOT_BOOT_CMDLINE, ""), 0); /* the kernel's is an echo */
    read_facts("evlog/tpm2-tools-event-sd-boot-fedora37.bin");
    CHECK_EQ(text_of(SLOT_BOOT_CMDLINE, " console=ttyS0 console=tty0 efi=debug "), 1);
}

CHECK_MAIN(CASE(lists_hold_what_machines_measured), CASE(equal_lists_of_two_machines_are_equal),
           CASE(roots_of_trust_and_actions_are_told),
           CASE(command_lines_are_read_as_they_were_given))
