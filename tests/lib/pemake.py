"""Programs of UEFI as a linker would leave them, and the digest that firmware extends of them, by
our own reading of the calculation."""

import hashlib
import struct

FILE_ALIGN = 0x200
PE_AT, OPTIONAL_LEN = 0x80, 112 + 16 * 8


def padded(content):
    return content + bytes(-len(content) % FILE_ALIGN)


def program(sections, certs=b"", rest=b""):
    """A PE32+ file: [(name, content)] one behind the other, what follows them, signatures."""
    heads_len = len(padded(bytes(PE_AT + 24 + OPTIONAL_LEN + 40 * len(sections))))
    bodies = [padded(content) for _, content in sections]
    total = heads_len + sum(map(len, bodies)) + len(rest)
    heads = bytearray(heads_len)
    heads[:2] = b"MZ"
    struct.pack_into("<I", heads, 0x3c, PE_AT)
    struct.pack_into("<4sHHIIIHH", heads, PE_AT, b"PE\0\0", 0x8664, len(sections), 0, 0, 0,
                     OPTIONAL_LEN, 0x22e)
    optional = PE_AT + 24
    struct.pack_into("<H", heads, optional, 0x20b)
    struct.pack_into("<II", heads, optional + 32, 0x1000, FILE_ALIGN)
    struct.pack_into("<II", heads, optional + 60, heads_len, len(certs))  # a checksum that differs
    struct.pack_into("<I", heads, optional + 108, 16)
    if certs:
        struct.pack_into("<II", heads, optional + 112 + 4 * 8, total, len(certs))
    at = heads_len
    for i, ((name, content), body) in enumerate(zip(sections, bodies)):
        struct.pack_into("<8sIIIIIIHHI", heads, optional + OPTIONAL_LEN + 40 * i, name.encode(),
                         len(content), 0x1000 * (i + 1), len(body), at, 0, 0, 0, 0, 0x40000040)
        at += len(body)
    return bytes(heads) + b"".join(bodies) + rest + certs


def authenticode(image, bank):
    """Of what program() makes: its sections lie in order and without gaps."""
    optional = struct.unpack_from("<I", image, 0x3c)[0] + 24
    certs_dir = optional + 112 + 4 * 8
    certs_len = struct.unpack_from("<I", image, certs_dir + 4)[0]
    covered = (image[:optional + 64] + image[optional + 68:certs_dir]
               + image[certs_dir + 8:len(image) - certs_len])
    return hashlib.new(bank, covered).digest()
