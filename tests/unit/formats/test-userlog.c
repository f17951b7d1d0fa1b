/* formats/userlog: systemd's JSON sequence, with every member wrong once. */
#include "formats/userlog.h"

#include <stdlib.h>

#include "lib/check.h"

#define SHA256_ENTER_INITRD "51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed"
#define SHA1_ENTER_INITRD "b1b01d5f73f321eb70e76f8a0e241ac0a3fa4a6e"
#define DIGESTS                                                          \
    "\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1_ENTER_INITRD \
    "\"},{\"hashAlg\":\"sha256\",\"digest\":\"" SHA256_ENTER_INITRD "\"}]"
#define CONTENT                                                                            \
    "\"content_type\":\"systemd\",\"content\":{\"string\":\"enter-initrd\","               \
    "\"bootId\":\"0123456789abcdef0123456789abcdef\",\"timestamp\":1234567,\"eventType\":" \
    "\"phase\"}"
#define GOOD "\x1e{\"pcr\":11," DIGESTS "," CONTENT "}\n"
#define NV                                                                             \
    "\x1e{\"nv_index\":30474752," DIGESTS ",\"content_type\":\"systemd\",\"content\":" \
    "{\"nvIndexName\":\"hardware\"},\"later\":[1,{\"x\":null}]}\n" /* 0x01d10200 */

static struct userlog_record record;

static struct userlog
opened(struct bytes bytes)
{
    struct userlog log;

    CHECK_EQ(userlog_open(&log, check_guarded(bytes), NULL), 0);
    return log;
}

static enum rule
first_rule(struct bytes bytes)
{
    struct userlog log = opened(bytes);
    struct fault f = {0};

    record.index = 4711;
    CHECK_EQ(userlog_next(&log, &record, &f), USERLOG_E_FAULT);
    CHECK_EQ(record.index, 4711);
    CHECK_EQ(userlog_next(&log, &record, NULL), USERLOG_E_FAULT);
    CHECK_EQ(f.event, 0);
    return f.rule;
}

static enum rule
json_rule(const char *json)
{
    char *text = NULL;
    enum rule rule;

    CHECK(asprintf(&text, "\x1e%s\n", json) > 0);
    rule = first_rule(bytes_str(text));
    free(text);
    return rule;
}

static void
a_record_has_its_members(void)
{
    struct userlog log = opened(bytes_str(GOOD));

    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(record.target, USERLOG_PCR);
    CHECK_EQ(record.index, 11);
    CHECK_EQ(record.n_digests, 2);
    CHECK_EQ(record.digests[1].alg, HASH_SHA256);
    CHECK_BYTES(digest_bytes(&record.digests[1]), check_hex(SHA256_ENTER_INITRD));
    CHECK_STR(record.content_type, "systemd");
    CHECK(record.has_string);
    CHECK_STR(record.string, "enter-initrd");
    CHECK_STR(record.boot_id, "0123456789abcdef0123456789abcdef");
    CHECK_EQ(record.timestamp_us, 1234567);
    CHECK_STR(record.event_type, "phase");
    CHECK_STR(record.nv_index_name, "");
    CHECK_EQ(userlog_next(&log, &record, NULL), USERLOG_E_END);
}

static void
nv_records_and_unknown_members_read(void)
{
    struct userlog log = opened(bytes_str(GOOD NV));

    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(record.number, 1);
    CHECK_EQ(record.offset, strlen(GOOD));
    CHECK_EQ(record.target, USERLOG_NV);
    CHECK_EQ(record.index, 0x01d10200);
    CHECK_STR(record.nv_index_name, "hardware");
    CHECK(!record.has_string);
    CHECK_EQ(userlog_next(&log, &record, NULL), USERLOG_E_END);
}

static void
an_empty_log_is_an_end(void)
{
    struct userlog log = opened(BYTES_NULL);

    CHECK_EQ(userlog_next(&log, &record, NULL), USERLOG_E_END);
}

static void
every_truncation_is_a_broken_frame(void)
{
    for (size_t n = 1; n < strlen(GOOD); n++) {
        CHECK_EQ(first_rule(bytes_of(GOOD, n)), RULE_USERLOG_FRAME);
    }
}

