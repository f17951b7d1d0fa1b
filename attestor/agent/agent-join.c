/* The PSK connection, and becoming known on it. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent-steps.h"
#include "agent/state-file.h"

enum { ASK_MS = 60000, CF_CBOR = 60, CF_PROBLEM = 257 };

enum agent_result
agent_link_fault(struct agent *agent, int r, const char *text)
{
    char why[LINK_TEXT + 32];

    snprintf(why, sizeof(why), "%s: %s", link_outcome_name((enum link_outcome)(r > 0 ? r : 0)),
             text);
    switch (r) {
    case LINK_E_STOPPED:
        return AGENT_R_STOP;
    case LINK_E_CONFIG:
        return agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, why);
    case LINK_E_LOST: /* a verifier that started again knows no connection of before */
        if (!agent->lost) {
            agent->lost = true;
            return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_RECONNECT, why);
        }
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, why);
    case LINK_E_NETWORK:
        return agent_tell(agent, AGENT_NO_NETWORK, AGENT_R_LATER, why);
    default:
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, why);
    }
}

bool
agent_problem(const struct link_reply *reply, struct problem *ret)
{
    struct fault fault;

    return reply->content_format == CF_PROBLEM &&
           problem_read(bytes_of(reply->body, reply->len), ret, &fault) == 0;
}

void
agent_nonce_set(struct agent *agent, const uint8_t nonce[WIRE_NONCE_SIZE])
{
    int r;

    memcpy(agent->nonce, nonce, sizeof(agent->nonce));
    agent->has_nonce = true;
    r = state_file_write(agent->conf->state_dir, AGENT_NONCE_FILE, BYTES_OF(agent->nonce), 0600,
                         STATE_FILE_NO_GROUP);
    if (r < 0) {
        log_event(LOG_WARNING, "state-write", LOG_STR("file", AGENT_NONCE_FILE),
                  LOG_INT("errno", -r));
    }
}

void
agent_nonce_load(struct agent *agent)
{
    struct source_data data = {0};

    if (state_file_read(agent->conf->state_dir, AGENT_NONCE_FILE, WIRE_NONCE_SIZE, &data) == 0 &&
        data.len == WIRE_NONCE_SIZE) {
        memcpy(agent->nonce, data.p, WIRE_NONCE_SIZE);
        agent->has_nonce = true;
    }
    source_file_done(&data);
}

enum agent_result
agent_join_connect(struct agent *agent)
{
    struct link_target target = {
        .servers = agent->conf->servers,
        .stream_only = agent->stream,
        .identity = agent->credential.identity,
        .psk = agent->psk,
        .exporter_context = agent->exporter_context,
        .ticket = &agent->ticket,
        .stopped = agent->stopped,
        .context = agent->context,
    };
    char text[LINK_TEXT] = "";
    int r;

    link_closep(&agent->link);
    if (agent_enrol_outlived(agent)) {
        return AGENT_R_REENROL;
    }
    agent->key_told = false;
    r = link_open(&target, LINK_PSK, &agent->link, text);
    if (r == 0) {
        log_event(LOG_DEBUG, "connected", LOG_STR("peer", link_peer(agent->link)),
                  LOG_INT("resumed", link_resumed(agent->link)));
        return AGENT_R_DONE;
    }
    /* an identity of a retired master is unknown in the handshake, and a wrong secret is silence */
    if ((r == LINK_E_REFUSED || r == LINK_E_SILENT) && !agent->enrolled_now) {
        (void)agent_link_fault(agent, r, text);
        return AGENT_R_REENROL;
    }
    agent->enrolled_now = false;
    return agent_link_fault(agent, r, text);
}

enum agent_result
agent_ended(struct agent *agent, const char *why)
{
    enum agent_result result = agent->enrolled_now ? AGENT_R_LATER : AGENT_R_REENROL;

    agent->enrolled_now = false;
    return agent_tell(agent, AGENT_REFUSED, result, why);
}

static enum agent_result
take_state(struct agent *agent, const struct enrolled *enrolled)
{
    char why[96];

    memcpy(agent->ueid, enrolled->ueid, sizeof(agent->ueid));
    agent->has_ueid = true;
    agent->wanted = enrolled->wanted;
    snprintf(why, sizeof(why), "this device is %s", device_state_name(enrolled->state));
    switch (enrolled->state) {
    case DEVICE_PENDING:
        agent->wait_s = enrolled->next_s ? enrolled->next_s : 60;
        agent_tokens_remove(agent);
        return agent_tell(agent, AGENT_PENDING, AGENT_R_LATER, why);
    case DEVICE_REMOVED:
        agent->wait_s = enrolled->next_s ? enrolled->next_s : 3600;
        agent_tokens_remove(agent);
        return agent_tell(agent, AGENT_REFUSED, AGENT_R_LATER, why);
    default:
        agent_nonce_set(agent, enrolled->nonce);
        agent->joined = true;
        return AGENT_R_DONE; /* quarantined devices attest too: they get no tokens */
    }
}

static enum agent_result
take(struct agent *agent, const struct link_reply *reply)
{
    struct problem problem = {0};
    struct enrolled enrolled;
    struct fault fault;
    char why[96];

    if (reply->code == LINK_CODE(2, 4)) {
        if (enrolled_read(bytes_of(reply->body, reply->len), &enrolled, &fault) == 0) {
            return take_state(agent, &enrolled);
        }
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, "an answer out of form");
    }
    (void)agent_problem(reply, &problem);
    snprintf(why, sizeof(why), "joining answered %u.%02u, reason %u %s", reply->code >> 5,
             reply->code & 31u, problem.reason,
             problem.reason ? reason_name((enum reason)problem.reason) : "");
    agent->wait_s = problem.retry_s;
    if (reply->code == LINK_CODE(4, 29)) {
        agent->wait_s = reply->max_age_s > 0 ? (uint32_t)reply->max_age_s : 30;
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, why);
    }
    if (reply->code == LINK_CODE(4, 3) && problem.reason == REASON_ENROL_EXPIRED) {
        return agent_ended(agent, why);
    }
    if (reply->code == LINK_CODE(4, 3)) {
        agent_tokens_remove(agent);
    }
    return agent_tell(agent, AGENT_REFUSED, AGENT_R_LATER, why);
}

enum agent_result
agent_join(struct agent *agent)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    CLEANUP(free_p) uint8_t *room = malloc(AGENT_ENROL_ROOM);
    struct link_ask ask = {
        .method = LINK_POST, .path = "enroll", .content_format = CF_CBOR, .timeout_ms = ASK_MS};
    int r;

    if (agent->joined || (agent->has_nonce && !agent->enrolled_now)) {
        return AGENT_R_DONE; /* known already: one round trip less */
    }
    if (!room) {
        return agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "no memory");
    }
    ask.body = agent_enrol_body(agent, true, room, AGENT_ENROL_ROOM);
    r = link_request(agent->link, &ask, &reply);
    if (r != 0) {
        return agent_link_fault(agent, r, "joining");
    }
    agent->lost = false;
    return take(agent, &reply);
}
