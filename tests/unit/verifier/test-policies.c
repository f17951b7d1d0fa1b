/* The bundle that counts: what of the store's is believed, and what each class is told. */
#include "keeper/policies.h"

#include <errno.h>
#include <stdio.h>

#include "lib/check.h"
#include "lib/rule-play.h"
#include "lib/sealing.h"
#include "lib/store-make.h"

enum { ISSUED = 1000, NOW = 1500, ENDS = 2000 };

static struct rig {
    struct store *store;
    struct policies *policies;
    struct sealing own, other;
} rig;

static void
start(void)
{
    rig.store = check_keep(open_store(":memory:"));
    rig.policies = check_keep(policies_new());
    CHECK(rig.policies);
    sealing_new(&rig.own);
    sealing_new(&rig.other);
}

/* Writes a row as it is, and loads it with a key. */
static void
load_with(struct bytes sealed, uint64_t sequence, const struct sealing *by)
{
    const struct store_bundle row = {.sequence = sequence, .loaded_ms = 77};

    CHECK_EQ(store_bundle_put(rig.store, &row, sealed), 0);
    CHECK_EQ(store_commit(rig.store), 0);
    CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, &by->point, 1), 0);
}

static void
load(struct bytes sealed, uint64_t sequence)
{
    load_with(sealed, sequence, &rig.own);
}

static struct bytes
good(uint64_t sequence)
{
    return sealing_text(&rig.own, sealing_policy("p", "c", "enforce"), sequence, ISSUED, ENDS);
}

static enum policies_found
found(const char *class_name, uint64_t now_s)
{
    struct policies_choice choice;
    enum policies_found r = policies_find(rig.policies, class_name, NULL, now_s, &choice);

    CHECK_EQ(choice.found, r);
    CHECK_EQ(choice.at_s, now_s);
    CHECK((r == POLICY_FOUND) == (policies_chosen(&choice) != NULL));
    return r;
}

/* The name of the policy for a device of a class that is in groups (names, NULL behind the last);
 * "" when there is not exactly one. */
static const char *
chosen(const char *class_name, const char *const *names)
{
    static char name[64];
    struct store_groups groups = {.n = 0};
    struct policies_choice choice;
    const struct bundle_policy *policy;

    for (; names[groups.n]; groups.n++) {
        snprintf(groups.groups[groups.n].name, STORE_CLASS_MAX, "%s", names[groups.n]);
    }
    (void)policies_find(rig.policies, class_name, &groups, NOW, &choice);
    policy = policies_chosen(&choice);
    snprintf(name, sizeof(name), "%.*s", policy ? (int)policy->name.len : 0,
             policy ? (const char *)policy->name.p : "");
    if (choice.found == POLICY_TWO) {
        struct bytes a = rulebook_bundle(choice.book)->policies[choice.policy].name;
        struct bytes b = rulebook_bundle(choice.book)->policies[choice.other].name;

        snprintf(name, sizeof(name), "%.*s|%.*s", (int)a.len, (const char *)a.p, (int)b.len,
                 (const char *)b.p);
    } else if (choice.found == POLICY_APART) {
        snprintf(name, sizeof(name), "apart");
    }
    return name;
}

#define IN(...)           \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

/* State broken, by this rule, and so for every class. */
static void
broken(enum rule why)
{
    struct policies_info info;

    CHECK_EQ(policies_state(rig.policies, NOW), POLICIES_BROKEN);
    policies_info(rig.policies, &info);
    CHECK_EQ(info.why, why);
    CHECK_EQ(info.loaded_ms, 77);
    CHECK_EQ(info.issued_s, 0);
    CHECK(!policies_book(rig.policies));
    CHECK_EQ(found("c", NOW), POLICY_BROKEN);
    CHECK_EQ(found("unheard-of", NOW), POLICY_BROKEN);
}

static void
without_a_bundle_no_class_has_a_policy(void)
{
    struct policies_info info;

    start();
    CHECK_EQ(found("c", NOW), POLICY_NONE); /* before the start, too */
    CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, &rig.own.point, 1), 0);
    CHECK_EQ(found("c", NOW), POLICY_NONE);
    CHECK_EQ(policies_state(rig.policies, NOW), POLICIES_NONE);
    CHECK_EQ(policies_sequence(rig.policies), 0);
    CHECK(!policies_book(rig.policies));
    policies_info(rig.policies, &info);
    CHECK_EQ(info.loaded_ms, 0);
}

