#include "main/keyset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/rd.h"
#include "crypto/digest.h"

#define HEAD "assay-keys 1\n"

enum { PATH_ROOM = 400, ID_MAX = 255, SLOTS_MAX = 2, POLICY_MAX = 2, TEMPORARY = 7 /* .XXXXXX */ };

/* The kinds, and the files of a folder without a list. */
static const struct kind {
    const char *name;
    const char *file;
    const char *cert;
    bool slots; /* the file holds ids */
} kinds[KEYSET_KIND_N] = {
    [KEYSET_PSK_MASTER] = {"psk-master", "psk-masters", "", true},
    [KEYSET_NONCE] = {"nonce", "nonce-keys", "", true},
    [KEYSET_TICKET] = {"ticket", "", "", false},
    [KEYSET_TOKEN] = {"token", "token.key", "", false},
    [KEYSET_TOKEN_RSA] = {"token-rsa", "token-rsa.key", "", false},
    [KEYSET_PAIRWISE] = {"pairwise", "pairwise-key", "", false},
    [KEYSET_AUDIT] = {"audit", "audit.key", "", false},
    [KEYSET_SITE] = {"site", "site.key", "site.pem", false},
    [KEYSET_SERVER] = {"server", "server.key", "server.pem", false},
    [KEYSET_CA] = {"ca", "ca.key", "ca.pem", false},
    [KEYSET_POLICY] = {"policy", "policy.key", "policy.pub", false},
};

const char *
keyset_kind_name(enum keyset_kind kind)
{
    return kind < KEYSET_KIND_N ? kinds[kind].name : "unknown";
}

enum keyset_kind
keyset_kind_of(struct bytes name)
{
    enum keyset_kind kind = 0;

    while (kind < KEYSET_KIND_N && !bytes_equal(name, bytes_str(kinds[kind].name))) {
        kind++;
    }
    return kind;
}

const char *
keyset_state_name(enum keyset_state state)
{
    static const char *const names[] = {"next", "active", "accepted", "retired"};

    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

static bool
is_over(const struct keyset_key *key, int64_t now_s)
{
    return key->until_s != 0 && key->until_s <= now_s;
}

bool
keyset_is_public(const struct keyset_key *key)
{
    size_t len = strlen(key->file);

    return len > 4 && strcmp(key->file + len - 4, ".pub") == 0;
}

const struct keyset_key *
keyset_active(const struct keyset *set, enum keyset_kind kind, int64_t now_s)
{
    const struct keyset_key *best = NULL;

    for (size_t i = 0; i < set->n; i++) {
        const struct keyset_key *key = &set->keys[i];
        bool begun = key->from_s <= now_s;
        bool best_begun = best && best->from_s <= now_s;

        if (key->kind != kind || is_over(key, now_s) || keyset_is_public(key) ||
            (best_begun && !begun)) {
            continue;
        }
        /* the latest that has begun, else the first that will */
        if (!best || (begun && !best_begun) ||
            (begun ? key->from_s > best->from_s : key->from_s < best->from_s)) {
            best = key;
        }
    }
    return best;
}

enum keyset_state
keyset_state(const struct keyset *set, const struct keyset_key *key, int64_t now_s)
{
    if (is_over(key, now_s)) {
        return KEYSET_RETIRED;
    }
    if (keyset_active(set, key->kind, now_s) == key) {
        return KEYSET_ACTIVE;
    }
    return key->from_s > now_s ? KEYSET_NEXT : KEYSET_ACCEPTED;
}

struct keyset_key *
keyset_find(struct keyset *set, enum keyset_kind kind, uint32_t id)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->keys[i].kind == kind && set->keys[i].id == id) {
            return &set->keys[i];
        }
    }
    return NULL;
}

size_t
keyset_count(const struct keyset *set, enum keyset_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        n += set->keys[i].kind == kind;
    }
    return n;
}

