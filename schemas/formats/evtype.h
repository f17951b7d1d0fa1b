/* The event types of the TCG PC Client Platform Firmware Profile 1.06 section 10.4.1, and those of
 * its forerunners that real logs still hold. */
#pragma once

#include "base/std.h"

enum evtype {
#define EVTYPE(number, name, binding) name = number,
#include "formats/evtype.def"
#undef EVTYPE
};

/* What the profile, or the habit of the measurer where the profile is silent, lets the digest be. */
enum evtype_binding {
    EVTYPE_BINDS_NOTHING, /* a hash of code, or of what data only points to */
    EVTYPE_MAY_BIND,      /* some measurers hash the data, others do not */
    EVTYPE_BINDS_DATA,    /* H(data) */
    EVTYPE_BINDS_VALUE,   /* H(data), or H(the value of the UEFI variable in it) */
};

enum evtype_binding evtype_binding(uint32_t type);

/* "EV_SEPARATOR", or the number as "0x80000042" when the type is not known. */
#define EVTYPE_NAME_MAX 48u
const char *evtype_name(uint32_t type, char room[EVTYPE_NAME_MAX]);
