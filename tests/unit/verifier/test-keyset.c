/* main/keyset: the list of a site's keys. */
#include "main/keyset.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "lib/check.h"

enum { ID_MAX = 255 };

#define HEAD "assay-keys 1\n"
#define GOOD                                        \
    HEAD "psk-master 2 100 200 0 psk-master-2\n"    \
         "psk-master 1 50 50 900 psk-masters\n"     \
         "ticket 7 1 1 0 -\n"                       \
         "server 255 5 5 0 server.key server.pem\n" \
         "ca 2 9 253402300799 0 ca-2.key ca-2.pem\n"

static struct keyset
good(void)
{
    struct keyset set;
    size_t line = 0;

    CHECK_EQ(keyset_read(check_guarded(bytes_str(GOOD)), &set, &line), 0);
    return set;
}

/* The number of the line that is wrong; 0: none. */
static size_t
wrong_line(const char *text)
{
    struct keyset set = {.n = 77};
    size_t line = 0;
    int r = keyset_read(check_guarded(bytes_str(text)), &set, &line);

    CHECK(r == 0 || r == 1);
    CHECK(r == 0 || set.n == 77); /* untouched */
    return r == 0 ? 0 : line;
}

static void
a_list_reads_back_as_it_was_written(void)
{
    struct keyset set = good();
    char room[1024];

    CHECK(set.listed);
    CHECK_EQ(set.n, 5);
    CHECK_EQ(set.keys[0].kind, KEYSET_PSK_MASTER);
    CHECK_EQ(set.keys[0].id, 2);
    CHECK_EQ(set.keys[0].made_s, 100);
    CHECK_EQ(set.keys[0].from_s, 200);
    CHECK_EQ(set.keys[1].until_s, 900);
    CHECK_STR(set.keys[2].file, "");
    CHECK_STR(set.keys[3].cert, "server.pem");
    CHECK_EQ(set.keys[4].from_s, KEYSET_NEVER);
    CHECK_EQ(keyset_write(&set, room, sizeof(room)), strlen(GOOD));
    CHECK_STR(room, GOOD);
    for (size_t cap = 1; cap <= strlen(GOOD); cap++) {
        CHECK_EQ(keyset_write(&set, room, cap), 0);
    }
}

/* A list that was cut between lines is one of fewer keys; who reads the keys misses them then. */
static void
no_cut_line_is_read(void)
{
    for (size_t n = 0; n < strlen(GOOD); n++) {
        struct keyset set;
        size_t line = 0;
        bool whole = n >= strlen(HEAD) && GOOD[n - 1] == '\n';

        CHECK_EQ(keyset_read(check_guarded(bytes_of(GOOD, n)), &set, &line), whole ? 0 : 1);
    }
}

static void
other_spellings_are_refused_with_their_line(void)
{
    static const char *const lines[] = {
        "psk-master 0 1 1 0 psk-masters\n",         /* no id */
        "psk-master 256 1 1 0 psk-masters\n",       /* an id is one byte */
        "psk-master 01 1 1 0 psk-masters\n",        /* two encodings of one number */
        "psk-master 1 -1 1 0 psk-masters\n",        /* a sign */
        "psk-master 1 1 1 0 ../psk-masters\n",      /* out of the folder */
        "psk-master 1 1 1 0 .hidden\n",             /**/
        "psk-master 1 1 1 0 keys.list\n",           /* itself */
        "psk-master 1 1 1 0 \n",                    /* no name */
        "psk-master 1 1 1 0 a b\n",                 /* a certificate where none belongs */
        "psk-master 1 1 1 0\n",                     /* a word short */
        "psk-master  1 1 1 0 psk-masters\n",        /* two blanks */
        "server 1 1 1 0 server.key\n",              /* no certificate */
        "server 1 1 1 0 server.key server.pem x\n", /* a word too many */
        "ticket 1 1 1 0 ticket\n",                  /* it has no file */
        "ticket 1 1 1 0 - -\n",                     /**/
        "master 1 1 1 0 psk-masters\n",             /* no such kind */
        "token 1 1 9999999999999 0 token.key\n",    /* behind all calendars */
        "token 1 253402300800 1 0 token.key\n",     /**/
        "token 1 1 1 0 Token.key\n",                /* not a name that we give */
        "token 1 1 1 0 t\303\266ken.key\n",         /**/
        "\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char text[200];

        snprintf(text, sizeof(text), HEAD "nonce 1 1 1 0 nonce-keys\n%s", lines[i]);
        if (wrong_line(text) != 3) {
            check_fail(__FILE__, __LINE__, "line %zu is taken: %s", i, lines[i]);
        }
    }
    CHECK_EQ(wrong_line("assay-keys 2\n"), 1);
    CHECK_EQ(wrong_line(HEAD), 0);
    CHECK_EQ(wrong_line(HEAD "token 1 1 1 0 token.key\r\n"), 2);
}

