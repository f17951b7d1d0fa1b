/* What is read as a bundle is written to the same bytes; each record is found by its digest; every
 * index can be followed. */
#include <stdlib.h>

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

static struct privkey *secret;
static struct pubkey *key;
static struct hasher *hasher;

static bool
keys_made(void)
{
    uint8_t x[32];
    uint8_t y[32];

    if (!hasher) {
        hasher = hasher_new();
        FUZZ_ASSERT(hasher && privkey_generate(&secret) == 0);
        FUZZ_ASSERT(privkey_point(secret, x, y) == 0);
        FUZZ_ASSERT(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &key) == 0);
    }
    return true;
}

/* What is signed opens as it was sealed, never under a higher sequence or out of its time. */
static void
sign_and_open(const struct bundle_seal *seal)
{
    size_t cap = seal->body.len + 512;
    uint8_t *room = malloc(2 * cap);
    struct wr wr = wr_init(room, room ? cap : 0);
    struct wr scratch = wr_init(room ? room + cap : NULL, room ? cap : 0);
    struct bundle_seal got;
    struct bytes in;

    if (room && keys_made()) {
        FUZZ_ASSERT(bundle_sign(&wr, seal, BYTES_NULL, &scratch, secret, hasher) == 0);
        in = wr_done(&wr);
        FUZZ_ASSERT(bundle_is_signed(in));
        FUZZ_ASSERT(bundle_open(in, key, hasher, seal->sequence, 0, &got, NULL) == 0);
        FUZZ_ASSERT(bytes_equal(got.body, seal->body) && got.sequence == seal->sequence);
        FUZZ_ASSERT(bundle_open(in, key, hasher, seal->sequence + 1, 0, &got, NULL) == 1);
        FUZZ_ASSERT(seal->not_after_s == 0 ||
                    bundle_open(in, key, hasher, 0, seal->not_after_s, &got, NULL) == 1);
        in.len--;
        FUZZ_ASSERT(bundle_open(in, key, hasher, 0, 0, &got, NULL) == 1);
    }
    free(room);
}

void
fuzz_one(struct bytes in)
{
    static struct bundle bundle;
    struct bundle_seal seal;

    FUZZ_ASSERT(bundle_severity_from(in) == 0 || in.len < 16); /* a name, or none */
    FUZZ_ASSERT(wire_echo_same("bundle", in, BYTES_NULL));
    FUZZ_ASSERT(wire_echo_same("bundle-seal", in, BYTES_NULL));
    if (bundle_seal_read(in, &seal, NULL) == 0) {
        sign_and_open(&seal);
    }
    if (bundle_read(in, &bundle, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < bundle.n_sets; i++) {
        FUZZ_ASSERT(bundle_set_named(&bundle, bundle.sets[i].name) == i);
        for (size_t k = 0; k < bundle.sets[i].n_tables; k++) {
            look_up(&bundle, &bundle.sets[i].tables[k]);
        }
    }
    for (size_t i = 0; i < bundle.n_advisories; i++) {
        const char *severity = bundle_severity_name(bundle.advisories[i].severity);

        FUZZ_ASSERT(bundle_severity_from(bytes_str(severity)) == bundle.advisories[i].severity);
    }
}
