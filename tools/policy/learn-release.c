/* Releases: the firmware's variants, and what each kind of boot started. */
#include <ctype.h>
#include <stdio.h>

#include "policy/learn-lesson.h"

enum { VARIANT_MAX = 256, PART_MAX = 24, PINS_LEAST = 3, PINS_MOST = 64 };

static void
write_source(const struct lesson *lesson)
{
    const struct learn_options *options = lesson->options;

    if (options->source.len > 0) {
        fprintf(lesson->blocks, "  source %.*s %.*s\n", (int)options->source_kind.len,
                (const char *)options->source_kind.p, (int)options->source.len,
                (const char *)options->source.p);
    }
}

/* variant { … }: a slot's events in their order */
static void
write_variant(const struct lesson *lesson, const struct lesson_boot *boot, enum slot slot)
{
    const struct lesson_event *event;

    fputs("  variant {\n", lesson->blocks);
    for (size_t at = 0; (event = lesson_next(boot, slot, &at)) != NULL;) {
        fputs("    ", lesson->blocks);
        policy_put_digest(lesson->blocks, lesson->options->bank, event->rule.digest);
        policy_put_label(lesson->blocks, event->label);
        fputc('\n', lesson->blocks);
    }
    fputs("  }\n", lesson->blocks);
}

/* Is boot i the first with its events of the slot, and has it any? */
static bool
is_first(const struct lesson *lesson, size_t i, enum slot slot)
{
    for (size_t k = 0; k < i; k++) {
        if (lesson_same(&lesson->boots[k], &lesson->boots[i], slot)) {
            return false;
        }
    }
    return lesson->boots[i].counts[slot] > 0;
}

/* A release of the firmware's slot, of the options' name. */
void
lesson_write_variants(struct lesson *lesson, const char *component, const char *version)
{
    fprintf(lesson->blocks, "release %s %s %s {\n", component, lesson->options->name, version);
    write_source(lesson);
    for (size_t i = 0; i < lesson->n_boots; i++) {
        if (is_first(lesson, i, SLOT_FIRMWARE)) {
            write_variant(lesson, &lesson->boots[i], SLOT_FIRMWARE);
        }
    }
    fputs("}\n", lesson->blocks);
}

void
lesson_write_firmware(struct lesson *lesson)
{
    if (!(lesson->options->pcrs & slot_table(SLOT_FIRMWARE)->pcrs)) {
        return;
    }
    if (!lesson_has(lesson, SLOT_FIRMWARE)) {
        lesson_rule(lesson, "fw", SLOT_FIRMWARE, "nothing measures the firmware");
        fprintf(lesson->rules, "forbid\n");
        return;
    }
    lesson_rule(lesson, "fw", SLOT_FIRMWARE, "known by digest alone, whole and in order");
    fprintf(lesson->rules, "one-of @fw/%s whole%s claim fw.release\n", lesson->options->name,
            lesson_least(lesson, SLOT_FIRMWARE) == 0 ? " count 0..256" : "");
    fputc('\n', lesson->blocks);
    lesson_write_variants(lesson, "fw", "1");
}

/* ---- what the firmware started ---- */

/* Does the text hold the word, in either case? */
static bool
holds(struct bytes text, const char *word)
{
    size_t len = strlen(word);

    for (size_t at = 0; at + len <= text.len; at++) {
        size_t i = 0;

        while (i < len && tolower(text.p[at + i]) == word[i]) {
            i++;
        }
        if (i == len) {
            return true;
        }
    }
    return false;
}

/* A name for people: nothing is decided by it. */
static const char *
image_kind(const struct lesson_boot *boot, struct bytes label, size_t i)
{
    static const char *const words[][2] = {
        {"shim", "shim"},        {"grub", "grub"},      {"systemd-boot", "loader"},
        {"bootmgfw", "bootmgr"}, {"vmlinu", "kernel"},  {"efi/linux/", "image"},
        {"bzimage", "kernel"},   {"/image,", "kernel"},
    };
    static const char *const usual[] = {"shim", "grub", "kernel"};

    for (size_t k = 0; k < ARRAY_LEN(words); k++) {
        if (holds(label, words[k][0])) {
            return words[k][1];
        }
    }
    return boot->counts[SLOT_BOOT_IMAGES] == ARRAY_LEN(usual) ? usual[i] : "image";
}

