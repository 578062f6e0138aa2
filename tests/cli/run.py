#!/usr/bin/env python3
"""Tests of the command line: run.py [--emulated] MURRE [TIER…]. Those that run code do so in each tier named (interp)."""

import gzip
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import wasm  # noqa: E402
from wasm import Module, call, const, load, local_get  # noqa: E402

MURRE = ""
EMULATED = False
TIERS = ["interp"]
SECONDS = 60


class Skipped(Exception):
    """Cannot be tested here; says by what feature."""


class Result:
    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status, self.out, self.err = status, out.decode(errors="replace"), err.decode(errors="replace")

    def __repr__(self) -> str:
        return f"status {self.status}, stdout {self.out!r}, stderr {self.err!r}"


def murre(*args: "str | Path", stdin: "bytes | int" = b"", **more) -> Result:
    given = {"stdin": stdin} if isinstance(stdin, int) else {"input": stdin}
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run([MURRE, *map(str, args)], timeout=SECONDS, check=False, **given, **more)
    return Result(done.returncode, done.stdout or b"", done.stderr or b"")


def expect(result: Result, status: int, out: "str | None" = None, err: "str | None" = None) -> None:
    """out: exactly; err: a part, "" for none at all."""
    assert result.status == status, f"status {status} expected: {result}"
    assert out is None or result.out == out, f"stdout {out!r} expected: {result}"
    if err is not None:
        assert err in result.err if err else not result.err, f"{err!r} expected in stderr: {result}"


def save(folder: Path, module: "Module | bytes", name: str = "m.wasm") -> Path:
    path = folder / name
    path.write_bytes(module if isinstance(module, bytes) else module.build())
    return path


# ---- modules ----


def exits(code: int) -> Module:
    m = Module()
    leave = m.imported("proc_exit", ["i32"], [])
    m.function(const(code) + call(leave), export="_start")
    return m


def writer(text: str, fd: int = 1, forever: bool = False) -> Module:
    """Writes text; ends with the error's number when there is one."""
    m = Module()
    write = m.imported("fd_write", ["i32"] * 4, ["i32"])
    leave = m.imported("proc_exit", ["i32"], [])
    m.pages()
    m.bytes_at(0, (16).to_bytes(4, "little") + len(text).to_bytes(4, "little"))
    m.bytes_at(16, text)
    once = const(fd) + const(0) + const(1) + const(8) + call(write)
    # loop: error = write; if error: proc_exit(error); (br 0)
    body = b"\x03\x40" + once + b"\x22\x00\x04\x40" + local_get(0) + call(leave) + b"\x0b"
    body += (b"\x0c\x00" if forever else b"") + b"\x0b"
    index = m.function(body, export="_start")
    # One local of type i32.
    kind, _ = m.functions[index - len(m.imports)]
    code = b"\x01\x01\x7f" + body + wasm.END
    m.functions[index - len(m.imports)] = (kind, wasm.uleb(len(code)) + code)
    return m


def hello() -> Module:
    return writer("hello\n")


def identities() -> Module:
    m = Module()
    for kind in ("i32", "i64", "f32", "f64", "funcref", "externref"):
        m.function(local_get(0), [kind], [kind], export=kind)
    m.function(local_get(1) + local_get(0), ["i32", "f64"], ["f64", "i32"], export="swap")
    m.function(b"", [], [], export="nothing")
    return m


def reader() -> Module:
    """Reads standard input until it ends, then returns."""
    m = Module()
    read = m.imported("fd_read", ["i32"] * 4, ["i32"])
    m.pages()
    m.bytes_at(0, (16).to_bytes(4, "little") + (64).to_bytes(4, "little"))
    m.function(const(0) + const(0) + const(1) + const(8) + call(read) + wasm.DROP, export="_start")
    return m


