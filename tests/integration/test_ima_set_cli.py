"""`assay ima set make|show|check` over real files and a real Debian package.
usage: test_ima_set_cli.py ASSAY; prints TAP; needs dpkg-deb."""
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

ASSAY = os.path.abspath(sys.argv[1])
HEAD = 32


def run(*args, **more):
    return subprocess.run([ASSAY, 'ima', 'set', *args], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False, **more)


def put(top, name, content):
    path = os.path.join(top, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content)
    return path


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def digests(path, size=32):
    data = content(path)[HEAD:]
    return [data[at:at + size] for at in range(0, len(data), size)]


def make_tree(top):
    put(top, 'tree/usr/bin/one', b'one')
    put(top, 'tree/usr/bin/same', b'one')
    put(top, 'tree/usr/lib/deep/er/two', b'two')
    put(top, 'tree/empty', b'')
    put(top, 'outside', b'not of the tree')
    os.symlink('../outside', os.path.join(top, 'tree', 'link'))
    os.mkfifo(os.path.join(top, 'tree', 'fifo'))
    return os.path.join(top, 'tree'), sorted(
        hashlib.sha256(of).digest() for of in (b'one', b'two', b''))


def a_tree_gives_its_files_each_once(top):
    tree, wanted = make_tree(top)
    out = os.path.join(top, 'out')
    done = run('make', tree, '--out', out)
    assert done.returncode == 0, done.stderr
    assert digests(out) == wanted, 'links and pipes are no files, equal files are one'
    name = hashlib.sha256(content(out)).hexdigest()
    assert done.stdout.decode() == f'4 files, 3 digests of sha256\nsha256:{name}\n'
    assert content(out)[:HEAD] == b'assayset' + struct.pack('<HHIQQ', 1, 11, 0, 3, 0)


def what_was_made_is_told_as_json_too(top):
    tree, wanted = make_tree(top)
    folder = os.path.join(top, 'sets')
    os.mkdir(folder)
    done = run('make', tree, '--out', folder, '--json')
    assert done.returncode == 0, done.stderr
    name, = os.listdir(folder)
    assert json.loads(done.stdout) == {
        'sha256': name[:-len('.set')], 'hash': 'sha256', 'file': os.path.join(folder, name),
        'files': 4, 'digests': len(wanted)}
    refused = run('make', os.path.join(top, 'absent'), '--out', folder, '--json')
    assert refused.returncode == 1 and not refused.stdout


def equal_files_give_equal_sets(top):
    tree, _ = make_tree(top)
    outs = [os.path.join(top, name) for name in ('a', 'b')]
    assert run('make', tree, '--out', outs[0]).returncode == 0
    assert run('make', os.path.join(tree, 'usr'), os.path.join(tree, 'empty'), tree, '--out',
               outs[1]).returncode == 0
    assert content(outs[0]) == content(outs[1])


def a_folder_gets_it_under_its_name(top):
    tree, wanted = make_tree(top)
    folder = os.path.join(top, 'sets')
    os.mkdir(folder)
    done = run('make', tree, '--out', folder)
    assert done.returncode == 0, done.stderr
    name, = os.listdir(folder)
    path = os.path.join(folder, name)
    assert digests(path) == wanted
    assert name == hashlib.sha256(content(path)).hexdigest() + '.set'


def other_hashes_have_their_size(top):
    one = put(top, 'one', b'one')
    for hash_name, size in (('sha1', 20), ('sha384', 48), ('sha512', 64)):
        out = os.path.join(top, hash_name)
        assert run('make', one, '--hash', hash_name, '--out', out).returncode == 0
        digest = hashlib.new(hash_name, b'one')
        assert digests(out, size) == [digest.digest()]
        assert run('check', out, digest.hexdigest()).returncode == 0
        assert run('check', out, f'{hash_name}:{digest.hexdigest()}').returncode == 0
        assert run('check', out, f'sha256:{digest.hexdigest()}').returncode == 2


