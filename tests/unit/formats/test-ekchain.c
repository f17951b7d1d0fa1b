/* Chains with one defect each, and the ways by which an untrusted certificate tries to count. */
#include "formats/ekcert.h"
#include "lib/check.h"
#include "lib/mkcert.h"

enum { NOW = 1800000000, STORE_MAX = 20 };

static const struct mkcert root = {.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA};
static const struct mkcert inter = {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA};
static const struct mkcert leaf_of_inter = {.issuer = "inter", .signer = MKCERT_INTER};

struct world {
    struct ekcert_ca store[STORE_MAX];
    size_t n;
    struct x509 extra[2];
    size_t n_extra;
    struct ekcert_chain chain;
    bool allow_sha1;
};

static void
put(struct world *world, const struct mkcert *what)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();

    CHECK_EQ(ekcert_ca_read(hasher, mkcert(what), NULL, &world->store[world->n++]), 0);
}

static void
put_extra(struct world *world, const struct mkcert *what)
{
    CHECK_EQ(x509_read(mkcert(what), NULL, &world->extra[world->n_extra++]), 0);
}

static struct fault
judge(struct world *world, const struct mkcert *what)
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ekcert_query query = {.extra = world->extra,
                                 .n_extra = world->n_extra,
                                 .store = world->store,
                                 .n_store = world->n,
                                 .now_s = NOW,
                                 .allow_sha1 = world->allow_sha1};
    struct fault fault = {0};
    struct ekcert ek;
    int r;

    CHECK_EQ(ekcert_read(mkcert(what), NULL, &ek), 0);
    r = ekcert_chain(hasher, &ek, &query, &fault, &world->chain);
    CHECK(r >= 0);
    CHECK_EQ(r > 0, fault.rule != RULE_NONE);
    return fault;
}

static void
root_and_intermediate_verify(void)
{
    static struct world world; /* too large for a stack frame */

    put(&world, &inter);
    put(&world, &root);
    CHECK(world.store[1].is_anchor && !world.store[0].is_anchor);
    CHECK_EQ(judge(&world, &(struct mkcert){0}).rule, RULE_NONE);
    CHECK_EQ(world.chain.n, 2);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_NONE);
    CHECK_EQ(world.chain.n, 3);
}

static void
without_an_anchor_nothing_verifies(void)
{
    static struct world world;

    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_ISSUER);
    put(&world, &inter);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_ISSUER);
    CHECK_EQ(judge(&world, &leaf_of_inter).event, 1);
}

static void
what_the_device_sends_is_never_an_anchor(void)
{
    static struct world world;

    put_extra(&world, &inter);
    put_extra(&world, &root);
    CHECK(judge(&world, &leaf_of_inter).rule != RULE_NONE);
    put(&world, &root);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_NONE);
}

static void
a_name_alone_makes_no_issuer(void)
{
    static struct world world;
    struct mkcert forged = {.signer = MKCERT_OTHER};

    put(&world, &root);
    CHECK_EQ(judge(&world, &forged).rule, RULE_EKCHAIN_SIGNATURE);
    CHECK_EQ(judge(&world, &forged).event, 0);
    /* self-issued but signed by another key: not an anchor, however it came into the store */
    put(&world, &(struct mkcert){.subject = "fake",
                                 .issuer = "fake",
                                 .key = MKCERT_OTHER,
                                 .signer = MKCERT_INTER,
                                 .exts = MKCERT_CA});
    CHECK(!world.store[1].is_anchor);
    CHECK(judge(&world, &(struct mkcert){.issuer = "fake", .signer = MKCERT_OTHER}).rule !=
          RULE_NONE);
}

static void
namesakes_are_all_tried(void)
{
    static struct world world;

    put(&world, &(struct mkcert){.subject = "inter", .key = MKCERT_OTHER, .exts = MKCERT_CA});
    put(&world, &inter);
    put(&world, &root);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_NONE);
}

