/* What an IMA list costs whom, from evidence to answer: signatures of its files, in lists of a
 * recorded boot with more entries, signed by a key of the policy; and its growing. */
#include <stdio.h>

#include "base/b64.h"
#include "base/hex.h"
#include "lib/check.h"
#include "lib/files-play.h"
#include "lib/ima-rig.h"
#include "lib/ima-signer.h"
#include "store/store-sql.h"

/* A policy for n entries of the recorded list and for what a key signed, and so many more entries:
 * `good` of the key's, each with a signature of its own, and `bad` over other digests. */
static void
start_signed(size_t n, unsigned good, unsigned bad)
{
    char lines[1200];

    snprintf(lines, sizeof(lines), "  allow digest @files\n  signed @keys\n}\nset keys keys { %s\n",
             ima_signer_item(SIGNER_P384));
    files_play_start();
    files_play_policy(lines, 103);
    growing_rig.list_len = growing_rig.ends[n - 1];
    growing_rig.n_entries = n;
    ima_rig_new();
    for (unsigned i = 0; i < good + bad; i++) {
        uint8_t b = (uint8_t)i;

        ima_rig_signed(b, "/usr/bin/made",
                       ima_signer_attribute(SIGNER_P384, HASH_SHA256, i < good ? b : ~b));
        CHECK(growing_rig.list_len + ima_rig.part_len <= sizeof(growing_rig.list));
        growing_rig.ends[growing_rig.n_entries++] = growing_rig.list_len + ima_rig.part_len;
    }
    memcpy(growing_rig.list + growing_rig.list_len, ima_rig.part, ima_rig.part_len);
    growing_rig.list_len += ima_rig.part_len;
    ima_rig_done();
    growing_rig_quoted(growing_rig.n_entries, growing_rig.n_entries);
}

/* What the device has left of its burst. */
static int64_t
left_us(void)
{
    struct keeper_rig *rig = &growing_rig.keeper;
    struct store_device device;
    struct cost_who who = {.peer = bytes_str("[::1]:1")};
    int64_t us = 0;

    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    who.device = BYTES_OF(device.id);
    while (us < COST_DEVICE_BURST_US &&
           cost_take(rig->keeper.cost, &who, 1000, false, rig->mono_ms) == 0) {
        us += 1000;
    }
    return us;
}

/* Sixty good ones of the dearest kind, new to the verifier: counted for the device, and free for
 * whoever brings them next. */
static void
signatures_are_verified_at_the_price_of_who_brings_them(void)
{
    int64_t cold, warm;

    start_signed(60, 60, 0);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    cold = left_us();
    growing_rig.keeper.mono_ms += COST_DEVICE_BURST_US / COST_DEVICE_RATE;
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING); /* the whole list again */
    warm = left_us();
    CHECK(warm - cold >= 60L * 600 - 1000);
}

/* So are bad ones. */
static void
bad_signatures_are_counted_each_time(void)
{
    int64_t left;

    start_signed(60, 0, 100);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_BAD_SIGNATURE);
    }
    left = left_us();
    CHECK(left < COST_DEVICE_BURST_US - 3L * IMA_SIGS_BAD_MAX * 600);
}

static void
refused_for_now(int64_t least_s)
{
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(4, 29));
    CHECK_EQ(growing_rig_reason(), REASON_RATE_LIMITED);
    CHECK(growing_rig.keeper.reply.max_age_s >= least_s);
    growing_rig.keeper.now_ms += 1000;
}

/* More than one go is judged in as many as it takes, and not trusted before: what was verified in
 * one is not verified in the next. */
static void
more_signatures_than_one_go_verifies_take_several(void)
{
    struct keeper_rig *rig = &growing_rig.keeper;
    unsigned per_go = COST_FILES_MOST_US / 600 + 1;
    struct store_device device;

    start_signed(60, 2 * per_go + 10, 0);
    refused_for_now(1);
    refused_for_now(1);
    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(device.state, DEVICE_PROVISIONAL); /* as before: nothing was said of it */
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
}

/* A bad one at the end is found, and who goes on pays for it until there is nothing left. */
static void
a_bad_signature_behind_many_good_ones_refuses(void)
{
    start_signed(60, COST_FILES_MOST_US / 600 + 10, 1);
    refused_for_now(1);
    CHECK_EQ(files_play_attest().reasons[0], REASON_IMA_BAD_SIGNATURE);
}

/* Above its share the device is told how long, as for all that it makes the keeper do. */
static void
who_has_had_its_share_waits_for_the_next_go(void)
{
    int64_t wait_s;

    start_signed(60, 2 * (COST_FILES_MOST_US / 600 + 1), 0);
    (void)left_us(); /* and takes it */
    growing_rig.keeper.mono_ms += 2000;
    refused_for_now(15);
    wait_s = growing_rig.keeper.reply.max_age_s;
    refused_for_now(wait_s); /* at once: no go */
    growing_rig.keeper.mono_ms += wait_s * 1000;
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
}

