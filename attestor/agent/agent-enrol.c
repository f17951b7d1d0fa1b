/* The credential: kept, checked, fetched anew, activated. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent-steps.h"
#include "agent/state-file.h"
#include "tpm/tpm-activate.h"
#include "wire/enroll.h"

enum { CA_FILE_MAX = 65536, ASK_MS = 60000, CF_CBOR = 60 };

/* Checks agent->cose with the configuration's CA and our own keys. Returns as credential_check(),
 * or 1000 when the CA file is of no use. */
enum { CA_UNUSABLE = 1000 };
static int
check(struct agent *agent, struct bytes cose, struct credential *ret)
{
    CLEANUP(free_p) struct credential_ca *ca = calloc(1, sizeof(*ca));
    struct source_data pem = {0};
    struct credential_expect expect;
    int r;

    if (!ca || source_file_read(agent->conf->ca, CA_FILE_MAX, &pem) != 0) {
        return CA_UNUSABLE;
    }
    r = credential_ca_read(agent->hasher, source_file_bytes(&pem), ca);
    source_file_done(&pem);
    if (r != 0) {
        return r < 0 ? r : CA_UNUSABLE;
    }
    expect = (struct credential_expect){
        .ca = ca->ca,
        .n_ca = ca->n,
        .site = bytes_str(agent->conf->site),
        .ek_public = tpm_key_public(agent->ek),
        .ak_name = tpm_key_name(agent->ak),
        .time = agent_time_now(agent->clock),
    };
    r = credential_check(&expect, agent->hasher, cose, ret);
    if (r == 0) {
        agent->floored = expect.time.behind;
    }
    return r;
}

enum agent_result
agent_enrol_load(struct agent *agent)
{
    int r;

    source_file_done(&agent->cose);
    r = state_file_read(agent->conf->state_dir, AGENT_CREDENTIAL_FILE, AGENT_CREDENTIAL_MAX,
                        &agent->cose);

    if (r == SOURCE_E_ABSENT) {
        return AGENT_R_REENROL;
    }
    if (r == 0) {
        r = check(agent, source_file_bytes(&agent->cose), &agent->credential);
        if (r == CA_UNUSABLE) {
            return agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "the CA file cannot be used");
        }
    }
    if (r == 0) {
        return AGENT_R_DONE;
    }
    log_event(
        LOG_WARNING, "credential-kept",
        LOG_STR("refused", credential_outcome_name((enum credential_outcome)(r > 0 ? r : 0))));
    return AGENT_R_REENROL;
}

bool
agent_enrol_outlived(struct agent *agent)
{
    struct credential credential;
    bool set = agent->floored && !agent_time_now(agent->clock).behind;

    return set && check(agent, source_file_bytes(&agent->cose), &credential) == CREDENTIAL_E_TIME;
}

struct bytes
agent_enrol_body(const struct agent *agent, bool full, uint8_t *room, size_t cap)
{
    struct wr wr = wr_init(room, cap);
    struct enroll enroll = {.n_certs = agent->certs.n_certs,
                            .ek = tpm_key_public(agent->ek),
                            .ak = tpm_key_public(agent->ak)};

    for (size_t i = 0; i < enroll.n_certs; i++) {
        enroll.certs[i] = bytes_of(agent->certs.cert[i].p, agent->certs.cert[i].len);
    }
    if (full) {
        enroll.code = source_smbios_text(agent->conf->code, LIMIT_CODE);
        enroll.maker = source_smbios_text(agent->machine.maker, LIMIT_TEXT);
        enroll.model = source_smbios_text(agent->machine.model, LIMIT_TEXT);
        enroll.serial = source_smbios_text(agent->machine.serial, LIMIT_TEXT);
    }
    enroll_write(&wr, &enroll);
    return wr_done(&wr);
}

