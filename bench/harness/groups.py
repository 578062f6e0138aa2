"""What is measured: groups of items, each a program with arguments and the number that counts."""

import re
from dataclasses import dataclass
from pathlib import Path

from . import corpus, modules, places

ALL = ["kernels", "interp", "simd", "simd-scalar", "simd-interp", "steady", "first-run", "cold", "validate"]

# Who asks for the first gets the others, too.
IMPLIED = {"simd": ("simd-scalar", "simd-interp")}

TITLES = {
    "kernels": "Kernels, time inside the guest, ratio to native",
    "interp": "Interpreters: the kernels with fewer repeats, time inside the guest, ratio to native",
    "simd": "SIMD kernels, time inside the guest, ratio to native",
    "simd-interp": "Interpreters: the SIMD kernels with fewer repeats, time inside the guest, ratio to native",
    "steady": "Applications after a warm-up, time inside the guest, ratio to native",
    "first-run": "Applications, first run, whole process, seconds",
    "cold": "Cold start, whole process, milliseconds",
    "validate": "Validation alone, MB of module a second",
}


@dataclass
class Item:
    group: str
    name: str
    module: Path
    args: list
    inside: bool = False  # the guest's own clock counts, not the whole process
    plain: str | None = None  # the whole output of a program that prints no checksum
    stdin: Path | None = None
    kinds: tuple = ("native", "jit", "interp")
    known: modules.ModuleRun | None = None  # an answer known beforehand; else all engines must agree

    def takes(self, engine):
        return engine.kind in self.kinds


def default_repeats(folder, kernel):
    text = (places.BENCH / folder / f"{kernel}.c").read_text()
    return int(re.search(r"#define KERNEL_REPEATS (\d+)", text).group(1))


def kernel_items(group, divisor, kinds):
    for name in corpus.KERNELS:
        repeats = max(1, default_repeats("kernels", name) // divisor)
        yield Item(group, name, places.WASM / f"{name}.wasm", [str(repeats)], inside=True, kinds=kinds)


def simd_items(group, divisor, kinds):
    for name in corpus.SIMD:
        repeats = max(1, default_repeats("simd", name) // divisor)
        yield Item(group, name, corpus.simd_module(name, scalar=group == "simd-scalar"), [str(repeats)], inside=True, kinds=kinds)


def app_items(group, args, inside, kinds):
    for app in corpus.apps():
        yield Item(group, app.name, places.WASM / f"{app.name}.wasm", args, inside=inside, stdin=app.input, kinds=kinds)


def cold_items():
    yield Item("cold", "hello", places.WASM / "hello.wasm", [], plain="hello, world\n")
    for run in modules.load():
        if run.cold:
            yield Item("cold", run.name, run.path, run.args, known=run)


def validate_items():
    for path in sorted(places.MODULES.glob("*.wasm")):
        yield Item("validate", path.stem, path, [])


def items(groups, quick, pattern):
    """The items of these groups whose name contains `pattern` and whose module has been built or fetched."""
    all_items = [
        *kernel_items("kernels", 3 if quick else 1, ("native", "jit")),
        *kernel_items("interp", 30 if quick else 6, ("native", "interp")),
        *simd_items("simd", 3 if quick else 1, ("native", "jit")),
        *simd_items("simd-scalar", 3 if quick else 1, ("jit",)),
        *simd_items("simd-interp", 30 if quick else 6, ("native", "interp")),
        *app_items("steady", ["1", "1"] if quick else ["3", "3"], True, ("native", "jit")),
        *app_items("first-run", ["0", "1"], False, ("native", "jit", "interp")),
        *cold_items(),
        *validate_items(),
    ]
    return [i for i in all_items if i.group in groups and re.search(pattern, i.name) and i.module.exists()]
