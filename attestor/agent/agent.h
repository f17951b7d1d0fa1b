/* The attestor as a table of steps. Each step does one thing and says how it went; the table says
 * what comes next. Nothing secret leaves memory: the state folder holds the credential as it came,
 * the last nonce, and how much of the growing logs the verifier knows. Protocol page, Identity and
 * Attestation. */
#pragma once

#include "agent/agent-conf.h"
#include "agent/agent-exit.h"
#include "agent/credential-check.h"
#include "agent/device-cert.h"
#include "base/clock.h"
#include "link/link.h"
#include "source/source-file.h"
#include "source/source-smbios.h"
#include "tpm/tpm-cert.h"
#include "tpm/tpm-key.h"
#include "wire/answer.h"

#define AGENT_CREDENTIAL_FILE "credential"
#define AGENT_NONCE_FILE "nonce"
#define AGENT_KNOWN_FILE "known"
#define AGENT_LAST_FILE "last-answer" /* for a support bundle; nothing reads it back */
#define AGENT_CWT_FILE "token.cwt"
#define AGENT_KEY_FILE "device-key.der"   /* SubjectPublicKeyInfo, beside the tokens */
#define AGENT_CERT_FILE "device-cert.der" /* in the state folder, and beside the tokens */
#define AGENT_CREDENTIAL_MAX 20480u       /* a chain of four certificates, and the blob */

enum agent_step {
    AGENT_TPM,      /* open it, load EK and AK */
    AGENT_LOAD,     /* the credential of the state folder, checked */
    AGENT_ENROL,    /* a new one, on a certificate connection */
    AGENT_ACTIVATE, /* the PSK out of it */
    AGENT_CONNECT,  /* the PSK connection */
    AGENT_JOIN,     /* become known, learn state, nonce and selection */
    AGENT_ATTEST,   /* one evidence and its answer */
    AGENT_TOKENS,   /* fetch and write */
    AGENT_ANNOUNCE, /* what hooks left of boots to come */
    AGENT_REST,     /* until the next */
    AGENT_STEP_N,
};

/* What a step found; the table turns it into the next step. */
enum agent_result {
    AGENT_R_DONE,
    AGENT_R_AGAIN,     /* this step once more, at once; the step bounds how often */
    AGENT_R_LATER,     /* after agent->wait_s, from the row's `later` */
    AGENT_R_RECONNECT, /* the connection is no more */
    AGENT_R_BACK,      /* the same after a wait: what failed does not need to be done */
    AGENT_R_REJOIN,    /* the verifier wants to hear who we are */
    AGENT_R_REENROL,   /* the credential is of no more use */
    AGENT_R_RELOAD,    /* the TPM lost our keys: after a wait, all from the start */
    AGENT_R_STOP,      /* agent->exit holds why */
};

struct agent {
    const struct agent_conf *conf;
    const struct clock *clock;
    bool (*stopped)(void *context); /* a signal came; asked a few times a second */
    /* Somebody wants the settings read again and evidence given at once; NULL: nobody may. */
    bool (*called)(void *context);
    /* Answers that call: settings that live on, or NULL where they are no good and the present ones
     * go on. */
    const struct agent_conf *(*settings)(void *context);
    void *context;
    bool once;
    uint32_t patience_s; /* with once: how long LATER is waited for, in all */

    /* From here on it is the agent's own: zero before it runs, and again at new settings. */
    enum agent_exit exit; /* of the last step that told */
    uint32_t wait_s;
    uint32_t backoff_s; /* doubles while things fail */

    bool due;          /* somebody called: the next evidence does not wait */
    int64_t asleep_ms; /* in suspends since boot, when last looked */

    struct hasher *hasher;
    struct tpm *tpm;
    struct tpm_certs certs;
    struct tpm_key *ek;
    struct tpm_key *ak;
    struct tpm_key *dev; /* what tokens are bound to; NULL: not asked for, or not yet made */
    uint8_t dev_cert[DEVICE_CERT_ROOM];
    size_t dev_cert_len; /* 0: none */
    bool key_told;       /* an accepted evidence of this connection carried it */
    bool key_sent;       /* the last evidence carried it */
    struct source_smbios machine;

    struct source_data cose;      /* the credential as received */
    struct credential credential; /* views into it */
    bool enrolled_now;            /* in this run: do not do it twice for one failure */
    bool floored; /* certificates were judged at the floor, the clock was before it */
    struct secret *psk;
    struct link *link;
    struct link_ticket ticket; /* of the last PSK connection */
    bool stream;               /* what it has to say is too long for UDP: over TCP only */
    size_t body_len;           /* of the last evidence */
    bool lost; /* a connection was lost and made again, and nothing was answered since */
    uint8_t exporter_context[32];

    bool joined; /* on this credential, in this run */
    bool has_ueid;
    uint8_t ueid[WIRE_UEID_SIZE];
    bool has_nonce;
    uint8_t nonce[WIRE_NONCE_SIZE];
    struct pcr_set wanted;
    size_t n_known;
    struct log_offset known[LIMIT_EVIDENCE_LOGS];
    bool told;        /* accepted evidence had all claims: leave out what did not change */
    bool values;      /* the verifier asked for PCR values */
    bool no_log;      /* this machine has no firmware log */
    unsigned actions; /* that the last answer asked for: enum answer_action */
    unsigned n_tries; /* evidences without a verdict in a row */

    bool judged;
    enum tier tier;
    size_t n_reasons;
    uint16_t reasons[LIMIT_REASONS];
    uint32_t next_s;
};

/* Runs until a step stops it. conf, clock and the calls are the caller's; the rest is zero. New
 * settings are a new beginning: TPM, connection and credential are opened anew.
 * Returns how it ended. Logs by base/log.h. agent_done() in any case. */
enum agent_exit agent_run(struct agent *agent);
void agent_done(struct agent *agent);

/* Opens the TPM and loads the EK: what --fingerprint needs. Returns AGENT_R_DONE or AGENT_R_STOP.
 */
enum agent_result agent_keys_endorsement(struct agent *agent);

/* How long is waited, so that a fleet does not come at once: for the next evidence up to a tenth
 * less, as the nonce ends a minute after the time that we were told; when a verifier says when to
 * come again up to a quarter more; when things fail down to half of a time that doubles. */
enum agent_wait { AGENT_WAIT_NEXT, AGENT_WAIT_TOLD, AGENT_WAIT_BACKOFF };
uint32_t agent_wait_ms(enum agent_wait kind, uint32_t seconds, uint16_t random);

/* Name of a step, and its row of the graph: what follows each result. */
const char *agent_step_name(enum agent_step step);
enum agent_step agent_step_after(enum agent_step step, enum agent_result result);
