/* reader/reader: what it says of every log replays to what the machines' TPMs held. */
#include "reader/reader.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "formats/evlog.h"
#include "formats/replay.h"
#include "lib/check.h"
#include "roles/records.h"
#include "roles/roles.h"

enum { ROOM = 4 * 1024 * 1024 };

static uint8_t room[ROOM];
static struct event events[LIMIT_EVENTS];
static struct event_log got;
static struct hasher *hasher;

static const char *const logs[] = {
    "evlog/arch-linux-workstation.bin",
    "evlog/cos-85-amd-sev.bin",
    "evlog/debian-10.bin",
    "evlog/ebs_event_missing_eventlog.bin",
    "evlog/gdc-host.bin",
    "evlog/glinux-alex.bin",
    "evlog/keylime-mb.bin",
    "evlog/option_rom_eventlog.bin",
    "evlog/rhel8-uefi.bin",
    "evlog/sb_cert_eventlog.bin",
    "evlog/short_no_action_eventlog.bin",
    "evlog/tpm2-tools-event-bootorder.bin",
    "evlog/tpm2-tools-event-moklisttrusted.bin",
    "evlog/tpm2-tools-event-postcode.bin",
    "evlog/tpm2-tools-event-sd-boot-fedora37.bin",
    "evlog/tpm2-tools-event-uefi-sha1-log.bin",
    "evlog/tpm2-tools-event.bin",
    "evlog/tss-hcrtm.bin",
    "evlog/ubuntu-2104-no-dbx.bin",
};

static const char *const broken[] = {
    "evlog/keylime-mb-bogus.bin",
    "evlog/tpm2-tools-specid-vendordata.bin",
    "evlog/tpm2-tools-event-uefivar.bin",
};

/* Boots whose PCR values were read from their TPM. */
static const char *const boots[] = {
    "grub-sb-off-chainloader", "grub-sb-off-linuxefi", "grub-sb-on",  "grub-sb-on-ima",
    "sdboot-uki-sb-on",        "tampered-cmdline",     "uboot-arm64", "tampered-extradev",
    "tampered-initrd",         "tampered-optrom-sbon",
};

static void
read_log(struct bytes log)
{
    struct wr wr = wr_init(room, sizeof(room));
    struct fault fault = {0};

    hasher = hasher ? hasher : hasher_new();
    CHECK_EQ(reader_parse(check_guarded(log), hasher, &wr, &fault), 0);
    CHECK_EQ(records_read(wr_done(&wr), events, &got), 0);
}

/* All PCRs of a bank after the records' events. */
static struct pcr_values *
values_of(enum hash bank)
{
    static struct pcr_values values;
    const struct selection selection = {1, {{bank, PCR_MASK_ALL}}};

    CHECK_EQ(events_values(hasher, &got, &selection, &values), 0);
    return &values;
}

/* Compares with formats/replay, which test_log_cli.py holds against the corpus' stated values. */
static void
check_replay(struct bytes in)
{
    static struct replay replay;
    struct evlog_event event;
    struct evlog log;

    CHECK_EQ(evlog_open(in, &log, NULL), 0);
    replay_init(&replay, &log, hasher);
    while (evlog_next(&log, &event, NULL) == 0) {
        CHECK_EQ(replay_event(&replay, &event), 0);
    }
    for (size_t bank = 0, known = 0; bank < log.n_banks; bank++) {
        if (replay.bank[bank].hash == HASH_N) {
            continue;
        }
        CHECK_EQ(got.banks[known++], replay.bank[bank].hash);
        for (uint32_t pcr = 0; pcr < LIMIT_PCRS; pcr++) {
            struct bytes expected = replay_pcr(&replay, bank, pcr);

            CHECK_BYTES(bytes_of(values_of(replay.bank[bank].hash)->value[0][pcr], expected.len),
                        expected);
        }
    }
    CHECK_EQ(got.n_events, log.n_events);
}

static void
every_log_replays_as_it_is(void)
{
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        struct bytes log = check_vector(logs[i]);

        read_log(log);
        check_replay(log);
    }
}

/* The value of a PCR when that boot was quoted, out of pcrs.json's fixed form; false when none. */
static bool
value_read(const char *boot, uint32_t pcr, uint8_t out[HASH_SIZE_MAX])
{
    struct bytes list;
    char text[96];
    const uint8_t *at;
    size_t len = 0;

    snprintf(text, sizeof(text), "boot/%s/pcrs.json", boot);
    list = check_vector(text);
    at = memmem(list.p, list.len, "\"sha256\"", 8);
    snprintf(text, sizeof(text), "\n\"%u\": \"", pcr);
    at = at ? memmem(at, list.len - (size_t)(at - list.p), text, strlen(text)) : NULL;
    return at && hex_read(bytes_of(at + strlen(text), 64), out, HASH_SIZE_MAX, &len) == 0;
}

