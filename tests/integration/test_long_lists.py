"""long_lists.py ASSAY VERIFIER ATTESTOR TPM_EXTEND TESTS [CASE…]: IMA lists that are more than UDP
takes, from the real attestor on a software TPM to the real verifier: 4.13 there, then coaps+tcp;
what a class takes; who has no other way. The list's beginning is of a recorded boot."""

import json
import os
import re
import signal
import subprocess
import sys

import imalist
import realsite
from realsite import read, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
BOOT = os.path.join(sys.argv[5], "vectors", "boot", "grub-sb-on-ima")
RECORDED = imalist.parse(read(os.path.join(BOOT, "ima-binary")))
LONG = imalist.made(0, 9000)  # 1.1 MB
LATER = imalist.made(9000, 9020)
OK, TOO_LONG, UDP_MOST = 0, 17, 262144
UDP, TCP = "", "coaps+tcp://"
PATIENCE_S = 60


def goes_by(device, *schemes):
    """Its servers: one a scheme, in order; "" is UDP."""
    names = ", ".join(f"{scheme}{device.site.server}:{device.site.port}" for scheme in schemes)
    write(device.conf, re.sub("(?m)^servers = .*$", f"servers = {names}",
                              read(device.conf).decode()))


def grows(device, entries):
    """What the kernel does for these: the list, and the TPM's PCR 10. Returns the list's length."""
    with open(device.path("ima"), "ab") as file:
        file.write(imalist.joined(entries))
    device.extend(imalist.extend_lines(entries))
    return os.path.getsize(device.path("ima"))


def on_a_site(*words):
    """A member with a short list that was accepted; its class has these settings from then on."""
    def before(site, device):
        device.boot(os.path.join(BOOT, "binary_bios_measurements"))
        grows(device, RECORDED)
        site.approve(device)
        of_class(site, *words)
        site.learn(device)
        goes_by(device, UDP, TCP)
        assert attest(device, OK) == []
    return realsite.on_a_site(PROGRAMS, before)


def of_class(site, *words):
    site.assay("class", "add", "laptops", "--pcrs", "0-10,14", *words)


def limits(site, **settings):
    """Site-wide limits of one evidence, told by a reload."""
    since = len(site.log_text())
    conf = read(site.verifier_conf).decode().split("[limits]")[0]
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    write(site.verifier_conf, conf + f"[limits]\n{lines}")
    site.main.send_signal(signal.SIGHUP)
    site.until(lambda: '"id":"reloaded"' in site.log_text()[since:])


def attest(device, code):
    """What the attestor says of sizes on its way to one verdict."""
    done = device.attestor("--once", "--json")
    assert done.code == code, (done, device.site.log_text()[-2000:])
    assert code != OK or json.loads(done.out)["tier"] == "affirming", done
    lines = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    return [re.sub(r"of \d+ bytes", "of N bytes", line["why"]) for line in lines
            if line["id"] == "too-long"]


def judged(device):
    return {key: value for key, value in device.row().items() if key in ("state", "tier", "reason")}


NOW_TCP = f"evidence of N bytes, at most {UDP_MOST} over UDP, now over TCP"
BY_CLASS = (f"evidence of N bytes, at most {UDP_MOST} of this device's class "
            "(assay class add --evidence-max)")


@on_a_site("--evidence-max", "2M")
def a_long_list_goes_over_tcp_and_its_rest_over_udp(site, device):
    grows(device, LONG)
    assert attest(device, OK) == [NOW_TCP]
    goes_by(device, UDP)
    grows(device, LATER)
    assert attest(device, OK) == []  # the rest alone, and no other way was needed
    os.unlink(device.path("state", "known"))
    goes_by(device, UDP, TCP)
    assert attest(device, OK) == [NOW_TCP]  # 4.09 asked for the whole list
    assert "evidence-too-large" not in site.log_text()


@on_a_site()
def a_class_takes_what_udp_does_unless_it_says_more(site, device):
    assert device.tokens() != []
    before = judged(device)
    grows(device, LONG)
    assert attest(device, TOO_LONG) == [NOW_TCP, BY_CLASS]
    assert device.tokens() == []
    assert judged(device) == before  # nothing was, since
    refused = [json.loads(line) for line in site.log_text().splitlines()
               if '"evidence-too-large"' in line]
    assert [(line["class"], line["most"]) for line in refused] == [("laptops", UDP_MOST)], refused
    assert refused[0]["bytes"] > len(imalist.joined(LONG)), refused
    of_class(site, "--evidence-max", "1M")  # not enough
    assert attest(device, TOO_LONG) == [NOW_TCP, BY_CLASS.replace(str(UDP_MOST), "1048576")]
    of_class(site, "--evidence-max", "2M")
    assert attest(device, OK) == [NOW_TCP]
    assert device.tokens() != []


@on_a_site("--evidence-max", "64K")
def a_class_may_take_less_and_tcp_does_not_help(site, device):
    os.unlink(device.path("state", "known"))
    grows(device, LONG[:600])
    assert attest(device, TOO_LONG) == [BY_CLASS.replace(str(UDP_MOST), "65536")]
    of_class(site)
    assert attest(device, OK) == []


@on_a_site("--evidence-max", "4M")
def without_a_server_over_tcp_it_is_said(site, device):
    goes_by(device, UDP)
    grows(device, LONG)
    alone = NOW_TCP.replace("now over TCP", "and no coaps+tcp server is named")
    assert attest(device, TOO_LONG) == [alone]
    assert device.tokens() == []
    goes_by(device, TCP)
    assert attest(device, OK) == []
    del site


@on_a_site("--evidence-max", "4M")
def a_site_may_take_less_over_each(site, device):
    """Told by the fronts themselves, and before all of it came."""
    limits(site, body=40000, tcp_body=1000000)
    os.unlink(device.path("state", "known"))
    grows(device, LONG[:500])
    assert attest(device, OK) == [NOW_TCP.replace(str(UDP_MOST), "40000")]
    grows(device, LONG[500:])
    first, then = attest(device, TOO_LONG)
    assert first == NOW_TCP
    assert re.fullmatch("evidence of N bytes, at most 9999.. over TCP", then), then
    assert device.tokens() == []
    limits(site, body=40000, tcp_body=4194304)
    assert attest(device, OK) == [NOW_TCP]


@on_a_site()
def the_daemon_comes_back_rarely(site, device):
    """Where neither way takes it: two tries, then a wait that begins at a minute and doubles."""
    grows(device, LONG)
    path = device.path("daemon.log")
    with open(path, "wb") as log:
        daemon = subprocess.Popen([PROGRAMS.attestor, "--config", device.conf, "--verbose"],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        site.until(lambda: b'"id":"wait"' in read(path))
    finally:
        daemon.terminate()
        assert daemon.wait(timeout=PATIENCE_S) == 0
    lines = [json.loads(line) for line in read(path).splitlines()]
    assert [line["seconds"] for line in lines if line["id"] == "wait"] == [60], lines
    assert sum(line["id"] == "too-long" for line in lines) == 2, lines
    assert not any(line["id"] == "evidence" for line in lines), lines  # no quote was made in vain


CASES = (
    a_long_list_goes_over_tcp_and_its_rest_over_udp,
    a_class_takes_what_udp_does_unless_it_says_more,
    a_class_may_take_less_and_tcp_does_not_help,
    without_a_server_over_tcp_it_is_said,
    a_site_may_take_less_over_each,
    the_daemon_comes_back_rarely,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[6:])
