#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12: what the versions 3 to 6 added. */
enum {
    FS_TRUNCATE = 1 << 14,
    FS_IOCTL_DEV = 1 << 15,
    NET_BIND_CONNECT_TCP = 3,
    SCOPE_ABSTRACT_SOCKET_SIGNAL = 3,
    FS_FIRST = (1 << 13) - 1, /* all of version 1 */
};

struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scopes;
};

/* What a process may do in its own folders. */
static const uint64_t own_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                   FS_TRUNCATE;

unsigned
sandbox_files_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version < 0 ? 0 : (unsigned)version;
}

/* Everything that this version can forbid. Returns the size that it knows of the struct. */
static size_t
forbid_all(unsigned version, struct ruleset *ret)
{
    *ret = (struct ruleset){.files = FS_FIRST};
    ret->files |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0u;
    ret->files |= version >= 3 ? (uint64_t)FS_TRUNCATE : 0u;
    ret->files |= version >= 5 ? (uint64_t)FS_IOCTL_DEV : 0u;
    ret->net = version >= 4 ? NET_BIND_CONNECT_TCP : 0;
    ret->scopes = version >= 6 ? SCOPE_ABSTRACT_SOCKET_SIGNAL : 0;
    return version >= 6 ? sizeof(*ret) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int
allow_folder(int rules, const struct ruleset *forbidden, const char *folder)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = own_rights & forbidden->files,
        .parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
    };
    long r;

    if (beneath.parent_fd < 0) {
        return -errno;
    }
    r = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    r = r < 0 ? -errno : 0;
    close(beneath.parent_fd);
    return (int)r;
}

int
sandbox_files(const char *const *folders, size_t n_folders)
{
    unsigned version = sandbox_files_version();
    struct ruleset forbidden;
    size_t size = forbid_all(version, &forbidden);
    int rules;
    int r = 0;

    if (version == 0) {
        return SANDBOX_E_NONE;
    }
    rules = (int)syscall(SYS_landlock_create_ruleset, &forbidden, size, 0);
    if (rules < 0) {
        return -errno;
    }
    for (size_t i = 0; r == 0 && i < n_folders; i++) {
        r = allow_folder(rules, &forbidden, folders[i]);
    }
    if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0) {
        r = -errno;
    }
    close(rules);
    return r;
}
