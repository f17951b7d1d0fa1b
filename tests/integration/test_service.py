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


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    cases = [a_stranger_waits_without_token_until_it_is_approved,
             a_device_of_the_inventory_is_a_member_at_its_first_enrolment,
             a_code_admits_one_device_only,
             a_removed_device_is_refused_until_it_is_released,
             a_quarantined_device_has_no_token_and_release_heals_it,
             a_class_without_golden_values_affirms_nobody,
             learning_from_strangers_and_for_unknown_classes_is_refused,
             an_update_is_refused_until_it_is_learned_and_the_old_boot_stays_good]
    only = sys.argv[6:]
    tap.run([(case,) for case in cases if not only or case.__name__ in only])


if __name__ == "__main__":
    main()
