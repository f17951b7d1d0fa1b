/* Words, strings, braces and lines of a policy text, and the word that somebody meant. */
#include <stdlib.h>

#include "lib/check.h"
#include "policy/policy-lex.h"

static struct policy_say say;

static const struct policy_token *
tokens(const char *text)
{
    struct policy_token *list = NULL;

    memset(&say, 0, sizeof(say));
    CHECK_EQ(policy_lex(check_guarded(bytes_str(text)), &say, &list), 0);
    return check_keep(list);
}

static void
is_token(const struct policy_token *token, enum policy_lex_kind kind, const char *text,
         uint32_t line, uint32_t column)
{
    CHECK_EQ(token->kind, kind);
    CHECK_BYTES(token->text, bytes_str(text));
    CHECK_EQ(token->line, line);
    CHECK_EQ(token->column, column);
}

static void
words_lines_and_braces_have_their_places(void)
{
    const struct policy_token *t = tokens("rule a :\n\t{ b}c }\r\n");

    is_token(&t[0], LEX_WORD, "rule", 1, 1);
    is_token(&t[1], LEX_WORD, "a", 1, 6);
    is_token(&t[2], LEX_WORD, ":", 1, 8);
    is_token(&t[3], LEX_LINE, "", 1, 9);
    is_token(&t[4], LEX_OPEN, "{", 2, 2);
    is_token(&t[5], LEX_WORD, "b}c", 2, 4);
    is_token(&t[6], LEX_CLOSE, "}", 2, 8);
    is_token(&t[7], LEX_LINE, "", 2, 10);
    is_token(&t[8], LEX_END, "", 3, 1);
    CHECK_EQ(say.n, 0);
}

static void
braces_within_a_word_belong_to_it(void)
{
    const struct policy_token *t = tokens("root=UUID={root} @os.kernel{1..2} ({dev})/boot");

    is_token(&t[0], LEX_WORD, "root=UUID={root}", 1, 1);
    is_token(&t[1], LEX_WORD, "@os.kernel{1..2}", 1, 18);
    is_token(&t[2], LEX_WORD, "({dev})/boot", 1, 35);
}

static void
a_comment_begins_a_word_and_ends_with_its_line(void)
{
    const struct policy_token *t = tokens("a # b { \"\n@set#7 #c");

    is_token(&t[0], LEX_WORD, "a", 1, 1);
    is_token(&t[1], LEX_LINE, "", 1, 10);
    is_token(&t[2], LEX_WORD, "@set#7", 2, 1);
    is_token(&t[3], LEX_END, "", 2, 10);
    CHECK_EQ(say.n, 0);
}

static void
strings_keep_blanks_and_marks(void)
{
    const struct policy_token *t = tokens("\"a # { }\"b \"\"");

    is_token(&t[0], LEX_STRING, "a # { }", 1, 1);
    is_token(&t[1], LEX_WORD, "b", 1, 10);
    is_token(&t[2], LEX_STRING, "", 1, 12);
    CHECK_EQ(say.n, 0);
}

static void
a_string_that_is_not_closed_is_said_once(void)
{
    const struct policy_token *t = tokens("x \"abc\ny");

    CHECK_EQ(say.n_errors, 1);
    CHECK_EQ(say.items[0].line, 1);
    CHECK_EQ(say.items[0].column, 3);
    is_token(&t[1], LEX_STRING, "abc", 1, 3);
    is_token(&t[3], LEX_WORD, "y", 2, 1);
    (void)tokens("\"");
    CHECK_EQ(say.n_errors, 1);
}

static void
bytes_out_of_ascii_are_said_and_left_out(void)
{
    const struct policy_token *t = tokens("a b\xff"
                                          "c \x01 d");

    CHECK_EQ(say.n_errors, 2);
    CHECK_EQ(say.items[0].column, 4);
    CHECK_EQ(say.items[1].column, 7);
    is_token(&t[0], LEX_WORD, "a", 1, 1);
    is_token(&t[1], LEX_WORD, "d", 1, 9);
    is_token(&t[2], LEX_END, "", 1, 10);
}

static void
no_text_is_an_end(void)
{
    is_token(tokens(""), LEX_END, "", 1, 1);
    is_token(tokens("  # nothing"), LEX_END, "", 1, 12);
}

/* A terminal overwrites what stands before a lone carriage return, and turns the order of what
 * stands behind a mark for writing from right to left. */
static void
a_comment_hides_nothing(void)
{
    static const struct {
        const char *text;
        uint32_t line, column;
    } rows[] = {
        {"a # b\rc\nd", 1, 6}, {"a\n# \xe2\x80\xae x", 2, 3}, {"# \x1b[2J", 1, 3},
        {"# \x7f", 1, 3},      {"\t# x\ty \x80", 1, 8},       {"# x\r", 1, 4},
        {"# x\r\r\n", 1, 4},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)tokens(rows[i].text);
        CHECK_EQ(say.n_errors, 1);
        CHECK_EQ(say.items[0].line, rows[i].line);
        CHECK_EQ(say.items[0].column, rows[i].column);
        CHECK(strstr(say.items[0].text, "only printable ASCII") != NULL);
    }
    (void)tokens("a\t# b\tc\r\n# d ~\r\n");
    CHECK_EQ(say.n_errors, 0);
}

