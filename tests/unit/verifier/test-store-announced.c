/* store/store-announced */
#include "lib/store-make.h"
#include "store/store-announced.h"
#include "store/store-sql.h"

enum { DAY_MS = 86400000 };

static const struct store_moment now = {.now_ms = 1000, .era = 2, .reset_count = 40};
static struct store *store;
static uint8_t id[WIRE_UEID_SIZE];
static struct store_announced got;
static char names[256];

static struct store_announced row;

static void
make(const char *component, int64_t heard_ms)
{
    row = (struct store_announced){.heard_ms = heard_ms,
                                   .expires_ms = heard_ms + DAY_MS,
                                   .era = 2,
                                   .reset_last = 43,
                                   .body = {1, 2, 3},
                                   .body_len = 3};
    snprintf(row.component, sizeof(row.component), "%s", component);
}

static void
start(void)
{
    struct store_device device = make_device(1);

    store = open_store(":memory:");
    put_device(store, 1);
    put_device(store, 2);
    memcpy(id, device.id, sizeof(id));
}

static void
put(const char *component, int64_t heard_ms)
{
    make(component, heard_ms);
    CHECK_EQ(store_announced_put(store, id, &row), 0);
}

static bool
on_row(void *context, const struct store_announced *seen)
{
    size_t *most = context;

    got = *seen;
    snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", seen->component);
    return --*most > 0;
}

/* Names of those that stand, in order. */
static const char *
standing(struct store_moment moment)
{
    size_t most = 100;

    names[0] = '\0';
    CHECK_EQ(store_announced_each(store, id, &moment, on_row, &most), 0);
    return names;
}

static void
a_row_reads_back_whole(void)
{
    start();
    make("", 900);
    memset(row.body, 7, sizeof(row.body));
    row.body_len = sizeof(row.body);
    memset(row.component, 'n', LIMIT_NAME);
    CHECK_EQ(store_announced_put(store, id, &row), 0);
    (void)standing(now);
    CHECK_EQ(memcmp(&got, &row, sizeof(row)), 0);
}

static void
a_component_has_one_and_the_oldest_comes_first(void)
{
    struct store_moment moment = now;
    size_t most = 1;

    start();
    put("os", 900);
    put("dbx", 901);
    CHECK_STR(standing(now), "os dbx ");
    make("os", 902);
    row.body[0] = 9;
    CHECK_EQ(store_announced_put(store, id, &row), 0);
    CHECK_STR(standing(now), "dbx os ");
    CHECK_EQ(got.body[0], 9);
    names[0] = '\0';
    CHECK_EQ(store_announced_each(store, id, &moment, on_row, &most), 0);
    CHECK_STR(names, "dbx "); /* the visitor had enough */
}

/* By our clock, by the era, and by boots: each alone. */
static void
what_has_ended_stands_no_more(void)
{
    struct store_moment moment = now;

    start();
    put("os", 900);
    moment.now_ms = row.expires_ms - 1;
    moment.reset_count = row.reset_last;
    CHECK_STR(standing(moment), "os ");
    moment.now_ms++;
    CHECK_STR(standing(moment), "");
    moment = now;
    moment.era++;
    CHECK_STR(standing(moment), "");
    moment = now;
    moment.reset_count = row.reset_last + 1;
    CHECK_STR(standing(moment), "");
    CHECK_STR(standing(now), "os "); /* nothing was dropped by looking */
}

static void
rows_are_of_their_device(void)
{
    struct store_device other = make_device(2);
    struct store_device nobody = make_device(9);

    start();
    put("os", 900);
    CHECK_EQ(store_announced_put(store, nobody.id, &row), STORE_NONE);
    memcpy(id, other.id, sizeof(id));
    CHECK_STR(standing(now), "");
    CHECK_EQ(store_announced_drop(store, id, "os"), STORE_NONE);
    CHECK_EQ(store_pending_trim(store, INT64_MAX, 0), 0); /* both devices go */
    memcpy(id, make_device(1).id, sizeof(id));
    CHECK_STR(standing(now), "");
}

