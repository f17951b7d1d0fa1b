/* POST /enroll as it is answered. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "keeper/enrol.h"

enum { CF_CBOR = 60, CF_COSE_SIGN1 = 18, ANSWER_ROOM = 8192 };

static void
serve_credential(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    uint8_t room[ANSWER_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = enrol_credential(keeper, enrol, &wr);

    if (r < 0) {
        keeper_broke(keeper, asked, "credential", r);
        return;
    }
    keeper_reply(keeper, asked, COAP_CODE(2, 4), CF_COSE_SIGN1, wr_done(&wr));
}

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

static void
log_enrolled(struct keeper *keeper, const struct store_device *device)
{
    char fingerprint[65];
    char text[256];
    int64_t twins = 0;

    (void)hex_write(fingerprint, BYTES_OF(device->ek_fingerprint));
    if (store_serial_twins(keeper->store, device, &twins) == 0 && twins > 0) {
        log_event(LOG_WARNING, "serial-twin", LOG_HEX("device", BYTES_OF(device->id)),
                  LOG_STR("serial", device->serial), LOG_INT("others", twins));
    }
    log_event(LOG_NOTICE, "device-enrolled", LOG_HEX("device", BYTES_OF(device->id)),
              LOG_STR("fingerprint", fingerprint), LOG_STR("class", device->class_name),
              LOG_STR("state", device_state_name(device->state)));
    snprintf(text, sizeof(text), "ek %s class \"%s\"", fingerprint, device->class_name);
    keeper_audit(keeper, "enrolled", device->id, "device", text);
}

/* Makes the row of a device that proved its TPM for the first time. Returns 0, STORE_EXISTS when
 * its EK has a row with another AK, or a negative errno. */
static int
row_make(struct keeper *keeper, const struct enrol *enrol, struct store_device *device)
{
    int64_t now = keeper->clock->utc_ms(keeper->clock->context);
    int r = store_device_get(keeper->store, enrol->ueid, device);

    if (r != STORE_NONE) {
        /* its id is of the EK alone: writing would replace the row, its AK and its state */
        return r == 0 ? STORE_EXISTS : r;
    }
    *device = (struct store_device){0};
    row_fill(keeper, enrol, device);
    r = enrol_chain(keeper, enrol, &device->ek_chain);
    if (r == 0) {
        r = membership(keeper, enrol, device->class_name);
    }
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
        log_enrolled(keeper, device);
    }
    return r;
}

/* A pending device that comes again may have become a member meanwhile. */
static int
row_promote(struct keeper *keeper, const struct enrol *enrol, struct store_device *device)
{
    int r;

    if (device->state != DEVICE_PENDING) {
        return 0;
    }
    r = membership(keeper, enrol, device->class_name);
    if (r < 0 || device->class_name[0] == '\0') {
        return r;
    }
    device->state = DEVICE_PROVISIONAL;
    r = store_device_put(keeper->store, device);
    if (r == 0) {
        log_enrolled(keeper, device);
    }
    return r;
}

static void
serve_state(struct keeper *keeper, const struct asked *asked, const struct store_device *device)
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));
    struct enrolled enrolled = {.state = device->state, .next_s = KEEPER_PENDING_RETRY_S};
    struct store_class class_row;
    int r = keeper_class(keeper, device, &class_row);

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

static void
serve_row(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    struct store_device device;
    int r = keeper_device(keeper, asked->request.identity, &device);

    if (r == STORE_NONE) {
        r = row_make(keeper, enrol, &device);
    } else if (r == 0) {
        r = row_promote(keeper, enrol, &device);
    }
    if (r == STORE_EXISTS) {
        /* one EK serves one row: another AK is a candidate for an operator's rekey, no more */
        log_event(LOG_WARNING, "ak-candidate", LOG_HEX("device", BYTES_OF(enrol->ueid)));
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_AK_UNKNOWN, NULL);
    } else if (r == KEEPER_E_IDENTITY) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_UNKNOWN, NULL);
    } else if (r != 0) {
        keeper_broke(keeper, asked, "enrol", r);
    } else if (device.state == DEVICE_REMOVED) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_DEVICE_DISABLED, NULL);
    } else {
        serve_state(keeper, asked, &device);
    }
}

/* Nothing was kept of the first request, so the second must hash to the identity. */
static bool
same_keys(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    struct ident ident;

    return ident_read(keeper->hasher, keeper->setup.masters, IDENT_MASTERS_MAX,
                      asked->request.identity, &ident) == 0 &&
           memcmp(ident.keys, enrol->ident, sizeof(ident.keys)) == 0;
}

static void
serve(struct keeper *keeper, const struct asked *asked, const struct enrol *enrol)
{
    if (asked->request.kind == REQUEST_CERTIFICATE) {
        serve_credential(keeper, asked, enrol);
    } else if (!same_keys(keeper, asked, enrol)) {
        keeper_problem(keeper, asked, COAP_CODE(4, 3), REASON_AK_UNKNOWN, NULL);
    } else {
        serve_row(keeper, asked, enrol);
    }
}

void
keeper_enroll(struct keeper *keeper, struct asked *take_asked)
{
    struct fault fault = {0};
    struct enrol enrol;
    int r = enrol_read(keeper, take_asked->request.body, &enrol, &fault);

    if (r < 0) {
        keeper_broke(keeper, take_asked, "enrol", r);
    } else if (r > 0) {
        char name[RULE_NAME_MAX];

        if (keeper_may_log(keeper)) {
            log_event(LOG_NOTICE, "enrolment-refused", LOG_STR("rule", rule_name(fault.rule, name)),
                      LOG_TEXT("peer", take_asked->request.peer));
        }
        keeper_problem(keeper, take_asked, COAP_CODE(4, 0), rule_reason(fault.rule), NULL);
    } else {
        serve(keeper, take_asked, &enrol);
    }
    enrol_done(&enrol);
    asked_free(take_asked);
}
