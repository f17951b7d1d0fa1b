/* Reads a message and writes it again: what tests and fuzz targets of the wire ask of each one. */
#pragma once

#include "base/wr.h"

enum wire_echo { WIRE_ECHO_OK, WIRE_ECHO_REFUSED };

/* Appends to wr what the writer of `kind` ("enroll", ...) makes of the message; for values,
 * selection is the encoded selection that they belong to. Of evidence the claims are read too and
 * must match it. Returns WIRE_ECHO_REFUSED with nothing written when the reader refuses, -EINVAL
 * for a kind that is none. */
MUST_CHECK int wire_echo(const char *kind, struct bytes in, struct bytes selection, struct wr *wr);

/* Whether the message is refused or is written again to the same bytes. Out of memory: true. */
bool wire_echo_same(const char *kind, struct bytes in, struct bytes selection);
