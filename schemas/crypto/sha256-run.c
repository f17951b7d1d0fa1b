/* EVP contexts cannot be written out; the older interface's can, and Debian 12 has it. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/sha256-run.h"

#include <errno.h>
#include <openssl/sha.h>

#include "base/rd.h"
#include "base/wr.h"

enum { WORDS = 8, LENGTH_AT = 32 };

static void
load(const struct sha256_run *run, SHA256_CTX *ctx)
{
    struct rd rd = rd_init(BYTES_OF(run->state));
    uint64_t bits;

    *ctx = (SHA256_CTX){.md_len = SHA256_DIGEST_LENGTH};
    for (size_t i = 0; i < WORDS; i++) {
        ctx->h[i] = rd_be32(&rd);
    }
    bits = rd_be64(&rd) * 8;
    ctx->Nl = (SHA_LONG)bits;
    ctx->Nh = (SHA_LONG)(bits >> 32);
    ctx->num = (unsigned)(bits / 8 % SHA256_CBLOCK);
    rd_copy(&rd, (uint8_t *)ctx->data, SHA256_CBLOCK);
}

static void
save(const SHA256_CTX *ctx, struct sha256_run *run)
{
    struct wr wr = wr_init(run->state, sizeof(run->state));

    for (size_t i = 0; i < WORDS; i++) {
        wr_be32(&wr, ctx->h[i]);
    }
    wr_be64(&wr, ((uint64_t)ctx->Nh << 32 | ctx->Nl) / 8);
    wr_bytes(&wr, bytes_of((const uint8_t *)ctx->data, ctx->num)); /* the rest is left over */
    while (wr.len < sizeof(run->state)) {
        wr_u8(&wr, 0);
    }
}

int
sha256_run_init(struct sha256_run *run)
{
    SHA256_CTX ctx;

    if (SHA256_Init(&ctx) != 1) {
        return -EIO;
    }
    save(&ctx, run);
    return 0;
}

int
sha256_run_add(struct sha256_run *run, struct bytes in)
{
    SHA256_CTX ctx;

    load(run, &ctx);
    if (in.len > 0 && SHA256_Update(&ctx, in.p, in.len) != 1) {
        return -EIO;
    }
    save(&ctx, run);
    return 0;
}

int
sha256_run_digest(const struct sha256_run *run, uint8_t ret[32])
{
    SHA256_CTX ctx;

    load(run, &ctx);
    return SHA256_Final(ret, &ctx) == 1 ? 0 : -EIO;
}

uint64_t
sha256_run_length(const struct sha256_run *run)
{
    struct rd rd = rd_init(bytes_of(run->state + LENGTH_AT, 8));

    return rd_be64(&rd);
}
