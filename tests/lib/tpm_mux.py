"""One software TPM for several at a time, command by command, as a kernel's resource manager lets a
kernel and a program have it: swtpm itself serves one connection after the other.

    with Mux(tpm) as mux:
        run_something(mux.tcti)
        mux.extend(10, {"sha1": …, "sha256": …})    # meanwhile, from any thread
        mux.on(QUOTE, before, after)                # called around each such command"""

import os
import socket
import threading

QUOTE = 0x158
PCR_EXTEND = 0x182
ALGS = {"sha1": 0x4, "sha256": 0xb, "sha384": 0xc, "sha512": 0xd}


def _message(stream):
    """A command or response, whole; b"" at the end."""
    data = b""
    while len(data) < 10 or len(data) < int.from_bytes(data[2:6], "big"):
        want = 10 if len(data) < 10 else int.from_bytes(data[2:6], "big")
        part = stream.recv(want - len(data))
        if not part:
            return b""
        data += part
    return data


def _extend_command(pcr, digests):
    """TPM 2.0 Part 3, TPM2_PCR_Extend, with an empty password."""
    auth = bytes.fromhex("40000009" "0000" "01" "0000")
    values = len(digests).to_bytes(4, "big") + b"".join(
        ALGS[alg].to_bytes(2, "big") + digest for alg, digest in digests.items())
    rest = (pcr.to_bytes(4, "big") + len(auth).to_bytes(4, "big") + auth + values)
    return (b"\x80\x02" + (10 + len(rest)).to_bytes(4, "big") + PCR_EXTEND.to_bytes(4, "big")
            + rest)


class Mux:
    def __init__(self, tpm):
        self.path = tpm.path("mux")
        self.tcti = f"swtpm:path={self.path}"
        self.lock = threading.RLock()
        self.hooks = {}
        self.tpm = socket.socket(socket.AF_UNIX)
        self.tpm.connect(tpm.socket)
        os.symlink(tpm.socket + ".ctrl", self.path + ".ctrl")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def on(self, command, before, after):
        with self.lock:
            self.hooks[command] = (before, after)

    def command(self, data):
        with self.lock:
            self.tpm.sendall(data)
            return _message(self.tpm)

    def extend(self, pcr, digests):
        answer = self.command(_extend_command(pcr, digests))
        assert answer[6:10] == bytes(4), answer

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, client):
        with client:
            while True:
                try:
                    data = _message(client)
                except OSError:
                    return
                if not data:
                    return
                before, after = self.hooks.get(int.from_bytes(data[6:10], "big"), (None, None))
                if before:
                    before()
                answer = self.command(data)
                if after:
                    after()
                client.sendall(answer)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()
        self.tpm.close()
        os.unlink(self.path)
        os.unlink(self.path + ".ctrl")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
