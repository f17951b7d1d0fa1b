/* assay announce: a file for the attestor to tell the verifier, from a hook that is a script. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/name.h"
#include "crypto/digest.h"
#include "flags.h"
#include "formats/pe.h"
#include "wire/announce.h"

#define ANNOUNCE_FOLDER "/var/lib/assay/announce"
#define FILE_MAX ((size_t)2 << 30) /* an initrd with all drivers has 200 MB */

enum { PCR_PROGRAMS = 4, PCR_FILES = 9, PCR_UKI = 11 };

/* What measures a file or a program does it in these. */
static const enum hash file_banks[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512};

static struct announce announce;
static uint8_t digests[LIMIT_ANNOUNCE_EVENTS][HASH_N][HASH_SIZE_MAX];

static int
fail(const char *what, const char *problem)
{
    char room[CMD_PATH_ROOM];

    fprintf(stderr, "assay: %s: %s\n", cmd_path(what, room), problem);
    return CMD_NO;
}

/* The next part of a word up to `end`, or to its end; *word is left behind it. */
static struct bytes
part(const char **word, char end)
{
    const char *at = strchr(*word, end);
    struct bytes text = bytes_of(*word, at ? (size_t)(at - *word) : strlen(*word));

    *word = at ? at + 1 : *word + text.len;
    return text;
}

/* Two digits at most, a PCR that there is. */
static bool
pcr_read(struct bytes text, uint32_t *ret)
{
    uint32_t pcr = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || i == 2) {
            return false;
        }
        pcr = pcr * 10 + (uint32_t)(text.p[i] - '0');
    }
    *ret = pcr;
    return text.len > 0 && pcr < LIMIT_PCRS;
}

/* The next event, all zero; NULL when there are as many as may be. */
static struct announce_event *
add_event(void)
{
    return announce.n_events < LIMIT_ANNOUNCE_EVENTS ? &announce.events[announce.n_events++] : NULL;
}

static uint8_t *
digest_room(const struct announce_event *event, enum hash alg)
{
    return digests[event - announce.events][alg];
}

/* "sha256:HEX", once a bank. */
static bool
digest_take(struct announce_event *event, struct bytes text)
{
    const uint8_t *colon = memchr(text.p, ':', text.len);
    size_t before = colon ? (size_t)(colon - text.p) : 0;
    enum hash alg = hash_from_name(bytes_of(text.p, before));
    uint8_t *room = alg < HASH_N ? digest_room(event, alg) : NULL;
    size_t len = 0;

    if (!room || event->digests[alg].p ||
        hex_read(bytes_of(colon + 1, text.len - before - 1), room, HASH_SIZE_MAX, &len) != 0 ||
        len != hash_size(alg)) {
        return false;
    }
    event->digests[alg] = bytes_of(room, len);
    return true;
}

/* "PCR,ALG:HEX…[,label=TEXT]"; commas behind "label=" are the label's. */
static int
event_take(const char *word)
{
    static const char form[] = "an event is PCR,ALG:HEX[,ALG:HEX…][,label=TEXT]";
    static const char mark[] = "label=";
    struct announce_event *event = add_event();
    const char *at = word;
    size_t n = 0;

    if (!event) {
        return fail(word, "more than 64 events");
    }
    if (!pcr_read(part(&at, ','), &event->pcr)) {
        return fail(word, form);
    }
    while (*at != '\0' && strncmp(at, mark, sizeof(mark) - 1) != 0) {
        if (!digest_take(event, part(&at, ','))) {
            return fail(word, form);
        }
        n++;
    }
    if (*at != '\0') {
        event->label = bytes_str(at + sizeof(mark) - 1);
        n = event->label.len > 0 && event->label.len <= LIMIT_TEXT ? n : 0;
    }
    return n > 0 ? 0 : fail(word, form);
}

/* The end of a path tells more than its beginning. */
static struct bytes
label_of(const char *path)
{
    size_t len = strlen(path);
    size_t over = len > LIMIT_TEXT ? len - LIMIT_TEXT : 0;

    while (over > 0 && ((unsigned char)path[over] & 0xc0) == 0x80) {
        over++; /* not in the middle of a character */
    }
    return bytes_of(path + over, len - over);
}

