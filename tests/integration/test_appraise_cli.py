"""`assay appraise`: boots under example policies, from logs and from real support bundles.
test_appraise_cli.py ASSAY ATTESTOR STAND_IN TPM_EXTEND; prints TAP."""
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile

import swtpm
import tap
from devicelab import Lab
from realsite import events_of, extend_lines, other_kernel

ASSAY, ATTESTOR, STAND_IN, EXTEND = (os.path.abspath(path) for path in sys.argv[1:5])
BOOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors", "boot")
GOOD = os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements")
# What a policy made of a boot says of each slot; one-of its digests where nothing stands here.
VERBS = {"secureboot": "is on", "sb.sbat": "any", "boot.vars": "any", "crtm.version": "any",
         "boot.cmdline": "any", "sb.pk": "device-pin", "sb.kek": "device-pin",
         "sb.db": "device-pin", "sb.dbx": "device-pin", "boot.authority": "device-pin"}
BUILT_IN = ("other", "separator", "action")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def policy_of(log, pcrs="0-9,14", more="", **verbs):
    """The text of a policy that allows what this log holds, and no driver."""
    done = subprocess.run([ASSAY, "log", "show", "--slots", "--json", log], capture_output=True,
                          timeout=60, check=True)
    slots = {}
    for event in json.loads(done.stdout)["events"]:
        if event["slot"] and event["slot_echo"] is None and event["slot"] not in BUILT_IN:
            slots.setdefault(event["slot"], set()).add(event["digests"]["sha256"])
    slots.setdefault("driver", set())
    says = {**VERBS, "driver": "forbid", **{key.replace("_", "."): verbs[key] for key in verbs}}
    rules, sets = [], []
    for slot, digests in slots.items():
        name = slot.replace(".", "-")
        rules.append(f"  rule {name} : {slot} {says.get(slot, f'one-of @t/{name} count 1..99')}")
        if slot not in says:
            sets.append(f"set digests t/{name} {{ "
                        + " ".join("sha256:" + one for one in sorted(digests)) + " }")
    return "\n".join(["policy laptop version 3 schema 1 {", "  applies class in { c }",
                      f"  quote sha256 pcrs {pcrs}", more, *rules, "}", *sets, ""])


class Rig:
    def __init__(self, folder):
        self.folder = folder
        self.n = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("ascii"))
        return self.path(name)

    def bundle(self, text):
        self.n += 1
        policy, bundle = self.write(f"{self.n}.policy", text), self.path(f"{self.n}.bundle")
        subprocess.run([ASSAY, "policy", "compile", policy, "--out", bundle], capture_output=True,
                       timeout=60, check=True)
        return bundle

    def run(self, *words, status):
        done = subprocess.run([ASSAY, "appraise", *words], capture_output=True, timeout=60,
                              check=False)
        assert done.returncode == status, (words, done.returncode, done.stdout[-600:], done.stderr)
        return done

    def judge(self, *words, status):
        """The JSON object."""
        return json.loads(self.run(*words, "--json", status=status).stdout)

    def key(self, name):
        for words in (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                       "-out", self.path(name)],
                      ["pkey", "-in", self.path(name), "-pubout", "-out",
                       self.path(name + ".pub")]):
            subprocess.run(["openssl", *words], capture_output=True, timeout=60, check=True)
        return self.path(name)


def rule_of(told, name):
    return next(rule for rule in told["rules"] if rule["id"] == name)


def a_log_that_its_policy_allows_is_affirming(rig):
    told = rig.judge("--log", GOOD, "--bundle", rig.bundle(policy_of(GOOD)), status=0)
    assert told["tier"] == "affirming" and told["first_cause"] is None, told
    assert told["policy"] == {"name": "laptop", "version": 3, "mode": "enforce"}, told["policy"]
    assert told["facts"]["secureboot"] == "on" and told["facts"]["sbat_level"] == 2025021800
    assert told["facts"]["lists"]["sb.db"] == 2, told["facts"]
    assert told["quirks"] == ["kernel-twice"], told["quirks"]
    assert told["dimensions"] == {"identity": 2, "configuration": 2, "executables": 3,
                                  "hardware": 2}, told["dimensions"]
    assert all(rule["outcome"] == "passed" for rule in told["rules"]), told["rules"]
    assert [rule["id"] for rule in told["rules"] if rule["learns"]] == \
        ["sb-pk", "sb-kek", "sb-db", "sb-dbx", "boot-authority"], told["rules"]


