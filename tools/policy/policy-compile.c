#include "policy/policy-compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy-draft.h"
#include "policy/policy-words.h"

struct policy_memory {
    struct policy_memory *next;
    _Alignas(max_align_t) uint8_t bytes[];
};

void
policy_memory_free(struct policy_memory *memory)
{
    while (memory) {
        struct policy_memory *next = memory->next;

        free(memory);
        memory = next;
    }
}

void
policy_memory_freep(struct policy_memory **memory)
{
    policy_memory_free(*memory);
}

void *
draft_alloc(struct draft *d, size_t size)
{
    struct policy_memory *memory = calloc(1, sizeof(*memory) + size);

    if (!memory) {
        draft_error(d, "memory ends");
        return NULL;
    }
    memory->next = *d->memory;
    *d->memory = memory;
    return memory->bytes;
}

struct bytes
draft_join(struct draft *d, struct bytes a, const char *between, struct bytes b)
{
    size_t len = a.len + strlen(between) + b.len;
    char *room = draft_alloc(d, len + 1);

    if (!room) {
        return BYTES_NULL;
    }
    snprintf(room, len + 1, "%.*s%s%.*s", (int)a.len, (const char *)a.p, between, (int)b.len,
             (const char *)b.p);
    return bytes_of(room, len);
}

struct block {
    const char *word;
    unsigned pass; /* what it refers to stands in an earlier one */
    void (*take)(struct draft *d);
};

enum { PASS_MEMBERS = 1, PASS_SETS, PASS_RELEASES, PASS_IMA, PASS_POLICIES };

static const struct block blocks[] = {
    {"cert", PASS_MEMBERS, draft_cert_block},
    {"cmdline", PASS_MEMBERS, draft_cmdline_block},
    {"grubcmd", PASS_MEMBERS, draft_grubcmd_block},
    {"set", PASS_SETS, draft_set_block},
    {"release", PASS_RELEASES, draft_release_block},
    {"ima", PASS_IMA, draft_ima_block},
    {"policy", PASS_POLICIES, draft_policy_block},
    {"advisory", PASS_MEMBERS, draft_advisory_block},
};

static const struct block *
block_here(struct draft *d, bool say)
{
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        policy_guess_try(&guess, bytes_str(blocks[i].word));
        if (draft_sees(d, blocks[i].word)) {
            return &blocks[i];
        }
    }
    if (say) {
        draft_error(d, "a file holds policy, release, set, cert, cmdline, grubcmd, ima, advisory%s",
                    policy_guess_text(&guess, room));
        d->failed = false;
    }
    return NULL;
}

/* Takes the blocks of one pass and steps over the others. */
static void
pass(struct draft *d, const struct policy_token *tokens, unsigned number)
{
    d->at = tokens;
    draft_skip_lines(d);
    while (d->at->kind != LEX_END) {
        const struct block *block = block_here(d, number == PASS_MEMBERS);

        if (block && block->pass == number) {
            d->at++;
            block->take(d);
            draft_end_line(d);
            draft_resume(d);
            d->at += d->at->kind == LEX_CLOSE; /* what an error left behind */
        } else {
            draft_skip_block(d);
        }
        draft_skip_lines(d);
    }
}

static int
by_name(const void *a, const void *b)
{
    return policy_order(((const struct bundle_policy *)a)->name,
                        ((const struct bundle_policy *)b)->name);
}

static int
ima_by_name(const void *a, const void *b)
{
    return policy_order(((const struct bundle_ima *)a)->list.name,
                        ((const struct bundle_ima *)b)->list.name);
}

/* Rules that a policy has from its base are written with their arguments once more. */
static void
check_args(struct draft *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->b->n_rules; i++) {
        n += d->b->rules[i].n_args;
    }
    if (n > LIMIT_BUNDLE_ARGS) {
        policy_say(d->say, 1, 1, false, "more than %u arguments of all rules", LIMIT_BUNDLE_ARGS);
    }
}

/* Later passes refer by index to what earlier ones sorted. After an error they would only repeat
 * it as names that are not known, so each says its own and the next begins when all is well. */
static void
passes(struct draft *d, const struct policy_token *tokens)
{
    pass(d, tokens, PASS_MEMBERS);
    draft_sort_lists(d);
    draft_sort_advisories(d);
    pass(d, tokens, PASS_SETS);
    pass(d, tokens, PASS_RELEASES);
    draft_check_names(d);
    if (d->say->n_errors > 0) {
        return;
    }
    draft_sort_releases(d);
    draft_pack_sets(d);
    pass(d, tokens, PASS_IMA);
    if (d->say->n_errors > 0) {
        return;
    }
    qsort(d->b->imas, d->b->n_imas, sizeof(d->b->imas[0]), ima_by_name);
    pass(d, tokens, PASS_POLICIES);
    if (d->say->n_errors == 0 && d->b->n_policies == 0) {
        policy_say(d->say, 1, 1, false, "the file holds no policy");
    }
    check_args(d);
    if (d->say->n_errors == 0) {
        qsort(d->b->policies, d->b->n_policies, sizeof(d->b->policies[0]), by_name);
    }
}

int
policy_compile(struct bytes source, struct bundle *ret, struct policy_memory **ret_memory,
               struct policy_say *say)
{
    struct policy_token *tokens = NULL;
    struct draft *d = calloc(1, sizeof(*d));
    int r = d ? policy_lex(source, say, &tokens) : -ENOMEM;

    *ret_memory = NULL;
    if (r == 0) {
        memset(ret, 0, sizeof(*ret));
        d->say = say; /* field by field: a whole one on the stack is too large */
        d->b = ret;
        d->memory = ret_memory;
        passes(d, tokens);
        free(d->records);
        r = say->n_errors > 0;
    }
    free(tokens);
    free(d);
    return r;
}
