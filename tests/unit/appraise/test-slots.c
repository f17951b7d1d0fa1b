/* appraise/slots: a rule of the table at a time, and what those who write logs may try. */
#include "appraise/slots.h"

#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/slot-rig.h"

static struct slot_rig rig;

static const uint8_t zero[4] = {0, 0, 0, 0};
static const uint8_t on[1] = {1};
static const uint8_t off[1] = {0};

static void
check_rule(size_t i, enum slot slot, enum rule rule)
{
    char room[2][RULE_NAME_MAX];

    CHECK_EQ(slot_rig_event(&rig, i)->slot, slot);
    CHECK_STR(rule_name((enum rule)slot_rig_event(&rig, i)->rule, room[0]),
              rule_name(rule, room[1]));
}

static void
variable(uint32_t pcr, uint32_t type, enum slot_rig_guid guid, const char *name)
{
    slot_rig_bound(&rig, pcr, type, slot_rig_variable(guid, name, BYTES_OF(on)));
}

static void
separators(void)
{
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        slot_rig_bound(&rig, pcr, EV_SEPARATOR, BYTES_OF(zero));
    }
}

/* ---- by PCR and type alone ---- */

static void
what_the_type_says_alone(void)
{
    static const struct {
        uint32_t pcr, type;
        enum slot slot;
    } rows[] = {
        {0, EV_EFI_PLATFORM_FIRMWARE_BLOB, SLOT_FIRMWARE},
        {0, EV_EFI_PLATFORM_FIRMWARE_BLOB2, SLOT_FIRMWARE},
        {0, EV_POST_CODE, SLOT_FIRMWARE},
        {0, EV_S_CRTM_CONTENTS, SLOT_FIRMWARE},
        {0, EV_EFI_HCRTM_EVENT, SLOT_FIRMWARE},
        {0, EV_NONHOST_CODE, SLOT_FIRMWARE},
        {1, EV_EFI_HANDOFF_TABLES, SLOT_CONFIG},
        {1, EV_EFI_HANDOFF_TABLES2, SLOT_CONFIG},
        {1, EV_PLATFORM_CONFIG_FLAGS, SLOT_CONFIG},
        {1, EV_TABLE_OF_DEVICES, SLOT_CONFIG},
        {1, EV_CPU_MICROCODE, SLOT_CONFIG},
        {1, EV_NONHOST_CONFIG, SLOT_CONFIG},
        {1, EV_COMPACT_HASH, SLOT_CONFIG},
        {1, EV_EVENT_TAG, SLOT_CONFIG},
        {2, EV_EFI_BOOT_SERVICES_DRIVER, SLOT_DRIVER},
        {2, EV_EFI_RUNTIME_SERVICES_DRIVER, SLOT_DRIVER},
        {2, EV_EFI_BOOT_SERVICES_APPLICATION, SLOT_DRIVER},
        {2, EV_EFI_PLATFORM_FIRMWARE_BLOB2, SLOT_DRIVER},
        {2, EV_EFI_SPDM_FIRMWARE_BLOB, SLOT_DRIVER},
        {3, EV_COMPACT_HASH, SLOT_PCR3},
        {3, EV_EFI_SPDM_FIRMWARE_CONFIG, SLOT_PCR3},
        {6, EV_COMPACT_HASH, SLOT_PCR6},
        {6, EV_EVENT_TAG, SLOT_PCR6},
        {11, EV_IPL, SLOT_UKI},
        {13, EV_IPL, SLOT_UKI_SYSEXT},
        {14, EV_IPL, SLOT_MOK},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_alone(&rig, rows[i].pcr, rows[i].type, bytes_str("nothing known"), false);
        slot_rig_check(&rig, 1, rows[i].slot, 0);
        CHECK_EQ(rig.map.counts[rows[i].slot], 1);
    }
}

