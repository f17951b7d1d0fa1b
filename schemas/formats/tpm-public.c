#include "formats/tpm-public.h"

#include <errno.h>

enum { RSA_EXPONENT_DEFAULT = 65537, NO_EVENT_OFFSET = 0 };

/* What follows the algorithm of a scheme. */
enum scheme_tail { TAIL_NONE, TAIL_HASH, TAIL_HASH_COUNT };

static const struct {
    uint16_t type;
    uint16_t scheme;
    enum scheme_tail tail;
} schemes[] = {
    {TPM_ALG_RSA, TPM_ALG_NULL, TAIL_NONE},   {TPM_ALG_RSA, TPM_ALG_RSASSA, TAIL_HASH},
    {TPM_ALG_RSA, 0x0015, TAIL_NONE},                                           /* RSAES */
    {TPM_ALG_RSA, TPM_ALG_RSAPSS, TAIL_HASH}, {TPM_ALG_RSA, 0x0017, TAIL_HASH}, /* OAEP */
    {TPM_ALG_ECC, TPM_ALG_NULL, TAIL_NONE},   {TPM_ALG_ECC, TPM_ALG_ECDSA, TAIL_HASH},
    {TPM_ALG_ECC, 0x0019, TAIL_HASH},       /* ECDH */
    {TPM_ALG_ECC, 0x001a, TAIL_HASH_COUNT}, /* ECDAA */
    {TPM_ALG_ECC, 0x001b, TAIL_HASH},       /* SM2 */
    {TPM_ALG_ECC, 0x001c, TAIL_HASH},       /* ECSchnorr */
    {TPM_ALG_ECC, 0x001d, TAIL_HASH},       /* ECMQV */
};

static bool
scheme_tail_of(uint16_t type, uint16_t scheme, enum scheme_tail *ret_tail)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (schemes[i].type == type && schemes[i].scheme == scheme) {
            *ret_tail = schemes[i].tail;
            return true;
        }
    }
    return false;
}

/* AES, SM4 and Camellia: the block ciphers of TPMT_SYM_DEF_OBJECT. */
static bool
is_block_cipher(uint16_t alg)
{
    return alg == TPM_ALG_AES || alg == 0x0013 || alg == 0x0026;
}

static int
refuse(struct fault *ret_fault, enum rule rule, size_t at)
{
    return fault_at(ret_fault, rule, FAULT_NO_EVENT, at);
}

static int
sized_read(struct rd *rd, size_t max, struct bytes *ret, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    uint16_t size = rd_be16(rd);

    if (!rd->failed && size > max) {
        return refuse(ret_fault, RULE_PUBLIC_SIZE, at);
    }
    *ret = rd_bytes(rd, size);
    return rd->failed ? refuse(ret_fault, RULE_PUBLIC_SHORT, at) : 0;
}

static int
symmetric_read(struct rd *rd, struct tpm_public *public, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);

    public->symmetric = rd_be16(rd);
    if (rd->failed) {
        return refuse(ret_fault, RULE_PUBLIC_SHORT, at);
    }
    if (public->symmetric == TPM_ALG_NULL) {
        return 0;
    }
    if (!is_block_cipher(public->symmetric)) {
        return refuse(ret_fault, RULE_PUBLIC_SYMMETRIC, at);
    }
    public->symmetric_bits = rd_be16(rd);
    public->symmetric_mode = rd_be16(rd);
    return rd->failed ? refuse(ret_fault, RULE_PUBLIC_SHORT, at) : 0;
}

static int
scheme_read(struct rd *rd, struct tpm_public *public, struct fault *ret_fault)
{
    size_t at = rd_offset(rd);
    enum scheme_tail tail = TAIL_NONE;

    public->scheme = rd_be16(rd);
    if (rd->failed) {
        return refuse(ret_fault, RULE_PUBLIC_SHORT, at);
    }
    if (!scheme_tail_of(public->type, public->scheme, &tail)) {
        return refuse(ret_fault, RULE_PUBLIC_SCHEME, at);
    }
    if (tail != TAIL_NONE) {
        public->scheme_hash = rd_be16(rd);
    }
    if (tail == TAIL_HASH_COUNT) {
        public->scheme_count = rd_be16(rd);
    }
    return rd->failed ? refuse(ret_fault, RULE_PUBLIC_SHORT, at) : 0;
}

