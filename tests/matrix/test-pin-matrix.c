/* What a device is held to of its own: kept by slot, dropped and accepted by an operator's word and
 * by nothing else. */
#include <jansson.h>
#include <stdio.h>

#include "base/hex.h"
#include "keeper/control.h"
#include "lib/check-named.h"
#include "lib/policy-play.h"

static const uint32_t EV_IPL = 13;
static char id[2 * WIRE_UEID_SIZE + 1];
static json_t *answer;

#define WORDS(...) (const char *[]){__VA_ARGS__}, ARRAY_LEN(((const char *[]){__VA_ARGS__}))
#define YES(...) said(CONTROL_YES, WORDS(__VA_ARGS__))
#define NO(code, ...) CHECK_STR(text(said(CONTROL_NO, WORDS(__VA_ARGS__)), "code"), code)

/* The answer of a command, until the next. */
static const json_t *
said(int status, const char *const *words, size_t n)
{
    static char room[65536];

    CHECK_EQ(keeper_rig_command(&play.rig, words, n, room, sizeof(room)), status);
    json_decref(answer);
    answer = json_loads(room, JSON_REJECT_DUPLICATES, NULL);
    CHECK(answer);
    return answer;
}

static const char *
text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    CHECK(value);
    return value;
}

static long long
number(const json_t *object, const char *key)
{
    CHECK(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

/* How many values a list of `device pins` has; with a slot, of that slot. */
static size_t
count(const char *list, const char *slot)
{
    json_t *rows = json_object_get(YES("device", "pins", id), list);
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        n += !slot || strcmp(text(json_array_get(rows, i), "slot"), slot) == 0;
    }
    return n;
}

/* A device that has had its first boot under the policy. */
static void
start(void)
{
    struct store_device device;

    policy_play.sequence = 0;
    policy_play_start(PLAY_HEADING, PLAY_IMAGES, "");
    device = policy_play_device();
    (void)hex_write(id, BYTES_OF(device.id));
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK(policy_play_pins() > 10);
}

static void
done(void)
{
    json_decref(answer);
    answer = NULL;
    play_done();
}

/* The last audit row of this kind; NULL when there is none. */
static const char *
audit(const char *kind)
{
    static char found[1100];
    json_t *rows = json_object_get(YES("audit", "rows", "1"), "rows");
    bool any = false;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (strcmp(text(json_array_get(rows, i), "kind"), kind) == 0) {
            snprintf(found, sizeof(found), "%s", text(json_array_get(rows, i), "text"));
            any = true;
        }
    }
    return any ? found : NULL;
}

/* The policy's text with the first of these words in the place of the other; of one length. */
static const char *
text_with(const char *is, const char *was)
{
    char *room = (char *)(uintptr_t)policy_play_text(PLAY_HEADING, PLAY_IMAGES, "");
    char *at = strstr(room, was);

    CHECK(at && strlen(is) == strlen(was));
    memcpy(at, is, strlen(is));
    return room;
}

static void
another_disk(void)
{
    struct answer got;

    policy_play_change_text(5, PLAY_EV_GPT, 0);
    got = policy_play_attest();
    CHECK_EQ(got.tier, TIER_WARNING);
    CHECK_EQ(got.reasons[0], REASON_GPT_CHANGED);
}

/* "confirm=…" of what accepting would pin. */
static const char *
proposal(const char *slot)
{
    static char word[8 + 65];
    const json_t *said_now = YES("device", "accept", id, slot);

    CHECK_EQ(number(said_now, "pinned"), 0);
    snprintf(word, sizeof(word), "confirm=%s", text(said_now, "proposal"));
    return word;
}

static void
names_of_rules_mean_nothing_to_pins(void)
{
    size_t before;

    start();
    before = policy_play_pins();
    policy_play_publish(text_with("rule dsk : gpt", "rule gpt : gpt"), 0);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    another_disk();
    policy_play_publish(text_with("policy tablet ver", "policy laptop ver"), 0);
    CHECK_EQ(policy_play_attest().reasons[0], REASON_GPT_CHANGED);
    CHECK_STR(policy_play_last().policy, "tablet:3");
    CHECK_EQ(policy_play_pins(), before);
    done();
}

static void
pins_tell_slot_time_and_policy(void)
{
    const json_t *rows;

    start();
    rows = json_object_get(YES("device", "pins", id), "pins");
    CHECK_EQ(json_array_size(rows), policy_play_pins());
    rows = json_object_get(YES("device", "pins", id), "pins");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *pin = json_array_get(rows, i);

        CHECK_STR(text(pin, "policy"), "laptop:3");
        CHECK_EQ(number(pin, "at_ms"), play.rig.now_ms);
        CHECK_EQ(strlen(text(pin, "value")), strcmp(text(pin, "slot"), "driver") ? 64 : 0);
    }
    CHECK_EQ(count("shown", NULL), 0);
    done();
}

