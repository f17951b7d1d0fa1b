"""test_hooks_announce.py ASSAY VERIFIER ATTESTOR TPM_EXTEND HOOKS [CASE…]: the hooks of updates,
run as Debian's tools run them, announce what the next boot shows; none of them fails an update.

HOOKS is the folder of the hooks as they are made."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import diag
import pemake
import policysite
import realsite
import tap
from realsite import GRUB_LOG, read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
HOOKS = sys.argv[5]
VERSION = "6.12.57+deb13-cloud-amd64"
NAME = "kernel-6.12.57-deb13-cloud-amd64.cbor"
BANKS = ("sha1", "sha256", "sha384", "sha512")
KERNEL = pemake.program([(".setup", b"boot sector" * 50), (".text", b"kernel" * 3000)],
                        certs=b"signature" * 80, rest=b"odd")
INITRD = b"an initrd of this machine" * 400
# Where each of them is installed in a root.
PLACES = {"kernel-postinst": "etc/kernel/postinst.d/zz-assay-announce",
          "kernel-postrm": "etc/kernel/postrm.d/zz-assay-announce",
          "initramfs-post-update": "etc/initramfs/post-update.d/zz-assay-announce",
          "95-assay-announce.install": "lib/kernel/install.d/95-assay-announce.install",
          "announce-kernel": "libexec/announce-kernel"}


class Root:
    """A machine's root with the hooks, a kernel, its initrd, and settings of an attestor."""

    def __init__(self, top, announce=None):
        self.top = top
        for name, place in PLACES.items():
            os.makedirs(os.path.dirname(self.path(place)), exist_ok=True)
            shutil.copy(os.path.join(HOOKS, name), self.path(place))
            os.chmod(self.path(place), 0o755)
        os.mkdir(self.path("boot"))
        self.announce = announce or self.path("announce")
        os.makedirs(self.announce, mode=0o700, exist_ok=True)
        self.conf = self.path("attestor.conf")
        self.settings(self.announce)
        self.image, self.initrd = self.boot("vmlinuz-"), self.boot("initrd.img-")
        write(self.image, KERNEL)
        write(self.initrd, INITRD)
        self.assay = PROGRAMS.assay

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def boot(self, prefix):
        return self.path("boot", prefix + VERSION)

    def settings(self, folder):
        write(self.conf, f"[verifier]\ndir = /nowhere\n[announce]\ndir = {folder}\n"
                         "[state]\ndir = /nowhere\n")

    def run(self, *command, **environ):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ASSAY": self.assay,
                                   "ASSAY_CONF": self.conf, "ASSAY_LIBEXEC": self.path("libexec"),
                                   **environ})
        assert done.returncode == 0 and done.stdout == "", (command, done)
        return done.stderr

    def parts(self, place, *words, **environ):
        """As dpkg's maintainer scripts and update-initramfs call a folder of hooks."""
        return self.run("run-parts", "--exit-on-error", *[f"--arg={word}" for word in words],
                        self.path(place), **environ)

    def installed(self, **environ):
        return self.parts("etc/kernel/postinst.d", VERSION, self.image, **environ)

    def removed(self, **environ):
        return self.parts("etc/kernel/postrm.d", VERSION, self.image, **environ)

    def updated(self, **environ):
        return self.parts("etc/initramfs/post-update.d", VERSION, self.initrd, **environ)

    def files(self):
        return sorted(os.listdir(self.announce))

    def told(self, name=NAME):
        """{(PCR, label's last word): {bank: digest}}, and a check of the form."""
        path = os.path.join(self.announce, name)
        assert os.stat(path).st_mode & 0o777 == 0o600
        message = dict(diag.decode(read(path)))
        algs = {4: "sha1", 11: "sha256", 12: "sha384", 13: "sha512"}
        found = [dict(event) for event in message[3]]
        rows = {(event[1], os.path.basename(event[3])): {algs[alg]: value for alg, value
                                                         in event[2]} for event in found}
        assert message[2] == VERSION and len(rows) == len(found), message
        return rows


def digests(content):
    return {bank: hashlib.new(bank, content).digest() for bank in BANKS}


def images(content):
    return {bank: pemake.authenticode(content, bank) for bank in BANKS}


def wanted(initrd="initrd.img-" + VERSION, image="vmlinuz-" + VERSION):
    rows = {(4, image): images(KERNEL), (9, image): digests(KERNEL)}
    return {**rows, (9, initrd): digests(INITRD)} if initrd else rows


