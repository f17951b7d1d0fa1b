/* `policy publish` and `policy active`: what is taken and what is refused, and that nothing counts
 * which the store has not. */
#include "keeper/policies.h"
#include "lib/check-named.h"
#include "lib/control-play.h"
#include "lib/rule-play.h"
#include "lib/sealing.h"
#include "lib/store-make.h"
#include "store/store-sql.h"

static struct sealing own;
static struct sealing other;
static uint64_t now_s;

/* A site with one policy key; `keys` 0: with none. */
static void
start_with(size_t keys)
{
    sealing_new(&own);
    sealing_new(&other);
    rig.policy_key = keys > 0 ? &own.point : NULL;
    start();
    now_s = (uint64_t)rig.now_ms / 1000;
}

static struct bytes
good(uint64_t sequence)
{
    return sealing_text(&own, sealing_policy("p", "c", "enforce"), sequence, now_s - 60,
                        now_s + 3600);
}

static void
give(struct bytes sealed)
{
    rig.file = (struct control_file){.there = true, .bytes = sealed};
}

static json_t *
publish(struct bytes sealed)
{
    give(sealed);
    return YES("policy", "publish", "untested");
}

static const char *
active(void)
{
    return text(YES("policy", "active"), "state");
}

/* Refused so, and the sequence that counts stays; told what to do. */
static void
no(const char *code, struct bytes sealed, const char *remedy)
{
    uint64_t before = policies_sequence(rig.keeper.policies);
    const char *state_before = active();

    give(sealed);
    NO(code, "policy", "publish", "untested");
    if (!strstr(json, remedy)) {
        check_fail(__FILE__, __LINE__, "%s", json);
    }
    CHECK_EQ(policies_sequence(rig.keeper.policies), before);
    CHECK_STR(active(), state_before);
}

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    (void)hash;
    if (bytes_equal(row->kind, bytes_str("policy"))) {
        json_array_append_new(context, json_stringn((const char *)row->text.p, row->text.len));
        CHECK_BYTES(row->actor, bytes_str("uid 0"));
    }
    return true;
}

/* Texts of the audit rows about policies. */
static json_t *
rows(void)
{
    json_t *list = check_keep(json_array());

    CHECK_EQ(store_audit_each(rig.keeper.store, 0, on_row, list), 0);
    return list;
}

static bool
finds(const char *class_name)
{
    struct policies_choice choice;

    return policies_find(rig.keeper.policies, class_name, NULL, now_s, &choice) == POLICY_FOUND;
}

static void
a_good_bundle_counts_and_its_row_says_who_and_which(void)
{
    char want[160];
    uint8_t digest[32];
    char hex[65];
    struct bytes sealed;
    json_t *root;

    start_with(1);
    CHECK_STR(active(), "none");
    CHECK(!finds("c"));
    sealed = good(7);
    root = publish(sealed);
    CHECK(json_is_true(json_object_get(root, "published")));
    CHECK_EQ(number(root, "sequence"), 7);
    CHECK(finds("c"));
    CHECK_EQ(hasher_bytes(own.hasher, HASH_SHA256, sealed, digest), 0);
    CHECK_STR(text(root, "digest"), hex_write(hex, BYTES_OF(digest)));
    snprintf(want, sizeof(want), "bundle 7 sha256:%s untested", hex);
    CHECK_EQ(json_array_size(rows()), 1);
    CHECK_STR(json_string_value(json_array_get(rows(), 0)), want);
}

