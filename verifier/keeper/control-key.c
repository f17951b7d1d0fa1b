/* assay key: which keys the keeper uses. Key files are written by root's hand, not here. */
#include "keeper/control.h"

/* Each PSK master with the devices that were last judged on a connection of it. */
static int
say_masters(struct control *control)
{
    struct keeper *keeper = control->keeper;
    struct json_wr *json = &control->json;
    int r = 0;

    json_wr_key(json, "psk_masters");
    json_wr_array(json);
    for (size_t i = 0; i < IDENT_MASTERS_MAX && r == 0; i++) {
        uint8_t id = keeper->setup.masters[i].id;
        int64_t n = 0;

        if (id == 0) {
            continue;
        }
        r = store_last_masters(keeper->store, id, &n);
        json_wr_object(json);
        json_wr_key(json, "id");
        json_wr_int(json, id);
        json_wr_key(json, "devices");
        json_wr_int(json, n);
        json_wr_end_object(json);
    }
    json_wr_end_array(json);
    return r;
}

int
control_key_state(struct control *control)
{
    struct keeper *keeper = control->keeper;
    int r;

    json_wr_object(&control->json);
    control_hex(control, "stamp", BYTES_OF(keeper->setup.stamp));
    json_wr_key(&control->json, "token_kid");
    json_wr_str(&control->json, keeper->token_kid);
    r = say_masters(control);
    json_wr_end_object(&control->json);
    return r == 0 ? CONTROL_YES : control_broke(control, r);
}
