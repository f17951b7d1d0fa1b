/* tools/audit-line: rows as JSON, and the walk along their chain. */
#include "audit-line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "lib/check.h"

#define UEID "01b399b1a5f91eb6770085fa35b2a7074e47d673d72ea869f6d129958ca5a9a1fb"
#define HASH "9b99d0a6d1e1a4fd0ad2f5b3c8a7f1b7d0cd9bfc4fca39a4dc1b0f8b7a1f6e42"

static const char good[] =
    "{\"seq\":17,\"at_ms\":1795800000123,\"kind\":\"quarantined\",\"device\":\"" UEID
    "\",\"actor\":\"uid 0\",\"text\":\"lost \\u00FC\",\"hash\":\"" HASH "\"}";

static json_t *
parsed(const char *text)
{
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

    if (!object) {
        check_fail(__FILE__, __LINE__, "no JSON: %s", text);
    }
    return check_keep(object);
}

static void
a_row_is_read_whole(void)
{
    struct audit_line line;
    char hex[65];

    CHECK_EQ(audit_line_read(parsed(good), &line), 0);
    CHECK_EQ(line.row.seq, 17);
    CHECK_EQ(line.row.at_ms, 1795800000123);
    CHECK_BYTES(line.row.kind, bytes_str("quarantined"));
    CHECK_BYTES(line.row.actor, bytes_str("uid 0"));
    CHECK_BYTES(line.row.text, bytes_str("lost \xc3\xbc"));
    CHECK(line.row.device == line.device);
    CHECK_BYTES(BYTES_OF(line.device), check_hex(UEID));
    CHECK_STR(hex_write(hex, BYTES_OF(line.hash)), HASH);
}

static void
a_row_is_written_as_it_was(void)
{
    char *text = audit_line_write(parsed(good));

    CHECK_STR(text, good);
    free(text);
    CHECK(!audit_line_write(NULL));
}

static void
a_row_may_have_no_device(void)
{
    json_t *object = parsed(good);
    struct audit_line line;

    json_object_set_new(object, "device", json_null());
    CHECK_EQ(audit_line_read(object, &line), 0);
    CHECK(!line.row.device);
}

static void
a_member_of_another_form_is_refused(void)
{
    static const struct {
        const char *key;
        const char *value;
    } wrong[] = {
        {"seq", "0"},
        {"seq", "-1"},
        {"seq", "9007199254740992"},
        {"seq", "1.0"},
        {"seq", "\"1\""},
        {"at_ms", "9007199254740992"},
        {"at_ms", "null"},
        {"at_ms", "-9007199254740992"},
        {"kind", "1"},
        {"kind", "null"},
        {"actor", "[]"},
        {"text", "{}"},
        {"text", "true"},
        {"device", "1"},
        {"device", "\"\""},
        {"device", "\"01b3\""},
        {"device", "\"" HASH "\""},
        {"hash", "null"},
        {"hash", "\"\""},
        {"hash", "\"" UEID "\""},
        {"hash", "\"9B99D0A6D1E1A4FD0AD2F5B3C8A7F1B7D0CD9BFC4FCA39A4DC1B0F8B7A1F6E42\""},
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        json_t *object = parsed(good);
        struct audit_line line = {.row = {.seq = 99}};

        json_object_set(object, wrong[i].key, parsed(wrong[i].value));
        if (audit_line_read(object, &line) != 1) {
            check_fail(__FILE__, __LINE__, "%s %s", wrong[i].key, wrong[i].value);
        }
        CHECK_EQ(line.row.seq, 99);
    }
}

static void
a_missing_or_a_strange_member_is_refused(void)
{
    static const char *const keys[] = {"seq", "at_ms", "kind", "device", "actor", "text", "hash"};
    struct audit_line line;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        json_t *object = parsed(good);

        json_object_del(object, keys[i]);
        CHECK_EQ(audit_line_read(object, &line), 1);
        json_object_set_new(object, "other", json_integer(1));
        CHECK_EQ(audit_line_read(object, &line), 1);
    }
    CHECK_EQ(audit_line_read(NULL, &line), 1);
    CHECK_EQ(audit_line_read(parsed("[]"), &line), 1);
    CHECK_EQ(audit_line_read(parsed("7"), &line), 1);
}

