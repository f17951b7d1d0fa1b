"""What `meson install` leaves: files and modes, programs that run, units that are hardened, pages
and completions that agree with the programs. TAP.

test_install.py BUILD_FOLDER"""
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import tap

BUILD = os.path.abspath(sys.argv[1])
HELD = tempfile.TemporaryDirectory()
ROOT = HELD.name
EXPOSURE_MOST = 20  # tenths, as systemd-analyze counts
PROGRAMS = ('bin/assay', 'sbin/assay-attestor', 'sbin/assay-verifier')
UNITS = ('assay-attestor', 'assay-verifier')
PAGES = ('man1/assay.1', 'man5/assay-attestor.conf.5', 'man5/assay-verifier.conf.5',
         'man7/assay-events.7', 'man7/assay-reasons.7', 'man8/assay-attestor.8',
         'man8/assay-verifier.8')
# Of other tools' folders; each is run by its tool.
HOOKS = ('etc/initramfs/post-update.d/zz-assay-announce',
         'etc/kernel/postinst.d/zz-assay-announce', 'etc/kernel/postrm.d/zz-assay-announce',
         'lib/kernel/install.d/95-assay-announce.install', 'libexec/assay/announce-kernel')
EXPECTED = sorted(
    PROGRAMS + HOOKS
    + tuple(f'lib/systemd/system/{name}.service' for name in UNITS)
    + tuple(f'lib/{kind}.d/{name}.conf' for name in UNITS for kind in ('sysusers', 'tmpfiles'))
    + tuple(f'share/man/{page}' for page in PAGES)
    + ('share/assay/advisories.policy',
       'share/bash-completion/completions/assay.bash', 'share/zsh/site-functions/_assay'))


def run(*command, **more):
    return subprocess.run(command, capture_output=True, timeout=60, check=False, text=True,
                          encoding='utf-8', stdin=subprocess.DEVNULL, **more)


def install():
    done = run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', ROOT)
    assert done.returncode == 0, done
    found = glob.glob(f'{ROOT}/**/bin/assay', recursive=True)
    assert len(found) == 1, found
    return found[0][:-len('/bin/assay')]


def need(tool):
    if not shutil.which(tool):
        raise tap.Skip(f'no {tool}')


def path(name):
    return os.path.join(PREFIX, name)


def read(name):
    with open(path(name), encoding='utf-8') as file:
        return file.read()


def installed():
    return sorted(os.path.relpath(os.path.join(top, name), PREFIX)
                  for top, _, names in os.walk(PREFIX) for name in names)


def the_files_are_these_and_no_others():
    # a page may be packed: a distribution's meson does so
    assert [re.sub(r'\.gz$', '', name) for name in installed()] == EXPECTED, installed()


def nothing_is_outside_the_prefix():
    outside = [os.path.join(top, name) for top, _, names in os.walk(ROOT) for name in names
               if not os.path.join(top, name).startswith(PREFIX + '/')]
    assert outside == [], outside


def only_programs_are_executable_and_nothing_is_writable():
    for name in installed():
        mode = stat.S_IMODE(os.stat(path(name)).st_mode)
        assert mode == (0o755 if name in PROGRAMS + HOOKS else 0o644), (name, oct(mode))


def the_programs_say_their_version_and_help():
    for name in PROGRAMS:
        version = run(path(name), '--version')
        assert version.returncode == 0, version
        assert re.fullmatch(rf'{os.path.basename(name)} \d+\.\d+\.\d+\n', version.stdout), version
        assert run(path(name), '--help').stdout.startswith('usage: '), name
        assert run(path(name), '--no-such-option').returncode == 2, name


def hooks_name_what_was_installed():
    """And are right for the shells that run them."""
    for name in HOOKS:
        text = read(name)
        found = re.findall(r':-(/[^}]*/(?:bin|libexec)/[^}]*)\}', text)
        assert len(found) == 1 and '@' not in re.sub(r'"\$@"', '', text), (name, text)
        assert os.path.exists(ROOT + found[0]), (name, found)
        for shell in ('sh', 'dash', 'bash'):
            if shutil.which(shell):
                assert run(shell, '-n', path(name)).stderr == '', (name, shell)
        if shutil.which('shellcheck'):
            done = run('shellcheck', '-s', 'dash', path(name))
            assert done.returncode == 0, done.stdout
        assert not re.search(r'[^\w-]', os.path.basename(name)) or name.endswith('.install'), name


