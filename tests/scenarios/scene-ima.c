/* Files of IMA lists: scenarios 37, 38, 39. No list of that size with signatures is at hand: those
 * here are made by the kernel's format, signed by OpenSSL with keys of the test. */
#include <stdio.h>

#include "lib/ima-rig.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"
#include "lib/scene.h"

static struct ima_judgement judgement;

static void
start(const char *lines, const char *sets)
{
    static char text[8192];

    snprintf(text, sizeof(text), "ima server {\n%s}\n%s", lines, sets);
    rule_play_rules("  rule files : ima policy ima/server\n", text);
    rule_play_base();
    ima_rig_new();
}

/* Judges the list as it stands, and prints what came of it. */
static void
judge(const char *what)
{
    const struct ima_judge_ask ask = {.book = rule_play.book,
                                      .block = &rulebook_bundle(rule_play.book)->imas[0],
                                      .now_s = rule_play.input.now_s};

    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(ima_judge(ima_rig.hasher, &ask, &ima_rig.list,
                       bytes_of(ima_rig.part, ima_rig.part_len), &judgement),
             0);
    rule_play.input.ima = &judgement;
    printf("# %s: %u entries, %d\n", what, judgement.n_entries, (int)rule_play_reason("files"));
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        if (judgement.n[i] > 0) {
            printf("#   %u %s\n", judgement.n[i], ima_status_name(i));
        }
    }
}

/* ---- 37 ---- */

#define SERVER "  allow digest @debian\n  skip path /usr/**.pyc\n"

/* A server's list: so many entries, of which 559 were compiled on the machine. */
static void
server(unsigned entries)
{
    char path[64];

    start(SERVER, "set digests debian { " D("11") "}\n");
    ima_rig_file(HASH_SHA256, 0x99, "boot_aggregate");
    for (unsigned i = 1; i < entries; i++) {
        bool compiled = i <= 559;

        snprintf(path, sizeof(path), compiled ? "/usr/lib/python3/m%u.pyc" : "/usr/bin/p%u", i);
        ima_rig_file(HASH_SHA256, compiled ? 0x20 : 0x11, path);
    }
}

static void
files_that_are_known_or_skipped_pass(void)
{
    server(1650);
    judge("a server's list");
    CHECK_EQ(judgement.n_entries, 1650);
    CHECK_EQ(judgement.n[IMA_SKIPPED], 559);
    CHECK_EQ(judgement.n[IMA_ALLOWED], 1091);
    CHECK_EQ(rule_play_reason("files"), REASON_NONE);
    ima_rig_done();
}

static void
one_unknown_program_is_told_with_path_and_entry(void)
{
    server(1650);
    ima_rig_file(HASH_SHA256, 0x66, "/usr/bin/unknown");
    judge("and one program more");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_UNKNOWN);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_FAIL);
    CHECK_EQ(judgement.worst[IMA_UNKNOWN].entry, 1650);
    CHECK_BYTES(judgement.worst[IMA_UNKNOWN].path, bytes_str("/usr/bin/unknown"));
    ima_rig_done();
}

/* A program that is only named as what is skipped, elsewhere. */
static void
a_name_is_no_excuse_outside_its_folder(void)
{
    server(600);
    ima_rig_file(HASH_SHA256, 0x66, "/opt/x/m.pyc");
    judge("a .pyc where none is skipped");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_UNKNOWN);
    ima_rig_done();
}

/* ---- 38 ---- */

static void
signed_policy(const char *lines, enum ima_signer signer)
{
    static char sets[2048];

    snprintf(sets, sizeof(sets), "set digests revoked { " D("44") "}\nset keys keys { %s }\n",
             ima_signer_item(signer));
    start(lines, sets);
}

static void
signed_file(uint8_t of, enum ima_signer signer, uint8_t over)
{
    ima_rig_signed(of, "/usr/bin/old", ima_signer_attribute(signer, HASH_SHA256, over));
}

static void
a_revoked_file_is_denied_whoever_signed_it(void)
{
    signed_policy("  deny digest @revoked\n  signed @keys\n", SIGNER_RSA);
    signed_file(0x44, SIGNER_RSA, 0x44);
    judge("an old package, installed again, with its good signature");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_DENIED);
    ima_rig_done();
    signed_policy("  deny digest @revoked\n  signed @keys\n", SIGNER_RSA);
    signed_file(0x45, SIGNER_RSA, 0x45);
    judge("its neighbour, which nobody revoked");
    CHECK_EQ(rule_play_reason("files"), REASON_NONE);
    CHECK_EQ(judgement.n[IMA_SIGNED], 1);
    ima_rig_done();
}

static void
a_signature_of_another_file_helps_nobody(void)
{
    signed_policy("  deny digest @revoked\n  signed @keys\n", SIGNER_RSA);
    signed_file(0x46, SIGNER_RSA, 0x45);
    judge("the signature of the neighbour, copied");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_BAD_SIGNATURE);
    ima_rig_done();
}

/* ---- 39 ---- */

static void
signed_list(enum ima_signer signer)
{
    for (unsigned i = 0; i < 898; i++) {
        signed_file((uint8_t)i, signer, (uint8_t)i);
    }
}

static void
keys_that_are_too_short_are_told_by_the_key(void)
{
    signed_policy("  min-key rsa-2048\n  signed @keys\n", SIGNER_RSA_1024);
    signed_list(SIGNER_RSA_1024);
    judge("RSA of 1024 bits below a least of 2048");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_KEY_WEAK);
    CHECK_EQ(judgement.n[IMA_KEY_WEAK], 898);
    ima_rig_done();
}

static void
keys_that_no_set_has_are_unknown(void)
{
    signed_policy("  min-key rsa-2048\n  signed @keys\n", SIGNER_RSA);
    signed_list(SIGNER_RSA_1024);
    judge("the same while the key is in no set");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_KEY_UNKNOWN);
    CHECK_EQ(judgement.n[IMA_KEY_UNKNOWN], 898);
    ima_rig_done();
}

static void
keys_that_are_long_enough_pass(void)
{
    signed_policy("  min-key rsa-2048\n  signed @keys\n", SIGNER_RSA);
    signed_list(SIGNER_RSA);
    judge("RSA of 2048 bits");
    CHECK_EQ(rule_play_reason("files"), REASON_NONE);
    CHECK_EQ(judgement.n[IMA_SIGNED], 898);
    ima_rig_done();
}

SCENE_MAIN(
    {37,
     "1,650 entries of which 559 are skipped pass; one unknown program is 604",
     {CASE(files_that_are_known_or_skipped_pass),
      CASE(one_unknown_program_is_told_with_path_and_entry),
      CASE(a_name_is_no_excuse_outside_its_folder)}},
    {38,
     "a revoked file with a good signature is 605",
     {CASE(a_revoked_file_is_denied_whoever_signed_it),
      CASE(a_signature_of_another_file_helps_nobody)}},
    {39,
     "898 signatures of RSA-1024 below a least of 2048 are 608; 607 while no set has the key",
     {CASE(keys_that_are_too_short_are_told_by_the_key), CASE(keys_that_no_set_has_are_unknown),
      CASE(keys_that_are_long_enough_pass)}})