/* An event over these bytes, in each bank. The label lives as long as the program. */
static int
hash_event(struct hasher *hasher, uint32_t pcr, const struct bytes *parts, size_t n_parts,
           struct bytes label)
{
    struct announce_event *event = add_event();

    if (!event) {
        return -E2BIG;
    }
    event->pcr = pcr;
    event->label = label;
    for (size_t i = 0; i < ARRAY_LEN(file_banks); i++) {
        enum hash alg = file_banks[i];
        int r = hasher_parts(hasher, alg, parts, n_parts, digest_room(event, alg));

        if (r < 0) {
            return r;
        }
        event->digests[alg] = bytes_of(digest_room(event, alg), hash_size(alg));
    }
    return 0;
}

static int
fail_file(const char *path, int r)
{
    return fail(path, r == -E2BIG ? "more than 64 events" : strerror(-r));
}

/* "PCR,PATH": the file's content is what is measured, as GRUB and the kernel's stub do in PCR 9. */
static int
file_take(struct hasher *hasher, const char *word)
{
    struct bytes content = BYTES_NULL;
    const char *at = word;
    uint32_t pcr;
    int r;

    if (!pcr_read(part(&at, ','), &pcr) || *at == '\0') {
        return fail(word, "a file is PCR,PATH");
    }
    r = map_file(at, FILE_MAX, &content);
    r = r == 0 ? hash_event(hasher, pcr, &content, 1, label_of(at)) : r;
    map_free(&content);
    return r == 0 ? 0 : fail_file(at, r);
}

/* Each section of a unified kernel image as systemd's stub extends it: its name with the NUL, then
 * its content; systemd-stub(7), TPM PCR Notes. Which of them a stub measures is a matter of its
 * version: what no boot will show explains none, and does no harm. Some stubs let the firmware load
 * the kernel, and the kernel measures the initrd that it was given. */
static int
uki_take(struct hasher *hasher, const struct pe *pe)
{
    static const char *const names[] = {".linux",  ".osrel", ".cmdline", ".initrd", ".ucode",
                                        ".splash", ".dtb",   ".uname",   ".sbat",   ".pcrpkey"};
    static struct pe kernel;
    struct bytes initrd = pe_find(pe, ".initrd");
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++) {
        const struct bytes label = bytes_str(names[i]);
        const struct bytes name = bytes_of(names[i], label.len + 1);
        const struct bytes content = pe_find(pe, names[i]);

        if (content.len > 0) {
            r = hash_event(hasher, PCR_UKI, &name, 1, label);
            r = r == 0 ? hash_event(hasher, PCR_UKI, &content, 1, label) : r;
        }
    }
    if (r == 0 && pe_read(pe_find(pe, ".linux"), &kernel, NULL) == 0) {
        r = hash_event(hasher, PCR_PROGRAMS, kernel.parts, kernel.n_parts, bytes_str(".linux"));
    }
    if (r == 0 && initrd.len > 0) {
        r = hash_event(hasher, PCR_FILES, &initrd, 1, bytes_str(".initrd"));
    }
    return r;
}

static int
image_take(struct hasher *hasher, const char *path)
{
    static struct pe pe;
    struct bytes content = BYTES_NULL;
    struct fault fault = {0};
    int r = map_file(path, FILE_MAX, &content);

    if (r == 0 && pe_read(content, &pe, &fault) == 0) {
        r = hash_event(hasher, PCR_PROGRAMS, pe.parts, pe.n_parts, label_of(path));
        if (r == 0 && pe_find(&pe, ".linux").len > 0) {
            r = uki_take(hasher, &pe);
        }
    }
    map_free(&content);
    if (fault.rule != RULE_NONE) {
        return fail(path, rule_text(fault.rule));
    }
    return r == 0 ? 0 : fail_file(path, r);
}

static int
events_take(const struct flag_words *events, const struct flag_words *files,
            const struct flag_words *images)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    int r = hasher ? 0 : fail("announce", "no memory");

    for (size_t i = 0; r == 0 && i < images->n; i++) {
        r = image_take(hasher, images->words[i]);
    }
    for (size_t i = 0; r == 0 && i < files->n; i++) {
        r = file_take(hasher, files->words[i]);
    }
    for (size_t i = 0; r == 0 && i < events->n; i++) {
        r = event_take(events->words[i]);
    }
    return r;
}

