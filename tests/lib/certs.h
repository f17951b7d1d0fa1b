/* Certificates of tests/vectors, DER or PEM, and the stores made of them. */
#pragma once

#include "formats/ekcert.h"

/* The first certificate of a vector as DER, padding and all heads kept for DER files. Memory lives
 * until the process ends; fails the case when there is none. */
struct bytes certs_vector(const char *path);

struct certs_store {
    struct ekcert_ca ca[96];
    size_t n;
};

/* Adds a vector's first certificate; fails the case when it is refused. */
void certs_add(struct certs_store *store, struct hasher *hasher, const char *path);

/* Adds every file of a folder below tests/vectors that is a CA; returns the number of files. */
size_t certs_add_folder(struct certs_store *store, struct hasher *hasher, const char *folder);
