#include "explain/explain-advice.h"

#include <stdarg.h>
#include <stdio.h>

#include "advice.h"
#include "ask-args.h"
#include "base/hex.h"
#include "base/name.h"

/* What is done at the device itself, by the reason; texts are of what the device would have to
 * start with. */
static const struct {
    enum reason reason;
    const char *command, *what;
} on_device[] = {
    {REASON_SB_OFF, "", "on the device: switch Secure Boot on in its firmware's setup, restart"},
    {REASON_SB_UNKNOWN, "", "on the device: look at Secure Boot in its firmware's setup, restart"},
    {REASON_SB_SETUP_MODE, "", "on the device: enrol its platform key again, restart"},
    {REASON_DBX_OLD, "fwupdmgr update", "on the device: brings the newest dbx; restart it then"},
    {REASON_DBX_SHRUNK, "fwupdmgr update",
     "on the device: brings the newest dbx; restart it then. `assay device accept` only if you "
     "know "
     "who shortened its list"},
    {REASON_SBAT_OLD, "", "on the device: update shim, whose package raises its SBAT level"},
    {REASON_RELEASE_MIXED, "",
     "on the device: finish its update and restart; it started parts of two releases"},
    {REASON_FW_ROLLBACK, "",
     "on the device: install a newer firmware than the one that it started"},
    {REASON_OS_ROLLBACK, "", "on the device: install a newer release than the one that it started"},
    {REASON_FW_DEBUG, "", "on the device: end the debug mode of its firmware, restart"},
    {REASON_PK_TEST_KEY, "",
     "on the device: update its firmware; its platform key is one that everybody has"},
    {REASON_MOK_VALIDATION_OFF, "",
     "on the device: mokutil --enable-validation, restart; shim starts what nobody signed"},
    {REASON_CMDLINE_MISSING_TOKEN, "",
     "on the device: start the kernel with the word that was missed"},
    {REASON_CMDLINE_DENIED_TOKEN, "", "on the device: start the kernel without the word seen"},
};

struct advising {
    const struct explain_case *c;
    const struct explain_peers *peers;
    char id[ASK_SHORT_ROOM];
    struct explain_advice *ret;
};

/* Whether the rule at fault asks the set: that another rule's knows the value helps nothing here.
 */
static bool
names_set(const struct explain_case *c, uint16_t set)
{
    const struct bundle_rule *rule = explain_case_rule(c, c->cause.rule);
    const struct bundle *bundle = rulebook_bundle(c->bundle.book);

    for (size_t i = 0; i < rule->n_args; i++) {
        const struct bundle_arg *arg = &bundle->args[rule->first_arg + i];

        if (arg->index == set) {
            return true;
        }
    }
    return false;
}

struct explain_known
explain_known(const struct explain_case *c)
{
    struct explain_known known = {.release = NULL};
    const struct rulebook_ref *refs = NULL;
    size_t n = 0;

    if (c->row && c->cause.event && c->cause.rule != EXPLAIN_NO_RULE) {
        n = rulebook_find(c->bundle.book, c->quoted.bank, c->cause.event->digest, &refs);
    }
    for (size_t i = 0; i < n; i++) {
        enum bundle_state state = rulebook_state(c->bundle.book, &refs[i], c->now_s);

        if (refs[i].release != BUNDLE_NONE && names_set(c, refs[i].set) &&
            (!known.release || bundle_state_rank(state) > bundle_state_rank(known.state))) {
            known.release = &rulebook_bundle(c->bundle.book)->releases[refs[i].release];
            known.state = state;
        }
    }
    return known;
}

__attribute__((format(printf, 2, 3))) static void
say(char *room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(room, sizeof(((struct explain_advice *)0)->command), format, args);
    va_end(args);
}

/* Such a word means itself to a shell. */
static bool
is_plain(const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-";

    return path[0] != '\0' && path[0] != '-' && path[strspn(path, plain)] == '\0';
}

/* In quotes, which its own end for a moment; false: it does not fit, or is not printable. */
static bool
quote(const char *path, char *room, size_t cap)
{
    static const char own[] = "'\\'"; /* and the quote itself */
    size_t len = 0;

    room[len++] = '\'';
    for (; *path >= ' ' && *path <= '~' && len + sizeof(own) + 2 <= cap; path++) {
        if (*path == '\'') {
            memcpy(room + len, own, sizeof(own) - 1);
            len += sizeof(own) - 1;
        }
        room[len++] = *path;
    }
    room[len++] = '\'';
    room[len] = '\0';
    return *path == '\0';
}

