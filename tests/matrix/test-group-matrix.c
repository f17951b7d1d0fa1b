/* Groups: what an operator says of them, what the audit log keeps of it, and what an inventory says
 * before the devices come. */
#include "lib/control-play.h"

#include "keeper/audience.h"
#include "keeper/groups.h"
#include "store/store-group.h"
#include "store/store-sql.h"

static bool
has_name(const json_t *root, const char *key, const char *name)
{
    const json_t *names = json_object_get(root, key);

    for (size_t i = 0; i < json_array_size(names); i++) {
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
changed(const json_t *root)
{
    CHECK(json_is_boolean(json_object_get(root, "changed")));
    return json_is_true(json_object_get(root, "changed"));
}

static size_t
count(const json_t *root, const char *key)
{
    CHECK(json_is_array(json_object_get(root, key)));
    return json_array_size(json_object_get(root, key));
}

/* The groups of the device, as `device show` has them. */
static json_t *
shown(void)
{
    return YES("device", "show", id);
}

static void
start_groups(void)
{
    start_pending();
    (void)YES("group", "add", "pilots");
    (void)YES("group", "add", "berlin", "site");
    (void)YES("group", "add", "paris", "site");
}

struct row {
    char kind[32];
    char actor[32];
    char text[128];
    bool of_device;
};

/* The rows since one, the last eight. */
static struct row rows[8];
static size_t n_rows;

static bool
on_row(void *context, const struct audit_row *row, const uint8_t hash[32])
{
    (void)context;
    (void)hash;
    if (n_rows < ARRAY_LEN(rows)) {
        snprintf(rows[n_rows].kind, sizeof(rows[0].kind), "%.*s", (int)row->kind.len,
                 (const char *)row->kind.p);
        snprintf(rows[n_rows].actor, sizeof(rows[0].actor), "%.*s", (int)row->actor.len,
                 (const char *)row->actor.p);
        snprintf(rows[n_rows].text, sizeof(rows[0].text), "%.*s", (int)row->text.len,
                 (const char *)row->text.p);
        rows[n_rows].of_device = row->device != NULL;
    }
    n_rows++;
    return true;
}

static int64_t
audit_at(void)
{
    uint8_t hash[32];
    int64_t seq = 0;

    CHECK_EQ(store_audit_head(rig.keeper.store, &seq, hash), 0);
    return seq;
}

static void
audited_since(int64_t seq)
{
    n_rows = 0;
    CHECK_EQ(store_audit_each(rig.keeper.store, seq + 1, on_row, NULL), 0);
}

static void
row_is(size_t i, const char *kind, const char *text_is, bool of_device)
{
    CHECK(i < n_rows && i < ARRAY_LEN(rows));
    CHECK_STR(rows[i].kind, kind);
    CHECK_STR(rows[i].text, text_is);
    CHECK_EQ(rows[i].of_device, of_device);
}

static void
a_group_is_made_once(void)
{
    int64_t before;
    json_t *root;

    start_pending();
    before = audit_at();
    root = YES("group", "add", "pilots");
    CHECK(changed(root));
    CHECK(json_is_false(json_object_get(root, "site")));
    CHECK(!changed(YES("group", "add", "pilots")));
    root = YES("group", "add", "berlin", "site");
    CHECK(json_is_true(json_object_get(root, "site")));
    CHECK(!changed(YES("group", "add", "berlin", "site")));
    audited_since(before);
    CHECK_EQ(n_rows, 2); /* what was so already leaves none */
    row_is(0, "group", "pilots", false);
    row_is(1, "group", "berlin, a site", false);
    root = YES("group", "list");
    CHECK_EQ(count(root, "groups"), 2);
    root = json_array_get(json_object_get(root, "groups"), 1);
    CHECK_STR(text(root, "name"), "pilots");
    CHECK_EQ(number(root, "members"), 0);
}

static void
bad_names_and_settings_are_refused(void)
{
    static const char *const bad[] = {"", ".", "a b", "a/b", "-a", "=", "+a", "\xc3\xa4"};
    char name[66];

    start();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("name", "group", "add", bad[i]);
    }
    memset(name, 'n', sizeof(name));
    name[64] = '\0';
    NO("name", "group", "add", name);
    NO("name", "group", "remove", name);
    name[49] = '\0';
    NO("name", "group", "add", name);
    name[48] = '\0';
    (void)YES("group", "add", name);
    NO("setting", "group", "add", "a", "place");
    NO("setting", "group", "remove", name, "all");
    NO("group", "group", "show", "a");
    NO("group", "group", "show", "");
    refused("usage", CONTROL_USAGE, WORDS("group", "add"));
    refused("usage", CONTROL_USAGE, WORDS("group", "show"));
    refused("usage", CONTROL_USAGE, WORDS("group", "list", "x"));
    refused("usage", CONTROL_USAGE, WORDS("group", "remove", "a", "with-members", "x"));
    refused("usage", CONTROL_USAGE, WORDS("device", "group", "00000000"));
}

static void
devices_go_in_and_out(void)
{
    json_t *root;

    start_groups();
    CHECK_EQ(count(shown(), "groups"), 0);
    root = YES("device", "group", id, "+pilots", "+berlin");
    CHECK_STR(text(root, "id"), id);
    CHECK_EQ(count(root, "added"), 2);
    CHECK_EQ(count(root, "removed"), 0);
    CHECK(has_name(shown(), "groups", "pilots") && has_name(shown(), "groups", "berlin"));
    root = YES("device", "group", id, "-pilots", "-paris"); /* it is not in paris: no fault */
    CHECK_EQ(count(root, "removed"), 1);
    CHECK(has_name(root, "removed", "pilots"));
    CHECK_EQ(count(shown(), "groups"), 1);
    root = YES("device", "group", id, "=", "+pilots");
    CHECK(has_name(root, "added", "pilots") && has_name(root, "removed", "berlin"));
    CHECK(!has_name(shown(), "groups", "berlin"));
    root = YES("device", "group", id, "=");
    CHECK_EQ(count(root, "groups"), 0);
    CHECK_EQ(count(shown(), "groups"), 0);
}

static void
what_is_so_already_changes_nothing(void)
{
    int64_t before;

    start_groups();
    (void)YES("device", "group", id, "+pilots");
    before = audit_at();
    for (int i = 0; i < 2; i++) {
        json_t *root = YES("device", "group", id, "+pilots", "-berlin", "-nonsense");

        CHECK_EQ(count(root, "added") + count(root, "removed"), 0);
        CHECK_EQ(count(root, "groups"), 1);
    }
    CHECK_EQ(audit_at(), before);
}

static void
a_dry_run_changes_nothing(void)
{
    int64_t before;
    json_t *root;

    start_groups();
    before = audit_at();
    root = YES("device", "group", id, "+pilots", "dry-run");
    CHECK(has_name(root, "added", "pilots"));
    CHECK_EQ(count(shown(), "groups"), 0);
    CHECK_EQ(audit_at(), before);
    NO("group", "device", "group", id, "+munich", "dry-run"); /* and refuses what would be */
}

static void
each_change_has_its_row(void)
{
    int64_t before;

    start_groups();
    before = audit_at();
    (void)YES("device", "group", id, "+pilots", "+berlin");
    (void)YES("device", "group", id, "-berlin", "+paris");
    audited_since(before);
    CHECK_EQ(n_rows, 4);
    row_is(0, "group-in", "berlin", true);
    row_is(1, "group-in", "pilots", true);
    row_is(2, "group-out", "berlin", true);
    row_is(3, "group-in", "paris", true);
    CHECK(strncmp(rows[3].actor, "uid ", 4) == 0);
}

static void
a_device_stands_at_one_site(void)
{
    start_groups();
    (void)YES("device", "group", id, "+berlin");
    NO("group", "device", "group", id, "+paris");
    NO("group", "device", "group", id, "=", "+paris", "+berlin");
    CHECK(has_name(shown(), "groups", "berlin"));
    (void)YES("device", "group", id, "+paris", "-berlin"); /* whatever the order of the words */
    CHECK(has_name(shown(), "groups", "paris"));
    CHECK_EQ(count(shown(), "groups"), 1);
    /* what a group is cannot change under its members */
    NO("members", "group", "add", "paris");
    (void)YES("device", "group", id, "+pilots");
    NO("members", "group", "add", "pilots", "site");
    (void)YES("group", "add", "berlin"); /* it is empty */
    (void)YES("device", "group", id, "+berlin");
    CHECK_EQ(count(shown(), "groups"), 3);
}

static void
eight_groups_are_the_most(void)
{
    char word[8];

    start_groups();
    for (int i = 0; i < 8; i++) {
        snprintf(word, sizeof(word), "+g%d", i);
        (void)YES("group", "add", word + 1);
        (void)YES("device", "group", id, word);
    }
    NO("group", "device", "group", id, "+pilots");
    CHECK_EQ(count(shown(), "groups"), 8);
    (void)YES("device", "group", id, "+g3"); /* where it is already */
    (void)YES("device", "group", id, "+pilots", "-g0");
    CHECK_EQ(count(shown(), "groups"), 8);
    CHECK(has_name(shown(), "groups", "pilots"));
}

/* All of them stand twice in a token. */
static void
long_names_are_fewer(void)
{
    char word[66] = "+";

    start_groups();
    memset(word + 1, 'a', 47);
    word[48] = '\0';
    (void)YES("group", "add", word + 1);
    (void)YES("group", "add", "x");
    (void)YES("group", "add", "xy");
    (void)YES("device", "group", id, word);
    NO("group", "device", "group", id, "+xy"); /* a letter too many */
    (void)YES("device", "group", id, "+x");
    CHECK_EQ(count(shown(), "groups"), 2);
}

static void
who_is_told_of_groups_has_a_short_name(void)
{
    static char issuer[AUDIENCE_GROUPS_ISSUER + 2];

    start();
    memset(issuer, 'i', sizeof(issuer) - 1);
    rig.keeper.setup.issuer = bytes_of((const uint8_t *)issuer, AUDIENCE_GROUPS_ISSUER + 1);
    NO("room", "class", "add", "c", "audiences=bearer:a,groups");
    (void)YES("class", "add", "c", "audiences=bearer:a");
    rig.keeper.setup.issuer = bytes_of((const uint8_t *)issuer, AUDIENCE_GROUPS_ISSUER);
    (void)YES("class", "add", "c", "audiences=bearer:a,groups");
    (void)YES("class", "add", "abcdefghijklmnopqrstuvwx",
              "audiences=bearer:abcdefghijklmnopqrstuvwx,groups");
    NO("room", "class", "add", "c", "audiences=bearer:a bearer:abcdefghijklmnopqrstuvwxy,groups");
    NO("room", "class", "add", "abcdefghijklmnopqrstuvwxy", "audiences=bearer:a,groups");
    (void)YES("class", "add", "abcdefghijklmnopqrstuvwxy", "audiences=bearer:a");
    NO("setting", "class", "add", "c", "audiences=bearer:a,groups,pairwise");
}

static void
unknown_groups_and_words_change_nothing(void)
{
    static const char *const bad[] = {"pilots", "+", "-", "==", "dry", "", "~pilots"};
    char word[80];

    start_groups();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("word", "device", "group", id, "+pilots", bad[i]);
    }
    memset(word, 'n', sizeof(word));
    word[0] = '+';
    word[65] = '\0';
    NO("word", "device", "group", id, word);
    word[64] = '\0';
    NO("group", "device", "group", id, word);
    NO("group", "device", "group", id, "+pilots", "+munich");
    NO("unknown", "device", "group", "00000000", "+pilots");
    NO("prefix", "device", "group", "+pilots", "+pilots");
    CHECK_EQ(count(shown(), "groups"), 0);
}

