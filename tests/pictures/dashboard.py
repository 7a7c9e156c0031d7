# SPDX-License-Identifier: MIT
"""Draws wrappers/grafana/dashboard.json as Grafana lays it out, from what a Prometheus
answered to its queries (tests/flows/prometheus.py, which has PICTURE name the file)."""

from xml.sax.saxutils import escape

WIDTH, UNIT, GAP = 1200, 27, 6  # of the picture; of a row of the grid; between panels
ROWS = 28                       # of the grid, that are shown
COLORS = {"green": "#73bf69", "light-green": "#96d98d", "blue": "#5794f2", "yellow": "#fade2a",
          "red": "#f2495c", "orange": "#ff9830", "text": "#9fa7b3"}
PALETTE = ["#73bf69", "#fade2a", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffa6b0"]
STYLE = """text { font-family: Inter, Helvetica, Arial, sans-serif; fill: #ccccdc; font-size: 12px }
.t { font-weight: 500; font-size: 13px } .s { fill: #8e8e99; font-size: 10.5px }
.v { font-size: 34px; font-weight: 500; text-anchor: middle }"""


def spell(number, unit):
    """As Grafana writes a value of that unit."""
    if unit == "percentunit":
        return f"{number * 100:.3g} %"
    if unit == "s":
        for size, name in ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
            if abs(number) >= size:
                return f"{number / size:.3g} {name}"
        return f"{number * 1e6:.3g} µs" if number else "0 s"
    text = f"{number:.3g}"
    return f"{text} c/s" if unit == "cps" else text


def steps(most):
    """Round numbers from nothing to the top."""
    if most <= 0:
        return [0, 1]
    size = 10 ** len(str(int(most))) if most >= 1 else 1
    while most / size < 2.5:
        for part in (2, 2.5, 2):
            size /= part
            if most / size >= 2.5:
                break
    count = int(most / size + 0.999)
    return [size * i for i in range(count + 1)]


def color_of(panel, legend, number):
    """By its overrides, else by turns."""
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == legend:
            for one in override["properties"]:
                if one["id"] == "color":
                    return COLORS[one["value"]["fixedColor"]]
    return PALETTE[number % len(PALETTE)]


def draw_stat(out, panel, series, box):
    x, y, w, h = box
    number = series[0][1][-1][1] if series and series[0][1] else 0
    defaults = panel["fieldConfig"]["defaults"]
    color = COLORS["green"]
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or number >= step["value"]:
            color = COLORS[step["color"]]
    out.append(f'<text class="v" x="{x + w / 2:.0f}" y="{y + h / 2 + 22:.0f}" '
               f'style="fill:{color}">{escape(spell(number, defaults["unit"]))}</text>')


def stacked(series):
    """Each on top of those before it; only where they have the same times."""
    below, result = {}, []
    for legend, values in series:
        result.append((legend, [(t, v + below.get(t, 0), below.get(t, 0)) for t, v in values]))
        for t, v in values:
            below[t] = below.get(t, 0) + v
    return result


def draw_lines(out, panel, series, box, span):
    x, y, w, h = box
    left, top, right, bottom = x + 62, y + 34, x + w - 14, y + h - 46
    unit = panel["fieldConfig"]["defaults"]["unit"]
    custom = panel["fieldConfig"]["defaults"]["custom"]
    series = [one for one in series if one[1]]
    if custom["stacking"]["mode"] == "normal":
        series = stacked(series)
    else:
        series = [(legend, [(t, v, 0) for t, v in values]) for legend, values in series]
    marks = steps(max((v for _, values in series for _, v, _ in values), default=1))

    def at(t, v):
        return (left + (t - span[0]) / (span[1] - span[0]) * (right - left),
                bottom - v / marks[-1] * (bottom - top))

    for mark in marks:
        height = at(span[0], mark)[1]
        out.append(f'<path d="M{left} {height:.1f}H{right}" stroke="#2f3037"/>'
                   f'<text class="s" text-anchor="end" x="{left - 6}" y="{height + 4:.1f}">'
                   f'{escape(spell(mark, unit))}</text>')
    for number, (legend, values) in reversed(list(enumerate(series))):
        color = color_of(panel, legend, number)
        points = [at(t, v) for t, v, _ in values]
        floor = [at(t, b) for t, _, b in reversed(values)]
        line = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        back = "L".join(f"{a:.1f} {b:.1f}" for a, b in floor)
        out.append(f'<path d="M{line}L{back}Z" fill="{color}" '
                   f'fill-opacity="{custom["fillOpacity"] / 100}"/>'
                   f'<path d="M{line}" fill="none" stroke="{color}" stroke-width="1.4"/>')
    across = left
    for number, (legend, _) in enumerate(series):
        if across + 20 + 6.4 * len(legend) > right:
            break
        out.append(f'<rect x="{across:.0f}" y="{y + h - 20}" width="12" height="4" rx="2" '
                   f'fill="{color_of(panel, legend, number)}"/><text class="s" '
                   f'x="{across + 17:.0f}" y="{y + h - 14}">{escape(legend)}</text>')
        across += 34 + 6 * len(legend)


def draw(path, dashboard, drawn):
    """drawn: for each panel its series, (legend, [(time, number)])."""
    times = [t for panel, series in drawn if panel["type"] != "stat"
             for _, values in series for t, _ in values]
    span = min(times), max(times)
    height = ROWS * UNIT + 44
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
           f'width="{WIDTH}" height="{height}">',
           "<!-- drawn by tests/pictures/dashboard.py -->", f"<style>{STYLE}</style>",
           f'<rect width="{WIDTH}" height="{height}" fill="#111217"/>',
           f'<text x="14" y="27" style="font-size:17px">{escape(dashboard["title"])}</text>']
    for panel, series in drawn:
        grid = panel["gridPos"]
        if grid["y"] + grid["h"] > ROWS:
            continue
        box = (grid["x"] * WIDTH // 24 + GAP // 2, grid["y"] * UNIT + 40,
               grid["w"] * WIDTH // 24 - GAP, grid["h"] * UNIT - GAP)
        out.append(f'<rect x="{box[0]}" y="{box[1]}" width="{box[2]}" height="{box[3]}" rx="3" '
                   f'fill="#181b1f" stroke="#25262b"/><text class="t" x="{box[0] + 12}" '
                   f'y="{box[1] + 21}">{escape(panel["title"])}</text>')
        if panel["type"] == "stat":
            draw_stat(out, panel, series, box)
        else:
            draw_lines(out, panel, series, box, span)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")
