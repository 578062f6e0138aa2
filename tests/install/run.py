#!/usr/bin/env python3
"""Installs into a temporary folder, looks at what is there and builds against it: run.py [--emulator WORDS] [--debian MULTIARCH] [--program no]
PROCESSOR BUILD PREFIX LIBDIR CMAKE PKGCONFIG COMPILER…. CMAKE and PKGCONFIG may be empty: what they are needed for is then counted as skipped.
--debian: the libraries must be where Debian has those of that architecture; without it LIBDIR is the system's own affair. --program no: the
build has no program murre."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent

MACHINES = {"x86_64": 0x3E, "aarch64": 0xB7}  # e_machine

# Below the prefix, {lib} being LIBDIR; links with what they lead to.
TREE = {
    "{lib}/libmurre.so.0.1.0": None,
    "{lib}/libmurre.so.0": "libmurre.so.0.1.0",
    "{lib}/libmurre.so": "libmurre.so.0",
    "{lib}/libmurre.a": None,
    "{lib}/pkgconfig/murre.pc": None,
    "{lib}/cmake/murre/murre-config.cmake": None,
    "{lib}/cmake/murre/murre-config-version.cmake": None,
    "include/murre/murre.h": None,
    "include/murre/wasi.h": None,
    "include/murre/wasm.h": None,
}
PROGRAM_TREE = {"bin/murre": None, "share/man/man1/murre.1": None}


def looks_right(tree, libdir, processor, with_program):
    good = True
    for name, target in (TREE | PROGRAM_TREE if with_program else TREE).items():
        path = tree / name.format(lib=libdir)
        if not path.is_file() or (target and os.readlink(path) != target):
            print(f"not as it should be: {path}")
            good = False
    for name in ("{lib}/libmurre.so.0.1.0", *(["bin/murre"] if with_program else [])):
        path = tree / name.format(lib=libdir)
        head = path.read_bytes()[:20] if path.is_file() else b""
        if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != MACHINES[processor]:
            print(f"not for {processor}: {path}")
            good = False
    return good


def static_hides(runner, nm, library):
    """A program that links the archive must see what one sees that links the shared library, and no more."""
    names = []
    for command in ([nm, "-D", library / "libmurre.so"], [nm, "-g", library / "libmurre.a"]):
        lines = (runner.run([*command, "--defined-only"]) or "").splitlines()
        symbols = [line.split() for line in lines if len(line.split()) == 3]
        names.append({name.partition("@")[0] for _, kind, name in symbols if kind != "A"})  # A: a symbol version
    for name in sorted(names[0] ^ names[1]):
        print(f"{name} is only in {'libmurre.so' if name in names[0] else 'libmurre.a'}")
    return names[0] and names[0] == names[1]


class Runner:
    def __init__(self):
        self.passed = self.failed = 0
        self.skipped = []

    def run(self, command, **options):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)
        if done.returncode:
            print(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if done.returncode == 0 else None

    def check(self, good):
        self.passed += bool(good)
        self.failed += not good


def main():
    args, options = sys.argv[1:], {"--emulator": "", "--debian": "", "--program": "yes"}
    while args[0] in options:
        options[args[0]] = args[1]
        args = args[2:]
    emulator, debian = shlex.split(options["--emulator"]), options["--debian"]
    processor, build, prefix, libdir, nm, cmake, pkgconfig, *compiler = args
    runner = Runner()
    flags = " ".join(word for word in compiler if word.startswith("-fsanitize"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        installed = runner.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root])
        runner.check(installed is not None)
        tree = Path(f"{root}{prefix}")
        library = tree / libdir
        runner.check(looks_right(tree, libdir, processor, options["--program"] == "yes"))
        runner.check(static_hides(runner, nm, library))
        if debian:
            if libdir != f"lib/{debian}":
                print(f"libdir is {libdir}")
            runner.check(libdir == f"lib/{debian}")
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
        if pkgconfig:
            # The paths in murre.pc are the final ones; here everything lies below another root.
            pkg = {**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(root)}
            for name, static in (("shared", []), ("static", ["--static"])):
                found = runner.run([pkgconfig, *static, "--cflags", "--libs", "murre"], env=pkg)
                program = Path(folder) / f"pkg-{name}"
                words = (found or "").split()
                if static:
                    words = ["-l:libmurre.a" if word == "-lmurre" else word for word in words]
                built = runner.run([*compiler, HERE / "host.c", "-o", program, *words])
                runner.check(built is not None and runner.run([*emulator, program], env=environment if not static else None) == "good\n")
        else:
            runner.skipped.append("pkg-config")
        if cmake:
            target = ["-DCMAKE_SYSTEM_NAME=Linux", f"-DCMAKE_SYSTEM_PROCESSOR={processor}", f"-DCMAKE_C_COMPILER={compiler[0]}"] if debian else []
            made = runner.run([cmake, "-S", HERE, "-B", f"{folder}/cmake", f"-DCMAKE_PREFIX_PATH={tree}", f"-DCMAKE_C_FLAGS={flags}", *target])
            made = made is not None and runner.run([cmake, "--build", f"{folder}/cmake"]) is not None
            for name in ("host-shared", "host-static"):
                runner.check(made and runner.run([*emulator, f"{folder}/cmake/{name}"]) == "good\n")
        else:
            runner.skipped.append("cmake")
    for name in runner.skipped:
        print(f"skipped: {name}: 2")
    print(f"{runner.passed} passed, {runner.failed} failed" + (f", {2 * len(runner.skipped)} skipped" if runner.skipped else ""))
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
