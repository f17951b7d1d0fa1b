/* Messages bent in one place: claims that lie, and CBOR that is not the one encoding of what it
 * says. Each is refused in front of everything else, and leaves no trace in the store. */
#include "lib/attest-play.h"
#include "lib/check.h"

enum { BENT_ROOM = 256 * 1024, DEPTH = 10000 };

static struct soft_evidence *const evidence = &play.evidence;

static void
ueid_of_another(void)
{
    evidence->claims.has_ueid = true;
    memset(evidence->claims.ueid, 7, sizeof(evidence->claims.ueid));
    evidence->claims.ueid[0] = 1;
    play_claims();
}

static void
nonce_flipped(void)
{
    evidence->claims.nonce[10] ^= 1;
    play_claims();
}

/* The first evidence of this boot had none, so none is left for this one. */
static void
no_nonce_a_second_time(void)
{
    evidence->claims.has_nonce = false;
    play_claims();
}

/* Claims are hints: what is signed decides. */
static void
other_banks_claimed(void)
{
    evidence->claims.quoted = (struct selection){1, {{HASH_SHA1, 0xff}}};
    play_claims();
}

static void
maker_claimed(void)
{
    evidence->claims.maker = bytes_str("Another maker");
    evidence->claims.firmware = bytes_str("99.9");
    play_claims();
}

static void
logs_swapped(void)
{
    evidence->claims.logs[1] = evidence->claims.logs[0];
    evidence->claims.logs[0] = (struct claims_log){.kind = LOG_IMA, .offset = 1};
    evidence->claims.n_logs = 2;
    play_claims();
}

static void
kind_twice(void)
{
    evidence->claims.logs[1] = evidence->claims.logs[0];
    evidence->claims.logs[1].offset = evidence->claims.logs[1].length;
    evidence->claims.n_logs = 2;
    play_claims();
}

static void
kind_of_another_type(void)
{
    evidence->claims.logs[0] = (struct claims_log){.kind = LOG_USERSPACE};
    play_claims();
    /* written as a binary item, as the firmware's log is */
    evidence->claims.logs[0].kind = LOG_FIRMWARE;
}

static void
longer_log_claimed(void)
{
    evidence->claims.logs[0].length++;
    play_claims();
}

static void
half_a_log_claimed(void)
{
    evidence->claims.logs[0].offset = 100;
    play_claims();
}

static void
digest_of_another_log(void)
{
    evidence->claims.logs[0].digest[0] ^= 1;
    play_claims();
}

/* The claims name the log that the keeper knows; what comes beside them is another. */
static void
other_bytes_for_a_known_log(void)
{
    static uint8_t room[BENT_ROOM];
    struct bytes log = play.rig.device.log;

    memcpy(room, log.p, log.len);
    room[log.len - 1] ^= 1;
    play.rig.device.log = bytes_of(room, log.len);
}

static void
values_that_nobody_needs(void)
{
    play.rig.device.values.value[1][3][0] ^= 1;
}

static void
values_of_another_boot(void)
{
    play.rig.device.values.value[1][4][0] ^= 1;
    play_plain();
    play.rig.device.values.value[1][3][0] ^= 1;
}

