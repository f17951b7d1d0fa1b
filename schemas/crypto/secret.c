#include "crypto/secret.h"

#include <errno.h>
#include <sys/mman.h>

#include "crypto/digest.h"

/* A page of its own: mlock() and madvise() know only pages, and munlock() of a shared one would
 * unlock a neighbour's secret. */
#define PAGE 4096u

struct secret {
    size_t len;
    uint8_t b[SECRET_MAX];
};

int
secret_new(size_t len, struct secret **ret)
{
    struct secret *secret;
    int r = 0;

    if (len == 0 || len > SECRET_MAX) {
        return -EINVAL;
    }
    secret = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED) {
        return -ENOMEM;
    }
    if (mlock(secret, PAGE) < 0 || madvise(secret, PAGE, MADV_DONTDUMP) < 0 ||
        madvise(secret, PAGE, MADV_DONTFORK) < 0) {
        r = -errno;
        munmap(secret, PAGE);
        return r;
    }
    secret->len = len;
    *ret = secret;
    return 0;
}

void
secret_free(struct secret *secret)
{
    if (secret) {
        wipe(secret, sizeof(*secret));
        munmap(secret, PAGE);
    }
}

void
secret_freep(struct secret **secret)
{
    secret_free(*secret);
    *secret = NULL;
}

struct bytes
secret_bytes(const struct secret *secret)
{
    return bytes_of(secret->b, secret->len);
}

uint8_t *
secret_room(struct secret *secret)
{
    return secret->b;
}
