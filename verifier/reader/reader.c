#include "reader/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "appraise/event-from.h"
#include "base/log.h"
#include "formats/evdata.h"
#include "formats/evtext.h"
#include "formats/evtype.h"
#include "reader/reader-certs.h"
#include "reader/reader-ima.h"
#include "reader/reader-userlog.h"
#include "reader/sandbox-reader.h"
#include "roles/records.h"
#include "roles/roles.h"

enum {
    RECORDS_MAX = 14 * 1024 * 1024, /* message.def; the worst IMA list takes 12.7 MB */
    GROW_MAX = 64 * 1024 * 1024,    /* room beside what is mapped at the start */
    CPU_S = 10,                     /* the largest log takes some 20 ms */
    LOCALITY_HCRTM = 4,
};

/* A log being read. */
struct job {
    struct bytes body;
    struct evlog log;
    struct evdata_check check;
    struct event_log head; /* known banks only; no events */
    struct event_from from;
    struct wr *records;
};

static int
record(const struct job *job, const struct evlog_event *event)
{
    struct evdata evdata = {0};
    struct event out;
    char room[EVTEXT_MAX];
    int r = evdata_judge(&job->check, event, &evdata);

    if (r < 0) {
        return r;
    }
    event_from(&job->from, event, &evdata, &out);
    out.label = bytes_str(evtext_line(event, room));
    records_event(job->records, &job->head, &out);
    return 0;
}

/* Reads to the end once before anything is written: the locality stands in front of the records. */
static int
find_locality(struct bytes body, uint8_t *ret_locality, struct fault *ret_fault)
{
    struct evlog log;
    struct evlog_event event;
    uint8_t locality = 0;
    bool began = false;
    int r = evlog_open(body, &log, ret_fault);

    while (r == 0 && (r = evlog_next(&log, &event, ret_fault)) == 0) {
        if (evlog_extends(&event) && event.pcr == 0) {
            locality = !began && event.type == EV_EFI_HCRTM_EVENT ? LOCALITY_HCRTM : locality;
            began = true;
        }
    }
    if (r != EVLOG_END) {
        return r < 0 ? r : 1;
    }
    *ret_locality = log.locality == EVLOG_LOCALITY_NONE ? locality : log.locality;
    return 0;
}

int
reader_parse(struct bytes log, struct hasher *hasher, struct wr *records, struct fault *ret_fault)
{
    struct job job = {.body = log, .records = records};
    struct evlog_event event;
    int r = find_locality(log, &job.head.locality, ret_fault);

    if (r == 0) {
        r = evlog_open(log, &job.log, ret_fault);
    }
    if (r == 0) {
        job.from = event_from_log(log, &job.log, &job.head);
        r = evdata_init(&job.check, &job.log, hasher);
    }
    if (r != 0) {
        return r;
    }
    records_begin(records, &job.head);
    while (r == 0 && (r = evlog_next(&job.log, &event, ret_fault)) == 0) {
        r = record(&job, &event);
    }
    if (r == EVLOG_END) {
        r = records->failed ? -ENOSPC : 0;
    }
    return r;
}

/* Bytes of address space that are mapped now; sanitizers map terabytes. */
static rlim_t
mapped(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    bool ok = file && fscanf(file, "%lu", &pages) == 1;

    if (file) {
        fclose(file);
    }
    return ok ? (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) : 512u * 1024u * 1024u;
}

static int
limit_self(rlim_t memory)
{
    const struct {
        int what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_AS, memory},
        {RLIMIT_CPU, CPU_S},
        {RLIMIT_NOFILE, 0},
        {RLIMIT_CORE, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct rlimit limit = {limits[i].most, limits[i].most};

        if (setrlimit((__rlimit_resource_t)limits[i].what, &limit) < 0) {
            return -errno;
        }
    }
    return 0;
}

/* No path first, as that takes a descriptor; then no descriptor; then no call but a few. */
static int
confine(void)
{
    rlim_t memory = mapped() + GROW_MAX;
    int r = sandbox_files(NULL, 0);

    r = r < 0 ? r : limit_self(memory); /* main has said so where the kernel has no Landlock */
    return r == 0 ? sandbox_calls(sandbox_reader, sandbox_reader_n) : r;
}

static int
send_fault(struct ipc *ipc, uint64_t id, const struct fault *fault)
{
    uint8_t room[16];
    struct wr wr = wr_init(room, sizeof(room));
    struct bytes part;

    wr_le16(&wr, (uint16_t)fault->rule);
    wr_le32(&wr, fault->event);
    wr_le64(&wr, fault->offset);
    part = wr_done(&wr);
    return ipc_send(ipc, MSG_NOT_READ, id, &part, 1, -1);
}

int
reader_job(uint16_t type, struct bytes body, struct hasher *hasher, struct wr *records,
           uint16_t *ret_type, struct fault *ret_fault)
{
    switch (type) {
    case MSG_READ_LOG:
        *ret_type = MSG_LOG_RECORDS;
        return reader_parse(body, hasher, records, ret_fault);
    case MSG_READ_IMA:
        *ret_type = MSG_IMA_RECORDS;
        return reader_ima(body, hasher, records);
    case MSG_READ_USERSPACE:
        *ret_type = MSG_USERSPACE_RECORDS;
        return reader_userlog(body, hasher, records, ret_fault);
    case MSG_READ_CERTS:
        *ret_type = MSG_CERT_RECORDS;
        return reader_certs(body, hasher, records, ret_fault);
    default:
        return -EPROTO;
    }
}

static int
do_job(struct ipc *ipc, struct hasher *hasher, const struct ipc_msg *msg)
{
    CLEANUP(free_p) uint8_t *room = malloc(RECORDS_MAX);
    struct wr records = wr_init(room, room ? RECORDS_MAX : 0);
    struct fault fault = {.event = FAULT_NO_EVENT};
    uint16_t type = 0;
    struct bytes part;
    int r = room ? reader_job(msg->type, msg->body, hasher, &records, &type, &fault) : -ENOMEM;

    if (r > 0) {
        return send_fault(ipc, msg->id, &fault);
    }
    if (r < 0) {
        return r;
    }
    part = wr_done(&records);
    return ipc_send(ipc, type, msg->id, &part, 1, -1);
}

int
reader_serve(int take_fd)
{
    CLEANUP(ipc_freep) struct ipc *ipc = ipc_new(take_fd, true, roles_keeper_to_reader);
    /* before it is confined: the library opens its configuration now */
    CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
    struct ipc_msg msg;
    int r;

    reader_userlog_prepare();
    r = ipc && hasher ? confine() : -ENOMEM;
    if (r == 0) {
        r = ipc_recv(ipc, &msg);
    }
    if (r == IPC_E_CLOSED) {
        return 0;
    }
    if (r == 0) {
        r = msg.fd >= 0 ? IPC_E_FORM : do_job(ipc, hasher, &msg); /* none belongs here */
    }
    if (r != 0) {
        log_event(LOG_ERROR, "reader-failed",
                  LOG_STR("why", r < 0 ? strerror(-r) : "the keeper spoke out of turn"));
    }
    return r == 0 ? 0 : 1;
}
