/* front/block and front/replay-cache: bodies in parts, and messages that come twice. */
#include "front/block.h"
#include "front/replay-cache.h"
#include "lib/check.h"

enum { SZX = 2, SIZE = 64, BODY_MAX = 10 * SIZE };

static uint8_t source[BODY_MAX + SIZE];
static struct quotas quotas;
static struct quotas devices;
static struct block_room room;
static struct upload upload;

static void
begin(size_t max_bytes)
{
    quotas = (struct quotas){.max_bytes = max_bytes, .max_each_bytes = max_bytes};
    devices = (struct quotas){.max_bytes = max_bytes, .max_each_bytes = max_bytes};
    CHECK_EQ(quotas_init(&quotas, 8, 1), 0);
    CHECK_EQ(quotas_init(&devices, 8, 2), 0);
    room = (struct block_room){&quotas, quota_take(&quotas, bytes_str("prefix")), &devices,
                               quota_take(&devices, bytes_str("device"))};
    CHECK(room.quota && room.device);
    for (size_t i = 0; i < sizeof(source); i++) {
        source[i] = (uint8_t)(i * 7 + i / 256);
    }
}

static void
end(void)
{
    upload_drop(&upload, &room);
    CHECK_EQ(quotas.n_bytes, 0);
    CHECK_EQ(devices.n_bytes, 0);
    quota_drop(&quotas, room.quota);
    quota_drop(&devices, room.device);
    quotas_done(&quotas);
    quotas_done(&devices);
}

static struct coap_in
block(uint32_t num, size_t len, bool more)
{
    struct coap_in in = {.code = 2, .content_format = 60, .tag = {7}, .tag_len = 1};

    in.block1 = (struct coap_block){.num = num, .szx = SZX, .more = more, .present = true};
    in.payload = check_guarded(bytes_of(source + (size_t)num * SIZE, len));
    return in;
}

static int
take(struct coap_in in)
{
    return upload_take(&upload, &room, &in, BODY_MAX, 1000, 5);
}

static void
take_first(uint32_t n)
{
    for (uint32_t num = 0; num < n; num++) {
        CHECK_EQ(take(block(num, SIZE, true)), UPLOAD_MORE);
        CHECK_EQ(upload.len, (num + 1) * SIZE);
    }
}

static void
blocks_in_order_make_the_body(void)
{
    begin(1 << 20);
    take_first(9);
    CHECK_EQ(take(block(9, SIZE, false)), UPLOAD_WHOLE);
    CHECK_BYTES(bytes_of(upload.body, upload.len), bytes_of(source, BODY_MAX));
    CHECK_EQ(upload.idle_ms, 1000 + LIMIT_FRONT_BLOCK_IDLE_MS);
    CHECK_EQ(upload.first_ms, 5);
    end();
}

static void
a_body_may_be_empty_or_end_short(void)
{
    begin(1 << 20);
    CHECK_EQ(take(block(0, 0, false)), UPLOAD_WHOLE);
    CHECK_EQ(upload.len, 0);
    take_first(1);
    CHECK_EQ(take(block(1, 1, false)), UPLOAD_WHOLE);
    CHECK_EQ(upload.len, SIZE + 1);
    end();
}

static void
any_other_block_than_the_next_ends_the_upload(void)
{
    static const uint32_t wrong[] = {1, 4, 0xfffff};

    begin(1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct coap_in in = block(0, SIZE, true);

        take_first(3);
        in.block1.num = wrong[i];
        CHECK_EQ(take(in), UPLOAD_E_GAP);
        CHECK(!upload.body);
        CHECK_EQ(quotas.n_bytes, 0);
        CHECK_EQ(take(block(3, SIZE, true)), UPLOAD_E_GAP); /* and nothing goes on from there */
    }
    end();
}

