#include "agent/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "agent/agent-steps.h"
#include "base/notify.h"
#include "crypto/digest.h"
#include "wire/binding.h"

enum {
    BACKOFF_FIRST_S = 1,
    BACKOFF_MOST_S = 300,
    SLICE_MS = 500,
    ASLEEP_MS = 2000,    /* a suspend that a connection does not outlive; two clocks never agree */
    CLOSE_ABOVE_S = 45,  /* the server forgets idle connections after 60 */
    WAIT_MOST_S = 86400, /* whoever says more is heard again tomorrow */
};

static enum agent_result rest(struct agent *agent);

struct step {
    const char *name;
    enum agent_result (*run)(struct agent *agent);
    enum agent_step done;  /* after AGENT_R_DONE */
    enum agent_step later; /* after AGENT_R_LATER, when the wait is over */
};

static const struct step agent_steps[AGENT_STEP_N] = {
    [AGENT_TPM] = {"tpm", agent_keys, AGENT_LOAD, AGENT_TPM},
    [AGENT_LOAD] = {"load", agent_enrol_load, AGENT_ACTIVATE, AGENT_LOAD},
    [AGENT_ENROL] = {"enrol", agent_enrol, AGENT_ACTIVATE, AGENT_ENROL},
    [AGENT_ACTIVATE] = {"activate", agent_enrol_activate, AGENT_CONNECT, AGENT_ACTIVATE},
    [AGENT_CONNECT] = {"connect", agent_join_connect, AGENT_JOIN, AGENT_CONNECT},
    [AGENT_JOIN] = {"join", agent_join, AGENT_ATTEST, AGENT_CONNECT},
    [AGENT_ATTEST] = {"attest", agent_attest, AGENT_TOKENS, AGENT_CONNECT},
    [AGENT_TOKENS] = {"tokens", agent_tokens, AGENT_ANNOUNCE, AGENT_ANNOUNCE},
    [AGENT_ANNOUNCE] = {"announce", agent_announce, AGENT_REST, AGENT_REST},
    [AGENT_REST] = {"rest", rest, AGENT_ATTEST, AGENT_CONNECT},
};

const char *
agent_step_name(enum agent_step step)
{
    return step < AGENT_STEP_N ? agent_steps[step].name : "end";
}

enum agent_step
agent_step_after(enum agent_step step, enum agent_result result)
{
    switch (result) {
    case AGENT_R_DONE:
        return agent_steps[step].done;
    case AGENT_R_AGAIN:
        return step;
    case AGENT_R_LATER:
        return agent_steps[step].later;
    case AGENT_R_RECONNECT:
    case AGENT_R_BACK:
        return AGENT_CONNECT;
    case AGENT_R_REJOIN:
        return AGENT_JOIN;
    case AGENT_R_REENROL:
        return AGENT_ENROL;
    case AGENT_R_RELOAD:
        return AGENT_TPM;
    case AGENT_R_STOP:
        break;
    }
    return AGENT_STEP_N;
}

static bool
stopped(const struct agent *agent)
{
    return agent->stopped && agent->stopped(agent->context);
}

static bool
called(const struct agent *agent)
{
    return agent->called && agent->called(agent->context);
}

static int64_t
slept_ms(const struct agent *agent)
{
    const struct clock *clock = agent->clock;

    return clock->boot_ms(clock->context) - clock->mono_ms(clock->context);
}

/* The machine was suspended, and no step has heard of it yet. */
static bool
sleeps(const struct agent *agent)
{
    return slept_ms(agent) > agent->asleep_ms + ASLEEP_MS;
}

/* Sleeps in slices: a signal between look and sleep costs half a second at most, and a sleep ends
 * at the resume of a machine that was suspended, where one of the kernel's would go on. */
static void
wait_for(const struct agent *agent, uint32_t ms)
{
    static const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
    int64_t end = agent->clock->boot_ms(agent->clock->context) + ms;

    while (!stopped(agent) && !called(agent) && !sleeps(agent) &&
           agent->clock->boot_ms(agent->clock->context) < end) {
        (void)nanosleep(&slice, NULL);
    }
}