/* When what is shown, one value, was shown first. */
static long long
shown_at(void)
{
    json_t *shown = json_object_get(YES("device", "pins", id), "shown");

    CHECK_EQ(json_array_size(shown), 1);
    return number(json_array_get(shown, 0), "at_ms");
}

/* Scenario 31. */
static void
another_disk_is_accepted_by_an_operator_s_word(void)
{
    long long since;
    size_t before;
    char word[8 + 65];

    start();
    before = policy_play_pins();
    another_disk();
    CHECK_EQ(count("shown", NULL), 1);
    CHECK_EQ(count("shown", "gpt"), 1);
    snprintf(word, sizeof(word), "%s", proposal("gpt"));
    since = shown_at();
    CHECK_EQ(policy_play_attest().tier, TIER_WARNING); /* asking alone changes nothing */
    CHECK_EQ(shown_at(), since);                       /* nor does showing it again */
    policy_play_change_text(5, PLAY_EV_GPT, 0);        /* the first one again: nothing differs */
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(count("shown", NULL), 0);
    another_disk();
    CHECK(shown_at() > since);
    CHECK_EQ(number(YES("device", "accept", id, "gpt", word), "pinned"), 1);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    CHECK(strstr(audit("pinned"), "gpt: "));
    CHECK_EQ(count("shown", NULL), 0);
    another_disk(); /* back to the first one */
    done();
}

static void
what_was_refused_is_accepted_too(void)
{
    size_t before;

    start();
    before = policy_play_pins();
    policy_play_change(14, EV_IPL, 0, "another list");
    CHECK_EQ(policy_play_attest().tier, TIER_CONTRAINDICATED);
    CHECK_EQ(policy_play_pins(), before);
    CHECK(count("shown", "mok") > 1); /* all that the slot has, not what differs alone */
    CHECK_EQ(count("shown", NULL), count("shown", "mok"));
    (void)YES("device", "accept", id, "mok", proposal("mok"));
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    done();
}

static void
only_what_was_shown_is_accepted(void)
{
    struct evlog_event event;
    char word[8 + 65];

    start();
    NO("shown", "device", "accept", id, "gpt");
    another_disk();
    snprintf(word, sizeof(word), "%s", proposal("gpt"));
    event = boot_log_find(5, PLAY_EV_GPT, 0); /* a third disk */
    ((uint8_t *)(uintptr_t)event.data.p)[event.data.len - 2] ^= 1;
    policy_play_change_text(5, PLAY_EV_GPT, 0);
    (void)policy_play_attest();
    NO("changed", "device", "accept", id, "gpt", word);
    NO("changed", "device", "accept", id, "gpt", "confirm");
    NO("changed", "device", "accept", id, "gpt", "confirm=");
    CHECK_EQ(policy_play_attest().tier, TIER_WARNING);
    NO("shown", "device", "accept", id, "gpt=root");
    NO("shown", "device", "accept", id, "config");
    NO("slot", "device", "accept", id, "gpt=");
    NO("slot", "device", "accept", id,
       "a123456789012345678901234567890123456789012345678901234567890");
    NO("slot", "device", "accept", id, "");
    NO("unknown", "device", "accept", "00000000", "gpt");
    CHECK(!audit("pinned"));
    done();
}

/* A log that its quote does not vouch for says nothing; a good boot leaves nothing to accept. */
static void
only_genuine_evidence_shows(void)
{
    struct evlog_event event;

    start();
    event = boot_log_find(5, PLAY_EV_GPT, 0);
    boot_log_measure(&event, bytes_str("a forger's disk"), false);
    play.rig.device.log = boot_log_bytes();
    CHECK_EQ(policy_play_attest().tier, TIER_CONTRAINDICATED);
    CHECK_EQ(count("shown", NULL), 0);
    CHECK(keeper_rig_boot(&play.rig, boot_log_bytes()));
    CHECK_EQ(policy_play_attest().reasons[0], REASON_EVT_DATA_MISMATCH);
    CHECK_EQ(count("shown", NULL), 1); /* measured so, whatever it is */
    done();
}

static void
what_is_dropped_is_pinned_anew(void)
{
    size_t before;

    start();
    before = policy_play_pins();
    another_disk();
    NO("pin", "device", "unpin", id, "config");
    NO("pin", "device", "unpin", id, "gpt=root");
    CHECK_EQ(number(YES("device", "unpin", id, "gpt"), "dropped"), 1);
    CHECK_STR(audit("unpinned"), "gpt: 1 values");
    CHECK_EQ(policy_play_pins(), before - 1);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    CHECK_EQ(number(YES("device", "unpin", id, "*"), "dropped"), (long long)before);
    CHECK_EQ(policy_play_pins(), 0);
    CHECK_EQ(number(YES("device", "unpin", id, "*"), "dropped"), 0);
    (void)policy_play_attest();
    CHECK_EQ(policy_play_pins(), before);
    done();
}

