#include "lib/learn-rig.h"

#include <stdlib.h>

#include "appraise/boot-claims.h"
#include "appraise/list-kept.h"
#include "lib/check.h"
#include "lib/rule-play.h"
#include "reader/reader-userlog.h"
#include "reader/reader.h"
#include "roles/records.h"

struct learn_rig learn_rig;

void
learn_rig_new(void)
{
    rulebook_freep(&learn_rig.book);
    boot_room_freep(&learn_rig.room);
    hasher_freep(&learn_rig.hasher);
    free(learn_rig.text);
    for (size_t i = 0; i < learn_rig.n; i++) {
        free(learn_rig.boots[i]);
    }
    memset(&learn_rig, 0, sizeof(learn_rig));
    learn_rig.hasher = check_keep(hasher_new());
    learn_rig.room = check_keep(boot_room_new());
    CHECK(learn_rig.hasher && learn_rig.room);
    learn_rig.options =
        (struct learn_options){.class_name = "c", .name = "n", .version = 1, .bank = HASH_SHA256};
    learn_rig.now_s = 1790000000; /* 2026-09-21 */
}

void
learn_rig_read(struct learn_rig_boot *boot)
{
    struct pcr_set quoted = {learn_rig.options.bank, learn_rig.options.pcrs};
    struct wr wr = wr_init(boot->records, sizeof(boot->records));

    CHECK_EQ(reader_parse(boot->bytes, learn_rig.hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), boot->events, &boot->log), 0);
    CHECK_EQ(events_vouch(learn_rig.hasher, boot->bytes, &boot->log), 0);
    CHECK_EQ(slots_assign(learn_rig.hasher, &boot->log,
                          boot->has_userspace ? &boot->userspace : NULL, quoted, &boot->map),
             0);
    CHECK_EQ(facts_read(learn_rig.hasher, &boot->log, &boot->map, &boot->facts), 0);
}

static void
read_userspace(struct learn_rig_boot *boot, struct bytes userspace)
{
    struct wr wr = wr_init(boot->userspace_records, sizeof(boot->userspace_records));

    CHECK_EQ(reader_userlog(userspace, learn_rig.hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), boot->userspace_events, &boot->userspace), 0);
    boot->has_userspace = true;
}

struct learn_rig_boot *
learn_rig_add(struct bytes log, struct bytes userspace)
{
    struct learn_rig_boot *boot = calloc(1, sizeof(*boot));

    CHECK(boot && learn_rig.n < ARRAY_LEN(learn_rig.boots));
    learn_rig.boots[learn_rig.n++] = check_keep(boot);
    boot->bytes = log;
    if (userspace.p) {
        read_userspace(boot, userspace);
    }
    learn_rig_read(boot);
    learn_rig.options.pcrs |= policy_learn_pcrs(&boot->log);
    if (boot->has_userspace) {
        learn_rig.options.pcrs |= policy_learn_pcrs(&boot->userspace);
    }
    if (event_log_bank(&boot->log, learn_rig.options.bank) == boot->log.n_banks) {
        learn_rig.options.bank = boot->log.banks[0];
    }
    for (size_t i = 0; i < learn_rig.n; i++) {
        learn_rig_read(learn_rig.boots[i]);
    }
    return boot;
}

struct learn_rig_boot *
learn_rig_file(const char *vector)
{
    return learn_rig_add(check_vector(vector), BYTES_NULL);
}

int
learn_rig_learn(size_t *ret_boot)
{
    static struct learn_boot boots[ARRAY_LEN(learn_rig.boots)];
    FILE *out;
    int r;

    free(learn_rig.text);
    out = open_memstream(&learn_rig.text, &learn_rig.text_len);
    CHECK(out);
    for (size_t i = 0; i < learn_rig.n; i++) {
        struct learn_rig_boot *boot = learn_rig.boots[i];

        boots[i] = (struct learn_boot){.log = &boot->log,
                                       .userspace = boot->has_userspace ? &boot->userspace : NULL,
                                       .map = &boot->map,
                                       .facts = &boot->facts};
    }
    r = policy_learn(out, learn_rig.hasher, &learn_rig.options, boots, learn_rig.n, ret_boot);
    CHECK_EQ(fclose(out), 0);
    check_keep(learn_rig.text);
    return r;
}

void
learn_rig_load(const char *text)
{
    struct fault fault = {0};

    rulebook_freep(&learn_rig.book);
    if (rulebook_new(rule_play_body(text), &learn_rig.book, &fault) != 0) {
        check_fail(__FILE__, __LINE__, "not loaded: rule %u, %s", fault.event,
                   rule_text(fault.rule));
    }
    check_keep(learn_rig.book);
}

static int
past_get(void *context, struct bytes digest, struct bytes *ret)
{
    (void)context;
    if (learn_rig.past.r < 0 || !bytes_equal(digest, learn_rig.past_digest)) {
        return learn_rig.past.r < 0 ? learn_rig.past.r : 1;
    }
    *ret = learn_rig.past_list;
    return 0;
}

