#!/usr/bin/env python3
"""`assay setup`, and assay-verifier with a stand-in for the keeper: configuration, the roles as
processes, their restarts and their end. TAP.

test_verifier.py ASSAY VERIFIER_STANDIN DTLS_ASK"""
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

import realsite
import tap

ASSAY, VERIFIER, ASK = (os.path.abspath(path) for path in sys.argv[1:4])
SECRETS = ['audit.key', 'ca.key', 'server.key', 'site.key', 'token.key', 'psk-masters',
           'nonce-keys']
LATER = ['token-rsa.key', 'pairwise-key']  # sites of before do without
POLICY = ['policy.key', 'policy.pub']  # and the verifier needs the second alone
PATIENCE_S = 20


class Site:
    """A folder that `assay setup` filled, with a free port."""

    def __init__(self, site='plant-1'):
        self.held = tempfile.TemporaryDirectory()
        self.top = self.held.name
        self.conf = f'{self.top}/etc/verifier.conf'
        self.site = site
        assert self.setup('--name', '127.0.0.1', '--name', 'v.example').returncode == 0
        self.set('port = 5684', 'port = 0')
        self.set('#address = 0.0.0.0, ::', 'address = 127.0.0.1')

    def setup(self, *more):
        return subprocess.run([ASSAY, 'setup', '--site', self.site, '--dir', f'{self.top}/etc',
                               '--state', f'{self.top}/state', '--run', f'{self.top}/run', *more],
                              capture_output=True, timeout=30, check=False)

    def set(self, old, new):
        with open(self.conf) as file:
            text = file.read()
        assert old in text, old
        with open(self.conf, 'w') as file:
            file.write(text.replace(old, new))

    def key(self, name):
        return f'{self.top}/etc/keys/{name}'

    def check(self):
        return subprocess.run([VERIFIER, '--config', self.conf, '--check'], capture_output=True,
                              timeout=30, check=False)


class Service:
    def __init__(self, site, **env):
        self.site, self.ours = site, set()
        self.log_path = f'{site.top}/log'
        with open(self.log_path, 'wb') as log:
            self.main = subprocess.Popen([VERIFIER, '--config', site.conf], stderr=log,
                                         env={**os.environ, **env})

    def __enter__(self):
        try:
            self.port = self.wait(lambda: self.lines('ready'))[0]['port']
        except BaseException:
            self.main.kill()
            self.main.wait()
            raise
        return self

    def __exit__(self, failed, *_):
        lives = self.main.poll() is None
        code = realsite.end(self.main) if lives else None
        if not failed:
            assert not lives or code == 0, (code, self.lines())
            with open(self.log_path) as log:
                realsite.no_role_fell(log.read(), self.ours)

    def kill(self, pid):
        self.ours.add(pid)
        os.kill(pid, signal.SIGKILL)

    def lines(self, name=None):
        with open(self.log_path) as log:
            told = realsite.lines_of(log.read())
        return [line for line in told if name in (None, line['id'])]

    def wait(self, what):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f'waited in vain; log: {self.lines()}')

    def roles(self):
        return realsite.roles_of(self.main.pid)

    def pids(self, role):
        return {pid for pid, name in self.roles().items() if name == role}

    def ask(self, method, path, *more):
        run = subprocess.run([ASK, str(self.port), method, path, *more], capture_output=True,
                             timeout=30, check=False)
        return run.stdout.decode('latin-1').strip()  # problem details are CBOR


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def setup_makes_everything_and_keeps_it():
    site = Site()
    before = {name: open(site.key(name), 'rb').read() for name in os.listdir(site.key(''))}
    assert sorted(before) == sorted(SECRETS + LATER + POLICY +
                                    ['ca.pem', 'server.pem', 'site.pem'])
    for name in SECRETS + LATER + POLICY[:1]:
        assert stat.S_IMODE(os.stat(site.key(name)).st_mode) == 0o600, name
    assert stat.S_IMODE(os.stat(site.key('')).st_mode) == 0o700
    run = site.setup('--json')
    told = json.loads(run.stdout)
    assert run.returncode == 0 and told['made'] == [] and len(told['kept']) == 17
    assert all(open(site.key(name), 'rb').read() == old for name, old in before.items())
    os.unlink(site.key('server.pem'))
    assert len(json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)['made']) == 1
    assert site.check().returncode == 0