static void
what_is_active_is_told_whole(void)
{
    json_t *policies;
    json_t *root;
    char words[2048];

    start_with(1);
    root = YES("policy", "active");
    CHECK_EQ(number(root, "sequence"), 0);
    CHECK_EQ(number(root, "keys"), 1);
    CHECK(!json_object_get(root, "policies") && !json_object_get(root, "digest"));
    snprintf(words, sizeof(words), "%s%s", sealing_policy("a", "one two", "observe"),
             sealing_policy("b", "three", "off"));
    (void)publish(sealing_text(&own, words, 3, now_s - 60, now_s + 3600));
    root = YES("policy", "active");
    CHECK_STR(text(root, "state"), "ready");
    CHECK_EQ(number(root, "issued_s"), (long long)now_s - 60);
    CHECK_EQ(number(root, "not_after_s"), (long long)now_s + 3600);
    CHECK_EQ(number(root, "loaded_ms"), (long long)rig.now_ms);
    CHECK_EQ(number(root, "sets"), 4);
    CHECK_EQ(number(root, "digests"), 4);
    policies = json_object_get(root, "policies");
    CHECK_EQ(json_array_size(policies), 2);
    root = json_array_get(policies, 0);
    CHECK_STR(text(root, "name"), "a");
    CHECK_STR(text(root, "mode"), "observe");
    CHECK_EQ(number(root, "version"), 3);
    CHECK_EQ(number(root, "rules"), 3);
    CHECK_EQ(json_array_size(json_object_get(root, "classes")), 2);
    CHECK_STR(json_string_value(json_array_get(json_object_get(root, "classes"), 1)), "two");
    CHECK_STR(text(json_array_get(policies, 1), "mode"), "off");
    root = json_object_get(YES("status"), "policy");
    CHECK_STR(text(root, "state"), "ready");
    CHECK_EQ(number(root, "sequence"), 3);
}

static void
the_same_bytes_again_are_fine_and_write_nothing(void)
{
    struct bytes sealed;
    json_t *root;

    start_with(1);
    sealed = good(7);
    (void)publish(sealed);
    rig.now_ms += 5000;
    root = publish(sealed);
    CHECK(json_is_false(json_object_get(root, "published")));
    CHECK_EQ(number(root, "sequence"), 7);
    CHECK_EQ(json_array_size(rows()), 1);
    CHECK_EQ(number(YES("policy", "active"), "loaded_ms"), (long long)rig.now_ms - 5000);
}

static void
no_bundle_goes_back(void)
{
    start_with(1);
    (void)publish(good(7));
    no("bundle-back", good(6), "higher sequence");
    no("bundle-back", good(1), "805 BUNDLE_ROLLBACK");
    no("sequence", good(7), "higher sequence"); /* ECDSA: the same content, other bytes */
    (void)publish(good(8));
    no("bundle-back", good(7), "higher sequence");
    CHECK_EQ(json_array_size(rows()), 2);
}

/* What the store alone knows of: its row was written behind the keeper's back. */
static void
a_higher_sequence_in_the_store_holds(void)
{
    const struct store_bundle row = {.sequence = 99};

    start_with(1);
    CHECK_EQ(store_bundle_put(rig.keeper.store, &row, bytes_str("x")), 0);
    CHECK_EQ(store_commit(rig.keeper.store), 0);
    no("bundle-back", good(7), "higher sequence");
}

static void
what_is_not_ours_is_refused(void)
{
    static uint8_t copy[8192];
    struct bytes sealed;

    start_with(1);
    (void)publish(good(1));
    sealed = sealing_text(&other, sealing_policy("p", "c", "enforce"), 2, now_s - 60, 0);
    no("bundle-signature", sealed, "assay key list");
    sealed = good(2);
    CHECK(sealed.len < sizeof(copy));
    memcpy(copy, sealed.p, sealed.len);
    for (size_t i = 0; i < sealed.len; i += 31) {
        copy[i] ^= 4;
        no("bundle-signature", bytes_of(copy, sealed.len), "policy key");
        copy[i] ^= 4;
        no("bundle-signature", bytes_of(copy, i), "policy key");
    }
    copy[sealed.len] = 0;
    no("bundle-signature", bytes_of(copy, sealed.len + 1), "policy key");
    no("bundle-signature", BYTES_NULL, "policy key");
    no("bundle-signature", rule_play_body(sealing_policy("p", "c", "enforce")), "policy key");
    (void)publish(bytes_of(copy, sealed.len));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 2);
}

