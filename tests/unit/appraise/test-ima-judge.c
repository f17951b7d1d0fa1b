/* Files of IMA lists, judged: every status with its nearest neighbour. */
#include <stdio.h>

#include "appraise/ima-records.h"
#include "base/hex.h"
#include "lib/check.h"
#include "lib/ima-rig.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"

static struct ima_judgement judgement;
static struct digest_set files[LIMIT_BUNDLE_SETS];
static struct ima_sigs *sigs;
static struct ima_work work;

/* A policy whose rule `files` asks an ima block of these lines. */
static void
start(const char *lines, const char *blocks)
{
    static char text[8192];

    snprintf(text, sizeof(text), "ima x {\n%s}\n%s", lines, blocks);
    rule_play_rules("  rule files : ima policy ima/x\n", text);
    rule_play_base();
    ima_rig_new();
    memset(files, 0, sizeof(files));
    work = (struct ima_work){0};
}

static int
judge_part(void)
{
    const struct ima_judge_ask ask = {
        .book = rule_play.book,
        .block = &rulebook_bundle(rule_play.book)->imas[0],
        .files = files,
        .now_s = rule_play.input.now_s,
        .sigs = sigs,
        .work = &work,
    };
    int r = ima_judge(ima_rig.hasher, &ask, &ima_rig.list, bytes_of(ima_rig.part, ima_rig.part_len),
                      &judgement);

    rule_play.input.ima = r == 0 ? &judgement : NULL;
    return r;
}

static void
judge(void)
{
    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(judge_part(), 0);
}

static void
done(void)
{
    ima_rig_done();
}

/* One entry's status, in a list of its own, with the reason that the rule is told as. */
static void
expect(enum ima_status status, enum reason reason)
{
    judge();
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        CHECK_EQ(judgement.n[i], i == status ? 1 : 0);
    }
    CHECK_EQ(rule_play_reason("files"), reason);
    ima_rig.part_len = 0;
}

#define ALLOW_11 "  allow digest @ok\n"
#define SET_11 "set digests ok { " D("11") " }\n"

static void
known_files_pass(void)
{
    start(ALLOW_11, SET_11);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    expect(IMA_ALLOWED, REASON_NONE);
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    ima_rig_file(HASH_SHA512, 0x11, "/bin/sh"); /* the same bytes of another hash */
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
}

/* Sets of what is revoked mark it so; what denies does whatever the mark. */
static void
what_is_marked_as_revoked_is_denied(void)
{
    start("  deny digest @bad\n  allow digest @ok\n  skip path /**\n",
          "set digests bad { " D("21") "revoked " D("22") "retired " D("23") "staged " D(
              "24") "}\nset digests ok { " D("11")
              D("12") "revoked " D("13") "retired " D("24") "}\n");
    for (uint8_t b = 0x21; b <= 0x24; b++) {
        ima_rig_file(HASH_SHA256, b, "/bin/sh");
        expect(IMA_DENIED, REASON_IMA_DENIED);
    }
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    expect(IMA_ALLOWED, REASON_NONE);
    ima_rig_file(HASH_SHA256, 0x12, "/bin/sh"); /* and no path excuses it */
    expect(IMA_DENIED, REASON_IMA_DENIED);
    ima_rig_file(HASH_SHA256, 0x13, "/bin/sh"); /* allowed no more */
    expect(IMA_SKIPPED, REASON_NONE);
    done();
}

/* A file that two releases hold is of either; only the one is over. */
static void
a_file_of_two_releases_is_of_the_one_that_counts(void)
{
    start("  allow digest @os.kernel\n",
          "release os corp 1 { svn 4 state retired kernel " D(
              "11") "}\n"
                    "release os corp 2 { svn 5 kernel " D("11") "}\n");
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    expect(IMA_ALLOWED, REASON_NONE);
    done();
}

