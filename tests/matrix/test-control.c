/* Operators' commands: each way to be refused, and what operators decide about devices. */
#include "base/name.h"
#include "lib/control-play.h"

static void
unknown_words_and_wrong_counts_are_usage(void)
{
    start();
#define USAGE(...) refused("usage", CONTROL_USAGE, WORDS(__VA_ARGS__))
    USAGE("devices");
    USAGE("");
    USAGE("device");
    USAGE("device", "");
    USAGE("device", "lists");
    USAGE("device", "LIST");
    USAGE("list", "device");
    USAGE("device", "list", "x", "y");
    USAGE("device", "show");
    USAGE("device", "show", "a", "b");
    USAGE("device", "approve", "a");
    USAGE("device", "approve", "a", "b", "c");
    USAGE("device", "quarantine", "a");
    USAGE("device", "release");
    USAGE("device", "release", "a", "b");
    USAGE("device", "remove", "a");
    USAGE("device", "code", "a");
    USAGE("device", "code", "a", "1", "b");
    USAGE("device", "import");
    USAGE("class");
    USAGE("class", "add");
    USAGE("class", "list", "x");
    USAGE("golden", "learn", "c");
    USAGE("golden", "show");
    USAGE("golden", "show", "a", "b");
    USAGE("status", "x");
    USAGE("status", "status");
#undef USAGE
}

static void
class_add_takes_sixteen_words(void)
{
    const char *words[19] = {"class", "add", "c"};

    start();
    for (size_t i = 3; i < ARRAY_LEN(words); i++) {
        words[i] = "bank=sha256";
    }
    (void)said(CONTROL_YES, words, 18);
    refused("usage", CONTROL_USAGE, words, 19);
}

static void
a_command_of_another_form_is_usage(void)
{
    static const char *const bodies[] = {"", "00", "ff", "01", "0100", "010001000000"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        int status = keeper_rig_control(&rig, check_hex(bodies[i]), json, sizeof(json));

        CHECK_EQ(status, CONTROL_USAGE);
        CHECK(strstr(json, "\"code\":\"usage\""));
    }
}

static void
status_counts_devices_by_state(void)
{
    json_t *root;
    json_t *devices;

    start();
    add_device(1, DEVICE_PENDING, "", "");
    add_device(2, DEVICE_PENDING, "", "");
    add_device(3, DEVICE_REMOVED, "", "");
    rig.now_ms += 90500;
    root = YES("status");
    devices = json_object_get(root, "devices");
    CHECK_STR(text(root, "site"), RIG_SITE);
    CHECK(strlen(text(root, "version")) > 0);
    CHECK_EQ(number(root, "uptime_s"), 90);
    CHECK_EQ(json_object_size(devices), DEVICE_STATE_N);
    CHECK_EQ(number(devices, "pending"), 2);
    CHECK_EQ(number(devices, "removed"), 1);
    CHECK_EQ(number(devices, "fresh"), 0);
}

static void
a_class_has_its_defaults(void)
{
    json_t *root;
    json_t *pcrs;

    start();
    root = YES("class", "add", "gate-ways_1.2");
    pcrs = json_object_get(root, "pcrs");
    CHECK_STR(text(root, "name"), "gate-ways_1.2");
    CHECK_STR(text(root, "bank"), "sha256");
    CHECK_STR(text(root, "audiences"), "bearer:assay");
    CHECK_EQ(number(root, "interval_s"), 300);
    CHECK_EQ(number(root, "evidence_max"), 262144);
    CHECK_EQ(json_array_size(pcrs), 11);
    CHECK_EQ(json_integer_value(json_array_get(pcrs, 9)), 9);
    CHECK_EQ(json_integer_value(json_array_get(pcrs, 10)), 14);
    CHECK(json_is_false(json_object_get(root, "need_ek_chain")));
    CHECK(json_is_true(json_object_get(root, "allow_no_nonce")));
    CHECK(json_is_false(json_object_get(root, "allow_sha1")));
    CHECK_EQ(json_array_size(json_object_get(root, "lacks")), 0);
}