def make_package(top):
    put(top, 'deb/DEBIAN/control', b'Package: sample\nVersion: 1\nArchitecture: all\n'
        b'Maintainer: nobody <nobody@example.org>\nDescription: a sample\n')
    put(top, 'deb/DEBIAN/postinst', b'#!/bin/sh\ntouch ran\n')
    os.chmod(os.path.join(top, 'deb/DEBIAN/postinst'), 0o755)
    put(top, 'deb/usr/bin/tool', b'a tool')
    put(top, 'deb/usr/share/tool/data', b'its data')
    os.symlink('tool', os.path.join(top, 'deb/usr/bin/alias'))
    path = os.path.join(top, '-sample.deb')  # a name that looks like an option is none
    subprocess.run(['dpkg-deb', '--root-owner-group', '--build', os.path.join(top, 'deb'),
                    path], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return path


def a_package_gives_what_it_installs(top):
    path = make_package(top)
    temporary = os.path.join(top, 'temporary')
    os.mkdir(temporary)
    done = run('make', '--debian', os.path.basename(path), '--out', 'out', cwd=top,
               env={**os.environ, 'TMPDIR': temporary})
    assert done.returncode == 0, done.stderr
    assert digests(os.path.join(top, 'out')) == sorted(
        hashlib.sha256(of).digest() for of in (b'a tool', b'its data'))
    assert os.listdir(temporary) == [] and not os.path.exists(os.path.join(top, 'ran'))


def what_cannot_be_unpacked_leaves_everything_as_it_was(top):
    path = make_package(top)
    put(top, 'cut.deb', content(path)[:200])
    out = put(top, 'out', b'before')
    temporary = os.path.join(top, 'temporary')
    os.mkdir(temporary)
    for package in ('cut.deb', 'none.deb'):
        done = run('make', '--debian', os.path.join(top, package), '--out', out,
                   env={**os.environ, 'TMPDIR': temporary})
        assert done.returncode == 1 and package.encode() in done.stderr
        assert content(out) == b'before' and os.listdir(temporary) == []
    done = run('make', '--debian', path, '--out', out, env={'PATH': top, 'TMPDIR': temporary})
    assert done.returncode == 1 and b'dpkg-deb' in done.stderr
    done = run('make', '--debian', path, '--out', out, env={'TMPDIR': os.path.join(top, 'nowhere')})
    assert done.returncode == 1 and b'nowhere' in done.stderr


def a_file_that_cannot_be_read_is_no_set(top):
    tree, _ = make_tree(top)
    out = os.path.join(top, 'out')
    done = run('make', tree, os.path.join(top, 'nothing\x1b'), '--out', out)
    assert done.returncode == 1 and not os.path.exists(out)
    assert b'nothing' in done.stderr and b'\x1b' not in done.stderr
    done = run('make', tree, '--out', os.path.join(top, 'no', 'folder'))
    assert done.returncode == 1 and b'cannot write' in done.stderr


def show_tells_what_it_is(top):
    tree, wanted = make_tree(top)
    out = os.path.join(top, 'out')
    assert run('make', tree, '--out', out).returncode == 0
    name = hashlib.sha256(content(out)).hexdigest()
    done = run('show', out, '--json')
    assert done.returncode == 0
    assert json.loads(done.stdout) == {'sha256': name, 'hash': 'sha256', 'digests': 3,
                                       'bytes': HEAD + 3 * 32}
    assert run('show', out).stdout.decode() == f'3 digests of sha256\nsha256:{name}\n'
    lines = run('show', out, '--all').stdout.decode().split()
    assert lines[-3:] == [digest.hex() for digest in wanted]


def check_looks_up(top):
    tree, wanted = make_tree(top)
    out = os.path.join(top, 'out')
    assert run('make', tree, '--out', out).returncode == 0
    absent = hashlib.sha256(b'absent').hexdigest()
    assert run('check', out, *(digest.hex() for digest in wanted)).returncode == 0
    done = run('check', out, wanted[0].hex(), absent)
    assert done.returncode == 1
    assert done.stdout.decode() == f'{wanted[0].hex()}: in the set\n{absent}: not in the set\n'
    for wrong in ('00', 'g' * 64, absent + '00', 'md5:' + absent, ''):
        assert run('check', out, wrong).returncode == 2, wrong


def what_is_no_set_is_told(top):
    tree, wanted = make_tree(top)
    out = os.path.join(top, 'out')
    assert run('make', tree, '--out', out).returncode == 0
    data = content(out)
    for broken, rule in ((b'', b'digest-set-head'), (data[:-1], b'digest-set-length'),
                         (data[:HEAD] + b''.join(reversed(wanted)), b'digest-set-order')):
        path = put(top, 'broken', broken)
        for words in (('show', path), ('check', path, '00' * 32)):
            done = run(*words)
            assert done.returncode == 1 and rule in done.stdout, (rule, done)
    assert run('show', tree).returncode == 1
    assert run('show', os.path.join(top, 'none')).returncode == 1


def usage_is_2(top):
    one = put(top, 'one', b'one')
    for words in (('make',), ('make', one), ('make', '--out', 'x'), ('show',), ('show', one, one),
                  ('make', one, '--out', 'x', '--hash', 'md5'), ('check', one), ('check',),
                  ('make', one, '--out', 'x', '--hash', 'sm3_256'), ('show', '--nonsense', one)):
        assert run(*words, cwd=top).returncode == 2, words
    assert not os.path.exists(os.path.join(top, 'x'))


CASES = [a_tree_gives_its_files_each_once, what_was_made_is_told_as_json_too,
         equal_files_give_equal_sets,
         a_folder_gets_it_under_its_name, other_hashes_have_their_size,
         a_package_gives_what_it_installs,
         what_cannot_be_unpacked_leaves_everything_as_it_was,
         a_file_that_cannot_be_read_is_no_set, show_tells_what_it_is, check_looks_up,
         what_is_no_set_is_told, usage_is_2]


def main():
    failed = False
    print(f'1..{len(CASES)}')
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as top:
            try:
                case(top)
                print(f'ok {number} {case.__name__}')
            except Exception as error:  # a broken case is a failed case
                failed = True
                print(f'# {type(error).__name__}: {error}')
                print(f'not ok {number} {case.__name__}')
    return 1 if failed else 0


sys.exit(main())
