/* What operators are told of classes and devices: JSON, whatever a device wrote. */
#include "lib/control-play.h"

static void
learning_needs_members_with_evidence(void)
{
    start_pending();
    NO("class", "golden", "learn", "d", id);
    NO("class", "golden", "learn", "c", id); /* pending: a member of no class */
    NO("unknown", "golden", "learn", "c", "0000000000");
    NO("prefix", "golden", "learn", "c", "confirm"); /* that is no device */
    (void)YES("device", "approve", fingerprint, "c");
    NO("evidence", "golden", "learn", "c", id);
    NO("evidence", "golden", "learn", "c", id, "confirm");
    NO("class", "golden", "show", "d");
    NO("class", "golden", "show", "");
    CHECK_EQ(json_array_size(json_object_get(YES("golden", "show", "c"), "refs")), 0);
}

/* A member whose log was learned already. */
static void
start_member(void)
{
    uint8_t ueid[WIRE_UEID_SIZE];

    start();
    keeper_rig_member(&rig, "boot/grub-sb-on/binary_bios_measurements");
    CHECK_EQ(ident_ueid(rig.hasher, bytes_str(RIG_SITE),
                        bytes_of(rig.device.ek_public, rig.device.ek_public_len), ueid),
             0);
    (void)hex_write(id, BYTES_OF(ueid));
}

static void
learning_shows_first_and_writes_when_confirmed(void)
{
    char word[128];
    size_t n;
    json_t *root;

    start_member();
    n = json_array_size(json_object_get(YES("golden", "show", "c"), "refs"));
    CHECK(n > 20);
    root = YES("golden", "learn", "c", id);
    CHECK_EQ(json_array_size(json_object_get(root, "would_add")), 0); /* all known */
    CHECK_EQ(number(root, "added"), 0);
    CHECK(number(root, "known") >= (long long)n);
    snprintf(word, sizeof(word), "confirm=%s",
             json_string_value(json_object_get(root, "proposal")));
    (void)YES("golden", "learn", "c", id, word);
    word[8] = word[8] == '0' ? '1' : '0'; /* another proposal than the one that stands */
    NO("changed", "golden", "learn", "c", id, word);
    NO("changed", "golden", "learn", "c", id, "confirm=");
    (void)YES("class", "add", "d");
    (void)YES("device", "remove", id, "moves");
    (void)YES("device", "release", id);
    NO("class", "golden", "learn", "d", id);
    CHECK_EQ(json_array_size(json_object_get(YES("golden", "show", "d"), "refs")), 0);
}

static void
a_named_stranger_stops_learning_whole(void)
{
    char member[sizeof(id)];

    start_member();
    memcpy(member, id, sizeof(member));
    add_device(0x55, DEVICE_PENDING, "", "");
    NO("class", "golden", "learn", "c", member, id, "confirm");
    NO("class", "golden", "learn", "c", id, member, "confirm");
}

static void
references_are_shown_with_their_digests(void)
{
    json_t *refs;
    json_t *ref;

    start_member();
    refs = json_object_get(YES("golden", "show", "c"), "refs");
    for (size_t i = 0; i < json_array_size(refs); i++) {
        ref = json_array_get(refs, i);
        CHECK(number(ref, "pcr") < 8);
        CHECK_STR(text(ref, "bank"), "sha256");
        CHECK_EQ(strlen(text(ref, "digest")), 64);
        CHECK_EQ(strspn(text(ref, "digest"), "0123456789abcdef"), 64);
        CHECK(json_is_string(json_object_get(ref, "label")));
    }
}

static void
a_member_is_shown_with_its_last_boot(void)
{
    json_t *root;

    start_member();
    rig.now_ms += 5000;
    root = YES("device", "show", id);
    CHECK_STR(text(root, "class"), "c");
    CHECK_EQ(number(root, "age_s"), 5);
    CHECK_EQ(number(json_object_get(root, "boot"), "reset"), (long long)rig.device.reset_count);
    CHECK_EQ(strlen(text(root, "firmware_log")), 64);
    CHECK_EQ(strlen(text(root, "ak_name")), 2 * rig.device.ak_name_len);
    CHECK(number(root, "events") > 20);
    CHECK(json_array_size(json_object_get(root, "boot_events")) <= 12);
    CHECK(json_array_size(json_object_get(root, "boot_events")) > 0);
    CHECK(json_is_object(json_object_get(root, "verdict")));
    CHECK_STR(text(root, "ek_chain"), "none");
}

static void
a_device_never_heard_of_has_no_verdict(void)
{
    json_t *root;

    start_pending();
    root = YES("device", "show", id);
    CHECK(!json_object_get(root, "tier"));
    CHECK(!json_object_get(root, "verdict"));
    CHECK_STR(text(root, "maker"), "Maker");
    CHECK_EQ(number(root, "enrolled_ms"), 0x31);
    CHECK_STR(text(listed(0), "id"), id);
}

static void
hostile_texts_stay_inside_their_strings(void)
{
    static const char hostile[] = "\",\"state\":\"fresh\",\"x\":\"\\\x1b[2J\n\x01</script>";

    start();
    add_device(0x31, DEVICE_PENDING, "", hostile);
    CHECK_STR(text(YES("device", "show", id), "maker"), hostile);
    CHECK_STR(text(listed(0), "state"), "pending");
    for (const char *at = json; *at; at++) {
        CHECK((unsigned char)*at >= 0x20); /* no bare control character on the way */
    }
}

static void
texts_of_an_enrolment_are_escaped_in_the_row(void)
{
    uint8_t room[2048];
    struct wr wr = wr_init(room, sizeof(room));
    struct enroll enroll = {
        .ek = bytes_of(rig.device.ek_public, 0),
        .maker = bytes_str("a\x1b[2J\"\nb"),
        .model = bytes_str("\xe2\x80\xae"
                           "evil"),
    };
    const char *maker;

    start_member();
    CHECK_STR(text(listed(0), "maker"), "Test");
    soft_device_done(&rig.device);
    soft_device_new(&rig.device, rig.hasher, RIG_SITE);
    enroll.ek = bytes_of(rig.device.ek_public, rig.device.ek_public_len);
    enroll.ak = bytes_of(rig.device.ak_public, rig.device.ak_public_len);
    enroll_write(&wr, &enroll);
    keeper_rig_identity(&rig);
    rig.now_ms += 1000; /* enrolled later: listed later */
    CHECK_EQ(keeper_rig_ask(&rig, REQUEST_PSK, RESOURCE_ENROLL, wr_done(&wr), NULL),
             COAP_CODE(2, 4));
    maker = text(listed(1), "maker");
    CHECK_STR(maker, "a\\x1b[2J\\x22\\x0ab");
    CHECK_STR(text(listed(1), "model"), "\\xe2\\x80\\xae"
                                        "evil");
}

CHECK_MAIN(CASE(learning_needs_members_with_evidence),
           CASE(learning_shows_first_and_writes_when_confirmed),
           CASE(a_named_stranger_stops_learning_whole),
           CASE(references_are_shown_with_their_digests),
           CASE(a_member_is_shown_with_its_last_boot), CASE(a_device_never_heard_of_has_no_verdict),
           CASE(hostile_texts_stay_inside_their_strings),
           CASE(texts_of_an_enrolment_are_escaped_in_the_row))
