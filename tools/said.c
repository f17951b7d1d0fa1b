#include "said.h"

#include <stdio.h>

/* The member if it has the type. Absent and null are one. */
static json_t *
member(struct said *said, const json_t *object, const char *key, json_type type, bool must)
{
    json_t *value = json_object_get(object, key);
    bool absent = !value || json_is_null(value);

    if ((absent && must) || (!absent && json_typeof(value) != type)) {
        said->wrong = said->wrong ? said->wrong : key;
        return NULL;
    }
    return absent ? NULL : value;
}

static const char *
text_of(const json_t *value)
{
    return value ? json_string_value(value) : "";
}

const char *
said_text(struct said *said, const json_t *object, const char *key)
{
    return text_of(member(said, object, key, JSON_STRING, false));
}

const char *
said_must_text(struct said *said, const json_t *object, const char *key)
{
    return text_of(member(said, object, key, JSON_STRING, true));
}

int64_t
said_int(struct said *said, const json_t *object, const char *key, int64_t absent)
{
    json_t *value = member(said, object, key, JSON_INTEGER, false);

    return value ? json_integer_value(value) : absent;
}

int64_t
said_must_int(struct said *said, const json_t *object, const char *key)
{
    return json_integer_value(member(said, object, key, JSON_INTEGER, true));
}

bool
said_yes(struct said *said, const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (value && !json_is_boolean(value)) {
        said->wrong = said->wrong ? said->wrong : key;
    }
    return json_is_true(value);
}

json_t *
said_object(struct said *said, const json_t *object, const char *key)
{
    return member(said, object, key, JSON_OBJECT, false);
}

json_t *
said_list(struct said *said, const json_t *object, const char *key)
{
    return member(said, object, key, JSON_ARRAY, false);
}

json_t *
said_must_list(struct said *said, const json_t *object, const char *key)
{
    return member(said, object, key, JSON_ARRAY, true);
}

json_t *
said_item(struct said *said, const json_t *list, size_t i, const char *what)
{
    json_t *value = json_array_get(list, i);

    if (!json_is_object(value)) {
        said->wrong = said->wrong ? said->wrong : what;
        return NULL;
    }
    return value;
}

const char *
said_item_text(struct said *said, const json_t *list, size_t i, const char *what)
{
    const char *text = json_string_value(json_array_get(list, i));

    if (!text) {
        said->wrong = said->wrong ? said->wrong : what;
        return "";
    }
    return text;
}

bool
said_wrong(const struct said *said)
{
    if (said->wrong) {
        fprintf(stderr,
                "assay: the verifier's answer is not of the form that this assay reads "
                "(member \"%s\"): are both of one version? --json prints it as it came\n",
                said->wrong);
    }
    return said->wrong != NULL;
}
