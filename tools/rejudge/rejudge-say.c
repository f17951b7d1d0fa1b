#include "rejudge/rejudge-say.h"

#include <inttypes.h>

#include "base/hex.h"
#include "base/json-wr.h"
#include "base/text.h"

enum { MEMBER_ROOM = 8192 + LIMIT_POLICY_RULES * (REJUDGE_CAUSE_ROOM + 3), ID_SHOWN = 8 };
enum { TEXT_ROOM = 512, COUNTS_ROOM = 4096 };

static const char *const changes[] = {"same", "better", "worse"};

const char *
rejudge_say_id(const uint8_t id[WIRE_UEID_SIZE], char room[REJUDGE_ID_ROOM])
{
    return hex_write(room, bytes_of(id + 1, ID_SHOWN / 2));
}

void
rejudge_say_begin(struct rejudge_say *say)
{
    if (say->json) {
        fprintf(say->out, "{\"devices\":[");
    }
}

static void
text(struct json_wr *j, const char *key, const char *value)
{
    json_wr_key(j, key);
    if (value[0] != '\0') {
        json_wr_str(j, value);
    } else {
        json_wr_null(j);
    }
}

static void
place(struct json_wr *j, const char *key, uint32_t value)
{
    json_wr_key(j, key);
    if (value == FAULT_NO_EVENT) {
        json_wr_null(j);
    } else {
        json_wr_int(j, value);
    }
}

static void
say_side(struct json_wr *j, const char *key, const struct rejudge_opinion *opinion)
{
    json_wr_key(j, key);
    json_wr_object(j);
    text(j, "tier", tier_name(opinion->tier));
    json_wr_key(j, "token");
    json_wr_bool(j, opinion->token);
    text(j, "policy", opinion->policy);
    json_wr_key(j, "code");
    json_wr_int(j, opinion->code);
    text(j, "name", opinion->code == REASON_NONE ? "" : reason_name(opinion->code));
    text(j, "rule", opinion->rule);
    place(j, "event", opinion->event);
    place(j, "pcr", opinion->pcr);
    text(j, "seen", opinion->seen);
    text(j, "expected", opinion->expected);
    json_wr_end_object(j);
}

/* Each name that --acknowledge takes. */
static void
say_causes(struct json_wr *j, const struct rejudge_say *say, const struct rejudge_causes *causes)
{
    char name[REJUDGE_CAUSE_ROOM];
    size_t at = 0;

    json_wr_key(j, "causes");
    json_wr_array(j);
    while (rejudge_causes_next(causes, say->book, &at, name)) {
        json_wr_str(j, name);
    }
    json_wr_end_array(j);
}

static void
say_json(struct rejudge_say *say, const struct store_device *device,
         const struct rejudge_result *result)
{
    static uint8_t room[MEMBER_ROOM];
    struct json_wr j = json_wr_init(room, sizeof(room));
    char id[2 * WIRE_UEID_SIZE + 1];
    struct bytes done;
    bool judged = result->why == REJUDGE_JUDGED;

    json_wr_object(&j);
    text(&j, "device", hex_write(id, BYTES_OF(device->id)));
    text(&j, "class", device->class_name);
    text(&j, "state", device_state_name(device->state));
    text(&j, "change", judged ? changes[result->change] : "not-judged");
    text(&j, "why", judged ? "" : rejudge_why_name(result->why));
    json_wr_key(&j, "fails");
    json_wr_bool(&j, result->fails);
    if (judged) {
        say_side(&j, "old", &result->sides[REJUDGE_OLD]);
        say_side(&j, "new", &result->sides[REJUDGE_NEW]);
        say_causes(&j, say, &result->sides[REJUDGE_NEW].causes);
    }
    json_wr_end_object(&j);
    done = json_wr_done(&j);
    fprintf(say->out, "%s%.*s", say->n > 0 ? "," : "", (int)done.len, (const char *)done.p);
}

static void
print_text(FILE *out, const char *name, const char *value)
{
    char room[TEXT_ROOM];

    if (value[0] != '\0') {
        fprintf(out, "          %-9s %s\n", name,
                text_printable(room, sizeof(room), bytes_str(value)));
    }
}

