#include "appraise/slots-echo.h"

#include "base/wr.h"

enum { CMDLINE_MAX = 4096 }; /* bytes; x86 takes 2,048 */

#define GRUB_IMAGE "BOOT_IMAGE="

static void
mark(struct slot_map *map, size_t i, size_t of, enum slot_quirk quirk)
{
    map->events[i].flags |= SLOT_ECHO;
    map->events[i].echo = (uint16_t)of;
    map->quirks |= 1u << quirk;
}

/* What GRUB hands the kernel for a text that it measured: UTF-16 of "BOOT_IMAGE=" and the text,
 * without a NUL. GRUB grub-core/loader/efi/linux.c. A text that is not ASCII has none. */
static int
hash_options(struct echo *echo, size_t head, struct bytes text)
{
    uint8_t room[2 * (sizeof(GRUB_IMAGE) + CMDLINE_MAX)];
    struct wr wr = wr_init(room, sizeof(room));
    int r;

    for (const char *c = GRUB_IMAGE; *c; c++) {
        wr_le16(&wr, (uint8_t)*c);
    }
    for (size_t i = 0; i < text.len && text.p[i] != 0; i++) {
        if (text.p[i] >= 0x80) {
            return 0;
        }
        wr_le16(&wr, text.p[i]);
    }
    if (wr.failed) {
        return 0;
    }
    r = hasher_bytes(echo->hasher, echo->bank, wr_done(&wr), echo->options[head]);
    echo->has |= r == 0 ? UINT32_C(1) << head : 0;
    return r;
}

/* Adds the event to those that an echo may repeat, if there is room. */
static int
add_head(struct echo *echo, const struct slot_map *map, struct echo_heads *heads, size_t i)
{
    const struct event *event = &echo->log->events[i];

    if (heads->n == ECHO_HEADS) {
        return 0;
    }
    heads->at[heads->n++] = (uint16_t)i;
    return heads == &echo->cmdlines && event->pcr == 8 && map->events[i].flags & SLOT_VERIFIED
               ? hash_options(echo, heads->n - 1, event_text(echo->log, event))
               : 0;
}

/* The kernel's load options have no text in the log: their digest is that of a command line, or of
 * what GRUB makes of one. */
static bool
repeats(const struct echo *echo, const struct echo_heads *heads, size_t head, size_t i)
{
    const struct event *events = echo->log->events;
    struct bytes digest = events[i].digest[echo->bank_at];

    if (bytes_equal(digest, events[heads->at[head]].digest[echo->bank_at])) {
        return true;
    }
    return heads == &echo->cmdlines && events[i].pcr == 9 && echo->has >> head & 1 &&
           bytes_equal(digest, bytes_of(echo->options[head], hash_size(echo->bank)));
}

static int
find(struct echo *echo, struct slot_map *map, struct echo_heads *heads, size_t i,
     enum slot_quirk quirk)
{
    for (size_t head = 0; head < heads->n; head++) {
        if (repeats(echo, heads, head, i)) {
            mark(map, i, heads->at[head], quirk);
            return 0;
        }
    }
    return add_head(echo, map, heads, i);
}

/* Only right behind itself in PCR 4: an image that is started again later is another start. */
static int
find_image(struct echo *echo, struct slot_map *map, size_t i)
{
    if (echo->images.n > 0 && repeats(echo, &echo->images, 0, i)) {
        mark(map, i, echo->images.at[0], QUIRK_KERNEL_TWICE);
        echo->images.n = 0; /* twice, not thrice */
        return 0;
    }
    echo->images = (struct echo_heads){.n = 1, .at = {(uint16_t)i}};
    return 0;
}

/* The sections of a unified kernel image are none, but the initrd among them is measured again. */
static int
find_initrd(struct echo *echo, struct slot_map *map, size_t i)
{
    return echo->log->events[i].pcr == 11 ? add_head(echo, map, &echo->files, i)
                                          : find(echo, map, &echo->files, i, QUIRK_INITRD_TWICE);
}

int
echo_find(struct echo *echo, struct slot_map *map, size_t i)
{
    if (!echo->log->events[i].digest[echo->bank_at].p) {
        return 0;
    }
    switch (map->events[i].slot) {
    case SLOT_BOOT_IMAGES:
        return find_image(echo, map, i);
    case SLOT_ACTION: /* the firmware had the machine between two starts of one image */
        echo->images.n = echo->log->events[i].pcr == 4 ? 0 : echo->images.n;
        return 0;
    case SLOT_BOOT_INITRD:
    case SLOT_UKI:
        return find_initrd(echo, map, i);
    case SLOT_BOOT_CMDLINE:
    case SLOT_UKI_CMDLINE:
        return find(echo, map, &echo->cmdlines, i, QUIRK_CMDLINE_TWICE);
    default:
        return 0;
    }
}
