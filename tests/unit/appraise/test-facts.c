/* appraise/facts: what is read from verified bodies, and what is not. */
#include "appraise/facts.h"

#include <stdlib.h>

#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/slot-rig.h"

static const uint32_t CONFIG = EV_EFI_VARIABLE_DRIVER_CONFIG;
static const uint32_t AUTHORITY = EV_EFI_VARIABLE_AUTHORITY;

#define X509 "a159c0a5e494a74a87b5ab155c2bf072"
#define SHA256 "2616c4c14c509240aca941f936934328"
#define X509_SHA256 "92a4d23bc0967940b420fcf98ef103ed"
#define OWNER "bd9afa775903324dbd6028f4e78f784b"
#define OTHER_OWNER "00000000000000000000000000000000"
#define SVN_OWNER "6c2b139dd5598843ab1c185cfcb2eb92"
#define BOOTMGR "612b139dd5598843ab1c185c3cb2eb92"
#define HASH_1 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define HASH_2 "02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static struct slot_rig rig;
static struct boot_facts facts;
static struct rule_event events[RULE_EVENTS_MAX];

static void
begin(void)
{
    slot_rig_new(&rig);
}

static void
read_facts(void)
{
    slot_rig_assign(&rig);
    memset(&facts, 0xff, sizeof(facts));
    CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
}

static void
end(void)
{
    slot_rig_done(&rig);
}

static void
global(const char *name, struct bytes value)
{
    slot_rig_bound(&rig, 7, CONFIG, slot_rig_variable(RIG_GLOBAL, name, value));
}

static void
security(const char *name, struct bytes value)
{
    slot_rig_bound(&rig, 7, CONFIG, slot_rig_variable(RIG_SECURITY, name, value));
}

static void
authority(enum slot_rig_guid guid, const char *name, struct bytes value)
{
    slot_rig_bound(&rig, 7, AUTHORITY, slot_rig_variable(guid, name, value));
}

/* ---- one-byte variables ---- */

static enum fact_flag
secureboot_of(struct bytes value)
{
    begin();
    global("SecureBoot", value);
    read_facts();
    end();
    return facts.secureboot;
}

static void
secure_boot_is_on_for_one_byte_alone(void)
{
    CHECK_EQ(secureboot_of(check_hex("01")), FACT_ON);
    CHECK_EQ(secureboot_of(check_hex("00")), FACT_OFF);
    CHECK_EQ(secureboot_of(BYTES_NULL), FACT_EMPTY);
    CHECK_EQ(secureboot_of(check_hex("02")), FACT_ODD);
    CHECK_EQ(secureboot_of(check_hex("0100")), FACT_ODD);
    CHECK_EQ(secureboot_of(check_hex("0101")), FACT_ODD);
}

static void
what_was_not_measured_or_not_verified_is_absent(void)
{
    begin();
    read_facts();
    CHECK_EQ(facts.secureboot, FACT_ABSENT);
    CHECK_EQ(facts.audit, FACT_ABSENT);
    for (size_t i = 0; i < SLOT_N; i++) {
        CHECK(!facts.lists[i].known);
    }
    CHECK_EQ(facts.sbat_level, 0);
    CHECK_EQ(facts.n_numbers, 0);
    end();
    begin();
    slot_rig_label(&rig, 7, CONFIG, slot_rig_variable(RIG_GLOBAL, "SecureBoot", check_hex("01")));
    read_facts();
    CHECK_EQ(facts.secureboot, FACT_ABSENT);
    end();
    begin();
    global("SecureBoot", check_hex("01"));
    slot_rig_assign(&rig);
    rig.log.vouched = false; /* after the slots were found, even */
    CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
    CHECK_EQ(facts.secureboot, FACT_ABSENT);
    end();
}

static struct bytes
word(enum slot slot)
{
    static struct rule_input input;

    input = (struct rule_input){0};
    facts_input(&facts, &input);
    return input.words[slot];
}

static void
words_are_what_rules_compare(void)
{
    (void)secureboot_of(check_hex("01"));
    CHECK_BYTES(word(SLOT_SECUREBOOT), bytes_str("on"));
    (void)secureboot_of(check_hex("00"));
    CHECK_BYTES(word(SLOT_SECUREBOOT), bytes_str("off"));
    (void)secureboot_of(BYTES_NULL);
    CHECK_BYTES(word(SLOT_SECUREBOOT), bytes_str("off"));
    (void)secureboot_of(check_hex("02"));
    CHECK(!word(SLOT_SECUREBOOT).p);
    CHECK(!word(SLOT_SB_MODE).p);
}