def sleeper(seconds: int) -> Module:
    m = Module()
    poll = m.imported("poll_oneoff", ["i32"] * 4, ["i32"])
    m.pages()
    subscription = bytes(16) + (1).to_bytes(8, "little") + (seconds * 10**9).to_bytes(8, "little") + bytes(16)
    m.bytes_at(0, subscription)
    m.function(const(0) + const(64) + const(1) + const(128) + call(poll) + wasm.DROP, export="_start")
    return m


def lists_arguments() -> Module:
    """Writes its arguments and environment as they lie in memory."""
    m = Module()
    write = m.imported("fd_write", ["i32"] * 4, ["i32"])
    args_sizes = m.imported("args_sizes_get", ["i32"] * 2, ["i32"])
    args = m.imported("args_get", ["i32"] * 2, ["i32"])
    env_sizes = m.imported("environ_sizes_get", ["i32"] * 2, ["i32"])
    env = m.imported("environ_get", ["i32"] * 2, ["i32"])
    m.pages()
    show = const(0) + const(2048) + b"\x36\x02\x00"  # iovec: 2048, size
    put = const(4) + load(12) + b"\x36\x02\x00" + const(1) + const(0) + const(1) + const(16) + call(write) + wasm.DROP
    body = show
    for sizes, get in ((args_sizes, args), (env_sizes, env)):
        body += const(8) + const(12) + call(sizes) + wasm.DROP + const(1024) + const(2048) + call(get) + wasm.DROP + put
    m.function(body, export="_start")
    return m


# ---- the program itself ----


def test_version_and_help(folder: Path) -> None:
    expect(murre("--version"), 0, err="")
    assert re.match(r"murre \d+\.\d+\.\d+ \(interpreter.*, \w+\)\n$", murre("--version").out)
    for args in (["--help"], ["run", "--help"], ["validate", "--help"], ["inspect", "--help"], ["help"], ["-h"]):
        result = murre(*args)
        expect(result, 0, err="")
        assert result.out.startswith("Usage: murre"), result


def test_wrong_command_lines(folder: Path) -> None:
    module = save(folder, hello())
    for args, message in (
        ([], "no file"),
        (["run"], "no file"),
        (["--nonsense", module], "unknown option '--nonsense'"),
        (["-x", module], "unknown option '-x'"),
        (["--tier=fast", module], "--tier: 'fast' is not one of auto, interp, jit"),
        (["--tier"], "needs an argument"),
        (["--stats=yes", module], "takes no argument"),
        (["--max-memory=1X", module], "is not a size"),
        (["--max-memory=-1", module], "is not a size"),
        (["--max-memory=99999999999G", module], "is not a size"),
        (["--timeout=soon", module], "is not a time"),
        (["--timeout=0", module], "is not a time"),
        (["--timeout=-1s", module], "is not a time"),
        (["--opt-level=4", module], "0 to 3"),
        (["--socket=x", module], "is not a number"),
        (["--dir=", module], "HOST::GUEST"),
        (["--dir=::/x", module], "HOST::GUEST"),
        (["--dir-ro=x::", module], "--dir-ro: 'x::'"),
        (["--env==x", module], "has no name"),
        (["--env", "", module], "has no name"),
        (["validate"], "no file"),
        (["inspect"], "no file"),
        (["inspect", module, module], "one file"),
        (["validate", "--deep", module], "unknown option"),
    ):
        result = murre(*args)
        expect(result, 2, out="", err=message)
        assert "--help" in result.err, result


def test_unusable_files(folder: Path) -> None:
    for name, content, message in (
        ("empty", b"", "is empty"),
        ("text", b"  (module)", "is WebAssembly text"),
        ("comment", b";; x\n(module)", "is WebAssembly text"),
        ("component", b"\0asm\x0d\0\1\0", "is a component"),
        ("short", b"\0as", "offset 0x"),
        ("version", b"\0asm\2\0\0\0", "offset 0x"),
        ("other", b"\x7fELF" + bytes(60), "is a native program"),
        ("cut", hello().build()[:-3], "offset 0x"),
    ):
        path = save(folder, content, name)
        expect(murre(path), 1, out="", err=message)
        expect(murre(path), 1, out="", err=f"murre: {path}: ")
        expect(murre("validate", path), 1, out="", err=message)
        expect(murre("inspect", path), 1, out=None if name == "cut" else "", err=message)
    expect(murre(folder / "missing"), 1, out="", err="No such file or directory")
    expect(murre(folder), 1, out="", err="Is a directory")
    expect(murre("run", "run"), 1, err="run: No such file")