static void
a_list_may_be_of_one_group(void)
{
    json_t *root;

    start_groups();
    (void)YES("device", "group", id, "+pilots");
    add_device(0x52, DEVICE_FRESH, "c", "Maker");
    CHECK_EQ(count(YES("device", "list"), "devices"), 2);
    root = YES("device", "list", "pilots");
    CHECK_EQ(count(root, "devices"), 1);
    CHECK(strcmp(text(json_array_get(json_object_get(root, "devices"), 0), "id"), id) != 0);
    CHECK(has_name(json_array_get(json_object_get(root, "devices"), 0), "groups", "pilots"));
    CHECK_EQ(count(YES("device", "list", "berlin"), "devices"), 0);
    NO("group", "device", "list", "munich");
    root = YES("group", "show", "pilots");
    CHECK_EQ(number(root, "members"), 1);
    CHECK_EQ(count(root, "devices"), 1);
    root = json_array_get(json_object_get(root, "devices"), 0);
    CHECK_STR(text(root, "state"), "pending");
    CHECK_STR(text(root, "class"), "");
    CHECK_EQ(count(YES("group", "show", "berlin"), "devices"), 0);
}

static void
a_group_with_members_is_removed_by_name_only(void)
{
    int64_t before;

    start_groups();
    (void)YES("device", "group", id, "+pilots", "+berlin");
    add_device(0x52, DEVICE_REMOVED, "c", "Maker");
    (void)YES("device", "group", id, "+pilots");
    NO("members", "group", "remove", "pilots");
    CHECK_EQ(number(YES("group", "show", "pilots"), "members"), 2);
    before = audit_at();
    CHECK(changed(YES("group", "remove", "pilots", "with-members")));
    audited_since(before);
    CHECK_EQ(n_rows, 3);
    row_is(0, "group-out", "pilots", true);
    row_is(1, "group-out", "pilots", true);
    row_is(2, "group-removed", "pilots", false);
    CHECK_EQ(count(YES("group", "list"), "groups"), 2);
    CHECK_EQ(number(YES("group", "show", "berlin"), "members"), 1);
    before = audit_at(); /* said again: so it is */
    CHECK(!changed(YES("group", "remove", "pilots")));
    CHECK_EQ(audit_at(), before);
    (void)YES("group", "remove", "paris");
    CHECK_EQ(count(YES("group", "list"), "groups"), 1);
}

