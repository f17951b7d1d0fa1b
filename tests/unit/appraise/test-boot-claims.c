/* appraise/boot-claims: what a judged boot tells, and what it does not. */
#include "appraise/boot-claims.h"

#include "appraise/boot-flags.h"
#include "appraise/kernel-args.h"
#include "base/hex.h"
#include "formats/evtype.h"
#include "formats/tpm-vendor.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/slot-rig.h"

static struct slot_rig rig;
static struct boot_told told;
static struct verdict verdict;
static struct boot_ask ask;
static struct boot_claims claims;
static struct boot_memo *memo; /* of the log; NULL: it has none */

#define HEAD \
    "policy p version 3 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 0-11,14\n"
#define RULES                                                   \
    "  rule fw : firmware one-of @a/fw\n"                       \
    "  rule chain : boot.images one-of @os.kernel count 1..4\n" \
    "  rule rom : driver any count 0..1\n"                      \
    "  rule sb : secureboot any\n"

static const char *
sha256(const char *content, char text[80])
{
    uint8_t digest[32];
    char hex[65];

    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str(content), digest), 0);
    snprintf(text, 80, "sha256:%s", hex_write(hex, BYTES_OF(digest)));
    return text;
}

static void
measured(uint32_t pcr, uint32_t type, const char *content, const char *label)
{
    slot_rig_digest(&rig, pcr, type, bytes_str(content), bytes_str(label));
}

static void
variable(enum slot_rig_guid guid, const char *name, const char *hex)
{
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(guid, name, check_hex(hex)));
}

/* Another log in the place of the one before. */
static void
anew(void)
{
    static bool begun;

    if (begun) {
        slot_rig_done(&rig);
    }
    slot_rig_new(&rig);
    begun = true;
}

static void
boot(void)
{
    anew();
    measured(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, "fw", "blob");
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", "\\vmlinuz");
}

/* Claims of what was told, from the start. */
static void
gather(void)
{
    claims = (struct boot_claims){0};
    boot_claims(&ask, &told, &claims);
}

/* Judges what was added. */
static void
judge(const char *head, const char *rules, const char *blocks)
{
    static char text[16384];
    struct boot_room *room = check_keep(boot_room_new());
    char names[3][80];

    CHECK(room);
    snprintf(text, sizeof(text),
             "%s%s}\nset digests a/fw { %s }\n"
             "release os corp 7 { svn 4 kernel %s \"6.12.48\" }\n"
             "release os corp 8 { svn 5 state staged kernel %s \"vmlinuz\" }\n%s",
             head, rules, sha256("fw", names[0]), sha256("kernel", names[1]),
             sha256("next", names[2]), blocks);
    rule_play_start(text);
    slot_rig_assign(&rig);
    ask.book = rule_play.book;
    ask.log = &rig.log;
    rig.log.boot = memo;
    ask.now_s = rule_play.input.now_s;
    verdict = (struct verdict){0};
    CHECK_EQ(boot_judge(room, rig.make.hasher, &ask, &verdict, &told), 0);
    gather();
}

/* A claim as JSON; "" when it is absent. */
static const char *
said(enum claim claim)
{
    static char room[2048];
    struct json_wr j = json_wr_init(room, sizeof(room) - 1);

    if (!claim_set_has(&claims.set, claim)) {
        return "";
    }
    json_wr_array(&j);
    claim_set_say(&j, &claims.set, claim, false);
    json_wr_end_array(&j);
    CHECK(json_wr_done(&j).p);
    room[json_wr_done(&j).len - 1] = '\0';
    return room + 1;
}

