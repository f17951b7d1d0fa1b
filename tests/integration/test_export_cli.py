"""`assay policy export`: CoRIM that others read. test_export_cli.py ASSAY TESTS; TAP.

What is read here is read by Python's own eyes: diag.py takes deterministic CBOR only, cddl.py the
draft's types, OpenSSL's command the signature, and python3-cbor2 all of it where it is installed.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

import cddl
import diag
import tap

ASSAY = os.path.abspath(sys.argv[1])
TESTS = os.path.abspath(sys.argv[2])
EXAMPLES = os.path.join(TESTS, '..', 'docs', 'examples')
PROFILE = 'tag:assay.dev,2026:corim-1'
D1, D2 = '3a' * 32, '5c' * 32
POLICY = f'''policy p {{
  quote sha256 pcrs 4
  rule chain : boot.images sequence @os.shim @os.kernel same-release
}}
release os gw 12.1 {{
  source pipeline build-2026
  svn 7
  retire 2099-01-01
  shim sha256:{D1} "shim {{x}}"
  kernel sha256:{D2}
  kernel sha256:{D1}
}}
release fw t14 1.0 {{
  state staged
  variant {{
    sha256:{D1} optional
  }}
}}
'''


class Rig:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def policy(self, *words, status=0):
        done = subprocess.run([ASSAY, 'policy', *words], capture_output=True, timeout=120,
                              check=False)
        assert done.returncode == status, (words, done.returncode, done.stdout[-300:], done.stderr)
        return done

    def export(self, *words, **more):
        return self.policy('export', '--kind', 'corim', *words, **more)


def openssl(*words, stdin=None):
    return subprocess.run(['openssl', *words], input=stdin, capture_output=True, timeout=60,
                          check=True).stdout


def schema():
    with open(os.path.join(TESTS, 'vectors', 'corim', 'corim.cddl'), encoding='utf-8') as file:
        return cddl.Schema(file.read())


def releases_of(text):
    """{head: lines} of each release in a policy's text, without what a CoRIM does not say."""
    found = re.findall(r'^release ([^{\n]*) \{\n(.*?)^\}', text, re.M | re.S)
    lost = ('replaces', 'overlap', 'slots', 'cmdline', 'initrd announced')
    return {head: sorted(line for line in body.split('\n') if not line.strip().startswith(lost))
            for head, body in found}


def shown(rig, text):
    rig.policy('compile', rig.write('s.policy', text), '--out', rig.path('s.bundle'))
    return rig.policy('show', rig.path('s.bundle')).stdout.decode()


def text_and_bundles_are_the_same_bytes(rig):
    text = rig.write('a.policy', POLICY)
    data = rig.export('--id', 'site/7', text).stdout
    rig.policy('compile', text, '--out', rig.path('a.bundle'))
    assert rig.export('--id', 'site/7', rig.path('a.bundle')).stdout == data
    key = rig.write('k', openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
                                 'ec_paramgen_curve:P-256'))
    rig.policy('sign', rig.path('a.bundle'), '--key', key, '--sequence', '1')
    done = rig.export('--id', 'site/7', '--out', rig.path('a.corim'), rig.path('a.bundle'))
    assert not done.stdout and rig.read('a.corim') == data


def it_is_what_the_draft_says(rig):
    data = rig.export(rig.write('a.policy', POLICY)).stdout
    value = diag.decode(data)
    assert schema().matches('unsigned-corim', value)
    assert data[:3] == b'\xd9\x01\xf5'
    corim = value.value
    assert corim.get(0) == 'assay-policy' and corim.get(3).value == PROFILE
    assert corim.get(4).get(1).value == 4070908800  # 2099-01-01
    tag, = corim.get(1)
    comid = diag.decode(tag.value)
    (env, measurements), = comid.get(4).get(0)
    assert env.get(0) == diag.Map([(1, 'build-2026'), (2, 'os/gw')])
    assert [m.get(0) for m in measurements] == ['kernel', 'kernel/1', 'shim']
    values = measurements[2].get(1)
    assert values.get(0) == diag.Map([(0, '12.1')]) and values.get(1).value == 7
    assert values.get(2) == [[1, bytes.fromhex(D1)]]
    assert values.get(11) == 'boot.images shim {x}'
    assert comid.get(-1) == diag.Map([(0, 'pipeline'), (3, 4070908800)])


def another_program_reads_the_same(rig):
    try:
        import cbor2
    except ImportError as reason:
        raise tap.Skip('no python3-cbor2') from reason
    data = rig.export(rig.write('a.policy', POLICY)).stdout
    value = cbor2.loads(data)
    assert value.tag == 501 and value.value[0] == 'assay-policy'
    comid = cbor2.loads(value.value[1][0].value)
    (env, measurements), = comid[4][0]
    assert env[0][2] == 'os/gw'
    assert measurements[0][1][2] == [[1, bytes.fromhex(D2)]]


