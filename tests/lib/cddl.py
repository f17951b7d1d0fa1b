"""A validator for the part of CDDL (RFC 8610) that schemas/cddl uses.

Rules of types and groups, choices (/ and //), ranges, occurrence (?, *, +, n*m), literals, tags
(#6.n), and the controls .size and .cbor. No sockets, generics, unwrapping or cuts. Values are those
of diag.py. Map entries are matched one after the other, entries with literal keys first, so a
wildcard takes what nobody named; that is narrower than RFC 8610 and right for deterministic files.
"""
import re

import diag

_TOKEN = re.compile(r'''
    (?P<blank> \s+ | ;[^\n]* )
  | (?P<tag> \#6\.[0-9]+ )
  | (?P<occur> [0-9]* \* [0-9]* | \? | \+ )
  | h'(?P<hex> [0-9a-fA-F]* )'
  | "(?P<text> [^"]* )"
  | (?P<number> -? (?: 0x[0-9a-fA-F]+ | [0-9]+ ) )
  | (?P<control> \.size | \.cbor )
  | (?P<name> [A-Za-z] (?: [A-Za-z0-9_-]* [A-Za-z0-9_] )? )
  | (?P<mark> // | \.\. | => | [][{}(),:=/] )
''', re.X)

_BASE = {
    'any': lambda v: True,
    'uint': lambda v: type(v) is int and v >= 0,
    'nint': lambda v: type(v) is int and v < 0,
    'int': lambda v: type(v) is int,
    'bstr': lambda v: isinstance(v, bytes),
    'bytes': lambda v: isinstance(v, bytes),
    'tstr': lambda v: isinstance(v, str),
    'text': lambda v: isinstance(v, str),
    'bool': lambda v: isinstance(v, bool),
    'true': lambda v: v is True,
    'false': lambda v: v is False,
    'null': lambda v: v is None,
}


class CddlError(ValueError):
    """The file is wrong, not the value."""


def _tokens(text):
    at, result = 0, []
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise CddlError(f'not understood: {text[at:at + 20]!r}')
        kind, at = match.lastgroup, match.end()
        value = match.group(kind)
        if kind == 'hex':
            result.append(('literal', bytes.fromhex(value)))
        elif kind == 'text':
            result.append(('literal', value))
        elif kind == 'number':
            result.append(('literal', int(value, 0)))
        elif kind != 'blank':
            result.append((kind, value))
    return result + [('end', ''), ('end', '')]


def _occurrence(text):
    if text in ('?', '+'):
        return (0, 1) if text == '?' else (1, None)
    low, high = text.split('*')
    return int(low or 0), int(high) if high else None


class _Parser:
    """Rules as tuples: ('name', n), ('literal', v), ('range', a, b), ('or', [...]), ('array', g),
    ('map', g), ('tag', n, t), ('size', t, t), ('cbor', t, t). A group is a list of alternatives;
    one is a list of (low, high, key or None, what, cut), with what a type or ('group', g), and cut
    when the key was written with a colon: its value must match, no later entry may take it."""

    def __init__(self, text):
        self.tokens, self.at = _tokens(text), 0

    def next(self, kind=None, value=None):
        token = self.tokens[self.at]
        if (kind and token[0] != kind) or (value is not None and token[1] != value):
            raise CddlError(f'{value or kind} expected, not {token[1]!r}')
        self.at += 1
        return token[1]

    def sees(self, kind, value=None):
        token = self.tokens[self.at]
        return token[0] == kind and (value is None or token[1] == value)

    def skip(self, kind, value):
        if self.sees(kind, value):
            self.at += 1
            return True
        return False

    def rules(self):
        rules = {}
        while not self.sees('end'):
            name = self.next('name')
            self.next('mark', '=')
            if name in rules:
                raise CddlError(f'{name} is defined twice')
            rules[name] = self.bracket(')', 'group') if self.skip('mark', '(') else self.type()
        return rules

    def bracket(self, close, kind):
        group = self.group(close)
        self.next('mark', close)
        return kind, group

    def type(self):
        options = [self.controlled()]
        while self.skip('mark', '/'):
            options.append(self.controlled())
        return options[0] if len(options) == 1 else ('or', options)

    def controlled(self):
        left = self.plain()
        if self.skip('mark', '..'):
            left = ('range', left[1], self.plain()[1])
        if self.sees('control'):
            control = self.next('control')[1:]
            left = (control, left, self.controlled())
        return left

    def plain(self):
        if self.sees('literal'):
            return 'literal', self.next()
        if self.sees('name'):
            return 'name', self.next()
        if self.sees('tag'):
            number = int(self.next()[3:])
            self.next('mark', '(')
            inner = self.type()
            self.next('mark', ')')
            return 'tag', number, inner
        if self.skip('mark', '['):
            return self.bracket(']', 'array')
        if self.skip('mark', '{'):
            return self.bracket('}', 'map')
        if self.skip('mark', '('):
            inner = self.type()
            self.next('mark', ')')
            return inner
        raise CddlError(f'no type begins with {self.next()!r}')

    def group(self, close):
        alternatives = [[]]
        while not self.sees('mark', close):
            if self.skip('mark', '//'):
                alternatives.append([])
            else:
                alternatives[-1].append(self.entry())
                self.skip('mark', ',')
        return alternatives

    def entry(self):
        low, high = (1, 1)
        if self.sees('occur'):
            low, high = _occurrence(self.next())
        begin = self.at
        if self.skip('mark', '('):
            group = self.bracket(')', 'group')
            if not self.sees('control'):
                return low, high, None, group, False
            self.at = begin  # it was a type in parentheses
        if self.sees('name') and self.tokens[self.at + 1] == ('mark', ':'):
            label = self.next()
            self.next('mark', ':')
            return low, high, ('literal', label), self.type(), True
        first = self.type()
        if self.skip('mark', ':'):
            return low, high, first, self.type(), True
        if self.skip('mark', '=>'):
            return low, high, first, self.type(), False
        return low, high, None, first, False


