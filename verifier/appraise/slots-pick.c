#include "appraise/slots-pick.h"

#include "base/rd.h"
#include "formats/efiguid.h"
#include "formats/efivar.h"
#include "formats/evdata.h"
#include "formats/evtype.h"

typedef void pick_fn(struct placing *placing, const struct event *event, struct slot_event *ret);

struct row {
    uint32_t type;
    enum slot slot;
    pick_fn *pick; /* may say otherwise; NULL: the type says all */
};

static void
refuse(struct slot_event *ret, enum rule rule)
{
    *ret = (struct slot_event){.slot = SLOT_OTHER, .rule = (uint16_t)rule};
}

static void
by_label(struct slot_event *ret, enum slot slot)
{
    *ret = (struct slot_event){.slot = (uint8_t)slot, .flags = SLOT_BY_LABEL};
}

static bool
begins_with(struct bytes in, const char *text)
{
    size_t len = strlen(text);

    return in.len >= len && memcmp(in.p, text, len) == 0;
}

/* Is it the text, with or without a NUL? */
static bool
is_text(struct bytes in, const char *text)
{
    size_t len = strlen(text);

    return begins_with(in, text) && (in.len == len || (in.len == len + 1 && in.p[len] == 0));
}

/* Does the UCS-2 text hold the ASCII one? */
static bool
ucs2_holds(struct bytes in, const char *text)
{
    size_t len = strlen(text);

    for (size_t at = 0; at + 2 * len <= in.len; at += 2) {
        size_t i = 0;

        while (i < len && in.p[at + 2 * i] == (uint8_t)text[i] && in.p[at + 2 * i + 1] == 0) {
            i++;
        }
        if (i == len) {
            return true;
        }
    }
    return false;
}

/* UTF-16, as far as one can tell: boot loaders' command lines begin with ASCII. */
static bool
looks_utf16(struct bytes in)
{
    return in.len >= 2 && in.p[0] != 0 && in.p[1] == 0;
}

/* What the text says decides, so it must be vouched for. */
static bool
verified(const struct slot_event *ret)
{
    return ret->flags & SLOT_VERIFIED;
}

static void
pick_verified(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    (void)placing;
    (void)event;
    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
    }
}

/* ---- PCR 0 to 6 ---- */

static void
pick_version(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    (void)placing;
    (void)event;
    if (!verified(ret)) {
        ret->rule = RULE_EVENT_UNBOUND;
    }
}

/* Intel's management engine measures its own state as such an event: a digest of what nobody sees,
 * so it is the firmware's, and no evil blob becomes harmless under this type. */
static void
pick_nonhost(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    (void)placing;
    (void)event;
    if (!verified(ret)) {
        ret->slot = SLOT_FIRMWARE;
    }
}

/* U-Boot's bootm measures the devicetree as this. U-Boot boot/bootm.c, bootm_measure(). */
static void
pick_devices(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    if (is_text(event_data(placing->log, event), "dts") && !verified(ret)) {
        by_label(ret, SLOT_BOOT_DTB);
    } else if (event->pcr == 0) {
        refuse(ret, RULE_SLOT_NONE);
    }
}

/* U-Boot's bootm measures the kernel's command line as this, behind the devicetree. */
static void
pick_flags(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    (void)event;
    if (placing->uboot && verified(ret)) {
        ret->slot = SLOT_BOOT_CMDLINE;
    }
}

/* Strings of TCG PFP 1.06 section 10.4.4, those that UEFI firmware has. */
static const char *const actions[] = {
    "Calling EFI Application from Boot Option",
    "Returning from EFI Application from Boot Option",
    "Exit Boot Services Invocation",
    "Exit Boot Services Returned with Failure",
    "Exit Boot Services Returned with Success",
    "DMA Protection Disabled",
    "UEFI Debug Mode",
    "Entering ROM Based Setup",
    "BOOT ATTEMPTS OMITTED",
};

