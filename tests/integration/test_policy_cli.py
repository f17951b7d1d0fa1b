"""`assay policy …`: examples, errors, signing, showing. test_policy_cli.py ASSAY; prints TAP."""
import json
import os
import subprocess
import sys
import tempfile

import tap

ASSAY = os.path.abspath(sys.argv[1])
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'examples')


class Rig:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def run(self, *words, status=0, stdin=None, noun='policy'):
        done = subprocess.run([ASSAY, noun, *words], input=stdin, capture_output=True,
                              timeout=60, check=False)
        assert done.returncode == status, (words, done.returncode, done.stdout[-300:], done.stderr)
        return done

    def compiled(self, name):
        out = name.replace('.policy', '.bundle')
        self.run('compile', os.path.join(EXAMPLES, name), '--out', self.path(out))
        return out

    def key(self, name):
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-out', self.path(name)],
                       capture_output=True, timeout=60, check=True)
        subprocess.run(['openssl', 'pkey', '-in', self.path(name), '-pubout', '-out',
                        self.path(name + '.pub')], capture_output=True, timeout=60, check=True)
        return self.path(name)


def examples_compile_and_come_back_the_same(rig):
    names = sorted(name for name in os.listdir(EXAMPLES) if name.endswith('.policy'))
    assert names == ['cloud-vm.policy', 'gateway.policy', 'laptop.policy', 'server-uki.policy']
    for name in names:
        bundle = rig.compiled(name)
        text = rig.run('show', rig.path(bundle)).stdout.decode('ascii')
        again = rig.write('again.policy', text)
        rig.run('compile', again, '--out', rig.path('again.bundle'))
        assert rig.read('again.bundle') == rig.read(bundle), name


def compiling_twice_gives_the_same_bytes(rig):
    first = rig.read(rig.compiled('laptop.policy'))
    assert first == rig.read(rig.compiled('laptop.policy'))
    with open(os.path.join(EXAMPLES, 'laptop.policy'), 'rb') as file:
        text = file.read()
    rig.run('compile', '-', '--out', rig.path('stdin.bundle'), stdin=text)
    assert rig.read('stdin.bundle') == first


def errors_name_file_line_and_column(rig):
    path = rig.write('bad.policy', 'policy x {\n  rule a : gpt devise-pin\n  mode of\n}\n')
    done = rig.run('check', path, status=1)
    lines = done.stderr.decode().splitlines()
    assert lines[0] == f'{path}:2:16: no verb of this name; did you mean device-pin?', lines
    assert lines[1] == f'{path}:3:8: off, observe or enforce is wanted here', lines
    assert len(lines) == 2 and not done.stdout
    told = json.loads(rig.run('check', path, '--json', status=1).stdout)
    assert told['ok'] is False and told['errors'] == 2
    assert [(one['line'], one['column'], one['kind']) for one in told['sayings']] == [
        (2, 16, 'error'), (3, 8, 'error')]


def several_files_are_read_as_one(rig):
    site = rig.write('site.policy', 'policy a {\n  applies class in { c }\n  quote sha256 pcrs 5\n'
                     '  rule tpm : tpm.advisory not-in @tpm/high else warn\n}')
    ours = os.path.join(EXAMPLES, '../../tools/policy/advisories.policy')
    rig.run('check', site, status=1)
    rig.run('compile', ours, site, '--out', rig.path('one.bundle'))
    rig.run('compile', site, ours, '--out', rig.path('two.bundle'))
    assert rig.read('one.bundle') == rig.read('two.bundle')
    shown = rig.run('show', rig.path('one.bundle')).stdout
    assert b'advisory roca' in shown and b'cve CVE-2017-15361' in shown
    wrong = rig.write('wrong.policy', '\nadvisory x {\n  vendor IFX\n  severity grave\n}')
    for files in ((site, wrong, ours), (site, ours, wrong)):
        done = rig.run('check', *files, status=1)
        assert done.stderr.decode().startswith(f'{wrong}:4:12: severity is low'), done.stderr
        told = json.loads(rig.run('check', '--json', *files, status=1).stdout)['sayings'][0]
        assert (told['file'], told['line'], told['kind']) == (wrong, 4, 'error')
    rig.run('check', site, rig.path('none'), status=1)