static void
class_settings_are_taken_and_listed(void)
{
    json_t *classes;
    json_t *root;

    start();
    CHECK_EQ(json_array_size(json_object_get(YES("class", "list"), "classes")), 0);
    (void)YES("class", "add", "c", "bank=sha384", "pcrs=14,20-23", "interval=10",
              "audiences=bearer:a bearer:b.c", "need-ek-chain=yes", "allow-no-nonce=no",
              "allow-sha1=yes", "lacks=sha1,sha512", "evidence-max=1536K");
    classes = json_object_get(YES("class", "list"), "classes");
    CHECK_EQ(json_array_size(classes), 1);
    root = json_array_get(classes, 0);
    CHECK_STR(text(root, "bank"), "sha384");
    CHECK_STR(text(root, "audiences"), "bearer:a bearer:b.c");
    CHECK_EQ(number(root, "interval_s"), 10);
    CHECK_EQ(number(root, "evidence_max"), 1536 * 1024);
    CHECK_EQ(json_array_size(json_object_get(root, "pcrs")), 8 + 5); /* 0 to 7 always */
    CHECK(json_is_true(json_object_get(root, "need_ek_chain")));
    CHECK(json_is_false(json_object_get(root, "allow_no_nonce")));
    CHECK(json_is_true(json_object_get(root, "allow_sha1")));
    CHECK_EQ(json_array_size(json_object_get(root, "lacks")), 2);
    CHECK_STR(json_string_value(json_array_get(json_object_get(root, "lacks"), 1)), "sha512");
}

static void
a_class_of_sha1_is_allowed_in_words(void)
{
    start();
    NO("sha1", "class", "add", "c", "bank=sha1");
    CHECK(strstr(json, "--allow-sha1"));
    NO("sha1", "class", "add", "c", "allow-sha1=no", "bank=sha1");
    CHECK_EQ(json_array_size(json_object_get(YES("class", "list"), "classes")), 0);
    CHECK_STR(text(YES("class", "add", "c", "bank=sha1", "allow-sha1=yes"), "bank"), "sha1");
}

static void
class_settings_out_of_range_are_refused(void)
{
    static const char *const bad[] = {
        "bank",
        "bank=",
        "bank=sha3",
        "bank=SHA256",
        "bank=md5",
        "pcrs=",
        "pcrs=24",
        "pcrs=0-24",
        "pcrs=9-3",
        "pcrs=-1",
        "pcrs=1-",
        "pcrs=1-2-3",
        "pcrs=1;2",
        "pcrs=,1",
        "pcrs=x",
        "pcrs= 1",
        "pcrs=+1",
        "pcrs=1,",
        "pcrs=1,-2",
        "pcrs=99999999999999999999",
        "interval=9",
        "interval=86401",
        "interval=",
        "interval=300s",
        "interval=-300",
        "interval=99999999999999999999",
        "evidence-max=",
        "evidence-max=4095",
        "evidence-max=3K",
        "evidence-max=0M",
        "evidence-max=4194305",
        "evidence-max=4097K",
        "evidence-max=5M",
        "evidence-max=9999999M",
        "evidence-max=99999999",
        "evidence-max=K",
        "evidence-max=1k",
        "evidence-max=1MB",
        "evidence-max=1 M",
        "evidence-max=-1M",
        "evidence-max=0x1000",
        "audiences=assay",
        "audiences=bearer:",
        "audiences=bearer:a  bearer:b",
        "audiences=bearer:a/b",
        "audiences=bearer:.a",
        "audiences=bearer:a bearer:",
        "audiences=bearer:a bound:a",
        "audiences=bound:a,pairwise",
        "need-ek-chain=",
        "need-ek-chain=true",
        "allow-no-nonce=YES",
        "allow-sha1=1",
        "lacks=sha3",
        "lacks=sha1;sha512",
        "colour=red",
        "=sha256",
        "",
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("setting", "class", "add", "c", "interval=300", bad[i]);
    }
    CHECK_EQ(json_array_size(json_object_get(YES("class", "list"), "classes")), 0);
}

/* Three names of 63 characters and one of n: 220 + n characters. */
static void
audiences_of(char out[300], unsigned n)
{
    char name[64];

    memset(name, 'x', sizeof(name));
    name[63] = '\0';
    snprintf(out, 300, "audiences=bearer:a%s bearer:b%s bearer:c%s bearer:%.*s", name + 1, name + 1,
             name + 1, (int)n, name);
}

