/* main/nonce-renew: nonce keys that change by themselves, on folders of before and after a list. */
#include "main/nonce-renew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "lib/check.h"
#include "main/key-folder.h"

#define NOW INT64_C(1800000000)
#define DAY 86400
#define LIST "assay-keys 1\n"

static char folder[] = "/tmp/assay-nonce-XXXXXX";
static struct conf_problem problem;
static struct keyset set;

static char *
path_of(const char *name)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void
put(const char *name, const char *text)
{
    CHECK_EQ(file_replace(path_of(name), 0600, bytes_str(text)), 0);
}

static bool
there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

/* A folder with a list and the files of its nonce keys. */
static void
begin(const char *list)
{
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    CHECK(mkdtemp(folder) != NULL);
    problem.text[0] = '\0';
    put("nonce-keys", "\x01"
                      "a key of thirty-two bytes, an id");
    if (list) {
        put(KEYSET_FILE, list);
    }
}

static void
end(void)
{
    static const char *const names[] = {KEYSET_FILE, "nonce-keys", "nonce-1",     "nonce-2",
                                        "nonce-3",   "nonce-4",    "psk-masters", "ca.pem"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ignore(unlink(path_of(names[i])) < 0, "a case leaves some of them");
    }
    CHECK_EQ(rmdir(folder), 0);
}

static int
renew(int64_t now_s)
{
    int r = nonce_renew(folder, DAY, now_s, &problem);

    CHECK_EQ(keyset_load(folder, &set, &problem), 0);
    return r;
}

static enum keyset_state
state(uint32_t id, int64_t now_s)
{
    const struct keyset_key *key = keyset_find(&set, KEYSET_NONCE, id);

    CHECK(key != NULL);
    return keyset_state(&set, key, now_s);
}

