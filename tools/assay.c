/* assay: the offline eye and the operator's hand. Help text comes from the table of subcommands. */
#include <stdio.h>

#include "cmd-code.h"
#include "cmd-control.h"
#include "cmd-ima.h"
#include "cmd-key.h"
#include "cmd-log.h"
#include "cmd-policy.h"

extern const struct cmd cmd_announce;
extern const struct cmd cmd_appraise;
extern const struct cmd cmd_device_explain;
extern const struct cmd cmd_device_log;
extern const struct cmd cmd_quote_check;

extern const struct cmd cmd_ek_check;
extern const struct cmd cmd_setup;
#include "cmd-token.h"

const struct cmd *const cmd_table[] = {
    /* clang-format off */
    &cmd_setup,
    &cmd_status,
    &cmd_device_list,
    &cmd_device_show,
    &cmd_device_explain,
    &cmd_device_log,
    &cmd_device_approve,
    &cmd_device_quarantine,
    &cmd_device_release,
    &cmd_device_remove,
    &cmd_device_new_era,
    &cmd_device_rekey,
    &cmd_device_replace,
    &cmd_device_move,
    &cmd_device_group,
    &cmd_device_pins,
    &cmd_device_accept,
    &cmd_device_unpin,
    &cmd_device_code,
    &cmd_device_import,
    &cmd_class_add,
    &cmd_class_list,
    &cmd_group_add,
    &cmd_group_remove,
    &cmd_group_list,
    &cmd_group_show,
    &cmd_golden_learn,
    &cmd_golden_show,
    &cmd_golden_stage,
    &cmd_golden_promote,
    &cmd_golden_retire,
    &cmd_golden_revoke,
    &cmd_golden_suggest,
    &cmd_key_list,
    &cmd_key_rotate,
    &cmd_store_backup,
    &cmd_audit_head,
    &cmd_audit_export,
    &cmd_audit_verify,
    &cmd_policy_learn,
    &cmd_policy_export,
    &cmd_policy_import,
    &cmd_policy_check,
    &cmd_policy_compile,
    &cmd_policy_sign,
    &cmd_policy_show,
    &cmd_policy_test,
    &cmd_policy_report,
    &cmd_policy_publish,
    &cmd_policy_active,
    &cmd_appraise,
    &cmd_log_show,
    &cmd_log_diff,
    &cmd_ima_show,
    &cmd_ima_set_make,
    &cmd_ima_set_show,
    &cmd_ima_set_check,
    &cmd_quote_check,
    &cmd_ek_check,
    &cmd_token_verify,
    &cmd_token_show,
    &cmd_announce,
    &cmd_code_show,
    &cmd_code_list,
    NULL,
    /* clang-format on */
};

static void
print_overview(FILE *out)
{
    fprintf(out, "usage: assay COMMAND …\n\n");
    for (size_t i = 0; cmd_table[i]; i++) {
        fprintf(out, "  %-18s %s\n", cmd_table[i]->name, cmd_table[i]->summary);
    }
    fprintf(out, "\n`assay help COMMAND` explains one. Exit status: 0 yes, 1 no, 2 usage.\n");
}

/* Number of words of the command's name that argv begins with; 0 when it is another command. */
static int
match(const char *name, int argc, char **argv)
{
    int words = 0;

    while (*name != '\0') {
        size_t len = strcspn(name, " ");

        if (words == argc || strlen(argv[words]) != len || memcmp(argv[words], name, len) != 0) {
            return 0;
        }
        words++;
        name += len;
        name += strspn(name, " ");
    }
    return words;
}

static const struct cmd *
find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; cmd_table[i]; i++) {
        *ret_words = match(cmd_table[i]->name, argc, argv);
        if (*ret_words > 0) {
            return cmd_table[i];
        }
    }
    return NULL;
}

static int
help(int argc, char **argv)
{
    int words;
    const struct cmd *cmd = find(argc, argv, &words);

    if (!cmd) {
        print_overview(stdout);
        return CMD_YES;
    }
    printf("usage: assay %s %s\n\n%s.\n\n%s", cmd->name, cmd->args, cmd->summary, cmd->help);
    return CMD_YES;
}

static bool
asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static int
run(int argc, char **argv)
{
    int words = 0;
    const struct cmd *cmd;

    if (argc >= 2 && strcmp(argv[1], "help") == 0) {
        return help(argc - 2, argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        printf("assay %s\n", ASSAY_VERSION);
        return CMD_YES;
    }
    cmd = argc >= 2 ? find(argc - 1, argv + 1, &words) : NULL;
    if (argc >= 2 && asks_for_help(argc - 1, argv + 1)) {
        return help(argc - 1, argv + 1);
    }
    if (!cmd) {
        print_overview(stderr);
        return CMD_USAGE;
    }
    return cmd->run(cmd, argc - words, argv + words);
}

/* A yes that nobody can have read is none: what could not be printed makes a no of it. */
static int
printed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }
    fprintf(stderr, "assay: standard output cannot be written\n");
    return code == CMD_YES ? CMD_NO : code;
}

int
main(int argc, char **argv)
{
    return printed(run(argc, argv));
}
