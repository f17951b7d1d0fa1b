#include "policy/policy-learn.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/learn-lesson.h"
#include "wire/bundle-part.h"

enum { JUDGED_PCRS = 16 };

/* How a slot's rule is written. `set`: what a set of its digests is called, before the name. */
struct way {
    enum slot slot;
    const char *id;
    void (*write)(struct lesson *lesson, const struct way *way);
    const char *set;
    const char *effect; /* " else warn" */
};

/* Digests of a slot on all boots, each once, with the first label that was seen. */
static void
write_digests(const struct lesson *lesson, const struct way *way)
{
    fprintf(lesson->blocks, "\nset digests %s/%s {\n", way->set, lesson->options->name);
    for (size_t i = 0; i < lesson->n_boots; i++) {
        const struct lesson_event *event;

        for (size_t at = 0; (event = lesson_next(&lesson->boots[i], way->slot, &at)) != NULL;) {
            if (lesson_is_new(lesson, i, event)) {
                fputs("  ", lesson->blocks);
                policy_put_digest(lesson->blocks, lesson->options->bank, event->rule.digest);
                policy_put_label(lesson->blocks, event->label);
                fputc('\n', lesson->blocks);
            }
        }
    }
    fputs("}\n", lesson->blocks);
}

static void
write_set(struct lesson *lesson, const struct way *way)
{
    lesson_rule(lesson, way->id, way->slot, NULL);
    fprintf(lesson->rules, "one-of @%s/%s count %zu..%zu%s\n", way->set, lesson->options->name,
            lesson_least(lesson, way->slot), lesson_most(lesson, way->slot), way->effect);
    write_digests(lesson, way);
}

static void
write_pin(struct lesson *lesson, const struct way *way)
{
    lesson_rule(lesson, way->id, way->slot, "a device's own, kept from its enrolment");
    fprintf(lesson->rules, "device-pin%s\n", way->effect);
}

/* What may be less, but nothing else: programs that the firmware loads for its own use. */
static void
write_some(struct lesson *lesson, const struct way *way)
{
    lesson_rule(lesson, way->id, way->slot, "a boot may have fewer");
    fprintf(lesson->rules, "one-of @%s/%s count 0..%zu%s\n", way->set, lesson->options->name,
            lesson_most(lesson, way->slot), way->effect);
    write_digests(lesson, way);
}

/* Option ROMs come with docks and cards. Where Secure Boot is on the firmware has checked who
 * signed them; elsewhere nobody has. */
static void
write_drivers(struct lesson *lesson, const struct way *way)
{
    bool checked = lesson_without(lesson, SLOT_SECUREBOOT, "on") == 0;
    struct way own = *way;

    own.effect = checked ? " else warn" : "";
    if (lesson_has(lesson, way->slot)) {
        write_some(lesson, &own);
        return;
    }
    lesson_rule(lesson, way->id, way->slot,
                checked ? "Secure Boot asks for their signature" : "nothing asks who signed them");
    fprintf(lesson->rules, "forbid%s\n", own.effect);
}

/* The order of boot options changes with a stick or a dock. */
static void
write_vars(struct lesson *lesson, const struct way *way)
{
    if (lesson_alike(lesson, way->slot)) {
        write_pin(lesson, way);
        return;
    }
    lesson_rule(lesson, way->id, way->slot, "they name what may be started, not what was");
    fprintf(lesson->rules, "any\n");
}

/* The lists that shim read: whoever owns a machine enrols keys, so those of several may differ. */
static void
write_mok(struct lesson *lesson, const struct way *way)
{
    if (lesson_alike(lesson, way->slot)) {
        write_set(lesson, way);
    } else {
        write_pin(lesson, way);
    }
}

/* Windows measures counters and nonces into it. */
static void
write_any(struct lesson *lesson, const struct way *way)
{
    lesson_rule(lesson, way->id, way->slot, "it differs at each boot");
    fprintf(lesson->rules, "any\n");
}

/* A text that says just itself as a glob. */
static bool
is_glob_of_itself(struct bytes text)
{
    return part_is_text(text) && !memchr(text.p, '*', text.len) && !memchr(text.p, '{', text.len);
}

