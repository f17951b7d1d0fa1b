/* A store with a member whose recorded boot was accepted by what was learnt from it, then another
 * boot; and what the explanation tells of that. Logs and policy are those of scene.h. One at a
 * time. */
#pragma once

#include <jansson.h>

#include "explain/explain-device.h"
#include "lib/scene.h"

#define RIG_BOOT "boot/grub-sb-on/binary_bios_measurements"
#define RIG_INITRD "boot/tampered-initrd/binary_bios_measurements"
#define RIG_CMDLINE "boot/tampered-cmdline/binary_bios_measurements"
#define RIG_DRIVER "boot/tampered-optrom-sbon/binary_bios_measurements"
#define RIG_NOW_MS INT64_C(1790000000000) /* learn_rig's */

extern struct explain_rig {
    struct store *store;
    struct store_device device; /* its id begins with 0100000001 */
    struct explain_case c;
    json_t *told;
    char text[256 * 1024];
} explain_rig;

/* The member and its accepted boot RIG_BOOT, of class "c"; scene.policy is published as sequence 1.
 */
void explain_rig_start(void);

/* Publishes scene.policy as it is now. */
void explain_rig_publish(uint64_t sequence);

/* The device's next evidence, a minute later: genuine, with this log, and judged so. */
void explain_rig_boot(struct bytes log, enum tier tier, enum reason reason);

/* Another member whose kept evidence, n minutes after the first's, is this log. */
struct store_device explain_rig_peer(uint32_t n, struct bytes log, enum tier tier);

/* Opens and judges its case; explains it as JSON, which stays until the next. */
struct explain_case *explain_rig_case(void);
const json_t *explain_rig_tell(void);

/* A member by its path: "first_cause.known.state", "repair.steps.0.rule". */
const json_t *explain_rig_at(const char *path);
const char *explain_rig_word(const char *path); /* "" for null */
int64_t explain_rig_number(const char *path);   /* -1 for null */

/* The same as people read it; and whether a line begins so. */
const char *explain_rig_text(bool verbose);
bool explain_rig_says(const char *line);

/* A row of the audit log, n minutes after the accepted evidence (below 0: before). */
void explain_rig_audit(int64_t n, const char *kind, bool of_device, const char *text);