static const struct play_row claims[] = {
    {"another device's ueid", ueid_of_another, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a flipped nonce", nonce_flipped, COAP_CODE(4, 1), REASON_EVIDENCE_STALE},
    {"no nonce a second time", no_nonce_a_second_time, COAP_CODE(4, 1), REASON_EVIDENCE_STALE},
    {"other banks claimed", other_banks_claimed, COAP_CODE(2, 4), REASON_NONE},
    {"another maker claimed", maker_claimed, COAP_CODE(2, 4), REASON_NONE},
    {"logs swapped", logs_swapped, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a kind of log twice", kind_twice, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"a type that is not the kind's", kind_of_another_type, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
    {"a longer log claimed", longer_log_claimed, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"half a log claimed", half_a_log_claimed, COAP_CODE(4, 0), REASON_EVIDENCE_MALFORMED},
    {"the digest of another log", digest_of_another_log, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
    {"other bytes for a known log", other_bytes_for_a_known_log, COAP_CODE(4, 0),
     REASON_EVIDENCE_MALFORMED},
    {"values that nobody needs", values_that_nobody_needs, COAP_CODE(2, 4), REASON_NONE},
    {"values of another boot", values_of_another_boot, COAP_CODE(2, 4), REASON_PCR_DIGEST},
};

static void
claims_that_lie_decide_nothing(void)
{
    play_rows(claims, ARRAY_LEN(claims));
}

/* Length of one well-formed item without indefinite lengths. */
static size_t
item_len(const uint8_t *p)
{
    static const size_t arguments[] = {[24] = 1, [25] = 2, [26] = 4, [27] = 8};
    size_t extra = (p[0] & 31) < 24 ? 0 : arguments[p[0] & 31];
    uint64_t value = extra ? 0 : p[0] & 31;
    size_t len = 1 + extra;
    unsigned major = p[0] >> 5;

    for (size_t i = 0; i < extra; i++) {
        value = value << 8 | p[1 + i];
    }
    if (major == 2 || major == 3) {
        return len + (size_t)value;
    }
    if (major >= 4 && major <= 6) {
        uint64_t items = major == 6 ? 1 : value * (major == 5 ? 2 : 1);

        for (uint64_t i = 0; i < items; i++) {
            len += item_len(p + len);
        }
    }
    return len;
}

/* Parts of a message that is a map of fewer than 24 pairs. */
struct parts {
    size_t n;
    struct bytes first;  /* the first pair */
    struct bytes second; /* the second */
    struct bytes tail;   /* from the third on */
};

static struct parts
split(struct bytes good)
{
    const uint8_t *p = good.p + 1;
    struct parts parts = {.n = good.p[0] & 31};
    size_t len = 0;

    CHECK(good.p[0] >> 5 == 5 && parts.n >= 2 && parts.n < 23);
    len = item_len(p);
    len += item_len(p + len);
    parts.first = bytes_of(p, len);
    p += len;
    len = item_len(p);
    len += item_len(p + len);
    parts.second = bytes_of(p, len);
    parts.tail = bytes_of(p + len, good.len - 1 - parts.first.len - len);
    return parts;
}

static void
put(struct wr *wr, const struct parts *parts)
{
    wr_bytes(wr, parts->first);
    wr_bytes(wr, parts->second);
    wr_bytes(wr, parts->tail);
}

static void
head(struct wr *wr, size_t n)
{
    wr_u8(wr, (uint8_t)(0xa0 | n));
}

static void
trailing(struct wr *wr, struct bytes good)
{
    wr_bytes(wr, good);
    wr_u8(wr, 0);
}

static void
second_message(struct wr *wr, struct bytes good)
{
    wr_bytes(wr, good);
    wr_bytes(wr, good);
}

static void
key_twice(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n + 1);
    wr_bytes(wr, parts.first);
    put(wr, &parts);
}

static void
keys_out_of_order(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n);
    wr_bytes(wr, parts.second);
    wr_bytes(wr, parts.first);
    wr_bytes(wr, parts.tail);
}

static void
pair_missing(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n - 1);
    wr_bytes(wr, parts.second);
    wr_bytes(wr, parts.tail);
}

static void
pair_promised(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n + 1);
    put(wr, &parts);
}

static void
unlisted_key(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n + 1);
    put(wr, &parts);
    wr_bytes(wr, check_hex("1863 00"));
}

static void
negative_key(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n + 1);
    put(wr, &parts);
    wr_bytes(wr, check_hex("20 00"));
}

static void
text_key(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n + 1);
    put(wr, &parts);
    wr_bytes(wr, check_hex("6130 00"));
}

static void
indefinite_map(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    wr_u8(wr, 0xbf);
    put(wr, &parts);
    wr_u8(wr, 0xff);
}

static void
indefinite_string(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n);
    wr_u8(wr, parts.first.p[0]);
    wr_bytes(wr, check_hex("5f 4100 ff"));
    wr_bytes(wr, parts.second);
    wr_bytes(wr, parts.tail);
}

static void
long_head(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    wr_u8(wr, 0xb8);
    wr_u8(wr, (uint8_t)parts.n);
    put(wr, &parts);
}

static void
long_key(struct wr *wr, struct bytes good)
{
    struct parts parts = split(good);

    head(wr, parts.n);
    wr_u8(wr, 0x18);
    put(wr, &parts);
}

static void
tagged(struct wr *wr, struct bytes good)
{
    wr_bytes(wr, check_hex("d9d9f7"));
    wr_bytes(wr, good);
}

static void
in_an_array(struct wr *wr, struct bytes good)
{
    wr_u8(wr, 0x81);
    wr_bytes(wr, good);
}

static void
in_a_string(struct wr *wr, struct bytes good)
{
    wr_u8(wr, 0x5a);
    wr_be32(wr, (uint32_t)good.len);
    wr_bytes(wr, good);
}

/* The first pair's key, and in place of its value these bytes. */
static void
first_value(struct wr *wr, struct bytes good, struct bytes value)
{
    struct parts parts = split(good);

    head(wr, parts.n);
    wr_u8(wr, parts.first.p[0]);
    wr_bytes(wr, value);
    wr_bytes(wr, parts.second);
    wr_bytes(wr, parts.tail);
}

static void
null_value(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("f6"));
}

static void
float_value(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("fb3ff0000000000000"));
}

