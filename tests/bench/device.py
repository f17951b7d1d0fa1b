"""The attestor on a software TPM: what it costs the device, against a verifier that knows it."""

import os
import subprocess
import time

from realsite import Site, read

PATIENCE_S = 30


def used_by(*command):
    """Runs a command and gives (exit status, user ms, system ms)."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime * 1000, usage.ru_stime * 1000


def median(values):
    return sorted(values)[len(values) // 2]


def cpu_ms(device, *words, code=0, turns=9):
    """Median user and system time of one start."""
    runs = [used_by(device.site.programs.attestor, "--config", device.conf, *words)
            for _ in range(turns)]
    assert all(run[0] == code for run in runs), runs
    return {"user": median([run[1] for run in runs]), "system": median([run[2] for run in runs])}


def kilobytes(path, name):
    for line in read(path).decode().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def memory(device):
    """Of the attestor that has its token and waits for the next turn."""
    names = device.tokens()
    for name in names:
        os.unlink(device.path("tokens", name))
    process = subprocess.Popen([device.site.programs.attestor, "--config", device.conf],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while device.tokens() != names:
            assert time.monotonic() < end and process.poll() is None, "no token came"
            time.sleep(0.05)
        proc = f"/proc/{process.pid}"
        return {"max_rss_kb": kilobytes(f"{proc}/status", "VmHWM"),
                "private_dirty_kb": kilobytes(f"{proc}/smaps_rollup", "Private_Dirty")}
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def stripped_kb(program, folder):
    path = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", path, program], check=True, timeout=30)
    return os.path.getsize(path) / 1000


def measure(programs, folder):
    os.mkdir(folder)
    with Site(programs, folder) as site, site.device() as device:
        device.boot()
        site.affirmed(device)
        told = {"token_ms": cpu_ms(device, "--once"),
                "fingerprint_ms": cpu_ms(device, "--fingerprint"),
                "version_ms": cpu_ms(device, "--version")}
        told.update(memory(device))
    told["stripped_kb"] = stripped_kb(programs.attestor, folder)
    return told
