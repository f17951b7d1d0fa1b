/* systemd-pcrlock's files: component.pcrlock, and component.pcrlock.d/variant.pcrlock for
 * alternatives. systemd-pcrlock(8). */
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "formats/cel-digests.h"
#include "import/import-json.h"
#include "import/import.h"
#include "policy/policy-put.h"
#include "wire/bundle-part.h"

enum { NAME_MAX_LEN = 40, RECORDS_MAX = 255 };

struct record {
    uint32_t pcr;
    size_t n;
    struct digest digests[LIMIT_BANKS];
};

struct lock {
    char component[IMPORT_NAME_ROOM], variant[IMPORT_NAME_ROOM];
    size_t n, n_weak, n_again; /* records kept; those of SHA-1 alone; those that stand above */
    struct record *records;    /* owned */
};

/* ---- names ---- */

/* "/x/650-kernel-efi.pcrlock.d" between two slashes as "kernel-efi". */
static void
plain_name(struct bytes part, char room[IMPORT_NAME_ROOM])
{
    static const char *const ends[] = {".pcrlock.d", ".pcrlock"};
    size_t digits = 0;
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        size_t len = strlen(ends[i]);

        if (part.len > len && memcmp(part.p + part.len - len, ends[i], len) == 0) {
            part.len -= len;
        }
    }
    while (digits < part.len && part.p[digits] >= '0' && part.p[digits] <= '9') {
        digits++;
    }
    if (digits + 1 < part.len && part.p[digits] == '-') {
        part = bytes_of(part.p + digits + 1, part.len - digits - 1);
    }
    for (; n < part.len && n + 1 < IMPORT_NAME_ROOM; n++) {
        bool plain = part_is_name(bytes_of(part.p + n, 1)) && !strchr("./:", part.p[n]);

        room[n] = '-';
        if (plain) {
            room[n] = (char)part.p[n];
        }
    }
    room[n] = '\0';
}

static bool
ends_in(struct bytes text, const char *end)
{
    size_t len = strlen(end);

    return text.len > len && memcmp(text.p + text.len - len, end, len) == 0;
}

/* A variant is of the component that its folder names. */
static void
take_names(struct lock *lock, const struct import_file *file)
{
    struct bytes path = bytes_str(file->path);
    size_t last = path.len;
    size_t above;

    while (last > 0 && path.p[last - 1] != '/') {
        last--;
    }
    above = last > 0 ? last - 1 : 0;
    while (above > 0 && path.p[above - 1] != '/') {
        above--;
    }
    plain_name(bytes_of(path.p + last, path.len - last), lock->component);
    snprintf(lock->variant, sizeof(lock->variant), "1");
    if (last > 0 && ends_in(bytes_of(path.p + above, last - 1 - above), ".pcrlock.d")) {
        memcpy(lock->variant, lock->component, sizeof(lock->variant));
        plain_name(bytes_of(path.p + above, last - 1 - above), lock->component);
    }
    if (file->name) {
        snprintf(lock->component, sizeof(lock->component), "%s", file->name);
    }
}

/* ---- records ---- */

static bool
stands_above(const struct lock *lock, const struct record *record)
{
    for (size_t i = 0; i < lock->n; i++) {
        const struct record *one = &lock->records[i];

        if (one->pcr == record->pcr &&
            bytes_equal(digest_bytes(&one->digests[0]), digest_bytes(&record->digests[0]))) {
            return true;
        }
    }
    return false;
}

/* SHA-1 goes: a policy would need leave for it, and a record of nothing else is told. */
static void
drop_sha1(struct record *record)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->n; i++) {
        if (record->digests[i].alg != HASH_SHA1) {
            record->digests[kept++] = record->digests[i];
        }
    }
    record->n = kept;
}

static bool
take_record(struct lock *lock, const json_t *value)
{
    struct record record = {0};
    const json_t *pcr = json_object_get(value, "pcr");

    if (!json_is_integer(pcr) || json_integer_value(pcr) < 0 ||
        json_integer_value(pcr) >= (json_int_t)LIMIT_PCRS ||
        cel_digests(value, record.digests, &record.n) != 0) {
        return false;
    }
    record.pcr = (uint32_t)json_integer_value(pcr);
    drop_sha1(&record);
    if (record.n == 0) {
        lock->n_weak++;
    } else if (stands_above(lock, &record)) {
        lock->n_again++;
    } else {
        lock->records[lock->n++] = record;
    }
    return true;
}

