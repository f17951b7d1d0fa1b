/* One rule of a bundle, read and written. Internal to bundle*.c, as bundle-part.h. */
#pragma once

#include "wire/bundle-part.h"

void part_read_rule(struct cbor_rd *c, struct bundle *b, struct bundle_rule *rule);
void part_write_rule(struct wr *wr, const struct bundle *b, const struct bundle_rule *rule);