static void
number_value(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("1bffffffffffffffff"));
}

/* Heads of nine bytes that promise 2^32 of something. */
static void
huge_map(struct wr *wr, struct bytes good)
{
    (void)good;
    wr_bytes(wr, check_hex("bb 0000000100000000"));
}

static void
huge_array(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("9b 0000000100000000"));
}

static void
huge_string(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("5b 0000000100000000"));
}

static void
huge_text(struct wr *wr, struct bytes good)
{
    first_value(wr, good, check_hex("7b ffffffffffffffff"));
}

static void
deep(struct wr *wr, struct bytes good)
{
    (void)good;
    for (size_t i = 0; i < DEPTH; i++) {
        wr_u8(wr, 0x81);
    }
    wr_u8(wr, 0);
}

static void
deep_inside(struct wr *wr, struct bytes good)
{
    uint8_t room[DEPTH + 1];

    memset(room, 0x81, DEPTH);
    room[DEPTH] = 0;
    first_value(wr, good, BYTES_OF(room));
}

static void
deep_maps(struct wr *wr, struct bytes good)
{
    uint8_t room[DEPTH];

    for (size_t i = 0; i < DEPTH; i += 2) {
        room[i] = 0xa1;
        room[i + 1] = 0;
    }
    first_value(wr, good, BYTES_OF(room));
}

static void
deep_tags(struct wr *wr, struct bytes good)
{
    uint8_t room[DEPTH];

    memset(room, 0xd8, sizeof(room));
    first_value(wr, good, BYTES_OF(room));
}

static void
empty(struct wr *wr, struct bytes good)
{
    (void)wr;
    (void)good;
}

static void
empty_map(struct wr *wr, struct bytes good)
{
    (void)good;
    wr_u8(wr, 0xa0);
}

static void
json(struct wr *wr, struct bytes good)
{
    (void)good;
    wr_bytes(wr, bytes_str("{\"1\":[]}"));
}

static const struct bend {
    const char *name;
    void (*bend)(struct wr *wr, struct bytes good);
} bends[] = {
    {"a byte behind", trailing},
    {"the message twice", second_message},
    {"a key twice", key_twice},
    {"keys out of order", keys_out_of_order},
    {"a pair missing", pair_missing},
    {"a pair promised", pair_promised},
    {"an unlisted key", unlisted_key},
    {"a negative key", negative_key},
    {"a key of text", text_key},
    {"an indefinite map", indefinite_map},
    {"an indefinite string", indefinite_string},
    {"a head longer than it must be", long_head},
    {"a key longer than it must be", long_key},
    {"a tag in front", tagged},
    {"an array around", in_an_array},
    {"a string around", in_a_string},
    {"null for a value", null_value},
    {"a float for a value", float_value},
    {"a number for a value", number_value},
    {"2^32 pairs in 9 bytes", huge_map},
    {"2^32 items in 9 bytes", huge_array},
    {"a string of 4 GiB in 9 bytes", huge_string},
    {"a text of 2^64 - 1 bytes", huge_text},
    {"a depth of 10,000", deep},
    {"a depth of 10,000 inside", deep_inside},
    {"maps in maps", deep_maps},
    {"tags on tags", deep_tags},
    {"nothing", empty},
    {"an empty map", empty_map},
    {"JSON", json},
};

