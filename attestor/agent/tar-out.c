#include "agent/tar-out.h"

#include <stdio.h>

enum { SIZE_MOST_BITS = 33 /* eleven octal digits */ };

static size_t
padding(size_t len)
{
    return (TAR_BLOCK - len % TAR_BLOCK) % TAR_BLOCK;
}

size_t
tar_out_size(size_t len)
{
    return TAR_BLOCK + len + padding(len);
}

static void
zeros(struct wr *wr, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wr_u8(wr, 0);
    }
}

/* A text field: the text and zeros up to its width. */
static void
field(struct wr *wr, const char *text, size_t width)
{
    wr_str(wr, text);
    zeros(wr, width - strlen(text));
}

static void
head_fields(struct wr *wr, const char *name, size_t len, unsigned checksum)
{
    char text[16];

    field(wr, name, 100);
    field(wr, "0000600", 8);
    field(wr, "0000000", 8); /* owner */
    field(wr, "0000000", 8); /* group */
    snprintf(text, sizeof(text), "%011llo", (unsigned long long)len);
    field(wr, text, 12);
    field(wr, "00000000000", 12); /* time */
    snprintf(text, sizeof(text), checksum ? "%06o" : "        ", checksum);
    wr_str(wr, text);
    if (checksum) {
        wr_u8(wr, 0);
        wr_u8(wr, ' ');
    }
    wr_u8(wr, '0'); /* a regular file */
    zeros(wr, 100); /* no link */
    field(wr, "ustar", 6);
    wr_str(wr, "00");
    zeros(wr, TAR_BLOCK - 265);
}

/* The checksum is over the head with blanks in its place. */
static unsigned
checksum_of(const char *name, size_t len)
{
    uint8_t head[TAR_BLOCK];
    struct wr wr = wr_init(head, sizeof(head));
    unsigned sum = 0;

    head_fields(&wr, name, len, 0);
    for (size_t i = 0; i < wr.len; i++) {
        sum += head[i];
    }
    return sum;
}

void
tar_out_file(struct wr *wr, const char *name, struct bytes content)
{
    if (name[0] == '\0' || strlen(name) > TAR_NAME_MAX ||
        (uint64_t)content.len >> SIZE_MOST_BITS != 0) {
        wr->failed = true;
        return;
    }
    head_fields(wr, name, content.len, checksum_of(name, content.len));
    wr_bytes(wr, content);
    zeros(wr, padding(content.len));
}

void
tar_out_end(struct wr *wr)
{
    zeros(wr, TAR_END_SIZE);
}
