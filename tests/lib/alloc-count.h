/* How often this program's own code asked for memory: malloc(), calloc() and realloc() of all that
 * is linked in statically are counted (the linker's --wrap). For claims that something allocates
 * nothing. */
#pragma once

#include <stddef.h>

size_t alloc_count(void);
