"""hangup.py ATTESTOR STAND_IN [CASE…]: an attestor that stays, and what systemd and its operator
want of it: SIGHUP for other settings, words about its state, signs of life. Real attestor, software
TPM, and the scripted verifier of lib/stand-in.c."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

import swtpm
import tap
from daemon import PATIENCE_S
from devicelab import Daemon, Lab, StandIn, read, write

ATTESTOR, STAND_IN = (os.path.abspath(path) for path in sys.argv[1:3])


def settings(lab, **changes):
    """Other values in the file that the daemon was started with."""
    text = read(lab.config)
    for name, value in changes.items():
        text, n = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert n == 1, (name, text)
    write(lab.config, text)


def hang_up(daemon, word="settings-read"):
    n = daemon.log().count(f'"id":"{word}"')
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda log: log.count(f'"id":"{word}"') > n)


def other_settings_are_taken_and_evidence_is_given_at_once(lab):
    lab.fresh(audiences="wiki")
    with StandIn(lab, "m", "L") as verifier, Daemon(lab) as daemon:
        daemon.attested()  # and would be heard of again in an hour
        settings(lab, audiences="wiki, other")
        hang_up(daemon)
        daemon.attested(2)
        daemon.until(lambda log: "other.jwt" in lab.token_files())
    assert len(verifier.having("credential")) == len(verifier.having("join")) == 1, verifier.lines
    assert len(verifier.having("attest")) == 2, verifier.lines


def another_state_folder_is_another_beginning(lab):
    lab.fresh()
    moved = lab.path("moved")
    with StandIn(lab, "m", "L") as verifier, Daemon(lab) as daemon:
        daemon.attested()
        text = read(lab.config).replace(f"dir = {lab.state}\n", f"dir = {moved}\n")
        os.makedirs(moved)
        write(lab.config, text)
        hang_up(daemon)
        daemon.attested(2)
    assert len(verifier.having("credential")) == 2, verifier.lines
    assert {"credential", "nonce"} <= set(os.listdir(moved))


def settings_with_a_problem_are_named_and_those_of_before_go_on(lab):
    lab.fresh(audiences="wiki")
    with StandIn(lab, "m", "L") as verifier, Daemon(lab) as daemon:
        daemon.attested()
        good = read(lab.config)
        settings(lab, audiences="no/name")
        hang_up(daemon, "settings-refused")
        assert "[tokens] audiences: each is of " in daemon.log()
        daemon.attested(2)  # it was called all the same
        os.unlink(lab.config)
        hang_up(daemon, "settings-refused")
        daemon.attested(3)
        write(lab.config, good)
        hang_up(daemon)
        daemon.attested(4)
    assert len(verifier.having("attest")) == 4, verifier.lines


def a_call_ends_the_wait_for_a_verifier(lab):
    lab.fresh(servers="127.0.0.1:9")  # nobody there
    with StandIn(lab, "m", "L"), Daemon(lab) as daemon:
        daemon.until(lambda log: '"id":"no-verifier"' in log or '"id":"no-network"' in log)
        settings(lab, servers=f"127.0.0.1:{lab.port}")
        hang_up(daemon)
        daemon.attested()


def many_calls_are_one_or_some_and_the_last_one_counts(lab):
    lab.fresh(audiences="wiki")
    with StandIn(lab, "m", "L"), Daemon(lab) as daemon:
        daemon.attested()
        for i in range(20):
            settings(lab, audiences=f"wiki, other{i}")
            daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda log: "other19.jwt" in lab.token_files())


def without_a_daemon_a_hang_up_ends_it(lab):
    lab.fresh(servers="127.0.0.1:9")
    process = subprocess.Popen([ATTESTOR, "--config", lab.config, "--once", "--wait", "600"],
                               stderr=subprocess.PIPE)
    assert process.stderr.readline() != b""  # it is under way
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGHUP, process.returncode


@contextlib.contextmanager
def systemd(lab, **more):
    """A socket in systemd's place, and the daemon's environment."""
    path = lab.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(PATIENCE_S)
        lab.environ = {**os.environ, "NOTIFY_SOCKET": path, **more}
        try:
            yield lambda: heard.recv(300).decode()
        finally:
            lab.environ = None
            os.unlink(path)


def systemd_is_told(lab):
    lab.fresh()
    with StandIn(lab, "pm", "LC"), systemd(lab) as heard:
        with Daemon(lab) as daemon:
            assert heard() == "READY=1"
            assert heard() == "STATUS=pending: this device is pending"
            daemon.process.send_signal(signal.SIGHUP)  # ends the wait
            assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=[0-9]+", heard())
            assert heard() == "READY=1"
            assert heard() == "STATUS=attested: affirming"
            settings(lab, audiences="no/name")
            daemon.process.send_signal(signal.SIGHUP)
            assert heard().startswith("RELOADING=1\n")
            assert heard() == "READY=1"
            assert heard().startswith("STATUS=refused: ")
        assert heard() == "STOPPING=1"


def signs_of_life_come_while_it_waits_and_no_others_without_a_wish(lab):
    lab.fresh(servers="127.0.0.1:9")
    with systemd(lab, WATCHDOG_USEC="20000") as heard, Daemon(lab):
        assert heard() == "READY=1"
        words = [heard() for _ in range(12)]
        assert words.count("WATCHDOG=1") >= 8, words
        assert all(word == "WATCHDOG=1" or word.startswith("STATUS=no-") for word in words), words
    with systemd(lab, WATCHDOG_USEC="20000", WATCHDOG_PID="1") as heard:
        with Daemon(lab):
            assert heard() == "READY=1"
            assert heard().startswith("STATUS=no-")
        words = []
        while words[-1:] != ["STOPPING=1"]:
            words.append(heard())
        assert "WATCHDOG=1" not in words, words


CASES = (
    other_settings_are_taken_and_evidence_is_given_at_once,
    another_state_folder_is_another_beginning,
    settings_with_a_problem_are_named_and_those_of_before_go_on,
    a_call_ends_the_wait_for_a_verifier,
    many_calls_are_one_or_some_and_the_last_one_counts,
    without_a_daemon_a_hang_up_ends_it,
    systemd_is_told,
    signs_of_life_come_while_it_waits_and_no_others_without_a_wish,
)


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    with swtpm.Swtpm() as tpm:
        lab = Lab(tpm, ATTESTOR, STAND_IN)
        tap.run([(case, lab) for case in tap.chosen(CASES, sys.argv[3:])])


if __name__ == "__main__":
    main()
