/* Bundles that no text of ours makes are not shown, whoever made them: what the text would leave
 * out nobody could see before signing. And ours are shown whole. */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

#define GUID "9d132b61-59d5-4388-ab1c-185cfcb2eb92"
#define BASE "policy base {\n}\n"
#define A "sha256:3a9c0000000000000000000000000000000000000000000000000000000000aa"
#define B "sha256:3a9c0000000000000000000000000000000000000000000000000000000000bb"

static char *shown;

/* Compiles, lets `change` do what no text can say, and shows what the reader takes of it. */
static int
show_changed(const char *text, void (*change)(struct bundle *b))
{
    static struct bundle again;
    struct bytes body = BYTES_NULL;
    int r;

    CHECK_EQ(policy_text(text), 0);
    change(&policy_bundle);
    CHECK_EQ(policy_write(&policy_bundle, &body), 0);
    check_keep((void *)(uintptr_t)body.p);
    CHECK_EQ(bundle_read(body, &again, NULL), 0);
    shown = NULL;
    r = policy_text_of(&again, body, &shown);
    CHECK((r == 0) == (shown != NULL));
    check_keep(shown);
    return r;
}

/* Record i of the set's first table anew. */
static void
put_record(struct bundle_set *set, size_t i, const struct bundle_record *record)
{
    size_t size = bundle_record_size(set->tables[0].alg);
    uint8_t *room = check_keep(malloc(set->tables[0].records.len));
    struct wr wr = wr_init(room + i * size, size);

    memcpy(room, set->tables[0].records.p, set->tables[0].records.len);
    bundle_record_write(&wr, record);
    set->tables[0].records.p = room;
}

static void
application_by_name(struct bundle *b)
{
    b->words[0].name = bytes_str("bootmgr");
}

static void
nothing(struct bundle *b)
{
    (void)b;
}

static void
named_cert(struct bundle *b)
{
    b->sets[0].name = bytes_str("cert:v");
}

static void
cert_of_version_2(struct bundle *b)
{
    b->sets[0].version = 2;
}

static void
cert_of_another_kind(struct bundle *b)
{
    struct bundle_record record = bundle_table_at(&b->sets[0].tables[0], 0);

    record.group = BUNDLE_SIG_SHA256;
    put_record(&b->sets[0], 0, &record);
}

static void
cert_published_at_noon(struct bundle *b)
{
    b->sets[0].published_s = 1767312000 + 43200;
}

/* The set of a release that also has a digest of no release, behind or before the others. */
static void
stray_record(struct bundle *b)
{
    struct bundle_record record = bundle_table_at(&b->sets[0].tables[0], 1);

    record.release = BUNDLE_NONE;
    record.position = 0;
    put_record(&b->sets[0], 1, &record);
}

/* A set of plain digests in which one is of a release, and of a group that no name has. */
static void
wild_record(struct bundle *b)
{
    struct bundle_record record = bundle_table_at(&b->sets[0].tables[0], 1);

    record.release = 0;
    record.group = 200;
    record.position = 7;
    put_record(&b->sets[0], 1, &record);
}

/* A part's second digest at a place that leaves a gap. */
static void
gap_of_positions(struct bundle *b)
{
    struct bundle_record record = bundle_table_at(&b->sets[0].tables[0], 1);

    record.position = 9;
    put_record(&b->sets[0], 1, &record);
}

static void
code_as_a_note(struct bundle *b)
{
    b->rules[0].otherwise = b->rules[0].then_effect = EFFECT_NOTE;
}

static void
group_of_a_path(struct bundle *b)
{
    b->policies[1].group = bytes_str("a/b");
}

static void
slot_of_tomorrow(struct bundle *b)
{
    b->rules[0].slot = bytes_str("npu.firmware");
}

static void
unpinned_that_is_not_marked(struct bundle *b)
{
    b->rules[0].flags = 0;
}

