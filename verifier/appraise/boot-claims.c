#include "appraise/boot-claims.h"

#include <stdarg.h>
#include <stdio.h>

#include "appraise/boot-flags.h"
#include "formats/tpm-vendor.h"

/* One judgement whose claims are gathered. */
struct gathering {
    const struct boot_ask *ask;
    const struct boot_told *told;
    const struct bundle *bundle;
    struct boot_claims *ret;
};

/* Text that lives in *ret; empty where there is no room. */
__attribute__((format(printf, 2, 3))) static struct bytes
text_made(struct boot_claims *ret, const char *format, ...)
{
    size_t room = sizeof(ret->texts) - ret->n_texts;
    char *text = ret->texts + ret->n_texts;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room) {
        return BYTES_NULL;
    }
    ret->n_texts += (size_t)len;
    return bytes_of(text, (size_t)len);
}

static void
tell(const struct gathering *g, enum claim claim, const char *text)
{
    claim_set_text(&g->ret->set, claim, bytes_str(text));
}

/* ---- events of a slot ---- */

/* The slot's events one by one: the next place from `from` on; told->n_events behind the last. */
static size_t
next_of(const struct gathering *g, enum slot slot, size_t from)
{
    while (from < g->told->n_events && g->told->events[from].slot != slot) {
        from++;
    }
    return from;
}

static const struct rule_event *
last_of(const struct gathering *g, enum slot slot)
{
    size_t i = g->told->n_events;

    while (i > 0 && g->told->events[i - 1].slot != slot) {
        i--;
    }
    return i > 0 ? &g->told->events[i - 1] : NULL;
}

static size_t
count_of(const struct gathering *g, enum slot slot)
{
    return g->told->map->counts[slot];
}

static bool
is_quoted(const struct gathering *g, unsigned pcr)
{
    return g->told->policy->quote.mask >> pcr & 1;
}

/* ---- rules and releases ---- */

static const struct bundle_rule *
rule_at(const struct gathering *g, size_t i)
{
    return &g->bundle->rules[g->told->policy->first_rule + i];
}

static enum slot
slot_at(const struct gathering *g, size_t i)
{
    return rulebook_slot(g->ask->book, g->told->policy->first_rule + i);
}

static bool
is_of(const struct gathering *g, const struct rule_event *event, uint16_t release)
{
    const struct rulebook_ref *refs = NULL;
    size_t n = rulebook_find(g->ask->book, g->told->policy->quote.bank, event->digest, &refs);

    for (size_t i = 0; i < n; i++) {
        if (refs[i].release == release) {
            return true;
        }
    }
    return false;
}

/* The release that a rule found its slot's last event in, whatever state it is in; not where some
 * were in none, or in two. */
static uint16_t
release_of(const struct gathering *g, size_t rule)
{
    const struct rule_result *result = &g->told->judgement->rules[rule];
    const struct rule_event *last = last_of(g, slot_at(g, rule));

    switch ((int)result->outcome) {
    case OUTCOME_PASSED:
    case OUTCOME_RETIRING:
    case OUTCOME_RETRIED:
    case OUTCOME_PENDING:
    case OUTCOME_RETIRED:
    case OUTCOME_REVOKED:
        return last && result->release != BUNDLE_NONE && is_of(g, last, result->release)
                   ? result->release
                   : BUNDLE_NONE;
    default:
        return BUNDLE_NONE;
    }
}

/* The release that tells a claim, by rules of these slots, the telling ones first. */
static const struct bundle_release *
release_by(const struct gathering *g, enum claim claim, const enum slot *slots, size_t n_slots)
{
    uint16_t found = BUNDLE_NONE;

    for (size_t s = 0; s < n_slots; s++) {
        for (size_t i = 0; i < g->told->judgement->n; i++) {
            uint16_t release = slot_at(g, i) == slots[s] ? release_of(g, i) : BUNDLE_NONE;
            bool named = bytes_equal(rule_at(g, i)->claim, bytes_str(claim_name(claim)));

            if (release != BUNDLE_NONE && named) {
                return &g->bundle->releases[release];
            }
            found = found == BUNDLE_NONE ? release : found;
        }
    }
    return found == BUNDLE_NONE ? NULL : &g->bundle->releases[found];
}

