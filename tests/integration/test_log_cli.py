#!/usr/bin/env python3
"""Runs `assay log` over every event log of tests/vectors and prints TAP.

usage: test_log_cli.py PATH_OF_ASSAY
"""
import json
import os
import re
import subprocess
import sys
import tempfile

VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors")
EVLOG = os.path.join(VECTORS, "evlog")
BOOT = os.path.join(VECTORS, "boot")
SLOTS = os.path.join(VECTORS, "slots")
# Logs whose form is broken, with the rule that says so and the events before.
BROKEN = {
    "keylime-mb-bogus.bin": ("LOG_PARSE", "evlog-short", 0),
    "tpm2-tools-specid-vendordata.bin": ("LOG_PARSE", "evlog-spec-form", 0),
    # four banks, and an event with two digests
    "tpm2-tools-event-uefivar.bin": ("LOG_PARSE", "evlog-digest-count", 1),
}
# Events of honest machines whose digest is not the one of their data.
MISMATCHES = {"gdc-host.bin": [3]}
# A shim that logged one byte too many; a firmware table entry that looks like a separator.
QUIRKS = {
    "cos-85-amd-sev.bin": [24, 42],
    "debian-10.bin": [23],
    "glinux-alex.bin": [4],
    "sb_cert_eventlog.bin": [12, 14],
    "tpm2-tools-event-postcode.bin": [40, 54],
}
ASSAY = sys.argv[1]
results = []


def check(ok, name, why=""):
    results.append(bool(ok))
    print("%sok %d %s" % ("" if ok else "not ", len(results), name))
    if not ok and why:
        print("# " + str(why).replace("\n", "\n# "))


def run(*args, stdin=None):
    done = subprocess.run([ASSAY, *args], input=stdin, capture_output=True, timeout=120)
    return done.returncode, done.stdout


def show(path):
    code, out = run("log", "show", path, "--json")
    return code, json.loads(out)


def faults(log, code):
    return [f["event"] for f in log["faults"] if f["code"] == code]


def expected_yaml(path):
    """The pcrs section of tpm2_eventlog's output: bank -> PCR -> hex."""
    pcrs, bank, inside = {}, None, False
    for line in open(path):
        if line.startswith("pcrs:"):
            inside = True
        elif inside and re.fullmatch(r"  \w+:\n", line):
            bank = line.strip(" :\n")
            pcrs[bank] = {}
        elif inside:
            match = re.fullmatch(r"    (\d+) *: 0x([0-9a-fA-F]+)\n?", line)
            if match:
                pcrs[bank][match[1]] = match[2].lower()
    return pcrs


def differing(log, expected, but=()):
    return [
        (bank, pcr)
        for bank, values in expected.items()
        for pcr, value in values.items()
        if pcr not in but and log["pcrs"].get(bank, {}).get(pcr) != value.lower()
    ]


def check_log(path, name):
    code, log = show(path)
    if name in BROKEN:
        reason, rule, n_events = BROKEN[name]
        last = log["faults"][-1]
        ok = code == 1 and (last["code"], last["rule"]) == (reason, rule)
        check(ok and len(log["events"]) == n_events, name + " is refused for its form", last)
        return log
    bound = [e["index"] for e in log["events"] if e["data_bound"] is False]
    check(code == 0, name + " is read to its end", log["faults"])
    check(bound == MISMATCHES.get(name, []), name + " binds what it should", bound)
    check(faults(log, "EVT_DATA_MISMATCH") == bound, name + " has a fault for each mismatch")
    check(faults(log, "QUIRK_USED") == QUIRKS.get(name, []), name + " names its quirks")
    check(len(log["faults"]) == len(bound) + len(QUIRKS.get(name, [])),
          name + " has no other fault", log["faults"])
    return log


def check_corpus():
    stated = json.load(open(os.path.join(EVLOG, "expected-pcrs.json")))
    n_expected = 0
    for name in sorted(os.listdir(EVLOG)):
        if not name.endswith(".bin"):
            continue
        log = check_log(os.path.join(EVLOG, name), name)
        expected = dict(stated.get(name[:-4], {}))
        yaml = os.path.join(EVLOG, name[:-4] + ".expected.yaml")
        if os.path.exists(yaml):
            expected = expected_yaml(yaml)
        if expected:
            n_expected += 1
            wrong = differing(log, expected)
            n_values = sum(len(v) for v in expected.values())
            check(n_values > 7 and not wrong, name + " replays to the PCRs stated", wrong)
    check(n_expected == 12, "twelve logs have stated PCRs", n_expected)


def check_boots():
    names = sorted(os.listdir(BOOT))
    n_logs = 0
    for name in names:
        path = os.path.join(BOOT, name, "binary_bios_measurements")
        if not os.path.exists(path):
            continue
        n_logs += 1
        log = check_log(path, "boot/" + name)
        real = json.load(open(os.path.join(BOOT, name, "pcrs.json")))
        # The kernel extends PCR 10 with its own list.
        wrong = differing(log, real, but=("10",))
        check(sorted(real) == sorted(log["banks"]) and not wrong,
              "boot/%s replays to the TPM's PCRs in every bank" % name, wrong)
        check(all(len(v) == 24 for v in log["pcrs"].values()), "boot/%s has 24 PCRs" % name)
    check(n_logs >= 11, "the boots are there", names)


