"""TAP for drivers in Python: each behaviour is a function named by its claim."""

import sys
import traceback


class Skip(Exception):
    """Raised by a case that cannot run here, with the reason."""


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def chosen(cases, only):
    """Those that are named, or all; a name that is none would be a test that tests nothing."""
    unknown = set(only) - {case.__name__ for case in cases}
    if unknown:
        print(f"Bail out! no such case: {', '.join(sorted(unknown))}")
        sys.exit(2)
    return [case for case in cases if not only or case.__name__ in only]


def run(cases):
    """Runs (function, arguments…) in order, prints TAP and ends the program."""
    failed = 0
    assert cases, "nothing is no test"
    print(f"1..{len(cases)}", flush=True)
    for number, (function, *arguments) in enumerate(cases, 1):
        name = function.__name__
        try:
            function(*arguments)
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:  # a failed claim must not hide the next one
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join("# " + line for line in traceback.format_exc().splitlines(True)),
                  flush=True)
    sys.exit(1 if failed else 0)
