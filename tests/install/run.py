#!/usr/bin/env python3
"""Installs into a temporary folder and builds against that: run.py BUILD PREFIX LIBDIR CMAKE PKGCONFIG COMPILER…. CMAKE and PKGCONFIG may
be empty: what they are needed for is then counted as skipped."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


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
    build, prefix, libdir, cmake, pkgconfig, *compiler = sys.argv[1:]
    runner = Runner()
    flags = " ".join(word for word in compiler if word.startswith("-fsanitize"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        installed = runner.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root])
        runner.check(installed is not None)
        tree = Path(f"{root}{prefix}")
        library = tree / libdir
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
                runner.check(built is not None and runner.run([program], env=environment if not static else None) == "good\n")
        else:
            runner.skipped.append("pkg-config")
        if cmake:
            made = runner.run([cmake, "-S", HERE, "-B", f"{folder}/cmake", f"-DCMAKE_PREFIX_PATH={tree}", f"-DCMAKE_C_FLAGS={flags}"])
            made = made is not None and runner.run([cmake, "--build", f"{folder}/cmake"]) is not None
            for name in ("host-shared", "host-static"):
                runner.check(made and runner.run([f"{folder}/cmake/{name}"]) == "good\n")
        else:
            runner.skipped.append("cmake")
    for name in runner.skipped:
        print(f"skipped: {name}: 2")
    print(f"{runner.passed} passed, {runner.failed} failed" + (f", {2 * len(runner.skipped)} skipped" if runner.skipped else ""))
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
