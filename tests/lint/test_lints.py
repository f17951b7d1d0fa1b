#!/usr/bin/env python3
"""The checks' own test: a tree with one sin a rule fails exactly that rule, a clean one none."""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = os.path.abspath(os.path.join(HERE, '..', '..', 'tools', 'check'))
sys.dont_write_bytecode = True
sys.path.insert(0, CHECKS)
from tree import Tap  # noqa: E402
sys.path.insert(0, os.path.dirname(CHECKS))
import man_pages  # noqa: E402

REASON_ROW = 'REASON(101, A, FAIL, SAID, IDENTITY, STOP,\n       "a", "b", "c|d", "e")\n'
CATALOGUE = {
    'schemas/base/reason.def': REASON_ROW,
    'schemas/base/reason-user.def': 'REASON_USER(STOP, "f")\n',
    'schemas/base/rule.def': 'RULE(B, A, "g", "h")\n',
    'schemas/base/claim.def': 'CLAIM(A_B, 1, TEXT, ITSELF, "a.b", "text", "i")\n',
}

ROADMAP = ''.join(f'| {n}: x | scenario-{n:02} |\n' for n in range(1, 49)) + (
    '| 49: x | test-x |\n| 50: x | not yet |\n')
SCENARIOS = ''.join(f"    '{n:02}': 'x',\n" for n in range(1, 49))

