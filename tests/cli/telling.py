#!/usr/bin/env python3
"""What is wrong with a module is told whole: telling.py [--emulated] MURRE [TIER…]. Proposals are by their binary forms, written by hand."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
import wasm  # noqa: E402
from run import Result, expect, hello, murre, save  # noqa: E402
from wasm import Module, call, const, section, text, uleb, vector  # noqa: E402

HEAD = b"\0asm\1\0\0\0"
I31 = b"\x41\0\xfb\x1c" + wasm.DROP
FENCE = b"\xfe\x03\x00"
TAIL_CALL = b"\x12\x00"
EMPTY = b"\x60\0\0"


def built(*sections: "tuple[int, bytes]") -> bytes:
    return HEAD + b"".join(section(number, content) for number, content in sections)


def body(code: bytes, locals_: bytes = b"\0") -> bytes:
    return uleb(len(locals_ + code) + 1) + locals_ + code + wasm.END


def with_type(form: bytes) -> bytes:
    """Two types, the second a plain one that a function has."""
    return built((1, vector([form, EMPTY])), (3, vector([b"\1"])), (7, vector([text("f") + b"\0\0"])), (10, vector([body(b"")])))


def with_code(code: bytes) -> bytes:
    return built(
        (1, vector([EMPTY])), (3, vector([b"\0"])), (5, vector([b"\0\1"])), (7, vector([text("f") + b"\0\0"])), (10, vector([body(code)]))
    )


def with_import(kind: bytes, module: str = "m", name: str = "n") -> bytes:
    return built((1, vector([EMPTY])), (2, vector([text(module) + text(name) + kind])), (7, b"\0"))


def missing(result: Result) -> "list[str]":
    line = re.search(r"^missing: (.*)$", result.out, re.M)
    return line.group(1).split() if line else []


def target_features(*names: str) -> bytes:
    return section(0, text("target_features") + vector([b"+" + text(name) for name in names]))


# What only a proposal has, and its name.
PROPOSALS = [
    ("gc", with_type(b"\x5f\1\x78\1")),
    ("stack-switching", with_type(b"\x5d\0")),
    ("stack-switching", with_type(b"\x60\1\x68\0")),
    ("stack-switching", with_code(b"\xe2\0")),
    ("stack-switching", with_code(b"\xe3\0\2\0\0\0\1\0")),
    ("shared-everything-threads", with_type(b"\x65\x60\0\0")),
    ("shared-everything-threads", with_type(b"\x60\1\x63\x65\x6e\0")),
    ("shared-everything-threads", with_code(b"\xfe\x4f\0\0")),
    ("shared-everything-threads", with_code(b"\xfe\x5c\1\0\0")),
    ("shared-everything-threads", with_import(b"\1\x70\3\0\1")),  # a table
    ("shared-everything-threads", with_import(b"\1\x70\2\0")),
    ("shared-everything-threads", with_import(b"\3\x7f\2")),  # a global
    ("threads", with_import(b"\2\3\0\1")),  # a memory
    ("memory64", with_import(b"\2\5\0\1")),
    ("memory64", with_import(b"\1\x70\4\0")),
    ("custom-page-sizes", with_import(b"\2\x08\0\0")),
    ("custom-descriptors", with_type(b"\x4e\1\x4d\0\x5f\0")),
    ("custom-descriptors", with_type(b"\x60\1\x64\x62\0\0")),
    ("custom-descriptors", with_import(b"\x20\0")),  # an exact function
    ("custom-descriptors", with_code(b"\xfb\x20\0")),
    ("compact-imports", with_import(b"\x7f\2" + text("a") + b"\0\0" + text("b") + b"\0\0", name="")),
    ("compact-imports", with_import(b"\x7e\0\0\2" + text("a") + text("b"), name="")),
    ("exceptions", with_import(b"\4\0\0")),
    ("legacy-exceptions", with_code(b"\x06\x40\x19\x0b")),
    ("atomics", with_code(FENCE)),
    ("wide-arithmetic", with_code(b"\xfc\x13")),
    ("memory-control", with_code(b"\xfc\x12\0")),
    ("half-precision", with_code(b"\xfd\xa0\x02")),
    ("multi-memory", with_code(b"\x3f\1\x1a")),
]


def test_proposals_are_called_by_their_names(folder: Path) -> None:
    for feature, module in PROPOSALS:
        path = save(folder, module)
        refused = murre("validate", path)
        if feature != "multi-memory":  # there is one only: invalid
            assert refused.status == 1 and re.search(rf": needs features?: .*\b{feature}\b", refused.err), (feature, refused)
        shown = murre("inspect", path)
        expect(shown, 0, err="")
        assert feature in missing(shown), (feature, shown)
        assert "function 0  f: () -> ()" in shown.out or b"\x07\x01\x00" in module, (feature, shown)


def test_limits_that_no_proposal_has_are_malformed(folder: Path) -> None:
    for flags in (b"\x08", b"\x09", b"\x0a", b"\x10"):
        for module in (with_import(b"\1\x70" + flags + b"\0\1\1"), built((4, vector([b"\x70" + flags + b"\0\1\1"])))):
            expect(murre("validate", save(folder, module)), 1, "", "malformed limits flags")
    expect(murre("validate", save(folder, with_import(b"\2\x10\0"))), 1, "", "malformed limits flags")
    expect(murre("validate", save(folder, with_import(b"\x7f\1", name="n"))), 1, "", "malformed import kind")


def lacking() -> bytes:
    """Needs things in its types, imports, and bodies; in each of them something else."""
    kinds = vector([EMPTY, b"\x60\1\x7b\1\x63\1", b"\x5f\0"])
    imports = vector([text("env") + text("t") + b"\4\0\0", text("env") + text("v") + b"\0\1", text("env") + text("m") + b"\2\3\1\2"])
    exports = vector([text("v") + b"\0\1", text("") + b"\0\2", text("tag") + b"\4\0", text("mem") + b"\2\0"])
    bodies = vector([body(TAIL_CALL), body(FENCE)])
    return built((1, kinds), (2, imports), (3, vector([b"\0", b"\0"])), (7, exports), (10, bodies))


LACKS = ["exceptions", "gc", "atomics", "threads"]


def test_inspect_shows_all_of_a_module_that_cannot_be_run(folder: Path) -> None:
    result = murre("inspect", save(folder, lacking()))
    expect(result, 0, err="")
    assert missing(result) == LACKS, result
    for line in (
        "  tag      0  env.t: () -> ()",
        "  function 0  env.v: (v128) -> (ref null 1)",
        "  memory   0  env.m: 1 to 2 pages, shared",
        "  function 1  v: () -> ()",
        '  function 2  "": () -> ()',
        "  tag      0  tag: () -> ()",
        "  memory   0  mem: 1 to 2 pages, shared",
    ):
        assert line in result.out.splitlines(), (line, result)
    assert len(re.findall(r" bytes  (type|import|function|export|code), \d+ entries$", result.out, re.M)) == 5, result
    listing = murre("inspect", "--disassemble", save(folder, lacking()))
    expect(listing, 0, err="")
    assert "return_call 0" in listing.out and "atomic.fence" in listing.out, listing


def test_all_that_is_missing_is_named(folder: Path, tier: str) -> None:
    expected = "needs features: " + ", ".join(LACKS) + "\n"
    path = save(folder, lacking())
    for args in (["validate"], [f"--tier={tier}"], [f"--tier={tier}", "--validate-all"]):
        expect(murre(*args, path), 1, "", expected)
    # In bodies alone, the first of which is good.
    m = Module()
    m.function(b"", export="_start")
    m.function(FENCE, name="a")
    m.function(I31, name="b")
    path = save(folder, m)
    expect(murre("validate", path), 1, "", "needs features: gc, atomics\n")
    expect(murre(f"--tier={tier}", "--validate-all", path), 1, "", "needs features: gc, atomics\n")
    expect(murre(f"--tier={tier}", path), 0, "", "")


def test_a_body_that_cannot_run_is_refused_at_its_call(folder: Path, tier: str) -> None:
    m = hello()
    start = len(m.imports)
    m.function(I31, name="numbers")
    m.function(call(start) + call(start + 1), export="both")
    m.function(FENCE)
    result = murre(f"--tier={tier}", "--invoke=both", save(folder, m))
    expect(result, 1, "hello\n", "the module needs features: gc, atomics\n")
    assert ": numbers (function" in result.err and "trap" not in result.err, result
    m = Module()
    m.function(I31, export="_start")
    result = murre(f"--tier={tier}", save(folder, m))
    expect(result, 1, "", "the module needs feature: gc\n")
    m = Module()
    m.function(b"\x6a", export="_start")
    expect(murre(f"--tier={tier}", save(folder, m)), 134, "", "trap: invalid code: ")


def test_target_features_are_believed_before_the_first_instruction(folder: Path, tier: str) -> None:
    m = hello()
    m.function(b"\x41\x00\x1a" + FENCE)
    plain = m.build()
    expect(murre(f"--tier={tier}", save(folder, plain)), 0, "hello\n", "")
    claimed = plain + target_features("mutable-globals", "atomics")
    expect(murre(f"--tier={tier}", save(folder, claimed)), 1, "", "needs feature: atomics\n")
    # What is claimed but not used harms nobody, nor does what is used and claimed but there.
    unused = hello().build() + target_features("simd128", "atomics", "exception-handling", "sign-ext", "unheard-of")
    expect(murre(f"--tier={tier}", save(folder, unused)), 0, "hello\n", "")
    # Also behind long immediates, which the search must pass over as they are.
    m = hello()
    tricky = const(-1) + wasm.DROP + b"\x43\xfe\xfe\xfe\xfe\x1a\x44" + b"\xfe" * 8 + b"\x1a\x42\xfe\x7d\x1a"
    tricky += const(0) + b"\x0e\3\0\0\0\0"
    m.function(tricky)
    good = m.build() + target_features("atomics")
    expect(murre(f"--tier={tier}", save(folder, good)), 0, "hello\n", "")
    m.function(tricky + FENCE)
    expect(murre(f"--tier={tier}", save(folder, m.build() + target_features("atomics"))), 1, "", "needs feature: atomics\n")


def test_inspect_shows_what_can_be_read_of_a_malformed_module(folder: Path) -> None:
    m = hello()
    whole = m.build()
    result = murre("inspect", save(folder, whole[:-3]))
    expect(result, 1, err="unexpected end")
    assert "wasi_snapshot_preview1.fd_write: (i32, i32, i32, i32) -> i32" in result.out and "_start: () -> ()" in result.out, result
    # A fault in one section costs no other.
    bad = built((1, vector([EMPTY])), (2, vector([text("m") + text("n") + b"\x55"])), (3, vector([b"\0"])), (7, vector([text("f") + b"\0\0"])))
    result = murre("inspect", save(folder, bad))
    expect(result, 1, err="malformed import kind")
    assert "f: () -> ()" in result.out and "code" not in result.out, result
    # An export of something that is not there.
    result = murre("inspect", save(folder, built((7, vector([text("f") + b"\0\x63", text("t") + b"\1\0"])))))
    expect(result, 1, err="unknown function 99")
    assert "function 99  f: " in result.out and "table    0  t: " in result.out, result


if __name__ == "__main__":
    sys.exit(run.main(globals()))
