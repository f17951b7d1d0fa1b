#!/usr/bin/env python3
"""The bench on a site of three devices: it runs to its end, and what does not depend on the machine
holds. Nothing here is said about time.

test_bench.py RUN BUILD: prints TAP; skips without swtpm."""

import json
import subprocess
import sys

import swtpm
import tap

SMALL = ("--devices", "3", "--rounds", "2", "--hellos-s", "0.5", "--members", "20",
         "--signed", "100")


def bench(run, build, *words):
    done = subprocess.run([sys.executable, run, "--build", build, *words], timeout=240,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def a_repeat_is_one_datagram_each_way_within_its_bytes(fleet):
    wire = fleet["wire"]
    assert (wire["datagrams_up"], wire["datagrams_down"]) == (1, 1), wire
    assert 0 < wire["payload_up"] <= 500, wire
    assert 0 < wire["cwt"] < wire["payload_down"] <= 1024, wire


def each_device_attested_as_often_as_asked(fleet):
    for name in ("open", "resumed"):
        assert fleet[name]["n"] == 3 * 2, fleet[name]


def every_role_and_the_bare_work_are_told(fleet):
    assert set(fleet["resumed"]["cpu_us"]) == {"main", "front", "stream", "keeper",
                                                 "reader"}
    bare = fleet["resumed"]["bare"]
    assert bare["n"] > 0 and all(bare[part] > 0 for part in bare), bare
    assert set(fleet["resumed"]["ratio"]) == {"of_bare", "of_bare_server"}


def the_attestor_is_measured_with_its_token(told):
    assert told["max_rss_kb"] > told["private_dirty_kb"] > 0, told
    assert told["stripped_kb"] > 0, told
    assert set(told["token_ms"]) == {"user", "system"}, told


def rules_are_measured_over_what_was_asked(told):
    assert (told["digests"], told["rules"], told["events"]) == (60000, 60, 100), told
    assert told["load_ms"] > 0 and told["judge_us"] > 0, told
    assert told["boot"]["events"] > 100, told
    assert told["boot"]["new_us"] > 0 and told["boot"]["known_us"] > 0, told


def a_device_attests_among_hellos_of_which_each_taken_is_answered(told):
    borne = told["borne"]
    assert borne["sent"] > 0 and borne["cpu_ns"] > 0, told
    assert len(borne["done"]) >= 5 and min(borne["done"]) > 0, told
    assert 0 < borne["answered"] <= borne["taken"] <= borne["sent"], told


def nothing_is_kept_of_hellos(told):
    assert told["most"]["grown_kb"] < 1024, told


def a_device_is_served_behind_a_flood_that_no_front_can_take(told):
    most = told["most"]
    assert 0 < most["answered"] <= most["taken"] <= most["sent"], told
    assert most["sent"] > 2 * 64 and len(told["behind"]) == 5, told


def a_million_digests_are_read_and_looked_up_in(told):
    assert (told["digests"], told["entries"]) == (1000000, 10000), told
    assert told["read_ms"] > 0 and told["look_ms"] > 0, told


def signatures_are_judged_new_and_as_seen_before(told):
    assert told["signed"]["entries"] == 100, told
    for key in ("rsa", "p256"):
        assert min(told["signed"][key].values()) > 0, told


def a_bundle_is_tried_on_every_member(told):
    assert (told["members"], told["judged"], told["shared"]) == (20, 20, 2), told
    assert told["s"] > 0 and told["max_rss_kb"] > 0, told


def the_table_has_a_row_for_each_limit(table):
    assert [line for line in table.splitlines() if line.startswith("what")], table
    for limit in ("500", "1024", "1 and 1", "2.5"):
        assert any(f" {limit} " in line for line in table.splitlines()), (limit, table)


def main():
    run, build = sys.argv[1:]
    if swtpm.missing():
        tap.skip_all("no " + ", ".join(swtpm.missing()))
    told = json.loads(bench(run, build, "--json", *SMALL))
    table = bench(run, build, "--only", "fleet", *SMALL)
    tap.run([(a_repeat_is_one_datagram_each_way_within_its_bytes, told["fleet"]),
             (each_device_attested_as_often_as_asked, told["fleet"]),
             (every_role_and_the_bare_work_are_told, told["fleet"]),
             (the_attestor_is_measured_with_its_token, told["attestor"]),
             (rules_are_measured_over_what_was_asked, told["rules"]),
             (a_device_attests_among_hellos_of_which_each_taken_is_answered, told["hellos"]),
             (nothing_is_kept_of_hellos, told["hellos"]),
             (a_device_is_served_behind_a_flood_that_no_front_can_take, told["hellos"]),
             (a_million_digests_are_read_and_looked_up_in, told["ima"]),
             (signatures_are_judged_new_and_as_seen_before, told["ima"]),
             (a_bundle_is_tried_on_every_member, told["policy-test"]),
             (the_table_has_a_row_for_each_limit, table)])


if __name__ == "__main__":
    main()