CLEAN = {
    'docs/roadmap.md': ROADMAP,
    'tests/meson.build': SCENARIOS,
    'schemas/base/rd.h': '#pragma once\n\nint rd_u8(void) MUST_CHECK;\n\nenum { A };\n',
    'schemas/base/fault.h': (
        '#pragma once\n\n#define F(x) \\\n    int x(void)\nint fault_at(int a);\n'),
    'schemas/base/rd.c': '#include "base/rd.h"\n\n#include <cbor.h>\n\n/* strcpy(a, b) */\n',
    'schemas/formats/ima.c': '#include <jansson.h>\n\n#include "base/rd.h"\n',
    'verifier/store/store-rows.c': '#include <sqlite3.h>\n\nint\nx(void)\n{\n    return 0;\n}\n',
    'verifier/front/loop.h': '#pragma once\n',
    'verifier/keeper/desk.h': '#pragma once\n',
    'attestor/agent.h': '#pragma once\n',
    'tools/assay.c': '#include "front/loop.h"\n#include "agent.h"\n\n#include <jansson.h>\n',
    'tests/unit/test-x.c': '#include "keeper/desk.h"\n\n#include <openssl/evp.h>\n\nCASE(a)\n',
    'tests/integration/test_y.py': (
        'def a_b():\n    pass\ndef c():  # c too\n    pass\nT = (a_b, ["d e", \'f g\'])\n'),
    'docs/threats.md': (
        '## X (4)\n\n| 1 | y | `test-x::a` |\n| 2 | y | not yet: z |\n'
        '| 3 | y | `y::a_b` |\n| 4 | y | `y::d e`, `y::f g` |\n'),
    'schemas/base/logid.def': 'LOGID("ready", "main", "a", "b")\n',
    'attestor/agent/agent-exit.c': '    {AGENT_ATTESTED, "attested", "x"},\n',
    'verifier/main/says.c': 'log_event(LOG_INFO, a ? "ready" : "ready", LOG_INT("n", f(1, 2)));\n',
    'verifier/front/loop.c': (
        'const struct a table[] = {1};\nint counter;\nstruct x;\nextern int x;\n'
        'static int\ny(void)\n{\n}\n'),
    'verifier/keeper/desk.c': (
        'static int table;\n__attribute__((noreturn)) static void\ncounter(void)\n{\n}\n'
        'int y(void);\nstatic int\ny(void)\n{\n}\n/* int x; */\nint main(void);\n'),
    **CATALOGUE,
    'schemas/wire/policy-code.def': (
        'DIMENSION("s", IDENTITY)\nDIMENSION("*", HARDWARE)\nCODE("s", NONE, 0, A)\n'),
    'tests/unit/test-codes.c': 'int a = REASON_A;\nint b = CLAIM_A_B;\n',
    'verifier/appraise/told.c': 'static int a = CLAIM_A_B;\n',
    'README.md': '`schemas/` `verifier/` `attestor/` `tools/` `tests/` `docs/` `debian/`\n',
    'meson.build': "project('assay', 'c',\n    version: '1.2.3',\n)\n",
    'tools/install-deps': "build='gcc libone-dev\n    libc6-dev libtwo-dev'\n",
    'debian/changelog': 'assay (1.2.3) UNRELEASED; urgency=medium\n',
    'debian/control': (
        'Source: assay\nBuild-Depends:\n debhelper-compat (= 13),\n libone-dev (>= 1),\n'
        ' libtwo-dev,\n\nPackage: one\n\nPackage: two\nDepends: one\n'),
    'debian/one.install': 'usr/bin/x\n\nusr/share/man/man1/x.1*\n',
    'debian/two.install': 'usr/lib/y.service lib\n',
    'build/meson-info/intro-buildoptions.json': '[{"name": "prefix", "value": "/opt/z"}]',
    'build/meson-info/intro-installed.json': (
        '{"/b/x": "/opt/z/bin/x", "/b/x.1": "/opt/z/share/man/man1/x.1",'
        ' "/b/y": "/opt/z/lib/y.service"}'),
}
# (check, words of the rule that fails, path, text)
SINS = [
    ('layers', 'base includes only', 'schemas/base/up.c', '#include "formats/ima.c"\n'),
    ('layers', 'base includes only', 'schemas/base/up.c', '#include "nowhere.h"\n'),
    ('layers', 'wire includes only', 'schemas/wire/up.c', '#include "front/loop.h"\n'),
    ('layers', 'attestor includes only', 'attestor/up.c', '#include "keeper/desk.h"\n'),
    ('layers', 'verifier includes only', 'verifier/up.c', '#include "agent.h"\n'),
    ('layers', 'appraise includes only', 'verifier/appraise/up.c', '#include "keeper/desk.h"\n'),
    ('layers', 'every folder with C', 'other/up.c', '#include <stdio.h>\n'),
    ('layers', "verifier's front holds", 'verifier/front/up.c', '#include "keeper/desk.h"\n'),
    ('layers', "verifier's reader holds", 'verifier/reader/up.c', '#include "front/loop.h"\n'),
    ('layers', "verifier's keeper holds", 'verifier/keeper-up.c', '#include "front/loop.h"\n'),
    ('layers', 'the keeper reads five', 'verifier/keeper/up.c', '#include "formats/evlog.h"\n'),
    ('layers', 'OpenSSL has one', 'schemas/wire/up.c', '#include <openssl/evp.h>\n'),
    ('layers', 'libcoap has one', 'verifier/keeper/up.c', '#include <coap3/coap.h>\n'),
    ('layers', 'a database has one', 'verifier/keeper/up.c', '#include <sqlite3.h>\n'),
    ('layers', 'tpm2-tss has one', 'attestor/agent.c', '#include <tss2/tss2_esys.h>\n'),
    ('layers', 'jansson has one', 'verifier/keeper/up.c', '#include <jansson.h>\n'),
    ('layers', 'libcbor has one', 'schemas/wire/up.c', '#include <cbor.h>\n'),
    ('layers', 'libseccomp has one', 'verifier/up.c', '#include <seccomp.h>\n'),
    ('layers', 'inih has one', 'attestor/up.c', '#include <ini.h>\n'),
    ('layers', 'libevent has one', 'verifier/front/up.c', '#include <event2/event.h>\n'),
    ('style', 'time() only', 'tools/up.c', 'long t = time(NULL);\n'),
    ('style', 'no unbounded', 'tools/up.c', 'strcpy(a, b);\n'),
    ('style', 'no numbers', 'tools/up.c', 'int a = atoi(b);\n'),
    ('style', 'no shell', 'tools/up.c', 'system("ls");\n'),
    ('style', 'no cbor_load', 'schemas/base/up.c', 'cbor_load(a);\n'),
    ('style', 'no alloca', 'tools/up.c', 'alloca(n);\n'),
    ('style', 'no memcmp on', 'tools/up.c', 'r = memcmp(mac, in->mac, 32);\n'),
    ('style', 'no memcmp on', 'tools/up.c', 'r = memcmp(a, psk_of(b), 32);\n'),
    ('style', 'algorithms are fetched', 'verifier/up.c', 'f(EVP_sha256());\n'),
    ('style', 'structs have no typedef', 'tools/up.c', 'typedef struct a b;\n'),
    ('style', 'no packed', 'tools/up.c', 'struct a { int b; } __attribute__((packed));\n'),
    ('style', 'readers copy', 'schemas/wire/up.c', 'memcpy(a, b, n);\n'),
    ('style', 'no SQL', 'tools/up.c', 'snprintf(a, b,\n    "SELECT x FROM y WHERE z=%d", c);\n'),
    ('style', 'results must', 'schemas/wire/up.h', '#pragma once\n\nint up_read(int a);\n'),
    ('style', 'no #if', 'tools/up.c', 'int\nup(void)\n{\n#ifdef A\n#endif\n}\n'),
    ('style', 'only /* */', 'tools/up.c', 'int a; // why\n'),
    ('style', 'headers say', 'tools/up.h', 'int a;\n'),
    ('style', 'file stems', 'tools/rd.c', 'int a;\n'),
    ('style', 'names are', 'tools/Up_x.c', 'int a;\n'),
    ('style', 'lines have', 'tools/up.c', '/* ' + 'x' * 100 + ' */\n'),
    ('style', 'no tabs', 'tools/up.c', '\tint a;\n'),
    ('style', 'no tabs', 'tools/up.c', 'int a; \n'),
    ('docs', 'no path', 'docs/a.md', 'see /' + 'home/me/x\n'),
    ('docs', 'no host', 'docs/a.md', 'from https://registry.npm' + 'js.org/x\n'),
    ('docs', "README's code map", 'other/a.md', 'x\n'),
    ('docs', 'each acceptance', 'docs/roadmap.md', ROADMAP.replace('| 7: x | scenario-07 |\n', '')),
    ('docs', 'each acceptance', 'docs/roadmap.md', ROADMAP.replace('scenario-07', 'test-x')),
    ('docs', 'each acceptance', 'docs/roadmap.md', ROADMAP.replace('test-x', 'scenario-49')),
    ('docs', 'each acceptance', 'docs/roadmap.md', ROADMAP.replace('not yet', 'we think so')),
    ('docs', 'each acceptance', 'tests/meson.build', SCENARIOS + "    '50': 'x',\n"),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `test-x::b` |\n'),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `test-y` |\n'),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `y::a` |\n'),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `y::c` |\n'),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `y::d` |\n'),
    ('threats', 'each test and case', 'docs/threats.md', '| 1 | y | `y::f` |\n'),
    ('threats', 'each threat names', 'docs/threats.md', '| 1 | y | we are careful |\n'),
    ('threats', 'each threat names', 'docs/threats.md', '| 1 | y | not yet: |\n'),
    ('threats', 'each list', 'docs/threats.md', '## X (2)\n\n| 1 | y | `test-x` |\n'),
    ('threats', 'each list', 'docs/threats.md', '## X (1)\n\n| 2 | y | `test-x` |\n'),
    ('sizes', 'source: lengths', 'tools/up.c', 'int\nup(void)\n{\n' + '    f();\n' * 90 + '}\n'),
    ('sizes', 'source: sizes of .c', 'tools/up.c', 'int a;\n' * 1001),
    ('sizes', 'source: sizes of headers', 'tools/up.h', 'int a;\n' * 201),
    ('sizes', 'test lines', 'tools/up.c', 'int a;\n' * 300),
    ('events', 'each id that is logged', 'tools/up.c', 'log_event(LOG_INFO, "unheard-of");\n'),
    ('events', 'each id that is logged', 'tools/up.c',
     'log_event(f(1, 2), a ? "ready" : "b", 1);\n'),
    ('events', 'each id is a text', 'tools/up.c', 'log_event(LOG_INFO, name_of(x), 1);\n'),
    ('events', 'each id of the table', 'verifier/main/says.c', 'int a;\n'),
    ('events', 'each row has', 'schemas/base/logid.def', 'LOGID("ready", "main", "a")\n'),
    ('events', 'ids are sorted', 'schemas/base/logid.def',
     'LOGID("ready", "main", "a", "b")\n' * 2),
    ('events', 'no outcome', 'attestor/agent/agent-exit.c', '    {AGENT_X, "ready", "x"},\n'),
    ('codes', 'each reason and claim', 'schemas/base/reason.def', REASON_ROW.replace('"b"', '""')),
    ('codes', 'each reason and claim', 'schemas/base/claim.def',
     'CLAIM(A, 1, TEXT, ITSELF, "a", "b", "c");\n'),
    ('codes', 'each claim is told', 'verifier/appraise/told.c', '/* CLAIM_A_B */\n'),
    ('codes', 'each claim is shown', 'tests/unit/test-codes.c', 'int a = REASON_A;\n'),
    ('codes', 'numbers rise', 'schemas/base/reason.def', REASON_ROW * 2),
    ('codes', 'each reason that is not reserved is said', 'schemas/wire/policy-code.def',
     'DIMENSION("*", IDENTITY)\n'),
    ('codes', 'each reason that is reserved', 'schemas/base/reason.def',
     REASON_ROW.replace('SAID', 'RESERVED')),
    ('codes', 'each reason that is not reserved is shown', 'tests/unit/test-codes.c', 'int a;\n'),
    ('codes', 'reasons are about', 'schemas/wire/policy-code.def',
     'DIMENSION("s", HARDWARE)\nDIMENSION("*", IDENTITY)\nCODE("s", NONE, 0, A)\n'),
    ('codes', 'docs/codes.md', 'docs/codes.md', 'x\n'),
    ('codes', 'docs/codes.md', 'schemas/base/reason-user.def', 'REASON_USER(STOP, "other")\n'),
    ('symbols', 'external names', 'tools/up.c', 'int\nx(void)\n{\n}\n'),
    ('symbols', 'external names', 'attestor/up.c', 'MUST_CHECK int\nx(int a,\n  int b)\n{\n}\n'),
    ('symbols', 'external names', 'tools/up.c', 'const struct a table[] = {\n    1,\n};\n'),
    ('symbols', 'external names', 'tests/unit/test-up.c', 'int counter;\n'),
    ('packages', 'each installed file', 'debian/two.install', 'usr/lib/y.*\nusr/bin/*\n'),
    ('packages', 'each installed file', 'build/meson-info/intro-installed.json',
     '{"/b/x": "/opt/z/bin/x", "/b/v": "/opt/z/sbin/v"}'),
    ('packages', 'each line of', 'debian/two.install', 'usr/lib/y.service\nusr/lib/gone\n'),
    ('packages', 'each package has', 'debian/three.install', 'usr/lib/y.service\n'),
    ('packages', 'each package has', 'debian/control', 'Source: assay\n\nPackage: one\n'),
    ('packages', 'the version is', 'debian/changelog', 'assay (1.2.4) UNRELEASED; urgency=low\n'),
    ('packages', 'the libraries are', 'tools/install-deps', "build='libone-dev'\n"),
    ('headers', 'tools/up.h', 'tools/up.h', '#pragma once\n\nsize_t up(void);\n'),
    ('format', 'tools:', 'tools/up.c', 'int   a;\n'),
]


