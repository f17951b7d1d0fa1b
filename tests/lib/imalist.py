"""Lists of the kernel's IMA, as binary entries: what stands in the list, and what a kernel hands to
the TPM for each. An entry is (its bytes, its template data)."""

import hashlib
import struct


def parse(data):
    """The entries of a list whose templates have a length, as all but `ima` do."""
    at, found = 0, []
    while at < len(data):
        name_len, = struct.unpack_from("<I", data, at + 24)
        body_at = at + 28 + name_len
        body_len, = struct.unpack_from("<I", data, body_at)
        end = body_at + 4 + body_len
        found.append((data[at:end], data[body_at + 4:end]))
        at = end
    return found


def made(first, last):
    """Entries of the template ima-ng, of files that nobody has: numbers first to last."""
    found = []
    for number in range(first, last):
        path = f"/usr/lib/made/file-number-{number:08d}.so".encode() + b"\0"
        digest = b"sha256:\0" + hashlib.sha256(path).digest()
        data = struct.pack("<I", len(digest)) + digest + struct.pack("<I", len(path)) + path
        found.append((struct.pack("<I", 10) + hashlib.sha1(data).digest()
                      + struct.pack("<I", 6) + b"ima-ng" + struct.pack("<I", len(data)) + data,
                      data))
    return found


def joined(entries):
    return b"".join(entry for entry, _ in entries)


def extend_lines(entries):
    """What tpm-extend reads: as a kernel does it whose SHA-384 is the padded SHA-1."""
    lines = []
    for _, data in entries:
        sha1 = hashlib.sha1(data).hexdigest()
        lines.append(f"10 sha1:{sha1} sha256:{hashlib.sha256(data).hexdigest()} "
                     f"sha384:{sha1.ljust(96, '0')}\n")
    return "".join(lines)
