#include "lib/scene.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/hex.h"
#include "formats/efivar.h"

enum { LOG_ROOM = 256 * 1024 };

struct scene scene;

static struct scene_event *
at(size_t event)
{
    CHECK(event > 0 && event < scene.n);
    return &scene.events[event];
}

static void
take(const struct evlog *log, const struct evlog_event *from)
{
    struct scene_event *event = &scene.events[scene.n++];

    CHECK(scene.n <= ARRAY_LEN(scene.events));
    *event = (struct scene_event){.pcr = from->pcr, .type = from->type, .data = from->data};
    for (size_t i = 0; i < from->n_digests; i++) {
        memcpy(event->digest[i], from->digest[i].p, log->bank[i].size);
    }
}

void
scene_start_again(const char *vector)
{
    struct bytes bytes = check_vector(vector);
    struct evlog_event event;
    struct evlog log;

    scene.n = 0;
    CHECK_EQ(evlog_open(bytes, &log, NULL), 0);
    CHECK_EQ(log.format, EVLOG_AGILE);
    while (evlog_next(&log, &event, NULL) == 0) {
        if (scene.n == 1) {
            scene.head = bytes_of(bytes.p, event.offset);
        }
        take(&log, &event);
    }
    scene.n_banks = log.n_banks;
    memcpy(scene.banks, log.bank, sizeof(scene.banks));
}

void
scene_start(const char *vector)
{
    learn_rig_new();
    learn_rig.check_events = true;
    memset(&scene, 0, sizeof(scene));
    scene_start_again(vector);
}

