"""test_explain.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: a device that a real verifier refuses
is explained, what is suggested is done, and then it passes."""

import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

import policysite
import realsite
from policysite import SITE_CLASS
from realsite import GRUB_LOG, other_kernel, other_text, read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
on_a_site = functools.partial(policysite.on_a_site, PROGRAMS)


def short(device):
    return device.row()["id"][2:10]


def explain(rig, name, *words, code=1):
    """What people read."""
    done = run(PROGRAMS.assay, "device", "explain", short(rig.devices[name]), "--conf",
               rig.site.verifier_conf, *words)
    assert done.code == code and (code == 2 or done.err == ""), done
    assert not re.search(r"[^\n\x20-\x7e]", done.out), done.out
    return done.out


def told(rig, name, code=1):
    return json.loads(explain(rig, name, "--json", code=code))


def reboot(rig, name, log):
    """Another boot of the machine."""
    device = rig.devices[name]
    device.tpm.restart()
    rig.logs[name] = log
    device.boot(log)
    return device.attest()


def suggested(rig, text):
    """Runs the command that stands behind `suggest`, as an operator pastes it."""
    command = re.search(r"(?m)^suggest +(assay .*)$", text)[1]
    for words in (shlex.split(part) for part in command.split(" && ")):
        words = [rig.path(word) if "." in word and "/" not in word else word for word in words]
        socket = ["--socket", rig.site.socket] if words[1:3] == ["device", "accept"] else []
        more = ["--yes"] if socket else []
        done = run(PROGRAMS.assay, *words[1:], *socket, *more)
        assert done.code == 0, (words, done)
    return command


def second_release(rig, text):
    """The release of update.policy as another version in the site's text."""
    update = read(rig.path("update.policy")).decode()
    release = re.search(r"(?ms)^release os \S+ 1 .*?^}\n", update)[0]
    return text + "\n" + release.replace(" 1 ", " 2 ", 1)


def golden(rig, verb, path):
    done = run(PROGRAMS.assay, "golden", verb, path, f"os/{SITE_CLASS}/2")
    assert done.code == 0, done


@on_a_site(names="ac", good="a")
def an_update_is_learnt_staged_promoted_and_passes(rig):
    """Another kernel, in one machine: refused, learnt from what is kept of it, and accepted."""
    before = json.loads(explain(rig, "a", "--json", code=0))
    assert before["accepted"] and before["first_cause"] is None, before
    assert reboot(rig, "a", other_kernel(PROGRAMS.assay, GRUB_LOG))["reasons"][0] == 421
    out = explain(rig, "a")
    assert re.search(r"(?m)^device [0-9a-f]{8} \(laptops, failed\)  REFUSED contraindicated since "
                     r".*  boot [0-9]+  policy laptops:1$", out), out
    assert "first cause  421 BOOT_IMAGE_UNKNOWN  rule chain  event 39  PCR 4\n" in out, out
    assert "\ndiff         1 of 45 events differ from the last accepted boot\n" in out, out
    assert re.search(r"(?m)^  ~ boot\.images    event 39   5f21ff2c0d5d -> 5f21ff2c0d5d  ",
                     out), out
    assert "\npeers        none of 1 others of class laptops shows the value\n" in out, out
    assert "\npolicy       nothing was published since it passed last\n" in out, out
    assert "\nwould pass   with 1 other value\n  event 39 boot.images, rule chain: were it " in out
    command = suggested(rig, out)
    assert command.startswith("assay device log ") and "policy learn" in command, command
    assert read(rig.path("boot.log")) == rig.logs["a"]

    site = rig.path("site.policy")
    write(site, second_release(rig, read(rig.path("a.policy")).decode()))
    golden(rig, "stage", site)
    rig.publish_untested(rig.signed(site))
    assert rig.devices["a"].attest()["reasons"][0] in (421, 426)
    out = explain(rig, "a")
    assert f"\n  known      os/{SITE_CLASS}/2 holds it (staged)\n" in out, out
    conf = shlex.quote(rig.site.verifier_conf)
    assert f"\nsuggest      assay golden promote FILE os/{SITE_CLASS}/2 --conf {conf}\n" in out, out
    assert "bundle 2 counted when it passed last" in out, out
    assert f"\n  os/{SITE_CLASS}/2: staged, was not there, bundle " in out, out

    golden(rig, "promote", site)
    rig.publish_untested(rig.signed(site))
    out = explain(rig, "a")  # it was refused, and that stands until it comes again
    assert ": warning: it passes with its next evidence\n" in out, out
    assert "\nwas refused  4" in out and "first cause" not in out, out
    assert rig.devices["a"].attest()["tier"] == "warning"
    assert "ACCEPTED warning" in explain(rig, "a", code=0)
    assert rig.devices["c"].attest()["tier"] == "warning"  # both releases pass