static void
what_is_not_for_now_is_refused(void)
{
    const char *policy = sealing_policy("p", "c", "enforce");

    start_with(1);
    no("bundle-late", sealing_text(&own, policy, 1, now_s - 60, now_s), "--not-after");
    no("bundle-late", sealing_text(&own, policy, 1, now_s + 1, 0), "clocks");
    (void)publish(sealing_text(&own, policy, 1, now_s, 0));
}

/* A good body with a word of it in the place of another. */
static struct bytes
renamed(const char *from, const char *to)
{
    struct bytes body = rule_play_body(sealing_policy("p", "c", "enforce"));
    uint8_t *at = memmem(body.p, body.len, from, strlen(from));

    CHECK(at && strlen(from) == strlen(to));
    memcpy(at, to, strlen(to));
    return sealing_body(&own, body, 1, now_s, 0);
}

static void
a_signed_body_that_cannot_be_loaded_is_refused(void)
{
    start_with(1);
    no("wire-bundle", sealing_body(&own, bytes_str("\xa0"), 1, now_s, 0), "compile");
    no("bundle-slot", renamed("firmware", "Firmware"), "version of assay");
    no("bundle-empty", renamed("driver", "config"), "a rule for each slot");
    (void)publish(renamed("driver", "driver"));
}

static void
a_site_without_a_key_takes_none(void)
{
    start_with(0);
    no("key", good(1), "assay key rotate policy");
    CHECK_EQ(number(YES("policy", "active"), "keys"), 0);
}

#define TESTED(old) "policy", "publish", "tested", (old), "212", "3", "15", "14"

static void
a_test_is_written_down_and_must_be_of_what_counts(void)
{
    struct bytes first, second;
    uint8_t digest[32];
    char hex[65];
    char want[320];

    start_with(1);
    first = good(1);
    second = good(2);
    give(first);
    NO("tested", TESTED("00000000000000000000000000000000"
                        "00000000000000000000000000000000")); /* none counts yet */
    give(first);
    (void)YES(TESTED("none"));
    CHECK(strstr(json_string_value(json_array_get(rows(), 0)),
                 " tested against reference events: 212 judged, 3 not judged, 15 worse, "
                 "14 without a token"));
    give(second);
    NO("tested", TESTED("none"));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 1);
    CHECK_EQ(hasher_bytes(own.hasher, HASH_SHA256, first, digest), 0);
    give(second);
    (void)YES(TESTED(hex_write(hex, BYTES_OF(digest))));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 2);
    snprintf(want, sizeof(want), " tested against sha256:%s: 212 judged, ", hex);
    CHECK(strstr(json_string_value(json_array_get(rows(), 1)), want));
    give(good(3));
    NO("tested", TESTED(hex)); /* another counts since */
    CHECK_EQ(json_array_size(rows()), 2);
}

static void
words_of_a_test_that_are_none_are_refused(void)
{
    static const char *const numbers[] = {"", "x", "-1", "1 ", "1234567890", "0x1"};

    start_with(1);
    give(good(1));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        refused("untested", CONTROL_USAGE,
                WORDS("policy", "publish", "tested", "none", "1", "2", "3", numbers[i]));
    }
    refused("untested", CONTROL_USAGE,
            WORDS("policy", "publish", "tested", "00", "1", "2", "3", "4"));
    refused("untested", CONTROL_USAGE,
            WORDS("policy", "publish", "untested", "none", "1", "2", "3", "4"));
    refused("untested", CONTROL_USAGE, WORDS("policy", "publish", "tested", "none", "1", "2", "3"));
    CHECK_STR(active(), "none");
}

static void
words_and_file_are_asked_for(void)
{
    start_with(1);
    give(good(1));
    refused("untested", CONTROL_USAGE, WORDS("policy", "publish", "tested"));
    refused("file", CONTROL_USAGE, WORDS("policy", "publish", "untested"));
    rig.file.full = true;
    NO("busy", "policy", "publish", "untested");
    refused("usage", CONTROL_USAGE, WORDS("policy", "publish"));
    refused("untested", CONTROL_USAGE, WORDS("policy", "publish", "untested", "x", "y"));
    refused("usage", CONTROL_USAGE,
            WORDS("policy", "publish", "tested", "none", "1", "2", "3", "4", "why", "5"));
    refused("usage", CONTROL_USAGE, WORDS("policy", "active", "x"));
    give(good(1));
    (void)YES("status"); /* a file that a command has no use for does no harm */
    CHECK_STR(active(), "none");
}

