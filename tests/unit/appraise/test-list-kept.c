/* appraise/list-kept: what a list of forbidden programs had, and what a later one lacks of it. */
#include "appraise/list-kept.h"

#include <stdio.h>

#include "lib/check.h"

static struct boot_facts facts; /* large */
static uint8_t room[LIST_KEPT_MAX];
static struct rule_input input;

/* A list as facts have it: hashes by letters, rows of SVNs by digits. */
static void
lists(const char *hashes, const char *rows)
{
    facts.n_entries = facts.n_certs = facts.n_guids = facts.n_numbers = 0;
    for (const char *at = hashes; *at; at++) {
        uint8_t *digest = facts.certs[facts.n_certs++];

        memset(digest, *at, 32);
        facts.entries[facts.n_entries++] =
            (struct rule_entry){BUNDLE_SIG_SHA256, bytes_of(digest, 32)};
    }
    facts.lists[SLOT_SB_DBX] =
        (struct rule_entries){.known = true, .n = facts.n_entries, .entries = facts.entries};
    facts.numbers[facts.n_numbers++] = (struct rule_number){bytes_str("shim"), 4};
    for (size_t i = 0; rows[i] != '\0'; i++) {
        char *guid = facts.guids[facts.n_guids++];

        snprintf(guid, sizeof(facts.guids[0]), "9d132b6c-59d5-4388-ab1c-185cfcb2eb9%c",
                 (char)('0' + i));
        facts.numbers[facts.n_numbers++] =
            (struct rule_number){bytes_str(guid), (uint64_t)(rows[i] - '0')};
    }
    input.entries[SLOT_SB_DBX] = facts.lists[SLOT_SB_DBX];
    input.numbers = facts.numbers;
    input.n_numbers = facts.n_numbers;
}

static struct bytes
written(const char *hashes, const char *rows)
{
    struct wr wr = wr_init(room, sizeof(room));

    lists(hashes, rows);
    CHECK_EQ(list_kept_write(&facts, &wr), 0);
    return check_guarded(wr_done(&wr));
}

static void
what_was_kept_is_found_again(void)
{
    struct bytes kept = written("abcx", "37");
    struct bytes lost = BYTES_NULL;

    CHECK_EQ(kept.len, 2 + 4 * 33 + 2 + 2 * 44); /* no component of SBAT */
    CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_ALL);
    lists("abbcdxz", "479");
    CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_ALL);
    CHECK_EQ(lost.len, 0);
    kept = written("", "");
    CHECK_EQ(kept.len, 4);
    CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_ALL);
}

static void
what_is_lost_is_named(void)
{
    static const struct {
        const char *hashes, *rows, *lost;
    } rows[] = {
        {"bcx", "37", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"abx", "37", "cccccccccccccccccccccccccccccccc"},
        {"abc", "37", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
        {"", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, /* the first */
        {"adx", "37", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},
        {"abcx", "27", "9d132b6c-59d5-4388-ab1c-185cfcb2eb90"},
        {"abcx", "3", "9d132b6c-59d5-4388-ab1c-185cfcb2eb91"},
    };
    struct bytes kept = written("abcx", "37");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes lost = BYTES_NULL;

        lists(rows[i].hashes, rows[i].rows);
        CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_LOST);
        CHECK_BYTES(lost, bytes_str(rows[i].lost));
    }
}

/* The same bytes under another kind forbid something else. */
static void
a_kind_is_part_of_an_entry(void)
{
    struct bytes kept = written("a", "");
    struct bytes lost = BYTES_NULL;

    facts.entries[0].sig = BUNDLE_SIG_X509_SHA256;
    CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_LOST);
    facts.entries[0].sig = BUNDLE_SIG_SHA256;
    CHECK_EQ(list_kept_compare(kept, &input, &lost), LIST_KEPT_ALL);
}

static void
what_is_no_list_is_broken(void)
{
    struct bytes kept = written("ab", "3");
    struct bytes lost = BYTES_NULL;
    uint8_t longer[128];

    for (size_t len = 0; len < kept.len; len++) {
        CHECK_EQ(list_kept_compare(check_guarded(bytes_of(kept.p, len)), &input, &lost),
                 LIST_KEPT_BROKEN);
    }
    memcpy(longer, kept.p, kept.len);
    longer[kept.len] = 0;
    CHECK_EQ(list_kept_compare(bytes_of(longer, kept.len + 1), &input, &lost), LIST_KEPT_BROKEN);
    CHECK_EQ(lost.len, 0);
}

static void
a_list_that_is_not_known_is_not_kept(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct wr small = wr_init(room, 2 + 33 + 1);

    lists("a", "");
    CHECK_EQ(list_kept_write(&facts, &small), 1);
    facts.lists[SLOT_SB_DBX].known = false;
    CHECK_EQ(list_kept_write(&facts, &wr), 1);
}

CHECK_MAIN(CASE(what_was_kept_is_found_again), CASE(what_is_lost_is_named),
           CASE(a_kind_is_part_of_an_entry), CASE(what_is_no_list_is_broken),
           CASE(a_list_that_is_not_known_is_not_kept))
