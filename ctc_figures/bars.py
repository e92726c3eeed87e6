"""Ratios in groups: one row for each thing compared, its marks on an axis of powers of ten, its numbers at the end."""

import math

from .chart import _Axis, _short
from .drawing import Drawing
from .figure import Figure
from .notation import number
from .palette import COLOURS

WIDTH, EDGE, LEFT, ROW, COLUMN = 376, 5, 124, 19, 50  # a phone shows this width without scrolling
OUTLINES = {
    "circle": "m-4 0a4 4 0 1 1 8 0a4 4 0 1 1-8 0z",
    "square": "m-3.5-3.5h7v7h-7z",
    "triangle": "m0-4.6l4.4 7.6h-8.8z",
    "diamond": "m0-4.9l4.9 4.9l-4.9 4.9l-4.9-4.9z",
    "triangle down": "m0 4.6l4.4-7.6h-8.8z",
    "hourglass": "m-3.8-4h7.6l-7.6 8h7.6z",
    "bar": "m-1.4-5h2.8v10h-2.8z",
    "beam": "m-5-1.4h10v2.8h-10z",
}
CROSS = "m-4-4l8 8m0-8l-8 8"
ARROWS = {"under": "m-2 0l7-4.4v8.8z", "over": "m2 0l-7-4.4v8.8z"}  # what is beyond the axis


def ratio_bars(
    groups,
    variants,
    *,
    x_name,
    one,
    x_range=None,
    roles=None,
    notes=None,
    title=None,
    description=None,
    caption=None,
):
    """Draw ratios as marks, a row for each name within each group; 1 is what all are compared with.

    Parameters
    ----------
    groups : dict of str to dict of str to sequence
        Group, name of the row, and one value for each variant: a ratio above 0; words that say why there
        is none, shown as a cross; or None, shown as nothing. At most eight names; each has one shape throughout.
    variants : sequence of str
        Two at most, such as ("float64", "float32"): the first has filled marks, the second hollow ones.
    x_name, one : str
        What the axis shows, and what has the ratio 1.
    x_range : tuple of (float or None), optional
        Ends of the axis; None is "as the ratios and 1 need it". What is beyond is an arrow at the border.
    roles : dict of str to str, optional
        Name -> palette colour. "ink" stands out, its name is bold; "muted" for all that are not here.
    notes : dict of str to str, optional
        A few words beside the name of a group.
    title, description, caption : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Numbers of names, variants or values, values, range, or roles do not fit.

    Examples
    --------
    >>> groups = {"small": {"ours": [0.5], "other": [2]}}
    >>> ratio_bars(groups, ["float64"], x_name="time", one="the old way").description.split(". ")[-1]
    'small, float64: ours 0.5; other 2.'
    """
    roles, notes = roles or {}, notes or {}
    groups = {group: {name: _values(group, name, vs) for name, vs in rows.items()} for group, rows in groups.items()}
    names = list(dict.fromkeys(name for rows in groups.values() for name in rows))
    _check(groups, names, variants, roles)
    if x_range and not (x_range[0] or 0) <= 1 <= (x_range[1] or 1):
        raise ValueError(f"x_range: expected 1 within, got {x_range}")
    ratios = [v for rows in groups.values() for vs in rows.values() for v in vs if isinstance(v, float)]

    right = WIDTH - EDGE - COLUMN * len(variants) - 4
    across = _Axis([*ratios, 1.0], x_range, True, LEFT, right, "x_range", 4)
    top = 74
    bottom = top + sum(ROW * (len(rows) + 1) + 14 for rows in groups.values())
    drawing = Drawing(WIDTH, bottom + 34)
    _head(drawing, variants, x_name, one, across, right)
    for value, text in across.ticks:
        x = across(value)
        drawing.add("path", d=f"M{x:.2f} {top - 8}V{bottom}", class_="ctc-grid")
        for y in (top - 17, bottom + 12):
            drawing.label(x, y, text, "small muted")
    drawing.add("path", d=f"M{across(1.0):.2f} {top - 8}V{bottom}", class_="ctc-mark")

    y = top + 6
    with drawing.cells("Rows"):
        for group, rows in groups.items():
            drawing.label(EDGE, y, group, "start bold")
            # Beside the name, on paper: the grid must not run through the words.
            if group in notes:
                wide = 6.4 * len(notes[group])
                drawing.add("rect", x=WIDTH - EDGE - wide, y=y - 8, width=wide, height=16, fill="var(--ctc-paper)")
                drawing.label(WIDTH - EDGE, y, notes[group], "end small muted")
            for name, vs in rows.items():
                y += ROW
                look = roles.get(name, "muted"), list(OUTLINES.items())[names.index(name)]
                _row(drawing, y, group, name, vs, variants, look, across, right)
            y += ROW + 14

    told = f"Ratios in {len(groups)} groups on an axis of powers of ten; {one} = 1. In each group the smallest first."
    summary = " ".join(_summary(group, rows, variants) for group, rows in groups.items())
    return Figure(
        drawing,
        title or f"{x_name[0].upper()}{x_name[1:]}",
        description or f"{told} {summary}",
        captions=[caption or f"The dotted line is {one}; left of it is less."],
        hint="Touch a row, or move with the arrow keys.",
    )


