#include "appraise/facts.h"

#include "appraise/facts-certs.h"
#include "appraise/facts-lists.h"
#include "appraise/slots-pick.h"

/* A component of SBAT must never pass for a GUID, which is how rows of SVNs are named. */
_Static_assert(LIMIT_SBAT_NAME < 36, "an SBAT component may be named as a GUID");

enum { LOCALITY_HARDWARE = 3, LOCALITY_HCRTM = 4 };

/* One pass over a log. */
struct reading {
    struct hasher *hasher;
    const struct event_log *log;
    struct boot_facts *facts;
    bool broken[SLOT_N];
};

static enum fact_flag
flag_of(struct bytes value)
{
    if (value.len == 0) {
        return FACT_EMPTY;
    }
    if (value.len != 1 || value.p[0] > 1) {
        return FACT_ODD;
    }
    return value.p[0] == 1 ? FACT_ON : FACT_OFF;
}

static struct bytes
without_nul(struct bytes in, size_t width)
{
    bool nul = in.len >= width && in.p[in.len - 1] == 0 && in.p[in.len - width] == 0;

    return nul ? bytes_of(in.p, in.len - width) : in;
}

static void
read_mode(struct reading *reading, const struct efivar *var)
{
    struct boot_facts *facts = reading->facts;

    if (efivar_is(var, "AuditMode")) {
        facts->audit = flag_of(var->value);
    } else if (efivar_is(var, "DeployedMode")) {
        facts->deployed = flag_of(var->value);
    } else {
        facts->setup = flag_of(var->value);
    }
}

static void
read_action(struct reading *reading, const struct event *event)
{
    struct bytes text = without_nul(event_text(reading->log, event), 1);

    reading->facts->dma_unprotected |= bytes_equal(text, bytes_str("DMA Protection Disabled"));
    reading->facts->debug |= bytes_equal(text, bytes_str("UEFI Debug Mode"));
}

/* A variable's part in the facts. Returns 0, 1 when it breaks its form, or a negative errno. */
static int
read_variable(struct reading *reading, enum slot slot, const struct efivar *var)
{
    switch (slot) {
    case SLOT_SECUREBOOT:
        reading->facts->secureboot = flag_of(var->value);
        return 0;
    case SLOT_SB_MODE:
        read_mode(reading, var);
        return 0;
    case SLOT_SB_PK:
        facts_note_pk(reading->facts, var->value);
        return facts_add_lists(reading->facts, reading->hasher, var->value, false);
    case SLOT_SB_KEK:
    case SLOT_SB_DB:
    case SLOT_SB_DBX:
    case SLOT_SB_DBT:
    case SLOT_SB_DBR:
        return facts_add_lists(reading->facts, reading->hasher, var->value, slot == SLOT_SB_DBX);
    case SLOT_BOOT_AUTHORITY:
        facts_note_authority(reading->facts, var->value);
        return facts_add_authority(reading->facts, reading->hasher, var->value);
    case SLOT_SB_SBAT:
        return facts_add_sbat(reading->facts, var->value);
    default:
        return 0;
    }
}

static int
read_event(struct reading *reading, const struct slot_event *placed, const struct event *event)
{
    struct efivar var;
    bool quirk;
    int r;

    if (placed->slot == SLOT_ACTION) {
        read_action(reading, event);
    }
    if (!slots_pick_variable(reading->log, event, &var, &quirk)) {
        return 0;
    }
    r = read_variable(reading, (enum slot)placed->slot, &var);
    reading->broken[placed->slot] |= r > 0;
    return r < 0 ? r : 0;
}

/* All events of one slot, so that a list's entries stand together. */
static int
read_slot(struct reading *reading, const struct slot_map *map, enum slot slot, size_t *ret_n)
{
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; i < map->n && r == 0; i++) {
        if (map->events[i].slot == slot && map->events[i].flags & SLOT_VERIFIED) {
            r = read_event(reading, &map->events[i], &reading->log->events[i]);
            n++;
        }
    }
    *ret_n = n;
    return r;
}

static int
read_list(struct reading *reading, const struct slot_map *map, enum slot slot)
{
    size_t first = reading->facts->n_entries;
    size_t n;
    int r = read_slot(reading, map, slot, &n);

    if (r == 0 && n > 0 && !reading->broken[slot]) {
        reading->facts->lists[slot] = facts_list(reading->facts, first);
    }
    return r;
}

/* Does the event say that shim checks nothing? *ret is FACT_ABSENT where it is of something else.
 */
static int
read_mok_state(struct reading *reading, const struct slot_event *placed, const struct event *event,
               enum fact_flag *ret)
{
    static const uint8_t checks[] = {0};
    const struct event_log *log = reading->log;
    uint8_t digest[HASH_SIZE_MAX];
    struct efivar var;
    bool quirk;
    int r;

