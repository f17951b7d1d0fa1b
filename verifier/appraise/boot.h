/* One boot judged by a policy: its events fall into slots, what they tell is read, rules are
 * evaluated, and what they say goes into the verdict. The service and `assay appraise` judge by
 * this one function. Appraisal page, sections 4 and 5b. */
#pragma once

#include "appraise/advisory.h"
#include "appraise/dbx-level.h"
#include "appraise/facts.h"
#include "appraise/rule-judge.h"
#include "appraise/settle.h"

/* "laptop-uefi:14": which policy judged; with its end. */
#define BOOT_POLICY_MAX (LIMIT_BUNDLE_NAME + 12u)

/* AR4SI values of section 2.3, those that we assert; 0: nothing is said. */
struct boot_vector {
    int8_t identity, configuration, executables, hardware;
};

/* What is asked; views. */
struct boot_ask {
    const struct rulebook *book;
    size_t policy;                     /* its place in the book's bundle */
    const struct event_log *log;       /* vouched for: events_vouch() */
    const struct event_log *userspace; /* whole, replayed; NULL: there is none */
    size_t n_pins;
    const struct rule_pin *pins;
    size_t n_announced;
    const struct rule_announced *announced; /* what the device said of boots to come */
    struct rule_past *past;                 /* what pinned lists were; NULL: nobody knows */
    unsigned quirks; /* bits that whoever replayed the logs found, beside the log's own */
    bool may_pin;    /* rules without pins learn: rule_input */
    bool enforced;   /* mode observe is judged as enforce: what would it refuse? */
    /* The IMA list, which met the quote, and its bytes, from its start or from where ima_past ends;
     * NULL: there is none. */
    const struct growing_ima *ima;
    struct bytes ima_part;
    const struct ima_past *ima_past;
    struct ima_open *ima_open;          /* as ima_judge_ask has it */
    const struct digest_set *ima_files; /* the same */
    struct ima_work *ima_work;          /* the same */
    struct advisory_tpm tpm;            /* zero: nothing is known of it */
    uint64_t now_s;                     /* UTC */
};

/* What was found out on the way: for explanations, tokens and pins. Valid while the room is, until
 * it judges again, and as long as what was asked about. */
struct boot_told {
    const struct bundle_policy *policy;
    const struct slot_map *map;
    const struct boot_facts *facts;
    const struct dbx_level *dbx;
    const uint8_t *script; /* SHA-256 over the digests in slot boot.script; NULL: it has none */
    size_t n_events;
    const struct rule_event *events;
    const struct rule_judgement *judgement;
    const struct ima_judgement *ima; /* NULL: no rule asks, or there is no list */
    struct boot_vector vector;
    bool slots_broken; /* an event broke a rule of the schema (slots_check()), or the boot
                        * told of itself what fails (boot-remark.h) */
    bool observed;     /* mode observe: what failed was recorded and did not count */
};

/* What a log alone tells policies, so that it is read once however often it is judged. Whoever
 * keeps a log may give it one (event_log.boot), which goes before the log's bytes do: it has views
 * into them. About 140 kB. */
struct boot_memo;
struct boot_memo *boot_memo_new(void); /* NULL when memory ends */
void boot_memo_free(struct boot_memo *memo);

/* Memory of a judgement and the signatures of files that it found good; about 4 MB, one for each
 * who judges. */
struct boot_room;
struct boot_room *boot_room_new(void); /* NULL when memory ends */
void boot_room_free(struct boot_room *room);
void boot_room_freep(struct boot_room **room);

/* Judges, notes what is wrong in *verdict and sets its field `reference`. The first cause is the
 * earliest event at fault, then what is missing; a rule that fails is told with its own effect, an
 * event that no slot or rule claims fails. So does, unless a rule of its slot decides, what the
 * boot tells of itself (boot-remark.h): firmware in debug mode (307), a test key as platform key
 * (406), shim without validation (418); memory that is not protected (308), single programs in db
 * (410) and weak certificates (416) are warnings. In mode observe nothing of that fails: it is a
 * warning with 807 beside it. A bank that the log lacks is 111. Allocates nothing. Returns 0;
 * BOOT_E_WORK when ima_work came to its end before the list's signatures did: what was found good
 * is remembered, so that the same question comes further; or a negative errno. Unless 0 neither is
 * of use. -EPROTO: the reader's records of the IMA list are not of its bytes. */
enum { BOOT_E_WORK = 1 };
MUST_CHECK int boot_judge(struct boot_room *room, struct hasher *hasher, const struct boot_ask *ask,
                          struct verdict *verdict, struct boot_told *ret);

/* Whether an event is at fault, or one is named: only then what the device announced can make a
 * difference. */
bool boot_finds_event(const struct boot_told *told, const struct verdict *verdict);

/* What was measured, as people read it: `sha256:HEX label`. Its label comes from its log. Where the
 * device announced it, that stands before the label. */
void boot_say_seen(const struct boot_ask *ask, const struct rule_event *event, char *room,
                   size_t cap);

/* What a rule would have let pass: values of its sets by release, state and label, as many as
 * there is room for; or its word. */
void boot_say_expected(const struct boot_ask *ask, const struct bundle_rule *rule, char *room,
                       size_t cap);

/* A word at fault, escaped. */
void boot_say_token(struct bytes token, char *room, size_t cap);
