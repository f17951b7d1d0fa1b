/* A bundle as text that compiles to the same bytes. */
#include <stdio.h>
#include <time.h>

#include "base/b64.h"
#include "base/hex.h"
#include "formats/tpm-vendor.h"
#include "policy/policy-compile.h"
#include "policy/policy-words.h"

#define T(text) (int)(text).len, (const char *)(text).p

static void
show_span(FILE *out, uint32_t seconds)
{
    static const struct {
        uint32_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (seconds % units[i].seconds != 0) {
        i++;
    }
    fprintf(out, "%u%c", seconds / units[i].seconds, units[i].unit);
}

static void
show_date(FILE *out, const char *word, uint64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char room[16];

    if (seconds > 0 && gmtime_r(&when, &tm) && strftime(room, sizeof(room), "%Y-%m-%d", &tm) > 0) {
        fprintf(out, " %s %s", word, room);
    }
}

static void
show_keys(FILE *out, const char *word, uint8_t keys)
{
    if (keys != 0) {
        fprintf(out, "  %s", word);
        for (unsigned i = 0; i < POLICY_KEYS; i++) {
            if (keys >> i & 1) {
                fprintf(out, " %s", policy_keys[i]);
            }
        }
        fprintf(out, "\n");
    }
}

static void
show_digest(FILE *out, enum hash alg, struct bytes digest)
{
    char room[2 * HASH_SIZE_MAX + 1];

    fprintf(out, "%s:%s", hash_name(alg), hex_write(room, digest));
}

static void
show_label(FILE *out, const struct bundle *b, uint16_t label)
{
    if (label != BUNDLE_NONE) {
        fprintf(out, " \"%.*s\"", T(b->labels[label]));
    }
}

static void
show_arg(FILE *out, const struct bundle *b, const struct bundle_rule *rule,
         const struct bundle_arg *arg)
{
    switch (bundle_verb_args(rule->verb)) {
    case ARGS_CMDLINE:
        fprintf(out, " @cmdline/%.*s", T(b->cmdlines[arg->index].name));
        break;
    case ARGS_GRUBCMD:
        fprintf(out, " @grubcmd/%.*s", T(b->grubcmds[arg->index].name));
        break;
    case ARGS_IMA:
        fprintf(out, " ima/%.*s", T(b->imas[arg->index].list.name));
        break;
    case ARGS_LEAST:
        if (arg->index != BUNDLE_NONE) {
            fprintf(out, " sbat:%llu", (unsigned long long)arg->number);
        } else if (arg->text.len > 0) {
            fprintf(out, " floor(%.*s,%llu)", T(arg->text), (unsigned long long)arg->number);
        } else {
            fprintf(out, " %llu", (unsigned long long)arg->number);
        }
        break;
    case ARGS_TEXT:
        fprintf(out, rule->verb == VERB_IS ? " %.*s" : " \"%.*s\"", T(arg->text));
        break;
    default:
        fprintf(out, arg->index != BUNDLE_NONE ? " @%.*s" : " %.*s",
                T(arg->index != BUNDLE_NONE ? b->sets[arg->index].name : arg->text));
        if (arg->min != arg->max || arg->max > 1) {
            fprintf(out, "{%u..%u}", arg->min, arg->max);
        }
    }
}

static void
show_rule(FILE *out, const struct bundle *b, const struct bundle_rule *rule)
{
    fprintf(out, "  rule %.*s : %.*s %s", T(rule->id), T(rule->slot), bundle_verb_name(rule->verb));
    for (size_t i = 0; i < rule->n_args; i++) {
        show_arg(out, b, rule, &b->args[rule->first_arg + i]);
    }
    fprintf(out, "%s%s%s", rule->flags & RULE_WHOLE ? " whole" : "",
            rule->flags & RULE_PREFIX_OK ? " prefix-ok" : "",
            rule->flags & RULE_SAME_RELEASE ? " same-release" : "");
    if (rule->or_pin > 0) {
        fprintf(out, " or-pin %u", rule->or_pin);
    }
    fprintf(out, " count %u..%u", rule->count_min, rule->count_max);
    if (rule->otherwise != EFFECT_FAIL) {
        fprintf(out, " else %s", policy_effects[rule->otherwise]);
    }
    if (rule->for_s > 0) {
        fprintf(out, " for ");
        show_span(out, rule->for_s);
        fprintf(out, " then %s", policy_effects[rule->then_effect]);
    }
    if (rule->claim.len > 0) {
        fprintf(out, " claim %.*s", T(rule->claim));
    }
    fprintf(out, "\n");
}

static void
show_spanned(FILE *out, const char *word, uint32_t seconds)
{
    if (seconds > 0) {
        fprintf(out, "  %s ", word);
        show_span(out, seconds);
        fprintf(out, "\n");
    }
}

/* `else fail` is said, too: without it a policy has its base's. */
static void
show_fresh(FILE *out, const struct bundle_policy *p)
{
    if (p->fresh_evidence_s == 0 && p->fresh_boot_s == 0) {
        return;
    }
    fprintf(out, "  fresh");
    if (p->fresh_evidence_s > 0) {
        fprintf(out, " evidence ");
        show_span(out, p->fresh_evidence_s);
    }
    if (p->fresh_boot_s > 0) {
        fprintf(out, " boot ");
        show_span(out, p->fresh_boot_s);
    }
    fprintf(out, " else %s\n", policy_effects[p->fresh_else]);
}

static void
show_settings(FILE *out, const struct bundle_policy *p)
{
    if (p->quote.mask != 0) {
        const char *comma = "";

        fprintf(out, "  quote %s pcrs ", hash_name(p->quote.bank));
        for (unsigned i = 0; i < LIMIT_PCRS; i++) {
            if (p->quote.mask >> i & 1) {
                fprintf(out, "%s%u", comma, i);
                comma = ",";
            }
        }
        fprintf(out, "\n");
    }
    show_keys(out, "ak", p->ak);
    if (p->min_hash < HASH_N) {
        fprintf(out, "  min-hash %s\n", hash_name(p->min_hash));
    }
    show_spanned(out, "token ttl", p->token_ttl_s);
    fprintf(out, "  token floor %s\n",
            p->token_floor == BUNDLE_TIER_AFFIRMING ? "affirming" : "warning");
    show_fresh(out, p);
    if (p->log_bytes > 0) {
        fprintf(out, "  limits log %u\n", p->log_bytes);
    }
    if (p->datagrams > 0) {
        fprintf(out, "  limits datagrams %u\n", p->datagrams);
    }
    if (p->exit_events_optional) {
        fprintf(out, "  exit-events optional\n");
    }
    fprintf(out, "  mode %s\n", policy_modes[p->mode - 1]);
}

static void
show_policy(FILE *out, const struct bundle *b, const struct bundle_policy *p)
{
    fprintf(out, "policy %.*s version %u schema %u {\n", T(p->name), p->version, BUNDLE_SCHEMA);
    if (p->n_classes > 0) {
        fprintf(out, "  applies class in {");
        for (size_t i = 0; i < p->n_classes; i++) {
            fprintf(out, " %.*s", T(p->classes[i]));
        }
        fprintf(out, " }%s%.*s\n", p->group.len > 0 ? " group " : "", T(p->group));
    }
    if (p->base.len > 0) {
        fprintf(out, "  extends %.*s version %u\n", T(p->base), p->base_version);
    }
    if (p->profile.len > 0) {
        fprintf(out, "  profile %.*s\n", T(p->profile));
    }
    show_settings(out, p);
    for (size_t i = 0; i < p->n_rules; i++) {
        show_rule(out, b, &b->rules[p->first_rule + i]);
    }
    fprintf(out, "}\n\n");
}

static void
show_items(FILE *out, const struct bundle *b, const struct bundle_list *list)
{
    static const char *const words[] = {"",          "require", "bind",   "allow",
                                        "deny",      "words",   "expect", "deny digest",
                                        "deny path", "allow",   "signed", "skip path"};

    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item = &b->items[list->first_item + i];

        if (item->set != BUNDLE_NONE) {
            fprintf(out, "  %s @%.*s\n", words[item->kind], T(b->sets[item->set].name));
        } else {
            fprintf(out, "  %s \"%.*s\"\n", words[item->kind], T(item->text));
        }
    }
}