/* The newest of a kind stands first; ids are one byte and come round. */
uint32_t
keyset_next_id(const struct keyset *set, enum keyset_kind kind)
{
    bool taken[ID_MAX + 1] = {true};
    uint32_t id = 0;

    for (size_t i = set->n; i-- > 0;) {
        if (set->keys[i].kind == kind) {
            id = set->keys[i].id;
            taken[id] = true;
        }
    }
    do {
        id = id == ID_MAX ? 1 : id + 1;
    } while (taken[id]);
    return id;
}

int64_t
keyset_change_s(const struct keyset *set, int64_t now_s)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < set->n; i++) {
        const int64_t times[] = {set->keys[i].from_s, set->keys[i].until_s};

        for (size_t j = 0; j < ARRAY_LEN(times); j++) {
            next = times[j] > now_s && times[j] < next ? times[j] : next;
        }
    }
    return next;
}

/* Of policy keys: the present one and, while it is rotated, the one before. */
static size_t
most_of(enum keyset_kind kind)
{
    return kinds[kind].slots ? SLOTS_MAX : kind == KEYSET_POLICY ? POLICY_MAX : KEYSET_KIND_MAX;
}

int
keyset_add(struct keyset *set, const struct keyset_key *key)
{
    size_t at = 0;

    if (set->n == KEYSET_KEYS_MAX || keyset_count(set, key->kind) >= most_of(key->kind)) {
        return 1;
    }
    while (at < set->n && set->keys[at].kind < key->kind) {
        at++;
    }
    memmove(&set->keys[at + 1], &set->keys[at], (set->n - at) * sizeof(set->keys[0]));
    set->keys[at] = *key;
    set->n++;
    return 0;
}

void
keyset_drop(struct keyset *set, enum keyset_kind kind, uint32_t id)
{
    struct keyset_key *key = keyset_find(set, kind, id);
    size_t at = key ? (size_t)(key - set->keys) : 0;

    if (key) {
        memmove(key, key + 1, (set->n - at - 1) * sizeof(set->keys[0]));
        set->n--;
    }
}

/* The word before the next blank or the line's end, which is taken too. */
static struct bytes
word(struct rd *rd, bool *ret_last)
{
    struct rd ahead = *rd;
    struct bytes text = rd_rest(&ahead);
    size_t len = 0;

    while (len < text.len && text.p[len] != ' ' && text.p[len] != '\n') {
        len++;
    }
    (void)rd_bytes(rd, len);
    *ret_last = rd_u8(rd) == '\n'; /* without either the cursor fails */
    return bytes_of(text.p, len);
}

