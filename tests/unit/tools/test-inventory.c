/* tools/inventory */
#include "inventory.h"

#include <stdio.h>

#include "lib/check.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define B16 "BBBBbbbbBBBBbbbb"
#define B64 B16 B16 B16 B16
#define B64_LOW        \
    "bbbbbbbbbbbbbbbb" \
    "bbbbbbbbbbbbbbbb" \
    "bbbbbbbbbbbbbbbb" \
    "bbbbbbbbbbbbbbbb"

static struct inventory inventory;

/* Reads a text that ends at an unreadable page. */
static int
read_text(const char *text)
{
    inventory_done(&inventory);
    return inventory_read(check_guarded(bytes_str(text)), &inventory);
}

static void
rows_are_read_with_their_lines(void)
{
    CHECK_EQ(read_text(A64 ",gates\n" B64 ",racks\n"), 0);
    CHECK_EQ(inventory.n, 2);
    CHECK_STR(inventory.rows[0].word, A64 ",gates");
    CHECK_EQ(inventory.rows[0].line, 1);
    CHECK_STR(inventory.rows[1].word, B64_LOW ",racks"); /* in lower case */
    CHECK_EQ(inventory.rows[1].line, 2);
    inventory_done(&inventory);
    CHECK_EQ(inventory.n, 0);
}

static void
what_spreadsheets_add_is_taken(void)
{
    CHECK_EQ(read_text("\xef\xbb\xbf"
                       "fingerprint , class\r\n\r\n# a note\r\n \t" A64 " ,\tgates \r\n\n"),
             0);
    CHECK_EQ(inventory.n, 1);
    CHECK_STR(inventory.rows[0].word, A64 ",gates");
    CHECK_EQ(inventory.rows[0].line, 4);
    CHECK_EQ(read_text(A64 ",gates"), 0); /* no newline at the end */
    CHECK_EQ(inventory.n, 1);
}

static void
a_file_of_nothing_is_an_error(void)
{
    static const char *const texts[] = {
        "", "\n", "\n\n\n", "# note\n", "fingerprint,class\n", "\xef\xbb\xbf", "   \t  "};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CHECK_EQ(read_text(texts[i]), 1);
        CHECK_EQ(inventory.n, 0);
        CHECK_EQ(inventory.n_bad, 0);
    }
}

static void
bad_lines_are_counted_and_fail_the_file(void)
{
    static const char *const lines[] = {
        A64,      /* no class */
        A64 ",",  /* an empty one */
        ",gates", /* no fingerprint */
        ",",
        A64 "a,gates", /* 65 digits */
        A16 A16 A16 "a,gates",
        A16 A16 A16 "aaaaaaaaaaaaaaag,gates",
        A64 ",gates,a/b",
        A64 ",gates,a .b",
        A64 ",gates,a\tb", /* a blank is between them, not a tab */
        A64 ",gates,1 2 3 4 5 6 7 8 9",
        A64 ",gates,a,b",
        A64 ",gates,a,",
        A64 ",a b",
        A64 ",a/b",
        A64 ",.hidden",
        A64 ";gates",
        "\"" A64 "\",gates", /* quotes are no part of hex */
    };
    char text[512];

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        snprintf(text, sizeof(text), "%s,good\n%s\n", B64, lines[i]);
        CHECK_EQ(read_text(text), 1);
        CHECK_EQ(inventory.n_bad, 1);
        CHECK_EQ(inventory.n, 1);
    }
}

static void
a_header_stands_first_or_is_a_bad_line(void)
{
    CHECK_EQ(read_text(A64 ",gates\nfingerprint,class\n"), 1);
    CHECK_EQ(inventory.n_bad, 1);
    CHECK_EQ(read_text("Fingerprint,class\n" A64 ",gates\n"), 1);
}

