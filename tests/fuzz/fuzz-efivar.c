/* Any bytes as a UEFI variable and its value as signature lists, and as lists at once. */
#include "formats/efiguid.h"
#include "formats/efivar.h"
#include "formats/siglist.h"
#include "lib/fuzz.h"

static void
fuzz_lists(struct bytes in)
{
    struct siglist list = siglist_init(in);
    struct siglist_entry entry;
    struct fault fault;
    size_t total = 0;
    int r;

    while ((r = siglist_next(&list, &entry, &fault)) == 0) {
        FUZZ_ASSERT(entry.owner.len == EFIGUID_LEN && entry.data.len > 0);
        total += entry.owner.len + entry.data.len;
        FUZZ_ASSERT(total <= in.len);
    }
    FUZZ_ASSERT(r == SIGLIST_END || fault.offset <= in.len);
}

void
fuzz_one(struct bytes in)
{
    struct efivar var;

    fuzz_lists(in);
    if (efivar_read(in, &var, NULL) == 0) {
        FUZZ_ASSERT(32 + var.name.len + var.value.len + var.rest.len == in.len);
        (void)efivar_is(&var, "SecureBoot");
        fuzz_lists(var.value);
    }
}