static void
what_must_be_vouched_for(void)
{
    static const struct {
        uint32_t pcr, type;
        enum slot slot;
    } rows[] = {
        {0, EV_S_CRTM_VERSION, SLOT_CRTM_VERSION},
        {0, EV_NONHOST_INFO, SLOT_NONHOST_INFO},
        {1, EV_EFI_VARIABLE_BOOT, SLOT_BOOT_VARS},
        {1, EV_EFI_VARIABLE_BOOT2, SLOT_BOOT_VARS},
        {5, EV_EFI_VARIABLE_BOOT, SLOT_BOOT_VARS},
        {5, EV_EFI_GPT_EVENT, SLOT_GPT},
        {5, EV_EFI_GPT_EVENT2, SLOT_GPT},
        {3, EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_PCR3},
        {6, EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_PCR6},
    };
    struct bytes var = slot_rig_variable(RIG_VENDOR, "Setup", BYTES_OF(on));

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_alone(&rig, rows[i].pcr, rows[i].type, var, true);
        slot_rig_check(&rig, 1, rows[i].slot, SLOT_VERIFIED);
        slot_rig_alone(&rig, rows[i].pcr, rows[i].type, var, false);
        CHECK_EQ(slot_rig_event(&rig, 1)->rule,
                 RULE_EVENT_UNBOUND); /* the data is not what was hashed */
        CHECK_EQ(slot_rig_event(&rig, 1)->flags, 0);
    }
}

static void
a_type_that_a_pcr_has_no_place_for_is_206(void)
{
    static const struct {
        uint32_t pcr, type;
    } rows[] = {
        {0, EV_EFI_BOOT_SERVICES_DRIVER},
        {1, EV_EFI_PLATFORM_FIRMWARE_BLOB},
        {2, EV_IPL},
        {3, EV_EFI_BOOT_SERVICES_APPLICATION},
        {4, EV_EFI_GPT_EVENT},
        {4, EV_IPL},
        {5, EV_COMPACT_HASH},
        {6, EV_EFI_BOOT_SERVICES_DRIVER},
        {7, EV_IPL},
        {7, EV_EFI_VARIABLE_BOOT},
        {8, EV_SEPARATOR},
        {9, EV_SEPARATOR},
        {10, EV_IPL},
        {15, EV_IPL},
        {12, EV_COMPACT_HASH},
        {0, 0x12345678},
        {7, 0x800000ff},
        {14, EV_EFI_ACTION},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_alone(&rig, rows[i].pcr, rows[i].type, bytes_str("text"), true);
        slot_rig_other(&rig, 1, RULE_SLOT_TYPE);
        CHECK_EQ(rule_reason(RULE_SLOT_TYPE), REASON_EVT_TYPE_FORBIDDEN);
    }
}

static void
what_is_not_measured_or_of_a_higher_pcr_has_no_slot(void)
{
    slot_rig_new(&rig);
    make_no_action(&rig.make, 0, bytes_str("StartupNothing"));
    slot_rig_text(&rig, 16, EV_IPL, "debug");
    slot_rig_text(&rig, 23, EV_EFI_ACTION, "application");
    slot_rig_assign(&rig);
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(slot_rig_event(&rig, i)->slot, SLOT_NONE);
        CHECK_EQ(slot_rig_event(&rig, i)->rule, RULE_NONE);
    }
    for (size_t i = 0; i < SLOT_N; i++) {
        CHECK_EQ(rig.map.counts[i], 0);
    }
    slot_rig_done(&rig);
}

/* ---- PCR 0 to 6 ---- */

static void
a_digest_of_what_nobody_sees_is_the_firmware_s(void)
{
    slot_rig_alone(&rig, 0, EV_NONHOST_INFO, bytes_str("IntelCSxEEvent01, and more"), false);
    slot_rig_check(&rig, 1, SLOT_FIRMWARE, 0);
    slot_rig_alone(&rig, 0, EV_NONHOST_INFO, bytes_str("IntelCSxEEvent01, and more"), true);
    slot_rig_check(&rig, 1, SLOT_NONHOST_INFO, SLOT_VERIFIED);
}

static void
actions_that_firmware_has_are_known_and_others_named(void)
{
    slot_rig_alone(&rig, 7, EV_EFI_ACTION, bytes_str("DMA Protection Disabled"), true);
    slot_rig_check(&rig, 1, SLOT_ACTION, SLOT_VERIFIED);
    slot_rig_alone(&rig, 5, EV_EFI_ACTION, bytes_of("Exit Boot Services Invocation", 30),
                   true); /* with its NUL */
    slot_rig_check(&rig, 1, SLOT_ACTION, SLOT_VERIFIED);
    slot_rig_alone(&rig, 5, EV_EFI_ACTION, bytes_str("Exit Boot Services Invocation, or so"), true);
    check_rule(1, SLOT_ACTION, RULE_SLOT_ACTION);
    slot_rig_alone(&rig, 4, EV_EFI_ACTION, bytes_str("Calling EFI Application from Boot Option"),
                   false);
    slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
    CHECK_EQ(rule_reason(RULE_SLOT_ACTION), REASON_ACTION_UNKNOWN);
}

