/* The same list as people read it, ascii_runtime_measurements: a line an entry,
 *     "10 " template hash in hex " " template { " " field } newline
 * Linux ima_fs.c (ima_ascii_measurements_show), ima_template_lib.c. The kernel writes _ for a space
 * in a name, so one space separates, and an empty field leaves two. The template data is rebuilt,
 * so that its hashes can be computed as for the binary list. */
#pragma once

#include "formats/ima.h"

/* Room that any entry's rebuilt bytes fit in. */
#define IMA_TEXT_ROOM (LIMIT_IMA_DATA + 1024u)

struct ima_text {
    struct rd rd;
    enum hash column;
    uint32_t number;
    uint32_t n_read;
    uint8_t *room;
    size_t cap;
    struct fault fault;
};

/* As ima_open(); room is the caller's, of IMA_TEXT_ROOM bytes (less refuses long entries). */
MUST_CHECK int ima_text_open(struct ima_text *text, struct bytes list, enum hash column,
                             uint32_t first, uint8_t *room, size_t cap, struct fault *ret_fault);

/* As ima_next(), but *ret points into the room and lives until the next call; its offset is the
 * line's. A fault's offset is that of the line, or of the field where that is known. */
MUST_CHECK int ima_text_next(struct ima_text *text, struct ima_entry *ret, struct fault *ret_fault);

/* Says whether the bytes look like this spelling and not the binary one: a number below 100 in
 * text, then a space. A binary list begins with a u32 below 24. */
bool ima_text_probe(struct bytes list);
