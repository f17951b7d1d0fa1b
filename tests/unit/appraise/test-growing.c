/* appraise/growing: prefixes that meet a quote, and what is kept of them. */
#include "appraise/growing.h"

#include <stdlib.h>

#include "appraise/ima-records.h"
#include "appraise/ima-search.h"
#include "lib/check.h"

enum { N = 12, ENTRY_BYTES = 10, ROOM = 16 * 1024 * 1024 };

static struct hasher *hasher;
static struct pcr_values values; /* of the selection before any log */
static struct pcr_values quoted; /* as the TPM has them */
static struct growing_ima ima;
static struct growing_userspace userspace;
static struct event events[N];
static uint8_t event_digests[N][HASH_SIZE_MAX];
static uint8_t room[64 * 1024];
static uint8_t digest[32];

static void
begin(const struct selection *selection)
{
    hasher = hasher ? hasher : hasher_new();
    CHECK(hasher);
    values.selection = *selection;
    for (size_t i = 0; i < selection->n; i++) {
        memset(values.value[i][0], (int)i + 1, HASH_SIZE_MAX); /* something that is not zero */
    }
    quoted = values;
}

/* Template digests of entry i: H of a byte each, as if template data were that byte. */
static void
entry_digests(uint8_t i, uint8_t out[IMA_RECORDS_BANKS][HASH_SIZE_MAX])
{
    for (size_t bank = 0; bank < IMA_RECORDS_BANKS; bank++) {
        CHECK_EQ(hasher_bytes(hasher, ima_records_banks[bank], bytes_of(&i, 1), out[bank]), 0);
    }
}

static void
put_entry(struct wr *wr, uint8_t i, uint32_t pcr, unsigned flags)
{
    uint8_t digests[IMA_RECORDS_BANKS][HASH_SIZE_MAX];
    struct ima_record record = {
        .pcr = pcr, .flags = flags, .end = (i + 1u) * ENTRY_BYTES, .file_hash = HASH_N};

    entry_digests(i, digests);
    for (size_t bank = 0; bank < IMA_RECORDS_BANKS; bank++) {
        record.template_digest[bank] = bytes_of(digests[bank], hash_size(ima_records_banks[bank]));
    }
    ima_records_entry(wr, &record);
}

/* A list of n entries, all of PCR 10. */
static void
make_list(size_t n)
{
    struct wr wr = wr_init(room, sizeof(room));

    for (size_t i = 0; i < n; i++) {
        put_entry(&wr, (uint8_t)i, 10, 0);
    }
    ima = (struct growing_ima){.records = wr_done(&wr)};
}

/* The TPM's PCR 10 of a set after entries first to last: own digests, padded ones or all ff. */
static void
kernel_extends(size_t set, size_t first, size_t last, bool padded)
{
    enum hash bank = quoted.selection.sets[set].bank;

    for (size_t i = first; i < last; i++) {
        uint8_t digests[IMA_RECORDS_BANKS][HASH_SIZE_MAX] = {{0}};
        uint8_t handed[HASH_SIZE_MAX] = {0};

        entry_digests((uint8_t)i, digests);
        if (padded) {
            memcpy(handed, digests[0], 20);
        } else {
            memcpy(handed, digests[bank], hash_size(bank)); /* the enum's order is the records' */
        }
        CHECK_EQ(
            hasher_extend(hasher, bank, quoted.value[set][10], bytes_of(handed, hash_size(bank))),
            0);
    }
}

static struct growing_quote
quote(void)
{
    static uint8_t all[LIMIT_BANKS * LIMIT_PCRS * HASH_SIZE_MAX];
    struct wr wr = wr_init(all, sizeof(all));

    for (size_t i = 0; i < quoted.selection.n; i++) {
        for (size_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            if (quoted.selection.sets[i].mask >> pcr & 1) {
                wr_bytes(&wr,
                         bytes_of(quoted.value[i][pcr], hash_size(quoted.selection.sets[i].bank)));
            }
        }
    }
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, wr_done(&wr), digest), 0);
    return (struct growing_quote){hasher, HASH_SHA256, BYTES_OF(digest)};
}

static int
match(struct growing_userspace *with_userspace, struct growing_ima *with_ima)
{
    struct growing_quote wanted = quote();
    struct pcr_values copy = values;
    int r = growing_match(&wanted, &values, with_userspace, with_ima);

    if (r == 0) {
        CHECK_EQ(memcmp(&values, &quoted, sizeof(values)), 0);
    } else {
        CHECK_EQ(memcmp(&values, &copy, sizeof(values)), 0);
    }
    values = copy;
    return r;
}

