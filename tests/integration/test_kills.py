"""kills.py ASSAY VERIFIER ATTESTOR TPM_EXTEND SOFT_LOAD: kill -9 at any moment, of any role, under
load. No token that a device saw is without its row, the chain is whole, the service comes back.

ASSAY_KILLS_SEED repeats a run (its seed is printed), ASSAY_KILLS says how many."""

import contextlib
import os
import random
import sys
import time

import realsite
import softload
import tap

PROGRAMS = realsite.Programs(*sys.argv[1:5])
SOFT_LOAD = sys.argv[5]
SEED = int(os.environ.get("ASSAY_KILLS_SEED") or random.SystemRandom().randrange(2**32))
KILLS = int(os.environ.get("ASSAY_KILLS") or 200)
DEVICES = 4
A_KILL_S = 2  # at most, with what must start again, on any machine; a tenth is meant
ROUND = 8  # the last kill of a round is main's: what it starts anew has no faults to wait for


def kill_main(site):
    children = site.roles()
    site.main.kill()
    site.main.wait(timeout=realsite.PATIENCE_S)
    site.start()  # at once: nothing of the dead one stands in its way
    site.until(lambda: not any(realsite.alive(pid) for pid in children))


def kill_a_child(site, chance, killed):
    """One of a role that lives now; roles have the same chance, however many processes they are."""
    roles = {pid: role for pid, role in site.roles().items() if realsite.alive(pid)}
    if not roles:
        return False
    role = chance.choice(sorted(set(roles.values())))
    with contextlib.suppress(ProcessLookupError):
        site.kill(chance.choice(sorted(pid for pid, of in roles.items() if of == role)))
    killed[role] = killed.get(role, 0) + 1
    return True


def kill_all_the_time(site, chance):
    killed = {}
    end = time.monotonic() + KILLS * A_KILL_S
    while sum(killed.values()) < KILLS:
        assert time.monotonic() < end, (SEED, killed, site.log_text()[-2000:])
        time.sleep(chance.uniform(0, 0.2))
        if sum(killed.values()) % ROUND == ROUND - 1:
            kill_main(site)
            killed["main"] = killed.get("main", 0) + 1
        else:
            kill_a_child(site, chance, killed)
    return killed


def check(site, loads):
    """How many tokens were seen, each with its committed row."""
    rows = softload.export(site)
    missing = {load.path: softload.unaccounted(load, rows) for load in loads}
    assert not any(missing.values()), (SEED, missing)
    return sum(len(load.tokens()) for load in loads)


def the_check_misses_a_row_that_is_gone(site, loads):
    rows = softload.export(site)
    token = loads[0].tokens()[-1]
    rows = [row for row in rows if not (row["kind"] == "token" and token[1] in row["text"])]
    assert softload.unaccounted(loads[0], rows) == [token]


def two_hundred_kills_lose_no_token_and_no_row():
    chance = random.Random(SEED)
    with realsite.folder() as folder:
        site = realsite.Site(PROGRAMS, folder)
        softload.audit_tokens_on(site)
        with site, contextlib.ExitStack() as stack:
            loads = [stack.enter_context(softload.Load(SOFT_LOAD, site, f"device{i}"))
                     for i in range(DEVICES)]
            softload.import_all(site, loads)
            before = len(loads[0].tokens())
            killed = kill_all_the_time(site, chance)
            for load in loads:  # the service is back by itself, for each of them
                load.wait_for_tokens(2)
            for load in loads:
                load.stop()
            seen = check(site, loads)
            the_check_misses_a_row_that_is_gone(site, loads)
            done = site.ask("audit", "verify", "--keys", softload.keys_of(site), "--head",
                            os.path.join(site.state, "verifier.db.head"))
            assert done.code == 0, done
            assert sum(killed.values()) >= KILLS, killed
            assert set(killed) == {"main", "keeper", "front", "stream", "reader"}, killed
            assert len(loads[0].tokens()) > before
            print(f"# killed {killed}, {seen} tokens seen, all with their rows")


def main():
    print(f"# seed {SEED}", flush=True)
    tap.run([(two_hundred_kills_lose_no_token_and_no_row,)])


if __name__ == "__main__":
    main()
