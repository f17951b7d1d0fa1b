#include "lib/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"

enum { EXIT_FAILED = 1, EXIT_SKIPPED = 77 };

/* What a case tells its parent; shared between the two. */
struct told {
    bool ended; /* returned from its function: a case that calls exit() has shown nothing */
    char skip_reason[256];
};

static size_t case_no;
static struct told *told;

/* Memory that tests never free stays reachable, so that the leak checker sees only ours. */
struct kept {
    struct kept *next;
    void *memory;
};

static struct kept *all_kept;

void *
check_keep(void *memory)
{
    struct kept *one = malloc(sizeof(*one));

    if (!one) {
        abort();
    }
    *one = (struct kept){all_kept, memory};
    all_kept = one;
    return memory;
}

void
check_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    printf("# %s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    _exit(EXIT_FAILED);
}

void
check_skip(const char *reason)
{
    printf("# SKIP %s\n", reason);
    snprintf(told->skip_reason, sizeof(told->skip_reason), "%s", reason);
    told->skip_reason[strcspn(told->skip_reason, "\r\n")] = '\0';
    fflush(stdout);
    _exit(EXIT_SKIPPED);
}

/* Prints the TAP line of a case that ended with this wait status; says whether it failed. */
static bool
report(const char *name, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && told->ended) {
        printf("ok %zu %s\n", case_no, name);
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED && told->skip_reason[0] != '\0') {
        printf("ok %zu %s # SKIP %s\n", case_no, name, told->skip_reason);
        return false;
    }
    if (WIFSIGNALED(status)) {
        printf("# ended by signal %d\n", WTERMSIG(status));
    } else if (!told->ended) {
        printf("# ended with status %d before its function returned\n", WEXITSTATUS(status));
    } else {
        printf("# status %d at exit\n", WEXITSTATUS(status));
    }
    printf("not ok %zu %s\n", case_no, name);
    return true;
}

static int
run_forked(const struct check_case *one)
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    memset(told, 0, sizeof(*told));
    pid = fork();
    if (pid == 0) {
        one->run();
        told->ended = true;
        fflush(stdout);
        exit(0); /* exit, not _exit: the leak checker runs at exit */
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return EXIT_FAILED << 8;
    }
    return status;
}

static int
run_case(const struct check_case *one)
{
    if (getenv("CHECK_NOFORK")) {
        one->run();
        told->ended = true;
        return 0;
    }
    return run_forked(one);
}

int
check_run(const struct check_case *cases, size_t n_cases)
{
    bool failed = false;

    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED) {
        printf("Bail out! no memory\n");
        return EXIT_FAILED;
    }
    printf("1..%zu\n", n_cases);
    for (size_t i = 0; i < n_cases; i++) {
        int status;

        case_no = i + 1;
        status = run_case(&cases[i]);
        if (report(cases[i].name, status)) {
            failed = true;
        }
    }
    return failed ? EXIT_FAILED : 0;
}

void
check_bytes(const char *file, int line, struct bytes a, struct bytes b)
{
    char *text_a = calloc(2, a.len + 1);
    char *text_b = calloc(2, b.len + 1);

    if (text_a && text_b && !bytes_equal(a, b)) {
        check_fail(file, line, "%s\n#   is not %s", hex_write(text_a, a), hex_write(text_b, b));
    }
    free(text_a);
    free(text_b);
}

struct bytes
check_hex(const char *hex)
{
    size_t len = 0;
    char *packed = calloc(1, strlen(hex) + 1);
    uint8_t *out = calloc(1, strlen(hex) + 1);
    char *to = packed;

    for (const char *from = hex; packed && *from; from++) {
        if (*from != ' ') {
            *to++ = *from;
        }
    }
    if (!packed || !out || hex_read(bytes_str(packed), out, strlen(hex), &len) != 0) {
        check_fail(__FILE__, __LINE__, "bad hex in a test: %s", hex);
    }
    free(packed);
    return bytes_of(check_keep(out), len);
}

struct bytes
check_guarded(struct bytes in)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (in.len + page - 1) / page * page;
    uint8_t *map =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *at;

    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0) {
        check_fail(__FILE__, __LINE__, "no memory");
    }
    at = map + room - in.len;
    if (in.len > 0) {
        memcpy(at, in.p, in.len);
    }
    return bytes_of(at, in.len);
}

bool
check_file(const char *path, struct bytes *ret_bytes)
{
    FILE *file = fopen(path, "rbe");
    size_t cap = 0;
    size_t len = 0;
    uint8_t *room = NULL;

    if (!file) {
        return false;
    }
    do {
        cap = cap ? cap * 2 : 4096;
        room = realloc(room, cap);
        if (!room) {
            abort();
        }
        len += fread(room + len, 1, cap - len, file);
    } while (len == cap);
    fclose(file);
    *ret_bytes = bytes_of(check_keep(room), len);
    return true;
}

struct bytes
check_vector(const char *path)
{
    char full[4096];
    struct bytes out = BYTES_NULL;

    snprintf(full, sizeof(full), "%s/vectors/%s", TESTS_DIR, path);
    if (!check_file(full, &out)) {
        check_fail(__FILE__, __LINE__, "cannot read %s", full);
    }
    return out;
}
