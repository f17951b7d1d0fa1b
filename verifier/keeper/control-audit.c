/* assay audit: the log in pages, and its signed end. Whoever asks checks it himself. */
#include <stdio.h>
#include <stdlib.h>

#include "keeper/audit-sign.h"
#include "keeper/control.h"
#include "wire/audit-head.h"

/* A page ends at the first row beyond either: a keeper that answers operators answers nobody else
 * meanwhile. */
enum { PAGE_ROWS = 500, PAGE_BYTES = 192 * 1024 };

struct page {
    struct control *control;
    size_t n;
};

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    struct page *page = context;
    struct json_wr *json = &page->control->json;

    json_wr_object(json);
    json_wr_key(json, "seq");
    json_wr_int(json, row->seq);
    json_wr_key(json, "at_ms");
    json_wr_int(json, row->at_ms);
    json_wr_key(json, "kind");
    json_wr_text(json, row->kind);
    if (row->device) {
        control_hex(page->control, "device", bytes_of(row->device, WIRE_UEID_SIZE));
    } else {
        json_wr_key(json, "device");
        json_wr_null(json);
    }
    json_wr_key(json, "actor");
    json_wr_text(json, row->actor);
    json_wr_key(json, "text");
    json_wr_text(json, row->text);
    control_hex(page->control, "hash", bytes_of(hash, 32));
    json_wr_end_object(json);
    return ++page->n < PAGE_ROWS && json->wr.len < PAGE_BYTES;
}

static bool
number(const struct control *control, size_t i, int64_t *ret)
{
    char room[20];
    char *end = NULL;

    if (!control_text(control, i, room, sizeof(room)) ||
        strspn(room, "0123456789") != strlen(room)) {
        return false;
    }
    *ret = strtoll(room, &end, 10);
    return *ret >= 1 && *ret <= AUDIT_NUMBER_MAX;
}

int
control_audit_rows(struct control *control)
{
    struct page page = {.control = control};
    int64_t from = 0;
    int r;

    if (!number(control, 0, &from)) {
        return control_error(control, "number", "the number of a row is expected, from 1");
    }
    json_wr_object(&control->json);
    json_wr_key(&control->json, "rows");
    json_wr_array(&control->json);
    r = store_audit_each(control->keeper->store, from, on_row, &page);
    if (r != 0) {
        return control_broke(control, r);
    }
    json_wr_end_array(&control->json);
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}

int
control_audit_head(struct control *control)
{
    uint8_t room[AUDIT_HEAD_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    const char *alarm = audit_sign_alarm(control->keeper);
    int64_t count = 0;
    int r;

    if (alarm) {
        return control_error(control, "alarm", alarm);
    }
    r = audit_sign_now(control->keeper, &wr, &count);
    if (r < 0) {
        return control_broke(control, r);
    }
    json_wr_object(&control->json);
    json_wr_key(&control->json, "count");
    json_wr_int(&control->json, count);
    json_wr_key(&control->json, "head");
    json_wr_b64(&control->json, wr_done(&wr));
    json_wr_end_object(&control->json);
    return CONTROL_YES;
}
