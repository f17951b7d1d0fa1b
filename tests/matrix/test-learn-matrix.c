/* Every rule that is learnt from a real boot passes it, and fails with its own code when one thing
 * of the boot is changed to what is nearest: a digest by a bit, a word, an entry, an event more or
 * less. The other rules stay as they were. */
#include <stdio.h>
#include <stdlib.h>

#include "appraise/kernel-args.h"
#include "lib/check.h"
#include "lib/learn-rig.h"

static const char *const boots[] = {
    "evlog/arch-linux-workstation.bin",
    "evlog/cos-85-amd-sev.bin",
    "evlog/debian-10.bin",
    "evlog/ebs_event_missing_eventlog.bin",
    "evlog/gdc-host.bin",
    "evlog/glinux-alex.bin",
    "evlog/keylime-mb.bin",
    "evlog/option_rom_eventlog.bin",
    "evlog/rhel8-uefi.bin",
    "evlog/sb_cert_eventlog.bin",
    "evlog/tpm2-tools-event-bootorder.bin",
    "evlog/tpm2-tools-event-moklisttrusted.bin",
    "evlog/tpm2-tools-event-postcode.bin",
    "evlog/tpm2-tools-event-sd-boot-fedora37.bin",
    "evlog/tpm2-tools-event-uefi-sha1-log.bin",
    "evlog/tss-hcrtm.bin",
    "evlog/ubuntu-2104-no-dbx.bin",
    "boot/grub-sb-off-chainloader/binary_bios_measurements",
    "boot/grub-sb-off-logcarrier/binary_bios_measurements",
    "boot/grub-sb-on/binary_bios_measurements",
    "boot/sdboot-uki-sb-on/binary_bios_measurements",
    "boot/uboot-arm64/binary_bios_measurements",
};

/* The boot as its rules see it, with one thing changed at a time. */
static struct matrix {
    struct rule_input input;
    struct rule_event events[RULE_EVENTS_MAX];
    struct rule_entry entries[FACTS_ENTRIES];
    struct rule_number numbers[FACTS_NUMBERS];
    uint8_t digest[HASH_SIZE_MAX];
    uint8_t text[8192];
    struct rule_room *room;
    struct rule_judgement good, judgement;
    size_t rule; /* under test */
    size_t n_changes;
    size_t by_verb[VERB_MAX + 1];
} m;

static const struct bundle_rule *
rule(void)
{
    return &rulebook_bundle(learn_rig.book)->rules[m.rule];
}

static enum slot
slot(void)
{
    return rulebook_slot(learn_rig.book, m.rule);
}

static void
restore(void)
{
    const struct boot_told *told = &learn_rig.told;

    m.input = (struct rule_input){.bank = learn_rig.options.bank,
                                  .n_events = told->n_events,
                                  .events = m.events,
                                  .n_pins = learn_rig.n_pins,
                                  .pins = learn_rig.pins};
    memcpy(m.events, told->events, told->n_events * sizeof(m.events[0]));
    facts_input(told->facts, &m.input);
}

static void
judge(void)
{
    rule_judge(learn_rig.book, 0, &m.input, m.room, &m.judgement);
}

static enum tier
tier_of(enum reason_effect effect)
{
    return effect == EFFECT_FAIL   ? TIER_CONTRAINDICATED
           : effect == EFFECT_WARN ? TIER_WARNING
                                   : TIER_AFFIRMING;
}

/* Rules that ask for one release find a stranger together. */
static bool
may_follow(size_t i)
{
    return rulebook_bundle(learn_rig.book)->rules[i].flags & rule()->flags & RULE_SAME_RELEASE;
}

/* The change made this rule fail with this outcome, worth the rule's effect or at best `worst`, and
 * no other rule. */
static void
check_fails_as(enum policy_outcome outcome, enum reason_effect worst, const char *change)
{
    const struct rule_result *result;
    enum reason_effect effect = rule()->otherwise > worst ? rule()->otherwise : worst;
    struct policy_code code = policy_code(rule()->slot, rule()->verb, outcome);

    judge();
    result = &m.judgement.rules[m.rule];
    if (result->outcome != outcome || result->code.reason != code.reason ||
        result->effect != effect || m.judgement.tiers[code.dimension] < tier_of(effect)) {
        check_fail(__FILE__, __LINE__,
                   "%.*s, %s: outcome %d, %d with effect %d; not %d, %d with %d",
                   (int)rule()->id.len, (const char *)rule()->id.p, change, result->outcome,
                   result->code.reason, result->effect, outcome, code.reason, effect);
    }
    for (size_t i = 0; i < m.judgement.n; i++) {
        if (i != m.rule && !may_follow(i) &&
            m.judgement.rules[i].outcome != m.good.rules[i].outcome) {
            check_fail(__FILE__, __LINE__, "%.*s, %s: rule %zu follows", (int)rule()->id.len,
                       (const char *)rule()->id.p, change, i);
        }
    }
    m.n_changes++;
    m.by_verb[rule()->verb]++;
    restore();
}