static void
a_fingerprint_twice_is_an_error(void)
{
    CHECK_EQ(read_text(B64 ",gates\n" A64 ",x\n" B64_LOW ",gates\n"), 1); /* of either case */
    CHECK_EQ(inventory.n_bad, 1);
    CHECK_EQ(read_text(A64 ",a\n" A64 ",b\n" A64 ",c\n"), 1);
    CHECK_EQ(inventory.n_bad, 2);
}

static void
every_bad_line_counts_beyond_those_shown(void)
{
    static char text[4096];
    size_t at = 0;

    for (int i = 0; i < 50; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "bad %d\n", i);
    }
    CHECK_EQ(read_text(text), 1);
    CHECK_EQ(inventory.n_bad, 50);
    CHECK_EQ(inventory.n, 0);
}

static void
zero_bytes_are_no_blanks(void)
{
    static const char text[] = A64 ",gates\0\n";

    CHECK_EQ(inventory_read(check_guarded(bytes_of(text, sizeof(text) - 1)), &inventory), 1);
    CHECK_EQ(inventory.n_bad, 1);
}

static void
the_longest_class_fits(void)
{
    char text[160];

    snprintf(text, sizeof(text), "%s,%063d\n", A64, 0);
    CHECK_EQ(read_text(text), 0);
    CHECK_EQ(strlen(inventory.rows[0].word), 128);
    snprintf(text, sizeof(text), "%s,%064d\n", A64, 0);
    CHECK_EQ(read_text(text), 1);
}

/* A row as the keeper gets it, or a failed test. */
static const char *
told(size_t i)
{
    static char room[INVENTORY_ROW];

    CHECK(i < inventory.n);
    return inventory_word(&inventory.rows[i], room);
}

static void
a_third_column_names_groups(void)
{
    static char text[1024];
    struct bytes left;
    struct bytes name;
    size_t len;

    len = (size_t)snprintf(text, sizeof(text), "fingerprint,class,groups\n%s,c, b  a \n%s,c,\n",
                           A64, B64);
    CHECK_EQ(inventory_read(bytes_of(text, len), &inventory), 0);
    CHECK_EQ(inventory.n, 2);
    CHECK_STR(told(0), A64 ",c,b a");
    CHECK_STR(told(1), B64_LOW ",c,");
    CHECK(inventory.rows[0].has_groups && inventory.rows[1].has_groups);
    left = inventory.rows[0].groups;
    CHECK(inventory_group(&left, &name) && bytes_equal(name, bytes_str("b")));
    CHECK(inventory_group(&left, &name) && bytes_equal(name, bytes_str("a")));
    CHECK(!inventory_group(&left, &name));
    CHECK_EQ(read_text(A64 ",c\n"), 0);
    CHECK(!inventory.rows[0].has_groups); /* that says nothing, and not none */
    CHECK_STR(told(0), A64 ",c");
    CHECK_EQ(read_text("fingerprint,class,colour\n" A64 ",c\n"), 1);
}

static void
the_longest_row_fits(void)
{
    static char text[1024];
    size_t len = (size_t)snprintf(text, sizeof(text), "%s,%063d,", A64, 0);

    for (int i = 0; i < 8; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%063d", i ? " " : "", i);
    }
    CHECK_EQ(inventory_read(bytes_of(text, len), &inventory), 0);
    CHECK_STR(told(0), text);
    CHECK_EQ(strlen(told(0)), len);
}

CHECK_MAIN(CASE(rows_are_read_with_their_lines), CASE(what_spreadsheets_add_is_taken),
           CASE(a_file_of_nothing_is_an_error), CASE(bad_lines_are_counted_and_fail_the_file),
           CASE(a_header_stands_first_or_is_a_bad_line), CASE(a_fingerprint_twice_is_an_error),
           CASE(every_bad_line_counts_beyond_those_shown), CASE(zero_bytes_are_no_blanks),
           CASE(the_longest_class_fits), CASE(a_third_column_names_groups),
           CASE(the_longest_row_fits))
