/* import/corim-make, import/corim-own: a bundle's releases as a CoRIM and back. */
#include "import/corim-make.h"

#include <stdlib.h>

#include "import/corim-own.h"
#include "lib/cbor-text.h"
#include "lib/check.h"
#include "lib/import-rig.h"
#include "policy/policy-compile.h"

#define H1 "44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b"
#define H2 "50aa341af9cb20a879440e58dd6581c14fa14bccafb75f488259262d6ea3a4d9"
#define H48                                                                                        \
    "15e77d6f133252f1db7044901313884f2977d2109b33c79f33e079bfc78865255c0fb733c240fdda544b8215d7b8" \
    "f815"
#define S1 "sha256:" H1
#define S2 "sha256:" H2
#define S48 "sha384:" H48
#define BASE "policy import {\n}\n"

static char told[16384];

/* What a policy's releases are as a CoRIM; what is not said goes to told. */
static int export(const char *text, struct bytes *ret)
{
    static struct policy_say say;
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    struct policy_memory *memory = NULL;
    struct corim_make make = {0};
    FILE *out = fmemopen(told, sizeof(told), "w");
    int r;

    CHECK(bundle && out);
    memset(&say, 0, sizeof(say));
    r = policy_compile(bytes_str(text), bundle, &memory, &say);
    for (size_t i = 0; i < say.n; i++) {
        printf("# line %u: %s\n", say.items[i].line, say.items[i].text);
    }
    CHECK_EQ(r, 0);
    r = corim_make(bundle, "site", out, &make);
    CHECK_EQ(fclose(out), 0);
    policy_memory_free(memory);
    free(bundle);
    if (r == 0) {
        check_keep(make.room);
        *ret = make.bytes;
    }
    return r;
}

static void
take(struct bytes corim)
{
    struct import_file file = {.path = "a", .bytes = check_guarded(corim)};

    CHECK_EQ(import_rig_run(import_corim, &file, 1), 0);
}

/* The text comes back below the comments that tell where it is from. */
static void
comes_back(const char *releases)
{
    struct bytes corim;
    struct bytes again;
    char *text = NULL;

    CHECK(asprintf(&text, "%s%s", releases, BASE) > 0);
    CHECK_EQ(export(check_keep(text), &corim), 0);
    take(corim);
    CHECK(strstr(import_rig.text, "# tag 0: CoMID "));
    CHECK(asprintf(&text, "%s%s", import_rig.text, BASE) > 0);
    CHECK_EQ(export(check_keep(text), &again), 0);
    CHECK_BYTES(again, corim); /* and is the same in all that a CoRIM says */
}

static void
releases_come_back(void)
{
    comes_back("release os gw/a.b 12.1 {\n  source pipeline build-2026\n  svn 7\n"
               "  kernel " S1 " " S48 "\n  kernel " S2 "\n  initrd " S2 " \"an initrd\"\n}\n");
    import_rig_says("release os gw/a.b 12.1 {\n  source pipeline build-2026\n  svn 7\n"
                    "  initrd " S2 " \"an initrd\"\n  kernel " S1 " " S48 "\n  kernel " S2 "\n}\n");
}

static void
alternatives_of_one_place_come_back(void)
{
    comes_back("release os gw 1 {\n  kernel " S1 " \"a\" " S2 " \"b\" " S48 " \"a\"\n}\n");
    import_rig_says("  kernel " S1 " \"a\" " S48 " \"a\" " S2 " \"b\"\n");
}

static void
variants_come_back(void)
{
    comes_back("release fw t14 1.2 {\n"
               "  variant {\n    " S1 " + " S48 " optional \"x y\"\n    " S2 "\n  }\n"
               "  variant {\n    " S2 "\n  }\n  blob " S1 "\n}\n");
    import_rig_says("  blob " S1 "\n  variant {\n    " S1 " + " S48 " optional \"x y\"\n    " S2
                    "\n  }\n  variant {\n    " S2 "\n  }\n}\n");
}

static void
days_and_states_come_back(void)
{
    struct bytes corim;

    comes_back("release os a 1 {\n  state retiring\n  active 2026-01-02\n  retire 2027-03-04\n"
               "  kernel " S1 "\n}\nrelease os a 2 {\n  active 2026-01-02\n  kernel " S2 "\n}\n");
    import_rig_says("  state retiring\n  active 2026-01-02\n  retire 2027-03-04\n  kernel");
    import_rig_says("release os a 2 {\n  active 2026-01-02\n  kernel");
    CHECK(!import_rig_has("valid until"));
    CHECK(strstr(told, "release os a 2: its days, to readers that do not know our profile\n"));
    /* days of all are the manifest's own */
    CHECK_EQ(export("release os a 1 {\n  active 2026-01-02\n  retire 2027-03-04\n  k " S1 "\n}\n"
                    "release os a 2 {\n  active 2026-01-02\n  retire 2027-03-04\n  k " S2
                    "\n}\n" BASE,
                    &corim),
             0);
    take(corim);
    import_rig_says("valid from 2026-01-02, valid until 2027-03-04\n");
    CHECK(!strstr(told, "its days"));
}