def what_cannot_be_checked_is_told(rig):
    told = rig.judge("--log", GOOD, "--bundle", rig.bundle(policy_of(
        GOOD, more="  fresh evidence 5m boot 30d else warn")), status=0)
    assert [one["what"] for one in told["not_checked"]] == \
        ["membership", "quote", "age", "bundle"], told["not_checked"]
    checks = told["checks"]
    assert {name for name in checks if checks[name] == "passed"} == {"log", "events", "reference"}
    assert {checks[name] for name in ("signature", "replay", "member", "ek")} == {"not-run"}


def tampered_boots_have_their_first_cause(rig):
    bundle = rig.bundle(policy_of(GOOD, boot_vars="one-of @t/vars",
                                  more="") + "set digests t/vars { " + " ".join(
        "sha256:" + digest for digest in vars_of(GOOD)) + " }\n")
    for name, reason, rule, pcr in (("tampered-cmdline", "BOOT_FILE_UNKNOWN", "boot-files", 9),
                                    ("tampered-initrd", "INITRD_UNKNOWN", "boot-initrd", 9),
                                    ("tampered-extradev", "BOOTVARS_CHANGED", "boot-vars", 1),
                                    ("tampered-optrom-sbon", "DRIVER_UNKNOWN", "driver", 2)):
        log = os.path.join(BOOT, name, "binary_bios_measurements")
        told = rig.judge("--log", log, "--bundle", bundle, status=1)
        first = told["first_cause"]
        assert told["tier"] == "contraindicated", told
        assert (first["name"], first["rule"], first["pcr"]) == (reason, rule, pcr), (name, first)
        assert first["seen"].startswith("sha256:") and first["check"] is None, first
        assert rule_of(told, rule)["event"] == first["event"], first


def vars_of(log):
    done = subprocess.run([ASSAY, "log", "show", "--slots", "--json", log], capture_output=True,
                          timeout=60, check=True)
    return sorted({event["digests"]["sha256"] for event in json.loads(done.stdout)["events"]
                   if event["slot"] == "boot.vars"})


def the_text_says_what_the_object_says(rig):
    bundle = rig.bundle(policy_of(GOOD))
    text = rig.run("--log", GOOD, "--bundle", bundle, status=0).stdout.decode("ascii")
    lines = text.splitlines()
    assert lines[0] == "verdict      affirming  policy laptop version 3 (enforce)", lines
    assert "also         note 219 QUIRK_USED" in lines, lines
    assert "not compared sb-pk, sb-kek, sb-db, sb-dbx, boot-authority (nothing is pinned)" in lines
    assert "entries      sb.pk 1, sb.kek 2, sb.db 2, sb.dbx 1, boot.authority 1" in lines, lines
    assert "dimensions   identity 2, configuration 2, executables 3, hardware 2" in lines, lines
    assert "quirks       kernel-twice" in lines and "passed" not in text, lines
    assert any(line.startswith("facts        Secure Boot on, mode unknown, RTM sw, SBAT level "
                               "2025021800") for line in lines), lines
    assert any(line.startswith("versions     ") and "shim" in line for line in lines), lines
    log = os.path.join(BOOT, "tampered-cmdline", "binary_bios_measurements")
    lines = rig.run("--log", log, "--bundle", bundle, status=1).stdout.decode("ascii").splitlines()
    assert lines[1] == "first cause  441 BOOT_FILE_UNKNOWN  rule boot-files  event 35  PCR 9", lines
    assert lines[2].startswith("  means      a file that the loader read is none that"), lines
    assert lines[3].startswith("  often      grub.cfg or a module was written anew"), lines
    assert lines[4].startswith("  seen       sha256:28201333"), lines
    assert lines[5].startswith("  expected   "), lines
    assert lines[6].startswith("also         fail 505 SCRIPT_COMMAND_UNKNOWN  rule boot-script")
    assert not lines[7].startswith("  seen"), lines


def verbose_names_every_rule(rig):
    bundle = rig.bundle(policy_of(GOOD))
    log = os.path.join(BOOT, "tampered-cmdline", "binary_bios_measurements")
    lines = rig.run("--log", log, "--bundle", bundle, "--verbose",
                    status=1).stdout.decode("ascii").splitlines()
    told = rig.judge("--log", log, "--bundle", bundle, status=1)
    passed = [line.split()[1] for line in lines if line.startswith("passed ")]
    assert passed == [rule["id"] for rule in told["rules"] if rule["outcome"] == "passed"], lines
    assert "passed       sb-pk : sb.pk device-pin  1 events, nothing is pinned" in lines, lines
    assert "passed       secureboot : secureboot is  1 events" in lines, lines
    assert sum(line.startswith("  seen ") for line in lines) == 2, lines


