"""`assay ima show` over the vectors. usage: test_ima_cli.py ASSAY; prints TAP."""
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

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


# ---- signatures: keylime's list, and the key that its tests verify it by ----

LIST = vector('ima/keylime-signatures.txt')
KEY = vector('ima/keylime-rsa2048pub.pem')
ID = bytes.fromhex('f3452d23')


def signed_file():
    """Digest and attribute of a file that KEY signed."""
    with open(LIST, encoding='ascii') as lines:
        _, _, _, digest, _, attribute = lines.readline().split()
    return bytes.fromhex(digest.removeprefix('sha256:')), bytes.fromhex(attribute)


def signed_entry(digest, attribute, name=b'/usr/bin/dd\0'):
    return entry(b'ima-sig', [b'sha256:\0' + digest, name, attribute])


def outcomes(data, *keys):
    """Exit status, counts that are not 0, and what is refused as (entry, outcome)."""
    words = [word for key in keys for word in ('--keys', key)]
    done = run('-', '--json', *words, stdin=data)
    told = json.loads(done.stdout)['signatures']
    refused = [(one['entry'], one['outcome']) for one in told.pop('refused')]
    return done.returncode, {word: n for word, n in told.items() if n}, refused


def der(tag, data):
    length = len(data)
    head = (bytes([length]) if length < 128 else bytes([0x81, length]) if length < 256
            else b'\x82' + struct.pack('>H', length))
    return bytes([tag]) + head + data


def rsa_1024(last=1):
    """A public key of 1024 bits, and the id that a kernel finds it by."""
    modulus = b'\0\xc3' + bytes(range(1, 126)) + bytes([last, 1])
    key = der(0x30, der(2, modulus) + der(2, b'\1\0\1'))
    kind = der(0x30, bytes.fromhex('06092a864886f70d010101') + b'\5\0')
    return der(0x30, kind + der(3, b'\0' + key)), hashlib.sha1(key).digest()[-4:]


def signatures_are_judged_by_the_keys_that_are_given():
    done = run(LIST, '--keys', KEY)
    text = done.stdout.decode()
    assert done.returncode == 1, done
    assert '/usr/bin/dd  (signed: good)' in text, text
    assert '/usr/bin/zmore  (signed: key-unknown)' in text, text
    assert 'signatures: 1 good, 0 malformed, 1 key-unknown, 0 key-weak, 0 bad' in text, text
    status, out = show(LIST, '--keys', KEY)
    assert status == 1 and out['signatures']['refused'] == [
        {'entry': 1, 'outcome': 'key-unknown'}], out
    assert 'signatures' not in show(LIST)[1], 'nobody asked'


def a_list_whose_signatures_are_good_is_0():
    good = signed_entry(*signed_file())
    assert outcomes(good * 3, KEY) == (0, {'good': 3}, [])
    unsigned = entry(b'ima-ng', NG) + signed_entry(signed_file()[0], b'')
    assert outcomes(unsigned, KEY) == (0, {}, [])


def what_is_refused_is_named():
    digest, attribute = signed_file()
    other = digest[:-1] + bytes([digest[-1] ^ 1])
    flipped = attribute[:-1] + bytes([attribute[-1] ^ 1])
    version_1 = attribute[:1] + b'\1' + attribute[2:]
    assert attribute[3:7] == ID
    stranger = attribute[:3] + b'\1\2\3\4' + attribute[7:]
    data = b''.join([signed_entry(digest, attribute), signed_entry(other, attribute),
                     signed_entry(digest, flipped), signed_entry(digest, version_1),
                     signed_entry(digest, stranger), signed_entry(digest, attribute[:-1])])
    assert outcomes(data, KEY) == (1, {'good': 1, 'bad': 2, 'malformed': 2, 'key-unknown': 1}, [
        (1, 'bad'), (2, 'bad'), (3, 'malformed'), (4, 'key-unknown'), (5, 'malformed')])