static void
show_list(FILE *out, const struct bundle *b, const char *kind, const struct bundle_list *list)
{
    fprintf(out, "%s %.*s {\n", kind, T(list->name));
    show_items(out, b, list);
    fprintf(out, "  other %s\n}\n\n", policy_effects[list->otherwise]);
}

static void
show_ima(FILE *out, const struct bundle *b, const struct bundle_ima *ima)
{
    fprintf(out, "ima %.*s {\n  pcr %u\n  min-digest %s\n", T(ima->list.name), ima->pcr,
            hash_name(ima->min_digest));
    show_keys(out, "min-key", ima->keys);
    show_items(out, b, &ima->list);
    fprintf(out, "  violations %s", policy_effects[ima->violations]);
    if (ima->violations != EFFECT_FAIL) {
        fprintf(out, " max %u", ima->violations_max);
    }
    fprintf(out, "\n  unknown %s", policy_effects[ima->list.otherwise]);
    if (ima->unknown_for_s > 0) {
        fprintf(out, " for ");
        show_span(out, ima->unknown_for_s);
        fprintf(out, "%s then %s", ima->unknown_pending ? " when pending-update" : "",
                policy_effects[ima->unknown_then]);
    }
    fprintf(out, "\n}\n\n");
}

/* Sets whose records are a release's are shown with it. */
static bool
is_derived(const struct bundle_set *set)
{
    return set->n_tables > 0 && set->kind == BUNDLE_SET_DIGESTS &&
           bundle_table_at(&set->tables[0], 0).release != BUNDLE_NONE;
}

