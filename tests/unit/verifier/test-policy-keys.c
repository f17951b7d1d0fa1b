/* main/policy-keys: what a file of public policy keys may hold. */
#include "main/policy-keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/privkey.h"
#include "lib/check.h"

/* On the curve P-384. */
#define OTHER_CURVE                                                      \
    "-----BEGIN PUBLIC KEY-----\n"                                       \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEF6Z+A5gihUaAO3W+cGPYBDtuc3GekulV\n" \
    "TXoJ9wkk6zk7lZAdWmRZrc48/7+fWF0TrD3w3/wcG/OHIfzJaZx2Aw4zlF0foDXO\n" \
    "cV2cinniZeFzoAryNuxfstT8LDdYlD4p\n"                                 \
    "-----END PUBLIC KEY-----\n"

static struct p256 keys[SETUP_POLICY_KEYS];
static struct p256 points[3];
static const char *pems[3]; /* of the points */
static const char *secret;

static void
start(void)
{
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        struct privkey *key = NULL;
        char *pem = NULL;

        CHECK_EQ(privkey_generate(&key), 0);
        CHECK_EQ(privkey_point(check_keep(key), points[i].x, points[i].y), 0);
        CHECK_EQ(privkey_public_pem(key, &pem), 0);
        pems[i] = check_keep(pem);
        CHECK_EQ(privkey_to_pem(key, &pem), 0);
        secret = check_keep(pem);
    }
}

static const char *
joined(const char *a, const char *b, const char *c)
{
    size_t cap = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = check_keep(malloc(cap));

    snprintf(text, cap, "%s%s%s", a, b, c);
    return text;
}

/* The outcome for a text on top of `has` keys; what is refused adds nothing. */
static int
add(const char *text, size_t has, size_t want)
{
    size_t n = has;
    int r = policy_keys_add(check_guarded(bytes_str(text)), keys, &n);

    CHECK_EQ(n, r == 0 ? want : has);
    return r;
}

static bool
same(const struct p256 *a, const struct p256 *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void
one_key_or_two_are_read(void)
{
    start();
    CHECK_EQ(add(pems[0], 0, 1), 0);
    CHECK(same(&keys[0], &points[0]));
    CHECK_EQ(add(pems[1], 1, 2), 0); /* of another file */
    CHECK(same(&keys[0], &points[0]) && same(&keys[1], &points[1]));
    CHECK_EQ(add(joined("# the next\n", pems[2], pems[0]), 0, 2), 0);
    CHECK(same(&keys[0], &points[2]) && same(&keys[1], &points[0]));
    CHECK_EQ(add(joined(pems[0], "and nothing more", "\n"), 0, 1), 0);
}

static void
three_keys_are_too_many(void)
{
    start();
    CHECK_EQ(add(joined(pems[0], pems[1], pems[2]), 0, 0), POLICY_KEYS_E_MANY);
    CHECK_EQ(add(joined(pems[0], pems[1], ""), 1, 0), POLICY_KEYS_E_MANY);
    CHECK_EQ(add(pems[0], 2, 0), POLICY_KEYS_E_MANY);
}

static void
a_private_key_is_not_taken_here(void)
{
    start();
    CHECK_EQ(add(secret, 0, 0), POLICY_KEYS_E_PRIVATE);
    CHECK_EQ(add(joined(pems[0], secret, ""), 0, 0), POLICY_KEYS_E_PRIVATE);
    CHECK_EQ(add("-----BEGIN EC PRIVATE KEY-----\n", 0, 0), POLICY_KEYS_E_PRIVATE);
}

static void
what_is_no_key_is_refused_wherever_it_stands(void)
{
    const char *half;

    start();
    half = strndup(pems[1], strlen(pems[1]) / 2);
    CHECK_EQ(add("", 0, 0), POLICY_KEYS_E_FORM);
    CHECK_EQ(add("a note", 0, 0), POLICY_KEYS_E_FORM);
    CHECK_EQ(add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, 0),
             POLICY_KEYS_E_FORM);
    CHECK_EQ(add(check_keep((void *)(uintptr_t)half), 0, 0), POLICY_KEYS_E_FORM);
    CHECK_EQ(add(joined(pems[0], half, ""), 0, 0), POLICY_KEYS_E_FORM);
    CHECK_EQ(add(joined(half, "\n", pems[0]), 0, 0), POLICY_KEYS_E_FORM);
    CHECK_EQ(policy_keys_add(BYTES_NULL, keys, &(size_t){0}), POLICY_KEYS_E_FORM);
}

static void
another_kind_of_key_is_refused(void)
{
    struct privkey *rsa = NULL;
    char *pem = NULL;

    start();
    CHECK_EQ(privkey_rsa_generate(2048, &rsa), 0);
    CHECK_EQ(privkey_public_pem(check_keep(rsa), &pem), 0);
    CHECK_EQ(add(check_keep(pem), 0, 0), POLICY_KEYS_E_ALG);
    CHECK_EQ(add(OTHER_CURVE, 0, 0), POLICY_KEYS_E_ALG);
    CHECK_EQ(add(joined(pems[0], pem, ""), 0, 0), POLICY_KEYS_E_ALG);
}

static char path[] = "/tmp/assay-policy-XXXXXX/keys.pub";
static char *const folder_end = path + sizeof("/tmp/assay-policy-XXXXXX") - 1;

static void
make_folder(void)
{
    *folder_end = '\0';
    CHECK(mkdtemp(path));
    *folder_end = '/';
}

static int
load(const char *text, size_t *n, struct conf_problem *problem)
{
    problem->text[0] = '\0';
    CHECK_EQ(file_replace(path, 0644, bytes_str(text)), 0);
    return policy_keys_load(path, keys, n, problem);
}

static void
a_file_that_is_not_there_has_none_and_a_broken_one_is_named(void)
{
    struct conf_problem problem = {""};
    char *long_text = check_keep(calloc(1, 20000));
    size_t n = 0;

    start();
    make_folder();
    CHECK_EQ(policy_keys_load(path, keys, &n, &problem), 0);
    CHECK_EQ(n, 0);
    CHECK_STR(problem.text, "");
    CHECK_EQ(load(pems[0], &n, &problem), 0);
    CHECK_EQ(n, 1);
    CHECK_EQ(load("rubbish", &n, &problem), 1);
    CHECK(strstr(problem.text, "keys.pub: no public keys in PEM"));
    CHECK_EQ(load(secret, &n, &problem), 1);
    CHECK(strstr(problem.text, "private key"));
    CHECK_EQ(load(joined(pems[1], pems[2], ""), &n, &problem), 1);
    CHECK(strstr(problem.text, "--retire"));
    memset(long_text, ' ', 19999);
    CHECK_EQ(load(long_text, &n, &problem), -EFBIG);
    CHECK(strstr(problem.text, "keys.pub"));
    CHECK_EQ(n, 1);
    unlink(path);
    *folder_end = '\0';
    CHECK_EQ(policy_keys_load(path, keys, &n, &problem), -EINVAL); /* a folder */
    CHECK_EQ(rmdir(path), 0);
}

CHECK_MAIN(CASE(one_key_or_two_are_read), CASE(three_keys_are_too_many),
           CASE(a_private_key_is_not_taken_here),
           CASE(what_is_no_key_is_refused_wherever_it_stands), CASE(another_kind_of_key_is_refused),
           CASE(a_file_that_is_not_there_has_none_and_a_broken_one_is_named))
