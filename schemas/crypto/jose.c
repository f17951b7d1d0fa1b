#include "crypto/jose.h"

#include <errno.h>

#include "base/b64.h"
#include "base/rd.h"

/* The header's members, as views. */
struct header {
    struct bytes alg;
    struct bytes kid;
    struct bytes typ;
};

static void
expect(struct rd *rd, char want)
{
    if (rd_u8(rd) != (uint8_t)want) {
        rd_fail(rd);
    }
}

/* A string of printable ASCII that needs no escape: what alg, kid and typ are made of. */
static bool
plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < 0x20 || text.p[i] > 0x7e || text.p[i] == '"' || text.p[i] == '\\') {
            return false;
        }
    }
    return true;
}

/* A JSON string; empty and failed when it holds anything but plain characters. */
static struct bytes
string_read(struct rd *rd)
{
    struct rd probe;
    size_t len = 0;
    struct bytes text;

    expect(rd, '"');
    probe = *rd;
    while (!probe.failed && rd_u8(&probe) != '"') {
        len++;
    }
    text = rd_bytes(rd, len);
    expect(rd, '"');
    if (rd->failed || !plain(text)) {
        rd_fail(rd);
        return BYTES_NULL;
    }
    return text;
}

static void
member_read(struct rd *rd, struct header *header)
{
    const struct {
        const char *name;
        struct bytes *to;
    } members[] = {{"alg", &header->alg}, {"kid", &header->kid}, {"typ", &header->typ}};
    struct bytes name = string_read(rd);
    struct bytes value;

    expect(rd, ':');
    value = string_read(rd);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (bytes_equal(name, bytes_str(members[i].name))) {
            if (members[i].to->p || value.len == 0) {
                rd_fail(rd); /* twice, or empty */
            }
            *members[i].to = value;
            return;
        }
    }
    rd_fail(rd);
}

static int
header_read(struct bytes text, struct header *header)
{
    struct rd rd = rd_init(text);
    uint8_t separator = ',';

    expect(&rd, '{');
    while (!rd.failed && separator == ',') {
        member_read(&rd, header);
        separator = rd_u8(&rd);
    }
    if (separator != '}' || !rd_end(&rd)) {
        return JOSE_E_HEADER;
    }
    return 0;
}

static const char *const alg_names[] = {[JOSE_ES256] = "ES256", [JOSE_RS256] = "RS256"};

/* The algorithm, whose signatures have this size. */
static int
alg_read(struct bytes name, struct jose *jose)
{
    if (bytes_equal(name, bytes_str(alg_names[JOSE_ES256]))) {
        jose->alg = JOSE_ES256;
        return jose->signature_len == ES256_SIG_SIZE ? 0 : JOSE_E_FORM;
    }
    if (bytes_equal(name, bytes_str(alg_names[JOSE_RS256]))) {
        jose->alg = JOSE_RS256;
        return jose->signature_len >= 256 ? 0 : JOSE_E_FORM;
    }
    return JOSE_E_ALG;
}

/* Characters up to the next dot, which is consumed. */
static struct bytes
part_read(struct rd *rd)
{
    struct rd probe = *rd;
    size_t len = 0;
    struct bytes part;

    while (!probe.failed && rd_u8(&probe) != '.') {
        len++;
    }
    part = rd_bytes(rd, len);
    expect(rd, '.');
    return part;
}

