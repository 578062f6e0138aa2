#!/usr/bin/env python3
"""Tables of sites take at most 12 % of the code's bytes: sites_share.py JITDUMP SUITE-FOLDER [EMULATOR…]

Compiles all functions of programs in C and Rust, one of each, at every level."""

import re
import subprocess
import sys
from pathlib import Path

MOST = 0.12


def main() -> int:
    jitdump, suite, emulator = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    programs = [max((suite / language).glob("*.wasm"), key=lambda path: path.stat().st_size) for language in ("c", "rust")]
    failed = 0
    for program in programs:
        for level in range(3):
            run = subprocess.run([*emulator, jitdump, program, "all", str(level)], capture_output=True, text=True)
            numbers = re.search(r"(\d+) functions, 0 refused, (\d+) bytes of code, (\d+) of sites", run.stderr)
            if run.returncode != 0 or not numbers:
                print(f"FAIL {program.name}, level {level}: {run.stderr[-300:]}")
                failed += 1
                continue
            functions, code, sites = map(int, numbers.groups())
            good = functions > 30 and 0 < sites <= MOST * code
            print(f"{'ok  ' if good else 'FAIL'} {program.name}, level {level}: {functions} functions, {code} bytes, sites {sites / code:.3f}")
            failed += not good
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
