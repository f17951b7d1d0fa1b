#include "main/nonce-renew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "main/key-folder.h"

enum { PATH_ROOM = 400 };

/* A key of a folder without a list has no time but its file's. */
static int64_t
begun_s(const struct keyset_key *key)
{
    return key->from_s > key->made_s ? key->from_s : key->made_s;
}

int64_t
nonce_renew_due_s(const struct keyset *set, int64_t every_s, int64_t now_s)
{
    const struct keyset_key *key = keyset_active(set, KEYSET_NONCE, now_s);

    if (every_s == 0 || !key) {
        return INT64_MAX;
    }
    return begun_s(key) > now_s + every_s ? now_s : begun_s(key) + every_s;
}

static int
fail(struct conf_problem *problem, const char *folder, const char *name, int r)
{
    snprintf(problem->text, sizeof(problem->text), "%.150s/%.40s: %.50s", folder, name,
             strerror(-r));
    return r;
}

static int
write_key(const char *folder, const struct keyset_key *key, struct conf_problem *problem)
{
    uint8_t slot[KEYSET_SLOT_SIZE];
    char path[PATH_ROOM];
    int r = random_bytes(slot, sizeof(slot));

    slot[0] = (uint8_t)key->id;
    if (r == 0) {
        snprintf(path, sizeof(path), "%s/%s", folder, key->file);
        r = file_replace(path, 0600, BYTES_OF(slot));
    }
    wipe(slot, sizeof(slot));
    return r == 0 ? 0 : fail(problem, folder, key->file, r);
}

/* The active one gets an end; any other would need a third place. */
static void
end_elders(struct keyset *set, int64_t now_s)
{
    const struct keyset_key *active = keyset_active(set, KEYSET_NONCE, now_s);
    uint32_t id = active ? active->id : 0;

    for (size_t i = set->n; i-- > 0;) {
        struct keyset_key *key = &set->keys[i];

        if (key->kind != KEYSET_NONCE) {
            continue;
        }
        if (key->id != id) {
            keyset_drop(set, KEYSET_NONCE, key->id);
            continue;
        }
        key->from_s = key->from_s < now_s ? key->from_s : now_s; /* of a clock that was ahead */
        key->until_s = now_s + NONCE_RENEW_AFTER_S;
    }
}

static int
replace(const char *folder, struct keyset *set, int64_t now_s, struct conf_problem *problem)
{
    struct keyset_key key = {.kind = KEYSET_NONCE, .made_s = now_s, .from_s = now_s};
    int r;

    key.id = keyset_next_id(set, KEYSET_NONCE);
    snprintf(key.file, sizeof(key.file), "%s-%u", keyset_kind_name(KEYSET_NONCE), key.id);
    end_elders(set, now_s);
    r = keyset_add(set, &key) == 0 ? 0 : fail(problem, folder, KEYSET_FILE, -ENOSPC);
    if (r == 0) {
        r = write_key(folder, &key, problem);
    }
    if (r == 0) {
        r = keyset_save(folder, set);
        r = r == 0 ? 0 : fail(problem, folder, KEYSET_FILE, r);
    }
    if (r == 0) {
        ignore(key_folder_clean(folder, set, problem) < 0, "the problem says which file stayed");
    }
    return r;
}

static int
renew_locked(const char *folder, struct keyset *set, int64_t every_s, int64_t now_s,
             struct conf_problem *problem)
{
    int r = keyset_load(folder, set, problem);

    if (r != 0) {
        return r < 0 ? r : -EBADMSG;
    }
    if (nonce_renew_due_s(set, every_s, now_s) > now_s) {
        return 0;
    }
    key_folder_tidy(folder, set, KEYSET_NONCE, now_s);
    r = replace(folder, set, now_s, problem);
    return r == 0 ? 1 : r;
}

int
nonce_renew(const char *folder, int64_t every_s, int64_t now_s, struct conf_problem *problem)
{
    CLEANUP(free_p) struct keyset *set = calloc(1, sizeof(*set));
    int fd = set ? key_folder_lock(folder) : -ENOMEM;
    int r =
        fd < 0 ? fail(problem, folder, "", fd) : renew_locked(folder, set, every_s, now_s, problem);

    if (fd >= 0) {
        close(fd);
    }
    return r;
}