static const uint32_t IMAGE = EV_EFI_BOOT_SERVICES_APPLICATION;

static void
images_before_the_firmware_starts_an_option_are_the_maker_s(void)
{
    slot_rig_new(&rig);
    slot_rig_label(&rig, 4, IMAGE, bytes_str("agent"));
    slot_rig_text(&rig, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    slot_rig_label(&rig, 4, IMAGE, bytes_str("between"));
    slot_rig_bound(&rig, 4, EV_SEPARATOR, BYTES_OF(zero));
    slot_rig_label(&rig, 4, EV_EFI_BOOT_SERVICES_DRIVER, bytes_str("file system"));
    slot_rig_label(&rig, 4, IMAGE, bytes_str("loader"));
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_BOOT_PREOS, 0);
    slot_rig_check(&rig, 3, SLOT_BOOT_IMAGES, 0);
    slot_rig_check(&rig, 4, SLOT_SEPARATOR, SLOT_VERIFIED);
    slot_rig_check(&rig, 5, SLOT_BOOT_IMAGES, 0);
    slot_rig_check(&rig, 6, SLOT_BOOT_IMAGES, 0);
    slot_rig_done(&rig);
}

/* Old firmware tells of the option in PCR 5; other PCRs' separators say nothing of PCR 4. */
static void
a_separator_alone_ends_the_maker_s_part(void)
{
    slot_rig_new(&rig);
    slot_rig_text(&rig, 5, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    slot_rig_bound(&rig, 5, EV_SEPARATOR, BYTES_OF(zero));
    slot_rig_label(&rig, 4, IMAGE, bytes_str("agent"));
    slot_rig_bound(&rig, 4, EV_SEPARATOR, BYTES_OF(zero));
    slot_rig_label(&rig, 4, IMAGE, bytes_str("loader"));
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 3, SLOT_BOOT_PREOS, 0);
    slot_rig_check(&rig, 5, SLOT_BOOT_IMAGES, 0);
    slot_rig_done(&rig);
}

static void
where_no_event_ends_the_firmware_s_part_there_is_none(void)
{
    slot_rig_alone(&rig, 4, IMAGE, bytes_str("loader"), false);
    slot_rig_check(&rig, 1, SLOT_BOOT_IMAGES, 0);
}

/* A separator whose digest is of something else moves nothing. */
static void
a_separator_that_is_none_ends_nothing(void)
{
    slot_rig_new(&rig);
    slot_rig_digest(&rig, 4, EV_SEPARATOR, bytes_str("evil"), BYTES_OF(zero));
    slot_rig_label(&rig, 4, IMAGE, bytes_str("loader"));
    slot_rig_assign(&rig);
    slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
    slot_rig_check(&rig, 2, SLOT_BOOT_PREOS, 0);
    slot_rig_done(&rig);
}

/* ---- U-Boot ---- */

static void
u_boot_measures_images_and_the_command_line_its_own_way(void)
{
    slot_rig_new(&rig);
    slot_rig_text(&rig, 0, EV_S_CRTM_VERSION, "U-Boot 2025.07-gw");
    slot_rig_label(&rig, 4, IMAGE, bytes_str("Image"));
    slot_rig_text(&rig, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    slot_rig_label(&rig, 8, EV_COMPACT_HASH, bytes_of("linux", 6));
    slot_rig_label(&rig, 9, EV_COMPACT_HASH, bytes_of("initrd", 7));
    slot_rig_label(&rig, 1, EV_TABLE_OF_DEVICES, bytes_of("dts", 4));
    slot_rig_bound(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, bytes_of("root=/dev/dm-0", 15));
    slot_rig_label(&rig, 0, EV_TABLE_OF_DEVICES, bytes_of("dts", 4));
    separators();
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 2, SLOT_BOOT_IMAGES, 0);
    slot_rig_check(&rig, 4, SLOT_BOOT_KERNEL, SLOT_BY_LABEL);
    slot_rig_check(&rig, 5, SLOT_BOOT_INITRD, SLOT_BY_LABEL);
    slot_rig_check(&rig, 6, SLOT_BOOT_DTB, SLOT_BY_LABEL);
    slot_rig_check(&rig, 7, SLOT_BOOT_CMDLINE, SLOT_VERIFIED);
    slot_rig_check(&rig, 8, SLOT_BOOT_DTB, SLOT_BY_LABEL);
    slot_rig_done(&rig);
}

