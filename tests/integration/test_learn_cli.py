"""`assay policy learn`: files, devices, options, exit codes.
usage: test_learn_cli.py ASSAY EXPLAIN_STORE; prints TAP."""
import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

import tap

ASSAY, EXPLAIN_STORE = (os.path.abspath(path) for path in sys.argv[1:3])
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors')
USERSPACE = 3  # LOG_USERSPACE


def boot(name):
    return os.path.join(VECTORS, 'boot', name, 'binary_bios_measurements')


def log(name):
    return os.path.join(VECTORS, 'evlog', name + '.bin')


class Rig:
    def __init__(self, folder):
        self.folder = folder
        self.store = os.path.join(folder, 'verifier.db')
        subprocess.run([EXPLAIN_STORE, self.store], check=True, timeout=60)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def assay(self, *words, **more):
        return self.run('policy', *words, **more)

    def run(self, *words, status=0, stdin=None):
        done = subprocess.run([ASSAY, *words], input=stdin, capture_output=True, timeout=120,
                              check=False)
        assert done.returncode == status, (words, done.returncode, done.stdout[-300:], done.stderr)
        return done

    def learn(self, *words, **more):
        return self.assay('learn', *words, **more)


def phases(*words):
    """systemd's log of these phases."""
    return b''.join(
        b'\x1e' + json.dumps({
            'pcr': 11, 'content_type': 'systemd', 'content': {'string': word},
            'digests': [{'hashAlg': 'sha256', 'digest': hashlib.sha256(word.encode()).hexdigest()}],
        }).encode() + b'\n' for word in words)


def what_is_learnt_compiles_and_comes_back_the_same(rig):
    out = rig.path('one.policy')
    done = rig.learn('--class', 'laptops', '--out', out, boot('grub-sb-on'))
    assert not done.stdout
    said = done.stderr.decode()
    assert said == boot('grub-sb-on') + ': warning: 306 FW_NO_HW_RTM, 219 QUIRK_USED\n', said
    rig.assay('compile', out, '--out', rig.path('one.bundle'))
    shown = rig.assay('show', rig.path('one.bundle')).stdout
    rig.assay('compile', rig.write('again.policy', shown), '--out', rig.path('again.bundle'))
    assert rig.read('one.bundle') == rig.read('again.bundle')


def the_same_boots_give_the_same_bytes_from_wherever_they_come(rig):
    rig.learn('--class', 'c', '--out', rig.path('a'), boot('grub-sb-on'), boot('grub-sb-on-ima'))
    with open(boot('grub-sb-on'), 'rb') as file:
        moved = rig.write('elsewhere.bin', file.read())
    done = rig.learn('--class', 'c', moved, boot('grub-sb-on-ima'))
    assert done.stdout == rig.read('a')
    assert b'elsewhere' not in done.stdout and rig.folder.encode() not in done.stdout


def options_are_what_they_say(rig):
    text = rig.learn('--class', 'vm', '--name', 'cloud', '--version', '3', '--bank', 'sha384',
                     '--pcrs', '0-4', boot('grub-sb-on')).stdout.decode('ascii')
    assert 'policy cloud version 3 schema 1 {\n  applies class in { vm }\n' in text
    assert '  quote   sha384 pcrs 0-4\n' in text and 'sha384:' in text
    assert ' : gpt ' not in text and 'boot.kernel' not in text
    text = rig.learn('--class', 'vm', log('debian-10')).stdout.decode('ascii')
    assert '  quote   sha1 pcrs 0-7  # weak: ' in text


def a_maker_s_log_is_learnt_as_the_maker_s(rig):
    log = boot('grub-sb-on')
    text = rig.learn('--class', 'c', '--source', 'vendor:acme', log).stdout
    rig.assay('compile', rig.write('v.policy', text), '--out', rig.path('v.bundle'))
    shown = rig.assay('show', rig.path('v.bundle')).stdout
    assert shown.count(b'source vendor acme\n') == shown.count(b'\nrelease ') == 2, shown
    without = rig.learn('--class', 'c', log).stdout
    assert text.replace(b'  source vendor acme\n', b'') == without


def json_has_the_policy_and_the_verdicts(rig):
    done = rig.learn('--class', 'c', '--json', '--out', rig.path('j'), log('gdc-host'), status=1)
    told = json.loads(done.stdout)
    assert told['ok'] is False and told['policy'].encode() == rig.read('j') and not done.stderr
    assert told['boots'][0]['tier'] == 'contraindicated'
    assert told['boots'][0]['reasons'][0] == {'code': 207, 'name': 'EVT_DATA_MISMATCH',
                                              'effect': 'fail'}
    told = json.loads(rig.learn('--class', 'c', '--json', boot('grub-sb-on')).stdout)
    assert told['ok'] is True and told['boots'][0]['tier'] == 'warning'


def a_boot_that_no_policy_lets_pass_is_said(rig):
    done = rig.learn('--class', 'c', log('gdc-host'), status=1)
    assert b'event 3: 207 EVT_DATA_MISMATCH, which no policy allows' in done.stdout
    assert (b': contraindicated: 207 EVT_DATA_MISMATCH, 308 DMA_UNPROTECTED, 401 SB_OFF'
            in done.stderr)


