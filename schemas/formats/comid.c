#include "formats/comid.h"

enum { TAG_SVN = 552, TAG_MIN_SVN = 553, OWN_KEY = -1, PROFILE_BIT = 31, VALUE_KEYS = 16 };

/* ---- names of what is not taken ---- */

const char *
comid_kind_name(unsigned kind)
{
    static const char *const names[COMID_KINDS] = {
        "reference values",
        "endorsed values",
        "identity keys",
        "attestation keys",
        "dependencies",
        "memberships",
        "links to CoSWID tags",
        "triples of kind 7",
        "conditional endorsement series",
        "triples of kind 9",
        "conditional endorsements",
    };

    return names[kind];
}

const char *
comid_value_name(unsigned key)
{
    static const char *const names[] = {[3] = "flags",
                                        [4] = "raw value",
                                        [5] = "raw value mask",
                                        [6] = "MAC address",
                                        [7] = "IP address",
                                        [8] = "serial number",
                                        [9] = "UEID",
                                        [10] = "UUID",
                                        [12] = "value 12",
                                        [13] = "keys",
                                        [15] = "int range or measured component",
                                        [PROFILE_BIT] = "values of a profile"};

    return key < ARRAY_LEN(names) && names[key] ? names[key] : "";
}

/* ---- the tag ---- */

static void
identity_read(struct cbor_rd *c, struct comid *comid)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    int64_t key;

    while (cbor_map_next_int(c, &m, &key)) {
        if (key == 0) {
            comid->id = corim_name_read(c);
        } else if (key == 1) {
            comid->version = cbor_rd_uint(c, UINT64_MAX);
        } else {
            cbor_rd_fail(c);
        }
    }
    cbor_rd_require(c, comid->id.kind == CORIM_TEXT || comid->id.kind == CORIM_UUID);
}

static void
triples_read(struct cbor_rd *c, const struct corim_tag *tag, struct comid *comid)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    cbor_rd_require(c, m.left > 0);
    while (cbor_map_next(c, &m, &key)) {
        if (key.text.p || key.number < 0 || key.number >= (int64_t)COMID_KINDS) {
            comid->n_unknown++;
            (void)cbor_rd_raw(c);
        } else {
            struct corim_list list = corim_list_read(c, tag->file, tag->index, false);

            comid->n_triples[key.number] = list.left;
            comid->reference = key.number == 0 ? list : comid->reference;
        }
    }
}

static void
member_read(struct cbor_rd *c, const struct corim_tag *tag, int64_t key, struct comid *comid)
{
    switch (key) {
    case 0:
        (void)corim_text_read(c); /* language */
        break;
    case 1:
        identity_read(c, comid);
        break;
    case 2: {
        struct corim_list list = corim_list_read(c, tag->file, tag->index, false);
        struct cbor_rd item;

        if (corim_list_next(&list, &item) == 0) {
            comid->entity = corim_entity_read(&item, 0);
            cbor_rd_require(c, cbor_rd_end(&item));
        }
        break;
    }
    case 3:
        comid->n_linked = corim_list_read(c, tag->file, tag->index, false).left;
        break;
    case 4:
        triples_read(c, tag, comid);
        break;
    case OWN_KEY:
        comid->own = cbor_rd_raw(c);
        break;
    default:
        comid->n_unknown++;
        (void)cbor_rd_raw(c);
    }
}

int
comid_read(const struct corim_tag *tag, struct comid *ret, struct fault *ret_fault)
{
    struct cbor_rd c = corim_cursor(tag->file, tag->content);
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct comid comid = {0};
    struct cbor_key key;
    bool triples = false;

    while (cbor_map_next(&c, &m, &key)) {
        triples = triples || (!key.text.p && key.number == 4);
        member_read(&c, tag, key.text.p ? INT64_MAX : key.number, &comid);
    }
    cbor_rd_require(&c, comid.id.kind != CORIM_NONE && triples);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, tag->index, RULE_COMID_FORM, ret_fault);
    }
    *ret = comid;
    return 0;
}

/* ---- environments ---- */