static void
a_carriage_return_ends_a_line_or_is_refused(void)
{
    const struct policy_token *t = tokens("a b\r\n\"c\"\r\n\r\n{\r\n");

    CHECK_EQ(say.n_errors, 0);
    is_token(&t[1], LEX_WORD, "b", 1, 3);
    is_token(&t[2], LEX_LINE, "", 1, 5);
    is_token(&t[3], LEX_STRING, "c", 2, 1);
    is_token(&t[6], LEX_OPEN, "{", 4, 1);
    (void)tokens("allow ro\rdeny\n");
    CHECK_EQ(say.n_errors, 1);
    CHECK_EQ(say.items[0].column, 9);
    (void)tokens("a \r b\n");
    CHECK_EQ(say.n_errors, 1);
    (void)tokens("a \"b\rc\"\n");
    CHECK_EQ(say.n_errors, 1);
    (void)tokens("a\r");
    CHECK_EQ(say.n_errors, 1);
}

static void
a_version_is_not_lost_in_a_comment(void)
{
    (void)tokens("one-of @a/b #7 x");
    CHECK_EQ(say.n_errors, 1);
    CHECK_EQ(say.items[0].column, 13);
    (void)tokens("one-of @a/b # 7");
    (void)tokens("count #7");
    (void)tokens("@a #x\n@a\n#7");
    (void)tokens("#7");
    CHECK_EQ(say.n_errors, 0);
}

static const char *
guessed(const char *word, const char *first, const char *second)
{
    static char room[GUESS_ROOM];
    struct policy_guess guess = policy_guess(bytes_str(word));

    policy_guess_try(&guess, bytes_str(first));
    policy_guess_try(&guess, bytes_str(second));
    return policy_guess_text(&guess, room);
}

static void
what_comes_nearest_is_offered(void)
{
    CHECK_STR(guessed("frimware", "firmware", "driver"), "; did you mean firmware?");
    CHECK_STR(guessed("drivr", "firmware", "driver"), "; did you mean driver?");
    CHECK_STR(guessed("kerne", "kernels", "kernel"), "; did you mean kernel?");
    CHECK_STR(guessed("banana", "firmware", "driver"), "");
    CHECK_STR(guessed("x", "a", "b"), "");
    CHECK_STR(guessed("a-word-that-is-longer-than-any-name-that-we-take-here", "a", "b"), "");
}

static void
sayings_beyond_the_room_are_counted(void)
{
    struct policy_say all = {0};

    policy_say(&all, 1, 2, true, "a note");
    CHECK_EQ(all.n_errors, 0);
    for (unsigned i = 0; i < SAY_MAX + 5; i++) {
        policy_say(&all, i, 1, false, "%u", i);
    }
    CHECK_EQ(all.n, SAY_MAX);
    CHECK_EQ(all.n_errors, SAY_MAX + 5);
    CHECK_STR(all.items[SAY_MAX - 1].text, "19");
}

/* Twenty remarks do not hide why it does not compile. */
static void
errors_take_the_places_of_notes(void)
{
    struct policy_say all = {0};

    policy_say(&all, 1, 1, false, "first");
    for (unsigned i = 0; i < SAY_MAX + 3; i++) {
        policy_say(&all, 2 + i, 1, true, "note %u", i);
    }
    policy_say(&all, 50, 1, false, "second");
    policy_say(&all, 51, 1, false, "third");
    CHECK_EQ(all.n, SAY_MAX);
    CHECK_EQ(all.n_errors, 3);
    CHECK_STR(all.items[0].text, "first");
    CHECK_STR(all.items[SAY_MAX - 3].text, "note 16");
    CHECK_STR(all.items[SAY_MAX - 2].text, "second");
    CHECK_STR(all.items[SAY_MAX - 1].text, "third");
    CHECK(!all.items[SAY_MAX - 1].note && all.items[SAY_MAX - 3].note);
    for (unsigned i = 0; i < SAY_MAX; i++) {
        policy_say(&all, 60, 1, false, "more");
    }
    policy_say(&all, 70, 1, true, "late");
    CHECK_STR(all.items[0].text, "first");
    CHECK_STR(all.items[2].text, "third");
    for (unsigned i = 0; i < SAY_MAX; i++) {
        CHECK(!all.items[i].note);
    }
}

CHECK_MAIN(CASE(words_lines_and_braces_have_their_places), CASE(braces_within_a_word_belong_to_it),
           CASE(a_comment_begins_a_word_and_ends_with_its_line),
           CASE(strings_keep_blanks_and_marks), CASE(a_string_that_is_not_closed_is_said_once),
           CASE(bytes_out_of_ascii_are_said_and_left_out), CASE(no_text_is_an_end),
           CASE(what_comes_nearest_is_offered), CASE(sayings_beyond_the_room_are_counted),
           CASE(a_comment_hides_nothing), CASE(a_carriage_return_ends_a_line_or_is_refused),
           CASE(a_version_is_not_lost_in_a_comment), CASE(errors_take_the_places_of_notes))
