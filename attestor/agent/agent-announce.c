/* What this machine's hooks left of boots to come, told to the verifier that has just accepted our
 * evidence on this connection. Whatever comes of it, the verdict stands. */
#include <stdlib.h>

#include "agent/agent-steps.h"
#include "source/source-announce.h"
#include "wire/announce.h"

enum { ANNOUNCE_MS = 60000, CF_CBOR = 60 };

struct telling {
    struct agent *agent;
    struct source_announce folder;
    const struct source_announce_file *file; /* the one that is told now */
};

static void
drop(const struct telling *telling)
{
    int r = source_announce_remove(&telling->folder, telling->file);

    if (r < 0) { /* it is told again with the next evidence, which changes nothing there */
        log_event(LOG_WARNING, "announce-folder", LOG_TEXT("file", bytes_str(telling->file->name)),
                  LOG_INT("errno", -r));
    }
}

/* It would be refused again: nobody mends a file. */
static void
refused(const struct telling *telling, const char *why)
{
    log_event(LOG_WARNING, "announce-refused", LOG_TEXT("file", bytes_str(telling->file->name)),
              LOG_STR("why", why));
    drop(telling);
}

/* True to go on with the next file. */
static bool
answered(const struct telling *telling, const struct link_reply *reply)
{
    switch (reply->code) {
    case LINK_CODE(2, 4):
        log_event(LOG_INFO, "announced", LOG_TEXT("file", bytes_str(telling->file->name)));
        drop(telling);
        return true;
    case LINK_CODE(4, 0):
    case LINK_CODE(4, 13):
        refused(telling, "the verifier finds it out of form");
        return true;
    default: /* the connection's evidence counts no more, it is busy, or has no such resource yet */
        log_event(LOG_NOTICE, "announce-later", LOG_TEXT("file", bytes_str(telling->file->name)),
                  LOG_INT("code", (reply->code >> 5) * 100 + (reply->code & 31)));
        return false;
    }
}

static bool
send_body(const struct telling *telling, struct bytes body)
{
    CLEANUP(link_reply_done) struct link_reply reply = {0};
    const struct link_ask ask = {.method = LINK_POST,
                                 .path = "announce",
                                 .content_format = CF_CBOR,
                                 .body = body,
                                 .timeout_ms = ANNOUNCE_MS};
    int r = link_request(telling->agent->link, &ask, &reply);

    if (r != 0) { /* the connection is made again when it is needed */
        log_event(LOG_NOTICE, "announce-later", LOG_TEXT("file", bytes_str(telling->file->name)),
                  LOG_STR("why", link_outcome_name((enum link_outcome)(r > 0 ? r : 0))));
        return false;
    }
    return answered(telling, &reply);
}

/* True to go on with the next file. */
static bool
tell(const struct telling *telling)
{
    CLEANUP(source_file_done) struct source_data data = {0};
    CLEANUP(free_p) struct announce *announce = malloc(sizeof(*announce));
    int r = source_announce_read(&telling->folder, telling->file, LIMIT_ANNOUNCE_BYTES, &data);

    if (r == SOURCE_E_LARGE) {
        refused(telling, "it is longer than an announcement may be");
        return true;
    }
    if (r != 0 || !announce) { /* gone, or not to be read now */
        return true;
    }
    if (announce_read(source_file_bytes(&data), announce, NULL) != 0) {
        refused(telling, "it is not of the form in announce.cddl");
        return true;
    }
    return send_body(telling, source_file_bytes(&data));
}

enum agent_result
agent_announce(struct agent *agent)
{
    struct telling telling = {.agent = agent};
    const char *path = agent->conf->announce_dir;
    int r = agent->exit == AGENT_ATTESTED && path[0] != '\0'
                ? source_announce_open(path, &telling.folder)
                : SOURCE_E_ABSENT;

    if (r != 0 && r != SOURCE_E_ABSENT) {
        log_event(LOG_WARNING, "announce-folder", LOG_STR("folder", path),
                  LOG_STR("why", source_file_outcome_name((enum source_outcome)r)));
    }
    if (r != 0) {
        return AGENT_R_DONE;
    }
    if (telling.folder.n_loose > 0) {
        log_event(LOG_WARNING, "announce-folder", LOG_STR("folder", path),
                  LOG_INT("loose", telling.folder.n_loose));
    }
    for (size_t i = 0; i < telling.folder.n; i++) {
        telling.file = &telling.folder.files[i];
        if (!tell(&telling)) {
            break;
        }
    }
    source_announce_close(&telling.folder);
    return AGENT_R_DONE;
}
