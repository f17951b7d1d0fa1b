#include "base/spread.h"

uint64_t
spread(uint64_t seed, struct bytes key)
{
    uint64_t h = seed;

    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ key.p[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    return h;
}

uint64_t
spread_key(uint64_t seed, struct bytes key)
{
    uint64_t h = spread(seed, key);

    return h ? h : 1;
}
