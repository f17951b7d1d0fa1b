#include "lib/store-make.h"

static struct store_class
whole_class(const char *name)
{
    struct store_class row = {
        .bank = HASH_SHA384,
        .pcr_mask = 0xff80ff,
        .interval_s = 300,
        .evidence_max = 2 * 1024 * 1024,
        .need_ek_chain = true,
        .allow_no_nonce = true,
        .audiences = "api.example vpn.example",
    };

    snprintf(row.name, sizeof(row.name), "%s", name);
    return row;
}

static void
check_class(const struct store_class *a, const struct store_class *b)
{
    CHECK_STR(a->name, b->name);
    CHECK_EQ(a->bank, b->bank);
    CHECK_EQ(a->pcr_mask, b->pcr_mask);
    CHECK_EQ(a->interval_s, b->interval_s);
    CHECK_EQ(a->evidence_max, b->evidence_max);
    CHECK_EQ(a->need_ek_chain, b->need_ek_chain);
    CHECK_EQ(a->allow_sha1, b->allow_sha1);
    CHECK_EQ(a->allow_no_nonce, b->allow_no_nonce);
    CHECK_STR(a->audiences, b->audiences);
}

static void
a_class_comes_back_whole(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_class want = whole_class("gateways");
    struct store_class seen = {.interval_s = 42};

    CHECK_EQ(store_class_get(store, "gateways", &seen), STORE_NONE);
    CHECK_EQ(seen.interval_s, 42);
    CHECK_EQ(store_class_put(store, &want), 0);
    CHECK_EQ(store_class_get(store, "gateways", &seen), 0);
    check_class(&seen, &want);
    want = (struct store_class){.name = "gateways", .bank = HASH_SHA1, .allow_sha1 = true};
    CHECK_EQ(store_class_put(store, &want), 0);
    CHECK_EQ(store_class_get(store, "gateways", &seen), 0);
    check_class(&seen, &want);
}

static void
classes_out_of_range_are_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_class row = whole_class("");

    CHECK_EQ(store_class_put(store, &row), -EINVAL);
    row = whole_class("c");
    row.bank = HASH_N;
    CHECK_EQ(store_class_put(store, &row), -EINVAL);
    row = whole_class("c");
    memset(row.audiences, 'a', sizeof(row.audiences));
    CHECK_EQ(store_class_put(store, &row), -EINVAL);
    CHECK_EQ(store_class_get(store, "c", &row), STORE_NONE);
}

struct names {
    char text[64];
    bool once;
};

static bool
note_class(void *context, const struct store_class *row)
{
    struct names *names = context;
    size_t len = strlen(names->text);

    snprintf(names->text + len, sizeof(names->text) - len, "%s ", row->name);
    return !names->once;
}

static void
each_class_goes_by_name(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    static const char *const put[] = {"b", "c", "a"};
    struct names names = {.text = ""};
    struct names one = {.once = true};

    CHECK_EQ(store_class_each(store, note_class, &names), 0);
    CHECK_STR(names.text, "");
    for (size_t i = 0; i < ARRAY_LEN(put); i++) {
        struct store_class row = whole_class(put[i]);

        CHECK_EQ(store_class_put(store, &row), 0);
    }
    CHECK_EQ(store_class_each(store, note_class, &names), 0);
    CHECK_STR(names.text, "a b c ");
    CHECK_EQ(store_class_each(store, note_class, &one), 0);
    CHECK_STR(one.text, "a ");
}

static struct store_ref
make_ref(uint32_t pcr, uint8_t n)
{
    struct store_ref ref = {.pcr = pcr, .type = 0x80000001, .digest = {.alg = HASH_SHA256}};

    memset(ref.digest.b, n, 32);
    snprintf(ref.label, sizeof(ref.label), "event %u", n);
    return ref;
}

struct refs {
    struct store_ref seen[8];
    size_t n;
    size_t stop_after;
};

static bool
note_ref(void *context, const struct store_ref *ref)
{
    struct refs *refs = context;

    CHECK(refs->n < ARRAY_LEN(refs->seen));
    refs->seen[refs->n++] = *ref;
    return refs->n != refs->stop_after;
}

