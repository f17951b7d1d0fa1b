"""docs/golden.md: each command of the guide runs as it is printed, and prints what the guide says.
usage: test_golden.py ASSAY GUIDE VECTORS EXPLAIN_STORE; prints TAP."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

ASSAY, GUIDE, VECTORS, EXPLAIN_STORE = (os.path.abspath(path) for path in sys.argv[1:5])
LOGS = {'before.log': 'grub-sb-on', 'after.log': 'tampered-initrd'}


def sections():
    """[(heading, [(command, [line])])] of the guide, those with commands."""
    found = []
    inside = False
    with open(GUIDE, encoding='utf-8') as guide:
        for line in guide.read().splitlines():
            if line.startswith('## '):
                found.append((line[3:], []))
            elif line.startswith('```'):
                inside = line == '```console'
            elif inside and line.startswith('$ '):
                found[-1][1].append((line[2:], []))
            elif inside:
                found[-1][1][-1][1].append(line)
    return [section for section in found if section[1]]


def fits(printed, guide):
    """Line by line; `…` stands for any lines, one at least."""
    pattern = ''.join('(?:.*\n)+?' if line == '…' else re.escape(line) + '\n' for line in guide)
    return re.fullmatch(pattern, printed) is not None


def section(top, commands):
    env = {**os.environ, 'PATH': top + '/bin:' + os.environ['PATH'], 'LC_ALL': 'C.UTF-8'}
    for command, guide in commands:
        done = subprocess.run(['sh', '-c', command], cwd=top, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                              check=False, encoding='utf-8')
        refused = any('contraindicated' in line for line in guide)
        assert fits(done.stdout, guide), f'{command}\n{done.stdout}'
        assert done.returncode == (1 if refused else 0), f'{command}: {done.returncode}'


def a_line_that_differs_is_found_out():
    assert fits('a\nb\nc\n', ['a', '…', 'c'])
    assert fits('', [])
    assert not fits('a\nb\n', ['a'])
    assert not fits('a\n', ['a', '…'])
    assert not fits('a\nx\nc\n', ['a', 'b', 'c'])


def name_of(heading):
    """"1. Learn what is good": a name of a case."""
    return re.sub(r'\W+', '_', heading.lower()).strip('_')


def main():
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(top + '/bin')
        os.symlink(ASSAY, top + '/bin/assay')
        for name, boot in LOGS.items():
            shutil.copy(f'{VECTORS}/boot/{boot}/binary_bios_measurements', f'{top}/{name}')
        subprocess.run([EXPLAIN_STORE, f'{top}/verifier.db'], check=True, timeout=60)
        cases = [(a_line_that_differs_is_found_out,)]
        for heading, commands in sections():
            def case(top, commands):
                section(top, commands)
            case.__name__ = name_of(heading)
            cases.append((case, top, commands))
        assert sum(len(commands) for _, commands in sections()) > 15
        tap.run(cases)


main()
