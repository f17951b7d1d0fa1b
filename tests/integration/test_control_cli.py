#!/usr/bin/env python3
"""The operator's subcommands of `assay` against a stand-in keeper.

usage: test_control_cli.py PATH_OF_ASSAY
"""
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

import tap
from stand_in_keeper import Keeper, answer_body, frame

ASSAY = sys.argv[1]
FOLDER = tempfile.TemporaryDirectory()
KEEPER = Keeper(FOLDER.name)
ENV = dict(os.environ, ASSAY_SOCKET=KEEPER.path)

FINGERPRINT = '5e1f0c2b' * 8
ID = '01' + '3fa94c10' + 'ab' * 28
DEVICE = {'id': ID, 'fingerprint': FINGERPRINT, 'state': 'failed', 'class': 'laptops',
          'tier': 'contraindicated', 'reasons': ['BOOT_IMAGE_UNKNOWN', 'INITRD_UNKNOWN'],
          'age_s': 185, 'model': 'T14', 'maker': 'LENOVO', 'serial': 'PF-1'}
PENDING = {'id': '01' + '77d20b5e' + 'cd' * 28, 'fingerprint': 'aa' * 32, 'state': 'pending',
           'class': '', 'maker': '', 'model': '', 'serial': ''}
SHOWN = dict(DEVICE, ek_chain='verified', enrolled_ms=1764000000000, ak_name='000b' + 'ee' * 32,
             boot={'era': 1, 'reset': 217, 'restart': 2}, tpm_firmware='0001000200030004',
             challenge_ms=1764000100000, accepted_ms=1763990000000, why='',
             verdict={'tier': 'contraindicated',
                      'reasons': [{'code': 421, 'name': 'BOOT_IMAGE_UNKNOWN'},
                                  {'code': 431, 'name': 'INITRD_UNKNOWN'}],
                      'rule': 'chain', 'clause': 'appraisal', 'text': 'the kernel is not known',
                      'pcr': 4, 'event': 31, 'expected': 'kernel 6.12.48',
                      'seen': 'vmlinuz-6.12.57'},
             boot_events=[{'pcr': 0, 'label': 'firmware 1.30'},
                          {'pcr': 4, 'type': 0x80000003, 'label': 'vmlinuz',
                           'digest': '8d25a470' * 8}])
CLASS = {'name': 'laptops', 'bank': 'sha256', 'pcrs': [*range(10), 14], 'interval_s': 300,
         'audiences': 'bearer:a bearer:b', 'need_ek_chain': True, 'allow_no_nonce': True,
         'allow_sha1': False, 'lacks': ['sha512'], 'evidence_max': 2 << 20}
REF = {'pcr': 4, 'type': 0x80000003, 'digest': '8d25a470' * 8, 'label': 'vmlinuz', 'device': ID}
PROPOSAL = {'class': 'laptops', 'would_add': [REF], 'known': 41}
ADDED = {'added': 1, 'version': 7, 'judged': [{'id': ID, 'tier': 'affirming'}]}
STATUS = {'site': 'berlin.example', 'version': '0.1.0', 'uptime_s': 18000,
          'devices': {'pending': 2, 'fresh': 117, 'removed': 0},
          'policy': {'state': 'ready', 'sequence': 15}}
DISK = {'slot': 'gpt', 'value': '8d25a470' * 8, 'at_ms': 1764000000000, 'policy': 'laptop:14'}
PINS = {'id': ID, 'pins': [{'slot': 'boot.cmdline', 'hole': 'root', 'value': '12-34',
                            'at_ms': 1764000000000, 'policy': 'laptop:14'}, DISK,
                           {'slot': 'rule:rom', 'value': '', 'at_ms': 0, 'policy': ''}],
        'shown': [dict(DISK, value='5e1f0c2b' * 8)]}
WOULD_PIN = dict(PINS, slot='gpt', pinned=0, pins=[DISK], proposal='ab' * 32,
                 reasons=['GPT_CHANGED', 'MODE_OBSERVE'])
ACTIVE = {'state': 'ready', 'sequence': 15, 'keys': 1, 'issued_s': 1764000000,
          'not_after_s': 1790000000, 'loaded_ms': 1764000100000, 'digest': '8d25a470' * 8,
          'sets': 12, 'digests': 340, 'policies': [
              {'name': 'laptop', 'version': 14, 'mode': 'enforce', 'rules': 22,
               'classes': ['laptops', 't14g3']},
              {'name': 'base', 'version': 6, 'mode': 'off', 'rules': 5, 'classes': []}]}
BROKEN = {'state': 'broken', 'sequence': 15, 'keys': 1, 'issued_s': 0, 'not_after_s': 0,
          'loaded_ms': 1764000100000, 'digest': '8d25a470' * 8, 'rule': 'bundle-signature',
          'why': 'not signed by us'}
PUBLISHED = {'published': True, 'sequence': 15, 'not_after_s': 0, 'digest': '8d25a470' * 8}
BUNDLE = os.path.join(FOLDER.name, 'site.bundle')
with open(BUNDLE, 'wb') as sealed:
    sealed.write(b'\xd2' + bytes(300000))

