/* What the compiler makes of sets, releases and lists, and that it is shown as it was written. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/ima-signer.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

#define D(last) "sha256:3a9c0000000000000000000000000000000000000000000000000000000000" last
#define S1(last) "sha1:3a9c0000000000000000000000000000000000" last
#define BASE "policy base {\n}\n"

/* Compiles, shows, compiles again; the bundle is the one that the reader read. */
static void
comes_back(const char *text)
{
    static struct bundle shown;
    struct bytes first = policy_body(text);
    char *again = NULL;

    CHECK_EQ(bundle_read(first, &shown, NULL), 0);
    CHECK_EQ(policy_text_of(&shown, first, &again), 0);
    CHECK_BYTES(policy_body(check_keep(again)), first);
}

static const struct bundle_set *
set(const char *name)
{
    uint16_t index = bundle_set_named(&policy_bundle, bytes_str(name));

    CHECK(index != BUNDLE_NONE);
    return &policy_bundle.sets[index];
}

static struct bundle_record
record(const char *name, enum hash alg, size_t i)
{
    const struct bundle_table *table = bundle_set_table(set(name), alg);

    CHECK(table != NULL && i < table->n);
    return bundle_table_at(table, i);
}

static void
digests_are_sorted_and_stand_once(void)
{
    comes_back(
        BASE "set digests a { " D("03") " " D("01") " \"one\" " D("02") " staged " D("03") " }\n");
    CHECK_EQ(set("a")->tables[0].n, 3);
    CHECK_EQ(record("a", HASH_SHA256, 0).digest.p[31], 1);
    CHECK_BYTES(policy_bundle.labels[record("a", HASH_SHA256, 0).label], bytes_str("one"));
    CHECK_EQ(record("a", HASH_SHA256, 1).state, BUNDLE_STAGED);
    CHECK_EQ(record("a", HASH_SHA256, 2).state, BUNDLE_ACTIVE);
    CHECK_EQ(record("a", HASH_SHA256, 2).label, BUNDLE_NONE);
    CHECK_EQ(record("a", HASH_SHA256, 2).release, BUNDLE_NONE);
}

static void
each_hash_has_its_table(void)
{
    comes_back(BASE "set digests a version 4 published 2026-01-02 { " D("03") " " S1("01") " }\n");
    CHECK_EQ(set("a")->n_tables, 2);
    CHECK_EQ(set("a")->tables[0].alg, HASH_SHA1);
    CHECK_EQ(set("a")->tables[1].alg, HASH_SHA256);
    CHECK_EQ(set("a")->version, 4);
    CHECK_EQ(set("a")->published_s, 1767312000);
}

static void
signature_lists_know_their_kinds(void)
{
    comes_back(BASE "cert ca " D(
        "0a") " published 2026-01-02\n"
              "set certs c { ca x509 " D("01") " image " D("02") " tbs " D(
                  "03") " }\n"
                        "set dbx d { " D("01") " svn 9d132b61-59d5-4388-ab1c-185cfcb2eb92 9.2 }\n");
    CHECK_EQ(record("c", HASH_SHA256, 0).group, BUNDLE_SIG_X509);
    CHECK_EQ(record("c", HASH_SHA256, 1).group, BUNDLE_SIG_SHA256);
    CHECK_EQ(record("c", HASH_SHA256, 2).group, BUNDLE_SIG_X509_SHA256);
    CHECK_BYTES(policy_bundle.labels[record("c", HASH_SHA256, 3).label], bytes_str("ca"));
    CHECK_EQ(record("d", HASH_SHA256, 0).group, BUNDLE_SIG_SHA256);
    CHECK_EQ(set("d")->n_words, 1);
    CHECK_EQ(policy_bundle.words[set("d")->first_word].number, 9u << 16 | 2);
    CHECK_EQ(set("cert:ca")->kind, BUNDLE_SET_CERTS);
    CHECK_EQ(set("cert:ca")->published_s, 1767312000);
}

static void
successors_are_found_wherever_they_stand(void)
{
    comes_back(BASE "set dbx b/1 next a/2 { " D("01") " }\nset dbx a/2 { " D("01") " }\n");
    CHECK_EQ(set("b/1")->next, bundle_set_named(&policy_bundle, bytes_str("a/2")));
    CHECK_EQ(set("a/2")->next, BUNDLE_NONE);
}