/* The bent message, ending at an unreadable page. */
static struct bytes
bent(const struct bend *bend, struct bytes good)
{
    static uint8_t room[BENT_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    bend->bend(&wr, good);
    CHECK(!wr.failed);
    if (bytes_equal(wr_done(&wr), good)) {
        check_fail(__FILE__, __LINE__, "%s changes nothing", bend->name);
    }
    return check_guarded(wr_done(&wr));
}

static void
refused(const char *name, enum request_kind kind, enum request_resource resource, struct bytes body)
{
    uint8_t code = keeper_rig_ask(&play.rig, kind, resource, body, NULL);

    if (code != COAP_CODE(4, 0) ||
        keeper_rig_problem(&play.rig, NULL) != REASON_EVIDENCE_MALFORMED) {
        check_fail(__FILE__, __LINE__, "%s: %d.%02d, not 4.00 malformed", name, code >> 5,
                   code & 31);
    }
}

/* What may not move: the device's row and its last verdict. */
struct trace {
    struct store_device device;
    struct store_last last;
};

static struct trace
trace_of(void)
{
    struct trace trace = {0};

    CHECK_EQ(keeper_device(&play.rig.keeper, bytes_str(play.rig.identity), &trace.device), 0);
    CHECK_EQ(store_last_get(play.rig.keeper.store, trace.device.id, &trace.last), 0);
    return trace;
}

static void
untouched(const struct trace *before)
{
    struct trace now = trace_of();

    CHECK_EQ(now.device.state, before->device.state);
    CHECK_EQ(now.last.arrived_ms, before->last.arrived_ms);
    CHECK_EQ(now.last.clock_ms, before->last.clock_ms);
    CHECK_EQ(now.last.tier, before->last.tier);
    play_plain();
    CHECK_EQ(play_attest(play_written()), COAP_CODE(2, 4));
    CHECK_EQ(play_answered().tier, TIER_AFFIRMING);
}

static void
bent_evidence_is_malformed_and_leaves_no_trace(void)
{
    struct trace before;

    play_start();
    before = trace_of();
    for (size_t i = 0; i < ARRAY_LEN(bends); i++) {
        if (bends[i].bend == empty) {
            continue; /* a question of its own: test-large-matrix */
        }
        play_plain();
        refused(bends[i].name, REQUEST_PSK, RESOURCE_ATTEST, bent(&bends[i], play_written()));
    }
    untouched(&before);
    printf("# %zu changes\n", ARRAY_LEN(bends));
}

/* Under a good signature, so that nothing but the form of the claims is wrong. */
static void
bent_claims_under_a_good_signature_are_malformed(void)
{
    struct trace before;

    play_start();
    before = trace_of();
    for (size_t i = 0; i < ARRAY_LEN(bends); i++) {
        struct binding binding;

        if (bends[i].bend == pair_missing) {
            continue; /* the nonce: claims may be without */
        }
        play_plain();
        evidence->claims_bytes = bent(&bends[i], evidence->claims_bytes);
        binding = play_binding();
        play_bind(&binding);
        refused(bends[i].name, REQUEST_PSK, RESOURCE_ATTEST, play_written());
    }
    untouched(&before);
}

static void
bent_values_are_malformed_when_they_are_needed(void)
{
    static uint8_t bodies[2][BENT_ROOM];

    play_start();
    for (size_t i = 0; i < ARRAY_LEN(bends); i++) {
        struct wr values = wr_init(bodies[0], BENT_ROOM);
        struct wr wr = wr_init(bodies[1], BENT_ROOM);
        struct evidence read;

        play.rig.device.values.value[1][4][0] ^= 1; /* does not replay: values are looked at */
        play_plain();
        CHECK_EQ(evidence_read(play_written(), &read, NULL), 0);
        play.rig.device.values.value[1][4][0] ^= 1;
        bends[i].bend(&values, read.values);
        if (wr_done(&values).len == 0 || wr_done(&values).len > 4096) {
            continue;
        }
        read.values = wr_done(&values);
        evidence_write(&wr, &read, &evidence->claims);
        CHECK(wr_done(&wr).p);
        refused(bends[i].name, REQUEST_PSK, RESOURCE_ATTEST, wr_done(&wr));
    }
}

static void
bent_enrolments_are_malformed_on_both_connections(void)
{
    uint8_t room[2048];
    struct trace before;
    struct bytes good;
    struct wr wr = wr_init(room, sizeof(room));

    play_start();
    before = trace_of();
    good = soft_device_enroll(&play.rig.device, &wr);
    for (size_t i = 0; i < ARRAY_LEN(bends); i++) {
        struct bytes body = bent(&bends[i], good);

        refused(bends[i].name, REQUEST_CERTIFICATE, RESOURCE_ENROLL, body);
        refused(bends[i].name, REQUEST_PSK, RESOURCE_ENROLL, body);
    }
    CHECK_EQ(keeper_rig_ask(&play.rig, REQUEST_PSK, RESOURCE_ENROLL, good, NULL), COAP_CODE(2, 4));
    untouched(&before);
}

static void
no_flipped_byte_in_front_of_the_logs_passes(void)
{
    static uint8_t room[BENT_ROOM];
    struct bytes good;
    struct evidence read;
    size_t signed_end;

    play_start();
    play_plain();
    good = play_written();
    memcpy(room, good.p, good.len);
    CHECK_EQ(evidence_read(bytes_of(room, good.len), &read, NULL), 0);
    signed_end = (size_t)(read.quote.p + read.quote.len - room);
    for (size_t i = 0; i < signed_end; i++) {
        room[i] ^= 0x10;
        CHECK(play_attest(bytes_of(room, good.len)) != COAP_CODE(2, 4));
        room[i] ^= 0x10;
    }
    printf("# %zu bytes flipped\n", signed_end);
}

CHECK_MAIN(CASE(claims_that_lie_decide_nothing),
           CASE(bent_evidence_is_malformed_and_leaves_no_trace),
           CASE(bent_claims_under_a_good_signature_are_malformed),
           CASE(bent_values_are_malformed_when_they_are_needed),
           CASE(bent_enrolments_are_malformed_on_both_connections),
           CASE(no_flipped_byte_in_front_of_the_logs_passes))
