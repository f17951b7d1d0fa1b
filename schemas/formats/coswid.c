#include "formats/coswid.h"

#include "base/wr.h"

/* RFC 9393 section 2.3 to 2.9 */
enum {
    KEY_TAG_ID = 0,
    KEY_NAME = 1,
    KEY_ENTITY = 2,
    KEY_EVIDENCE = 3,
    KEY_PAYLOAD = 6,
    KEY_HASH = 7,
    KEY_VERSION = 13,
    KEY_DIRECTORY = 16,
    KEY_FILE = 17,
    KEY_LOCATION = 23,
    KEY_FS_NAME = 24,
    KEY_ROOT = 25,
    KEY_ELEMENTS = 26,
    KEY_ENTITY_NAME = 31,
    FOLDERS_MAX = 6, /* one in another: each nests two items */
};

/* One item, or an array of them. */
static struct corim_list
one_or_more(struct cbor_rd *c, const struct corim_tag *tag)
{
    return corim_list_read(c, tag->file, tag->index, true);
}

static void
member_read(struct cbor_rd *c, const struct corim_tag *tag, int64_t key, struct coswid *ret)
{
    struct corim_list list;
    struct cbor_rd item;

    switch (key) {
    case KEY_TAG_ID:
        ret->id = corim_name_read(c);
        cbor_rd_require(c, ret->id.kind == CORIM_TEXT || ret->id.kind == CORIM_UUID);
        break;
    case KEY_NAME:
        ret->name = corim_text_read(c);
        break;
    case KEY_ENTITY:
        list = one_or_more(c, tag);
        if (corim_list_next(&list, &item) == 0) {
            ret->entity = corim_entity_read(&item, KEY_ENTITY_NAME);
            cbor_rd_require(c, cbor_rd_end(&item));
        }
        break;
    case KEY_EVIDENCE:
        ret->has_evidence = true;
        (void)cbor_rd_raw(c);
        break;
    case KEY_PAYLOAD:
        ret->payload = cbor_rd_raw(c);
        break;
    case KEY_VERSION:
        ret->version = corim_text_read(c);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

int
coswid_read(const struct corim_tag *tag, struct coswid *ret, struct fault *ret_fault)
{
    struct cbor_rd c = corim_cursor(tag->file, tag->content);
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct coswid coswid = {.tag = *tag};
    struct cbor_key key;

    while (cbor_map_next(&c, &m, &key)) {
        member_read(&c, tag, key.text.p ? -1 : key.number, &coswid);
    }
    cbor_rd_require(&c, coswid.id.kind != CORIM_NONE && coswid.name.len > 0);
    if (!cbor_rd_end(&c)) {
        return corim_fault(&c, tag->index, RULE_COSWID_FORM, ret_fault);
    }
    *ret = coswid;
    return 0;
}

/* ---- files ---- */

struct walk {
    const struct corim_tag *tag;
    coswid_file_fn *call;
    void *context;
    struct wr path;
    enum rule rule;
};

static void
path_add(struct walk *walk, struct bytes text)
{
    struct wr *path = &walk->path;

    if (path->len > 0 && path->len < path->cap && path->p[path->len - 1] != '/') {
        wr_u8(path, '/');
    }
    wr_bytes(path,
             bytes_of(text.p, text.len < path->cap - path->len ? text.len : path->cap - path->len));
}

/* What files and folders have alike. */
struct entry {
    struct bytes location, root, name;
    struct bytes elements; /* of a folder */
    struct comid_digest digest;
    bool has_digest;
};

static void
entry_member(struct cbor_rd *c, int64_t key, struct entry *entry)
{
    switch (key) {
    case KEY_LOCATION:
        entry->location = corim_text_read(c);
        break;
    case KEY_ROOT:
        entry->root = corim_text_read(c);
        break;
    case KEY_FS_NAME:
        entry->name = corim_text_read(c);
        break;
    case KEY_HASH:
        entry->digest = comid_digest_read(c);
        entry->has_digest = true;
        break;
    case KEY_ELEMENTS:
        entry->elements = cbor_rd_raw(c);
        break;
    default:
        (void)cbor_rd_raw(c);
    }
}

static struct entry
entry_read(struct cbor_rd *c)
{
    struct cbor_map m = cbor_rd_map(c, LIMIT_CBOR_ITEMS);
    struct entry entry = {0};
    struct cbor_key key;

    while (cbor_map_next(c, &m, &key)) {
        entry_member(c, key.text.p ? -1 : key.number, &entry);
    }
    cbor_rd_require(c, entry.name.len > 0 && cbor_rd_end(c));
    return entry;
}

static void walk_elements(struct cbor_rd *outer, struct walk *walk, struct bytes raw,
                          unsigned depth);

/* A file, or a folder with what is in it. */
static void
walk_entry(struct cbor_rd *c, struct walk *walk, bool folder, unsigned depth)
{
    struct entry entry = entry_read(c);
    size_t len = walk->path.len;

    if (cbor_rd_failed(c)) {
        return;
    }
    if (entry.root.len > 0) {
        path_add(walk, entry.root);
    }
    if (entry.location.len > 0) {
        path_add(walk, entry.location);
    }
    path_add(walk, entry.name);
    if (folder) {
        cbor_rd_require(c, depth > 0);
        if (entry.elements.len > 0 && !cbor_rd_failed(c)) {
            walk_elements(c, walk, entry.elements, depth - 1);
        }
    } else if (entry.has_digest && !comid_digest_fits(&entry.digest)) {
        walk->rule = RULE_COMID_DIGEST;
        cbor_rd_fail(c);
    } else {
        walk->call(walk->context, bytes_of(walk->path.p, walk->path.len),
                   entry.has_digest ? &entry.digest : NULL);
    }
    walk->path.len = len;
}

/* The files and folders of a payload or a folder. */
static void
walk_elements(struct cbor_rd *outer, struct walk *walk, struct bytes raw, unsigned depth)
{
    struct cbor_rd c = corim_cursor(walk->tag->file, raw);
    struct cbor_map m = cbor_rd_map(&c, LIMIT_CBOR_ITEMS);
    struct cbor_key key;

    while (cbor_map_next(&c, &m, &key)) {
        if (key.text.p || (key.number != KEY_FILE && key.number != KEY_DIRECTORY)) {
            (void)cbor_rd_raw(&c);
        } else {
            struct corim_list list = one_or_more(&c, walk->tag);
            struct cbor_rd item;

            while (!cbor_rd_failed(&c) && corim_list_next(&list, &item) == 0) {
                walk_entry(&item, walk, key.number == KEY_DIRECTORY, depth);
                cbor_rd_require(&c, !cbor_rd_failed(&item));
            }
        }
    }
    cbor_rd_require(outer, cbor_rd_end(&c));
}

int
coswid_files(const struct coswid *coswid, coswid_file_fn *call, void *context,
             struct fault *ret_fault)
{
    uint8_t room[COSWID_PATH_MAX];
    struct walk walk = {.path = wr_init(room, sizeof(room)),
                        .tag = &coswid->tag,
                        .call = call,
                        .context = context,
                        .rule = RULE_COSWID_FORM};
    struct cbor_rd c = corim_cursor(coswid->tag.file, coswid->tag.content);

    if (coswid->payload.len == 0) {
        return 0;
    }
    walk_elements(&c, &walk, coswid->payload, FOLDERS_MAX);
    return cbor_rd_failed(&c) ? corim_fault(&c, coswid->tag.index, walk.rule, ret_fault) : 0;
}
