"""Draws the results as one SVG file: a panel of horizontal bars for each group, and one for each cold start."""

import math
from html import escape

from . import groups, report

WIDTH, LABEL, BAR, GAP = 760, 120, 18, 6
COLOURS = {"murre": "#0b6e4f", "native": "#555555"}
OTHER = "#9db4c0"


def colour(engine):
    if engine.startswith("murre"):
        return COLOURS["murre"]
    return COLOURS.get(engine, OTHER)


def panel(title, values, unit):
    """(height, lines) of one panel; `values` is {engine: number}. Bars are logarithmic where they span more than 20 times."""
    values = dict(sorted(((e, v) for e, v in values.items() if v), key=lambda pair: pair[1]))
    if not values:
        return 0, []
    low, high = min(values.values()), max(values.values())
    logarithmic = high / low > 20
    base = low / 2
    room = WIDTH - LABEL - 90

    def length(value):
        if logarithmic:
            return room * math.log(value / base) / math.log(high / base)
        return room * value / high

    note = ", logarithmic" if logarithmic else ""
    lines = [f'<text x="0" y="14" font-weight="bold">{escape(title)} ({escape(unit + note)})</text>']
    y = 26
    for engine, value in values.items():
        bar = max(1.0, length(value))
        middle = y + BAR * 0.72
        lines.append(f'<text x="{LABEL - 8}" y="{middle:.1f}" text-anchor="end">{escape(engine)}</text>')
        lines.append(f'<rect x="{LABEL}" y="{y}" width="{bar:.1f}" height="{BAR}" rx="2" fill="{colour(engine)}"/>')
        lines.append(f'<text x="{LABEL + bar + 6:.1f}" y="{middle:.1f}">{report.number(value)}</text>')
        y += BAR + GAP
    return y + 14, lines


def panels(results):
    present = {group for group, _ in results}
    for group in groups.ALL:
        if group not in present:
            continue
        rows = report.rows_of(results, group)
        order = report.engine_order(rows)
        if group in report.RATIO_GROUPS:
            # A mean over fewer items than the others' would mislead.
            whole = {e: r for e in order if len(r := report.ratios(rows, e)) == len(rows)}
            means = {e: report.geometric_mean(list(r.values())) for e, r in whole.items()}
            yield panel(groups.TITLES[group].split(",")[0], means, "geometric mean, native = 1")
        elif group == "first-run":
            for name, row in rows.items():
                yield panel(f"First run: {name}", {e: s.median() for e, s in row.items()}, "seconds")
        elif group == "cold":
            for name, row in rows.items():
                yield panel(f"Cold start: {name}", {e: report.scaled(s, 1000) for e, s in row.items()}, "ms")
                peaks = {e: s.peak() / 2**20 for e, s in row.items() if s.peak()}
                yield panel(f"Peak memory: {name}", peaks, "MiB")


def draw(results):
    body, y = [], 20
    for height, lines in panels(results):
        if lines:
            body += [f'<g transform="translate(20,{y})">', *lines, "</g>"]
            y += height
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 40}" height="{y + 10}" '
            'font-family="sans-serif" font-size="12" fill="#222">')
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *body, "</svg>", ""])
