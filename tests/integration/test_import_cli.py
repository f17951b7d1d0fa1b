"""`assay policy import`: files, options, exit codes. test_import_cli.py ASSAY VECTORS; TAP."""
import os
import subprocess
import sys
import tempfile

import tap

ASSAY = os.path.abspath(sys.argv[1])
VECTORS = os.path.abspath(sys.argv[2])
OLD = os.path.join(VECTORS, 'import', 'dbxupdate_x64-2020-10-12.bin')
NEW = os.path.join(VECTORS, 'import', 'dbxupdate_x64-2021-04-29.bin')


class Rig:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def policy(self, *words, status=0, stdin=None):
        done = subprocess.run([ASSAY, 'policy', *words], input=stdin, capture_output=True,
                              timeout=120, check=False)
        assert done.returncode == status, (words, done.returncode, done.stdout[-300:], done.stderr)
        return done

    def take(self, *words, **more):
        return self.policy('import', *words, **more)

    def compiles(self, text, rules=b'', pcrs=b'7'):
        whole = b'policy p {\n  quote sha256 pcrs ' + pcrs + b'\n' + rules + b'}\n' + text
        self.policy('compile', self.write('whole.policy', whole), '--out', self.path('bundle'))
        return self.policy('show', self.path('bundle')).stdout


def what_is_imported_stands_beside_rules_and_comes_back(rig):
    text = rig.take('--kind', 'dbx', '--name', 'dbx/a', '--name', 'dbx/b', OLD, NEW).stdout
    shown = rig.compiles(text, b'  rule dbx : sb.dbx includes @dbx/a\n')
    assert shown.count(b'sha256:') >= 183 + 3 + 211 and b' next dbx/b {' in shown
    first = rig.read('bundle')
    rig.policy('compile', rig.write('again.policy', shown), '--out', rig.path('bundle'))
    assert rig.read('bundle') == first


def out_is_a_file_and_standard_input_one_too(rig):
    done = rig.take('--kind', 'dbx', '--out', rig.path('dbx'), NEW)
    assert not done.stdout and not done.stderr
    with open(NEW, 'rb') as file:
        again = rig.take('--kind', 'dbx', '--name', 'dbx/dbxupdate_x64-2021-04-29', '-',
                         stdin=file.read()).stdout
    ours = [line for line in rig.read('dbx').split(b'\n') if not line.startswith(b'#')]
    assert ours == [line for line in again.split(b'\n') if not line.startswith(b'#')]
    rig.take('--kind', 'dbx', '--out', rig.path('no/such/folder'), NEW, status=1)


def what_is_no_such_file_is_named_and_nothing_printed(rig):
    log = os.path.join(VECTORS, 'evlog', 'debian-10.bin')
    done = rig.take('--kind', 'dbx', NEW, log, status=1)
    assert not done.stdout
    assert b'debian-10.bin: ' in done.stderr, done.stderr
    assert b'does not begin with the time' in done.stderr, done.stderr
    rig.take('--kind', 'dbx', '--out', rig.path('none'), log, status=1)
    assert not os.path.exists(rig.path('none'))
    rig.take('--kind', 'dbx', rig.path('absent'), status=1)


def two_files_of_one_name_are_refused(rig):
    done = rig.take('--kind', 'dbx', '--name', 'dbx/a', '--name', 'dbx/a', OLD, NEW, status=1)
    assert not done.stdout and b'stands in line' in done.stderr, done.stderr


def pcrlock_files_are_releases_alone_or_together(rig):
    names = ('350-action-efi-application.pcrlock', '750-enter-initrd.pcrlock')
    files = [os.path.join(VECTORS, 'import', name) for name in names]
    text = rig.take('--kind', 'pcrlock', *files).stdout
    assert b'release enter-initrd pcrlock 1 {' in rig.compiles(text).replace(b'  source', b'')
    text = rig.take('--kind', 'pcrlock', '--component', 'os', '--release', '12.1', *files).stdout
    shown = rig.compiles(text)
    assert b'release os pcrlock 12.1 {' in shown and b'enter-initrd-pcr11 sha256:51e6' in shown
    # a component that no language has is refused by name
    done = rig.take('--kind', 'pcrlock', '--component', 'o.s', '--release', '1', *files, status=1)
    assert not done.stdout and b'holds none of' in done.stderr, done.stderr


def keylime_s_files_are_policies_and_lists(rig):
    boot = os.path.join(VECTORS, 'import', 'example_reference_state.json')
    files = os.path.join(VECTORS, 'import', 'runtime-policy.json')
    text = rig.take('--kind', 'keylime-boot', '--name', 'rack', '--release', '3', boot).stdout
    shown = rig.compiles(text, b'  rule chain : boot.images sequence @os.shim @os.grub @os.kernel\n'
                               b'  rule db : sb.db equals @sb/db/rack\n', b'4,7')
    assert b'release os rack 3 {' in shown
    lines = rig.take('--kind', 'keylime-runtime', files).stdout.split(b'\n')
    assert lines[0].startswith(b'# ') and lines[1].endswith(b' /usr/sbin/foobar-sbin')
    assert len(lines) == 9 and all(line.startswith(b'sha256:') for line in lines[1:8])
    rig.take('--kind', 'keylime-boot', files, status=1)
    rig.take('--kind', 'keylime-runtime', boot, status=1)


def wrong_usage_is_told(rig):
    rig.take('--kind', 'keylime-boot', '--component', 'os', '--release', '1', NEW, status=2)
    rig.take('--kind', 'keylime-boot', '--release', 'a b', NEW, status=2)
    rig.take('--kind', 'keylime-runtime', '--release', '1', NEW, status=2)
    rig.take('--kind', 'pcrlock', '--published', '2026-12-01', NEW, status=2)
    rig.take('--kind', 'pcrlock', '--component', 'os', NEW, status=2)
    rig.take('--kind', 'pcrlock', '--release', '1', NEW, status=2)
    rig.take('--kind', 'pcrlock', '--component', 'o s', '--release', '1', NEW, status=2)
    rig.take('--kind', 'dbx', '--component', 'os', '--release', '1', NEW, status=2)
    rig.take(status=2)
    rig.take(NEW, status=2)
    rig.take('--kind', 'dbz', NEW, status=2)
    rig.take('--kind', 'dbx', status=2)
    rig.take('--kind', 'dbx', '--name', 'a', OLD, NEW, status=2)
    rig.take('--kind', 'dbx', '--name', 'a b', NEW, status=2)
    rig.take('--kind', 'dbx', '--published', '2026-13-01', NEW, status=2)
    rig.take('--kind', 'dbx', '--published', '2026-12-01', OLD, NEW, status=2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        tap.run([(case, rig) for case in (
            what_is_imported_stands_beside_rules_and_comes_back,
            out_is_a_file_and_standard_input_one_too,
            what_is_no_such_file_is_named_and_nothing_printed, two_files_of_one_name_are_refused,
            pcrlock_files_are_releases_alone_or_together,
            keylime_s_files_are_policies_and_lists, wrong_usage_is_told)])


if __name__ == '__main__':
    main()
