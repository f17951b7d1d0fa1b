#include "agent/agent-look.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>

#include "base/file.h"
#include "formats/pem.h"
#include "formats/x509.h"
#include "source/source-announce.h"

enum { CA_FILE_MAX = 256 * 1024 };

static int
tell(FILE *out, const char *what, const char *why)
{
    fprintf(out, "assay-attestor: %s: %s\n", what, why);
    return 1;
}

/* NULL, or what is wrong with the file's certificates. */
static const char *
certificates_problem(struct bytes file)
{
    uint8_t room[LIMIT_CERT_BYTES];
    struct rd rd = rd_init(file);
    size_t len = 0;
    size_t n = 0;
    int r;

    while ((r = pem_next(&rd, room, sizeof(room), &len)) == PEM_OK) {
        struct x509 cert;

        if (x509_read(bytes_of(room, len), NULL, &cert) != 0) {
            return "a certificate that cannot be read";
        }
        if (!cert.is_ca) {
            return "a certificate that is no authority's; the verifier's keys/ca.pem is meant";
        }
        n++;
    }
    return r != PEM_E_NONE ? "a certificate that is no PEM"
           : n == 0        ? "no certificate in PEM"
                           : NULL;
}

static int
ca_look(const struct agent_conf *conf, FILE *out)
{
    struct bytes file = BYTES_NULL;
    int r = file_read(conf->ca, CA_FILE_MAX, &file);
    const char *why = r < 0 ? strerror(-r) : certificates_problem(file);

    file_free(&file);
    return why ? tell(out, conf->ca, why) : 0;
}

/* The attestor makes the folder itself, but not what is above it. */
static int
folder_look(const char *path, FILE *out)
{
    char above[256];
    struct stat stat_of;
    const char *slash = strrchr(path, '/');

    if (path[0] != '/') {
        return tell(out, path, "a path does not begin with /");
    }
    if (stat(path, &stat_of) == 0) {
        return S_ISDIR(stat_of.st_mode) ? 0 : tell(out, path, strerror(ENOTDIR));
    }
    snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
    return above[0] == '\0' || (stat(above, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))
               ? 0
               : tell(out, above, "no such folder");
}

/* What is not there yet comes with the first hook. */
static int
announce_look(const char *path, FILE *out)
{
    struct source_announce folder;
    int r;

    if (path[0] == '\0') {
        return 0;
    }
    if (path[0] != '/') {
        return tell(out, path, "a path does not begin with /");
    }
    r = source_announce_open(path, &folder);
    if (r == 0) {
        source_announce_close(&folder);
    }
    return r == 0 || r == SOURCE_E_ABSENT
               ? 0
               : tell(out, path,
                      r == SOURCE_E_LOOSE ? "it must be root's, and writable to nobody else"
                                          : "it cannot be read");
}

int
agent_look(const struct agent_conf *conf, FILE *out)
{
    int n = ca_look(conf, out) + folder_look(conf->state_dir, out) +
            folder_look(conf->token_dir, out) + announce_look(conf->announce_dir, out);

    if (conf->group[0] && !getgrnam(conf->group)) {
        n += tell(out, conf->group, "[tokens] group: there is no such group");
    }
    return n;
}
