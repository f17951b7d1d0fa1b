/* What is read as the payload of a signed log's head is written to the same bytes, and opens under
 * the key that signs it and no other length; bytes that nobody signed open never. */
#include "lib/fuzz.h"
#include "lib/wire-echo.h"
#include "wire/audit-head.h"

static struct privkey *secret;
static struct pubkey *key;
static struct hasher *hasher;

static void
make_keys(void)
{
    uint8_t x[32];
    uint8_t y[32];

    hasher = hasher_new();
    FUZZ_ASSERT(hasher && privkey_generate(&secret) == 0);
    FUZZ_ASSERT(privkey_point(secret, x, y) == 0);
    FUZZ_ASSERT(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &key) == 0);
}

static void
sign_and_open(const struct audit_head *head)
{
    uint8_t room[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct audit_head got;
    struct bytes kid;
    struct bytes in;

    FUZZ_ASSERT(audit_head_sign(&wr, head, bytes_str("kid"), secret, hasher) == 0);
    in = wr_done(&wr);
    FUZZ_ASSERT(audit_head_kid(in, &kid) == 0 && bytes_equal(kid, bytes_str("kid")));
    FUZZ_ASSERT(audit_head_open(in, key, hasher, &got) == 0);
    FUZZ_ASSERT(bytes_equal(got.site, head->site) && got.count == head->count);
    FUZZ_ASSERT(memcmp(got.hash, head->hash, sizeof(got.hash)) == 0 && got.at_ms == head->at_ms);
    room[in.len - 1] ^= 1;
    FUZZ_ASSERT(audit_head_open(in, key, hasher, &got) == 1);
    in.len--;
    FUZZ_ASSERT(audit_head_open(in, key, hasher, &got) == 1);
}

void
fuzz_one(struct bytes in)
{
    struct audit_head head;
    struct bytes kid;

    if (!hasher) {
        make_keys();
    }
    FUZZ_ASSERT(wire_echo_same("audit-head", in, BYTES_NULL));
    if (audit_head_read(in, &head, NULL) == 0) {
        sign_and_open(&head);
    }
    FUZZ_ASSERT(audit_head_open(in, key, hasher, &head) == 1);
    if (audit_head_kid(in, &kid) == 0) {
        FUZZ_ASSERT(kid.len > 0 && kid.p > in.p && kid.p + kid.len <= in.p + in.len);
    }
}
