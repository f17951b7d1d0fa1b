/* formats/x509-name: when two names are one, and what people see of a name. */
#include "formats/x509-name.h"
#include "lib/check.h"

/* CN=ab, in the string type of that tag; O=c */
#define CN_UTF8 "310b 3009 0603550403 0c02 6162"
#define CN_PRINTABLE "310b 3009 0603550403 1302 6162"
#define CN_IA5 "310b 3009 0603550403 1602 6162"
#define CN_OTHER_CASE "310b 3009 0603550403 0c02 6142"
#define SN_UTF8 "310b 3009 0603550404 0c02 6162"
#define O_UTF8 "310a 3008 060355040a 0c01 63"

static bool
equal(const char *a, const char *b)
{
    bool there = x509_name_equal(check_guarded(check_hex(a)), check_guarded(check_hex(b)));

    CHECK_EQ(x509_name_equal(check_guarded(check_hex(b)), check_guarded(check_hex(a))), there);
    return there;
}

static const char *
text_of(const char *hex)
{
    static char room[64];

    return x509_name_text(room, sizeof(room), check_guarded(check_hex(hex)));
}

static void
string_types_of_text_count_as_one(void)
{
    CHECK(equal("300d" CN_UTF8, "300d" CN_UTF8));
    CHECK(equal("300d" CN_UTF8, "300d" CN_PRINTABLE));
    CHECK(!equal("300d" CN_UTF8, "300d" CN_IA5));
    CHECK(!equal("300d" CN_PRINTABLE, "300d" CN_IA5));
}

static void
type_value_and_order_count(void)
{
    CHECK(!equal("300d" CN_PRINTABLE, "300d" SN_UTF8));
    CHECK(!equal("300d" CN_PRINTABLE, "300d" CN_OTHER_CASE));
    CHECK(equal("3019" CN_PRINTABLE O_UTF8, "3019" CN_UTF8 O_UTF8));
    CHECK(!equal("3019" CN_PRINTABLE O_UTF8, "3019" O_UTF8 CN_UTF8));
}

static void
a_name_is_not_its_own_beginning(void)
{
    CHECK(!equal("300d" CN_PRINTABLE, "3019" CN_UTF8 O_UTF8));
    CHECK(!equal("300d" CN_PRINTABLE, "3000"));
    CHECK(equal("3000", "3000"));
    /* two attributes of one set are not two sets, nor one attribute */
    CHECK(!equal("3017 3115 3009 0603550403 0c02 6162 3008 060355040a 0c01 63",
                 "3019" CN_PRINTABLE O_UTF8));
    CHECK(
        !equal("3017 3115 3009 0603550403 0c02 6162 3008 060355040a 0c01 63", "300d" CN_PRINTABLE));
}

/* What is no name must not match a name that it begins like, and needs no more than its bytes. */
static void
broken_names_equal_only_themselves(void)
{
    struct bytes whole = check_hex("3019" CN_UTF8 O_UTF8);
    struct bytes other = check_hex("3019" CN_PRINTABLE O_UTF8);

    CHECK(x509_name_equal(whole, other));
    for (size_t len = 0; len < whole.len; len++) {
        struct bytes cut = check_guarded(bytes_of(whole.p, len));

        CHECK(x509_name_equal(cut, cut));
        CHECK(!x509_name_equal(cut, other));
        CHECK(!x509_name_equal(other, cut));
        /* the same bytes as far as the string's type */
        CHECK_EQ(x509_name_equal(cut, check_guarded(bytes_of(other.p, len))), len <= 11);
    }
    CHECK(!equal("300d" CN_UTF8 "00", "300d" CN_PRINTABLE "00"));
}

static void
values_are_joined_and_escaped(void)
{
    CHECK_STR(text_of("3019" CN_UTF8 O_UTF8), "ab, c");
    CHECK_STR(text_of("3017 3115 3009 0603550403 0c02 6162 3008 060355040a 0c01 63"), "ab, c");
    CHECK_STR(text_of("3000"), "");
    CHECK_STR(text_of(""), "");
    CHECK_STR(text_of("300d 310b 3009 0603550403 0c02 1b5b"), "\\x1b[");
    CHECK_STR(text_of("300d 310b 3009 0603550403 0c02 2200"), "\\x22\\x00");
}

static void
long_values_are_cut_to_the_room(void)
{
    uint8_t name[600] = {0x30, 0x82, 0x02, 0x54, 0x31, 0x82, 0x02, 0x50, 0x30, 0x82, 0x02,
                         0x4c, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x82, 0x02, 0x43};
    char small[8];
    char large[1024];

    memset(name + 21, 'a', sizeof(name) - 21);
    CHECK_STR(x509_name_text(small, sizeof(small), check_guarded(BYTES_OF(name))), "");
    CHECK(strlen(x509_name_text(large, sizeof(large), check_guarded(BYTES_OF(name)))) <= 512);
    CHECK_STR(x509_name_text(small, sizeof(small),
                             check_hex("300f 310d 300b 0603550403 0c04"
                                       "61626364")),
              "abcd");
    CHECK_STR(x509_name_text(small, sizeof(small),
                             check_hex("3014 3112 3010 0603550403 0c09"
                                       "616263646566676869")),
              "abcd...");
}

CHECK_MAIN(CASE(string_types_of_text_count_as_one), CASE(type_value_and_order_count),
           CASE(a_name_is_not_its_own_beginning), CASE(broken_names_equal_only_themselves),
           CASE(values_are_joined_and_escaped), CASE(long_values_are_cut_to_the_room))