static void
the_first_of_each_status_is_named(void)
{
    start(ALLOW_11, SET_11);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    ima_rig_file(HASH_SHA256, 0x12, "/usr/bin/one");
    ima_rig_file(HASH_SHA256, 0x13, "/usr/bin/two");
    judge();
    CHECK_EQ(judgement.n_entries, 3);
    CHECK_EQ(judgement.n_findings, 2);
    CHECK_EQ(judgement.findings[0].entry, 1);
    CHECK_EQ(judgement.findings[1].entry, 2);
    CHECK_BYTES(judgement.worst[IMA_UNKNOWN].path, bytes_str("/usr/bin/one"));
    CHECK_EQ(judgement.worst[IMA_UNKNOWN].digest.p[0], 0x12);
    CHECK_BYTES(rule_play_rule("files")->token, bytes_str("/usr/bin/one"));
    done();
}

static void
findings_have_an_end(void)
{
    start(ALLOW_11, SET_11);
    for (unsigned i = 0; i < IMA_FINDINGS_MAX + 5; i++) {
        ima_rig_file(HASH_SHA256, 0x12, "/bin/x");
    }
    judge();
    CHECK_EQ(judgement.n[IMA_UNKNOWN], IMA_FINDINGS_MAX + 5);
    CHECK_EQ(judgement.n_findings, IMA_FINDINGS_MAX);
    done();
}

/* A set of keys of two kinds, and a weak one. */
static const char *
keys(void)
{
    static char text[3072];

    snprintf(text, sizeof(text), "set keys keys { %s %s %s }\n", ima_signer_item(SIGNER_RSA),
             ima_signer_item(SIGNER_P256), ima_signer_item(SIGNER_RSA_1024));
    return text;
}

/* A file of digest `of`, with a signature over digest `over`. */
static void
signed_file(uint8_t of, enum ima_signer signer, uint8_t over)
{
    ima_rig_signed(of, "/bin/sh", ima_signer_attribute(signer, HASH_SHA256, over));
}

static void
deny_beats_all(void)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), SET_11 "set digests bad { " D("11") D("22") " }\n%s", keys());
    start("  deny digest @bad\n  deny path /opt/**\n  allow digest @ok\n  signed @keys\n"
          "  skip path /**\n",
          sets);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh"); /* allowed too */
    expect(IMA_DENIED, REASON_IMA_DENIED);
    ima_rig_file(HASH_SHA256, 0x22, "/bin/sh"); /* skipped too */
    expect(IMA_DENIED, REASON_IMA_DENIED);
    signed_file(0x22, SIGNER_RSA, 0x22);
    expect(IMA_DENIED, REASON_IMA_DENIED);
    ima_rig_file(HASH_SHA256, 0x33, "/opt/a/b");
    expect(IMA_DENIED, REASON_IMA_DENIED);
    ima_rig_violation("/opt/a");
    expect(IMA_DENIED, REASON_IMA_DENIED);
    ima_rig_file(HASH_SHA256, 0x33, "/opt");
    expect(IMA_SKIPPED, REASON_NONE);
    done();
}

/* A path that nobody can look through in time is denied where paths are, and never skipped. */
static void
a_path_without_end_is_no_way_out(void)
{
    char path[1500];

    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    start("  deny path /opt/**\n  skip path /**\n", "");
    ima_rig_file(HASH_SHA256, 0x11, path);
    expect(IMA_DENIED, REASON_IMA_DENIED);
    path[1000] = '\0';
    ima_rig_file(HASH_SHA256, 0x11, path);
    expect(IMA_SKIPPED, REASON_NONE);
    done();
    path[1000] = 'a';
    start("  skip path /**\n", "");
    ima_rig_file(HASH_SHA256, 0x11, path);
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
}

static void
what_the_kernel_obeys_is_never_skipped(void)
{
    static const char *const modules[] = {"/lib/m.ko", "/lib/m.ko.xz", "/lib/m.ko.zst",
                                          "/lib/m.ko.gz"};

    start("  skip path /**\n", "");
    for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
        ima_rig_file(HASH_SHA256, 0x11, modules[i]);
        expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    }
    ima_rig_file(HASH_SHA256, 0x11, "/lib/m.ko.txt");
    expect(IMA_SKIPPED, REASON_NONE);
    ima_rig_buffer(0x11, "/kexec", bytes_str("quiet"));
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    ima_rig_buffer(0x11, "/kexec", BYTES_NULL);
    expect(IMA_SKIPPED, REASON_NONE);
    done();
}

