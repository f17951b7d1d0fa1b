/* Deterministic CBOR writing, RFC 8949 section 4.2.1: shortest heads, definite lengths. Map keys
 * must be written in bytewise order of their encoded form (0 < 1 < 24 < -1 < "a"); what we write is
 * read back by the strict reader in each message's test, which refuses any other order. */
#pragma once

#include "base/wr.h"

void cbor_wr_uint(struct wr *wr, uint64_t value);
void cbor_wr_int(struct wr *wr, int64_t value);
void cbor_wr_bool(struct wr *wr, bool value);
void cbor_wr_null(struct wr *wr);
void cbor_wr_bstr(struct wr *wr, struct bytes value);
void cbor_wr_tstr(struct wr *wr, const char *value);
void cbor_wr_tstr_view(struct wr *wr, struct bytes value); /* valid UTF-8 */
void cbor_wr_tag(struct wr *wr, uint64_t tag);
void cbor_wr_array(struct wr *wr, size_t n);
void cbor_wr_map(struct wr *wr, size_t n_pairs);

/* The head of a byte string whose n bytes somebody else writes behind it. */
void cbor_wr_bstr_head(struct wr *wr, size_t n);

/* A byte string of n bytes that the caller fills; NULL when it does not fit. */
uint8_t *cbor_wr_bstr_room(struct wr *wr, size_t n);
