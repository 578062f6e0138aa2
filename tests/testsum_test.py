#!/usr/bin/env python3
"""Tests tools/testsum.py: what it reads out of a log, and when it reports failure."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "tools" / "testsum.py"
CRITERION = "[\x1b[0;34m====\x1b[0m] Synthesis: Tested: \x1b[1;34m3\x1b[0m | Passing: 1 | Failing: 2 | Crashing: 1 "


def record(result="OK", stdout="", stderr="", code=0):
    return {"name": "murre / t", "result": result, "stdout": stdout, "stderr": stderr, "returncode": code, "duration": 1.5}


# (what it shows, records, last line, exit status, text that must appear)
CASES = [
    ("plain line", [record(stdout="x\n5 passed, 0 failed\n")], "5 passed, 0 failed", 0, ""),
    ("skipped", [record(stdout="skipped: simd: 7\n5 passed, 0 failed, 7 skipped\n")], "5 passed, 0 failed, 7 skipped", 0, "simd: 7"),
    ("the last plain line counts", [record(stdout="1 passed, 9 failed\n4 passed, 0 failed\n")], "4 passed, 0 failed", 0, ""),
    ("a leading word", [record(stdout="wasi: 4 passed, 0 failed\n")], "4 passed, 0 failed", 0, ""),
    ("failures", [record("FAIL", "why\n5 passed, 2 failed\n", code=1)], "5 passed, 2 failed", 1, "why"),
    ("Criterion", [record("FAIL", stderr=CRITERION, code=1)], "1 passed, 2 failed", 1, ""),
    ("a crash after a good count", [record("FAIL", "5 passed, 0 failed\n", code=-11)], "5 passed, 1 failed", 1, "-11"),
    ("a timeout without output", [record("TIMEOUT", code=-9)], "0 passed, 1 failed", 1, "timeout"),
    ("failures with exit status 0", [record(stdout="5 passed, 2 failed\n")], "5 passed, 2 failed", 1, ""),
    ("no count, good status", [record()], "1 passed, 0 failed", 0, ""),
    ("meson's skip", [record("OK", "1 passed, 0 failed"), record("SKIP", code=77)], "1 passed, 0 failed, 1 skipped", 0, "t: 1"),
    ("sum", [record(stdout="2 passed, 0 failed"), record(stdout="3 passed, 1 failed")], "5 passed, 1 failed", 1, ""),
    ("nothing was run", [], "0 passed, 1 failed", 1, "no test was run"),
    ("all skipped", [record("SKIP", code=77)], "0 passed, 1 failed, 1 skipped", 1, "no test was run"),
]


def run(records):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as log:
        log.write("".join(json.dumps(r) + "\n" for r in records))
        log.flush()
        return subprocess.run([sys.executable, TOOL, log.name], capture_output=True, text=True)


def main():
    failed = 0
    for title, records, last, status, text in CASES:
        done = run(records)
        lines = done.stdout.splitlines()
        if not lines or lines[-1] != last or done.returncode != status or text not in done.stdout:
            failed += 1
            print(f"{title}: expected {last!r} and status {status}, got status {done.returncode} and:\n{done.stdout}{done.stderr}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
