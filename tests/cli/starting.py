#!/usr/bin/env python3
"""How programs begin: starting.py [--emulated] MURRE [TIER…], or starting.py --compare=WASMTIME MURRE.

PROGRAMS is the table of what each gives. Wasmtime 49 gives the same where a row does not say otherwise; --compare runs every row in both, and
reports where the table is wrong about either.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
from programs import Program, build, make_files, run_there  # noqa: E402
from run import Skipped, expect, murre  # noqa: E402

# Writes one letter and a line end; the rest of a module follows.
SAY = """
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\\40\\00\\00\\00\\02\\00\\00\\00")
  (func $say (param $letter i32)
    (i32.store16 (i32.const 64) (i32.or (local.get $letter) (i32.const 0x0a00)))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))))
"""


def module(*parts: str) -> str:
    """Imports first."""
    parts = tuple(sorted(parts, key=lambda part: not part.lstrip().startswith("(import")))
    imports = [part for part in parts if part.lstrip().startswith("(import")]
    return f"(module {' '.join(imports)} {SAY} {' '.join(part for part in parts if part not in imports)})"


def says(name: str, type_: str = "", more: str = "") -> str:
    """A function that says the first letter of its name ("-" for "")."""
    letter = ord(name.strip("_")[0] if name else "-")
    return f'(func (export "{name}") {type_} (call $say (i32.const {letter})) {more})'


INITIALIZE, START, UNNAMED = says("_initialize"), says("_start"), says("")
CALLED = says("called", "(param i32)")
RESULT = "(result i32)", "(i32.const 7)"

REACTOR = """
#include <string.h>
#include <unistd.h>
static int ready;
static void say(const char *text) { if (write(1, text, strlen(text)) < 0) _exit(1); }
__attribute__((constructor)) static void set_up(void) { ready = 40; say("set up\\n"); }
__attribute__((export_name("add"))) int add(int number) { return ready + number; }
"""

COMMAND = """
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    printf("%s, %d arguments\\n", name, argc - 1);
    return strcmp(name, "false") == 0;
}
"""

GO = """
package main

import "os"

var ready int

func init() { ready = 40; os.Stdout.WriteString("set up\\n") }

//go:wasmexport add
func add(number int32) int32 { return int32(ready) + number }

func main() { os.Stdout.WriteString("main\\n") }
"""

# Exits with the sum of what two missing functions return, and 7.
MISSING = module(
    """(import "env" "one" (func $one (param i32) (result i32)))
       (import "env" "two" (func $two (result i64 f32 f64)))""",
    """(func (export "_start") (local $sum i32)
         (call $say (i32.const 115))
         (local.set $sum (i32.add (call $one (i32.const 3)) (i32.const 7)))
         (call $two)
         (local.set $sum (i32.add (i32.trunc_f64_s) (local.get $sum)))
         (local.set $sum (i32.add (i32.trunc_f32_s) (local.get $sum)))
         (call $exit (i32.add (i32.wrap_i64) (local.get $sum))))""",
)
OTHERS = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "m" (memory 1 2))
  (import "env" "g" (global $g i32))
  (import "env" "v" (global $v (mut i64)))
  (import "env" "t" (table $t 2 3 funcref))
  (export "memory" (memory 0))
  (func (export "_start")
    (global.set $v (i64.const 1))
    (call $exit (i32.add (i32.add (i32.add (global.get $g) (i32.load (i32.const 0))) (i32.mul (table.size $t) (i32.const 4)))
                         (i32.wrap_i64 (global.get $v))))))"""

# In C, beside this file; all of wasi_unstable that a program of its time used.
PREVIEW0 = (Path(__file__).parent / "preview0.c").read_text()

