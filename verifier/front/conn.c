#include "front/conn.h"

#include <errno.h>
#include <stdlib.h>

int
conn_table_init(struct conn_table *table, uint32_t cap, uint64_t seed)
{
    size_t n = 16;

    while (n < 2 * (size_t)cap) {
        n *= 2;
    }
    table->buckets = calloc(n, sizeof(struct conn *));
    table->slots = calloc(cap, sizeof(struct conn *));
    table->free_slots = calloc(cap, sizeof(uint32_t));
    if (!table->buckets || !table->slots || !table->free_slots) {
        conn_table_done(table);
        return -ENOMEM;
    }
    table->n_buckets = n;
    table->cap = cap;
    table->seed = seed;
    for (uint32_t i = 0; i < cap; i++) {
        table->free_slots[i] = i;
    }
    return 0;
}

void
conn_table_done(struct conn_table *table)
{
    free(table->buckets);
    free(table->slots);
    free(table->free_slots);
    *table = (struct conn_table){0};
}

static struct conn **
bucket_of(const struct conn_table *table, const struct addr *peer)
{
    return &table->buckets[addr_hash(peer, table->seed) & (table->n_buckets - 1)];
}

struct conn *
conn_find(const struct conn_table *table, const struct addr *peer, bool open)
{
    struct conn *conn = *bucket_of(table, peer);

    while (conn && !(conn->open == open && addr_equal(&conn->dgram.peer, peer))) {
        conn = conn->hash_next;
    }
    return conn;
}

struct conn *
conn_by_id(const struct conn_table *table, uint64_t id)
{
    struct conn *conn = table->slots[id % table->cap];

    return conn && conn->id == id ? conn : NULL;
}

static enum conn_list
list_of(const struct conn *conn)
{
    if (!conn->open) {
        return LIST_HALF;
    }
    return conn->peer.kind == FRONT_PSK ? LIST_PSK : LIST_CERT;
}

static void
list_append(struct conn_table *table, struct conn *conn)
{
    enum conn_list list = list_of(conn);

    conn->prev = table->last[list];
    conn->next = NULL;
    *(conn->prev ? &conn->prev->next : &table->first[list]) = conn;
    table->last[list] = conn;
}

static void
list_take(struct conn_table *table, struct conn *conn)
{
    enum conn_list list = list_of(conn);

    *(conn->prev ? &conn->prev->next : &table->first[list]) = conn->next;
    *(conn->next ? &conn->next->prev : &table->last[list]) = conn->prev;
}

struct conn *
conn_add(struct conn_table *table, const struct addr *peer)
{
    struct conn *conn;
    struct conn **bucket = bucket_of(table, peer);
    uint32_t slot;

    if (table->n >= table->cap || !(conn = calloc(1, sizeof(*conn)))) {
        return NULL;
    }
    slot = table->free_slots[table->cap - 1 - table->n];
    table->n++;
    table->n_half++;
    conn->id = ++table->n_made * table->cap + slot;
    table->slots[slot] = conn;
    conn->dgram.peer = *peer;
    conn->hash_next = *bucket;
    *bucket = conn;
    list_append(table, conn);
    addr_text(peer, conn->text);
    return conn;
}

void
conn_opened(struct conn_table *table, struct conn *conn)
{
    list_take(table, conn);
    table->n_half--;
    conn->open = true;
    list_append(table, conn);
}

void
conn_used(struct conn_table *table, struct conn *conn)
{
    list_take(table, conn);
    list_append(table, conn);
}

void
conn_remove(struct conn_table *table, struct conn *conn)
{
    struct conn **link = bucket_of(table, &conn->dgram.peer);
    uint32_t slot = (uint32_t)(conn->id % table->cap);

    while (*link != conn) {
        link = &(*link)->hash_next;
    }
    *link = conn->hash_next;
    list_take(table, conn);
    table->n_half -= conn->open ? 0 : 1;
    table->slots[slot] = NULL;
    table->n--;
    table->free_slots[table->cap - 1 - table->n] = slot;
    replay_done(&conn->replays);
    for (size_t i = 0; i < LIMIT_FRONT_PENDING; i++) {
        if (conn->unacked[i].message) {
            wipe(conn->unacked[i].message, conn->unacked[i].len);
        }
        free(conn->unacked[i].message);
    }
    SSL_free(conn->ssl);
    wipe(&conn->peer, sizeof(conn->peer));
    free(conn);
}

struct conn *
conn_victim(const struct conn_table *table)
{
    return table->first[LIST_CERT] ? table->first[LIST_CERT] : table->first[LIST_PSK];
}

struct conn *
conn_oldest_half(const struct conn_table *table, const struct quota *quota)
{
    struct conn *conn = table->first[LIST_HALF];

    while (conn && quota && conn->quota != quota) {
        conn = conn->next;
    }
    return conn;
}

struct conn *
conn_oldest_device(const struct conn_table *table, const struct quota *device)
{
    struct conn *conn = table->first[LIST_PSK];

    while (conn && conn->device != device) {
        conn = conn->next;
    }
    return conn;
}
