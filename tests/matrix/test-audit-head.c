/* The keeper's signed head beside its store: when it is written, what a cut or a swapped store
 * does, and what operators are told. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/file.h"
#include "keeper/audit-sign.h"
#include "lib/control-play.h"
#include "lib/store-make.h"
#include "store/store-sql.h"
#include "wire/audit-head.h"

static struct store_folder made;
static char head_path[64];

static void
start_file(void)
{
    made = make_folder();
    snprintf(head_path, sizeof(head_path), "%s.head", made.path);
    rig.store_path = made.path;
    keeper_rig_new(&rig);
}

static void
end_file(void)
{
    keeper_rig_done(&rig);
    unlink(head_path);
    drop_folder(&made);
}

/* Rows that are committed; the clock stands. */
static void
add_rows(int n)
{
    for (int i = 0; i < n; i++) {
        keeper_audit(&rig.keeper, "class", NULL, "test", "row");
    }
    keeper_settle(&rig.keeper);
}

/* The count in a signed head of the keeper's key. */
static int64_t
count_of(struct bytes in)
{
    struct privkey *key = NULL;
    struct pubkey *public = NULL;
    struct keeper_setup setup;
    struct audit_head head;
    uint8_t x[32];
    uint8_t y[32];

    CHECK_EQ(keeper_setup_read(bytes_of(rig.setup, rig.setup_len), &setup), 0);
    CHECK_EQ(privkey_from_pem(setup.audit_key, &key), 0);
    CHECK_EQ(privkey_point(key, x, y), 0);
    CHECK_EQ(pubkey_from_point(KEY_P256, BYTES_OF(x), BYTES_OF(y), &public), 0);
    CHECK_EQ(audit_head_open(in, public, rig.hasher, &head), 0);
    CHECK_BYTES(head.site, bytes_str(RIG_SITE));
    privkey_free(key);
    pubkey_free(public);
    return head.count;
}

/* -1 when there is no file. */
static int64_t
count_in_file(void)
{
    struct bytes file = BYTES_NULL;
    int64_t count;

    if (file_read(head_path, AUDIT_HEAD_ROOM, &file) != 0) {
        return -1;
    }
    count = count_of(file);
    file_free(&file);
    return count;
}

static int64_t
count_told(void)
{
    json_t *answer = YES("audit", "head");
    uint8_t room[AUDIT_HEAD_ROOM];
    size_t len = 0;

    CHECK_EQ(b64_read(bytes_str(text(answer, "head")), room, sizeof(room), &len), 0);
    CHECK_EQ(count_of(bytes_of(room, len)), number(answer, "count"));
    return number(answer, "count");
}

static void
the_head_follows_the_rows_once_a_second(void)
{
    struct stat seen;

    start_file();
    add_rows(2);
    CHECK_EQ(count_in_file(), 2); /* the first at once */
    CHECK_EQ(stat(head_path, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0640);
    add_rows(3);
    CHECK_EQ(count_in_file(), 2);
    rig.mono_ms += 999;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), 2);
    rig.mono_ms += 1;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), 5);
    unlink(head_path);
    rig.mono_ms += 5000;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), -1); /* no row, no writing */
    end_file();
}

static void
the_end_writes_what_is_missing(void)
{
    start_file();
    add_rows(2);
    add_rows(3);
    keeper_rig_reopen(&rig);
    CHECK_EQ(count_in_file(), 5);
    CHECK(!audit_sign_alarm(&rig.keeper));
    end_file();
}

/* What never was committed is not in the head that the end writes. */
static void
a_lost_row_is_not_signed(void)
{
    start_file();
    add_rows(2);
    keeper_audit(&rig.keeper, "class", NULL, "test", "lost");
    keeper_rig_reopen(&rig);
    CHECK_EQ(count_in_file(), 2);
    keeper_audit(&rig.keeper, "class", NULL, "test", "lost");
    rig.keeper.batch_failed = true;
    rig.mono_ms += 2000;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), 2);
    end_file();
}

