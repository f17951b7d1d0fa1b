/* formats/pe: what a signature covers of a program, in the order of the file, and its sections. */
#include "formats/pe.h"

#include "crypto/digest.h"
#include "lib/check.h"

enum {
    PE_AT = 0x80,
    OPTIONAL_AT = PE_AT + 24,
    CHECKSUM_AT = OPTIONAL_AT + 64,
    OPTIONAL_LEN_32 = 96 + 8 * 16,
    OPTIONAL_LEN_64 = 112 + 8 * 16,
    HEADS_LEN = 0x400,
    TEXT_AT = HEADS_LEN,
    DATA_AT = TEXT_AT + 0x200,
    END = DATA_AT + 0x200,
    REST_LEN = 16,
    CERTS_LEN = 24,
};

static uint8_t room[8192];
static size_t len;
static size_t certs_dir_at;
static size_t sections_at;

static void
put(size_t at, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        room[at + i] = (uint8_t)(value >> (8 * i));
    }
}

static void
section(size_t i, const char *name, uint32_t memory_len, uint32_t raw_len, uint32_t raw_at)
{
    size_t at = sections_at + i * 40;

    memset(room + at, 0, 40);
    memcpy(room + at, name, strlen(name));
    put(at + 8, memory_len, 4);
    put(at + 16, raw_len, 4);
    put(at + 20, raw_at, 4);
}

static void
certs(uint32_t at, uint32_t n)
{
    put(certs_dir_at, at, 4);
    put(certs_dir_at + 4, n, 4);
}

/* Two sections, the later one first in the table; something behind them; no signature. */
static void
good(bool is_64)
{
    size_t optional_len = is_64 ? OPTIONAL_LEN_64 : OPTIONAL_LEN_32;

    len = END + REST_LEN;
    for (size_t i = 0; i < len; i++) {
        room[i] = i < HEADS_LEN ? 0 : (uint8_t)(i * 7 + i / 256);
    }
    memcpy(room, "MZ", 2);
    put(0x3c, PE_AT, 4);
    memcpy(room + PE_AT, "PE\0", 4);
    put(PE_AT + 6, 2, 2);
    put(PE_AT + 20, optional_len, 2);
    put(OPTIONAL_AT, is_64 ? 0x20b : 0x10b, 2);
    put(OPTIONAL_AT + 60, HEADS_LEN, 4);
    put(OPTIONAL_AT + (is_64 ? 108 : 92), 16, 4);
    certs_dir_at = OPTIONAL_AT + (is_64 ? 112 : 96) + 4 * 8;
    sections_at = OPTIONAL_AT + optional_len;
    section(0, ".data", 5, 0x200, DATA_AT);
    section(1, ".longest", 0x200, 0x200, TEXT_AT);
}

static void
sign(void)
{
    certs((uint32_t)len, CERTS_LEN);
    put(CHECKSUM_AT, 0x12345678, 4);
    memset(room + len, 0xce, CERTS_LEN);
    len += CERTS_LEN;
}

static struct pe pe;

/* The rule that refuses the room, or RULE_NONE; what is refused leaves the result alone. */
static enum rule
rule_of(size_t n)
{
    static struct pe none;
    struct fault fault = {0};
    int r;

    memset(&pe, 0, sizeof(pe));
    r = pe_read(check_guarded(bytes_of(room, n)), &pe, &fault);
    CHECK(r == 0 || r == 1);
    CHECK(r == 0 || memcmp(&pe, &none, sizeof(pe)) == 0);
    CHECK(r == (fault.rule != RULE_NONE) && fault.offset <= n);
    return fault.rule;
}

static void
parts_are(size_t n, const size_t (*extents)[2])
{
    size_t at = 0;

    CHECK_EQ(pe_read(bytes_of(room, len), &pe, NULL), 0);
    for (size_t i = 0; i < pe.n_parts; i++) {
        if (pe.parts[i].len > 0) {
            CHECK(at < n);
            CHECK_EQ(pe.parts[i].p - room, extents[at][0]);
            CHECK_EQ(pe.parts[i].len, extents[at][1] - extents[at][0]);
            at++;
        }
    }
    CHECK_EQ(at, n);
}