static void
what_nobody_knows_is_absent(void)
{
    static const enum claim known[] = {CLAIM_MODE,      CLAIM_RTM,         CLAIM_OS_RELEASE,
                                       CLAIM_QUIRK,     CLAIM_BOOT_PREOS,  CLAIM_OS_RELEASE_STATE,
                                       CLAIM_OS_KERNEL, CLAIM_BOOT_LOADER, CLAIM_MOK_ENROLLED};
    uint64_t bits = 0;

    boot();
    judge(HEAD, RULES, "");
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        bits |= UINT64_C(1) << known[i];
    }
    CHECK_EQ(claims.set.present, bits);
    CHECK_STR(said(CLAIM_MODE), "\"enforce\"");
    CHECK_STR(said(CLAIM_QUIRK), "[]");
    CHECK_STR(said(CLAIM_BOOT_PREOS), "\"none\"");
    CHECK_STR(said(CLAIM_MOK_ENROLLED), "0");
}

static void
a_release_is_told_with_its_state_and_kernel(void)
{
    boot();
    judge(HEAD, RULES, "");
    CHECK_STR(said(CLAIM_OS_RELEASE), "\"corp 7\"");
    CHECK_STR(said(CLAIM_OS_RELEASE_STATE), "\"active\"");
    CHECK_STR(said(CLAIM_OS_KERNEL), "\"6.12.48\"");
    CHECK_STR(said(CLAIM_FW_RELEASE), "");
    anew();
    measured(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, "fw", "blob");
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "next", "\\vmlinuz");
    judge(HEAD, RULES, "");
    CHECK_STR(said(CLAIM_OS_RELEASE), "\"corp 8\"");
    CHECK_STR(said(CLAIM_OS_RELEASE_STATE), "\"staged\"");
    CHECK_STR(said(CLAIM_OS_KERNEL), ""); /* a name of a file is no version */
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "evil", "\\vmlinuz");
    judge(HEAD, RULES, "");
    CHECK_STR(said(CLAIM_OS_RELEASE), ""); /* the slot has what is of none */
    CHECK_STR(said(CLAIM_OS_RELEASE_STATE), "");
}

static void
the_rule_that_says_so_tells(void)
{
    static const char two[] = "  rule a : firmware one-of @fw.a else warn\n"
                              "  rule b : firmware one-of @fw.b else warn claim fw.release\n"
                              "  rule chain : boot.images any\n  rule rom : driver any\n";
    char blocks[512];
    char name[80];

    boot();
    snprintf(blocks, sizeof(blocks),
             "release fw one 1 {\n  source operator me\n  svn 3\n  a %s\n}\n"
             "release fw two 2 {\n  source pipeline build\n  svn 4\n  b %s\n}\n",
             sha256("fw", name), name);
    judge(HEAD, two, blocks);
    CHECK_STR(said(CLAIM_FW_RELEASE), "\"two 2\"");
    CHECK_STR(said(CLAIM_FW_SVN), "4");
    CHECK_STR(said(CLAIM_FW_SOURCE), "\"pipeline\"");
    CHECK_STR(said(CLAIM_FW_VENDOR), ""); /* no maker's own */
    CHECK_STR(said(CLAIM_FW_VERSION), "\"2\"");
}

