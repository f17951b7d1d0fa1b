"""schemas/cddl against its examples and against the readers: test_cddl.py WIRE-READ; prints TAP.

Every example is of its type, is accepted by the reader in C and written again to the same bytes;
of every wrong version the test knows what the type and what the reader have to say.
"""
import glob
import os
import re
import subprocess
import sys

import cddl
import diag
import mutate

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, '..', '..', 'schemas', 'cddl')
CORPUS = os.path.join(HERE, '..', 'fuzz', 'corpus')
MESSAGES = ['announce', 'answer', 'audit-head', 'audit-row', 'bundle', 'claims', 'credential',
            'device-key', 'enroll', 'enrolled', 'evidence', 'problem', 'selection', 'token-cwt',
            'values']
# Maps into which others may write: everything below the top of these is closed again, or listed.
OPEN = {'problem': {''}, 'token-cwt': {'', '/266/tpm', '/1004', '/-65541'}}
# Entries of others, whose content is theirs, and which our writer does not write.
OTHERS = {'problem': {7, -2, 'https://proxy.example/problem'}}
MAY_BE_NULL = {('audit-row', '/3 is None')}
OWN_ENTRY = 'tag:assay.dev,2026:problem'


def text_of(name):
    with open(os.path.join(FOLDER, name), encoding='utf-8') as file:
        return file.read()


def examples(kind):
    """{file name: value}"""
    return {name: diag.parse(text_of(name)) for name in sorted(os.listdir(FOLDER))
            if re.fullmatch(re.escape(kind) + r'-[0-9]+\.diag', name)}


class Reader:
    """The program in C; one run for many messages."""

    def __init__(self, program):
        self.program = program

    def read(self, kind, messages, selection=None):
        """For each message what the writer made of it, or None when it was refused."""
        suffix = '' if selection is None else ' ' + diag.encode(selection).hex()
        lines = ''.join(f'{kind} {message.hex() or "-"}{suffix}\n' for message in messages)
        done = subprocess.run([self.program], input=lines, capture_output=True, text=True,
                              timeout=120, check=False)
        out = done.stdout.splitlines()
        assert done.returncode == 0 and len(out) == len(messages), (kind, done.returncode,
                                                                    done.stderr[-200:])
        return [None if line == 'refused' else bytes.fromhex(line.split(' ')[1])
                for line in out]


def selection_of(kind, value):
    """A selection that these PCR values belong to: from PCR 0 on, PCR 10 without a value."""
    if kind != 'values':
        return None
    return [[bank, sum(1 << pcr for pcr in range(len(items) + (len(items) > 10)))]
            for bank, items in value]


class Message:
    """One example with what must be said of its wrong versions."""

    def __init__(self, schema, reader, kind, value):
        self.schema, self.reader, self.kind, self.value = schema, reader, kind, value
        self.selection = selection_of(kind, value)

    def read(self, messages):
        return self.reader.read(self.kind, messages, self.selection)

    def ours(self):
        """The value without the entries of others."""
        others = OTHERS.get(self.kind, set())
        if not others:
            return self.value
        return diag.Map(pair for pair in self.value if pair[0] not in others)

    def closed(self, what):
        """Whether nobody else may write where this was changed."""
        path = what.split(' ')[0] if not what.startswith(' ') else ''
        return path not in OPEN.get(self.kind, set()) and not self.others(what)

    def others(self, what):
        return any(what.startswith(f'/{key}') for key in OTHERS.get(self.kind, set()))

    def refused(self, mutants, typed=False):
        """Fails unless the reader refuses each of (what, value), and the type too when typed."""
        mutants = list(mutants)
        for (what, value), out in zip(mutants, self.read([diag.encode(v) for _, v in mutants])):
            assert out is None, f'accepted: {what}'
            assert not typed or not self.schema.matches(self.kind, value), f'of the type: {what}'
        return len(mutants)


def is_of_its_type_and_comes_back_the_same(m):
    encoded = diag.encode(m.value)
    assert diag.encode(diag.decode(encoded)) == encoded
    assert m.schema.matches(m.kind, m.value), 'not of its type'
    out, = m.read([encoded])
    assert out is not None, 'refused'
    assert out == diag.encode(m.ours()), f'written as {out.hex()}'


