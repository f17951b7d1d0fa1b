/* keeper/outbox */
#include "keeper/outbox.h"

#include <sys/socket.h>

#include "lib/check.h"

struct pair {
    struct ipc *ours;
    struct ipc *theirs;
};

static size_t
any_limit(uint16_t type)
{
    (void)type;
    return 65536;
}

static struct pair
make_pair(void)
{
    struct pair pair;
    int fds[2];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pair.ours = ipc_new(fds[0], false, any_limit);
    pair.theirs = ipc_new(fds[1], false, any_limit);
    CHECK(pair.ours && pair.theirs);
    return pair;
}

static void
done(struct pair *pair)
{
    ipc_free(pair->ours);
    ipc_free(pair->theirs);
}

static bool
nothing(struct pair *pair)
{
    struct ipc_msg msg;

    return ipc_recv(pair->theirs, &msg) == IPC_AGAIN;
}

static void
expect(struct pair *pair, uint16_t type, uint64_t id, struct bytes body)
{
    struct ipc_msg msg;

    CHECK_EQ(ipc_recv(pair->theirs, &msg), IPC_OK);
    CHECK_EQ(msg.type, type);
    CHECK_EQ(msg.id, id);
    CHECK_BYTES(msg.body, body);
}

static void
nothing_leaves_before_it_is_released(void)
{
    struct outbox *outbox = outbox_new();
    struct pair pair = make_pair();
    char body[] = "verdict";

    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 1, bytes_str(body)), 0);
    memset(body, 'x', 7); /* the body was copied */
    CHECK_EQ(outbox_count(outbox), 1);
    CHECK(nothing(&pair));
    outbox_release(outbox);
    expect(&pair, 34, 1, bytes_str("verdict"));
    CHECK_EQ(outbox_count(outbox), 0);
    outbox_release(outbox); /* once only */
    CHECK(nothing(&pair));
    outbox_free(outbox);
    done(&pair);
}

static void
letters_leave_in_their_order(void)
{
    struct outbox *outbox = outbox_new();
    struct pair a = make_pair();
    struct pair b = make_pair();

    for (uint64_t i = 0; i < 200; i++) { /* the list has to grow */
        uint8_t byte = (uint8_t)i;

        CHECK_EQ(
            outbox_put(outbox, i % 2 ? b.ours : a.ours, (uint16_t)(i + 1), i, bytes_of(&byte, 1)),
            0);
    }
    CHECK_EQ(outbox_count(outbox), 200);
    outbox_release(outbox);
    for (uint64_t i = 0; i < 200; i++) {
        uint8_t byte = (uint8_t)i;

        expect(i % 2 ? &b : &a, (uint16_t)(i + 1), i, bytes_of(&byte, 1));
    }
    CHECK(nothing(&a) && nothing(&b));
    outbox_free(outbox);
    done(&a);
    done(&b);
}

static void
what_is_discarded_never_leaves(void)
{
    struct outbox *outbox = outbox_new();
    struct pair pair = make_pair();

    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 1, bytes_str("lost")), 0);
    outbox_discard(outbox);
    CHECK_EQ(outbox_count(outbox), 0);
    outbox_release(outbox);
    CHECK(nothing(&pair));
    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 2, bytes_str("kept")), 0);
    outbox_release(outbox);
    expect(&pair, 34, 2, bytes_str("kept"));
    outbox_free(outbox);
    done(&pair);
}

static void
a_forgotten_peer_gets_nothing_and_others_do(void)
{
    struct outbox *outbox = outbox_new();
    struct pair gone = make_pair();
    struct pair stays = make_pair();

    CHECK_EQ(outbox_put(outbox, gone.ours, 34, 1, bytes_str("a")), 0);
    CHECK_EQ(outbox_put(outbox, stays.ours, 34, 2, bytes_str("b")), 0);
    CHECK_EQ(outbox_put(outbox, gone.ours, 34, 3, bytes_str("c")), 0);
    outbox_forget(outbox, gone.ours);
    ipc_freep(&gone.ours); /* from here on its address means nothing */
    outbox_release(outbox);
    expect(&stays, 34, 2, bytes_str("b"));
    CHECK(nothing(&stays));
    outbox_free(outbox);
    done(&gone);
    done(&stays);
}

static void
a_peer_that_hung_up_is_its_own_loss(void)
{
    struct outbox *outbox = outbox_new();
    struct pair gone = make_pair();
    struct pair stays = make_pair();

    ipc_freep(&gone.theirs);
    CHECK_EQ(outbox_put(outbox, gone.ours, 34, 1, bytes_str("a")), 0);
    CHECK_EQ(outbox_put(outbox, stays.ours, 34, 2, bytes_str("b")), 0);
    outbox_release(outbox);
    expect(&stays, 34, 2, bytes_str("b"));
    outbox_free(outbox);
    done(&gone);
    done(&stays);
}

static void
an_empty_body_is_a_letter_too(void)
{
    struct outbox *outbox = outbox_new();
    struct pair pair = make_pair();

    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 9, BYTES_NULL), 0);
    outbox_release(outbox);
    expect(&pair, 34, 9, BYTES_NULL);
    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 10, bytes_str("waits")), 0);
    outbox_free(outbox); /* with a letter in it */
    outbox_free(NULL);
    done(&pair);
}

/* Doubles the body's first byte; one that begins with 'x' cannot be rewritten. */
static void
twice(const void *context, uint16_t type, struct bytes old, struct wr *wr)
{
    CHECK_EQ(type, 34);
    CHECK_STR(context, "why");
    if (old.p[0] == 'x') {
        wr->failed = true;
        return;
    }
    wr_u8(wr, old.p[0]);
    wr_u8(wr, old.p[0]);
}

static void
letters_behind_a_mark_are_rewritten(void)
{
    struct outbox *outbox = outbox_new();
    struct pair pair = make_pair();
    size_t mark;

    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 1, bytes_str("a")), 0);
    mark = outbox_count(outbox);
    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 2, bytes_str("b")), 0);
    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 3, bytes_str("x")), 0);
    CHECK_EQ(outbox_put(outbox, pair.ours, 34, 4, bytes_str("d")), 0);
    outbox_rewrite(outbox, mark, twice, "why");
    outbox_release(outbox);
    expect(&pair, 34, 1, bytes_str("a"));
    expect(&pair, 34, 2, bytes_str("bb"));
    expect(&pair, 34, 4, bytes_str("dd"));
    CHECK(nothing(&pair));
    outbox_free(outbox);
    done(&pair);
}

CHECK_MAIN(CASE(letters_behind_a_mark_are_rewritten), CASE(nothing_leaves_before_it_is_released),
           CASE(letters_leave_in_their_order), CASE(what_is_discarded_never_leaves),
           CASE(a_forgotten_peer_gets_nothing_and_others_do),
           CASE(a_peer_that_hung_up_is_its_own_loss), CASE(an_empty_body_is_a_letter_too))