/* Read back before it is left: what our own reader refuses no verifier takes. */
static int
leave(const char *folder)
{
    static struct announce again;
    uint8_t room[LIMIT_ANNOUNCE_BYTES];
    struct wr wr = wr_init(room, sizeof(room));
    char path[4096];
    int r;

    announce_write(&wr, &announce);
    if (announce_read(wr_done(&wr), &again, NULL) != 0) {
        return fail("announce", wr_done(&wr).p ? "a text is no UTF-8" : "longer than 8,192 bytes");
    }
    if (snprintf(path, sizeof(path), "%s/%.*s.cbor", folder, (int)announce.component.len,
                 (const char *)announce.component.p) >= (int)sizeof(path)) {
        return fail(folder, strerror(ENAMETOOLONG));
    }
    r = file_replace(path, 0600, wr_done(&wr));
    if (r < 0) {
        return fail(path, strerror(-r));
    }
    printf("%s: %zu events\n", path, announce.n_events);
    return CMD_YES;
}

/* Days to live; false when the word is none of 1 to 7. */
static bool
life_take(const char *days)
{
    if (days[0] < '1' || days[0] > '7' || days[1] != '\0') {
        return false;
    }
    announce.life_s = (uint32_t)(days[0] - '0') * 86400u;
    return true;
}

static int
announce_run(const struct cmd *self, int argc, char **argv)
{
    static struct flag_words events;
    static struct flag_words files;
    static struct flag_words images;
    struct flag_words words = {0};
    const char *folder = ANNOUNCE_FOLDER;
    const char *days = "7";
    const struct flag flags[] = {{.name = "event", .list = &events},
                                 {.name = "file", .list = &files},
                                 {.name = "image", .list = &images},
                                 {.name = "days", .ret_value = &days},
                                 {.name = "out", .ret_value = &folder}};
    int r = flags_read(self, argc, argv, flags, ARRAY_LEN(flags), &words);

    if (r != 0) {
        return r;
    }
    if (words.n != 2 || events.n + files.n + images.n == 0) {
        return cmd_usage(self, "a component, its version, and an event, file or image are wanted");
    }
    announce.component = bytes_str(words.words[0]);
    announce.version = bytes_str(words.words[1]);
    if (!name_good(announce.component)) {
        return cmd_usage(self, "a component is " NAME_RULE);
    }
    if (announce.version.len == 0 || announce.version.len > LIMIT_TEXT) {
        return cmd_usage(self, "a version is 1 to 128 bytes");
    }
    if (!life_take(days)) {
        return cmd_usage(self, "--days is 1 to 7");
    }
    announce.made_ms = clock_utc_ms();
    return events_take(&events, &files, &images) == 0 ? leave(folder) : CMD_NO;
}

const struct cmd cmd_announce = {
    .name = "announce",
    .args = "COMPONENT VERSION [--image PATH]… [--file PCR,PATH]…"
            " [--event PCR,ALG:HEX[,ALG:HEX…][,label=TEXT]]… [--days N] [--out FOLDER]",
    .summary = "on a device: leave word of what a coming boot will measure",
    .help =
        "For hooks of updates, as root. Writes one file into the folder that the attestor reads\n"
        "(" ANNOUNCE_FOLDER "), whole, in the place of what the component had there. The\n"
        "attestor tells it with its next accepted evidence. Then an operator who asks why a boot\n"
        "is not known sees that the device said it would come. It is the device's own word:\n"
        "it makes no boot good, and at most, where a policy says so, an initrd a warning.\n\n"
        "  --image   a program that firmware or shim starts, as the kernel: its Authenticode "
        "digest\n"
        "            in PCR 4; of a unified kernel image also its sections in PCR 11\n"
        "  --file    a file that is measured by its content, as GRUB does in PCR 9\n"
        "  --event   digests of an event that is known otherwise; a label is for people\n"
        "  --days    how long it stands, 1 to 7 (the default); after three more boots it ends too\n"
        "  --out     another folder\n\n"
        "Exit status: 0 written, 1 not, 2 usage.\n\n"
        "  assay announce os 6.12.57 --image /boot/vmlinuz-6.12.57 \\\n"
        "      --file 9,/boot/vmlinuz-6.12.57 --file 9,/boot/initrd.img-6.12.57\n",
    .run = announce_run,
};