static void
class_read(struct cbor_rd *c, struct comid_env *env)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    int64_t key;

    cbor_rd_require(c, m.left > 0);
    while (cbor_map_next_int(c, &m, &key)) {
        if (key == 0) {
            env->class_id = corim_name_read(c);
        } else if (key == 1) {
            env->vendor = corim_text_read(c);
        } else if (key == 2) {
            env->model = corim_text_read(c);
        } else if (key == 3) {
            env->has_layer = true;
            env->layer = cbor_rd_uint(c, UINT64_MAX);
        } else if (key == 4) {
            env->has_index = true;
            env->index = cbor_rd_uint(c, UINT64_MAX);
        } else {
            cbor_rd_fail(c);
        }
    }
}

static void
env_read(struct cbor_rd *c, struct comid_env *env)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    int64_t key;

    cbor_rd_require(c, m.left > 0);
    while (cbor_map_next_int(c, &m, &key)) {
        if (key == 0) {
            class_read(c, env);
        } else if (key == 1 || key == 2) {
            env->has_instance = env->has_instance || key == 1;
            env->has_group = env->has_group || key == 2;
            (void)cbor_rd_raw(c);
        } else {
            cbor_rd_fail(c);
        }
    }
}

int
comid_next_triple(struct corim_list *list, struct comid_triple *ret, struct fault *ret_fault)
{
    struct comid_triple triple = {0};
    struct cbor_rd c;

    if (corim_list_next(list, &c) != 0) {
        return CORIM_E_END;
    }
    cbor_rd_array(&c, 2);
    env_read(&c, &triple.env);
    triple.measurements = corim_list_read(&c, list->file, list->tag, true);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, list->tag, RULE_COMID_FORM, ret_fault);
    }
    *ret = triple;
    return 0;
}

/* ---- measurements ---- */

static struct bytes
version_read(struct cbor_rd *c)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct bytes version = BYTES_NULL;
    int64_t key;

    while (cbor_map_next_int(c, &m, &key)) {
        if (key == 0) {
            version = corim_text_read(c);
        } else {
            (void)cbor_rd_raw(c); /* its scheme */
        }
    }
    cbor_rd_require(c, version.len > 0);
    return version;
}

static void
svn_read(struct cbor_rd *c, struct comid_measurement *m)
{
    uint64_t tag = TAG_SVN;

    if (cbor_rd_peek(c) == CBOR_TAG) {
        tag = cbor_rd_tag(c);
    }
    cbor_rd_require(c, tag == TAG_SVN || tag == TAG_MIN_SVN);
    m->svn_kind = tag == TAG_SVN ? COMID_SVN : COMID_MIN_SVN;
    m->svn = cbor_rd_uint(c, INT64_MAX);
}

/* integrity-registers is a map of them, read later as a list of pairs */
static struct corim_list
registers_read(struct cbor_rd *c, const struct corim_list *in)
{
    struct corim_list list = {.file = in->file, .tag = in->tag};
    struct bytes raw = cbor_rd_raw(c);

    if (!cbor_rd_failed(c)) {
        list.c = corim_cursor(in->file, raw);
        list.left = cbor_rd_map(&list.c, LIMIT_CBOR_ITEMS).left;
        cbor_rd_require(c, !cbor_rd_failed(&list.c) && list.left > 0);
    }
    return list;
}

static void
value_read(struct cbor_rd *c, const struct corim_list *in, int64_t key, struct comid_measurement *m)
{
    switch (key) {
    case 0:
        m->version = version_read(c);
        break;
    case 1:
        svn_read(c, m);
        break;
    case 2:
        m->digests = corim_list_read(c, in->file, in->tag, false);
        break;
    case 11:
        m->name = corim_text_read(c);
        break;
    case 14:
        m->registers = registers_read(c, in);
        break;
    default:
        m->more |= key > 0 && key < VALUE_KEYS ? COMID_VALUE(key) : COMID_VALUE(PROFILE_BIT);
        (void)cbor_rd_raw(c);
    }
}

static void
values_read(struct cbor_rd *c, const struct corim_list *in, struct comid_measurement *ret)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    cbor_rd_require(c, m.left > 0);
    while (cbor_map_next(c, &m, &key)) {
        value_read(c, in, key.text.p ? -1 : key.number, ret);
    }
}

