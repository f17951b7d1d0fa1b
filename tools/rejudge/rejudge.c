#include "rejudge/rejudge.h"

#include <errno.h>
#include <stdlib.h>

#include "base/wr.h"
#include "rejudge/rejudge-memo.h"
#include "rejudge/rejudge-opinion.h"
#include "rejudge/rejudge-rows.h"
#include "keeper/announced.h"
#include "keeper/boots.h"

enum {
    KEY_PARTS =
        1024 + REJUDGE_SIDES * (2 * (LIMIT_BUNDLE_NAME + 4) +
                                RULE_PINS_MAX * (STORE_PIN_NAME_MAX + STORE_PIN_VALUE_MAX + 12) +
                                ANNOUNCED_MAX * (HASH_SIZE_MAX + 8))
};

struct rejudge {
    struct rejudge_ask ask;
    struct hasher *hasher;
    struct boots *boots;
    struct golden_cache *golden;
    struct rejudge_memo *memo;
    size_t n_shared;
    /* of the member in hand */
    struct rejudge_rows rows;
    struct rejudge_choice chosen[REJUDGE_SIDES];
    bool ageless; /* a side limits ages that nobody knows any more */
    struct rejudge_case about;
    struct announced *announced; /* NULL: none */
    uint8_t key_room[KEY_PARTS];
};

struct rejudge *
rejudge_new(const struct rejudge_ask *ask)
{
    struct rejudge *rejudge = calloc(1, sizeof(*rejudge));

    if (!rejudge) {
        return NULL;
    }
    rejudge->ask = *ask;
    rejudge->hasher = hasher_new();
    rejudge->boots = boots_new();
    rejudge->golden = golden_cache_new();
    rejudge->memo = rejudge_memo_new();
    if (!rejudge->hasher || !rejudge->boots || !rejudge->golden || !rejudge->memo) {
        rejudge_freep(&rejudge);
    }
    return rejudge;
}

void
rejudge_free(struct rejudge *rejudge)
{
    if (rejudge) {
        hasher_freep(&rejudge->hasher);
        boots_free(rejudge->boots);
        golden_cache_free(rejudge->golden);
        rejudge_memo_free(rejudge->memo);
        free(rejudge->announced);
        free(rejudge);
    }
}

void
rejudge_freep(struct rejudge **rejudge)
{
    rejudge_free(*rejudge);
    *rejudge = NULL;
}

bool
rejudge_member(const struct store_device *device)
{
    return device->state != DEVICE_PENDING && device->state != DEVICE_REMOVED &&
           device->class_name[0] != '\0';
}

size_t
rejudge_shared(const struct rejudge *rejudge)
{
    return rejudge->n_shared;
}

/* Its rows. Returns 0, why it cannot be judged, or a negative errno. */
static int
read_rows(struct rejudge *rejudge, const struct store_device *device)
{
    struct rejudge_rows *rows = &rejudge->rows;
    int r = rejudge_rows_read(rejudge->ask.store, device, rows);

    if (r != 0) {
        return r;
    }
    rejudge->about.beside = rows->beside;
    rejudge->about.tpm = rows->tpm;
    return rows->evidence.arrived_ms < rejudge->ask.since_ms ? REJUDGE_TOO_OLD : 0;
}

static int
first_side(const struct rejudge *rejudge)
{
    return rejudge->ask.alone ? REJUDGE_NEW : REJUDGE_OLD;
}

/* Who judges on each side; whether what they read is kept. */
static int
choose(struct rejudge *rejudge)
{
    enum rejudge_why lack = REJUDGE_JUDGED;

    rejudge->ageless = false;
    for (int side = first_side(rejudge); side < REJUDGE_SIDES; side++) {
        struct rejudge_choice *chosen = &rejudge->chosen[side];

        rejudge_choose(rejudge->ask.books[side], rejudge->rows.class_row.name,
                       &rejudge->rows.groups, chosen);
        lack = lack == REJUDGE_JUDGED ? rejudge_rows_lack(&rejudge->rows, chosen->row) : lack;
        rejudge->ageless = rejudge->ageless || lack == REJUDGE_NO_AGE;
        lack = lack == REJUDGE_NO_AGE ? REJUDGE_JUDGED : lack;
    }
    return (int)lack;
}

/* What a side's policy holds the member in hand to, and what the member announced, until the next
 * call. */
