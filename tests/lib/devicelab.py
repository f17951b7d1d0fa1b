"""A device and a scripted verifier (lib/stand-in.c) on one machine, for drivers of the attestor."""

import contextlib
import json
import os
import signal
import subprocess

import daemon
import realsite

VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors")
LOG = os.path.join(VECTORS, "boot", "grub-sb-on", "binary_bios_measurements")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


class Lab:
    """Certificates, configuration and folders of one device and one verifier."""

    def __init__(self, tpm, attestor, stand_in):
        self.tpm, self.program, self.stand_in = tpm, attestor, stand_in
        self.environ = None  # of the attestor
        self.port = realsite.free_port()
        self.folder = tpm.path("lab")
        os.makedirs(self.path("pki"))
        self.ca("ca")
        self.cert("server", "/CN=verifier", "extendedKeyUsage=serverAuth\n"
                  "subjectAltName=DNS:verifier.test")
        self.cert("site", "/CN=assay site lab", "keyUsage=critical,digitalSignature")
        self.fresh()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def pki(self, name):
        return self.path("pki", name)

    def ca(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.pki(name + ".key"), "-out", self.pki(name + ".pem"), "-days", "30",
                "-subj", "/CN=" + name, "-addext", "keyUsage=critical,keyCertSign")

    def cert(self, name, subject, extensions, ca="ca"):
        write(self.pki("ext"), "basicConstraints=critical,CA:FALSE\n" + extensions + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.pki(name + ".key"), "-out", self.pki("csr"), "-subj", subject)
        openssl("x509", "-req", "-in", self.pki("csr"), "-CA", self.pki(ca + ".pem"), "-CAkey",
                self.pki(ca + ".key"), "-CAcreateserial", "-days", "30", "-extfile",
                self.pki("ext"), "-out", self.pki(name + ".pem"))

    @contextlib.contextmanager
    def another(self, name):
        """For another certificate of this name; whatever happens, the old one comes back."""
        files = [self.pki(name + ending) for ending in (".pem", ".key")]
        for file in files:
            os.rename(file, file + ".kept")
        try:
            yield
        finally:
            for file in files:
                os.replace(file + ".kept", file)

    def fresh(self, **settings):
        """Empty state and tokens, and a configuration."""
        self.n = getattr(self, "n", 0) + 1
        self.state, self.tokens = self.path(f"state{self.n}"), self.path(f"tokens{self.n}")
        dmi = self.path(f"dmi{self.n}")
        for folder in (self.state, self.tokens, dmi):
            os.makedirs(folder)
        write(os.path.join(dmi, "product_name"), "Test machine\n")
        values = {"servers": f"127.0.0.1:{self.port}", "name": "verifier.test", "site": "lab",
                  "ca": self.pki("ca.pem"), "tcti": self.tpm.tcti, "firmware": LOG,
                  "ima": self.path("none"), "userspace": self.path("none"),
                  "audiences": "wiki, git.test", "code": "one-time",
                  "bind": "no", **settings}
        self.config = self.path(f"conf{self.n}")
        write(self.config, "[verifier]\n" + "".join(
            f"{name} = {values[name]}\n" for name in ("servers", "ca", "site", "name"))
            + f"[tpm]\ntcti = {values['tcti']}\n"
            + f"[sources]\nfirmware = {values['firmware']}\nima = {values['ima']}\n"
            + f"userspace = {values['userspace']}\ndmi = {dmi}\n"
            + f"[state]\ndir = {self.state}\n[tokens]\ndir = {self.tokens}\n"
            + f"audiences = {values['audiences']}\nbind = {values['bind']}\n"
            + f"[enrol]\ncode = {values['code']}\n")

    def attestor(self, *arguments, timeout=90):
        done = subprocess.run([self.program, "--config", self.config, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              env=self.environ, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def once(self, code, *arguments, timeout=90):
        got, out, log = self.attestor("--once", "--json", *arguments, timeout=timeout)
        assert got == code, (got, code, out, log)
        outcome = json.loads(out)
        assert outcome["exit"] == code, outcome
        return outcome, log

    def token_files(self):
        return sorted(os.listdir(self.tokens))


class StandIn:
    """The scripted verifier; its lines after it was stopped."""

    def __init__(self, lab, join, attest):
        self.process = subprocess.Popen([lab.stand_in, lab.path("pki"), str(lab.port), join,
                                         attest], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        line = self.process.stdout.readline()
        if line != b"ready\n":
            self.process.kill()
            raise RuntimeError(line + self.process.communicate()[0])

    def __enter__(self):
        return self

    def __exit__(self, failed, *unused):
        self.process.send_signal(signal.SIGTERM)
        try:
            out = self.process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            out = self.process.communicate()[0]
        self.lines = out.decode().splitlines()
        assert self.process.returncode == 0 or failed, (self.process.returncode, self.lines)

    def having(self, word):
        return [line for line in self.lines if line.split()[0] == word]


class Daemon(daemon.Daemon):
    """The lab's attestor without --once."""

    def __init__(self, lab, *arguments, before=()):
        super().__init__(lab.program, lab.config, lab.path("daemon.log"), *arguments,
                         environ=lab.environ, before=before)
