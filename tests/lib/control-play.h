/* Operators' commands as a test says them; every answer is read as JSON. Included once a program.
 */
#pragma once

#include <jansson.h>

#include "base/hex.h"
#include "keeper/control.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"

static struct keeper_rig rig;
static char id[2 * WIRE_UEID_SIZE + 1]; /* of the device added last */
static char fingerprint[65];
static char json[262144]; /* the last answer */

#define WORDS(...) (const char *[]){__VA_ARGS__}, ARRAY_LEN(((const char *[]){__VA_ARGS__}))
#define YES(...) said(CONTROL_YES, WORDS(__VA_ARGS__))
#define NO(code, ...) refused(code, CONTROL_NO, WORDS(__VA_ARGS__))

/* Runs a command that ends so; its answer, kept until the process ends. */
static __attribute__((unused)) json_t *
said(int status, const char *const *words, size_t n)
{
    json_error_t error;
    json_t *root;
    int seen = keeper_rig_command(&rig, words, n, json, sizeof(json));

    root = json_loads(json, JSON_REJECT_DUPLICATES, &error);
    if (!root || seen != status) {
        check_fail(__FILE__, __LINE__, "%s %s: status %d, %s", words[0], n > 1 ? words[1] : "",
                   seen, json);
    }
    return check_keep(root);
}

static __attribute__((unused)) void
refused(const char *code, int status, const char *const *words, size_t n)
{
    json_t *root = said(status, words, n);

    CHECK_STR(json_string_value(json_object_get(root, "code")), code);
    CHECK(strlen(json_string_value(json_object_get(root, "error"))) > 10);
    CHECK_EQ(json_object_size(root), 2); /* an error has no half an answer */
}

static __attribute__((unused)) const char *
text(const json_t *root, const char *key)
{
    return json_string_value(json_object_get(root, key));
}

static __attribute__((unused)) long long
number(const json_t *root, const char *key)
{
    CHECK(json_is_integer(json_object_get(root, key)));
    return json_integer_value(json_object_get(root, key));
}

/* A device in the store, as enrolment leaves it; ids of n differ in every byte. */
static __attribute__((unused)) void
add_device(uint8_t n, enum device_state state, const char *class_name, const char *maker)
{
    struct store_device device = {.state = state, .enrolled_ms = n, .ak_name_len = 34};

    memset(device.id, n, sizeof(device.id));
    memset(device.ident, n, sizeof(device.ident));
    memset(device.ek_fingerprint, n ^ 0x0f, sizeof(device.ek_fingerprint));
    memset(device.ak_name, n, device.ak_name_len);
    snprintf(device.class_name, sizeof(device.class_name), "%s", class_name);
    snprintf(device.maker, sizeof(device.maker), "%s", maker);
    CHECK_EQ(store_device_put(rig.keeper.store, &device), 0);
    CHECK_EQ(store_commit(rig.keeper.store), 0);
    (void)hex_write(id, BYTES_OF(device.id));
    (void)hex_write(fingerprint, BYTES_OF(device.ek_fingerprint));
}

static __attribute__((unused)) void
start(void)
{
    keeper_rig_new(&rig);
}

/* One pending device and a class. */
static __attribute__((unused)) void
start_pending(void)
{
    start();
    (void)YES("class", "add", "c");
    add_device(0x31, DEVICE_PENDING, "", "Maker");
}

static __attribute__((unused)) const char *
state(void)
{
    return text(YES("device", "show", id), "state");
}

/* Answers are one device's: the maker of the only one in the list. */
static __attribute__((unused)) json_t *
listed(size_t i)
{
    return json_array_get(json_object_get(YES("device", "list"), "devices"), i);
}
