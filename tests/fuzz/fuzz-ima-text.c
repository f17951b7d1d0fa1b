/* An accepted line is an entry that the binary reader accepts: both share ima_entry_fields(), so
 * what is asserted here is that the rebuilt data stays inside the room. */
#include "formats/ima-text.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    static uint8_t room[IMA_TEXT_ROOM];
    struct ima_text text;
    struct ima_entry e;
    struct fault f;
    int r;

    FUZZ_ASSERT(ima_text_open(&text, in, HASH_SHA1, 0, room, sizeof(room), &f) == 0);
    while ((r = ima_text_next(&text, &e, &f)) == 0) {
        FUZZ_ASSERT(ima_text_probe(bytes_of(in.p + e.offset, in.len - e.offset)));
        FUZZ_ASSERT(e.data.len <= LIMIT_IMA_DATA);
        FUZZ_ASSERT(e.template_hash.len == 20);
        FUZZ_ASSERT(e.name.len == 0 || !memchr(e.name.p, ' ', e.name.len));
    }
    FUZZ_ASSERT(r == IMA_E_END || (f.rule != RULE_NONE && f.offset <= in.len));
}