static void
the_bytes_are_as_the_profile_says(void)
{
    struct bytes corim;

    CHECK_EQ(
        export("release fw gw 1 {\n  source vendor acme\n  svn 3\n  blob " S1 " \"l\"\n}\n"
               "policy p {\n  quote sha256 pcrs 0\n  rule f : firmware one-of @fw.blob else warn\n"
               "}\n",
               &corim),
        0);
    CHECK_BYTES(
        corim, cbor_text("501({0: \"site\", 1: [506(<<{1: {0: \"fw/gw/1\"}, 4: {0: [[{0: {1: "
                         "\"acme\", 2: \"fw/gw\"}}, [{0: \"blob\", 1: {0: {0: \"1\"}, 1: 552(3), "
                         "2: [[1, h'" H1 "']], 11: \"firmware l\"}}]]]}, -1: {0: \"vendor\"}}>>)], "
                         "3: 32(\"tag:assay.dev,2026:corim-1\")})"));
}

static void
what_a_corim_does_not_say_is_told(void)
{
    static const char *const lines[] = {
        "release os a 1: its digests of SHA-1, which have no number in CoRIM\n",
        "release os a 2: what it replaces, and how long both pass\n",
        "release os a 2: its boot slots, command line, or announced initrd\n",
        "release os a 3: staged\n",
        "release os a 4: revoked\n",
        "release os a 5: it has no digest that a CoRIM holds\n",
        "policy p: its settings\n",
        "policy p: rule r : boot.images one-of\n",
        "set digests d\n",
        "set certs cert:c\n",
        "cmdline c\n",
        "grubcmd g\n",
        "ima i\n",
        "advisory v\n",
    };
    struct bytes corim;

    CHECK_EQ(export("policy p {\n  quote sha256 pcrs 4\n  min-hash sha1\n"
                    "  rule r : boot.images one-of @os.k count 0..9 else warn\n}\n"
                    "release os a 1 {\n  k " S1
                    " sha1:9069ca78e7450a285173431b3e52c5c25299e473\n}\n"
                    "release os a 2 {\n  replaces 1\n  active 2026-01-01\n  overlap 1d\n  slots A\n"
                    "  k " S2 "\n}\nrelease os a 3 {\n  state staged\n  k " S1 "\n}\n"
                    "release os a 4 {\n  state revoked\n  k " S1 "\n}\nrelease os a 5 {\n}\n"
                    "set digests d {\n  " S1 "\n}\ncert c " S1 "\ncmdline c {\n  allow quiet\n}\n"
                    "grubcmd g {\n  words linux\n}\nima i {\n  deny path /x\n}\n"
                    "advisory v {\n  vendor IFX\n  firmware 4.0..4.33\n  severity high\n}\n",
                    &corim),
             0);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (!strstr(told, lines[i])) {
            printf("%s\n", told);
            check_fail(__FILE__, __LINE__, "not told: %s", lines[i]);
        }
    }
    take(corim);
    CHECK(import_rig_has("release os a 2 {") && !import_rig_has("release os a 3"));
}

static void
nothing_is_exported_of_nothing(void)
{
    struct bytes corim;

    CHECK_EQ(export(BASE, &corim), 1);
    CHECK_EQ(export("release os a 1 {\n  state retired\n  k " S1 "\n}\n" BASE, &corim), 1);
    CHECK_EQ(export("set digests d {\n  " S1 "\n}\n" BASE, &corim), 1);
}

