/* formats/sbat: levels as shim measures them. */
#include "formats/sbat.h"

#include "base/limits.h"
#include "lib/check.h"

static const char good[] = "sbat,1,2024040900\nshim,4\ngrub,4\ngrub.peimage,2\n";

/* Reads it all; the rule that it broke, or RULE_NONE. */
static enum rule
read_all(struct bytes in, size_t *ret_n)
{
    struct sbat_component component;
    struct fault fault = {0};
    struct sbat sbat;
    int r = sbat_open(check_guarded(in), &sbat, &fault);

    *ret_n = 0;
    while (r == 0 && (r = sbat_next(&sbat, &component, &fault)) == 0) {
        CHECK(component.name.len > 0 && component.generation > 0);
        ++*ret_n;
    }
    CHECK(r == SBAT_END ? fault.rule == RULE_NONE : fault.offset <= in.len);
    return fault.rule;
}

static void
a_level_has_a_date_and_components(void)
{
    static const char *const names[] = {"shim", "grub", "grub.peimage"};
    static const uint32_t generations[] = {4, 4, 2};
    struct sbat_component component;
    struct sbat sbat;

    CHECK_EQ(sbat_open(bytes_str(good), &sbat, NULL), 0);
    CHECK_EQ(sbat.level, 2024040900);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK_EQ(sbat_next(&sbat, &component, NULL), 0);
        CHECK_BYTES(component.name, bytes_str(names[i]));
        CHECK_EQ(component.generation, generations[i]);
    }
    CHECK_EQ(sbat_next(&sbat, &component, NULL), SBAT_END);
}

static void
a_level_alone_is_one(void)
{
    size_t n;

    CHECK_EQ(read_all(bytes_str("sbat,1,2021030218\n"), &n), RULE_NONE);
    CHECK_EQ(n, 0);
}

static void
each_truncation_but_between_lines_is_refused(void)
{
    for (size_t len = 0; len < sizeof(good) - 1; len++) {
        bool whole = len > 0 && good[len - 1] == '\n';
        size_t n;

        CHECK_EQ(read_all(bytes_of(good, len), &n), whole ? RULE_NONE : RULE_SBAT_FORM);
    }
}

static void
other_forms_are_refused(void)
{
    static const char *const bad[] = {
        "sbat,1\n",
        "sbat,1,202104\n",
        "sbat,1,20240409000\n",
        "sbat,1,2024040900,x\n",
        "sbat,01,2024040900\n",
        "sbat,0,2024040900\n",
        "sbat,1,0024040900\n",
        "sbat,1,2024o40900\n",
        "sbat,,2024040900\n",
        "SBAT,1,2024040900\n",
        "shim,4\n",
        "sbat,1,2024040900\r\n",
        "sbat,1,2024040900\nshim\n",
        "sbat,1,2024040900\nshim,\n",
        "sbat,1,2024040900\n,4\n",
        "sbat,1,2024040900\nshim,4,5\n",
        "sbat,1,2024040900\nshim,-4\n",
        "sbat,1,2024040900\nshim,0\n",
        "sbat,1,2024040900\nshim,04\n",
        "sbat,1,2024040900\nshim, 4\n",
        "sbat,1,2024040900\nshim,4294967297\n",
        "sbat,1,2024040900\nsh im,4\n",
        "sbat,1,2024040900\n\n",
        "sbat,1,2024040900\nabcdefghijabcdefghijabcdefghijabc,4\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        size_t n;

        if (read_all(bytes_str(bad[i]), &n) != RULE_SBAT_FORM) {
            check_fail(__FILE__, __LINE__, "\"%s\" passes", bad[i]);
        }
    }
}

static void
the_longest_name_and_number_pass(void)
{
    size_t n;

    CHECK_EQ(read_all(bytes_str("sbat,999999999,9999999999\n"
                                "abcdefghijabcdefghijabcdefghijab,999999999\n"),
                      &n),
             RULE_NONE);
    CHECK_EQ(n, 1);
    CHECK_EQ(LIMIT_SBAT_NAME, 32);
}

static void
a_refused_level_leaves_the_result_alone(void)
{
    struct sbat sbat = {.level = 7};

    CHECK_EQ(sbat_open(bytes_str("sbat,1\n"), &sbat, NULL), SBAT_FAULT);
    CHECK_EQ(sbat.level, 7);
}

CHECK_MAIN(CASE(a_level_has_a_date_and_components), CASE(a_level_alone_is_one),
           CASE(each_truncation_but_between_lines_is_refused), CASE(other_forms_are_refused),
           CASE(the_longest_name_and_number_pass), CASE(a_refused_level_leaves_the_result_alone))