static void
pick_action(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct bytes text = event_text(placing->log, event);

    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
        return;
    }
    ret->rule = RULE_SLOT_ACTION;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (is_text(text, actions[i])) {
            ret->rule = RULE_NONE;
        }
    }
    /* one string in PCR 4 ends the firmware's part: "Calling …" */
    placing->booting = placing->booting || (event->pcr == 4 && is_text(text, actions[0]));
}

static void
pick_separator(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
        return;
    }
    placing->booting = placing->booting || event->pcr == 4;
    placing->closed = placing->closed || event->pcr == 7;
}

/* U-Boot tells of the boot option when it starts an image that it measured when it loaded it. */
static void
pick_image(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    (void)event;
    if (placing->begins && !placing->booting && !placing->uboot) {
        ret->slot = SLOT_BOOT_PREOS;
    }
}

/* ---- PCR 7 and 1: variables ---- */

enum { GUID_GLOBAL, GUID_SECURITY, GUID_SHIM };

static const uint8_t guids[][EFIGUID_LEN] = {
    [GUID_GLOBAL] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98,
                     0x03, 0x2b, 0x8c},
    [GUID_SECURITY] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e,
                       0x67, 0x65, 0x6f},
    [GUID_SHIM] = {0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10,
                   0xdd, 0x8b, 0x23},
};

/* Variables of one type; each that the firmware reports may be measured once. */
struct variable {
    int guid;
    const char *name;
    enum slot slot;
};

static const struct variable configs[] = {
    {GUID_GLOBAL, "SecureBoot", SLOT_SECUREBOOT},
    {GUID_GLOBAL, "PK", SLOT_SB_PK},
    {GUID_GLOBAL, "KEK", SLOT_SB_KEK},
    {GUID_SECURITY, "db", SLOT_SB_DB},
    {GUID_SECURITY, "dbx", SLOT_SB_DBX},
    {GUID_SECURITY, "dbt", SLOT_SB_DBT},
    {GUID_SECURITY, "dbr", SLOT_SB_DBR},
    {GUID_GLOBAL, "AuditMode", SLOT_SB_MODE},
    {GUID_GLOBAL, "DeployedMode", SLOT_SB_MODE},
    {GUID_GLOBAL, "SetupMode", SLOT_SB_MODE},
};

/* What let an image start, and what shim measures of its own: mok.c, mok_state_variables. */
static const struct variable authorities[] = {
    {GUID_SECURITY, "db", SLOT_BOOT_AUTHORITY}, {GUID_SECURITY, "dbr", SLOT_BOOT_AUTHORITY},
    {GUID_SHIM, "Shim", SLOT_BOOT_AUTHORITY},   {GUID_SHIM, "vendor_db", SLOT_BOOT_AUTHORITY},
    {GUID_SHIM, "SbatLevel", SLOT_SB_SBAT},     {GUID_SHIM, "MokList", SLOT_MOK},
    {GUID_SHIM, "MokListRT", SLOT_MOK},         {GUID_SHIM, "MokListX", SLOT_MOK},
    {GUID_SHIM, "MokListXRT", SLOT_MOK},        {GUID_SHIM, "MokListTrusted", SLOT_MOK},
    {GUID_SHIM, "MokListTrustedRT", SLOT_MOK},  {GUID_SHIM, "MokSBState", SLOT_MOK},
    {GUID_SHIM, "MokSBStateRT", SLOT_MOK},      {GUID_SHIM, "MokDBState", SLOT_MOK},
    {GUID_SHIM, "MokIgnoreDB", SLOT_MOK},
};

bool
slots_pick_variable(const struct event_log *log, const struct event *event, struct efivar *ret,
                    bool *ret_quirk)
{
    struct bytes text = event_text(log, event);
    struct efivar var;
    bool quirk =
        event->type == EV_EFI_VARIABLE_AUTHORITY && event->length + 1 == event->data_length;

    if (efivar_read(text, &var, NULL) != 0 || var.rest.len > (quirk ? SHIM_REST - 1u : 0)) {
        return false;
    }
    *ret = var;
    *ret_quirk = quirk;
    return true;
}

