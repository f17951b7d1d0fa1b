#!/usr/bin/env python3
"""Manual pages and completions, made at build time of what the programs say of themselves (--help,
--print-config) and of the tables of reasons, rules and log ids, so that nothing is said twice.

man_pages.py KIND VERSION ARGUMENT…, to standard output:
  cli ASSAY | daemon PROGRAM | conf PROGRAM | reasons DEFS | events DEFS | codes DEFS
  bash ASSAY | zsh ASSAY
"""
import os
import re
import subprocess
import sys

OPTION = re.compile(r'^  (-\S.*?)(?:  +(\S.*))?$')
PAGES = ('assay(1)', 'assay-verifier(8)', 'assay-attestor(8)', 'assay-verifier.conf(5)',
         'assay-attestor.conf(5)', 'assay-reasons(7)', 'assay-events(7)')


def said(*command):
    # a build with sanitizers must not fail over leaks at an exit
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                          encoding='utf-8', stdin=subprocess.DEVNULL,
                          env=dict(os.environ, ASAN_OPTIONS='detect_leaks=0'))
    return done.stdout


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def roff(text):
    """Text as a line of roff: nothing in it is a request or an escape."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\\&' + text if text[:1] in ('.', "'") else text


def macro(name, *words):
    return f'.{name} ' + ' '.join('"' + roff(word).replace('"', '\\(dq') + '"' for word in words)


def head(title, section, version, summary):
    return [macro('TH', title, section, '', f'assay {version}', "Assay's manual"), '.SH NAME',
            f'{roff(title)} \\- {roff(summary)}']


def see_also(own):
    return ['.SH SEE ALSO'] + [
        '.BR ' + roff(page[:page.index('(')]) + ' ' + page[page.index('('):]
        + (',' if page != others[-1] else '')
        for others in [[page for page in PAGES if page != own]] for page in others]


def literal(lines):
    return ['.PP', '.nf', '.RS'] + [roff(line.strip()) or '\\&' for line in lines] + ['.RE', '.fi']


def options(lines):
    out = []
    for line in lines:
        match = OPTION.match(line)
        if match:
            out += ['.TP', '.B ' + roff(match[1])] + ([roff(match[2])] if match[2] else ['\\&'])
        else:
            out.append(roff(line.strip()))
    return out


def body(text):
    """Help text as it is written for terminals: paragraphs, options, examples."""
    out = []
    for block in re.split(r'\n{2,}', text.strip('\n')):
        lines = block.split('\n')
        if lines[0].endswith(':') and len(lines) > 1 and lines[1].startswith('  '):
            out += ['.PP', roff(lines[0])]
            lines = lines[1:]
        if OPTION.match(lines[0]):
            last = next((i for i, line in enumerate(lines) if not line.startswith('  ')), None)
            out += options(lines[:last])
            lines = lines[last:] if last else []
        if lines and all(line.startswith('  ') for line in lines):
            out += literal(lines)
        elif lines:
            out += ['.PP'] + [roff(line.strip()) for line in lines]
    return out


def commands(assay):
    """(name, usage, summary, help) of each subcommand."""
    overview = said(assay, 'help')
    for match in re.finditer(r'^  (\S+(?: \S+)?)  +(\S.*)$', overview, re.M):
        text = said(assay, 'help', *match[1].split())
        usage, summary, rest = re.match(r'usage: (.*?)\n\n(.*?)\n\n(.*)', text, re.S).groups()
        yield match[1], ' '.join(usage.split()), summary, rest


def cli(version, assay):
    out = head('assay', '1', version, 'the operator\'s hand and the offline eye of Assay')
    out += ['.SH SYNOPSIS', '.B assay', 'COMMAND ...', '.br', '.B assay help', 'COMMAND', '.br',
            '.B assay \\-\\-version', '.SH DESCRIPTION',
            'Commands about devices, classes and golden values ask the verifier of this machine by',
            'its control socket; the others read files and need no service.', '.SH COMMANDS']
    for name, usage, summary, text in commands(assay):
        out += [macro('SS', 'assay ' + name), roff(summary[:1].upper() + summary[1:]),
                '.PP', '.B usage:', roff(usage)] + body(text)
    return out + ['.SH EXIT STATUS', '0 yes, 1 no, 2 usage, whatever the bytes.'] + see_also(
        'assay(1)')


def daemon(version, program):
    name = os.path.basename(program)
    text = said(program, '--help').split('\nSettings:\n')[0]
    usage, rest = re.match(r'usage: (.*?)\n\n(.*)', text, re.S).groups()
    what = {'assay-verifier': 'judges what devices booted and signs their tokens',
            'assay-attestor': 'proves to a verifier what this machine booted'}[name]
    out = head(name, '8', version, what) + ['.SH SYNOPSIS', '.nf']
    out += [roff(line.strip()) for line in usage.split('\n')] + ['.fi', '.SH DESCRIPTION']
    return out + body(rest) + see_also(name + '(8)')


def conf(version, program):
    name = os.path.basename(program)
    path = f'/etc/assay/{name[len("assay-"):]}.conf'
    out = head(name + '.conf', '5', version, f'settings of {name}')
    out += ['.SH DESCRIPTION', f'.I {roff(path)}', 'has sections in brackets and lines of the form',
            '"name = value"; # and ; begin a comment. Unknown names, wrong types and numbers',
            'out of range are refused.', f'.B {roff(name)} \\-\\-check', 'judges a file.']
    text = said(program, '--print-config')
    row = re.compile(r'^\[(.+)\]$|^# (.+)\n(#?)(\S+) = ?(.*)$', re.M)
    for match in row.finditer(text):
        if match[1]:
            out.append(macro('SH', f'[{match[1]}]'))
            continue
        out += ['.TP', f'.B {roff(match[4])}', roff(match[2][:1].upper() + match[2][1:]) + '.']
        out.append('Must be given.' if not match[3] else
                   f'Default: {roff(match[5])}' if match[5] else 'Default: nothing.')
    return out + see_also(f'{name}.conf(5)')


EFFECT = {'FAIL': 'refuses', 'WARN': 'warns', 'NOTE': 'is noted'}


def unquoted(text):
    return text.replace('\\"', '"').replace('\\\\', '\\')


def texts(arguments):
    """The strings among a macro's arguments; adjacent ones are one, as in C."""
    joined = re.sub(r'"\s+"', '', arguments)
    return [unquoted(text) for text in re.findall(r'"((?:\\.|[^"\\])*)"', joined)]


