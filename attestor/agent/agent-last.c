/* The last answer to an evidence, for a support bundle: what it was, never what it carried (a
 * token, a nonce). */
#include "agent/agent-steps.h"
#include "agent/state-file.h"
#include "base/json-wr.h"

enum { LAST_ROOM = 1024 };

void
agent_last_save(const struct agent *agent, uint8_t code, uint16_t reason)
{
    char room[LAST_ROOM];
    struct json_wr j = json_wr_init(room, sizeof(room));
    bool judged = code == LINK_CODE(2, 4);
    int r;

    json_wr_object(&j);
    json_wr_key(&j, "time");
    json_wr_int(&j, agent->clock->utc_ms(agent->clock->context) / 1000);
    json_wr_key(&j, "code");
    json_wr_int(&j, (code >> 5) * 100 + (code & 31));
    json_wr_key(&j, "tier");
    json_wr_str(&j, judged ? tier_name(agent->tier) : "none");
    json_wr_key(&j, "reasons");
    json_wr_array(&j);
    for (size_t i = 0; judged && i < agent->n_reasons; i++) {
        json_wr_int(&j, agent->reasons[i]);
    }
    if (!judged && reason != 0) {
        json_wr_int(&j, reason);
    }
    json_wr_end_array(&j);
    json_wr_end_object(&j);
    r = state_file_write(agent->conf->state_dir, AGENT_LAST_FILE, json_wr_done(&j), 0600,
                         STATE_FILE_NO_GROUP);
    if (r < 0) {
        log_event(LOG_WARNING, "state-write", LOG_STR("file", AGENT_LAST_FILE),
                  LOG_INT("errno", -r));
    }
}
