#!/usr/bin/env python3
"""Line coverage of the readers by the replayed corpora alone: one case a reader, 90 % at least.

A seed that reaches no new line is no seed; a reader whose lines no seed reaches is not fuzzed in
any useful sense. Unit tests do not count here. The build is cov/, with clang's counters.
"""
import json
import os
import shutil
import subprocess
import sys

from tree import ROOT, Tap, c_code, files, read

LEAST = 90.0
BUILD = 'cov'
FLAGS = '-fprofile-instr-generate -fcoverage-mapping'
OPTIONS = ['-Dbuildtype=debug', f'-Dc_args={FLAGS}', f'-Dc_link_args={FLAGS}']
READERS = ('schemas/formats/', 'schemas/wire/')
MORE_READERS = {'schemas/base/cbor-rd.c', 'schemas/base/rd.c'}
# path -> why it has no reader of hostile bytes in it
EXCLUDED = {
    'schemas/formats/tpm-device-key.c': 'judges what tpm-public, fuzzed, has read',
    'schemas/formats/quote.c': 'judges what the readers of its parts, fuzzed each, have read',
    'schemas/wire/binding.c': 'hashes what its caller has checked',
    'schemas/wire/bundle-choose.c': 'chooses among policies that the reader, fuzzed, has read',
    'schemas/wire/policy-code.c': 'looks up in a table of its own',
}


def run(words, **kwargs):
    done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, errors='replace',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kwargs)
    return done.returncode, done.stdout


def must(words, **kwargs):
    """Output of a step; a step that fails ends the program as one failed case."""
    status, output = run(words, **kwargs)
    if status != 0:
        tap = Tap()
        tap.case(' '.join(words[:3]), [output or f'exit status {status}'])
        tap.done()
    return output


def llvm(name):
    """clang's own version of a tool: profiles of another version do not read."""
    return must(['clang', f'--print-prog-name={name}']).strip()


def replays():
    """Builds cov/ and returns the replay programs as meson describes them."""
    # the compiler's own trial programs have counters too
    env = dict(os.environ, CC='clang', LLVM_PROFILE_FILE='/dev/null')
    exists = os.path.exists(os.path.join(ROOT, BUILD, 'meson-private', 'coredata.dat'))
    must(['meson', 'setup', *(['--reconfigure'] if exists else []), BUILD, *OPTIONS], env=env)
    tests = json.loads(must(['meson', 'introspect', '--tests', BUILD]))
    found = [test for test in tests if any(s.endswith(':fuzz-replay') for s in test['suite'])]
    folder = os.path.join(ROOT, BUILD)
    if found:
        must(['ninja', '-C', BUILD, *(os.path.relpath(t['cmd'][0], folder) for t in found)])
    return found


def replay(tests, folder):
    """Runs each program with a profile of its own; returns {name: output} of those that failed."""
    shutil.rmtree(folder, ignore_errors=True)
    failed = {}
    for test in tests:
        env = {k: v for k, v in os.environ.items() if k != 'REPLAY_PLAIN'}
        env['LLVM_PROFILE_FILE'] = os.path.join(folder, test['name'] + '.profraw')
        status, output = run(test['cmd'], env=env)
        if status != 0:
            failed[test['name']] = output
    return failed


def percents(tests, folder):
    """{path: (lines covered, lines)} over all programs together."""
    merged = os.path.join(folder, 'all.profdata')
    raw = [os.path.join(folder, test['name'] + '.profraw') for test in tests]
    must([llvm('llvm-profdata'), 'merge', '-sparse', '-o', merged,
          *(path for path in raw if os.path.exists(path))])
    objects = [word for test in tests[1:] for word in ('-object', test['cmd'][0])]
    report = json.loads(must([llvm('llvm-cov'), 'export', '--summary-only', '-instr-profile',
                              merged, tests[0]['cmd'][0], *objects]))
    result = {}
    for file in report['data'][0]['files']:
        # -ffile-prefix-map makes it cov/../schemas/base/rd.c
        path = os.path.relpath(os.path.join(ROOT, file['filename']), ROOT)
        result[path] = (file['summary']['lines']['covered'], file['summary']['lines']['count'])
    return result


def readers():
    """Readers with code in them, less those that are excluded."""
    for path in files('.c'):
        if (path.startswith(READERS) or path in MORE_READERS) and path not in EXCLUDED:
            if '{' in c_code(read(path)):
                yield path


def judge(tap, path, measured):
    if path not in measured:
        tap.case(path, ['no replay program contains it'])
        return
    covered, count = measured[path]
    percent = 100 * covered / count if count else 100
    print(f'# {percent:5.1f} %  {covered:5} of {count:5}  {path}')
    short = [f'{percent:.1f} % of {count} lines; see them with tools/coverage --show {path}']
    tap.case(f'{path}: the corpus reaches {LEAST:.0f} % of its lines',
             short if percent < LEAST else [])


def show(tests, folder, path):
    """Prints the source with the count of each line, as llvm-cov does."""
    objects = [word for test in tests[1:] for word in ('-object', test['cmd'][0])]
    text = must([llvm('llvm-cov'), 'show', '-instr-profile', os.path.join(folder, 'all.profdata'),
                 tests[0]['cmd'][0], *objects])
    # its own filter by name does not know mapped paths
    for section in text.split('\n\n'):
        if section.split(':', 1)[0].endswith(path):
            print(section)


def main():
    tap = Tap()
    if not shutil.which('clang') or not shutil.which('meson'):
        tap.skip('coverage of the readers', 'no clang or no meson')
        tap.done()
    tests = replays()
    folder = os.path.join(ROOT, BUILD, 'profiles')
    failed = replay(tests, folder) if tests else {}
    measured = percents(tests, folder) if tests else {}
    if len(sys.argv) == 3 and sys.argv[1] == '--show':
        show(tests, folder, sys.argv[2])
        return
    for name, output in failed.items():
        tap.case(f'{name} runs', [output or 'no output'])
    for path, why in EXCLUDED.items():
        print(f'# excluded: {path}: {why}')
    for path in readers():
        judge(tap, path, measured)
    tap.done()


if __name__ == '__main__':
    main()