/* What decides: the cause of the worse of both verdicts. */
static void
print_cause(FILE *out, const struct rejudge_result *result)
{
    bool before = result->change == REJUDGE_BETTER;
    const struct rejudge_opinion *from = &result->sides[before ? REJUDGE_OLD : REJUDGE_NEW];
    char room[TEXT_ROOM];

    if (from->code == REASON_NONE) {
        return;
    }
    fprintf(out, "          %-9s %d %s", before ? "before" : "because", (int)from->code,
            reason_name(from->code));
    if (from->rule[0] != '\0') {
        fprintf(out, "  rule %s", text_printable(room, sizeof(room), bytes_str(from->rule)));
    }
    if (from->event != FAULT_NO_EVENT) {
        fprintf(out, "  event %" PRIu32, from->event);
    }
    if (from->pcr != FAULT_NO_EVENT) {
        fprintf(out, "  PCR %" PRIu32, from->pcr);
    }
    fputc('\n', out);
    print_text(out, "seen", from->seen);
    print_text(out, "expected", from->expected);
}

/* All of them, as --acknowledge takes them. */
static void
print_causes(const struct rejudge_say *say, const struct rejudge_causes *causes)
{
    char name[REJUDGE_CAUSE_ROOM];
    size_t at = 0;
    bool any = false;

    while (rejudge_causes_next(causes, say->book, &at, name)) {
        fprintf(say->out, any ? ",%s" : "          by        %s", name);
        any = true;
    }
    if (any) {
        fputs(causes->more ? ", and others\n" : "\n", say->out);
    }
}

static void
say_text(struct rejudge_say *say, const struct store_device *device,
         const struct rejudge_result *result)
{
    char id[2 * WIRE_UEID_SIZE + 1];
    char room[TEXT_ROOM];

    if (say->fails_only && !result->fails) {
        return;
    }
    fprintf(say->out, "%s  %-12s ", rejudge_say_id(device->id, id),
            text_printable(room, sizeof(room), bytes_str(device->class_name)));
    if (result->why != REJUDGE_JUDGED) {
        fprintf(say->out, "not judged: %s\n", rejudge_why_text(result->why));
        return;
    }
    fprintf(say->out, "%s -> %s%s\n", tier_name(result->sides[REJUDGE_OLD].tier),
            tier_name(result->sides[REJUDGE_NEW].tier),
            result->fails                      ? ", no token any more"
            : result->sides[REJUDGE_NEW].token ? ""
                                               : ", no token");
    print_cause(say->out, result);
    if (result->fails) {
        print_causes(say, &result->sides[REJUDGE_NEW].causes);
    }
}

void
rejudge_say_member(struct rejudge_say *say, const struct store_device *device,
                   const struct rejudge_result *result)
{
    if (result->why == REJUDGE_JUDGED && result->change == REJUDGE_SAME) {
        return;
    }
    (say->json ? say_json : say_text)(say, device, result);
    say->n++;
}

static void
end_json(const struct rejudge_say *say, const struct rejudge_tally *tally)
{
    uint8_t room[COUNTS_ROOM];
    struct json_wr j = json_wr_init(room, sizeof(room));
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"members", tally->members}, {"judged", tally->judged},
        {"shared", tally->shared},   {"same", tally->same},
        {"better", tally->better},   {"worse", tally->worse},
        {"fails", tally->fails},     {"not_judged", rejudge_not_judged(tally)},
    };
    struct bytes done;

    json_wr_object(&j);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_wr_key(&j, counts[i].key);
        json_wr_int(&j, (int64_t)counts[i].value);
    }
    json_wr_key(&j, "why");
    json_wr_object(&j);
    for (size_t why = REJUDGE_JUDGED + 1; why < REJUDGE_WHY_N; why++) {
        json_wr_key(&j, rejudge_why_name((enum rejudge_why)why));
        json_wr_int(&j, (int64_t)tally->others[why]);
    }
    json_wr_end_object(&j);
    json_wr_end_object(&j);
    done = json_wr_done(&j);
    fprintf(say->out, "],\"counts\":%.*s}\n", (int)done.len, (const char *)done.p);
}

void
rejudge_say_others(FILE *out, const struct rejudge_tally *tally)
{
    for (size_t why = REJUDGE_JUDGED + 1; why < REJUDGE_WHY_N; why++) {
        if (tally->others[why] > 0) {
            fprintf(out, "  %" PRIu64 " not judged: %s\n", tally->others[why],
                    rejudge_why_text((enum rejudge_why)why));
        }
    }
}

void
rejudge_say_end(struct rejudge_say *say, const struct rejudge_tally *tally)
{
    if (say->json) {
        end_json(say, tally);
        return;
    }
    fprintf(say->out,
            "%" PRIu64 " members: %" PRIu64 " same, %" PRIu64 " better, %" PRIu64 " worse, %" PRIu64
            " not judged; %" PRIu64 " would get no token any more\n",
            tally->members, tally->same, tally->better, tally->worse, rejudge_not_judged(tally),
            tally->fails);
    rejudge_say_others(say->out, tally);
}
