#!/usr/bin/env python3
"""A software TPM opens what crypto/makecred wrote for it.

test_makecred.py MAKECRED_FILE: prints TAP; skips without swtpm and tpm2-tools."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

POLICY_A_384 = ('8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e'
                '143e8bb1133824ccb431053871c6db53')
TOOLS = ['swtpm', 'tpm2_createek', 'tpm2_createak', 'tpm2_createprimary',
         'tpm2_activatecredential', 'tpm2_startauthsession', 'tpm2_policysecret',
         'tpm2_flushcontext', 'tpm2_startup']
ATTRIBUTES = 'fixedtpm|fixedparent|sensitivedataorigin|adminwithpolicy|restricted|decrypt'


class Tpm:
    """swtpm on a pair of free ports; port + 1 is its control channel, as tpm2-tools expect."""

    def __init__(self, folder):
        self.folder = folder
        port = free_pair()
        self.process = subprocess.Popen(
            ['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={folder}', '--flags',
             'not-need-init', '--server', f'type=tcp,port={port},bindaddr=127.0.0.1', '--ctrl',
             f'type=tcp,port={port + 1},bindaddr=127.0.0.1'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.env = dict(os.environ, TPM2TOOLS_TCTI=f'swtpm:host=127.0.0.1,port={port}')
        for _ in range(100):
            try:
                socket.create_connection(('127.0.0.1', port + 1), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        self.run('tpm2_startup', '-c')

    def run(self, *args, check=True, data=None):
        result = subprocess.run(args, cwd=self.folder, env=self.env, input=data,
                                capture_output=True, timeout=60, check=False)
        if check and result.returncode != 0:
            raise RuntimeError(f'{args}: {result.stderr.decode()}')
        return result

    def flush(self):
        for what in ('-t', '-l', '-s'):
            self.run('tpm2_flushcontext', what, check=False)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def free_pair():
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(('127.0.0.1', 0))
            port = first.getsockname()[1]
            try:
                second.bind(('127.0.0.1', port + 1))
            except OSError:
                continue
            return port


def make_ek(tpm, kind):
    """An EK of the TCG templates, as ek.ctx and ek.pub. tpm2_createek knows RSA L-1 and P-256 L-2;
    P-384 is made with the name algorithm and key sizes of H-3, and policy A alone."""
    if kind in ('rsa', 'ecc'):
        tpm.run('tpm2_createek', '-c', 'ek.ctx', '-G', kind, '-u', 'ek.pub')
        return
    with open(os.path.join(tpm.folder, 'policy'), 'wb') as file:
        file.write(bytes.fromhex(POLICY_A_384))
    tpm.run('tpm2_createprimary', '-C', 'e', '-g', 'sha384', '-G', f'{kind}:aes256cfb', '-a',
            ATTRIBUTES, '-L', 'policy', '-c', 'ek.ctx')
    tpm.run('tpm2_readpublic', '-c', 'ek.ctx', '-o', 'ek.pub')


def activate(tpm, kind):
    digest = 'sha256' if kind in ('rsa', 'ecc') else 'sha384'
    tpm.flush()
    tpm.run('tpm2_startauthsession', '--policy-session', '-g', digest, '-S', 'session.ctx')
    tpm.run('tpm2_policysecret', '-S', 'session.ctx', '-c', 'e')
    result = tpm.run('tpm2_activatecredential', '-c', 'ak.ctx', '-C', 'ek.ctx', '-i', 'blob', '-o',
                     'opened', '-P', 'session:session.ctx', check=False)
    tpm.run('tpm2_flushcontext', 'session.ctx', check=False)
    if result.returncode != 0:
        return None
    with open(os.path.join(tpm.folder, 'opened'), 'rb') as file:
        return file.read()


def claims(program, kind):
    """(claim, holds) for one kind of EK."""
    with tempfile.TemporaryDirectory() as folder:
        tpm = Tpm(folder)
        try:
            make_ek(tpm, kind)
            tpm.flush()
            tpm.run('tpm2_createprimary', '-C', 'e', '-G', 'ecc256:ecdsa-sha256:null',
                    '-c', 'ak.ctx', '-a',
                    'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign')
            tpm.run('tpm2_readpublic', '-c', 'ak.ctx', '-n', 'ak.name')
            secret = os.urandom(32)
            tpm.run(program, 'ek.pub', 'ak.name', 'blob', data=secret)
            yield f'{kind}: the TPM returns the secret', activate(tpm, kind) == secret
            path = os.path.join(folder, 'blob')
            with open(path, 'r+b') as file:
                blob = bytearray(file.read())
                blob[8 + 2 + 2] ^= 1  # first byte of the integrity value
                file.seek(0)
                file.write(blob)
            yield f'{kind}: one changed bit does not open', activate(tpm, kind) is None
        finally:
            tpm.stop()


def main():
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f'1..0 # SKIP {" ".join(missing)} not found')
        return 0
    program = os.path.abspath(sys.argv[1])
    count = failed = 0
    for kind in ('rsa', 'ecc', 'ecc384', 'rsa3072'):
        for claim, holds in claims(program, kind):
            count += 1
            failed += not holds
            print(f'{"ok" if holds else "not ok"} {count} {claim}', flush=True)
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
