"""`assay appraise`: boots under example policies, from their files. test_appraise_cli.py ASSAY;
prints TAP."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import tap

ASSAY = os.path.abspath(sys.argv[1])
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
    assert lines[2].startswith("  seen       sha256:28201333"), lines
    assert lines[3].startswith("  expected   "), lines
    assert lines[4].startswith("also         fail 505 SCRIPT_COMMAND_UNKNOWN  rule boot-script")
    assert not lines[5].startswith("  seen"), lines


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
    assert lines[2].startswith("  check      the log ends inside an event [evlog-short, TCG"), lines


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

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        tap.run([(case, Rig(tmp)) for case in CASES])
