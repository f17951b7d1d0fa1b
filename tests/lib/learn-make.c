#include "lib/learn-make.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "formats/evtype.h"
#include "lib/check.h"

static struct slot_rig rig;

void
learn_make_bare(void)
{
    slot_rig_new(&rig);
}

void
learn_make_begin(void)
{
    learn_make_bare();
    slot_rig_bound(&rig, 4, EV_SEPARATOR, check_hex("00000000"));
    learn_make_image("shim");
}

struct learn_rig_boot *
learn_make_end(const char *userspace)
{
    struct bytes log = make_log_bytes(&rig.make);
    uint8_t *copy = check_keep(malloc(log.len));

    CHECK(copy);
    memcpy(copy, log.p, log.len);
    slot_rig_done(&rig);
    return learn_rig_add(bytes_of(copy, log.len), userspace ? bytes_str(userspace) : BYTES_NULL);
}

void
learn_make_label(uint32_t pcr, uint32_t type, const char *content, const char *label)
{
    slot_rig_digest(&rig, pcr, type, bytes_str(content), bytes_str(label));
}

void
learn_make_firmware(const char *content)
{
    learn_make_label(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, content, "blob");
}

void
learn_make_driver(const char *content)
{
    learn_make_label(2, EV_EFI_BOOT_SERVICES_DRIVER, content, "driver");
}

void
learn_make_image(const char *content)
{
    learn_make_label(4, EV_EFI_BOOT_SERVICES_APPLICATION, content, "image");
}

void
learn_make_file(const char *path, const char *content)
{
    learn_make_label(9, EV_IPL, content, path);
}

static void
grub(const char *prefix, const char *text)
{
    char room[1024];

    CHECK(snprintf(room, sizeof(room), "%s%s", prefix, text) < (int)sizeof(room));
    learn_make_label(8, EV_IPL, text, room);
}

void
learn_make_command(const char *line)
{
    grub("grub_cmd: ", line);
}

void
learn_make_cmdline(const char *line)
{
    grub("kernel_cmdline: ", line);
}

void
learn_make_text(uint32_t pcr, uint32_t type, const char *text)
{
    slot_rig_text(&rig, pcr, type, text);
}

void
learn_make_flag(const char *name, uint8_t value)
{
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(RIG_GLOBAL, name, bytes_of(&value, 1)));
}

void
learn_make_list(const char *name, struct bytes value)
{
    bool global = strcmp(name, "PK") == 0 || strcmp(name, "KEK") == 0;

    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                   slot_rig_variable(global ? RIG_GLOBAL : RIG_SECURITY, name, value));
}

void
learn_make_authority(enum slot_rig_guid guid, const char *name, struct bytes value)
{
    slot_rig_bound(&rig, 7, EV_EFI_VARIABLE_AUTHORITY, slot_rig_variable(guid, name, value));
}

/* EFI_SIGNATURE_LIST, UEFI 2.10 section 32.4.1. */
static void
write_list(struct wr *wr, const char *type, size_t size, size_t n)
{
    wr_bytes(wr, check_hex(type));
    wr_le32(wr, (uint32_t)(28 + n * (16 + size)));
    wr_le32(wr, 0);
    wr_le32(wr, (uint32_t)(16 + size));
}

static void
write_entry(struct wr *wr, char byte)
{
    uint8_t entry[16 + 32];

    memset(entry, 0, 16); /* the owner */
    memset(entry + 16, byte, 32);
    wr_bytes(wr, BYTES_OF(entry));
}

struct bytes
learn_make_hashes(const char *bytes)
{
    size_t cap = 28 + 48 * strlen(bytes);
    struct wr wr = wr_init(check_keep(malloc(cap)), cap);

    write_list(&wr, "2616c4c14c509240aca941f936934328", 32, strlen(bytes));
    for (const char *byte = bytes; *byte; byte++) {
        write_entry(&wr, *byte);
    }
    return wr_done(&wr);
}

struct bytes
learn_make_certs(const char *bytes)
{
    size_t cap = (28 + 48) * strlen(bytes);
    struct wr wr = wr_init(check_keep(malloc(cap)), cap);

    for (const char *byte = bytes; *byte; byte++) {
        write_list(&wr, "a159c0a5e494a74a87b5ab155c2bf072", 32, 1);
        write_entry(&wr, *byte);
    }
    return wr_done(&wr);
}

const char *
learn_make_record(uint32_t pcr, const char *text)
{
    char *room = check_keep(malloc(512));
    struct hasher *hasher = hasher_new();
    uint8_t digest[32];
    char hex[65];

    CHECK(room && hasher);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str(text), digest), 0);
    snprintf(
        room, 512,
        "\x1e{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}],"
        "\"content_type\":\"systemd\",\"content\":{\"string\":\"%s\",\"eventType\":\"phase\"}}\n",
        pcr, hex_write(hex, BYTES_OF(digest)), text);
    hasher_freep(&hasher);
    return room;
}

void
learn_make_learn(void)
{
    size_t boot = 0;

    CHECK_EQ(learn_rig_learn(&boot), 0);
    learn_rig_load(learn_rig.text);
    for (size_t i = 0; i < learn_rig.n; i++) {
        learn_rig_judge(learn_rig.boots[i]);
        if (verdict_tier(&learn_rig.verdict) > TIER_WARNING) {
            check_fail(__FILE__, __LINE__, "boot %zu is refused, %u, by\n%s", i + 1,
                       learn_rig.verdict.reasons[0], learn_rig.text);
        }
    }
}

void
learn_make_says(const char *text)
{
    if (!strstr(learn_rig.text, text)) {
        check_fail(__FILE__, __LINE__, "no \"%s\" in\n%s", text, learn_rig.text);
    }
}

void
learn_make_says_not(const char *text)
{
    if (strstr(learn_rig.text, text)) {
        check_fail(__FILE__, __LINE__, "a \"%s\" in\n%s", text, learn_rig.text);
    }
}
