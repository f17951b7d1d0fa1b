#!/usr/bin/env python3
"""The arrows between folders, and the one place of each library, read from #include lines."""
import os
import re

from tree import ROOT, SOURCE_DIRS, Tap, files, line_of, read

BELOW = {'base': {'base'}}
BELOW['crypto'] = BELOW['base'] | {'crypto'}
BELOW['formats'] = BELOW['crypto'] | {'formats'}
BELOW['wire'] = BELOW['formats'] | {'wire'}
BELOW['appraise'] = BELOW['wire'] | {'appraise'}
BELOW['verifier'] = BELOW['appraise'] | {'verifier'}
BELOW['attestor'] = BELOW['wire'] | {'attestor'}
BELOW['firmware-hooks'] = BELOW['formats'] | {'firmware-hooks'}
BELOW['tools'] = BELOW['verifier'] | BELOW['attestor'] | {'firmware-hooks', 'tools'}
BELOW['tests'] = BELOW['tools'] | {'tests'}

# A process of the verifier never holds the code of these (architecture: the verifier's roles).
APART = {
    'front': {'keeper', 'store', 'token', 'reader'},
    'reader': {'front', 'keeper', 'store', 'token'},
    'keeper': {'front', 'reader'},
    'appraise': {'front', 'keeper', 'reader', 'main', 'store', 'token'},
}

# library -> (its headers, where they may be included); tests may use all.
PLACES = {
    'OpenSSL': (r'openssl/', r'schemas/crypto/|verifier/(front|portal|publisher)|attestor/link'),
    'libcoap': (r'coap3/', r'verifier/front|attestor/link'),
    'a database': (r'sqlite3\.h|libpq', r'verifier/store'),
    'tpm2-tss': (r'tss2/', r'attestor/tpm'),
    'jansson': (r'jansson\.h', r'schemas/formats/|tools/'),
    'libcbor': (r'cbor\.h|cbor/', r'schemas/base/'),
    'libseccomp': (r'seccomp\.h', r'schemas/base/sandbox'),
    'inih': (r'ini\.h', r'schemas/base/conf'),
    'libevent': (r'event2/|event\.h|evhttp\.h', r'verifier/(portal|publisher)'),
}
# The five small shapes that the keeper reads itself (architecture: the verifier's roles);
# ima-replay for a calculation over values, which reads nothing; and, a debt in design.md, the
# certificate that a device shows for its key once its AK's word held.
KEEPER_FORMATS = {'formats/' + name + '.h' for name in (
    'certwalk', 'ima-replay', 'tpm-attest', 'tpm-device-key', 'tpm-ek', 'tpm-public',
    'tpm-signature', 'tpm-vendor', 'x509', 'x509-trim')}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)


def layer_of(path):
    parts = path.split('/')
    if parts[0] == 'schemas' or parts[:2] == ['verifier', 'appraise']:
        return parts[1]
    return parts[0]


def role_of(path):
    """verifier/front/loop.c and verifier/front-loop.c are both the front's."""
    match = re.match(r'verifier/([a-z0-9]+)', path)
    return match.group(1) if match else None


def resolve(path, name):
    """Path of the file that a quoted include names, as the compiler would look for it."""
    own = path.split('/')[0]
    roots = [os.path.dirname(path), 'schemas', own, *SOURCE_DIRS, 'tests']
    for root in roots:
        full = os.path.normpath(os.path.join(root, name))
        if os.path.isfile(os.path.join(ROOT, full)):
            return full
    return None


def includes():
    """(file, line, name, its path in the tree or None for <...>) of every include."""
    for path in files('.c', '.h'):
        text = read(path)
        for match in INCLUDE.finditer(text):
            name, line = match.group(1), line_of(text, match.start())
            target = resolve(path, name[1:-1]) if name[0] == '"' else None
            yield path, line, name, target


def arrow_problems(found, layer):
    for path, line, name, target in found:
        if layer_of(path) != layer or name[0] == '<':
            continue
        if target is None:
            yield f'{path}:{line}: {name} is no file of the tree'
        elif layer_of(target) not in BELOW[layer]:
            yield f'{path}:{line}: {layer} may not include {layer_of(target)} ({name})'


def role_problems(found, role):
    for path, line, name, target in found:
        if role_of(path) == role and target and role_of(target) in APART[role]:
            yield f'{path}:{line}: {role} may not include {role_of(target)} ({name})'


def place_problems(found, headers, place):
    for path, line, name, _ in found:
        if (name[0] == '<' and re.match(headers, name[1:]) and not path.startswith('tests/')
                and not re.match(place, path)):
            yield f'{path}:{line}: {name} is for {place} only'


def keeper_problems(found):
    for path, line, name, _ in found:
        if (role_of(path) == 'keeper' and name.startswith('"formats/')
                and name.strip('"') not in KEEPER_FORMATS):
            yield f'{path}:{line}: {name} is for a reader'


def main():
    tap, found = Tap(), list(includes())
    for layer in BELOW:
        tap.case(f'{layer} includes only {", ".join(sorted(BELOW[layer]))}',
                 arrow_problems(found, layer))
    strange = sorted({layer_of(path) for path, *_ in found} - set(BELOW))
    tap.case('every folder with C has its arrow', [f'{layer}: not in BELOW' for layer in strange])
    for role, apart in APART.items():
        tap.case(f"verifier's {role} holds nothing of {', '.join(sorted(apart))}",
                 role_problems(found, role))
    tap.case('the keeper reads five small shapes', keeper_problems(found))
    for library, (headers, place) in PLACES.items():
        tap.case(f'{library} has one place', place_problems(found, headers, place))
    tap.done()


if __name__ == '__main__':
    main()
