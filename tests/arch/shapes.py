#!/usr/bin/env python3
"""Writes C functions of many signatures for the tests of the trampolines: callees that record their arguments, and callers that call an entry
as the C compiler would. Output: a C file on standard output, made when the tests are built."""

SHAPES = ["", "i", "d", "f", "id", "di", "fi", "iiiii", "iiiiii", "iiiiiii", "iiiiiiii", "iiiiiiiii", "dddddddd", "ddddddddd", "ffffffffff",
          "idfidfidf", "iiiiiiiidddddddddff", "dididididididididididi", "fifififififififififiii", "ddddddddddiiiiiiii"]
C = {"i": "uint64_t", "d": "double", "f": "float", "v": "void"}
RESULT = {"i": "return test_result;", "d": "return test_f64(test_result);", "f": "return test_f32(test_result);", "v": "(void)0;"}


def callee(name, params, result):
    declared = "".join(f", {C[p]} a{i}" for i, p in enumerate(params))
    print(f"static {C[result]} callee_{name}(void *func{declared}) {{")
    print("    test_values[0] = (uintptr_t)func;")
    for i, p in enumerate(params):
        value = f"a{i}" if p == "i" else f"test_bits_{p}(a{i})"
        print(f"    test_values[{i + 1}] = {value};")
    print("    test_seen();")
    print(f"    {RESULT[result]}\n}}")


def caller(name, params, result):
    types = "".join(f", {C[p]}" for p in params)
    values = "".join(f", values[{i + 1}]" if p == "i" else f", test_f{64 if p == 'd' else 32}(values[{i + 1}])" for i, p in enumerate(params))
    print(f"static uint64_t caller_{name}(void *entry, const uint64_t *values) {{")
    call = f"(({C[result]}(*)(void *{types}))entry)((void *)(uintptr_t)values[0]{values})"
    if result == "v":
        print(f"    {call};\n    return 0;\n}}")
    elif result == "i":
        print(f"    return {call};\n}}")
    else:
        print(f"    return test_bits_{result}({call});\n}}")


def main():
    print('#include "arch/shapes.h"\n')
    rows = []
    for params in SHAPES:
        for result in "vidf":
            name = f"{result}_{params or 'none'}"
            callee(name, params, result)
            caller(name, params, result)
            rows.append(f'    {{{{"{params}", \'{result}\'}}, (void *)callee_{name}, caller_{name}}},')
    print("\nconst struct test_shape test_shapes[] = {")
    print("\n".join(rows))
    print("};\nconst unsigned test_shape_count = sizeof test_shapes / sizeof test_shapes[0];")


main()