const char *
explain_place(const struct rejudge_place *place, char room[EXPLAIN_PLACE_ROOM])
{
    const char *path = place->store ? place->store : place->conf;
    char word[EXPLAIN_PLACE_ROOM - sizeof(" --store ")];

    room[0] = '\0';
    if (path) {
        bool plain = is_plain(path);
        bool fits = plain ? strlen(path) < sizeof(word) : quote(path, word, sizeof(word));

        snprintf(room, EXPLAIN_PLACE_ROOM, " --%s %s", place->store ? "store" : "conf",
                 !fits   ? "FILE"
                 : plain ? path
                         : word);
    }
    return room;
}

static const char *
place_of(const struct advising *a)
{
    return a->c->place ? a->c->place : "";
}

static const char *
class_of(const struct advising *a)
{
    return name_good(bytes_str(a->c->device.class_name)) ? a->c->device.class_name : "CLASS";
}

static void
quarantine(struct advising *a, const char *why)
{
    say(a->ret->command, "assay device quarantine %s --why TEXT", a->id);
    snprintf(a->ret->what, sizeof(a->ret->what),
             "%s; it gets no token whatever it brings, until it is released", why);
}

/* What a command does that is right for a change that was meant, and what is right for another. */
static void
meant(struct advising *a, const char *what)
{
    snprintf(a->ret->what, sizeof(a->ret->what),
             "if the change was meant: %s; if not: assay device quarantine %s --why TEXT", what,
             a->id);
}

static void
learn(struct advising *a)
{
    if (!a->c->row) {
        say(a->ret->command, "assay golden learn --class %s --from %s", class_of(a), a->id);
        meant(a, "adds what it booted to the class's reference events");
    } else {
        say(a->ret->command,
            "assay device log %s --out boot.log%s && "
            "assay policy learn --class %s --out update.policy boot.log",
            a->id, place_of(a), class_of(a));
        meant(a, "writes what it booted as a release, to be staged in the site's text; nothing "
                 "counts before that is signed and published");
    }
    a->ret->devices = 1 + (a->peers ? a->peers->same : 0);
}

/* Of a release by its state: one that waits is promoted, one that ended is left behind. */
static void
of_release(struct advising *a, const struct explain_known *known)
{
    const struct bundle_release *release = known->release;
    char name[3 * LIMIT_BUNDLE_NAME + 3];

    snprintf(name, sizeof(name), "%.*s/%.*s/%.*s", (int)release->component.len,
             (const char *)release->component.p, (int)release->name.len,
             (const char *)release->name.p, (int)release->version.len,
             (const char *)release->version.p);
    if (known->state == BUNDLE_REVOKED) {
        quarantine(a, "it started what was revoked");
    } else if (known->state == BUNDLE_RETIRED) {
        snprintf(a->ret->what, sizeof(a->ret->what),
                 "on the device: update it and restart; %s, which it started, has ended", name);
    } else {
        say(a->ret->command, "assay golden promote FILE %s%s", name, place_of(a));
        snprintf(a->ret->what, sizeof(a->ret->what),
                 "in the site's text: the release counts once that is signed and published");
        a->ret->devices = 1 + (a->peers ? a->peers->same : 0);
    }
}

/* ---- pins ---- */

struct shown {
    const char *slot;
    char name[STORE_PIN_NAME_MAX];
    size_t n_names;
    bool any;
};

static bool
on_shown(void *context, const struct store_pin *pin)
{
    struct shown *shown = context;

    if (strcmp(pin->slot, shown->slot) == 0) {
        shown->n_names += !shown->any || strcmp(shown->name, pin->name) != 0;
        snprintf(shown->name, sizeof(shown->name), "%s", pin->name);
        shown->any = true;
    }
    return true;
}

/* Whether the rule at fault holds the device to values of its own. */
static bool
is_held(const struct explain_case *c)
{
    const struct rule_result *result;

    if (!c->row || c->cause.rule == EXPLAIN_NO_RULE) {
        return false;
    }
    result = &c->judged.told.judgement->rules[c->cause.rule];
    return result->outcome == OUTCOME_CHANGED || explain_case_rule(c, c->cause.rule)->or_pin > 0;
}

/* Whether the device showed something that could be pinned where the rule is at fault. */
static int
of_pins(struct advising *a, bool *ret)
{
    const struct explain_case *c = a->c;
    struct shown shown = {.slot = ""};
    int r;

    *ret = false;
    /* a list of forbidden programs that lost some is put right where it was lost */
    if (c->cause.reason == REASON_DBX_SHRUNK || !is_held(c) || !explain_case_is_last(c)) {
        return 0;
    }
    shown.slot =
        slot_table(rulebook_slot(c->bundle.book, c->row->first_rule + c->cause.rule))->name;
    r = store_pin_each(c->store, c->device.id, PINS_SHOWN, on_shown, &shown);
    if (r == 0 && shown.any) {
        bool one = shown.n_names == 1 && shown.name[0] != '\0';

        say(a->ret->command, "assay device accept %s %s%s%s", a->id, shown.slot, one ? "=" : "",
            one ? shown.name : "");
        meant(a, "holds this device, and no other, to what it showed");
        *ret = true;
    }
    return r;
}