void
learn_rig_judge(const struct learn_rig_boot *boot)
{
    learn_rig.past.get = past_get;
    learn_rig.ask = (struct boot_ask){
        .book = learn_rig.book,
        .policy = learn_rig.policy,
        .log = &boot->log,
        .userspace = boot->has_userspace ? &boot->userspace : NULL,
        .n_pins = learn_rig.n_pins,
        .pins = learn_rig.pins,
        .n_announced = learn_rig.n_announced,
        .announced = learn_rig.announced,
        .past = &learn_rig.past,
        .may_pin = learn_rig.n_pins == 0 || learn_rig.may_pin,
        .now_s = learn_rig.now_s,
        .tpm = learn_rig.tpm,
    };
    learn_rig.verdict = (struct verdict){0};
#define VERDICT_FIELD(name) learn_rig.verdict.name = CHECK_PASSED;
    VERDICT_CHECKS(VERDICT_FIELD)
#undef VERDICT_FIELD
    if (learn_rig.check_events) {
        CHECK_EQ(
            events_check(learn_rig.hasher, &boot->log, learn_rig.options.bank, &learn_rig.verdict),
            0);
    }
    CHECK_EQ(boot_judge(learn_rig.room, learn_rig.hasher, &learn_rig.ask, &learn_rig.verdict,
                        &learn_rig.told),
             0);
}

const char *
learn_rig_claim(const char *name)
{
    static struct boot_claims claims;
    static char room[2048];
    struct json_wr j = json_wr_init(room, sizeof(room) - 1);
    enum claim claim;

    claims = (struct boot_claims){0};
    boot_claims_tpm(&learn_rig.tpm, NULL, &claims);
    boot_claims(&learn_rig.ask, &learn_rig.told, &claims);
    CHECK(claim_named(bytes_str(name), &claim));
    if (!claim_set_has(&claims.set, claim)) {
        return "";
    }
    json_wr_array(&j);
    claim_set_say(&j, &claims.set, claim, false);
    json_wr_end_array(&j);
    CHECK(json_wr_done(&j).p);
    room[json_wr_done(&j).len - 1] = '\0';
    return room + 1;
}

const char *
learn_rig_said(char room[LEARN_RIG_SAID])
{
    const struct verdict *verdict = &learn_rig.verdict;
    size_t len = 0;

    room[0] = '\0';
    for (size_t i = 0; i < verdict->n_reasons && len < LEARN_RIG_SAID; i++) {
        len += (size_t)snprintf(room + len, LEARN_RIG_SAID - len, "%s%d%c", i > 0 ? " " : "",
                                (int)verdict->reasons[i], "fwn"[verdict->effects[i]]);
    }
    return room;
}

static struct bytes
copy(struct bytes in)
{
    uint8_t *out = in.len > 0 ? check_keep(malloc(in.len)) : NULL;

    CHECK(out || in.len == 0);
    if (out) {
        memcpy(out, in.p, in.len);
    }
    return bytes_of(out, in.len);
}

/* A list of forbidden programs, as the service keeps it beside its pin. */
static void
keep_list(const struct rule_pin *pin)
{
    static uint8_t room[LIST_KEPT_MAX];
    struct wr wr = wr_init(room, sizeof(room));

    if (pin->slot == SLOT_SB_DBX && list_kept_write(learn_rig.told.facts, &wr) == 0) {
        learn_rig.past_digest = copy(pin->value);
        learn_rig.past_list = copy(wr_done(&wr));
    }
}

void
learn_rig_pin(void)
{
    const struct rule_judgement *judgement = learn_rig.told.judgement;

    learn_rig.n_pins = judgement->n_learnt;
    for (size_t i = 0; i < learn_rig.n_pins; i++) {
        const struct rule_pin *pin = &judgement->learnt[i];

        learn_rig.pins[i] = (struct rule_pin){pin->slot, copy(pin->name), copy(pin->value)};
        keep_list(pin);
    }
}

const struct rule_result *
learn_rig_rule(const char *id)
{
    const struct bundle *bundle = rulebook_bundle(learn_rig.book);

    for (size_t i = 0; i < learn_rig.told.judgement->n; i++) {
        if (bytes_equal(bundle->rules[bundle->policies[learn_rig.policy].first_rule + i].id,
                        bytes_str(id))) {
            return &learn_rig.told.judgement->rules[i];
        }
    }
    return NULL;
}

void
learn_rig_pinned(const char *vector)
{
    size_t boot = 0;

    learn_rig_new();
    learn_rig_file(vector);
    CHECK_EQ(learn_rig_learn(&boot), 0);
    learn_rig_load(learn_rig.text);
    learn_rig_judge(learn_rig.boots[0]);
    learn_rig_pin();
    learn_rig_judge(learn_rig.boots[0]);
}
