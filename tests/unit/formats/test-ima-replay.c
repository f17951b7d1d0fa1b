/* formats/ima-replay: PCR 10 of real boots, prefixes, resumption, boot_aggregate. */
#include "formats/ima-replay.h"

#include <stdio.h>

#include "lib/check.h"
#include "lib/ima-make.h"

#define N_PCRS 11

static uint8_t room[4096];
static struct hasher *hasher;

static void
setup(void)
{
    hasher = hasher_new();
    CHECK(hasher);
}

/* PCR 0 to 10 of one bank of a boot, read after its quote. */
static void
boot_pcrs(const char *boot, enum hash bank, struct bytes pcrs[N_PCRS])
{
    struct bytes file = check_vector("ima/boot-pcrs.txt");
    FILE *in = fmemopen((void *)(uintptr_t)file.p, file.len, "r");
    char name[64];
    char bank_name[16];
    char hex[129];
    unsigned index;
    size_t n = 0;

    CHECK(in);
    while (fscanf(in, "%63s %15s %u %128s", name, bank_name, &index, hex) == 4) {
        if (strcmp(name, boot) == 0 && strcmp(bank_name, hash_name(bank)) == 0 && index < N_PCRS) {
            pcrs[index] = check_hex(hex);
            n++;
        }
    }
    fclose(in);
    CHECK_EQ(n, N_PCRS);
}

static struct ima
list_of(const char *boot)
{
    char path[128];
    struct ima ima;

    snprintf(path, sizeof(path), "boot/%s/ima-binary", boot);
    CHECK_EQ(ima_open(&ima, check_vector(path), HASH_SHA1, 0, NULL), 0);
    return ima;
}

static struct ima_replay
replayed(struct ima ima, enum hash bank, enum ima_extend extend)
{
    struct ima_replay replay;
    struct ima_entry e;

    ima_replay_init(&replay, bank, extend);
    while (ima_next(&ima, &e, NULL) == 0) {
        CHECK_EQ(ima_replay_add(&replay, hasher, &e), 0);
        CHECK_EQ(ima_template_hash_check(hasher, &e, ima.column), 0);
    }
    return replay;
}

static const char *const boots[] = {
    "grub-sb-on",           "grub-sb-on-ima",         "grub-sb-off-nolog",
    "grub-sb-off-linuxefi", "grub-sb-off-logcarrier", "grub-sb-off-chainloader",
    "sdboot-uki-sb-on",
};

static void
lists_of_boots_give_their_pcr10(void)
{
    setup();
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        static const enum ima_extend rules[] = {IMA_EXTEND_OWN, IMA_EXTEND_OWN, IMA_EXTEND_PADDED};

        for (enum hash bank = HASH_SHA1; bank <= HASH_SHA384; bank++) {
            struct bytes pcrs[N_PCRS];
            struct ima_replay replay = replayed(list_of(boots[i]), bank, rules[bank]);

            boot_pcrs(boots[i], bank, pcrs);
            CHECK_BYTES(digest_bytes(&replay.value), pcrs[IMA_PCR]);
        }
    }
    hasher_free(hasher);
}

static void
the_wrong_rule_gives_another_value(void)
{
    struct ima_replay own;
    struct ima_replay padded;

    setup();
    own = replayed(list_of("grub-sb-on"), HASH_SHA384, IMA_EXTEND_OWN);
    padded = replayed(list_of("grub-sb-on"), HASH_SHA384, IMA_EXTEND_PADDED);
    CHECK(!bytes_equal(digest_bytes(&own.value), digest_bytes(&padded.value)));
    own = replayed(list_of("grub-sb-on"), HASH_SHA1, IMA_EXTEND_OWN);
    padded = replayed(list_of("grub-sb-on"), HASH_SHA1, IMA_EXTEND_PADDED);
    CHECK_BYTES(digest_bytes(&own.value), digest_bytes(&padded.value));
    hasher_free(hasher);
}

static void
template_hashes_of_published_lists_are_right(void)
{
    struct ima ima;

    setup();
    CHECK_EQ(ima_open(&ima, check_vector("ima/charra-binary_runtime_measurements.bin"), HASH_SHA1,
                      0, NULL),
             0);
    CHECK_EQ(replayed(ima, HASH_SHA256, IMA_EXTEND_OWN).n_entries, 1650);
    hasher_free(hasher);
}

/* Computed apart: H(digest, name padded to 256). */
static void
template_ima_hashes_its_padded_name(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct ima ima;
    struct ima_entry e;
    uint8_t hash[HASH_SIZE_MAX];

    setup();
    ima_make_head(&wr, 10, 0x22, "ima");
    wr_bytes(&wr, check_hex("0102030405060708090a0b0c0d0e0f1011121314"));
    ima_make_field(&wr, bytes_str("/init"));
    CHECK_EQ(ima_open(&ima, wr_done(&wr), HASH_SHA1, 0, NULL), 0);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_data_hash(hasher, &e, HASH_SHA1, hash), 0);
    CHECK_BYTES(bytes_of(hash, 20), check_hex("5eaf962623b4ed4c0ca2dffdfe5891668453cdec"));
    CHECK_EQ(ima_template_hash_check(hasher, &e, HASH_SHA1), 1);
    hasher_free(hasher);
}

