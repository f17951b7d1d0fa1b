#include "rejudge/rejudge-json.h"

void
rejudge_json_text(struct json_wr *j, const char *key, struct bytes text)
{
    json_wr_key(j, key);
    if (text.len > 0) {
        json_wr_text(j, text);
    } else {
        json_wr_null(j);
    }
}

void
rejudge_json_number(struct json_wr *j, const char *key, uint64_t value)
{
    json_wr_key(j, key);
    json_wr_int(j, (int64_t)value);
}

void
rejudge_json_put(FILE *out, const char *before, const struct json_wr *j)
{
    struct bytes done = json_wr_done(j);

    fprintf(out, "%s%.*s", before, (int)done.len, (const char *)done.p);
}
