"""A fleet of software devices against the real verifier: what one attestation costs it.

Numbers come from bench-fleet, which is the devices, and from /proc, where the verifier's processes
say what CPU they used."""

import json
import os
import subprocess

from realsite import Site, read, write

TICKS = os.sysconf("SC_CLK_TCK")
LOG = "boot/grub-sb-on/binary_bios_measurements"


def cpu_s(pid, children=False):
    """User and system seconds of a process so far; with those of children that it has buried."""
    fields = read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()
    ticks = sum(int(field) for field in fields[11:15 if children else 13])
    return ticks / TICKS


class Fleet:
    """Devices of bench-fleet, stage by stage."""

    def __init__(self, program, site, devices, rounds):
        self.site = site
        self.process = subprocess.Popen(
            [program, str(site.port), "test.assay", LOG, str(devices), str(rounds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def wait(self, stage):
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            raise RuntimeError(f"bench-fleet: {line}{self.process.stdout.read()}"
                               f"\n{self.site.log_text()[-1500:]}")
        told = json.loads(line)
        assert told["stage"] == stage, told
        return told

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def roles_cpu(self):
        """role -> CPU seconds; readers that have ended count with main, which buries them."""
        used = {"main": cpu_s(self.site.main.pid, children=True)}
        for pid, role in self.site.roles().items():
            used[role] = used.get(role, 0) + cpu_s(pid)
        return used

    def measure(self, name):
        """One measurement: what bench-fleet says of it, and CPU microseconds an attestation."""
        assert self.wait("begin")["name"] == name
        before = self.roles_cpu()
        self.go()
        told = self.wait("end")
        after = self.roles_cpu()
        told["cpu_us"] = {role: (after[role] - before.get(role, 0)) * 1e6 / told["n"]
                          for role in after}
        self.go()
        return told

    def inventory(self, path):
        told = self.wait("inventory")
        write(path, "".join(f"{print_},fleet\n" for print_ in told["fingerprints"]))
        self.site.assay("device", "import", path)
        self.go()

    def golden(self):
        first = self.wait("golden")["from"]
        row = [row for row in self.site.devices() if row["fingerprint"] == first][0]
        self.site.assay("golden", "learn", "--class", "fleet", "--from", row["id"], "--yes")
        self.go()


def ratio(told):
    """Verifier's CPU to what cannot be saved, and to that without the client's half."""
    bare = told["bare"]
    used = sum(told["cpu_us"].values()) * 1000
    rest = bare["verify_ns"] + bare["sign_ns"]
    return {"of_bare": used / (bare["resumption_ns"] + rest),
            "of_bare_server": used / (bare["accepting_ns"] + rest)}


def measure(programs, bench_fleet, folder, devices, rounds):
    os.mkdir(folder)
    with Site(programs, folder) as site:
        site.assay("class", "add", "fleet", "--audience", "bearer:bench")
        with Fleet(bench_fleet, site, devices, rounds) as fleet:
            fleet.inventory(os.path.join(folder, "fleet.csv"))
            fleet.golden()
            fleet.wait("lists")
            site.assay("class", "add", "fleet", "--audience", "bearer:bench", "--pcrs", "0-10,14")
            fleet.go()
            wire = fleet.wait("wire")
            site.assay("class", "add", "fleet", "--audience", "bearer:bench")
            fleet.go()
            results = {"wire": wire, "open": fleet.measure("open"),
                       "resumed": fleet.measure("resumed")}
            assert fleet.process.wait(timeout=60) == 0
    results["resumed"]["ratio"] = ratio(results["resumed"])
    return results
