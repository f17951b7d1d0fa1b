/* wire/claim-set: claims in and out of CBOR, and as JSON. */
#include "wire/claim-set.h"

#include "lib/check.h"

static uint8_t digest[64];
static uint8_t room[CLAIM_SET_ROOM];

/* One claim of each kind. */
static struct claim_set
sample(void)
{
    struct claim_set set = {0};

    for (size_t i = 0; i < sizeof(digest); i++) {
        digest[i] = (uint8_t)i;
    }
    claim_set_text(&set, CLAIM_SECUREBOOT, bytes_str("on"));
    claim_set_number(&set, CLAIM_DBX_MISSING, 3);
    claim_set_flag(&set, CLAIM_SB_DB_CA2023, false);
    claim_set_digest(&set, CLAIM_SB_PK_ID, bytes_of(digest, 32));
    claim_set_list(&set, CLAIM_TPM_CVES);
    claim_set_add(&set, CLAIM_TPM_CVES, bytes_str("CVE-2023-1017"));
    claim_set_add(&set, CLAIM_TPM_CVES, bytes_str("CVE-2023-1018"));
    claim_set_list(&set, CLAIM_BOOT_AUTHORITY);
    claim_set_add(&set, CLAIM_BOOT_AUTHORITY, bytes_of(digest, 48));
    claim_set_list(&set, CLAIM_QUIRK);
    return set;
}

/* The set in JSON; static memory. */
static const char *
said(const struct claim_set *set)
{
    static char text[4096];
    struct json_wr j = json_wr_init(text, sizeof(text) - 1);

    claim_set_say_all(&j, set);
    CHECK(json_wr_done(&j).p);
    text[json_wr_done(&j).len] = '\0';
    return text;
}

#define DIGITS_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SAMPLE                                                                   \
    "{\"secureboot\":\"on\",\"tpm.cves\":[\"CVE-2023-1017\",\"CVE-2023-1018\"]," \
    "\"sb.db.ca2023\":false,\"dbx.missing\":3,"                                  \
    "\"sb.pk.id\":\"sha256:" DIGITS_32 "\",\"quirk\":[],"                        \
    "\"boot.authority\":[\"sha384:" DIGITS_32 "202122232425262728292a2b2c2d2e2f\"]}"

static void
a_set_reads_back(void)
{
    struct claim_set set = sample();
    struct claim_set back;

    CHECK_STR(said(&set), SAMPLE);
    CHECK(claim_set_read(check_guarded(claim_set_write(&set, room, sizeof(room))), &back));
    CHECK_EQ(back.present, set.present);
    CHECK_STR(said(&back), SAMPLE);
    set = (struct claim_set){0};
    CHECK_BYTES(claim_set_write(&set, room, sizeof(room)), check_hex("a0"));
    CHECK(claim_set_read(check_hex("a0"), &back));
    CHECK_EQ(back.present, 0);
    CHECK_STR(said(&back), "{}");
}

static void
each_truncation_and_trailing_byte_is_refused(void)
{
    struct claim_set set = sample();
    struct claim_set back = {.present = 77};
    struct bytes whole = claim_set_write(&set, room, sizeof(room));

    for (size_t n = 0; n < whole.len; n++) {
        CHECK(!claim_set_read(check_guarded(bytes_of(whole.p, n)), &back));
    }
    room[whole.len] = 0;
    CHECK(!claim_set_read(check_guarded(bytes_of(room, whole.len + 1)), &back));
    CHECK_EQ(back.present, 77);
}

static void
a_flipped_byte_never_reads_as_the_same_claims(void)
{
    struct claim_set set = sample();
    struct bytes whole = claim_set_write(&set, room, sizeof(room));

    for (size_t i = 0; i < whole.len; i++) {
        struct claim_set back;

        room[i] ^= 1;
        CHECK(!claim_set_read(check_guarded(whole), &back) || strcmp(said(&back), SAMPLE) != 0);
        room[i] ^= 1;
    }
}

static void
what_is_not_of_its_claim_is_refused(void)
{
    static const char *const wrong[] = {
        "a1 01 01",                 /* a number for a text */
        "a1 01 60",                 /* a text of nothing */
        "a1 01 61 0a",              /* one that breaks a line */
        "a1 01 62 c3a9",            /* one that is not ASCII */
        "a1 12 61 33",              /* a text for a number */
        "a1 12 1b0020000000000000", /* 2^53 */
        "a1 11 00",                 /* a number for a flag */
        "a1 1822 43 000102",        /* a digest of no hash of ours */
        "a1 06 61 61",              /* a text for a list */
        "a1 06 81 01",              /* a list of numbers */
        "a1 06 81 60",              /* an item of nothing */
        "a1 1827 81 43 000102",     /* a list with a digest of no hash */
        "a2 02 61 61 01 61 61",     /* out of order */
        "a2 01 61 61 01 61 61",     /* twice */
        "a1 61 61 01",              /* a name for a number */
        "80",
    };
    struct claim_set back;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(!claim_set_read(check_guarded(check_hex(wrong[i])), &back));
    }
}

static void
a_number_that_is_none_of_ours_is_skipped(void)
{
    struct claim_set back;

    CHECK(claim_set_read(check_hex("a4 00 82 01 02 01 62 6f6e 183f f5 1903e8 a0"), &back));
    CHECK_STR(said(&back), "{\"secureboot\":\"on\"}");
}

