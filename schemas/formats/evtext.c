#include "formats/evtext.h"

#include "base/rd.h"
#include "formats/devpath.h"
#include "formats/efiguid.h"
#include "formats/efivar.h"
#include "formats/evdata.h"
#include "formats/evtype.h"
#include "formats/say.h"
#include "formats/siglist.h"

enum {
    HEX_SHOWN = 16,
    SIGNATURE_LEN = 16,
    SPEC_ID_LEN = 13,
    GPT_HEADER_LEN = 92,
    PADDED_MIN = 4,
    DER_LONG_SEQUENCE = 0x3082
};

/* Is it UCS-2 text of ASCII characters? systemd and firmware versions are. */
static bool
looks_ucs2(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (i % 2 == 1 ? in.p[i] != 0 : (in.p[i] < 0x20 && i + 2 < in.len)) {
            return false;
        }
    }
    return in.len >= 2 && in.len % 2 == 0;
}

/* Printable ASCII and line ends, and anything as its last byte: a NUL mostly. */
static bool
looks_text(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        bool printable = (in.p[i] >= 0x20 && in.p[i] <= 0x7e) || in.p[i] == '\n';

        if (!printable && i + 1 < in.len) {
            return false;
        }
    }
    return in.len > 0 && in.p[0] >= 0x20;
}

static struct bytes
without_nul(struct bytes in)
{
    return in.len > 0 && in.p[in.len - 1] == 0 ? bytes_of(in.p, in.len - 1) : in;
}

/* Text in a field of fixed length; a short one with many NULs may as well be a number. */
static struct bytes
padded_text(struct bytes in)
{
    size_t len = in.len;

    while (len > 0 && in.p[len - 1] == 0) {
        len--;
    }
    return len >= PADDED_MIN ? bytes_of(in.p, len) : in;
}

static void
say_data(struct say *say, struct bytes data)
{
    if (data.len == EFIGUID_LEN && !looks_text(data) && !looks_ucs2(data)) {
        char room[EFIGUID_TEXT_MAX];

        say_fmt(say, "%s", efiguid_name(data, room));
    } else if (looks_ucs2(data)) {
        say_ucs2(say, data);
    } else if (looks_text(data)) {
        say_bytes(say, without_nul(data));
    } else if (looks_text(padded_text(data))) {
        say_bytes(say, padded_text(data));
    } else if (data.len > 0) {
        say_hex(say, data, HEX_SHOWN);
        if (data.len > HEX_SHOWN) {
            say_fmt(say, " (%zu bytes)", data.len);
        }
    }
}

/* GRUB's texts may hold line ends: escaped, not taken for binary. */
static void
say_ipl(struct say *say, struct bytes data)
{
    struct bytes text;

    if (evdata_grub_text(data, &text)) {
        say_bytes(say, without_nul(data));
    } else {
        say_data(say, data);
    }
}

static void
say_separator(struct say *say, struct bytes data)
{
    if (data.len != 4) {
        say_data(say, data);
        return;
    }
    say_hex(say, data, HEX_SHOWN);
    if (bytes_equal(data, bytes_of("\1\0\0\0", 4))) {
        say_fmt(say, ", the firmware reports an error");
    }
}

/* "2 x509, 371 sha256" */
static bool
say_siglist(struct say *say, struct bytes value)
{
    struct siglist list = siglist_init(value);
    struct siglist_entry entry;
    size_t n[SIGLIST_N] = {0};
    const char *comma = "";
    int r;

    while ((r = siglist_next(&list, &entry, NULL)) == 0) {
        n[entry.kind]++;
    }
    if (r != SIGLIST_END) {
        return false;
    }
    for (size_t i = 0; i < SIGLIST_N; i++) {
        if (n[i] > 0) {
            say_fmt(say, "%s%zu %s", comma, n[i], siglist_kind_name((enum siglist_kind)i));
            comma = ", ";
        }
    }
    return *comma != '\0';
}

