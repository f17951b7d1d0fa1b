/* The enrolment answer, checked at each start: it is public and lies on a disk, so nothing in it is
 * believed before it is shown to be by this site's key and for this TPM. Protocol page, Identity 3
 * and 4. Pure: time and files come in. */
#pragma once

#include "formats/ekcert.h"
#include "agent/agent-time.h"
#include "wire/credential.h"

#define CREDENTIAL_SUBJECT "assay site " /* and the site id: the only attribute, a CN */

struct credential_expect {
    const struct ekcert_ca *ca; /* of the configuration, never of the state */
    size_t n_ca;
    struct bytes site;
    struct bytes ek_public; /* TPMT_PUBLIC */
    struct bytes ak_name;
    struct agent_time time; /* behind: the latest beginning in the chain has passed too */
};

enum credential_outcome {
    CREDENTIAL_OK,
    CREDENTIAL_E_FORM,      /* not a COSE_Sign1 with a chain, over a credential */
    CREDENTIAL_E_CHAIN,     /* the signer's certificate does not chain to the CA */
    CREDENTIAL_E_TIME,      /* a certificate of the chain is not yet or no more valid */
    CREDENTIAL_E_SUBJECT,   /* a certificate for something else */
    CREDENTIAL_E_SERVER,    /* a server's certificate: who answers us could sign for the site */
    CREDENTIAL_E_SIGNATURE, /* not by that key */
    CREDENTIAL_E_SITE,      /* of another site */
    CREDENTIAL_E_EK,        /* made for another TPM */
    CREDENTIAL_E_AK,        /* made for another key of it */
};

/* *ret holds views into `cose`. Returns 0, an outcome, or a negative errno; untouched unless 0. */
MUST_CHECK int credential_check(const struct credential_expect *expect, struct hasher *hasher,
                                struct bytes cose, struct credential *ret);

/* Reads the CA certificates of a PEM file: those of the list that are self-signed are anchors, and
 * the DER goes to `room`. Returns 0 with at least one anchor, 1, or a negative errno. */
#define CREDENTIAL_CA_MAX 8u
struct credential_ca {
    uint8_t room[CREDENTIAL_CA_MAX][LIMIT_CERT_BYTES];
    struct ekcert_ca ca[CREDENTIAL_CA_MAX];
    size_t n;
};
MUST_CHECK int credential_ca_read(struct hasher *hasher, struct bytes pem,
                                  struct credential_ca *ret);

/* "chain" and so on. */
const char *credential_outcome_name(enum credential_outcome outcome);
