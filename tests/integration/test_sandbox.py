"""test_sandbox.py ASSAY VERIFIER ATTESTOR TPM_EXTEND MESSAGES: roles of a running service that are
made to do what a hijacked one would. Each dies, main says why, and the next device is served."""

import functools
import os
import re
import signal
import sys

import hijack
import realsite
import tap
from realsite import read

PROGRAMS = realsite.Programs(*sys.argv[1:5])
with open(sys.argv[5]) as table:
    MESSAGES = {name: (int(number), sender, receiver, int(most)) for name, number, sender, receiver,
                most in re.findall(r"^MESSAGE\((\w+), (\d+), (\w+), (\w+), (\d+)\)", table.read(),
                                   re.M)}
OK = 0
AF_INET, SOCK_DGRAM, CLONE_FORK = 2, 2, 17
# What each role is made to call; all of it is forbidden to all three.
CALLS = [("socket", AF_INET, SOCK_DGRAM, 0), ("execve", 0, 0, 0),
         ("mmap", 0, 4096, 7, 0x22, -1, 0), ("ptrace", 16, 1, 0, 0), ("clone", CLONE_FORK, 0, 0),
         ("prctl", 4, 1, 0, 0), ("ioctl", 2, 0x5413, 0), ("bpf", 0, 0, 0),
         ("io_uring_setup", 1, 0)]
OPEN = ("openat", -100, 0, 0o1101, 0o600)  # O_WRONLY, O_CREAT, O_TRUNC


class Live:
    """A site with a member that is affirmed, whose roles are made to misbehave."""

    def __init__(self, site, device):
        self.site, self.device = site, device
        self.lines = site.lines

    def pids(self, role):
        return set(self.site.pids(role))

    def least(self, role):
        """The role's process that is to fall, and no other."""
        pid = min(self.site.pids(role))
        self.site.ours.add(pid)
        return pid

    def whole(self):
        roles = sorted(self.site.roles().values())
        return roles == ["front"] * 2 + ["keeper"] + ["reader"] * 4 + ["stream"]

    def settled(self):
        """All roles run, and main has heard that they are ready."""
        self.site.until(self.whole)
        self.site.until(lambda: self.site.ask("status").code == 0)

    def serves(self):
        """The next device gets its verdict."""
        self.settled()
        self.site.until(lambda: self.device.attest()["exit"] == OK)


def before_each(site, device):
    device.boot()
    site.affirmed(device)


def live(case):
    @realsite.on_a_site(PROGRAMS, before_each)
    @functools.wraps(case)
    def wrapped(site, device):
        case(Live(site, device))
    return wrapped


def status_of(pid):
    text = read(f"/proc/{pid}/status").decode()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


@live
def every_process_is_confined(one):
    one.settled()
    for pid in [one.site.main.pid, *one.site.roles()]:
        status = status_of(pid)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), (pid, status)
        filters = 1 if pid == one.site.main.pid else 2  # main's own goes over to its children
        assert status["Seccomp_filters"] == str(filters), (pid, status)
    assert one.lines("confined") or one.lines("no-landlock")


def dies_of(one, role, name, *args):
    """The least of the role's processes makes the call; returns its pid."""
    one.settled()
    pid = one.least(role)
    hijack.call(pid, name, *args)
    one.site.until(lambda: [line for line in one.lines("role-ended") if line["pid"] == pid])
    said = [line for line in one.lines("role-forbidden") if line["pid"] == pid][0]
    assert (said["ended"], said["signal"]) == (role, "SIGSYS"), said
    named = [line["syscall"] for line in one.lines("forbidden-call") if line["role"] == role]
    assert named[-1] == hijack.NUMBERS[name], (role, name, named)
    ended = [line for line in one.lines("role-ended") if line["pid"] == pid][0]
    assert ended["signal"] == signal.SIGSYS, ended
    return pid


def check_role(one, role, calls):
    for made in calls:
        dies_of(one, role, *made)
        one.site.until(lambda: one.site.main.poll() is None and one.whole())
    one.serves()


@live
def a_hijacked_front_dies_of_its_call_and_the_next_device_is_served(one):
    check_role(one, "front", [OPEN, *CALLS[:4]])


@live
def a_hijacked_stream_dies_of_its_call_and_the_next_device_is_served(one):
    check_role(one, "stream", [OPEN])  # one that just came back may be in no call yet


