"""durable.py ASSAY VERIFIER ATTESTOR TPM_EXTEND SOFT_LOAD [CASE…]: what must not be lost, on the
real service: the audit log's signed end, a store that is locked, a disk that is full."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

import realsite
import softload
import tap
from realsite import read, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
SOFT_LOAD = sys.argv[5]


class Loaded:
    """A site under load of n devices that have tokens."""

    def __init__(self, n=2, folder=None):
        self.n, self.folder = n, folder

    def __enter__(self):
        with contextlib.ExitStack() as stack:  # what fails on the way leaves nothing
            folder = self.folder or stack.enter_context(realsite.folder())
            self.site = realsite.Site(PROGRAMS, folder)
            softload.audit_tokens_on(self.site)
            stack.enter_context(self.site)
            self.loads = [stack.enter_context(softload.Load(SOFT_LOAD, self.site, f"device{i}"))
                          for i in range(self.n)]
            softload.import_all(self.site, self.loads)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    def accounted(self):
        """Stops the load; every token that was seen has its row."""
        for load in self.loads:
            load.stop()
        rows = softload.export(self.site)
        assert [softload.unaccounted(load, rows) for load in self.loads] == [[]] * self.n

    def refusals(self):
        """Those by the store; what is not learned yet is refused with 803 before."""
        return [tuple(line.split()) for load in self.loads for line in load.lines("refused")
                if line.split()[1] != "803"]


def verified(site, *words):
    return site.ask("audit", "verify", "--keys", softload.keys_of(site), *words)


def an_export_is_verified_and_every_change_is_found():
    with Loaded(1) as loaded:
        site = loaded.site
        loaded.accounted()
        path = os.path.join(site.folder, "audit.jsonl")
        kept = os.path.join(site.folder, "head.json")
        write(kept, site.ask("audit", "head").out)
        write(path, site.ask("audit", "export", "--keys", softload.keys_of(site)).out)
        lines = read(path).decode().splitlines()
        n = len(lines) - 1
        assert n > 5
        done = verified(site, path)
        assert (done.code, done.out) == (0, f"{n} rows, chained and signed\n"), done
        assert verified(site, path, "--head", kept).code == 0
        assert json.loads(verified(site, path, "--json").out) == {
            "well": True, "rows": n, "problem": None, "row": None}

        def found(changed, row, word):
            write(path, "".join(line + "\n" for line in changed))
            done = verified(site, path)
            assert done.code == 1 and done.out.startswith(f"row {row}: "), (word, done)
            assert word in done.out, (word, done)
        first = 1 + [i for i, line in enumerate(lines) if '"actor":"uid 0"' in line][0]
        found([line.replace('"actor":"uid 0"', '"actor":"uid 1"') for line in lines], first,
              "edited")
        found(lines[:2] + lines[3:], 3, "missing")
        found(lines[:2] + [lines[3], lines[2]] + lines[4:], 3, "moved")
        found(lines[:3] + [lines[2]] + lines[3:], 4, "doubled")
        found(lines[:-2] + lines[-1:], n, "cut off")
        found(lines[:-1], n + 1, "no signed head")
        found(lines + lines[-1:], n + 1, "behind the signed head")
        found(lines[:-1] + ['{"head":"AQID"}'], n + 1, "not of its form")
        found(lines[:2] + ["{}"] + lines[3:], 3, "not of its form")
        found([], 1, "no signed head")
        done = verified(site, site.folder)  # opens, and cannot be read
        assert done.code == 1 and "cannot be read to its end" in done.out, done


def a_log_made_anew_does_not_meet_a_kept_head():
    with Loaded(1) as loaded:
        site = loaded.site
        loaded.accounted()
        kept = os.path.join(site.folder, "head.json")
        write(kept, site.ask("audit", "head").out)
        done = verified(site, "--head", kept, "--json")
        rows = json.loads(done.out)["rows"]
        assert done.code == 0 and rows > 5, done
        site.stop()
        for name in os.listdir(site.state):
            if name.startswith("verifier.db"):
                os.unlink(os.path.join(site.state, name))
        site.start()
        assert verified(site).code == 0  # alone it is a good log
        done = verified(site, "--head", kept)
        assert done.code == 1 and "cut off" in done.out, done
        for i in range(rows):
            site.assay("class", "add", f"c{i}")
        done = verified(site, "--head", kept)
        assert done.code == 1 and "made anew" in done.out, done


def a_cut_store_is_named_at_the_start():
    with Loaded(1) as loaded:
        site = loaded.site
        loaded.accounted()
        site.stop()
        database = os.path.join(site.state, "verifier.db")
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("DELETE FROM audit WHERE seq > 3")
            db.commit()
        site.start()
        assert '"id":"audit-alarm"' in site.log_text()
        for words in (("audit", "head"), ("audit", "verify", "--keys", softload.keys_of(site)),
                      ("audit", "export", "--keys", softload.keys_of(site))):
            done = site.ask(*words)
            assert done.code == 1 and "lacks rows" in done.err and done.out == "", done
        site.stop()
        os.unlink(database + ".head")  # an operator who knows why
        site.start()
        assert verified(site).code == 0


def a_site_from_before_the_audit_key_is_told_what_to_do():
    with realsite.folder() as folder:
        site = realsite.Site(PROGRAMS, folder)
        key = os.path.join(site.etc, "keys", "audit.key")
        before = read(os.path.join(site.etc, "keys", "token.key"))
        os.unlink(key)
        done = realsite.run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check")
        assert done.code == 2 and "assay setup" in done.err, done
        realsite.run(PROGRAMS.assay, "setup", "--dir", site.etc, "--state", site.state, "--run",
                     os.path.dirname(site.socket), "--site", "test.assay", "--name", "127.0.0.1")
        assert os.stat(key).st_mode & 0o777 == 0o600
        assert read(os.path.join(site.etc, "keys", "token.key")) == before
        done = realsite.run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check")
        assert done.code == 0, done


def a_locked_store_refuses_with_a_time_and_heals():
    with Loaded() as loaded:
        site = loaded.site
        with contextlib.closing(sqlite3.connect(os.path.join(site.state, "verifier.db"),
                                                isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            seen = len(loaded.loads[0].lines("jwt"))
            site.until(lambda: len(loaded.refusals()) >= 6)
            assert set(loaded.refusals()) == {("5.03", "811", "5")}, loaded.refusals()
            assert len(loaded.loads[0].lines("jwt")) <= seen + 1  # one may have been under way
            done = site.ask("class", "add", "other")
            assert done.code == 1 and "store failed" in done.err, done
            assert site.ask("status").code == 0  # what only reads goes on
            db.execute("ROLLBACK")
        for load in loaded.loads:
            load.wait_for_tokens(2)
        loaded.accounted()


def on_a_small_disk():
    """In a mount namespace of its own: the state folder is a file system of 2 MiB, then filled."""
    folder = os.environ["ASSAY_SMALL_DISK"]
    state = os.path.join(folder, "state")
    os.mkdir(state)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", state], check=True)
    with Loaded(folder=folder) as loaded:
        site, filler = loaded.site, os.path.join(state, "filler")
        with open(filler, "wb", buffering=0) as out:
            with contextlib.suppress(OSError):
                while True:
                    out.write(bytes(4096))
        site.until(lambda: len(loaded.refusals()) >= 6)
        assert set(loaded.refusals()) == {("5.03", "811", "5")}, loaded.refusals()
        assert '"id":"batch-lost"' in site.log_text() and site.main.poll() is None
        os.unlink(filler)
        for load in loaded.loads:
            load.wait_for_tokens(2)
        loaded.accounted()
        assert verified(site).code == 0


def a_full_disk_refuses_with_a_time_and_heals():
    with realsite.folder() as folder:
        # its own processes too, so that none of them outlives a timeout
        done = subprocess.run(["unshare", "-m", "-p", "--kill-child", "--mount-proc",
                               sys.executable, *sys.argv, "on_a_small_disk"],
                              env={**os.environ, "ASSAY_SMALL_DISK": folder}, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode("latin-1")


def a_backup_under_load_is_restored():
    with Loaded() as loaded:
        site = loaded.site
        tokens = loaded.loads[0].tokens()
        path = site.assay("store", "backup", "monday.db").strip()
        assert path == os.path.join(site.state, "backups", "monday.db"), path
        assert os.stat(path).st_mode & 0o777 == 0o600
        done = site.ask("store", "backup", "monday.db")
        assert done.code == 1 and "already" in done.err, done
        assert site.ask("store", "backup", "../x").code == 2
        for load in loaded.loads:
            load.wait_for_tokens(1)
            load.stop()
        site.stop()
        database = os.path.join(site.state, "verifier.db")
        for end in ("", "-wal", "-shm", ".head"):
            if os.path.exists(database + end):
                os.rename(database + end, database + end + ".old")
        shutil.copy(path, database)
        site.start()
        assert verified(site).code == 0
        known = softload.token_rows(softload.export(site))
        assert all(token in known for token in tokens)
        assert {row["state"] for row in site.devices()} == {"fresh"}
        done = verified(site, "--head", database + ".head.old")  # what the backup lacks is seen
        assert done.code == 1 and "cut off" in done.out, done


CASES = (
    an_export_is_verified_and_every_change_is_found,
    a_log_made_anew_does_not_meet_a_kept_head,
    a_cut_store_is_named_at_the_start,
    a_site_from_before_the_audit_key_is_told_what_to_do,
    a_backup_under_load_is_restored,
    a_locked_store_refuses_with_a_time_and_heals,
    a_full_disk_refuses_with_a_time_and_heals,
)


def main():
    if os.geteuid() != 0:
        tap.skip_all("needs root, for a file system of its own")
    if sys.argv[6:] == ["on_a_small_disk"]:
        tap.run([(on_a_small_disk,)])
    tap.run([(case,) for case in tap.chosen(CASES, sys.argv[6:])])


if __name__ == "__main__":
    main()
