#include "lib/link-rig.h"

#include "lib/check.h"

static const uint8_t site_hash[32] = {0x51, 0x7e}; /* front-rig's */

bool
link_rig_pump(void *play)
{
    struct rig *rig = &((struct link_rig *)play)->rig;

    for (int i = 0; rig->front && i < 8; i++) {
        rig_pump(rig);
    }
    return false;
}

void
link_rig_begin(struct link_rig *play, const char *ip, const char *to)
{
    rig_start(&play->rig, ip, NULL);
    snprintf(play->servers, sizeof(play->servers), "%s%s:%u",
             play->rig.stream ? "coaps+tcp://" : "", to, play->rig.port);
}

struct link_target
link_rig_target(struct link_rig *play, const char *identity)
{
    if (!play->psk) {
        CHECK_EQ(secret_new(32, &play->psk), 0);
    }
    rig_psk(identity, secret_room(play->psk));
    return (struct link_target){
        .servers = play->servers,
        .identity = bytes_str(identity),
        .psk = play->psk,
        .exporter_context = site_hash,
        .ticket = &play->ticket,
        .handshake_ms = LINK_RIG_WAIT_MS,
        .stopped = link_rig_pump,
        .context = play,
    };
}

struct link *
link_rig_open(struct link_rig *play, const char *identity)
{
    struct link_target target = link_rig_target(play, identity);
    struct link *link = NULL;
    int r = link_open(&target, LINK_PSK, &link, play->text);

    if (r != 0) {
        printf("# %s\n", play->text);
    }
    CHECK_EQ(r, 0);
    CHECK_EQ(link_is_stream(link), play->rig.stream);
    return link;
}

void
link_rig_served(struct link_rig *play, struct link *link)
{
    struct link_ask ask = {.method = LINK_GET, .path = "keys", .timeout_ms = LINK_RIG_WAIT_MS};
    struct link_reply reply = {0};

    play->rig.code = FRONT_CODE(2, 5);
    play->rig.answer = bytes_str("keys here");
    CHECK_EQ(link_request(link, &ask, &reply), 0);
    CHECK_EQ(reply.code, LINK_CODE(2, 5));
    CHECK_EQ(reply.content_format, 60);
    CHECK_BYTES(bytes_of(reply.body, reply.len), bytes_str("keys here"));
    link_reply_done(&reply);
}

void
link_rig_end(struct link_rig *play, struct link *take_link)
{
    link_close(take_link);
    link_ticket_drop(&play->ticket);
    secret_freep(&play->psk);
    if (play->rig.front) {
        rig_stop(&play->rig);
    }
}
