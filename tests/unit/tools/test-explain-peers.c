/* explain-peers: members of a class that show a value in a slot; each nearest case that must not
 * count. */
#include "explain/explain-peers.h"

#include "lib/explain-rig.h"
#include "lib/kept-rig.h"

static const char initrd[] = "044b7ca7fd45c627b7dbc72dfabfaa5d79f96b1e4a9b7274a7e642333764c361";
static struct explain_peers peers;

/* Who shows the other initrd. */
static void
count(enum slot slot, uint32_t pcr)
{
    const struct explain_peers_ask ask = {
        .store = explain_rig.store,
        .hasher = learn_rig.hasher,
        .device = &explain_rig.device,
        .quoted = {HASH_SHA256, 0x43ff},
        .slot = slot,
        .pcr = pcr,
        .digest = check_hex(initrd),
    };

    CHECK_EQ(explain_peers(&ask, &peers), 0);
}

static void
start(void)
{
    explain_rig_start();
    explain_rig_boot(check_vector(RIG_INITRD), TIER_CONTRAINDICATED, REASON_INITRD_UNKNOWN);
}

static void
a_device_alone_has_no_peers(void)
{
    start();
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 0 && peers.kept == 0 && peers.same == 0);
    CHECK_EQ(peers.since_ms, RIG_NOW_MS + 60000 - 500); /* its own boot */
}

static void
those_that_show_it_count_and_others_do_not(void)
{
    start();
    (void)explain_rig_peer(2, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    (void)explain_rig_peer(3, check_vector(RIG_INITRD), TIER_WARNING);
    (void)explain_rig_peer(4, check_vector(RIG_BOOT), TIER_WARNING);
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 3 && peers.kept == 3 && peers.same == 2 && peers.refused == 1);
    CHECK_EQ(peers.logs, 2); /* each log is looked into once */
}

static void
the_earliest_boot_that_is_known_counts(void)
{
    struct store_device peer;
    struct store_last last;

    start();
    peer = explain_rig_peer(2, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    CHECK_EQ(store_last_get(explain_rig.store, peer.id, &last), 0);
    last.boot_ms = RIG_NOW_MS - 7000;
    CHECK_EQ(store_last_put(explain_rig.store, peer.id, &last), 0);
    count(SLOT_BOOT_INITRD, 9);
    CHECK_EQ(peers.since_ms, RIG_NOW_MS - 7000);
    last.arrived_ms++; /* its last evidence is another than what is kept */
    CHECK_EQ(store_last_put(explain_rig.store, peer.id, &last), 0);
    count(SLOT_BOOT_INITRD, 9);
    CHECK_EQ(peers.since_ms, RIG_NOW_MS + 60000 - 500);
}

static void
other_classes_and_who_is_gone_do_not_count(void)
{
    struct store_device other;

    start();
    other = explain_rig_peer(2, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    snprintf(other.class_name, sizeof(other.class_name), "d");
    CHECK_EQ(store_device_put(explain_rig.store, &other), 0);
    other = explain_rig_peer(3, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    other.state = DEVICE_REMOVED;
    CHECK_EQ(store_device_put(explain_rig.store, &other), 0);
    other = explain_rig_peer(4, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    other.state = DEVICE_PENDING;
    CHECK_EQ(store_device_put(explain_rig.store, &other), 0);
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 0 && peers.same == 0);
}

/* The value under another slot, or in another PCR, is another. */
static void
the_same_bytes_elsewhere_are_not_the_value(void)
{
    start();
    (void)explain_rig_peer(2, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    count(SLOT_BOOT_INITRD, 8);
    CHECK(peers.kept == 1 && peers.same == 0);
    count(SLOT_GPT, 5);
    CHECK(peers.kept == 1 && peers.same == 0);
    count(SLOT_BOOT_FILES, 9); /* a file of PCR 9 has its slot by a label alone */
    CHECK_EQ(peers.same, 1);
}

static void
a_log_that_cannot_be_read_is_nobodys_value(void)
{
    struct store_evidence evidence;
    struct store_device peer;
    static const uint8_t broken[] = {0x04, 0x4b, 0x7c, 0xa7, 0xfd, 0x45, 0xc6, 0x27, 0xb7,
                                     0xdb, 0xc7, 0x2d, 0xfa, 0xbf, 0xaa, 0x5d, 0x79, 0xf9,
                                     0x6b, 0x1e, 0x4a, 0x9b, 0x72, 0x74, 0xa7, 0xe6, 0x42,
                                     0x33, 0x37, 0x64, 0xc3, 0x61}; /* the value, and no log */

    start();
    peer = explain_rig_peer(2, bytes_of(broken, sizeof(broken)), TIER_WARNING);
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 1 && peers.kept == 0 && peers.same == 0 && peers.not_read == 0);
    CHECK_EQ(store_evidence_get(explain_rig.store, peer.id, &evidence), 0);
    memset(evidence.firmware_log, 3, 32); /* its body is gone */
    CHECK_EQ(store_evidence_put(explain_rig.store, &evidence), 0);
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 1 && peers.kept == 0 && peers.same == 0);
}

static void
many_different_logs_are_each_looked_into(void)
{
    start();
    for (uint32_t n = 2; n < 12; n++) {
        (void)explain_rig_peer(n, kept_rig_kernel(check_vector(n % 2 ? RIG_INITRD : RIG_BOOT), n),
                               TIER_WARNING);
    }
    count(SLOT_BOOT_INITRD, 9);
    CHECK(peers.members == 10 && peers.kept == 10 && peers.same == 5 && peers.logs == 11);
}

static void
people_read_how_many_and_since_when(void)
{
    start();
    (void)explain_rig_peer(2, check_vector(RIG_INITRD), TIER_CONTRAINDICATED);
    (void)explain_rig_peer(3, check_vector(RIG_BOOT), TIER_WARNING);
    (void)explain_rig_text(false);
    CHECK_EQ(explain_rig_number("peers.same"), 1);
    CHECK_EQ(explain_rig_number("peers.refused"), 1);
    CHECK_EQ(explain_rig_number("advice.devices"), 2);
    CHECK(explain_rig_says(
        "peers        the same value in 1 of 2 others of class c, first on 2026-09-21"));
    CHECK(strstr(explain_rig.text, "; refused: 1\n"));
    CHECK(strstr(explain_rig.text, "(2 devices now)\n"));
}

CHECK_MAIN(CASE(a_device_alone_has_no_peers), CASE(those_that_show_it_count_and_others_do_not),
           CASE(the_earliest_boot_that_is_known_counts),
           CASE(other_classes_and_who_is_gone_do_not_count),
           CASE(the_same_bytes_elsewhere_are_not_the_value),
           CASE(a_log_that_cannot_be_read_is_nobodys_value),
           CASE(many_different_logs_are_each_looked_into),
           CASE(people_read_how_many_and_since_when))
