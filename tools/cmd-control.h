/* The operator's subcommands: each asks the verifier over its control socket. */
#pragma once

#include "ask-plain.h"

extern const struct cmd cmd_audit_export;
extern const struct cmd cmd_audit_head;
extern const struct cmd cmd_audit_verify;
extern const struct cmd cmd_class_add;
extern const struct cmd cmd_class_list;
extern const struct cmd cmd_device_accept;
extern const struct cmd cmd_device_approve;
extern const struct cmd cmd_device_code;
extern const struct cmd cmd_device_group;
extern const struct cmd cmd_device_import;
extern const struct cmd cmd_device_list;
extern const struct cmd cmd_device_move;
extern const struct cmd cmd_device_new_era;
extern const struct cmd cmd_device_pins;
extern const struct cmd cmd_device_quarantine;
extern const struct cmd cmd_device_rekey;
extern const struct cmd cmd_device_release;
extern const struct cmd cmd_device_remove;
extern const struct cmd cmd_device_replace;
extern const struct cmd cmd_device_show;
extern const struct cmd cmd_device_unpin;
extern const struct cmd cmd_golden_learn;
extern const struct cmd cmd_golden_show;
extern const struct cmd cmd_group_add;
extern const struct cmd cmd_group_list;
extern const struct cmd cmd_group_remove;
extern const struct cmd cmd_group_show;
extern const struct cmd cmd_policy_active;
extern const struct cmd cmd_policy_publish;
extern const struct cmd cmd_status;
extern const struct cmd cmd_store_backup;
