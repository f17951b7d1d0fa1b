/* Deterministic JSON writing, RFC 8259 with the spelling of RFC 8785: no white space, the shortest
 * escapes, members in the order that the caller gives (sorted, where bytes must repeat). Commas are
 * put by the writer. Whoever signs what it wrote signs bytes, so there is no tree and no parser.
 *
 * Errors latch as in struct wr: what does not fit, text that is not UTF-8, an integer that a reader
 * with doubles would change, or unbalanced brackets make json_wr_done() return nothing. That names
 * stand only in objects and occur once is the caller's affair. */
#pragma once

#include "base/wr.h"

struct json_wr {
    struct wr wr;
    unsigned depth;
    bool comma; /* a value was written before: the next one needs a comma */
};

struct json_wr json_wr_init(void *room, size_t cap);

void json_wr_object(struct json_wr *j);
void json_wr_end_object(struct json_wr *j);
void json_wr_array(struct json_wr *j);
void json_wr_end_array(struct json_wr *j);

/* The name of the member whose value is written next. */
void json_wr_key(struct json_wr *j, const char *name);

void json_wr_str(struct json_wr *j, const char *value);
void json_wr_text(struct json_wr *j, struct bytes utf8);
void json_wr_int(struct json_wr *j, int64_t value); /* |value| < 2^53, RFC 7493 section 2.2 */
void json_wr_bool(struct json_wr *j, bool value);
void json_wr_null(struct json_wr *j);

/* Bytes as a string of base64url. */
void json_wr_b64(struct json_wr *j, struct bytes value);

/* Strings joined by one space, as one string. */
void json_wr_joined(struct json_wr *j, const struct bytes *texts, size_t n);

/* What was written, or an empty view with p == NULL after any error. */
struct bytes json_wr_done(const struct json_wr *j);