static struct bytes
mode_of(const char *setup, const char *audit, const char *deployed)
{
    begin();
    if (setup) {
        global("SetupMode", check_hex(setup));
    }
    if (audit) {
        global("AuditMode", check_hex(audit));
    }
    if (deployed) {
        slot_rig_bound(&rig, 1, CONFIG,
                       slot_rig_variable(RIG_GLOBAL, "DeployedMode", check_hex(deployed)));
    }
    read_facts();
    end();
    return word(SLOT_SB_MODE);
}

static void
the_mode_is_the_laxest_that_is_on(void)
{
    CHECK_BYTES(mode_of(NULL, "00", "01"), bytes_str("deployed"));
    CHECK_BYTES(mode_of(NULL, "00", "00"), bytes_str("user"));
    CHECK_BYTES(mode_of("01", "00", "01"), bytes_str("setup"));
    CHECK_BYTES(mode_of("00", "01", "01"), bytes_str("audit"));
    CHECK(!mode_of(NULL, NULL, NULL).p);
    CHECK(!mode_of("05", "00", "01").p);
    CHECK(!mode_of("", "00", "01").p);
}

static void
the_root_of_trust_is_told_by_the_locality(void)
{
    static const struct {
        uint8_t locality;
        const char *word;
    } rows[] = {{0, "sw"}, {3, "hw"}, {4, "hcrtm"}};

    begin();
    slot_rig_text(&rig, 0, EV_S_CRTM_VERSION, "1.0");
    slot_rig_assign(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rig.log.locality = rows[i].locality;
        CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
        CHECK_BYTES(word(SLOT_RTM), bytes_str(rows[i].word));
    }
    end();
}

/* The locality is a claim of the log until PCR 0 is compared with what was quoted. */
static void
no_root_of_trust_is_believed_of_an_unquoted_pcr_0(void)
{
    struct pcr_set quoted = {HASH_SHA256, PCR_MASK_ALL & ~1u};

    begin();
    slot_rig_text(&rig, 0, EV_S_CRTM_VERSION, "1.0");
    slot_rig_text(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, "flags");
    slot_rig_assign(&rig);
    rig.log.locality = 3;
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, NULL, quoted, &rig.map), 0);
    CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
    CHECK_BYTES(word(SLOT_RTM), bytes_str("sw"));
    end();
    begin();
    slot_rig_text(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, "flags"); /* and of none at all */
    slot_rig_assign(&rig);
    rig.log.locality = 4;
    CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
    CHECK_BYTES(word(SLOT_RTM), bytes_str("sw"));
    end();
}

static void
actions_that_matter_are_facts(void)
{
    begin();
    slot_rig_text(&rig, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    slot_rig_label(&rig, 7, EV_EFI_ACTION, bytes_str("UEFI Debug Mode"));
    read_facts();
    CHECK(facts.dma_unprotected && !facts.debug);
    end();
    begin();
    slot_rig_bound(&rig, 7, EV_EFI_ACTION, bytes_of("UEFI Debug Mode", 16));
    read_facts();
    CHECK(!facts.dma_unprotected && facts.debug);
    end();
}

/* ---- lists ---- */

static const struct rule_entries *
dbx_of(const char *hex)
{
    begin();
    security("dbx", check_hex(hex));
    read_facts();
    end();
    return &facts.lists[SLOT_SB_DBX];
}

static void
digests_are_kept_once_whoever_owns_them(void)
{
    const struct rule_entries *dbx =
        dbx_of(SHA256 "ac000000 00000000 30000000" OWNER HASH_2 OWNER HASH_1 OTHER_OWNER HASH_2);

    CHECK(dbx->known);
    CHECK_EQ(dbx->n, 2);
    CHECK_EQ(dbx->entries[0].sig, BUNDLE_SIG_SHA256);
    CHECK_BYTES(dbx->entries[0].digest, check_hex(HASH_1));
    CHECK_BYTES(dbx->entries[1].digest, check_hex(HASH_2));
}

static void
an_empty_list_is_known_and_a_broken_one_is_not(void)
{
    CHECK(dbx_of("")->known);
    CHECK_EQ(dbx_of("")->n, 0);
    CHECK(!dbx_of(SHA256 "4c000000 00000000 30000000" OWNER)->known);
    CHECK(!dbx_of(SHA256 "4b000000 00000000 30000000" OWNER HASH_1)->known);
    CHECK(!dbx_of(SHA256 "4c000000 00000000 30000000" OWNER HASH_1 "00")->known);
}

static void
a_certificate_is_the_digest_of_its_bytes(void)
{
    uint8_t digest[32];

    begin();
    security("db", check_hex(X509 "31000000 00000000 15000000" OWNER "3003020105"));
    read_facts();
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, check_hex("3003020105"), digest), 0);
    CHECK(facts.lists[SLOT_SB_DB].known);
    CHECK_EQ(facts.lists[SLOT_SB_DB].n, 1);
    CHECK_EQ(facts.lists[SLOT_SB_DB].entries[0].sig, BUNDLE_SIG_X509);
    CHECK_BYTES(facts.lists[SLOT_SB_DB].entries[0].digest, BYTES_OF(digest));
    end();
}