static int
rsa_read(struct rd *rd, struct tpm_public *public, struct fault *ret_fault)
{
    public->rsa_bits = rd_be16(rd);
    public->rsa_exponent = rd_be32(rd);
    return sized_read(rd, LIMIT_RSA_BITS / 8, &public->rsa_n, ret_fault);
}

static int
ecc_read(struct rd *rd, struct tpm_public *public, struct fault *ret_fault)
{
    enum { ECC_BYTES_MAX = 66 }; /* P-521; MAX_ECC_KEY_BYTES allows 128 and no curve needs them */

    public->curve = rd_be16(rd);
    public->kdf = rd_be16(rd);
    if (!rd->failed && public->kdf != TPM_ALG_NULL) {
        public->kdf_hash = rd_be16(rd);
    }
    if (sized_read(rd, ECC_BYTES_MAX, &public->ecc_x, ret_fault) != 0) {
        return 1;
    }
    return sized_read(rd, ECC_BYTES_MAX, &public->ecc_y, ret_fault);
}

static int
head_read(struct rd *rd, struct tpm_public *public, struct fault *ret_fault)
{
    public->type = rd_be16(rd);
    public->name_alg = rd_be16(rd);
    public->attributes = rd_be32(rd);
    if (rd->failed) {
        return refuse(ret_fault, RULE_PUBLIC_SHORT, NO_EVENT_OFFSET);
    }
    if (public->type != TPM_ALG_RSA && public->type != TPM_ALG_ECC) {
        return refuse(ret_fault, RULE_PUBLIC_TYPE, NO_EVENT_OFFSET);
    }
    return sized_read(rd, HASH_SIZE_MAX, &public->policy, ret_fault);
}

int
tpm_public_read(struct bytes in, struct tpm_public *ret, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    struct tpm_public public = {.area = in};
    int r = head_read(&rd, &public, ret_fault);

    if (r == 0) {
        r = symmetric_read(&rd, &public, ret_fault);
    }
    if (r == 0) {
        r = scheme_read(&rd, &public, ret_fault);
    }
    if (r == 0) {
        r = public.type == TPM_ALG_RSA ? rsa_read(&rd, &public, ret_fault)
                                       : ecc_read(&rd, &public, ret_fault);
    }
    if (r != 0) {
        return r;
    }
    if (!rd_end(&rd)) {
        return refuse(ret_fault, RULE_PUBLIC_TRAILING, rd_offset(&rd));
    }
    *ret = public;
    return 0;
}

int
tpm_public_wrapped(struct bytes in, struct bytes *ret_area, struct fault *ret_fault)
{
    struct rd rd = rd_init(in);
    uint16_t size = rd_be16(&rd);
    struct bytes view = rd_bytes(&rd, size);

    if (!rd_end(&rd)) {
        return refuse(ret_fault, RULE_PUBLIC_WRAP, NO_EVENT_OFFSET);
    }
    *ret_area = view;
    return 0;
}

static void
sized_write(struct wr *wr, struct bytes in)
{
    wr_be16(wr, (uint16_t)in.len);
    wr_bytes(wr, in);
}

static void
unique_write(struct wr *wr, const struct tpm_public *public)
{
    if (public->type == TPM_ALG_RSA) {
        wr_be16(wr, public->rsa_bits);
        wr_be32(wr, public->rsa_exponent);
        sized_write(wr, public->rsa_n);
        return;
    }
    wr_be16(wr, public->curve);
    wr_be16(wr, public->kdf);
    if (public->kdf != TPM_ALG_NULL) {
        wr_be16(wr, public->kdf_hash);
    }
    sized_write(wr, public->ecc_x);
    sized_write(wr, public->ecc_y);
}

