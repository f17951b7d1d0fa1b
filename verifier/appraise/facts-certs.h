/* What certificates in Secure Boot's variables say of themselves; internal to facts*.c. */
#pragma once

#include "appraise/facts.h"

/* Notes of a platform key whether it is a test key: its subject or issuer says "DO NOT TRUST" or
 * "DO NOT SHIP", as makers of firmware mark samples whose private halves are known (PKfail,
 * CVE-2024-8105). A certificate that cannot be read makes the answer FACT_ODD. value: a list of
 * signatures, UEFI 2.10 section 32.4.1; one that breaks its form changes nothing. */
void facts_note_pk(struct boot_facts *facts, struct bytes value);

/* Notes of the certificate that vouched for an image whether it is weak: an RSA key below 2,048
 * bits, or signed by SHA-1 by another than itself. TCG PFP 1.06 section 10.4.9: EFI_SIGNATURE_DATA;
 * shim's is the certificate alone. */
void facts_note_authority(struct boot_facts *facts, struct bytes value);
