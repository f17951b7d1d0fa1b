"""A site whose class is judged by a policy that was learnt from its devices' boots, for drivers of
what an operator does about it."""

import contextlib
import functools
import json
import os

import realsite
from realsite import GRUB_LOG, other_kernel, read, run, write

SITE_CLASS = "laptops"


class Rig:
    """A site with a device of each name, members, judged by a policy that was learnt from the boots
    of those in `good`; all of them booted."""

    def __init__(self, site, stack, good="ab", names="ab"):
        self.site, self.programs = site, site.programs
        self.logs = {"a": read(GRUB_LOG), "b": other_kernel(self.programs.assay, GRUB_LOG),
                     "c": read(GRUB_LOG)}
        self.devices = {name: stack.enter_context(site.device(name)) for name in names}
        for name, device in self.devices.items():
            device.boot(self.logs[name])
        self.n = 0
        self.publish_untested(self.signed(self.learnt(good)))
        for device in self.devices.values():
            site.approve(device)
            assert device.attest()["tier"] == "warning", site.log_text()[-2000:]

    def path(self, name):
        return os.path.join(self.site.folder, name)

    def learnt(self, names, change=lambda text: text):
        """The policy text of these boots, changed."""
        for name in names:
            write(self.path(f"{name}.log"), self.logs[name])
        out = self.path(f"{names}.policy")
        done = run(self.programs.assay, "policy", "learn", "--class", SITE_CLASS, "--out", out,
                   *[self.path(f"{name}.log") for name in names])
        assert done.code == 0, done
        self.n += 1
        text = read(out).decode()
        write(self.path(f"{self.n}.policy"), change(text))
        return self.path(f"{self.n}.policy")

    def signed(self, policy):
        self.n += 1
        body, out = self.path("body"), self.path(f"{self.n}.bundle")
        done = run(self.programs.assay, "policy", "compile", policy, "--out", body)
        assert done.code == 0, done
        done = run(self.programs.assay, "policy", "sign", body, "--key",
                   os.path.join(self.site.etc, "keys", "policy.key"), "--sequence", str(self.n),
                   "--out", out)
        assert done.code == 0, done
        return out

    def publish_untested(self, bundle):
        self.site.assay("policy", "publish", bundle, "--untested")

    def publish(self, bundle, *words, code=0):
        done = self.site.ask("policy", "publish", bundle, "--conf", self.site.verifier_conf, *words)
        assert done.code == code, (done, self.site.log_text()[-1500:])
        return done

    def test(self, old, new, *words, code=0):
        done = run(self.programs.assay, "policy", "test", old, new, "--conf",
                   self.site.verifier_conf, *words)
        assert done.code == code, done
        return done

    def suggest(self, *words, code=0):
        done = run(self.programs.assay, "golden", "suggest", "--conf", self.site.verifier_conf,
                   *words)
        assert done.code == code, done
        return done

    def told(self, old, new, *words, code=0):
        return json.loads(self.test(old, new, *words, "--json", code=code).out)

    def row(self, told, name):
        rows = [row for row in told["devices"] if row["device"] == self.devices[name].row()["id"]]
        assert len(rows) == 1, told
        return rows[0]

    def active(self):
        return self.site.told("policy", "active")["sequence"]

    def audit_texts(self):
        rows = run(self.programs.assay, "audit", "export", "--socket", self.site.socket, "--keys",
                   os.path.join(self.site.state, "public", "audit-keys.cbor")).out.splitlines()
        return [row["text"] for row in map(json.loads, rows) if row.get("kind") == "policy"]


def on_a_site(programs, case=None, **words):
    """Decorates a case of (rig); words: Rig's."""
    if case is None:
        return functools.partial(on_a_site, programs, **words)

    @functools.wraps(case)
    def wrapped():
        with realsite.folder() as top, contextlib.ExitStack() as stack:
            site = stack.enter_context(realsite.Site(programs, top))
            case(Rig(site, stack, **words))
            assert site.main.poll() is None, site.log_text()
    return wrapped
