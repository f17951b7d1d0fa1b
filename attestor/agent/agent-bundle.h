/* The support bundle: a tar archive (agent/tar-out.h) of what this device would send and of what it
 * is made of, for somebody who has no access to the device. `evidence` is the body of POST /attest
 * (evidence.cddl) with whole logs and values, whose quote is bound to no challenge and no
 * connection (BINDING_COLLECTED), so that it proves nothing to anybody later; the other files are
 * its parts as the `assay` CLI reads them. What the device lacks, or cannot give, is left out and
 * named in info.json. No secret is in it: no PSK, token, nonce or enrolment code, and no serial
 * number. */
#pragma once

#include "agent/agent.h"

#define BUNDLE_FORMAT "assay-bundle-1"

/* Writes a new file of mode 0600; one that is there stays as it is. The agent is as before
 * agent_run(); agent_done() in any case. version goes into info.json. Returns how it ended, and has
 * said why on the log: AGENT_ATTESTED when all of it could be made, AGENT_NO_TPM, AGENT_TPM_FAULT
 * or AGENT_NO_LOG when the bundle is there and lacks that, AGENT_USAGE when there is no bundle. */
enum agent_exit agent_bundle(struct agent *agent, const char *path, const char *version);