static void
secure_boot_has_four_states(void)
{
    static const struct {
        const char *on, *setup, *audit, *told;
    } rows[] = {
        {"01", NULL, NULL, "\"on\""},    {"00", NULL, NULL, "\"off\""},
        {"", NULL, NULL, "\"off\""},     {"00", "01", NULL, "\"setup\""},
        {"00", "00", "01", "\"audit\""}, {"01", "01", NULL, "\"on\""},
        {"02", NULL, NULL, ""},          {"0101", NULL, NULL, ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        boot();
        variable(RIG_GLOBAL, "SecureBoot", rows[i].on);
        if (rows[i].setup) {
            variable(RIG_GLOBAL, "SetupMode", rows[i].setup);
        }
        if (rows[i].audit) {
            variable(RIG_GLOBAL, "AuditMode", rows[i].audit);
        }
        judge(HEAD, RULES "  rule mode : sb.mode device-pin\n", "");
        CHECK_STR(said(CLAIM_SECUREBOOT), rows[i].told);
        CHECK_STR(said(CLAIM_SB_DEPLOYED), "");
    }
    variable(RIG_GLOBAL, "DeployedMode", "01");
    judge(HEAD, RULES "  rule mode : sb.mode device-pin\n", "");
    CHECK_STR(said(CLAIM_SB_DEPLOYED), "true");
}

static void
lists_are_told_as_far_as_they_were_read(void)
{
    static const uint8_t windows[] = {0x07, 0x6f, 0x1f, 0xea, 0x90, 0xac, 0x29, 0x15,
                                      0x5e, 0xbf, 0x77, 0xc1, 0x76, 0x82, 0xf7, 0x5f,
                                      0x1f, 0xdd, 0x1b, 0xe1, 0x96, 0xda, 0x30, 0x2d,
                                      0xc8, 0x46, 0x1e, 0x35, 0x0a, 0x9a, 0xe3, 0x30};
    static struct boot_facts facts;
    struct rule_entry entries[] = {{BUNDLE_SIG_SHA256, BYTES_OF(windows)},
                                   {BUNDLE_SIG_X509, BYTES_OF(windows)}};

    boot();
    judge(HEAD, RULES, "");
    CHECK_STR(said(CLAIM_SB_DB_CA2023), "");
    facts = *told.facts;
    told.facts = &facts;
    facts.lists[SLOT_SB_DB] = (struct rule_entries){true, 1, entries};
    facts.lists[SLOT_SB_PK] = (struct rule_entries){true, 2, entries};
    gather();
    CHECK_STR(said(CLAIM_SB_DB_CA2023), "false"); /* the digest of an image, by chance */
    CHECK_STR(said(CLAIM_SB_PK_ID), "");          /* of two nobody says which */
    CHECK_STR(said(CLAIM_BOOT_AUTHORITY), "");
    CHECK_STR(said(CLAIM_SB_TESTKEY), "");
    facts.lists[SLOT_SB_DB].n = 2;
    facts.lists[SLOT_SB_PK].n = 1;
    facts.lists[SLOT_BOOT_AUTHORITY] = (struct rule_entries){true, 0, entries};
    facts.sbat_level = 2024010900;
    facts.debug = facts.dma_unprotected = true;
    facts.testkey = FACT_ON;
    facts.rtm = FACT_RTM_HCRTM;
    gather();
    CHECK_STR(said(CLAIM_SB_DB_CA2023), "true");
    CHECK_STR(said(CLAIM_SB_PK_ID), "\"sha256:076f1fea90ac29155ebf77c17682f75f"
                                    "1fdd1be196da302dc8461e350a9ae330\"");
    CHECK_STR(said(CLAIM_BOOT_AUTHORITY), "[]");
    CHECK_STR(said(CLAIM_SB_TESTKEY), "true");
    CHECK_STR(said(CLAIM_SBAT_LEVEL), "2024010900");
    CHECK_STR(said(CLAIM_FW_DEBUG), "true");
    CHECK_STR(said(CLAIM_DMA_PROTECTION), "\"off\"");
    CHECK_STR(said(CLAIM_RTM), "\"hcrtm\"");
}

#define X16(b) b b b b b b b b b b b b b b b b
#define X32(b) X16(b) X16(b)

/* A level is worked out once for a log and a book; another book has its own. */
static void
a_level_is_of_the_book_that_judges(void)
{
    static const char first[] = "set dbx dbx/1 next dbx/2 { sha256:" X32(
        "11") " }\n"
              "set dbx dbx/2 { sha256:" X32("11") " sha256:" X32("22") " }\n";
    static const char other[] = "set dbx dbx/1 { sha256:" X32("33") " }\n";
    static const char rules[] = RULES "  rule dbx : sb.dbx includes @dbx/1 claim dbx.level\n";

    boot();
    /* EFI_SIGNATURE_LIST of EFI_CERT_SHA256: UEFI 2.10 section 32.4.1 */
    variable(RIG_SECURITY, "dbx",
             "2616c4c14c509240aca941f936934328 4c000000 00000000 30000000" X16("00") X32("11"));
    judge(HEAD, rules, first);
    CHECK_STR(said(CLAIM_DBX_LEVEL), "\"dbx/1\"");
    CHECK_STR(said(CLAIM_DBX_MISSING), "1");
    memo = check_keep(boot_memo_new());
    for (unsigned i = 0; i < 2; i++) {
        judge(HEAD, rules, first);
        CHECK_STR(said(CLAIM_DBX_LEVEL), "\"dbx/1\"");
        judge(HEAD, rules, other);
        CHECK_STR(said(CLAIM_DBX_LEVEL), "\"none\"");
        CHECK_STR(said(CLAIM_DBX_MISSING), "1");
    }
    judge(HEAD, RULES "  rule dbx : sb.dbx device-pin\n", first);
    CHECK_STR(said(CLAIM_DBX_LEVEL), ""); /* no rule names a list */
}

static void
the_loader_is_of_the_try_that_went_on(void)
{
    static const char back[] = "Returning from EFI Application from Boot Option";
    char text[96];
    char name[80];

    boot();
    slot_rig_text(&rig, 4, EV_EFI_ACTION, back);
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "next", "\\vmlinuz");
    measured(4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", "\\vmlinuz");
    judge(HEAD, RULES, "");
    snprintf(text, sizeof(text), "\"%s\"", sha256("next", name));
    CHECK_STR(said(CLAIM_BOOT_LOADER), text);
}

static void
line(const char *text)
{
    char label[512];

    snprintf(label, sizeof(label), "kernel_cmdline: %s", text);
    measured(8, EV_IPL, text, label);
}

static void
a_command_line_tells_what_it_opens(void)
{
    static const struct {
        const char *line, *flags;
    } rows[] = {
        {"/vmlinuz root=UUID=1 ro quiet", "[]"},
        {"ro S debug emergency", "[\"debug\",\"single\"]"},
        {"ro init=/bin/sh rd.break=mount", "[\"init\",\"break\"]"},
        {"intel_iommu=off \"lockdown=none\"", "[\"iommu-off\",\"lockdown-off\"]"},
        {"ima-appraise=off module.sig-enforce=0", "[\"ima-off\",\"modules-unsigned\"]"},
        {"selinux=0 enforcing=0 mitigations=off nokaslr",
         "[\"mac-off\",\"mitigations-off\",\"kaslr-off\"]"},
        {"debugger initrd=x single-user 1x", "[]"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        boot();
        line(rows[i].line);
        judge(HEAD, RULES "  rule line : boot.cmdline any\n", "");
        CHECK_STR(said(CLAIM_BOOT_CMDLINE_FLAGS), rows[i].flags);
        CHECK(said(CLAIM_BOOT_CMDLINE_DIGEST)[0] != '\0');
    }
    line("another ro");
    judge(HEAD, RULES "  rule line : boot.cmdline any\n", "");
    CHECK_STR(said(CLAIM_BOOT_CMDLINE_FLAGS), ""); /* of two nobody says which */
    CHECK_STR(said(CLAIM_BOOT_CMDLINE_DIGEST), "");
}

static void
a_word_that_is_too_long_tells_nothing(void)
{
    static char text[KERNEL_ARG_MAX + 16];
    struct claim_set set = {0};

    memset(text, 'x', sizeof(text) - 1);
    boot_flags(bytes_str(text), &set);
    CHECK_EQ(set.present, 0);
    text[KERNEL_ARG_MAX] = '\0';
    boot_flags(bytes_str(text), &set);
    CHECK(claim_set_has(&set, CLAIM_BOOT_CMDLINE_FLAGS));
}

static void
commands_are_one_digest(void)
{
    char first[96];
    uint8_t digest[32];
    uint8_t both[64];
    char hex[65];

    boot();
    measured(8, EV_IPL, "set a=1", "grub_cmd: set a=1");
    judge(HEAD, RULES "  rule script : boot.script any count 1..9\n", "");
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str("set a=1"), both), 0);
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_of(both, 32), digest), 0);
    snprintf(first, sizeof(first), "\"sha256:%s\"", hex_write(hex, BYTES_OF(digest)));
    CHECK_STR(said(CLAIM_BOOT_SCRIPT_DIGEST), first);
    measured(8, EV_IPL, "boot", "grub_cmd: boot");
    judge(HEAD, RULES "  rule script : boot.script any count 1..9\n", "");
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, bytes_str("boot"), both + 32), 0);
    CHECK_EQ(hasher_bytes(rig.make.hasher, HASH_SHA256, BYTES_OF(both), digest), 0);
    snprintf(first, sizeof(first), "\"sha256:%s\"", hex_write(hex, BYTES_OF(digest)));
    CHECK_STR(said(CLAIM_BOOT_SCRIPT_DIGEST), first);
}

