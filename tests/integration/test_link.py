"""link.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: attestor and verifier over a bad network,
over IPv6, and with connections that are resumed at whoever serves now."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import realsite
import udp_relay
from realsite import read, write
from udp_relay import DROP, LATER, PASS, TWICE

PROGRAMS = realsite.Programs(*sys.argv[1:5])
REFUSED, PENDING, OK = 1, 14, 0
PATIENCE_S = 90


def before_each(site, device):
    """A device that is a member, and whose class knows no boot: each evidence is judged, refused by
    803, and one line in the verifier's log."""
    device.boot()
    site.assay("class", "add", "laptops", "--interval", "10")
    device.attest(PENDING)
    site.assay("device", "approve", device.fingerprint(), "--class", "laptops")


on_a_site = realsite.on_a_site(PROGRAMS, before_each)


def servers(device, text):
    conf = read(device.conf).decode().splitlines()
    write(device.conf, "\n".join(f"servers = {text}" if line.startswith("servers") else line
                                 for line in conf) + "\n")


def verdicts(site):
    return site.log_text().count('"id":"device-refused"')


def judged(device):
    outcome = device.attest(REFUSED)
    assert 803 in outcome["reasons"], outcome


class Daemon:
    """The attestor as it stays; its log."""

    def __init__(self, device):
        self.path = device.path("daemon.log")
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAMS.attestor, "--config", device.conf, "--verbose"], stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=20) == 0, self.lines()

    def lines(self):
        return [json.loads(line) for line in read(self.path).decode().splitlines()
                if line.endswith("}")]

    def resumed(self):
        """Of each connection, whether it was."""
        return [line["resumed"] for line in self.lines() if line["id"] == "connected"]

    def until(self, what):
        end = time.monotonic() + PATIENCE_S
        while not what(self):
            assert time.monotonic() < end and self.process.poll() is None, self.lines()
            time.sleep(0.1)


@on_a_site
def a_tenth_of_all_datagrams_may_be_lost(site, device):
    lost = 0
    for seed in range(4):
        before = verdicts(site)
        with udp_relay.Relay(site.port, udp_relay.loss(seed, 0.1)) as relay:
            servers(device, f"127.0.0.1:{relay.port}")
            device.forget()  # enrolment, the PSK connection and the evidence
            judged(device)
            lost += sum(relay.dropped.values())
        assert verdicts(site) == before + 1, site.log_text()
    assert lost > 0


@on_a_site
def datagrams_may_come_twice_and_in_another_order(site, device):
    turn = iter(range(10 ** 6))
    before = verdicts(site)
    with udp_relay.Relay(site.port, lambda up, data: (PASS, TWICE, LATER)[next(turn) % 3]) as relay:
        servers(device, f"127.0.0.1:{relay.port}")
        judged(device)
    assert verdicts(site) == before + 1, site.log_text()


@on_a_site
def a_lost_answer_is_given_again_and_the_evidence_not_judged_again(site, device):
    seen = {"lost": 0, "asked": False}

    def lose(up, data):
        seen["asked"] |= up and udp_relay.is_data(data)
        if not up and seen["asked"] and udp_relay.is_data(data) and seen["lost"] < 2:
            seen["lost"] += 1
            return DROP
        return PASS

    judged(device)  # knows its nonce and the verifier its log: the next is one datagram each way
    before = verdicts(site)
    with udp_relay.Relay(site.port, lose) as relay:
        servers(device, f"127.0.0.1:{relay.port}")
        judged(device)
    assert seen["lost"] == 2 and verdicts(site) == before + 1, (seen, site.log_text())


@on_a_site
def a_machine_that_reboots_comes_back_from_the_same_port(site, device):
    """The verifier still has the connection of before, and nobody took leave of it."""
    def no_goodbye(up, data):
        return DROP if up and data[:1] == b"\x15" else PASS

    with udp_relay.Relay(site.port, no_goodbye, one_port=True) as relay:
        servers(device, f"127.0.0.1:{relay.port}")
        for _ in range(3):
            judged(device)
    assert verdicts(site) == 3, site.log_text()


def the_whole_way_goes_over_ipv6():
    folder = tempfile.mkdtemp(prefix="assay-link-")
    try:
        site = realsite.Site(PROGRAMS, folder, address="::1")
        with site, site.device() as device:
            device.boot()
            site.affirmed(device)
            assert device.tokens() == ["assay.jwt", "token.cwt"], device.tokens()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@on_a_site
def what_killed_a_front_does_not_cost_a_full_handshake(site, device):
    """Its successor knows nothing of the connection, but has main's keys for the ticket."""
    with Daemon(device) as daemon:
        daemon.until(lambda it: it.resumed() == [0] and verdicts(site) == 1)
        for pid in [pid for pid, role in site.roles().items() if role == "front"]:
            os.kill(pid, signal.SIGKILL)
        daemon.until(lambda it: len(it.resumed()) > 1 and verdicts(site) > 1)
        assert daemon.resumed()[:2] == [0, 1], daemon.lines()