def setup_and_check_run_from_where_they_are():
    with tempfile.TemporaryDirectory() as top:
        done = run(path('bin/assay'), 'setup', '--site', 's', '--name', '127.0.0.1', '--dir',
                   f'{top}/etc', '--state', f'{top}/state', '--run', f'{top}/run', '--user', '')
        assert done.returncode == 0, done
        done = run(path('sbin/assay-verifier'), '--config', f'{top}/etc/verifier.conf', '--check')
        assert done.returncode == 0, done
        shutil.copy(f'{top}/etc/keys/ca.pem', f'{top}/ca.pem')
        with open(f'{top}/etc/attestor.conf', encoding='utf-8') as file:
            text = file.read().replace('/etc/assay/ca.pem', f'{top}/ca.pem')
        with open(f'{top}/attestor.conf', 'w', encoding='utf-8') as file:
            file.write(text)
        done = run(path('sbin/assay-attestor'), '--config', f'{top}/attestor.conf', '--check')
        assert done.returncode == 0, done


def settings(text):
    """{(section, name): (whether it is spelt out, value)} of a file, or of what explains one."""
    found, section = {}, None
    for line in text.splitlines():
        if re.fullmatch(r'\[\w+\]', line):
            section = line[1:-1]
        match = re.fullmatch(r'(#?)(\w+) = ?(.*)', line)
        if match:
            assert (section, match[2]) not in found, line
            found[section, match[2]] = (not match[1], match[3])
    return found


def the_files_of_setup_comment_the_programs_defaults():
    """And set only what the program knows; what is set is more than what must be given."""
    with tempfile.TemporaryDirectory() as top:
        done = run(path('bin/assay'), 'setup', '--site', 's', '--name', '127.0.0.1', '--dir',
                   f'{top}/etc', '--state', f'{top}/state', '--run', f'{top}/run', '--user', 'u')
        for name in ('verifier', 'attestor'):
            with open(f'{top}/etc/{name}.conf', encoding='utf-8') as file:
                made = settings(file.read())
            known = settings(run(path(f'sbin/assay-{name}'), '--print-config').stdout)
            assert made and not set(made) - set(known), (done, set(made) - set(known))
            for key, (given, value) in made.items():
                assert given or known[key] == (False, value), (key, value, known[key])
            wanted = {key for key, (given, _) in known.items() if given}
            assert wanted <= {key for key, (given, _) in made.items() if given}, (wanted, made)


def print_config_is_a_file_that_check_takes():
    """What must be given is marked so. (That these are the defaults: test_verifier.py.)"""
    for name in ('sbin/assay-verifier', 'sbin/assay-attestor'):
        text = run(path(name), '--print-config').stdout
        rows = re.findall(r'^# .+\n#?\S+ = ?', text, re.M)
        assert len(rows) > 10 and text.startswith('['), text
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
            file.write(text)
            file.flush()
            done = run(path(name), '--config', file.name, '--check')
            assert done.returncode == 2 and re.search(r'\[(site|verifier)\]', done.stderr), done


def units():
    return [(name, f'lib/systemd/system/{name}.service') for name in UNITS]


def units_start_what_was_installed():
    for name, unit in units():
        for program in re.findall(r'^ExecStart(?:Pre)?=(\S+)', read(unit), re.M):
            assert os.path.isfile(ROOT + program), (name, program)
            assert os.path.basename(program) == name


def units_are_hardened():
    need('systemd-analyze')
    for name, unit in units():
        done = run('systemd-analyze', 'security', '--offline=yes',
                   f'--threshold={EXPOSURE_MOST}', path(unit))
        assert 'Overall exposure' in done.stdout, done
        assert done.returncode == 0, done.stdout[-200:]
        assert done.stderr == '', done.stderr  # unknown names and values are told there


