/* A real boot's log with one place out of form, through reader and keeper: what is refused as no
 * log, or for a PCR that there is not, and the padding that some firmware leaves. */
#include "lib/boot-log.h"
#include "lib/check.h"

static void
pcr_24(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_PCR, 24);
}

static void
pcr_32(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_PCR, 32);
}

static void
pcr_huge(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_PCR, 0x7fffffff);
}

static void
pcr_none_measured(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_PCR, 0xffffffff);
}

static void
no_digests(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_COUNT, 0);
}

static void
nine_digests(void)
{
    boot_log_put(boot_log_find(4, 0, 0).offset + BOOT_LOG_COUNT, 9);
}

static void
one_algorithm_twice(void)
{
    struct evlog_event event = boot_log_find(4, 0, 0);
    size_t second = (size_t)(event.digest[1].p - boot_log.room) - 2;

    boot_log.room[second] = 0x04;
}

static void
unnamed_algorithm(void)
{
    struct evlog_event event = boot_log_find(4, 0, 0);
    size_t second = (size_t)(event.digest[1].p - boot_log.room) - 2;

    boot_log.room[second] = 0x12;
}

static void
three_gigabytes(void)
{
    struct evlog_event event = boot_log_find(4, 0, 0);

    boot_log_put((size_t)(event.data.p - boot_log.room) - 4, 0xc0000000);
}

static void
cut_tail(void)
{
    boot_log.len -= 3;
}

static void
padded(void)
{
    memset(boot_log.room + boot_log.len, 0xff, 512);
    boot_log.len += 512;
}

static void
rubbish_behind(void)
{
    memset(boot_log.room + boot_log.len, 0x5a, 512);
    boot_log.len += 512;
}

/* The Spec ID event stands at the beginning: a head of 32 bytes, its signature of 16, platform
 * class, version and uintn size of 8, then the number of banks and each one's id and size. */
enum { SPEC_SIGNATURE = 32, SPEC_BANKS = 32 + 16 + 8, SPEC_FIRST = SPEC_BANKS + 4 };

static void
no_banks(void)
{
    boot_log_put(SPEC_BANKS, 0);
}

static void
nine_banks(void)
{
    boot_log_put(SPEC_BANKS, 9);
}

static void
four_billion_banks(void)
{
    boot_log_put(SPEC_BANKS, UINT32_MAX);
}

static void
bank_twice(void)
{
    boot_log.room[SPEC_FIRST + 4] = boot_log.room[SPEC_FIRST];
}

static void
bank_of_another_size(void)
{
    boot_log.room[SPEC_FIRST + 2] = 32;
}

static void
bank_of_no_size(void)
{
    boot_log.room[SPEC_FIRST + 2] = 0;
}

static void
another_signature(void)
{
    boot_log.room[SPEC_SIGNATURE] ^= 1;
}

static void
spec_in_pcr_7(void)
{
    boot_log.room[0] = 7;
}

static void
spec_twice(void)
{
    memmove(boot_log.room + 2 * (size_t)SPEC_FIRST, boot_log.room + SPEC_FIRST,
            boot_log.len - SPEC_FIRST);
    memcpy(boot_log.room + SPEC_FIRST, boot_log.room, SPEC_FIRST);
    boot_log.len += SPEC_FIRST;
}

static void
padding_only(void)
{
    memset(boot_log.room, 0xff, boot_log.len);
}

static void
one_byte(void)
{
    boot_log.len = 1;
}

static void
padding_in_the_middle(void)
{
    struct evlog_event event = boot_log_find(5, 0, 0);

    memmove(boot_log.room + event.offset + 64, boot_log.room + event.offset,
            boot_log.len - event.offset);
    memset(boot_log.room + event.offset, 0xff, 64);
    boot_log.len += 64;
}

static const struct boot_log_row rows[] = {
    {"PCR 24", pcr_24, REASON_PCR_RANGE},
    {"PCR 32", pcr_32, REASON_PCR_RANGE},
    {"PCR 0x7fffffff", pcr_huge, REASON_PCR_RANGE},
    {"PCR 0xffffffff, measured", pcr_none_measured, REASON_PCR_RANGE},
    {"no digests", no_digests, REASON_LOG_PARSE},
    {"nine digests", nine_digests, REASON_LOG_PARSE},
    {"one algorithm twice", one_algorithm_twice, REASON_LOG_PARSE},
    {"an algorithm that the head does not name", unnamed_algorithm, REASON_LOG_PARSE},
    {"an event of 3 GB", three_gigabytes, REASON_LOG_PARSE},
    {"a cut tail", cut_tail, REASON_LOG_PARSE},
    {"padding of ff", padded, REASON_NONE},
    {"rubbish behind the last event", rubbish_behind, REASON_LOG_PARSE},
    {"no banks", no_banks, REASON_LOG_PARSE},
    {"nine banks", nine_banks, REASON_LOG_PARSE},
    {"4,294,967,295 banks", four_billion_banks, REASON_LOG_PARSE},
    {"a bank twice", bank_twice, REASON_LOG_PARSE},
    {"a bank of another size", bank_of_another_size, REASON_LOG_PARSE},
    {"a bank of no size", bank_of_no_size, REASON_LOG_PARSE},
    {"another signature at the head", another_signature, REASON_LOG_PARSE},
    {"a head in PCR 7", spec_in_pcr_7, REASON_LOG_PARSE},
    {"a second head", spec_twice, REASON_LOG_PARSE},
    {"padding alone", padding_only, REASON_LOG_PARSE},
    {"one byte", one_byte, REASON_LOG_PARSE},
    {"padding in the middle", padding_in_the_middle, REASON_LOG_PARSE},
};

static void
each_break_of_form_is_named(void)
{
    boot_log_rows(rows, ARRAY_LEN(rows), false);
}

CHECK_MAIN(CASE(each_break_of_form_is_named))