void
tpm_public_write(struct wr *wr, const struct tpm_public *public)
{
    enum scheme_tail tail = TAIL_NONE;

    wr_be16(wr, public->type);
    wr_be16(wr, public->name_alg);
    wr_be32(wr, public->attributes);
    sized_write(wr, public->policy);
    wr_be16(wr, public->symmetric);
    if (public->symmetric != TPM_ALG_NULL) {
        wr_be16(wr, public->symmetric_bits);
        wr_be16(wr, public->symmetric_mode);
    }
    wr_be16(wr, public->scheme);
    if (scheme_tail_of(public->type, public->scheme, &tail) && tail != TAIL_NONE) {
        wr_be16(wr, public->scheme_hash);
    }
    if (tail == TAIL_HASH_COUNT) {
        wr_be16(wr, public->scheme_count);
    }
    unique_write(wr, public);
}

/* alg || H(parts) */
static int
name_of(uint16_t name_alg, const struct bytes *parts, size_t n_parts, struct hasher *hasher,
        uint8_t room[TPM_NAME_MAX], size_t *ret_len)
{
    enum hash alg = hash_from_tpm_id(name_alg);
    struct wr wr = wr_init(room, TPM_NAME_MAX);
    uint8_t *digest;

    if (alg == HASH_N) {
        return -ENOTSUP;
    }
    wr_be16(&wr, name_alg);
    digest = wr_room(&wr, hash_size(alg));
    if (!digest) {
        return -ENOTSUP;
    }
    *ret_len = wr_done(&wr).len;
    return hasher_parts(hasher, alg, parts, n_parts, digest);
}

int
tpm_public_name(const struct tpm_public *public, struct hasher *hasher, uint8_t room[TPM_NAME_MAX],
                size_t *ret_len)
{
    return name_of(public->name_alg, &public->area, 1, hasher, room, ret_len);
}

int
tpm_public_qualified_name(const struct tpm_public *public, uint32_t hierarchy,
                          struct hasher *hasher, uint8_t room[TPM_NAME_MAX], size_t *ret_len)
{
    uint8_t handle[4];
    struct wr wr = wr_init(handle, sizeof(handle));
    uint8_t name[TPM_NAME_MAX];
    size_t name_len = 0;
    int r = tpm_public_name(public, hasher, name, &name_len);
    struct bytes parts[2] = {BYTES_OF(handle), bytes_of(name, name_len)};

    wr_be32(&wr, hierarchy);
    return r < 0 ? r : name_of(public->name_alg, parts, 2, hasher, room, ret_len);
}

int
tpm_public_check_signer(const struct tpm_public *public, struct bytes signer, struct hasher *hasher,
                        struct fault *ret_fault)
{
    uint8_t room[TPM_NAME_MAX];
    size_t len = 0;
    int r = tpm_public_qualified_name(public, TPM_RH_ENDORSEMENT, hasher, room, &len);

    if (r < 0) {
        return r;
    }
    return bytes_equal(signer, bytes_of(room, len)) ? 0 : refuse(ret_fault, RULE_AK_SIGNER, 6);
}

static enum key_kind
curve_kind(uint16_t curve)
{
    static const enum key_kind kinds[] = {[3] = KEY_P256, [4] = KEY_P384, [5] = KEY_P521};

    return curve < ARRAY_LEN(kinds) ? kinds[curve] : KEY_NONE;
}

int
tpm_public_key(const struct tpm_public *public, struct pubkey **ret_key)
{
    uint32_t e = public->rsa_exponent ? public->rsa_exponent : RSA_EXPONENT_DEFAULT;

    if (public->type == TPM_ALG_ECC) {
        return pubkey_from_point(curve_kind(public->curve), public->ecc_x, public->ecc_y, ret_key);
    }
    if (public->rsa_n.len * 8 != public->rsa_bits) {
        return PUBKEY_E_FORM;
    }
    return pubkey_from_rsa(public->rsa_n, e, ret_key);
}

