#!/usr/bin/env python3
"""Builds, runs every test that meson knows, and counts its cases into one closing line.

Why not `meson test`: it counts programs, hides skips inside a program, and has no closing line that
another program can read. The last line here is always `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from tree import ROOT

SERIAL = {'integration', 'matrix', 'system', 'coverage'}  # in this order of patience: coverage last
ASAN_SUITES = {'unit', 'fuzz-replay', 'matrix'}           # what a sanitizer can say more about
NOT_QUICK = {'integration', 'matrix', 'system', 'coverage'}
ASAN_SCALE = 3                                            # how much slower a sanitized test may be
EXIT_SKIP = 77
LINE = re.compile(r'^(not )?ok(?![^ \t])[ \t]*(\d+)?[ \t]*(?:-[ \t]+)?(.*)$')
PLAN = re.compile(r'^1\.\.(\d+)[ \t]*(?:#[ \t]*skip\S*[ \t]*(.*))?$', re.I)
DIRECTIVE = re.compile(r'^(.*?)(?:^|\s)#\s*skip\S*\s*(.*)$', re.I)


class Case:
    """One counted result: state is 'passed', 'failed' or 'skipped'."""

    def __init__(self, state, name, notes=(), reason=''):
        self.state, self.name, self.notes, self.reason = state, name, list(notes), reason


class Tap:
    """What a program's output says; problem is why it cannot be believed as a whole."""

    def __init__(self, text):
        self.cases, self.notes, self.plan, self.problem = [], [], None, None
        for line in text.splitlines():
            self._line(line)
        if self.problem is None:
            self.problem = self._mismatch()

    def _line(self, line):
        plan, result = PLAN.match(line), LINE.match(line)
        if plan:
            self._plan(int(plan.group(1)), plan.group(2))
        elif result:
            self._result(*result.groups())
        elif line.startswith('Bail out!'):
            self.problem = line
        elif line.startswith('#'):
            self.notes.append(line)

    def _plan(self, number, reason):
        if self.plan is not None:
            self.problem = 'prints two plans'
        self.plan = number
        if number == 0:
            self.cases.append(Case('skipped', '(whole program)',
                                   reason=reason or 'no reason given'))

    def _result(self, bad, number, rest):
        skip = DIRECTIVE.match(rest)
        name = (skip.group(1) if skip else rest).strip() or f'case {number}'
        if number is not None and int(number) != len(self.cases) + 1:
            self.problem = f'result {number} stands where {len(self.cases) + 1} should'
        if bad:
            case = Case('failed', name, self.notes)
        elif skip:
            case = Case('skipped', name, reason=skip.group(2).strip() or 'no reason given')
        else:
            case = Case('passed', name)
        self.cases.append(case)
        self.notes = []

    def _mismatch(self):
        n = 0 if self.plan == 0 else len(self.cases)
        if self.plan is None:
            return 'prints no plan'
        if self.plan == 0 and len(self.cases) > 1:
            return 'plans 0 results and prints some'
        return None if n == self.plan else f'plans {self.plan} results and prints {n}'


def ending(code, timed_out, timeout):
    """Why this end of a program is a failure by itself, or None."""
    if timed_out:
        return f'no end within {timeout:g} s'
    if code < 0:
        try:
            return f'ended by {signal.Signals(-code).name}'
        except ValueError:
            return f'ended by signal {-code}'
    return None


def shortened(text):
    """Diagnostics of free text: a sanitizer says what happened first, others say it last."""
    lines = [f'# {line}' for line in text.splitlines() if line.strip()]
    return lines if len(lines) <= 40 else lines[:25] + ['# ...'] + lines[-15:]


def judge(protocol, output, errors, code, timed_out, timeout):
    """The cases that one run of a program counts for."""
    tail = shortened(errors)
    end = ending(code, timed_out, timeout)
    if protocol != 'tap':
        if end is None and code == EXIT_SKIP:
            words = (output + errors).strip().splitlines()
            return [Case('skipped', '(whole program)', reason=words[-1] if words else 'exit 77')]
        if end is None and code == 0:
            return [Case('passed', '(whole program)')]
        return [Case('failed', end or f'exit status {code}', shortened(output) + tail)]
    tap = Tap(output)
    cases = tap.cases
    failed = any(case.state == 'failed' for case in cases)
    problem = end or tap.problem
    if problem is None and code != 0 and not failed:
        problem = f'exit status {code} without a failed case'
    if problem is not None:
        cases.append(Case('failed', problem, tap.notes + tail))
    elif failed:
        next(case for case in cases if case.state == 'failed').notes += tail
    return cases


