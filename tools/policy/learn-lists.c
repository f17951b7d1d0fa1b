/* Signature lists, and the levels that replace them. */
#include <stdio.h>

#include "base/hex.h"
#include "policy/learn-lesson.h"
#include "wire/bundle-part.h"

enum { GUID_TEXT = 36 }; /* how rows of SVNs are named; no component is as long */

struct list_way {
    enum slot slot;
    const char *id;
    const char *set; /* its name begins so */
    const char *effect;
};

static const struct rule_entries *
entries_of(const struct lesson *lesson, size_t boot, enum slot slot)
{
    return &lesson->boots[boot].input.entries[slot];
}

static bool
has_entry(const struct rule_entries *entries, const struct rule_entry *entry)
{
    for (size_t i = 0; i < entries->n; i++) {
        if (entries->entries[i].sig == entry->sig &&
            bytes_equal(entries->entries[i].digest, entry->digest)) {
            return true;
        }
    }
    return false;
}

static bool
all_have(const struct lesson *lesson, enum slot slot, const struct rule_entry *entry)
{
    for (size_t i = 0; i < lesson->n_boots; i++) {
        if (!has_entry(entries_of(lesson, i, slot), entry)) {
            return false;
        }
    }
    return true;
}

static bool
one_before_has(const struct lesson *lesson, size_t n, enum slot slot,
               const struct rule_entry *entry)
{
    for (size_t i = 0; i < n; i++) {
        if (has_entry(entries_of(lesson, i, slot), entry)) {
            return true;
        }
    }
    return false;
}

/* Every boot has the list, nothing in it that no set can name, and at least one something. */
static bool
can_be_sets(const struct lesson *lesson, enum slot slot)
{
    size_t n = 0;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        const struct rule_entries *entries = entries_of(lesson, i, slot);

        if (!entries->known) {
            return false;
        }
        for (size_t k = 0; k < entries->n; k++, n++) {
            if (entries->entries[k].sig == 0) {
                return false;
            }
        }
    }
    return n > 0;
}

static bool
lists_alike(const struct lesson *lesson, enum slot slot)
{
    for (size_t i = 1; i < lesson->n_boots; i++) {
        const struct rule_entries *entries = entries_of(lesson, i, slot);

        if (entries->n != entries_of(lesson, 0, slot)->n) {
            return false;
        }
        for (size_t k = 0; k < entries->n; k++) {
            if (!all_have(lesson, slot, &entries->entries[k])) {
                return false;
            }
        }
    }
    return true;
}

static void
write_entry(FILE *out, const struct rule_entry *entry)
{
    char hex[2 * HASH_SIZE_MAX + 1];

    fprintf(out, "  %s sha256:%s\n",
            entry->sig == BUNDLE_SIG_X509     ? "x509"
            : entry->sig == BUNDLE_SIG_SHA256 ? "image"
                                              : "tbs",
            hex_write(hex, entry->digest));
}

/* What any boot has. */
static void
write_union(const struct lesson *lesson, const struct list_way *way)
{
    fprintf(lesson->blocks, "\nset certs %s-%s {\n", way->set, lesson->options->name);
    for (size_t i = 0; i < lesson->n_boots; i++) {
        const struct rule_entries *entries = entries_of(lesson, i, way->slot);

        for (size_t k = 0; k < entries->n; k++) {
            if (!one_before_has(lesson, i, way->slot, &entries->entries[k])) {
                write_entry(lesson->blocks, &entries->entries[k]);
            }
        }
    }
    fputs("}\n", lesson->blocks);
}

static void
write_pinned(struct lesson *lesson, const struct list_way *way)
{
    lesson_rule(lesson, way->id, way->slot,
                "empty, or of no form that a set can name: each device's own");
    fprintf(lesson->rules, "device-pin%s\n", way->effect);
}

static void
write_keys(struct lesson *lesson, const struct list_way *way, const char *verb, const char *more)
{
    if (!can_be_sets(lesson, way->slot)) {
        write_pinned(lesson, way);
        return;
    }
    lesson_rule(lesson, way->id, way->slot, more);
    fprintf(lesson->rules, "%s @%s-%s%s\n", verb, way->set, lesson->options->name, way->effect);
    write_union(lesson, way);
}

/* A platform key is one; others may lose what a machine does not need. */
static void
write_key_list(struct lesson *lesson, const struct list_way *way)
{
    bool alike = lists_alike(lesson, way->slot);

    if (way->slot == SLOT_SB_PK && alike) {
        write_keys(lesson, way, "equals", "its owner's key");
    } else {
        write_keys(lesson, way, "subset-of", alike ? "no other entry" : "what any boot has");
    }
}

static void
write_authority(struct lesson *lesson, const struct list_way *way)
{
    struct list_way own = *way;
    char effect[48];

    snprintf(effect, sizeof(effect), " count %d..%zu claim boot.authority",
             lesson_least(lesson, way->slot) > 0, lesson_most(lesson, way->slot));
    own.effect = effect;
    if (can_be_sets(lesson, way->slot)) {
        write_keys(lesson, &own, "signed-by", "no proof that Secure Boot is on");
    } else {
        write_pinned(lesson, way);
    }
}

/* ---- numbers ---- */

static uint64_t
number_of(const struct lesson_boot *boot, struct bytes name)
{
    for (size_t i = 0; i < boot->input.n_numbers; i++) {
        if (bytes_equal(boot->input.numbers[i].name, name)) {
            return boot->input.numbers[i].number;
        }
    }
    return 0;
}

