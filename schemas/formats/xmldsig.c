#include "formats/xmldsig.h"

#include <errno.h>
#include <stdlib.h>

#include "formats/pem.h"

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

enum { VALUE_MAX = 2048, MARGIN = 65536 };

enum place {
    AT_SIGNATURE,
    AT_INFO,
    AT_CANONICAL,
    AT_METHOD,
    AT_REFERENCE,
    AT_TRANSFORMS,
    AT_TRANSFORM,
    AT_DIGEST_METHOD,
    AT_DIGEST_VALUE,
    AT_VALUE,
    PLACES,
    AT_NONE = PLACES,
};

/* Where elements stand: each in one other. Once each, but for transforms, of which are two. */
static const struct {
    const char *name;
    enum place parent;
    unsigned depth, most;
} places[PLACES] = {
    [AT_SIGNATURE] = {"Signature", AT_NONE, 2, 1},
    [AT_INFO] = {"SignedInfo", AT_SIGNATURE, 3, 1},
    [AT_CANONICAL] = {"CanonicalizationMethod", AT_INFO, 4, 1},
    [AT_METHOD] = {"SignatureMethod", AT_INFO, 4, 1},
    [AT_REFERENCE] = {"Reference", AT_INFO, 4, 1},
    [AT_TRANSFORMS] = {"Transforms", AT_REFERENCE, 5, 1},
    [AT_TRANSFORM] = {"Transform", AT_TRANSFORMS, 6, 2},
    [AT_DIGEST_METHOD] = {"DigestMethod", AT_REFERENCE, 5, 1},
    [AT_DIGEST_VALUE] = {"DigestValue", AT_REFERENCE, 5, 1},
    [AT_VALUE] = {"SignatureValue", AT_SIGNATURE, 3, 1},
};

struct state {
    struct xmldsig *sig;
    struct xml xml;
    struct xml_item item;
    enum place open[XML_DEPTH_MAX + 1]; /* by depth */
    unsigned n[PLACES];
    struct bytes digest, value; /* raw */
};

static const struct {
    const char *uri;
    enum sig_scheme scheme;
    enum hash hash;
} methods[] =
    {
        {MORE "rsa-sha256", SIG_RSASSA, HASH_SHA256},
        {MORE "rsa-sha384", SIG_RSASSA, HASH_SHA384},
        {MORE "rsa-sha512", SIG_RSASSA, HASH_SHA512},
        {MORE "ecdsa-sha256", SIG_ECDSA, HASH_SHA256},
        {MORE "ecdsa-sha384", SIG_ECDSA, HASH_SHA384},
        {MORE "ecdsa-sha512", SIG_ECDSA, HASH_SHA512},
},
  digests[] = {
      {ENC "sha256", SIG_NONE, HASH_SHA256},
      {MORE "sha384", SIG_NONE, HASH_SHA384},
      {ENC "sha512", SIG_NONE, HASH_SHA512},
};

/* ---- the form ---- */

static bool
says(const struct state *s, const char *attr, const char *uri)
{
    struct bytes raw;

    return xml_attr(&s->item, "", attr, &raw) && bytes_equal(raw, bytes_str(uri));
}

static bool
take_method(struct state *s)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (says(s, "Algorithm", methods[i].uri)) {
            s->sig->scheme = methods[i].scheme;
            s->sig->hash = methods[i].hash;
            return true;
        }
    }
    return false;
}

static bool
take_digest_method(struct state *s)
{
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        if (says(s, "Algorithm", digests[i].uri)) {
            s->sig->digest.alg = digests[i].hash;
            return true;
        }
    }
    return false;
}

/* What an element that is in its place says must be what is verified. */
static bool
is_verified(struct state *s, enum place place)
{
    switch (place) {
    case AT_CANONICAL:
        return says(s, "Algorithm", C14N);
    case AT_METHOD:
        return take_method(s);
    case AT_REFERENCE:
        return says(s, "URI", "");
    case AT_TRANSFORM:
        return says(s, "Algorithm", s->n[place] == 1 ? DSIG "enveloped-signature" : C14N);
    case AT_DIGEST_METHOD:
        return take_digest_method(s);
    default:
        return true;
    }
}

