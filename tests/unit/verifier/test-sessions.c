/* keeper/sessions */
#include "keeper/sessions.h"

#include "lib/check.h"

static int fronts[2]; /* stand for two fronts: only their addresses count */

static struct session
make_session(uint8_t device, int64_t challenge_ms)
{
    struct session session = {.challenge_ms = challenge_ms, .life_s = 120};

    memset(session.device, device, sizeof(session.device));
    memset(session.exporter, device ^ 0xff, sizeof(session.exporter));
    return session;
}

static void
put(struct sessions *sessions, int front, uint64_t connection, uint8_t device)
{
    struct session session = make_session(device, 1000);

    CHECK_EQ(sessions_put(sessions, &fronts[front], connection, &session), 0);
}

static bool
has(struct sessions *sessions, int front, uint64_t connection)
{
    return sessions_get(sessions, &fronts[front], connection) != NULL;
}

static void
a_session_comes_back_whole(void)
{
    struct sessions *sessions = sessions_new();
    struct session want = make_session(7, 5000);
    const struct session *seen;

    CHECK(!has(sessions, 0, 1));
    CHECK_EQ(sessions_put(sessions, &fronts[0], 1, &want), 0);
    seen = sessions_get(sessions, &fronts[0], 1);
    CHECK(seen);
    CHECK_BYTES(BYTES_OF(seen->device), BYTES_OF(want.device));
    CHECK_BYTES(BYTES_OF(seen->exporter), BYTES_OF(want.exporter));
    CHECK_EQ(seen->challenge_ms, 5000);
    CHECK_EQ(seen->life_s, 120);
    sessions_free(sessions);
    sessions_free(NULL);
}

static void
a_connection_is_one_of_one_front(void)
{
    struct sessions *sessions = sessions_new();

    put(sessions, 0, 1, 1);
    CHECK(!has(sessions, 1, 1));
    CHECK(!has(sessions, 0, 2));
    put(sessions, 1, 1, 2);
    CHECK_EQ(sessions_get(sessions, &fronts[0], 1)->device[0], 1);
    CHECK_EQ(sessions_get(sessions, &fronts[1], 1)->device[0], 2);
    sessions_free(sessions);
}

static void
putting_again_replaces(void)
{
    struct sessions *sessions = sessions_new();
    struct session newer = make_session(9, 8000);

    put(sessions, 0, 1, 1);
    CHECK_EQ(sessions_put(sessions, &fronts[0], 1, &newer), 0);
    CHECK_EQ(sessions_get(sessions, &fronts[0], 1)->device[0], 9);
    CHECK_EQ(sessions_get(sessions, &fronts[0], 1)->challenge_ms, 8000);
    sessions_drop(sessions, &fronts[0], 1);
    CHECK(!has(sessions, 0, 1)); /* the older one does not come to light */
    sessions_free(sessions);
}

static void
dropping_takes_one_connection(void)
{
    struct sessions *sessions = sessions_new();

    put(sessions, 0, 1, 1);
    put(sessions, 0, 2, 1);
    put(sessions, 1, 1, 1);
    sessions_drop(sessions, &fronts[0], 1);
    sessions_drop(sessions, &fronts[0], 1); /* a second time is nothing */
    sessions_drop(sessions, &fronts[0], 99);
    CHECK(!has(sessions, 0, 1));
    CHECK(has(sessions, 0, 2));
    CHECK(has(sessions, 1, 1));
    sessions_free(sessions);
}

static void
dropping_a_device_takes_all_its_connections(void)
{
    struct sessions *sessions = sessions_new();
    struct session other = make_session(4, 0);

    other.device[WIRE_UEID_SIZE - 1] = 5; /* differs in its last byte only */
    put(sessions, 0, 1, 4);
    put(sessions, 1, 2, 4);
    put(sessions, 0, 3, 6);
    CHECK_EQ(sessions_put(sessions, &fronts[0], 4, &other), 0);
    sessions_drop_device(sessions, make_session(4, 0).device);
    CHECK(!has(sessions, 0, 1));
    CHECK(!has(sessions, 1, 2));
    CHECK(has(sessions, 0, 3));
    CHECK(has(sessions, 0, 4));
    sessions_free(sessions);
}

