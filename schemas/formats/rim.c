#include "formats/rim.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"

#define URI_SWID "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define URI_RIM "https://trustedcomputinggroup.org/wp-content/uploads/TCG_RIM_Model"
#define URI_DSIG "http://www.w3.org/2000/09/xmldsig#"

struct state {
    struct rim *rim;
    struct xml xml;
    struct xml_item item;
    bool payload; /* the child of the root that is open is the payload */
};

static bool
is_swid(const struct state *s, unsigned depth, const char *local)
{
    return s->item.depth == depth && xml_is(&s->item, URI_SWID, local);
}

/* A raw value of the item, or an empty one. */
static struct bytes
value(const struct state *s, const char *uri, const char *local)
{
    struct bytes raw = BYTES_NULL;

    return xml_attr(&s->item, uri, local, &raw) ? raw : BYTES_NULL;
}

/* xs:boolean; absent is false, as the schema has it. */
static bool
flag(const struct state *s, const char *local, bool *ret)
{
    struct bytes raw = value(s, "", local);

    *ret = bytes_equal(raw, bytes_str("true")) || bytes_equal(raw, bytes_str("1"));
    return *ret || raw.len == 0 || bytes_equal(raw, bytes_str("false")) ||
           bytes_equal(raw, bytes_str("0"));
}

/* ---- children of the root ---- */

static enum rule
take_root(struct state *s)
{
    struct rim *rim = s->rim;

    if (!is_swid(s, 1, "SoftwareIdentity") || !flag(s, "corpus", &rim->corpus) ||
        !flag(s, "patch", &rim->patch) || !flag(s, "supplemental", &rim->supplemental)) {
        return RULE_RIM_FORM;
    }
    rim->name = value(s, "", "name");
    rim->version = value(s, "", "version");
    rim->tag_id = value(s, "", "tagId");
    return RULE_NONE;
}

static void
take_meta(struct state *s)
{
    struct rim *rim = s->rim;

    rim->binding = value(s, URI_RIM, "bindingSpec");
    rim->platform_maker = value(s, URI_RIM, "platformManufacturerStr");
    rim->platform_model = value(s, URI_RIM, "platformModel");
    rim->platform_version = value(s, URI_RIM, "platformVersion");
    rim->firmware_maker = value(s, URI_RIM, "firmwareManufacturerStr");
    rim->firmware_model = value(s, URI_RIM, "firmwareModel");
    rim->firmware_version = value(s, URI_RIM, "firmwareVersion");
}

/* ---- files ---- */

static bool
take_size(struct bytes raw, uint64_t *ret)
{
    uint64_t size = 0;

    for (size_t i = 0; i < raw.len; i++) {
        if (raw.p[i] < '0' || raw.p[i] > '9') {
            return false;
        }
        size = size * 10 + (uint64_t)(raw.p[i] - '0');
    }
    *ret = size;
    return raw.len > 0 && raw.len <= 12;
}

/* Both names of SHA-384 are met: the recommendation's, and one that follows the others. */
static const struct {
    const char *uri;
    enum hash alg;
} hashes[] = {
    {"http://www.w3.org/2001/04/xmlenc#sha256", HASH_SHA256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", HASH_SHA384},
    {"http://www.w3.org/2001/04/xmlenc#sha384", HASH_SHA384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", HASH_SHA512},
};

static bool
take_hashes(const struct state *s, struct rim_file *file)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        enum hash alg = hashes[i].alg;
        struct bytes raw;
        size_t len = 0;

        if (!xml_attr(&s->item, hashes[i].uri, "hash", &raw)) {
            continue;
        }
        if (file->has[alg] || hex_read(raw, file->hash[alg], HASH_SIZE_MAX, &len) != 0 ||
            len != hash_size(alg)) {
            return false;
        }
        file->has[alg] = true;
        any = true;
    }
    return any;
}

