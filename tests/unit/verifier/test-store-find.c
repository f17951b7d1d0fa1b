/* store/store-find: devices by the digits that an operator types. */
#include "base/hex.h"
#include "lib/store-make.h"

static struct store *store;

/* A device whose id is 01 and these bytes, and whose fingerprint is these. */
static void
add(uint8_t n, const char *id, const char *fingerprint)
{
    struct store_device device = make_device(n);
    size_t len = 0;

    device.id[0] = 1;
    CHECK_EQ(hex_read(bytes_str(id), device.id + 1, 32, &len), 0);
    CHECK_EQ(hex_read(bytes_str(fingerprint), device.ek_fingerprint, 32, &len), 0);
    CHECK_EQ(store_device_put(store, &device), 0);
}

/* The n of the one found; 0 none, -1 several. */
static int
found(const char *digits)
{
    struct store_device device = {.enrolled_ms = 1000};
    int r = store_device_by_prefix(store, bytes_str(digits), &device);

    CHECK(r == 0 || r == STORE_NONE || r == STORE_EXISTS);
    CHECK((r == 0) == (device.enrolled_ms != 1000));
    return r == STORE_EXISTS ? -1 : (int)(device.enrolled_ms - 1000);
}

static void
start(void)
{
    store = open_store(":memory:");
    add(1, "3fa94c10aa", "5e1f0c2b11");
    add(2, "3fa94c10ab", "5e1f0c2c22");
    add(3, "77d20b5e00", "3fa94c10ac");
    add(4, "ffffffffff", "ffffffff00");
}

static void
id_fingerprint_and_whole_id_all_serve(void)
{
    start();
    CHECK_EQ(found("77d20b5e"), 3);
    CHECK_EQ(found("0177d20b5e"), 3);
    CHECK_EQ(found("5e1f0c2b"), 1);
    CHECK_EQ(found("5E1F0C2C"), 2);
    CHECK_EQ(found("3fa94c10ac"), 3); /* a fingerprint where others are ids */
}

static void
an_odd_number_of_digits_counts_to_the_digit(void)
{
    start();
    CHECK_EQ(found("5e1f0c2"), -1);
    CHECK_EQ(found("5e1f0c2b1"), 1);
    CHECK_EQ(found("5e1f0c2b2"), 0);
    CHECK_EQ(found("fffffffff"), 4);
}

static void
several_are_not_guessed_from(void)
{
    start();
    CHECK_EQ(found("3fa94c10"), -1);
    CHECK_EQ(found("3fa94c10a"), -1);
    CHECK_EQ(found("3fa94c10aa"), 1);
    CHECK_EQ(found("ffffffff"), 4); /* id and fingerprint are of one device */
    CHECK_EQ(found(""), -1);
}

static void
what_is_no_digit_finds_nothing(void)
{
    start();
    CHECK_EQ(found("3fa94c1%"), 0);
    CHECK_EQ(found("' OR 1=1"), 0);
    CHECK_EQ(found("3fa94c10aag"), 0);
    CHECK_EQ(found("00000000"), 0);
}

static void
too_many_digits_find_nothing(void)
{
    static const char id[] = "013fa94c10aa000000000000000000000000000000000000000000000000000000";
    char longer[sizeof(id) + 1];

    start();
    CHECK_EQ(strlen(id), 66);
    CHECK(found(id) == 0 || found(id) == 1);
    snprintf(longer, sizeof(longer), "%s0", id);
    CHECK_EQ(found(longer), 0);
}

CHECK_MAIN(CASE(id_fingerprint_and_whole_id_all_serve),
           CASE(an_odd_number_of_digits_counts_to_the_digit), CASE(several_are_not_guessed_from),
           CASE(what_is_no_digit_finds_nothing), CASE(too_many_digits_find_nothing))
