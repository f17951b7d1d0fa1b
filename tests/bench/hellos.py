"""Spoofed ClientHellos: what each costs the fronts, what they keep of it, and whether a real device
notices. First at the rate that must be borne, while the device attests; then as fast as one process
can send them, which fills the fronts' queues, so that the device's turn comes behind it."""

import json
import os
import subprocess
import time

import udp_relay
from realsite import Site, read

RATE = 30000
SOCKET_LOCAL, SOCKET_DROPS = 1, -1  # columns of /proc/net/udp


class Flood:
    """bench-hellos, from its first hello to its last."""

    def __init__(self, program, port, rate):
        self.process = subprocess.Popen([program, str(port), str(rate)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "sending\n"
        self.since = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def end(self):
        """What it sent and what was answered; and for how long it sent."""
        lasted = time.monotonic() - self.since
        self.process.stdin.close()
        told = json.loads(self.process.stdout.readline())
        assert self.process.wait(timeout=20) == 0
        return {**told, "seconds": lasted}


def on_cpu_ns(pids):
    return sum(int(read(f"/proc/{pid}/schedstat").split()[0]) for pid in pids)


def dropped(port):
    """Datagrams that found the fronts' queues full."""
    rows = [line.split() for name in ("udp", "udp6")
            for line in read(f"/proc/net/{name}").decode().splitlines()[1:]]
    return sum(int(row[SOCKET_DROPS]) for row in rows
               if int(row[SOCKET_LOCAL].rsplit(":", 1)[1], 16) == port)


def attested(device, relay):
    """Datagrams that one run to a token took the device."""
    before = relay.passed[True]
    for name in device.tokens():
        os.unlink(device.path("tokens", name))
    device.attest(0)
    assert device.tokens()
    return relay.passed[True] - before


def flooded(program, site, rate, least_s, work):
    """What fronts and flood say after work(going), which ends when going() does."""
    fronts = site.pids("front")
    cpu, lost, memory = on_cpu_ns(fronts), dropped(site.port), site.resident_kb("front")
    with Flood(program, site.port, rate) as flood:
        def going():
            assert flood.process.poll() is None, flood.process.stdout.read()
            return time.monotonic() - flood.since < least_s
        done = work(going)
        told = flood.end()
    assert site.pids("front") == fronts, site.log_text()[-2000:]
    return {**told, "taken": told["sent"] - (dropped(site.port) - lost), "done": done,
            "cpu_ns": on_cpu_ns(fronts) - cpu, "grown_kb": site.resident_kb("front") - memory}


def idle(going):
    while going():
        time.sleep(0.05)


def measure(programs, bench_hellos, folder, turns, least_s):
    os.mkdir(folder)
    with Site(programs, folder) as site, site.device() as device, \
            udp_relay.Relay(site.port) as relay:
        device.boot()
        site.affirmed(device)
        device.server(f"127.0.0.1:{relay.port}")
        attested(device, relay)
        quiet = [attested(device, relay) for _ in range(turns)]

        def attesting(going):
            runs = []
            while len(runs) < turns or going():
                runs.append(attested(device, relay))
            return runs
        borne = flooded(bench_hellos, site, RATE, least_s, attesting)
        most = flooded(bench_hellos, site, 0, least_s, idle)
        del most["done"]
        return {"quiet": quiet, "borne": borne, "most": most,
                "behind": [attested(device, relay) for _ in range(turns)]}
