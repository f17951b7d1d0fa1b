#!/usr/bin/env python3
"""`assay group …`, `assay device group`: what they ask, what they tell, what they leave alone.

test_group_cli.py ASSAY: prints TAP."""
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
NO_DEVICE = (1, {'code': 'unknown', 'error': 'there is no such device'})
A, B = 'ab' * 32, 'cd' * 32


def ueid(n):
    return f'01{n:08x}' + 'ab' * 12


def changed(n, added=(), removed=()):
    return 0, {'id': ueid(n), 'groups': list(added), 'added': list(added),
               'removed': list(removed)}


def group(name, done=True, site=False, members=0):
    return 0, {'name': name, 'site': site, 'members': members, 'changed': done}


def assay(*words, answers=(), text=None):
    """(exit status, stdout, stderr); the keeper gives these answers."""
    KEEPER.answers, KEEPER.heard = list(answers), []
    done = subprocess.run([ASSAY, *words], input=text, env=ENV, text=True, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode >= 0 and KEEPER.answers == [], (words, done, KEEPER.answers)
    return done.returncode, done.stdout, done.stderr


def heard():
    return [' '.join(words) for words in KEEPER.heard]


def groups_are_made_and_removed():
    for words, answer, ask, said in (
            ('add pilots', group('pilots'), 'add pilots', 'group pilots is there now'),
            ('add pilots', group('pilots', False), 'add pilots', 'group pilots is there already'),
            ('add berlin --site', group('berlin', site=True), 'add berlin site',
             'group berlin is there now, a site'),
            ('remove pilots', group('pilots'), 'remove pilots', 'group pilots is removed'),
            ('remove pilots', group('pilots', False), 'remove pilots', 'there is no group pilots'),
            ('remove pilots --with-members', group('pilots'), 'remove pilots with-members',
             'group pilots is removed')):
        code, out, err = assay('group', *words.split(), answers=[answer])
        assert (code, out, err) == (0, said + '\n', ''), (words, out, err)
        assert heard() == ['group ' + ask], KEEPER.heard
        code, out, _ = assay('group', *words.split(), '--json', answers=[answer])
        assert code == 0 and json.loads(out) == answer[1], out
    code, _, err = assay('group', 'remove', 'pilots', answers=[
        (1, {'code': 'members', 'error': 'the group has members'})])
    assert code == 1 and 'has members' in err, err


def groups_are_listed():
    _, out, _ = assay('group', 'list', answers=[(0, {'groups': [
        group('berlin', site=True, members=117)[1], group('pilots', members=5)[1]]})])
    lines = [line.split() for line in out.splitlines()]
    assert lines == [['GROUP', 'MEMBERS'], ['berlin', '117', 'site'], ['pilots', '5']], out
    assert 'There is no group' in assay('group', 'list', answers=[(0, {'groups': []})])[1]
    code, _, err = assay('group', 'list', answers=[(0, {'groups': [{'name': 'x'}]})])
    assert code == 1 and '"members"' in err, err


def a_group_shows_its_devices():
    devices = [{'id': ueid(1), 'state': 'fresh', 'class': 'laptops'},
               {'id': ueid(2), 'state': 'pending', 'class': ''}]
    shown = dict(group('berlin', site=True, members=2)[1], devices=devices)
    code, out, _ = assay('group', 'show', 'berlin', answers=[(0, shown)])
    lines = out.splitlines()
    assert code == 0 and lines[0] == 'group berlin, a site, members: 2', out
    assert [line.split() for line in lines[1:]] == [
        ['ID', 'STATE', 'CLASS'], ['00000001', 'fresh', 'laptops'], ['00000002', 'pending']], out
    code, out, _ = assay('group', 'show', 'pilots', answers=[(0, dict(group('pilots')[1],
                                                                    devices=[]))])
    assert (code, out) == (0, 'group pilots, members: 0\n'), out
    assert assay('group', 'show', 'x', answers=[(0, {'name': 'x'})])[0] == 1


def a_list_is_of_one_group():
    device = {'id': ueid(1), 'state': 'fresh', 'class': 'laptops', 'groups': ['berlin']}
    _, out, _ = assay('device', 'list', '--group', 'berlin', answers=[(0, {'devices': [device]})])
    assert '00000001' in out and heard() == ['device list berlin'], out
    _, out, _ = assay('device', 'list', '--group', 'berlin', answers=[(0, {'devices': []})])
    assert out == 'No device is in this group.\n', out


def a_device_shows_its_groups():
    device = {'id': ueid(1), 'fingerprint': A, 'state': 'fresh', 'class': 'laptops'}
    for groups, line in ((['berlin', 'pilots'], 'groups       berlin pilots\n'), ([], None)):
        _, out, err = assay('device', 'show', '00000001',
                            answers=[(0, dict(device, groups=groups))])
        assert line in out if line else 'groups' not in out, (out, err)


def changes_are_told():
    code, out, err = assay('device', 'group', '00000001', '0000000A', '00000003', '--add',
                           'pilots', '--remove', 'berlin', '--add', 'field', answers=[
                               changed(1, ['field', 'pilots'], ['berlin']), changed(10),
                               changed(3, [], ['berlin'])])
    assert (code, err) == (0, ''), err
    assert out == ('device 00000001 -berlin +field +pilots\ndevice 00000003 -berlin\n'
                   'changed 2, as they were 1, failed 0\n'), out
    assert heard() == [f'device group {n} -berlin +pilots +field'
                       for n in ('00000001', '0000000a', '00000003')], KEEPER.heard


def a_dry_run_says_so():
    code, out, _ = assay('device', 'group', '00000001', '--add', 'pilots', '--dry-run',
                         answers=[changed(1, ['pilots'])])
    assert code == 0 and out == ('device 00000001 would be +pilots\n'
                                 'would change 1, as they were 0, failed 0\n'), out
    assert heard() == ['device group 00000001 +pilots dry-run']


def one_that_fails_is_named_and_the_others_go_on():
    code, out, err = assay('device', 'group', '00000001', '00000002', '--add', 'pilots', answers=[
        NO_DEVICE, changed(2, ['pilots'])])
    assert code == 1 and out.endswith('changed 1, as they were 0, failed 1\n'), out
    assert 'not changed: 00000001' in err and 'no such device' in err, err


def a_file_says_all_groups_of_each():
    text = f'fingerprint,class,groups\n{A.upper()},laptops, berlin  pilots \n# later\n{B},kiosks,\n'
    code, out, err = assay('device', 'group', '--file', '-', text=text, answers=[
        changed(1, ['berlin'], ['paris']), NO_DEVICE])
    assert code == 1 and out == ('device 00000001 -paris +berlin\n'
                                 'changed 1, as they were 0, failed 1\n'), out
    assert heard() == [f'device group {A} = +berlin +pilots', f'device group {B} ='], KEEPER.heard
    assert f'line 4: not changed: {B}' in err, err
    code, out, _ = assay('device', 'group', '--file', '-', '--dry-run', text=f'{A},laptops,a\n',
                         answers=[changed(1)])
    assert (code, out) == (0, 'would change 0, as they were 1, failed 0\n'), out
    assert heard() == [f'device group {A} = +a dry-run']


def a_bad_file_changes_nobody():
    for text, why in ((f'{A},c,berlin\n{B},c\n', 'line 2: it has no third column'),
                      (f'{A},c,berlin\n{B},c,a/b\n', 'line 2: a group is not of'),
                      (f'{A},c,berlin\n{A},c,paris\n', 'line 2: the same fingerprint'),
                      ('', 'no line'), ('fingerprint,class,groups\n', 'no line')):
        code, out, err = assay('device', 'group', '--file', '-', text=text)
        assert (code, out, KEEPER.heard) == (1, '', []) and why in err, (text, err)
        assert ('nothing was changed' in err) == ('line 2' in why), err
    none = os.path.join(FOLDER.name, 'none')
    assert assay('device', 'group', '--file', none)[0] == 1 and not KEEPER.heard


def json_has_the_same():
    code, out, _ = assay('device', 'group', '00000001', '00000002', '00000003', '--add', 'pilots',
                         '--json', answers=[changed(1, ['pilots']), changed(2), NO_DEVICE])
    assert code == 1 and json.loads(out) == {
        'dry_run': False, 'changed': 1, 'kept': 1, 'failed': 1,
        'devices': [changed(1, ['pilots'])[1]]}, out


def an_import_takes_groups_along():
    path = os.path.join(FOLDER.name, 'devices.csv')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'{A},c,berlin  pilots\n{B},c\n')
    code, _, err = assay('device', 'import', path, answers=[(0, {'imported': 2})])
    assert code == 0 and KEEPER.heard == [
        ['device', 'import', f'{A},c,berlin pilots', f'{B},c']], (KEEPER.heard, err)