/* A certificate that is revoked from some day on only, and kinds that no set has, are in no set. */
static void
what_no_set_can_name_is_not_dropped(void)
{
    const struct rule_entries *dbx;

    dbx = dbx_of(X509_SHA256 "5c000000 00000000 40000000" OWNER HASH_1
                             "00000000000000000000000000000000");
    CHECK_EQ(dbx->n, 1);
    CHECK_EQ(dbx->entries[0].sig, BUNDLE_SIG_X509_SHA256);
    CHECK_BYTES(dbx->entries[0].digest, check_hex(HASH_1));
    dbx = dbx_of(X509_SHA256 "5c000000 00000000 40000000" OWNER HASH_1
                             "ea070101000000000000000000000000");
    CHECK(dbx->known);
    CHECK_EQ(dbx->n, 1);
    CHECK_EQ(dbx->entries[0].sig, 0);
    dbx = dbx_of("ffffffffffffffffffffffffffffffff 30000000 00000000 14000000" OWNER "01020304");
    CHECK(dbx->known);
    CHECK_EQ(dbx->n, 1);
    CHECK_EQ(dbx->entries[0].sig, 0);
}

#define SVN(app, version) SVN_OWNER "01" app version "0000000000000000000000"

static void
rows_of_versions_are_numbers_the_highest_of_each(void)
{
    const struct rule_entries *dbx = dbx_of(SHA256 "ac000000 00000000 30000000" SVN(
        BOOTMGR, "00000200") SVN(BOOTMGR, "00000900") SVN(BOOTMGR, "00000700"));

    CHECK(dbx->known);
    CHECK_EQ(dbx->n, 0);
    CHECK_EQ(facts.n_numbers, 1);
    CHECK_BYTES(facts.numbers[0].name, bytes_str("9d132b61-59d5-4388-ab1c-185c3cb2eb92"));
    CHECK_EQ(facts.numbers[0].number, 9 << 16);
}

/* Another owner's, or one of another form, is a digest as any. */
static void
rows_that_only_look_like_versions_are_digests(void)
{
    CHECK_EQ(dbx_of(SHA256 "4c000000 00000000 30000000" OWNER "01" BOOTMGR
                           "00000900 0000000000000000000000")
                 ->n,
             1);
    CHECK_EQ(facts.n_numbers, 0);
    CHECK_EQ(dbx_of(SHA256 "4c000000 00000000 30000000" SVN_OWNER "02" BOOTMGR
                           "00000900 0000000000000000000000")
                 ->n,
             1);
    CHECK_EQ(dbx_of(SHA256 "4c000000 00000000 30000000" SVN_OWNER "01" BOOTMGR
                           "00000900 0000000000000000000001")
                 ->n,
             1);
    CHECK_EQ(facts.n_numbers, 0);
}

/* Only dbx revokes. */
static void
versions_in_db_are_no_numbers(void)
{
    begin();
    security("db", check_hex(SHA256 "4c000000 00000000 30000000" SVN(BOOTMGR, "00000900")));
    read_facts();
    CHECK_EQ(facts.lists[SLOT_SB_DB].n, 1);
    CHECK_EQ(facts.n_numbers, 0);
    end();
}

