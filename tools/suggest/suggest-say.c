#include "suggest/suggest-say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/text.h"
#include "rejudge/rejudge-json.h"
#include "rejudge/rejudge-say.h"
#include "suggest/suggest-text.h"
#include "when.h"

enum { GROUP_ROOM = 256 * 1024, IDS_SHOWN = 8, IDS_TOLD = 100, OTHERS_MAX = 1000, WORD_ROOM = 512 };

static const char *const kinds[] = {"release", "staged", "set"};

static const struct suggest_seen *
seen_of(const struct suggest *suggest, size_t value)
{
    return &suggest->seen[suggest->values[value].first];
}

static const struct bundle_rule *
rule_of(const struct suggest *suggest, const struct suggest_seen *seen)
{
    return &rulebook_bundle(suggest->book)->rules[seen->rule];
}

static const char *
digest_text(const struct suggest_seen *seen, char room[2 * HASH_SIZE_MAX + 1])
{
    return hex_write(room, bytes_of(seen->digest, seen->len));
}

/* ---- for people ---- */

static void
put_word(FILE *out, struct bytes word)
{
    char room[WORD_ROOM];

    fputs(text_printable(room, sizeof(room), word), out);
}

static void
put_value(FILE *out, const struct suggest *suggest, const struct suggest_seen *seen)
{
    const struct bundle_rule *rule = rule_of(suggest, seen);
    char digits[2 * HASH_SIZE_MAX + 1];

    fputs("  slot ", out);
    put_word(out, rule->slot);
    fputs("  rule ", out);
    put_word(out, rule->id);
    fputs("  @", out);
    put_word(out, suggest_set(suggest, seen->set)->name);
    fprintf(out, "\n             %s", digest_text(seen, digits));
    if (seen->label[0] != '\0') {
        fputs("  label ", out);
        put_word(out, bytes_str(seen->label));
        fputs(" (unverified)", out);
    }
    fputc('\n', out);
}

static int64_t
since_of(const struct suggest *suggest, const struct suggest_group *group)
{
    int64_t since_ms = INT64_MAX;

    for (size_t i = 0; i < group->n_values; i++) {
        int64_t one_ms = suggest->values[group->values[i]].since_ms;

        since_ms = one_ms < since_ms ? one_ms : since_ms;
    }
    return since_ms;
}

static void
put_devices(FILE *out, const struct suggest *suggest, const struct suggest_group *group)
{
    size_t n = 0;
    const uint32_t *devices = suggest_group_devices(suggest, group, &n);
    char when[WHEN_ROOM];
    char id[REJUDGE_ID_ROOM];

    fprintf(out, "  shown by   %zu devices at %zu sites since %s:", n,
            suggest->values[group->values[0]].n_sites, when_utc(when, since_of(suggest, group)));
    for (size_t i = 0; i < n && i < IDS_SHOWN; i++) {
        fprintf(out, " %s", rejudge_say_id(suggest->devices[devices[i]].id, id));
    }
    fputs(n > IDS_SHOWN ? " ...\n" : "\n", out);
}

static void
put_dry(FILE *out, const struct suggest_group *group, const struct suggest_dry *dry)
{
    if (group->kind == SUGGEST_SET) {
        fputs("  changes    not tried: `assay policy test` says it of the text that you write\n",
              out);
        return;
    }
    if (!dry->made) {
        fputs("  changes    not tried: no bundle can be made of it\n", out);
        return;
    }
    fprintf(out,
            "  changes    if it is promoted: %" PRIu64 " devices get better, %" PRIu64
            " worse, %" PRIu64 " would lose their token\n",
            dry->better, dry->worse, dry->fails);
    if (dry->still > 0) {
        fprintf(out, "  still      %" PRIu64 " of these devices would get none", dry->still);
        if (dry->code != REASON_NONE) {
            fprintf(out, ": %d %s  rule ", (int)dry->code, reason_name(dry->code));
            put_word(out, bytes_str(dry->rule));
        }
        fputc('\n', out);
    }
}

/* A release that one of its devices could not start is none. */
static bool
makes_release(const struct suggest *suggest, const struct suggest_group *group)
{
    char *text = NULL;
    int r = suggest_text(suggest, group, BUNDLE_STAGED, &text);

    free(text);
    return r != -EINVAL;
}

static void
put_stage(FILE *out, const struct suggest *suggest, const struct suggest_group *group,
          const char *name)
{
    if (!makes_release(suggest, group)) {
        fputs("  no stage   one of the devices has in the same place what no other has: see to it "
              "first\n",
              out);
        return;
    }
    fputs("  stage      assay golden suggest ", out);
    if (suggest->need != SUGGEST_DEVICES || suggest->need_sites != SUGGEST_SITES) {
        fprintf(out, "--devices %" PRIu32 " --sites %" PRIu32 " ", suggest->need,
                suggest->need_sites);
    }
    fprintf(out,
            "--text %s >> FILE; it is staged, and counts when a\n"
            "             person promotes it: assay golden promote FILE %s\n",
            group->id, name);
}

