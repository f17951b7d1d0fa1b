/* formats/evtext: the line about an event, whoever wrote its bytes. */
#include "formats/evtext.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/make-log.h"

#define GLOBAL "61dfe48bca93d211aa0d00e098032b8c"
#define OWNER "bd9afa775903324dbd6028f4e78f784b"
#define NAME_DB "0200000000000000"
#define DB "64006200"

static const uint8_t zero[4];
static const uint8_t one[4] = {1};

static const char *
line_of(uint32_t type, struct bytes data)
{
    static char room[EVTEXT_MAX];
    struct evlog_event event = {.type = type, .data = check_guarded(data)};

    return evtext_line(&event, room);
}

static void
lines_say_what_an_event_is(void)
{
    uint8_t room[64];

    CHECK_STR(line_of(EV_SEPARATOR, BYTES_OF(zero)), "00000000");
    CHECK_STR(line_of(EV_SEPARATOR, BYTES_OF(one)), "01000000, the firmware reports an error");
    CHECK_STR(line_of(EV_SEPARATOR, bytes_str("WBCL")), "5742434c");
    CHECK_STR(line_of(EV_EFI_ACTION, bytes_str("a \"b\" \\")), "a \\x22b\\x22 \\x5c");
    CHECK_STR(line_of(EV_IPL, bytes_of("grub_cmd: \1", 11)), "grub_cmd: \\x01");
    CHECK_STR(line_of(EV_IPL, check_hex("2e006c00 0000")), ".l");
    CHECK_STR(line_of(EV_EVENT_TAG, check_hex("01000000 02000000 6869")), "0x00000001 hi");
    CHECK_STR(line_of(EV_NO_ACTION, bytes_of("StartupLocality\0\3", 17)), "StartupLocality 03");
    CHECK_STR(
        line_of(EV_EFI_VARIABLE_DRIVER_CONFIG, make_variable(room, sizeof(room), "PK", BYTES_NULL)),
        "PK (global) empty");
    CHECK_STR(
        line_of(EV_EFI_PLATFORM_FIRMWARE_BLOB, check_hex("0000820000000000 0001000000000000")),
        "256 bytes at 0x820000");
    CHECK_STR(line_of(EV_EFI_PLATFORM_FIRMWARE_BLOB2,
                      check_hex("02 6869 0000820000000000 0001000000000000")),
              "hi 256 bytes at 0x820000");
}

static void
broken_data_has_a_line_too(void)
{
    CHECK_STR(line_of(EV_EFI_VARIABLE_BOOT, bytes_str("x")), "broken variable, 1 bytes");
    CHECK_STR(line_of(EV_EFI_BOOT_SERVICES_DRIVER, bytes_str("x")), "broken image event, 1 bytes");
    CHECK_STR(line_of(EV_EFI_GPT_EVENT, check_hex("00")), "00");
    CHECK_STR(line_of(EV_EVENT_TAG, check_hex("01")), "01");
    CHECK_STR(line_of(EV_NO_ACTION, BYTES_NULL), "");
    CHECK_STR(line_of(0x1234, check_hex("8001020304050607080910111213141516")),
              "80010203040506070809101112131415... (17 bytes)");
}

static void
text_is_told_from_numbers(void)
{
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("47434520 496e666f 00000000 00000000 00")),
              "GCE Info");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("41424344 0000")), "ABCD");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("414243 000000")), "414243000000");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("00000000")), "00000000");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("80")), "\\x80");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("8080")), "8080");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("000102030405060708090a0b0c0d0e8f")),
              "03020100-0504-0706-0809-0a0b0c0d0e8f");
}

static void
hex_says_how_long_it_was_only_when_cut(void)
{
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("000102030405060708090a0b0c0d0e")),
              "000102030405060708090a0b0c0d0e");
    CHECK_STR(line_of(EV_NONHOST_INFO, check_hex("000102030405060708090a0b0c0d0e0f8f")),
              "000102030405060708090a0b0c0d0e0f... (17 bytes)");
}

