/* What things of a CoRIM are called in a policy. Its names are texts of any kind, ours are words of
 * 48 letters, and no two releases have the same. Internal to tools/import. */
#pragma once

#include "formats/comid.h"
#include "import/import.h"

#define CORIM_DATE_LAST_S 4291660800u /* 2105-12-31: the last day that a policy can say */

#define CORIM_NAMES_ROOM 49u /* LIMIT_BUNDLE_NAME and the NUL */

struct corim_release {
    char component[CORIM_NAMES_ROOM], name[CORIM_NAMES_ROOM], version[CORIM_NAMES_ROOM];
};

/* Names that were given away: of releases, and in `name` of sets. */
struct corim_names {
    size_t n;
    struct corim_release given[LIMIT_BUNDLE_RELEASES];
};

/* A text as a word, with a '-' for every byte that none holds, or `otherwise` for an empty one. */
const char *corim_names_word(struct bytes text, const char *otherwise, char room[CORIM_NAMES_ROOM]);

/* A measurement's part: its key, a number as mkey-N, or "measured"; never a word that begins
 * another line of a release. */
const char *corim_names_part(const struct comid_measurement *m, char room[CORIM_NAMES_ROOM]);

/* Does the word begin another line of a release than a part's? */
bool corim_names_keyword(struct bytes word);

/* Can a policy hold digests of it? SHA-1 it could, with leave; a CoRIM has none. */
bool corim_names_holds(enum hash alg);

/* word and the day, as in ", until 2027-02-28"; nothing for 0. */
void corim_names_put_day(FILE *out, const char *word, uint64_t seconds);

/* Takes a release's name as it is. False when it was given before, or there is no room. */
bool corim_names_take(struct corim_names *names, struct bytes component, struct bytes name,
                      struct bytes version);

/* The release of an environment: component of its model (ask->component says another), layer and
 * index; name of the file's or of the vendor; version, or ask->release. One that was given before
 * gets -2, -3 … behind its version. There must be room in names. */
void corim_names_release(struct corim_names *names, const struct import_ask *ask,
                         const struct import_file *file, const struct comid_env *env,
                         struct bytes version, struct corim_release *ret);

/* The set of a software's files, "swid/NAME". The name lives as long as names. */
const char *corim_names_set(struct corim_names *names, const struct import_file *file,
                            struct bytes software);
