"""survive.py ATTESTOR STAND_IN FAKE_CLOCK ASSAY WIRE_READ [CASE…]: what a device meets in its life:
a clock without a battery, a lid that is closed, a TPM that is busy or forgets, a bundle to be made.
Real attestor, software TPM, and the scripted verifier of lib/stand-in.c."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time

import diag
import swtpm
import tap
from daemon import Clock
from devicelab import LOG, Daemon, Lab, StandIn, openssl, read, write

ATTESTOR, STAND_IN, FAKE_CLOCK, ASSAY, WIRE_READ = (os.path.abspath(path)
                                                    for path in sys.argv[1:6])
DAY = 86400
YEAR = 365 * DAY
FIRST = 1795737600  # 2026-11-27


def on_fake_clock(lab, **settings):
    clock = Clock(FAKE_CLOCK, lab.path("clock"))
    lab.fresh(**settings)
    lab.environ = clock.environ
    return clock


def clocks_of(verifier):
    return [line.split("clock=")[1] for line in verifier.having("evidence")]


def floor_of(lab, clock):
    """The moment of its build, as the program says it to a verifier when its clock is of 1970."""
    clock.move(wall=-time.time() + 3600)
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
        lab.once(0)  # with the credential that was kept
    floors = set(clocks_of(verifier))
    assert len(verifier.having("credential")) == 1 and len(floors) == 1, verifier.lines
    return int(floors.pop())


def a_clock_of_1970_enrols_attests_and_says_so(lab):
    clock = on_fake_clock(lab)
    # no sooner than the first release, and not ahead of whoever runs it
    assert FIRST <= floor_of(lab, clock) < time.time()


def a_clock_that_is_right_is_not_spoken_of(lab):
    on_fake_clock(lab)
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    assert clocks_of(verifier) == ["0"], verifier.lines


def a_clock_of_1970_believes_no_certificate_that_ended_before_the_build(lab):
    clock = on_fake_clock(lab)
    floor = floor_of(lab, clock)
    for name, subject, extensions, why in (
            ("server", "/CN=verifier",
             "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:verifier.test", "set the clock"),
            ("site", "/CN=assay site lab", "keyUsage=critical,digitalSignature", "hold: time")):
        with lab.another(name):
            clock.move(wall=floor - 40 * DAY - time.time())
            kept, os.environ["LD_PRELOAD"] = os.environ.get("LD_PRELOAD", ""), FAKE_CLOCK
            os.environ["FAKE_CLOCK"] = clock.file
            try:
                lab.cert(name, subject, extensions)  # for thirty days, forty before the build
            finally:
                os.environ["LD_PRELOAD"] = kept
                del os.environ["FAKE_CLOCK"]
            clock.move(wall=-time.time() + 3600)
            lab.fresh()
            with StandIn(lab, "m", "A") as verifier:
                code, _, log = lab.attestor("--once")
        assert code in (13, 15) and why in log, (code, log)
        assert not verifier.having("join"), verifier.lines


def a_clock_that_is_years_ahead_is_told_to_be_set(lab):
    clock = on_fake_clock(lab)
    clock.move(wall=10 * YEAR)
    with StandIn(lab, "m", "A") as verifier:
        _, log = lab.once(13)
        assert "set the clock" in log, log
    assert not verifier.having("credential"), verifier.lines
    clock.move()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    clock.move(wall=10 * YEAR)
    with StandIn(lab, "m", "A") as verifier:
        _, log = lab.once(13)
    assert '"refused":"time"' in log and "set the clock" in log, log
    assert not verifier.having("attest"), verifier.lines


def a_clock_between_build_and_certificates_is_told_to_be_set(lab):
    """The certificates of this lab are some seconds old; a clock just after the build is behind
    them, and it is not so wrong that it is known to be."""
    clock = on_fake_clock(lab)
    floor = floor_of(lab, clock)
    lab.fresh()
    clock.move(wall=floor + 5 - time.time())
    with StandIn(lab, "m", "A"):
        _, log = lab.once(13)
    assert "set the clock" in log, log


def a_clock_that_was_set_meanwhile_judges_again(lab):
    clock = on_fake_clock(lab)
    clock.move(wall=-time.time() + 3600)
    with Daemon(lab) as daemon:
        with StandIn(lab, "m", "A") as verifier:
            daemon.attested()
        assert clocks_of(verifier)[0] != "0", verifier.lines
        clock.move()
        with StandIn(lab, "m", "A") as verifier:  # and so a new connection
            seen = daemon.log().count('"id":"attested"')
            daemon.attested(seen + 1)
        assert clocks_of(verifier)[-1] == "0" and not verifier.having("credential"), verifier.lines
        seen = daemon.log().count('"id":"attested"')
    clock.move(wall=-time.time() + 3600)
    with Daemon(lab) as daemon:
        with StandIn(lab, "m", "A"):
            daemon.attested()
        clock.move(wall=10 * YEAR)  # set, and by now the certificates have ended
        with StandIn(lab, "m", "A") as verifier:
            daemon.until(lambda log: "set the clock" in log)
        assert not verifier.having("attest"), verifier.lines


def a_suspend_counts_as_waiting(lab):
    """The next evidence is due in an hour, and the lid is closed for two."""
    clock = on_fake_clock(lab)
    with StandIn(lab, "m", "LAAL") as verifier, Daemon(lab) as daemon:
        daemon.attested()
        clock.move(boot=7200)
        daemon.attested(2)
    assert '"id":"resumed"' in daemon.log() and '"asleep_s":72' in daemon.log(), daemon.log()
    assert len(verifier.having("evidence")) >= 2, verifier.lines


def after_a_suspend_neither_connection_nor_nonce_is_used_again(lab):
    clock = on_fake_clock(lab)
    with StandIn(lab, "m", "SL") as verifier, Daemon(lab, "--verbose") as daemon:
        daemon.attested()
        clock.move(boot=600)
        daemon.attested(2)
        assert daemon.log().count('"id":"connected"') == 2, daemon.log()
    nonces = [line.split()[2] for line in verifier.having("evidence")]
    assert nonces == ["nonce=last", "nonce=null"], verifier.lines
    assert len(verifier.having("join")) == 1, verifier.lines


def a_moment_between_the_clocks_is_no_suspend(lab):
    clock = on_fake_clock(lab)
    with StandIn(lab, "m", "AAAL"), Daemon(lab, "--verbose") as daemon:
        daemon.attested()
        clock.move(boot=1)
        daemon.attested(4)
    assert '"id":"resumed"' not in daemon.log(), daemon.log()
    assert daemon.log().count('"id":"connected"') == 1, daemon.log()


def a_tpm_that_resumed_attests_with_the_pcrs_that_it_kept(lab):
    def counts():
        text = lab.tpm.tool("tpm2_readclock").decode()
        return [int(line.split()[1]) for line in text.splitlines()
                if "reset_count" in line or "restart_count" in line]

    clock = on_fake_clock(lab)
    lab.tpm.tool("tpm2_pcrextend", "9:sha256=" + "ab" * 32)
    before, pcr = counts(), lab.tpm.tool("tpm2_pcrread", "sha256:9")
    with StandIn(lab, "m", "LA") as verifier, Daemon(lab) as daemon:
        daemon.attested()
        lab.tpm.resume()
        clock.move(boot=7200)
        daemon.attested(2)
    assert counts() == [before[0], before[1] + 1], (before, counts())
    assert lab.tpm.tool("tpm2_pcrread", "sha256:9") == pcr and b"0x" in pcr, pcr
    assert len(verifier.having("quoted")) >= 2, verifier.lines


def collected(lab, code):
    """A new bundle, unpacked by Python's reader: name -> bytes; and the folder it is in."""
    folder = lab.path(f"bundle{lab.n}")
    os.makedirs(folder)
    path = os.path.join(folder, "bundle.tar")
    got, _, log = lab.attestor("--collect", path)
    assert got == code, (got, log)
    assert os.stat(path).st_mode & 0o7777 == 0o600
    with tarfile.open(path) as tar:
        assert all(member.isfile() and member.mode == 0o600 for member in tar), tar.getmembers()
        tar.extractall(folder)
        return {name: read(os.path.join(folder, name), "rb") for name in tar.getnames()}, folder


