"""Which frame belongs to which letter: the occupancies of the labels under the picture that was read."""

import numpy as np
import plotly.graph_objects as go

from ..page.notation import number, shown
from .plot import LIGHT, Plot, axis, over_time, strip_image

TOP, STRIP, HEIGHT, BELOW = 8, 44, 136, 40  # pixels: the picture, the bars with their letters, and what is around them
SEEN = 0.005  # what is less is not drawn


def alignment(occupancy, letters, strip):
    """Draw the occupancy of every label over time, with its letter where it is expected, under a picture.

    Parameters
    ----------
    occupancy : ndarray, shape (T, U)
        Occupancy of the i-th label at each frame; what a row lacks to 1 is the blanks'.
    letters : sequence of str, length U
        What the labels are; each is at some frame.
    strip : bytes or path
        A PNG drawn above, stretched over the time axis.
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
    under = np.cumsum(occupancy, axis=1) - occupancy  # bars of one frame stand on each other
    i, t = np.nonzero(seen.T)
    centres = 1 + np.arange(T) @ occupancy / occupancy.sum(axis=0)
    traces = [
        go.Bar(
            x=(t + 1).tolist(), y=np.round(occupancy[t, i], 3).tolist(), base=np.round(under[t, i], 3).tolist(),
            width=1, text=[f"{names[j]} (label {j + 1})" for j in i], textposition="none",
            marker={"color": LIGHT["gamma"], "opacity": [0.55 if odd else 1 for odd in i % 2], "line_width": 0},
            customdata=[number(v, 3) for v in occupancy[t, i]],
            hovertemplate="%{text} at t = %{x}: γ = %{customdata}<extra></extra>",
        ),
        go.Scatter(
            x=np.round(centres, 2).tolist(), y=[1.17] * len(names), mode="text", text=names, textfont_weight="bold",
            customdata=[_stay(occupancy[:, i], seen[:, i], i) for i in range(len(names))],
            hovertemplate="%{text}: %{customdata}<extra></extra>",
        ),
    ]  # fmt: skip
    inner = STRIP + HEIGHT
    layout = {
        "height": TOP + inner + BELOW,
        "margin": {"t": TOP, "b": BELOW, "l": 40, "r": 8},
        "xaxis": axis("t", range=[0.5, T + 0.5], showgrid=False, title_standoff=4),
        "yaxis": axis("γ", range=[0, 1.37], domain=[0, HEIGHT / inner], tickvals=[0, 1], title_standoff=4),
        "images": [strip_image(strip, T, STRIP / inner)],
    }
    word = "".join(letters)
    return Plot(
        traces,
        layout,
        "Which frame belongs to which letter",
        f"A picture of the text “{word}”, and under it {T} frames. At each frame bars stand on each other,"
        " one for each label that may be there, as high as its occupancy; what is left open is the blank."
        " The letter is written over the middle of its bars, and so stands under its printed form.",
        least=min(640, 48 + 14 * len(names)),  # letters need room
        captions=[_caption(occupancy[t], seen[t], names, t) for t in range(T)],
        **over_time(T),
        seconds=12 / T,
    )


def _stay(column, seen, i):
    """Say where a label is, and how long."""
    at, stay = np.flatnonzero(seen) + 1, number(column.sum(), 3)
    span = f"frame {at[0]}" if len(at) == 1 else f"frames {at[0]} to {at[-1]}"
    return f"label {i + 1}, {span}, on average {stay} frame{'' if stay == '1' else 's'}"


def _caption(row, seen, names, t):
    parts = [f"{names[i]} (label {i + 1}) {number(row[i], 3)}" for i in np.flatnonzero(seen)]
    blank = max(1 - float(row.sum()), 0.0)
    if blank > SEEN:
        parts.append(f"blank {number(blank, 3)}")
    return f"t = {t + 1}. Occupancies: {', '.join(parts)}."