/* What a person can do: take it for all, for one device, or for none. */
static void
put_buttons(FILE *out, const struct suggest *suggest, const struct suggest_group *group)
{
    const struct suggest_seen *seen = seen_of(suggest, group->values[0]);
    const struct bundle_rule *rule = rule_of(suggest, seen);
    char name[SUGGEST_NAME_ROOM];
    char id[REJUDGE_ID_ROOM];
    size_t n = 0;
    uint32_t first = suggest_group_devices(suggest, group, &n)[0];

    suggest_text_name(suggest, group, name);
    if (group->kind == SUGGEST_RELEASE) {
        put_stage(out, suggest, group, name);
    } else if (group->kind == SUGGEST_STAGED) {
        fprintf(out, "  promote    assay golden promote FILE %s\n", name);
    } else {
        fputs("  write      the digests into the set of your policy text: it has no states\n", out);
    }
    rejudge_say_id(suggest->devices[first].id, id);
    fprintf(out, "  or pin     ");
    if (rule->or_pin > 0) {
        fprintf(out, "for one device: assay device accept %s %.*s\n", id, (int)rule->slot.len,
                (const char *)rule->slot.p);
    } else {
        fprintf(out, "not by this rule: with `or-pin N` in it `assay device accept` would\n");
    }
    fprintf(out,
            "  or refuse  nothing to do; assay device quarantine %s --why TEXT where it is an "
            "incident\n",
            id);
}

static void
put_group(FILE *out, const struct suggest *suggest, const struct suggest_group *group,
          const struct suggest_dry *dry)
{
    char name[SUGGEST_NAME_ROOM];

    fprintf(out, "suggestion %s  class %s  %s\n", group->id, suggest->classes[group->of_class],
            group->kind == SUGGEST_SET ? "no release" : suggest_text_name(suggest, group, name));
    fputs("  admits   ", out);
    for (size_t i = 0; i < group->n_values; i++) {
        put_value(out, suggest, seen_of(suggest, group->values[i]));
        fputs(i + 1 < group->n_values ? "           " : "", out);
    }
    put_devices(out, suggest, group);
    put_dry(out, group, dry);
    put_buttons(out, suggest, group);
    fputc('\n', out);
}

static void
put_other(FILE *out, const struct suggest *suggest, const struct suggest_value *value)
{
    const struct suggest_seen *seen = &suggest->seen[value->first];

    fprintf(out, "not suggested  class %s\n           ", suggest->classes[seen->of_class]);
    put_value(out, suggest, seen);
    if (value->n_devices < suggest->need) {
        fprintf(out, "  too few    %zu devices count, %" PRIu32 " are needed\n", value->n_devices,
                suggest->need);
    } else if (value->n_sites < suggest->need_sites) {
        fprintf(out, "  one place  %zu sites, %" PRIu32 " are needed (assay group add --site)\n",
                value->n_sites, suggest->need_sites);
    }
    for (size_t bar = SUGGEST_COUNTS + 1; bar < SUGGEST_BAR_N; bar++) {
        if (value->bars[bar] > 0) {
            fprintf(out, "  not        %" PRIu64 " devices: %s\n", value->bars[bar],
                    suggest_bar_text((enum suggest_bar)bar));
        }
    }
}

/* Values that nobody suggests: unknown ones that not enough devices show. */
static bool
is_other(const struct suggest *suggest, const struct suggest_value *value)
{
    return !value->taken && !suggest->seen[value->first].known;
}

static size_t
count_others(const struct suggest *suggest)
{
    size_t n = 0;

    for (size_t i = 0; i < suggest->n_values; i++) {
        n += is_other(suggest, &suggest->values[i]);
    }
    return n;
}

static void
say_text(const struct suggest_say *say, const struct suggest *suggest,
         const struct suggest_dry *dries)
{
    size_t n = count_others(suggest);
    size_t said = 0;

    for (size_t i = 0; i < suggest->n_groups; i++) {
        put_group(say->out, suggest, &suggest->groups[i], &dries[i]);
    }
    for (size_t i = 0; say->all && i < suggest->n_values && said < OTHERS_MAX; i++) {
        if (is_other(suggest, &suggest->values[i])) {
            put_other(say->out, suggest, &suggest->values[i]);
            said++;
        }
    }
    fprintf(say->out, "%zu suggestions, nothing is changed by them; %zu unknown values without%s\n",
            suggest->n_groups, n, n > 0 && !say->all ? " (--all says why)" : "");
    if (suggest->full) {
        fputs("there is more than is counted: see to these first\n", say->out);
    }
}

/* ---- JSON ---- */

static void
value_json(struct json_wr *j, const struct suggest *suggest, const struct suggest_seen *seen)
{
    const struct bundle_rule *rule = rule_of(suggest, seen);
    char digits[2 * HASH_SIZE_MAX + 1];

    rejudge_json_text(j, "slot", rule->slot);
    rejudge_json_text(j, "rule", rule->id);
    rejudge_json_text(j, "set", suggest_set(suggest, seen->set)->name);
    rejudge_json_text(j, "digest", bytes_str(digest_text(seen, digits)));
    rejudge_json_text(j, "label", bytes_str(seen->label));
}

