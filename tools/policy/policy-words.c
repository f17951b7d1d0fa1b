#include "policy/policy-words.h"

const char *const policy_keys[POLICY_KEYS] = {"ecc-p256", "ecc-p384", "rsa-2048", "rsa-3072",
                                              "rsa-4096"};
const char *const policy_effects[POLICY_EFFECTS] = {"fail", "warn", "note"};
const char *const policy_modes[POLICY_MODES] = {"off", "observe", "enforce"};

int
policy_order(struct bytes a, struct bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int r = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}