static void
only_a_version_that_was_measured_makes_it_u_boot(void)
{
    slot_rig_new(&rig);
    slot_rig_digest(&rig, 0, EV_S_CRTM_VERSION, bytes_str("other"), bytes_str("U-Boot 2025.07"));
    slot_rig_text(&rig, 1, EV_PLATFORM_CONFIG_FLAGS, "FeatureTME=0");
    slot_rig_label(&rig, 4, IMAGE, bytes_str("Image"));
    slot_rig_bound(&rig, 4, EV_SEPARATOR, BYTES_OF(zero));
    slot_rig_assign(&rig);
    check_rule(1, SLOT_CRTM_VERSION, RULE_EVENT_UNBOUND);
    slot_rig_check(&rig, 2, SLOT_CONFIG, SLOT_VERIFIED);
    slot_rig_check(&rig, 3, SLOT_BOOT_PREOS, 0);
    slot_rig_done(&rig);
}

static void
compact_hashes_and_tables_that_u_boot_does_not_name_are_205(void)
{
    slot_rig_alone(&rig, 8, EV_COMPACT_HASH, bytes_str("linus"), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 9, EV_COMPACT_HASH, bytes_str("linux"), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 0, EV_TABLE_OF_DEVICES, bytes_str("table"), false);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    CHECK_EQ(rule_reason(RULE_SLOT_NONE), REASON_EVT_UNCLAIMED);
}

/* ---- PCR 7 ---- */

static const uint32_t CONFIG = EV_EFI_VARIABLE_DRIVER_CONFIG;
static const uint32_t AUTHORITY = EV_EFI_VARIABLE_AUTHORITY;

static void
each_secure_boot_variable_has_its_slot(void)
{
    static const struct {
        enum slot_rig_guid guid;
        const char *name;
        enum slot slot;
    } rows[] = {
        {RIG_GLOBAL, "SecureBoot", SLOT_SECUREBOOT},
        {RIG_GLOBAL, "PK", SLOT_SB_PK},
        {RIG_GLOBAL, "KEK", SLOT_SB_KEK},
        {RIG_SECURITY, "db", SLOT_SB_DB},
        {RIG_SECURITY, "dbx", SLOT_SB_DBX},
        {RIG_SECURITY, "dbt", SLOT_SB_DBT},
        {RIG_SECURITY, "dbr", SLOT_SB_DBR},
        {RIG_GLOBAL, "AuditMode", SLOT_SB_MODE},
        {RIG_GLOBAL, "DeployedMode", SLOT_SB_MODE},
        {RIG_GLOBAL, "SetupMode", SLOT_SB_MODE},
    };

    slot_rig_new(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        variable(7, CONFIG, rows[i].guid, rows[i].name);
    }
    slot_rig_assign(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_check(&rig, i + 1, rows[i].slot, SLOT_VERIFIED);
    }
    CHECK_EQ(rig.map.counts[SLOT_SB_MODE], 3);
    slot_rig_done(&rig);
}

static void
a_variable_of_another_name_or_guid_is_205(void)
{
    slot_rig_new(&rig);
    variable(7, CONFIG, RIG_VENDOR, "SecureBoot");
    variable(7, CONFIG, RIG_SECURITY, "SecureBoot");
    variable(7, CONFIG, RIG_GLOBAL, "SecureBoo");
    variable(7, CONFIG, RIG_GLOBAL, "SecureBoot2");
    variable(7, CONFIG, RIG_GLOBAL, "db");
    variable(7, CONFIG, RIG_SHIM, "SbatLevel"); /* another type's */
    variable(7, AUTHORITY, RIG_GLOBAL, "SecureBoot");
    variable(7, AUTHORITY, RIG_SECURITY, "dbx");
    variable(7, AUTHORITY, RIG_VENDOR, "Shim");
    slot_rig_assign(&rig);
    for (size_t i = 1; i <= 9; i++) {
        slot_rig_other(&rig, i, RULE_SLOT_NONE);
    }
    slot_rig_done(&rig);
}

static void
a_record_that_is_no_variable_is_205(void)
{
    uint8_t room[64] = {0};
    struct bytes var = slot_rig_variable(RIG_GLOBAL, "SecureBoot", BYTES_OF(on));

    slot_rig_alone(&rig, 7, CONFIG, bytes_str("SecureBoot"), true);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    slot_rig_alone(&rig, 7, CONFIG, bytes_of(var.p, var.len - 1), true);
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    CHECK(var.len < sizeof(room));
    memcpy(room, var.p, var.len);
    slot_rig_alone(&rig, 7, CONFIG, bytes_of(room, var.len + 1),
                   true); /* a byte behind the value */
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
}

