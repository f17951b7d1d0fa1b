/* What a device announced, in `device show`. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "keeper/control-say.h"
#include "store/store-announced.h"
#include "wire/announce.h"

struct saying {
    struct control *control;
    const struct store_last *last;
    struct announce *announce;
    bool begun;
};

static void
say_number(struct json_wr *json, const char *key, int64_t value)
{
    json_wr_key(json, key);
    json_wr_int(json, value);
}

static void
say_escaped(struct json_wr *json, const char *key, struct bytes text)
{
    char room[TEXT_QUOTED_ROOM(LIMIT_TEXT)];

    json_wr_key(json, key);
    json_wr_str(json, text_escaped(room, sizeof(room), text));
}

static void
say_event(struct control *control, const struct announce_event *event)
{
    struct json_wr *json = &control->json;

    json_wr_object(json);
    say_number(json, "pcr", event->pcr);
    if (event->label.p) {
        say_escaped(json, "label", event->label);
    }
    for (size_t alg = 0; alg < HASH_N; alg++) {
        if (event->digests[alg].p) {
            control_hex(control, hash_name((enum hash)alg), event->digests[alg]);
        }
    }
    json_wr_end_object(json);
}

static void
say_row(struct saying *saying, const struct store_announced *row)
{
    const struct announce *announce = saying->announce;
    struct json_wr *json = &saying->control->json;

    json_wr_object(json);
    say_escaped(json, "component", announce->component);
    say_escaped(json, "version", announce->version);
    say_number(json, "heard_ms", row->heard_ms);
    say_number(json, "made_ms", announce->made_ms);
    if (announce->n_events == 0) {
        json_wr_key(json, "damaged");
        json_wr_bool(json, true);
    }
    say_number(json, "expires_ms", row->expires_ms);
    say_number(json, "boots_left", (int64_t)(row->reset_last - saying->last->reset_count));
    json_wr_key(json, "events");
    json_wr_array(json);
    for (size_t i = 0; i < announce->n_events; i++) {
        say_event(saying->control, &announce->events[i]);
    }
    json_wr_end_array(json);
    json_wr_end_object(json);
}

static bool
on_row(void *context, const struct store_announced *row)
{
    struct saying *saying = context;
    struct bytes body = bytes_of(row->body, row->body_len);

    if (!saying->begun) {
        saying->begun = true;
        json_wr_key(&saying->control->json, "announced");
        json_wr_array(&saying->control->json);
    }
    if (announce_read(body, saying->announce, NULL) != 0) { /* it was whole when it was put */
        *saying->announce = (struct announce){.component = bytes_str(row->component)};
    }
    say_row(saying, row);
    return true;
}

int
say_announced(struct control *control, const struct store_device *device,
              const struct store_last *last)
{
    struct keeper *keeper = control->keeper;
    const struct store_moment moment = {keeper->clock->utc_ms(keeper->clock->context), last->era,
                                        last->reset_count};
    CLEANUP(free_p) struct announce *announce = malloc(sizeof(*announce));
    struct saying saying = {.control = control, .last = last, .announce = announce};
    int r = announce ? store_announced_each(keeper->store, device->id, &moment, on_row, &saying)
                     : -ENOMEM;

    if (saying.begun) {
        json_wr_end_array(&control->json);
    }
    return r;
}