uint32_t
agent_wait_ms(enum agent_wait kind, uint32_t seconds, uint16_t random)
{
    uint64_t ms = (uint64_t)(seconds < WAIT_MOST_S ? seconds : WAIT_MOST_S) * 1000;
    uint64_t part = ms * random / (UINT16_MAX + 1u);

    switch (kind) {
    case AGENT_WAIT_NEXT:
        return (uint32_t)(ms - part / 10);
    case AGENT_WAIT_TOLD:
        return (uint32_t)(ms + part / 4);
    case AGENT_WAIT_BACKOFF:
        break;
    }
    return (uint32_t)(ms - part / 2);
}

static uint32_t
jittered(enum agent_wait kind, uint32_t seconds)
{
    uint16_t random = 0;

    ignore(random_bytes(&random, sizeof(random)), "a fleet without jitter still works");
    return agent_wait_ms(kind, seconds, random);
}

static enum agent_result
rest(struct agent *agent)
{
    uint32_t wait_ms = jittered(AGENT_WAIT_NEXT, agent->next_s);

    if (agent->once) {
        return AGENT_R_STOP;
    }
    agent->backoff_s = 0;
    if (agent->due) {
        agent->due = false;
        return AGENT_R_DONE;
    }
    if (agent->actions) { /* a new epoch of the identity: the next credential, then as before */
        link_closep(&agent->link);
        wait_for(agent, wait_ms);
        agent->actions = 0;
        return AGENT_R_REENROL;
    }
    if (wait_ms <= CLOSE_ABOVE_S * 1000u) {
        wait_for(agent, wait_ms);
        return AGENT_R_DONE;
    }
    /* a resumed one is a fresh challenge, where the nonce is as old as this wait */
    link_closep(&agent->link);
    wait_for(agent, wait_ms);
    return AGENT_R_RECONNECT;
}

/* Waits for LATER; false when a run of --once has no patience left. */
static bool
wait_later(struct agent *agent)
{
    enum agent_wait kind = AGENT_WAIT_TOLD;
    uint32_t seconds = agent->wait_s;

    if (seconds == 0) {
        kind = AGENT_WAIT_BACKOFF;
        agent->backoff_s = agent->backoff_s ? agent->backoff_s * 2 : BACKOFF_FIRST_S;
        agent->backoff_s = agent->backoff_s < BACKOFF_MOST_S ? agent->backoff_s : BACKOFF_MOST_S;
        seconds = agent->backoff_s;
    }
    agent->wait_s = 0;
    if (agent->once) {
        if (agent->patience_s < seconds) {
            return false;
        }
        agent->patience_s -= seconds;
    }
    log_event(LOG_DEBUG, "wait", LOG_INT("seconds", seconds));
    wait_for(agent, jittered(kind, seconds));
    return true;
}

/* The handles may be another client's by now; nothing of them is used again. */
static void
drop_tpm(struct agent *agent)
{
    tpm_key_freep(&agent->dev);
    tpm_key_freep(&agent->ak);
    tpm_key_freep(&agent->ek);
    tpm_closep(&agent->tpm);
}

/* Whether the machine was suspended since this was asked last. */
static bool
was_asleep(struct agent *agent)
{
    bool longer = sleeps(agent);

    agent->asleep_ms = slept_ms(agent);
    return longer;
}

/* After a suspend the server has forgotten the connection, and the nonce is as old: a new
 * connection is the challenge, and what was to come in a while is due. */
static enum agent_step
after_sleep(struct agent *agent, enum agent_step at)
{
    bool on_connection = at > AGENT_CONNECT && at < AGENT_STEP_N;

    if (!was_asleep(agent) || (agent->once && at == AGENT_REST)) {
        return at;
    }
    log_event(LOG_INFO, "resumed", LOG_INT("asleep_s", agent->asleep_ms / 1000));
    link_closep(&agent->link);
    agent->has_nonce = false;
    return on_connection ? AGENT_CONNECT : at;
}

