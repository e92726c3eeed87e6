"""A matrix with signs that changes from frame to frame, and beside it a bar for each row."""

import numpy as np
import plotly.graph_objects as go

from ..page.notation import fixed, shown
from .plot import LIGHT, Plot, axis, shades, under_bars


def signed_matrix(
    matrices, rows, columns, *, bars=None, names=("rows", "columns"),
    element="row {row}, column {column}", captions=None, labels=None, slider="Step", rest=-1,
    title=None, description=None,
):  # fmt: skip
    """Draw matrices one after the other: colour by sign, the stronger the larger.

    Parameters
    ----------
    matrices : ndarray, shape (F, R, C)
        One matrix for each frame.
    rows, columns : sequence of str
        R and C names, each only once.
    bars : ndarray, shape (F, R), optional
        Outputs y, drawn as a bar beside each row.
    names : tuple of str
        What the rows and the columns are.
    element : str
        What an entry is, with {row} and {column} for the names.
    captions, labels, slider, rest, title, description
        As for `Figure`; words are written from the numbers if left out.
    """
    # 9 digits: what is 0 but for rounding must have no sign
    matrices = np.round(np.asarray(matrices, dtype=float), 9) + 0.0
    if matrices.ndim != 3 or matrices.shape[1:] != (len(rows), len(columns)):
        raise ValueError(f"matrices: expected shape (F, {len(rows)}, {len(columns)}), got {matrices.shape}")
    if bars is not None and np.shape(bars) != matrices.shape[:2]:
        raise ValueError(f"bars: expected shape {matrices.shape[:2]}, got {np.shape(bars)}")
    for name, these in {"rows": rows, "columns": columns}.items():
        if len(set(these)) != len(these):
            raise ValueError(f"{name}: expected different names, got {list(these)}")
    F, R, C = matrices.shape
    levels = np.round(matrices / (np.abs(matrices).max() or 1.0), 3) + 0.0
    frames = [{0: {"z": z.tolist(), "text": fixed(m, 3)}} for z, m in zip(levels, matrices, strict=True)]
    down, right = list(map(shown, rows)), list(map(shown, columns))
    words = element.format(row="%{y}", column="%{x}").rstrip(".") + ": %{text}<extra></extra>"
    colours = {"colorscale": shades("negative", "paper", "positive"), "zmin": -1, "zmax": 1, "showscale": False}
    traces = [go.Heatmap(x=right, y=down, texttemplate="%{text}", hovertemplate=words, xgap=1, ygap=1, **colours)]
    bold = {"color": LIGHT["ink"], "size": 13, "weight": "bold"}
    look = {"showgrid": False, "showline": False, "ticks": "", "tickfont": bold, "title_standoff": 6}
    layout = {
        "height": 76 + 40 * R,
        "plot_bgcolor": LIGHT["faint"],
        "margin": {"t": 62, "b": 14, "l": 8, "r": 8},
        "xaxis": axis(names[1], type="category", side="top", **look),
        "yaxis": axis(names[0], type="category", autorange="reversed", automargin=True, ticklabelstandoff=6, **look),
    }
    if bars is not None:
        layout["xaxis"]["domain"], layout["yaxis"]["anchor"] = [0.33, 1], "x2"  # names, bars, matrix
        layout["xaxis2"] = axis("y", domain=[0, 0.3], range=[0, 1.6], tickvals=[], side="top", **look)
        layout |= {"barmode": "overlay", "shapes": [under_bars("x2", "y")]}
        whole = {"color": LIGHT["paper"], "line": {"color": LIGHT["faint"], "width": 1}}
        at = {"y": down, "orientation": "h", "width": 0.46, "xaxis": "x2"}
        said = {"textposition": "none", "hovertemplate": "y of %{y}: %{text}<extra></extra>"}
        traces.append(go.Bar(x=[1] * R, marker=whole, textposition="outside", hoverinfo="skip", cliponaxis=False, **at))
        traces.append(go.Bar(marker_color=LIGHT["blank"], **said, **at))
        for frame, shares in zip(frames, np.round(np.asarray(bars, dtype=float), 9), strict=True):
            texts = fixed(shares, 2)
            frame |= {1: {"text": texts}, 2: {"x": np.round(shares, 3).tolist(), "text": texts}}
    return Plot(
        traces,
        layout,
        title or f"A matrix of {R} × {C}",
        description
        or f"A table of {R} rows and {C} columns, in {F} frames. Entries above 0 have one colour, entries"
        " below 0 another; the stronger the colour, the larger the entry.",
        frames=frames,
        captions=captions or [f"Entries from {fixed(m.min(), 3)} to {fixed(m.max(), 3)}." for m in matrices],
        labels=labels or [f"{i + 1} of {F}" for i in range(F) if F > 1],
        slider=slider,
        rest=rest,
    )
