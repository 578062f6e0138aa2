#!/usr/bin/env python3
"""What `murre print` shows, and what it does with hostile modules: printing.py MURRE WASM_TOOLS. Last line: `N passed, N failed`."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from round_trip import Tools  # noqa: E402

HEAD = b"\0asm\1\0\0\0"


def leb(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def section(number: int, contents: bytes) -> bytes:
    return bytes([number]) + leb(len(contents)) + contents


def vector(items: "list[bytes]") -> bytes:
    return leb(len(items)) + b"".join(items)


def module(types: "list[bytes]", bodies: "list[bytes]", custom: bytes = b"") -> bytes:
    code = vector([leb(len(b)) + b for b in bodies])
    return HEAD + section(1, vector(types)) + section(3, vector([b"\0"] * len(bodies))) + section(10, code) + custom


def name_section(number: int, contents: bytes) -> bytes:
    return section(0, b"\4name" + section(number, contents))


# Texts whose binary must come back, and lines that its print must have.
TEXTS = [
    ('(module $m (func $f) (func (@name "f")) (func (@name "")) (func (@name "#x")) (func (call 1)))',
     ["(module $m", "(func $f (;0;) (type 0))", '(func $"#func1 f" (@name "f") (;1;) (type 0))', '(func $"#func2 " (@name "") (;2;) (type 0))',
      '(func $"#func3 #x" (@name "#x") (;3;) (type 0))', 'call $"#func1 f"']),
    (r'(module (func $"a b" (param $p i32) (local $l f32) (local i64) block $b local.get $p br_if $b br 1 end) (export "\u{202e}\"" (func 0)))',
     ['(func $"a b" (;0;) (type 0) (param $p i32)', "(local $l f32) (local i64)", "block $b", "local.get $p", "br_if $b", "br 1",
      r'(export "\u{202e}\u{22}" (func $"a b"))']),
    ("(module (func (result f32) f32.const nan:0x200001) (func (result f32) f32.const -nan) (func (result f64) f64.const 0x1p-1074)"
     "(func (result f64) f64.const 0.1) (func (result f32) f32.const -inf) (func (result f32) f32.const -0) (func (result f32) f32.const 0x1p-149))",
     ["f32.const nan:0x200001", "f32.const -nan", "f64.const 0x1p-1074 (;=4.94066e-324;)", "f64.const 0x1.999999999999ap-4 (;=0.1;)", "f32.const -inf",
      "f32.const -0x0p+0 (;=-0;)", "f32.const 0x1p-149 (;=1.4013e-45;)"]),
    ("(module (rec (type $s (sub (struct (field $x i32) (field (mut i8))))) (type (sub final $s (struct (field i32) (field (mut i8)) (field i64)))))"
     "(type (array (mut (ref null $s)))) (func (param (ref $s) anyref) (result i32) local.get 1 ref.test (ref null $s) drop local.get 1"
     " ref.cast (ref $s) drop block (result anyref) local.get 1 br_on_cast 0 anyref (ref $s) end drop local.get 0 struct.get $s $x))",
     ["(rec", "(type $s (;0;) (sub (struct (field $x i32) (field (mut i8)))))", "ref.test (ref null $s)", "ref.cast (ref $s)", "struct.get $s $x",
      "br_on_cast 0 (;@1;) (ref null any) (ref $s)"]),
    ("(module (type (shared (func))) (type $f (func)) (type $c (cont $f)) (rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))"
     '(import "a" (item "x" (func)) (item "y" (global i32))) (import "b" (item "x") (item "y") (func)) (import "c" "d" (func (exact (type $f))))'
     "(tag $t) (global (shared mut i32) (i32.const 0)) (table shared i64 1 2 (ref null (shared func))) (memory 1 2 (pagesize 1)) (func atomic.fence)"
     "(func (param (ref null (exact $a))) local.get 0 ref.cast (ref (exact $a)) drop) (func (param (ref $c)) block (result (ref $c)) local.get 0"
     " resume $c (on $t 0) (on $t switch) local.get 0 end drop local.get 0 cont.bind $c $c drop))",
     ['(item "x")', "(type $a (;3;) (descriptor $b) (struct))", "(memory (;0;) 1 2 (pagesize 1))", "resume $c (on $t 0 (;@1;)) (on $t switch)"]),
    ("(module (tag $t) (func try nop catch $t rethrow 0 catch_all nop end try nop delegate 0 loop end block block end end)"
     "(func (result i32) try (result i32) i32.const 0 catch $t i32.const 1 end if try_table (catch $t 0) (catch_all_ref 1) end else end i32.const 7))",
     ["catch $t", "delegate 0", "try_table (catch $t 0 (;@1;)) (catch_all_ref 1) ;; label = @2"]),
    ('(module (memory 1) (memory $m 1) (table 1 funcref) (table $t 1 funcref) (func $f) (elem (i32.const 0) $f) (elem declare func $f) (elem (table $t)'
     " (i32.const 0) funcref (ref.func $f) (ref.null func)) (data $d \"a\\00\\ff\\n\\\"\") (data (memory $m) (i32.const 0) \"b\") (data (offset i32.const 0"
     ' i32.const 1 i32.add) "c") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy $m 0 (i32.const 0) (i32.const 0)'
     " (i32.const 0)) (table.copy (i32.const 0) (i32.const 0) (i32.const 0)) (drop (v128.load8_lane $m offset=4 3 (i32.const 0) (v128.const i64x2 1 -1)))))",
     ["(elem (;2;) (table $t) (i32.const 0) funcref (ref.func $f) (ref.null func))", r'(data $d (;0;) "a\00\ff\0a\22")', "memory.init $d", "memory.copy $m 0",
      "table.copy", "v128.load8_lane $m offset=4 3", "v128.const i32x4 0x00000001 0x00000000 0xffffffff 0xffffffff",
      '(data (;2;) (offset i32.const 0 i32.const 1 i32.add) "c")']),
]
FOLDED = ("(module (func $f (param i32) (result i32) local.get 0 if (result i32) local.get 0 i32.const 1 i32.add call $f else i32.const 0 end loop end))",
          """    (if (result i32) ;; label = @1
      (local.get 0)
      (then
        (call $f
          (i32.add
            (local.get 0)
            (i32.const 1))))
      (else
        (i32.const 0)))
    (loop ;; label = @1
    )
