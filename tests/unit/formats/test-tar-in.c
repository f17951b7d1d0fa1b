/* formats/tar-in: what tar-out writes is read, whole and alone. */
#include "formats/tar-in.h"

#include <stdio.h>

#include "lib/check.h"

enum {
    NAME_AT = 0,
    SIZE_AT = 124,
    SUM_AT = 148,
    KIND_AT = 156,
    LINK_AT = 157,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    REST_AT = 500
};

static uint8_t room[64 * 1024];
static size_t len;

/* Writes the sum that the head has. */
static void
sum(size_t at)
{
    unsigned value = 0;

    memset(room + at + SUM_AT, ' ', 8);
    for (size_t i = 0; i < 512; i++) {
        value += room[at + i];
    }
    snprintf((char *)room + at + SUM_AT, 8, "%06o", value);
}

static size_t
file(const char *name, const char *content)
{
    size_t at = len;

    CHECK(len + 1024 + strlen(content) + 512 <= sizeof(room));
    memset(room + at, 0, 512);
    snprintf((char *)room + at, 100, "%s", name);
    snprintf((char *)room + at + SIZE_AT, 12, "%011o", (unsigned)strlen(content) % 65536);
    room[at + KIND_AT] = '0';
    memcpy(room + at + MAGIC_AT, "ustar\00000", 8);
    sum(at);
    len += 512;
    memset(room + len, 0, (strlen(content) + 511) / 512 * 512);
    memcpy(room + len, content, strlen(content));
    len += (strlen(content) + 511) / 512 * 512;
    return at;
}

static void
end(size_t blocks)
{
    memset(room + len, 0, 512 * blocks);
    len += 512 * blocks;
}

/* Two files and the end. */
static void
good(void)
{
    len = 0;
    file("quote", "0123456789");
    file("ak.tpmt", "");
    end(2);
}

/* Reads to the end; the rule that ended it, RULE_NONE at the archive's end. */
static enum rule
read_all(struct bytes in, size_t *ret_n)
{
    struct tar_in tar = tar_in_open(in);
    struct tar_in_file one = {0};
    struct fault fault = {0};
    size_t n = 0;
    int r;

    while ((r = tar_in_next(&tar, &one, &fault)) == 0) {
        CHECK(one.name.len > 0 && one.name.len < 100);
        n++;
    }
    if (ret_n) {
        *ret_n = n;
    }
    if (r == TAR_IN_E_FAULT) {
        CHECK(fault.event == n && fault.offset <= in.len && fault.offset % 512 == 0);
        CHECK_EQ(tar_in_next(&tar, &one, NULL), TAR_IN_E_FAULT);
    }
    return r == TAR_IN_E_END ? RULE_NONE : fault.rule;
}

static enum rule
rule(void)
{
    return read_all(check_guarded(bytes_of(room, len)), NULL);
}

static void
files_are_read_in_order(void)
{
    struct tar_in tar;
    struct tar_in_file one;

    good();
    tar = tar_in_open(bytes_of(room, len));
    CHECK_EQ(tar_in_next(&tar, &one, NULL), 0);
    CHECK_BYTES(one.name, bytes_str("quote"));
    CHECK_BYTES(one.content, bytes_str("0123456789"));
    CHECK_EQ(tar_in_next(&tar, &one, NULL), 0);
    CHECK_BYTES(one.name, bytes_str("ak.tpmt"));
    CHECK_EQ(one.content.len, 0);
    CHECK_EQ(tar_in_next(&tar, &one, NULL), TAR_IN_E_END);
    CHECK_BYTES(one.name, bytes_str("ak.tpmt")); /* untouched */
}

static void
lengths_around_a_block_are_read(void)
{
    static char content[1200];

    for (size_t n = 0; n < sizeof(content) - 1; n += 37) {
        size_t found = 0;

        memset(content, 'x', n);
        content[n] = '\0';
        len = 0;
        file("a", content);
        end(2);
        CHECK_EQ(read_all(check_guarded(bytes_of(room, len)), &found), RULE_NONE);
        CHECK_EQ(found, 1);
    }
}

static void
no_truncation_is_an_archive(void)
{
    good();
    for (size_t n = 0; n < len; n++) {
        CHECK(read_all(check_guarded(bytes_of(room, n)), NULL) != RULE_NONE);
    }
    CHECK_EQ(read_all(BYTES_NULL, NULL), RULE_TAR_END);
}

static void
a_flip_in_a_head_breaks_its_sum(void)
{
    good();
    for (size_t i = 0; i < 512; i++) {
        enum rule got;

        room[i] ^= 0x10;
        got = rule();
        /* of the sum's own field, what ends it may be blank or NUL */
        CHECK(got == RULE_TAR_SUM || (i >= SUM_AT + 6 && i < SUM_AT + 8));
        room[i] ^= 0x10;
    }
}