/* ---- groups ---- */

/* Which of its class's policies is for it goes by its groups, and by nothing that it boots. */
static bool
of_groups(struct advising *a)
{
    enum bundle_choice choice = a->c->chosen.choice;

    if (choice != BUNDLE_CHOICE_TWO && choice != BUNDLE_CHOICE_APART) {
        return false;
    }
    say(a->ret->command, "assay device group %s %s GROUP", a->id,
        choice == BUNDLE_CHOICE_TWO ? "--remove" : "--add");
    snprintf(a->ret->what, sizeof(a->ret->what), "%s",
             choice == BUNDLE_CHOICE_TWO
                 ? "of the groups that both policies are for one is too many; `assay policy active`"
                   " says which they are"
                 : "the class has policies for groups alone; `assay policy active` says for which");
    return true;
}

/* ---- which of them ---- */

static bool
of_reason(struct advising *a)
{
    for (size_t i = 0; i < ARRAY_LEN(on_device); i++) {
        if (on_device[i].reason == a->c->cause.reason) {
            say(a->ret->command, "%s", on_device[i].command);
            snprintf(a->ret->what, sizeof(a->ret->what), "%s", on_device[i].what);
            return true;
        }
    }
    return false;
}

/* A value that no set has, or a check that no policy decides. */
static void
of_rest(struct advising *a, enum reason reason)
{
    char room[ADVICE_ROOM];
    const struct advice_case about = {
        .state = a->c->device.state == DEVICE_QUARANTINED ? "quarantined"
                 : reason == REASON_NONE                  ? "fresh"
                                                          : "failed",
        .class_name = a->c->device.class_name,
        .device = a->id,
        .fingerprint = "",
        .code = reason,
        .judged = a->c->has_last,
    };
    bool unknown =
        (reason > REASON_USERSPACE_LOG_MISSING && reason < 500) || reason == REASON_EVT_UNCLAIMED;

    if (a->c->device.state != DEVICE_QUARANTINED &&
        (reason == REASON_REFSET_EMPTY || (unknown && a->c->has_cause))) {
        learn(a);
    } else {
        snprintf(a->ret->what, sizeof(a->ret->what), "%s", advice_text(room, &about));
    }
}

/* What must not run: not to be learnt, whoever meant it. */
static bool
is_denied(const struct explain_case *c)
{
    switch (c->cause.reason) {
    case REASON_FW_REVOKED:
    case REASON_DRIVER_REVOKED:
    case REASON_TPM_FW_REVOKED:
    case REASON_TPM_VIRTUAL:
    case REASON_BOOT_IMAGE_REVOKED:
        return true;
    default:
        return c->row && c->cause.rule != EXPLAIN_NO_RULE &&
               explain_case_rule(c, c->cause.rule)->verb == VERB_NOT_IN;
    }
}

static int
of_cause(struct advising *a)
{
    struct explain_known known = explain_known(a->c);
    bool done = false;
    int r = of_pins(a, &done);

    if (r != 0 || done || of_groups(a)) {
        return r;
    }
    if (known.release && known.state != BUNDLE_ACTIVE && known.state != BUNDLE_RETIRING) {
        of_release(a, &known);
    } else if (is_denied(a->c)) {
        quarantine(a, "it has what the policy denies");
    } else if (!of_reason(a)) {
        of_rest(a, a->c->cause.reason);
    }
    return 0;
}

int
explain_advice(const struct explain_case *c, const struct explain_peers *peers,
               struct explain_advice *ret)
{
    struct advising a = {.c = c, .peers = peers, .ret = ret};
    char hex[2 * WIRE_UEID_SIZE + 1];
    bool last = c->why == REJUDGE_JUDGED && explain_case_is_last(c);

    *ret = (struct explain_advice){.devices = 1};
    (void)ask_short_id(a.id, hex_write(hex, BYTES_OF(c->device.id)));
    if (c->device.state == DEVICE_QUARANTINED || !c->has_last || !last) {
        /* what was shut stays shut, and of evidence that was not genuine nothing is to be learnt */
        of_rest(&a, c->has_last && c->last.n_reasons > 0 ? (enum reason)c->last.reasons[0]
                                                         : REASON_NONE);
        return 0;
    }
    if (!c->has_cause) {
        bool passed = c->last.tier == TIER_AFFIRMING || c->last.tier == TIER_WARNING;

        of_rest(&a,
                passed || c->last.n_reasons == 0 ? REASON_NONE : (enum reason)c->last.reasons[0]);
        return 0;
    }
    return of_cause(&a);
}