static void
check_boot(const char *boot)
{
    struct pcr_values values = {.selection = {1, {{HASH_SHA256, 0}}}};
    static struct pcr_values given;
    struct verdict verdict = {0};

    for (uint32_t pcr = 0; pcr < 10; pcr++) {
        if (value_read(boot, pcr, values.value[0][pcr])) {
            values.selection.sets[0].mask |= 1u << pcr;
        }
    }
    CHECK_EQ(values.selection.sets[0].mask, 0x3ff);
    CHECK_EQ(events_values(hasher, &got, &values.selection, &given), 0);
    (void)events_replay(&got, &given, &values, &verdict);
    CHECK_EQ(verdict.replay, CHECK_PASSED);
    values.value[0][4][31] ^= 1;
    CHECK(!events_replay(&got, &given, &values, &verdict));
    CHECK_EQ(verdict.replay, CHECK_FAILED);
}

static void
every_boot_replays_to_its_tpm(void)
{
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        char path[128];

        snprintf(path, sizeof(path), "boot/%s/binary_bios_measurements", boots[i]);
        read_log(check_vector(path));
        printf("# %s\n", boots[i]);
        check_boot(boots[i]);
    }
}

/* What is said to be bound can be hashed again by the keeper, by offset and length. */
static void
bound_data_hashes_to_its_digest(void)
{
    struct bytes log = check_vector("boot/grub-sb-on/binary_bios_measurements");
    size_t n_bound = 0;

    read_log(log);
    for (size_t i = 0; i < got.n_events; i++) {
        size_t bank = event_log_bank(&got, HASH_SHA256);
        const struct event *event = &events[i];
        uint8_t digest[32];

        CHECK(event->offset + event->length <= log.len);
        if (event->bound == BOUND_TRUE) {
            CHECK_EQ(hasher_bytes(hasher, HASH_SHA256,
                                  bytes_of(log.p + event->offset, event->length), digest),
                     0);
            CHECK_BYTES(event->digest[bank], BYTES_OF(digest));
            n_bound++;
        }
    }
    CHECK(n_bound > 20);
}

static void
broken_logs_and_truncations_end_in_a_fault(void)
{
    struct bytes log = check_vector("evlog/tpm2-tools-event.bin");
    struct fault fault;
    struct wr wr;

    hasher = hasher_new();
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        fault = (struct fault){0};
        wr = wr_init(room, sizeof(room));
        CHECK_EQ(reader_parse(check_vector(broken[i]), hasher, &wr, &fault), 1);
        CHECK(fault.rule != RULE_NONE);
    }
    for (size_t n = 0; n < 200; n++) { /* some end between two events: a shorter log, no fault */
        wr = wr_init(room, sizeof(room));
        CHECK(reader_parse(check_guarded(bytes_of(log.p, n)), hasher, &wr, &fault) >= 0);
    }
    wr = wr_init(room, 100);
    CHECK(reader_parse(log, hasher, &wr, &fault) < 0);
}

/* One job of the role in a process of its own. Returns its exit status. */
static int
serve(struct bytes log, struct ipc **ret_ipc, struct ipc_msg *ret_msg)
{
    int fds[2];
    int status = 0;
    pid_t pid;

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0); /* as role_harden() does */
        _exit(reader_serve(fds[1]));
    }
    close(fds[1]);
    *ret_ipc = ipc_new(fds[0], true, roles_reader_to_keeper);
    if (log.p) {
        CHECK_EQ(ipc_send(*ret_ipc, MSG_READ_LOG, 77, &log, 1, -1), 0);
        CHECK_EQ(ipc_recv(*ret_ipc, ret_msg), 0);
    } else {
        shutdown(ipc_fd(*ret_ipc), SHUT_RDWR);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
the_role_answers_one_log_and_ends(void)
{
    struct ipc *ipc = NULL;
    struct ipc_msg msg;

    CHECK_EQ(serve(check_vector("evlog/debian-10.bin"), &ipc, &msg), 0);
    CHECK_EQ(msg.type, MSG_LOG_RECORDS);
    CHECK_EQ(msg.id, 77);
    CHECK_EQ(records_read(msg.body, events, &got), 0);
    CHECK(got.n_events > 20);
    CHECK_EQ(ipc_recv(ipc, &msg), IPC_E_CLOSED);
    ipc_free(ipc);
    CHECK_EQ(serve(BYTES_NULL, &ipc, &msg), 0);
    ipc_free(ipc);
}

static void
the_role_names_the_fault_of_a_log(void)
{
    struct ipc *ipc = NULL;
    struct ipc_msg msg;
    struct rd rd;

    CHECK_EQ(serve(check_vector("evlog/tpm2-tools-event-uefivar.bin"), &ipc, &msg), 0);
    CHECK_EQ(msg.type, MSG_NOT_READ);
    rd = rd_init(msg.body);
    CHECK_EQ(rd_le16(&rd), RULE_EVLOG_DIGEST_COUNT);
    CHECK_EQ(rd_le32(&rd), 1);
    CHECK(rd_le64(&rd) > 0);
    CHECK(rd_end(&rd));
    ipc_free(ipc);
}

CHECK_MAIN(CASE(every_log_replays_as_it_is), CASE(every_boot_replays_to_its_tpm),
           CASE(bound_data_hashes_to_its_digest), CASE(broken_logs_and_truncations_end_in_a_fault),
           CASE(the_role_answers_one_log_and_ends), CASE(the_role_names_the_fault_of_a_log))