static void
blocks_taken_before_may_come_again_and_change_nothing(void)
{
    begin(1 << 20);
    take_first(3);
    for (int i = 0; i < 5; i++) {
        struct coap_in in = block(i % 2 ? 1 : 2, SIZE, true);

        CHECK_EQ(upload_take(&upload, &room, &in, BODY_MAX, 50000, 6), UPLOAD_AGAIN);
        CHECK_EQ(upload.len, 3 * SIZE);
        CHECK_EQ(upload.idle_ms, 1000 + LIMIT_FRONT_BLOCK_IDLE_MS); /* it does not prolong */
    }
    CHECK_EQ(take(block(3, 5, false)), UPLOAD_WHOLE);
    CHECK_BYTES(bytes_of(upload.body, upload.len), bytes_of(source, 3 * SIZE + 5));
    end();
}

/* The same place with other bytes, or another end, is another body. */
static void
a_repeat_that_differs_ends_the_upload(void)
{
    struct coap_in in;

    begin(1 << 20);
    take_first(3);
    in = block(2, SIZE, true);
    in.payload = check_guarded(bytes_of(source + 1, SIZE));
    CHECK_EQ(take(in), UPLOAD_E_GAP);
    take_first(3);
    CHECK_EQ(take(block(2, SIZE, false)), UPLOAD_E_GAP);
    take_first(3);
    in = block(2, SIZE, true);
    in.tag[0] = 9;
    CHECK_EQ(take(in), UPLOAD_E_GAP);
    end();
}

static void
the_end_of_a_finished_body_may_come_again(void)
{
    begin(1 << 20);
    take_first(3);
    CHECK_EQ(take(block(3, 5, false)), UPLOAD_WHOLE);
    upload_finish(&upload, &room);
    CHECK(!upload.body);
    CHECK_EQ(quotas.n_bytes, 0);
    CHECK_EQ(take(block(3, 5, false)), UPLOAD_AGAIN);
    CHECK_EQ(take(block(3, 5, false)), UPLOAD_AGAIN);
    CHECK_EQ(quotas.n_bytes, 0);
    CHECK_EQ(take(block(2, SIZE, true)), UPLOAD_AGAIN);
    CHECK_EQ(take(block(2, SIZE, false)), UPLOAD_E_GAP);
    CHECK_EQ(take(block(3, 5, false)), UPLOAD_E_GAP); /* forgotten with the error */
    take_first(1);
    CHECK_EQ(take(block(1, 5, false)), UPLOAD_WHOLE);
    upload_finish(&upload, &room);
    CHECK_EQ(take(block(0, SIZE, true)), UPLOAD_MORE); /* a new one begins as ever */
    CHECK_EQ(upload.len, SIZE);
    end();
}

/* A body of one block is a message as any other: repeated, it is a new request. */
static void
a_single_block_is_not_taken_for_a_repeat(void)
{
    begin(1 << 20);
    CHECK_EQ(take(block(0, 5, false)), UPLOAD_WHOLE);
    upload_finish(&upload, &room);
    CHECK_EQ(take(block(0, 5, false)), UPLOAD_WHOLE);
    end();
}

#define CHANGED(field, value)                   \
    do {                                        \
        struct coap_in in = block(2, 1, false); \
        take_first(2);                          \
        in.field = value;                       \
        CHECK_EQ(take(in), UPLOAD_E_GAP);       \
        CHECK(!upload.body);                    \
    } while (0)

/* RFC 9175: parts of two requests must never become one body. */
static void
blocks_of_another_request_are_not_mixed_in(void)
{
    begin(1 << 20);
    CHANGED(resource, (enum front_resource)1);
    CHANGED(code, 3);
    CHANGED(content_format, 61);
    CHANGED(tag[0], 8);
    CHANGED(tag_len, 2);
    CHANGED(block1.szx, SZX + 1);
    end();
}

static void
block_0_begins_anew(void)
{
    begin(1 << 20);
    take_first(4);
    CHECK_EQ(take(block(0, SIZE, true)), UPLOAD_MORE);
    CHECK_EQ(upload.len, SIZE);
    end();
}

static void
a_block_is_as_long_as_it_says(void)
{
    begin(1 << 20);
    CHECK_EQ(take(block(0, SIZE - 1, true)), UPLOAD_E_FORM);
    CHECK_EQ(take(block(0, SIZE + 1, true)), UPLOAD_E_FORM);
    CHECK_EQ(take(block(0, SIZE + 1, false)), UPLOAD_E_FORM);
    CHECK_EQ(take(block(0, 0, true)), UPLOAD_E_FORM);
    CHECK(!upload.body);
    end();
}

