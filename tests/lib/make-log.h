/* Event logs by hand, for tests: well-formed by default, and bent by writing the parts oneself. */
#pragma once

#include "base/wr.h"
#include "crypto/digest.h"

struct make_log {
    uint8_t room[4096];
    struct wr wr;
    struct hasher *hasher;
    enum hash bank[HASH_N];
    size_t n_banks;
};

/* A crypto-agile log with these banks (HASH_N ends the list), its Spec ID event written; or, with
 * HASH_N at once, a sha1 log without a Spec ID. Free with make_log_done(). */
void make_log_init(struct make_log *make, const enum hash *banks);
void make_log_done(struct make_log *make);

/* The Spec ID event's parts: its head with a data length, and its data up to the bank count. */
void make_spec_head(struct wr *wr, uint32_t data_len);
void make_spec_start(struct wr *wr, uint32_t n_banks);

/* An event whose digest in each bank is the one of `hashed`. */
void make_event(struct make_log *make, uint32_t pcr, uint32_t type, struct bytes hashed,
                struct bytes data);

/* Zero digests: for EV_NO_ACTION. */
void make_no_action(struct make_log *make, uint32_t pcr, struct bytes data);

/* UEFI_VARIABLE_DATA of a name of ASCII characters. */
struct bytes make_variable(uint8_t *room, size_t cap, const char *name, struct bytes value);

/* What was written so far, ending at an unreadable page. */
struct bytes make_log_bytes(const struct make_log *make);
