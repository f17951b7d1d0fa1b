#include "formats/tar-in.h"

enum {
    NAME_ROOM = 100,
    SUM_AT = 148,
    SUM_ROOM = 8,
    KIND_AT = 156,
    PREFIX_ROOM = 155,
};

struct tar_in
tar_in_open(struct bytes in)
{
    return (struct tar_in){.rd = rd_init(in)};
}

static int
refuse(struct tar_in *tar, enum rule rule, size_t at, struct fault *ret_fault)
{
    rd_fail(&tar->rd);
    (void)fault_at(ret_fault, rule, tar->n_read, at);
    return TAR_IN_E_FAULT;
}

static bool
all_zero(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.p[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Octal digits, ended by NULs or blanks; at least one digit. */
static bool
octal(struct bytes field, uint64_t *ret)
{
    size_t n = 0;
    uint64_t value = 0;

    while (n < field.len && field.p[n] >= '0' && field.p[n] <= '7') {
        value = value << 3 | (uint64_t)(field.p[n] - '0');
        n++;
    }
    for (size_t i = n; i < field.len; i++) {
        if (field.p[i] != 0 && field.p[i] != ' ') {
            return false;
        }
    }
    *ret = value;
    return n > 0 && n < field.len;
}

/* Of all bytes of the head, with blanks where the sum stands. */
static bool
sum_holds(struct bytes head)
{
    uint64_t said = 0;
    uint64_t sum = 0;

    for (size_t i = 0; i < head.len; i++) {
        sum += i >= SUM_AT && i < SUM_AT + SUM_ROOM ? ' ' : head.p[i];
    }
    return octal(bytes_of(head.p + SUM_AT, SUM_ROOM), &said) && said == sum;
}

static bool
plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* The name without what ends it: no folder, so no path, nor "." or "..". */
static bool
name_read(struct bytes field, struct bytes *ret)
{
    size_t n = 0;

    while (n < field.len && plain(field.p[n])) {
        n++;
    }
    *ret = bytes_of(field.p, n);
    return n > 0 && n < field.len && field.p[0] != '.' &&
           all_zero(bytes_of(field.p + n, field.len - n));
}

/* The fields behind the sum: kind, link, magic, version, and the prefix of a path. */
static bool
kind_is_file(struct rd *head)
{
    uint8_t kind = rd_u8(head);
    struct bytes link = rd_bytes(head, NAME_ROOM);
    struct bytes magic = rd_bytes(head, 8);

    (void)rd_bytes(head, 32 + 32 + 8 + 8); /* names of owner and group, numbers of a device */
    return (kind == '0' || kind == 0) && all_zero(link) &&
           bytes_equal(magic, bytes_of("ustar\00000", 8)) &&
           all_zero(rd_bytes(head, PREFIX_ROOM)) && all_zero(rd_rest(head));
}

/* RULE_NONE, or what is wrong with a head. */
static enum rule
head_read(struct bytes block, struct tar_in_file *ret, uint64_t *ret_len)
{
    struct rd head = rd_init(block);
    struct bytes name = rd_bytes(&head, NAME_ROOM);
    struct bytes size;

    (void)rd_bytes(&head, 8 + 8 + 8); /* mode, owner, group */
    size = rd_bytes(&head, 12);
    (void)rd_bytes(&head, 12 + SUM_ROOM); /* time */
    if (!sum_holds(block)) {
        return RULE_TAR_SUM;
    }
    if (!kind_is_file(&head) || !name_read(name, &ret->name)) {
        return RULE_TAR_KIND;
    }
    return octal(size, ret_len) ? RULE_NONE : RULE_TAR_HEAD;
}

/* Behind an empty block there is another, and no more than zeros. */
static int
end_read(struct tar_in *tar, size_t at, struct fault *ret_fault)
{
    struct bytes rest = rd_rest(&tar->rd);

    if (rest.len < TAR_IN_BLOCK || rest.len % TAR_IN_BLOCK != 0 || !all_zero(rest)) {
        return refuse(tar, RULE_TAR_END, at, ret_fault);
    }
    rd_fail(&tar->rd);
    return TAR_IN_E_END;
}

int
tar_in_next(struct tar_in *tar, struct tar_in_file *ret, struct fault *ret_fault)
{
    size_t at = rd_offset(&tar->rd);
    struct bytes block = rd_bytes(&tar->rd, TAR_IN_BLOCK);
    struct tar_in_file file;
    uint64_t len = 0;
    enum rule rule;

    if (tar->rd.failed) {
        return refuse(tar, RULE_TAR_END, at, ret_fault);
    }
    if (all_zero(block)) {
        return end_read(tar, at, ret_fault);
    }
    rule = tar->n_read < TAR_IN_FILES ? head_read(block, &file, &len) : RULE_TAR_HEAD;
    if (rule != RULE_NONE) {
        return refuse(tar, rule, at, ret_fault);
    }
    if (len > rd_left(&tar->rd)) {
        return refuse(tar, RULE_TAR_SHORT, at, ret_fault);
    }
    file.content = rd_bytes(&tar->rd, (size_t)len);
    if (!all_zero(rd_bytes(&tar->rd, (TAR_IN_BLOCK - len % TAR_IN_BLOCK) % TAR_IN_BLOCK)) ||
        tar->rd.failed) {
        return refuse(tar, RULE_TAR_SHORT, at, ret_fault);
    }
    tar->n_read++;
    *ret = file;
    return 0;
}
