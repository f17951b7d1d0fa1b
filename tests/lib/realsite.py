"""A whole site for one test: the real verifier, the real CLI, and devices that are the real
attestor on a software TPM into which a recorded boot was played.

    with Site(programs, folder) as site, site.device() as device:
        device.boot(GRUB_LOG)
        device.attest()                     # {"exit": 14, …}
        site.assay("device", "list")

(Not named site.py: Python itself imports a module of that name when it starts.)"""

import collections
import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import namedtuple

import swtpm
import tap
from daemon import Daemon
from swtpm import Swtpm

VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors")
# A boot recorded on QEMU with OVMF: shim, GRUB and a Debian kernel under Secure Boot.
GRUB_LOG = os.path.join(VECTORS, "boot", "grub-sb-on", "binary_bios_measurements")
BANKS = "sha1,sha256,sha384"
PATIENCE_S = 60
BEHIND_KEEPER = 3  # how a front ends whose keeper is gone (front-role.c)

Programs = namedtuple("Programs", "assay verifier attestor extend")
Done = namedtuple("Done", "code out err")


def run(*command, data=None):
    """Bytes as they come are kept apart from the text: surrogateescape gives them back."""
    done = subprocess.run(command, input=data, stdin=subprocess.DEVNULL if data is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90, check=False)
    return Done(done.returncode, done.stdout.decode("utf-8", "surrogateescape"),
                done.stderr.decode("utf-8", "surrogateescape"))


def free_port():
    """Free over UDP and over TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
            probe.bind(("127.0.0.1", 0))
            try:
                other.bind(("127.0.0.1", probe.getsockname()[1]))
            except OSError:
                continue
            return probe.getsockname()[1]


def write(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def alive(pid):
    """A zombie is dead."""
    try:
        return read(f"/proc/{pid}/stat").rsplit(b") ", 1)[1][:1] != b"Z"
    except OSError:
        return False


def roles_of(main):
    """pid -> role of main's children."""
    found = {}
    for pid in read(f"/proc/{main}/task/{main}/children").split():
        try:
            match = re.search(rb"--role=(\w+)", read(f"/proc/{int(pid)}/cmdline"))
        except OSError:
            continue
        if match:
            found[int(pid)] = match[1].decode()
    return found


def descriptors(pid):
    """What a process holds, counted: a path, what the kernel calls it, or the kind of a socket."""
    kinds = {}
    for kind, at in (("unix", 6), ("udp", 9), ("udp6", 9), ("tcp", 9), ("tcp6", 9)):
        for line in read(f"/proc/net/{kind}").decode().splitlines()[1:]:
            kinds[f"socket:[{line.split()[at]}]"] = kind
    held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return collections.Counter(kinds.get(name, name) for name in held)


# Of a role that has no descriptor of another: a channel to main, and what its loop is made of.
LOOP = {"anon_inode:[eventpoll]": 1, "anon_inode:[timerfd]": 1, "anon_inode:[eventfd]": 1}
HOLDS = {"reader": {"unix": 1}, "front": {"unix": 2, "udp": 1, **LOOP},
         "stream": {"unix": 2, "tcp": 1, **LOOP},
         "keeper": {"unix": 9}}  # to main, two fronts, stream and four readers; where it listens


def hold_their_own(roles, log, **more):
    """Each of them, {pid: role}, that stand idle; more: what a role of that name has beside."""
    for pid, role in roles.items():
        wanted = {"/dev/null": 1, log: 2, **HOLDS[role], **more.get(role, {})}
        assert descriptors(pid) == wanted, (role, descriptors(pid), wanted)


def lines_of(text):
    """What a program has logged, but for a line that it is writing."""
    return [json.loads(line) for line in text.splitlines(True)
            if line.startswith("{") and line.endswith("}\n")]


def no_role_fell(text, ours):
    """Of a verifier's log: no role has ended but well, or because main asked it to before it could
    hear, and those that the test ended itself, with the fronts behind a keeper. Who kills a role
    says so (Site.kill), so that another that falls beside it is seen."""
    assert "Sanitizer" not in text, text
    for line in lines_of(text):
        if line["id"] == "role-ended" and line["pid"] not in ours:
            asked = line["level"] == "info" and line["signal"] == signal.SIGTERM
            behind = bool(ours) and line["exit"] == BEHIND_KEEPER
            assert asked or behind or line["exit"] == 0, (line, ours, text[-4000:])


def end(process):
    """SIGTERM, if it lives; who does not end is killed. Returns the exit status."""
    process.send_signal(signal.SIGTERM)  # Popen sends none to one that it has seen end
    try:
        return process.wait(timeout=PATIENCE_S)
    except BaseException:
        process.kill()
        process.wait()
        raise