int
comid_next_measurement(struct corim_list *list, struct comid_measurement *ret,
                       struct fault *ret_fault)
{
    struct comid_measurement measurement = {0};
    struct cbor_map m;
    struct cbor_rd c;
    bool values = false;
    int64_t key;

    if (corim_list_next(list, &c) != 0) {
        return CORIM_E_END;
    }
    m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    while (cbor_map_next_int(&c, &m, &key)) {
        if (key == 0) {
            measurement.key = corim_name_read(&c);
        } else if (key == 1) {
            values_read(&c, list, &measurement);
            values = true;
        } else if (key == 2) {
            (void)cbor_rd_raw(&c); /* who may say so: the signature of the manifest decides here */
        } else {
            cbor_rd_fail(&c);
        }
    }
    cbor_rd_require(&c, values);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, list->tag, RULE_COMID_FORM, ret_fault);
    }
    *ret = measurement;
    return 0;
}

/* ---- digests ---- */

/* Named Information Hash Algorithm registry: numbers and names, not COSE's. */
static const struct {
    uint64_t number;
    const char *name;
    enum hash alg;
} algs[] = {
    {1, "sha-256", HASH_SHA256},     {7, "sha-384", HASH_SHA384},
    {8, "sha-512", HASH_SHA512},     {10, "sha3-256", HASH_SHA3_256},
    {11, "sha3-384", HASH_SHA3_384}, {12, "sha3-512", HASH_SHA3_512},
};

uint64_t
comid_alg_number(enum hash alg)
{
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        if (algs[i].alg == alg) {
            return algs[i].number;
        }
    }
    return 0;
}

static enum hash
alg_of(const struct corim_name *name)
{
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        if ((name->kind == CORIM_NUMBER && name->number == algs[i].number) ||
            (name->kind == CORIM_TEXT && bytes_equal(name->bytes, bytes_str(algs[i].name)))) {
            return algs[i].alg;
        }
    }
    return HASH_N;
}

struct comid_digest
comid_digest_read(struct cbor_rd *c)
{
    struct comid_digest digest = {.alg = HASH_N};

    cbor_rd_array(c, 2);
    if (cbor_rd_peek(c) == CBOR_NINT) {
        digest.name = (struct corim_name){.kind = CORIM_OTHER, .bytes = cbor_rd_raw(c)};
    } else {
        digest.name = corim_name_read(c);
        cbor_rd_require(c, digest.name.kind == CORIM_NUMBER || digest.name.kind == CORIM_TEXT);
    }
    digest.alg = alg_of(&digest.name);
    digest.value = cbor_rd_bstr(c, SIZE_MAX);
    cbor_rd_require(c, digest.value.len > 0);
    return digest;
}

bool
comid_digest_fits(const struct comid_digest *digest)
{
    return digest->alg == HASH_N || digest->value.len == hash_size(digest->alg);
}

int
comid_next_digest(struct corim_list *list, struct comid_digest *ret, struct fault *ret_fault)
{
    struct comid_digest digest;
    struct cbor_rd c;

    if (corim_list_next(list, &c) != 0) {
        return CORIM_E_END;
    }
    digest = comid_digest_read(&c);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, list->tag, RULE_COMID_FORM, ret_fault);
    }
    if (!comid_digest_fits(&digest)) {
        return corim_fault(&c, list->tag, RULE_COMID_DIGEST, ret_fault);
    }
    *ret = digest;
    return 0;
}

int
comid_next_register(struct corim_list *list, struct comid_register *ret, struct fault *ret_fault)
{
    struct comid_register one = {0};

    if (list->left == 0) {
        return CORIM_E_END;
    }
    list->left--;
    one.key = corim_name_read(&list->c); /* a key is a number or a text: it was checked before */
    one.digests = corim_list_read(&list->c, list->file, list->tag, false);
    if (cbor_rd_failed(&list->c)) {
        return corim_fault(&list->c, list->tag, RULE_COMID_FORM, ret_fault);
    }
    *ret = one;
    return 0;
}
