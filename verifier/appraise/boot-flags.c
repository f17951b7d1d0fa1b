#include "appraise/boot-flags.h"

#include "appraise/kernel-args.h"

/* Words of the kernel (Documentation/admin-guide/kernel-parameters.txt), of its initrd (dracut) and
 * of systemd (kernel-command-line(7)); those that end in = with any value. A flag's words follow
 * each other. */
static const struct {
    const char *flag;
    const char *word;
} words[] = {
    {"debug", "debug"},
    {"debug", "systemd.debug-shell"},
    {"debug", "systemd.debug-shell=1"},
    {"debug", "rd.systemd.debug-shell"},
    {"single", "single"},
    {"single", "1"},
    {"single", "s"},
    {"single", "S"},
    {"single", "emergency"},
    {"single", "rescue"},
    {"single", "systemd.unit=rescue.target"},
    {"single", "systemd.unit=emergency.target"},
    {"init", "init="},
    {"init", "rdinit="},
    {"break", "rd.break"},
    {"break", "rd.break="},
    {"iommu-off", "iommu=off"},
    {"iommu-off", "intel_iommu=off"},
    {"iommu-off", "amd_iommu=off"},
    {"lockdown-off", "lockdown=none"},
    {"ima-off", "ima_appraise=off"},
    {"ima-off", "ima=off"},
    {"modules-unsigned", "module.sig_enforce=0"},
    {"mac-off", "selinux=0"},
    {"mac-off", "enforcing=0"},
    {"mac-off", "apparmor=0"},
    {"mitigations-off", "mitigations=off"},
    {"kaslr-off", "nokaslr"},
};

/* Kernel and systemd take - and _ for the same. */
static bool
is_same(uint8_t a, char b)
{
    return (a == '-' ? '_' : a) == (uint8_t)(b == '-' ? '_' : b);
}

static bool
is_word(struct bytes arg, const char *word)
{
    size_t len = strlen(word);

    if (word[len - 1] == '=' ? arg.len < len : arg.len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_same(arg.p[i], word[i])) {
            return false;
        }
    }
    return true;
}

void
boot_flags(struct bytes line, struct claim_set *ret)
{
    bool found[ARRAY_LEN(words)] = {false};
    struct kernel_arg arg;
    const char *last = "";

    while (kernel_args_next(&line, &arg)) {
        if (arg.too_long) {
            return;
        }
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            found[i] = found[i] || is_word(arg.word, words[i].word);
        }
    }
    claim_set_list(ret, CLAIM_BOOT_CMDLINE_FLAGS);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (found[i] && strcmp(words[i].flag, last) != 0) {
            last = words[i].flag;
            claim_set_add(ret, CLAIM_BOOT_CMDLINE_FLAGS, bytes_str(last));
        }
    }
}
