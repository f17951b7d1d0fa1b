#include "keeper/peer-prefix.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { PREFIX4_LEN = 3, PREFIX6_LEN = 6 };

struct peer_prefix
peer_prefix(struct bytes text)
{
    struct peer_prefix out = {{0}};
    bool v6 = text.len > 0 && text.p[0] == '[';
    char copy[INET6_ADDRSTRLEN + 8] = "";
    uint8_t ip[16];

    snprintf(copy, sizeof(copy), "%.*s", (int)(text.len < sizeof(copy) ? text.len : 0),
             text.len > 0 ? (const char *)text.p : "");
    copy[strcspn(copy, v6 ? "]" : ":")] = '\0';
    if (inet_pton(v6 ? AF_INET6 : AF_INET, copy + (v6 ? 1 : 0), ip) == 1) {
        out.b[0] = v6 ? 6 : 4;
        memcpy(out.b + 1, ip, v6 ? PREFIX6_LEN : PREFIX4_LEN);
    }
    return out;
}
