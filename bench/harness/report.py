"""Turns results into tables of text and one JSON document."""

import functools
import json
import math
import os
import platform
import subprocess
import time

from . import engines as known
from . import groups, places

RATIO_GROUPS = ("kernels", "interp", "simd", "simd-interp", "steady")

# Of times: (title, group and engine above the line, group and engine below it).
SIMD_QUOTIENTS = [
    ("murre/wasmtime", ("simd", "murre"), ("simd", "wasmtime")),
    ("murre/native", ("simd", "murre"), ("simd", "native")),
    ("vector/scalar", ("simd", "murre"), ("simd-scalar", "murre")),
    ("wasmtime's", ("simd", "wasmtime"), ("simd-scalar", "wasmtime")),
    ("interp/wasmi", ("simd-interp", "murre-interp"), ("simd-interp", "wasmi")),
]


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else None


def rows_of(results, group):
    return {name: row for (g, name), row in results.items() if g == group}


def engine_order(rows):
    order = []
    for row in rows.values():
        order += [e for e in row if e not in order]
    return order


def ratios(rows, engine, against="native"):
    """{item: ratio} of the items that both have run."""
    found = {}
    for name, row in rows.items():
        if engine in row and against in row and row[engine].median() and row[against].median():
            found[name] = row[engine].median() / row[against].median()
    return found


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title, header, lines):
    widths = [max(len(str(row[i])) for row in [header, *lines]) for i in range(len(header))]
    show = lambda row: "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths)))
    return "\n".join([title, "", show(header), "  ".join("-" * w for w in widths), *map(show, lines), ""])


def cells(rows, order, value):
    """One line per item; `!` where the engine failed."""
    lines = []
    for name, row in rows.items():
        line = [name]
        for engine in order:
            failed = engine in row and row[engine].error
            line.append("!" if failed else number(value(name, engine)) if engine in row else "-")
        lines.append(line)
    return lines


def ratio_table(results, group):
    rows = rows_of(results, group)
    order = engine_order(rows)
    by_engine = {e: ratios(rows, e) for e in order}
    lines = cells(rows, order, lambda name, e: by_engine[e].get(name))
    native = {n: row["native"].median() for n, row in rows.items() if "native" in row}
    for line in lines:
        line.append(number(1000 * native[line[0]]) if native.get(line[0]) else "-")
    mean = ["geometric mean"]
    for e in order:
        partial = "*" if len(by_engine[e]) < len(rows) else ""
        mean.append(number(geometric_mean(list(by_engine[e].values()))) + partial)
    return table(groups.TITLES[group], [group, *order, "native ms"], [*lines, [*mean, ""]])


def quotients(results, above, below):
    """{kernel: time of `above` / time of `below`}, each a group and an engine"""
    over, under = rows_of(results, above[0]), rows_of(results, below[0])
    median = lambda rows, name, engine: rows[name][engine].median() if engine in rows.get(name, {}) else None
    pairs = {name: (median(over, name, above[1]), median(under, name, below[1])) for name in over}
    return {name: a / b for name, (a, b) in pairs.items() if a and b}


def simd_table(results):
    columns = [quotients(results, above, below) for _, above, below in SIMD_QUOTIENTS]
    names = sorted({name for group, name in results if group in ("simd", "simd-interp")})
    lines = [[name, *(number(c.get(name)) for c in columns)] for name in names]
    lines.append(["geometric mean", *(number(geometric_mean(list(c.values()))) for c in columns)])
    return table("SIMD kernels, quotients of times", ["simd", *(title for title, _, _ in SIMD_QUOTIENTS)], lines)


def absolute_table(results, group, title, value):
    rows = rows_of(results, group)
    order = engine_order(rows)
    return table(title, [group, *order], cells(rows, order, lambda name, e: value(name, rows[name][e])))


def scaled(series, factor):
    return None if series.median() is None else series.median() * factor


def module_size(name):
    return (places.MODULES / f"{name}.wasm").stat().st_size / 1e6


def memory_table(results, group):
    mebibytes = lambda _, s: None if s.peak() is None else s.peak() / 2**20
    return absolute_table(results, group, f"Peak resident memory of the same runs ({group}), MiB", mebibytes)


def tables(results):
    """The text of all tables, in the order of the groups."""
    parts = []
    present = {group for group, _ in results}
    for group in groups.ALL:
        if group not in present:
            continue
        if group == "simd-scalar":
            continue
        title = groups.TITLES[group]
        if group in RATIO_GROUPS:
            parts.append(ratio_table(results, group))
        elif group == "validate":
            speed = lambda name, s: None if s.median() is None else module_size(name) / s.median()
            parts.append(absolute_table(results, group, title, speed))
        else:
            factor = 1000 if group == "cold" else 1
            parts.append(absolute_table(results, group, title, lambda _, s: scaled(s, factor)))
            parts.append(memory_table(results, group))
    if present & {"simd", "simd-interp"}:
        parts.append(simd_table(results))
    return "\n".join(parts)


def engine_table(engines):
    """Who took part, in which version, and of when that is."""
    lines = [[e.name, e.version(), known.released(e) or "-"] for e in engines]
    return table("Engines", ["engine", "version", "released"], lines)


def failures(results):
    return [(engine, f"{group} {name}: {engine}: {series.error}")
            for (group, name), row in results.items() for engine, series in row.items() if series.error]


@functools.cache
def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return None


def cpu_model():
    with open("/proc/cpuinfo") as text:
        for line in text:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def machine():
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "gcc": first_line(("gcc", "--version")),
        "clang": first_line(("clang-14", "--version")) or first_line(("clang", "--version")),
        "load": os.getloadavg(),
    }


def document(results, engines, options):
    """Everything, so that a later reader can compute anything else."""
    out = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "options": options,
        "engines": {e.name: e.version() for e in engines},
        "released": {e.name: known.released(e) for e in engines if known.released(e)},
        "groups": {},
        "means": {},
    }
    for (group, name), row in results.items():
        out["groups"].setdefault(group, {})[name] = {engine: series.__dict__ for engine, series in row.items()}
    for group in RATIO_GROUPS:
        rows = rows_of(results, group)
        means = {e: geometric_mean(list(ratios(rows, e).values())) for e in engine_order(rows)}
        if means:
            out["means"][group] = means
    return out


def write_json(path, contents):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(contents, indent=1) + "\n")
