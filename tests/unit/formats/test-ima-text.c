/* formats/ima-text: the ASCII list gives the entries of the binary one. */
#include "formats/ima-text.h"
#include "lib/check.h"
#include "lib/ima-make.h"

#define HASH40 "1111111111111111111111111111111111111111"
#define SHA1_40 "0102030405060708090a0b0c0d0e0f1011121314"

static uint8_t text_room[IMA_TEXT_ROOM];
static uint8_t room[4096];

static struct ima_text
opened(struct bytes list)
{
    struct ima_text text;

    CHECK_EQ(
        ima_text_open(&text, check_guarded(list), HASH_SHA1, 0, text_room, sizeof(text_room), NULL),
        0);
    return text;
}

static struct ima_entry
read_line(const char *line)
{
    struct ima_text text = opened(bytes_str(line));
    struct ima_entry e = {0};
    struct ima_entry none;
    struct fault f = {0};

    if (ima_text_next(&text, &e, &f) != 0) {
        check_fail(__FILE__, __LINE__, "rule %d at %llu: %s", (int)f.rule,
                   (unsigned long long)f.offset, line);
    }
    CHECK_EQ(ima_text_next(&text, &none, NULL), IMA_E_END);
    return e;
}

static struct fault
line_fault(const char *line)
{
    struct ima_text text = opened(bytes_str(line));
    struct ima_entry e = {.pcr = 99};
    struct fault f = {0};

    CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
    CHECK_EQ(e.pcr, 99);
    CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
    return f;
}

static void
check_same(const struct ima_entry *a, const struct ima_entry *b)
{
    CHECK_EQ(a->number, b->number);
    CHECK_EQ(a->pcr, b->pcr);
    CHECK_EQ(a->violation, b->violation);
    CHECK_BYTES(a->template_hash, b->template_hash);
    CHECK_BYTES(a->template.name, b->template.name);
    CHECK_BYTES(a->data, b->data);
    CHECK_BYTES(a->name, b->name);
    CHECK_BYTES(a->digest.value, b->digest.value);
    CHECK_EQ(a->digest.hash, b->digest.hash);
}

static void
both_lists_of_each_boot_are_the_same(void)
{
    static const struct {
        const char *boot;
        uint32_t n;
    } boots[] = {
        {"grub-sb-on", 1},           {"grub-sb-on-ima", 103},       {"grub-sb-off-nolog", 1},
        {"grub-sb-off-linuxefi", 1}, {"grub-sb-off-logcarrier", 1}, {"grub-sb-off-chainloader", 1},
        {"sdboot-uki-sb-on", 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        char path[128];
        struct ima ima;
        struct ima_text text;
        struct ima_entry a;
        struct ima_entry b;
        uint32_t n = 0;

        snprintf(path, sizeof(path), "boot/%s/ima-binary", boots[i].boot);
        CHECK_EQ(ima_open(&ima, check_vector(path), HASH_SHA1, 0, NULL), 0);
        snprintf(path, sizeof(path), "boot/%s/ima-ascii.txt", boots[i].boot);
        text = opened(check_vector(path));
        while (ima_next(&ima, &a, NULL) == 0) {
            CHECK_EQ(ima_text_next(&text, &b, NULL), 0);
            check_same(&a, &b);
            n++;
        }
        CHECK_EQ(ima_text_next(&text, &b, NULL), IMA_E_END);
        CHECK_EQ(n, boots[i].n);
    }
}

/* A line and the binary entry that it stands for. */
static void
check_line(const char *line, const char *template, const char *const *fields, size_t n)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima ima;
    struct ima_entry binary;
    struct ima_entry text = read_line(line);

    ima_make_entry(&wr, template, fields, n);
    CHECK_EQ(ima_open(&ima, wr_done(&wr), HASH_SHA1, 0, NULL), 0);
    CHECK_EQ(ima_next(&ima, &binary, NULL), 0);
    check_same(&text, &binary);
}

static void
digests_names_and_signatures_are_rebuilt(void)
{
    static const char *const sig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, IMA_MAKE_SIG};
    static const char *const sigv2[] = {IMA_MAKE_D_NGV2, IMA_MAKE_NAME, ""};
    static const char *const d[] = {SHA1_40};

    check_line("10 " HASH40 " ima-ng sha1:" SHA1_40 " /bin/sh\n", "ima-ng", sig, 2);
    check_line("10 " HASH40 " ima-sig sha1:" SHA1_40 " /bin/sh 030204aabbccdd000401020304\n",
               "ima-sig", sig, 3);
    check_line("10 " HASH40 " ima-buf sha1:" SHA1_40 " /bin/sh 030204aabbccdd000401020304\n",
               "ima-buf", sig, 3);
    check_line("10 " HASH40
               " ima-sigv2 verity:sha256:000102030405060708090a0b0c0d0e0f10111213141516"
               "1718191a1b1c1d1e1f /bin/sh \n",
               "ima-sigv2", sigv2, 3);
    check_line("10 " HASH40 " d " SHA1_40 "\n", "d", d, 1);
}

