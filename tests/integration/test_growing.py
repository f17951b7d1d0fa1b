"""growing.py ASSAY VERIFIER ATTESTOR TPM_EXTEND TESTS [CASE…]: logs that grow while the machine
runs, from the real attestor on a software TPM to the real verifier. The IMA list is of a recorded
boot and extends PCR 10 as its kernel did."""

import hashlib
import json
import os
import sys
import threading

import imalist
import realsite
import tpm_mux
from realsite import read, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
BOOT = os.path.join(sys.argv[5], "vectors", "boot", "grub-sb-on-ima")
REFUSED, OK = 1, 0
TAIL, REPLAY, OFF, LOG_MISSING = 614, 602, 601, 220


ENTRIES = imalist.parse(read(os.path.join(BOOT, "ima-binary")))


def measure(device, first, last):
    """What the kernel does for these entries: SHA-384 padded, as in that boot."""
    device.extend(imalist.extend_lines(ENTRIES[first:last]))


def listed(device, count):
    """The list as it is read now; returns its length."""
    content = imalist.joined(ENTRIES[:count])
    write(device.path("ima"), content)
    return len(content)


def sent(device, code=OK):
    """One verdict: the reasons, and how long each evidence was that it took. The first is of all
    PCRs, as the device is not told yet which are wanted; it is asked again for those."""
    done = device.attestor("--once", "--json", "--verbose")
    assert done.code == code, (code, done)
    return (json.loads(done.out)["reasons"],
            [line["bytes"] for line in realsite.lines_of(done.err) if line["id"] == "evidence"])


def known(device):
    """Offsets that the attestor keeps, by kind: [boot id, [[kind, offset], …]] in CBOR."""
    data = read(device.path("state", "known"))
    assert data[:3] == b"\x82\x58\x24", data
    at, found = 3 + 36, {}
    for _ in range(data[at] & 0x1f):
        assert data[at + 1] == 0x82, data
        kind, head = data[at + 2], data[at + 3]
        size = {0x18: 1, 0x19: 2, 0x1a: 4}.get(head, 0)
        found[kind] = int.from_bytes(data[at + 4:at + 4 + size], "big") if size else head
        at += 3 + size
    return found


def on_a_site(pcrs):
    """Gives the case a site whose class wants these PCRs, and a member that has booted with 50
    entries measured and learned."""
    def before(site, device):
        device.boot(os.path.join(BOOT, "binary_bios_measurements"))
        measure(device, 0, 50)
        listed(device, 50)
        site.approve(device)
        site.assay("class", "add", "laptops", "--pcrs", pcrs)
    return realsite.on_a_site(PROGRAMS, before)


@on_a_site("0-10,14")
def a_list_grows_and_only_its_new_part_is_sent(site, device):
    site.learn(device)
    assert device.attest(OK)["tier"] == "affirming"
    assert known(device) == {2: listed(device, 50)}
    assert sent(device)[0] == []
    bare = sent(device)[1]  # nothing of the list
    assert len(bare) == 2, bare
    had = listed(device, 50)
    for before, count in ((50, 60), (60, 61), (61, 61), (61, 103)):
        measure(device, before, count)
        length = listed(device, count)
        reasons, sizes = sent(device)
        assert reasons == []
        # the part itself, and room for its own head and for longer numbers in the claims
        if before == 60:
            sizes.pop(0)  # under a challenge of before the restart
        assert len(sizes) == 2, sizes
        for size, base in zip(sizes, bare):
            assert 0 <= size - base - (length - had) < 64, (sizes, bare)
        assert known(device) == {2: length}, (known(device), length)
        had = length
        if count == 60:
            assert site.stop() == 0
            site.start()  # what was known is known


@on_a_site("0-10,14")
def entries_behind_the_quote_are_carried_over(site, device):
    site.learn(device)
    length = listed(device, 50)
    listed(device, 60)  # the kernel has written more than the TPM had at the quote
    outcome = device.attest(OK)
    assert (outcome["tier"], outcome["reasons"]) == ("affirming", [TAIL]), outcome
    assert known(device) == {2: length}
    measure(device, 50, 60)
    assert device.attest(OK)["reasons"] == []
    assert known(device) == {2: listed(device, 60)}


@on_a_site("0-10,14")
def a_new_boot_begins_anew_whatever_the_attestor_remembers(site, device):
    site.learn(device)
    device.attest(OK)
    for restart in (device.tpm.reset, device.tpm.restart):
        restart()
        device.boot(os.path.join(BOOT, "binary_bios_measurements"))
        measure(device, 0, 20)
        length = listed(device, 20)
        assert device.attest(OK)["tier"] == "affirming"
        assert known(device) == {2: length}
        measure(device, 20, 50)
        listed(device, 50)
        assert device.attest(OK)["tier"] == "affirming"


