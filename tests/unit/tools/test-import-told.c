/* import/import-told: what an importer's text says. */
#include "import/import-told.h"

#include "lib/check.h"

static const char text[] = "# dbx \"a\", sha256:00\n"
                           "# NOT IMPORTED: 3 entries\n"
                           "set dbx dbx/a published 2026-11-28 {\n"
                           "  sha256:00 \"release x\"\n"
                           "}\n"
                           "release os gw 1 {\n"
                           "  # NOT IMPORTED: a regular expression: \"{\"\n"
                           "  kernel sha256:00\n"
                           "}\n"
                           "# NOT IMPORTED, a member that is not known: \"x\"\n"
                           "sha256:00 /bin/true\n"
                           "sha1:00 /bin/set x\n";

static void
each_kind_of_line_is_counted(void)
{
    json_t *told = import_told(bytes_str(text));
    json_t *want =
        json_pack("{s:[s], s:[s], s:i, s:[s, s, s]}", "releases", "os gw 1", "sets",
                  "dbx dbx/a published 2026-11-28", "digests", 2, "left_out", "3 entries",
                  "a regular expression: \"{\"", "a member that is not known: \"x\"");

    CHECK(told && want);
    CHECK(json_equal(told, want));
    json_decref(told);
    json_decref(want);
}

static void
nothing_says_nothing(void)
{
    json_t *told = import_told(bytes_str("\n\n# set x\nsettle\n"));

    CHECK_EQ(json_array_size(json_object_get(told, "releases")), 0);
    CHECK_EQ(json_array_size(json_object_get(told, "sets")), 0);
    CHECK_EQ(json_array_size(json_object_get(told, "left_out")), 0);
    CHECK_EQ(json_integer_value(json_object_get(told, "digests")), 0);
    json_decref(told);
}

CHECK_MAIN(CASE(each_kind_of_line_is_counted), CASE(nothing_says_nothing))
