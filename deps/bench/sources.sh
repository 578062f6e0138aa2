#!/usr/bin/env bash
# Brings the sources of the benchmark's applications to .deps/bench/src/{lua,sqlite,quickjs}, from crates that bundle
# them. Only the files that are compiled are kept, and each is checked against NAME.sha256 here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

here=$root/deps/bench
out=$deps/bench/src

# keep NAME CRATE VERSION SUBFOLDER
keep() {
    local name=$1 crate=$2 version=$3 folder=$4 want file
    want="$version $(hash_of "$here/$name.sha256")"
    stamp_is "bench-$name" "$want" && [ -d "$out/$name" ] && return
    say "fetching $name ($crate $version)"
    fetch_crate "$crate" "$version"
    (cd "$deps/crates/$crate/$folder" && sha256sum --quiet --strict -c "$here/$name.sha256") ||
        die "the sources of $name do not match $here/$name.sha256"
    rm -rf "${out:?}/$name"
    mkdir -p "$out/$name"
    while read -r _ file; do
        cp "$deps/crates/$crate/$folder/$file" "$out/$name/"
    done < "$here/$name.sha256"
    rm -rf "${deps:?}/crates/$crate"
    stamp_set "bench-$name" "$want"
}

lock_deps
keep lua lua-src 551.1.0 lua-5.4.9
keep sqlite libsqlite3-sys 0.40.0 sqlite3
keep quickjs rquickjs-sys 0.14.0 quickjs