static void
files_are_told_by_what_their_rule_says(void)
{
    static const char rules[] = RULES "  rule ima : ima policy i else warn\n";
    static const char block[] = "ima i {\n  pcr 10\n  skip path /tmp/**\n}\n";
    static struct ima_judgement ima = {.judged = true, .n_entries = 1650};
    static struct rule_judgement judgement;

    boot();
    judge(HEAD, rules, block);
    CHECK_STR(said(CLAIM_IMA_STATUS), "\"off\"");
    CHECK_STR(said(CLAIM_IMA_COUNT), "");
    ima.block = &rulebook_bundle(ask.book)->imas[0];
    ima.n[IMA_UNKNOWN] = 2;
    ima.n[IMA_PENDING] = 3;
    judgement = *told.judgement;
    told.judgement = &judgement;
    told.ima = &ima;
    gather();
    CHECK_STR(said(CLAIM_IMA_STATUS), "\"warn\"");
    CHECK_STR(said(CLAIM_IMA_COUNT), "1650");
    CHECK_STR(said(CLAIM_IMA_UNKNOWN), "5");
    CHECK_STR(said(CLAIM_IMA_SET), "\"i\"");
    judgement.rules[4].effect = EFFECT_FAIL;
    gather();
    CHECK_STR(said(CLAIM_IMA_STATUS), "\"fail\"");
    judgement.rules[4].outcome = OUTCOME_PASSED;
    gather();
    CHECK_STR(said(CLAIM_IMA_STATUS), "\"ok\"");
}

