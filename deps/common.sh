# Shared by the scripts of this folder; sourced, not run.
#
# Everything that is fetched lives in .deps/ (never committed). Each step leaves a stamp there with a hash of what went
# in, so that a second call costs milliseconds; a lock serialises concurrent callers of one checkout.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
stamps=$deps/stamps

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

lock_deps() {
    mkdir -p "$stamps"
    exec 9> "$deps/lock"
    flock 9
}

# stamp_is NAME VALUE: did step NAME last succeed with input VALUE?
stamp_is() { [ "$(cat "$stamps/$1" 2> /dev/null)" = "$2" ]; }
stamp_set() { printf '%s\n' "$2" > "$stamps/$1"; }

# hash_of FILE…: one hash over names and contents, in the order given; works for no file at all.
hash_of() {
    local file
    for file in "$@"; do
        printf '%s ' "${file##*/}"
        sha256sum < "$file"
    done | sha256sum | cut -d' ' -f1
}

# tree_hash DIR: one hash over the relative names and contents of all files below DIR.
tree_hash() {
    (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -d' ' -f1
}

# fetch_crate NAME VERSION [MANIFEST_EXTRA]: unpacks the crate's sources to .deps/crates/NAME.
# Cargo does the download and checks it against the registry's index; nothing is compiled and its lock file stays in .deps.
fetch_crate() {
    local name=$1 version=$2 extra=${3:-} work=$deps/crates/$1.work
    command -v cargo > /dev/null || die "cargo is needed to fetch the crate $name $version"
    rm -rf "$work" "$deps/crates/$name"
    mkdir -p "$work/src"
    : > "$work/src/lib.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n%s = { version = "=%s"%s }\n' \
        "$name" "$version" "$extra" > "$work/Cargo.toml"
    if (cd "$work" && cargo vendor --quiet --versioned-dirs vendor) > "$work/log" 2>&1; then
        mv "$work/vendor/$name-$version" "$deps/crates/$name"
    else
        unpack_from_cargo_cache "$name" "$version" || { cat "$work/log" >&2; die "cannot fetch the crate $name $version (cargo 1.70 or later is needed where the registry's index cannot be read over git; here is $(cargo --version))"; }
    fi
    rm -rf "$work"
}

# A cargo older than a crate's edition downloads the crate but then refuses its manifest, which is not needed here.
unpack_from_cargo_cache() {
    local archive
    for archive in "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"$1-$2.crate"; do
        [ -f "$archive" ] || continue
        tar -xzf "$archive" -C "$deps/crates" && mv "$deps/crates/$1-$2" "$deps/crates/$1" && return 0
    done
    return 1
}