def test_write_errors_are_noticed(folder: Path) -> None:
    module = save(folder, identities())
    with open("/dev/full", "wb") as full:
        for args in (["--version"], ["--help"], ["run", "--help"], ["inspect", module], ["--invoke=i32", module, "7"]):
            expect(murre(*args, stdout=full), 1, err="No space left on device")


def test_options_before_the_file_only(folder: Path) -> None:
    module = save(folder, lists_arguments(), "prog.wasm")
    for args, seen in (
        (["run", module, "--help", "--", "-x"], ["--help", "--", "-x"]),
        ([module, "run", "--tier=none"], ["run", "--tier=none"]),
        (["--tier", "interp", "--", module, "a b", ""], ["a b", ""]),
        (["run", "--tier=interp", module], []),
    ):
        result = murre(*args)
        expect(result, 0, err="")
        assert result.out == "".join(f"{a}\0" for a in [str(module), *seen]), result


def test_environment_is_only_what_is_named(folder: Path) -> None:
    module = save(folder, lists_arguments())
    environment = {**os.environ, "PASSED": "on", "EMPTY": "", "HIDDEN": "x"}
    result = murre("--env", "A=b=c", "--env=PASSED", "--env=EMPTY", "--env=ABSENT", "--env=E=", module, env=environment)
    expect(result, 0, f"{module}\0A=b=c\0PASSED=on\0EMPTY=\0E=\0", "")


# ---- input ----


def test_standard_input_and_compression(folder: Path) -> None:
    plain = hello().build()
    for content in (plain, gzip.compress(plain), zlib.compress(plain), gzip.compress(plain[:20]) + gzip.compress(plain[20:])):
        expect(murre("-", stdin=content), 0, "hello\n", "")
        expect(murre(save(folder, content)), 0, "hello\n", "")
        expect(murre("validate", "-", stdin=content), 0, "", "")
    expect(murre("-", stdin=b""), 1, err="standard input: is empty")
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    feeder = subprocess.Popen(["sh", "-c", f"cat '{save(folder, hello())}' > '{fifo}'"])
    expect(murre(fifo), 0, "hello\n", "")
    feeder.wait()


def test_bombs_and_damaged_streams(folder: Path) -> None:
    bomb = gzip.compress(bytes(200 << 20))
    before = time.monotonic()
    expect(murre(save(folder, bomb)), 1, err="decompressed size exceeds")
    assert time.monotonic() - before < 20
    expect(murre("-", stdin=bomb), 1, err="decompressed size exceeds")
    whole = gzip.compress(hello().build())
    for damaged in (whole[:-9], whole[:20] + b"\xff\xff\xff" + whole[23:], whole[:10], zlib.compress(b"x" * 100)[:-1]):
        expect(murre(save(folder, damaged)), 1, err="damaged or cut short")