static void
a_slot_that_changed_is_named_once(void)
{
    static const char rules[] = RULES "  rule a : config device-pin else note\n  rule b : config "
                                      "one-of @a/fw or-pin 1 else note\n"
                                      "  rule c : boot.files one-of @a/fw or-pin 2 else warn\n";
    const struct rule_pin pins[] = {{SLOT_CONFIG, BYTES_NULL, bytes_str("x")},
                                    {SLOT_BOOT_FILES, BYTES_NULL, BYTES_NULL}};

    boot();
    measured(1, EV_PLATFORM_CONFIG_FLAGS, "flags", "flags");
    measured(9, EV_IPL, "a file", "/boot/grub/grub.cfg");
    judge(HEAD, rules, "");
    CHECK_STR(said(CLAIM_PINS_CHANGED), "[\"config\",\"boot.files\"]");
    ask.may_pin = true;
    judge(HEAD, rules, "");
    CHECK_STR(said(CLAIM_PINS_CHANGED), "[]");
    ask.pins = pins;
    ask.n_pins = 2;
    judge(HEAD, rules, "");
    CHECK_STR(said(CLAIM_PINS_CHANGED), "[\"config\",\"boot.files\"]");
}

static void
published_faults_are_told_where_they_are_known(void)
{
    static const char advisories[] =
        "advisory one {\n  vendor NTC\n  firmware 7.2.1\n  severity high\n"
        "  cve CVE-2023-1017 CVE-2023-1018\n}\n"
        "advisory two {\n  vendor NTC\n  firmware 7.2.1\n  severity high\n"
        "  cve CVE-2023-1018 CVE-2024-1\n}\n";

    boot();
    judge(HEAD, RULES, advisories);
    CHECK_STR(said(CLAIM_TPM_CVES), "");
    ask.tpm =
        (struct advisory_tpm){0x4e544300, true, UINT64_C(7) << 48 | UINT64_C(2) << 32 | 1 << 16};
    judge(HEAD, RULES, advisories);
    CHECK_STR(said(CLAIM_TPM_CVES), "[\"CVE-2023-1017\",\"CVE-2023-1018\",\"CVE-2024-1\"]");
    ask.tpm.firmware = UINT64_C(7) << 48 | UINT64_C(3) << 32;
    judge(HEAD, RULES, advisories);
    CHECK_STR(said(CLAIM_TPM_CVES), "[]"); /* updated */
}

