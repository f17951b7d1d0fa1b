/* What the readers and writers of a bundle's parts share. Internal to bundle*.c. Errors latch in
 * the cursor or the writer; a part that fails may leave anything behind. */
#pragma once

#include "wire/bundle.h"

/* A name: 1 to LIMIT_BUNDLE_NAME of A-Z a-z 0-9 . _ / : + ~ - */
struct bytes part_name(struct cbor_rd *c);
bool part_is_name(struct bytes text);

/* A text: 1 to LIMIT_BUNDLE_TEXT of printable ASCII without the quotation mark, so that every text
 * can be shown and compiled again. */
struct bytes part_text(struct cbor_rd *c);
bool part_is_text(struct bytes text);

/* warn or note: fail is what stands when nothing is said. */
enum reason_effect part_effect(struct cbor_rd *c);

/* A number that is not 0, which is what stands when nothing is said. */
uint64_t part_uint(struct cbor_rd *c, uint64_t max);
enum hash part_hash(struct cbor_rd *c);

/* The next key, remembered as a bit of *seen; keys are 1 to 31. */
bool part_key(struct cbor_rd *c, struct cbor_map *map, unsigned *seen, int64_t *ret_key);

/* Begins an array of 1 to max items of which `used` of `room` are taken already. */
size_t part_array(struct cbor_rd *c, size_t max, size_t used, size_t room);

/* Bytewise and strictly ascending, shorter first. */
bool part_before(struct bytes a, struct bytes b);

/* key: value, left out when the value is 0 or empty. */
void part_write_uint(struct wr *wr, int64_t key, uint64_t value);
void part_write_text(struct wr *wr, int64_t key, struct bytes value);

/* Each reads or writes one part. */
void part_read_policy(struct cbor_rd *c, struct bundle *b, struct bundle_policy *policy);
void part_write_policy(struct wr *wr, const struct bundle *b, const struct bundle_policy *policy);
void part_read_set(struct cbor_rd *c, struct bundle *b, struct bundle_set *set);
void part_write_set(struct wr *wr, const struct bundle *b, const struct bundle_set *set);
void part_read_release(struct cbor_rd *c, struct bundle_release *release);
void part_write_release(struct wr *wr, const struct bundle_release *release);
void part_read_list(struct cbor_rd *c, struct bundle *b, struct bundle_list *list,
                    enum verb_args kind);
void part_write_list(struct wr *wr, const struct bundle *b, const struct bundle_list *list);
void part_read_ima(struct cbor_rd *c, struct bundle *b, struct bundle_ima *ima);
void part_read_advisory(struct cbor_rd *c, struct bundle_advisory *advisory);
void part_write_advisory(struct wr *wr, const struct bundle_advisory *advisory);
void part_write_ima(struct wr *wr, const struct bundle *b, const struct bundle_ima *ima);

/* What no part can say alone: that indices are in range and name the right kind. */
bool part_refs_hold(const struct bundle *b);