def check_text():
    code, log = show(os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements"))
    by_index = {e["index"]: e for e in log["events"]}
    check(log["format"] == "crypto-agile" and log["banks"] == ["sha1", "sha256", "sha384"],
          "format and banks are told")
    check(log["startup_locality"] is None, "no locality is null")
    check(log["extended"] == list(range(10)) + [14], "the extended PCRs are told", log["extended"])
    check(by_index[4]["type_name"] == "EV_EFI_VARIABLE_DRIVER_CONFIG"
          and by_index[4]["summary"].startswith("SecureBoot (global) 01"), "a variable is named")
    check(by_index[24]["summary"].startswith("PciRoot/Pci(2,0)/HD(1)/EFI/BOOT/BOOTX64.EFI"),
          "a boot application has its path", by_index[24])
    check(by_index[37]["data_bound"] is True
          and by_index[37]["summary"].startswith("grub_cmd: linux /vmlinuz "), "a command is bound")
    check(by_index[38]["data_bound"] is None, "a file name is not")
    code, out = run("log", "show", os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements"))
    text = out.decode("ascii")
    check(code == 0 and log["pcrs"]["sha384"]["14"] in text and "Exit Boot Services" in text,
          "the text form has events and PCRs")
    code, log = show(os.path.join(EVLOG, "gdc-host.bin"))
    check(log["startup_locality"] == 3, "a locality is told")


def check_altered():
    good = open(os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements"), "rb").read()
    bent = good.replace(b"grub_cmd: set timeout=0", b"grub_cmd: set timeout=9")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log")
        open(path, "wb").write(bent)
        code, log = show(path)
        check(code == 0 and faults(log, "EVT_DATA_MISMATCH") == [36]
              and log["events"][36]["data_bound"] is False, "a changed command is a mismatch")
        open(path, "wb").write(good + b"\xff" * 999)
        code, log = show(path)
        check(code == 0 and [f["rule"] for f in log["faults"]] == ["evlog-padding"],
              "padding is a note")
        open(path, "wb").write(good[:-1])
        code, log = show(path)
        check(code == 1 and len(log["events"]) == 46 and log["faults"][-1]["rule"] == "evlog-short",
              "a cut log gives what came before the cut")
        open(path, "wb").write(b"")
        code, log = show(path)
        check(code == 1 and log["format"] is None and log["faults"], "an empty log is refused")
        code, out = run("log", "show", "-", "--json", stdin=good)
        check(code == 0 and len(json.loads(out)["events"]) == 47, "- is standard input")


def check_hostile():
    """No outside byte gives the usage code or a signal."""
    good = open(os.path.join(EVLOG, "tpm2-tools-event-uefivar.bin"), "rb").read()
    wrong = []
    for at in range(0, len(good), 3):
        for code_flags in (("log", "show", "-"), ("log", "show", "-", "--json"),
                           ("log", "show", "-", "--slots")):
            bent = bytearray(good)
            bent[at] ^= 0xFF
            code, out = run(*code_flags, stdin=bytes(bent))
            if code not in (0, 1) or any(b > 0x7E or (b < 0x20 and b != 0x0A) for b in out):
                wrong.append((at, code))
    check(not wrong, "flipped bytes give 0 or 1 and printable text", wrong)


def check_diff():
    base = os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements")

    def diff(a, b):
        code, out = run("log", "diff", a, b, "--json")
        return code, json.loads(out)

    code, found = diff(base, base)
    check(code == 0 and found["equal"] and not found["differences"], "a log equals itself")
    for name, changes in (
        ("tampered-cmdline", [(8, "changed"), (8, "changed"), (9, "changed")]),
        ("tampered-initrd", [(9, "changed")]),
        ("tampered-extradev", [(1, "changed"), (1, "added"), (1, "label")] + 4 * [(4, "label")]),
        ("tampered-optrom-sbon", [(2, "added"), (4, "label"), (4, "label")]),
    ):
        code, found = diff(base, os.path.join(BOOT, name, "binary_bios_measurements"))
        got = [(d["pcr"], d["change"]) for d in found["differences"]]
        check(code == 1 and sorted(got) == sorted(changes), "diff tells of %s" % name, got)
    code, out = run("log", "diff", base, os.path.join(BOOT, "tampered-initrd",
                                                      "binary_bios_measurements"))
    lines = [l for l in out.decode("ascii").split("\n") if l[:2] in ("- ", "+ ")]
    check(code == 1 and len(lines) == 2 and all("/initrd.img" in l for l in lines),
          "diff has a text form", lines)
    code, found = diff(base, os.path.join(EVLOG, "debian-10.bin"))
    check(code == 1 and not found["form_equal"], "diff tells of another format")
    code, found = diff(base, os.path.join(EVLOG, "keylime-mb-bogus.bin"))
    check(code == 1 and found["faults_b"], "diff tells of a broken log")


def slot_rows(log):
    """The events that have a slot, as the tables of tests/vectors/slots write them."""
    for event in log["events"]:
        if event["slot"] is None:
            continue
        marks = "v" * event["slot_verified"] + "l" * event["slot_by_label"]
        if event["slot_echo"] is not None:
            marks += "=%d" % event["slot_echo"]
        yield [str(event["index"]), str(event["pcr"]), event["slot"], marks or "-",
               event["slot_fault"] or "-"]


def check_tables():
    """Every log against its table; the counts beside those of a survey of 43 logs."""
    totals, n_logs = {}, {}
    tables = sorted(os.listdir(SLOTS))
    for table in tables:
        name = table[:-4]
        path = os.path.join(BOOT, name, "binary_bios_measurements")
        if not os.path.exists(path):
            path = os.path.join(EVLOG, name + ".bin")
        code, out = run("log", "show", path, "--slots", "--json")
        log = json.loads(out)
        rows = list(slot_rows(log))
        wanted = [line.rstrip("\n").split("\t") for line in open(os.path.join(SLOTS, table))]
        wrong = [pair for pair in zip(rows, wanted) if pair[0] != pair[1]]
        check(code == 0 and len(rows) == len(wanted) and not wrong,
              name + " has the slots of its table", wrong[:5])
        measured = [e for e in log["events"] if e["type_name"] != "EV_NO_ACTION" and e["pcr"] < 16]
        check(len(rows) == len(measured), name + " has a slot for each event")
        counted = {}
        for row in rows:
            totals[row[2]] = totals.get(row[2], 0) + 1
            if "=" not in row[3]:
                counted[row[2]] = counted.get(row[2], 0) + 1
        check(log["slots"]["counts"] == counted, name + " counts its slots", log["slots"])
        for slot in {row[2] for row in rows}:
            n_logs[slot] = n_logs.get(slot, 0) + 1
    print("# slot: events / logs")
    for slot in sorted(totals):
        print("# %s: %d / %d" % (slot, totals[slot], n_logs[slot]))
    there = [n for n in os.listdir(EVLOG) if n.endswith(".bin") and n not in BROKEN]
    boots = [n for n in os.listdir(BOOT)
             if os.path.exists(os.path.join(BOOT, n, "binary_bios_measurements"))]
    check(len(tables) == len(there) + len(boots), "each log has a table", tables)
    check("other" not in totals, "no honest event is without a slot", totals)


def check_slots():
    path = os.path.join(BOOT, "grub-sb-on", "binary_bios_measurements")
    good = open(path, "rb").read()
    code, out = run("log", "show", path, "--slots")
    text = out.decode("ascii")
    row = {int(l.split()[0]): l for l in text.split("\n") if re.match(r" *\d+ +\d+  EV_", l)}
    check(code == 0 and " secureboot+ " in row[4] and " boot.initrd? " in row[43]
          and " boot.images= " in row[40] and " firmware " in row[2],
          "the table has the slots", text)
    check("quirk kernel-twice" in text and "8  boot.script" in text, "counts and quirks are told")
    code, out = run("log", "show", path)
    check(b"boot.script" not in out, "without --slots there are none")
    # a second SecureBoot: the variable's record once more, and where its digests stood
    code, out = run("log", "show", "-", "--slots", "--json", stdin=good + secure_boot(good))
    last = json.loads(out)["events"][-1]
    check(code == 0 and (last["slot"], last["slot_fault"]) == ("other", "slot-late"),
          "a second SecureBoot at the log's end is named", last)
    bent = good.replace(b"grub_cmd: set timeout=0", b"grub_cmd: set timeout=9")
    code, out = run("log", "show", "-", "--slots", stdin=bent)
    check(code == 0 and b"event 36: 207 EVT_DATA_MISMATCH" in out and b"boot.script!" in out,
          "a refused event is told with its reason")
    code, out = run("log", "show", "-", "--slots", "--json", stdin=good[:300])
    check(code == 1, "a broken log shows what came before")
    code, out = run("log", "show", os.path.join(EVLOG, "cos-85-amd-sev.bin"), "--slots", "--json")
    check(json.loads(out)["slots"]["quirks"] == ["shim-byte"], "shim's byte is a quirk")


def secure_boot(log):
    """The record of SecureBoot's event in a log with three banks."""
    name = "SecureBoot".encode("utf-16-le")
    at = log.index(name) - 32
    head = at - 4 - (2 + 20) - (2 + 32) - (2 + 48) - 12
    return log[head:at + 32 + len(name) + 1]


def check_usage():
    check(run("log", "diff", "--slots", "a", "b")[0] == 2, "usage: log diff has no slots")
    for args in (("log", "show"), ("log", "show", "a", "b"), ("log", "show", "--what", "a"),
                 ("log", "diff", "a"), ("log", "diff", "a", "b", "c")):
        check(run(*args)[0] == 2, "usage: " + " ".join(args))
    check(run("log", "show", "/nonexistent")[0] == 1, "a missing file is no usage fault")
    check(run("log", "show", "/")[0] == 1, "a folder is no usage fault")


for part in (check_corpus, check_boots, check_text, check_altered, check_hostile, check_diff,
             check_tables, check_slots, check_usage):
    part()
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
