#!/usr/bin/env python3
"""Checks the project's layering: layering.py [NM BUILD]. From the `#include` and `#if` lines of the sources, and, of a build folder, from the
symbols that its objects use and define: what a declaration of one's own or a public header would hide from the former.

    base <- wasm <- runtime <- {interp, jit} <- api <- {wasi, cli}
    wasm <- text <- api

`arch` sees only `base`; the interpreter and the compiler never include each other; only src/jit includes mir.h; the
processor is asked about (`#if`) only in src/arch and src/base, what it can do (cpuid, hwcap) only in src/arch/*/features.c; src/wasi and src/cli
use the public headers only. So do the fuzz target of the public interfaces, the tests and benchmarks of these, and the examples; other tests and fuzz
targets see the layers that OUTSIDE lists. No `case` names a comparison of numbers or an access of memory: numeric.def has what is known
of them.
First proves on a bad sample that each rule can fail, then checks the tree. Last line: `N passed, N failed`.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What each folder of src/ may include besides itself and the public headers, where those are allowed.
ALLOWED = {
    "base": set(),
    "arch": {"base"},
    "wasm": {"base"},
    "text": {"base", "wasm"},
    "runtime": {"base", "arch", "wasm"},
    "interp": {"base", "arch", "wasm", "runtime"},
    "jit": {"base", "arch", "wasm", "runtime"},
    "api": {"base", "arch", "wasm", "text", "runtime", "interp", "jit"},
    "wasi": {"base"},
    "cli": {"base"},
}
PUBLIC = {"murre.h", "wasm.h", "wasi.h"}
EVERYTHING = set(ALLOWED) - {"api", "cli"}
# What folders beside src/ may include of it; the longest name that fits counts. Nothing: hosts, or what plays one. A layer or a file.
OUTSIDE = {
    "bench": set(),
    "examples": set(),
    "tests": set(),
    "tests/arch": {"arch"},
    "tests/mir": {"base", "arch", "wasm", "runtime", "jit"},
    "tests/tools": {"base", "arch", "wasm", "runtime", "jit"},
    "tests/unit": EVERYTHING - {"jit"},  # for builds without a compiler, too
    "fuzz": {"base", "wasm", "runtime"},
    "fuzz/api": {"wasi/functions.def"},  # the names of WASI's functions
    "fuzz/diff": {"base", "wasm", "runtime", "jit/jit.h"},  # the switch that breaks a lowering
    "fuzz/module": {"base", "wasm"},
    "fuzz/wasi": {"base", "wasi"},
}
MAY_ASK_PROCESSOR = {"base", "arch"}
PROCESSOR = re.compile(r"\b(__x86_64(__)?|__amd64(__)?|__i386(__)?|__aarch64__|__arm(64)?__|__ARM_\w+|__riscv\w*|__AVX\w*|__SSE\w*|__BMI\w*)")
ABILITY = re.compile(r"\bcpuid\b|__get_cpuid|__builtin_cpu_|\bAT_HWCAP2?\b|\bxgetbv\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
# Of numbers only: for vectors src/jit/vec_*.c chooses the sequences of a machine.
FACT = re.compile(r"\bcase MURRE_OP_[IF]\d+_(EQ|NE|LT|GT|LE|GE|LOAD|STORE)(?!Z)")
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")


def folder_of(path: Path, root: Path) -> str:
    return path.relative_to(root / "src").parts[0]


def included_folder(name: str, path: Path, root: Path) -> "str | None":
    """The folder of src/ that an include leads to, or None for a public or a system header."""
    beside = path.parent / name
    if beside.is_file() and (root / "src") in beside.resolve().parents:
        return folder_of(beside.resolve(), root)
    if (root / "src" / name).is_file() or "/" in name and name.split("/")[0] in ALLOWED:
        return name.split("/")[0]
    return None


def check_include(folder: str, quote: str, name: str, path: Path, root: Path) -> "str | None":
    if Path(name).name in {"mir.h", "mir-gen.h"} and folder != "jit":
        return f"only src/jit may include {name}"
    if name in PUBLIC:
        return None
    target = included_folder(name, path, root)
    if target is None:
        return f'"{name}" is neither in src nor public' if quote == '"' and folder != "jit" else None
    if target != folder and target not in ALLOWED[folder]:
        return f"src/{folder} may not include src/{target} ({name})"
    return None


def check_file(path: Path, root: Path) -> "list[str]":
    folder = folder_of(path, root)
    if folder not in ALLOWED:
        return [f"{path}: src/{folder} is no layer"]
    faults = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        fault = None
        include, condition = INCLUDE.match(line), CONDITION.match(line)
        if include:
            fault = check_include(folder, *include.groups(), path, root)
        elif condition and folder not in MAY_ASK_PROCESSOR and PROCESSOR.search(condition.group(1)):
            fault = "the processor is asked about only in src/arch and src/base"
        if ABILITY.search(line) and path.name != "features.c":
            fault = "what the processor can do is asked only in src/arch/*/features.c"
        if FACT.search(line):
            fault = "comparisons and accesses are told apart by wasm/numeric.def and opcodes.def, not by a switch"
        if fault:
            faults.append(f"{path.relative_to(root)}:{number}: {fault}")
    return faults


# ---- beside src/ ----


def check_outside(path: Path, root: Path) -> "list[str]":
    name = path.relative_to(root).as_posix()
    folder = max((f for f in OUTSIDE if name.startswith(f + "/")), key=len)
    faults = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        wanted = include.group(2)
        if Path(wanted).name in {"mir.h", "mir-gen.h"} and "jit" not in OUTSIDE[folder]:
            faults.append(f"{name}:{number}: {folder} may not include {wanted}")
        own = [path.parent, root / name.split("/")[0], root / "tests"]  # before src, whose folders have the same names
        if wanted in PUBLIC or any((place / wanted).is_file() for place in own) or not (root / "src" / wanted).is_file():
            continue
        if not {wanted, wanted.split("/")[0]} & OUTSIDE[folder]:
            faults.append(f"{name}:{number}: {folder} may not include src/{wanted}")
    return faults


def outside(root: Path) -> "list[Path]":
    return sorted(p for top in {f.split("/")[0] for f in OUTSIDE} for p in (root / top).rglob("*") if p.suffix in {".c", ".h", ".inc", ".def"})


# ---- symbols ----

Symbols = "dict[str, tuple[set[str], set[str]]]"  # by object: what it defines, what it uses


def read_symbols(nm: str, build: Path) -> Symbols:
    """Of each source once: archives and the shared library may have objects of the same."""
    objects = {path.name: path for path in sorted(build.glob("*.p/src_*.o"))}
    found = {}
    for name, path in objects.items():
        defined, used = set(), set()
        for line in subprocess.run([nm, path], capture_output=True, text=True, check=True).stdout.splitlines():
            *_, kind, symbol = line.split()
            if kind == "U":
                used.add(symbol)
            elif kind.isupper():
                defined.add(symbol)
        found[name] = (defined, used)
    return found


def declared(headers: "list[Path]") -> "set[str]":
    return {name for path in headers for name in re.findall(r"\b(?:murre|wasm)_\w+(?=\s*\()", path.read_text())}


def check_symbols(symbols: Symbols, public: "set[str]", of_arch: "set[str]") -> "list[str]":
    """wasi and cli may use what public headers declare, wherever it is; arch what its own header says that others provide."""
    layer = {name: name.split("_")[1] for name in symbols}
    where = {symbol: name for name, (defined, _) in symbols.items() for symbol in defined}
    faults = []
    for name, (_, used) in symbols.items():
        free = of_arch if layer[name] == "arch" else public if layer[name] in {"wasi", "cli"} else set()
        for symbol in sorted(used & where.keys() - free):
            target = layer[where[symbol]]
            if target != layer[name] and target not in ALLOWED[layer[name]]:
                faults.append(f"{name} uses {symbol}, which {where[symbol]} defines: src/{layer[name]} may not use src/{target}")
    return faults


def test_symbols() -> "list[str]":
    api, runtime = ({"murre_up", "murre_public"}, set()), ({"murre_down"}, {"murre_up"})
    bad = {"src_api_a.c.o": api, "src_runtime_b.c.o": runtime}
    cli = {"src_api_a.c.o": api, "src_cli_c.c.o": (set(), {"murre_public"})}
    arch = {"src_arch_d.c.o": (set(), {"murre_down"}), "src_runtime_b.c.o": runtime}
    failures = [] if len(check_symbols(bad, set(), set())) == 1 else ["symbols: runtime's use of api is not seen"]
    for what, public, of_arch, count in [(cli, set(), set(), 1), (cli, {"murre_public"}, set(), 0), (arch, set(), set(), 1), (arch, set(), {"murre_down"}, 0)]:
        if len(check_symbols(what, public, of_arch)) != count:
            failures.append(f"symbols: {count} faults expected in {what}")
    return failures


def sources(root: Path) -> "list[Path]":
    return sorted(p for p in (root / "src").rglob("*") if p.suffix in {".c", ".h", ".S", ".inc", ".def"})


# Each sample breaks exactly one rule; (file, line, part of the complaint).
BAD = [
    ("src/base/a.c", '#include "wasm/reader.h"', "may not include src/wasm"),
    ("src/wasm/a.c", '#include "runtime/store.h"', "may not include src/runtime"),
    ("src/runtime/a.c", '#include "interp/loop.h"', "may not include src/interp"),
    ("src/interp/a.c", '#include "jit/emit.h"', "may not include src/jit"),
    ("src/jit/a.c", '#include "../interp/loop.h"', "may not include src/interp"),
    ("src/arch/x86_64/a.c", '#include "runtime/store.h"', "may not include src/runtime"),
    ("src/api/a.c", "#  include <mir.h>", "only src/jit may include mir.h"),
    ("src/wasi/a.c", '#include "runtime/store.h"', "may not include src/runtime"),
    ("src/cli/a.c", '#include "wasm/reader.h"', "may not include src/wasm"),
    ("src/cli/a.c", '#include "wasi/fd.h"', "may not include src/wasi"),
    ("src/runtime/a.c", "#if defined(__x86_64__)", "the processor"),
    ("src/interp/a.c", "# ifdef __aarch64__", "the processor"),
    ("src/wasm/a.c", '#include "nowhere.h"', "neither in src nor public"),
    ("src/text/a.c", '#include "runtime/store.h"', "may not include src/runtime"),
    ("src/runtime/a.c", '#include "text/print.h"', "may not include src/text"),
    ("src/extra/a.c", "int x;", "no layer"),
    ("src/jit/a.c", "if (getauxval(AT_HWCAP) & 1)", "what the processor can do"),
    ("src/arch/x86_64/b.c", "__get_cpuid(1, &a, &b, &c, &d);", "what the processor can do"),
    ("src/jit/a.c", "    case MURRE_OP_I32_LT_S: return 1;", "not by a switch"),
    ("src/interp/a.c", "case MURRE_OP_I64_LOAD32_U:", "not by a switch"),
]
GOOD = [
    ("src/base/b.c", "#if defined(__x86_64__)"),
    ("src/jit/b.c", '#include "mir.h"'),
    ("src/cli/b.c", '#include "murre.h"'),
    ("src/jit/b.c", "case MURRE_OP_I32_EQZ: return;"),
    ("src/wasi/b.c", '#include "base/vec.h"'),
    ("src/api/b.c", '#include "interp/loop.h"'),
]


BAD_OUTSIDE = [
    ("fuzz/api/a.c", '#include "runtime/store.h"', "may not include src/runtime/store.h"),
    ("examples/embed/a.c", '#include "base/vec.h"', "may not include src/base/vec.h"),
    ("tests/capi/a.c", '#include "runtime/store.h"', "may not include src/runtime/store.h"),
    ("tests/arch/a.c", '#include "runtime/store.h"', "may not include src/runtime/store.h"),
    ("tests/unit/a.c", '#include "jit/emit.h"', "may not include src/jit/emit.h"),
    ("tests/unit/a.c", "#include <mir.h>", "may not include mir.h"),
    ("fuzz/diff/a.c", '#include "jit/emit.h"', "may not include src/jit/emit.h"),
]
GOOD_OUTSIDE = [
    ("fuzz/api/b.c", '#include "murre.h"'),
    ("fuzz/wasi/b.c", '#include "wasi/fd.h"'),
    ("tests/unit/b.c", '#include "runtime/store.h"'),
    ("tests/mir/b.c", '#include "jit/emit.h"'),
]


def self_test() -> "list[str]":
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name in ("wasm/reader.h", "runtime/store.h", "interp/loop.h", "jit/emit.h", "wasi/fd.h", "base/vec.h"):
            (root / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "src" / name).touch()
        samples = BAD + BAD_OUTSIDE + [(n, l, "") for n, l in GOOD + GOOD_OUTSIDE]
        for name, line, complaint in samples:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"/* sample */\n{line}\n")
            faults = (check_file if name.startswith("src/") else check_outside)(path, root)
            path.unlink()
            if complaint and not (len(faults) == 1 and complaint in faults[0]):
                failures.append(f"self-test: `{line}` in {name} should be refused ({complaint}), got {faults}")
            if not complaint and faults:
                failures.append(f"self-test: `{line}` in {name} should be accepted, got {faults}")
    return failures


def main() -> int:
    root = Path(__file__).parent.parent.resolve()
    failures = self_test() + test_symbols()
    passed = len(BAD) + len(GOOD) + len(BAD_OUTSIDE) + len(GOOD_OUTSIDE) + 5 - len(failures)
    files = sources(root)
    if not files:
        failures.append(f"no sources below {root / 'src'}")
    for path in files:
        faults = check_file(path, root)
        failures += faults
        passed += not faults
    for path in outside(root):
        faults = check_outside(path, root)
        failures += faults
        passed += not faults
    if len(sys.argv) == 3:
        symbols = read_symbols(sys.argv[1], Path(sys.argv[2]))
        faults = check_symbols(symbols, declared([root / "include" / name for name in PUBLIC]), declared([root / "src/arch/arch.h"]))
        if {name.split("_")[1] for name in symbols} < ALLOWED.keys() - {"jit"}:
            faults.append(f"only {len(symbols)} objects in {sys.argv[2]}")
        failures += faults
        passed += len(symbols) if not faults else 0
    for failure in failures:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