static void
the_parts_are_all_but_what_signing_changes(void)
{
    for (int is_64 = 0; is_64 < 2; is_64++) {
        good(is_64);
        sign();
        const size_t extents[][2] = {{0, CHECKSUM_AT},
                                     {CHECKSUM_AT + 4, certs_dir_at},
                                     {certs_dir_at + 8, HEADS_LEN},
                                     {TEXT_AT, DATA_AT},
                                     {DATA_AT, END},
                                     {END, END + REST_LEN}};

        parts_are(ARRAY_LEN(extents), extents);
    }
}

static void
digest(uint8_t out[HASH_SIZE_MAX])
{
    struct hasher *hasher = hasher_new();

    CHECK(hasher);
    CHECK_EQ(pe_read(bytes_of(room, len), &pe, NULL), 0);
    CHECK_EQ(hasher_parts(hasher, HASH_SHA256, pe.parts, pe.n_parts, out), 0);
    hasher_free(hasher);
}

static void
a_signature_does_not_change_the_digest(void)
{
    uint8_t before[HASH_SIZE_MAX] = {0};
    uint8_t after[HASH_SIZE_MAX] = {0};

    good(true);
    digest(before);
    sign();
    digest(after);
    CHECK(memcmp(before, after, sizeof(before)) == 0);
    room[TEXT_AT] ^= 1;
    digest(after);
    CHECK(memcmp(before, after, sizeof(before)) != 0);
}

static void
without_a_directory_of_signatures_nothing_is_left_out(void)
{
    good(true);
    put(OPTIONAL_AT + 108, 4, 4); /* four directories */
    certs(1, 1);                  /* are no more than bytes */
    const size_t extents[][2] = {{0, CHECKSUM_AT},
                                 {CHECKSUM_AT + 4, HEADS_LEN},
                                 {TEXT_AT, DATA_AT},
                                 {DATA_AT, END},
                                 {END, END + REST_LEN}};

    parts_are(ARRAY_LEN(extents), extents);
}

/* What follows is counted from the sum of lengths: with a gap it begins inside the last section. */
static void
a_gap_is_counted_as_the_calculation_says(void)
{
    good(true);
    section(1, ".text", 0x100, 0x100, TEXT_AT);
    const size_t extents[][2] = {{0, CHECKSUM_AT},
                                 {CHECKSUM_AT + 4, certs_dir_at},
                                 {certs_dir_at + 8, HEADS_LEN},
                                 {TEXT_AT, TEXT_AT + 0x100},
                                 {DATA_AT, END},
                                 {END - 0x100, END + REST_LEN}};

    parts_are(ARRAY_LEN(extents), extents);
}

static void
sections_are_found_as_they_are_in_memory(void)
{
    good(false);
    CHECK_EQ(rule_of(len), RULE_NONE);
    CHECK_EQ(pe.n_sections, 2);
    CHECK_BYTES(pe_find(&pe, ".data"), bytes_of(room + DATA_AT, 5));
    CHECK_BYTES(pe_find(&pe, ".longest"), bytes_of(room + TEXT_AT, 0x200));
    CHECK(!pe_find(&pe, ".longes").p && !pe_find(&pe, "").p && !pe_find(&pe, ".linux").p);
    section(0, ".data", 0x201, 0x200, DATA_AT); /* a zero behind it in memory */
    section(1, ".data", 0x200, 0x200, TEXT_AT);
    CHECK_EQ(rule_of(len), RULE_NONE);
    CHECK(!pe_find(&pe, ".data").p);
}

static void
a_section_without_bytes_lies_nowhere(void)
{
    good(true);
    section(0, ".bss", 0x1000, 0, 0xffffffff);
    CHECK_EQ(rule_of(len), RULE_NONE);
    CHECK(!pe_find(&pe, ".bss").p);
}

static void
sections_that_lie_wrongly_are_refused(void)
{
    static const struct {
        uint32_t len;
        uint32_t at;
    } bad[] = {{0x200, DATA_AT - 1},       {0x200, HEADS_LEN - 1}, {0x200, 0},
               {END + REST_LEN, 0},        {0x200, END},           {1, 0xffffffff},
               {0xffffffff, DATA_AT},      {0x200, TEXT_AT},       {1, TEXT_AT + 0x1ff},
               {REST_LEN + 0x201, DATA_AT}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        good(true);
        section(0, ".data", 5, bad[i].len, bad[i].at);
        CHECK_EQ(rule_of(len), RULE_PE_SECTION);
    }
    good(true);
    section(0, ".data", 5, REST_LEN + 0x200, DATA_AT);
    CHECK_EQ(rule_of(len), RULE_NONE);
}

