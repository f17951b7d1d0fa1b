/* store/store-candidate */
#include <errno.h>

#include "lib/store-make.h"

static struct store_candidate
make(uint8_t n, uint8_t ident)
{
    struct store_candidate candidate = {
        .ak_name_len = STORE_NAME_MAX,
        .ak_public_len = STORE_PUBLIC_MAX,
        .enrolled_ms = n,
        .accepted_ms = INT64_MAX,
    };

    memset(candidate.device, n, sizeof(candidate.device));
    memset(candidate.ident, ident, sizeof(candidate.ident));
    memset(candidate.ak_name, n, sizeof(candidate.ak_name));
    memset(candidate.ak_public, n ^ 1, sizeof(candidate.ak_public));
    return candidate;
}

static struct store *
start(void)
{
    struct store *store = open_store(":memory:");

    put_device(store, 1);
    put_device(store, 2);
    return store;
}

static void
a_candidate_reads_back_whole(void)
{
    struct store *store = start();
    struct store_candidate in = make(1, 9);
    struct store_candidate got;

    CHECK_EQ(store_candidate_get(store, in.device, &got), STORE_NONE);
    CHECK_EQ(store_candidate_put(store, &in), 0);
    CHECK_EQ(store_candidate_get(store, in.device, &got), 0);
    CHECK_EQ(memcmp(&got, &in, sizeof(in)), 0);
    CHECK_EQ(store_candidate_by_ident(store, in.ident, &got), 0);
    CHECK_EQ(got.enrolled_ms, 1);
    CHECK_EQ(store_candidate_by_ident(store, make(1, 8).ident, &got), STORE_NONE);
    store_close(store);
}

static void
a_device_has_one(void)
{
    struct store *store = start();
    struct store_candidate first = make(1, 9);
    struct store_candidate second = make(1, 8);
    struct store_candidate got;

    second.ak_name_len = 34;
    second.ak_public_len = 0;
    CHECK_EQ(store_candidate_put(store, &first), 0);
    CHECK_EQ(store_candidate_put(store, &second), 0);
    CHECK_EQ(store_candidate_get(store, first.device, &got), 0);
    CHECK_EQ(got.ident[0], 8);
    CHECK_EQ(got.ak_name_len, 34);
    CHECK_EQ(got.ak_public_len, 0);
    CHECK_EQ(store_candidate_by_ident(store, first.ident, &got), STORE_NONE);
    store_close(store);
}

static void
what_is_taken_or_missing_is_said(void)
{
    struct store *store = start();
    struct store_candidate of_nobody = make(7, 7);
    struct store_candidate first = make(1, 9);
    struct store_candidate other = make(2, 9);

    CHECK_EQ(store_candidate_put(store, &of_nobody), STORE_NONE);
    CHECK_EQ(store_candidate_put(store, &first), 0);
    CHECK_EQ(store_candidate_put(store, &other), STORE_EXISTS);
    first.ak_name_len = STORE_NAME_MAX + 1;
    CHECK_EQ(store_candidate_put(store, &first), -EINVAL);
    first.ak_name_len = 0;
    first.ak_public_len = STORE_PUBLIC_MAX + 1;
    CHECK_EQ(store_candidate_put(store, &first), -EINVAL);
    store_close(store);
}

static void
it_is_dropped_once_and_goes_with_its_device(void)
{
    struct store *store = start();
    struct store_candidate first = make(1, 9);
    struct store_candidate got;

    CHECK_EQ(store_candidate_put(store, &first), 0);
    CHECK_EQ(store_candidate_drop(store, first.device), 0);
    CHECK_EQ(store_candidate_drop(store, first.device), STORE_NONE);
    CHECK_EQ(store_candidate_get(store, first.device, &got), STORE_NONE);
    CHECK_EQ(store_candidate_put(store, &first), 0);
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0);
    CHECK(!has_device(store, 1));
    CHECK_EQ(store_candidate_by_ident(store, first.ident, &got), STORE_NONE);
    store_close(store);
}

CHECK_MAIN(CASE(a_candidate_reads_back_whole), CASE(a_device_has_one),
           CASE(what_is_taken_or_missing_is_said),
           CASE(it_is_dropped_once_and_goes_with_its_device))