@on_a_site("0-10,14")
def a_forgotten_or_spoilt_offset_costs_one_round_trip(site, device):
    site.learn(device)
    device.attest(OK)
    good = read(device.path("state", "known"))
    length = known(device)[2]
    assert device.attest(OK)["tier"] == "affirming"
    bare = sent(device)[1]
    wrong = good[:-1] + bytes([good[-1] ^ 1])
    for spoilt in (None, b"", b"\xff" * 60, good[:-1], wrong,
                   good.replace(good[3:39], b"0" * 36)):
        if spoilt is None:
            os.unlink(device.path("state", "known"))
        else:
            write(device.path("state", "known"), spoilt)
        reasons, sizes = sent(device)
        assert reasons == [] and known(device) == {2: length}, (spoilt, reasons)
        if spoilt == wrong:  # told where to begin, at the place that it had
            assert len(sizes) == 3 and sizes[2] < bare[1], (sizes, bare)
            assert all(size < base + 64 for size, base in zip(sizes, bare)), (sizes, bare)
            continue
        assert len(sizes) == 2, (spoilt, sizes)  # no round trip, but the whole list
        for size, base in zip(sizes, bare):
            assert 0 <= size - base - length < 64, (spoilt, sizes, bare)


@on_a_site("0-10,14")
def what_the_list_does_not_tell_is_refused(site, device):
    site.learn(device)
    device.attest(OK)
    measure(device, 60, 61)  # of which the list tells nothing
    outcome = device.attest(REFUSED)
    assert outcome["reasons"] == [REPLAY] and device.tokens() == [], outcome
    shown = site.assay("device", "show", device.row()["id"])
    assert "IMA_REPLAY" in shown and "PCR 10" in shown, shown
    os.unlink(device.path("ima"))
    assert device.attest(REFUSED)["reasons"] == [OFF]


class Writer:
    """A kernel that measures: the list first, then the TPM, as ima_add_template_entry() does, one
    entry after the other, and without asking who reads meanwhile."""

    def __init__(self, device, mux, entries):
        self.path, self.mux = device.path("ima"), mux
        self.entries = iter(entries)
        self.lock = threading.Lock()
        self.n = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def measure(self, count):
        for _ in range(count):
            with self.lock:  # one measures at a time
                entry, data = next(self.entries)
                with open(self.path, "ab") as file:
                    file.write(entry)
                sha1 = hashlib.sha1(data).digest()
                self.mux.extend(10, {"sha1": sha1, "sha256": hashlib.sha256(data).digest(),
                                     "sha384": sha1.ljust(48, b"\0")})
                self.n += 1

    def run(self):
        while not self.stopped.wait(0.002):
            self.measure(1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopped.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


@on_a_site("0-10,14")
def a_list_that_grows_while_it_is_quoted_affirms(site, device):
    """A writer all the time, and around each quote some entries for sure: what was quoted is a
    prefix that nobody knew when the claims were made, and what follows is left for the next."""
    site.learn(device)
    quotes, known_before = [], 0
    with tpm_mux.Mux(device.tpm) as mux:
        conf = read(device.conf).decode()
        write(device.conf, conf.replace(device.tpm.tcti, mux.tcti))
        with Writer(device, mux, imalist.made(0, 100000)) as writer:
            def before():
                writer.measure(3)
                quotes.append(writer.n)

            mux.on(tpm_mux.QUOTE, before, lambda: writer.measure(5))
            for _ in range(6):
                outcome = device.attest(OK)
                assert (outcome["tier"], outcome["reasons"]) == ("affirming", [TAIL]), outcome
                length = known(device)[2]
                assert known_before < length < os.path.getsize(device.path("ima"))
                known_before = length
        mux.on(tpm_mux.QUOTE, None, None)
        assert len(quotes) >= 6 and quotes[-1] > quotes[0] + 40, quotes
        outcome = device.attest(OK)  # at rest, to the last entry
        assert (outcome["tier"], outcome["reasons"]) == ("affirming", []), outcome
        assert known(device) == {2: os.path.getsize(device.path("ima"))}
        write(device.conf, conf)


@on_a_site("0-15")
def userspace_is_judged_by_its_own_log(site, device):
    records = device.path("userspace")
    assert LOG_MISSING not in device.attest()["reasons"]  # nothing extended: nothing to explain
    site.learn(device)
    device.attest(OK)

    def extend(pcr, text, log=True):
        digests = {bank: hashlib.new(bank, text.encode()).hexdigest()
                   for bank in realsite.BANKS.split(",")}
        device.extend(f"{pcr} " + " ".join(f"{b}:{d}" for b, d in digests.items()) + "\n")
        if log:
            with open(records, "a", encoding="ascii") as file:
                file.write("\x1e" + json.dumps({
                    "pcr": pcr, "digests": [{"hashAlg": b, "digest": d}
                                            for b, d in digests.items()],
                    "content_type": "systemd",
                    "content": {"string": text, "eventType": "phase"}}) + "\n")

    extend(11, "enter-initrd")
    assert device.attest(OK)["reasons"] == []
    assert known(device)[3] == os.path.getsize(records)
    extend(15, "machine-id:1")
    assert device.attest(OK)["reasons"] == []
    assert known(device)[3] == os.path.getsize(records)
    extend(12, "credential", log=False)
    assert 203 in device.attest(REFUSED)["reasons"]
    os.unlink(records)
    assert set(device.attest(REFUSED)["reasons"]) == {203, LOG_MISSING}


CASES = (
    a_list_grows_and_only_its_new_part_is_sent,
    entries_behind_the_quote_are_carried_over,
    a_new_boot_begins_anew_whatever_the_attestor_remembers,
    a_forgotten_or_spoilt_offset_costs_one_round_trip,
    what_the_list_does_not_tell_is_refused,
    a_list_that_grows_while_it_is_quoted_affirms,
    userspace_is_judged_by_its_own_log,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[6:])
