/* tools/said */
#include "said.h"

#include "lib/check.h"

static json_t *root;
static struct said said;

static void
start(const char *json)
{
    root = check_keep(json_loads(json, 0, NULL));
    CHECK(root);
    said = (struct said){0};
}

static void
members_of_their_type_are_read(void)
{
    start("{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{\"k\":1},\"l\":[{}, \"t\"]}");
    CHECK_STR(said_text(&said, root, "s"), "x");
    CHECK_STR(said_must_text(&said, root, "s"), "x");
    CHECK_EQ(said_int(&said, root, "i", -1), 7);
    CHECK_EQ(said_must_int(&said, root, "i"), 7);
    CHECK(said_yes(&said, root, "b"));
    CHECK_EQ(said_must_int(&said, said_object(&said, root, "o"), "k"), 1);
    CHECK_EQ(json_array_size(said_list(&said, root, "l")), 2);
    CHECK(said_item(&said, said_must_list(&said, root, "l"), 0, "l"));
    CHECK_STR(said_item_text(&said, said_must_list(&said, root, "l"), 1, "l"), "t");
    CHECK(!said_wrong(&said));
}

static void
absent_and_null_members_may_be_missing(void)
{
    start("{\"s\":null,\"i\":null,\"o\":null,\"l\":null}");
    for (int i = 0; i < 2; i++) {
        CHECK_STR(said_text(&said, root, "s"), "");
        CHECK_EQ(said_int(&said, root, "i", -1), -1);
        CHECK(!said_object(&said, root, "o"));
        CHECK(!said_list(&said, root, "l"));
        CHECK(!said_wrong(&said));
        start("{}");
    }
    CHECK(!said_yes(&said, root, "b"));
    CHECK(!said_wrong(&said));
}

static void
a_missing_member_that_must_be_there_is_wrong(void)
{
    for (int i = 0; i < 3; i++) {
        start(i == 0 ? "{}" : "{\"k\":null}");
        if (i == 0) {
            CHECK_STR(said_must_text(&said, root, "k"), "");
        } else if (i == 1) {
            CHECK_EQ(said_must_int(&said, root, "k"), 0);
        } else {
            CHECK(!said_must_list(&said, root, "k"));
        }
        CHECK_STR(said.wrong, "k");
        CHECK(said_wrong(&said));
    }
}

static void
a_member_of_another_type_is_wrong(void)
{
    static const char *const values[] = {"\"x\"", "7", "1.5", "true", "{}", "[]"};
    char json[32];

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        snprintf(json, sizeof(json), "{\"k\":%s}", values[i]);
        start(json);
        (void)said_text(&said, root, "k");
        CHECK_EQ(said.wrong == NULL, i == 0);
        start(json);
        (void)said_int(&said, root, "k", 0);
        CHECK_EQ(said.wrong == NULL, i == 1);
        start(json);
        (void)said_yes(&said, root, "k");
        CHECK_EQ(said.wrong == NULL, i == 3);
        start(json);
        (void)said_object(&said, root, "k");
        CHECK_EQ(said.wrong == NULL, i == 4);
        start(json);
        (void)said_list(&said, root, "k");
        CHECK_EQ(said.wrong == NULL, i == 5);
    }
}

static void
the_first_wrong_member_is_the_one_named(void)
{
    start("{\"a\":1,\"b\":\"x\"}");
    CHECK_STR(said_text(&said, root, "a"), "");
    CHECK_EQ(said_int(&said, root, "b", 5), 5);
    CHECK_EQ(said_must_int(&said, root, "c"), 0);
    CHECK_STR(said.wrong, "a");
}

static void
items_of_another_type_are_wrong(void)
{
    start("[\"x\", 7, {}]");
    CHECK(!said_item(&said, root, 0, "devices"));
    CHECK_STR(said.wrong, "devices");
    said.wrong = NULL;
    CHECK(!said_item(&said, root, 3, "devices")); /* beyond the end */
    CHECK_STR(said.wrong, "devices");
    said.wrong = NULL;
    CHECK_STR(said_item_text(&said, root, 1, "reasons"), "");
    CHECK_STR(said.wrong, "reasons");
}

static void
no_object_is_as_one_without_members(void)
{
    said = (struct said){0};
    CHECK_STR(said_text(&said, NULL, "k"), "");
    CHECK_EQ(said_int(&said, NULL, "k", 3), 3);
    CHECK(!said_yes(&said, NULL, "k"));
    CHECK(!said_object(&said, NULL, "k"));
    CHECK(!said_wrong(&said));
    CHECK(!said_must_list(&said, NULL, "k"));
    CHECK(said_wrong(&said));
}

CHECK_MAIN(CASE(members_of_their_type_are_read), CASE(absent_and_null_members_may_be_missing),
           CASE(a_missing_member_that_must_be_there_is_wrong),
           CASE(a_member_of_another_type_is_wrong), CASE(the_first_wrong_member_is_the_one_named),
           CASE(items_of_another_type_are_wrong), CASE(no_object_is_as_one_without_members))