static void
as_many_sections_as_there_may_be(void)
{
    good(true);
    memset(room, 0, sizeof(room));
    good(true);
    len = sizeof(room);
    put(OPTIONAL_AT + 60, 0x1200, 4);
    put(PE_AT + 6, PE_SECTIONS, 2);
    for (uint32_t i = 0; i < PE_SECTIONS; i++) { /* from the end to the beginning */
        section(i, ".x", 1, 16, 0x1200 + 16 * (PE_SECTIONS - 1 - i));
    }
    CHECK_EQ(rule_of(len), RULE_NONE);
    CHECK_EQ(pe.n_sections, PE_SECTIONS);
    CHECK_EQ(pe.n_parts, PE_PARTS);
    for (size_t i = 3; i + 1 < PE_PARTS; i++) {
        CHECK(pe.parts[i].p + 16 == pe.parts[i + 1].p);
    }
    put(PE_AT + 6, PE_SECTIONS + 1, 2);
    CHECK_EQ(rule_of(len), RULE_PE_SECTION);
}

static void
signatures_end_the_file(void)
{
    static const struct {
        int at;
        int len;
    } bad[] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {-REST_LEN - 1, REST_LEN + 1}, {-8192, 0}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        good(true);
        sign();
        certs((uint32_t)(END + REST_LEN + bad[i].at), (uint32_t)(CERTS_LEN + bad[i].len));
        CHECK_EQ(rule_of(len), RULE_PE_CERTS);
    }
    good(true);
    sign();
    certs(END, REST_LEN + CERTS_LEN); /* from the last section on */
    CHECK_EQ(rule_of(len), RULE_NONE);
    good(true);
    certs(1, 0); /* none, wherever they are */
    CHECK_EQ(rule_of(len), RULE_NONE);
}

static void
each_field_of_the_heads_is_looked_at(void)
{
    static const struct {
        size_t at;
        uint32_t value;
        size_t n;
    } bad[] = {{0, 'N', 1},
               {0x3c, 0xffffffff, 4},
               {0x3c, END + REST_LEN - 3, 4},
               {0x3c, PE_AT + 1, 4},
               {PE_AT, 'N', 1},
               {PE_AT + 3, 1, 1},
               {PE_AT + 6, 25, 2}, /* the table goes past the heads */
               {PE_AT + 20, 0, 2},
               {PE_AT + 20, 112 + 39, 2}, /* ends inside the directory of signatures */
               {PE_AT + 20, 0xffff, 2},
               {OPTIONAL_AT, 0x107, 2}, /* a ROM image */
               {OPTIONAL_AT + 60, HEADS_LEN - 0x300, 4},
               {OPTIONAL_AT + 60, END + REST_LEN + 1, 4}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        good(true);
        put(bad[i].at, bad[i].value, bad[i].n);
        CHECK_EQ(rule_of(len), RULE_PE_HEAD);
    }
}

/* Each of them is read within its bytes; those inside heads and sections are refused. */
static void
what_is_cut_short_is_refused(void)
{
    good(true);
    sign();
    for (size_t n = 0; n < len; n++) {
        CHECK(rule_of(n) != RULE_NONE);
    }
    CHECK_EQ(rule_of(len), RULE_NONE);
}

CHECK_MAIN(CASE(the_parts_are_all_but_what_signing_changes),
           CASE(a_signature_does_not_change_the_digest),
           CASE(without_a_directory_of_signatures_nothing_is_left_out),
           CASE(a_gap_is_counted_as_the_calculation_says),
           CASE(sections_are_found_as_they_are_in_memory),
           CASE(a_section_without_bytes_lies_nowhere), CASE(sections_that_lie_wrongly_are_refused),
           CASE(as_many_sections_as_there_may_be), CASE(signatures_end_the_file),
           CASE(each_field_of_the_heads_is_looked_at), CASE(what_is_cut_short_is_refused))