PREVIEW0_SAYS = """\
program.wasm x
A=b
prestat: error 0
 size 5
 error 0
/data
no more: error 8
open: error 0
fdstat: error 0
 type 4
from the end 7
from there 8
from the start 2
from before it 1028
tell: error 0
 at 2
read: error 0
 bytes 4
2345
filestat: error 0
 type 4
 links 1
 size 10
 times are of today 1
filestat of a path: error 0
 type 4
 links 1
 size 10
 times are of today 1
behind 12345
close: error 0
missing: error 44
unlink: error 0
readdir: error 0
 names 2
poll: error 0
 events 1
 userdata 12
 error 0
 type 0
 in time 1
poll for output: error 0
 userdata 14
 type 2
random: error 0
 some 1
yield: error 0
"""

SELF = "murre starts what is called _start where both are there"
TYPED = "calls it and prints its result, or complains of missing arguments"
TWICE = "calls it twice, which libraries of today trap at"
SILENT = "does nothing, in silence"

PROGRAMS = [
    # Entries.
    Program("_start alone", module(START), out="s\n"),
    Program("_initialize alone", module(INITIALIZE), out="i\n"),
    Program("_initialize, then _start", module(START, INITIALIZE), out="i\ns\n"),
    Program('"" alone', module(UNNAMED), out="-\n"),
    Program('_initialize, then ""', module(UNNAMED, INITIALIZE), out="i\n-\n"),
    Program('"" beside _start', module(UNNAMED, START), out="s\n", there=(0, "-\n", SELF)),
    Program('"" beside _start and _initialize', module(UNNAMED, START, INITIALIZE), out="i\ns\n", there=(0, "i\n-\n", SELF)),
    Program("a start section alone", module("(func $f (call $say (i32.const 102))) (start $f)"), out="f\n"),
    Program("a start section comes first", module("(func $f (call $say (i32.const 102))) (start $f)", INITIALIZE, START), out="f\ni\ns\n"),
    Program("no entry", module(CALLED), status=1, err="exports no function '_start'; --invoke=NAME calls another", there=(0, "", SILENT)),
    # Ends.
    Program("_initialize exits", module(says("_initialize", "", "(call $exit (i32.const 3))"), START), status=3, out="i\n"),
    Program("_initialize exits with success", module(says("_initialize", "", "(call $exit (i32.const 0))"), START), out="i\n"),
    Program("_initialize traps", module(says("_initialize", "", "unreachable"), START), status=134, out="i\n", err="trap: unreachable"),
    Program('"" exits', module(says("", "", "(call $exit (i32.const 9))")), status=9, out="-\n"),
    # By name.
    Program("--invoke after _initialize", module(INITIALIZE, START, CALLED), options=("--invoke=called",), args=("1",), out="i\nc\n", err=None),
    Program("--invoke without _initialize", module(START, CALLED), options=("--invoke=called",), args=("1",), out="c\n", err=None),
    Program("--invoke=_start after _initialize", module(INITIALIZE, START), options=("--invoke=_start",), out="i\ns\n"),
    Program("--invoke=_initialize", module(INITIALIZE), options=("--invoke=_initialize",), out="i\n", there=(0, "i\ni\n", TWICE)),
    Program('--invoke="" after _initialize', module(INITIALIZE, UNNAMED, START), options=("--invoke=",), out="i\n-\n"),
    Program("--invoke of what is not there", module(INITIALIZE), options=("--invoke=x",), status=1, out="i\n", err="exports no function 'x'"),
    # Types.
    Program("_start with a result", module(says("_start", *RESULT)), status=1, err="export '_start' is of type () -> i32", there=(0, "s\n7\n", TYPED)),
    Program("_start with a parameter", module(says("_start", "(param i64)")), status=1, err="export '_start' is of type (i64) -> ()"),
    Program("_initialize with a result", module(says("_initialize", *RESULT), START), status=1, err="export '_initialize' is of type () -> i32"),
    Program("_initialize with a parameter", module(says("_initialize", "(param f32)")), status=1, err="export '_initialize' is of type (f32) -> ()"),
    Program('"" with a result', module(says("", *RESULT)), status=1, err='export "" is of type () -> i32', there=(0, "-\n7\n", TYPED)),
    Program('"" with a parameter', module(says("", "(param i32)")), status=1, err='export "" is of type (i32) -> ()'),
    Program(
        "nothing runs where _start has a wrong type",
        module(INITIALIZE, says("_start", *RESULT)),
        status=1,
        err="export '_start' is of type",
        there=(0, "i\ns\n7\n", TYPED),
    ),
    Program(
        "--invoke, where _initialize has a result",
        module(says("_initialize", *RESULT), CALLED),
        options=("--invoke=called",),
        args=("1",),
        status=1,
        err="export '_initialize' is of type () -> i32",
    ),
    # Exports of other kinds under these names.
    Program("_initialize is a global", module('(global (export "_initialize") i32 (i32.const 1))', START), out="s\n"),
    Program('"" is a memory', module('(export "" (memory 0))', START), out="s\n"),
    Program(
        "_start is a global",
        module('(global (export "_start") i32 (i32.const 1))'),
        status=1,
        err="export '_start' is a global, not a function",
        there=(0, "", SILENT),
    ),
    # What compilers make.
    Program("a reactor of clang", REACTOR, "c", ("-mexec-model=reactor",), out="set up\n"),
    Program("a reactor of clang, by name", REACTOR, "c", ("-mexec-model=reactor",), ("--invoke=add",), ("2",), out="set up\n42\n", err=None),
    Program("a command of clang", COMMAND, "c", args=("x", "y"), out="program.wasm, 2 arguments\n"),
    Program("Go's c-shared", GO, "go", ("-buildmode=c-shared",), out="set up\n"),
    Program("Go's c-shared, by name", GO, "go", ("-buildmode=c-shared",), ("--invoke=add",), ("2",), out="set up\n42\n", err=None),
    Program("a command of Go", GO, "go", out="set up\nmain\n"),
    # The program's own name.
    Program("--argv0 chooses", COMMAND, "c", options=("--argv0=false",), args=("x",), status=1, out="false, 1 arguments\n"),
    Program("--argv0 with a path", COMMAND, "c", options=("--argv0=/usr/bin/true",), out="true, 0 arguments\n"),
    Program("--argv0 may be empty", COMMAND, "c", options=("--argv0=",), args=("x",), out=", 1 arguments\n"),
    # Imports that nobody provides.
    Program(
        "missing imports are all said, with the way out",
        MISSING,
        status=1,
        err="imports that murre does not provide:\n  env.one\n  env.two\n(--unknown-imports=trap runs it until it calls one of them; "
        "--unknown-imports=zero lets them return zeros)",
    ),
    Program(
        "--unknown-imports=trap, called",
        MISSING,
        options=("--unknown-imports=trap",),
        status=134,
        out="s\n",
        err='trap: unknown import called: "env" "one"\n',
        there=(1, "s\n", "has another status for what is not a trap of WebAssembly's own"),
        there_options=("-Wunknown-imports-trap",),
    ),
    Program(
        "--unknown-imports=trap, not called",
        module('(import "env" "f" (func (param i32)))', START),
        options=("--unknown-imports=trap",),
        out="s\n",
        there_options=("-Wunknown-imports-trap",),
    ),
    Program(
        "--unknown-imports=trap leaves WASI as it is",
        module('(import "wasi_snapshot_preview1" "no_such" (func (param i32)))', START),
        options=("--unknown-imports=trap",),
        out="s\n",
        there_options=("-Wunknown-imports-trap",),
    ),
    Program(
        "--unknown-imports=trap, and a memory",
        OTHERS,
        options=("--unknown-imports=trap",),
        status=1,
        err="does not provide:\n  env.m\n  env.g\n  env.v\n  env.t\n(--unknown-imports=zero runs it with zeros in their place",
        there_options=("-Wunknown-imports-trap",),
    ),
    Program(
        "--unknown-imports=zero",
        MISSING,
        options=("--unknown-imports=zero",),
        status=7,
        out="s\n",
        there_options=("-Wunknown-imports-default",),
    ),
    Program(
        "--unknown-imports=zero, and other kinds",
        OTHERS,
        options=("--unknown-imports=zero",),
        status=9,
        there_options=("-Wunknown-imports-default",),
    ),
    Program(
        "an import of a wrong type is not unknown",
        '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32))) (func (export "_start")))',
        options=("--unknown-imports=zero",),
        status=1,
        err="the function has another type",
        there_options=("-Wunknown-imports-default",),
    ),
    # Folders.
    Program(
        "one colon is not two",
        module(START),
        options=("--dir=.:/data",),
        status=1,
        err="folder .:/data: No such file or directory\nmurre: --dir takes two colons: did you mean --dir=.::/data?\n",
    ),
    Program(
        "one colon is not two, read-only",
        module(START),
        options=("--dir-ro=.:/data",),
        status=1,
        err="did you mean --dir-ro=.::/data?\n",
        there_options=("--dir=.:/data",),
    ),
    Program("a folder may have a colon", module(START), options=("--dir=here/a:b",), out="s\n", files={"a:b/text": ""}),
    # Preview 0.
    Program(
        "a program of wasi_unstable",
        PREVIEW0,
        "c",
        ("-nostartfiles", "-Wl,--no-entry"),
        ("--dir=here::/data", "--env=A=b"),
        ("x",),
        status=42,
        out=PREVIEW0_SAYS,
        files={"text": "0123456789"},
    ),
    Program(
        "wasi_unstable waits for one of several",
        PREVIEW0,
        "c",
        ("-nostartfiles", "-Wl,--no-entry"),
        out="program.wasm\npoll: error 0\n events 1\n userdata 12\n error 0\n type 0\n in time 1\npoll for output: error 0\n userdata 14\n type 2\n",
        there=(0, "program.wasm\npoll: error 28\n", "takes the second subscription from where preview 1 has it, 8 bytes before"),
    ),
    Program(
        "both versions in one program",
        '''(module
          (import "wasi_unstable" "fd_seek" (func $old (param i32 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_seek" (func $new (param i32 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 64) "text")
          (func (export "_start")
            (drop (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0) (i64.const 6) (i64.const 6) (i32.const 0) (i32.const 8)))
            (drop (call $new (i32.load (i32.const 8)) (i64.const 4) (i32.const 0) (i32.const 16)))
            (drop (call $old (i32.load (i32.const 8)) (i64.const -2) (i32.const 1) (i32.const 24)))
            (call $exit (i32.add (i32.mul (i32.load (i32.const 16)) (i32.const 10)) (i32.load (i32.const 24))))))''',
        options=("--dir=here::/data",),
        status=48,
        files={"text": "0123456789"},
    ),
]


