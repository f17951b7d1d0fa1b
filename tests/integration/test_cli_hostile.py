#!/usr/bin/env python3
"""Every subcommand of `assay` that reads a file, with files that are cut and changed. TAP.

Whatever the bytes, the answer is yes or no (exit status 0 or 1), never a usage error, a signal, a
sanitizer's word or a hang; and --json is JSON to its end. A cut file never gets a yes from a
command that verifies. And an answer that cannot be written is no yes, of any subcommand.

    test_cli_hostile.py ASSAY VECTORS MINT_TOKEN
"""
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile

ASSAY, VECTORS, MINT = sys.argv[1:4]
PLACES = 20
LARGEST = 200_000  # larger vectors are covered by smaller ones of their kind, and cost minutes
EXPECTED = (0, 1)
IAT = 1790000000
RECORDED = 'boot/grub-sb-on'
FLIPS = (0x01, 0x80, 0xff)


def vector(name):
    return os.path.join(VECTORS, name)


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def below(folder, *ends):
    """Files of a folder of the vectors, not too large, in a stable order."""
    for name in sorted(os.listdir(vector(folder))):
        path = vector(f'{folder}/{name}')
        if (name.endswith(ends or ('',)) and os.path.isfile(path)
                and os.path.getsize(path) <= LARGEST):
            yield f'{folder}/{name}'


