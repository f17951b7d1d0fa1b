/* Rows of the audit log as JSON objects, and the walk along their chain: what `assay audit` asks
 * the keeper for, writes to an export and reads again. Nothing that is read is believed. */
#pragma once

#include <jansson.h>

#include "wire/audit-head.h"
#include "wire/audit-row.h"

struct audit_line {
    struct audit_row row; /* views into the object and into device */
    uint8_t device[WIRE_UEID_SIZE];
    uint8_t hash[32];
};

/* {"seq", "at_ms", "kind", "device": hex or null, "actor", "text", "hash": hex} and nothing else.
 * row.device points into ret. Returns 0 or 1. */
MUST_CHECK int audit_line_read(const json_t *object, struct audit_line *ret);

/* One line without its newline, from memory that the caller frees; NULL when there is none. */
char *audit_line_write(const json_t *object);

/* {"head": base64url of a signed head} and nothing else. Returns 0 with its bytes in room, or 1. */
MUST_CHECK int audit_head_line_read(const json_t *object, uint8_t room[AUDIT_HEAD_ROOM],
                                    struct bytes *ret);

enum audit_outcome {
    AUDIT_OK,
    AUDIT_E_ORDER,  /* another number than the next: rows are missing, doubled or moved */
    AUDIT_E_HASH,   /* the row does not follow the one before: one of them was edited */
    AUDIT_E_HEAD,   /* another row stands where a head counted one: the log was made anew */
    AUDIT_E_BEHIND, /* a head counts more rows than there are: the end was cut off */
};

/* Along the rows, past up to two heads. Zero but for the heads is the start. */
struct audit_walk {
    int64_t rows;
    uint8_t hash[32];
    size_t n_heads;
    struct {
        int64_t count;
        uint8_t hash[32];
    } heads[2];
};

/* A head that the chain must meet; before the first row. */
void audit_walk_head(struct audit_walk *walk, const struct audit_head *head);

/* The next row. Returns an outcome, or a negative errno. */
MUST_CHECK int audit_walk_row(struct audit_walk *walk, const struct audit_line *line,
                              struct hasher *hasher);

/* After the last row: AUDIT_OK or AUDIT_E_BEHIND. */
MUST_CHECK int audit_walk_end(const struct audit_walk *walk);

/* In words. */
const char *audit_outcome_text(int outcome);