/* ---- claims of a list that grows ---- */

static struct store_last
last_row(void)
{
    struct keeper_rig *rig = &growing_rig.keeper;
    struct store_device device;
    struct store_last last;

    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(store_last_get(rig->keeper.store, device.id, &last), 0);
    return last;
}

/* The payload of the JWT that the class's audience gets now. */
static const char *
jwt_payload(void)
{
    static char room[4096];
    struct keeper_rig *rig = &growing_rig.keeper;
    struct bytes jwt;
    const uint8_t *first, *second;
    size_t len = 0;

    CHECK_EQ(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "a"), COAP_CODE(2, 5));
    jwt = rig->reply.body;
    first = memchr(jwt.p, '.', jwt.len);
    second = memchr(first + 1, '.', jwt.len - (size_t)(first + 1 - jwt.p));
    CHECK_EQ(b64_read(bytes_of(first + 1, (size_t)(second - first) - 1), (uint8_t *)room,
                      sizeof(room) - 1, &len),
             0);
    room[len] = '\0';
    return room;
}

static const char *
shown(void)
{
    static char json[65536];
    struct keeper_rig *rig = &growing_rig.keeper;
    struct store_device device;
    char id[2 * WIRE_UEID_SIZE + 1];

    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(keeper_rig_command(
                 rig, (const char *[]){"device", "show", hex_write(id, BYTES_OF(device.id))}, 3,
                 json, sizeof(json)),
             0);
    return json;
}

static void
start_counting(void)
{
    char json[4096];

    files_play_start();
    CHECK_EQ(keeper_rig_command(&growing_rig.keeper,
                                (const char *[]){"class", "add", "c", "pcrs=0-10,14",
                                                 "audiences=bearer:a,claims=ima.count+ima.unknown"},
                                5, json, sizeof(json)),
             0);
}

/* Each evidence of a busy machine has more files than the last: what is kept by digest stays as it
 * is, and who asks is told the number of now. */
static void
a_list_that_only_grew_writes_no_claims(void)
{
    struct store_last before, after;

    start_counting();
    files_play_policy("  allow digest @files\n", 103);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    CHECK(strstr(jwt_payload(), "\"device_ima_count\":60"));
    before = last_row();
    CHECK_EQ(files_play_rest(60, 70).tier, TIER_AFFIRMING);
    after = last_row();
    CHECK_EQ(memcmp(before.claims, after.claims, sizeof(before.claims)), 0);
    CHECK(strstr(jwt_payload(), "\"device_ima_count\":70"));
    CHECK(strstr(jwt_payload(), "\"device_ima_unknown\":0"));
    CHECK(strstr(shown(), "\"ima.count\":70"));
}

static void
unknown_files_that_only_warn_are_counted_too(void)
{
    struct store_last before, after;

    start_counting();
    files_play_policy("  allow digest @files\n  unknown warn\n", 62);
    CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
    CHECK(strstr(shown(), "\"ima.unknown\":0"));
    CHECK_EQ(files_play_rest(60, 65).tier, TIER_WARNING);
    before = last_row();
    CHECK(strstr(shown(), "\"ima.unknown\":1"));
    CHECK_EQ(files_play_rest(65, 90).tier, TIER_WARNING);
    after = last_row();
    CHECK_EQ(memcmp(before.claims, after.claims, sizeof(before.claims)), 0);
    CHECK(strstr(shown(), "\"ima.count\":90"));
    CHECK(strstr(shown(), "\"ima.unknown\":1"));
}

/* Of a list that was judged before this boot, or that nobody judged, no number is told. */
static void
counts_of_another_boot_are_not_told(void)
{
    static const char *const edits[] = {
        "UPDATE growing SET reset_count = reset_count + 1",
        "UPDATE growing SET era = era + 1",
        "UPDATE growing SET judged = x''",
        "DELETE FROM growing",
    };

    start_counting();
    files_play_policy("  allow digest @files\n", 103);
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        CHECK_EQ(files_play_attest().tier, TIER_AFFIRMING);
        CHECK(strstr(shown(), "\"ima.count\":60"));
        CHECK_EQ(sqlite3_exec(growing_rig.keeper.keeper.store->db, edits[i], NULL, NULL, NULL),
                 SQLITE_OK);
        CHECK(strstr(shown(), "\"ima.set\""));
        CHECK(!strstr(shown(), "ima.count"));
    }
}

CHECK_MAIN(CASE(a_list_that_only_grew_writes_no_claims),
           CASE(unknown_files_that_only_warn_are_counted_too),
           CASE(counts_of_another_boot_are_not_told),
           CASE(signatures_are_verified_at_the_price_of_who_brings_them),
           CASE(bad_signatures_are_counted_each_time),
           CASE(more_signatures_than_one_go_verifies_take_several),
           CASE(a_bad_signature_behind_many_good_ones_refuses),
           CASE(who_has_had_its_share_waits_for_the_next_go))
