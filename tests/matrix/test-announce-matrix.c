/* POST /announce at the keeper: who may say what a coming boot will measure, what is kept of it and
 * for how long; and that no boot passes by it. */
#include <jansson.h>
#include <stdlib.h>

#include "base/hex.h"
#include "formats/evlog.h"
#include "lib/attest-play.h"
#include "lib/check.h"
#include "store/store-announced.h"
#include "wire/announce.h"

enum { DAY_MS = 86400000, MINUTE_MS = 60000 };

static struct keeper_rig *const rig = &play.rig;
static struct announce announce;
static uint8_t measured[32] = {0x99};

static struct bytes
body(const char *component, const char *version)
{
    static uint8_t room[LIMIT_ANNOUNCE_BYTES];
    struct wr wr = wr_init(room, sizeof(room));

    announce.component = bytes_str(component);
    announce.version = bytes_str(version);
    announce_write(&wr, &announce);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static uint8_t
says(const char *component, const char *version)
{
    return keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_ANNOUNCE, body(component, version), NULL);
}

static void
start(void)
{
    announce = (struct announce){.n_events = 1,
                                 .made_ms = 77,
                                 .life_s = ANNOUNCE_LIFE_MAX_S,
                                 .events = {{.pcr = 9, .label = bytes_str("vmlinuz \"\x1b[2J")}}};
    announce.events[0].digests[HASH_SHA256] = BYTES_OF(measured);
    play_start();
}

/* The evidence of this very boot once more, a while later, on a connection of its own. */
static void
attests_again(int64_t later_ms)
{
    rig->now_ms += later_ms;
    rig->mono_ms += later_ms;
    rig->device.clock_ms += (uint64_t)later_ms;
    keeper_rig_connect(rig);
    play_plain();
    if (play_attest(play_written()) == COAP_CODE(4, 1)) {
        (void)keeper_rig_problem(rig, play.nonce);
        play_plain();
        (void)play_attest(play_written());
    }
    CHECK_EQ(rig->reply.code, COAP_CODE(2, 4));
    (void)play_answered();
}

static const char *
device_id(void)
{
    static char id[2 * WIRE_UEID_SIZE + 1];
    struct store_device device;

    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    return hex_write(id, BYTES_OF(device.id));
}

/* An operator's command about the device; its answer lives until the process ends. */
static json_t *
operator_says(const char *verb, const char *why)
{
    static char json[262144];
    const char *words[] = {"device", verb, device_id(), why};
    json_t *root;

    CHECK_EQ(keeper_rig_command(rig, words, why ? 4 : 3, json, sizeof(json)), 0);
    root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    CHECK(root);
    return check_keep(root);
}

/* What `device show` lists: component and version of each, and how many there are. */
static const char *
listed(void)
{
    static char text[1024];
    json_t *rows = json_object_get(operator_says("show", NULL), "announced");

    text[0] = '\0';
    CHECK(!rows || json_array_size(rows) > 0); /* what is empty is left out */
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s ",
                 json_string_value(json_object_get(row, "component")),
                 json_string_value(json_object_get(row, "version")));
    }
    return text;
}

struct told {
    size_t n;
    char last[STORE_AUDIT_TEXT_MAX];
};

static bool
on_audit(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    struct told *told = context;

    (void)hash;
    if (bytes_equal(row->kind, bytes_str("announced"))) {
        told->n++;
        snprintf(told->last, sizeof(told->last), "%.*s", (int)row->text.len, row->text.p);
    }
    return true;
}

static bool
on_any(void *context, const struct store_announced *row)
{
    (void)row;
    ++*(size_t *)context;
    return true;
}

static struct told
audited(void)
{
    struct told told = {0};

    CHECK_EQ(store_audit_each(rig->keeper.store, 0, on_audit, &told), 0);
    return told;
}

static void
what_is_announced_is_kept_told_and_audited(void)
{
    const json_t *row;
    const json_t *event;
    char hex[65];

    start();
    CHECK_EQ(says("os", "6.12 \"\x1b[31m"), COAP_CODE(2, 4));
    CHECK_EQ(rig->reply.body.len, 0);
    CHECK_EQ(rig->reply.content_format, -1);
    row = json_array_get(json_object_get(operator_says("show", NULL), "announced"), 0);
    event = json_array_get(json_object_get(row, "events"), 0);
    CHECK_STR(json_string_value(json_object_get(row, "version")), "6.12 \\x22\\x1b[31m");
    CHECK_EQ(json_integer_value(json_object_get(row, "heard_ms")), rig->now_ms);
    CHECK_EQ(json_integer_value(json_object_get(row, "expires_ms")), rig->now_ms + 7 * DAY_MS);
    CHECK_EQ(json_integer_value(json_object_get(row, "made_ms")), 77);
    CHECK_EQ(json_integer_value(json_object_get(row, "boots_left")), LIMIT_ANNOUNCED_BOOTS);
    CHECK_EQ(json_integer_value(json_object_get(event, "pcr")), 9);
    CHECK_STR(json_string_value(json_object_get(event, "label")), "vmlinuz \\x22\\x1b[2J");
    CHECK_STR(json_string_value(json_object_get(event, "sha256")),
              hex_write(hex, BYTES_OF(measured)));
    CHECK_EQ(audited().n, 1);
    CHECK_STR(audited().last, "os \"6.12 \\x22\\x1b[31m\", 1 events, for 604800 s");
}

