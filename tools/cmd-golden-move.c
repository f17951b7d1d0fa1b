/* assay golden stage, promote, retire, revoke: one release of a policy text into another state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "cmd-policy.h"
#include "flags.h"
#include "policy/policy-move.h"
#include "rejudge/rejudge-gate.h"

struct moving {
    const char *path;
    struct bytes source;
    struct policy_move move;
    struct policy_moved moved;
    bool json, dry;
    struct rejudge_gate gate; /* of `promote`, where a store is named */
    const char *share;
};

/* The lines that differ, between those that both begin and end with. */
struct range {
    size_t first, end;
};

static void
differ(struct bytes a, struct bytes b, struct range *ret_a, struct range *ret_b)
{
    size_t first = 0;
    size_t tail = 0;

    for (size_t i = 0; i < a.len && i < b.len && a.p[i] == b.p[i]; i++) {
        first = a.p[i] == '\n' ? i + 1 : first;
    }
    for (size_t k = 0; k < a.len - first && k < b.len - first; k++) {
        if (a.p[a.len - k - 1] == '\n') {
            tail = k;
        }
        if (a.p[a.len - k - 1] != b.p[b.len - k - 1]) {
            break;
        }
    }
    if (a.len < b.len && memcmp(a.p + first, b.p + b.len - (a.len - first), a.len - first) == 0) {
        tail = a.len - first; /* whole lines are new */
    }
    *ret_a = (struct range){first, a.len - tail};
    *ret_b = (struct range){first, b.len - tail};
}

static void
print_lines(char sign, struct bytes text, struct range range)
{
    size_t at = range.first;

    while (at < range.end) {
        const uint8_t *line = text.p + at;
        const uint8_t *end = memchr(line, '\n', range.end - at);
        size_t len = end ? (size_t)(end - line) : range.end - at;

        printf("%c %.*s\n", sign, (int)len, (const char *)line); /* it compiled: printable */
        at += len + 1;
    }
}

static void
print_change(const struct moving *m)
{
    struct range was;
    struct range is;
    unsigned line = 1;

    differ(m->source, m->moved.text, &was, &is);
    for (size_t i = 0; i < was.first; i++) {
        line += m->source.p[i] == '\n';
    }
    printf("%s:%u:\n", m->path, line);
    print_lines('-', m->source, was);
    print_lines('+', m->moved.text, is);
}

/* Days that make the state another one than the word says. */
static void
warn_days(const struct moving *m)
{
    uint64_t now_s = (uint64_t)(clock_utc_ms() / 1000);
    bool in_force = m->move.state == BUNDLE_ACTIVE || m->move.state == BUNDLE_RETIRING;

    if (in_force && m->moved.retire_s > 0 && m->moved.retire_s <= now_s) {
        fprintf(stderr, "assay: its `retire` day has passed: it stays retired\n");
    } else if (in_force && m->moved.active_s > now_s) {
        fprintf(stderr, "assay: its `active` day is still to come: it is staged until then\n");
    }
}

static int
write_text(const struct moving *m)
{
    struct stat info = {.st_mode = 0644};
    int r;

    if (stat(m->path, &info) != 0) {
        info.st_mode = 0644;
    }
    r = file_replace(m->path, info.st_mode & 0777, m->moved.text);
    if (r < 0) {
        fprintf(stderr, "assay: cannot write %s: %s\n", m->path, strerror(-r));
    }
    return r;
}

static bool
names_store(const struct moving *m)
{
    return m->gate.place.store || m->gate.place.conf;
}

/* Whether the text may take force: nothing is written before. */
static int
try_text(struct moving *m)
{
    if (!names_store(m)) {
        return 0;
    }
    m->gate.text = m->moved.text;
    m->gate.path = m->path;
    return rejudge_gate_run(&m->gate);
}

static int
finish(const struct moving *m)
{
    bool changed = !bytes_equal(m->source, m->moved.text);
    const char *was = bundle_state_name(m->moved.was);
    const char *is = bundle_state_name(m->move.state);

    if (changed && !m->dry && write_text(m) < 0) {
        return CMD_NO;
    }
    warn_days(m);
    if (m->json) {
        return cmd_print_json(json_pack("{s:s, s:s, s:s, s:b}", "release", m->move.release, "was",
                                        was, "is", is, "changed", (int)changed)) == 0
                   ? CMD_YES
                   : CMD_NO;
    }
    if (!changed) {
        printf("%s is %s already\n", m->move.release, is);
        return CMD_YES;
    }
    print_change(m);
    printf("%s: %s, was %s%s\n", m->move.release, is, was, m->dry ? " (nothing was written)" : "");
    return CMD_YES;
}