/* Decimal digits without a leading zero. */
static bool
number(struct bytes text, int64_t most, int64_t *ret)
{
    int64_t value = 0;

    if (text.len == 0 || text.len > 12 || (text.len > 1 && text.p[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        value = value * 10 + (text.p[i] - '0');
    }
    *ret = value;
    return value <= most;
}

/* A name in this folder and no other: what would leave it, or hide, is none. */
static bool
file_name(struct bytes text, char ret[KEYSET_NAME_ROOM])
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

    if (text.len == 0 || text.len >= KEYSET_NAME_ROOM || text.p[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '\0' || !strchr(fine, text.p[i])) {
            return false;
        }
        ret[i] = (char)text.p[i];
    }
    ret[text.len] = '\0';
    return !bytes_equal(text, bytes_str(KEYSET_FILE));
}

static bool
files_read(struct rd *rd, struct keyset_key *key)
{
    bool last = false;
    struct bytes file = word(rd, &last);
    bool has_cert = kinds[key->kind].cert[0] != '\0';

    if (key->kind == KEYSET_TICKET) {
        return last && bytes_equal(file, bytes_str("-"));
    }
    if (!file_name(file, key->file) || last == has_cert) {
        return false;
    }
    return !has_cert || (file_name(word(rd, &last), key->cert) && last);
}

static bool
line_read(struct rd *rd, struct keyset_key *ret)
{
    int64_t numbers[4] = {0};
    bool last = false;

    ret->kind = keyset_kind_of(word(rd, &last));
    for (size_t i = 0; i < ARRAY_LEN(numbers) && !last; i++) {
        if (!number(word(rd, &last), i == 0 ? ID_MAX : KEYSET_NEVER, &numbers[i])) {
            return false;
        }
    }
    ret->id = (uint32_t)numbers[0];
    ret->made_s = numbers[1];
    ret->from_s = numbers[2];
    ret->until_s = numbers[3];
    return !last && ret->kind != KEYSET_KIND_N && ret->id != 0 && files_read(rd, ret) &&
           !rd->failed;
}

int
keyset_read(struct bytes text, struct keyset *ret, size_t *ret_line)
{
    struct rd rd = rd_init(text);
    struct keyset set = {.listed = true};

    *ret_line = 1;
    if (!bytes_equal(rd_bytes(&rd, strlen(HEAD)), bytes_str(HEAD))) {
        return 1;
    }
    while (rd_left(&rd) > 0) {
        struct keyset_key key = {0};

        ++*ret_line;
        if (!line_read(&rd, &key) || keyset_find(&set, key.kind, key.id) ||
            set.n == KEYSET_KEYS_MAX || keyset_count(&set, key.kind) >= most_of(key.kind)) {
            return 1;
        }
        set.keys[set.n++] = key;
    }
    *ret = set;
    return 0;
}

size_t
keyset_write(const struct keyset *set, char *room, size_t cap)
{
    size_t len = (size_t)snprintf(room, cap, HEAD);

    for (size_t i = 0; i < set->n && len < cap; i++) {
        const struct keyset_key *key = &set->keys[i];

        len += (size_t)snprintf(
            room + len, cap - len, "%s %u %" PRId64 " %" PRId64 " %" PRId64 " %s%s%s\n",
            kinds[key->kind].name, key->id, key->made_s, key->from_s, key->until_s,
            key->file[0] ? key->file : "-", key->cert[0] ? " " : "", key->cert);
    }
    return len < cap ? len : 0;
}

int
keyset_stamp(const struct keyset *set, uint8_t ret[SETUP_STAMP_SIZE])
{
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    CLEANUP(free_p) char *text = malloc(KEYSET_TEXT_ROOM);
    uint8_t digest[32];
    int r = hasher && text
                ? hasher_bytes(hasher, HASH_SHA256,
                               bytes_of(text, keyset_write(set, text, KEYSET_TEXT_ROOM)), digest)
                : -ENOMEM;

    if (r == 0) {
        memcpy(ret, digest, SETUP_STAMP_SIZE);
    }
    return r;
}

/* KIND-ID, KIND-ID.key, .pem or .pub */
static bool
is_numbered(struct bytes name)
{
    static const char *const ends[] = {"", ".key", ".pem", ".pub"};
    size_t len = name.len;
    int64_t id = 0;

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        size_t end = strlen(ends[i]);

        if (end > 0 && name.len > end && memcmp(name.p + name.len - end, ends[i], end) == 0) {
            len = name.len - end;
        }
    }
    for (size_t i = len; i-- > 0;) {
        if (name.p[i] == '-') {
            return number(bytes_of(name.p + i + 1, len - i - 1), ID_MAX, &id) &&
                   keyset_kind_of(bytes_of(name.p, i)) != KEYSET_KIND_N;
        }
    }
    return false;
}

static bool
is_name(struct bytes name)
{
    for (size_t i = 0; i < KEYSET_KIND_N; i++) {
        if (name.len > 0 && (bytes_equal(name, bytes_str(kinds[i].file)) ||
                             bytes_equal(name, bytes_str(kinds[i].cert)))) {
            return true;
        }
    }
    return is_numbered(name);
}