/* Names of the images in their order, each once. */
static void
name_images(const struct lesson_boot *boot, char names[LIMIT_RULE_ARGS][PART_MAX])
{
    const struct lesson_event *event;
    size_t n = 0;

    for (size_t at = 0; (event = lesson_next(boot, SLOT_BOOT_IMAGES, &at)) != NULL; n++) {
        const char *kind = image_kind(boot, event->label, n);
        bool taken = false;

        for (size_t k = 0; k < n; k++) {
            taken = taken || strcmp(names[k], kind) == 0;
        }
        if (taken) {
            snprintf(names[n], PART_MAX, "%s-%zu", kind, n + 1);
        } else {
            snprintf(names[n], PART_MAX, "%s", kind);
        }
    }
}

/* In order where all boots have as many images, each of them started at the first attempt. */
static bool
has_order(const struct lesson *lesson)
{
    const struct lesson_event *event;

    for (size_t i = 0; i < lesson->n_boots; i++) {
        for (size_t at = 0;
             (event = lesson_next(&lesson->boots[i], SLOT_BOOT_IMAGES, &at)) != NULL;) {
            if (event->rule.attempt > 0) {
                return false;
            }
        }
    }
    return lesson_least(lesson, SLOT_BOOT_IMAGES) == lesson_most(lesson, SLOT_BOOT_IMAGES) &&
           lesson_most(lesson, SLOT_BOOT_IMAGES) <= LIMIT_RULE_ARGS;
}

static void
write_images(struct lesson *lesson, char names[LIMIT_RULE_ARGS][PART_MAX])
{
    size_t n = lesson_most(lesson, SLOT_BOOT_IMAGES);

    if (n == 0) {
        lesson_rule(lesson, "chain", SLOT_BOOT_IMAGES,
                    "PCR 4 does not tell what was started: ask why before you rely on this");
        fprintf(lesson->rules, "forbid\n");
        return;
    }
    if (!has_order(lesson)) {
        lesson_rule(lesson, "chain", SLOT_BOOT_IMAGES,
                    "not always as many, or tried again: their order is not held");
        fprintf(lesson->rules, "one-of @os.image count %zu..%zu same-release\n",
                lesson_least(lesson, SLOT_BOOT_IMAGES), n);
        return;
    }
    name_images(&lesson->boots[0], names);
    lesson_rule(lesson, "chain", SLOT_BOOT_IMAGES, "in this order, of one release");
    fprintf(lesson->rules, "sequence");
    for (size_t i = 0; i < n; i++) {
        fprintf(lesson->rules, " @os.%s", names[i]);
    }
    fprintf(lesson->rules, " same-release\n");
}

/* ---- what the boot loader read ---- */

/* Slots whose digests are parts of a release. */
static const struct {
    enum slot slot;
    const char *part;
    const char *id;
    const char *effect;
} parts[] = {
    {SLOT_BOOT_KERNEL, "vmlinuz", "kernel", ""}, {SLOT_BOOT_INITRD, "initrd", "initrd", ""},
    {SLOT_BOOT_DTB, "dtb", "dtb", " else warn"}, {SLOT_UKI_ADDON, "addon", "addon", ""},
    {SLOT_UKI_SYSEXT, "sysext", "sysext", ""},
};

static void
write_parts(struct lesson *lesson)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (lesson_has(lesson, parts[i].slot)) {
            lesson_rule(lesson, parts[i].id, parts[i].slot, "of the same release");
            fprintf(lesson->rules, "one-of @os.%s count %zu..%zu same-release%s\n", parts[i].part,
                    lesson_least(lesson, parts[i].slot), lesson_most(lesson, parts[i].slot),
                    parts[i].effect);
        }
    }
}

static void
write_sections(struct lesson *lesson)
{
    if (lesson_has(lesson, SLOT_UKI)) {
        lesson_rule(lesson, "sections", SLOT_UKI, "whole, in order, of the same release");
        fprintf(lesson->rules, "one-of @os/%s whole same-release%s\n", lesson->options->name,
                lesson_least(lesson, SLOT_UKI) == 0 ? " count 0..256" : "");
    }
}

static bool
is_common(const struct lesson *lesson, struct bytes digest)
{
    for (size_t i = 0; i < lesson->n_boots; i++) {
        if (!lesson_holds(&lesson->boots[i], SLOT_BOOT_FILES, digest)) {
            return false;
        }
    }
    return true;
}

