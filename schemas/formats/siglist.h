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

/* A row of dbx that is no digest but the least version of an application: Microsoft's owner GUID
 * and as its SHA-256 01, the application's GUID, the version, zeros (secureboot_objects, SVN_DATA).
 */
struct siglist_svn {
    struct bytes guid; /* view, EFIGUID_LEN */
    uint32_t version;  /* major in the upper half, minor in the lower */
};

/* Is the entry such a row? *ret is untouched unless it is. */
bool siglist_svn(const struct siglist_entry *entry, struct siglist_svn *ret);

/* Is the entry a certificate, by the SHA-256 of its body, that is revoked for all time? One that is
 * revoked from some day on is not. *ret_digest is untouched unless it is. */
bool siglist_tbs(const struct siglist_entry *entry, struct bytes *ret_digest);

/* "x509", "sha256", …, "other" */
const char *siglist_kind_name(enum siglist_kind kind);
