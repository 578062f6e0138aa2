"""Modules that ask for much work with few bytes: deadlines.py shows that none outlives its deadline, or costs more than its bytes. Each is a
function of a scale (1: a few MB) that returns a module; its documentation is its name."""

from typing import Callable

from wasm import END, FOREVER, call, const, functype, section, sleb, text, uleb, vector

MANY = 1000  # values, the limit on parameters and results
SHAPES: "dict[str, Callable[[float], bytes]]" = {}

BLOCK, LOOP, IF, ELSE = b"\x02", b"\x03", b"\x04", b"\x05"
UNREACHABLE, DROP, RETURN, SELECT = b"\x00", b"\x1a", b"\x0f", b"\x1b"
NONE, I32 = b"\x40", b"\x7f"


def shape(make: "Callable[[float], bytes]") -> "Callable[[float], bytes]":
    SHAPES[(make.__doc__ or "").splitlines()[0].rstrip(".")] = make
    return make


def get(index: int) -> bytes:
    return b"\x20" + uleb(index)


def br(depth: int) -> bytes:
    return b"\x0c" + uleb(depth)


def br_if(depth: int) -> bytes:
    return b"\x0d" + uleb(depth)


def br_table(depths: "list[int]", last: int) -> bytes:
    return b"\x0e" + uleb(len(depths)) + b"".join(map(uleb, depths)) + uleb(last)


def block(kind: int, start: bytes = BLOCK) -> bytes:
    return start + sleb(kind)


def module(
    types: "list[bytes]",
    functions: "list[tuple[int, bytes]]",
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    start: int = 0,
    memory: int = 0,
) -> bytes:
    """functions: type and body without end, locals included; start: the one exported as _start. before: sections in front of all others."""
    codes = [uleb(len(body) + 1) + body + END for _, body in functions]
    return (
        b"\0asm\1\0\0\0"
        + before
        + section(1, vector(types))
        + section(3, vector([uleb(kind) for kind, _ in functions]))
        + (section(5, vector([b"\x00" + uleb(memory)])) if memory else b"")
        + between
        + section(7, vector([text("_start") + b"\x00" + uleb(start)]))
        + after
        + section(10, vector(codes))
    )


def tables(sizes: "list[int]") -> bytes:
    return section(4, vector([b"\x70\x00" + uleb(size) for size in sizes]))


def ints(count: int) -> "list[str]":
    return ["i32"] * count


NOTHING = functype([], [])
WIDE = functype(ints(MANY), ints(MANY))
GIVES = functype([], ints(MANY))
TAKES = functype(ints(MANY), [])
PASS = b"\x00" + b"".join(get(i) for i in range(MANY))  # (func (param …) (result …) local.get 0 local.get 1 …)
ZEROS = b"\x00" + const(0) * MANY


# ---- loading ----


@shape
def types(scale: float) -> bytes:
    """a million types."""
    letters = b"\x7f\x7e\x7d\x7c"

    def one(number: int) -> bytes:
        return b"\x60\x0a" + bytes(letters[number >> 2 * i & 3] for i in range(10)) + b"\x00"

    count = int(1000000 * scale)
    return module([NOTHING] + [one(i) for i in range(count - 1)], [(0, b"\x00" + FOREVER)])


@shape
def custom_sections(scale: float) -> bytes:
    """three million empty custom sections."""
    return module([NOTHING], [(0, b"\x00" + FOREVER)], before=b"\x00\x01\x00" * int(3000000 * scale))


@shape
def many_globals(scale: float) -> bytes:
    """a million globals."""
    content = uleb(int(1000000 * scale)) + b"\x7f\x01\x41\x00\x0b" * int(1000000 * scale)
    return module([NOTHING], [(0, b"\x00" + FOREVER)], between=section(6, content))


@shape
def segments(scale: float) -> bytes:
    """a million element segments."""
    count = int(1000000 * scale)
    content = uleb(count) + b"\x00\x41\x00\x0b\x01\x00" * count
    return module([NOTHING], [(0, b"\x00" + FOREVER)], between=tables([10]), after=section(9, content))


# ---- functions ----


@shape
def locals_of_many_functions(scale: float) -> bytes:
    """a hundred thousand functions of fifty thousand locals."""
    count = int(100000 * scale)
    body = b"\x01" + uleb(50000) + I32
    main = b"\x00" + b"".join(call(i) for i in range(1, count + 1)) + FOREVER
    return module([NOTHING], [(0, main)] + [(0, body)] * count)


@shape
def locals_without_default(scale: float) -> bytes:
    """a hundred thousand functions of fifty thousand locals that are never null."""
    count = int(100000 * scale)
    body = b"\x01" + uleb(50000) + b"\x64\x70"
    main = b"\x00" + b"".join(call(i) for i in range(1, count + 1)) + FOREVER
    return module([NOTHING], [(0, main)] + [(0, body)] * count)


