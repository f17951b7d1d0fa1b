#include "formats/efiguid.h"

#include <stdio.h>

#include "base/rd.h"

static const struct {
    const char *text;
    const char *name;
} names[] = {
    {"8be4df61-93ca-11d2-aa0d-00e098032b8c", "global"},
    {"d719b2cb-3d3a-4596-a3bc-dad00e67656f", "image-security"},
    {"605dab50-e046-4300-abb6-3dd810dd8b23", "shim"},
    {"77fa9abd-0359-4d32-bd60-28f4e78f784b", "microsoft"},
    {"a5c059a1-94e4-4aa7-87b5-ab155c2bf072", "x509"},
    {"c1c41626-504c-4092-aca9-41f936934328", "sha256"},
    {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "esp"},
};

const char *
efiguid_text(struct bytes guid, char room[EFIGUID_TEXT_MAX])
{
    struct rd rd = rd_init(guid);
    uint32_t a = rd_le32(&rd);
    uint16_t b = rd_le16(&rd);
    uint16_t c = rd_le16(&rd);
    uint16_t d = rd_be16(&rd);
    uint16_t e = rd_be16(&rd);
    uint32_t f = rd_be32(&rd);

    snprintf(room, EFIGUID_TEXT_MAX, "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, e, f);
    return room;
}

bool
efiguid_is_text(struct bytes text)
{
    bool good = text.len == 36;

    for (size_t i = 0; good && i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        good = strchr(dash ? "-" : "0123456789abcdef", text.p[i]) && text.p[i] != '\0';
    }
    return good;
}

const char *
efiguid_name(struct bytes guid, char room[EFIGUID_TEXT_MAX])
{
    efiguid_text(guid, room);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].text, room) == 0) {
            return names[i].name;
        }
    }
    return room;
}