def records(path, macro_name):
    """(arguments before the first string, strings) of each row of a table."""
    for row in re.findall(rf'^{macro_name}\((.*?)\)\n(?=\n|\w|/\*|\Z)', read(path), re.M | re.S):
        yield [word.strip() for word in row[:row.index('"')].split(',') if word.strip()], texts(row)


def broken_rules(folder):
    """Reason -> (printed name, clause, text) of each of its rules."""
    rules = {}
    for (name, reason), (clause, text) in records(f'{folder}/rule.def', 'RULE'):
        rules.setdefault(reason, []).append((name.lower().replace('_', '-'), clause, text))
    return rules


def reason_records(folder):
    """One dictionary a reason, as the catalogue has it."""
    user = {words[0]: text[0]
            for words, text in records(f'{folder}/reason-user.def', 'REASON_USER')}
    for words, said_of_it in records(f'{folder}/reason.def', 'REASON'):
        title, impact, causes, action = said_of_it
        yield {'number': int(words[0]), 'name': words[1], 'effect': EFFECT[words[2]],
               'reserved': words[3] == 'RESERVED', 'about': words[4].lower(),
               'user': user[words[5]], 'title': title, 'impact': impact,
               'causes': causes.split('|'), 'action': action}


def claim_records(folder):
    """(number, name, type, whether a rule may tell it, meaning) of each claim."""
    for words, said_of_it in records(f'{folder}/claim.def', 'CLAIM'):
        name, kind, meaning = said_of_it
        yield int(words[1]), name, kind, words[3] != 'ITSELF', meaning


def reasons(version, folder):
    rules = broken_rules(folder)
    out = head('assay-reasons', '7', version, 'why evidence is refused')
    out += ['.SH DESCRIPTION',
            'A verdict names reasons by number, the rule that was broken, and its clause. What a',
            'reason does to a verdict is said in brackets; a policy may say otherwise. Causes',
            'stand with the likeliest first. The same is told by', '.BR "assay code show" .',
            '.SH REASONS']
    for one in reason_records(folder):
        out += ['.TP', f'.B {one["number"]} {roff(one["name"])}',
                f'[{"reserved" if one["reserved"] else one["effect"]}]',
                roff(one['title'] + '; ' + one['impact'] + '.'), '.br',
                roff('Usual causes: ' + '; '.join(one['causes']) + '.'), '.br',
                roff('To do: ' + one['action'] + '.')]
        for rule, clause, text in rules.get(one['name'], []):
            out += ['.br', roff(f'{rule}: {text} ({clause})')]
    return out + see_also('assay-reasons(7)')


