/* agent/agent-look: what --check finds beside the settings themselves. */
#include "agent/agent-look.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/x509-make.h"
#include "lib/check.h"

static char folder[] = "/tmp/assay-test-look-XXXXXX";
static struct agent_conf conf;
static char said[2048];

/* A certificate of this kind by a CA of its own. */
static char *
certificate(enum x509_make_kind kind)
{
    struct x509_make what = {.kind = X509_MAKE_CA, .cn = "x", .not_after_s = 2000000000};
    static const char *const names[] = {"v.example"};
    struct privkey *key = NULL;
    char *ca = NULL;
    char *pem = NULL;

    CHECK_EQ(privkey_generate(&key), 0);
    CHECK_EQ(x509_make(&what, key, NULL, BYTES_NULL, &ca), 0);
    if (kind == X509_MAKE_CA) {
        privkey_free(key);
        return ca;
    }
    what.kind = kind;
    what.names = names;
    what.n_names = 1;
    CHECK_EQ(x509_make(&what, key, key, bytes_str(ca), &pem), 0);
    free(ca);
    privkey_free(key);
    return pem;
}

static int
look(void)
{
    FILE *out = fmemopen(said, sizeof(said), "w");
    int n;

    CHECK(out);
    n = agent_look(&conf, out);
    fclose(out);
    return n;
}

static void
ca_is(const char *content)
{
    CHECK_EQ(file_replace(conf.ca, 0644, bytes_str(content)), 0);
}

static void
begin(void)
{
    char *pem = certificate(X509_MAKE_CA);

    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    CHECK(mkdtemp(folder));
    conf = (struct agent_conf){0};
    snprintf(conf.ca, sizeof(conf.ca), "%s/ca.pem", folder);
    snprintf(conf.state_dir, sizeof(conf.state_dir), "%s", folder);
    snprintf(conf.token_dir, sizeof(conf.token_dir), "%s/tokens", folder);
    ca_is(pem);
    free(pem);
    memset(said, 0, sizeof(said));
}

static void
end(void)
{
    unlink(conf.ca);
    rmdir(folder);
}

static void
what_is_well_is_not_spoken_of(void)
{
    begin();
    CHECK_EQ(look(), 0);
    CHECK_STR(said, "");
    snprintf(conf.group, sizeof(conf.group), "root");
    snprintf(conf.token_dir, sizeof(conf.token_dir), "/assay-that-is-not-there");
    CHECK_EQ(look(), 0);
    end();
}

/* What hooks leave is said in this machine's name. */
static void
a_folder_of_announcements_is_its_owners_alone(void)
{
    begin();
    snprintf(conf.announce_dir, sizeof(conf.announce_dir), "%s/announce", folder);
    CHECK_EQ(look(), 0); /* the first hook makes it */
    CHECK_EQ(mkdir(conf.announce_dir, 0755), 0);
    CHECK_EQ(look(), 0);
    CHECK_EQ(chmod(conf.announce_dir, 0775), 0);
    CHECK_EQ(look(), 1);
    CHECK(strstr(said, "writable to nobody else"));
    rmdir(conf.announce_dir);
    CHECK_EQ(symlink(folder, conf.announce_dir), 0);
    CHECK_EQ(look(), 1);
    CHECK(strstr(said, "writable to nobody else"));
    unlink(conf.announce_dir);
    snprintf(conf.announce_dir, sizeof(conf.announce_dir), "announce");
    CHECK_EQ(look(), 1);
    CHECK(strstr(said, "does not begin with /"));
    end();
}

static void
a_ca_file_that_is_none_is_named(void)
{
    char *leaf = certificate(X509_MAKE_SERVER);
    const struct {
        const char *content;
        const char *says;
    } rows[] = {
        {"", "no certificate in PEM"},
        {"junk\n", "no certificate in PEM"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"},
        {"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "no PEM"},
        {leaf, "no authority's"},
    };

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ca_is(rows[i].content);
        CHECK_EQ(look(), 1);
        CHECK(strstr(said, rows[i].says));
        CHECK(strstr(said, conf.ca));
    }
    CHECK_EQ(unlink(conf.ca), 0);
    CHECK_EQ(look(), 1);
    CHECK(strstr(said, "No such file"));
    free(leaf);
    end();
}

static void
each_problem_has_its_line(void)
{
    begin();
    snprintf(conf.state_dir, sizeof(conf.state_dir), "%s/a/b", folder);
    snprintf(conf.token_dir, sizeof(conf.token_dir), "relative");
    snprintf(conf.group, sizeof(conf.group), "nobody-of-that-name");
    ca_is("");
    CHECK_EQ(look(), 4);
    CHECK(strstr(said, "/a: no such folder\n"));
    CHECK(strstr(said, "relative: a path does not begin with /\n"));
    CHECK(strstr(said, "nobody-of-that-name: [tokens] group"));
    snprintf(conf.state_dir, sizeof(conf.state_dir), "%s", conf.ca);
    CHECK_EQ(look(), 4);
    CHECK(strstr(said, "Not a directory"));
    end();
}

CHECK_MAIN(CASE(what_is_well_is_not_spoken_of), CASE(a_folder_of_announcements_is_its_owners_alone),
           CASE(a_ca_file_that_is_none_is_named), CASE(each_problem_has_its_line))