/* The row that the event's variable is, or n. */
static size_t
variable_of(struct placing *placing, const struct event *event, const struct variable *rows,
            size_t n)
{
    struct efivar var;
    bool quirk;
    size_t i = 0;

    if (!slots_pick_variable(placing->log, event, &var, &quirk)) {
        return n;
    }
    placing->quirks |= quirk ? 1u << QUIRK_SHIM_BYTE : 0;
    while (i < n && !(bytes_equal(var.guid, BYTES_OF(guids[rows[i].guid])) &&
                      efivar_is(&var, rows[i].name))) {
        i++;
    }
    return i;
}

static void
place_config(struct placing *placing, size_t row, struct slot_event *ret)
{
    if (placing->seen >> row & 1) {
        refuse(ret, RULE_SLOT_TWICE);
        return;
    }
    placing->seen |= 1u << row;
    ret->slot = (uint8_t)configs[row].slot;
}

static void
pick_config(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    size_t row = variable_of(placing, event, configs, ARRAY_LEN(configs));

    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
    } else if (placing->closed) {
        refuse(ret, RULE_SLOT_LATE);
    } else if (row == ARRAY_LEN(configs)) {
        refuse(ret, RULE_SLOT_NONE);
    } else {
        place_config(placing, row, ret);
    }
}

/* Dell reports the modes here, beside vendors' own settings; another Secure Boot variable has no
 * business in this PCR. */
static void
pick_setting(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    size_t row = variable_of(placing, event, configs, ARRAY_LEN(configs));

    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
    } else if (row < ARRAY_LEN(configs) && configs[row].slot != SLOT_SB_MODE) {
        refuse(ret, RULE_SLOT_NONE);
    } else if (row < ARRAY_LEN(configs)) {
        place_config(placing, row, ret);
    }
}

static void
pick_authority(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    size_t row = variable_of(placing, event, authorities, ARRAY_LEN(authorities));

    if (!verified(ret)) {
        refuse(ret, RULE_EVENT_UNBOUND);
    } else if (row == ARRAY_LEN(authorities)) {
        refuse(ret, RULE_SLOT_NONE);
    } else {
        ret->slot = (uint8_t)authorities[row].slot;
    }
}

/* ---- PCR 8 to 14: boot loaders, kernel, Windows ---- */

/* GRUB's texts; systemd-boot up to 250 measured its command line here. */
static void
pick_grub(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct bytes data = event_data(placing->log, event);
    struct bytes text;

    if (evdata_grub_text(data, &text)) {
        ret->slot = begins_with(data, "grub_cmd") ? SLOT_BOOT_SCRIPT : SLOT_BOOT_CMDLINE;
        return;
    }
    if (!looks_utf16(data)) {
        refuse(ret, RULE_SLOT_NONE);
    } else if (verified(ret)) {
        ret->slot = SLOT_BOOT_CMDLINE;
    } else {
        by_label(ret, SLOT_BOOT_CMDLINE);
    }
}

/* U-Boot boot/bootm.c, bootm_measure(). */
static void
pick_bootm(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct bytes data = event_data(placing->log, event);

    if (event->pcr == 8 && is_text(data, "linux")) {
        by_label(ret, SLOT_BOOT_KERNEL);
    } else if (event->pcr == 9 && is_text(data, "initrd")) {
        by_label(ret, SLOT_BOOT_INITRD);
    } else {
        refuse(ret, RULE_SLOT_NONE);
    }
}

/* What GRUB read a file as: its name, or RHEL 8's word for its use. */
static const struct {
    const char *begins;
    enum slot slot;
} files[] = {
    {"vmlinu", SLOT_BOOT_KERNEL},
    {"bzImage", SLOT_BOOT_KERNEL},
    {"kernel", SLOT_BOOT_KERNEL},
    {"grub_linuxefi Kernel", SLOT_BOOT_KERNEL},
    {"initrd", SLOT_BOOT_INITRD},
    {"initramfs", SLOT_BOOT_INITRD},
    {"intel-ucode", SLOT_BOOT_INITRD},
    {"amd-ucode", SLOT_BOOT_INITRD},
    {"grub_linuxefi Initrd", SLOT_BOOT_INITRD},
};