@live
def a_hijacked_reader_dies_of_its_call_and_the_next_device_is_served(one):
    check_role(one, "reader", [OPEN, *CALLS])


@live
def a_hijacked_keeper_dies_of_its_call_and_the_next_device_is_served(one):
    check_role(one, "keeper", CALLS[:3])


@live
def a_hijacked_main_takes_the_service_with_it(one):
    one.settled()
    pids = list(one.site.roles())
    hijack.call(one.site.main.pid, "socket", AF_INET, SOCK_DGRAM, 0)
    assert one.site.main.wait(timeout=realsite.PATIENCE_S) == -signal.SIGSYS
    assert one.lines("forbidden-call")[0]["role"] == "main"
    one.site.until(lambda: not [pid for pid in pids if os.path.exists(f"/proc/{pid}")])
    one.site.start()  # as systemd would
    one.serves()


@live
def what_is_allowed_does_no_harm_by_the_same_way(one):
    """Else the cases above would prove that ptrace kills. (A front that is told that its wait
    failed ends by itself; the keeper goes on.)"""
    one.settled()
    pid = min(one.pids("keeper"))
    hijack.call(pid, "read", -1, 0, 0)
    one.serves()
    assert one.pids("keeper") == {pid} and not one.lines("role-forbidden")


def other_role_after(one, role, pid):
    one.site.until(lambda: pid not in one.site.roles())
    one.settled()
    assert one.pids(role) and pid not in one.pids(role)


def foreign(sender, receiver):
    """Numbers of messages that this sender may not say to this receiver."""
    return [number for number, by, to, _ in MESSAGES.values()
            if (by, to) != (sender, receiver)]


@live
def a_front_that_speaks_out_of_turn_to_the_keeper_is_replaced(one):
    for number in (*foreign("FRONT", "KEEPER")[::5], 999):
        one.settled()
        pid = one.least("front")
        hijack.say(pid, hijack.channels(pid)[1], number)
        other_role_after(one, "front", pid)
    assert one.lines("front-gone")
    one.serves()


@live
def a_front_that_is_ready_twice_is_replaced(one):
    one.settled()
    pid = one.least("front")
    hijack.say(pid, 3, MESSAGES["FRONT_READY"][0])
    other_role_after(one, "front", pid)
    assert one.lines("role-broken")[0]["why"] == "it was ready twice"
    one.serves()


@live
def a_role_that_tells_main_what_it_may_not_is_replaced(one):
    for role, number in (("front", MESSAGES["KEEPER_READY"][0]), ("front", 999),
                         ("keeper", MESSAGES["FRONT_READY"][0]),
                         ("keeper", MESSAGES["KEEPER_SETUP"][0])):
        one.settled()
        pid = one.least(role)
        hijack.say(pid, 3, number)
        other_role_after(one, role, pid)
    assert {line["why"] for line in one.lines("role-broken")} == {"it spoke out of turn"}
    one.serves()


@live
def a_reader_that_speaks_unasked_or_too_long_is_replaced(one):
    records = MESSAGES["LOG_RECORDS"]
    for number, length in ((records[0], None), (records[0], records[3] + 1),
                           (MESSAGES["REQUEST"][0], None), (999, None)):
        one.settled()
        pid = one.least("reader")
        hijack.say(pid, 3, number, length=length)
        other_role_after(one, "reader", pid)
    one.serves()


CASES = (
    every_process_is_confined,
    a_hijacked_front_dies_of_its_call_and_the_next_device_is_served,
    a_hijacked_stream_dies_of_its_call_and_the_next_device_is_served,
    a_hijacked_reader_dies_of_its_call_and_the_next_device_is_served,
    a_hijacked_keeper_dies_of_its_call_and_the_next_device_is_served,
    a_hijacked_main_takes_the_service_with_it,
    what_is_allowed_does_no_harm_by_the_same_way,
    a_front_that_speaks_out_of_turn_to_the_keeper_is_replaced,
    a_front_that_is_ready_twice_is_replaced,
    a_role_that_tells_main_what_it_may_not_is_replaced,
    a_reader_that_speaks_unasked_or_too_long_is_replaced,
)


if __name__ == "__main__":
    if not hijack.available():
        tap.skip_all("needs root and x86-64")
    realsite.run_cases(CASES, sys.argv[6:])
