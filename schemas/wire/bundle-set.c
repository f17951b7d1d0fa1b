#include "wire/bundle-part.h"

#include "base/rd.h"

enum set_key {
    SET_NAME = 1,
    SET_VERSION,
    SET_KIND,
    SET_PUBLISHED,
    SET_TABLES,
    SET_WORDS,
    SET_NEXT,
    SET_FILE,
    SET_KEYS,
};

enum {
    FILE_DIGEST = 32,
    FLAG_OPTIONAL = 1,
    SET_NEEDS = 1 << SET_NAME | 1 << SET_VERSION | 1 << SET_KIND
};

static const char *const state_names[] = {"", "staged", "active", "retiring", "retired", "revoked"};
static const char *const kind_names[] = {"",     "digests",    "certs", "dbx",
                                         "sbat", "advisories", "file",  "keys"};

static unsigned
name_index(const char *const *names, size_t n, struct bytes name)
{
    for (unsigned i = 1; i < n; i++) {
        if (bytes_equal(name, bytes_str(names[i]))) {
            return i;
        }
    }
    return 0;
}

const char *
bundle_state_name(enum bundle_state state)
{
    return state >= 1 && state <= BUNDLE_STATE_MAX ? state_names[state] : "unknown";
}

enum bundle_state
bundle_state_from(struct bytes name)
{
    return (enum bundle_state)name_index(state_names, ARRAY_LEN(state_names), name);
}

int
bundle_state_rank(enum bundle_state state)
{
    switch (state) {
    case BUNDLE_ACTIVE:
        return 4;
    case BUNDLE_RETIRING:
        return 3;
    case BUNDLE_STAGED:
        return 2;
    case BUNDLE_RETIRED:
        return 1;
    default:
        return 0;
    }
}

const char *
bundle_set_kind_name(enum bundle_set_kind kind)
{
    return kind >= 1 && kind <= BUNDLE_SET_KIND_MAX ? kind_names[kind] : "unknown";
}

enum bundle_set_kind
bundle_set_kind_from(struct bytes name)
{
    return (enum bundle_set_kind)name_index(kind_names, ARRAY_LEN(kind_names), name);
}

size_t
bundle_record_size(enum hash alg)
{
    return hash_size(alg) + BUNDLE_RECORD_TAIL;
}

void
bundle_record_write(struct wr *wr, const struct bundle_record *record)
{
    wr_bytes(wr, record->digest);
    wr_be16(wr, record->release);
    wr_u8(wr, record->group);
    wr_u8(wr, record->position);
    wr_u8(wr, (uint8_t)record->state);
    wr_u8(wr, record->optional ? FLAG_OPTIONAL : 0);
    wr_be16(wr, record->label);
}

static struct bytes
packed_at(const struct bundle_table *table, size_t i)
{
    size_t size = bundle_record_size(table->alg);

    return bytes_of(table->records.p + i * size, size);
}

struct bundle_record
bundle_table_at(const struct bundle_table *table, size_t i)
{
    struct rd rd = rd_init(packed_at(table, i));
    struct bundle_record record = {.digest = rd_bytes(&rd, hash_size(table->alg))};

    record.release = rd_be16(&rd);
    record.group = rd_u8(&rd);
    record.position = rd_u8(&rd);
    record.state = (enum bundle_state)rd_u8(&rd);
    record.optional = rd_u8(&rd) != 0;
    record.label = rd_be16(&rd);
    return record;
}

const struct bundle_table *
bundle_set_table(const struct bundle_set *set, enum hash alg)
{
    for (size_t i = 0; i < set->n_tables; i++) {
        if (set->tables[i].alg == alg) {
            return &set->tables[i];
        }
    }
    return NULL;
}

static int
order_at(const struct bundle_table *table, size_t i, struct bytes digest)
{
    return memcmp(packed_at(table, i).p, digest.p, digest.len);
}

size_t
bundle_table_find(const struct bundle_table *table, struct bytes digest, size_t *ret_first)
{
    size_t low = 0;
    size_t high = table->n;
    size_t n = 0;

    if (digest.len != hash_size(table->alg)) {
        return 0;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order_at(table, middle, digest) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low + n < table->n && order_at(table, low + n, digest) == 0) {
        n++;
    }
    *ret_first = n > 0 ? low : *ret_first;
    return n;
}