static void
a_stored_bundle_is_judged_by(void)
{
    struct policies_choice choice;
    struct policies_info info;
    uint8_t digest[32];
    struct bytes sealed;

    start();
    sealed = good(7);
    load(sealed, 7);
    CHECK_EQ(policies_find(rig.policies, "c", NULL, NOW, &choice), POLICY_FOUND);
    CHECK(choice.book == policies_book(rig.policies));
    CHECK_EQ(choice.policy, 0);
    CHECK_BYTES(policies_chosen(&choice)->name, bytes_str("p"));
    CHECK_EQ(policies_sequence(rig.policies), 7);
    policies_info(rig.policies, &info);
    CHECK_EQ(info.issued_s, ISSUED);
    CHECK_EQ(info.not_after_s, ENDS);
    CHECK_EQ(info.loaded_ms, 77);
    CHECK_EQ(info.why, RULE_NONE);
    CHECK_EQ(hasher_bytes(rig.own.hasher, HASH_SHA256, sealed, digest), 0);
    CHECK_BYTES(BYTES_OF(info.digest), BYTES_OF(digest));
}

static void
the_right_policy_of_several_is_found(void)
{
    struct policies_choice choice;
    char text[2048];

    start();
    snprintf(text, sizeof(text), "%s%s%s", sealing_policy("a", "one two", "enforce"),
             sealing_policy("b", "three", "observe"), sealing_policy("d", "four", "off"));
    load(sealing_text(&rig.own, text, 1, ISSUED, 0), 1);
    CHECK_EQ(policies_find(rig.policies, "three", NULL, NOW, &choice), POLICY_FOUND);
    CHECK_EQ(choice.policy, 1);
    CHECK_EQ(policies_find(rig.policies, "two", NULL, NOW, &choice), POLICY_FOUND);
    CHECK_EQ(choice.policy, 0);
    CHECK_EQ(found("four", NOW), POLICY_NONE);
    CHECK_EQ(found("five", NOW), POLICY_NONE);
    CHECK_EQ(found("", NOW), POLICY_NONE);
    CHECK_EQ(found("tw", NOW), POLICY_NONE);
    CHECK_EQ(found("two", UINT32_MAX), POLICY_FOUND); /* it never ends */
}

/* "NAME: applies to this" for sealing_policy()'s class, behind which a group may stand. */
static void
load_groups(uint64_t not_after_s)
{
    char text[4096];

    snprintf(text, sizeof(text), "%s%s%s%s", sealing_policy("all", "c", "enforce"),
             sealing_policy("pilots", "c } group pilots #", "observe"),
             sealing_policy("berlin", "c } group berlin #", "enforce"),
             sealing_policy("only", "d } group berlin #", "enforce"));
    load(sealing_text(&rig.own, text, 1, ISSUED, not_after_s), 1);
}

static void
a_policy_for_a_group_of_the_device_comes_first(void)
{
    struct store_groups two = {.n = 2, .groups = {{.name = "berlin"}, {.name = "pilots"}}};
    struct policies_choice choice;

    start();
    load_groups(0);
    CHECK_STR(chosen("c", IN(NULL)), "all");
    CHECK_STR(chosen("c", IN("paris")), "all");
    CHECK_STR(chosen("c", IN("pilots")), "pilots");
    CHECK_STR(chosen("c", IN("paris", "berlin")), "berlin");
    CHECK_STR(chosen("c", IN("berlin", "pilots")), "berlin|pilots");
    CHECK_STR(chosen("d", IN("berlin")), "only");
    CHECK_STR(chosen("d", IN("pilots")), "apart");
    CHECK_STR(chosen("e", IN("berlin")), "");
    CHECK_EQ(found("d", NOW), POLICY_APART);
    CHECK_EQ(policies_find(rig.policies, "c", &two, NOW, &choice), POLICY_TWO);
    CHECK(!policies_chosen(&choice)); /* of two, neither */
    CHECK_EQ(policies_find(rig.policies, "e", &two, NOW, &choice), POLICY_NONE);
    load_groups(ENDS);
    CHECK_EQ(policies_find(rig.policies, "c", &two, ENDS, &choice), POLICY_EXPIRED);
    CHECK_EQ(found("d", ENDS), POLICY_EXPIRED);
    CHECK(!policies_chosen(&choice));
}

