#include "learn-from.h"

#include <stdio.h>
#include <stdlib.h>

#include "ask-args.h"
#include "explain/explain-case.h"

_Static_assert(FLAGS_WORDS_MAX <= LEARN_BOOTS_MAX, "every device that is named has its place");

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
load_logs(struct store *store, struct learn_from_device *ret)
{
    struct store_evidence evidence;
    int r = store_evidence_get(store, ret->id, &evidence);

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

static bool
is_named(const struct learn_from *from, const uint8_t id[WIRE_UEID_SIZE])
{
    for (size_t i = 0; i < from->n; i++) {
        if (memcmp(from->devices[i].id, id, WIRE_UEID_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static int
load_device(struct store *store, const char *class_name, const char *digits,
            struct learn_from *from)
{
    struct learn_from_device *ret = &from->devices[from->n];
    char id[ASK_ID_ROOM];
    struct store_device device;

    if (explain_case_device(store, ask_id(id, digits), &device) != 0) {
        return CMD_USAGE;
    }
    *ret = (struct learn_from_device){.firmware = BYTES_NULL};
    snprintf(ret->name, sizeof(ret->name), "device %.8s", digits);
    if (strcmp(device.class_name, class_name) != 0 || is_named(from, device.id)) {
        fprintf(stderr, "assay: %s %s\n", ret->name,
                is_named(from, device.id) ? "is named twice" : "is no member of this class");
        return CMD_USAGE;
    }
    memcpy(ret->id, device.id, sizeof(ret->id));
    from->n++;
    return load_logs(store, ret);
}

/* Whether all have systemd's log; those that have none while others do are told. */
static bool
all_have_userspace(const struct learn_from *from)
{
    size_t n = 0;

    for (size_t i = 0; i < from->n; i++) {
        n += from->devices[i].userspace.len > 0;
    }
    for (size_t i = 0; n > 0 && n < from->n && i < from->n; i++) {
        if (from->devices[i].userspace.len == 0) {
            fprintf(stderr, "%s: systemd's log is not kept whole: that of no device is used\n",
                    from->devices[i].name);
        }
    }
    return n == from->n;
}

int
learn_from_load(const struct rejudge_place *place, const char *class_name,
                const struct flag_words *ids, struct learn_from *ret)
{
    CLEANUP(store_closep) struct store *store = NULL;
    int r = rejudge_open_store(place, &store) == 0 ? 0 : CMD_USAGE;

    ret->n = 0;
    for (size_t i = 0; r == 0 && i < ids->n; i++) {
        r = load_device(store, class_name, ids->words[i], ret);
    }
    ret->userspace = r == 0 && all_have_userspace(ret);
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

struct boot_file *
learn_from_boot(struct learn_from *from, size_t i, struct hasher *hasher)
{
    struct learn_from_device *device = &from->devices[i];
    struct bytes firmware = device->firmware;
    struct bytes userspace = from->userspace ? device->userspace : BYTES_NULL;

    device->firmware = BYTES_NULL; /* the boot's, from here on */
    if (from->userspace) {
        device->userspace = BYTES_NULL;
    }
    return boot_file_of(hasher, device->name, firmware, userspace);
}
