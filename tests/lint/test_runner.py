#!/usr/bin/env python3
"""The runner's own test: tiny programs that pass, fail, skip, crash, hang and lie."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = os.path.join(HERE, '..', '..', 'tools', 'check')
RUNNER = os.path.join(CHECKS, 'run_tests.py')
sys.dont_write_bytecode = True
sys.path.insert(0, CHECKS)
import run_tests  # noqa: E402
from tree import Tap  # noqa: E402

TWO_OK = 'echo 1..2; echo ok 1 a; echo ok 2 b'

# claim -> (script, (passed, failed, skipped), what must be printed)
PROGRAMS = {
    'two passing cases count as two': (TWO_OK, (2, 0, 0), []),
    'a failing case is named with its diagnostics': (
        'echo 1..2; echo ok 1 a; echo "# x.c:1: wrong"; echo not ok 2 bad; exit 1',
        (1, 1, 0), ['failed: list/t: bad', '# x.c:1: wrong']),
    'a failing case counts even with exit status 0': (
        'echo 1..1; echo not ok 1 bad', (0, 1, 0), ['failed: list/t: bad']),
    'a skip is named with its reason': (
        'echo 1..2; echo ok 1 a; echo "ok 2 b # SKIP no device"',
        (1, 0, 1), ['skipped: list/t: b: no device']),
    'a failing case is no skip': (
        'echo 1..1; echo "not ok 1 b # SKIP no device"; exit 1', (0, 1, 0), []),
    'a whole program can skip': (
        'echo "1..0 # SKIP no clang"', (0, 0, 1), ['(whole program): no clang']),
    'a crash is one failed case beside what passed': (
        'echo 1..2; echo ok 1 a; kill -SEGV $$', (1, 1, 0), ['ended by SIGSEGV']),
    'a crash after the last result still fails': (
        TWO_OK + '; kill -SEGV $$', (2, 1, 0), ['ended by SIGSEGV']),
    'a hanging program fails': ('echo 1..1; exec sleep 60', (0, 1, 0), ['no end within 1 s']),
    'a program that leaves a child behind ends': ('sleep 60 & ' + TWO_OK, (2, 0, 0), []),
    'fewer results than planned fail': (
        'echo 1..3; echo ok 1 a', (1, 1, 0), ['plans 3 results and prints 1']),
    'more results than planned fail': (
        'echo 1..1; echo ok 1 a; echo ok 2 b', (2, 1, 0), ['plans 1 results and prints 2']),
    'a result number twice fails': ('echo 1..2; echo ok 1 a; echo ok 1 b', (2, 1, 0), []),
    'no output fails': ('true', (0, 1, 0), ['prints no plan']),
    'bailing out fails': ('echo 1..1; echo ok 1 a; echo "Bail out! fire"', (1, 1, 0), ['fire']),
    'a bad exit status without a failed case fails': (
        TWO_OK + '; echo leak >&2; exit 23', (2, 1, 0), ['exit status 23', '# leak']),
    'env reaches the program': (
        '[ "$FOO" = bar ] && [ -n "$MALLOC_PERTURB_" ] && ' + TWO_OK, (2, 0, 0), []),
    'standard input is empty': ('[ -z "$(cat)" ] && ' + TWO_OK, (2, 0, 0), []),
    'what starts with ok is not always a result': (
        'echo okay; ' + TWO_OK, (2, 0, 0), []),
}
CLOSING = re.compile(r'^(\d+) passed, (\d+) failed, (\d+) skipped$')


def entry(folder, number, script, timeout=30):
    path = os.path.join(folder, f'p{number}')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\n' + script + '\n')
    os.chmod(path, 0o755)
    return {'name': 't', 'cmd': [path], 'env': {'FOO': 'bar'}, 'workdir': None, 'timeout': timeout,
            'suite': ['x:unit'], 'is_parallel': True, 'protocol': 'tap'}


def patience(script):
    """Seconds: few only where the end of the patience is the point."""
    return 1 if 'exec sleep' in script else 30


def run(folder, tests, *words):
    """Returns (exit status, output, the three counts of the last line or None)."""
    path = os.path.join(folder, 'list.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(tests, file)
    done = subprocess.run([sys.executable, RUNNER, '--tests', path, *words], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    lines = done.stdout.split('\n')
    closing = CLOSING.match(lines[-2]) if len(lines) > 1 and lines[-1] == '' else None
    return done.returncode, done.stdout + done.stderr, (
        tuple(int(n) for n in closing.groups()) if closing else None)


def problems_of(result, counts, words):
    status, output, got = result
    expected = 1 if counts[1] or not counts[0] else 0
    problems = []
    if got != counts:
        problems.append(f'counts {got}, not {counts}')
    if status != expected:
        problems.append(f'exit status {status}, not {expected}')
    problems += [f'does not print {word!r}' for word in words if word not in output]
    return problems + output.splitlines() if problems else []


def together(folder):
    """All programs in one list: the closing line is the sum."""
    tests, sums = [], [0, 0, 0]
    for number, (script, counts, _) in enumerate(PROGRAMS.values()):
        tests.append(entry(folder, number, script, patience(script)))
        tests[-1].update(name=f't{number}',
                         suite=['x:integration'] if number % 3 == 0 else ['x:unit'])
        sums = [a + b for a, b in zip(sums, counts)]
    return problems_of(run(folder, tests), tuple(sums), [])


def exitcode(folder):
    tests = [entry(folder, 0, 'true'), entry(folder, 1, 'echo why; exit 77'),
             entry(folder, 2, 'echo what; exit 3')]
    for test in tests:
        test['protocol'] = 'exitcode'
    return problems_of(run(folder, tests), (1, 1, 1), ['exit status 3', '# what', ': why'])


def named(folder):
    """A name that no test has is a failure, also beside one that is there, and where it lists."""
    tests = [dict(entry(folder, n, TWO_OK), name=name) for n, name in enumerate(('one', 'two'))]
    problems = problems_of(run(folder, tests, 'two'), (2, 0, 0), ['list/two'])
    problems += problems_of(run(folder, tests, 'two', 'tow', 'tow'), (2, 1, 0),
                            ['failed: tow: no test of this name'])
    problems += problems_of(run(folder, tests, 'one', '--suite', 'matrix'), (0, 1, 0), ['one: no'])
    status, output, _ = run(folder, tests, '--list', 'one', 'tow')
    if status != 1 or 'list/one' not in output or 'tow: no test' not in output:
        problems.append(f'--list: exit status {status}: {output}')
    return problems + (['--list fails'] if run(folder, tests, '--list', 'one')[0] else [])


def numbers_held(folder):
    """A group is ended while its leader's number cannot be another's: before it is waited for."""
    states, kill = [], os.killpg

    def watched(pid, number):
        try:
            with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
                states.append(file.read().rpartition(')')[2].split()[0])
        except FileNotFoundError:
            states.append('gone')
        kill(pid, number)

    args = argparse.Namespace(timeout_scale=1, perturb=1)
    os.killpg = watched
    try:
        programs = (('true', 30), ('exit 3', 0), ('exec sleep 60', 1))
        for number, (script, timeout) in enumerate(programs):
            test = dict(entry(folder, number, script, timeout), scale=1, cwd=folder)
            run_tests.run(test, args)
    finally:
        os.killpg = kill
    return [] if states[:2] == ['Z', 'Z'] and states[2] in 'SRD' else [f'{states}']


def harness(folder, program):
    """check.h: a child that fails, skips, crashes or slips away is seen as that."""
    test = entry(folder, 0, '')
    test.update(cmd=[program], timeout=60)
    words = ['failed: list/t: fails', '1 + 1 is 2, not 3 = 3',
             'skipped: list/t: skips: no such device', 'failed: list/t: crashes',
             'failed: list/t: leaves_early',
             'failed: list/t: exits_as_a_skip_without_a_reason']
    return problems_of(run(folder, [test]), (1, 4, 1), words)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for claim, (script, counts, words) in PROGRAMS.items():
            tap.case(claim, problems_of(
                run(folder, [entry(folder, 0, script, patience(script))]), counts, words))
        tap.case('the closing line is the sum of all programs', together(folder))
        tap.case('programs without TAP count by exit status', exitcode(folder))
        tap.case('a name that no test has fails', named(folder))
        tap.case('no group is ended by a number that is free', numbers_held(folder))
        tap.case('nothing run is a failure', problems_of(run(folder, []), (0, 0, 0), []))
        missing = [dict(entry(folder, 0, ''), cmd=['/nonexistent'])]
        tap.case('a missing program fails', problems_of(run(folder, missing), (0, 1, 0), []))
        if len(sys.argv) > 1:
            program = os.path.abspath(sys.argv[1])
            tap.case('the C harness is counted rightly', harness(folder, program))
    tap.done()


if __name__ == '__main__':
    main()