/* Takes the answer: only what holds is written. */
static enum agent_result
take(struct agent *agent, struct link_reply *reply)
{
    struct credential credential;
    char why[96];
    int r;

    if (reply->code != LINK_CODE(2, 4)) {
        snprintf(why, sizeof(why), "enrolment answered %u.%02u", reply->code >> 5,
                 reply->code & 31u);
        return agent_tell(agent,
                          reply->code == LINK_CODE(4, 29) ? AGENT_NO_VERIFIER : AGENT_REFUSED,
                          AGENT_R_LATER, why);
    }
    r = check(agent, bytes_of(reply->body, reply->len), &credential);
    if (r == CA_UNUSABLE) {
        return agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "the CA file cannot be used");
    }
    if (r != 0) {
        snprintf(why, sizeof(why), "the answer does not hold: %s",
                 credential_outcome_name((enum credential_outcome)(r > 0 ? r : 0)));
        return agent_tell(agent, AGENT_CREDENTIAL, AGENT_R_LATER, why);
    }
    source_file_done(&agent->cose);
    agent->cose = (struct source_data){reply->body, reply->len};
    agent->credential = credential;
    *reply = (struct link_reply){0};
    r = state_file_write(agent->conf->state_dir, AGENT_CREDENTIAL_FILE,
                         source_file_bytes(&agent->cose), 0600, STATE_FILE_NO_GROUP);
    if (r < 0) { /* the next start enrols once more: no harm but the time */
        log_event(LOG_WARNING, "state-write", LOG_STR("file", AGENT_CREDENTIAL_FILE),
                  LOG_INT("errno", -r));
    }
    return AGENT_R_DONE;
}

static enum agent_result
exchange(struct agent *agent, struct link *link)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    CLEANUP(free_p) uint8_t *room = malloc(AGENT_ENROL_ROOM);
    struct link_ask ask = {
        .method = LINK_POST, .path = "enroll", .content_format = CF_CBOR, .timeout_ms = ASK_MS};
    int r;

    if (!room) {
        return agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "no memory");
    }
    ask.body = agent_enrol_body(agent, false, room, AGENT_ENROL_ROOM);
    r = link_request(link, &ask, &reply);
    if (r != 0) {
        enum agent_result result = agent_link_fault(agent, r, "enrolment");

        return result == AGENT_R_STOP ? result : AGENT_R_LATER;
    }
    return take(agent, &reply);
}

enum agent_result
agent_enrol(struct agent *agent)
{
    CLEANUP(link_closep) struct link *link = NULL;
    struct agent_time now = agent_time_now(agent->clock);
    struct link_target target = {
        .servers = agent->conf->servers,
        .ca_file = agent->conf->ca,
        .name = agent->conf->name,
        .now_s = now.now_s,
        .behind = now.behind,
        .exporter_context = agent->exporter_context,
        .stopped = agent->stopped,
        .context = agent->context,
    };
    char text[LINK_TEXT] = "";
    int r = link_open(&target, LINK_CERT, &link, text);

    if (r != 0) {
        enum agent_result result = agent_link_fault(agent, r, text);

        /* nobody there: what we hold may be as good as it was */
        return result == AGENT_R_LATER && agent->psk ? AGENT_R_BACK : result;
    }
    agent->enrolled_now = true;
    agent->joined = false;
    return exchange(agent, link);
}

enum agent_result
agent_enrol_activate(struct agent *agent)
{
    struct tpm_error error = {0};
    int r;

    secret_freep(&agent->psk);
    r = tpm_activate(agent->ek, agent->ak, agent->credential.id_object, agent->credential.secret,
                     &agent->psk, &error);
    if (r == 0) {
        return AGENT_R_DONE;
    }
    if ((r == TPM_E_FOREIGN || r == TPM_E_BLOB) && !agent->enrolled_now) {
        return AGENT_R_REENROL;
    }
    if (r == TPM_E_FOREIGN || r == TPM_E_BLOB) {
        return agent_tell(agent, AGENT_CREDENTIAL, AGENT_R_STOP, error.text);
    }
    return agent_tpm_fault(agent, r, &error);
}