static void
a_weak_digest_of_a_known_file_warns(void)
{
    start("  min-digest sha256\n" ALLOW_11,
          "set digests ok { sha1:1111111111111111111111111111111111111111 }\n");
    ima_rig_file(HASH_SHA1, 0x11, "/bin/sh");
    expect(IMA_WEAK, REASON_IMA_DIGEST_WEAK);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_WARN);
    ima_rig_file(HASH_SHA1, 0x12, "/bin/sh");
    expect(IMA_UNKNOWN, REASON_IMA_UNKNOWN);
    done();
    start("  min-digest sha1\n" ALLOW_11,
          "set digests ok { sha1:1111111111111111111111111111111111111111 }\n");
    ima_rig_file(HASH_SHA1, 0x11, "/bin/sh");
    expect(IMA_ALLOWED, REASON_NONE);
    done();
}

static void
violations_pass_up_to_a_number(void)
{
    start("  violations warn max 2\n" ALLOW_11, SET_11);
    ima_rig_violation("/var/log/a");
    ima_rig_violation("/var/log/b");
    judge();
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_VIOLATION);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_WARN);
    ima_rig_violation("/var/log/c");
    judge();
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_VIOLATION);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_FAIL);
    done();
    start(ALLOW_11, SET_11); /* nothing said: none may be */
    ima_rig_violation("/var/log/a");
    judge();
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_FAIL);
    done();
}

static void
a_signature_lets_its_file_pass_and_no_other(void)
{
    start("  signed @keys\n  skip path /**\n", keys());
    signed_file(0x11, SIGNER_RSA, 0x11);
    expect(IMA_SIGNED, REASON_NONE);
    signed_file(0x11, SIGNER_RSA, 0x12);
    expect(IMA_BAD_SIGNATURE, REASON_IMA_BAD_SIGNATURE);
    signed_file(0x11, SIGNER_P256, 0x11);
    expect(IMA_SIGNED, REASON_NONE);
    signed_file(0x11, SIGNER_P384, 0x11);
    expect(IMA_KEY_UNKNOWN, REASON_IMA_KEY_UNKNOWN);
    signed_file(0x11, SIGNER_RSA_1024, 0x11);
    expect(IMA_KEY_WEAK, REASON_IMA_KEY_WEAK);
    ima_rig_signed(0x11, "/bin/sh", check_hex("0302"));
    expect(IMA_BAD_SIGNATURE, REASON_IMA_BAD_SIGNATURE);
    ima_rig_signed(0x11, "/bin/sh", BYTES_NULL);
    expect(IMA_SKIPPED, REASON_NONE);
    done();
    start("  skip path /**\n", ""); /* nobody asks for signatures */
    signed_file(0x11, SIGNER_RSA, 0x12);
    expect(IMA_SKIPPED, REASON_NONE);
    done();
}

/* The order is fixed: a digest that is denied beats the best signature, one that is allowed the
 * worst. */
static void
a_signature_comes_behind_digests(void)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), SET_11 "set digests bad { " D("22") " }\n%s", keys());
    start("  deny digest @bad\n  allow digest @ok\n  signed @keys\n", sets);
    signed_file(0x22, SIGNER_RSA, 0x22);
    expect(IMA_DENIED, REASON_IMA_DENIED);
    signed_file(0x11, SIGNER_RSA, 0x12);
    expect(IMA_ALLOWED, REASON_NONE);
    signed_file(0x33, SIGNER_RSA, 0x33);
    expect(IMA_SIGNED, REASON_NONE);
    done();
}

static void
a_signature_over_a_weak_digest_warns(void)
{
    start("  min-digest sha384\n  signed @keys\n", keys());
    signed_file(0x11, SIGNER_RSA, 0x11);
    expect(IMA_WEAK, REASON_IMA_DIGEST_WEAK);
    signed_file(0x11, SIGNER_RSA, 0x12);
    expect(IMA_BAD_SIGNATURE, REASON_IMA_BAD_SIGNATURE);
    done();
}