class Schema:
    """Rules of some files together."""

    def __init__(self, *texts):
        self.rules = {}
        for text in texts:
            for name, rule in _Parser(text).rules().items():
                if name in self.rules or name in _BASE:
                    raise CddlError(f'{name} is defined twice')
                self.rules[name] = rule
        for rule in self.rules.values():
            self._check_names(rule)

    def _check_names(self, rule):
        if isinstance(rule, tuple) and rule[:1] == ('name',):
            if rule[1] not in self.rules and rule[1] not in _BASE:
                raise CddlError(f'{rule[1]} is not defined')
        elif isinstance(rule, (tuple, list)):
            for part in rule:
                self._check_names(part)

    def matches(self, name, value):
        """Whether the value is of the named type, and no map in it names a key twice."""
        return self._type(('name', name), value)

    def _type(self, rule, value):
        return getattr(self, '_' + rule[0])(rule, value)

    def _name(self, rule, value):
        base = _BASE.get(rule[1])
        return base(value) if base else self._type(self.rules[rule[1]], value)

    def _literal(self, rule, value):
        return diag.same(rule[1], value)

    def _range(self, rule, value):
        return type(value) is int and rule[1] <= value <= rule[2]

    def _or(self, rule, value):
        return any(self._type(one, value) for one in rule[1])

    def _tag(self, rule, value):
        return (isinstance(value, diag.Tag) and value.number == rule[1]
                and self._type(rule[2], value.value))

    def _size(self, rule, value):
        if not self._type(rule[1], value):
            return False
        if type(value) is int:
            return rule[2][0] == 'literal' and value < 256 ** rule[2][1]
        return self._type(rule[2], len(value.encode() if isinstance(value, str) else value))

    def _cbor(self, rule, value):
        if not self._type(rule[1], value):
            return False
        try:
            inner = diag.decode(value)
        except (diag.DiagError, UnicodeDecodeError):
            return False
        return self._type(rule[2], inner)

    def _group(self, rule, value):
        raise CddlError('a group stands where a type must')

    def _array(self, rule, value):
        return (isinstance(value, list) and not isinstance(value, diag.Map)
                and any(at == len(value) for at in self._run(rule[1], value, 0)))

    def _run(self, group, items, at):
        """Every place where the group may end that begins at `at`."""
        for alternative in group:
            yield from self._entries(alternative, items, at)

    def _entries(self, entries, items, at, done=0):
        if not entries:
            yield at
            return
        low, high, _, what, _ = entries[0]
        if high is None or done < high:
            for after in self._once(what, items, at):
                if after > at:
                    yield from self._entries(entries, items, after, done + 1)
        if done >= low:
            yield from self._entries(entries[1:], items, at)

    def _as_group(self, what):
        if what[0] == 'name' and self.rules.get(what[1], ('',))[0] == 'group':
            what = self.rules[what[1]]
        return what[1] if what[0] == 'group' else None

    def _once(self, what, items, at):
        group = self._as_group(what)
        if group is not None:
            yield from self._run(group, items, at)
        elif at < len(items) and self._type(what, items[at]):
            yield at + 1

    def _map(self, rule, value):
        if not isinstance(value, diag.Map):
            return False
        keys = [diag.encode(key) for key, _ in value]
        return len(set(keys)) == len(keys) and any(
            self._pairs(entries, list(value)) for entries in self._flat(rule[1]))

    def _flat(self, group):
        """Alternatives of a map's group with its groups written out."""
        for alternative in group:
            ways = [[]]
            for low, high, key, what, cut in alternative:
                inner = self._as_group(what) if key is None else None
                if inner is None:
                    ways = [way + [(low, high, key, what, cut)] for way in ways]
                    continue
                more = [one for one in self._flat(inner)]
                if low == 0:
                    more.append([])
                ways = [way + one for way in ways for one in more]
            yield from ways

    def _pairs(self, entries, pairs):
        for low, high, key, what, cut in sorted(entries, key=lambda e: e[2][0] != 'literal'):
            named = [pair for pair in pairs if self._type(key, pair[0])]
            taken = [pair for pair in named if self._type(what, pair[1])]
            if cut and len(taken) < len(named):
                return False
            if len(taken) < low or (high is not None and len(taken) > high):
                return False
            pairs = [pair for pair in pairs if not any(pair is one for one in taken)]
        return not pairs
