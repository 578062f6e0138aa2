#!/usr/bin/env python3
"""Shows that every patch to MIR has a test that fails without it.

    deps/mir/check_patches.py [--on=aarch64|threads] [--build=DIR] [--survey] [PATCH…]

For each patch (all, or those whose names start so) it takes the patch's hunks back out of the patched sources, builds
tests/mir against what is left, and runs the tests that the patch's head names, in lines

    Test: SUITE/NAME
    Test on x86_64: SUITE/NAME           only there; likewise aarch64, and threads for a build with the thread sanitizer

Each of them must pass with all patches, and fail without this one. If nothing compiles without the patch, as murre calls
what it declares, either the head says so by `Test: build` (also of one machine), or only the hunks in the generator (mir-gen*.c) are taken back.
Hunks that later patches have written over stay in, which is told: the tests must find out that the others are gone. Where
they cannot, NAME.undo beside NAME.patch says what to change in the patched sources instead.

--survey runs all the tests of tests/mir that pass here instead and prints which of them fail, to find a test or to judge one.
--build keeps the build folder, which saves most of the time at the next call. Takes about a minute per patch.
--heads only looks whether each head names tests that exist, each name a layer, and README.md each patch; this is part of ./dev test.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATCHES = ROOT / "deps/mir/patches"
PRISTINE = ROOT / ".deps/mir-pristine"
MACHINES = ("x86_64", "aarch64")
PLACES = (*MACHINES, "threads")
HEAD_LINE = re.compile(r"^Test(?: on (\w+))?: (\S+)$")
GENERATOR = re.compile(r"^--- a/mir-gen")
NAME = re.compile(r"^\d\d-(embedding|wasm|promise|speed|fix)-[a-z0-9-]+$")  # README.md tells the layers
TEST_MACRO = re.compile(r"^Test\((\w+), (\w+)", re.M)
SECONDS = 120


@dataclass
class Patch:
    path: Path
    tests: "list[tuple[str | None, str]]" = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.stem

    def tests_on(self, place: str) -> "list[str]":
        return [test for where, test in self.tests if where in ((place,) if place == "threads" else (None, place))]

    def text(self, generator_only: bool) -> str:
        parts = re.split(r"(?m)^(?=--- )", self.path.read_text())
        return "".join(part for part in parts if not generator_only or GENERATOR.match(part))


def read_patches() -> "list[Patch]":
    patches = []
    for path in sorted(PATCHES.glob("*.patch")):
        head = path.read_text().partition("\n--- ")[0]
        lines = [match for line in head.splitlines() if (match := HEAD_LINE.match(line))]
        patches.append(Patch(path, [(match[1], match[2]) for match in lines]))
    return patches


def written_tests() -> "set[str]":
    found = set()
    for source in (ROOT / "tests/mir").glob("test_*.c"):
        found |= {f"{suite}/{name}" for suite, name in TEST_MACRO.findall(source.read_text())}
    return found


def check_heads() -> int:
    known, passed, failed = written_tests() | {"build"}, 0, 0
    told = (PATCHES.parent / "README.md").read_text()
    for patch in read_patches():
        faults = [f"{test} is no test of tests/mir" for _, test in patch.tests if test not in known]
        faults += [f"{where} is none of {PLACES}" for where, _ in patch.tests if where not in (None, *PLACES)]
        if not patch.tests:
            faults.append("its head names no test")
        if not NAME.match(patch.name):
            faults.append("its name tells no layer")
        if f"- `{patch.name}`" not in told:
            faults.append("README.md does not tell of it")
        for fault in faults:
            print(f"{patch.name}: {fault}")
        failed += bool(faults)
        passed += not faults
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


# ---- Sources ----


def apply_patch(folder: Path, text: str, back: bool) -> int:
    """Applies a patch or takes it back. Returns how many of its hunks did not go."""
    command = ["patch", "-p1", "-f", "--no-backup-if-mismatch", "-r", "-", "-d", str(folder)]
    # Later patches may have changed the lines around.
    command += ["-R", "-F3"] if back else []
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    failed = sum(int(n) for n in re.findall(r"^(\d+) out of", done.stdout, re.M))
    return failed or (done.returncode != 0) * len(re.findall(r"(?m)^@@ ", text))


def replace_sources(build: Path, wanted: Path) -> None:
    """Copies what differs, so that no more is compiled than must be."""
    target = build / "mir"
    target.mkdir(exist_ok=True)
    for file in wanted.iterdir():
        kept = target / file.name
        if not kept.exists() or kept.read_bytes() != file.read_bytes():
            shutil.copyfile(file, kept)
    for file in target.iterdir():
        if not (wanted / file.name).exists():
            file.unlink()


# ---- Building and running ----


class Bench:
    """One build folder, whose copy of MIR changes."""

    def __init__(self, build: Path, place: str, patches: "list[Patch]"):
        self.build, self.place = build, place
        self.foreign = place in MACHINES and place != platform.machine()
        self.full = build / "mir-full"
        shutil.rmtree(self.full, ignore_errors=True)
        shutil.copytree(PRISTINE, self.full)
        for patch in patches:
            if apply_patch(self.full, patch.text(False), back=False):
                sys.exit(f"{patch.name} does not apply")
        replace_sources(build, self.full)
        if not (build / "ninja/build.ninja").exists():
            self.configure()

    def configure(self) -> None:
        command = ["meson", "setup", str(self.build / "ninja"), str(ROOT), "-Dbuildtype=debugoptimized", "-Djit=enabled"]
        command += ["-Dcli=disabled", "-Dtests=enabled", f"-Dmir_source={self.build / 'mir'}"]
        if self.foreign:
            command += ["--cross-file", str(ROOT / f"cross/{self.place}-linux-gnu.ini")]
        if self.place == "threads":
            command += ["-Db_sanitize=thread", "-Db_lundef=false"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)

    def without(self, patch: Patch) -> "tuple[bool, str]":
        """Builds without the patch. Returns whether that compiles, and a remark."""
        remarks = []
        for generator_only in (False, True):
            text = patch.text(generator_only)
            if generator_only and (not text or text == patch.text(False)):
                break
            work = self.build / "mir-without"
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(self.full, work)
            left = apply_patch(work, text, back=True)
            undo = patch.path.with_suffix(".undo")
            if undo.exists():
                shutil.rmtree(work)
                shutil.copytree(self.full, work)
                text, left = undo.read_text(), apply_patch(work, undo.read_text(), back=False)
            replace_sources(self.build, work)
            remarks = ["its interface is kept"] if generator_only else []
            if left:
                remarks.append(f"{left} of {text.count(chr(10) + '@@ ')} hunks are written over and stay in")
            if self.compiles():
                return True, f" ({', '.join(remarks)})" if remarks else ""
            if "build" in patch.tests_on(self.place):
                break
        return False, ""

    def compiles(self) -> bool:
        done = subprocess.run(["ninja", "-j2", "-C", str(self.build / "ninja"), "tests/mir/test-mir"], capture_output=True, text=True)
        (self.build / "log").write_text(done.stdout + done.stderr)
        return done.returncode == 0

    def run(self, test: str) -> bool:
        """Does this test pass? It must have run to do so."""
        program = str(self.build / "ninja/tests/mir/test-mir")
        command = [program, "--filter", test, "--jobs", "1"]
        if self.place != platform.machine():  # without Criterion's library: tests/cross/criterion_run.c
            command = [f"qemu-{self.place}"] * self.foreign + [program, f"={test}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return False
        output = done.stdout + done.stderr
        ran = re.search(r"Tested: (?:\x1b\[[0-9;]*m)?(\d+)", output)
        return done.returncode == 0 and ran is not None and int(ran[1]) == 1


def survey(bench: Bench, patch: Patch, known: "list[str]") -> bool:
    builds, remark = bench.without(patch)
    failing = [test for test in known if not bench.run(test)] if builds else ["build"]
    print(f"{patch.name}: {' '.join(failing) or 'nothing fails'}{remark}", flush=True)
    return bool(failing)


def check(bench: Bench, patch: Patch) -> bool:
    tests = patch.tests_on(bench.place)
    if not tests and patch.tests:
        return True  # its tests are elsewhere
    builds, remark = bench.without(patch)
    if builds:
        failing = [test for test in tests if test != "build" and not bench.run(test)]
        passing = [test for test in tests if test not in failing]
    else:
        failing = tests if "build" in tests else []
        passing = [] if failing else tests
    print(f"{patch.name}: without it fails {', '.join(failing) or 'nothing'}{remark}", flush=True)
    for test in passing:
        print(f"FAILED {patch.name}: {test} does not{'' if builds else ', nor can it be built'}", flush=True)
    return bool(failing) and not passing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", default=platform.machine(), choices=PLACES)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--survey", action="store_true")
    parser.add_argument("--heads", action="store_true")
    parser.add_argument("patches", nargs="*")
    options = parser.parse_args()
    if options.heads:
        return check_heads()
    subprocess.run([str(ROOT / "deps/mir.sh")], check=True)
    patches = read_patches()
    chosen = [p for p in patches if not options.patches or any(p.name.startswith(n) for n in options.patches)]
    build = options.build or Path(tempfile.mkdtemp(prefix="murre-patches-"))
    build = build.resolve()
    build.mkdir(parents=True, exist_ok=True)
    try:
        bench = Bench(build, options.on, patches)
        if not bench.compiles():
            sys.exit((build / "log").read_text())
        named = sorted({test for p in chosen for test in p.tests_on(options.on)} - {"build"})
        if options.survey:  # those of other machines do not pass here
            known = [test for test in sorted(written_tests()) if bench.run(test)]
            results = [survey(bench, patch, known) for patch in chosen]
        else:
            broken = [test for test in named if not bench.run(test)]
            if broken:
                sys.exit(f"with all patches, these do not pass: {' '.join(broken)}")
            results = [check(bench, patch) for patch in chosen]
    finally:
        if options.build is None:
            shutil.rmtree(build)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main())