/* "NAME VERSION": what names a release beside its component, which the claim's name says. */
static void
tell_release(const struct gathering *g, enum claim claim, const struct bundle_release *release)
{
    claim_set_text(&g->ret->set, claim,
                   text_made(g->ret, "%.*s %.*s", (int)release->name.len,
                             (const char *)release->name.p, (int)release->version.len,
                             (const char *)release->version.p));
}

/* Some firmware fills its version up. */
static struct bytes
without_blanks(struct bytes text)
{
    while (text.len > 0 && text.p[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

static void
tell_firmware(const struct gathering *g)
{
    static const enum slot slots[] = {SLOT_FIRMWARE};
    const struct bundle_release *release = release_by(g, CLAIM_FW_RELEASE, slots, ARRAY_LEN(slots));
    const struct rule_event *version = last_of(g, SLOT_CRTM_VERSION);
    struct claim_set *set = &g->ret->set;

    if (version && version->verified) {
        claim_set_text(set, CLAIM_FW_VERSION, without_blanks(version->text));
    }
    if (!release) {
        return;
    }
    tell_release(g, CLAIM_FW_RELEASE, release);
    claim_set_text(set, CLAIM_FW_VERSION, release->version);
    if (release->svn > 0) {
        claim_set_number(set, CLAIM_FW_SVN, release->svn);
    }
    claim_set_text(set, CLAIM_FW_SOURCE, release->source_kind);
    if (bytes_equal(release->source_kind, bytes_str("vendor"))) {
        claim_set_text(set, CLAIM_FW_VENDOR, release->source);
    }
}

/* The kernel is the last image that was started, where nothing measures it by itself. */
static const struct rule_event *
kernel_of(const struct gathering *g)
{
    const struct rule_event *event = last_of(g, SLOT_BOOT_KERNEL);

    return event ? event : last_of(g, SLOT_BOOT_IMAGES);
}

/* The version stands with the kernel's digest as its label in the release; other labels are names
 * of files, which say nothing. */
static void
tell_kernel(const struct gathering *g, const struct bundle_release *release)
{
    const struct rule_event *event = kernel_of(g);
    enum hash bank = g->told->policy->quote.bank;
    const struct rulebook_ref *refs = NULL;
    size_t n = event ? rulebook_find(g->ask->book, bank, event->digest, &refs) : 0;

    for (size_t i = 0; i < n; i++) {
        const struct bundle_table *table = bundle_set_table(&g->bundle->sets[refs[i].set], bank);
        uint16_t label = table ? bundle_table_at(table, refs[i].record).label : BUNDLE_NONE;
        struct bytes text = label == BUNDLE_NONE ? BYTES_NULL : g->bundle->labels[label];

        if (refs[i].release != BUNDLE_NONE && &g->bundle->releases[refs[i].release] == release &&
            text.len > 0 && text.p[0] >= '0' && text.p[0] <= '9') {
            claim_set_text(&g->ret->set, CLAIM_OS_KERNEL, text);
        }
    }
}

static void
tell_system(const struct gathering *g)
{
    static const enum slot slots[] = {SLOT_UKI, SLOT_BOOT_KERNEL, SLOT_BOOT_IMAGES,
                                      SLOT_BOOT_INITRD};
    const struct bundle_release *release = release_by(g, CLAIM_OS_RELEASE, slots, ARRAY_LEN(slots));

    if (release) {
        uint16_t at = (uint16_t)(release - g->bundle->releases);

        tell_release(g, CLAIM_OS_RELEASE, release);
        tell(g, CLAIM_OS_RELEASE_STATE,
             bundle_state_name(rulebook_release_state(g->ask->book, at, g->ask->now_s)));
        tell_kernel(g, release);
    }
}

/* ---- Secure Boot ---- */

static const char *
secureboot_of(const struct boot_facts *facts)
{
    switch (facts->secureboot) {
    case FACT_ON:
        return "on";
    case FACT_OFF:
    case FACT_EMPTY:
        return facts->setup == FACT_ON ? "setup" : facts->audit == FACT_ON ? "audit" : "off";
    default:
        return "";
    }
}

/* Certificates of 2023 that sign boot loaders: SHA-256 of their DER. Windows UEFI CA 2023, which
 * signs Windows' own, and Microsoft UEFI CA 2023, which signs shim. A rule `includes` that tells
 * the claim names others. */
static const uint8_t ca_2023[][32] = {
    {0x07, 0x6f, 0x1f, 0xea, 0x90, 0xac, 0x29, 0x15, 0x5e, 0xbf, 0x77,
     0xc1, 0x76, 0x82, 0xf7, 0x5f, 0x1f, 0xdd, 0x1b, 0xe1, 0x96, 0xda,
     0x30, 0x2d, 0xc8, 0x46, 0x1e, 0x35, 0x0a, 0x9a, 0xe3, 0x30},
    {0xf6, 0x12, 0x4e, 0x34, 0x12, 0x5b, 0xee, 0x3f, 0xe6, 0xd7, 0x9a,
     0x57, 0x4e, 0xaa, 0x7b, 0x91, 0xc0, 0xe7, 0xbd, 0x9d, 0x92, 0x9c,
     0x1a, 0x32, 0x11, 0x78, 0xef, 0xd6, 0x11, 0xda, 0xd9, 0x01},
};

static bool
has_ca_2023(const struct gathering *g, const struct rule_entries *db)
{
    for (size_t i = 0; i < g->told->judgement->n; i++) {
        const struct bundle_rule *rule = rule_at(g, i);

        if (rule->verb == VERB_INCLUDES &&
            bytes_equal(rule->claim, bytes_str(claim_name(CLAIM_SB_DB_CA2023)))) {
            return g->told->judgement->rules[i].outcome == OUTCOME_PASSED;
        }
    }
    for (size_t i = 0; i < db->n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(ca_2023); k++) {
            if (db->entries[i].sig == BUNDLE_SIG_X509 &&
                bytes_equal(db->entries[i].digest, BYTES_OF(ca_2023[k]))) {
                return true;
            }
        }
    }
    return false;
}

static void
tell_lists(const struct gathering *g)
{
    const struct rule_entries *pk = &g->told->facts->lists[SLOT_SB_PK];
    const struct rule_entries *db = &g->told->facts->lists[SLOT_SB_DB];
    const struct rule_entries *authority = &g->told->facts->lists[SLOT_BOOT_AUTHORITY];
    struct claim_set *set = &g->ret->set;

    if (pk->known && pk->n == 1) {
        claim_set_digest(set, CLAIM_SB_PK_ID, pk->entries[0].digest);
    }
    if (db->known) {
        claim_set_flag(set, CLAIM_SB_DB_CA2023, has_ca_2023(g, db));
    }
    if (authority->known) {
        claim_set_list(set, CLAIM_BOOT_AUTHORITY);
        for (size_t i = 0; i < authority->n; i++) {
            claim_set_add(set, CLAIM_BOOT_AUTHORITY, authority->entries[i].digest);
        }
    }
}

static void
tell_secureboot(const struct gathering *g)
{
    const struct boot_facts *facts = g->told->facts;
    const struct dbx_level *level = g->told->dbx;
    struct claim_set *set = &g->ret->set;

    tell(g, CLAIM_SECUREBOOT, secureboot_of(facts));
    if (facts->deployed == FACT_ON || facts->deployed == FACT_OFF) {
        claim_set_flag(set, CLAIM_SB_DEPLOYED, facts->deployed == FACT_ON);
    }
    if (facts->testkey == FACT_ON || facts->testkey == FACT_OFF) {
        claim_set_flag(set, CLAIM_SB_TESTKEY, facts->testkey == FACT_ON);
    }
    tell_lists(g);
    if (level->known) {
        claim_set_text(set, CLAIM_DBX_LEVEL,
                       level->set == BUNDLE_NONE ? bytes_str("none")
                                                 : g->bundle->sets[level->set].name);
        claim_set_number(set, CLAIM_DBX_MISSING, level->missing);
    }
    if (facts->sbat_level > 0) {
        claim_set_number(set, CLAIM_SBAT_LEVEL, facts->sbat_level);
    }
}

/* ---- what was started ---- */

/* The first image of the last try: what came back before it is no part of this boot. */
static void
tell_loader(const struct gathering *g)
{
    const struct rule_event *last = last_of(g, SLOT_BOOT_IMAGES);

    for (size_t i = next_of(g, SLOT_BOOT_IMAGES, 0); last && i < g->told->n_events;
         i = next_of(g, SLOT_BOOT_IMAGES, i + 1)) {
        if (g->told->events[i].attempt == last->attempt) {
            claim_set_digest(&g->ret->set, CLAIM_BOOT_LOADER, g->told->events[i].digest);
            return;
        }
    }
}

/* Whether a policy's rule of the slot let pass all that is in it. */
static bool
is_listed(const struct gathering *g, enum slot slot, bool *ret_absolute)
{
    *ret_absolute = false;
    for (size_t i = 0; i < g->told->judgement->n; i++) {
        const struct bundle_rule *rule = rule_at(g, i);

        if (slot_at(g, i) == slot && rule->verb == VERB_ONE_OF &&
            g->told->judgement->rules[i].outcome == OUTCOME_PASSED) {
            struct bytes name = g->bundle->sets[g->bundle->args[rule->first_arg].index].name;

            *ret_absolute = memmem(name.p, name.len, "absolute", 8) != NULL;
            return true;
        }
    }
    return false;
}

static void
tell_preos(const struct gathering *g)
{
    bool absolute;
    bool listed = is_listed(g, SLOT_BOOT_PREOS, &absolute);

    if (!is_quoted(g, 4)) { /* nothing of it is in a slot then */
        return;
    }
    tell(g, CLAIM_BOOT_PREOS,
         count_of(g, SLOT_BOOT_PREOS) == 0 ? "none"
         : !listed                         ? "other"
         : absolute                        ? "absolute"
                                           : "vendor");
}

/* Where there are several nobody says which of them the kernel took. */
static void
tell_cmdline(const struct gathering *g)
{
    size_t n_plain = count_of(g, SLOT_BOOT_CMDLINE);
    enum slot slot = n_plain > 0 ? SLOT_BOOT_CMDLINE : SLOT_UKI_CMDLINE;
    const struct rule_event *event =
        n_plain + count_of(g, SLOT_UKI_CMDLINE) == 1 ? last_of(g, slot) : NULL;

    if (event) {
        claim_set_digest(&g->ret->set, CLAIM_BOOT_CMDLINE_DIGEST, event->digest);
        if (event->verified) {
            boot_flags(event->text, &g->ret->set);
        }
    }
}

static void
tell_started(const struct gathering *g)
{
    const struct rule_event *phase = last_of(g, SLOT_OS_PHASE);
    struct claim_set *set = &g->ret->set;

    tell_loader(g);
    tell_preos(g);
    tell_cmdline(g);
    if (count_of(g, SLOT_UKI) > 0) {
        claim_set_flag(set, CLAIM_UKI, true);
    }
    if (g->told->script) {
        claim_set_digest(set, CLAIM_BOOT_SCRIPT_DIGEST, bytes_of(g->told->script, 32));
    }
    if (phase && phase->verified) {
        claim_set_text(set, CLAIM_OS_PHASE, phase->text);
    }
    if (is_quoted(g, 14)) {
        claim_set_number(set, CLAIM_MOK_ENROLLED, count_of(g, SLOT_MOK));
    }
}

/* ---- files, pins, the rest ---- */

static void
tell_files(const struct gathering *g)
{
    const struct ima_judgement *ima = g->told->ima;
    struct claim_set *set = &g->ret->set;

    for (size_t i = 0; i < g->told->judgement->n; i++) {
        const struct rule_result *result = &g->told->judgement->rules[i];
        const struct bundle_rule *rule = rule_at(g, i);

        if (rule->verb == VERB_POLICY) {
            tell(g, CLAIM_IMA_STATUS,
                 !ima || !ima->judged                ? "off"
                 : result->outcome == OUTCOME_PASSED ? "ok"
                 : result->effect == EFFECT_FAIL     ? "fail"
                                                     : "warn");
        }
    }
    if (ima && ima->judged) {
        claim_set_number(set, CLAIM_IMA_COUNT, ima->n_entries);
        claim_set_number(set, CLAIM_IMA_UNKNOWN,
                         (uint64_t)ima->n[IMA_UNKNOWN] + ima->n[IMA_PENDING]);
        claim_set_text(set, CLAIM_IMA_SET, ima->block->list.name);
    }
}

static bool
pins(const struct bundle_rule *rule)
{
    return rule->verb == VERB_DEVICE_PIN || rule->or_pin > 0;
}

/* Something else than what is pinned: of a list of values where some may be pinned, one that is in
 * neither; of a command line, the value of a hole. */
static bool
is_changed(const struct bundle_rule *rule, const struct rule_result *result)
{
    return result->outcome == OUTCOME_CHANGED ||
           (rule->or_pin > 0 && result->outcome == OUTCOME_UNKNOWN);
}

/* Known where something is pinned, or may be. */
static void
tell_pins(const struct gathering *g)
{
    struct claim_set *set = &g->ret->set;
    uint64_t told = 0;

    for (size_t i = 0; i < g->told->judgement->n; i++) {
        if (pins(rule_at(g, i)) || g->ask->n_pins > 0) {
            claim_set_list(set, CLAIM_PINS_CHANGED);
        }
    }
    for (size_t i = 0; i < g->told->judgement->n; i++) {
        enum slot slot = slot_at(g, i);

        if (is_changed(rule_at(g, i), &g->told->judgement->rules[i]) && !(told >> slot & 1)) {
            told |= UINT64_C(1) << slot;
            claim_set_add(set, CLAIM_PINS_CHANGED, bytes_str(slot_table(slot)->name));
        }
    }
}

static void
tell_quirks(const struct gathering *g)
{
    claim_set_list(&g->ret->set, CLAIM_QUIRK);
    for (size_t i = 0; i < QUIRK_N; i++) {
        if (g->told->map->quirks >> i & 1) {
            claim_set_add(&g->ret->set, CLAIM_QUIRK,
                          bytes_str(slots_quirk_name((enum slot_quirk)i)));
        }
    }
}

static bool
holds_item(const struct claim_set *set, enum claim claim, struct bytes item)
{
    const struct claim_value *value = &set->values[claim];

    for (size_t i = 0; claim_set_has(set, claim) && i < value->n; i++) {
        if (bytes_equal(set->items[value->first + i], item)) {
            return true;
        }
    }
    return false;
}

/* Of a TPM that no advisory could be about nothing is known, and nothing told. */
static void
tell_cves(const struct gathering *g)
{
    struct claim_set *set = &g->ret->set;
    uint16_t found[LIMIT_BUNDLE_ADVISORIES];
    size_t n = advisory_find(g->bundle, &g->ask->tpm, found);

    if (!advisory_known(g->bundle, &g->ask->tpm)) {
        return;
    }
    claim_set_list(set, CLAIM_TPM_CVES);
    for (size_t i = 0; i < n; i++) {
        const struct bundle_advisory *advisory = &g->bundle->advisories[found[i]];

        for (size_t k = 0; k < advisory->n_cves; k++) {
            if (!holds_item(set, CLAIM_TPM_CVES, advisory->cves[k])) {
                claim_set_add(set, CLAIM_TPM_CVES, advisory->cves[k]);
            }
        }
    }
}

void
boot_claims_tpm(const struct advisory_tpm *tpm, const char *chain, struct boot_claims *ret)
{
    const char *kind = tpm->vendor ? tpm_vendor_kind(tpm->vendor) : NULL;
    char room[TPM_FIRMWARE_ROOM];
    char vendor[TPM_VENDOR_ROOM];

    if (tpm->vendor) {
        claim_set_text(&ret->set, CLAIM_TPM_VENDOR,
                       text_made(ret, "%s", tpm_vendor_text(tpm->vendor, vendor)));
    }
    if (kind) {
        claim_set_text(&ret->set, CLAIM_TPM_KIND, bytes_str(kind));
    }
    if (tpm->quoted) {
        claim_set_text(&ret->set, CLAIM_TPM_FW,
                       text_made(ret, "%s", tpm_firmware_text(tpm->firmware, room)));
    }
    if (chain) {
        claim_set_text(&ret->set, CLAIM_EK_CHAIN, bytes_str(chain));
    }
}

void
boot_claims(const struct boot_ask *ask, const struct boot_told *told, struct boot_claims *ret)
{
    const struct gathering g = {ask, told, rulebook_bundle(ask->book), ret};
    static const char *const rtm[] = {
        [FACT_RTM_SOFTWARE] = "sw", [FACT_RTM_HARDWARE] = "hw", [FACT_RTM_HCRTM] = "hcrtm"};

    tell(&g, CLAIM_MODE, told->observed ? "observe" : "enforce");
    tell(&g, CLAIM_RTM, rtm[told->facts->rtm]);
    tell_cves(&g);
    tell_firmware(&g);
    tell_system(&g);
    tell_secureboot(&g);
    tell_started(&g);
    if (told->facts->dma_unprotected) {
        tell(&g, CLAIM_DMA_PROTECTION, "off");
    }
    if (told->facts->debug) {
        claim_set_flag(&ret->set, CLAIM_FW_DEBUG, true);
    }
    tell_files(&g);
    tell_pins(&g);
    tell_quirks(&g);
}
