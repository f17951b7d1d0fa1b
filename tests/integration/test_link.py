"""link.py ASSAY VERIFIER ATTESTOR TPM_EXTEND FAKE_CLOCK [CASE…]: attestor and verifier over a bad
network, over IPv6, and with connections that are resumed at whoever serves now."""

import socket
import sys
import time

import realsite
import udp_relay
from daemon import Clock
from realsite import read, write
from udp_relay import DROP, LATER, PASS, TWICE

PROGRAMS = realsite.Programs(*sys.argv[1:5])
FAKE_CLOCK = sys.argv[5]
REFUSED, PENDING = 1, 14


def before_each(site, device):
    """A device that is a member, and whose class knows no boot: each evidence is judged, refused by
    803, and one line in the verifier's log."""
    device.boot()
    site.assay("class", "add", "laptops", "--interval", "10")
    device.attest(PENDING)
    site.assay("device", "approve", device.fingerprint(), "--class", "laptops")


def new_keys_each_second(site):
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", "[listen]\nrotate = 1\n"))


on_a_site = realsite.on_a_site(PROGRAMS, before_each)
on_ipv6 = realsite.on_a_site(PROGRAMS, lambda site, device: device.boot(), address="::1")
where_keys_change = realsite.on_a_site(PROGRAMS, before_each, ahead=new_keys_each_second)


def verdicts(site):
    return site.log_text().count('"id":"device-refused"')


def judged(device):
    outcome = device.attest(REFUSED)
    assert 803 in outcome["reasons"], outcome


@on_a_site
def a_tenth_of_all_datagrams_may_be_lost(site, device):
    lost = 0
    for seed in range(4):
        before = verdicts(site)
        with udp_relay.Relay(site.port, udp_relay.loss(seed, 0.1)) as relay:
            device.server(f"127.0.0.1:{relay.port}")
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
        device.server(f"127.0.0.1:{relay.port}")
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
        device.server(f"127.0.0.1:{relay.port}")
        judged(device)
    assert seen["lost"] == 2 and verdicts(site) == before + 1, (seen, site.log_text())


@on_a_site
def a_machine_that_reboots_comes_back_from_the_same_port(site, device):
    """The verifier still has the connection of before, and nobody took leave of it."""
    def no_goodbye(up, data):
        return DROP if up and data[:1] == b"\x15" else PASS

    with udp_relay.Relay(site.port, no_goodbye, one_port=True) as relay:
        device.server(f"127.0.0.1:{relay.port}")
        for _ in range(3):
            judged(device)
    assert verdicts(site) == 3, site.log_text()


@on_ipv6
def the_whole_way_goes_over_ipv6(site, device):
    site.affirmed(device)
    assert device.tokens() == ["assay.jwt", "token.cwt"], device.tokens()


@on_a_site
def what_killed_a_front_does_not_cost_a_full_handshake(site, device):
    """Its successor knows nothing of the connection, but has main's keys for the ticket."""
    with device.daemon() as daemon:
        daemon.until(lambda _: daemon.resumed() == [0] and verdicts(site) == 1)
        for pid in site.pids("front"):
            site.kill(pid)
        daemon.until(lambda _: len(daemon.resumed()) > 1 and verdicts(site) > 1)
        assert daemon.resumed()[:2] == [0, 1], daemon.lines()


@on_a_site
def a_verifier_that_starts_again_is_found_again(site, device):
    """Its keys are new: the ticket is not taken, and the handshake goes on without it."""
    with device.daemon() as daemon:
        daemon.until(lambda _: daemon.resumed() == [0] and verdicts(site) == 1)
        assert site.stop() == 0
        site.start()
        daemon.until(lambda _: len(daemon.resumed()) > 1 and verdicts(site) > 1)
        assert daemon.resumed()[:2] == [0, 0], daemon.lines()


@on_a_site
def a_removed_device_resumes_and_is_refused(site, device):
    with device.daemon() as daemon:
        daemon.until(lambda _: daemon.resumed() == [0] and verdicts(site) == 1)
        site.assay("device", "remove", device.row()["id"], "--why", "gone")
        for pid in site.pids("front"):
            site.kill(pid)
        daemon.until(lambda _: "4.03" in daemon.log())
        assert daemon.resumed()[:2] == [0, 1], daemon.lines()
        assert verdicts(site) == 1, site.log_text()


@where_keys_change
def changed_keys_reach_every_front(site, device):
    """A ticket holds for one to two changes, whichever front made it and whichever is met: fronts
    that were told nothing would take it for ever. The service goes on."""
    fronts = site.pids("front")
    clock = Clock(FAKE_CLOCK, device.path("clock"))
    with device.daemon(clock.environ) as daemon:
        daemon.until(lambda _: daemon.resumed() == [0])
        end = time.monotonic() + realsite.PATIENCE_S
        for _ in range(4):
            time.sleep(2.5)  # two changes, if main is as quick as it should be
            while daemon.again(clock):
                assert time.monotonic() < end, daemon.log()
                time.sleep(2.5)
    assert site.pids("front") == fronts
    assert "out of turn" not in site.log_text() and "role-broken" not in site.log_text()


def with_cookie(hello, answer):
    """The second hello of a stranger: the first with the cookie of the HelloVerifyRequest in it."""
    at = 25 + 34 + 1 + hello[59] + 1  # behind both heads, version and random, session id
    body = hello[25:at - 1] + answer[27:] + hello[at:]
    assert hello[at - 1] == 0 and answer[27] == 32, (hello, answer)
    length = len(body).to_bytes(3, "big")
    return (hello[:10] + b"\x01" + (len(body) + 12).to_bytes(2, "big") + b"\x01" + length
            + b"\x00\x01" + bytes(3) + length + body)


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
        device.server(f"127.0.0.1:{relay.port}")
        judged(device)
    device.server(f"127.0.0.1:{site.port}")
    before = site.resident_kb("front")
    assert strangers(site, hellos[0], 3000, proved=False) > 2900
    judged(device)
    assert site.resident_kb("front") < before + 1024, (before, site.resident_kb("front"))
    assert strangers(site, hellos[0], 3000, proved=True) > 2900
    judged(device)  # a stranger's handshake that nobody goes on with gives way
    # limits.h: 128 half-open handshakes a prefix and worker, 43 kB each, and as much again of slack
    assert site.resident_kb("front") < before + 2 * 128 * 86, (before, site.resident_kb("front"))
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
    realsite.run_cases(CASES, sys.argv[6:])
