/* A store of N members with logs of their own, as tools/bench --only policy-test tries bundles on
 * it: each has another kernel, and every tenth boots what its neighbour boots. usage: bench-kept
 * STORE LOG N */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "lib/check.h"
#include "lib/kept-rig.h"

enum { LOG_MOST = 1 << 20, BATCH = 100 };

int
main(int argc, char **argv)
{
    struct store *store = NULL;
    struct bytes log = BYTES_NULL;
    int64_t now_ms = clock_utc_ms();
    uint32_t n = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

    if (n == 0 || file_read(argv[2], LOG_MOST, &log) != 0 || store_open(argv[1], &store) != 0) {
        fprintf(stderr, "usage: bench-kept STORE LOG N\n");
        return 2;
    }
    kept_rig_class(store, "laptops");
    for (uint32_t i = 1; i <= n; i++) {
        struct bytes own = kept_rig_kernel(log, i % 10 == 0 ? i - 1 : i);

        (void)kept_rig_member(store, i, "laptops", own, now_ms);
        if (i % BATCH == 0 || i == n) {
            CHECK_EQ(store_commit(store), 0);
        }
    }
    store_close(store);
    file_free(&log);
    return EXIT_SUCCESS;
}