@shape
def parameters_of_many_functions(scale: float) -> bytes:
    """half a million functions of a thousand parameters."""
    count = int(500000 * scale)
    main = b"\x00" + const(0) * MANY + call(1) + FOREVER
    return module([NOTHING, TAKES], [(0, main)] + [(1, b"\x00")] * count)


@shape
def calls_after_return(scale: float) -> bytes:
    """calls of a thousand values after a return."""
    main = b"\x00" + RETURN + call(1) * int(3700000 * scale) + UNREACHABLE
    return module([NOTHING, WIDE], [(0, b"\x00" + LOOP + NONE + call(2) + br(0) + END), (1, PASS), (0, main)])


@shape
def calls_in_a_row(scale: float) -> bytes:
    """calls of a thousand values, each taking what the one before gave."""
    main = ZEROS + call(1) * int(3500000 * scale) + call(2)
    return module([NOTHING, WIDE, TAKES], [(0, main), (1, PASS), (2, b"\x00" + FOREVER)])


@shape
def calls_with_a_constant(scale: float) -> bytes:
    """calls of a thousand values, the last of them a constant."""
    main = ZEROS + (call(1) + DROP + const(7)) * int(1400000 * scale) + call(2)
    return module([NOTHING, WIDE, TAKES], [(0, main), (1, PASS), (2, b"\x00" + FOREVER)])


@shape
def results_piled_up(scale: float) -> bytes:
    """results of a thousand values piled up."""
    main = b"\x00" + call(1) * int(3700000 * scale) + UNREACHABLE
    return module([NOTHING, GIVES], [(0, main), (1, ZEROS)])


@shape
def unreachable_blocks(scale: float) -> bytes:
    """unreachable blocks of a thousand values, under a backtrace of 64 frames."""
    blocks = (block(1) + END) * int(1500000 * scale) + UNREACHABLE
    deep = b"\x00" + get(0) + b"\x45" + IF + NONE + FOREVER + END + get(0) + const(1) + b"\x6b" + call(1) + RETURN + blocks
    return module([NOTHING, WIDE, functype(["i32"], [])], [(0, b"\x00" + const(70) + call(1)), (2, deep)])


@shape
def reachable_blocks(scale: float) -> bytes:
    """blocks of a thousand values."""
    main = ZEROS + (block(1) + END) * int(1800000 * scale) + call(1)
    return module([NOTHING, WIDE, TAKES], [(0, main), (2, b"\x00" + FOREVER)])


@shape
def conditionals(scale: float) -> bytes:
    """conditionals of a thousand values."""
    main = ZEROS + (const(1) + block(1, IF) + ELSE + END) * int(900000 * scale) + call(1)
    return module([NOTHING, WIDE, TAKES], [(0, main), (2, b"\x00" + FOREVER)])


@shape
def tables_between_wide_labels(scale: float) -> bytes:
    """branch tables between labels of a thousand values."""
    # The labels take all values but the lowest, so that each branch moves them.
    table = block(3) * 5 + const(1) + br_table([0, 1, 2, 3, 4] * 20, 4) + END * 5 + const(3)
    main = ZEROS + table * int(30000 * scale) + call(1)
    fewer = functype(ints(MANY), ints(MANY - 1))
    return module([NOTHING, WIDE, TAKES, fewer], [(0, main), (2, b"\x00" + FOREVER)])


@shape
def large_tables(scale: float) -> bytes:
    """branch tables of sixty thousand targets, between labels of a thousand values."""
    table = block(1) + block(1) + const(5) + b"\x0e" + uleb(60000) + b"\x00\x01" * 30000 + b"\x01" + END + END
    main = ZEROS + table * int(110 * scale + 1) + call(1)
    return module([NOTHING, WIDE, TAKES], [(0, main), (2, b"\x00" + FOREVER)])


@shape
def bottoms(scale: float) -> bytes:
    """branch tables over operands of no type."""
    main = ZEROS + block(1) + block(1) + UNREACHABLE
    table = b"\x0e" + uleb(100) + b"\x00\x01" * 50 + b"\x01"
    main += (SELECT + call(2) + const(0) + table) * int(30000 * scale) + UNREACHABLE + END + END + call(1)
    most = functype([], ints(MANY - 1))
    return module([NOTHING, WIDE, TAKES, most], [(0, main), (2, b"\x00" + FOREVER), (3, b"\x00" + const(0) * (MANY - 1))])


@shape
def branches_that_shift(scale: float) -> bytes:
    """conditional branches that move a thousand values."""
    # One value more lies below the thousand that the label takes.
    main = b"\x01\x01" + I32 + const(1) + const(0) * MANY + (get(0) + br_if(0)) * int(1700000 * scale) + br(0)
    body = block(3) + main[3:] + END + call(1)
    return module([NOTHING, WIDE, TAKES, GIVES], [(0, main[:3] + body), (2, b"\x00" + FOREVER)])