static void
a_quarantined_device_pins_nothing(void)
{
    start();
    (void)YES("device", "unpin", id, "*");
    (void)YES("device", "quarantine", id, "odd");
    (void)policy_play_attest();
    CHECK_EQ(policy_play_pins(), 0);
    (void)YES("device", "release", id);
    (void)policy_play_attest();
    CHECK(policy_play_pins() > 10);
    done();
}

static void
a_new_era_begins_without_pins(void)
{
    size_t before;

    start();
    before = policy_play_pins();
    another_disk();
    CHECK_EQ(number(YES("device", "new-era", id), "unpinned"), (long long)before);
    CHECK_EQ(policy_play_pins(), 0);
    CHECK_EQ(count("shown", NULL), 0);
    CHECK(strstr(audit("unpinned"), "new era"));
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    done();
}

/* Scenario 49. */
static void
another_class_begins_without_pins(void)
{
    size_t before;

    start();
    before = policy_play_pins();
    NO("class", "device", "move", id, "d");
    (void)YES("class", "add", "d");
    CHECK_EQ(number(YES("device", "move", id, "c"), "unpinned"), 0); /* where it is already */
    CHECK_EQ(policy_play_pins(), before);
    CHECK_EQ(number(YES("device", "move", id, "d"), "unpinned"), (long long)before);
    CHECK_STR(policy_play_device().class_name, "d");
    CHECK_EQ(policy_play_device().state, DEVICE_PROVISIONAL);
    CHECK_STR(audit("moved"), "class d after c");
    CHECK(strstr(audit("unpinned"), "moved"));
    CHECK_EQ(policy_play_pins(), 0);
    (void)YES("device", "move", id, "c");
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(policy_play_pins(), before);
    (void)YES("device", "quarantine", id, "odd");
    (void)YES("device", "move", id, "d");
    CHECK_EQ(policy_play_device().state, DEVICE_QUARANTINED);
    (void)YES("device", "remove", id, "sold");
    NO("state", "device", "move", id, "c");
    done();
}

