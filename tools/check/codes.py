#!/usr/bin/env python3
"""The catalogue of reasons and claims (schemas/base/reason.def, claim.def): each has a whole
record; what is said has something that says it and a test that shows it, what is reserved has
nothing; each claim has something that tells it and a test; docs/codes.md is what is made of it."""
import os
import re
import sys

from tree import ROOT, SOURCE_DIRS, Tap, c_code, files, read

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import man_pages  # noqa: E402, the path stands above

BASE, POLICY, PAGE = 'schemas/base', 'schemas/wire/policy-code.def', 'docs/codes.md'
# Names every reason in order to sort them; says none.
SORTS = {'tools/advice.c'}
MANY = {'*'}


def rows_of(table, macro):
    return len(re.findall(rf'^{macro}\(', read(f'{BASE}/{table}'), re.M))


def is_whole(one):
    texts = [one[key] for key in ('title', 'impact', 'action', 'user')] + one['causes']
    return all(text and text == text.strip() and not text.endswith(',') for text in texts)


def said_by():
    """Names of reasons that something says: by itself, by a rule, by the table of policies."""
    code = '\n'.join(c_code(read(path)) for path in files('.c', '.h')
                     if path.startswith(SOURCE_DIRS) and path not in SORTS)
    rules = set(re.findall(r'\bRULE_(\w+)', code))
    named = {reason for (rule, reason), _ in man_pages.records(f'{ROOT}/{BASE}/rule.def', 'RULE')
             if rule in rules}
    return named | set(re.findall(r'\bREASON_(\w+)', code)) | {row[3] for row in policy_rows()}


def policy_rows():
    """(slot, verb, outcome, reason) of the table by which policies are told."""
    return re.findall(r'^CODE\("([^"]+)", (\w+), (\w+), (\w+)\)', read(POLICY), re.M)


def shown_by():
    """Text of the tests, and the rules that they name, as reasons."""
    text = '\n'.join(read(path) for path in files('.c', '.h', '.py') if path.startswith('tests/'))
    words = set(re.findall(r'[A-Za-z0-9_-]+', text))
    rules = {reason for (rule, reason), _ in man_pages.records(f'{ROOT}/{BASE}/rule.def', 'RULE')
             if f'RULE_{rule}' in words or rule.lower().replace('_', '-') in words}
    return words | rules | {word[len('REASON_'):] for word in words if word.startswith('REASON_')}


def claims_in(folder):
    """The claims, as CLAIM_NAME without the prefix, that C code below a folder names."""
    return {name for path in files('.c', '.h') if path.startswith(folder)
            for name in re.findall(r'\bCLAIM_(\w+)', c_code(read(path)))}


def claim_rows(folder):
    """(NAME, printed name) of each claim."""
    return [(words[0], texts[0])
            for words, texts in man_pages.records(f'{folder}/claim.def', 'CLAIM')]


def about_of(name, dimensions):
    """What the table of policies says that the reason is about; None where it is not in it."""
    slots = {slot for slot, _, _, reason in policy_rows() if reason == name}
    if slots & MANY:
        return 'slot'
    found = {dimensions.get(slot, dimensions['*']) for slot in slots}
    return found.pop() if len(found) == 1 else 'slot' if found else None


def main():
    tap = Tap()
    if not os.path.exists(os.path.join(ROOT, BASE, 'reason.def')):
        tap.skip('the catalogue of reasons', 'there is none')
        tap.done()
        return
    folder = os.path.join(ROOT, BASE)
    reasons, claims = list(man_pages.reason_records(folder)), list(man_pages.claim_records(folder))
    numbers, names = [one['number'] for one in reasons], [one['name'] for one in reasons]
    dimensions = {slot: word.lower() for slot, word in re.findall(
        r'^DIMENSION\("([^"]+)", (\w+)\)', read(POLICY), re.M)}
    said, shown = said_by(), shown_by()
    tap.case('each reason and claim has a whole record', [
        one['name'] for one in reasons if not is_whole(one)] + [
        table for table, macro, read_of_it in (('reason.def', 'REASON', reasons),
                                               ('claim.def', 'CLAIM', claims))
        if rows_of(table, macro) != len(read_of_it)])
    tap.case('numbers rise, no name stands twice', [
        f'{a} before {b}' for a, b in zip(numbers, numbers[1:]) if a >= b] + sorted(
        {name for name in names if names.count(name) > 1}))
    tap.case('each reason that is not reserved is said by something', [
        name for one, name in zip(reasons, names) if not one['reserved'] and name not in said])
    tap.case('each reason that is reserved is said by nothing', [
        name for one, name in zip(reasons, names) if one['reserved'] and name in said])
    tap.case('each reason that is not reserved is shown by a test', [
        name for one, name in zip(reasons, names) if not one['reserved'] and name not in shown])
    told, tested = claims_in('verifier/appraise/'), claims_in('tests/')
    texts = '\n'.join(read(path) for path in files('.c', '.py') if path.startswith('tests/'))
    tap.case('each claim is told by something', [
        printed for name, printed in claim_rows(folder) if name not in told])
    tap.case('each claim is shown by a test', [
        printed for name, printed in claim_rows(folder)
        if name not in tested and f'scene_claim("{printed}"' not in texts])
    tap.case('reasons are about what the table of policies says', [
        f'{one["name"]}: {about}, not {one["about"]}' for one in reasons
        for about in [about_of(one['name'], dimensions)] if about not in (None, one['about'])])
    made = '\n'.join(man_pages.codes(None, folder)) + '\n'
    tap.case('docs/codes.md is what man_pages.py makes of the catalogue',
             [] if os.path.exists(os.path.join(ROOT, PAGE)) and read(PAGE) == made else
             ['tools/man_pages.py codes 0 schemas/base > docs/codes.md'])
    tap.done()


if __name__ == '__main__':
    main()