static void
only_zeros_in_whole_blocks_follow(void)
{
    good();
    end(18); /* as other programs fill up */
    CHECK_EQ(rule(), RULE_NONE);
    room[len - 1] = 1;
    CHECK_EQ(rule(), RULE_TAR_END);
    room[len - 1] = 0;
    room[len] = 0;
    len++;
    CHECK_EQ(rule(), RULE_TAR_END);
    len = 0;
    file("a", "b");
    end(1);
    CHECK_EQ(rule(), RULE_TAR_END);
    file("c", "d");
    end(2);
    CHECK_EQ(rule(), RULE_TAR_END);
}

static void
what_fills_up_a_file_is_zero(void)
{
    good();
    room[512 + 10] = 1;
    CHECK_EQ(rule(), RULE_TAR_SHORT);
}

static void
a_length_is_octal_and_within(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {"00000000012", RULE_NONE},      {"12         ", RULE_NONE},
        {"            ", RULE_TAR_HEAD}, {"-0000000001", RULE_TAR_HEAD},
        {"0000000001a", RULE_TAR_HEAD},  {"1 2", RULE_TAR_HEAD},
        {"77777777777", RULE_TAR_SHORT}, {"777777777777", RULE_TAR_HEAD},
        {"00000004001", RULE_TAR_SHORT}, {"\x80", RULE_TAR_HEAD},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        good();
        memset(room + SIZE_AT, 0, 12);
        memcpy(room + SIZE_AT, rows[i].text, strlen(rows[i].text));
        sum(0);
        CHECK_EQ(rule(), rows[i].rule);
    }
}

static void
only_regular_files_are_taken(void)
{
    static const char kinds[] = "1234567LKxgSDV";

    for (size_t i = 0; i < sizeof(kinds) - 1; i++) {
        good();
        room[KIND_AT] = (uint8_t)kinds[i];
        sum(0);
        CHECK_EQ(rule(), RULE_TAR_KIND);
    }
    good();
    room[KIND_AT] = 0; /* as before POSIX */
    sum(0);
    CHECK_EQ(rule(), RULE_NONE);
}

static void
links_prefixes_and_other_forms_are_refused(void)
{
    static const size_t places[] = {LINK_AT,  PREFIX_AT,    REST_AT,
                                    MAGIC_AT, MAGIC_AT + 5, MAGIC_AT + 7};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        good();
        room[places[i]] = 'x';
        sum(0);
        CHECK_EQ(rule(), RULE_TAR_KIND);
    }
    good();
    memcpy(room + MAGIC_AT, "ustar  ", 8); /* GNU's own */
    sum(0);
    CHECK_EQ(rule(), RULE_TAR_KIND);
}

static void
names_are_plain(void)
{
    static const char *const names[] = {"",   ".",   "..",   ".x",   "a/b",
                                        "/a", "a b", "a\nb", "\x80", "a\\"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        len = 0;
        file(names[i], "x");
        end(2);
        CHECK_EQ(rule(), RULE_TAR_KIND);
    }
    good();
    memset(room, 'n', 100); /* not ended */
    sum(0);
    CHECK_EQ(rule(), RULE_TAR_KIND);
    room[99] = 0;
    sum(0);
    CHECK_EQ(rule(), RULE_NONE);
    room[50] = 0; /* something behind the end */
    sum(0);
    CHECK_EQ(rule(), RULE_TAR_KIND);
}

static void
there_are_not_more_files_than_allowed(void)
{
    size_t n = 0;

    len = 0;
    for (size_t i = 0; i < TAR_IN_FILES; i++) {
        file("a", "");
    }
    end(2);
    CHECK_EQ(read_all(bytes_of(room, len), &n), RULE_NONE);
    CHECK_EQ(n, TAR_IN_FILES);
    len -= 1024;
    file("a", "");
    end(2);
    CHECK_EQ(read_all(bytes_of(room, len), &n), RULE_TAR_HEAD);
    CHECK_EQ(n, TAR_IN_FILES);
}

CHECK_MAIN(CASE(files_are_read_in_order), CASE(lengths_around_a_block_are_read),
           CASE(no_truncation_is_an_archive), CASE(a_flip_in_a_head_breaks_its_sum),
           CASE(only_zeros_in_whole_blocks_follow), CASE(what_fills_up_a_file_is_zero),
           CASE(a_length_is_octal_and_within), CASE(only_regular_files_are_taken),
           CASE(links_prefixes_and_other_forms_are_refused), CASE(names_are_plain),
           CASE(there_are_not_more_files_than_allowed))