def cut_anywhere_or_with_a_byte_more_is_refused(m):
    encoded = diag.encode(m.value)
    wrong = [encoded[:n] for n in range(len(encoded))] + [encoded + b'\0', encoded + encoded]
    assert all(out is None for out in m.read(wrong))


def other_encodings_are_refused(m):
    m.refused(mutate.longer_heads(m.value))
    m.refused(mutate.indefinite(m.value))
    m.refused(mutate.swapped_keys(m.value))


def a_key_twice_is_refused(m):
    mutants = list(mutate.doubled_keys(m.value))
    m.refused(mutants)
    m.refused([one for one in mutants if not m.others(one[0])], typed=True)


def unknown_keys_are_refused_where_no_one_else_may_write(m):
    known = [(what, value) for what, value in mutate.unknown_keys(m.value)
             if not m.others(what)]
    m.refused([one for one in known if m.closed(one[0])], typed=True)
    for what, value in known:
        if not m.closed(what):
            out, = m.read([diag.encode(value)])
            assert out == diag.encode(m.ours()), f'not skipped: {what}'
            assert m.schema.matches(m.kind, value), f'not of the type: {what}'


def a_wrong_type_of_any_field_is_refused(m):
    m.refused([one for one in mutate.wrong_types(m.value) if not m.others(one[0])
               and (m.kind, one[0]) not in MAY_BE_NULL], typed=True)


def what_is_missing_is_missed_by_type_and_reader_alike(m):
    """Whether an entry may be left out is for the file to say; the reader must agree."""
    mutants = [one for one in mutate.missing(m.value) if not m.others(one[0])]
    for (what, value), out in zip(mutants, m.read([diag.encode(v) for _, v in mutants])):
        if m.kind == 'values':
            assert out is None, f'accepted: {what}'
            continue
        if m.kind == 'bundle':
            assert out is None or m.schema.matches(m.kind, value), what
            continue  # what stays names by index what is gone
        if m.kind == 'evidence' or (m.kind == 'claims' and what.startswith('/-65538/')):
            assert out is None or m.schema.matches(m.kind, value), what
            continue  # items and claims must agree, which no type can say
        if (OWN_ENTRY, diag.Map()) in value:
            assert out is None, f'accepted: {what}'
            continue  # as problem.cddl says in words
        assert (out is not None) == m.schema.matches(m.kind, value), what


CLAIMS = [is_of_its_type_and_comes_back_the_same, cut_anywhere_or_with_a_byte_more_is_refused,
          other_encodings_are_refused, a_key_twice_is_refused,
          unknown_keys_are_refused_where_no_one_else_may_write,
          a_wrong_type_of_any_field_is_refused,
          what_is_missing_is_missed_by_type_and_reader_alike]


