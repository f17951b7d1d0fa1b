/* The acceptance scenarios of the appraisal page, section 6: a recorded boot that is accepted, what
 * changes in it, and what the verdict then is. One log at a time, in learn_rig; events have the
 * numbers that `assay log show` prints. A test says where the log is no longer as it was recorded.
 */
#pragma once

#include "formats/evlog.h"
#include "lib/check.h"
#include "lib/learn-rig.h"

struct scene_event {
    uint32_t pcr, type;
    uint8_t digest[LIMIT_BANKS][HASH_SIZE_MAX];
    struct bytes data;
};

extern struct scene {
    struct bytes head; /* the Spec ID event, which stands for event 0 */
    size_t n_banks;
    struct evlog_bank banks[LIMIT_BANKS];
    size_t n;
    struct scene_event events[LIMIT_EVENTS];
    char policy[256 * 1024];
} scene;

/* Reads a recorded log; forgets the one before. */
void scene_start(const char *vector);

/* Reads another log; the policy, its pins and what was learnt from stay. */
void scene_start_again(const char *vector);

/* A laptop that was accepted: evlog/keylime-mb.bin, a Lenovo with hardware that measures first,
 * shim, GRUB and Fedora, recorded with Secure Boot off. Here it is on; the policy is learnt from
 * that boot, which passes without a word and is enrolled. */
void scene_laptop(void);

/* The log as it stands; memory that lives until the process ends. */
struct bytes scene_log(void);

/* Learns a policy from the log as it stands, into scene.policy. */
void scene_learn(void);

/* Writes another policy text over this one: the first place that begins so, which must be there;
 * of a rule by its id the whole line; and more text at its end. */
void scene_swap(const char *from, const char *to);
void scene_rule(const char *id, const char *rule);
void scene_add(const char *text);

/* The log as it stands, judged by scene.policy: every reason with its effect ("401f 219n", "" for
 * none), and the tier. The firmware profile's rules (events_check()) are among them, the quote's
 * are not. Prints them with what they are of. */
void scene_says(const char *what, const char *reasons, enum tier tier);

/* Pins what the boot just judged has to be known by. */
#define scene_enrol learn_rig_pin

/* The vector just judged, in AR4SI's order: instance identity, configuration, executables,
 * hardware. */
void scene_vector(int identity, int configuration, int executables, int hardware);

/* A claim just judged, as JSON: "\"on\"", "[]"; "" when it is absent. Prints it. */
void scene_claim(const char *name, const char *value);

/* The first cause just judged: the policy's rule, and the event's number in the log. */
void scene_cause(const char *rule, size_t event);

/* The nth event (from 0) of a PCR and a type; of a PCR whose data holds this text, as one byte or
 * two a character; a variable of PCR 1 or 7. */
size_t scene_find(uint32_t pcr, uint32_t type, unsigned nth);
size_t scene_text(uint32_t pcr, const char *text);
size_t scene_variable(const char *name);

/* Changes an event: what was measured; both that and what is logged. */
void scene_measure(size_t event, struct bytes content);
void scene_data(size_t event, struct bytes data);

/* Another value of a variable, measured whole; and another name (NULL: as it was). */
void scene_value(size_t event, const char *name, struct bytes value);
struct bytes scene_value_of(size_t event);

/* What GRUB logs in PCR 8: the command or command line is measured, and logged behind its prefix.
 */
void scene_grub(size_t event, const char *prefix, const char *text);

/* Adds an event before another, measured as told; a copy of one; away with one. Events behind it
 * move. */
void scene_put(size_t before, uint32_t pcr, uint32_t type, struct bytes content, struct bytes data);
void scene_copy(size_t event, size_t before);
void scene_cut(size_t event);

/* An event's digest as a policy has it, "sha256:…"; those of all events that the log as it stands
 * has in a slot, each with a blank behind it. Memory that lives until the process ends. */
const char *scene_digest(size_t event);
const char *scene_digests(enum slot slot);

/* Text of a policy, put together; memory as above. */
__attribute__((format(printf, 1, 2))) const char *scene_format(const char *format, ...);

/* A scenario by its number: what it shows, and its cases. */
struct scenario {
    unsigned number;
    const char *shows;
    struct check_case cases[6];
};

/* Runs the scenario that the argument names; returns main's exit code. */
int scene_run(const struct scenario *all, size_t n, int argc, char **argv);

#define SCENE_MAIN(...)                                                        \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct scenario all_scenarios[] = {__VA_ARGS__};          \
                                                                               \
        return scene_run(all_scenarios, ARRAY_LEN(all_scenarios), argc, argv); \
    }
