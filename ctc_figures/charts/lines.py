"""Line charts: a few named lines over one quantity, each with its own shape and dash."""

import math
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ..page.notation import number
from ..page.palette import COLOURS
from .plot import LIGHT, Plot, axis, note, rule

FRAMES = 60  # an animation has no more
NUMBERS = 400  # a table beside the chart has no more
SYMBOLS = "circle square-open triangle-up diamond-open circle-open square triangle-up-open diamond".split()
DASHES = "solid 7px,3px 2px,3px 9px,3px,2px,3px 4px,2px 12px,4px 2px,2px,6px,2px 1px,3px".split()
BORDER = {"over": "triangle-up", "under": "triangle-down", "nan": "x-thin-open"}


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
    """Draw lines over x.

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
    Plot

    Raises
    ------
    ValueError
        Lengths, roles or ranges do not fit.

    Examples
    --------
    >>> line_chart([1, 2], {"a": [3, 4]}, x_name="step", y_name="loss").title
    'Loss over step'
    """
    x = [short(v) for v in x]
    lines = {name: line if isinstance(line, Line) else Line(line) for name, line in series.items()}
    check_lines(x, lines, marks)
    values = {name: [None if v is None else short(v) for v in line.values] for name, line in lines.items()}
    every = [v for vs in values.values() for v in vs if v is not None]
    extra = {side: [v for which, v, _ in marks if which == side] for side in "xy"}
    across = Scale(x + extra["x"], x_range, log_x, "x_range")
    upright = Scale(every + extra["y"], y_range, log_y, "y_range")

    traces, seen = [], set()
    for i, (name, line) in enumerate(lines.items()):
        traces += _traces(i, name, line, x, values[name], (x_name, y_name), (across, upright), seen)
    layout = {
        "height": 330,
        "margin": {"t": 20 + 20 * _legend_rows(lines), "b": 66 if seen else 48, "l": 8, "r": 14},
        "xaxis": across.axis("<br>".join([x_name, *border_note(seen, upright)]), title_standoff=6),
        "yaxis": upright.axis(y_name, automargin=True, title_standoff=8),
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "itemwidth": 42},
        "shapes": [rule(which, short(value)) for which, value, _ in marks],
        "annotations": [_words(*mark, across, upright) for mark in marks],
    }
    n = len(x)
    stops = sorted({round(i) for i in np.linspace(0, n - 1, min(n, FRAMES))}) if frames else [n - 1]
    if frames:
        captions = captions or [_caption(x_name, x[stop], lines, values, stop) for stop in stops]
    falls = x[-1] < x[0]
    told = f"Chart of {y_name} over {x_name}, {across.told()}, {y_name} {upright.told()}."
    summary = " ".join(_summary(name, x, values[name], x_name) for name in lines)
    rows = [[number(a), *("" if vs[j] is None else number(vs[j]) for vs in values.values())] for j, a in enumerate(x)]
    return Plot(
        traces,
        layout,
        title or f"{y_name[0].upper() if len(y_name) > 1 else y_name[0]}{y_name[1:]} over {x_name}",
        description or f"{told} {summary}",
        cursor=[across.around(x[stop])[:: -1 if falls else 1] for stop in stops] if frames else None,
        end=across.end(not falls),
        veil=1 if rest == 0 else 0.88,
        rows=[[x_name, *lines], *rows] if len(lines) * n <= NUMBERS else None,
        captions=captions or [summary],
        labels=[number(x[stop], 3) for stop in stops] if frames else None,
        slider=x_name,
        seconds=min(1.0, max(0.12, 12 / len(stops))),
        rest=rest,
    )


def short(v):
    """Round to nine digits: the last bits differ between processors, and the picture must not."""
    return float(f"{float(v):.9g}")


def check_lines(x, lines, marks):
    """Say what is wrong with the arguments of a chart, if anything is."""
    if not x or not all(map(math.isfinite, x)):
        raise ValueError("x: expected finite numbers, at least one")
    if not 1 <= len(lines) <= len(SYMBOLS):
        raise ValueError(f"series: expected 1 to {len(SYMBOLS)} lines, got {len(lines)}")
    for name, line in lines.items():
        if len(line.values) != len(x):
            raise ValueError(f"series {name!r}: expected {len(x)} values, one per x, got {len(line.values)}")
        if line.role not in COLOURS:
            raise ValueError(f"series {name!r}: role {line.role!r} is not in the palette")
        if line.draw not in ("both", "line", "points"):
            raise ValueError(f"series {name!r}: draw is 'both', 'line' or 'points', got {line.draw!r}")
    for which, *_ in marks:
        if which not in ("x", "y"):
            raise ValueError(f"marks: axis is 'x' or 'y', got {which!r}")


