"""Readers of tokens that are not ours: npm's jose, cborg and Node's own crypto, installed from the
lock file into the build folder, once; tests/npm/verify-token.mjs."""

import json
import os
import shutil
import subprocess


class Skip(Exception):
    """The readers cannot be had here, and why."""


def install(source, build):
    if not shutil.which("npm") or not shutil.which("node"):
        raise Skip("no node and npm")
    os.makedirs(build, exist_ok=True)
    for name in ("package.json", "package-lock.json", "verify-token.mjs"):
        shutil.copy(os.path.join(source, name), build)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                              cwd=build, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired as error:
        raise Skip(str(error)) from error
    if done.returncode != 0:
        raise Skip("npm cannot install: " + (done.stderr.strip().splitlines() or ["?"])[-1])


def ask(build, jobs):
    """One answer {"ok": …, "claims" or "error": …} a job."""
    text = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(["node", "verify-token.mjs"], cwd=build, input=text, capture_output=True,
                          text=True, timeout=120, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(jobs), done.stderr
    return answers
