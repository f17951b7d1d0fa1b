/* main/slot, main/settings: back-off, what a table cannot judge. */
#include "main/settings.h"
#include "main/slot.h"

#include "lib/check.h"

static void
faults_in_a_row_wait_longer_up_to_a_bound(void)
{
    CHECK_EQ(slot_delay_ms(ROLE_FRONT, 0), 0);
    CHECK_EQ(slot_delay_ms(ROLE_FRONT, 1), 100);
    CHECK_EQ(slot_delay_ms(ROLE_KEEPER, 2), 200);
    CHECK_EQ(slot_delay_ms(ROLE_FRONT, 9), 25600);
    CHECK_EQ(slot_delay_ms(ROLE_FRONT, 10), 30000);
    CHECK_EQ(slot_delay_ms(ROLE_FRONT, 4000000000u), 30000);
    CHECK_EQ(slot_delay_ms(ROLE_READER, 30), 1000);
}

static void
a_minute_of_life_forgets_faults(void)
{
    struct slot slot = {.kind = ROLE_FRONT, .pid = 1, .started_ms = 0, .asked = true};

    CHECK_EQ(slot_ended(&slot, true, 10), 100);
    CHECK_EQ(slot.start_at_ms, 110);
    CHECK(slot.pid == 0 && !slot.asked);
    slot.started_ms = 110;
    CHECK_EQ(slot_ended(&slot, true, 200), 200);
    slot.started_ms = 400;
    CHECK_EQ(slot_ended(&slot, false, 500), 0);
    CHECK_EQ(slot.n_faults, 2);
    slot.started_ms = 500;
    CHECK_EQ(slot_ended(&slot, true, 60500), 100);
}

static void
sites_are_named_like_hosts(void)
{
    CHECK(settings_site_fits("plant-1.example"));
    CHECK(!settings_site_fits(""));
    CHECK(!settings_site_fits("-x"));
    CHECK(!settings_site_fits("A"));
    CHECK(!settings_site_fits("a b"));
    CHECK(!settings_site_fits("a/b"));
}

static void
every_role_has_a_name_that_reads_back(void)
{
    for (unsigned kind = 0; kind < ROLE_KIND_N; kind++) {
        CHECK_EQ(role_from_name(role_name((enum role_kind)kind)), kind);
    }
    CHECK_EQ(role_from_name("main"), ROLE_KIND_N);
}

CHECK_MAIN(CASE(faults_in_a_row_wait_longer_up_to_a_bound), CASE(a_minute_of_life_forgets_faults),
           CASE(sites_are_named_like_hosts), CASE(every_role_has_a_name_that_reads_back))
