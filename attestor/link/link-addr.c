#include "link/link-addr.h"

#include <stdio.h>
#include <unistd.h>

static bool
copy(char *out, size_t cap, const char *from, size_t len)
{
    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool
port_good(const char *port)
{
    unsigned long value = 0;

    for (const char *c = port; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        value = value * 10 + (unsigned long)(*c - '0');
    }
    return port[0] != '\0' && value > 0 && value <= UINT16_MAX;
}

/* Takes the scheme off, if there is one. */
static bool
scheme_read(const char **p, size_t *len, const char *scheme)
{
    size_t n = strlen(scheme);
    bool named = *len > n && strncmp(*p, scheme, n) == 0;

    if (named) {
        *p += n;
        *len -= n;
    }
    return named;
}

/* One entry without the spaces around it. */
static bool
entry_read(const char *p, size_t len, struct link_addr *addr)
{
    const char *close;
    const char *rest;
    const char *host;
    size_t host_len;
    size_t rest_len;

    addr->stream = scheme_read(&p, &len, "coaps+tcp://");
    if (!addr->stream) {
        ignore(scheme_read(&p, &len, "coaps://"), "it is what is meant without one");
    }
    close = p[0] == '[' ? memchr(p, ']', len) : NULL;
    rest = close ? close + 1 : memchr(p, ':', len);
    host = close ? p + 1 : p;
    host_len = close ? (size_t)(close - host) : rest ? (size_t)(rest - p) : len;
    rest_len = rest ? len - (size_t)(rest - p) : 0;

    if ((p[0] == '[' && !close) || !copy(addr->host, sizeof(addr->host), host, host_len)) {
        return false;
    }
    if (rest_len == 0) {
        snprintf(addr->port, sizeof(addr->port), "%s", LINK_ADDR_PORT);
        return true;
    }
    return rest[0] == ':' && copy(addr->port, sizeof(addr->port), rest + 1, rest_len - 1) &&
           port_good(addr->port);
}

int
link_addr_next(const char **list, struct link_addr *ret)
{
    const char *p = *list + strspn(*list, " \t,");
    size_t len = strcspn(p, " \t,");
    struct link_addr addr;

    *list = p + len;
    if (len == 0) {
        return LINK_ADDR_END;
    }
    if (!entry_read(p, len, &addr)) {
        return LINK_ADDR_E_FORM;
    }
    *ret = addr;
    return 0;
}

int
link_addr_resolve(const struct link_addr *addr, struct addrinfo **ret)
{
    static const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};

    /* those of TCP are the same; one kind is asked for so that each comes once */
    return getaddrinfo(addr->host, addr->port, &hints, ret) == 0 ? 0 : 1;
}

bool
link_addr_reachable(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool reachable = fd >= 0 && connect(fd, info->ai_addr, info->ai_addrlen) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return reachable;
}