static void
modsig_and_evm_sig_are_rebuilt(void)
{
    static const char *const modsig[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "", IMA_MAKE_D_NG, "3082"};
    static const char *const evm[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "",
                                      "617c6200",    "01000000",    "41",
                                      "e8030000",    "00000000",    "ed81"};
    static const char *const bare[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME, "", "", "", "", "", "", ""};

    check_line("10 " HASH40 " ima-modsig sha1:" SHA1_40 " /bin/sh  sha1:" SHA1_40 " 3082\n",
               "ima-modsig", modsig, 5);
    check_line("10 " HASH40 " evm-sig sha1:" SHA1_40 " /bin/sh  a|b 01000000 41 1000 0 33261\n",
               "evm-sig", evm, 9);
    check_line("10 " HASH40 " evm-sig sha1:" SHA1_40 " /bin/sh       \n", "evm-sig", bare, 9);
}

static void
template_ima_and_short_pcrs_read(void)
{
    struct ima_entry e = read_line("10 " HASH40 " ima " SHA1_40 " /init\n");

    CHECK(e.template.legacy);
    CHECK_BYTES(e.name, bytes_str("/init"));
    CHECK_BYTES(e.digest.value, check_hex(SHA1_40));
    CHECK_EQ(read_line(" 9 " HASH40 " ima " SHA1_40 " \n").pcr, 9);
}

static void
keylime_lists_read(void)
{
    static const char *const paths[] = {"sha1", "sha256", "sha384", "sha512"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char path[64];
        struct ima_text text;
        struct ima_entry e;

        snprintf(path, sizeof(path), "ima/keylime-ima-log-%s.txt", paths[i]);
        text = opened(check_vector(path));
        CHECK_EQ(ima_text_next(&text, &e, NULL), 0);
        CHECK_EQ(e.violation, i != 1);
        CHECK_EQ(e.digest.hash, (enum hash)i);
        CHECK_EQ(ima_text_next(&text, &e, NULL), 0);
        CHECK_BYTES(e.name, bytes_str("/data"));
        CHECK_EQ(ima_text_next(&text, &e, NULL), IMA_E_END);
    }
}

static void
a_wider_hash_column_reads_by_parameter(void)
{
    static const char *const paths[] = {"sm3_256", "unknown"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char path[64];
        struct ima_text text;
        struct ima_entry e;

        snprintf(path, sizeof(path), "ima/keylime-ima-log-%s.txt", paths[i]);
        CHECK_EQ(ima_text_open(&text, check_vector(path), HASH_SM3_256, 0, text_room,
                               sizeof(text_room), NULL),
                 0);
        CHECK_EQ(ima_text_next(&text, &e, NULL), 0);
        CHECK(e.violation);
        CHECK_EQ(ima_text_next(&text, &e, NULL), 0);
        CHECK_EQ(e.digest.hash, i == 0 ? HASH_SM3_256 : HASH_N);
        CHECK_EQ(ima_text_next(&text, &e, NULL), IMA_E_END);
    }
}

static void
every_truncation_is_refused(void)
{
    struct bytes file = check_vector("boot/grub-sb-on-ima/ima-ascii.txt");
    size_t line = (size_t)((const uint8_t *)memchr(file.p, '\n', file.len) - file.p) + 1;

    for (size_t n = 1; n < line; n++) {
        struct ima_text text = opened(bytes_of(file.p, n));
        struct ima_entry e;
        struct fault f;

        CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
        CHECK_EQ(f.rule, RULE_IMA_TEXT_LINE);
        CHECK_EQ(f.offset, 0);
    }
}

static void
line_heads_are_strict(void)
{
    static const char *const bad[] = {
        "\n",
        "9 " HASH40 " ima " SHA1_40 " a\n",
        "  9 " HASH40 " ima " SHA1_40 " a\n",
        "09 " HASH40 " ima " SHA1_40 " a\n",
        "+9 " HASH40 " ima " SHA1_40 " a\n",
        "10  " HASH40 " ima " SHA1_40 " a\n",
        "10\t" HASH40 " ima " SHA1_40 " a\n",
        "10 " HASH40 "11 ima " SHA1_40 " a\n",
        "10 x111111111111111111111111111111111111111 ima " SHA1_40 " a\n",
        "10 11 ima " SHA1_40 " a\n",
        "10 " HASH40 " ima\n",
        "10 " HASH40 " ima " SHA1_40 " a",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(line_fault(bad[i]).rule, RULE_IMA_TEXT_LINE);
    }
    CHECK_EQ(line_fault("24 " HASH40 " ima " SHA1_40 " a\n").rule, RULE_IMA_PCR);
    CHECK_EQ(line_fault("10 " HASH40 " imb " SHA1_40 " a\n").rule, RULE_IMA_TEMPLATE_NAME);
}