def codes(_, folder):
    """docs/codes.md."""
    out = ['# Codes and claims', '',
           'Made of schemas/base/reason.def, reason-user.def and claim.def by',
           '`tools/man_pages.py codes 0 schemas/base > docs/codes.md`; a lint keeps it equal. '
           '`assay code show` tells the same,', 'and assay-reasons(7) the rules behind each code.',
           '',
           'Numbers and names are stable and never reused. A code refuses, warns or is noted; a '
           'policy may say otherwise. Causes stand', 'with the likeliest first. "About" is the '
           'AR4SI dimension; slot: that of the rule\'s slot; every: nothing of the evidence',
           'counts; none: no statement about the device. What is reserved, nothing says yet.']
    for one in reason_records(folder):
        out += ['', f'## {one["number"]} {one["name"]}', '',
                f'{one["title"][:1].upper()}{one["title"][1:]}.', '',
                f'- {one["effect"]}{", reserved" if one["reserved"] else ""}; about: '
                f'{one["about"]}',
                f'- impact: {one["impact"]}', '- usual causes: ' + '; '.join(one['causes']),
                f'- do: {one["action"]}', f'- the user is told: {one["user"]}']
    out += ['', '# Claims', '', 'Names that a policy may use (`claim NAME`). A claim is absent '
            'when unknown, never false. Tokens carry', 'those of numbers up to 7, and what the '
            'audience asked for (`assay class add --audience KIND:NAME,claims=A+B`): in a JWT as '
            '`device_NAME` with', '_ for each dot, in a CWT by the number.', '',
            '| number | claim | type | told by | meaning |', '|---|---|---|---|---|']
    out += [f'| {number} | `{name}` | {kind} | {"a rule" if by_rule else "the service"} | '
            f'{meaning} |'
            for number, name, kind, by_rule, meaning in claim_records(folder)]
    return out


def events(version, folder):
    exits = f'{folder}/../../attestor/agent/agent-exit.c'
    out = head('assay-events', '7', version, 'message ids of the daemons\' logs')
    out += ['.SH DESCRIPTION', 'The daemons log one JSON object a line to standard error, with',
            'time, role, level, id, and fields of its own. Ids are stable. Each is given with who',
            'says it, what it says, and what to do.', '.SH EVENTS']
    for name, who, what, do in re.findall(r'^LOGID\("(.+?)", "(.+?)", "(.+?)", "(.+?)"\)$',
                                          read(f'{folder}/logid.def'), re.M):
        out += ['.TP', f'.B {roff(name)}', f'({roff(who)}) {roff(what)}.', '.br',
                f'To do: {roff(do)}.']
    out += ['.SH OUTCOMES OF THE ATTESTOR']
    for name, text in re.findall(r'^    \{AGENT_\w+, "([a-z-]+)", "(.+)"\},$', read(exits), re.M):
        out += ['.TP', f'.B {roff(name)}', roff(text) + '.']
    return out + see_also('assay-events(7)')


def table(assay):
    """Subcommand -> its options, as `help` tells them in usage or text."""
    return {name: sorted(set(re.findall(r'(?<![\w-])--[a-z0-9][a-z0-9-]*', usage)))
            for name, usage, _, _ in commands(assay)}


def bash(_, assay):
    rows = table(assay)
    nouns = sorted({name.split()[0] for name in rows} | {'help'})
    out = ['# bash completion of assay(1), made of its table of subcommands', '_assay()', '{',
           '    local now=${COMP_WORDS[COMP_CWORD]} words=',
           '    case ${COMP_WORDS[1]-}\\ ${COMP_WORDS[2]-} in']
    for name, flags in rows.items():
        pattern = name.replace(' ', '\\ ') if ' ' in name else name + '\\ *'
        out.append(f"    {pattern}) words='{' '.join(flags)}' ;;")
    out.append('    esac')
    out.append(f"    [ \"$COMP_CWORD\" -ne 1 ] || words='{' '.join(nouns)} --version'")
    out.append('    if [ "$COMP_CWORD" -eq 2 ]; then')
    out.append('        case ${COMP_WORDS[1]} in')
    for noun in nouns:
        verbs = sorted(name.split()[1] for name in rows if name.startswith(noun + ' '))
        if verbs:
            out.append(f"        {noun}) words='{' '.join(verbs)}' ;;")
    out += [f"        help) words='{' '.join(n for n in nouns if n != 'help')}' ;;",
            '        esac', '    fi', '    COMPREPLY=($(compgen -W "$words" -- "$now"))', '}',
            'complete -o default -F _assay assay']
    return out


def zsh(_, assay):
    rows = table(assay)
    nouns = sorted({name.split()[0] for name in rows} | {'help'})
    out = ['#compdef assay', '# zsh completion of assay(1), made of its table of subcommands', '',
           'if (( CURRENT == 2 )); then', f'    compadd -- {" ".join(nouns)} --version',
           '    return', 'fi']
    verbs = {noun: sorted(name.split()[1] for name in rows if name.startswith(noun + ' '))
             for noun in nouns}
    out += ['if (( CURRENT == 3 )); then', '    case $words[2] in']
    out += [f'    {noun}) compadd -- {" ".join(some)}; return ;;'
            for noun, some in verbs.items() if some]
    out += ['    esac', 'fi', 'case "$words[2] $words[3]" in']
    out += [f"('{name}'{'' if ' ' in name else ' *'}) compadd -- {' '.join(flags)} ;;"
            for name, flags in rows.items()]
    return out + ['esac', '_files']


KINDS = {'cli': cli, 'daemon': daemon, 'conf': conf, 'reasons': reasons, 'events': events,
         'codes': codes, 'bash': bash, 'zsh': zsh}


if __name__ == '__main__':
    sys.stdout.reconfigure(encoding='utf-8')
    print('\n'.join(KINDS[sys.argv[1]](*sys.argv[2:])))
