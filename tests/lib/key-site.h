/* A site's folder of keys as `assay setup` of old leaves it, in a temporary folder, to be rotated
 * and read as main reads it. One at a time. */
#pragma once

#include "key-rotate.h"
#include "main/keyring.h"

#define KEY_SITE_NOW 1800000000
#define KEY_SITE_NAME "test.assay"

extern struct key_site {
    char top[64];
    char folder[80];          /* of the keys, below top */
    struct settings settings; /* that name both */
    struct key_rotate last;   /* of key_site_rotate() */
} key_site;

/* Makes a site: files of fixed names and no list. */
void key_site_new(void);

/* Removes it, which must be possible: nothing but files in it. */
void key_site_end(void);

/* Whether the folder has a file of that name; how many it has. */
bool key_site_has(const char *name);
size_t key_site_files(void);

/* As key_rotate(), with a lead of 100 seconds. */
int key_site_rotate(enum keyset_kind kind, uint32_t retire, bool leaked, int64_t now_s);

/* Main starts with it, or the case fails. The caller drops what it gets. */
struct keyring *key_site_load(int64_t now_s);
void key_site_drop(struct keyring *keyring);
