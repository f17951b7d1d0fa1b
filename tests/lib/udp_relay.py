"""A bad network between attestor and verifier: datagrams are dropped, held back or doubled as a
rule says. Losses come from a seed, so that a run can be repeated."""

import random
import select
import socket
import threading

PASS, DROP, TWICE, LATER = "pass", "drop", "twice", "later"


def loss(seed, share):
    """A rule that drops a share of the datagrams of each direction."""
    dice = random.Random(seed)
    return lambda up, data: DROP if dice.random() < share else PASS


def is_data(data):
    """A DTLS record of application data: the CoAP messages, and nothing of a handshake."""
    return data[:1] == b"\x17"


class Relay:
    """Takes datagrams at .port and passes them on to 127.0.0.1:port, and back. rule(up, data) says
    what becomes of each. With one_port the verifier sees all clients come from one address and
    port, as after a reboot; the latest gets the answers."""

    def __init__(self, port, rule=lambda up, data: PASS, one_port=False):
        self.rule, self.one_port, self.to = rule, one_port, ("127.0.0.1", port)
        self.face = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.face.bind(("127.0.0.1", 0))
        self.port = self.face.getsockname()[1]
        self.behind = {}   # client -> socket towards the verifier
        self.made, self.move = [self.face], False
        self.held = {}     # direction -> what waits for the next datagram
        self.passed = {True: 0, False: 0}
        self.dropped = {True: 0, False: 0}
        self.over = False
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.over = True
        self.thread.join()
        for one in self.made:
            one.close()

    def _socket_of(self, client):
        if self.move:
            self.behind, self.move = {}, False
        if self.one_port and self.behind:
            self.behind = {client: next(iter(self.behind.values()))}
        if client not in self.behind:
            self.behind[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.behind[client].connect(self.to)
            self.made.append(self.behind[client])
        return self.behind[client]

    def another_port(self):
        """With one_port: the verifier sees another from now on."""
        self.move = True

    def _send(self, up, client, data):
        self.passed[up] += 1
        try:
            if up:
                self._socket_of(client).send(data)
            else:
                self.face.sendto(data, client)
        except OSError:
            pass  # nobody there: lost, as datagrams are

    def _treat(self, up, client, data):
        what = self.rule(up, data)
        if what == DROP:
            self.dropped[up] += 1
            return
        if what == LATER and up not in self.held:
            self.held[up] = (client, data)
            return
        self._send(up, client, data)
        if what == TWICE:
            self._send(up, client, data)
        if up in self.held:
            self._send(up, *self.held.pop(up))

    def _run(self):
        while not self.over:
            clients = {one: client for client, one in self.behind.items()}
            for one in select.select([self.face, *clients], [], [], 0.1)[0]:
                try:
                    data, sender = one.recvfrom(65536)
                except OSError:
                    continue  # an ICMP answer to something sent before
                self._treat(one is self.face, sender if one is self.face else clients[one], data)
