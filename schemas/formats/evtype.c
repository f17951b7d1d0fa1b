#include "formats/evtype.h"

#include <stdio.h>

static const struct {
    uint32_t number;
    enum evtype_binding binding;
    const char *name;
} types[] = {
#define EVTYPE(number, name, binding) {number, binding, #name},
#include "formats/evtype.def"
#undef EVTYPE
};

enum evtype_binding
evtype_binding(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].number == type) {
            return types[i].binding;
        }
    }
    return EVTYPE_BINDS_NOTHING;
}

const char *
evtype_name(uint32_t type, char room[EVTYPE_NAME_MAX])
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].number == type) {
            return types[i].name;
        }
    }
    snprintf(room, EVTYPE_NAME_MAX, "0x%08x", type);
    return room;
}