@shape
def branches_with_locals(scale: float) -> bytes:
    """conditional branches that take a thousand locals."""
    body = block(3) + get(0) * MANY + (get(0) + br_if(0)) * int(1700000 * scale) + END + call(1)
    return module([NOTHING, WIDE, TAKES, GIVES], [(0, b"\x01\x01" + I32 + body), (2, b"\x00" + FOREVER)])


@shape
def conditional_returns(scale: float) -> bytes:
    """conditional returns of a thousand results."""
    body = b"\x01\x01" + I32 + get(0) * MANY + (get(0) + br_if(0)) * int(1700000 * scale)
    return module([NOTHING, TAKES, GIVES], [(0, b"\x00" + call(1) + call(2)), (2, body), (1, b"\x00" + FOREVER)])


@shape
def nested_blocks(scale: float) -> bytes:
    """nested blocks, and branch tables to all of them."""
    depth = int(60000 * min(scale * 2, 1))
    table = const(0) + br_table(list(range(depth)), 0)
    main = b"\x00" + (BLOCK + NONE) * depth + table * max(1, int(20 * scale)) + END * depth + FOREVER
    return module([NOTHING], [(0, main)])


@shape
def many_loops(scale: float) -> bytes:
    """four hundred thousand loops in one function, each of two hundred rounds."""
    # for (x = 200; x--;);
    once = const(200) + b"\x21\x00" + LOOP + NONE + get(0) + const(1) + b"\x6b\x22\x00" + br_if(0) + END
    main = b"\x01\x01" + I32 + LOOP + NONE + once * int(400000 * scale) + br(0) + END
    return module([NOTHING], [(0, main)])


@shape
def long_function(scale: float) -> bytes:
    """seven megabytes of plain code in one function."""
    once = get(0) + const(1) + b"\x6a\x21\x00"
    main = b"\x01\x01" + I32 + LOOP + NONE + once * int(1000000 * scale) + br(0) + END
    return module([NOTHING], [(0, main)])


# ---- running ----


@shape
def table_operations(scale: float) -> bytes:
    """tables of nearly a million elements, filled and copied."""
    count = int(990000 * min(scale * 4, 1))
    fill = const(0) + b"\xd2\x00" + const(count) + b"\xfc\x11\x00"
    copy = const(1) + const(0) + const(count - 1) + b"\xfc\x0e\x00\x00"
    grow = b"\xd2\x00" + const(count) + b"\xfc\x0f\x01" + DROP
    main = b"\x00" + grow + LOOP + NONE + fill + copy + br(0) + END
    return module([NOTHING], [(0, main)], between=tables([count, 1]))


@shape
def element_expressions(scale: float) -> bytes:
    """element expressions, evaluated again and again."""
    count = int(1900000 * scale)
    content = vector([b"\x05\x70" + uleb(count) + b"\xd2\x00\x0b" * count])
    init = const(0) + const(0) + const(count) + b"\xfc\x0c\x00\x00"
    main = b"\x00" + LOOP + NONE + init + br(0) + END
    return module([NOTHING], [(0, main)], between=tables([count]), after=section(9, content))


@shape
def memory_operations(scale: float) -> bytes:
    """four gigabytes of memory, copied."""
    pages = int(65535 * min(scale, 1))
    copy = const(1) + const(0) + b"\x41" + sleb((pages * 65536 - 1) - (1 << 32) if pages * 65536 > 1 << 31 else pages * 65536 - 1) + b"\xfc\x0a\x00\x00"
    main = b"\x00" + LOOP + NONE + copy + br(0) + END
    return module([NOTHING], [(0, main)], memory=pages)


@shape
def names(scale: float) -> bytes:
    """a trap under a backtrace of 64 frames, and five million names."""
    count = int(5000000 * scale)
    entries = b"".join(uleb(i) + b"\x01n" for i in range(3))
    # Names of functions that there are not, ahead of the last.
    listed = uleb(count) + (b"\x00\x01n") * (count - 3) + entries
    content = text("name") + b"\x01" + uleb(len(listed)) + listed
    deep = b"\x00" + get(0) + b"\x45" + IF + NONE + FOREVER + END + get(0) + const(1) + b"\x6b" + call(2)
    made = module([NOTHING, functype(["i32"], [])], [(0, b"\x00" + const(70) + call(2)), (0, b"\x00"), (1, deep)])
    return made + section(0, content)


@shape
def recursion(scale: float) -> bytes:
    """recursion without end through functions of a thousand parameters."""
    main = b"\x00" + LOOP + NONE + const(0) * MANY + call(1) + br(0) + END
    deep = b"\x00" + b"".join(get(i) for i in range(MANY)) + call(1)
    return module([NOTHING, TAKES], [(0, main), (1, deep)])
