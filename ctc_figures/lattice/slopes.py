"""The derivative in one output: the paths it belongs to."""

import numpy as np

from ctc_core.gradient import dp_dy
from ctc_core.paths import flow, walk_counts

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import number, percent, shown, sup
from .lattice import over

ROW = 26


def slope_paths(y, labelling, alpha, beta, symbols, *, blank=0, rest=None):
    """Light up, for every output, the paths that hold it: what they are without it is the slope of p.

    The slider goes through all outputs, symbol by symbol. Touch an output for its slope, a state for its
    part of one. Parameters and errors as `forward_sweep`.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs, all above 0.
    alpha, beta : ndarray, shape (T, S)
        Both including y at their own frame.
    rest : int, optional
        If None, the frame of an output in which most states have a part.
    """
    lattice, outputs = over(y, labelling, symbols, blank, role="path")
    T, K, drawing = lattice.T, len(symbols), lattice.drawing
    slopes = dp_dy(y, labelling, blank)
    into, onward = lattice.check("alpha", alpha) / outputs, lattice.check("beta", beta) / outputs
    beginnings, endings = walk_counts(labelling, T, blank)
    walks = beginnings * endings
    entries = [(t, k) for k in range(K) for t in range(T)]
    states = {(t, k): np.flatnonzero(lattice.live[t] & (lattice.extended == k)) for t, k in entries}
    passed = {(t, k): lattice.passed(flow(y, labelling, blank, t=t, symbol=k)) for t, k in entries}

    def words(t, k):
        """Say which paths hold an output, and how the slope comes about."""
        symbol, output = shown(symbols[k]), f"y{sup(t + 1)}({shown(symbols[k])})"
        at, count = states[t, k], walks[t, states[t, k]].sum()
        if not count:
            return f"No path says {symbol} at t = {t + 1}. p does not depend on {output}: the slope is 0."
        terms = " + ".join(f"{number(into[t, s], 3)} × {number(onward[t, s], 3)}" for s in at)
        return (
            f"{count} of the {walks[t].sum()} paths say{'s' * (count == 1)} {symbol} at t = {t + 1}, in"
            f" state{'s' * (len(at) > 1)} {lattice.numbers(at)}. In × out: {terms} ="
            f" {number(slopes[t, k])}, the slope in {output}."
        )

    def detail(t, s):
        if not lattice.live[t, s]:
            return f"{lattice.place(t, s)}: no whole path uses it.", ()
        a, b, part = (number(v) for v in (into[t, s], onward[t, s], into[t, s] * onward[t, s]))
        words = f"{lattice.place(t, s)}: in {a} × out {b} = {part}, its part of the slope in {lattice.output(t, s)}."
        return words, list(lattice.passed(flow(y, labelling, blank, t=t, state=s)))

    frames = []
    for t, k in entries:
        frame = dict.fromkeys(lattice.states, Look("future")) | dict.fromkeys(lattice.arrows, Look("aside"))
        for part, share in passed[t, k].items():
            if len(part) == 2:
                frame[part] = Look("now path" if part[0] == t else "")
            else:
                frame[part] = Look("now alpha" if part[0] <= t else "now beta", percent(np.sqrt(share)))
        frames.append(frame)
    lattice.animate(frames, detail)

    top = lattice.below(1) + 16
    drawing.height = top + ROW * K + 10
    drawing.label(12, top - 20, "the slope ∂p/∂y of every output", "start muted")
    with drawing.cells("Outputs"):
        for e, (t, k) in enumerate(entries):
            x, middle = lattice.x(t), top + ROW * (k + 0.5)
            box = {"x": x - lattice.dx / 2 + 2, "y": middle - 11, "width": lattice.dx - 4, "height": 22, "rx": 5}
            looks = [Look("now" if f == e else "") for f in range(len(entries))]
            with drawing.touch(words(t, k), passed[t, k], class_="ctc-entry", looks=looks, name=("slope", t, k)):
                drawing.add("rect", style=f"--v:{percent(slopes[t, k] / slopes.max()) / 100:g}", **box)
            # Outside: a visible text inside would have to be part of the accessible name, digit by digit.
            drawing.label(x, middle, number(slopes[t, k], 3), "small")
    for k in range(K):
        drawing.label(28, top + ROW * (k + 0.5), shown(symbols[k]), "muted" if k == blank else "bold")
    if rest is None:
        rest = max(range(len(entries)), key=lambda e: (len(states[entries[e]]), len(passed[entries[e]])))
    return Drawn(
        drawing,
        f"The paths of {lattice.word} that hold one output",
        f"The lattice of {lattice.word}, {T} frames, and below it a table of {K} symbols by {T} frames with the"
        " slope of p in each output. For one output after the other the paths that say its symbol at its frame"
        " light up, their beginnings in one colour, their endings in another. The slope is the sum over the lit"
        " states of what flows in times what flows out.",
        captions=[words(t, k) for t, k in entries],
        labels=[f"t = {t + 1}, k = {shown(symbols[k])}" for t, k in entries],
        slider="Output",
        rest=rest,
        seconds=1.6,
        hint="Touch an output or a state, or move with the arrow keys.",
    )
