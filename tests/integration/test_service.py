"""service.py ASSAY VERIFIER ATTESTOR TPM_EXTEND TESTS [CASE…]: the whole service as it is
installed: verifier, CLI, and attestors on software TPMs."""

import json
import os
import pwd
import re
import shutil
import signal
import sys
import threading
import time

import realsite
import swtpm
import tap
from realsite import GRUB_LOG, read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
VECTORS = os.path.join(sys.argv[5], "vectors")
PENDING, REFUSED, NO_LOG, OK = 14, 1, 11, 0
FLOOD = 200


# Each case has a fresh site with one device that has booted.
on_a_site = realsite.on_a_site(PROGRAMS, lambda site, device: device.boot())


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
    # so young a TPM may have been cleared as well: test_identity.py has an older pair told (709)
    assert device.attest(OK)["tier"] == "affirming"


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
                before = accepted_ms(site, device)
                kill_one(site, role)
                accepted_within(site, device, before, tries=10)
        finally:
            loop.over = True
            loop.join()
        assert OK in loop.exits, loop.exits
        accepted_within(site, other, accepted_ms(site, other), tries=10)
    assert [row["state"] for row in site.devices()] == ["fresh"] * 2, site.devices()


def kill_one(site, role):
    pid = site.pids(role)[0]
    site.kill(pid)
    site.until(lambda: pid not in site.roles() and role in site.roles().values())


def accepted_ms(site, device):
    return site.told("device", "show", device.row()["id"])["accepted_ms"]


def accepted_within(site, device, before, tries):
    """Attests until it is accepted; that this was accepted is in the store, and not what was
    accepted before."""
    for _ in range(tries):
        if device.attest()["exit"] == OK:
            assert device.row()["state"] == "fresh" and accepted_ms(site, device) > before
            return
        time.sleep(0.5)
    raise AssertionError("never accepted again:\n" + site.log_text()[-3000:])


@on_a_site
def no_role_holds_a_descriptor_of_another(site, device):
    """And the keeper, beside its channels, only its store."""
    site.affirmed(device)
    store, keeper = os.path.join(site.state, "verifier.db"), site.pids("keeper")[0]
    site.until(lambda: len(site.roles()) == 8  # all readers are there, and the CLI is gone
               and realsite.descriptors(keeper)["unix"] <= realsite.HOLDS["keeper"]["unix"])
    realsite.hold_their_own(site.roles(), site.log_path, front={"udp6": 1}, stream={"tcp6": 1},
                            keeper={store: 1, store + "-wal": 1, store + "-shm": 1})


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