static void
namesakes_end_at_the_limit(void)
{
    static struct world world;

    for (unsigned i = 0; i < LIMIT_CHAIN_TRIES; i++) {
        put(&world, &(struct mkcert){.subject = "inter", .key = MKCERT_OTHER, .exts = MKCERT_CA});
    }
    put(&world, &inter);
    put(&world, &root);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_DEPTH);
}

static void
each_broken_issuer_has_its_rule(void)
{
    static const char ca[] = "[x]\nbasicConstraints=critical,CA:TRUE\n";
    static const struct {
        struct mkcert inter;
        enum rule rule;
    } rows[] = {
        {{.exts = "[x]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"},
         RULE_EKCHAIN_CA},
        {{.exts = "[x]\nbasicConstraints=critical,CA:TRUE\n"
                  "nameConstraints=critical,permitted;email:a.b\n"},
         RULE_X509_EXT_CRITICAL},
        {{.exts = MKCERT_CA, .not_after = NOW - 1}, RULE_X509_LATE},
        {{.exts = MKCERT_CA, .not_before = NOW + 1}, RULE_X509_EARLY},
        {{.exts = MKCERT_CA, .not_before = NOW, .not_after = NOW}, RULE_NONE},
        {{.exts = ca}, RULE_NONE},
        {{.exts = MKCERT_CA, .digest = "SHA1"}, RULE_X509_SHA1},
        {{.exts = MKCERT_CA, .digest = "SHA224"}, RULE_X509_ALG},
        {{.exts = MKCERT_CA, .digest = "SHA512"}, RULE_NONE},
        {{.exts = MKCERT_CA, .signer = MKCERT_OTHER}, RULE_EKCHAIN_SIGNATURE},
        {{.exts = MKCERT_CA, .signer = MKCERT_ED25519}, RULE_X509_ALG},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct world world;
        struct mkcert what = rows[i].inter;
        struct fault fault;

        world.n = 0;
        what.subject = "inter";
        what.key = MKCERT_INTER;
        put(&world, &root);
        put(&world, &what);
        fault = judge(&world, &leaf_of_inter);
        CHECK_EQ(fault.rule, rows[i].rule);
        CHECK_EQ(fault.event, rows[i].rule == RULE_NONE ? 0 : 1);
    }
}

static void
an_end_entity_issues_nothing(void)
{
    static struct world world;
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct mkcert end = {.subject = "inter", .key = MKCERT_INTER};
    struct ekcert_ca ca;
    struct fault fault;

    put(&world, &root);
    put_extra(&world, &end);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_CA);
    CHECK_EQ(ekcert_ca_read(hasher, mkcert(&end), &fault, &ca), 1);
    CHECK_EQ(fault.rule, RULE_EKCHAIN_CA);
    end.exts = MKCERT_CA;
    end.key = MKCERT_K256;
    CHECK_EQ(ekcert_ca_read(hasher, mkcert(&end), &fault, &ca), 1);
    CHECK_EQ(fault.rule, RULE_X509_KEY);
    end.key = MKCERT_RSA_1024;
    put(&world, &end);
    CHECK(judge(&world, &leaf_of_inter).rule != RULE_NONE);
}

static void
path_length_and_depth_are_bounds(void)
{
    struct mkcert root_0 = root;
    struct mkcert second = {.subject = "second",
                            .issuer = "inter",
                            .key = MKCERT_OTHER,
                            .signer = MKCERT_INTER,
                            .exts = MKCERT_CA};
    struct mkcert third = {.subject = "third",
                           .issuer = "second",
                           .key = MKCERT_RSA_CA,
                           .signer = MKCERT_OTHER,
                           .exts = MKCERT_CA};
    static struct world world;

    root_0.exts = "[x]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n";
    put(&world, &root_0);
    put(&world, &inter);
    CHECK_EQ(judge(&world, &(struct mkcert){0}).rule, RULE_NONE);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_PATHLEN);
    world.n = 0;
    put(&world, &root);
    put(&world, &inter);
    put(&world, &second);
    put(&world, &third);
    CHECK_EQ(judge(&world, &(struct mkcert){.issuer = "second", .signer = MKCERT_OTHER}).rule,
             RULE_NONE);
    CHECK_EQ(world.chain.n, LIMIT_CHAIN);
    CHECK_EQ(judge(&world, &(struct mkcert){.issuer = "third", .signer = MKCERT_RSA_CA}).rule,
             RULE_EKCHAIN_DEPTH);
}

