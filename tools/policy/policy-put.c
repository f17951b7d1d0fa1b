#include "policy/policy-put.h"

#include "base/hex.h"
#include "base/text.h"
#include "wire/bundle-part.h"

void
policy_put_digest(FILE *out, enum hash bank, struct bytes digest)
{
    char hex[2 * HASH_SIZE_MAX + 1];

    fprintf(out, "%s:%s", hash_name(bank), hex_write(hex, digest));
}

void
policy_put_label(FILE *out, struct bytes label)
{
    size_t len = label.len < LIMIT_BUNDLE_TEXT ? label.len : LIMIT_BUNDLE_TEXT;

    if (len == 0) {
        return;
    }
    fputs(" \"", out);
    for (size_t i = 0; i < len; i++) {
        bool plain = part_is_text(bytes_of(label.p + i, 1));

        fputc(plain ? label.p[i] : '?', out);
    }
    fputc('"', out);
}

void
policy_put_quoted(FILE *out, struct bytes text)
{
    char room[TEXT_QUOTED_ROOM(LIMIT_BUNDLE_TEXT)];

    fputs(text_quoted(room, sizeof(room), text), out);
}