static void
nothing_larger_than_the_resource_takes_is_kept(void)
{
    struct coap_in in;

    begin(1 << 20);
    in = block(0, SIZE, true);
    in.has_size1 = true;
    in.size1 = BODY_MAX + 1;
    CHECK_EQ(take(in), UPLOAD_E_LARGE);
    in.size1 = BODY_MAX;
    CHECK_EQ(take(in), UPLOAD_MORE);
    take_first(9);
    CHECK_EQ(take(block(9, SIZE, true)), UPLOAD_E_LARGE); /* full, and more is promised */
    CHECK(!upload.body);
    CHECK_EQ(quotas.n_bytes, 0);
    end();
}

static void
room_is_what_arrived_and_not_what_is_promised(void)
{
    struct coap_in in;

    begin(BODY_MAX - 1);
    in = block(0, SIZE, true);
    in.has_size1 = true;
    in.size1 = 1;
    CHECK_EQ(take(in), UPLOAD_E_FULL); /* the least room does not fit this peer's share */
    CHECK(!upload.body);
    end();
}

/* What the device's share refuses is not left in its prefix's. */
static void
a_device_has_its_share_of_its_prefixs(void)
{
    struct download download = {0};

    begin(1 << 20);
    devices.max_each_bytes = 2 * SIZE;
    CHECK_EQ(take(block(0, SIZE, true)), UPLOAD_E_FULL);
    CHECK_EQ(quotas.n_bytes, 0);
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, 2 * SIZE + 1), 0), 1);
    CHECK_EQ(quotas.n_bytes, 0);
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, 2 * SIZE), 0), 0);
    CHECK_EQ(devices.n_bytes, 2 * SIZE);
    CHECK_EQ(quotas.n_bytes, 2 * SIZE);
    download_drop(&download, &room);
    quota_drop(&devices, room.device);
    room.device = NULL; /* a stranger has none */
    CHECK_EQ(take(block(0, SIZE, true)), UPLOAD_MORE);
    CHECK_EQ(devices.n_bytes, 0);
    end();
}

static void
an_answer_is_given_in_the_parts_that_are_asked_for(void)
{
    struct download download = {0};
    struct coap_block got;
    struct bytes part;

    begin(1 << 20);
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, 2 * SIZE + 1), 0), 0);
    CHECK_EQ(quotas.n_bytes, 2 * SIZE + 1);
    for (uint8_t szx = 0; szx <= 6; szx++) {
        size_t size = (size_t)16 << szx;
        struct coap_block ask = {.szx = szx};
        size_t len = 0;

        for (; download_part(&download, &ask, &got, &part) == 0; ask.num++) {
            CHECK_BYTES(part, bytes_of(source + len, part.len));
            len += part.len;
            CHECK_EQ(got.more, len < download.len);
            CHECK(got.more ? part.len == size : part.len <= size);
            CHECK(got.present && got.num == ask.num && got.szx == szx);
        }
        CHECK_EQ(len, download.len);
        ask.num = 0xfffff;
        CHECK_EQ(download_part(&download, &ask, &got, &part), 1);
    }
    download_drop(&download, &room);
    end();
}

static void
an_answer_beyond_the_quota_is_not_kept(void)
{
    struct download download = {0};

    begin(SIZE);
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, SIZE + 1), 0), 1);
    CHECK(!download.body);
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, SIZE), 7), 0);
    CHECK_EQ(download.idle_ms, 7 + LIMIT_FRONT_BLOCK_IDLE_MS);
    download_drop(&download, &room);
    end();
}

