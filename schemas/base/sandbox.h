/* What a process may still ask of the kernel once its set-up is done; the only place with
 * libseccomp. Both functions are for a process of one thread that has no new privileges
 * (PR_SET_NO_NEW_PRIVS), last for its life, and go over to its children and to what they execute.
 */
#pragma once

#include "base/std.h"

/* One row of a list of what is allowed. A call in two rows may fit either. */
struct sandbox_rule {
    const char *call; /* its name; one that this architecture does not have is passed over */
    uint64_t mask;    /* 0: whatever its arguments are */
    uint64_t value;   /* else only while (argument & mask) == value */
    unsigned arg;     /* the argument that is judged, 0 to 5; never one that points */
};

#define SANDBOX_ANY(call) \
    {                     \
        (call), 0, 0, 0   \
    }
/* Arguments of type int: the kernel looks at their low 32 bits only, and so must a rule. */
#define SANDBOX_IF(call, arg, value)       \
    {                                      \
        (call), UINT32_MAX, (value), (arg) \
    }
#define SANDBOX_WITHOUT(call, arg, bits) \
    {                                    \
        (call), (bits), 0, (arg)         \
    }

/* From here on every call that neither `rules` nor the list that all share allows ends the process
 * with SIGSYS, after a log line "forbidden-call" with the call's number; one of another
 * architecture's ends it without. The shared list: memory that is not executable, clock, random
 * bytes, end, standard error, and a signal to itself. The process cannot take the handler back
 * while rt_sigaction is not in its rules; blocking the signal makes the kernel end it all the same.
 * Returns 0 or a negative errno (-EINVAL: no such call is known); then nothing is forbidden, and
 * the caller must not serve. */
MUST_CHECK int sandbox_calls(const struct sandbox_rule *rules, size_t n_rules);

/* From here on no path can be opened, made, removed or executed but what is below these folders
 * (read, written, made and removed there), no TCP port bound or connected to, no abstract socket of
 * others reached and no process of others signalled, as far as the kernel's Landlock can tell.
 * Returns 0, SANDBOX_E_NONE when the kernel has no Landlock, or a negative errno. */
enum { SANDBOX_E_NONE = 1 };
MUST_CHECK int sandbox_files(const char *const *folders, size_t n_folders);

/* Version of the kernel's Landlock; 0 for none. */
unsigned sandbox_files_version(void);

/* What a build adds for its own needs, a file a build: nothing, or what the sanitizers' reports
 * take. */
extern const struct sandbox_rule sandbox_build_rules[];
extern const size_t sandbox_build_n_rules;
