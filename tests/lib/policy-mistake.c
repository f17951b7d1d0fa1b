#include "lib/policy-mistake.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"

struct bundle policy_bundle;
struct policy_say policy_said;

int
policy_text(const char *text)
{
    struct policy_memory *memory;
    int r;

    memset(&policy_said, 0, sizeof(policy_said));
    r = policy_compile(bytes_str(text), &policy_bundle, &memory, &policy_said);
    (void)check_keep(memory);
    for (size_t i = 0; i < policy_said.n; i++) {
        const struct policy_saying *one = &policy_said.items[i];

        printf("# %u:%u: %s\n", one->line, one->column, one->text);
    }
    return r;
}

struct bytes
policy_body(const char *text)
{
    enum { ROOM = 1 << 20 };
    uint8_t *room = check_keep(malloc(ROOM));
    struct wr wr = wr_init(room, ROOM);

    CHECK_EQ(policy_text(text), 0);
    bundle_write(&wr, &policy_bundle);
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

void
policy_mistakes(const struct mistake *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct policy_saying *one = policy_said.items;

        CHECK_EQ(policy_text(list[i].text), 1);
        while (one->note) {
            one++;
        }
        CHECK(strstr(one->text, list[i].said) != NULL);
        CHECK_EQ(one->line, list[i].line);
        CHECK_EQ(one->column, list[i].column);
    }
}
