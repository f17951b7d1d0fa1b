#include "agent/agent-exit.h"

const struct agent_exit_row agent_exits[] = {
    {AGENT_ATTESTED, "attested", "evidence accepted; the tokens are written"},
    {AGENT_REFUSED, "refused", "by the verdict or by the device's state; the log says why"},
    {AGENT_USAGE, "usage", "wrong option or configuration, or a file that cannot be written"},
    {AGENT_NO_TPM, "no-tpm", "no TPM, or no resource manager: look for /dev/tpmrm0"},
    {AGENT_NO_LOG, "no-log", "no firmware log; machines booted without EFI stub have none"},
    {AGENT_NO_NETWORK, "no-network", "no verifier's name has an address that can be reached"},
    {AGENT_NO_VERIFIER, "no-verifier", "nobody answered, or the handshake failed"},
    {AGENT_PENDING, "pending", "waits for approval: compare --fingerprint"},
    {AGENT_CREDENTIAL, "credential", "an enrolment answer that is not by this site's key for us"},
    {AGENT_TPM_FAULT, "tpm-fault", "the TPM is there and does not do its part"},
    {AGENT_TOO_LONG, "too-long",
     "the logs are more than the verifier takes; the log says how much"},
};
const size_t agent_exits_n = ARRAY_LEN(agent_exits);

const char *
agent_exit_name(enum agent_exit code)
{
    for (size_t i = 0; i < agent_exits_n; i++) {
        if (agent_exits[i].code == code) {
            return agent_exits[i].name;
        }
    }
    return "unknown";
}
