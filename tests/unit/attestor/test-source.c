/* source/ and agent/state-file: files as they are found, and written whole. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/state-file.h"
#include "lib/check.h"
#include "source/source-firmware.h"
#include "source/source-smbios.h"
#include "source/source-userspace.h"

static char dir[] = "/tmp/assay-source-XXXXXX";
static char path[256];

static void
begin(void)
{
    CHECK(mkdtemp(dir) != NULL);
}

static const char *
put(const char *name, struct bytes content)
{
    CHECK_EQ(state_file_write(dir, name, content, 0600, STATE_FILE_NO_GROUP), 0);
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void
absent_unreadable_and_large_are_told_apart(void)
{
    struct source_data data = {0};

    begin();
    CHECK_EQ(source_file_read("/proc/nonexistent/file", 10, &data), SOURCE_E_ABSENT);
    CHECK_EQ(source_file_read(dir, 10, &data), SOURCE_E_UNREADABLE);
    CHECK_EQ(source_file_read(put("f", bytes_str("12345678901")), 10, &data), SOURCE_E_LARGE);
    CHECK(data.p == NULL);
    CHECK_EQ(source_file_read(put("f", bytes_str("1234567890")), 10, &data), 0);
    CHECK_BYTES(source_file_bytes(&data), bytes_str("1234567890"));
    source_file_done(&data);
    CHECK_STR(source_file_outcome_name(SOURCE_E_LARGE), "large");
}

static void
files_that_say_they_have_no_size_are_read(void)
{
    struct source_data data = {0};

    CHECK_EQ(source_file_read("/proc/self/status", 65536, &data), 0);
    CHECK(data.len > 100);
    source_file_done(&data);
}

static void
a_file_of_many_rooms_is_whole(void)
{
    static uint8_t content[100000];
    struct source_data data = {0};

    begin();
    for (size_t i = 0; i < sizeof(content); i++) {
        content[i] = (uint8_t)(i * 7);
    }
    CHECK_EQ(source_firmware_read(put("log", BYTES_OF(content)), &data), 0);
    CHECK_BYTES(source_file_bytes(&data), BYTES_OF(content));
    source_file_done(&data);
}

static void
an_empty_firmware_log_is_none(void)
{
    struct source_data data = {0};

    begin();
    CHECK_EQ(source_firmware_read(put("log", BYTES_NULL), &data), SOURCE_E_ABSENT);
}

static void
a_writer_of_the_userspace_log_is_waited_for(void)
{
    struct source_userspace log = {-1};
    struct source_data data = {0};
    int fd;
    pid_t child;

    begin();
    put("log", bytes_str("1"));
    fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    CHECK_EQ(flock(fd, LOCK_EX), 0);
    child = fork();
    if (child == 0) {
        usleep(200000);
        _exit(write(fd, "2", 1) == 1 && flock(fd, LOCK_UN) == 0 ? 0 : 1);
    }
    close(fd); /* the child holds the lock now */
    CHECK_EQ(source_userspace_lock(path, &log), 0);
    CHECK_EQ(source_userspace_read(&log, &data), 0);
    CHECK_BYTES(source_file_bytes(&data), bytes_str("12"));
    source_file_done(&data);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(flock(fd, LOCK_EX | LOCK_NB) != 0);
    source_userspace_unlock(&log);
    CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
    CHECK_EQ(source_userspace_lock(path, &log), SOURCE_E_UNREADABLE);
    source_userspace_unlock(&log);
    CHECK_EQ(source_userspace_lock("/proc/nonexistent", &log), SOURCE_E_ABSENT);
}

static void
machine_texts_are_trimmed_bounded_and_printable(void)
{
    struct source_smbios machine;
    char lengthy[300];

    begin();
    memset(lengthy, 'x', sizeof(lengthy));
    put("sys_vendor", bytes_str("Maker Inc. \n"));
    put("product_name", bytes_of(lengthy, sizeof(lengthy)));
    put("bios_version", bytes_str("1\x1b[0m\xc3\xa9\n"));
    source_smbios_read(dir, &machine);
    CHECK_STR(machine.maker, "Maker Inc.");
    CHECK_EQ(strlen(machine.model), LIMIT_TEXT);
    CHECK_STR(machine.firmware, "1?[0m??");
    CHECK_STR(machine.serial, "");
    CHECK(source_smbios_text(machine.serial, 5).p == NULL);
    CHECK_EQ(source_smbios_text(machine.model, 32).len, 32);
}

static void
a_state_file_is_replaced_whole_with_its_mode(void)
{
    struct source_data data = {0};
    struct stat stat_of;

    begin();
    put("f", bytes_str("old and long"));
    CHECK_EQ(state_file_write(dir, "f", bytes_str("new"), 0640, getgid()), 0);
    CHECK_EQ(state_file_read(dir, "f", 100, &data), 0);
    CHECK_BYTES(source_file_bytes(&data), bytes_str("new"));
    source_file_done(&data);
    CHECK_EQ(stat(path, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 0777, 0640);
    snprintf(path, sizeof(path), "%s/.f.new", dir);
    CHECK_EQ(access(path, F_OK), -1);
    CHECK_EQ(state_file_remove(dir, "f"), 0);
    CHECK_EQ(state_file_remove(dir, "f"), 0);
    CHECK_EQ(state_file_read(dir, "f", 100, &data), SOURCE_E_ABSENT);
    CHECK(state_file_write("/proc/nonexistent/deep", "f", bytes_str("x"), 0600,
                           STATE_FILE_NO_GROUP) < 0);
}

CHECK_MAIN(CASE(absent_unreadable_and_large_are_told_apart),
           CASE(files_that_say_they_have_no_size_are_read), CASE(a_file_of_many_rooms_is_whole),
           CASE(an_empty_firmware_log_is_none), CASE(a_writer_of_the_userspace_log_is_waited_for),
           CASE(machine_texts_are_trimmed_bounded_and_printable),
           CASE(a_state_file_is_replaced_whole_with_its_mode))