static const struct selection one_bank = {1, {{HASH_SHA256, 0x4ff}}};

static void
without_logs_the_values_meet_the_quote_or_not(void)
{
    begin(&(struct selection){1, {{HASH_SHA256, 0xff}}});
    CHECK_EQ(match(NULL, NULL), 0);
    quoted.value[0][7][31] ^= 1;
    CHECK_EQ(match(NULL, NULL), GROWING_E_NONE);
}

static void
every_prefix_is_found_and_no_other(void)
{
    begin(&one_bank);
    for (size_t n = 0; n <= N; n++) {
        make_list(N);
        CHECK_EQ(match(NULL, &ima), 0);
        CHECK_EQ(ima.end, n * ENTRY_BYTES);
        CHECK_EQ(ima.now.n_entries, n);
        CHECK_EQ(ima.tail, n < N);
        CHECK_EQ(ima.fault.rule, RULE_NONE);
        CHECK_EQ(ima.now.n_tracks, 1);
        if (n < N) {
            kernel_extends(0, n, n + 1, false);
        }
    }
    quoted.value[0][10][0] ^= 1;
    CHECK_EQ(match(NULL, &ima), GROWING_E_NONE);
}

static void
one_goes_on_from_a_prefix_with_the_rest(void)
{
    for (size_t first = 0; first <= N; first++) {
        struct growing known;

        begin(&one_bank);
        kernel_extends(0, 0, first, false);
        make_list(N);
        CHECK_EQ(match(NULL, &ima), 0);
        known = ima.now;
        kernel_extends(0, first, N, false);
        make_list(N);
        ima.records.p += first * (ima.records.len / N);
        ima.records.len -= first * (ima.records.len / N);
        ima.known = known;
        CHECK_EQ(match(NULL, &ima), 0);
        CHECK_EQ(ima.now.n_entries, N);
        CHECK_EQ(memcmp(ima.now.tracks[0].value, quoted.value[0][10], 32), 0);
    }
}

/* Once a bank was extended in one way, the other is not tried: a list does not change its kernel.
 */
static void
the_way_of_extending_stays(void)
{
    for (int padded = 0; padded < 2; padded++) {
        begin(&one_bank);
        kernel_extends(0, 0, 3, padded);
        make_list(3);
        CHECK_EQ(match(NULL, &ima), 0);
        CHECK_EQ(ima.now.tracks[0].padded, padded);
        ima.known = ima.now;
        kernel_extends(0, 3, 4, !padded);
        ima.records = BYTES_NULL;
        CHECK_EQ(match(NULL, &ima), GROWING_E_NONE);
        make_list(4);
        ima.known = (struct growing){0};
        CHECK_EQ(match(NULL, &ima), GROWING_E_NONE); /* and no list is half of each */
    }
}

static void
all_banks_must_agree_each_in_its_way(void)
{
    static const struct selection four = {
        4, {{HASH_SHA1, 0x400}, {HASH_SHA256, 0x400}, {HASH_SHA384, 0x400}, {HASH_SHA512, 0x400}}};

    for (unsigned ways = 0; ways < 8; ways++) {
        begin(&four);
        for (size_t set = 0; set < 4; set++) {
            kernel_extends(set, 0, 5, set > 0 && ways >> (set - 1) & 1);
        }
        make_list(N);
        CHECK_EQ(match(NULL, &ima), 0);
        for (size_t set = 1; set < 4; set++) {
            CHECK_EQ(ima.now.tracks[set].padded, ways >> (set - 1) & 1);
        }
        kernel_extends(2, 5, 6, ways >> 1 & 1); /* one bank is an entry ahead */
        make_list(N);
        CHECK_EQ(match(NULL, &ima), GROWING_E_NONE);
    }
}

static void
a_bank_that_no_reader_hashes_is_not_found(void)
{
    begin(&(struct selection){1, {{HASH_SM3_256, 0x400}}});
    make_list(0);
    CHECK_EQ(match(NULL, &ima), GROWING_E_NONE);
}

static void
entries_of_other_pcrs_count_and_extend_nothing(void)
{
    struct wr wr = wr_init(room, sizeof(room));

    begin(&one_bank);
    put_entry(&wr, 0, 10, 0);
    put_entry(&wr, 1, 11, 0);
    put_entry(&wr, 2, 11, IMA_RECORD_VIOLATION);
    put_entry(&wr, 3, 10, 0);
    ima = (struct growing_ima){.records = wr_done(&wr)};
    kernel_extends(0, 0, 1, false);
    CHECK_EQ(match(NULL, &ima), 0);
    CHECK_EQ(ima.now.n_entries, 3); /* the longest prefix */
    CHECK_EQ(ima.now.n_violations, 0);
    CHECK_EQ(ima.end, 3 * ENTRY_BYTES);
    CHECK(ima.tail);
    kernel_extends(0, 3, 4, false);
    CHECK_EQ(match(NULL, &ima), 0);
    CHECK_EQ(ima.now.n_entries, 4);
}

