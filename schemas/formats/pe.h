/* Programs of UEFI: which bytes of a PE32 or PE32+ file make its Authenticode digest, which is what
 * firmware and shim extend into PCR 4, and its sections, which systemd's stub extends into PCR 11.
 * Microsoft, PE Format; Windows Authenticode Portable Executable Signature Format, "Calculating the
 * PE Image Hash"; TCG PFP 1.06 section 3.3.4.5.
 *
 * Where that calculation and firmware could see two different files in one, as where sections
 * overlap or something follows the signatures, the file is refused. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

#define PE_SECTIONS 96u             /* the loader of Windows takes no more; a UKI has 12 */
#define PE_PARTS (PE_SECTIONS + 4u) /* heads without two fields, sections, what follows them */

struct pe_section {
    struct bytes name;    /* 0 to 8 bytes, without the zeros behind it */
    struct bytes content; /* as it is in memory; .p == NULL where memory has zeros behind it */
};

/* Views into what was read. */
struct pe {
    size_t n_parts;
    struct bytes parts[PE_PARTS]; /* the Authenticode digest is over these, in this order */
    size_t n_sections;
    struct pe_section sections[PE_SECTIONS]; /* in the order of their table */
};

/* Returns 0, or 1 with *ret_fault (may be NULL; the PE_ rules). *ret is untouched unless 0. */
MUST_CHECK int pe_read(struct bytes in, struct pe *ret, struct fault *ret_fault);

/* The content of the first section of that name; .p == NULL when there is none or it has zeros
 * behind it. */
struct bytes pe_find(const struct pe *pe, const char *name);
