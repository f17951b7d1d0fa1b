/* keeper/golden-cache */
#include "keeper/golden-cache.h"

#include "lib/store-make.h"

static struct store *store;
static struct golden_cache *cache;

static void
add_class(const char *name)
{
    struct store_class row = {.bank = HASH_SHA256, .pcr_mask = 0xff, .interval_s = 300};

    snprintf(row.name, sizeof(row.name), "%s", name);
    CHECK_EQ(store_class_put(store, &row), 0);
}

static void
add_ref(const char *class_name, uint32_t n)
{
    struct store_ref ref = {.pcr = n % 8, .type = 1, .digest = {.alg = HASH_SHA256}};

    ref.digest.b[0] = (uint8_t)n;
    ref.digest.b[1] = (uint8_t)(n >> 8);
    CHECK_EQ(store_ref_add(store, class_name, &ref, NULL), 0);
}

static const struct golden *
get(const char *class_name)
{
    const struct golden *golden = NULL;

    CHECK_EQ(golden_cache_get(cache, store, class_name, &golden), 0);
    CHECK(golden);
    return golden;
}

static void
start(void)
{
    store = open_store(":memory:");
    cache = golden_cache_new();
    CHECK(cache);
}

static void
finish(void)
{
    golden_cache_free(cache);
    store_close(store);
}

static void
a_class_is_loaded_once_a_version(void)
{
    const struct golden *first;

    start();
    add_class("c");
    CHECK_EQ(golden_count(get("c")), 0);
    add_ref("c", 1);
    CHECK_EQ(golden_count(get("c")), 1); /* what was learned counts at once */
    add_ref("c", 2);
    add_ref("c", 3);
    first = get("c");
    CHECK_EQ(golden_count(first), 3);
    CHECK(get("c") == first); /* as they stand: not loaded again */
    add_ref("c", 3);          /* known: no fault */
    CHECK_EQ(golden_count(get("c")), 3);
    finish();
}

static void
learning_that_was_rolled_back_is_forgotten(void)
{
    start();
    add_class("c");
    add_ref("c", 1);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(golden_count(get("c")), 1);
    add_ref("c", 2);
    CHECK_EQ(golden_count(get("c")), 2);
    store_rollback(store);
    CHECK_EQ(golden_count(get("c")), 1);
    finish();
}

static void
an_unknown_class_is_a_failure(void)
{
    const struct golden *golden = NULL;

    start();
    CHECK(golden_cache_get(cache, store, "none", &golden) < 0);
    CHECK(!golden);
    add_class("none");
    CHECK_EQ(golden_count(get("none")), 0);
    finish();
}

static void
classes_are_kept_apart(void)
{
    start();
    add_class("a");
    add_class("ab");
    add_ref("a", 1);
    CHECK_EQ(golden_count(get("a")), 1);
    CHECK_EQ(golden_count(get("ab")), 0);
    add_ref("ab", 1);
    add_ref("ab", 2);
    CHECK_EQ(golden_count(get("a")), 1);
    CHECK_EQ(golden_count(get("ab")), 2);
    finish();
}

static void
more_classes_than_slots_are_served(void)
{
    char name[16];

    start();
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "class-%u", i);
        add_class(name);
        for (uint32_t n = 0; n < i % 5; n++) {
            add_ref(name, n);
        }
    }
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 100; i++) {
            snprintf(name, sizeof(name), "class-%u", i);
            CHECK_EQ(golden_count(get(name)), i % 5);
        }
    }
    finish();
}

static void
many_references_are_loaded_whole(void)
{
    start();
    add_class("c");
    for (uint32_t i = 0; i < 1000; i++) { /* the list has to grow */
        add_ref("c", i);
    }
    CHECK_EQ(golden_count(get("c")), 1000);
    finish();
}

static void
the_references_are_those_that_judge(void)
{
    struct verdict verdict = {0};
    uint8_t digest[32] = {1};
    struct event event = {.pcr = 1, .type = 1, .digest = {BYTES_OF(digest)}};
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}, .n_events = 1, .events = &event};

    start();
    add_class("c");
    add_ref("c", 1);
    golden_check(get("c"), &log, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    digest[0] = 2;
    golden_check(get("c"), &log, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_FAILED);
    finish();
}

/* A version that the store took back is given again, to other references. */
static void
a_version_taken_back_is_not_served(void)
{
    uint8_t want[32] = {2};
    struct event event = {.pcr = 2, .type = 1, .digest = {BYTES_OF(want)}};
    struct event_log log = {.n_banks = 1, .banks = {HASH_SHA256}, .n_events = 1, .events = &event};
    struct verdict verdict = {0};

    start();
    add_class("c");
    CHECK_EQ(store_commit(store), 0);
    add_ref("c", 1);
    CHECK_EQ(golden_count(get("c")), 1);
    store_rollback(store);
    add_ref("c", 2); /* under the number of the one before */
    golden_cache_drop(cache);
    golden_check(get("c"), &log, HASH_SHA256, &verdict);
    CHECK_EQ(verdict.reference, CHECK_PASSED);
    finish();
}

static void
freeing_nothing_is_fine(void)
{
    golden_cache_free(NULL);
    start();
    finish();
}

CHECK_MAIN(CASE(a_class_is_loaded_once_a_version), CASE(learning_that_was_rolled_back_is_forgotten),
           CASE(an_unknown_class_is_a_failure), CASE(classes_are_kept_apart),
           CASE(more_classes_than_slots_are_served), CASE(many_references_are_loaded_whole),
           CASE(the_references_are_those_that_judge), CASE(a_version_taken_back_is_not_served),
           CASE(freeing_nothing_is_fine))
