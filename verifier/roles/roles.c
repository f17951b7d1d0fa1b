#include "roles/roles.h"

enum role { ROLE_MAIN, ROLE_FRONT, ROLE_KEEPER, ROLE_READER, ROLE_CLIENT };

static const struct {
    uint16_t type;
    enum role sender;
    enum role receiver;
    size_t most;
    const char *name;
} messages[] = {
#define MESSAGE(name, number, sender, receiver, most) \
    {number, ROLE_##sender, ROLE_##receiver, most, #name},
#include "roles/message.def"
#undef MESSAGE
};

static size_t
most(uint16_t type, enum role sender, enum role receiver)
{
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        if (messages[i].type == type && messages[i].sender == sender &&
            messages[i].receiver == receiver) {
            return messages[i].most;
        }
    }
    return SIZE_MAX;
}

const char *
message_name(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        if (messages[i].type == type) {
            return messages[i].name;
        }
    }
    return "unknown";
}

#define DIRECTION(function, sender, receiver)              \
    size_t function(uint16_t type)                         \
    {                                                      \
        return most(type, ROLE_##sender, ROLE_##receiver); \
    }

DIRECTION(roles_main_to_front, MAIN, FRONT)
DIRECTION(roles_front_to_main, FRONT, MAIN)
DIRECTION(roles_main_to_keeper, MAIN, KEEPER)
DIRECTION(roles_keeper_to_main, KEEPER, MAIN)
DIRECTION(roles_front_to_keeper, FRONT, KEEPER)
DIRECTION(roles_keeper_to_front, KEEPER, FRONT)
DIRECTION(roles_keeper_to_reader, KEEPER, READER)
DIRECTION(roles_reader_to_keeper, READER, KEEPER)
DIRECTION(roles_client_to_keeper, CLIENT, KEEPER)
DIRECTION(roles_keeper_to_client, KEEPER, CLIENT)
