#include "formats/siglist.h"

#include "formats/efiguid.h"

enum { HEAD_LEN = EFIGUID_LEN + 12, SVN_FORM = 1, SVN_RESERVED = 11, SHA256_LEN = 32 };

/* data_len: what an entry of the type holds beside its owner; 0: its own length. */
static const struct {
    const char *name;
    uint8_t guid[EFIGUID_LEN];
    size_t data_len;
} kinds[SIGLIST_N] = {
    [SIGLIST_OTHER] = {"other", {0}, 0},
    [SIGLIST_X509] = {"x509",
                      {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c,
                       0x2b, 0xf0, 0x72},
                      0},
    [SIGLIST_SHA256] = {"sha256",
                        {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9,
                         0x36, 0x93, 0x43, 0x28},
                        32},
    [SIGLIST_SHA384] = {"sha384",
                        {0x07, 0x53, 0x3e, 0xff, 0xd0, 0x9f, 0xc9, 0x48, 0x85, 0xf1, 0x8a, 0xd5,
                         0x6c, 0x70, 0x1e, 0x01},
                        48},
    [SIGLIST_SHA512] = {"sha512",
                        {0xae, 0x0f, 0x3e, 0x09, 0xc4, 0xa6, 0x50, 0x4f, 0x9f, 0x1b, 0xd4, 0x1e,
                         0x2b, 0x89, 0xc1, 0x9a},
                        64},
    [SIGLIST_X509_SHA256] = {"x509-sha256",
                             {0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc,
                              0xf9, 0x8e, 0xf1, 0x03, 0xed},
                             32 + 16},
    [SIGLIST_X509_SHA384] = {"x509-sha384",
                             {0x6e, 0x87, 0x76, 0x70, 0xc2, 0x80, 0xe6, 0x4e, 0xaa, 0xd2, 0x28,
                              0xb3, 0x49, 0xa6, 0x86, 0x5b},
                             48 + 16},
    [SIGLIST_X509_SHA512] = {"x509-sha512",
                             {0x63, 0xbf, 0x6d, 0x44, 0x02, 0x25, 0xda, 0x4c, 0xbc, 0xfa, 0x24,
                              0x65, 0xd2, 0xb0, 0xfe, 0x9d},
                             64 + 16},
    [SIGLIST_RSA2048] = {"rsa2048",
                         {0xe8, 0x66, 0x57, 0x3c, 0x9c, 0x26, 0x34, 0x4e, 0xaa, 0x14, 0xed, 0x77,
                          0x6e, 0x85, 0xb3, 0xb6},
                         256},
    [SIGLIST_SHA1] = {"sha1",
                      {0x12, 0xa5, 0x6c, 0x82, 0x10, 0xcf, 0xc9, 0x4a, 0xb1, 0x87, 0xbe, 0x01, 0x49,
                       0x66, 0x31, 0xbd},
                      20},
};

static enum siglist_kind
kind_of(struct bytes guid)
{
    for (size_t i = SIGLIST_OTHER + 1; i < SIGLIST_N; i++) {
        if (bytes_equal(guid, BYTES_OF(kinds[i].guid))) {
            return (enum siglist_kind)i;
        }
    }
    return SIGLIST_OTHER;
}

struct siglist
siglist_init(struct bytes in)
{
    return (struct siglist){.rd = rd_init(in)};
}

/* May an entry of this kind have this size, and its list this header? The kinds that we know have
 * no header; one would shift every entry after it. */
static bool
sizes_agree(enum siglist_kind kind, uint32_t header_len, uint32_t entry_len, size_t entries_len)
{
    size_t data_len = kinds[kind].data_len;

    if (entry_len <= EFIGUID_LEN || entries_len % entry_len != 0) {
        return false;
    }
    return kind == SIGLIST_OTHER ||
           (header_len == 0 && (data_len == 0 || entry_len == EFIGUID_LEN + data_len));
}

/* Opens the list that comes next. */
static int
open_list(struct siglist *list, struct fault *ret_fault)
{
    size_t offset = rd_offset(&list->rd);
    struct bytes type = rd_bytes(&list->rd, EFIGUID_LEN);
    uint32_t list_len = rd_le32(&list->rd);
    uint32_t header_len = rd_le32(&list->rd);
    uint32_t entry_len = rd_le32(&list->rd);

    if (list->rd.failed) {
        return fault_at(ret_fault, RULE_SIGLIST_SHORT, FAULT_NO_EVENT, offset);
    }
    if (list_len < HEAD_LEN || header_len > list_len - HEAD_LEN) {
        return fault_at(ret_fault, RULE_SIGLIST_SIZE, FAULT_NO_EVENT, offset);
    }
    (void)rd_bytes(&list->rd, header_len);
    list->entries = rd_sub(&list->rd, list_len - HEAD_LEN - header_len);
    if (list->rd.failed) {
        return fault_at(ret_fault, RULE_SIGLIST_SHORT, FAULT_NO_EVENT, offset);
    }
    list->type = type;
    list->kind = kind_of(type);
    list->entry_len = entry_len;
    if (!sizes_agree(list->kind, header_len, entry_len, rd_left(&list->entries))) {
        return fault_at(ret_fault, RULE_SIGLIST_SIZE, FAULT_NO_EVENT, offset);
    }
    return 0;
}

int
siglist_next(struct siglist *list, struct siglist_entry *ret, struct fault *ret_fault)
{
    while (list->entry_len == 0 || rd_left(&list->entries) == 0) {
        if (rd_end(&list->rd)) {
            return SIGLIST_END;
        }
        if (open_list(list, ret_fault) != 0) {
            return SIGLIST_FAULT;
        }
    }
    ret->kind = list->kind;
    ret->type = list->type;
    ret->owner = rd_bytes(&list->entries, EFIGUID_LEN);
    ret->data = rd_bytes(&list->entries, list->entry_len - EFIGUID_LEN);
    return 0;
}

static bool
all_zero(struct bytes in)
{
    uint8_t any = 0;

    for (size_t i = 0; i < in.len; i++) {
        any |= in.p[i];
    }
    return any == 0;
}

bool
siglist_svn(const struct siglist_entry *entry, struct siglist_svn *ret)
{
    static const uint8_t owner[EFIGUID_LEN] = {0x6c, 0x2b, 0x13, 0x9d, 0xd5, 0x59, 0x88, 0x43,
                                               0xab, 0x1c, 0x18, 0x5c, 0xfc, 0xb2, 0xeb, 0x92};
    struct rd rd = rd_init(entry->data);
    uint8_t form = rd_u8(&rd);
    struct bytes guid = rd_bytes(&rd, EFIGUID_LEN);
    uint32_t version = rd_le32(&rd);
    struct bytes reserved = rd_bytes(&rd, SVN_RESERVED);

    if (entry->kind != SIGLIST_SHA256 || !bytes_equal(entry->owner, BYTES_OF(owner)) ||
        form != SVN_FORM || !rd_end(&rd) || !all_zero(reserved)) {
        return false;
    }
    *ret = (struct siglist_svn){guid, version};
    return true;
}

bool
siglist_tbs(const struct siglist_entry *entry, struct bytes *ret_digest)
{
    struct rd rd = rd_init(entry->data);
    struct bytes digest = rd_bytes(&rd, SHA256_LEN);

    if (entry->kind != SIGLIST_X509_SHA256 || rd.failed || !all_zero(rd_rest(&rd))) {
        return false;
    }
    *ret_digest = digest;
    return true;
}

const char *
siglist_kind_name(enum siglist_kind kind)
{
    return kind < SIGLIST_N ? kinds[kind].name : "other";
}