/* Two entries (0: PCR 10, 1: a violation), then one of PCR 11. */
static struct bytes
three_entries(void)
{
    static const char *const fields[] = {IMA_MAKE_D_NG, IMA_MAKE_NAME};
    struct wr wr = wr_init(room, sizeof(room));
    size_t one;

    ima_make_entry(&wr, "ima-ng", fields, 2);
    one = wr.len;
    ima_make_entry(&wr, "ima-ng", fields, 2);
    memset(room + one + 4, 0, 20);
    ima_make_entry(&wr, "ima-ng", fields, 2);
    room[2 * one] = 11;
    return wr_done(&wr);
}

static void
violations_extend_all_ones_and_other_pcrs_nothing(void)
{
    struct ima ima;
    struct ima_replay replay;
    struct ima_entry e;
    struct digest want;
    uint8_t ones[32];

    setup();
    memset(ones, 0xff, sizeof(ones));
    CHECK_EQ(ima_open(&ima, three_entries(), HASH_SHA1, 0, NULL), 0);
    ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_template_hash_check(hasher, &e, HASH_SHA1), 1);
    CHECK_EQ(ima_replay_add(&replay, hasher, &e), 0);
    want = replay.value;
    CHECK_EQ(hasher_extend(hasher, HASH_SHA256, want.b, BYTES_OF(ones)), 0);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_template_hash_check(hasher, &e, HASH_SHA1), 0); /* a violation has none */
    CHECK_EQ(ima_replay_add(&replay, hasher, &e), 0);
    CHECK_BYTES(digest_bytes(&replay.value), digest_bytes(&want));
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_replay_add(&replay, hasher, &e), 0);
    CHECK_BYTES(digest_bytes(&replay.value), digest_bytes(&want));
    CHECK_EQ(replay.n_entries, 3);
    hasher_free(hasher);
}

/* The value after n entries of a list. */
static struct digest
value_after(struct ima ima, uint32_t n)
{
    struct ima_replay replay;
    struct ima_entry e;

    ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
    for (uint32_t i = 0; i < n; i++) {
        CHECK_EQ(ima_next(&ima, &e, NULL), 0);
        CHECK_EQ(ima_replay_add(&replay, hasher, &e), 0);
    }
    return replay.value;
}

static void
each_prefix_is_found(void)
{
    struct ima ima = list_of("grub-sb-on-ima");

    setup();
    for (uint32_t n = 0; n <= 103; n++) {
        struct digest want = value_after(ima, n);
        struct ima_replay replay;

        ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
        CHECK_EQ(ima_replay_match(&replay, hasher, ima, digest_bytes(&want), NULL), 0);
        CHECK_EQ(replay.n_entries, n);
        CHECK_EQ(replay.next == ima.rd.len, n == 103);
    }
    hasher_free(hasher);
}

static void
the_longest_prefix_takes_entries_of_other_pcrs(void)
{
    struct ima ima;
    struct ima_replay replay;
    struct digest want;

    setup();
    CHECK_EQ(ima_open(&ima, three_entries(), HASH_SHA1, 0, NULL), 0);
    want = value_after(ima, 2);
    ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
    CHECK_EQ(ima_replay_match(&replay, hasher, ima, digest_bytes(&want), NULL), 0);
    CHECK_EQ(replay.n_entries, 3);
    hasher_free(hasher);
}

static void
no_prefix_and_a_broken_list_are_told_apart(void)
{
    struct bytes file = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct digest never = {.alg = HASH_SHA256, .b = {1}};
    struct ima_replay replay;
    struct ima ima;
    struct digest want;
    struct fault f = {0};

    setup();
    ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
    ima = list_of("grub-sb-on-ima");
    CHECK_EQ(ima_replay_match(&replay, hasher, ima, digest_bytes(&never), &f), IMA_MATCH_E_NONE);
    CHECK_EQ(ima_open(&ima, bytes_of(file.p, file.len - 1), HASH_SHA1, 0, NULL), 0);
    CHECK_EQ(ima_replay_match(&replay, hasher, ima, digest_bytes(&never), &f), IMA_MATCH_E_FAULT);
    CHECK_EQ(f.event, 102);
    CHECK_EQ(replay.n_entries, 0); /* untouched */
    want = value_after(ima, 102);  /* proven, whatever follows */
    CHECK_EQ(ima_replay_match(&replay, hasher, ima, digest_bytes(&want), &f), 0);
    CHECK_EQ(replay.n_entries, 102);
    hasher_free(hasher);
}

