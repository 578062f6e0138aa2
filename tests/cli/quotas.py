#!/usr/bin/env python3
"""What a user may bound, beside memory and time, and what the system bounds: quotas.py [--emulated] MURRE [TIER…]"""

import resource
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
from programs import Program, build  # noqa: E402
from run import Skipped, expect, hello, murre, save, writer  # noqa: E402

GROWS = """(module
  (table $t 2 funcref) (table $u 3 externref)
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"""

DEEP = """(module
  (func $down (export "down") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 7))
      (else (i64.add (i64.const 0) (call $down (i64.sub (local.get 0) (i64.const 1))))))))"""

# Opens "file" in descriptor 3 so often, for writing, and says how often it could; the exit status is the last error.
OPENS = """(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "file")
  (func (export "_start") (local $error i32) (local $count i32)
    (loop $again
      (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0)
                                    (i32.const 8)))
      (if (i32.eqz (local.get $error))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1))) (br_if $again (i32.lt_u (local.get $count) (i32.const 20))))))
    (call $exit (i32.add (i32.mul (local.get $error) (i32.const 2)) (local.get $count)))))"""

# Writes a page to "file" in descriptor 3 until it cannot: 100 + the pages that were written, or the error where there was none.
FILLS = """(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\\00\\00\\01\\00\\00\\00\\01\\00")
  (data (i32.const 64) "file")
  (func (export "_start") (local $error i32)
    (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0)
                                  (i32.const 16)))
    (if (local.get $error) (then (call $exit (local.get $error))))
    (loop $again
      (br_if $again (i32.eqz (local.tee $error (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 24))))))
    (call $exit (local.get $error))))"""

NOSPC, FBIG, MFILE = 51, 22, 33


def module(source: str, folder: Path) -> Path:
    return build(Program("", source), folder)


def test_limits_need_to_be_limits(folder: Path) -> None:
    path = save(folder, hello())
    for option in ("memories", "tables", "table-elements", "instances", "files"):
        for text in ("0", "-1", "x", "", "99999999999"):
            expect(murre(f"--max-{option}={text}", path), 2, "", f"--max-{option}: '{text}' is not a number from ")
        expect(murre(f"--max-{option}=100", path), 0, "hello\n", "")
    for option in ("stack", "output", "written"):
        for text in ("0", "-1", "x", "", "1X"):
            expect(murre(f"--max-{option}={text}", path), 2, "", f"--max-{option}: '{text}' is not a size")
        expect(murre(f"--max-{option}=1M", path), 0, "hello\n", "")


def test_tables_are_limited(folder: Path, tier: str) -> None:
    path = module(GROWS, folder)
    for options, added, result in (
        ((), 100000, 2),
        (("--max-table-elements=10",), 5, 2),
        (("--max-table-elements=10",), 6, -1),
        (("--max-tables=2", "--max-instances=1"), 6, 2),
    ):
        expect(murre(f"--tier={tier}", *options, "--invoke=grow", path, str(added)), 0, f"{result}\n", "")
    for option in ("--max-table-elements=4", "--max-tables=1"):
        expect(murre(f"--tier={tier}", option, "--invoke=grow", path, "0"), 1, "", "over the store's limit of tables")
    expect(murre(f"--tier={tier}", "--max-memories=1", save(folder, hello())), 0, "hello\n", "")


def test_the_stack_is_limited(folder: Path, tier: str) -> None:
    path = module(DEEP, folder)
    depth = "20000"
    expect(murre(f"--tier={tier}", "--invoke=down", path, depth), 0, "7\n", "")
    expect(murre(f"--tier={tier}", "--max-stack=64K", "--invoke=down", path, depth), 134, "", "call stack exhausted")
    expect(murre(f"--tier={tier}", "--max-stack=64K", "--invoke=down", path, "100"), 0, "7\n", "")
    if tier == "interp":  # whose stack is not the system's
        expect(murre(f"--tier={tier}", "--invoke=down", path, "2000000"), 134, "", "call stack exhausted")
        expect(murre(f"--tier={tier}", "--max-stack=1G", "--invoke=down", path, "2000000"), 0, "7\n", "")


