/* What the verifier says to evidence. Protocol page, Answers. */
#include <stdio.h>

#include "agent/agent-steps.h"

enum { TRIES_MAX = 4, WAIT_S = 30 };

static void
log_verdict(const struct agent *agent)
{
    char reasons[256] = "";
    size_t len = 0;

    for (size_t i = 0; i < agent->n_reasons && len < sizeof(reasons) - 48; i++) {
        const char *name = reason_name((enum reason)agent->reasons[i]);

        len += (size_t)snprintf(reasons + len, sizeof(reasons) - len, "%s%u %.32s", i ? ", " : "",
                                agent->reasons[i], name ? name : "");
    }
    log_event(LOG_NOTICE, "verdict", LOG_STR("tier", tier_name(agent->tier)),
              LOG_STR("reasons", reasons),
              LOG_STR("user",
                      reason_user(agent->n_reasons ? (enum reason)agent->reasons[0] : REASON_NONE)),
              LOG_INT("next_s", agent->next_s));
}

static void
take_known(struct agent *agent, const struct answer *answer)
{
    agent->n_known = answer->n_known;
    memcpy(agent->known, answer->known, sizeof(agent->known));
    agent_known_save(agent);
}

/* Refused by policy: the verdict stands, the device goes on attesting; it may heal. */
static enum agent_result
refused(struct agent *agent)
{
    agent_tokens_remove(agent);
    agent->told = false;
    return agent_tell(agent, agent->no_log ? AGENT_NO_LOG : AGENT_REFUSED, AGENT_R_DONE,
                      "the evidence was judged and not accepted");
}

static enum agent_result
judged(struct agent *agent, const struct link_reply *reply)
{
    struct answer answer;
    struct fault fault;

    if (answer_read(bytes_of(reply->body, reply->len), &answer, &fault) != 0) {
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, "an answer out of form");
    }
    agent->judged = true;
    agent->stream = false;
    agent->tier = answer.tier;
    agent->n_reasons = answer.n_reasons;
    memcpy(agent->reasons, answer.reasons, sizeof(agent->reasons));
    agent->next_s = answer.next_s;
    agent->wanted = answer.wanted;
    agent->n_tries = 0;
    agent->values = false;
    agent->enrolled_now = false;
    agent->joined = true;
    agent->actions = answer.actions;
    take_known(agent, &answer);
    agent_nonce_set(agent, answer.nonce);
    log_verdict(agent);
    agent_last_save(agent, reply->code, 0);
    if (answer.tier != TIER_AFFIRMING && answer.tier != TIER_WARNING) {
        return refused(agent);
    }
    agent->told = true;
    agent->key_told = agent->key_told || agent->key_sent;
    agent_cwt_write(agent, answer.cwt);
    return agent_tell(agent, AGENT_ATTESTED, AGENT_R_DONE, tier_name(answer.tier));
}

/* Another try at once, as often as a sane verifier can ask; the exporter of this connection serves
 * at most its first verdict, so the nonce is what changes. */
static enum agent_result
again(struct agent *agent, const struct problem *problem, const char *why)
{
    if (problem->has_nonce) {
        agent_nonce_set(agent, problem->nonce);
    } else {
        agent->has_nonce = false;
    }
    if (agent->n_tries >= TRIES_MAX) {
        agent->n_tries = 0;
        agent->wait_s = WAIT_S;
        return agent_tell(agent, AGENT_REFUSED, AGENT_R_LATER, why);
    }
    return AGENT_R_AGAIN;
}

/* 4.09: another selection, logs from given offsets, or values. */
static enum agent_result
wants_more(struct agent *agent, const struct problem *problem, const char *why)
{
    if (problem->has_wanted) {
        agent->wanted = problem->wanted;
    }
    if (problem->n_want_logs > 0 || problem->want_values) {
        agent->values = true;
        agent->n_known = 0; /* from the start, but for the offsets that are named */
        for (size_t i = 0; i < problem->n_want_logs; i++) {
            agent->known[agent->n_known++] =
                (struct log_offset){problem->want_logs[i].kind, problem->want_logs[i].offset};
        }
    }
    return again(agent, problem, why);
}

/* 4.03: the identity is unknown, or the state forbids; joining tells which. */
static enum agent_result
forbidden(struct agent *agent, const char *why)
{
    agent_tokens_remove(agent);
    if (!agent->joined) {
        agent->has_nonce = false;
        return AGENT_R_REJOIN;
    }
    agent->joined = false;
    agent->wait_s = WAIT_S;
    return agent_tell(agent, AGENT_REFUSED, AGENT_R_LATER, why);
}

enum agent_result
agent_too_long(struct agent *agent, size_t len, uint32_t most, bool by_class)
{
    bool stream = link_is_stream(agent->link);
    bool elsewhere = link_names_stream(agent->conf->servers);
    char why[160];
    int n = snprintf(why, sizeof(why), "evidence of %zu bytes", len);

    if (most > 0) {
        n += snprintf(why + n, sizeof(why) - (size_t)n, ", at most %u", most);
    }
    snprintf(why + n, sizeof(why) - (size_t)n, "%s",
             by_class    ? " of this device's class (assay class add --evidence-max)"
             : stream    ? " over TCP"
             : elsewhere ? " over UDP, now over TCP"
                         : " over UDP, and no coaps+tcp server is named");
    if (!by_class && !stream && elsewhere) {
        agent->stream = true;
        return agent_tell(agent, AGENT_TOO_LONG, AGENT_R_RECONNECT, why);
    }
    agent->stream = false;
    agent_tokens_remove(agent);
    agent->told = false;
    /* it helps itself at the next boot at the earliest, and each try may be megabytes */
    agent->backoff_s = agent->backoff_s < WAIT_S ? WAIT_S : agent->backoff_s;
    return agent_tell(agent, AGENT_TOO_LONG, AGENT_R_LATER, why);
}

enum agent_result
agent_answer(struct agent *agent, const struct link_reply *reply)
{
    struct problem problem = {0};
    char why[96];

    if (reply->code == LINK_CODE(2, 4)) {
        return judged(agent, reply);
    }
    (void)agent_problem(reply, &problem);
    snprintf(why, sizeof(why), "evidence answered %u.%02u, reason %u %s", reply->code >> 5,
             reply->code & 31u, problem.reason,
             problem.reason ? reason_name((enum reason)problem.reason) : "");
    agent->n_tries++;
    agent_last_save(agent, reply->code, problem.reason);
    switch (reply->code) {
    case LINK_CODE(4, 1):
        return again(agent, &problem, why);
    case LINK_CODE(4, 9):
        return wants_more(agent, &problem, why);
    case LINK_CODE(4, 3):
        return problem.reason == REASON_ENROL_EXPIRED ? agent_ended(agent, why)
                                                      : forbidden(agent, why);
    case LINK_CODE(4, 29):
        agent->wait_s = reply->max_age_s > 0 ? (uint32_t)reply->max_age_s : WAIT_S;
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, why);
    case LINK_CODE(4, 13):
        return agent_too_long(agent, agent->body_len, reply->size1,
                              problem.reason == REASON_EVIDENCE_TOO_LARGE);
    case LINK_CODE(4, 0):
        agent_tokens_remove(agent);
        agent->told = false;
        agent->wait_s = problem.retry_s ? problem.retry_s : WAIT_S;
        return agent_tell(agent, AGENT_REFUSED, AGENT_R_LATER, why);
    default:
        return agent_tell(agent, AGENT_NO_VERIFIER, AGENT_R_LATER, why);
    }
}
