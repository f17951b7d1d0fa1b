/* explain-announced: what a device had said of the value that it is refused for; its own word, and
 * no pass. */
#include "explain/explain-announced.h"

#include <errno.h>

#include "lib/explain-rig.h"
#include "store/store-announced.h"
#include "wire/announce.h"

enum { HOUR_MS = 3600000 };

static const char initrd[] = "044b7ca7fd45c627b7dbc72dfabfaa5d79f96b1e4a9b7274a7e642333764c361";
static struct explain_announced announced;

static void
start(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
}

/* One event of a coming boot; expires an hour after the accepted evidence. */
static void
announce(const char *component, const char *version, uint32_t pcr, enum hash bank,
         const char *digest)
{
    static struct announce message; /* large */
    static struct store_announced row;
    struct wr wr = wr_init(row.body, sizeof(row.body));

    row = (struct store_announced){
        .heard_ms = RIG_NOW_MS - 1000,
        .expires_ms = RIG_NOW_MS + HOUR_MS,
        .reset_last = 220,
    };
    message = (struct announce){
        .component = bytes_str(component),
        .version = bytes_str(version),
        .n_events = 1,
        .made_ms = RIG_NOW_MS - HOUR_MS,
        .life_s = 3600,
    };
    message.events[0].pcr = pcr;
    message.events[0].digests[bank] = check_hex(digest);
    announce_write(&wr, &message);
    row.body_len = wr_done(&wr).len;
    CHECK(row.body_len > 0);
    snprintf(row.component, sizeof(row.component), "%s", component);
    CHECK_EQ(store_announced_put(explain_rig.store, explain_rig.device.id, &row), 0);
}

static void
look(void)
{
    CHECK_EQ(explain_announced(explain_rig_case(), &announced), 0);
}

static void
who_said_nothing_has_announced_nothing(void)
{
    start();
    look();
    CHECK(announced.standing == 0 && !announced.found);
}

static void
the_value_in_its_pcr_is_found(void)
{
    start();
    announce("os", "6.12.57", 9, HASH_SHA256, initrd);
    look();
    CHECK(announced.standing == 1 && announced.found);
    CHECK_STR(announced.component, "os");
    CHECK_STR(announced.version, "6.12.57");
    CHECK_EQ(announced.heard_ms, RIG_NOW_MS - 1000);
}

/* The nearest that are not it: another PCR, another bank, one digit less like it. */
static void
what_is_nearly_the_value_is_not(void)
{
    char other[sizeof(initrd)];

    memcpy(other, initrd, sizeof(initrd));
    other[63] = '2';
    start();
    announce("os", "1", 8, HASH_SHA256, initrd);
    announce("fw", "1", 9, HASH_SHA256, other);
    announce("uki", "1", 9, HASH_SHA1, "044b7ca7fd45c627b7dbc72dfabfaa5d79f96b1e");
    look();
    CHECK(announced.standing == 3 && !announced.found);
}

static void
what_stands_no_more_is_not_heard(void)
{
    start();
    announce("os", "1", 9, HASH_SHA256, initrd);
    explain_rig_case()->now_s += 7200;
    CHECK_EQ(explain_announced(&explain_rig.c, &announced), 0);
    CHECK(announced.standing == 0 && !announced.found);
    explain_rig_case()->last.reset_count = 221; /* too many boots */
    CHECK_EQ(explain_announced(&explain_rig.c, &announced), 0);
    CHECK(announced.standing == 0);
}

/* An accepted boot has no value that is asked about. */
static void
without_a_cause_nothing_is_found(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_BOOT), TIER_WARNING, REASON_FW_NO_HW_RTM);
    announce("os", "1", 9, HASH_SHA256, initrd);
    look();
    CHECK(announced.standing == 1 && !announced.found);
}

static void
a_row_that_is_no_announcement_is_damage(void)
{
    static const struct store_announced row = {.component = "os",
                                               .heard_ms = 1,
                                               .expires_ms = INT64_MAX,
                                               .reset_last = 999,
                                               .body = {0xff},
                                               .body_len = 1};

    struct explain_case *judged;

    start();
    judged = explain_rig_case();
    CHECK_EQ(store_announced_put(explain_rig.store, explain_rig.device.id, &row), 0);
    CHECK_EQ(explain_announced(judged, &announced), -EIO);
}

static void
people_read_it_and_it_is_no_pass(void)
{
    start();
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("announced    not by the device\n"));
    announce("fw", "2.1", 9, HASH_SHA256,
             "0000000000000000000000000000000000000000000000000000000000000000");
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("announced    not by the device, which announced other values\n"));
    announce("os", "6.12.57", 9, HASH_SHA256, initrd);
    (void)explain_rig_text(false);
    CHECK(explain_rig_says("announced    by the device on 2026-09-21 "));
    CHECK(strstr(explain_rig.text, ", as os 6.12.57 (its own word)\n"));
    CHECK_EQ(explain_rig_number("announced.standing"), 2);
    CHECK_STR(explain_rig_word("announced.component"), "os");
    CHECK(json_is_false(explain_rig_at("accepted")));
    CHECK(json_is_false(explain_rig_at("now.token")));
}

CHECK_MAIN(CASE(who_said_nothing_has_announced_nothing), CASE(the_value_in_its_pcr_is_found),
           CASE(what_is_nearly_the_value_is_not), CASE(what_stands_no_more_is_not_heard),
           CASE(without_a_cause_nothing_is_found), CASE(a_row_that_is_no_announcement_is_damage),
           CASE(people_read_it_and_it_is_no_pass))
