/* A release moved in the operator's text: the words of the move change, and nothing else. */
#include <stdlib.h>

#include "lib/check.h"
#include "policy/policy-move.h"

#define A "sha256:3a9c0000000000000000000000000000000000000000000000000000000000aa"
#define B "sha256:3a9c0000000000000000000000000000000000000000000000000000000000bb"
#define OLD "# site\npolicy base {\n}\nrelease os deb 1 { kernel " A " }\n"
#define NEW(items) \
    "release os deb 2 { # the new one\n" items "  kernel " B " \"state retired\"\n}\n"
#define RELEASE "os/deb/2"

static struct policy_say say;
static struct policy_moved moved;

static int
move_to(const char *text, const char *release, enum bundle_state state, const char *until)
{
    const struct policy_move move = {release, state, until};
    int r;

    memset(&say, 0, sizeof(say));
    memset(&moved, 0, sizeof(moved));
    r = policy_move(bytes_str(text), &move, &say, &moved);
    CHECK((r > 0) == (say.n_errors > 0));
    CHECK((r == 0) == (moved.text.p != NULL));
    check_keep((void *)(uintptr_t)moved.text.p);
    return r;
}

static void
one_word_changes(void)
{
    CHECK_EQ(
        move_to(OLD NEW("  svn 3\n  state staged # till monday\n"), RELEASE, BUNDLE_ACTIVE, NULL),
        0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("  svn 3\n  state active # till monday\n")));
    CHECK_EQ(moved.was, BUNDLE_STAGED);
    CHECK_EQ(moved.retire_s, 0);
}

static void
what_the_text_does_not_say_is_added(void)
{
    CHECK_EQ(move_to(OLD NEW("  svn 3\n"), RELEASE, BUNDLE_STAGED, NULL), 0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("  state staged\n  svn 3\n")));
    CHECK_EQ(moved.was, BUNDLE_ACTIVE);
    CHECK_EQ(move_to(OLD NEW(""), "os/deb/1", BUNDLE_RETIRING, "2027-02-28"), 0);
    CHECK_BYTES(moved.text,
                bytes_str("# site\npolicy base {\n}\nrelease os deb 1 { state retiring retire "
                          "2027-02-28 kernel " A " }\n" NEW("")));
    CHECK_EQ(moved.retire_s, 1803772800);
    CHECK_EQ(moved.was_retire_s, 0);
}

static void
a_day_that_stands_is_replaced(void)
{
    CHECK_EQ(move_to(OLD NEW("  retire 2027-01-01 state active\n"), RELEASE, BUNDLE_RETIRING,
                     "2027-02-28"),
             0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("  retire 2027-02-28 state retiring\n")));
    CHECK_EQ(moved.was_retire_s, 1798761600);
    CHECK_EQ(
        move_to(OLD NEW("  retire 2027-01-01 state retiring\n"), RELEASE, BUNDLE_REVOKED, NULL), 0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("  retire 2027-01-01 state revoked\n")));
}

static void
the_same_state_again_changes_nothing(void)
{
    CHECK_EQ(move_to(OLD NEW("  state staged\n"), RELEASE, BUNDLE_STAGED, NULL), 0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("  state staged\n")));
    CHECK_EQ(move_to(OLD NEW(""), RELEASE, BUNDLE_ACTIVE, NULL), 0);
    CHECK_BYTES(moved.text, bytes_str(OLD NEW("")));
}

/* Names, labels and parts that look like the words that are looked for. */
static void
words_are_found_by_their_place(void)
{
    static const char text[] = "policy base {\n}\n"
                               "cmdline state {\n  allow release os deb 2\n}\n"
                               "release os deb 2 {\n  source operator state\n  cmdline state\n"
                               "  variant { " A " }\n  replaces state\n"
                               "  kernel " B " \"state\" # state staged\n  state active\n}\n"
                               "release os deb state { kernel " A " }\n";

    CHECK_EQ(move_to(text, RELEASE, BUNDLE_REVOKED, NULL), 0);
    CHECK_EQ(moved.text.len, strlen(text) + 1);
    CHECK(memmem(moved.text.p, moved.text.len, "\n  state revoked\n}", 18));
}

static void
only_these_moves_are_made(void)
{
    static const char *const names[] = {NULL, "staged", "active", "retiring", "retired", "revoked"};
    static const bool may[6][6] = {
        /* to:       staged active retiring retired revoked */
        {false},
        {false, true, true, false, true, true},
        {false, true, true, true, true, true},
        {false, false, true, true, true, true},
        {false, false, true, false, true, true},
        {false, false, false, false, false, true},
    };

    for (size_t from = 1; from < 6; from++) {
        for (size_t to = 1; to < 6; to++) {
            char text[1024];

            snprintf(text, sizeof(text), OLD "release os deb 2 {\n  state %s\n  kernel " B "\n}\n",
                     names[from]);
            CHECK_EQ(move_to(text, RELEASE, (enum bundle_state)to, NULL), may[from][to] ? 0 : 1);
            CHECK(may[from][to] || strstr(say.items[0].text, names[from]));
        }
    }
}

static void
what_cannot_be_moved_is_said(void)
{
    CHECK_EQ(move_to(OLD NEW(""), "os/deb/3", BUNDLE_ACTIVE, NULL), 1);
    CHECK(strstr(say.items[0].text, "did you mean os/deb/"));
    CHECK_EQ(move_to(OLD NEW(""), "os/deb", BUNDLE_ACTIVE, NULL), 1);
    CHECK_EQ(move_to(OLD NEW(""), "", BUNDLE_ACTIVE, NULL), 1);
    CHECK_EQ(move_to(OLD NEW("  state of-tomorrow\n"), RELEASE, BUNDLE_ACTIVE, NULL), 1);
    CHECK_EQ(say.items[0].line, 6);
    CHECK_EQ(move_to(OLD NEW("  active 2027-02-01\n"), RELEASE, BUNDLE_RETIRING, "2027-01-01"), 1);
    CHECK(strstr(say.items[0].text, "retires before it is active"));
    CHECK_EQ(move_to(OLD NEW(""), RELEASE, BUNDLE_RETIRING, "tomorrow"), 1);
    CHECK_EQ(move_to("", RELEASE, BUNDLE_ACTIVE, NULL), 1);
    CHECK_EQ(move_to("release os deb 2 {", RELEASE, BUNDLE_ACTIVE, NULL), 1);
}

CHECK_MAIN(CASE(one_word_changes), CASE(what_the_text_does_not_say_is_added),
           CASE(a_day_that_stands_is_replaced), CASE(the_same_state_again_changes_nothing),
           CASE(words_are_found_by_their_place), CASE(only_these_moves_are_made),
           CASE(what_cannot_be_moved_is_said))
