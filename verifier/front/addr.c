#include "front/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/spread.h"
#include "base/wr.h"

enum { IP4_LEN = 4, IP6_LEN = 16, PREFIX4_LEN = 3, PREFIX6_LEN = 6 };

int
addr_read(const struct sockaddr_storage *in, struct addr *ret_addr)
{
    struct addr out = {0};

    if (in->ss_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, in, sizeof(v4));
        memcpy(out.ip, &v4.sin_addr, IP4_LEN);
        out.port = ntohs(v4.sin_port);
    } else if (in->ss_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, in, sizeof(v6));
        memcpy(out.ip, &v6.sin6_addr, IP6_LEN);
        out.port = ntohs(v6.sin6_port);
        out.scope_id = v6.sin6_scope_id;
        out.v6 = true;
    } else {
        return 1;
    }
    *ret_addr = out;
    return 0;
}

socklen_t
addr_sockaddr(const struct addr *addr, struct sockaddr_storage *ret_out)
{
    memset(ret_out, 0, sizeof(*ret_out));
    if (addr->v6) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(addr->port)};

        memcpy(&v6.sin6_addr, addr->ip, IP6_LEN);
        v6.sin6_scope_id = addr->scope_id;
        memcpy(ret_out, &v6, sizeof(v6));
        return sizeof(v6);
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(addr->port)};

    memcpy(&v4.sin_addr, addr->ip, IP4_LEN);
    memcpy(ret_out, &v4, sizeof(v4));
    return sizeof(v4);
}

void
addr_key(const struct addr *addr, uint8_t out[ADDR_KEY_LEN])
{
    struct wr wr = wr_init(out, ADDR_KEY_LEN);

    wr_u8(&wr, addr->v6 ? 6 : 4);
    wr_bytes(&wr, BYTES_OF(addr->ip));
    wr_be16(&wr, addr->port);
    wr_be32(&wr, addr->scope_id);
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
    return a->port == b->port && a->v6 == b->v6 && a->scope_id == b->scope_id &&
           memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

uint64_t
addr_hash(const struct addr *addr, uint64_t seed)
{
    uint8_t key[ADDR_KEY_LEN];

    addr_key(addr, key);
    return spread(seed, BYTES_OF(key));
}

struct addr_prefix
addr_prefix(const struct addr *addr)
{
    struct addr_prefix out = {.b = {addr->v6 ? 6 : 4}};

    memcpy(out.b + 1, addr->ip, addr->v6 ? PREFIX6_LEN : PREFIX4_LEN);
    return out;
}

char *
addr_text(const struct addr *addr, char out[ADDR_TEXT_ROOM])
{
    char ip[INET6_ADDRSTRLEN] = "?";

    ignore(!inet_ntop(addr->v6 ? AF_INET6 : AF_INET, addr->ip, ip, sizeof(ip)),
           "the room suffices, and the text is for people only");
    snprintf(out, ADDR_TEXT_ROOM, addr->v6 ? "[%s]:%u" : "%s:%u", ip, addr->port);
    return out;
}