def userspace_logs_go_with_their_boots(rig):
    first = rig.write('first', phases('enter-initrd', 'leave-initrd'))
    second = rig.write('second', phases('enter-initrd'))
    text = rig.learn('--class', 'c', '--userspace', first, '--userspace', second,
                     boot('grub-sb-on'), boot('grub-sb-on-ima')).stdout.decode('ascii')
    assert 'quote   sha256 pcrs 0-9,11,14\n' in text
    assert ('# 1 to 2 events on each of 2 boots, which differ; as far as the boot has come\n'
            '  rule phase : os.phase sequence enter-initrd leave-initrd sysinit ready prefix-ok '
            'claim os.phase\n') in text
    broken = rig.write('broken', b'\x1e{"pcr":11')
    done = rig.learn('--class', 'c', '--userspace', broken, boot('grub-sb-on'), status=1)
    assert b'broken: 202 LOG_PARSE: ' in done.stderr and not done.stdout


def what_cannot_be_learnt_is_named(rig):
    done = rig.learn('--class', 'c', log('short_no_action_eventlog'), status=1)
    assert b'tells in these PCRs of no image, kernel or initrd' in done.stderr
    done = rig.learn('--class', 'c', boot('grub-sb-on'), log('keylime-mb-bogus'), status=1)
    assert b'keylime-mb-bogus.bin: 202 LOG_PARSE: ' in done.stderr
    done = rig.learn('--class', 'c', '--bank', 'sha512', boot('grub-sb-on'), status=1)
    assert b'has no sha512 bank' in done.stderr
    done = rig.learn('--class', 'c', log('debian-10'), log('gdc-host'), status=1)
    assert b'has no ' in done.stderr
    done = rig.learn('--class', 'c', rig.path('nothing'), status=1)
    assert b'cannot open' in done.stderr
    done = rig.learn('--class', 'c', '--out', rig.path('no/folder'), boot('grub-sb-on'), status=1)
    assert b'cannot write' in done.stderr


def every_truncation_of_a_log_is_a_policy_or_a_message(rig):
    with open(boot('uboot-arm64'), 'rb') as file:
        whole = file.read()
    for size in range(0, len(whole), 97):
        done = subprocess.run([ASSAY, 'policy', 'learn', '--class', 'c', '-'], input=whole[:size],
                              capture_output=True, timeout=60, check=False)
        assert done.returncode in (0, 1), (size, done.returncode)
        assert done.stderr, size
        assert done.returncode == 1 or done.stdout.startswith(b'# Learnt from 1 boot.'), size


def wrong_usage_is_two(rig):
    good = boot('grub-sb-on')
    for words in ((), (good,), ('--class', 'c'), ('--class', 'a b', good), ('--class', '', good),
                  ('--class', 'c', '--name', 'x' * 33, good),
                  ('--class', 'c', '--name', 'é', good),
                  ('--class', 'c', '--bank', 'md5', good), ('--class', 'c', '--pcrs', '16', good),
                  ('--class', 'c', '--pcrs', '', good), ('--class', 'c', '--pcrs', '7-3', good),
                  ('--class', 'c', '--pcrs', '0+sha1:1', good),
                  ('--class', 'c', '--pcrs', '1' * 300, good),
                  ('--class', 'c', '--version', '0', good),
                  ('--class', 'c', '--version', '1x', good),
                  ('--class', 'c', '--version', '4294967296', good),
                  ('--class', 'c', '--userspace', good, good, good),
                  ('--class', 'c', '--wrong', good), ('--class', 'c', '--source', 'vendor', good),
                  ('--class', 'c', '--source', 'vendor:', good),
                  ('--class', 'c', '--source', ':acme', good),
                  ('--class', 'c', '--source', 'vendor:a b', good), ('--class', 'c', *[good] * 61)):
        done = rig.learn(*words, status=2)
        assert done.stderr and not done.stdout, words


def devices_are_learnt_as_their_logs(rig):
    """A server that was updated, 3fa94c10, and one that was not; of both the store has the logs."""
    before, after = boot('grub-sb-on'), boot('tampered-initrd')
    kept = ('--store', rig.store)
    want = rig.learn('--class', 'servers', after, before)
    done = rig.learn('--class', 'servers', '--from', '3FA94C10', '3fa94c11', *kept)
    assert done.stdout == want.stdout and b'# Learnt from 2 boots.' in done.stdout
    assert done.stderr.splitlines() == [
        b'device 3FA94C10: warning: 306 FW_NO_HW_RTM, 219 QUIRK_USED',
        b'device 3fa94c11: warning: 306 FW_NO_HW_RTM, 219 QUIRK_USED'], done.stderr
    done = rig.learn('--class', 'servers', '--from', '3fa94c11', '--from', '3fa94c10', *kept,
                     '--json', '--out', rig.path('devices.policy'))
    told = json.loads(done.stdout)
    assert told['policy'].encode() == rig.read('devices.policy')
    assert [one['log'] for one in told['boots']] == ['device 3fa94c11', 'device 3fa94c10']
    assert told['policy'].encode() == rig.learn('--class', 'servers', before, after).stdout