def limits(schema, reader):
    """Values at a limit and one beyond: the file and the reader name the same one."""
    nonce, ueid = bytes(32), b'\1' + bytes(32)
    zero = bytes(32)
    profile = 'tag:assay.dev,2026:evidence-1'
    key, log = b'k', [2, 0, bytes(32)]

    def answer(**kw):
        keys = {'tier': 0, 'reasons': 1, 'cwt': 2, 'next': 4, 'known': 6, 'actions': 7}
        pairs = {0: 0, 1: [], 3: nonce, 4: 0, 5: [[11, 1]]}
        pairs.update({keys[name]: value for name, value in kw.items()})
        return diag.Map(sorted(pairs.items()))

    def claims(name, value):
        pairs = [(265, profile), (name, value)]
        return diag.Map(sorted(pairs, key=lambda pair: diag.encode(pair[0])))

    def enroll(certs=(), ek=key, **kw):
        keys = {'code': 4, 'maker': 5, 'model': 6, 'serial': 7}
        return diag.Map([(1, list(certs)), (2, ek), (3, key),
                         *((keys[name], value) for name, value in kw.items())])

    def own(number, value):
        return diag.Map([(OWN_ENTRY, diag.Map([(number, value)]))])

    def credential(**kw):
        fields = {'site': 's', 'identity': 'i', 'object': b'o', 'secret': b's', 'ek': bytes(32),
                  'name': b'n', **kw}
        return ['assay-credential-1', *fields.values()]

    def head(site='s', count=1, digest=b'\1' * 32, at=0):
        return ['assay-audit-head-1', site, count, digest, at]

    def row(seq=1, at=0, kind='k', device=None, actor='a', text='t'):
        return [seq, at, kind, device, actor, text]

    def enrolled(state=0, seconds=0, wanted=((11, 1),)):
        return [state, seconds, ueid, nonce, [list(one) for one in wanted]]

    def bundle(policy=(), **kw):
        keys = {'sets': 3, 'releases': 4, 'cmdlines': 5, 'imas': 7, 'labels': 8}
        base = {1: 'b', 2: 1, 11: 2, 17: 3}
        base.update(dict(policy))
        return diag.Map([(1, 1), (2, [diag.Map(sorted((k, v) for k, v in base.items()
                                                      if v is not None))]),
                         *((keys[name], value) for name, value in kw.items())])

    def one_set(**kw):
        keys = {'name': 1, 'version': 2, 'kind': 3, 'words': 6, 'file': 8, 'signers': 9}
        pairs = {1: 's', 2: 1, 3: 5, 6: [['a', 0]]}
        pairs.update({keys[name]: value for name, value in kw.items()})
        return diag.Map(sorted((k, v) for k, v in pairs.items() if v is not None))

    def signers(*keys):
        return one_set(kind=7, words=None, signers=[list(key) for key in keys])

    def release(**kw):
        keys = {'svn': 4, 'state': 5, 'active': 7, 'slots': 11}
        pairs = {1: 'c', 2: 'n', 3: 'v', 5: 1}
        pairs.update({keys[name]: value for name, value in kw.items()})
        return diag.Map(sorted(pairs.items()))

    def tokens(*items, other=None):
        return diag.Map([(1, 'l'), (2, [list(one) for one in items]),
                         *([(3, other)] if other is not None else [])])

    def ima(pcr=10, digest=11, keys=1):
        return diag.Map([(1, 'i'), (2, [[11, '/a']]), (4, pcr), (5, digest), (6, keys)])

    def announce(events=None, **kw):
        keys = {'component': 1, 'version': 2, 'made': 4, 'life': 5}
        pairs = {1: 'os', 2: 'v', 3: [event()] if events is None else events, 4: 0, 5: 1}
        pairs.update({keys[name]: value for name, value in kw.items()})
        return diag.Map(sorted(pairs.items()))

    def event(pcr=9, digests=((11, bytes(32)),), label=None):
        return diag.Map([(1, pcr), (2, [list(one) for one in digests]),
                         *([(3, label)] if label is not None else [])])

    sizes = [(4, 20), (11, 32), (12, 48), (13, 64), (18, 32), (39, 32), (40, 48), (41, 64)]
    good_and_bad = [
        ('announce', [announce(component='n' * 63), announce(version='ü' * 64),
                      announce(made=2**53 - 1, life=604800), announce([event()] * 64),
                      announce([event(pcr=0)]), announce([event(pcr=23, label='x' * 128)]),
                      announce([event(digests=[(alg, bytes(n)) for alg, n in sizes])])],
         [announce(component=''), announce(component='n' * 64), announce(version=''),
          announce(version='ü' * 64 + 'x'), announce(made=2**53), announce(made=-1),
          announce(life=0), announce(life=604801), announce([]), announce([event()] * 65),
          announce([event(pcr=24)]), announce([event(label='')]),
          announce([event(label='x' * 129)]), announce([event(digests=[])]),
          *(announce([event(digests=[(alg, bytes(n + more))])])
            for alg, n in sizes for more in (-1, 1)),
          announce([event(digests=[(0, bytes(32))])]),
          announce([event(digests=[(16, bytes(32))])]),
          announce([event(digests=[(11, bytes(32), 0)])])]),
        ('bundle', [bundle(), bundle({1: 'n' * 48}), bundle({10: 315360000}), bundle({11: 32}),
                    bundle({15: 1048576}), bundle({17: 1}), bundle({19: 1}), bundle({8: 31}),
                    bundle({9: 41}),
                    bundle(sets=[one_set(name='n' * 48)]), bundle(labels=['x' * 128, 'y']),
                    bundle(sets=[one_set(kind=6, words=None, file=bytes(32))]),
                    bundle(sets=[signers([0, b'k'], [2**32 - 1, bytes(576)])]),
                    bundle(releases=[release(svn=2**63 - 1, active=2**32 - 1)]),
                    bundle(releases=[release(state=5, slots='x' * 128)]),
                    bundle(cmdlines=[tokens(*[(1, 'x')] * 64, other=2)]),
                    bundle(imas=[ima(pcr=23, keys=31, digest=4)])],
         [bundle({1: ''}), bundle({1: 'n' * 49}), bundle({2: 0}), bundle({2: 2**32}),
          bundle({8: 0}), bundle({8: 32}), bundle({9: 5}), bundle({10: 0}),
          bundle({10: 315360001}), bundle({11: 1}), bundle({15: 1048577}), bundle({16: 4097}),
          bundle({17: 0}), bundle({17: 4}), bundle({17: None}), bundle({18: []}),
          bundle({19: 0}), bundle({19: 2}),
          bundle(sets=[]), bundle(sets=[one_set(kind=0)]), bundle(sets=[one_set(kind=8)]),
          bundle(sets=[one_set(words=[])]), bundle(labels=['']), bundle(labels=['x' * 129]),
          bundle(sets=[one_set(kind=6, words=None, file=bytes(31))]),
          bundle(sets=[signers()]), bundle(sets=[signers([2**32, b'k'])]),
          bundle(sets=[signers([0, b''])]), bundle(sets=[signers([0, bytes(577)])]),
          bundle(sets=[signers([0, b'k', 0])]),
          bundle(sets=[signers(*[[i, b'k'] for i in range(129)])]),
          bundle(releases=[release(svn=0)]), bundle(releases=[release(svn=2**63)]),
          bundle(releases=[release(state=6)]), bundle(releases=[release(active=2**32)]),
          bundle(cmdlines=[tokens()]), bundle(cmdlines=[tokens(*[(1, 'x')] * 65)]),
          bundle(cmdlines=[tokens((5, 'x'))]), bundle(cmdlines=[tokens((1, 'x'), other=0)]),
          bundle(cmdlines=[tokens((1, 'x'), other=3)]), bundle(imas=[ima(pcr=0)]),
          bundle(imas=[ima(pcr=24)]), bundle(imas=[ima(keys=0)]), bundle(imas=[ima(digest=1)])]),
        ('answer', [answer(reasons=[899] * 16), answer(next=604800), answer(actions=3),
                    answer(cwt=bytes(2048)), answer(known=[[1, 0], [2, 4294967295], [3, 0]]),
                    answer(tier=32)],
         [answer(reasons=[1] * 17), answer(reasons=[0]), answer(reasons=[900]),
          answer(next=604801), answer(actions=0), answer(actions=4), answer(cwt=b''),
          answer(cwt=bytes(2049)), answer(known=[]), answer(known=[[0, 1]]),
          answer(known=[[4, 1]]), answer(known=[[1, 4294967296]]), answer(tier=1),
          answer(tier=97)]),
        ('audit-head', [head(site='s' * 64, count=2**53 - 1, at=2**53 - 1),
                        head(digest=zero, count=0)],
         [head(site=''), head(site='s' * 65), head(count=2**53), head(at=2**53), head(at=-1),
          head(digest=bytes(31)), head(digest=bytes(33))]),
        ('audit-row', [row(seq=2**53 - 1, at=1 - 2**53), row(at=2**53 - 1, kind='k' * 1023,
                                                             actor='ü' * 511, text='')],
         [row(seq=0), row(seq=2**53), row(at=2**53), row(at=-2**53), row(kind='k' * 1024),
          row(actor='a' * 1024), row(text='ü' * 512), row(device=bytes(32)),
          row(device=bytes(34))]),
        ('claims', [claims(259, bytes(32)), claims(261, 4294967295), claims(271, ['x' * 128]),
                    claims(-65537, [[41, 0xffffff]]), claims(-65538, [log]),
                    claims(-65539, ''), claims(-65540, 1), claims(-65540, 4294967295)],
         [claims(259, b''), claims(259, bytes(33)), claims(261, 0), claims(261, 4294967296),
          claims(271, ['x' * 129]), claims(271, ['1', 2]), claims(-65537, []),
          claims(-65537, [[11, 0x1000000]]), claims(-65537, [[17, 1]]), claims(-65538, []),
          claims(-65538, [log] * 5), claims(-65538, [[1, 0, bytes(32)]]),
          claims(-65538, [[2, 0, bytes(32), 0, bytes(32)]]),
          claims(-65538, [[0, 0, bytes(32)]]), claims(-65539, 'x' * 129),
          claims(-65540, 0), claims(-65540, 4294967296), claims(-65540, 'x')]),
        ('enroll', [enroll([bytes(4096)] * 6), enroll(ek=bytes(512)), enroll(code='x' * 64),
                    enroll(maker='ü' * 64), enroll(serial='')],
         [enroll([b'c'] * 7), enroll([bytes(4097)]), enroll([b'']), enroll(ek=b''),
          enroll(ek=bytes(513)), enroll(code='x' * 65), enroll(maker='ü' * 64 + 'x')]),
        ('credential', [credential(site='s' * 64, identity='i' * 64, object=bytes(128),
                                   secret=bytes(514), name=bytes(66))],
         [credential(site=''), credential(site='s' * 65), credential(identity=''),
          credential(identity='i' * 65), credential(object=b''), credential(object=bytes(129)),
          credential(secret=b''), credential(secret=bytes(515)), credential(ek=bytes(31)),
          credential(ek=bytes(33)), credential(name=b''), credential(name=bytes(67))]),
        ('device-key', [diag.Map([(0, bytes(512)), (1, bytes(2048)), (2, bytes(4096))]),
                        diag.Map([(0, key), (1, key)])],
         [diag.Map([(0, b''), (1, key)]), diag.Map([(0, key), (1, b'')]),
          diag.Map([(0, key), (1, key), (2, b'')]), diag.Map([(0, bytes(513)), (1, key)]),
          diag.Map([(0, key), (1, bytes(2049))]),
          diag.Map([(0, key), (1, key), (2, bytes(4097))])]),
        ('enrolled', [enrolled(6, 604800), enrolled(wanted=[(41, 0xffffff)])],
         [enrolled(7), enrolled(seconds=604801), enrolled(wanted=[]), enrolled(wanted=[(11, 0)]),
          enrolled(wanted=[(11, 1), (12, 1)]), enrolled(wanted=[(11, 0x1000000)])]),
        ('problem', [own(0, 899), own(2, 604800), own(5, True), diag.Map([(-1, 'x' * 128)]),
                     diag.Map([(-4, 255)])],
         [own(0, 0), own(0, 900), own(1, bytes(31)), own(2, 0), own(2, 604801), own(3, []),
          own(3, [[11, 0]]), own(4, []), own(5, False), own(6, 0),
          diag.Map([(-1, 'x' * 129)]), diag.Map([(-4, 0)]), diag.Map([(-4, 256)])]),
    ]
    for kind, good, bad in good_and_bad:
        for value, out in zip(good, reader.read(kind, [diag.encode(v) for v in good])):
            assert out == diag.encode(value) and schema.matches(kind, value), (kind, value)
        for value, out in zip(bad, reader.read(kind, [diag.encode(v) for v in bad])):
            assert out is None, ('accepted', kind, value)
            assert not schema.matches(kind, value), ('of the type', kind, value)