int
agent_begin(struct agent *agent)
{
    agent->exit = AGENT_NO_VERIFIER; /* until a step knows better */
    agent->hasher = hasher_new();
    if (!agent->hasher) {
        return -ENOMEM;
    }
    source_smbios_read(agent->conf->dmi, &agent->machine);
    agent->wanted = (struct pcr_set){HASH_SHA256, 0xffff}; /* what a device quotes untold */
    return binding_exporter_context(agent->hasher, bytes_str(agent->conf->site),
                                    agent->exporter_context);
}

static int
begin(struct agent *agent)
{
    int r = agent_begin(agent);

    if (r == 0) {
        agent_nonce_load(agent);
        agent_known_load(agent);
        (void)was_asleep(agent);
    }
    return r;
}

void
agent_done(struct agent *agent)
{
    link_closep(&agent->link);
    link_ticket_drop(&agent->ticket);
    secret_freep(&agent->psk);
    source_file_done(&agent->cose);
    tpm_key_freep(&agent->dev);
    tpm_key_freep(&agent->ak);
    tpm_key_freep(&agent->ek);
    tpm_cert_done(&agent->certs);
    tpm_closep(&agent->tpm);
    hasher_freep(&agent->hasher);
}

/* Everything may hang on a setting: the TPM, the site, the folders. What these keep is read again,
 * so it costs a handshake. */
static enum agent_step
begin_again(struct agent *agent, const struct agent_conf *conf)
{
    static const size_t callers = offsetof(struct agent, exit);

    agent_done(agent);
    memset((uint8_t *)agent + callers, 0, sizeof(*agent) - callers);
    agent->conf = conf;
    if (begin(agent) < 0) {
        (void)agent_tell(agent, AGENT_USAGE, AGENT_R_STOP, "no memory");
        return AGENT_STEP_N;
    }
    return AGENT_TPM;
}

/* With the settings of before a call has evidence given at once: it ended the wait, or will leave
 * out the one that comes. */
static enum agent_step
after_call(struct agent *agent, enum agent_step at)
{
    const struct agent_conf *conf;

    if (at == AGENT_STEP_N || !called(agent)) {
        return at;
    }
    conf = agent->settings(agent->context);
    agent->due = at > AGENT_ATTEST;
    return conf ? begin_again(agent, conf) : at;
}

static bool
waits(enum agent_result result)
{
    return result == AGENT_R_LATER || result == AGENT_R_RELOAD || result == AGENT_R_BACK;
}

static enum agent_exit
run_steps(struct agent *agent)
{
    enum agent_step at = AGENT_TPM;

    while (at != AGENT_STEP_N && !stopped(agent)) {
        enum agent_result result = agent_steps[at].run(agent);

        log_event(LOG_DEBUG, "step", LOG_STR("name", agent_step_name(at)),
                  LOG_INT("result", result));
        if (waits(result) && !wait_later(agent)) {
            break;
        }
        if (waits(result) || result == AGENT_R_RECONNECT || result == AGENT_R_REENROL) {
            link_closep(&agent->link);
        }
        if (result == AGENT_R_RELOAD) {
            drop_tpm(agent);
        }
        at = after_call(agent, after_sleep(agent, agent_step_after(at, result)));
    }
    return agent->exit;
}

enum agent_exit
agent_run(struct agent *agent)
{
    if (begin(agent) < 0) {
        return AGENT_USAGE;
    }
    return run_steps(agent);
}

enum agent_result
agent_tell(struct agent *agent, enum agent_exit exit, enum agent_result result, const char *why)
{
    agent->exit = exit;
    log_event(exit == AGENT_ATTESTED ? LOG_NOTICE : LOG_WARNING, agent_exit_name(exit),
              LOG_STR("why", why));
    if (!agent->once) {
        ignore(notify_status(agent_exit_name(exit), why), "it attests all the same");
    }
    return result;
}