static size_t
sessions_of(const struct store_device *device)
{
    static const int front = 0;
    struct session session = {.tier = TIER_AFFIRMING};
    bool held = sessions_get(rig.keeper.sessions, &front, 7) != NULL;

    memcpy(session.device, device->id, sizeof(session.device));
    CHECK_EQ(sessions_put(rig.keeper.sessions, &front, 7, &session), 0);
    return held;
}

/* What is written as it was leaves no row and ends no connection; one name more or less, or another
 * in its place, does. */
static void
what_does_not_differ_is_not_written(void)
{
    static const struct store_groups sets[] = {
        {.n = 0},
        {.n = 1, .groups = {{.name = "pilots"}}},
        {.n = 1, .groups = {{.name = "paris"}}},
        {.n = 2, .groups = {{.name = "paris"}, {.name = "pilots"}}}};
    struct store_device device;

    start_groups();
    CHECK_EQ(store_device_by_prefix(rig.keeper.store, bytes_str(id), &device), 0);
    (void)sessions_of(&device);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        for (size_t k = 0; k < ARRAY_LEN(sets); k++) {
            int64_t before = audit_at();

            CHECK_EQ(groups_put(&rig.keeper, device.id, "x", &sets[i], &sets[k]), 0);
            CHECK_EQ(audit_at() > before, i != k);
            CHECK_EQ(sessions_of(&device), i == k);
        }
    }
}

