#!/usr/bin/env python3
"""tools/demo and tools/bench in a tree of nothing else, where meson and ninja fail as told: what
they said is shown, and a word that is no option is refused before anything is built."""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, 'tools', 'check'))
from tree import Tap  # noqa: E402

SCRIPTS = ('demo', 'bench')
WELL, BROKEN = 'exit 0', 'echo "$(basename "$0") is unwell"; exit 1'


def program(folder, name, script):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\necho {name} >>"$CALLS"\n{script}\n')
    os.chmod(path, 0o755)


def run(script, words=(), meson=WELL, ninja=WELL, built=False):
    """(exit status, standard output, error output, which programs it called)."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, 'tools'))
        os.makedirs(os.path.join(folder, 'bin'))
        os.makedirs(os.path.join(folder, 'build'))  # as a set-up that failed leaves it
        if built:
            open(os.path.join(folder, 'build/build.ninja'), 'w', encoding='utf-8').close()
        shutil.copy(os.path.join(TOP, 'tools', script), os.path.join(folder, 'tools'))
        for name, what in (('meson', meson), ('ninja', ninja), ('python3', WELL)):
            program(os.path.join(folder, 'bin'), name, what)
        calls = os.path.join(folder, 'calls')
        path = os.path.join(folder, 'bin') + os.pathsep + os.environ['PATH']
        done = subprocess.run([os.path.join(folder, 'tools', script), *words], capture_output=True,
                              env=dict(os.environ, ASSAY_NO_INSTALL='1', PATH=path, CALLS=calls),
                              stdin=subprocess.DEVNULL, text=True, check=False)
        called = []
        if os.path.exists(calls):
            with open(calls, encoding='utf-8') as file:
                called = file.read().split()
    return done.returncode, done.stdout, done.stderr, called


def differs(got, *wanted):
    return [] if got == wanted else [f'{got}, not {wanted}']


def a_step_that_fails_is_shown(script):
    return (differs(run(script, meson=BROKEN), 1, '', 'meson is unwell\n', ['meson'])
            + differs(run(script, ninja=BROKEN), 1, '', 'ninja is unwell\n', ['meson', 'ninja'])
            + differs(run(script, ninja=BROKEN, built=True), 1, '', 'ninja is unwell\n', ['ninja']))


def a_step_that_goes_well_is_silent(script):
    loud = 'echo word'
    return differs(run(script, meson=loud, ninja=loud), 0, '', '', ['meson', 'ninja', 'python3'])


def an_unknown_word_is_refused():
    problems = []
    for words in (('--kepe',), ('--keep', 'x'), ('',)):
        status, output, errors, called = run('demo', words)
        if (status, output, called) != (2, '', []) or 'usage: tools/demo' not in errors:
            problems.append(f'{words}: {status} {output} {errors} {called}')
    return problems + differs(run('demo', ('--keep',), built=True), 0, '', '',
                              ['ninja', 'python3'])


def help_builds_nothing():
    problems = []
    for words in (('--help',), ('-h',), ('--keep', '--help')):
        status, output, errors, called = run('demo', words)
        if (status, errors, called) != (0, '', []) or not output.startswith('usage: tools/demo'):
            problems.append(f'{words}: {status} {output} {errors} {called}')
    return problems


def main():
    tap = Tap()
    for script in SCRIPTS:
        tap.case(f'{script}: a step that fails is shown', a_step_that_fails_is_shown(script))
        tap.case(f'{script}: a step that goes well is silent',
                 a_step_that_goes_well_is_silent(script))
    tap.case('demo: an unknown word is refused', an_unknown_word_is_refused())
    tap.case('demo: help builds nothing', help_builds_nothing())
    tap.done()


if __name__ == '__main__':
    main()
