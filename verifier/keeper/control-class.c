/* assay class …, assay status. */
#include <stdio.h>
#include <stdlib.h>

#include "base/name.h"
#include "keeper/audience.h"
#include "keeper/control-say.h"

enum { EVIDENCE_LEAST = 4096 }; /* a repeat has 470 bytes; less could be meant for KiB */

static void
say_class(struct control *control, const struct store_class *class_row)
{
    struct json_wr *json = &control->json;

    json_wr_object(json);
    json_wr_key(json, "name");
    json_wr_str(json, class_row->name);
    json_wr_key(json, "bank");
    json_wr_str(json, hash_name(class_row->bank));
    json_wr_key(json, "pcrs");
    json_wr_array(json);
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (class_row->pcr_mask >> pcr & 1) {
            json_wr_int(json, pcr);
        }
    }
    json_wr_end_array(json);
    json_wr_key(json, "lacks");
    json_wr_array(json);
    for (enum hash bank = 0; bank < HASH_N; bank++) {
        if (class_row->lacks >> bank & 1) {
            json_wr_str(json, hash_name(bank));
        }
    }
    json_wr_end_array(json);
    json_wr_key(json, "interval_s");
    json_wr_int(json, class_row->interval_s);
    json_wr_key(json, "evidence_max");
    json_wr_int(json, class_row->evidence_max);
    json_wr_key(json, "audiences");
    json_wr_str(json, class_row->audiences);
    json_wr_key(json, "need_ek_chain");
    json_wr_bool(json, class_row->need_ek_chain);
    json_wr_key(json, "allow_no_nonce");
    json_wr_bool(json, class_row->allow_no_nonce);
    json_wr_key(json, "allow_sha1");
    json_wr_bool(json, class_row->allow_sha1);
    json_wr_end_object(json);
}

/* Digits alone: strtoul() would take blanks and signs too. */
static bool
read_pcr(const char **at, unsigned long *ret)
{
    size_t n = strspn(*at, "0123456789");

    if (n == 0 || n > 2) {
        return false;
    }
    *ret = strtoul(*at, NULL, 10);
    *at += n;
    return *ret < LIMIT_PCRS;
}

/* "0-9,14" to a mask. */
static bool
read_pcrs(const char *text, uint32_t *ret)
{
    uint32_t mask = 0;

    for (;;) {
        unsigned long first = 0;
        unsigned long last = 0;

        if (!read_pcr(&text, &first)) {
            return false;
        }
        last = first;
        if (*text == '-') {
            text++;
            if (!read_pcr(&text, &last) || first > last) {
                return false;
            }
        }
        for (unsigned long pcr = first; pcr <= last; pcr++) {
            mask |= UINT32_C(1) << pcr;
        }
        if (*text != ',') {
            *ret = mask | PCR_MASK_FIRMWARE;
            return *text == '\0';
        }
        text++;
    }
}

static bool
read_yes(const char *text, bool *ret)
{
    *ret = strcmp(text, "yes") == 0;
    return *ret || strcmp(text, "no") == 0;
}

/* "sha512,sha1" to bits by enum hash. */
static bool
read_banks(const char *text, uint32_t *ret)
{
    *ret = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        enum hash hash = hash_from_name(bytes_of(text, len));

        if (hash == HASH_N) {
            return false;
        }
        *ret |= UINT32_C(1) << hash;
        text += len + (text[len] == ',');
    }
    return true;
}

static bool
read_interval(const char *text, int64_t *ret)
{
    size_t n = strspn(text, "0123456789");

    *ret = strtol(text, NULL, 10);
    return n > 0 && n <= 5 && text[n] == '\0' && *ret >= 10 && *ret <= 86400;
}

/* Bytes, or KiB or MiB where a K or M is behind the number. */
static bool
read_evidence_max(const char *text, uint32_t *ret)
{
    size_t n = strspn(text, "0123456789");
    unsigned shift = text[n] == 'K' ? 10 : text[n] == 'M' ? 20 : 0;
    uint64_t bytes;

    if (n == 0 || n > 7 || strlen(text + n) != (shift ? 1u : 0u)) {
        return false;
    }
    bytes = (uint64_t)strtoul(text, NULL, 10) << shift;
    *ret = (uint32_t)bytes;
    return bytes >= EVIDENCE_LEAST && bytes <= LIMIT_EVIDENCE_STREAM_BYTES;
}

static bool
read_audiences(const char *text, char ret[256])
{
    snprintf(ret, 256, "%s", text);
    return strlen(text) < 256 && audience_list_good(text);
}

/* Sets one key=value; false when it makes no sense. */
static bool
set(struct store_class *class_row, const char *key, const char *value)
{
    if (strcmp(key, "bank") == 0) {
        class_row->bank = hash_from_name(bytes_str(value));
        return class_row->bank <= HASH_SHA512;
    }
    if (strcmp(key, "pcrs") == 0) {
        return read_pcrs(value, &class_row->pcr_mask);
    }
    if (strcmp(key, "interval") == 0) {
        return read_interval(value, &class_row->interval_s);
    }
    if (strcmp(key, "evidence-max") == 0) {
        return read_evidence_max(value, &class_row->evidence_max);
    }
    if (strcmp(key, "audiences") == 0) {
        return read_audiences(value, class_row->audiences);
    }
    if (strcmp(key, "need-ek-chain") == 0) {
        return read_yes(value, &class_row->need_ek_chain);
    }
    if (strcmp(key, "allow-no-nonce") == 0) {
        return read_yes(value, &class_row->allow_no_nonce);
    }
    if (strcmp(key, "allow-sha1") == 0) {
        return read_yes(value, &class_row->allow_sha1);
    }
    return strcmp(key, "lacks") == 0 && read_banks(value, &class_row->lacks);
}