def a_unit_without_its_hardening_would_fail():
    """The case above can fail: the same unit with one line less is worse."""
    need('systemd-analyze')
    with tempfile.TemporaryDirectory() as top:
        weak = f'{top}/assay-verifier.service'
        with open(weak, 'w', encoding='utf-8') as file:
            file.write(re.sub(r'(?m)^CapabilityBoundingSet=.*\n', '', read(units()[1][1])))
        done = run('systemd-analyze', 'security', '--offline=yes',
                   f'--threshold={EXPOSURE_MOST}', weak)
        assert done.returncode != 0, done.stdout[-200:]


def units_are_ordered():
    attestor, verifier = (read(unit) for _, unit in units())
    assert re.search(r'(?m)^After=.*\bnetwork-online\.target\b', attestor)
    assert re.search(r'(?m)^Wants=network-online\.target$', attestor)
    for word in (r'tpm2\.target', r'systemd-pcrphase\.service'):
        assert re.search(rf'(?m)^After=.*\b{word}', attestor), word
    for line in ('Type=notify', 'WatchdogSec=', 'ExecReload=', 'NoNewPrivileges=yes'):
        assert '\n' + line in verifier, line
    for line in ('Type=notify', 'WatchdogSec=', 'ExecReload=', 'RestartPreventExitStatus=2',
                 'SupplementaryGroups=tss', 'NoNewPrivileges=yes'):
        assert '\n' + line in attestor, line


def users_and_folders_come_to_be():
    for tool in ('systemd-sysusers', 'systemd-tmpfiles'):
        need(tool)
    if os.geteuid() != 0:
        raise tap.Skip('only root makes users')
    with tempfile.TemporaryDirectory() as top:
        for folder in ('etc', 'run', 'var/lib'):
            os.makedirs(f'{top}/{folder}')
        os.chmod(top, 0o755)
        for kind, tool in (('sysusers', 'systemd-sysusers'), ('tmpfiles', 'systemd-tmpfiles')):
            for name in UNITS:
                os.makedirs(f'{top}/usr/lib/{kind}.d', exist_ok=True)
                shutil.copy(path(f'lib/{kind}.d/{name}.conf'), f'{top}/usr/lib/{kind}.d')
                more = ('--create',) if kind == 'tmpfiles' else ()
                done = run(tool, f'--root={top}', *more, f'{name}.conf')
                assert done.returncode == 0, done
        with open(f'{top}/etc/passwd', encoding='utf-8') as file:
            users = {line.split(':')[0]: int(line.split(':')[2]) for line in file}
        with open(f'{top}/etc/group', encoding='utf-8') as file:
            groups = {line.split(':')[0] for line in file}
        assert 'assay' in users and {'assay', 'assay-admin', 'tss'} <= groups, (users, groups)
        for folder, mode, owner in (('run/assay', 0o755, 0), ('var/lib/assay', 0o711, 0),
                                    ('var/lib/assay/public', 0o755, 0),
                                    ('var/lib/assay/store', 0o700, users['assay']),
                                    ('var/lib/assay/announce', 0o700, 0),
                                    ('var/lib/assay-attestor', 0o700, 0)):
            found = os.stat(f'{top}/{folder}')
            assert (stat.S_IMODE(found.st_mode), found.st_uid) == (mode, owner), folder


def words_of(text):
    """Options that a text names, but the hidden ones."""
    return set(re.findall(r'(?<![\w-])--[a-z][a-z0-9-]*', text))


def plain(page):
    """A page as text with its escapes undone; requests stay."""
    return read(f'share/man/{page}').replace('\\-', '-').replace('\\&', '').replace('\\e', '\\')


def each_option_is_in_its_page_and_the_reverse():
    for name in UNITS:
        told = run(path(f'sbin/{name}'), '--help').stdout.split('\nSettings:\n')[0]
        assert words_of(told) == words_of(plain(f'man8/{name}.8')), name
        for option in words_of(told):  # and each is one
            done = run(path(f'sbin/{name}'), option, '--help')
            assert 'unrecognized option' not in done.stderr, (name, option, done)
    commands = re.findall(r'^  (\S+(?: \S+)?)  +\S', run(path('bin/assay'), 'help').stdout, re.M)
    page = plain('man1/assay.1')
    assert len(commands) > 15
    assert re.findall(r'^\.SS "assay (.*)"$', page, re.M) == commands
    for name, part in zip(commands, re.split(r'^\.SS .*$', page, flags=re.M)[1:]):
        told = run(path('bin/assay'), 'help', *name.split()).stdout
        assert words_of(told) == words_of(re.split(r'^\.SH ', part, flags=re.M)[0]), name