/* What can be said of a record without the rest of the bundle. */
static bool
record_holds(const struct bundle_table *table, size_t i, bool certs)
{
    struct bundle_record record = bundle_table_at(table, i);
    uint8_t flags = packed_at(table, i).p[hash_size(table->alg) + 5];

    if (record.state < 1 || record.state > BUNDLE_STATE_MAX || flags > FLAG_OPTIONAL) {
        return false;
    }
    if (i > 0 && !part_before(packed_at(table, i - 1), packed_at(table, i))) {
        return false;
    }
    if (certs) {
        return record.release == BUNDLE_NONE && record.group >= 1 &&
               record.group <= BUNDLE_SIG_MAX && record.position == 0 && flags == 0 &&
               record.state == BUNDLE_ACTIVE;
    }
    return record.release != BUNDLE_NONE ||
           (record.group == 0 && record.position == 0 && flags == 0);
}

static void
read_table(struct cbor_rd *c, const struct bundle_set *set, struct bundle_table *table)
{
    bool certs = set->kind == BUNDLE_SET_CERTS || set->kind == BUNDLE_SET_DBX;
    size_t size;

    cbor_rd_array(c, 2);
    table->alg = part_hash(c);
    if (cbor_rd_failed(c)) {
        return;
    }
    size = bundle_record_size(table->alg);
    table->records = cbor_rd_bstr(c, LIMIT_SET_RECORDS * size);
    table->n = table->records.len / size;
    cbor_rd_require(c, table->n > 0 && table->records.len % size == 0);
    cbor_rd_require(c, !certs || table->alg == HASH_SHA256);
    for (size_t i = 0; i < table->n && !cbor_rd_failed(c); i++) {
        cbor_rd_require(c, record_holds(table, i, certs));
    }
}

static void
read_tables(struct cbor_rd *c, struct bundle_set *set)
{
    set->n_tables = part_array(c, LIMIT_SET_TABLES, 0, LIMIT_SET_TABLES);
    for (size_t i = 0; i < set->n_tables && !cbor_rd_failed(c); i++) {
        read_table(c, set, &set->tables[i]);
        cbor_rd_require(c, i == 0 || set->tables[i - 1].alg < set->tables[i].alg);
    }
}

static void
read_words(struct cbor_rd *c, struct bundle *b, struct bundle_set *set)
{
    set->first_word = b->n_words;
    set->n_words = part_array(c, LIMIT_BUNDLE_WORDS, b->n_words, LIMIT_BUNDLE_WORDS);
    for (size_t i = 0; i < set->n_words && !cbor_rd_failed(c); i++) {
        struct bundle_word *word = &b->words[b->n_words++];

        cbor_rd_array(c, 2);
        word->name = part_name(c);
        word->number = (uint32_t)cbor_rd_uint(c, UINT32_MAX);
        cbor_rd_require(c, i == 0 || part_before(word[-1].name, word->name));
        cbor_rd_require(c, (set->kind == BUNDLE_SET_ADVISORIES) == (word->number == 0));
    }
}

static bool
key_before(const struct bundle_key *a, const struct bundle_key *b)
{
    return a->id != b->id ? a->id < b->id : part_before(a->spki, b->spki);
}

static void
read_keys(struct cbor_rd *c, struct bundle *b, struct bundle_set *set)
{
    set->first_key = b->n_keys;
    set->n_keys = part_array(c, LIMIT_BUNDLE_KEYS, b->n_keys, LIMIT_BUNDLE_KEYS);
    for (size_t i = 0; i < set->n_keys && !cbor_rd_failed(c); i++) {
        struct bundle_key *key = &b->keys[b->n_keys++];

        cbor_rd_array(c, 2);
        key->id = (uint32_t)cbor_rd_uint(c, UINT32_MAX);
        key->spki = cbor_rd_bstr(c, LIMIT_BUNDLE_SPKI);
        cbor_rd_require(c, key->spki.len > 0 && (i == 0 || key_before(key - 1, key)));
    }
}

static void
read_set_key(struct cbor_rd *c, int64_t key, struct bundle *b, struct bundle_set *set)
{
    switch (key) {
    case SET_NAME:
        set->name = part_name(c);
        break;
    case SET_VERSION:
        set->version = (uint32_t)part_uint(c, UINT32_MAX);
        break;
    case SET_KIND:
        set->kind = (enum bundle_set_kind)part_uint(c, BUNDLE_SET_KIND_MAX);
        break;
    case SET_PUBLISHED:
        set->published_s = part_uint(c, UINT32_MAX);
        break;
    case SET_TABLES:
        read_tables(c, set);
        break;
    case SET_WORDS:
        read_words(c, b, set);
        break;
    case SET_NEXT:
        set->next = (uint16_t)cbor_rd_uint(c, LIMIT_BUNDLE_SETS - 1);
        break;
    case SET_FILE:
        set->file = cbor_rd_bstr(c, FILE_DIGEST);
        cbor_rd_require(c, set->file.len == FILE_DIGEST);
        break;
    case SET_KEYS:
        read_keys(c, b, set);
        break;
    default:
        cbor_rd_fail(c);
    }
}