static void
show_records(FILE *out, const struct bundle *b, const struct bundle_set *set)
{
    static const char *const kinds[BUNDLE_SIG_MAX + 1] = {"", "x509 ", "image ", "tbs "};

    for (size_t i = 0; i < set->n_tables; i++) {
        for (size_t k = 0; k < set->tables[i].n; k++) {
            struct bundle_record record = bundle_table_at(&set->tables[i], k);

            /* a record of a release that stands where none should be is of any group */
            fprintf(out, "  %s", record.group <= BUNDLE_SIG_MAX ? kinds[record.group] : "");
            show_digest(out, set->tables[i].alg, record.digest);
            show_label(out, b, record.label);
            if (record.state != BUNDLE_ACTIVE) {
                fprintf(out, " %s", bundle_state_name(record.state));
            }
            fprintf(out, "\n");
        }
    }
}

static void
show_words(FILE *out, const struct bundle *b, const struct bundle_set *set)
{
    for (size_t i = 0; i < set->n_words; i++) {
        const struct bundle_word *word = &b->words[set->first_word + i];
        bool svn = set->kind == BUNDLE_SET_DBX;

        fprintf(out, "  %s%.*s", svn ? "svn " : "", T(word->name));
        if (svn) {
            fprintf(out, " %u.%u", word->number >> 16, word->number & 0xffff);
        } else if (word->number > 0) {
            fprintf(out, " %u", word->number);
        }
        fprintf(out, "\n");
    }
}

static void
show_set_keys(FILE *out, const struct bundle *b, const struct bundle_set *set)
{
    char room[B64_LEN(LIMIT_BUNDLE_SPKI) + 1];

    for (size_t i = 0; i < set->n_keys; i++) {
        const struct bundle_key *key = &b->keys[set->first_key + i];

        b64_write(room, key->spki);
        fprintf(out, "  spki:%s id %08x\n", room, key->id);
    }
}

/* What a cert block makes. A set of another kind that only has such a name is shown as what it is.
 */
static bool
is_cert(const struct bundle_set *set)
{
    return set->name.len > 5 && memcmp(set->name.p, "cert:", 5) == 0 &&
           set->kind == BUNDLE_SET_CERTS && set->version == 1 && set->n_tables == 1 &&
           set->tables[0].n == 1 && set->tables[0].alg == HASH_SHA256;
}

