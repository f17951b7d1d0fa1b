/* Fields that end at a byte instead of having a length. */
#pragma once

#include "base/rd.h"

/* The bytes before the next `stop`, which is consumed and not part of the view. Fails, with an
 * empty view, when there is no `stop` among the next max + 1 bytes. */
struct bytes rd_until(struct rd *rd, uint8_t stop, size_t max);
