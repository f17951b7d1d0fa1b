/* assay-attestor: the device's daemon. Everything it does is in agent/. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "agent/agent-bundle.h"
#include "agent/agent-look.h"
#include "agent/agent.h"
#include "base/hex.h"
#include "base/json-wr.h"
#include "base/log.h"
#include "base/notify.h"

struct options {
    const char *config;
    const char *collect;
    bool once;
    bool fingerprint;
    bool check;
    bool json;
    bool verbose;
    uint32_t patience_s;
};

static volatile sig_atomic_t stop_signal;

/* Of the daemon: what SIGHUP and systemd want of it. */
static struct daemon {
    const char *config;
    struct agent_conf conf[2]; /* the one in use, and room for the next */
    unsigned used;
    sigset_t hangup;
    bool hung_up;
    int64_t life_every_ms; /* 0: systemd does not want to hear it */
    int64_t life_next_ms;
} daemon_state;

static void
on_signal(int number)
{
    stop_signal = number;
}

/* Asked wherever it waits, so that it is also the sign of life; a step that hangs asks nothing. */
static bool
stopped(void *context)
{
    struct daemon *daemon = context;
    int64_t now_ms = daemon->life_every_ms ? clock_mono_ms() : 0;

    if (daemon->life_every_ms && now_ms >= daemon->life_next_ms) {
        daemon->life_next_ms = now_ms + daemon->life_every_ms;
        ignore(notify_life(), "systemd will say so");
    }
    return stop_signal != 0;
}

/* SIGHUP is blocked and fetched from here: it interrupts no TPM command and no request. */
static bool
called(void *context)
{
    static const struct timespec now = {0};
    struct daemon *daemon = context;

    while (sigtimedwait(&daemon->hangup, NULL, &now) == SIGHUP) {
        daemon->hung_up = true;
    }
    return daemon->hung_up;
}

static const struct agent_conf *
settings(void *context)
{
    struct daemon *daemon = context;
    struct agent_conf *next = &daemon->conf[1 - daemon->used];
    struct conf_problem problem;
    int r;

    daemon->hung_up = false;
    ignore(notify_reloading(), "it attests all the same");
    r = agent_conf_load(daemon->config, next, &problem);
    if (r == 0) {
        daemon->used = 1 - daemon->used;
        log_event(LOG_NOTICE, "settings-read");
    } else {
        log_event(LOG_ERROR, "settings-refused", LOG_STR("why", problem.text));
    }
    ignore(notify_systemd("READY=1"), "it attests all the same");
    return r == 0 ? next : NULL;
}

/* Without --once: it stays. */
static int
serve(struct agent *agent, struct daemon *daemon)
{
    int r;

    sigemptyset(&daemon->hangup);
    sigaddset(&daemon->hangup, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &daemon->hangup, NULL);
    agent->called = called;
    agent->settings = settings;
    daemon->life_every_ms = notify_watchdog_ms();
    ignore(notify_systemd("READY=1"), "it attests all the same");
    r = (int)agent_run(agent);
    ignore(notify_systemd("STOPPING=1"), "a courtesy");
    return stop_signal ? 0 : r;
}

static void
print_help(FILE *out)
{
    fprintf(
        out,
        "usage: assay-attestor [--config FILE] [--once [--wait S] [--json]]\n"
        "       assay-attestor --fingerprint | --check | --collect FILE | --print-config\n"
        "       assay-attestor --help | --version\n\n"
        "Proves to a verifier what this machine has booted, and keeps the tokens that come of\n"
        "it in /run/assay. Without an option it stays and attests whenever the verifier asks.\n\n"
        "  --config FILE   settings, default " AGENT_CONF_PATH "\n"
        "  --once          one verdict, then exit: for boot scripts\n"
        "  --wait S        with --once: wait up to S seconds in all for network and approval\n"
        "  --json          with --once: the outcome as one line of JSON\n"
        "  --fingerprint   SHA-256 of the endorsement key, to compare when approving\n"
        "  --collect FILE  write a support bundle, a tar archive of what would be sent, whole "
        "logs,\n"
        "                  TPM properties and the last answer; no secret; FILE must not exist. "
        "Its\n"
        "                  README says how to look at it. Exit 10, 11, 16: it is there and lacks "
        "that\n"
        "  --check         read the settings and what they name, print a line for each problem\n"
        "                  or that there is none, and exit: 0 all is well, 2 not\n"
        "  --print-config  print every setting with its default and meaning, as an example file\n"
        "  --verbose       log each step\n"
        "  --version       print the version\n\n"
        "A first run:\n"
        "  1. write [verifier] servers, ca, site and name, as `assay setup` printed them\n"
        "  2. assay-attestor --check\n"
        "  3. assay-attestor --once            exit 14: pending\n"
        "  4. compare --fingerprint with what the operator sees, and have it approved\n"
        "  5. assay-attestor --once            exit 0, tokens are in /run/assay\n\n"
        "SIGHUP (systemctl reload assay-attestor) has the settings read again and attests at "
        "once;\n"
        "where they have a problem the log names it, and those of before go on.\n\n"
        "A clock before the date of the build is not believed: certificates are then judged at\n"
        "that date, and the evidence says so. Any other wrong clock has to be set.\n\n"
        "Exit codes:\n");
    for (size_t i = 0; i < agent_exits_n; i++) {
        fprintf(out, "  %2d  %-12s %s\n", agent_exits[i].code, agent_exits[i].name,
                agent_exits[i].text);
    }
    fprintf(out, "\nSettings:\n");
    conf_print(out, agent_conf_items, agent_conf_items_n);
}