/* Half a device is no answer. */
static void
a_store_that_fails_is_told(void)
{
    start_groups();
    (void)YES("device", "group", id, "+pilots");
    (void)YES("device", "list");
    CHECK_EQ(sqlite3_exec(rig.keeper.store->db, "DROP TABLE membership", NULL, NULL, NULL),
             SQLITE_OK);
    NO("store", "device", "show", id);
    NO("store", "device", "list");
    NO("store", "device", "list", "pilots");
}

/* A row of an inventory for a device of the rig. */
static const char *
import_row(const char *rest)
{
    static char row[800];
    char of[65];

    keeper_rig_fingerprint(&rig, of);
    snprintf(row, sizeof(row), "%s,%s", of, rest);
    return row;
}

static void
an_inventory_may_name_groups(void)
{
    int64_t before;

    start_groups();
    keeper_rig_identity(&rig);
    NO("group", "device", "import", import_row("c,munich"));
    NO("group", "device", "import", import_row("c,berlin paris"));
    NO("class", "device", "import", import_row("d,pilots"));
    (void)YES("device", "import", import_row("c,pilots  berlin"));
    (void)YES("device", "import", import_row("c")); /* says nothing of groups: they stay */
    (void)YES("group", "remove", "pilots");         /* and this one is gone before it comes */
    before = audit_at();
    {
        uint8_t room[2048];
        struct wr wr = wr_init(room, sizeof(room));
        struct bytes body = soft_device_enroll(&rig.device, &wr);

        keeper_rig_connect(&rig);
        CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ENROLL, body, NULL), COAP_CODE(2, 4));
    }
    keeper_rig_fingerprint(&rig, id);
    CHECK_STR(text(shown(), "class"), "c");
    CHECK_EQ(count(shown(), "groups"), 1);
    CHECK(has_name(shown(), "groups", "berlin"));
    audited_since(before);
    CHECK_EQ(n_rows, 2);
    row_is(1, "group-in", "berlin", true);
    CHECK_STR(rows[1].actor, "inventory");
}