def environment(test, perturb):
    env = dict(os.environ)
    env.setdefault('MALLOC_PERTURB_', str(perturb))
    for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
        env.setdefault(name, 'halt_on_error=1:abort_on_error=1:print_summary=1')
    for name, value in (test.get('env') or {}).items():
        # introspection gives a prepended PATH without what it was prepended to
        env[name] = value + os.pathsep + env[name] if name == 'PATH' and name in env else value
    return env


def ended(pid, timeout):
    """Waits for a program's end, and says whether it came in time. Its status is left for later:
    until then nobody else gets its number, by which its group is ended."""
    if timeout is None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return True
    until = time.monotonic() + timeout
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def kill_group(pid):
    """Ends what a program left behind in its own session; it is ours, as we started it and have not
    waited for it yet."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def run(test, args):
    timeout = test.get('timeout') or 0
    timeout = timeout * test['scale'] * args.timeout_scale if timeout > 0 else None
    started = time.monotonic()
    # Files and not pipes: a daemon that a test leaves behind would keep a pipe open for ever.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                test['cmd'], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=test.get('workdir') or test['cwd'], env=environment(test, args.perturb),
                start_new_session=True)
        except OSError as error:
            test['seconds'], test['cases'] = 0, [Case('failed', f'cannot start: {error}')]
            return test
        timed_out = not ended(process.pid, timeout)
        kill_group(process.pid)
        code = process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode('utf-8', 'replace'))
    test['seconds'] = time.monotonic() - started
    test['cases'] = judge(test.get('protocol', 'tap'), *texts, code, timed_out, timeout)
    return test


def suites(test):
    return {suite.split(':')[-1] for suite in test.get('suite', [])}


def is_serial(test):
    return bool(suites(test) & SERIAL) or not test.get('is_parallel', True)


def say(text):
    print(text, flush=True)


def progress(test):
    count = {s: sum(c.state == s for c in test['cases']) for s in ('passed', 'failed', 'skipped')}
    word = 'FAIL' if count['failed'] else 'skip' if not count['passed'] else 'ok'
    detail = ', '.join(f'{n} {state}' for state, n in count.items() if n)
    say(f"{word:4} {test['label']:40} {detail} ({test['seconds']:.1f} s)")


def run_all(tests, args):
    fast = [t for t in tests if not is_serial(t)]
    slow = sorted((t for t in tests if is_serial(t)), key=lambda t: 'coverage' in suites(t))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, t, args) for t in fast]):
            progress(done.result())
    for test in slow:
        progress(run(test, args))


def command(words, what):
    """Runs a build step; its output is shown when it fails. Returns whether it went well."""
    try:
        done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except OSError as error:
        say(f'{what}: {error}')
        return False
    if done.returncode != 0:
        say(done.stdout.decode('utf-8', 'replace'))
        say(f'{what}: exit status {done.returncode}')
    return done.returncode == 0


def configure(folder, options):
    if os.path.exists(os.path.join(ROOT, folder, 'meson-private', 'coredata.dat')):
        if command(['meson', 'setup', '--reconfigure', folder] + options, f'reconfigure {folder}'):
            return True
        # An old folder that no longer fits (another meson, renamed options) is made anew.
        return command(['meson', 'setup', '--wipe', folder] + options, f'set up {folder} again')
    return command(['meson', 'setup', folder] + options, f'set up {folder}')


def build(folder, options, args):
    say(f'building {folder}/')
    return (configure(folder, options)
            and command(['ninja', '-j', str(args.jobs), '-C', folder], f'build {folder}'))


def introspect(folder, scale):
    out = subprocess.run(['meson', 'introspect', '--tests', folder], cwd=ROOT, check=True,
                         stdin=subprocess.DEVNULL, capture_output=True).stdout
    return prepared(json.loads(out), folder, os.path.join(ROOT, folder), scale)


def prepared(tests, prefix, cwd, scale):
    for test in tests:
        test.update(label=f"{prefix}/{test['name']}", cwd=cwd, scale=scale, cases=[], seconds=0)
    return tests


def wanted(test, args, only):
    mine = suites(test)
    return not ((only and not mine & only)
                or (args.quick and mine & NOT_QUICK)
                or (args.suite and not mine & set(args.suite))
                or (args.name and test['name'] not in args.name))


def not_run(name, label, why):
    """What counts as one failed case without having been started."""
    return {'name': name, 'label': label, 'seconds': 0, 'cmd': None, 'cases': [Case('failed', why)]}


def with_unknown(tests, args):
    """A name that stands for no test is a mistake: who typed it believes that it ran."""
    known = {test['name'] for test in tests}
    return tests + [not_run(name, name, 'no test of this name among those that were chosen')
                    for name in dict.fromkeys(args.name) if name not in known]


def collect(args):
    """The tests to run, after building; a build that fails is one failed case."""
    if args.tests:
        with open(args.tests, encoding='utf-8') as file:
            tests = prepared(json.load(file), 'list', os.path.dirname(args.tests) or '.', 1)
        return with_unknown([t for t in tests if wanted(t, args, None)], args)
    plans = [] if args.asan else [('build', [], 1, None)]
    if not args.quick:
        plans.append(('asan', ['-Db_sanitize=address,undefined'], ASAN_SCALE, ASAN_SUITES))
    tests = []
    for folder, options, scale, only in plans:
        if build(folder, options, args):
            tests += [t for t in introspect(folder, scale) if wanted(t, args, only)]
        else:
            tests.append(not_run('build', f'{folder}/build', 'does not build'))
    return tests if any(t['cmd'] is None for t in tests) else with_unknown(tests, args)


def summary(tests):
    """Names each failure and skip, then the closing line. Returns the exit status."""
    cases = [(test, case) for test in tests for case in test['cases']]
    failed = [(t, c) for t, c in cases if c.state == 'failed']
    skipped = [(t, c) for t, c in cases if c.state == 'skipped']
    n_passed = len(cases) - len(failed) - len(skipped)
    for test, case in skipped:
        say(f"skipped: {test['label']}: {case.name}: {case.reason}")
    for test, case in failed:
        say(f"failed: {test['label']}: {case.name}")
        for note in case.notes:
            say(f'    {note}')
    say(f'{n_passed} passed, {len(failed)} failed, {len(skipped)} skipped')
    return 1 if failed or n_passed == 0 else 0


def arguments():
    parser = argparse.ArgumentParser(prog='tools/test', description='Builds and runs all tests.')
    parser.add_argument('name', nargs='*', help='only tests of this name')
    parser.add_argument('--suite', action='append', default=[], help='only this suite (repeatable)')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--asan', action='store_true', help='only the sanitized build')
    which.add_argument('--quick', action='store_true',
                       help='only build/, without ' + ', '.join(sorted(NOT_QUICK)))
    parser.add_argument('--list', action='store_true', help='build and list, do not run')
    parser.add_argument('--tests', metavar='FILE', help='run the tests of this JSON list, no build')
    parser.add_argument('--jobs', type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument('--timeout-scale', type=float, default=1, metavar='X')
    return parser.parse_args()


def main():
    sys.stdout.reconfigure(encoding='utf-8', errors='replace')
    args = arguments()
    args.perturb = random.randint(1, 255)
    tests = collect(args)
    if args.list:
        for test in tests:
            say(f"{test['label']}  [{', '.join(sorted(suites(test)))}]" if test['cmd'] else
                f"{test['label']}: {test['cases'][0].name}")
        return 0 if all(test['cmd'] for test in tests) else 1
    say(f"MALLOC_PERTURB_={os.environ.get('MALLOC_PERTURB_', args.perturb)}")
    run_all([t for t in tests if t['cmd']], args)
    return summary(tests)


if __name__ == '__main__':
    sys.exit(main())