def write_tree(folder, tree):
    for path, text in tree.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'w', encoding='utf-8') as file:
            file.write(text)


def codes_page():
    """docs/codes.md of the clean tree."""
    with tempfile.TemporaryDirectory() as folder:
        write_tree(folder, CATALOGUE)
        return '\n'.join(man_pages.codes(None, os.path.join(folder, 'schemas/base'))) + '\n'


def failing(check, tree):
    """Names of the failing cases of one check over a tree, or None when it skipped or broke."""
    with tempfile.TemporaryDirectory() as folder:
        write_tree(folder, tree)
        done = subprocess.run([sys.executable, os.path.join(CHECKS, check + '.py')],
                              env=dict(os.environ, CHECK_TREE=folder), capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, check=False)
    lines = done.stdout.splitlines()
    if not any(line.startswith('1..') for line in lines) or '# SKIP no ' in done.stdout:
        return None
    return [line.split(' ', 3)[3] for line in lines if line.startswith('not ok ')]


def sin_problems(sin, runs_on_clean):
    check, rule, path, text = sin
    if not runs_on_clean[check]:
        return None
    names = failing(check, {**CLEAN, path: text})
    if names is None:
        return [f'{check} did not run']
    hit = [name for name in names if name.startswith(rule)]
    return [] if hit else [f'{text!r} in {path} does not fail: {names}']


def main():
    CLEAN['docs/codes.md'] = codes_page()
    tap, checks = Tap(), sorted({sin[0] for sin in SINS})
    clean = {check: failing(check, CLEAN) for check in checks}
    for check in ('layers', 'style', 'docs', 'codes', 'events', 'packages', 'symbols', 'threats'):
        problems = [f'fails: {clean[check]}'] if clean[check] != [] else []
        tap.case(f'{check}: a clean tree passes', problems)
    runs = {check: names is not None for check, names in clean.items()}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda sin: sin_problems(sin, runs), SINS))
    for (check, rule, _, text), problems in zip(SINS, results):
        name = f'{check}: {rule} sees {text.strip().splitlines()[0][:40]}'.replace('#', '')
        if problems is None:
            tap.skip(name, 'its tool is missing')
        else:
            tap.case(name, problems)
    tap.done()


if __name__ == '__main__':
    main()