/* A crash between commit and head leaves the head behind: no alarm, and it catches up. */
static void
a_head_that_is_behind_is_fine(void)
{
    struct bytes old = BYTES_NULL;

    start_file();
    add_rows(2);
    CHECK_EQ(file_read(head_path, AUDIT_HEAD_ROOM, &old), 0);
    add_rows(3);
    keeper_close(&rig.keeper);
    CHECK_EQ(file_replace(head_path, 0640, old), 0);
    file_free(&old);
    CHECK_EQ(keeper_open(&rig.keeper, &rig.clock, bytes_of(rig.setup, rig.setup_len)), 0);
    CHECK(!audit_sign_alarm(&rig.keeper));
    CHECK_EQ(count_told(), 5);
    rig.mono_ms += 1000;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), 5);
    end_file();
}

static void
alarmed(const char *word)
{
    struct bytes before = BYTES_NULL;
    struct bytes after = BYTES_NULL;

    CHECK_EQ(file_read(head_path, 2 * AUDIT_HEAD_ROOM, &before), 0);
    CHECK_EQ(keeper_open(&rig.keeper, &rig.clock, bytes_of(rig.setup, rig.setup_len)), 0);
    CHECK(audit_sign_alarm(&rig.keeper));
    CHECK(strstr(audit_sign_alarm(&rig.keeper), word));
    NO("alarm", "audit", "head");
    add_rows(1); /* it serves on, and the file stays as evidence */
    rig.mono_ms += 2000;
    keeper_settle(&rig.keeper);
    keeper_close(&rig.keeper);
    CHECK_EQ(file_read(head_path, 2 * AUDIT_HEAD_ROOM, &after), 0);
    CHECK_BYTES(after, before);
    unlink(head_path); /* an operator knows why */
    CHECK_EQ(keeper_open(&rig.keeper, &rig.clock, bytes_of(rig.setup, rig.setup_len)), 0);
    CHECK(!audit_sign_alarm(&rig.keeper));
    CHECK(count_told() >= 1);
    file_free(&before);
    file_free(&after);
    end_file();
}

static void
a_cut_log_is_an_alarm(void)
{
    start_file();
    add_rows(5);
    keeper_close(&rig.keeper);
    edit_file(made.path, "DELETE FROM audit WHERE seq > 3");
    alarmed("lacks rows");
}

static void
an_emptied_log_is_an_alarm(void)
{
    start_file();
    add_rows(5);
    keeper_close(&rig.keeper);
    edit_file(made.path, "DELETE FROM audit");
    alarmed("lacks rows");
}

static void
another_last_row_is_an_alarm(void)
{
    start_file();
    add_rows(5);
    keeper_close(&rig.keeper);
    edit_file(made.path, "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5");
    alarmed("lacks rows");
}

static void
a_head_of_another_key_or_none_is_an_alarm(void)
{
    static const uint8_t rubbish[2 * AUDIT_HEAD_ROOM] = {1};
    static const size_t lens[] = {0, 100, AUDIT_HEAD_ROOM + 1};

    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        start_file();
        add_rows(1);
        keeper_close(&rig.keeper);
        CHECK_EQ(file_replace(head_path, 0640, bytes_of(rubbish, lens[i])), 0);
        alarmed("head");
    }
}

static void
a_folder_that_cannot_be_written_loses_no_row(void)
{
    char other[80];

    start_file();
    snprintf(other, sizeof(other), "%s/inside", head_path);
    unlink(head_path);
    CHECK_EQ(mkdir(head_path, 0700), 0);
    CHECK_EQ(mkdir(other, 0700), 0); /* no rename replaces it */
    add_rows(2);
    CHECK_EQ(count_told(), 2);
    CHECK_EQ(rmdir(other), 0);
    CHECK_EQ(rmdir(head_path), 0);
    rig.mono_ms += 1000;
    keeper_settle(&rig.keeper);
    CHECK_EQ(count_in_file(), 2);
    end_file();
}