/* Returns -1 to go on, or an exit code. */
static int
read_options(int argc, char **argv, struct options *ret)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'}, {"collect", required_argument, NULL, 'C'},
        {"once", no_argument, NULL, 'o'},         {"wait", required_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},         {"fingerprint", no_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'k'},        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {"version", no_argument, NULL, 'V'},
        {"print-config", no_argument, NULL, 'p'}, {0},
    };
    char *end = NULL;
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (c) {
        case 'c':
            ret->config = optarg;
            break;
        case 'C':
            ret->collect = optarg;
            break;
        case 'w':
            ret->patience_s = (uint32_t)strtoul(optarg, &end, 10);
            if (end == optarg || *end != '\0') {
                fprintf(stderr, "assay-attestor: --wait takes seconds\n");
                return AGENT_USAGE;
            }
            break;
        case 'h':
            print_help(stdout);
            return 0;
        case 'p':
            conf_print(stdout, agent_conf_items, agent_conf_items_n);
            return 0;
        case 'V':
            printf("assay-attestor %s\n", ASSAY_VERSION);
            return 0;
        case '?':
            fprintf(stderr, "assay-attestor: try --help\n");
            return AGENT_USAGE;
        default:
            ret->once |= c == 'o';
            ret->json |= c == 'j';
            ret->fingerprint |= c == 'f';
            ret->check |= c == 'k';
            ret->verbose |= c == 'v';
        }
    }
    return optind < argc ? AGENT_USAGE : -1;
}

/* No core files, no debugger of the same user, nothing in swap where that is allowed. */
static void
harden(void)
{
    static const struct rlimit none = {0, 0};

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)umask(0077);
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int
print_fingerprint(struct agent *agent)
{
    uint8_t fingerprint[32];
    char text[65];

    if (agent_keys_endorsement(agent) != AGENT_R_DONE) {
        return (int)agent->exit;
    }
    if (tpm_key_fingerprint(agent->ek, fingerprint) != 0) {
        return AGENT_TPM_FAULT;
    }
    puts(hex_write(text, BYTES_OF(fingerprint)));
    return 0;
}

/* Who has just written the settings wants to see what was read of them. */
static int
check(const char *config, const struct agent_conf *conf)
{
    if (agent_look(conf, stderr) != 0) {
        return AGENT_USAGE;
    }
    printf("%s: well; site %s, verifiers %s\n", config, conf->site, conf->servers);
    return 0;
}

static void
print_outcome(const struct agent *agent)
{
    char room[1024];
    struct json_wr j = json_wr_init(room, sizeof(room) - 1);
    struct bytes text;

    json_wr_object(&j);
    json_wr_key(&j, "exit");
    json_wr_int(&j, agent->exit);
    json_wr_key(&j, "outcome");
    json_wr_str(&j, agent_exit_name(agent->exit));
    json_wr_key(&j, "reasons");
    json_wr_array(&j);
    for (size_t i = 0; i < agent->n_reasons; i++) {
        json_wr_int(&j, agent->reasons[i]);
    }
    json_wr_end_array(&j);
    json_wr_key(&j, "tier");
    json_wr_str(&j, agent->judged ? tier_name(agent->tier) : "none");
    json_wr_end_object(&j);
    text = json_wr_done(&j);
    printf("%.*s\n", (int)text.len, text.p ? (const char *)text.p : "");
}

static int
run(struct agent *agent, const struct options *options)
{
    int r = options->collect       ? (int)agent_bundle(agent, options->collect, ASSAY_VERSION)
            : options->fingerprint ? print_fingerprint(agent)
            : options->once        ? (int)agent_run(agent)
                                   : serve(agent, &daemon_state);

    if (options->json && options->once) {
        print_outcome(agent);
    }
    agent_done(agent);
    return r;
}

int
main(int argc, char **argv)
{
    struct options options = {.config = AGENT_CONF_PATH};
    static struct agent agent;
    struct agent_conf *conf = &daemon_state.conf[0];
    struct conf_problem problem;
    int r = read_options(argc, argv, &options);

    if (r >= 0) {
        return r;
    }
    harden();
    catch_signals();
    tpm_quiet();
    log_setup("attestor", options.verbose ? LOG_DEBUG : LOG_INFO);
    if (agent_conf_load(options.config, conf, &problem) != 0) {
        fprintf(stderr, "assay-attestor: %s\n", problem.text);
        return AGENT_USAGE;
    }
    if (options.check) {
        return check(options.config, conf);
    }
    daemon_state.config = options.config;
    agent = (struct agent){.conf = conf,
                           .clock = &clock_system,
                           .stopped = stopped,
                           .context = &daemon_state,
                           .once = options.once || options.fingerprint || options.collect,
                           .patience_s = options.patience_s};
    return run(&agent, &options);
}
