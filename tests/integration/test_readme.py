"""readme.py README BUILD TPM_EXTEND TESTS: what a newcomer types. Each command of the README's code
blocks runs as it is printed, in the README's order: as root, on folders and a loopback network of
this test's own, with a verifier and two devices. A line that this test does not know fails. TAP.

What a machine has and this one lacks: the kernel's TPM (software TPMs instead, which attestor.conf
names), the firmware's log (a recorded one), and systemd as process 1 (`systemctl` is this file)."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

INSIDE = "ASSAY_README_TOP"  # set in the namespaces: the folder of this test


def systemctl(words):
    """enable --now UNIT, reload UNIT, daemon-reload: as much of systemd as the README asks for."""
    top = os.environ[INSIDE]
    if words == ["daemon-reload"]:
        return 0
    verb, unit = " ".join(words[:-1]), words[-1]
    with open(f"/usr/local/lib/systemd/system/{unit}.service", encoding="ascii") as file:
        settings = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
    run = os.path.join(top, os.environ["ASSAY_README_HOST"])
    if verb == "reload":
        with open(f"{run}.{unit}.pid", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGHUP)
        return 0
    if verb != "enable --now":
        return 1
    if "ExecStartPre" in settings and subprocess.run(shlex.split(settings["ExecStartPre"]),
                                                     check=False).returncode != 0:
        return 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"{run}.{unit}.notify")
        heard.settimeout(60)  # as much as a start may take
        with open(f"{run}.{unit}.log", "ab") as log:
            main = subprocess.Popen(
                shlex.split(settings["ExecStart"]), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
                env={**os.environ, "NOTIFY_SOCKET": f"{run}.{unit}.notify"})
        with open(f"{run}.{unit}.pid", "w", encoding="ascii") as file:
            file.write(str(main.pid))
        assert settings["Type"] == "notify", settings
        while heard.recv(300) != b"READY=1":
            pass
    os.unlink(f"{run}.{unit}.notify")
    return 0 if main.poll() is None else 1


if sys.argv[1] == "--systemctl":
    sys.exit(systemctl(sys.argv[2:]))

import realsite  # noqa: E402
import swtpm  # noqa: E402
import tap  # noqa: E402

README, BUILD, EXTEND, TESTS = (os.path.abspath(path) for path in sys.argv[1:5])
VECTORS = os.path.join(TESTS, "vectors")
SOURCE = os.path.dirname(README)
PATIENCE_S = 60
MACHINE, CLI, LIVING, ROTATION, REFUSED, AUDIT = (
    "On a real machine", "The CLI without a service", "Living with it", "Rotation",
    "A device was refused", "The audit log")


def blocks():
    """heading -> [[line, …], …]: its code blocks, without comments."""
    found, heading, last = {}, "", ""
    with open(README, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("#"):
                heading = line.lstrip("# ")
            elif line.startswith("    "):
                if not last.startswith("    "):
                    found.setdefault(heading, []).append([])
                command = re.sub(r"(^|\s+)#.*", "", line.strip())
                found[heading][-1] += [command] if command else []
            last = line if line.strip() else last
    return found


class Host:
    """A shell of the verifier's machine, or of a device's: each has these folders of its own."""

    OWN = ("/var/lib/assay-attestor", "/var/lib/assay", "/etc/assay", "/run/assay")

    def __init__(self, name):
        self.name = name
        for path in self.OWN:
            os.makedirs(path, exist_ok=True)
            os.makedirs(self.file(path))

    def file(self, path):
        own = [name for name in self.OWN if (path + "/").startswith(name + "/")][0]
        return os.path.join(TOP, self.name, own.strip("/").replace("/", "-")) + path[len(own):]

    def read(self, path):
        with open(self.file(path), encoding="utf-8") as file:
            return file.read()

    def shell(self, line, data="", code=0):
        binds = " && ".join(f"mount --bind {self.file(path)} {path}" for path in self.OWN)
        done = subprocess.run(["unshare", "-m", "sh", "-c", f"{binds} && cd /root && {line}"],
                              input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=PATIENCE_S, check=False, text=True,
                              env={**os.environ, "ASSAY_README_HOST": self.name})
        assert done.returncode == code, (self.name, line, done)
        return done.stdout + done.stderr


TOP = os.environ.get(INSIDE, "")
TPMS = []
VERIFIER, DEVICES, BLOCKS = None, [], {}


def until(what):
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "waited in vain: " + VERIFIER.shell("assay device list")
        time.sleep(0.1)


def rows():
    return json.loads(VERIFIER.shell("assay device list --json"))["devices"]


def booted():
    """A TPM as the firmware left it."""
    tpm = swtpm.Swtpm(banks=realsite.BANKS)
    TPMS.append(tpm)
    realsite.write(tpm.path("extend"),
                   realsite.extend_lines(realsite.events_of("assay", realsite.GRUB_LOG)))
    assert realsite.run(EXTEND, tpm.tcti, tpm.path("extend")).code == 0
    return tpm


def boot(device, conf):
    """Starts its TPM, and has the settings that stand for what is missing here."""
    tpm = booted()
    shutil.copy(VERIFIER.file("/etc/assay/keys/ca.pem"), device.file("/etc/assay/ca.pem"))
    realsite.write(device.file("/etc/assay/attestor.conf"),
                   conf + f"[tpm]\ntcti = {tpm.tcti}\n[sources]\n"
                   f"firmware = {realsite.GRUB_LOG}\nima = /nowhere\nuserspace = /nowhere\n")


def each_heading_with_commands_is_run_here():
    assert set(BLOCKS) == {"Assay", "What it is made of", MACHINE, CLI, LIVING, ROTATION,
                           REFUSED, AUDIT}, list(BLOCKS)
    for line in BLOCKS["Assay"][0]:  # each takes minutes, and has a test of its own
        assert os.access(os.path.join(SOURCE, line), os.X_OK), line


def it_installs_on_each_machine():
    for line in BLOCKS[MACHINE][0]:
        if line == "tools/install-deps build":  # a network's work; this tree is built
            assert os.access(os.path.join(SOURCE, line.split()[0]), os.X_OK)
        elif line.startswith("meson setup "):
            assert line == ("meson setup --prefix /usr -Dtests=false build-usr && "
                            "meson install -C build-usr"), line
            VERIFIER.shell(f"meson install -C {BUILD} --no-rebuild --quiet")
        else:
            for host in (VERIFIER, *DEVICES):
                host.shell(line)


def a_verifier_is_set_up_and_serves():
    told = ""
    for line in BLOCKS[MACHINE][1]:
        told += VERIFIER.shell(line)
    assert "servers = coaps://attest.example.org:5684" in told, told
    lines = re.search(r"(\[verifier\]\n.*?)\n\n", told, re.S)[1]
    conf = lines + "\n" + "\n".join(BLOCKS[MACHINE][2]) + "\n"
    for device in DEVICES:
        boot(device, conf)


def on_either(line, device):
    """A line of the README where it belongs, and what must come of it."""
    fingerprint = device.shell("assay-attestor --fingerprint").split()[-1]
    mine = [row for row in rows() if row["fingerprint"] == fingerprint]
    where = device if "assay-attestor" in line else VERIFIER
    code = 0
    if line == "assay-attestor --once":
        code = 1 if mine and mine[0]["state"] != "pending" else 14
    if line.startswith("assay device explain"):
        code = 1  # it is refused
    line = line.replace("FINGERPRINT", fingerprint)
    if "DEVICE" in line:
        line = line.replace("DEVICE", mine[0]["id"])
    if "golden learn" in line:
        line += " --yes"  # who has a terminal is asked
    return where.shell(line, code=code)


def the_first_device_is_enrolled_learned_and_fresh():
    for line in BLOCKS[MACHINE][3] + BLOCKS[MACHINE][4]:
        last = on_either(line, DEVICES[0])
    assert DEVICES[0].read("/etc/assay/ca.pem") and "laptops" in last, last
    until(lambda: rows()[0]["state"] == "fresh")
    until(lambda: os.path.exists(DEVICES[0].file("/run/assay/vpn.jwt")))


def a_second_device_needs_no_learning():
    for line in BLOCKS[MACHINE][3] + BLOCKS[MACHINE][4]:
        if "golden learn" not in line and not (
                line == "assay-attestor --once" and len(rows()) == 2):
            on_either(line, DEVICES[1])
    until(lambda: [row["state"] for row in rows()] == ["fresh", "fresh"])


def the_cli_tells_of_files():
    tpm = booted()
    tpm.tool("tpm2_createek", "-c", tpm.path("ek"), "-G", "ecc")
    tpm.tool("tpm2_flushcontext", "-t")
    tpm.tool("tpm2_createak", "-C", tpm.path("ek"), "-c", tpm.path("ak"), "-G", "ecc", "-g",
             "sha256", "-s", "ecdsa", "-u", tpm.path("ak.pub"))
    tpm.tool("tpm2_flushcontext", "-t")
    tpm.tool("tpm2_quote", "-c", tpm.path("ak"), "-l", "sha256:0,1,2,3,4,5,6,7", "-q", "c0ffee",
             "-m", tpm.path("quote"), "-s", tpm.path("signature"))
    tpm.tool("tpm2_nvread", "0x01c00002", "-C", "o", "-o", tpm.path("ek.der"))
    other = os.path.join(VECTORS, "boot", "grub-sb-off", "binary_bios_measurements")
    files = {
        "log show": {"FILE": realsite.GRUB_LOG},
        "log diff": {"A": realsite.GRUB_LOG, "B": other},
        "ima show": {"FILE": os.path.join(VECTORS, "boot", "grub-sb-on-ima", "ima-binary"),
                     "K": os.path.join(VECTORS, "ima", "keylime-rsa2048pub.pem")},
        "ima set": {"DIR…": os.path.join(SOURCE, "docs"), "OUT": tpm.path("set")},
        "quote check": {"K": tpm.path("ak.pub"), "Q": tpm.path("quote"),
                        "S": tpm.path("signature"), "HEX": "c0ffee", "FILE": realsite.GRUB_LOG},
        "ek check": {"DIR": tpm.ca_dir, "FILE": tpm.path("ek.der")},
        "policy learn": {"C": "laptops", "LOG…": realsite.GRUB_LOG},
        "policy import": {"K": "dbx", "FILE…": os.path.join(
            VECTORS, "import", "dbxupdate_x64-2020-10-12.bin")},
        "code show": {},
        "appraise --log": {"FILE": realsite.GRUB_LOG, "BUNDLE": tpm.path("bundle")},
        "policy check": {"FILE": os.path.join(SOURCE, "docs", "examples", "laptop.policy")},
        "token verify": {"JWKS": VERIFIER.file("/var/lib/assay/public/jwks.json"),
                         "TOKEN": DEVICES[0].file("/run/assay/vpn.jwt")},
    }
    learnt = tpm.path("learnt.policy")
    VERIFIER.shell(f"assay policy learn --class laptops --out {learnt} {realsite.GRUB_LOG}")
    VERIFIER.shell(f"assay policy compile {learnt} --out {tpm.path('bundle')}")
    seen = []
    for line in BLOCKS[CLI][0]:
        words = line.split()
        name = " ".join(words[1:3])
        command = " ".join(files[name].get(word, word) for word in words)
        VERIFIER.shell(command, code=1 if name == "log diff" else 0)
        if name not in ("ima set", "policy import"):  # what they print is for a policy
            VERIFIER.shell(command + " --json", code=1 if name == "log diff" else 0)
        seen.append(name)
    assert set(seen) == set(files), seen


def one_lives_with_it():
    known = {"assay-verifier --check": "well",
             "systemctl reload assay-verifier": "",
             "journalctl -u assay-verifier": '"id":"reloaded"',
             "assay policy report": None,  # this site has reference events and no bundle
             "assay golden suggest": None,
             "systemctl reload assay-attestor": ""}
    assert BLOCKS[LIVING][0] == list(known), BLOCKS[LIVING]
    for line, told in known.items():
        if told is None:
            VERIFIER.shell(line, code=1)
        elif line.startswith("journalctl"):
            log = os.path.join(TOP, "verifier.assay-verifier.log")
            until(lambda: told in open(log, encoding="utf-8").read())
        else:
            host = DEVICES[0] if "attestor" in line else VERIFIER
            assert told in host.shell(line)
    log = os.path.join(TOP, f"{DEVICES[0].name}.assay-attestor.log")
    until(lambda: '"id":"settings-read"' in open(log, encoding="utf-8").read())


def keys_are_changed():
    told = [VERIFIER.shell(line) for line in BLOCKS[ROTATION][0]]
    assert "psk-master" in told[0] and "server 2 is made. The verifier uses it." in told[1], told
    assert "psk-master 2 is made. The verifier uses it." in told[2], told
    DEVICES[1].shell("assay-attestor --once")  # enrols again by itself


def a_refusal_is_shown():
    tpm, device = TPMS[0], DEVICES[0]
    tpm.tool("tpm2_pcrextend", "4:sha1=" + "11" * 20 + ",sha256=" + "22" * 32)
    device.shell("assay-attestor --once", code=1)
    told = [on_either(line, device) for line in BLOCKS[REFUSED][0]]
    assert "LOG_REPLAY" in told[0] and "203" in told[1] and "PCR 4" in told[1], told
    assert "was refused  203 LOG_REPLAY" in told[2], told
    assert "affirming for the evidence of before" in told[2], told


def the_audit_log_is_kept_and_checked():
    line = " && ".join(BLOCKS[AUDIT][0])  # one writes what the next reads
    line = f"cd {TOP} && {line} && assay audit verify audit.jsonl && assay store backup monday.db"
    assert "/var/lib/assay/store/backups/monday.db" in VERIFIER.shell(line)
    until(lambda: os.path.exists(VERIFIER.file("/var/lib/assay/store/backups/monday.db")))


CASES = (
    each_heading_with_commands_is_run_here,
    it_installs_on_each_machine,
    a_verifier_is_set_up_and_serves,
    the_first_device_is_enrolled_learned_and_fresh,
    a_second_device_needs_no_learning,
    the_cli_tells_of_files,
    one_lives_with_it,
    keys_are_changed,
    a_refusal_is_shown,
    the_audit_log_is_kept_and_checked,
)


def put_in_place():
    """This machine's folders with a layer of ours above them, and two programs in front."""
    layers = os.path.join(TOP, "layers")
    os.mkdir(layers)
    commands = [f"mount -t tmpfs tmpfs {layers}"]
    for name in ("etc", "usr", "var", "root"):
        commands.append(f"mkdir -p {layers}/{name} {layers}/{name}.work && mount -t overlay lay "
                        f"-o lowerdir=/{name},upperdir={layers}/{name},workdir={layers}/{name}.work"
                        f" /{name}")
    commands += ["mount -t tmpfs tmpfs /run", "ip link set lo up"]
    for command in commands:
        done = subprocess.run(command, shell=True, capture_output=True, check=False, text=True)
        if done.returncode != 0:
            tap.skip_all(f"{command}: {done.stderr.strip()}")
    with open("/etc/hosts", "a", encoding="ascii") as file:
        file.write("127.0.0.1 attest.example.org\n")
    own = "--prefix=/var/lib/assay --prefix=/var/lib/assay-attestor --prefix=/run/assay"
    for name, text in (("systemctl", f'{sys.executable} {os.path.abspath(__file__)} --systemctl'),
                       ("systemd-tmpfiles", f"/usr/bin/systemd-tmpfiles {own}")):
        realsite.write(f"/usr/local/bin/{name}", f'#!/bin/sh\nexec {text} "$@"\n')
        os.chmod(f"/usr/local/bin/{name}", 0o755)
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main():
    tools = ("unshare", "mount", "ip", "meson", "systemd-sysusers", "systemd-tmpfiles")
    lacks = swtpm.missing() + [tool for tool in tools if not shutil.which(tool)]
    if os.geteuid() != 0 or lacks:
        tap.skip_all("needs root and " + ", ".join(lacks or tools))
    if not TOP:
        with tempfile.TemporaryDirectory(prefix="assay-readme-", ignore_cleanup_errors=True) as top:
            done = subprocess.run(["unshare", "-mnpf", "--mount-proc", "--kill-child",
                                   sys.executable, *sys.argv], check=False,
                                  env={**os.environ, INSIDE: top})
        sys.exit(done.returncode)
    put_in_place()
    globals().update(VERIFIER=Host("verifier"), DEVICES=[Host("device1"), Host("device2")],
                     BLOCKS=blocks())
    try:
        tap.run([(case,) for case in CASES])
    finally:
        for tpm in TPMS:
            tpm.close()  # all that was started ends with this process, the first of its namespace


if __name__ == "__main__":
    main()
