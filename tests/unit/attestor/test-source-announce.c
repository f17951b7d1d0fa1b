/* source/source-announce: files that hooks leave. */
#include "source/source-announce.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/check.h"

static char dir[] = "/tmp/assay-announce-XXXXXX";
static struct source_announce announce;

static void
begin(void)
{
    CHECK(mkdtemp(dir) != NULL);
}

static const char *
path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* A file of this age in seconds. */
static void
put(const char *name, const char *content, int age_s)
{
    const struct timespec times[2] = {{.tv_sec = 1000000 - age_s}, {.tv_sec = 1000000 - age_s}};
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0);
    CHECK_EQ(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    CHECK_EQ(futimens(fd, times), 0);
    close(fd);
}

/* Names of a look, in its order. */
static const char *
seen(void)
{
    static char names[2048];

    CHECK_EQ(source_announce_open(dir, &announce), 0);
    names[0] = '\0';
    for (size_t i = 0; i < announce.n; i++) {
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ",
                 announce.files[i].name);
    }
    return names;
}

static void
the_oldest_comes_first_and_other_names_are_nobodys(void)
{
    begin();
    CHECK_STR(seen(), "");
    source_announce_close(&announce);
    put("new.cbor", "n", 1);
    put("old.cbor", "o", 9);
    put("mid.cbor", "m", 5);
    put(".hidden.cbor", "h", 7);
    put("os.cbor.XyZ123", "half", 7);
    put(".cbor", "no name", 7);
    put("cbor", "no end", 7);
    CHECK_STR(seen(), "old.cbor mid.cbor new.cbor ");
    CHECK_EQ(announce.n_loose, 0);
    source_announce_close(&announce);
}

static void
of_many_the_oldest_are_looked_at(void)
{
    char name[16];

    begin();
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "f%02d.cbor", i);
        put(name, "x", i * 7 % 20); /* each age once */
    }
    CHECK_EQ(strlen(seen()), 16 * 9);
    for (size_t i = 0; i < announce.n; i++) {
        CHECK_EQ(announce.files[i].stat.st_mtim.tv_sec, 1000000 - 19 + (int)i);
    }
    source_announce_close(&announce);
}

static void
what_others_may_write_is_left_alone(void)
{
    begin();
    put("good.cbor", "g", 1);
    put("group.cbor", "g", 1);
    CHECK_EQ(chmod(path_of("group.cbor"), 0620), 0);
    put("world.cbor", "w", 1);
    CHECK_EQ(chmod(path_of("world.cbor"), 0602), 0);
    CHECK_EQ(symlink("good.cbor", path_of("link.cbor")), 0);
    CHECK_EQ(mkdir(path_of("folder.cbor"), 0700), 0);
    CHECK_EQ(mkfifo(path_of("fifo.cbor"), 0600), 0);
    CHECK_STR(seen(), "good.cbor ");
    CHECK_EQ(announce.n_loose, 5);
    source_announce_close(&announce);
    if (geteuid() == 0) {
        CHECK_EQ(chown(path_of("good.cbor"), 65534, (gid_t)-1), 0);
        CHECK_STR(seen(), "");
        CHECK_EQ(announce.n_loose, 6);
        source_announce_close(&announce);
    }
}

static void
a_folder_that_others_may_write_is_not_believed(void)
{
    struct source_announce untouched = {.folder = 77};

    begin();
    put("good.cbor", "g", 1);
    CHECK_EQ(chmod(dir, 0770), 0);
    CHECK_EQ(source_announce_open(dir, &untouched), SOURCE_E_LOOSE);
    CHECK_EQ(chmod(dir, 0702), 0);
    CHECK_EQ(source_announce_open(dir, &untouched), SOURCE_E_LOOSE);
    CHECK_EQ(chmod(dir, 0755), 0);
    CHECK_EQ(source_announce_open(path_of("none"), &untouched), SOURCE_E_ABSENT);
    CHECK_EQ(source_announce_open(path_of("good.cbor"), &untouched), SOURCE_E_LOOSE);
    CHECK_EQ(symlink(".", path_of("link")), 0);
    CHECK_EQ(source_announce_open(path_of("link"), &untouched), SOURCE_E_LOOSE);
    CHECK_EQ(untouched.folder, 77);
    CHECK_STR(seen(), "good.cbor ");
    source_announce_close(&announce);
    CHECK_STR(source_file_outcome_name(SOURCE_E_LOOSE), "loose");
}

static void
a_file_is_read_to_its_bound(void)
{
    struct source_data data = {0};

    begin();
    put("os.cbor", "1234567890", 1);
    (void)seen();
    CHECK_EQ(source_announce_read(&announce, &announce.files[0], 9, &data), SOURCE_E_LARGE);
    CHECK_EQ(source_announce_read(&announce, &announce.files[0], 10, &data), 0);
    CHECK_BYTES(source_file_bytes(&data), bytes_str("1234567890"));
    source_file_done(&data);
    CHECK_EQ(source_announce_remove(&announce, &announce.files[0]), 0);
    CHECK_EQ(source_announce_read(&announce, &announce.files[0], 10, &data), SOURCE_E_ABSENT);
    CHECK_EQ(source_announce_remove(&announce, &announce.files[0]), 0); /* gone is gone */
    source_announce_close(&announce);
    CHECK_STR(seen(), "");
    source_announce_close(&announce);
}

/* A hook that wrote another while the first was on its way: that one was not told. */
static void
what_took_its_place_is_neither_read_nor_removed(void)
{
    struct source_data data = {0};
    char to[512];

    begin();
    put("os.cbor", "first", 1);
    (void)seen();
    put("next", "other", 1);
    snprintf(to, sizeof(to), "%s/os.cbor", dir);
    CHECK_EQ(rename(path_of("next"), to), 0);
    CHECK_EQ(source_announce_read(&announce, &announce.files[0], 10, &data), SOURCE_E_ABSENT);
    CHECK_EQ(source_announce_remove(&announce, &announce.files[0]), 0);
    source_announce_close(&announce);
    CHECK_STR(seen(), "os.cbor ");
    CHECK_EQ(source_announce_read(&announce, &announce.files[0], 10, &data), 0);
    CHECK_BYTES(source_file_bytes(&data), bytes_str("other"));
    source_file_done(&data);
    source_announce_close(&announce);
}

CHECK_MAIN(CASE(the_oldest_comes_first_and_other_names_are_nobodys),
           CASE(of_many_the_oldest_are_looked_at), CASE(what_others_may_write_is_left_alone),
           CASE(a_folder_that_others_may_write_is_not_believed), CASE(a_file_is_read_to_its_bound),
           CASE(what_took_its_place_is_neither_read_nor_removed))