static void
a_second_variable_is_214(void)
{
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 7, CONFIG, slot_rig_variable(RIG_GLOBAL, "SecureBoot", BYTES_OF(off)));
    slot_rig_bound(&rig, 7, CONFIG, slot_rig_variable(RIG_GLOBAL, "SecureBoot", BYTES_OF(on)));
    variable(7, CONFIG, RIG_GLOBAL, "AuditMode");
    variable(7, CONFIG, RIG_GLOBAL, "DeployedMode");
    variable(7, CONFIG, RIG_GLOBAL, "AuditMode");
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_SECUREBOOT, SLOT_VERIFIED);
    slot_rig_other(&rig, 2, RULE_SLOT_TWICE);
    slot_rig_check(&rig, 4, SLOT_SB_MODE, SLOT_VERIFIED);
    slot_rig_other(&rig, 5, RULE_SLOT_TWICE);
    CHECK_EQ(rule_reason(RULE_SLOT_TWICE), REASON_VARIABLE_DUPLICATE);
    slot_rig_done(&rig);
}

/* Whoever runs later can extend PCR 7 with what a good machine had, but not before its separator.
 */
static void
a_variable_behind_the_separator_is_212(void)
{
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 0, EV_SEPARATOR, BYTES_OF(zero)); /* another PCR's says nothing */
    variable(7, CONFIG, RIG_GLOBAL, "PK");
    slot_rig_bound(&rig, 7, EV_SEPARATOR, BYTES_OF(zero));
    variable(7, CONFIG, RIG_GLOBAL, "SecureBoot");
    variable(7, AUTHORITY, RIG_SECURITY, "db");
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 2, SLOT_SB_PK, SLOT_VERIFIED);
    slot_rig_other(&rig, 4, RULE_SLOT_LATE);
    slot_rig_check(&rig, 5, SLOT_BOOT_AUTHORITY, SLOT_VERIFIED);
    CHECK_EQ(rule_reason(RULE_SLOT_LATE), REASON_EVT_AFTER_SEPARATOR);
    slot_rig_done(&rig);
}

/* SecureBoot = 0 under each other type of PCR 7: it is always told by name. */
static void
a_relabelled_variable_is_found_under_every_type(void)
{
    struct bytes var = slot_rig_variable(RIG_GLOBAL, "SecureBoot", BYTES_OF(off));
    static const uint32_t types[] = {
        EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT, EV_IPL,     EV_EVENT_TAG, EV_EFI_ACTION,
        EV_COMPACT_HASH,           EV_EFI_GPT_EVENT,     0x99999999,
    };

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        slot_rig_alone(&rig, 7, types[i], var, true);
        CHECK(slot_rig_event(&rig, 1)->rule != RULE_NONE);
        CHECK(slot_rig_event(&rig, 1)->slot == SLOT_OTHER ||
              slot_rig_event(&rig, 1)->slot == SLOT_ACTION);
    }
}

static void
what_lets_images_start_and_what_shim_adds(void)
{
    static const struct {
        enum slot_rig_guid guid;
        const char *name;
        enum slot slot;
    } rows[] = {
        {RIG_SECURITY, "db", SLOT_BOOT_AUTHORITY},
        {RIG_SECURITY, "db", SLOT_BOOT_AUTHORITY},
        {RIG_SECURITY, "dbr", SLOT_BOOT_AUTHORITY},
        {RIG_SHIM, "Shim", SLOT_BOOT_AUTHORITY},
        {RIG_SHIM, "vendor_db", SLOT_BOOT_AUTHORITY},
        {RIG_SHIM, "SbatLevel", SLOT_SB_SBAT},
        {RIG_SHIM, "MokListRT", SLOT_MOK},
        {RIG_SHIM, "MokListTrusted", SLOT_MOK},
        {RIG_SHIM, "MokSBState", SLOT_MOK},
    };

    slot_rig_new(&rig);
    slot_rig_bound(&rig, 7, EV_SEPARATOR, BYTES_OF(zero));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        variable(7, AUTHORITY, rows[i].guid, rows[i].name);
    }
    slot_rig_assign(&rig);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        slot_rig_check(&rig, i + 2, rows[i].slot, SLOT_VERIFIED);
    }
    CHECK_EQ(rig.map.quirks, 0);
    slot_rig_done(&rig);
}

