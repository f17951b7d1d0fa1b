"""`assay policy import`: files, options, exit codes. test_import_cli.py ASSAY VECTORS; TAP."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import diag
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


def openssl(*words, stdin=None):
    return subprocess.run(['openssl', *words], input=stdin, capture_output=True, timeout=60,
                          check=True).stdout


def new_key(rig, name):
    """A key as OpenSSL makes it: paths of its private and its public half."""
    private = rig.write(name, openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
                                      'ec_paramgen_curve:P-256'))
    return private, rig.write(name + '.pub', openssl('pkey', '-in', private, '-pubout'))


def raw_signature(der):
    """r and s of ECDSA-Sig-Value, 32 bytes each."""
    r_end = 4 + der[3]
    return b''.join(int.from_bytes(part, 'big').to_bytes(32, 'big')
                    for part in (der[4:r_end], der[r_end + 2:]))


def signed_corim(rig, private, claims=()):
    """A COSE_Sign1 that neither our writer nor our library had a hand in."""
    digest = bytes.fromhex('44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b')
    comid = diag.encode(diag.Map([(4, diag.Map([(0, [[
        diag.Map([(0, diag.Map([(2, 'board'), (1, 'ACME')]))]),
        [diag.Map([(1, diag.Map([(2, [[1, digest]]), (1, diag.Tag(552, 4))]))])]]])])),
        (1, diag.Map([(0, 'gw')])), (2, [diag.Map([(0, 'ACME Ltd.')])])]))
    payload = diag.encode(diag.Tag(501, diag.Map([(1, [diag.Tag(506, comid)]), (0, 'x')])))
    protected = diag.encode(diag.Map([(1, -7), (3, 'application/rim+cbor'),
                                      (15, diag.Map([(1, 'ACME'), *claims]))]))
    covered = diag.encode(['Signature1', protected, b'', payload])
    signature = raw_signature(openssl('dgst', '-sha256', '-sign', private, stdin=covered))
    return diag.encode(diag.Tag(18, [protected, diag.Map(), payload, signature]))


def a_corim_is_believed_by_its_signer_s_key(rig):
    private, public = new_key(rig, 'vendor')
    other = new_key(rig, 'other')[1]
    data = signed_corim(rig, private)
    name = rig.write('a.corim', data)
    text = rig.take('--kind', 'corim', '--key', public, name).stdout
    assert b'# signed by the key given, as "ACME"' in text, text
    assert b'  source vendor ACME-Ltd.\n  svn 4\n' in text, text
    shown = rig.compiles(text, b'  rule fw : firmware one-of @board.measured else warn\n', b'0')
    assert b'release board ACME 1 {' in shown
    assert b'by the key given' in rig.take('--kind', 'corim', '--key', other, name,
                                           status=1).stderr
    rig.take('--kind', 'corim', '--key', private, name, status=1)
    rig.take('--kind', 'corim', '--key', rig.path('absent'), name, status=1)
    done = rig.take('--kind', 'corim', name, status=1)
    assert not done.stdout and b'--unverified' in done.stderr, done.stderr
    text = rig.take('--kind', 'corim', '--unverified', name).stdout
    assert b'# SIGNATURE NOT VERIFIED, as "ACME"' in text and b'source operator corim' in text
    # each byte that is signed, and the signature, decides
    for at in (data.index(b'rim+cbor'), data.index(b'board'), len(data) - 1):
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        done = rig.take('--kind', 'corim', '--key', public, rig.write('b.corim', broken), status=1)
        assert b'not signed by the key given' in done.stderr, done.stderr


def a_signature_has_its_time_and_its_algorithm(rig):
    private, public = new_key(rig, 'vendor')
    for claims, status, said in (
            ([(4, 4102444800), (5, 1700000000)], 0, b''),
            ([(4, 1700000000)], 1, b'not valid at this time'),
            ([(5, 4102444800)], 1, b'not valid at this time')):
        name = rig.write('a.corim', signed_corim(rig, private, claims))
        done = rig.take('--kind', 'corim', '--key', public, name, status=status)
        assert said in done.stderr, done.stderr
    es384 = os.path.join(VECTORS, 'corim', 'intel-firmware.cbor')
    done = rig.take('--kind', 'corim', '--key', public, es384, status=1)
    assert b'not signed by ES256' in done.stderr, done.stderr
    unsigned = os.path.join(VECTORS, 'corim', 'veraison-firmware.cbor')
    done = rig.take('--kind', 'corim', '--key', public, unsigned, status=1)
    assert b'not signed by the key given' in done.stderr, done.stderr
    broken = os.path.join(VECTORS, 'corim', 'ietf-validity.cbor')
    done = rig.take('--kind', 'corim', unsigned, broken, status=1)
    assert not done.stdout and b'ietf-validity.cbor: a validity' in done.stderr, done.stderr


DSIG = 'http://www.w3.org/2000/09/xmldsig#'
MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
SHA = 'http://www.w3.org/2001/04/xmlenc#sha256'
LOG = os.path.join(VECTORS, 'boot', 'grub-sb-on', 'binary_bios_measurements')


def signed_rim(private, method):
    """A base RIM of LOG, canonical as it is written, so that no canonicaliser had a hand in it."""
    with open(LOG, 'rb') as file:
        log = file.read()
    spaces = ' xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd"'
    before = (f'<SoftwareIdentity{spaces} name="Board BIOS" version="9" xml:lang="en">'
              '<Entity name="ACME"></Entity><Meta xmlns:r="https://trustedcomputinggroup.org/'
              'wp-content/uploads/TCG_RIM_Model" r:firmwareVersion="2.1" '
              'r:platformManufacturerStr="ACME Ltd." r:platformModel="Board"></Meta><Payload>'
              f'<File xmlns:h="{SHA}" name="a.rimel" size="{len(log)}" '
              f'h:hash="{hashlib.sha256(log).hexdigest()}"></File></Payload>')
    after = '</SoftwareIdentity>'
    digest = base64.b64encode(hashlib.sha256((before + after).encode()).digest()).decode()
    info = (f'><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
            f'<SignatureMethod Algorithm="{MORE}{method}-sha256"></SignatureMethod>'
            f'<Reference URI=""><Transforms><Transform Algorithm="{DSIG}enveloped-signature">'
            f'</Transform></Transforms><DigestMethod Algorithm="{SHA}"></DigestMethod>'
            f'<DigestValue>{digest}</DigestValue></Reference></SignedInfo>')
    covered = f'<SignedInfo xmlns="{DSIG}" xml:lang="en"' + info
    signature = openssl('dgst', '-sha256', '-sign', private, stdin=covered.encode())
    signature = raw_signature(signature) if method == 'ecdsa' else signature
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<Signature xmlns="{DSIG}">'
            f'<SignedInfo{info}<SignatureValue>{base64.encodebytes(signature).decode()}'
            f'</SignatureValue></Signature>{after}\n').encode()


def a_rim_bundle_is_believed_by_its_signer_s_key(rig):
    rsa = rig.write('rsa', openssl('genrsa', '2048'))
    public = rig.write('rsa.pub', openssl('rsa', '-in', rsa, '-pubout'))
    private, ec = new_key(rig, 'ec')
    with open(LOG, 'rb') as file:
        log = rig.write('a.rimel', file.read())
    for key, pub, other, method in ((rsa, public, ec, 'rsa'), (private, ec, public, 'ecdsa')):
        data = signed_rim(key, method)
        name = rig.write('base.swidtag', data)
        text = rig.take('--kind', 'rim', '--key', pub, name, log).stdout
        assert b'# signed by the key given\n' in text, text
        assert b'release fw Board 2.1 {\n  source vendor ACME-Ltd.\n  variant {' in text, text
        shown = rig.compiles(text, b'  rule fw : firmware one-of @fw/Board whole\n', b'0')
        assert b'release fw Board 2.1 {' in shown
        done = rig.take('--kind', 'rim', '--key', other, name, log, status=1)
        assert b'base.swidtag: ' in done.stderr and not done.stdout, done.stderr
        done = rig.take('--kind', 'rim', name, log, status=1)
        assert b'--unverified' in done.stderr, done.stderr
        text = rig.take('--kind', 'rim', '--unverified', name, log).stdout
        assert b'# SIGNATURE NOT VERIFIED' in text and b'source operator rim' in text
        broken = rig.write('b.swidtag', data.replace(b'"2.1"', b'"2.2"'))
        done = rig.take('--kind', 'rim', '--key', pub, broken, log, status=1)
        assert b'its digest is another' in done.stderr, done.stderr
        # what others do first and we must see through: indented after it was signed
        loose = rig.write('c.swidtag', data.replace(b'><', b'>\n  <'))
        text = rig.take('--kind', 'rim', '--key', pub, loose, log).stdout
        assert b'without the white space between its tags' in text, text


def a_rim_bundle_is_whole_and_told_to_programs(rig):
    rsa = rig.write('rsa', openssl('genrsa', '2048'))
    name = rig.write('base.swidtag', signed_rim(rsa, 'rsa'))
    with open(LOG, 'rb') as file:
        log = rig.write('a.rimel', file.read() + b'x')
    take = ('--kind', 'rim', '--unverified')
    done = rig.take(*take, name, log, status=1)
    assert b'a.rimel: the file has not the size' in done.stderr, done.stderr
    done = rig.take(*take, name, status=1)
    assert b'base.swidtag: a file that the base RIM lists was not given [record 0' in done.stderr
    done = rig.take(*take, name, NEW, status=1)
    assert b'lists no file of this name' in done.stderr, done.stderr
    with open(LOG, 'rb') as file:
        rig.write('a.rimel', file.read())
    told = json.loads(rig.take(*take, '--json', '--component', 'bios', '--release', '3', name,
                               log).stdout)
    assert told['releases'] == ['bios Board 3'] and len(told['left_out']) == 1, told


def programs_get_what_was_taken_and_what_not(rig):
    corim = os.path.join(VECTORS, 'corim', 'veraison-firmware.cbor')
    plain = rig.take('--kind', 'corim', corim).stdout
    told = json.loads(rig.take('--kind', 'corim', '--json', corim).stdout)
    assert told == {'kind': 'corim', 'releases': ['fwY_n5x-L0-I0 fwmfginc.example 1',
                                                  'fwX_n5x-L1-I0 fwmfginc.example 1'],
                    'sets': [], 'digests': 0, 'left_out': ['tag 0: 1 endorsed values'],
                    'text': plain.decode()}, told
    told = json.loads(rig.take('--kind', 'dbx', '--json', '--out', rig.path('t'), '--name', 'dbx/a',
                               NEW).stdout)
    assert told['sets'] == ['dbx dbx/a'] and 'text' not in told
    assert b'set dbx dbx/a {' in rig.read('t')
    files = os.path.join(VECTORS, 'import', 'runtime-policy.json')
    told = json.loads(rig.take('--kind', 'keylime-runtime', '--json', files).stdout)
    assert told['digests'] == 7 and told['kind'] == 'keylime-runtime'


def the_record_at_fault_is_named(rig):
    lock = b'{"records":[{"pcr":4,"digests":[{"hashAlg":"sha256","digest":"' + b'3a' * 32 + \
        b'"}]},7]}'
    done = rig.take('--kind', 'pcrlock', rig.write('x.pcrlock', lock), status=1)
    assert b'[record 1, offset 0; ' in done.stderr, done.stderr


def wrong_usage_is_told(rig):
    rig.take('--kind', 'dbx', '--unverified', NEW, status=2)
    rig.take('--kind', 'pcrlock', '--key', 'k', NEW, status=2)
    rig.take('--kind', 'corim', '--key', 'k', '--unverified', NEW, status=2)
    rig.take('--kind', 'rim', '--published', '2026-12-01', NEW, status=2)
    rig.take('--kind', 'corim', '--published', '2026-12-01', NEW, status=2)
    rig.take('--kind', 'corim', '--release', 'a b', NEW, status=2)
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
            keylime_s_files_are_policies_and_lists, a_corim_is_believed_by_its_signer_s_key,
            a_signature_has_its_time_and_its_algorithm,
            a_rim_bundle_is_believed_by_its_signer_s_key,
            a_rim_bundle_is_whole_and_told_to_programs, programs_get_what_was_taken_and_what_not,
            the_record_at_fault_is_named, wrong_usage_is_told)])


if __name__ == '__main__':
    main()