# What an operator types -> the words that go up, and an answer that fits.
COMMANDS = [
    ('device list', ['device', 'list'], {'devices': [DEVICE, PENDING]}),
    ('device show 3FA94C10', ['device', 'show', '3fa94c10'], SHOWN),
    (f'device approve {FINGERPRINT.upper()} --class laptops',
     ['device', 'approve', FINGERPRINT, 'laptops'], {'id': ID, 'state': 'provisional'}),
    ('device quarantine 3fa94c10 --why lost', ['device', 'quarantine', '3fa94c10', 'lost'],
     {'id': ID, 'state': 'quarantined'}),
    ('device release 3fa94c10', ['device', 'release', '3fa94c10'],
     {'id': ID, 'state': 'provisional'}),
    ('device remove 3fa94c10 --why=scrapped', ['device', 'remove', '3fa94c10', 'scrapped'],
     {'id': ID, 'state': 'removed'}),
    ('device new-era 3FA94C10', ['device', 'new-era', '3fa94c10'],
     {'id': ID, 'state': 'failed', 'era': 2}),
    ('device rekey 3fa94c10', ['device', 'rekey', '3fa94c10'],
     {'id': ID, 'state': 'fresh', 'ak_name': '000b' + 'ee' * 32}),
    (f'device replace 3fa94c10 {FINGERPRINT.upper()}',
     ['device', 'replace', '3fa94c10', FINGERPRINT],
     {'id': PENDING['id'], 'state': 'provisional', 'replaces': ID}),
    ('device move 3FA94C10 --class servers', ['device', 'move', '3fa94c10', 'servers'],
     {'id': ID, 'state': 'provisional', 'class': 'servers', 'unpinned': 7}),
    ('device pins 3FA94C10', ['device', 'pins', '3fa94c10'], PINS),
    ('device unpin 3FA94C10 boot.cmdline=root',
     ['device', 'unpin', '3fa94c10', 'boot.cmdline=root'], {'id': ID, 'dropped': 1}),
    ('device unpin 3fa94c10 --all', ['device', 'unpin', '3fa94c10', '*'],
     {'id': ID, 'dropped': 12}),
    ('device code --class laptops --hours 8', ['device', 'code', 'laptops', '8'],
     {'code': 'ABCDEFGH', 'class': 'laptops', 'expires_ms': 1764000000000}),
    ('device code --class laptops', ['device', 'code', 'laptops', '24'],
     {'code': 'ABCDEFGH', 'class': 'laptops', 'expires_ms': 1764000000000}),
    ('class list', ['class', 'list'], {'classes': [CLASS]}),
    ('class add laptops', ['class', 'add', 'laptops'], CLASS),
    ('class add laptops --bank sha384 --pcrs 0-9,14 --interval 60 --audience bearer:a '
     '--audience bearer:b --need-ek-chain --allow-no-nonce=no --allow-sha1 --lacks sha512 '
     '--evidence-max 2M',
     ['class', 'add', 'laptops', 'bank=sha384', 'pcrs=0-9,14', 'interval=60',
      'audiences=bearer:a bearer:b', 'need-ek-chain=yes', 'allow-no-nonce=no', 'allow-sha1=yes',
      'lacks=sha512', 'evidence-max=2M'], CLASS),
    ('golden show --class laptops', ['golden', 'show', 'laptops'],
     {'class': 'laptops', 'version': 7, 'refs': [REF]}),
    ('golden learn --class laptops --from 3FA94C10 77d20b5e --yes --json',
     ['golden', 'learn', 'laptops', '3fa94c10', '77d20b5e', 'confirm'], ADDED),
    ('policy active', ['policy', 'active'], ACTIVE),
    (f'policy publish {BUNDLE} --untested', ['policy', 'publish', 'untested'], PUBLISHED),
    (f'policy publish {BUNDLE} --untested --why ticket-7',
     ['policy', 'publish', 'untested', 'ticket-7'], PUBLISHED),
    ('status', ['status'], STATUS),
]
# Commands with one question each, for what is alike for all of them.
PLAIN = [(line, answer) for line, _, answer in COMMANDS]


def assay(line, *answers, stdin='', env=None):
    """(exit status, stdout, stderr) of a command; the keeper gives these answers."""
    KEEPER.answers, KEEPER.heard = list(answers), []
    words = line.split() if isinstance(line, str) else line
    done = subprocess.run([ASSAY, *words], input=stdin, capture_output=True, timeout=60,
                          env=env or ENV, check=False, text=True)
    assert done.returncode >= 0, (line, done)
    return done.returncode, done.stdout, done.stderr


def printable(text):
    return re.fullmatch(r'[\n\x20-\x7e]*', text) is not None


def the_words_are_those_of_the_protocol():
    for line, words, answer in COMMANDS:
        code, _, err = assay(line, (0, answer))
        assert KEEPER.heard == [words], (line, KEEPER.heard, err)
        assert code == 0, (line, err)


def json_is_the_keepers_own():
    for line, answer in PLAIN:
        code, out, err = assay(f'{line} --json' if '--json' not in line else line, (0, answer))
        assert (code, err) == (0, ''), (line, err)
        assert json.loads(out) == answer, (line, out)


def the_list_is_a_table():
    _, out, _ = assay('device list', (0, {'devices': [DEVICE, PENDING]}))
    lines = out.splitlines()
    assert lines[0].split() == ['ID', 'STATE', 'CLASS', 'TIER', 'AGE', 'FIRST', 'REASON']
    assert re.fullmatch(r'3fa94c10  failed   laptops  contraindicated  3 min  '
                        r'BOOT_IMAGE_UNKNOWN, and 1 more', lines[1]), lines[1]
    assert re.fullmatch(r'77d20b5e  pending           -                -', lines[2]), lines[2]
    assert 'No device' in assay('device list', (0, {'devices': []}))[1]