def in_a_root(case):
    def wrapped():
        with tempfile.TemporaryDirectory(prefix="assay-hooks-") as top:
            case(Root(top))
    wrapped.__name__ = case.__name__
    return wrapped


@in_a_root
def an_installed_kernel_is_announced(root):
    assert root.installed(DEB_MAINT_PARAMS="configure ''") == ""
    assert root.files() == [NAME] and root.told() == wanted()


@in_a_root
def a_new_initrd_takes_the_old_ones_place(root):
    assert root.installed() == "" and root.told() == wanted()
    write(root.initrd, INITRD + b"more")
    assert root.updated(DPKG_MAINTSCRIPT_PACKAGE="cryptsetup") == ""
    assert root.files() == [NAME]
    assert root.told()[9, "initrd.img-" + VERSION] == digests(INITRD + b"more")


@in_a_root
def each_kernel_has_a_word_of_its_own(root):
    """As of `update-initramfs -u -k all`, which begins with the newest."""
    assert root.updated() == ""
    older = root.path("boot", "vmlinuz-6.1.0"), root.path("boot", "initrd.img-6.1.0")
    write(older[0], KERNEL)
    write(older[1], b"older")
    assert root.parts("etc/initramfs/post-update.d", "6.1.0", older[1]) == ""
    assert root.files() == ["kernel-6.1.0.cbor", NAME] and root.told() == wanted()


@in_a_root
def what_is_not_there_yet_is_left_to_a_later_hook(root):
    os.unlink(root.initrd)
    assert root.installed() == "" and root.told() == wanted(initrd=None)
    os.unlink(os.path.join(root.announce, NAME))
    os.unlink(root.image)
    write(root.initrd, INITRD)
    assert root.updated() == "" and root.files() == []


@in_a_root
def dracuts_initrd_is_found(root):
    os.rename(root.initrd, root.path("boot", f"initramfs-{VERSION}.img"))
    assert root.installed() == ""
    assert root.told() == wanted(initrd=f"initramfs-{VERSION}.img")


@in_a_root
def a_kernel_that_is_no_program_is_a_file(root):
    write(root.image, b"\x1f\x8bpacked")
    assert root.installed() == ""
    assert root.told() == {(9, "vmlinuz-" + VERSION): digests(b"\x1f\x8bpacked"),
                           (9, "initrd.img-" + VERSION): digests(INITRD)}


@in_a_root
def a_removed_kernel_is_taken_back(root):
    assert root.installed() == "" and root.files() == [NAME]
    assert root.removed(DEB_MAINT_PARAMS="upgrade") == ""  # the file is still there
    assert root.files() == [NAME]
    os.unlink(root.image)
    assert root.removed(DEB_MAINT_PARAMS="remove") == "" and root.files() == []
    assert root.removed(DEB_MAINT_PARAMS="purge") == ""


@in_a_root
def odd_versions_name_no_other_file(root):
    odd = "../../../tmp/x y;$(id)"
    assert root.parts("etc/kernel/postinst.d", odd, root.image) == ""
    name, = root.files()
    assert name == "kernel-..-..-..-tmp-x-y--id-.cbor".replace("--id-", "---id-"), name
    assert root.parts("etc/kernel/postrm.d", odd, root.path("none")) == "" and root.files() == []
    long = "6." + "1" * 80
    assert root.parts("etc/kernel/postinst.d", long, root.image) == ""
    assert root.files() == [f"kernel-{long}"[:63] + ".cbor"]


def one_line(said, *words):
    assert said.count("\n") == 1 and said.startswith("assay: "), said
    assert all(word in said for word in words), (words, said)


@in_a_root
def what_cannot_be_is_one_line_and_no_failure(root):
    for name in ("installed", "updated"):
        hook = getattr(root, name)
        root.assay = root.path("none")
        one_line(hook(), VERSION, "is not announced: no " + root.assay)
        root.assay = PROGRAMS.assay
        root.settings(root.path("none"))
        one_line(hook(), "is not announced", "No such file")
        root.settings(root.announce)
        write(root.image, KERNEL[:700])
        one_line(hook(), f"is not announced: {root.image}: a section of the program")
        write(root.image, KERNEL)
    assert root.files() == []
    one_line(root.parts("etc/kernel/postinst.d", VERSION, root.path("none")), "no file")
    one_line(root.parts("etc/kernel/postinst.d", "v" * 129, root.image), "128 bytes")
    os.mkfifo(root.path("fifo"))
    one_line(root.parts("etc/kernel/postinst.d", VERSION, root.path("fifo")), "no file")
    root.assay = "/bin/false"
    one_line(root.installed(), "is not announced")
    assert root.files() == []