static void
a_key_is_replaced_after_its_day_and_taken_for_another(void)
{
    struct bytes key = BYTES_NULL;
    struct stat stat_of;

    begin(LIST "psk-master 1 5 5 0 psk-masters\nnonce 1 1799900000 1799900000 0 nonce-keys\n");
    CHECK_EQ(renew(1799900000 + DAY - 1), 0);
    CHECK_EQ(set.n, 2);
    CHECK(!there("nonce-2"));
    CHECK_EQ(renew(1799900000 + DAY), 1);
    CHECK_STR(problem.text, "");
    CHECK_EQ(state(2, 1799900000 + DAY), KEYSET_ACTIVE);
    CHECK_EQ(state(1, 1799900000 + DAY), KEYSET_ACCEPTED);
    CHECK_EQ(state(1, 1799900000 + DAY + NONCE_RENEW_AFTER_S - 1), KEYSET_ACCEPTED);
    CHECK_EQ(state(1, 1799900000 + DAY + NONCE_RENEW_AFTER_S), KEYSET_RETIRED);
    CHECK_EQ(file_read(path_of("nonce-2"), 100, &key), 0);
    CHECK_EQ(key.len, KEYSET_SLOT_SIZE);
    CHECK_EQ(key.p[0], 2);
    CHECK_EQ(stat(path_of("nonce-2"), &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 0777, 0600);
    file_free(&key);
    CHECK_EQ(renew(1799900000 + DAY), 0); /* once */
    end();
}

static void
two_live_and_the_files_of_others_go(void)
{
    begin(LIST "nonce 1 1799900000 1799900000 0 nonce-keys\n");
    put("ca.pem", "stays");
    put("psk-masters", "of no line: a rotation was ended in between");
    CHECK_EQ(renew(NOW), 1);
    CHECK(there("nonce-keys") && there("nonce-2") && there("ca.pem") && !there("psk-masters"));
    CHECK_EQ(renew(NOW + DAY), 1);
    CHECK_EQ(keyset_count(&set, KEYSET_NONCE), 2);
    CHECK_EQ(state(3, NOW + DAY), KEYSET_ACTIVE);
    CHECK_EQ(state(2, NOW + DAY), KEYSET_ACCEPTED);
    CHECK(!there("nonce-keys") && there("nonce-2") && there("nonce-3"));
    CHECK_EQ(renew(NOW + 30 * DAY), 1); /* a machine that was off */
    CHECK(!there("nonce-2") && there("nonce-3") && there("nonce-4"));
    end();
}

static void
each_key_is_another(void)
{
    struct bytes a = BYTES_NULL;
    struct bytes b = BYTES_NULL;

    begin(LIST "nonce 1 5 5 0 nonce-keys\n");
    CHECK_EQ(renew(NOW), 1);
    CHECK_EQ(renew(NOW + DAY), 1);
    CHECK_EQ(file_read(path_of("nonce-2"), 100, &a), 0);
    CHECK_EQ(file_read(path_of("nonce-3"), 100, &b), 0);
    CHECK(memcmp(a.p + 1, b.p + 1, KEYSET_SLOT_SIZE - 1) != 0);
    file_free(&a);
    file_free(&b);
    end();
}

static void
a_folder_without_a_list_gets_one_of_what_it_has(void)
{
    struct stat stat_of;
    int64_t made_s;

    begin(NULL);
    CHECK_EQ(stat(path_of("nonce-keys"), &stat_of), 0);
    made_s = (int64_t)stat_of.st_mtim.tv_sec;
    CHECK_EQ(renew(made_s + DAY - 1), 0);
    CHECK(!there(KEYSET_FILE));
    CHECK_EQ(renew(made_s + DAY), 1);
    CHECK(set.listed);
    CHECK_EQ(state(2, made_s + DAY), KEYSET_ACTIVE);
    CHECK_EQ(state(1, made_s + DAY), KEYSET_ACCEPTED);
    CHECK_EQ(keyset_count(&set, KEYSET_PSK_MASTER), 1); /* missing: the reader of it will say so */
    CHECK_EQ(keyset_count(&set, KEYSET_PAIRWISE), 0);   /* never made: no line */
    CHECK_EQ(keyset_count(&set, KEYSET_TOKEN_RSA), 0);
    end();
}

static void
a_key_of_a_clock_that_was_ahead_is_due(void)
{
    begin(LIST "nonce 1 1900000000 1900000000 0 nonce-keys\n");
    CHECK_EQ(renew(NOW), 1);
    CHECK_EQ(state(2, NOW), KEYSET_ACTIVE);
    CHECK_EQ(state(1, NOW), KEYSET_ACCEPTED);
    CHECK_EQ(state(2, INT64_C(1900000001)), KEYSET_ACTIVE); /* nor does it come back */
    CHECK_EQ(renew(NOW), 0);
    CHECK_EQ(renew(NOW - DAY), 0); /* a little ahead is nothing */
    end();
}

static void
times_say_when_one_is_due(void)
{
    size_t line = 0;

    CHECK_EQ(
        keyset_read(bytes_str(LIST "nonce 1 1800000000 1800000000 0 nonce-keys\n"), &set, &line),
        0);
    CHECK_EQ(nonce_renew_due_s(&set, DAY, NOW), NOW + DAY);
    CHECK_EQ(nonce_renew_due_s(&set, DAY, NOW + 10 * DAY), NOW + DAY);
    CHECK_EQ(nonce_renew_due_s(&set, DAY, NOW - DAY), NOW + DAY);
    CHECK_EQ(nonce_renew_due_s(&set, DAY, NOW - DAY - 1), NOW - DAY - 1);
    CHECK_EQ(nonce_renew_due_s(&set, 0, NOW + 10 * DAY), INT64_MAX);
    CHECK_EQ(keyset_read(bytes_str(LIST "ticket 1 1 1 0 -\n"), &set, &line), 0);
    CHECK_EQ(nonce_renew_due_s(&set, DAY, NOW), INT64_MAX);
}

/* What refuses leaves the list, and the old key, as they were. */
static void
unchanged(int64_t now_s)
{
    CHECK_EQ(keyset_load(folder, &set, &problem), 0);
    CHECK_EQ(set.n, 1);
    CHECK_EQ(state(1, now_s), KEYSET_ACTIVE);
    CHECK_EQ(set.keys[0].until_s, 0);
    CHECK(there("nonce-keys"));
}

static void
what_cannot_be_done_changes_nothing(void)
{
    int fd;

    begin(LIST "nonce 1 5 5 0 nonce-keys\n");
    fd = key_folder_lock(folder);
    CHECK(fd >= 0);
    CHECK_EQ(key_folder_lock(folder), -EWOULDBLOCK);
    CHECK_EQ(nonce_renew(folder, DAY, NOW, &problem), -EWOULDBLOCK);
    unchanged(NOW);
    close(fd);
    CHECK_EQ(mkdir(path_of("nonce-2"), 0700), 0); /* a file cannot take this name */
    problem.text[0] = '\0';
    CHECK_EQ(nonce_renew(folder, DAY, NOW, &problem), -EISDIR);
    CHECK(strstr(problem.text, "/nonce-2: ") != NULL);
    unchanged(NOW);
    CHECK_EQ(rmdir(path_of("nonce-2")), 0);
    CHECK_EQ(renew(NOW), 1); /* then it goes on */
    end();
}

static void
a_broken_list_and_a_missing_folder_are_named(void)
{
    begin(LIST "nonce 1 5 5 0 nonce-keys\nrubbish\n");
    CHECK_EQ(nonce_renew(folder, DAY, NOW, &problem), -EBADMSG);
    CHECK(strstr(problem.text, "keys.list:3: ") != NULL);
    CHECK(!there("nonce-2"));
    end();
    problem.text[0] = '\0';
    CHECK_EQ(nonce_renew(folder, DAY, NOW, &problem), -ENOENT);
    CHECK(strstr(problem.text, folder) != NULL);
}

static void
a_file_that_stays_is_told_of_and_the_new_key_holds(void)
{
    begin(LIST "nonce 1 5 5 0 nonce-keys\n");
    CHECK_EQ(mkdir(path_of("nonce-1"), 0700), 0); /* unlink() removes no folder */
    CHECK_EQ(renew(NOW), 1);
    CHECK(strstr(problem.text, "nonce-1: it is used no more") != NULL);
    CHECK_EQ(state(2, NOW), KEYSET_ACTIVE);
    CHECK_EQ(rmdir(path_of("nonce-1")), 0);
    end();
}

CHECK_MAIN(CASE(a_key_is_replaced_after_its_day_and_taken_for_another),
           CASE(two_live_and_the_files_of_others_go), CASE(each_key_is_another),
           CASE(a_folder_without_a_list_gets_one_of_what_it_has),
           CASE(a_key_of_a_clock_that_was_ahead_is_due), CASE(times_say_when_one_is_due),
           CASE(what_cannot_be_done_changes_nothing),
           CASE(a_broken_list_and_a_missing_folder_are_named),
           CASE(a_file_that_stays_is_told_of_and_the_new_key_holds))
