/* 64 devices against a running verifier, for tests/bench/run.py, which reads one JSON object a line
 * here and answers each with an empty line when it has done its part:
 *
 *   bench-fleet PORT SITE LOG DEVICES ROUNDS
 *
 * inventory (fingerprints to import), golden (a boot to learn), lists (the class wants PCR 10 too),
 * wire (and no more), then begin and end of each
 * measurement, around which the driver reads the verifier's CPU times. */
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bare.h"
#include "bench/peer.h"
#include "formats/ima-replay.h"
#include "lib/check.h"
#include "lib/keeper-rig.h"

enum { PEERS_MAX = 256, STEP_MS = 100, BARE_EVERY = 4 };

struct fleet {
    struct peer_site site;
    struct peer *peers;
    size_t n;
    unsigned rounds;
    struct bytes log;
    struct bare *bare;
};

/* What one measurement collects. */
struct run {
    bool reconnect; /* each attestation on its own resumed connection */
    unsigned left[PEERS_MAX];
    uint64_t n;
    int64_t *us; /* one latency an attestation */
    struct bare_cost bare;
};

/* Says a line and waits for the driver's. */
static void
stage(void)
{
    int c;

    printf("}\n");
    fflush(stdout);
    while ((c = getchar()) != '\n') {
        CHECK(c != EOF);
    }
}

static void
devices_new(struct fleet *fleet)
{
    static struct keeper_rig rig; /* only for the PCRs that the log gives */

    rig.hasher = fleet->site.hasher;
    CHECK(keeper_rig_boot(&rig, fleet->log));
    fleet->peers = calloc(fleet->n, sizeof(*fleet->peers));
    CHECK(fleet->peers != NULL);
    printf("{\"stage\":\"inventory\",\"fingerprints\":[");
    for (size_t i = 0; i < fleet->n; i++) {
        peer_new(&fleet->peers[i], &fleet->site);
        fleet->peers[i].device.log = fleet->log;
        fleet->peers[i].device.values = rig.device.values;
        printf("%s\"%s\"", i ? "," : "", fleet->peers[i].fingerprint);
    }
    printf("]");
    stage();
}

static void
enrol_all(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->n; i++) {
        peer_credential(&fleet->peers[i], &fleet->site);
        peer_enrol(&fleet->peers[i], &fleet->site);
    }
    peer_first(&fleet->peers[0], fleet->log);
    CHECK_EQ(fleet->peers[0].cwt_len, 0); /* its class knows no reference yet */
    printf("{\"stage\":\"golden\",\"from\":\"%s\"", fleet->peers[0].fingerprint);
    stage();
    for (size_t i = 0; i < fleet->n; i++) {
        peer_first(&fleet->peers[i], BYTES_NULL); /* the log is known by its digest */
        CHECK(fleet->peers[i].cwt_len > 0);
    }
}

static void
answered(struct fleet *fleet, struct run *run, struct peer *peer)
{
    run->us[run->n++] = peer_now_us() - peer->asked_us;
    if (run->n % BARE_EVERY == 0) {
        bare_turn(fleet->bare, &run->bare);
    }
}

/* The next thing that this device does; false when it has done all. */
static bool
next(struct fleet *fleet, struct run *run, size_t i, bool attested)
{
    struct peer *peer = &fleet->peers[i];

    if (attested && --run->left[i] == 0) {
        return false;
    }
    if (run->reconnect && (attested || !peer->open)) {
        if (peer->open) {
            peer_close(peer);
        }
        peer_open(peer, &fleet->site);
    } else {
        peer_attest(peer);
    }
    return true;
}

static void
wait_for_any(const struct fleet *fleet)
{
    struct pollfd fds[PEERS_MAX];

    for (size_t i = 0; i < fleet->n; i++) {
        fds[i] = (struct pollfd){.fd = fleet->peers[i].client.fd, .events = POLLIN};
        if (fleet->peers[i].state == PEER_IDLE) {
            fds[i].fd = -1;
        }
    }
    ignore(poll(fds, fleet->n, STEP_MS) < 0, "every device is asked anyhow");
}

/* One device as far as it gets without waiting; false when it has done all. */
static bool
advance(struct fleet *fleet, struct run *run, size_t i)
{
    struct peer *peer = &fleet->peers[i];
    bool asking = peer->state == PEER_ASKING;

    while (peer_step(peer)) {
        if (asking) {
            answered(fleet, run, peer);
        }
        if (!next(fleet, run, i, asking)) {
            return false;
        }
        asking = peer->state == PEER_ASKING;
    }
    return true;
}

/* All devices at once, each one request in flight, until each has attested so many times. */
static void
run_all(struct fleet *fleet, struct run *run)
{
    size_t busy = fleet->n;

    for (size_t i = 0; i < fleet->n; i++) {
        run->left[i] = fleet->rounds;
        CHECK(next(fleet, run, i, false));
    }
    while (busy > 0) {
        for (size_t i = 0; i < fleet->n; i++) {
            if (run->left[i] > 0 && !advance(fleet, run, i)) {
                busy--;
            }
        }
        wait_for_any(fleet);
    }
}

