/* assay setup: everything that a site needs in files; what is there is kept. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cmd.h"
#include "main/settings.h"
#include "setup-files.h"

#define SERVICE_USER "assay" /* as in verifier/assay-verifier.sysusers */

static int
folders(struct setup *setup)
{
    const struct {
        const char *path;
        mode_t mode;
    } wanted[] = {
        {setup->dir, 0755},
        {setup->keys, 0700},
        {setup->roots, 0755},
        {setup->state, 0711}, /* unless a verifier.conf says where the store is: setup_places() */
    };
    size_t n = ARRAY_LEN(wanted) - (setup->kept ? 1 : 0);

    for (size_t i = 0; i < n; i++) {
        int r = file_folders(wanted[i].path, wanted[i].mode);

        if (r < 0) {
            return setup_fail(setup, r, wanted[i].path, strerror(-r));
        }
    }
    return 0;
}

/* Returns NULL, or what is wrong with the command line. */
static const char *
parse(struct setup *setup, int argc, char **argv, bool *ret_json)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},    {"state", required_argument, NULL, 's'},
        {"run", required_argument, NULL, 'r'},    {"site", required_argument, NULL, 'i'},
        {"name", required_argument, NULL, 'n'},   {"port", required_argument, NULL, 'p'},
        {"issuer", required_argument, NULL, 'u'}, {"user", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0},
    };
    const char **const targets[] = {
        ['d'] = &setup->dir,  ['s'] = &setup->state,  ['r'] = &setup->run,
        ['i'] = &setup->site, ['u'] = &setup->issuer, ['o'] = &setup->user,
    };
    char *end = NULL;
    int c;

    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?') {
            return "unknown option, or an option without its value";
        }
        if (c == 'j') {
            *ret_json = true;
        } else if (c == 'p') {
            setup->port = strtol(optarg, &end, 10);
            if (*end != '\0' || end == optarg || setup->port < 1 || setup->port > 65535) {
                return "--port is not a port";
            }
        } else if (c == 'n') {
            if (setup->n_names == SETUP_NAMES_MAX) {
                return "too many --name";
            }
            setup->names[setup->n_names++] = optarg;
        } else {
            *targets[c] = optarg;
        }
    }
    return optind == argc ? NULL : "everything is given by options";
}

static const char *
judge(struct setup *setup, char host[256], char issuer[300])
{
    const char *const paths[] = {setup->dir, setup->state, setup->run};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (paths[i][0] != '/' || strlen(paths[i]) > 200 || strpbrk(paths[i], "\n;#")) {
            return "a folder is not an absolute path of at most 200 plain bytes";
        }
    }
    if (!setup->site || !settings_site_fits(setup->site)) {
        return "--site is needed: lower-case letters, digits, hyphens and dots";
    }
    setup->named = setup->n_names > 0;
    if (!setup->named) {
        if (gethostname(host, 256) < 0) {
            return "--name is needed";
        }
        host[255] = '\0';
        setup->names[setup->n_names++] = host;
    }
    if (setup->user && (strlen(setup->user) > 32 || strpbrk(setup->user, " \n;#"))) {
        return "--user is not the name of a user";
    }
    if (!setup->issuer) {
        snprintf(issuer, 300, "https://%.250s", setup->names[0]);
        setup->issuer = issuer;
    }
    return strlen(setup->issuer) > 255 || strpbrk(setup->issuer, " \n;#")
               ? "--issuer is not a URL of at most 255 bytes"
               : NULL;
}

static int
say_json(const struct setup *setup)
{
    json_t *made = json_array();
    json_t *kept = json_array();
    json_t *servers = json_array();

    for (size_t i = 0; i < setup->n_done; i++) {
        json_array_append_new(setup->done[i].made ? made : kept,
                              cmd_text_json(bytes_str(setup->done[i].path)));
    }
    for (size_t i = 0; i < setup->n_names; i++) {
        json_array_append_new(servers, cmd_text_json(bytes_str(setup->names[i])));
    }
    return cmd_print_json(json_pack(
        "{s:o, s:o, s:o, s:o, s:i, s:s, s:s, s:s}", "made", made, "kept", kept, "elsewhere",
        setup->elsewhere[0] ? cmd_text_json(bytes_str(setup->elsewhere)) : json_null(), "servers",
        servers, "port", (int)setup->port, "site", setup->site, "issuer", setup->issuer, "dir",
        setup->dir));
}