@on_a_site
def a_verifier_that_starts_again_is_found_again(site, device):
    """Its keys are new: the ticket is not taken, and the handshake goes on without it."""
    with Daemon(device) as daemon:
        daemon.until(lambda it: it.resumed() == [0] and verdicts(site) == 1)
        assert site.stop() == 0
        site.start()
        daemon.until(lambda it: len(it.resumed()) > 1 and verdicts(site) > 1)
        assert daemon.resumed()[:2] == [0, 0], daemon.lines()


@on_a_site
def a_removed_device_resumes_and_is_refused(site, device):
    with Daemon(device) as daemon:
        daemon.until(lambda it: it.resumed() == [0] and verdicts(site) == 1)
        site.assay("device", "remove", device.row()["id"], "--why", "gone")
        for pid in [pid for pid, role in site.roles().items() if role == "front"]:
            os.kill(pid, signal.SIGKILL)
        daemon.until(lambda it: "4.03" in str(it.lines()))
        assert daemon.resumed()[:2] == [0, 1], daemon.lines()
        assert verdicts(site) == 1, site.log_text()


@on_a_site
def changed_keys_reach_every_front(site, device):
    """With new keys each second a ticket holds for one to two of them; the service goes on."""
    site.stop()
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", "[listen]\nrotate = 1\n"))
    site.start()
    with Daemon(device) as daemon:
        daemon.until(lambda it: it.resumed() == [0])
        time.sleep(3)  # at least two changes
        for pid in [pid for pid, role in site.roles().items() if role == "front"]:
            os.kill(pid, signal.SIGKILL)
        daemon.until(lambda it: len(it.resumed()) > 1)
        assert daemon.resumed()[:2] == [0, 0], daemon.lines()
    assert "out of turn" not in site.log_text() and "role-broken" not in site.log_text()


def with_cookie(hello, answer):
    """The second hello of a stranger: the first with the cookie of the HelloVerifyRequest in it."""
    at = 25 + 34 + 1 + hello[59] + 1  # behind both heads, version and random, session id
    body = hello[25:at - 1] + answer[27:] + hello[at:]
    assert hello[at - 1] == 0 and answer[27] == 32, (hello, answer)
    length = len(body).to_bytes(3, "big")
    return (hello[:10] + b"\x01" + (len(body) + 12).to_bytes(2, "big") + b"\x01" + length
            + b"\x00\x01" + bytes(3) + length + body)


def resident_kb(site):
    """Of the fronts."""
    pages = [read(f"/proc/{pid}/status").decode() for pid, role in site.roles().items()
             if role == "front"]
    return sum(int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) for text in pages)


def strangers(site, hello, n, proved):
    """n ports that say hello and, when proved, go on with the cookie, and say no more."""
    met = 0
    for _ in range(n):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect(("127.0.0.1", site.port))
            one.settimeout(2)
            one.send(hello)
            try:
                answer = one.recv(2048)
                assert len(answer) == 60 < len(hello), answer
                if proved:
                    one.send(with_cookie(hello, answer))
                    assert one.recv(2048)[13] == 2, "no ServerHello"
            except OSError:
                continue  # lost in a full buffer
            met += 1
    return met


@on_a_site
def floods_of_strangers_stop_no_device_and_take_no_memory(site, device):
    hellos = []

    def keep(up, data):
        if up:
            hellos.append(data)
        return PASS

    with udp_relay.Relay(site.port, keep) as relay:
        servers(device, f"127.0.0.1:{relay.port}")
        judged(device)
    servers(device, f"127.0.0.1:{site.port}")
    before = resident_kb(site)
    assert strangers(site, hellos[0], 3000, proved=False) > 2900
    judged(device)
    assert resident_kb(site) < before + 1024, (before, resident_kb(site))
    assert strangers(site, hellos[0], 3000, proved=True) > 2900
    judged(device)  # a stranger's handshake that nobody goes on with gives way
    # limits.h: 128 half-open handshakes a prefix and worker, 43 kB each, and as much again of slack
    assert resident_kb(site) < before + 2 * 128 * 86, (before, resident_kb(site))
    assert verdicts(site) == 3, site.log_text()


CASES = (
    a_tenth_of_all_datagrams_may_be_lost,
    datagrams_may_come_twice_and_in_another_order,
    a_lost_answer_is_given_again_and_the_evidence_not_judged_again,
    a_machine_that_reboots_comes_back_from_the_same_port,
    floods_of_strangers_stop_no_device_and_take_no_memory,
    the_whole_way_goes_over_ipv6,
    what_killed_a_front_does_not_cost_a_full_handshake,
    a_verifier_that_starts_again_is_found_again,
    a_removed_device_resumes_and_is_refused,
    changed_keys_reach_every_front,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[5:])
