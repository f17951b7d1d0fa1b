#!/usr/bin/env python3
"""Each header compiles alone: whoever includes it needs nothing else before it."""
import concurrent.futures
import os
import shutil
import subprocess

from tree import ROOT, SOURCE_DIRS, Tap, files

FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wmissing-prototypes', '-Werror',
         '-fsyntax-only']
PACKAGES = ['libcoap-3-openssl', 'libcbor', 'tss2-esys', 'jansson', 'sqlite3', 'libcrypto', 'inih']


def dependency_flags():
    flags = []
    for package in PACKAGES:
        try:
            out = subprocess.run(['pkg-config', '--cflags', package], capture_output=True,
                                 stdin=subprocess.DEVNULL, text=True, check=True).stdout
            flags += [word for word in out.split() if word not in flags]
        except (OSError, subprocess.CalledProcessError):
            pass
    return flags


def compile_alone(path, flags):
    """The compiler's words when the header does not compile as the only include."""
    folders = [os.path.dirname(path), *SOURCE_DIRS, 'tests']
    search = ['-I' + folder for folder in folders if os.path.isdir(os.path.join(ROOT, folder))]
    done = subprocess.run(['gcc', *FLAGS, *flags, *search, '-x', 'c', '-'],
                          input=f'#include "{os.path.basename(path)}"\n', cwd=ROOT,
                          capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [done.stderr]


def main():
    tap, headers = Tap(), files('.h')
    if not shutil.which('gcc'):
        tap.skip('headers compile alone', 'no gcc')
        tap.done()
    flags = dependency_flags()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_alone(path, flags), headers)
    for path, problems in zip(headers, results):
        tap.case(f'{path} compiles alone', problems)
    tap.done()


if __name__ == '__main__':
    main()
