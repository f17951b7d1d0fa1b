#include "formats/pe.h"

enum {
    HEAD_AT = 0x3c, /* where the DOS head says where the PE head is */
    MAGIC_32 = 0x10b,
    MAGIC_64 = 0x20b,
    CHECKSUM_AT = 64, /* in the optional head, of both kinds */
    CHECKSUM_LEN = 4,
    DIRS_AT_32 = 92,
    DIRS_AT_64 = 108,
    DIR_LEN = 8,
    DIR_CERTS = 4, /* which of the directories tells of the signatures */
    SECTION_LEN = 40,
    NAME_LEN = 8,
};

struct head {
    size_t checksum_at;
    size_t certs_dir_at; /* 0: it has no such directory */
    size_t certs_at;
    size_t certs_len;
    size_t len; /* of all heads */
    size_t n_sections;
    struct rd sections; /* their table */
};

struct extent {
    size_t at;
    size_t len;
};

static struct rd
rd_from(struct bytes in, size_t at)
{
    struct rd rd = rd_init(in);

    (void)rd_bytes(&rd, at);
    return rd;
}

static int
bad(struct fault *ret_fault, enum rule rule, size_t offset)
{
    return fault_at(ret_fault, rule, FAULT_NO_EVENT, offset);
}

/* The optional head, of which we want four fields. */
static void
read_optional(struct rd *rd, struct head *ret)
{
    uint16_t magic = rd_le16(rd);
    size_t dirs_at = magic == MAGIC_64 ? DIRS_AT_64 : DIRS_AT_32;

    if (magic != MAGIC_64 && magic != MAGIC_32) {
        rd_fail(rd);
    }
    (void)rd_bytes(rd, CHECKSUM_AT - 2 - 4);
    ret->len = rd_le32(rd);
    ret->checksum_at = rd_offset(rd);
    (void)rd_bytes(rd, dirs_at - CHECKSUM_AT);
    if (rd_le32(rd) > DIR_CERTS) {
        (void)rd_bytes(rd, DIR_CERTS * DIR_LEN);
        ret->certs_dir_at = rd_offset(rd);
        ret->certs_at = rd_le32(rd);
        ret->certs_len = rd_le32(rd);
    }
}

static int
read_head(struct bytes in, struct head *ret, struct fault *ret_fault)
{
    struct rd rd = rd_from(in, HEAD_AT);
    size_t at = rd_le32(&rd);
    struct bytes dos = bytes_of(in.p, in.len < 2 ? in.len : 2);
    struct bytes signature;
    struct rd optional;
    size_t optional_len;

    rd = rd_from(in, at);
    signature = rd_bytes(&rd, 4);
    (void)rd_le16(&rd); /* machine */
    ret->n_sections = rd_le16(&rd);
    (void)rd_bytes(&rd, 12); /* time and symbols */
    optional_len = rd_le16(&rd);
    (void)rd_le16(&rd); /* characteristics */
    optional = rd_sub(&rd, optional_len);
    read_optional(&optional, ret);
    if (optional.failed || !bytes_equal(dos, bytes_str("MZ")) ||
        !bytes_equal(signature, bytes_of("PE\0", 4))) {
        return bad(ret_fault, RULE_PE_HEAD, at < in.len ? at : 0);
    }
    if (ret->n_sections > PE_SECTIONS) {
        return bad(ret_fault, RULE_PE_SECTION, rd_offset(&rd));
    }
    ret->sections = rd_sub(&rd, ret->n_sections * SECTION_LEN);
    if (rd.failed || ret->len > in.len || rd_offset(&rd) > ret->len) {
        return bad(ret_fault, RULE_PE_HEAD, at);
    }
    return 0;
}

static struct bytes
name_of(struct bytes field)
{
    const uint8_t *zero = memchr(field.p, 0, field.len);

    return bytes_of(field.p, zero ? (size_t)(zero - field.p) : field.len);
}

