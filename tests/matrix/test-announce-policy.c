/* What an announcement is to a policy, on the whole keeper: an initrd made on the device, under a
 * kernel whose release says that this will do. */
#include "base/hex.h"
#include "lib/check.h"
#include "lib/policy-play.h"
#include "lib/slot-rig.h"
#include "store/store-announced.h"
#include "store/store-sql.h"
#include "wire/announce.h"

#define ALLOWED "  initrd announced-by-device signed-kernel\n"

enum { EV_IPL = 13, DAY_S = 86400 };

static char kernel[80];
static char initrd[80];
static struct digest announced; /* of the initrd that the device has now */

/* The digest of the first event in a slot of the device's boot, as a policy has it. */
static void
digest_in(enum slot slot, char room[80], struct digest *ret)
{
    static struct slot_rig rig;
    char hex[65];

    slot_rig_new(&rig);
    slot_rig_read(&rig, play.rig.device.log);
    for (size_t i = rig.map.n; i > 0; i--) {
        if (rig.map.events[i - 1].slot == slot && !(rig.map.events[i - 1].flags & SLOT_ECHO)) {
            struct bytes digest =
                rig.log.events[i - 1].digest[event_log_bank(&rig.log, HASH_SHA256)];

            snprintf(room, 80, "sha256:%s", hex_write(hex, digest));
            ret->alg = HASH_SHA256;
            memcpy(ret->b, digest.p, digest.len);
        }
    }
    slot_rig_done(&rig);
}

static void
swap(char *text, size_t cap, const char *from, const char *to)
{
    char *place = strstr(text, from);

    CHECK(place && strlen(text) + strlen(to) < cap);
    memmove(place + strlen(to), place + strlen(from), strlen(place + strlen(from)) + 1);
    memcpy(place, to, strlen(to));
}

/* The policy of policy-play, whose kernel and initrd are of releases; the kernel's with this line.
 */
static void
start(const char *line)
{
    static char text[16384];
    struct digest digest;

    boot_log_start();
    sealing_new(&policy_play.sealing);
    digest_in(SLOT_BOOT_KERNEL, kernel, &digest);
    digest_in(SLOT_BOOT_INITRD, initrd, &digest);
    snprintf(text, sizeof(text),
             "%srelease os n 1 {\n%s  vmlinuz %s\n  initrd %s\n}\n"
             "release os n 2 { state staged vmlinuz %s }\n",
             policy_play_text(PLAY_HEADING, PLAY_IMAGES, ""), line, kernel, initrd,
             "sha256:7777777777777777777777777777777777777777777777777777777777777777");
    swap(text, sizeof(text), "boot.kernel device-pin", "boot.kernel one-of @os.vmlinuz");
    swap(text, sizeof(text), "boot.initrd device-pin", "boot.initrd one-of @os.initrd");
    policy_play_publish(text, 0);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
}

/* The event of PCR 9 that has the initrd. */
static unsigned
initrd_nth(void)
{
    unsigned nth = 0;
    char hex[65];

    for (;; nth++) {
        struct evlog_event event = boot_log_find(9, EV_IPL, nth);

        if (strcmp(initrd + 7, hex_write(hex, event.digest[1])) == 0) {
            return nth;
        }
    }
}

/* The machine makes itself another initrd, and boots it. */
static void
boots_its_own(void)
{
    policy_play_change(9, EV_IPL, initrd_nth(), "made on the machine"); /* which is a boot */
}

static uint8_t
announces(uint32_t pcr)
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    static struct announce message;

    message = (struct announce){.component = bytes_str("os"),
                                .version = bytes_str("2"),
                                .n_events = 1,
                                .events = {{.pcr = pcr}},
                                .life_s = DAY_S};
    CHECK_EQ(
        hasher_bytes(play.rig.hasher, HASH_SHA256, bytes_str("made on the machine"), announced.b),
        0);
    message.events[0].digests[HASH_SHA256] = bytes_of(announced.b, 32);
    announce_write(&wr, &message);
    return keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ANNOUNCE, wr_done(&wr), NULL);
}