def assay(folder, *words):
    return subprocess.run([ASSAY, *words], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def a_bundle_is_what_would_be_sent_and_the_cli_reads_it(lab):
    lab.fresh()
    lab.environ = None
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    files, folder = collected(lab, 0)
    assert sorted(files) == ["README", "ak.tpmt", "ek-01c00002.der", "ek-01c00016.der", "ek.tpmt",
                             "evidence", "firmware.log", "info.json", "last-answer.json",
                             "pcr-values.json", "quote", "signature"], sorted(files)
    assert files["firmware.log"] == read(LOG, "rb")
    info, last = json.loads(files["info.json"]), json.loads(files["last-answer.json"])
    assert info["format"] == "assay-bundle-1" and info["lacks"] == "", info
    assert info["tpm"]["manufacturer"] == "IBM" and info["machine"]["model"] == "Test machine"
    assert (last["code"], last["tier"], last["reasons"]) == (204, "affirming", []), last
    assert assay(folder, "log", "show", "firmware.log").returncode == 0
    words = ["quote", "check", "--ak", "ak.tpmt", "--quote", "quote", "--signature", "signature",
             "--pcrs", info["pcrs"], "--pcr-values", "pcr-values.json", "--nonce"]
    done = assay(folder, *words, info["qualifying"])
    assert done.returncode == 0, done.stdout
    assert assay(folder, *words, "00" * 32).returncode == 1
    for name in ("ek-01c00002.der", "ek-01c00016.der"):
        openssl("x509", "-inform", "DER", "-in", os.path.join(folder, name), "-noout")
    secrets = [bytes.fromhex(verifier.having("psk")[0].split()[1]),
               read(os.path.join(lab.state, "nonce"), "rb"), b"one-time", b"jwt", b"cwt"]
    for name, content in files.items():
        assert not any(secret in content for secret in secrets), name


def the_evidence_of_a_bundle_is_bound_to_nothing_and_of_the_wires_form(lab):
    write(lab.path("short"), "x" * 100)
    lab.fresh(firmware=lab.path("short"))
    files, _ = collected(lab, 0)
    reader = subprocess.run([WIRE_READ], input=f"evidence {files['evidence'].hex()}\n".encode(),
                            stdout=subprocess.PIPE, timeout=60, check=True)
    assert reader.stdout.decode().split() == ["accepted", files["evidence"].hex()], reader.stdout
    claims = diag.decode(files["evidence"]).get(0)[1]
    assert [key for key, _ in diag.decode(claims)].count(10) == 0
    bound = ["assay-quote-1", "lab", 3, None, None, hashlib.sha256(claims).digest()]
    assert hashlib.sha256(diag.encode(bound)).hexdigest() == \
        json.loads(files["info.json"])["qualifying"]


def a_bundle_overwrites_nothing(lab):
    path, link = lab.path("there"), lab.path("link")
    write(path, "as it was")
    os.symlink(path, link)
    os.symlink(lab.path("nowhere"), lab.path("dangling"))
    for name in (path, link, lab.path("dangling"), lab.path("no-folder", "x")):
        code, _, log = lab.attestor("--collect", name)
        assert code == 2 and "bundle-write" in log, (name, code, log)
    assert read(path) == "as it was" and not os.path.exists(lab.path("nowhere"))
    assert [name for name in os.listdir(lab.folder) if name.startswith("there")] == ["there"]


def what_a_bundle_lacks_it_names(lab):
    lab.fresh(tcti="device:/nonexistent")
    files, _ = collected(lab, 10)
    assert sorted(files) == ["README", "firmware.log", "info.json"], sorted(files)
    info = json.loads(files["info.json"])
    assert info["lacks"] == "no TPM, or not its keys" and info["tpm"] == {}, info
    lab.fresh(firmware=lab.path("none"))
    files, _ = collected(lab, 11)
    assert "evidence" in files and "firmware.log" not in files, sorted(files)
    assert json.loads(files["info.json"])["lacks"] == "no firmware log"


def the_last_answer_is_kept_whatever_it_was(lab):
    lab.fresh()
    for script, code, want in (("C", 1, (204, "contraindicated", [301])),
                               ("3", 1, (403, "none", [701]))):
        with StandIn(lab, "m3", script):
            lab.once(code)
        files, _ = collected(lab, 0)
        last = json.loads(files["last-answer.json"])
        assert (last["code"], last["tier"], last["reasons"]) == want, last
        lab.n += 1


CASES = [
    a_clock_of_1970_enrols_attests_and_says_so,
    a_clock_that_is_right_is_not_spoken_of,
    a_clock_of_1970_believes_no_certificate_that_ended_before_the_build,
    a_clock_that_is_years_ahead_is_told_to_be_set,
    a_clock_between_build_and_certificates_is_told_to_be_set,
    a_clock_that_was_set_meanwhile_judges_again,
    a_suspend_counts_as_waiting,
    after_a_suspend_neither_connection_nor_nonce_is_used_again,
    a_moment_between_the_clocks_is_no_suspend,
    a_tpm_that_resumed_attests_with_the_pcrs_that_it_kept,
    a_bundle_is_what_would_be_sent_and_the_cli_reads_it,
    the_evidence_of_a_bundle_is_bound_to_nothing_and_of_the_wires_form,
    a_bundle_overwrites_nothing,
    what_a_bundle_lacks_it_names,
    the_last_answer_is_kept_whatever_it_was,
]


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    with swtpm.Swtpm() as tpm:
        lab = Lab(tpm, ATTESTOR, STAND_IN)
        tap.run([(case, lab) for case in tap.chosen(CASES, sys.argv[6:])])


if __name__ == "__main__":
    main()