static void
an_id_is_there_once_and_slots_twice_at_most(void)
{
    CHECK_EQ(wrong_line(HEAD "token 1 1 1 0 a\ntoken 1 1 1 0 b\n"), 3);
    CHECK_EQ(wrong_line(HEAD "token 1 1 1 0 a\nnonce 1 1 1 0 b\n"), 0);
    CHECK_EQ(wrong_line(HEAD "nonce 1 1 1 0 a\nnonce 2 1 1 0 b\nnonce 3 1 1 0 c\n"), 4);
    CHECK_EQ(wrong_line(HEAD "token 1 1 1 0 a\ntoken 2 1 1 0 b\ntoken 3 1 1 0 c\n"
                             "token 4 1 1 0 d\ntoken 5 1 1 0 e\n"),
             6);
    CHECK_EQ(wrong_line(HEAD "policy 1 1 1 0 a b\npolicy 2 1 1 0 c d\n"), 0);
    CHECK_EQ(wrong_line(HEAD "policy 1 1 1 0 a b\npolicy 2 1 1 0 c d\npolicy 3 1 1 0 e f\n"), 4);
    CHECK_EQ(wrong_line(HEAD "policy 1 1 1 0 a\n"), 2); /* its public half is what counts */
}

static void
a_key_is_next_then_active_then_accepted_then_retired(void)
{
    struct keyset set = good();
    const struct keyset_key *fresh = &set.keys[0]; /* from 200 */
    const struct keyset_key *old = &set.keys[1];   /* from 50 until 900 */

    CHECK_EQ(keyset_state(&set, fresh, 199), KEYSET_NEXT);
    CHECK_EQ(keyset_state(&set, old, 199), KEYSET_ACTIVE);
    CHECK_EQ(keyset_state(&set, fresh, 200), KEYSET_ACTIVE);
    CHECK_EQ(keyset_state(&set, old, 200), KEYSET_ACCEPTED);
    CHECK_EQ(keyset_state(&set, old, 899), KEYSET_ACCEPTED);
    CHECK_EQ(keyset_state(&set, old, 900), KEYSET_RETIRED);
    CHECK_EQ(keyset_change_s(&set, 0), 1);
    CHECK_EQ(keyset_change_s(&set, 50), 200);
    CHECK_EQ(keyset_change_s(&set, 200), 900);
    CHECK_EQ(keyset_change_s(&set, 900), KEYSET_NEVER);
    CHECK_EQ(keyset_change_s(&set, KEYSET_NEVER), INT64_MAX);
}

static void
a_clock_that_is_behind_has_the_first_key_active(void)
{
    struct keyset set = good();

    CHECK_EQ(keyset_state(&set, &set.keys[1], 10), KEYSET_ACTIVE);
    CHECK_EQ(keyset_state(&set, &set.keys[0], 10), KEYSET_NEXT);
    CHECK_EQ(keyset_active(&set, KEYSET_CA, 10)->id, 2); /* it waits, and there is no other */
    CHECK(keyset_active(&set, KEYSET_TOKEN, 10) == NULL);
}

static void
a_key_is_entered_in_front_of_its_elders_and_dropped(void)
{
    struct keyset set = good();
    struct keyset_key key = {.kind = KEYSET_SERVER, .id = 1};

    CHECK_EQ(keyset_add(&set, &key), 0);
    CHECK_EQ(keyset_count(&set, KEYSET_SERVER), 2);
    CHECK_EQ(set.keys[3].id, 1);
    CHECK_EQ(set.keys[4].id, 255);
    keyset_drop(&set, KEYSET_SERVER, 255);
    keyset_drop(&set, KEYSET_SERVER, 255); /* gone already */
    CHECK_EQ(keyset_count(&set, KEYSET_SERVER), 1);
    CHECK_EQ(set.keys[4].kind, KEYSET_CA);
    CHECK(keyset_find(&set, KEYSET_SERVER, 255) == NULL);
    key.kind = KEYSET_PSK_MASTER;
    key.id = 3;
    CHECK_EQ(keyset_add(&set, &key), 1); /* two are live */
    key.kind = KEYSET_TOKEN;
    for (uint32_t i = 0; i < KEYSET_KIND_MAX; i++) {
        key.id = i + 1;
        CHECK_EQ(keyset_add(&set, &key), 0);
    }
    key.id = 99;
    CHECK_EQ(keyset_add(&set, &key), 1);
}

static void
names_of_ours_are_known_and_no_others(void)
{
    static const char *const ours[] = {
        "psk-masters",  "nonce-keys",         "token.key",        "ca.pem",
        "psk-master-2", "token-255.key",      "token-rsa-3.key",  "audit-1.pub",
        "server-9.pem", "token-2.key.a1B2c3", "keys.list.XXXXXX",
    };
    static const char *const others[] = {
        "",
        "keys.list",
        "token",
        "token-.key",
        "token-0256.key",
        "token-256.key",
        "tokens-2.key",
        "my.key",
        "server.csr",
        "token-2.key.bak",
        "token-2.key~",
        "-1",
        "readme.a1B2c3",
    };

    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        CHECK(keyset_is_ours(ours[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK(!keyset_is_ours(others[i]));
    }
}

static void
kinds_and_states_have_names(void)
{
    for (enum keyset_kind kind = 0; kind < KEYSET_KIND_N; kind++) {
        CHECK_EQ(keyset_kind_of(bytes_str(keyset_kind_name(kind))), kind);
    }
    CHECK_EQ(keyset_kind_of(bytes_str("psk")), KEYSET_KIND_N);
    CHECK_STR(keyset_kind_name(KEYSET_KIND_N), "unknown");
    CHECK_STR(keyset_state_name(KEYSET_RETIRED), "retired");
    CHECK_STR(keyset_state_name((enum keyset_state)9), "unknown");
}

static char folder[] = "/tmp/assay-keyset-XXXXXX";

static void
put(const char *name, struct bytes content)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_EQ(file_replace(path, 0600, content), 0);
}

static void
away(const char *name)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_EQ(unlink(path), 0);
}