static void
what_is_not_fit_is_not_told(void)
{
    char longest[CLAIM_TEXT_MAX + 2];
    struct claim_set set = {0};

    memset(longest, 'x', sizeof(longest));
    longest[CLAIM_TEXT_MAX + 1] = '\0';
    claim_set_text(&set, CLAIM_SECUREBOOT, bytes_str(longest));
    claim_set_text(&set, CLAIM_DBX_LEVEL, bytes_str("a\x7f"));
    claim_set_text(&set, CLAIM_DBX_MISSING, bytes_str("3")); /* of another kind */
    claim_set_number(&set, CLAIM_SECUREBOOT, 1);
    claim_set_flag(&set, CLAIM_SECUREBOOT, true);
    claim_set_number(&set, CLAIM_FW_SVN, UINT64_C(1) << 53);
    claim_set_digest(&set, CLAIM_SB_PK_ID, bytes_of(digest, 31));
    claim_set_list(&set, CLAIM_SECUREBOOT);
    claim_set_add(&set, CLAIM_TPM_CVES, bytes_str("CVE")); /* not begun */
    CHECK_EQ(set.present, 0);
    longest[CLAIM_TEXT_MAX] = '\0';
    claim_set_text(&set, CLAIM_SECUREBOOT, bytes_str(longest));
    claim_set_text(&set, CLAIM_SECUREBOOT, bytes_str("on")); /* told before */
    CHECK_EQ(set.values[CLAIM_SECUREBOOT].bytes.len, CLAIM_TEXT_MAX);
}

static void
half_a_list_is_not_told(void)
{
    struct claim_set set = {0};

    claim_set_list(&set, CLAIM_TPM_CVES);
    for (size_t i = 0; i < CLAIM_LIST_MAX; i++) {
        claim_set_add(&set, CLAIM_TPM_CVES, bytes_str("CVE"));
    }
    CHECK(claim_set_has(&set, CLAIM_TPM_CVES));
    claim_set_add(&set, CLAIM_TPM_CVES, bytes_str("CVE"));
    CHECK(!claim_set_has(&set, CLAIM_TPM_CVES));
    CHECK_EQ(set.n_items, 0);
    claim_set_list(&set, CLAIM_QUIRK);
    claim_set_add(&set, CLAIM_QUIRK, bytes_str("good"));
    claim_set_add(&set, CLAIM_QUIRK, bytes_str("bad\n"));
    claim_set_add(&set, CLAIM_QUIRK, bytes_str("good"));
    CHECK(!claim_set_has(&set, CLAIM_QUIRK));
}

static void
what_does_not_fit_goes_from_the_highest_number_down(void)
{
    struct claim_set set = sample();
    struct claim_set back;
    size_t whole = claim_set_write(&set, room, sizeof(room)).len;

    CHECK(claim_set_read(claim_set_write(&set, room, whole), &back));
    CHECK_EQ(back.present, set.present);
    CHECK(claim_set_read(claim_set_write(&set, room, whole - 1), &back));
    CHECK_EQ(back.present, set.present & ~(UINT64_C(1) << CLAIM_BOOT_AUTHORITY));
    CHECK(claim_set_read(claim_set_write(&set, room, 1), &back));
    CHECK_EQ(back.present, 0);
    for (unsigned n = 0; n < 7; n++) {
        CHECK(claim_set_shed(&set));
    }
    CHECK(!claim_set_shed(&set));
}

static void
a_list_may_be_one_text(void)
{
    struct claim_set set = sample();
    char text[128];
    struct json_wr j = json_wr_init(text, sizeof(text));

    json_wr_array(&j);
    claim_set_say(&j, &set, CLAIM_TPM_CVES, true);
    claim_set_say(&j, &set, CLAIM_QUIRK, true);
    json_wr_end_array(&j);
    CHECK_BYTES(json_wr_done(&j), bytes_str("[\"CVE-2023-1017 CVE-2023-1018\",\"\"]"));
}

static void
names_and_numbers_are_one_to_one(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < CLAIM_END; i++) {
        enum claim claim;

        if (claim_kind_of(i) == CLAIM_KIND_NONE) {
            CHECK(!claim_name((enum claim)i));
            continue;
        }
        n++;
        CHECK(claim_named(bytes_str(claim_name((enum claim)i)), &claim));
        CHECK_EQ(claim, i);
        CHECK(!(claim_default() >> i & 1) == (i > CLAIM_MODE));
    }
#define CLAIM(claim, number, kind, slots, name, type, meaning) n--;
#include "base/claim.def"
#undef CLAIM
    CHECK_EQ(n, 0); /* no number stands twice */
    CHECK_EQ(claim_kind_of(CLAIM_END), CLAIM_KIND_NONE);
    CHECK(!claim_name((enum claim)CLAIM_END));
    CHECK(!claim_named(bytes_str("dbx"), &(enum claim){0}));
}

CHECK_MAIN(CASE(a_set_reads_back), CASE(each_truncation_and_trailing_byte_is_refused),
           CASE(a_flipped_byte_never_reads_as_the_same_claims),
           CASE(what_is_not_of_its_claim_is_refused),
           CASE(a_number_that_is_none_of_ours_is_skipped), CASE(what_is_not_fit_is_not_told),
           CASE(half_a_list_is_not_told), CASE(what_does_not_fit_goes_from_the_highest_number_down),
           CASE(a_list_may_be_one_text), CASE(names_and_numbers_are_one_to_one))