def test_open_files_are_limited(folder: Path, tier: str) -> None:
    path = module(OPENS, folder)
    expect(murre(f"--tier={tier}", f"--dir={folder}", path), 20, "", "")
    expect(murre(f"--tier={tier}", "--max-files=7", f"--dir={folder}", path), 2 * MFILE + 3, "", "")
    expect(murre(f"--tier={tier}", "--max-files=4", f"--dir={folder}", path), 2 * MFILE, "", "")


def test_output_is_limited(folder: Path, tier: str) -> None:
    for fd in (1, 2):
        path = save(folder, writer("text\n", fd=fd, forever=True))
        result = murre(f"--tier={tier}", "--max-output=12", path)
        expect(result, NOSPC)
        assert (result.out, result.err)[fd - 1] == "text\ntext\nte", result


def test_what_goes_to_folders_is_limited(folder: Path, tier: str) -> None:
    path = module(FILLS, folder)
    inner = folder / f"inner-{tier}"
    inner.mkdir()
    expect(murre(f"--tier={tier}", "--max-written=300K", f"--dir={inner}", path), NOSPC, "", "")
    assert (inner / "file").stat().st_size == (300 - 4) << 10, "the file's name counts as 4 KiB"
    expect(murre(f"--tier={tier}", "--max-written=100", f"--dir={inner}", path), NOSPC, "", "")
    assert (inner / "file").stat().st_size == (300 - 4) << 10, "written over"
    (inner / "file").unlink()
    expect(murre(f"--tier={tier}", "--max-written=4095", f"--dir={inner}", path), NOSPC, "", "")
    assert not list(inner.iterdir()), "there was no room for the name"


def test_a_limit_on_the_size_of_files_is_an_error_to_the_guest(folder: Path, tier: str) -> None:
    bound = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))}
    inner = folder / f"inner-{tier}"
    inner.mkdir()
    expect(murre(f"--tier={tier}", f"--dir={inner}", module(FILLS, folder), **bound), FBIG, "", "")
    assert (inner / "file").stat().st_size == 100_000
    path = save(folder, writer("text\n" * 20, forever=True))
    with open(folder / "output", "wb") as output:
        expect(murre(f"--tier={tier}", path, stdout=output, **bound), FBIG, err="")
    assert (folder / "output").stat().st_size == 100_000
    with open(folder / "output", "wb") as output:
        few = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))}
        expect(murre("inspect", path, stdout=output, **few), 1, err="murre: standard output: File too large")


def test_a_small_stack_is_told_and_no_crash(folder: Path) -> None:
    if run.EMULATED:
        raise Skipped("limits on the stack under the emulator")
    path = save(folder, hello())
    deep = module(DEEP, folder)
    if "Sanitizer" in murre(path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (96 << 10, 96 << 10))).err:
        raise Skipped("limits on the stack under a sanitizer")
    small = {"HOME": "/"}  # arguments and environment take from the stack
    refused = 0
    for kib in (16, 20, 24, 32, 48, 64, 72, 80, 96, 128, 256):
        limits = {"preexec_fn": lambda size=kib << 10: resource.setrlimit(resource.RLIMIT_STACK, (size, size)), "env": small}
        for args in (["--version"], ["validate", path], ["inspect", path], [path], ["--invoke=down", deep, "1000000"]):
            result = murre(*args, **limits)
            assert result.status in (0, 1, 134), (kib, args, result)
            if result.status == 1:
                assert "the stack is too small (ulimit -s)" in result.err and kib < 80, (kib, args, result)
                refused += 1
    assert refused >= 5 * 6, "all up to 64 KiB are refused"


def test_an_alarm_that_somebody_sends_acts_as_without_a_timeout(folder: Path) -> None:
    path = save(folder, writer("text\n", forever=True))
    for ignored, status in ((False, -signal.SIGALRM), (True, 124)):
        action = signal.SIG_IGN if ignored else signal.SIG_DFL
        command = [run.MURRE, "--timeout=2s", str(path)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGALRM, action))
        with child:
            assert child.stdout.read(5) == b"text\n", "it runs"
            child.send_signal(signal.SIGALRM)
            child.stdout.read()
        assert child.returncode == status, (ignored, child.returncode)


if __name__ == "__main__":
    sys.exit(run.main(globals()))