static void
write_version(struct lesson *lesson, const struct way *way)
{
    size_t at = 0;
    const struct lesson_event *first = lesson_next(&lesson->boots[0], way->slot, &at);

    if (lesson_most(lesson, way->slot) != 1 || !lesson_alike(lesson, way->slot) ||
        !lesson_verified(lesson, way->slot) || !is_glob_of_itself(first->rule.text)) {
        write_set(lesson, way);
        return;
    }
    lesson_rule(lesson, way->id, way->slot, "a text, which says nothing of the code behind it");
    fprintf(lesson->rules, "match \"%.*s\" count 1..1 claim fw.version\n",
            (int)first->rule.text.len, (const char *)first->rule.text.p);
}

static void
write_root(struct lesson *lesson, const struct way *way)
{
    bool hcrtm = bytes_equal(lesson_word(lesson, way->slot), bytes_str("hcrtm"));
    size_t without = lesson_without(lesson, way->slot, "hw");
    char more[80];

    snprintf(more, sizeof(more), "no hardware began to measure %zu of %zu: a warning", without,
             lesson->n_boots);
    lesson_rule(lesson, way->id, way->slot,
                hcrtm || without == 0 ? "hardware began to measure" : more);
    fprintf(lesson->rules, "is %s%s claim rtm\n", hcrtm ? "hcrtm" : "hw",
            hcrtm || without == 0 ? "" : " else warn");
}

static void
write_secure_boot(struct lesson *lesson, const struct way *way)
{
    size_t without = lesson_without(lesson, way->slot, "on");
    char more[80];

    snprintf(more, sizeof(more), "not on in %zu of %zu: a warning until it is", without,
             lesson->n_boots);
    lesson_rule(lesson, way->id, way->slot, without > 0 ? more : NULL);
    fprintf(lesson->rules, "is on%s claim secureboot\n", without > 0 ? " else warn" : "");
}

static void
write_mode(struct lesson *lesson, const struct way *way)
{
    struct bytes word = lesson_word(lesson, way->slot);
    bool deployed = bytes_equal(word, bytes_str("deployed"));
    bool user = bytes_equal(word, bytes_str("user"));

    if (word.len == 0) {
        write_pin(lesson, way);
        return;
    }
    lesson_rule(lesson, way->id, way->slot,
                deployed || user ? NULL : "keys can be changed: a warning until they cannot");
    fprintf(lesson->rules, "is %s else warn claim sb.deployed\n", deployed ? "deployed" : "user");
}

/* Phases pass as far as they have come. Those that systemd has on every machine are all allowed;
 * others, as they were seen. */
static void
write_phases(struct lesson *lesson, const struct way *way)
{
    static const char usual[] = "enter-initrd leave-initrd sysinit ready";
    const struct lesson_boot *longest = &lesson->boots[0];
    const struct lesson_event *event;
    char seen[256] = "";

    for (size_t i = 1; i < lesson->n_boots; i++) {
        longest = lesson->boots[i].counts[way->slot] > longest->counts[way->slot]
                      ? &lesson->boots[i]
                      : longest;
    }
    for (size_t at = 0; (event = lesson_next(longest, way->slot, &at)) != NULL;) {
        size_t len = strlen(seen);

        if (event->rule.verified) { /* then it is a word of ours */
            snprintf(seen + len, sizeof(seen) - len, "%s%.*s", len > 0 ? " " : "",
                     (int)event->rule.text.len, (const char *)event->rule.text.p);
        }
    }
    lesson_rule(lesson, way->id, way->slot, "as far as the boot has come");
    fprintf(lesson->rules, "sequence %s prefix-ok claim os.phase\n",
            seen[0] == '\0' || strncmp(usual, seen, strlen(seen)) == 0 ? usual : seen);
}

/* In the order of a boot. Signature lists, boot images and texts have files of their own. */
static const struct way before_lists[] = {
    {SLOT_CRTM_VERSION, "version", write_version, "version", ""},
    {SLOT_NONHOST_INFO, "nonhost", write_set, "nonhost", " else warn"},
    {SLOT_RTM, "rtm", write_root, NULL, ""},
    {SLOT_CONFIG, "config", write_pin, NULL, " else note"},
    {SLOT_BOOT_VARS, "bootvars", write_vars, NULL, " else note"},
    {SLOT_DRIVER, "optrom", write_drivers, "optrom", ""},
    {SLOT_PCR3, "pcr3", write_pin, NULL, " else note"},
    {SLOT_PCR6, "pcr6", write_pin, NULL, " else note"},
    {SLOT_BOOT_PREOS, "preos", write_some, "preos", " else warn"},
    {SLOT_GPT, "gpt", write_pin, NULL, " else warn"},
    {SLOT_SECUREBOOT, "sb", write_secure_boot, NULL, ""},
    {SLOT_SB_MODE, "sb-mode", write_mode, NULL, " else warn"},
};

