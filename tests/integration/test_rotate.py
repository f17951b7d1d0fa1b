"""rotate.py ASSAY VERIFIER ATTESTOR TPM_EXTEND SOFT_LOAD FAKE_CLOCK [CASE…]: every key of a site is
changed while it serves. No device is lost, none needs an operator, and of a leaked key nothing is
taken any more."""

import contextlib
import json
import os
import shutil
import signal
import sys

import realsite
import softload
import udp_relay
from daemon import Clock
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
SOFT_LOAD, FAKE_CLOCK = sys.argv[5:7]
OK = 0
KINDS = ("psk-master", "nonce", "ticket", "token", "token-rsa", "pairwise", "audit", "site",
         "server", "policy")
AUDIENCE = "assay"


def before_each(site, device):
    """A device that has been affirmed, and an audience for JWTs."""
    device.boot()
    site.affirmed(device)
    site.assay("class", "add", "laptops", "--audience", f"bearer:{AUDIENCE}")
    device.attest(OK)


on_a_site = realsite.on_a_site(PROGRAMS, before_each)


def rotate(site, *words):
    """What it says as JSON; the verifier that runs must use it."""
    done = run(PROGRAMS.assay, "key", "rotate", *words, "--config", site.verifier_conf, "--json")
    assert done.code == OK, (words, done, site.log_text()[-1500:])
    said = json.loads(done.out)
    assert said["verifier"] == "uses it", said
    return said


def keys(site, kind=None):
    done = run(PROGRAMS.assay, "key", "list", "--config", site.verifier_conf, "--json")
    assert done.code == OK, done
    return [key for key in json.loads(done.out)["keys"] if kind in (None, key["kind"])]


def states(site, kind):
    return {key["id"]: key["state"] for key in keys(site, kind)}


def devices_on(site):
    return {key["id"]: key["devices"] for key in keys(site, "psk-master")}


def jwks(site):
    return os.path.join(site.state, "public", "jwks.json")


def published(site):
    return [key["kid"] for key in json.loads(read(jwks(site)))["keys"]]


def token_of(device):
    return read(device.path("tokens", AUDIENCE + ".jwt"))


def verifies(site, token):
    path = os.path.join(site.folder, "token.jwt")
    write(path, token)
    done = run(PROGRAMS.assay, "token", "verify", "--keys", jwks(site), "--aud", AUDIENCE, path)
    return done.code == OK


@on_a_site
def each_kind_changes_and_no_process_and_no_device_is_lost(site, device):
    roles = set(pid for pid, role in site.roles().items() if role != "reader")
    for kind in KINDS:
        rotate(site, kind, "--lead", "0")
        assert device.attest(OK)["tier"] == "affirming", kind
        assert verifies(site, token_of(device)), kind
    assert roles <= set(site.roles())
    assert site.log_text().count('"id":"device-enrolled"') == 1


@on_a_site
def a_device_on_tcp_is_not_lost_either(site, device):
    device.server(f"coaps+tcp://127.0.0.1:{site.port}")
    device.attest(OK)
    kept = read(device.path("state", "credential"))
    for words in (("server",), ("ticket",), ("psk-master",), ("psk-master", "--leaked")):
        rotate(site, *words)
        assert device.attest(OK)["tier"] == "affirming", words
    assert read(device.path("state", "credential")) != kept  # the stream role took the new master
    write(device.path("state", "credential"), kept)  # and has the old one no more
    device.attest(OK)
    assert read(device.path("state", "credential")) != kept
    device.forget()
    device.attest(OK)  # by the new certificate


def tickets_end_at(site, device, rounds, between=lambda: None):
    """On what lives on: the ticket that a front has just taken is nothing after the rotation."""
    fronts = site.pids("front", "stream")
    clock = Clock(FAKE_CLOCK, device.path("clock"))
    with device.daemon(clock.environ) as daemon:
        for _ in range(rounds):
            # nothing is under way that another port would lose
            daemon.until(lambda log: '"name":"tokens"' in log.rsplit('"connected"', 1)[-1])
            between()
            daemon.again(clock)
            assert daemon.again(clock) == 1, daemon.log()
            rotate(site, "ticket", "--leaked")
            assert daemon.again(clock) == 0, daemon.log()
    assert site.pids("front", "stream") == fronts, site.log_text()