static void
rows_come_in_pages(void)
{
    json_t *rows;

    start();
    for (int i = 0; i < 2500; i++) {
        keeper_audit(&rig.keeper, "class", i % 2 ? (const uint8_t[WIRE_UEID_SIZE]){1} : NULL,
                     "test", "\"\x01 \xc3\xbc");
    }
    keeper_settle(&rig.keeper);
    rows = json_object_get(YES("audit", "rows", "1"), "rows");
    CHECK_EQ(json_array_size(rows), 500);
    CHECK_EQ(number(json_array_get(rows, 499), "seq"), 500);
    CHECK_STR(text(json_array_get(rows, 499), "text"), "\"\x01 \xc3\xbc");
    CHECK(json_is_null(json_object_get(json_array_get(rows, 0), "device")));
    CHECK_EQ(strlen(text(json_array_get(rows, 1), "device")), 2 * WIRE_UEID_SIZE);
    CHECK_EQ(json_array_size(json_object_get(YES("audit", "rows", "2101"), "rows")), 400);
    CHECK_EQ(json_array_size(json_object_get(YES("audit", "rows", "2501"), "rows")), 0);
}

static void
a_page_has_an_end_in_bytes_too(void)
{
    static char wide[STORE_AUDIT_TEXT_MAX];
    json_t *rows;

    start();
    memset(wide, 1, sizeof(wide) - 1); /* six bytes each in JSON */
    for (int i = 0; i < 100; i++) {
        keeper_audit(&rig.keeper, wide, NULL, wide, wide);
    }
    keeper_settle(&rig.keeper);
    rows = json_object_get(YES("audit", "rows", "1"), "rows");
    CHECK(json_array_size(rows) >= 8 && json_array_size(rows) < 16);
}

static void
numbers_of_rows_are_numbers(void)
{
    static const char *const wrong[] = {
        "0", "-1", "x", "1x", " 1", "9007199254740992", "99999999999999999999"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        NO("number", "audit", "rows", wrong[i]);
    }
    CHECK_EQ(json_array_size(json_object_get(YES("audit", "rows", "9007199254740991"), "rows")), 0);
    CHECK_EQ(count_told(), 0); /* a head of an empty log is one */
}

static void
a_token_has_a_row_where_that_is_wanted(void)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        json_t *rows;
        json_t *row;
        size_t n = 0;
        size_t i;

        rig.audit_tokens = wanted;
        keeper_rig_new(&rig);
        keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
        {
            static uint8_t room[64 * 1024];
            struct wr wr = wr_init(room, sizeof(room));
            struct soft_evidence evidence = {.with_log = true, .with_values = true};
            struct answer answer;

            CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
            rig.now_ms += 1000;
            keeper_rig_connect(&rig);
            soft_evidence_plain(&rig.device, answer.nonce, rig.exporter, &evidence);
            CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                                    soft_evidence_write(&rig.device, &evidence, &wr), NULL),
                     COAP_CODE(2, 4));
        }
        CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
                 COAP_CODE(2, 5));
        rows = json_object_get(YES("audit", "rows", "1"), "rows");
        json_array_foreach(rows, i, row)
        {
            n += strcmp(text(row, "kind"), "token") == 0;
        }
        CHECK_EQ(n, wanted ? 2 : 0);
        row = json_array_get(rows, json_array_size(rows) - 1);
        CHECK(!wanted || (strncmp(text(row, "text"), "jwt ", 4) == 0 &&
                          strstr(text(row, "text"), " aud assay")));
        keeper_rig_done(&rig);
    }
}

CHECK_MAIN(CASE(the_head_follows_the_rows_once_a_second), CASE(the_end_writes_what_is_missing),
           CASE(a_lost_row_is_not_signed), CASE(a_head_that_is_behind_is_fine),
           CASE(a_cut_log_is_an_alarm), CASE(an_emptied_log_is_an_alarm),
           CASE(another_last_row_is_an_alarm), CASE(a_head_of_another_key_or_none_is_an_alarm),
           CASE(a_folder_that_cannot_be_written_loses_no_row), CASE(rows_come_in_pages),
           CASE(a_page_has_an_end_in_bytes_too), CASE(numbers_of_rows_are_numbers),
           CASE(a_token_has_a_row_where_that_is_wanted))