static bool
set_word(const struct control *control, size_t i, struct store_class *class_row)
{
    char word[320];
    char *value;

    if (!control_text(control, i, word, sizeof(word)) || !(value = strchr(word, '='))) {
        return false;
    }
    *value++ = '\0';
    return set(class_row, word, value);
}

/* What is right, in the place of what was given. */
static int
say_settings(struct control *control, struct bytes given)
{
    static const char audiences[] = "audiences=";
    size_t len = strlen(audiences);

    if (given.len >= len && memcmp(given.p, audiences, len) == 0) {
        return control_error(
            control, "setting",
            "audiences are bearer:NAME or bound:NAME with ,OPTIONs, each NAME once "
            "and of " NAME_RULE);
    }
    return control_error(control, "setting",
                         "settings are bank=sha256 pcrs=0-9,14 interval=300 "
                         "audiences=bearer:NAME need-ek-chain=yes allow-no-nonce=no "
                         "allow-sha1=no lacks=sha512 evidence-max=256K");
}

/* Whether an audience wants a key that a site of before has not. */
static bool
lacks_key(const struct keeper *keeper, const char *audiences)
{
    struct audience audience;

    while (audience_next(&audiences, &audience)) {
        if ((audience.rs256 && !keeper->rsa_key) ||
            (audience.pairwise && !keeper->setup.pairwise_key.p)) {
            return true;
        }
    }
    return false;
}

/* Whether a name is too long for tokens that name groups too. */
static bool
lacks_room(const struct keeper *keeper, const struct store_class *class_row)
{
    const char *at = class_row->audiences;
    struct audience audience;

    while (audience_next(&at, &audience)) {
        if (audience.groups && (audience.name.len > AUDIENCE_GROUPS_NAME ||
                                strlen(class_row->name) > AUDIENCE_GROUPS_NAME ||
                                keeper->setup.issuer.len > AUDIENCE_GROUPS_ISSUER)) {
            return true;
        }
    }
    return false;
}

int
control_class_add(struct control *control)
{
    /* PCR 0 to 9 and 14: what firmware, shim and GRUB measure, so that the log alone explains it */
    struct store_class class_row = {
        .bank = HASH_SHA256,
        .pcr_mask = 0x43ff,
        .interval_s = 300,
        .evidence_max = LIMIT_EVIDENCE_BYTES,
        .allow_no_nonce = true,
        .audiences = "bearer:assay",
    };
    int r;

    if (!control_name_good(control->words.words[0]) ||
        !control_text(control, 0, class_row.name, sizeof(class_row.name))) {
        return control_error(control, "name", "a class is named by " NAME_RULE " or hyphen");
    }
    for (size_t i = 1; i < control->words.n; i++) {
        if (!set_word(control, i, &class_row)) {
            return say_settings(control, control->words.words[i]);
        }
    }
    if (lacks_key(control->keeper, class_row.audiences)) {
        return control_error(control, "key",
                             "an audience is rs256 or pairwise, and the site has no key for that: "
                             "run `assay setup` once more and start the verifier anew");
    }
    if (lacks_room(control->keeper, &class_row)) {
        return control_error(
            control, "room",
            "tokens have no room for groups beside a class or audience of more than "
            "24 letters, or an issuer of more than 72");
    }
    if (class_row.bank == HASH_SHA1 && !class_row.allow_sha1) {
        /* else every device of it would be refused (109) and nobody would know why */
        return control_error(control, "sha1",
                             "SHA-1 can be forged: choose another bank, or give allow-sha1=yes "
                             "(--allow-sha1) for machines that have no other");
    }
    r = store_class_put(control->keeper->store, &class_row);
    if (r != 0) {
        return control_broke(control, r);
    }
    keeper_audit(control->keeper, "class", NULL, control->actor, class_row.name);
    say_class(control, &class_row);
    return CONTROL_YES;
}

static bool
on_class(void *context, const struct store_class *class_row)
{
    say_class(context, class_row);
    return true;
}

int
control_class_list(struct control *control)
{
    int r;

    json_wr_object(&control->json);
    json_wr_key(&control->json, "classes");
    json_wr_array(&control->json);
    r = store_class_each(control->keeper->store, on_class, control);
    if (r != 0) {
        return control_broke(control, r);
    }
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

int
control_status(struct control *control)
{
    struct keeper *keeper = control->keeper;
    int64_t now = keeper->clock->utc_ms(keeper->clock->context);

    json_wr_object(&control->json);
    json_wr_key(&control->json, "site");
    json_wr_text(&control->json, keeper->setup.site);
    json_wr_key(&control->json, "version");
    json_wr_str(&control->json, ASSAY_VERSION);
    json_wr_key(&control->json, "uptime_s");
    json_wr_int(&control->json, (now - keeper->started_ms) / 1000);
    json_wr_key(&control->json, "devices");
    json_wr_object(&control->json);
    for (int state = 0; state < DEVICE_STATE_N; state++) {
        int64_t n = 0;
        int r = store_device_count(keeper->store, (enum device_state)state, &n);

        if (r != 0) {
            return control_broke(control, r);
        }
        json_wr_key(&control->json, device_state_name((enum device_state)state));
        json_wr_int(&control->json, n);
    }
    json_wr_end_object(&control->json);
    say_policies(control);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}