/* n digests in falling order, each twice. */
static struct bytes
many(size_t n)
{
    size_t len = 28 + 2 * n * 48;
    uint8_t *room = check_keep(calloc(1, len));
    struct wr wr = wr_init(room, len);

    wr_bytes(&wr, check_hex(SHA256));
    wr_le32(&wr, (uint32_t)len);
    wr_le32(&wr, 0);
    wr_le32(&wr, 48);
    for (size_t i = 2 * n; i > 0; i--) {
        uint8_t digest[32] = {0};

        digest[0] = (uint8_t)(i / 2 >> 8);
        digest[1] = (uint8_t)(i / 2);
        wr_bytes(&wr, check_hex(OWNER));
        wr_bytes(&wr, BYTES_OF(digest));
    }
    CHECK(!wr.failed);
    return bytes_of(room, len);
}

/* The rig's log is small, so a log of one event is made by hand. */
static void
read_list(struct bytes value)
{
    static uint8_t digest[32];
    struct bytes record = slot_rig_variable(RIG_SECURITY, "dbx", value);
    static struct event event;
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}, .n_events = 1, .events = &event};

    begin();
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, record, digest), 0);
    event = (struct event){.pcr = 7, .type = CONFIG, .bound = BOUND_TRUE};
    event.length = event.data_length = (uint32_t)record.len;
    event.digest[0] = BYTES_OF(digest);
    CHECK_EQ(events_vouch(rig.make.hasher, record, &log), 0);
    CHECK_EQ(slots_assign(rig.make.hasher, &log, NULL, (struct pcr_set){HASH_SHA256, PCR_MASK_ALL},
                          &rig.map),
             0);
    CHECK_EQ(facts_read(rig.make.hasher, &log, &rig.map, &facts), 0);
    end();
}

static void
long_lists_are_sorted_and_longer_ones_not_known(void)
{
    const struct rule_entries *dbx = &facts.lists[SLOT_SB_DBX];

    read_list(many(1500));
    CHECK(dbx->known);
    CHECK_EQ(dbx->n, 1501); /* 0 and 1500 stand once, all between twice */
    for (size_t i = 1; i < dbx->n; i++) {
        CHECK(memcmp(dbx->entries[i - 1].digest.p, dbx->entries[i].digest.p, 32) < 0);
    }
    read_list(many(FACTS_ENTRIES / 2));
    CHECK(dbx->known);
    read_list(many(FACTS_ENTRIES / 2 + 1));
    CHECK(!dbx->known);
}

/* ---- authorities and levels ---- */

static void
authorities_are_certificates_with_or_without_an_owner(void)
{
    const struct rule_entries *of = &facts.lists[SLOT_BOOT_AUTHORITY];
    uint8_t digest[32];

    begin();
    authority(RIG_SECURITY, "db", check_hex(OWNER "3003020105"));
    authority(RIG_SHIM, "Shim", check_hex("3003020105"));
    authority(RIG_SECURITY, "db", check_hex(OWNER HASH_1));
    read_facts();
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, check_hex("3003020105"), digest), 0);
    CHECK(of->known);
    CHECK_EQ(of->n, 2);
    CHECK_EQ(of->entries[0].sig, BUNDLE_SIG_X509);
    CHECK_BYTES(of->entries[0].digest, BYTES_OF(digest));
    CHECK_EQ(of->entries[1].sig, BUNDLE_SIG_SHA256);
    CHECK_BYTES(of->entries[1].digest, check_hex(HASH_1));
    end();
}

static void
an_authority_that_is_none_leaves_nothing_known(void)
{
    static const char *const bad[] = {
        "", OWNER, OWNER "3003020105ff", OWNER "30030201", HASH_1, "3003020105ff",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        begin();
        authority(RIG_SECURITY, "db", check_hex(OWNER "3003020105"));
        authority(RIG_SECURITY, "db", check_hex(bad[i]));
        read_facts();
        CHECK(!facts.lists[SLOT_BOOT_AUTHORITY].known);
        end();
    }
}

static void
the_lowest_level_counts(void)
{
    begin();
    authority(RIG_SHIM, "SbatLevel", bytes_str("sbat,1,2024040900\nshim,4\ngrub,3\n"));
    authority(RIG_SHIM, "SbatLevel", bytes_str("sbat,1,2021030218\nshim,2\ngrub,4\n"));
    read_facts();
    CHECK_EQ(facts.sbat_level, 2021030218);
    CHECK_EQ(facts.n_numbers, 2);
    CHECK_BYTES(facts.numbers[0].name, bytes_str("shim"));
    CHECK_EQ(facts.numbers[0].number, 2);
    CHECK_EQ(facts.numbers[1].number, 3);
    end();
    begin();
    authority(RIG_SHIM, "SbatLevel", bytes_str("sbat,1,2024040900\nshim,4\n"));
    authority(RIG_SHIM, "SbatLevel", bytes_str("sbat,1,x\n"));
    read_facts();
    CHECK_EQ(facts.sbat_level, 0);
    CHECK_EQ(facts.n_numbers, 0);
    end();
}

