/* Work for readers: a process each, forked ahead, replaced after each piece, so that nothing that
 * one log did can touch the next. A reader holds nothing and can name neither a device nor a
 * connection; what it says is read strictly, and one that says what it may not is dropped. */
#pragma once

#include <poll.h>

#include "base/fault.h"
#include "base/ipc.h"

enum job_outcome {
    JOB_DONE,    /* body holds what the reader made */
    JOB_REFUSED, /* the bytes are not of their format; the fault says where */
    JOB_BROKEN,  /* the reader died, hung or spoke out of turn */
};

typedef void job_fn(void *context, enum job_outcome outcome, struct bytes body,
                    const struct fault *fault);

struct jobs;

#define JOBS_READERS_MAX 16u
#define JOBS_STRANGERS_PART 4u /* certificates of strangers: one reader of four, one at least */
#define JOBS_WAITING_MAX 64u
#define JOB_LIMIT_MS 5000

struct jobs *jobs_new(void);
void jobs_free(struct jobs *jobs);

/* A fresh reader's channel from main. */
void jobs_reader(struct jobs *jobs, int take_fd);

/* Copies body; done is called later from jobs_turn(), never from here. Returns 0, -ENOBUFS when too
 * much waits already, or -ENOMEM. type is one of the messages that a reader takes. MSG_READ_CERTS
 * come from who is no member yet, so they have a queue and a part of the readers of their own,
 * begin only when no log waits, and leave one reader for the next log (attacks page, row 7). */
MUST_CHECK int jobs_submit(struct jobs *jobs, uint16_t type, struct bytes body, int64_t now_ms,
                           job_fn *done, void *context);

/* The bytes that a reader got, while its job's done() runs; empty at other times. */
struct bytes jobs_given(const struct jobs *jobs);

/* For the loop: descriptors to wait for, and one turn of work. now_ms is monotonic. */
size_t jobs_poll(const struct jobs *jobs, struct pollfd *fds, size_t max);
void jobs_turn(struct jobs *jobs, int64_t now_ms);