static void
frames_are_strict(void)
{
    static const char *const bad[] = {
        "{\"pcr\":11," DIGESTS "}\n", /* no 0x1e */
        "\n",
        " " GOOD,
        "\x1e{\"pcr\":11," DIGESTS "}",
    };
    struct userlog log = opened(bytes_str(GOOD "\n"));
    struct fault f;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(first_rule(bytes_str(bad[i])), RULE_USERLOG_FRAME);
    }
    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(userlog_next(&log, &record, &f), USERLOG_E_FAULT);
    CHECK_EQ(f.event, 1);
    CHECK_EQ(f.offset, strlen(GOOD));
}

static void
json_is_strict(void)
{
    static const char *const bad[] = {
        "",
        "1",
        "[]",
        "null",
        "{",
        "{\"pcr\":11," DIGESTS "}}",
        "{\"pcr\":11,\"pcr\":11," DIGESTS "}",
        "{\"pcr\":11," DIGESTS ",\"x\":\"\xff\"}",
        "{\"pcr\":11," DIGESTS ",\"content\":{\"string\":\"a\\u0000b\"}}",
        "{\"pcr\":11,\n" DIGESTS "}",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(json_rule(bad[i]), RULE_USERLOG_JSON);
    }
}

static void
deep_nesting_is_refused(void)
{
    static char text[8000];

    memset(text, '[', sizeof(text));
    text[0] = 0x1e;
    text[sizeof(text) - 1] = '\n';
    CHECK_EQ(first_rule(bytes_of(text, sizeof(text))), RULE_USERLOG_JSON);
}

static void
targets_are_one_pcr_or_one_index(void)
{
    static const char *const bad[] = {
        "{" DIGESTS "}",
        "{\"pcr\":11,\"nv_index\":30474752," DIGESTS "}",
        "{\"pcr\":24," DIGESTS "}",
        "{\"pcr\":-1," DIGESTS "}",
        "{\"pcr\":11.0," DIGESTS "}",
        "{\"pcr\":\"11\"," DIGESTS "}",
        "{\"pcr\":null," DIGESTS "}",
        "{\"nv_index\":11," DIGESTS "}",
        "{\"nv_index\":4325442048," DIGESTS "}", /* 0x101d10200 */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(json_rule(bad[i]), RULE_USERLOG_TARGET);
    }
}

#define D(alg, digest) "{\"hashAlg\":" alg ",\"digest\":" digest "}"
#define D1 D("\"sha1\"", "\"" SHA1_ENTER_INITRD "\"")

static void
digests_have_the_length_of_their_algorithm(void)
{
    static const char *const bad[] = {
        "{\"pcr\":11}",
        "{\"pcr\":11,\"digests\":{}}",
        "{\"pcr\":11,\"digests\":[]}",
        "{\"pcr\":11,\"digests\":[1]}",
        "{\"pcr\":11,\"digests\":[" D1 "," D1 "]}",
        "{\"pcr\":11,\"digests\":[" D("\"sha1\"", "\"00\"") "]}",
        "{\"pcr\":11,\"digests\":[" D("\"sha1\"", "\"" SHA256_ENTER_INITRD "\"") "]}",
        "{\"pcr\":11,\"digests\":[" D("\"sha1\"", "\"x" SHA1_ENTER_INITRD "\"") "]}",
        "{\"pcr\":11,\"digests\":[" D("\"sha1\"", "null") "]}",
        "{\"pcr\":11,\"digests\":[" D("\"md5\"", "\"" SHA1_ENTER_INITRD "\"") "]}",
        "{\"pcr\":11,\"digests\":[" D("4", "\"" SHA1_ENTER_INITRD "\"") "]}",
        "{\"pcr\":11,\"digests\":[" D1 "," D1 "," D1 "," D1 "," D1 "," D1 "," D1 "," D1 "," D1 "]}",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(json_rule(bad[i]), RULE_USERLOG_DIGESTS);
    }
}

#define WITH(rest) "{\"pcr\":11," DIGESTS "," rest "}"
#define WORD128                                                        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
content_has_its_types(void)
{
    static const char *const bad[] = {
        WITH("\"content_type\":1"),
        WITH("\"content_type\":\"" WORD128 "\""),
        WITH("\"content\":1"),
        WITH("\"content\":{\"string\":1}"),
        WITH("\"content\":{\"string\":null}"),
        WITH("\"content\":{\"bootId\":\"0123\"}"),
        WITH("\"content\":{\"bootId\":\"0123456789ABCDEF0123456789abcdef\"}"),
        WITH("\"content\":{\"bootId\":\"0123456789abcdef0123456789abcdef0\"}"),
        WITH("\"content\":{\"timestamp\":\"1\"}"),
        WITH("\"content\":{\"timestamp\":-1}"),
        WITH("\"content\":{\"eventType\":[]}"),
        WITH("\"content\":{\"nvIndexName\":{}}"),
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK_EQ(json_rule(bad[i]), RULE_USERLOG_CONTENT);
    }
}

