/* POST /enroll on a PSK connection: the row, and its answer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "formats/tpm-vendor.h"
#include "keeper/candidate.h"
#include "keeper/groups.h"

enum { TPM_TEXT_ROOM = 3 * (4 * LIMIT_TPM_TEXT + 2) };
enum { CF_CBOR = 60 };

static void
copy_text(char *out, size_t cap, struct bytes in)
{
    out[0] = '\0';
    if (in.p) {
        (void)text_escaped(out, cap, in);
    }
}

/* Class that the inventory or a code gives; "" when neither does. */
static int
membership(struct keeper *keeper, const struct enrol *enrol, char class_name[STORE_CLASS_MAX])
{
    uint8_t digest[32];
    int r = store_inventory_get(keeper->store, enrol->fingerprint, class_name);

    if (r == STORE_NONE && enrol->wire.code.len > 0) {
        r = hasher_bytes(keeper->hasher, HASH_SHA256, enrol->wire.code, digest);
        if (r == 0) {
            r = store_code_use(keeper->store, digest, keeper->clock->utc_ms(keeper->clock->context),
                               class_name);
        }
    }
    if (r == STORE_NONE) {
        class_name[0] = '\0';
        r = 0;
    }
    return r;
}

/* Puts it into the groups that an inventory names for it beside those that it is in; one that was
 * removed since, or does not go with those, is left out. */
static int
inventory_groups(struct keeper *keeper, const struct store_device *device)
{
    struct store_groups was = {.n = 0};
    struct store_groups is;
    char names[STORE_GROUPS_TEXT_MAX];
    int r = store_inventory_groups_get(keeper->store, device->ek_fingerprint, names);

    if (r != 0) {
        return r == STORE_NONE ? 0 : r;
    }
    r = store_groups_get(keeper->store, device->id, &was);
    is = was;
    r = r == 0 ? groups_add_all(keeper->store, names, &is) : r;
    return r >= 0 ? groups_put(keeper, device->id, "inventory", &was, &is) : r;
}

static void
row_fill(struct keeper *keeper, const struct enrol *enrol, struct store_device *device)
{
    memcpy(device->id, enrol->ueid, sizeof(device->id));
    memcpy(device->ident, enrol->ident, sizeof(device->ident));
    memcpy(device->ek_fingerprint, enrol->fingerprint, sizeof(device->ek_fingerprint));
    memcpy(device->ek_digest, enrol->ek_digest, sizeof(device->ek_digest));
    memcpy(device->ak_name, enrol->ak_name, enrol->ak_name_len);
    device->ak_name_len = enrol->ak_name_len;
    memcpy(device->ak_public, enrol->ak.area.p, enrol->ak.area.len);
    device->ak_public_len = enrol->ak.area.len;
    copy_text(device->maker, sizeof(device->maker), enrol->wire.maker);
    copy_text(device->model, sizeof(device->model), enrol->wire.model);
    copy_text(device->serial, sizeof(device->serial), enrol->wire.serial);
    device->enrolled_ms = keeper->clock->utc_ms(keeper->clock->context);
}

/* Who made the TPM counts only when a chain vouches for it. */
static uint32_t
vendor_of(const struct ek_worth *worth)
{
    return worth->chain == EK_CHAIN_VERIFIED
               ? tpm_vendor_read(
                     bytes_of(worth->text[CERT_MAKER].bytes, worth->text[CERT_MAKER].len))
               : 0;
}

/* What its maker's certificate calls the TPM, for people: "maker model version". */
static void
tpm_text(const struct ek_worth *worth, char room[TPM_TEXT_ROOM])
{
    size_t len = 0;

    room[0] = '\0';
    for (size_t i = 0; i < CERT_TEXT_N && worth->text[i].len > 0; i++) {
        char text[4 * LIMIT_TPM_TEXT + 1];

        copy_text(text, sizeof(text), bytes_of(worth->text[i].bytes, worth->text[i].len));
        len += (size_t)snprintf(room + len, TPM_TEXT_ROOM - len, "%s%s", i ? " " : "", text);
    }
}

/* Of a stranger that waits the audit log says nothing: whoever makes keys would make it grow, and
 * fill the disk. What is in it is who became a member, and who said so. */
static void
log_enrolled(struct keeper *keeper, const struct store_device *device, const struct ek_worth *worth)
{
    bool stranger = device->state == DEVICE_PENDING;
    char fingerprint[65];
    char tpm[TPM_TEXT_ROOM];
    char text[STORE_AUDIT_TEXT_MAX];
    int64_t twins = 0;

    if (stranger && !keeper_may_log(keeper)) {
        return;
    }
    (void)hex_write(fingerprint, BYTES_OF(device->ek_fingerprint));
    tpm_text(worth, tpm);
    if (store_serial_twins(keeper->store, device, &twins) == 0 && twins > 0) {
        log_event(LOG_WARNING, "serial-twin", LOG_HEX("device", BYTES_OF(device->id)),
                  LOG_STR("serial", device->serial), LOG_INT("others", twins));
    }
    log_event(LOG_NOTICE, "device-enrolled", LOG_HEX("device", BYTES_OF(device->id)),
              LOG_STR("fingerprint", fingerprint), LOG_STR("class", device->class_name),
              LOG_STR("state", device_state_name(device->state)), LOG_STR("tpm", tpm));
    if (stranger) {
        return;
    }
    snprintf(text, sizeof(text), "ek %s class \"%s\" chain %d tpm \"%s\"", fingerprint,
             device->class_name, (int)device->ek_chain, tpm);
    keeper_audit(keeper, "enrolled", device->id, "device", text);
}