def ages_have_the_unit_that_fits():
    for age_s, text in ((0, '0 s'), (119, '119 s'), (120, '2 min'), (7200, '2 h'),
                        (172800, '2 d'), (2 ** 62, f'{2 ** 62 // 86400} d')):
        out = assay('device list', (0, {'devices': [dict(DEVICE, age_s=age_s)]}))[1]
        assert f'  {text}  ' in out, (age_s, out)


def show_explains_the_verdict():
    _, out, _ = assay('device show 3fa94c10', (0, SHOWN))
    for text in ('contraindicated, 3 min ago: BOOT_IMAGE_UNKNOWN (421), INITRD_UNKNOWN (431)',
                 'the kernel is not known [chain; appraisal]', '31 of the log, PCR 4',
                 'expected     kernel 6.12.48', 'seen         vmlinuz-6.12.57',
                 'failed, class laptops, EK chain verified, since 2025-11-24 16:00 UTC',
                 'LENOVO T14, serial PF-1', '217, resumed 2 times, era 1',
                 'started      PCR 0  firmware 1.30',
                 'PCR 4  EV_EFI_BOOT_SERVICES_APPLICATION  8d25a4708d25  vmlinuz',
                 'next         if this change was meant: assay golden learn --class laptops '
                 '--from 3fa94c10\n'
                 '             if not: assay device quarantine 3fa94c10 --why TEXT'):
        assert text in out, (text, out)


def show_names_twins():
    assert 'twins' not in assay('device show 3fa94c10', (0, SHOWN))[1]
    for n, text in ((1, '1 other device of'), (2, '2 other devices of')):
        out = assay('device show 3fa94c10', (0, dict(SHOWN, serial_twins=n)))[1]
        assert f'twins        {text} this serial' in out, out


def show_names_a_candidate():
    waits = {'ak_name': '000b' + '1d' * 32, 'enrolled_ms': 1764000000000, 'accepted_ms': 0}
    _, out, _ = assay('device show 3fa94c10', (0, dict(SHOWN, candidate=waits)))
    assert 'another AK, 000b1d1d1d1d1d1d, since 2025-11-24 16:00 UTC; no evidence' in out, out
    waits['accepted_ms'] = 1764000100000
    _, out, _ = assay('device show 3fa94c10', (0, dict(SHOWN, candidate=waits)))
    assert 'its evidence passed: assay device rekey' in out, out


def what_became_of_a_tpm_is_said():
    by_name = {line.split()[1]: (line, answer) for line, _, answer in COMMANDS
               if ' ' in line}
    for verb, text in (('new-era', 'device 3fa94c10 begins era 2 with its next evidence'),
                       ('rekey', 'device 3fa94c10 has the AK 000beeeeeeeeeeee now'),
                       ('replace', 'device 77d20b5e is provisional now, in the place of 3fa94c10'),
                       ('move', 'device 3fa94c10 is provisional now, in the class servers\n'
                                'pinned values dropped: 7')):
        line, answer = by_name[verb]
        assert assay(line, (0, answer)) == (0, text + '\n', ''), line
        for key in answer:
            short = {name: value for name, value in answer.items() if name != key}
            used = (key != 'state' or verb in ('replace', 'move')) and key != 'unpinned'
            assert assay(line, (0, short))[0] == (1 if used else 0), (line, key)
    for line in ('device new-era', 'device rekey', 'device replace 3fa94c10',
                 'device replace 3fa94c10 77d20b5e', 'device move 3fa94c10'):
        assert assay(line)[0] == 2 and KEEPER.heard == [], line


def what_a_device_is_held_to_is_a_table():
    code, out, err = assay('device pins 3fa94c10', (0, PINS))
    assert (code, err) == (0, ''), err
    lines = out.splitlines()
    assert lines[0].split() == ['SLOT', 'SINCE', 'BY', 'POLICY', 'VALUE'], lines
    assert re.fullmatch(r'boot.cmdline=root +20..-..-.. ..:.. UTC +laptop:14 +12-34', lines[1])
    assert re.fullmatch(r'gpt +20..-..-.. ..:.. UTC +laptop:14 +(8d25a470){8}', lines[2])
    assert re.fullmatch(r'rule:rom +- +- +\(nothing\)', lines[3]), lines
    assert lines[4].startswith('Its last evidence showed instead'), lines
    assert '5e1f0c2b' * 8 in lines[6] and len(lines) == 7
    out = assay('device pins 3fa94c10', (0, dict(PINS, pins=[], shown=[])))[1]
    assert out == 'device 3fa94c10 is held to nothing of its own\n', out


ACCEPT = 'device accept 3FA94C10 gpt'
ACCEPTED = ['device', 'accept', '3fa94c10', 'gpt']


def accepting_shows_before_it_pins():
    confirmed = [ACCEPTED, ACCEPTED + ['confirm=' + 'ab' * 32]]
    pinned = dict(WOULD_PIN, pinned=1)
    code, out, err = assay(ACCEPT, (0, WOULD_PIN), stdin='y\n')
    assert code == 1 and '--yes' in err and KEEPER.heard == [ACCEPTED]
    assert out.index('8d25a470') < out.index('5e1f0c2b') < out.index('GPT_CHANGED'), out
    code, out, _ = assay(ACCEPT + ' --yes', (0, WOULD_PIN), (0, pinned))
    assert code == 0 and out.endswith('device 3fa94c10: values pinned: 1\n'), out
    assert KEEPER.heard == confirmed
    code, out, err = assay(ACCEPT + ' --json', (0, WOULD_PIN))
    assert code == 1 and json.loads(out) == WOULD_PIN and '--yes' in err
    assert KEEPER.heard == [ACCEPTED]
    code, out, _ = assay(ACCEPT + ' --json --yes', (0, WOULD_PIN), (0, pinned))
    assert code == 0 and json.loads(out) == pinned and KEEPER.heard == confirmed
    for words in ('', ' --yes --json'):
        code, out, err = assay(ACCEPT + words, (0, dict(WOULD_PIN, proposal=7)))
        assert code == 1 and '"proposal"' in err and KEEPER.heard == [ACCEPTED], err
    code, _, err = assay(ACCEPT + ' --yes', (0, WOULD_PIN), (1, {'code': 'changed', 'error': 'x'}))
    assert code == 1 and 'x' in err


