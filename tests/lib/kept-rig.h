/* A store with members and their kept evidence, as a keeper leaves it behind. */
#pragma once

#include "store/store.h"

struct hasher;

/* A class with that name, whose evidence is quoted in SHA-256. */
void kept_rig_class(struct store *store, const char *name);

/* Member n of a class (ids differ by n), fresh, whose last genuine evidence came at at_ms with this
 * log, and of whose userspace log nothing is known. */
struct store_device kept_rig_member(struct store *store, uint32_t n, const char *class_name,
                                    struct bytes log, int64_t at_ms);

/* It is in these groups now, which are made if need be, and in no others. */
void kept_rig_groups(struct store *store, const struct store_device *device, size_t n,
                     const char *const *names);

/* Its evidence with a userspace log, which may be BYTES_NULL for none. */
void kept_rig_userspace(struct store *store, const struct store_device *device, struct bytes log);

/* A copy of a log in which the digest of what shim loads last (PCR 4) is another in every bank, for
 * each n another; memory that lives until the process ends. */
struct bytes kept_rig_kernel(struct bytes log, uint32_t n);

/* A policy of class c that lets pass everything of boot/grub-sb-on, whose Secure Boot is `sb`; more
 * lines of its head, and more rules. */
#define KEPT_RIG_POLICY(head, sb, rules) \
    "policy p version 1 schema 1 {\n  applies class in { c }\n" head KEPT_RIG_RULES(sb, rules)

/* What it quotes and its rules. */
#define KEPT_RIG_RULES(sb, rules)                                                \
    "  quote sha256 pcrs 0,2,4,7\n  rule fw : firmware any\n"                    \
    "  rule version : crtm.version any\n  rule optrom : driver any count 0..9\n" \
    "  rule images : boot.images any\n  rule sb : secureboot " sb "\n"           \
    "  rule a : sb.pk any\n  rule b : sb.kek any\n  rule k : sb.db any\n"        \
    "  rule d : sb.dbx any\n  rule e : boot.authority any\n"                     \
    "  rule f : sb.sbat any\n  rule g : mok any count 0..9\n" rules "}\n"
