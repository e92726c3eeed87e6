"""The probability as a function of one output: the paths that grow with it, and the straight line."""

import numpy as np
import plotly.graph_objects as go

from ctc_core.paths import path_probability

from ..page.notation import number, shown, sup
from .lines import short
from .plot import LIGHT, Plot, axis, note, rule

ROW, GAP, LINE = 24, 34, 200  # pixels: of a path, below the paths, of the straight line
STEPS = 20  # of the output, from 0 to 1


def vary_output(y, paths, t, k, symbols):
    """Move one output from 0 to 1, all others fixed: which paths grow, and how p grows with them.

    The line is drawn as far as the output has come, and at rest there is none: it is what the reader shall guess.

    Parameters
    ----------
    y : ndarray, shape (T, K)
    paths : list of sequence of int
        The paths of the labelling.
    t, k : int
        The output that varies, counted from 0.
    symbols : str or sequence of str
    """
    y, paths = np.asarray(y, dtype=float), [tuple(int(i) for i in path) for path in paths]
    if y.ndim != 2 or not (0 <= t < y.shape[0] and 0 <= k < y.shape[1]):
        raise ValueError(f"t, k: expected an output of y, whose shape is {y.shape}, got {(t, k)}")
    if not paths:
        raise ValueError("paths: expected at least one")
    values = [short(v) for v in np.linspace(0, 1, STEPS + 1)]
    products = np.empty((STEPS + 1, len(paths)))
    for f, value in enumerate(values):
        varied = y.copy()
        varied[t, k] = value
        products[f] = [path_probability(varied, path) for path in paths]
    p = [short(v) for v in products.sum(axis=1)]
    offset, slope, high = p[0], short(p[-1] - p[0]), max(p) or 1.0
    holds = [path[t] == k for path in paths]
    name, was, others = f"y{sup(t + 1)}({shown(symbols[k])})", short(y[t, k]), y[t].sum() - y[t, k]
    notes = [f"d = {number(offset, 3)}", f"slope c = {number(slope, 3)}"]
    frames, captions = [], []
    for f, value in enumerate(values):
        bars = [short(v) for v in (*products[f], p[f])]
        frames.append(
            {
                0: {"x": bars, "text": [number(v, 3) for v in bars]},
                1: {"x": [0, value], "y": [offset, p[f]]},
                2: {"x": [value], "y": [p[f]], "text": [number(p[f])]},
                3: {"text": [notes[0] if f else "", notes[1] if f == STEPS else ""]},
            }
        )
        line = f" = {number(slope, 3)} · {number(value)} + {number(offset, 3)}" if f else ""
        captions.append(
            f"{name} = {number(value)}, so p{line} = {number(p[f])}. The other outputs of the frame stay,"
            f" so the frame sums to {number(others + value, 3)}."
        )

    said = ["".join(shown(symbols[j]) for j in path) for path in paths]
    factors = [" · ".join(name if at == (t, k) else number(y[at]) for at in enumerate(path)) for path in paths]
    rows = [*range(len(paths)), len(paths) + 0.3]
    colours = [*(LIGHT["path" if h else "pruned"] for h in holds), LIGHT["ink"]]
    below = {"xaxis": "x2", "yaxis": "y2"}
    guide = below | {"hoverinfo": "skip"}
    bead = {"size": 12, "color": LIGHT["path"], "line": {"width": 1.5, "color": LIGHT["ink"]}}
    beside = {"x": [0.02, 0.6], "textposition": ["middle right", "middle left"], "cliponaxis": False}
    beside["y"] = [short(max(offset - 0.09 * high, 0.07 * high)), short(offset + 0.6 * slope + 0.1 * high)]
    traces = [
        go.Bar(
            y=rows, orientation="h", width=0.66, marker={"color": colours, "line_width": 0}, textposition="outside",
            cliponaxis=False, customdata=[*said, "p, their sum"], hovertemplate="%{customdata}: %{text}<extra></extra>",
        ),
        go.Scatter(mode="lines", line={"color": LIGHT["ink"], "width": 2.2}, **guide),
        go.Scatter(
            mode="markers", marker=bead, cliponaxis=False, **below,
            hovertemplate=f"p = %{{text}} at {name} = %{{x}}<extra></extra>",
        ),
        go.Scatter(mode="text", **beside, **guide),
    ]  # fmt: skip
    upper, left = ROW * (len(rows) + 0.3), 22 + 9 * max(len(y), 4) + 7 * max(map(len, factors))
    inner = upper + GAP + LINE
    style = {"yref": "y", "yanchor": "middle", "xshift": 2 - left}
    anchored = {"xref": "x2", "yref": "y2 domain", "yanchor": "top", "xanchor": "left" if was < 0.5 else "right"}
    upright = {"range": [rows[-1] + 0.6, -0.6], "tickvals": rows, "ticktext": [*factors, "p"]}
    layout = {
        "height": round(inner + 60),
        "margin": {"t": 8, "b": 52, "l": left, "r": 12},
        "xaxis": axis(range=[0, short(1.2 * high)], visible=False),
        "yaxis": axis(domain=[1 - upper / inner, 1], showgrid=False, **upright),
        "xaxis2": axis(name, range=[0, 1], anchor="y2", showgrid=False, title_standoff=6),
        "yaxis2": axis("p", domain=[0, LINE / inner], range=[0, short(1.08 * high)], anchor="x2", nticks=5),
        "annotations": [
            *(note(text, 0, i, **style) for text, i in zip([*said, "<b>sum</b>"], rows, strict=True)),
            note("its value in y", was, 1, **anchored),
        ],
        "shapes": [rule("x", was) | {"xref": "x2", "yref": "y2 domain"}],
    }
    many = f"{sum(holds)} of the {len(paths)} paths hold{'s' * (sum(holds) == 1)} it"
    return Plot(
        traces,
        layout,
        f"p as a function of {name} alone",
        f"{len(paths)} paths, each with its product of outputs and a bar. {name} moves from 0 to 1. {many}:"
        f" their bars grow, the others stay. Below, p as a straight line over it, {number(slope, 3)} · {name} +"
        f" {number(offset, 3)}.",
        frames=frames,
        captions=captions,
        labels=[f"{name} = {number(value)}" for value in values],
        slider=f"Value of {name}",
        rest=0,
        seconds=0.3,
    )