def accepting_asks_on_a_terminal():
    code, err = on_terminal(ACCEPT, b'y\n', (0, WOULD_PIN), (0, dict(WOULD_PIN, pinned=1)))
    assert code == 0 and '[y/N]' in err and len(KEEPER.heard) == 2
    code, err = on_terminal(ACCEPT, b'\n', (0, WOULD_PIN))
    assert code == 1 and 'nothing was pinned' in err and len(KEEPER.heard) == 1


def show_does_without_a_verdict():
    _, out, _ = assay('device show 77d20b5e', (0, PENDING))
    assert 'none yet' in out
    assert f'assay device approve {"aa" * 32} --class CLASS' in out, out


def show_knows_the_rules_by_name():
    verdict = {'tier': 'contraindicated', 'rule': 'evlog-short',
               'reasons': [{'code': 202, 'name': 'LOG_PARSE'}]}
    _, out, _ = assay('device show 3fa94c10', (0, dict(SHOWN, verdict=verdict)))
    assert '[evlog-short; TCG PFP' in out, out
    verdict['rule'] = 'of-tomorrow'
    _, out, _ = assay('device show 3fa94c10', (0, dict(SHOWN, verdict=verdict)))
    assert '[of-tomorrow]' in out, out


def next_step(state, code, **more):
    verdict = {'tier': 'contraindicated', 'reasons': [{'code': code, 'name': 'X'}] if code else []}
    _, out, _ = assay('device show 3fa94c10',
                      (0, dict(SHOWN, state=state, verdict=verdict, **more)))
    return re.search(r'^next +(.*)', out, re.M | re.S).group(1)


def the_next_step_fits_the_case():
    for state, code, text in (
            ('fresh', 0, 'nothing to do'), ('quarantined', 421, 'device release 3fa94c10'),
            ('removed', 0, 'device release'), ('stale', 0, 'assay-attestor runs'),
            ('provisional', 803, 'golden learn --class laptops'), ('failed', 301, 'golden learn'),
            ('failed', 101, 'device quarantine'), ('failed', 109, 'class list'),
            ('failed', 112, 'restart'), ('failed', 113, 'new-era 3fa94c10'),
            ('failed', 114, 'new-era 3fa94c10'), ('failed', 203, 'device quarantine'),
            ('failed', 706, '--need-ek-chain=no'), ('failed', 709, 'device quarantine'),
            ('failed', 808, 'journalctl'), ('failed', 9999, 'journalctl')):
        assert text in next_step(state, code), (state, code)


def the_next_step_is_safe_to_paste():
    text = next_step('failed', 421, **{'class': '$(reboot)', 'id': '01;reboot'})
    assert 'reboot' not in text and '--class CLASS' in text, text


def a_class_has_its_pcrs_in_ranges():
    _, out, _ = assay('class list', (0, {'classes': [CLASS]}))
    assert re.search(r'laptops  sha256  0-9,14  300 s  bearer:a bearer:b  EK chain needed', out)
    assert '; lacks sha512; evidence up to 2048 KiB' in out, out
    every = dict(CLASS, pcrs=[*range(24)], need_ek_chain=False, allow_sha1=True)
    _, out, _ = assay('class list', (0, {'classes': [every]}))
    assert '  0-23  ' in out and 'SHA-1 allowed' in out, out
    odd = dict(CLASS, pcrs=[*range(0, 24, 2)])
    assert '0,2,4,6,8,10,12,14,16,18,20,22 ' in assay('class list', (0, {'classes': [odd]}))[1]


def status_counts_devices():
    _, out, _ = assay('status', (0, STATUS))
    assert 'berlin.example' in out and '0.1.0, up for 5 h' in out
    assert '2 pending, 117 fresh\n' in out and out.endswith('policy    bundle 15\n'), out


def status_rings_for_a_bundle_that_must_not_be_used():
    for state, text in (('broken', 'ALARM: bundle 15 must not be used'), ('none', 'none published'),
                        ('expired', 'ALARM: bundle 15 has expired'),
                        ('of-tomorrow', 'of-tomorrow')):
        _, out, _ = assay('status', (0, dict(STATUS, policy={'state': state, 'sequence': 15})))
        assert f'policy    {text}' in out, out
    older = {key: value for key, value in STATUS.items() if key != 'policy'}
    assert assay('status', (0, older))[1].endswith('policy    -\n')


def the_bundle_that_counts_is_shown():
    code, out, err = assay('policy active', (0, ACTIVE))
    assert (code, err) == (0, ''), err
    for text in ('bundle     15\n', 'issued     2025-11-24 16:00 UTC',
                 'until      2026-09-21 14:13 UTC', 'holds      12 sets, 340 digests',
                 'published  2025-11-24 16:01 UTC', 'sha256     ' + '8d25a470' * 8,
                 'laptop  14       enforce  22     laptops t14g3',
                 'base    6        off      5      -'):
        assert text in out, (text, out)
    out = assay('policy active', (0, dict(ACTIVE, not_after_s=0)))[1]
    assert 'until      for ever' in out, out
    pilots = dict(ACTIVE['policies'][0], group='pilots')
    out = assay('policy active', (0, dict(ACTIVE, policies=[pilots])))[1]
    assert 'laptops t14g3 group pilots' in out, out


