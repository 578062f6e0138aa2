#!/usr/bin/env python3
"""Adds up what the tests of a build printed: testsum.py BUILD/meson-logs/testlog.json

Each test program says in its output how many checks passed, in one of two ways:
    N passed, N failed[, N skipped]                                      (the last such line counts)
    [====] Synthesis: Tested: N | Passing: N | Failing: N | Crashing: N  (Criterion)
and may name what it skipped, a line a feature:
    skipped: FEATURE: N
A program that printed neither counts as one test by its exit status. One that ended badly (status, signal, timeout)
counts as a failure at least once, whatever it printed.

Prints a line for each test, the end of the output of those that failed, what was skipped by feature, and as the last
line the sum. Exits with 1 when anything failed or nothing was run.
"""

import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PLAIN = re.compile(r"^(?:\w+:\s*)?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)
CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Pass\w+: (\d+) \| Fail\w+: (\d+) \| Crash\w+: (\d+)")
SKIPPED = re.compile(r"^skipped: (.+): (\d+)\s*$", re.M)
TAIL = 40


@dataclass
class Outcome:
    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    output: str = ""
    features: Counter = field(default_factory=Counter)


def count(output: str, ok: bool) -> "tuple[int, int, int]":
    """(passed, failed, skipped) from what a program printed."""
    plain = PLAIN.findall(output)
    if plain:
        passed, failed, skipped = plain[-1]
        return int(passed), int(failed), int(skipped or 0)
    criterion = CRITERION.findall(output)
    if criterion:
        return (
            sum(int(c[1]) for c in criterion),
            sum(int(c[0]) - int(c[1]) for c in criterion),
            0,
        )
    return (1, 0, 0) if ok else (0, 1, 0)


def judge(record: dict) -> Outcome:
    """One line of meson's log."""
    outcome = Outcome(record["name"].split(" / ")[-1], record.get("duration") or 0.0)
    outcome.output = ANSI.sub("", (record.get("stdout") or "") + "\n" + (record.get("stderr") or ""))
    if record["result"] == "SKIP":
        outcome.skipped, outcome.note = 1, "skipped"
        outcome.features[outcome.name] += 1
        return outcome
    ok = record["result"] in ("OK", "EXPECTEDFAIL")
    outcome.passed, outcome.failed, outcome.skipped = count(outcome.output, ok)
    outcome.features.update({name: int(number) for name, number in SKIPPED.findall(outcome.output)})
    if not ok:
        outcome.failed = max(outcome.failed, 1)
        outcome.note = f"{record['result'].lower()}, exit status {record.get('returncode')}"
    return outcome


def report(outcomes: "list[Outcome]") -> int:
    for o in outcomes:
        skipped = f", {o.skipped} skipped" if o.skipped else ""
        note = f"  ({o.note})" if o.note else ""
        print(f"{'FAIL' if o.failed else 'ok':4} {o.name:40} {o.passed} passed, {o.failed} failed{skipped}"
              f"  {o.seconds:.1f} s{note}")
    for o in outcomes:
        if o.failed:
            print(f"\n---- {o.name}: end of its output ----")
            print("\n".join(o.output.strip().splitlines()[-TAIL:]))
    features = sum((o.features for o in outcomes), Counter())
    if features:
        print("\nskipped, by feature:")
        for name, number in sorted(features.items()):
            print(f"  {name}: {number}")
    passed, failed, skipped = (sum(getattr(o, k) for o in outcomes) for k in ("passed", "failed", "skipped"))
    if passed + failed == 0:
        print("\nno test was run")
        failed = 1
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
            records = [json.loads(line) for line in log if line.strip()]
    except OSError as error:
        print(f"no log of tests: {error}")
        records = []
    return report(sorted((judge(r) for r in records), key=lambda o: o.name))


if __name__ == "__main__":
    sys.exit(main())