static void
replay_goes_on_from_a_stored_value(void)
{
    struct bytes file = check_vector("boot/grub-sb-on-ima/ima-binary");
    struct ima ima = list_of("grub-sb-on-ima");
    struct bytes pcrs[N_PCRS];
    struct ima_replay first;
    struct ima_replay rest;
    struct digest half;

    setup();
    boot_pcrs("grub-sb-on-ima", HASH_SHA256, pcrs);
    half = value_after(ima, 50);
    ima_replay_init(&first, HASH_SHA256, IMA_EXTEND_OWN);
    CHECK_EQ(ima_replay_match(&first, hasher, ima, digest_bytes(&half), NULL), 0);
    ima_replay_resume(&rest, &first.value, IMA_EXTEND_OWN, first.n_entries);
    CHECK_EQ(ima_open(&ima, bytes_of(file.p + first.next, file.len - first.next), HASH_SHA1,
                      rest.n_entries, NULL),
             0);
    CHECK_EQ(ima_replay_match(&rest, hasher, ima, pcrs[IMA_PCR], NULL), 0);
    CHECK_EQ(rest.n_entries, 103);
    hasher_free(hasher);
}

static void
boot_aggregate_is_the_hash_of_the_boot_s_pcrs(void)
{
    setup();
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        struct bytes pcrs[N_PCRS];
        struct ima ima = list_of(boots[i]);
        struct ima_entry e;
        uint8_t bad[32] = {0};

        boot_pcrs(boots[i], HASH_SHA256, pcrs);
        CHECK_EQ(ima_next(&ima, &e, NULL), 0);
        CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), 0);
        pcrs[9] = BYTES_OF(bad);
        CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), IMA_AGGREGATE_E_DIFFERS);
        boot_pcrs(boots[i], HASH_SHA1, pcrs);
        CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), IMA_AGGREGATE_E_BANK);
        e.number = 1;
        CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), IMA_AGGREGATE_E_MISSING);
    }
    hasher_free(hasher);
}

static void
a_zero_aggregate_means_no_tpm(void)
{
    struct ima ima;
    struct ima_entry e;
    struct bytes pcrs[N_PCRS] = {{0}};

    setup();
    CHECK_EQ(ima_open(&ima, check_vector("ima/tss-sml-ima-ng-sha1.bin"), HASH_SHA1, 0, NULL), 0);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), IMA_AGGREGATE_E_ZERO);
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    CHECK_EQ(ima_aggregate_check(hasher, &e, pcrs), IMA_AGGREGATE_E_MISSING);
    hasher_free(hasher);
}

static void
the_sha1_aggregate_takes_eight_pcrs(void)
{
    uint8_t value[20] = {0};
    struct bytes pcrs[IMA_AGGREGATE_PCRS] = {{0}};
    uint8_t out[HASH_SIZE_MAX];

    setup();
    for (size_t i = 0; i < 8; i++) {
        pcrs[i] = BYTES_OF(value);
    }
    CHECK_EQ(ima_aggregate_hash(hasher, HASH_SHA1, pcrs, out), 0);
    CHECK_BYTES(bytes_of(out, 20),
                check_hex("9797edf8d0eed36b1cf92547816051c8af4e45ee")); /* sha1 of 160 zeros */
    CHECK_EQ(ima_aggregate_hash(hasher, HASH_SHA256, pcrs, out), 1);
    hasher_free(hasher);
}

static void
what_the_library_lacks_is_our_failure(void)
{
    struct ima_replay replay;
    struct ima ima = list_of("grub-sb-on");
    struct ima_entry e;

    setup();
    CHECK_EQ(ima_next(&ima, &e, NULL), 0);
    ima_replay_init(&replay, HASH_N, IMA_EXTEND_OWN);
    CHECK(ima_replay_add(&replay, hasher, &e) < 0);
    CHECK_EQ(replay.n_entries, 0);
    replay.extend = IMA_EXTEND_PADDED;
    CHECK(ima_replay_add(&replay, hasher, &e) < 0);
    CHECK(ima_template_hash_check(hasher, &e, HASH_N) < 0);
    hasher_free(hasher);
}

CHECK_MAIN(CASE(lists_of_boots_give_their_pcr10), CASE(the_wrong_rule_gives_another_value),
           CASE(template_hashes_of_published_lists_are_right),
           CASE(template_ima_hashes_its_padded_name),
           CASE(violations_extend_all_ones_and_other_pcrs_nothing), CASE(each_prefix_is_found),
           CASE(the_longest_prefix_takes_entries_of_other_pcrs),
           CASE(no_prefix_and_a_broken_list_are_told_apart),
           CASE(replay_goes_on_from_a_stored_value),
           CASE(boot_aggregate_is_the_hash_of_the_boot_s_pcrs), CASE(a_zero_aggregate_means_no_tpm),
           CASE(the_sha1_aggregate_takes_eight_pcrs), CASE(what_the_library_lacks_is_our_failure))