static void
one_is_dropped_by_its_name(void)
{
    start();
    put("os", 900);
    put("dbx", 901);
    CHECK_EQ(store_announced_drop(store, id, "os"), 0);
    CHECK_EQ(store_announced_drop(store, id, "os"), STORE_NONE);
    CHECK_STR(standing(now), "dbx ");
}

static size_t
rows_left(void)
{
    static const struct store_moment moments[] = {{.era = 2}, {.era = 3}};
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        struct store_moment moment = moments[i];

        moment.now_ms = INT64_MIN;
        n += strlen(standing(moment)) / 2;
    }
    return n;
}

/* The sweep of all devices goes by the clock, for which there is an index. */
static void
the_sweep_drops_what_the_clock_ended(void)
{
    start();
    put("a", 900);
    put("b", 901);
    CHECK_EQ(store_announced_trim(store, 900 + DAY_MS - 1), 0);
    CHECK_EQ(rows_left(), 2);
    CHECK_EQ(store_announced_trim(store, 900 + DAY_MS), 0);
    CHECK_STR(standing(now), "b ");
}

/* SQLite's own word on how it finds the rows. */
static void
the_sweep_looks_at_no_row_that_stands(void)
{
    sqlite3_stmt *plan = NULL;
    char text[256];

    start();
    CHECK_EQ(store_announced_trim(store, 0), 0);
    snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s",
             sqlite3_sql(store->prepared[SQL_ANNOUNCED_TRIM]));
    CHECK_EQ(sqlite3_prepare_v2(store->db, text, -1, &plan, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_step(plan), SQLITE_ROW);
    snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(plan, 3));
    CHECK(strstr(text, "INDEX announced_expires (expires_ms<?)"));
    CHECK_EQ(sqlite3_step(plan), SQLITE_DONE);
    sqlite3_finalize(plan);
}

/* Before something new is put: what clock, era or boots ended, each alone, of that device. */
static void
a_device_s_own_that_ended_are_dropped(void)
{
    static const struct {
        int64_t now_ms, era;
        uint64_t reset_count;
        size_t left;
    } ends[] = {{0, 2, 40, 1},
                {900 + DAY_MS - 1, 2, 43, 1},
                {900 + DAY_MS, 2, 40, 0},
                {0, 3, 40, 0},
                {0, 1, 40, 0},
                {0, 2, 44, 0}};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct store_moment moment = {ends[i].now_ms, ends[i].era, ends[i].reset_count};

        start();
        put("a", 900);
        CHECK_EQ(store_announced_end(store, make_device(2).id, &moment), 0);
        CHECK_EQ(rows_left(), 1);
        CHECK_EQ(store_announced_end(store, id, &moment), 0);
        CHECK_EQ(rows_left(), ends[i].left);
        store_close(store);
    }
}

static void
a_row_out_of_shape_is_not_put(void)
{
    start();
    make("os", 900);
    row.body_len = sizeof(row.body) + 1;
    CHECK_EQ(store_announced_put(store, id, &row), -EINVAL);
    make("os", 900);
    row.reset_last = (uint64_t)INT64_MAX + 1;
    CHECK_EQ(store_announced_put(store, id, &row), -EINVAL);
    make("os", 900);
    memset(row.component, 'x', sizeof(row.component));
    CHECK_EQ(store_announced_put(store, id, &row), -EINVAL);
    CHECK_STR(standing(now), "");
}

CHECK_MAIN(CASE(a_row_reads_back_whole), CASE(a_component_has_one_and_the_oldest_comes_first),
           CASE(what_has_ended_stands_no_more), CASE(rows_are_of_their_device),
           CASE(one_is_dropped_by_its_name), CASE(the_sweep_drops_what_the_clock_ended),
           CASE(the_sweep_looks_at_no_row_that_stands), CASE(a_device_s_own_that_ended_are_dropped),
           CASE(a_row_out_of_shape_is_not_put))