static struct bytes
base_name(struct bytes path)
{
    size_t at = path.len;

    while (at > 0 && path.p[at - 1] != '/') {
        at--;
    }
    return bytes_of(path.p + at, path.len - at);
}

static void
pick_file(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct bytes data = event_data(placing->log, event);
    struct bytes name = data.len > 0 ? base_name(data) : data;

    by_label(ret, SLOT_BOOT_FILES);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (begins_with(name, files[i].begins)) {
            by_label(ret, files[i].slot);
            return;
        }
    }
}

/* Tagged events, TCG PC Client Implementation Specification for Conventional BIOS section 11.3.2.
 * Linux drivers/firmware/efi/libstub, systemd src/fundamental/tpm2-pcr.h. */
static const struct {
    uint32_t id;
    uint32_t pcr;
    enum slot slot;
} tags[] = {
    {0x8f3b22ecu, 9, SLOT_BOOT_INITRD}, {0x8f3b22edu, 9, SLOT_BOOT_CMDLINE},
    {0xf5bc582au, 5, SLOT_BOOT_FILES},  {0x6c46f751u, 12, SLOT_UKI_ADDON},
    {0x49dffe0fu, 12, SLOT_UKI_ADDON},  {0xdac08e1au, 12, SLOT_UKI_ADDON},
    {0x13aed6dbu, 12, SLOT_UKI_ADDON},
};

/* A tag that is neither Linux's nor systemd's is Windows', who hashes what the log holds. */
static void
pick_tag(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct rd rd = rd_init(event_data(placing->log, event));
    uint32_t id = rd_le32(&rd);
    uint32_t len = rd_le32(&rd);

    if (rd.failed || len != rd_left(&rd)) {
        refuse(ret, RULE_SLOT_NONE);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        if (tags[i].id == id) {
            if (tags[i].pcr == event->pcr) {
                by_label(ret, tags[i].slot);
            } else {
                refuse(ret, RULE_SLOT_NONE);
            }
            return;
        }
    }
    if (ret->slot == SLOT_WBCL) {
        pick_verified(placing, event, ret);
    } else {
        refuse(ret, RULE_SLOT_NONE);
    }
}

/* Command lines are hashed as they are; what the stub packs into an archive has only its name.
 * systemd src/boot/stub.c; our own boot hook writes ASCII. */
static void
pick_stub(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    struct bytes data = event_data(placing->log, event);
    struct bytes text = event_text(placing->log, event); /* empty unless verified */

    if (looks_utf16(text)) {
        ret->slot = placing->uki ? SLOT_UKI_CMDLINE : SLOT_BOOT_CMDLINE;
    } else if (begins_with(text, "attest-hook:")) {
        ret->slot = SLOT_BOOT_HOOK;
    } else if (ucs2_holds(data, "redentials initrd")) {
        by_label(ret, SLOT_UKI_CREDENTIAL);
    } else if (ucs2_holds(data, "Configuration extension initrd")) {
        by_label(ret, SLOT_UKI_ADDON);
    } else {
        refuse(ret, RULE_SLOT_NONE);
    }
}

/* ---- the table ---- */