def it_comes_back_as_it_was(rig):
    n = 0
    texts = [POLICY]
    for path in sorted(glob.glob(os.path.join(EXAMPLES, '*.policy'))):
        with open(path, encoding='utf-8') as file:
            texts.append(file.read())
    for text in texts:
        before = shown(rig, text)
        counted = {head: lines for head, lines in releases_of(before).items()
                   if not re.search(r'state (staged|retired|revoked)', ' '.join(lines))}
        done = subprocess.run([ASSAY, 'policy', 'export', '--kind', 'corim',
                               rig.path('s.policy')], capture_output=True, timeout=60, check=False)
        if not any('sha256:' in line for lines in counted.values() for line in lines):
            assert done.returncode == 1 and b'nothing to export' in done.stderr
            continue
        assert done.returncode == 0, done.stderr
        back = rig.policy('import', '--kind', 'corim', rig.write('x.corim', done.stdout)).stdout
        after = shown(rig, 'policy q {\n}\n' + back.decode())
        # no signature was verified: who says vendor is the operator, who took the file
        counted = {head: sorted(line.replace('source vendor', 'source operator') for line in lines)
                   for head, lines in counted.items() if any('sha' in line for line in lines)}
        assert releases_of(after) == counted, (releases_of(after), counted)
        n += len(counted)
    assert n >= 4, n


def a_signature_is_openssl_s_too(rig):
    key = rig.write('k', openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
                                 'ec_paramgen_curve:P-256'))
    public = rig.write('k.pub', openssl('pkey', '-in', key, '-pubout'))
    text = rig.write('a.policy', POLICY)
    plain = rig.export(text).stdout
    data = rig.export('--sign', key, '--issuer', 'https://a.example', text).stdout
    value = diag.decode(data)
    assert schema().matches('signed-corim', value)
    protected, unprotected, payload, signature = value.value
    assert payload == plain and unprotected == []
    header = diag.decode(protected)
    assert header.get(15) == diag.Map([(1, 'https://a.example')]) and len(header.get(4)) == 32

    def integer(raw):
        body = raw.lstrip(b'\0')
        body = (b'\0' if body[0] & 0x80 else b'') + body
        return bytes([2, len(body)]) + body

    body = integer(signature[:32]) + integer(signature[32:])
    der = rig.write('sig', bytes([0x30, len(body)]) + body)
    said = openssl('dgst', '-sha256', '-verify', public, '-signature', der,
                   stdin=diag.encode(['Signature1', protected, b'', payload]))
    assert said.strip() == b'Verified OK', said
    name = rig.write('a.corim', data)
    back = rig.policy('import', '--kind', 'corim', '--key', public, name).stdout
    assert b'# signed by the key given, as "https://a.example"' in back, back
    assert b'source pipeline build-2026' in back  # what its maker says, whoever signed
    rig.policy('import', '--kind', 'corim', name, status=1)
    # without an issuer it is the key's thumbprint
    data = rig.export('--sign', key, text).stdout
    header = diag.decode(diag.decode(data).value[0])
    assert header.get(15).get(1) == header.get(4).hex()


def what_is_not_exported_is_told(rig):
    done = rig.export(rig.write('a.policy', POLICY))
    lines = done.stderr.decode().splitlines()
    assert 'assay: NOT EXPORTED: release fw t14 1.0: staged' in lines, lines
    assert 'assay: NOT EXPORTED: policy p: rule chain : boot.images sequence' in lines, lines
    assert 'assay: NOT EXPORTED: policy p: its settings' in lines, lines
    assert len(lines) == 3, lines


def what_cannot_be_exported_is_refused(rig):
    none = rig.write('none.policy', 'policy p {\n}\n')
    done = rig.export('--out', rig.path('none.corim'), none, status=1)
    assert b'nothing to export' in done.stderr and not os.path.exists(rig.path('none.corim'))
    rig.export(rig.write('bad.policy', 'policy {\n'), status=1)
    rig.export(rig.path('absent'), status=1)
    text = rig.write('a.policy', POLICY)
    rig.export('--sign', rig.path('absent'), text, status=1)
    rig.export('--sign', text, text, status=1)
    rig.export('--out', rig.path('no/such'), text, status=1)


def wrong_usage_is_told(rig):
    text = rig.write('a.policy', POLICY)
    rig.policy('export', text, status=2)
    rig.policy('export', '--kind', 'dbx', text, status=2)
    rig.export(status=2)
    rig.export(text, text, status=2)
    rig.export('active', status=2)
    rig.export('-', status=2)
    rig.export('--id', 'a b', text, status=2)
    rig.export('--issuer', 'a', text, status=2)
    rig.export('--issuer', 'a b', '--sign', 'k', text, status=2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        tap.run([(case, rig) for case in (
            text_and_bundles_are_the_same_bytes, it_is_what_the_draft_says,
            another_program_reads_the_same, it_comes_back_as_it_was, a_signature_is_openssl_s_too,
            what_is_not_exported_is_told, what_cannot_be_exported_is_refused,
            wrong_usage_is_told)])


if __name__ == '__main__':
    main()
