/* formats/efivar, siglist, devpath and efiguid: what variables and image events hold. */
#include "formats/devpath.h"
#include "formats/efiguid.h"
#include "formats/efivar.h"
#include "formats/siglist.h"
#include "lib/check.h"
#include "lib/make-log.h"

#define GLOBAL "61dfe48bca93d211aa0d00e098032b8c"
#define X509 "a159c0a5e494a74a87b5ab155c2bf072"
#define SHA256 "2616c4c14c509240aca941f936934328"
#define OWNER "bd9afa775903324dbd6028f4e78f784b"
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
a_variable_gives_name_and_value(void)
{
    struct bytes in = check_guarded(check_hex(GLOBAL "0200000000000000 0100000000000000"
                                                     "50004b00 07"));
    char room[EFIGUID_TEXT_MAX];
    struct efivar var;

    CHECK_EQ(efivar_read(in, &var, NULL), 0);
    CHECK(efivar_is(&var, "PK"));
    CHECK(!efivar_is(&var, "P"));
    CHECK(!efivar_is(&var, "PKx"));
    CHECK(!efivar_is(&var, "KK"));
    CHECK_BYTES(var.value, check_hex("07"));
    CHECK_EQ(var.rest.len, 0);
    CHECK_STR(efiguid_name(var.guid, room), "global");
    CHECK_STR(efiguid_text(var.guid, room), "8be4df61-93ca-11d2-aa0d-00e098032b8c");
}

static void
each_truncated_variable_is_refused(void)
{
    struct bytes in = check_hex(GLOBAL "0200000000000000 0100000000000000 50004b00 07");
    struct efivar var = {.rest = {NULL, 99}};
    struct fault fault;

    for (size_t len = 0; len < in.len; len++) {
        CHECK_EQ(efivar_read(check_guarded(bytes_of(in.p, len)), &var, &fault), 1);
        CHECK_EQ(fault.rule, RULE_EFIVAR_FORM);
        CHECK_EQ(var.rest.len, 99);
    }
}

/* Pitfalls 17 and 19: a name of 2^63 units, whose bytes would wrap to none. */
static void
lengths_of_a_variable_do_not_wrap(void)
{
    struct efivar var;
    struct fault fault;

    CHECK_EQ(efivar_read(check_hex(GLOBAL "0000000000000080 0000000000000000"), &var, &fault), 1);
    CHECK_EQ(fault.rule, RULE_EFIVAR_NAME);
    CHECK_EQ(efivar_read(check_hex(GLOBAL "0101000000000000 0000000000000000"), &var, &fault), 1);
    CHECK_EQ(fault.rule, RULE_EFIVAR_NAME);
    CHECK_EQ(efivar_read(check_hex(GLOBAL "0000000000000000 ffffffffffffffff"), &var, &fault), 1);
    CHECK_EQ(fault.rule, RULE_EFIVAR_FORM);
    CHECK_EQ(fault.offset, 32);
}

/* Pitfall 17: the SecureBoot variable of a real log has no value; that is not "on". */
static void
a_variable_may_be_empty_or_followed_by_bytes(void)
{
    struct efivar var;

    CHECK_EQ(efivar_read(check_hex(GLOBAL "0000000000000000 0000000000000000 aabb"), &var, NULL),
             0);
    CHECK_EQ(var.value.len, 0);
    CHECK_EQ(var.name.len, 0);
    CHECK_BYTES(var.rest, check_hex("aabb"));
}

/* The number of entries, or -1 for a fault of this rule. */
static int
count(struct bytes in, enum rule rule)
{
    struct siglist list = siglist_init(check_guarded(in));
    struct siglist_entry entry;
    struct fault fault = {0};
    int n = 0;
    int r;

    while ((r = siglist_next(&list, &entry, &fault)) == 0) {
        n++;
    }
    CHECK_EQ(fault.rule, r == SIGLIST_FAULT ? rule : RULE_NONE);
    return r == SIGLIST_END ? n : -1;
}

static void
lists_give_their_entries(void)
{
    struct siglist list = siglist_init(
        check_guarded(check_hex(X509 "2e000000 00000000 12000000" OWNER "3082" SHA256
                                     "7c000000 00000000 30000000" OWNER HASH OWNER HASH)));
    struct siglist_entry entry;

    CHECK_EQ(siglist_next(&list, &entry, NULL), 0);
    CHECK_EQ(entry.kind, SIGLIST_X509);
    CHECK_BYTES(entry.owner, check_hex(OWNER));
    CHECK_BYTES(entry.data, check_hex("3082"));
    CHECK_EQ(siglist_next(&list, &entry, NULL), 0);
    CHECK_EQ(entry.kind, SIGLIST_SHA256);
    CHECK_EQ(siglist_next(&list, &entry, NULL), 0);
    CHECK_BYTES(entry.data, check_hex(HASH));
    CHECK_EQ(siglist_next(&list, &entry, NULL), SIGLIST_END);
    CHECK_EQ(siglist_next(&list, &entry, NULL), SIGLIST_END);
    CHECK_STR(siglist_kind_name(SIGLIST_SHA256), "sha256");
    CHECK_STR(siglist_kind_name(SIGLIST_N), "other");
}