def cuts(data):
    """The data cut at PLACES places: the first bytes one by one, where heads are, then evenly."""
    places = set(range(PLACES // 2)) | {len(data) - 1}
    places |= {len(data) * i // PLACES for i in range(PLACES)}
    return [(f'cut at {at}', data[:at]) for at in sorted(places) if 0 <= at < len(data)]


def flips(data, seed):
    """The data with one byte changed; the places follow from the name, so that failures repeat."""
    rng = random.Random(seed)
    places = rng.sample(range(len(data)), min(PLACES, len(data)))
    for at in sorted(places):
        changed = bytearray(data)
        changed[at] ^= rng.choice(FLIPS)
        yield f'byte {at} changed', bytes(changed)


def grown(data):
    yield 'a byte behind', data + b'\0'
    yield 'twice', data + data
    yield 'ff behind', data + b'\xff' * 64


class Subject:
    """A command line with one file in it: words, where {} stands for the changed file."""

    def __init__(self, name, source, words, verifies=False):
        self.name, self.source, self.words, self.verifies = name, source, words, verifies

    def data(self):
        return content(self.source)

    def command(self, path):
        return [ASSAY, *(path if word == '{}' else word for word in self.words)]


def problem_of(subject, what, path):
    """Why one run is not as it must be, or None."""
    try:
        done = subprocess.run(subject.command(path), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return f'{what}: no end'
    if done.returncode not in EXPECTED:
        return f'{what}: exit status {done.returncode}: {done.stderr[-300:]!r}'
    if b'runtime error' in done.stderr or b'Sanitizer' in done.stderr:
        return f'{what}: {done.stderr[:600]!r}'
    if subject.verifies and what.startswith('cut') and done.returncode == 0:
        return f'{what}: accepted'
    if '--json' in subject.words and done.stdout:
        try:
            json.loads(done.stdout)
        except ValueError as error:
            return f'{what}: {error}: {done.stdout[-100:]!r}'
    if done.returncode == 1 and not done.stdout and not done.stderr:
        return f'{what}: refused without a word'
    return None


def unwritten(command):
    """Why the answer to a disk that is full is not as it must be, or None."""
    with open('/dev/full', 'wb') as full:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=60, check=False)
    if done.returncode != 1 or b'standard output cannot be written' not in done.stderr:
        return f'on a full disk: exit status {done.returncode}: {done.stderr[-300:]!r}'
    return None


def problems(subject, folder):
    data = subject.data()
    found = [unwritten(subject.command(subject.source))]
    if subject.verifies:
        # a subject that is refused as it is would make every refusal below mean nothing
        done = subprocess.run(subject.command(subject.source), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            found.append(f'unchanged: exit status {done.returncode}: {done.stdout[-300:]!r}')
    variants = [*cuts(data), *flips(data, subject.name), *grown(data)]
    for number, (what, changed) in enumerate(variants):
        path = os.path.join(folder, str(number))
        with open(path, 'wb') as file:
            file.write(changed)
        found.append(problem_of(subject, what, path))
    return [one for one in found if one]


def logs():
    for number, name in enumerate(below('evlog', '.bin')):
        # text and JSON in turn: both see every kind of event, in half the time
        words = ['log', 'show', *(['--json'] if number % 2 else []), '{}']
        yield Subject(f'{" ".join(words[:-1])} {name}', vector(name), words)
    path = vector(f'{RECORDED}/binary_bios_measurements')
    yield Subject('log diff, the first', path, ['log', 'diff', '{}', path])
    yield Subject('log diff, the second', path, ['log', 'diff', path, '{}', '--json'])


def ima_lists():
    for name in below('ima'):
        yield Subject(f'ima show {name}', vector(name), ['ima', 'show', '{}'])
    for name in ('ima-ascii.txt', 'ima-binary'):
        path = vector(f'{RECORDED}/{name}')
        if os.path.exists(path):
            yield Subject(f'ima show --json {name}', path, ['ima', 'show', '--json', '{}'])


def quotes():
    parts = {'--ak': 'ak.pub', '--quote': 'quote.msg', '--signature': 'quote.sig',
             '--pcr-values': 'pcrs.json'}
    nonce = content(vector(f'{RECORDED}/nonce.hex')).decode().strip()
    words = ['quote', 'check', '--nonce', nonce, '--pcrs', 'sha256:0-14']
    for option, changed in parts.items():
        rest = [word for other, name in parts.items()
                for word in (other, '{}' if other == option else vector(f'{RECORDED}/{name}'))]
        yield Subject(f'quote check, {option}', vector(f'{RECORDED}/{changed}'), words + rest, True)
    # IMA extended PCR 10, which no firmware log explains: refused as it is, but never worse
    del parts['--pcr-values']
    rest = [word for other, name in parts.items()
            for word in (other, vector(f'{RECORDED}/{name}'))]
    yield Subject('quote check, --log', vector(f'{RECORDED}/binary_bios_measurements'),
                  [*words, *rest, '--log', '{}', '--json'])


def certificates():
    for name in below('ek'):
        yield Subject(f'ek check {name}', vector(name),
                      ['ek', 'check', '--roots', vector('ek-roots'), '--at', '1800000000', '{}'])
    path = vector(f'{RECORDED}/ek-rsa-cert.der')
    yield Subject('ek check --json, a recorded leaf', path,
                  ['ek', 'check', '--json', '--roots', vector('boot/ca'), '--at', '1800000000',
                   '{}'], True)


def tokens(folder):
    """Tokens and key sets as test_tokens mints them, each changed while the other is right."""
    subprocess.run([MINT, folder, str(IAT)], stdin=subprocess.DEVNULL, check=True)
    for token, keys in (('token.cwt', 'keys.cose'), ('token.jwt', 'jwks.json')):
        token, keys = os.path.join(folder, token), os.path.join(folder, keys)
        verify = ['token', 'verify', '--at', str(IAT + 10)]
        kind = os.path.basename(token)
        yield Subject(f'token show {kind}', token, ['token', 'show', '{}'])
        yield Subject(f'token show --json {kind}', token, ['token', 'show', '--json', '{}'])
        yield Subject(f'token verify {kind}', token, [*verify, '--keys', keys, '{}'], True)
        yield Subject(f'token verify {kind}, its keys', keys, [*verify, '--keys', '{}', token],
                      True)


def policies(folder):
    """Texts, and what they compile to; a changed text may well compile."""
    examples = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/examples')
    for name in ('gateway', 'cloud-vm'):
        text, bundle = os.path.join(examples, name + '.policy'), os.path.join(folder, name)
        subprocess.run([ASSAY, 'policy', 'compile', text, '--out', bundle],
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
        yield Subject(f'policy check {name}', text, ['policy', 'check', '{}', '--json'])
        yield Subject(f'policy show {name}', bundle, ['policy', 'show', '{}'], True)
    log = vector(f'{RECORDED}/binary_bios_measurements')
    words = ['appraise', '--log', log, '--bundle', bundle, '--json']
    for at in (2, 4):
        changed = [*words[:at], '{}', *words[at + 1:]]
        yield Subject(f'appraise, {words[at - 1]}', words[at], changed)
    yield Subject('appraise, EVIDENCE', log, ['appraise', '{}', '--bundle', bundle])


def overviews():
    """What reads no file."""
    yield 'help', ['help']
    yield 'the version', ['--version']
    yield 'help of a subcommand', ['help', 'policy', 'show']
    yield 'help of a subcommand by its option', ['token', 'verify', '--help']


def print_case(number, name, found):
    for line in found[:10]:
        print(f'# {line}')
    print(f'{"not ok" if found else "ok"} {number} {name}', flush=True)


def main():
    with tempfile.TemporaryDirectory() as top:
        minted = os.path.join(top, 'minted')
        os.mkdir(minted)
        subjects = [*logs(), *ima_lists(), *quotes(), *certificates(), *tokens(minted),
                    *policies(top)]

        def judge(numbered):
            folder = os.path.join(top, str(numbered[0]))
            os.mkdir(folder)
            return problems(numbered[1], folder)

        silent = list(overviews())
        print(f'1..{len(subjects) + len(silent)}')
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for number, found in enumerate(pool.map(judge, enumerate(subjects)), 1):
                print_case(number, subjects[number - 1].name, found)
        for number, (name, words) in enumerate(silent, len(subjects) + 1):
            problem = unwritten([ASSAY, *words])
            print_case(number, name, [problem] if problem else [])


if __name__ == '__main__':
    main()