static void
class_settings_at_their_bounds_are_taken(void)
{
    char audiences[300];

    start();
    (void)YES("class", "add", "c", "interval=86400", "pcrs=23", "lacks=");
    CHECK_EQ(number(YES("class", "add", "c", "evidence-max=4096"), "evidence_max"), 4096);
    CHECK_EQ(number(YES("class", "add", "c", "evidence-max=4M"), "evidence_max"), 4194304);
    CHECK_EQ(number(YES("class", "add", "c", "evidence-max=4K"), "evidence_max"), 4096);
    audiences_of(audiences, 35);
    CHECK_STR(text(YES("class", "add", "c", audiences), "audiences"), audiences + 10);
    audiences_of(audiences, 36);
    NO("setting", "class", "add", "c", audiences);
}

static void
audiences_that_want_a_key_need_it(void)
{
    start();
    NO("key", "class", "add", "c", "audiences=bearer:a,rs256");
    NO("key", "class", "add", "c", "audiences=bearer:b bound:a,x5t,rs256");
    NO("key", "class", "add", "c", "audiences=bearer:a,pairwise");
    CHECK_EQ(json_array_size(json_object_get(YES("class", "list"), "classes")), 0);
    CHECK_STR(
        text(YES("class", "add", "c", "audiences=bound:a,x5t bearer:b,ear-2026"), "audiences"),
        "bound:a,x5t bearer:b,ear-2026");
    keeper_rig_done(&rig);
    keeper_rig_new_all_keys(&rig);
    (void)YES("class", "add", "c", "audiences=bearer:a,rs256,pairwise bound:b,rs256");
}

/* What is right is said of the setting that is wrong. */
static void
a_refused_audience_is_told_what_a_name_is(void)
{
    static const char *const bad[] = {"audiences=bearer:https://git.test",
                                      "audiences=bearer:", "audiences=vpn",
                                      "audiences=bearer:a bound:a"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *told = text(said(CONTROL_NO, WORDS("class", "add", "c", bad[i])), "error");

        CHECK(strstr(told, "bearer:NAME") && strstr(told, NAME_RULE));
    }
}

/* A store from before the rule about hyphens. */
static void
a_class_of_before_with_a_hyphen_in_front_goes_on(void)
{
    struct store_class class_row = {
        .name = "-old", .bank = HASH_SHA256, .pcr_mask = 0x43ff, .interval_s = 300};
    char row[128];

    start();
    CHECK_EQ(store_class_put(rig.keeper.store, &class_row), 0);
    CHECK_EQ(json_array_size(json_object_get(YES("class", "list"), "classes")), 1);
    snprintf(row, sizeof(row), "%064d,-old", 0);
    (void)YES("device", "import", row);
    NO("name", "class", "add", "-old");
}

static void
bad_names_are_refused(void)
{
    static const char *const bad[] = {"",     ".",    ".hidden",  "a b",   "a/b",
                                      "a\"b", "a\nb", "\xc3\xa4", "a:b",   "a,b",
                                      "*",    "a\\b", "-a",       "--help"};
    char name[66];

    start();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("name", "class", "add", bad[i]);
    }
    memset(name, 'n', sizeof(name));
    name[64] = '\0';
    NO("name", "class", "add", name);
    name[63] = '\0';
    (void)YES("class", "add", name);
}