def setup_makes_what_is_missing_whichever_it_is():
    site = Site()
    for top, _, names in list(os.walk(f'{site.top}/etc')):
        for name in names:
            if name in ('ca.key', 'ca.pem', 'policy.key'):
                continue  # what hangs from them would have to go too; the third is below
            os.unlink(os.path.join(top, name))
            if name.endswith('.key'):
                pem = os.path.join(top, name[:-4] + '.pem')
                if os.path.exists(pem):
                    os.unlink(pem)  # no key is made beside another's certificate
            told = json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)
            assert os.path.join(top, name) in told['made'], (name, told)
            assert site.check().returncode == 0, name


def setup_makes_no_key_beside_the_certificate_of_another():
    site = Site()
    for name in ('server', 'site'):
        os.rename(site.key(f'{name}.key'), f'{site.top}/away')
        done = site.setup('--name', '127.0.0.1')
        assert done.returncode == 1 and f'keys/{name}.key: not there: put it back'.encode() in \
            done.stderr, done
        assert not os.path.exists(site.key(f'{name}.key'))
        os.rename(f'{site.top}/away', site.key(f'{name}.key'))
    assert site.setup('--name', '127.0.0.1').returncode == 0
    assert site.check().returncode == 0


def setup_leaves_the_ca_key_where_it_is_kept():
    site = Site()
    os.rename(site.key('ca.key'), f'{site.top}/away')
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 0 and b'none  ' + site.key('ca.key').encode() in done.stdout, done
    told = json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)
    assert told['elsewhere'] == site.key('ca.key') and told['made'] == [], told
    assert site.key('ca.pem') in told['kept'] and not os.path.exists(site.key('ca.key'))
    assert site.check().returncode == 0
    for name in ('server.key', 'server.pem'):
        os.unlink(site.key(name))
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'needed to issue server.pem: put it back' in done.stderr, done
    assert not os.path.exists(site.key('server.key'))
    os.rename(f'{site.top}/away', site.key('ca.key'))
    told = json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)
    assert told['elsewhere'] is None and len(told['made']) == 2, told
    assert site.check().returncode == 0


def setup_lets_a_policy_key_be_moved_away():
    site = Site()
    assert b'policy*.key: move it' in site.setup('--name', '127.0.0.1').stdout
    os.unlink(site.key('policy.key'))
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 0 and b'policy*.key' not in done.stdout, done
    assert not os.path.exists(site.key('policy.key')) and site.check().returncode == 0
    os.unlink(site.key('policy.pub'))
    assert site.check().returncode == 0  # no bundle can be published, and that is all
    told = json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)
    assert sorted(told['made']) == [site.key(name) for name in POLICY], told  # as on a new site


def check_names_what_is_no_policy_key():
    site = Site()
    with open(site.key('policy.pub'), 'w', encoding='ascii') as file:
        file.write(open(site.key('policy.key'), encoding='ascii').read())
    done = site.check()
    assert done.returncode == 2 and b'policy.pub: a private key is in it' in done.stderr, done
    with open(site.conf, 'a', encoding='ascii') as file:
        file.write(f'[policy]\nkey = {site.top}/other.pub\n')
    assert site.check().returncode == 0  # that one is not there, and the other not looked at
    with open(f'{site.top}/other.pub', 'w', encoding='ascii') as file:
        file.write('rubbish')
    done = site.check()
    assert done.returncode == 2 and b'other.pub: no public keys in PEM' in done.stderr, done
    site.set(f'key = {site.top}/other.pub', 'key = other.pub')
    done = site.check()
    assert done.returncode == 2 and b'a path does not begin with /' in done.stderr, done


def setup_knows_a_site_of_before():
    site = Site()
    site.set('port = 0', 'port = 15684')
    told = json.loads(site.setup('--json', '--name', '127.0.0.1').stdout)
    assert told['port'] == 15684, told  # devices are told where it listens
    site.site = 'plant-2'
    os.unlink(site.key('site.key'))
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'of the site plant-1, which never changes' in done.stderr, done
    assert not os.path.exists(site.key('site.key'))  # nothing was made
    site.site = 'plant-1'
    site.set('id = plant-1', 'id = Plant 1')
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'[site] id' in done.stderr, done


