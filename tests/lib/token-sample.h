/* One set of claims that the tests of tokens share: full, as a member in good state gets it. */
#pragma once

#include "wire/token.h"

#define TOKEN_SAMPLE_IAT 1790000000

/* Borrowed static memory; the mirror is set. */
struct token_claims token_sample(void);