def keys_of_several_files_count_and_weak_ones_are_told(folder):
    spki, key_id = rsa_1024()
    weak = os.path.join(folder, 'weak.der')
    with open(weak, 'wb') as file:
        file.write(spki)
    digest, attribute = signed_file()
    short = attribute[:3] + key_id + b'\0\x80' + attribute[9:137]
    data = signed_entry(digest, attribute) + signed_entry(digest, short)
    assert outcomes(data, KEY) == (1, {'good': 1, 'key-unknown': 1}, [(1, 'key-unknown')])
    assert outcomes(data, KEY, weak) == (1, {'good': 1, 'key-weak': 1}, [(1, 'key-weak')])
    assert outcomes(data, KEY, weak, KEY) == outcomes(data, weak, KEY)


def more_bad_ones_than_a_verifier_looks_at_hide_no_good_one():
    digest, attribute = signed_file()
    flipped = attribute[:-1] + bytes([attribute[-1] ^ 1])
    status, counts, refused = outcomes(signed_entry(digest, flipped) * 70 +
                                       signed_entry(digest, attribute), KEY)
    assert (status, counts, len(refused)) == (1, {'good': 1, 'bad': 70}, 70)


def a_violation_is_signed_by_nobody():
    fields = [b'sha256:\0' + bytes(32), b'/usr/bin/dd\0', signed_file()[1]]
    data = b''.join(struct.pack('<I', len(f)) + f for f in fields)
    entry_of = (struct.pack('<I', 10) + bytes(20) + struct.pack('<I', 7) + b'ima-sig' +
                struct.pack('<I', len(data)) + data)
    status, out = show_bytes(entry_of)
    assert (status, out['violations']) == (0, 1), out
    assert outcomes(entry_of, KEY) == (0, {}, [])


def refused_ones_are_shown_wherever_they_stand():
    digest, attribute = signed_file()
    flipped = attribute[:-1] + bytes([attribute[-1] ^ 1])
    good, bad = signed_entry(digest, attribute), signed_entry(digest, flipped, b'/usr/bin/bad\0')
    text = run('-', '--keys', KEY, stdin=good * 30 + bad).stdout.decode()
    assert text.count('(signed: good)') == 20 and '/usr/bin/bad  (signed: bad)' in text, text
    text = run('-', '--keys', KEY, stdin=good * 30 + bad * 40).stdout.decode()
    assert text.count('(signed: bad)') == 20, text
    text = run('-', '--all', '--keys', KEY, stdin=good * 30 + bad * 40).stdout.decode()
    assert text.count('(signed: bad)') == 40, text


def keys_that_are_none_are_refused(folder):
    for path in (LIST, vector('no-such-file')):
        done = run(LIST, '--keys', path)
        assert done.returncode == 1 and not done.stdout and done.stderr, (path, done)
    many = os.path.join(folder, 'many.pem')
    with open(many, 'w', encoding='ascii') as file:
        for i in range(129):
            file.write('-----BEGIN PUBLIC KEY-----\n' +
                       base64.encodebytes(rsa_1024(i)[0]).decode() +
                       '-----END PUBLIC KEY-----\n')
    done = run(LIST, '--keys', many)
    assert done.returncode == 1 and b'no policy holds these keys' in done.stderr, done
    assert run(LIST, '--keys').returncode == 2
    assert run(LIST, *['--keys', KEY] * 61).returncode == 2


def in_a_folder(case):
    """The case with a folder of its own."""
    def run_case():
        with tempfile.TemporaryDirectory(prefix='ima-cli-') as folder:
            case(folder)
    run_case.__name__ = case.__name__
    return run_case


def main():
    cases = [boots_give_their_pcr10, published_lists_are_read,
             another_hash_column_needs_its_option, broken_lists_show_what_was_read,
             a_wrong_template_hash_is_listed_and_exits_0, mixed_templates_are_said,
             an_empty_list_is_a_list, the_text_form_has_a_table_and_totals,
             names_cannot_steer_a_terminal, no_cut_or_flip_ends_in_a_signal_or_bad_json,
             usage_is_2, signatures_are_judged_by_the_keys_that_are_given,
             a_list_whose_signatures_are_good_is_0, what_is_refused_is_named,
             in_a_folder(keys_of_several_files_count_and_weak_ones_are_told),
             more_bad_ones_than_a_verifier_looks_at_hide_no_good_one,
             a_violation_is_signed_by_nobody, refused_ones_are_shown_wherever_they_stand,
             in_a_folder(keys_that_are_none_are_refused)]
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
