/* What every file may lean on: result rules, cleanup, borrowed bytes.
 *
 * Results. `int` functions that can meet bad input are MUST_CHECK and return
 *   0    done;
 *   < 0  we broke (-errno), pass it on unchanged;
 *   > 0  the input is so: an outcome of that function's own enum, handle it, never pass it on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Ignores a must-check result, with the reason in the source. */
#define ignore(expr, why) \
    do {                  \
        if (expr) {       \
        }                 \
    } while (0)

/* A borrowed view of bytes: lives as long as what it was taken from. */
struct bytes {
    const uint8_t *p;
    size_t len;
};

#define BYTES_NULL ((struct bytes){NULL, 0})
#define BYTES_OF(array) ((struct bytes){(array), sizeof(array)})

static inline struct bytes
bytes_of(const void *p, size_t len)
{
    return (struct bytes){p, len};
}

static inline struct bytes
bytes_str(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Equality of public bytes; secrets and MACs go through crypto's ct_equal(). */
static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* free() for CLEANUP on any pointer. */
void free_p(void *pointer_to_pointer);
