#include "main/verifier.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "main/examine.h"
#include "main/publish.h"
#include "main/sandbox-main.h"
#include "main/setups.h"
#include "main/supervise.h"

enum { EXIT_WELL = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, CHANNEL_FD = 3 };

static const char help_text[] =
    "usage: assay-verifier [--config FILE] [--check | --print-config | --version | --help]\n"
    "\n"
    "Answers devices over CoAP on DTLS or TLS, judges their boots and signs tokens. Without a "
    "further\n"
    "option it serves until SIGTERM and logs one JSON object a line to standard error; the line\n"
    "with id \"ready\" names the ports. It tells systemd when it is ready (Type=notify).\n"
    "\n"
    "  --config FILE    configuration, " SETTINGS_FILE " by default\n"
    "  --check          read configuration, keys, certificates and EK roots, look at the folders,\n"
    "                   print a line for each problem, and end\n"
    "  --print-config   print every setting with its default and meaning, as an example file\n"
    "  --version        print the version\n"
    "\n"
    "SIGHUP reloads: keys, certificates, EK roots and the settings that --print-config marks "
    "change\n"
    "while it serves, and no connection ends but those of a PSK master that is gone; other "
    "settings\n"
    "are named in the log and wait for a restart. A file with a problem changes nothing.\n"
    "\n"
    "`assay setup` makes keys, certificates and a first configuration.\n"
    "Exit status: 0 well, 1 could not start, 2 usage or, of --check, something is wrong.\n";

struct options {
    const char *config;
    const char *role;
    bool check;
};

/* Everything that main loads before it starts a role. */
struct loaded {
    struct settings settings;
    struct keyring keyring;
    struct role_user user;
    struct listen_sockets sockets;
};

/* Returns -1 to go on, or the exit status. */
static int
parse(int argc, char **argv, struct options *ret)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {"role", required_argument, NULL, 'r'},
        {"fd", required_argument, NULL, 'f'},     {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            ret->config = optarg;
            break;
        case 'k':
            ret->check = true;
            break;
        case 'p':
            conf_print(stdout, settings_items, settings_n_items);
            return EXIT_WELL;
        case 'v':
            printf("assay-verifier %s\n", ASSAY_VERSION);
            return EXIT_WELL;
        case 'h':
            fputs(help_text, stdout);
            return EXIT_WELL;
        case 'r':
            ret->role = optarg;
            break;
        case 'f':
            break; /* always 3: told for people who read process lists */
        default:
            fputs("usage: assay-verifier [--config FILE] [--check]; see --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind != argc) {
        fputs("assay-verifier: no arguments beside options are known\n", stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static int
run_role(const char *name, const struct role_serve *roles)
{
    enum role_kind kind = role_from_name(name);
    int r;

    if (kind == ROLE_KIND_N) {
        fputs("assay-verifier: --role is for its own use\n", stderr);
        return EXIT_USAGE;
    }
    log_setup(role_name(kind), LOG_INFO);
    r = role_harden();
    if (r < 0) {
        log_event(LOG_ERROR, "harden", LOG_STR("why", strerror(-r)));
        return EXIT_BROKEN;
    }
    return roles->serve[kind](CHANNEL_FD);
}

/* Returns 0, 1 or a negative errno, both with the problem. */
static int
load(const char *config, struct loaded *ret, struct conf_problem *problem)
{
    int r = settings_load(config, &ret->settings, problem);

    if (r == 0) {
        r = keyring_load(&ret->settings, clock_utc_ms() / 1000, &ret->keyring, problem);
    }
    if (r == 0 && !setups_fit(&ret->settings, &ret->keyring)) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: the certificates are too many",
                 ret->settings.ek_roots);
        r = 1;
    }
    if (r == 0) {
        r = role_user_find(ret->settings.user, &ret->user);
        if (r != 0) {
            snprintf(problem->text, sizeof(problem->text), "[run] user: %s: %s", ret->settings.user,
                     r > 0 ? "no such user" : strerror(-r));
        }
    }
    return r;
}

static int
check(const char *config, struct loaded *loaded)
{
    int n = examine(config, clock_utc_ms() / 1000, &loaded->settings, &loaded->keyring, stderr);

    if (n > 0) {
        fprintf(stderr, "%s: %d problem%s\n", config, n, n > 1 ? "s" : "");
        return EXIT_USAGE;
    }
    printf("%s: well; site %s, %zu EK certificates\n", config, loaded->settings.site,
           loaded->keyring.n_anchors);
    return EXIT_WELL;
}

/* Main's own list, before it hears or starts anybody. Landlock is for the roles: what main may not
 * open, no role could either. */
static int
confine(void)
{
    unsigned version = sandbox_files_version();
    int r = sandbox_calls(sandbox_main, sandbox_main_n);

    if (r < 0) {
        log_event(LOG_ERROR, "sandbox", LOG_STR("why", strerror(-r)));
    } else if (version == 0) {
        log_event(LOG_WARNING, "no-landlock",
                  LOG_STR("why", "this kernel has none; roles are confined by seccomp alone"));
    } else {
        log_event(LOG_INFO, "confined", LOG_INT("landlock", version));
    }
    return r;
}

static int
serve(const char *config, struct loaded *loaded)
{
    struct conf_problem problem = {""};
    const struct supervise_config supervise = {config, &loaded->settings, &loaded->keyring,
                                               &loaded->sockets, &loaded->user};
    int r = load(config, loaded, &problem);

    log_from((enum log_level)loaded->settings.log_level);
    if (r == 0) {
        r = listen_udp(&loaded->settings, &loaded->sockets, &problem);
    }
    if (r == 0) {
        r = listen_tcp(&loaded->settings, &loaded->sockets, &problem);
    }
    if (r == 0) {
        r = listen_control(&loaded->settings, &loaded->sockets, &problem);
    }
    if (r == 0) {
        r = publish_keys(loaded->settings.public_folder, &loaded->keyring);
        snprintf(problem.text, sizeof(problem.text), "%.200s: %s", loaded->settings.public_folder,
                 strerror(-r));
    }
    if (r != 0) {
        log_event(LOG_ERROR, "start-failed", LOG_STR("why", problem.text));
        return EXIT_BROKEN;
    }
    r = confine();
    if (r == 0) {
        r = supervise_run(&supervise);
    }
    if (r < 0) {
        log_event(LOG_ERROR, "main-failed", LOG_STR("why", strerror(-r)));
    }
    return r == 0 ? EXIT_WELL : EXIT_BROKEN;
}

static int
run_main(const struct options *options)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    int status = EXIT_BROKEN;
    int r;

    if (!loaded) {
        return EXIT_BROKEN;
    }
    listen_init(&loaded->sockets);
    log_setup("main", LOG_INFO);
    if (options->check) {
        status = check(options->config, loaded);
    } else {
        r = role_harden();
        if (r == 0) {
            status = serve(options->config, loaded);
        } else {
            log_event(LOG_ERROR, "harden", LOG_STR("why", strerror(-r)));
        }
    }
    listen_close(&loaded->sockets);
    keyring_free(&loaded->keyring);
    free(loaded);
    return status;
}

int
verifier_main(int argc, char **argv, const struct role_serve *roles)
{
    struct options options = {.config = SETTINGS_FILE};
    int status = parse(argc, argv, &options);

    if (status < 0) {
        status = options.role ? run_role(options.role, roles) : run_main(&options);
    }
    ignore(fflush(stdout), "there is nobody to tell");
    _exit(status); /* no exit handlers: leak checkers among them need what was just forbidden */
}