static void
a_folder_without_a_list_has_what_it_always_had(void)
{
    struct conf_problem problem = {""};
    uint8_t slots[66] = {5};
    struct keyset set;

    CHECK(mkdtemp(folder) != NULL);
    CHECK_EQ(keyset_load(folder, &set, &problem), 0);
    CHECK(!set.listed);
    CHECK_EQ(set.n, KEYSET_KIND_N - 1); /* no ticket */
    CHECK_EQ(keyset_active(&set, KEYSET_PSK_MASTER, 0)->id, 1);
    CHECK_STR(keyset_active(&set, KEYSET_SITE, 0)->cert, "site.pem");
    slots[33] = 9; /* two slots: the first is the one that is handed out */
    put("psk-masters", BYTES_OF(slots));
    CHECK_EQ(keyset_load(folder, &set, &problem), 0);
    CHECK_EQ(keyset_count(&set, KEYSET_PSK_MASTER), 2);
    CHECK_EQ(keyset_active(&set, KEYSET_PSK_MASTER, INT32_MAX)->id, 5);
    CHECK_EQ(set.keys[1].id, 9);
    CHECK(set.keys[0].made_s > 0);
    slots[33] = 5; /* alike: who reads the keys says so */
    put("psk-masters", BYTES_OF(slots));
    CHECK_EQ(keyset_load(folder, &set, &problem), 0);
    CHECK_EQ(keyset_count(&set, KEYSET_PSK_MASTER), 1);
    away("psk-masters");
    CHECK_EQ(rmdir(folder), 0);
}

static void
a_saved_list_is_loaded_and_a_broken_one_named(void)
{
    struct conf_problem problem = {""};
    struct keyset set = good();
    struct keyset back;

    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    CHECK(mkdtemp(folder) != NULL);
    set.listed = false;
    CHECK_EQ(keyset_save(folder, &set), 0);
    CHECK(set.listed);
    CHECK_EQ(keyset_load(folder, &back, &problem), 0);
    CHECK_EQ(memcmp(&set, &back, sizeof(set)), 0);
    put(KEYSET_FILE, bytes_str(HEAD "token 1 1 1 0 token.key\nrubbish\n"));
    CHECK_EQ(keyset_load(folder, &back, &problem), 1);
    CHECK(strstr(problem.text, "keys.list:3: ") != NULL);
    away(KEYSET_FILE);
    CHECK_EQ(rmdir(folder), 0);
    CHECK(keyset_save(folder, &set) < 0); /* no such folder */
}

static void
ids_follow_the_newest_and_come_round(void)
{
    struct keyset set = good();
    struct keyset_key key = {.kind = KEYSET_NONCE, .id = ID_MAX};

    CHECK_EQ(keyset_next_id(&set, KEYSET_PSK_MASTER), 3);
    CHECK_EQ(keyset_next_id(&set, KEYSET_SERVER), 1); /* behind 255 */
    CHECK_EQ(keyset_next_id(&set, KEYSET_NONCE), 1);  /* there is none */
    CHECK_EQ(keyset_add(&set, &key), 0);
    key.id = 1; /* newer, and the next of it is not free */
    CHECK_EQ(keyset_add(&set, &key), 0);
    CHECK_EQ(keyset_next_id(&set, KEYSET_NONCE), 2);
    keyset_drop(&set, KEYSET_NONCE, 1);
    key.id = 254;
    CHECK_EQ(keyset_add(&set, &key), 0);
    CHECK_EQ(keyset_next_id(&set, KEYSET_NONCE), 1);
}

CHECK_MAIN(CASE(a_list_reads_back_as_it_was_written), CASE(no_cut_line_is_read),
           CASE(other_spellings_are_refused_with_their_line),
           CASE(an_id_is_there_once_and_slots_twice_at_most),
           CASE(a_key_is_next_then_active_then_accepted_then_retired),
           CASE(a_clock_that_is_behind_has_the_first_key_active),
           CASE(a_key_is_entered_in_front_of_its_elders_and_dropped),
           CASE(ids_follow_the_newest_and_come_round), CASE(names_of_ours_are_known_and_no_others),
           CASE(kinds_and_states_have_names), CASE(a_folder_without_a_list_has_what_it_always_had),
           CASE(a_saved_list_is_loaded_and_a_broken_one_named))
