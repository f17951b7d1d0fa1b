/* What is read as a bundle is written to the same bytes; each record is found by its digest; every
 * index can be followed. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/bundle.h"

static void
look_up(const struct bundle *bundle, const struct bundle_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        struct bundle_record record = bundle_table_at(table, i);
        size_t first = SIZE_MAX;
        size_t n = bundle_table_find(table, record.digest, &first);

        FUZZ_ASSERT(n > 0 && first <= i && i < first + n);
        FUZZ_ASSERT(record.label == BUNDLE_NONE || bundle->labels[record.label].len > 0);
        FUZZ_ASSERT(record.release == BUNDLE_NONE ||
                    bundle->releases[record.release].state == record.state);
    }
}

void
fuzz_one(struct bytes in)
{
    static struct bundle bundle;
    struct bundle_seal seal;

    FUZZ_ASSERT(wire_echo_same("bundle", in, BYTES_NULL));
    FUZZ_ASSERT(wire_echo_same("bundle-seal", in, BYTES_NULL));
    FUZZ_ASSERT(bundle_seal_read(in, &seal, NULL) != 0 || seal.sequence > 0);
    if (bundle_read(in, &bundle, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < bundle.n_sets; i++) {
        FUZZ_ASSERT(bundle_set_named(&bundle, bundle.sets[i].name) == i);
        for (size_t k = 0; k < bundle.sets[i].n_tables; k++) {
            look_up(&bundle, &bundle.sets[i].tables[k]);
        }
    }
}
