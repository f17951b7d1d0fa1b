/* assay golden …: what a class takes for good. Learning reads the kept evidence of members that the
 * operator names, shows what it would admit, and only with `confirm` admits it; then the device is
 * judged again when it next attests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "keeper/control.h"

enum { FIRMWARE_PCRS = 8 };

static void
say_ref(struct control *control, const struct store_ref *ref)
{
    char text[2 * HASH_SIZE_MAX + 1];

    json_wr_object(&control->json);
    json_wr_key(&control->json, "pcr");
    json_wr_int(&control->json, ref->pcr);
    json_wr_key(&control->json, "type");
    json_wr_int(&control->json, ref->type);
    json_wr_key(&control->json, "bank");
    json_wr_str(&control->json, hash_name(ref->digest.alg));
    json_wr_key(&control->json, "digest");
    json_wr_str(&control->json, hex_write(text, digest_bytes(&ref->digest)));
    json_wr_key(&control->json, "label");
    json_wr_str(&control->json, ref->label);
    json_wr_end_object(&control->json);
}

struct learning {
    struct control *control;
    const char *class_name;
    bool confirm;
    bool silent; /* a first walk, which only finds out what would be added */
    uint8_t proposal[32];
    int64_t added;
    int64_t known;
    struct known_ref {
        uint32_t pcr;
        struct digest digest;
    } * refs;
    size_t n_refs;
    size_t cap;
};

static bool
on_known(void *context, const struct store_ref *ref)
{
    struct learning *learning = context;

    if (learning->n_refs == learning->cap) {
        size_t cap = learning->cap ? learning->cap * 2 : 256;
        struct known_ref *bigger = realloc(learning->refs, cap * sizeof(*bigger));

        if (!bigger) {
            return false;
        }
        learning->refs = bigger;
        learning->cap = cap;
    }
    learning->refs[learning->n_refs].pcr = ref->pcr;
    learning->refs[learning->n_refs++].digest = ref->digest;
    return true;
}

static bool
is_known(const struct learning *learning, const struct store_ref *ref)
{
    for (size_t i = 0; i < learning->n_refs; i++) {
        const struct known_ref *known = &learning->refs[i];

        if (known->pcr == ref->pcr && known->digest.alg == ref->digest.alg &&
            memcmp(known->digest.b, ref->digest.b, hash_size(ref->digest.alg)) == 0) {
            return true;
        }
    }
    return false;
}

/* A name for all that would be added so far: SHA-256(name before || PCR || bank || digest). What is
 * confirmed is what was shown, whatever a device has brought in between. */
static int
chain(struct learning *learning, const struct store_ref *ref)
{
    uint8_t head[4] = {(uint8_t)ref->pcr, 0, 0, 0};
    uint16_t bank = hash_tpm_id(ref->digest.alg);
    struct bytes parts[] = {BYTES_OF(learning->proposal), BYTES_OF(head),
                            digest_bytes(&ref->digest)};

    head[2] = (uint8_t)(bank >> 8);
    head[3] = (uint8_t)bank;
    return hasher_parts(learning->control->keeper->hasher, HASH_SHA256, parts, ARRAY_LEN(parts),
                        learning->proposal);
}

/* Admits one event, or counts it as known. Returns 0 or a negative errno. */
static int
learn_event(struct learning *learning, const struct event *event, enum hash bank, size_t at)
{
    struct store_ref ref = {.pcr = event->pcr, .type = event->type, .digest = {.alg = bank}};
    int r = 0;

    memcpy(ref.digest.b, event->digest[at].p, hash_size(bank));
    snprintf(ref.label, sizeof(ref.label), "%.*s", (int)event->label.len,
             (const char *)event->label.p);
    if (is_known(learning, &ref)) {
        learning->known++;
        return 0;
    }
    r = chain(learning, &ref);
    if (r == 0 && learning->confirm && !learning->silent) {
        r = store_ref_add(learning->control->keeper->store, learning->class_name, &ref, NULL);
    }
    if (!learning->silent) {
        say_ref(learning->control, &ref);
    }
    learning->added++;
    return r != 0 ? r : on_known(learning, &ref) ? 0 : -ENOMEM;
}

static int
learn_log(struct learning *learning, const struct event_log *log, enum hash bank)
{
    size_t at = event_log_bank(log, bank);
    int r = 0;

    for (size_t i = 0; at < log->n_banks && i < log->n_events && r == 0; i++) {
        const struct event *event = &log->events[i];

        if (event->type != EVENT_NO_ACTION && event->pcr < FIRMWARE_PCRS && event->digest[at].p) {
            r = learn_event(learning, event, bank, at);
        }
    }
    return r;
}

/* The kept log of one member. Returns 0, or CONTROL_NO after an error was written. */
static int
member_log(struct control *control, size_t i, const char *class_name,
           const struct known_events **ret)
{
    struct store_evidence evidence;
    struct store_device device;
    int r = control_device(control, i, &device);

    if (r != 0) {
        return r;
    }
    if (strcmp(device.class_name, class_name) != 0) {
        return control_error(control, "class", "a named device is not a member of this class");
    }
    r = store_evidence_get(control->keeper->store, device.id, &evidence);
    if (r < 0) {
        return control_broke(control, r);
    }
    *ret = r == 0 ? logs_find(control->keeper->logs, evidence.firmware_log) : NULL;
    if (!*ret) {
        return control_error(control, "evidence",
                             "a named device has no genuine evidence here yet: let it attest");
    }
    return 0;
}

/* Whether the last word asks to write: `confirm`, or `confirm=PROPOSAL` for what was shown under
 * that name and nothing else; its digits go to ret_want, empty for the bare word. */
