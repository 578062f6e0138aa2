#!/usr/bin/env python3
"""Runs programs with SIMD in each tier and compares their answers: a test, not a measurement.

    bench/check_simd.py [--murre PROGRAM] [--tiers auto,jit,interp] [--engines wasmtime,wasmi,…] [--filter TEXT]

The kernels of bench/simd (with and without SIMD) and a C++ program against their native builds; hashes by two modules of npm packages,
called through murre.h by bench-hashes, against Python's; a compressor and its inverse. With --engines the programs run there instead (hashes
are murre's only). Hashes need `ninja -C build bench/bench-hashes`. The last line is "N passed, N failed".
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import corpus, engines, places

BLAKE3_START = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
BLAKE3_ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
BLAKE3_ROWS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def blake3_compress(value, block, counter, flags):
    """The chaining value after one block of up to 64 bytes."""
    words = [int.from_bytes(block.ljust(64, b"\0")[i:i + 4], "little") for i in range(0, 64, 4)]
    v = [*value, *BLAKE3_START[:4], counter & 0xFFFFFFFF, counter >> 32, len(block), flags]
    turn = lambda x, n: (x >> n | x << (32 - n)) & 0xFFFFFFFF
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(BLAKE3_ROWS):
            for word, first, second in ((words[2 * i], 16, 12), (words[2 * i + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & 0xFFFFFFFF
                v[d] = turn(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & 0xFFFFFFFF
                v[b] = turn(v[b] ^ v[c], second)
        words = [words[i] for i in BLAKE3_ORDER]
    return tuple(v[i] ^ v[i + 8] for i in range(8))


def blake3_node(data, chunk, root):
    """The chaining value of the tree over that data, whose first chunk has that number."""
    if len(data) <= 1024:
        value = BLAKE3_START
        blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
        for i, block in enumerate(blocks):
            flags = (CHUNK_START if i == 0 else 0) | (CHUNK_END | root if i == len(blocks) - 1 else 0)
            value = blake3_compress(value, block, chunk, flags)
        return value
    left = 1 << ((len(data) - 1) // 1024).bit_length() - 1  # chunks: a power of two that leaves something to the right
    pair = blake3_node(data[:left * 1024], chunk, 0) + blake3_node(data[left * 1024:], chunk + left, 0)
    return blake3_compress(BLAKE3_START, b"".join(w.to_bytes(4, "little") for w in pair), 0, PARENT | root)


def blake3(data):
    return b"".join(w.to_bytes(4, "little") for w in blake3_node(data, 0, ROOT)).hex()


passed = failed = 0


def judge(what, got, expected):
    global passed, failed
    good = got == expected
    passed, failed = passed + good, failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'} {what}", flush=True)
    if not good:
        print(f"     expected {expected[-600:]!r}\n     got      {got[-600:]!r}")


def output_of(command, timeout, lines=None):
    """What it prints, or how it failed. `lines`: only so many."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=timeout)
    except subprocess.TimeoutExpired:
        return "the time was up"
    except OSError as error:
        return str(error)
    return f"exit code {done.returncode}: {done.stderr}" if done.returncode else "\n".join(done.stdout.splitlines()[:lines])


def check_kernels(chosen, options):
    for name in corpus.SIMD:
        if options.filter not in name:
            continue
        expected = output_of([places.NATIVE / f"simd-{name}", options.repeats], options.timeout, 1)
        for engine in chosen:
            for module in (corpus.simd_module(name), corpus.simd_module(name, scalar=True)):
                if command := engine.command(module, [str(options.repeats)]):
                    judge(f"{module.stem} on {engine.name}", output_of(command, options.timeout, 1), expected)


def check_cpp(chosen, options):
    module = places.WASM / "points.wasm"
    if options.filter not in "points" or not module.exists():
        return
    expected = output_of([places.NATIVE / "points"], options.timeout)
    for engine in chosen:
        judge(f"points (C++) on {engine.name}", output_of(engine.command(module), options.timeout), expected)


def check_compression(chosen, options):
    """Two modules whose entry is the export named "": what one has packed the other unpacks."""
    pack, unpack = (places.MODULES / f"{name}.wasi.wasm" for name in ("compress-stringify", "parse-string-decompress"))
    if options.filter not in "compress" or not pack.exists():
        return
    plain = (places.BENCH / "data/drawing.svg").read_bytes()
    for engine in chosen:
        if not engine.command(pack, (), {"/d": "/"}):
            continue
        with tempfile.TemporaryDirectory(dir=places.OUT) as scratch:
            (Path(scratch) / "plain").write_bytes(plain)
            run = lambda module, *args: output_of(engine.command(module, args, {"/d": scratch}), options.timeout)
            said = run(pack, "/d/plain", "/d/packed", "--stringify") + run(unpack, "/d/packed", "/d/unpacked", "--parse-string")
            unpacked = Path(scratch) / "unpacked"
            judge(f"compress and decompress on {engine.name}", said + (unpacked.read_text() if unpacked.exists() else "no file"), plain.decode())


def hashes(digest, got):
    """What `bench-hashes` ought to have printed, for the lengths that it printed; digests of four blocks come last, without lengths."""
    pattern = bytes(i % 251 for i in range(100000))
    lengths = [int(line.split()[0]) for line in got.splitlines() if line.split()[0].isdigit()]
    lines, blocks = [], 0
    for i, length in enumerate(lengths):
        fourth = i >= lengths.index(max(lengths)) + 1
        lines.append(f"{length} {digest(pattern[blocks * 64:blocks * 64 + 64] if fourth else pattern[:length])}")
        blocks += fourth
    return "\n".join(lines)


def check_hashes(options):
    program = options.hashes or Path(options.murre).parent / "bench/bench-hashes"
    algorithms = {"blake3": ("blake3.wasm", blake3), "sha256": ("as-sha256.wasm", lambda data: hashlib.sha256(data).hexdigest())}
    for name, (file, digest) in algorithms.items():
        if options.filter not in name or not (places.MODULES / file).exists():
            continue
        for tier in options.tiers.split(","):
            got = output_of([program, tier, name, places.MODULES / file], options.timeout)
            judge(f"{name} on murre-{tier}", got, hashes(digest, got) if got[:1].isdigit() else "digests")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--murre", default=os.environ.get("MURRE", str(places.ROOT / "build/murre")))
    parser.add_argument("--hashes", help="the program bench-hashes (beside murre)")
    parser.add_argument("--tiers", default="auto,jit,interp")
    parser.add_argument("--engines", default="")
    parser.add_argument("--filter", default="")
    parser.add_argument("--repeats", type=int, default=5, help="of each kernel")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for one run")
    options = parser.parse_args()
    say = lambda text: print(text, file=sys.stderr)
    corpus.prepare({"simd", "simd-real"}, say)
    if options.engines:
        chosen, _, _ = engines.choose(options.murre, options.engines.split(","))
    else:
        chosen = [engines.murre(options.murre, tier) for tier in options.tiers.split(",")]
    check_kernels(chosen, options)
    check_cpp(chosen, options)
    check_compression(chosen, options)
    if not options.engines:
        check_hashes(options)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