/* A list of many files, of which the last has no good signature. */
static void
every_signature_of_a_list_counts(void)
{
    start("  signed @keys\n", keys());
    for (unsigned i = 0; i < 30; i++) {
        signed_file((uint8_t)i, i % 2 ? SIGNER_RSA : SIGNER_P256, (uint8_t)i);
    }
    judge();
    CHECK_EQ(judgement.n[IMA_SIGNED], 30);
    CHECK_EQ(judgement.n_findings, 0);
    signed_file(30, SIGNER_RSA, 31);
    judge();
    CHECK_EQ(judgement.n[IMA_SIGNED], 30);
    CHECK_EQ(judgement.worst[IMA_BAD_SIGNATURE].entry, 30);
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_BAD_SIGNATURE);
    done();
}

static void
the_aggregate_is_the_first_entry_alone(void)
{
    start(ALLOW_11, SET_11);
    ima_rig_file(HASH_SHA256, 0x99, "boot_aggregate");
    expect(IMA_ALLOWED, REASON_NONE);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    ima_rig_file(HASH_SHA256, 0x99, "boot_aggregate"); /* carried over by kexec */
    judge();
    CHECK_EQ(judgement.n[IMA_UNKNOWN], 1);
    ima_rig.part_len = 0;
    ima_rig_file(HASH_SHA256, 0x99, "boot_aggregate");
    ima_rig_read(IMA_EXTEND_OWN);
    ima_rig.list.known.n_entries = 1; /* the part goes on from somewhere */
    CHECK_EQ(judge_part(), 0);
    CHECK_EQ(judgement.n[IMA_UNKNOWN], 1);
    CHECK_EQ(judgement.findings[0].entry, 1);
    done();
}

static void
only_what_met_the_quote_is_judged(void)
{
    size_t end;

    start(ALLOW_11, SET_11);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    end = ima_rig.part_len;
    ima_rig_other_pcr(11, 0x12, "/bin/other");
    ima_rig_file(HASH_SHA256, 0x12, "/bin/evil");
    ima_rig_read(IMA_EXTEND_OWN);
    ima_rig.list.end = (uint32_t)end;
    CHECK_EQ(judge_part(), 0);
    CHECK_EQ(judgement.n[IMA_ALLOWED], 1);
    CHECK_EQ(judgement.n_findings, 0);
    judge();
    CHECK_EQ(judgement.n[IMA_UNKNOWN], 1); /* the one of PCR 11 is nobody's */
    CHECK_EQ(judgement.findings[0].entry, 2);
    ima_rig.list.end--; /* inside an entry: no reader says that */
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    ima_rig.list.end = (uint32_t)ima_rig.part_len + 1;
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    done();
}

/* Each byte of a record that says what was extended, changed: none passes. */
static void
a_reader_that_lies_is_found_out(void)
{
    enum { HEAD = 7, SHA256_AT = HEAD + 20 };

    start("  allow digest @ok\n  skip path /**\n", SET_11);
    ima_rig_file(HASH_SHA256, 0x12, "/opt/evil");
    ima_rig_read(IMA_EXTEND_OWN);
    CHECK_EQ(judge_part(), 0);
    for (size_t i = SHA256_AT; i < SHA256_AT + 32; i++) {
        ima_rig.records[i] ^= 1;
        CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
        ima_rig.records[i] ^= 1;
    }
    ima_rig.records[1] = 11; /* PCR */
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    ima_rig.records[1] = 10;
    ima_rig.records[2] ^= IMA_RECORD_VIOLATION;
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    ima_rig.records[2] ^= IMA_RECORD_VIOLATION;
    ima_rig.records[3]++; /* its end */
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    ima_rig.records[3]--;
    CHECK_EQ(judge_part(), 0);
    ima_rig.list.records.len = 0;
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    done();
}

/* A name changed in the part after it was read: the digest of its entry is another one. */
static void
a_part_that_is_not_what_was_read_is_found_out(void)
{
    start("  skip path /opt/**\n", "");
    ima_rig_file(HASH_SHA256, 0x12, "/bin/evil");
    ima_rig_read(IMA_EXTEND_OWN);
    memcpy(ima_rig.part + ima_rig.part_len - 10, "/opt", 4);
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    ima_rig_read(IMA_EXTEND_OWN); /* the reader says so: its template hash is broken */
    ima_rig.list.end = (uint32_t)ima_rig.part_len;
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    done();
}