@in_a_root
def a_folder_that_nobody_can_write_is_one_line(root):
    """Who is root can: so it is no folder at all."""
    write(root.path("file"), "")
    root.settings(root.path("file"))
    one_line(root.installed(), "is not announced", "Not a directory")
    os.unlink(root.image)
    assert root.removed() == ""  # nothing is there to be taken back
    root.settings(root.announce)
    os.mkdir(os.path.join(root.announce, NAME))
    one_line(root.removed(), VERSION, "stays")


@in_a_root
def a_machine_that_does_not_attest_is_left_alone(root):
    os.unlink(root.conf)
    root.assay = root.path("none")
    assert root.installed() == root.updated() == root.removed() == ""
    root.settings("")
    assert root.installed() == root.updated() == ""
    root.settings(root.announce)
    os.unlink(root.path("libexec", "announce-kernel"))  # removed, and its settings were not
    assert root.installed() == root.updated() == root.removed() == plugin(root, "add") == ""
    assert root.files() == []


@in_a_root
def the_folder_is_the_attestors(root):
    for text in (f"[announce]\n  dir={root.announce}\n",
                 f"[announce]\r\ndir = {root.announce}\r\n",
                 f"# dir = /x\n[x]\ndir = /y\n[announce]\n;dir = /z\n"
                 f"dir : {root.announce}  ; so\n"):
        write(root.conf, text)
        assert root.installed() == "" and root.files() == [NAME], text
        os.unlink(os.path.join(root.announce, NAME))


def plugin(root, command, *words, **environ):
    """As kernel-install calls a plugin."""
    entry = root.path("boot", "token", VERSION)
    return root.run(root.path(PLACES["95-assay-announce.install"]), command, VERSION, entry,
                    *words, KERNEL_INSTALL_BOOT_ROOT=root.path("boot"), **environ)


@in_a_root
def kernel_installs_plugin_takes_what_was_given_or_staged(root):
    staged = root.path("staged")
    os.mkdir(staged)
    assert plugin(root, "add", root.image, root.initrd) == "" and root.told() == wanted()
    assert plugin(root, "remove") == "" and root.files() == []
    os.symlink(root.initrd, os.path.join(staged, "initrd.img-" + VERSION))
    area = {"KERNEL_INSTALL_STAGING_AREA": staged, "KERNEL_INSTALL_LAYOUT": "bls"}
    assert plugin(root, "add", root.image, **area) == "" and root.told() == wanted()
    write(os.path.join(staged, "microcode"), b"micro")
    assert plugin(root, "add", root.image, **area) == ""
    assert root.told() == {**wanted(), (9, "microcode"): digests(b"micro")}
    assert plugin(root, "add", root.image) == "" and root.told() == wanted(initrd=None)
    entry = root.path("boot", "token", VERSION)
    os.makedirs(entry)
    os.rename(root.initrd, os.path.join(entry, "initrd"))
    assert plugin(root, "add", root.image) == "" and root.told() == wanted(initrd="initrd")
    os.rename(os.path.join(entry, "initrd"), root.path("boot", f"initramfs-{VERSION}.img"))
    assert plugin(root, "add", root.image) == ""
    assert root.told() == wanted(initrd=f"initramfs-{VERSION}.img")
    assert plugin(root, "add") == plugin(root, "inspect") == ""


def uki():
    return pemake.program([(".osrel", b"ID=debian\n"), (".cmdline", b"quiet\0"), (".linux", KERNEL),
                           (".initrd", INITRD), (".sdmagic", b"not measured")], certs=b"sig" * 9)


@in_a_root
def a_unified_image_is_announced_by_its_sections(root):
    staged = root.path("staged")
    os.mkdir(staged)
    write(os.path.join(staged, "uki.efi"), uki())
    area = {"KERNEL_INSTALL_STAGING_AREA": staged, "KERNEL_INSTALL_LAYOUT": "uki"}
    assert plugin(root, "add", root.image, root.initrd, **area) == ""
    events = [dict(event) for event in dict(diag.decode(read(os.path.join(root.announce,
                                                                          NAME))))[3]]
    rows = [(event[1], os.path.basename(event[3]), dict(event[2])[11]) for event in events]

    def sha(content):
        return hashlib.sha256(content).digest()

    sections = ((".linux", KERNEL), (".osrel", b"ID=debian\n"), (".cmdline", b"quiet\0"),
                (".initrd", INITRD))
    assert rows == [(4, "uki.efi", pemake.authenticode(uki(), "sha256")),
                    *[row for name, content in sections
                      for row in ((11, name, sha(name.encode() + b"\0")),
                                  (11, name, sha(content)))],
                    (4, ".linux", pemake.authenticode(KERNEL, "sha256")),
                    (9, ".initrd", sha(INITRD)), (9, "uki.efi", sha(uki()))], rows