static bool
confirmed(struct control *control, struct bytes *ret_want)
{
    static const char word[] = "confirm";
    size_t len = sizeof(word) - 1;
    size_t n = control->words.n;
    struct bytes last = n > 2 ? control->words.words[n - 1] : BYTES_NULL;

    *ret_want = BYTES_NULL;
    if (last.len < len || memcmp(last.p, word, len) != 0 ||
        (last.len > len && last.p[len] != '=')) {
        return false;
    }
    control->words.n--;
    if (last.len > len) {
        *ret_want = bytes_of(last.p + len + 1, last.len - len - 1);
    }
    return true;
}

static int
learn_members(struct learning *learning, const struct store_class *class_row)
{
    struct control *control = learning->control;

    for (size_t i = 1; i < control->words.n; i++) {
        const struct known_events *known = NULL;
        int r = member_log(control, i, class_row->name, &known);

        if (r == 0) {
            r = learn_log(learning, &known->log, class_row->bank);
        }
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

/* Walks once without writing or saying anything, and compares with what the operator was shown.
 * Returns 0, or CONTROL_NO after an error was written. */
static int
check_proposal(struct learning *learning, const struct store_class *class_row, struct bytes want)
{
    char text[2 * 32 + 1];
    size_t n_refs = learning->n_refs;
    int r;

    learning->silent = true;
    r = learn_members(learning, class_row);
    learning->silent = false;
    if (r < 0) {
        return control_broke(learning->control, r);
    }
    (void)hex_write(text, BYTES_OF(learning->proposal));
    if (r == 0 && want.p && !bytes_equal(want, bytes_str(text))) {
        return control_error(learning->control, "changed",
                             "what would be added is not what was shown: a device has brought "
                             "another boot since; look again");
    }
    learning->n_refs = n_refs;
    learning->added = 0;
    learning->known = 0;
    memset(learning->proposal, 0, sizeof(learning->proposal));
    return r;
}

/* Every member must be there before the first event is said: an error has no half an answer. */
static int
check_members(struct control *control, const struct store_class *class_row)
{
    for (size_t i = 1; i < control->words.n; i++) {
        const struct known_events *known = NULL;
        int r = member_log(control, i, class_row->name, &known);

        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static int
say_learned(struct learning *learning, const struct store_class *class_row)
{
    struct control *control = learning->control;
    struct json_wr *json = &control->json;
    int64_t version = 0;
    int r;

    json_wr_object(json);
    json_wr_key(json, "class");
    json_wr_str(json, class_row->name);
    json_wr_key(json, learning->confirm ? "added_refs" : "would_add");
    json_wr_array(json);
    r = learn_members(learning, class_row);
    json_wr_end_array(json);
    if (r == 0) {
        r = store_ref_version(control->keeper->store, class_row->name, &version);
    }
    if (r != 0) {
        return control_broke(control, r);
    }
    json_wr_key(json, "known");
    json_wr_int(json, learning->known);
    json_wr_key(json, "added");
    json_wr_int(json, learning->confirm ? learning->added : 0);
    json_wr_key(json, "version");
    json_wr_int(json, version);
    control_hex(control, "proposal", BYTES_OF(learning->proposal));
    json_wr_end_object(json);
    return CONTROL_YES;
}

/* The class named by the first word. Returns 0, or CONTROL_NO after an error was written. */
static int
class_of(struct control *control, struct store_class *ret)
{
    char name[STORE_CLASS_MAX];
    int r = control_text(control, 0, name, sizeof(name))
                ? store_class_get(control->keeper->store, name, ret)
                : STORE_NONE;

    if (r == STORE_NONE) {
        return control_error(control, "class", "there is no such class: see `assay class list`");
    }
    return r == 0 ? 0 : control_broke(control, r);
}

int
control_golden_learn(struct control *control)
{
    struct bytes want;
    struct learning learning = {.control = control, .confirm = confirmed(control, &want)};
    struct store_class class_row;
    char text[128];
    int r = class_of(control, &class_row);

    if (r == 0) {
        r = check_members(control, &class_row);
    }
    if (r != 0) {
        return r;
    }
    learning.class_name = class_row.name;
    r = store_ref_each(control->keeper->store, class_row.name, on_known, &learning);
    r = r == 0 ? check_proposal(&learning, &class_row, want) : control_broke(control, r);
    if (r == 0) {
        r = say_learned(&learning, &class_row);
    }
    free(learning.refs);
    if (r == CONTROL_YES && learning.confirm) {
        snprintf(text, sizeof(text), "class %s: %lld events", class_row.name,
                 (long long)learning.added);
        keeper_audit(control->keeper, "learned", NULL, control->actor, text);
    }
    return r;
}

static bool
on_ref(void *context, const struct store_ref *ref)
{
    say_ref(context, ref);
    return true;
}

int
control_golden_show(struct control *control)
{
    struct store_class class_row;
    int64_t version = 0;
    int r = class_of(control, &class_row);

    if (r != 0) {
        return r;
    }
    r = store_ref_version(control->keeper->store, class_row.name, &version);
    json_wr_object(&control->json);
    json_wr_key(&control->json, "class");
    json_wr_str(&control->json, class_row.name);
    json_wr_key(&control->json, "version");
    json_wr_int(&control->json, version);
    json_wr_key(&control->json, "refs");
    json_wr_array(&control->json);
    if (r == 0) {
        r = store_ref_each(control->keeper->store, class_row.name, on_ref, control);
    }
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    return r != 0 ? control_broke(control, r) : CONTROL_YES;
}