def announced(*digests, component='os', times=1):
    event = diag.Map([(1, 9), (2, list(digests))])
    return diag.Map([(1, component), (2, 'v'), (3, [event] * times), (4, 0), (5, 1)])


def what_no_type_can_say(_, reader):
    """Doubled banks and logs, names and a length in all are of the type; the readers alone refuse
    what is wrong with them."""
    doubled = [('selection', [[11, 1], [11, 2]]),
               ('claims', diag.Map([(265, 'tag:assay.dev,2026:evidence-1'),
                                    (-65537, [[11, 1], [11, 2]])])),
               ('problem', diag.Map([(OWN_ENTRY, diag.Map([(4, [[2, 0], [2, 1]])]))])),
               ('announce', announced([11, bytes(32)], [11, bytes(32)])),
               ('announce', announced([12, bytes(48)], [11, bytes(32)])),
               ('announce', announced([11, bytes(32)], component='a b')),
               ('announce', announced([11, bytes(32)], component='../a')),
               ('announce', announced(*[[13, bytes(64)], [41, bytes(64)]], times=60))]
    for kind, value in doubled:
        assert reader.read(kind, [diag.encode(value)]) == [None], kind
    for digest in (b'\1' * 32, bytes(31) + b'\1'):  # the hash of no row
        head = ['assay-audit-head-1', 's', 0, digest, 0]
        assert reader.read('audit-head', [diag.encode(head)]) == [None], digest
    assert reader.read('problem', [diag.encode(diag.Map([(OWN_ENTRY, diag.Map())]))]) == [None]