def test_a_file_that_shrinks_while_it_runs(folder: Path) -> None:
    m = Module()
    read = m.imported("fd_read", ["i32"] * 4, ["i32"])
    m.pages()
    m.bytes_at(0, (16).to_bytes(4, "little") + (64).to_bytes(4, "little"))
    m.extra = os.urandom(1 << 20)
    late = len(m.imports) + 1
    m.function(const(0) + const(0) + const(1) + const(8) + call(read) + wasm.DROP + call(late), export="_start")
    m.function(b"\x01" * (3 << 20))
    path = save(folder, m)
    process = subprocess.Popen([MURRE, "--tier=interp", path], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    os.truncate(path, 4096)
    _, err = process.communicate(b"go", timeout=SECONDS)
    assert process.returncode == 1 and b"changed" in err, (process.returncode, err)


# ---- validate, inspect ----


def rewrites(path: "bytes | None", answer: bytes, offset: int) -> bytes:
    """A program that writes zeros over `answer`, a function's code in its own file, then calls it: through the file at `path` in its folder,
    or through its standard output, which is there already. offset: of `answer` in the file."""
    m = Module()
    path_open = m.imported("path_open", ["i32"] * 5 + ["i64", "i64", "i32", "i32"], ["i32"])
    pwrite = m.imported("fd_pwrite", ["i32", "i32", "i32", "i64", "i32"], ["i32"])
    write = m.imported("fd_write", ["i32"] * 4, ["i32"])
    proc_exit = m.imported("proc_exit", ["i32"], [])
    m.pages()
    m.bytes_at(0, path or b"-")
    function = len(m.imports)
    there = b"\x42" + bytes([offset & 0x7F | 0x80, offset >> 7 & 0x7F | 0x80, offset >> 14])
    opens = b"".join(const(n) for n in (3, 0, 0, len(path or b""), 0)) + b"\x42\x44\x42\x00" + const(0) + const(16) + call(path_open)
    quits = b"\x04\x40" + const(70) + call(proc_exit) + b"\x0b"
    writes = const(32) + const(64) + b"\x36\x02\x00" + const(36) + const(len(answer)) + b"\x36\x02\x00"
    if path:
        writes += load(16) + const(32) + const(1) + there + const(48) + call(pwrite) + quits
    else:
        writes += const(1) + const(32) + const(1) + const(48) + call(write) + quits
    m.function(answer, results=["i32"])
    m.function((opens + quits if path else b"") + writes + call(function) + call(proc_exit), export="_start")
    return m.build()


def test_a_program_cannot_change_its_own_code(folder: Path) -> None:
    answer = const(7) + const(10) + b"\x6c" + const(3) + b"\x6a"  # 7 * 10 + 3
    for name in (b"m.wasm", None):
        at = rewrites(name, answer, 0).index(answer)
        path = save(folder, rewrites(name, answer, at))
        if name:
            expect(murre(f"--dir={folder}::.", path), 73, err="")
        else:
            with open(path, "r+b") as output:
                output.seek(at)
                expect(murre(path, stdout=output), 73, err="")
        assert answer not in path.read_bytes(), "nothing was written"


def test_validate_names_each_bad_file(folder: Path) -> None:
    good = save(folder, hello(), "good.wasm")
    m = Module()
    m.function(b"\x6a", [], ["i32"], export="f")  # i32.add on an empty stack
    bad = save(folder, m, "bad.wasm")
    worse = save(folder, b"\0asm\1\0\0\0\x01\xff", "worse.wasm")
    expect(murre("validate", good, good), 0, "", "")
    result = murre("validate", bad, good, worse)
    expect(result, 1, "")
    lines = result.err.splitlines()
    assert len(lines) == 2 and str(bad) in lines[0] and str(worse) in lines[1], result
    assert all(re.search(r": offset 0x[0-9a-f]+: .+", line) for line in lines), result
    assert murre("--invoke=f", bad).status == 134, "found when it is called"
    assert murre("--validate-all", "--invoke=f", bad).status == 1, "found at once"


def test_missing_features_are_named(folder: Path) -> None:
    m = Module()
    m.function(b"\xfe\x03\0", export="_start")
    path = save(folder, m)
    expect(murre("validate", path), 1, "", "needs feature: atomics")
    expect(murre("--validate-all", path), 1, "", "needs feature: atomics")
    expect(murre(path), 1, "", "needs feature: atomics")
    result = murre("inspect", path)
    expect(result, 0, err="")
    assert re.search(r"^features: .*atomics", result.out, re.M), result


def test_inspect_shows_the_parts(folder: Path) -> None:
    m = hello()
    m.names.append((2, "start it"))
    path = save(folder, m)
    out = murre("inspect", path).out
    for part in (
        "sections:",
        "imports:",
        "wasi_snapshot_preview1.fd_write: (i32, i32, i32, i32) -> i32",
        "exports:",
        "_start: () -> ()",
        "memory: 1 pages",
        "features: none",
        'custom "name"',
    ):
        assert part in out, (part, out)
    for function in ("--disassemble", "--disassemble=2", "--disassemble=_start", "--disassemble=start it"):
        result = murre("inspect", function, path)
        expect(result, 0, err="")
        assert "i32.const" in result.out and "start it" in result.out, result
    expect(murre("inspect", "--disassemble=nobody", path), 1, err="no function 'nobody'")
    expect(murre("inspect", "--disassemble=0", path), 1, err="not defined")
    expect(murre("inspect", "--disassemble=99", path), 1, err="not defined")


def test_names_cannot_play_with_the_terminal(folder: Path) -> None:
    bad = "\x1b[31mred\x9b32mgreen"
    m = Module()
    m.function(wasm.UNREACHABLE, export=bad, name=bad)
    m.function(call(0), export="_start")
    path = save(folder, m)
    imports = Module()
    imports.imported(bad, [], [], module=bad)
    imports.function(b"", export="_start")
    for result in (
        murre("inspect", path),
        murre("inspect", "--disassemble=0", path),
        murre(path),
        murre(save(folder, imports)),
        murre("inspect", save(folder, imports)),
    ):
        shown = result.out + result.err
        assert "31mred" in shown and "\x1b" not in shown and "\x9b" not in shown, result


# ---- calling functions ----


def test_invoke_parses_and_prints(folder: Path, tier: str) -> None:
    path = save(folder, identities())
    for kind, value, shown in (
        ("i32", "0", "0"),
        ("i32", "-1", "-1"),
        ("i32", "4294967295", "-1"),
        ("i32", "-2147483648", "-2147483648"),
        ("i32", "0x7fffffff", "2147483647"),
        ("i64", "-9223372036854775808", "-9223372036854775808"),
        ("i64", "0xffffffffffffffff", "-1"),
        ("f32", "0.1", "0.1"),
        ("f32", "1e10", "1e+10"),
        ("f32", "3.4028235e38", "3.4028235e+38"),
        ("f32", "-0", "-0"),
        ("f32", "inf", "inf"),
        ("f32", "-inf", "-inf"),
        ("f32", "nan", "nan"),
        ("f32", "nan:0x200000", "nan:0x200000"),
        ("f64", "0.1", "0.1"),
        ("f64", "0x1p-3", "0.125"),
        ("f64", "5e-324", "5e-324"),
        ("f64", "1.7976931348623157e308", "1.7976931348623157e+308"),
        ("f64", "-nan", "-nan"),
        ("f64", "nan:0x4000000000001", "nan:0x4000000000001"),
        ("funcref", "null", "null"),
        ("externref", "null", "null"),
    ):
        expect(murre(f"--tier={tier}", "--invoke", kind, path, value), 0, f"{shown}\n", "")
    expect(murre(f"--tier={tier}", "--invoke=swap", path, "7", "2.5"), 0, "2.5\n7\n", "")
    expect(murre(f"--tier={tier}", "--invoke=nothing", path), 0, "", "")


def test_invoke_refuses(folder: Path) -> None:
    path = save(folder, identities())
    for kind, value in (
        ("i32", "4294967296"),
        ("i32", "-2147483649"),
        ("i32", "1.5"),
        ("i32", ""),
        ("i32", "0x"),
        ("i32", " 1"),
        ("i64", "18446744073709551616"),
        ("f64", "one"),
        ("f64", "1.0x"),
        ("f64", "nan:0x0"),
        ("f32", "nan:0x800000"),
        ("externref", "1"),
    ):
        expect(murre("--invoke", kind, path, value), 2, "", f"is not of type {kind}")
    expect(murre("--invoke=i32", path), 2, "", "takes 1 argument, not 0: (i32) -> i32")
    expect(murre("--invoke=swap", path, "1"), 2, "", "(i32, f64) -> (f64, i32)")
    expect(murre("--invoke=none", path), 1, "", "exports no function 'none'")
    m = hello()
    expect(murre("--invoke=memory", save(folder, m)), 1, "", "is not a function")


def test_missing_imports_are_all_named(folder: Path) -> None:
    m = exits(0)
    m.imported("one", [], [], module="env")
    m.imported("two", ["i32"], [], module="env")
    m.imported("fd_frobnicate", [], [])
    m.functions.clear()
    m.exports.clear()
    m.function(b"", export="_start")
    result = murre(save(folder, m))
    expect(result, 1, "")
    for name in ("env.one", "env.two", "wasi_snapshot_preview1.fd_frobnicate"):
        assert name in result.err, result
    assert "proc_exit" not in result.err, result
    m = Module()
    m.imported("proc_exit", ["i64"], [])
    m.function(b"", export="_start")
    expect(murre(save(folder, m)), 1, "", "proc_exit")


def test_modules_without_a_start(folder: Path, tier: str) -> None:
    m = Module()
    m.pages()
    set_it = const(0) + const(42) + b"\x36\x02\x00"
    m.function(set_it, export="_initialize")
    m.function(load(0), [], ["i32"], export="get")
    path = save(folder, m)
    expect(murre(f"--tier={tier}", path), 0, "", "")
    expect(murre(f"--tier={tier}", "--invoke=get", path), 0, "42\n", "")
    expect(murre(f"--tier={tier}", "--invoke=_initialize", path), 0, "", "")


# ---- ends ----


def test_exit_codes(folder: Path, tier: str) -> None:
    for code, status in ((0, 0), (3, 3), (127, 127), (255, 255), (256, 1), (-1, 255)):
        expect(murre(f"--tier={tier}", save(folder, exits(code))), status, "", "")


def test_traps_show_names(folder: Path, tier: str) -> None:
    m = Module()
    m.function(wasm.UNREACHABLE, name="inner")
    m.function(call(0), name="middle one")
    m.function(call(1), export="_start", name="outer")
    result = murre(f"--tier={tier}", save(folder, m))
    expect(result, 134, "", "trap: unreachable")
    lines = result.err.splitlines()[1:]
    assert len(lines) == 3, result
    for line, name in zip(lines, ("inner", "middle one", "outer")):
        assert f": {name} (function " in line, result
    assert re.search(r" at 0x[0-9a-f]+$", lines[0]), result
    m = Module()
    m.function(call(0), export="_start")
    result = murre(f"--tier={tier}", save(folder, m))
    expect(result, 134, "", "stack")
    assert re.search(r"… [\d,]+ more", result.err), result


def test_bad_guest_pointers_trap(folder: Path, tier: str) -> None:
    m = Module()
    write = m.imported("fd_write", ["i32"] * 4, ["i32"])
    m.pages()
    m.function(const(1) + const(-8) + const(1) + const(8) + call(write) + wasm.DROP, export="_start")
    expect(murre(f"--tier={tier}", save(folder, m)), 134, "", "out-of-bounds pointer 0xfffffff8")


def test_timeouts(folder: Path, tier: str) -> None:
    m = Module()
    m.function(wasm.FOREVER, export="_start", name="endless")
    path = save(folder, m)
    before = time.monotonic()
    expect(murre(f"--tier={tier}", "--timeout=300ms", path), 124, "", "still running after 300ms")
    assert time.monotonic() - before < 5
    # In calls that block, too.
    ends, keep = os.pipe()
    expect(murre(f"--tier={tier}", "--timeout=0.2s", save(folder, reader()), stdin=ends), 124, "", "still running")
    os.close(keep)
    os.close(ends)
    expect(murre(f"--tier={tier}", "--timeout=200ms", save(folder, sleeper(50))), 124, "", "still running")
    before = time.monotonic()
    expect(murre(f"--tier={tier}", "--timeout=1m", save(folder, sleeper(0))), 0, "", "")
    assert time.monotonic() - before < 5
    # The start function counts as well.
    m = Module()
    m.function(wasm.FOREVER, export="spin")
    m.exports.append(wasm.text("_start") + b"\x00\x00")
    expect(murre(f"--tier={tier}", "--timeout=0.1", save(folder, m)), 124, "", "still running")


def test_waiting_survives_a_stop(folder: Path, tier: str) -> None:
    """Being stopped and continued interrupts the system call; the guest must not notice."""
    before = time.monotonic()
    process = subprocess.Popen([MURRE, f"--tier={tier}", "--timeout=1m", save(folder, sleeper(1))])
    time.sleep(0.3)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    process.send_signal(signal.SIGCONT)
    assert process.wait(SECONDS) == 0
    assert time.monotonic() - before >= 1


# ---- output ----


def test_output_errors_reach_the_guest(folder: Path, tier: str) -> None:
    path = save(folder, writer("text\n"))
    with open("/dev/full", "wb") as full:
        expect(murre(f"--tier={tier}", path, stdout=full), 51, err="")  # NOSPC
    closed = subprocess.run(["sh", "-c", f'exec "$0" --tier={tier} "$1" >&-', MURRE, path], stderr=subprocess.PIPE, check=False)
    assert closed.returncode == 8, closed  # BADF
    many = save(folder, writer("text\n" * 1000, forever=True))
    process = subprocess.Popen([MURRE, f"--tier={tier}", many], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(SECONDS) == 64  # PIPE


def test_streams_keep_their_order(folder: Path, tier: str) -> None:
    m = Module()
    write = m.imported("fd_write", ["i32"] * 4, ["i32"])
    m.pages()
    body = b""
    for i, text in enumerate(("out1 ", "err1 ", "out2 ", "err2 ")):
        m.bytes_at(16 * i, (1024 + 16 * i).to_bytes(4, "little") + len(text).to_bytes(4, "little"))
        m.bytes_at(1024 + 16 * i, text)
        body += const(1 + i % 2) + const(16 * i) + const(1) + const(512) + call(write) + wasm.DROP
    m.function(body + wasm.UNREACHABLE, export="_start")
    result = murre(f"--tier={tier}", save(folder, m), stderr=subprocess.STDOUT)
    assert result.status == 134 and result.out.startswith("out1 err1 out2 err2 murre:"), result


# ---- limits ----


def with_space(size: int) -> dict:
    """For murre(): as little address space as that. QEMU ignores the guest's limits; its own option takes their place."""
    if EMULATED:
        return {"env": {**os.environ, "MURRE_EMULATED_SPACE": str(size)}}
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))}


