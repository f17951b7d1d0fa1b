#!/usr/bin/env python3
"""clang-format 14 has nothing to say. One case a folder at the top; other versions format
otherwise, so only version 14 is asked."""
import shutil
import subprocess

from tree import ROOT, Tap, files


def tool():
    """Path of clang-format 14, or None."""
    for name in ('clang-format-14', 'clang-format'):
        path = shutil.which(name)
        if path:
            out = subprocess.run([path, '--version'], capture_output=True, text=True,
                                 stdin=subprocess.DEVNULL, check=False).stdout
            if ' 14.' in out:
                return path
    return None


def problems_of(program, paths):
    done = subprocess.run([program, '--dry-run', '-Werror', '--', *paths], cwd=ROOT,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        return []
    found = [line for line in done.stderr.splitlines() if 'error:' in line]
    return found or [done.stderr]


def main():
    tap, program, by_folder = Tap(), tool(), {}
    for path in files('.c', '.h'):
        by_folder.setdefault(path.split('/')[0], []).append(path)
    for folder, paths in by_folder.items():
        if program:
            tap.case(f'{folder}: {len(paths)} files are formatted', problems_of(program, paths))
        else:
            tap.skip(f'{folder} is formatted', 'no clang-format 14')
    tap.done()


if __name__ == '__main__':
    main()