int
jose_read(struct bytes text, uint8_t *room, size_t cap, struct jose *ret_jose)
{
    struct rd rd = rd_init(text);
    struct bytes header_text = part_read(&rd);
    struct bytes payload_text = part_read(&rd);
    struct bytes signature_text;
    struct header header = {0};
    struct jose jose = {0};
    size_t header_len;
    size_t payload_len;
    int r;

    jose.signing_input = bytes_of(text.p, header_text.len + 1 + payload_text.len);
    signature_text = rd_rest(&rd);
    if (rd.failed || text.len > LIMIT_TOKEN_BYTES ||
        b64_read(header_text, room, cap, &header_len) != 0 ||
        b64_read(payload_text, room + header_len, cap - header_len, &payload_len) != 0 ||
        b64_read(signature_text, jose.signature, sizeof(jose.signature), &jose.signature_len) !=
            0 ||
        jose.signature_len < ES256_SIG_SIZE) {
        return JOSE_E_FORM;
    }
    r = header_read(bytes_of(room, header_len), &header);
    if (r == 0) {
        r = alg_read(header.alg, &jose);
    }
    if (r != 0) {
        return r;
    }
    jose.kid = header.kid;
    jose.typ = header.typ;
    jose.payload = bytes_of(room + header_len, payload_len);
    *ret_jose = jose;
    return 0;
}

int
jose_verify(const struct jose *jose, struct pubkey *key, struct hasher *hasher)
{
    uint8_t digest[32];
    int r;

    if (pubkey_kind(key) != (jose->alg == JOSE_ES256 ? KEY_P256 : KEY_RSA) || pubkey_weak(key)) {
        return JOSE_E_ALG;
    }
    r = hasher_bytes(hasher, HASH_SHA256, jose->signing_input, digest);
    if (r < 0) {
        return r;
    }
    if (jose->alg == JOSE_ES256) {
        r = pubkey_verify_ecdsa(key, BYTES_OF(digest), bytes_of(jose->signature, 32),
                                bytes_of(jose->signature + 32, 32));
    } else {
        r = pubkey_verify_rsa(key, SIG_RSASSA, HASH_SHA256, BYTES_OF(digest),
                              bytes_of(jose->signature, jose->signature_len));
    }
    return r <= 0 ? r : JOSE_E_SIGNATURE;
}

static void
b64_append(struct wr *wr, struct bytes in)
{
    char *room = (char *)wr_room(wr, B64_LEN(in.len) + 1); /* the NUL is written over */

    if (room) {
        b64_write(room, in);
        wr->len--;
    }
}

static int
header_write(struct wr *wr, enum jose_alg alg, const char *typ, struct bytes kid)
{
    char room[256];
    struct json_wr j = json_wr_init(room, sizeof(room));

    if (!plain(bytes_str(typ)) || !plain(kid) || kid.len > LIMIT_KID_BYTES) {
        return -EINVAL;
    }
    json_wr_object(&j);
    json_wr_key(&j, "alg");
    json_wr_str(&j, alg_names[alg]);
    if (kid.len > 0) {
        json_wr_key(&j, "kid");
        json_wr_text(&j, kid);
    }
    json_wr_key(&j, "typ");
    json_wr_str(&j, typ);
    json_wr_end_object(&j);
    if (!json_wr_done(&j).p) {
        return -EINVAL;
    }
    b64_append(wr, json_wr_done(&j));
    return 0;
}

/* The signature by the key's kind. */
static int
sign(struct privkey *key, const uint8_t digest[32], uint8_t room[RS256_SIG_MAX],
     struct bytes *ret_signature)
{
    size_t len = ES256_SIG_SIZE;
    int r = privkey_kind(key) == KEY_RSA ? privkey_rsa_sign(key, digest, room, &len)
                                         : privkey_sign(key, digest, room);

    *ret_signature = bytes_of(room, len);
    return r;
}

int
jose_write(struct wr *wr, const char *typ, struct bytes kid, struct bytes payload,
           struct privkey *key, struct hasher *hasher)
{
    size_t start = wr->len;
    uint8_t digest[32];
    uint8_t room[RS256_SIG_MAX];
    struct bytes signature;
    int r = header_write(wr, privkey_kind(key) == KEY_RSA ? JOSE_RS256 : JOSE_ES256, typ, kid);

