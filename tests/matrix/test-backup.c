/* The keeper's backups, as operators ask for them. */
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/backup.h"
#include "lib/control-play.h"
#include "lib/store-make.h"

static struct store_folder made;
static char folder[64];
static char copy[80];

static void
start_file(void)
{
    made = make_folder();
    snprintf(folder, sizeof(folder), "%s/backups", made.folder);
    snprintf(copy, sizeof(copy), "%s/monday.db", folder);
    rig.store_path = made.path;
    keeper_rig_new(&rig);
    (void)YES("class", "add", "c");
}

static void
end_file(void)
{
    char path[96];

    keeper_rig_done(&rig);
    unlink(copy);
    snprintf(path, sizeof(path), "%s.head", made.path);
    unlink(path);
    rmdir(folder);
    drop_folder(&made);
}

static void
turns(void)
{
    for (int i = 0; i < 1000 && backup_running(&rig.keeper); i++) {
        backup_turn(&rig.keeper);
        keeper_settle(&rig.keeper);
    }
    CHECK(!backup_running(&rig.keeper));
}

static void
a_backup_is_made_between_the_turns(void)
{
    struct stat seen;
    json_t *answer;

    start_file();
    CHECK_STR(text(YES("store", "state"), "state"), "none");
    answer = YES("store", "backup", "monday.db");
    CHECK_STR(text(answer, "state"), "running");
    CHECK_STR(text(answer, "path"), copy);
    NO("running", "store", "backup", "tuesday.db");
    turns();
    answer = YES("store", "state");
    CHECK_STR(text(answer, "state"), "done");
    CHECK_STR(text(answer, "path"), copy);
    CHECK_EQ(number(answer, "left"), 0);
    CHECK_EQ(stat(copy, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0600);
    CHECK_EQ(stat(folder, &seen), 0);
    CHECK_EQ(seen.st_mode & 0777, 0700);
    NO("exists", "store", "backup", "monday.db");
    CHECK_STR(text(YES("store", "state"), "state"), "done"); /* the last one's still */
    end_file();
}

/* The loop would otherwise turn without end, and copy nothing. */
static void
a_locked_store_is_asked_again_after_a_while(void)
{
    start_file();
    CHECK_EQ(backup_wait_ms(&rig.keeper), -1);
    (void)YES("store", "backup", "monday.db");
    CHECK_EQ(backup_wait_ms(&rig.keeper), 0);
    CHECK_EQ(store_inventory_put(rig.keeper.store, (const uint8_t[32]){1}, "c"), 0);
    backup_turn(&rig.keeper); /* while a batch is open */
    CHECK_EQ(backup_wait_ms(&rig.keeper), BACKUP_WAIT_MS);
    CHECK_STR(text(YES("store", "state"), "state"), "running");
    keeper_settle(&rig.keeper);
    turns();
    CHECK_EQ(backup_wait_ms(&rig.keeper), -1);
    CHECK_STR(text(YES("store", "state"), "state"), "done");
    end_file();
}

/* The operator's act is in the log; and in the copy, as it was committed before the last slice. */
static void
a_backup_has_its_row(void)
{
    struct store *store = NULL;
    struct store_class class_row;
    json_t *rows;
    json_t *last;
    int64_t count = 0;
    uint8_t hash[32];

    start_file();
    (void)YES("store", "backup", "monday.db");
    turns();
    rows = json_object_get(YES("audit", "rows", "1"), "rows");
    last = json_array_get(rows, json_array_size(rows) - 1);
    CHECK_STR(text(last, "kind"), "backup");
    CHECK_STR(text(last, "text"), "monday.db");
    CHECK_EQ(store_open(copy, &store), 0);
    CHECK_EQ(store_class_get(store, "c", &class_row), 0);
    CHECK_EQ(store_audit_head(store, &count, hash), 0);
    CHECK_EQ(count, json_array_size(rows));
    store_close(store);
    end_file();
}

static void
a_path_is_no_name(void)
{
    static const char *const wrong[] = {"../x", "/tmp/x", "a/b", ".x", "", "a b", "x\n"};

    start_file();
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        NO("name", "store", "backup", wrong[i]);
    }
    CHECK_EQ(access(folder, F_OK), -1);
    end_file();
}

static void
a_store_in_memory_has_none(void)
{
    start();
    NO("backup", "store", "backup", "monday.db");
    CHECK(!backup_running(&rig.keeper));
    backup_turn(&rig.keeper); /* nothing to do */
}

static void
a_name_that_is_taken_meanwhile_fails(void)
{
    FILE *file;

    start_file();
    (void)YES("store", "backup", "monday.db");
    file = fopen(copy, "we");
    CHECK(file);
    fclose(file);
    turns();
    CHECK_STR(text(YES("store", "state"), "state"), "failed");
    CHECK(strstr(text(YES("store", "state"), "why"), "name"));
    unlink(copy);
    (void)YES("store", "backup", "monday.db"); /* the next one is not kept from it */
    turns();
    CHECK_STR(text(YES("store", "state"), "state"), "done");
    end_file();
}

static void
a_keeper_that_ends_leaves_no_half(void)
{
    char part[96];

    start_file();
    snprintf(part, sizeof(part), "%s.part", copy);
    (void)YES("store", "backup", "monday.db");
    CHECK_EQ(access(part, F_OK), 0);
    keeper_rig_reopen(&rig);
    CHECK_EQ(access(part, F_OK), -1);
    CHECK_EQ(access(copy, F_OK), -1);
    CHECK_STR(text(YES("store", "state"), "state"), "none");
    end_file();
}

CHECK_MAIN(CASE(a_backup_is_made_between_the_turns),
           CASE(a_locked_store_is_asked_again_after_a_while), CASE(a_backup_has_its_row),
           CASE(a_path_is_no_name), CASE(a_store_in_memory_has_none),
           CASE(a_name_that_is_taken_meanwhile_fails), CASE(a_keeper_that_ends_leaves_no_half))