static void
a_violation_extends_all_ff_in_every_bank(void)
{
    static const struct selection two = {2, {{HASH_SHA1, 0x400}, {HASH_SHA384, 0x400}}};
    struct wr wr = wr_init(room, sizeof(room));
    uint8_t ff[HASH_SIZE_MAX];

    begin(&two);
    memset(ff, 0xff, sizeof(ff));
    put_entry(&wr, 0, 10, 0);
    put_entry(&wr, 1, 10, IMA_RECORD_VIOLATION);
    ima = (struct growing_ima){.records = wr_done(&wr)};
    for (size_t set = 0; set < 2; set++) {
        enum hash bank = two.sets[set].bank;

        kernel_extends(set, 0, 1, set == 1);
        CHECK_EQ(hasher_extend(hasher, bank, quoted.value[set][10], bytes_of(ff, hash_size(bank))),
                 0);
    }
    ima.known.n_violations = 4;
    CHECK_EQ(match(NULL, &ima), 0);
    CHECK_EQ(ima.now.n_violations, 5);
}

static void
a_fault_counts_only_before_the_match(void)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct fault fault = {RULE_IMA_SHORT, 2, 20};

    begin(&one_bank);
    put_entry(&wr, 0, 10, 0);
    put_entry(&wr, 1, 10, 0);
    ima_records_fault(&wr, &fault);
    ima = (struct growing_ima){.records = wr_done(&wr)};
    kernel_extends(0, 0, 2, false);
    CHECK_EQ(match(NULL, &ima), 0);
    CHECK(ima.tail && ima.fault.rule == RULE_NONE);
    kernel_extends(0, 2, 3, false);
    CHECK_EQ(match(NULL, &ima), GROWING_E_NONE);
    CHECK_EQ(ima.fault.rule, RULE_IMA_SHORT);
    CHECK_EQ(ima.fault.event, 2);
}

static void
records_out_of_form_are_the_readers_fault(void)
{
    begin(&one_bank);
    make_list(2);
    ima.records.len--;
    kernel_extends(0, 0, 2, false);
    CHECK_EQ(match(NULL, &ima), GROWING_E_FORM);
}

/* A list of n equal entries, of which the TPM has extended the first `measured`. */
static void
long_list(uint8_t *large, size_t n, size_t measured)
{
    struct wr wr = wr_init(large, ROOM);
    struct ima_record record = {.pcr = 10, .file_hash = HASH_N};

    begin(&one_bank);
    for (size_t i = 0; i < IMA_RECORDS_BANKS; i++) {
        record.template_digest[i] = bytes_of(event_digests[0], hash_size(ima_records_banks[i]));
    }
    for (size_t i = 0; i < n; i++) {
        record.end++;
        ima_records_entry(&wr, &record);
        if (i < measured) {
            CHECK_EQ(hasher_extend(hasher, HASH_SHA256, quoted.value[0][10],
                                   bytes_of(event_digests[0], 32)),
                     0);
        }
    }
    ima = (struct growing_ima){.records = wr_done(&wr)};
    CHECK(ima.records.p);
}

/* It was read right after the quote: what was quoted is near its end, or at its beginning, where
 * nothing of it was. */
static void
of_a_long_list_the_last_prefixes_are_tried(void)
{
    static const struct {
        size_t n, measured;
        int r;
    } rows[] = {
        {IMA_SEARCH_LAST, 1, 0},
        {IMA_SEARCH_LAST, IMA_SEARCH_LAST, 0},
        {IMA_SEARCH_LAST + 1, 1, GROWING_E_NONE},
        {IMA_SEARCH_LAST + 1, 2, 0},
        {40000, 40000, 0},
        {40000, 40000 - IMA_SEARCH_LAST + 1, 0},
        {40000, 40000 - IMA_SEARCH_LAST, GROWING_E_NONE},
        {40000, 0, 0},
    };
    uint8_t *large = malloc(ROOM);

    CHECK(large);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        long_list(large, rows[i].n, rows[i].measured);
        CHECK_EQ(match(NULL, &ima), rows[i].r);
        if (rows[i].r == 0) {
            CHECK_EQ(ima.end, rows[i].measured);
            CHECK_EQ(ima.now.n_entries, rows[i].measured);
            CHECK_EQ(ima.tail, rows[i].measured < rows[i].n);
        }
    }
    free(large);
}

