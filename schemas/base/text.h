/* Text for people's eyes from bytes that nobody vouches for. */
#pragma once

#include "base/std.h"

/* Room that n bytes can need, with the quotes, an ellipsis and the NUL. */
#define TEXT_QUOTED_ROOM(n) (4 * (n) + 6)

/* Writes the bytes as "…" with every byte outside printable ASCII, quote and backslash as \xNN, so
 * that no log line, terminal or JSON string can be steered by them. What does not fit in cap (>= 6)
 * is cut and ends in "..."; out is NUL-ended. Returns out. */
char *text_quoted(char *out, size_t cap, struct bytes in);

/* The same for a terminal: no quotes around it, and those within stay as they are, as does the
 * backslash, so that text which was escaped before is not escaped twice. */
char *text_printable(char *out, size_t cap, struct bytes in);

/* The same without the quotes around it, for a value in a table or a JSON string. */
char *text_escaped(char *out, size_t cap, struct bytes in);
