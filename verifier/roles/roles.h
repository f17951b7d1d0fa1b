/* The roles, and who may say what to whom: ipc_limit_fn for each direction, made from message.def.
 */
#pragma once

#include "base/ipc.h"

enum message {
#define MESSAGE(name, number, sender, receiver, most) MSG_##name = number,
#include "roles/message.def"
#undef MESSAGE
};

/* What a receiver takes from a sender: the most bytes of a type, SIZE_MAX for what it may not send.
 */
size_t roles_main_to_front(uint16_t type);
size_t roles_front_to_main(uint16_t type);
size_t roles_main_to_keeper(uint16_t type);
size_t roles_keeper_to_main(uint16_t type);
size_t roles_front_to_keeper(uint16_t type);
size_t roles_keeper_to_front(uint16_t type);
size_t roles_keeper_to_reader(uint16_t type);
size_t roles_reader_to_keeper(uint16_t type);
size_t roles_client_to_keeper(uint16_t type);
size_t roles_keeper_to_client(uint16_t type);

/* Name of a message as in "REQUEST", "unknown" for another number. */
const char *message_name(uint16_t type);
