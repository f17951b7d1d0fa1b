#include "learn-from.h"

#include <stdio.h>
#include <stdlib.h>

#include "ask-args.h"
#include "explain/explain-case.h"

static void
drop(struct bytes *bytes)
{
    free((void *)(uintptr_t)bytes->p);
    *bytes = BYTES_NULL;
}

static int
load_log(struct store *store, const uint8_t digest[32], struct bytes *ret)
{
    uint8_t *body = NULL;
    size_t len = 0;
    int r = store_log_get(store, digest, &body, &len);

    if (r == 0) {
        *ret = bytes_of(body, len);
    }
    return r;
}

static int
load_device(struct store *store, const char *digits, struct learn_from_device *ret)
{
    char id[ASK_ID_ROOM];
    struct store_device device;
    struct store_evidence evidence;
    int r;

    if (explain_case_device(store, ask_id(id, digits), &device) != 0) {
        return CMD_USAGE;
    }
    snprintf(ret->name, sizeof(ret->name), "device %.8s", digits);
    r = store_evidence_get(store, device.id, &evidence);
    r = r == 0 ? load_log(store, evidence.firmware_log, &ret->firmware) : r;
    if (r == 0 && evidence.userspace == EVIDENCE_LOG_KEPT) {
        r = load_log(store, evidence.userspace_log, &ret->userspace);
    }
    if (r != 0) {
        fprintf(stderr, "assay: %s: %s\n", ret->name,
                r < 0 ? strerror(-r) : "the verifier keeps no boot of it");
    }
    return r == 0 ? 0 : CMD_NO;
}

int
learn_from_load(const struct rejudge_place *place, const struct flag_words *ids,
                struct learn_from *ret)
{
    CLEANUP(store_closep) struct store *store = NULL;
    int r = rejudge_open_store(place, &store) == 0 ? 0 : CMD_USAGE;

    ret->n = 0;
    for (size_t i = 0; r == 0 && i < ids->n; i++) {
        ret->devices[i] = (struct learn_from_device){.firmware = BYTES_NULL};
        ret->n++;
        r = load_device(store, ids->words[i], &ret->devices[i]);
    }
    return r;
}

void
learn_from_done(struct learn_from *from)
{
    for (size_t i = 0; i < from->n; i++) {
        drop(&from->devices[i].firmware);
        drop(&from->devices[i].userspace);
    }
    from->n = 0;
}

/* What stands in the log of one device alone cannot be asked of the others. */
static bool
all_have_userspace(const struct learn_from *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (from->devices[i].userspace.len == 0) {
            return false;
        }
    }
    return true;
}

struct boot_file *
learn_from_boot(struct learn_from *from, size_t i, struct hasher *hasher)
{
    struct learn_from_device *device = &from->devices[i];
    struct bytes firmware = device->firmware;
    struct bytes userspace = all_have_userspace(from) ? device->userspace : BYTES_NULL;

    device->firmware = BYTES_NULL; /* the boot's, from here on */
    if (userspace.len > 0) {
        device->userspace = BYTES_NULL;
    }
    return boot_file_of(hasher, device->name, firmware, userspace);
}