def _values(group, name, values):
    """Round to nine digits; words and None stay."""
    values = [v if v is None or isinstance(v, str) else _short(v) for v in values]
    for v in values:
        if isinstance(v, float) and not (math.isfinite(v) and v > 0):
            raise ValueError(f"groups, {group!r}, {name!r}: expected ratios above 0, got {v}")
    return values


def _check(groups, names, variants, roles):
    if not 1 <= len(variants) <= 2:
        raise ValueError(f"variants: expected 1 or 2, got {len(variants)}")
    if not 1 <= len(names) <= len(OUTLINES):
        raise ValueError(f"groups: expected 1 to {len(OUTLINES)} names of rows, got {len(names)}")
    for group, rows in groups.items():
        for name, values in rows.items():
            if len(values) != len(variants):
                raise ValueError(f"groups, {group!r}, {name!r}: expected {len(variants)} values, got {len(values)}")
    for name, role in roles.items():
        if role not in COLOURS:
            raise ValueError(f"roles, {name!r}: {role!r} is not in the palette")


def _head(drawing, variants, x_name, one, across, right):
    """Say what the marks, the columns and the axis are."""
    drawing.label(EDGE, 12, x_name, "start muted")
    for i, variant in enumerate(variants):
        end = WIDTH - EDGE - COLUMN * (len(variants) - 1 - i)
        drawing.label(end, 57, variant, "end small muted")
        if len(variants) == 2:
            _mark(drawing, end - 22, 39, OUTLINES["circle"], f"ctc-point{' hollow' if i else ''}", "muted")
    x, half = across(1.0), 3.3 * len(one)
    drawing.label(min(max(x, half), right - half), 32, one, "small")
    drawing.add("path", d=f"M{x:.2f} 40v8", class_="ctc-mark")


def _row(drawing, y, group, name, values, variants, look, across, right):
    role, (shape, outline) = look
    told = [f"{variant}: {_said(v)}" for variant, v in zip(variants, values, strict=True) if v is not None]
    quiet = "" if role == "ink" else " muted"
    with drawing.touch(f"{group}, {name}: {'; '.join(told) or 'not measured'}", class_="ctc-dot"):
        drawing.add("rect", x=0, y=y - ROW / 2, width=WIDTH, height=ROW, rx=3, class_="ctc-hit")
        drawing.add("path", d=f"M{LEFT} {y}H{right}", class_="ctc-grid")
        for i, v in reversed(list(enumerate(values))):  # the first on top
            end = WIDTH - EDGE - COLUMN * (len(values) - 1 - i)
            if isinstance(v, str):
                _mark(drawing, end - 8, y, CROSS, "ctc-point nan", role)
            elif v is not None:
                side = across.side(v)
                class_ = f"ctc-point {side or shape}{' hollow' if i else ''}"
                _mark(drawing, across(v), y, ARROWS.get(side, outline), class_, role)
    # Beside the group, not in it: what a group shows as text would have to be its name.
    drawing.label(EDGE + 7, y, name, f"start small{' bold' if role == 'ink' else quiet}")
    for i, v in enumerate(values):
        if not (v is None or isinstance(v, str)):
            drawing.label(WIDTH - EDGE - COLUMN * (len(values) - 1 - i), y, _brief(v), f"end small{quiet}")


def _mark(drawing, x, y, outline, class_, role):
    drawing.add("path", d=f"M{x:.2f} {y:g}{outline}", class_=class_, style=f"--c:var(--ctc-{role})")


def _brief(v):
    """Write a ratio as short as a column is wide."""
    return number(v, 1 if v < 1e-3 else 2 if v < 100 else 3)


def _said(value):
    return value if isinstance(value, str) else number(value, 3)


def _summary(group, rows, variants):
    """Say all values of a group, the smallest first, then what has none."""
    said = []
    for i, variant in enumerate(variants):
        pairs = [(values[i], name) for name, values in rows.items() if values[i] is not None]
        pairs.sort(key=lambda pair: math.inf if isinstance(pair[0], str) else pair[0])
        said.append(f"{group}, {variant}: {'; '.join(f'{name} {_said(v)}' for v, name in pairs)}.")
    return " ".join(said)
