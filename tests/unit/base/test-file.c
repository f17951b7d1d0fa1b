/* base/file */
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"

static char folder[] = "/tmp/test-file.XXXXXX";
static char path[64];

static void
begin(void)
{
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/one", folder);
}

static void
end(void)
{
    ignore(unlink(path) < 0, "it may never have been");
    CHECK_EQ(rmdir(folder), 0); /* so nothing temporary is left */
}

static void
what_is_written_reads_back_with_its_mode(void)
{
    struct bytes back = BYTES_NULL;
    struct stat stat_of;

    begin();
    CHECK_EQ(file_create(path, 0600, bytes_str("hello")), 0);
    CHECK_EQ(file_read(path, 5, &back), 0);
    CHECK_BYTES(back, bytes_str("hello"));
    CHECK_EQ(stat(path, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 0777, 0600);
    file_free(&back);
    CHECK(back.p == NULL);
    end();
}

static void
create_keeps_and_replace_replaces(void)
{
    struct bytes back = BYTES_NULL;

    begin();
    CHECK_EQ(file_replace(path, 0644, bytes_str("a")), 0);
    CHECK_EQ(file_create(path, 0644, bytes_str("b")), -EEXIST);
    CHECK_EQ(file_read(path, 5, &back), 0);
    CHECK_BYTES(back, bytes_str("a"));
    file_free(&back);
    CHECK_EQ(file_replace(path, 0644, bytes_str("c")), 0);
    CHECK_EQ(file_read(path, 5, &back), 0);
    CHECK_BYTES(back, bytes_str("c"));
    file_free(&back);
    end();
}

static void
what_is_no_fit_file_is_refused(void)
{
    struct bytes back = BYTES_NULL;

    begin();
    CHECK_EQ(file_read(path, 5, &back), -ENOENT);
    CHECK_EQ(file_read(folder, 5, &back), -EINVAL);
    CHECK_EQ(file_create(path, 0644, bytes_str("123456")), 0);
    CHECK_EQ(file_read(path, 5, &back), -EFBIG);
    CHECK(back.p == NULL);
    CHECK_EQ(file_folder(path, 0700), -ENOTDIR);
    CHECK_EQ(file_folder(folder, 0700), 0);
    CHECK_EQ(file_replace("/proc/nonexistent/x", 0644, bytes_str("")), -ENOENT);
    end();
}

static void
folders_are_made_with_what_is_above_them(void)
{
    char deep[200];
    char middle[200];
    struct stat stat_of;

    begin();
    snprintf(middle, sizeof(middle), "%s/a", folder);
    snprintf(deep, sizeof(deep), "%s/a//b/c", folder);
    CHECK_EQ(file_folders(deep, 0700), 0);
    CHECK_EQ(stat(deep, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 07777, 0700);
    CHECK_EQ(stat(middle, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 07777, 0755);
    CHECK_EQ(file_folders(deep, 0711), 0); /* there already, and left as it is */
    CHECK_EQ(stat(deep, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 07777, 0700);
    CHECK_EQ(rmdir(deep), 0);
    snprintf(deep, sizeof(deep), "%s/a/b", folder);
    CHECK_EQ(rmdir(deep), 0);
    CHECK_EQ(rmdir(middle), 0);
    CHECK_EQ(file_create(path, 0644, bytes_str("x")), 0);
    snprintf(deep, sizeof(deep), "%s/below", path);
    CHECK_EQ(file_folders(deep, 0700), -ENOTDIR);
    end();
}

static void
a_path_without_end_makes_no_folder(void)
{
    static char longest[5000];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    CHECK_EQ(file_folders(longest, 0700), -ENAMETOOLONG);
}

CHECK_MAIN(CASE(what_is_written_reads_back_with_its_mode), CASE(create_keeps_and_replace_replaces),
           CASE(what_is_no_fit_file_is_refused), CASE(folders_are_made_with_what_is_above_them),
           CASE(a_path_without_end_makes_no_folder))
