"""test_policy_publish.py ASSAY VERIFIER ATTESTOR TPM_EXTEND FAKE_CLOCK [CASE…]: a bundle compiled,
signed and published to a real verifier counts and stays; what is older, not ours or no bundle
changes nothing."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import realsite
import tap
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
FAKE_CLOCK = sys.argv[5]
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "examples")
MOST = 8 * 1024 * 1024 + 4096


class Rig:
    """A site, and beside it the place where its policies are signed."""

    def __init__(self, site, folder):
        self.site, self.folder = site, folder
        self.key = self.path("policy.key")
        shutil.move(os.path.join(site.etc, "keys", "policy.key"), self.key)  # as setup says
        self.compiled = self.path("site.body")
        self.compile(os.path.join(EXAMPLES, "laptop.policy"), self.compiled)

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, source, out):
        done = run(PROGRAMS.assay, "policy", "compile", source, "--out", out)
        assert done.code == 0, done
        return out

    def signed(self, sequence, key=None, body=None, *words):
        out = self.path(f"{sequence}-{os.path.basename(key or self.key)}.bundle")
        done = run(PROGRAMS.assay, "policy", "sign", body or self.compiled, "--key",
                   key or self.key, "--sequence", str(sequence), "--out", out, *words)
        assert done.code == 0, done
        return out

    def publish(self, path, code=0):
        done = self.site.ask("policy", "publish", path, "--untested")
        assert done.code == code, (path, done, self.site.log_text()[-1500:])
        return done

    def refused(self, path, *texts):
        """No, with these words; what counted counts."""
        before = self.active()
        done = self.publish(path, 1)
        assert done.out == "" and all(text in done.err for text in texts), (texts, done)
        assert self.active() == before

    def active(self):
        done = self.site.ask("policy", "active", "--json")
        told = json.loads(done.out)
        assert done.code == (0 if told["state"] == "ready" else 1), done
        return told

    def is_active(self, sequence, state="ready"):
        told = self.active()
        assert (told["state"], told["sequence"]) == (state, sequence), told

    def reload(self):
        done = self.site.log_text().count('"id":"reloaded"')
        self.site.main.send_signal(signal.SIGHUP)
        self.site.until(lambda: self.site.log_text().count('"id":"reloaded"') > done)

    def rotate(self, *words):
        done = run(PROGRAMS.assay, "key", "rotate", "policy", *words, "--config",
                   self.site.verifier_conf, "--json")
        assert done.code == 0 and json.loads(done.out)["verifier"] == "uses it", done
        return json.loads(done.out)

    def restart(self):
        assert self.site.stop() == 0
        self.site.start()


@contextlib.contextmanager
def fake_clock(rig, days):
    """What is run meanwhile sees a wall clock that is moved so."""
    write(rig.path("clock"), f"{days * 86400} 0")
    added = {"LD_PRELOAD": FAKE_CLOCK, "FAKE_CLOCK": rig.path("clock"),
             "ASAN_OPTIONS": "verify_asan_link_order=0"}
    kept = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def on_a_site(case):
    def wrapped():
        with tempfile.TemporaryDirectory(prefix="assay-policy-") as top:
            place = os.path.join(top, "signing")
            os.mkdir(place)
            with contextlib.ExitStack() as stack:
                site = realsite.Site(PROGRAMS, os.path.join(top, "site"))
                rig = Rig(site, place)
                stack.enter_context(site)
                case(rig)
                assert site.main.poll() is None, site.log_text()
                assert not re.search(r'"restart_ms":[0-9]', site.log_text()), site.log_text()
    wrapped.__name__ = case.__name__
    return wrapped


@on_a_site
def a_published_bundle_counts_and_stays(rig):
    assert rig.active() == {"state": "none", "sequence": 0, "keys": 1}
    assert "none published" in rig.site.assay("status")
    bundle = rig.signed(15)
    out = rig.publish(bundle).out
    assert out.startswith("bundle 15 counts from now, until for ever, sha256:"), out
    told = rig.active()
    assert (told["state"], told["sequence"], told["not_after_s"]) == ("ready", 15, 0), told
    digest = subprocess.run(["sha256sum", bundle], check=True, capture_output=True).stdout[:64]
    assert told["digest"] == digest.decode() and told["digest"] in out
    shown = json.loads(run(PROGRAMS.assay, "policy", "show", bundle, "--json").out)
    assert told["issued_s"] == shown["issued"]
    assert [policy["name"] for policy in told["policies"]] == [
        policy["name"] for policy in shown["policies"]]
    assert [policy["rules"] for policy in told["policies"]] == [
        policy["rules"] for policy in shown["policies"]]
    assert told["sets"] > 0 and told["digests"] > 0
    assert "bundle 15" in rig.site.assay("status")
    text = rig.site.assay("policy", "active")
    assert "published" in text and told["policies"][0]["name"] in text, text
    assert "counted already" in rig.publish(bundle).out
    rig.restart()
    assert rig.active() == told
    rig.reload()
    assert rig.active() == told
    keeper = [pid for pid, role in rig.site.roles().items() if role == "keeper"][0]
    rows = run(PROGRAMS.assay, "audit", "export", "--socket", rig.site.socket, "--keys",
               os.path.join(rig.site.state, "public", "audit-keys.cbor")).out.splitlines()
    said = [json.loads(line) for line in rows if '"kind":"policy"' in line]
    assert [row["text"] for row in said] == [f"bundle 15 sha256:{told['digest']} untested"], said
    assert said[0]["actor"] == f"uid {os.geteuid()}" and keeper


@on_a_site
def without_a_test_or_the_word_nothing_is_published(rig):
    done = rig.site.ask("policy", "publish", rig.signed(1), "--store", rig.path("none"))
    assert done.code == 1 and "--untested" in done.err, done
    assert rig.active()["state"] == "none"
    done = rig.site.ask("policy", "publish", rig.signed(1), "--conf", rig.site.verifier_conf)
    assert done.code == 0 and rig.active()["state"] == "ready", done  # of nobody: tested


@on_a_site
def what_is_older_or_another_of_its_sequence_is_refused(rig):
    rig.publish(rig.signed(15))
    rig.refused(rig.signed(14), "805 BUNDLE_ROLLBACK", "higher sequence")
    rig.refused(rig.signed(1), "805 BUNDLE_ROLLBACK")
    twin = rig.path("twin.bundle")
    shutil.copy(rig.signed(15), rig.path("first"))
    os.rename(rig.signed(15), twin)  # signed anew: other bytes
    assert read(twin) != read(rig.path("first"))
    rig.refused(twin, "another bundle of this sequence")
    rig.restart()
    rig.refused(rig.signed(14), "805 BUNDLE_ROLLBACK")
    rig.publish(rig.signed(16))
    rig.is_active(16)


@on_a_site
def what_is_not_ours_changes_nothing(rig):
    rig.publish(rig.signed(1))
    other = rig.path("other.key")
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
        other)
    rig.refused(rig.signed(2, other), "not signed by the operator's key", "assay key list")
    good = read(rig.signed(2))
    changed = rig.path("changed")
    for at in (3, 40, len(good) // 2, len(good) - 1):
        write(changed, good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        rig.refused(changed, "not signed by the operator's key")
        write(changed, good[:at])
        rig.refused(changed, "not signed by the operator's key")
    for junk in (b"", b"\xd2", b"\xd2" + os.urandom(5000), b"\xd2" * 100000, good + b"\0"):
        write(changed, junk)
        rig.refused(changed, "not signed by the operator's key")
    rig.refused(rig.compiled, "no signed bundle")
    write(changed, b"\xd2" + bytes(MOST))
    rig.refused(changed, f"longer than {MOST} bytes")
    write(changed, b"\xd2" + bytes(MOST - 1))  # as large as a message may be
    rig.refused(changed, "not signed by the operator's key")
    rig.publish(rig.signed(2))
    rig.is_active(2)


@on_a_site
def a_bundle_of_many_digests_is_loaded_and_kept(rig):
    """The sandbox lets the keeper make what it takes."""
    text = read(os.path.join(EXAMPLES, "laptop.policy")).decode()
    for n in range(3):
        lines = "\n".join(f"  sha256:{i:064x}" for i in range(50000))
        text += f"\nset digests big/{n} {{\n{lines}\n}}\n"
    write(rig.path("big.policy"), text)
    body = rig.compile(rig.path("big.policy"), rig.path("big.body"))
    assert os.path.getsize(body) > 5000000
    rig.publish(rig.signed(3, None, body))
    assert rig.active()["digests"] > 150000
    rig.restart()
    rig.is_active(3)
    rig.publish(rig.signed(4, None, body))
    rig.is_active(4)


@on_a_site
def what_has_ended_or_has_not_begun_is_refused(rig):
    """Where it is signed the clock may be another."""
    def signed_then(days, *words):
        with fake_clock(rig, days):
            return rig.signed(5, None, None, *words)

    def day(days):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86400))
    rig.refused(signed_then(-9, "--not-after", day(-2)), "802 POLICY_EXPIRED", "clocks")
    rig.refused(signed_then(1), "802 POLICY_EXPIRED", "clocks")
    rig.publish(signed_then(-9, "--not-after", day(2)))
    told = rig.active()
    assert time.time() < told["not_after_s"] < time.time() + 2 * 86400, told
    assert told["issued_s"] < time.time() - 8 * 86400, told
    assert "ALARM" not in rig.site.assay("status")


@on_a_site
def a_backup_has_the_bundle(rig):
    rig.publish(rig.signed(7))
    path = rig.site.assay("store", "backup", "monday.db").strip()
    rig.publish(rig.signed(8))
    rig.site.stop()
    database = os.path.join(rig.site.state, "verifier.db")
    for end in ("", "-wal", "-shm", ".head"):
        if os.path.exists(database + end):
            os.unlink(database + end)
    shutil.copy(path, database)
    rig.site.start()
    rig.is_active(7)
    rig.publish(rig.signed(8))
    rig.is_active(8)


@on_a_site
def a_set_of_files_is_found_beside_the_store(rig):
    """By the keeper under its own rules: when it starts, and when a bundle is published."""
    def absent():
        return [json.loads(line) for line in rig.site.log_text().splitlines()
                if '"id":"policy-set-absent"' in line]

    folder = os.path.join(rig.site.state, "sets")
    os.mkdir(folder, 0o755)
    bundles, names = [], []
    for content in ("one", "two"):
        path = rig.path(f"{content}.set")
        write(rig.path(content), content)
        assert run(PROGRAMS.assay, "ima", "set", "make", rig.path(content), "--out", path).code == 0
        names.append(hashlib.sha256(open(path, "rb").read()).hexdigest() + ".set")
        shutil.copy(path, os.path.join(folder, names[-1]))
        text = read(os.path.join(EXAMPLES, "laptop.policy")).decode()
        text = re.sub(r"(set file ima/debian-12 version 7 \{ sha256:)[0-9a-f]{64}",
                      lambda found, name=names[-1]: found.group(1) + name[:64], text)
        write(rig.path("sets.policy"), text)
        body = rig.compile(rig.path("sets.policy"), rig.path(f"{content}.body"))
        bundles.append(rig.signed(len(bundles) + 1, None, body))
    rig.publish(bundles[0])
    assert absent() == [], absent()
    os.unlink(os.path.join(folder, names[1]))
    rig.publish(bundles[1])
    rig.site.until(absent)  # it is told behind the answer
    told, = absent()
    assert (told["set"], told["file"], told["sets"]) == ("ima/debian-12", names[1], 1), told
    rig.restart()
    assert len(absent()) == 2
    shutil.copy(rig.path("two.set"), os.path.join(folder, names[1]))
    rig.restart()
    rig.is_active(2)
    rig.rotate()  # the bundle is loaded anew
    rig.is_active(2)
    assert len(absent()) == 2, absent()


@on_a_site
def a_key_is_rotated_and_the_bundle_goes_on(rig):
    old = rig.signed(1)
    rig.publish(old)
    assert rig.rotate()["made"] == 2
    keys = os.path.join(rig.site.etc, "keys")
    fresh = rig.path("policy-2.key")
    shutil.move(os.path.join(keys, "policy-2.key"), fresh)
    told = rig.active()
    assert (told["state"], told["keys"]) == ("ready", 2), told
    rig.publish(rig.signed(2))  # the old key signs meanwhile
    rig.publish(rig.signed(3, fresh))
    assert "policy active" in rig.rotate("--retire", "1")["then"]
    rig.is_active(3)
    rig.refused(rig.signed(4), "not signed by the operator's key")
    rig.restart()
    rig.is_active(3)
    rows = json.loads(run(PROGRAMS.assay, "key", "list", "--config", rig.site.verifier_conf,
                          "--json").out)["keys"]
    row = [row for row in rows if row["kind"] == "policy"]
    assert [(one["id"], one["state"], len(one["kid"])) for one in row] == [(2, "active", 64)], row


@on_a_site
def a_bundle_of_a_retired_key_is_an_alarm_until_another_comes(rig):
    rig.publish(rig.signed(1))
    rig.rotate()
    rig.rotate("--retire", "1")
    told = rig.active()
    assert (told["state"], told["sequence"]) == ("broken", 1), told
    assert told["rule"] == "bundle-signature", told
    assert '"id":"policy-broken"' in rig.site.log_text()
    assert "ALARM: bundle 1 must not be used" in rig.site.assay("status")
    done = rig.site.ask("policy", "active")
    assert done.code == 1 and "BROKEN" in done.out and "higher sequence" in done.err, done
    rig.restart()
    rig.is_active(1, "broken")
    assert rig.site.log_text().count('"id":"policy-broken"') == 2
    fresh = os.path.join(rig.site.etc, "keys", "policy-2.key")
    rig.refused(rig.signed(1, fresh), "another bundle of this sequence")
    rig.publish(rig.signed(2, fresh))
    rig.is_active(2)
    assert "ALARM" not in rig.site.assay("status")


@on_a_site
def a_key_of_the_operators_own_is_taken_by_a_reload(rig):
    own, public = rig.path("own.key"), rig.path("own.pub")
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
        own)
    run("openssl", "pkey", "-in", own, "-pubout", "-out", public)
    rig.publish(rig.signed(1))
    rig.refused(rig.signed(2, own), "not signed by the operator's key")
    at = os.path.join(rig.site.etc, "keys", "policy.pub")
    write(at, read(at) + read(public))
    rig.reload()
    assert rig.active()["keys"] == 2
    rig.publish(rig.signed(2, own))
    with open(rig.site.verifier_conf, "a", encoding="ascii") as conf:
        conf.write(f"[policy]\nkey = {public}\n")
    rig.reload()
    told = rig.active()
    assert (told["state"], told["keys"]) == ("ready", 1), told
    rig.refused(rig.signed(3), "not signed by the operator's key")
    write(public, "rubbish")
    rig.site.main.send_signal(signal.SIGHUP)
    rig.site.until(lambda: '"id":"reload-refused"' in rig.site.log_text())
    rig.is_active(2)  # with the keys of before
    os.unlink(public)
    rig.reload()
    told = rig.active()
    assert (told["state"], told["keys"]) == ("broken", 0), told
    done = rig.publish(rig.signed(3, own), 1)
    assert "no policy key" in done.err, done


def other_disk():
    """The recorded boot from another partition table: its digests are of its text."""
    log = read(realsite.GRUB_LOG)
    shown = [event for event in realsite.events_of(PROGRAMS.assay, realsite.GRUB_LOG)
             if event["type_name"] == "EV_EFI_GPT_EVENT"]
    assert len(shown) == 1
    digests = {bank: bytes.fromhex(text) for bank, text in shown[0]["digests"].items()}
    at = max(log.index(digest) + len(digest) for digest in digests.values())
    size = int.from_bytes(log[at:at + 4], "little")
    table = log[at + 4:at + 4 + size]
    changed = table[:-1] + bytes([table[-1] ^ 1])
    for bank, digest in digests.items():
        assert hashlib.new(bank, table).digest() == digest, bank
        log = log.replace(digest, hashlib.new(bank, changed).digest())
    return log.replace(table, changed)


@on_a_site
def another_disk_is_accepted_by_an_operators_word(rig):
    """Scenario 31: a policy learnt from the boot pins the disk."""
    source = rig.path("learnt.policy")
    done = run(PROGRAMS.assay, "policy", "learn", "--class", "laptops", "--out", source,
               realsite.GRUB_LOG)
    assert done.code == 0, done
    rig.publish(rig.signed(1, None, rig.compile(source, rig.path("learnt.body"))))
    with rig.site.device() as device:
        device.boot()
        rig.site.approve(device)
        ident = device.attest(0) and device.row()["id"]
        pins = rig.site.told("device", "pins", ident)
        assert pins["shown"] == [] and "gpt" in [pin["slot"] for pin in pins["pins"]], pins
        device.tpm.restart()
        device.boot(other_disk())
        device.attest()
        assert "GPT_CHANGED" in device.row()["reasons"]
        done = rig.site.ask("device", "accept", ident, "gpt")
        assert done.code == 1 and "--yes" in done.err and "GPT_CHANGED" in done.out, done
        device.attest()
        assert "GPT_CHANGED" in device.row()["reasons"]
        assert "values pinned: 1" in rig.site.assay("device", "accept", ident, "gpt", "--yes")
        device.attest(0)
        assert "GPT_CHANGED" not in device.row()["reasons"]
        assert "values dropped: 1" in rig.site.assay("device", "unpin", ident, "gpt")
        device.attest(0)
        after = rig.site.told("device", "pins", ident)["pins"]
        assert [(pin["slot"], pin["value"]) for pin in after if pin["slot"] != "gpt"] == [
            (pin["slot"], pin["value"]) for pin in pins["pins"] if pin["slot"] != "gpt"]
        assert len(after) == len(pins["pins"]) and after != pins["pins"]
        rig.site.assay("class", "add", "servers")
        out = rig.site.assay("device", "move", ident, "--class", "servers")
        assert f"pinned values dropped: {len(after)}" in out, out
        assert "nothing of its own" in rig.site.assay("device", "pins", ident)


CASES = (
    a_published_bundle_counts_and_stays,
    without_a_test_or_the_word_nothing_is_published,
    what_is_older_or_another_of_its_sequence_is_refused,
    what_is_not_ours_changes_nothing,
    a_bundle_of_many_digests_is_loaded_and_kept,
    what_has_ended_or_has_not_begun_is_refused,
    a_backup_has_the_bundle,
    a_set_of_files_is_found_beside_the_store,
    a_key_is_rotated_and_the_bundle_goes_on,
    a_bundle_of_a_retired_key_is_an_alarm_until_another_comes,
    a_key_of_the_operators_own_is_taken_by_a_reload,
    another_disk_is_accepted_by_an_operators_word,
)

tap.run([(case,) for case in CASES if not sys.argv[6:] or case.__name__ in sys.argv[6:]])
