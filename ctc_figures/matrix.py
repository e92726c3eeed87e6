"""A matrix with signs that changes from frame to frame, and beside it a bar for each row."""

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .notation import shown

CELL, ROW = 54, 34


def signed_matrix(
    matrices,
    rows,
    columns,
    *,
    bars=None,
    names=("rows", "columns"),
    bar_name="y",
    element="row {row}, column {column}",
    captions=None,
    labels=None,
    slider="Step",
    rest=-1,
    title=None,
    description=None,
):
    """Draw matrices one after the other: colour by sign, the stronger the larger.

    Parameters
    ----------
    matrices : ndarray, shape (F, R, C)
        One matrix for each frame.
    rows, columns : sequence of str
        R and C names.
    bars : ndarray, shape (F, R), optional
        Numbers from 0 to 1, drawn as a bar beside each row.
    names : tuple of str
        What the rows and the columns are.
    bar_name : str
        What the bars are.
    element : str
        What to say when an entry is touched, with {row} and {column} for the names.
    captions, labels, slider, rest
        As for `Figure`; captions are written from the numbers if left out.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes and names do not fit.
    """
    # 9 digits: what is 0 but for rounding must have no sign
    matrices = np.round(np.asarray(matrices, dtype=float), 9) + 0.0
    if matrices.ndim != 3 or matrices.shape[1:] != (len(rows), len(columns)):
        raise ValueError(f"matrices: expected shape (F, {len(rows)}, {len(columns)}), got {matrices.shape}")
    if bars is not None and np.shape(bars) != matrices.shape[:2]:
        raise ValueError(f"bars: expected shape {matrices.shape[:2]}, got {np.shape(bars)}")
    F, R, C = matrices.shape
    largest = np.abs(matrices).max() or 1.0
    left = 30 if bars is None else 132
    top = 52
    drawing = Drawing(left + CELL * C + 8, top + ROW * R + 6)
    drawing.label(left + CELL * C / 2, 8, names[1], "muted")
    if bars is None:
        drawing.label(2, top - 18, names[0], "start muted")
    else:
        drawing.label(2, 8, names[0], "start muted")
        drawing.label(64, top - 18, bar_name, "var")
    for c, name in enumerate(columns):
        drawing.label(left + CELL * (c + 0.5), top - 18, shown(name), "bold")
    for r, name in enumerate(rows):
        y = top + ROW * (r + 0.5)
        drawing.label(10, y, shown(name), "bold")
        if bars is None:
            continue
        shares = np.round(np.asarray(bars, dtype=float)[:, r], 9)
        sizes = [State(value=100 * float(share)) for share in shares]
        drawing.add("rect", x=26, y=y - 8, width=56, height=16, class_="ctc-ghost")
        drawing.add(
            "rect",
            x=26,
            y=y - 8,
            width=56,
            height=16,
            class_="ctc-filled grow-x",
            states=sizes,
            name=("bar", r),
        )
        drawing.label(88, y, "", "start small", states=[State(text=_fixed(share, 2)) for share in shares])
    with drawing.cells("Entries of the matrix"):
        for r in range(R):
            for c in range(C):
                detail = element.format(row=shown(rows[r]), column=shown(columns[c]))
                _cell(drawing, matrices[:, r, c], largest, detail, left + CELL * c, top + ROW * r)
    if captions is None:
        captions = [f"Entries from {_fixed(m.min(), 3)} to {_fixed(m.max(), 3)}." for m in matrices]
    return Figure(
        drawing,
        title or f"A matrix of {R} × {C}",
        description
        or f"A table of {R} rows and {C} columns, in {F} frames. Entries above 0 have one colour, entries"
        " below 0 another; the stronger the colour, the larger the entry.",
        captions=captions,
        labels=labels,
        slider=slider,
        rest=rest,
        hint="Touch an entry, or move with the arrow keys.",
    )


def _fixed(value, digits):
    """Write a number with so many decimals; no sign before a zero."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def _cell(drawing, values, largest, detail, x, y):
    looks = ["positive" if v > 0 else "negative" if v < 0 else "" for v in values]
    states = [State(look, value=100 * abs(float(v)) / largest) for look, v in zip(looks, values, strict=True)]
    with drawing.touch(detail, class_="ctc-element"):
        drawing.add("rect", x=x, y=y, width=CELL, height=ROW, class_="ctc-signed", states=states)
    # Outside: a visible text inside would have to be part of the accessible name, and this one changes.
    texts = [State(text=_fixed(v, 3)) for v in values]
    drawing.label(x + CELL / 2, y + ROW / 2, "", "small", states=texts)