static void
a_prefix_is_long_enough_and_of_one_device(void)
{
    char prefix[65];

    start_pending();
    snprintf(prefix, sizeof(prefix), "%.7s", id);
    NO("prefix", "device", "show", prefix);
    NO("prefix", "device", "show", "");
    snprintf(prefix, sizeof(prefix), "%.8s", id);
    CHECK_STR(text(YES("device", "show", prefix), "id"), id);
    snprintf(prefix, sizeof(prefix), "%.8s", fingerprint);
    CHECK_STR(text(YES("device", "show", prefix), "id"), id);
    CHECK_STR(text(YES("device", "show", fingerprint), "id"), id);
    NO("unknown", "device", "show", "00000000");
    NO("unknown", "device", "show", "not-hex-at-all");
    NO("unknown", "device", "show", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
    snprintf(prefix, sizeof(prefix), "%.63sz", fingerprint);
    NO("unknown", "device", "show", prefix);
}

static void
a_prefix_of_two_devices_is_ambiguous(void)
{
    struct store_device other;
    char whole[sizeof(id)];
    uint8_t digits[WIRE_UEID_SIZE];

    start_pending();
    memset(digits, 0x31, sizeof(digits));
    CHECK_EQ(store_device_get(rig.keeper.store, digits, &other), 0);
    memset(other.ident, 0x77, sizeof(other.ident));
    memset(other.ek_fingerprint, 0x77, sizeof(other.ek_fingerprint));
    other.ak_name[0] = 0x77;
    other.id[WIRE_UEID_SIZE - 1] = 0x32;
    CHECK_EQ(store_device_put(rig.keeper.store, &other), 0);
    (void)hex_write(whole, BYTES_OF(other.id));
    NO("ambiguous", "device", "show", "31313131");
    NO("ambiguous", "device", "quarantine", "31313131", "why");
    CHECK_STR(text(YES("device", "show", whole), "id"), whole);
    CHECK_STR(text(YES("device", "show", id), "state"), "pending");
}

static void
approving_needs_the_whole_fingerprint_and_a_class(void)
{
    char part[65];

    start_pending();
    snprintf(part, sizeof(part), "%.63s", fingerprint);
    NO("fingerprint", "device", "approve", part, "c");
    NO("fingerprint", "device", "approve", id, "c");
    NO("fingerprint", "device", "approve", "", "c");
    NO("class", "device", "approve", fingerprint, "d");
    NO("class", "device", "approve", fingerprint, "");
    CHECK_STR(state(), "pending");
    CHECK_STR(text(YES("device", "approve", fingerprint, "c"), "state"), "provisional");
    CHECK_STR(text(YES("device", "show", id), "class"), "c");
    NO("state", "device", "approve", fingerprint, "c");
}

static void
only_pending_devices_are_approved(void)
{
    start_pending();
    for (int i = 1; i < DEVICE_STATE_N; i++) {
        add_device((uint8_t)(0x40 + i), (enum device_state)i, "c", "");
        NO("state", "device", "approve", fingerprint, "c");
        CHECK_STR(state(), device_state_name((enum device_state)i));
    }
}

static void
quarantine_and_release_are_a_pair(void)
{
    start_pending();
    NO("state", "device", "release", id);
    CHECK_STR(text(YES("device", "quarantine", id, "looks odd"), "state"), "quarantined");
    CHECK_STR(text(YES("device", "show", id), "why"), "looks odd");
    CHECK_STR(text(YES("device", "release", id), "state"), "pending"); /* it has no class yet */
    CHECK_STR(text(YES("device", "show", id), "why"), "");
    NO("state", "device", "release", id);
    (void)YES("device", "approve", fingerprint, "c");
    (void)YES("device", "remove", id, "sold");
    CHECK_STR(state(), "removed");
    CHECK_STR(text(YES("device", "release", id), "state"), "provisional"); /* to prove itself */
}

static void
a_reason_is_needed_and_bounded(void)
{
    char why[130];

    start_pending();
    memset(why, 'w', sizeof(why));
    why[128] = '\0';
    NO("why", "device", "quarantine", id, "");
    NO("why", "device", "quarantine", id, why);
    NO("why", "device", "remove", id, why);
    /* words are UTF-8, or the command is none: the store would fail the whole batch over it */
    refused("usage", CONTROL_USAGE, WORDS("device", "remove", id, "not \xff UTF-8"));
    CHECK_STR(state(), "pending");
    why[127] = '\0';
    (void)YES("device", "quarantine", id, why);
    CHECK_STR(text(YES("device", "show", id), "why"), why);
}

static void
codes_last_one_hour_to_a_year(void)
{
    static const char *const bad[] = {"0",  "-1", "8761", "",     "x",        "1h",
                                      " 1", "+1", "1.5",  "0x10", "99999999", "1 "};
    json_t *root;

    start_pending();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("hours", "device", "code", "c", bad[i]);
    }
    NO("class", "device", "code", "d", "1");
    root = YES("device", "code", "c", "8760");
    CHECK_EQ(strlen(text(root, "code")), 26);
    CHECK_EQ(strspn(text(root, "code"), "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), 26);
    CHECK_EQ(number(root, "expires_ms"), rig.now_ms + INT64_C(8760) * 3600 * 1000);
    CHECK(strcmp(text(root, "code"), text(YES("device", "code", "c", "1"), "code")) != 0);
}

static void
an_import_is_whole(void)
{
    char a[128];
    char b[128];
    char class_name[STORE_CLASS_MAX];
    uint8_t digest[32];

    start_pending();
    memset(digest, 0xaa, sizeof(digest));
    snprintf(a, sizeof(a), "%064d,c", 0);
    snprintf(b, sizeof(b), "%s,c",
             "AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK_EQ(number(YES("device", "import", a, b), "imported"), 2);
    CHECK_EQ(store_inventory_get(rig.keeper.store, digest, class_name), 0);
    CHECK_STR(class_name, "c");
}

static void
a_bad_row_imports_nothing(void)
{
    static const char *const bad[] = {"", ",", "c", "00,c"};
    char good[128];
    char row[160];
    char class_name[STORE_CLASS_MAX];

    start_pending();
    snprintf(good, sizeof(good), "%064d,c", 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        NO("row", "device", "import", good, bad[i]);
    }
    snprintf(row, sizeof(row), "%064d,", 0);
    NO("row", "device", "import", good, row);
    snprintf(row, sizeof(row), "%064d;c", 0);
    NO("row", "device", "import", good, row);
    snprintf(row, sizeof(row), "%063dg,c", 0);
    NO("row", "device", "import", good, row);
    snprintf(row, sizeof(row), "%065d,c", 0);
    NO("row", "device", "import", good, row);
    snprintf(row, sizeof(row), "%064d,d", 0);
    NO("class", "device", "import", good, row);
    CHECK_EQ(store_inventory_get(rig.keeper.store, (uint8_t[32]){0}, class_name), STORE_NONE);
}

/* What others did in the same turn is answered after the commit: it must be in it. */
static void
a_bad_import_undoes_nobody_elses_work(void)
{
    char class_name[STORE_CLASS_MAX];
    uint8_t digest[32] = {9};

    start_pending();
    CHECK_EQ(store_inventory_put(rig.keeper.store, digest, "c"), 0); /* not committed yet */
    NO("row", "device", "import", "rubbish");
    CHECK_EQ(store_inventory_get(rig.keeper.store, digest, class_name), 0);
}

static void
each_decision_is_in_the_audit_log(void)
{
    int64_t before = 0;
    int64_t after = 0;
    uint8_t hash[32];

    start_pending();
    CHECK_EQ(store_audit_head(rig.keeper.store, &before, hash), 0);
    (void)YES("device", "approve", fingerprint, "c");
    (void)YES("device", "quarantine", id, "why");
    (void)YES("device", "release", id);
    (void)YES("device", "code", "c", "1");
    (void)YES("class", "add", "d");
    CHECK_EQ(store_audit_head(rig.keeper.store, &after, hash), 0);
    CHECK_EQ(after - before, 5);
    NO("state", "device", "approve", fingerprint, "c"); /* refused: nothing was decided */
    (void)YES("device", "list");
    CHECK_EQ(store_audit_head(rig.keeper.store, &before, hash), 0);
    CHECK_EQ(after, before);
}

CHECK_MAIN(CASE(unknown_words_and_wrong_counts_are_usage), CASE(class_add_takes_sixteen_words),
           CASE(a_command_of_another_form_is_usage), CASE(status_counts_devices_by_state),
           CASE(a_class_has_its_defaults), CASE(class_settings_are_taken_and_listed),
           CASE(a_class_of_sha1_is_allowed_in_words), CASE(class_settings_out_of_range_are_refused),
           CASE(class_settings_at_their_bounds_are_taken), CASE(audiences_that_want_a_key_need_it),
           CASE(bad_names_are_refused), CASE(a_refused_audience_is_told_what_a_name_is),
           CASE(a_class_of_before_with_a_hyphen_in_front_goes_on),
           CASE(a_prefix_is_long_enough_and_of_one_device),
           CASE(a_prefix_of_two_devices_is_ambiguous),
           CASE(approving_needs_the_whole_fingerprint_and_a_class),
           CASE(only_pending_devices_are_approved), CASE(quarantine_and_release_are_a_pair),
           CASE(a_reason_is_needed_and_bounded), CASE(codes_last_one_hour_to_a_year),
           CASE(an_import_is_whole), CASE(a_bad_row_imports_nothing),
           CASE(a_bad_import_undoes_nobody_elses_work), CASE(each_decision_is_in_the_audit_log))
