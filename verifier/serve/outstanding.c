#include "serve/outstanding.h"

bool
outstanding_add(struct outstanding *table, uint64_t conn, uint64_t request)
{
    if (table->n == ARRAY_LEN(table->row)) {
        return false;
    }
    table->row[table->n].conn = conn;
    table->row[table->n].request = request;
    table->n++;
    return true;
}

static void
remove_at(struct outstanding *table, size_t i)
{
    table->n--;
    table->row[i] = table->row[table->n];
}

bool
outstanding_take(struct outstanding *table, uint64_t conn, uint64_t request)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->row[i].request == request && table->row[i].conn == conn) {
            remove_at(table, i);
            return true;
        }
    }
    return false;
}

void
outstanding_drop(struct outstanding *table, uint64_t conn)
{
    for (size_t i = table->n; i > 0; i--) {
        if (table->row[i - 1].conn == conn) {
            remove_at(table, i - 1);
        }
    }
}