static void
an_empty_list_has_no_entry(void)
{
    CHECK_EQ(count(BYTES_NULL, RULE_NONE), 0);
    CHECK_EQ(count(check_hex(SHA256 "1c000000 00000000 30000000"), RULE_NONE), 0);
}

static void
an_unknown_kind_may_have_a_header(void)
{
    CHECK_EQ(count(check_hex(OWNER "2f000000 01000000 12000000 ff" OWNER "0102"), RULE_NONE), 1);
    CHECK_EQ(count(check_hex(X509 "2f000000 01000000 12000000 ff" OWNER "0102"), RULE_SIGLIST_SIZE),
             -1);
}

/* Pitfall 19: the sums that other parsers got wrong. */
static void
sizes_that_contradict_are_refused(void)
{
    static const char *const bad[] = {
        X509 "00000000 00000000 12000000" OWNER "3082", /* list size below its head */
        X509 "01000000 00000000 12000000" OWNER "3082",
        X509 "1b000000 00000000 12000000" OWNER "3082",
        X509 "2e000000 13000000 12000000" OWNER "3082", /* header beyond the list */
        X509 "2e000000 ffffffff 12000000" OWNER "3082",
        X509 "2e000000 00000000 00000000" OWNER "3082", /* no entry size: a division by zero */
        X509 "2e000000 00000000 01000000" OWNER "3082",
        X509 "2e000000 00000000 10000000" OWNER "3082", /* owner only */
        X509 "2e000000 00000000 11000000" OWNER "3082", /* part of an entry left */
        X509 "2e000000 00000000 13000000" OWNER "3082",
        X509 "2e000000 00000000 ffffffff" OWNER "3082",
        SHA256 "2e000000 00000000 12000000" OWNER "3082", /* a SHA-256 of two bytes */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(count(check_hex(bad[i]), RULE_SIGLIST_SIZE), -1);
    }
    CHECK_EQ(count(check_hex(X509 "ffffffff 00000000 12000000" OWNER "3082"), RULE_SIGLIST_SHORT),
             -1);
}

static void
each_truncated_list_is_short(void)
{
    struct bytes in = check_hex(X509 "2e000000 00000000 12000000" OWNER "3082");

    CHECK_EQ(count(in, RULE_NONE), 1);
    for (size_t len = 1; len < in.len; len++) {
        CHECK_EQ(count(bytes_of(in.p, len), RULE_SIGLIST_SHORT), -1);
    }
}

static const char *
path_of(const char *hex)
{
    static char room[200];
    struct say say = say_init(room, sizeof(room));

    devpath_say(&say, check_guarded(check_hex(hex)));
    return room;
}

static void
paths_are_readable(void)
{
    CHECK_STR(path_of("02010c00d041030a00000000 010106000002 7fff0400"), "PciRoot/Pci(2,0)");
    CHECK_STR(path_of("04012a00 01000000" OWNER OWNER "0202 04040e00 5c006100 5c006200 0000"
                      "7fff0400"),
              "HD(1)/a/b");
    CHECK_STR(path_of("04071400" OWNER "04061400" GLOBAL "7fff0400"),
              "Fv(microsoft)/FvFile(global)");
    CHECK_STR(path_of("03180600 6869 09090400 7fff0400"), "hi/9.9");
    CHECK_STR(path_of("7fff0400"), "");
}

static void
broken_paths_are_told_of(void)
{
    CHECK_STR(path_of(""), "(broken)");
    CHECK_STR(path_of("0101"), "(broken)");
    CHECK_STR(path_of("01010300"), "(broken)");
    CHECK_STR(path_of("01010000 0101"), "(broken)");
    CHECK_STR(path_of("0101ffff 0101"), "(broken)");
    CHECK_STR(path_of("01010500 01 7fff0400"), "Pci(0,1)(broken)");
    CHECK_STR(path_of("09090400"), "9.9(broken)");
}

static void
lines_are_cut_to_their_room(void)
{
    char room[12];

    for (size_t cap = 8; cap <= sizeof(room); cap++) {
        struct say say = say_init(room, cap);

        say_ucs2(&say, check_hex("4100 e900 ac20 4200 4300 4400"));
        say_bytes(&say, bytes_str("abcdefghijkl"));
        say_hex(&say, bytes_str("abc"), 2);
        say_fmt(&say, "%s", "a longer text");
        CHECK(strlen(room) < cap && room[0] == 'A');
    }
}

static void
units_beyond_ascii_are_escaped(void)
{
    char room[64];
    struct say say = say_init(room, sizeof(room));

    say_ucs2(&say, check_hex("4100 e900 ac20 00d8 2200 0000 4200"));
    CHECK_STR(room, "A\\xc3\\xa9\\xe2\\x82\\xac\\xed\\xa0\\x80\\x22");
}

CHECK_MAIN(CASE(a_variable_gives_name_and_value), CASE(each_truncated_variable_is_refused),
           CASE(lengths_of_a_variable_do_not_wrap),
           CASE(a_variable_may_be_empty_or_followed_by_bytes), CASE(lists_give_their_entries),
           CASE(an_empty_list_has_no_entry), CASE(an_unknown_kind_may_have_a_header),
           CASE(sizes_that_contradict_are_refused), CASE(each_truncated_list_is_short),
           CASE(paths_are_readable), CASE(broken_paths_are_told_of),
           CASE(lines_are_cut_to_their_room), CASE(units_beyond_ascii_are_escaped))