static void
fields_are_what_the_template_prints(void)
{
    static const char *const bad[] = {
        "10 " HASH40 " ima " SHA1_40 " a b\n",
        "10 " HASH40 " ima " SHA1_40 "\n",
        "10 " HASH40 " ima 0102 a\n",
        "10 " HASH40 " ima-ng sha1:" SHA1_40 "\n",
        "10 " HASH40 " ima-ng sha1:" SHA1_40 " /a b\n",
        "10 " HASH40 " ima-ng sha1:" SHA1_40 "0 /a\n",
        "10 " HASH40 " ima-ng sha1 /a\n",
        "10 " HASH40 " ima-sig sha1:" SHA1_40 " /a 0x\n",
        "10 " HASH40 " iuid 4294967296\n",
        "10 " HASH40 " iuid 00\n",
        "10 " HASH40 " iuid 1a\n",
        "10 " HASH40 " iuid 11111111111\n",
        "10 " HASH40 " imode 65536\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(line_fault(bad[i]).rule, RULE_IMA_TEXT_FIELD);
    }
}

static void
what_the_binary_reader_refuses_is_refused_at_the_line(void)
{
    struct fault f = line_fault("10 " HASH40 " ima-ng sha1:0102 /a\n");

    CHECK_EQ(f.rule, RULE_IMA_FIELD_DIGEST);
    CHECK_EQ(f.offset, 0);
    CHECK_EQ(line_fault("10 " HASH40 " ima-ngv2 abc:sha1:" SHA1_40 " /a\n").rule,
             RULE_IMA_FIELD_DIGEST);
}

static void
a_nul_or_too_small_a_room_is_refused(void)
{
    static const char nul[] = "10 " HASH40 " ima " SHA1_40 " a\0b\n";
    struct bytes line = bytes_str("10 " HASH40 " ima-ng sha1:" SHA1_40 " /bin/sh\n");
    struct ima_text text = opened(bytes_of(nul, sizeof(nul) - 1));
    struct ima_entry e;
    struct fault f;

    CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_TEXT_LINE);
    for (size_t cap = 0; cap < 20 + 4 + 4 + 26 + 4 + 8; cap++) {
        CHECK_EQ(ima_text_open(&text, line, HASH_SHA1, 0, text_room, cap, NULL), 0);
        CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
    }
    CHECK_EQ(f.rule, RULE_IMA_DATA_LONG);
}

static void
the_spelling_is_told_by_its_beginning(void)
{
    CHECK(ima_text_probe(bytes_str("10 ")));
    CHECK(ima_text_probe(bytes_str(" 9 x")));
    CHECK(!ima_text_probe(bytes_str("10")));
    CHECK(!ima_text_probe(BYTES_NULL));
    CHECK(!ima_text_probe(check_hex("0a000000")));
}

static void
limits_hold(void)
{
    static const uint8_t byte;
    struct ima_text text = opened(bytes_str("10 x\n"));
    struct ima_entry e;
    struct fault f;

    text.n_read = LIMIT_IMA_ENTRIES;
    CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_ENTRIES);
    CHECK_EQ(ima_text_open(&text, bytes_of(&byte, LIMIT_IMA_BYTES + 1), HASH_SHA1, 0, NULL, 0, &f),
             IMA_E_FAULT);
    CHECK_EQ(f.rule, RULE_IMA_LONG);
    CHECK_EQ(ima_text_next(&text, &e, &f), IMA_E_FAULT);
}

CHECK_MAIN(CASE(both_lists_of_each_boot_are_the_same),
           CASE(digests_names_and_signatures_are_rebuilt), CASE(modsig_and_evm_sig_are_rebuilt),
           CASE(template_ima_and_short_pcrs_read), CASE(keylime_lists_read),
           CASE(a_wider_hash_column_reads_by_parameter), CASE(every_truncation_is_refused),
           CASE(line_heads_are_strict), CASE(fields_are_what_the_template_prints),
           CASE(what_the_binary_reader_refuses_is_refused_at_the_line),
           CASE(a_nul_or_too_small_a_room_is_refused), CASE(the_spelling_is_told_by_its_beginning),
           CASE(limits_hold))
