#include "lib/bundle-sample.h"

enum { SET_KERNEL, SET_DBX_1, SET_DBX_2, SET_DB, SET_SBAT, SET_SIGNERS, N_SETS };
enum { N_RULES = 4, ROOM = 8192, SIZE = HASH_SIZE_MAX + BUNDLE_RECORD_TAIL };

static struct bytes
record(uint8_t *room, uint8_t fill, uint16_t release, uint8_t group, uint16_t label)
{
    uint8_t digest[32];
    struct wr wr = wr_init(room, SIZE);
    struct bundle_record one = {.digest = bytes_of(digest, sizeof(digest)),
                                .release = release,
                                .group = group,
                                .state = BUNDLE_ACTIVE,
                                .label = label};

    memset(digest, fill, sizeof(digest));
    bundle_record_write(&wr, &one);
    return wr_done(&wr);
}

static void
add_set(struct bundle *b, const char *name, enum bundle_set_kind kind, struct bytes records)
{
    struct bundle_set *set = &b->sets[b->n_sets++];

    *set = (struct bundle_set){
        .name = bytes_str(name), .version = 1, .kind = kind, .next = BUNDLE_NONE};
    if (records.len > 0) {
        set->n_tables = 1;
        set->tables[0] = (struct bundle_table){.alg = HASH_SHA256, .n = 1, .records = records};
    }
}

static void
sets(struct bundle *b)
{
    static uint8_t rooms[4][SIZE];
    static const uint8_t spki[] = {0x30, 2, 5, 0};

    add_set(b, "os.kernel", BUNDLE_SET_DIGESTS, record(rooms[0], 0x8d, 0, 0, 0));
    add_set(b, "sb/dbx-1", BUNDLE_SET_DBX, record(rooms[1], 1, BUNDLE_NONE, 2, BUNDLE_NONE));
    add_set(b, "sb/dbx-2", BUNDLE_SET_DBX, record(rooms[2], 2, BUNDLE_NONE, 2, BUNDLE_NONE));
    add_set(b, "sb/keys", BUNDLE_SET_CERTS, record(rooms[3], 3, BUNDLE_NONE, 1, 1));
    add_set(b, "sbat:7", BUNDLE_SET_SBAT, BYTES_NULL);
    b->sets[SET_DBX_1].next = SET_DBX_2;
    b->sets[SET_SBAT].n_words = 2;
    b->words[0] = (struct bundle_word){bytes_str("grub"), 4};
    b->words[1] = (struct bundle_word){bytes_str("shim"), 5};
    b->n_words = 2;
    add_set(b, "signers", BUNDLE_SET_KEYS, BYTES_NULL);
    b->sets[SET_SIGNERS].n_keys = 3;
    b->keys[0] = (struct bundle_key){7, BYTES_OF(spki)};
    b->keys[1] = (struct bundle_key){UINT32_MAX, bytes_of(spki, 3)};
    b->keys[2] = (struct bundle_key){UINT32_MAX, BYTES_OF(spki)};
    b->n_keys = 3;
}

static void
lists(struct bundle *b)
{
    b->cmdlines[0] = (struct bundle_list){.name = bytes_str("laptop"), .n_items = 2};
    b->grubcmds[0] =
        (struct bundle_list){.name = bytes_str("debian"), .first_item = 2, .n_items = 1};
    b->imas[0] = (struct bundle_ima){
        .list = {.name = bytes_str("laptop"), .first_item = 3, .n_items = 2},
        .pcr = 10,
        .min_digest = HASH_SHA256,
        .keys = BUNDLE_KEY_P256,
    };
    b->items[0] = (struct bundle_item){ITEM_REQUIRE, bytes_str("ro"), BUNDLE_NONE};
    b->items[1] = (struct bundle_item){ITEM_DENY, bytes_str("init=*"), BUNDLE_NONE};
    b->items[2] = (struct bundle_item){ITEM_EXPECT, bytes_str("linux /a *"), BUNDLE_NONE};
    b->items[3] = (struct bundle_item){ITEM_ALLOW_SET, BYTES_NULL, SET_KERNEL};
    b->items[4] = (struct bundle_item){ITEM_SIGNED_SET, BYTES_NULL, SET_SIGNERS};
    b->n_items = 5;
    b->n_cmdlines = b->n_grubcmds = b->n_imas = 1;
}

static void
add_rule(struct bundle *b, const char *id, const char *slot, enum bundle_verb verb,
         struct bundle_arg arg)
{
    b->rules[b->n_rules++] = (struct bundle_rule){
        .id = bytes_str(id),
        .slot = bytes_str(slot),
        .verb = verb,
        .first_arg = b->n_args,
        .n_args = 1,
        .count_min = 1,
        .count_max = 2,
    };
    b->args[b->n_args++] = arg;
}

static void
rules(struct bundle *b)
{
    add_rule(b, "chain", "boot.images", VERB_SEQUENCE,
             (struct bundle_arg){.index = SET_KERNEL, .min = 1, .max = 2});
    add_rule(b, "floor", "boot.images", VERB_AT_LEAST,
             (struct bundle_arg){.index = BUNDLE_NONE, .text = bytes_str("os"), .number = 41});
    add_rule(b, "args", "boot.cmdline", VERB_TOKENS, (struct bundle_arg){.index = 0});
    add_rule(b, "ima", "ima", VERB_POLICY, (struct bundle_arg){.index = 0});
}

static void
advisories(struct bundle *b)
{
    b->n_advisories = 2;
    b->advisories[0] = (struct bundle_advisory){
        .name = bytes_str("dos"),
        .vendor = 0x4e544300,
        .n_spans = 1,
        .spans = {{0, UINT64_MAX}},
        .severity = SEVERITY_LOW,
    };
    b->advisories[1] = (struct bundle_advisory){
        .name = bytes_str("roca"),
        .vendor = 0x49465800,
        .n_spans = 2,
        .spans = {{10, 20}, {22, 22}},
        .severity = SEVERITY_HIGH,
        .n_cves = 2,
        .cves = {bytes_str("CVE-1"), bytes_str("CVE-2")},
        .effect = bytes_str("keys can be computed"),
    };
}

struct bundle *
bundle_sample(void)
{
    static struct bundle b;

    memset(&b, 0, sizeof(b));
    b.n_policies = 2;
    b.policies[0] = (struct bundle_policy){
        .name = bytes_str("base"),
        .version = 1,
        .min_hash = HASH_N,
        .token_floor = BUNDLE_TIER_WARNING,
        .mode = BUNDLE_MODE_ENFORCE,
    };
    b.policies[1] = b.policies[0];
    b.policies[1].name = bytes_str("laptop");
    b.policies[1].n_classes = 1;
    b.policies[1].classes[0] = bytes_str("t14g3");
    b.policies[1].quote = (struct pcr_set){HASH_SHA256, 0xff};
    b.policies[1].n_rules = N_RULES;
    b.n_releases = 1;
    b.releases[0] = (struct bundle_release){
        .component = bytes_str("os"),
        .name = bytes_str("corp"),
        .version = bytes_str("1"),
        .svn = 41,
        .state = BUNDLE_ACTIVE,
        .active_s = 1000,
        .cmdline = 0,
    };
    b.n_labels = 2;
    b.labels[0] = bytes_str("6.12.48");
    b.labels[1] = bytes_str("ms-uefi-ca-2023");
    sets(&b);
    lists(&b);
    rules(&b);
    advisories(&b);
    return &b;
}

struct bytes
bundle_sample_bytes(const struct bundle *bundle)
{
    static uint8_t room[ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    bundle_write(&wr, bundle);
    return wr_done(&wr);
}
