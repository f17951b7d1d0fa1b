/* A device that no policy judges though its class has some for groups: of these, none or two are
 * for it. Appraisal page, section 5b. */
#pragma once

#include "appraise/verdict.h"
#include "wire/bundle.h"

/* Fails `reference` for what bundle_choose() left in two: by RULE_POLICY_TWO, which names both, or
 * where it is NULL by RULE_POLICY_APART. */
void unchosen_refuse(struct verdict *verdict, const struct bundle_policy *const two[2]);
