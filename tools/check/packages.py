#!/usr/bin/env python3
"""The Debian packages of debian/: what `meson install` installs is in exactly one of them, and they
name nothing else; version and libraries are those that the tree itself says.

packages.py [BUILD]: a build folder that meson has set up; build/ by default."""
import fnmatch
import json
import os
import re
import sys

from tree import ROOT, Tap, files, read


def introspected(build, name):
    with open(os.path.join(build, 'meson-info', f'intro-{name}.json'), encoding='utf-8') as file:
        return json.load(file)


def installed(build):
    """Paths as they are below /, were the prefix /usr and settings in /etc."""
    options = {row['name']: row['value'] for row in introspected(build, 'buildoptions')}
    prefix = options['prefix']
    settings = os.path.join(prefix, options.get('sysconfdir', 'etc')) + '/'
    return sorted('etc/' + path[len(settings):] if path.startswith(settings)
                  else 'usr/' + os.path.relpath(path, prefix)
                  for path in introspected(build, 'installed').values())


def lists():
    """(package, pattern) of each line of each debian/PACKAGE.install."""
    for path in files('.install'):
        if path.startswith('debian/'):
            package = os.path.basename(path)[:-len('.install')]
            for line in read(path).splitlines():
                if line.split():
                    yield package, line.split()[0]


def names(text):
    """Of a field that lists packages."""
    return {entry.split()[0] for entry in text.split(',') if entry.split()}


def field(control, name):
    match = re.search(rf'^{name}:((?:.*\n)(?: .*\n)*)', control, re.M)
    return match[1] if match else ''


def found_in(pattern, path):
    match = re.search(pattern, read(path), re.M | re.S)
    return match[1] if match else None


def main():
    tap = Tap()
    build = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(ROOT, 'build')
    paths, rows = installed(build), list(lists())
    pages = [path for path in paths if '/man/' in path]
    homes = {path: [package for package, pattern in rows if fnmatch.fnmatch(path, pattern)]
             for path in paths}
    tap.case('each installed file is in exactly one package', [
        f'{path}: {" and ".join(found) or "in none"}' for path, found in homes.items()
        if len(found) != 1])
    if pages:
        tap.case('each line of a package names an installed file', [
            f'debian/{package}.install: {pattern}' for package, pattern in rows
            if not fnmatch.filter(paths, pattern)])
    else:
        tap.skip('each line of a package names an installed file', 'this build makes no pages')
    control = read('debian/control')
    packages = set(re.findall(r'^Package: (\S+)$', control, re.M))
    tap.case('each package has a list, and each list a package',
             sorted(packages ^ {package for package, _ in rows}))
    versions = (found_in(r"^project\(.*?version: '([^']+)'", 'meson.build'),
                found_in(r'\A\S+ \(([^)]+)\)', 'debian/changelog'))
    tap.case('the version is that of meson.build',
             [] if versions[0] == versions[1] else [f'{versions[1]}, and {versions[0]} there'])
    wanted = {name for name in names(field(control, 'Build-Depends')) if name.endswith('-dev')}
    group = found_in(r"^build='([^']*)'", 'tools/install-deps') or ''
    ours = {name for name in group.split() if name.endswith('-dev')} - {'libc6-dev'}
    tap.case('the libraries are those of tools/install-deps', sorted(wanted ^ ours))
    tap.done()


if __name__ == '__main__':
    main()