def one_that_must_not_be_used_is_no():
    code, out, err = assay('policy active', (0, BROKEN))
    assert code == 1 and '15, BROKEN' in out and 'not signed by us [bundle-signature]' in out, out
    assert 'present policy key and a higher sequence' in err, err
    code, out, err = assay('policy active', (0, dict(ACTIVE, state='expired')))
    assert code == 1 and '15, EXPIRED' in out and 'laptop' in out, out
    assert 'a later end' in err, err
    code, out, err = assay('policy active', (0, {'state': 'none', 'sequence': 0, 'keys': 1}))
    assert (code, out, err) == (1, '', 'assay: no bundle was ever published\n')
    assert 'key rotate policy' in assay('policy active', (0, {'state': 'none', 'keys': 0}))[2]
    code, out, _ = assay('policy active --json', (0, BROKEN))
    assert code == 1 and json.loads(out) == BROKEN


def a_bundle_goes_up_before_its_command():
    KEEPER.files.clear()
    code, out, _ = assay(f'policy publish {BUNDLE} --untested', (0, PUBLISHED))
    assert code == 0 and out.startswith('bundle 15 counts from now, until for ever, sha256:8d25')
    with open(BUNDLE, 'rb') as file:
        assert KEEPER.files == [file.read()]
    out = assay(f'policy publish {BUNDLE} --untested', (0, dict(PUBLISHED, published=False)))[1]
    assert out.startswith('bundle 15 counted already'), out
    code, _, err = assay('policy publish - --untested', (0, PUBLISHED), stdin='a body')
    assert code == 1 and KEEPER.heard == [] and 'assay policy sign' in err, err
    big = os.path.join(FOLDER.name, 'big.bundle')
    with open(big, 'wb') as file:
        file.write(b'\xd2')
        file.truncate(8392704)
    assert assay(f'policy publish {big} --untested', (0, PUBLISHED))[0] == 0
    assert len(KEEPER.files.pop()) == 8392704
    with open(big, 'ab') as file:
        file.write(b'x')
    code, _, err = assay(f'policy publish {big} --untested', (0, PUBLISHED))
    assert code == 1 and KEEPER.heard == [] and 'longer than 8392704 bytes' in err, err
    assert assay(f'policy publish {FOLDER.name}/none --untested')[0] == 1


def a_code_is_shown_with_its_end():
    _, out, _ = assay('device code --class laptops',
                      (0, {'code': 'ABCD', 'class': 'laptops', 'expires_ms': 1764000000000}))
    assert 'ABCD' in out and '2025-11-24 16:00 UTC' in out


LEARN = 'golden learn --class laptops --from 3fa94c10'
LEARNED = ['golden', 'learn', 'laptops', '3fa94c10']


def learning_without_a_terminal_adds_nothing():
    code, out, err = assay(LEARN, (0, PROPOSAL), stdin='y\n')
    assert code == 1 and '--yes' in err
    assert 'class laptops: golden values: 1 new, 41 known' in out
    assert 'EV_EFI_BOOT_SERVICES_APPLICATION  8d25a4708d25a470  vmlinuz  from 3fa94c10' in out
    assert KEEPER.heard == [LEARNED]


def learning_with_yes_shows_and_adds():
    code, out, _ = assay(LEARN + ' --yes', (0, PROPOSAL), (0, ADDED))
    assert code == 0 and 'vmlinuz' in out and 'added 1, version 7' in out
    assert 'device 3fa94c10 is affirming now' in out
    assert KEEPER.heard == [LEARNED, LEARNED + ['confirm']]
    named = dict(PROPOSAL, proposal='ab' * 32)
    assert assay(LEARN + ' --yes', (0, named), (0, ADDED))[0] == 0
    assert KEEPER.heard == [LEARNED, LEARNED + ['confirm=' + 'ab' * 32]]


def learning_nothing_new_asks_nothing():
    code, out, _ = assay(LEARN, (0, {'class': 'laptops', 'would_add': [], 'known': 42}))
    assert code == 0 and 'golden values: 0 new, 42 known' in out
    assert len(KEEPER.heard) == 1


def learning_in_json_only_proposes():
    code, out, err = assay(LEARN + ' --json', (0, PROPOSAL))
    assert code == 1 and json.loads(out) == PROPOSAL and '--yes' in err
    assert KEEPER.heard == [LEARNED]


def adding_other_than_shown_is_told():
    code, _, err = assay(LEARN + ' --yes', (0, PROPOSAL), (0, dict(ADDED, added=2)))
    assert code == 1 and '1 were shown but 2 added' in err


def on_terminal(line, typed, *answers):
    KEEPER.answers, KEEPER.heard = list(answers), []
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        raise tap.Skip(f'no pseudo-terminal here: {error}') from error
    os.write(ours, typed)
    done = subprocess.run([ASSAY, *line.split()], stdin=theirs, capture_output=True, timeout=60,
                          env=ENV, check=False)
    os.close(ours)
    os.close(theirs)
    return done.returncode, done.stderr.decode()