static void
print_sayings(const struct policy_say *say, const char *path)
{
    for (size_t i = 0; i < say->n; i++) {
        fprintf(stderr, "%s:%u:%u: %s%s\n", path, say->items[i].line, say->items[i].column,
                say->items[i].note ? "note: " : "", say->items[i].text);
    }
    if (say->n == SAY_MAX) {
        fprintf(stderr, "%s: there may be more\n", path);
    }
}

static int
run_move(struct moving *m)
{
    struct policy_say say = {0};
    int code = CMD_NO;
    int r;

    if (cmd_read_file(m->path, POLICY_TEXT_MAX, &m->source) != 0) {
        return CMD_NO;
    }
    r = policy_move(m->source, &m->move, &say, &m->moved);
    if (r < 0) {
        fprintf(stderr, "assay: %s: %s\n", m->path, strerror(-r));
    } else if (r > 0) {
        print_sayings(&say, m->path);
    } else if (try_text(m) == 0) {
        code = finish(m);
    }
    free((void *)(uintptr_t)m->source.p);
    free((void *)(uintptr_t)m->moved.text.p);
    return code;
}

/* `retire` alone has a day, or the word that it is today's. */
static int
retire_words(const struct cmd *self, struct moving *m, bool now)
{
    uint64_t until_s;

    if (now == (m->move.until != NULL)) {
        return cmd_usage(self, "--until DATE or --now is needed");
    }
    if (m->move.until && !policy_date(bytes_str(m->move.until), &until_s)) {
        return cmd_usage(self, "a day is written 2026-11-27");
    }
    m->move.state = now ? BUNDLE_RETIRED : BUNDLE_RETIRING;
    return 0;
}

/* What only `promote` takes; NULL or what is wrong with it. */
static const char *
gate_problem(struct moving *m)
{
    size_t digits = m->share ? strspn(m->share, "0123456789") : 0;

    if ((m->share || m->gate.acknowledged) && !names_store(m)) {
        return "--share and --acknowledge are of the store that --store or --conf names";
    }
    if (m->share) {
        if (digits == 0 || digits > 2 || m->share[digits] != '\0') {
            return "--share takes percents from 0 to 99";
        }
        m->gate.share = (uint32_t)strtoul(m->share, NULL, 10);
    }
    return rejudge_place_problem(&m->gate.place);
}

static int
run(const struct cmd *self, int argc, char **argv)
{
    struct moving m = {.json = false};
    struct flag_words words = {0};
    bool retires = self == &cmd_golden_retire;
    bool now = false;
    const char *problem;
    const struct flag flags[] = {{.name = "json", .ret_set = &m.json},
                                 {.name = "dry-run", .ret_set = &m.dry},
                                 {.name = "until", .ret_value = &m.move.until},
                                 {.name = "now", .ret_set = &now}};
    const struct flag of_promote[] = {{.name = "json", .ret_set = &m.json},
                                      {.name = "dry-run", .ret_set = &m.dry},
                                      {.name = "acknowledge", .ret_value = &m.gate.acknowledged},
                                      {.name = "share", .ret_value = &m.share},
                                      REJUDGE_PLACE_FLAGS(&m.gate.place)};
    int r = self == &cmd_golden_promote
                ? flags_read(self, argc, argv, of_promote, ARRAY_LEN(of_promote), &words)
                : flags_read(self, argc, argv, flags, retires ? 4 : 2, &words);

    if (r != 0) {
        return r;
    }
    problem = gate_problem(&m);
    if (problem) {
        return cmd_usage(self, problem);
    }
    if (words.n != 2 || strcmp(words.words[0], "-") == 0) {
        return cmd_usage(self, "a file and a release are wanted");
    }
    m.path = words.words[0];
    m.move.release = words.words[1];
    m.move.state = self == &cmd_golden_stage    ? BUNDLE_STAGED
                   : self == &cmd_golden_revoke ? BUNDLE_REVOKED
                                                : BUNDLE_ACTIVE;
    r = retires ? retire_words(self, &m, now) : 0;
    return r != 0 ? r : run_move(&m);
}