static enum rule
take_file(struct state *s)
{
    struct rim *rim = s->rim;
    struct rim_file *file = &rim->files[rim->n_files];

    if (rim->n_files == ARRAY_LEN(rim->files)) {
        return RULE_RIM_FILES;
    }
    memset(file, 0, sizeof(*file));
    file->name = value(s, "", "name");
    if (file->name.len == 0 || !take_size(value(s, "", "size"), &file->size)) {
        return RULE_RIM_FORM;
    }
    if (!take_hashes(s, file)) {
        return RULE_RIM_HASH;
    }
    for (size_t i = 0; i < rim->n_files; i++) {
        if (bytes_equal(rim->files[i].name, file->name)) {
            return RULE_RIM_FILES;
        }
    }
    rim->n_files++;
    return RULE_NONE;
}

/* ---- the walk ---- */

static enum rule
take_child(struct state *s)
{
    if (is_swid(s, 2, "Meta")) {
        take_meta(s);
    } else if (is_swid(s, 2, "Entity")) {
        s->rim->entity = s->rim->entity.len > 0 ? s->rim->entity : value(s, "", "name");
    } else if (is_swid(s, 2, "Payload")) {
        s->payload = true;
    } else if (!xml_is(&s->item, URI_DSIG, "Signature") && !is_swid(s, 2, "Link")) {
        s->rim->n_other++;
    }
    return RULE_NONE;
}

static bool
is_long(const struct xml_item *item)
{
    for (size_t i = 0; i < item->n_attrs; i++) {
        if (item->attrs[i].raw.len > RIM_TEXT_MAX) {
            return true;
        }
    }
    return false;
}

static enum rule
take_start(struct state *s)
{
    if ((s->item.depth < 3 || s->payload) && is_long(&s->item)) {
        return RULE_RIM_FORM;
    }
    if (s->item.depth == 1) {
        return take_root(s);
    }
    if (s->item.depth == 2) {
        return take_child(s);
    }
    if (!s->payload) {
        return RULE_NONE;
    }
    if (xml_is(&s->item, URI_SWID, "File")) {
        return take_file(s);
    }
    s->rim->n_other += !xml_is(&s->item, URI_SWID, "Directory");
    return RULE_NONE;
}

static int
refuse(const struct state *s, enum rule rule, struct fault *ret_fault)
{
    bool of_file = rule == RULE_RIM_HASH || rule == RULE_RIM_FILES;

    return fault_at(ret_fault, rule, of_file ? (uint32_t)s->rim->n_files : FAULT_NO_EVENT,
                    s->item.from);
}

static int
walk(struct state *s, struct bytes in, struct fault *ret_fault)
{
    int r = xml_open(in, &s->xml, ret_fault);

    while (r == 0 && (r = xml_next(&s->xml, &s->item, ret_fault)) == 0) {
        enum rule rule = s->item.kind == XML_START ? take_start(s) : RULE_NONE;

        if (rule != RULE_NONE) {
            return refuse(s, rule, ret_fault);
        }
        if (s->item.kind == XML_STOP && s->item.depth == 2) {
            s->payload = false;
        }
    }
    if (r != XML_E_END) {
        return 1;
    }
    if (s->rim->name.len == 0 || s->rim->version.len == 0 || s->rim->entity.len == 0) {
        return fault_at(ret_fault, RULE_RIM_FORM, FAULT_NO_EVENT, 0);
    }
    return s->rim->n_files > 0 ? 0 : fault_at(ret_fault, RULE_RIM_FILES, FAULT_NO_EVENT, 0);
}

int
rim_read(struct bytes in, struct rim *ret, struct fault *ret_fault)
{
    CLEANUP(free_p) struct state *s = calloc(1, sizeof(*s));

    if (!s) {
        return -ENOMEM;
    }
    memset(ret, 0, sizeof(*ret));
    s->rim = ret;
    return walk(s, in, ret_fault);
}

int
rim_file_check(const struct rim_file *file, struct hasher *hasher, struct bytes content)
{
    uint8_t digest[HASH_SIZE_MAX];

    if (file->size != content.len) {
        return 1;
    }
    for (enum hash alg = 0; alg < HASH_N; alg++) {
        int r = file->has[alg] ? hasher_bytes(hasher, alg, content, digest) : 0;

        if (r != 0) {
            return r;
        }
        if (file->has[alg] && memcmp(digest, file->hash[alg], hash_size(alg)) != 0) {
            return 1;
        }
    }
    return 0;
}
