"""A TPM that misbehaves, for the TCTI "cmd:python3 tpm_relay.py SOCKET ANSWER COUNT": the first
COUNT commands get ANSWER (a response code in hex, or "garbage"), all others go to the swtpm at
SOCKET. Speaks the plain command stream on standard input and output."""

import socket
import sys


def read_exactly(read, n):
    data = b""
    while len(data) < n:
        more = read(n - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def read_message(read):
    head = read_exactly(read, 10)
    return head + read_exactly(read, int.from_bytes(head[2:6], "big") - 10)


def main():
    path, answer, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(path)
    while True:
        command = read_message(sys.stdin.buffer.read1)
        if count > 0 and answer == "garbage":
            response = bytes.fromhex("8001 00000010 00000000 ffffffffffff".replace(" ", ""))
        elif count > 0:
            response = bytes.fromhex("80010000000a") + int(answer, 16).to_bytes(4, "big")
        else:
            tpm.sendall(command)
            response = read_message(tpm.recv)
        count -= 1
        sys.stdout.buffer.write(response)
        sys.stdout.buffer.flush()


main()
