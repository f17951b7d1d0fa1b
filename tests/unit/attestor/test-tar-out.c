/* agent/tar-out: heads and padding; that other people's programs open it is shown by survive. */
#include "agent/tar-out.h"

#include "lib/check.h"

static uint8_t room[8192];

static struct bytes
archive(const char *name, struct bytes content)
{
    struct wr wr = wr_init(room, sizeof(room));

    memset(room, 0xee, sizeof(room));
    tar_out_file(&wr, name, content);
    CHECK_EQ(wr_done(&wr).len, tar_out_size(content.len));
    return wr_done(&wr);
}

static void
files_take_whole_blocks(void)
{
    CHECK_EQ(tar_out_size(0), 512);
    CHECK_EQ(tar_out_size(1), 1024);
    CHECK_EQ(tar_out_size(512), 1024);
    CHECK_EQ(tar_out_size(513), 1536);
    for (size_t n = 0; n <= 1100; n++) {
        static const uint8_t content[1100] = {1};
        struct bytes out = archive("a", bytes_of(content, n));

        CHECK_BYTES(bytes_of(out.p + 512, n), bytes_of(content, n));
        for (size_t i = 512 + n; i < out.len; i++) {
            CHECK_EQ(out.p[i], 0);
        }
    }
}

/* The sum that POSIX defines: all bytes of the head, with blanks where the sum stands. */
static void
the_head_says_name_size_mode_and_its_own_sum(void)
{
    struct bytes out = archive("firmware.log", bytes_str("0123456789"));
    unsigned sum = 0;
    unsigned said = 0;

    CHECK_STR((const char *)out.p, "firmware.log");
    CHECK_STR((const char *)out.p + 100, "0000600");
    CHECK_STR((const char *)out.p + 124, "00000000012"); /* ten, in octal */
    CHECK_EQ(out.p[156], '0');
    CHECK_BYTES(bytes_of(out.p + 257, 8), bytes_of("ustar\00000", 8));
    for (size_t i = 0; i < 512; i++) {
        sum += i >= 148 && i < 156 ? ' ' : out.p[i];
    }
    for (size_t i = 148; i < 154; i++) {
        said = said * 8 + (out.p[i] - '0');
    }
    CHECK_EQ(said, sum);
    CHECK(out.p[154] == 0 && out.p[155] == ' ');
}

static void
names_end_within_their_field(void)
{
    char name[TAR_NAME_MAX + 2];

    memset(name, 'n', sizeof(name));
    name[TAR_NAME_MAX] = '\0';
    CHECK_EQ(archive(name, BYTES_NULL).p[TAR_NAME_MAX], 0);
}

static void
what_does_not_fit_writes_nothing(void)
{
    char name[TAR_NAME_MAX + 2];
    struct wr wr = wr_init(room, sizeof(room));

    memset(name, 'n', sizeof(name) - 1);
    name[TAR_NAME_MAX + 1] = '\0';
    tar_out_file(&wr, name, BYTES_NULL);
    CHECK(wr.failed && wr.len == 0);
    wr = wr_init(room, sizeof(room));
    tar_out_file(&wr, "", BYTES_NULL);
    CHECK(wr.failed && wr.len == 0);
    wr = wr_init(room, 1024);
    tar_out_file(&wr, "a", bytes_of(room, 513));
    CHECK(wr_done(&wr).p == NULL);
}

static void
two_empty_blocks_end_it(void)
{
    struct wr wr = wr_init(room, sizeof(room));

    memset(room, 0xee, sizeof(room));
    tar_out_end(&wr);
    CHECK_EQ(wr_done(&wr).len, TAR_END_SIZE);
    for (size_t i = 0; i < 1024; i++) {
        CHECK_EQ(room[i], 0);
    }
}

CHECK_MAIN(CASE(files_take_whole_blocks), CASE(the_head_says_name_size_mode_and_its_own_sum),
           CASE(names_end_within_their_field), CASE(what_does_not_fit_writes_nothing),
           CASE(two_empty_blocks_end_it))
