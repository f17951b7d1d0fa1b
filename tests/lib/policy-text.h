/* A policy that compiles, in pieces, so that a test changes one: HEAD RULES TAIL. */
#pragma once

#define POLICY_DIGEST "sha256:3a9c0000000000000000000000000000000000000000000000000000000000ff"

#define POLICY_HEAD                        \
    "policy laptop version 1 schema 1 {\n" \
    "  applies class in { t14g3 }\n"       \
    "  quote sha256 pcrs 0-9\n"

#define POLICY_RULES                              \
    "  rule fw : firmware one-of @fw/t14 whole\n" \
    "  rule rom : driver device-pin\n"            \
    "  rule chain : boot.images sequence @os.shim @os.kernel\n"

#define POLICY_TAIL                                                           \
    "}\n"                                                                     \
    "release fw t14 1.0 { svn 4 variant { " POLICY_DIGEST " } }\n"            \
    "release os corp 1 { shim " POLICY_DIGEST " kernel " POLICY_DIGEST " }\n" \
    "set certs sb/db { " POLICY_DIGEST " \"Site\" }\n"                        \
    "set certs sb/new published 2026-01-01 { " POLICY_DIGEST " }\n"           \
    "set advisories adv/high { CVE-1 }\n"                                     \
    "set sbat sbat:7 { shim 4 }\n"                                            \
    "cmdline laptop { require ro }\n"                                         \
    "grubcmd debian { words set }\n"                                          \
    "ima corp { skip path /run/** }\n"
