/* Devices as JSON members. */
#pragma once

#include "keeper/control.h"

/* Members of a device's line in the list. */
MUST_CHECK int say_device(struct control *control, const struct store_device *device);

/* The member "groups" of a device: names alone. */
MUST_CHECK int say_groups(struct control *control, const uint8_t id[WIRE_UEID_SIZE]);

/* The member "reasons" of a verdict: names alone. */
void say_reason_names(struct control *control, const struct store_last *last);

/* The member "policy" of the status: state and sequence of the bundle that counts. */
void say_policies(struct control *control);

/* The member "announced": what stands of what the device announced of boots to come, all by its own
 * word; left out when nothing does. Returns 0 or a negative errno. */
MUST_CHECK int say_announced(struct control *control, const struct store_device *device,
                             const struct store_last *last);

/* The further members of `device show`. Returns 0 or a negative errno. */
MUST_CHECK int say_details(struct control *control, const struct store_device *device);