static void
an_empty_third_column_is_none(void)
{
    char names[STORE_GROUPS_TEXT_MAX];
    const uint8_t digest[32] = {0};
    char row[128];

    start_groups();
    snprintf(row, sizeof(row), "%064d,c,pilots", 0);
    (void)YES("device", "import", row);
    CHECK_EQ(store_inventory_groups_get(rig.keeper.store, digest, names), 0);
    CHECK_STR(names, "pilots");
    snprintf(row, sizeof(row), "%064d,c,", 0);
    (void)YES("device", "import", row);
    CHECK_EQ(store_inventory_groups_get(rig.keeper.store, digest, names), 0);
    CHECK_STR(names, "");
}

static void
who_stands_in_anothers_place_is_in_its_groups(void)
{
    char old[sizeof(id)];
    char new_fingerprint[65];

    start_groups();
    add_device(0x61, DEVICE_FRESH, "c", "Maker");
    memcpy(old, id, sizeof(old));
    (void)YES("device", "group", old, "+pilots", "+berlin");
    add_device(0x62, DEVICE_PENDING, "", "Maker");
    memcpy(new_fingerprint, fingerprint, sizeof(new_fingerprint));
    (void)YES("device", "group", id, "+paris");
    (void)YES("device", "replace", old, new_fingerprint);
    CHECK_EQ(count(shown(), "groups"), 2);
    CHECK(has_name(shown(), "groups", "pilots") && has_name(shown(), "groups", "berlin"));
    (void)YES("class", "add", "d");
    (void)YES("device", "move", id, "d"); /* another class, the same place */
    CHECK_EQ(count(shown(), "groups"), 2);
}

/* Accepted evidence on a fresh connection, five minutes later. */
static void
attest(void)
{
    static uint8_t room[65536];
    struct soft_evidence evidence = {.with_log = true, .with_values = true};
    struct wr wr = wr_init(room, sizeof(room));
    struct answer answer;

    CHECK_EQ(answer_read(rig.reply.body, &answer, NULL), 0);
    rig.now_ms += 300000;
    rig.mono_ms += 300000;
    rig.device.clock_ms += 300000;
    keeper_rig_connect(&rig);
    soft_evidence_plain(&rig.device, answer.nonce, rig.exporter, &evidence);
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ATTEST,
                            soft_evidence_write(&rig.device, &evidence, &wr), NULL),
             COAP_CODE(2, 4));
    CHECK_STR(state(), "fresh");
}

/* A token that is asked for is of evidence that was judged by the groups of then. */
static void
a_change_ends_what_was_judged_on_open_connections(void)
{
    start();
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    keeper_rig_fingerprint(&rig, id);
    (void)YES("group", "add", "pilots");
    attest();
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(2, 5));
    (void)YES("device", "group", id, "-pilots"); /* no change */
    (void)YES("device", "group", id, "+pilots", "dry-run");
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(2, 5));
    (void)YES("device", "group", id, "+pilots");
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_TOKEN, BYTES_NULL, "assay"),
             COAP_CODE(4, 1));
}

CHECK_MAIN(CASE(a_group_is_made_once), CASE(bad_names_and_settings_are_refused),
           CASE(devices_go_in_and_out), CASE(what_is_so_already_changes_nothing),
           CASE(a_dry_run_changes_nothing), CASE(each_change_has_its_row),
           CASE(a_device_stands_at_one_site), CASE(eight_groups_are_the_most),
           CASE(long_names_are_fewer), CASE(who_is_told_of_groups_has_a_short_name),
           CASE(unknown_groups_and_words_change_nothing), CASE(a_list_may_be_of_one_group),
           CASE(what_does_not_differ_is_not_written), CASE(a_store_that_fails_is_told),
           CASE(a_group_with_members_is_removed_by_name_only), CASE(an_inventory_may_name_groups),
           CASE(an_empty_third_column_is_none), CASE(who_stands_in_anothers_place_is_in_its_groups),
           CASE(a_change_ends_what_was_judged_on_open_connections))
