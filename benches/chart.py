"""Charts as SVG, on a ground of their own, so that they are legible on any page: time and WAL of the four scenarios of one
large sync (results.svg), and what a run costs by its size (runs.svg)."""

from html import escape

from targets import NAMES

SCENARIOS = {"first": "first sync", "resync": "unchanged", "changed": "1 % changed", "vanished": "10 % vanished"}
COLOURS = {"ours": "#0b6e4f", "digest": "#7b8794", "tuned": "#9fb3c8", "naive": "#d9a05b"}
WIDTH, PANEL, LEFT, BAR, GAP, TOP = 880, 410, 100, 14, 14, 78
FONT = "font-family=\"-apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\""


def label(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def words(x, y, content, size=12, anchor="start", colour="#243b53", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{escape(content)}</text>')


def panel(figures, size, batch, measure, title, x):
    values = {(scenario, who): figures.median(f"{scenario}.{measure}", size, who, batch)
              for scenario in SCENARIOS for who in NAMES}
    largest = max((value for value in values.values() if value), default=1)
    room = PANEL - LEFT - 60
    marks = [words(x + LEFT, TOP - 12, title, 13, weight="bold")]
    y = TOP
    for scenario, name in SCENARIOS.items():
        marks.append(words(x + LEFT - 8, y + 2 * BAR + 4, name, anchor="end"))
        for who in NAMES:
            value = values[scenario, who]
            if value is not None:
                length = max(value / largest * room, 1)
                marks.append(f'<rect x="{x + LEFT}" y="{y + 1}" width="{length:.1f}" height="{BAR - 2}" '
                             f'rx="2" fill="{COLOURS[who]}"/>')
                marks.append(words(x + LEFT + length + 5, y + BAR - 3, label(value), 11,
                                   weight="bold" if who == "ours" else "normal"))
            y += BAR
        y += GAP
    return marks, y


def draw(figures, size, batch):
    left, bottom = panel(figures, size, batch, "us", "µs an item", 10)
    right, _ = panel(figures, size, batch, "wal", "bytes of WAL an item", 10 + PANEL + 20)
    height = bottom + 34
    legend = []
    x = 10 + LEFT
    for who in NAMES:
        legend.append(f'<rect x="{x}" y="{bottom + 4}" width="12" height="12" rx="2" fill="{COLOURS[who]}"/>')
        legend.append(words(x + 17, bottom + 14, who, weight="bold" if who == "ours" else "normal"))
        x += 90
    title = words(20, 32, f"A sync of {size:,} items of 430 bytes, batches of {batch:,}: less is better", 15, weight="bold")
    body = "\n".join([title, *left, *right, *legend])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'role="img" aria-label="Time and WAL of a sync, contestant by contestant" {FONT}>\n'
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" fill="#ffffff" stroke="#bcccdc"/>\n'
            f"{body}\n</svg>\n")


def draw_runs(figures, sizes, names):
    """Milliseconds of an unchanged run, size by size; the bars of a size are drawn to a scale of their own."""
    marks = [words(20, 32, "An unchanged run by its size, ms: less is better", 15, weight="bold")]
    y = 54
    for size in sizes:
        values = {who: figures.median("runs.ms.fsync_off", size, who) for who in names}
        largest = max((value for value in values.values() if value), default=1)
        marks.append(words(LEFT - 8, y + len(names) * BAR / 2 + 4, f"{size:,} items", anchor="end"))
        for who, value in values.items():
            if value is not None:
                length = max(value / largest * (PANEL - LEFT), 1)
                marks.append(f'<rect x="{LEFT}" y="{y + 1}" width="{length:.1f}" height="{BAR - 2}" rx="2" fill="{COLOURS[who]}"/>')
                marks.append(words(LEFT + length + 5, y + BAR - 3, f"{value:.2f} {who}", 11,
                                   weight="bold" if who == "ours" else "normal"))
            y += BAR
        y += GAP
    width = PANEL + 110
    body = "\n".join(marks)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 6}" viewBox="0 0 {width} {y + 6}" '
            f'role="img" aria-label="Time of an unchanged run by its number of items" {FONT}>\n'
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{y + 5}" rx="8" fill="#ffffff" stroke="#bcccdc"/>\n'
            f"{body}\n</svg>\n")