@on_a_site(names="abc", good="ab")
def peers_that_show_the_same_are_counted(rig):
    """The kernel of b, in c as well, is taken from the policy: both show it, a does not."""
    assert reboot(rig, "c", rig.logs["b"])["tier"] == "warning"
    rig.publish_untested(rig.signed(rig.learnt("a")))
    assert rig.devices["b"].attest()["tier"] == "contraindicated"
    peers = told(rig, "b")["peers"]
    assert (peers["members"], peers["kept"], peers["same"], peers["refused"]) == (2, 2, 1, 0), peers
    assert rig.devices["c"].attest()["tier"] == "contraindicated"
    all_of_it = told(rig, "b")
    assert all_of_it["peers"]["refused"] == 1 and all_of_it["advice"]["devices"] == 2, all_of_it
    assert all_of_it["diff"]["changed"] == 0, all_of_it["diff"]
    assert all_of_it["history"]["published"] == 1, all_of_it["history"]
    rows = rig.site.told("device", "show", rig.devices["b"].row()["id"])
    first = all_of_it["first_cause"]
    assert first["number"] == rows["verdict"]["reasons"][0]["code"], (first, rows)
    assert [first[key] for key in ("event", "pcr", "seen")] == [
        rows["verdict"][key] for key in ("event", "pcr", "seen")], (first, rows)
    assert all_of_it["peers"]["since_ms"] <= all_of_it["verdict"]["judged_ms"], all_of_it


@on_a_site(names="a", good="a")
def a_change_of_one_machine_is_accepted_for_it(rig):
    """Another partition table: pinned for each device, so it is the device's own to accept."""
    policy = rig.learnt("a", lambda text: re.sub(r"rule gpt : gpt device-pin.*",
                                                 "rule gpt : gpt device-pin", text))
    rig.publish_untested(rig.signed(policy))
    assert rig.devices["a"].attest()["tier"] == "warning"
    verdict = reboot(rig, "a", other_disk(GRUB_LOG))
    assert verdict["reasons"][0] == 507, verdict
    out = explain(rig, "a")
    assert "first cause  507 GPT_CHANGED  rule gpt  event 23  PCR 5\n" in out, out
    assert "would pass   with 1 other value\n  event 23 gpt, rule gpt: were it 451a58c830305657 " \
        "that is pinned\n" in out, out
    assert "(1 device now)" in out, out
    command = suggested(rig, out)
    assert command.endswith(" gpt"), command
    assert rig.devices["a"].attest()["tier"] == "warning", explain(rig, "a")
    assert "ACCEPTED" in explain(rig, "a", code=0)


def other_disk(path):
    """Another GUID of the disk, measured as it is logged."""
    log = read(path)
    for event in realsite.events_of(PROGRAMS.assay, path):
        if event["slot"] == "gpt" if "slot" in event else event["type_name"] == "EV_EFI_GPT_EVENT":
            end = log.index(bytes.fromhex(event["digests"]["sha384"])) + 48
            size = int.from_bytes(log[end:end + 4], "little")
            data = log[end + 4:end + 4 + size]
            assert hashlib.sha256(data).hexdigest() == event["digests"]["sha256"], event
            other = data.replace(bytes.fromhex("11111111"), bytes.fromhex("99999999"), 1)
            assert other != data
            for bank, digest in event["digests"].items():
                log = log.replace(bytes.fromhex(digest), hashlib.new(bank, other).digest())
            return log.replace(data, other)
    raise AssertionError("no partition table")


@on_a_site(names="a", good="a")
def a_command_line_tells_its_words(rig):
    verdict = reboot(rig, "a", other_text(PROGRAMS.assay, GRUB_LOG, b" quiet", b" debug"))
    assert verdict["tier"] == "contraindicated", verdict
    out = explain(rig, "a")
    assert re.search(r"(?m)^  ~ boot\.cmdline   event 41   -quiet \+debug; other words equal$",
                     out), out
    assert "501 CMDLINE_MISSING_TOKEN" in out, out
    assert "\nsuggest      on the device: start the kernel with the word that was missed\n" in out
    changes = told(rig, "a")["diff"]["changes"]
    assert [change["slot"] for change in changes] == ["boot.script", "boot.cmdline"], changes


@on_a_site(names="a", good="a")
def what_is_not_genuine_keeps_what_was(rig):
    """A log that does not replay: nothing of it is kept, and nothing of it is to be learnt."""
    device = rig.devices["a"]
    device.extend("4 " + " ".join(f"{bank}:{hashlib.new(bank, b'x').hexdigest()}"
                                  for bank in ("sha1", "sha256", "sha384")) + "\n")
    assert device.attest()["reasons"][0] == 203
    out = explain(rig, "a")
    assert "\nkept         evidence of before: the last was not genuine" in out, out
    assert "\nwas refused  203 LOG_REPLAY" in out, out
    assert "first cause" not in out and "assay device quarantine" in out, out
    assert "policy learn" not in out, out


