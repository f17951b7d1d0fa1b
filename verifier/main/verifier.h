/* The program assay-verifier: options, configuration, and either main's work or one role's. */
#pragma once

#include "main/role.h"

/* main() of the program; what the roles do is given, so that tests can stand in for one. Exit
 * status: 0 ended well (or --check: all is well), 1 could not start or broke, 2 usage, or what
 * --check found wrong. */
int verifier_main(int argc, char **argv, const struct role_serve *roles);