static void
a_tpm_tells_of_itself_what_somebody_vouches_for(void)
{
    struct advisory_tpm tpm = {0};

    claims = (struct boot_claims){0};
    boot_claims_tpm(&tpm, NULL, &claims);
    CHECK_EQ(claims.set.present, 0);
    tpm = (struct advisory_tpm){0x4e544300, true, UINT64_C(7) << 48 | UINT64_C(2) << 32};
    boot_claims_tpm(&tpm, "verified", &claims);
    CHECK_STR(said(CLAIM_TPM_VENDOR), "\"NTC\"");
    CHECK_STR(said(CLAIM_TPM_KIND), "\"discrete\"");
    CHECK_STR(said(CLAIM_TPM_FW), "\"7.2.0.0\"");
    CHECK_STR(said(CLAIM_EK_CHAIN), "\"verified\"");
    claims = (struct boot_claims){0};
    tpm.vendor = 0x474f4f47; /* one of which we do not know what it makes */
    boot_claims_tpm(&tpm, "listed", &claims);
    CHECK_STR(said(CLAIM_TPM_KIND), tpm_vendor_kind(tpm.vendor) ? "\"virtual\"" : "");
}

static void
who_is_observed_says_so(void)
{
    boot();
    judge(HEAD "  mode observe\n", RULES, "");
    CHECK_STR(said(CLAIM_MODE), "\"observe\"");
}

static void
what_a_stub_and_systemd_measure_is_told(void)
{
    static struct slot_map map;
    static struct rule_event events[2];

    boot();
    judge(HEAD, RULES, "");
    CHECK_STR(said(CLAIM_UKI), "");
    CHECK_STR(said(CLAIM_OS_PHASE), "");
    map = *told.map;
    map.counts[SLOT_UKI] = 1;
    events[0] =
        (struct rule_event){.slot = SLOT_OS_PHASE, .verified = true, .text = bytes_str("sysinit")};
    events[1] = (struct rule_event){.slot = SLOT_OS_PHASE, .text = bytes_str("ready")};
    told.map = &map;
    told.events = events;
    told.n_events = 1;
    gather();
    CHECK_STR(said(CLAIM_UKI), "true");
    CHECK_STR(said(CLAIM_OS_PHASE), "\"sysinit\"");
    told.n_events = 2; /* nobody vouches for the last word */
    gather();
    CHECK_STR(said(CLAIM_OS_PHASE), "");
}

CHECK_MAIN(CASE(what_nobody_knows_is_absent), CASE(a_release_is_told_with_its_state_and_kernel),
           CASE(the_rule_that_says_so_tells), CASE(secure_boot_has_four_states),
           CASE(lists_are_told_as_far_as_they_were_read), CASE(a_level_is_of_the_book_that_judges),
           CASE(the_loader_is_of_the_try_that_went_on), CASE(a_command_line_tells_what_it_opens),
           CASE(a_word_that_is_too_long_tells_nothing), CASE(commands_are_one_digest),
           CASE(files_are_told_by_what_their_rule_says), CASE(a_slot_that_changed_is_named_once),
           CASE(published_faults_are_told_where_they_are_known),
           CASE(a_tpm_tells_of_itself_what_somebody_vouches_for), CASE(who_is_observed_says_so),
           CASE(what_a_stub_and_systemd_measure_is_told))
