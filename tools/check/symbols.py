#!/usr/bin/env python3
"""No two files of C define the same external name. A linker takes the first of two static libraries
that has one, and says nothing: the other's callers then run somebody else's function. Names that a
macro puts together are not seen."""
import re

from tree import Tap, c_code, files, line_of, read

# Definitions in the house's format: the type on a line of its own, the name at the start of the
# next; data at the start of a line.
FUNCTION = re.compile(r'^(?P<type>[A-Za-z_][^\n;{}#]*)\n(?P<name>\w+)\([^;{}]*\)\n\{', re.M)
DATA = re.compile(r'^(?P<type>(?!typedef\b|extern\b|(?:struct|union|enum) \w+;)[A-Za-z_][\w *]*?)'
                  r'\b(?P<name>\w+)(?:\[[^\]\n]*\])*(?: =|;)', re.M)
# One of each is built: meson chooses.
ALTERNATIVES = [('schemas/base/sandbox-plain.c', 'schemas/base/sandbox-sanitized.c')]
# Programs have these, and a program is one of them only.
OF_PROGRAMS = {'main', 'fuzz_one', 'LLVMFuzzerTestOneInput'}


def external(text):
    """(name, offset) of what a file defines for others."""
    code = c_code(text)
    for pattern in (FUNCTION, DATA):
        for match in pattern.finditer(code):
            if not re.search(r'\bstatic\b', match['type']) and match['name'] not in OF_PROGRAMS:
                yield match['name'], match.start('name')


def are_alternatives(one, other):
    return any(one in group and other in group for group in ALTERNATIVES)


def doubled(paths):
    defined = {}
    for path in paths:
        text = read(path)
        for name, offset in external(text):
            for first, line in defined.get(name, []):
                if not are_alternatives(first, path):
                    yield f'{path}:{line_of(text, offset)}: {name} is in {first}:{line} too'
            defined.setdefault(name, []).append((path, line_of(text, offset)))


def main():
    tap, paths = Tap(), files('.c')
    found = sum(1 for path in paths for _ in external(read(path)))
    tap.case('external names are defined once', doubled(paths))
    print(f'# {found} names')
    tap.case('alternatives are files', [path for group in ALTERNATIVES for path in group
                                        if path not in paths and 'schemas/base/log.c' in paths])
    tap.done()


if __name__ == '__main__':
    main()