static void
a_record_without_content_reads(void)
{
    struct userlog log = opened(bytes_str("\x1e{\"pcr\":0," DIGESTS "}\n"));

    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_STR(record.content_type, "");
    CHECK_EQ(record.timestamp_us, 0);
}

/* A record whose text has n letters; valid until the next call. */
static struct bytes
with_text_of(size_t n)
{
    static char letters[LIMIT_USERLOG_RECORD + 1];
    static char text[LIMIT_USERLOG_RECORD + 1024];
    int len;

    memset(letters, 'a', n);
    letters[n] = '\0';
    len =
        snprintf(text, sizeof(text), "\x1e" WITH("\"content\":{\"string\":\"%s\"}") "\n", letters);
    CHECK(len > 0 && (size_t)len < sizeof(text));
    return bytes_of(text, (size_t)len);
}

static void
texts_and_records_are_bounded(void)
{
    struct userlog log = opened(with_text_of(LIMIT_USERLOG_STRING));

    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(strlen(record.string), LIMIT_USERLOG_STRING);
    CHECK_EQ(first_rule(with_text_of(LIMIT_USERLOG_STRING + 1)), RULE_USERLOG_CONTENT);
    CHECK_EQ(first_rule(with_text_of(LIMIT_USERLOG_RECORD)), RULE_USERLOG_FRAME);
}

static void
logs_are_bounded(void)
{
    static const uint8_t byte;
    struct userlog log = opened(bytes_str(GOOD));
    struct fault f;

    log.n_read = LIMIT_USERLOG_RECORDS;
    CHECK_EQ(userlog_next(&log, &record, &f), USERLOG_E_FAULT);
    CHECK_EQ(f.rule, RULE_USERLOG_RECORDS);
    CHECK_EQ(userlog_open(&log, bytes_of(&byte, LIMIT_LOG_BYTES + 1), &f), USERLOG_E_FAULT);
    CHECK_EQ(f.rule, RULE_USERLOG_LONG);
    CHECK_EQ(userlog_next(&log, &record, &f), USERLOG_E_FAULT);
    CHECK_EQ(f.rule, RULE_USERLOG_LONG);
}

static void
text_is_bound_by_all_its_digests(void)
{
    struct hasher *hasher = hasher_new();
    struct userlog log = opened(bytes_str(GOOD NV));
    bool bound = false;

    CHECK(hasher);
    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    CHECK_EQ(userlog_bind(hasher, &record, &bound), 0);
    CHECK(bound);
    record.digests[1].b[31] ^= 1;
    CHECK_EQ(userlog_bind(hasher, &record, &bound), 0);
    CHECK(!bound);
    record.digests[1].b[31] ^= 1;
    record.digests[0].b[0] ^= 1;
    CHECK_EQ(userlog_bind(hasher, &record, &bound), 0);
    CHECK(!bound);
    record.digests[0].alg = HASH_N;
    CHECK(userlog_bind(hasher, &record, &bound) < 0);
    CHECK_EQ(userlog_next(&log, &record, NULL), 0);
    bound = true;
    CHECK_EQ(userlog_bind(hasher, &record, &bound), 0);
    CHECK(!bound); /* no text */
    hasher_free(hasher);
}

CHECK_MAIN(CASE(a_record_has_its_members), CASE(nv_records_and_unknown_members_read),
           CASE(an_empty_log_is_an_end), CASE(every_truncation_is_a_broken_frame),
           CASE(frames_are_strict), CASE(json_is_strict), CASE(deep_nesting_is_refused),
           CASE(targets_are_one_pcr_or_one_index), CASE(digests_have_the_length_of_their_algorithm),
           CASE(content_has_its_types), CASE(a_record_without_content_reads),
           CASE(texts_and_records_are_bounded), CASE(logs_are_bounded),
           CASE(text_is_bound_by_all_its_digests))