def the_tools_themselves_can_say_no(*_):
    schema = cddl.Schema('a = [ 1*2 uint, ? text ] b = { ? 1: bool, * int => any } '
                         'c = bytes .cbor a d = #6.5(null) / 3..4 '
                         'e = [ (1, 2 // "x"), two ] two = ( true, false )')
    for name, good, bad in [
            ('a', [[1], [1, 2], [1, 'x'], [1, 2, 'x']], [[], [1, 2, 3], ['x'], [1, 'x', 2], 1]),
            ('b', [diag.Map(), diag.Map([(1, True), (2, None)])],
             [diag.Map([(1, 1)]), diag.Map([('x', 1)]), diag.Map([(2, 0), (2, 1)]), []]),
            ('c', [b'\x81\x01'], [b'\x81', b'\x80', b'\x81\x01\x00', b'\x81\x18\x01', 'x']),
            ('d', [diag.Tag(5, None), 3, 4], [diag.Tag(4, None), diag.Tag(5, 0), 2, 5, True]),
            ('e', [[1, 2, True, False], ['x', True, False]], [[1, True, False], ['x', True]])]:
        assert all(schema.matches(name, value) for value in good), name
        assert not any(schema.matches(name, value) for value in bad), name
    for text in ['a = nobody', 'a = [ uint', 'a = uint a = text', 'uint = text', 'a @']:
        try:
            cddl.Schema(text)
        except cddl.CddlError:
            continue
        raise AssertionError(f'taken: {text}')
    for text in ['[1', '{1 2}', 'h\'0\'', '1 2', 'nul', '']:
        try:
            diag.parse(text)
        except ValueError:
            continue
        raise AssertionError(f'taken: {text}')
    # RFC 8949, appendix A
    for text, encoded in [('1000000', '1a000f4240'), ('-1000', '3903e7'), ('1("a")', 'c16161'),
                          ('[1, [2, 3], [4, 5]]', '8301820203820405'), ('"\\"\\\\"', '62225c'),
                          ('{"a": 1, "b": [2, 3]}', 'a26161016162820203'), ("h'0102'", '420102'),
                          ('18446744073709551615', '1bffffffffffffffff'), ('null', 'f6'),
                          ('<<1, 2>> / comment / # and another', '420102')]:
        assert diag.encode(diag.parse(text)).hex() == encoded, text


