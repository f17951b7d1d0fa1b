/* assay policy publish, policy active: the bundle that the keeper judges by. */
#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/text.h"
#include "keeper/control-say.h"
#include "keeper/policies.h"

enum { ERROR_ROOM = 400 };

static const char *const states[] = {
    [POLICIES_NONE] = "none",
    [POLICIES_READY] = "ready",
    [POLICIES_BROKEN] = "broken",
    [POLICIES_EXPIRED] = "expired",
};

static uint64_t
now_s(const struct keeper *keeper)
{
    return (uint64_t)(keeper->clock->utc_ms(keeper->clock->context) / 1000);
}

static void
say_int(struct json_wr *json, const char *key, int64_t value)
{
    json_wr_key(json, key);
    json_wr_int(json, value);
}

static void
say_state(struct control *control, enum policies_state state, const struct policies_info *info)
{
    json_wr_key(&control->json, "state");
    json_wr_str(&control->json, states[state]);
    say_int(&control->json, "sequence", (int64_t)info->sequence);
}

void
say_policies(struct control *control)
{
    const struct policies *policies = control->keeper->policies;
    struct policies_info info;

    policies_info(policies, &info);
    json_wr_key(&control->json, "policy");
    json_wr_object(&control->json);
    say_state(control, policies_state(policies, now_s(control->keeper)), &info);
    json_wr_end_object(&control->json);
}

static const char *
mode_name(enum bundle_mode mode)
{
    return mode == BUNDLE_MODE_OFF ? "off" : mode == BUNDLE_MODE_OBSERVE ? "observe" : "enforce";
}

static void
say_policy(struct json_wr *json, const struct bundle_policy *policy)
{
    json_wr_object(json);
    json_wr_key(json, "name");
    json_wr_text(json, policy->name);
    say_int(json, "version", policy->version);
    json_wr_key(json, "mode");
    json_wr_str(json, mode_name(policy->mode));
    json_wr_key(json, "classes");
    json_wr_array(json);
    for (size_t i = 0; i < policy->n_classes; i++) {
        json_wr_text(json, policy->classes[i]);
    }
    json_wr_end_array(json);
    if (policy->group.len > 0) {
        json_wr_key(json, "group");
        json_wr_text(json, policy->group);
    }
    say_int(json, "rules", (int64_t)policy->n_rules);
    json_wr_end_object(json);
}

static void
say_book(struct json_wr *json, const struct rulebook *book)
{
    const struct bundle *bundle = rulebook_bundle(book);
    size_t n_digests = 0;

    for (size_t i = 0; i < bundle->n_sets; i++) {
        for (size_t k = 0; k < bundle->sets[i].n_tables; k++) {
            n_digests += bundle->sets[i].tables[k].n;
        }
    }
    say_int(json, "sets", (int64_t)bundle->n_sets);
    say_int(json, "digests", (int64_t)n_digests);
    json_wr_key(json, "policies");
    json_wr_array(json);
    for (size_t i = 0; i < bundle->n_policies; i++) {
        say_policy(json, &bundle->policies[i]);
    }
    json_wr_end_array(json);
}

int
control_policy_active(struct control *control)
{
    const struct policies *policies = control->keeper->policies;
    enum policies_state state = policies_state(policies, now_s(control->keeper));
    struct json_wr *json = &control->json;
    struct policies_info info;
    char room[RULE_NAME_MAX];

    policies_info(policies, &info);
    json_wr_object(json);
    say_state(control, state, &info);
    say_int(json, "keys", (int64_t)policies_keys(policies));
    if (state != POLICIES_NONE) {
        say_int(json, "issued_s", (int64_t)info.issued_s);
        say_int(json, "not_after_s", (int64_t)info.not_after_s);
        say_int(json, "loaded_ms", info.loaded_ms);
        control_hex(control, "digest", BYTES_OF(info.digest));
    }
    if (state == POLICIES_BROKEN) {
        json_wr_key(json, "rule");
        json_wr_str(json, rule_name(info.why, room));
        json_wr_key(json, "why");
        json_wr_str(json, rule_text(info.why));
    } else if (state != POLICIES_NONE) {
        say_book(json, policies_book(policies));
    }
    json_wr_end_object(json);
    return CONTROL_YES;
}

/* What to do about a bundle that breaks a rule. */
static const char *
remedy(enum rule rule)
{
    switch (rule) {
    case RULE_BUNDLE_SIGNATURE:
        return "sign it with a policy key of this site: assay key list";
    case RULE_BUNDLE_BACK:
        return "sign it with a higher sequence than assay policy active shows";
    case RULE_BUNDLE_LATE:
        return "look at its --not-after, and compare the clocks here and where it was signed";
    case RULE_BUNDLE_SCHEMA:
    case RULE_BUNDLE_SLOT:
        return "compile it with this verifier's version of assay";
    case RULE_BUNDLE_EMPTY:
        return "give the policy a rule for each slot that needs one, or do not quote its PCR";
    default:
        return "compile and sign it again";
    }
}

static int
refuse(struct control *control, const struct fault *fault)
{
    char name[RULE_NAME_MAX];
    char text[ERROR_ROOM];

    snprintf(text, sizeof(text), "%s (%d %s): %s", rule_text(fault->rule),
             (int)rule_reason(fault->rule), reason_name(rule_reason(fault->rule)),
             remedy(fault->rule));
    return control_error(control, rule_name(fault->rule, name), text);
}

/* What the operator's client says of its test, for the audit row: it is the word of somebody who
 * may also say that there was none. */
struct test {
    bool made;
    bool has_old; /* it was compared with this bundle */
    uint8_t old[32];
    uint32_t numbers[4]; /* judged, not judged, worse, without a token any more */
    struct bytes why;    /* the reason for publishing; empty: none is given */
};