def a_terminal_is_asked():
    code, err = on_terminal(LEARN, b'y\n', (0, PROPOSAL), (0, ADDED))
    assert code == 0 and '[y/N]' in err and len(KEEPER.heard) == 2
    for typed in (b'n\n', b'\n', b'\x04'):
        code, err = on_terminal(LEARN, typed, (0, PROPOSAL))
        assert code == 1 and 'nothing was added' in err and len(KEEPER.heard) == 1, typed


def import_file(text, *answers, options=''):
    path = os.path.join(FOLDER.name, 'devices.csv')
    with open(path, 'wb') as file:
        file.write(text)
    return assay(f'device import {path} {options}', *answers)


def rows(n):
    return [f'{i:064x},laptops' for i in range(n)]


def an_import_goes_in_batches():
    text = 'fingerprint,class\n' + '\n'.join(rows(130)) + '\n'
    answers = [(0, {'imported': n}) for n in (60, 60, 10)]
    code, out, err = import_file(text.encode(), *answers)
    assert (code, out) == (0, 'imported 130 devices\n'), err
    assert KEEPER.heard == [['device', 'import', *rows(130)[at:at + 60]] for at in (0, 60, 120)]
    code, out, _ = import_file(text.encode(), *answers, options='--json')
    assert json.loads(out) == {'imported': 130}


def an_import_takes_what_spreadsheets_write():
    text = (b'\xef\xbb\xbffingerprint,class\r\n# ours\r\n\r\n' + FINGERPRINT.upper().encode()
            + b' , laptops\r\n')
    code, _, err = import_file(text, (0, {'imported': 1}))
    assert code == 0, err
    assert KEEPER.heard == [['device', 'import', FINGERPRINT + ',laptops']]


def an_import_names_bad_lines_and_sends_nothing():
    text = '\n'.join(['# list', FINGERPRINT + ',laptops', 'abc,laptops', 'z' * 64 + ',laptops',
                      FINGERPRINT[:-1] + '0,bad class', FINGERPRINT, FINGERPRINT + ',laptops',
                      'ab' * 32 + ',a,b,c', 'ab' * 32 + ','])
    code, out, err = import_file(text.encode() + b'\n\x00\x1b,\xff\n')
    assert (code, out, KEEPER.heard) == (1, '', [])
    for number, why in ((3, 'not 64 digits'), (4, 'not hex'), (5, 'the class'),
                        (6, 'FINGERPRINT,CLASS'), (7, 'same fingerprint as on line 2'),
                        (8, 'more than three'), (9, 'the class'), (10, 'not 64 digits')):
        assert re.search(f'line {number}: .*{why}', err), (number, err)
    assert 'line 1:' not in err and 'line 2:' not in err and 'nothing was imported' in err


def an_import_names_no_more_than_twenty():
    err = import_file(b'x\n' * 1000)[2]
    assert err.count('FINGERPRINT,CLASS') == 20 and 'and 980 more lines' in err


def an_import_that_stops_says_where():
    text = '\n'.join(rows(70)).encode()
    code, _, err = import_file(text, (0, {'imported': 60}),
                               (1, {'error': 'no such class', 'code': 'class'}))
    assert code == 1 and 'no such class' in err and 'lines 61 to 70; 60 devices' in err, err
    code, _, err = import_file(text, (0, {'imported': 59}))
    assert code == 1 and '59 of 60' in err


def an_import_of_nothing_is_refused():
    for text in (b'', b'\n', b'fingerprint,class\n', b'# only this'):
        assert import_file(text)[0] == 1, text
    assert assay('device import /nonexistent/file')[0] == 1


def a_refusal_is_told_in_the_keepers_words():
    for line, _ in PLAIN:
        code, out, err = assay(line.replace(' --json', ''),
                               (1, {'error': 'do this\x1b[2J', 'code': 'x'}))
        assert (code, out) == (1, '') and 'do this\\x1b[2J' in err, (line, err)
    code, out, err = assay('status --json', (1, {'error': 'do this', 'code': 'x'}))
    assert code == 1 and json.loads(out)['code'] == 'x' and 'do this' in err
    assert assay('status', (2, {'error': 'no such command', 'code': 'usage'}))[0] == 2
    for silent in ({}, {'error': 7}, {'error': None}):
        code, _, err = assay('status', (1, silent))
        assert code == 1 and 'did not say why' in err


def mutants(value):
    """The value with one member of another type, everywhere."""
    others = (None, 7, 2 ** 63 - 1, 'x' * 5000, True, 1.5, [], {}, [[]], [7, 'a'], [{'a': 1}])
    if isinstance(value, dict):
        for key in value:
            yield from ({**value, key: other} for other in others)
            yield from ({**value, key: inner} for inner in mutants(value[key]))
            yield {k: v for k, v in value.items() if k != key}
    elif isinstance(value, list) and value:
        yield from ([inner] for inner in mutants(value[0]))