def events_of(assay, path):
    return json.loads(run(assay, "log", "show", path, "--json").out)["events"]


def extend_lines(events, banks=BANKS):
    """What tpm-extend reads: the log as the firmware played it, every bank at once."""
    lines = []
    for event in events:
        words = [f"{bank}:{digest}" for bank, digest in sorted(event["digests"].items())
                 if bank in banks.split(",")]
        if event["type_name"] != "EV_NO_ACTION" and event["pcr"] < 24:
            lines.append(f"{event['pcr']} {' '.join(words)}\n")
    return "".join(lines)


def other_kernel(assay, path, mark=b"evil"):
    """The same log with another kernel's digest in PCR 4, in every bank and both times that shim
    measures it: log and PCRs will agree, and only golden measurements can tell."""
    kernel = [event for event in events_of(assay, path) if event["pcr"] == 4][-1]["digests"]
    log = read(path)
    for digest in kernel.values():
        old = bytes.fromhex(digest)
        log = log.replace(old, old[:-len(mark)] + mark)
    return log


def other_text(assay, path, old, new):
    """The same log with another text in what GRUB measured as commands; each such digest is of the
    text behind its prefix. Lengths must be equal."""
    log = read(path)
    for event in events_of(assay, path):
        if event["pcr"] == 8 and old.decode() in event["summary"]:
            text = event["summary"].split(": ", 1)[1].encode()
            for bank, digest in event["digests"].items():
                assert hashlib.new(bank, text).hexdigest() == digest, event
                log = log.replace(bytes.fromhex(digest),
                                  hashlib.new(bank, text.replace(old, new)).digest())
    return log.replace(old, new)


class Device:
    """An attestor with its TPM, its log and its folders."""

    def __init__(self, site, name, tpm=None, **settings):
        self.site, self.name = site, name
        self.folder = os.path.join(site.folder, name)
        self.log = self.path("firmware.log")
        self.conf = self.path("attestor.conf")
        os.makedirs(self.path("state"))
        os.makedirs(self.path("dmi"))
        self.own_tpm = tpm is None
        self.tpm = tpm or Swtpm(banks=BANKS, ca_dir=site.ca_dir)
        try:
            self.configure(**settings)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.own_tpm:
            self.tpm.close()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def configure(self, code="", audiences="assay", bind="no"):
        write(self.conf, f"[verifier]\nservers = {self.site.server}:{self.site.port}\n"
              f"site = test.assay\n"
              f"ca = {self.site.etc}/keys/ca.pem\n[tpm]\ntcti = {self.tpm.tcti}\n"
              f"[sources]\nfirmware = {self.log}\nima = {self.path('ima')}\n"
              f"userspace = {self.path('userspace')}\ndmi = {self.path('dmi')}\n"
              f"[state]\ndir = {self.path('state')}\n"
              f"[tokens]\ndir = {self.path('tokens')}\naudiences = {audiences}\nbind = {bind}\n"
              + (f"[enrol]\ncode = {code}\n" if code else ""))

    def server(self, *names):
        """Which it asks, in this order."""
        text = read(self.conf).decode()
        write(self.conf, re.sub(r"(?m)^servers = .*$", f"servers = {', '.join(names)}", text))

    def boot(self, log=GRUB_LOG, banks=BANKS):
        """Plays a log into the PCRs of a TPM that just started, and has it as the machine's."""
        if isinstance(log, bytes):
            write(self.log, log)
        else:
            shutil.copyfile(log, self.log)
        self.extend(extend_lines(events_of(self.site.programs.assay, self.log), banks))

    def extend(self, lines):
        path = self.path("extend.txt")
        write(path, lines)
        done = run(self.site.programs.extend, self.tpm.tcti, path)
        assert done.code == 0, done

    def attestor(self, *words):
        return run(self.site.programs.attestor, "--config", self.conf, *words)

    def attest(self, code=None):
        """One verdict as {"exit": …, "tier": …, "reasons": […]}."""
        done = self.attestor("--once", "--json")
        assert code is None or done.code == code, (code, done, self.site.log_text()[-2000:])
        return json.loads(done.out)

    def daemon(self, environ=None):
        return Daemon(self.site.programs.attestor, self.conf, self.path("daemon.log"), "--verbose",
                      environ=environ)

    def fingerprint(self):
        return self.attestor("--fingerprint").out.split()[-1]

    def tokens(self):
        folder = self.path("tokens")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def row(self):
        fingerprint = self.fingerprint()
        return [row for row in self.site.devices() if row["fingerprint"] == fingerprint][0]

    def forget(self):
        """What a re-installed machine knows: nothing."""
        for name in os.listdir(self.path("state")):
            os.unlink(self.path("state", name))


