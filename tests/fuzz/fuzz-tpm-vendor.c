/* Makers and versions as people and certificates write them: what is read is written the same. */
#include "formats/tpm-vendor.h"

#include "lib/fuzz.h"

static void
check_vendor(uint32_t vendor)
{
    char room[TPM_VENDOR_ROOM];
    const char *text = tpm_vendor_text(vendor, room);
    const char *kind = tpm_vendor_kind(vendor);

    FUZZ_ASSERT(strlen(text) < TPM_VENDOR_ROOM);
    FUZZ_ASSERT(tpm_vendor_named(bytes_str(text)) == vendor);
    FUZZ_ASSERT(!kind || strlen(kind) > 6);
}

void
fuzz_one(struct bytes in)
{
    char room[TPM_FIRMWARE_ROOM];
    uint64_t first = 1;
    uint64_t last = 0;
    uint64_t again = 0;
    uint32_t read = tpm_vendor_read(in);
    uint32_t named = tpm_vendor_named(in);

    if (read != 0) {
        check_vendor(read);
    }
    if (named != 0) {
        check_vendor(named);
    }
    if (!tpm_firmware_named(in, &first, &last)) {
        return;
    }
    FUZZ_ASSERT(first <= last);
    FUZZ_ASSERT(tpm_firmware_named(bytes_str(tpm_firmware_text(first, room)), &first, &again));
    FUZZ_ASSERT(first == again);
}