static int
say(const struct setup *setup)
{
    for (size_t i = 0; i < setup->n_done; i++) {
        printf("%s  %s\n", setup->done[i].made ? "made" : "kept", setup->done[i].path);
    }
    if (setup->elsewhere[0]) {
        printf("none  %s: `assay key rotate` of server, site or ca needs it\n", setup->elsewhere);
    }
    if (setup->policy_key) {
        printf("\nPolicies are signed with %s/policy*.key: move it to where you sign them;\n"
               "here only its public half is needed.\n",
               setup->keys);
    }
    printf("\nDevices need these lines in their attestor.conf, and a copy of %s/ca.pem:\n\n"
           "[verifier]\nservers = ",
           setup->keys);
    for (size_t i = 0; i < setup->n_names; i++) {
        bool v6 = strchr(setup->names[i], ':') != NULL;

        printf("%scoaps://%s%s%s:%ld", i ? ", " : "", v6 ? "[" : "", setup->names[i], v6 ? "]" : "",
               setup->port);
    }
    printf("\nca = /etc/assay/ca.pem\nsite = %s\n\n"
           "Next: assay-verifier --config %s/verifier.conf --check\n",
           setup->site, setup->dir);
    return 0;
}

/* Root's services have their own user where the package made it; anybody else's stay his. */
static void
default_user(struct setup *setup)
{
    if (!setup->user && geteuid() == 0 && getpwnam(SERVICE_USER)) {
        setup->user = SERVICE_USER;
    }
    if (setup->user && setup->user[0] == '\0') {
        setup->user = NULL;
    }
}

static int
setup_run(const struct cmd *self, int argc, char **argv)
{
    CLEANUP(free_p) struct setup *setup = calloc(1, sizeof(*setup));
    char host[256];
    char issuer[300];
    const char *problem;
    bool json = false;
    int r;

    if (!setup) {
        return CMD_NO;
    }
    setup->dir = "/etc/assay";
    setup->state = "/var/lib/assay";
    setup->run = "/run/assay";
    setup->port = 5684;
    setup->now_s = clock_utc_ms() / 1000;
    problem = parse(setup, argc, argv, &json);
    problem = problem ? problem : judge(setup, host, issuer);
    if (problem) {
        return cmd_usage(self, problem);
    }
    default_user(setup);
    r = setup_agree(setup);
    r = r == 0 ? folders(setup) : r;
    r = r == 0 ? setup_keys(setup) : r;
    r = r == 0 ? setup_confs(setup) : r;
    r = r == 0 ? setup_places(setup) : r;
    if (r != 0) {
        fprintf(stderr, "assay setup: %s\n", setup->problem);
        return CMD_NO;
    }
    return (json ? say_json(setup) : say(setup)) == 0 ? CMD_YES : CMD_NO;
}

extern const struct cmd cmd_setup;
const struct cmd cmd_setup = {
    .name = "setup",
    .args = "--site ID [--name HOST]… [--port N] [--issuer URL] [--dir DIR] [--state DIR]\n"
            "       [--run DIR] [--user NAME] [--json]",
    .summary = "make a site's keys, certificates and first configuration",
    .help =
        "  --site    name of the site: lower-case letters, digits, hyphens, dots; for ever\n"
        "  --name    host name or IP address that devices reach the verifier by; may be\n"
        "            repeated. By default those of the server's certificate, or the machine's;\n"
        "            one that a certificate which is there has not is refused\n"
        "  --port    UDP port, 5684 by default\n"
        "  --issuer  what tokens name as their issuer; https://NAME by default\n"
        "  --dir     /etc/assay: verifier.conf, attestor.conf (an example), keys, ek-roots\n"
        "  --state   /var/lib/assay: where the verifier keeps its store\n"
        "  --run     /run/assay: where the control socket will be\n"
        "  --user    whom the verifier's roles run as, and who owns the store; assay by\n"
        "            default where root runs this and there is such a user; '' for none\n"
        "  --json    say what was made and kept as JSON\n\n"
        "Files that are there are kept, so it may be run again; what verifier.conf says by then\n"
        "decides about issuer, port, folders and their owner, and --site must be the one in it.\n"
        "Keys are mode 0600; `assay key rotate` changes them and renews certificates. The CA's\n"
        "key is needed for that only and may be kept elsewhere meanwhile; another key that is\n"
        "missing beside its certificate is put back, or both are made anew once neither is there.\n"
        "policy.key signs policies: move it to where you sign them; the verifier needs its\n"
        "public half policy.pub only.\n\n"
        "Exit status: 0 done, 1 something could not be made, 2 usage.\n",
    .run = setup_run,
};