static const struct way behind_lists[] = {
    {SLOT_MOK, "mok", write_mok, "mok", ""},
    {SLOT_SPDM, "spdm", write_mok, "spdm", " else warn"},
};

static const struct way last[] = {
    {SLOT_BOOT_HOOK, "hook", write_set, "hook", ""},
    {SLOT_UKI_CREDENTIAL, "credential", write_pin, NULL, " else warn"},
    {SLOT_WBCL, "wbcl", write_any, NULL, ""},
    {SLOT_OS_PHASE, "phase", write_phases, NULL, ""},
    {SLOT_OS_IDENTITY, "identity", write_pin, NULL, ""},
};

/* Slots that must have a rule, or whose absence is a finding, are written without events too. */
static bool
is_wanted(const struct lesson *lesson, enum slot slot)
{
    uint32_t pcrs = slot == SLOT_RTM ? 1u : slot_table(slot)->pcrs; /* it is told by PCR 0 */

    return (pcrs & lesson->options->pcrs) != 0 && (lesson_has(lesson, slot) || slot == SLOT_RTM ||
                                                   slot == SLOT_DRIVER || slot == SLOT_SECUREBOOT);
}

static void
write_ways(struct lesson *lesson, const struct way *ways, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_wanted(lesson, ways[i].slot)) {
            ways[i].write(lesson, &ways[i]);
        }
    }
}

/* What no boot tells of: nothing here checks it, if there is one. */
static void
write_silence(struct lesson *lesson)
{
    static const struct {
        enum slot slots[3];
        const char *what;
    } wanted[] = {
        {{SLOT_BOOT_KERNEL, SLOT_BOOT_IMAGES, SLOT_UKI}, "kernel"},
        {{SLOT_BOOT_INITRD, SLOT_UKI, SLOT_UKI}, "initrd"},
        {{SLOT_BOOT_CMDLINE, SLOT_UKI_CMDLINE, SLOT_UKI}, "command line"},
    };

    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        bool told = false;

        for (size_t k = 0; k < ARRAY_LEN(wanted[i].slots); k++) {
            told = told || lesson_least(lesson, wanted[i].slots[k]) > 0;
        }
        if (!told) {
            fprintf(lesson->rules,
                    "  # not every boot tells of its %s: if it had one, nothing here checks it\n",
                    wanted[i].what);
        }
    }
}

static int
write_rules(struct lesson *lesson)
{
    int r;

    lesson_write_firmware(lesson);
    write_ways(lesson, before_lists, ARRAY_LEN(before_lists));
    lesson_write_lists(lesson);
    write_ways(lesson, behind_lists, ARRAY_LEN(behind_lists));
    lesson_write_os(lesson);
    r = lesson_write_script(lesson);
    r = r == 0 ? lesson_write_lines(lesson, SLOT_BOOT_CMDLINE, "cmdline") : r;
    r = r == 0 ? lesson_write_lines(lesson, SLOT_UKI_CMDLINE, "uki-cmdline") : r;
    write_ways(lesson, last, ARRAY_LEN(last));
    write_silence(lesson);
    return r;
}

/* Events that no policy makes good: who reads must know, whatever else the policy says. */
static void
write_broken(FILE *out, const struct learn_options *options, const struct learn_boot *boot)
{
    for (size_t i = 0; i < boot->map->n; i++) {
        enum rule rule = (enum rule)boot->map->events[i].rule;

        if (rule != RULE_NONE && options->pcrs >> (boot->log->events[i].pcr & 31) & 1) {
            fprintf(out, "#   event %u: %u %s, which no policy allows\n",
                    boot->log->events[i].index, rule_reason(rule), reason_name(rule_reason(rule)));
        }
    }
}

static int
write_head(FILE *out, struct hasher *hasher, const struct learn_options *options,
           const struct learn_boot *boots, size_t n)
{
    uint8_t digest[HASH_SIZE_MAX];
    int r = 0;

    fprintf(
        out,
        "# Learnt from %zu boot%s. It allows what was there, good or bad, and nothing else:\n"
        "# read every rule before you sign it. Texts in quotes behind digests are what the logs\n"
        "# say of themselves.\n",
        n, n > 1 ? "s" : "");
    for (size_t i = 0; i < n && r == 0; i++) {
        char hex[2 * HASH_SIZE_MAX + 1];

        r = hasher_bytes(hasher, HASH_SHA256, boots[i].log->body, digest);
        if (r == 0) {
            fprintf(out, "# boot %zu: %zu events, log sha256:%s\n", i + 1, boots[i].log->n_events,
                    hex_write(hex, bytes_of(digest, hash_size(HASH_SHA256))));
            write_broken(out, options, &boots[i]);
        }
    }
    return r;
}