def each_setting_is_in_its_page():
    for name in UNITS:
        told = run(path(f'sbin/{name}'), '--print-config').stdout
        settings = re.findall(r'^#?(\S+) = ?', told, re.M)
        page = plain(f'man5/{name}.conf.5')
        assert re.findall(r'^\.TP\n\.B (\S+)$', page, re.M) == settings, name
        sections = re.findall(r'^\[(.+)\]$', told, re.M)
        assert re.findall(r'^\.SH "\[(.+)\]"$', page, re.M) == sections, name


def pages_render_without_warnings():
    need('groff')
    for page in PAGES:
        done = run('groff', '-ww', '-man', '-K', 'utf8', '-Tutf8', '-P-cbu',
                   path(f'share/man/{page}'))
        assert done.returncode == 0 and done.stderr == '', (page, done.stderr[:500])
        assert 'NAME' in done.stdout and 'SEE ALSO' in done.stdout, page


def pages_pass_mandoc():
    need('mandoc')
    for page in PAGES:
        done = run('mandoc', '-T', 'lint', '-W', 'warning', path(f'share/man/{page}'))
        assert done.returncode == 0, (page, done.stdout[:500])


def completed(*words):
    """What bash offers for the last of these words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _assay; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = run('bash', '-c', script, 'bash',
               path('share/bash-completion/completions/assay.bash'), 'assay', *words)
    assert done.returncode == 0 and done.stderr == '', done
    return done.stdout.split()


def bash_completes_the_table():
    need('bash')
    assert {'setup', 'status', 'device', 'class', 'help', '--version'} <= set(completed(''))
    assert completed('dev') == ['device']
    assert set(completed('device', '')) >= {'list', 'show', 'approve', 'import'}
    assert completed('device', 'appr') == ['approve']
    assert '--class' in completed('device', 'approve', 'x', '--')
    assert completed('class', 'add', 'x', '--need') == ['--need-ek-chain']
    assert completed('setup', '--dir', 'x', '--si') == ['--site']
    assert completed('status', '--j') == ['--json']
    assert completed('nonsense', 'words', '') == []
    for name in re.findall(r'^  (\S+(?: \S+)?)  +\S', run(path('bin/assay'), 'help').stdout, re.M):
        usage = run(path('bin/assay'), 'help', *name.split()).stdout.split('\n\n')[0]
        assert set(completed(*name.split(), '--')) == words_of(usage), name


def zsh_takes_its_file():
    need('zsh')
    done = run('zsh', '-n', path('share/zsh/site-functions/_assay'))
    assert done.returncode == 0, done


def an_installation_again_changes_nothing():
    before = {name: os.stat(path(name)).st_size for name in installed()}
    install()
    assert {name: os.stat(path(name)).st_size for name in installed()} == before


if not shutil.which('meson'):
    tap.skip_all('no meson')
if not os.path.exists(f'{BUILD}/tools/assay.1'):
    tap.skip_all('this build makes no pages')
with open(f'{BUILD}/meson-info/intro-installed.json', encoding='utf-8') as listing:
    assert json.load(listing)
PREFIX = install()
tap.run([(case,) for case in (
    the_files_are_these_and_no_others, nothing_is_outside_the_prefix,
    only_programs_are_executable_and_nothing_is_writable,
    the_programs_say_their_version_and_help, hooks_name_what_was_installed,
    setup_and_check_run_from_where_they_are, the_files_of_setup_comment_the_programs_defaults,
    print_config_is_a_file_that_check_takes,
    units_start_what_was_installed, units_are_hardened,
    a_unit_without_its_hardening_would_fail, units_are_ordered, users_and_folders_come_to_be,
    each_option_is_in_its_page_and_the_reverse, each_setting_is_in_its_page,
    pages_render_without_warnings, pages_pass_mandoc, bash_completes_the_table, zsh_takes_its_file,
    an_installation_again_changes_nothing)])