static void
a_signed_one_is_by_its_key(void)
{
    struct hasher *hasher = hasher_new();
    struct privkey *key = NULL;
    struct pubkey *public = NULL;
    struct bytes plain;
    struct corim_make make = {0};
    struct corim corim;
    uint8_t x[32];
    uint8_t y[32];

    CHECK(hasher);
    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(privkey_point(key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &public), 0);
    CHECK_EQ(export("release os a 1 {\n  k " S1 "\n}\n" BASE, &plain), 0);
    make.bytes = plain;
    CHECK_EQ(corim_make_sign(&make, check_hex("0102"), "ACME", key, hasher), 0);
    CHECK_EQ(corim_read(make.bytes, &corim, NULL), 0);
    CHECK_BYTES(corim.payload, plain);
    CHECK_BYTES(corim.signer, bytes_str("ACME"));
    CHECK_BYTES(corim.protected, cbor_text("{1: -7, 3: \"application/rim+cbor\", 4: h'0102', 15: "
                                           "{1: \"ACME\"}}"));
    CHECK_EQ(corim_verify(&corim, public, hasher), 0);
    corim.payload.len--;
    CHECK_EQ(corim_verify(&corim, public, hasher), CORIM_E_SIGNATURE);
    corim.alg = -35;
    CHECK_EQ(corim_verify(&corim, public, hasher), CORIM_E_ALG);
    free(make.room);
    pubkey_free(public);
    privkey_free(key);
    hasher_freep(&hasher);
}

/* A key makes the difference between a maker's word and a file that an operator took. */
static void
a_vendor_is_one_by_its_signature_alone(void)
{
    struct bytes corim;

    CHECK_EQ(export("release fw gw 1 {\n  source vendor acme\n  blob " S1 "\n}\n" BASE, &corim), 0);
    take(corim);
    import_rig_says("  source operator acme # says vendor, and no signature was verified\n");
    CHECK(!import_rig_has("source vendor"));
    comes_back("release fw gw 1 {\n  source pipeline ci\n  blob " S1 "\n}\n");
    import_rig_says("  source pipeline ci\n");
}

/* ---- places ---- */

static void
places_have_one_name(void)
{
    static const char *const good[] = {
        "kernel", "kernel/1", "kernel/255", "variant/0/0", "variant/12/255/optional", "a+b~c-"};
    static const char *const bad[] = {
        "kernel/0",
        "kernel/256",
        "kernel/01",
        "kernel/x",
        "kernel/1/",
        "kernel/1/2",
        "kernel/",
        "variant",
        "variant/0",
        "variant/",
        "variant/0/0/x",
        "variant/256/0",
        "variant/0/0/optional/",
        "variant/0/0/",
        "kernel/-1",
        "kernel/1000",
        "0123456789012345678901234567890123456789012345678901234567890123"};
    struct corim_own_place place = {0};
    char room[CORIM_OWN_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CHECK(corim_own_place_read(bytes_str(good[i]), &place));
        CHECK_STR(corim_own_place_text(&place, room), good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        printf("# %s\n", bad[i]);
        CHECK(!corim_own_place_read(bytes_str(bad[i]), &place));
    }
    CHECK(corim_own_place_equal(&place, &place));
}

#define OWN(model, key, mval, own)                                                            \
    "{0: \"i\", 1: [506(<<{1: {0: \"t\"}, 4: {0: [[{0: {" model "}}, [{0: " key ", 1: {" mval \
    "}}]]]}, -1: " own "}>>)], 3: 32(\"" CORIM_OWN_PROFILE "\")}"
#define MVAL "0: {0: \"1\"}, 2: [[1, h'" H1 "']]"

static void
our_profile_says_nothing_that_we_never_write(void)
{
    static const char *const bad[] = {
        OWN("2: \"os\"", "\"k\"", MVAL, "{}"),
        OWN("2: \"o.s/a\"", "\"k\"", MVAL, "{}"),
        OWN("2: \"os/a b\"", "\"k\"", MVAL, "{}"),
        OWN("2: \"os/a\", 3: 1", "\"k\"", MVAL, "{}"),
        OWN("2: \"os/a\", 1: \"v\"", "\"k\"", MVAL, "{}"),
        OWN("2: \"os/a\", 1: \"v w\"", "\"k\"", MVAL, "{0: \"vendor\"}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{0: \"vendor\"}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{1: 1}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{2: 7}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{2: 0}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{2: 172800, 3: 86400}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "{4: 1}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL, "7"),
        OWN("2: \"os/a\"", "7", MVAL, "{}"),
        OWN("2: \"os/a\"", "\"k/0\"", MVAL, "{}"),
        OWN("2: \"os/a\"", "\"svn\"", MVAL, "{}"),
        OWN("2: \"os/a\"", "\"k.l\"", MVAL, "{}"),
        OWN("2: \"os/a\"", "\"k:l\"", MVAL, "{}"),
        OWN("2: \"os/a\"", "\"012345678901234567890123456789012345678901234567\"", MVAL, "{}"),
        OWN("2: \"os/01234567890123456789012345678901234567890123456\"", "\"variant/0/0\"", MVAL,
            "{}"),
        OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1 2\"}, 2: [[1, h'" H1 "']]", "{}"),
        OWN("2: \"os/a\"", "\"k\"", "2: [[1, h'" H1 "']]", "{}"),
        OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1\"}, 1: 553(1), 2: [[1, h'" H1 "']]", "{}"),
        OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1\"}, 1: 552(1)", "{}"),
        OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1\"}, 2: [[10, h'" H1 "']]", "{}"),
        OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1\"}, 2: [[\"mine\", h'01']]", "{}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL "}}, {0: \"k\", 1: {" MVAL, "{}"), /* twice at one place */
        OWN("2: \"os/a\"", "\"k\"", MVAL ", 3: {0: true}", "{}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL ", 11: \"- a\\\\x\x01\"", "{}"),
        OWN("2: \"os/a\"", "\"k\"", MVAL "}}, {0: \"k\", 1: {0: {0: \"2\"}, 2: [[1, h'" H1 "']]",
            "{}"),
    };
    struct import_file file = {.path = "a"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        printf("# %s\n", bad[i]);
        file.bytes = check_guarded(cbor_text(bad[i]));
        CHECK_EQ(import_rig_run(import_corim, &file, 1), 1);
        CHECK_EQ(import_rig.fault.fault.rule, RULE_CORIM_OWN);
        CHECK_EQ(import_rig.fault.fault.event, 0);
    }
    file.bytes = cbor_text(OWN("2: \"os/a\"", "\"k\"", MVAL, "{}"));
    CHECK_EQ(import_rig_run(import_corim, &file, 1), 0);
    import_rig_says("release os a 1 {\n  k sha256:" H1 "\n}\n");
}