/* "0-9,14" */
static void
write_pcrs(FILE *out, uint32_t pcrs)
{
    const char *comma = "";

    for (unsigned i = 0; i < JUDGED_PCRS; i++) {
        unsigned to = i;

        if (!(pcrs >> i & 1)) {
            continue;
        }
        while (to + 1 < JUDGED_PCRS && pcrs >> (to + 1) & 1) {
            to++;
        }
        fprintf(out, to > i ? "%s%u-%u" : "%s%u", comma, i, to);
        comma = ",";
        i = to;
    }
}

static void
write_policy(FILE *out, const struct learn_options *options, const char *rules, const char *blocks)
{
    fprintf(out, "\npolicy %s version %u schema 1 {\n  applies class in { %s }\n  quote   %s pcrs ",
            options->name, options->version, options->class_name, hash_name(options->bank));
    write_pcrs(out, options->pcrs);
    fprintf(out, "%s\n  token   floor warning\n  mode    enforce\n\n%s}\n%s",
            options->bank == HASH_SHA1 ? "  # weak: only where a TPM has no other bank (109)" : "",
            rules, blocks);
}

/* Both parts in memory, so that what a rule names can be written with the rule. */
static int
write_all(FILE *out, struct lesson *lesson)
{
    char *rules = NULL;
    char *blocks = NULL;
    size_t len;
    int r = -ENOMEM;

    lesson->rules = open_memstream(&rules, &len);
    lesson->blocks = lesson->rules ? open_memstream(&blocks, &len) : NULL;
    if (lesson->blocks) {
        r = write_rules(lesson);
        r = fclose(lesson->blocks) == 0 ? r : -ENOMEM;
    }
    if (lesson->rules) {
        r = fclose(lesson->rules) == 0 ? r : -ENOMEM;
    }
    if (r == 0) {
        write_policy(out, lesson->options, rules, blocks);
    }
    free(rules);
    free(blocks);
    return r;
}

bool
policy_learn_name(const char *text)
{
    return part_is_name(bytes_str(text)) && strlen(text) <= LEARN_NAME_MAX;
}

uint32_t
policy_learn_pcrs(const struct event_log *log)
{
    uint32_t pcrs = 0;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct event *event = &log->events[i];

        if (event->pcr < JUDGED_PCRS && event->type != EVENT_NO_ACTION) {
            pcrs |= 1u << event->pcr;
        }
    }
    return pcrs;
}

int
policy_learn(FILE *out, struct hasher *hasher, const struct learn_options *options,
             const struct learn_boot *boots, size_t n, size_t *ret_boot)
{
    struct lesson *lesson;
    int r;

    if (!policy_learn_name(options->class_name) || !policy_learn_name(options->name)) {
        return LEARN_E_NAME;
    }
    lesson = calloc(1, sizeof(*lesson));
    r = lesson ? lesson_read(lesson, options, boots, n, ret_boot) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++) {
        *ret_boot = i;
        r = lesson_tells_of_code(&lesson->boots[i]) ? 0 : LEARN_E_CODE;
    }
    r = r == 0 ? write_head(out, hasher, options, boots, n) : r;
    r = r == 0 ? write_all(out, lesson) : r;
    if (lesson) {
        lesson_done(lesson);
    }
    free(lesson);
    return r;
}

int
policy_learn_firmware(FILE *out, const struct learn_options *options, const char *component,
                      const char *version, const struct learn_boot *boots, size_t n,
                      size_t *ret_others)
{
    struct lesson *lesson = calloc(1, sizeof(*lesson));
    size_t others = 0;
    size_t boot;
    int r = lesson ? lesson_read(lesson, options, boots, n, &boot) : -ENOMEM;

    if (r == 0 && !lesson_has(lesson, SLOT_FIRMWARE)) {
        r = LEARN_E_CODE;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        others += lesson->boots[i].n - lesson->boots[i].counts[SLOT_FIRMWARE];
    }
    if (r == 0) {
        lesson->blocks = out;
        lesson_write_variants(lesson, component, version);
        *ret_others = others;
    }
    if (lesson) {
        lesson_done(lesson);
    }
    free(lesson);
    return r;
}