static void
put_class(struct store *store, const char *name)
{
    struct store_class row = whole_class(name);

    CHECK_EQ(store_class_put(store, &row), 0);
}

static int64_t
version(struct store *store, const char *name)
{
    int64_t seen = 0;

    CHECK_EQ(store_ref_version(store, name, &seen), 0);
    return seen;
}

static void
a_reference_is_added_once(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_ref ref = make_ref(4, 1);
    bool added = false;

    put_class(store, "a");
    CHECK_EQ(store_ref_add(store, "a", &ref, &added), 0);
    CHECK(added);
    CHECK_EQ(version(store, "a"), 2);
    ref.label[0] = 'E';
    CHECK_EQ(store_ref_add(store, "a", &ref, &added), 0);
    CHECK(!added);
    CHECK_EQ(version(store, "a"), 2);
    ref.pcr = 5;
    CHECK_EQ(store_ref_add(store, "a", &ref, NULL), 0);
    ref.type = 1;
    CHECK_EQ(store_ref_add(store, "a", &ref, &added), 0);
    CHECK(added);
    ref.digest.alg = HASH_SM3_256;
    CHECK_EQ(store_ref_add(store, "a", &ref, &added), 0);
    CHECK(added);
    CHECK_EQ(version(store, "a"), 5);
}

static void
references_come_in_the_order_of_learning(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_ref refs[] = {make_ref(7, 3), make_ref(0, 2), make_ref(4, 1)};
    struct refs seen = {.n = 0};
    struct refs two = {.stop_after = 2};

    put_class(store, "a");
    put_class(store, "b");
    refs[1].digest.alg = HASH_SHA512;
    memset(refs[1].digest.b, 2, 64);
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        CHECK_EQ(store_ref_add(store, "a", &refs[i], NULL), 0);
        CHECK_EQ(store_ref_add(store, "b", &refs[0], NULL), 0);
    }
    CHECK_EQ(store_ref_each(store, "a", note_ref, &seen), 0);
    CHECK_EQ(seen.n, 3);
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        CHECK_EQ(seen.seen[i].pcr, refs[i].pcr);
        CHECK_EQ(seen.seen[i].type, refs[i].type);
        CHECK_EQ(seen.seen[i].digest.alg, refs[i].digest.alg);
        CHECK_BYTES(digest_bytes(&seen.seen[i].digest), digest_bytes(&refs[i].digest));
        CHECK_STR(seen.seen[i].label, refs[i].label);
    }
    CHECK_EQ(store_ref_each(store, "a", note_ref, &two), 0);
    CHECK_EQ(two.n, 2);
    CHECK_EQ(store_ref_each(store, "unknown", note_ref, &two), 0);
    CHECK_EQ(two.n, 2);
}

static void
references_need_their_class(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_ref ref = make_ref(4, 1);
    int64_t seen = 42;
    bool added = true;

    CHECK_EQ(store_ref_add(store, "a", &ref, &added), STORE_NONE);
    CHECK(added);
    CHECK_EQ(store_ref_version(store, "a", &seen), STORE_NONE);
    CHECK_EQ(seen, 42);
    ref.digest.alg = HASH_N;
    CHECK_EQ(store_ref_add(store, "a", &ref, &added), -EINVAL);
}

static void
writing_a_class_keeps_its_references_and_grows_its_version(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_ref ref = make_ref(4, 1);
    struct refs seen = {.n = 0};

    put_class(store, "a");
    put_class(store, "b");
    CHECK_EQ(store_ref_add(store, "a", &ref, NULL), 0);
    put_class(store, "a");
    CHECK_EQ(version(store, "a"), 3);
    CHECK_EQ(version(store, "b"), 1);
    CHECK_EQ(store_ref_each(store, "a", note_ref, &seen), 0);
    CHECK_EQ(seen.n, 1);
}

CHECK_MAIN(CASE(a_class_comes_back_whole), CASE(classes_out_of_range_are_refused),
           CASE(each_class_goes_by_name), CASE(a_reference_is_added_once),
           CASE(references_come_in_the_order_of_learning), CASE(references_need_their_class),
           CASE(writing_a_class_keeps_its_references_and_grows_its_version))
