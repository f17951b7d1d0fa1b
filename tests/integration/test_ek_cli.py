#!/usr/bin/env python3
"""`assay ek check` over the vectors: verdicts, exit codes, JSON, and what is skipped.

test_ek_cli.py ASSAY VECTORS: prints TAP."""
import json
import os
import subprocess
import sys
import tempfile

NOW = '1800000000'  # 2027-01-15
IN_2020 = '1577836800'


class Cli:
    def __init__(self, assay, vectors):
        self.assay = os.path.abspath(assay)
        self.vectors = vectors

    def path(self, name):
        return os.path.join(self.vectors, name)

    def check(self, roots, file, *options):
        return subprocess.run([self.assay, 'ek', 'check', '--roots', self.path(roots),
                               self.path(file), *options],
                              capture_output=True, timeout=30, check=False)


def recorded_boots(cli):
    for folder in sorted(os.listdir(cli.path('boot'))):
        for kind in ('rsa', 'ecc'):
            file = f'boot/{folder}/ek-{kind}-cert.der'
            if os.path.exists(cli.path(file)):
                run = cli.check('boot/ca', file, '--at', NOW)
                yield f'{file} is verified', (run.returncode == 0
                                              and b'verdict:     verified' in run.stdout)


def real_leaves(cli):
    nuc = 'ek/hirs-nuc-1-ek_cert_untouched.cer'
    run = cli.check('ek-roots', nuc, '--at', IN_2020, '--json')
    told = json.loads(run.stdout)
    yield 'SHA-1 is refused', run.returncode == 1 and told['fault']['rule'] == 'x509-sha1'
    run = cli.check('ek-roots', nuc, '--at', IN_2020, '--json', '--allow-sha1')
    told = json.loads(run.stdout)
    yield 'SHA-1 is verified when allowed, and told', (
        run.returncode == 0 and told['verdict'] == 'verified' and told['sha1_used']
        and len(told['chain']) == 4)
    yield 'maker, model and version are shown', (
        (told['vendor'], told['model'], told['version']) == ('STM', 'ST33ZP24PVSP', 'id:0D0C'))
    yield 'the fingerprint is that of rsaEncryption', told['fingerprint'] == (
        '66b3b647112423c4775d5d15bc8bd2ef75e0ae70e1a5aba10891e0c382ad9d31')
    run = cli.check('ek-roots', nuc, '--at', NOW, '--json', '--allow-sha1')
    yield 'an expired one is refused', json.loads(run.stdout)['fault']['rule'] == 'x509-late'
    run = cli.check('ek-roots', 'ek/gce-pca_tpm_ecc_enc_cert.pem', '--at', NOW, '--json')
    yield 'one without a root at hand is refused', (
        run.returncode == 1 and json.loads(run.stdout)['fault']['rule'] == 'ekchain-issuer')
    run = cli.check('ek-roots', 'ek/gce-pca_tpm_ecc_sign_cert.pem', '--at', NOW, '--json')
    yield 'a signing key is refused', (
        run.returncode == 1 and json.loads(run.stdout)['fault']['rule'] == 'ekcert-key-usage')


def files(cli):
    leaf = cli.path('boot/grub-sb-on/ek-rsa-cert.der')
    with open(leaf, 'rb') as file:
        der = file.read()
    with tempfile.TemporaryDirectory() as folder:
        def written(name, data):
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(data)
            return os.path.join(folder, name)

        pem = b''.join(open(cli.path(f'boot/ca/{name}.pem'), 'rb').read()
                       for name in ('issuer', 'root'))
        os.mkdir(os.path.join(folder, 'ca'))
        written('ca/both.pem', b'some text\n' + pem.replace(b'\n', b'\r\n'))
        written('ca/junk', b'no certificate\n')
        written('ca/leaf.der', der)
        run = cli.check(os.path.join(folder, 'ca'), leaf, '--at', NOW)
        yield 'several certificates in one file', run.returncode == 0
        yield 'unusable files are named and skipped', (b'junk' in run.stderr
                                                       and b'leaf.der' in run.stderr)
        for fill in (b'\xff', b'\0'):
            padded = written('padded', der + 300 * fill)
            yield f'padding {fill.hex()}', cli.check('boot/ca', padded, '--at', NOW).returncode == 0
        for name, data in (('truncated', der[:-1]), ('empty', b''), ('trailing', der + b'\0\1'),
                           ('text', b'hello\n'), ('flipped', der[:300] + b'\1' + der[301:])):
            run = cli.check('boot/ca', written(name, data), '--at', NOW)
            yield f'{name} is refused', run.returncode == 1


def names(cli):
    """Names in the folder of roots are anybody's bytes: they must not steer a terminal."""
    leaf = cli.path('boot/grub-sb-on/ek-rsa-cert.der')
    with open(leaf, 'rb') as file:
        der = file.read()
    pem = open(cli.path('boot/ca/root.pem'), 'rb').read().replace(b'MII', b'AII', 1)
    steer = b'\x1b[2J\r\xe2\x80\xae'
    with tempfile.TemporaryDirectory() as folder:
        roots = os.path.join(folder, 'ca').encode()
        os.mkdir(roots)
        for name, data in ((b'junk', b'no certificate\n'), (b'leaf', der), (b'pem', pem),
                           (b'long', b'x' * (300 * 1024))):
            with open(os.path.join(roots, name + steer), 'wb') as file:
                file.write(data)
        os.symlink('nowhere', os.path.join(roots, b'gone' + steer))
        run = cli.check(roots.decode(), leaf, '--at', NOW)
        yield 'a steering name does not verify', run.returncode == 1
        for name in (b'junk', b'leaf', b'pem', b'long', b'gone'):
            yield f'{name.decode()} is named, escaped', (
                name + rb'\x1b[2J\x0d\xe2\x80\xae' in run.stderr)
        yield 'no byte of a name reaches the terminal as it is', all(
            byte == 0x0a or 0x20 <= byte < 0x7f for byte in run.stderr)
        run = cli.check(os.path.join(folder, 'no\x1b[2J'), leaf)
        yield 'nor of the folder', rb'no\x1b[2J' in run.stderr and b'\x1b' not in run.stderr


def usage(cli):
    for args in ([], ['x'], ['--roots'], ['--roots', '.'], ['--roots', '.', 'x', '--at', '1x'],
                 ['--roots', '.', 'x', 'y'], ['--roots', '.', '--nonsense', 'x']):
        run = subprocess.run([cli.assay, 'ek', 'check', *args], capture_output=True, timeout=30,
                             check=False)
        yield f'usage: {args}', run.returncode == 2 and b'usage' in run.stderr
    run = cli.check('boot/ca', 'missing.der')
    yield 'a missing file is no usage error', run.returncode == 1
    run = cli.check('missing', 'boot/grub-sb-on/ek-rsa-cert.der')
    yield 'a missing folder is no usage error', run.returncode == 1


def main():
    cli = Cli(sys.argv[1], os.path.abspath(sys.argv[2]))
    count = failed = 0
    for group in (recorded_boots, real_leaves, files, names, usage):
        for claim, holds in group(cli):
            count += 1
            failed += not holds
            print(f'{"ok" if holds else "not ok"} {count} {claim}', flush=True)
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
