/* What a published bundle does to releases, for the audit log: a row each, by who published it. */
#include <inttypes.h>
#include <stdio.h>

#include "keeper/control.h"

static bool
is_same(const struct bundle_release *a, const struct bundle_release *b)
{
    return bytes_equal(a->component, b->component) && bytes_equal(a->name, b->name) &&
           bytes_equal(a->version, b->version);
}

/* The same release in another bundle; NULL when it is not there, or there is no bundle. */
static const struct bundle_release *
find(const struct bundle *bundle, const struct bundle_release *release)
{
    for (size_t i = 0; bundle && i < bundle->n_releases; i++) {
        if (is_same(&bundle->releases[i], release)) {
            return &bundle->releases[i];
        }
    }
    return NULL;
}

static const char *
state_of(const struct bundle_release *release)
{
    return release ? bundle_state_name(release->state) : "not there";
}

/* Was and is: at least one of them is there, and names it. */
static void
tell(struct control *control, const struct bundle_release *was, const struct bundle_release *is,
     uint64_t sequence)
{
    const struct bundle_release *one = is ? is : was;
    bool days = was && is && was->state == is->state;
    char text[4 * LIMIT_BUNDLE_NAME + 128];

    snprintf(text, sizeof(text), "%.*s/%.*s/%.*s: %s, %s%s, bundle %" PRIu64,
             (int)one->component.len, (const char *)one->component.p, (int)one->name.len,
             (const char *)one->name.p, (int)one->version.len, (const char *)one->version.p,
             state_of(is), days ? "other days" : "was ", days ? "" : state_of(was), sequence);
    keeper_audit(control->keeper, "release", NULL, control->actor, text);
}

static bool
moves(const struct bundle_release *was, const struct bundle_release *is)
{
    return !was || !is || was->state != is->state || was->active_s != is->active_s ||
           was->retire_s != is->retire_s;
}

void
control_releases_audit(struct control *control, const struct bundle *was, const struct bundle *is,
                       uint64_t sequence)
{
    for (size_t i = 0; i < is->n_releases; i++) {
        const struct bundle_release *before = find(was, &is->releases[i]);

        if (moves(before, &is->releases[i])) {
            tell(control, before, &is->releases[i], sequence);
        }
    }
    for (size_t i = 0; was && i < was->n_releases; i++) {
        if (!find(is, &was->releases[i])) {
            tell(control, &was->releases[i], NULL, sequence);
        }
    }
}
