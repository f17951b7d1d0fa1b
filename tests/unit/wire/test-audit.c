/* wire/audit-row and wire/audit-head. What their readers refuse is in test_cddl.py too. */
#include <errno.h>

#include "base/cbor-wr.h"
#include "lib/check.h"
#include "wire/audit-head.h"
#include "wire/audit-row.h"

static const uint8_t device[WIRE_UEID_SIZE] = {1, 2, 3};

static struct audit_row
make_row(void)
{
    return (struct audit_row){.seq = 1,
                              .at_ms = 5,
                              .kind = bytes_str("k"),
                              .device = device,
                              .actor = bytes_str("a"),
                              .text = bytes_str("t")};
}

static bool
writes(const struct audit_row *row)
{
    uint8_t room[4096];
    struct wr wr = wr_init(room, sizeof(room));

    audit_row_write(&wr, row);
    return wr_done(&wr).p != NULL;
}

/* The hash over bytes that were put together by hand. */
static void
the_hash_is_over_the_previous_and_the_row(void)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t previous[32] = {7};
    uint8_t bytes[32 + 46];
    struct wr wr = wr_init(bytes, sizeof(bytes));
    struct audit_row row = make_row();
    uint8_t want[32];
    uint8_t got[32];

    wr_bytes(&wr, BYTES_OF(previous));
    wr_bytes(&wr, check_hex("860105616b5821"));
    wr_bytes(&wr, BYTES_OF(device));
    wr_bytes(&wr, check_hex("61616174"));
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), want), 0);
    CHECK_EQ(audit_row_hash(&row, previous, hasher, got), 0);
    CHECK_BYTES(BYTES_OF(got), BYTES_OF(want));
    previous[31] ^= 1;
    CHECK_EQ(audit_row_hash(&row, previous, hasher, got), 0);
    CHECK(memcmp(got, want, 32) != 0);
}

static void
a_row_beyond_its_limits_is_not_written(void)
{
    static char text[AUDIT_TEXT_MAX + 1];
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    uint8_t hash[32] = {0};
    struct audit_row row = make_row();

    memset(text, 'x', sizeof(text));
    CHECK(writes(&row));
    row.text = row.kind = row.actor = bytes_of(text, AUDIT_TEXT_MAX);
    row.seq = AUDIT_NUMBER_MAX;
    row.at_ms = -AUDIT_NUMBER_MAX;
    CHECK(writes(&row));
#define REFUSED(field, value) \
    row = make_row();         \
    row.field = (value);      \
    CHECK(!writes(&row));     \
    CHECK_EQ(audit_row_hash(&row, hash, hasher, hash), -EMSGSIZE)
    REFUSED(seq, 0);
    REFUSED(seq, AUDIT_NUMBER_MAX + 1);
    REFUSED(at_ms, AUDIT_NUMBER_MAX + 1);
    REFUSED(at_ms, -AUDIT_NUMBER_MAX - 1);
    REFUSED(kind, bytes_of(text, sizeof(text)));
    REFUSED(actor, bytes_of(text, sizeof(text)));
    REFUSED(text, bytes_of(text, sizeof(text)));
#undef REFUSED
}

static struct hasher *hasher;
static struct privkey *key;
static struct pubkey *public;
static uint8_t room[AUDIT_HEAD_ROOM];
static struct bytes signed_head;

static struct pubkey *
public_of(struct privkey *from)
{
    struct pubkey *ret = NULL;
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(privkey_point(from, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &ret), 0);
    return ret;
}

static void
sign(const char *site, int64_t count)
{
    struct audit_head head = {.site = bytes_str(site), .count = count, .at_ms = 99};
    struct wr wr = wr_init(room, sizeof(room));

    if (count > 0) {
        memset(head.hash, 0xab, sizeof(head.hash));
    }
    hasher = hasher_new();
    CHECK_EQ(privkey_generate(&key), 0);
    public = public_of(key);
    CHECK_EQ(audit_head_sign(&wr, &head, bytes_str("kid-1"), key, hasher), 0);
    signed_head = wr_done(&wr);
}

static void
done(void)
{
    privkey_freep(&key);
    pubkey_freep(&public);
    hasher_freep(&hasher);
}

static void
a_signed_head_is_opened_by_its_key_only(void)
{
    struct privkey *other = NULL;
    struct pubkey *other_public;
    struct audit_head head;
    struct bytes kid;

    sign("berlin.example", 17);
    CHECK_EQ(audit_head_kid(signed_head, &kid), 0);
    CHECK_BYTES(kid, bytes_str("kid-1"));
    CHECK_EQ(audit_head_open(signed_head, public, hasher, &head), 0);
    CHECK_BYTES(head.site, bytes_str("berlin.example"));
    CHECK_EQ(head.count, 17);
    CHECK_EQ(head.at_ms, 99);
    CHECK_EQ(head.hash[31], 0xab);
    CHECK_EQ(privkey_generate(&other), 0);
    other_public = public_of(other);
    CHECK_EQ(audit_head_open(signed_head, other_public, hasher, &head), 1);
    pubkey_free(other_public);
    privkey_free(other);
    done();
}

static void
no_bit_of_a_signed_head_can_change(void)
{
    sign("s", 1);
    for (size_t bit = 0; bit < signed_head.len * 8; bit++) {
        struct audit_head head;

        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(audit_head_open(signed_head, public, hasher, &head), 1);
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    done();
}

static void
no_part_of_a_signed_head_is_one(void)
{
    struct audit_head head;
    struct bytes kid;

    sign("s", 1);
    for (size_t n = 0; n < signed_head.len; n++) {
        CHECK_EQ(audit_head_open(bytes_of(room, n), public, hasher, &head), 1);
        CHECK_EQ(audit_head_kid(bytes_of(room, n), &kid), 1);
    }
    done();
}

/* What another of our keys signs, or this key under another label, is no head. */
static void
another_signed_object_is_no_head(void)
{
    const struct cose_header header = {.typ = COSE_TYP_NONE};
    uint8_t other[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(other, sizeof(other));
    struct audit_head head;
    struct bytes kid;

    sign("s", 1);
    CHECK_EQ(cose_sign1_write(&wr, &header, BYTES_NULL, bytes_str("other"), key, hasher), 0);
    CHECK_EQ(audit_head_open(wr_done(&wr), public, hasher, &head), 1);
    CHECK_EQ(audit_head_kid(wr_done(&wr), &kid), 1); /* nor has it a kid */
    done();
}

static void
a_head_that_cannot_be_written_is_not_signed(void)
{
    static const struct audit_head wrong[] = {{.count = -1}, {.at_ms = -1}};
    struct audit_head head = {.count = 1};
    uint8_t out[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(out, sizeof(out));

    sign("s", 0);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        head = wrong[i];
        head.site = bytes_str("s");
        CHECK_EQ(audit_head_sign(&wr, &head, bytes_str("k"), key, hasher), -ENOSPC);
    }
    wr = wr_init(out, 100);
    head = (struct audit_head){.site = bytes_str("s"), .count = 1};
    CHECK_EQ(audit_head_sign(&wr, &head, bytes_str("k"), key, hasher), -ENOSPC);
    done();
}

CHECK_MAIN(CASE(the_hash_is_over_the_previous_and_the_row),
           CASE(a_row_beyond_its_limits_is_not_written),
           CASE(a_signed_head_is_opened_by_its_key_only), CASE(no_bit_of_a_signed_head_can_change),
           CASE(no_part_of_a_signed_head_is_one), CASE(another_signed_object_is_no_head),
           CASE(a_head_that_cannot_be_written_is_not_signed))
