/* The bundle's reader refuses what one change makes wrong, though each part has its form. */
#include "lib/bundle-sample.h"
#include "lib/check.h"

static struct bundle got;

static int
read_again(const struct bundle *b, struct fault *ret_fault)
{
    return bundle_read(check_guarded(bundle_sample_bytes(b)), &got, ret_fault);
}

static void
refused(const char *what, const struct bundle *b)
{
    struct fault fault = {0};

    printf("# %s\n", what);
    CHECK(bundle_sample_bytes(b).p != NULL);
    CHECK_EQ(read_again(b, &fault), 1);
    CHECK_EQ(fault.rule, RULE_WIRE_BUNDLE);
}

/* Does the change make a bundle that is refused? */
#define REFUSED(change)                     \
    do {                                    \
        struct bundle *b = bundle_sample(); \
        change;                             \
        refused(#change, b);                \
    } while (0)

#define TAKEN(change)                       \
    do {                                    \
        struct bundle *b = bundle_sample(); \
        change;                             \
        CHECK_EQ(read_again(b, NULL), 0);   \
    } while (0)

static void
the_sample_is_read_as_it_was_written(void)
{
    struct bundle *b = bundle_sample();
    struct bytes written = bundle_sample_bytes(b);

    CHECK_EQ(read_again(b, NULL), 0);
    CHECK_EQ(got.n_rules, 4);
    CHECK_EQ(got.rules[0].verb, VERB_SEQUENCE);
    CHECK_EQ(got.args[0].max, 2);
    CHECK_BYTES(got.args[1].text, bytes_str("os"));
    CHECK_EQ(got.args[1].number, 41);
    CHECK_EQ(got.policies[1].quote.mask, 0xff);
    CHECK_EQ(got.sets[1].next, 2);
    CHECK_EQ(got.sets[0].next, BUNDLE_NONE);
    CHECK_EQ(got.imas[0].unknown_then, EFFECT_FAIL);
    CHECK_BYTES(bundle_sample_bytes(&got), written);
}

static void
every_truncation_and_a_byte_more_is_refused(void)
{
    struct bytes whole = bundle_sample_bytes(bundle_sample());
    static uint8_t more[8192];

    for (size_t n = 0; n < whole.len; n++) {
        CHECK_EQ(bundle_read(check_guarded(bytes_of(whole.p, n)), &got, NULL), 1);
    }
    memcpy(more, whole.p, whole.len);
    CHECK_EQ(bundle_read(bytes_of(more, whole.len + 1), &got, NULL), 1);
}

static void
another_schema_is_told_as_such(void)
{
    struct fault fault;

    CHECK_EQ(bundle_read(check_hex("a1 01 02"), &got, &fault), 1);
    CHECK_EQ(fault.rule, RULE_BUNDLE_SCHEMA);
    CHECK_EQ(rule_reason(fault.rule), REASON_SCHEMA_UNSUPPORTED);
    CHECK_EQ(bundle_read(check_hex("a1 01 61 31"), &got, &fault), 1);
    CHECK_EQ(fault.rule, RULE_WIRE_BUNDLE);
}

static void
indices_must_be_in_range(void)
{
    REFUSED(b->args[0].index = 5);
    REFUSED(b->args[2].index = 1);
    REFUSED(b->args[3].index = 1);
    REFUSED(b->releases[0].cmdline = 1);
    REFUSED(b->items[3].set = 6);
    REFUSED(b->sets[1].next = 6);
    REFUSED(b->n_labels = 1);
    REFUSED(b->n_releases = 0);
    REFUSED(b->n_cmdlines = 0);
}

static void
an_index_names_the_right_kind(void)
{
    REFUSED(b->args[0].index = 3); /* certificates as digests */
    REFUSED(b->items[4].set = 0);  /* digests as keys */
    REFUSED(b->items[3].set = 3);  /* certificates as digests */
    REFUSED(b->items[3].set = 5);  /* keys as digests */
    REFUSED(b->args[0].index = 5);
    REFUSED(b->sets[1].next = 0);               /* a successor that is no baseline */
    REFUSED(b->sets[2].next = 1);               /* a circle */
    REFUSED(b->sets[1].next = 1);               /* of itself */
    REFUSED(b->rules[0].verb = VERB_SIGNED_BY); /* with list bounds in its argument */
    TAKEN((b->args[1] = (struct bundle_arg){.index = 4, .number = 7}));
    REFUSED((b->args[1] = (struct bundle_arg){.index = 3, .number = 7}));
}

static void
names_are_unique_and_ascend(void)
{
    REFUSED(b->policies[1].name = bytes_str("base"));
    REFUSED(b->sets[1].name = bytes_str("os.kernel"));
    REFUSED(b->sets[4].name = bytes_str("a"));
    REFUSED(b->rules[1].id = bytes_str("chain"));
    REFUSED(b->labels[1] = bytes_str("6.12.48"));
    REFUSED(b->words[1].name = bytes_str("grub"));
    REFUSED(b->n_releases = 2; b->releases[1] = b->releases[0]);
    REFUSED(b->n_cmdlines = 2; b->cmdlines[1] = b->cmdlines[0]);
    REFUSED(b->n_imas = 2; b->imas[1] = b->imas[0]);
    REFUSED(b->policies[1].n_classes = 2; b->policies[1].classes[1] = bytes_str("t14g3"));
}

static void
a_class_has_one_policy(void)
{
    struct bundle *b = bundle_sample();

    b->n_policies = 3;
    b->policies[2] = b->policies[1];
    b->policies[2].name = bytes_str("other");
    refused("the same class in two policies", b);
    b->policies[2].classes[0] = bytes_str("x13");
    for (size_t i = 0; i < 4; i++) {
        b->rules[4 + i] = b->rules[i];
        b->rules[4 + i].first_arg += 4;
        b->args[4 + i] = b->args[i];
    }
    CHECK_EQ(read_again(b, NULL), 0);
    CHECK(bundle_policy_of(&got, bytes_str("x13"), BYTES_NULL) == &got.policies[2]);
    CHECK(bundle_policy_of(&got, bytes_str("t14g3"), BYTES_NULL) == &got.policies[1]);
    CHECK(bundle_policy_of(&got, bytes_str("base"), BYTES_NULL) == NULL);
    CHECK(bundle_policy_of(&got, bytes_str("x13"), bytes_str("g")) == NULL);
}

/* The sample's policy of t14g3 under another name behind it. */
static void
twin_policy(struct bundle *b, size_t at, const char *name)
{
    b->n_policies = at + 1;
    b->policies[at] = b->policies[1];
    b->policies[at].name = bytes_str(name);
}

/* A class has one policy, and one for each group; those of a group are for nobody else. */
static void
a_class_has_one_policy_for_each_group(void)
{
    struct bundle *b = bundle_sample();

    twin_policy(b, 2, "other");
    b->policies[2].group = bytes_str("g");
    CHECK_EQ(read_again(b, NULL), 0);
    CHECK(bundle_policy_of(&got, bytes_str("t14g3"), BYTES_NULL) == &got.policies[1]);
    CHECK(bundle_policy_of(&got, bytes_str("t14g3"), bytes_str("g")) == &got.policies[2]);
    CHECK(bundle_policy_of(&got, bytes_str("t14g3"), bytes_str("h")) == NULL);
    b->policies[1].group = bytes_str("g");
    refused("the same class and group in two policies", b);
    b->policies[1].group = bytes_str("h");
    CHECK_EQ(read_again(b, NULL), 0);
    b->policies[0].group = bytes_str("g");
    refused("a base for a group", b);
}

/* The name of what is chosen for class t14g3 in these groups. */
static const char *
choice(const struct bundle *b, size_t n, const char *const *names)
{
    static const char *const kinds[] = {"none", "one", "apart", "two"};
    static char text[32];
    const struct bundle_policy *found[2];
    struct bytes groups[4];
    enum bundle_choice r;

    for (size_t i = 0; i < n; i++) {
        groups[i] = bytes_str(names[i]);
    }
    r = bundle_choose(b, bytes_str("t14g3"), groups, n, found);
    CHECK_EQ(found[0] != NULL, r == BUNDLE_CHOICE_ONE || r == BUNDLE_CHOICE_TWO);
    CHECK_EQ(found[1] != NULL, r == BUNDLE_CHOICE_TWO);
    snprintf(text, sizeof(text), "%s%s%.*s", kinds[r], found[0] ? " " : "",
             found[0] ? (int)found[0]->name.len : 0,
             found[0] ? (const char *)found[0]->name.p : "");
    return text;
}

#define CHOICE(...)                                                   \
    choice(b, ARRAY_LEN(((const char *const[]){"-", ##__VA_ARGS__})), \
           ((const char *const[]){"-", ##__VA_ARGS__}))

static void
a_policy_of_a_group_comes_before_that_of_the_class(void)
{
    struct bundle *b = bundle_sample();
    const struct bundle_policy *found[2];

    CHECK_STR(CHOICE("g"), "one laptop");
    twin_policy(b, 2, "of-g");
    twin_policy(b, 3, "of-h");
    b->policies[2].group = bytes_str("g");
    b->policies[3].group = bytes_str("h");
    CHECK_STR(CHOICE(), "one laptop");
    CHECK_STR(CHOICE("g"), "one of-g");
    CHECK_STR(CHOICE("x", "h"), "one of-h");
    CHECK_STR(CHOICE("g", "h"), "two of-g");
    CHECK_EQ(bundle_choose(b, bytes_str("x13"), NULL, 0, found), BUNDLE_CHOICE_NONE);
    /* one that is off is not asked */
    b->policies[2].mode = BUNDLE_MODE_OFF;
    CHECK_STR(CHOICE("g"), "one laptop");
    CHECK_STR(CHOICE("g", "h"), "one of-h");
    b->policies[1].mode = BUNDLE_MODE_OFF;
    CHECK_STR(CHOICE("g"), "none"); /* the bundle's own word: the class is not judged by it */
    CHECK_STR(CHOICE("h"), "one of-h");
}

static void
a_class_of_groups_alone_has_nothing_for_the_others(void)
{
    struct bundle *b = bundle_sample();

    b->policies[1].group = bytes_str("g");
    CHECK_STR(CHOICE(), "apart");
    CHECK_STR(CHOICE("h"), "apart");
    CHECK_STR(CHOICE("g"), "one laptop");
    b->policies[1].mode = BUNDLE_MODE_OFF;
    CHECK_STR(CHOICE("g"), "none");
    CHECK_STR(CHOICE(), "none");
}

static void
names_and_texts_are_safe_to_print(void)
{
    REFUSED(b->policies[1].name = bytes_str("lap top"));
    REFUSED(b->policies[1].name = bytes_str("laptop\n"));
    REFUSED(b->policies[1].name = bytes_str("laptop\""));
    REFUSED(b->rules[0].slot = bytes_str("b\xc3\xb6ot"));
    REFUSED(b->labels[0] = bytes_str("6\"12"));
    REFUSED(b->labels[0] = bytes_str("6\x1b[2J"));
    REFUSED(b->labels[0] = bytes_str("6\x7f"));
    REFUSED(b->items[0].text = bytes_str("ro quiet"));
    TAKEN(b->labels[0] = bytes_str("6 \\vmlinuz-6.12"));
    REFUSED(b->policies[1].name = bytes_str("laptop7890123456789012345678901234567890123456789"));
}

static void
a_flag_stands_only_with_its_verb(void)
{
    REFUSED(b->rules[0].flags = RULE_WHOLE);
    REFUSED(b->rules[1].flags = RULE_PREFIX_OK);
    REFUSED(b->rules[0].flags = RULE_UNPINNED);
    REFUSED(b->rules[2].flags = RULE_SAME_RELEASE);
    REFUSED(b->rules[0].or_pin = 1);
    REFUSED(b->rules[0].flags = 16);
    TAKEN(b->rules[0].flags = RULE_PREFIX_OK | RULE_SAME_RELEASE);
    TAKEN(b->rules[0].verb = VERB_ONE_OF; b->args[0].min = 1; b->args[0].max = 1;
          b->rules[0].or_pin = 3);
    REFUSED(b->rules[0].verb = VERB_ONE_OF; b->args[0].max = 1; b->rules[0].or_pin = 3;
            b->rules[0].flags = RULE_WHOLE);
}

static void
arguments_are_those_of_the_verb(void)
{
    REFUSED(b->rules[0].verb = VERB_ANY);
    REFUSED(b->rules[0].verb = VERB_IS);
    REFUSED(b->rules[0].n_args = 0);
    REFUSED(b->rules[2].n_args = 2);
    REFUSED(b->args[0].text = bytes_str("both"));
    REFUSED(b->args[0].min = 3);
    REFUSED(b->args[0].min = 0; b->args[0].max = 0);
    TAKEN(b->args[0].min = LIMIT_RULE_TIMES; b->args[0].max = LIMIT_RULE_TIMES);
    REFUSED(b->args[0].max = LIMIT_RULE_TIMES + 1); /* more than the judge counts */
    REFUSED(b->args[1].number = 0);
    REFUSED((b->args[1].index = 4));
    REFUSED(b->args[1].text = bytes_str("o s"));
    REFUSED(b->rules[0].verb = (enum bundle_verb)17);
    REFUSED(b->rules[0].count_min = 3);
    TAKEN(b->args[0].min = 0);
}

static void
a_span_ends_in_something_worse(void)
{
    REFUSED(b->rules[0].for_s = 60);
    REFUSED(b->rules[0].for_s = 60; b->rules[0].otherwise = EFFECT_WARN;
            b->rules[0].then_effect = EFFECT_NOTE);
    TAKEN(b->rules[0].for_s = 60; b->rules[0].otherwise = EFFECT_NOTE;
          b->rules[0].then_effect = EFFECT_WARN);
    CHECK_EQ(got.rules[0].then_effect, EFFECT_WARN);
    TAKEN(b->rules[0].otherwise = EFFECT_WARN);
    CHECK_EQ(got.rules[0].then_effect, EFFECT_WARN);
    REFUSED(b->imas[0].unknown_for_s = 60);
    REFUSED(b->imas[0].unknown_pending = true);
    REFUSED(b->imas[0].violations = EFFECT_WARN);
    REFUSED(b->imas[0].violations_max = 3);
    TAKEN(b->imas[0].violations = EFFECT_WARN; b->imas[0].violations_max = 3);
}

static void
an_applied_policy_quotes_and_rules(void)
{
    REFUSED(b->policies[1].quote.mask = 0);
    REFUSED(b->policies[1].n_rules = 0; b->n_rules = 0);
    REFUSED(b->policies[1].token_floor = 3);
    REFUSED(b->policies[1].mode = (enum bundle_mode)0);
    REFUSED(b->policies[1].version = 0);
    REFUSED(b->policies[1].fresh_else = EFFECT_WARN);
    REFUSED(b->n_policies = 0);
    TAKEN(b->policies[1].fresh_else = EFFECT_WARN; b->policies[1].fresh_boot_s = 60);
    CHECK(!got.policies[1].exit_events_optional);
    TAKEN(b->policies[1].exit_events_optional = true);
    CHECK(got.policies[1].exit_events_optional && !got.policies[0].exit_events_optional);
}

static void
a_set_has_members_and_those_of_its_kind(void)
{
    REFUSED(b->sets[0].n_tables = 0);
    REFUSED(b->sets[4].n_words = 0);
    REFUSED(b->sets[0].kind = BUNDLE_SET_FILE);
    REFUSED(b->sets[0].kind = BUNDLE_SET_CERTS);
    REFUSED(b->sets[3].kind = BUNDLE_SET_DIGESTS);
    REFUSED(b->sets[4].kind = BUNDLE_SET_ADVISORIES);
    REFUSED(b->sets[0].next = 1);
    REFUSED(b->sets[0].file = BYTES_OF(((uint8_t[32]){1})));
    REFUSED(b->words[0].number = 0);
    REFUSED(b->sets[0].version = 0);
}

static void
keys_ascend_and_stand_in_a_set_of_theirs(void)
{
    static const uint8_t longest[LIMIT_BUNDLE_SPKI + 1] = {0x31};

    TAKEN((void)b);
    CHECK_EQ(got.n_keys, 3);
    CHECK_EQ(got.sets[5].n_keys, 3);
    CHECK_EQ(got.keys[2].id, UINT32_MAX);
    CHECK_BYTES(got.keys[1].spki, check_hex("300205"));
    REFUSED(b->sets[5].n_keys = 0);
    REFUSED(b->sets[5].kind = BUNDLE_SET_FILE);
    REFUSED(b->sets[5].n_tables = 1; b->sets[5].tables[0] = b->sets[0].tables[0]);
    REFUSED(b->sets[5].next = 1);
    REFUSED(b->sets[5].file = BYTES_OF(((uint8_t[32]){1})));
    REFUSED(b->sets[4].first_key = 0; b->sets[4].n_keys = 1);
    REFUSED(b->keys[0].id = UINT32_MAX);
    REFUSED(b->keys[1].spki.len = 4);
    REFUSED(b->keys[0].spki.len = 0);
    TAKEN(b->keys[2].spki = bytes_of(longest, LIMIT_BUNDLE_SPKI));
    REFUSED(b->keys[2].spki = BYTES_OF(longest));
    REFUSED(b->items[4].set = 3); /* certificates, of which only digests are known */
}

static void
records_agree_with_their_releases(void)
{
    REFUSED(b->releases[0].state = BUNDLE_REVOKED);
    REFUSED(b->releases[0].state = (enum bundle_state)6);
    REFUSED(b->releases[0].retire_s = 999);
    REFUSED(b->releases[0].overlap_s = 60);
    REFUSED(b->releases[0].overlap_s = 60; b->releases[0].replaces = bytes_str("0");
            b->releases[0].active_s = 0);
    TAKEN(b->releases[0].overlap_s = 60; b->releases[0].replaces = bytes_str("0"));
}

static void
an_advisory_names_a_maker_and_its_versions(void)
{
    REFUSED(b->advisories[1].vendor = 0);
    REFUSED(b->advisories[1].vendor = 0x53544d20); /* a blank at its end */
    REFUSED(b->advisories[1].n_spans = 0);
    REFUSED(b->advisories[1].spans[0].first = 21);
    REFUSED(b->advisories[1].spans[0].last = 22);
    REFUSED(b->advisories[1].spans[0].last = 21); /* touches the next */
    REFUSED(b->advisories[1].spans[1].first = b->advisories[1].spans[1].last = 9);
    REFUSED(b->advisories[0].n_spans = 2);
    REFUSED(b->advisories[1].severity = 0);
    REFUSED(b->advisories[1].severity = SEVERITY_MAX + 1);
    REFUSED(b->advisories[1].cves[1] = bytes_str("CVE-1"));
    REFUSED(b->advisories[1].cves[1] = bytes_str("CVE 2"));
    REFUSED(b->advisories[1].effect = bytes_str("\"quoted\""));
    REFUSED(b->advisories[1].name = BYTES_NULL);
    REFUSED(b->advisories[1].name = bytes_str("dos"));
    REFUSED(b->advisories[1].name = bytes_str("a"));
    TAKEN(b->advisories[1].n_cves = 0);
    TAKEN(b->advisories[1].effect = BYTES_NULL);
    TAKEN(b->n_advisories = 0);
    TAKEN(b->advisories[1].spans[1].last = UINT64_MAX);
    CHECK_EQ(got.n_advisories, 2);
    CHECK(got.advisories[0].spans[0].first == 0 && got.advisories[0].spans[0].last == UINT64_MAX);
    CHECK(got.advisories[1].spans[1].last == UINT64_MAX);
    CHECK_EQ(got.advisories[1].vendor, 0x49465800);
    CHECK_BYTES(got.advisories[1].cves[1], bytes_str("CVE-2"));
}

/* Two records in one table. */
static struct bytes
pair(const char *first, const char *second)
{
    char text[256];

    snprintf(text, sizeof(text), "%064d%s%064d%s", 1, first, 1, second);
    return check_hex(text);
}

static void
records_are_ordered_and_well_formed(void)
{
    static const struct {
        const char *first, *second;
        int r;
    } cases[] = {
        {"0000000002000000", "0000000102000000", 0}, {"0000000102000000", "0000000002000000", 1},
        {"0000000002000000", "0000000002000000", 1}, {"0000000000000000", "0000000102000000", 1},
        {"0000000006000000", "0000000102000000", 1}, {"0000000002020000", "0000000102000000", 1},
        {"0000000002000000", "ffff0000020000ff", 1}, {"0000000002000000", "ffff00000200ffff", 0},
        {"0000000002000000", "ffff00010200ffff", 1}, {"0000000002000000", "ffff01000200ffff", 1},
        {"0000000002000000", "ffff00000201ffff", 1}, {"0000000002000000", "0001000002000000", 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bundle *b = bundle_sample();

        b->sets[0].tables[0].records = pair(cases[i].first, cases[i].second);
        printf("# %zu\n", i);
        CHECK_EQ(read_again(b, NULL), cases[i].r);
    }
}

/* What of a certificate is not active would be allowed all the same: no verb asks. */
static void
certificates_are_active(void)
{
    static const struct {
        const char *tail;
        int r;
    } cases[] = {
        {"ffff01000200ffff", 0}, {"ffff01000100ffff", 1}, {"ffff01000300ffff", 1},
        {"ffff01000400ffff", 1}, {"ffff01000500ffff", 1}, {"ffff00000200ffff", 1},
        {"ffff04000200ffff", 1}, {"ffff01010200ffff", 1}, {"ffff01000201ffff", 1},
        {"000001000200ffff", 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bundle *b = bundle_sample();
        char text[128];

        snprintf(text, sizeof(text), "%064d%s", 3, cases[i].tail);
        b->sets[3].tables[0].records = check_hex(text);
        printf("# %zu\n", i);
        CHECK_EQ(read_again(b, NULL), cases[i].r);
    }
}

static void
a_table_is_whole_and_in_its_place(void)
{
    REFUSED(b->sets[0].tables[0].records.len--);
    REFUSED(b->sets[0].tables[0].records.len = 0);
    REFUSED(b->sets[0].tables[0].alg = HASH_SHA1);
    REFUSED(b->sets[0].tables[1] = b->sets[0].tables[0]; b->sets[0].n_tables = 2);
    REFUSED(b->sets[3].tables[0].alg = HASH_SM3_256);
}

static void
digests_are_found(void)
{
    struct bundle *b = bundle_sample();
    size_t first = 77;
    uint8_t digest[32];

    b->sets[0].tables[0].records = pair("0000000002000000", "0000000102000000");
    CHECK_EQ(read_again(b, NULL), 0);
    memcpy(digest, b->sets[0].tables[0].records.p, sizeof(digest));
    CHECK_EQ(bundle_table_find(&got.sets[0].tables[0], BYTES_OF(digest), &first), 2);
    CHECK_EQ(first, 0);
    CHECK_EQ(bundle_table_at(&got.sets[0].tables[0], 1).position, 1);
    CHECK_EQ(bundle_table_at(&got.sets[0].tables[0], 1).label, 0);
    first = 77;
    CHECK_EQ(bundle_table_find(&got.sets[0].tables[0], bytes_of(digest, 31), &first), 0);
    digest[31] ^= 2;
    CHECK_EQ(bundle_table_find(&got.sets[0].tables[0], BYTES_OF(digest), &first), 0);
    CHECK_EQ(first, 77);
    CHECK(bundle_set_table(&got.sets[0], HASH_SHA256) == &got.sets[0].tables[0]);
    CHECK(bundle_set_table(&got.sets[0], HASH_SHA384) == NULL);
    CHECK_EQ(bundle_set_named(&got, bytes_str("sbat:7")), 4);
    CHECK_EQ(bundle_set_named(&got, bytes_str("sbat:8")), BUNDLE_NONE);
}

static void
numbers_and_names_of_enums_go_both_ways(void)
{
    for (int i = 1; i <= VERB_MAX; i++) {
        const char *name = bundle_verb_name((enum bundle_verb)i);

        CHECK(name != NULL);
        CHECK_EQ(bundle_verb_from(bytes_str(name)), i);
    }
    CHECK(bundle_verb_name((enum bundle_verb)0) == NULL);
    CHECK_EQ(bundle_verb_from(bytes_str("accept")), VERB_NONE);
    CHECK_EQ(bundle_verb_args((enum bundle_verb)99), ARGS_NONE);
    CHECK_EQ(bundle_verb_flags((enum bundle_verb)99), 0);
    for (int i = 1; i <= BUNDLE_STATE_MAX; i++) {
        CHECK_EQ(bundle_state_from(bytes_str(bundle_state_name((enum bundle_state)i))), i);
    }
    CHECK(bundle_state_rank(BUNDLE_ACTIVE) > bundle_state_rank(BUNDLE_RETIRING));
    CHECK(bundle_state_rank(BUNDLE_RETIRING) > bundle_state_rank(BUNDLE_STAGED));
    CHECK(bundle_state_rank(BUNDLE_STAGED) > bundle_state_rank(BUNDLE_RETIRED));
    CHECK(bundle_state_rank(BUNDLE_RETIRED) > bundle_state_rank(BUNDLE_REVOKED));
    CHECK_EQ(bundle_state_rank(BUNDLE_REVOKED), 0);
    for (int i = 1; i <= BUNDLE_SET_KIND_MAX; i++) {
        CHECK_EQ(bundle_set_kind_from(bytes_str(bundle_set_kind_name((enum bundle_set_kind)i))), i);
    }
    for (int i = 1; i <= SEVERITY_MAX; i++) {
        CHECK_EQ(bundle_severity_from(bytes_str(bundle_severity_name((enum bundle_severity)i))), i);
    }
    CHECK_STR(bundle_severity_name((enum bundle_severity)0), "unknown");
    CHECK_EQ(bundle_severity_from(bytes_str("grave")), 0);
    CHECK_STR(bundle_state_name((enum bundle_state)0), "unknown");
    CHECK_STR(bundle_set_kind_name((enum bundle_set_kind)8), "unknown");
    CHECK_EQ(bundle_state_from(bytes_str("")), 0);
    CHECK(!bundle_item_fits(ITEM_REQUIRE, ARGS_SET));
}

CHECK_MAIN(CASE(the_sample_is_read_as_it_was_written),
           CASE(every_truncation_and_a_byte_more_is_refused), CASE(another_schema_is_told_as_such),
           CASE(indices_must_be_in_range), CASE(an_index_names_the_right_kind),
           CASE(names_are_unique_and_ascend), CASE(a_class_has_one_policy),
           CASE(a_class_has_one_policy_for_each_group),
           CASE(a_policy_of_a_group_comes_before_that_of_the_class),
           CASE(a_class_of_groups_alone_has_nothing_for_the_others),
           CASE(names_and_texts_are_safe_to_print), CASE(a_flag_stands_only_with_its_verb),
           CASE(arguments_are_those_of_the_verb), CASE(a_span_ends_in_something_worse),
           CASE(an_applied_policy_quotes_and_rules), CASE(a_set_has_members_and_those_of_its_kind),
           CASE(keys_ascend_and_stand_in_a_set_of_theirs),
           CASE(an_advisory_names_a_maker_and_its_versions),
           CASE(records_agree_with_their_releases), CASE(records_are_ordered_and_well_formed),
           CASE(certificates_are_active), CASE(a_table_is_whole_and_in_its_place),
           CASE(digests_are_found), CASE(numbers_and_names_of_enums_go_both_ways))
