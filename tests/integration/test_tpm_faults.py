"""tpm_faults.py ATTESTOR STAND_IN TCTI_FAULT [CASE…]: the attestor on a software TPM that is busy,
breaks in the middle, forgets keys, or is extended meanwhile (lib/tcti-fault.c), against the
scripted verifier of lib/stand-in.c, which checks every quote."""

import os
import sys

import swtpm
import tap
from devicelab import Daemon, Lab, StandIn, write

ATTESTOR, STAND_IN, TCTI_FAULT = (os.path.abspath(path) for path in sys.argv[1:4])
ANY, QUOTE, PCR_READ, CREATE_PRIMARY, ACTIVATE, GET_CAPABILITY = (
    "0", "158", "17e", "131", "147", "17a")
BUSY = {"retry": "922", "yielded": "908", "testing": "90a", "lockout": "921", "nv-rate": "920",
        "nv-unavailable": "923"}
MANY = 1000


class Fault:
    """What the TPM does from now on; at first nothing. Each word is a generation of its own."""

    n = 0

    def __init__(self, lab):
        self.path = lab.path("fault")
        lab.fresh(tcti=f"{TCTI_FAULT}:{self.path},{lab.tpm.tcti}")
        self.none()

    def say(self, command, action, argument="0", count=1):
        Fault.n += 1
        write(self.path + ".new", f"{Fault.n} {command} {action} {argument} {count}\n")
        os.rename(self.path + ".new", self.path)

    def none(self):
        self.say(ANY, "none", count=0)


def left_empty(lab):
    return lab.tpm.tool("tpm2_getcap", "handles-transient") == b"" and \
        lab.tpm.tool("tpm2_getcap", "handles-loaded-session") == b""


def a_busy_tpm_is_waited_for_whatever_it_calls_it(lab):
    fault = Fault(lab)
    for name, code in BUSY.items():
        for command in (QUOTE, CREATE_PRIMARY, PCR_READ):
            fault.say(command, "rc", code, 3)
            with StandIn(lab, "m", "A") as verifier:
                _, log = lab.once(0)
            assert len(verifier.having("quoted")) == 1, (name, verifier.lines)
            assert "tpm-fault" not in log, (name, log)
    assert left_empty(lab)


def a_tpm_that_stays_busy_ends_once_and_not_the_daemon(lab):
    fault = Fault(lab)
    fault.say(QUOTE, "rc", BUSY["retry"], MANY)
    with StandIn(lab, "m", "A") as verifier:
        _, log = lab.once(16)
        assert "busy" in log and "TPM2_Quote" in log, log
        with Daemon(lab) as daemon:
            daemon.until(lambda log: "tpm-fault" in log)
            assert not verifier.lines
            fault.none()
            daemon.attested()
    assert left_empty(lab)


def a_tpm_that_refuses_in_the_middle_is_loaded_again(lab):
    """Failure mode, and a code that nobody expects."""
    fault = Fault(lab)
    for code in ("101", "12f"):
        with StandIn(lab, "m", "A"), Daemon(lab) as daemon:
            daemon.attested()
            fault.say(QUOTE, "rc", code, 2)
            daemon.until(lambda log: log.count("tpm-fault") >= 2)
            seen = daemon.log().count('"id":"attested"')
            daemon.attested(seen + 1)
    assert left_empty(lab)


def a_tpm_that_is_gone_in_the_middle_is_loaded_again_when_it_is_back(lab):
    """No answer, and an answer that is none. This TPM has no resource manager, which would flush
    the objects of a context that closed; so here it comes back from a loss of power."""
    fault = Fault(lab)
    for action, argument in (("lost", "0"), ("rc", "923ff")):
        with StandIn(lab, "m", "A"), Daemon(lab) as daemon:
            daemon.attested()
            fault.say(QUOTE, action, argument, 1)
            daemon.until(lambda log: "tpm-fault" in log)
            lab.tpm.reset()
            seen = daemon.log().count('"id":"attested"')
            daemon.attested(seen + 1)
    assert left_empty(lab)


def a_tpm_that_breaks_while_keys_are_made_is_asked_again(lab):
    fault = Fault(lab)
    for command in (GET_CAPABILITY, CREATE_PRIMARY, ACTIVATE):
        lab.fresh(tcti=f"{TCTI_FAULT}:{fault.path},{lab.tpm.tcti}")
        fault.say(command, "rc", "101", 1)
        with StandIn(lab, "m", "A"), Daemon(lab) as daemon:
            daemon.attested()
        assert "failure" in daemon.log(), (command, daemon.log())
    assert left_empty(lab)


def keys_that_others_flushed_are_loaded_again(lab):
    fault = Fault(lab)
    with StandIn(lab, "m", "A"), Daemon(lab) as daemon:
        daemon.attested()
        fault.say(QUOTE, "flush")
        daemon.until(lambda log: "gone" in log)
        seen = daemon.log().count('"id":"attested"')
        daemon.attested(seen + 1)
    assert left_empty(lab)


def a_cleared_tpm_is_loaded_again(lab):
    Fault(lab)
    with StandIn(lab, "m", "A") as verifier, Daemon(lab) as daemon:
        daemon.attested()
        lab.tpm.tool("tpm2_clear", "-c", "p")
        daemon.until(lambda log: "tpm-fault" in log)
        seen = daemon.log().count('"id":"attested"')
        daemon.attested(seen + 1)
    assert len(verifier.having("evidence")) >= 2, verifier.lines


def pcrs_that_change_once_are_read_and_quoted_again(lab):
    fault = Fault(lab)
    fault.say(PCR_READ, "extend", "8", 1)  # of those from 16 on some count as no change
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    assert "values=0" not in verifier.having("evidence")[0], verifier.lines


def pcrs_that_change_without_end_are_quoted_without_values(lab):
    fault = Fault(lab)
    fault.say(PCR_READ, "extend", "8", MANY)
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    assert "values=0" in verifier.having("evidence")[0], verifier.lines
    assert len(verifier.having("quoted")) == 1, verifier.lines
    assert left_empty(lab)


def what_only_an_operator_can_change_ends_the_daemon(lab):
    fault = Fault(lab)
    for code, why in (("185", "disabled"), ("9a2", "auth")):
        fault.say(CREATE_PRIMARY, "rc", code, MANY)
        code, _, log = lab.attestor()
        assert code == 16 and why in log, (code, log)
    assert left_empty(lab)


CASES = [
    a_busy_tpm_is_waited_for_whatever_it_calls_it,
    a_tpm_that_stays_busy_ends_once_and_not_the_daemon,
    a_tpm_that_refuses_in_the_middle_is_loaded_again,
    a_tpm_that_is_gone_in_the_middle_is_loaded_again_when_it_is_back,
    a_tpm_that_breaks_while_keys_are_made_is_asked_again,
    keys_that_others_flushed_are_loaded_again,
    a_cleared_tpm_is_loaded_again,
    pcrs_that_change_once_are_read_and_quoted_again,
    pcrs_that_change_without_end_are_quoted_without_values,
    what_only_an_operator_can_change_ends_the_daemon,
]


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    with swtpm.Swtpm() as tpm:
        lab = Lab(tpm, ATTESTOR, STAND_IN)
        tap.run([(case, lab) for case in tap.chosen(CASES, sys.argv[4:])])


if __name__ == "__main__":
    main()