def broken_logs_are_refused_by_a_check_and_no_policy(rig):
    bundle = rig.bundle(policy_of(GOOD))
    log = rig.write("short", read(GOOD)[:5000])
    told = rig.judge("--log", log, "--bundle", bundle, status=1)
    assert (told["tier"], told["policy"], told["rules"]) == ("contraindicated", None, None), told
    assert told["first_cause"]["name"] == "LOG_PARSE", told["first_cause"]
    assert told["first_cause"]["check"] == "evlog-short" and told["checks"]["log"] == "failed"
    lines = rig.run("--log", log, "--bundle", bundle, status=1).stdout.decode().splitlines()
    assert lines[0] == "verdict      contraindicated" and "202 LOG_PARSE" in lines[1], lines
    assert lines[2] == "  means      the log is not in the form of its standard", lines
    assert lines[4].startswith("  check      the log ends inside an event [evlog-short, TCG"), lines


def a_userspace_log_is_judged_beside_it(rig):
    record = (b'\x1e{"pcr":11,"digests":[{"hashAlg":"sha256","digest":"%s"}],'
              b'"content_type":"systemd",'
              b'"content":{"string":"enter-initrd","eventType":"phase"}}\n')
    digest = hashlib.sha256(b"enter-initrd").hexdigest().encode()
    userspace = rig.write("userspace", record % digest)
    text = policy_of(GOOD, pcrs="0-9,11,14").replace(
        "  rule driver", "  rule phase : os.phase sequence enter-initrd prefix-ok\n  rule driver")
    bundle = rig.bundle(text)
    told = rig.judge("--log", GOOD, "--userspace", userspace, "--bundle", bundle, status=0)
    assert rule_of(told, "phase")["outcome"] == "passed", told["rules"]
    assert rule_of(told, "phase")["events"] == 1, told["rules"]
    other = rig.write("other", record % (b"00" * 32))
    told = rig.judge("--log", GOOD, "--userspace", other, "--bundle", bundle, status=1)
    assert told["first_cause"]["pcr"] == 11, told["first_cause"]
    broken = rig.write("broken", (record % digest)[:-3])
    told = rig.judge("--log", GOOD, "--userspace", broken, "--bundle", bundle, status=1)
    assert told["checks"]["log"] == "failed" and told["rules"] is None, told


def bundles_are_signed_by_the_key_or_not_taken(rig):
    bundle, key, other = rig.bundle(policy_of(GOOD)), rig.key("key"), rig.key("other")
    signed = rig.path("signed")
    subprocess.run([ASSAY, "policy", "sign", bundle, "--key", key, "--sequence", "7", "--out",
                    signed], capture_output=True, timeout=60, check=True)
    told = rig.judge("--log", GOOD, "--bundle", signed, "--key", key + ".pub", status=0)
    assert told["bundle"] == {"sequence": 7, "signature": "by the key given"}, told["bundle"]
    assert "bundle" not in [one["what"] for one in told["not_checked"]], told["not_checked"]
    told = rig.judge("--log", GOOD, "--bundle", signed, status=0)
    assert told["bundle"] == {"sequence": 7, "signature": "not checked: no --key"}, told["bundle"]
    told = rig.judge("--log", GOOD, "--bundle", bundle, status=0)
    assert told["bundle"] == {"sequence": 0, "signature": "none: a compiled body"}, told["bundle"]
    for path, public in ((signed, other), (bundle, key)):
        done = rig.run("--log", GOOD, "--bundle", path, "--key", public + ".pub", status=1)
        assert not done.stdout and b"POLICY_MISSING" in done.stderr, done.stderr
    done = rig.run("--log", GOOD, "--bundle", signed, "--key", bundle, status=1)
    assert b"not a public key" in done.stderr, done.stderr
    for content in (b"", b"\xd2", read(signed)[:100], read(bundle)[:-1], b"\xd2" + read(bundle)):
        done = rig.run("--log", GOOD, "--bundle", rig.write("cut", content), status=1)
        assert not done.stdout and b"SCHEMA_UNSUPPORTED" in done.stderr, (content[:9], done.stderr)