/* As long a list as one likes costs no more than the bound, each time it is gone through. */
static void
tries_are_bounded(void)
{
    static struct ima_search search;
    uint8_t *large = malloc(ROOM);
    struct growing_quote wanted;
    struct pcr_values work;

    CHECK(large);
    long_list(large, 40000, 0);
    quoted.value[0][10][0] ^= 1; /* of which no list tells */
    wanted = quote();
    ima_search_init(&search, &wanted, &ima);
    for (int i = 0; i < 5; i++) {
        work = values;
        CHECK_EQ(ima_search_run(&search, &work), GROWING_E_NONE);
        CHECK(search.tries >= 2 * IMA_SEARCH_LAST && search.tries <= IMA_SEARCH_TRIES);
    }
    CHECK_EQ(search.tries, IMA_SEARCH_TRIES);
    free(large);
}

/* A userspace log of n events of these PCRs, extended in the TPM up to `measured`. */
static void
make_userspace(size_t n, const uint32_t *pcrs, size_t measured)
{
    for (size_t i = 0; i < n; i++) {
        memset(event_digests[i], (int)i + 100, sizeof(event_digests[i]));
        events[i] = (struct event){.index = (uint32_t)i,
                                   .pcr = pcrs[i],
                                   .offset = (uint32_t)i * ENTRY_BYTES,
                                   .length = ENTRY_BYTES};
        events[i].digest[0] = bytes_of(event_digests[i], 32);
        if (i < measured && pcrs[i] < LIMIT_PCRS) {
            CHECK_EQ(
                hasher_extend(hasher, HASH_SHA256, quoted.value[0][pcrs[i]], events[i].digest[0]),
                0);
        }
    }
    userspace = (struct growing_userspace){
        .log = {.n_banks = 1, .banks = {HASH_SHA256}, .n_events = n, .events = events}};
}

static const struct selection with_userspace = {1, {{HASH_SHA256, 0xffff & ~0x400u}}};

static void
userspace_is_looked_back_on_a_few_records(void)
{
    static const uint32_t pcrs[] = {11, 12, 13, 15, 11, 11, 11};

    for (size_t back = 0; back <= GROWING_LOOK_BACK + 1; back++) {
        size_t measured = ARRAY_LEN(pcrs) - back;

        begin(&with_userspace);
        make_userspace(ARRAY_LEN(pcrs), pcrs, measured);
        if (back > GROWING_LOOK_BACK) {
            CHECK_EQ(match(&userspace, NULL), GROWING_E_NONE);
            continue;
        }
        CHECK_EQ(match(&userspace, NULL), 0);
        CHECK_EQ(userspace.end, measured * ENTRY_BYTES);
        CHECK_EQ(userspace.tail, back > 0);
        CHECK_EQ(userspace.now.n_entries, measured);
        CHECK_EQ(userspace.now.n_tracks, 4);
    }
}

static void
userspace_goes_on_from_its_tracks(void)
{
    static const uint32_t pcrs[] = {11, 15, 12};
    struct growing known;

    begin(&with_userspace);
    make_userspace(2, pcrs, 2);
    CHECK_EQ(match(&userspace, NULL), 0);
    known = userspace.now;
    make_userspace(1, pcrs + 2, 1);
    userspace.known = known;
    CHECK_EQ(match(&userspace, NULL), 0);
    CHECK_EQ(userspace.now.n_entries, 3);
    CHECK_EQ(userspace.end, ENTRY_BYTES);
    userspace.known = (struct growing){0}; /* what came before is needed */
    CHECK_EQ(match(&userspace, NULL), GROWING_E_NONE);
}

static void
userspace_explains_its_own_pcrs_only(void)
{
    for (uint32_t pcr = 0; pcr < 16; pcr++) {
        bool theirs = PCR_MASK_USERSPACE >> pcr & 1;

        if (pcr == 10) {
            continue;
        }
        begin(&with_userspace);
        make_userspace(1, &pcr, 1);
        CHECK_EQ(match(&userspace, NULL), theirs ? 0 : GROWING_E_NONE);
    }
}

static void
a_record_without_the_banks_digest_extends_nothing(void)
{
    begin(&with_userspace);
    make_userspace(1, (const uint32_t[]){11}, 0);
    events[0].digest[0] = BYTES_NULL;
    CHECK_EQ(match(&userspace, NULL), 0);
    CHECK_EQ(userspace.now.n_entries, 1);
    userspace.log.banks[0] = HASH_SHA1;
    CHECK_EQ(match(&userspace, NULL), 0);
}

