#!/usr/bin/env python3
"""Runs programs and compares what they print: run.py [--valgrind PATH] [--emulator WORDS] [--no-cpp] FOLDER PROGRAM…; PROGRAM is NAME-STANDARD,
expected is FOLDER/NAME.txt. --no-cpp: there is no C++ compiler, so that those programs are skipped."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

HEAVY = {"finalize", "threads"}  # too slow under valgrind


def run(command, expected, timeout):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if done.returncode == 0 and done.stdout == expected and not done.stderr:
        return True
    print(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--valgrind")
    parser.add_argument("--emulator", type=shlex.split, default=[])
    parser.add_argument("--no-cpp", action="store_true")
    parser.add_argument("folder", type=Path)
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    valgrind = args.valgrind
    passed = failed = 0
    for program in args.programs:
        name = Path(program).name.rsplit("-", 1)[0]
        expected = (args.folder / f"{name}.txt").read_text()
        commands = [[*args.emulator, program]]
        if valgrind and name not in HEAVY and program.endswith("-c11"):
            commands.append([valgrind, "-q", "--error-exitcode=9", "--leak-check=full", program])
        for command in commands:
            good = run(command, expected, 2400 if args.emulator else 240)
            passed += good
            failed += not good
    skipped = ""
    if args.no_cpp:
        count = len({Path(program).name.rsplit("-", 1)[0] for program in args.programs})
        print(f"skipped: C++, for which there is no compiler: {count}")
        skipped = f", {count} skipped"
    print(f"{passed} passed, {failed} failed{skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
