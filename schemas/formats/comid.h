/* CoMID, concise module identifiers: the tags of a CoRIM that say what hardware and firmware should
 * measure. draft-ietf-rats-corim, section "Concise Module Identifier". Reference triples are read
 * whole, of the others how many there are. Strict and without allocation as corim.h says. */
#pragma once

#include "base/alg.h"
#include "formats/corim.h"

#define COMID_KINDS 11u /* triples of the kinds 0 to 10 */

struct comid {
    struct corim_name id;
    uint64_t version;
    struct bytes entity;           /* name of the first entity, may be empty */
    size_t n_linked;               /* tags that it supplements or replaces */
    size_t n_triples[COMID_KINDS]; /* by kind: 0 reference, 1 endorsed, … */
    size_t n_unknown;              /* keys and kinds that we do not know */
    struct bytes own;              /* item behind key -1, which is a profile's; empty without one */
    struct corim_list reference;
};

/* "endorsed values" and the like; kind < COMID_KINDS. */
const char *comid_kind_name(unsigned kind);

/* Reads the tag's map. Returns 0 or CORIM_E_FAULT (COMID_FORM); *ret is untouched unless 0. */
MUST_CHECK int comid_read(const struct corim_tag *tag, struct comid *ret, struct fault *ret_fault);

/* What measures: every field may be absent, but not all. */
struct comid_env {
    struct corim_name class_id;
    struct bytes vendor, model; /* empty when absent */
    bool has_layer, has_index;
    uint64_t layer, index;
    bool has_instance, has_group; /* it is one machine, or a number of them, that is meant */
};

struct comid_triple {
    struct comid_env env;
    struct corim_list measurements;
};

/* The next reference triple. Returns 0, CORIM_E_END or CORIM_E_FAULT; *ret as ever. */
MUST_CHECK int comid_next_triple(struct corim_list *list, struct comid_triple *ret,
                                 struct fault *ret_fault);

enum comid_svn { COMID_NO_SVN, COMID_SVN, COMID_MIN_SVN };

/* Keys of measurement-values-map that are not taken apart, as bits of `more`. */
#define COMID_VALUE(key) (1u << (key))

struct comid_measurement {
    struct corim_name key;
    struct bytes version, name; /* empty when absent */
    enum comid_svn svn_kind;
    uint64_t svn;
    struct corim_list digests;   /* of one thing, by several algorithms; may be empty */
    struct corim_list registers; /* may be empty */
    uint32_t more;               /* COMID_VALUE() of what else it has; bit 31: of a profile */
};

/* "flags", "raw value" and the like; "" for a key without a name. */
const char *comid_value_name(unsigned key);

/* The next measurement. Returns 0, CORIM_E_END or CORIM_E_FAULT; *ret as ever. */
MUST_CHECK int comid_next_measurement(struct corim_list *list, struct comid_measurement *ret,
                                      struct fault *ret_fault);

struct comid_digest {
    enum hash alg;          /* HASH_N: none of ours */
    struct corim_name name; /* of the algorithm: a number of the Named Information registry, or a
                             * text */
    struct bytes value;     /* for alg < HASH_N of its size */
};

/* The next digest. Returns 0, CORIM_E_END, or CORIM_E_FAULT (COMID_FORM, COMID_DIGEST). */
MUST_CHECK int comid_next_digest(struct corim_list *list, struct comid_digest *ret,
                                 struct fault *ret_fault);

/* One digest, [algorithm, value], where the cursor stands; without a look at its length. */
struct comid_digest comid_digest_read(struct cbor_rd *c);

/* Has the value the length of its algorithm? One that is none of ours has any. */
bool comid_digest_fits(const struct comid_digest *digest);

/* Its number in the Named Information registry, or 0 for one that is not there (SHA-1). */
uint64_t comid_alg_number(enum hash alg);

/* The digests of one register: acceptable together, each bank its own. */
struct comid_register {
    struct corim_name key; /* NUMBER or TEXT */
    struct corim_list digests;
};

/* The next register. Returns 0, CORIM_E_END or CORIM_E_FAULT; *ret as ever. */
MUST_CHECK int comid_next_register(struct corim_list *list, struct comid_register *ret,
                                   struct fault *ret_fault);
