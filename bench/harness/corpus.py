"""Builds the kernels and applications, for this machine and for wasm32-wasi, into bench/out."""

import os
import platform
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import places

KERNELS = sorted(p.stem for p in (places.BENCH / "kernels").glob("*.c"))
SIMD = sorted(p.stem for p in (places.BENCH / "simd").glob("*.c"))
# Reference results of native code are gcc -O2; -ffp-contract=off because WebAssembly never fuses a multiply and an add.
GCC = ["gcc", "-O2", "-std=gnu17", "-ffp-contract=off", "-w"]
CLANG = ["clang-14" if shutil.which("clang-14") else "clang", "--target=wasm32-wasi", "-O2", "-std=gnu17", "-w",
         "-Wl,--strip-debug", "-Wl,-z,stack-size=1048576"]
RUST = ["--edition", "2021", "-C", "opt-level=3", "-C", "strip=debuginfo"]
GO = ["go", "build", "-trimpath", "-ldflags=-s -w"]

LUA = places.SOURCES / "lua"
SQLITE = places.SOURCES / "sqlite"
QUICKJS = places.SOURCES / "quickjs"


@dataclass
class App:
    name: str
    stdin: str | None = None  # in its folder
    sources: list = field(default_factory=list)  # of the application's own C; empty for Rust and Go
    flags: list = field(default_factory=list)

    @property
    def folder(self):
        return places.BENCH / "apps" / self.name

    @property
    def input(self):
        return self.folder / self.stdin if self.stdin else None


def apps():
    lua_flags = ["-include", str(places.BENCH / "apps/lua/throw.h"), f"-I{places.BENCH}/apps/lua/shim", f"-I{LUA}"]
    sqlite_flags = [f"-I{SQLITE}", "-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_TEMP_STORE=3", "-DSQLITE_OMIT_WAL",
                    "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_SHARED_CACHE", "-DSQLITE_DEFAULT_MEMSTATUS=0"]
    quickjs_flags = [f"-I{QUICKJS}", "-D_GNU_SOURCE", "-funsigned-char"]
    return [
        App("lua", "workload.lua", sorted(LUA.glob("*.c")), lua_flags),
        App("sqlite", "workload.sql", [SQLITE / "sqlite3.c"], sqlite_flags),
        App("quickjs", "workload.js", sorted(QUICKJS.glob("*.c")), quickjs_flags),
        App("rust"),
        App("go"),
    ]


def system_rustc():
    """A rustc with the wasm32-wasi library: the distribution's, or the one in the path; and the name of that target."""
    for rustc in ("/usr/bin/rustc", "rustc"):
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            if not shutil.which(rustc):
                continue
            answer = subprocess.run([rustc, "--print", "target-libdir", "--target", target], capture_output=True, text=True)
            if answer.returncode == 0 and os.path.isdir(answer.stdout.strip()):
                return rustc, target
    return None, None


def newer(target, sources):
    return target.exists() and all(os.path.getmtime(s) <= target.stat().st_mtime for s in sources)


class Builder:
    """Collects what must be built, then builds it in parallel; what fails is reported and left out."""

    def __init__(self, say):
        self.say = say
        self.jobs = []
        for folder in (places.NATIVE, places.WASM):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, target, command, sources, cwd=None, env=None, finish=None):
        """`finish (path)` is called with what has been built, before it takes its name."""
        if not newer(target, sources):
            self.jobs.append((target, command, cwd, env, finish))

    def c_program(self, name, sources, flags, depends):
        sources = [str(s) for s in sources]
        self.add(places.NATIVE / name, [*GCC, *flags, *sources, "-lm", "-o", places.NATIVE / name], sources + depends)
        wasm = places.WASM / f"{name}.wasm"
        self.add(wasm, [*CLANG, *flags, *sources, "-lm", "-o", wasm], sources + depends)

    def build(self):
        def one(job):
            target, command, cwd, env, finish = job
            part = target.with_name(target.name + ".part")
            command = [str(part) if str(c) == str(target) else str(c) for c in command]
            answer = subprocess.run(["nice", "-n", "10", *command], cwd=cwd, env={**os.environ, **(env or {})},
                                    capture_output=True, text=True)
            if answer.returncode == 0:
                if finish:
                    finish(part)
                part.replace(target)
                return None
            return f"cannot build {target.relative_to(places.ROOT)}: {answer.stderr.strip()[:600]}"

        if self.jobs:
            self.say(f"building {len(self.jobs)} programs")
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for failure in pool.map(one, self.jobs):
                if failure:
                    self.say(failure)