static void
check_fails(enum policy_outcome outcome, const char *change)
{
    check_fails_as(outcome, EFFECT_FAIL, change);
}

/* ---- events ---- */

static size_t
next_event(size_t from)
{
    while (from < m.input.n_events && m.events[from].slot != slot()) {
        from++;
    }
    return from;
}

static void
flip_digest(size_t i)
{
    memcpy(m.digest, m.events[i].digest.p, m.events[i].digest.len);
    m.digest[0] ^= 1;
    m.events[i].digest = bytes_of(m.digest, m.events[i].digest.len);
}

static void
drop_event(size_t i)
{
    m.input.n_events--;
    memmove(&m.events[i], &m.events[i + 1], (m.input.n_events - i) * sizeof(m.events[0]));
}

static void
copy_event(size_t i)
{
    memmove(&m.events[i + 1], &m.events[i], (m.input.n_events - i) * sizeof(m.events[0]));
    m.input.n_events++;
}

/* How many events the slot has. */
static size_t
count(void)
{
    return m.good.rules[m.rule].n_events;
}

static void
change_counts(void)
{
    size_t first = next_event(0);

    if (count() > 0 && rule()->count_min == count() && rule()->verb != VERB_SEQUENCE &&
        !(rule()->flags & RULE_WHOLE)) {
        drop_event(first);
        check_fails(OUTCOME_FEW, "one event less");
    }
    if (count() > 0 && rule()->count_max == count()) {
        copy_event(first);
        check_fails(OUTCOME_MANY, "one event more");
    }
}

static void
change_each_digest(enum policy_outcome outcome)
{
    for (size_t i = next_event(0); i < m.input.n_events; i = next_event(i + 1)) {
        flip_digest(i);
        check_fails(outcome, "a bit of a digest");
    }
}

static void
change_one_of(void)
{
    size_t last = m.input.n_events;

    change_each_digest(OUTCOME_UNKNOWN);
    for (size_t i = next_event(0); i < m.input.n_events; i = next_event(i + 1)) {
        last = i;
    }
    if (rule()->flags & RULE_WHOLE && count() > 1) {
        drop_event(last);
        check_fails(OUTCOME_UNKNOWN, "without its last part");
        copy_event(last);
        check_fails(OUTCOME_UNKNOWN, "its last part twice");
    }
}

static void
change_sequence(void)
{
    size_t first = next_event(0);
    size_t second = next_event(first + 1);

    if (count() > 0) {
        change_each_digest(OUTCOME_UNKNOWN);
        if (second < m.input.n_events) {
            struct bytes digest = m.events[first].digest;

            m.events[first].digest = m.events[second].digest;
            m.events[second].digest = digest;
            check_fails(OUTCOME_ORDER, "two events in each other's place");
        }
        copy_event(first);
        check_fails(OUTCOME_ORDER, "the first event twice");
        while (next_event(second) < m.input.n_events) {
            drop_event(next_event(second));
        }
        if (count() > 1) {
            check_fails(OUTCOME_FEW, "the first event alone");
        } else {
            restore();
        }
    }
}

static void
change_pin(void)
{
    size_t first = next_event(0);

    change_each_digest(OUTCOME_CHANGED);
    if (first < m.input.n_events) {
        drop_event(first);
        judge();
        if (m.judgement.rules[m.rule].outcome == OUTCOME_PASSED) {
            restore(); /* one like it is left, which is as good */
        } else {
            check_fails(OUTCOME_CHANGED, "one event less");
        }
    }
}

/* Any event of the slot: its digest does not matter. */
static void
change_forbid(void)
{
    m.events[m.input.n_events++] =
        (struct rule_event){.slot = slot(),
                            .pcr = (uint32_t)__builtin_ctz(slot_table(slot())->pcrs),
                            .digest = bytes_of(m.digest, hash_size(m.input.bank))};
    check_fails(OUTCOME_UNKNOWN, "an event");
}

static void
change_any(void)
{
    for (size_t i = next_event(0); i < m.input.n_events; i = next_event(i + 1)) {
        m.events[i].verified = false;
        check_fails(OUTCOME_UNKNOWN, "a text that is a label");
    }
}