def every_message_is_here(*_):
    names = {os.path.basename(p)[:-5] for p in glob.glob(os.path.join(FOLDER, '*.cddl'))}
    assert names == {*MESSAGES, 'common'}
    for kind in MESSAGES:
        assert len(examples(kind)) >= 2, kind


def every_example_is_a_seed(*_):
    for kind in MESSAGES:
        for name, value in examples(kind).items() if kind != 'token-cwt' else ():
            seed = diag.encode(value)
            if kind == 'values':
                seed = diag.encode(selection_of(kind, value)) + seed
            with open(os.path.join(CORPUS, 'wire-' + kind, name[:-5]), 'rb') as file:
                assert file.read() == seed, name


def cases(schema, reader):
    """(name, function without arguments)"""
    for claim in (the_tools_themselves_can_say_no, every_message_is_here, limits,
                  every_example_is_a_seed, what_no_type_can_say):
        yield claim.__name__, lambda claim=claim: claim(schema, reader)
    for kind in MESSAGES:
        for name, value in examples(kind).items():
            message = Message(schema, reader, kind, value)
            for claim in CLAIMS:
                yield f'{name}: {claim.__name__}', lambda c=claim, m=message: c(m)


def main():
    texts = [text_of(name) for name in sorted(os.listdir(FOLDER)) if name.endswith('.cddl')]
    count = failed = 0
    for name, run in cases(cddl.Schema(*texts), Reader(sys.argv[1])):
        count += 1
        try:
            run()
            print(f'ok {count} {name}')
        except Exception as error:  # a broken case is a failed case
            failed += 1
            print(f'# {type(error).__name__}: {error}')
            print(f'not ok {count} {name}')
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
