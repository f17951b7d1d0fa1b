#!/usr/bin/env python3
"""One file of a fleet against the real service: named before they come, put into groups, moved to
other classes; policies for groups judge from the next evidence on, and tokens say the groups.

test_groups.py ASSAY VERIFIER ATTESTOR TPM_EXTEND: prints TAP."""

import base64
import json
import os
import sys
import tempfile

import realsite
import tap
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])


def claims(device, name):
    payload = read(device.path("tokens", f"{name}.jwt")).split(b".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))


def audited(site, *kinds):
    """(kind, text, actor) of these kinds, in order."""
    keys = os.path.join(site.state, "public", "audit-keys.cbor")
    rows = [json.loads(line)
            for line in site.assay("audit", "export", "--keys", keys).splitlines()]
    return [(row["kind"], row["text"], row["actor"]) for row in rows if row.get("kind") in kinds]


class Fleet:
    """The file, and the devices that it names by number."""

    def __init__(self, site, folder, *devices):
        self.site, self.path = site, os.path.join(folder, "fleet.csv")
        self.fingerprints = [device.fingerprint() for device in devices]

    def write(self, *rows):
        lines = [f"{print_},{row}" for print_, row in zip(self.fingerprints, rows)]
        write(self.path, "fingerprint,class,groups\n" + "\n".join(lines) + "\n")
        return self.path


def two_devices(case):
    def wrapped():
        with tempfile.TemporaryDirectory(prefix="assay-groups-") as top:
            site = realsite.Site(PROGRAMS, os.path.join(top, "site"))
            with site, site.device(audiences="vpn, wiki") as one, site.device() as two:
                for device in (one, two):
                    device.boot()
                case(site, top, one, two)
                assert site.main.poll() is None, site.log_text()
    wrapped.__name__ = case.__name__
    return wrapped


@two_devices
def one_file_does_for_all_of_a_fleet(site, top, one, two):
    fleet = Fleet(site, top, one, two)
    for name in ("laptops", "servers"):
        site.assay("class", "add", name)
    for words in (("pilots",), ("berlin", "--site"), ("paris", "--site")):
        site.assay("group", "add", *words)
    path = fleet.write("laptops,berlin pilots", "laptops,munich")
    done = site.ask("device", "import", path)
    assert done.code == 1 and "no such group" in done.err, done
    path = fleet.write("laptops,berlin pilots", "laptops,")
    assert site.assay("device", "import", path) == "imported 2 devices\n"
    for device in (one, two):
        device.attest()  # enrols: a member at once
    rows = [one.row(), two.row()]
    assert [row["groups"] for row in rows] == [["berlin", "pilots"], []], rows
    assert {row["class"] for row in rows} == {"laptops"}, rows
    assert "groups       berlin pilots\n" in site.assay("device", "show", rows[0]["id"])
    listed = site.told("device", "list", "--group", "pilots")["devices"]
    assert [row["id"] for row in listed] == [rows[0]["id"]], listed
    assert site.told("group", "show", "berlin")["members"] == 1
    # changed by file: told one by one, again without harm, and by --dry-run before
    path = fleet.write("servers,paris", "laptops,pilots")
    short = [row["id"][2:10] for row in rows]
    want = [f"device {short[0]} -berlin -pilots +paris", f"device {short[1]} +pilots"]
    out = site.assay("device", "group", "--file", path, "--dry-run")
    assert out.splitlines()[-1] == "would change 2, as they were 0, failed 0", out
    assert [device.row()["groups"] for device in (one, two)] == [["berlin", "pilots"], []]
    out = site.assay("device", "group", "--file", path)
    assert out.splitlines() == [*want, "changed 2, as they were 0, failed 0"], out
    out = site.assay("device", "group", "--file", path)
    assert out == "changed 0, as they were 2, failed 0\n", out
    out = site.assay("device", "move", "--file", path, "--dry-run")
    assert out == (f"device {short[0]} would move from laptops to servers\n"
                   "would move 1, already there 1, failed 0\n"), out
    out = site.assay("device", "move", "--file", path)
    assert out.splitlines()[-1] == "moved 1, already there 1, failed 0", out
    out = site.assay("device", "move", "--file", path)
    assert out == "moved 0, already there 2, failed 0\n", out
    assert [device.row()["class"] for device in (one, two)] == ["servers", "laptops"]
    assert [device.row()["groups"] for device in (one, two)] == [["paris"], ["pilots"]]
    # one that fails is named, and the other is changed all the same
    path = fleet.write("servers,paris berlin", "kiosks,")
    done = site.ask("device", "group", "--file", path)
    assert done.code == 1 and f"line 2: not changed: {fleet.fingerprints[0]}" in done.err, done
    assert done.out == f"device {short[1]} -pilots\nchanged 1, as they were 0, failed 1\n", done
    done = site.ask("device", "move", "--file", path)
    assert done.code == 1 and "moved 0, already there 1, failed 1" in done.out, done
    assert f"line 3: not moved: {fleet.fingerprints[1]}" in done.err, done
    rows = audited(site, "group-in", "group-out", "moved")
    assert rows[:2] == [("group-in", "berlin", "inventory"), ("group-in", "pilots", "inventory")]
    assert [row[:2] for row in rows[2:]] == [
        ("group-out", "berlin"), ("group-out", "pilots"), ("group-in", "paris"),
        ("group-in", "pilots"), ("moved", "class servers after laptops"), ("group-out", "pilots")]
    assert site.stop() == 0
    site.start()
    assert [device.row()["groups"] for device in (one, two)] == [["paris"], []]


@two_devices
def a_policy_of_a_group_judges_who_is_in_it(site, top, one, two):
    for device in (one, two):
        site.approve(device)
    site.assay("class", "add", "laptops", "--audience", "bearer:vpn,groups", "--audience",
               "bearer:wiki", "--audience", "bearer:assay")
    site.assay("group", "add", "pilots")
    ids = [device.row()["id"] for device in (one, two)]
    site.assay("device", "group", ids[0], "--add", "pilots")
    text = os.path.join(top, "learnt.policy")
    done = run(PROGRAMS.assay, "policy", "learn", "--class", "laptops", "--out", text,
               realsite.GRUB_LOG)
    assert done.code == 0, done
    source = read(text)
    assert source.count(b"applies class in { laptops }") == 1
    write(text, source.replace(b"{ laptops }", b"{ laptops } group pilots"))
    body, bundle = os.path.join(top, "body"), os.path.join(top, "site.bundle")
    done = run(PROGRAMS.assay, "policy", "compile", text, "--out", body)
    assert done.code == 0, done
    done = run(PROGRAMS.assay, "policy", "sign", body, "--key",
               os.path.join(site.etc, "keys", "policy.key"), "--sequence", "1", "--out", bundle)
    assert done.code == 0, done
    shown = json.loads(run(PROGRAMS.assay, "policy", "show", bundle, "--json").out)
    assert shown["policies"][0]["group"] == "pilots", shown["policies"]
    site.assay("policy", "publish", bundle, "--untested")
    assert site.told("policy", "active")["policies"][0]["group"] == "pilots"
    one.attest(0)
    assert site.told("device", "show", ids[0])["verdict"]["policy"], ids
    # who is in no group of a class that has policies for groups alone is judged by nothing
    two.attest()
    assert "POLICY_MISSING" in two.row()["reasons"], site.log_text()[-2000:]
    assert site.told("device", "show", ids[1])["verdict"]["rule"] == "policy-apart"
    told = claims(one, "vpn")
    assert told["groups"] == ["laptops", "pilots"] and told["device_groups"] == "laptops pilots"
    assert claims(one, "wiki")["groups"] == ["laptops"]  # it did not ask for groups
    site.assay("device", "group", ids[0], "--remove", "pilots")
    one.attest()
    assert "POLICY_MISSING" in one.row()["reasons"], site.log_text()[-2000:]
    site.assay("device", "group", ids[0], ids[1], "--add", "pilots")
    one.attest(0)
    two.attest(0)
    # the test over the store's evidence says what the service did
    done = run(PROGRAMS.assay, "policy", "test", "active", bundle, "--conf", site.verifier_conf)
    assert done.code == 0 and "2 members: 2 same" in done.out, done


if __name__ == "__main__":
    tap.run([(case,) for case in (one_file_does_for_all_of_a_fleet,
                                  a_policy_of_a_group_judges_who_is_in_it)])
