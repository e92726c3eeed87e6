"""Line charts: a few named lines over one quantity, each with its own shape and dash."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .notation import number, sup
from .palette import COLOURS

WIDTH, HEIGHT = 376, 216  # of the drawing, of the field; a phone shows this width without scrolling
FRAMES = 60  # an animation has no more
MARKERS = 40  # a line with more points marks only some of them

SHAPES = (
    "circle",
    "square hollow",
    "triangle",
    "diamond hollow",
    "circle hollow",
    "square",
    "triangle hollow",
    "diamond",
)
DASHES = ((), (7, 3), (2, 3), (9, 3, 2, 3), (4, 2), (12, 4), (2, 2, 6, 2), (1, 3))
BORDER = {"over": "▲", "under": "▼", "nan": "×"}


@dataclass
class Line:
    """One line of a chart.

    Attributes
    ----------
    values : sequence of float
        One for each x. Infinite values, and those outside the chart, are marked at its border, NaN by a
        cross at the lower border; None is no value at all, and leaves a gap.
    role : str
        A palette colour, by its meaning. Lines of the same role differ in shape and dash.
    draw : str
        "both", or only "points" (what was measured) or "line" (what was predicted; not touchable).
    """

    values: object
    role: str = "ink"
    draw: str = "both"


def line_chart(
    x,
    series,
    *,
    x_name,
    y_name,
    log_x=False,
    log_y=False,
    x_range=None,
    y_range=None,
    marks=(),
    frames=False,
    rest=-1,
    captions=None,
    title=None,
    description=None,
):
    """Draw lines over x, with a point that can be touched for each number.

    Parameters
    ----------
    x : sequence of float
        Finite, shared by all lines. An animation follows this order: a falling x is revealed from the right.
    series : dict of str to Line or sequence of float
        Name of each line, in the order of the legend; at most eight.
    x_name, y_name : str
        What the axes show, with the unit.
    log_x, log_y : bool
        Powers of ten. What has no logarithm is marked at the lower border.
    x_range, y_range : tuple of (float or None), optional
        Ends of the axes; None is "as the numbers need it".
    marks : sequence of (str, float, str)
        Lines to compare with: axis "x" or "y", where, and a few words.
    frames : bool
        Reveal the lines along x, with Play and a slider.
    rest : int
        The frame shown at first. 0 lets the reader guess: what is ahead stays unseen until it is played.
    captions : sequence of str, optional
        One for each frame (for each x, up to 60), or one for a still chart. Written from the numbers if
        left out.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Lengths, roles or ranges do not fit.

    Examples
    --------
    >>> line_chart([1, 2], {"a": [3, 4]}, x_name="step", y_name="loss").title
    'Loss over step'
    """
    x = [_short(v) for v in x]
    lines = {name: line if isinstance(line, Line) else Line(line) for name, line in series.items()}
    _check(x, lines)
    values = {name: [None if v is None else _short(v) for v in line.values] for name, line in lines.items()}
    n = len(x)

    rows = _legend_rows(lines)
    top = 18 * len(rows) + 34
    every = [v for vs in values.values() for v in vs if v is not None]
    extra = {axis: [v for a, v, _ in marks if a == axis] for axis in ("x", "y")}
    vertical = _Axis(every + extra["y"], y_range, log_y, top + HEIGHT, top, "y_range", 5)
    left = 12 + 7 * max(len(text) for _, text in vertical.ticks)
    across = _Axis(x + extra["x"], x_range, log_x, left, WIDTH - 14, "x_range", 6)

    drawing = Drawing(WIDTH, top + HEIGHT + 46)
    _legend(drawing, lines, rows)
    _axes(drawing, across, vertical, left, top, x_name, y_name)
    for axis, value, text in marks:
        _mark(drawing, axis, value, text, across, vertical, left, top)

    stops = sorted({round(i) for i in np.linspace(0, n - 1, min(n, FRAMES))}) if frames else [n - 1]
    F = len(stops)
    parts = [range(a + 1, b + 1) for a, b in pairwise([-1, *stops])]  # what each frame reveals
    columns = [{"class_": "ctc-column"} for _ in parts]
    if frames:
        ahead = "unseen" if rest == 0 else "ahead"
        for f, column in enumerate(columns):
            column["states"] = [State(ahead if now < f else "") for now in range(F)]
    for part, column in zip(parts, columns, strict=True):
        with drawing.nest(**column):
            for i, (name, line) in enumerate(lines.items()):
                if line.draw != "points":
                    _stroke(drawing, part, x, values[name], line, i, across, vertical)
    marked = _marked(n)
    seen = set()
    with drawing.cells("Points"):
        for part, column in zip(parts, columns, strict=True):
            points = []
            for i, (name, line) in enumerate(lines.items()):
                for j in part:
                    v = values[name][j]
                    if v is None or across.side(x[j]):
                        continue
                    side = vertical.side(v)
                    if side or (line.draw != "line" and j in marked):
                        told = f"{name}: {y_name} = {number(v)} at {x_name} = {number(x[j])}"
                        points.append((across(x[j]), vertical(v), side, line, i, told))
                        seen.add(side)
            with drawing.nest(**column):
                for point in points:
                    _point(drawing, *point[:-1], _together(point, points))
    _note(drawing, seen, vertical, top)
    if frames:
        steps = [State(x=across(x[stop])) for stop in stops]
        drawing.add("path", d=f"M0 {top}v{HEIGHT}", class_="ctc-cursor", aria_hidden="true", states=steps)
        captions = captions or [_caption(x_name, x[stop], lines, values, stop) for stop in stops]

    told = f"Chart of {y_name} over {x_name}, {across.told()}, {y_name} {vertical.told()}."
    summary = " ".join(_summary(name, x, values[name], x_name) for name in lines)
    return Figure(
        drawing,
        title or f"{y_name[0].upper() if len(y_name) > 1 else y_name[0]}{y_name[1:]} over {x_name}",
        description or f"{told} {summary}",
        captions=captions or [summary],
        labels=[number(x[stop], 3) for stop in stops] if frames else None,
        slider=x_name,
        seconds=min(1.0, max(0.12, 12 / F)),
        hint="Touch a point, or move with the arrow keys.",
        rest=rest,
    )


def _short(v):
    """Round to nine digits: the last bits differ between processors, and the picture must not."""
    return float(f"{float(v):.9g}")


def _check(x, lines):
    if not x or not all(map(math.isfinite, x)):
        raise ValueError("x: expected finite numbers, at least one")
    if not 1 <= len(lines) <= len(SHAPES):
        raise ValueError(f"series: expected 1 to {len(SHAPES)} lines, got {len(lines)}")
    for name, line in lines.items():
        if len(line.values) != len(x):
            raise ValueError(f"series {name!r}: expected {len(x)} values, one per x, got {len(line.values)}")
        if line.role not in COLOURS:
            raise ValueError(f"series {name!r}: role {line.role!r} is not in the palette")
        if line.draw not in ("both", "line", "points"):
            raise ValueError(f"series {name!r}: draw is 'both', 'line' or 'points', got {line.draw!r}")


class _Axis:
    """Where a number stands between two ends of the drawing; what does not fit stands at the nearer end."""

    def __init__(self, values, given, log, start, end, name, about):
        self.log, self.start, self.end = log, start, end
        low, high = given or (None, None)
        usable = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
        smallest, largest = (min(usable), max(usable)) if usable else (1.0, 1.0)
        self.ends = (smallest if low is None else low, largest if high is None else high)
        self.low, self.high = (self._scale(v, name) for v in self.ends)
        if low is not None and high is not None and self.low >= self.high:
            raise ValueError(f"{name}: expected low < high, got {given}")
        if self.low >= self.high:
            self.low, self.high = self.low - 0.5, self.low + 0.5
        pad = 0.05 * (self.high - self.low)
        if low is None:
            self.low = 0.0 if not log and 0 <= self.low < 0.4 * self.high else self.low - pad
        if high is None:
            self.high += pad
        self.ticks = self._ticks(about)

    def _scale(self, v, name="value"):
        if self.log and v <= 0:
            raise ValueError(f"{name}: {v} has no logarithm")
        return math.log10(v) if self.log else v

    def side(self, v):
        """Return "" inside, else "over", "under" or "nan"."""
        if math.isnan(v):
            return "nan"
        if self.log and v <= 0:
            return "under"
        v = v if math.isinf(v) else self._scale(v)
        slack = 1e-9 * (self.high - self.low)
        return "over" if v > self.high + slack else "under" if v < self.low - slack else ""

    def __call__(self, v):
        """Return the coordinate of v."""
        side = self.side(v)
        if side:
            return self.end if side == "over" else self.start
        share = (self._scale(v) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def _ticks(self, about):
        """Return (value, text) for about so many round values."""
        low, high = self.low - 1e-9, self.high + 1e-9
        if self.log:
            powers = range(math.ceil(low), math.floor(high) + 1)
            if len(powers) >= 2:
                step = -(-len(powers) // (about + 1))
                powers = [p for p in powers if p % step == 0]
                plain = -3 < powers[0] and powers[-1] < 4
                return [(10.0**p, number(10.0**p) if plain or p == 0 else f"10{sup(p)}") for p in powers]
            first = math.floor(low)
            values = [m * 10.0**p for p in (first, first + 1) for m in (1, 2, 3, 5, 7)]
            values = [v for v in values if low <= math.log10(v) <= high]
            if len(values) >= 2:
                return [(v, number(v)) for v in values]
            low, high = 10**self.low, 10**self.high
        rough = (high - low) / about
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough * 0.999)
        slack = 1e-6 * step
        places = range(math.ceil((low - slack) / step), math.floor((high + slack) / step) + 1)
        return [(_short(i * step), number(i * step, 6)) for i in places]

    def told(self):
        """Say where the axis begins and ends."""
        low, high = (number(v, 3) for v in self.ends)
        return f"from {low} to {high}{', in powers of ten' if self.log else ''}"


def _legend_rows(lines):
    """Break the legend into rows; each entry is (number of the line, name, where it starts)."""
    rows, at = [[]], 0
    for i, name in enumerate(lines):
        wide = 46 + 6.7 * len(name)
        if rows[-1] and at + wide > WIDTH:
            rows.append([])
            at = 0
        rows[-1].append((i, name, at))
        at += wide
    return rows


def _legend(drawing, lines, rows):
    for r, row in enumerate(rows):
        for i, name, at in row:
            y, line = 10 + 18 * r, lines[name]
            if line.draw != "points":
                _path(drawing, f"M{at + 1:g} {y}h28", line, i)
            if line.draw != "line":
                drawing.add("path", d=_shape(i, at + 15, y), **_look(line, f"ctc-point {SHAPES[i]}"))
            drawing.label(at + 34, y, name, "start")


def _axes(drawing, across, vertical, left, top, x_name, y_name):
    bottom, right = top + HEIGHT, WIDTH - 14
    drawing.label(0, top - 15, y_name, "start muted")
    drawing.label((left + right) / 2, bottom + 36, x_name, "muted")
    for value, text in vertical.ticks:
        y = vertical(value)
        drawing.add("path", d=f"M{left} {y:.2f}H{right}", class_="ctc-grid")
        drawing.label(left - 6, y, text, "end small muted")
    for value, text in across.ticks:
        x = across(value)
        drawing.add("path", d=f"M{x:.2f} {bottom}v4", class_="ctc-axis")
        drawing.label(x, bottom + 15, text, "small muted")
    drawing.add("path", d=f"M{left} {top}V{bottom}H{right}", class_="ctc-axis")


def _mark(drawing, axis, value, text, across, vertical, left, top):
    if axis not in ("x", "y"):
        raise ValueError(f"marks: axis is 'x' or 'y', got {axis!r}")
    right, wide = WIDTH - 14, 6.4 * len(text)
    if axis == "y":
        y = vertical(_short(value))
        drawing.add("path", d=f"M{left} {y:.2f}H{right}", class_="ctc-mark")
        drawing.label(right - 2, y - 9 if y > top + 16 else y + 10, text, "end small")
    else:
        x = across(_short(value))
        drawing.add("path", d=f"M{x:.2f} {top}V{top + HEIGHT}", class_="ctc-mark")
        ends = x + wide + 6 > right
        drawing.label(x - 5 if ends else x + 5, top + 9, text, "end small" if ends else "start small")


def _look(line, class_):
    """Return the attributes that give an element the colour of its line."""
    return {"class_": class_, "style": f"--c:var(--ctc-{line.role})"}


def _path(drawing, d, line, i, offset=0.0):
    look = _look(line, "ctc-curve")
    if DASHES[i]:
        look |= {"stroke_dasharray": " ".join(map(str, DASHES[i])), "stroke_dashoffset": offset}
    drawing.add("path", d=d, **look)


def _stroke(drawing, part, x, values, line, i, across, vertical):
    """Draw the line from the point before `part` to its end; a dash goes on where the part before left it."""

    def place(a, v):
        outside = v is None or vertical.side(v) or across.side(a)
        return None if outside else (round(across(a), 2), round(vertical(v), 2))

    places = [place(a, v) for a, v in zip(x, values, strict=True)]
    length = sum(math.dist(a, b) for a, b in pairwise(places[: part[0]]) if a and b)
    d, down = [], False
    for j in range(max(part[0] - 1, 0), part[-1] + 1):
        if places[j]:
            d.append(f"{'L' if down else 'M'}{places[j][0]:g} {places[j][1]:g}")
        down = bool(places[j])
    if any(step[0] == "L" for step in d):
        _path(drawing, "".join(d), line, i, length)


def _marked(n):
    """Return which of n points get a marker: all, or about twenty."""
    return set(range(n)) if n <= MARKERS else set(range(0, n, -(-n // 20))) | {n - 1}


def _shape(i, x, y):
    """Return the outline of marker i around (x, y)."""
    shape = SHAPES[i].split()[0]
    outline = {
        "circle": "m-3.6 0a3.6 3.6 0 1 1 7.2 0a3.6 3.6 0 1 1-7.2 0z",
        "square": "m-3.3-3.3h6.6v6.6h-6.6z",
        "triangle": "m0-4.4l4.2 7.4h-8.4z",
        "diamond": "m0-4.6l4.6 4.6l-4.6 4.6l-4.6-4.6z",
    }
    return f"M{x:.2f} {y:.2f}{outline[shape]}"


def _together(point, points):
    """Return what to say of a point: points that lie on one another can only be touched as one."""
    return "; ".join(other[-1] for other in points if math.dist(point[:2], other[:2]) < 2)


def _point(drawing, x, y, side, line, i, detail):
    with drawing.touch(detail, class_="ctc-dot"):
        drawing.add("circle", cx=x, cy=y, r=9, class_="ctc-hit")
        outline = {
            "": _shape(i, x, y),
            "over": f"M{x:.2f} {y - 5:.2f}l4.5 8h-9z",
            "under": f"M{x:.2f} {y + 5:.2f}l4.5-8h-9z",
            "nan": f"M{x - 4:.2f} {y - 4:.2f}l8 8m0-8l-8 8",
        }[side]
        drawing.add("path", d=outline, **_look(line, f"ctc-point {SHAPES[i] if not side else side}"))


def _note(drawing, seen, vertical, top):
    """Say what the signs at the border mean, if there are any."""
    under = "zero or below" if vertical.log else "below, or −∞"
    words = {"over": "above, or ∞", "under": under, "nan": "not a number"}
    said = [f"{BORDER[side]} {words[side]}" for side in words if side in seen]
    if said:
        drawing.label(WIDTH - 14, top - 15, "\u2003".join(said), "end small muted")


def _caption(x_name, x, lines, values, j):
    told = [name for name, line in lines.items() if line.draw != "line"] or list(lines)
    parts = [f"{name}: {number(values[name][j])}" for name in told if values[name][j] is not None]
    return f"{x_name} = {number(x)}. " + "; ".join(parts) + ("." if parts else "")


def _summary(name, x, values, x_name):
    pairs = [(v, a) for v, a in zip(values, x, strict=True) if v is not None and math.isfinite(v)]
    if not pairs:
        return f"{name}: no finite value."
    (low, at_low), (high, at_high) = min(pairs), max(pairs)
    return (
        f"{name}: smallest {number(low, 3)} at {x_name} = {number(at_low, 3)},"
        f" largest {number(high, 3)} at {x_name} = {number(at_high, 3)}."
    )
