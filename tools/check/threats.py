#!/usr/bin/env python3
"""docs/threats.md: every threat has a test that exists, or says why it has none."""
import os
import re

from tree import ROOT, Tap, files, read

PAGE = 'docs/threats.md'
# "## Pitfalls (39)": so many rows follow, numbered from 1; lettered ones are counted only.
HEADING = re.compile(r'^## (.+) \((\d+)\)$')
ROW = re.compile(r'^\| *([0-9]+|[a-z]) *\|(.*)\|\s*$')
# `test-quote-matrix::a bank twice`, `service::a_cleared_tpm_is_refused`, `replay-evlog`
NAMED = re.compile(r'`((?:test-|replay-|lint-)?[a-z0-9_-]+)(?:::([^`]+))?`')
EXCUSE = re.compile(r'^(not yet|not reachable): \S')


def sources():
    """Name of a test as meson has it -> its text."""
    found = {}
    for path in files('.c', '.py'):
        folder, name = os.path.split(path)
        stem, end = os.path.splitext(name)
        if folder.startswith('tests/') and end == '.c' and stem.startswith('test-'):
            found[stem] = path
        elif folder == 'tests/fuzz' and stem.startswith('fuzz-'):
            found['replay-' + stem[len('fuzz-'):]] = path
        elif folder in ('tests/integration', 'tests/lint') and stem.startswith('test_'):
            found[stem[len('test_'):]] = path
        elif folder == 'tools/check':
            found['lint-' + stem] = path
    return found


def has_case(path, case):
    """A function that the test runs, or the name of a row in one of its tables."""
    text = read(path)
    if path.endswith('.py'):
        text = re.sub(r'#.*', '', text)
        if re.search(rf'^def {re.escape(case)}\(', text, re.M):
            # a definition alone runs nothing: its name stands in a list of cases, or in a call
            return re.search(rf'(?<!def )\b{re.escape(case)}\b', text)
        return f"'{case}'" in text or f'"{case}"' in text
    return re.search(rf'\bCASE\({re.escape(case)}\)', text) or f'{{"{case}"' in text


def rows():
    """(line, heading, label, last cell) of each row."""
    heading = None
    for number, line in enumerate(read(PAGE).split('\n'), 1):
        match = HEADING.match(line)
        heading = match.group(1) if match else heading
        match = ROW.match(line)
        if match:
            yield number, heading, match.group(1), match.group(2).split('|')[-1].strip()


def missing():
    found = sources()
    for line, _heading, _label, proof in rows():
        for name, case in NAMED.findall(proof):
            if name not in found:
                yield f'{PAGE}:{line}: no test {name}'
            elif case and not has_case(found[name], case):
                yield f'{PAGE}:{line}: {found[name]} has no case "{case}"'


def unproved():
    for line, _heading, label, proof in rows():
        if not NAMED.search(proof) and not EXCUSE.match(proof):
            yield f'{PAGE}:{line}: row {label} names no test, and no "not yet: …" or ' \
                  '"not reachable: …"'


def uncounted():
    labels = {}
    for line in read(PAGE).split('\n'):
        match = HEADING.match(line)
        if match:
            labels[match.group(1)] = (int(match.group(2)), [])
    for line, heading, label, _proof in rows():
        if heading is None:
            yield f'{PAGE}:{line}: a row in front of every heading'
        else:
            labels[heading][1].append(label)
    for heading, (count, seen) in labels.items():
        numbers = [label for label in seen if label.isdigit()]
        if len(seen) != count or numbers != [str(n + 1) for n in range(len(numbers))]:
            yield f'{PAGE}: "{heading}" has {len(seen)} rows, not 1 to {count}'


def main():
    tap = Tap()
    checks = [('each test and case that the page of threats names exists', missing),
              ('each threat names a test or says why there is none', unproved),
              ('each list of threats is whole', uncounted)]
    for name, check in checks:
        if os.path.exists(os.path.join(ROOT, PAGE)):
            tap.case(name, check())
        else:
            tap.skip(name, f'no {PAGE} yet')
    tap.done()


if __name__ == '__main__':
    main()
