#!/usr/bin/env python3
"""The house style that a compiler does not know. One case a rule."""
import os
import re

from tree import Tap, c_code, files, line_comments, line_of, read

LINE_MAX = 100
# `int` functions of schemas' headers that have no outcome to check: the first two pass one on, the
# third reads a descriptor out of a struct.
NO_OUTCOME = {'fault_at', 'trace', 'ipc_fd'}
# Stems that many programs have.
COMMON_STEMS = {'main'}

# rule -> (pattern in code without comments and strings, paths where it is allowed, why)
BANNED = {
    'time() only in the clock': (
        r'(?<![\w.>])time\s*\(', r'schemas/base/clock\.c|tests/lib/fake-clock\.c',
        'time comes in as an argument'),
    'no unbounded string calls': (
        r'\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|stpcpy)\s*\(', None, 'no bound'),
    'no numbers from ato*': (r'\b(atoi|atol|atoll|atof)\s*\(', None, 'no error'),
    'no shell': (r'(?<![\w.>])(system|popen)\s*\(', None, 'a shell reads what outsiders wrote'),
    'no cbor_load': (r'\bcbor_load\s*\(', None, 'allocates what a count says'),
    'no alloca': (r'\balloca\s*\(', None, 'a stack sized by a peer'),
    'no memcmp on secrets': (
        r'\bmemcmp\s*\([^;\n]*\b(\w*(secret|psk|hmac)\w*|(\w+_)?mac|(enc|sig|tok|cookie|ticket)'
        r'_?key)\b', None, 'use ct_equal()'),
    'algorithms are fetched once': (
        r'\b(EVP_(sha\d+|sha3_\d+|sm3|md5)|EVP_aes_\w+|HMAC|SHA(1|224|256|384|512))\s*\(',
        r'schemas/crypto/|tests/', 'looks the implementation up at every call'),
    'structs have no typedef': (r'\btypedef\s+(struct|union|enum)\b', None,
                                'our types differ at sight from the libraries\''),
    'no packed structs': (
        r'__attribute__\s*\(\((?:[^;{]*\W)?(?:__)?packed(?:__)?\b|#\s*pragma\s+pack\b',
        None, 'outside bytes go through struct rd'),
    'readers copy through rd': (
        r'\b(memcpy|memmove)\s*\(', r'(?!schemas/(formats|wire)/)', 'no memcpy in formats or wire'),
}
SQL = re.compile(r'"[^"\n]*\b(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM'
                 r'|CREATE\s+TABLE|DROP\s+TABLE|ALTER\s+TABLE)', re.I)
PRINTF = re.compile(r'\b(?:v?(?:sn|as|d|f)?printf|wr_fmt)\s*\(')


class Source:
    """One file, as written and as code."""

    def __init__(self, path):
        self.path, self.text = path, read(path)
        self.code = c_code(self.text)

    def at(self, offset, what):
        return f'{self.path}:{line_of(self.text, offset)}: {what}'

    def lines(self):
        return enumerate(self.text.split('\n'), 1)


def banned(sources, pattern, allowed, why):
    for source in sources:
        if allowed and re.match(allowed, source.path):
            continue
        for match in re.finditer(pattern, source.code):
            yield source.at(match.start(), f'{match.group(0).strip()}: {why}')


def call_end(code, start):
    """Offset behind the parenthesis that closes the one at `start`."""
    depth = 0
    for offset in range(start, len(code)):
        depth += {'(': 1, ')': -1}.get(code[offset], 0)
        if depth == 0:
            return offset + 1
    return len(code)


def printed_sql(sources):
    for source in sources:
        plain = c_code(source.text, keep_strings=True)
        for match in PRINTF.finditer(source.code):
            end = call_end(source.code, match.end() - 1)
            if SQL.search(plain[match.start():end]):
                yield source.at(match.start(), 'SQL takes its values by binding')


def unchecked_results(sources):
    """Prototypes at file level, so: not members of a struct, not bodies."""
    for source in sources:
        if not (source.path.startswith('schemas/') and source.path.endswith('.h')):
            continue
        code = re.sub(r'^[ \t]*#(?:.*\\\n)*.*$', lambda m: re.sub(r'[^\n]', ' ', m.group(0)),
                      source.code, flags=re.M)
        code = re.sub(r'\{[^{}]*\}', lambda m: re.sub(r'[^\n{}]', ' ', m.group(0)), code)
        for match in re.finditer(r'(?:^|(?<=[;}]))[^;{}]*?\bint\s+(\w+)\s*\([^;{}]*[;{]', code):
            head = match.group(0)
            before = head[:head.index(match.group(1))]
            if ('MUST_CHECK' not in head and '(' not in before
                    and match.group(1) not in NO_OUTCOME):
                yield source.at(match.start(1), f'{match.group(1)} is not MUST_CHECK')


def conditionals_in_bodies(sources):
    for source in sources:
        inside = False
        for number, line in enumerate(source.code.split('\n'), 1):
            if line in ('{', '}'):
                inside = line == '{'
            elif inside and re.match(r'\s*#\s*(if|else|elif|endif)', line):
                yield f'{source.path}:{number}: choose by file in meson'


def doubled_stems(sources):
    folders = {}
    for source in sources:
        folder, name = os.path.split(source.path)
        folders.setdefault(os.path.splitext(name)[0], set()).add(folder)
    for stem, where in sorted(folders.items()):
        if len(where) > 1 and stem not in COMMON_STEMS:
            yield f'{stem} is in {", ".join(sorted(where))}'


def odd_names():
    for path in files():
        *folders, name = path.split('/')
        if name.endswith('.py'):
            good = re.fullmatch(r'[a-z0-9]+(_[a-z0-9]+)*\.py', name)
        elif name.endswith(('.c', '.h', '.def', '.sh', '.cddl', '.diag')):
            good = re.fullmatch(r'[a-z0-9]+([.-][a-z0-9]+)*', name)
        else:
            continue
        if not good or any(re.search(r'[A-Z_]', folder) for folder in folders):
            yield path


def long_lines(paths):
    for path in paths:
        for number, line in enumerate(read(path).split('\n'), 1):
            if len(line) > LINE_MAX:
                yield f'{path}:{number}: {len(line)} columns'


def tabs_and_trailing_blanks(paths):
    for path in paths:
        for number, line in enumerate(read(path).split('\n'), 1):
            if '\t' in line:
                yield f'{path}:{number}: tab'
            if line != line.rstrip():
                yield f'{path}:{number}: blank at the end'


def main():
    tap = Tap()
    sources = [Source(path) for path in files('.c', '.h')]
    headers = [source for source in sources if source.path.endswith('.h')]
    texts = files('.c', '.h', '.def', '.py', 'meson.build', '.sh')
    for rule, (pattern, allowed, why) in BANNED.items():
        tap.case(rule, banned(sources, pattern, allowed, why))
    tap.case('no SQL by printf', printed_sql(sources))
    tap.case('results must be checked', unchecked_results(sources))
    tap.case('no #if in a function', conditionals_in_bodies(sources))
    tap.case('only /* */ comments', (source.at(offset, '//') for source in sources
                                     for offset in line_comments(source.text)))
    tap.case('headers say #pragma once', (source.path for source in headers
                                          if '#pragma once\n' not in source.code))
    tap.case('file stems are unique', doubled_stems(sources))
    tap.case('names are kebab-case', odd_names())
    tap.case(f'lines have at most {LINE_MAX} columns', long_lines(
        path for path in texts if not path.endswith('.def')))
    tap.case('no tabs, nothing blank at the end', tabs_and_trailing_blanks(texts))
    tap.done()


if __name__ == '__main__':
    main()
