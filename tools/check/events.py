#!/usr/bin/env python3
"""Message ids of the daemons' logs: each one that the code says is in schemas/base/logid.def with a
text for people, once, and each of the table is said."""
import re

from tree import Tap, c_code, files, line_of, read

TABLE, EXITS = 'schemas/base/logid.def', 'attestor/agent/agent-exit.c'
ROW = re.compile(r'^LOGID\("([a-z0-9-]+)", "([^"]+)", "([^"]+)", "([^"]+)"\)$', re.M)
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')
# What stands for an id: its names are in a table of its own.
NAMED_ELSEWHERE = {'agent_exit_name(exit)'}


def second_argument(code, start):
    """Text of a call's second argument; start is behind its parenthesis."""
    depth, begin, n, i = 0, start, 0, start
    while True:
        char = code[i]
        depth += {'(': 1, '[': 1, '{': 1, ')': -1, ']': -1, '}': -1}.get(char, 0)
        if depth < 0 or (depth == 0 and char == ','):
            n += 1
            if n == 2 or depth < 0:
                return code[begin:i].strip()
            begin = i + 1
        i += 1


def said():
    """(where, ids or the expression that is no text) of each log line."""
    for path in files('.c'):
        if path.startswith('tests/') or path == 'schemas/base/log.c':
            continue
        text = read(path)
        code = c_code(text, keep_strings=True)
        for match in re.finditer(r'\blog_(?:event|fields)\s*\(', code):
            what = second_argument(code, match.end())
            yield f'{path}:{line_of(text, match.start())}', STRING.findall(what), what


def main():
    tap = Tap()
    table = read(TABLE)
    rows = ROW.findall(table)
    ids = [row[0] for row in rows]
    lines = [line for line in table.splitlines() if line.startswith('LOGID')]
    outcomes = set(re.findall(r'^    \{AGENT_\w+, "([a-z-]+)",', read(EXITS), re.M))
    found = list(said())
    used = {name for _, names, _ in found for name in names}
    tap.case('each row has four texts', [] if len(rows) == len(lines) else
             [line for line in lines if not ROW.match(line)])
    tap.case('ids are sorted and unique', [] if ids == sorted(set(ids)) else
             [f'{a} before {b}' for a, b in zip(ids, ids[1:]) if a >= b])
    tap.case('each id that is logged is in the table', [
        f'{where}: {name}' for where, names, _ in found for name in names if name not in ids])
    tap.case('each id is a text, or named in a table', [
        f'{where}: {what}' for where, names, what in found
        if not names and what not in NAMED_ELSEWHERE])
    tap.case('each id of the table is logged', [name for name in ids if name not in used])
    tap.case('no outcome of the attestor has the name of another line',
             sorted(outcomes & set(ids)))
    tap.done()


if __name__ == '__main__':
    main()
