/* What a policy asks about a boot beside its events' digests, read from bytes that digests vouch
 * for (events_vouch()) and from nothing else: a variable that was not measured, or measured and not
 * verified, is absent, and a list that breaks its form is not known. Pure; views are into the log's
 * body and into the facts themselves. Appraisal page, sections 2a, 2d and 5d. */
#pragma once

#include "appraise/rule-judge.h"
#include "appraise/slots.h"

/* Bounds of what is kept; a boot with more has lists that are not known. */
#define FACTS_ENTRIES                                                                          \
    4096u                 /* of all lists; the longest dbx seen has 460, its update list 2,048 \
                           */
#define FACTS_CERTS 512u  /* entries that are hashed here: a db has 5 certificates */
#define FACTS_TEXT 16384u /* of UTF-16 made plain; a kernel's command line has 2,048 */
#define FACTS_NUMBERS 64u /* SBAT components and SVN rows: 3 each are known */

/* A variable of one byte. */
enum fact_flag {
    FACT_ABSENT, /* not measured, or not verified */
    FACT_EMPTY,  /* of length 0, as seen where Secure Boot is off */
    FACT_OFF,
    FACT_ON,
    FACT_ODD, /* another length or value: nobody's word for anything */
};

enum fact_rtm { FACT_RTM_SOFTWARE, FACT_RTM_HARDWARE, FACT_RTM_HCRTM };

struct boot_facts {
    enum fact_flag secureboot, audit, deployed, setup;
    enum fact_rtm rtm;    /* by the locality at which PCR 0 began, which replays; software where
                           * no event of PCR 0 is in a slot */
    bool dma_unprotected; /* "DMA Protection Disabled" was measured */
    bool debug;           /* "UEFI Debug Mode" was */
    /* The platform key says that it is for tests; ODD: a key that is there cannot be read. */
    enum fact_flag testkey;
    bool db_hash;                  /* db allows single programs, or what is no certificate */
    bool weak_authority;           /* facts_note_authority() */
    enum fact_flag mok_validation; /* shim checks what it starts; ON: shim measured its lists, and
                                    * nothing says that it does not */

    /* By slot: sb.pk, sb.kek, sb.db, sb.dbx, sb.dbt, sb.dbr, boot.authority. Sorted by (sig,
     * digest), each once; owners do not count. An entry of a kind that no set can name has sig 0
     * and the SHA-256 of its type and data: it is in no set. Rows of dbx that are SVNs are no
     * entries. */
    struct rule_entries lists[SLOT_N];

    uint64_t sbat_level; /* 0: absent or broken; the lowest where there are several */
    size_t n_numbers;    /* components of SBAT by name, SVN rows by GUID */
    struct rule_number numbers[FACTS_NUMBERS];

    /* Private */
    size_t n_entries, n_certs, n_guids, n_text;
    struct rule_entry entries[FACTS_ENTRIES];
    uint8_t certs[FACTS_CERTS][32];
    char guids[FACTS_NUMBERS][40];
    uint8_t text[FACTS_TEXT];
};

/* Fills *ret, which is then not to be moved. Returns 0 or a negative errno. Allocates nothing. */
MUST_CHECK int facts_read(struct hasher *hasher, const struct event_log *log,
                          const struct slot_map *map, struct boot_facts *ret);

/* Sets what rules look at of the facts: entries, words, level and numbers. The facts must outlive
 * *input. Words: secureboot "on" or "off" (also for a length of 0), rtm "hw", "hcrtm" or "sw",
 * sb.mode "setup" (also without a platform key), "audit", "deployed" or "user", sb.testkey "yes" or
 * "no", mok.validation "on" or "off"; absent where nobody knows. */
void facts_input(const struct boot_facts *facts, struct rule_input *input);

/* The events of both logs as rules see them, echoes left out, into ret (room for RULE_EVENTS_MAX);
 * userspace as for slots_assign(). Versions and command lines that were measured as UTF-16 of ASCII
 * are plain text, in facts' memory while there is room: behind it they are not verified, and
 * neither are lines and commands that hold a NUL, in which no rule finds words. One NUL at the end
 * of a text is no part of it. Phases have their word as text. Returns how many. */
size_t facts_events(struct boot_facts *facts, const struct event_log *log,
                    const struct event_log *userspace, const struct slot_map *map, enum hash bank,
                    struct rule_event *ret);