static void
answers(enum tier tier, enum reason reason)
{
    struct answer answer = policy_play_attest();

    CHECK_EQ(answer.tier, tier);
    CHECK_EQ(answer.n_reasons > 0 ? answer.reasons[0] : REASON_NONE, reason);
}

static bool
is_said(void)
{
    return strstr(policy_play_last().fault_seen, " announced ") != NULL;
}

static void
an_announced_initrd_is_a_warning_where_the_release_says_so(void)
{
    start(ALLOWED);
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    boots_its_own();
    answers(TIER_WARNING, REASON_INITRD_UNKNOWN);
    CHECK_EQ(policy_play_last().vector[2], 33);
    answers(TIER_WARNING, REASON_INITRD_UNKNOWN); /* and a repeat alike */
}

static void
without_that_word_it_is_refused_and_said_so(void)
{
    start("");
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    boots_its_own();
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    CHECK(is_said());
}

static void
what_was_not_announced_is_refused(void)
{
    start(ALLOWED);
    boots_its_own();
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    CHECK(!is_said());
    CHECK_EQ(announces(9), COAP_CODE(4, 1)); /* by the boot itself, too late */
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    play_done();
    start(ALLOWED);
    CHECK_EQ(announces(8), COAP_CODE(2, 4)); /* another PCR */
    boots_its_own();
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    CHECK(!is_said());
}

/* By the clock, and by boots: the count that is quoted now, not that of the last evidence. */
static void
an_announcement_that_has_ended_is_none(void)
{
    start(ALLOWED);
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    boots_its_own();
    answers(TIER_WARNING, REASON_INITRD_UNKNOWN);
    policy_play_pass(DAY_S);
    if (play_attest(BYTES_NULL) == COAP_CODE(4, 1)) { /* the nonce is as old */
        (void)keeper_rig_problem(&play.rig, play.nonce);
    }
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    play_done();
    start(ALLOWED);
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    boots_its_own();
    play.rig.device.reset_count += LIMIT_ANNOUNCED_BOOTS - 1;
    answers(TIER_WARNING, REASON_INITRD_UNKNOWN);
    play.rig.device.reset_count++;
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
}

/* A row that another hand wrote. */
static void
put_damaged(const char *component)
{
    struct store_device device = policy_play_device();
    struct store_announced row = {.expires_ms = INT64_MAX, .reset_last = INT64_MAX, .body_len = 9};

    snprintf(row.component, sizeof(row.component), "%s", component);
    CHECK_EQ(store_announced_put(play.rig.keeper.store, device.id, &row), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
}

/* Nobody reads as ours what another hand wrote, and nobody is refused for it: the device is judged
 * by what it announced beside it, or by nothing. */
static void
a_row_that_is_none_is_left_out(void)
{
    start(ALLOWED);
    put_damaged("os");
    boots_its_own();
    answers(TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
    CHECK(!is_said());
    play_done();
    start(ALLOWED);
    put_damaged("a");
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    put_damaged("z");
    boots_its_own();
    answers(TIER_WARNING, REASON_INITRD_UNKNOWN);
}

static void
drop_all(void)
{
    CHECK_EQ(sqlite3_exec(play.rig.keeper.store->db, "DROP TABLE announced", NULL, NULL, NULL),
             SQLITE_OK);
}

/* What passes asks the store for no announcement: without their table it goes on, and what is at
 * fault does not. */
static void
a_boot_that_passes_looks_at_none(void)
{
    start(ALLOWED);
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    drop_all();
    answers(TIER_AFFIRMING, REASON_QUIRK_USED);
    play_done();
    start(ALLOWED);
    CHECK_EQ(announces(9), COAP_CODE(2, 4));
    boots_its_own();
    drop_all();
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(5, 0));
}

CHECK_MAIN(CASE(an_announced_initrd_is_a_warning_where_the_release_says_so),
           CASE(without_that_word_it_is_refused_and_said_so),
           CASE(what_was_not_announced_is_refused), CASE(an_announcement_that_has_ended_is_none),
           CASE(a_row_that_is_none_is_left_out), CASE(a_boot_that_passes_looks_at_none))
