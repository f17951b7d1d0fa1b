/* Members of a JSON object; what is not known is null. Inside tools/explain. */
#pragma once

#include "base/json-wr.h"

void tell_text(struct json_wr *j, const char *key, const char *text);  /* NULL and "": null */
void tell_view(struct json_wr *j, const char *key, struct bytes utf8); /* empty: null */
void tell_int(struct json_wr *j, const char *key,
              uint64_t value);                                    /* beyond what JSON holds: null */
void tell_time(struct json_wr *j, const char *key, int64_t ms);   /* 0: null */
void tell_place(struct json_wr *j, const char *key, uint32_t at); /* FAULT_NO_EVENT: null */
void tell_hex(struct json_wr *j, const char *key, struct bytes value); /* at most 64 bytes */
void tell_bool(struct json_wr *j, const char *key, bool value);
void tell_null(struct json_wr *j, const char *key);
