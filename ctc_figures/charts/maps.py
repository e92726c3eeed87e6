"""Heat maps over time: a column for each frame, a row for each state or symbol."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ..page.notation import largest, number, shown
from .plot import COLORBAR, LIGHT, Plot, axis, note, over_time, shades, strip_image

LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "ink": "y", "gradient": "y − γ"}
MANY = 300  # cells; beyond, no signs in them and no table beside them


@dataclass
class Map:
    """One map of `heat_maps`.

    Attributes
    ----------
    values : ndarray, shape (T, rows)
        Time first, as everywhere in the book. Not negative, but for the role "gradient". With `log`, zeros stay empty.
    role : str
        "alpha", "beta", "gamma", "ink" (for outputs y), or "gradient" (two colours, by sign).
    log : bool
        Colour by the logarithm.
    name : str, optional
        Written above the map; the role's letter if left out.
    low : float, optional
        The value that is palest; the smallest above 0 on a log scale, 0 on a linear one.
    letter : str, optional
        What a value is called when it is touched; the role's letter if left out.
    """

    values: np.ndarray
    role: str = "alpha"
    log: bool = False
    name: str | None = None
    low: float | None = None
    letter: str | None = None

    def __post_init__(self):
        """Check the values and settle the scale."""
        self.values = np.asarray(self.values, dtype=float)
        if self.role not in LETTERS:
            raise ValueError(f"role: expected one of {', '.join(LETTERS)}, got {self.role!r}")
        if self.values.ndim != 2 or not self.values.size:
            raise ValueError(f"values: expected shape (T, rows), got {self.values.shape}")
        if not np.isfinite(self.values).all():
            raise ValueError("values: expected finite numbers; for a log scale give log=True, not logarithms")
        signed = self.role == "gradient"
        if not signed and (self.values < 0).any():
            raise ValueError("values: below 0 is only for the role 'gradient'")
        if self.log and signed:
            raise ValueError("log: a gradient has signs, its scale is linear")
        size = np.abs(self.values)
        self.high = float(size.max()) or 1.0
        if self.log:
            positive = size[size > 0]
            self.low = float(self.low or (positive.min() if positive.size else self.high / 10))
            if self.low >= self.high:
                self.low = self.high / 10
        else:
            self.low = 0.0
        self.letter = self.letter or LETTERS[self.role]
        self.name = self.name or self.letter

    def levels(self):
        """Return the colour strength of each cell, 0 (empty) to 1, of a gradient -1 to 1, shape (T, rows)."""
        if not self.log:
            return self.values / self.high
        with np.errstate(divide="ignore"):
            place = (np.log(self.values) - np.log(self.low)) / (np.log(self.high) - np.log(self.low))
        return np.where(self.values > 0, 0.08 + 0.92 * np.clip(place, 0, 1), 0)

    def ticks(self):
        """Return levels of the scale and what stands beside them."""
        if self.role == "gradient":
            return [-1, 0, 1], [number(-self.high, 2), "0", "+" + number(self.high, 2)]
        if not self.log:
            return [0, 0.5, 1], ["0", number(self.high / 2, 2), number(self.high, 2)]
        middle = np.sqrt(self.high) * np.sqrt(self.low)
        return [0.08, 0.54, 1], [number(v, 2) for v in (self.low, middle, self.high)]

    def trace(self, rows, colorbar, small):
        """Return plotly's heat map; time runs to the right. Of a large one the numbers are stored as base64."""
        levels, values = np.round(self.levels(), 3).T + 0.0, self.values.T
        ticks, texts = self.ticks()
        signed = self.role == "gradient"
        look = {"xgap": 1, "ygap": 1} if small else {}
        if small and signed:  # never by colour alone
            look |= {"texttemplate": "%{text}", "text": _signs(levels).tolist()}
        steps = 1 if small else 100
        return go.Heatmap(
            x=list(range(1, levels.shape[1] + 1)),
            y=rows,
            z=levels.tolist() if small else np.round(levels * steps).astype("i1"),
            zmin=-steps if signed else 0,
            zmax=steps,
            colorscale=shades(*(["negative", "paper", "positive"] if signed else ["paper", self.role])),
            customdata=[[number(v) for v in row] for row in values] if small else values.astype("f4"),
            hovertemplate=f"{self.letter} at t = %{{x}}, %{{y}}: "
            + ("%{customdata}<extra></extra>" if small else "%{customdata:.3g}<extra></extra>"),
            colorbar={"tickvals": [steps * tick for tick in ticks], "ticktext": texts} | colorbar,
            **look,
        )


def _signs(levels):
    return np.where(levels >= 0.005, "+", np.where(levels <= -0.005, "−", ""))