static bool
is_key_list(const struct efivar *var)
{
    static const char *const names[] = {"PK", "KEK", "db", "dbx", "dbt", "dbr", "MokList"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (efivar_is(var, names[i])) {
            return true;
        }
    }
    return false;
}

/* "Boot0001" and its like, which hold an EFI_LOAD_OPTION. */
static bool
is_boot_option(const struct efivar *var)
{
    static const uint8_t start[] = {'B', 0, 'o', 0, 'o', 0, 't', 0};
    struct rd rd = rd_init(var->name);

    if (var->name.len != 16 || efivar_is(var, "BootNext") ||
        !bytes_equal(rd_bytes(&rd, sizeof(start)), BYTES_OF(start))) {
        return false;
    }
    return true;
}

/* The name that a person gave it, then where it leads. UEFI 2.10 section 3.1.3. */
static bool
say_load_option(struct say *say, struct bytes value)
{
    struct rd rd = rd_init(value);
    struct rd name;
    size_t name_len = 0;
    uint16_t path_len;

    (void)rd_le32(&rd);
    path_len = rd_le16(&rd);
    name = rd;
    while (rd_le16(&rd) != 0) {
        name_len += 2;
    }
    if (rd.failed) {
        return false;
    }
    say_ucs2(say, rd_bytes(&name, name_len));
    say_fmt(say, ": ");
    devpath_say(say, rd_bytes(&rd, path_len));
    return true;
}

/* What let an image start: a certificate of shim's own, or EFI_SIGNATURE_DATA with one. */
static bool
say_signature(struct say *say, struct bytes value)
{
    char room[EFIGUID_TEXT_MAX];
    struct rd rd = rd_init(value);
    struct bytes owner = rd_bytes(&rd, EFIGUID_LEN);
    size_t cert_len = rd_left(&rd);
    struct rd bare = rd_init(value);

    if (rd_be16(&bare) == DER_LONG_SEQUENCE) {
        say_fmt(say, "x509, %zu bytes", value.len);
        return true;
    }
    if (rd_be16(&rd) != DER_LONG_SEQUENCE) {
        return false;
    }
    say_fmt(say, "x509 of %s, %zu bytes", efiguid_name(owner, room), cert_len);
    return true;
}

static void
say_variable(struct say *say, struct bytes data)
{
    char room[EFIGUID_TEXT_MAX];
    struct efivar var;

    if (efivar_read(data, &var, NULL) != 0) {
        say_fmt(say, "broken variable, %zu bytes", data.len);
        return;
    }
    say_ucs2(say, var.name);
    say_fmt(say, " (%s) ", efiguid_name(var.guid, room));
    if (var.value.len == 0) {
        say_fmt(say, "empty");
    } else if (!(is_key_list(&var) && say_siglist(say, var.value)) &&
               !(is_boot_option(&var) && say_load_option(say, var.value)) &&
               !say_signature(say, var.value)) {
        say_data(say, var.value);
    }
}

/* UEFI_IMAGE_LOAD_EVENT. PFP 1.06 section 10.2.3. */
static void
say_image(struct say *say, struct bytes data)
{
    struct rd rd = rd_init(data);
    uint64_t len;
    uint64_t path_len;

    (void)rd_le64(&rd);
    len = rd_le64(&rd);
    (void)rd_le64(&rd);
    path_len = rd_le64(&rd);
    if (rd.failed || path_len > rd_left(&rd)) {
        say_fmt(say, "broken image event, %zu bytes", data.len);
        return;
    }
    if (path_len > 0) {
        devpath_say(say, rd_bytes(&rd, (size_t)path_len));
    } else {
        say_fmt(say, "no path");
    }
    say_fmt(say, ", %llu bytes", (unsigned long long)len);
}

/* UEFI_PLATFORM_FIRMWARE_BLOB, perhaps behind something else. */
static void
say_blob_at(struct say *say, struct rd *rd, struct bytes data)
{
    uint64_t base = rd_le64(rd);
    uint64_t len = rd_le64(rd);

    if (rd_end(rd)) {
        say_fmt(say, "%llu bytes at 0x%llx", (unsigned long long)len, (unsigned long long)base);
    } else {
        say_data(say, data);
    }
}