static const struct {
    const char *text;
    void (*change)(struct bundle *b);
} rows[] = {
    {BASE "set certs x { " A " " B " }\n", named_cert},
    {BASE "set dbx x { svn " GUID " 9.0 }\n", named_cert},
    {BASE "set dbx x { svn " GUID " 9.0 }\n", application_by_name},
    {BASE "set dbx x { " A " }\n", named_cert},
    {BASE "set certs x { " A " \"label\" }\n", named_cert},
    {BASE "set sbat x { shim 4 }\n", named_cert},
    {BASE "set file x { " A " }\n", named_cert},
    {BASE "set digests x { sha1:3a9c0000000000000000000000000000000000ff }\n", named_cert},
    {BASE "cert v " A "\n", cert_of_version_2},
    {BASE "cert v " A "\n", cert_of_another_kind},
    {BASE "cert v " A "\n", cert_published_at_noon},
    {BASE "release os a 1 { k " A " k " B " }\n", stray_record},
    {BASE "release os a 1 { k " A " k " B " }\n", gap_of_positions},
    {BASE "set digests x { " A " " B " }\nrelease os a 1 { }\n", wild_record},
    {"policy q version 1 {\n  applies class in { z } group g\n  quote sha256 pcrs "
     "0-9\n" POLICY_RULES "}\n" WITH(""),
     group_of_a_path},
    {WITH("  rule x : boot.files one-of @os.shim"), code_as_a_note},
    {WITH("  rule x : boot.files one-of @os.shim"), slot_of_tomorrow},
    {WITH("  rule x : boot.files any"), unpinned_that_is_not_marked},
};

static void
what_no_text_says_is_not_shown(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(show_changed(rows[i].text, rows[i].change), 1);
    }
}

static void
the_same_texts_unchanged_are_shown(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_EQ(show_changed(rows[i].text, nothing), 0);
    }
}

/* What would be hidden is in the text that is compared: policy_show() alone harms nothing. */
static void
a_cert_that_only_has_the_name_is_shown_as_a_set(void)
{
    static char text[4096];
    FILE *out;

    CHECK_EQ(policy_text(BASE "set dbx x { svn " GUID " 9.0 }\n"), 0);
    named_cert(&policy_bundle);
    out = fmemopen(text, sizeof(text), "w");
    CHECK(out);
    policy_show(out, &policy_bundle);
    CHECK_EQ(fclose(out), 0);
    CHECK(strstr(text, "set dbx cert:v version 1 {\n  svn " GUID " 9.0\n}") != NULL);
}

static void
bytes_of_another_bundle_are_not_its_text(void)
{
    static struct bundle one;
    struct bytes first = policy_body(BASE "set dbx x { " A " }\n");
    struct bytes second = policy_body(BASE "set dbx x { " B " }\n");
    char *text = NULL;

    CHECK_EQ(bundle_read(first, &one, NULL), 0);
    CHECK_EQ(policy_text_of(&one, second, &text), 1);
    CHECK(!text);
    CHECK_EQ(policy_text_of(&one, first, &text), 0);
    check_keep(text);
    CHECK(strstr(text, "aa\n") != NULL);
}

static void
a_bundle_that_is_too_large_is_none(void)
{
    static struct bundle large;
    static struct bundle_set set;
    const size_t n = LIMIT_BUNDLE_BYTES / bundle_record_size(HASH_SHA256) + 1;
    uint8_t *room = check_keep(calloc(n, bundle_record_size(HASH_SHA256)));
    struct bytes body = BYTES_NULL;

    large.n_policies = 1;
    large.policies[0] = (struct bundle_policy){.name = bytes_str("p"), .version = 1, .mode = 3};
    large.n_sets = 1;
    set = (struct bundle_set){.name = bytes_str("s"),
                              .version = 1,
                              .kind = BUNDLE_SET_DIGESTS,
                              .next = BUNDLE_NONE,
                              .n_tables = 1};
    set.tables[0] =
        (struct bundle_table){HASH_SHA256, n, bytes_of(room, n * bundle_record_size(HASH_SHA256))};
    large.sets[0] = set;
    CHECK_EQ(policy_write(&large, &body), 1);
    CHECK(!body.p);
}

CHECK_MAIN(CASE(what_no_text_says_is_not_shown), CASE(the_same_texts_unchanged_are_shown),
           CASE(a_cert_that_only_has_the_name_is_shown_as_a_set),
           CASE(bytes_of_another_bundle_are_not_its_text), CASE(a_bundle_that_is_too_large_is_none))
