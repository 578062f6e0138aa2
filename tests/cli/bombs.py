"""Small modules that make an engine hold much: one function each, named for what they ask for. All of them are valid, and most of them run.

    bombs.py         prints their names
    bombs.py NAME    writes one to standard output
"""

import sys


from wasm import END, call, const, local_get, section, text, uleb, vector

HEAD = b"\0asm\1\0\0\0"
EMPTY_TYPE = b"\x60\0\0"
EMPTY_BODY = b"\x02\0\x0b"
I32 = 0x7F


def many(count: int, item: bytes) -> bytes:
    return uleb(count) + item * count


def function_type(params: int, results: int) -> bytes:
    return b"\x60" + many(params, b"\x7f") + many(results, b"\x7f")


def body(code: bytes, local_count: int = 0) -> bytes:
    groups = many(1, uleb(local_count) + b"\x7f") if local_count else b"\0"
    return uleb(len(groups) + len(code) + 1) + groups + code + END


def module(types: bytes, functions: "list[tuple[int, bytes]]", start: "int | None" = 0, **sections: bytes) -> bytes:
    """start: the function that is exported as _start. sections: others, by name, in any order."""
    out = HEAD + section(1, types)
    out += section(2, sections["imports"]) if "imports" in sections else b""
    out += section(3, vector([uleb(kind) for kind, _ in functions])) if functions else b""
    for number, name in ((4, "tables"), (5, "memories"), (6, "globals")):
        out += section(number, sections[name]) if name in sections else b""
    if "exports" in sections:
        out += section(7, sections["exports"])
    elif start is not None:
        out += section(7, vector([text("_start") + b"\0" + uleb(start)]))
    out += section(9, sections["elements"]) if "elements" in sections else b""
    out += section(10, vector([code for _, code in functions])) if functions else b""
    out += section(11, sections["data"]) if "data" in sections else b""
    return out


def runs_nothing(**sections: bytes) -> bytes:
    return module(many(1, EMPTY_TYPE), [(0, EMPTY_BODY)], **sections)


# ---- sections and what they declare ----


def three_million_custom_sections() -> bytes:
    return runs_nothing() + b"\0\1\0" * 3_000_000


def a_million_types() -> bytes:
    return module(many(1_000_000, EMPTY_TYPE), [(0, EMPTY_BODY)])


def half_a_million_distinct_types() -> bytes:
    kinds = (b"\x7f", b"\x7e", b"\x7d", b"\x7c", b"\x70", b"\x6f")
    types = []
    for i in range(500_000):
        params = b""
        while i:
            params += kinds[i % 6]
            i //= 6
        types.append(b"\x60" + text(params) + b"\0")
    return module(vector(types), [(0, EMPTY_BODY)])


def forty_megabytes_of_long_types() -> bytes:
    rest = function_type(0, 1000)[2:]
    types = []
    for i in range(20_000):
        digits = bytes(0x7C + (i >> 2 * k & 3) for k in range(8))
        types.append(b"\x60" + text(digits + b"\x7f" * 992) + rest)
    return module(vector([EMPTY_TYPE] + types), [(0, EMPTY_BODY)])


def a_million_imported_functions() -> bytes:
    return module(many(1, EMPTY_TYPE), [], start=None, imports=many(1_000_000, b"\0\0\0\0"))


def a_million_imported_tables() -> bytes:
    return module(many(1, EMPTY_TYPE), [], start=None, imports=many(1_000_000, b"\0\0\1\x70\0\0"))


def a_million_imported_globals() -> bytes:
    return module(many(1, EMPTY_TYPE), [], start=None, imports=many(1_000_000, b"\0\0\3\x7f\0"))


def a_million_functions() -> bytes:
    return module(many(1, EMPTY_TYPE), [(0, EMPTY_BODY)] * 1_000_000)


def a_million_functions_called() -> bytes:
    calls = b"".join(call(i) for i in range(1, 1_000_000))
    return module(many(1, EMPTY_TYPE), [(0, body(calls))] + [(0, EMPTY_BODY)] * 999_999)


def a_million_globals() -> bytes:
    return runs_nothing(globals=many(1_000_000, b"\x7f\0\x41\0\x0b"))


def a_million_exports() -> bytes:
    exports = [text("_start") + b"\0\0"] + [text(b"%x" % i) + b"\0\0" for i in range(999_999)]
    return runs_nothing(exports=vector(exports))


def ten_million_element_segments() -> bytes:
    return runs_nothing(elements=many(10_000_000, b"\1\0\0"))