static void
say_blob(struct say *say, struct bytes data)
{
    struct rd rd = rd_init(data);

    say_blob_at(say, &rd, data);
}

/* UEFI_PLATFORM_FIRMWARE_BLOB2: a description first. */
static void
say_blob2(struct say *say, struct bytes data)
{
    struct rd rd = rd_init(data);
    uint8_t n = rd_u8(&rd);

    say_bytes(say, rd_bytes(&rd, n));
    say_fmt(say, " ");
    say_blob_at(say, &rd, data);
}

/* UEFI_GPT_DATA: the header, then a count. */
static void
say_gpt(struct say *say, struct bytes data)
{
    char room[EFIGUID_TEXT_MAX];
    struct rd rd = rd_init(data);
    struct rd header = rd_sub(&rd, GPT_HEADER_LEN);
    uint64_t n = rd_le64(&rd);

    (void)rd_bytes(&header, 56);
    if (rd.failed) {
        say_data(say, data);
        return;
    }
    say_fmt(say, "disk %s, %llu partitions", efiguid_text(rd_bytes(&header, EFIGUID_LEN), room),
            (unsigned long long)n);
}

static void
say_tag(struct say *say, struct bytes data)
{
    struct rd rd = rd_init(data);
    uint32_t id = rd_le32(&rd);
    uint32_t len = rd_le32(&rd);

    if (rd.failed || len != rd_left(&rd)) {
        say_data(say, data);
        return;
    }
    say_fmt(say, "0x%08x ", id);
    say_data(say, rd_rest(&rd));
}

static void
say_no_action(struct say *say, struct bytes data)
{
    struct rd rd = rd_init(data);
    struct bytes signature = rd_bytes(&rd, SIGNATURE_LEN);
    struct bytes rest = rd_rest(&rd);
    struct rd name = rd_init(signature);

    if (rd.failed || !looks_text(without_nul(signature))) {
        say_data(say, data);
        return;
    }
    say_bytes(say, without_nul(signature));
    /* what follows there is told by the log's head, and no event of its own */
    if (rest.len > 0 && !bytes_equal(rd_bytes(&name, SPEC_ID_LEN), bytes_str("Spec ID Event"))) {
        say_fmt(say, " ");
        say_hex(say, rest, HEX_SHOWN);
    }
}

static const struct {
    uint32_t type;
    void (*say)(struct say *say, struct bytes data);
} sayers[] = {
    {EV_POST_CODE, say_blob},
    {EV_NO_ACTION, say_no_action},
    {EV_SEPARATOR, say_separator},
    {EV_EVENT_TAG, say_tag},
    {EV_IPL, say_ipl},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, say_variable},
    {EV_EFI_VARIABLE_BOOT, say_variable},
    {EV_EFI_VARIABLE_BOOT2, say_variable},
    {EV_EFI_VARIABLE_AUTHORITY, say_variable},
    {EV_EFI_BOOT_SERVICES_APPLICATION, say_image},
    {EV_EFI_BOOT_SERVICES_DRIVER, say_image},
    {EV_EFI_RUNTIME_SERVICES_DRIVER, say_image},
    {EV_EFI_GPT_EVENT, say_gpt},
    {EV_EFI_GPT_EVENT2, say_gpt},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB, say_blob},
    {EV_EFI_PLATFORM_FIRMWARE_BLOB2, say_blob2},
};

const char *
evtext_line(const struct evlog_event *event, char room[EVTEXT_MAX])
{
    struct say say = say_init(room, EVTEXT_MAX);

    for (size_t i = 0; i < ARRAY_LEN(sayers); i++) {
        if (sayers[i].type == event->type) {
            sayers[i].say(&say, event->data);
            return room;
        }
    }
    say_data(&say, event->data);
    return room;
}
