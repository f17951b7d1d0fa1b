/* A line of an export: what is read as a row is hashed and written to a line that reads the same.
 */
#include "audit-line.h"

#include <stdlib.h>

#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    json_t *object = json_loadb((const char *)in.p, in.len, JSON_REJECT_DUPLICATES, NULL);
    uint8_t room[AUDIT_HEAD_ROOM];
    struct audit_line line;
    struct audit_line again;
    struct bytes head;

    if (audit_line_read(object, &line) == 0) {
        char *text = audit_line_write(object);
        json_t *copy = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

        FUZZ_ASSERT(audit_line_read(copy, &again) == 0);
        FUZZ_ASSERT(again.row.seq == line.row.seq && bytes_equal(again.row.text, line.row.text));
        FUZZ_ASSERT((again.row.device == NULL) == (line.row.device == NULL));
        json_decref(copy);
        free(text);
    } else if (audit_head_line_read(object, room, &head) == 0) {
        FUZZ_ASSERT(head.len <= sizeof(room));
    }
    json_decref(object);
}