class Scale:
    """An axis whose ends are known: what lies beyond them is marked at the border."""

    def __init__(self, values, given, log, name):
        """Take the ends that are given, and make room for the values at the others."""
        self.log = log
        low, high = given or (None, None)
        if log and any(end is not None and end <= 0 for end in (low, high)):
            raise ValueError(f"{name}: {given} has no logarithm")
        usable = [v for v in values if math.isfinite(v) and (v > 0 or not log)] or [1.0]
        self.told_ends = (min(usable) if low is None else low, max(usable) if high is None else high)
        self.low, self.high = map(self.place, self.told_ends)
        if low is not None and high is not None and self.low >= self.high:
            raise ValueError(f"{name}: expected low < high, got {given}")
        if self.low >= self.high:
            self.low, self.high = self.low - 0.5, self.low + 0.5
        pad = 0.05 * (self.high - self.low)
        if low is None:
            self.low = 0.0 if not log and 0 <= self.low < 0.4 * self.high else self.low - pad
        if high is None:
            self.high += pad

    def place(self, v):
        """Return where a value stands: on a scale of powers of ten its exponent."""
        return math.log10(v) if self.log else v

    def value(self, place):
        """Return which value stands in a place."""
        return short(10**place if self.log else place)

    def side(self, v):
        """Return "" inside, else "over", "under" or "nan"."""
        if math.isnan(v):
            return "nan"
        if self.log and v <= 0:
            return "under"
        place, slack = v if math.isinf(v) else self.place(v), 1e-9 * (self.high - self.low)
        return "over" if place > self.high + slack else "under" if place < self.low - slack else ""

    def border(self, side):
        """Return the value at the border, where what lies beyond is marked."""
        inset = 0.03 * (self.high - self.low)
        return self.value(self.high - inset if side == "over" else self.low + inset)

    def around(self, v):
        """Return a narrow span around a value, for the cursor."""
        half = 0.006 * (self.high - self.low)
        return self.value(self.place(v) - half), self.value(self.place(v) + half)

    def end(self, upper):
        """Return the value at one end."""
        return self.value(self.high if upper else self.low)

    def axis(self, title=None, **more):
        """Return plotly's axis."""
        decades = self.high - self.low
        steps = {"type": "log", "dtick": max(1, round(decades / 4.5)) if decades > 2 else "D2"} if self.log else {}
        return axis(title, range=[short(self.low), short(self.high)], **steps, **more)

    def told(self):
        """Say where the values begin and end."""
        low, high = (number(v, 3) for v in self.told_ends)
        return f"from {low} to {high}{', in powers of ten' if self.log else ''}"


def _traces(i, name, line, x, values, names, scales, seen):
    """Return a line's traces: itself, and what is marked at the border of the chart."""
    across, upright = scales
    sides = [None if v is None or across.side(a) else upright.side(v) for a, v in zip(x, values, strict=True)]
    seen.update(filter(None, sides))
    colour = LIGHT[line.role]
    words = f"{name}: {names[1]} = %{{customdata}} at {names[0]} = %{{text}}<extra></extra>"
    said = {"text": [number(a) for a in x], "hovertemplate": words}
    said["customdata"] = ["" if v is None else number(v) for v in values]
    traces = [
        go.Scatter(
            x=x,
            y=[v if side == "" else None for v, side in zip(values, sides, strict=True)],
            name=name,
            legendgroup=name,
            mode={"both": "lines+markers", "line": "lines", "points": "markers"}[line.draw],
            line={"color": colour, "width": 1.8, "dash": DASHES[i]},
            marker={"symbol": SYMBOLS[i], "size": 8, "color": colour, "maxdisplayed": 24 if len(x) > 40 else 0},
            **({"hoverinfo": "skip"} if line.draw == "line" else said),
        )
    ]
    if any(sides):
        marked = [side and upright.border(side) for side in sides]
        symbols = [BORDER.get(side, "circle") for side in sides]
        marker = {"symbol": symbols, "size": 10, "color": colour, "line": {"width": 2, "color": colour}}
        at_border = {"mode": "markers", "marker": marker, "showlegend": False, "legendgroup": name}
        traces.append(go.Scatter(x=x, y=[m or None for m in marked], name=name, **at_border, **said))
    return traces


def _legend_rows(lines):
    return 1 + sum(60 + 7 * len(name) for name in lines) // 600


def _words(which, value, text, across, upright):
    """Write beside a mark what it is, on the side where there is room."""
    if which == "y":
        place, scale = short(upright.place(value)), upright
        low = place < (scale.low + scale.high) / 2
        return note(text, 0.01, place, xref="x domain", yref="y", yanchor="bottom" if low else "top")
    place = short(across.place(value))
    left = place > (across.low + across.high) / 2
    return note(text, place, 1, xref="x", yref="y domain", xanchor="right" if left else "left", yanchor="top")


def border_note(seen, upright):
    """Say what the signs at the border mean, if there are any, as a line under the chart."""
    under = "zero or below" if upright.log else "below, or −∞"
    words = {"over": "▲ above, or ∞", "under": f"▼ {under}", "nan": "× not a number"}
    said = [words[side] for side in words if side in seen]
    return ["\u2003".join(said)] if said else []


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