def a_policy_with_an_error_is_not_written(rig):
    path = rig.write('bad.policy', 'policy x {\n  mode of\n}\n')
    rig.write('old.bundle', 'old')
    rig.run('compile', path, '--out', rig.path('old.bundle'), status=1)
    assert rig.read('old.bundle') == b'old'
    good = os.path.join(EXAMPLES, 'gateway.policy')
    rig.run('compile', good, '--out', rig.path('no/folder'), status=1)


def notes_do_not_refuse(rig):
    told = json.loads(rig.run('check', os.path.join(EXAMPLES, 'cloud-vm.policy'),
                              '--json').stdout)
    assert told['ok'] is True and told['errors'] == 0 and told['bytes'] > 0
    assert [one['kind'] for one in told['sayings']] == ['note']
    assert '442' in told['sayings'][0]['text']


def signed_bundles_say_whose_they_are(rig):
    bundle, key, other = rig.compiled('gateway.policy'), rig.key('key.pem'), rig.key('other.pem')
    body = rig.read(bundle)
    rig.run('sign', rig.path(bundle), '--key', key, '--sequence', '15', '--not-after',
            '2090-02-28', '--out', rig.path('signed'))
    assert rig.read(bundle) == body and rig.read('signed').startswith(b'\xd2')
    told = json.loads(rig.run('show', rig.path('signed'), '--key', key + '.pub',
                              '--json').stdout)
    assert told['sequence'] == 15 and told['signature'] == 'by this key'
    assert told['not_after'] == 3791923200 and 0 < told['issued'] < told['not_after']
    assert told['policies'] == [
        {'name': 'gateway-uboot', 'version': 3, 'rules': 9, 'classes': ['gw-imx8']},
        {'name': 'gateway-uefi', 'version': 1, 'rules': 13, 'classes': ['gw-arm64']}]
    again = rig.write('again.policy', told['text'])
    rig.run('compile', again, '--out', rig.path('again.bundle'))
    assert rig.read('again.bundle') == body
    refused = rig.run('show', rig.path('signed'), '--key', other + '.pub', status=1)
    assert b'REFUSED' in refused.stdout
    assert b'REFUSED' in rig.run('show', rig.path(bundle), '--key', key + '.pub', status=1).stdout
    assert b'not checked' in rig.run('show', rig.path('signed')).stdout