/* The attestor that was ended before it removed the file; and a hook that changed its mind. */
static void
what_stands_is_not_written_twice_and_a_component_has_one(void)
{
    start();
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    rig->now_ms += MINUTE_MS;
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 1);
    CHECK_EQ(json_integer_value(json_object_get(
                 json_array_get(json_object_get(operator_says("show", NULL), "announced"), 0),
                 "heard_ms")),
             rig->now_ms - MINUTE_MS);
    CHECK_EQ(says("dbx", "1"), COAP_CODE(2, 4));
    CHECK_EQ(says("os", "2"), COAP_CODE(2, 4));
    CHECK_STR(listed(), "dbx=1 os=2 ");
    CHECK_EQ(audited().n, 2); /* the digests of os had been there */
}

/* Digests are what operators read of; a label, a version or a time makes no row of the audit log,
 * and stands from then on. */
static void
the_same_digests_said_anew_stand_longer_and_leave_no_row(void)
{
    start();
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    for (int64_t i = 0; i < 200; i++) {
        rig->now_ms += MINUTE_MS;
        announce.made_ms = i;
        CHECK_EQ(says("os", i % 2 ? "1" : "2"), COAP_CODE(2, 4));
    }
    announce.events[0].label = BYTES_NULL;
    CHECK_EQ(says("os", "3"), COAP_CODE(2, 4));
    CHECK_STR(listed(), "os=3 ");
    CHECK_EQ(audited().n, 1);
    CHECK_EQ(json_integer_value(json_object_get(
                 json_array_get(json_object_get(operator_says("show", NULL), "announced"), 0),
                 "heard_ms")),
             rig->now_ms);
}

/* Each alone makes it another one. */
static void
another_digest_bank_or_pcr_leaves_its_row(void)
{
    static const uint8_t other[32] = {0x9a};
    struct announce_event *event = &announce.events[0];

    start();
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    event->pcr = 4;
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 2);
    event->digests[HASH_SHA256] = BYTES_OF(other);
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 3);
    event->digests[HASH_SM3_256] = BYTES_OF(other);
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 4);
    announce.events[announce.n_events++] = *event;
    announce.events[1].pcr = 5;
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 5);
    CHECK_EQ(says("os", "2"), COAP_CODE(2, 4));
    CHECK_EQ(audited().n, 5);
}

/* What boots have ended is gone when something new is put: a device has no more rows than stand. */
static void
what_has_ended_is_dropped_with_the_next(void)
{
    static const struct store_moment any = {.now_ms = INT64_MIN};
    struct store_device device;
    size_t n = 0;

    start();
    CHECK_EQ(says("a", "1"), COAP_CODE(2, 4));
    CHECK_EQ(says("b", "1"), COAP_CODE(2, 4));
    rig->device.reset_count += LIMIT_ANNOUNCED_BOOTS + 1;
    attests_again(MINUTE_MS);
    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(store_announced_each(rig->keeper.store, device.id, &any, on_any, &n), 0);
    CHECK_EQ(n, 2);
    CHECK_EQ(says("c", "1"), COAP_CODE(2, 4));
    n = 0;
    CHECK_EQ(store_announced_each(rig->keeper.store, device.id, &any, on_any, &n), 0);
    CHECK_EQ(n, 1);
}

/* One row that somebody else wrote: shown as what it is, and the device goes on. */
static void
a_damaged_row_is_shown_and_spoils_nothing(void)
{
    struct store_announced row = {.component = "os", .body_len = 9};
    struct store_device device;
    const json_t *rows;

    start();
    row.expires_ms = rig->now_ms + DAY_MS;
    row.reset_last = rig->device.reset_count + 2;
    CHECK_EQ(says("dbx", "1"), COAP_CODE(2, 4));
    CHECK_EQ(keeper_device(&rig->keeper, bytes_str(rig->identity), &device), 0);
    CHECK_EQ(store_announced_put(rig->keeper.store, device.id, &row), 0);
    rows = json_object_get(operator_says("show", NULL), "announced");
    CHECK_EQ(json_array_size(rows), 2);
    CHECK_STR(json_string_value(json_object_get(json_array_get(rows, 0), "component")), "os");
    CHECK(json_is_true(json_object_get(json_array_get(rows, 0), "damaged")));
    CHECK(!json_object_get(json_array_get(rows, 1), "damaged"));
    CHECK_EQ(says("os", "2"), COAP_CODE(2, 4)); /* in its place */
    CHECK_STR(listed(), "dbx=1 os=2 ");
}