static void
words_and_files_are_sets_too(void)
{
    comes_back(BASE "set sbat sbat:7 { shim 4 grub 3 }\nset advisories v { CVE-2 CVE-1 }\n"
                    "set file f { " D("07") " }\n");
    CHECK_BYTES(policy_bundle.words[set("sbat:7")->first_word].name, bytes_str("grub"));
    CHECK_EQ(policy_bundle.words[set("sbat:7")->first_word].number, 3);
    CHECK_BYTES(policy_bundle.words[set("v")->first_word].name, bytes_str("CVE-1"));
    CHECK_EQ(set("f")->file.len, 32);
    CHECK_EQ(set("f")->n_tables, 0);
}

static void
parts_know_their_release(void)
{
    comes_back(BASE "release os z 2 { kernel " D("01") " \"6.12\" kernel " D(
        "02") " }\n"
              "release os a 1 { state retiring kernel " D("01") " " S1("01") " }\n");
    CHECK_BYTES(policy_bundle.releases[0].name, bytes_str("a"));
    CHECK_EQ(set("os.kernel")->tables[1].n, 3);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 0).release, 0);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 0).state, BUNDLE_RETIRING);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 1).release, 1);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 1).position, 0);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 2).position, 1);
    CHECK_EQ(record("os.kernel", HASH_SHA1, 0).release, 0);
}

/* In two banks it is one part, not two: the next was shown nowhere. */
static void
parts_of_two_banks_have_one_position(void)
{
    comes_back(BASE "release os a 1 { kernel " D("01") " " S1("01") " kernel " D(
        "02") " kernel " S1("03") " }\n");
    CHECK_EQ(record("os.kernel", HASH_SHA256, 0).position, 0);
    CHECK_EQ(record("os.kernel", HASH_SHA256, 1).position, 1);
    CHECK_EQ(record("os.kernel", HASH_SHA1, 0).position, 0);
    CHECK_EQ(record("os.kernel", HASH_SHA1, 1).position, 2);
}

/* The last place is 255; one more had it, too. */
static void
a_part_has_256_places(void)
{
    static char text[32768];
    size_t len = (size_t)snprintf(text, sizeof(text), "%srelease os a 1 {\n", BASE);

    for (unsigned i = 0; i < 256; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "k sha256:%064x\n", i);
    }
    snprintf(text + len, sizeof(text) - len, "}\n");
    comes_back(text);
    CHECK_EQ(record("os.k", HASH_SHA256, 255).position, 255);
    snprintf(text + len, sizeof(text) - len, "k sha256:%064x\n}\n", 256);
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, "more than 256 of one part") != NULL);
    CHECK_EQ(policy_said.items[0].line, 3 + 257);
    CHECK_EQ(policy_said.items[0].column, 1);
}

static void
variants_keep_the_order_of_their_events(void)
{
    comes_back(BASE "release fw m 1 {\n variant { " D("05") " + " S1("05") " " D(
        "01") " optional \"DATA\" }\n variant { " D("05") " }\n}\n");
    CHECK_EQ(set("fw/m")->tables[1].n, 3);
    CHECK_EQ(record("fw/m", HASH_SHA256, 0).position, 1);
    CHECK(record("fw/m", HASH_SHA256, 0).optional);
    CHECK_EQ(record("fw/m", HASH_SHA256, 1).position, 0);
    CHECK_EQ(record("fw/m", HASH_SHA256, 1).group, 0);
    CHECK_EQ(record("fw/m", HASH_SHA256, 2).group, 1);
    CHECK_EQ(record("fw/m", HASH_SHA1, 0).position, 0);
    CHECK(!record("fw/m", HASH_SHA1, 0).optional);
}

static void
all_that_is_said_of_a_release_is_kept(void)
{
    comes_back(BASE "cmdline c { require ro }\n"
                    "release os a 2 {\n source pipeline build svn 41 active 2026-01-02\n"
                    " retire 2027-01-02 replaces 1 overlap 36h slots A B cmdline c\n"
                    " initrd announced-by-device signed-kernel initrd " D("01") "\n}\n");
    CHECK_EQ(policy_bundle.releases[0].svn, 41);
    CHECK_EQ(policy_bundle.releases[0].overlap_s, 36 * 3600);
    CHECK_EQ(policy_bundle.releases[0].cmdline, 0);
    CHECK(policy_bundle.releases[0].announced_initrd);
    CHECK_BYTES(policy_bundle.releases[0].slots, bytes_str("A B"));
    CHECK_BYTES(policy_bundle.releases[0].replaces, bytes_str("1"));
    CHECK_BYTES(policy_bundle.releases[0].source_kind, bytes_str("pipeline"));
    CHECK_EQ(policy_bundle.releases[0].retire_s - policy_bundle.releases[0].active_s, 365 * 86400);
}