/* ---- facts ---- */

static void
change_is(void)
{
    m.input.words[slot()] = bytes_str("other");
    check_fails(OUTCOME_UNKNOWN, "another word");
    m.input.words[slot()] = BYTES_NULL;
    for (size_t i = next_event(0); i < m.input.n_events; i = next_event(i)) {
        drop_event(i);
    }
    check_fails(OUTCOME_UNAVAILABLE, "no word");
}

/* The slot's entries, where one can be changed. */
static struct rule_entries *
own_entries(void)
{
    struct rule_entries *entries = &m.input.entries[slot()];

    memcpy(m.entries, entries->entries, entries->n * sizeof(m.entries[0]));
    entries->entries = m.entries;
    return entries;
}

static void
change_entries(void)
{
    size_t n = m.input.entries[slot()].n;

    for (size_t i = 0; i < n; i++) {
        struct rule_entries *entries = own_entries();

        memcpy(m.digest, entries->entries[i].digest.p, 32);
        m.digest[31] ^= 1;
        m.entries[i].digest = bytes_of(m.digest, 32);
        check_fails(OUTCOME_UNKNOWN, "a bit of an entry");
        own_entries();
        m.entries[i].sig =
            m.entries[i].sig == BUNDLE_SIG_X509 ? BUNDLE_SIG_X509_SHA256 : BUNDLE_SIG_X509;
        check_fails(OUTCOME_UNKNOWN, "another kind of an entry");
    }
    if (rule()->verb == VERB_EQUALS) {
        own_entries()->n--;
        check_fails(OUTCOME_MISSING, "one entry less");
    }
    m.input.entries[slot()].known = false;
    check_fails(OUTCOME_UNAVAILABLE, "a list that cannot be read");
}

static void
change_includes(void)
{
    size_t n = m.input.entries[slot()].n;

    for (size_t i = 0; i < n; i++) {
        struct rule_entries *entries = own_entries();

        m.entries[i] = m.entries[--entries->n];
        check_fails(OUTCOME_OLD, "one entry less");
    }
    m.input.entries[slot()].known = false;
    check_fails(OUTCOME_UNAVAILABLE, "a list that cannot be read");
}

static void
change_level(void)
{
    size_t n = m.input.n_numbers;
    bool parts = rulebook_bundle(learn_rig.book)->args[rule()->first_arg].index != BUNDLE_NONE;

    for (size_t i = 0; parts && i < n; i++) {
        memcpy(m.numbers, m.input.numbers, n * sizeof(m.numbers[0]));
        m.input.numbers = m.numbers;
        m.numbers[i].number--;
        check_fails(OUTCOME_OLD, "a generation less");
    }
    if (!parts) {
        m.input.level--;
        check_fails(OUTCOME_OLD, "a level less");
    }
    m.input.level = 0;
    check_fails(OUTCOME_UNAVAILABLE, "no level");
}

/* ---- texts ---- */

/* The text of an event becomes `before` and `behind`. */
static void
set_text(size_t i, struct bytes before, const char *behind)
{
    struct wr wr = wr_init(m.text, sizeof(m.text));

    wr_bytes(&wr, before);
    wr_str(&wr, behind);
    CHECK(wr_done(&wr).p);
    m.events[i].text = wr_done(&wr);
}

static void
change_match(void)
{
    size_t i = next_event(0);

    set_text(i, m.events[i].text, "!");
    check_fails(OUTCOME_UNKNOWN, "a letter more");
    change_any();
}

static void
change_commands(void)
{
    for (size_t i = next_event(0); i < m.input.n_events; i = next_event(i + 1)) {
        set_text(i, BYTES_NULL, "cat /evil");
        check_fails(OUTCOME_UNKNOWN, "another command");
    }
    change_any();
}

static const struct bundle_list *
cmdline(void)
{
    const struct bundle *bundle = rulebook_bundle(learn_rig.book);

    return &bundle->cmdlines[bundle->args[rule()->first_arg].index];
}

/* The line without the nth word, as the kernel splits it; false when it has no more of them. */
static bool
drop_word(size_t i, size_t nth, struct bytes *ret_word)
{
    static struct kernel_arg arg;
    struct bytes whole = m.events[i].text;
    struct bytes line = whole;
    struct wr wr = wr_init(m.text, sizeof(m.text));

    for (size_t word = 0; word <= nth; word++) {
        if (!kernel_args_next(&line, &arg)) {
            return false;
        }
    }
    wr_bytes(&wr, bytes_of(whole.p, (size_t)(arg.raw.p - whole.p)));
    wr_bytes(&wr, line);
    m.events[i].text = wr_done(&wr);
    *ret_word = arg.word;
    return true;
}

