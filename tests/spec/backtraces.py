#!/usr/bin/env python3
"""Every trap of the official suite has the same backtrace in each tier, at each level, with either way of checking bounds: kind, functions,
instances, offsets. backtraces.py [--emulator 'WORDS'] RUNNER [-- ARGS of the runner that choose scripts…]"""

import shlex
import subprocess
import sys

CONFIGURATIONS = [
    ["--tier=interp", "--bounds=auto"],
    ["--tier=interp", "--bounds=explicit"],
    *[["--tier=jit", f"--opt-level={level}", f"--bounds={bounds}"] for level in range(4) for bounds in ("auto", "explicit")],
    ["--tier=auto", "--hot=2", "--bounds=auto"],
    ["--tier=auto", "--hot=2", "--bounds=explicit"],
]


def traps(command: "list[str]") -> "list[str]":
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-5:]), done.stderr)
        raise SystemExit(f"{' '.join(command[:4])} fails\n0 passed, 1 failed")
    return [line for line in done.stdout.splitlines() if ": trap " in line]


def main() -> int:
    arguments, scripts = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, scripts = arguments[:at], arguments[at + 1 :]
    if arguments[0] == "--emulator":
        arguments = shlex.split(arguments[1]) + arguments[2:]
    wanted = traps([*arguments, "--backtraces", *CONFIGURATIONS[0], *scripts])
    # Offsets of interpreted frames have a time limit, which a busy machine may pass: such a line says -1, and is asked for again.
    passed = failed = 0
    for configuration in CONFIGURATIONS:
        for attempt in range(5):
            found = traps([*arguments, "--backtraces", *configuration, *scripts])
            if "@-1" not in "".join(found + wanted):
                break
            wanted = traps([*arguments, "--backtraces", *CONFIGURATIONS[0], *scripts]) if "@-1" in "".join(wanted) else wanted
        different = [(a, b) for a, b in zip(wanted, found) if a != b]
        for a, b in different[:5]:
            print(f"{' '.join(configuration)}\n  interp: {a}\n  now:    {b}")
        if len(wanted) != len(found):
            print(f"{' '.join(configuration)}: {len(found)} traps instead of {len(wanted)}")
        passed += not different and len(wanted) == len(found) and bool(wanted)
        failed += bool(different) or len(wanted) != len(found) or not wanted
    frames = sum(line.count("@") for line in wanted)
    print(f"{len(wanted)} traps with {frames} frames in {len(CONFIGURATIONS)} configurations")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
