/* base/map */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "lib/check.h"

static char folder[] = "/tmp/test-map.XXXXXX";
static char path[64];

static void
begin(const char *content)
{
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/one", folder);
    CHECK_EQ(file_create(path, 0600, bytes_str(content)), 0);
}

static void
end(void)
{
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rmdir(folder), 0);
}

static void
a_file_is_mapped_as_it_is(void)
{
    struct bytes map;

    begin("hello");
    CHECK_EQ(map_file(path, 5, &map), 0);
    CHECK_BYTES(map, bytes_str("hello"));
    map_free(&map);
    CHECK(map.p == NULL);
    map_free(&map); /* and nothing is freed once more */
    end();
}

static void
what_replaces_a_file_leaves_its_mapping(void)
{
    struct bytes map;

    begin("hello");
    CHECK_EQ(map_file(path, 5, &map), 0);
    CHECK_EQ(file_replace(path, 0600, bytes_str("!")), 0);
    CHECK_BYTES(map, bytes_str("hello"));
    map_free(&map);
    end();
}

static void
an_empty_file_is_nothing(void)
{
    struct bytes map = bytes_str("before");

    begin("");
    CHECK_EQ(map_file(path, 5, &map), 0);
    CHECK(map.p == NULL && map.len == 0);
    map_free(&map);
    end();
}

static void
longer_files_and_other_things_are_refused(void)
{
    struct bytes map = bytes_str("before");

    begin("hello");
    CHECK_EQ(map_file(path, 4, &map), -EFBIG);
    CHECK_EQ(map_file(folder, 4, &map), -EINVAL);
    end();
    CHECK_EQ(map_file(path, 4, &map), -ENOENT);
    CHECK_BYTES(map, bytes_str("before"));
}

static void
a_pipe_does_not_wait_for_its_writer(void)
{
    struct bytes map;

    begin("hello");
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(mkfifo(path, 0600), 0);
    CHECK_EQ(map_file(path, 4, &map), -EINVAL);
    end();
}

CHECK_MAIN(CASE(a_file_is_mapped_as_it_is), CASE(what_replaces_a_file_leaves_its_mapping),
           CASE(an_empty_file_is_nothing), CASE(longer_files_and_other_things_are_refused),
           CASE(a_pipe_does_not_wait_for_its_writer))
