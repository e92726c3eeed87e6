"""The derivative in one output: p as a function of it, and the paths it belongs to."""

import numpy as np

from ctc_core.paths import path_probability, state_sequences

from .drawing import Drawing, State
from .figure import Figure
from .lattice import DX, Lattice
from .notation import number, percent, shown, sup

BAR = 150  # length of the longest bar
ROW = 26


def vary_output(y, paths, t, k, symbols, *, steps=20, title=None, description=None):
    """Move one output from 0 to 1, all others fixed: which paths grow, and how p grows with them.

    Parameters
    ----------
    y : ndarray, shape (T, K)
    paths : list of sequence of int
        The paths of the labelling.
    t, k : int
        The output that varies, counted from 0.
    symbols : str or sequence of str
    steps : int
        The output takes steps + 1 values.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        There is no such output, or no path.
    """
    y, paths = np.asarray(y, dtype=float), [tuple(int(i) for i in path) for path in paths]
    if y.ndim != 2 or not (0 <= t < y.shape[0] and 0 <= k < y.shape[1]):
        raise ValueError(f"t, k: expected an output of y, whose shape is {y.shape}, got {(t, k)}")
    if not paths:
        raise ValueError("paths: expected at least one")
    values = np.linspace(0, 1, steps + 1)
    products = np.empty((steps + 1, len(paths)))
    for f, value in enumerate(values):
        varied = y.copy()
        varied[t, k] = value
        products[f] = [path_probability(varied, path) for path in paths]
    p = products.sum(axis=1)
    rest, slope, high = p[0], p[-1] - p[0], p.max() or 1.0
    holds = [path[t] == k for path in paths]
    name = f"y{sup(t + 1)}({shown(symbols[k])})"

    first = 24 + 9 * len(y)  # where the products begin
    left = first + 32 * len(y) + 14  # where the bars do
    drawing = Drawing(left + BAR + 44, ROW * (len(paths) + 1) + 230, "path")
    for i, path in enumerate(paths):
        factors = [name if at == (t, k) else number(y[at]) for at in enumerate(path)]
        drawing.label(10, 14 + ROW * i, "".join(shown(symbols[j]) for j in path), "start mono")
        drawing.label(first, 14 + ROW * i, " · ".join(factors), "start" + " muted" * (not holds[i]))
        _growing_bar(drawing, left, 14 + ROW * i, products[:, i], high, "path" if holds[i] else "still")
    foot = 16 + ROW * len(paths)
    drawing.add("path", d=f"M4 {foot - 14}H{left + BAR + 40}", class_="ctc-line thin", aria_hidden="true")
    drawing.label(10, foot, "sum", "start bold")
    drawing.label(first, foot, f"p = c · {name} + d", "start")
    _growing_bar(drawing, left, foot, p, high, "")
    _straight_line(drawing, 58, foot + 48, left + BAR - 58, values, p, name)

    many = f"{sum(holds)} of the {len(paths)} paths hold" + "s" * (sum(holds) == 1) + " it"
    line = f"{number(slope, 3)} · {{}} + {number(rest, 3)}"
    others = y[t].sum() - y[t, k]
    captions = [
        f"{name} = {number(value)}, so p = {line.format(number(value))} = {number(v)}. The other outputs of the"
        f" frame stay, so the frame sums to {number(others + value, 3)}."
        for value, v in zip(values, p, strict=True)
    ]
    return Figure(
        drawing,
        title or f"p as a function of {name} alone",
        description
        or f"{len(paths)} paths, each with its product of outputs and a bar. {name} moves from 0 to 1. {many}:"
        " their bars grow, the others stay. Below, p as a straight line over it,"
        f" {line.format(name)}.",
        captions=captions,
        labels=[f"{name} = {number(value)}" for value in values],
        slider=f"Value of {name}",
        rest=int(np.argmin(abs(values - y[t, k]))),
        seconds=0.3,
    )


