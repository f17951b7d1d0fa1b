#!/usr/bin/env python3
"""announce.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: what a device's hooks leave of boots to
come: `assay announce` writes it, the attestor tells it, the verifier lists it, the file is gone."""

import hashlib
import json
import os
import sys

import diag
import pemake
import realsite
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
REFUSED, OK = 1, 0
DAY_S = 86400


def prepare(site, device):
    """A member that was accepted once, with a folder for its hooks and a kernel to speak of."""
    os.mkdir(device.path("announce"), 0o700)
    write(device.conf, read(device.conf).decode() +
          f"[announce]\ndir = {device.path('announce')}\n")
    write(device.path("vmlinuz"), "a kernel" * 1000)
    device.boot()
    site.affirmed(device)


on_a_site = realsite.on_a_site(PROGRAMS, prepare)


def announces(device, *words, code=0):
    done = run(PROGRAMS.assay, "announce", *words, "--out", device.path("announce"))
    assert done.code == code, done
    return done


def files(device):
    return sorted(os.listdir(device.path("announce")))


def put(device, name, content, mode=0o600):
    path = device.path("announce", name)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def listed(site, device):
    return site.told("device", "show", device.row()["id"]).get("announced", [])


def audited(site):
    keys = os.path.join(site.state, "public", "audit-keys.cbor")
    rows = [json.loads(line)
            for line in site.assay("audit", "export", "--keys", keys).splitlines()]
    return [row["text"] for row in rows if row.get("kind") == "announced"]


def boots(device, log):
    """A machine that was shut down in good order: a TPM that is not counts that as an attack."""
    device.tpm.tool("tpm2_shutdown", "-c")
    device.tpm.reset()
    device.boot(log)


def told(device, identity):
    """Lines of that id in what one run of the attestor says."""
    done = device.attestor("--once", "--json")
    assert done.code == OK, done
    return [line for line in realsite.lines_of(done.err) if line["id"] == identity]


@on_a_site
def what_a_hook_leaves_is_told_and_gone(site, device):
    kernel = device.path("vmlinuz")
    announces(device, "os", "6.12.57", "--file", f"9,{kernel}", "--event",
              f"4,sha256:{'ab' * 32},label=grub, by its name", "--days", "2")
    assert files(device) == ["os.cbor"]
    assert os.stat(device.path("announce", "os.cbor")).st_mode & 0o777 == 0o600
    assert [line["file"] for line in told(device, "announced")] == ["os.cbor"]
    assert files(device) == []
    row, = listed(site, device)
    assert (row["component"], row["version"], row["boots_left"]) == ("os", "6.12.57", 3), row
    assert row["expires_ms"] - row["heard_ms"] == 2 * DAY_S * 1000, row
    content = read(kernel)
    assert row["events"][0] == {"pcr": 9, "label": kernel, **{
        name: hashlib.new(name, content).hexdigest()
        for name in ("sha1", "sha256", "sha384", "sha512")}}, row
    assert row["events"][1] == {"pcr": 4, "label": "grub, by its name", "sha256": "ab" * 32}, row
    shown = site.assay("device", "show", device.row()["id"])
    assert "os 6.12.57 (by its own word), 2 events, heard " in shown, shown
    assert audited(site) == ['os "6.12.57", 2 events, for 172800 s'], audited(site)


@on_a_site
def one_of_many_blocks_arrives_whole(site, device):
    events = [f"9,sha384:{n:096x},label={'n' * 60}{n}" for n in range(50)]
    announces(device, "os", "1", *[word for one in events for word in ("--event", one)])
    assert os.path.getsize(device.path("announce", "os.cbor")) > 4096
    device.attest(OK)
    assert files(device) == []
    row, = listed(site, device)
    assert [event["sha384"] for event in row["events"]] == [f"{n:096x}" for n in range(50)]


