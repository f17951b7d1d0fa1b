/* What a TPM says of itself, unsigned: for the console and for claims that are only hints. */
#pragma once

#include "tpm/tpm-pcr.h"

struct tpm_info {
    char manufacturer[5];      /* "IBM", "INTC"; what is not printable is '?' */
    char vendor[17];           /* TPM_PT_VENDOR_STRING_1 to 4 */
    uint64_t firmware_version; /* TPM_PT_FIRMWARE_VERSION_1 and _2, as in a quote */
    uint32_t spec_revision;    /* 138, 159, 164, … */
    uint16_t spec_year;
    uint16_t spec_day;
    struct tpm_pcr_selection banks; /* tpm_pcr_banks() */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool clock_safe;
};

MUST_CHECK int tpm_info_read(struct tpm *tpm, struct tpm_info *ret, struct tpm_error *ret_error);
