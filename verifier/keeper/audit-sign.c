#include "keeper/audit-sign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "crypto/p256.h"
#include "wire/audit-head.h"

enum { PATH_ROOM = 512 + 8, EVERY_MS = 1000, FILE_MODE = 0640 };

struct audit_keep {
    struct privkey *key;
    struct p256 point;
    uint8_t kid[P256_THUMB_SIZE];
    char path[PATH_ROOM]; /* "" for a store in memory */
    const char *alarm;
    bool due;
    bool failing; /* said once, not each second */
    int64_t written_ms;
};

/* Fills key, point and kid of keep. */
static int
take_key(struct keeper *keeper, struct bytes pem, struct audit_keep *keep)
{
    int r = privkey_from_pem(pem, &keep->key);

    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    wipe((void *)(uintptr_t)pem.p, pem.len);
    r = privkey_point(keep->key, keep->point.x, keep->point.y);
    return r == 0 ? p256_cose_thumb(&keep->point, keeper->hasher, keep->kid) : r;
}

int
audit_sign_renew(struct keeper *keeper, struct bytes pem)
{
    struct audit_keep fresh = {.key = NULL};
    struct audit_keep *keep = keeper->audit;
    int r = take_key(keeper, pem, &fresh);

    if (r != 0) {
        privkey_free(fresh.key);
        return r;
    }
    privkey_free(keep->key);
    keep->key = fresh.key;
    keep->point = fresh.point;
    memcpy(keep->kid, fresh.kid, sizeof(keep->kid));
    keep->due = true;
    return 0;
}

static void
take_path(const struct keeper *keeper, struct audit_keep *keep)
{
    struct bytes path = keeper->setup.store_path;

    if (!bytes_equal(path, bytes_str(":memory:"))) {
        snprintf(keep->path, sizeof(keep->path), "%.*s.head", (int)path.len, (const char *)path.p);
    }
}

struct found {
    bool there;
    uint8_t hash[32];
};

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    struct found *found = context;

    (void)row;
    found->there = true;
    memcpy(found->hash, hash, sizeof(found->hash));
    return false;
}

/* Whether the chain has the row that a head names. Returns 0, 1 when not, or a negative errno. */
static int
compare(struct keeper *keeper, const struct audit_head *head)
{
    struct found found = {.there = head->count == 0};
    int64_t rows = 0;
    uint8_t last[32];
    int r = store_audit_head(keeper->store, &rows, last);

    if (r < 0) {
        return r;
    }
    if (head->count > 0 && head->count <= rows) {
        r = store_audit_each(keeper->store, head->count, on_row, &found);
    } else {
        r = 0;
    }
    return r < 0 ? r : found.there && memcmp(found.hash, head->hash, 32) == 0 ? 0 : 1;
}

static void
alarm_raise(struct keeper *keeper, const char *why, int64_t count)
{
    keeper->audit->alarm = why;
    log_event(LOG_ERROR, "audit-alarm", LOG_STR("why", why), LOG_INT("head_rows", count),
              LOG_STR("file", keeper->audit->path));
}

static int
open_by(struct keeper *keeper, struct bytes file, const struct p256 *point, struct audit_head *ret)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    int r = pubkey_from_point(KEY_P256, BYTES_OF(point->x), BYTES_OF(point->y), &key);

    return r == 0 ? audit_head_open(file, key, keeper->hasher, ret) : r;
}

static int
judge_file(struct keeper *keeper, struct bytes file)
{
    const struct keeper_setup *setup = &keeper->setup;
    struct audit_head head;
    int r = open_by(keeper, file, &keeper->audit->point, &head);

    for (size_t i = 0; r > 0 && i < setup->n_audit_old; i++) {
        r = open_by(keeper, file, &setup->audit_old[i], &head); /* a rotation just before a crash */
    }
    if (r != 0 || !bytes_equal(head.site, keeper->setup.site)) {
        if (r >= 0) {
            alarm_raise(keeper, "the signed head is not of this site's audit key", 0);
        }
        return r < 0 ? r : 0;
    }
    r = compare(keeper, &head);
    if (r > 0) {
        alarm_raise(keeper, "the audit log lacks rows that its signed head counts", head.count);
    }
    return r < 0 ? r : 0;
}

static int
check_file(struct keeper *keeper)
{
    struct bytes file = BYTES_NULL;
    int r =
        keeper->audit->path[0] ? file_read(keeper->audit->path, AUDIT_HEAD_ROOM, &file) : -ENOENT;

    if (r == -ENOENT) {
        return 0; /* the first start, or an operator moved it away */
    }
    if (r == -EFBIG || r == -EINVAL) {
        alarm_raise(keeper, "the signed head is no head", 0);
        return 0;
    }
    if (r == 0) {
        r = judge_file(keeper, file);
        file_free(&file);
    }
    return r;
}

int
audit_sign_begin(struct keeper *keeper)
{
    int r;

    keeper->audit = calloc(1, sizeof(*keeper->audit));
    if (!keeper->audit) {
        return -ENOMEM;
    }
    r = take_key(keeper, keeper->setup.audit_key, keeper->audit);
    if (r == 0) {
        take_path(keeper, keeper->audit);
        r = check_file(keeper);
    }
    keeper->audit->due = true; /* a crash may have left the file behind */
    return r;
}

int
audit_sign_now(struct keeper *keeper, struct wr *wr, int64_t *ret_count)
{
    struct audit_keep *keep = keeper->audit;
    struct audit_head head = {
        .site = keeper->setup.site,
        .at_ms = keeper->clock->utc_ms(keeper->clock->context),
    };
    int r = store_audit_head(keeper->store, &head.count, head.hash);

    if (r < 0) {
        return r;
    }
    r = audit_head_sign(wr, &head, BYTES_OF(keep->kid), keep->key, keeper->hasher);
    if (r == 0) {
        *ret_count = head.count;
    }
    return r > 0 ? -EINVAL : r;
}

static void
write_file(struct keeper *keeper)
{
    struct audit_keep *keep = keeper->audit;
    uint8_t room[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int64_t count = 0;
    int r = audit_sign_now(keeper, &wr, &count);

    if (r == 0) {
        r = file_replace(keep->path, FILE_MODE, wr_done(&wr));
    }
    if (r < 0 && !keep->failing) {
        log_event(LOG_ERROR, "audit-head", LOG_STR("file", keep->path), LOG_INT("errno", -r));
    }
    keep->failing = r < 0; /* tried again each second: the rows are safe meanwhile */
    keep->due = r < 0;
}

void
audit_sign_due(struct keeper *keeper)
{
    keeper->audit->due = true;
}

void
audit_sign_turn(struct keeper *keeper)
{
    struct audit_keep *keep = keeper->audit;
    int64_t now_ms = keeper->clock->mono_ms(keeper->clock->context);

    if (!keep->due || keep->alarm || !keep->path[0] || now_ms - keep->written_ms < EVERY_MS) {
        return;
    }
    keep->written_ms = now_ms;
    write_file(keeper);
}

void
audit_sign_end(struct keeper *keeper)
{
    struct audit_keep *keep = keeper->audit;

    if (!keep) {
        return;
    }
    if (keep->due && !keep->alarm && keep->path[0] && keeper->store) {
        store_rollback(keeper->store); /* what was not committed is not to be signed */
        write_file(keeper);
    }
    privkey_free(keep->key);
    free(keep);
    keeper->audit = NULL;
}

const char *
audit_sign_alarm(const struct keeper *keeper)
{
    return keeper->audit->alarm;
}