/* Each alone: another kind of connection, one without evidence, one whose evidence was refused
 * since, one that somebody else's evidence opened. */
static void
only_a_connection_with_accepted_evidence_is_heard(void)
{
    uint8_t nonce[WIRE_NONCE_SIZE] = {0};

    start();
    CHECK_EQ(keeper_rig_ask(rig, REQUEST_CERTIFICATE, RESOURCE_ANNOUNCE, body("os", "1"), NULL),
             COAP_CODE(4, 3));
    rig->exporter[0] ^= 1;
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 1));
    rig->exporter[0] ^= 1;
    keeper_rig_connect(rig);
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 1));
    CHECK_EQ(keeper_rig_problem(rig, nonce), REASON_EVIDENCE_STALE);
    CHECK(nonce[0] != 0);
    attests_again(MINUTE_MS);
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    rig->device.values.value[1][7][0] ^= 1;
    attests_again(MINUTE_MS);
    CHECK_EQ(play_reason(), REASON_LOG_REPLAY);
    CHECK_EQ(says("evil", "1"), COAP_CODE(4, 1));
    CHECK_STR(listed(), "os=1 ");
    CHECK_EQ(audited().n, 1);
}

/* On the connection of one member with the identity of another: who it is comes from the identity,
 * whose evidence it was from the table, and they must agree. */
static void
a_device_speaks_for_itself(void)
{
    struct soft_device first;
    char identity[64];

    start();
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    first = rig->device;
    memcpy(identity, rig->identity, sizeof(identity));
    soft_device_new(&rig->device, rig->hasher, RIG_SITE);
    keeper_rig_join(rig);
    CHECK_STR(listed(), "");
    CHECK_EQ(says("os", "2"), COAP_CODE(4, 1)); /* a member, and no evidence yet */
    rig->connection -= 2;                       /* the first one's, still open */
    CHECK_EQ(says("os", "2"), COAP_CODE(4, 1));
    CHECK_STR(listed(), "");
    memcpy(rig->identity, identity, sizeof(identity));
    CHECK_STR(listed(), "os=1 ");
    soft_device_done(&first);
}

static void
who_is_no_member_is_not_heard(void)
{
    start();
    (void)operator_says("quarantine", "why");
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(rig, NULL), REASON_DEVICE_QUARANTINED);
    (void)operator_says("remove", "why");
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(rig, NULL), REASON_DEVICE_DISABLED);
    rig->identity[0] ^= 1;
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 3));
    CHECK_EQ(keeper_rig_problem(rig, NULL), REASON_DEVICE_UNKNOWN);
    CHECK_EQ(audited().n, 0);
}

static void
every_cut_is_malformed_and_nothing_is_kept(void)
{
    struct bytes whole;
    size_t most = 40; /* of one burst */

    start();
    whole = body("os", "1");
    for (size_t i = 0; i < most; i++) {
        size_t n = i * whole.len / most;

        CHECK_EQ(keeper_rig_ask(rig, REQUEST_PSK, RESOURCE_ANNOUNCE,
                                check_guarded(bytes_of(whole.p, n)), NULL),
                 COAP_CODE(4, 0));
        CHECK_EQ(keeper_rig_problem(rig, NULL), REASON_EVIDENCE_MALFORMED);
    }
    CHECK_STR(listed(), "");
    CHECK_EQ(audited().n, 0);
}

/* Eight at most; the ninth takes the place of the oldest, and of no other. */
static void
the_oldest_makes_room(void)
{
    char name[2] = "a";

    start();
    for (; name[0] <= 'h'; name[0]++) {
        CHECK_EQ(says(name, "1"), COAP_CODE(2, 4));
        rig->now_ms++;
    }
    CHECK_EQ(says("a", "2"), COAP_CODE(2, 4)); /* is the youngest now */
    CHECK_STR(listed(), "b=1 c=1 d=1 e=1 f=1 g=1 h=1 a=2 ");
    rig->now_ms++;
    CHECK_EQ(says("i", "1"), COAP_CODE(2, 4));
    CHECK_STR(listed(), "c=1 d=1 e=1 f=1 g=1 h=1 a=2 i=1 ");
}

