"""floods.py ASSAY VERIFIER ATTESTOR TPM_EXTEND SOFT_CROWD SOFT_CRUSH DTLS_ASK [CASE…]:
a real service that is asked for more than it can do, and whose roles stand still meanwhile. What is
refused has a reason and a time, memory has an end, a device goes on or comes back by itself."""

import contextlib
import os
import signal
import subprocess
import sys

import realsite
from realsite import read

PROGRAMS = realsite.Programs(*sys.argv[1:5])
SOFT_CROWD, SOFT_CRUSH, DTLS_ASK = sys.argv[5:8]
OK = 0
CROWD, PENDING_MAX = 1000, 100
CRUSH = 300  # connections, each with four requests: more than the 1,024 of LIMIT_FRONT_OUTSTANDING


def before_each(site, device):
    device.boot()
    site.affirmed(device)


def on_a_site(*settings):
    """With these lines of the configuration."""
    def ahead(site):
        with open(site.verifier_conf, "a", encoding="utf-8") as conf:
            conf.write("".join(line + "\n" for line in settings))
    return realsite.on_a_site(PROGRAMS, before_each, ahead=ahead)


@contextlib.contextmanager
def standing_still(some):
    """Processes that do nothing until the end."""
    for pid in some:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in some:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Talker:
    """A program of ours that writes lines to a file."""

    def __init__(self, site, name, *command):
        self.site, self.path = site, os.path.join(site.folder, name)
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out,
                                            stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def lines(self):
        return read(self.path).decode("latin-1").split("\n")[:-1]

    def wait_for(self, what):
        """A line that begins so; the program may take its time, as the machine is slow or not."""
        while not [line for line in self.lines() if line.startswith(what)]:
            before = len(self.lines())
            self.site.until(lambda: len(self.lines()) > before or self.process.poll() is not None)
            assert self.process.poll() is None or self.lines()[before:], self.lines()[-3:]
        return [line for line in self.lines() if line.startswith(what)][0]


@on_a_site()
def a_main_that_is_killed_is_succeeded_at_once(site, device):
    for role in ("keeper", "front", "reader"):
        children = site.roles()
        # one that hangs hears of nothing: only the kernel can end it
        with standing_still(site.pids(role)):
            site.main.kill()
            site.main.wait()
            site.start()
            site.until(lambda: not any(realsite.alive(pid) for pid in children))
        assert not set(children) & set(site.roles())
        site.until(lambda: device.attest()["exit"] == OK)


@on_a_site("[limits]", f"pending_max = {PENDING_MAX}")
def a_thousand_strangers_wait_and_a_device_attests(site, device):
    with Talker(site, "crowd", SOFT_CROWD, str(site.port), str(CROWD)) as crowd:
        def come(n):
            crowd.site.until(lambda: len(crowd.lines()) >= n)

        for n in range(50, CROWD // 2 + 1, 50):
            come(n)
        before = site.resident_kb("keeper", "front")
        for n in range(CROWD // 2 + 50, CROWD + 1, 50):
            come(n)
            if n % 250 == 0:
                device.attest(OK)
        assert crowd.process.wait(timeout=realsite.PATIENCE_S) == 0
        told = crowd.lines()
    assert told == ["waits"] * CROWD, [line for line in told if line != "waits"][:5]
    # a tenth of what the crowd would hold if its connections and rows stayed
    assert site.resident_kb("keeper", "front") < before + 4096, before
    rows = site.devices()
    assert sum(row["state"] == "pending" for row in rows) == PENDING_MAX
    assert len(rows) == PENDING_MAX + 1
    device.attest(OK)

    def asked():
        return realsite.run(DTLS_ASK, str(site.port), "post", "enroll", "nonsense").out[:4]
    assert asked() == "4.00"  # and whoever sends such waits, on each of the fronts
    site.until(lambda: asked() == "4.29")
    device.attest(OK)


@on_a_site("[listen]", "workers = 1")
def a_keeper_that_stands_still_has_its_front_refuse_with_a_time(site, device):
    with contextlib.ExitStack() as stack:
        with standing_still(site.pids("keeper")):
            crush = stack.enter_context(Talker(site, "crush", SOFT_CRUSH, str(site.port),
                                               str(CRUSH), str(4 * CRUSH - 1024)))
            summary = crush.wait_for("asked")
            during = site.resident_kb("front")
        refused = [line for line in crush.lines() if line.startswith("refused")]
        assert set(refused) == {"refused 4.29 5"}, set(refused)
        assert summary == f"asked {4 * CRUSH} refused {4 * CRUSH - 1024}", summary
        assert during < 100 * 1024, during  # 300 connections, 43 kB each, and what it is
        crush.process.stdin.write(b"\n")
        crush.process.stdin.flush()
        assert crush.wait_for("answered") == "answered 1024"  # none of them was lost
    device.attest(OK)


CASES = (
    a_main_that_is_killed_is_succeeded_at_once,
    a_thousand_strangers_wait_and_a_device_attests,
    a_keeper_that_stands_still_has_its_front_refuse_with_a_time,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[8:])