static const struct row pcr0[] = {
    {EV_EFI_PLATFORM_FIRMWARE_BLOB, SLOT_FIRMWARE, NULL},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB2, SLOT_FIRMWARE, NULL},
    {EV_POST_CODE, SLOT_FIRMWARE, NULL},
    {EV_S_CRTM_CONTENTS, SLOT_FIRMWARE, NULL},
    {EV_EFI_HCRTM_EVENT, SLOT_FIRMWARE, NULL},
    {EV_NONHOST_CODE, SLOT_FIRMWARE, NULL},
    {EV_S_CRTM_VERSION, SLOT_CRTM_VERSION, pick_version},
    {EV_NONHOST_INFO, SLOT_NONHOST_INFO, pick_nonhost},
    {EV_TABLE_OF_DEVICES, SLOT_BOOT_DTB, pick_devices},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr1[] = {
    {EV_EFI_VARIABLE_BOOT, SLOT_BOOT_VARS, pick_verified},
    {EV_EFI_VARIABLE_BOOT2, SLOT_BOOT_VARS, pick_verified},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_CONFIG, pick_setting},
    {EV_EFI_HANDOFF_TABLES, SLOT_CONFIG, NULL},
    {EV_EFI_HANDOFF_TABLES2, SLOT_CONFIG, NULL},
    {EV_PLATFORM_CONFIG_FLAGS, SLOT_CONFIG, pick_flags},
    {EV_TABLE_OF_DEVICES, SLOT_CONFIG, pick_devices},
    {EV_CPU_MICROCODE, SLOT_CONFIG, NULL},
    {EV_NONHOST_CONFIG, SLOT_CONFIG, NULL},
    {EV_COMPACT_HASH, SLOT_CONFIG, NULL},
    {EV_EVENT_TAG, SLOT_CONFIG, NULL},
    {EV_EFI_ACTION, SLOT_ACTION, pick_action},
    {EV_ACTION, SLOT_ACTION, pick_action},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr2[] = {
    {EV_EFI_BOOT_SERVICES_DRIVER, SLOT_DRIVER, NULL},
    {EV_EFI_RUNTIME_SERVICES_DRIVER, SLOT_DRIVER, NULL},
    {EV_EFI_BOOT_SERVICES_APPLICATION, SLOT_DRIVER, NULL},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB, SLOT_DRIVER, NULL},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB2, SLOT_DRIVER, NULL},
    {EV_EFI_SPDM_FIRMWARE_BLOB, SLOT_DRIVER, NULL},
    {EV_EFI_ACTION, SLOT_ACTION, pick_action},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr3[] = {
    {EV_COMPACT_HASH, SLOT_PCR3, NULL},
    {EV_EFI_SPDM_FIRMWARE_CONFIG, SLOT_PCR3, NULL},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_PCR3, pick_verified},
    {EV_PLATFORM_CONFIG_FLAGS, SLOT_PCR3, NULL},
    {EV_NONHOST_CONFIG, SLOT_PCR3, NULL},
    {EV_EVENT_TAG, SLOT_PCR3, NULL},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr4[] = {
    {EV_EFI_BOOT_SERVICES_APPLICATION, SLOT_BOOT_IMAGES, pick_image},
    {EV_EFI_BOOT_SERVICES_DRIVER, SLOT_BOOT_IMAGES, pick_image},
    {EV_EFI_RUNTIME_SERVICES_DRIVER, SLOT_BOOT_IMAGES, pick_image},
    {EV_EFI_ACTION, SLOT_ACTION, pick_action},
    {EV_ACTION, SLOT_ACTION, pick_action},
    {EV_OMIT_BOOT_DEVICE_EVENTS, SLOT_ACTION, pick_action},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr5[] = {
    {EV_EFI_GPT_EVENT, SLOT_GPT, pick_verified},
    {EV_EFI_GPT_EVENT2, SLOT_GPT, pick_verified},
    {EV_EFI_VARIABLE_BOOT, SLOT_BOOT_VARS, pick_verified},
    {EV_EFI_VARIABLE_BOOT2, SLOT_BOOT_VARS, pick_verified},
    {EV_EFI_ACTION, SLOT_ACTION, pick_action},
    {EV_EVENT_TAG, SLOT_BOOT_FILES, pick_tag},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr6[] = {
    {EV_COMPACT_HASH, SLOT_PCR6, NULL},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_PCR6, pick_verified},
    {EV_EVENT_TAG, SLOT_PCR6, NULL},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr7[] = {
    {EV_EFI_VARIABLE_DRIVER_CONFIG, SLOT_OTHER, pick_config},
    {EV_EFI_VARIABLE_AUTHORITY, SLOT_OTHER, pick_authority},
    {EV_EFI_SPDM_DEVICE_POLICY, SLOT_SPDM, pick_verified},
    {EV_EFI_SPDM_DEVICE_AUTHORITY, SLOT_SPDM, pick_verified},
    {EV_EFI_ACTION, SLOT_ACTION, pick_action},
    {EV_SEPARATOR, SLOT_SEPARATOR, pick_separator},
};

static const struct row pcr8[] = {
    {EV_IPL, SLOT_OTHER, pick_grub},
    {EV_COMPACT_HASH, SLOT_BOOT_KERNEL, pick_bootm},
};

static const struct row pcr9[] = {
    {EV_IPL, SLOT_BOOT_FILES, pick_file},
    {EV_EVENT_TAG, SLOT_OTHER, pick_tag},
    {EV_COMPACT_HASH, SLOT_BOOT_INITRD, pick_bootm},
};

static const struct row pcr11[] = {
    {EV_IPL, SLOT_UKI, NULL},
    {EV_COMPACT_HASH, SLOT_WBCL, pick_verified},
    {EV_EVENT_TAG, SLOT_WBCL, pick_tag},
    {EV_SEPARATOR, SLOT_WBCL, pick_verified},
};

static const struct row pcr12[] = {
    {EV_IPL, SLOT_OTHER, pick_stub},
    {EV_EVENT_TAG, SLOT_WBCL, pick_tag},
    {EV_SEPARATOR, SLOT_WBCL, pick_verified},
};

static const struct row pcr13[] = {
    {EV_IPL, SLOT_UKI_SYSEXT, NULL},
    {EV_EVENT_TAG, SLOT_WBCL, pick_tag},
    {EV_SEPARATOR, SLOT_WBCL, pick_verified},
};

static const struct row pcr14[] = {
    {EV_IPL, SLOT_MOK, NULL},
    {EV_EVENT_TAG, SLOT_WBCL, pick_tag},
    {EV_SEPARATOR, SLOT_WBCL, pick_verified},
};

/* Firmware and boot loaders have nothing to measure into PCR 10 and 15. */
#define ROWS(name)            \
    {                         \
        name, ARRAY_LEN(name) \
    }
static const struct {
    const struct row *rows;
    size_t n;
} table[SLOTTED_PCRS] = {
    [0] = ROWS(pcr0),   [1] = ROWS(pcr1),   [2] = ROWS(pcr2),   [3] = ROWS(pcr3),
    [4] = ROWS(pcr4),   [5] = ROWS(pcr5),   [6] = ROWS(pcr6),   [7] = ROWS(pcr7),
    [8] = ROWS(pcr8),   [9] = ROWS(pcr9),   [11] = ROWS(pcr11), [12] = ROWS(pcr12),
    [13] = ROWS(pcr13), [14] = ROWS(pcr14),
};

struct placing
slots_pick_begin(const struct event_log *log, uint32_t mask)
{
    struct placing placing = {.log = log};

    for (size_t i = 0; i < log->n_events; i++) {
        const struct event *event = &log->events[i];
        struct bytes text = event_text(log, event);

        if (event->pcr >= SLOTTED_PCRS || !(mask >> event->pcr & 1)) {
            continue;
        }
        placing.uboot = placing.uboot || (event->pcr == 0 && event->type == EV_S_CRTM_VERSION &&
                                          begins_with(text, "U-Boot "));
        placing.uki = placing.uki || (event->pcr == 11 && event->type == EV_IPL);
        placing.begins =
            placing.begins || (event->pcr == 4 && event->type != EV_NO_ACTION &&
                               (event->type == EV_SEPARATOR || is_text(text, actions[0])));
    }
    return placing;
}

void
slots_pick(struct placing *placing, const struct event *event, struct slot_event *ret)
{
    bool bound = placing->log->vouched && event->bound == BOUND_TRUE;

    refuse(ret, RULE_SLOT_TYPE);
    for (size_t i = 0; i < table[event->pcr].n; i++) {
        const struct row *row = &table[event->pcr].rows[i];

        if (row->type == event->type) {
            *ret =
                (struct slot_event){.slot = (uint8_t)row->slot, .flags = bound ? SLOT_VERIFIED : 0};
            if (row->pick) {
                row->pick(placing, event, ret);
            }
            break;
        }
    }
    if (event->bound == BOUND_FALSE && ret->rule == RULE_NONE) {
        ret->rule = RULE_EVENT_UNBOUND;
    }
}