@on_a_site
def a_log_that_cannot_be_read_is_refused_and_the_next_boot_heals(site, device):
    site.affirmed(device)
    good = read(GRUB_LOG)
    for broken in (good[:-1], good[:len(good) // 2 + 1], good[:40], b"\x00" * 4096,
                   bytes(range(256)) * 64, good + b"\x01" * 40):
        write(device.log, broken)
        refused_for(device, 202, 203)
    assert 202 in refused_for(device, 202)["reasons"]
    write(device.log, good)
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_missing_empty_or_endless_log_has_an_exit_code_of_its_own(site, device):
    site.affirmed(device)
    for broken in (b"", read(GRUB_LOG) + b"\x00" * (1 << 20), None):
        if broken is None:
            os.unlink(device.log)
        else:
            write(device.log, broken)
        outcome = device.attest(NO_LOG)
        assert outcome["tier"] != "affirming" and device.tokens() == [], outcome
    shutil.copyfile(GRUB_LOG, device.log)
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_sha1_only_machine_needs_a_class_that_allows_it(site, _):
    log = os.path.join(VECTORS, "evlog", "tpm2-tools-event-uefi-sha1-log.bin")
    with swtpm.Swtpm(banks="sha1", ca_dir=site.ca_dir) as tpm, site.device(tpm=tpm) as old:
        old.boot(log, banks="sha1")
        site.approve(old)
        refused_for(old, 110)  # the class's bank is not there
        done = site.ask("class", "add", "laptops", "--bank", "sha1")
        assert done.code == 1 and "--allow-sha1" in done.err, done
        site.assay("class", "add", "laptops", "--bank", "sha1", "--allow-sha1")
        site.learn(old)
        assert old.attest(OK)["tier"] == "affirming"


@on_a_site
def a_stranger_that_enrols_without_end_is_one_row(site, device):
    exits = set()
    for _ in range(FLOOD):
        device.forget()
        exits.add(device.attestor("--once").code)
    assert PENDING in exits and OK not in exits, exits
    assert len(site.devices()) == 1, site.devices()
    site.assay("class", "add", "laptops")
    site.assay("device", "approve", device.fingerprint(), "--class", "laptops")
    assert device.attest()["exit"] != PENDING


@on_a_site
def the_files_of_setup_are_accepted_as_they_are(site, device):
    done = run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check")
    assert done.code == 0, done
    example = read(os.path.join(site.etc, "attestor.conf"))
    assert b"/etc/assay/ca.pem" in example
    shutil.copyfile(os.path.join(site.etc, "keys", "ca.pem"), device.path("ca.pem"))
    write(device.conf, example.replace(b"/etc/assay/ca.pem", device.path("ca.pem").encode())
          + f"[tpm]\ntcti = {device.tpm.tcti}\n[sources]\nfirmware = {device.log}\n"
            f"[state]\ndir = {device.path('state')}\n"
            f"[tokens]\ndir = {device.path('tokens')}\n".encode())
    assert device.attestor("--check").code == 0, device.attestor("--check")
    site.affirmed(device)
    write(site.verifier_conf, read(site.verifier_conf) + b"[listen]\nprot = 1\n")
    assert run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check").code == 2


def with_the_units_powers(top):
    """setpriv's words for what verifier/assay-verifier.service.in grants."""
    unit = read(os.path.join(top, "verifier", "assay-verifier.service.in")).decode()
    granted = re.search(r"(?m)^CapabilityBoundingSet=(.*)$", unit)[1].lower().split()
    return ["setpriv", "--no-new-privs", "--bounding-set",
            ",".join(["-all"] + ["+" + name[len("cap_"):] for name in granted])]


def roles_are_another_user_with_no_more_than_the_unit_grants():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise tap.Skip("needs root and setpriv")
    with realsite.folder() as folder:
        os.chmod(folder, 0o755)  # as /var/lib is
        site = realsite.Site(PROGRAMS, folder, "--user", "nobody")
        site.before = with_the_units_powers(os.path.dirname(sys.argv[5]))
        with site, site.device() as device:
            device.boot()
            site.affirmed(device)
            nobody = pwd.getpwnam("nobody").pw_uid
            assert site.roles(), site.log_text()
            for pid in site.roles():
                status = read(f"/proc/{pid}/status").decode()
                assert re.search(rf"(?m)^Uid:\t{nobody}\t{nobody}\t{nobody}\t", status), status
                assert re.search(r"(?m)^CapEff:\t0+$", status), status
                assert os.stat(f"/proc/{pid}/mem").st_uid == 0  # undumpable
            assert os.stat(os.path.join(site.state, "store", "verifier.db")).st_uid == nobody
            site.main.send_signal(signal.SIGHUP)
            site.until(lambda: '"id":"reloaded"' in site.log_text())
            site.kill(site.pids("keeper")[0])
            site.until(lambda: '"id":"ready-again"' in site.log_text())
            device.attest(OK)
            assert site.stop() == 0  # main may end what is not its own user's
            site.start()
            children = list(site.roles())
            for pid in children:  # they hear of nothing
                os.kill(pid, signal.SIGSTOP)
            site.main.kill()
            site.main.wait()
            site.until(lambda: not any(realsite.alive(pid) for pid in children))


@on_a_site
def a_reload_turns_the_level_of_the_keepers_log(site, device):
    def told(level):
        """Ids that one accepted boot logs at a level."""
        conf = [line for line in read(site.verifier_conf).decode().splitlines()
                if line not in ("[log]", "level = notice", "level = info")]
        write(site.verifier_conf, "\n".join([*conf, "[log]", f"level = {level}", ""]))
        if level == "notice":
            site.main.send_signal(signal.SIGHUP)
            site.until(lambda: '"id":"reloaded"' in site.log_text())
        else:
            assert site.stop() == 0
            site.start()
        device.tpm.restart()
        device.boot()
        since = len(site.log_text())
        device.attest(OK)
        return site.log_text()[since:]

    site.affirmed(device)
    assert '"id":"device-accepted"' not in told("notice")
    assert '"id":"device-accepted"' in told("info")


@on_a_site
def bytes_of_devices_stay_escaped_in_logs_and_on_terminals(site, device):
    nasty = b'a\x1b[31m"\\\x00\x07\r\n{"level":"x"}\xff\xe2\x80\xae\x7f'
    for name in ("sys_vendor", "product_name", "product_serial", "bios_version"):
        write(device.path("dmi", name), nasty)
    log = realsite.other_text(PROGRAMS.assay, GRUB_LOG, b"quiet", b'\x1b"\n\\\xff')
    log = log.replace(b"(hd0,gpt1)/EFI/debian/grub.cfg\0",
                      b"(\x1b[31m\xff\r1)/EFI/debian/grub.cfg\0")
    device.tpm.reset()
    device.boot(log)
    site.approve(device)
    site.learn(device)
    device.attest()
    site.assay("device", "quarantine", device.row()["id"], "--why", 'he said "\\no" \u202e')
    shown = site.assay("device", "show", device.row()["id"])
    assert "attest.coap \\x" in shown, shown  # the text is there, as escapes
    for text in (site.assay("device", "list"), shown, site.assay("golden", "show", "--class",
                                                                 "laptops"),
                 site.log_text(), device.attestor("--once", "--verbose").err):
        raw = [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160
               or c == "\u202e" or 0xdc80 <= ord(c) <= 0xdcff]
        assert raw == [], (raw, text)
    lines = [json.loads(line) for line in site.log_text().splitlines()]
    assert len(lines) > 1 and all(line["role"] for line in lines)


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
    no_role_holds_a_descriptor_of_another,
    nothing_of_the_verifier_is_left_after_sigterm,
    two_devices_attest_at_the_same_time,
    a_log_that_cannot_be_read_is_refused_and_the_next_boot_heals,
    a_missing_empty_or_endless_log_has_an_exit_code_of_its_own,
    a_sha1_only_machine_needs_a_class_that_allows_it,
    a_stranger_that_enrols_without_end_is_one_row,
    the_files_of_setup_are_accepted_as_they_are,
    roles_are_another_user_with_no_more_than_the_unit_grants,
    a_reload_turns_the_level_of_the_keepers_log,
    bytes_of_devices_stay_escaped_in_logs_and_on_terminals,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[6:])
