/* The object of explain-device.h as people read it. Appraisal page, section 4. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/std.h"

/* Prints it; verbose: each change of the diff, and each rule's value. An object of another form
 * prints what it has. */
void explain_device_text(FILE *out, const json_t *explained, bool verbose);