""")
EMPTY = b"\x60\0\0"
END = b"\0\x0b"
# Bytes that are no module, and where and why.
MALFORMED = [
    (HEAD + b"\1\5\1\x60\1\x20\0", "offset 0xd: malformed value type"),
    (HEAD + b"\1\5\1\x60", "offset 0xa: unexpected end"),
    (HEAD + b"\x30\0", "offset 0x8: malformed section id"),
    (HEAD + b"\3\2\1\0\1\4\1\x60\0\0", "offset 0xc: unexpected content after last section"),
    (module([EMPTY], [b"\0\xff\x0b"]), "offset 0x18: illegal opcode"),
    (module([EMPTY], [b"\0\1"]), "offset 0x18: function body must end with END opcode"),
    (module([EMPTY], [b"\0\x05\x0b"]), "misplaced else"),
    (module([EMPTY], [END + b"\1"]), "operators remaining after end of function"),
    (HEAD + section(1, vector([EMPTY])) + section(3, b"\1\0"), "function and code section have inconsistent lengths"),
    (HEAD + section(1, vector([EMPTY]) + b"\0"), "section size mismatch"),
    (HEAD[:4] + b"\2\0\0\0", "unknown binary version"),
]
LONG = b"x" * 100000
# Modules that ask for much: their text stays within a few hundred characters for each byte.
BOMBS = [
    ("types of a thousand values", module([b"\x60" + vector([b"\x7f"] * 1000) + b"\0"], [END] * 20000)),
    ("blocks of such a type", module([b"\x60" + vector([b"\x7f"] * 1000) + b"\0"], [b"\0" + b"\2\0" * 30000 + b"\x0b" * 30001])),
    ("a long name of what is called often", module([EMPTY], [b"\0" + b"\x10\0" * 50000 + b"\x0b"], name_section(1, b"\1\0" + leb(len(LONG)) + LONG))),
    ("deep nesting", module([EMPTY], [b"\0" + b"\2\x40" * 100000 + b"\x0b" * 100001])),
    ("deep operands", module([b"\x60\0\1\x7f"], [b"\0" + b"\x41\0" + b"\x41\0\x6a" * 1000 + b"\x45" * 200000 + b"\x0b"])),
    ("names of locals far out", module([EMPTY], [END] * 20000,
     name_section(2, vector([leb(i) + b"\1" + leb(49999) + b"\1a" for i in range(20000)])))),
    ("many locals", module([EMPTY], [b"\1" + leb(50000) + b"\x7f\x0b"] * 2000)),
]


class Printing:
    def __init__(self, murre: str, wasm_tools: str, folder: Path):
        self.tools, self.folder, self.passed, self.faults = Tools(murre, wasm_tools), folder, 0, []

    def expect(self, good: bool, what: str) -> None:
        self.passed += good
        if not good:
            self.faults.append(what)

    def file(self, data: bytes) -> Path:
        path = self.folder / "a.wasm"
        path.write_bytes(data)
        return path

    def print(self, path: Path, *options: str) -> "tuple[str, str, int]":
        done = subprocess.run([self.tools.murre, "print", *options, str(path)], capture_output=True, check=False)
        return done.stdout.decode(), done.stderr.decode(), done.returncode

    def texts(self) -> None:
        for text, lines in TEXTS:
            data, why = self.tools.parse(text.encode())
            self.expect(data is not None, f"{text}: {why}")
            if data is None:
                continue
            path = self.file(data)
            passed, faults = self.tools.check(path)
            self.passed += passed
            self.faults += [f"{text}: {fault}" for fault in faults]
            shown = [line.strip() for line in self.print(path)[0].splitlines()]
            for line in lines:
                self.expect(line in shown, f"no line {line!r} in {shown}")

    def folded(self) -> None:
        path = self.file(self.tools.parse(FOLDED[0].encode())[0] or b"")
        shown = self.print(path, "--fold")[0]
        self.expect(FOLDED[1] in shown, f"folded: {shown}")
        shown = self.print(path, "--offsets")[0]
        self.expect("\n(;@19    ;)    local.get 0\n" in shown, f"offsets: {shown}")
        output = self.folder / "a.wat"
        for options in (["-o", str(output)], [f"--output={output}"]):
            shown, why, status = self.print(path, *options)
            self.expect((shown, why, status) == ("", "", 0) and output.read_text() == self.print(path)[0], f"{options}: {why}")
            output.unlink()

    def malformed(self) -> None:
        output = self.folder / "bad.wat"
        for data, why in MALFORMED:
            path = self.file(data)
            _, said, status = self.print(path)
            self.expect(status == 1 and why in said, f"{data!r}: {said!r} instead of {why!r}")
            _, said, status = self.print(path, "-o", str(output))
            self.expect(status == 1 and why in said and not output.exists(), f"{data!r}: a file is left, or {said!r}")
        path = self.file(HEAD)
        done = subprocess.run(f"'{self.tools.murre}' print '{path}' > /dev/full", shell=True, capture_output=True, check=False)
        self.expect(done.returncode == 1 and done.stderr != b"", f"a full disk: {done.stderr!r}")

    def bombs(self) -> None:
        for what, data in BOMBS:
            path = self.file(data)
            for form in ([], ["--fold"], ["--offsets"]):
                start = time.monotonic()
                shown, why, status = self.print(path, *form)
                took = time.monotonic() - start
                self.expect(len(shown) < 16_000_000 + 300 * len(data), f"{what}: {len(shown)} characters")
                self.expect(status == 0 or "the text would be far larger" in why, f"{what}: {why}")
                self.expect(took < 20, f"{what}: {took:.1f} s")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        printing = Printing(*sys.argv[1:3], Path(folder))
        printing.texts()
        printing.folded()
        printing.malformed()
        printing.bombs()
    for fault in printing.faults:
        print(fault)
    print(f"{printing.passed} passed, {len(printing.faults)} failed")
    return 1 if printing.faults else 0


if __name__ == "__main__":
    sys.exit(main())
