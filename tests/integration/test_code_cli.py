#!/usr/bin/env python3
"""`assay code show` and `code list`: the catalogue as people and programs read it.

test_code_cli.py ASSAY DEFS: prints TAP. DEFS: the folder with reason.def, the one source."""
import json
import os
import re
import subprocess
import sys

ASSAY, DEFS = os.path.abspath(sys.argv[1]), sys.argv[2]


def run(*words):
    return subprocess.run([ASSAY, 'code', *words], capture_output=True, timeout=30, check=False,
                          text=True, encoding='utf-8')


def source():
    with open(os.path.join(DEFS, 'reason.def'), encoding='utf-8') as file:
        return re.findall(r'^REASON\((\d+), (\w+), (\w+), (\w+)', file.read(), re.M)


def every_code_is_listed_in_its_order():
    lines = run('list').stdout.splitlines()
    for (number, name, _, state), line in zip(source(), lines):
        assert line.startswith(f'{number} {name} '), line
        assert (' reserved ' in line) == (state == 'RESERVED'), line
    assert len(lines) == len(source())


def json_has_all_of_each_record():
    codes = json.loads(run('list', '--json').stdout)['codes']
    assert [str(code['number']) for code in codes] == [row[0] for row in source()]
    for code in codes:
        assert set(code) == {'number', 'name', 'effect', 'reserved', 'about', 'title', 'impact',
                             'causes', 'action', 'user'}, code
        assert code['causes'] and all(code['causes']) and '|' not in ''.join(code['causes']), code
        assert code == json.loads(run('show', str(code['number']), '--json').stdout)


def one_code_is_shown_to_people():
    done = run('show', 'initrd-unknown')
    lines = [re.split(r'  +', line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and not done.stderr
    assert lines[0] == ['code', '431 INITRD_UNKNOWN: refuses'], lines
    assert [line[0] for line in lines] == ['code', 'means', 'impact', 'usual causes', '', 'do',
                                           'user is told', 'about'], lines
    assert run('show', '431').stdout == done.stdout
    assert 'reserved' in run('show', '326').stdout


def what_is_no_code_is_no():
    for word in ('', '0', '999', 'SB', '401x', '\x1b[2J'):
        done = run('show', word)
        assert done.returncode == 1 and not done.stdout, (word, done)
        assert '\x1b' not in done.stderr and 'code list' in done.stderr, done


def wrong_usage_is_told():
    for words in (('show',), ('show', '1', '2'), ('list', 'x'), ('show', '401', '--claims')):
        done = run(*words)
        assert done.returncode == 2 and not done.stdout and 'usage' in done.stderr, (words, done)


def claims_are_listed():
    claims = json.loads(run('list', '--claims', '--json').stdout)['claims']
    lines = run('list', '--claims').stdout.splitlines()
    assert [line.split()[0] for line in lines] == [claim['name'] for claim in claims]
    told = {claim['name']: claim['by_rule'] for claim in claims}
    assert told['secureboot'] is True and told['tpm.vendor'] is False, told


def main():
    cases = (every_code_is_listed_in_its_order, json_has_all_of_each_record,
             one_code_is_shown_to_people, what_is_no_code_is_no, wrong_usage_is_told,
             claims_are_listed)
    failed = 0
    print(f'1..{len(cases)}')
    for number, case in enumerate(cases, 1):
        try:
            case()
        except (AssertionError, ValueError, IndexError, KeyError) as problem:
            failed += 1
            print(f'# {problem!r}\nnot ok {number} {case.__name__}')
        else:
            print(f'ok {number} {case.__name__}')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