enum { TEST_WORDS = 6 };

static bool
read_number(struct bytes word, uint32_t *ret)
{
    uint32_t value = 0;

    if (word.len == 0 || word.len > 9) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (word.p[i] < '0' || word.p[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(word.p[i] - '0');
    }
    *ret = value;
    return true;
}

/* "untested", or "tested" OLD JUDGED NOT-JUDGED WORSE FAILS, where OLD is a digest or "none"; then
 * the reason, if one is given. */
static bool
read_test(const struct control_words *words, struct test *ret)
{
    size_t len = 0;

    *ret = (struct test){.made = words->n >= TEST_WORDS};
    if (!ret->made) {
        ret->why = words->n == 2 ? words->words[1] : BYTES_NULL;
        return words->n <= 2 && bytes_equal(words->words[0], bytes_str("untested"));
    }
    ret->why = words->n > TEST_WORDS ? words->words[TEST_WORDS] : BYTES_NULL;
    ret->has_old = !bytes_equal(words->words[1], bytes_str("none"));
    if (!bytes_equal(words->words[0], bytes_str("tested")) ||
        (ret->has_old && (hex_read(words->words[1], ret->old, sizeof(ret->old), &len) != 0 ||
                          len != sizeof(ret->old)))) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(ret->numbers); i++) {
        if (!read_number(words->words[2 + i], &ret->numbers[i])) {
            return false;
        }
    }
    return true;
}

/* Whether what counts now is what the test compared with. */
static bool
still_so(const struct policies *policies, const struct test *test)
{
    struct policies_info info;

    policies_info(policies, &info);
    return test->has_old == (policies_state(policies, 0) != POLICIES_NONE) &&
           (!test->has_old || memcmp(info.digest, test->old, sizeof(test->old)) == 0);
}

/* Who published which bundle, what a test of it showed and, where a reason was given, why; then
 * what it does to releases. */
static void
audit(struct control *control, const struct policies_info *info, const struct test *test)
{
    const struct policies *policies = control->keeper->policies;
    const struct rulebook *was = policies_book(policies);
    char why[TEXT_QUOTED_ROOM(STORE_TEXT_MAX)] = "";
    char said[200];
    char text[sizeof(why) + 320];
    char hex[65];
    char old[65];

    (void)text_escaped(why, sizeof(why), test->why);
    snprintf(said, sizeof(said),
             "tested against %s%s: %u judged, %u not judged, %u worse, %u without a token",
             test->has_old ? "sha256:" : "reference events",
             test->has_old ? hex_write(old, BYTES_OF(test->old)) : "", test->numbers[0],
             test->numbers[1], test->numbers[2], test->numbers[3]);
    snprintf(text, sizeof(text), "bundle %" PRIu64 " sha256:%s %s%s%s", info->sequence,
             hex_write(hex, BYTES_OF(info->digest)), test->made ? said : "untested",
             why[0] ? ": " : "", why);
    keeper_audit(control->keeper, "policy", NULL, control->actor, text);
    control_releases_audit(control, was ? rulebook_bundle(was) : NULL,
                           rulebook_bundle(policies_taken(policies)), info->sequence);
}

static int
say_published(struct control *control, const struct policies_info *info, bool fresh,
              const struct test *test)
{
    struct json_wr *json = &control->json;

    json_wr_object(json);
    json_wr_key(json, "published");
    json_wr_bool(json, fresh);
    say_int(json, "sequence", (int64_t)info->sequence);
    say_int(json, "not_after_s", (int64_t)info->not_after_s);
    control_hex(control, "digest", BYTES_OF(info->digest));
    json_wr_end_object(json);
    if (fresh) {
        audit(control, info, test);
    }
    return CONTROL_YES;
}

static int
publish(struct control *control, const struct test *test)
{
    struct keeper *keeper = control->keeper;
    const struct policies_offer offer = {control->file->bytes,
                                         keeper->clock->utc_ms(keeper->clock->context)};
    struct policies_info info;
    struct fault fault;
    int r =
        policies_publish(keeper->policies, keeper->store, keeper->hasher, &offer, &info, &fault);

    switch (r) {
    case POLICIES_TAKEN:
    case POLICIES_SAME:
        return say_published(control, &info, r == POLICIES_TAKEN, test);
    case POLICIES_E_RULE:
        return refuse(control, &fault);
    case POLICIES_E_TWIN:
        return control_error(control, "sequence",
                             "another bundle of this sequence was published: sign this one with a "
                             "higher sequence than assay policy active shows");
    case POLICIES_E_KEYLESS:
        return control_error(control, "key",
                             "this site has no policy key: assay key rotate policy makes one");
    case POLICIES_E_BUSY:
        return control_error(control, "busy", "another bundle is just being published: once more");
    default:
        return control_broke(control, r);
    }
}

int
control_policy_publish(struct control *control)
{
    struct test test;

    if (!read_test(&control->words, &test)) {
        (void)control_error(control, "untested",
                            "say what a test of the bundle showed, or --untested, that it is "
                            "published without one");
        return CONTROL_USAGE;
    }
    if (test.why.len >= STORE_TEXT_MAX) {
        return control_error(control, "why", "give a reason of at most 127 characters");
    }
    if (test.made && !still_so(control->keeper->policies, &test)) {
        return control_error(control, "tested",
                             "another bundle was published since it was tested: test it once more");
    }
    if (control->file->full) {
        return control_error(control, "busy", "others are publishing just now: once more");
    }
    if (!control->file->there) {
        (void)control_error(control, "file", "no bundle came with the command");
        return CONTROL_USAGE;
    }
    return publish(control, &test);
}