/* The record and up to eight bytes behind it, the last of them not measured. */
static void
authority_with(size_t n_behind)
{
    struct bytes var = slot_rig_variable(RIG_SHIM, "Shim", BYTES_OF(on));
    uint8_t room[128] = {0};

    memcpy(room, var.p, var.len);
    slot_rig_new(&rig);
    slot_rig_digest(&rig, 7, AUTHORITY, bytes_of(room, var.len + n_behind - 1),
                    bytes_of(room, var.len + n_behind));
    slot_rig_assign(&rig);
    slot_rig_done(&rig);
}

static void
shim_s_byte_too_many_is_a_named_quirk(void)
{
    authority_with(6);
    slot_rig_check(&rig, 1, SLOT_BOOT_AUTHORITY, SLOT_VERIFIED);
    CHECK_EQ(rig.map.quirks, 1 << QUIRK_SHIM_BYTE);
    CHECK_STR(slots_quirk_name(QUIRK_SHIM_BYTE), "shim-byte");
    authority_with(8);
    slot_rig_check(&rig, 1, SLOT_BOOT_AUTHORITY, SLOT_VERIFIED);
    authority_with(9); /* more than any shim's */
    slot_rig_other(&rig, 1, RULE_SLOT_NONE);
    authority_with(0); /* the value itself is one byte short */
    CHECK_EQ(slot_rig_event(&rig, 1)->slot, SLOT_OTHER);
}

static void
dell_reports_the_modes_in_pcr_1_and_nothing_else_of_secure_boot(void)
{
    slot_rig_new(&rig);
    variable(1, CONFIG, RIG_GLOBAL, "DeployedMode");
    variable(1, CONFIG, RIG_VENDOR, "LenovoConfig");
    variable(1, CONFIG, RIG_GLOBAL, "SecureBoot");
    variable(7, CONFIG, RIG_GLOBAL, "DeployedMode");
    slot_rig_label(&rig, 1, CONFIG, slot_rig_variable(RIG_VENDOR, "Setup", BYTES_OF(on)));
    slot_rig_assign(&rig);
    slot_rig_check(&rig, 1, SLOT_SB_MODE, SLOT_VERIFIED);
    slot_rig_check(&rig, 2, SLOT_CONFIG, SLOT_VERIFIED);
    slot_rig_other(&rig, 3, RULE_SLOT_NONE);
    slot_rig_other(&rig, 4, RULE_SLOT_TWICE);
    slot_rig_other(&rig, 5, RULE_EVENT_UNBOUND);
    slot_rig_done(&rig);
}

static void
device_authorities_must_be_vouched_for(void)
{
    slot_rig_alone(&rig, 7, EV_EFI_SPDM_DEVICE_POLICY, bytes_str("policy"), true);
    slot_rig_check(&rig, 1, SLOT_SPDM, SLOT_VERIFIED);
    slot_rig_alone(&rig, 7, EV_EFI_SPDM_DEVICE_AUTHORITY, bytes_str("policy"), false);
    slot_rig_other(&rig, 1, RULE_EVENT_UNBOUND);
}

CHECK_MAIN(CASE(what_the_type_says_alone), CASE(what_must_be_vouched_for),
           CASE(a_type_that_a_pcr_has_no_place_for_is_206),
           CASE(what_is_not_measured_or_of_a_higher_pcr_has_no_slot),
           CASE(a_digest_of_what_nobody_sees_is_the_firmware_s),
           CASE(actions_that_firmware_has_are_known_and_others_named),
           CASE(images_before_the_firmware_starts_an_option_are_the_maker_s),
           CASE(a_separator_alone_ends_the_maker_s_part),
           CASE(where_no_event_ends_the_firmware_s_part_there_is_none),
           CASE(a_separator_that_is_none_ends_nothing),
           CASE(u_boot_measures_images_and_the_command_line_its_own_way),
           CASE(only_a_version_that_was_measured_makes_it_u_boot),
           CASE(compact_hashes_and_tables_that_u_boot_does_not_name_are_205),
           CASE(each_secure_boot_variable_has_its_slot),
           CASE(a_variable_of_another_name_or_guid_is_205),
           CASE(a_record_that_is_no_variable_is_205), CASE(a_second_variable_is_214),
           CASE(a_variable_behind_the_separator_is_212),
           CASE(a_relabelled_variable_is_found_under_every_type),
           CASE(what_lets_images_start_and_what_shim_adds),
           CASE(shim_s_byte_too_many_is_a_named_quirk),
           CASE(dell_reports_the_modes_in_pcr_1_and_nothing_else_of_secure_boot),
           CASE(device_authorities_must_be_vouched_for))
