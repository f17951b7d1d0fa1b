#include "lib/alloc-count.h"

#include <stdlib.h>

static size_t count;

/* The linker's names: __real_ is the function that __wrap_ stands before. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

size_t
alloc_count(void)
{
    return count;
}

void *
__wrap_malloc(size_t size)
{
    count++;
    return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    count++;
    return __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    count++;
    return __real_realloc(old, size);
}