def run_here(program: Program, path: Path, folder: Path, *more: str) -> "run.Result":
    make_files(program, folder)
    return murre(*more, *program.options, path.name, *program.args, cwd=folder)


def row_test(program: Program):
    def test(folder: Path, tier: str) -> None:
        expect(run_here(program, build(program, folder), folder, f"--tier={tier}"), program.status, program.out, program.err)

    return test


def compare(runtime: str) -> int:
    """Every row in both; what differs from the table is a failure."""
    failed = same = 0
    for program in PROGRAMS:
        with tempfile.TemporaryDirectory() as place:
            try:
                path = build(program, Path(place))
            except Skipped as missing:
                print(f"skipped: {program.name}: {missing}")
                continue
            here = run_here(program, path, Path(place))
            there = run_there(runtime, program, path, Path(place))
        wanted = program.there[:2] if program.there else (program.status, program.out)
        good = (here.status, here.out) == (program.status, program.out) and there == wanted
        failed += not good
        same += not program.there
        print(f"{'ok  ' if good else 'FAIL'} {program.name}: {here.status} {here.out!r}, there {there[0]} {there[1]!r}"
              f"{': ' + program.there[2] if program.there else ''}")
    print(f"{len(PROGRAMS) - failed} as in the table ({same} the same in both), {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("--compare="):
        run.MURRE = str(Path(sys.argv[2]).resolve())
        sys.exit(compare(sys.argv[1].removeprefix("--compare=")))
    sys.exit(run.main({**globals(), **{f"test_{program.name}": row_test(program) for program in PROGRAMS}}))