struct bytes
scene_log(void)
{
    struct wr wr = wr_init(check_keep(malloc(LOG_ROOM)), LOG_ROOM);

    wr_bytes(&wr, scene.head);
    for (size_t i = 1; i < scene.n; i++) {
        const struct scene_event *event = &scene.events[i];

        wr_le32(&wr, event->pcr);
        wr_le32(&wr, event->type);
        wr_le32(&wr, (uint32_t)scene.n_banks);
        for (size_t k = 0; k < scene.n_banks; k++) {
            wr_le16(&wr, scene.banks[k].tpm_id);
            wr_bytes(&wr, bytes_of(event->digest[k], scene.banks[k].size));
        }
        wr_le32(&wr, (uint32_t)event->data.len);
        wr_bytes(&wr, event->data);
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

/* ---- the policy ---- */

void
scene_learn(void)
{
    size_t boot;

    CHECK_EQ(learn_rig.n, 0);
    (void)learn_rig_add(scene_log(), BYTES_NULL);
    CHECK_EQ(learn_rig_learn(&boot), 0);
    CHECK(learn_rig.text_len < sizeof(scene.policy));
    memcpy(scene.policy, learn_rig.text, learn_rig.text_len + 1);
}

static void
replace(char *place, size_t len, const char *to)
{
    CHECK(strlen(scene.policy) - len + strlen(to) < sizeof(scene.policy));
    memmove(place + strlen(to), place + len, strlen(place + len) + 1);
    memcpy(place, to, strlen(to));
}

void
scene_swap(const char *from, const char *to)
{
    char *place = strstr(scene.policy, from);

    if (!place) {
        check_fail(__FILE__, __LINE__, "the policy does not say: %s", from);
    }
    replace(place, strlen(from), to);
}

void
scene_rule(const char *id, const char *rule)
{
    char begins[64];
    char *place;

    snprintf(begins, sizeof(begins), "  rule %s : ", id);
    place = strstr(scene.policy, begins);
    if (!place) {
        check_fail(__FILE__, __LINE__, "the policy has no rule %s", id);
    }
    replace(place, strcspn(place, "\n"), rule);
}

void
scene_add(const char *text)
{
    replace(scene.policy + strlen(scene.policy), 0, text);
}

const char *
scene_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    CHECK(vasprintf(&text, format, args) >= 0);
    va_end(args);
    return check_keep(text);
}

/* ---- the verdict ---- */

/* The log as it stands, as the second boot of learn_rig: the first is what was learnt from. */
static const struct learn_rig_boot *
read_log(void)
{
    if (learn_rig.n < 2) {
        return learn_rig_add(scene_log(), BYTES_NULL);
    }
    learn_rig.boots[1]->bytes = scene_log();
    learn_rig_read(learn_rig.boots[1]);
    return learn_rig.boots[1];
}

void
scene_says(const char *what, const char *reasons, enum tier tier)
{
    static const char *const tiers[] = {[TIER_AFFIRMING] = "affirming",
                                        [TIER_WARNING] = "warning",
                                        [TIER_CONTRAINDICATED] = "contraindicated"};
    char said[LEARN_RIG_SAID];

    learn_rig_load(scene.policy);
    learn_rig_judge(read_log());
    learn_rig_said(said);
    printf("# %s: %s%s%s\n", what, tiers[verdict_tier(&learn_rig.verdict)],
           said[0] != '\0' ? ", " : "", said);
    CHECK_STR(said, reasons);
    CHECK_EQ(verdict_tier(&learn_rig.verdict), tier);
    CHECK_EQ(verdict_trusted(&learn_rig.verdict), tier != TIER_CONTRAINDICATED);
}

void
scene_vector(int identity, int configuration, int executables, int hardware)
{
    CHECK_EQ(learn_rig.told.vector.identity, identity);
    CHECK_EQ(learn_rig.told.vector.configuration, configuration);
    CHECK_EQ(learn_rig.told.vector.executables, executables);
    CHECK_EQ(learn_rig.told.vector.hardware, hardware);
}

void
scene_claim(const char *name, const char *value)
{
    const char *claim = learn_rig_claim(name);

    printf("#   claim %s: %s\n", name, claim[0] != '\0' ? claim : "absent");
    CHECK_STR(claim, value);
}

void
scene_cause(const char *rule, size_t event)
{
    CHECK_STR(learn_rig.verdict.policy_rule, rule);
    CHECK_EQ(learn_rig.verdict.fault.event, event);
}

/* ---- events ---- */

size_t
scene_find(uint32_t pcr, uint32_t type, unsigned nth)
{
    for (size_t i = 1; i < scene.n; i++) {
        if (scene.events[i].pcr == pcr && scene.events[i].type == type && nth-- == 0) {
            return i;
        }
    }
    check_fail(__FILE__, __LINE__, "the log has no such event of PCR %u", pcr);
}

static size_t
widen(const char *text, uint8_t room[256])
{
    size_t len = strlen(text);

    CHECK(2 * len <= 256);
    for (size_t i = 0; i < len; i++) {
        room[2 * i] = (uint8_t)text[i];
        room[2 * i + 1] = 0;
    }
    return 2 * len;
}

static bool
holds(struct bytes data, const void *text, size_t len)
{
    return data.p && memmem(data.p, data.len, text, len);
}

size_t
scene_text(uint32_t pcr, const char *text)
{
    uint8_t wide[256];
    size_t len = widen(text, wide);

    for (size_t i = 1; i < scene.n; i++) {
        struct bytes data = scene.events[i].data;

        if (scene.events[i].pcr == pcr &&
            (holds(data, text, strlen(text)) || holds(data, wide, len))) {
            return i;
        }
    }
    check_fail(__FILE__, __LINE__, "no event of PCR %u tells of %s", pcr, text);
}

size_t
scene_variable(const char *name)
{
    for (size_t i = 1; i < scene.n; i++) {
        struct efivar var;

        if ((scene.events[i].pcr == 1 || scene.events[i].pcr == 7) &&
            efivar_read(scene.events[i].data, &var, NULL) == 0 && efivar_is(&var, name)) {
            return i;
        }
    }
    check_fail(__FILE__, __LINE__, "no variable %s", name);
}

void
scene_measure(size_t event, struct bytes content)
{
    for (size_t i = 0; i < scene.n_banks; i++) {
        CHECK_EQ(hasher_bytes(learn_rig.hasher, scene.banks[i].hash, content, at(event)->digest[i]),
                 0);
    }
}

void
scene_data(size_t event, struct bytes data)
{
    at(event)->data = data;
    scene_measure(event, data);
}

struct bytes
scene_value_of(size_t event)
{
    struct efivar var;

    CHECK_EQ(efivar_read(at(event)->data, &var, NULL), 0);
    return var.value;
}

void
scene_value(size_t event, const char *name, struct bytes value)
{
    struct bytes old = at(event)->data;
    uint8_t wide[256];
    size_t cap = old.len + value.len + sizeof(wide);
    struct wr wr = wr_init(check_keep(malloc(cap)), cap);
    struct efivar var;

    CHECK_EQ(efivar_read(old, &var, NULL), 0);
    if (name) {
        var.name = bytes_of(wide, widen(name, wide));
    }
    wr_bytes(&wr, var.guid);
    wr_le64(&wr, var.name.len / 2);
    wr_le64(&wr, value.len);
    wr_bytes(&wr, var.name);
    wr_bytes(&wr, value);
    CHECK(wr_done(&wr).p);
    scene_data(event, wr_done(&wr));
}

void
scene_grub(size_t event, const char *prefix, const char *text)
{
    size_t cap = strlen(prefix) + strlen(text) + 1;
    char *data = check_keep(malloc(cap));

    CHECK(data);
    snprintf(data, cap, "%s%s", prefix, text);
    at(event)->data = bytes_of(data, cap); /* GRUB logs the NUL and does not measure it */
    scene_measure(event, bytes_str(text));
}

static void
insert(const struct scene_event *event, size_t before)
{
    struct scene_event copy = *event;

    CHECK(before > 0 && before <= scene.n && scene.n < ARRAY_LEN(scene.events));
    memmove(&scene.events[before + 1], &scene.events[before],
            (scene.n - before) * sizeof(scene.events[0]));
    scene.events[before] = copy;
    scene.n++;
}

void
scene_put(size_t before, uint32_t pcr, uint32_t type, struct bytes content, struct bytes data)
{
    struct scene_event event = {.pcr = pcr, .type = type, .data = data};

    insert(&event, before);
    scene_measure(before, content);
}

void
scene_copy(size_t event, size_t before)
{
    insert(at(event), before);
}

void
scene_cut(size_t event)
{
    struct scene_event *gone = at(event);

    scene.n--;
    memmove(gone, gone + 1, (scene.n - event) * sizeof(*gone));
}

static const char *
digest_text(const uint8_t *digest)
{
    char hex[65];

    return scene_format("sha256:%s", hex_write(hex, bytes_of(digest, 32)));
}

const char *
scene_digest(size_t event)
{
    for (size_t i = 0; i < scene.n_banks; i++) {
        if (scene.banks[i].hash == HASH_SHA256) {
            return digest_text(at(event)->digest[i]);
        }
    }
    check_fail(__FILE__, __LINE__, "the log has no SHA-256");
}

const char *
scene_digests(enum slot slot)
{
    const struct learn_rig_boot *boot = read_log();
    const char *all = "";

    for (size_t i = 0; i < boot->map.n; i++) {
        if (boot->map.events[i].slot == slot && !(boot->map.events[i].flags & SLOT_ECHO)) {
            all = scene_format("%s%s ", all, scene_digest(i));
        }
    }
    CHECK(all[0] != '\0');
    return all;
}

void
scene_laptop(void)
{
    scene_start("evlog/keylime-mb.bin");
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    scene_learn();
    scene_says("as it was accepted", "", TIER_AFFIRMING);
    scene_enrol();
}

/* ---- the runner ---- */

int
scene_run(const struct scenario *all, size_t n, int argc, char **argv)
{
    unsigned long number = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    for (size_t i = 0; i < n; i++) {
        size_t n_cases = 0;

        if (all[i].number != number) {
            continue;
        }
        while (n_cases < ARRAY_LEN(all[i].cases) && all[i].cases[n_cases].run) {
            n_cases++;
        }
        printf("# scenario %u: %s\n", all[i].number, all[i].shows);
        return check_run(all[i].cases, n_cases);
    }
    fprintf(stderr, "usage: %s NUMBER\n", argc > 0 ? argv[0] : "scenario");
    return 2;
}
