#include "keeper/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rd.h"
#include "roles/roles.h"

struct job {
    uint16_t type;
    uint8_t *body;
    size_t len;
    int64_t since_ms;
    job_fn *done;
    void *context;
};

struct worker {
    struct ipc *ipc;
    bool busy;
    struct job job;
};

/* Who asks: devices, or those who would like to be. */
enum pool { POOL_DEVICES, POOL_STRANGERS, POOL_N };

struct queue {
    struct job waiting[JOBS_WAITING_MAX]; /* a ring */
    size_t first;
    size_t n;
};

struct jobs {
    struct worker workers[JOBS_READERS_MAX];
    struct queue queues[POOL_N];
    struct bytes given; /* of the job whose done() runs */
};

static enum pool
pool_of(uint16_t type)
{
    return type == MSG_READ_CERTS ? POOL_STRANGERS : POOL_DEVICES;
}

struct jobs *
jobs_new(void)
{
    return calloc(1, sizeof(struct jobs));
}

static void
worker_end(struct worker *worker)
{
    ipc_free(worker->ipc);
    free(worker->job.body);
    *worker = (struct worker){0};
}

void
jobs_free(struct jobs *jobs)
{
    if (!jobs) {
        return;
    }
    for (size_t i = 0; i < JOBS_READERS_MAX; i++) {
        worker_end(&jobs->workers[i]);
    }
    for (size_t pool = 0; pool < POOL_N; pool++) {
        struct queue *queue = &jobs->queues[pool];

        for (size_t i = 0; i < queue->n; i++) {
            free(queue->waiting[(queue->first + i) % JOBS_WAITING_MAX].body);
        }
    }
    free(jobs);
}

void
jobs_reader(struct jobs *jobs, int take_fd)
{
    struct ipc *ipc = ipc_new(take_fd, false, roles_reader_to_keeper);

    for (size_t i = 0; ipc && i < JOBS_READERS_MAX; i++) {
        if (!jobs->workers[i].ipc) {
            jobs->workers[i].ipc = ipc;
            return;
        }
    }
    ipc_free(ipc); /* more readers than we use: it sees the end and goes */
}

int
jobs_submit(struct jobs *jobs, uint16_t type, struct bytes body, int64_t now_ms, job_fn *done,
            void *context)
{
    struct queue *queue = &jobs->queues[pool_of(type)];
    struct job *job;

    if (queue->n == JOBS_WAITING_MAX) {
        return -ENOBUFS;
    }
    job = &queue->waiting[(queue->first + queue->n) % JOBS_WAITING_MAX];
    *job = (struct job){.type = type, .since_ms = now_ms, .done = done, .context = context};
    job->body = malloc(body.len ? body.len : 1);
    if (!job->body) {
        return -ENOMEM;
    }
    memcpy(job->body, body.p, body.len);
    job->len = body.len;
    queue->n++;
    return 0;
}

static struct job
queue_take(struct queue *queue)
{
    struct job job = queue->waiting[queue->first];

    queue->first = (queue->first + 1) % JOBS_WAITING_MAX;
    queue->n--;
    return job;
}

/* Whether a stranger's job may begin: none of a device waits, strangers have no more than their
 * part, and one idle reader stays, unless there is no other. */
static bool
stranger_may(const struct jobs *jobs)
{
    size_t n = 0;
    size_t idle = 0;
    size_t strangers = 0;

    for (size_t i = 0; i < JOBS_READERS_MAX; i++) {
        const struct worker *worker = &jobs->workers[i];

        n += worker->ipc != NULL;
        idle += worker->ipc && !worker->busy;
        strangers += worker->busy && pool_of(worker->job.type) == POOL_STRANGERS;
    }
    return jobs->queues[POOL_DEVICES].n == 0 &&
           (strangers == 0 || strangers < n / JOBS_STRANGERS_PART) && (idle > 1 || n == 1);
}

/* The queue whose oldest job an idle reader takes; NULL: none. */
static struct queue *
next_queue(struct jobs *jobs)
{
    if (jobs->queues[POOL_DEVICES].n > 0) {
        return &jobs->queues[POOL_DEVICES];
    }
    return jobs->queues[POOL_STRANGERS].n > 0 && stranger_may(jobs) ? &jobs->queues[POOL_STRANGERS]
                                                                    : NULL;
}

/* Hands a waiting job to an idle reader. */
static bool
start_one(struct queue *queue, struct worker *worker, int64_t now_ms)
{
    struct bytes part;

    worker->job = queue_take(queue);
    worker->busy = true;
    worker->job.since_ms = now_ms;
    part = bytes_of(worker->job.body, worker->job.len);
    return ipc_send(worker->ipc, worker->job.type, 1, &part, 1, -1) == 0;
}

