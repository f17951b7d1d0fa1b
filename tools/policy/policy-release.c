/* release COMPONENT NAME VERSION { … } */
#include "policy/policy-draft.h"

struct release_draft {
    struct bundle_release *release;
    size_t index;
    uint8_t variants;
    size_t first_record; /* of this release */
    struct draft_seen seen;
};

/* The set of that name, which a release of the same component may have begun. */
static size_t
set_of(struct draft *d, struct bytes name, const struct policy_token *at)
{
    size_t set;

    for (size_t i = 0; i < d->n_sets; i++) {
        if (d->sets[i].derived && bytes_equal(d->sets[i].set.name, name)) {
            return i;
        }
    }
    set = d->failed ? SIZE_MAX : draft_set_add(d, name, BUNDLE_SET_DIGESTS, at);
    if (set != SIZE_MAX) {
        d->sets[set].derived = true;
    }
    return set;
}

/* Components and parts make names of sets, COMPONENT.PART, which must come apart again. */
static struct bytes
plain_name(struct draft *d, const char *what)
{
    const struct policy_token *at = d->at;
    struct bytes name = draft_name(d, what);

    for (size_t i = 0; i < name.len; i++) {
        if (strchr("./:", name.p[i])) {
            draft_error_at(d, at, "%s holds none of . / :", what);
        }
    }
    return name;
}

static bool
is_of_component(struct bytes name, struct bytes component)
{
    return name.len > component.len && memcmp(name.p, component.p, component.len) == 0 &&
           (name.p[component.len] == '.' || name.p[component.len] == '/');
}

/* `@fw/x` must be the variants of a release of fw, where there are such: a set that only has the
 * name would be read as them. */
void
draft_check_names(struct draft *d)
{
    for (size_t i = 0; i < d->n_sets; i++) {
        const struct draft_set *set = &d->sets[i];

        for (size_t k = 0; !set->derived && k < d->b->n_releases; k++) {
            struct bytes component = d->b->releases[k].component;

            if (component.len > 0 && is_of_component(set->set.name, component)) {
                draft_error_at(d, set->at, "%.*s names what releases of %.*s hold",
                               (int)set->set.name.len, (const char *)set->set.name.p,
                               (int)component.len, (const char *)component.p);
            }
        }
        d->failed = false;
    }
}

static struct draft_record *
add_digest(struct draft *d, struct release_draft *r, size_t set)
{
    struct draft_record *record = set == SIZE_MAX ? NULL : draft_record_add(d, set);

    if (!record) {
        return NULL;
    }
    record->release = r->index;
    record->alg = draft_digest(d, record->digest);
    return record;
}

/* PART sha256:… ["label"]: how many of this part stand above in the release is the position */
static void
part(struct draft *d, struct release_draft *r)
{
    const struct policy_token *at = d->at;
    struct bytes word = plain_name(d, "a part");
    size_t set = set_of(d, draft_join(d, r->release->component, ".", word), at);
    unsigned position = 0;
    struct draft_record *record;

    /* records of one part ascend: one in two banks has one position */
    for (size_t i = r->first_record; i < d->n_records; i++) {
        position = d->records[i].set == set ? d->records[i].packed.position + 1u : position;
    }
    if (position > UINT8_MAX) {
        draft_error_at(d, at, "more than %u of one part in a release", UINT8_MAX + 1);
        return;
    }
    do {
        record = add_digest(d, r, set);
        if (!record || d->failed) {
            return;
        }
        record->packed.position = (uint8_t)position;
        record->label = draft_label(d);
    } while (draft_sees_digest(d)); /* the same part in another bank */
}

/* One event of a variant: sha256:… [+ sha1:…] [optional] ["label"] */
static void
variant_event(struct draft *d, struct release_draft *r, size_t set, unsigned position)
{
    size_t first = d->n_records;
    bool optional;
    struct bytes label;

    do {
        struct draft_record *record = add_digest(d, r, set);

        if (!record || d->failed) {
            return;
        }
        record->packed.group = r->variants;
        record->packed.position = (uint8_t)position;
    } while (draft_skip(d, "+"));
    optional = draft_skip(d, "optional");
    label = draft_label(d);
    for (size_t i = first; i < d->n_records; i++) {
        d->records[i].packed.optional = optional;
        d->records[i].label = label;
    }
}

/* variant { EVENT … }: the events of a slot in their order */
static void
variant(struct draft *d, struct release_draft *r)
{
    const struct policy_token *at = d->at;
    struct bytes name = draft_join(d, r->release->component, "/", r->release->name);
    size_t set = set_of(d, name, at);
    unsigned position = 0;

    if (r->variants == UINT8_MAX) {
        draft_error(d, "more than %u variants", UINT8_MAX);
    }
    if (!draft_open(d)) {
        return;
    }
    while (draft_more(d)) {
        if (position > UINT8_MAX) {
            draft_error(d, "a variant has at most %u events", UINT8_MAX + 1);
        }
        variant_event(d, r, set, position++);
    }
    if (position == 0) {
        draft_error_at(d, at, "a variant without events is no boot's");
    }
    r->variants++;
}