static void
broken_tags_of_ours_are_broken_tags(void)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rows[] = {
        {OWN("2: \"os/a\"", "\"k\"", "0: {0: \"1\"}, 2: [[1, h'01']]", "{}"), RULE_COMID_DIGEST},
        {OWN("5: \"os/a\"", "\"k\"", MVAL, "{}"), RULE_COMID_FORM},
        {OWN("2: \"os/a\"", "\"k\"", "0: 7", "{}"), RULE_COMID_FORM},
        {OWN("2: \"os/a\"", "\"k\"", MVAL "}}, {3: {4: 1", "{}"), RULE_COMID_FORM},
    };
    struct import_file file = {.path = "a"};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        file.bytes = check_guarded(cbor_text(rows[i].text));
        CHECK_EQ(import_rig_run(import_corim, &file, 1), 1);
        CHECK_EQ(import_rig.fault.fault.rule, rows[i].rule);
    }
}

static void
a_release_stands_once(void)
{
    struct bytes in = cbor_text(OWN("2: \"os/a\"", "\"k\"", MVAL, "{}"));
    struct import_file files[2] = {{.path = "a", .bytes = in}, {.path = "b", .bytes = in}};

    CHECK_EQ(import_rig_run(import_corim, files, 2), 1);
    CHECK_EQ(import_rig.fault.fault.rule, RULE_CORIM_OWN);
    CHECK_EQ(import_rig.fault.file, 1);
}

static void
every_truncation_and_flip_of_ours_ends_well(void)
{
    struct import_file file = {.path = "a"};
    struct bytes in = cbor_text(OWN("2: \"os/a\", 1: \"v\"", "\"variant/0/0/optional\"",
                                    MVAL ", 1: 552(1), 11: \"- label\"",
                                    "{0: \"vendor\", 1: true, 2: 86400, 3: 172800}"));
    uint8_t *copy = check_keep(malloc(in.len));
    size_t refused = 0;

    file.bytes = in;
    CHECK_EQ(import_rig_run(import_corim, &file, 1), 0);
    for (size_t i = 0; i < 8 * in.len; i++) {
        memcpy(copy, in.p, in.len);
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        file.bytes = check_guarded(bytes_of(copy, in.len));
        refused += import_rig_run(import_corim, &file, 1) != 0; /* what is taken compiles */
    }
    CHECK(refused > in.len);
}

CHECK_MAIN(CASE(releases_come_back), CASE(alternatives_of_one_place_come_back),
           CASE(variants_come_back), CASE(days_and_states_come_back),
           CASE(the_bytes_are_as_the_profile_says), CASE(what_a_corim_does_not_say_is_told),
           CASE(nothing_is_exported_of_nothing), CASE(a_signed_one_is_by_its_key),
           CASE(a_vendor_is_one_by_its_signature_alone), CASE(places_have_one_name),
           CASE(our_profile_says_nothing_that_we_never_write),
           CASE(broken_tags_of_ours_are_broken_tags), CASE(a_release_stands_once),
           CASE(every_truncation_and_flip_of_ours_ends_well))