static int
compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void
print_bare(const struct bare_cost *bare)
{
    uint64_t n = bare->n ? bare->n : 1;

    printf(",\"bare\":{\"n\":%llu,\"resumption_ns\":%llu,\"accepting_ns\":%llu,\"verify_ns\":%llu,"
           "\"sign_ns\":%llu}",
           (unsigned long long)bare->n, (unsigned long long)(bare->resumption_ns / n),
           (unsigned long long)(bare->accepting_ns / n), (unsigned long long)(bare->verify_ns / n),
           (unsigned long long)(bare->sign_ns / n));
}

static void
measure(struct fleet *fleet, const char *name, bool reconnect)
{
    static struct run run;
    int64_t begun;
    int64_t taken;

    memset(&run, 0, sizeof(run));
    run.reconnect = reconnect;
    run.us = calloc(fleet->n * fleet->rounds, sizeof(*run.us));
    CHECK(run.us != NULL);
    printf("{\"stage\":\"begin\",\"name\":\"%s\"", name);
    stage();
    begun = peer_now_us();
    run_all(fleet, &run);
    taken = peer_now_us() - begun;
    qsort(run.us, run.n, sizeof(*run.us), compare);
    printf("{\"stage\":\"end\",\"name\":\"%s\",\"n\":%llu,\"us\":%lld", name,
           (unsigned long long)run.n, (long long)taken);
    printf(",\"p50_us\":%lld,\"p95_us\":%lld,\"p99_us\":%lld", (long long)run.us[run.n / 2],
           (long long)run.us[run.n * 95 / 100], (long long)run.us[run.n * 99 / 100]);
    print_bare(&run.bare);
    stage();
    free(run.us);
}

static void
attest_alone(struct fleet *fleet, struct peer *peer)
{
    peer_attest(peer);
    while (!peer_step(peer)) {
        wait_for_any(fleet);
    }
}

/* The device's IMA list, of the boot that its log is of, and PCR 10 quoted with the rest. */
static void
list_begin(struct fleet *fleet, struct soft_device *device)
{
    struct ima_replay replay;
    struct ima_entry entry;
    struct ima ima;

    device->ima.bytes = check_vector("boot/grub-sb-on/ima-binary");
    ima_replay_init(&replay, HASH_SHA256, IMA_EXTEND_OWN);
    CHECK_EQ(ima_open(&ima, device->ima.bytes, HASH_SHA1, 0, NULL), 0);
    while (ima_next(&ima, &entry, NULL) == 0) {
        CHECK_EQ(ima_replay_add(&replay, fleet->site.hasher, &entry), 0);
    }
    device->values.selection.sets[1].mask |= PCR_MASK_IMA;
    memcpy(device->values.value[1][IMA_PCR], replay.value.b, sizeof(replay.value.b));
}

/* One attestation on an open connection, alone: what goes over the wire, with two logs of which
 * nothing is new. The class wants PCR 10 between the two stages. */
static void
measure_wire(struct fleet *fleet)
{
    struct peer *peer = &fleet->peers[0];
    struct peer_count before;

    printf("{\"stage\":\"lists\"");
    stage();
    list_begin(fleet, &peer->device);
    attest_alone(fleet, peer);
    peer->device.ima.offset = peer->device.ima.bytes.len;
    before = peer->count;
    attest_alone(fleet, peer);
    peer->device.ima = (struct soft_growing){.offset = 0};
    peer->device.values.selection.sets[1].mask &= ~PCR_MASK_IMA;
    printf("{\"stage\":\"wire\",\"payload_up\":%zu,\"payload_down\":%zu,\"cwt\":%zu",
           peer->payload_up, peer->payload_down, peer->cwt_len);
    printf(",\"datagrams_up\":%llu,\"datagrams_down\":%llu",
           (unsigned long long)(peer->count.datagrams_up - before.datagrams_up),
           (unsigned long long)(peer->count.datagrams_down - before.datagrams_down));
    stage();
}

static void
fleet_run(struct fleet *fleet)
{
    devices_new(fleet);
    enrol_all(fleet);
    measure_wire(fleet);
    measure(fleet, "open", false);
    for (size_t i = 0; i < fleet->n; i++) {
        peer_close(&fleet->peers[i]);
    }
    measure(fleet, "resumed", true);
    for (size_t i = 0; i < fleet->n; i++) {
        peer_done(&fleet->peers[i]);
    }
    free(fleet->peers);
}

int
main(int argc, char **argv)
{
    struct fleet fleet = {0};

    if (argc != 6) {
        return 2;
    }
    fleet.site = (struct peer_site){
        .port = (uint16_t)strtoul(argv[1], NULL, 10),
        .site = argv[2],
        .hasher = hasher_new(),
        .psk_ctx = dtls_client_context("ECDHE-PSK-CHACHA20-POLY1305"),
        .cert_ctx = dtls_client_context("ECDHE-ECDSA-AES128-GCM-SHA256"),
    };
    CHECK(fleet.site.hasher != NULL);
    fleet.log = check_vector(argv[3]);
    fleet.n = strtoul(argv[4], NULL, 10);
    fleet.rounds = (unsigned)strtoul(argv[5], NULL, 10);
    CHECK(fleet.n > 0 && fleet.n <= PEERS_MAX && fleet.rounds > 0);
    fleet.bare = bare_new();
    fleet_run(&fleet);
    bare_free(fleet.bare);
    SSL_CTX_free(fleet.site.psk_ctx);
    SSL_CTX_free(fleet.site.cert_ctx);
    hasher_free(fleet.site.hasher);
    return 0;
}