static void
cmdline(struct draft *d, struct bundle_release *release)
{
    struct policy_guess guess = policy_guess(d->at->text);
    char room[GUESS_ROOM];

    for (size_t i = 0; i < d->b->n_cmdlines; i++) {
        policy_guess_try(&guess, d->b->cmdlines[i].name);
        if (bytes_equal(d->b->cmdlines[i].name, d->at->text)) {
            release->cmdline = (uint16_t)i;
            d->at++;
            return;
        }
    }
    draft_error(d, "no cmdline block of this name%s", policy_guess_text(&guess, room));
}

/* Names of one letter. */
static void
slots(struct draft *d, struct bundle_release *release)
{
    release->slots = draft_name(d, "a boot slot such as A");
    while (!d->failed && d->at->kind == LEX_WORD && d->at->text.len == 1) {
        release->slots = draft_join(d, release->slots, " ", draft_name(d, "a boot slot such as B"));
        if (release->slots.len > LIMIT_BUNDLE_NAME) {
            draft_error(d, "that many boot slots no device has");
        }
    }
}

static void
state(struct draft *d, struct bundle_release *release)
{
    release->state = d->at->kind == LEX_WORD ? bundle_state_from(d->at->text) : 0;
    if (release->state == 0) {
        draft_error(d, "a state is staged, active, retiring, retired or revoked");
        return;
    }
    d->at++;
}

static bool
initrd_announced(struct draft *d)
{
    return draft_sees(d, "initrd") && d->at[1].kind == LEX_WORD &&
           bytes_equal(d->at[1].text, bytes_str("announced-by-device"));
}

static void
announced(struct draft *d, struct release_draft *r)
{
    struct bundle_release *release = r->release;

    draft_once(d, d->at + 1, &r->seen, "announced-by-device");
    d->at += 2;
    release->announced_initrd = draft_skip(d, "signed-kernel");
    if (!release->announced_initrd) {
        draft_error(d, "signed-kernel is wanted here: an announcement counts only under one");
    }
}

static bool
times(struct draft *d, struct release_draft *r)
{
    struct bundle_release *release = r->release;

    if (draft_skip_once(d, "active", &r->seen)) {
        release->active_s = draft_date(d);
    } else if (draft_skip_once(d, "retire", &r->seen)) {
        release->retire_s = draft_date(d);
    } else if (draft_skip_once(d, "replaces", &r->seen)) {
        release->replaces = draft_name(d, "a version of the same name");
    } else if (draft_skip_once(d, "overlap", &r->seen)) {
        release->overlap_s = draft_span(d);
    } else {
        return false;
    }
    return true;
}

static void
item(struct draft *d, struct release_draft *r)
{
    struct bundle_release *release = r->release;

    if (times(d, r)) {
        return;
    }
    if (draft_skip_once(d, "source", &r->seen)) {
        release->source_kind = draft_name(d, "vendor, pipeline, operator or cohort");
        release->source = draft_name(d, "who it comes from");
    } else if (draft_skip_once(d, "svn", &r->seen)) {
        release->svn = draft_number(d, "a security version number", INT64_MAX);
    } else if (draft_skip_once(d, "state", &r->seen)) {
        state(d, release);
    } else if (draft_skip_once(d, "slots", &r->seen)) {
        slots(d, release);
    } else if (draft_skip_once(d, "cmdline", &r->seen)) {
        cmdline(d, release);
    } else if (draft_skip(d, "variant")) {
        variant(d, r);
    } else if (initrd_announced(d)) {
        announced(d, r);
    } else {
        part(d, r);
    }
}

static void
release_check(struct draft *d, const struct bundle_release *r, const struct policy_token *at)
{
    for (const struct bundle_release *one = d->b->releases; one < r; one++) {
        if (bytes_equal(one->component, r->component) && bytes_equal(one->name, r->name) &&
            bytes_equal(one->version, r->version)) {
            draft_error_at(d, at, "this release stands above already");
        }
    }
    if (r->retire_s > 0 && r->retire_s <= r->active_s) {
        draft_error_at(d, at, "the release retires before it is active");
    }
    if (r->overlap_s > 0 && (r->replaces.len == 0 || r->active_s == 0)) {
        draft_error_at(d, at, "overlap needs `replaces VERSION`, and `active DATE` to count from");
    }
}

void
draft_release_block(struct draft *d)
{
    const struct policy_token *at = d->at;
    struct release_draft r = {.index = d->b->n_releases, .first_record = d->n_records};

    if (d->b->n_releases == LIMIT_BUNDLE_RELEASES) {
        draft_error(d, "more than %u releases", LIMIT_BUNDLE_RELEASES);
        draft_skip_block(d);
        return;
    }
    r.release = &d->b->releases[r.index];
    *r.release = (struct bundle_release){.state = BUNDLE_ACTIVE, .cmdline = BUNDLE_NONE};
    r.release->component = plain_name(d, "a component such as os or fw");
    r.release->name = draft_name(d, "a name for the release");
    r.release->version = draft_name(d, "a version");
    if (!draft_open(d)) {
        draft_skip_block(d);
        return;
    }
    while (draft_more(d)) {
        item(d, &r);
    }
    release_check(d, r.release, at);
    d->b->n_releases++;
}
