"""service.py ASSAY VERIFIER ATTESTOR TPM_EXTEND TESTS [CASE…]: the whole service as it is
installed: verifier, CLI, and attestors on software TPMs."""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

import realsite
import swtpm
import tap
from realsite import GRUB_LOG, read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
VECTORS = os.path.join(sys.argv[5], "vectors")
PENDING, REFUSED, NO_LOG, OK = 14, 1, 11, 0


def on_a_site(case):
    """Gives the case a fresh site with one device that has booted."""
    def wrapped():
        folder = tempfile.mkdtemp(prefix="assay-site-")
        try:
            with realsite.Site(PROGRAMS, folder) as site, site.device() as device:
                device.boot()
                case(site, device)
                assert site.main.poll() is None, site.log_text()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    wrapped.__name__ = case.__name__
    return wrapped


def refused_for(device, *reasons):
    outcome = device.attest(REFUSED)
    assert outcome["tier"] == "contraindicated", outcome
    assert set(reasons) & set(outcome["reasons"]), (reasons, outcome)
    assert device.tokens() == []
    return outcome


@on_a_site
def a_stranger_waits_without_token_until_it_is_approved(site, device):
    device.attest(PENDING)
    assert device.tokens() == []
    assert "pending" in site.assay("device", "list")
    site.affirmed(device)
    assert device.tokens() == ["assay.jwt", "token.cwt"]
    assert device.row()["state"] == "fresh"


@on_a_site
def a_device_of_the_inventory_is_a_member_at_its_first_enrolment(site, device):
    site.assay("class", "add", "laptops")
    write(device.path("devices.csv"), f"fingerprint,class\n{device.fingerprint()},laptops\n")
    site.assay("device", "import", device.path("devices.csv"))
    outcome = device.attest()
    assert outcome["exit"] != PENDING, outcome
    row = device.row()
    assert (row["state"], row["class"]) == ("provisional", "laptops"), row
    site.learn(device)
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_code_admits_one_device_only(site, device):
    site.assay("class", "add", "laptops")
    code = site.told("device", "code", "--class", "laptops")["code"]
    device.configure(code=code)
    assert device.attest()["exit"] != PENDING
    assert device.row()["class"] == "laptops"
    with site.device(code=code) as second:
        second.boot()
        second.attest(PENDING)
        assert second.row()["state"] == "pending"
        second.configure(code="NOSUCHCODENOSUCHCODENOSUCH")
        second.attest(PENDING)


@on_a_site
def a_removed_device_is_refused_until_it_is_released(site, device):
    site.affirmed(device)
    site.assay("device", "remove", device.row()["id"], "--why", "scrapped")
    outcome = device.attest(REFUSED)
    assert device.tokens() == [] and outcome["tier"] != "affirming", outcome
    device.forget()
    device.attest(REFUSED)
    assert device.row()["state"] == "removed" and len(site.devices()) == 1
    site.assay("device", "release", device.row()["id"])
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_quarantined_device_has_no_token_and_release_heals_it(site, device):
    site.affirmed(device)
    site.assay("device", "quarantine", device.row()["id"], "--why", "lost on a train")
    assert refused_for(device, 703)["reasons"] == [703]
    assert (device.row()["state"], device.row()["tier"]) == ("quarantined", "affirming")
    site.assay("device", "release", device.row()["id"])
    assert device.row()["state"] == "provisional"
    device.attest(OK)
    assert device.row()["state"] == "fresh" and device.tokens() != []


@on_a_site
def a_class_without_golden_values_affirms_nobody(site, device):
    site.approve(device)
    outcome = device.attest()
    assert 803 in outcome["reasons"] and outcome["tier"] != "affirming", outcome
    site.learn(device)
    outcome = device.attest(OK)
    assert outcome["tier"] == "affirming" and 803 not in outcome["reasons"], outcome