static void
show_set(FILE *out, const struct bundle *b, const struct bundle_set *set)
{
    if (is_cert(set)) {
        fprintf(out, "cert %.*s ", (int)set->name.len - 5, (const char *)set->name.p + 5);
        show_digest(out, HASH_SHA256, bundle_table_at(&set->tables[0], 0).digest);
        show_date(out, "published", set->published_s);
        fprintf(out, "\n\n");
        return;
    }
    fprintf(out, "set %s %.*s version %u", bundle_set_kind_name(set->kind), T(set->name),
            set->version);
    show_date(out, "published", set->published_s);
    if (set->next != BUNDLE_NONE) {
        fprintf(out, " next %.*s", T(b->sets[set->next].name));
    }
    fprintf(out, " {\n");
    show_records(out, b, set);
    show_words(out, b, set);
    show_set_keys(out, b, set);
    if (set->file.len > 0) {
        fprintf(out, "  ");
        show_digest(out, HASH_SHA256, set->file);
        fprintf(out, "\n");
    }
    fprintf(out, "}\n\n");
}

/* The record of the release at this place of the set, in one table; false when there is none. */
static bool
record_at(const struct bundle_table *table, uint16_t release, unsigned group, unsigned position,
          size_t nth, struct bundle_record *ret)
{
    for (size_t i = 0; i < table->n; i++) {
        struct bundle_record record = bundle_table_at(table, i);

        if (record.release == release && record.group == group && record.position == position &&
            nth-- == 0) {
            *ret = record;
            return true;
        }
    }
    return false;
}

static bool
is_place(const struct bundle_set *set, uint16_t release, unsigned group, unsigned position)
{
    struct bundle_record record;

    for (size_t i = 0; i < set->n_tables; i++) {
        if (record_at(&set->tables[i], release, group, position, 0, &record)) {
            return true;
        }
    }
    return false;
}

/* A part: each digest with its label, in all banks. */
static void
show_part_place(FILE *out, const struct bundle *b, const struct bundle_set *set, uint16_t release,
                unsigned position)
{
    struct bundle_record record;

    for (size_t i = 0; i < set->n_tables; i++) {
        for (size_t nth = 0; record_at(&set->tables[i], release, 0, position, nth, &record);
             nth++) {
            fprintf(out, " ");
            show_digest(out, set->tables[i].alg, record.digest);
            show_label(out, b, record.label);
        }
    }
}

static void
show_part(FILE *out, const struct bundle *b, const struct bundle_set *set, uint16_t release)
{
    const uint8_t *dot = memchr(set->name.p, '.', set->name.len);

    for (unsigned position = 0; dot && is_place(set, release, 0, position); position++) {
        fprintf(out, "  %.*s", (int)(set->name.p + set->name.len - dot - 1), (const char *)dot + 1);
        show_part_place(out, b, set, release, position);
        fprintf(out, "\n");
    }
}

/* An event of a variant: its digests in all banks, then what is said of it once. */
static void
show_event(FILE *out, const struct bundle *b, const struct bundle_set *set, uint16_t release,
           unsigned group, unsigned position)
{
    struct bundle_record record = {.label = BUNDLE_NONE};
    const char *between = "   ";

    for (size_t i = 0; i < set->n_tables; i++) {
        for (size_t nth = 0; record_at(&set->tables[i], release, group, position, nth, &record);
             nth++) {
            fprintf(out, "%s ", between);
            show_digest(out, set->tables[i].alg, record.digest);
            between = " +";
        }
    }
    fprintf(out, "%s", record.optional ? " optional" : "");
    show_label(out, b, record.label);
    fprintf(out, "\n");
}

static void
show_variants(FILE *out, const struct bundle *b, const struct bundle_set *set, uint16_t release)
{
    for (unsigned group = 0; is_place(set, release, group, 0); group++) {
        fprintf(out, "  variant {\n");
        for (unsigned k = 0; is_place(set, release, group, k); k++) {
            show_event(out, b, set, release, group, k);
        }
        fprintf(out, "  }\n");
    }
}