@on_a_site
def a_leaked_ticket_key_opens_nothing_on_any_front_that_lives(site, device):
    """The relay has the same front met before and after, and another one maybe each round."""
    with udp_relay.Relay(site.port, one_port=True) as relay:
        device.server(f"127.0.0.1:{relay.port}")
        tickets_end_at(site, device, 6, relay.another_port)


@on_a_site
def a_leaked_ticket_key_opens_nothing_over_tcp(site, device):
    device.server(f"coaps+tcp://127.0.0.1:{site.port}")
    tickets_end_at(site, device, 2)


@on_a_site
def the_list_tells_what_there_is_and_who_is_on_it(site, device):
    assert all(key["state"] == "active" and key["id"] == 1 for key in keys(site)), keys(site)
    assert devices_on(site) == {1: 1}
    assert [key["kid"] for key in keys(site, "token")] == published(site)[:1]
    assert all(key["expires"] for kind in ("server", "site", "ca") for key in keys(site, kind))
    rotate(site, "psk-master")
    assert states(site, "psk-master") == {2: "active", 1: "accepted"}
    assert devices_on(site) == {2: 0, 1: 1}
    device.attest(OK)  # by its old PSK: that is taken still
    assert devices_on(site) == {2: 0, 1: 1}
    text = run(PROGRAMS.assay, "key", "list", "--config", site.verifier_conf)
    assert text.code == OK and "accepted" in text.out, text


@on_a_site
def a_retired_master_sends_its_devices_to_enrol_by_themselves(site, device):
    rotate(site, "psk-master")
    assert rotate(site, "psk-master", "--retire", "1")["retired"] == 1
    assert device.attest(OK)["tier"] == "affirming"
    assert devices_on(site) == {2: 1}
    assert site.log_text().count('"id":"device-enrolled"') == 1  # the row is the old one


@on_a_site
def a_leaked_master_ends_at_once_and_the_device_heals(site, device):
    kept = read(device.path("state", "credential"))
    rotate(site, "psk-master", "--leaked")
    assert device.attest(OK)["tier"] == "affirming"
    assert read(device.path("state", "credential")) != kept
    assert not os.path.exists(os.path.join(site.etc, "keys", "psk-masters"))
    write(device.path("state", "credential"), kept)  # the old PSK opens nothing
    assert device.attest(OK)["tier"] == "affirming"
    assert read(device.path("state", "credential")) != kept


@on_a_site
def a_token_key_is_published_before_it_signs(site, device):
    before = published(site)
    rotate(site, "token", "--lead", "3")
    first = published(site)
    assert first[0] == before[0] and len(first) == len(before) + 1
    assert states(site, "token") == {2: "next", 1: "active"}
    site.until(lambda: published(site)[0] == first[1])  # main changes it by itself
    device.attest(OK)
    assert verifies(site, token_of(device))
    assert before[0] in published(site)  # until its last token has expired
    assert states(site, "token") == {2: "active", 1: "accepted"}


@on_a_site
def a_leaked_token_key_verifies_nothing_more(site, device):
    old = token_of(device)
    assert verifies(site, old)
    before = published(site)
    rotate(site, "token", "--leaked")
    assert not verifies(site, old)
    assert before[0] not in published(site)
    device.attest(OK)
    assert verifies(site, token_of(device))


def head(site, path):
    write(path, site.assay("audit", "head"))
    return path


def verify_head(site, path):
    return site.ask("audit", "verify", "--keys", softload.keys_of(site), "--head", path).code


@on_a_site
def heads_of_an_old_audit_key_are_believed_unless_it_has_leaked(site, _):
    old = head(site, os.path.join(site.folder, "old.json"))
    rotate(site, "audit")
    new = head(site, os.path.join(site.folder, "new.json"))
    assert verify_head(site, old) == OK and verify_head(site, new) == OK
    rotate(site, "audit", "--leaked")
    assert verify_head(site, old) != OK and verify_head(site, new) != OK
    assert verify_head(site, head(site, new)) == OK
    site.stop()
    site.start()
    assert "audit-alarm" not in site.log_text()