def _growing_bar(drawing, x, y, values, high, look):
    """Draw a bar with its number, one length for each value; `high` is the longest."""
    lengths = [State(value=round(100 * v / high, 2)) for v in values]
    bar = {"x": x, "y": y - 8, "width": BAR, "height": 16}
    drawing.add("rect", class_=f"ctc-term {look}".strip(), states=lengths, aria_hidden="true", **bar)
    texts = [State(text=number(v, 3), x=round(BAR * v / high, 1)) for v in values]
    drawing.label(x + 5, y, "", "start small", states=texts)


def _straight_line(drawing, x0, top, width, values, p, name, height=130):
    """Draw p over the output, and a bead that moves along it."""
    high = p.max() or 1.0

    def at(value, v):
        return x0 + width * value, top + height * (1 - v / high)

    drawing.add("path", d=f"M{x0} {top}V{top + height}H{x0 + width}", class_="ctc-axis", aria_hidden="true")
    for value in (0, 0.5, 1):
        drawing.label(x0 + width * value, top + height + 14, number(value), "small muted")
    for v in (0, high):
        drawing.label(x0 - 8, at(0, v)[1], number(v, 3), "small end muted")
    drawing.label(x0 - 8, top - 20, "p", "end var muted")
    drawing.label(x0 + width / 2, top + height + 36, name, "muted")
    (xa, ya), (xb, yb) = at(0, p[0]), at(1, p[-1])
    line = f"M{xa:.1f} {ya:.1f}L{xb:.1f} {yb:.1f}"
    drawing.add("path", d=line, class_="ctc-line strong", aria_hidden="true")
    drawing.label(xa + 10, ya + 16, f"d = {number(p[0], 3)}", "start small")
    slope = f"slope c = {number(p[-1] - p[0], 3)}"
    drawing.label(x0 + width * 0.62, at(0, p[0] + 0.62 * (p[-1] - p[0]))[1] - 16, slope, "end small")
    moves = [State(x=width * value, y=at(0, v)[1] - top) for value, v in zip(values, p, strict=True)]
    drawing.add("circle", cx=x0, cy=top, r=6, class_="ctc-bead", states=moves, aria_hidden="true")


