#!/usr/bin/env python3
"""Tests tools/fuzz.py with programs that only print what fuzzers print: what it counts, when it goes on, when it fails."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "tools" / "fuzz.py"

CLEAN = """print("#1024\\tNEW    cov: 41 ft: 9 corp: 2/9b")
print("#4096\\tNEW    cov: 57 ft: 9 corp: 3/9b")
print("stat::number_of_executed_units: 4096")
"""
# Crashes at its first run, not at its second.
CRASHES_ONCE = """import os, sys
if os.path.exists("seen"):
    print("executions: 30, seconds: 1")
else:
    open("seen", "w").close()
    print("executions: 12, seconds: 1")
    sys.exit("crashed: seed 12, input in crash-12")
"""
CRASHES = """import sys
sys.exit("==1==ERROR: AddressSanitizer: heap-use-after-free")
"""
MISSING = """import sys
sys.exit("fuzz_it: No such file or directory")
"""

# (what it shows, program, jobs, report, exit status, text that must appear)
CASES = [
    ("a clean run", CLEAN, 1, r"fuzz_it: 4096 executions, \d+ s, \d+ s of CPU, 57 edges, 0 inputs, 0 findings", 0, ""),
    ("jobs are added up, edges are not", CLEAN, 2, r"fuzz_it: 8192 executions, .*, 57 edges, 0 inputs, 0 findings", 0, ""),
    ("a job goes on after a finding", CRASHES_ONCE, 1, r"fuzz_it: 42 executions, .*, unknown edges, 0 inputs, 1 findings", 1, "a finding"),
    ("the tenth finding ends a job", CRASHES, 1, r"fuzz_it: 0 executions, .* 10 findings", 1, "a finding"),
    ("what does not run is no finding", MISSING, 1, r"fuzz_it: 0 executions, .* 0 findings", 1, "does not run"),
]


def main() -> int:
    failed = 0
    for what, source, jobs, report, status, text in CASES:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "fuzz_it"
            program.write_text(source)
            command = [sys.executable, TOOL, "--seconds=60", f"--jobs={jobs}", f"--emulator={sys.executable}", f"--out={folder}/out", program]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        last = done.stdout.splitlines()[-1] if done.stdout else ""
        if done.returncode != status or not re.fullmatch(report, last) or text not in done.stderr:
            print(f"{what}: status {done.returncode}, {last!r}, {done.stderr!r}")
            failed += 1
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