@in_a_root
def the_real_kernel_install_runs_it(root):
    """systemd's, in a root of its own, with our plugin behind one that makes an initrd."""
    tool = shutil.which("kernel-install")
    if not tool or b"KERNEL_INSTALL_PLUGINS" not in read(tool):
        raise tap.Skip("no kernel-install that can be told its plugins")
    staging = root.path("stage-initrd.install")
    write(staging, f'#!/bin/sh\n[ "$1" != add ] || ln -s {root.initrd} '
                   '"$KERNEL_INSTALL_STAGING_AREA"\n')
    os.chmod(staging, 0o755)
    environ = {"KERNEL_INSTALL_PLUGINS": f"{staging} "
                                         + root.path(PLACES["95-assay-announce.install"]),
               "KERNEL_INSTALL_CONF_ROOT": root.path("etc/kernel"), "BOOT_ROOT": root.path("boot"),
               "MACHINE_ID": "0" * 31 + "1"}
    assert root.run(tool, "add", VERSION, root.image, **environ) == "" and root.told() == wanted()
    assert root.run(tool, "remove", VERSION, **environ) == "" and root.files() == []


def updated_log(kernel, initrd):
    """The recorded boot after an update: GRUB measures other files, shim another kernel."""
    log = read(GRUB_LOG)
    events = realsite.events_of(PROGRAMS.assay, GRUB_LOG)
    shims = [event for event in events if event["pcr"] == 4][-1]
    files = {event["summary"]: event for event in events if event["pcr"] == 9}
    for event, new in ((shims, images(kernel)), (files["/vmlinuz"], digests(kernel)),
                       (files["/initrd.img"], digests(initrd))):
        for bank, old in event["digests"].items():
            assert bytes.fromhex(old) in log
            log = log.replace(bytes.fromhex(old), new[bank])
    return log


def a_boot_after_the_update_is_explained():
    """Update, announcement, boot: refused by the golden values, and said to have been announced."""
    with realsite.folder() as top, contextlib.ExitStack() as stack:
        site = stack.enter_context(realsite.Site(PROGRAMS, top))
        rig = policysite.Rig(site, stack, names="a", good="a")
        device = rig.devices["a"]
        root = Root(device.path("root"), announce=device.path("announce"))
        write(device.conf, read(device.conf).decode() + f"[announce]\ndir = {root.announce}\n")
        root.conf = device.conf
        assert root.installed() == "" and root.updated() == "" and root.files() == [NAME]
        assert device.attest()["tier"] == "warning" and root.files() == []
        device.tpm.restart()
        device.boot(updated_log(KERNEL, INITRD))
        verdict = device.attest()
        assert verdict["reasons"][:3] == [433, 421, 431], verdict
        who = device.row()["id"]
        done = run(PROGRAMS.assay, "device", "explain", who, "--conf", site.verifier_conf)
        assert re.search(rf"(?m)^announced    by the device on .*, as {NAME[:-5]} "
                         rf"{re.escape(VERSION)} \(its own word\)$", done.out), done
        device.tpm.restart()
        device.boot(updated_log(KERNEL[:-7] + b"another", INITRD))
        device.attest()
        done = run(PROGRAMS.assay, "device", "explain", who, "--conf", site.verifier_conf, "--json")
        announced = json.loads(done.out)["announced"]
        assert announced["component"] is None and announced["standing"] == 1, announced


CASES = (
    an_installed_kernel_is_announced,
    a_new_initrd_takes_the_old_ones_place,
    each_kernel_has_a_word_of_its_own,
    what_is_not_there_yet_is_left_to_a_later_hook,
    dracuts_initrd_is_found,
    a_kernel_that_is_no_program_is_a_file,
    a_removed_kernel_is_taken_back,
    odd_versions_name_no_other_file,
    what_cannot_be_is_one_line_and_no_failure,
    a_folder_that_nobody_can_write_is_one_line,
    a_machine_that_does_not_attest_is_left_alone,
    the_folder_is_the_attestors,
    kernel_installs_plugin_takes_what_was_given_or_staged,
    a_unified_image_is_announced_by_its_sections,
    the_real_kernel_install_runs_it,
    a_boot_after_the_update_is_explained,
)

realsite.run_cases(CASES, sys.argv[6:])