class Site:
    """The folder of `assay setup` and the verifier on it."""

    def __init__(self, programs, folder, *setup, address="127.0.0.1"):
        self.programs, self.folder = programs, folder
        self.server = f"[{address}]" if ":" in address else address
        self.before = []  # words in front of the verifier's command
        self.port = free_port()
        self.etc = os.path.join(folder, "etc")
        self.state = os.path.join(folder, "state")
        self.socket = os.path.join(folder, "run", "control.sock")
        self.verifier_conf = os.path.join(self.etc, "verifier.conf")
        self.log_path = os.path.join(folder, "verifier.log")
        self.ca_dir = os.path.join(folder, "ek-ca")
        self.main, self.n = None, 0
        self.ours = set()  # pids of roles that the test ended
        self.setup_words = ("--name", address, *setup)
        self.setup()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, failed, *unused):
        lives = self.main.poll() is None
        code = self.stop() if lives else None
        if not failed:
            assert not lives or code == 0, (code, self.log_text()[-4000:])
            no_role_fell(self.log_text(), self.ours)

    def setup(self):
        done = run(self.programs.assay, "setup", "--dir", self.etc, "--state", self.state, "--run",
                   os.path.dirname(self.socket), "--site", "test.assay", "--port",
                   str(self.port), *self.setup_words)
        assert done.code == 0, done

    def start(self):
        with open(self.log_path, "ab") as log:
            since = log.tell()
            self.main = subprocess.Popen(
                [*self.before, self.programs.verifier, "--config", self.verifier_conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.until(lambda: '"id":"ready"' in self.log_text()[since:]
                       or self.main.poll() is not None)
        except BaseException:
            self.main.kill()
            self.main.wait()
            raise
        assert self.main.poll() is None, self.log_text()

    def stop(self):
        return end(self.main)

    def kill(self, pid):
        """What a fault would do to a role."""
        self.ours.add(pid)
        os.kill(pid, signal.SIGKILL)

    def log_text(self):
        return read(self.log_path).decode("latin-1")

    def until(self, what):
        end = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < end, "waited in vain:\n" + self.log_text()[-2000:]
            time.sleep(0.02)

    def lines(self, name):
        return [line for line in lines_of(self.log_text()) if line["id"] == name]

    def roles(self):
        return roles_of(self.main.pid)

    def pids(self, *roles):
        return [pid for pid, role in self.roles().items() if role in roles]

    def resident_kb(self, *roles):
        found = 0
        for pid in self.pids(*roles):
            with contextlib.suppress(OSError):  # a reader that has just ended
                text = read(f"/proc/{pid}/status").decode()
                found += int(re.search(r"VmRSS:\s+(\d+) kB", text)[1])
        return found

    def device(self, name=None, **settings):
        self.n += 1
        return Device(self, name or f"device{self.n}", **settings)

    def ask(self, *words):
        return run(self.programs.assay, *words, "--socket", self.socket)

    def assay(self, *words):
        """A command that must succeed; its output."""
        done = self.ask(*words)
        assert done.code == 0, (words, done)
        return done.out

    def told(self, *words):
        return json.loads(self.assay(*words, "--json"))

    def devices(self):
        return self.told("device", "list")["devices"]

    def approve(self, device, class_name="laptops"):
        """Makes a device that has booted a member; its class is made with it."""
        self.assay("class", "add", class_name)
        device.attest(14)
        self.assay("device", "approve", device.fingerprint(), "--class", class_name)

    def learn(self, device, class_name="laptops"):
        device.attest()
        return self.assay("golden", "learn", "--class", class_name, "--from", device.row()["id"],
                          "--yes")

    def affirmed(self, device):
        """A member whose boot its class has learned; ends with an affirming verdict."""
        self.approve(device)
        self.learn(device)
        assert device.attest(0)["tier"] == "affirming"


def folder():
    """Of one test; gone at the end, whatever the verifier still writes there."""
    return tempfile.TemporaryDirectory(prefix="assay-site-", ignore_cleanup_errors=True)


def on_a_site(programs, before=None, ahead=None, setup=(), **words):
    """Decorates a case of (site, device): each has a fresh site with one device, after ahead(site),
    when the verifier does not run yet, and before(site, device). The verifier must live on, and end
    well. setup: words of `assay setup`; words: Site's."""
    def decorate(case):
        @functools.wraps(case)
        def wrapped():
            with folder() as top:
                site = Site(programs, top, *setup, **words)
                with site.device() as device:
                    if ahead:
                        ahead(site)
                    with site:
                        if before:
                            before(site, device)
                        case(site, device)
                        assert site.main.poll() is None, site.log_text()
        return wrapped
    return decorate


def run_cases(cases, only, *arguments):
    """All cases, or those that are named; nothing without a software TPM."""
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    tap.run([(case, *arguments) for case in tap.chosen(cases, only)])
