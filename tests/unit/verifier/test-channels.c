/* Which messages a channel between roles takes, and of what size, by roles/message.def. */
#include "lib/check.h"
#include "roles/roles.h"

enum role { MAIN, FRONT, KEEPER, READER, CLIENT };

static const struct {
    enum role sender;
    enum role receiver;
    ipc_limit_fn *limit;
} channels[] = {
    {MAIN, FRONT, roles_main_to_front},       {FRONT, MAIN, roles_front_to_main},
    {MAIN, KEEPER, roles_main_to_keeper},     {KEEPER, MAIN, roles_keeper_to_main},
    {FRONT, KEEPER, roles_front_to_keeper},   {KEEPER, FRONT, roles_keeper_to_front},
    {KEEPER, READER, roles_keeper_to_reader}, {READER, KEEPER, roles_reader_to_keeper},
    {CLIENT, KEEPER, roles_client_to_keeper}, {KEEPER, CLIENT, roles_keeper_to_client},
};

/* What a channel takes of a message of this table. */
static void
check_limit(uint16_t type, enum role sender, enum role receiver, size_t most)
{
    for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
        bool its = channels[i].sender == sender && channels[i].receiver == receiver;

        CHECK_EQ(channels[i].limit(type), its ? most : SIZE_MAX);
    }
}

static void
every_channel_takes_its_own_messages_and_their_sizes(void)
{
#define MESSAGE(name, number, sender, receiver, most) check_limit(number, sender, receiver, most);
#include "roles/message.def"
#undef MESSAGE
    for (uint32_t type = 0; type <= UINT16_MAX; type++) {
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
            n += channels[i].limit((uint16_t)type) != SIZE_MAX;
        }
        CHECK_EQ(n, strcmp(message_name((uint16_t)type), "unknown") != 0);
    }
}

CHECK_MAIN(CASE(every_channel_takes_its_own_messages_and_their_sizes))
