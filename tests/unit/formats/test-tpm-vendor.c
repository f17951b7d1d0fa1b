/* Makers and versions: from certificates and policies to numbers and back. */
#include "formats/tpm-vendor.h"
#include "lib/check.h"

static void
makers_of_certificates_are_read(void)
{
    static const struct {
        const char *text;
        uint32_t vendor;
    } rows[] = {
        {"id:4E544300", 0x4e544300},
        {"id:4e544300", 0x4e544300},
        {"id:53544D20", 0x53544d00}, /* STM writes a blank, the registry too */
        {"id:4E534D20", 0x4e534d00},
        {"id:41202020", 0x41000000},
        {"id:20202020", 0},
        {"id:00000000", 0},
        {"id:00001014", 0x00001014},
        {"id:4E5443", 0},
        {"id:4E54430000", 0},
        {"id:4E54430G", 0},
        {"ID:4E544300", 0},
        {"id:", 0},
        {"NTC", 0},
        {"", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        printf("# %s\n", rows[i].text);
        CHECK_EQ(tpm_vendor_read(check_guarded(bytes_str(rows[i].text))), rows[i].vendor);
    }
}

static void
names_and_ids_go_both_ways(void)
{
    static const struct {
        uint32_t vendor;
        const char *name;
    } rows[] = {
        {0x4e544300, "NTC"},        {0x494e5443, "INTC"},       {0x41000000, "A"},
        {0x00001014, "0x00001014"}, {0x4e004300, "0x4e004300"}, {0x4e540720, "0x4e540720"},
    };
    char room[TPM_VENDOR_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK_STR(tpm_vendor_text(rows[i].vendor, room), rows[i].name);
    }
    for (size_t i = 0; i < 5; i++) {
        CHECK_EQ(tpm_vendor_named(bytes_str(rows[i].name)), rows[i].vendor);
    }
    CHECK_STR(tpm_vendor_text(0x53544d20, room), "0x53544d20"); /* no form of ours */
    CHECK_EQ(tpm_vendor_named(bytes_str("0x53544d20")), 0x53544d00);
    CHECK_EQ(tpm_vendor_named(bytes_str("STMIC")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_str("ST M")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_str("0x1014")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_str("0x12")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_str("0x0000101g")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_str("")), 0);
    CHECK_EQ(tpm_vendor_named(bytes_of("N\0C", 3)), 0);
}

static void
kinds_are_those_that_a_maker_makes(void)
{
    CHECK_STR(tpm_vendor_kind(0x49465800), "discrete");
    CHECK_STR(tpm_vendor_kind(0x53544d00), "discrete");
    CHECK_STR(tpm_vendor_kind(0x414d4400), "firmware");
    CHECK_STR(tpm_vendor_kind(0x00001014), "virtual");
    CHECK(tpm_vendor_kind(0x4d534654) == NULL); /* MSFT: of machines and of chips */
    CHECK(tpm_vendor_kind(0) == NULL);
}

/* A maker of machines' TPMs, of both kinds, or that nobody knows, is none that makes hardware. */
static void
hardware_is_what_a_known_maker_makes_alone(void)
{
    static const char *const hardware[] = {"IFX",  "STM",  "NTC", "NTZ",
                                           "ATML", "INTC", "AMD", "QCOM"};
    static const char *const others[] = {"IBM", "0x00001014", "VMW", "GOOG", "MSFT", "AMZN", "XYZ"};

    for (size_t i = 0; i < ARRAY_LEN(hardware); i++) {
        CHECK(tpm_vendor_hardware(tpm_vendor_named(bytes_str(hardware[i]))));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK(!tpm_vendor_hardware(tpm_vendor_named(bytes_str(others[i]))));
    }
    CHECK(!tpm_vendor_hardware(0));
}

static void
versions_are_four_numbers(void)
{
    static const struct {
        const char *text;
        uint64_t first, last;
    } rows[] = {
        {"7", 0x0007000000000000, 0x0007ffffffffffff},
        {"4.33", 0x0004002100000000, 0x00040021ffffffff},
        {"7.2.3", 0x0007000200030000, 0x000700020003ffff},
        {"7.2.3.1", 0x0007000200030001, 0x0007000200030001},
        {"65535.0.65535.0", 0xffff0000ffff0000, 0xffff0000ffff0000},
        {"0x2019102300163636", 0x2019102300163636, 0x2019102300163636},
    };
    uint64_t first;
    uint64_t last;
    char room[TPM_FIRMWARE_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(tpm_firmware_named(check_guarded(bytes_str(rows[i].text)), &first, &last));
        CHECK(first == rows[i].first && last == rows[i].last);
    }
    CHECK_STR(tpm_firmware_text(0x0007000200030001, room), "7.2.3.1");
    CHECK_STR(tpm_firmware_text(UINT64_MAX, room), "65535.65535.65535.65535");
    CHECK_EQ(strlen(room) + 1, TPM_FIRMWARE_ROOM);
}

static void
what_is_no_version_is_told_and_changes_nothing(void)
{
    static const char *const texts[] = {
        "",
        ".",
        "4.",
        ".4",
        "4..3",
        "65536",
        "4.99999999",
        "1.2.3.4.5",
        "1.2.3.4.",
        "4.x",
        "-4",
        "0x2019",
        "0x",
        "4.33 ",
        "0x201910230016363g",
        "4,33",
        "0X2019102300163636",
        "99999999999999999999",
    };
    uint64_t first = 5;
    uint64_t last = 6;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        printf("# %s\n", texts[i]);
        CHECK(!tpm_firmware_named(check_guarded(bytes_str(texts[i])), &first, &last));
        CHECK(first == 5 && last == 6);
    }
}

CHECK_MAIN(CASE(makers_of_certificates_are_read), CASE(names_and_ids_go_both_ways),
           CASE(kinds_are_those_that_a_maker_makes),
           CASE(hardware_is_what_a_known_maker_makes_alone), CASE(versions_are_four_numbers),
           CASE(what_is_no_version_is_told_and_changes_nothing))