static void
lists_hold_their_items_by_kind(void)
{
    comes_back(BASE "cmdline c {\n deny init=*\n require ro\n deny debug\n other note\n}\n"
                    "grubcmd g {\n expect linux  /vm-{ver}   *\n words set [\n}\n");
    CHECK_EQ(policy_bundle.cmdlines[0].n_items, 3);
    CHECK_EQ(policy_bundle.items[0].kind, ITEM_REQUIRE);
    CHECK_BYTES(policy_bundle.items[1].text, bytes_str("init=*"));
    CHECK_BYTES(policy_bundle.items[2].text, bytes_str("debug"));
    CHECK_EQ(policy_bundle.cmdlines[0].otherwise, EFFECT_NOTE);
    CHECK_EQ(policy_bundle.items[3].kind, ITEM_WORD);
    CHECK_BYTES(policy_bundle.items[5].text, bytes_str("linux /vm-{ver} *"));
    CHECK_EQ(policy_bundle.grubcmds[0].otherwise, EFFECT_FAIL);
}

static void
ima_blocks_hold_what_they_say(void)
{
    char text[4096];

    snprintf(
        text, sizeof(text),
        BASE "set digests bad { " D(
            "01") " }\nset keys keys { %s }\n"
                  "ima b {\n pcr 11 min-digest sha384 min-key rsa-4096\n"
                  " deny digest @bad path /a/** /b\n allow @bad\n signed @keys\n skip path /c\n"
                  " violations warn max 3\n unknown note for 90s when pending-update then warn\n"
                  "}\nima a {\n skip /x\n unknown warn for 2h then fail\n}\n",
        ima_signer_item(SIGNER_P256));
    comes_back(text);
    CHECK_EQ(policy_bundle.n_imas, 2);
    CHECK_EQ(policy_bundle.imas[0].pcr, 10);
    CHECK_EQ(policy_bundle.imas[0].unknown_for_s, 7200);
    CHECK(!policy_bundle.imas[0].unknown_pending);
    CHECK_EQ(policy_bundle.imas[1].pcr, 11);
    CHECK_EQ(policy_bundle.imas[1].min_digest, HASH_SHA384);
    CHECK_EQ(policy_bundle.imas[1].keys, BUNDLE_KEY_RSA4096);
    CHECK_EQ(policy_bundle.imas[1].list.n_items, 6);
    CHECK_EQ(policy_bundle.imas[1].violations_max, 3);
    CHECK_EQ(policy_bundle.imas[1].unknown_for_s, 90);
    CHECK(policy_bundle.imas[1].unknown_pending);
    CHECK_EQ(policy_bundle.imas[1].unknown_then, EFFECT_WARN);
}

/* Two keys with ids of their own, in the order of a bundle and not of the text. */
static void
keys_come_back_by_id(void)
{
    char text[4096];
    uint32_t own = ima_signer_id(SIGNER_RSA);

    snprintf(text, sizeof(text),
             BASE
             "set keys k version 3 published 2026-01-02 {\n%s id ffffffff\n%s\n%s id 00000007\n}\n",
             ima_signer_item(SIGNER_P384), ima_signer_item(SIGNER_RSA),
             ima_signer_item(SIGNER_RSA_1024));
    comes_back(text);
    CHECK_EQ(set("k")->n_keys, 3);
    CHECK_EQ(policy_bundle.keys[0].id, 7);
    CHECK_BYTES(policy_bundle.keys[0].spki, ima_signer_spki(SIGNER_RSA_1024));
    CHECK_EQ(policy_bundle.keys[1].id, own);
    CHECK_EQ(policy_bundle.keys[2].id, UINT32_MAX);
    CHECK_EQ(set("k")->published_s, 1767312000);
}

/* The first thing that is said of a set of this item. */
static void
wrong_key(const char *item, const char *said)
{
    static char text[4096];

    snprintf(text, sizeof(text), BASE "set keys k { %s }\n", item);
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, said));
}

static void
wrong_keys_are_told(void)
{
    char twice[2048];
    char bad[1024];

    wrong_key("", "empty");
    wrong_key(D("01"), "spki:BASE64URL");
    wrong_key("spki:", "spki:BASE64URL");
    wrong_key("spki:AA=", "spki:BASE64URL");
    wrong_key("spki:AAAA", "DER form");
    wrong_key(ima_signer_item(SIGNER_P521), "P-256 or P-384");
    snprintf(bad, sizeof(bad), "%s id 1234567", ima_signer_item(SIGNER_RSA));
    wrong_key(bad, "eight digits");
    snprintf(bad, sizeof(bad), "%s id 123456zz", ima_signer_item(SIGNER_RSA));
    wrong_key(bad, "eight digits");
    snprintf(twice, sizeof(twice), "%s %s", ima_signer_item(SIGNER_RSA),
             ima_signer_item(SIGNER_RSA));
    wrong_key(twice, "stands twice");
}