/* Boot files that all boots have, and the most that any has beside them. */
static size_t
count_files(const struct lesson *lesson, size_t *ret_own)
{
    const struct lesson_event *event;
    size_t n_common = 0;

    *ret_own = 0;
    for (size_t i = 0; i < lesson->n_boots; i++) {
        size_t own = 0;

        n_common = 0;
        for (size_t at = 0;
             (event = lesson_next(&lesson->boots[i], SLOT_BOOT_FILES, &at)) != NULL;) {
            bool common = is_common(lesson, event->rule.digest);

            n_common += common;
            own += !common;
        }
        *ret_own = own > *ret_own ? own : *ret_own;
    }
    return n_common;
}

/* Packages' files are of the release; what a machine writes itself (grub.cfg, grubenv) is its own.
 */
static void
write_files(struct lesson *lesson)
{
    const char *count = lesson_least(lesson, SLOT_BOOT_FILES) == 0 ? " count 0..4096" : "";
    size_t own = 0;
    size_t common = count_files(lesson, &own);
    char more[80];

    if (!lesson_has(lesson, SLOT_BOOT_FILES)) {
        return;
    }
    if (common == 0 || own > PINS_MOST) {
        lesson_rule(lesson, "files", SLOT_BOOT_FILES, "none on all boots: each device's own");
        fprintf(lesson->rules, "device-pin%s else warn\n", count);
        return;
    }
    snprintf(more, sizeof(more), "%zu on all, at most %zu of a boot's own", common, own);
    lesson_rule(lesson, "files", SLOT_BOOT_FILES, lesson->n_boots > 1 ? more : NULL);
    fprintf(lesson->rules, "one-of @os.files or-pin %zu%s else warn\n",
            own > PINS_LEAST ? own : PINS_LEAST, count);
}

/* ---- releases of the operating system ---- */

static void
write_part(const struct lesson *lesson, const char *part, const struct lesson_event *event)
{
    fprintf(lesson->blocks, "  %s ", part);
    policy_put_digest(lesson->blocks, lesson->options->bank, event->rule.digest);
    policy_put_label(lesson->blocks, event->label);
    fputc('\n', lesson->blocks);
}

static void
write_slot(const struct lesson *lesson, const struct lesson_boot *boot, enum slot slot,
           const char *part)
{
    const struct lesson_event *event;

    for (size_t at = 0; (event = lesson_next(boot, slot, &at)) != NULL;) {
        struct lesson_boot before = {.n = (size_t)(event - boot->events), .events = boot->events};

        if (!lesson_holds(&before, slot, event->rule.digest) &&
            (slot != SLOT_BOOT_FILES || is_common(lesson, event->rule.digest))) {
            write_part(lesson, part, event);
        }
    }
}

static void
write_release(const struct lesson *lesson, const struct lesson_boot *boot,
              char names[LIMIT_RULE_ARGS][PART_MAX])
{
    const struct lesson_event *event;
    bool order = has_order(lesson);
    size_t n = 0;

    fprintf(lesson->blocks, "\nrelease os %s %zu {\n", lesson->options->name, boot->release + 1);
    write_source(lesson);
    for (size_t at = 0; order && (event = lesson_next(boot, SLOT_BOOT_IMAGES, &at)) != NULL; n++) {
        write_part(lesson, names[n], event);
    }
    if (!order) {
        write_slot(lesson, boot, SLOT_BOOT_IMAGES, "image");
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        write_slot(lesson, boot, parts[i].slot, parts[i].part);
    }
    write_slot(lesson, boot, SLOT_BOOT_FILES, "files");
    if (boot->counts[SLOT_UKI] > 0) {
        write_variant(lesson, boot, SLOT_UKI);
    }
    fputs("}\n", lesson->blocks);
}

void
lesson_write_os(struct lesson *lesson)
{
    char names[LIMIT_RULE_ARGS][PART_MAX] = {""};
    size_t n_written = 0;

    if (lesson->options->pcrs & slot_table(SLOT_BOOT_IMAGES)->pcrs) {
        write_images(lesson, names);
    }
    write_parts(lesson);
    write_sections(lesson);
    write_files(lesson);
    for (size_t i = 0; i < lesson->n_boots; i++) {
        if (lesson->boots[i].release == n_written) {
            write_release(lesson, &lesson->boots[i], names);
            n_written++;
        }
    }
}