def test_little_address_space(folder: Path, tier: str) -> None:
    path = save(folder, hello())
    result = murre(f"--tier={tier}", path, **with_space(1 << 30))
    if "AddressSanitizer failed to allocate" in result.err:
        raise Skipped("address space under AddressSanitizer")
    expect(result, 0, "hello\n", "")


def test_stack_overflow_in_little_address_space(folder: Path, tier: str) -> None:
    """The stack must not need room that other mappings have taken by then."""
    m = Module()
    m.function(call(0), export="_start")
    path = save(folder, m)
    for kib in (50_000, 200_000, 300_000, 500_000):
        result = murre(f"--tier={tier}", path, **with_space(kib << 10))
        if "Sanitizer" in result.err:
            raise Skipped("address space under a sanitizer")
        expect(result, 134)
        assert "call stack exhausted" in result.err, result


def test_memory_limit(folder: Path, tier: str) -> None:
    m = Module()
    m.pages(1)
    m.function(local_get(0) + b"\x40\x00", ["i32"], ["i32"], export="grow")
    path = save(folder, m)
    expect(murre(f"--tier={tier}", "--invoke=grow", path, "10"), 0, "1\n")
    expect(murre(f"--tier={tier}", "--max-memory=640K", "--invoke=grow", path, "9"), 0, "1\n")
    expect(murre(f"--tier={tier}", "--max-memory=640K", "--invoke=grow", path, "10"), 0, "-1\n")
    expect(murre(f"--tier={tier}", "--max-memory=1K", "--invoke=grow", path, "0"), 1, "")