static void
a_text_may_be_1023_bytes_long(void)
{
    char text[1025];
    json_t *object = parsed(good);
    struct audit_line line;

    memset(text, 'x', sizeof(text));
    json_object_set_new(object, "text", json_stringn(text, 1023));
    CHECK_EQ(audit_line_read(object, &line), 0);
    json_object_set_new(object, "text", json_stringn(text, 1024));
    CHECK_EQ(audit_line_read(object, &line), 1);
}

static void
a_head_line_is_base64url_and_nothing_else(void)
{
    static const char *const wrong[] = {
        "{}",
        "{\"head\":1}",
        "{\"head\":null}",
        "{\"head\":\"AQ\",\"x\":1}",
        "{\"x\":\"AQ\"}",
        "{\"head\":\"A\"}",
        "{\"head\":\"AQ==\"}",
        "[]",
    };
    uint8_t room[AUDIT_HEAD_ROOM];
    char text[2 * AUDIT_HEAD_ROOM + 16] = "{\"head\":\"";
    struct bytes head;

    CHECK_EQ(audit_head_line_read(parsed("{\"head\":\"AQID\"}"), room, &head), 0);
    CHECK_BYTES(head, check_hex("010203"));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK_EQ(audit_head_line_read(parsed(wrong[i]), room, &head), 1);
    }
    CHECK_EQ(audit_head_line_read(NULL, room, &head), 1);
    memset(text + 9, 'A', 4 * (AUDIT_HEAD_ROOM / 3 + 1));
    memcpy(text + 9 + 4 * (AUDIT_HEAD_ROOM / 3 + 1), "\"}", 3);
    CHECK_EQ(audit_head_line_read(parsed(text), room, &head), 1);
}

enum { N = 5 };

static struct hasher *hasher;
static struct audit_line lines[N];

/* A chain of N rows, as the store makes it. */
static void
make_chain(void)
{
    uint8_t hash[32] = {0};

    hasher = hasher_new();
    for (int i = 0; i < N; i++) {
        lines[i] = (struct audit_line){0};
        lines[i].row = (struct audit_row){
            .seq = i + 1,
            .at_ms = 1000 + i,
            .kind = bytes_str("kind"),
            .device = i % 2 ? lines[i].device : NULL,
            .actor = bytes_str("keeper"),
            .text = bytes_str("text"),
        };
        lines[i].device[0] = (uint8_t)i;
        CHECK_EQ(audit_row_hash(&lines[i].row, hash, hasher, lines[i].hash), 0);
        memcpy(hash, lines[i].hash, sizeof(hash));
    }
}

/* Walks; the outcome of the first row that does not fit, with its number, or the end's. */
static int
walked(struct audit_walk *walk, size_t n, int64_t *ret_rows)
{
    int r = AUDIT_OK;

    for (size_t i = 0; i < n && r == AUDIT_OK; i++) {
        r = audit_walk_row(walk, &lines[i], hasher);
    }
    *ret_rows = walk->rows;
    r = r == AUDIT_OK ? audit_walk_end(walk) : r;
    hasher_freep(&hasher);
    return r;
}

static struct audit_head
head_of(int64_t count)
{
    struct audit_head head = {.count = count};

    memcpy(head.hash, lines[count - 1].hash, sizeof(head.hash));
    return head;
}

static void
a_good_chain_is_walked_to_its_end(void)
{
    struct audit_walk walk = {0};
    int64_t rows;

    make_chain();
    CHECK_EQ(walked(&walk, N, &rows), AUDIT_OK);
    CHECK_EQ(rows, N);
    CHECK_BYTES(BYTES_OF(walk.hash), BYTES_OF(lines[N - 1].hash));
}