static void
keys_have_a_most(void)
{
    char *text = check_keep(calloc(1, 65536));
    size_t len = (size_t)snprintf(text, 200, BASE "set keys k {\n");

    for (unsigned i = 0; i <= LIMIT_BUNDLE_KEYS; i++) {
        len += (size_t)snprintf(text + len, 400, "%s id %08x\n", ima_signer_item(SIGNER_P256), i);
    }
    snprintf(text + len, 8, "}\n");
    CHECK_EQ(policy_text(text), 1);
    CHECK(strstr(policy_said.items[0].text, "more than 128 keys"));
    free(text);
}

static void
rules_of_every_form_come_back(void)
{
    comes_back(POLICY_HEAD
               "  rule a : boot.kernel at-least floor(fw)\n  rule b : sb.sbat at-least 7\n"
               "  rule c : sb.sbat at-least sbat:7 else note\n"
               "  rule d : boot.cmdline match \"BOOT_IMAGE=* ro\" count 1..1\n"
               "  rule e : boot.preos sequence @os.shim{0..3} @os.kernel same-release\n"
               "  rule f : sb.db includes @sb/new else warn for 90s then fail claim sb.db.ca2023\n"
               "  rule g : boot.initrd one-of @os.kernel or-pin 3 same-release else warn\n"
               "  rule h : boot.script commands @grubcmd/debian\n  rule i : nonhost.info is sev\n"
               "  rule j : boot.authority signed-by @sb/db\n  rule k : pcr3 forbid\n"
               "  token ttl 90m floor affirming\n  fresh evidence 1h boot 2d else note\n"
               "  limits log 4KiB datagrams 6\n  min-hash sha384\n  exit-events optional\n"
               "  mode observe\n" POLICY_RULES POLICY_TAIL);
    CHECK_EQ(policy_bundle.n_rules, 14);
    CHECK_EQ(policy_bundle.args[policy_bundle.rules[0].first_arg].number, 4);
    CHECK_EQ(policy_bundle.args[policy_bundle.rules[4].first_arg].min, 0);
    CHECK_EQ(policy_bundle.args[policy_bundle.rules[4].first_arg].max, 3);
    CHECK_EQ(policy_bundle.rules[5].for_s, 90);
    CHECK_EQ(policy_bundle.rules[6].or_pin, 3);
    CHECK_EQ(policy_bundle.rules[10].count_min, 0);
    CHECK_EQ(policy_bundle.policies[0].token_ttl_s, 5400);
    CHECK_EQ(policy_bundle.policies[0].token_floor, BUNDLE_TIER_AFFIRMING);
    CHECK_EQ(policy_bundle.policies[0].mode, BUNDLE_MODE_OBSERVE);
    CHECK_EQ(policy_bundle.policies[0].log_bytes, 4096);
    CHECK_EQ(policy_bundle.policies[0].fresh_else, EFFECT_NOTE);
}

/* What the base says of the same setting must not come back in the place of what was left out. */
static void
policies_with_bases_come_back(void)
{
    comes_back(
        "policy base version 2 {\n  fresh evidence 5m else warn\n  ak ecc-p256\n"
        "  rule a : gpt device-pin\n  rule b : mok device-pin\n}\n" POLICY_HEAD
        "  extends base version 2\n  fresh boot 2d else fail\n  rule a : gpt any\n" POLICY_RULES
            POLICY_TAIL);
    CHECK_EQ(policy_bundle.policies[1].fresh_else, EFFECT_FAIL);
    CHECK_EQ(policy_bundle.policies[1].fresh_evidence_s, 300);
    comes_back("policy base {\n  fresh boot 5m\n}\n" POLICY_HEAD
               "  extends base\n" POLICY_RULES POLICY_TAIL);
}

CHECK_MAIN(CASE(digests_are_sorted_and_stand_once), CASE(each_hash_has_its_table),
           CASE(signature_lists_know_their_kinds), CASE(successors_are_found_wherever_they_stand),
           CASE(words_and_files_are_sets_too), CASE(parts_know_their_release),
           CASE(parts_of_two_banks_have_one_position), CASE(a_part_has_256_places),
           CASE(variants_keep_the_order_of_their_events),
           CASE(all_that_is_said_of_a_release_is_kept), CASE(lists_hold_their_items_by_kind),
           CASE(ima_blocks_hold_what_they_say), CASE(keys_come_back_by_id),
           CASE(wrong_keys_are_told), CASE(keys_have_a_most), CASE(rules_of_every_form_come_back),
           CASE(policies_with_bases_come_back))