def heat_maps(
    maps,
    row_names,
    *,
    strip=None,
    row_ticks=None,
    frame_names=None,
    title=None,
    description=None,
    captions=None,
    rest=-1,
):
    """Draw heat maps, one above the other, on one time axis and with one cursor.

    Parameters
    ----------
    maps : list of Map
        All with the same shape (T, rows).
    row_names : sequence of str
        One for each row, all different, such as `state_names(labelling, symbols)` or the symbols.
    strip : bytes or path, optional
        A PNG drawn above the maps, stretched over the time axis: what the recogniser saw.
    row_ticks : dict of int to str, optional
        What to write beside which row; all `row_names`, as far as they fit, if left out.
    frame_names : sequence of str, optional
        A remark for each frame, put into its caption, such as the symbol read there.
    title, description : str, optional
        Replace the words written from the arguments.
    captions : sequence of str, optional
        One for each frame; replaces the captions written from the arguments.
    rest : int
        The frame shown at first.

    Returns
    -------
    Plot

    Raises
    ------
    ValueError
        Shapes, names or roles do not fit.
    """
    if not maps:
        raise ValueError("maps: expected at least one")
    shape = maps[0].values.shape
    if any(m.values.shape != shape for m in maps):
        raise ValueError(f"maps: expected one shape, got {[m.values.shape for m in maps]}")
    T, rows = shape
    names = [shown(n) for n in row_names]
    if len(names) != rows or len(set(names)) != rows:
        raise ValueError(f"row_names: expected {rows}, all different, got {names}")
    if frame_names is not None and len(frame_names) != T:
        raise ValueError(f"frame_names: expected {T}, got {len(frame_names)}")
    small = T * rows <= MANY
    high = rows * (26 if small else max(3, min(16, 330 / rows)))  # of one map, in pixels
    head, gap, above, below = 8, 34, 58 if strip is not None else 0, 40
    whole = head + above + len(maps) * (gap + high) + below
    inner = whole - head - below
    layout = {"height": round(whole), "margin": {"t": head, "b": below, "l": 8, "r": 8}, "annotations": []}
    if small:
        layout["plot_bgcolor"] = LIGHT["faint"]  # seen between the cells
    traces = []
    for i, m in enumerate(maps):
        bottom = 1 - (above + (i + 1) * (gap + high)) / inner
        domain = [max(0, bottom), bottom + high / inner]
        n = "" if i == 0 else str(i + 1)
        colorbar = COLORBAR | {"len": min(high, 170), "lenmode": "pixels", "y": domain[1], "yanchor": "top", "ypad": 0}
        trace = m.trace(names, colorbar, small)
        traces.append(trace.update(xaxis=f"x{n}", yaxis=f"y{n}"))
        last = i + 1 == len(maps)
        layout[f"xaxis{n}"] = axis(
            "t" if last else None, anchor=f"y{n}", range=[0.5, T + 0.5], showgrid=False, showticklabels=last,
            **({} if i == 0 else {"matches": "x"}), **({"dtick": 1} if T <= 12 else {}), title_standoff=4,
        )  # fmt: skip
        layout[f"yaxis{n}"] = axis(
            domain=domain, range=[rows - 0.5, -0.5], showgrid=False, type="category", automargin=True,
            **_ticks(names, row_ticks, high / rows),
        )  # fmt: skip
        layout["annotations"].append(note(m.name, 0, domain[1], yanchor="bottom", yshift=4))
    if strip is not None:
        layout["images"] = [strip_image(strip, T, 50 / inner)]
    if captions is None:
        captions = [_caption(maps, names, t, frame_names) for t in range(T)]
    listed = ", ".join(m.name for m in maps)
    head = ["t", *(f"{m.letter} of {name}" if len(maps) > 1 else name for m in maps for name in names)]
    numbers = [[t + 1, *(number(v) for m in maps for v in m.values[t])] for t in range(T)]
    return Plot(
        traces,
        layout,
        title or f"{listed} over time",
        description
        or f"{'Heat map' if len(maps) == 1 else 'Heat maps'} of {listed}: {T} frames from left to right,"
        f" {rows} rows from {names[0]} to {names[-1]}, top to bottom; the stronger the colour, the larger the"
        " value.",
        rows=[head, *numbers] if small else None,
        captions=captions,
        **over_time(T),
        seconds=min(1.4, max(0.12, 12 / T)),
        rest=rest,
    )


def _ticks(names, chosen, pitch):
    """Say which rows are named, none nearer to the one before than a line of text."""
    chosen = dict(enumerate(names)) if chosen is None else chosen
    kept, last = {}, -np.inf
    for row in sorted(chosen):
        if (row - last) * pitch >= 12:
            kept[row], last = shown(chosen[row]), row
    return {"tickvals": list(kept), "ticktext": list(kept.values())}


def _caption(maps, names, t, frame_names):
    parts = [f"t = {t + 1}."]
    if frame_names is not None:
        parts.append(f"{frame_names[t]}.")
    for m in maps:
        r = largest(np.abs(m.values[t]))
        word = "Farthest from 0," if (m.values < 0).any() else "Largest"
        parts.append(f"{word} {m.letter}: {number(m.values[t, r])} in {names[r]}.")
    return " ".join(parts)