static void
rules_get_lists_levels_and_numbers(void)
{
    static struct rule_input input;

    begin();
    security("db", check_hex(SHA256 "4c000000 00000000 30000000" OWNER HASH_1));
    authority(RIG_SHIM, "SbatLevel", bytes_str("sbat,1,2024040900\nshim,4\n"));
    read_facts();
    facts_input(&facts, &input);
    CHECK(input.entries[SLOT_SB_DB].known && !input.entries[SLOT_SB_DBX].known);
    CHECK_EQ(input.entries[SLOT_SB_DB].n, 1);
    CHECK_EQ(input.level, 2024040900);
    CHECK_EQ(input.n_numbers, 1);
    CHECK_EQ(input.numbers[0].number, 4);
    end();
}

/* ---- events ---- */

static size_t
list(void)
{
    return facts_events(&facts, &rig.log, NULL, &rig.map, HASH_SHA256, events);
}

static void
grub(const char *prefix, struct bytes text)
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    wr_str(&wr, prefix);
    wr_bytes(&wr, text);
    slot_rig_digest(&rig, 8, EV_IPL, text, wr_done(&wr));
}

static void
rules_see_events_without_echoes(void)
{
    begin();
    slot_rig_text(&rig, 16, EV_IPL, "debug");
    slot_rig_digest(&rig, 9, EV_IPL, bytes_str("content"), bytes_str("/initrd"));
    slot_rig_digest(&rig, 9, EV_IPL, bytes_str("content"), bytes_str("/initrd"));
    grub("grub_cmd: ", bytes_str("boot"));
    read_facts();
    CHECK_EQ(list(), 2);
    CHECK_EQ(events[0].slot, SLOT_BOOT_INITRD);
    CHECK(!events[0].verified && !events[0].text.p);
    CHECK_EQ(events[0].index, 2);
    CHECK_EQ(events[0].pcr, 9);
    CHECK_EQ(events[0].digest.len, 32);
    CHECK_EQ(events[1].slot, SLOT_BOOT_SCRIPT);
    CHECK(events[1].verified);
    CHECK_BYTES(events[1].text, bytes_str("boot"));
    CHECK_EQ(facts_events(&facts, &rig.log, NULL, &rig.map, HASH_SHA512, events), 2);
    CHECK(!events[0].digest.p);
    end();
}

static void
command_lines_are_plain_text(void)
{
    begin();
    slot_rig_bound(&rig, 12, EV_IPL, slot_rig_utf16("root=/dev/sda ro"));
    grub("kernel_cmdline: ", bytes_of("/vmlinuz ro", 12)); /* RHEL 8 hashes the NUL */
    slot_rig_bound(&rig, 0, EV_S_CRTM_VERSION, slot_rig_utf16("N40ET41W"));
    slot_rig_bound(&rig, 0, EV_S_CRTM_VERSION, check_hex("0000")); /* OVMF has none */
    read_facts();
    CHECK_EQ(list(), 4);
    CHECK_BYTES(events[0].text, bytes_str("root=/dev/sda ro"));
    CHECK_BYTES(events[1].text, bytes_str("/vmlinuz ro"));
    CHECK_BYTES(events[2].text, bytes_str("N40ET41W"));
    CHECK(events[3].verified && events[3].text.len == 0);
    end();
}

/* "init=/bin/sh é" must not pass for unknown words in which no denied one is found. */
static void
lines_that_hide_their_words_are_not_verified(void)
{
    begin();
    slot_rig_bound(&rig, 12, EV_IPL, check_hex("69006e0069007400 e9000c21"));
    slot_rig_bound(&rig, 12, EV_IPL, check_hex("690000006e00"));
    grub("kernel_cmdline: ", check_hex("726f 00 696e6974"));
    grub("grub_cmd: ", check_hex("626f6f74 00 00"));
    grub("grub_cmd: ", check_hex("6563686f 20 c3a9"));
    read_facts();
    CHECK_EQ(list(), 5);
    for (size_t i = 0; i < 4; i++) {
        CHECK(!events[i].verified && !events[i].text.p);
    }
    CHECK(events[4].verified); /* UTF-8 hides nothing */
    end();
}

