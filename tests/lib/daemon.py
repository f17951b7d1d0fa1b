"""The attestor as it stays, and a clock that a test moves for it."""

import json
import os
import signal
import subprocess
import time

PATIENCE_S = 90


class Clock:
    """A file that says how far the clocks of a program are moved (lib/fake-clock.c)."""

    def __init__(self, library, path):
        self.file = path
        self.environ = {**os.environ, "LD_PRELOAD": library, "FAKE_CLOCK": path,
                        "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.wall, self.boot = 0, 0
        self.move()

    def move(self, wall=0, boot=0):
        self.wall, self.boot = int(wall), int(boot)
        with open(self.file + ".new", "w", encoding="ascii") as file:
            file.write(f"{self.wall} {self.boot}\n")
        os.rename(self.file + ".new", self.file)

    def sleep(self, seconds=600):
        """The lid was closed for so long."""
        self.move(self.wall, self.boot + seconds)


class Daemon:
    """The attestor without --once; its log. It must end well, unless the case failed before."""

    def __init__(self, program, conf, path, *arguments, environ=None, before=()):
        self.path = path
        with open(path, "wb") as log:
            self.process = subprocess.Popen([*before, program, "--config", conf, *arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environ)

    def __enter__(self):
        return self

    def __exit__(self, failed, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        assert code == 0 or failed, (code, self.log())

    def log(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def lines(self, name=None):
        told = [json.loads(line) for line in self.log().splitlines() if line.endswith("}")]
        return [line for line in told if name in (None, line["id"])]

    def resumed(self):
        """Of each connection, whether it was; with --verbose."""
        return [line["resumed"] for line in self.lines("connected")]

    def until(self, what):
        """Waits for something in its log, or elsewhere while it lives."""
        end = time.monotonic() + PATIENCE_S
        while not what(self.log()):
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, "waited in vain:\n" + self.log()
            time.sleep(0.05)

    def again(self, clock):
        """The lid is closed, and it connects anew; whether its ticket was taken."""
        n = len(self.resumed())
        clock.sleep()
        self.until(lambda _: len(self.resumed()) > n)
        return self.resumed()[n]

    def attested(self, n=1):
        self.until(lambda log: log.count('"id":"attested"') >= n)