static enum place
place_of(const struct state *s)
{
    unsigned depth = s->item.depth;
    enum place parent = depth > 1 ? s->open[depth - 1] : AT_NONE;

    for (enum place place = 0; place < PLACES; place++) {
        if (places[place].depth == depth && places[place].parent == parent &&
            xml_is(&s->item, DSIG, places[place].name)) {
            return place;
        }
    }
    return AT_NONE;
}

/* Is the element one that says how to verify? Then nothing may be in it that is not known. */
static bool
is_inside_info(const struct state *s)
{
    return s->item.depth > 3 && s->open[3] == AT_INFO;
}

static enum rule
take_start(struct state *s)
{
    enum place place = place_of(s);

    s->open[s->item.depth] = place;
    if (place == AT_NONE) {
        return is_inside_info(s) ? RULE_XMLDSIG_ALGORITHM : RULE_NONE;
    }
    if (++s->n[place] > places[place].most) {
        return place == AT_REFERENCE || place == AT_TRANSFORM ? RULE_XMLDSIG_ALGORITHM
                                                              : RULE_XMLDSIG_FORM;
    }
    if (place == AT_SIGNATURE) {
        s->sig->whole.from = s->item.from;
    } else if (place == AT_INFO) {
        s->sig->info.from = s->item.from;
    }
    return is_verified(s, place) ? RULE_NONE : RULE_XMLDSIG_ALGORITHM;
}

static enum rule
take_text(struct state *s)
{
    enum place place = s->open[s->item.depth];
    struct bytes *value = place == AT_VALUE          ? &s->value
                          : place == AT_DIGEST_VALUE ? &s->digest
                                                     : NULL;

    if (!value) {
        return RULE_NONE;
    }
    if (value->len > 0) {
        return RULE_XMLDSIG_FORM; /* a comment cuts it */
    }
    *value = s->item.raw;
    return RULE_NONE;
}

static void
take_stop(struct state *s)
{
    enum place place = s->open[s->item.depth];

    if (place == AT_SIGNATURE) {
        s->sig->whole.to = s->item.to;
    } else if (place == AT_INFO) {
        s->sig->info.to = s->item.to;
    }
}

/* Base64 with white space anywhere in it. Returns the bytes in room, or p == NULL. */
static struct bytes
decode(struct bytes raw, uint8_t *room, size_t cap)
{
    uint8_t text[VALUE_MAX];
    struct bytes all = xml_text(raw, false, text, sizeof(text));
    size_t n = 0;
    size_t len;

    for (size_t i = 0; i < all.len; i++) {
        if (!strchr(" \t\r\n", text[i])) {
            text[n++] = text[i];
        }
    }
    return all.p && pem_base64(bytes_of(text, n), room, cap, &len) == 0 ? bytes_of(room, len)
                                                                        : BYTES_NULL;
}

/* Everything once, and values that are as long as they must be. */
static bool
is_whole(struct state *s)
{
    struct xmldsig *sig = s->sig;

    for (enum place place = 0; place < PLACES; place++) {
        if (s->n[place] == 0) {
            return false;
        }
    }
    sig->signature_len = decode(s->value, sig->signature, sizeof(sig->signature)).len;
    return sig->signature_len > 0 && decode(s->digest, sig->digest.b, sizeof(sig->digest.b)).len ==
                                         hash_size(sig->digest.alg);
}

static int
walk(struct state *s, struct bytes file, struct fault *ret_fault)
{
    int r = xml_open(file, &s->xml, ret_fault);

    while (r == 0 && (r = xml_next(&s->xml, &s->item, ret_fault)) == 0) {
        enum rule rule = RULE_NONE;

        if (s->item.kind == XML_START) {
            rule = take_start(s);
        } else if (s->item.kind == XML_TEXT) {
            rule = take_text(s);
        } else {
            take_stop(s);
        }
        if (rule != RULE_NONE) {
            return fault_at(ret_fault, rule, FAULT_NO_EVENT, s->item.from);
        }
    }
    if (r != XML_E_END) {
        return XMLDSIG_E_FAULT;
    }
    if (s->n[AT_SIGNATURE] == 0) {
        return XMLDSIG_E_NONE;
    }
    return is_whole(s) ? 0
                       : fault_at(ret_fault, RULE_XMLDSIG_FORM, FAULT_NO_EVENT, s->sig->whole.from);
}