def ten_million_element_entries() -> bytes:
    return runs_nothing(elements=uleb(2) + b"\1\0" + many(10_000_000, b"\0") + b"\5\x70" + many(5_000_000, b"\xd0\x70\x0b"))


def a_hundred_thousand_data_segments() -> bytes:
    return runs_nothing(memories=b"\1\0\1", data=many(100_000, b"\1\0"))


def something_of_everything() -> bytes:
    calls = b"".join(call(i) for i in range(1, 500_000))
    return module(
        many(500_000, EMPTY_TYPE),
        [(0, body(calls))] + [(0, EMPTY_BODY)] * 499_999,
        tables=many(50_000, b"\x70\0\0"),
        globals=many(500_000, b"\x7f\0\x41\0\x0b"),
        exports=vector([text("_start") + b"\0\0"] + [text(b"%x" % i) + b"\0\0" for i in range(500_000)]),
        elements=many(500_000, b"\1\0\0"),
    ) + b"\0\1\0" * 500_000


# ---- tables ----


def a_hundred_thousand_tables() -> bytes:
    return runs_nothing(tables=many(100_000, b"\x70\0\0"))


def tables_that_grow() -> bytes:
    """Twelve tables, each by a million as often as it works, and filled."""
    code = b"".join(b"\x03\x40\xd2\0" + const(1_000_000) + b"\xfc\x0f" + uleb(i) + const(0) + b"\x4e\x0d\0\x0b" for i in range(12))
    return runs_one(code, tables=many(12, b"\x70\0\0"))


def tables_that_grow_by_one() -> bytes:
    return runs_one(b"\x03\x40\xd2\0" + const(1) + b"\xfc\x0f\0" + const(0) + b"\x4e\x0d\0\x0b", tables=many(1, b"\x70\0\0"))


def a_large_table_filled() -> bytes:
    """Ends with a refusal, or after writing every element."""
    code = const(0) + b"\xd2\0" + const(10_000_000) + b"\xfc\x11\0"
    return runs_one(code, tables=many(1, b"\x70\0" + uleb(10_000_000)))


def runs_one(code: bytes, local_count: int = 0, **sections: bytes) -> bytes:
    sections.setdefault("elements", b"\1\3\0\1\0")  # so that ref.func may name it
    return module(many(1, EMPTY_TYPE), [(0, body(code, local_count))], **sections)


# ---- lowering: operand stacks, labels, register code ----


def calls_of_many_results(reachable: bool) -> bytes:
    kinds = vector([EMPTY_TYPE, function_type(0, 1000)])
    results = body(const(0) * 1000)
    code = (b"" if reachable else b"\x0f") + call(1) * 500_000 + b"\0"
    return module(kinds, [(0, body(code)), (1, results)])


def operands_in_reachable_code() -> bytes:
    return calls_of_many_results(True)


def operands_in_unreachable_code() -> bytes:
    return calls_of_many_results(False)


def millions_of_constants() -> bytes:
    return runs_one(const(0) * 3_700_000 + b"\0")


def blocks_a_hundred_thousand_deep() -> bytes:
    kinds = vector([EMPTY_TYPE, function_type(0, 1)])
    return module(kinds, [(0, body(b"\x02\x40" * 99_990 + END * 99_990))])


def a_branch_table_of_millions() -> bytes:
    code = b"\x02\x40\x02\x40" + const(0) + b"\x0e" + uleb(7_600_000) + b"\0\1" * 3_800_000 + b"\0\x0b\x0b"
    return runs_one(code)


def branch_tables_of_sixty_thousand() -> bytes:
    """The last: the labels are behind them all."""
    table = const(0) + b"\x0e" + uleb(60_000) + b"\1\2" * 30_000 + b"\1"
    return runs_one(b"\x02\x40\x02\x40" + (b"\x02\x40" + table + END) * 120 + b"\x0b\x0b")


def millions_of_branches_ahead() -> bytes:
    return runs_one(b"\x02\x40" + (local_get(0) + b"\x0d\0") * 1_900_000 + END, 1)


def a_million_loops() -> bytes:
    return runs_one(b"\x03\x40\x0b" * 2_500_000)


def moved_values(branches: int, width: int = 1000) -> bytes:
    """Each branch moves many values: a thousand times as much code as bytes."""
    return (
        b"\x02\x01"
        + b"".join(local_get(i % 100) for i in range(width))
        + (const(0) + b"\x0d\0" + const(1) + b"\x1a") * branches
        + END
        + b"\x1a" * width
    )