@on_a_site
def learning_from_strangers_and_for_unknown_classes_is_refused(site, device):
    def refusal(class_name):
        done = site.ask("golden", "learn", "--class", class_name, "--from", device.row()["id"],
                        "--yes")
        assert done.code == 1 and done.err.startswith("assay: "), done
        return done.err

    device.attest(PENDING)
    site.assay("class", "add", "laptops")
    assert "laptops" in refusal("laptops") or "member" in refusal("laptops"), refusal("laptops")
    assert "no such class" in refusal("nosuch"), refusal("nosuch")
    site.assay("device", "approve", device.fingerprint(), "--class", "laptops")
    assert "evidence" in refusal("laptops"), refusal("laptops")
    done = site.ask("device", "approve", device.fingerprint(), "--class", "nosuch")
    assert done.code == 1 and "no such class" in done.err, done


@on_a_site
def an_update_is_refused_until_it_is_learned_and_the_old_boot_stays_good(site, device):
    site.affirmed(device)
    device.tpm.reset()
    device.boot(realsite.other_kernel(PROGRAMS.assay, GRUB_LOG))
    refused_for(device, 421)
    shown = site.assay("device", "show", device.row()["id"])
    assert "BOOT_IMAGE_UNKNOWN" in shown and "PCR 4" in shown, shown
    site.learn(device)
    assert device.attest(OK)["tier"] == "affirming"
    device.tpm.reset()
    device.boot()
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_restart_of_the_tpm_is_a_new_boot_with_its_own_log(site, device):
    site.affirmed(device)
    before = site.told("device", "show", device.row()["id"])["boot"]
    device.tpm.restart()
    device.boot()
    assert device.attest(OK)["tier"] == "affirming"
    after = site.told("device", "show", device.row()["id"])["boot"]
    assert after["restart"] == before["restart"] + 1 and after["reset"] == before["reset"], after
    device.tpm.restart()
    refused_for(device, 203)  # the log of a boot whose PCRs are no more


@on_a_site
def a_cleared_tpm_is_refused(site, device):
    for _ in range(3):
        device.tpm.reset()
    device.boot()
    site.affirmed(device)
    device.tpm.tool("tpm2_clear")
    refused_for(device, 114)
    assert "RESET_MISMATCH" in site.assay("device", "show", device.row()["id"])


@on_a_site
def a_copied_tpm_is_refused_beside_its_original(site, device):
    device.tpm.stop()
    copy = device.path("copy")
    shutil.copytree(device.tpm.state, copy)
    device.tpm.start()
    device.tpm.reset()
    device.boot()
    site.affirmed(device)
    original = device.path("original")
    device.tpm.stop()
    shutil.copytree(device.tpm.state, original)
    swap(device.tpm, copy)
    device.boot()
    refused_for(device, 113, 114)
    swap(device.tpm, original)
    device.boot()
    assert device.attest()["reasons"] != [], device.row()  # whoever is who: an operator's matter


def swap(tpm, state):
    tpm.stop()
    shutil.rmtree(tpm.state)
    shutil.copytree(state, tpm.state)
    tpm.start()


