"""stream.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: coaps+tcp. The real attestor over it, and
strangers who are slow, many or out of form while a device on UDP goes on."""

import socket
import ssl
import sys

import realsite
from realsite import GRUB_LOG, read, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
REFUSED, PENDING, OK = 1, 14, 0
BOOT_IMAGE_UNKNOWN = 421
CSM = bytes.fromhex("00e1")
KEYS = bytes.fromhex("5001b46b657973")  # GET /keys
HANDSHAKES_PREFIX = 128  # limits.h


on_a_site = realsite.on_a_site(PROGRAMS, lambda site, device: device.boot())
on_ipv6 = realsite.on_a_site(PROGRAMS, lambda site, device: device.boot(), address="::1")


def goes_by(device, *schemes):
    """Which servers it has: one a scheme, in order; "" is UDP."""
    site = device.site
    device.server(*(f"{scheme}{site.server}:{site.port}" for scheme in schemes))


UDP, TCP = "", "coaps+tcp://"


def tls(site, **settings):
    """A certificate connection, as a device that enrols makes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(f"{site.etc}/keys/ca.pem")
    context.maximum_version = settings.get("most", ssl.TLSVersion.TLSv1_2)
    context.minimum_version = settings.get("least", ssl.TLSVersion.TLSv1_2)
    plain = socket.create_connection((site.server.strip("[]"), site.port), timeout=10)
    try:
        return context.wrap_socket(plain, server_hostname=site.server.strip("[]"))
    except BaseException:
        plain.close()
        raise


def message(stream):
    """The next one: code, and what is behind the head."""
    def take(n):
        data = b""
        while len(data) < n:
            part = stream.recv(n - len(data))
            if not part:
                raise EOFError
            data += part
        return data
    first = take(1)[0]
    extended = {13: 1, 14: 2, 15: 4}.get(first >> 4, 0)
    length = int.from_bytes(take(extended), "big") + {13: 13, 14: 269, 15: 65805}.get(first >> 4, 0)
    length = length if extended else first >> 4
    code = take(1)[0]
    return code, take((first & 15) + length)


def the_whole_way(site, device):
    goes_by(device, TCP)
    site.affirmed(device)
    assert device.tokens() == ["assay.jwt", "token.cwt"], device.tokens()
    goes_by(device, UDP)
    assert device.attest(OK)["tier"] == "affirming"
    goes_by(device, TCP)
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def the_whole_way_goes_over_tcp(site, device):
    the_whole_way(site, device)


@on_ipv6
def the_whole_way_goes_over_tcp_and_ipv6(site, device):
    the_whole_way(site, device)


@on_a_site
def a_verdict_is_the_same_over_both(site, device):
    """The same boot, told over the one and over the other: what is wrong is named alike."""
    site.affirmed(device)
    evil = realsite.other_kernel(PROGRAMS.assay, GRUB_LOG)
    outcomes = {}
    for name, scheme in (("udp", UDP), ("tcp", TCP)):
        with site.device(name) as other:
            goes_by(other, scheme)
            other.boot(evil)
            other.attest(PENDING)
            site.assay("device", "approve", other.fingerprint(), "--class", "laptops")
            outcomes[name] = other.attest(REFUSED)
            outcomes[name]["row"] = {key: value for key, value in other.row().items()
                                     if key in ("state", "tier", "reasons")}
    assert outcomes["udp"] == outcomes["tcp"], outcomes
    assert outcomes["tcp"]["reasons"] == [BOOT_IMAGE_UNKNOWN], outcomes
    assert outcomes["tcp"]["row"] == {"state": "failed", "tier": "contraindicated",
                                      "reasons": ["BOOT_IMAGE_UNKNOWN"]}, outcomes


@on_a_site
def a_killed_stream_comes_back_and_a_removed_device_does_not(site, device):
    goes_by(device, TCP)
    site.affirmed(device)
    before = site.pids("stream")
    assert len(before) == 1, site.roles()
    site.kill(before[0])
    site.until(lambda: len(site.pids("stream")) == 1 and site.pids("stream") != before)
    site.until(lambda: '"id":"ready-again"' in site.log_text())
    assert device.attest(OK)["tier"] == "affirming"
    site.assay("device", "remove", device.row()["id"], "--why", "gone")
    refused = device.attest(REFUSED)
    assert refused["tier"] != "affirming", refused
    assert device.tokens() == [], device.tokens()


@on_a_site
def who_offers_tls_1_3_alone_is_refused(site, device):
    del device
    try:
        tls(site, least=ssl.TLSVersion.TLSv1_3, most=ssl.TLSVersion.TLSv1_3).close()
        raise AssertionError("it was taken")
    except ssl.SSLError as error:
        assert "PROTOCOL_VERSION" in str(error).upper().replace(" ", "_"), error
    with tls(site, most=ssl.TLSVersion.TLSv1_3) as stream:  # who can do both gets 1.2
        assert stream.version() == "TLSv1.2"
        stream.sendall(CSM + KEYS)
        assert message(stream)[0] == 0xe1
        assert message(stream)[0] == 0x45


@on_a_site
def lengths_that_cannot_be_are_told_and_closed(site, device):
    """A stranger may say 33 kB at most; the head alone is enough to know."""
    del device
    before = site.resident_kb("stream")
    for head in ("f0ffffffff02", "f00000000002", "e0830102"):
        for _ in range(50):
            with tls(site) as stream:
                stream.sendall(CSM + bytes.fromhex(head))
                assert message(stream)[0] == 0xe1
                assert message(stream)[0] == 0xe5, head
                assert stream.recv(1) == b"", head
    assert site.resident_kb("stream") < before + 2048, (before, site.resident_kb("stream"))


def udp_goes_on(site, device):
    del site
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def slow_and_many_strangers_stop_no_device(site, device):
    """Half-open ones, ones that send a byte of a body, and ones that are open and silent."""
    site.affirmed(device)
    before = site.resident_kb("stream")
    held = []
    try:
        for _ in range(600):  # TCP and no more, and the beginning of a hello
            plain = socket.create_connection(("127.0.0.1", site.port), timeout=10)
            plain.sendall(bytes.fromhex("1603010200"))
            held.append(plain)
        udp_goes_on(site, device)
        half = site.resident_kb("stream")
        assert half < before + HANDSHAKES_PREFIX * 86, (before, half)
        for _ in range(150):  # 32 kB are said to come
            stream = tls(site)
            stream.sendall(CSM + bytes.fromhex("e07f0002b6656e726f6c6cff00"))
            held.append(stream)
        udp_goes_on(site, device)
        goes_by(device, TCP)
        udp_goes_on(site, device)  # and over TCP all the same
        goes_by(device, UDP)
        assert site.resident_kb("stream") < half + 150 * 60, (half, site.resident_kb("stream"))
    finally:
        for one in held:
            one.close()
    udp_goes_on(site, device)


@on_a_site
def floods_of_connections_leave_memory_flat(site, device):
    site.affirmed(device)
    sizes = []
    for _ in range(4):
        for _ in range(150):
            with tls(site) as stream:
                stream.sendall(CSM + KEYS)
                assert message(stream)[0] == 0xe1
                assert message(stream)[0] == 0x45
        udp_goes_on(site, device)
        sizes.append(site.resident_kb("stream"))
    assert sizes[-1] < sizes[0] + 1024, sizes


@on_a_site
def where_tcp_is_off_nobody_listens(site, device):
    site.stop()
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", "[listen]\ntcp = no\n"))
    site.start()
    assert site.pids("stream") == [], site.roles()
    goes_by(device, TCP)
    assert device.attest()["exit"] != PENDING
    goes_by(device, TCP, UDP)  # the next of the list is asked
    device.attest(PENDING)


@on_a_site
def tcp_has_another_port_if_it_is_told(site, device):
    site.stop()
    port = realsite.free_port()
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", f"[listen]\ntcp_port = {port}\n"))
    site.start()
    assert f'"tcp_port":{port}' in site.log_text(), site.log_text()
    device.server(f"{TCP}{site.server}:{port}")
    device.attest(PENDING)
    site.stop()
    with socket.socket() as taken:  # somebody else has it: said, and not started
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = realsite.run(PROGRAMS.verifier, "--config", site.verifier_conf)
        assert done.code == 1 and f"TCP port {port}" in done.err, done
    site.start()


CASES = (
    the_whole_way_goes_over_tcp,
    the_whole_way_goes_over_tcp_and_ipv6,
    a_verdict_is_the_same_over_both,
    a_killed_stream_comes_back_and_a_removed_device_does_not,
    who_offers_tls_1_3_alone_is_refused,
    lengths_that_cannot_be_are_told_and_closed,
    slow_and_many_strangers_stop_no_device,
    floods_of_connections_leave_memory_flat,
    where_tcp_is_off_nobody_listens,
    tcp_has_another_port_if_it_is_told,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[5:])