def code_of_one_function() -> bytes:
    kinds = vector([EMPTY_TYPE, function_type(0, 1000)])
    return module(kinds, [(0, body(moved_values(1_000_000), 100))])


def code_of_many_functions() -> bytes:
    kinds = vector([EMPTY_TYPE, function_type(0, 1000)])
    one = (0, body(moved_values(20), 100))
    return module(kinds, [(0, body(b"".join(call(i) for i in range(1, 2000))))] + [one] * 1999)


def code_of_many_functions_that_wait() -> bytes:
    """The same, each called by the one before."""
    kinds = vector([EMPTY_TYPE, function_type(0, 1000)])
    ones = [(0, body(moved_values(20) + call(i + 1), 100)) for i in range(1, 1998)]
    return module(kinds, [(0, body(call(1)))] + ones + [(0, EMPTY_BODY)])


def locals_by_the_ten_thousands() -> bytes:
    return module(many(1, EMPTY_TYPE), [(0, body(b"".join(call(i) for i in range(1, 100))))] + [(0, body(b"", 49_000))] * 99)


# ---- compilation ----


def hot(inner: "list[tuple[int, bytes]]", kinds: bytes, rounds: int = 20_000, more: "list[tuple[int, bytes]] | None" = None) -> bytes:
    """Calls each of inner, which take nothing and give nothing, many times. more: other functions, behind these."""
    loop = b"\x03\x40" + b"".join(call(i + 1) for i in range(len(inner)))
    loop += local_get(0) + const(1) + b"\x6a\x22\0" + const(rounds) + b"\x48\x0d\0\x0b"
    return module(kinds, [(0, body(loop, 1))] + inner + (more or []))


def compiled_moves() -> bytes:
    """Branches that move a thousand values, never taken, in functions that are called often."""
    kinds = vector([EMPTY_TYPE, function_type(0, 1000)])
    early = local_get(0) + b"\x45\x0d\0"
    return hot([(0, body(b"\x02\x40" + early + moved_values(200) + END, 100))] * 4, kinds)


def compiled_live_values() -> bytes:
    """Many values that live across many blocks."""
    early = b"\x02\x40" + local_get(0) + b"\x45\x0d\0"
    blocks = b"".join(
        b"\x02\x40" + local_get(i % 3000) + b"\x0d\0" + local_get((i * 7) % 3000) + b"\x21" + uleb((i * 13) % 3000) + END for i in range(3000)
    )
    return hot([(0, body(early + blocks + END, 3000))] * 4, many(1, EMPTY_TYPE))


def compiled_calls() -> bytes:
    """Calls with a thousand arguments and results."""
    kinds = vector([EMPTY_TYPE, function_type(1000, 1000)])
    code = b"\x02\x40" + local_get(0) + b"\x45\x0d\0" + const(0) * 1000 + call(5) * 2000 + b"\x1a" * 1000 + END
    return hot([(0, body(code, 1))] * 4, kinds, more=[(1, body(b"".join(local_get(i) for i in range(1000))))])


def thousands_of_hot_functions() -> bytes:
    """So that much machine code is made."""
    one = b"".join(local_get(i % 7) + local_get(i % 5) + b"\x6c\x21" + uleb(i % 7) for i in range(1000))
    return hot([(0, body(one, 7))] * 1000, many(1, EMPTY_TYPE), 1_000)


BOMBS = [
    three_million_custom_sections,
    a_million_types,
    half_a_million_distinct_types,
    forty_megabytes_of_long_types,
    a_million_imported_functions,
    a_million_imported_tables,
    a_million_imported_globals,
    a_million_functions,
    a_million_functions_called,
    a_million_globals,
    a_million_exports,
    ten_million_element_segments,
    ten_million_element_entries,
    a_hundred_thousand_data_segments,
    something_of_everything,
    a_hundred_thousand_tables,
    tables_that_grow,
    tables_that_grow_by_one,
    a_large_table_filled,
    operands_in_reachable_code,
    operands_in_unreachable_code,
    millions_of_constants,
    blocks_a_hundred_thousand_deep,
    a_branch_table_of_millions,
    branch_tables_of_sixty_thousand,
    millions_of_branches_ahead,
    a_million_loops,
    code_of_one_function,
    code_of_many_functions,
    code_of_many_functions_that_wait,
    locals_by_the_ten_thousands,
    compiled_moves,
    compiled_live_values,
    compiled_calls,
    thousands_of_hot_functions,
]

if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("\n".join(bomb.__name__ for bomb in BOMBS))
    else:
        sys.stdout.buffer.write(next(bomb for bomb in BOMBS if bomb.__name__ == sys.argv[1])())
