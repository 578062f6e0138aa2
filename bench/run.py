#!/usr/bin/env python3
"""Measures murre beside native code and other WebAssembly runtimes.

    bench/run.py [--groups kernels,cold,…] [--engines native,murre,wasmtime,…] [--filter REGEX] [--runs N] [--quick]
    bench/run.py --install-peers

What each group means, and how to read the numbers: bench/README.md. Results go to bench/out/results.json and
bench/out/results.svg. The exit code is 1 when murre fails at something or two engines disagree.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from harness import chart, corpus, engines, groups, measure, places, process, report


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--murre", default=os.environ.get("MURRE", str(places.ROOT / "build/murre")), help="the program to measure")
    parser.add_argument("--groups", default=",".join(groups.ALL), help="of " + ", ".join(groups.ALL))
    parser.add_argument("--engines", default="", help="names, comma-separated; all that are present without it")
    parser.add_argument("--filter", default="", help="only items whose name this regular expression finds")
    parser.add_argument("--runs", type=int, help="how often each is run (5, or 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="one run of shorter work: a smoke test, not a measurement")
    parser.add_argument("--timeout", type=int, default=60, help="seconds for one run")
    parser.add_argument("--output", type=Path, default=places.OUT / "results.json", help="JSON; the chart goes beside it as .svg")
    parser.add_argument("--install-peers", action="store_true", help="bring other runtimes to .deps/peers, and stop")
    return parser.parse_args()


def chosen_groups(text):
    wanted = set(text.split(","))
    if unknown := wanted - set(groups.ALL):
        raise SystemExit(f"unknown groups: {', '.join(sorted(unknown))}")
    return wanted.union(*(groups.IMPLIED.get(group, ()) for group in wanted))


def warn_of_noise():
    load = os.getloadavg()[0]
    if load > 0.7:
        say(f"note: the machine is busy (load {load:.1f}): these numbers will be rough")


def write(results, present, options):
    settings = {k: str(v) if isinstance(v, Path) else v for k, v in vars(options).items()}
    report.write_json(options.output, report.document(results, present, settings))
    options.output.with_suffix(".svg").write_text(chart.draw(results))


def measure_all(options, wanted, present):
    runs = options.runs or (1 if options.quick else 5)
    items = groups.items(wanted, options.quick, options.filter)
    running = [i for i in items if i.group != "validate"]
    results = measure.interleaved(running, present, runs, options.timeout, say, lambda r: write(r, present, options))
    validating = [i for i in items if i.group == "validate"]
    if validating and os.access(options.murre, os.X_OK):
        results |= measure.validation(validating, measure.validators(options.murre), runs, options.timeout)
    return results


def conclude(results):
    """Prints what went wrong; the exit code."""
    wrong = measure.mismatches(results)
    for sentence in wrong:
        print(f"MISMATCH {sentence}")
    ours = False
    for engine, sentence in report.failures(results):
        ours |= engine == "native" or engine.startswith("murre")
        print(f"failed: {sentence}")
    return 1 if wrong or ours else 0


def main():
    options = arguments()
    if options.install_peers:
        return subprocess.run([places.ROOT / "deps/bench/peers.sh"]).returncode
    wanted = chosen_groups(options.groups)
    present, missing, old = engines.choose(options.murre, [e for e in options.engines.split(",") if e])
    if missing:
        say(f"not on this machine: {', '.join(missing)}")
    for engine in old:
        say(f"left out: {engine.name}, whose release is of {engines.released(engine)}; --engines takes it in")
    process.build_launcher()
    corpus.prepare(wanted, say)
    warn_of_noise()
    results = measure_all(options, wanted, present)
    write(results, present, options)
    print(report.engine_table(present))
    print(report.tables(results))
    status = conclude(results)
    say(f"written: {options.output} and {options.output.with_suffix('.svg')}")
    return status


if __name__ == "__main__":
    sys.exit(main())