static void
show_release_head(FILE *out, const struct bundle *b, const struct bundle_release *r)
{
    fprintf(out, "release %.*s %.*s %.*s {\n", T(r->component), T(r->name), T(r->version));
    if (r->source.len > 0) {
        fprintf(out, "  source %.*s %.*s\n", T(r->source_kind), T(r->source));
    }
    if (r->svn > 0) {
        fprintf(out, "  svn %llu\n", (unsigned long long)r->svn);
    }
    fprintf(out, "  state %s", bundle_state_name(r->state));
    show_date(out, "active", r->active_s);
    show_date(out, "retire", r->retire_s);
    fprintf(out, "\n");
    if (r->replaces.len > 0) {
        fprintf(out, "  replaces %.*s\n", T(r->replaces));
    }
    show_spanned(out, "overlap", r->overlap_s);
    if (r->slots.len > 0) {
        fprintf(out, "  slots %.*s\n", T(r->slots));
    }
    if (r->cmdline != BUNDLE_NONE) {
        fprintf(out, "  cmdline %.*s\n", T(b->cmdlines[r->cmdline].name));
    }
    if (r->announced_initrd) {
        fprintf(out, "  initrd announced-by-device signed-kernel\n");
    }
}

static void
show_release(FILE *out, const struct bundle *b, uint16_t index)
{
    const struct bundle_release *r = &b->releases[index];

    show_release_head(out, b, r);
    for (size_t i = 0; i < b->n_sets; i++) {
        const struct bundle_set *set = &b->sets[i];

        if (is_derived(set) && memchr(set->name.p, '/', set->name.len)) {
            show_variants(out, b, set, index);
        } else if (is_derived(set)) {
            show_part(out, b, set, index);
        }
    }
    fprintf(out, "}\n\n");
}

/* The numbers as quotes have them: no shorter form says the same of every version. */
static void
show_advisory(FILE *out, const struct bundle_advisory *advisory)
{
    char room[TPM_VENDOR_ROOM];

    fprintf(out, "advisory %.*s {\n", T(advisory->name));
    fprintf(out, "  vendor %s\n", tpm_vendor_text(advisory->vendor, room));
    for (size_t i = 0; i < advisory->n_spans; i++) {
        fprintf(out, "  firmware 0x%016llx..0x%016llx\n",
                (unsigned long long)advisory->spans[i].first,
                (unsigned long long)advisory->spans[i].last);
    }
    fprintf(out, "  severity %s\n", bundle_severity_name(advisory->severity));
    for (size_t i = 0; i < advisory->n_cves; i++) {
        fprintf(out, "  cve %.*s\n", T(advisory->cves[i]));
    }
    if (advisory->effect.len > 0) {
        fprintf(out, "  effect \"%.*s\"\n", T(advisory->effect));
    }
    fprintf(out, "}\n\n");
}

void
policy_show(FILE *out, const struct bundle *b)
{
    for (size_t i = 0; i < b->n_policies; i++) {
        if (b->policies[i].base.len == 0) {
            show_policy(out, b, &b->policies[i]);
        }
    }
    /* a policy stands below its base */
    for (size_t i = 0; i < b->n_policies; i++) {
        if (b->policies[i].base.len > 0) {
            show_policy(out, b, &b->policies[i]);
        }
    }
    for (size_t i = 0; i < b->n_cmdlines; i++) {
        show_list(out, b, "cmdline", &b->cmdlines[i]);
    }
    for (size_t i = 0; i < b->n_grubcmds; i++) {
        show_list(out, b, "grubcmd", &b->grubcmds[i]);
    }
    for (size_t i = 0; i < b->n_imas; i++) {
        show_ima(out, b, &b->imas[i]);
    }
    for (size_t i = 0; i < b->n_sets; i++) {
        if (!is_derived(&b->sets[i])) {
            show_set(out, b, &b->sets[i]);
        }
    }
    for (size_t i = 0; i < b->n_releases; i++) {
        show_release(out, b, (uint16_t)i);
    }
    for (size_t i = 0; i < b->n_advisories; i++) {
        show_advisory(out, &b->advisories[i]);
    }
}
