"""Heat maps over time: a column for each frame, a row for each state or symbol."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .notation import largest, number, shown, sub
from .png import data_uri, encode

LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "ink": "y", "gradient": "y − γ"}
MANY = 1500  # cells; above this a map is a picture, not touchable rectangles


@dataclass
class Map:
    """One map of a stack.

    Attributes
    ----------
    values : ndarray, shape (T, rows)
        Not negative, but for the role "gradient". With `log`, zeros stay empty.
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
        """Return the colour strength of each cell, 0 (empty) to 1, shape (T, rows)."""
        size = np.abs(self.values)
        if not self.log:
            return size / self.high
        with np.errstate(divide="ignore"):
            place = (np.log(size) - np.log(self.low)) / (np.log(self.high) - np.log(self.low))
        return np.where(size > 0, 0.08 + 0.92 * np.clip(place, 0, 1), 0)

    def ticks(self):
        """Return (height on the bar, text) for a few values of the scale."""
        if self.role == "gradient":
            return [(1, "+" + number(self.high, 2)), (0.5, "0"), (0, number(-self.high, 2))]
        if not self.log:
            return [(1, number(self.high, 2)), (0.5, number(self.high / 2, 2)), (0, "0")]
        middle = np.sqrt(self.high) * np.sqrt(self.low)
        return [(level, number(v, 2)) for level, v in ((1, self.high), (0.54, middle), (0.08, self.low))]


