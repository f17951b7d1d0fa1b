/* Whose policy judges whom. */
#include "wire/bundle.h"

static bool
is_of(const struct bundle_policy *policy, struct bytes class)
{
    for (size_t i = 0; i < policy->n_classes; i++) {
        if (bytes_equal(policy->classes[i], class)) {
            return true;
        }
    }
    return false;
}

const struct bundle_policy *
bundle_policy_of(const struct bundle *bundle, struct bytes class, struct bytes group)
{
    for (size_t i = 0; i < bundle->n_policies; i++) {
        const struct bundle_policy *policy = &bundle->policies[i];

        if (bytes_equal(policy->group, group) && is_of(policy, class)) {
            return policy;
        }
    }
    return NULL;
}

static bool
is_among(struct bytes group, const struct bytes *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes_equal(groups[i], group)) {
            return true;
        }
    }
    return false;
}

/* The policy for the class alone. That it is off is the bundle's word that references judge. */
static enum bundle_choice
choose_alone(const struct bundle *bundle, struct bytes class, bool apart,
             const struct bundle_policy *ret[2])
{
    const struct bundle_policy *policy = bundle_policy_of(bundle, class, BYTES_NULL);

    if (!policy) {
        return apart ? BUNDLE_CHOICE_APART : BUNDLE_CHOICE_NONE;
    }
    if (policy->mode == BUNDLE_MODE_OFF) {
        return BUNDLE_CHOICE_NONE;
    }
    ret[0] = policy;
    return BUNDLE_CHOICE_ONE;
}

enum bundle_choice
bundle_choose(const struct bundle *bundle, struct bytes class, const struct bytes *groups,
              size_t n_groups, const struct bundle_policy *ret[2])
{
    bool apart = false;
    size_t n = 0;

    ret[0] = ret[1] = NULL;
    for (size_t i = 0; i < bundle->n_policies && n < 2; i++) {
        const struct bundle_policy *policy = &bundle->policies[i];

        if (policy->group.len == 0 || policy->mode == BUNDLE_MODE_OFF || !is_of(policy, class)) {
            continue;
        }
        apart = true;
        if (is_among(policy->group, groups, n_groups)) {
            ret[n++] = policy;
        }
    }
    if (n > 0) {
        return n == 1 ? BUNDLE_CHOICE_ONE : BUNDLE_CHOICE_TWO;
    }
    return choose_alone(bundle, class, apart, ret);
}
