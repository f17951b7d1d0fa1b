/* The profile of CoRIM that `policy export` writes, and reads back without a loss of digests, svn
 * and days. A release is a CoMID tag of one reference triple:
 *
 *   class   vendor: who its source is, if it has one; model: "COMPONENT/NAME"
 *   mkey    "PART" or "PART/N" (the part's position, from 1 on), for an event of a variant
 *           "variant/G/N" or "variant/G/N/optional"; several measurements of one mkey are
 *           alternatives of one place, or their algorithms are
 *   version the release's; svn as tag 552
 *   name    the slot whose rule asks for it, or "-"; behind a blank its label
 *   -1      of the tag: {? 0: kind of source, ? 1: true if retiring, ? 2: active, ? 3: retire}, the
 *           days as seconds of UTC
 *
 * Who knows nothing of it has the digests and the versions. Internal to tools/import. */
#pragma once

#include "base/wr.h"
#include "import/corim-names.h"

#define CORIM_OWN_PROFILE "tag:assay.dev,2026:corim-1"
#define CORIM_OWN_KEY (-1)

/* What stands behind the tag's own key. */
struct corim_own_tag {
    struct bytes source_kind; /* empty: it has no source */
    bool retiring;
    uint64_t active_s, retire_s; /* 0: none */
};

/* Returns false when the item is none that we write. */
bool corim_own_tag_read(struct bytes item, struct corim_own_tag *ret);
void corim_own_tag_write(struct wr *wr, const struct corim_own_tag *tag);

/* One event of a variant, or one of a part. */
struct corim_own_place {
    bool variant, optional;
    uint8_t group, position;
    struct bytes part; /* of no variant */
};

#define CORIM_OWN_ROOM 64u
bool corim_own_place_read(struct bytes mkey, struct corim_own_place *ret);
const char *corim_own_place_text(const struct corim_own_place *place, char room[CORIM_OWN_ROOM]);
bool corim_own_place_equal(const struct corim_own_place *a, const struct corim_own_place *b);

/* Writes the release that a tag of our profile is to `out`, and takes its name. vouched: a key that
 * was given has signed the file; else a source that says `vendor` is the operator's, who took the
 * file. Returns 0, or 1 with *ret_fault: CORIM_OWN for what we never write, or a rule of comid.h.
 */
MUST_CHECK int corim_own_put(FILE *out, const struct corim_tag *tag, const struct comid *comid,
                             bool vouched, struct corim_names *names, struct fault *ret_fault);
