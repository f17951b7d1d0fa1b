/* tools/table */
#include "table.h"

#include <stdlib.h>

#include "lib/check.h"

/* What a table prints, kept until the process ends. */
static const char *
printed(const struct table *table)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    CHECK(out);
    CHECK_EQ(table_print(table, out), 0);
    fclose(out);
    return check_keep(text);
}

static void
columns_are_as_wide_as_their_longest_cell(void)
{
    CLEANUP(table_freep) struct table *table = table_new(3);

    table_cell(table, "ID");
    table_cell(table, "STATE");
    table_cell(table, "N");
    table_cell(table, "%s", "0123456789");
    table_cell(table, "ok");
    table_cell(table, "%d", 7);
    CHECK_EQ(table_rows(table), 2);
    CHECK_STR(printed(table), "ID          STATE  N\n"
                              "0123456789  ok     7\n");
}

static void
no_blanks_stand_at_the_end_of_a_line(void)
{
    CLEANUP(table_freep) struct table *table = table_new(3);
    static const char *const cells[] = {"a", "b", "", "long cell", "", "", "", "", "", "", "", "z"};

    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        table_cell(table, "%s", cells[i]);
    }
    CHECK_STR(printed(table), "a          b\n"
                              "long cell\n"
                              "\n"
                              "              z\n");
}

static void
a_row_that_is_not_whole_is_not_printed(void)
{
    CLEANUP(table_freep) struct table *table = table_new(2);

    CHECK_EQ(table_rows(table), 0);
    CHECK_STR(printed(table), "");
    table_cell(table, "a");
    CHECK_EQ(table_rows(table), 0);
    table_cell(table, "b");
    table_cell(table, "c");
    CHECK_EQ(table_rows(table), 1);
    CHECK_STR(printed(table), "a  b\n");
}

static void
cells_cannot_steer_a_terminal(void)
{
    CLEANUP(table_freep) struct table *table = table_new(1);
    const char *text;

    table_cell(table, "%s", "\x1b[2J\x07\n\xe2\x80\xae");
    text = printed(table);
    CHECK_EQ(strlen(text), strcspn(text, "\n") + 1); /* one line */
    for (const char *at = text; *at != '\n'; at++) {
        CHECK(*at >= 0x20 && *at <= 0x7e);
    }
}

static void
long_cells_are_cut_and_say_so(void)
{
    char long_text[2 * TABLE_CELL_MAX];
    const char *text;

    for (size_t len = TABLE_CELL_MAX - 6; len < sizeof(long_text); len++) {
        struct table *table = table_new(1);
        bool whole;

        memset(long_text, 'x', sizeof(long_text));
        long_text[len] = '\0';
        table_cell(table, "%s", long_text);
        text = printed(table);
        CHECK(strlen(text) <= TABLE_CELL_MAX);
        whole = strspn(text, "x") == len;
        CHECK_EQ(whole, strcmp(text + strlen(text) - 4, "...\n") != 0);
        CHECK(whole || len > TABLE_CELL_MAX - 4); /* room for the dots is kept free */
        table_free(table);
    }
}

static void
many_rows_are_kept_in_order(void)
{
    CLEANUP(table_freep) struct table *table = table_new(1);
    const char *at;

    for (int i = 1000; i < 1300; i++) {
        table_cell(table, "%d", i);
    }
    CHECK_EQ(table_rows(table), 300);
    at = printed(table);
    for (int i = 1000; i < 1300; i++, at += 5) {
        CHECK_EQ(strtol(at, NULL, 10), i);
    }
    CHECK_EQ(*at, '\0');
}

static void
a_line_is_escaped_as_a_cell_is(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    table_line(out, "%s: %d", "a\tb", 5);
    fclose(out);
    CHECK_STR(text, "a\\x09b: 5\n");
    free(text);
}

static void
no_table_is_an_error_at_print_only(void)
{
    table_cell(NULL, "x");
    CHECK_EQ(table_rows(NULL), 0);
    CHECK_EQ(table_print(NULL, stdout), 1);
    table_free(NULL);
}

CHECK_MAIN(CASE(columns_are_as_wide_as_their_longest_cell),
           CASE(no_blanks_stand_at_the_end_of_a_line), CASE(a_row_that_is_not_whole_is_not_printed),
           CASE(cells_cannot_steer_a_terminal), CASE(long_cells_are_cut_and_say_so),
           CASE(many_rows_are_kept_in_order), CASE(a_line_is_escaped_as_a_cell_is),
           CASE(no_table_is_an_error_at_print_only))