/* Into its place by where it lies. */
static void
insert(struct extent *extents, size_t n, struct extent extent)
{
    size_t at = n;

    while (at > 0 && extent.at < extents[at - 1].at) {
        extents[at] = extents[at - 1];
        at--;
    }
    extents[at] = extent;
}

/* All sections; of those that have bytes, *ret_n extents in the order of the file. */
static int
read_sections(struct bytes in, struct head *head, struct pe *pe, struct extent *extents,
              size_t *ret_n, struct fault *ret_fault)
{
    size_t n = 0;

    for (size_t i = 0; i < head->n_sections; i++) {
        size_t offset = rd_offset(&head->sections);
        struct bytes name = rd_bytes(&head->sections, NAME_LEN);
        size_t memory_len = rd_le32(&head->sections);
        struct extent extent;
        struct bytes content;
        struct rd rd;

        (void)rd_le32(&head->sections); /* address */
        extent.len = rd_le32(&head->sections);
        extent.at = rd_le32(&head->sections);
        (void)rd_bytes(&head->sections, 16); /* relocations, lines, characteristics */
        rd = rd_from(in, extent.len > 0 ? extent.at : 0);
        content = rd_bytes(&rd, extent.len);
        if (rd.failed) {
            return bad(ret_fault, RULE_PE_SECTION, offset);
        }
        if (extent.len > 0) {
            insert(extents, n++, extent);
        }
        pe->sections[i].name = name_of(name);
        pe->sections[i].content =
            memory_len <= extent.len ? bytes_of(content.p, memory_len) : BYTES_NULL;
    }
    pe->n_sections = head->n_sections;
    *ret_n = n;
    return 0;
}

static void
add_part(struct bytes in, struct pe *pe, size_t at, size_t end)
{
    pe->parts[pe->n_parts++] = bytes_of(in.p + at, end - at);
}

/* The heads, without what changes when the file is signed. */
static void
add_heads(struct bytes in, const struct head *head, struct pe *pe)
{
    size_t behind = head->checksum_at + CHECKSUM_LEN;

    add_part(in, pe, 0, head->checksum_at);
    if (head->certs_dir_at > 0) {
        add_part(in, pe, behind, head->certs_dir_at);
        behind = head->certs_dir_at + DIR_LEN;
    }
    add_part(in, pe, behind, head->len);
}

/* What follows begins at the sum of all lengths and not where the last section ends: so says the
 * calculation, and so it is done by firmware. */
static int
add_rest(struct bytes in, const struct head *head, struct pe *pe, const struct extent *extents,
         size_t n, struct fault *ret_fault)
{
    size_t sum = head->len;
    size_t last = head->len;

    for (size_t i = 0; i < n; i++) {
        if (extents[i].at < last) {
            return bad(ret_fault, RULE_PE_SECTION, extents[i].at);
        }
        last = extents[i].at + extents[i].len;
        sum += extents[i].len;
        add_part(in, pe, extents[i].at, last);
    }
    if (head->certs_len > 0 && (head->certs_at < last || head->certs_at > in.len ||
                                head->certs_len != in.len - head->certs_at)) {
        return bad(ret_fault, RULE_PE_CERTS, head->certs_dir_at);
    }
    add_part(in, pe, sum, in.len - head->certs_len);
    return 0;
}

int
pe_read(struct bytes in, struct pe *ret, struct fault *ret_fault)
{
    struct head head = {0};
    struct extent extents[PE_SECTIONS];
    struct pe pe;
    size_t n = 0;

    pe.n_parts = 0;
    if (read_head(in, &head, ret_fault) != 0 ||
        read_sections(in, &head, &pe, extents, &n, ret_fault) != 0) {
        return 1;
    }
    add_heads(in, &head, &pe);
    if (add_rest(in, &head, &pe, extents, n, ret_fault) != 0) {
        return 1;
    }
    *ret = pe;
    return 0;
}

struct bytes
pe_find(const struct pe *pe, const char *name)
{
    for (size_t i = 0; i < pe->n_sections; i++) {
        if (bytes_equal(pe->sections[i].name, bytes_str(name))) {
            return pe->sections[i].content;
        }
    }
    return BYTES_NULL;
}