static void
an_end_that_has_passed_is_told_to_the_classes_it_names(void)
{
    char text[2048];

    start();
    snprintf(text, sizeof(text), "%s%s", sealing_policy("a", "c", "enforce"),
             sealing_policy("b", "quiet", "off"));
    load(sealing_text(&rig.own, text, 1, ISSUED, ENDS), 1);
    CHECK_EQ(policies_state(rig.policies, ENDS - 1), POLICIES_READY);
    CHECK_EQ(found("c", ENDS - 1), POLICY_FOUND);
    CHECK_EQ(policies_state(rig.policies, ENDS), POLICIES_EXPIRED);
    CHECK_EQ(found("c", ENDS), POLICY_EXPIRED);
    CHECK_EQ(found("other", ENDS), POLICY_NONE);
    CHECK_EQ(found("quiet", ENDS), POLICY_NONE);
    CHECK(policies_book(rig.policies));
}

static void
what_no_present_key_vouches_for_is_broken(void)
{
    start();
    load_with(good(7), 7, &rig.other);
    broken(RULE_BUNDLE_SIGNATURE);
    CHECK_EQ(policies_sequence(rig.policies), 7);
    CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, NULL, 0), 0);
    broken(RULE_BUNDLE_SIGNATURE);
}

static void
either_of_two_keys_vouches(void)
{
    struct p256 both[3];

    start();
    load_with(good(7), 7, &rig.other);
    for (size_t own = 0; own < 2; own++) {
        both[own] = rig.own.point;
        both[1 - own] = rig.other.point;
        CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, both, 2), 0);
        CHECK_EQ(found("c", NOW), POLICY_FOUND);
    }
    both[2] = rig.own.point;
    CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, both, 3), -EINVAL);
    CHECK_EQ(found("c", NOW), POLICY_FOUND); /* all is as it was */
    memset(both, 0x55, sizeof(both));
    CHECK_EQ(policies_start(rig.policies, rig.store, rig.own.hasher, both, 1), -EINVAL);
    CHECK_EQ(found("c", NOW), POLICY_FOUND);
}

static void
a_row_that_was_changed_is_broken(void)
{
    static uint8_t copy[4096];
    struct bytes sealed;

    start();
    sealed = good(7);
    CHECK(sealed.len < sizeof(copy));
    memcpy(copy, sealed.p, sealed.len);
    for (size_t i = 0; i < sealed.len; i += 11) {
        copy[i] ^= 0x10;
        load(bytes_of(copy, sealed.len), 7);
        broken(RULE_BUNDLE_SIGNATURE);
        copy[i] ^= 0x10;
    }
    for (size_t len = 1; len < sealed.len; len += 17) {
        load(bytes_of(copy, len), 7);
        broken(RULE_BUNDLE_SIGNATURE);
    }
    load(bytes_of(copy, sealed.len), 7);
    CHECK_EQ(found("c", NOW), POLICY_FOUND);
}

static void
a_row_of_another_sequence_is_broken(void)
{
    start();
    load(good(7), 8); /* an older bundle in the place of a newer one */
    broken(RULE_BUNDLE_BACK);
    CHECK_EQ(policies_sequence(rig.policies), 8);
    load(good(9), 8);
    broken(RULE_WIRE_BUNDLE);
}

static void
a_signed_body_that_is_none_is_broken(void)
{
    static uint8_t copy[4096];
    struct bytes body;
    uint8_t *at;

    start();
    load(sealing_body(&rig.own, bytes_str("\xa0"), 7, ISSUED, ENDS), 7);
    broken(RULE_WIRE_BUNDLE);
    body = rule_play_body(sealing_policy("p", "c", "enforce"));
    memcpy(copy, body.p, body.len);
    at = memmem(copy, body.len, "firmware", 8);
    CHECK(at);
    at[7] = 't';
    load(sealing_body(&rig.own, bytes_of(copy, body.len), 8, ISSUED, ENDS), 8);
    broken(RULE_BUNDLE_SLOT);
}

CHECK_MAIN(CASE(without_a_bundle_no_class_has_a_policy), CASE(a_stored_bundle_is_judged_by),
           CASE(the_right_policy_of_several_is_found),
           CASE(a_policy_for_a_group_of_the_device_comes_first),
           CASE(an_end_that_has_passed_is_told_to_the_classes_it_names),
           CASE(what_no_present_key_vouches_for_is_broken), CASE(either_of_two_keys_vouches),
           CASE(a_row_that_was_changed_is_broken), CASE(a_row_of_another_sequence_is_broken),
           CASE(a_signed_body_that_is_none_is_broken))
