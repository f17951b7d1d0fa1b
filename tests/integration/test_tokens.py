#!/usr/bin/env python3
"""Our tokens in the hands of others: npm's jose reads the JWT, an independent CBOR reader with
Node's own crypto reads the CWT, and `assay token` reads both. Each must take the good token and
refuse every changed one. TAP; the independent readers are skipped with a reason when npm cannot
install them.

    test_tokens.py ASSAY MINT_TOKEN NPM_SOURCE NPM_BUILD
"""
import atexit
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

import readers

ASSAY, MINT, NPM_SOURCE, NPM_BUILD = sys.argv[1:5]
IAT = 1790000000
NOW = IAT + 10
AUD = 'https://api.example'
ISS = 'https://verifier.example'
ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
PLACES = 96  # changed places a token, spread over its parts

SETS = {'jwt': ('token.jwt', 'jwks.json', 'other-jwks.json', 'stranger.json'),
        'cwt': ('token.cwt', 'keys.cose', 'other-keys.cose', 'stranger.cose')}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class Minted:
    """A folder of keys and tokens."""

    def __init__(self, *extra):
        self.folder = tempfile.mkdtemp(prefix='assay-tokens-')
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        subprocess.run([MINT, self.folder, str(IAT), *extra], check=True)
        self.rename_stranger()

    def rename_stranger(self):
        """Writes stranger.json and stranger.cose: another key under our key's name."""
        with open(self.path('jwks.json'), encoding='ascii') as file:
            kid = json.load(file)['keys'][0]['kid']
        with open(self.path('other-jwks.json'), encoding='ascii') as file:
            other = json.load(file)
        other['keys'][0]['kid'] = kid
        with open(self.path('stranger.json'), 'w', encoding='ascii') as file:
            json.dump(other, file)
        with open(self.path('keys.cose'), 'rb') as file:
            ours = file.read()
        with open(self.path('other-keys.cose'), 'rb') as file:
            cose = file.read()
        start = ours.index(b'\x02\x58\x20') + 3  # kid, 32 bytes
        with open(self.path('stranger.cose'), 'wb') as file:
            file.write(cose[:start] + ours[start:start + 32] + cose[start + 32:])

    def path(self, name):
        return os.path.join(self.folder, name)

    def token(self, kind):
        with open(self.path(SETS[kind][0]), 'rb') as file:
            return file.read()


def flip_jwt(token, at):
    """Changes the most significant bit of one sextet: the others may be unused at a part's end."""
    text = token.decode()
    new = 'A' if text[at] == '.' else ALPHABET[ALPHABET.index(text[at]) ^ 0x20]
    return (text[:at] + new + text[at + 1:]).encode()


def flip_cwt(token, at):
    return token[:at] + bytes([token[at] ^ 0x01]) + token[at + 1:]