static void
devices_json(struct json_wr *j, const struct suggest *suggest, const struct suggest_group *group)
{
    size_t n = 0;
    const uint32_t *devices = suggest_group_devices(suggest, group, &n);
    char id[2 * WIRE_UEID_SIZE + 1];

    rejudge_json_number(j, "n_devices", n);
    rejudge_json_number(j, "n_sites", suggest->values[group->values[0]].n_sites);
    json_wr_key(j, "devices");
    json_wr_array(j);
    for (size_t i = 0; i < n && i < IDS_TOLD; i++) {
        json_wr_str(j, hex_write(id, BYTES_OF(suggest->devices[devices[i]].id)));
    }
    json_wr_end_array(j);
    json_wr_key(j, "since_ms");
    json_wr_int(j, since_of(suggest, group));
}

static void
dry_json(struct json_wr *j, const struct suggest_dry *dry)
{
    json_wr_key(j, "dry_run");
    if (!dry->made) {
        json_wr_null(j);
        return;
    }
    json_wr_object(j);
    rejudge_json_number(j, "better", dry->better);
    rejudge_json_number(j, "worse", dry->worse);
    rejudge_json_number(j, "fails", dry->fails);
    rejudge_json_number(j, "still", dry->still);
    rejudge_json_number(j, "code", dry->code);
    rejudge_json_text(j, "rule", bytes_str(dry->rule));
    json_wr_end_object(j);
}

static void
group_json(struct json_wr *j, const struct suggest *suggest, const struct suggest_group *group,
           const struct suggest_dry *dry)
{
    char name[SUGGEST_NAME_ROOM];
    char *text = NULL;

    json_wr_object(j);
    rejudge_json_text(j, "id", bytes_str(group->id));
    rejudge_json_text(j, "class", bytes_str(suggest->classes[group->of_class]));
    rejudge_json_text(j, "kind", bytes_str(kinds[group->kind]));
    rejudge_json_text(j, "release", bytes_str(suggest_text_name(suggest, group, name)));
    json_wr_key(j, "values");
    json_wr_array(j);
    for (size_t i = 0; i < group->n_values; i++) {
        json_wr_object(j);
        value_json(j, suggest, seen_of(suggest, group->values[i]));
        json_wr_end_object(j);
    }
    json_wr_end_array(j);
    devices_json(j, suggest, group);
    dry_json(j, dry);
    if (suggest_text(suggest, group, BUNDLE_STAGED, &text) != 0) {
        text = NULL;
    }
    rejudge_json_text(j, "text", text ? bytes_str(text) : BYTES_NULL);
    free(text);
    json_wr_end_object(j);
}

static void
other_json(struct json_wr *j, const struct suggest *suggest, const struct suggest_value *value)
{
    const struct suggest_seen *seen = &suggest->seen[value->first];

    json_wr_object(j);
    rejudge_json_text(j, "class", bytes_str(suggest->classes[seen->of_class]));
    value_json(j, suggest, seen);
    rejudge_json_number(j, "n_devices", value->n_devices);
    rejudge_json_number(j, "n_sites", value->n_sites);
    json_wr_key(j, "not");
    json_wr_object(j);
    for (size_t bar = SUGGEST_COUNTS + 1; bar < SUGGEST_BAR_N; bar++) {
        if (value->bars[bar] > 0) {
            rejudge_json_number(j, suggest_bar_name((enum suggest_bar)bar), value->bars[bar]);
        }
    }
    json_wr_end_object(j);
    json_wr_end_object(j);
}

static void
say_json(const struct suggest_say *say, const struct suggest *suggest,
         const struct suggest_dry *dries)
{
    static uint8_t room[GROUP_ROOM];
    const char *before = "";
    size_t said = 0;
    struct json_wr j;

    fprintf(say->out, "{\"suggestions\":[");
    for (size_t i = 0; i < suggest->n_groups; i++) {
        j = json_wr_init(room, sizeof(room));
        group_json(&j, suggest, &suggest->groups[i], &dries[i]);
        rejudge_json_put(say->out, i > 0 ? "," : "", &j);
    }
    fprintf(say->out, "],\"others\":[");
    for (size_t i = 0; say->all && i < suggest->n_values && said < OTHERS_MAX; i++) {
        if (is_other(suggest, &suggest->values[i])) {
            j = json_wr_init(room, sizeof(room));
            other_json(&j, suggest, &suggest->values[i]);
            rejudge_json_put(say->out, before, &j);
            before = ",";
            said++;
        }
    }
    fprintf(say->out, "],\"counts\":{\"suggestions\":%zu,\"others\":%zu,\"complete\":%s}}\n",
            suggest->n_groups, count_others(suggest), suggest->full ? "false" : "true");
}

void
suggest_say(const struct suggest_say *say, const struct suggest *suggest,
            const struct suggest_dry *dries)
{
    (say->json ? say_json : say_text)(say, suggest, dries);
}
