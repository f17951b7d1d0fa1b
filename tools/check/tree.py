"""What every check needs: the files of the tree, C text without comments, and TAP."""
import os
import re
import subprocess
import sys

# CHECK_TREE: another tree to look at, for the checks' own test.
ROOT = os.environ.get('CHECK_TREE') or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE_DIRS = ('schemas', 'attestor', 'verifier', 'firmware-hooks', 'tools')
NOT_OURS = ('tests/vectors/', 'tests/fuzz/corpus/')
BUILD_DIRS = re.compile(
    r'^(build.*|obj-.*|asan|fuzz|fuzz-crashes|cov|\.git|node_modules|__pycache__)$')


def _walk():
    for folder, dirs, names in os.walk(ROOT):
        top = folder == ROOT
        dirs[:] = [d for d in dirs if not (d in ('node_modules', '__pycache__', '.git')
                                           or (top and BUILD_DIRS.match(d)))]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), ROOT)


def files(*suffixes, ours=True):
    """Paths below the root that git knows or would add; all of them where there is no git."""
    try:
        out = subprocess.run(['git', '-C', ROOT, 'ls-files', '-co', '--exclude-standard', '-z'],
                             capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
        paths = out.decode('utf-8', 'surrogateescape').split('\0')
    except (OSError, subprocess.CalledProcessError):
        paths = list(_walk())
    return sorted({p for p in paths
                   if p and (not suffixes or p.endswith(suffixes))
                   and not (ours and p.startswith(NOT_OURS))
                   and os.path.isfile(os.path.join(ROOT, p))})


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8', errors='replace') as file:
        return file.read()


_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match, keep):
    text = match.group(0)
    if text[0] in keep:
        return text
    inner = re.sub(r'[^\n]', ' ', text)
    return inner if text[0] == '/' else text[0] + inner[1:-1] + text[-1]


def c_code(text, keep_strings=False):
    """C text of the same length and lines, with comments (and what is in strings) as spaces."""
    keep = '"\'' if keep_strings else ''
    return _TOKEN.sub(lambda m: _blank(m, keep), text)


def line_comments(text):
    """Offsets of // comments."""
    return [m.start() for m in _TOKEN.finditer(text) if m.group(0).startswith('//')]


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


class Tap:
    """Collects cases and prints them with the plan in front."""

    def __init__(self):
        self.cases = []

    def case(self, name, problems):
        self.cases.append((name, list(problems), None))

    def skip(self, name, reason):
        self.cases.append((name, [], reason))

    def done(self):
        sys.stdout.reconfigure(encoding='utf-8', errors='replace')
        print(f'1..{len(self.cases)}')
        for number, (name, problems, reason) in enumerate(self.cases, 1):
            for problem in problems:
                for line in str(problem).splitlines():
                    print(f'# {line}')
            word = 'not ok' if problems else 'ok'
            print(f'{word} {number} {name}' + (f' # SKIP {reason}' if reason else ''))
        sys.stdout.flush()
        sys.exit(1 if any(problems for _, problems, _ in self.cases) else 0)