@on_a_site(names="a", good="a")
def who_has_brought_nothing_is_told_so(rig):
    with rig.site.device("late") as late:
        late.boot(GRUB_LOG)
        rig.site.approve(late)
        rig.devices["late"] = late
        out = explain(rig, "late")
        assert "has brought no evidence yet\n" in out, out
        assert "\nnot judged   no genuine evidence of it is kept\n" in out, out
        assert "\nsuggest      see on the device whether assay-attestor runs" in out, out
        assert told(rig, "late")["verdict"] is None
        done = run(PROGRAMS.assay, "device", "log", short(late), "--out", rig.path("x"), "--conf",
                   rig.site.verifier_conf)
        assert done.code == 1 and "no such log of this device" in done.err, done


@on_a_site(names="a", good="a")
def logs_are_copied_as_they_came(rig):
    conf = ("--conf", rig.site.verifier_conf)
    before = rig.logs["a"]
    after = other_kernel(PROGRAMS.assay, GRUB_LOG)
    reboot(rig, "a", after)
    who = short(rig.devices["a"])
    for words, log in (((), after), (("--accepted",), before)):
        path = rig.path("copy.log")
        done = run(PROGRAMS.assay, "device", "log", who, "--out", path, *words, *conf)
        assert done.code == 0 and done.out == "" and read(path) == log, done
        assert os.stat(path).st_mode & 0o777 == 0o600
    done = run(PROGRAMS.assay, "device", "log", who, "--userspace", *conf)
    assert done.code == 1 and "no such log" in done.err, done
    backup = rig.site.assay("store", "backup", "monday.db").strip()
    done = run(PROGRAMS.assay, "device", "explain", who, "--store", backup, "--verbose")
    assert done.code == 1 and "  ~ boot.images " in done.out, done
    rig.site.stop()
    assert "421 BOOT_IMAGE_UNKNOWN" in explain_stopped(rig, who)
    rig.site.start()


def explain_stopped(rig, who):
    """Of a store whose verifier does not run; it is only read."""
    database = os.path.join(rig.site.state, "verifier.db")
    before = hashlib.sha256(read(database)).digest()
    done = run(PROGRAMS.assay, "device", "explain", who, "--store", database)
    assert done.code == 1 and hashlib.sha256(read(database)).digest() == before, done
    return done.out


@on_a_site(names="a", good="a")
def words_that_name_nothing_are_usage(rig):
    conf = ("--conf", rig.site.verifier_conf)
    who = short(rig.devices["a"])
    for verb in ("explain", "log"):
        for words in ((), (who, who), (who, "--store", "x", *conf), (who, "--odd", *conf)):
            done = run(PROGRAMS.assay, "device", verb, *words)
            assert done.code == 2 and "usage: " in done.err, (verb, words, done)
        for words, said in ((("0123", *conf), "8 digits at least"),
                            (("00000000", *conf), "no device has this id"),
                            ((who, "--store", rig.path("none")), "No such file"),
                            ((who, "--store", rig.site.verifier_conf), "no store of the verifier")):
            done = run(PROGRAMS.assay, "device", verb, *words)
            assert done.code == 2 and said in done.err and done.out == "", (verb, words, done)
    with open("/dev/full", "wb") as full:  # what broke is no verdict
        broken = subprocess.run([PROGRAMS.assay, "device", "explain", who, *conf], stdout=full,
                                stderr=subprocess.PIPE, check=False)
    assert broken.returncode == 2, broken
    done = run(PROGRAMS.assay, "device", "log", who, "--accepted", "--userspace", *conf)
    assert done.code == 2 and "--userspace: of systemd's log" in done.err, done


@on_a_site(names="a", good="a")
def a_compiled_bundle_is_read_from_a_pipe(rig):
    """Standard input has its bytes once."""
    bundle = rig.signed(rig.learnt("a"))
    for path in (bundle, rig.path("body")):
        done = run("sh", "-c", 'exec "$1" policy test active - --conf "$2" < "$3"', "sh",
                   PROGRAMS.assay, rig.site.verifier_conf, path)
        assert done.code == 0 and "1 members: 1 same" in done.out, done


CASES = (
    an_update_is_learnt_staged_promoted_and_passes,
    peers_that_show_the_same_are_counted,
    a_change_of_one_machine_is_accepted_for_it,
    a_command_line_tells_its_words,
    what_is_not_genuine_keeps_what_was,
    who_has_brought_nothing_is_told_so,
    logs_are_copied_as_they_came,
    words_that_name_nothing_are_usage,
    a_compiled_bundle_is_read_from_a_pipe,
)

realsite.run_cases(CASES, sys.argv[5:])