static int
read_own(struct rejudge *rejudge, int side)
{
    const struct rejudge_choice *chosen = &rejudge->chosen[side];
    struct rejudge_case *about = &rejudge->about;
    int r;

    free_p(&rejudge->announced);
    about->n_pins = 0;
    about->n_announced = 0;
    if (!chosen->row) {
        return 0;
    }
    r = boots_pins(rejudge->boots, rejudge->ask.store, about->device->id, chosen->book,
                   chosen->policy, &about->pins, &about->n_pins);
    about->past = boots_past(rejudge->boots);
    if (r == 0) {
        const struct store_moment moment = {(int64_t)rejudge->ask.now_s * 1000, rejudge->rows.era,
                                            rejudge->rows.reset_count};

        r = announced_load(rejudge->ask.store, about->device->id, &moment, chosen->row->quote.bank,
                           &rejudge->announced);
    }
    if (r == 0 && rejudge->announced) {
        about->n_announced = rejudge->announced->n;
        about->announced = rejudge->announced->rows;
    }
    return r;
}

static void
key_text(struct wr *wr, struct bytes text)
{
    wr_be32(wr, (uint32_t)text.len);
    wr_bytes(wr, text);
}

/* What of a member one side looks at. */
static int
key_side(struct rejudge *rejudge, int side, struct wr *wr)
{
    const struct rejudge_choice *chosen = &rejudge->chosen[side];
    const struct bundle_policy *row = chosen->row;
    const struct rejudge_case *about = &rejudge->about;
    int r = read_own(rejudge, side);

    wr_u8(wr, (uint8_t)chosen->choice);
    wr_be32(wr, (uint32_t)chosen->policy);
    for (size_t i = 0; i < ARRAY_LEN(chosen->two); i++) {
        key_text(wr, chosen->two[i] ? chosen->two[i]->name : BYTES_NULL);
    }
    /* nothing else of an age or a key tells members apart */
    wr_u8(wr, row ? (uint8_t)boot_beside_amiss(row, &about->beside) : 0);
    wr_be32(wr, (uint32_t)about->n_pins);
    for (size_t i = 0; r == 0 && i < about->n_pins; i++) {
        wr_be32(wr, about->pins[i].slot);
        key_text(wr, about->pins[i].name);
        key_text(wr, about->pins[i].value);
    }
    wr_be32(wr, (uint32_t)about->n_announced);
    for (size_t i = 0; r == 0 && i < about->n_announced; i++) {
        wr_be32(wr, about->announced[i].pcr);
        key_text(wr, about->announced[i].digest);
    }
    return r;
}

/* Everything of a member that a judgement looks at. */
static int
key_of(struct rejudge *rejudge, uint8_t ret[REJUDGE_MEMO_KEY])
{
    const struct store_device *device = rejudge->about.device;
    struct wr wr = wr_init(rejudge->key_room, sizeof(rejudge->key_room));
    int r = 0;

    key_text(&wr, bytes_str(device->class_name));
    wr_u8(&wr, device->ek_chain == EK_CHAIN_VERIFIED);
    wr_u8(&wr, rejudge->ageless);
    wr_be32(&wr, rejudge->about.tpm.vendor);
    wr_be64(&wr, rejudge->about.tpm.firmware);
    wr_u8(&wr, rejudge->about.tpm.quoted);
    wr_u8(&wr, (uint8_t)rejudge->rows.evidence.userspace);
    wr_bytes(&wr, BYTES_OF(rejudge->rows.evidence.firmware_log));
    wr_bytes(&wr, BYTES_OF(rejudge->rows.evidence.userspace_log));
    for (int side = first_side(rejudge); r == 0 && side < REJUDGE_SIDES; side++) {
        r = key_side(rejudge, side, &wr);
    }
    if (r != 0 || wr.failed) {
        return r != 0 ? r : -ENOSPC;
    }
    return hasher_bytes(rejudge->hasher, HASH_SHA256, wr_done(&wr), ret);
}

static int
rank(enum tier tier)
{
    return tier == TIER_AFFIRMING ? 3 : tier == TIER_WARNING ? 2 : 1;
}

static void
compare(struct rejudge_result *result)
{
    const struct rejudge_opinion *old = &result->sides[REJUDGE_OLD];
    const struct rejudge_opinion *new = &result->sides[REJUDGE_NEW];
    int change = 2 * (rank(new->tier) - rank(old->tier)) + new->token - old->token;

    result->fails = old->token && !new->token;
    result->change = result->fails || change < 0 ? REJUDGE_WORSE
                     : change > 0                ? REJUDGE_BETTER
                                                 : REJUDGE_SAME;
}

static int64_t
since_ms(const struct rejudge *rejudge)
{
    int64_t came_ms = rejudge->rows.evidence.arrived_ms;

    return rejudge->rows.has_ages ? came_ms - rejudge->about.beside.boot_ms : came_ms;
}

