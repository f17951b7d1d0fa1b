"""`assay ima show` over the vectors. usage: test_ima_cli.py ASSAY; prints TAP."""
import hashlib
import json
import os
import struct
import subprocess
import sys

ASSAY = sys.argv[1]
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors')
BOOTS = ['grub-sb-on', 'grub-sb-on-ima', 'grub-sb-off-nolog', 'grub-sb-off-linuxefi',
         'grub-sb-off-logcarrier', 'grub-sb-off-chainloader', 'sdboot-uki-sb-on']


def vector(path):
    return os.path.join(VECTORS, path)


def run(*args, stdin=None):
    return subprocess.run([ASSAY, 'ima', 'show', *args], input=stdin, capture_output=True,
                          timeout=60)


def show(path, *args):
    """Exit status and JSON of a file."""
    done = run(path, '--json', *args)
    return done.returncode, json.loads(done.stdout)


def show_bytes(data):
    done = run('-', '--json', stdin=data)
    return done.returncode, json.loads(done.stdout)


def pcr10(boot, bank):
    with open(vector('ima/boot-pcrs.txt'), encoding='ascii') as lines:
        for line in lines:
            fields = line.split()
            if fields[:3] == [boot, bank, '10']:
                return fields[3]
    raise KeyError(boot)


def entry(template, fields, bad_hash=False):
    data = b''.join(struct.pack('<I', len(f)) + f for f in fields)
    digest = b'\x99' * 20 if bad_hash else hashlib.sha1(data).digest()
    return (struct.pack('<I', 10) + digest + struct.pack('<I', len(template)) + template +
            struct.pack('<I', len(data)) + data)


NG = [b'sha1:\0' + bytes(range(20)), b'/bin/sh\0']


def boots_give_their_pcr10():
    for boot in BOOTS:
        for name in ['ima-binary', 'ima-ascii.txt']:
            status, out = show(vector(f'boot/{boot}/{name}'))
            assert status == 0, (boot, name)
            assert out['template'] == 'ima-sig'
            assert out['entries'] == (103 if boot == 'grub-sb-on-ima' else 1)
            assert out['template_hash_mismatches'] == [] and out['faults'] == []
            assert out['violations'] == 0
            assert out['pcr10'] == {b: pcr10(boot, b) for b in ['sha1', 'sha256']}, boot
            assert out['pcr10_padded']['sha384'] == pcr10(boot, 'sha384')
            assert set(out['pcr10_padded']) == {'sha256', 'sha384', 'sha512'}


def published_lists_are_read():
    status, out = show(vector('ima/charra-binary_runtime_measurements.bin'))
    assert (status, out['entries'], out['template']) == (0, 1650, 'ima-ng')
    status, out = show(vector('ima/tss-sml-ima-sig-sha256-invalidated.bin'))
    assert (status, out['entries'], out['violations']) == (0, 2, 1)
    for alg, violations in [('sha1', 1), ('sha256', 0), ('sha384', 1), ('sha512', 1)]:
        status, out = show(vector(f'ima/keylime-ima-log-{alg}.txt'))
        assert (status, out['entries'], out['violations']) == (0, 2, violations), alg
        assert out['template_hash_mismatches'] == [], alg


def another_hash_column_needs_its_option():
    path = vector('ima/keylime-ima-log-sm3_256.txt')
    assert show(path)[0] == 1
    status, out = show(path, '--column', 'sm3_256')
    assert (status, out['entries'], out['template_hash_mismatches']) == (0, 2, [])


def broken_lists_show_what_was_read():
    status, out = show(vector('ima/tss-sml-ima-ng-sha1.bin'))
    assert (status, out['entries'], out['template']) == (1, 6, 'ima-ng')
    assert [(f['code'], f['rule'], f['event'], f['offset']) for f in out['faults']] == [
        ('LOG_PARSE', 'ima-short', 6, 558)]
    status, out = show(vector('ima/tss-sml-ima-ng-sha1-invalidated.bin'))
    assert (status, out['entries'], out['template']) == (1, 0, None)


def a_wrong_template_hash_is_listed_and_exits_0():
    data = entry(b'ima-ng', NG) + entry(b'ima-ng', NG, True) + entry(b'ima-ng', NG)
    status, out = show_bytes(data)
    assert (status, out['entries'], out['template_hash_mismatches']) == (0, 3, [1])
    assert [(f['code'], f['event']) for f in out['faults']] == [('IMA_TEMPLATE_HASH', 1)]
    good = show_bytes(entry(b'ima-ng', NG) * 3)[1]
    assert out['pcr10'] == good['pcr10'], 'the data counts, not the logged hash'


def mixed_templates_are_said():
    status, out = show_bytes(entry(b'ima-ng', NG) + entry(b'ima-sig', NG + [b'']))
    assert (status, out['template'], out['entries']) == (0, 'mixed', 2)


def an_empty_list_is_a_list():
    status, out = show_bytes(b'')
    assert (status, out['entries'], out['faults']) == (0, 0, [])
    assert out['pcr10']['sha1'] == '00' * 20


def the_text_form_has_a_table_and_totals():
    path = vector('boot/grub-sb-on-ima/ima-binary')
    text = run(path).stdout.decode()
    assert 'boot_aggregate' in text and '83 more, shown by --all' in text
    assert '103 entries, 0 violations, 0 template hash mismatches' in text
    assert pcr10('grub-sb-on-ima', 'sha384') in text
    rows = run(path, '--all').stdout.decode()
    assert rows.count('\n') > 103 and 'more, shown by' not in rows
    broken = run(vector('ima/tss-sml-ima-ng-sha1.bin'))
    assert broken.returncode == 1 and b'ima-short' in broken.stdout and b'/init' in broken.stdout


def names_cannot_steer_a_terminal():
    fields = [NG[0], b'/bin/\x1b[31m\n"\\\0']
    for args in [('-',), ('-', '--json')]:
        out = run(*args, stdin=entry(b'ima-ng', fields)).stdout
        assert b'\x1b' not in out


def no_cut_or_flip_ends_in_a_signal_or_bad_json():
    with open(vector('boot/grub-sb-on/ima-binary'), 'rb') as file:
        data = file.read()
    for at in range(0, len(data), 3):
        flipped = bytearray(data)
        flipped[at] ^= 0xff
        for mutant in [data[:at], bytes(flipped)]:
            status, out = show_bytes(mutant)
            assert status in (0, 1)
            assert status == 0 or out['faults']


def usage_is_2():
    assert run().returncode == 2
    assert run('--nonsense', 'x').returncode == 2
    assert run('a', 'b').returncode == 2
    assert run('a', '--column').returncode == 2
    assert run('a', '--column', 'md4').returncode == 2
    assert run(vector('no-such-file')).returncode == 1


def main():
    cases = [boots_give_their_pcr10, published_lists_are_read,
             another_hash_column_needs_its_option, broken_lists_show_what_was_read,
             a_wrong_template_hash_is_listed_and_exits_0, mixed_templates_are_said,
             an_empty_list_is_a_list, the_text_form_has_a_table_and_totals,
             names_cannot_steer_a_terminal, no_cut_or_flip_ends_in_a_signal_or_bad_json,
             usage_is_2]
    failed = False
    print(f'1..{len(cases)}')
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} {case.__name__}')
        except Exception as error:  # a broken case is a failed case
            failed = True
            print(f'# {type(error).__name__}: {error}')
            print(f'not ok {number} {case.__name__}')
    return 1 if failed else 0


sys.exit(main())