def the_policy_is_that_of_the_class(rig):
    one = policy_of(GOOD)
    two = rig.bundle(one + one.replace("policy laptop", "policy other").replace("{ c }", "{ d }")
                     .split("set digests")[0])
    for name, policy in (("c", "laptop"), ("d", "other")):
        told = rig.judge("--log", GOOD, "--bundle", two, "--class", name, status=0)
        assert told["policy"]["name"] == policy, told["policy"]
    done = rig.run("--log", GOOD, "--bundle", two, status=1)
    assert b"--class says which" in done.stderr and not done.stdout, done.stderr
    done = rig.run("--log", GOOD, "--bundle", two, "--class", "none", status=1)
    assert b"no policy for that class" in done.stderr, done.stderr
    three = rig.bundle(one + one.replace("policy laptop", "policy pilot").replace(
        "{ c }", "{ c } group pilots").split("set digests")[0] + one.replace(
            "policy laptop", "policy field").replace(
                "{ c }", "{ c } group field").split("set digests")[0])
    for groups, policy in (((), "laptop"), (("other",), "laptop"), (("pilots",), "pilot"),
                           (("other", "field"), "field")):
        words = [word for group in groups for word in ("--group", group)]
        told = rig.judge("--log", GOOD, "--bundle", three, "--class", "c", *words, status=0)
        assert told["policy"]["name"] == policy, (groups, told["policy"])
    done = rig.run("--log", GOOD, "--bundle", three, "--class", "c", "--group", "pilots",
                   "--group", "field", status=1)
    assert b"field and pilot are both" in done.stderr, done.stderr
    apart = rig.bundle(one.replace("{ c }", "{ c } group pilots"))
    done = rig.run("--log", GOOD, "--bundle", apart, "--class", "c", status=1)
    assert b"--group says which" in done.stderr, done.stderr
    for words in (("--group", "a"), ("--class", "c") + ("--group", "a") * 9):
        done = rig.run("--log", GOOD, "--bundle", three, *words, status=2)
        assert b"--group is beside --class" in done.stderr, done.stderr
    off = rig.bundle(policy_of(GOOD, more="  mode off"))
    done = rig.run("--log", GOOD, "--bundle", off, status=1)
    assert b"laptop is off" in done.stderr, done.stderr


def who_is_observed_is_warned(rig):
    bundle = rig.bundle(policy_of(GOOD, more="  mode observe"))
    log = os.path.join(BOOT, "tampered-initrd", "binary_bios_measurements")
    told = rig.judge("--log", log, "--bundle", bundle, status=0)
    assert (told["tier"], told["first_cause"]) == ("warning", None), told
    assert {"number": 807, "name": "MODE_OBSERVE", "effect": "warn"} in told["reasons"], told
    assert rule_of(told, "boot-initrd")["effect"] == "warn", told["rules"]


def only_command_lines_are_usage_errors(rig):
    bundle = rig.bundle(policy_of(GOOD))
    for words in ([], ["--log", GOOD], ["--bundle", bundle], ["--log", GOOD, "--bundle"],
                  ["--log", GOOD, "--bundle", bundle, "--what"]):
        assert not rig.run(*words, status=2).stdout
    for words in (["--log", rig.path("none"), "--bundle", bundle],
                  ["--log", GOOD, "--bundle", rig.path("none")],
                  ["--log", GOOD, "--userspace", rig.path("none"), "--bundle", bundle],
                  ["--log", GOOD, "--bundle", bundle, "--key", rig.path("none")]):
        assert rig.run(*words, status=1).stderr


# What a device collects is judged with its quote.

class Device:
    """A software TPM into which a log is played, and the attestor that collects from it."""

    def __init__(self, tpm):
        self.tpm, self.lab = tpm, Lab(tpm, ATTESTOR, STAND_IN)
        self.n = 0

    def extend(self, lines):
        subprocess.run([EXTEND, self.tpm.tcti], input=lines.encode(), check=True, timeout=60)

    def boot(self, log=GOOD):
        self.tpm.reset()
        self.extend(extend_lines(events_of(ASSAY, log)))

    def collect(self, **settings):
        """The files of a new support bundle, and its path."""
        self.n += 1
        path = self.lab.path(f"support{self.n}")
        self.lab.fresh(**{"firmware": GOOD, **settings})
        code, _, log = self.lab.attestor("--collect", path)
        assert code == 0, (code, log)
        with tarfile.open(path) as tar:
            return {name: tar.extractfile(name).read() for name in tar.getnames()}, path


def packed(rig, files):
    """An archive of these files."""
    path = rig.path("packed.tar")
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def flipped(content, at):
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def refused(rig, files, bundle, *words):
    """(reason, check) of the first cause."""
    first = rig.judge(packed(rig, files), "--bundle", bundle, *words, status=1)["first_cause"]
    return first["name"], first["check"]


def what_a_device_collects_is_affirming(rig, device):
    device.boot()
    files, path = device.collect()
    bundle = rig.bundle(policy_of(GOOD))
    told = rig.judge(path, "--bundle", bundle, status=0)
    assert told["tier"] == "affirming" and told["first_cause"] is None, told
    assert [name for name, word in told["checks"].items() if word != "passed"] == \
        ["order", "member", "ek"], told["checks"]
    what = [one["what"] for one in told["not_checked"]]
    assert what == ["membership", "freshness", "key", "pcrs", "bundle"], what
    again = rig.judge(packed(rig, files), "--bundle", bundle, status=0)
    assert again == told, "packed by another program"
    folder = rig.path("folder")
    os.makedirs(folder)
    for name, content in files.items():
        rig.write(os.path.join(folder, name), content)
    assert rig.judge(folder, "--bundle", bundle, status=0) == told, "unpacked"
    text = rig.run(path, "--bundle", bundle, status=0).stdout.decode("ascii")
    assert text.startswith("verdict      affirming  policy laptop version 3 (enforce)\n"), text
    assert "\nnot checked  freshness: when the quote was made" in text, text


