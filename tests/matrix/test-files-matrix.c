/* Files of an IMA list under a policy, from evidence to answer: a recorded boot whose files the
 * policy names, and the nearest that must not pass. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "keeper/policies.h"
#include "lib/check.h"
#include "lib/growing-rig.h"
#include "lib/sealing.h"
#include "lib/slot-rig.h"

static struct sealing sealing;
static uint64_t sequence;
static char text[65536];

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - len, format, args);
    va_end(args);
}

/* Digests of a slot of the recorded boot, as items of a set. */
static void
put_slot(const char *name, const struct slot_rig *rig, enum slot slot)
{
    size_t at = event_log_bank(&rig->log, HASH_SHA256);
    char hex[65];

    put("set digests %s {", name);
    for (size_t i = 0; i < rig->map.n; i++) {
        if (rig->map.events[i].slot == slot && !(rig->map.events[i].flags & SLOT_ECHO)) {
            put(" sha256:%s", hex_write(hex, rig->log.events[i].digest[at]));
        }
    }
    put("%s", " }\n");
}

/* The digests of the list's files but those of one entry. */
static void
put_files(uint32_t but)
{
    struct ima_entry e;
    struct ima ima;
    char hex[2 * HASH_SIZE_MAX + 1];

    put("%s", "set digests files {\n");
    CHECK_EQ(ima_open(&ima, bytes_of(growing_rig.list, growing_rig.list_len), HASH_SHA1, 0, NULL),
             0);
    while (ima_next(&ima, &e, NULL) == 0) {
        if (e.number > 0 && e.number != but) {
            put("  %s:", hash_name(e.digest.hash));
            put("%s\n", hex_write(hex, e.digest.value));
        }
    }
    put("%s", "}\n");
}

static char folder[] = "/tmp/test-files-matrix.XXXXXX";
static char set_path[128];

/* The same as a set in a file of the folder, which the bundle names. */
static void
put_file(uint32_t but)
{
    static uint8_t room[DIGEST_SET_HEAD + 128 * 32];
    static uint8_t digests[128 * 32];
    struct wr gathered = wr_init(digests, sizeof(digests));
    struct wr wr = wr_init(room, sizeof(room));
    char name[IMA_SETS_NAME_ROOM];
    uint8_t digest[32];
    struct ima_entry e;
    struct ima ima;
    size_t n;

    CHECK_EQ(ima_open(&ima, bytes_of(growing_rig.list, growing_rig.list_len), HASH_SHA1, 0, NULL),
             0);
    while (ima_next(&ima, &e, NULL) == 0) {
        if (e.number > 0 && e.number != but) {
            CHECK_EQ(e.digest.hash, HASH_SHA256);
            wr_bytes(&gathered, e.digest.value);
        }
    }
    n = digest_set_sort(digests, wr_done(&gathered).len / 32, HASH_SHA256);
    digest_set_head(&wr, HASH_SHA256, n);
    wr_bytes(&wr, bytes_of(digests, n * 32));
    CHECK_EQ(hasher_bytes(growing_rig.keeper.keeper.hasher, HASH_SHA256, wr_done(&wr), digest), 0);
    snprintf(set_path, sizeof(set_path), "%s/%s", folder, ima_sets_name(BYTES_OF(digest), name));
    CHECK_EQ(file_replace(set_path, 0600, wr_done(&wr)), 0);
    put("set file files { sha256:%.64s }\n", name);
}

static void
publish(void)
{
    struct keeper *keeper = &growing_rig.keeper.keeper;
    uint64_t now_s = (uint64_t)growing_rig.keeper.now_ms / 1000;
    struct store_bundle row = {.sequence = ++sequence, .loaded_ms = growing_rig.keeper.now_ms};
    struct bytes sealed = sealing_text(&sealing, text, sequence, now_s, 0);

    CHECK_EQ(store_bundle_put(keeper->store, &row, sealed), 0);
    CHECK_EQ(store_commit(keeper->store), 0);
    CHECK_EQ(policies_start(keeper->policies, keeper->store, keeper->hasher, &sealing.point, 1), 0);
}

/* A policy for the recorded boot: these lines for its list, and what else the text needs. */
static void
policy(const char *lines, uint32_t but)
{
    static struct slot_rig rig;

    text[0] = '\0';
    put("%s",
        "policy files version 1 schema 1 {\n  applies class in { c }\n"
        "  quote sha256 pcrs 0-10,14\n"
        "  rule crtm : crtm.version any\n  rule fw : firmware one-of @t/fw count 1..9\n"
        "  rule vars : boot.vars any\n  rule sb : secureboot is on\n"
        "  rule pk : sb.pk device-pin\n  rule kek : sb.kek device-pin\n  rule db : sb.db "
        "device-pin\n"
        "  rule dbx : sb.dbx device-pin\n  rule signer : boot.authority device-pin\n"
        "  rule sbat : sb.sbat any\n  rule mok : mok device-pin\n  rule gpt : gpt device-pin\n"
        "  rule images : boot.images one-of @t/images count 1..9\n"
        "  rule script : boot.script device-pin\n  rule cmdline : boot.cmdline any\n"
        "  rule kernel : boot.kernel device-pin\n  rule initrd : boot.initrd device-pin\n"
        "  rule boot : boot.files device-pin\n  rule rom : driver device-pin count 0..9\n"
        "  rule files : ima policy ima/t\n}\n");
    put("ima t {\n%s}\n", lines);
    slot_rig_new(&rig);
    slot_rig_read(&rig, growing_rig.keeper.device.log);
    put_slot("t/fw", &rig, SLOT_FIRMWARE);
    put_slot("t/images", &rig, SLOT_BOOT_IMAGES);
    slot_rig_done(&rig);
    if (set_path[0]) {
        put_file(but);
    } else {
        put_files(but);
    }
    publish();
}

