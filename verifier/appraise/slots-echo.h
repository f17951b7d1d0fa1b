/* Measurements of what was measured already, by another measurer; internal to slots. */
#pragma once

#include "appraise/slots.h"

enum {
    ECHO_HEADS = 32
}; /* of a kind; a boot has one command line, one initrd, some 20 sections:
    * so nobody can make this cost anything */

/* Events of one kind that an echo may repeat. */
struct echo_heads {
    size_t n;
    uint16_t at[ECHO_HEADS];
};

struct echo {
    struct hasher *hasher;
    const struct event_log *log;
    enum hash bank;
    size_t bank_at; /* of the bank in the log, which has it */
    struct echo_heads images, files, cmdlines;
    /* What GRUB hands the kernel for each head of cmdlines; has: which there are. */
    uint32_t has;
    uint8_t options[ECHO_HEADS][HASH_SIZE_MAX];
};

/* Looks at event i, which has its slot already and comes after all that were looked at before:
 * marks it and names the quirk if it is an echo. Returns 0 or a negative errno. */
MUST_CHECK int echo_find(struct echo *echo, struct slot_map *map, size_t i);