def slope_paths(y, labelling, alpha, beta, symbols, *, blank=0, title=None, description=None):
    """Light up, for every output, the paths that hold it: what they are without it is the slope of p.

    The slider goes through all outputs, symbol by symbol. Touch an output for its slope, a state for its
    part of one.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs, all above 0.
    labelling : sequence of int, length U
        Short, and few frames: the paths are listed one by one.
    alpha, beta : ndarray, shape (T, S)
        Forward and backward variables, both with the output of their own frame.
    symbols : str or sequence of str, length K
    blank : int
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A shape does not fit, a value is negative or not finite, or an output is 0.
    """
    y = np.asarray(y, dtype=float)
    lattice = Lattice(labelling, len(y), symbols, blank, role="path", rows_below=len(symbols) + 1)
    T, S, K, drawing = lattice.T, lattice.S, len(symbols), lattice.drawing
    y = lattice.check("y", y, (T, K))
    if not (y > 0).all():
        raise ValueError("y: expected outputs above 0")
    outputs = y[:, lattice.extended]
    into = lattice.check("alpha", alpha, (T, S)) / outputs
    onward = lattice.check("beta", beta, (T, S)) / outputs
    slopes = np.stack([(into * onward)[:, lattice.extended == k].sum(axis=1) for k in range(K)], axis=1)
    walks = state_sequences(labelling, T, blank)
    weights = [np.prod(outputs[range(T), q]) for q in walks]

    def flow(passes):
        """Return the share of each state (t, s) and arrow (t, r, s) in the paths that pass."""
        shares = {}
        for q, weight in zip(walks, weights, strict=True):
            if passes(q):
                for t, s in enumerate(q):
                    for at in [(t, s)] + [(t, q[t - 1], s)] * (t > 0):
                        shares[at] = shares.get(at, 0) + weight
        total = sum(share for at, share in shares.items() if len(at) == 2) / T
        return {at: share / total for at, share in shares.items()}

    def names(shares):
        return [("state", *at) if len(at) == 2 else ("arrow", *at) for at in shares]

    def words(t, k):
        """Say which paths hold an output, and how the slope comes about."""
        symbol, output = shown(symbols[k]), f"y{sup(t + 1)}({shown(symbols[k])})"
        count = sum(int(lattice.extended[q[t]] == k) for q in walks)
        if not count:
            return f"No path says {symbol} at t = {t + 1}. p does not depend on {output}: the slope is 0."
        states = [s for s in range(S) if lattice.extended[s] == k and lattice.alive[t, s]]
        terms = " + ".join(f"{number(into[t, s], 3)} × {number(onward[t, s], 3)}" for s in states)
        return (
            f"{count} of the {len(walks)} paths say{'s' * (count == 1)} {symbol} at t = {t + 1}, in"
            f" state{'s' * (len(states) > 1)} {lattice.numbers(states)}. In × out: {terms} ="
            f" {number(slopes[t, k])}, the slope in {output}."
        )

    entries = [(t, k) for k in range(K) for t in range(T)]
    flows = [flow(lambda q, t=t, k=k: lattice.extended[q[t]] == k) for t, k in entries]
    lattice.axes()
    for arrow in lattice.arrows():
        states = []
        for (t, _), shares in zip(entries, flows, strict=True):
            look = State("now alpha" if arrow[0] <= t else "now beta", percent(np.sqrt(shares.get(arrow, 0))))
            states.append(look if arrow in shares else State("aside"))
        lattice.arrow(*arrow, states=states)
    with drawing.cells("States and outputs"):
        for t in range(T):
            for s in range(S):
                detail = f"State {s + 1} ({lattice.symbols[s]}) at t = {t + 1}: "
                if lattice.alive[t, s]:
                    a, b, part = (number(v) for v in (into[t, s], onward[t, s], into[t, s] * onward[t, s]))
                    detail += f"in {a} × out {b} = {part}, its part of the slope in y{sup(t + 1)}"
                    detail += f"({lattice.symbols[s]})."
                else:
                    detail += "no whole path uses it."
                here = [(t, s) in shares for shares in flows]
                states = [
                    State("future" if not h else "now path" if t == e[0] else "")
                    for h, e in zip(here, entries, strict=True)
                ]
                through = flow(lambda q, t=t, s=s: q[t] == s) if lattice.alive[t, s] else {}
                lattice.state(t, s, detail, names(through), states)
        top = lattice.below(1) + 16
        drawing.label(12, lattice.below(1) - 4, "the slope ∂p/∂y of every output", "start muted")
        for k in range(K):
            middle = top + ROW * (k + 0.5)
            drawing.label(28, middle, shown(symbols[k]), "muted" if k == blank else "bold")
            for t in range(T):
                e = entries.index((t, k))
                states = [State("now" if f == e else "") for f in range(len(entries))]
                box = {"x": lattice.x(t) - DX / 2 + 2, "y": middle - 11, "width": DX - 4, "height": 22, "rx": 5}
                with drawing.touch(words(t, k), names(flows[e]), class_="ctc-entry", states=states):
                    level = percent(slopes[t, k] / slopes.max()) / 100
                    drawing.add("rect", style=f"--v:{level:g}", **box)
                # Outside: a visible text inside would have to be part of the accessible name, digit by digit.
                drawing.label(lattice.x(t), middle, number(slopes[t, k], 3), "small")
    lit = [sum(at[0] == t for at in shares if len(at) == 2) for (t, _), shares in zip(entries, flows, strict=True)]
    return Figure(
        drawing,
        title or f"The paths of {lattice.word} that hold one output",
        description
        or f"The lattice of {lattice.word}, {T} frames, and below it a table of {K} symbols by {T} frames with the"
        " slope of p in each output. For one output after the other the paths that say its symbol at its frame"
        " light up, their beginnings in one colour, their endings in another. The slope is the sum over the lit"
        " states of what flows in times what flows out.",
        captions=[words(t, k) for t, k in entries],
        labels=[f"t = {t + 1}, k = {shown(symbols[k])}" for t, k in entries],
        slider="Output",
        rest=max(range(len(entries)), key=lambda e: (lit[e], len(flows[e]))),
        seconds=1.6,
        hint="Touch an output or a state, or move with the arrow keys.",
    )