    if (r < 0) {
        return r;
    }
    wr_u8(wr, '.');
    b64_append(wr, payload);
    if (wr->failed) {
        return -ENOSPC;
    }
    r = hasher_bytes(hasher, HASH_SHA256, bytes_of(wr->p + start, wr->len - start), digest);
    if (r < 0) {
        return r;
    }
    r = sign(key, digest, room, &signature);
    if (r < 0) {
        return r;
    }
    wr_u8(wr, '.');
    b64_append(wr, signature);
    return wr->failed ? -ENOSPC : 0;
}

static size_t
signature_size(const struct privkey *key)
{
    uint8_t modulus[RS256_SIG_MAX];
    size_t len = ES256_SIG_SIZE;

    if (privkey_kind(key) == KEY_RSA && privkey_rsa_modulus(key, modulus, &len) != 0) {
        return RS256_SIG_MAX;
    }
    return len;
}

size_t
jose_size(const char *typ, struct bytes kid, size_t payload_len, const struct privkey *key)
{
    uint8_t room[512];
    struct wr wr = wr_init(room, sizeof(room));
    int r = header_write(&wr, privkey_kind(key) == KEY_RSA ? JOSE_RS256 : JOSE_ES256, typ, kid);

    return r < 0 || wr.failed ? 0
                              : wr.len + 2 + B64_LEN(payload_len) + B64_LEN(signature_size(key));
}

static void
rsa_key_write(struct json_wr *j, const struct jose_key *key)
{
    json_wr_object(j);
    json_wr_key(j, "alg");
    json_wr_str(j, alg_names[JOSE_RS256]);
    json_wr_key(j, "e");
    json_wr_str(j, "AQAB");
    json_wr_key(j, "kid");
    json_wr_text(j, key->kid);
    json_wr_key(j, "kty");
    json_wr_str(j, "RSA");
    json_wr_key(j, "n");
    json_wr_b64(j, key->rsa_n);
    json_wr_key(j, "use");
    json_wr_str(j, "sig");
    json_wr_end_object(j);
}

int
jose_rsa_thumb(struct bytes n, struct hasher *hasher, uint8_t ret_thumb[32])
{
    char room[B64_LEN(RS256_SIG_MAX) + 64];
    struct json_wr j = json_wr_init(room, sizeof(room));

    json_wr_object(&j);
    json_wr_key(&j, "e");
    json_wr_str(&j, "AQAB");
    json_wr_key(&j, "kty");
    json_wr_str(&j, "RSA");
    json_wr_key(&j, "n");
    json_wr_b64(&j, n);
    json_wr_end_object(&j);
    return json_wr_done(&j).p ? hasher_bytes(hasher, HASH_SHA256, json_wr_done(&j), ret_thumb)
                              : -ENOSPC;
}

static void
key_write(struct json_wr *j, const struct jose_key *key)
{
    if (key->rsa_n.p) {
        rsa_key_write(j, key);
        return;
    }
    json_wr_object(j);
    json_wr_key(j, "alg");
    json_wr_str(j, alg_names[JOSE_ES256]);
    json_wr_key(j, "crv");
    json_wr_str(j, "P-256");
    json_wr_key(j, "kid");
    json_wr_text(j, key->kid);
    json_wr_key(j, "kty");
    json_wr_str(j, "EC");
    json_wr_key(j, "use");
    json_wr_str(j, "sig");
    json_wr_key(j, "x");
    json_wr_b64(j, BYTES_OF(key->point.x));
    json_wr_key(j, "y");
    json_wr_b64(j, BYTES_OF(key->point.y));
    json_wr_end_object(j);
}

void
jose_key_set_write(struct json_wr *j, const struct jose_key *keys, size_t n)
{
    json_wr_object(j);
    json_wr_key(j, "keys");
    json_wr_array(j);
    for (size_t i = 0; i < n; i++) {
        key_write(j, &keys[i]);
    }
    json_wr_end_array(j);
    json_wr_end_object(j);
}
