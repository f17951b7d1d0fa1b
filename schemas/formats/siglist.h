/* EFI_SIGNATURE_LIST sequences: the values of PK, KEK, db, dbx and of shim's MOK lists. UEFI 2.10
 * section 32.4.1. A walker without allocation or recursion: each step consumes bytes. */
#pragma once

#include "base/fault.h"
#include "base/rd.h"

enum siglist_kind {
    SIGLIST_OTHER, /* a type that we do not know; its entries are views as they are */
    SIGLIST_X509,
    SIGLIST_SHA256,
    SIGLIST_SHA384,
    SIGLIST_SHA512,
    SIGLIST_X509_SHA256, /* hash of a certificate's body, and a time */
    SIGLIST_X509_SHA384,
    SIGLIST_X509_SHA512,
    SIGLIST_RSA2048,
    SIGLIST_SHA1,
    SIGLIST_N,
};

struct siglist {
    struct rd rd;
    struct rd entries; /* of the list that is open */
    size_t entry_len;  /* with the owner's GUID; 0: no list is open */
    struct bytes type;
    enum siglist_kind kind;
};

struct siglist_entry {
    enum siglist_kind kind;
    struct bytes type;  /* GUID of the kind */
    struct bytes owner; /* GUID */
    struct bytes data;  /* certificate, or hash */
};

enum { SIGLIST_FAULT = 1, SIGLIST_END };

struct siglist siglist_init(struct bytes in);

/* The next signature of all lists. Returns 0, SIGLIST_END, or SIGLIST_FAULT with *ret_fault (may be
 * NULL; offsets are of the bytes given): a list that is cut, or whose sizes contradict each other
 * or its type. After one of the latter two, do not go on. *ret is untouched unless 0. */
MUST_CHECK int siglist_next(struct siglist *list, struct siglist_entry *ret,
                            struct fault *ret_fault);

/* "x509", "sha256", …, "other" */
const char *siglist_kind_name(enum siglist_kind kind);