#define MOVE_HELP                                                                                 \
    "RELEASE is COMPONENT/NAME/VERSION as the text has it. Only its state changes, and\n"         \
    "what changes is printed; comments stay. The text must compile before and after. It counts\n" \
    "once it is compiled, signed and published; the audit log then names the release.\n"          \
    "  --dry-run  print what would change\n"                                                      \
    "  --json     the old state and the new one\n\n"

const struct cmd cmd_golden_stage = {
    .name = "golden stage",
    .args = "FILE RELEASE [--dry-run] [--json]",
    .summary = "let a release of a policy text wait",
    .help = "What a staged release holds is known and not accepted: refused with a code of its\n"
            "own, or only warned of where its rule says so. A release that says no state is\n"
            "active, so one that was just written or learnt is staged before it is "
            "published.\n\n" MOVE_HELP "Example:\n"
            "  $ assay golden stage site.policy os/debian-12-corp/2026.11.1\n"
            "  site.policy:40:\n"
            "  +   state staged\n"
            "  os/debian-12-corp/2026.11.1: staged, was active\n\n"
            "Exit status: 0 it is staged in the text, 1 refused, 2 usage.\n",
    .run = run,
};

const struct cmd cmd_golden_promote = {
    .name = "golden promote",
    .args = "FILE RELEASE [--dry-run] [--json]\n"
            "       [--store FILE | --conf FILE [--acknowledge NAME,...] [--share PERCENT]]",
    .summary = "let a release of a policy text be active",
    .help =
        "From staged, or back from retiring and retired; one that was revoked stays so.\n\n"
        "Where a store is named the whole text is tried on the evidence that it keeps, against\n"
        "the bundle in it: a rule that would newly refuse a device stands against it, as does a\n"
        "code that no rule says (an age, the token's floor, a class that loses its policy), and\n"
        "nothing is written. `assay policy publish` tries it once more.\n\n" MOVE_HELP
        "  --store, --conf  the store to try it on, or the configuration that names it\n"
        "  --acknowledge    rules, and codes as `code 801`, that may refuse devices; `publish` "
        "takes\n"
        "                   the same words\n"
        "  --share          percent of a policy's devices that each may newly refuse; 0\n\n"
        "Example:\n"
        "  $ assay golden promote site.policy os/debian-12-corp/2026.11.1\n"
        "  site.policy:41:\n"
        "  -   state staged\n"
        "  +   state active\n"
        "  os/debian-12-corp/2026.11.1: active, was staged\n"
        "  $ assay golden promote site.policy os/debian-12-corp/2026.11.1 --store monday.db\n"
        "  assay: rule chain would newly refuse 3 of 12 devices: 421 BOOT_IMAGE_UNKNOWN, as "
        "1f2c88b0\n\n"
        "Exit status: 0 it is active in the text, 1 refused, 2 usage.\n",
    .run = run,
};

const struct cmd cmd_golden_retire = {
    .name = "golden retire",
    .args = "FILE RELEASE --until DATE|--now [--dry-run] [--json]",
    .summary = "let a release of a policy text end",
    .help = "Until DATE (its beginning, UTC) what the release holds passes with a warning beside\n"
            "the new one, then it refuses; --now ends it at once.\n\n" MOVE_HELP "Example:\n"
            "  $ assay golden retire site.policy os/debian-12-corp/2026.10.4 --until 2027-02-28\n"
            "  site.policy:33:\n"
            "  +   state retiring\n"
            "  +   retire 2027-02-28\n"
            "  os/debian-12-corp/2026.10.4: retiring, was active\n\n"
            "Exit status: 0 done in the text, 1 refused, 2 usage.\n",
    .run = run,
};

const struct cmd cmd_golden_revoke = {
    .name = "golden revoke",
    .args = "FILE RELEASE [--dry-run] [--json]",
    .summary = "refuse what a release of a policy text holds",
    .help = "For code that was found to be bad: refused with a code that says so, in any state,\n"
            "and nothing but an editor takes it back.\n\n" MOVE_HELP "Example:\n"
            "  $ assay golden revoke site.policy os/debian-12-corp/2026.10.4\n\n"
            "Exit status: 0 done in the text, 1 refused, 2 usage.\n",
    .run = run,
};