def each_change_has_its_first_cause(rig, device):
    device.boot()
    files, _ = device.collect()
    bundle = rig.bundle(policy_of(GOOD))
    quote = files["evidence"].index(files["quote"])
    sign = files["evidence"].index(files["signature"])
    claims = files["evidence"].index(b"evidence-1")
    del files["quote"], files["signature"]
    other = os.path.join(BOOT, "tampered-initrd", "binary_bios_measurements")
    ak = flipped(files["ak.tpmt"], -1)
    rows = (({"evidence": flipped(files["evidence"], quote)}, "QUOTE_MAGIC", "attest-magic"),
            ({"evidence": flipped(files["evidence"], quote + 5)}, "QUOTE_TYPE", "attest-is-time"),
            ({"evidence": flipped(files["evidence"], quote + 100)}, "QUOTE_SIGNATURE",
             "signature-wrong"),
            ({"evidence": flipped(files["evidence"], sign + 20)}, "QUOTE_SIGNATURE",
             "signature-wrong"),
            ({"evidence": flipped(files["evidence"], claims + 9)}, "EVIDENCE_MALFORMED",
             "wire-claims"),
            ({"evidence": files["evidence"][:-1]}, "EVIDENCE_MALFORMED", "wire-evidence"),
            ({"ak.tpmt": ak}, "QUOTE_SIGNATURE", "signature-wrong"),
            ({"ak.tpmt": flipped(files["ak.tpmt"], 5)}, "AK_ATTRIBUTES", "ak-not-restricted"),
            ({"ak.tpmt": ak[:-1]}, "EVIDENCE_MALFORMED", "public-short"),
            ({"firmware.log": read(other)}, "EVIDENCE_MALFORMED", "support-log"),
            ({"firmware.log": files["firmware.log"][:-1]}, "EVIDENCE_MALFORMED", "support-log"),
            ({"evidence": flipped(files["evidence"], -9)}, "EVIDENCE_MALFORMED", "support-log"),
            ({"quote": flipped(read_quote(files), 8)}, "EVIDENCE_MALFORMED", "support-differs"),
            ({"signature": b""}, "EVIDENCE_MALFORMED", "support-differs"),
            ({"info.json": b"{}"}, "EVIDENCE_MALFORMED", "support-site"),
            ({"info.json": b"[1"}, "EVIDENCE_MALFORMED", "support-site"),
            ({"info.json": b'{"settings":{"site":"' + b"s" * 65 + b'"}}'}, "EVIDENCE_MALFORMED",
             "support-site"),
            ({"info.json": b'{"settings":{"site":"other"}}'}, "CHANNEL_BINDING",
             "support-binding"))
    for changes, reason, check in rows:
        got = refused(rig, {**files, **changes}, bundle)
        assert got == (reason, check), (list(changes), got)
    for name in ("evidence", "ak.tpmt"):
        less = {key: content for key, content in files.items() if key != name}
        assert refused(rig, less, bundle) == ("EVIDENCE_MALFORMED", "support-lacks"), name
    assert refused(rig, files, bundle, "--site", "other") == ("CHANNEL_BINDING",
                                                             "support-binding")
    rig.judge(packed(rig, {**files, "info.json": b""}), "--bundle", bundle, "--site", "lab",
              status=0)
    without = {key: content for key, content in files.items() if key != "firmware.log"}
    rig.judge(packed(rig, without), "--bundle", bundle, status=0)  # the evidence has it too


def read_quote(files):
    """TPMS_ATTEST out of the evidence: behind the bytes of its length, and its magic."""
    at = files["evidence"].index(b"\xffTCG")
    size, = struct.unpack_from(">H", files["evidence"], at - 2)
    return files["evidence"][at:at + size]


def another_kernel_is_the_policys_word(rig, device):
    evil = rig.write("evil", other_kernel(ASSAY, GOOD))
    device.boot(evil)
    _, path = device.collect(firmware=evil)
    told = rig.judge(path, "--bundle", rig.bundle(policy_of(GOOD)), status=1)
    first = told["first_cause"]
    assert (first["name"], first["rule"], first["pcr"]) == ("BOOT_IMAGE_UNKNOWN", "boot-images",
                                                           4), first
    assert told["checks"]["replay"] == "passed" and told["checks"]["reference"] == "failed", told
    assert first["expected"] and first["event"] == rule_of(told, "boot-images")["event"], first