static bool
is_item(enum bundle_item_kind kind, struct bytes word)
{
    const struct bundle_list *list = cmdline();

    for (size_t i = 0; i < list->n_items; i++) {
        const struct bundle_item *item =
            &rulebook_bundle(learn_rig.book)->items[list->first_item + i];

        if (item->kind == kind && bytes_equal(item->text, word)) {
            return true;
        }
    }
    return false;
}

static bool
stands_in(struct bytes line, struct bytes word)
{
    static struct kernel_arg arg;

    while (kernel_args_next(&line, &arg)) {
        if (bytes_equal(arg.word, word)) {
            return true;
        }
    }
    return false;
}

static void
change_words(size_t i)
{
    struct bytes word;

    for (size_t nth = 0; drop_word(i, nth, &word); nth++) {
        if (!is_item(ITEM_REQUIRE, word) || stands_in(m.events[i].text, word)) {
            restore();
        } else {
            check_fails(OUTCOME_MISSING, "a word less");
        }
    }
}

/* With a word that the kernel would take as well: unknown, denied. What the boot has already that
 * no list can hold (503, a warning) stays beside it. */
static void
change_tokens(void)
{
    bool noted = m.good.rules[m.rule].outcome != OUTCOME_PASSED;
    size_t i = next_event(0);

    change_words(i);
    if (!noted) {
        set_text(i, m.events[i].text, " nosmp");
        check_fails_as(OUTCOME_UNKNOWN, cmdline()->otherwise, "a word more");
    }
    set_text(i, m.events[i].text, " lockdown=none");
    check_fails(is_item(ITEM_DENY, bytes_str("lockdown=none")) ? OUTCOME_DENIED : OUTCOME_UNKNOWN,
                "a denied word");
    set_text(i, m.events[i].text, " rd.br\"eak\"");
    check_fails(OUTCOME_DENIED, "a denied word in quotes");
    m.events[i].verified = false;
    check_fails(OUTCOME_UNKNOWN, "a text that is a label");
}

/* A pin of a hole that is another device's. */
static void
change_holes(void)
{
    for (size_t i = 0; i < learn_rig.n_pins; i++) {
        struct rule_pin pin = learn_rig.pins[i];

        if (pin.slot == slot() && pin.name.len > 0) {
            learn_rig.pins[i].value = bytes_str("another");
            check_fails(OUTCOME_CHANGED, "another device's value");
            learn_rig.pins[i] = pin;
        }
    }
}

/* ---- the matrix ---- */

static void
change_rule(void)
{
    switch (rule()->verb) {
    case VERB_ONE_OF:
        change_one_of();
        break;
    case VERB_SEQUENCE:
        change_sequence();
        break;
    case VERB_DEVICE_PIN:
        change_pin();
        break;
    case VERB_FORBID:
        change_forbid();
        break;
    case VERB_IS:
        change_is();
        break;
    case VERB_EQUALS:
    case VERB_SUBSET_OF:
    case VERB_SIGNED_BY:
        change_entries();
        break;
    case VERB_INCLUDES:
        change_includes();
        break;
    case VERB_AT_LEAST:
        change_level();
        break;
    case VERB_MATCH:
        change_match();
        break;
    case VERB_TOKENS:
        change_tokens();
        change_holes();
        break;
    case VERB_COMMANDS:
        change_commands();
        break;
    case VERB_ANY:
        change_any();
        break;
    default:
        check_fail(__FILE__, __LINE__, "no change for this verb");
    }
    change_counts();
}

static void
every_rule_fails_by_the_nearest_change(void)
{
    m.room = check_keep(rule_room_new());
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        size_t before = m.n_changes;

        learn_rig_pinned(boots[i]);
        restore();
        judge();
        m.good = m.judgement;
        for (m.rule = 0; m.rule < m.good.n; m.rule++) {
            size_t n = m.n_changes;

            change_rule();
            CHECK(m.n_changes > n); /* no rule goes untried */
        }
        printf("# %-54s %3zu rules, %4zu changes\n", boots[i], m.good.n, m.n_changes - before);
    }
    for (int verb = 1; verb <= VERB_MAX; verb++) {
        if (verb != VERB_NOT_IN && verb != VERB_POLICY) { /* what nobody can learn */
            CHECK(m.by_verb[verb] > 0);
        }
    }
}

CHECK_MAIN(CASE(every_rule_fails_by_the_nearest_change))
