#include "source/source-smbios.h"

#include <stdio.h>

#include "source/source-file.h"

enum { FILE_MAX = 4096 };

static void
text_from(struct bytes in, char ret[LIMIT_TEXT + 1])
{
    size_t len = in.len < LIMIT_TEXT ? in.len : LIMIT_TEXT;

    for (size_t i = 0; i < len; i++) {
        ret[i] = (char)(in.p[i] >= 0x20 && in.p[i] <= 0x7e ? in.p[i] : '?');
    }
    ret[len] = '\0';
}

/* Without the newline that sysfs adds and the spaces that makers pad with. */
static struct bytes
trimmed(struct bytes in)
{
    while (in.len > 0 && (in.p[in.len - 1] == '\n' || in.p[in.len - 1] == ' ')) {
        in.len--;
    }
    return in;
}

static void
read_text(const char *dir, const char *name, char ret[LIMIT_TEXT + 1])
{
    struct source_data data = {0};
    char path[512];

    ret[0] = '\0';
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
        return;
    }
    if (source_file_read(path, FILE_MAX, &data) == 0) {
        text_from(trimmed(source_file_bytes(&data)), ret);
    }
    source_file_done(&data);
}

void
source_smbios_read(const char *dir, struct source_smbios *ret)
{
    read_text(dir, "sys_vendor", ret->maker);
    read_text(dir, "product_name", ret->model);
    read_text(dir, "product_serial", ret->serial);
    read_text(dir, "bios_version", ret->firmware);
}

struct bytes
source_smbios_text(const char *text, size_t max)
{
    struct bytes view = bytes_str(text);

    if (view.len == 0) {
        return BYTES_NULL;
    }
    view.len = view.len < max ? view.len : max;
    return view;
}