def setup_takes_the_folders_of_the_file():
    site = Site()
    for old, new in (('etc/keys', 'k'), ('etc/ek-roots', 'r')):
        site.set(f'{site.top}/{old}', f'{site.top}/above/{new}')
    site.set('issuer = https://127.0.0.1', 'issuer = https://issuer.example')
    shutil.rmtree(f'{site.top}/etc/keys')
    shutil.rmtree(f'{site.top}/etc/ek-roots')
    os.unlink(f'{site.top}/etc/attestor.conf')
    told = json.loads(site.setup('--json', '--name', '127.0.0.1', '--state', f'{site.top}/other',
                                 '--issuer', 'https://else.example').stdout)
    keys = f'{site.top}/above/k'
    assert {f'{keys}/{name}' for name in SECRETS} <= set(told['made']), told
    assert f'{site.top}/above/r/README' in told['made'], told
    assert told['issuer'] == 'https://issuer.example', told
    assert stat.S_IMODE(os.stat(keys).st_mode) == 0o700
    for gone in ('etc/keys', 'etc/ek-roots', 'other'):
        assert not os.path.exists(f'{site.top}/{gone}'), gone
    done = site.setup('--name', '127.0.0.1')
    assert f'a copy of {keys}/ca.pem:'.encode() in done.stdout, done
    assert b'made' not in done.stdout, done
    with open(f'{site.top}/etc/attestor.conf', encoding='utf-8') as file:
        assert f'{keys}/ca.pem' in file.read()
    assert site.check().returncode == 0


