/* serve/outstanding */
#include "serve/outstanding.h"

#include "lib/check.h"

static struct outstanding table;

static void
each_request_is_taken_once_and_of_its_connection(void)
{
    CHECK(outstanding_add(&table, 1, 10));
    CHECK(outstanding_add(&table, 2, 11));
    CHECK(!outstanding_take(&table, 2, 10));
    CHECK(outstanding_take(&table, 1, 10));
    CHECK(!outstanding_take(&table, 1, 10));
    CHECK_EQ(table.n, 1);
}

static void
a_full_table_refuses_and_takes_again(void)
{
    for (uint64_t i = 0; i < LIMIT_FRONT_OUTSTANDING; i++) {
        CHECK(outstanding_add(&table, i % 3, i));
    }
    CHECK(!outstanding_add(&table, 1, 5000));
    outstanding_drop(&table, 0);
    CHECK(outstanding_add(&table, 1, 5000));
    for (uint64_t i = 0; i < LIMIT_FRONT_OUTSTANDING; i++) {
        CHECK_EQ(outstanding_take(&table, i % 3, i), i % 3 != 0);
    }
    CHECK_EQ(table.n, 1);
}

CHECK_MAIN(CASE(each_request_is_taken_once_and_of_its_connection),
           CASE(a_full_table_refuses_and_takes_again))