bool
keyset_is_ours(const char *name)
{
    struct bytes whole = bytes_str(name);
    bool may_be_temporary = whole.len > TEMPORARY && name[whole.len - TEMPORARY] == '.';
    struct bytes stem = bytes_of(whole.p, whole.len - (may_be_temporary ? TEMPORARY : 0));

    return is_name(whole) ||
           (may_be_temporary && (is_name(stem) || bytes_equal(stem, bytes_str(KEYSET_FILE))));
}

static int64_t
made_s(const char *folder, const char *file)
{
    char path[PATH_ROOM];
    struct stat stat_of;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return stat(path, &stat_of) == 0 ? (int64_t)stat_of.st_mtim.tv_sec : 0;
}

/* Ids of a file of slots; a file that is missing or no such file has one of id 1, and whoever reads
 * the key says what is wrong with it. */
static size_t
slot_ids(const char *folder, const char *file, uint8_t ids[SLOTS_MAX])
{
    char path[PATH_ROOM];
    struct bytes in = BYTES_NULL;
    size_t n = 1;

    ids[0] = 1;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (file_read(path, SLOTS_MAX * KEYSET_SLOT_SIZE, &in) == 0 && in.len > 0 && in.p[0] != 0) {
        ids[0] = in.p[0];
        if (in.len == SLOTS_MAX * KEYSET_SLOT_SIZE && in.p[KEYSET_SLOT_SIZE] != 0 &&
            in.p[KEYSET_SLOT_SIZE] != ids[0]) {
            ids[n++] = in.p[KEYSET_SLOT_SIZE];
        }
    }
    file_free(&in);
    return n;
}

/* What a folder of before the list has, the first slot of a file being the active one. */
static void
implied(const char *folder, struct keyset *ret)
{
    *ret = (struct keyset){0};
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        uint8_t ids[SLOTS_MAX] = {1};
        size_t n = kinds[kind].slots ? slot_ids(folder, kinds[kind].file, ids) : 1;
        /* a policy key itself may be kept elsewhere */
        int64_t made = made_s(folder, kind == KEYSET_POLICY ? kinds[kind].cert : kinds[kind].file);

        for (size_t i = 0; i < n && kind != KEYSET_TICKET; i++) {
            struct keyset_key *key = &ret->keys[ret->n++];

            *key = (struct keyset_key){.kind = kind, .id = ids[i], .made_s = made};
            snprintf(key->file, sizeof(key->file), "%s", kinds[kind].file);
            snprintf(key->cert, sizeof(key->cert), "%s", kinds[kind].cert);
        }
    }
}

int
keyset_load(const char *folder, struct keyset *ret, struct conf_problem *problem)
{
    char path[PATH_ROOM];
    struct bytes text = BYTES_NULL;
    size_t line = 0;
    int r;

    snprintf(path, sizeof(path), "%s/%s", folder, KEYSET_FILE);
    r = file_read(path, KEYSET_TEXT_ROOM, &text);
    if (r == -ENOENT) {
        implied(folder, ret);
        return 0;
    }
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: %s", path, strerror(-r));
        return r;
    }
    r = keyset_read(text, ret, &line);
    if (r != 0) {
        snprintf(problem->text, sizeof(problem->text),
                 "%.180s:%zu: not a line that `assay key` writes", path, line);
    }
    file_free(&text);
    return r;
}

int
keyset_save(const char *folder, struct keyset *set)
{
    char path[PATH_ROOM];
    CLEANUP(free_p) char *room = malloc(KEYSET_TEXT_ROOM);
    size_t len = room ? keyset_write(set, room, KEYSET_TEXT_ROOM) : 0;
    int r;

    if (len == 0) {
        return room ? -ENOSPC : -ENOMEM;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, KEYSET_FILE);
    r = file_replace(path, 0600, bytes_of(room, len));
    set->listed = set->listed || r == 0;
    return r;
}
