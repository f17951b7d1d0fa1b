/* base/log: what a line is, whatever goes into it. */
#include "base/log.h"
#include "lib/check.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static char line[8192];

/* Standard error goes to memory from here on. */
static void catch (void)
{
    int fd = memfd_create("stderr", MFD_CLOEXEC);

    CHECK(fd >= 0);
    CHECK_EQ(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    close(fd);
}

/* All that was written since catch(), NUL-ended. */
static const char *
caught(void)
{
    ssize_t n = pread(STDERR_FILENO, line, sizeof(line) - 1, 0);

    CHECK(n >= 0);
    line[n] = '\0';
    return line;
}

/* The line behind its time. */
static const char *
caught_tail(void)
{
    const char *tail = strstr(caught(), "\"role\"");

    CHECK(tail);
    return tail;
}

static void
a_line_is_one_json_object(void)
{
    catch ();
    log_setup("front", LOG_INFO);
    log_event(LOG_WARNING, "an-id", LOG_STR("s", "text"), LOG_INT("n", 42));
    CHECK_STR(
        caught_tail(),
        "\"role\":\"front\",\"level\":\"warning\",\"id\":\"an-id\",\"s\":\"text\",\"n\":42}\n");
}

static void
numbers_are_written_to_their_ends(void)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, ",\"n\":0}"},
        {-1, ",\"n\":-1}"},
        {10, ",\"n\":10}"},
        {INT64_MAX, ",\"n\":9223372036854775807}"},
        {INT64_MIN, ",\"n\":-9223372036854775808}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        catch ();
        log_event(LOG_ERROR, "x", LOG_INT("n", cases[i].number));
        CHECK(strstr(caught(), cases[i].text));
    }
}

static void
no_byte_writes_a_line_of_its_own(void)
{
    uint8_t all[256];

    catch ();
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (uint8_t)i;
    }
    log_event(LOG_ERROR, "x", LOG_TEXT("t", BYTES_OF(all)));
    for (const char *p = caught(); p[1]; p++) {
        CHECK(*p >= 0x20 && *p <= 0x7e);
    }
    CHECK(strstr(line, "\\u0000\\u0001"));
    CHECK(strstr(line, "!\\u0022#"));
    CHECK(strstr(line, "[\\u005c]"));
    CHECK(strstr(line, "~\\u007f"));
}

static void
a_long_value_is_cut_and_a_long_line_loses_fields(void)
{
    uint8_t control[600] = {0};
    char text[600];

    memset(text, 'a', sizeof(text));
    catch ();
    log_event(LOG_ERROR, "x", LOG_TEXT("t", bytes_of(text, sizeof(text))));
    CHECK(strstr(caught(), "aaa...\"}\n"));
    catch ();
    log_event(LOG_ERROR, "x", LOG_TEXT("gone", BYTES_OF(control)), LOG_INT("kept", 1));
    CHECK(!strstr(caught(), "gone"));
    CHECK(strstr(line, "\"id\":\"x\",\"kept\":1}\n"));
}

static void
digests_are_hex(void)
{
    uint8_t digest[70] = {0xab, 1};

    catch ();
    log_event(LOG_ERROR, "x", LOG_HEX("d", bytes_of(digest, 2)), LOG_HEX("cut", BYTES_OF(digest)));
    CHECK(strstr(caught(), "\"d\":\"ab01\""));
    CHECK_EQ(strlen(strstr(line, "\"cut\":")), strlen("\"cut\":\"\"}\n") + 128);
}

static void
lower_levels_are_silent(void)
{
    catch ();
    log_setup("x", LOG_NOTICE);
    log_event(LOG_INFO, "x", LOG_INT("n", 1));
    CHECK_STR(caught(), "");
    log_event(LOG_NOTICE, "x", LOG_INT("n", 1));
    CHECK(strstr(caught(), "\"level\":\"notice\""));
}

/* A reload turns the level under a role that runs; its name stays. */
static void
the_level_turns_while_it_runs(void)
{
    log_setup("front", LOG_ERROR);
    for (enum log_level lowest = LOG_DEBUG; lowest <= LOG_ERROR; lowest++) {
        log_from(lowest);
        for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            catch ();
            log_event(level, "x", LOG_INT("n", 1));
            if (level < lowest) {
                CHECK_STR(caught(), "");
                continue;
            }
            CHECK(strstr(caught(), log_level_names[level]));
            CHECK(strstr(line, "\"role\":\"front\""));
        }
    }
    CHECK(!log_level_names[LOG_ERROR + 1]);
}

/* The C library's calendar is the judge: each day for 200 years, and the ends of each. */
static void
stamps_are_the_calendars(void)
{
    for (int64_t day = 0; day < 73200; day++) {
        int64_t second = day * 86400 + day * 7 % 86400;
        time_t seconds = (time_t)second;
        char expected[64];
        char stamp[LOG_STAMP_SIZE];
        struct tm tm;

        CHECK(gmtime_r(&seconds, &tm));
        CHECK(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.042Z", &tm) > 0);
        log_stamp(second * 1000 + 42, stamp);
        CHECK_STR(stamp, expected);
    }
}

static void
stamps_have_ends(void)
{
    char stamp[LOG_STAMP_SIZE];

    log_stamp(-1, stamp);
    CHECK_STR(stamp, "1970-01-01T00:00:00.000Z");
    log_stamp(INT64_C(4107542399999), stamp);
    CHECK_STR(stamp, "2100-02-28T23:59:59.999Z");
    log_stamp(INT64_C(4107542400000), stamp);
    CHECK_STR(stamp, "2100-03-01T00:00:00.000Z");
    log_stamp(INT64_C(253402300799999), stamp);
    CHECK_STR(stamp, "9999-12-31T23:59:59.999Z");
    log_stamp(INT64_MAX, stamp);
    CHECK_EQ(strlen(stamp), LOG_STAMP_SIZE - 1);
    CHECK_EQ(memcmp(stamp, "9999-12-31T", 11), 0);
}

CHECK_MAIN(CASE(a_line_is_one_json_object), CASE(numbers_are_written_to_their_ends),
           CASE(no_byte_writes_a_line_of_its_own),
           CASE(a_long_value_is_cut_and_a_long_line_loses_fields), CASE(digests_are_hex),
           CASE(lower_levels_are_silent), CASE(the_level_turns_while_it_runs),
           CASE(stamps_are_the_calendars), CASE(stamps_have_ends))
