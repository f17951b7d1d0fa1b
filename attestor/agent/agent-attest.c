/* One evidence on its way, and the tokens that its verdict earns. */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent-steps.h"
#include "agent/state-file.h"

enum { ATTEST_MS = 120000, TOKEN_MS = 30000, CF_CMW = 60, TOKEN_MODE = 0640 };

enum agent_result
agent_attest(struct agent *agent)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    CLEANUP(source_file_done) struct source_data body = {0};
    enum agent_result result = AGENT_R_STOP;
    struct link_ask ask = {
        .method = LINK_POST, .path = "attest", .content_format = CF_CMW, .timeout_ms = ATTEST_MS};
    int r = agent_collect(agent, &body, &result);

    if (r != 0) {
        return r > 0 ? result : agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "no memory");
    }
    log_event(LOG_DEBUG, "evidence", LOG_INT("bytes", body.len),
              LOG_INT("nonce", agent->has_nonce));
    agent->body_len = body.len;
    ask.body = source_file_bytes(&body);
    r = link_request(agent->link, &ask, &reply);
    if (r != 0) {
        return agent_link_fault(agent, r, "attestation");
    }
    agent->lost = false;
    return agent_answer(agent, &reply);
}

int
agent_ask_room(struct agent *agent, size_t len, enum agent_result *ret_result)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    struct link_ask ask = {.method = LINK_POST,
                           .path = "attest",
                           .size1 = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX,
                           .timeout_ms = TOKEN_MS};
    struct problem problem = {0};
    int r = link_request(agent->link, &ask, &reply);

    if (r != 0) {
        *ret_result = agent_link_fault(agent, r, "attestation");
        return 1;
    }
    if (reply.code == LINK_CODE(4, 1) && agent_problem(&reply, &problem) && problem.has_nonce) {
        agent_nonce_set(agent, problem.nonce);
        return 0;
    }
    agent->body_len = len;
    *ret_result = agent_answer(agent, &reply);
    return 1;
}

/* Group of the tokens; none by configuration, or none of that name. */
static gid_t
token_group(const struct agent *agent)
{
    const struct group *group = agent->conf->group[0] ? getgrnam(agent->conf->group) : NULL;

    return group ? group->gr_gid : STATE_FILE_NO_GROUP;
}

static bool
write_token(const struct agent *agent, const char *name, struct bytes token)
{
    int r = state_file_write(agent->conf->token_dir, name, token, TOKEN_MODE, token_group(agent));

    if (r < 0) {
        log_event(LOG_ERROR, "token-write", LOG_STR("file", name), LOG_INT("errno", -r));
    }
    return r == 0;
}

static void
remove_token(const struct agent *agent, const char *name)
{
    int r = state_file_remove(agent->conf->token_dir, name);

    if (r < 0) {
        log_event(LOG_ERROR, "token-remove", LOG_STR("file", name), LOG_INT("errno", -r));
    }
}

void
agent_cwt_write(const struct agent *agent, struct bytes cwt)
{
    if (cwt.p) {
        (void)write_token(agent, AGENT_CWT_FILE, cwt);
    } else {
        remove_token(agent, AGENT_CWT_FILE); /* below the floor: the old one must not stay */
    }
}

void
agent_tokens_remove(const struct agent *agent)
{
    const char *cursor = agent->conf->audiences;
    char audience[LIMIT_NAME + 1];
    char name[AGENT_CONF_FILE];

    remove_token(agent, AGENT_CWT_FILE);
    while (agent_conf_audience(&cursor, audience)) {
        remove_token(agent, agent_conf_token_name(audience, name));
    }
}

/* Everything that could end a query's value early is written as %XX by nobody: CoAP options are not
 * text of a URI, so the audience goes as it is. */
static int
fetch(struct agent *agent, const char *audience)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    char query[LIMIT_NAME + 8];
    char name[AGENT_CONF_FILE];
    struct link_ask ask = {
        .method = LINK_GET, .path = "token", .query = query, .timeout_ms = TOKEN_MS};
    int r;

    snprintf(query, sizeof(query), "aud=%s", audience);
    r = link_request(agent->link, &ask, &reply);
    if (r != 0) {
        return r;
    }
    (void)agent_conf_token_name(audience, name);
    if (reply.code == LINK_CODE(2, 5) && reply.len > 0) {
        (void)write_token(agent, name, bytes_of(reply.body, reply.len));
        return 0;
    }
    agent->key_told = false; /* a verifier that began anew does not know it */
    log_event(LOG_WARNING, "no-token", LOG_STR("audience", audience),
              LOG_INT("code", (reply.code >> 5) * 100 + (reply.code & 31)));
    remove_token(agent, name);
    return 0;
}

enum agent_result
agent_tokens(struct agent *agent)
{
    const char *cursor = agent->conf->audiences;
    char audience[LIMIT_NAME + 1];

    while (agent->exit == AGENT_ATTESTED && agent_conf_audience(&cursor, audience)) {
        int r = fetch(agent, audience);

        if (r != 0) { /* the verdict stands; the connection is made again when it is needed */
            log_event(LOG_WARNING, "no-token", LOG_STR("audience", audience),
                      LOG_STR("why", link_outcome_name((enum link_outcome)(r > 0 ? r : 0))));
            break;
        }
    }
    return AGENT_R_DONE;
}
