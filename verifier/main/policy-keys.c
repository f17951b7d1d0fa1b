#include "main/policy-keys.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "crypto/pubkey.h"

enum { PEM_FILE_MAX = 16384 };

/* From the next occurrence of a text on, without it; .p NULL when there is none. */
static struct bytes
behind(struct bytes in, const char *text)
{
    const uint8_t *at = in.len ? memmem(in.p, in.len, text, strlen(text)) : NULL;

    return at ? bytes_of(at + strlen(text), in.len - (size_t)(at - in.p) - strlen(text))
              : BYTES_NULL;
}

static int
point_of(struct bytes pem, struct p256 *ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = pubkey_from_pem(pem, &key);

    if (r != 0) {
        return r < 0 ? r : r == PUBKEY_E_FORM ? POLICY_KEYS_E_FORM : POLICY_KEYS_E_ALG;
    }
    return pubkey_kind(key) == KEY_P256 ? pubkey_point(key, ret->x, ret->y) : POLICY_KEYS_E_ALG;
}

int
policy_keys_add(struct bytes pem, struct p256 keys[SETUP_POLICY_KEYS], size_t *n)
{
    static const char head[] = "-----BEGIN PUBLIC KEY-----";
    struct bytes rest = behind(pem, head);
    size_t count = *n;

    if (behind(pem, "PRIVATE KEY-----").p) {
        return POLICY_KEYS_E_PRIVATE;
    }
    if (!rest.p) {
        return POLICY_KEYS_E_FORM;
    }
    while (rest.p) {
        /* one block at a time: the decoder would pass over what it cannot read */
        struct bytes block = bytes_of(rest.p - strlen(head), rest.len + strlen(head));
        struct bytes next = behind(rest, head);
        int r;

        block.len -= next.p ? next.len + strlen(head) : 0;
        if (count == SETUP_POLICY_KEYS) {
            return POLICY_KEYS_E_MANY;
        }
        r = point_of(block, &keys[count]);
        if (r != 0) {
            return r;
        }
        count++;
        rest = next;
    }
    *n = count;
    return 0;
}

static const char *
words(int r)
{
    switch (r) {
    case POLICY_KEYS_E_FORM:
        return "no public keys in PEM";
    case POLICY_KEYS_E_ALG:
        return "a key that is not P-256";
    case POLICY_KEYS_E_MANY:
        return "more than two policy keys; `assay key rotate policy --retire ID` ends one";
    case POLICY_KEYS_E_PRIVATE:
        return "a private key is in it; only public keys belong here";
    default:
        return strerror(-r);
    }
}

int
policy_keys_load(const char *path, struct p256 keys[SETUP_POLICY_KEYS], size_t *n,
                 struct conf_problem *problem)
{
    struct bytes pem = BYTES_NULL;
    int r = file_read(path, PEM_FILE_MAX, &pem);

    if (r == -ENOENT) {
        return 0;
    }
    if (r == 0) {
        r = policy_keys_add(pem, keys, n);
    }
    file_free(&pem);
    if (r != 0) {
        snprintf(problem->text, sizeof(problem->text), "%.170s: %.80s", path, words(r));
    }
    return r > 0 ? 1 : r;
}
