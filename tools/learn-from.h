/* Boots to learn from that the verifier keeps: the logs of the last genuine evidence of devices
 * that an operator names. */
#pragma once

#include "boot-file.h"
#include "flags.h"
#include "policy/policy-learn.h"
#include "rejudge/rejudge-open.h"

struct learn_from {
    size_t n;
    bool userspace; /* all have systemd's log: what one alone has cannot be asked of the others */
    struct learn_from_device {
        char name[32]; /* "device 3fa94c10" */
        uint8_t id[WIRE_UEID_SIZE];
        struct bytes firmware;
        struct bytes userspace; /* empty: none is kept */
    } devices[LEARN_BOOTS_MAX];
};

/* Takes the logs of these devices, by ids or fingerprints, out of the store that place names, as
 * they came: nothing of them is read yet. They are of this class, and each is named once. Where
 * some have a userspace log and others have none, that is said and none is taken. At most
 * LEARN_BOOTS_MAX. Returns 0, CMD_USAGE or CMD_NO after a message on stderr; learn_from_done()
 * whatever came of it. */
MUST_CHECK int learn_from_load(const struct rejudge_place *place, const char *class_name,
                               const struct flag_words *ids, struct learn_from *ret);
void learn_from_done(struct learn_from *from);

/* Reads boot i and takes its bytes. Returns it, or NULL after a message. Its path is the device's
 * name, which lives as long as `from`. */
struct boot_file *learn_from_boot(struct learn_from *from, size_t i, struct hasher *hasher);
