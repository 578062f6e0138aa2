#!/usr/bin/env python3
"""Names in messages, listings and backtraces: names.py [--emulated] MURRE [TIER…]."""

import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
import wasm  # noqa: E402
from run import Skipped, expect, murre, save  # noqa: E402
from wasm import Module, call, const, local_get  # noqa: E402

# Each alone, and what is shown of it.
HIDDEN = [*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x61C, 0xE0041]
HARMLESS = "füße ‐ ′ 漢 🦆 a\u0301"


def shown(code: int) -> str:
    return f"a\\u{{{code:04x}}}b"


def recursive(names: "list[str]", body: bytes = b"") -> Module:
    """Functions that call the next, the last the first."""
    m = Module()
    for i, name in enumerate(names):
        m.function(body + call((i + 1) % len(names)), export="_start" if i == 0 else None, name=name)
    return m


def test_characters_that_turn_or_hide_text_are_escaped(folder: Path, tier: str) -> None:
    for code in HIDDEN:
        name = f"a{chr(code)}b"
        m = Module()
        m.function(wasm.UNREACHABLE, export="_start", name=name)
        m.function(b"", export=name)
        path = save(folder, m)
        trap = murre(f"--tier={tier}", path)
        expect(trap, 134, "", shown(code))
        listing = murre("inspect", path)
        expect(listing, 0, err="")
        assert shown(code) in listing.out, listing
        body = murre("inspect", "--disassemble", path)
        assert shown(code) in body.out, body
        unknown = Module()
        unknown.imported(name, [], [], module=name)
        unknown.function(b"", export="_start")
        missing = murre(save(folder, unknown))
        assert missing.err.count(shown(code)) == 2, missing
        for result in (trap, listing, body, missing):
            assert chr(code) not in result.out + result.err, result


def test_harmless_characters_are_shown(folder: Path) -> None:
    m = Module()
    m.function(wasm.UNREACHABLE, export="_start", name=HARMLESS)
    expect(murre(save(folder, m)), 134, "", f"0: {HARMLESS} (function 0)")


def test_long_names_are_cut_in_messages(folder: Path, tier: str) -> None:
    long = "n" * 300_000
    path = save(folder, recursive([long]))
    start = time.monotonic()
    result = murre(f"--tier={tier}", path)
    assert time.monotonic() - start < (60 if run.EMULATED else 5), time.monotonic() - start
    expect(result, 134, "", "n" * 256 + "… (function 0)")
    assert len(result.err) < 2000, len(result.err)
    # Not within a character, and not before the 256th byte without need.
    m = Module()
    m.function(wasm.UNREACHABLE, export="_start", name="x" + "ü" * 400)
    expect(murre(f"--tier={tier}", save(folder, m)), 134, "", ": x" + "ü" * 127 + "… (")
    m = Module()
    m.function(wasm.UNREACHABLE, export="_start", name="y" * 256)
    expect(murre(f"--tier={tier}", save(folder, m)), 134, "", ": " + "y" * 256 + " (")


def test_a_backtrace_does_not_repeat_a_run_of_frames(folder: Path, tier: str) -> None:
    result = murre(f"--tier={tier}", save(folder, recursive(["again"])))
    lines = result.err.splitlines()
    more = re.fullmatch(r"  … ([\d,]+) more", lines[-1])
    # The innermost frame may stand elsewhere than at its call.
    assert more and 3 <= lines.count(lines[-2]) + sum("again" in line for line in lines[1:-1]) and len(lines) <= 6, result
    assert int(more.group(1).replace(",", "")) > 1000, result
    result = murre(f"--tier={tier}", save(folder, recursive(["ping", "pang", "pong"])))
    lines = result.err.splitlines()
    assert re.fullmatch(r"  … [\d,]+ more", lines[-1]) and 7 <= len(lines) <= 13, result


def test_a_run_of_frames_ends_where_others_begin(folder: Path, tier: str) -> None:
    m = Module()
    # f(n): if n == 0 unreachable else f(n - 1)
    body = local_get(0) + b"\x45\x04\x40\x00\x0b" + local_get(0) + const(1) + b"\x6b" + call(0)
    m.function(body, ["i32"], name="down")
    m.function(const(20) + call(0), export="_start", name="main")
    result = murre(f"--tier={tier}", save(folder, m))
    expect(result, 134, "", "trap: unreachable")
    lines = result.err.splitlines()[1:]
    assert "down" in lines[0] and re.fullmatch(r"  … 17 more of the same", lines[-2]) and ": main (" in lines[-1], result
    assert lines[-1].startswith("   21: "), result


def test_few_frames_are_all_shown(folder: Path, tier: str) -> None:
    m = Module()
    body = local_get(0) + b"\x45\x04\x40\x00\x0b" + local_get(0) + const(1) + b"\x6b" + call(0)
    m.function(body, ["i32"], name="down")
    m.function(const(3) + call(0), export="_start", name="main")
    result = murre(f"--tier={tier}", save(folder, m))
    lines = result.err.splitlines()[1:]
    assert len(lines) == 5 and "…" not in result.err, result


def test_messages_are_written_in_few_calls(folder: Path) -> None:
    """Each name was written one byte per call. Counted by the packets that a socket delivers."""
    if run.EMULATED:
        raise Skipped("the size of writes")
    import socket

    m = Module()
    for i in range(400):
        m.imported(f"{'name' * 60}{i}", [], [], module="env")
    m.function(b"", export="_start")
    path = save(folder, m)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, its):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    with ours, its:
        process = subprocess.Popen([run.MURRE, path], stderr=its.fileno(), stdin=subprocess.DEVNULL)
        its.close()
        packets = []
        while packet := ours.recv(1 << 20):
            packets.append(packet)
        assert process.wait(run.SECONDS) == 1
    assert b"".join(packets).count(b"namename") >= 400, packets[:3]
    assert len(packets) < 20, len(packets)


def test_disassembling_by_name_takes_linear_time(folder: Path) -> None:
    """A name that is not there was looked for from the start of the section for each function: 100,000 took a minute."""
    count = 100_000
    m = Module()
    kind = m.type([], [])
    code = b"\x02\x00\x0b"
    m.functions = [(kind, code)] * count
    m.names = [(i, f"f{i}") for i in range(count)]
    path = save(folder, m)
    start = time.monotonic()
    expect(murre("inspect", "--disassemble=missing", path), 1, "", "has no function 'missing'")
    result = murre("inspect", f"--disassemble=f{count - 1}", path)
    expect(result, 0, err="")
    assert f"$f{count - 1}" in result.out, result
    result = murre("inspect", "--disassemble", path)
    assert result.out.count("(func $f") == count, result.status
    assert time.monotonic() - start < (60 if run.EMULATED else 5), time.monotonic() - start


def test_an_empty_export_name_is_shown_as_quotes(folder: Path) -> None:
    m = Module()
    m.function(b"")
    m.exports.append(wasm.text("") + b"\0\0")
    result = murre("inspect", save(folder, m))
    expect(result, 0, err="")
    assert re.search(r'^  function 0  "": \(\) -> \(\)$', result.out, re.M), result


if __name__ == "__main__":
    sys.exit(run.main(globals()))