/* It is refused because its class has a policy no longer, whatever reference events say of it. */
static void
name_loss(const struct rejudge *rejudge, struct rejudge_result *ret)
{
    struct rejudge_opinion *new = &ret->sides[REJUDGE_NEW];

    if (!rejudge->ask.alone && rejudge->chosen[REJUDGE_OLD].row &&
        !rejudge->chosen[REJUDGE_NEW].row && !new->token) {
        new->causes = (struct rejudge_causes){
            .policy = REJUDGE_NO_POLICY, .n_codes = 1, .codes = {REASON_POLICY_MISSING}};
    }
}

/* Rules of the IMA list and limits of unknown ages are left out: that it fails without them is
 * certain, that it does not is nobody's word. */
static int
judge_sides(struct rejudge *rejudge, struct rejudge_result *ret)
{
    struct rejudge_judge judge = {
        .store = rejudge->ask.store,
        .hasher = rejudge->hasher,
        .room = boots_room(rejudge->boots),
        .golden = rejudge->golden,
        .now_s = rejudge->ask.now_s,
        .enforced = rejudge->ask.enforced,
        .witness = rejudge->ask.witness,
        .witness_context = rejudge->ask.witness_context,
        .sight = {.device = rejudge->about.device,
                  .evidence = &rejudge->rows.evidence,
                  .since_ms = since_ms(rejudge)},
    };
    bool partial = false;
    int r = 0;

    for (int side = first_side(rejudge); r == 0 && side < REJUDGE_SIDES; side++) {
        bool left_out = false;

        judge.sight.side = (enum rejudge_side)side;
        r = read_own(rejudge, side);
        if (r < 0) {
            return r;
        }
        r = rejudge_opinion(&judge, &rejudge->about, &rejudge->chosen[side], &ret->sides[side],
                            &left_out);
        partial = partial || left_out;
    }
    if (!rejudge->ask.alone) {
        compare(ret);
        name_loss(rejudge, ret);
    }
    ret->why = ret->fails         ? REJUDGE_JUDGED
               : partial          ? REJUDGE_NO_IMA
               : rejudge->ageless ? REJUDGE_NO_AGE
                                  : REJUDGE_JUDGED;
    return r;
}

/* Reads the logs and judges. Returns as rejudge_judge(). */
static int
judge_logs(struct rejudge *rejudge, struct rejudge_result *ret)
{
    const struct store_evidence *evidence = &rejudge->rows.evidence;
    struct rejudge_log firmware = {.body = NULL};
    struct rejudge_log userspace = {.body = NULL};
    int r = rejudge_log_load(rejudge->ask.store, rejudge->hasher, evidence->firmware_log,
                             LOG_FIRMWARE, &firmware);

    if (r == 0 && evidence->userspace == EVIDENCE_LOG_KEPT) {
        r = rejudge_log_load(rejudge->ask.store, rejudge->hasher, evidence->userspace_log,
                             LOG_USERSPACE, &userspace);
    }
    if (r == 0) {
        rejudge->about.firmware = &firmware.read.log;
        rejudge->about.userspace = userspace.body ? &userspace.read.log : NULL;
        r = judge_sides(rejudge, ret);
    }
    rejudge_log_done(&firmware);
    rejudge_log_done(&userspace);
    if (r > 0) {
        ret->why = (enum rejudge_why)r;
    }
    return r < 0 ? r : 0;
}

int
rejudge_judge(struct rejudge *rejudge, const struct store_device *device,
              struct rejudge_result *ret)
{
    struct rejudge_result result = {.why = REJUDGE_JUDGED};
    const struct rejudge_result *known;
    uint8_t key[REJUDGE_MEMO_KEY];
    int r;

    rejudge->about = (struct rejudge_case){.device = device, .class_row = &rejudge->rows.class_row};
    r = read_rows(rejudge, device);
    r = r == 0 ? choose(rejudge) : r;
    if (r != 0) {
        *ret = (struct rejudge_result){.why = r < 0 ? REJUDGE_JUDGED : (enum rejudge_why)r};
        return r < 0 ? r : 0;
    }
    r = key_of(rejudge, key);
    if (r < 0) {
        return r;
    }
    known = rejudge->ask.witness ? NULL : rejudge_memo_get(rejudge->memo, key);
    if (known) {
        rejudge->n_shared++;
        *ret = *known;
        return 0;
    }
    r = judge_logs(rejudge, &result);
    if (r == 0) {
        rejudge_memo_put(rejudge->memo, key, &result);
        *ret = result;
    }
    return r;
}