static int
lock_read(struct lock *lock, const struct import_file *file, struct fault *ret_fault)
{
    CLEANUP(import_json_freep) json_t *whole = import_json(file->bytes);
    const json_t *records = json_object_get(whole, "records");
    size_t n = json_array_size(records);

    if (!json_is_array(records) || json_object_size(whole) != 1 || n > RECORDS_MAX) {
        return fault_at(ret_fault, RULE_PCRLOCK_FORM, FAULT_NO_EVENT, 0);
    }
    lock->records = calloc(n + 1, sizeof(*lock->records));
    if (!lock->records) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!take_record(lock, json_array_get(records, i))) {
            return fault_at(ret_fault, RULE_PCRLOCK_RECORD, (uint32_t)i, 0);
        }
    }
    take_names(lock, file);
    return strlen(lock->component) > 0 && strlen(lock->component) <= NAME_MAX_LEN &&
                   part_is_name(bytes_str(lock->component)) &&
                   part_is_name(bytes_str(lock->variant))
               ? 0
               : fault_at(ret_fault, RULE_IMPORT_NAME, FAULT_NO_EVENT, 0);
}

/* ---- text ---- */

static void
write_left_out(FILE *out, const struct lock *lock)
{
    if (lock->n == 0) {
        fputs("# NOT IMPORTED: it measures nothing, which is a count from 0 in the slot's rule\n",
              out);
    }
    if (lock->n_weak > 0) {
        fprintf(out, "# NOT IMPORTED: %zu records of SHA-1 alone\n", lock->n_weak);
    }
    if (lock->n_again > 0) {
        fprintf(out, "# %zu records are what stands above: a count, or {1..2} in a sequence\n",
                lock->n_again);
    }
}

static void
write_parts(FILE *out, const struct lock *lock, const char *before)
{
    for (size_t i = 0; i < lock->n; i++) {
        const struct record *record = &lock->records[i];

        fprintf(out, "  %spcr%u", before, record->pcr);
        for (size_t k = 0; k < record->n; k++) {
            fputc(' ', out);
            policy_put_digest(out, record->digests[k].alg, digest_bytes(&record->digests[k]));
        }
        fputc('\n', out);
    }
}

/* Each file a release of its component. */
static int
write_apart(FILE *out, struct hasher *hasher, const struct import_ask *ask,
            const struct lock *locks)
{
    for (size_t i = 0; i < ask->n; i++) {
        int r = import_origin(out, hasher, "pcrlock file", &ask->files[i]);

        if (r < 0) {
            return r;
        }
        write_left_out(out, &locks[i]);
        if (locks[i].n > 0) {
            fprintf(out, "release %s pcrlock %s {\n  source operator pcrlock\n", locks[i].component,
                    locks[i].variant);
            write_parts(out, &locks[i], "");
            fputs("}\n", out);
        }
    }
    return 0;
}

/* All files one release, whose parts have the components' names: what belongs together, which
 * pcrlock itself cannot say. */
static int
write_together(FILE *out, struct hasher *hasher, const struct import_ask *ask,
               const struct lock *locks)
{
    for (size_t i = 0; i < ask->n; i++) {
        int r = import_origin(out, hasher, "pcrlock file", &ask->files[i]);

        if (r < 0) {
            return r;
        }
        write_left_out(out, &locks[i]);
    }
    fprintf(out, "release %s pcrlock %s {\n  source operator pcrlock\n", ask->component,
            ask->release);
    for (size_t i = 0; i < ask->n; i++) {
        char before[IMPORT_NAME_ROOM + 1];

        snprintf(before, sizeof(before), "%s-", locks[i].component);
        write_parts(out, &locks[i], before);
    }
    fputs("}\n", out);
    return 0;
}

/* Alternatives cannot stand in one release, which would want both. */
static int
check_alone(const struct import_ask *ask, const struct lock *locks, struct import_fault *ret_fault)
{
    for (size_t i = 0; ask->component && i < ask->n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(locks[i].component, locks[k].component) == 0) {
                ret_fault->file = i;
                return fault_at(&ret_fault->fault, RULE_PCRLOCK_TWICE, FAULT_NO_EVENT, 0);
            }
        }
    }
    return 0;
}

int
import_pcrlock(FILE *out, struct hasher *hasher, const struct import_ask *ask,
               struct import_fault *ret_fault)
{
    struct lock *locks = calloc(ask->n + 1, sizeof(*locks));
    int r = locks ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ask->n; i++) {
        ret_fault->file = i;
        r = lock_read(&locks[i], &ask->files[i], &ret_fault->fault);
    }
    r = r == 0 ? check_alone(ask, locks, ret_fault) : r;
    if (r == 0) {
        r = ask->component ? write_together(out, hasher, ask, locks)
                           : write_apart(out, hasher, ask, locks);
    }
    for (size_t i = 0; locks && i < ask->n; i++) {
        free(locks[i].records);
    }
    free(locks);
    return r;
}
