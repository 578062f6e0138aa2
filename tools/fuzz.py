#!/usr/bin/env python3
"""Runs one fuzz target for a time and reports what came of it:

    fuzz.py [--seconds=N] [--jobs=N] [--emulator=COMMAND] [--dict=FILE] --out=DIR PROGRAM [SEEDS…]

Without --emulator PROGRAM is driven by libFuzzer: jobs share the corpus DIR/corpus/NAME. With it, PROGRAM is driven by
fuzz/main.c, whose mutator starts from that corpus and the seeds; each job has a seed of its own.

Findings (inputs that crash, leak or take too long) are in DIR/findings/NAME, the output of job N in DIR/logs/NAME-N.log.
A job goes on after a finding, but for the tenth. The last line is the report:

    fuzz_NAME: N executions, N s, N s of CPU, N edges, N inputs, N findings

Exits with 1 when there are findings, or the program does not run.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

EXECUTIONS = re.compile(r"^(?:stat::number_of_executed_units:|executions:)\s*(\d+)", re.M)
EDGES = re.compile(r"^#\d+\s.*?\bcov: (\d+)", re.M)
FOUND = re.compile(r"^(?:==\d+== ?ERROR|crashed: |took too long: |SUMMARY: )", re.M)
FINDINGS_AT_MOST = 10  # of one job
LARGEST_INPUT = 16384  # bytes: small inputs are run more often, and compiling a large one with sanitizers takes minutes
LONGEST_RUN = 60  # seconds for one input: an endless loop, not a busy machine


class Job(threading.Thread):
    """One process at a time, until the time is over."""

    def __init__(self, number: int, options: argparse.Namespace, dirs: "dict[str, Path]", name: str):
        super().__init__()
        self.number, self.options, self.dirs, self.target = number, options, dirs, name
        self.executions = self.edges = self.findings = 0
        self.cpu = 0.0
        self.failed = False

    def command(self, seconds: int) -> "list[str]":
        options, seeds = self.options, [str(self.dirs["corpus"]), *self.options.seeds]
        if options.emulator:
            seed = 1 + (self.number << 32) + (self.findings << 24)
            return [*shlex.split(options.emulator), options.program, f"--mutate={seconds}s", f"--seed={seed}", *seeds]
        extra = [f"-dict={options.dict}"] if options.dict else []
        return [
            options.program,
            f"-max_total_time={seconds}",
            f"-timeout={LONGEST_RUN}",
            f"-max_len={LARGEST_INPUT}",
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
            f"-artifact_prefix={self.dirs['findings']}/",
            *extra,
            *seeds,
        ]

    def run(self) -> None:
        log_path = self.dirs["logs"] / f"{self.target}-{self.number}.log"
        end = time.monotonic() + self.options.seconds
        with open(log_path, "wb") as log:
            while self.findings < FINDINGS_AT_MOST and (left := round(end - time.monotonic())) > 0:
                start = log.tell()
                # Through a pipe: fuzz_wasi bounds the size of the files that it writes, and may fail under that bound.
                process = subprocess.Popen(
                    self.command(left), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.dirs["findings"]
                )
                while chunk := process.stdout.read1():
                    log.write(chunk)
                    log.flush()
                process.stdout.close()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu += usage.ru_utime + usage.ru_stime
                output = log_path.read_bytes()[start:].decode(errors="replace")
                self.executions += int((EXECUTIONS.findall(output) or ["0"])[-1])
                self.edges = max(self.edges, int((EDGES.findall(output) or ["0"])[-1]))
                if process.returncode == 0:
                    break
                if not FOUND.search(output):
                    self.failed = True
                    print(f"{self.target} does not run, see {log_path}", file=sys.stderr)
                    break
                self.findings += 1
                print(f"{self.target}: a finding, see {log_path}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--emulator")
    parser.add_argument("--dict")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("program")
    parser.add_argument("seeds", nargs="*")
    options = parser.parse_args()
    # Jobs run in the folder of findings.
    options.out, options.program = options.out.resolve(), os.path.abspath(options.program)
    options.seeds = [os.path.abspath(seed) for seed in options.seeds]
    options.dict = options.dict and os.path.abspath(options.dict)
    name = Path(options.program).name
    dirs = {
        "corpus": options.out / "corpus" / name,
        "findings": options.out / "findings" / name,
        "logs": options.out / "logs",
    }
    for path in dirs.values():
        path.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    jobs = [Job(number, options, dirs, name) for number in range(options.jobs)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    executions, findings = sum(job.executions for job in jobs), sum(job.findings for job in jobs)
    edges = max(job.edges for job in jobs)
    inputs = len(os.listdir(dirs["corpus"]))
    print(
        f"{name}: {executions} executions, {time.monotonic() - start:.0f} s, {sum(job.cpu for job in jobs):.0f} s of CPU, "
        f"{edges if edges else 'unknown'} edges, {inputs} inputs, {findings} findings"
    )
    return findings != 0 or any(job.failed for job in jobs)


if __name__ == "__main__":
    sys.exit(main())
