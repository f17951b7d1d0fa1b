/* Operators' commands. Each is a row of one table: its words, how many follow, what it does. The
 * answer is JSON and an exit status; it leaves after the commit of what it changed. */
#pragma once

#include "base/json-wr.h"
#include "keeper/keeper.h"
#include "roles/control-wire.h"
#include "wire/bundle.h"

/* What came before the command over its connection (MSG_CONTROL_FILE). */
struct control_file {
    bool there;
    bool full; /* it came and was dropped: so many others hold one already */
    struct bytes bytes;
};

struct control {
    struct keeper *keeper;
    const struct control_file *file;
    struct control_words words; /* the command's own words taken off */
    char actor[32];             /* "uid 0": for the audit log */
    struct json_wr json;
};

enum { CONTROL_YES = 0, CONTROL_NO = 1, CONTROL_USAGE = 2 };

/* Runs one command and queues its answer for the client. The file is borrowed. */
void control_run(struct keeper *keeper, struct ipc *client, unsigned uid,
                 const struct control_file *file, struct bytes body);

/* {"error": text, "code": code}; returns CONTROL_NO. */
int control_error(struct control *control, const char *code, const char *text);

/* -errno of the store as an error; what the command did is undone. Returns CONTROL_NO. */
int control_broke(struct control *control, int r);

/* A word as a NUL-ended string in room; false when it does not fit or is empty. */
bool control_text(const struct control *control, size_t i, char *room, size_t cap);

/* The one device whose id or fingerprint begins with these hex digits (8 at least). Returns 0, or
 * CONTROL_NO after an error was written. */
MUST_CHECK int control_device(struct control *control, size_t i, struct store_device *ret);

/* A name for something new: as base/name.h says, and no '-' first, which would be an option of the
 * command that names it. */
bool control_name_good(struct bytes name);

/* Drops all that a device is held to, because it is another machine from now on, with an audit row
 * that says why when there was any. Returns 0 or a negative errno, with how many they were. */
MUST_CHECK int control_pins_drop(struct control *control, const struct store_device *device,
                                 const char *why, int64_t *ret_n);

/* The class that word i names. Returns 0, or CONTROL_NO after an error was written. */
MUST_CHECK int control_class_word(struct control *control, size_t i, char name[STORE_CLASS_MAX]);

/* The group that word i names, or "" where there is no such word. Returns 0, or CONTROL_NO after an
 * error was written. */
MUST_CHECK int control_group_filter(struct control *control, size_t i, char name[STORE_CLASS_MAX]);

/* Puts one device into the groups that another is in, and out of all others, with audit rows.
 * Returns 0 or a negative errno. */
MUST_CHECK int control_groups_as(struct control *control, const struct store_device *from,
                                 const struct store_device *to);

/* An audit row for each release that has another state or other days in the bundle `is` than in
 * `was` (NULL: there was none), or is in one of them alone. */
void control_releases_audit(struct control *control, const struct bundle *was,
                            const struct bundle *is, uint64_t sequence);

void control_hex(struct control *control, const char *key, struct bytes value);

/* Commands, by file. */
int control_device_list(struct control *control);
int control_device_show(struct control *control);
int control_device_approve(struct control *control);
int control_device_quarantine(struct control *control);
int control_device_release(struct control *control);
int control_device_remove(struct control *control);
int control_device_new_era(struct control *control);
int control_device_move(struct control *control);
int control_device_pins(struct control *control);
int control_device_unpin(struct control *control);
int control_device_accept(struct control *control);
int control_device_rekey(struct control *control);
int control_device_replace(struct control *control);
int control_device_code(struct control *control);
int control_device_import(struct control *control);
int control_device_group(struct control *control);
int control_audit_head(struct control *control);
int control_audit_rows(struct control *control);
int control_class_add(struct control *control);
int control_class_list(struct control *control);
int control_group_add(struct control *control);
int control_group_remove(struct control *control);
int control_group_list(struct control *control);
int control_group_show(struct control *control);
int control_golden_learn(struct control *control);
int control_golden_show(struct control *control);
int control_store_backup(struct control *control);
int control_store_state(struct control *control);
int control_key_state(struct control *control);
int control_policy_active(struct control *control);
int control_policy_publish(struct control *control);
int control_status(struct control *control);
