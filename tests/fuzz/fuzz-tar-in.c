/* Files of an archive lie in it, one behind the other, and their names are plain. */
#include "formats/tar-in.h"
#include "lib/fuzz.h"

void
fuzz_one(struct bytes in)
{
    struct tar_in tar = tar_in_open(in);
    struct tar_in_file file;
    struct fault fault = {0};
    size_t end = 0;
    size_t n = 0;
    int r;

    while ((r = tar_in_next(&tar, &file, &fault)) == 0) {
        size_t at = (size_t)(file.name.p - in.p);

        FUZZ_ASSERT(at == end && file.name.len > 0 && file.name.len < 100);
        FUZZ_ASSERT(!memchr(file.name.p, '/', file.name.len));
        FUZZ_ASSERT(file.content.p == in.p + at + TAR_IN_BLOCK);
        end = at + TAR_IN_BLOCK + (file.content.len + 511) / 512 * 512;
        FUZZ_ASSERT(end <= in.len && ++n <= TAR_IN_FILES);
    }
    FUZZ_ASSERT(r == TAR_IN_E_END ? in.len % TAR_IN_BLOCK == 0 && in.len >= end + 1024
                                  : fault.rule != RULE_NONE && fault.offset <= in.len);
}