def another_log_does_not_replay(rig, device):
    device.boot(os.path.join(BOOT, "tampered-initrd", "binary_bios_measurements"))
    _, path = device.collect()
    told = rig.judge(path, "--bundle", rig.bundle(policy_of(GOOD)), status=1)
    first = told["first_cause"]
    assert (first["name"], first["check"], first["pcr"]) == ("LOG_REPLAY", "replay-pcr", 9), first
    assert first["seen"] and first["expected"], first
    assert told["checks"]["pcr_digest"] == "passed" and told["checks"]["reference"] == "passed"


def a_pcr_that_the_policy_wants_must_be_explained(rig, device):
    device.boot()
    device.extend("14 sha256:" + "ab" * 32 + "\n12 sha256:" + "cd" * 32 + "\n")
    _, path = device.collect()
    told = rig.judge(path, "--bundle", rig.bundle(policy_of(GOOD)), status=1)
    assert (told["first_cause"]["name"], told["first_cause"]["pcr"]) == ("LOG_REPLAY", 14), told
    without = rig.bundle(policy_of(GOOD, pcrs="0-9"))
    told = rig.judge(path, "--bundle", without, status=0)
    assert "pcrs" in [one["what"] for one in told["not_checked"]], told["not_checked"]
    more = rig.bundle(policy_of(GOOD, pcrs="0-9,14,16"))
    first = rig.judge(path, "--bundle", more, status=1)["first_cause"]
    assert (first["name"], first["check"]) == ("QUOTE_SELECTION", "quote-banks"), first


def a_list_of_ima_is_found_by_the_quote(rig, device):
    log = os.path.join(BOOT, "grub-sb-on-ima", "binary_bios_measurements")
    ima = read(os.path.join(BOOT, "grub-sb-on-ima", "ima-binary"))
    device.boot(log)
    at = 0
    for _ in range(20):
        name_len, = struct.unpack_from("<I", ima, at + 24)
        data_at = at + 28 + name_len
        data_len, = struct.unpack_from("<I", ima, data_at)
        at = data_at + 4 + data_len
        data = ima[data_at + 4:at]
        sha1 = hashlib.sha1(data).hexdigest()
        device.extend(f"10 sha1:{sha1} sha256:{hashlib.sha256(data).hexdigest()} "
                      f"sha384:{sha1.ljust(96, '0')}\n")
    bundle = rig.bundle(policy_of(log, pcrs="0-10,14"))
    files, path = device.collect(firmware=log, ima=rig.write("ima", ima[:at]))
    told = rig.judge(path, "--bundle", bundle, status=0)
    assert told["checks"]["growing"] == "passed", told["checks"]
    files["ima.log"] += ima[at:]  # as it grew while it was read
    told = rig.judge(packed(rig, files), "--bundle", bundle, status=0)
    assert "IMA_TAIL_IGNORED" in [one["name"] for one in told["reasons"]], told["reasons"]
    short = {**files, "ima.log": ima[:at - 10]}
    assert refused(rig, short, bundle) == ("EVIDENCE_MALFORMED", "support-log")
    _, path = device.collect(firmware=log, ima=rig.write("ima", ima[:at - 10]))
    told = rig.judge(path, "--bundle", bundle, status=1)
    assert told["first_cause"]["pcr"] == 10 and told["checks"]["pcr_digest"] == "failed", told
    _, path = device.collect(firmware=log, ima=rig.write("ima", b""))
    assert rig.judge(path, "--bundle", bundle, status=1)["checks"]["pcr_digest"] == "failed"
    files, path = device.collect(firmware=log)
    first = rig.judge(path, "--bundle", bundle, status=1)["first_cause"]
    assert (first["name"], first["check"]) == ("IMA_OFF", "ima-log-needed"), first
    told = rig.judge(path, "--bundle", rig.bundle(policy_of(log)), status=1)
    assert [one["name"] for one in told["reasons"]] == ["PCR_DIGEST", "IMA_OFF"], told["reasons"]


