/* What a bundle is refused for when it is loaded, and the index of its digests. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "lib/check-named.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"

static struct bytes
whole(void)
{
    static uint8_t copy[65536];
    struct bytes body = rule_play_body(
        "policy p version 1 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 0,2,4\n"
        "  rule fw : firmware one-of @fw\n  rule rom : driver any count 0..9\n"
        "  rule img : boot.images one-of @img\n}\n"
        "set digests fw { " D("01") "}\nset digests img { " D("02") "}\n");

    memcpy(copy, body.p, body.len);
    return bytes_of(copy, body.len);
}

static enum rule
refused(struct bytes body)
{
    struct rulebook *book = NULL;
    struct fault fault = {0};
    int r = rulebook_new(body, &book, &fault);

    CHECK(r == 0 || (r == 1 && !book));
    rulebook_free(book);
    return r == 0 ? RULE_NONE : fault.rule;
}

/* The body with a name in it changed to another of the same length. */
static struct bytes
renamed(const char *from, const char *to)
{
    struct bytes body = whole();
    uint8_t *at = memmem(body.p, body.len, from, strlen(from));

    CHECK(at);
    CHECK_EQ(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    return body;
}

static void
a_whole_bundle_is_taken(void)
{
    CHECK_EQ(refused(whole()), RULE_NONE);
}

static void
an_unknown_slot_is_refused(void)
{
    CHECK_EQ(refused(renamed("firmware", "firmwart")), RULE_BUNDLE_SLOT);
    CHECK_EQ(rule_reason(RULE_BUNDLE_SLOT), REASON_SCHEMA_UNSUPPORTED);
}

static void
a_slot_is_asked_only_what_it_can_tell(void)
{
    CHECK_EQ(refused(renamed("driver", "sb.mok")), RULE_BUNDLE_SLOT);
    CHECK_EQ(refused(renamed("boot.images", "boot.script")), RULE_BUNDLE_EMPTY);
}

static void
a_policy_without_a_needed_rule_is_refused(void)
{
    CHECK_EQ(refused(renamed("driver", "config")), RULE_BUNDLE_EMPTY);
    CHECK_EQ(rule_reason(RULE_BUNDLE_EMPTY), REASON_REFSET_EMPTY);
}

/* A key is looked at when the bundle is loaded: one whose point is none refuses it. */
static void
a_key_that_is_none_refuses_the_bundle(void)
{
    char text[4096];
    struct bytes body;
    struct bytes spki = ima_signer_spki(SIGNER_P256);
    uint8_t *at;

    snprintf(text, sizeof(text), "policy p { }\nset keys k { %s %s }\n",
             ima_signer_item(SIGNER_RSA), ima_signer_item(SIGNER_P256));
    body = rule_play_body(text);
    CHECK_EQ(refused(body), RULE_NONE);
    at = memmem(body.p, body.len, spki.p, spki.len);
    CHECK(at);
    at[spki.len - 1] ^= 1; /* off the curve */
    CHECK_EQ(refused(body), RULE_BUNDLE_KEY);
    CHECK_EQ(rule_reason(RULE_BUNDLE_KEY), REASON_SCHEMA_UNSUPPORTED);
    at[spki.len - 1] ^= 1;
    at[23] ^= 1; /* another curve, and another form */
    CHECK_EQ(refused(body), RULE_BUNDLE_KEY);
}

static void
what_is_no_bundle_is_refused(void)
{
    struct bytes body = whole();

    CHECK_EQ(refused(BYTES_NULL), RULE_WIRE_BUNDLE);
    CHECK_EQ(refused(bytes_of(body.p, body.len - 1)), RULE_WIRE_BUNDLE);
    CHECK_EQ(refused(bytes_of(body.p, LIMIT_BUNDLE_BYTES + 1)), RULE_WIRE_BUNDLE);
}

/* Every digest of a large bundle is found, in its own set, and no other. */
static void
the_index_finds_what_is_there(void)
{
    enum { N = 2000 };
    static char text[N * 80 + 4096];
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    const struct rulebook_ref *refs = NULL;
    size_t len = (size_t)snprintf(
        text, sizeof(text),
        "policy p version 1 schema 1 {\n  applies class in { c }\n  quote sha256 pcrs 0\n"
        "  rule fw : firmware one-of @fw\n}\nset digests fw {\n");

    for (uint32_t i = 0; i < N; i++) {
        uint8_t digest[32];

        CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_of(&i, sizeof(i)), digest), 0);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "sha256:");
        for (size_t k = 0; k < 32; k++) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%02x", digest[k]);
        }
        text[len++] = '\n';
    }
    snprintf(text + len, sizeof(text) - len, "}\n");
    rule_play_start(text);
    for (uint32_t i = 0; i < 2 * N; i++) {
        uint8_t digest[32];

        CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_of(&i, sizeof(i)), digest), 0);
        CHECK_EQ(rulebook_find(rule_play.book, HASH_SHA256, BYTES_OF(digest), &refs), i < N);
        if (i < N) {
            CHECK_BYTES(rulebook_digest(rule_play.book, HASH_SHA256, refs), BYTES_OF(digest));
        }
    }
}

/* Eight equal bytes at the front are one key; the rest must be compared. */
static void
a_key_is_not_a_digest(void)
{
    uint8_t digest[32];
    const struct rulebook_ref *refs = NULL;

    rule_play_start("policy p version 1 schema 1 {\n  applies class in { c }\n"
                    "  quote sha256 pcrs 0\n  rule fw : firmware one-of @fw\n}\n"
                    "set digests fw { " D("01") "}\nset digests more { " D("01") D("02") "}\n");
    memset(digest, 1, sizeof(digest));
    CHECK_EQ(rulebook_find(rule_play.book, HASH_SHA256, BYTES_OF(digest), &refs), 2);
    digest[31] = 2;
    CHECK_EQ(rulebook_find(rule_play.book, HASH_SHA256, BYTES_OF(digest), &refs), 0);
    CHECK_EQ(rulebook_find(rule_play.book, HASH_SHA256, bytes_of(digest, 20), &refs), 0);
    CHECK_EQ(rulebook_find(rule_play.book, HASH_SHA384, bytes_of(digest, 32), &refs), 0);
}

static void
books_are_told_apart_by_their_marks(void)
{
    static const char text[] = "policy p version %c schema 1 {\n  quote sha256 pcrs 0-9\n"
                               "  rule fw : firmware any\n  rule chain : boot.images any\n"
                               "  rule rom : driver any\n}\n";
    char one[sizeof(text)];
    uint64_t marks[3];

    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        snprintf(one, sizeof(one), text, i == 2 ? '2' : '1');
        rule_play_start(one);
        marks[i] = rulebook_mark(rule_play.book);
        CHECK(marks[i] != 0);
    }
    CHECK(marks[0] == marks[1]);
    CHECK(marks[0] != marks[2]);
}

CHECK_MAIN_NAMED(CASE(a_whole_bundle_is_taken), CASE(an_unknown_slot_is_refused),
                 CASE(a_slot_is_asked_only_what_it_can_tell),
                 CASE(a_policy_without_a_needed_rule_is_refused),
                 CASE(a_key_that_is_none_refuses_the_bundle), CASE(what_is_no_bundle_is_refused),
                 CASE(the_index_finds_what_is_there), CASE(a_key_is_not_a_digest),
                 CASE(books_are_told_apart_by_their_marks))