static bool
is_sha2(uint16_t alg)
{
    enum hash h = hash_from_tpm_id(alg);

    return h == HASH_SHA256 || h == HASH_SHA384 || h == HASH_SHA512;
}

static enum rule
ak_attributes(uint32_t attributes)
{
    const uint32_t fixed = TPMA_FIXED_TPM | TPMA_FIXED_PARENT;
    const uint32_t known = fixed | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_RESTRICTED | TPMA_SIGN |
                           TPMA_USER_WITH_AUTH | TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA;

    if ((attributes & fixed) != fixed) {
        return RULE_AK_NOT_FIXED;
    }
    if (!(attributes & TPMA_SENSITIVE_DATA_ORIGIN)) {
        return RULE_AK_IMPORTED;
    }
    if (!(attributes & TPMA_RESTRICTED)) {
        return RULE_AK_NOT_RESTRICTED;
    }
    if (!(attributes & TPMA_SIGN)) {
        return RULE_AK_NOT_SIGN;
    }
    if (attributes & TPMA_DECRYPT) {
        return RULE_AK_DECRYPT;
    }
    return attributes & ~known ? RULE_AK_OTHER_ATTRIBUTE : RULE_NONE;
}

static enum rule
ak_rsa(const struct tpm_public *public, enum tpm_ak_sizes sizes)
{
    bool larger =
        sizes == TPM_AK_LARGER && public->rsa_bits > 2048 && public->rsa_bits <= LIMIT_RSA_BITS;

    if (public->scheme != TPM_ALG_RSASSA && public->scheme != TPM_ALG_RSAPSS) {
        return RULE_AK_SCHEME;
    }
    if (public->rsa_bits != 2048 && !larger) {
        return RULE_AK_SIZE;
    }
    if (public->rsa_exponent != 0 && public->rsa_exponent != RSA_EXPONENT_DEFAULT) {
        return RULE_AK_SIZE;
    }
    return public->rsa_n.len * 8 == public->rsa_bits ? RULE_NONE : RULE_AK_UNIQUE;
}

static enum rule
ak_ecc(const struct tpm_public *public, enum tpm_ak_sizes sizes)
{
    enum key_kind kind = curve_kind(public->curve);
    size_t size = key_coord_size(kind);

    if (public->scheme != TPM_ALG_ECDSA) {
        return RULE_AK_SCHEME;
    }
    if (kind != KEY_P256 && (kind == KEY_NONE || sizes != TPM_AK_LARGER)) {
        return RULE_AK_SIZE;
    }
    if (public->kdf != TPM_ALG_NULL) {
        return RULE_AK_SYMMETRIC;
    }
    if (public->ecc_x.len == 0 || public->ecc_x.len > size || public->ecc_y.len == 0 ||
        public->ecc_y.len > size) {
        return RULE_AK_UNIQUE;
    }
    return RULE_NONE;
}

int
tpm_public_check_ak(const struct tpm_public *public, enum tpm_ak_sizes sizes,
                    struct fault *ret_fault)
{
    enum rule rule = ak_attributes(public->attributes);

    if (!is_sha2(public->name_alg)) {
        return refuse(ret_fault, RULE_AK_NAME_ALG, 2);
    }
    if (rule != RULE_NONE) {
        return refuse(ret_fault, rule, 4);
    }
    rule = public->type == TPM_ALG_RSA ? ak_rsa(public, sizes) : ak_ecc(public, sizes);
    if (rule == RULE_NONE && !is_sha2(public->scheme_hash)) {
        rule = RULE_AK_SCHEME;
    }
    if (rule == RULE_NONE && public->symmetric != TPM_ALG_NULL) {
        rule = RULE_AK_SYMMETRIC;
    }
    return rule == RULE_NONE ? 0 : refuse(ret_fault, rule, 0);
}
