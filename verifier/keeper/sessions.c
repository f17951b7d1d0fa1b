#include "keeper/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

struct key {
    const void *front;
    uint64_t connection;
};

struct entry {
    struct key key;
    struct session session;
    uint64_t piece;
    UT_hash_handle hh;
};

struct sessions {
    struct entry *table; /* uthash keeps insertion order: the head is the oldest */
    uint64_t piece;      /* counts up for ever */
    uint64_t batch;      /* its first piece */
};

struct sessions *
sessions_new(void)
{
    return calloc(1, sizeof(struct sessions));
}

static void
entry_end(struct sessions *sessions, struct entry *entry)
{
    HASH_DEL(sessions->table, entry);
    wipe(entry, sizeof(*entry));
    free(entry);
}

void
sessions_free(struct sessions *sessions)
{
    while (sessions && sessions->table) {
        entry_end(sessions, sessions->table);
    }
    free(sessions);
}

static struct entry *
find(struct sessions *sessions, const void *front, uint64_t connection)
{
    struct entry *entry = NULL;
    struct key key;

    memset(&key, 0, sizeof(key));
    key.front = front;
    key.connection = connection;
    HASH_FIND(hh, sessions->table, &key, sizeof(key), entry);
    return entry;
}

int
sessions_put(struct sessions *sessions, const void *front, uint64_t connection,
             const struct session *session)
{
    struct entry *entry = find(sessions, front, connection);

    if (entry) {
        HASH_DEL(sessions->table, entry); /* renewed: it goes to the end of the order */
    } else {
        if (HASH_COUNT(sessions->table) >= SESSIONS_MAX) {
            entry_end(sessions, sessions->table);
        }
        entry = calloc(1, sizeof(*entry));
        if (!entry) {
            return -ENOMEM;
        }
        entry->key.front = front;
        entry->key.connection = connection;
    }
    HASH_ADD(hh, sessions->table, key, sizeof(entry->key), entry);
    entry->session = *session;
    entry->piece = sessions->piece;
    return 0;
}

const struct session *
sessions_get(struct sessions *sessions, const void *front, uint64_t connection)
{
    const struct entry *entry = find(sessions, front, connection);

    return entry ? &entry->session : NULL;
}

void
sessions_drop(struct sessions *sessions, const void *front, uint64_t connection)
{
    struct entry *entry = find(sessions, front, connection);

    if (entry) {
        entry_end(sessions, entry);
    }
}

void
sessions_drop_device(struct sessions *sessions, const uint8_t device[WIRE_UEID_SIZE])
{
    struct entry *entry;
    struct entry *next;

    HASH_ITER(hh, sessions->table, entry, next)
    {
        if (memcmp(entry->session.device, device, WIRE_UEID_SIZE) == 0) {
            entry_end(sessions, entry);
        }
    }
}

void
sessions_drop_front(struct sessions *sessions, const void *front)
{
    struct entry *entry;
    struct entry *next;

    HASH_ITER(hh, sessions->table, entry, next)
    {
        if (entry->key.front == front) {
            entry_end(sessions, entry);
        }
    }
}

static void
drop_since(struct sessions *sessions, uint64_t piece)
{
    struct entry *entry;
    struct entry *next;

    HASH_ITER(hh, sessions->table, entry, next)
    {
        if (entry->piece >= piece) {
            entry_end(sessions, entry);
        }
    }
}

void
sessions_settle(struct sessions *sessions, bool kept)
{
    if (!kept) {
        drop_since(sessions, sessions->batch);
    }
    sessions->batch = ++sessions->piece;
}

void
sessions_piece(struct sessions *sessions)
{
    sessions->piece++;
}

void
sessions_undo(struct sessions *sessions)
{
    drop_since(sessions, sessions->piece);
}