def files_of_a_list_are_looked_up_in_sets(rig, device):
    log = os.path.join(BOOT, "grub-sb-on-ima", "binary_bios_measurements")
    ima = read(os.path.join(BOOT, "grub-sb-on-ima", "ima-binary"))
    device.boot(log)
    at, digests = 0, []
    for _ in range(20):
        name_len, = struct.unpack_from("<I", ima, at + 24)
        data_at = at + 28 + name_len
        data_len, = struct.unpack_from("<I", ima, data_at)
        at = data_at + 4 + data_len
        data = ima[data_at + 4:at]
        assert data[4:12] == b"sha256:\0", data
        digests.append(data[12:44])
        sha1 = hashlib.sha1(data).hexdigest()
        device.extend(f"10 sha1:{sha1} sha256:{hashlib.sha256(data).hexdigest()} "
                      f"sha384:{sha1.ljust(96, '0')}\n")
    _, path = device.collect(firmware=log, ima=rig.write("ima", ima[:at]))
    folder = rig.path("sets")
    os.makedirs(folder, exist_ok=True)

    def judged(files, words, status, line="allow digest @files"):
        files = sorted(set(files))
        content = b"assayset" + struct.pack("<HHIQQ", 1, 0xb, 0, len(files), 0) + b"".join(files)
        name = hashlib.sha256(content).hexdigest()
        text = policy_of(log, pcrs="0-10,14", more="  rule files : ima policy ima/t")
        bundle = rig.bundle(text + f"ima t {{\n  {line}\n}}\nset file files {{ sha256:{name} }}\n")
        rig.write(f"sets/{name}.set", content)
        done = rig.run(path, "--bundle", bundle, "--json", *words, status=status)
        told = json.loads(done.stdout)
        return (told["first_cause"] or {}).get("name"), told, done.stderr

    name, told, said = judged(digests[1:], ["--sets", folder], 0)
    assert (name, said) == (None, b"") and told["dimensions"]["executables"] == 2, told
    assert judged(digests[1:-1], ["--sets", folder], 1)[0] == "IMA_UNKNOWN"
    name, told, said = judged(digests[1:], [], 1)
    assert name == "IMA_UNKNOWN" and b"set files" in said and b"not at hand" in said, said
    assert judged(digests[9:10], ["--sets", folder], 1, "deny digest @files\n  skip path /**")[
        0] == "IMA_DENIED"
    assert judged(digests[9:10], [], 1, "deny digest @files\n  skip path /**")[0] == "IMA_OFF"


def systemds_log_is_found_by_the_quote(rig, device):
    digest = hashlib.sha256(b"enter-initrd").hexdigest()
    record = ('\x1e{"pcr":11,"digests":[{"hashAlg":"sha256","digest":"%s"}],'
              '"content_type":"systemd","content":{"string":"enter-initrd","eventType":"phase"}}\n')
    device.boot()
    device.extend(f"11 sha256:{digest}\n")
    log = rig.write("measure.log", record % digest)
    _, path = device.collect(userspace=log)
    text = policy_of(GOOD, pcrs="0-9,11,14").replace(
        "  rule driver", "  rule phase : os.phase sequence enter-initrd prefix-ok\n  rule driver")
    told = rig.judge(path, "--bundle", rig.bundle(text), status=0)
    assert rule_of(told, "phase")["events"] == 1, told["rules"]
    rig.write("measure.log", record % digest + record % digest)  # the quote covers only one
    _, path = device.collect(userspace=log)
    told = rig.judge(path, "--bundle", rig.bundle(text), status=0)
    assert rule_of(told, "phase")["events"] == 1, told["rules"]
    _, path = device.collect()
    first = rig.judge(path, "--bundle", rig.bundle(text), status=1)["first_cause"]
    assert (first["name"], first["pcr"]) == ("LOG_REPLAY", 11), first


def a_kind_of_key_that_the_policy_does_not_take(rig, device):
    device.boot()
    _, path = device.collect()
    told = rig.judge(path, "--bundle", rig.bundle(policy_of(GOOD, more="  ak rsa-2048")), status=1)
    assert told["first_cause"]["check"] == "policy-ak", told["first_cause"]
    seen = rig.bundle(policy_of(GOOD, more="  ak rsa-2048\n  mode observe"))
    told = rig.judge(path, "--bundle", seen, status=0)
    assert told["tier"] == "warning" and told["first_cause"] is None, told
    rig.judge(path, "--bundle", rig.bundle(policy_of(GOOD, more="  ak ecc-p256")), status=0)


def an_archive_is_that_or_refused(rig, device):
    device.boot()
    files, path = device.collect()
    bundle = rig.bundle(policy_of(GOOD))
    whole = read(path)
    rows = ((whole[:-1024], "tar-end"), (whole[:-1], "tar-end"), (b"", "tar-end"),
            (whole + b"x" * 512, "tar-end"), (whole[:700], "tar-short"),
            (flipped(whole, 0), "tar-sum"), (b"no archive " * 100, "tar-sum"))
    for content, check in rows:
        told = rig.judge(rig.write("cut", content), "--bundle", bundle, status=1)
        first = told["first_cause"]
        assert (first["name"], first["check"]) == ("EVIDENCE_MALFORMED", check), (check, first)
        assert told["checks"]["form"] == "failed" and told["policy"] is None, told
    with tarfile.open(rig.path("twice"), "w", format=tarfile.USTAR_FORMAT) as tar:
        for _ in range(2):
            info = tarfile.TarInfo("ak.tpmt")
            tar.addfile(info)
    first = rig.judge(rig.path("twice"), "--bundle", bundle, status=1)["first_cause"]
    assert first["check"] == "support-twice", first
    assert refused(rig, {**files, "sub/ak.tpmt": b""}, bundle)[1] == "tar-kind"
    rig.judge(packed(rig, {**files, "what-a-later-one-adds": b"x"}), "--bundle", bundle, status=0)