@on_a_site
def tokens_hold_for_their_audience_and_no_byte_of_them_can_change(site, device):
    site.affirmed(device)
    for token, keys in (("assay.jwt", "jwks.json"), ("token.cwt", "keys.cbor")):
        keys = os.path.join(site.state, "public", keys)
        good = read(device.path("tokens", token))
        changed = device.path("changed")

        def verify(content, *more):
            write(changed, content)
            return run(PROGRAMS.assay, "token", "verify", "--keys", keys, *more, changed)

        assert verify(good, "--aud", "assay").code == 0, verify(good)
        assert verify(good, "--aud", "elsewhere").code == 1
        assert verify(good, "--iss", "https://elsewhere").code == 1
        assert verify(good, "--at", str(int(time.time()) + 86400)).code == 1
        for at in [*range(0, len(good), 11), len(good) - 1]:
            one = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
            assert verify(one).code == 1, (token, at, verify(one))
        for cut in (0, 1, len(good) // 2, len(good) - 1):
            assert verify(good[:cut]).code == 1, (token, cut)


class Loop(threading.Thread):
    """A device that attests all the time; keeps what it was told."""

    def __init__(self, device, times=None):
        super().__init__()
        self.device, self.times = device, times
        self.exits, self.over = [], False

    def run(self):
        while not self.over and (self.times is None or len(self.exits) < self.times):
            self.exits.append(self.device.attestor("--once", "--json").code)


@on_a_site
def every_role_may_die_and_the_service_goes_on(site, device):
    site.affirmed(device)
    with site.device("second") as other:
        other.boot()
        site.approve(other)
        other.attest(OK)
        loop = Loop(other)
        loop.start()
        try:
            for role in ("front", "keeper", "reader", "keeper", "front"):
                kill_one(site, role)
                accepted_within(site, device, tries=10)
        finally:
            loop.over = True
            loop.join()
        assert OK in loop.exits, loop.exits
        accepted_within(site, other, tries=10)
    assert [row["state"] for row in site.devices()] == ["fresh"] * 2, site.devices()


def kill_one(site, role):
    pid = [pid for pid, name in site.roles().items() if name == role][0]
    os.kill(pid, signal.SIGKILL)
    site.until(lambda: pid not in site.roles() and role in site.roles().values())


def accepted_within(site, device, tries):
    """Attests until it is accepted; what was accepted is in the store."""
    for _ in range(tries):
        before = int(time.time() * 1000)
        if device.attest()["exit"] == OK:
            shown = site.told("device", "show", device.row()["id"])
            assert shown["state"] == "fresh" and shown["accepted_ms"] >= before - 60000, shown
            return
        time.sleep(0.5)
    raise AssertionError("never accepted again:\n" + site.log_text()[-3000:])


@on_a_site
def nothing_of_the_verifier_is_left_after_sigterm(site, device):
    site.affirmed(device)
    pids = [site.main.pid, *site.roles()]
    assert len(pids) >= 4, site.roles()
    assert site.stop() == 0
    left = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert left == [] and not os.path.exists(site.socket), left
    site.start()
    assert device.attest(OK)["tier"] == "affirming"  # and all that was known is known


@on_a_site
def two_devices_attest_at_the_same_time(site, device):
    site.affirmed(device)
    with site.device() as second:
        second.boot()
        site.approve(second)
        loops = [Loop(device, 6), Loop(second, 6)]
        for loop in loops:
            loop.start()
        for loop in loops:
            loop.join()
        assert [loop.exits for loop in loops] == [[OK] * 6] * 2, [loop.exits for loop in loops]
        assert len({row["id"] for row in site.devices()}) == 2


CASES = (
    a_stranger_waits_without_token_until_it_is_approved,
    a_device_of_the_inventory_is_a_member_at_its_first_enrolment,
    a_code_admits_one_device_only,
    a_removed_device_is_refused_until_it_is_released,
    a_quarantined_device_has_no_token_and_release_heals_it,
    a_class_without_golden_values_affirms_nobody,
    learning_from_strangers_and_for_unknown_classes_is_refused,
    an_update_is_refused_until_it_is_learned_and_the_old_boot_stays_good,
    a_restart_of_the_tpm_is_a_new_boot_with_its_own_log,
    a_cleared_tpm_is_refused,
    a_copied_tpm_is_refused_beside_its_original,
    tokens_hold_for_their_audience_and_no_byte_of_them_can_change,
    every_role_may_die_and_the_service_goes_on,
    nothing_of_the_verifier_is_left_after_sigterm,
    two_devices_attest_at_the_same_time,
)


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    only = sys.argv[6:]
    tap.run([(case,) for case in CASES if not only or case.__name__ in only])


if __name__ == "__main__":
    main()
