"""The demo behind tools/demo: a real boot's log in a software TPM, a verifier, an attestor."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
from realsite import (BANKS, GRUB_LOG as LOG, events_of, extend_lines, free_port,  # noqa: E402
                      other_kernel, write)
from swtpm import Swtpm  # noqa: E402

BUILD = os.path.join(TOP, "build")
ASSAY = os.path.join(BUILD, "tools", "assay")
VERIFIER = os.path.join(BUILD, "verifier", "assay-verifier")
ATTESTOR = os.path.join(BUILD, "attestor", "assay-attestor")
EXTEND = os.path.join(BUILD, "tests", "tpm-extend")


def say(text=""):
    print(text, flush=True)


def heading(text):
    say()
    say(f"== {text}")


def run(*command, check=True, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, check=False, **kwargs)
    if check and done.returncode != 0:
        raise SystemExit(f"demo: {' '.join(command)}: exit {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
    return done


def show(*command, **kwargs):
    say("$ " + " ".join(os.path.basename(word) if word.startswith("/") else word
                        for word in command))
    done = run(*command, **kwargs)
    say((done.stdout + done.stderr).rstrip())
    return done


def extend(tpm, log):
    """Plays a log into the TPM's PCRs as the firmware did, every bank at once."""
    path = tpm.path("extend.txt")
    write(path, extend_lines(events_of(ASSAY, log)))
    run(EXTEND, tpm.tcti, path)


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.verifier = None
        self.etc = os.path.join(folder, "etc")
        self.run_dir = os.path.join(folder, "run")
        self.socket = os.path.join(self.run_dir, "control.sock")
        self.conf = os.path.join(folder, "attestor.conf")
        self.log = os.path.join(folder, "firmware.log")

    def assay(self, *words, **kwargs):
        return show(ASSAY, *words, "--socket", self.socket, **kwargs)

    def setup(self, tpm):
        show(ASSAY, "setup", "--dir", self.etc, "--state", os.path.join(self.folder, "state"),
             "--run", self.run_dir, "--site", "demo.assay", "--name", "127.0.0.1", "--port",
             str(self.port))
        for name in ("issuercert.pem", "swtpm-localca-rootca-cert.pem"):
            shutil.copy(os.path.join(tpm.ca_dir, name), os.path.join(self.etc, "ek-roots", name))

    def start_verifier(self):
        log = os.path.join(self.folder, "verifier.log")
        with open(log, "w", encoding="utf-8") as file:
            self.verifier = subprocess.Popen(
                [VERIFIER, "--config", os.path.join(self.etc, "verifier.conf")],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        end = time.monotonic() + 20
        while '"id":"ready"' not in open(log, encoding="utf-8").read():
            if self.verifier.poll() is not None or time.monotonic() > end:
                raise SystemExit("demo: the verifier does not start:\n" + open(log).read())
            time.sleep(0.05)
        say(f"assay-verifier is ready on 127.0.0.1:{self.port} (processes: main, front, keeper, "
            "readers)")

    def write_attestor_conf(self, tpm):
        os.makedirs(os.path.join(self.folder, "device"), exist_ok=True)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f"""[verifier]
servers = 127.0.0.1:{self.port}
site = demo.assay
ca = {self.etc}/keys/ca.pem
[tpm]
tcti = {tpm.tcti}
[sources]
firmware = {self.log}
[state]
dir = {self.folder}/device
[tokens]
dir = {self.folder}/tokens
audiences = assay
""")

    def attest(self):
        return show(ATTESTOR, "--config", self.conf, "--once", check=False)

    def stop(self):
        if self.verifier and self.verifier.poll() is None:
            self.verifier.terminate()
            self.verifier.wait(timeout=20)


def decode(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def show_token(demo):
    heading("The token, as JWT, and what it says")
    path = os.path.join(demo.folder, "tokens", "assay.jwt")
    token = open(path, encoding="ascii").read().strip()
    say(token)
    say()
    say(json.dumps(decode(token), indent=2, sort_keys=True))
    show(ASSAY, "token", "verify", "--keys",
         os.path.join(demo.folder, "state", "public", "jwks.json"), path)


def expect(done, *words):
    text = done.stdout + done.stderr
    for word in words:
        if word not in text:
            raise SystemExit(f"demo: expected \"{word}\" above")


def device_id(demo):
    done = run(ASSAY, "device", "list", "--json", "--socket", demo.socket)
    return json.loads(done.stdout)["devices"][0]["id"]


def enrol(demo):
    heading("A stranger enrols: the TPM is proved, an operator decides")
    fingerprint = show(ATTESTOR, "--config", demo.conf, "--fingerprint").stdout.split()[-1]
    expect(demo.attest(), "pending")
    demo.assay("class", "add", "laptops", "--audience", "bearer:assay")
    demo.assay("device", "approve", fingerprint, "--class", "laptops")


def learn(demo):
    heading("The first member teaches its class what a good boot is")
    demo.attest()
    demo.assay("golden", "learn", "--class", "laptops", "--from", device_id(demo), "--yes")


def affirm(demo):
    heading("The device attests")
    expect(demo.attest(), "affirming")
    expect(demo.assay("device", "list"), "affirming")
    demo.assay("device", "show", device_id(demo))


def refuse_extend(demo, tpm):
    heading("Refusal 1: something measured itself after the boot")
    say("(one more extend of PCR 4, which no log explains)")
    path = tpm.path("one.txt")
    with open(path, "w", encoding="ascii") as file:
        file.write("4 sha1:" + "11" * 20 + " sha256:" + "22" * 32 + " sha384:" + "33" * 48 + "\n")
    run(EXTEND, tpm.tcti, path)
    expect(demo.attest(), "refused")
    expect(demo.assay("device", "show", device_id(demo)), "LOG_REPLAY", "203", "PCR 4")


def refuse_kernel(demo, tpm):
    heading("Refusal 2: a fresh boot of another kernel, log and PCRs agree")
    tpm.reset()
    write(demo.log, other_kernel(ASSAY, LOG))
    extend(tpm, demo.log)
    expect(demo.attest(), "refused")
    expect(demo.assay("device", "show", device_id(demo)), "BOOT_IMAGE_UNKNOWN", "PCR 4")


def main():
    keep = "--keep" in sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="assay-demo-")
    demo = Demo(folder)
    began = time.monotonic()
    try:
        with Swtpm(banks=BANKS) as tpm:
            heading("A machine with a TPM, booted: its PCRs hold what the firmware's log says")
            shutil.copy(LOG, demo.log)
            extend(tpm, LOG)
            heading("A verifier")
            demo.setup(tpm)
            demo.start_verifier()
            demo.write_attestor_conf(tpm)
            enrol(demo)
            learn(demo)
            affirm(demo)
            show_token(demo)
            refuse_extend(demo, tpm)
            refuse_kernel(demo, tpm)
    finally:
        demo.stop()
        if keep:
            say(f"\nkept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"\nDone in {time.monotonic() - began:.0f} s; nothing is left running.")


main()