static void
two_that_sign_each_other_lead_nowhere(void)
{
    struct mkcert a = {.subject = "inter",
                       .issuer = "other",
                       .key = MKCERT_INTER,
                       .signer = MKCERT_OTHER,
                       .exts = MKCERT_CA};
    struct mkcert b = {.subject = "other",
                       .issuer = "inter",
                       .key = MKCERT_OTHER,
                       .signer = MKCERT_INTER,
                       .exts = MKCERT_CA};
    static struct world world;

    put(&world, &a);
    put(&world, &b);
    CHECK_EQ(judge(&world, &leaf_of_inter).rule, RULE_EKCHAIN_DEPTH);
}

static void
an_anchor_may_have_signed_itself_over_sha1(void)
{
    struct mkcert old_root = root;
    static struct world world;

    old_root.digest = "SHA1";
    put(&world, &old_root);
    CHECK_EQ(judge(&world, &(struct mkcert){0}).rule, RULE_NONE);
    CHECK(!world.chain.sha1_used);
    CHECK_EQ(judge(&world, &(struct mkcert){.digest = "SHA1"}).rule, RULE_X509_SHA1);
    world.allow_sha1 = true;
    CHECK_EQ(judge(&world, &(struct mkcert){.digest = "SHA1"}).rule, RULE_NONE);
    CHECK(world.chain.sha1_used);
}

static void
each_signature_of_the_list_verifies(void)
{
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};

    for (size_t i = 0; i < 3 * ARRAY_LEN(digests); i++) {
        struct mkcert ca = {.subject = "ca", .issuer = "ca", .exts = MKCERT_CA};
        struct mkcert leaf = {.issuer = "ca", .digest = digests[i % 3], .pss = i / 3 == 2};
        static struct world world;

        world.n = 0;
        ca.key = ca.signer = leaf.signer = i / 3 == 0 ? MKCERT_OTHER : MKCERT_RSA_CA;
        put(&world, &ca);
        CHECK_EQ(judge(&world, &leaf).rule, RULE_NONE);
    }
}

static void
key_identifiers_must_agree_where_both_are(void)
{
    struct mkcert with_ski = root;
    struct mkcert leaf = {.exts = "[x]\n" MKCERT_BASIC MKCERT_KU
                                  "authorityKeyIdentifier=DER:3004800201aa\n"};
    static struct world world;

    put(&world, &root);
    CHECK_EQ(judge(&world, &leaf).rule, RULE_NONE);
    world.n = 0;
    with_ski.exts = MKCERT_CA "subjectKeyIdentifier=01ab\n";
    put(&world, &with_ski);
    CHECK_EQ(judge(&world, &leaf).rule, RULE_EKCHAIN_ISSUER);
    world.n = 0;
    with_ski.exts = MKCERT_CA "subjectKeyIdentifier=01aa\n";
    put(&world, &with_ski);
    CHECK_EQ(judge(&world, &leaf).rule, RULE_NONE);
}

CHECK_MAIN(CASE(root_and_intermediate_verify), CASE(without_an_anchor_nothing_verifies),
           CASE(what_the_device_sends_is_never_an_anchor), CASE(a_name_alone_makes_no_issuer),
           CASE(namesakes_are_all_tried), CASE(namesakes_end_at_the_limit),
           CASE(each_broken_issuer_has_its_rule), CASE(an_end_entity_issues_nothing),
           CASE(path_length_and_depth_are_bounds), CASE(two_that_sign_each_other_lead_nowhere),
           CASE(an_anchor_may_have_signed_itself_over_sha1),
           CASE(each_signature_of_the_list_verifies),
           CASE(key_identifiers_must_agree_where_both_are))
