/* appraise/ima-sets: sets outside a bundle, found by what the bundle says of them. */
#include "appraise/ima-sets.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "lib/check.h"
#include "lib/rule-play.h"

static char folder[] = "/tmp/test-ima-sets.XXXXXX";
static struct hasher *hasher;
static uint8_t file[256];
static struct bytes content;
static uint8_t name[32];
static struct ima_sets sets;

/* A set of these digest bytes, all of SHA-256, and its name. */
static void
make(const char *digests)
{
    struct wr wr = wr_init(file, sizeof(file));

    hasher = hasher ? hasher : check_keep(hasher_new());
    digest_set_head(&wr, HASH_SHA256, strlen(digests));
    for (const char *c = digests; *c; c++) {
        memset(wr_room(&wr, 32), *c, 32);
    }
    content = wr_done(&wr);
    CHECK(content.p);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, content, name), 0);
}

static void
path_of(char room[256])
{
    char own[IMA_SETS_NAME_ROOM];

    snprintf(room, 256, "%s/%s", folder, ima_sets_name(BYTES_OF(name), own));
    CHECK(strstr(own, ".set"));
}

static void
put(struct bytes in)
{
    char path[256];

    path_of(path);
    CHECK_EQ(file_replace(path, 0644, in), 0);
}

/* A bundle with the set "files" of that name, and one of its own. */
static void
begin(void)
{
    static char text[1024];
    char hex[65];

    CHECK(mkdtemp(folder));
    snprintf(text, sizeof(text),
             "set file files { sha256:%s }\nset digests other { " D(
                 "01") "}\n"
                       "ima files {\n  allow digest @files @other\n}\n",
             hex_write(hex, BYTES_OF(name)));
    rule_play_rules("  rule ima : ima policy ima/files\n", text);
}

static void
open_them(const char *where)
{
    ima_sets_done(&sets);
    CHECK_EQ(ima_sets_open(hasher, rulebook_bundle(rule_play.book), where, &sets), 0);
    CHECK_EQ(sets.n_wanted, 1);
}

static void
end(void)
{
    char path[256];

    path_of(path);
    ima_sets_done(&sets);
    ignore(unlink(path) < 0, "it may never have been");
    CHECK_EQ(rmdir(folder), 0);
}

static void
check_absent(const char *where, const char *why)
{
    uint16_t set = bundle_set_named(rulebook_bundle(rule_play.book), bytes_str("files"));

    open_them(where);
    CHECK_EQ(sets.n_absent, 1);
    CHECK_EQ(sets.absent, set);
    CHECK(strstr(sets.why, why));
    CHECK_EQ(sets.sets[set].n, 0);
    CHECK(sets.files[set].p == NULL);
}

static void
a_set_is_found_by_its_name(void)
{
    uint16_t set;
    uint8_t digest[32];

    make("abc");
    begin();
    put(content);
    open_them(folder);
    set = bundle_set_named(rulebook_bundle(rule_play.book), bytes_str("files"));
    CHECK_EQ(sets.n_absent, 0);
    CHECK_EQ(sets.absent, BUNDLE_NONE);
    CHECK_EQ(sets.sets[set].n, 3);
    memset(digest, 'b', sizeof(digest));
    CHECK(digest_set_has(&sets.sets[set], BYTES_OF(digest)));
    memset(digest, 'd', sizeof(digest));
    CHECK(!digest_set_has(&sets.sets[set], BYTES_OF(digest)));
    for (size_t i = 0; i < LIMIT_BUNDLE_SETS; i++) {
        CHECK(i == set || sets.sets[i].n == 0);
    }
    ima_sets_done(&sets);
    CHECK_EQ(sets.sets[set].n, 0);
    end();
}

static void
one_that_is_missing_is_absent(void)
{
    make("abc");
    begin();
    check_absent(folder, "No such file");
    check_absent("/nowhere", "No such file");
    check_absent(NULL, "no folder");
    end();
}

/* Whoever can write to the folder cannot change what is allowed. */
static void
one_of_another_content_is_absent(void)
{
    uint8_t changed[256];
    struct bytes was;

    make("abc");
    begin();
    was = content;
    memcpy(changed, was.p, was.len);
    for (size_t i = 0; i < was.len; i += 7) {
        changed[i] ^= 1;
        put(bytes_of(changed, was.len));
        check_absent(folder, "content is another");
        changed[i] ^= 1;
    }
    put(bytes_of(changed, was.len - 1));
    check_absent(folder, "content is another");
    put(BYTES_NULL);
    check_absent(folder, "content is another");
    put(was);
    open_them(folder);
    CHECK_EQ(sets.n_absent, 0);
    end();
}

static void
what_is_no_set_is_absent_whatever_its_name(void)
{
    make("ba"); /* out of order, and named as the bundle says */
    begin();
    put(content);
    check_absent(folder, "no set of digests");
    end();
}

static void
a_set_of_none_is_absent(void)
{
    make("");
    begin();
    put(content);
    check_absent(folder, "one of none");
    end();
}

static void
a_path_that_is_too_long_is_absent(void)
{
    static char longer[5000];

    make("abc");
    begin();
    memset(longer, '/', sizeof(longer) - 1);
    check_absent(longer, "too long");
    end();
}

CHECK_MAIN(CASE(a_set_is_found_by_its_name), CASE(one_that_is_missing_is_absent),
           CASE(one_of_another_content_is_absent), CASE(what_is_no_set_is_absent_whatever_its_name),
           CASE(a_set_of_none_is_absent), CASE(a_path_that_is_too_long_is_absent))
