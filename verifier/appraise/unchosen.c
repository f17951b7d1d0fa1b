#include "appraise/unchosen.h"

#include <stdio.h>

void
unchosen_refuse(struct verdict *verdict, const struct bundle_policy *const two[2])
{
    const struct fault fault = {.rule = RULE_POLICY_TWO, .event = FAULT_NO_EVENT};
    char seen[2 * LIMIT_BUNDLE_NAME + sizeof(" and ")];

    if (!two[0]) {
        (void)verdict_check(verdict, &verdict->reference, false, RULE_POLICY_APART);
        return;
    }
    snprintf(seen, sizeof(seen), "%.*s and %.*s", (int)two[0]->name.len,
             (const char *)two[0]->name.p, (int)two[1]->name.len, (const char *)two[1]->name.p);
    verdict->reference = CHECK_FAILED;
    verdict_add(verdict, rule_reason(RULE_POLICY_TWO), &fault, FAULT_NO_EVENT, "one policy", seen);
}