/* Ends a worker and tells its job how it went; the reader's bytes live until then. */
static void
finish(struct jobs *jobs, struct worker *worker, enum job_outcome outcome, struct bytes body,
       const struct fault *fault)
{
    struct worker ended = *worker;

    *worker = (struct worker){0};
    jobs->given = bytes_of(ended.job.body, ended.job.len);
    ended.job.done(ended.job.context, outcome, body, fault);
    jobs->given = BYTES_NULL;
    worker_end(&ended);
}

/* A NOT_READ body: rule u16, event u32, offset u64. */
static bool
fault_read(struct bytes body, struct fault *ret)
{
    struct rd rd = rd_init(body);
    struct fault fault = {0};

    fault.rule = (enum rule)rd_le16(&rd);
    fault.event = rd_le32(&rd);
    fault.offset = rd_le64(&rd);
    if (!rd_end(&rd) || fault.rule == RULE_NONE || fault.rule >= RULE_N) {
        return false;
    }
    *ret = fault;
    return true;
}

/* What a reader says when a job went well. */
static uint16_t
answer_to(uint16_t type)
{
    static const struct {
        uint16_t type;
        uint16_t answer;
    } pairs[] = {
        {MSG_READ_LOG, MSG_LOG_RECORDS},
        {MSG_READ_IMA, MSG_IMA_RECORDS},
        {MSG_READ_USERSPACE, MSG_USERSPACE_RECORDS},
        {MSG_READ_CERTS, MSG_CERT_RECORDS},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (pairs[i].type == type) {
            return pairs[i].answer;
        }
    }
    return 0;
}

static void
on_message(struct jobs *jobs, struct worker *worker, const struct ipc_msg *msg)
{
    struct fault fault;

    if (msg->type == MSG_NOT_READ && fault_read(msg->body, &fault)) {
        finish(jobs, worker, JOB_REFUSED, BYTES_NULL, &fault);
    } else if (msg->type == answer_to(worker->job.type)) {
        finish(jobs, worker, JOB_DONE, msg->body, NULL);
    } else {
        finish(jobs, worker, JOB_BROKEN, BYTES_NULL, NULL);
    }
}

static void
worker_turn(struct jobs *jobs, struct worker *worker, int64_t now_ms)
{
    struct queue *queue = worker->busy ? NULL : next_queue(jobs);
    struct ipc_msg msg;
    int r;

    if (queue && !start_one(queue, worker, now_ms)) {
        finish(jobs, worker, JOB_BROKEN, BYTES_NULL, NULL);
        return;
    }
    if (ipc_flush(worker->ipc) < 0) {
        r = IPC_E_CLOSED;
    } else {
        r = ipc_recv(worker->ipc, &msg);
    }
    if (r == IPC_AGAIN && worker->busy && now_ms - worker->job.since_ms > JOB_LIMIT_MS) {
        r = IPC_E_CLOSED;
    }
    if (r == IPC_AGAIN) {
        return;
    }
    if (r == IPC_OK && msg.fd >= 0) {
        close(msg.fd);
    }
    if (!worker->busy) {
        worker_end(worker); /* died before it had anything to do */
    } else if (r == IPC_OK && msg.fd < 0) {
        on_message(jobs, worker, &msg);
    } else {
        finish(jobs, worker, JOB_BROKEN, BYTES_NULL, NULL);
    }
}

struct bytes
jobs_given(const struct jobs *jobs)
{
    return jobs->given;
}

size_t
jobs_poll(const struct jobs *jobs, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < JOBS_READERS_MAX && n < max; i++) {
        const struct worker *worker = &jobs->workers[i];

        if (worker->ipc) {
            fds[n++] = (struct pollfd){
                .fd = ipc_fd(worker->ipc),
                .events = (short)(POLLIN | (ipc_pending(worker->ipc) ? POLLOUT : 0)),
            };
        }
    }
    return n;
}

/* Jobs that no reader came for in time. */
static void
expire_waiting(struct queue *queue, int64_t now_ms)
{
    while (queue->n > 0 && now_ms - queue->waiting[queue->first].since_ms > JOB_LIMIT_MS) {
        struct job job = queue_take(queue);

        job.done(job.context, JOB_BROKEN, BYTES_NULL, NULL);
        free(job.body);
    }
}

void
jobs_turn(struct jobs *jobs, int64_t now_ms)
{
    for (size_t i = 0; i < JOBS_READERS_MAX; i++) {
        if (jobs->workers[i].ipc) {
            worker_turn(jobs, &jobs->workers[i], now_ms);
        }
    }
    for (size_t pool = 0; pool < POOL_N; pool++) {
        expire_waiting(&jobs->queues[pool], now_ms);
    }
}
