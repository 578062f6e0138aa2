#!/usr/bin/env python3
"""Runs programs and compares what they print: run.py [--valgrind PATH] FOLDER PROGRAM…; PROGRAM is NAME-STANDARD, expected is FOLDER/NAME.txt."""

import subprocess
import sys
from pathlib import Path

HEAVY = {"finalize", "threads"}  # too slow under valgrind


def run(command, expected):
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    if done.returncode == 0 and done.stdout == expected and not done.stderr:
        return True
    print(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return False


def main():
    args = sys.argv[1:]
    valgrind = None
    if args[0] == "--valgrind":
        valgrind, args = args[1], args[2:]
    folder, programs = Path(args[0]), args[1:]
    passed = failed = 0
    for program in programs:
        name = Path(program).name.rsplit("-", 1)[0]
        expected = (folder / f"{name}.txt").read_text()
        commands = [[program]]
        if valgrind and name not in HEAVY and program.endswith("-c11"):
            commands.append([valgrind, "-q", "--error-exitcode=9", "--leak-check=full", program])
        for command in commands:
            good = run(command, expected)
            passed += good
            failed += not good
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
