#!/usr/bin/env python3
"""Measures a small site: what an attestation costs verifier, wire and device.

usage: tools/bench [--json] [--devices N] [--rounds N] [--hellos-s SECONDS]
                   [--members N] [--signed N]
                   [--only fleet|attestor|rules|hellos|ima|policy-test]

Figures of one machine; the ratios are what is compared. Needs a build; swtpm for the attestor.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEPT_LOG = os.path.join(TOP, "tests", "vectors", "boot", "grub-sb-on",
                        "binary_bios_measurements")
BOOT_LOG = os.path.join(TOP, "tests", "vectors", "evlog", "gdc-host.bin")
sys.path[:0] = [os.path.join(TOP, "tests", "lib"), os.path.join(TOP, "tests", "bench")]
sys.dont_write_bytecode = True
import device  # noqa: E402
import fleet  # noqa: E402
import hellos  # noqa: E402
from realsite import Programs  # noqa: E402


def fleet_rows(told):
    wire, opened, resumed = told["wire"], told["open"], told["resumed"]
    bare = resumed["bare"]
    yield ("repeat, CoAP payload up", f"{wire['payload_up']} bytes", "500",
           wire["payload_up"] <= 500)
    yield ("repeat, CoAP payload down", f"{wire['payload_down']} bytes", "1024",
           wire["payload_down"] <= 1024)
    datagrams = wire["datagrams_up"], wire["datagrams_down"]
    yield "repeat, datagrams up and down", "%d and %d" % datagrams, "1 and 1", datagrams == (1, 1)
    for name, run in (("open", opened), ("resumed", resumed)):
        cpu = run["cpu_us"]
        yield (f"verifier CPU, {name} connection", f"{sum(cpu.values()):.0f} us ("
               + ", ".join(f"{role} {used:.0f}" for role, used in sorted(cpu.items())) + ")",
               "", None)
        yield (f"throughput, {name} connection", f"{run['n'] * 1e6 / run['us']:.0f} a second", "",
               None)
        yield (f"latency, {name} connection", "p50 %.1f, p95 %.1f, p99 %.1f ms" % tuple(
            run[f"p{which}_us"] / 1000 for which in (50, 95, 99)), "", None)
    yield ("bare: resumption, verify, sign", f"{bare['resumption_ns'] / 1000:.0f} (server's half "
           f"{bare['accepting_ns'] / 1000:.0f}), {bare['verify_ns'] / 1000:.0f}, "
           f"{bare['sign_ns'] / 1000:.0f} us", "", None)
    ratio = resumed["ratio"]
    yield ("verifier CPU, resumed, to bare", f"{ratio['of_bare']:.2f}", "2.5",
           ratio["of_bare"] <= 2.5)
    yield ("same, to the server's half of bare", f"{ratio['of_bare_server']:.2f}", "", None)


def device_rows(told):
    for what, name in (("from start to token", "token_ms"),
                       ("of that, to the EK", "fingerprint_ms"),
                       ("of that, to main", "version_ms")):
        used = told[name]
        total = sum(used.values())
        yield (f"attestor CPU, {what}", f"{total:.0f} ms (user {used['user']:.0f}, system "
               f"{used['system']:.0f})", *(("150", total <= 150) if name == "token_ms"
                                           else ("", None)))
    for what, name, most in (("largest RSS", "max_rss_kb", 12288),
                             ("private dirty", "private_dirty_kb", 3072)):
        yield f"attestor, {what}", f"{told[name]} kB", str(most), told[name] <= most
    yield ("attestor, stripped", f"{told['stripped_kb']:.0f} kB", "400",
           told["stripped_kb"] <= 400)


def rules_rows(told):
    yield (f"policy: {told['digests']} digests loaded", f"{told['load_ms']:.0f} ms", "100",
           told["load_ms"] <= 100)
    yield (f"policy: {told['events']} events by {told['rules']} rules",
           f"{told['judge_us']:.1f} us", "5", told["judge_us"] <= 5)
    boot = told["boot"]
    for name, what, most in (("new_us", "new", 150), ("known_us", "known", 15)):
        yield (f"a {what} boot of {boot['events']} events appraised, signature apart",
               f"{boot[name]:.0f} us", str(most), boot[name] <= most)


def hellos_rows(told):
    for name, flood in (("spoofed hellos", told["borne"]), ("as many as can be", told["most"])):
        cpu_us = flood["cpu_ns"] / 1000 / flood["taken"]
        yield (f"{name}, sent for {flood['seconds']:.0f} s",
               f"{flood['sent'] / flood['seconds']:.0f} a second", "", None)
        yield (f"{name}, taken; answered", f"{100 * flood['taken'] / flood['sent']:.0f} %; "
               f"{100 * flood['answered'] / flood['sent']:.0f} %", "", None)
        yield f"{name}, fronts' CPU for each", f"{cpu_us:.1f} us", "15", cpu_us <= 15
        yield (f"{name}, fronts' memory grown", f"{flood['grown_kb']} kB", "1024",
               flood["grown_kb"] <= 1024)
    for name, runs in (("before", told["quiet"]), ("meanwhile", told["borne"]["done"]),
                       ("behind", told["behind"])):
        yield (f"a device {name}: tokens; datagrams up", f"{len(runs)} of {len(runs)}; "
               f"{min(runs)} to {max(runs)}", "", None)


def ima_rows(told):
    yield (f"IMA: a set of {told['digests']} digests read", f"{told['read_ms']:.0f} ms", "", None)
    yield (f"IMA: {told['entries']} entries looked up in it", f"{told['look_ms']:.2f} ms", "10",
           told["look_ms"] <= 10)
    signed = told["signed"]
    for name, what in (("rsa", "RSA-2048"), ("p256", "P-256")):
        cost = signed[name]
        for when, which, most in (("new", "cold_ms", 1000), ("seen before", "warm_ms", 20)):
            yield (f"IMA: {signed['entries']} signatures of {what}, {when}",
                   f"{cost[which]:.1f} ms", str(most), cost[which] <= most)


def told_by(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
                          timeout=120)
    return json.loads(done.stdout)


def rules_measure(tests):
    return {**told_by(os.path.join(tests, "bench-rules")),
            "boot": told_by(os.path.join(tests, "bench-boot"), BOOT_LOG)}


def policy_test_rows(told):
    yield (f"policy test: {told['members']} members, {told['judged']} judged, {told['shared']} of "
           "them as others", f"{told['s']:.1f} s, {told['max_rss_kb'] / 1024:.0f} MB", "5 s",
           told["s"] <= 5)


def policy_test_measure(programs, tests, folder, members):
    """Every member has its own log but each tenth; the new bundle is without all their kernels."""
    os.makedirs(folder)
    store, policy = os.path.join(folder, "kept.db"), os.path.join(folder, "learnt.policy")
    subprocess.run([os.path.join(tests, "bench-kept"), store, KEPT_LOG, str(members)], check=True,
                   timeout=300)
    subprocess.run([programs.assay, "policy", "learn", "--class", "laptops", "--out", policy,
                    KEPT_LOG], check=True, timeout=60, stderr=subprocess.DEVNULL)
    began = time.monotonic()
    child = subprocess.Popen([programs.assay, "policy", "test", "active", policy, "--store", store,
                              "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    counts = json.loads(child.stdout.read())["counts"]
    _, _, used = os.wait4(child.pid, 0)
    return {**{name: counts[name] for name in ("members", "judged", "shared", "same")},
            "s": time.monotonic() - began, "max_rss_kb": used.ru_maxrss}


def table(rows):
    rows = [("what", "measured", "at most", "")] + [
        (what, value, limit, "" if good is None else "yes" if good else "NO")
        for what, value, limit, good in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--devices", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=40, help="attestations of each device")
    parser.add_argument("--only", choices=("fleet", "attestor", "rules", "hellos", "ima",
                                           "policy-test"))
    parser.add_argument("--members", type=int, default=2000, help="of the store of policy-test")
    parser.add_argument("--signed", type=int, default=10000, help="files of ima, 10000 at most")
    parser.add_argument("--hellos-s", type=float, default=15,
                        help="seconds of each flood of spoofed hellos")
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    programs = Programs(*(os.path.join(build, name) for name in (
        "tools/assay", "verifier/assay-verifier", "attestor/assay-attestor", "tests/tpm-extend")))
    # on the disk of the build, as a store in memory would cost no commit
    folder = tempfile.mkdtemp(prefix="bench-", dir=build)
    parts = {
        "fleet": lambda: fleet.measure(programs, os.path.join(build, "tests", "bench-fleet"),
                                       os.path.join(folder, "fleet"), options.devices,
                                       options.rounds),
        "attestor": lambda: device.measure(programs, os.path.join(folder, "attestor")),
        "rules": lambda: rules_measure(os.path.join(build, "tests")),
        "hellos": lambda: hellos.measure(programs, os.path.join(build, "tests", "bench-hellos"),
                                         os.path.join(folder, "hellos"), 5, options.hellos_s),
        "ima": lambda: {**told_by(os.path.join(build, "tests", "bench-ima")),
                        "signed": told_by(os.path.join(build, "tests", "bench-ima-signed"),
                                          str(options.signed))},
        "policy-test": lambda: policy_test_measure(programs, os.path.join(build, "tests"),
                                                   os.path.join(folder, "policy-test"),
                                                   options.members),
    }
    rows = {"fleet": fleet_rows, "attestor": device_rows, "rules": rules_rows,
            "hellos": hellos_rows, "ima": ima_rows,
            "policy-test": policy_test_rows}
    try:
        told = {name: part() for name, part in parts.items() if options.only in (None, name)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(told))
    else:
        table([row for name in told for row in rows[name](told[name])])


if __name__ == "__main__":
    main()
