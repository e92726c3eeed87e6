"""Which frame belongs to which letter: the occupancies of the labels under the picture that was read."""

from pathlib import Path

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .notation import number, shown
from .png import data_uri

LEFT, WIDTH = 30, 640  # of the time axis
STRIP, HEIGHT = 40, 96  # of the picture, of the bars
SEEN = 0.005  # what is less is not drawn


def alignment(occupancy, letters, strip, *, title=None, description=None):
    """Draw the occupancy of every label over time, with its letter where it is expected, under a picture.

    Parameters
    ----------
    occupancy : ndarray, shape (T, U)
        Occupancy of the i-th label at each frame; what a row lacks to 1 is the blanks'.
    letters : sequence of str, length U
        What the labels are.
    strip : bytes or path
        A PNG drawn above, stretched over the time axis.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes do not fit, a value is no probability, or a label has no frame at all.
    """
    occupancy = np.asarray(occupancy, dtype=float)
    if occupancy.ndim != 2 or occupancy.shape[1] != len(letters):
        raise ValueError(f"occupancy: expected shape (T, {len(letters)}), got {occupancy.shape}")
    # Rounded at once: what is drawn at all, and on which side of a border, must not hang on the last bits.
    occupancy = np.round(occupancy, 9)
    if not ((occupancy >= 0).all() and (occupancy.sum(axis=1) <= 1 + 1e-6).all()):
        raise ValueError("occupancy: expected probabilities that sum to 1 at most in each row")
    seen = occupancy > SEEN
    if not seen.any(axis=0).all():
        raise ValueError(f"occupancy: label {int(np.argmin(seen.any(axis=0)))} is at no frame")
    T, names = len(occupancy), [shown(letter) for letter in letters]
    w, base = WIDTH / T, STRIP + 44 + HEIGHT
    drawing = Drawing(LEFT + WIDTH + 12, base + 38, "gamma")
    png = strip if isinstance(strip, bytes) else Path(strip).read_bytes()
    box = {"x": LEFT, "y": 4, "width": WIDTH, "height": STRIP}
    drawing.add("image", href=data_uri(png), preserveAspectRatio="none", **box)
    for level in (0, 1):
        y = base - HEIGHT * level
        drawing.add("path", d=f"M{LEFT} {y}h{WIDTH}", class_="ctc-axis")
        drawing.label(LEFT - 8, y, str(level), "end muted")
    drawing.label(LEFT - 8, base - HEIGHT / 2, "γ", "end var")
    drawing.label(LEFT - 12, base + 16, "t", "muted var")
    for t in range(9, T, 10):
        drawing.label(LEFT + w * (t + 0.5), base + 16, str(t + 1), "muted")
    under = np.cumsum(occupancy, axis=1) - occupancy  # bars of one frame stand on each other
    with drawing.cells("Letters"):
        for i, name in enumerate(names):
            at = np.flatnonzero(seen[:, i])
            states = [State("ahead" if f < at[0] else "") for f in range(T)]
            span = f"frame {at[0] + 1}" if len(at) == 1 else f"frames {at[0] + 1} to {at[-1] + 1}"
            stay = number(occupancy[:, i].sum(), 3)
            detail = f"Label {i + 1}, {name}: {span}; on average {stay} frame{'' if stay == '1' else 's'}"
            with drawing.touch(detail, class_=f"ctc-hill{' even' if i % 2 else ''}", states=states):
                centre = np.arange(T) @ occupancy[:, i] / occupancy[:, i].sum()
                x = LEFT + w * (centre + 0.5)
                drawing.add("rect", x=x - 6, y=STRIP + 8, width=12, height=24, class_="ctc-hit")
                drawing.label(x, STRIP + 20, name, "bold")
                for t in at:
                    top = base - HEIGHT * (under[t, i] + occupancy[t, i])
                    bar = {"x": LEFT + w * t, "y": top, "width": w, "height": HEIGHT * occupancy[t, i]}
                    drawing.add("rect", class_="ctc-share", **bar)
    cursor = [State(x=w * t) for t in range(T)]
    drawing.add(
        "rect",
        x=LEFT,
        y=2,
        width=w,
        height=base,
        rx=2,
        class_="ctc-cursor",
        aria_hidden="true",
        states=cursor,
    )
    word = "".join(letters)
    return Figure(
        drawing,
        title or "Which frame belongs to which letter",
        description
        or f"A picture of the text “{word}”, and under it {T} frames. At each frame bars stand on each other,"
        " one for each label that may be there, as high as its occupancy; what is left open is the blank."
        " The letter is written over the middle of its bars, and so stands under its printed form.",
        captions=[_caption(occupancy[t], seen[t], names, t) for t in range(T)],
        labels=[f"t = {t + 1} of {T}" for t in range(T)],
        hint="Touch a letter, or move with the arrow keys.",
        seconds=12 / T,
    )


def _caption(row, seen, names, t):
    parts = [f"{names[i]} (label {i + 1}) {number(row[i], 3)}" for i in np.flatnonzero(seen)]
    blank = max(1 - float(row.sum()), 0.0)
    if blank > SEEN:
        parts.append(f"blank {number(blank, 3)}")
    return f"t = {t + 1}. Occupancies: {', '.join(parts)}."
