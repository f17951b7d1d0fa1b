/* Makers of TPMs and versions of their firmware: as numbers, and as people write them. TCG TPM
 * Vendor ID Registry; TPM 2.0 Library part 2, TPM_PT_MANUFACTURER, TPM_PT_FIRMWARE_VERSION. */
#pragma once

#include "base/std.h"

/* A maker is its four characters, big-endian. The registry ends some names in blanks and some in
 * zeros, and makers do not keep to it; here all end in zeros. 0: none. */
#define TPM_VENDOR_ROOM 11u /* "0x00001014" */

/* "id:4E544300" of an EK certificate; 0 for another form. */
uint32_t tpm_vendor_read(struct bytes maker);

/* "NTC", or "0x00001014" for a maker whose id is no text. Returns room. */
const char *tpm_vendor_text(uint32_t vendor, char room[TPM_VENDOR_ROOM]);

/* The other way, also of any id in hex; 0 for what names none. */
uint32_t tpm_vendor_named(struct bytes name);

/* Where a TPM of this maker is: "discrete", a chip of its own; "firmware", of the platform's;
 * "virtual", a machine's that runs others. NULL when the maker makes several kinds, or is not known
 * to us. */
const char *tpm_vendor_kind(uint32_t vendor);

/* Whether all TPMs of this maker are hardware, as far as we know: chips, or a platform's firmware.
 * False for makers of virtual ones, for those that make both (Microsoft: Pluton and Azure), and for
 * any that we do not know. Who counts independent devices counts none but these; the maker itself
 * is believed of a verified chain alone. */
bool tpm_vendor_hardware(uint32_t vendor);

/* firmwareVersion is four numbers of 16 bits: "7.2.3.1". What it means only its maker knows. */
#define TPM_FIRMWARE_ROOM 24u
const char *tpm_firmware_text(uint64_t version, char room[TPM_FIRMWARE_ROOM]);

/* One to four of the numbers, or "0x" and 16 digits. What is left out is 0 in the first version
 * that is meant and 65535 in the last. Returns whether it is a version. */
bool tpm_firmware_named(struct bytes text, uint64_t *ret_first, uint64_t *ret_last);
