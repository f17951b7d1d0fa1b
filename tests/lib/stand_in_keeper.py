"""A keeper that only says what a test tells it to: the control socket's framing and its CBOR.

Head of 16 bytes, little-endian: body length u32, type u16, zero u16, request number u64. A command
is a CBOR array of texts, an answer the array [status, JSON text].
"""
import json
import os
import socket
import struct
import threading

CONTROL, CONTROLLED, CONTROL_FILE = 64, 65, 66


def cbor_head(major, value):
    for low, size, form in ((24, 0x100, '>BB'), (25, 0x10000, '>BH'), (26, 0x100000000, '>BI')):
        if value < 24:
            return bytes([major << 5 | value])
        if value < size:
            return struct.pack(form, major << 5 | low, value)
    return struct.pack('>BQ', major << 5 | 27, value)


def answer_body(status, text):
    raw = text if isinstance(text, bytes) else text.encode()
    return cbor_head(4, 2) + cbor_head(0, status) + cbor_head(3, len(raw)) + raw


def frame(body, kind=CONTROLLED, length=None):
    return struct.pack('<IHHQ', len(body) if length is None else length, kind, 0, 0) + body


def read_head(body, at):
    major, low = body[at] >> 5, body[at] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    value = int.from_bytes(body[at + 1:at + 1 + size], 'big') if size else low
    return major, value, at + 1 + size


def read_words(body):
    major, count, at = read_head(body, 0)
    assert major == 4
    words = []
    for _ in range(count):
        major, length, at = read_head(body, at)
        assert major == 3
        words.append(body[at:at + length].decode())
        at += length
    assert at == len(body)
    return words


def receive(connection, n):
    got = b''
    while len(got) < n:
        more = connection.recv(n - len(got))
        if not more:
            return None
        got += more
    return got


class Keeper:
    """Answers each connection with the next of `answers`: raw bytes, or (status, value or text).
    The words that came are in `heard`, the files before them in `files`."""

    def __init__(self, folder):
        self.path = os.path.join(folder, 'control.sock')
        self.answers, self.heard, self.files = [], [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                try:
                    self.one(connection)
                except OSError:
                    pass  # the client may go at any time

    def one(self, connection):
        head = receive(connection, 16)
        if head is None:
            return
        length, kind, zero, _ = struct.unpack('<IHHQ', head)
        if kind == CONTROL_FILE:
            self.files.append(receive(connection, length))
            length, kind, zero, _ = struct.unpack('<IHHQ', receive(connection, 16))
        assert (kind, zero) == (CONTROL, 0)
        self.heard.append(read_words(receive(connection, length)))
        answer = self.answers.pop(0) if self.answers else (1, {'error': 'asked once too often'})
        if isinstance(answer, tuple):
            status, value = answer
            text = value if isinstance(value, (str, bytes)) else json.dumps(value)
            answer = frame(answer_body(status, text))
        connection.sendall(answer)
