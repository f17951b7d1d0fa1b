#include "key-make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "crypto/digest.h"
#include "formats/der.h"
#include "formats/x509-oid.h"
#include "formats/x509.h"

enum { DAY_S = 86400, CA_DAYS = 3650, LEAF_DAYS = 825, CN_MAX = 64 };
enum { RSA_BITS = 2048 /* what every consumer of RS256 takes, RFC 7518 section 3.3 */ };
enum { PAIRWISE_SIZE = 32 };

static int
random_content(size_t len, uint32_t id, struct bytes *ret)
{
    uint8_t *room = malloc(len);
    int r = room ? random_bytes(room, len) : -ENOMEM;

    if (r < 0) {
        free(room);
        return r;
    }
    if (id != 0) {
        room[0] = (uint8_t)id;
    }
    *ret = bytes_of(room, len);
    return 0;
}

int
key_make(enum keyset_kind kind, uint32_t id, struct bytes *ret)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    char *pem = NULL;
    int r;

    if (kind == KEYSET_PSK_MASTER || kind == KEYSET_NONCE) {
        return random_content(KEYSET_SLOT_SIZE, id, ret);
    }
    if (kind == KEYSET_PAIRWISE) {
        return random_content(PAIRWISE_SIZE, 0, ret);
    }
    r = kind == KEYSET_TOKEN_RSA ? privkey_rsa_generate(RSA_BITS, &key) : privkey_generate(&key);
    if (r == 0) {
        r = privkey_to_pem(key, &pem);
    }
    if (r == 0) {
        *ret = bytes_str(pem);
    }
    return r;
}

int
key_public(struct bytes pem, char **ret_pem)
{
    CLEANUP(privkey_freep) struct privkey *key = NULL;
    int r = privkey_from_pem(pem, &key);

    return r == 0 ? privkey_public_pem(key, ret_pem) : r;
}

/* Common names end in the site's, cut to what a certificate holds. A second CA has a name of its
 * own, so that who builds a chain by names finds one issuer. */
static void
common_name(const struct key_certify *what, char cn[CN_MAX + 1])
{
    char head[32];
    int len;

    if (what->kind == KEYSET_CA && what->id > 1) {
        len = snprintf(head, sizeof(head), "assay CA %u", what->id);
    } else {
        len = snprintf(head, sizeof(head), "assay %s",
                       what->kind == KEYSET_CA       ? "CA"
                       : what->kind == KEYSET_SERVER ? "verifier"
                                                     : "site");
    }
    snprintf(cn, CN_MAX + 1, "%s %.*s", head, CN_MAX - len - 1, what->site);
}

int
key_certify(const struct key_certify *what, char **ret_pem)
{
    char cn[CN_MAX + 1];
    struct x509_make make = {
        .kind = what->kind == KEYSET_CA       ? X509_MAKE_CA
                : what->kind == KEYSET_SERVER ? X509_MAKE_SERVER
                                              : X509_MAKE_SIGNER,
        .cn = cn,
        .names = what->names,
        .n_names = what->kind == KEYSET_SERVER ? what->n_names : 0,
        .not_before_s = what->now_s - DAY_S, /* a device's clock may be behind */
    };

    make.not_after_s =
        what->now_s + DAY_S * (int64_t)(what->kind == KEYSET_CA ? CA_DAYS : LEAF_DAYS);
    common_name(what, cn);
    return x509_make(&make, what->key, what->ca_key, what->ca_pem, ret_pem);
}

static bool
name_read(struct rd *list, char room[256])
{
    unsigned tag = der_peek(list);
    struct bytes name = der_body(list, tag);

    if (tag == DER_CONTEXT_PLAIN(2) && name.len > 0 && name.len < 256 &&
        !memchr(name.p, '\0', name.len)) {
        memcpy(room, name.p, name.len);
        room[name.len] = '\0';
        return true;
    }
    return tag == DER_CONTEXT_PLAIN(7) && (name.len == 4 || name.len == 16) &&
           inet_ntop(name.len == 4 ? AF_INET : AF_INET6, name.p, room, 256) != NULL;
}

size_t
key_names_read(struct bytes der, struct key_names *ret)
{
    const struct x509_ext *san;
    struct x509 cert;
    struct rd rd;
    struct rd list;

    ret->n = 0;
    san = x509_read(der, NULL, &cert) == 0 ? x509_ext_find(&cert, OID_SAN) : NULL;
    rd = rd_init(san ? san->value : BYTES_NULL);
    list = der_enter(&rd, DER_SEQUENCE);
    while (san && rd_left(&list) > 0 && !list.failed) {
        if (ret->n == KEY_NAMES_MAX || !name_read(&list, ret->room[ret->n])) {
            ret->n = 0;
            return 0;
        }
        ret->names[ret->n] = ret->room[ret->n];
        ret->n++;
    }
    ret->n = san && !list.failed && rd_end(&rd) ? ret->n : 0;
    return ret->n;
}

static bool
address_read(const char *text, uint8_t ret[17])
{
    memset(ret, 0, 17);
    ret[16] = inet_pton(AF_INET6, text, ret) == 1 ? 6 : inet_pton(AF_INET, text, ret) == 1 ? 4 : 0;
    return ret[16] != 0;
}

static bool
name_is(const char *certified, const char *name)
{
    uint8_t a[17];
    uint8_t b[17];
    const char *dot = strchr(name, '.');

    if (address_read(name, a)) {
        return address_read(certified, b) && memcmp(a, b, sizeof(a)) == 0;
    }
    return strcasecmp(certified, name) == 0 || (strncmp(certified, "*.", 2) == 0 && dot &&
                                                dot != name && strcasecmp(certified + 1, dot) == 0);
}

bool
key_names_have(const struct key_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (name_is(names->names[i], name)) {
            return true;
        }
    }
    return false;
}