/* Where the kernel filled SHA-1 up with zeros, that is what the TPM has, and what binds. */
static void
a_padded_bank_is_bound_by_sha1(void)
{
    enum { SHA1_AT = 7, SHA256_AT = 27 };

    start(ALLOW_11, SET_11);
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    ima_rig_read(IMA_EXTEND_PADDED);
    ima_rig.records[SHA256_AT] ^= 1; /* nothing vouches for it, and nobody looks */
    CHECK_EQ(judge_part(), 0);
    ima_rig.records[SHA1_AT] ^= 1;
    CHECK_EQ(judge_part(), IMA_JUDGE_E_FORM);
    done();
}

/* A set of three digests as a file. */
static struct digest_set
file_set(uint8_t b)
{
    static uint8_t room[2][DIGEST_SET_HEAD + 96];
    static unsigned next;
    uint8_t *file = room[next++ % 2];
    struct wr wr = wr_init(file, sizeof(room[0]));
    struct digest_set set;
    struct fault fault;

    digest_set_head(&wr, HASH_SHA256, 3);
    memset(file + DIGEST_SET_HEAD, b - 1, 32);
    memset(file + DIGEST_SET_HEAD + 32, b, 32);
    memset(file + DIGEST_SET_HEAD + 64, b + 1, 32);
    CHECK_EQ(digest_set_read(bytes_of(file, sizeof(room[0])), &set, &fault), 0);
    return set;
}

/* The place of a set in the bundle. */
static size_t
place(const char *name)
{
    const struct bundle *bundle = rulebook_bundle(rule_play.book);
    size_t i = 0;

    while (i < bundle->n_sets && !bytes_equal(bundle->sets[i].name, bytes_str(name))) {
        i++;
    }
    CHECK(i < bundle->n_sets);
    return i;
}

static void
sets_in_files_count_where_they_are(void)
{
    start("  deny digest @bad\n  allow digest @ok\n",
          "set file ok { " D("01") " }\nset file bad { " D("02") " }\n");
    ima_rig_file(HASH_SHA256, 0x31, "/bin/sh");
    judge(); /* a list of what is denied that nobody has */
    CHECK(!judgement.judged);
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_OFF);
    files[place("bad")] = file_set(0x61);
    judge(); /* one of what is allowed: then nothing is */
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_UNKNOWN);
    files[place("ok")] = file_set(0x31);
    judge();
    CHECK_EQ(rule_play_reason("files"), REASON_NONE);
    ima_rig_file(HASH_SHA256, 0x61, "/bin/bad");
    judge();
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_DENIED);
    done();
}

/* A list that takes more than the work that is allowed is not judged at all, and each time comes
 * further: what was good is remembered. A bad one behind them is found when its turn comes. */
static void
a_list_of_more_signatures_than_allowed_comes_further_each_time(void)
{
    start("  signed @keys\n", keys());
    sigs = ima_sigs_new();
    CHECK(sigs);
    for (unsigned i = 0; i < 9; i++) {
        signed_file((uint8_t)i, SIGNER_P256, (uint8_t)i);
    }
    signed_file(9, SIGNER_P256, 10);
    ima_rig_read(IMA_EXTEND_OWN);
    judgement.n_entries = 77;
    for (unsigned i = 0; i < 3; i++) {
        work = (struct ima_work){.most_us = 180};
        CHECK_EQ(judge_part(), IMA_JUDGE_E_WORK);
        CHECK_EQ(work.us, 180);
        CHECK_EQ(judgement.n_entries, 77); /* untouched */
    }
    work = (struct ima_work){.most_us = 180};
    CHECK_EQ(judge_part(), 0);
    CHECK_EQ(work.us, 60);
    CHECK_EQ(judgement.n[IMA_SIGNED], 9);
    CHECK_EQ(judgement.n[IMA_BAD_SIGNATURE], 1);
    ima_sigs_free(sigs);
    sigs = NULL;
    done();
}

