#!/usr/bin/env python3
"""Prints how large files and functions are, and fails over budget.

Functions are found by the house format: the name at the start of a line, `{` and `}` alone at
column 0. Their length is from the name to the closing brace. A function that is a table (most lines
are cases or rows) has no hard limit.
"""
import re

from tree import SOURCE_DIRS, Tap, c_code, files, read

MEDIAN_C, P90_C, HARD_C = 250, 700, 1000
P90_H = 200
MEDIAN_FN, P90_FN, HARD_FN = 15, 45, 80
TEST_SHARE = 0.8  # of test lines to source lines, at least
TEST_KINDS = ('tests/unit/', 'tests/fuzz/', 'tests/integration/', 'tests/matrix/',
              'tests/scenarios/')
ROW = re.compile(r'^\s*(case\b.*|default:.*|return [^;()]*;|break;|\{.*\},?|\}|)$')


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def functions(path, text):
    """(path:line name, length, whether it is a table)"""
    lines = c_code(text).split('\n')
    start = None
    for number, line in enumerate(lines):
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            head = start - 1
            while head > 0 and lines[head].startswith((' ', '\t')):
                head -= 1
            name = re.match(r'\w*', lines[head]).group(0)
            body = lines[start + 1:number]
            rows = sum(bool(ROW.match(one)) for one in body)
            yield f'{path}:{head + 1} {name}', number - head + 1, rows > 0.8 * len(body)
            start = None


class Group:
    """The C of some folders, measured."""

    def __init__(self, name, paths):
        texts = {path: read(path) for path in paths}
        self.name = name
        self.c = {path: text.count('\n') for path, text in texts.items() if path.endswith('.c')}
        self.h = {path: text.count('\n') for path, text in texts.items() if path.endswith('.h')}
        self.functions = [one for path in self.c for one in functions(path, texts[path])]
        comments = sum(text.count('\n', *span.span()) + 1 for text in texts.values()
                       for span in re.finditer(r'/\*.*?\*/', text, re.S))
        self.lines = sum(self.c.values()) + sum(self.h.values())
        self.comment_share = comments / self.lines if self.lines else 0
        self.lengths = [length for _, length, _ in self.functions]

    def row(self):
        c, h, fn = self.c.values(), self.h.values(), self.lengths
        over_60 = sum(length > 60 for length in fn) / len(fn) if fn else 0
        return (f'{self.name:16} {self.lines:6} {percentile(c, .5):4} /{percentile(c, .9):5}'
                f' {percentile(h, .5):4} /{percentile(h, .9):4} {percentile(fn, .5):4} /'
                f'{percentile(fn, .9):3} /{percentile(fn, .99):4} {over_60:6.1%}'
                f' {self.comment_share:7.0%}')


def over(what, value, limit):
    return [f'{what} is {value}, over {limit}'] if value > limit else []


def judge(tap, group):
    c, h, fn = group.c.values(), group.h.values(), group.lengths
    tap.case(f'{group.name}: sizes of .c files',
             over('the median', percentile(c, .5), MEDIAN_C) + over('p90', percentile(c, .9), P90_C)
             + [f'{path} has {n} lines, over {HARD_C}'
                for path, n in group.c.items() if n > HARD_C])
    tap.case(f'{group.name}: sizes of headers', over('p90', percentile(h, .9), P90_H))
    tap.case(f'{group.name}: lengths of functions',
             over('the median', percentile(fn, .5), MEDIAN_FN)
             + over('p90', percentile(fn, .9), P90_FN)
             + [f'{where} has {length} lines, over {HARD_FN}'
                for where, length, table in group.functions if length > HARD_FN and not table])


def main():
    tap, paths = Tap(), files('.c', '.h')
    source = Group('source', [p for p in paths if p.split('/')[0] in SOURCE_DIRS])
    tests = Group('tests', [p for p in paths if p.startswith('tests/')])
    print('# tree              lines .c med / p90 .h med/p90  fn med/p90/ p99   > 60 comment')
    for top in SOURCE_DIRS:
        mine = [p for p in paths if p.startswith(top + '/')]
        if mine:
            print('#', Group(top, mine).row())
    for group in (source, tests):
        print('#', group.row())
        judge(tap, group)
    tested = sum(read(p).count('\n') for p in files('.c', '.h', '.py', '.sh')
                 if p.startswith(TEST_KINDS))
    share = tested / source.lines if source.lines else 1
    print(f'# test lines: {tested}, {share:.3f} of source')
    tap.case(f'test lines are at least {TEST_SHARE} of source',
             [f'{tested} of {source.lines}: {share:.3f}'] if share < TEST_SHARE else [])
    tap.done()


if __name__ == '__main__':
    main()
