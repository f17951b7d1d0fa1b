/* agent/agent-conf and link/link-addr: what may stand in the configuration. */
#include <stdlib.h>
#include <unistd.h>

#include "agent/agent-conf.h"
#include "lib/check.h"
#include "link/link-addr.h"

static int
load(const char *servers, const char *more, struct agent_conf *ret, struct conf_problem *problem)
{
    char path[] = "/tmp/assay-conf-XXXXXX";
    int fd = mkstemp(path);
    int r;

    CHECK(fd >= 0);
    CHECK(dprintf(fd, "[verifier]\nservers = %s\nca = /ca.pem\nsite = lab\nname = v.test\n%s",
                  servers, more) > 0);
    close(fd);
    r = agent_conf_load(path, ret, problem);
    unlink(path);
    return r;
}

static void
four_settings_are_enough(void)
{
    struct agent_conf conf;
    struct conf_problem problem;

    CHECK_EQ(load("verifier", "", &conf, &problem), 0);
    CHECK_STR(conf.tcti, "device:/dev/tpmrm0");
    CHECK_STR(conf.firmware, "/sys/kernel/security/tpm0/binary_bios_measurements");
    CHECK_STR(conf.state_dir, "/var/lib/assay-attestor");
    CHECK_STR(conf.token_dir, "/run/assay");
    CHECK_EQ(agent_conf_load(NULL, &conf, &problem), 1);
    CHECK(strstr(problem.text, "must be given") != NULL);
}

static void
each_wrong_setting_is_named(void)
{
    static const struct {
        const char *servers, *more, *said;
    } cases[] = {
        {"host:0", "", "host:port"},
        {"host:65536", "", "host:port"},
        {"host:12x", "", "host:port"},
        {"[::1", "", "host:port"},
        {",", "", "none is named"},
        {"v", "[tokens]\naudiences = a, b a\n", "named twice"},
        {"v", "[tokens]\naudiences = a/b\n", "letters, digits"},
        {"v", "[tokens]\naudiences = https://git.test\n", "letters, digits"},
        {"v", "[tokens]\naudiences = a, .b\n", "letters, digits"},
        {"v", "[tokens]\naudiences = a, bearer:b\n", "letters, digits"},
        {"v",
         "[tokens]\naudiences = "
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
         "1 to 63 letters"},
        {"v", "[tokens]\naudiences = a,b,c,d,e,f,g,h,i\n", "more than eight"},
        {"v", "[tokens]\nmode = 0640\n", "no such setting"},
        {"v", "[tokens]\nbind = yes\n", "[tokens] bind"},
        {"v", "[tokens]\nbind =\n", "[tokens] bind"},
    };
    struct conf_problem problem;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct agent_conf conf = {.site = "untouched"};

        CHECK_EQ(load(cases[i].servers, cases[i].more, &conf, &problem), 1);
        CHECK(strstr(problem.text, cases[i].said) != NULL);
        CHECK_STR(conf.site, "untouched");
    }
}

static void
tokens_are_bound_when_asked(void)
{
    static const struct {
        const char *more;
        enum agent_bind bind;
    } cases[] = {
        {"", AGENT_BIND_NO},
        {"[tokens]\nbind = no\n", AGENT_BIND_NO},
        {"[tokens]\nbind = key\n", AGENT_BIND_KEY},
        {"[tokens]\nbind = certificate\n", AGENT_BIND_CERTIFICATE},
    };
    struct agent_conf conf;
    struct conf_problem problem;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_EQ(load("v", cases[i].more, &conf, &problem), 0);
        CHECK_EQ(conf.bind, cases[i].bind);
    }
}

static void
audiences_are_taken_one_by_one(void)
{
    const char *cursor = " wiki, git.test ,,\tmail-2_x";
    char audience[LIMIT_NAME + 1];
    char name[AGENT_CONF_FILE];

    CHECK(agent_conf_audience(&cursor, audience));
    CHECK_STR(agent_conf_token_name(audience, name), "wiki.jwt");
    CHECK(agent_conf_audience(&cursor, audience));
    CHECK_STR(agent_conf_token_name(audience, name), "git.test.jwt");
    CHECK(agent_conf_audience(&cursor, audience));
    CHECK_STR(agent_conf_token_name(audience, name), "mail-2_x.jwt");
    CHECK(!agent_conf_audience(&cursor, audience));
}

static void
no_audience_names_a_path(void)
{
    static const char *const bad[] = {"../up", "/etc/passwd", ".hidden", "a/b", "a:b", "a\xc3\xa9"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *cursor = bad[i];
        char audience[LIMIT_NAME + 1] = "kept";

        CHECK(!agent_conf_audience(&cursor, audience));
        CHECK_STR(audience, "kept");
    }
}

static void
the_longest_audience_has_a_file(void)
{
    char list[LIMIT_NAME + 2];
    const char *cursor = list;
    char audience[LIMIT_NAME + 1];
    char name[AGENT_CONF_FILE];

    memset(list, 'b', sizeof(list));
    list[LIMIT_NAME] = '\0';
    CHECK(agent_conf_audience(&cursor, audience));
    CHECK_EQ(strlen(agent_conf_token_name(audience, name)), LIMIT_NAME + strlen(".jwt"));
    list[LIMIT_NAME] = 'b';
    list[LIMIT_NAME + 1] = '\0';
    cursor = list;
    CHECK(!agent_conf_audience(&cursor, audience));
}

static void
servers_are_names_and_addresses_with_or_without_port(void)
{
    static const struct {
        const char *host, *port;
    } want[] = {{"v.test", "5684"}, {"192.0.2.1", "1"}, {"2001:db8::1", "65535"}, {"::1", "5684"}};
    const char *list = "v.test, 192.0.2.1:1,[2001:db8::1]:65535 [::1]";
    struct link_addr addr;

    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        CHECK_EQ(link_addr_next(&list, &addr), 0);
        CHECK_STR(addr.host, want[i].host);
        CHECK_STR(addr.port, want[i].port);
    }
    CHECK_EQ(link_addr_next(&list, &addr), LINK_ADDR_END);
}

CHECK_MAIN(CASE(four_settings_are_enough), CASE(each_wrong_setting_is_named),
           CASE(tokens_are_bound_when_asked), CASE(audiences_are_taken_one_by_one),
           CASE(no_audience_names_a_path), CASE(the_longest_audience_has_a_file),
           CASE(servers_are_names_and_addresses_with_or_without_port))