def no_byte_gives_more_than_a_no(rig, device):
    """Files changed inside a good archive: yes or no, in whole JSON, without a sanitizer's word."""
    device.boot()
    files, _ = device.collect()
    bundle, rng = rig.bundle(policy_of(GOOD)), random.Random(7)
    for name in ("evidence", "ak.tpmt", "firmware.log", "info.json", "quote"):
        for _ in range(12):
            content = files[name]
            at = rng.randrange(len(content))
            changed = rng.choice((flipped(content, at), content[:at], content + content[:at],
                                  content[:at] + b"\xff" * 9 + content[at:]))
            path = packed(rig, {**files, name: changed})
            done = subprocess.run([ASSAY, "appraise", path, "--bundle", bundle, "--json"],
                                  capture_output=True, timeout=60, check=False)
            assert done.returncode in (0, 1) and not done.stderr, (name, at, done)
            told = json.loads(done.stdout)
            assert (told["tier"] == "affirming") == (done.returncode == 0), (name, at, told)
            # of info.json only the site counts, and of the evidence no value that logs tell too
            assert done.returncode == 1 or name in ("info.json", "evidence"), (name, at, told)


def a_folder_has_regular_files_alone(rig, device):
    device.boot()
    files, _ = device.collect()
    bundle = rig.bundle(policy_of(GOOD))
    folder = rig.path("strange")
    os.makedirs(os.path.join(folder, "ak.tpmt"))
    rig.write(os.path.join(folder, "evidence"), files["evidence"])
    assert b"ak.tpmt: " in rig.run(folder, "--bundle", bundle, status=1).stderr
    os.rmdir(os.path.join(folder, "ak.tpmt"))
    first = rig.judge(folder, "--bundle", bundle, status=1)["first_cause"]
    assert first["check"] == "support-lacks", first


def evidence_and_log_exclude_each_other(rig, device):
    bundle, path = rig.bundle(policy_of(GOOD)), rig.write("x", b"")
    for words in ([path], [path, path, "--bundle", bundle],
                  [path, "--log", GOOD, "--bundle", bundle],
                  [path, "--userspace", GOOD, "--bundle", bundle],
                  ["--log", GOOD, "--site", "lab", "--bundle", bundle],
                  [path, "--site", "", "--bundle", bundle],
                  [path, "--site", "s" * 65, "--bundle", bundle]):
        assert not rig.run(*words, status=2).stdout, words
    del device
    assert rig.run(rig.path("none"), "--bundle", bundle, status=1).stderr


CASES = [
    a_log_that_its_policy_allows_is_affirming,
    what_cannot_be_checked_is_told,
    tampered_boots_have_their_first_cause,
    the_text_says_what_the_object_says,
    verbose_names_every_rule,
    broken_logs_are_refused_by_a_check_and_no_policy,
    a_userspace_log_is_judged_beside_it,
    bundles_are_signed_by_the_key_or_not_taken,
    the_policy_is_that_of_the_class,
    who_is_observed_is_warned,
    only_command_lines_are_usage_errors,
]

DEVICE_CASES = [
    what_a_device_collects_is_affirming,
    each_change_has_its_first_cause,
    another_kernel_is_the_policys_word,
    another_log_does_not_replay,
    a_pcr_that_the_policy_wants_must_be_explained,
    a_list_of_ima_is_found_by_the_quote,
    files_of_a_list_are_looked_up_in_sets,
    systemds_log_is_found_by_the_quote,
    a_kind_of_key_that_the_policy_does_not_take,
    an_archive_is_that_or_refused,
    no_byte_gives_more_than_a_no,
    a_folder_has_regular_files_alone,
    evidence_and_log_exclude_each_other,
]


def main():
    with tempfile.TemporaryDirectory() as tmp:
        cases = [(case, Rig(tmp)) for case in CASES]
        if swtpm.missing():
            tap.run(cases)
        with swtpm.Swtpm() as tpm:
            device = Device(tpm)
            tap.run(cases + [(case, Rig(tmp), device) for case in DEVICE_CASES])


if __name__ == "__main__":
    main()