def add_kernels(builder):
    header = str(places.BENCH / "kernels/kernel.h")
    for name in KERNELS:
        builder.c_program(name, [places.BENCH / "kernels" / f"{name}.c"], [], [header])
    hello = places.BENCH / "apps/hello.c"
    builder.c_program("hello", [hello], [], [])


def put_relaxed_dot(path):
    """Clang 14 writes relaxed SIMD with the numbers of an earlier draft and has no dot product of bytes. The kernel asks for
    i8x16.laneselect, 0xb2 then and nothing now; here it becomes i32x4.relaxed_dot_i8x16_i7x16_add_s, 0x113."""
    path.write_bytes(path.read_bytes().replace(b"\xfd\xb2\x01", b"\xfd\x93\x02"))


def simd_module(name, scalar=False):
    return places.WASM / f"simd-{name}{'-scalar' if scalar else ''}.wasm"


def add_simd(builder):
    """Three builds of each: this machine's vectors, those of WebAssembly, and WebAssembly without."""
    folder = places.BENCH / "simd"
    native_flags = ["-msse4.1"] if platform.machine() == "x86_64" else []
    for name in SIMD:
        sources = [str(folder / f"{name}.c"), str(folder / "vec.h"), str(places.BENCH / "kernels/kernel.h")]
        relaxed = name.endswith("_relaxed")
        native, vector, scalar = places.NATIVE / f"simd-{name}", simd_module(name), simd_module(name, scalar=True)
        builder.add(native, [*GCC, "-DVECTOR", *native_flags, sources[0], "-lm", "-o", native], sources)
        flags = ["-DVECTOR", "-msimd128", *(["-mrelaxed-simd"] if relaxed else [])]
        builder.add(vector, [*CLANG, *flags, sources[0], "-o", vector], sources, finish=put_relaxed_dot if relaxed else None)
        builder.add(scalar, [*CLANG, sources[0], "-o", scalar], sources)


def add_cpp(builder):
    """A C++ program with vectors; needs Debian's libc++-14-dev-wasm32 and libc++abi-14-dev-wasm32."""
    source = str(places.BENCH / "apps/cpp/points.cpp")
    flags = ["-O2", "-std=gnu++17", "-fno-exceptions", "-ffp-contract=off", "-w"]
    native, wasm = places.NATIVE / "points", places.WASM / "points.wasm"
    builder.add(native, ["g++", *flags, source, "-o", native], [source])
    clang = CLANG[0].replace("clang", "clang++")
    builder.add(wasm, [clang, "--target=wasm32-wasi", *flags, "-msimd128", "-Wl,--strip-debug", source, "-o", wasm], [source])


def add_apps(builder):
    for app in apps():
        if app.stdin:
            own = sorted(app.folder.glob("*.c"))
            builder.c_program(app.name, [*app.sources, *own], ["-DNDEBUG", *app.flags], [str(places.BENCH / "apps/app.h")])
    main = places.BENCH / "apps/rust/main.rs"
    rustc, target = system_rustc()
    if rustc:
        builder.add(places.NATIVE / "rust", [rustc, *RUST, main, "-o", places.NATIVE / "rust"], [main])
        wasm = places.WASM / "rust.wasm"
        builder.add(wasm, [rustc, *RUST, "--target", target, main, "-o", wasm], [main])
    else:
        builder.say("no rustc with a wasm32-wasi library (Debian: rustc libstd-rust-dev-wasm32): going on without rust")
    folder = places.BENCH / "apps/go"
    if shutil.which("go"):
        sources = [folder / "main.go", folder / "go.mod"]
        builder.add(places.NATIVE / "go", [*GO, "-o", places.NATIVE / "go", "."], sources, cwd=folder)
        wasm = places.WASM / "go.wasm"
        builder.add(wasm, [*GO, "-o", wasm, "."], sources, cwd=folder, env={"GOOS": "wasip1", "GOARCH": "wasm"})
    else:
        builder.say("no Go: going on without go")


def fetch(script, say):
    answer = subprocess.run([places.ROOT / "deps/bench" / script])
    if answer.returncode != 0:
        say(f"deps/bench/{script} failed: going on with what is there")


def prepare(groups, say):
    """Brings and builds what these groups need."""
    builder = Builder(say)
    add_kernels(builder)
    if groups & {"simd", "simd-scalar", "simd-interp"}:
        add_simd(builder)
    if groups & {"first-run", "steady"}:
        fetch("sources.sh", say)
        add_apps(builder)
    if "simd-real" in groups:
        add_cpp(builder)
    if groups & {"cold", "validate", "simd-real"}:
        fetch("modules.sh", say)
    builder.build()