static void
a_certificate_of_an_authority_has_its_owner(void)
{
    const char *head = GLOBAL NAME_DB;
    char hex[512];

    snprintf(hex, sizeof(hex), "%s1500000000000000" DB OWNER "3082000000", head);
    CHECK_STR(line_of(EV_EFI_VARIABLE_AUTHORITY, check_hex(hex)),
              "db (global) x509 of microsoft, 5 bytes");
    snprintf(hex, sizeof(hex), "%s0500000000000000" DB "3082000000", head);
    CHECK_STR(line_of(EV_EFI_VARIABLE_AUTHORITY, check_hex(hex)), "db (global) x509, 5 bytes");
    snprintf(hex, sizeof(hex), "%s1500000000000000" DB OWNER "3182000000", head);
    CHECK_STR(line_of(EV_EFI_VARIABLE_AUTHORITY, check_hex(hex)),
              "db (global) bd9afa775903324dbd6028f4e78f784b... (21 bytes)");
    snprintf(hex, sizeof(hex), "%s1100000000000000" DB OWNER "30", head);
    CHECK_STR(line_of(EV_EFI_VARIABLE_AUTHORITY, check_hex(hex)),
              "db (global) bd9afa775903324dbd6028f4e78f784b... (17 bytes)");
}

static void
the_head_of_the_log_is_only_named(void)
{
    CHECK_STR(line_of(EV_NO_ACTION, bytes_of("Spec ID Event03\0\1\2\3", 19)), "Spec ID Event03");
    CHECK_STR(line_of(EV_NO_ACTION, bytes_of("Spec ID Evens03\0\1", 17)), "Spec ID Evens03 01");
    CHECK_STR(line_of(EV_NO_ACTION, bytes_of("Spec ID Event03", 15)), "Spec ID Event03");
}

static void
images_say_path_and_size(void)
{
    const char *head = "0000000000000000 2a00000000000000 0000000000000000";
    char hex[256];

    snprintf(hex, sizeof(hex), "%s 0000000000000000", head);
    CHECK_STR(line_of(EV_EFI_BOOT_SERVICES_APPLICATION, check_hex(hex)), "no path, 42 bytes");
    snprintf(hex, sizeof(hex), "%s 0c00000000000000 0404080061000000 7fff0400", head);
    CHECK_STR(line_of(EV_EFI_BOOT_SERVICES_APPLICATION, check_hex(hex)), "a, 42 bytes");
    snprintf(hex, sizeof(hex), "%s 0d00000000000000 0404080061000000 7fff0400", head);
    CHECK_STR(line_of(EV_EFI_BOOT_SERVICES_APPLICATION, check_hex(hex)),
              "broken image event, 44 bytes");
    snprintf(hex, sizeof(hex), "%s ffffffffffffffff", head);
    CHECK_STR(line_of(EV_EFI_RUNTIME_SERVICES_DRIVER, check_hex(hex)),
              "broken image event, 32 bytes");
}

/* Every type with every prefix of a rich event: printable, ended, in its room. */
static void
no_byte_of_the_log_reaches_a_terminal(void)
{
    static const uint32_t types[] = {EV_POST_CODE,
                                     EV_NO_ACTION,
                                     EV_SEPARATOR,
                                     EV_EVENT_TAG,
                                     EV_IPL,
                                     EV_EFI_VARIABLE_BOOT,
                                     EV_EFI_VARIABLE_AUTHORITY,
                                     EV_EFI_BOOT_SERVICES_DRIVER,
                                     EV_EFI_GPT_EVENT,
                                     EV_EFI_PLATFORM_FIRMWARE_BLOB2,
                                     EV_EFI_ACTION,
                                     0xffffffff};
    uint8_t data[256];

    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 27);
    }
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        for (size_t len = 0; len <= sizeof(data); len += len < 40 ? 1 : 24) {
            const char *line = line_of(types[i], bytes_of(data, len));

            CHECK(strlen(line) < EVTEXT_MAX);
            for (const char *c = line; *c != '\0'; c++) {
                CHECK(*c >= 0x20 && *c <= 0x7e);
            }
        }
    }
}

CHECK_MAIN(CASE(lines_say_what_an_event_is), CASE(broken_data_has_a_line_too),
           CASE(text_is_told_from_numbers), CASE(hex_says_how_long_it_was_only_when_cut),
           CASE(a_certificate_of_an_authority_has_its_owner),
           CASE(the_head_of_the_log_is_only_named), CASE(images_say_path_and_size),
           CASE(no_byte_of_the_log_reaches_a_terminal))