/* Texts beyond the room are not cut but not looked at. */
static void
more_text_than_there_is_room_for_is_not_verified(void)
{
    static char text[1200];
    size_t n;

    memset(text, 'x', sizeof(text) - 1);
    begin();
    slot_rig_bound(&rig, 12, EV_IPL, slot_rig_utf16(text));
    read_facts();
    for (size_t i = 0; i < 20; i++) { /* the same event over and over, as the rig's log is small */
        rig.events[2 + i] = rig.events[1];
        rig.map.events[2 + i] = rig.map.events[1];
    }
    rig.map.n = 22;
    n = list();
    CHECK_EQ(n, 21);
    for (size_t i = 0; i < n; i++) {
        bool fits = (i + 1) * (sizeof(text) - 1) <= FACTS_TEXT;

        CHECK_EQ(events[i].verified, fits);
        CHECK_EQ(events[i].text.len, fits ? sizeof(text) - 1 : 0);
    }
    end();
}

static void
attempts_are_counted_by_what_came_back(void)
{
    begin();
    slot_rig_label(&rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str("first"));
    slot_rig_text(&rig, 4, EV_EFI_ACTION, "Returning from EFI Application from Boot Option");
    slot_rig_label(&rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str("second"));
    slot_rig_label(&rig, 4, EV_EFI_ACTION,
                   bytes_str("Returning from EFI Application from Boot Option"));
    slot_rig_label(&rig, 4, EV_EFI_BOOT_SERVICES_APPLICATION, bytes_str("third"));
    read_facts();
    CHECK_EQ(list(), 5);
    CHECK_EQ(events[0].attempt, 0);
    CHECK_EQ(events[2].attempt, 1);
    CHECK_EQ(events[4].attempt, 1); /* that one was only said */
    end();
}

static void
phases_have_their_word_as_text(void)
{
    static uint8_t digest[2][32];
    static struct event os[2];
    struct event_log userspace = {
        .n_banks = 1, .banks = {HASH_SHA256}, .n_events = 2, .events = os};

    begin();
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str("sysinit"), digest[0]), 0);
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str("evil"), digest[1]), 0);
    for (size_t i = 0; i < 2; i++) {
        os[i] = (struct event){.pcr = 11, .index = (uint32_t)i, .label = bytes_str("phase ready")};
        os[i].digest[0] = BYTES_OF(digest[i]);
    }
    slot_rig_assign(&rig);
    CHECK_EQ(slots_assign(rig.make.hasher, &rig.log, &userspace,
                          (struct pcr_set){HASH_SHA256, PCR_MASK_ALL}, &rig.map),
             0);
    CHECK_EQ(facts_events(&facts, &rig.log, &userspace, &rig.map, HASH_SHA256, events), 2);
    CHECK(events[0].verified && !events[1].verified);
    CHECK_BYTES(events[0].text, bytes_str("sysinit"));
    CHECK(!events[1].text.p);
    end();
}

CHECK_MAIN(CASE(secure_boot_is_on_for_one_byte_alone),
           CASE(what_was_not_measured_or_not_verified_is_absent),
           CASE(words_are_what_rules_compare), CASE(the_mode_is_the_laxest_that_is_on),
           CASE(the_root_of_trust_is_told_by_the_locality),
           CASE(no_root_of_trust_is_believed_of_an_unquoted_pcr_0),
           CASE(actions_that_matter_are_facts), CASE(digests_are_kept_once_whoever_owns_them),
           CASE(an_empty_list_is_known_and_a_broken_one_is_not),
           CASE(a_certificate_is_the_digest_of_its_bytes),
           CASE(what_no_set_can_name_is_not_dropped),
           CASE(rows_of_versions_are_numbers_the_highest_of_each),
           CASE(rows_that_only_look_like_versions_are_digests), CASE(versions_in_db_are_no_numbers),
           CASE(long_lists_are_sorted_and_longer_ones_not_known),
           CASE(authorities_are_certificates_with_or_without_an_owner),
           CASE(an_authority_that_is_none_leaves_nothing_known), CASE(the_lowest_level_counts),
           CASE(rules_get_lists_levels_and_numbers), CASE(rules_see_events_without_echoes),
           CASE(command_lines_are_plain_text), CASE(lines_that_hide_their_words_are_not_verified),
           CASE(more_text_than_there_is_room_for_is_not_verified),
           CASE(attempts_are_counted_by_what_came_back), CASE(phases_have_their_word_as_text))