def heat_map(values, row_names, *, role="alpha", log=False, name=None, **keywords):
    """Draw one heat map with a cursor that moves through time.

    Parameters
    ----------
    values : ndarray, shape (T, rows)
        Time first, as everywhere in the book.
    row_names : sequence of str
        One for each row of the picture, such as `state_names(labelling, symbols)` or the symbols.
    role, log, name
        As for `Map`.
    **keywords
        As for `heat_maps`.

    Returns
    -------
    Figure
    """
    return heat_maps([Map(values, role, log, name)], row_names, **keywords)


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
):
    """Draw several heat maps, one above the other, on one time axis and with one cursor.

    Parameters
    ----------
    maps : list of Map
        All with the same shape (T, rows).
    row_names : sequence of str
        One for each row.
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

    Returns
    -------
    Figure

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
    if len(names) != rows:
        raise ValueError(f"row_names: expected {rows}, got {len(names)}")
    if frame_names is not None and len(frame_names) != T:
        raise ValueError(f"frame_names: expected {T}, got {len(frame_names)}")
    large = T * rows > MANY
    h = 24 if not large else max(min(360, 800 / len(maps)) / rows, 3)  # three or more share the room of two
    left = 14 + 8 * max(len(n) for n in (names if row_ticks is None else row_ticks.values()))
    left = max(left, 30)
    # 724 in all: the least width of a drawing, .9 of it, and its padding fit the 656 pixels of a column
    w = max(320, min(640, 646 - left)) / T if large else max(5.0, min(44.0, 324 / T))
    gap = 40
    top = 8 + (60 if strip is not None else 0)
    drawing = Drawing(left + w * T + 78, top + len(maps) * (h * rows + gap) + 24, maps[0].role)
    if maps[0].role == "gradient":
        drawing.role = "ink"
    bottom = top + len(maps) * (h * rows + gap)
    if strip is not None:
        png = strip if isinstance(strip, bytes) else Path(strip).read_bytes()
        box = {"x": left, "y": 4, "width": w * T, "height": 48}
        drawing.add("image", href=data_uri(png), preserveAspectRatio="none", **box)
    with drawing.nest("g") if large else drawing.cells("Cells"):
        for i, m in enumerate(maps):
            y0 = top + i * (h * rows + gap) + 24
            drawing.label(left, y0 - 12, m.name, "start var" if m.name == m.letter else "start")
            _row_names(drawing, names, row_ticks, left - 8, y0, h)
            (_picture if large else _cells)(drawing, m, names, left, y0, w, h)
            _scale(drawing, m, left + w * T + 12, y0, h * rows)
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if n * w >= 34 or n == 1000)
    drawing.label(left - 12, bottom + 10, "t", "muted var")
    for t in range(T):
        if every == 1 or (t + 1) % every == 0:
            drawing.label(left + w * (t + 0.5), bottom + 10, str(t + 1), "muted")
    moves = [State(x=w * t) for t in range(T)]
    spans = [(top + i * (h * rows + gap) + 24, h * rows) for i in range(len(maps))]
    for y0, height in spans + ([(4, 48)] if strip is not None else []):
        box = {"x": left, "y": y0 - 2, "width": w, "height": height + 4, "rx": 2}
        drawing.add("rect", class_="ctc-cursor", aria_hidden="true", states=moves, **box)
    if captions is None:
        captions = [_caption(maps, names, t, frame_names) for t in range(T)]
    listed = ", ".join(m.name for m in maps)
    return Figure(
        drawing,
        title or f"{listed} over time",
        description
        or f"{'Heat map' if len(maps) == 1 else 'Heat maps'} of {listed}: {T} frames from left to right,"
        f" {rows} rows from {names[0]} to {names[-1]}, top to bottom; the stronger the colour, the larger the"
        " value.",
        captions=captions,
        labels=[f"t = {t + 1} of {T}" for t in range(T)],
        hint="Touch a cell, or move with the arrow keys.",
        seconds=min(1.4, max(0.12, 12 / T)),
    )


def _row_names(drawing, names, ticks, x, y0, h):
    ticks = dict(enumerate(names)) if ticks is None else ticks
    last = -np.inf
    for row in sorted(ticks):
        y = y0 + h * (row + 0.5)
        if y - last >= 12:
            drawing.label(x, y, shown(ticks[row]), "end")
            last = y


def _colour(m, value):
    if m.role == "gradient":
        return "positive" if value > 0 else "negative"
    return m.role


def _cells(drawing, m, names, x0, y0, w, h):
    """Draw each cell as a rectangle that can be touched; columns appear with the cursor."""
    T, levels = len(m.values), m.levels()
    for t in range(T):
        with drawing.nest(states=[State("ahead" if f < t else "") for f in range(T)], class_="ctc-column"):
            for r, name in enumerate(names):
                value = m.values[t, r]
                detail = f"{m.letter}{sub(t + 1)}({name}) = {number(value)}"
                with drawing.touch(detail, class_="ctc-cell"):
                    drawing.add(
                        "rect",
                        x=x0 + w * t,
                        y=y0 + h * r,
                        width=w,
                        height=h,
                        style=f"fill:var(--ctc-{_colour(m, value)});--v:{round(float(levels[t, r]), 3):g}",
                    )
                    if m.role == "gradient" and levels[t, r] >= 0.005:  # never by colour alone
                        shade = "paper" if levels[t, r] > 0.7 else ""
                        sign = "+" if value > 0 else "−"
                        drawing.label(x0 + w * (t + 0.5), y0 + h * (r + 0.5), sign, shade)


def _picture(drawing, m, names, x0, y0, w, h):
    """Draw the whole map as one picture, for a gradient as two, one for each sign."""
    T, rows = m.values.shape
    box = {"x": x0, "y": y0, "width": w * T, "height": h * rows}
    signed = (("positive", m.values > 0), ("negative", m.values < 0))
    for colour, part in signed if m.role == "gradient" else ((m.role, True),):
        layer(drawing, colour, np.where(part, m.levels(), 0), box)
    drawing.add("rect", **box, class_="ctc-border")


def layer(drawing, colour, levels, box):
    """Draw levels (0 to 1, shape (T, rows)) as a picture that appears along time: an 8-bit mask over a rectangle."""
    png = data_uri(encode(np.rint(np.round(levels * 255, 6)).T))
    # A mask needs a name; it is made of the content, so equal names mean equal pictures.
    key = f"ctc-mask-{sha256(png.encode()).hexdigest()[:10]}"
    reveal = [State(value=100 * (t + 1) / len(levels)) for t in range(len(levels))]
    with drawing.nest("mask", id=key):
        drawing.add("image", href=png, preserveAspectRatio="none", class_="ctc-pixels", **box)
    look = {"mask": f"url(#{key})", "fill": f"var(--ctc-{colour})"}
    drawing.add("rect", class_="ctc-picture", states=reveal, **box, **look)


def _scale(drawing, m, x, y0, height):
    """Draw the colour bar with its ticks."""
    n, height = 24, min(height, 168)
    step = height / n
    for i in range(n):
        place = 1 - i / (n - 1)
        sign = 2 * place - 1 if m.role == "gradient" else place
        drawing.add(
            "rect",
            x=x,
            y=y0 + i * step,
            width=10,
            height=step + 0.3,
            class_="ctc-scale",
            style=f"fill:var(--ctc-{_colour(m, sign)});--v:{abs(sign):.3g}",
        )
    for place, text in m.ticks():
        drawing.label(x + 15, y0 + (1 - place) * height, text, "start small muted")


def _caption(maps, names, t, frame_names):
    parts = [f"t = {t + 1}."]
    if frame_names is not None:
        parts.append(f"{frame_names[t]}.")
    for m in maps:
        r = largest(np.abs(m.values[t]))
        word = "Farthest from 0," if (m.values < 0).any() else "Largest"
        parts.append(f"{word} {m.letter}: {number(m.values[t, r])} in {names[r]}.")
    return " ".join(parts)
