/* What a kernel's command line opens, as the claim boot.cmdline.flags tells it. */
#pragma once

#include "wire/claim-set.h"

/* Tells which protections the words of a measured line switch off, each once; an empty list: none
 * that we know. Nothing where a word is too long to be read. Names in the order of boot-flags.c. */
void boot_flags(struct bytes line, struct claim_set *ret);