@on_a_site
def a_device_that_was_ended_before_it_removed_the_file_says_it_again(site, device):
    announces(device, "os", "1", "--file", f"9,{device.path('vmlinuz')}")
    content = read(device.path("announce", "os.cbor"))
    device.attest(OK)
    before = listed(site, device)
    put(device, "os.cbor", content)
    device.attest(OK)
    assert files(device) == []
    assert listed(site, device) == before and len(audited(site)) == 1


@on_a_site
def what_is_of_no_good_form_is_dropped_and_named(site, device):
    put(device, "a.cbor", b"\xa0")
    put(device, "b.cbor", b"\0" * 9000)
    put(device, "c.cbor.x", b"half")
    put(device, "d.cbor", b"\xa0", mode=0o622)
    announces(device, "os", "1", "--file", f"9,{device.path('vmlinuz')}")
    refused = told(device, "announce-refused")
    assert {line["file"] for line in refused} == {"a.cbor", "b.cbor"}, refused
    assert files(device) == ["c.cbor.x", "d.cbor"]
    assert [row["component"] for row in listed(site, device)] == ["os"]
    assert told(device, "announce-folder")[0]["loose"] == 1
    os.chmod(device.path("announce"), 0o777)
    assert told(device, "announce-folder")[0]["why"] == "loose"


@on_a_site
def a_boot_that_is_refused_announces_nothing(site, device):
    announces(device, "os", "1", "--file", f"9,{device.path('vmlinuz')}")
    good = read(device.log)
    boots(device, realsite.other_kernel(PROGRAMS.assay, device.log))
    device.attest(REFUSED)
    assert files(device) == ["os.cbor"] and listed(site, device) == []
    boots(device, good)
    device.attest(OK)
    assert files(device) == [] and len(listed(site, device)) == 1


@on_a_site
def an_announced_kernel_is_refused_as_an_unknown_one(site, device):
    """And four boots later nothing is left of what was said."""
    good = read(device.log)
    evil = realsite.other_kernel(PROGRAMS.assay, device.log)
    write(device.path("evil.log"), evil)
    boots(device, evil)
    reasons = device.attest(REFUSED)["reasons"]
    boots(device, good)
    events = [f"4,sha256:{event['digests']['sha256']}"
              for event in realsite.events_of(PROGRAMS.assay, device.path("evil.log"))
              if event["pcr"] == 4]
    announces(device, "os", "2", *[word for one in events for word in ("--event", one)])
    device.attest(OK)
    assert listed(site, device)[0]["boots_left"] == 3
    boots(device, evil)
    assert device.attest(REFUSED)["reasons"] == reasons
    assert listed(site, device)[0]["boots_left"] == 2
    for _ in range(3):
        boots(device, good)
        device.attest(OK)
    assert listed(site, device) == []


def wrong_words_leave_no_file():
    with realsite.folder() as top:
        good = ("os", "1", "--out", top)
        event = f"9,sha256:{'ab' * 32}"
        for code, words in (
                (2, ()), (2, ("os",)), (2, ("os", "1", "more", "--event", event)), (2, good),
                (2, ("o s", "1", "--event", event)), (2, ("../os", "1", "--event", event)),
                (2, ("os", "", "--event", event)), (2, ("os", "v" * 129, "--event", event)),
                *((2, (*good, "--event", event, "--days", days)) for days in "089x"),
                (2, (*good, "--event", event, "--days", "10")),
                *((1, (*good, "--event", one)) for one in (
                    "", "9", "9,", "24,sha256:" + "ab" * 32, "x" + event, "999" + event, event[:-1],
                    event[:-2], event + "ab", event + "," + event[2:], "9,md5:" + "ab" * 16,
                    "9,sha256", event + ",label=", event + ",label=" + "x" * 129,
                    event + ",label=\udcff", "9,label=x")),
                *((1, (*good, "--file", one)) for one in (
                    "9", "9,", "/etc/passwd", "9,/nonexistent", "9," + top)),
                (1, ("os", "1", "--event", event, "--out", top + "/none"))):
            done = run(PROGRAMS.assay, "announce", *words)
            assert done.code == code, (words, done)
        most = [word for n in range(60) for word in ("--event", event)]
        done = run(PROGRAMS.assay, "announce", *good, *most, *["--file", "9,/etc/passwd"] * 5)
        assert done.code == 1 and "64 events" in done.err, done
        done = run(PROGRAMS.assay, "announce", *good, *[
            word for n in range(60) for word in ("--event", event + ",label=" + "x" * 128)])
        assert done.code == 1 and "8,192 bytes" in done.err, done
        assert os.listdir(top) == []