static const char *const deb[] = {
    "release os deb 1 { kernel " D("11") "}\nrelease os deb 2 { state staged kernel " D("12") "}\n",
    "release os deb 1 { state retiring kernel " D("11") "}\n"
                                                        "release os deb 2 { kernel " D("12") "}\n",
    "release os deb 1 { state retiring retire 2030-01-01 kernel " D(
        "11") "}\n"
              "release os deb 2 { kernel " D("12") "}\n",
    "release os deb 2 { state revoked kernel " D("12") "}\n",
};

/* The bundle of these releases. */
static struct bytes
with_releases(size_t i)
{
    char text[4096];

    snprintf(text, sizeof(text), "%s%s", sealing_policy("p", "c", "enforce"), deb[i]);
    return sealing_text(&own, text, i + 1, now_s - 60, 0);
}

static bool
on_release(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    char *room = context;
    size_t len = strlen(room);

    (void)hash;
    if (bytes_equal(row->kind, bytes_str("release"))) {
        CHECK_BYTES(row->actor, bytes_str("uid 0"));
        snprintf(room + len, 2048 - len, "%.*s\n", (int)row->text.len, (const char *)row->text.p);
    }
    return true;
}

static void
each_move_of_a_release_has_a_row(void)
{
    char told[2048] = "";

    start_with(1);
    for (size_t i = 0; i < ARRAY_LEN(deb); i++) {
        (void)publish(with_releases(i));
    }
    CHECK_EQ(store_audit_each(rig.keeper.store, 0, on_release, told), 0);
    CHECK_STR(told, "os/deb/1: active, was not there, bundle 1\n"
                    "os/deb/2: staged, was not there, bundle 1\n"
                    "os/deb/1: retiring, was active, bundle 2\n"
                    "os/deb/2: active, was staged, bundle 2\n"
                    "os/deb/1: retiring, other days, bundle 3\n"
                    "os/deb/2: revoked, was active, bundle 4\n"
                    "os/deb/1: not there, was retiring, bundle 4\n");
}

static void
why_it_was_published_is_in_its_row(void)
{
    char longest[129];
    json_t *list;

    start_with(1);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[128] = '\0';
    give(good(1));
    NO("why", "policy", "publish", "untested", longest);
    give(good(1));
    (void)YES("policy", "publish", "untested", "ticket 7\n\"x\"");
    list = rows();
    CHECK_EQ(json_array_size(list), 1);
    CHECK(
        strstr(json_string_value(json_array_get(list, 0)), " untested: ticket 7\\x0a\\x22x\\x22"));
}

