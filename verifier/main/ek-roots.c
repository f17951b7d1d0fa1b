#include "main/ek-roots.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "formats/pem.h"
#include "formats/x509.h"

enum { FILE_MAX = 256 * 1024 }; /* a maker's bundle */

static int
add_der(struct bytes der, struct bytes *ret, size_t cap, size_t *ret_n)
{
    struct x509 cert;
    uint8_t *copy;

    if (x509_read(der, NULL, &cert) != 0) {
        return 1;
    }
    if (*ret_n == cap) {
        return -ENOSPC;
    }
    copy = malloc(der.len);
    if (!copy) {
        return -ENOMEM;
    }
    memcpy(copy, der.p, der.len);
    ret[(*ret_n)++] = bytes_of(copy, der.len);
    return 0;
}

int
ek_roots_add(struct bytes file, struct bytes *ret, size_t cap, size_t *ret_n)
{
    uint8_t room[LIMIT_CERT_BYTES];
    struct rd rd = rd_init(file);
    struct bytes der;
    size_t len = 0;
    size_t before = *ret_n;
    int r = 0;

    if (x509_trim(file, NULL, &der) == 0) {
        return add_der(der, ret, cap, ret_n);
    }
    while (r == 0 && (r = pem_next(&rd, room, sizeof(room), &len)) == 0) {
        r = add_der(bytes_of(room, len), ret, cap, ret_n);
    }
    if (r == PEM_E_NONE && *ret_n > before) {
        return 0;
    }
    return r < 0 ? r : 1;
}

static int
wanted(const struct dirent *entry)
{
    static const char *const ends[] = {".pem", ".crt", ".cer", ".der"};
    const char *dot = strrchr(entry->d_name, '.');

    for (size_t i = 0; i < ARRAY_LEN(ends) && dot; i++) {
        if (strcmp(dot, ends[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int
add_file(const char *path, struct bytes *ret, size_t cap, size_t *ret_n,
         struct conf_problem *problem)
{
    struct bytes file = BYTES_NULL;
    int r = file_read(path, FILE_MAX, &file);

    if (r == 0) {
        r = ek_roots_add(file, ret, cap, ret_n);
    }
    file_free(&file);
    if (r != 0) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: %s", path,
                 r > 0          ? "no certificate, or one that cannot be read"
                 : r == -ENOSPC ? "one certificate too many"
                                : strerror(-r));
    }
    return r == -ENOSPC ? 1 : r;
}

int
ek_roots_load(const char *folder, struct bytes *ret, size_t cap, size_t *ret_n,
              struct conf_problem *problem)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, wanted, alphasort);
    int r = n < 0 ? -errno : 0;

    *ret_n = 0;
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "%.200s: %s", folder, strerror(-r));
    }
    for (int i = 0; i < n; i++) {
        char path[600];

        snprintf(path, sizeof(path), "%.256s/%.256s", folder, names[i]->d_name);
        if (r == 0) {
            r = add_file(path, ret, cap, ret_n, problem);
        }
        free(names[i]);
    }
    free(names);
    return r;
}