def flips(kind, token):
    step = max(1, len(token) // PLACES)
    places = sorted(set(range(0, len(token), step)) | {len(token) - 1})
    assert len(places) >= 64
    flip = flip_jwt if kind == 'jwt' else flip_cwt
    return [flip(token, at) for at in places]


def without_signature(token):
    """The classic: alg none, and no or the old signature."""
    header, payload, signature = token.decode().split('.')
    head = json.loads(unb64(header))
    forged = []
    for alg in ('none', 'None', 'HS256'):
        head['alg'] = alg
        text = b64(json.dumps(head, separators=(',', ':')).encode())
        forged += [f'{text}.{payload}.', f'{text}.{payload}.{signature}']
    return [text.encode() for text in forged]


def job(minted, kind, token=None, keys=None, aud=AUD, now=NOW):
    token = minted.token(kind) if token is None else token
    return {'kind': kind, 'token': base64.b64encode(token).decode(), 'aud': aud, 'now': now,
            'keys': minted.path(keys or SETS[kind][1]), 'iss': ISS}


def node_accepts(kind):
    for extra in ((), ('old',)):
        answer, = readers.ask(NPM_BUILD, [job(Minted(*extra), kind)])
        assert answer['ok'], answer
        if kind == 'jwt':
            claims = answer['claims']
            status = 'ear.status' if extra else 'ear_status'
            assert claims[status] == claims['device_trust'] == 'affirming', claims
            assert claims['submods']['tpm'][status] == 'affirming', claims
            assert claims['device_compliant'] is True and claims['device_level'] == 3
        else:
            assert answer['claims']['1000'] == 2, answer
            assert answer['claims']['266']['tpm']['1001'] == {'0': 2, '1': 2, '2': 3, '4': 2}


def node_refuses_changes(kind):
    minted = Minted()
    jobs = [job(minted, kind)] + [job(minted, kind, t) for t in flips(kind, minted.token(kind))]
    answers = readers.ask(NPM_BUILD, jobs)
    assert answers[0]['ok'], answers[0]
    bad = [i for i, answer in enumerate(answers[1:]) if answer['ok']]
    assert not bad, f'accepted although changed: places {bad}'


def node_refuses_others(kind):
    minted = Minted()
    jobs = [job(minted, kind, aud='https://other.example'), job(minted, kind, now=IAT + 300),
            job(minted, kind, now=IAT - 1), job(minted, kind, keys=SETS[kind][2]),
            job(minted, kind, keys=SETS[kind][3])]
    if kind == 'jwt':
        jobs += [job(minted, kind, forged) for forged in without_signature(minted.token('jwt'))]
    for i, answer in enumerate(readers.ask(NPM_BUILD, jobs)):
        assert not answer['ok'], f'job {i} accepted'


def assay(minted, kind, *options, token=None, keys=None, at=NOW):
    token = minted.token(kind) if token is None else token
    done = subprocess.run([ASSAY, 'token', 'verify', '--keys',
                           minted.path(keys or SETS[kind][1]), '--at', str(at), '--json', *options,
                           '-'], input=token, capture_output=True, check=False, timeout=60)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    report = json.loads(done.stdout) if done.stdout else {}
    assert (done.returncode == 0) == report.get('valid', False), report
    return report


def assay_accepts(kind):
    minted = Minted()
    report = assay(minted, kind, '--aud', AUD, '--iss', ISS)
    assert report['valid'] and report['form'] == kind, report
    assert report['claims']['aud'] == AUD and report['claims']['ear_status'] == 'affirming'
    assert assay(minted, kind, at=IAT + 299)['valid']
    assert assay(minted, kind, '--leeway', '30', at=IAT + 329)['valid']
    assert assay(minted, kind, '--leeway', '30', at=IAT - 30)['valid']


def assay_refuses_changes(kind):
    minted = Minted()
    for token in flips(kind, minted.token(kind)):
        assert not assay(minted, kind, token=token)['valid']
    token = minted.token(kind)
    for other in (b'', token[:-1], token + b'x', token + b'\n\n', b'e', b'\xd2'):
        assert assay(minted, kind, token=other)['check'] == 'form'


def assay_names_the_check(kind):
    minted = Minted()
    other = SETS['cwt' if kind == 'jwt' else 'jwt'][1]
    cases = [(dict(at=IAT + 300), (), 'exp'), (dict(at=IAT - 1), (), 'iat'),
             (dict(at=IAT + 330), ('--leeway', '30'), 'exp'),
             ({}, ('--aud', 'https://other.example'), 'aud'), ({}, ('--iss', 'x'), 'iss'),
             (dict(keys=SETS[kind][2]), (), 'kid'), (dict(keys=other), (), 'kid'),
             (dict(keys=SETS[kind][3]), (), 'signature')]
    if kind == 'jwt':
        text = minted.token('jwt').decode()
        header, payload, signature = text.split('.')
        cases += [(dict(token=forged), (), 'form' if forged.endswith(b'.') else 'alg')
                  for forged in without_signature(minted.token('jwt'))]
        typed = b64(unb64(header).replace(b'"JWT"', b'"secevent+jwt"'))
        cases += [(dict(token=f'{typed}.{payload}.{signature}'.encode()), (), 'typ')]
        cases += [(dict(token=f'{header}.{b64(b"[]")}.{signature}'.encode()), (), 'claims'),
                  (dict(token=f'{header}.{b64(b"{}")}.{signature}'.encode()), (), 'signature')]
    for named, options, check in cases:
        report = assay(minted, kind, *options, **named)
        assert report.get('check') == check, (named, options, check, report)


def assay_trusts_no_odd_key_file(_kind):
    minted = Minted()
    with open(minted.path('jwks.json'), encoding='ascii') as file:
        jwks = json.load(file)
    key = jwks['keys'][0]
    odd = ['', '{', '{}', '{"keys":{}}', '{"keys":[]}', '{"keys":[],"keys":[]}',
           json.dumps({'keys': [dict(key, d='AA')]}), json.dumps({'keys': [dict(key, use='enc')]}),
           json.dumps({'keys': [dict(key, x='AA')]}), json.dumps({'keys': [key, key]}),
           json.dumps({'keys': [dict(key, x=key['y'])]}), '\x81\x01']
    for text in odd:
        with open(minted.path('odd'), 'w', encoding='latin1') as file:
            file.write(text)
        assert not assay(minted, 'jwt', keys='odd').get('valid', False), text


def assay_show_says_that_nothing_was_verified(kind):
    minted = Minted()
    path = minted.path(SETS[kind][0])
    done = subprocess.run([ASSAY, 'token', 'show', path], capture_output=True, text=True,
                          check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith('NOT VERIFIED') and lines[-1] == lines[0], done.stdout
    done = subprocess.run([ASSAY, 'token', 'show', '--json', path], capture_output=True, text=True,
                          check=True)
    report = json.loads(done.stdout)
    assert report['verified'] is False and 'NOT VERIFIED' in report['warning'], report
    assert report['claims']['iss'] == ISS


def assay_usage_is_its_own_exit_code(_kind):
    for words in (['verify', 'x'], ['verify', '--keys'],
                  ['verify', '--keys', 'x', '--at', 'noon', 'y'], ['show'],
                  ['show', 'a', 'b'], ['show', '--keys', 'x', 'y']):
        done = subprocess.run([ASSAY, 'token', *words], capture_output=True, check=False)
        assert done.returncode == 2, (words, done.returncode)


def main():
    both = ('jwt', 'cwt')
    cases = [(claim, kind) for claim in (node_accepts, node_refuses_changes, node_refuses_others,
                                         assay_accepts, assay_refuses_changes,
                                         assay_names_the_check,
                                         assay_show_says_that_nothing_was_verified)
             for kind in both]
    cases += [(assay_trusts_no_odd_key_file, 'jwks'), (assay_usage_is_its_own_exit_code, 'words')]
    failed = False
    reason = None
    try:
        readers.install(NPM_SOURCE, NPM_BUILD)
    except readers.Skip as error:
        reason = str(error)
    print(f'1..{len(cases)}')
    for number, (claim, kind) in enumerate(cases, 1):
        name = f'{number} {claim.__name__}: {kind}'
        if reason and claim.__name__.startswith('node_'):
            print(f'ok {name} # SKIP {reason}')
            continue
        try:
            claim(kind)
            print(f'ok {name}')
        except Exception as error:  # pylint: disable=broad-except
            failed = True
            print(f'# {type(error).__name__}: {error}\nnot ok {name}')
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