static void
sql(const char *text)
{
    CHECK_EQ(sqlite3_exec(rig.keeper.store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void
a_publication_whose_row_fails_does_not_count(void)
{
    start_with(1);
    (void)publish(good(1));
    sql("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk'); END");
    no("store", good(2), "see the verifier's log");
    sql("DROP TRIGGER broken");
    (void)publish(good(2)); /* the store has not got it either */
    CHECK_EQ(policies_sequence(rig.keeper.policies), 2);
}

static void
a_publication_whose_commit_fails_does_not_count(void)
{
    start_with(1);
    (void)publish(good(1));
    give(good(2));
    rig.keeper.batch_failed = true;
    NO("store", "policy", "publish", "untested");
    CHECK_EQ(policies_sequence(rig.keeper.policies), 1);
    CHECK(finds("c"));
    (void)publish(good(2));
}

/* Until the commit the one before is judged by, and what another piece breaks is its own. */
static void
within_a_turn_the_old_one_counts(void)
{
    struct policies_offer offer;
    struct policies_info info;
    struct fault fault;

    start_with(1);
    (void)publish(sealing_text(&own, sealing_policy("p", "old", "enforce"), 1, now_s, 0));
    offer = (struct policies_offer){good(2), rig.now_ms};
    keeper_begin(&rig.keeper);
    CHECK_EQ(
        policies_publish(rig.keeper.policies, rig.keeper.store, own.hasher, &offer, &info, &fault),
        POLICIES_TAKEN);
    CHECK(finds("old") && !finds("c"));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 1);
    keeper_end(&rig.keeper);
    keeper_begin(&rig.keeper);
    offer.sealed = good(3);
    CHECK_EQ(
        policies_publish(rig.keeper.policies, rig.keeper.store, own.hasher, &offer, &info, &fault),
        POLICIES_E_BUSY);
    keeper_broke(&rig.keeper, NULL, "another piece", -EIO);
    keeper_end(&rig.keeper);
    CHECK(finds("old"));
    keeper_settle(&rig.keeper);
    CHECK(finds("c") && !finds("old"));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 2);
}

static void
a_restart_finds_it_again(void)
{
    struct store_folder made = make_folder();

    rig.store_path = made.path;
    start_with(1);
    (void)publish(good(7));
    keeper_rig_reopen(&rig);
    CHECK_STR(active(), "ready");
    CHECK(finds("c"));
    CHECK_EQ(policies_sequence(rig.keeper.policies), 7);
    no("bundle-back", good(6), "higher");
    rig.now_ms += 3600 * 1000;
    CHECK_STR(active(), "expired");
    CHECK(json_object_get(YES("policy", "active"), "policies"));
    CHECK_STR(text(json_object_get(YES("status"), "policy"), "state"), "expired");
    keeper_rig_done(&rig);
    drop_folder(&made);
}

static void
a_broken_one_is_told_with_its_rule_and_can_be_replaced(void)
{
    const struct store_bundle row = {.sequence = 5, .loaded_ms = 17};
    struct store_folder made = make_folder();
    json_t *root;

    rig.store_path = made.path;
    start_with(1);
    CHECK_EQ(store_bundle_put(rig.keeper.store, &row, bytes_str("rubbish")), 0);
    CHECK_EQ(store_commit(rig.keeper.store), 0);
    keeper_rig_reopen(&rig);
    root = YES("policy", "active");
    CHECK_STR(text(root, "state"), "broken");
    CHECK_STR(text(root, "rule"), "bundle-signature");
    CHECK(strstr(text(root, "why"), "not signed"));
    CHECK_EQ(number(root, "sequence"), 5);
    CHECK_EQ(number(root, "loaded_ms"), 17);
    CHECK(!json_object_get(root, "policies"));
    no("bundle-back", good(4), "higher");
    no("sequence", good(5), "higher");
    (void)publish(good(6));
    CHECK_STR(active(), "ready");
    keeper_rig_done(&rig);
    drop_folder(&made);
}

CHECK_MAIN_NAMED(CASE(a_good_bundle_counts_and_its_row_says_who_and_which),
                 CASE(what_is_active_is_told_whole),
                 CASE(the_same_bytes_again_are_fine_and_write_nothing), CASE(no_bundle_goes_back),
                 CASE(a_higher_sequence_in_the_store_holds), CASE(what_is_not_ours_is_refused),
                 CASE(what_is_not_for_now_is_refused),
                 CASE(a_signed_body_that_cannot_be_loaded_is_refused),
                 CASE(a_site_without_a_key_takes_none), CASE(words_and_file_are_asked_for),
                 CASE(each_move_of_a_release_has_a_row), CASE(why_it_was_published_is_in_its_row),
                 CASE(a_publication_whose_row_fails_does_not_count),
                 CASE(a_publication_whose_commit_fails_does_not_count),
                 CASE(within_a_turn_the_old_one_counts), CASE(a_restart_finds_it_again),
                 CASE(a_broken_one_is_told_with_its_rule_and_can_be_replaced),
                 CASE(a_test_is_written_down_and_must_be_of_what_counts),
                 CASE(words_of_a_test_that_are_none_are_refused))