def rotated(site, *names):
    words = [word for name in names for word in ('--name', name)]
    done = subprocess.run([ASSAY, 'key', 'rotate', 'server', *words, '--config', site.conf],
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done


def setup_tells_devices_no_name_that_the_certificate_has_not():
    site = Site()
    for names in (['b.example'], ['v.example', 'b.example'], ['127.0.0.2'], ['xv.example'],
                  ['w.v.example']):
        done = site.setup(*(word for name in names for word in ('--name', name)))
        say = '`assay key rotate server --name ' + ' --name '.join(names) + '`'
        assert done.returncode == 1 and done.stdout == b'', done
        assert f'keys/server.pem: not of that name: {say}'.encode() in done.stderr, done
    for names in (['V.Example'], ['127.0.0.1', 'v.example']):
        assert site.setup(*(word for name in names for word in ('--name', name))).returncode == 0
    rotated(site, 'b.example', '2001:db8::0:7')
    for name, fits in (('b.example', True), ('2001:DB8:0:0::7', True), ('v.example', False),
                       ('2001:db8::8', False)):
        done = site.setup('--name', name)
        assert (done.returncode == 0) == fits, (name, done)
    told = json.loads(site.setup('--json').stdout)  # none given: those that it has
    assert told['servers'] == ['b.example', '2001:db8::7'], told


def setup_takes_a_certificate_of_ones_own():
    site = Site()
    for names, servers in (('DNS:*.w.example,DNS:n.example,DNS:a b', ['n.example']),
                           ('DNS:*.w.example', [socket.gethostname()]), ('', ['x.w.example'])):
        subprocess.run(['openssl', 'req', '-x509', '-key', site.key('server.key'), '-subj', '/CN=x',
                        *(['-addext', f'subjectAltName={names}'] if names else []), '-out',
                        site.key('server.pem')], capture_output=True, timeout=30, check=True)
        if names:
            assert json.loads(site.setup('--json').stdout)['servers'] == servers, names
        assert (site.setup('--name', *servers).returncode == 0) == ('DNS:n' in names), names
        assert (site.setup('--name', 'x.w.example').returncode == 0) == bool(names), names


def setup_says_that_a_key_is_not_its_certificates():
    site, other = Site(), Site()
    for name in ('ca', 'server', 'site'):
        os.rename(site.key(f'{name}.key'), f'{site.top}/away')
        shutil.copy(other.key(f'{name}.key'), site.key(f'{name}.key'))
        done = site.setup('--name', '127.0.0.1')
        assert done.returncode == 1 and \
            f'keys/{name}.pem: not the certificate of {name}.key'.encode() in done.stderr, done
        os.rename(f'{site.top}/away', site.key(f'{name}.key'))
    os.rename(site.key('server.pem'), f'{site.top}/away')
    with open(site.key('server.pem'), 'w', encoding='ascii') as file:
        file.write('junk')
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'server.pem: no certificate in PEM' in done.stderr, done
    os.rename(f'{site.top}/away', site.key('server.pem'))
    assert site.setup('--name', '127.0.0.1').returncode == 0
    assert site.check().returncode == 0


def setup_says_why_a_key_cannot_be_read():
    site = Site()
    os.unlink(site.key('audit.key'))
    os.symlink('nowhere', site.key('audit.key'))
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'audit.key: No such file' in done.stderr, done
    os.unlink(site.key('audit.key'))
    with open(site.key('audit.key'), 'w') as file:
        file.write('junk')
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'audit.key: no unencrypted P-256 key' in done.stderr, done


def setup_gives_away_no_file_of_another():
    if os.geteuid() != 0:
        raise tap.Skip('only root gives')
    site = Site()
    assert site.setup('--name', '127.0.0.1').returncode == 0
    with open(site.conf, 'a') as file:
        file.write('[run]\nuser = nobody\n')
    store, owner = f'{site.top}/state/verifier.db', pwd.getpwnam('nobody').pw_uid
    for name in ('a', 'b'):
        with open(f'{site.top}/{name}', 'w') as file:
            file.write('of root')
    os.symlink(f'{site.top}/a', store + '-shm')
    assert site.setup('--name', '127.0.0.1').returncode == 0
    assert os.stat(f'{site.top}/a').st_uid == 0 and os.lstat(store + '-shm').st_uid == owner
    os.link(f'{site.top}/b', store + '-wal')
    done = site.setup('--name', '127.0.0.1')
    assert done.returncode == 1 and b'-wal: the file has a second name' in done.stderr, done
    assert os.stat(f'{site.top}/b').st_uid == 0
    os.unlink(f'{site.top}/b')  # it has one name: whoever put it there had it
    assert site.setup('--name', '127.0.0.1').returncode == 0
    assert os.stat(store + '-wal').st_uid == owner


def setup_makes_folders_above_folders():
    with tempfile.TemporaryDirectory() as top:
        done = subprocess.run([ASSAY, 'setup', '--site', 's', '--name', '127.0.0.1',
                               '--dir', f'{top}/a/b/etc', '--state', f'{top}/c/d',
                               '--run', f'{top}/e/f/run'], capture_output=True, timeout=30,
                              check=False)
        assert done.returncode == 0, done
        assert stat.S_IMODE(os.stat(f'{top}/a/b').st_mode) == 0o755
        assert stat.S_IMODE(os.stat(f'{top}/a/b/etc/keys').st_mode) == 0o700
        assert os.path.isdir(f'{top}/e/f/run') and os.path.isdir(f'{top}/c/d/public')
        check = subprocess.run([VERIFIER, '--config', f'{top}/a/b/etc/verifier.conf', '--check'],
                               capture_output=True, timeout=30, check=False)
        assert check.returncode == 0, check


def setup_prints_what_attestors_need():
    site = Site()
    rotated(site, 'v.example', '::1')
    lines = site.setup('--name', 'v.example', '--name', '::1').stdout.decode().splitlines()
    at = lines.index('[verifier]')
    assert lines[at + 1] == 'servers = coaps://v.example:5684, coaps://[::1]:5684', lines
    assert lines[at + 2].startswith('ca = /') and lines[at + 3] == 'site = plant-1', lines


def setup_gives_the_store_to_its_user():
    if os.geteuid() != 0:
        raise tap.Skip('only root gives files away')
    site = Site()
    with open(f'{site.top}/state/verifier.db', 'w') as file:
        file.write('')
    site.set('[ek]', '[run]\nuser = nobody\n[ek]')
    run = site.check()
    assert run.returncode == 2 and b'not owned by [run] user' in run.stderr, run
    assert site.setup('--name', '127.0.0.1').returncode == 0
    uid = pwd.getpwnam('nobody').pw_uid
    assert os.stat(f'{site.top}/state/verifier.db').st_uid == uid
    assert os.stat(f'{site.top}/state').st_uid == uid
    assert os.stat(f'{site.top}/state/public').st_uid == 0  # main writes there
    assert os.stat(site.key('token.key')).st_uid == 0
    assert site.check().returncode == 0
    os.chown(f'{site.top}/state/verifier.db', 0, 0)
    assert b'verifier.db: not owned by [run] user' in site.check().stderr
    site.set('nobody', 'nobody-of-that-name')
    run = site.setup('--name', '127.0.0.1')
    assert run.returncode == 1 and b'no such user' in run.stderr, run


def setup_with_a_user_keeps_the_store_apart():
    if os.geteuid() != 0:
        raise tap.Skip('only root gives files away')
    with tempfile.TemporaryDirectory() as top:
        run = subprocess.run([ASSAY, 'setup', '--site', 's', '--name', '127.0.0.1', '--user',
                              'nobody', '--dir', f'{top}/etc', '--state', f'{top}/state', '--run',
                              f'{top}/run'], capture_output=True, timeout=30, check=False)
        assert run.returncode == 0, run
        uid = pwd.getpwnam('nobody').pw_uid
        store = os.stat(f'{top}/state/store')
        assert (store.st_uid, stat.S_IMODE(store.st_mode)) == (uid, 0o700)
        assert os.stat(f'{top}/state').st_uid == 0
        with open(f'{top}/etc/verifier.conf') as file:
            assert 'user = nobody\n' in file.read()


def setup_refuses_what_makes_no_sense():
    site = Site()
    for args in (['--site', 'A b'], ['--port', '0'], ['--port', 'x'], ['--dir', 'relative'],
                 ['--nonsense'], ['word'], ['--issuer', 'a\nb'], ['--user', 'a b'],
                 ['--user', 'x' * 33]):
        run = site.setup(*args)
        assert run.returncode == 2 and b'usage' in run.stderr, args
    os.unlink(site.key('server.pem'))
    assert site.setup('--name', 'a,DNS:b').returncode == 1
    os.rename(site.key('site.key'), site.key('ca.key'))
    assert b'ca.pem' in site.setup('--name', 'a').stderr


def openssl_takes_the_certificates():
    site = Site()
    for name, purpose, good in (('server.pem', 'sslserver', True), ('site.pem', 'any', True)):
        run = subprocess.run(['openssl', 'verify', '-x509_strict', '-purpose', purpose, '-CAfile',
                              site.key('ca.pem'), site.key(name)], capture_output=True,
                             timeout=30, check=False)
        assert (run.returncode == 0) == good, (name, run.stderr)


def check_names_each_broken_setting():
    for old, new in (('id = plant-1', 'id = Plant'), ('id = plant-1', '#'),
                     ('port = 0', 'port = x'),
                     ('port = 0', 'port = 65536'), ('port = 0', 'prot = 1'),
                     ('#workers = 2', 'workers = 0'), ('issuer = ', 'issuer =\n#'),
                     ('path = /', 'path = '),
                     ('[control]', '[run]\nuser = nobody-of-that-name\n[control]')):
        site = Site()
        assert site.check().returncode == 0
        site.set(old, new)
        run = site.check()
        assert run.returncode == 2 and run.stderr, (old, new, run)


def check_names_each_broken_key():
    for name in SECRETS + LATER + ['server.pem', 'site.pem']:
        if name == 'ca.key':
            continue  # the service never reads it
        site = Site()
        path = site.key(name)
        with open(path, 'rb') as file:
            data = file.read()
        breakages = [lambda: open(path, 'wb').write(data[:-40])]
        if name not in LATER:
            breakages.append(lambda: os.unlink(path))
        if not name.endswith('.pem'):
            breakages.insert(0, lambda: os.chmod(path, 0o640))
        for breakage in breakages:
            breakage()
            run = site.check()
            assert run.returncode == 2 and name.encode() in run.stderr, (name, run.stderr)
            with open(path, 'wb') as file:
                file.write(data)
            os.chmod(path, 0o600)
            assert site.check().returncode == 0
    site = Site()
    shutil.copy(site.key('token.key'), site.key('server.key'))
    assert b'server.pem: not the certificate' in site.check().stderr
    site = Site()
    open(f'{site.top}/etc/ek-roots/x.pem', 'w').write('junk')
    assert b'x.pem' in site.check().stderr


def check_names_every_problem_at_once():
    site = Site()
    for name in ('psk-masters', 'nonce-keys', 'token.key', 'server.key', 'site.pem'):
        os.unlink(site.key(name))
    os.rmdir(f'{site.top}/state/public')
    site.set(f'path = {site.top}/state', f'path = {site.top}/nowhere')
    with open(f'{site.top}/etc/ek-roots/x.pem', 'w') as file:
        file.write('junk')
    run = site.check()
    lines = run.stderr.decode().splitlines()
    assert run.returncode == 2 and len(lines) == 8, run
    for name in ('psk-masters', 'nonce-keys', 'token.key', 'server.key', 'site.pem',
                 'ek-roots/x.pem', 'nowhere'):
        assert sum(name in line for line in lines) == 1, (name, lines)
    assert lines[-1].endswith(': 7 problems'), lines


def check_sees_a_certificate_that_has_ended():
    site = Site()
    for name in ('server', 'site'):
        again = subprocess.run(
            ['openssl', 'x509', '-in', site.key(f'{name}.pem'), '-key', site.key(f'{name}.key'),
             '-days', '-1', '-out', site.key('old.pem')], capture_output=True, timeout=30,
            check=False)
        assert again.returncode == 0, again
        os.replace(site.key('old.pem'), site.key(f'{name}.pem'))
    run = site.check()
    assert run.returncode == 2 and run.stderr.count(b'\n') == 3, run
    assert b'server.pem: ' in run.stderr and b'site.pem: ' in run.stderr, run
    with Service(site) as service:  # it starts all the same
        assert service.ask('get', 'keys').startswith('2.05')


def the_program_explains_itself():
    for args, word in ((['--help'], b'usage'), (['--version'], b'assay-verifier'),
                       (['--print-config'], b'[listen]')):
        run = subprocess.run([VERIFIER, *args], capture_output=True, timeout=30, check=False)
        assert run.returncode == 0 and word in run.stdout
    for args in (['--nonsense'], ['word'], ['--role=main'], ['--config']):
        run = subprocess.run([VERIFIER, *args], capture_output=True, timeout=30, check=False)
        assert run.returncode == 2, args


def a_request_reaches_the_keeper_and_the_answer_comes_back():
    site = Site()
    with Service(site) as service:
        ca = site.key('ca.pem')
        assert service.ask('get', 'keys', '', ca).startswith('2.05 keeper ')
        assert service.ask('post', 'enroll', 'no log').startswith('2.05 not read ')
        assert service.ask('get', '.well-known/core') == '2.05 </enroll>,</keys>'
        assert service.ask('post', 'attest', 'x').startswith('4.03')
        roles = sorted(service.roles().values())
        assert roles == ['front'] * 2 + ['keeper'] + ['reader'] * 4 + ['stream'], roles
        with open(f'{site.top}/state/public/jwks.json') as file:
            assert json.load(file)['keys'][0]['crv'] == 'P-256'
        assert os.path.getsize(f'{site.top}/state/public/keys.cbor') > 100
        mode = os.stat(f'{site.top}/run/control.sock').st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


def roles_hold_their_own_and_nothing_else():
    with Service(Site()) as service:
        realsite.hold_their_own(service.roles(), service.log_path)
        for pid in service.roles():
            assert os.readlink(f'/proc/{pid}/fd/0') == '/dev/null'
            with open(f'/proc/{pid}/status') as file:
                assert 'NoNewPrivs:\t1' in file.read()
            with open(f'/proc/{pid}/environ', 'rb') as file:
                assert file.read() == b''


def two_workers_share_the_port():
    with Service(Site()) as service:
        seen = {service.ask('get', 'keys').split()[-1] for _ in range(40)}
        assert seen == {'0', '1'}, seen


def each_role_comes_back_after_kill():
    with Service(Site()) as service:
        for role in ('reader', 'front', 'keeper'):
            old = service.pids(role)
            n = len(old)
            service.kill(min(old))
            service.wait(lambda: gone(min(old)))
            service.wait(lambda: len(service.pids(role)) == n and min(old) not in
                         service.pids(role))
            service.wait(lambda: service.ask('get', 'keys').startswith('2.05'))
            assert service.ask('post', 'enroll', 'no log').startswith('2.05 not read ')
        ended = {(line['ended'], line['signal']) for line in service.lines('role-ended')}
        assert ('front', 9) in ended and ('keeper', 9) in ended, ended
        service.wait(lambda: len(service.lines('ready-again')) >= 2)


def a_reader_is_used_once_and_replaced():
    with Service(Site()) as service:
        for _ in range(6):
            before = service.pids('reader')
            assert service.ask('post', 'enroll', 'no log').startswith('2.05 not read ')
            service.wait(lambda: len(service.pids('reader')) == 4
                         and len(before - service.pids('reader')) == 1)


def sigterm_leaves_nothing():
    for number in (signal.SIGTERM, signal.SIGINT):
        site = Site()
        with Service(site) as service:
            pids = list(service.roles())
            service.main.send_signal(number)
            assert service.main.wait(timeout=PATIENCE_S) == 0
        assert all(gone(pid) for pid in pids)
        assert os.listdir(f'{site.top}/run') == []
        assert not [line for line in service.lines() if line['level'] == 'error']


def limits_of(service):
    """What the keeper holds: pending_max/pending_days/certificates."""
    return service.ask('get', 'keys').split()[4]


def reload(service, outcome='reloaded'):
    """One SIGHUP and what the log says of it: lines by id."""
    before = len(service.lines())
    service.main.send_signal(signal.SIGHUP)
    service.wait(lambda: [line for line in service.lines()[before:] if line['id'] == outcome])
    told = {}
    for line in service.lines()[before:]:
        told.setdefault(line['id'], []).append(line)
    return told


def a_reload_changes_what_it_can_and_ends_nobody():
    site = Site()
    with Service(site) as service:
        pids = set(service.roles())
        assert limits_of(service) == '1000/30/0'
        with open(site.conf, 'a') as file:
            file.write('[limits]\npending_max = 7\npending_days = 2\nhandshakes = 64\n'
                       'body = 8192\nconnections = 64\n')
        site.set('issuer = https', 'issuer = http')
        shutil.copy(site.key('ca.pem'), f'{site.top}/etc/ek-roots/a.pem')
        told = reload(service)
        assert sorted(line['name'] for line in told['setting-changed']) == [
            'body', 'handshakes', 'pending_days', 'pending_max'], told
        assert sorted(line['name'] for line in told['setting-waits']) == [
            'connections', 'issuer'], told
        assert told['reloaded'][0]['ek_certificates'] == 1
        service.wait(lambda: limits_of(service) == '7/2/1')
        assert set(service.roles()) == pids
        told = reload(service)  # nothing is new, and what waits is said again
        assert 'setting-changed' not in told and len(told['setting-waits']) == 2, told
        service.kill(min(service.pids('keeper')))  # its successor knows too
        service.wait(lambda: service.ask('get', 'keys').startswith('2.05'))
        assert limits_of(service) == '7/2/1'
        os.unlink(f'{site.top}/etc/ek-roots/a.pem')
        reload(service)
        service.wait(lambda: limits_of(service) == '7/2/0')


def what_print_config_tells_are_the_defaults():
    """Spelt out, they change nothing in a service that runs without them."""
    site = Site()
    with open(site.conf) as file:
        given = file.read()
    explained = subprocess.run([VERIFIER, '--print-config'], capture_output=True, timeout=30,
                               check=True, text=True).stdout
    spelt, section = '', ''
    for line in explained.splitlines():
        section = line if line.startswith('[') else section
        match = re.fullmatch(r'#(\w+) = (.+)', line)
        if match and not re.search(rf'(?ms)^\{section}$[^\[]*^{match[1]} = ', given):
            spelt += f'{section}\n{match[1]} = {match[2]}\n'
    assert spelt.count('=') > 10 and 'rotate = 3600' in spelt, spelt
    with Service(site) as service:
        with open(site.conf, 'a') as file:
            file.write(spelt)
        told = reload(service)
        assert 'setting-changed' not in told and 'setting-waits' not in told, told
        site.set('rotate = 3600', 'rotate = 3599')  # such a thing is told
        assert [line['name'] for line in reload(service)['setting-waits']] == ['rotate']


def a_reload_with_a_problem_changes_nothing():
    site = Site()
    with Service(site) as service:
        pids = set(service.roles())
        good = open(site.conf).read()
        roots = f'{site.top}/etc/ek-roots'
        for text, why in ((good + '[limits]\npending_max = 0\n', 'out of range'),
                          (good + '[limits]\npending_max = 5\nnonsense = 1\n', 'no such setting'),
                          (good.replace(roots, f'{site.top}/nowhere')
                           + '[limits]\npending_max = 5\n', 'nowhere'),
                          ('', 'must be given')):
            with open(site.conf, 'w') as file:
                file.write(text)
            told = reload(service, 'reload-refused')
            assert why in told['reload-refused'][0]['why'], told
            assert 'setting-changed' not in told and 'reloaded' not in told, told
        os.unlink(site.conf)
        reload(service, 'reload-refused')
        with open(site.conf, 'w') as file:
            file.write(good + '[limits]\npending_max = 5\n')
        with open(f'{roots}/junk.pem', 'w') as file:
            file.write('junk')
        assert 'junk.pem' in reload(service, 'reload-refused')['reload-refused'][0]['why']
        assert limits_of(service) == '1000/30/0' and set(service.roles()) == pids


def the_log_level_is_a_setting_that_a_reload_turns():
    site = Site()
    with open(site.conf, 'a') as file:
        file.write('[log]\nlevel = loud\n')
    check = site.check()
    assert check.returncode == 2, check
    assert b'[log] level: debug, info, notice, warning or error is expected' in check.stderr, check
    site.set('level = loud', 'level = debug')
    assert site.check().returncode == 0
    with Service(site) as service:
        def told_of_a_reader():
            since, before = len(service.lines()), service.pids('reader')
            assert service.ask('post', 'enroll', 'no log').startswith('2.05 not read ')
            service.wait(lambda: len(service.pids('reader')) == 4
                         and len(before - service.pids('reader')) == 1)
            return [line['id'] for line in service.lines()[since:]]

        assert told_of_a_reader() == ['role-ended']  # a debug line
        site.set('level = debug', 'level = info')
        assert [line['name'] for line in reload(service)['setting-changed']] == ['level']
        assert told_of_a_reader() == []
        site.set('level = info', 'level = error')
        service.main.send_signal(signal.SIGHUP)
        service.wait(lambda: service.lines('setting-changed')[1:])
        service.kill(min(service.pids('front')))
        service.wait(lambda: [line for line in service.lines('role-ended') if line['signal'] == 9])
        service.wait(lambda: service.ask('get', 'keys').startswith('2.05'))
        assert service.main.poll() is None
        assert service.lines('ready-again') == []


def a_reload_refuses_more_certificates_than_fit():
    site = Site()
    with Service(site) as service:
        with open(site.key('ca.pem')) as file:
            pem = file.read()
        with open(f'{site.top}/etc/ek-roots/many.pem', 'w') as file:
            file.write(pem * 129)
        why = reload(service, 'reload-refused')['reload-refused'][0]['why']
        assert 'too many' in why, why
        assert limits_of(service) == '1000/30/0'


def many_reloads_at_once_are_harmless():
    with Service(Site()) as service:
        pids = set(service.roles())
        for _ in range(200):
            service.main.send_signal(signal.SIGHUP)
        assert service.ask('get', 'keys').startswith('2.05')
        reload(service)
        assert set(service.roles()) == pids


def mains_own_death_ends_all_roles():
    site = Site()
    with Service(site) as service:
        pids = list(service.roles())
        service.main.kill()
        service.main.wait(timeout=PATIENCE_S)
        service.wait(lambda: all(gone(pid) for pid in pids))
    with Service(site) as service:  # over the socket that the dead one left
        assert service.ask('get', 'keys').startswith('2.05')


def a_second_service_does_not_take_the_socket():
    site = Site()
    with Service(site) as service:
        run = subprocess.run([VERIFIER, '--config', site.conf], capture_output=True, timeout=30,
                             check=False)
        assert run.returncode == 1 and b'another verifier' in run.stderr
        assert service.ask('get', 'keys').startswith('2.05')


def a_keeper_that_cannot_start_ends_the_service():
    site = Site('broken')
    service = Service(site)
    assert service.main.wait(timeout=PATIENCE_S) == 1
    assert service.lines('start-failed')[0]['by'] == 'keeper'
    assert service.lines('role-ended')[0]['exit'] == 9


def systemd_is_told():
    site = Site()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f'{site.top}/notify')
        heard.settimeout(PATIENCE_S)
        with Service(site, NOTIFY_SOCKET=f'{site.top}/notify') as service:
            assert heard.recv(100) == b'READY=1'
            service.main.send_signal(signal.SIGHUP)
            assert re.fullmatch(rb'RELOADING=1\nMONOTONIC_USEC=[0-9]+', heard.recv(100))
            assert heard.recv(100) == b'READY=1'
            os.unlink(site.conf)
            service.main.send_signal(signal.SIGHUP)
            assert heard.recv(100).startswith(b'RELOADING=1')
            assert heard.recv(100) == b'READY=1'  # the old settings go on
        assert heard.recv(100) == b'STOPPING=1'
        with Service(Site(), NOTIFY_SOCKET=f'{site.top}/notify', WATCHDOG_USEC='20000'):
            assert heard.recv(100) == b'READY=1'  # before any sign of life, and never lost
            assert [heard.recv(100) for _ in range(12)] == [b'WATCHDOG=1'] * 12


