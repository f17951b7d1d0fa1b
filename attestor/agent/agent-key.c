/* The device key that tokens are bound to: made once a run, certified once a connection. */
#include <errno.h>
#include <stdio.h>

#include "agent/agent-steps.h"
#include "agent/device-cert.h"
#include "agent/self-check.h"
#include "agent/state-file.h"
#include "crypto/spki.h"
#include "tpm/tpm-ak.h"
#include "tpm/tpm-certify.h"
#include "tpm/tpm-sign.h"
#include "wire/binding.h"
#include "wire/device-key.h"

enum { PUBLIC_MODE = 0644, CERTIFIED_ROOM = 2048 };

/* For whoever uses the key: in the folder of tokens, world-readable as any public key. */
static void
publish(const struct agent *agent, const char *name, struct bytes content)
{
    int r =
        state_file_write(agent->conf->token_dir, name, content, PUBLIC_MODE, STATE_FILE_NO_GROUP);

    if (r < 0) {
        log_event(LOG_ERROR, "key-write", LOG_STR("file", name), LOG_INT("errno", -r));
    }
}

static int
sign_certificate(struct agent *agent, struct bytes tbs, struct tpm_error *error)
{
    struct wr wr = wr_init(agent->dev_cert, sizeof(agent->dev_cert));
    uint8_t digest[32];
    uint8_t signature[64];
    int r = hasher_bytes(agent->hasher, HASH_SHA256, tbs, digest);

    if (r == 0) {
        r = tpm_sign_digest(agent->dev, digest, signature, error);
    }
    if (r == 0) {
        r = device_cert_write(tbs, signature, &wr);
    }
    agent->dev_cert_len = r == 0 ? wr_done(&wr).len : 0;
    return r;
}

/* Not kept, it is another one at the next start: bound tokens are fetched anew then anyhow. */
static void
keep_certificate(const struct agent *agent)
{
    int r = agent->dev_cert_len == 0
                ? 0
                : state_file_write(agent->conf->state_dir, AGENT_CERT_FILE,
                                   bytes_of(agent->dev_cert, agent->dev_cert_len), 0600,
                                   STATE_FILE_NO_GROUP);

    if (r < 0) {
        log_event(LOG_WARNING, "state-write", LOG_STR("file", AGENT_CERT_FILE),
                  LOG_INT("errno", -r));
    }
}

/* The kept certificate of this very key, or a new one: a signature is fresh each time, and tokens
 * of before shall go on to match. */
static int
load_certificate(struct agent *agent, struct bytes spki, struct tpm_error *error)
{
    uint8_t room[DEVICE_CERT_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    struct source_data kept = {0};
    int r = device_cert_tbs(agent->hasher, spki, &wr);

    if (r != 0) {
        return r;
    }
    if (state_file_read(agent->conf->state_dir, AGENT_CERT_FILE, DEVICE_CERT_ROOM, &kept) == 0 &&
        device_cert_is_of(source_file_bytes(&kept), wr_done(&wr))) {
        memcpy(agent->dev_cert, kept.p, kept.len);
        agent->dev_cert_len = kept.len;
    } else {
        r = sign_certificate(agent, wr_done(&wr), error);
        keep_certificate(agent);
    }
    source_file_done(&kept);
    return r;
}

static int
load(struct agent *agent, struct tpm_error *error)
{
    uint8_t room[SPKI_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r = tpm_ak_load_dev(agent->tpm, bytes_str(agent->conf->site), &agent->dev, error);

    if (r == 0) {
        r = tpm_key_spki(agent->dev, &wr);
    }
    if (r == 0 && agent->conf->bind == AGENT_BIND_CERTIFICATE) {
        r = load_certificate(agent, wr_done(&wr), error);
    }
    if (r != 0) {
        tpm_key_freep(&agent->dev);
        return r;
    }
    publish(agent, AGENT_KEY_FILE, wr_done(&wr));
    if (agent->dev_cert_len > 0) {
        publish(agent, AGENT_CERT_FILE, bytes_of(agent->dev_cert, agent->dev_cert_len));
    }
    return 0;
}

static int
certify(struct agent *agent, const uint8_t exporter[EXPORTER_SIZE], struct tpm_signed *ret,
        struct tpm_error *error)
{
    struct binding binding = {
        .site = bytes_str(agent->conf->site),
        .mode = BINDING_CONNECTION,
        .nonce = agent->has_nonce ? agent->nonce : NULL,
        .exporter = exporter,
    };
    uint8_t qualifying[32];
    int r = binding_certify(agent->hasher, &binding, qualifying);

    if (r == 0) {
        r = tpm_certify(agent->dev, agent->ak, qualifying, ret, error);
    }
    return r == 0 ? tpm_signed_check(ret, agent->ak, self_check, agent->hasher) : r;
}

int
agent_key_item(struct agent *agent, struct wr *wr, struct tpm_error *error)
{
    uint8_t exporter[EXPORTER_SIZE];
    uint8_t room[CERTIFIED_ROOM];
    struct wr certified = wr_init(room, sizeof(room));
    struct tpm_signed statement;
    struct device_key key;
    int r = agent->dev ? 0 : load(agent, error);

    if (r == 0) {
        r = link_exporter(agent->link, exporter);
    }
    if (r == 0) {
        r = certify(agent, exporter, &statement, error);
    }
    if (r != 0) {
        return r;
    }
    wr_bytes(&certified, bytes_of(statement.info, statement.info_len));
    wr_bytes(&certified, tpm_signed_signature(&statement));
    key = (struct device_key){
        .public = tpm_key_public(agent->dev),
        .certified = wr_done(&certified),
        .certificate =
            agent->dev_cert_len ? bytes_of(agent->dev_cert, agent->dev_cert_len) : BYTES_NULL,
    };
    device_key_write(wr, &key);
    return wr_done(wr).p ? 0 : -ENOSPC;
}
