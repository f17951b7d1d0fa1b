#!/usr/bin/env python3
"""`assay device move` of many devices: what it asks, what it tells, what it leaves alone.

test_move_cli.py ASSAY: prints TAP."""
import json
import os
import subprocess
import sys
import tempfile

import tap
from stand_in_keeper import Keeper

ASSAY = os.path.abspath(sys.argv[1])
FOLDER = tempfile.TemporaryDirectory()
KEEPER = Keeper(FOLDER.name)
ENV = dict(os.environ, ASSAY_SOCKET=KEEPER.path)
NO_DEVICE = (1, {'code': 'device', 'error': 'there is no such device'})


def ueid(n):
    return f'01{n:08x}' + 'ab' * 12


def shown(n, class_name):
    return 0, {'id': ueid(n), 'state': 'fresh', 'class': class_name}


def moved(n, class_name):
    return 0, {'id': ueid(n), 'state': 'provisional', 'class': class_name, 'unpinned': 3}


def move(*words, answers=(), text=None):
    """(exit status, stdout, stderr); words after `device move`, text to standard input."""
    KEEPER.answers, KEEPER.heard = list(answers), []
    done = subprocess.run([ASSAY, 'device', 'move', *words], input=text, env=ENV, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode >= 0 and KEEPER.answers == [], (words, done, KEEPER.answers)
    return done.returncode, done.stdout, done.stderr


def heard():
    return [' '.join(words[1:]) for words in KEEPER.heard]


def many_are_moved_and_each_is_told():
    code, out, err = move('00000001', '0000000A', '--class', 'servers', answers=(
        shown(1, 'laptops'), moved(1, 'servers'), shown(10, 'kiosks'), moved(10, 'servers')))
    assert (code, err) == (0, ''), err
    assert out == ('device 00000001 moved from laptops to servers\n'
                   'device 0000000a moved from kiosks to servers\n'
                   'moved 2, already there 0, failed 0\n'), out
    assert heard() == ['show 00000001', 'move 00000001 servers', 'show 0000000a',
                       'move 0000000a servers']


def who_is_there_is_left_alone():
    code, out, _ = move('00000001', '00000002', '--class', 'servers', answers=(
        shown(1, 'servers'), shown(2, 'servers')))
    assert (code, out) == (0, 'moved 0, already there 2, failed 0\n'), out
    assert heard() == ['show 00000001', 'show 00000002']


def a_dry_run_asks_and_changes_nothing():
    for ids in (('00000001',), ('00000001', '00000002')):
        answers = [shown(n, 'laptops') for n in range(1, len(ids) + 1)]
        code, out, _ = move(*ids, '--class', 'servers', '--dry-run', answers=answers)
        assert code == 0 and out.splitlines()[0] == (
            'device 00000001 would move from laptops to servers'), out
        assert out.splitlines()[-1] == f'would move {len(ids)}, already there 0, failed 0', out
        assert not any(line.startswith('move') for line in heard()), KEEPER.heard


def one_that_fails_is_named_and_the_others_go_on():
    code, out, err = move('00000001', '00000002', '00000003', '--class', 'servers', answers=(
        NO_DEVICE, shown(2, ''), (1, {'code': 'state', 'error': 'no member yet'}),
        shown(3, 'laptops'), moved(3, 'servers')))
    assert code == 1 and out == ('device 00000003 moved from laptops to servers\n'
                                 'moved 1, already there 0, failed 2\n'), out
    assert 'not moved: 00000001' in err and 'not moved: 00000002' in err, err
    assert 'no such device' in err and 'no member yet' in err, err


def a_file_has_a_class_for_each():
    first, second = 'ab' * 32, 'cd' * 32
    text = f'fingerprint,class\n{first.upper()},servers\n# later\n{second},kiosks\n'
    code, out, err = move('--file', '-', text=text, answers=(
        shown(1, 'laptops'), moved(1, 'servers'), NO_DEVICE))
    assert code == 1 and out.endswith('moved 1, already there 0, failed 1\n'), out
    assert heard() == [f'show {first}', f'move {first} servers', f'show {second}']
    assert f'line 4: not moved: {second}' in err, err


def a_bad_line_moves_nobody():
    text = 'ab' * 32 + ',servers\nab,servers\n'
    code, out, err = move('--file', '-', text=text)
    assert (code, out, KEEPER.heard) == (1, '', []), out
    assert 'line 2: ' in err and 'nothing was moved' in err, err
    for text in ('', 'fingerprint,class\n'):
        assert move('--file', '-', text=text)[0] == 1 and not KEEPER.heard
    assert move('--file', os.path.join(FOLDER.name, 'none'))[0] == 1 and not KEEPER.heard


def json_has_the_same():
    code, out, _ = move('00000001', '00000002', '--class', 'servers', '--json', answers=(
        shown(1, 'laptops'), moved(1, 'servers'), shown(2, 'servers')))
    assert code == 0 and json.loads(out) == {
        'dry_run': False, 'moved': 1, 'kept': 1, 'failed': 0,
        'devices': [{'id': ueid(1), 'from': 'laptops', 'to': 'servers'}]}, out
    code, out, _ = move('00000001', '--class', 'servers', '--json', '--dry-run', answers=(
        NO_DEVICE,))
    assert code == 1 and json.loads(out)['failed'] == 1 and json.loads(out)['dry_run'], out


def what_a_keeper_says_is_escaped():
    code, out, err = move('00000001', '00000002', '--class', 'servers', answers=(
        (0, {'id': ueid(1), 'class': '\x1b[2J\n'}), moved(1, 'servers'), (0, {'class': 'a'}),
        moved(2, 'servers')))
    assert code == 1 and '\x1b' not in out + err and out.count('\n') == 2, (out, err)


def wrong_usage_asks_nobody():
    for words in ((), ('--dry-run',), ('00000001',), ('--class', 'a'),
                  ('--file', 'x', '--class', 'a'), ('--file', 'x', '00000001')):
        code, out, err = move(*words)
        assert (code, out, KEEPER.heard) == (2, '', []) and 'usage' in err, (words, err)


if __name__ == '__main__':
    tap.run([(case,) for case in (
        many_are_moved_and_each_is_told, who_is_there_is_left_alone,
        a_dry_run_asks_and_changes_nothing, one_that_fails_is_named_and_the_others_go_on,
        a_file_has_a_class_for_each, a_bad_line_moves_nobody, json_has_the_same,
        what_a_keeper_says_is_escaped, wrong_usage_asks_nobody)])
