"""Devices in software that load a real site (tests/integration/soft-load.c), and what they saw."""

import base64
import json
import os
import subprocess

import diag
from realsite import end, read, write

LOG = "boot/grub-sb-on/binary_bios_measurements"


def cwt_id(token):
    """cti (RFC 8392: 7) of a CWT, tagged COSE_Sign1."""
    payload = diag.decode(token).value[2]
    return dict(diag.decode(payload))[7].hex()


def jwt_id(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"]


class Load:
    """One device; a process from start to stop."""

    def __init__(self, program, site, name, pause_ms=20):
        self.site = site
        self.path = os.path.join(site.folder, name + ".seen")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen([program, str(site.port), LOG, str(pause_ms)],
                                            stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT)
        try:
            site.until(lambda: self.lines("fingerprint") or self.process.poll() is not None)
            self.fingerprint = self.lines("fingerprint")[0]
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        code = end(self.process)
        assert code == 0, (code, read(self.path)[-2000:])

    def lines(self, what):
        """The values of whole lines that begin so."""
        text = read(self.path).decode("latin-1")
        return [line.split(" ", 1)[1] for line in text.split("\n")[:-1]
                if line.startswith(what + " ")]

    def tokens(self):
        """[(kind, id)] of every token that this device has seen."""
        return ([("cwt", cwt_id(bytes.fromhex(token))) for token in self.lines("cwt")]
                + [("jwt", jwt_id(token)) for token in self.lines("jwt")])

    def wait_for_tokens(self, more):
        wanted = len(self.lines("jwt")) + more
        self.site.until(lambda: len(self.lines("jwt")) >= wanted)


def import_all(site, loads, class_name="laptops"):
    """Makes members of them, and their boot what the class has learned."""
    site.assay("class", "add", class_name)
    path = os.path.join(site.folder, "devices.csv")
    write(path, "fingerprint,class\n" + "".join(f"{load.fingerprint},{class_name}\n"
                                                for load in loads))
    site.assay("device", "import", path)
    first = loads[0].fingerprint
    site.until(lambda: any(row["fingerprint"] == first and "tier" in row
                           for row in site.devices()))
    site.assay("golden", "learn", "--class", class_name, "--from", first, "--yes")
    for load in loads:
        load.wait_for_tokens(1)


def audit_tokens_on(site):
    with open(site.verifier_conf, "a", encoding="utf-8") as conf:
        conf.write("[audit]\ntokens = yes\n")


def keys_of(site):
    return os.path.join(site.state, "public", "audit-keys.cbor")


def export(site):
    """The audit log, checked: its rows."""
    done = site.ask("audit", "export", "--keys", keys_of(site))
    assert done.code == 0, done
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert list(rows[-1]) == ["head"], rows[-1]
    return rows[:-1]


def token_rows(rows):
    """{(kind, id): row}"""
    found = {}
    for row in rows:
        if row["kind"] == "token":
            kind, token_id = row["text"].split()[:2]
            assert (kind, token_id) not in found, row
            found[kind, token_id] = row
    return found


def unaccounted(load, rows):
    """Tokens that the device saw and that have no row of that very device."""
    ueid = load.lines("ueid")[-1]
    known = token_rows(rows)
    return [token for token in load.tokens()
            if token not in known or known[token]["device"] != ueid]
