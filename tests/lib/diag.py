"""CBOR diagnostic notation (RFC 8949 section 8) and CBOR bytes, for tests.

Values: int, bytes, str, bool, None, list, Map (pairs in the order written, so that wrong maps can
be made too), Tag, and Raw for bytes that are an item already. `parse` reads the notation with
comments (/ ... / and # to the end of the line) and << ... >> for embedded CBOR. `encode` writes
the shortest heads and keeps the order of the pairs; `decode` takes deterministic CBOR only.
"""
import re


class Map(list):
    """Pairs (key, value)."""

    def get(self, key):
        return next(value for name, value in self if same(name, key))


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


class Raw(bytes):
    """Bytes that stand for themselves in an encoding."""


class DiagError(ValueError):
    pass


def same(a, b):
    """Equality of keys that does not take True for 1."""
    return type(a) is type(b) and a == b


_TOKEN = re.compile(r'''
    (?P<blank> \s+ | /[^/]*/ | \#[^\n]* )
  | h'(?P<hex> [0-9a-fA-F\s]* )'
  | "(?P<text> (?: [^"\\] | \\. )* )"
  | (?P<number> -? (?: 0x[0-9a-fA-F]+ | [0-9]+ ) )
  | (?P<word> true | false | null )
  | (?P<mark> << | >> | [][{}():,] )
''', re.X)
_WORDS = {'true': True, 'false': False, 'null': None}


def _tokens(text):
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise DiagError(f'not understood: {text[at:at + 20]!r}')
        at = match.end()
        kind = match.lastgroup
        if kind == 'hex':
            yield 'value', bytes.fromhex(match.group('hex'))
        elif kind == 'text':
            yield 'value', re.sub(r'\\(.)', r'\1', match.group('text'))
        elif kind == 'number':
            yield 'value', int(match.group('number'), 0)
        elif kind == 'word':
            yield 'value', _WORDS[match.group('word')]
        elif kind == 'mark':
            yield 'mark', match.group('mark')
    yield 'end', ''


class _Parser:
    def __init__(self, text):
        self.tokens = list(_tokens(text))
        self.at = 0

    def take(self, mark=None):
        kind, value = self.tokens[self.at]
        if mark is not None and (kind, value) != ('mark', mark):
            raise DiagError(f'{mark} expected, not {value!r}')
        self.at += 1
        return kind, value

    def sees(self, mark):
        return self.tokens[self.at] == ('mark', mark)

    def until(self, close, one):
        """Items separated by commas, up to a closing mark."""
        items = []
        while not self.sees(close):
            if items:
                self.take(',')
            items.append(one())
        self.take(close)
        return items

    def pair(self):
        key = self.item()
        self.take(':')
        return key, self.item()

    def item(self):
        kind, value = self.take()
        if kind == 'value':
            if type(value) is int and self.sees('('):
                self.take('(')
                value = Tag(value, self.item())
                self.take(')')
            return value
        if (kind, value) == ('mark', '['):
            return self.until(']', self.item)
        if (kind, value) == ('mark', '{'):
            return Map(self.until('}', self.pair))
        if (kind, value) == ('mark', '<<'):
            return b''.join(encode(one) for one in self.until('>>', self.item))
        raise DiagError(f'no item begins with {value!r}')


def parse(text):
    parser = _Parser(text)
    value = parser.item()
    if parser.take()[0] != 'end':
        raise DiagError('more than one item')
    return value


def head(major, value, size=None):
    """Head of an item; size in bytes of its argument for one that is not the shortest."""
    if size is None:
        size = next(n for n, end in ((0, 24), (1, 1 << 8), (2, 1 << 16), (4, 1 << 32), (8, 1 << 64))
                    if value < end)
    if size == 0:
        return bytes([major << 5 | value])
    info = {1: 24, 2: 25, 4: 26, 8: 27}[size]
    return bytes([major << 5 | info]) + value.to_bytes(size, 'big')


def parts(value):
    """(major type, argument of the head, what follows the head) of any value but Raw."""
    if value is None or isinstance(value, bool):
        return 7, {False: 20, True: 21, None: 22}[value], b''
    if isinstance(value, int):
        return (0, value, b'') if value >= 0 else (1, -1 - value, b'')
    if isinstance(value, bytes):
        return 2, len(value), value
    if isinstance(value, str):
        return 3, len(value.encode()), value.encode()
    if isinstance(value, Map):
        return 5, len(value), b''.join(encode(one) for pair in value for one in pair)
    if isinstance(value, list):
        return 4, len(value), b''.join(map(encode, value))
    return 6, value.number, encode(value.value)


def encode(value):
    if isinstance(value, Raw):
        return bytes(value)
    major, argument, rest = parts(value)
    return head(major, argument) + rest


def _decode(data, at):
    major, info = data[at] >> 5, data[at] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
    if info > 27:
        raise DiagError('a length that is not definite')
    end = at + 1 + size
    argument = int.from_bytes(data[at + 1:end], 'big') if size else info
    if end > len(data) or head(major, argument) != data[at:end]:
        raise DiagError('a head that is not the shortest')
    return major, argument, end


def _many(data, at, n):
    items = []
    for _ in range(n):
        item, at = _item(data, at)
        items.append(item)
    return items, at


def _item(data, at):
    if at >= len(data):
        raise DiagError('cut')
    major, argument, at = _decode(data, at)
    if major in (0, 1):
        return (argument if major == 0 else -1 - argument), at
    if major in (2, 3):
        body = data[at:at + argument]
        if len(body) != argument:
            raise DiagError('cut')
        return (body if major == 2 else body.decode()), at + argument
    if major == 4:
        return _many(data, at, argument)
    if major == 5:
        flat, at = _many(data, at, 2 * argument)
        keys = [encode(key) for key in flat[::2]]
        if any(a >= b for a, b in zip(keys, keys[1:])):
            raise DiagError('keys out of order')
        return Map(zip(flat[::2], flat[1::2])), at
    if major == 6:
        value, at = _item(data, at)
        return Tag(argument, value), at
    if argument not in (20, 21, 22):
        raise DiagError('a simple value that we do not speak')
    return {20: False, 21: True, 22: None}[argument], at


def decode(data):
    """One item and nothing after it; DiagError or UnicodeDecodeError otherwise."""
    value, at = _item(data, 0)
    if at != len(data):
        raise DiagError('trailing bytes')
    return value