int
xmldsig_read(struct bytes file, struct xmldsig *ret, struct fault *ret_fault)
{
    CLEANUP(free_p) struct state *s = calloc(1, sizeof(*s));

    if (!s) {
        return -ENOMEM;
    }
    memset(ret, 0, sizeof(*ret));
    s->sig = ret;
    return walk(s, file, ret_fault);
}

/* ---- whether it holds ---- */

struct room {
    uint8_t *p;
    size_t cap;
};

/* The digest of a canonical form. */
static int
digest_of(struct bytes file, const struct xml_c14n *what, struct room *room, struct hasher *hasher,
          struct digest *ret, struct fault *ret_fault)
{
    struct wr out = wr_init(room->p, room->cap);
    int r = xml_c14n(file, what, &out, ret_fault);

    if (r != 0) {
        return r;
    }
    if (out.failed) {
        return fault_at(ret_fault, RULE_XML_LIMIT, FAULT_NO_EVENT, 0);
    }
    return hasher_bytes(hasher, ret->alg, wr_done(&out), ret->b);
}

static int
verify_by(const struct xmldsig *sig, struct pubkey *key, const struct digest *digest)
{
    size_t half = sig->signature_len / 2;

    if (sig->scheme == SIG_RSASSA) {
        return pubkey_verify_rsa(key, SIG_RSASSA, digest->alg, digest_bytes(digest),
                                 bytes_of(sig->signature, sig->signature_len));
    }
    if (key_coord_size(pubkey_kind(key)) == 0) {
        return PUBKEY_E_ALG;
    }
    if (sig->signature_len != 2 * key_coord_size(pubkey_kind(key))) {
        return PUBKEY_E_WRONG;
    }
    return pubkey_verify_ecdsa(key, digest_bytes(digest), bytes_of(sig->signature, half),
                               bytes_of(sig->signature + half, half));
}

/* The document first: one that was changed is told as such. */
static int
verify(struct bytes file, const struct xmldsig *sig, struct pubkey *key, struct hasher *hasher,
       struct room *room, bool *indented, struct fault *ret_fault)
{
    struct xml_c14n document = {.without = &sig->whole};
    struct xml_c14n info = {.of = &sig->info};
    struct digest digest = {.alg = sig->digest.alg};
    bool same = false;
    int r = 0;

    for (int i = 0; i < 2 && !same && r == 0; i++) {
        document.no_blanks = i > 0;
        r = digest_of(file, &document, room, hasher, &digest, ret_fault);
        same = r == 0 && bytes_equal(digest_bytes(&digest), digest_bytes(&sig->digest));
    }
    if (r == 0 && !same) {
        return fault_at(ret_fault, RULE_XMLDSIG_DIGEST, FAULT_NO_EVENT, sig->whole.from);
    }
    info.no_blanks = document.no_blanks;
    digest.alg = sig->hash;
    r = r == 0 ? digest_of(file, &info, room, hasher, &digest, ret_fault) : r;
    if (r != 0) {
        return r;
    }
    *indented = info.no_blanks;
    r = verify_by(sig, key, &digest);
    return r <= 0 ? r
                  : fault_at(ret_fault,
                             r == PUBKEY_E_ALG ? RULE_XMLDSIG_ALGORITHM : RULE_XMLDSIG_WRONG,
                             FAULT_NO_EVENT, sig->whole.from);
}

int
xmldsig_verify(struct bytes file, const struct xmldsig *sig, struct pubkey *key,
               struct hasher *hasher, bool *ret_indented, struct fault *ret_fault)
{
    struct room room = {.cap = 6 * file.len + MARGIN}; /* a sign becomes six at most */
    bool indented = false;
    int r;

    room.p = malloc(room.cap);
    r = room.p ? verify(file, sig, key, hasher, &room, &indented, ret_fault) : -ENOMEM;
    free(room.p);
    if (r == 0) {
        *ret_indented = indented;
    }
    return r;
}