def test_stats(folder: Path, tier: str) -> None:
    result = murre(f"--tier={tier}", "--stats", save(folder, hello()))
    expect(result, 0, "hello\n")
    for name in ("functions interpreted", "functions compiled", "functions refused", "compile time", "register code", "peak memory"):
        assert re.search(rf"^{name}: +[\d.]+", result.err, re.M), (name, result)


def test_folders(folder: Path, tier: str) -> None:
    """Opens "a/file" beneath descriptor 3, with status = error."""
    m = Module()
    opened = m.imported("path_open", ["i32"] * 5 + ["i64"] * 2 + ["i32"] * 2, ["i32"])
    leave = m.imported("proc_exit", ["i32"], [])
    m.pages()
    m.bytes_at(64, "a/file")
    body = const(3) + const(1) + const(64) + const(6) + const(0) + b"\x42\x02\x42\x00" + const(0) + const(8) + call(opened)
    m.function(body + call(leave), export="_start")
    path = save(folder, m)
    (folder / "host" / "a").mkdir(parents=True)
    (folder / "host" / "a" / "file").write_text("x")
    expect(murre(f"--tier={tier}", path), 8)  # BADF: nothing is preopened
    expect(murre(f"--tier={tier}", f"--dir={folder}/host", path), 0)
    expect(murre(f"--tier={tier}", "--dir", f"{folder}/host::/g", path), 0)
    expect(murre(f"--tier={tier}", "--dir-ro", f"{folder}/host::/g", path), 0)
    expect(murre(f"--tier={tier}", f"--dir={folder}/nowhere", path), 1, "", f"{folder}/nowhere: No such file or directory")
    expect(murre(f"--tier={tier}", f"--dir={path}", path), 1, "", "Not a directory")