static void
both_logs_meet_one_quote(void)
{
    struct selection both = {1, {{HASH_SHA256, 0xffff}}};

    begin(&both);
    make_userspace(3, (const uint32_t[]){11, 12, UINT32_MAX}, 2);
    kernel_extends(0, 0, 4, true);
    make_list(N);
    CHECK_EQ(match(&userspace, &ima), 0);
    CHECK_EQ(ima.now.n_entries, 4);
    CHECK_EQ(userspace.now.n_entries, 3);
    CHECK(growing_covers(&ima.now, &both, PCR_MASK_IMA));
    CHECK(growing_covers(&userspace.now, &both, PCR_MASK_USERSPACE));
    CHECK(!growing_covers(&userspace.now, &both, PCR_MASK_IMA));
    CHECK(!growing_covers(&(struct growing){0}, &both, PCR_MASK_IMA));
    CHECK(growing_covers(&(struct growing){0}, &with_userspace, PCR_MASK_IMA));
}

static void
tracks_are_written_and_read(void)
{
    struct growing growing = {.n_entries = 7};
    struct growing got = {.n_entries = 9};
    struct wr wr = wr_init(room, sizeof(room));

    for (size_t i = 0; i < GROWING_TRACKS_MAX; i++) {
        growing.tracks[i] = (struct growing_track){
            .bank = (enum hash)(i / 4), .pcr = 11 + (uint32_t)(i % 4), .padded = i % 2};
        memset(growing.tracks[i].value, (int)i, hash_size((enum hash)(i / 4)));
    }
    growing.n_tracks = GROWING_TRACKS_MAX;
    growing_write(&wr, &growing);
    CHECK(wr_done(&wr).p && wr_done(&wr).len <= GROWING_STATE_MAX);
    CHECK_EQ(growing_read(check_guarded(wr_done(&wr)), &got), 0);
    CHECK_EQ(got.n_tracks, GROWING_TRACKS_MAX);
    CHECK_EQ(got.n_entries, 9);
    CHECK_EQ(memcmp(got.tracks, growing.tracks, sizeof(got.tracks)), 0);
    CHECK_EQ(growing_track(&got, HASH_SHA512, 12)->value[0], 13);
    CHECK(!growing_track(&got, HASH_SHA512, 10));
    got.n_tracks = 3;
    CHECK_EQ(growing_read(BYTES_NULL, &got), 0);
    CHECK_EQ(got.n_tracks, 0);
}

static void
tracks_out_of_form_are_refused(void)
{
    struct growing growing = {.n_tracks = 1,
                              .tracks = {{.bank = HASH_SHA256, .pcr = 10, .padded = true}}};
    struct growing got = {.n_tracks = 5};
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes in;

    growing_write(&wr, &growing);
    in = wr_done(&wr);
    for (size_t n = 1; n < in.len; n++) {
        CHECK_EQ(growing_read(check_guarded(bytes_of(in.p, n)), &got), 1);
    }
    growing_write(&wr, &growing); /* the same track twice */
    CHECK_EQ(growing_read(wr_done(&wr), &got), 1);
    room[3] = 2; /* neither padded nor not */
    CHECK_EQ(growing_read(in, &got), 1);
    room[3] = 1;
    room[2] = LIMIT_PCRS;
    CHECK_EQ(growing_read(in, &got), 1);
    room[2] = 10;
    room[0] = 0x7f; /* no algorithm of ours */
    CHECK_EQ(growing_read(in, &got), 1);
    CHECK_EQ(got.n_tracks, 5);
}

CHECK_MAIN(CASE(without_logs_the_values_meet_the_quote_or_not),
           CASE(every_prefix_is_found_and_no_other), CASE(one_goes_on_from_a_prefix_with_the_rest),
           CASE(the_way_of_extending_stays), CASE(all_banks_must_agree_each_in_its_way),
           CASE(a_bank_that_no_reader_hashes_is_not_found),
           CASE(entries_of_other_pcrs_count_and_extend_nothing),
           CASE(a_violation_extends_all_ff_in_every_bank),
           CASE(a_fault_counts_only_before_the_match),
           CASE(records_out_of_form_are_the_readers_fault), CASE(tries_are_bounded),
           CASE(of_a_long_list_the_last_prefixes_are_tried),
           CASE(userspace_is_looked_back_on_a_few_records), CASE(userspace_goes_on_from_its_tracks),
           CASE(userspace_explains_its_own_pcrs_only),
           CASE(a_record_without_the_banks_digest_extends_nothing), CASE(both_logs_meet_one_quote),
           CASE(tracks_are_written_and_read), CASE(tracks_out_of_form_are_refused))