static void
an_edited_row_breaks_the_chain_there(void)
{
    for (int what = 0; what < 5; what++) {
        struct audit_walk walk = {0};
        int64_t rows;

        make_chain();
        lines[2].row.at_ms += what == 0;
        lines[2].row.kind = what == 1 ? bytes_str("kinD") : lines[2].row.kind;
        lines[2].row.device = what == 2 ? lines[2].device : NULL;
        lines[2].row.actor = what == 3 ? bytes_str("") : lines[2].row.actor;
        lines[2].row.text = what == 4 ? bytes_str("texts") : lines[2].row.text;
        CHECK_EQ(walked(&walk, N, &rows), AUDIT_E_HASH);
        CHECK_EQ(rows, 2);
    }
}

/* Who edits a row and its hash breaks the next one. */
static void
an_edited_hash_breaks_the_next_row(void)
{
    struct audit_walk walk = {0};
    int64_t rows;

    make_chain();
    lines[2].row.text = bytes_str("edited");
    CHECK_EQ(audit_row_hash(&lines[2].row, lines[1].hash, hasher, lines[2].hash), 0);
    CHECK_EQ(walked(&walk, N, &rows), AUDIT_E_HASH);
    CHECK_EQ(rows, 3);
}

static void
removed_doubled_and_swapped_rows_are_out_of_order(void)
{
    for (int what = 0; what < 3; what++) {
        struct audit_walk walk = {0};
        struct audit_line kept;
        int64_t rows;

        make_chain();
        kept = lines[2];
        lines[2] = what == 0 ? lines[3] : what == 1 ? lines[1] : lines[3];
        lines[3] = what == 2 ? kept : lines[3];
        CHECK_EQ(walked(&walk, N, &rows), AUDIT_E_ORDER);
        CHECK_EQ(rows, 2);
    }
}

static void
a_head_on_the_way_and_one_at_the_end_are_met(void)
{
    struct audit_walk walk = {0};
    struct audit_head heads[2];
    int64_t rows;

    make_chain();
    heads[0] = head_of(2);
    heads[1] = head_of(N);
    audit_walk_head(&walk, &heads[0]);
    audit_walk_head(&walk, &heads[1]);
    CHECK_EQ(walked(&walk, N, &rows), AUDIT_OK);
}

static void
a_chain_made_anew_misses_the_head(void)
{
    for (int64_t at = 1; at <= N; at++) {
        struct audit_walk walk = {0};
        struct audit_head head;
        int64_t rows;

        make_chain();
        head = head_of(at);
        head.hash[31] ^= 1;
        audit_walk_head(&walk, &head);
        CHECK_EQ(walked(&walk, N, &rows), AUDIT_E_HEAD);
        CHECK_EQ(rows, at);
    }
}

static void
a_cut_end_is_behind_the_head(void)
{
    for (size_t n = 0; n < N; n++) {
        struct audit_walk walk = {0};
        struct audit_head head;
        int64_t rows;

        make_chain();
        head = head_of(N);
        audit_walk_head(&walk, &head);
        CHECK_EQ(walked(&walk, n, &rows), AUDIT_E_BEHIND);
        CHECK_EQ(rows, n);
    }
}

static void
every_outcome_has_words(void)
{
    for (int outcome = AUDIT_OK; outcome <= AUDIT_E_BEHIND; outcome++) {
        for (int other = outcome + 1; other <= AUDIT_E_BEHIND; other++) {
            CHECK(strcmp(audit_outcome_text(outcome), audit_outcome_text(other)) != 0);
        }
    }
    CHECK_STR(audit_outcome_text(-EIO), strerror(EIO));
}

CHECK_MAIN(CASE(a_row_is_read_whole), CASE(a_row_is_written_as_it_was),
           CASE(a_row_may_have_no_device), CASE(a_member_of_another_form_is_refused),
           CASE(a_missing_or_a_strange_member_is_refused), CASE(a_text_may_be_1023_bytes_long),
           CASE(a_head_line_is_base64url_and_nothing_else), CASE(a_good_chain_is_walked_to_its_end),
           CASE(an_edited_row_breaks_the_chain_there), CASE(an_edited_hash_breaks_the_next_row),
           CASE(removed_doubled_and_swapped_rows_are_out_of_order),
           CASE(a_head_on_the_way_and_one_at_the_end_are_met),
           CASE(a_chain_made_anew_misses_the_head), CASE(a_cut_end_is_behind_the_head),
           CASE(every_outcome_has_words))
