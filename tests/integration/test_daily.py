"""daily.py ASSAY VERIFIER ATTESTOR TPM_EXTEND FAKE_CLOCK [CASE…]: what main does by itself when a
day is over, by a clock that the test moves. The roles begin with an empty environment, so theirs is
the real one: only main believes that it is tomorrow."""

import json
import os
import signal
import sys

import realsite
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
FAKE_CLOCK = os.path.abspath(sys.argv[5])
OK = 0
DAY = 86400
KEYS = ("etc", "keys")


def words(site):
    """In front of a command whose clock moves."""
    return ("env", f"LD_PRELOAD={FAKE_CLOCK}", f"FAKE_CLOCK={site.folder}/clock",
            "ASAN_OPTIONS=verify_asan_link_order=0")


def move(site, seconds):
    path = os.path.join(site.folder, "clock")
    write(path + ".new", f"{int(seconds)} 0\n")
    os.rename(path + ".new", path)


def move_main(site):
    move(site, 0)
    site.before = words(site)


on_a_site = realsite.on_a_site(
    PROGRAMS, lambda site, device: (device.boot(), site.affirmed(device)), ahead=move_main)


def key_list(site):
    done = run(*words(site), PROGRAMS.assay, "key", "list", "--config", site.verifier_conf,
               "--json")
    assert done.code == OK, done
    return json.loads(done.out)


def nonce_keys(site):
    """Those of the list, once the keeper has it."""
    site.until(lambda: key_list(site)["used_by_verifier"])
    said = key_list(site)
    return {key["id"]: key["state"] for key in said["keys"] if key["kind"] == "nonce"}


def logged(site, word):
    return site.log_text().count(f'"id":"{word}"')


def await_log(site, word, n):
    site.until(lambda: logged(site, word) >= n)


def reload(site):
    n = logged(site, "reloaded")
    site.main.send_signal(signal.SIGHUP)
    await_log(site, "reloaded", n + 1)


def path_of(site, name):
    return os.path.join(site.folder, *KEYS, name)


@on_a_site
def a_nonce_key_is_made_each_day_and_no_device_notices(site, device):
    roles = set(pid for pid, role in site.roles().items() if role != "reader")
    assert nonce_keys(site) == {1: "active"}
    move(site, DAY + 60)
    await_log(site, "nonce-renewed", 1)
    await_log(site, "keys-taken", 1)
    assert nonce_keys(site) == {2: "active", 1: "accepted"}
    assert device.attest(OK)["tier"] == "affirming"  # its challenge is of the key before
    assert '"left":""' in site.log_text()
    move(site, 2 * DAY + 120)
    await_log(site, "nonce-renewed", 2)
    await_log(site, "keys-taken", 2)
    assert nonce_keys(site) == {3: "active", 2: "accepted"}
    assert device.attest(OK)["tier"] == "affirming"
    assert not os.path.exists(path_of(site, "nonce-keys"))
    assert roles <= set(site.roles()), site.log_text()
    assert logged(site, "device-enrolled") == 1


@on_a_site
def a_restart_goes_on_with_the_keys_and_makes_up_for_what_it_missed(site, device):
    move(site, DAY + 60)
    await_log(site, "nonce-renewed", 1)
    kept = read(path_of(site, "nonce-2"))
    site.stop()
    site.start()
    assert nonce_keys(site) == {2: "active", 1: "accepted"}
    assert read(path_of(site, "nonce-2")) == kept and logged(site, "nonce-renewed") == 1
    site.stop()
    move(site, 40 * DAY)  # nobody ran it for weeks
    site.start()
    await_log(site, "nonce-renewed", 2)
    await_log(site, "keys-taken", 2)
    assert nonce_keys(site) == {3: "active", 2: "accepted"}
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def an_operators_rotation_begins_a_new_day(site, device):
    move(site, DAY / 2)
    done = run(*words(site), PROGRAMS.assay, "key", "rotate", "nonce", "--config",
               site.verifier_conf)
    assert done.code == OK, done
    assert nonce_keys(site) == {2: "active", 1: "accepted"}
    move(site, DAY + 60)
    reload(site)
    reload(site)  # a whole turn of main is over
    assert logged(site, "nonce-renewed") == 0
    move(site, DAY * 1.5 + 60)
    await_log(site, "nonce-renewed", 1)
    await_log(site, "keys-taken", 4)
    assert nonce_keys(site) == {3: "active", 2: "accepted"}
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def where_the_folder_cannot_be_written_the_old_key_goes_on(site, device):
    os.mkdir(path_of(site, "nonce-2"))  # root may write anything but a file of this name
    move(site, DAY + 60)
    await_log(site, "nonce-kept", 1)
    assert "nonce-2: Is a directory" in site.log_text()
    assert nonce_keys(site) == {1: "active"}
    assert device.attest(OK)["tier"] == "affirming"
    reload(site)  # tries at once
    await_log(site, "nonce-kept", 2)
    os.rmdir(path_of(site, "nonce-2"))
    move(site, DAY + 60 + 3700)  # and again in an hour
    await_log(site, "nonce-renewed", 1)
    await_log(site, "keys-taken", 3)
    assert nonce_keys(site) == {2: "active", 1: "accepted"}
    assert device.attest(OK)["tier"] == "affirming"


@on_a_site
def a_site_may_want_none_of_it_and_a_reload_turns_it(site, device):
    conf = read(site.verifier_conf).decode()
    write(site.verifier_conf, conf.replace("[keys]\n", "[keys]\nnonce_hours = 0\n"))
    reload(site)
    move(site, 400 * DAY)
    reload(site)
    reload(site)
    assert logged(site, "nonce-renewed") == 0 and nonce_keys(site) == {1: "active"}
    write(site.verifier_conf, conf.replace("[keys]\n", "[keys]\nnonce_hours = 9000\n"))
    site.main.send_signal(signal.SIGHUP)
    await_log(site, "reload-refused", 1)
    write(site.verifier_conf, conf)
    reload(site)
    await_log(site, "nonce-renewed", 1)
    assert device.attest(OK)["tier"] == "affirming"


CASES = (
    a_nonce_key_is_made_each_day_and_no_device_notices,
    a_restart_goes_on_with_the_keys_and_makes_up_for_what_it_missed,
    an_operators_rotation_begins_a_new_day,
    where_the_folder_cannot_be_written_the_old_key_goes_on,
    a_site_may_want_none_of_it_and_a_reload_turns_it,
)


if __name__ == "__main__":
    realsite.run_cases(CASES, sys.argv[6:])
