/* The TPM and its two keys. */
#include <stdio.h>
#include <time.h>

#include "agent/agent-steps.h"
#include "tpm/tpm-ak.h"
#include "tpm/tpm-endorse.h"

enum { PATIENCE_FIRST_MS = 20, PATIENCE_TRIES = 8 };

static int
wait_busy(void *context, uint32_t wait_ms)
{
    const struct timespec wait = {wait_ms / 1000, (long)(wait_ms % 1000) * 1000000L};

    (void)context;
    (void)nanosleep(&wait, NULL);
    return 0;
}

static enum agent_exit
exit_of(int r)
{
    return r == TPM_E_ABSENT || r == TPM_E_NO_MANAGER ? AGENT_NO_TPM : AGENT_TPM_FAULT;
}

/* What only an operator can change is left to the service manager, which tries again at leisure. A
 * TPM that failed, is gone or talks nonsense may be another one after a reset or a resume, so its
 * keys are loaded anew; nothing of before is used again. */
static enum agent_result
after_fault(int r)
{
    switch (r) {
    case TPM_E_BUSY:
        return AGENT_R_LATER;
    case TPM_E_FULL: /* our own objects may be a part of it */
    case TPM_E_SELF:
    case TPM_E_GONE:
    case TPM_E_TALK:
    case TPM_E_FAILURE:
    case TPM_E_COMMAND:
        return AGENT_R_RELOAD;
    default:
        return AGENT_R_STOP;
    }
}

enum agent_result
agent_tpm_fault(struct agent *agent, int r, const struct tpm_error *error)
{
    char why[256];

    snprintf(why, sizeof(why), "%s: %s", r > 0 ? tpm_outcome_name((enum tpm_outcome)r) : "broke",
             error ? error->text : "");
    return agent_tell(agent, exit_of(r), after_fault(r), why);
}

enum agent_result
agent_keys_endorsement(struct agent *agent)
{
    static const struct tpm_patience patience = {
        .wait = wait_busy, .first_ms = PATIENCE_FIRST_MS, .tries = PATIENCE_TRIES};
    struct tpm_error error = {0};
    int r = agent->tpm ? 0 : tpm_open(agent->conf->tcti, &patience, &agent->tpm, &error);

    if (r == 0) {
        tpm_cert_done(&agent->certs);
        agent->certs = (struct tpm_certs){0};
        r = tpm_cert_read_all(agent->tpm, &agent->certs, &error);
    }
    if (r == 0 && !agent->ek) {
        r = tpm_endorse_load(agent->tpm, tpm_endorse_choose(&agent->certs), &agent->ek, &error);
    }
    return r == 0 ? AGENT_R_DONE : agent_tpm_fault(agent, r, &error);
}

enum agent_result
agent_keys(struct agent *agent)
{
    struct tpm_error error = {0};
    enum agent_result result = agent_keys_endorsement(agent);
    int r;

    if (result != AGENT_R_DONE || agent->ak) {
        return result;
    }
    r = tpm_ak_load(agent->tpm, bytes_str(agent->conf->site), TPM_AK_ANY, &agent->ak, &error);
    return r == 0 ? AGENT_R_DONE : agent_tpm_fault(agent, r, &error);
}
