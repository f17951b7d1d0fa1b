"""stream.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: coaps+tcp. The real attestor over it, and
strangers who are slow, many or out of form while a device on UDP goes on."""

import os
import re
import shutil
import signal
import socket
import ssl
import sys
import tempfile

import realsite
import swtpm
import tap
from realsite import GRUB_LOG, read, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
REFUSED, PENDING, OK = 1, 14, 0
CSM = bytes.fromhex("00e1")
KEYS = bytes.fromhex("5001b46b657973")  # GET /keys
HANDSHAKES_PREFIX = 128  # limits.h


def on_a_site(case, *setup, **words):
    def wrapped():
        folder = tempfile.mkdtemp(prefix="assay-stream-")
        try:
            site = realsite.Site(PROGRAMS, folder, *setup, **words)
            with site, site.device() as device:
                device.boot()
                try:
                    case(site, device)
                except Exception:
                    print("# " + site.log_text()[-2000:].replace("\n", "\n# "))
                    raise
                assert site.main.poll() is None, site.log_text()
                assert "role-forbidden" not in site.log_text(), site.log_text()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    wrapped.__name__ = case.__name__
    return wrapped


def goes_by(device, *schemes):
    """Which servers it has: one a scheme, in order; "" is UDP."""
    site = device.site
    names = ", ".join(f"{scheme}{site.server}:{site.port}" for scheme in schemes)
    conf = read(device.conf).decode().splitlines()
    write(device.conf, "\n".join(f"servers = {names}" if line.startswith("servers") else line
                                 for line in conf) + "\n")


UDP, TCP = "", "coaps+tcp://"


def stream_pids(site):
    return [pid for pid, role in site.roles().items() if role == "stream"]


def resident_kb(site):
    return sum(int(re.search(r"VmRSS:\s+(\d+) kB", read(f"/proc/{pid}/status").decode())[1])
               for pid in stream_pids(site))


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


def the_whole_way_goes_over_tcp(site, device):
    the_whole_way(site, device)


def the_whole_way_goes_over_tcp_and_ipv6(site, device):
    the_whole_way(site, device)


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
                                     if key in ("state", "tier", "reason")}
    assert outcomes["udp"] == outcomes["tcp"], outcomes
    assert 421 in outcomes["tcp"]["reasons"] or 205 in outcomes["tcp"]["reasons"], outcomes


def a_killed_stream_comes_back_and_a_removed_device_does_not(site, device):
    goes_by(device, TCP)
    site.affirmed(device)
    before = stream_pids(site)
    assert len(before) == 1, site.roles()
    os.kill(before[0], signal.SIGKILL)
    site.until(lambda: len(stream_pids(site)) == 1 and stream_pids(site) != before)
    site.until(lambda: '"id":"ready-again"' in site.log_text())
    assert device.attest(OK)["tier"] == "affirming"
    site.assay("device", "remove", device.row()["id"], "--why", "gone")
    refused = device.attest(REFUSED)
    assert refused["tier"] != "affirming", refused
    assert device.tokens() == [], device.tokens()


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


def lengths_that_cannot_be_are_told_and_closed(site, device):
    """A stranger may say 33 kB at most; the head alone is enough to know."""
    del device
    before = resident_kb(site)
    for head in ("f0ffffffff02", "f00000000002", "e0830102"):
        for _ in range(50):
            with tls(site) as stream:
                stream.sendall(CSM + bytes.fromhex(head))
                assert message(stream)[0] == 0xe1
                assert message(stream)[0] == 0xe5, head
                assert stream.recv(1) == b"", head
    assert resident_kb(site) < before + 2048, (before, resident_kb(site))


def udp_goes_on(site, device):
    del site
    assert device.attest(OK)["tier"] == "affirming"


def slow_and_many_strangers_stop_no_device(site, device):
    """Half-open ones, ones that send a byte of a body, and ones that are open and silent."""
    site.affirmed(device)
    before = resident_kb(site)
    held = []
    try:
        for _ in range(600):  # TCP and no more, and the beginning of a hello
            plain = socket.create_connection(("127.0.0.1", site.port), timeout=10)
            plain.sendall(bytes.fromhex("1603010200"))
            held.append(plain)
        udp_goes_on(site, device)
        half = resident_kb(site)
        assert half < before + HANDSHAKES_PREFIX * 86, (before, half)
        for _ in range(150):  # 32 kB are said to come
            stream = tls(site)
            stream.sendall(CSM + bytes.fromhex("e07f0002b6656e726f6c6cff00"))
            held.append(stream)
        udp_goes_on(site, device)
        goes_by(device, TCP)
        udp_goes_on(site, device)  # and over TCP all the same
        goes_by(device, UDP)
        assert resident_kb(site) < half + 150 * 60, (half, resident_kb(site))
    finally:
        for one in held:
            one.close()
    udp_goes_on(site, device)


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
        sizes.append(resident_kb(site))
    assert sizes[-1] < sizes[0] + 1024, sizes


def where_tcp_is_off_nobody_listens(site, device):
    site.stop()
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", "[listen]\ntcp = no\n"))
    site.start()
    assert stream_pids(site) == [], site.roles()
    goes_by(device, TCP)
    assert device.attest()["exit"] != PENDING
    goes_by(device, TCP, UDP)  # the next of the list is asked
    device.attest(PENDING)


def tcp_has_another_port_if_it_is_told(site, device):
    site.stop()
    port = realsite.free_port()
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[listen]\n", f"[listen]\ntcp_port = {port}\n"))
    site.start()
    assert f'"tcp_port":{port}' in site.log_text(), site.log_text()
    write(device.conf, read(device.conf).decode().replace(
        f"servers = {site.server}:{site.port}", f"servers = coaps+tcp://{site.server}:{port}"))
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
    on_a_site(the_whole_way_goes_over_tcp),
    on_a_site(the_whole_way_goes_over_tcp_and_ipv6, address="::1"),
    on_a_site(a_verdict_is_the_same_over_both),
    on_a_site(a_killed_stream_comes_back_and_a_removed_device_does_not),
    on_a_site(who_offers_tls_1_3_alone_is_refused),
    on_a_site(lengths_that_cannot_be_are_told_and_closed),
    on_a_site(slow_and_many_strangers_stop_no_device),
    on_a_site(floods_of_connections_leave_memory_flat),
    on_a_site(where_tcp_is_off_nobody_listens),
    on_a_site(tcp_has_another_port_if_it_is_told),
)


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    only = sys.argv[5:]
    tap.run([(case,) for case in CASES if not only or case.__name__ in only])


if __name__ == "__main__":
    main()
