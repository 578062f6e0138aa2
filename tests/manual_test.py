#!/usr/bin/env python3
"""Compares the manual page with what the program says of itself: manual_test.py MURRE MURRE.1

Every option that `murre COMMAND --help` prints is in the page, every option of the page exists, and the version agrees.
"""

import re
import subprocess
import sys
from pathlib import Path

COMMANDS = [[], ["run"], ["validate"], ["inspect"], ["print"]]


def output(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def main():
    program, page = sys.argv[1], Path(sys.argv[2]).read_text().replace("\\-", "-")
    documented = set(re.findall(r"^\.(?:B|BI|BR) (--[a-z0-9-]+)", page, re.M))
    real, failures, checks = set(), [], 0
    for command in COMMANDS:
        help_text = output(program, *command, "--help")
        options = set(re.findall(r"^  (--[a-z0-9-]+)", help_text, re.M))
        if not options:
            failures.append(f"`murre {' '.join(command)} --help` names no option")
        real |= options
    for option in sorted(real | documented):
        checks += 1
        if option not in documented:
            failures.append(f"{option} is not in the manual page")
        elif option not in real:
            failures.append(f"{option} is in the manual page only")
    checks += 1
    version = re.search(r"\d+\.\d+\.\d+", output(program, "--version")).group()
    if f"murre {version}" not in page.splitlines()[0]:
        failures.append(f"the manual page is not of version {version}")
    for failure in failures:
        print(failure)
    print(f"{max(checks - len(failures), 0)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