static void
a_later_part_is_of_the_same_question(void)
{
    struct download download = {.method = 1, .aud = {'a'}, .aud_len = 1};
    struct coap_in in = {.code = 1, .aud = {'a'}, .aud_len = 1};

    begin(1 << 20);
    CHECK(!download_answers(&download, &in)); /* nothing is kept yet */
    CHECK_EQ(download_keep(&download, &room, bytes_of(source, 1), 0), 0);
    CHECK(download_answers(&download, &in));
    in.code = 2;
    CHECK(!download_answers(&download, &in));
    in.code = 1;
    in.aud[0] = 'b'; /* a token of another audience */
    CHECK(!download_answers(&download, &in));
    in.aud_len = 0;
    CHECK(!download_answers(&download, &in));
    download_drop(&download, &room);
    end();
}

/* Looks a message up; says whether it was seen. */
static bool
seen(struct replay_cache *cache, uint16_t mid, const char *text, uint64_t now, struct replay **ret)
{
    static struct hasher *hasher;
    struct coap_in in = {.mid = mid, .token = {{1}, 1}};
    bool again = false;

    hasher = hasher ? hasher : hasher_new();
    CHECK_EQ(replay_look(cache, hasher, &in, bytes_str(text), now, ret, &again), 0);
    return again;
}

static void
only_the_same_bytes_are_the_same_message(void)
{
    struct replay_cache cache = {0};
    struct replay *first;
    struct replay *other;

    CHECK(!seen(&cache, 1, "x", 0, &first));
    replay_answer(first, REPLAY_ANSWERED, bytes_str("answer"));
    CHECK(seen(&cache, 1, "x", LIMIT_FRONT_REPLAY_MS - 1, &other));
    CHECK(other == first);
    CHECK_BYTES(bytes_of(other->answer, other->answer_len), bytes_str("answer"));
    CHECK(!seen(&cache, 1, "y", 0, &other));
    CHECK(!seen(&cache, 2, "x", 0, &other));
    CHECK(!seen(&cache, 1, "x", LIMIT_FRONT_REPLAY_MS, &other)); /* too old */
    replay_done(&cache);
}

/* Requests in work keep their places: a flood of new ones cannot make one run twice. */
static void
what_is_in_work_is_never_forgotten(void)
{
    struct coap_in in = {.mid = UINT16_MAX};
    struct replay_cache cache = {0};
    struct hasher *hasher = hasher_new();
    struct replay *replay;
    bool again;

    for (uint16_t mid = 0; mid < LIMIT_FRONT_REPLAYS; mid++) {
        CHECK(!seen(&cache, mid, "x", 0, &replay));
    }
    CHECK_EQ(replay_look(&cache, hasher, &in, bytes_str("z"), 0, &replay, &again), 1);
    for (uint16_t mid = 0; mid < LIMIT_FRONT_REPLAYS; mid++) {
        CHECK(seen(&cache, mid, "x", LIMIT_FRONT_REPLAY_MS * 2, &replay));
    }
    replay_answer(replay, REPLAY_ANSWERED, bytes_str("a"));
    CHECK_EQ(replay_look(&cache, hasher, &in, bytes_str("z"), 0, &replay, &again), 0);
    CHECK(!again && !replay->answer);
    replay_done(&cache);
    hasher_freep(&hasher);
}

CHECK_MAIN(CASE(blocks_in_order_make_the_body), CASE(a_body_may_be_empty_or_end_short),
           CASE(any_other_block_than_the_next_ends_the_upload),
           CASE(blocks_taken_before_may_come_again_and_change_nothing),
           CASE(a_repeat_that_differs_ends_the_upload),
           CASE(the_end_of_a_finished_body_may_come_again),
           CASE(a_single_block_is_not_taken_for_a_repeat),
           CASE(blocks_of_another_request_are_not_mixed_in), CASE(block_0_begins_anew),
           CASE(a_block_is_as_long_as_it_says),
           CASE(nothing_larger_than_the_resource_takes_is_kept),
           CASE(room_is_what_arrived_and_not_what_is_promised),
           CASE(a_device_has_its_share_of_its_prefixs),
           CASE(an_answer_is_given_in_the_parts_that_are_asked_for),
           CASE(an_answer_beyond_the_quota_is_not_kept), CASE(a_later_part_is_of_the_same_question),
           CASE(only_the_same_bytes_are_the_same_message), CASE(what_is_in_work_is_never_forgotten))
