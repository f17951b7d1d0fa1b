/* assay device new-era, rekey, replace: what became of a device. */
#include <inttypes.h>

#include "cmd-control.h"
#include "table.h"

static int
say_era(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    int64_t era = said_must_int(&said, answer, "era");
    int64_t unpinned = said_int(&said, answer, "unpinned", 0);

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "device %s begins era %" PRId64 " with its next evidence",
               ask_short_id(id, full), era);
    ask_unpinned_line(unpinned);
    return 0;
}

static int
say_rekeyed(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    const char *ak = said_must_text(&said, answer, "ak_name");

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "device %s has the AK %.16s now", ask_short_id(id, full), ak);
    return 0;
}

static int
say_replaced(const json_t *answer)
{
    char id[ASK_SHORT_ROOM];
    char old[ASK_SHORT_ROOM];
    struct said said = {0};
    const char *full = said_must_text(&said, answer, "id");
    const char *full_old = said_must_text(&said, answer, "replaces");
    const char *state = said_must_text(&said, answer, "state");
    int64_t unpinned = said_int(&said, answer, "unpinned", 0);

    if (said_wrong(&said)) {
        return 1;
    }
    table_line(stdout, "device %s is %s now, in the place of %s", ask_short_id(id, full), state,
               ask_short_id(old, full_old));
    ask_unpinned_line(unpinned);
    return 0;
}

static int
new_era_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain_device(self, argc, argv, "new-era", say_era);
}

static int
rekey_run(const struct cmd *self, int argc, char **argv)
{
    return ask_plain_device(self, argc, argv, "rekey", say_rekeyed);
}

static int
replace_run(const struct cmd *self, int argc, char **argv)
{
    struct ask ask = {0};
    struct flag_words words = {0};
    char old[ASK_ID_ROOM];
    char new[ASK_ID_ROOM];
    int r = ask_plain_args(self, argc, argv, &ask, &words, 2);

    if (r != 0) {
        return r;
    }
    if (!ask_fingerprint_good(bytes_str(words.words[1]))) {
        return cmd_usage(self, "NEW is a fingerprint of 64 hex digits: give all that the device "
                               "shows");
    }
    ask_word(&ask, "device");
    ask_word(&ask, "replace");
    ask_word(&ask, ask_id(old, words.words[0]));
    ask_word(&ask, ask_id(new, words.words[1]));
    return ask_and_say(&ask, say_replaced);
}

const struct cmd cmd_device_new_era = {
    .name = "device new-era",
    .args = "ID " ASK_ARGS,
    .summary = "accept a device again whose TPM was cleared",
    .help =
        "TPM2_Clear sets a TPM's counters back, and a copy of its state looks alike: until this\n"
        "word the device is refused (113, 114). Say it only when you know that the TPM was\n"
        "cleared. Its next evidence is compared with nothing older, and is pinned anew (`assay\n"
        "device pins`); the same word again changes nothing until then.\n\n" ASK_HELP "Example:\n"
        "  $ assay device new-era 3fa94c10\n"
        "  device 3fa94c10 begins era 1 with its next evidence\n\n"
        "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = new_era_run,
};

const struct cmd cmd_device_rekey = {
    .name = "device rekey",
    .args = "ID " ASK_ARGS,
    .summary = "let another attestation key of the same TPM take over",
    .help =
        "A device that enrols with another attestation key than it is known by is a candidate:\n"
        "`assay device show` names it. The old key stands until the candidate has brought\n"
        "evidence that passes and this word is said; then the old one is unknown. A device does\n"
        "not change its key by itself, so find out first why it did.\n\n" ASK_HELP "Example:\n"
        "  $ assay device rekey 3fa94c10\n\n"
        "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = rekey_run,
};

const struct cmd cmd_device_replace = {
    .name = "device replace",
    .args = "OLD NEW " ASK_ARGS,
    .summary = "put a pending device in the place of another",
    .help =
        "For a machine that got another TPM (a new board, a firmware TPM that was reset): NEW, by\n"
        "the fingerprint that its own console shows (`assay-attestor --fingerprint`), becomes a\n"
        "member of OLD's class, and OLD is removed, with all that was pinned for it. The same\n"
        "words again change nothing.\n\n" ASK_HELP "Example:\n"
        "  $ assay device replace 3fa94c10 5e1f0c2b…64 digits…\n"
        "  device 77d20b5e is provisional now, in the place of 3fa94c10\n\n"
        "Exit status: 0 done, 1 refused, 2 usage.\n",
    .run = replace_run,
};