static void
without_a_list_nothing_is_known(void)
{
    start("  skip path /**\n", "");
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_OFF);
    done();
    start("  pcr 11\n  skip path /**\n", "");
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    judge();
    CHECK(!judgement.judged);
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_OFF);
    done();
}

static void
a_rules_own_effect_is_the_most(void)
{
    rule_play_rules("  rule files : ima policy ima/x else warn\n", "ima x {\n  skip path /a\n}\n");
    rule_play_base();
    ima_rig_new();
    ima_rig_file(HASH_SHA256, 0x11, "/bin/sh");
    judge();
    CHECK_EQ(rule_play_reason("files"), REASON_IMA_UNKNOWN);
    CHECK_EQ(rule_play_rule("files")->effect, EFFECT_WARN);
    done();
}

/* All digests of a recorded list but one, as text of a set. */
static void
list_text(char *text, size_t cap, struct bytes vector, uint32_t but)
{
    size_t len = (size_t)snprintf(text, cap, "set digests ok {\n");
    char digits[2 * HASH_SIZE_MAX + 1];
    struct ima_entry e;
    struct ima ima;

    CHECK_EQ(ima_open(&ima, vector, HASH_SHA1, 0, NULL), 0);
    while (ima_next(&ima, &e, NULL) == 0) {
        if (e.number > 0 && e.number != but) {
            len += (size_t)snprintf(text + len, cap - len, "  %s:%s\n", hash_name(e.digest.hash),
                                    hex_write(digits, e.digest.value));
        }
    }
    snprintf(text + len, cap - len, "}\nima x {\n  allow digest @ok\n}\n");
}

/* A real boot's list, with all its files known, and with each but one. */
static void
a_recorded_list_passes_by_its_own_files_and_no_fewer(void)
{
    static char text[65536];
    struct bytes vector = check_vector("boot/grub-sb-on-ima/ima-binary");

    for (uint32_t but = 103; but > 0; but -= but > 3 ? 10 : 1) {
        list_text(text, sizeof(text), vector, but);
        rule_play_rules("  rule files : ima policy ima/x\n", text);
        rule_play_base();
        ima_rig_new();
        ima_rig_load(vector);
        judge();
        CHECK_EQ(judgement.n_entries, 103);
        if (but == 103) { /* all */
            CHECK_EQ(judgement.n[IMA_ALLOWED], 103);
            CHECK_EQ(rule_play_reason("files"), REASON_NONE);
        } else {
            CHECK_EQ(judgement.n[IMA_UNKNOWN], 1);
            CHECK_EQ(judgement.findings[0].entry, but);
        }
        done();
    }
}

static void
each_status_has_a_name(void)
{
    for (enum ima_status i = 0; i < IMA_STATUS_N; i++) {
        CHECK(strlen(ima_status_name(i)) > 3);
    }
}

CHECK_MAIN(CASE(known_files_pass), CASE(what_is_marked_as_revoked_is_denied),
           CASE(a_file_of_two_releases_is_of_the_one_that_counts),
           CASE(the_first_of_each_status_is_named), CASE(findings_have_an_end),
           CASE(deny_beats_all), CASE(a_path_without_end_is_no_way_out),
           CASE(what_the_kernel_obeys_is_never_skipped), CASE(a_weak_digest_of_a_known_file_warns),
           CASE(violations_pass_up_to_a_number), CASE(a_signature_lets_its_file_pass_and_no_other),
           CASE(a_signature_comes_behind_digests), CASE(a_signature_over_a_weak_digest_warns),
           CASE(every_signature_of_a_list_counts), CASE(the_aggregate_is_the_first_entry_alone),
           CASE(only_what_met_the_quote_is_judged), CASE(a_reader_that_lies_is_found_out),
           CASE(a_part_that_is_not_what_was_read_is_found_out),
           CASE(a_padded_bank_is_bound_by_sha1), CASE(sets_in_files_count_where_they_are),
           CASE(a_list_of_more_signatures_than_allowed_comes_further_each_time),
           CASE(without_a_list_nothing_is_known), CASE(a_rules_own_effect_is_the_most),
           CASE(a_recorded_list_passes_by_its_own_files_and_no_fewer), CASE(each_status_has_a_name))