def test_signals_still_work(folder: Path) -> None:
    m = Module()
    m.function(wasm.FOREVER, export="_start")
    process = subprocess.Popen([MURRE, save(folder, m)])
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == -signal.SIGINT


def main(tests: "dict | None" = None) -> int:
    """tests: the names of another file of this folder."""
    global MURRE, EMULATED, TIERS
    args = sys.argv[1:]
    EMULATED = args[:1] == ["--emulated"]
    if EMULATED:
        del args[0]
    if not args:
        print(__doc__, file=sys.stderr)
        return 2
    MURRE = os.path.abspath(args[0])
    TIERS = args[1:] or TIERS
    passed = failed = 0
    skipped: "dict[str, int]" = {}
    for name, test in list((tests or globals()).items()):
        if not name.startswith("test_"):
            continue
        by_tier = test.__code__.co_argcount == 2
        for tier in TIERS if by_tier else [None]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    test(Path(folder), tier) if by_tier else test(Path(folder))
                    passed += 1
                except Skipped as feature:
                    skipped[str(feature)] = skipped.get(str(feature), 0) + 1
                except Exception as fault:  # noqa: BLE001
                    failed += 1
                    where = traceback.extract_tb(fault.__traceback__)
                    line = next((f.lineno for f in where if f.name == name), 0)
                    print(f"FAIL {name}{f' ({tier})' if tier else ''}, line {line}: {type(fault).__name__}: {fault}")
    for feature, count in skipped.items():
        print(f"skipped: {feature}: {count}")
    print(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(globals()))
