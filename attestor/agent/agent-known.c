/* How much of the growing logs the verifier knows, kept across restarts of this program but not of
 * the machine: [boot id, offsets] in a file. It is no secret, and a wrong one costs one round trip:
 * the verifier compares the digest of the bytes before an offset and says what it wants instead. */
#include <errno.h>

#include "agent/agent-steps.h"
#include "agent/state-file.h"
#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { KNOWN_ROOM = 128, BOOT_ID_LEN = 36 };

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

/* This boot's name; empty where the kernel gives none: then nothing is kept. */
static struct bytes
boot_id(struct source_data *data)
{
    if (source_file_read(BOOT_ID_PATH, KNOWN_ROOM, data) != 0 || data->len < BOOT_ID_LEN) {
        return BYTES_NULL;
    }
    return bytes_of(data->p, BOOT_ID_LEN);
}

static size_t
only_growing(const struct agent *agent, struct log_offset ret[LIMIT_EVIDENCE_LOGS])
{
    size_t n = 0;

    for (size_t i = 0; i < agent->n_known; i++) {
        if (agent->known[i].kind != LOG_FIRMWARE) {
            ret[n++] = agent->known[i];
        }
    }
    return n;
}

void
agent_known_save(const struct agent *agent)
{
    CLEANUP(source_file_done) struct source_data data = {0};
    struct log_offset growing[LIMIT_EVIDENCE_LOGS];
    size_t n = only_growing(agent, growing);
    struct bytes boot = boot_id(&data);
    uint8_t room[KNOWN_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    int r;

    if (n == 0 || !boot.p) {
        r = state_file_remove(agent->conf->state_dir, AGENT_KNOWN_FILE);
    } else {
        cbor_wr_array(&wr, 2);
        cbor_wr_bstr(&wr, boot);
        log_offsets_write(&wr, growing, n);
        r = state_file_write(agent->conf->state_dir, AGENT_KNOWN_FILE, wr_done(&wr), 0600,
                             STATE_FILE_NO_GROUP);
    }
    if (r < 0) {
        log_event(LOG_WARNING, "state-write", LOG_STR("file", AGENT_KNOWN_FILE),
                  LOG_INT("errno", -r));
    }
}

void
agent_known_load(struct agent *agent)
{
    CLEANUP(source_file_done) struct source_data data = {0};
    CLEANUP(source_file_done) struct source_data boot_data = {0};
    struct log_offset known[LIMIT_EVIDENCE_LOGS];
    struct bytes boot = boot_id(&boot_data);
    struct cbor_rd c;
    struct bytes named;
    size_t n;

    if (!boot.p ||
        state_file_read(agent->conf->state_dir, AGENT_KNOWN_FILE, KNOWN_ROOM, &data) != 0) {
        return;
    }
    c = cbor_rd_init(source_file_bytes(&data));
    cbor_rd_array(&c, 2);
    named = cbor_rd_bstr(&c, BOOT_ID_LEN);
    n = log_offsets_read(&c, known);
    if (cbor_rd_end(&c) && bytes_equal(named, boot)) {
        agent->n_known = n;
        memcpy(agent->known, known, sizeof(agent->known));
    }
}
