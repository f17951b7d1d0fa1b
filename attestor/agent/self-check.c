#include "agent/self-check.h"

#include "formats/tpm-signature.h"

int
self_check(void *context, struct bytes spki, struct bytes info, struct bytes signature)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct tpm_signature read;
    struct fault fault;
    int r = pubkey_from_spki(spki, &key);

    if (r == 0) {
        r = tpm_signature_read(signature, &read, &fault);
    }
    return r != 0 ? r : tpm_signature_verify(NULL, key, &read, info, context, &fault);
}
