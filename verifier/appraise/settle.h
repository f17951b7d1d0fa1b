/* Files of PCR 9 by digest first, label second: only then may a rule trust that the initrd is the
 * initrd. Appraisal page, sections 0 (2) and 5b (9). */
#pragma once

#include "appraise/rulebook.h"
#include "appraise/slots.h"

/* Moves each movable event (slots.h) whose digest in the bank stands in a set that the policy's
 * rules compare kernels, initrds or boot files with, to that slot: to the one that its label says
 * if it stands in that one's sets, else to the first of the three. Others stay where their label
 * put them.
 */
void settle_files(const struct rulebook *book, size_t policy, const struct event_log *log,
                  enum hash bank, struct slot_map *map);
