/* One backup of the store at a time, a slice a turn, so that devices do not wait for it. It lies in
 * the folder "backups" beside the store: an operator names a file, never a path, as who may ask
 * need not be who the keeper runs as. */
#pragma once

#include "keeper/keeper.h"

#define BACKUP_FOLDER "backups"
#define BACKUP_PATH_ROOM 640u
#define BACKUP_WAIT_MS 50

enum backup_state { BACKUP_NONE, BACKUP_RUNNING, BACKUP_DONE, BACKUP_FAILED };

struct backup_view {
    enum backup_state state;
    const char *path;
    int why; /* of BACKUP_FAILED: -errno, or STORE_EXISTS */
    int64_t left;
    int64_t pages; /* both 0 until it has begun to copy */
};

/* Begins one. Returns 0, STORE_EXISTS when the name is taken, -EBUSY while another runs, -ENOTSUP
 * for a store in memory, or another negative errno. */
MUST_CHECK int backup_begin(struct keeper *keeper, const char *name);

/* The present one, or the last. */
struct backup_view backup_view(const struct keeper *keeper);

bool backup_running(const struct keeper *keeper);
/* A slice; between two turns, when no batch is open. */
void backup_turn(struct keeper *keeper);
/* Milliseconds until the next slice is worth a try: 0 while it goes on, BACKUP_WAIT_MS after one
 * that found the store locked, -1 when none runs. */
int backup_wait_ms(const struct keeper *keeper);
/* Drops an unfinished one; before the store is closed. */
void backup_end(struct keeper *keeper);