static void
another_tpm_takes_no_pins_over(void)
{
    struct store_device fresh = {.state = DEVICE_PENDING, .enrolled_ms = 1, .ak_name_len = 34};
    size_t before;
    char fingerprint[65];

    start();
    before = policy_play_pins();
    memset(fresh.id, 7, sizeof(fresh.id));
    memset(fresh.ident, 7, sizeof(fresh.ident));
    memset(fresh.ek_fingerprint, 0x77, sizeof(fresh.ek_fingerprint));
    memset(fresh.ak_name, 7, fresh.ak_name_len);
    CHECK_EQ(store_device_put(play.rig.keeper.store, &fresh), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    (void)hex_write(fingerprint, BYTES_OF(fresh.ek_fingerprint));
    CHECK_EQ(number(YES("device", "replace", id, fingerprint), "unpinned"), (long long)before);
    CHECK_EQ(count("pins", NULL), 0);
    CHECK(strstr(audit("unpinned"), "replaced"));
    CHECK_EQ(number(YES("device", "replace", id, fingerprint), "unpinned"), 0);
    (void)hex_write(id, BYTES_OF(fresh.id));
    CHECK_EQ(count("pins", NULL), 0);
    done();
}

/* A device with more than there is room for could not be judged any more. */
static void
no_more_is_accepted_than_there_is_room_for(void)
{
    struct store_device device;
    struct store_pin pin = {.slot = "config", .value_len = 2};
    char word[8 + 65];

    start();
    another_disk();
    device = policy_play_device();
    for (size_t n = policy_play_pins(); n < 256; n++) {
        pin.value[0] = (uint8_t)n;
        CHECK_EQ(store_pin_put(play.rig.keeper.store, device.id, PINS_HELD, &pin), 0);
    }
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    (void)YES("device", "accept", id, "gpt", proposal("gpt"));
    CHECK_EQ(policy_play_pins(), 256);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    another_disk();
    snprintf(word, sizeof(word), "%s", proposal("gpt"));
    pin.value[1] = 1;
    CHECK_EQ(store_pin_put(play.rig.keeper.store, device.id, PINS_HELD, &pin), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
    NO("many", "device", "accept", id, "gpt", word);
    done();
}

/* A pin as a verifier before this one wrote it. */
static void
put_old(const char *rule, uint8_t byte)
{
    struct store_device device = policy_play_device();
    struct store_pin pin = {.value_len = 32};

    snprintf(pin.slot, sizeof(pin.slot), STORE_PIN_RULE "%s", rule);
    memset(pin.value, byte, pin.value_len);
    CHECK_EQ(store_pin_put(play.rig.keeper.store, device.id, PINS_HELD, &pin), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
}

static void
pins_of_rules_get_the_slot_that_the_rule_has(void)
{
    start();
    (void)YES("device", "unpin", id, "gpt");
    put_old("gpt", 1);
    put_old("gone", 2);
    CHECK_EQ(policy_play_attest().reasons[0], REASON_GPT_CHANGED); /* it holds as it did */
    CHECK_EQ(count("pins", "gpt"), 1);
    CHECK_EQ(count("pins", "rule:gpt"), 0);
    CHECK_EQ(count("pins", "rule:gone"), 1); /* of a rule that no policy has: asked by nobody */
    (void)YES("device", "accept", id, "gpt", proposal("gpt"));
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(number(YES("device", "unpin", id, "rule:gone"), "dropped"), 1);
    done();
}

/* A slot whose change refuses: no boot is trusted, and an operator's word finds the pin all the
 * same. */
static void
a_pin_of_a_rule_that_refuses_is_found_by_its_slot(void)
{
    start();
    (void)YES("device", "unpin", id, "sb.pk");
    put_old("pk", 1);
    CHECK_EQ(policy_play_attest().tier, TIER_CONTRAINDICATED);
    CHECK_EQ(count("pins", "rule:pk"), 0);
    CHECK_EQ(count("pins", "sb.pk"), 1);
    (void)YES("device", "accept", id, "sb.pk", proposal("sb.pk"));
    CHECK_EQ(count("pins", "sb.pk"), 1);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    done();
}

/* Another AK of the same EK, known by its enrolment. */
static void
become_candidate(void)
{
    static struct soft_device now;
    struct soft_device *device = &play.rig.device;
    struct store_candidate candidate = {.enrolled_ms = play.rig.now_ms};
    struct store_device row = policy_play_device();
    struct ident ident;

    soft_device_new(&now, play.rig.hasher, RIG_SITE);
    now.log = device->log;
    now.values = device->values;
    now.clock_ms = device->clock_ms;
    now.reset_count = device->reset_count;
    soft_device_done(device);
    *device = now;
    CHECK_EQ(
        tpm_public_read(bytes_of(device->ak_public, device->ak_public_len), &device->ak_area, NULL),
        0);
    keeper_rig_identity(&play.rig);
    CHECK_EQ(ident_read(play.rig.hasher, play.rig.keeper.setup.masters, IDENT_MASTERS_MAX,
                        bytes_str(play.rig.identity), &ident),
             0);
    memcpy(candidate.device, row.id, sizeof(candidate.device));
    memcpy(candidate.ident, ident.keys, sizeof(candidate.ident));
    memcpy(candidate.ak_public, device->ak_public, device->ak_public_len);
    candidate.ak_public_len = device->ak_public_len;
    memcpy(candidate.ak_name, device->ak_name, device->ak_name_len);
    candidate.ak_name_len = device->ak_name_len;
    CHECK_EQ(store_candidate_put(play.rig.keeper.store, &candidate), 0);
    CHECK_EQ(store_commit(play.rig.keeper.store), 0);
}

/* It is nobody's AK yet, so it passes by what would be pinned, and pins nothing. */
static void
a_candidate_pins_nothing_until_it_has_taken_over(void)
{
    start();
    (void)YES("device", "unpin", id, "*");
    become_candidate();
    CHECK_EQ(policy_play_attest().reasons[0], REASON_AK_UNKNOWN);
    CHECK_EQ(count("pins", NULL), 0);
    CHECK(number(json_object_get(YES("device", "show", id), "candidate"), "accepted_ms") > 0);
    (void)YES("device", "rekey", id);
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK(policy_play_pins() > 10);
    done();
}

CHECK_MAIN_NAMED(CASE(names_of_rules_mean_nothing_to_pins), CASE(pins_tell_slot_time_and_policy),
                 CASE(another_disk_is_accepted_by_an_operator_s_word),
                 CASE(what_was_refused_is_accepted_too), CASE(only_what_was_shown_is_accepted),
                 CASE(only_genuine_evidence_shows), CASE(what_is_dropped_is_pinned_anew),
                 CASE(a_quarantined_device_pins_nothing), CASE(a_new_era_begins_without_pins),
                 CASE(another_class_begins_without_pins), CASE(another_tpm_takes_no_pins_over),
                 CASE(no_more_is_accepted_than_there_is_room_for),
                 CASE(pins_of_rules_get_the_slot_that_the_rule_has),
                 CASE(a_pin_of_a_rule_that_refuses_is_found_by_its_slot),
                 CASE(a_candidate_pins_nothing_until_it_has_taken_over))
