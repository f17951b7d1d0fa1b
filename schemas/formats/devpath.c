#include "formats/devpath.h"

#include "base/limits.h"
#include "base/rd.h"
#include "formats/efiguid.h"

enum { NODE_HEAD_LEN = 4, NODE_END = 0x7f };

/* A node's kind: its type and sub-type as one number. */
enum {
    NODE_PCI = 0x0101,
    NODE_ACPI = 0x0201,
    NODE_USB = 0x0305,
    NODE_MAC = 0x030b,
    NODE_IPV4 = 0x030c,
    NODE_IPV6 = 0x030d,
    NODE_SATA = 0x0312,
    NODE_NVME = 0x0317,
    NODE_URI = 0x0318,
    NODE_HD = 0x0401,
    NODE_CDROM = 0x0402,
    NODE_FILE = 0x0404,
    NODE_FV_FILE = 0x0406,
    NODE_FV = 0x0407,
};

static const struct {
    uint16_t kind;
    const char *name;
} plain_nodes[] = {
    {NODE_ACPI, "PciRoot"}, {NODE_USB, "Usb"},   {NODE_MAC, "Mac"},   {NODE_IPV4, "IPv4"},
    {NODE_IPV6, "IPv6"},    {NODE_SATA, "Sata"}, {NODE_NVME, "NVMe"}, {NODE_CDROM, "CDROM"},
};

static void
say_plain(struct say *say, uint16_t kind)
{
    for (size_t i = 0; i < ARRAY_LEN(plain_nodes); i++) {
        if (plain_nodes[i].kind == kind) {
            say_fmt(say, "%s", plain_nodes[i].name);
            return;
        }
    }
    say_fmt(say, "%u.%u", kind >> 8, kind & 0xff);
}

static void
say_pci(struct say *say, struct rd *node)
{
    uint8_t function = rd_u8(node);
    uint8_t device = rd_u8(node);

    say_fmt(say, "Pci(%x,%x)", device, function);
}

static void
say_fv(struct say *say, const char *name, struct rd *node)
{
    char room[EFIGUID_TEXT_MAX];
    struct bytes guid = rd_bytes(node, EFIGUID_LEN);

    say_fmt(say, "%s(%s)", name, efiguid_name(guid, room));
}

/* With slashes, as a backslash would be escaped to four characters. */
static void
say_file(struct say *say, struct rd *node)
{
    struct bytes slash = bytes_of("/\0", 2);

    while (rd_left(node) > 1) {
        struct bytes unit = rd_bytes(node, 2);

        if (bytes_equal(unit, bytes_of("\0\0", 2))) {
            return;
        }
        say_ucs2(say, bytes_equal(unit, bytes_of("\\\0", 2)) ? slash : unit);
    }
}

static void
say_node(struct say *say, uint16_t kind, struct rd *node)
{
    switch (kind) {
    case NODE_PCI:
        say_pci(say, node);
        break;
    case NODE_HD:
        say_fmt(say, "HD(%u)", rd_le32(node));
        break;
    case NODE_FILE:
        say_file(say, node);
        break;
    case NODE_URI:
        say_bytes(say, rd_rest(node));
        break;
    case NODE_FV_FILE:
        say_fv(say, "FvFile", node);
        break;
    case NODE_FV:
        say_fv(say, "Fv", node);
        break;
    default:
        say_plain(say, kind);
    }
}

void
devpath_say(struct say *say, struct bytes in)
{
    struct rd rd = rd_init(in);

    for (size_t i = 0; i < LIMIT_DEVPATH_NODES && rd_left(&rd) > 0; i++) {
        uint16_t kind = rd_be16(&rd);
        uint16_t len = rd_le16(&rd);
        struct rd node;

        if (rd.failed || len < NODE_HEAD_LEN) {
            break;
        }
        node = rd_sub(&rd, len - (size_t)NODE_HEAD_LEN);
        if (node.failed) {
            break;
        }
        if (kind >> 8 == NODE_END) {
            return;
        }
        say_fmt(say, "%s", i > 0 && kind != NODE_FILE ? "/" : "");
        say_node(say, kind, &node);
        if (node.failed) {
            break;
        }
    }
    say_fmt(say, "(broken)");
}
