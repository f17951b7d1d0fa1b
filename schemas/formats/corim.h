/* CoRIM, concise reference integrity manifests of anybody: draft-ietf-rats-corim. What is read here
 * is the manifest itself, unsigned (tag 501) or in a COSE_Sign1 (tag 18), with the wrappers of old
 * drafts (500, 502, a map without its tag); its tags are comid.h's and coswid.h's.
 *
 * Strict: definite lengths, shortest heads, no key twice; but keys come in any order, as the
 * programs in use write them. Nothing is allocated, all views live as long as the file's bytes, and
 * all lie in them, so that a fault's offset is of the file. What is behind keys that we do not know
 * is checked as CBOR and counted, never guessed at. */
#pragma once

#include "base/cbor-rd.h"
#include "base/fault.h"
#include "crypto/pubkey.h"

struct hasher;

enum { CORIM_COSWID = 505, CORIM_COMID = 506, CORIM_COTL = 508 }; /* tags of a corim-map */

/* Identifiers: of manifests and tags, classes, measurements. */
enum corim_kind {
    CORIM_NONE,
    CORIM_TEXT,
    CORIM_NUMBER,
    CORIM_UUID,  /* 16 bytes, tag 37 or bare */
    CORIM_OID,   /* content of a DER OBJECT IDENTIFIER, tag 111 */
    CORIM_BYTES, /* tag 560 */
    CORIM_OTHER, /* of a profile: its tag in number, the item in bytes */
};

struct corim_name {
    enum corim_kind kind;
    uint64_t number;
    struct bytes bytes;
};

/* For people, in printable ASCII, cut where it does not fit: a text as it is, a UUID with its
 * dashes, an OID with its dots, bytes in hex. Returns room. */
#define CORIM_NAME_ROOM 68u
const char *corim_name_text(const struct corim_name *name, char room[CORIM_NAME_ROOM]);

/* UTC in seconds; 0: from ever, without end. */
struct corim_validity {
    uint64_t from_s, until_s;
};

/* Items of an array that are read one by one; plain data. */
struct corim_list {
    const uint8_t *file; /* its first byte */
    uint32_t tag;        /* number of the tag that they are in, for faults */
    size_t left;
    struct cbor_rd c;
};

struct corim {
    /* of a signed one */
    bool is_signed;
    int64_t alg; /* COSE */
    struct bytes protected, payload, signature;
    struct bytes signer; /* issuer of its CWT claims, or name in the corim-meta; may be empty */
    struct corim_validity signature_validity;
    /* of all */
    struct corim_name id;
    struct corim_name profile; /* TEXT: a URI; OID; NONE */
    struct corim_validity validity;
    struct bytes entity; /* name of the first entity, may be empty */
    size_t n_dependent;  /* manifests that it leans on */
    size_t n_unknown;    /* keys that we do not know */
    struct corim_list tags;
};

enum corim_outcome { CORIM_OK, CORIM_E_FAULT, CORIM_E_END, CORIM_E_ALG, CORIM_E_SIGNATURE };

/* Reads a file to its last byte; tags are not looked into. Returns 0 or CORIM_E_FAULT with
 * *ret_fault (CORIM_FORM, CORIM_SIGNED, CORIM_TIME); *ret is untouched unless 0. */
MUST_CHECK int corim_read(struct bytes in, struct corim *ret, struct fault *ret_fault);

/* Verifies a signed one's signature; whose key it is, is the caller's to know. Returns 0,
 * CORIM_E_ALG (not signed by ES256, or a key of another kind), CORIM_E_SIGNATURE or a negative
 * errno. */
MUST_CHECK int corim_verify(const struct corim *corim, struct pubkey *key, struct hasher *hasher);

struct corim_tag {
    uint64_t number;     /* CORIM_COMID, CORIM_COSWID, or another */
    uint32_t index;      /* in the manifest, from 0 */
    const uint8_t *file; /* first byte of the file */
    struct bytes content;
};

/* The next tag. Returns 0, CORIM_E_END, or CORIM_E_FAULT (CORIM_FORM); *ret is untouched unless 0.
 */
MUST_CHECK int corim_next_tag(struct corim_list *list, struct corim_tag *ret,
                              struct fault *ret_fault);

/* ---- for comid.c and coswid.c ---- */

/* A cursor over a view into the file, whose offsets are the file's. */
struct cbor_rd corim_cursor(const uint8_t *file, struct bytes view);

/* A fault where the cursor stands. Returns CORIM_E_FAULT. */
MUST_CHECK int corim_fault(const struct cbor_rd *c, uint32_t tag, enum rule rule,
                           struct fault *ret_fault);

/* An array as a list, unread but checked as CBOR; an empty one fails the cursor. With alone_ok one
 * item that is none stands for itself, as old drafts had it. */
struct corim_list corim_list_read(struct cbor_rd *c, const uint8_t *file, uint32_t tag,
                                  bool alone_ok);

/* The next item of a list, as a cursor in it. Returns 0 or CORIM_E_END. */
MUST_CHECK int corim_list_next(struct corim_list *list, struct cbor_rd *ret_item);

/* A text of any length in UTF-8 that is not empty. */
struct bytes corim_text_read(struct cbor_rd *c);

/* Any of the forms above; what may stand where is not looked at. */
struct corim_name corim_name_read(struct cbor_rd *c);

/* An entity-map or, for CoSWID, entity-entry: its name, under this key. */
struct bytes corim_entity_read(struct cbor_rd *c, int64_t key);
