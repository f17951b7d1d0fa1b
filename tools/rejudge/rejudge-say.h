/* What re-judging found, a member a line for people, or as one JSON object that is written while it
 * is found: memory does not grow with the fleet. */
#pragma once

#include <stdio.h>

#include "rejudge/rejudge-walk.h"

struct rejudge_say {
    FILE *out;
    bool json;
    bool fails_only;             /* of people's lines: those that would get no token any more */
    uint64_t n;                  /* members said */
    const struct rulebook *book; /* of the new side: what its causes are called by */
};

void rejudge_say_begin(struct rejudge_say *say);

/* A member whose verdict changes, or that was not judged. */
void rejudge_say_member(struct rejudge_say *say, const struct store_device *device,
                        const struct rejudge_result *result);

/* An id without its first byte, which all have alike, as `assay device list` shows it. */
#define REJUDGE_ID_ROOM (2 * WIRE_UEID_SIZE + 1)
const char *rejudge_say_id(const uint8_t id[WIRE_UEID_SIZE], char room[REJUDGE_ID_ROOM]);

/* Why others were not judged, a line each. */
void rejudge_say_others(FILE *out, const struct rejudge_tally *tally);

/* The counts, and the end. */
void rejudge_say_end(struct rejudge_say *say, const struct rejudge_tally *tally);