/* Makes the row of a device that proved its TPM for the first time. Returns 0, STORE_EXISTS when
 * its EK has a row with another AK, or a negative errno. */
static int
row_make(struct keeper *keeper, const struct enrol *enrol, const struct ek_worth *worth,
         struct store_device *device)
{
    int64_t now = keeper->clock->utc_ms(keeper->clock->context);
    int r = store_device_get(keeper->store, enrol->ueid, device);

    if (r != STORE_NONE) {
        /* its id is of the EK alone: writing would replace the row, its AK and its state */
        return r == 0 ? STORE_EXISTS : r;
    }
    *device = (struct store_device){0};
    row_fill(keeper, enrol, device);
    device->ek_chain = worth->chain;
    device->tpm_vendor = vendor_of(worth);
    r = membership(keeper, enrol, device->class_name);
    if (r == 0) {
        device->state = device->class_name[0] ? DEVICE_PROVISIONAL : DEVICE_PENDING;
        r = store_device_put(keeper->store, device);
    }
    if (r == 0) {
        r = store_pending_trim(keeper->store,
                               now - (int64_t)keeper->setup.pending_days * 86400 * 1000,
                               keeper->setup.pending_max);
    }
    if (r == 0) {
        log_enrolled(keeper, device, worth);
        r = inventory_groups(keeper, device);
    }
    return r;
}

/* The operator may have installed the maker's root since. What was verified stays so: it is the
 * same EK, whose TPM has just proved itself. Rows of before name no maker. */
static int
row_chain(struct keeper *keeper, const struct ek_worth *worth, struct store_device *device)
{
    uint32_t vendor = vendor_of(worth);

    if (worth->chain <= device->ek_chain && (vendor == 0 || vendor == device->tpm_vendor)) {
        return 0;
    }
    device->ek_chain = worth->chain > device->ek_chain ? worth->chain : device->ek_chain;
    device->tpm_vendor = vendor != 0 ? vendor : device->tpm_vendor;
    return store_device_put(keeper->store, device);
}

/* A pending device that comes again may have become a member meanwhile. */
static int
row_promote(struct keeper *keeper, const struct enrol *enrol, const struct ek_worth *worth,
            struct store_device *device)
{
    int r = row_chain(keeper, worth, device);

    if (r != 0 || device->state != DEVICE_PENDING) {
        return r;
    }
    r = membership(keeper, enrol, device->class_name);
    if (r < 0 || device->class_name[0] == '\0') {
        return r;
    }
    device->state = DEVICE_PROVISIONAL;
    r = store_device_put(keeper->store, device);
    if (r == 0) {
        log_enrolled(keeper, device, worth);
        r = inventory_groups(keeper, device);
    }
    return r;
}

static void
serve_state(struct keeper *keeper, const struct asked *asked, const struct store_device *device)
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct enrolled enrolled = {.state = device->state, .next_s = KEEPER_PENDING_RETRY_S};
    struct policies_choice choice;
    struct store_class class_row;
    int r = keeper_class(keeper, device, &class_row, &choice);

    if (r >= 0) {
        enrolled.wanted = keeper_wanted(r == 0 ? &class_row : NULL);
        enrolled.next_s = r == 0 ? 0 : KEEPER_PENDING_RETRY_S;
        memcpy(enrolled.ueid, device->id, sizeof(enrolled.ueid));
        r = keeper_nonce(keeper, device->id, enrolled.nonce);
    }
    if (r < 0) {
        keeper_broke(keeper, asked, "enrolled", r);
        return;
    }
    enrolled_write(&wr, &enrolled);
    keeper_reply(keeper, asked, COAP_CODE(2, 4), CF_CBOR, wr_done(&wr));
}

/* One EK serves one row: another AK of a member is a candidate for an operator's rekey, and may
 * attest to show itself; of others it is nothing. Whatever state the row is in, it stays. */
static void
serve_candidate(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol,
                struct store_device *device)
{
    int r;

    if (device->state == DEVICE_REMOVED) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_DISABLED, NULL);
        return;
    }
    if (device->class_name[0] == '\0') {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_AK_UNKNOWN, NULL);
        return;
    }
    r = candidate_take(keeper, enrol);
    if (r != 0) {
        keeper_broke(keeper, asked, "candidate", r);
        return;
    }
    device->state =
        device->state == DEVICE_QUARANTINED ? DEVICE_QUARANTINED : DEVICE_PROVISIONAL; /* told */
    serve_state(keeper, asked, device);
}

void
enrol_serve_row(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol,
                const struct ek_worth *worth)
{
    struct store_device device;
    int r = keeper_device(keeper, asked->request.identity, &device);

    if (r == STORE_NONE) {
        r = row_make(keeper, enrol, worth, &device);
    } else if (r == 0 && device.state != DEVICE_REMOVED) {
        r = row_promote(keeper, enrol, worth, &device);
    }
    if (r == STORE_EXISTS) {
        serve_candidate(keeper, asked, enrol, &device);
    } else if (r == KEEPER_E_IDENTITY || r == KEEPER_E_ENDED) {
        keeper_unknown(keeper, asked, r);
    } else if (r != 0) {
        keeper_broke(keeper, asked, "enrol", r);
    } else if (device.state == DEVICE_REMOVED) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_DISABLED, NULL);
    } else {
        serve_state(keeper, asked, &device);
    }
}