tap.run([(case,) for case in (
    setup_makes_everything_and_keeps_it, setup_makes_what_is_missing_whichever_it_is,
    setup_makes_no_key_beside_the_certificate_of_another, setup_leaves_the_ca_key_where_it_is_kept,
    setup_lets_a_policy_key_be_moved_away, check_names_what_is_no_policy_key,
    setup_knows_a_site_of_before, setup_takes_the_folders_of_the_file,
    setup_tells_devices_no_name_that_the_certificate_has_not, setup_takes_a_certificate_of_ones_own,
    setup_says_that_a_key_is_not_its_certificates,
    setup_says_why_a_key_cannot_be_read, setup_gives_away_no_file_of_another,
    setup_makes_folders_above_folders, setup_prints_what_attestors_need,
    setup_gives_the_store_to_its_user, setup_with_a_user_keeps_the_store_apart,
    setup_refuses_what_makes_no_sense, openssl_takes_the_certificates,
    check_names_each_broken_setting, check_names_each_broken_key,
    check_names_every_problem_at_once, check_sees_a_certificate_that_has_ended,
    the_program_explains_itself, a_request_reaches_the_keeper_and_the_answer_comes_back,
    roles_hold_their_own_and_nothing_else, two_workers_share_the_port,
    each_role_comes_back_after_kill, a_reader_is_used_once_and_replaced, sigterm_leaves_nothing,
    a_reload_changes_what_it_can_and_ends_nobody, what_print_config_tells_are_the_defaults,
    a_reload_with_a_problem_changes_nothing,
    a_reload_refuses_more_certificates_than_fit,
    the_log_level_is_a_setting_that_a_reload_turns, many_reloads_at_once_are_harmless,
    mains_own_death_ends_all_roles, a_second_service_does_not_take_the_socket,
    a_keeper_that_cannot_start_ends_the_service, systemd_is_told)])
