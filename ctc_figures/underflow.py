"""What is left of a rescaled column: the states that float64 keeps, those it rounds to 0, and where the paths are."""

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .heatmap import Map, layer
from .notation import number

WIDTH, HEIGHT, LEFT, TOP = 376, 236, 44, 34  # a phone shows this width without scrolling
COLUMNS, ROWS = 80, 150  # of the picture; what is longer is thinned out
LOW = 1e-300  # the palest value


def underflow_map(alpha_hat, lost, gamma, *, share=0.98, title=None, description=None):
    """Draw rescaled forward variables over time, the states lost by underflow, and the band of the paths.

    Parameters
    ----------
    alpha_hat : ndarray, shape (T, S)
        Rescaled forward variables as float64 holds them.
    lost : ndarray of bool, shape (T, S)
        True where `alpha_hat` is 0 and its exact value is not.
    gamma : ndarray, shape (T, S)
        State occupancies, computed in a way that loses nothing: where the paths are.
    share : float
        How much of each column of `gamma` lies within the band.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes do not fit, or a lost state is not 0.
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
    drawing = Drawing(WIDTH, TOP + HEIGHT + 40, "alpha")
    width = WIDTH - LEFT - 66
    w, h = width / len(times), HEIGHT / S

    group = -(-S // ROWS)  # states in one row of the picture, which shows the largest of them
    starts = np.arange(0, S, group)
    kept = np.maximum.reduceat(alpha_hat[times], starts, axis=1)
    gone = np.logical_or.reduceat(lost[times], starts, axis=1) & (kept == 0)
    scale = Map(kept, "alpha", log=True, name="α̂", low=LOW)
    box = {"x": LEFT, "y": TOP, "width": width, "height": h * group * len(starts)}
    drawing.add("rect", x=LEFT, y=TOP, width=width, height=HEIGHT, class_="ctc-border")
    for colour, levels in (("alpha", scale.levels()), ("pruned", gone)):
        layer(drawing, colour, levels, box)

    ends = [_band(gamma[t], share) for t in times]
    edge = [f"{LEFT + w * (i + 0.5):.2f} {TOP + h * s:.2f}" for i, (s, _) in enumerate(ends)]
    edge += [f"{LEFT + w * (i + 0.5):.2f} {TOP + h * (s + 1):.2f}" for i, (_, s) in enumerate(ends)][::-1]
    drawing.add("path", d=f"M{'L'.join(edge)}Z", class_="ctc-region", style="--c:var(--ctc-gamma)")
    cursor = {"x": LEFT, "y": TOP - 2, "width": w, "height": HEIGHT + 4, "rx": 1, "class_": "ctc-cursor"}
    drawing.add("rect", aria_hidden="true", states=[State(x=w * i) for i in range(len(times))], **cursor)

    _legend(drawing, share)
    _axes(drawing, times, T, S, w, h)
    _scale(drawing, scale)
    worst = times[int(np.argmax([round(float(gamma[t, lost[t]].sum()), 6) for t in times]))]
    most = f"{_percent(gamma[worst], lost[worst])} of it is in grey states"
    captions = [_caption(alpha_hat[t], lost[t], gamma[t], t) for t in times]
    captions[-1] += f" At t = {worst + 1}, {most}."
    return Figure(
        drawing,
        title or "What is left of the rescaled columns",
        description
        or f"Map of {S} states, top to bottom, over {T} frames. The stronger the colour, the larger α̂. Grey: states"
        f" whose α̂ is rounded to 0. A band marks where {share:.0%} of the paths’ probability is. At frame {worst + 1}"
        f" {most}.",
        captions=captions,
        labels=[f"t = {t + 1} of {T}" for t in times],
        seconds=12 / len(times),
    )


def _band(row, share):
    """Return the first and the last state of the middle `share` of a column."""
    below = np.cumsum(row) / row.sum()
    tail = (1 - share) / 2
    return int(np.searchsorted(below, tail + 1e-9)), int(np.searchsorted(below, 1 - tail - 1e-9))


def _legend(drawing, share):
    drawing.add("rect", x=LEFT, y=7, width=16, height=11, fill="var(--ctc-pruned)")
    drawing.label(LEFT + 22, 13, "α̂ rounded to 0", "start")
    region = {"class_": "ctc-region", "style": "--c:var(--ctc-gamma)"}
    drawing.add("rect", x=LEFT + 136, y=7, width=16, height=11, **region)
    drawing.label(LEFT + 158, 13, f"{share:.0%} of the paths", "start")


def _axes(drawing, times, T, S, w, h):
    bottom = TOP + HEIGHT
    drawing.label(LEFT - 30, TOP + HEIGHT / 2, "s", "muted var")
    for s in _round_numbers(S, HEIGHT / 30):
        drawing.label(LEFT - 6, TOP + h * (s - 0.5), str(s), "end small muted")
    drawing.label(LEFT - 12, bottom + 15, "t", "muted var")
    for t in _round_numbers(T, len(times) * w / 44):
        column = len(times) * (t - 0.5) / T
        drawing.label(LEFT + w * column, bottom + 15, str(t), "small muted")


def _round_numbers(n, most):
    """Return 1, or nothing, and the multiples of a round step up to n, at most about so many."""
    step = next(m * 10**e for e in range(9) for m in (1, 2, 5) if m * 10**e >= n / most)
    return [s for s in range(step, n + 1, step)]


def _scale(drawing, scale):
    x, n = WIDTH - 56, 24
    drawing.label(x + 5, TOP - 11, "α̂", "var")
    for i in range(n):
        at = {"x": x, "y": TOP + i * HEIGHT / n, "width": 10, "height": HEIGHT / n + 0.3}
        drawing.add("rect", class_="ctc-scale", style=f"fill:var(--ctc-alpha);--v:{1 - i / (n - 1):.3g}", **at)
    for place, text in scale.ticks():
        drawing.label(x + 15, TOP + (1 - place) * HEIGHT, text, "start small muted")


def _percent(gamma, lost):
    share = round(float(gamma[lost].sum()), 6)
    return "more than 99.9%" if 0.9995 <= share < 1 else f"{number(100 * share, 3)}%"


def _caption(alpha_hat, lost, gamma, t):
    kept = np.flatnonzero(alpha_hat > 0)
    held = f"states {kept[0] + 1} to {kept[-1] + 1} are above 0" if kept.size else "no state is above 0"
    return f"t = {t + 1}. In α̂ {held}. Of the paths’ probability {_percent(gamma, lost)} is in grey states."
