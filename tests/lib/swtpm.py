"""A software TPM of its own for one test: state with EK certificates, start, reset, stop.

    with Swtpm(banks="sha256") as tpm:
        run_something(tpm.tcti)
        tpm.reset()                 # power cycle without Shutdown: resetCount + 1
        tpm.restart()               # Shutdown(STATE), then Startup(CLEAR): restartCount + 1
        tpm.resume()                # Shutdown(STATE), then Startup(STATE): the same, PCRs kept

Everything is below one temporary folder; the CA that signs the EK certificates is made there too
(`ca_dir` of another Swtpm shares it). Needs swtpm, swtpm-tools and tpm2-tools.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

TOOLS = ("swtpm", "swtpm_setup", "tpm2_shutdown", "openssl")


def missing():
    """Names of programs that are not installed; empty when tests can run."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def make_ca(folder):
    """Configuration of a local CA in `folder`; swtpm_localca makes its keys at first use."""
    os.makedirs(folder, exist_ok=True)
    _write(os.path.join(folder, "localca.conf"), "".join(
        f"{key}={folder}/{name}\n" for key, name in (
            ("statedir", ""), ("signingkey", "signkey.pem"), ("issuercert", "issuercert.pem"),
            ("certserial", "certserial"))))
    _write(os.path.join(folder, "localca.options"),
           "--platform-manufacturer Assay\n--platform-version 1\n--platform-model Test\n")
    _write(os.path.join(folder, "setup.conf"),
           f"create_certs_tool={shutil.which('swtpm_localca')}\n"
           f"create_certs_tool_config={folder}/localca.conf\n"
           f"create_certs_tool_options={folder}/localca.options\n")


class Swtpm:
    """banks: what is allocated. certs: make EKs (RSA-2048 L-1, P-384 H-3) with certificates."""

    def __init__(self, banks="sha1,sha256,sha384", certs=True, ca_dir=None, start=True):
        self.folder = tempfile.mkdtemp(prefix="assay-swtpm-")
        self.ca_dir = ca_dir or os.path.join(self.folder, "ca")
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "s")
        self.tcti = f"swtpm:path={self.socket}"
        self.process = None
        try:
            self._setup(banks, certs)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def _setup(self, banks, certs):
        os.mkdir(self.state)
        command = ["swtpm_setup", "--tpm2", "--tpmstate", self.state, "--pcr-banks", banks,
                   "--overwrite"]
        if certs:
            if not os.path.exists(os.path.join(self.ca_dir, "setup.conf")):
                make_ca(self.ca_dir)
            command += ["--createek", "--create-ek-cert", "--lock-nvram", "--config",
                        os.path.join(self.ca_dir, "setup.conf")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError("swtpm_setup: " + done.stdout.decode(errors="replace"))

    def start(self, startup="clear"):
        """Powers the TPM up with TPM2_Startup(CLEAR), or "state"."""
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
             "--server", f"type=unixio,path={self.socket}",
             "--ctrl", f"type=unixio,path={self.socket}.ctrl",
             "--flags", f"not-need-init,startup-{startup}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not (os.path.exists(self.socket) and os.path.exists(self.socket + ".ctrl")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("swtpm does not start")
            time.sleep(0.01)

    def stop(self):
        """Cuts the power: no TPM2_Shutdown."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None
        for name in (self.socket, self.socket + ".ctrl"):
            if os.path.exists(name):
                os.unlink(name)

    def reset(self):
        """Power cycle: resetCount + 1, PCRs start again."""
        self.stop()
        self.start()

    def restart(self):
        """Suspend whose resume finds Startup(CLEAR): restartCount + 1, PCRs start again."""
        self.tool("tpm2_shutdown")
        self.reset()

    def resume(self):
        """Suspend to memory and back: restartCount + 1, PCRs kept, handles of before gone."""
        self.tool("tpm2_shutdown")
        self.stop()
        self.start("state")

    def tool(self, *command, check=True):
        """Runs one of tpm2-tools against this TPM and gives its standard output."""
        done = subprocess.run(list(command), env={**os.environ, "TPM2TOOLS_TCTI": self.tcti},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def path(self, name):
        """A file of the test's own in the temporary folder."""
        return os.path.join(self.folder, name)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