static void
a_front_that_is_gone_takes_its_connections(void)
{
    struct sessions *sessions = sessions_new();

    for (uint64_t i = 0; i < 100; i++) {
        put(sessions, (int)(i % 2), i, 1);
    }
    sessions_drop_front(sessions, &fronts[1]);
    for (uint64_t i = 0; i < 100; i++) {
        CHECK_EQ(has(sessions, (int)(i % 2), i), i % 2 == 0);
    }
    sessions_free(sessions);
}

static void
a_full_table_drops_the_oldest(void)
{
    struct sessions *sessions = sessions_new();

    for (uint64_t i = 0; i < SESSIONS_MAX; i++) {
        put(sessions, 0, i, 1);
    }
    CHECK(has(sessions, 0, 0));
    put(sessions, 0, 5, 2); /* replaces: nobody has to go */
    CHECK(has(sessions, 0, 0));
    put(sessions, 0, SESSIONS_MAX, 1);
    CHECK(!has(sessions, 0, 0));
    CHECK(has(sessions, 0, 1));
    CHECK(has(sessions, 0, SESSIONS_MAX));
    sessions_free(sessions);
}

static void
a_renewed_session_is_no_longer_the_oldest(void)
{
    struct sessions *sessions = sessions_new();

    for (uint64_t i = 0; i < SESSIONS_MAX; i++) {
        put(sessions, 0, i, 1);
    }
    put(sessions, 0, 0, 1); /* attested again just now */
    put(sessions, 0, SESSIONS_MAX, 1);
    CHECK(has(sessions, 0, 0));
    CHECK(!has(sessions, 0, 1));
    sessions_free(sessions);
}

static void
an_undone_piece_takes_its_own_only(void)
{
    struct sessions *sessions = sessions_new();

    sessions_piece(sessions);
    put(sessions, 0, 1, 1);
    put(sessions, 0, 2, 1);
    sessions_piece(sessions);
    put(sessions, 0, 2, 1); /* renewed by what is then undone: it rests on nothing any more */
    put(sessions, 0, 3, 1);
    sessions_undo(sessions);
    CHECK(has(sessions, 0, 1));
    CHECK(!has(sessions, 0, 2));
    CHECK(!has(sessions, 0, 3));
    sessions_settle(sessions, true);
    sessions_undo(sessions); /* nothing was put since */
    CHECK(has(sessions, 0, 1));
    sessions_free(sessions);
}

static void
a_lost_batch_takes_all_its_pieces_and_nothing_before(void)
{
    struct sessions *sessions = sessions_new();

    sessions_piece(sessions);
    put(sessions, 0, 1, 1);
    sessions_settle(sessions, true);
    for (uint64_t i = 2; i < 5; i++) {
        sessions_piece(sessions);
        put(sessions, 0, i, 1);
    }
    sessions_settle(sessions, false);
    CHECK(has(sessions, 0, 1));
    for (uint64_t i = 2; i < 5; i++) {
        CHECK(!has(sessions, 0, i));
    }
    sessions_free(sessions);
}

CHECK_MAIN(CASE(an_undone_piece_takes_its_own_only),
           CASE(a_lost_batch_takes_all_its_pieces_and_nothing_before),
           CASE(a_session_comes_back_whole), CASE(a_connection_is_one_of_one_front),
           CASE(putting_again_replaces), CASE(dropping_takes_one_connection),
           CASE(dropping_a_device_takes_all_its_connections),
           CASE(a_front_that_is_gone_takes_its_connections), CASE(a_full_table_drops_the_oldest),
           CASE(a_renewed_session_is_no_longer_the_oldest))
