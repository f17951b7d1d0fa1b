#include "lib/certs.h"

#include <dirent.h>
#include <stdlib.h>

#include "formats/pem.h"
#include "lib/check.h"

struct bytes
certs_vector(const char *path)
{
    struct bytes in = check_vector(path);
    struct rd rd = rd_init(in);
    uint8_t *room = malloc(in.len);
    size_t len = 0;

    CHECK(room);
    if (pem_next(&rd, room, in.len, &len) == 0) {
        return bytes_of(check_keep(room), len);
    }
    free(room);
    return in;
}

static void
add(struct certs_store *store, struct hasher *hasher, struct bytes der, const char *what)
{
    struct fault fault = {0};
    char room[RULE_NAME_MAX];

    CHECK(store->n < ARRAY_LEN(store->ca));
    if (ekcert_ca_read(hasher, der, &fault, &store->ca[store->n]) != 0) {
        check_fail(__FILE__, __LINE__, "%s: %s", what, rule_name(fault.rule, room));
    }
    store->n++;
}

void
certs_add(struct certs_store *store, struct hasher *hasher, const char *path)
{
    add(store, hasher, certs_vector(path), path);
}

size_t
certs_add_folder(struct certs_store *store, struct hasher *hasher, const char *folder)
{
    char path[512];
    struct dirent *entry;
    size_t n = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/vectors/%s", TESTS_DIR, folder);
    dir = opendir(path);
    CHECK(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            certs_add(store, hasher, path);
            n++;
        }
    }
    closedir(dir);
    return n;
}