def a_move_looks_at_the_class_alone():
    code, out, err = assay('device', 'move', '--file', '-', text=f'{A},servers,berlin\n', answers=[
        (0, {'id': ueid(1), 'state': 'fresh', 'class': 'laptops'}),
        (0, {'id': ueid(1), 'state': 'provisional', 'class': 'servers', 'unpinned': 0})])
    assert code == 0 and heard()[1] == f'device move {A} servers', (out, err)


def what_a_keeper_says_is_escaped():
    for words, answer in (
            (('group', 'add', 'a'), group('\x1b[2J\n')),
            (('group', 'list'), (0, {'groups': [group('\x1b[2J\n')[1]]})),
            (('group', 'show', 'a'), (0, dict(group('\x1b\n')[1], devices=[]))),
            (('device', 'group', '00000001', '--add', 'a'), changed(1, ['\x1b[2J\n']))):
        code, out, err = assay(*words, answers=[answer])
        assert code == 0 and '\x1b' not in out + err and out.count('\n') <= 2, (words, out, err)
    for answer in ((0, {}), (0, {'id': ueid(1)}), (0, {'id': ueid(1), 'added': 7, 'removed': []}),
                   (0, {'id': ueid(1), 'added': [7], 'removed': []})):
        code, out, err = assay('device', 'group', '00000001', '--add', 'a', answers=[answer])
        assert code == 1 and 'failed 1' in out, (answer, out, err)


def wrong_usage_asks_nobody():
    for words in ('group add', 'group add a/b', 'group add a b', 'group remove', 'group list x',
                  'group show', 'group show a b', 'device group', 'device group 00000001',
                  'device group --add a', 'device group --file x --add a',
                  'device group --file x 00000001', 'device group 00000001 --add a/b',
                  'device list --group', 'device list --group a b',
                  'device group 00000001' + ' --add a' * 40 + ' --remove b' * 40):
        code, out, err = assay(*words.split())
        assert (code, out, KEEPER.heard) == (2, '', []) and 'usage' in err, (words, err)


if __name__ == '__main__':
    tap.run([(case,) for case in (
        groups_are_made_and_removed, groups_are_listed, a_group_shows_its_devices,
        a_list_is_of_one_group, a_device_shows_its_groups, changes_are_told, a_dry_run_says_so,
        one_that_fails_is_named_and_the_others_go_on, a_file_says_all_groups_of_each,
        a_bad_file_changes_nobody, json_has_the_same, an_import_takes_groups_along,
        a_move_looks_at_the_class_alone, what_a_keeper_says_is_escaped, wrong_usage_asks_nobody)])