def a_flipped_byte_is_refused(rig):
    bundle, key = rig.compiled('gateway.policy'), rig.key('key.pem')
    rig.run('sign', rig.path(bundle), '--key', key, '--sequence', '1')
    data = rig.read(bundle)
    for at in range(0, len(data), len(data) // 12):
        changed = bytearray(data)
        changed[at] ^= 1
        with open(rig.path('changed'), 'wb') as file:
            file.write(changed)
        rig.run('show', rig.path('changed'), '--key', key + '.pub', status=1)
    rig.run('show', rig.path(bundle), '--key', key + '.pub')


def what_is_not_shown_whole_is_not_signed(rig):
    """A set that only has a certificate's name: the text left its version and second digest out."""
    digest = 'sha256:' + '3a' * 32
    path = rig.write('set.policy', f'policy p {{ }}\nset certs zert:v version 2 {{ {digest} '
                                   f'sha256:{"3b" * 32} }}\n')
    rig.run('compile', path, '--out', rig.path('honest'))
    body = rig.read('honest')
    assert body.count(b'zert:v') == 1
    with open(rig.path('made'), 'wb') as file:
        file.write(body.replace(b'zert:v', b'cert:v'))
    made, key = rig.path('made'), rig.key('key.pem')
    for words in (['show', made], ['show', made, '--json'], ['show', made, '--key', key + '.pub'],
                  ['sign', made, '--key', key, '--sequence', '1', '--out', rig.path('none')]):
        done = rig.run(*words, status=1)
        assert b'not of this compiler' in done.stderr and b'compile its source' in done.stderr
        assert not done.stdout
    assert not os.path.exists(rig.path('none'))
    rig.run('sign', rig.path('honest'), '--key', key, '--sequence', '1')
    assert b'zert:v version 2' in rig.run('show', rig.path('honest')).stdout


def large_versions_and_no_end_are_told_as_they_are(rig):
    path, key = rig.write('big.policy', 'policy p version 4294967295 { }\n'), rig.key('key.pem')
    rig.run('compile', path, '--out', rig.path('big'))
    rig.run('sign', rig.path('big'), '--key', key, '--sequence', '9223372036854775807')
    told = json.loads(rig.run('show', rig.path('big'), '--json').stdout)
    assert told['policies'][0]['version'] == 4294967295, told
    assert told['sequence'] == 9223372036854775807 and told['not_after'] == 0
    first = rig.run('show', rig.path('big')).stdout.decode().splitlines()[0]
    assert first.endswith(', ends never'), first
    rig.run('sign', rig.path('big'), '--key', key, '--sequence', '7', '--not-after', '2090-02-28',
            '--out', rig.path('other'), status=1)
    rig.run('compile', path, '--out', rig.path('big'))
    rig.run('sign', rig.path('big'), '--key', key, '--sequence', '7', '--not-after', '2090-02-28')
    first = rig.run('show', rig.path('big')).stdout.decode().splitlines()[0]
    assert first.endswith(', ends 2090-02-28 00:00 UTC'), first


def sequences_only_rise(rig):
    bundle, key = rig.compiled('gateway.policy'), rig.key('key.pem')
    rig.run('sign', rig.path(bundle), '--key', key, '--sequence', '7')
    first = rig.read(bundle)
    for low in ('7', '6'):
        done = rig.run('sign', rig.path(bundle), '--key', key, '--sequence', low, status=1)
        assert b'has sequence 7' in done.stderr and rig.read(bundle) == first
    rig.run('sign', rig.path(bundle), '--key', key, '--sequence', '8')
    assert json.loads(rig.run('show', rig.path(bundle), '--json').stdout)['sequence'] == 8


def what_is_no_bundle_or_key_is_refused(rig):
    key, bundle = rig.key('key.pem'), rig.compiled('gateway.policy')
    junk = rig.write('junk', 'junk')
    assert b'not of the form' in rig.run('show', junk, status=1).stderr
    assert b'not of the form' in rig.run('sign', junk, '--key', key, '--sequence', '1',
                                         status=1).stderr
    rig.write('cose', 'x')
    with open(rig.path('cose'), 'wb') as file:
        file.write(b'\xd2\x84')
    assert b'not a signed bundle' in rig.run('show', rig.path('cose'), status=1).stderr
    rig.run('sign', rig.path(bundle), '--key', junk, '--sequence', '1', status=1)
    rig.run('sign', rig.path(bundle), '--key', rig.path('none'), '--sequence', '1', status=1)
    rig.run('show', rig.path(bundle), '--key', junk, status=1)
    rig.run('show', rig.path('none'), status=1)
    rig.run('check', rig.path('none'), status=1)


def a_release_is_moved_in_its_text(rig):
    release = 'os/debian-12-corp/2026.11.1'
    with open(os.path.join(EXAMPLES, 'laptop.policy'), encoding='ascii') as file:
        text = file.read()
    path = rig.write('site.policy', text)
    os.chmod(path, 0o640)
    head = 'release os debian-12-corp 2026.11.1 {\n'

    def move(*words, status=0):
        return rig.run(words[0], path, release, *words[1:], status=status, noun='golden')
    out = move('stage', '--dry-run').stdout.decode()
    assert '+   state staged\n' in out and 'nothing was written' in out, out
    assert '\n- ' not in out and rig.read('site.policy').decode() == text
    line = text[:text.index(head)].count('\n') + 2
    assert move('stage').stdout.decode() == (
        f'{path}:{line}:\n+   state staged\n{release}: staged, was active\n')
    assert rig.read('site.policy').decode() == text.replace(head, head + '  state staged\n')
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert b'is staged already' in move('stage').stdout
    move('retire', '--until', '2027-01-31', status=1)  # what was never active does not retire
    out = move('promote').stdout.decode()
    assert '\n-   state staged\n+   state active\n' in out, out
    told = json.loads(move('retire', '--until', '2027-01-31', '--json').stdout)
    assert told == {'release': release, 'was': 'active', 'is': 'retiring', 'changed': True}
    moved = rig.read('site.policy').decode()
    assert 'retire 2027-01-31' in moved and '  state retiring\n' in moved, moved
    rig.run('compile', path, '--out', rig.path('moved.bundle'))
    assert b'state retiring' in rig.run('show', rig.path('moved.bundle')).stdout
    done = move('promote')
    assert b'passed' not in done.stderr
    move('revoke')
    done = move('promote', status=1)
    assert b'revoked does not become active' in done.stderr, done
    done = rig.run('promote', path, 'os/debian-12-corp/2026.11.2', status=1, noun='golden')
    assert b'did you mean ' + release.encode() in done.stderr, done
    broken = rig.write('broken.policy', head + '  frob\n}\n')
    assert b'broken.policy:2' in rig.run('promote', broken, release, status=1,
                                         noun='golden').stderr
    for words in (('retire', path, release), ('retire', path, release, '--until', 'monday'),
                  ('retire', path, release, '--now', '--until', '2027-01-01'), ('promote', path),
                  ('promote', '-', release), ('stage', path, release, '--until', '2027-01-01')):
        assert b'usage: ' in rig.run(*words, status=2, noun='golden').stderr, words
    assert '   state retired\n' in rig.run(
        'retire', rig.write('two.policy', text), release, '--now', noun='golden').stdout.decode()


def days_that_outweigh_the_state_are_told(rig):
    text = 'policy base {\n}\nrelease os deb 1 {\n  kernel sha256:' + 'ab' * 32 + '\n'
    for day, words in (('retire 2020-01-01', b'stays retired'),
                       ('active 2099-01-01', b'staged until then')):
        path = rig.write('days.policy', text + f'  state staged\n  {day}\n}}\n')
        done = rig.run('promote', path, 'os/deb/1', noun='golden')
        assert words in done.stderr, done


def wrong_usage_is_told(rig):
    key, bundle = rig.key('key.pem'), rig.path(rig.compiled('gateway.policy'))
    for words in (['check'], ['check'] + ['a'] * 9, ['compile', 'a'], ['check', 'a', '--out', 'b'],
                  ['sign', bundle], ['sign', bundle, '--key', key], ['show'],
                  ['sign', bundle, '--key', key, '--sequence', '0'],
                  ['sign', bundle, '--key', key, '--sequence', '-1'],
                  ['sign', bundle, '--key', key, '--sequence', '1x'],
                  ['sign', bundle, '--key', key, '--sequence', '99999999999999999999'],
                  ['sign', bundle, '--key', key, '--sequence', '1', '--not-after', 'soon'],
                  ['sign', bundle, '--key', key, '--sequence', '1', '--not-after', '2001-01-01']):
        assert b'usage' in rig.run(*words, status=2).stderr, words


def help_teaches_with_an_example(rig):
    for word in ('learn', 'check', 'compile', 'sign', 'show'):
        text = rig.run(word, '--help').stdout
        assert b'Exit status' in text and b'assay policy' in text, word
    for word in ('stage', 'promote', 'retire', 'revoke'):
        text = rig.run(word, '--help', noun='golden').stdout
        assert b'Exit status' in text and b'$ assay golden ' + word.encode() in text, word


def main():
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        tap.run([(case, rig) for case in (
            examples_compile_and_come_back_the_same, compiling_twice_gives_the_same_bytes,
            errors_name_file_line_and_column, several_files_are_read_as_one,
            a_policy_with_an_error_is_not_written,
            notes_do_not_refuse, signed_bundles_say_whose_they_are, a_flipped_byte_is_refused,
            what_is_not_shown_whole_is_not_signed, large_versions_and_no_end_are_told_as_they_are,
            sequences_only_rise, what_is_no_bundle_or_key_is_refused, wrong_usage_is_told,
            a_release_is_moved_in_its_text, days_that_outweigh_the_state_are_told,
            help_teaches_with_an_example)])


if __name__ == '__main__':
    main()