/* Numbers that all boots have, the lowest of each: rows of SVNs, or components of SBAT. */
static size_t
write_numbers(const struct lesson *lesson, bool svn, const char *before)
{
    const struct rule_input *first = &lesson->boots[0].input;
    size_t n = 0;

    for (size_t i = 0; i < first->n_numbers; i++) {
        struct bytes name = first->numbers[i].name;
        uint64_t least = UINT32_MAX;

        for (size_t k = 0; k < lesson->n_boots; k++) {
            uint64_t number = number_of(&lesson->boots[k], name);

            least = number < least ? number : least;
        }
        if (least > 0 && (name.len == GUID_TEXT) == svn && part_is_name(name)) {
            fprintf(lesson->blocks, "  %s%.*s ", before, (int)name.len, (const char *)name.p);
            if (svn) {
                fprintf(lesson->blocks, "%u.%u\n", (unsigned)least >> 16, (unsigned)least & 0xffff);
            } else {
                fprintf(lesson->blocks, "%u\n", (unsigned)least);
            }
            n++;
        }
    }
    return n;
}

/* ---- dbx ---- */

/* What all boots revoke, and how much of it there is. */
static size_t
common_entries(const struct lesson *lesson, FILE *out)
{
    const struct rule_entries *first = entries_of(lesson, 0, SLOT_SB_DBX);
    size_t n = 0;

    for (size_t i = 0; i < first->n; i++) {
        const struct rule_entry *entry = &first->entries[i];

        if (entry->sig != 0 && all_have(lesson, SLOT_SB_DBX, entry)) {
            n++;
            if (out) {
                write_entry(out, entry);
            }
        }
    }
    return n;
}

static bool
is_known(const struct lesson *lesson, enum slot slot)
{
    for (size_t i = 0; i < lesson->n_boots; i++) {
        if (!entries_of(lesson, i, slot)->known) {
            return false;
        }
    }
    return true;
}

static void
write_dbx(struct lesson *lesson, const struct list_way *way)
{
    size_t n = is_known(lesson, way->slot) ? common_entries(lesson, NULL) : 0;
    char more[64];

    if (n == 0) {
        lesson_rule(lesson, way->id, way->slot,
                    lesson->n_boots > 1 ? "nothing that all revoke" : "it revokes nothing");
        fprintf(lesson->rules, "%s\n", is_known(lesson, way->slot) ? "any" : "device-pin");
        return;
    }
    snprintf(more, sizeof(more), "what was revoked stays so: %zu entr%s", n, n > 1 ? "ies" : "y");
    lesson_rule(lesson, way->id, way->slot, more);
    fprintf(lesson->rules, "includes @%s/%s claim dbx.level\n", way->set, lesson->options->name);
    fprintf(lesson->blocks, "\nset dbx %s/%s {\n", way->set, lesson->options->name);
    common_entries(lesson, lesson->blocks);
    write_numbers(lesson, true, "svn ");
    fputs("}\n", lesson->blocks);
}

/* ---- SBAT ---- */

static uint64_t
least_level(const struct lesson *lesson)
{
    uint64_t level = UINT64_MAX;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        level = lesson->boots[i].input.level < level ? lesson->boots[i].input.level : level;
    }
    return level <= INT32_MAX ? level : 0;
}

/* A component that all boots know, by which a level is more than its date. */
static bool
has_component(const struct lesson *lesson)
{
    const struct rule_input *first = &lesson->boots[0].input;

    for (size_t i = 0; i < first->n_numbers; i++) {
        bool all = first->numbers[i].name.len != GUID_TEXT;

        for (size_t k = 0; k < lesson->n_boots && all; k++) {
            all = number_of(&lesson->boots[k], first->numbers[i].name) > 0;
        }
        if (all) {
            return true;
        }
    }
    return false;
}

static void
write_sbat(struct lesson *lesson, const struct list_way *way)
{
    unsigned level = (unsigned)least_level(lesson);

    if (level == 0) {
        lesson_rule(lesson, way->id, way->slot, "no level that all have");
        fprintf(lesson->rules, "any\n");
        return;
    }
    lesson_rule(lesson, way->id, way->slot, "the lowest that was seen");
    if (!has_component(lesson)) {
        fprintf(lesson->rules, "at-least %u%s\n", level, way->effect);
        return;
    }
    fprintf(lesson->rules, "at-least sbat:%u%s\n", level, way->effect);
    fprintf(lesson->blocks, "\nset sbat sbat:%u {\n", level);
    write_numbers(lesson, false, "");
    fputs("}\n", lesson->blocks);
}

static const struct {
    struct list_way way;
    void (*write)(struct lesson *lesson, const struct list_way *way);
} ways[] = {
    {{SLOT_SB_PK, "pk", "sb/pk", ""}, write_key_list},
    {{SLOT_SB_KEK, "kek", "sb/kek", ""}, write_key_list},
    {{SLOT_SB_DB, "db", "sb/db", ""}, write_key_list},
    {{SLOT_SB_DBX, "dbx", "dbx", ""}, write_dbx},
    {{SLOT_SB_DBT, "dbt", "sb/dbt", ""}, write_key_list},
    {{SLOT_SB_DBR, "dbr", "sb/dbr", ""}, write_key_list},
    {{SLOT_BOOT_AUTHORITY, "signer", "sb/signer", ""}, write_authority},
    {{SLOT_SB_SBAT, "sbat", "sbat", " else warn claim sbat.level"}, write_sbat},
};

void
lesson_write_lists(struct lesson *lesson)
{
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (lesson_has(lesson, ways[i].way.slot)) {
            ways[i].write(lesson, &ways[i].way);
        }
    }
}