    *ret = FACT_ABSENT;
    if (placed->flags & SLOT_VERIFIED && slots_pick_variable(log, event, &var, &quirk)) {
        if (efivar_is(&var, "MokSBState") || efivar_is(&var, "MokSBStateRT")) {
            *ret = flag_of(var.value) == FACT_OFF ? FACT_ON : FACT_OFF;
        }
        return 0;
    }
    if (!bytes_equal(without_nul(event_data(log, event), 1), bytes_str("MokSBState"))) {
        return 0;
    }
    r = hasher_bytes(reading->hasher, log->banks[0], BYTES_OF(checks), digest);
    *ret = bytes_equal(event->digest[0], bytes_of(digest, hash_size(log->banks[0]))) ? FACT_ON
                                                                                     : FACT_OFF;
    return r;
}

/* shim measures MokSBState when it is set, and its value is 1 when nothing is checked: into PCR 7
 * as a variable, into PCR 14 under its name alone (mok.c, mok_state_variables). That a mere label
 * says so counts, for nobody says it who wants to pass. */
static int
read_mok(struct reading *reading, const struct slot_map *map)
{
    enum fact_flag *validation = &reading->facts->mok_validation;
    int r = 0;

    for (size_t i = 0; i < map->n && r == 0; i++) {
        enum fact_flag flag;

        if (map->events[i].slot == SLOT_MOK) {
            r = read_mok_state(reading, &map->events[i], &reading->log->events[i], &flag);
            *validation = *validation == FACT_OFF || flag == FACT_OFF ? FACT_OFF : FACT_ON;
        }
    }
    return r;
}

/* db with what is no certificate. */
static void
read_hashes(struct boot_facts *facts)
{
    const struct rule_entries *db = &facts->lists[SLOT_SB_DB];

    for (size_t i = 0; i < db->n; i++) {
        facts->db_hash |= db->entries[i].sig != BUNDLE_SIG_X509;
    }
}

/* The locality at which PCR 0 began replays with PCR 0: where that is not quoted, it is anybody's
 * word. */
static enum fact_rtm
rtm_of(const struct event_log *log, const struct slot_map *map)
{
    size_t i = 0;

    while (i < map->n && !(log->events[i].pcr == 0 && map->events[i].slot != SLOT_NONE)) {
        i++;
    }
    if (i == map->n) {
        return FACT_RTM_SOFTWARE;
    }
    return log->locality == LOCALITY_HCRTM      ? FACT_RTM_HCRTM
           : log->locality == LOCALITY_HARDWARE ? FACT_RTM_HARDWARE
                                                : FACT_RTM_SOFTWARE;
}

int
facts_read(struct hasher *hasher, const struct event_log *log, const struct slot_map *map,
           struct boot_facts *ret)
{
    static const enum slot plain[] = {SLOT_SB_SBAT, SLOT_SECUREBOOT, SLOT_SB_MODE, SLOT_ACTION};
    static const enum slot lists[] = {SLOT_SB_PK,  SLOT_SB_KEK, SLOT_SB_DB,         SLOT_SB_DBT,
                                      SLOT_SB_DBR, SLOT_SB_DBX, SLOT_BOOT_AUTHORITY};
    struct reading reading = {.hasher = hasher, .log = log, .facts = ret};
    size_t unused;
    int r = 0;