def a_file_is_as_the_schema_says():
    with realsite.folder() as top:
        path = os.path.join(top, "é" * 70 + "kernel")
        write(path, "content")
        done = run(PROGRAMS.assay, "announce", "os", "1", "--file", f"9,{path}", "--out", top)
        assert done.code == 0 and "1 events" in done.out, done
        message = diag.decode(read(os.path.join(top, "os.cbor")))
        fields = dict(message)
        event = dict(fields[3][0])
        assert (fields[1], fields[2], fields[5], event[1]) == ("os", "1", 7 * DAY_S, 9), fields
        assert [alg for alg, _ in event[2]] == [4, 11, 12, 13], event
        assert event[2][1][1] == hashlib.sha256(b"content").digest()
        assert event[3].endswith("ékernel") and 127 <= len(event[3].encode()) <= 128, event


def a_program_is_announced_as_firmware_measures_it():
    """Whatever is wrong with one leaves no file."""
    with realsite.folder() as top:
        path, good = os.path.join(top, "grub.efi"), pemake.program([(".text", b"code" * 99)])
        signed = pemake.program([(".text", b"code" * 99)], certs=b"signature")
        words = ("loaders", "1", "--image", path, "--out", top)
        digests = []
        for content in (good, signed):
            write(path, content)
            done = run(PROGRAMS.assay, "announce", *words)
            assert done.code == 0 and "1 events" in done.out, done
            event, = dict(diag.decode(read(os.path.join(top, "loaders.cbor"))))[3]
            event = dict(event)
            assert (event[1], event[3]) == (4, path), event
            assert event[2] == [[alg, pemake.authenticode(content, bank)] for alg, bank in (
                (4, "sha1"), (11, "sha256"), (12, "sha384"), (13, "sha512"))], event
            digests.append(event[2])
        assert digests[0] == digests[1]
        os.unlink(os.path.join(top, "loaders.cbor"))
        for content, said in ((good[:100], "heads"), (b"", "heads"), (signed + b"x", "signatures"),
                              (good[:-1], "section")):
            write(path, content)
            done = run(PROGRAMS.assay, "announce", *words)
            assert done.code == 1 and said in done.err, (said, done)
        write(path, pemake.program([(".linux", b"no program"), (".osrel", b""), (".initrd", b"i")]))
        done = run(PROGRAMS.assay, "announce", *words, "--file", f"9,{path}")
        assert done.code == 0 and "7 events" in done.out, done
        done = run(PROGRAMS.assay, "announce", *words, *["--image", path] * 12)
        assert done.code == 1 and "more than 64 events" in done.err, done
        done = run(PROGRAMS.assay, "announce", *words, "--image", top)
        assert done.code == 1 and done.out == "", done


CASES = (
    what_a_hook_leaves_is_told_and_gone,
    one_of_many_blocks_arrives_whole,
    a_device_that_was_ended_before_it_removed_the_file_says_it_again,
    what_is_of_no_good_form_is_dropped_and_named,
    a_boot_that_is_refused_announces_nothing,
    an_announced_kernel_is_refused_as_an_unknown_one,
    wrong_words_leave_no_file,
    a_file_is_as_the_schema_says,
    a_program_is_announced_as_firmware_measures_it,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[5:])
