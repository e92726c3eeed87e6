"""What is left of a rescaled column: the states that float64 keeps, those it rounds to 0, and where the paths are."""

import numpy as np
import plotly.graph_objects as go

from ..page.notation import number
from .plot import COLORBAR, LIGHT, Plot, axis, over_time, shades

COLUMNS, ROWS = 80, 100  # of the picture; what is longer is thinned out
LOWEST = -300  # the palest power of ten
SHARE = 0.98  # how much of each column of gamma lies within the band


def underflow_map(alpha_hat, lost, gamma):
    """Draw rescaled forward variables over time, the states lost by underflow, and the band of the paths.

    Parameters
    ----------
    alpha_hat : ndarray, shape (T, S)
        Rescaled forward variables as float64 holds them.
    lost : ndarray of bool, shape (T, S)
        True where `alpha_hat` is 0 and its exact value is not.
    gamma : ndarray, shape (T, S)
        State occupancies, computed in a way that loses nothing: where the paths are.
    """
    alpha_hat, lost = np.asarray(alpha_hat, dtype=float), np.asarray(lost, dtype=bool)
    gamma = np.round(np.asarray(gamma, dtype=float), 9)  # no border may hang on the last bits
    if alpha_hat.ndim != 2 or not alpha_hat.shape == lost.shape == gamma.shape:
        shapes = alpha_hat.shape, lost.shape, gamma.shape
        raise ValueError(f"alpha_hat, lost, gamma: expected one shape (T, S), got {shapes}")
    if alpha_hat[lost].any():
        raise ValueError("lost: expected states where alpha_hat is 0")
    T, S = lost.shape
    times = sorted({round(t) for t in np.linspace(0, T - 1, min(T, COLUMNS))})
    group = -(-S // ROWS)  # states in one row of the picture, which shows the largest of them
    kept = np.maximum.reduceat(alpha_hat[times], np.arange(0, S, group), axis=1)
    with np.errstate(divide="ignore"):
        powers = np.round(np.round(np.log10(kept), 6))
    powers[kept == 0] = np.nan  # nothing is drawn there
    runs = np.array([(t + 1, *run) for t in times for run in _runs(lost[t])], dtype=int).reshape(-1, 3)
    t, first, last = runs.T.tolist()
    ends = np.array([_band(gamma[t]) for t in times]) + [0.5, 1.5]
    width, x = T / len(times), [t + 1 for t in times]
    within = "" if group == 1 else f"the largest of {group} states around "
    ticks = [0, LOWEST // 2, LOWEST]
    said = {"tickvals": ticks, "ticktext": [number(10.0**p) for p in ticks], "title": {"text": "α̂"}}
    traces = [
        go.Heatmap(
            x=x, y=[1 + (group - 1) / 2 + group * i for i in range(powers.shape[1])], z=powers.T.astype("f4"),
            zmin=1.1 * LOWEST, zmax=0, colorscale=shades("paper", "alpha"), colorbar=said | COLORBAR,
            hovertemplate=f"log₁₀ α̂ at t = %{{x}}, {within}state %{{y}}: %{{z}}<extra></extra>",
        ),
        go.Bar(
            x=t, base=[s - 0.5 for s in first], y=[b - a + 1 for a, b in zip(first, last, strict=True)],
            width=width + 2 * (len(times) < T),  # times are rounded: leave no gaps
            marker={"color": LIGHT["pruned"], "line_width": 0}, name="α̂ rounded to 0",
            text=[f"states {a} to {b}" for a, b in zip(first, last, strict=True)], textposition="none",
            hovertemplate="α̂ rounded to 0 at t = %{x}: %{text}<extra></extra>",
        ),
        go.Scatter(
            x=x + x[::-1], y=[*ends[:, 0].tolist(), *ends[::-1, 1].tolist()], name=f"{SHARE:.0%} of the paths",
            fill="toself", mode="lines", line={"color": LIGHT["gamma"], "width": 1.4}, fillcolor=LIGHT["gamma"] + "30",
            hoverinfo="skip",
        ),
    ]  # fmt: skip
    layout = {
        "height": 380,
        "margin": {"t": 34, "b": 44, "l": 8, "r": 8},
        "xaxis": axis("t", range=[0.5, T + 0.5], showgrid=False, title_standoff=4),
        "yaxis": axis("s", range=[S + 0.5, 0.5], showgrid=False, automargin=True, title_standoff=4),
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
    }
    worst = times[int(np.argmax([round(float(gamma[t, lost[t]].sum()), 6) for t in times]))]
    most = f"{_percent(gamma[worst], lost[worst])} of it is in grey states"
    captions = [_caption(alpha_hat[t], lost[t], gamma[t], t) for t in times]
    captions[-1] += f" At t = {worst + 1}, {most}."
    return Plot(
        traces,
        layout,
        "What is left of the rescaled columns",
        f"Map of {S} states, top to bottom, over {T} frames. The stronger the colour, the larger α̂. Grey: states"
        f" whose α̂ is rounded to 0. A band marks where {SHARE:.0%} of the paths’ probability is. At frame {worst + 1}"
        f" {most}.",
        captions=captions,
        **over_time(T, times),
        seconds=12 / len(times),
    )


def _runs(lost):
    """Return the first and the last state, counted from 1, of each run of lost states."""
    edges = np.flatnonzero(np.diff([0, *lost.astype(int), 0])).reshape(-1, 2)
    return edges + [1, 0]


def _band(row):
    """Return the first and the last state of the middle `SHARE` of a column."""
    below = np.cumsum(row) / row.sum()
    tail = (1 - SHARE) / 2
    return int(np.searchsorted(below, tail + 1e-9)), int(np.searchsorted(below, 1 - tail - 1e-9))


def _percent(gamma, lost):
    share = round(float(gamma[lost].sum()), 6)
    return "more than 99.9%" if 0.9995 <= share < 1 else f"{number(100 * share, 3)}%"


def _caption(alpha_hat, lost, gamma, t):
    kept = np.flatnonzero(alpha_hat > 0)
    held = f"states {kept[0] + 1} to {kept[-1] + 1} are above 0" if kept.size else "no state is above 0"
    return f"t = {t + 1}. In α̂ {held}. Of the paths’ probability {_percent(gamma, lost)} is in grey states."