    memset(ret, 0, sizeof(*ret));
    ret->rtm = rtm_of(log, map);
    for (size_t i = 0; i < ARRAY_LEN(plain) && r == 0; i++) {
        r = read_slot(&reading, map, plain[i], &unused);
        if (reading.broken[SLOT_SB_SBAT]) {
            ret->sbat_level = 0;
            ret->n_numbers = 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(lists) && r == 0; i++) {
        r = read_list(&reading, map, lists[i]);
    }
    if (reading.broken[SLOT_SB_PK]) {
        ret->testkey = FACT_ODD;
    }
    read_hashes(ret);
    return r == 0 ? read_mok(&reading, map) : r;
}

/* ---- for rules ---- */

static struct bytes
secureboot_word(const struct boot_facts *facts)
{
    switch (facts->secureboot) {
    case FACT_ON:
        return bytes_str("on");
    case FACT_OFF:
    case FACT_EMPTY:
        return bytes_str("off");
    default:
        return BYTES_NULL;
    }
}

static struct bytes
mode_word(const struct boot_facts *facts)
{
    const enum fact_flag flags[] = {facts->setup, facts->audit, facts->deployed};
    static const char *const words[] = {"setup", "audit", "deployed"};
    bool any = false;

    if (facts->lists[SLOT_SB_PK].known && facts->lists[SLOT_SB_PK].n == 0) {
        return bytes_str("setup"); /* what that mode is: UEFI 2.10 section 32.3 */
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (flags[i] == FACT_ODD || flags[i] == FACT_EMPTY) {
            return BYTES_NULL;
        }
        if (flags[i] == FACT_ON) {
            return bytes_str(words[i]);
        }
        any = any || flags[i] == FACT_OFF;
    }
    return any ? bytes_str("user") : BYTES_NULL;
}

/* The word of a fact that is on or off. */
static struct bytes
flag_word(enum fact_flag flag, const char *on, const char *off)
{
    return flag == FACT_ON ? bytes_str(on) : flag == FACT_OFF ? bytes_str(off) : BYTES_NULL;
}

void
facts_input(const struct boot_facts *facts, struct rule_input *input)
{
    static const char *const rtm[] = {
        [FACT_RTM_SOFTWARE] = "sw", [FACT_RTM_HARDWARE] = "hw", [FACT_RTM_HCRTM] = "hcrtm"};

    for (size_t i = 0; i < SLOT_N; i++) {
        input->entries[i] = facts->lists[i];
    }
    input->words[SLOT_SECUREBOOT] = secureboot_word(facts);
    input->words[SLOT_SB_MODE] = mode_word(facts);
    input->words[SLOT_SB_TESTKEY] = flag_word(facts->testkey, "yes", "no");
    input->words[SLOT_MOK_VALIDATION] = flag_word(facts->mok_validation, "on", "off");
    input->words[SLOT_RTM] = bytes_str(rtm[facts->rtm]);
    input->level = facts->sbat_level;
    input->n_numbers = facts->n_numbers;
    input->numbers = facts->numbers;
}

/* ---- events ---- */

struct listing {
    struct boot_facts *facts;
    const struct event_log *log;
    size_t at; /* of the bank; n_banks: the log has none such */
    unsigned attempt;
    struct rule_event *events;
    size_t n;
};

/* The firmware took back control: what it started after "Calling …" came back. */
static bool
returns(const struct listing *listing, const struct event *event)
{
    static const char text[] = "Returning from EFI Application from Boot Option";
    struct bytes said = event_text(listing->log, event);

    return event->pcr == 4 && said.len >= sizeof(text) - 1 &&
           memcmp(said.p, text, sizeof(text) - 1) == 0;
}

static bool
is_utf16(struct bytes in)
{
    for (size_t i = 1; i < in.len; i += 2) {
        if (in.p[i] != 0 || in.p[i - 1] == 0 || in.p[i - 1] >= 0x80) {
            return false;
        }
    }
    return in.len % 2 == 0; /* OVMF's version is a lone NUL */
}

/* Plain text of UTF-16; false when there is no room for it. */
static bool
make_plain(struct boot_facts *facts, struct bytes *text)
{
    uint8_t *out = &facts->text[facts->n_text];
    size_t n = text->len / 2;

    if (n > FACTS_TEXT - facts->n_text) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = text->p[2 * i];
    }
    facts->n_text += n;
    *text = bytes_of(out, n);
    return true;
}

static bool
holds_nul(struct bytes in)
{
    return in.len > 0 && memchr(in.p, 0, in.len) != NULL;
}

/* The text of an event; false when rules must not look at it. */
static bool
read_text(struct listing *listing, const struct slot_event *placed, const struct event *event,
          struct bytes *ret)
{
    struct bytes text = event_text(listing->log, event);
    struct bytes wide = without_nul(text, 2);
    bool line = placed->slot == SLOT_CRTM_VERSION || placed->slot == SLOT_BOOT_CMDLINE ||
                placed->slot == SLOT_UKI_CMDLINE;

    if (!(placed->flags & SLOT_VERIFIED)) {
        return false;
    }
    if (placed->detail > 0) {
        *ret = bytes_str(slots_phase(placed->detail - 1u));
        return true;
    }
    if (line && is_utf16(wide)) {
        *ret = wide;
        return make_plain(listing->facts, ret);
    }
    *ret = without_nul(text, 1);
    /* UTF-16 that is not ASCII would hide its words from every rule that denies some */
    return !(line || placed->slot == SLOT_BOOT_SCRIPT) || !holds_nul(*ret);
}

static void
list_event(struct listing *listing, const struct slot_event *placed, const struct event *event)
{
    struct bytes text = BYTES_NULL;
    bool verified;

    if (placed->slot == SLOT_NONE || placed->flags & SLOT_ECHO) {
        return;
    }
    verified = read_text(listing, placed, event, &text);
    listing->events[listing->n++] = (struct rule_event){
        .slot = (enum slot)placed->slot,
        .verified = verified,
        .attempt = (uint8_t)listing->attempt,
        .index = event->index,
        .pcr = event->pcr,
        .digest = listing->at < listing->log->n_banks ? event->digest[listing->at] : BYTES_NULL,
        .text = verified ? text : BYTES_NULL,
    };
    listing->attempt += returns(listing, event) && listing->attempt < UINT8_MAX ? 1 : 0;
}

static void
list_all(struct listing *listing, const struct slot_event *placed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        list_event(listing, &placed[i], &listing->log->events[i]);
    }
}

size_t
facts_events(struct boot_facts *facts, const struct event_log *log,
             const struct event_log *userspace, const struct slot_map *map, enum hash bank,
             struct rule_event *ret)
{
    struct listing listing = {
        .facts = facts, .log = log, .at = event_log_bank(log, bank), .events = ret};

    facts->n_text = 0;
    list_all(&listing, map->events, map->n);
    if (userspace) {
        listing.log = userspace;
        listing.at = event_log_bank(userspace, bank);
        list_all(&listing, map->userspace, map->n_userspace);
    }
    return listing.n;
}
