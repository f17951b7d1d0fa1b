#!/usr/bin/env python3
"""What a reader elsewhere would stumble over: paths of one machine, hosts of one network, a code
map that leaves a folder out, an acceptance scenario that the roadmap does not tell of."""
import os
import re

from tree import ROOT, Tap, files, line_of, read

# Spelt with a class each, so that this file does not accuse itself.
MACHINE = re.compile(r'(?<![\w.$}*-])/(wor[k]|hom[e]|roo[t])/[\w.]')
REGISTRY = re.compile(r'\b(registry\.[a-z0-9-]+\.[a-z]+|npm[j]s\.(?:com|org)|proxy\.golan[g]\.org'
                      r'|pyp[i]\.org|deb\.debia[n]\.org)\b')
TEXT = re.compile(r'(\.(c|h|def|py|sh|md|build|txt|json|toml|ini|conf|cddl|service|yml|js|ts|html'
                  r'|rules|[1-8])|/[^./]+|^[^./]+)$')
# Unit tests spell out log entries, which name files of the devices that wrote them.
LOGS_INSIDE = 'tests/unit/'
# README's code map names each folder at the top but these, which tools and not people look for.
UNMAPPED = {'.ci', '.github', 'LICENSES'}
ROADMAP, SCENARIOS = 'docs/roadmap.md', 50


def matches(pattern, paths):
    for path in paths:
        text = read(path)
        for match in pattern.finditer(text):
            yield f'{path}:{line_of(text, match.start())}: {match.group(0)}'


def unmapped_folders():
    if not os.path.exists(os.path.join(ROOT, 'README.md')):
        return
    text = read('README.md')
    tops = {path.split('/')[0] for path in files() if '/' in path} - UNMAPPED
    for folder in sorted(tops):
        name = re.escape(folder)
        if not re.search(rf'(?<![\w/-]){name}/|`{name}`', text):
            yield f'README.md does not name {folder}/'


def scenario_rows():
    """Number -> the roadmap's word on what proves it."""
    return {int(number): proof for number, proof in re.findall(
        r'^\| (\d+): [^|]*\| (.*) \|$', read(ROADMAP), re.M)}


def scenario_tests():
    """Numbers with a test of their own: keys of two digits in the test's build file."""
    return {int(number) for number in re.findall(
        r"^    '(\d\d)': ", read('tests/meson.build'), re.M)}


def scenario_problems():
    rows, tests = scenario_rows(), scenario_tests()
    for number in range(1, SCENARIOS + 1):
        name = f'scenario-{number:02}'
        if number not in rows:
            yield f'{ROADMAP} has no row {number}'
        elif number in tests and name not in rows[number]:
            yield f'{ROADMAP}: row {number} does not name {name}'
        elif number not in tests and re.search(rf'{name}\b', rows[number]):
            yield f'{ROADMAP}: row {number} names {name}, which is no test'
        elif number not in tests and not re.search(r'test-\w|_\w|not yet', rows[number]):
            yield f'{ROADMAP}: row {number} names no test, and not "not yet"'


def main():
    tap = Tap()
    paths = [path for path in files() if TEXT.search(path)]
    tap.case('no path of one machine', matches(
        MACHINE, [path for path in paths if not path.startswith(LOGS_INSIDE)]))
    tap.case('no host of a package registry', matches(REGISTRY, paths))
    if os.path.exists(os.path.join(ROOT, 'README.md')):
        tap.case("README's code map names every folder", unmapped_folders())
    else:
        tap.skip("README's code map names every folder", 'no README.md yet')
    if os.path.exists(os.path.join(ROOT, ROADMAP)):
        without = sorted(set(range(1, SCENARIOS + 1)) - scenario_tests())
        tap.case('each acceptance scenario has its row, and is named where it is a test',
                 scenario_problems())
        print(f'# without a test of their own: {", ".join(map(str, without)) or "none"}')
    else:
        tap.skip('each acceptance scenario has its row', 'no roadmap')
    tap.done()


if __name__ == '__main__':
    main()