def keep_userspace(rig, devices, log):
    """systemd's log of devices, as the verifier keeps it."""
    digest = hashlib.sha256(log).digest()
    with contextlib.closing(sqlite3.connect(rig.store)) as store, store:
        store.execute('INSERT OR IGNORE INTO log (digest, kind, body) VALUES (?, ?, ?)',
                      (digest, USERSPACE, log))
        for device in devices:
            store.execute('UPDATE evidence SET userspace_log = ?'
                          ' WHERE hex(substr(device, 2, 4)) = ?', (digest, device))
            assert store.execute('SELECT changes()').fetchone() == (1,)


def userspace_logs_are_those_of_all_devices_or_of_none(rig):
    kept = ('--class', 'servers', '--store', rig.store, '--from')
    log = phases('enter-initrd', 'leave-initrd', 'sysinit', 'ready')
    path = rig.write('phases.log', log)
    before = boot('grub-sb-on')
    keep_userspace(rig, ('3FA94C13', '3FA94C14'), log)
    words = ('--userspace', path, '--userspace', path, before, before)
    want = rig.learn('--class', 'servers', *words)
    assert b'pcrs 0-9,11,14' in want.stdout
    done = rig.learn(*kept, '3fa94c13', '3fa94c14')
    assert done.stdout == want.stdout
    done = rig.learn(*kept, '3fa94c13', '3fa94c11', '3fa94c14')
    assert done.stdout == rig.learn('--class', 'servers', before, before, before).stdout
    assert b"device 3fa94c11: systemd's log is not kept whole" in done.stderr


def golden_learn_writes_the_same_file(rig):
    words = ('--class', 'servers', '--from', '3fa94c10', '3fa94c12')
    want = rig.learn(*words, '--store', rig.store).stdout
    out = rig.path('golden.policy')
    done = rig.run('golden', 'learn', *words, '--store', rig.store, '--out', out)
    assert done.stdout == b'' and rig.read('golden.policy') == want
    done = rig.run('golden', 'learn', *words, '--store', rig.store, status=2)
    assert b'--store and --conf are for --out' in done.stderr
    rig.run('golden', 'learn', '--class', 'servers', '--store', rig.store, '--out', out, status=2)
    for more in (('--yes',), ('--socket', 'x')):
        done = rig.run('golden', 'learn', *words, '--store', rig.store, '--out', out, *more,
                       status=2)
        assert b'asks nobody' in done.stderr
    assert rig.read('golden.policy') == want


def devices_that_cannot_be_learnt_leave_no_file(rig):
    out = rig.path('none.policy')
    for status, said, words in (
            (2, b'no device has this id', ('--from', '3fa94c1f', '--store', rig.store)),
            (2, b'No such file', ('--from', '3fa94c10', '--store', rig.path('none.db'))),
            (2, b'name the same thing',
             ('--from', '3fa94c10', '--store', rig.store, '--conf', 'x')),
            (2, b'of logs that are files',
             ('--from', '3fa94c10', '--store', rig.store, '--userspace', 'x')),
            (2, b'where devices of --from', ('--store', rig.store, boot('grub-sb-on'))),
            (2, b'is named twice',
             ('--from', '3fa94c10', '3fa94c11', '3FA94C10', '--store', rig.store)),
            (2, b'60 devices at most',
             ('--from', *['3fa94c10'] * 31, *['--from', '3fa94c10'] * 30, '--store', rig.store)),
            (1, b'nothing to learn', ('--from', '3fa94c10', '--store', rig.store, '--pcrs', '0'))):
        done = rig.learn('--class', 'servers', '--out', out, *words, status=status)
        assert said in done.stderr and done.stdout == b'', (words, done.stderr)
        assert not os.path.exists(out)
    done = rig.learn('--class', 'laptops', '--from', '3fa94c10', '--store', rig.store, status=2)
    assert b'is no member of this class' in done.stderr and done.stdout == b''
    done = rig.learn('--class', 'servers', '--from', '3fa94c10', '--store', rig.store, '--out',
                     rig.path('no/where'), status=1)
    assert b'cannot write' in done.stderr


def main():
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        tap.run([(case, rig) for case in (
            what_is_learnt_compiles_and_comes_back_the_same,
            the_same_boots_give_the_same_bytes_from_wherever_they_come, options_are_what_they_say,
            a_maker_s_log_is_learnt_as_the_maker_s,
            json_has_the_policy_and_the_verdicts, a_boot_that_no_policy_lets_pass_is_said,
            userspace_logs_go_with_their_boots, what_cannot_be_learnt_is_named,
            devices_are_learnt_as_their_logs, userspace_logs_are_those_of_all_devices_or_of_none,
            golden_learn_writes_the_same_file,
            devices_that_cannot_be_learnt_leave_no_file,
            every_truncation_of_a_log_is_a_policy_or_a_message, wrong_usage_is_two)])


if __name__ == '__main__':
    main()