#define NAMED "  allow digest @files\n"

static void
start(void)
{
    growing_rig_member("0-10,14", 0x47ff);
    sealing_new(&sealing);
    growing_rig_quoted(60, 60);
}

static struct answer
attest(void)
{
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    growing_rig.keeper.now_ms += 1000;
    return growing_rig_answered();
}

static void
a_list_whose_files_are_named_passes(void)
{
    struct answer answer;

    start();
    policy(NAMED, 103);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    answer = attest(); /* the whole list again, as after a lost answer */
    CHECK_EQ(answer.tier, TIER_AFFIRMING);
}

/* The device goes on from what is known: n entries now, behind the first `from`. */
static struct answer
attest_rest(size_t from, size_t n)
{
    growing_rig.keeper.device.ima.offset = growing_rig.ends[from - 1];
    growing_rig_quoted(n, n);
    return attest();
}

static void
the_rest_of_a_list_is_judged_with_what_was_before(void)
{
    start();
    policy(NAMED, 75);
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    CHECK_EQ(attest_rest(60, 60).tier, TIER_AFFIRMING); /* nothing new */
    CHECK_EQ(attest_rest(60, 70).tier, TIER_AFFIRMING);
    CHECK_EQ(attest_rest(70, 80).reasons[0], REASON_IMA_UNKNOWN);
}

/* What was refused once is refused while it is in the list, whatever follows it. */
static void
a_refused_file_is_not_forgotten(void)
{
    struct answer answer;

    start();
    policy(NAMED, 58);
    answer = attest();
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    answer = attest_rest(60, 60);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    answer = attest_rest(60, 90);
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
}

/* Another bundle judges all of it, and then the device that waited for it passes. */
static void
another_bundle_wants_the_whole_list(void)
{
    start();
    policy(NAMED, 58);
    CHECK_EQ(attest().tier, TIER_CONTRAINDICATED);
    policy(NAMED, 103);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    keeper_rig_connect(&growing_rig.keeper);
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    CHECK_EQ(attest_rest(70, 75).tier, TIER_AFFIRMING);
}

static void
one_file_less_refuses(void)
{
    struct answer answer;

    start();
    policy(NAMED, 58);
    answer = attest();
    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_IMA_UNKNOWN);
    policy(NAMED, 61); /* the quote does not cover that one */
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
}

static void
a_denied_file_refuses_first(void)
{
    start();
    policy("  deny digest @files\n  skip path /**\n", 103);
    CHECK_EQ(attest().reasons[0], REASON_IMA_DENIED);
}

/* Part of the list is known, and the policy asks for files: the rest alone is not enough. */
static void
a_rest_of_a_list_is_asked_for_whole(void)
{
    struct answer answer;

    start();
    answer = growing_rig_accepted();
    CHECK_EQ(growing_rig_known(&answer, LOG_IMA), growing_rig.ends[59]);
    policy(NAMED, 103);
    growing_rig.keeper.device.ima.offset = growing_rig.ends[59];
    growing_rig_quoted(70, 70);
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 9));
    CHECK_EQ(growing_rig_wanted(LOG_IMA), 0);
    growing_rig.keeper.device.ima.offset = 0;
    keeper_rig_connect(&growing_rig.keeper);
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
}

/* The keeper finds it when the bundle is loaded; without it nothing is in the set, and a rule that
 * denies by it cannot say of any file that it is not. */
static void
a_set_outside_the_bundle_counts_while_it_is_at_hand(void)
{
    struct policies *policies;

    start();
    policies = growing_rig.keeper.keeper.policies;
    CHECK(mkdtemp(folder));
    CHECK_EQ(policies_folder(policies, folder), 0);
    set_path[0] = '-'; /* a file is wanted */
    policy(NAMED, 103);
    CHECK_EQ(policies_sets(policies)->n_absent, 0);
    CHECK_EQ(attest().tier, TIER_AFFIRMING);
    CHECK_EQ(unlink(set_path), 0);
    CHECK_EQ(attest().tier, TIER_AFFIRMING); /* it is mapped */
    publish();
    CHECK_EQ(policies_sets(policies)->n_absent, 1);
    CHECK_EQ(attest().reasons[0], REASON_IMA_UNKNOWN);
    policy("  deny digest @files\n  skip path /**\n", 103);
    CHECK_EQ(attest().reasons[0], REASON_IMA_DENIED);
    CHECK_EQ(unlink(set_path), 0);
    publish();
    CHECK_EQ(attest().reasons[0], REASON_IMA_OFF);
    set_path[0] = '\0';
    policy(NAMED, 103);
    CHECK(policies_sets(policies) == NULL); /* and none is named */
    CHECK_EQ(rmdir(folder), 0);
}

static void
observed_files_warn(void)
{
    char *at;
    struct answer answer;

    start();
    policy(NAMED, 58);
    at = strstr(text, "  rule crtm");
    CHECK(at);
    memmove(at + strlen("  mode observe\n"), at, strlen(at) + 1);
    memcpy(at, "  mode observe\n", strlen("  mode observe\n"));
    publish();
    answer = attest();
    CHECK_EQ(answer.tier, TIER_WARNING);
}

CHECK_MAIN(CASE(the_rest_of_a_list_is_judged_with_what_was_before),
           CASE(a_refused_file_is_not_forgotten), CASE(another_bundle_wants_the_whole_list),
           CASE(a_list_whose_files_are_named_passes), CASE(one_file_less_refuses),
           CASE(a_denied_file_refuses_first), CASE(a_rest_of_a_list_is_asked_for_whole),
           CASE(observed_files_warn), CASE(a_set_outside_the_bundle_counts_while_it_is_at_hand))