@on_a_site
def a_new_ca_goes_to_the_devices_before_it_issues(site, device):
    ca = os.path.join(site.etc, "keys", "ca.pem")
    mine = device.path("ca.pem")
    conf = read(device.conf).decode().replace(ca, mine)
    shutil.copyfile(ca, mine)
    write(device.conf, conf)
    rotate(site, "ca")
    device.forget()
    device.attest(OK)  # with the old CA alone: that one issues still
    shutil.copyfile(ca, mine)
    device.forget()
    device.attest(OK)
    rotate(site, "ca", "--retire", "1")
    device.attest(OK)  # what it holds is of the old CA, which it still has
    device.forget()
    device.attest(OK)
    rotate(site, "ca", "--leaked")
    assert device.attest(OK)["tier"] == "affirming"  # connections need no CA
    device.forget()
    assert device.attest()["exit"] != OK  # but enrolling does, until it has the new one
    shutil.copyfile(ca, mine)
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_bad_key_is_refused_and_the_old_one_stays(site, device):
    rotate(site, "server")
    path = os.path.join(site.etc, "keys", "server-2.key")
    good = read(path)
    write(path, b"rubbish")
    site.main.send_signal(signal.SIGHUP)
    site.until(lambda: '"id":"reload-refused"' in site.log_text())
    device.forget()
    device.attest(OK)
    write(path, good)
    site.main.send_signal(signal.SIGHUP)
    site.until(lambda: site.log_text().count('"id":"reloaded"') >= 2)
    device.forget()
    device.attest(OK)


@on_a_site
def without_a_verifier_the_next_start_takes_it(site, device):
    site.stop()
    done = run(PROGRAMS.assay, "key", "rotate", "psk-master", "--leaked", "--config",
               site.verifier_conf, "--json")
    assert done.code == OK and json.loads(done.out)["verifier"] == "not running", done
    assert run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check").code == OK
    site.setup()  # again: it keeps what the list names
    site.start()
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def setup_makes_again_what_was_lost_after_a_rotation(site, device):
    for kind in ("psk-master", "server", "token"):
        rotate(site, kind, "--leaked")
    site.stop()
    for name in ("psk-master-2", "server-2.pem", "server-2.key", "token-2.key"):
        os.unlink(os.path.join(site.etc, "keys", name))
    site.setup()
    site.start()
    assert device.attest(OK)["tier"] == "affirming"


def wrong_words_are_usage():
    for words in ((), ("psk",), ("nonce", "token"), ("nonce", "--retire", "0"),
                  ("nonce", "--retire", "256"), ("nonce", "--lead", "x"), ("nonce", "--unknown")):
        done = run(PROGRAMS.assay, "key", "rotate", *words)
        assert done.code == 2, (words, done)
    assert run(PROGRAMS.assay, "key", "list", "words").code == 2
    for command in ("list", "rotate"):
        words = ("key", command, "--config", "/nonexistent/verifier.conf")
        assert run(PROGRAMS.assay, *words, *(["nonce"] if command == "rotate" else [])).code == 1


@contextlib.contextmanager
def loaded_site(n):
    with realsite.folder() as top, realsite.Site(PROGRAMS, top) as site, \
            contextlib.ExitStack() as stack:
        loads = [stack.enter_context(softload.Load(SOFT_LOAD, site, f"device{i}"))
                 for i in range(n)]
        softload.import_all(site, loads)
        yield site, loads


def under_load_no_rotation_loses_a_device():
    with loaded_site(3) as (site, loads):
        roles = set(pid for pid, role in site.roles().items() if role != "reader")
        for words in ([(kind,) for kind in KINDS] + [("ca",), ("ca", "--retire", "1")]
                      + [(kind, "--leaked") for kind in KINDS]):
            rotate(site, *words, "--lead", "0")
            for load in loads:
                load.wait_for_tokens(1)
        assert roles <= set(site.roles()), site.log_text()
        assert len(site.devices()) == len(loads)
        assert all(row["state"] == "fresh" for row in site.devices()), site.devices()


CASES = (
    wrong_words_are_usage,
    each_kind_changes_and_no_process_and_no_device_is_lost,
    a_device_on_tcp_is_not_lost_either,
    a_leaked_ticket_key_opens_nothing_on_any_front_that_lives,
    a_leaked_ticket_key_opens_nothing_over_tcp,
    the_list_tells_what_there_is_and_who_is_on_it,
    a_retired_master_sends_its_devices_to_enrol_by_themselves,
    a_leaked_master_ends_at_once_and_the_device_heals,
    a_token_key_is_published_before_it_signs,
    a_leaked_token_key_verifies_nothing_more,
    heads_of_an_old_audit_key_are_believed_unless_it_has_leaked,
    a_new_ca_goes_to_the_devices_before_it_issues,
    a_bad_key_is_refused_and_the_old_one_stays,
    without_a_verifier_the_next_start_takes_it,
    setup_makes_again_what_was_lost_after_a_rotation,
    under_load_no_rotation_loses_a_device,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[7:])
