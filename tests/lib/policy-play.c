#include "lib/policy-play.h"

#include "base/hex.h"
#include "keeper/policies.h"
#include "lib/check.h"
#include "lib/slot-rig.h"

struct policy_play policy_play;

/* All that the boot has but its images. */
static const char rules[] = "  rule crtm : crtm.version any\n"
                            "  rule fw : firmware one-of @t/fw count 2..2\n"
                            "  rule vars : boot.vars any\n"
                            "  rule sb : secureboot is on\n"
                            "  rule pk : sb.pk device-pin\n"
                            "  rule kek : sb.kek device-pin\n"
                            "  rule db : sb.db device-pin\n"
                            "  rule dbx : sb.dbx device-pin\n"
                            "  rule signer : boot.authority device-pin\n"
                            "  rule sbat : sb.sbat any\n"
                            "  rule mok : mok device-pin\n"
                            "  rule gpt : gpt device-pin else warn\n"
                            "  rule script : boot.script device-pin\n"
                            "  rule cmdline : boot.cmdline any\n"
                            "  rule kernel : boot.kernel device-pin\n"
                            "  rule initrd : boot.initrd device-pin\n"
                            "  rule files : boot.files device-pin\n"
                            "  rule rom : driver device-pin count 0..9\n";

/* The digests of a slot in the boot that was learnt, as items of a set. */
static void
digests_of(const struct slot_rig *rig, enum slot slot, char *room, size_t cap)
{
    size_t at = event_log_bank(&rig->log, HASH_SHA256);
    char hex[65];

    room[0] = '\0';
    for (size_t i = 0; i < rig->map.n; i++) {
        if (rig->map.events[i].slot == slot && !(rig->map.events[i].flags & SLOT_ECHO)) {
            size_t len = strlen(room);

            snprintf(room + len, cap - len, "sha256:%s ",
                     hex_write(hex, rig->log.events[i].digest[at]));
        }
    }
    CHECK(room[0] != '\0');
}

const char *
policy_play_text(const char *head, const char *image_rule, const char *more)
{
    static struct slot_rig rig;
    static char text[8192];
    char fw[512];
    char loaders[512];

    slot_rig_new(&rig);
    slot_rig_read(&rig, play.rig.device.log);
    digests_of(&rig, SLOT_FIRMWARE, fw, sizeof(fw));
    digests_of(&rig, SLOT_BOOT_IMAGES, loaders, sizeof(loaders));
    slot_rig_done(&rig);
    snprintf(text, sizeof(text), "%s%s%s%s}\nset digests t/fw { %s}\nset digests t/images { %s}\n",
             head, rules, image_rule, more, fw, loaders);
    return text;
}

void
policy_play_keys(const struct p256 *key, size_t n)
{
    CHECK_EQ(
        policies_start(play.rig.keeper.policies, play.rig.keeper.store, play.rig.hasher, key, n),
        0);
}

void
policy_play_publish(const char *text, uint64_t not_after_s)
{
    struct store_bundle row = {.sequence = ++policy_play.sequence, .loaded_ms = play.rig.now_ms};
    struct bytes sealed = sealing_text(&policy_play.sealing, text, policy_play.sequence,
                                       (uint64_t)play.rig.now_ms / 1000, not_after_s);

    CHECK_EQ(store_bundle_put(play.rig.keeper.store, &row, sealed), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    policy_play_keys(&policy_play.sealing.point, 1);
    CHECK_EQ(policies_sequence(play.rig.keeper.policies), policy_play.sequence);
}

/* A member that was accepted by reference events, and a policy of now. */
void
policy_play_start(const char *head, const char *image_rule, const char *more)
{
    boot_log_start();
    sealing_new(&policy_play.sealing);
    policy_play_publish(policy_play_text(head, image_rule, more), 0);
}

uint8_t
policy_play_token(void)
{
    return keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay");
}

struct store_device
policy_play_device(void)
{
    struct store_device device;
    struct ident ident;

    CHECK_EQ(ident_read(play.rig.hasher, play.rig.keeper.setup.masters, IDENT_MASTERS_MAX,
                        bytes_str(play.rig.identity), &ident),
             0);
    CHECK_EQ(store_device_by_ident(play.rig.keeper.store, ident.keys, &device), 0);
    return device;
}

struct store_last
policy_play_last(void)
{
    struct store_device device = policy_play_device();
    struct store_last last;

    CHECK_EQ(store_last_get(play.rig.keeper.store, device.id, &last), 0);
    return last;
}

static bool
on_pin(void *context, const struct store_pin *pin)
{
    size_t *n = context;

    (void)pin;
    (*n)++;
    return true;
}

size_t
policy_play_pins(void)
{
    struct store_device device = policy_play_device();
    size_t n = 0;

    CHECK_EQ(store_pin_each(play.rig.keeper.store, device.id, PINS_HELD, on_pin, &n), 0);
    return n;
}

void
policy_play_pass(int64_t s)
{
    play.rig.now_ms += s * 1000;
    play.rig.device.clock_ms += (uint64_t)s * 1000;
}

struct answer
policy_play_attest(void)
{
    play.rig.now_ms += 1000;
    keeper_rig_connect(&play.rig);
    return boot_log_attest();
}

/* Another content under an event, in log and PCRs. */
void
policy_play_change(uint32_t pcr, uint32_t type, unsigned nth, const char *content)
{
    struct evlog_event event = boot_log_find(pcr, type, nth);

    boot_log_measure(&event, bytes_str(content), false);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}

/* Another byte in what an event tells of, measured as it is. */
void
policy_play_change_text(uint32_t pcr, uint32_t type, unsigned nth)
{
    struct evlog_event event = boot_log_find(pcr, type, nth);

    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 1] ^= 1;
    boot_log_measure(&event, event.data, false);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
}