static void
it_ends_by_the_clock(void)
{
    start();
    announce.life_s = 3600;
    CHECK_EQ(says("short", "1"), COAP_CODE(2, 4));
    announce.life_s = ANNOUNCE_LIFE_MAX_S;
    CHECK_EQ(says("long", "1"), COAP_CODE(2, 4));
    rig->now_ms += 3600 * 1000 - 1;
    CHECK_STR(listed(), "long=1 short=1 ");
    rig->now_ms++;
    CHECK_STR(listed(), "long=1 ");
    rig->now_ms += 7LL * DAY_MS;
    CHECK_STR(listed(), "");
}

/* Three boots, and a resume is none. */
static void
it_ends_after_three_boots(void)
{
    start();
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    rig->device.restart_count += 5;
    attests_again(MINUTE_MS);
    CHECK_STR(listed(), "os=1 ");
    for (unsigned boot = 1; boot <= LIMIT_ANNOUNCED_BOOTS; boot++) {
        rig->device.reset_count++;
        attests_again(MINUTE_MS);
        CHECK_STR(listed(), "os=1 ");
    }
    rig->device.reset_count++;
    attests_again(MINUTE_MS);
    CHECK_STR(listed(), "");
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4)); /* which is a new one */
    CHECK_STR(listed(), "os=1 ");
    CHECK_EQ(audited().n, 2);
}

/* Each new one is a row of the audit log for ever, so a device has few of them. */
static void
a_device_that_goes_on_and_on_has_to_wait(void)
{
    size_t n = 0;

    start();
    do {
        measured[1]++;
        CHECK(n++ < 100);
    } while (says("os", "1") == COAP_CODE(2, 4));
    CHECK_EQ(rig->reply.code, COAP_CODE(4, 29));
    CHECK(rig->reply.max_age_s > 0);
    CHECK(n > 8 && n < 13);
    CHECK_EQ(audited().n, n - 1);
    rig->mono_ms += rig->reply.max_age_s * 1000;
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    measured[1]++;
    CHECK_EQ(says("os", "1"), COAP_CODE(4, 29));
    CHECK_EQ(audited().n, n);
}

/* All that the unknown boot measured is announced, and its verdict stays what it was. */
static void
no_boot_passes_by_its_own_word(void)
{
    static const char *const other = "boot/grub-sb-off-linuxefi/binary_bios_measurements";
    struct evlog log;
    struct evlog_event event;
    enum reason before;

    start();
    CHECK(keeper_rig_boot(rig, check_vector(other)));
    rig->device.reset_count++;
    attests_again(MINUTE_MS);
    before = play_reason();
    CHECK(before != REASON_NONE);
    CHECK(keeper_rig_boot(rig, check_vector(PLAY_LOG)));
    rig->device.reset_count++;
    attests_again(MINUTE_MS);
    CHECK_EQ(play_reason(), REASON_NONE);
    CHECK_EQ(evlog_open(check_vector(other), &log, NULL), 0);
    announce.n_events = 0;
    while (announce.n_events < LIMIT_ANNOUNCE_EVENTS && evlog_next(&log, &event, NULL) == 0) {
        if (evlog_extends(&event)) {
            struct announce_event *to = &announce.events[announce.n_events++];

            *to = (struct announce_event){.pcr = event.pcr};
            to->digests[HASH_SHA256] = event.digest[evlog_bank(&log, HASH_SHA256)];
        }
    }
    CHECK(announce.n_events > 20);
    CHECK_EQ(says("os", "1"), COAP_CODE(2, 4));
    CHECK(keeper_rig_boot(rig, check_vector(other)));
    rig->device.reset_count++;
    attests_again(MINUTE_MS);
    CHECK_EQ(play_reason(), before);
    CHECK_STR(listed(), "os=1 ");
}

CHECK_MAIN(CASE(the_same_digests_said_anew_stand_longer_and_leave_no_row),
           CASE(another_digest_bank_or_pcr_leaves_its_row),
           CASE(what_has_ended_is_dropped_with_the_next),
           CASE(a_damaged_row_is_shown_and_spoils_nothing),
           CASE(what_is_announced_is_kept_told_and_audited),
           CASE(what_stands_is_not_written_twice_and_a_component_has_one),
           CASE(only_a_connection_with_accepted_evidence_is_heard),
           CASE(a_device_speaks_for_itself), CASE(who_is_no_member_is_not_heard),
           CASE(every_cut_is_malformed_and_nothing_is_kept), CASE(the_oldest_makes_room),
           CASE(it_ends_by_the_clock), CASE(it_ends_after_three_boots),
           CASE(a_device_that_goes_on_and_on_has_to_wait), CASE(no_boot_passes_by_its_own_word))
