#!/usr/bin/env python3
"""Programs that trap say the same in every tier, at every level, with either way of checking bounds: crashing.py [--emulated] MURRE [TIER…]"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run  # noqa: E402
from programs import Program, build  # noqa: E402
from run import Result, Skipped, murre  # noqa: E402

# Not inlined, so that there are callers to see.
C = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define DEEP __attribute__((noinline))
static volatile int zero;
static volatile uintptr_t far = 0xfffffff0u;

DEEP static int third(int a) { return 1 + a / zero; }
DEEP static int second(int a) { return 2 + third(a * 3) * third(a); }
DEEP static int first(int a) { return 3 + second(a + 1); }

DEEP static int sum(const int *values, int count) { int s = 0; for (int i = 0; i < count; i++) s += values[i]; return s; }
DEEP static int sums(int n) { int s = 0; for (int i = 0; i < n; i++) s += sum((const int *)(i == n - 1 ? far : (uintptr_t)&far), 4); return s; }

DEEP static void put(char *to) { to[5] = 1; }
DEEP static int compare(const void *a, const void *b) { put((char *)far); return *(const int *)a - *(const int *)b; }

typedef int unary(int);
static unary *volatile none, *volatile wrong = (unary *)compare;
DEEP static int through(unary *f) { return f(4) + 1; }

DEEP static void give_up(int n) { if (n == 0) abort(); give_up(n - 1); zero = n; }

int main(int argc, char **argv) {
    int order[] = {3, 1, 2};
    printf("begins\\n");
    fflush(stdout);
    switch (argv[1][0]) {
    case 'd': return first(argc);
    case 'o': return sums(20000);
    case 'q': qsort(order, 3, sizeof *order, compare); return order[0];
    case 'n': return through(none);
    case 'w': return through(wrong);
    case 'a': give_up(5); return 0;
    case 'c': memset((void *)far, argc, 100000); return 0;
    case 'u': return __builtin_wasm_trunc_s_i32_f64(zero / 0.0 + 1e300);
    }
    return 0;
}
"""
KINDS = {
    "d": "integer divide by zero",
    "o": "out of bounds memory access",
    "q": "out of bounds memory access",
    "n": "",  # element 0 of a table of clang's is null
    "w": "indirect call type mismatch",
    "a": "unreachable",
    "c": "out of bounds memory access",
    "u": "",
}

# A library: the host gives it an address that is none, for a copy, for a string, and as something to call.
GIVEN = """
#include <string.h>
#define DEEP __attribute__((noinline))
struct item { struct item *next; int value; int (*ask)(struct item *); };
DEEP static int total(const struct item *item) { int sum = 0; while (item) sum += item->value, item = item->next; return sum; }
__attribute__((export_name("items"))) int items(struct item *first) { return total(first) * 3 + 1; }
DEEP static int ask(struct item *item) { return item->ask(item) + item->value; }
__attribute__((export_name("asks"))) int asks(struct item *first) { return ask(first) + 1; }
static char place[64];
DEEP static int keep(const char *text) { memcpy(place, text, sizeof place); return place[3]; }
__attribute__((export_name("keeps"))) int keeps(const char *text) { return keep(text) + place[1]; }
__attribute__((export_name("lengths"))) int lengths(const char *text) { return (int)strlen(text) + place[0]; }
"""

RUST = """
fn find(values: &[u32], wanted: u32) -> usize { values.iter().position(|v| *v == wanted).expect("it is not there") }
#[inline(never)]
fn outer(n: u32) -> usize { find(&[1, 2, 3], n) + 1 }
fn main() { println!("begins"); std::process::exit(outer(std::env::args().count() as u32 + 7) as i32) }
"""

GO = """package main

type node struct{ next *node; value int }

//go:noinline
func depth(n *node, left int) int {
	if left == 0 {
		return n.next.next.value
	}
	return 1 + depth(n, left-1)
}

func main() {
	println("begins")
	println(depth(&node{}, 4))
}
"""


def configurations() -> "list[list[str]]":
    found = [["--tier=interp", "--bounds=explicit"], ["--tier=auto"], ["--tier=auto", "--bounds=explicit"]]
    if "jit" in run.TIERS:
        found += [["--tier=jit", f"--opt-level={level}", f"--bounds={bounds}"] for level in range(4) for bounds in ("auto", "explicit")]
    return found


def ask(path: Path, options: "list[str]", *args: str) -> Result:
    """Where there was no time to find an offset, once more."""
    for _ in range(10):
        result = murre("run", *options, path, *args)
        frames = re.findall(r"^ +\d+: .*$", result.err, re.M)
        if all(" at 0x" in frame for frame in frames):
            break
    return result


def compare(path: Path, least: int, *args: str, options: "tuple[str, ...]" = ()) -> Result:
    """How it ends in the interpreter, as everywhere; in at least so many frames."""
    wanted = ask(path, ["--tier=interp", *options], *args)
    frames = len(re.findall(r"^ +\d+: .* at 0x[0-9a-f]+$", wanted.err, re.M))
    assert frames >= least, f"{least} frames expected: {wanted}"
    for chosen in configurations():
        found = ask(path, [*chosen, *options], *args)
        assert (found.status, found.out, found.err) == (wanted.status, wanted.out, wanted.err), f"{chosen}: {found}; interp: {wanted}"
    return wanted


def test_programs_in_c_that_trap_say_the_same_everywhere(folder: Path) -> None:
    path = build(Program("", C, "c", ("-g0", "-fno-exceptions")), folder)
    for what, kind in KINDS.items():
        result = compare(path, 3, what)
        assert result.status == 134 and result.out == "begins\n" and kind in result.err, (what, result)


def test_a_bad_pointer_from_the_host_says_the_same_everywhere(folder: Path) -> None:
    path = build(Program("", GIVEN, "c", ("-g0", "-mexec-model=reactor", "-fno-builtin")), folder)
    for what in ("items", "asks", "keeps", "lengths"):
        for address in ("4294967280", "3000000001", "65535999"):
            result = compare(path, 1 if what == "lengths" else 2, address, options=(f"--invoke={what}",))
            assert result.status == 134 and "out of bounds memory access" in result.err, (what, address, result)


def test_a_panic_in_rust_says_the_same_everywhere(folder: Path) -> None:
    path = build(Program("", RUST, "rust"), folder)
    result = compare(path, 5)
    assert result.status == 134 and "it is not there" in result.err and "unreachable" in result.err, result


def test_a_nil_dereference_in_go_says_the_same_everywhere(folder: Path) -> None:
    path = build(Program("", GO, "go"), folder)
    result = compare(path, 0)
    assert result.status == 2 and "nil pointer dereference" in result.err, result


if __name__ == "__main__":
    sys.exit(run.main(globals()))