/* A set without a member is a mistake that would refuse every device, or admit any (803). */
static bool
set_holds(const struct bundle_set *set)
{
    bool tables = set->n_tables > 0;
    bool words = set->n_words > 0;
    bool file = set->file.len > 0;
    bool keys = set->n_keys > 0;
    bool next = set->next != BUNDLE_NONE;

    switch (set->kind) {
    case BUNDLE_SET_DIGESTS:
    case BUNDLE_SET_CERTS:
        return tables && !words && !file && !keys && !next;
    case BUNDLE_SET_DBX:
        return (tables || words) && !file && !keys;
    case BUNDLE_SET_SBAT:
    case BUNDLE_SET_ADVISORIES:
        return words && !tables && !file && !keys && !next;
    case BUNDLE_SET_FILE:
        return file && !tables && !words && !keys && !next;
    case BUNDLE_SET_KEYS:
        return keys && !tables && !words && !file && !next;
    }
    return false;
}

void
part_read_set(struct cbor_rd *c, struct bundle *b, struct bundle_set *set)
{
    struct cbor_map map = cbor_rd_map(c, SET_KEYS);
    unsigned seen = 0;
    int64_t key;

    set->next = BUNDLE_NONE;
    while (part_key(c, &map, &seen, &key)) {
        read_set_key(c, key, b, set);
    }
    cbor_rd_require(c, (seen & SET_NEEDS) == SET_NEEDS && set_holds(set));
}

static void
write_tables(struct wr *wr, const struct bundle_set *set)
{
    if (set->n_tables == 0) {
        return;
    }
    cbor_wr_int(wr, SET_TABLES);
    cbor_wr_array(wr, set->n_tables);
    for (size_t i = 0; i < set->n_tables; i++) {
        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, hash_tpm_id(set->tables[i].alg));
        cbor_wr_bstr(wr, set->tables[i].records);
    }
}

static void
write_words(struct wr *wr, const struct bundle *b, const struct bundle_set *set)
{
    if (set->n_words == 0) {
        return;
    }
    cbor_wr_int(wr, SET_WORDS);
    cbor_wr_array(wr, set->n_words);
    for (size_t i = 0; i < set->n_words; i++) {
        const struct bundle_word *word = &b->words[set->first_word + i];

        cbor_wr_array(wr, 2);
        cbor_wr_tstr_view(wr, word->name);
        cbor_wr_uint(wr, word->number);
    }
}

static void
write_keys(struct wr *wr, const struct bundle *b, const struct bundle_set *set)
{
    if (set->n_keys == 0) {
        return;
    }
    cbor_wr_int(wr, SET_KEYS);
    cbor_wr_array(wr, set->n_keys);
    for (size_t i = 0; i < set->n_keys; i++) {
        const struct bundle_key *key = &b->keys[set->first_key + i];

        cbor_wr_array(wr, 2);
        cbor_wr_uint(wr, key->id);
        cbor_wr_bstr(wr, key->spki);
    }
}

void
part_write_set(struct wr *wr, const struct bundle *b, const struct bundle_set *set)
{
    cbor_wr_map(wr, 3u + (set->published_s > 0) + (set->n_tables > 0) + (set->n_words > 0) +
                        (set->next != BUNDLE_NONE) + (set->file.len > 0) + (set->n_keys > 0));
    part_write_text(wr, SET_NAME, set->name);
    part_write_uint(wr, SET_VERSION, set->version);
    part_write_uint(wr, SET_KIND, set->kind);
    part_write_uint(wr, SET_PUBLISHED, set->published_s);
    write_tables(wr, set);
    write_words(wr, b, set);
    if (set->next != BUNDLE_NONE) {
        cbor_wr_int(wr, SET_NEXT);
        cbor_wr_uint(wr, set->next);
    }
    if (set->file.len > 0) {
        cbor_wr_int(wr, SET_FILE);
        cbor_wr_bstr(wr, set->file);
    }
    write_keys(wr, b, set);
}