def wrong_types_are_told_or_shown():
    for line, answer in PLAIN:
        line = line.replace(' --json', '').replace(' --yes', '')
        bad = list(mutants(answer))
        for mutant in bad[::max(1, len(bad) // 60)]:
            code, out, err = assay(line, (0, mutant))
            assert code in (0, 1) and (code == 0) == (err == ''), (line, mutant, err)
            assert printable(out + err) and len(out) < 10000, (line, mutant)


def each_needed_member_is_missed():
    for line, answer, key in (
            ('device list', {}, 'devices'), ('device list', {'devices': [7]}, 'devices'),
            ('device list', {'devices': [{'state': 'fresh'}]}, 'id'),
            ('device list', {'devices': [dict(DEVICE, reasons=[7])]}, 'reasons'),
            ('device show 3fa94c10', dict(SHOWN, verdict=[]), 'verdict'),
            ('device show 3fa94c10', dict(SHOWN, boot={'era': 1, 'reset': 2}), 'restart'),
            ('device release 3fa94c10', {'id': ID}, 'state'),
            ('class list', {'classes': [dict(CLASS, pcrs=[24])]}, 'pcrs'),
            ('class list', {'classes': [dict(CLASS, pcrs=[-1])]}, 'pcrs'),
            ('class list', {'classes': [dict(CLASS, allow_sha1='no')]}, 'allow_sha1'),
            ('golden show --class laptops', {'class': 'laptops', 'refs': []}, 'version'),
            (LEARN + ' --yes', {'class': 'laptops', 'known': 1}, 'would_add'),
            ('policy active', {}, 'state'), ('policy active', {'state': 'of-tomorrow'}, 'state'),
            ('policy active', {'state': 'ready'}, 'sequence'),
            ('policy active', dict(ACTIVE, policies=[{'name': 'x'}]), 'version'),
            (f'policy publish {BUNDLE} --untested', {'published': True}, 'sequence'),
            ('status', dict(STATUS, policy=[]), 'policy'),
            ('status', dict(STATUS, devices={'fresh': 'many'}), 'fresh')):
        code, out, err = assay(line, (0, answer))
        assert (code, out) == (1, '') and f'"{key}"' in err, (line, key, out, err)


def control_characters_do_not_reach_the_terminal():
    evil = '\x1b]0;owned\x07\r\u202e\u009b2J\n"\\'
    def spoil(value):
        if isinstance(value, dict):
            return {key: spoil(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [spoil(inner) for inner in value]
        return value + evil if isinstance(value, str) else value
    for line, answer in PLAIN:
        spoilt = spoil(answer)
        if line == 'policy active':
            assert assay(line, (0, spoilt))[0] == 1  # no state that we know
            spoilt['state'] = 'ready'
        code, out, err = assay(line, (0, spoilt))
        assert code == 0 and printable(out + err), (line, out, err)
        if '--json' not in line:
            code, out, _ = assay(line + ' --json', (0, spoilt))
            assert code == 0 and printable(out), (line, out)
    out = assay('status', (0, {**STATUS, 'devices': {evil: 3}}))[1]
    assert printable(out), out


def broken_json_is_told():
    for text in ('', '{', 'null', '[]', '7', '"x"', '{"a":1}{', '{"a":1,"a":2}', '{"a":"\x01"}',
                 '{"a":"\\u0000"}', '{"a":1e999}', '[' * 100000, '{"a":' * 100000,
                 '{"a":99999999999999999999}'):
        for line in ('status', 'device list --json'):
            code, out, err = assay(line, (0, text))
            assert (code, out) == (1, '') and 'assay: ' in err and printable(err), (text[:20], err)


def huge_answers_are_read_or_refused():
    many = {'devices': [DEVICE] * 8000}
    code, out, err = assay('device list', (0, many))
    assert code == 0 and len(out.splitlines()) == 8001, err
    long = dict(DEVICE, model='y', **{'class': 'x' * 7000000})
    code, out, _ = assay('device list', (0, {'devices': [long]}))
    assert code == 0 and len(out) < 3000 and '...' in out
    code, _, err = assay('device list', frame(b'', length=8388609))
    assert code == 1 and 'does not speak' in err


def frames_that_no_keeper_sends_are_told():
    good = answer_body(0, json.dumps(STATUS))
    for raw, text in ((b'', 'without an answer'), (frame(good)[:-1], 'without an answer'),
                      (frame(good)[:7], 'without an answer'),
                      (frame(good, kind=64), 'does not speak'), (b'HTTP/1.1 400 Bad', 'does not'),
                      (frame(good + b'\0'), 'cannot be read'), (frame(good[:-1]), 'cannot be read'),
                      (frame(b''), 'cannot be read'),
                      (frame(answer_body(3, '{}')), 'cannot be read'),
                      (frame(answer_body(0, b'"\xff"')), 'cannot be read')):
        code, out, err = assay('status', raw)
        assert (code, out) == (1, '') and text in err, (raw[:20], err)


def a_missing_verifier_is_explained():
    dead = os.path.join(FOLDER.name, 'dead.sock')
    with open(dead, 'wb'):
        pass
    for path in (os.path.join(FOLDER.name, 'none.sock'), dead, 'x' * 200):
        for line, _ in PLAIN:
            code, out, err = assay(f'{line} --socket {path}')
            assert (code, out) == (1, ''), (line, err)
            assert 'no verifier at ' + path in err and 'assay-admin' in err
            assert 'systemctl status assay-verifier' in err


def the_option_wins_over_the_environment():
    env = dict(ENV, ASSAY_SOCKET='/nonexistent/a')
    assert 'no verifier at /nonexistent/a:' in assay('status', env=env)[2]
    assert assay(f'status --socket {KEEPER.path}', (0, STATUS), env=env)[0] == 0
    env.pop('ASSAY_SOCKET')
    if not os.path.exists('/run/assay/control.sock'):
        assert 'no verifier at /run/assay/control.sock' in assay('status', env=env)[2]


def bad_usage_asks_nobody():
    for line in ('status now', 'status --nope', 'status --socket', 'device list x', 'device show',
                 'device show a b', 'device approve', f'device approve {FINGERPRINT}',
                 'device approve 3fa94c10 --class laptops', 'device quarantine 3fa94c10',
                 'device remove --why x', 'device release', 'device code', 'device import',
                 'device code --class a --hours 1x', 'device unpin 3fa94c10', 'device pins',
                 'device unpin 3fa94c10 gpt --all', 'device accept 3fa94c10', 'device move a b',
                 'device code --class a --hours=-1',
                 'class add', 'class add a/b', 'class add a b', 'golden learn --class a',
                 'golden learn --from 3fa94c10', 'golden show', 'golden show --class a b',
                 'policy active now', 'policy publish --untested', 'policy publish',
                 f'policy publish {BUNDLE} --untested --accept-failures 1',
                 f'policy publish {BUNDLE} x --untested', 'class add a --lacks ' + 'x' * 500,
                 'golden learn --class a --from ' + 'b ' * 61, 'device nonsense'):
        code, out, err = assay(line, (0, STATUS))
        assert (code, out, KEEPER.heard) == (2, '', []) and 'usage: ' in err, (line, err)
    for text in (b'\xff', b'x' * 5000):
        code, _, err = assay([b'device', b'quarantine', b'3fa94c10', b'--why', text])
        assert code == 2 and KEEPER.heard == [] and 'UTF-8' in err


def help_teaches_with_an_example():
    nouns = 'device class golden group status'.split()  # and of `policy` what asks the verifier
    overview = assay('help')[1]
    names = [line[2:20].strip() for line in overview.splitlines()
             if line.startswith('  ') and line.split()[0] in nouns]
    names = [name for name in names  # moves of releases are made in a text
             if name.split()[-1] not in ('stage', 'promote', 'retire', 'revoke')]
    names += ['policy publish', 'policy active']
    assert len(names) == 30, names
    in_the_store = ('device explain', 'device log', 'golden suggest')
    for name in names:
        code, out, _ = assay(name + ' --help')
        assert code == 0 and KEEPER.heard == []
        where = ('--store', '--conf') if name in in_the_store else ('--json', '--socket')
        for text in (f'usage: assay {name}', 'Example:', f'$ assay {name}', 'Exit status:', *where):
            assert text in out, (name, text)
        assert all(len(line) <= 90 for line in out.splitlines()), name


def site_of(keeper):
    """A site whose control socket is the stand-in's."""
    done = subprocess.run([ASSAY, 'setup', '--site', 's', '--name', '127.0.0.1', '--dir',
                           f'{FOLDER.name}/etc', '--state', f'{FOLDER.name}/state', '--run',
                           os.path.dirname(keeper.path), '--user', ''],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done
    return f'{FOLDER.name}/etc/verifier.conf'


KEYS = {'stamp': '00' * 8, 'psk_masters': [{'id': 1, 'devices': 112}]}


def the_list_of_keys_is_one_question():
    conf = site_of(KEEPER)
    code, out, err = assay(f'key list --config {conf} --json', (0, KEYS))
    told = json.loads(out)
    assert (code, err) == (0, '') and KEEPER.heard == [['key', 'state']], (err, KEEPER.heard)
    assert [key['devices'] for key in told['keys'] if key['kind'] == 'psk-master'] == [112]
    assert told['used_by_verifier'] is False  # of another stamp
    code, out, err = assay(f'key list --config {conf} --json', (1, {'error': 'not now'}))
    assert code == 0 and json.loads(out)['used_by_verifier'] is False
    assert err == 'assay: not now\n', err


def the_list_of_keys_tells_nobody_anything():
    if os.geteuid() != 0 or not shutil.which('unshare'):
        raise tap.Skip('a process of another namespace is what cannot be told; needs root')
    conf = site_of(KEEPER)
    KEEPER.answers, KEEPER.heard = [(0, KEYS)], []
    done = subprocess.run(['unshare', '--pid', '--fork', ASSAY, 'key', 'list', '--config', conf],
                          capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0 and done.stderr == '' and '112' in done.stdout, done


tap.run([(function,) for function in (
    the_list_of_keys_is_one_question, the_list_of_keys_tells_nobody_anything,
    the_words_are_those_of_the_protocol, json_is_the_keepers_own, the_list_is_a_table,
    ages_have_the_unit_that_fits, show_explains_the_verdict, show_names_a_candidate,
    show_names_twins, what_became_of_a_tpm_is_said, what_a_device_is_held_to_is_a_table,
    accepting_shows_before_it_pins, accepting_asks_on_a_terminal, show_does_without_a_verdict,
    show_knows_the_rules_by_name, the_next_step_fits_the_case, the_next_step_is_safe_to_paste,
    a_class_has_its_pcrs_in_ranges, status_counts_devices,
    status_rings_for_a_bundle_that_must_not_be_used, the_bundle_that_counts_is_shown,
    one_that_must_not_be_used_is_no, a_bundle_goes_up_before_its_command,
    a_code_is_shown_with_its_end,
    learning_without_a_terminal_adds_nothing, learning_with_yes_shows_and_adds,
    learning_nothing_new_asks_nothing, learning_in_json_only_proposes,
    adding_other_than_shown_is_told, a_terminal_is_asked, an_import_goes_in_batches,
    an_import_takes_what_spreadsheets_write, an_import_names_bad_lines_and_sends_nothing,
    an_import_names_no_more_than_twenty, an_import_that_stops_says_where,
    an_import_of_nothing_is_refused, a_refusal_is_told_in_the_keepers_words,
    wrong_types_are_told_or_shown, each_needed_member_is_missed,
    control_characters_do_not_reach_the_terminal, broken_json_is_told,
    huge_answers_are_read_or_refused, frames_that_no_keeper_sends_are_told,
    a_missing_verifier_is_explained, the_option_wins_over_the_environment, bad_usage_asks_nobody,
    help_teaches_with_an_example)])
