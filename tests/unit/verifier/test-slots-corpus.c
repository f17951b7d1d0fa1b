/* appraise/slots over every log that we have, as the keeper sees them: read by a reader, taken as
 * records, vouched for. The tables in tests/vectors/slots were looked through by people: event,
 * PCR, slot, marks (v its text is verified, l by a label, =N repeats event N), rule. */
#include <stdio.h>
#include <stdlib.h>

#include "appraise/slots.h"
#include "lib/check.h"
#include "reader/reader.h"
#include "roles/records.h"

enum { ROOM = 4 * 1024 * 1024 };

static uint8_t room[ROOM];
static struct event events[LIMIT_EVENTS];
static struct event_log got;
static struct slot_map map;
static struct hasher *hasher;

static enum hash
judged_bank(void)
{
    return event_log_bank(&got, HASH_SHA256) < got.n_banks ? HASH_SHA256 : got.banks[0];
}

static void
assign(struct bytes log)
{
    struct wr wr = wr_init(room, sizeof(room));

    hasher = hasher ? hasher : hasher_new();
    CHECK_EQ(reader_parse(log, hasher, &wr, NULL), 0);
    CHECK_EQ(records_read(wr_done(&wr), events, &got), 0);
    CHECK_EQ(events_vouch(hasher, log, &got), 0);
    CHECK_EQ(slots_assign(hasher, &got, NULL, (struct pcr_set){judged_bank(), PCR_MASK_ALL}, &map),
             0);
}

/* The table's line of an event. */
static void
print_line(FILE *out, size_t i)
{
    const struct slot_event *event = &map.events[i];
    char name[RULE_NAME_MAX];

    fprintf(out, "%u\t%u\t%s\t", got.events[i].index, got.events[i].pcr,
            slot_table((enum slot)event->slot)->name);
    if (event->flags == 0) {
        fprintf(out, "-");
    }
    fprintf(out, "%s%s", event->flags & SLOT_VERIFIED ? "v" : "",
            event->flags & SLOT_BY_LABEL ? "l" : "");
    if (event->flags & SLOT_ECHO) {
        fprintf(out, "=%u", got.events[event->echo].index);
    }
    fprintf(out, "\t%s\n",
            event->rule == RULE_NONE ? "-" : rule_name((enum rule)event->rule, name));
}

static void
check_table(const char *log, const char *table)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    CHECK(out);
    assign(check_vector(log));
    for (size_t i = 0; i < map.n; i++) {
        bool measured = got.events[i].type != EVENT_NO_ACTION && got.events[i].pcr < 16;

        CHECK_EQ(map.events[i].slot != SLOT_NONE, measured);
        if (measured) {
            print_line(out, i);
        }
    }
    CHECK_EQ(fclose(out), 0);
    CHECK_BYTES(bytes_of(text, len), check_vector(table));
    free(text);
}

static void
every_event_of_every_log_falls_where_people_said(void)
{
    static const char *const logs[] = {
        "arch-linux-workstation",
        "cos-85-amd-sev",
        "debian-10",
        "ebs_event_missing_eventlog",
        "gdc-host",
        "glinux-alex",
        "keylime-mb",
        "option_rom_eventlog",
        "rhel8-uefi",
        "sb_cert_eventlog",
        "short_no_action_eventlog",
        "tpm2-tools-event",
        "tpm2-tools-event-bootorder",
        "tpm2-tools-event-moklisttrusted",
        "tpm2-tools-event-postcode",
        "tpm2-tools-event-sd-boot-fedora37",
        "tpm2-tools-event-uefi-sha1-log",
        "tss-hcrtm",
        "ubuntu-2104-no-dbx",
    };
    static const char *const boots[] = {
        "grub-sb-off-chainloader",
        "grub-sb-off-linuxefi",
        "grub-sb-off-logcarrier",
        "grub-sb-on",
        "grub-sb-on-ima",
        "sdboot-uki-sb-on",
        "tampered-cmdline",
        "tampered-extradev",
        "tampered-initrd",
        "tampered-optrom-sbon",
        "uboot-arm64",
    };
    char log[128];
    char table[128];

    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        snprintf(log, sizeof(log), "evlog/%s.bin", logs[i]);
        snprintf(table, sizeof(table), "slots/%s.tsv", logs[i]);
        check_table(log, table);
    }
    for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
        snprintf(log, sizeof(log), "boot/%s/binary_bios_measurements", boots[i]);
        snprintf(table, sizeof(table), "slots/%s.tsv", boots[i]);
        check_table(log, table);
    }
}

/* Nothing but the log's own bytes decides: a copy elsewhere gives the same. */
static void
one_of_the_logs_twice_gives_the_same_map(void)
{
    static struct slot_map first;
    struct bytes log = check_vector("boot/grub-sb-on/binary_bios_measurements");

    assign(log);
    first = map;
    memset(&map, 0xff, sizeof(map));
    assign(check_guarded(log));
    CHECK_EQ(map.n, first.n);
    CHECK_EQ(memcmp(map.counts, first.counts, sizeof(map.counts)), 0);
    for (size_t i = 0; i < map.n; i++) {
        CHECK_EQ(map.events[i].slot, first.events[i].slot);
        CHECK_EQ(map.events[i].flags, first.events[i].flags);
    }
}

/* Each event of a real boot relabelled with each type that others have: where that moves it to
 * another slot, a rule or a label flag says so, or both slots are of one kind. */
static void
no_label_makes_code_harmless(void)
{
    struct bytes log = check_vector("boot/grub-sb-on/binary_bios_measurements");
    uint32_t types[64];
    size_t n_types = 0;
    size_t n_events;

    assign(log);
    n_events = map.n;
    for (size_t i = 0; i < n_events && n_types < ARRAY_LEN(types); i++) {
        types[n_types++] = got.events[i].type;
    }
    for (size_t i = 1; i < n_events; i++) {
        enum slot honest;
        uint32_t type;

        assign(log);
        honest = (enum slot)map.events[i].slot;
        type = got.events[i].type;
        for (size_t k = 0; k < n_types && slot_table(honest)->flags & SLOT_F_CODE; k++) {
            events[i].type = types[k];
            CHECK_EQ(slots_assign(hasher, &got, NULL, (struct pcr_set){judged_bank(), PCR_MASK_ALL},
                                  &map),
                     0);
            CHECK(map.events[i].slot == SLOT_NONE || map.events[i].rule != RULE_NONE ||
                  map.events[i].flags & SLOT_BY_LABEL ||
                  slot_table((enum slot)map.events[i].slot)->flags & SLOT_F_CODE);
        }
        events[i].type = type;
    }
}

CHECK_MAIN(CASE(every_event_of_every_log_falls_where_people_said),
           CASE(one_of_the_logs_twice_gives_the_same_map), CASE(no_label_makes_code_harmless))
