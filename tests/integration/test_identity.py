#!/usr/bin/env python3
"""identity.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: whose TPM it is, on the whole service
with software TPMs: makers' certificates, copies of a TPM, and what an owner may do to it."""

import os
import shutil
import sys

import realsite
import swtpm

PROGRAMS = realsite.Programs(*sys.argv[1:5])
PENDING, REFUSED, OK = 14, 1, 0
CLOCK_BACKWARDS, RESET_MISMATCH, QUARANTINED, CLONE = 113, 114, 703, 709
YEAR_MS = 365 * 86400 * 1000


def install_roots(site):
    """swtpm_localca's root and issuer, where an operator puts a maker's."""
    for name in ("swtpm-localca-rootca-cert.pem", "issuercert.pem"):
        shutil.copyfile(os.path.join(site.ca_dir, name),
                        os.path.join(site.etc, "ek-roots", name))


# Each case has a site with its maker's root installed and one device that has booted.
on_a_site = realsite.on_a_site(PROGRAMS, lambda site, device: device.boot(), ahead=install_roots)


def age(device):
    """Makes a TPM of a year out of one of a second: its owner may set the clock forward."""
    device.tpm.tool("tpm2_setclock", str(YEAR_MS))


def copy_of(site, device, name):
    """A second machine with a copy of this one's TPM, log and state; both have stopped for that."""
    device.tpm.tool("tpm2_shutdown", "-c")
    device.tpm.stop()
    tpm = swtpm.Swtpm(banks=realsite.BANKS, ca_dir=site.ca_dir, start=False)
    shutil.rmtree(tpm.state)
    shutil.copytree(device.tpm.state, tpm.state)
    copy = realsite.Device(site, name, tpm=tpm)
    shutil.copytree(device.path("state"), copy.path("state"), dirs_exist_ok=True)
    tpm.start()
    device.tpm.start()
    device.boot()
    copy.boot()
    return copy


def why(outcome):
    return outcome["reasons"]


@on_a_site
def a_makers_certificate_is_verified_by_a_reader_and_the_keeper(site, device):
    device.attest(PENDING)
    shown = site.told("device", "show", device.row()["id"])
    assert shown["ek_chain"] == "verified", shown
    assert '"id":"device-enrolled"' in site.log_text() and "id:00001014" in site.log_text()


@on_a_site
def without_the_makers_root_the_chain_is_only_listed_until_it_is_installed(site, device):
    site.stop()
    for name in os.listdir(os.path.join(site.etc, "ek-roots")):
        os.unlink(os.path.join(site.etc, "ek-roots", name))
    site.start()
    device.attest(PENDING)
    row = device.row()["id"]
    assert site.told("device", "show", row)["ek_chain"] == "listed"
    assert '"id":"ek-chain-refused"' in site.log_text()
    site.stop()
    install_roots(site)
    site.start()
    device.attest(PENDING)
    assert site.told("device", "show", row)["ek_chain"] == "verified"


@on_a_site
def a_copied_tpm_is_told_and_both_are_shut(site, device):
    age(device)
    site.affirmed(device)
    copy = copy_of(site, device, "copy")
    try:
        assert device.attest(OK)["tier"] == "affirming"
        copy.tpm.reset()            # the copy is one boot ahead
        copy.boot()
        assert copy.attest(OK)["tier"] == "affirming"
        assert RESET_MISMATCH in why(device.attest(REFUSED))
        assert device.row()["state"] == "failed"
        assert CLONE in why(copy.attest(REFUSED))
        assert copy.tokens() == [], copy.tokens()
        row = device.row()
        assert row["state"] == "quarantined", row
        assert "709" in site.told("device", "show", row["id"])["why"]
        for either in (device, copy):
            assert either.attest(REFUSED)["tier"] == "contraindicated"
            assert either.row()["state"] == "quarantined"
    finally:
        copy.tpm.close()


@on_a_site
def resets_restarts_and_a_cleared_tpm_are_no_clone(site, device):
    age(device)
    site.affirmed(device)
    for step in (device.tpm.reset, device.tpm.restart, device.tpm.restart, device.tpm.reset):
        step()
        device.boot()
        assert device.attest(OK)["tier"] == "affirming"
    resets = int(site.told("device", "show", device.row()["id"])["boot"]["reset"])
    device.tpm.tool("tpm2_clear", "-c", "lockout")
    assert set(why(device.attest(REFUSED))) & {CLOCK_BACKWARDS, RESET_MISMATCH}
    for _ in range(resets + 1):     # counts rise above the old ones
        device.tpm.tool("tpm2_shutdown", "-c")
        device.tpm.reset()
    device.boot()
    assert device.attest(OK)["tier"] == "affirming"
    assert device.row()["state"] == "fresh"


@on_a_site
def a_cleared_tpm_is_accepted_again_in_a_new_era(site, device):
    device.tpm.reset()
    device.tpm.reset()
    device.boot()
    site.affirmed(device)
    row = device.row()["id"]
    device.tpm.tool("tpm2_clear", "-c", "lockout")
    assert why(device.attest(REFUSED)) == [RESET_MISMATCH]
    assert why(device.attest(REFUSED)) == [RESET_MISMATCH]
    assert "assay device new-era" in site.assay("device", "show", row)
    assert "begins era 1" in site.assay("device", "new-era", row)
    assert site.told("device", "new-era", row)["era"] == 1      # the same word again: no further
    assert device.attest(OK)["tier"] == "affirming"
    shown = site.told("device", "show", row)
    assert shown["boot"]["era"] == 1 and shown["state"] == "fresh", shown
    assert len(site.devices()) == 1


@on_a_site
def another_endorsement_seed_is_another_device_and_may_replace_the_old(site, device):
    site.affirmed(device)
    old = device.row()["id"]
    device.tpm.tool("tpm2_changeeps")
    device.attest(PENDING)
    new = device.row()
    assert new["id"] != old and new["state"] == "pending", new
    assert len(site.devices()) == 2
    done = site.ask("device", "replace", old, new["fingerprint"][:16])
    assert done.code == 2 and "64" in done.err, done
    assert "in the place of" in site.assay("device", "replace", old, device.fingerprint())
    assert device.attest(OK)["tier"] == "affirming"
    rows = {row["id"]: row for row in site.devices()}
    assert rows[old]["state"] == "removed" and rows[new["id"]]["class"] == "laptops", rows
    assert new["id"] in site.told("device", "show", old)["why"]
    site.assay("device", "replace", old, device.fingerprint())   # said twice


CASES = (
    a_cleared_tpm_is_accepted_again_in_a_new_era,
    another_endorsement_seed_is_another_device_and_may_replace_the_old,
    a_makers_certificate_is_verified_by_a_reader_and_the_keeper,
    without_the_makers_root_the_chain_is_only_listed_until_it_is_installed,
    a_copied_tpm_is_told_and_both_are_shut,
    resets_restarts_and_a_cleared_tpm_are_no_clone,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[5:])
